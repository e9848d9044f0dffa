# What the program opens when there is a GPU (src/base/plugin.h): kernels/ and src/engine/cuda -> lib/facesdist/libfacesdist-cuda.so,
# src/comm/nccl -> lib/facesdist/libfacesdist-nccl.so.
set(FACESDIST_PLUGIN_FOLDER ${CMAKE_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR}/facesdist)

# facesdist_plugin(target file): a shared library that exports one symbol and takes what cmake/plugin.symbols names from the program.
function(facesdist_plugin target file)
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:C>:${FACESDIST_WARNINGS};-fvisibility=hidden>)
    target_compile_definitions(${target} PRIVATE FACESDIST_BUILD="${PROJECT_VERSION} ${revision}")
    target_link_options(${target} PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/plugin.exports)
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/plugin.exports)
    set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${file} LIBRARY_OUTPUT_DIRECTORY ${FACESDIST_PLUGIN_FOLDER})
endfunction()

if(FACESDIST_HAVE_CUDA)
    file(GLOB kernels CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernels/*.cu)
    file(GLOB engine CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/engine/cuda/*.c)
    add_library(facesdist_kernels OBJECT ${kernels})
    target_include_directories(facesdist_kernels PRIVATE ${CMAKE_SOURCE_DIR})
    target_compile_options(facesdist_kernels PRIVATE --fmad=false -lineinfo --Werror=all-warnings -Xcompiler=-Wall,-Wextra,-fvisibility=hidden)

    add_library(facesdist_cuda MODULE ${engine} $<TARGET_OBJECTS:facesdist_kernels>)
    facesdist_plugin(facesdist_cuda libfacesdist-cuda)
    target_include_directories(facesdist_cuda SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS} ${CUDNN_INCLUDE})
    find_path(NVTX_INCLUDE nvtx3/nvToolsExt.h HINTS ${CUDAToolkit_INCLUDE_DIRS} NO_DEFAULT_PATH)
    if(NVTX_INCLUDE)   # headers only; packages of some distributions leave them out
        target_compile_definitions(facesdist_cuda PRIVATE FACESDIST_HAVE_NVTX)
    else()
        message(STATUS "  names for profilers (NVTX): no (nvtx3/nvToolsExt.h is not beside the CUDA runtime's headers)")
    endif()
    target_link_libraries(facesdist_cuda PRIVATE CUDA::cudart_static CUDA::cublasLt ${CUDNN_LIBRARY} m)
    # Its libraries are looked for where they were found now, and beside the plugin.
    set_target_properties(facesdist_cuda PROPERTIES LINKER_LANGUAGE C INSTALL_RPATH "$ORIGIN" INSTALL_RPATH_USE_LINK_PATH ON)
    install(TARGETS facesdist_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/facesdist)
endif()

if(FACESDIST_HAVE_NCCL)
    file(GLOB exchange CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/comm/nccl/*.c)
    add_library(facesdist_nccl MODULE ${exchange})
    facesdist_plugin(facesdist_nccl libfacesdist-nccl)
    target_include_directories(facesdist_nccl SYSTEM PRIVATE ${NCCL_INCLUDE} ${CUDAToolkit_INCLUDE_DIRS})
    target_link_libraries(facesdist_nccl PRIVATE CUDA::cudart_static ${NCCL_LIBRARY} Threads::Threads)
    set_target_properties(facesdist_nccl PROPERTIES INSTALL_RPATH "$ORIGIN" INSTALL_RPATH_USE_LINK_PATH ON)
    install(TARGETS facesdist_nccl LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/facesdist)
endif()

# kernels/ -> CUDA objects for every architecture; nothing links them until the cuda engine does.
if(FACESDIST_HAVE_CUDA)
    file(GLOB kernels CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernels/*.cu)
    if(kernels)
        add_library(facesdist_kernels OBJECT ${kernels})
        target_include_directories(facesdist_kernels PRIVATE ${CMAKE_SOURCE_DIR})
        target_compile_options(facesdist_kernels PRIVATE --fmad=false -lineinfo --Werror=all-warnings -Xcompiler=-Wall,-Wextra)
    endif()
endif()

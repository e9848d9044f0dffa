# src/ -> libfacesdist. A folder is a room; what it may include is tested by tests/tools/check_rooms.sh.
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/base/*.c ${CMAKE_SOURCE_DIR}/src/data/*.c ${CMAKE_SOURCE_DIR}/src/engine/*.c
     ${CMAKE_SOURCE_DIR}/src/engine/ref/*.c ${CMAKE_SOURCE_DIR}/src/net/*.c ${CMAKE_SOURCE_DIR}/src/face/*.c ${CMAKE_SOURCE_DIR}/src/dist/*.c
     ${CMAKE_SOURCE_DIR}/src/comm/*.c ${CMAKE_SOURCE_DIR}/src/store/*.c ${CMAKE_SOURCE_DIR}/src/run/*.c
     ${CMAKE_SOURCE_DIR}/src/run/*/*.c)
# What knows FFmpeg's libraries is a library of its own, so that only its program loads them.
set(video ${sources})
list(FILTER video INCLUDE REGEX "/src/(data/video_[a-z]+|run/video/[a-z_]+)\\.c$")
if(video)
    list(REMOVE_ITEM sources ${video})
endif()
if(FACESDIST_HAVE_ONEDNN)
    file(GLOB cpu CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/engine/cpu/*.c)
    list(APPEND sources ${cpu})
    # One source, compiled once per instruction set: x_avx2.c and x_avx512.c define the vector and include the body. Under sanitizers their accesses to
    # arrays are checked, but not those to their own variables, which are meant to be registers: a pixel took twenty times as long.
    if(FACESDIST_SANITIZE)
        set(registers ";-fno-sanitize=undefined;-fno-sanitize-address-use-after-scope;--param=asan-stack=0")
    endif()
    foreach(source ${sources})
        if(source MATCHES "_avx2\\.c$")
            set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "-O3;-mavx2;-mfma${registers}")
        elseif(source MATCHES "_avx512\\.c$")
            set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "-O3;-mavx512f;-mavx512dq;-mavx512bw;-mavx512vl;-mfma;-mprefer-vector-width=512${registers}")
        elseif(source MATCHES "_amx\\.c$")
            set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "-O3;-mamx-tile;-mamx-bf16${registers}")
        endif()
    endforeach()
else()
    list(FILTER sources EXCLUDE REGEX "_avx(2|512)\\.c$")
endif()
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/run/bench/vector_base.c PROPERTIES COMPILE_OPTIONS "-O3")

add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/proto/onnx/onnx.pb-c.c ${CMAKE_BINARY_DIR}/proto/onnx/onnx.pb-c.h
                   COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/proto
                   COMMAND ${PROTOC_C} --c_out=${CMAKE_BINARY_DIR}/proto --proto_path=${ONNX_PROTO_FOLDER} onnx/onnx.proto
                   DEPENDS ${ONNX_PROTO_FOLDER}/onnx/onnx.proto COMMENT "onnx.proto -> C")
add_library(onnx_proto OBJECT ${CMAKE_BINARY_DIR}/proto/onnx/onnx.pb-c.c)
target_link_libraries(onnx_proto PRIVATE PkgConfig::PROTOBUFC)
target_include_directories(onnx_proto SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/proto)

execute_process(COMMAND git -C ${CMAKE_SOURCE_DIR} describe --always --dirty OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT revision)
    set(revision unknown)
endif()

add_library(libfacesdist STATIC ${sources} $<TARGET_OBJECTS:onnx_proto>)
set_target_properties(libfacesdist PROPERTIES OUTPUT_NAME facesdist)
target_include_directories(libfacesdist PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
target_include_directories(libfacesdist SYSTEM PRIVATE ${CMAKE_BINARY_DIR}/proto)
target_compile_options(libfacesdist PRIVATE ${FACESDIST_WARNINGS})
# Only the file that says it is compiled again when the revision changes.
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/base/version.c PROPERTIES COMPILE_DEFINITIONS "FACESDIST_REVISION=\"${revision}\"")
file(RELATIVE_PATH plugins ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/facesdist)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/base/plugin.c PROPERTIES COMPILE_DEFINITIONS "FACESDIST_PLUGINS=\"${plugins}\"")
if(FACESDIST_HAVE_CUDA)
    math(EXPR version "${CUDAToolkit_VERSION_MAJOR} * 1000 + ${CUDAToolkit_VERSION_MINOR} * 10")
    set_source_files_properties(${CMAKE_SOURCE_DIR}/src/engine/driver.c PROPERTIES COMPILE_DEFINITIONS FACESDIST_CUDA_VERSION=${version})
endif()
# H5_USE_110_API: newer HDF5 libraries offer the calls of 1.10 by that.
target_compile_definitions(libfacesdist PRIVATE FACESDIST_VERSION="${PROJECT_VERSION}" H5_USE_110_API
                           $<$<BOOL:${FACESDIST_HAVE_ONEDNN}>:FACESDIST_HAVE_ONEDNN> $<$<BOOL:${FACESDIST_HAVE_OPENBLAS}>:FACESDIST_HAVE_OPENBLAS>)
add_dependencies(libfacesdist onnx_proto)
target_link_libraries(libfacesdist PUBLIC MPI::MPI_C ${HDF5_HL_LIBRARY} PkgConfig::HDF5 PkgConfig::JPEG PkgConfig::PNG PkgConfig::ZLIB PkgConfig::CRYPTO
                      PkgConfig::PROTOBUFC Threads::Threads ${CMAKE_DL_LIBS} m)
# Plugins take what they need of the library from the program that opens them.
target_link_options(libfacesdist INTERFACE -Wl,--dynamic-list=${CMAKE_SOURCE_DIR}/cmake/plugin.symbols)
if(FACESDIST_HAVE_ONEDNN)
    target_include_directories(libfacesdist SYSTEM PRIVATE ${DNNL_INCLUDE})
    target_link_libraries(libfacesdist PUBLIC ${DNNL_LIBRARY} gomp)
endif()
if(FACESDIST_HAVE_OPENBLAS)   # only the benchmark calls it: other programs shall not load it, nor its threads
    target_include_directories(libfacesdist SYSTEM PRIVATE ${OPENBLAS_INCLUDE})
    target_link_libraries(libfacesdist PUBLIC -Wl,--push-state,--as-needed ${OPENBLAS_LIBRARY} -Wl,--pop-state)
endif()
if(FACESDIST_SANITIZE MATCHES address)
    target_sources(libfacesdist INTERFACE ${CMAKE_SOURCE_DIR}/tests/keep_plugins.c)
endif()

if(FACESDIST_HAVE_VIDEO)
    add_library(libfacesdist_video STATIC ${video})
    set_target_properties(libfacesdist_video PROPERTIES OUTPUT_NAME facesdist_video)
    target_compile_options(libfacesdist_video PRIVATE ${FACESDIST_WARNINGS})
    target_link_libraries(libfacesdist_video PUBLIC libfacesdist PRIVATE PkgConfig::FFMPEG)
endif()

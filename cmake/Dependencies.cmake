# What facesdist stands on. Missing mandatory packages end the configuration with the name to install.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(MPI REQUIRED COMPONENTS C)
pkg_check_modules(HDF5 REQUIRED IMPORTED_TARGET hdf5)            # libhdf5-dev
find_library(HDF5_HL_LIBRARY hdf5_hl HINTS ${HDF5_LIBRARY_DIRS} REQUIRED)   # dimension scales; beside HDF5, without a .pc of its own
pkg_check_modules(JPEG REQUIRED IMPORTED_TARGET libjpeg)         # libjpeg62-turbo-dev
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)           # libpng-dev
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)           # zlib1g-dev
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)     # libssl-dev
pkg_check_modules(PROTOBUFC REQUIRED IMPORTED_TARGET libprotobuf-c)   # libprotobuf-c-dev
find_program(PROTOC_C protoc-c REQUIRED)                         # protobuf-c-compiler
find_path(ONNX_PROTO_FOLDER onnx/onnx.proto REQUIRED)            # libonnx-dev

# facesdist_wanted(NAME found): whether an optional part is built; ON and not found ends the configuration.
function(facesdist_wanted name found)
    set(wanted OFF)
    if(FACESDIST_${name} STREQUAL "ON" AND NOT found)
        message(FATAL_ERROR "FACESDIST_${name}=ON, but it was not found")
    endif()
    if(NOT FACESDIST_${name} STREQUAL "OFF" AND found)
        set(wanted ON)
    endif()
    set(FACESDIST_HAVE_${name} ${wanted} PARENT_SCOPE)
endfunction()

find_library(DNNL_LIBRARY dnnl)
find_path(DNNL_INCLUDE dnnl.h)
set(found OFF)
if(DNNL_LIBRARY AND DNNL_INCLUDE)
    set(found ON)
endif()
facesdist_wanted(ONEDNN ${found})

pkg_check_modules(FFMPEG IMPORTED_TARGET libavformat libavcodec libavutil libswscale)   # libavformat-dev and so on
set(found OFF)
if(FFMPEG_FOUND)
    set(found ON)
endif()
facesdist_wanted(VIDEO ${found})

find_library(OPENBLAS_LIBRARY openblas)   # libopenblas-dev
find_path(OPENBLAS_INCLUDE openblas_config.h PATH_SUFFIXES openblas-pthread openblas-openmp openblas-serial openblas)
set(found OFF)
if(OPENBLAS_LIBRARY AND OPENBLAS_INCLUDE)
    set(found ON)
endif()
facesdist_wanted(OPENBLAS ${found})

include(CheckLanguage)
if(FACESDIST_TESTS)
    check_language(CXX)   # tests/emu runs the kernels on the processor
    if(CMAKE_CXX_COMPILER)
        enable_language(CXX)
    endif()
endif()
set(found OFF)
if(NOT FACESDIST_CUDA STREQUAL "OFF")
    check_language(CUDA)
    if(CMAKE_CUDA_COMPILER)
        find_package(CUDAToolkit 12.4)
        find_library(CUDNN_LIBRARY cudnn HINTS ${CUDAToolkit_LIBRARY_DIR} ${CUDAToolkit_LIBRARY_ROOT}/lib)
        find_path(CUDNN_INCLUDE cudnn.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
        if(CUDAToolkit_FOUND AND TARGET CUDA::cublasLt AND CUDNN_LIBRARY AND CUDNN_INCLUDE)
            set(found ON)
        else()
            message(STATUS "nvcc without cuDNN 9, cuBLASLt or CUDA 12.4: no cuda engine")
        endif()
    endif()
endif()
facesdist_wanted(CUDA ${found})
if(FACESDIST_HAVE_CUDA)
    enable_language(CUDA)
endif()
set(found OFF)
if(FACESDIST_HAVE_CUDA)
    find_path(NCCL_INCLUDE nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
    find_library(NCCL_LIBRARY nccl HINTS ${CUDAToolkit_LIBRARY_DIR} ${CUDAToolkit_LIBRARY_ROOT}/lib)
    if(NCCL_INCLUDE AND NCCL_LIBRARY)
        file(STRINGS ${NCCL_INCLUDE}/nccl.h NCCL_VERSION REGEX "^#define NCCL_(MAJOR|MINOR|PATCH) ")
        string(REGEX REPLACE "[^0-9;]" "" NCCL_VERSION "${NCCL_VERSION}")
        list(JOIN NCCL_VERSION . NCCL_VERSION)
        if(NCCL_VERSION VERSION_GREATER_EQUAL 2.14)
            set(found ON)
        else()
            message(STATUS "NCCL ${NCCL_VERSION} is too old (2.14 can be asked not to block): no exchange by NCCL")
        endif()
    endif()
endif()
facesdist_wanted(NCCL ${found})

# Spack 1.0 and later, from a clone of the source:
#     spack repo add slurm/spack/spack_repo/facesdist
#     spack install facesdist            # what the clone's main branch holds
#     spack dev-build facesdist@main     # the files as they lie in the current folder
import os

from spack_repo.builtin.build_systems.cmake import CMakePackage, generator

from spack.package import *


class Facesdist(CMakePackage):
    """Faces, embeddings and all-pairs distances of a set of photographs, in one HDF5 file, on MPI ranks."""

    # The clone that this recipe is part of.
    git = "file://" + os.path.realpath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 6))

    license("Apache-2.0")

    version("main", branch="main")

    variant("onednn", default=True, description="The fast engine of the processor")
    variant("cuda", default=False, description="The engine of NVIDIA GPUs")

    generator("ninja")
    depends_on("c", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("py-onnx", type="build")  # for its onnx.proto alone
    depends_on("mpi@3:")
    depends_on("hdf5@1.10.3:1.14 +hl~mpi")
    depends_on("jpeg")
    depends_on("libpng@1.6:")
    depends_on("zlib-api")
    depends_on("openssl@1.1:")
    depends_on("protobuf-c@1.3:")
    depends_on("onednn@2.5:2 cpu_runtime=omp", when="+onednn")  # version 3 has another interface
    depends_on("cuda@12.4:", when="+cuda")
    depends_on("cudnn@9:", when="+cuda")

    def cmake_args(self):
        proto = find(self.spec["py-onnx"].prefix, "onnx.proto")[0]
        return [
            self.define("FACESDIST_TESTS", self.run_tests),
            self.define("FACESDIST_ONEDNN", "ON" if self.spec.satisfies("+onednn") else "OFF"),
            self.define("FACESDIST_CUDA", "ON" if self.spec.satisfies("+cuda") else "OFF"),
            self.define("FACESDIST_NCCL", "OFF"),
            self.define("ONNX_PROTO_FOLDER", os.path.dirname(os.path.dirname(proto))),
        ]

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def demo(self):
        program = Executable(self.prefix.bin.facesdist)
        program("--demo", "--output", os.path.join(self.stage.path, "faces.h5"))

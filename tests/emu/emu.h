/* What the two halves of the emulator say to each other. */
#include "kernels/launch.cuh"

void fd_emu_run(const fd_emu_task *task, dim3 grid, dim3 block, size_t shared);

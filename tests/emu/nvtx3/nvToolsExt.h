/* Stands in for NVTX's header: ranges are written to the file that FACESDIST_EMU_RANGES names (engine/nvtx.c). */
int nvtxRangePushA(const char *name), nvtxRangePop(void);

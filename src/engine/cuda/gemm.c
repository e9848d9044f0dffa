#include "engine/cuda/gemm.h"

#include <stdlib.h>

#include "base/memory.h"
#include "engine/cuda/everywhere.h"
#include "engine/cuda/library_cuda.h"
#include "kernels/convert.h"

enum { MOST_CHOICES = 32 };

/* cuBLASLt counts by columns: what is row-major here is its transpose there, so it computes y^T = op(b) a^T. */
struct fd_cuda_gemm {
    fd_cuda_engine *engine;
    fd_cuda_product p;
    cublasLtMatmulDesc_t operation;
    cublasLtMatrixLayout_t a, b, y;
    cublasLtMatmulAlgo_t algorithm;
    size_t half_a, half_b;   /* bytes of the operands in 16 bits, aligned; 0 in f32 and tf32 */
    size_t workspace;
};

void fd_cuda_gemm_close(fd_cuda_gemm *g)
{
    if (!g)
        return;
    if (g->y)
        (void)cublasLtMatrixLayoutDestroy(g->y);
    if (g->b)
        (void)cublasLtMatrixLayoutDestroy(g->b);
    if (g->a)
        (void)cublasLtMatrixLayoutDestroy(g->a);
    if (g->operation)
        (void)cublasLtMatmulDescDestroy(g->operation);
    free(g);
}

size_t fd_cuda_gemm_scratch(const fd_cuda_gemm *g)
{
    return g->half_a + g->half_b + g->workspace;
}

fd_error *fd_cuda_gemm_run(const fd_cuda_gemm *g, fd_cuda_lane *lane, const float *a, const float *b, float *y, void *scratch)
{
    fd_error *err = NULL;
    const float one = 1, none = 0;
    const void *left = a, *right = b;
    const fd_cuda_product *p = &g->p;
    if (g->half_a) {
        const int bfloat = g->engine->arithmetic == FD_ARITHMETIC_BF16;
        uint16_t *narrow_a = scratch, *narrow_b = (uint16_t *)((char *)scratch + g->half_a);
        FD_CUDA(g->engine, fd_to_half(a, narrow_a, p->rows * p->depth, bfloat, fd_cuda_stream(lane)));
        FD_CUDA(g->engine, fd_to_half(b, narrow_b, p->columns * p->depth, bfloat, fd_cuda_stream(lane)));
        left = narrow_a;
        right = narrow_b;
    }
    FD_BLAS(g->engine, cublasLtMatmul(g->engine->library->blas, g->operation, &one, right, g->b, left, g->a, &none, y, g->y, y, g->y, &g->algorithm,
                                      (char *)scratch + g->half_a + g->half_b, g->workspace, fd_cuda_stream(lane)));
done:
    return err;
}

/* --- choosing ------------------------------------------------------------------------------------------------------------------------------ */

static fd_error *describe(fd_cuda_gemm *g)
{
    static const cublasComputeType_t sums[] = {[FD_ARITHMETIC_F32] = CUBLAS_COMPUTE_32F, [FD_ARITHMETIC_TF32] = CUBLAS_COMPUTE_32F_FAST_TF32,
                                               [FD_ARITHMETIC_F16] = CUBLAS_COMPUTE_32F, [FD_ARITHMETIC_BF16] = CUBLAS_COMPUTE_32F};
    static const cudaDataType_t types[] = {[FD_ARITHMETIC_F32] = CUDA_R_32F, [FD_ARITHMETIC_TF32] = CUDA_R_32F, [FD_ARITHMETIC_F16] = CUDA_R_16F,
                                           [FD_ARITHMETIC_BF16] = CUDA_R_16BF};
    fd_error *err = NULL;
    fd_cuda_engine *e = g->engine;
    const fd_cuda_product *p = &g->p;
    const cudaDataType_t type = types[e->arithmetic];
    const cublasOperation_t turn = p->transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    const uint64_t m = (uint64_t)p->columns, n = (uint64_t)p->rows, k = (uint64_t)p->depth;
    FD_BLAS(e, cublasLtMatmulDescCreate(&g->operation, sums[e->arithmetic], CUDA_R_32F));
    FD_BLAS(e, cublasLtMatmulDescSetAttribute(g->operation, CUBLASLT_MATMUL_DESC_TRANSA, &turn, sizeof turn));
    FD_BLAS(e, cublasLtMatrixLayoutCreate(&g->b, type, p->transposed ? k : m, p->transposed ? m : k, p->transposed ? p->depth : p->columns));
    FD_BLAS(e, cublasLtMatrixLayoutCreate(&g->a, type, k, n, p->depth));
    FD_BLAS(e, cublasLtMatrixLayoutCreate(&g->y, CUDA_R_32F, m, n, p->columns));
done:
    return err;
}

static fd_error *set_limits(const fd_cuda_gemm *g, cublasLtMatmulPreference_t preference)
{
    fd_error *err = NULL;
    fd_cuda_engine *e = g->engine;
    const uint64_t workspace = FD_CUDA_WORKSPACE;
    const uint32_t reduction = CUBLASLT_REDUCTION_SCHEME_NONE;
    const uint32_t alignment = g->p.depth % 4 == 0 && g->p.columns % 4 == 0 ? 16 : 4;   /* of matrices behind each other in one array */
    static const cublasLtMatmulPreferenceAttributes_t alignments[] = {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                                                                      CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES};
    FD_BLAS(e, cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace));
    FD_BLAS(e, cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &reduction, sizeof reduction));
    for (int i = 0; i < 4; i++)
        FD_BLAS(e, cublasLtMatmulPreferenceSetAttribute(preference, alignments[i], &alignment, sizeof alignment));
    if (e->arithmetic == FD_ARITHMETIC_F32) {
        const uint64_t plain = CUBLASLT_NUMERICAL_IMPL_FLAGS_FMA | CUBLASLT_NUMERICAL_IMPL_FLAGS_ACCUMULATOR_32F | CUBLASLT_NUMERICAL_IMPL_FLAGS_INPUT_32F;
        FD_BLAS(e, cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_IMPL_MASK, &plain, sizeof plain));
    }
done:
    return err;
}

/* The depth in one piece: one sum per number, in an order that its place does not change. */
static bool is_whole(const cublasLtMatmulAlgo_t *algorithm)
{
    int32_t splits = 1;
    uint32_t scheme = CUBLASLT_REDUCTION_SCHEME_NONE;
    size_t written;
    (void)cublasLtMatmulAlgoConfigGetAttribute(algorithm, CUBLASLT_ALGO_CONFIG_SPLITK_NUM, &splits, sizeof splits, &written);
    (void)cublasLtMatmulAlgoConfigGetAttribute(algorithm, CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, &scheme, sizeof scheme, &written);
    return splits <= 1 && scheme == CUBLASLT_REDUCTION_SCHEME_NONE;
}

typedef struct trial_of {
    const fd_cuda_gemm *gemm;
    const float *b;
    void *scratch;
} trial_of;

static fd_error *trial(void *self, fd_cuda_lane *lane, const float *x, float *y)
{
    const trial_of *t = self;
    return fd_cuda_gemm_run(t->gemm, lane, x, t->b, y, t->scratch);
}

/* As for convolutions: what does not run is not taken. */
static fd_error *try_algorithm(fd_cuda_gemm *g, fd_cuda_lane *lane, trial_of *t, bool *taken)
{
    fd_error *err = NULL;
    const fd_cuda_batch batch = {g->p.rows, g->p.depth, g->p.columns};
    FD_TRY(fd_cuda_take(g->engine, fd_cuda_gemm_scratch(g), &t->scratch));
    fd_error *unfit = fd_cuda_same_everywhere(lane, &batch, trial, t, taken);
    if (unfit && (atomic_load(&g->engine->lost) || fd_error_code(unfit) == FD_NOMEM))
        err = unfit;
    else
        fd_error_free(unfit);
    *taken = *taken && !unfit;
done:
    fd_cuda_give(g->engine, lane, t->scratch);
    t->scratch = NULL;
    return err;
}

/* A right operand for the trials. */
static fd_error *make_operand(fd_cuda_gemm *g, fd_cuda_lane *lane, float **out)
{
    fd_error *err = NULL;
    const size_t n = (size_t)(g->p.columns * g->p.depth);
    float *host = NULL;
    FD_TRY(fd_alloc(&host, n, sizeof *host));
    for (size_t i = 0; i < n; i++)
        host[i] = (float)((i * 2654435761u) % 2001) * 0.001f - 1.0f;
    FD_TRY(fd_cuda_take(g->engine, n * sizeof *host, out));
    FD_TRY(fd_cuda_upload(&lane->base, *out, host, n * sizeof *host));
done:
    free(host);
    return err;
}

static fd_error *choose(fd_cuda_gemm *g, cublasLtMatmulPreference_t preference)
{
    fd_error *err = NULL;
    fd_cuda_lane *lane = NULL;
    float *operand = NULL;
    cublasLtMatmulHeuristicResult_t result[MOST_CHOICES];
    int n = 0;
    bool taken = false;
    FD_BLAS(g->engine, cublasLtMatmulAlgoGetHeuristic(g->engine->library->blas, g->operation, g->b, g->a, g->y, g->y, preference, MOST_CHOICES, result, &n));
    FD_TRY(fd_cuda_setup_begin(g->engine, &lane));
    FD_TRY(make_operand(g, lane, &operand));
    for (int i = 0; i < n && !taken; i++) {
        if (result[i].state != CUBLAS_STATUS_SUCCESS || !is_whole(&result[i].algo))
            continue;
        g->algorithm = result[i].algo;
        g->workspace = result[i].workspaceSize;
        FD_TRY(try_algorithm(g, lane, &(trial_of){g, operand, NULL}, &taken));
    }
    if (!taken)
        FD_THROW(FD_UNSUPPORTED, "cuBLASLt has no way to multiply %lldx%lld by %lldx%lld that gives a row the same bytes wherever it stands",
                 (long long)g->p.rows, (long long)g->p.depth, (long long)g->p.depth, (long long)g->p.columns);
done:
    fd_cuda_give(g->engine, lane, operand);
    if (lane)
        fd_cuda_setup_end(g->engine);
    return err;
}

static size_t half_bytes(int64_t n)
{
    return ((size_t)n * sizeof(uint16_t) + FD_CUDA_POOL_ALIGN - 1) / FD_CUDA_POOL_ALIGN * FD_CUDA_POOL_ALIGN;
}

fd_error *fd_cuda_gemm_open(fd_cuda_engine *e, const fd_cuda_product *p, fd_cuda_gemm **out)
{
    fd_error *err = NULL;
    fd_cuda_gemm *g = NULL;
    cublasLtMatmulPreference_t preference = NULL;
    FD_TRY(fd_alloc(&g, 1, sizeof *g));
    g->engine = e;
    g->p = *p;
    if (e->arithmetic == FD_ARITHMETIC_F16 || e->arithmetic == FD_ARITHMETIC_BF16) {
        g->half_a = half_bytes(p->rows * p->depth);
        g->half_b = half_bytes(p->columns * p->depth);
    }
    FD_TRY(describe(g));
    FD_BLAS(e, cublasLtMatmulPreferenceCreate(&preference));
    FD_TRY(set_limits(g, preference));
    FD_TRY(choose(g, preference));
    *out = g;
    g = NULL;
done:
    if (preference)
        (void)cublasLtMatmulPreferenceDestroy(preference);
    fd_cuda_gemm_close(g);
    return err;
}

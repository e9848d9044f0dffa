/* A block makes a square of cells and keeps everything between in shared memory: the image's pixels under it, what is left of them after the first
 * convolution and pool (half as many, 4 more than cells on a side), after the second convolution (2 more) and after the third. Rims are computed
 * by neighbours, too: 14 % more work for 16 x 16 cells. */
#include "kernels/pnet.h"

#include "kernels/launch.cuh"
#include "kernels/math/softmax.h"

enum { THREADS = 256, HEADS = 8, CELL = 16 };   /* HEADS: 4 of the box, 2 of the score, 2 unused. CELL: cells on a side of a block's square */

/* Where things lie in the packed form, in floats. Outputs come last and are padded to `wide`, a multiple of 4. Weights: [c][kx][ky][wide]. */
struct layout {
    int32_t wide[3], weight[3], bias[3], slopes[3], head, head_bias, total; /* head: [channels[2]][HEADS], head_bias: [HEADS] */
};

static __host__ __device__ constexpr layout layout_of(int32_t c1, int32_t c2, int32_t c3)
{
    layout l = {};
    const int32_t c[4] = {3, c1, c2, c3};
    int32_t at = 0;
    for (int k = 0; k < 3; k++) {
        l.wide[k] = (c[k + 1] + 3) / 4 * 4;
        l.weight[k] = at;
        l.bias[k] = l.weight[k] + c[k] * 9 * l.wide[k];
        l.slopes[k] = l.bias[k] + l.wide[k];
        at = l.slopes[k] + l.wide[k];
    }
    l.head = at;
    l.head_bias = l.head + c3 * HEADS;
    l.total = l.head_bias + HEADS;
    return l;
}

int64_t fd_pnet_packed(const int32_t channels[3])
{
    return layout_of(channels[0], channels[1], channels[2]).total;
}

void fd_pnet_pack(const fd_pnet_weights *w, float *packed)
{
    const layout l = layout_of(w->channels[0], w->channels[1], w->channels[2]);
    for (int32_t i = 0; i < l.total; i++)
        packed[i] = 0.0f;
    for (int k = 0; k < 3; k++) {
        const int32_t inputs = k ? w->channels[k - 1] : 3;
        for (int32_t o = 0; o < w->channels[k]; o++) {
            packed[l.bias[k] + o] = w->bias[k][o];
            packed[l.slopes[k] + o] = w->slopes[k][o];
            for (int32_t c = 0; c < inputs; c++)
                for (int32_t y = 0; y < 3; y++)
                    for (int32_t x = 0; x < 3; x++)
                        packed[l.weight[k] + ((c * 3 + x) * 3 + y) * l.wide[k] + o] = w->weight[k][((o * inputs + c) * 3 + y) * 3 + x];
        }
    }
    for (int32_t h = 0; h < 6; h++) {
        const float *weight = h < 4 ? w->box_weight + h * w->channels[2] : w->prob_weight + (h - 4) * w->channels[2];
        packed[l.head_bias + h] = h < 4 ? w->box_bias[h] : w->prob_bias[h - 4];
        for (int32_t c = 0; c < w->channels[2]; c++)
            packed[l.head + c * HEADS + h] = weight[c];
    }
}

/* The image and its cells; the block's square begins at cell (y, x). */
struct frame {
    fd_pnet_image image;
    int32_t rows, columns; /* of cells */
    int32_t y, x;
};

static __host__ __device__ int32_t cells_of(int64_t pixels)
{
    return (int32_t)((pixels - 2 + 1) / 2 - 4);
}

static __device__ frame frame_of(const fd_pnet_image &image, int32_t cell)
{
    return {image, cells_of(image.height), cells_of(image.width), (int32_t)blockIdx.y * cell, (int32_t)blockIdx.x * cell};
}

/* The pixels under the square: pixel[3][side][side]; 0 outside the image. */
static __device__ __forceinline__ void load_pixels(const frame &f, int32_t side, float *pixel)
{
    const int32_t height = (int32_t)f.image.height, width = (int32_t)f.image.width;
    for (int32_t k = (int32_t)threadIdx.x; k < 3 * side * side; k += THREADS) {
        const int32_t c = k / (side * side), at = k - c * side * side, y = 2 * f.y + at / side, x = 2 * f.x + at % side;
        pixel[k] = y < height && x < width ? f.image.pixels[((int64_t)c * height + y) * width + x] : 0.0f;
    }
}

static __device__ __forceinline__ float prelu(float v, float slope)
{
    return v < 0.0f ? v * slope : v;
}

static __device__ __forceinline__ float larger(float v, float than)
{
    return v > than ? v : than;
}

/* Of the four sums under pool cell (y, x) of the square those that the image has: the last row and column may be single (ceil mode). */
static __device__ __forceinline__ float pooled(const frame &f, int32_t y, int32_t x, const float sum[2][2], float slope)
{
    const int32_t below = 2 * (f.y + y) + 1 < (int32_t)f.image.height - 2, right = 2 * (f.x + x) + 1 < (int32_t)f.image.width - 2;
    float v = larger(prelu(sum[0][0], slope), -INFINITY);
    if (right)
        v = larger(prelu(sum[0][1], slope), v);
    if (below)
        v = larger(prelu(sum[1][0], slope), v);
    if (below && right)
        v = larger(prelu(sum[1][1], slope), v);
    return v;
}

/* Regressions and scores of cell (y, x) of the square from its sums. */
static __device__ __forceinline__ void store_cell(const frame &f, int32_t y, int32_t x, const float *sum)
{
    const int32_t row = f.y + y, column = f.x + x;
    if (row >= f.rows || column >= f.columns)
        return;
    const int64_t plane = (int64_t)f.rows * f.columns, at = (int64_t)row * f.columns + column;
    for (int h = 0; h < 4; h++)
        f.image.box[h * plane + at] = sum[h];
    f.image.prob[at] = fd_softmax2(sum[5], sum[4]);
    f.image.prob[plane + at] = fd_softmax2(sum[4], sum[5]);
}

/* The published counts of channels, so that sums stay in registers. Rows of the second convolution are PITCH apart: a warp's two groups of four
 * rows then lie in different banks. */
enum { C1 = 10, C2 = 16, C3 = 32, POOL = CELL + 4, SECOND = CELL + 2, PIXELS = 2 * POOL + 2, PITCH = 20, GROUP = 8 };
static_assert(CELL * CELL == THREADS && PITCH >= SECOND && PITCH % 8 == 4, "one thread for each cell; banks");
static_assert(C3 / GROUP * CELL * CELL / 4 == THREADS, "one thread for each 4 rows and 8 outputs of the third convolution");

static __host__ __device__ constexpr int32_t most(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* Floats of shared memory: weights but for the heads', then the pool's output, then pixels, overwritten by the second convolution's output; the
 * third one's overwrites both. */
enum { ACTIVATIONS = layout_of(C1, C2, C3).head, PLACE_POOL = ACTIVATIONS, PLACE_SECOND = PLACE_POOL + C1 * POOL * POOL };
enum { SHARED = PLACE_SECOND + most(3 * PIXELS * PIXELS, C2 * SECOND * PITCH) };
static_assert(SHARED * sizeof(float) <= 64 * 1024 && SHARED - PLACE_POOL >= C3 * THREADS, "fits every architecture");

/* sum[r][o] += in[r + ky] * weight[ky][o] for the three rows of one column of a window: ROWS outputs below each other, OUTPUTS at once. */
template <int ROWS, int OUTPUTS> static __device__ __forceinline__ void add_column(float (&sum)[ROWS][OUTPUTS], const float *in, int32_t pitch, const float *weight, int32_t wide)
{
    float v[ROWS + 2];
    FD_UNROLL
    for (int r = 0; r < ROWS + 2; r++)
        v[r] = in[r * pitch];
    FD_UNROLL
    for (int ky = 0; ky < 3; ky++) {
        FD_UNROLL
        for (int o = 0; o < OUTPUTS; o += 4) {
            const float4 w = *reinterpret_cast<const float4 *>(weight + ky * wide + o);
            FD_UNROLL
            for (int r = 0; r < ROWS; r++) {
                sum[r][o] = __fmaf_rn(v[r + ky], w.x, sum[r][o]);
                sum[r][o + 1] = __fmaf_rn(v[r + ky], w.y, sum[r][o + 1]);
                sum[r][o + 2] = __fmaf_rn(v[r + ky], w.z, sum[r][o + 2]);
                sum[r][o + 3] = __fmaf_rn(v[r + ky], w.w, sum[r][o + 3]);
            }
        }
    }
}

template <int ROWS, int OUTPUTS> static __device__ __forceinline__ void begin_sums(float (&sum)[ROWS][OUTPUTS], const float *bias)
{
    FD_UNROLL
    for (int r = 0; r < ROWS; r++)
        FD_UNROLL
        for (int o = 0; o < OUTPUTS; o++)
            sum[r][o] = bias[o];
}

/* First convolution and pool. A thread makes a cell of the pool, 4 outputs at a time; left and right are the two columns of sums under it. */
static __device__ __forceinline__ void first_layer(const frame &f, const float *packed, const float *pixel, float *pool)
{
    constexpr layout l = layout_of(C1, C2, C3);
    for (int32_t k = (int32_t)threadIdx.x; k < POOL * POOL * (l.wide[0] / 4); k += THREADS) {
        const int32_t group = k / (POOL * POOL), at = k - group * POOL * POOL, y = at / POOL, x = at - y * POOL;
        float left[2][4], right[2][4];
        begin_sums(left, packed + l.bias[0] + 4 * group);
        begin_sums(right, packed + l.bias[0] + 4 * group);
        FD_ROLLED
        for (int32_t c = 0; c < 3; c++)
            FD_UNROLL
            for (int32_t kx = 0; kx < 3; kx++) {
                const float *in = pixel + (c * PIXELS + 2 * y) * PIXELS + 2 * x + kx, *w = packed + l.weight[0] + (c * 3 + kx) * 3 * l.wide[0] + 4 * group;
                add_column(left, in, PIXELS, w, l.wide[0]);
                add_column(right, in + 1, PIXELS, w, l.wide[0]);
            }
        FD_UNROLL
        for (int o = 0; o < 4; o++) {
            const float sum[2][2] = {{left[0][o], right[0][o]}, {left[1][o], right[1][o]}};
            if (4 * group + o < C1)
                pool[((4 * group + o) * POOL + y) * POOL + x] = pooled(f, y, x, sum, packed[l.slopes[0] + 4 * group + o]);
        }
    }
}

/* A thread makes 3 rows of 8 outputs. */
static __device__ __forceinline__ void second_layer(const float *packed, const float *pool, float *second)
{
    constexpr layout l = layout_of(C1, C2, C3);
    for (int32_t k = (int32_t)threadIdx.x; k < SECOND * (SECOND / 3) * (C2 / GROUP); k += THREADS) {
        const int32_t x = k % SECOND, y = k / SECOND % (SECOND / 3) * 3, o = k / (SECOND * (SECOND / 3)) * GROUP;
        float sum[3][GROUP];
        begin_sums(sum, packed + l.bias[1] + o);
        FD_ROLLED
        for (int32_t c = 0; c < C1; c++)
            FD_UNROLL
            for (int32_t kx = 0; kx < 3; kx++)
                add_column(sum, pool + (c * POOL + y) * POOL + x + kx, POOL, packed + l.weight[1] + (c * 3 + kx) * 3 * l.wide[1] + o, l.wide[1]);
        FD_UNROLL
        for (int r = 0; r < 3; r++)
            FD_UNROLL
            for (int i = 0; i < GROUP; i++)
                second[((o + i) * SECOND + y + r) * PITCH + x] = prelu(sum[r][i], packed[l.slopes[1] + o + i]);
    }
}

/* A thread makes 4 rows of 8 outputs, third[o][cell]; a warp shares its outputs, so that weights are read once for all its lanes. */
static __device__ __forceinline__ void third_layer(const float *packed, const float *second, float *third)
{
    constexpr layout l = layout_of(C1, C2, C3);
    const int32_t x = (int32_t)threadIdx.x % CELL, y = (int32_t)threadIdx.x / CELL % (CELL / 4) * 4, o = (int32_t)threadIdx.x / (CELL * CELL / 4) * GROUP;
    float sum[4][GROUP];
    begin_sums(sum, packed + l.bias[2] + o);
    FD_ROLLED
    for (int32_t c = 0; c < C2; c++)
        FD_UNROLL
        for (int32_t kx = 0; kx < 3; kx++)
            add_column(sum, second + (c * SECOND + y) * PITCH + x + kx, PITCH, packed + l.weight[2] + (c * 3 + kx) * 3 * l.wide[2] + o, l.wide[2]);
    __syncthreads();   /* nobody reads `second` any more */
    FD_UNROLL
    for (int r = 0; r < 4; r++)
        FD_UNROLL
        for (int i = 0; i < GROUP; i++)
            third[(o + i) * THREADS + (y + r) * CELL + x] = prelu(sum[r][i], packed[l.slopes[2] + o + i]);
}

static __global__ void __launch_bounds__(THREADS, 2) pnet(const float *packed, fd_pnet_image image)
{
    FD_SHARED(float, shared);
    constexpr layout l = layout_of(C1, C2, C3);
    const frame f = frame_of(image, CELL);
    for (int32_t k = (int32_t)threadIdx.x; k < ACTIVATIONS; k += THREADS)
        shared[k] = packed[k];
    load_pixels(f, PIXELS, shared + PLACE_SECOND);
    __syncthreads();
    first_layer(f, shared, shared + PLACE_SECOND, shared + PLACE_POOL);
    __syncthreads();
    second_layer(shared, shared + PLACE_POOL, shared + PLACE_SECOND);
    __syncthreads();
    third_layer(shared, shared + PLACE_SECOND, shared + PLACE_POOL);
    __syncthreads();
    float sum[6];
    for (int h = 0; h < 6; h++)
        sum[h] = packed[l.head_bias + h];
    for (int32_t c = 0; c < C3; c++) {
        const float v = shared[PLACE_POOL + c * THREADS + threadIdx.x];
        FD_UNROLL
        for (int h = 0; h < 6; h++)
            sum[h] = __fmaf_rn(v, packed[l.head + c * HEADS + h], sum[h]);
    }
    store_cell(f, (int32_t)threadIdx.x / CELL, (int32_t)threadIdx.x % CELL, sum);
}

/* One sum of a 3x3 window over in[inputs][side][side], in the order of the kernel above. */
static __device__ float window_sum(const float *in, int32_t inputs, int32_t side, const float *weight, int32_t wide, float bias)
{
    float sum = bias;
    for (int32_t c = 0; c < inputs; c++)
        for (int32_t kx = 0; kx < 3; kx++)
            for (int32_t ky = 0; ky < 3; ky++)
                sum = __fmaf_rn(in[(c * side + ky) * side + kx], weight[((c * 3 + kx) * 3 + ky) * wide], sum);
    return sum;
}

/* out[outputs][side][side] of a layer without pool. */
static __device__ void any_layer(const float *packed, const layout &l, int k, int32_t inputs, int32_t outputs, int32_t side, const float *in, float *out)
{
    for (int32_t i = (int32_t)threadIdx.x; i < outputs * side * side; i += THREADS) {
        const int32_t o = i / (side * side), y = i / side % side, x = i % side;
        out[i] = prelu(window_sum(in + y * (side + 2) + x, inputs, side + 2, packed + l.weight[k] + o, l.wide[k], packed[l.bias[k] + o]), packed[l.slopes[k] + o]);
    }
}

static __host__ __device__ int32_t pixels_under(int32_t cell)
{
    return 2 * (cell + 4) + 2;
}

/* The same for any channels; weights stay in global memory. */
static __global__ void pnet_any(int32_t c1, int32_t c2, int32_t c3, int32_t cell, const float *packed, fd_pnet_image image)
{
    FD_SHARED(float, pixel);
    const layout l = layout_of(c1, c2, c3);
    const frame f = frame_of(image, cell);
    const int32_t side = pixels_under(cell), rim = cell + 4;
    float *const pool = pixel + 3 * side * side, *const second = pool + c1 * rim * rim, *const third = second + c2 * (cell + 2) * (cell + 2);
    load_pixels(f, side, pixel);
    __syncthreads();
    for (int32_t i = (int32_t)threadIdx.x; i < c1 * rim * rim; i += THREADS) {
        const int32_t o = i / (rim * rim), y = i / rim % rim, x = i % rim;
        float sum[2][2];
        for (int k = 0; k < 4; k++)
            sum[k / 2][k % 2] = window_sum(pixel + (2 * y + k / 2) * side + 2 * x + k % 2, 3, side, packed + l.weight[0] + o, l.wide[0], packed[l.bias[0] + o]);
        pool[i] = pooled(f, y, x, sum, packed[l.slopes[0] + o]);
    }
    __syncthreads();
    any_layer(packed, l, 1, c1, c2, cell + 2, pool, second);
    __syncthreads();
    any_layer(packed, l, 2, c2, c3, cell, second, third);
    __syncthreads();
    for (int32_t i = (int32_t)threadIdx.x; i < cell * cell; i += THREADS) {
        float sum[6];
        for (int h = 0; h < 6; h++) {
            sum[h] = packed[l.head_bias + h];
            for (int32_t c = 0; c < c3; c++)
                sum[h] = __fmaf_rn(third[c * cell * cell + i], packed[l.head + c * HEADS + h], sum[h]);
        }
        store_cell(f, i / cell, i % cell, sum);
    }
}

static int64_t bytes_of_any(const int32_t c[3], int64_t cell)
{
    const int64_t side = pixels_under((int32_t)cell);
    return (int64_t)sizeof(float) * (3 * side * side + c[0] * (cell + 4) * (cell + 4) + c[1] * (cell + 2) * (cell + 2) + c[2] * cell * cell);
}

int fd_pnet(const int32_t channels[3], const float *packed, fd_pnet_image image, fd_stream stream)
{
    const int32_t rows = cells_of(image.height), columns = cells_of(image.width);
    if (channels[0] == C1 && channels[1] == C2 && channels[2] == C3)
        return FD_LAUNCH_SHARED(pnet, dim3(fd_blocks(columns, CELL), fd_blocks(rows, CELL)), THREADS, SHARED * (int)sizeof(float), stream, packed, image);
    int32_t cell = CELL;
    while (cell > 0 && bytes_of_any(channels, cell) > FD_MOST_SHARED)
        cell /= 2;
    if (cell == 0)
        return cudaErrorInvalidValue;
    return FD_LAUNCH_SHARED(pnet_any, dim3(fd_blocks(columns, cell), fd_blocks(rows, cell)), THREADS, (int)bytes_of_any(channels, cell), stream, channels[0],
                            channels[1], channels[2], cell, packed, image);
}

/* A block takes 128 rows of one side, and one tile after the other of 128 columns. The product of a tile says which pairs may count; a warp computes
 * the values of those that do, two at a time, and puts them where they belong: its rows' lists are its own, so no other warp is in the way.
 *
 * A list is wanted for every row, so where both sides are one block a pair is met twice, as (i, j) and as (j, i), once in each row's list; pairs
 * within the radius and counts are taken where i < j. Without lists the tiles below the diagonal are left out. */
#include "kernels/sweep.h"

#include "kernels/sweep_block.cuh"

enum { SHARED_COUNTS = 2048, MOST_SPLITS = 16, ENOUGH_BLOCKS = 528 };   /* 2 blocks for each multiprocessor of the largest GPUs, twice over */

struct sweep {
    int32_t metric, same, include_self, radius_wanted, count_wanted;
    fd_block_parts a, b;
    int64_t first_a, first_b;
    fd_sweep_lists lists, so_far; /* for a's rows: [split][n] to be filled; what was found before */
    float error, radius;
    fd_found *pair;
    int64_t capacity, bins;
    uint64_t *count, *histogram;
    double low, scale;
};

/* Of a block: slabs, what its rows ask of a pair, and its part of the histogram. */
struct shared_state {
    fd_slabs slabs;
    float bound[FD_TILE];
    unsigned count[SHARED_COUNTS];
};

/* A tile as one warp sees it: the first row and column of the tile, and this split's lists. */
struct place {
    uint32_t row, column; /* n < 2^31 */
    float *distance;
    int64_t *index;
};

/* The value that a pair must not exceed (inner product: must reach) to matter for row i. */
static __device__ float threshold_of(const sweep &s, const place &at, int64_t i)
{
    const bool inner = s.metric == FD_PAIR_INNER;
    const float nothing = inner ? INFINITY : -INFINITY;
    float list = nothing;
    if (s.lists.k > 0) {
        const int64_t last = i * s.lists.k + s.lists.k - 1;
        list = -nothing;
        if (at.index[last] >= 0)
            list = at.distance[last];
        if (s.so_far.index[last] >= 0 && (inner ? s.so_far.distance[last] > list : s.so_far.distance[last] < list))
            list = s.so_far.distance[last];
    }
    const float radius = s.radius_wanted ? s.radius : nothing;
    return inner ? (radius < list ? radius : list) : (radius > list ? radius : list);
}

/* What dot * gain - shift must reach, see sweep_block.cuh; thresholds are widened by more than float32 rounds values. */
static __device__ float bound_of(const sweep &s, const place &at, int64_t i)
{
    if (i >= s.a.n || isnan(s.a.factor[i]))
        return INFINITY;
    const float norm = s.a.norm[i], t = threshold_of(s, at, i), wide = 1.000001f;
    if (s.metric != FD_PAIR_INNER && t < 0.0f)
        return INFINITY;
    if (!fd_norm_in_range(norm))
        return -INFINITY;
    if (s.metric == FD_PAIR_INNER)
        return t - fabsf(t) * (wide - 1.0f) - 0.5f * s.error * norm;
    if (s.metric == FD_PAIR_COSINE)
        return (1.0f - s.error - t * wide) * sqrtf(norm);
    return norm * (1.0f - s.error) - (s.metric == FD_PAIR_EUCLIDEAN ? t * t : t) * wide;
}

/* Puts (v, index) where it belongs in a sorted list of k, by a warp; false: nowhere. */
static __device__ bool insert(float *distance, int64_t *index, int64_t k, bool descending, float v, int64_t global)
{
    const int lane = (int)(threadIdx.x % FD_WARP);
    int64_t place = 0;
    for (int64_t first = 0; place == first && first < k; first += FD_WARP) {
        const int64_t p = first + lane;
        const bool taken = p < k && index[p] >= 0;
        const bool front = taken && (distance[p] == v ? index[p] < global : descending ? distance[p] > v : distance[p] < v);
        place += __popc(__ballot_sync(FD_ALL_LANES, front));
    }
    if (place >= k)
        return false;
    for (int64_t last = k - 1; last > place; last -= FD_WARP) {   /* from the end: places last - 31 .. last take from their left */
        const int64_t p = last - lane;
        const float d = p > place ? distance[p - 1] : 0.0f;
        const int64_t x = p > place ? index[p - 1] : 0;
        __syncwarp();
        if (p > place) {
            distance[p] = d;
            index[p] = x;
        }
        __syncwarp();
    }
    if (lane == 0) {
        distance[place] = v;
        index[place] = global;
    }
    __syncwarp();
    return true;
}

/* The value of pair (i, j), i < j where both are of one block, to all who want it. By a warp. */
static __device__ void offer(const sweep &s, const place &at, float *bound, int64_t i, int64_t j, float v)
{
    const bool self = s.same && i == j, inner = s.metric == FD_PAIR_INNER;
    const bool first_lane = threadIdx.x % FD_WARP == 0;
    if (s.lists.k > 0 && (!self || s.include_self)) {
        const int64_t list = i * s.lists.k;
        if (insert(at.distance + list, at.index + list, s.lists.k, inner, v, s.first_b + j) && first_lane)
            bound[i - at.row] = bound_of(s, at, i);
        __syncwarp();
    }
    if (s.radius_wanted && (!s.same || i < j) && (inner ? v >= s.radius : v < s.radius) && first_lane) {
        const uint64_t n = fd_atomic_add(s.count, 1);
        if (n < (uint64_t)s.capacity)
            s.pair[n] = {s.first_a + i, s.first_b + j, v};
    }
}

static __device__ __forceinline__ void count_value(const sweep &s, unsigned *count, double v)
{
    const int64_t place = fd_pair_place(v, s.low, s.scale, s.bins);
    if (s.bins + 2 <= SHARED_COUNTS)
        atomicAdd(&count[place], 1u);
    else
        fd_atomic_add(&s.histogram[place], 1);
}

/* Which row and column of the tile `bit` (8 r + c) of a lane of this warp is. */
static __device__ __forceinline__ int row_of(int lane, int bit)
{
    return fd_own_row(threadIdx.x / FD_WARP * FD_WARP + (unsigned)lane) + bit / FD_OWN;
}
static __device__ __forceinline__ int column_of(int lane, int bit)
{
    return fd_own_column((unsigned)lane, bit % FD_OWN);
}

/* Computes the pairs at `bit` of the lanes in `hits` and offers, or counts, them. Half a warp takes one, the other half the next. */
static __device__ void take_hits(const sweep &s, const place &at, shared_state *state, int bit, unsigned hits, bool counting)
{
    const int half = (int)(threadIdx.x / 16 % 2);
    while (hits) {
        const int one = __ffs((int)hits) - 1, other = __ffs((int)(hits & (hits - 1))) - 1, lane = half ? other : one;
        const uint32_t i = at.row + (uint32_t)row_of(lane < 0 ? 0 : lane, bit), j = at.column + (uint32_t)column_of(lane < 0 ? 0 : lane, bit);
        const bool usable = lane >= 0 && i < s.a.n && j < s.b.n && !isnan(s.a.factor[i]) && !isnan(s.b.factor[j]);
        const uint32_t x = usable ? i : 0, y = usable ? j : 0;
        const float v = fd_half_warp_pair(s.metric, s.a.row + x * s.a.pitch, s.a.factor[x], s.b.row + y * s.b.pitch, s.b.factor[y], usable ? s.a.dim : 0);
        if (counting && usable && threadIdx.x % 16 == 0)
            count_value(s, state->count, (double)v);
        for (int h = 0; h < 32 && !counting; h += 16)
            if (__shfl_sync(FD_ALL_LANES, (int)usable, h))
                offer(s, at, state->bound, __shfl_sync(FD_ALL_LANES, i, h), __shfl_sync(FD_ALL_LANES, j, h), __shfl_sync(FD_ALL_LANES, v, h));
        hits &= hits - 1;
        hits &= hits - 1;
    }
}

/* dot[bit / 8][bit % 8] without a register's address. */
static __device__ __forceinline__ float pick(const float (&dot)[FD_OWN][FD_OWN], int bit)
{
    float v = dot[0][0];
    FD_UNROLL
    for (int k = 1; k < FD_OWN * FD_OWN; k++)
        v = bit == k ? dot[k / FD_OWN][k % FD_OWN] : v;
    return v;
}

/* Offers what may matter of the warp's pairs. */
static __device__ __forceinline__ void filter(const sweep &s, const place &at, shared_state *state, const float (&dot)[FD_OWN][FD_OWN])
{
    const int own = fd_own_row(threadIdx.x);
    uint64_t mask = 0;
    FD_UNROLL
    for (int c = 0; c < FD_OWN; c++) {
        const uint32_t j = at.column + (uint32_t)fd_own_column(threadIdx.x, c);
        const float gain = j < s.b.n ? s.b.gain[j] : 0.0f, shift = j < s.b.n ? s.b.shift[j] : INFINITY;
        FD_UNROLL
        for (int r = 0; r < FD_OWN; r++)
            mask |= (uint64_t)!(__fmaf_rn(dot[r][c], gain, -shift) < state->bound[own + r]) << (FD_OWN * r + c);
    }
    if (!__any_sync(FD_ALL_LANES, mask != 0))
        return;
    FD_ROLLED
    for (int bit = 0; bit < FD_OWN * FD_OWN; bit++) {   /* again with the bounds of now: lists that fill up ask for more */
        if (!__any_sync(FD_ALL_LANES, mask >> bit & 1))
            continue;
        const uint32_t j = at.column + (uint32_t)fd_own_column(threadIdx.x, bit % FD_OWN);
        const float gain = j < s.b.n ? s.b.gain[j] : 0.0f, shift = j < s.b.n ? s.b.shift[j] : INFINITY;
        const bool hit = (mask >> bit & 1) && !(__fmaf_rn(pick(dot, bit), gain, -shift) < state->bound[own + bit / FD_OWN]);
        const unsigned hits = __ballot_sync(FD_ALL_LANES, hit);
        take_hits(s, at, state, bit, hits, false);
    }
}

/* Between which two values that of pair (i, j) must lie; false: unknown. */
static __device__ __forceinline__ bool bracket(const sweep &s, float dot, int64_t i, int64_t j, double *low, double *high)
{
    const double a = (double)s.a.norm[i], b = (double)s.b.norm[j], e = (double)s.error, wide = 1.2e-7;   /* more than a value is rounded by */
    double v = (double)dot, off = 0.5 * e * (a + b);
    if (s.metric == FD_PAIR_COSINE) {
        v = 1.0 - (double)dot * s.a.factor[i] * s.b.factor[j];
        off = e;
    } else if (s.metric != FD_PAIR_INNER) {
        v = a + b - 2.0 * (double)dot;
        off = e * (a + b);
    }
    *low = v - off;
    *high = v + off;
    if (s.metric != FD_PAIR_INNER)
        *low = *low > 0.0 ? *low : 0.0;
    if (s.metric == FD_PAIR_EUCLIDEAN) {
        *low = sqrt(*low);
        *high = sqrt(*high > 0.0 ? *high : 0.0);
    }
    *low -= fabs(*low) * wide;
    *high += fabs(*high) * wide;
    return fd_norm_in_range(s.a.norm[i]) && fd_norm_in_range(s.b.norm[j]);
}

/* Whether pair (i, j) is one to be counted. */
static __device__ __forceinline__ bool counts(const sweep &s, int64_t i, int64_t j)
{
    return i < s.a.n && j < s.b.n && (!s.same || i < j) && !isnan(s.a.factor[i]) && !isnan(s.b.factor[j]);
}

/* Counts the warp's pairs: by the product where both ends of what it says fall into one place, else by their values. */
static __device__ __forceinline__ void count_pairs(const sweep &s, const place &at, shared_state *state, float (&dot)[FD_OWN][FD_OWN])
{
    const uint32_t i = at.row + (uint32_t)fd_own_row(threadIdx.x);
    FD_ROLLED
    for (int c = 0; c < FD_OWN; c++) {
        const uint32_t j = at.column + (uint32_t)fd_own_column(threadIdx.x, c);
        unsigned unsure = 0;
        FD_UNROLL
        for (int r = 0; r < FD_OWN; r++) {
            double low, high;
            if (counts(s, i + r, j)) {
                const bool known = bracket(s, dot[r][0], i + r, j, &low, &high);
                if (known && fd_pair_place(low, s.low, s.scale, s.bins) == fd_pair_place(high, s.low, s.scale, s.bins))
                    count_value(s, state->count, low);
                else
                    unsure |= 1u << r;
            }
            const float first = dot[r][0];   /* the next column moves to the front: registers have no address */
            FD_UNROLL
            for (int k = 1; k < FD_OWN; k++)
                dot[r][k - 1] = dot[r][k];
            dot[r][FD_OWN - 1] = first;
        }
        for (int r = 0; r < FD_OWN; r++)
            take_hits(s, at, state, FD_OWN * r + c, __ballot_sync(FD_ALL_LANES, unsure >> r & 1), true);
    }
}

/* The block's counts to the histogram's. */
static __device__ void flush(const sweep &s, unsigned *count)
{
    __syncthreads();
    for (int64_t k = threadIdx.x; k < s.bins + 2 && s.bins + 2 <= SHARED_COUNTS; k += FD_TILE_THREADS) {
        if (count[k])
            fd_atomic_add(&s.histogram[k], count[k]);
        count[k] = 0;
    }
    __syncthreads();
}

template <bool COUNT> static __global__ void __launch_bounds__(FD_TILE_THREADS, COUNT ? 1 : 2) sweep_tiles(sweep s)
{
    __shared__ __align__(16) shared_state state;
    const uint32_t row = blockIdx.x * FD_TILE, panels = (uint32_t)((s.b.n + FD_TILE - 1) / FD_TILE);
    const int64_t of_split = blockIdx.y * s.a.n * s.lists.k;
    const bool triangle = s.same && s.lists.k == 0;
    place at = {row, 0, s.lists.distance + of_split, s.lists.index + of_split};
    if (threadIdx.x % FD_WARP < FD_WARP_ROWS) {   /* a warp's own rows */
        const int own = (int)(threadIdx.x / FD_WARP * FD_WARP_ROWS + threadIdx.x % FD_WARP);
        state.bound[own] = bound_of(s, at, row + own);
    }
    for (int k = (int)threadIdx.x; COUNT && k < SHARED_COUNTS; k += FD_TILE_THREADS)
        state.count[k] = 0;
    unsigned tiles = 0;
    for (uint32_t panel = (triangle ? blockIdx.x : 0) + blockIdx.y; panel < panels; panel += gridDim.y) {
        float dot[FD_OWN][FD_OWN];
        at.column = panel * FD_TILE;
        fd_products<true>({s.a.row, s.a.n, s.a.pitch, row}, {s.b.row, s.b.n, s.b.pitch, at.column}, &state.slabs, dot);
        if (COUNT && (!s.same || panel >= blockIdx.x))
            count_pairs(s, at, &state, dot);
        if (!COUNT || s.lists.k > 0 || s.radius_wanted)
            filter(s, at, &state, dot);
        if (COUNT && ++tiles % (1u << 16) == 0)   /* 2^30 pairs: before 32 bits are full */
            flush(s, state.count);
    }
    if (COUNT)
        flush(s, state.count);
}

/* What the splits found for each row, into the list of all; a warp for each row. */
static __global__ void merge(fd_sweep_lists found, fd_sweep_lists all, int64_t n, int splits, int descending)
{
    const int64_t row = (int64_t)blockIdx.x * (FD_TILE_THREADS / FD_WARP) + threadIdx.x / FD_WARP, k = all.k;
    if (row >= n)
        return;
    for (int split = 0; split < splits; split++) {
        const int64_t list = (split * n + row) * k;
        for (int64_t p = 0; p < k && found.index[list + p] >= 0; p++)
            if (!insert(all.distance + row * k, all.index + row * k, k, descending, found.distance[list + p], found.index[list + p]))
                break;
    }
}

/* How many blocks share a row's columns, so that the GPU is full. A function of the sizes alone. */
static int splits_of(int64_t n_a, int64_t n_b)
{
    const int64_t rows = fd_blocks(n_a, FD_TILE), columns = fd_blocks(n_b, FD_TILE);
    int64_t splits = (ENOUGH_BLOCKS + rows - 1) / rows;
    splits = splits < (int64_t)MOST_SPLITS ? splits : (int64_t)MOST_SPLITS;
    return (int)(splits < columns ? splits : columns);
}

static int64_t lists_bytes(int64_t n_a, int64_t n_b, int64_t k)
{
    return n_a && n_b ? splits_of(n_a, n_b) * n_a * k * (int64_t)(sizeof(float) + sizeof(int64_t)) : 0;
}

int64_t fd_sweep_scratch(int64_t n_a, int64_t n_b, int64_t k)
{
    const int64_t a = lists_bytes(n_a, n_b, k), b = lists_bytes(n_b, n_a, k);
    return a > b ? a : b;
}

/* The pairs of s.a's rows, with lists for them. */
static int one_side(sweep s, void *scratch, fd_stream stream)
{
    const int splits = splits_of(s.a.n, s.b.n);
    const int64_t places = splits * s.a.n * s.lists.k;
    const dim3 grid(fd_blocks(s.a.n, FD_TILE), (unsigned)splits);
    int error = 0;
    s.so_far = s.lists;
    if (splits > 1 && s.lists.k > 0) {
        s.lists.index = static_cast<int64_t *>(scratch);
        s.lists.distance = reinterpret_cast<float *>(s.lists.index + places);
        error = (int)cudaMemsetAsync(s.lists.index, 0xff, (size_t)places * sizeof(int64_t), stream);   /* -1: empty */
    }
    if (error)
        return error;
    error = s.count_wanted ? FD_LAUNCH(sweep_tiles<true>, grid, FD_TILE_THREADS, stream, s) : FD_LAUNCH(sweep_tiles<false>, grid, FD_TILE_THREADS, stream, s);
    if (!error && splits > 1 && s.lists.k > 0)
        error = FD_LAUNCH(merge, fd_blocks(s.a.n, FD_TILE_THREADS / FD_WARP), FD_TILE_THREADS, stream, s.lists, s.so_far, s.a.n, splits,
                          s.metric == FD_PAIR_INNER);
    return error;
}

int fd_sweep_pairs(const fd_sweep_job *job, void *scratch, fd_stream stream)
{
    const fd_sweep_out &out = job->out;
    if (job->a.n == 0 || job->b.n == 0)
        return 0;
    sweep s = {};
    s.metric = job->a.metric;
    s.same = job->same;
    s.include_self = out.include_self;
    s.radius_wanted = out.radius_wanted;
    s.count_wanted = out.histogram != nullptr;
    s.a = fd_parts_of(job->a);
    s.b = fd_parts_of(job->b);
    s.first_a = job->first_a;
    s.first_b = job->first_b;
    s.lists = out.a;
    s.error = fd_product_error(job->a.dim);
    s.radius = out.radius;
    s.pair = out.pair;
    s.capacity = out.capacity;
    s.count = out.count;
    s.bins = out.bins;
    s.histogram = out.histogram;
    s.low = out.low;
    s.scale = out.scale;
    int error = 0;
    if (s.lists.k > 0 || s.radius_wanted || s.count_wanted)
        error = one_side(s, scratch, stream);
    if (error || job->same || out.b.k == 0)
        return error;
    s.a = fd_parts_of(job->b);
    s.b = fd_parts_of(job->a);
    s.first_a = job->first_b;
    s.first_b = job->first_a;
    s.lists = out.b;
    s.radius_wanted = s.count_wanted = 0;
    return one_side(s, scratch, stream);
}

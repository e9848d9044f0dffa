/* Operators on pixels of the cpu engine, for every instruction set that this processor has, and of the cuda engine: bit for bit those of the
 * reference engine. */
#include <math.h>

#include "each_engine.h"
#include "engine/image.h"

enum { SIDES = 2, REF = 0, OTHER = 1 };

/* The two engines, a lane of each, and random numbers (xorshift: the same on every run). */
typedef struct fixture {
    fd_engine *engine[SIDES];
    fd_lane *lane[SIDES];
    uint32_t random;
} fixture;

static uint32_t draw(fixture *f, uint32_t below)
{
    f->random ^= f->random << 13;
    f->random ^= f->random >> 17;
    f->random ^= f->random << 5;
    return f->random % below;
}

static int between(fixture *f, int low, int high)
{
    return low + (int)draw(f, (uint32_t)(high - low + 1));
}

static const char *device, *isa; /* of the run in progress */
static size_t memory;             /* of the device; 0: what it likes */
static bool in_slab;              /* photographs lie in memory of the engine that is tested */

static int setup(void **state)
{
    static fixture f;
    const fd_engine_config config = {.isa = isa, .memory = memory};
    memset(&f, 0, sizeof f);
    f.random = 2463534242u;
    assert_ok(fd_engine_open(device, &config, &f.engine[OTHER]));
    assert_ok(fd_engine_open("ref", &(fd_engine_config){.isa = "auto"}, &f.engine[REF]));
    for (int side = 0; side < SIDES; side++)
        assert_ok(fd_lane_open(f.engine[side], &f.lane[side]));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    for (int side = 0; f && side < SIDES; side++) {
        fd_lane_close(f->lane[side]);
        fd_engine_close(f->engine[side]);
    }
    return 0;
}

/* A copy in the memory of one of the engines; fetch brings it back and ends it. */
static void *put(fixture *f, int side, const void *from, size_t bytes)
{
    void *p;
    const fd_engine_kind *kind = f->engine[side]->kind;
    assert_ok(kind->alloc(f->engine[side], bytes, &p));
    assert_ok(kind->upload(f->lane[side], p, from, bytes));
    return p;
}

static void fetch(fixture *f, int side, void *to, void *p, size_t bytes)
{
    const fd_engine_kind *kind = f->engine[side]->kind;
    assert_ok(kind->download(f->lane[side], to, p, bytes));
    assert_ok(kind->lane_sync(f->lane[side]));
    kind->release(f->engine[side], p);
}

/* A random photograph in both engines. The allocation ends with the last pixel, so that the address sanitizer sees a byte read beyond it. */
typedef struct photo {
    uint8_t *rgb;
    fd_picture *picture[SIDES];
    int width, height;
    size_t pitch;   /* bytes */
} photo;

/* Hands the pixels to the engines, which may copy them: later changes are not seen. */
static void photo_show(fixture *f, photo *p)
{
    for (int side = 0; side < SIDES; side++)
        assert_ok(f->engine[side]->kind->image->picture_open(f->lane[side], p->rgb, p->width, p->height, (int64_t)p->pitch, &p->picture[side]));
}

static void photo_hide(fixture *f, photo *p)
{
    for (int side = 0; side < SIDES; side++)
        f->engine[side]->kind->image->picture_close(p->picture[side]);
}

static photo photo_make(fixture *f, int width, int height, int gap)
{
    photo p = {NULL, {NULL}, width, height, (size_t)width * 3 + (size_t)gap};
    const size_t bytes = p.pitch * (size_t)(height - 1) + (size_t)width * 3;
    if (in_slab)
        assert_ok(f->engine[OTHER]->kind->slab_alloc(f->engine[OTHER], bytes, (void **)&p.rgb));
    else
        p.rgb = malloc(bytes);
    assert_non_null(p.rgb);
    assert_true(!in_slab || (uintptr_t)p.rgb % 64 == 0);
    for (size_t k = 0; k < bytes; k++)
        p.rgb[k] = (uint8_t)draw(f, 4) ? (uint8_t)draw(f, 256) : 255;
    photo_show(f, &p);
    return p;
}

static void photo_free(fixture *f, photo *p)
{
    photo_hide(f, p);
    if (in_slab)
        f->engine[OTHER]->kind->slab_release(f->engine[OTHER], p->rgb);
    else
        free(p->rgb);
}

static float *filled(size_t count)
{
    float *v = malloc(count * sizeof *v);
    assert_non_null(v);
    for (size_t k = 0; k < count; k++)
        v[k] = -9;
    return v;
}

/* Both engines make the tiles; what lies between them must be left alone by both. */
static void same_tiles(fixture *f, photo *photos, int m, const fd_tile *tiles, int n, size_t count)
{
    float *out[SIDES];
    for (int side = 0; side < SIDES; side++) {
        fd_picture *pictures[4];
        for (int k = 0; k < m; k++)
            pictures[k] = photos[k].picture[side];
        out[side] = filled(count);
        void *p = put(f, side, out[side], count * sizeof(float));
        assert_ok(f->engine[side]->kind->image->tiles(f->lane[side], pictures, tiles, n, p));
        fetch(f, side, out[side], p, count * sizeof(float));
    }
    assert_memory_equal(out[REF], out[OTHER], count * sizeof(float));
    free(out[REF]);
    free(out[OTHER]);
}

static fd_tile whole(int height, int width, int picture)
{
    return (fd_tile){picture, height, width, 0, 0, height, width, 0, width, (int64_t)height * width};
}

static void test_levels(void **state)
{
    fixture *f = *state;
    for (int k = 0; k < 200; k++) {
        photo p = photo_make(f, between(f, 1, 150), between(f, 1, 150), between(f, 0, 5));
        const int h = between(f, 1, p.height), w = between(f, 1, p.width);
        const fd_tile tile = whole(h, w, 0);
        same_tiles(f, &p, 1, &tile, 1, (size_t)h * (size_t)w * 3);
        photo_free(f, &p);
    }
}

/* Shapes at which another code path begins: rows beyond 16 bits, single rows and columns, levels of the source's size and above. */
static void test_special_levels(void **state)
{
    static const int shape[][4] = {{1, 1, 1, 1},   {1, 700, 1, 13}, {700, 1, 13, 1},  {300, 20, 1, 3},  {600, 40, 2, 7},
                                   {258, 9, 1, 9}, {257, 5, 1, 5},  {64, 64, 64, 64}, {20, 30, 33, 47}, {16, 2000, 1, 125},
                                   {40, 33, 5, 4}, {1000, 3, 1, 1}, {17, 31, 1, 2},   {520, 600, 2, 2}};
    fixture *f = *state;
    for (size_t k = 0; k < sizeof shape / sizeof *shape; k++) {
        photo p = photo_make(f, shape[k][1], shape[k][0], 0);
        const fd_tile tile = whole(shape[k][2], shape[k][3], 0);
        same_tiles(f, &p, 1, &tile, 1, (size_t)shape[k][2] * (size_t)shape[k][3] * 3);
        photo_free(f, &p);
    }
}

/* The sum over one window is beyond 32 bits. */
static void test_huge_window(void **state)
{
    fixture *f = *state;
    photo p = photo_make(f, 4200, 5000, 0);
    photo_hide(f, &p);
    memset(p.rgb, 250, (size_t)4200 * 5000 * 3 - 1);
    photo_show(f, &p);
    const fd_tile tile[2] = {whole(1, 1, 0), {0, 2, 1, 1, 0, 1, 1, 5, 1, 1}};
    same_tiles(f, &p, 1, tile, 2, 10);
    photo_free(f, &p);
}

/* Parts of levels, packed into one atlas, of several photographs in any order. */
static void test_atlas(void **state)
{
    enum { SLOT = 40, TILES = 12 };
    fixture *f = *state;
    for (int round = 0; round < 20; round++) {
        photo photos[3];
        fd_tile tiles[TILES];
        for (int k = 0; k < 3; k++)
            photos[k] = photo_make(f, between(f, 40, 400), between(f, 40, 400), 0);
        for (int k = 0; k < TILES; k++) {
            const int picture = between(f, 0, 2), h = between(f, 12, photos[picture].height), w = between(f, 12, photos[picture].width);
            const int height = between(f, 1, h < SLOT ? h : SLOT), width = between(f, 1, w < SLOT ? w : SLOT);
            tiles[k] = (fd_tile){
                picture, h, w, between(f, 0, h - height), between(f, 0, w - width), height, width, k * SLOT, SLOT * TILES, SLOT * SLOT * TILES};
        }
        same_tiles(f, photos, 3, tiles, TILES, (size_t)3 * SLOT * SLOT * TILES);
        for (int k = 0; k < 3; k++)
            photo_free(f, &photos[k]);
    }
}

static void same_patches(fixture *f, int width, int height)
{
    enum { PATCHES = 40 };
    photo p = photo_make(f, width, height, 0);
    for (int side = 24; side <= 48; side += 24) {
        fd_patch patch[PATCHES] = {{0, 0, 0, width, height}, {0, width - 1, height - 1, width, height}, {0, 0, height - 1, width, height}, {0, width - 1, 0, width, height}};
        float *out[SIDES];
        for (int k = 4; k < PATCHES; k++) {
            const int x = between(f, 0, width - 1), y = between(f, 0, height - 1);
            patch[k] = (fd_patch){0, x, y, between(f, x + 1, width), between(f, y + 1, height)};
        }
        const size_t count = (size_t)PATCHES * 3 * (size_t)side * (size_t)side;
        for (int e = 0; e < SIDES; e++) {
            out[e] = filled(count);
            void *there = put(f, e, out[e], count * sizeof(float));
            assert_ok(f->engine[e]->kind->image->patches(f->lane[e], &p.picture[e], patch, PATCHES, side, there));
            fetch(f, e, out[e], there, count * sizeof(float));
        }
        assert_memory_equal(out[REF], out[OTHER], count * sizeof(float));
        free(out[REF]);
        free(out[OTHER]);
    }
    photo_free(f, &p);
}

static void same_cuts(fixture *f, const photo *p, int m, const fd_cut *cuts, int n, const fd_cut_format *format)
{
    const size_t count = (size_t)n * 3 * (size_t)format->width * (size_t)format->height;
    float *out[SIDES];
    uint8_t *bytes[SIDES];
    for (int e = 0; e < SIDES; e++) {
        out[e] = filled(count);
        bytes[e] = calloc(count, 1);
        fd_picture *pictures[2] = {p[0].picture[e], p[m - 1].picture[e]};
        void *there = put(f, e, out[e], count * sizeof(float));
        assert_ok(f->engine[e]->kind->image->cuts(f->lane[e], pictures, cuts, n, format, there, bytes[e]));
        fetch(f, e, out[e], there, count * sizeof(float));
    }
    assert_memory_equal(out[REF], out[OTHER], count * sizeof(float));
    assert_memory_equal(bytes[REF], bytes[OTHER], count);
    for (int e = 0; e < SIDES; e++) {
        free(out[e]);
        free(bytes[e]);
    }
}

static void test_patches(void **state)
{
    same_patches(*state, 331, 277);
}

/* Similarities that lie inside the photograph, over its borders and outside. */
static void test_warps(void **state)
{
    enum { CUTS = 25 };
    fixture *f = *state;
    const fd_cut_format format = {61, 47, true, {127.5f, 120, 130}, {127.5f, 128, 60}};
    photo p = photo_make(f, 211, 177, 0);
    fd_cut cuts[CUTS];
    for (int k = 0; k < CUTS; k++) {
        const double a = (between(f, 0, 6000) - 3000) / 777.0, b = (between(f, 0, 6000) - 3000) / 999.0;
        cuts[k] = (fd_cut){0, true, {a, -b, between(f, -3000, 25000) / 101.0, b, a, between(f, -3000, 20000) / 103.0}, {0}, FD_BILINEAR};
    }
    cuts[0] = (fd_cut){0, true, {1, 0, 150, 0, 1, 130}, {0}, FD_BILINEAR}; /* up to the last row and column exactly */
    cuts[1] = (fd_cut){0, true, {1, 0, -60, 0, 1, -46}, {0}, FD_BILINEAR};
    cuts[2] = (fd_cut){0, true, {NAN, 0, 0, 0, INFINITY, 0}, {0}, FD_BILINEAR};
    cuts[3] = (fd_cut){0, true, {1e300, 0, 5, 0, -1e300, 5}, {0}, FD_BILINEAR};
    same_cuts(f, &p, 1, cuts, CUTS, &format);
    photo_free(f, &p);
}

static void test_boxes(void **state)
{
    enum { CUTS = 60 };
    fixture *f = *state;
    const fd_cut_format format = {37, 52, false, {127.5f, 127.5f, 127.5f}, {128, 128, 128}};
    photo p = photo_make(f, 311, 277, 0);
    fd_cut cuts[CUTS];
    for (int k = 0; k < CUTS; k++) {
        const int x = between(f, 0, 310), y = between(f, 0, 276);
        cuts[k] = (fd_cut){0, false, {0}, {x, y, between(f, x + 1, 311), between(f, y + 1, 277)}, (fd_resample)(k % 3)};
    }
    for (int k = 0; k < 3; k++) {
        cuts[k] = (fd_cut){0, false, {0}, {0, 0, 311, 277}, (fd_resample)k};
        cuts[3 + k] = (fd_cut){0, false, {0}, {310, 276, 311, 277}, (fd_resample)k};
        cuts[6 + k] = (fd_cut){0, false, {0}, {40, 50, 77, 102}, (fd_resample)k}; /* of the cut's own size */
        cuts[9 + k] = (fd_cut){0, false, {0}, {40, 50, 40, 102}, (fd_resample)k}; /* empty */
    }
    same_cuts(f, &p, 1, cuts, CUTS, &format);
    photo_free(f, &p);
}

static void test_candidates(void **state)
{
    enum { HEIGHT = 9, WIDTH = 301, PITCH = 311, REGIONS = 3, ROOM = 400 };
    fixture *f = *state;
    static float prob[HEIGHT * PITCH], box[4 * HEIGHT * PITCH];
    for (int k = 0; k < HEIGHT * PITCH; k++)
        prob[k] = (float)between(f, 0, 1000) / 1000;
    prob[7] = NAN;
    for (int k = 0; k < 4 * HEIGHT * PITCH; k++)
        box[k] = (float)between(f, 0, 1000);
    fd_region region[SIDES][REGIONS];
    void *probs[SIDES], *boxes[SIDES];
    for (int e = 0; e < SIDES; e++) {
        const float *p = probs[e] = put(f, e, prob, sizeof prob), *b = boxes[e] = put(f, e, box, sizeof box);
        for (int k = 0; k < REGIONS; k++)
            region[e][k] = (fd_region){k, 5 * k, 7 * k, HEIGHT - k, WIDTH - 100 * k, p + k * PITCH, b + k * PITCH, PITCH, HEIGHT * PITCH};
    }
    for (int t = 0; t < 3; t++) {
        fd_candidate out[SIDES][ROOM];
        int64_t found[SIDES];
        memset(out, 0, sizeof out);
        for (int e = 0; e < SIDES; e++)
            assert_ok(f->engine[e]->kind->image->candidates(f->lane[e], region[e], REGIONS, 0.95f + 0.025f * (float)t, out[e], ROOM / (t + 2),
                                                            &found[e]));
        assert_int_equal(found[REF], found[OTHER]);
        const int64_t stored = found[REF] < ROOM / (t + 2) ? found[REF] : ROOM / (t + 2);   /* what lies behind them is anybody's */
        assert_memory_equal(out[REF], out[OTHER], (size_t)stored * sizeof *out[REF]);
    }
    for (int e = 0; e < SIDES; e++) {
        f->engine[e]->kind->release(f->engine[e], probs[e]);
        f->engine[e]->kind->release(f->engine[e], boxes[e]);
    }
}

static void test_l2_rows(void **state)
{
    enum { ROWS = 5, DIM = 131 };
    fixture *f = *state;
    float rows[SIDES][ROWS][DIM];
    for (int k = 0; k < ROWS * DIM; k++)
        rows[REF][k / DIM][k % DIM] = (float)between(f, -1000, 1000) / 77;
    rows[REF][1][5] = NAN;
    memset(rows[REF][2], 0, sizeof rows[REF][2]);
    memcpy(rows[OTHER], rows[REF], sizeof rows[REF]);
    for (int e = 0; e < SIDES; e++) {
        void *there = put(f, e, rows[e], sizeof rows[e]);
        assert_ok(f->engine[e]->kind->image->l2_rows(f->lane[e], there, ROWS, DIM));
        fetch(f, e, rows[e], there, sizeof rows[e]);
    }
    assert_memory_equal(rows[REF], rows[OTHER], sizeof rows[REF]);
}

/* A photograph that has no room in the device's memory, beside one that has: whole levels, parts of them, and boxes and faces as large as it. */
static void test_large_picture(void **state)
{
    enum { CUTS = 12 };
    fixture *f = *state;
    const fd_cut_format format = {37, 41, true, {127.5f, 120, 130}, {127.5f, 128, 60}};
    photo p[2] = {photo_make(f, 90, 70, 0), photo_make(f, 1100, 700, 7)};
    const fd_tile tiles[5] = {{0, 35, 45, 0, 0, 35, 45, 0, 45, 35 * 45}, {1, 12, 19, 0, 0, 12, 19, 4725, 19, 12 * 19}, {1, 700, 1100, 300, 0, 30, 1100, 6000, 1100, 33000},
                              {0, 70, 90, 3, 5, 9, 7, 105000, 7, 63},    {1, 222, 333, 1, 2, 190, 300, 106000, 310, 190 * 310}};
    fd_cut cuts[CUTS] = {{1, true, {20, -9, 100, 9, 17, -60}, {0}, FD_BILINEAR}, {0, true, {1, 0, 3, 0, 1, -2}, {0}, FD_BILINEAR},
                         {1, true, {NAN, 0, 0, 0, 1, 0}, {0}, FD_BILINEAR},      {1, true, {1, 0, 2000, 0, 1, 0}, {0}, FD_BILINEAR},
                         {1, true, {1, 0, 1063, 0, 1, 659}, {0}, FD_BILINEAR}};
    for (int k = 5; k < CUTS; k++)
        cuts[k] = (fd_cut){k % 7 != 6, false, {0}, {k, 3, k % 7 != 6 ? 1100 - k : 80, k == 8 ? 3 : 70 * (k % 7 != 6 ? k - 1 : 1)}, (fd_resample)(k % 3)};
    same_tiles(f, p, 2, tiles, 5, 106000 + 3 * 190 * 310);
    same_cuts(f, p, 2, cuts, CUTS, &format);
    photo_free(f, &p[0]);
    photo_free(f, &p[1]);
    same_patches(f, 1000, 600);
}

/* Once a picture is closed its slab may hold the next one, whatever of it was still on its way. Resident and not. */
static void test_slab_again(void **state)
{
    fixture *f = *state;
    static const int size[2][2] = {{90, 70}, {1100, 700}};
    for (int k = 0; k < 2; k++) {
        const int width = size[k][0], height = size[k][1];
        const fd_tile tile = whole(30, 40, 0);
        float *out[SIDES];
        void *there[SIDES];
        photo p = photo_make(f, width, height, 0);
        for (int side = 0; side < SIDES; side++) {
            out[side] = filled(3600);
            there[side] = put(f, side, out[side], 3600 * sizeof(float));
            assert_ok(f->engine[side]->kind->image->tiles(f->lane[side], &p.picture[side], &tile, 1, there[side]));
        }
        photo_hide(f, &p);
        memset(p.rgb, 77, (size_t)width * (size_t)height * 3);
        for (int side = 0; side < SIDES; side++)
            fetch(f, side, out[side], there[side], 3600 * sizeof(float));
        assert_memory_equal(out[REF], out[OTHER], 3600 * sizeof(float));
        free(out[REF]);
        free(out[OTHER]);
        photo_show(f, &p);
        photo_free(f, &p);
    }
}

static int run_all(const char *on, const char *set)
{
    const struct CMUnitTest large[] = {cmocka_unit_test(test_large_picture)};
    const struct CMUnitTest slab[] = {cmocka_unit_test(test_atlas), cmocka_unit_test(test_large_picture), cmocka_unit_test(test_slab_again)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels), cmocka_unit_test(test_special_levels), cmocka_unit_test(test_huge_window),
        cmocka_unit_test(test_atlas),  cmocka_unit_test(test_patches),        cmocka_unit_test(test_warps),
        cmocka_unit_test(test_boxes),  cmocka_unit_test(test_candidates),     cmocka_unit_test(test_l2_rows),
    };
    device = on;
    isa = set;
    print_message("%s %s\n", on, set);
    memory = 0;
    int failed = cmocka_run_group_tests(tests, setup, teardown);
    memory = (size_t)6 << 20;   /* of a GPU: the large picture stays outside and is sent in windows of a sixteenth */
    failed |= cmocka_run_group_tests(large, setup, teardown);
    in_slab = true;
    failed |= cmocka_run_group_tests(slab, setup, teardown);
    in_slab = false;
    return failed;
}

int main(void)
{
    return each_engine(run_all);
}

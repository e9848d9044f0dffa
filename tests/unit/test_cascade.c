/* The whole room on the project's own pack and photographs: what was expected is found, and how the work is cut up changes nothing. */
#include "check.h"

#include <math.h>

#include "base/file.h"
#include "data/decode.h"
#include "face/analyzer.h"
#include "store/result.h"

typedef struct setup {
    fd_engine *engine;
    fd_lane *lane;
    fd_pack pack;
    fd_analyzer *analyzer;
} setup;

static fd_analyzer_config config_of(const fd_pack *p)
{
    return (fd_analyzer_config){p->min_face, {p->thresholds[0], p->thresholds[1], p->thresholds[2]}, p->factor, FD_FACES_ALL};
}

/* Skips where the build has no such engine. */
static setup begin(const char *engine, fd_batches batches)
{
    setup s = {0};
    fd_engine_config how = {.isa = "auto"};
    fd_error *err = fd_engine_open(engine, &how, &s.engine);
    if (fd_error_code(err) == FD_UNSUPPORTED) {
        print_message("SKIP: %s\n", fd_error_message(err));
        fd_error_free(err);
        skip();
    }
    assert_ok(err);
    assert_ok(fd_lane_open(s.engine, &s.lane));
    assert_ok(fd_pack_load(PROJECT_DATA "/pack", &s.pack));
    const fd_analyzer_config config = config_of(&s.pack);
    assert_ok(fd_analyzer_open_with(s.engine, &s.pack, &config, &batches, &s.analyzer));
    return s;
}

static void end(setup *s)
{
    fd_lane_close(s->lane);
    fd_analyzer_close(s->analyzer);
    fd_pack_free(&s->pack);
    fd_engine_close(s->engine);
}

static fd_image photo(const char *name)
{
    char path[512];
    uint8_t *bytes;
    size_t n;
    fd_image image;
    const fd_decode_config config = {.max_pixels = 4000000};
    snprintf(path, sizeof path, PROJECT_DATA "/photos/%s", name);
    assert_ok(fd_file_read(path, (size_t)1 << 28, &bytes, &n));
    assert_ok(fd_decode(bytes, n, &config, &image));
    free(bytes);
    assert_non_null(image.rgb);
    return image;
}

static fd_picture *put(const setup *s, const fd_image *image)
{
    fd_picture *p;
    assert_ok(s->engine->kind->image->picture_open(s->lane, image->rgb, image->width, image->height, (int64_t)image->width * 3, &p));
    return p;
}

/* What expected.h5 says of one file: its rows of /faces. */
typedef struct expected {
    int64_t *first;
    int32_t *faces;
    float *box, *landmarks, *embedding;
    char **path;
    int64_t images, rows;
} expected;

static expected expectations(void)
{
    expected e;
    fd_result *r;
    int64_t n;
    assert_ok(fd_result_open(PROJECT_DATA "/expected.h5", &r));
    assert_ok(fd_result_read(r, "/images/path", FD_COL_TEXT, 0, -1, (void **)&e.path, &e.images));
    assert_ok(fd_result_read(r, "/images/first_face", FD_COL_I64, 0, -1, (void **)&e.first, &n));
    assert_ok(fd_result_read(r, "/images/faces", FD_COL_I32, 0, -1, (void **)&e.faces, &n));
    assert_ok(fd_result_read(r, "/faces/box", FD_COL_F32, 0, -1, (void **)&e.box, &e.rows));
    assert_ok(fd_result_read(r, "/faces/landmarks", FD_COL_F32, 0, -1, (void **)&e.landmarks, &n));
    assert_ok(fd_result_read(r, "/faces/embedding", FD_COL_F32, 0, -1, (void **)&e.embedding, &n));
    fd_result_close(r);
    return e;
}

static void expectations_free(expected *e)
{
    free(e->path);
    free(e->first);
    free(e->faces);
    free(e->box);
    free(e->landmarks);
    free(e->embedding);
}

static double largest_difference(const float *a, const float *b, int n)
{
    double d = 0;
    for (int i = 0; i < n; i++)
        d = fmax(d, fabs((double)a[i] - (double)b[i]));
    return d;
}

/* 0.05 pixels: another library's float32 sums differ in the last bits, and a regression of 1e-7 of a box of a few hundred pixels moves it by
 * 1e-4; no rounding decides otherwise in these photographs. The cosine then differs by less than 1e-5. */
static void check_photo(const setup *s, const expected *e, int64_t i)
{
    fd_image image = photo(e->path[i]);
    fd_picture *picture = put(s, &image);
    fd_faces faces;
    assert_ok(fd_detect(s->analyzer, s->lane, &picture, 1, &faces));
    assert_int_equal(faces.n, e->faces[i]);
    float *embedding = calloc((size_t)faces.n * 128 + 1, sizeof *embedding);
    uint8_t valid[16] = {0};
    assert_ok(fd_embed(s->analyzer, s->lane, &picture, &faces, 1, embedding, valid, NULL));
    for (int k = 0; k < faces.n; k++) {
        const int64_t row = e->first[i] + k;
        assert_true(largest_difference(faces.face[k].box, e->box + 4 * row, 4) < 0.05);
        assert_true(largest_difference(faces.face[k].landmark[0], e->landmarks + 10 * row, 10) < 0.05);
        double cosine = 0;
        for (int d = 0; d < 128; d++)
            cosine += (double)embedding[128 * k + d] * (double)e->embedding[128 * row + d];
        assert_true(cosine > 0.99999 && valid[k] == 1);
    }
    free(embedding);
    fd_faces_free(&faces);
    s->engine->kind->image->picture_close(picture);
    fd_image_free(&image);
}

/* The photographs whose names have `part` in them. */
static void check_photos(const char *engine, const char *part)
{
    setup s = begin(engine, fd_default_batches);
    expected e = expectations();
    int checked = 0;
    for (int64_t i = 0; i < e.images; i++)
        if (strstr(e.path[i], part)) {
            check_photo(&s, &e, i);
            checked++;
        }
    assert_true(checked >= 2);
    expectations_free(&e);
    end(&s);
}

static void cpu_finds_what_is_expected(void **state)
{
    (void)state;
    check_photos("cpu", "");
}

static void ref_finds_what_is_expected(void **state)
{
    (void)state;
    check_photos("ref", "ra");   /* odd/gray.png and odd/transparent.png: small ones */
}

/* The candidates of the pictures' pyramids; *n of them. free() it. */
static fd_candidate *candidates(const setup *s, fd_picture *const *pictures, int count, int32_t *n)
{
    fd_call call = {.a = s->analyzer, .lane = s->lane, .pictures = pictures, .n = count};
    assert_ok(fd_workspace_take(s->analyzer, &call.w));
    assert_ok(fd_propose(&call));
    *n = call.w->candidates;
    fd_candidate *copy = malloc((size_t)*n * sizeof *copy + 1);
    memcpy(copy, call.w->candidate, (size_t)*n * sizeof *copy);
    fd_workspace_give(&call, NULL);
    return copy;
}

/* Two small pictures, cut and packed in one way and another: the same cells, scores and regressions, bit for bit. */
static void same_candidates(const char *engine, fd_batches one, fd_batches other)
{
    fd_image images[2] = {photo("odd/gray.png"), photo("odd/transparent.png")};
    fd_candidate *found[2];
    int32_t n[2];
    for (int way = 0; way < 2; way++) {
        setup s = begin(engine, way ? other : one);
        fd_picture *pictures[2] = {put(&s, &images[0]), put(&s, &images[1])};
        found[way] = candidates(&s, pictures, 2, &n[way]);
        for (int i = 0; i < 2; i++)
            s.engine->kind->image->picture_close(pictures[i]);
        end(&s);
    }
    assert_true(n[0] > 20);
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(found[0], found[1], (size_t)n[0] * sizeof *found[0]);
    for (int i = 0; i < 2; i++) {
        free(found[i]);
        fd_image_free(&images[i]);
    }
}

static fd_batches canvases(int32_t side, int64_t batch)
{
    fd_batches b = fd_default_batches;
    b.canvas = side;
    b.canvases = batch;
    return b;
}

static void canvases_of_any_side_agree(void **state)
{
    (void)state;
    same_candidates("ref", canvases(47, 7), canvases(159, 2));
    same_candidates("ref", canvases(63, 3), canvases(243, 1));   /* 243: each level whole */
    fd_batches one = canvases(63, 3), other = canvases(159, 2);
    one.strip = other.strip = 0;
    same_candidates("cpu", one, other);
}

static void strips_of_any_height_agree(void **state)
{
    (void)state;
    fd_batches small = fd_default_batches, large = fd_default_batches;
    small.strip = 1;
    large.strip = 1 << 24;
    same_candidates("cpu", small, large);
}

/* A P-Net that no engine fuses goes on canvases, on every engine: the same cells but for rounding. 1e-5: sums of up to 288 products of numbers
 * near 1 in another order, through three layers. */
static void canvases_find_what_strips_find(void **state)
{
    (void)state;
    fd_image image = photo("odd/gray.png");
    fd_batches unfused = fd_default_batches;
    unfused.strip = 0;
    fd_candidate *found[2];
    int32_t n[2];
    for (int way = 0; way < 2; way++) {
        setup s = begin("cpu", way ? unfused : fd_default_batches);
        assert_int_equal(fd_net_any_size(s.analyzer->pnet.net), !way);
        fd_picture *picture = put(&s, &image);
        found[way] = candidates(&s, &picture, 1, &n[way]);
        s.engine->kind->image->picture_close(picture);
        end(&s);
    }
    assert_true(n[0] > 20);
    assert_int_equal(n[0], n[1]);
    for (int32_t i = 0; i < n[0]; i++) {
        const fd_candidate *a = &found[0][i], *b = &found[1][i];
        assert_true(a->tag == b->tag && a->row == b->row && a->column == b->column);
        assert_true(fabs((double)a->score - (double)b->score) < 1e-5 && largest_difference(a->box, b->box, 4) < 1e-5);
    }
    free(found[0]);
    free(found[1]);
    fd_image_free(&image);
}

/* A picture's faces have the same bytes alone and among others, in any place of the list. */
static void company_changes_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"people/p01/2.jpg", "odd/no-face.jpg", "group-of-2.jpg", "odd/gray.png"};
    setup s = begin("cpu", fd_default_batches);
    fd_image images[4];
    fd_picture *pictures[4];
    fd_faces together[4], alone;
    float embedding[8][128], one[4][128];
    uint8_t valid[8], valid_one[4];
    for (int i = 0; i < 4; i++) {
        images[i] = photo(names[i]);
        pictures[i] = put(&s, &images[i]);
    }
    assert_ok(fd_detect(s.analyzer, s.lane, pictures, 4, together));
    assert_ok(fd_embed(s.analyzer, s.lane, pictures, together, 4, embedding[0], valid, NULL));
    int row = 0;
    for (int i = 0; i < 4; i++) {
        assert_ok(fd_detect(s.analyzer, s.lane, &pictures[i], 1, &alone));
        assert_int_equal(alone.n, together[i].n);
        assert_ok(fd_embed(s.analyzer, s.lane, &pictures[i], &alone, 1, one[0], valid_one, NULL));
        if (alone.n > 0) {
            assert_memory_equal(alone.face, together[i].face, (size_t)alone.n * sizeof *alone.face);
            assert_memory_equal(one, embedding[row], (size_t)alone.n * sizeof one[0]);
        }
        row += alone.n;
        fd_faces_free(&alone);
    }
    assert_true(row >= 4);
    for (int i = 0; i < 4; i++) {
        fd_faces_free(&together[i]);
        s.engine->kind->image->picture_close(pictures[i]);
        fd_image_free(&images[i]);
    }
    end(&s);
}

/* Smaller than the smallest face, one row, one column: no face, no fault; the smallest size that has a level runs. */
static void tiny_pictures_have_no_faces(void **state)
{
    (void)state;
    const int32_t sizes[][2] = {{1, 1}, {13, 13}, {1, 20000}, {20000, 1}, {19, 2000}, {20, 20}, {20, 3000}};
    setup s = begin("cpu", fd_default_batches);
    fd_picture *pictures[7];
    fd_faces faces[7];
    uint8_t *gray = malloc(3 * 60000);
    memset(gray, 77, 3 * 60000);
    for (int i = 0; i < 7; i++) {
        const fd_image image = {.rgb = gray, .width = sizes[i][0], .height = sizes[i][1]};
        pictures[i] = put(&s, &image);
    }
    assert_ok(fd_detect(s.analyzer, s.lane, pictures, 7, faces));
    assert_ok(fd_embed(s.analyzer, s.lane, pictures, faces, 7, NULL, NULL, NULL));
    for (int i = 0; i < 7; i++) {
        assert_int_equal(faces[i].n, 0);
        s.engine->kind->image->picture_close(pictures[i]);
    }
    assert_ok(fd_detect(s.analyzer, s.lane, NULL, 0, faces));
    free(gray);
    end(&s);
}

/* A pack whose networks are not what it says: the error names the pack, the file, what is wanted and what is there. */
static void wrong_networks_are_named(void **state)
{
    (void)state;
    setup s = begin("ref", fd_default_batches);
    const fd_analyzer_config config = config_of(&s.pack);
    fd_analyzer *other;
    s.pack.dim = 64;
    assert_fails(fd_analyzer_open(s.engine, &s.pack, &config, &other), FD_FORMAT,
                 "model pack facesdist-small, embedder.onnx: as embedder it needs");
    assert_fails(fd_analyzer_open(s.engine, &s.pack, &config, &other), FD_FORMAT, "4 x 64 numbers ([embedder] dim = 64); it has");
    s.pack.dim = 128;
    fd_pack_file onet = s.pack.onet;
    s.pack.onet = s.pack.embedder;
    assert_fails(fd_analyzer_open(s.engine, &s.pack, &config, &other), FD_FORMAT, "model pack facesdist-small, embedder.onnx");
    s.pack.onet = onet;
    end(&s);
}

/* Landmarks in one point or of NaN have no alignment: the row is there, and flagged. */
static void faces_without_extent_are_not_valid(void **state)
{
    (void)state;
    setup s = begin("ref", fd_default_batches);
    fd_image image = photo("odd/gray.png");
    fd_picture *picture = put(&s, &image);
    fd_face face[3] = {0};
    const fd_faces faces = {.face = face, .n = 3};
    static const float good[5][2] = {{60, 60}, {100, 60}, {80, 85}, {65, 105}, {95, 105}};
    memcpy(face[0].landmark, good, sizeof good);
    memcpy(face[1].landmark, good, sizeof good);
    face[1].landmark[3][1] = NAN;
    float embedding[3][128];
    uint8_t valid[3], *crops = malloc((size_t)3 * 112 * 112 * 3);
    assert_ok(fd_embed(s.analyzer, s.lane, &picture, &faces, 1, embedding[0], valid, crops));
    assert_true(valid[0] == 1 && valid[1] == 0 && valid[2] == 0);
    double square = 0;
    for (int k = 0; k < 128; k++)
        square += (double)embedding[0][k] * (double)embedding[0][k];
    assert_true(fabs(square - 1) < 1e-5);
    assert_int_equal(crops[(size_t)2 * 112 * 112 * 3 + 5000], 0);
    free(crops);
    s.engine->kind->image->picture_close(picture);
    fd_image_free(&image);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_finds_what_is_expected), cmocka_unit_test(ref_finds_what_is_expected),
        cmocka_unit_test(canvases_of_any_side_agree), cmocka_unit_test(strips_of_any_height_agree),
        cmocka_unit_test(canvases_find_what_strips_find),
        cmocka_unit_test(company_changes_nothing),    cmocka_unit_test(tiny_pictures_have_no_faces),
        cmocka_unit_test(wrong_networks_are_named),   cmocka_unit_test(faces_without_extent_are_not_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

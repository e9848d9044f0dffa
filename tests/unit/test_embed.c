/* From faces to embeddings with an embedder that gives back what it sees: which pixels, in which order, normalised how, and what is not valid.
 * Its file fixes a batch of one and cannot run with another: such files exist, and must do. */
#include "check.h"

#include <math.h>

#include "face/analyzer.h"
#include "onnx_writer.h"

enum { SIDE = 14, COUNT = SIDE * SIDE, DIM = 3 * COUNT, WIDTH = 40, HEIGHT = 30 };   /* 14 = 112 / 8: the template scales exactly */

typedef struct setup {
    fd_engine *engine;
    fd_lane *lane;
    fd_pack pack;
    fd_analyzer *analyzer;
    fd_picture *picture;
    uint8_t rgb[HEIGHT][WIDTH][3];
} setup;

static void use_mirror_network(fd_pack_file *file)
{
    onnx_model m = {0};
    onnx_input(&m, "x", 4, (const int64_t[]){1, 3, SIDE, SIDE});
    onnx_output(&m, "y");
    onnx_ints(&m, "shape", 1, (const int64_t[]){DIM});
    onnx_node(&m, "Reshape", "x,shape", "y");
    const onnx_bytes written = onnx_finish(&m);
    free(file->bytes);
    file->bytes = written.at;
    file->n = written.n;
}

/* The shipped pack with that embedder; `change` sets what a test is about. */
static setup *begin(void (*change)(fd_pack *pack))
{
    setup *s = calloc(1, sizeof *s);
    const fd_engine_config how = {.isa = "auto"};
    assert_ok(fd_engine_open("ref", &how, &s->engine));
    assert_ok(fd_lane_open(s->engine, &s->lane));
    assert_ok(fd_pack_load(PROJECT_DATA "/pack", &s->pack));
    use_mirror_network(&s->pack.embedder);
    s->pack.dim = DIM;
    s->pack.l2 = 0;
    s->pack.crop = FD_CROP_BOX;
    s->pack.resample = FD_PIL_BILINEAR;
    s->pack.format = (fd_cut_format){.width = SIDE, .height = SIDE, .std = {1, 1, 1}};
    change(&s->pack);
    const fd_analyzer_config config = {20, {0.5, 0.5, 0.5}, 0.709, FD_FACES_ALL};
    assert_ok(fd_analyzer_open(s->engine, &s->pack, &config, &s->analyzer));
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++)
                s->rgb[y][x][c] = (uint8_t)(7 * y + 3 * x + 61 * c);
    assert_ok(s->engine->kind->image->picture_open(s->lane, s->rgb[0][0], WIDTH, HEIGHT, WIDTH * 3, &s->picture));
    return s;
}

static void end(setup *s)
{
    s->engine->kind->image->picture_close(s->picture);
    fd_lane_close(s->lane);
    fd_analyzer_close(s->analyzer);
    fd_pack_free(&s->pack);
    fd_engine_close(s->engine);
    free(s);
}

static fd_face boxed(float x1, float y1, float x2, float y2)
{
    return (fd_face){.box = {x1, y1, x2, y2}};
}

/* embedding[3][14][14] must hold the pixels from (left, top) on, in the order of the input, within `bound`. */
static void assert_sees(const setup *s, const float *embedding, int left, int top, double bound)
{
    const fd_cut_format *f = &s->pack.format;
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < COUNT; i++) {
            const float pixel = s->rgb[top + i / SIDE][left + i % SIDE][f->bgr ? 2 - c : c], wanted = (pixel - f->mean[c]) / f->std[c];
            assert_true(fabs((double)embedding[c * COUNT + i] - (double)wanted) <= bound);
        }
}

static void nothing(fd_pack *pack)
{
    (void)pack;
}

static void boxes_of_the_input_s_size_are_taken_as_they_are(void **state)
{
    (void)state;
    setup *s = begin(nothing);
    fd_face face[] = {boxed(3, 2, 17, 16), boxed(3.9f, 2.9f, 17.9f, 16.9f), boxed(26, 16, 40, 30), boxed(-0.5f, -9, 14, 14.5f)};
    const fd_faces faces = {.face = face, .n = 4};
    static float embedding[4][DIM];
    static uint8_t crops[4][SIDE][SIDE][3];
    uint8_t valid[4];
    assert_ok(fd_embed(s->analyzer, s->lane, &s->picture, &faces, 1, embedding[0], valid, crops[0][0][0]));
    assert_sees(s, embedding[0], 3, 2, 0);
    assert_sees(s, embedding[1], 3, 2, 0);   /* truncated */
    assert_sees(s, embedding[2], 26, 16, 0);
    assert_sees(s, embedding[3], 0, 0, 0);   /* cut at the picture's edge */
    assert_memory_equal(crops[0][5], &s->rgb[7][3], SIDE * 3);
    for (int i = 0; i < 4; i++)
        assert_int_equal(valid[i], 1);
    end(s);
}

/* A margin of 2 of 14: the box of 12 grows by 2 * 12 / 12 = 2, one pixel on each side. Blue first; mean and deviation exact in binary. */
static void with_margin_and_order(fd_pack *pack)
{
    pack->margin = 2;
    pack->format.bgr = true;
    memcpy(pack->format.mean, (float[]){1, 2, 3}, sizeof pack->format.mean);
    memcpy(pack->format.std, (float[]){2, 4, 0.5f}, sizeof pack->format.std);
}

static void margin_order_and_normalisation(void **state)
{
    (void)state;
    setup *s = begin(with_margin_and_order);
    fd_face face[] = {boxed(5, 4, 17, 16)};
    const fd_faces faces = {.face = face, .n = 1};
    static float embedding[DIM];
    uint8_t valid[1];
    assert_ok(fd_embed(s->analyzer, s->lane, &s->picture, &faces, 1, embedding, valid, NULL));
    assert_sees(s, embedding, 4, 3, 0);
    end(s);
}

static void aligned(fd_pack *pack)
{
    pack->crop = FD_CROP_ALIGN5;
    pack->resample = FD_BILINEAR;
}

/* Landmarks that are the template an eighth of its size, moved by (6, 4). They are float32: off by up to 1e-6
 * each way, and neighbouring pixels differ by up to 255 (where the pattern wraps around). */
static void landmarks_at_the_template_only_move(void **state)
{
    (void)state;
    static const double template112[5][2] = {{38.2946, 51.6963}, {73.5318, 51.5014}, {56.0252, 71.7366}, {41.5493, 92.3655},
                                             {70.7299, 92.2041}};
    setup *s = begin(aligned);
    fd_face face[1] = {0};
    for (int i = 0; i < 5; i++) {
        face[0].landmark[i][0] = (float)(template112[i][0] / 8 + 6);
        face[0].landmark[i][1] = (float)(template112[i][1] / 8 + 4);
    }
    const fd_faces faces = {.face = face, .n = 1};
    static float embedding[DIM];
    uint8_t valid[1];
    assert_ok(fd_embed(s->analyzer, s->lane, &s->picture, &faces, 1, embedding, valid, NULL));
    assert_sees(s, embedding, 6, 4, 1e-3);
    end(s);
}

static void unit_length(fd_pack *pack)
{
    pack->l2 = 1;
}

/* Boxes without a pixel, of NaN, and a picture all black: there is a row for each, but not a valid one. */
static void what_shows_nothing_is_not_valid(void **state)
{
    (void)state;
    setup *s = begin(unit_length);
    fd_face face[] = {boxed(3, 2, 17, 16), boxed(50, 2, 64, 16), boxed(9, 9, 9, 9), boxed(-20, 0, -5, 9), boxed(3, 2, 17, 16)};
    fd_picture *black;
    static uint8_t zeros[HEIGHT * WIDTH * 3];
    assert_ok(s->engine->kind->image->picture_open(s->lane, zeros, WIDTH, HEIGHT, WIDTH * 3, &black));
    fd_picture *pictures[] = {s->picture, black};
    const fd_faces faces[] = {{.face = face, .n = 4}, {.face = face + 4, .n = 1}};
    static float embedding[5][DIM];
    uint8_t valid[5];
    double square = 0;
    assert_ok(fd_embed(s->analyzer, s->lane, pictures, faces, 2, embedding[0], valid, NULL));
    for (int k = 0; k < DIM; k++)
        square += (double)embedding[0][k] * (double)embedding[0][k];
    assert_true(fabs(square - 1) < 1e-6);
    assert_int_equal(valid[0], 1);
    for (int i = 1; i < 5; i++)
        assert_int_equal(valid[i], 0);
    s->engine->kind->image->picture_close(black);
    end(s);
}

static void broken(fd_pack *pack)
{
    pack->format.mean[1] = NAN;   /* stands for a network that gives NaN */
}

static void nan_is_not_valid(void **state)
{
    (void)state;
    setup *s = begin(broken);
    fd_face face[] = {boxed(3, 2, 17, 16)};
    const fd_faces faces = {.face = face, .n = 1};
    static float embedding[DIM];
    uint8_t valid[1];
    assert_ok(fd_embed(s->analyzer, s->lane, &s->picture, &faces, 1, embedding, valid, NULL));
    assert_int_equal(valid[0], 0);
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_of_the_input_s_size_are_taken_as_they_are),
        cmocka_unit_test(margin_order_and_normalisation),
        cmocka_unit_test(landmarks_at_the_template_only_move),
        cmocka_unit_test(what_shows_nothing_is_not_valid),
        cmocka_unit_test(nan_is_not_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Packs: the shipped one loads; each way in which a pack can be wrong has an error that names it. */
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "face/pack.h"

#define HASH "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

static const char *const good =
    "[pack]\nname = p\nversion = 2\n[detector]\nkind = mtcnn\npnet = p.onnx\nrnet = r.onnx\nonet = nets/o.onnx\nmin_face = 20\n"
    "thresholds = 0.6 0.7  0.8\nfactor = 0.709\n[embedder]\nfile = e.onnx\ninput = 112x96\nchannels = bgr\nmean = 1 2 3\n"
    "std = 4 5 6.5\ncrop = align5\nresample = bilinear\ndim = 128\nnormalize = l2\nmetric = cosine\nthreshold = 1.25\n"
    "[sha256]\np.onnx = " HASH "\nr.onnx = " HASH "\nnets/o.onnx = " HASH "\ne.onnx = " HASH "\nLICENSE = " HASH "\n";

/* `good` with the line that starts with `line` replaced by `by` ("": left out). free() it. */
static char *with(const char *line, const char *by)
{
    const char *at = strstr(good, line), *rest = strchr(at, '\n') + 1;
    char *text = malloc(strlen(good) + strlen(by) + 2);
    sprintf(text, "%.*s%s%s%s", (int)(at - good), good, by, *by ? "\n" : "", rest);
    return text;
}

static void refuses(const char *line, const char *by, const char *words)
{
    fd_pack pack;
    char *text = with(line, by);
    assert_fails(fd_pack_parse(text, strlen(text), "x/pack.ini", &pack), FD_FORMAT, words);
    assert_null(pack.name);
    free(text);
}

static void parses_every_key(void **state)
{
    (void)state;
    fd_pack p;
    char hash[65];
    assert_ok(fd_pack_parse(good, strlen(good), "pack.ini", &p));
    assert_string_equal(p.name, "p");
    assert_string_equal(p.version, "2");
    assert_string_equal(p.licence, "");
    assert_string_equal(p.onet.name, "nets/o.onnx");
    assert_true(p.min_face == 20 && p.factor == 0.709 && p.thresholds[0] == 0.6 && p.thresholds[1] == 0.7 && p.thresholds[2] == 0.8);
    assert_true(p.format.width == 112 && p.format.height == 96 && p.format.bgr);
    assert_true(p.format.mean[2] == 3.0f && p.format.std[2] == 6.5f);
    assert_true(p.crop == FD_CROP_ALIGN5 && p.resample == FD_BILINEAR && p.margin == 0 && p.dim == 128 && p.l2 == 1);
    assert_true(p.metric == FD_COSINE && p.threshold == 1.25);
    assert_int_equal(p.n_other, 1);
    assert_string_equal(p.other[0].name, "LICENSE");
    fd_sha256_text(p.embedder.hash, hash);
    assert_memory_equal(hash, "0123456789abcdef0123456789abcdef", 32);
    fd_pack_free(&p);
}

static void box_crops_have_margin_and_resampling(void **state)
{
    (void)state;
    fd_pack p;
    char *text = with("crop = align5", "crop = box\nmargin = 32");
    assert_ok(fd_pack_parse(text, strlen(text), "pack.ini", &p));
    assert_true(p.crop == FD_CROP_BOX && p.margin == 32 && p.resample == FD_PIL_BILINEAR);
    fd_pack_free(&p);
    free(text);
    refuses("crop = align5", "crop = box\nmargin = 96", "margin = 96 leaves nothing of the 112x96 input");
    refuses("crop = align5", "crop = box\nmargin = 1.5", "whole pixels");
    refuses("crop = align5", "crop = align5\nmargin = 4", "margin is for crop = box");
    refuses("resample", "resample = area", "resample = bilinear only");
}

static void errors_name_place_and_want(void **state)
{
    (void)state;
    refuses("kind", "kind = scrfd", "x/pack.ini:5: [detector] kind = scrfd: mtcnn is wanted");
    refuses("thresholds", "thresholds = 0.6 0.7",
            "[detector] thresholds = 0.6 0.7: three numbers separated by blanks, each from 0 to 1 is wanted");
    refuses("thresholds", "thresholds = 0.6 0.7 0.8 0.9", "three numbers");
    refuses("thresholds", "thresholds = 0.6 0.7 1.1", "three numbers");
    refuses("thresholds", "thresholds = 0.6,0.7,0.7", "three numbers");
    refuses("thresholds", "thresholds = 0.6 nan 0.7", "three numbers");
    refuses("min_face", "min_face = 11", "a number from 12 to 65535");
    refuses("min_face", "min_face = many", "[detector] min_face = many");
    refuses("factor", "factor = 1", "from 0.1 to 0.99");
    refuses("input", "input = 112", "WIDTHxHEIGHT");
    refuses("input", "input = 112x", "WIDTHxHEIGHT");
    refuses("input", "input = 112x112x3", "WIDTHxHEIGHT");
    refuses("input", "input = 99999999999999999999x112", "WIDTHxHEIGHT");
    refuses("channels", "channels = gray", "rgb|bgr is wanted");
    refuses("std", "std = 1 0 1", "[embedder] std = 1 0 1");
    refuses("dim", "dim = 128.5", "a whole number from 1 to 65536");
    refuses("dim", "dim = -128", "a whole number from 1 to 65536");
    refuses("dim", "dimm = 128", "x/pack.ini:20: unknown key dimm in [embedder]: did you mean dim?");
    refuses("[pack]", "[packs]", "unknown section [packs]");
    refuses("version", "name = q", "[pack] name is given twice, first in line 2");
    refuses("pnet", "", "x/pack.ini: [detector] has no pnet");
    refuses("threshold =", "", "[embedder] has no threshold");
    refuses("pnet", "pnet = ../p.onnx", "inside the pack's folder");
    refuses("pnet", "pnet = /p.onnx", "inside the pack's folder");
    refuses("e.onnx =", "", "[sha256] has no line for e.onnx");
    refuses("e.onnx =", "e.onnx = 1234", "64 hexadecimal digits");
    refuses("e.onnx =", "r.onnx = " HASH, "[sha256] r.onnx is given twice");
}

static void loads_the_shipped_pack(void **state)
{
    (void)state;
    fd_pack p;
    char *identity;
    assert_ok(fd_pack_load(PROJECT_DATA "/pack", &p));
    assert_true(p.pnet.n > 0 && p.embedder.bytes);
    assert_ok(fd_pack_identity(&p, &identity));
    assert_non_null(strstr(identity, "model = facesdist-small 1\nmodel.pnet = "));
    assert_non_null(strstr(identity, "model.mean = 127.5 127.5 127.5\n"));
    free(identity);
    fd_pack_free(&p);
}

/* A copy of the shipped pack in a new folder, one file replaced by `bytes`. */
static void copy_pack(char folder[], const char *replaced, const void *bytes, size_t n)
{
    static const char *const names[] = {"pack.ini", "pnet.onnx", "rnet.onnx", "onet.onnx", "embedder.onnx"};
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < 5; i++) {
        char *from, *to;
        uint8_t *content;
        size_t size;
        assert_ok(fd_path_join(&from, PROJECT_DATA "/pack", names[i]));
        assert_ok(fd_path_join(&to, folder, names[i]));
        assert_ok(fd_file_read(from, (size_t)1 << 28, &content, &size));
        bool other = !strcmp(names[i], replaced);
        if (!other || bytes)
            assert_ok(fd_file_replace(to, other ? bytes : content, other && n < size ? n : size));
        free(content);
        free(from);
        free(to);
    }
}

static void remove_pack(const char *folder)
{
    char command[256];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    assert_int_equal(system(command), 0);
}

static void wrong(const char *file, const void *bytes, size_t n, fd_code code, const char *words)
{
    char folder[] = "/tmp/facesdist-pack-XXXXXX";
    fd_pack p;
    copy_pack(folder, file, bytes, n);
    assert_fails(fd_pack_load(folder, &p), code, words);
    assert_null(p.name);
    remove_pack(folder);
}

static void wrong_files_are_told_apart(void **state)
{
    (void)state;
    static const char page[] = " <!DOCTYPE HTML><title>Sign in</title>", pointer[] = "version https://git-lfs.github.com/spec/v1\n";
    uint8_t *whole;
    size_t n;
    wrong("rnet.onnx", page, sizeof page - 1, FD_MISMATCH, "rnet.onnx (38 bytes) is not the file that pack.ini lists; it is an HTML page");
    wrong("onet.onnx", "", 0, FD_MISMATCH, "the file is empty");
    wrong("onet.onnx", pointer, sizeof pointer - 1, FD_MISMATCH, "Git LFS pointer");
    wrong("pnet.onnx", NULL, 0, FD_IO, "pnet.onnx");
    assert_ok(fd_file_read(PROJECT_DATA "/pack/rnet.onnx", (size_t)1 << 28, &whole, &n));
    wrong("rnet.onnx", whole, n / 2, FD_MISMATCH, "cut short");
    whole[n / 2] ^= 1;
    wrong("rnet.onnx", whole, n, FD_MISMATCH, "it was changed");
    free(whole);
}

static void missing_folders_are_named(void **state)
{
    (void)state;
    fd_pack p;
    assert_fails(fd_pack_load("/nowhere/at all", &p), FD_IO, "/nowhere/at all: there is no such folder");
    assert_fails(fd_pack_load(PROJECT_DATA "/README.md", &p), FD_IO, "is not a folder");
    assert_fails(fd_pack_load(PROJECT_DATA, &p), FD_IO, "has no pack.ini");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_every_key),           cmocka_unit_test(box_crops_have_margin_and_resampling),
        cmocka_unit_test(errors_name_place_and_want), cmocka_unit_test(loads_the_shipped_pack),
        cmocka_unit_test(wrong_files_are_told_apart), cmocka_unit_test(missing_folders_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Scan, probe and manifest, on a tree made for each test. */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "data/entry.h"
#include "data/manifest.h"

#include "check.h"

static char root[] = "/tmp/facesdist-scan-XXXXXX";
static const char jpeg_start[] = "\xff\xd8\xff\xc0\0\x11\x08\0\x07\0\x09\x03";   /* SOF0 of 9 x 7 */

static int enter(void **state)
{
    (void)state;
    strcpy(root + strlen(root) - 6, "XXXXXX");
    return mkdtemp(root) && !chdir(root) ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return chdir("/") || system(command);
}

static void put(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

#define PUT(path, text) put((path), (text), sizeof(text) - 1)

static void photo(const char *path)
{
    put(path, jpeg_start, sizeof jpeg_start);
}

static void folder(const char *path)
{
    assert_int_equal(mkdir(path, 0777), 0);
}

static void scan(fd_manifest *m, const char *list, const char *glob, int n, ...)
{
    const char *inputs[8];
    va_list args;
    va_start(args, n);
    for (int i = 0; i < n; i++)
        inputs[i] = va_arg(args, const char *);
    va_end(args);
    assert_ok(fd_scan(&(fd_scan_config){.inputs = inputs, .n_inputs = n, .list = list, .glob = glob}, m));
    assert_ok(fd_probe_entries(m, 0, m->n));
    fd_manifest_settle(m);
}

/* The keys, joined by "|". */
static const char *keys(const fd_manifest *m)
{
    static char text[4096];
    text[0] = 0;
    for (int64_t i = 0; i < m->n; i++) {
        strcat(text, i ? "|" : "");
        strcat(text, m->entry[i].key);
    }
    return text;
}

static const fd_entry *entry(const fd_manifest *m, const char *key)
{
    for (int64_t i = 0; i < m->n; i++)
        if (!strcmp(m->entry[i].key, key))
            return &m->entry[i];
    fail_msg("no row %s among %s", key, keys(m));
    return NULL;
}

static const fd_probe *row(const fd_manifest *m, const char *key)
{
    return &entry(m, key)->probe;
}

static void one_folder(void **state)
{
    (void)state;
    fd_manifest m;
    folder("in");
    folder("in/b.jpg");   /* a folder, whatever its name */
    folder("in/.hidden");
    photo("in/b.jpg/z.jpeg");
    photo("in/b-.jpg");
    photo("in/B.jpg");
    photo("in/\xff\nname");
    photo("in/.hidden/x.jpg");
    photo("in/.x.jpg");
    PUT("in/readme.txt", "text");
    scan(&m, NULL, NULL, 1, "in//");
    assert_string_equal(keys(&m), "B.jpg|b-.jpg|b.jpg/z.jpeg|\xff\nname");
    assert_int_equal(m.not_an_image, 3);
    assert_int_equal(row(&m, "B.jpg")->width, 9);
    assert_int_equal(row(&m, "B.jpg")->height, 7);
    assert_int_equal(row(&m, "B.jpg")->kind, FD_KIND_JPEG);
    assert_int_equal(row(&m, "B.jpg")->bytes, sizeof jpeg_start);
    fd_manifest_free(&m);
}

static void several_inputs(void **state)
{
    (void)state;
    fd_manifest m;
    const char *twice[] = {"a", "./a/"}, *missing[] = {"a", "nowhere"};
    folder("a");
    folder("a/sub");
    folder("c");
    photo("a/1.jpg");
    photo("a/sub/2.jpg");
    photo("c/1.jpg");
    photo("lone.jpg");
    scan(&m, NULL, NULL, 3, "./a//", "c", ".//lone.jpg");
    assert_string_equal(keys(&m), "a/1.jpg|a/sub/2.jpg|c/1.jpg|lone.jpg");
    fd_manifest_free(&m);
    scan(&m, NULL, NULL, 1, "a/sub/2.jpg");
    assert_string_equal(keys(&m), "2.jpg");
    fd_manifest_free(&m);
    scan(&m, NULL, NULL, 4, "a", "a/sub", "a/1.jpg", "a/1.jpg");   /* the same file named twice enters once */
    assert_string_equal(keys(&m), "a/1.jpg|a/sub/2.jpg");
    fd_manifest_free(&m);
    scan(&m, NULL, NULL, 2, "c", root);   /* by another name too, as it was named first */
    assert_string_equal(m.entry[m.n - 1].key, "c/1.jpg");
    assert_int_equal(m.n, 4);
    fd_manifest_free(&m);
    assert_fails(fd_scan(&(fd_scan_config){.inputs = twice, .n_inputs = 2}, &m), FD_USAGE, "given twice");
    fd_manifest_free(&m);
    assert_fails(fd_scan(&(fd_scan_config){.inputs = missing, .n_inputs = 2}, &m), FD_USAGE, "nowhere");
    fd_manifest_free(&m);
}

static fd_error *note_visit(void *self, const char *path)
{
    char *seen = self;
    strcat(strcat(seen, path), "|");
    return strcmp(path, "a/sub") == 0 ? FD_FAIL(FD_INTERRUPTED, "enough") : NULL;
}

/* What is read next is told before, and the visitor may end the scan. */
static void a_visitor(void **state)
{
    (void)state;
    fd_manifest m;
    const char *inputs[] = {"b", "a", "c"};
    char seen[256] = "";
    folder("a");
    folder("b");
    folder("c");
    folder("a/sub");
    photo("a/sub/1.jpg");
    assert_fails(fd_scan(&(fd_scan_config){.inputs = inputs, .n_inputs = 3, .visit = note_visit, .self = seen}, &m), FD_INTERRUPTED, "enough");
    assert_string_equal(seen, "b|b|a|a|a/sub|");   /* an input, then the folder that it is */
    fd_manifest_free(&m);
}

static void a_list(void **state)
{
    (void)state;
    fd_manifest m;
    folder("a");
    photo("a/1.jpg");
    photo("a/new\nline.jpg");
    photo("a/3.jpg");
    PUT("lines", "./a/1.jpg\n\na/gone.jpg\na//1.jpg");
    scan(&m, "lines", NULL, 0);
    assert_string_equal(keys(&m), "./a/1.jpg|a/gone.jpg");
    assert_int_equal(row(&m, "a/gone.jpg")->status, FD_IMAGE_UNREADABLE);
    fd_manifest_free(&m);
    PUT("zeros", "a/new\nline.jpg\0a/1.jpg\0");
    scan(&m, "zeros", NULL, 1, "a/3.jpg");
    assert_string_equal(keys(&m), "a/1.jpg|a/3.jpg|a/new\nline.jpg");
    assert_int_equal(row(&m, "a/new\nline.jpg")->status, FD_IMAGE_OK);
    fd_manifest_free(&m);
    PUT("windows", "\xef\xbb\xbf" "a/1.jpg\r\na\r\n");
    scan(&m, "windows", NULL, 0);
    assert_string_equal(keys(&m), "a/1.jpg|a/3.jpg|a/new\nline.jpg");
    fd_manifest_free(&m);
    assert_fails(fd_scan(&(fd_scan_config){.list = "no-list"}, &m), FD_USAGE, "no-list");
    fd_manifest_free(&m);
}

static void a_glob(void **state)
{
    (void)state;
    fd_manifest m;
    folder("a");
    folder("a/p");
    photo("a/p/1.jpg");
    photo("a/p/2.png");
    photo("a/3.jpg");
    scan(&m, NULL, "*.jpg", 1, "a");
    assert_string_equal(keys(&m), "3.jpg|p/1.jpg");
    fd_manifest_free(&m);
}

static void special_files(void **state)
{
    (void)state;
    fd_manifest m;
    folder("in");
    folder("in/deep");
    assert_int_equal(mkfifo("in/pipe.jpg", 0666), 0);
    assert_int_equal(symlink("nowhere", "in/dangling"), 0);
    assert_int_equal(symlink("self", "in/self"), 0);
    assert_int_equal(symlink("../../in", "in/deep/up"), 0);
    assert_int_equal(symlink("deep", "in/twin"), 0);
    assert_int_equal(symlink("/dev/zero", "in/zero.png"), 0);
    photo("in/deep/1.jpg");
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "in/socket"};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof address), 0);
    close(s);
    scan(&m, NULL, NULL, 1, "in");
    assert_string_equal(keys(&m), "dangling|deep/1.jpg|deep/up|pipe.jpg|self|socket|twin/1.jpg|twin/up|zero.png");
    const char *special[] = {"dangling", "deep/up", "pipe.jpg", "self", "socket", "twin/up", "zero.png"};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        assert_int_equal(row(&m, special[i])->status, FD_IMAGE_SPECIAL_FILE);
        assert_true(entry(&m, special[i])->detail);
    }
    fd_manifest_free(&m);
    scan(&m, NULL, NULL, 1, "in/pipe.jpg");   /* named by the user, and still never opened */
    assert_int_equal(m.entry[0].probe.status, FD_IMAGE_SPECIAL_FILE);
    fd_manifest_free(&m);
}

static void kinds_and_verdicts(void **state)
{
    (void)state;
    fd_manifest m;
    folder("in");
    PUT("in/text.jpg", "only words");
    PUT("in/empty.jpg", "");
    PUT("in/empty.txt", "");
    PUT("in/gif", "GIF89a\1\0\1\0");
    PUT("in/webp.jpg", "RIFF\0\0\0\0WEBPVP8 ");
    PUT("in/heic", "\0\0\0\x18"
                   "ftypheic\0\0\0\0");
    PUT("in/bmp", "BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0");
    PUT("in/BM.txt", "BM is two letters of a text");
    PUT("in/png.jpg", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x05\0\0\0\x06");
    scan(&m, NULL, NULL, 1, "in");
    assert_string_equal(keys(&m), "bmp|empty.jpg|gif|heic|png.jpg|text.jpg|webp.jpg");
    assert_int_equal(m.not_an_image, 2);
    assert_int_equal(row(&m, "text.jpg")->status, FD_IMAGE_CORRUPT);
    assert_int_equal(row(&m, "empty.jpg")->status, FD_IMAGE_EMPTY);
    assert_int_equal(row(&m, "png.jpg")->kind, FD_KIND_PNG);
    assert_int_equal(row(&m, "png.jpg")->width, 5);
    assert_int_equal(row(&m, "png.jpg")->height, 6);
    const char *others[] = {"gif", "GIF", "webp.jpg", "WebP", "heic", "HEIC", "bmp", "BMP"};
    for (int i = 0; i < 8; i += 2) {
        assert_int_equal(row(&m, others[i])->status, FD_IMAGE_UNSUPPORTED);
        assert_non_null(strstr(entry(&m, others[i])->detail, others[i + 1]));
    }
    fd_manifest_free(&m);
}

/* 25 folders of 200 letters: a path beyond PATH_MAX below the working folder. */
static void long_paths(void **state)
{
    (void)state;
    fd_manifest m;
    char name[201];
    memset(name, 'n', 200);
    name[200] = 0;
    folder("in");
    assert_int_equal(chdir("in"), 0);
    for (int i = 0; i < 25; i++) {
        assert_int_equal(mkdir(name, 0777), 0);
        assert_int_equal(chdir(name), 0);
    }
    photo("deep.jpg");
    assert_int_equal(chdir(root), 0);
    scan(&m, NULL, NULL, 1, "in");
    assert_int_equal(m.n, 1);
    assert_int_equal(strlen(m.entry[0].key), 25 * 201 + 8);
    assert_int_equal(m.entry[0].probe.width, 9);
    fd_content content;
    assert_ok(fd_read_entry(m.entry[0].path, 1000, &content));
    assert_int_equal(content.verdict.status, FD_IMAGE_OK);
    assert_memory_equal(content.bytes, jpeg_start, sizeof jpeg_start);
    fd_content_free(&content);
    fd_manifest_free(&m);
}

static void reading(void **state)
{
    (void)state;
    fd_content c;
    PUT("ten", "0123456789");
    PUT("none", "");
    folder("folder");
    assert_int_equal(mkfifo("pipe", 0666), 0);
    const struct {
        const char *path;
        size_t limit;
        fd_image_status status;
    } cases[] = {
        {"ten", 10, FD_IMAGE_OK},          {"ten", 9, FD_IMAGE_TOO_LARGE},      {"none", 10, FD_IMAGE_EMPTY},
        {"gone", 10, FD_IMAGE_UNREADABLE}, {"pipe", 10, FD_IMAGE_SPECIAL_FILE}, {"folder", 10, FD_IMAGE_SPECIAL_FILE},
        {"", 10, FD_IMAGE_UNREADABLE},     {"ten", SIZE_MAX, FD_IMAGE_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(fd_read_entry(cases[i].path, cases[i].limit, &c));
        assert_int_equal(c.verdict.status, cases[i].status);
        assert_int_equal(c.n, cases[i].status == FD_IMAGE_OK ? 10 : 0);
        assert_true((c.verdict.detail[0] == 0) == (cases[i].status == FD_IMAGE_OK));
        fd_content_free(&c);
    }
}

static void no_permission(void **state)
{
    (void)state;
    fd_manifest m;
    uid_t me = geteuid();
    folder("in");
    folder("in/shut");
    photo("in/secret.jpg");
    assert_int_equal(chmod("in/shut", 0), 0);
    assert_int_equal(chmod("in/secret.jpg", 0), 0);
    assert_int_equal(chmod(root, 0755), 0);
    if (!me)
        assert_int_equal(seteuid(65534), 0);   /* root may read everything; nobody may not */
    scan(&m, NULL, NULL, 1, "in");
    assert_int_equal(seteuid(me), 0);
    assert_int_equal(row(&m, "shut")->status, FD_IMAGE_UNREADABLE);
    assert_int_equal(row(&m, "secret.jpg")->status, FD_IMAGE_UNREADABLE);
    fd_manifest_free(&m);
}

static void packing_and_hash(void **state)
{
    (void)state;
    fd_manifest m, again, moved;
    fd_sha256 one, two, three;
    uint8_t *bytes;
    int64_t n;
    folder("in");
    photo("in/1.jpg");
    photo("in/2.jpg");
    assert_int_equal(symlink("nowhere", "in/dangling"), 0);
    const char *input = "in";
    assert_ok(fd_scan(&(fd_scan_config){.inputs = &input, .n_inputs = 1}, &m));
    assert_ok(fd_manifest_pack(&m, &bytes, &n));
    assert_ok(fd_manifest_unpack(bytes, n, &again));
    for (int64_t cut = 0; cut < n; cut++) {
        fd_manifest none;
        assert_fails(fd_manifest_unpack(bytes, cut, &none), FD_FORMAT, "cut short");
    }
    free(bytes);
    assert_ok(fd_probe_entries(&again, 0, again.n));
    assert_string_equal(keys(&again), "1.jpg|2.jpg|dangling");
    assert_int_equal(row(&again, "dangling")->status, FD_IMAGE_SPECIAL_FILE);
    assert_ok(fd_manifest_pack_details(&again, 0, again.n, &bytes, &n));
    fd_entry *dangling = &again.entry[2];
    const fd_verdict said = fd_entry_verdict(dangling);
    assert_ok(fd_entry_judge(dangling, &(fd_verdict){FD_IMAGE_SPECIAL_FILE, ""}));
    assert_null(dangling->detail);
    for (int64_t cut = 1; cut < n; cut++)
        assert_fails(fd_manifest_add_details(&again, bytes, cut), FD_FORMAT, "cut short");
    assert_ok(fd_manifest_add_details(&again, bytes, n));
    assert_string_equal(dangling->detail, said.detail);
    assert_true(said.detail[0]);
    free(bytes);
    fd_manifest_settle(&again);
    fd_manifest_free(&m);
    assert_ok(fd_manifest_pack(&again, &bytes, &n));
    assert_ok(fd_manifest_unpack(bytes, n, &m));
    free(bytes);
    assert_int_equal(row(&m, "2.jpg")->bytes, sizeof jpeg_start);   /* the size travels too, for later runs to compare */
    assert_ok(fd_manifest_hash(&again, &one));
    assert_int_equal(rename("in", "moved"), 0);   /* neither the place nor the time counts */
    photo("moved/1.jpg");
    scan(&moved, NULL, NULL, 1, "moved");
    assert_ok(fd_manifest_hash(&moved, &two));
    assert_memory_equal(&one, &two, sizeof one);
    fd_manifest_free(&moved);
    PUT("moved/2.jpg", "\xff\xd8\xff");
    scan(&moved, NULL, NULL, 1, "moved");
    assert_ok(fd_manifest_hash(&moved, &three));
    assert_memory_not_equal(&one, &three, sizeof one);
    fd_manifest_free(&moved);
    fd_manifest_free(&again);
    fd_manifest_free(&m);
}

static void costs(void **state)
{
    (void)state;
    fd_probe small = {.width = 100, .height = 100}, large = {.width = 4000, .height = 4000}, unknown = {0}, bad = {.status = FD_IMAGE_EMPTY};
    assert_true(fd_entry_cost(&small) < fd_entry_cost(&large));
    assert_true(fd_entry_cost(&unknown) > 0);
    assert_true(fd_entry_cost(&bad) > 0 && fd_entry_cost(&bad) < fd_entry_cost(&small));
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(one_folder),         IN_A_FOLDER(several_inputs),   IN_A_FOLDER(a_list),     IN_A_FOLDER(a_glob),
        IN_A_FOLDER(special_files),      IN_A_FOLDER(long_paths),       IN_A_FOLDER(reading),    IN_A_FOLDER(no_permission),
        IN_A_FOLDER(a_visitor), IN_A_FOLDER(kinds_and_verdicts), IN_A_FOLDER(packing_and_hash), cmocka_unit_test(costs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* decode_dump [--accept-truncated] [--ignore-exif] FILE... : decodes each file and writes to stdout, for tests/tools/decode_equals_pillow.py,
 * a line "STATUS FLAGS WIDTH HEIGHT DETAIL" and, when the status is ok, WIDTH * HEIGHT * 3 bytes of pixels. */
#include <stdio.h>
#include <string.h>

#include "data/decode.h"
#include "data/entry.h"

static fd_error *dump(const char *path, const fd_decode_config *config)
{
    fd_error *err = NULL;
    fd_content content = {0};
    fd_image image = {0};
    FD_TRY(fd_read_entry(path, (size_t)1 << 30, &content));
    if (content.verdict.status == FD_IMAGE_OK)
        FD_TRY(fd_decode(content.bytes, content.n, config, &image));
    else
        image.status = content.verdict.status;
    printf("%s %d %d %d %s\n", fd_image_status_name(image.status), image.flags, image.width, image.height, image.detail);
    if (image.rgb)
        fwrite(image.rgb, 3, (size_t)image.width * (size_t)image.height, stdout);
done:
    fd_image_free(&image);
    fd_content_free(&content);
    return err;
}

int main(int argc, char **argv)
{
    fd_decode_config config = {.max_pixels = 64000000};
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--accept-truncated")) {
            config.accept_truncated = true;
        } else if (!strcmp(argv[i], "--ignore-exif")) {
            config.ignore_exif = true;
        } else {
            fd_error *err = dump(argv[i], &config);
            if (err) {
                fprintf(stderr, "%s\n", fd_error_message(err));
                fd_error_free(err);
                return 1;
            }
        }
    }
    return fflush(stdout) ? 1 : 0;
}

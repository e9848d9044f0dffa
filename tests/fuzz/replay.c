/* Runs a fuzz target once over every file of a corpus folder: each finding stays found. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int main(int argc, char **argv)
{
    struct dirent **entries;
    int n = argc == 2 ? scandir(argv[1], &entries, NULL, alphasort) : -1, ran = 0;
    for (int i = 0; i < n; i++) {
        char *path = NULL;
        uint8_t *bytes = NULL;
        size_t size = 0;
        fd_error *err = entries[i]->d_name[0] == '.' ? NULL : fd_path_join(&path, argv[1], entries[i]->d_name);
        if (!err && path)
            err = fd_file_read(path, (size_t)1 << 30, &bytes, &size);
        if (err) {
            fprintf(stderr, "%s\n", fd_error_message(err));
            return 1;
        }
        if (bytes) {
            LLVMFuzzerTestOneInput(bytes, size);
            ran++;
        }
        free(bytes);
        free(path);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    printf("%d inputs replayed\n", ran);
    return ran > 0 ? 0 : 1;
}

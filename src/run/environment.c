#include "run/environment.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

/* Beginnings of names. */
static const char *const recorded[] = {"CUDA_", "CUBLAS", "CUDNN_", "NCCL_", "NVIDIA_TF32_OVERRIDE=", NULL};
static const char *const arithmetic[] = {"CUBLAS_EMULAT", "CUBLAS_FIXEDPOINT", "NVIDIA_TF32_OVERRIDE=", NULL};

static bool begins(const char *variable, const char *const *prefixes)
{
    while (*prefixes && strncmp(variable, *prefixes, strlen(*prefixes)) != 0)
        prefixes++;
    return *prefixes != NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Those that begin so, sorted, with `between` between them. */
static fd_error *collect(const char *const *prefixes, const char *between, fd_string *out)
{
    fd_error *err = NULL;
    const char **found = NULL;
    size_t n = 0, all = 0;
    while (environ && environ[all])
        all++;
    FD_TRY(fd_alloc(&found, all, sizeof *found));
    for (size_t i = 0; i < all; i++)
        if (begins(environ[i], prefixes))
            found[n++] = environ[i];
    qsort(found, n, sizeof *found, by_text);
    for (size_t i = 0; i < n; i++) {
        char shown[FD_ESCAPED];
        FD_TRY(fd_string_add(out, "%s%s", i ? between : "", fd_escape(shown, sizeof shown, found[i])));
    }
done:
    free(found);
    return err;
}

fd_error *fd_environment_text(fd_string *out)
{
    fd_error *err = fd_string_add(out, "%s", "");
    return err ? err : collect(recorded, "\n", out);
}

fd_error *fd_environment_arithmetic(const fd_engine *e, fd_string *out)
{
    fd_error *err = fd_string_add(out, "%s", "");
    return err || !e->kind->uuid ? err : collect(arithmetic, " ", out);
}

fd_error *fd_environment_same(fd_comm *c, const fd_engine *e)
{
    fd_error *err = NULL;
    typedef struct words { char text[256]; } words;
    fd_string text = {0};
    words own = {""}, *all = NULL;
    FD_TRY(fd_comm_agree(c, fd_environment_arithmetic(e, &text)));
    snprintf(own.text, sizeof own.text, "%s", text.text);
    FD_TRY(fd_comm_agree(c, fd_alloc(&all, (size_t)fd_comm_ranks(c), sizeof *all)));
    FD_TRY(fd_comm_all_gather_fixed(c, &own, all, sizeof own));
    for (int r = 1; r < fd_comm_ranks(c); r++)
        if (strcmp(all[0].text, all[r].text) != 0)
            FD_THROW(FD_MISMATCH, "rank 0 computes with '%s' in its environment, rank %d with '%s': the same bytes need one for all",
                     all[0].text, r, all[r].text);
done:
    free(text.text);
    free(all);
    return err;
}

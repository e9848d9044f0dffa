/* pack.ini from strangers: parsed or refused, nothing else. */
#include <stdint.h>
#include <stdlib.h>

#include "face/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    fd_pack pack;
    char *identity = NULL;
    fd_error *err = fd_pack_parse((const char *)bytes, n, "pack.ini", &pack);
    if (!err)
        err = fd_pack_identity(&pack, &identity);
    free(identity);
    fd_error_free(err);
    fd_pack_free(&pack);
    return 0;
}

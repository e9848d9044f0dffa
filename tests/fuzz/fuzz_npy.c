/* .npy files from strangers: what is accepted has all the numbers that its header promises. */
#include <stdint.h>
#include <stdlib.h>

#include "data/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static volatile float sink;

static void read_all(const fd_npy *array)
{
    int64_t numbers = 1;
    for (int i = 0; i < array->rank; i++)
        numbers *= array->dim[i];
    for (int64_t i = 0; i < numbers; i++)
        sink = array->data[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    fd_npy_head head;
    fd_error_free(fd_npy_parse_head(bytes, n, "x.npy", &head));
    fd_npy array;
    fd_error *err = fd_npy_parse(bytes, n, "x.npy", &array);
    if (!err)
        read_all(&array);
    fd_error_free(err);
    fd_npy_free(&array);
    return 0;
}

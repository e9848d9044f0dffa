/* What unit tests share: cmocka, and errors that fail a test with their message. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/status.h"

/* The call must succeed. */
#define assert_ok(call)                                                                             \
    do {                                                                                            \
        fd_error *check_error_ = (call);                                                            \
        if (check_error_) {                                                                         \
            print_error("%s\n%s", fd_error_message(check_error_), fd_error_trace(check_error_));    \
            fd_error_free(check_error_);                                                            \
            fail();                                                                                 \
        }                                                                                           \
    } while (0)

/* The call must fail with this code, and its message must contain `words`. */
#define assert_fails(call, wanted, words)                                                           \
    do {                                                                                            \
        fd_error *check_error_ = (call);                                                            \
        if (!check_error_ || fd_error_code(check_error_) != (wanted) || !strstr(fd_error_message(check_error_), (words))) {      \
            print_error("wanted %s: ...%s..., got %s: %s\n", fd_code_name(wanted), (words), fd_code_name(fd_error_code(check_error_)), \
                        fd_error_message(check_error_));                                            \
            fd_error_free(check_error_);                                                            \
            fail();                                                                                 \
        }                                                                                           \
        fd_error_free(check_error_);                                                                \
    } while (0)

#endif

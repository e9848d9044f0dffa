/* What pack.c and pack_parse.c share. */
#ifndef FD_FACE_PACK_PARSE_H
#define FD_FACE_PACK_PARSE_H

#include <stdbool.h>

#include "face/pack.h"

/* A relative path that stays inside the pack's folder. */
bool fd_pack_name_ok(const char *name);

#endif

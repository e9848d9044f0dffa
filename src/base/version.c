#include "base/version.h"

const char *fd_version(void)
{
    return FACESDIST_VERSION;
}

const char *fd_revision(void)
{
    return FACESDIST_REVISION;
}

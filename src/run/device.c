#include "run/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "engine/plugin.h"
#include "run/affinity.h"

fd_arithmetic fd_device_arithmetic(const char *name)
{
    return strcmp(name, "tf32") == 0  ? FD_ARITHMETIC_TF32
           : strcmp(name, "f16") == 0 ? FD_ARITHMETIC_F16
           : strcmp(name, "bf16") == 0 ? FD_ARITHMETIC_BF16
                                       : FD_ARITHMETIC_F32;
}

fd_error *fd_device_pick(const fd_device_place *p, int *device, int *sharers)
{
    *device = 0;
    *sharers = p->share ? p->local_ranks : 1;
    if (p->devices <= 1)   /* a launcher that gives each task its own GPU shows it as the only one; who else has it is seen by its UUID */
        return NULL;
    if (p->local_rank >= p->devices && !p->share)
        return FD_FAIL(FD_DEVICE, "this is rank number %d of its host, which has %d GPUs: start as many ranks there, or let them share with --share-gpu",
                       p->local_rank + 1, p->devices);
    *device = p->local_rank % p->devices;
    if (p->share)
        *sharers = (p->local_ranks + p->devices - 1) / p->devices;
    return NULL;
}

/* The launcher's own count of the ranks on a host, where it tells. */
static void cross_check(const fd_comm *c)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID", "MPI_LOCALRANKID", "MV2_COMM_WORLD_LOCAL_RANK"};
    if (fd_comm_ranks(c) < 2)
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *told = getenv(names[i]);
        if (told && atoi(told) != fd_comm_local_rank(c))
            fd_warn("%s is %s, but MPI finds this to be rank %d of its host: the GPU is chosen by the latter", names[i], told, fd_comm_local_rank(c));
    }
}

static bool is_emulated(void)
{
    const char *emulator = getenv("FACESDIST_EMULATOR");
    return emulator && *emulator;
}

typedef struct processor { int64_t level; char host[64]; } processor;

/* One instruction set for all ranks, the best that every one has: the bytes shall not depend on who computed what. */
static fd_error *agree_isa(fd_comm *c, const fd_options *o, const char **isa)
{
    fd_error *err = NULL;
    const int ranks = fd_comm_ranks(c);
    int least = 0, most = 0;
    processor own = {.level = fd_engine_isa_level(fd_opt_text(o, "isa"))}, *all = NULL;
    *isa = fd_opt_text(o, "isa");
    snprintf(own.host, sizeof own.host, "%s", fd_comm_host(c));
    FD_TRY(fd_alloc(&all, (size_t)ranks, sizeof *all));
    FD_TRY(fd_comm_all_gather_fixed(c, &own, all, sizeof own));
    for (int r = 1; r < ranks; r++) {
        least = all[r].level < all[least].level ? r : least;
        most = all[r].level > all[most].level ? r : most;
    }
    if (all[least].level < 0 || all[least].level == all[most].level)   /* a rank that has none says so when it opens its engine */
        goto done;
    *isa = fd_engine_isa_name((int)all[least].level);
    fd_say(FD_NORMAL, "warning: rank %d (%s) has %s, rank %d (%s) has %s: all ranks compute with %s", most, all[most].host,
           fd_engine_isa_name((int)all[most].level), least, all[least].host, *isa, *isa);
done:
    free(all);
    return err;
}

static fd_error *open_own(const fd_comm *c, const fd_options *o, const char *isa, fd_arithmetic arithmetic, fd_engine **out)
{
    fd_error *err = NULL;
    const char *device = fd_opt_text(o, "device");
    const fd_device_place place = {fd_comm_local_rank(c), fd_comm_local_ranks(c), 0, fd_opt_flag(o, "share-gpu")};
    fd_engine_config config = {.isa = isa, .arithmetic = arithmetic, .sharers = place.share ? place.local_ranks : 1};
    if (fd_opt_set(o, "gpu-memory"))
        config.memory = (size_t)fd_opt_int(o, "gpu-memory");
    if (strcmp(device, "cuda") == 0 || strcmp(device, "auto") == 0) {
        fd_device_place seen = place;
        fd_driver driver = {.devices = 1};
        if (!is_emulated())
            fd_driver_ask(&driver);
        seen.devices = driver.devices;
        FD_TRY(fd_device_pick(&seen, &config.device, &config.sharers));
        if (driver.devices > 1)
            cross_check(c);
    }
    FD_TRY(fd_engine_open(device, &config, out));
done:
    return err;
}

static fd_error *twice(const fd_device_unit *all, int q, int r)
{
    if (strncmp(all[r].uuid, "MIG-", 4) == 0)
        return FD_FAIL(FD_DEVICE,
                       "ranks %d and %d (%s) have the same slice of a GPU, %s: CUDA shows a process only the first of those in CUDA_VISIBLE_DEVICES; "
                       "give each rank one of its own there, or let them share with --share-gpu",
                       q, r, all[r].host, all[r].uuid);
    return FD_FAIL(FD_DEVICE, "ranks %d and %d (%s) have the same GPU, %s: start one rank for each GPU, or let them share with --share-gpu", q, r,
                   all[r].host, all[r].uuid);
}

fd_error *fd_device_apart(const fd_device_unit *all, int ranks)
{
    for (int r = 1; r < ranks; r++)
        for (int q = 0; q < r; q++)
            if (all[r].uuid[0] && strcmp(all[q].uuid, all[r].uuid) == 0)
                return twice(all, q, r);
    return NULL;
}

static fd_error *check_units(fd_comm *c, const fd_options *o, const fd_engine *e)
{
    fd_error *err = NULL;
    const int ranks = fd_comm_ranks(c);
    fd_device_unit own = {"", ""}, *all = NULL;
    snprintf(own.host, sizeof own.host, "%s", fd_comm_host(c));
    if (e->kind->uuid)
        snprintf(own.uuid, sizeof own.uuid, "%s", e->kind->uuid(e));
    FD_TRY(fd_alloc(&all, (size_t)ranks, sizeof *all));
    FD_TRY(fd_comm_all_gather_fixed(c, &own, all, sizeof own));
    if (!fd_opt_flag(o, "share-gpu"))
        FD_TRY(fd_device_apart(all, ranks));
done:
    free(all);
    return err;
}

fd_error *fd_device_open(fd_comm *c, const fd_options *o, fd_arithmetic arithmetic, fd_engine **out)
{
    fd_error *err = NULL;
    fd_engine *e = NULL;
    const char *isa = NULL;
    FD_TRY(agree_isa(c, o, &isa));
    FD_TRY(fd_comm_agree(c, open_own(c, o, isa, arithmetic, &e)));
    FD_TRY(check_units(c, o, e));
    if (e->kind->address)
        fd_affinity_apply(FD_AFFINITY_DEVICES, e->kind->address(e));
    *out = e;
    e = NULL;
done:
    fd_engine_close(e);
    return err;
}

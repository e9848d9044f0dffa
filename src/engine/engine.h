/* Engines: an engine owns a kind of memory and runs operators in it. Not the layers of networks only, but all that touches many numbers:
 * pyramids, patches, warps, normalisation, distance tiles. `face`, `net` and `dist` never know where an array lives.
 *
 * An engine is a device: immutable once open, shared by all threads, holder of the weights. A lane is what one thread computes on at a
 * time: its workspace and, on a GPU, its stream. Calls on a lane run in order and may be asynchronous; fd_lane_sync is the only
 * synchronisation. Pointers handed to operators are in the engine's memory unless a parameter says "host". */
#ifndef FD_ENGINE_ENGINE_H
#define FD_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct fd_engine fd_engine;
typedef struct fd_lane fd_lane;

struct fd_op_table;         /* engine/op.h: layers of networks */
struct fd_image_table;      /* engine/image.h: pixels */
struct fd_distance_table;   /* engine/distance.h: norms and tiles */
struct fd_raster_table;     /* engine/raster.h: pictures of any depth */
struct fd_lesson_table;     /* engine/lesson.h: what the benchmark measures of a GPU */

/* What a GPU may compute the products of convolutions and dense layers in; sums are float32 always. */
typedef enum fd_arithmetic { FD_ARITHMETIC_F32, FD_ARITHMETIC_TF32, FD_ARITHMETIC_F16, FD_ARITHMETIC_BF16 } fd_arithmetic;

typedef struct fd_engine_config {
    const char *isa;        /* "auto", or the highest instruction set to use: "sse41", "avx2", "avx512"; not NULL */
    int device;             /* number of the device; the one of "cuda:3" counts more */
    size_t memory;          /* bytes of the device that may be used; 0: what is free, but for a reserve */
    int sharers;            /* processes that share the device, each with its part of the memory; 0 and 1: this one alone */
    fd_arithmetic arithmetic;
    bool automatic;         /* set by fd_engine_open: nobody asked for this engine by name */
} fd_engine_config;

/* Work that is queued again and again: what it does depends on nothing but these addresses and numbers. */
enum { FD_SEQUENCE_PLACES = 20 };
typedef struct fd_sequence {
    fd_error *(*queue)(void *self, fd_lane *lane);   /* calls operators only: nothing that waits, and no copies from or to the host */
    void *self;
    const void *place[FD_SEQUENCE_PLACES];           /* whose work it is, and all memory that it touches */
    int places;
} fd_sequence;

/* What a device's time is spent on. */
typedef enum fd_purpose {
    FD_PURPOSE_OTHER, FD_PURPOSE_UPLOAD, FD_PURPOSE_DETECT, FD_PURPOSE_EMBED, FD_PURPOSE_DISTANCES, FD_PURPOSE_DOWNLOAD, FD_PURPOSES
} fd_purpose;
const char *fd_purpose_name(fd_purpose p);   /* "detect" */

/* Seconds by the device's clock, of all lanes so far. of[]: from a lane's first piece of work for it to its last, between two waits of the
 * host; lanes that work at once count each. busy: with any lane at work. */
typedef struct fd_device_seconds { double of[FD_PURPOSES], busy; } fd_device_seconds;

/* One row of the registry. Every entry is mandatory but where NULL is said to be allowed, and but: the row of an engine that lives in a plugin (engine/plugin.h) ends with `open`; the
 * engine that it opens has a kind of its own. */
typedef struct fd_engine_kind {
    const char *name;       /* as in --device */
    const char *help;       /* one line */
    int automatic;          /* may `auto` choose it; the first such row that opens is taken */
    int numbered;           /* has several devices: "cuda:1" */
    fd_error *(*open)(const fd_engine_config *config, fd_engine **out);
    void (*close)(fd_engine *e);
    /* One line for people and /run: "oneDNN 2.6.3, avx512, Intel(R) Xeon(R)". Valid while e is. */
    const char *(*description)(const fd_engine *e);
    /* The instruction set in use ("avx512"), pinned by the journal. Valid while e is. */
    const char *(*isa)(const fd_engine *e);
    /* Name of the piece of hardware ("GPU-1b2c..."), the same in every process. Valid while e is. NULL: an engine that shares none. */
    const char *(*uuid)(const fd_engine *e);
    /* Where it is plugged in ("0000:3b:00.0", PCI), "" where that says nothing. Valid while e is. NULL: nowhere. */
    const char *(*address)(const fd_engine *e);
    /* Lanes that keep the device busy; more are slower and take memory. 0: one for each thread. */
    int lanes;
    int width;   /* how many times the work of a processor's batch keeps a lane busy; 0 and 1: that is enough */
    fd_error *(*lane_open)(fd_engine *e, fd_lane **out);
    void (*lane_close)(fd_lane *lane);
    /* Scratch memory of the lane, FD_ALIGN-aligned, at least `bytes`; its contents are lost at the next call with more bytes. */
    fd_error *(*lane_scratch)(fd_lane *lane, size_t bytes, void **out);
    fd_error *(*lane_sync)(fd_lane *lane);
    /* Does s->queue, or what it did when it was last called with the same places. NULL: nothing is gained by it here, call s->queue. */
    fd_error *(*lane_repeat)(fd_lane *lane, const fd_sequence *s);
    /* What the lane's work is for until lane_end; the inner one counts. For device times, and for profilers, which show `label` (NULL: the
     * purpose's name). All three NULL: an engine whose time is that of its threads. */
    void (*lane_begin)(fd_lane *lane, fd_purpose purpose, const char *label);
    void (*lane_end)(fd_lane *lane);
    void (*seconds)(const fd_engine *e, fd_device_seconds *out);
    fd_error *(*alloc)(fd_engine *e, size_t bytes, void **out);    /* FD_ALIGN-aligned, zeroed; never NULL */
    void (*release)(fd_engine *e, void *p);
    /* Host memory that pictures go to the engine from without a copy on the way: page-locked for a GPU. FD_ALIGN-aligned, contents
     * undefined, never NULL. Slow: taken once, used again and again. Given back when no picture in it is open. */
    fd_error *(*slab_alloc)(fd_engine *e, size_t bytes, void **out);
    void (*slab_release)(fd_engine *e, void *p);   /* NULL is allowed */
    /* Bytes of the engine's memory that nobody has taken, in sum. NULL: its memory is the host's. */
    size_t (*room)(fd_engine *e);
    fd_error *(*upload)(fd_lane *lane, void *to, const void *from_host, size_t bytes);
    fd_error *(*download)(fd_lane *lane, void *to_host, const void *from, size_t bytes);   /* complete after lane_sync */
    const struct fd_op_table *op;
    const struct fd_image_table *image;
    const struct fd_distance_table *distance;
    const struct fd_raster_table *raster;   /* NULL: this engine has none */
    const struct fd_lesson_table *lesson;   /* NULL: this engine has none */
} fd_engine_kind;

/* Every engine and lane begins with these members; an engine's own follow. */
struct fd_engine { const fd_engine_kind *kind; };
struct fd_lane { fd_engine *engine; };

/* The registry, one const table: row i, NULL past the end. The only place with an #ifdef on what was built. */
const fd_engine_kind *fd_engine_kind_at(int i);

/* The instruction set that engine cpu would use for this --isa ("auto": the best that this processor has), as a number that grows with it; -1: it cannot, or
 * was not built. And its name; level >= 0. Ranks of different hosts agree on the least before they open an engine. */
int fd_engine_isa_level(const char *wanted);
const char *fd_engine_isa_name(int level);

/* Opens the engine that --device names: a registry name (a numbered one may end in ":3") or "auto". An engine that was not built or has no
 * device is FD_UNSUPPORTED or FD_DEVICE with a hint, never another engine; "auto" says which faster one it could not have, and why. fd_engine_close it after all its lanes. */
fd_error *fd_engine_open(const char *device, const fd_engine_config *config, fd_engine **out) FD_CHECK;
void fd_engine_close(fd_engine *e);   /* NULL is allowed */

fd_error *fd_lane_open(fd_engine *e, fd_lane **out) FD_CHECK;
void fd_lane_close(fd_lane *lane);    /* NULL is allowed */

/* kind->lane_begin and lane_end where the engine has them. One thread begins and ends, also after an error. */
void fd_lane_begin(fd_lane *lane, fd_purpose purpose, const char *label);
void fd_lane_end(fd_lane *lane);

#endif

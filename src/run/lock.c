#include "run/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "run/signals.h"
#include "store/journal.h"

enum { RECORD = 512 };   /* bytes of the file */

/* Who holds a lock, as the file says. */
typedef struct owner {
    char host[256], boot[64];          /* boot: id of the kernel's life; the same in all containers of a machine */
    long process;
    unsigned long long started;        /* ticks after boot */
} owner;

struct fd_lock {
    char *folder, *path;
    int fd;
    bool kernel;                       /* the file system has locks, at least within this machine */
    int why_not;                       /* errno; of meaning where it has none */
    char record[RECORD];               /* what this run wrote */
    atomic_bool lost;
    pthread_t thread;                  /* shows the signs of life */
    bool running, closing;
    pthread_mutex_t mutex;             /* of closing */
    pthread_cond_t change;
};

/* --- who --------------------------------------------------------------------------------------------------------------------------------- */

/* When a process started, ticks after boot; 0: there is none. The name in the second field may hold anything but ends with the last ')'. */
static unsigned long long start_of(long process)
{
    char path[64], text[1024] = "";
    unsigned long long started = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", process);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = 0;
    const char *behind = strrchr(text, ')');
    if (!behind || sscanf(behind + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &started) != 1)
        return 0;
    return started;
}

static void describe_self(owner *self)
{
    *self = (owner){.process = (long)getpid(), .started = start_of((long)getpid())};
    if (gethostname(self->host, sizeof self->host - 1) || !self->host[0])
        strcpy(self->host, "unknown");
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (!f || fscanf(f, "%63s", self->boot) != 1)
        strcpy(self->boot, "unknown");
    if (f)
        fclose(f);
}

/* False: nobody has written into it yet, or it was cut short. */
static bool read_owner(int fd, owner *o)
{
    char text[RECORD + 1];
    ssize_t n = pread(fd, text, RECORD, 0);
    text[n > 0 ? n : 0] = 0;
    *o = (owner){.process = 0};
    return sscanf(text, "host %255s process %ld started %llu boot %63s end", o->host, &o->process, &o->started, o->boot) == 4;
}

static fd_error *held(const char *output, const owner *o)
{
    char name[FD_ESCAPED], host[FD_ESCAPED], who[FD_ESCAPED + 48] = "it has not yet said who it is";
    if (o->process)
        snprintf(who, sizeof who, "process %ld on %s", o->process, fd_escape(host, sizeof host, o->host));
    return FD_FAIL(FD_LOCKED, "%s: another run is writing this output (%s)", fd_escape(name, sizeof name, output), who);
}

/* --- whether it lives -------------------------------------------------------------------------------------------------------------------- */

/* Seconds since the holder's last sign of life by the file server's clock, which may not be ours. */
static fd_error *silence_of(const fd_lock *lock, double *out)
{
    fd_error *err = NULL;
    struct stat then, now;
    int fd = -1;
    FD_TRY(fd_file_scratch(lock->path, &fd));
    if (fstat(fd, &now) != 0 || fstat(lock->fd, &then) != 0)
        FD_TRY(fd_file_error(lock->path, "look at", errno));
    *out = difftime(now.st_mtim.tv_sec, then.st_mtim.tv_sec) + 1e-9 * (double)(now.st_mtim.tv_nsec - then.st_mtim.tv_nsec);
done:
    if (fd >= 0)
        close(fd);
    return err;
}

/* Another machine's holder: waits for a sign of life, as long as a living one may take for it. */
static fd_error *wait_for_sign(const fd_lock *lock, const char *output, const owner *o, bool *lives)
{
    fd_error *err = NULL;
    struct stat first, now;
    char name[FD_ESCAPED];
    double silence = 0;
    *lives = false;
    FD_TRY(silence_of(lock, &silence));
    if (fstat(lock->fd, &first) != 0)
        FD_TRY(fd_file_error(lock->path, "look at", errno));
    const double until = fd_now() + FD_LOCK_DEAD - silence;
    if (fd_now() < until)
        fd_say(FD_NORMAL, "%s is held by process %ld on %s, whose last sign of life was %.0f s ago: waiting %.0f s for another", fd_escape(name, sizeof name, output), o->process, o->host,
               silence > 0 ? silence : 0, until - fd_now());
    while (fd_now() < until && !*lives) {
        FD_TRY(fd_signals_check());
        fd_sleep(0.2);
        if (stat(lock->path, &now) != 0)   /* it has ended by itself */
            break;
        *lives = now.st_mtim.tv_sec != first.st_mtim.tv_sec || now.st_mtim.tv_nsec != first.st_mtim.tv_nsec;
    }
done:
    return err;
}

/* The lock file is open and, where that means anything, locked. Is there a holder that lives all the same? */
static fd_error *find_holder(const fd_lock *lock, const char *output, owner *o, bool *lives)
{
    owner self;
    *lives = false;
    describe_self(&self);
    if (!read_owner(lock->fd, o))
        return NULL;
    if (strcmp(o->boot, self.boot) == 0) {   /* this machine: its kernel knows */
        *lives = !lock->kernel && o->started > 0 && start_of(o->process) == o->started;
        return NULL;
    }
    return strcmp(o->host, self.host) == 0 ? NULL : wait_for_sign(lock, output, o, lives);   /* the same host: started anew since */
}

/* --- signs of life ----------------------------------------------------------------------------------------------------------------------- */

static bool is_own(const fd_lock *lock)
{
    char text[RECORD];
    return pread(lock->fd, text, RECORD, 0) == RECORD && memcmp(text, lock->record, RECORD) == 0;
}

static void *show_life(void *self)
{
    fd_lock *lock = self;
    pthread_mutex_lock(&lock->mutex);
    while (!lock->closing) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += FD_LOCK_BEAT;
        pthread_cond_timedwait(&lock->change, &lock->mutex, &until);
        if (lock->closing)
            break;
        pthread_mutex_unlock(&lock->mutex);
        if (!is_own(lock))
            atomic_store(&lock->lost, true);
        else
            futimens(lock->fd, NULL);   /* by the file server's clock */
        pthread_mutex_lock(&lock->mutex);
    }
    pthread_mutex_unlock(&lock->mutex);
    return NULL;
}

/* --- take and release -------------------------------------------------------------------------------------------------------------------- */

static void drop(fd_lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    lock->fd = -1;
}

/* Whether the file that was opened is still the one of that name: its last holder may have removed it in between. */
static bool still_there(const fd_lock *lock)
{
    struct stat opened, named;
    return fstat(lock->fd, &opened) == 0 && stat(lock->path, &named) == 0 && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/* Opens and locks the file; *again when it vanished meanwhile. */
static fd_error *open_owner(fd_lock *lock, const char *output, bool *again)
{
    owner o;
    *again = false;
    if (mkdir(lock->folder, 0777) != 0 && errno != EEXIST)
        return fd_file_error(lock->folder, "make", errno);
    lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock->fd < 0) {
        *again = errno == ENOENT;
        return *again ? NULL : fd_file_error(lock->path, "open", errno);
    }
    lock->kernel = flock(lock->fd, LOCK_EX | LOCK_NB) == 0;
    lock->why_not = errno;
    if (!lock->kernel && errno == EWOULDBLOCK) {
        read_owner(lock->fd, &o);
        return held(output, &o);
    }
    *again = !still_there(lock);
    return NULL;
}

static fd_error *write_record(fd_lock *lock, const char *output)
{
    fd_error *err = NULL;
    owner self, other;
    describe_self(&self);
    memset(lock->record, '\n', RECORD);
    int n = snprintf(lock->record, RECORD, "host %s process %ld started %llu boot %s end", self.host, self.process, self.started, self.boot);
    lock->record[n] = '\n';
    FD_TRY(fd_file_pwrite(lock->fd, lock->path, lock->record, RECORD, 0));
    if (fsync(lock->fd) != 0)
        FD_TRY(fd_file_error(lock->path, "sync", errno));
    if (!lock->kernel) {   /* nothing kept another run from doing the same: who wrote last has it */
        fd_sleep(1);
        if (!is_own(lock)) {
            read_owner(lock->fd, &other);
            FD_TRY(held(output, &other));
        }
    }
done:
    return err;
}

/* The file keeps others out by what it says and by its signs of life; a user who can have more than that should know how. */
static void tell_no_locks(const fd_lock *lock)
{
    char name[FD_ESCAPED];
    fd_warn("%s: its file system gives no locks (%s); other runs are kept out by what this file says. Locks are surer: Lustre has them with the mount option "
            "flock, NFS where its lock manager runs", fd_escape(name, sizeof name, lock->path), strerror(lock->why_not));
}

static fd_error *take(fd_lock *lock, const char *output)
{
    fd_error *err = NULL;
    owner o;
    bool again = true, lives = false;
    for (int tries = 0; again && tries < 100; tries++) {
        drop(lock);
        FD_TRY(open_owner(lock, output, &again));
        if (again)
            continue;
        FD_TRY(find_holder(lock, output, &o, &lives));
        if (lives)
            FD_TRY(held(output, &o));
        again = !still_there(lock);
    }
    if (again)
        FD_THROW(FD_LOCKED, "other runs keep making and removing this output's journal");
    FD_TRY(write_record(lock, output));
    if (!lock->kernel)
        tell_no_locks(lock);
    lock->running = pthread_create(&lock->thread, NULL, show_life, lock) == 0;
    if (!lock->running)
        FD_THROW(FD_NOMEM, "cannot start the thread that keeps the lock");
done:
    return err;
}

static void lock_free(fd_lock *lock)
{
    drop(lock);
    pthread_mutex_destroy(&lock->mutex);
    pthread_cond_destroy(&lock->change);
    free(lock->folder);
    free(lock->path);
    free(lock);
}

fd_error *fd_lock_take(const char *folder, const char *output, fd_lock **out)
{
    fd_error *err = NULL;
    fd_lock *lock = NULL;
    FD_TRY(fd_alloc(&lock, 1, sizeof *lock));
    lock->fd = -1;
    pthread_mutex_init(&lock->mutex, NULL);
    pthread_cond_init(&lock->change, NULL);
    FD_TRY(fd_strdup(&lock->folder, folder));
    FD_TRY(fd_path_join(&lock->path, folder, FD_JOURNAL_OWNER));
    FD_TRY(take(lock, output));
    *out = lock;
    lock = NULL;
done:
    if (lock)
        lock_free(lock);
    return err;
}

bool fd_lock_is_lost(const fd_lock *lock)
{
    return lock && atomic_load(&lock->lost);
}

void fd_lock_release(fd_lock *lock)
{
    if (!lock)
        return;
    pthread_mutex_lock(&lock->mutex);
    lock->closing = true;
    pthread_cond_signal(&lock->change);
    pthread_mutex_unlock(&lock->mutex);
    pthread_join(lock->thread, NULL);
    if (is_own(lock) && still_there(lock))
        unlink(lock->path);
    rmdir(lock->folder);   /* fails, as it should, where there are logs */
    lock_free(lock);
}

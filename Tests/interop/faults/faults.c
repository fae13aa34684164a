/* Stands before the C library's file calls (LD_PRELOAD) and lets a disk fail below one directory.
 *
 *   cc -shared -fPIC -O2 -Wall -Wextra -o faults.so faults.c power.c -ldl
 *   FAULTS_DIR=/abs/dir FAULTS_CONTROL=/abs/file LD_PRELOAD=./faults.so program
 *
 * The calls are those that `nm -D` finds in libsqlite3, Foundation and the service, and strace sees at work: SQLite
 * writes database, journal and WAL with pwrite64 and brings them down with fdatasync; photos and secrets are written
 * with write and fsync. Descriptors that were duplicated are not watched: nobody here does that to a file.
 */
#define _GNU_SOURCE
#include "faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS = 65536 };

struct control *control;
static char root[4096];
static _Atomic(struct file *) opened[DESCRIPTORS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_fsync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_rename)(const char *, const char *);
static int (*real_unlinkat)(int, const char *, int);
static int (*real_mkdir)(const char *, mode_t);

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

__attribute__((constructor)) static void begin(void) {
    real_openat = real("openat");
    real_close = real("close");
    real_write = real("write");
    real_pwrite = real("pwrite");
    real_writev = real("writev");
    real_fsync = real("fsync");
    real_ftruncate = real("ftruncate");
    real_rename = real("rename");
    real_unlinkat = real("unlinkat");
    real_mkdir = real("mkdir");
    const char *directory = getenv("FAULTS_DIR"), *path = getenv("FAULTS_CONTROL");
    if (!directory || !path || !realpath(directory, root)) return;
    int fd = real_openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *shared = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    real_close(fd);
    if (shared != MAP_FAILED) control = shared;
}

static void count(int64_t *counter) { __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED); }

static bool is_below(const char *path) {
    size_t length = strlen(root);
    return !strncmp(path, root, length) && (path[length] == '/' || !path[length]);
}

/* Whether `path`, which need not exist, lies below the directory; `full` is then its absolute form. */
static bool resolve(const char *path, char *full) {
    char copy[4096], parent[4096];
    if (!control) return false;
    snprintf(copy, sizeof copy, "%s", path);
    if (!realpath(dirname(copy), parent)) return false;
    snprintf(copy, sizeof copy, "%s", path);
    if (snprintf(full, 4096, "%s/%s", parent, basename(copy)) >= 4096) return false;
    return is_below(full);
}

/* The file behind a descriptor that we have seen being opened below the directory. */
static struct file *watched(int fd) {
    struct file *file = fd >= 0 && fd < DESCRIPTORS ? opened[fd] : NULL;
    struct stat info;
    /* Some calls of the C library close without telling us, and the number is given out again. */
    if (!file || fstat(fd, &info) || info.st_ino != file->inode || info.st_dev != file->device) return NULL;
    return file;
}

static bool fails(int64_t code) {
    if (!code) return false;
    pthread_mutex_lock(&lock);
    bool hit = control->one_in < 2 || any_number() % (uint64_t)control->one_in == 0;
    pthread_mutex_unlock(&lock);
    if (!hit) return false;
    count(&control->failures);
    errno = (int)code;
    return true;
}

/* The lock is held. */
static void step(void) {
    if (control->cut_after && __atomic_sub_fetch(&control->cut_after, 1, __ATOMIC_RELAXED) == 0) cut_power();
}

/* Opening */

static int truncate_to(int fd, struct file *file, off_t length) {
    pthread_mutex_lock(&lock);
    if (!file->is_volatile) remember_length(file, fd, length);
    int result = real_ftruncate(fd, length);
    pthread_mutex_unlock(&lock);
    return result;
}

/* On a full disk a file that is there can still be opened; on one that is read-only it can't. */
static bool may_not_open(int flags, bool is_new) {
    bool writes = (flags & O_ACCMODE) != O_RDONLY;
    return writes && (is_new || control->write_errno == EROFS) && fails(control->write_errno);
}

static int open_watched(int directory, const char *path, const char *full, int flags, mode_t mode) {
    struct stat info;
    bool is_new = (flags & O_CREAT) && lstat(full, &info);
    if (may_not_open(flags, is_new)) return -1;
    int fd = real_openat(directory, path, flags & ~O_TRUNC, mode);
    if (fd < 0 || fd >= DESCRIPTORS || fstat(fd, &info)) return fd;
    pthread_mutex_lock(&lock);
    if (is_new) made(full);
    struct file *file = opened[fd] = file_of(&info, full);
    pthread_mutex_unlock(&lock);
    if ((flags & O_TRUNC) && info.st_size) truncate_to(fd, file, 0);
    return fd;
}

static int open_any(int directory, const char *path, int flags, mode_t mode) {
    char full[4096];
    if (!real_openat) begin();
    bool is_ours = (directory == AT_FDCWD || path[0] == '/') && !(flags & O_PATH) && resolve(path, full);
    return is_ours ? open_watched(directory, path, full, flags, mode) : real_openat(directory, path, flags, mode);
}

#define MODE(flags) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list arguments; \
        va_start(arguments, flags); \
        mode = va_arg(arguments, mode_t); \
        va_end(arguments); \
    }

int open(const char *path, int flags, ...) { MODE(flags) return open_any(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_any(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return open_any(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return open_any(at, path, flags, mode); }

int close(int fd) {
    if (fd >= 0 && fd < DESCRIPTORS) opened[fd] = NULL;
    if (!real_close) begin();
    return real_close(fd);
}

/* Writing */

/* `offset` -1: where the descriptor stands. */
static ssize_t write_watched(struct file *file, int fd, const void *bytes, size_t size, off_t offset) {
    count(&control->writes);
    if (fails(control->write_errno)) return -1;
    if (control->short_write && size > (size_t)control->short_write) size = (size_t)control->short_write;
    if (file->is_volatile) return offset < 0 ? real_write(fd, bytes, size) : real_pwrite(fd, bytes, size, offset);
    pthread_mutex_lock(&lock);
    off_t place = offset;
    if (offset < 0) place = lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    struct change *change = remember(file, fd, place, bytes, size);
    ssize_t written = offset < 0 ? real_write(fd, bytes, size) : real_pwrite(fd, bytes, size, offset);
    forget_beyond(change, written < 0 ? 0 : (size_t)written);
    step();
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t write(int fd, const void *bytes, size_t size) {
    struct file *file = watched(fd);
    return file ? write_watched(file, fd, bytes, size, -1) : real_write(fd, bytes, size);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    struct file *file = watched(fd);
    return file ? write_watched(file, fd, bytes, size, offset) : real_pwrite(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) { return pwrite(fd, bytes, size, offset); }

ssize_t writev(int fd, const struct iovec *parts, int number) {
    struct file *file = watched(fd);
    if (!file) return real_writev(fd, parts, number);
    ssize_t total = 0;
    for (int part = 0; part < number; part++) {
        ssize_t written = write_watched(file, fd, parts[part].iov_base, parts[part].iov_len, -1);
        if (written < 0) return total ? total : -1;
        total += written;
        if ((size_t)written < parts[part].iov_len) break;
    }
    return total;
}

int ftruncate(int fd, off_t length) {
    struct file *file = watched(fd);
    if (!file) return real_ftruncate(fd, length);
    return fails(control->write_errno) ? -1 : truncate_to(fd, file, length);
}

int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

/* Syncing. The lock is held throughout: a write that came meanwhile would have to be told from those before. */
static int sync_watched(struct file *file, int fd) {
    count(&control->syncs);
    struct timespec delay = {control->sync_delay_ms / 1000, control->sync_delay_ms % 1000 * 1000000};
    if (control->sync_delay_ms) nanosleep(&delay, NULL);
    bool has_failed = fails(control->sync_errno);
    pthread_mutex_lock(&lock);
    step();
    if (has_failed) doom(file);
    int result = has_failed ? -1 : control->lie ? 0 : real_fsync(fd);
    if (!result && !control->lie) {
        synced(file);
        if (file->is_directory) names_synced(file->path);
    }
    pthread_mutex_unlock(&lock);
    if (has_failed) errno = (int)control->sync_errno;
    return result;
}

int fsync(int fd) {
    struct file *file = watched(fd);
    return file ? sync_watched(file, fd) : real_fsync(fd);
}

int fdatasync(int fd) { return fsync(fd); }

/* Names */

int rename(const char *from, const char *to) {
    char source[4096], target[4096], grave[4096] = "";
    if (!resolve(from, source) || !resolve(to, target)) return real_rename(from, to);
    if (fails(control->write_errno)) return -1;
    pthread_mutex_lock(&lock);
    struct stat info;
    bool is_there = !lstat(source, &info);
    if (is_there) bury(target, grave);
    int result = real_rename(source, target);
    if (!result) {
        file_moved(&info, target);
        moved(source, target, grave);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static int unlink_watched(const char *path, const char *full) {
    char grave[4096];
    if (fails(control->write_errno)) return -1;
    pthread_mutex_lock(&lock);
    bool is_buried = bury(full, grave);
    if (is_buried) unlinked(full, grave);
    pthread_mutex_unlock(&lock);
    return is_buried ? 0 : real_unlinkat(AT_FDCWD, path, 0);
}

int unlink(const char *path) {
    char full[4096];
    return resolve(path, full) ? unlink_watched(path, full) : real_unlinkat(AT_FDCWD, path, 0);
}

int unlinkat(int directory, const char *path, int flags) {
    char full[4096];
    bool is_ours = !flags && (directory == AT_FDCWD || path[0] == '/') && resolve(path, full);
    return is_ours ? unlink_watched(path, full) : real_unlinkat(directory, path, flags);
}

int mkdir(const char *path, mode_t mode) {
    char full[4096];
    bool is_ours = resolve(path, full);
    if (is_ours && fails(control->write_errno)) return -1;
    int result = real_mkdir(path, mode);
    if (result || !is_ours) return result;
    pthread_mutex_lock(&lock);
    made(full);
    pthread_mutex_unlock(&lock);
    return 0;
}

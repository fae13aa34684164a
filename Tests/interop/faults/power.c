/* What a power cut takes: every write and every name that no sync has brought down to the disk.
 *
 * Before each write the bytes that it replaces are put aside until the file's next sync. At the cut all that is put
 * back, newest first, and what was chosen to survive is written again, oldest first. Then the process is gone.
 */
#define _GNU_SOURCE
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SECTOR = 512, KEPT = -1 };

struct change {
    struct change *older;
    off_t offset, old_length, new_length;
    size_t size, old_size;
    unsigned char *bytes, *old_bytes;
    bool is_doomed; /* its sync failed: the kernel thinks the pages clean, and no later sync will bring them down */
};

/* A directory's entry that came, went or moved, newest first. */
struct name {
    struct name *older;
    enum { MADE, UNLINKED, MOVED } what;
    char path[4096], to[4096], grave[4096]; /* grave: where the file is that an unlink or a rename took away */
};

static struct file *files;
static struct name *newest_name;

uint64_t any_number(void) {
    static uint64_t state;
    if (!state) state = (uint64_t)control->seed * 0x9e3779b97f4a7c15u + 1;
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static void *need(void *memory) {
    if (!memory) abort();
    return memory;
}

/* The kernel itself: our own calls must not come by here again. */
static int kernel_open(const char *path, int flags) { return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0); }

static void kernel_write(int fd, const void *bytes, size_t size, off_t offset) {
    if (syscall(SYS_pwrite64, fd, bytes, size, offset) != (ssize_t)size) abort();
}

/* Files */

struct file *file_of(const struct stat *info, const char *path) {
    for (struct file *file = files; file; file = file->next)
        if (file->inode == info->st_ino && file->device == info->st_dev) return file;
    if (!path) return NULL;
    struct file *file = need(calloc(1, sizeof *file));
    size_t length = strlen(path);
    *file = (struct file){.next = files, .device = info->st_dev, .inode = info->st_ino};
    snprintf(file->path, sizeof file->path, "%s", path);
    file->is_directory = S_ISDIR(info->st_mode);
    file->is_volatile = length > 4 && !strcmp(path + length - 4, "-shm");
    return files = file;
}

void file_gone(const struct stat *info) {
    struct file *file = file_of(info, NULL);
    if (!file || info->st_nlink > 1) return;
    forget(file);
    file->inode = 0; /* the number may be given to another file */
}

void file_moved(const struct stat *info, const char *to) {
    struct file *file = file_of(info, NULL);
    if (file) snprintf(file->path, sizeof file->path, "%s", to);
}

static struct change *add(struct file *file, int fd, off_t offset, size_t size, size_t replaced) {
    struct stat info;
    if (fstat(fd, &info)) abort();
    struct change *change = need(calloc(1, sizeof *change));
    *change = (struct change){.older = file->newest, .offset = offset, .old_length = info.st_size, .size = size};
    if (offset < info.st_size) {
        size_t left = (size_t)(info.st_size - offset);
        change->old_size = replaced < left ? replaced : left;
        change->old_bytes = need(malloc(change->old_size + 1));
        /* One that was opened for writing only can't be read. Nobody locks such a file, so closing does no harm. */
        bool readable = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
        int reader = readable ? fd : kernel_open(file->path, O_RDONLY);
        if (pread(reader, change->old_bytes, change->old_size, offset) != (ssize_t)change->old_size) abort();
        if (!readable) syscall(SYS_close, reader);
    }
    return file->newest = change;
}

struct change *remember(struct file *file, int fd, off_t offset, const void *bytes, size_t size) {
    struct change *change = add(file, fd, offset, size, size);
    change->bytes = need(malloc(size + 1));
    memcpy(change->bytes, bytes, size);
    return change;
}

void remember_length(struct file *file, int fd, off_t length) {
    add(file, fd, length, 0, SIZE_MAX)->new_length = length;
}

/* The kernel wrote less than it was asked to. */
void forget_beyond(struct change *change, size_t written) { change->size = written; }

static struct change *drop(struct change *change) {
    struct change *older = change->older;
    free(change->bytes);
    free(change->old_bytes);
    free(change);
    return older;
}

void forget(struct file *file) {
    while (file->newest) file->newest = drop(file->newest);
}

void doom(struct file *file) {
    for (struct change *change = file->newest; change; change = change->older) change->is_doomed = true;
}

/* Whether something written after `change` touches it: that makes its pages dirty again. */
static bool is_rewritten(const struct file *file, const struct change *change) {
    for (const struct change *newer = file->newest; newer != change; newer = newer->older) {
        off_t end = newer->bytes ? newer->offset + (off_t)newer->size : INT64_MAX;
        if (newer->offset < change->offset + (off_t)change->size && end > change->offset) return true;
    }
    return false;
}

/* The file is on the disk, apart from what a failed sync has doomed. */
void synced(struct file *file) {
    for (struct change *change = file->newest; change; change = change->older)
        change->is_doomed = change->is_doomed && change->bytes && !is_rewritten(file, change);
    for (struct change **place = &file->newest; *place;) {
        if ((*place)->is_doomed) {
            /* The length has come down with the rest. What was never written reads as zeros. */
            struct change *change = *place;
            change->old_bytes = need(realloc(change->old_bytes, change->size + 1));
            if (change->size > change->old_size)
                memset(change->old_bytes + change->old_size, 0, change->size - change->old_size);
            change->old_size = change->size;
            change->old_length = KEPT;
            place = &change->older;
        } else {
            *place = drop(*place);
        }
    }
}

/* Names */

static struct name *add_name(int what, const char *path) {
    struct name *name = need(calloc(1, sizeof *name));
    name->older = newest_name;
    name->what = what;
    snprintf(name->path, sizeof name->path, "%s", path);
    return newest_name = name;
}

void made(const char *path) { add_name(MADE, path); }

/* Moves a file that is about to lose its name to a grave beside the control file; false if there is none. */
bool bury(const char *path, char *grave) {
    static int graves;
    struct stat info;
    if (lstat(path, &info) || S_ISDIR(info.st_mode)) return false;
    snprintf(grave, 4096, "%s.grave.%d.%d", getenv("FAULTS_CONTROL"), getpid(), graves++);
    if (syscall(SYS_rename, path, grave)) return false;
    file_moved(&info, grave);
    return true;
}

void unlinked(const char *path, const char *grave) {
    struct name *name = add_name(UNLINKED, path);
    snprintf(name->grave, sizeof name->grave, "%s", grave);
}

void moved(const char *from, const char *to, const char *grave) {
    struct name *name = add_name(MOVED, from);
    snprintf(name->to, sizeof name->to, "%s", to);
    snprintf(name->grave, sizeof name->grave, "%s", grave);
}

static bool is_in(const char *directory, const char *path) {
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    return !strcmp(dirname(copy), directory);
}

void names_synced(const char *directory) {
    for (struct name **place = &newest_name; *place;) {
        struct name *name = *place;
        if (!is_in(directory, name->what == MOVED ? name->to : name->path)) {
            place = &name->older;
            continue;
        }
        struct stat info;
        if (name->grave[0] && !lstat(name->grave, &info)) {
            file_gone(&info);
            syscall(SYS_unlink, name->grave);
        }
        *place = name->older;
        free(name);
    }
}

static int remove_it(const char *path, const struct stat *info, int flag, struct FTW *where) {
    (void)info, (void)flag, (void)where;
    return remove(path);
}

static void take_back(const struct name *name) {
    if (name->what == MADE) nftw(name->path, remove_it, 16, FTW_DEPTH | FTW_PHYS);
    if (name->what == MOVED) syscall(SYS_rename, name->to, name->path);
    if (name->grave[0]) syscall(SYS_rename, name->grave, name->what == MOVED ? name->to : name->path);
}

/* The cut */

static void undo(int fd, const struct change *change) {
    kernel_write(fd, change->old_bytes, change->old_size, change->offset);
    if (change->old_length != KEPT && ftruncate(fd, change->old_length)) abort();
}

/* Writes again what survives, oldest first. */
static void redo(int fd, const struct change *change) {
    if (!change) return;
    redo(fd, change->older);
    if (change->is_doomed) {
        control->lost++;
        return;
    }
    if (!change->bytes) {
        if (any_number() % 2) { if (ftruncate(fd, change->new_length)) abort(); } else control->lost++;
        return;
    }
    size_t step = control->survive == SOME_SECTORS ? SECTOR : change->size;
    bool is_whole = true;
    for (size_t done = 0; done < change->size; done += step) {
        size_t size = change->size - done < step ? change->size - done : step;
        if (any_number() % 2) kernel_write(fd, change->bytes + done, size, change->offset + (off_t)done);
        else is_whole = false;
    }
    control->lost += !is_whole;
}

static void cut_file(const struct file *file) {
    if (!file->newest) return;
    int fd = kernel_open(file->path, O_RDWR);
    if (fd < 0) return;
    int64_t count = 0;
    for (const struct change *change = file->newest; change; change = change->older, count++) undo(fd, change);
    control->pending += count;
    if (control->survive == NOTHING) control->lost += count;
    else redo(fd, file->newest);
}

/* A directory's changes reach the disk in order: what survives is their beginning. */
static void cut_names(void) {
    int64_t count = 0;
    for (const struct name *name = newest_name; name; name = name->older) count++;
    if (control->names == NAMES_STAY || !count) return;
    int64_t lost = control->names == NAMES_GO ? count : (int64_t)(any_number() % (uint64_t)(count + 1));
    control->pending += count;
    control->lost += lost;
    for (const struct name *name = newest_name; name && lost; name = name->older, lost--) take_back(name);
}

_Noreturn void cut_power(void) {
    for (const struct file *file = files; file; file = file->next) cut_file(file);
    cut_names();
    control->cut_after = 0;
    _exit(99);
}

/* A disk that fails when told to: shared by the calls that we stand before (faults.c) and the power cut (power.c). */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

/* A file of 64-bit numbers that the test has mapped as well; preload.py names them in the same order. */
struct control {
    int64_t write_errno;   /* writing, truncating, creating, renaming and unlinking fail with this; 0: they work */
    int64_t sync_errno;    /* fsync and fdatasync fail with this */
    int64_t sync_delay_ms; /* and take this much longer */
    int64_t short_write;   /* no write takes more bytes than this; 0: all */
    int64_t one_in;        /* only one in so many calls fails, at random; 0 and 1: each */
    int64_t lie;           /* 1: a sync says that it worked, and did nothing */
    int64_t cut_after;     /* the power goes at the n-th write or sync from now; 0: never */
    int64_t survive;       /* which unsynced writes outlive the cut: enum survival */
    int64_t names;         /* what happens to names whose directory was not synced: enum naming */
    int64_t seed;          /* of everything random here */
    int64_t writes, syncs, failures; /* counters: calls below the directory, and how many of them we failed */
    int64_t pending;       /* at the cut: unsynced writes and names */
    int64_t lost;          /* and how many of them the cut took back */
};

enum survival { NOTHING, SOME_WRITES, SOME_SECTORS };
enum naming { NAMES_STAY, NAMES_GO, SOME_NAMES_GO };

/* One inode below the directory, with what was done to it since its last sync, newest first. */
struct file {
    struct file *next;
    dev_t device;
    ino_t inode;
    char path[4096];
    bool is_directory;
    bool is_volatile; /* the WAL's index: mapped memory that SQLite makes anew after a crash */
    struct change *newest;
};

extern struct control *control;

/* All of these are called with the lock held. */
struct file *file_of(const struct stat *info, const char *path);
void file_gone(const struct stat *info);
void file_moved(const struct stat *info, const char *to);
struct change *remember(struct file *file, int fd, off_t offset, const void *bytes, size_t size);
void remember_length(struct file *file, int fd, off_t length);
void forget_beyond(struct change *change, size_t written);
void forget(struct file *file);
void synced(struct file *file);
void doom(struct file *file);
void made(const char *path);
bool bury(const char *path, char *grave);
void unlinked(const char *path, const char *grave);
void moved(const char *from, const char *to, const char *grave);
void names_synced(const char *directory);
uint64_t any_number(void);
_Noreturn void cut_power(void);

#endif

#ifndef CJPEG_JOB_H
#define CJPEG_JOB_H

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "CJPEG.h"

// Everything of one call. It outlives the setjmp in the caller's frame, so that a longjmp leaves it defined.
struct job {
    const cjpeg_request *request;
    struct jpeg_decompress_struct in;
    struct jpeg_compress_struct out;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    struct jpeg_destination_mgr destination;
    jmp_buf escape;
    jvirt_barray_ptr *coefficients; // one array for each component

    uint8_t *bytes; // the output so far
    size_t length, capacity;

    cjpeg_status status;
    char *reason;
};

// job.c
void job_prepare(struct job *job);
_Noreturn void job_fail(struct job *job, cjpeg_status status, const char *reason);

#endif

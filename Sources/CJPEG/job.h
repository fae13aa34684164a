#ifndef CJPEG_JOB_H
#define CJPEG_JOB_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>

#include <jpeglib.h>

#include "CJPEG.h"

#define MAX_PLANES 3

// The overlay brought to the sampling of one component, extended over the padding of the outermost blocks so that
// no edge appears inside a block.
struct plane {
    JDIMENSION left, top, width, height; // in the component's own samples
    const uint8_t *alpha;
    const uint8_t *light;
    bool chroma; // neutral paint is 128 there, whatever its lightness
};

// Everything of one call. It outlives the setjmp in the caller's frame, so that a longjmp leaves it defined.
struct job {
    const cjpeg_request *request;
    struct jpeg_decompress_struct in;
    struct jpeg_compress_struct out;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    struct jpeg_destination_mgr destination;
    jmp_buf escape;
    struct plane planes[MAX_PLANES];

    uint8_t *bytes; // the output so far
    size_t length, capacity;

    cjpeg_status status;
    char *reason;
};

// job.c
void job_prepare(struct job *job);
_Noreturn void job_fail(struct job *job, cjpeg_status status, const char *reason);

// overlay.c
void overlay_fit(struct job *job);
void overlay_blend(const struct plane *plane, JSAMPARRAY rows, JDIMENSION first_row, JDIMENSION row_count);

#endif

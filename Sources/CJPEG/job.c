// What libjpeg calls back: errors, warnings, progress, and our own memory destination.

#include <stdlib.h>
#include <string.h>

#include "job.h"

#include <jerror.h>

void job_fail(struct job *job, cjpeg_status status, const char *reason)
{
    job->status = status;
    snprintf(job->reason, CJPEG_REASON_LENGTH, "%s", reason);
    longjmp(job->escape, 1);
}

static cjpeg_status status_of(int message)
{
    switch (message) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JERR_INPUT_EOF:
    case JERR_INPUT_EMPTY:
        return CJPEG_TRUNCATED;
    case JERR_OUT_OF_MEMORY:
        return CJPEG_NO_MEMORY;
    case JERR_NO_BACKING_STORE: // what exceeding max_memory_to_use comes to
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
        return CJPEG_OVER_LIMIT;
    case JERR_BAD_PRECISION:
    case JERR_BAD_MCU_SIZE:
    case JERR_BAD_SAMPLING:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
        return CJPEG_UNSUPPORTED;
    default:
        return CJPEG_CORRUPT;
    }
}

static void on_error(j_common_ptr cinfo)
{
    struct job *job = cinfo->client_data;
    char text[JMSG_LENGTH_MAX];
    cinfo->err->format_message(cinfo, text);
    job_fail(job, status_of(cinfo->err->msg_code), text);
}

// Level −1 is a warning about damaged data: libjpeg would go on with grey blocks, and a proof must not.
static void on_message(j_common_ptr cinfo, int level)
{
    if (level < 0) on_error(cinfo);
}

static void on_output(j_common_ptr cinfo) { (void)cinfo; }

static void on_progress(j_common_ptr cinfo)
{
    struct job *job = cinfo->client_data;
    if (cinfo->is_decompressor && ((j_decompress_ptr)cinfo)->input_scan_number > job->request->scan_limit)
        job_fail(job, CJPEG_OVER_LIMIT, "more scans than the limit");
}

// jpeg_mem_dest leaves a dangling pointer when it has grown and an error follows, hence our own.

static void offer_room(struct job *job)
{
    job->destination.next_output_byte = job->bytes + job->length;
    job->destination.free_in_buffer = job->capacity - job->length;
}

static void grow(struct job *job, size_t capacity)
{
    if (job->capacity >= job->request->output_limit)
        job_fail(job, CJPEG_OVER_LIMIT, "the stamped picture is larger than the limit");
    if (capacity > job->request->output_limit) capacity = job->request->output_limit;
    uint8_t *bytes = realloc(job->bytes, capacity);
    if (bytes == NULL) job_fail(job, CJPEG_NO_MEMORY, "no memory for the stamped picture");
    job->bytes = bytes;
    job->capacity = capacity;
}

static void begin_output(j_compress_ptr cinfo)
{
    struct job *job = cinfo->client_data;
    grow(job, job->request->length + job->request->length / 4 + 4096);
    offer_room(job);
}

// libjpeg asks for this only when the whole buffer is full, whatever free_in_buffer says.
static boolean more_output(j_compress_ptr cinfo)
{
    struct job *job = cinfo->client_data;
    job->length = job->capacity;
    grow(job, job->capacity * 2);
    offer_room(job);
    return TRUE;
}

static void end_output(j_compress_ptr cinfo)
{
    struct job *job = cinfo->client_data;
    job->length = job->capacity - job->destination.free_in_buffer;
}

void job_prepare(struct job *job)
{
    jpeg_std_error(&job->errors);
    job->errors.error_exit = on_error;
    job->errors.emit_message = on_message;
    job->errors.output_message = on_output;
    job->in.err = job->out.err = &job->errors;
    job->in.client_data = job->out.client_data = job;
    job->progress.progress_monitor = on_progress;
    job->destination.init_destination = begin_output;
    job->destination.empty_output_buffer = more_output;
    job->destination.term_destination = end_output;
}

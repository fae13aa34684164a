// JPEG in, painted JPEG out, one row of blocks at a time: a sequential source is never held as a whole picture.

#include <stdlib.h>
#include <string.h>

#include "job.h"

// Above this the encoder's 16-bit divisors (8 × the entry) overflow; cameras stay below 256.
#define MAX_QUANTISER 4095

static void open_source(struct job *job)
{
    const cjpeg_request *r = job->request;
    jpeg_create_decompress(&job->in);
    job->in.progress = &job->progress;
    job->in.mem->max_memory_to_use = (long)r->memory_limit;
    jpeg_mem_src(&job->in, r->source, (unsigned long)r->length);
    jpeg_read_header(&job->in, TRUE);
    if (job->in.image_width != r->width || job->in.image_height != r->height || job->in.num_components != r->components)
        job_fail(job, CJPEG_CORRUPT, "the header says different things in different places");
    if (job->in.data_precision != 8) job_fail(job, CJPEG_UNSUPPORTED, "samples are not of 8 bits");
    const J_COLOR_SPACE space = job->in.jpeg_color_space;
    if (space != JCS_GRAYSCALE && space != JCS_YCbCr && space != JCS_RGB)
        job_fail(job, CJPEG_UNSUPPORTED, "neither grey, YCbCr nor RGB");
    job->in.raw_data_out = TRUE;
    job->in.dct_method = JDCT_ISLOW;
    // Smoothing would invent detail where a progressive file left it out.
    job->in.do_block_smoothing = FALSE;
    // Of a file of several scans this reads all of them.
    jpeg_start_decompress(&job->in);
}

// Gives component `i` its own latched table: a slot may be redefined between scans, so slots cannot be copied.
static void copy_quantiser(struct job *job, int i)
{
    const JQUANT_TBL *table = job->in.comp_info[i].quant_table;
    if (table == NULL) job_fail(job, CJPEG_CORRUPT, "a component has no quantisation table or no scan");
    for (int k = 0; k < DCTSIZE2; k++) {
        // The encoder divides by these.
        if (table->quantval[k] == 0 || table->quantval[k] > MAX_QUANTISER)
            job_fail(job, CJPEG_CORRUPT, "a quantisation table holds an impossible value");
    }
    int slot = i;
    for (int j = 0; j < i; j++) {
        const JQUANT_TBL *other = job->in.comp_info[j].quant_table;
        if (memcmp(other->quantval, table->quantval, sizeof table->quantval) == 0) {
            slot = job->out.comp_info[j].quant_tbl_no;
            break;
        }
    }
    JQUANT_TBL **target = &job->out.quant_tbl_ptrs[slot];
    if (*target == NULL) *target = jpeg_alloc_quant_table((j_common_ptr)&job->out);
    memcpy((*target)->quantval, table->quantval, sizeof table->quantval);
    job->out.comp_info[i].quant_tbl_no = slot;
}

static void open_target(struct job *job)
{
    const struct jpeg_decompress_struct *in = &job->in;
    struct jpeg_compress_struct *out = &job->out;
    jpeg_create_compress(out);
    out->dest = &job->destination;
    out->mem->max_memory_to_use = (long)job->request->memory_limit;
    out->image_width = in->image_width;
    out->image_height = in->image_height;
    out->input_components = in->num_components;
    out->in_color_space = in->jpeg_color_space;
    // Standard Huffman tables: complete, so every symbol has a code. The source's own may lack some.
    jpeg_set_defaults(out);
    jpeg_set_colorspace(out, in->jpeg_color_space);
    for (int i = 0; i < in->num_components; i++) {
        out->comp_info[i].component_id = in->comp_info[i].component_id;
        out->comp_info[i].h_samp_factor = in->comp_info[i].h_samp_factor;
        out->comp_info[i].v_samp_factor = in->comp_info[i].v_samp_factor;
        copy_quantiser(job, i);
    }
    out->raw_data_in = TRUE;
    out->dct_method = JDCT_ISLOW;
    out->restart_interval = in->restart_interval;
    // The source's own JFIF and Adobe segments are replayed.
    out->write_JFIF_header = FALSE;
    out->write_Adobe_marker = FALSE;
    jpeg_start_compress(out, TRUE);
    for (size_t i = 0; i < job->request->segment_count; i++) {
        const cjpeg_segment *s = &job->request->segments[i];
        jpeg_write_marker(out, s->code, job->request->source + s->offset, s->length);
    }
}

static void copy_rows(struct job *job)
{
    JSAMPARRAY planes[MAX_PLANES];
    for (int i = 0; i < job->in.num_components; i++) {
        const jpeg_component_info *c = &job->in.comp_info[i];
        planes[i] = job->in.mem->alloc_sarray(
            (j_common_ptr)&job->in, JPOOL_IMAGE, c->width_in_blocks * DCTSIZE,
            (JDIMENSION)(c->v_samp_factor * DCTSIZE));
    }
    const JDIMENSION lines = (JDIMENSION)(job->in.max_v_samp_factor * DCTSIZE);
    for (JDIMENSION row = 0; job->in.output_scanline < job->in.output_height; row++) {
        if (jpeg_read_raw_data(&job->in, planes, lines) == 0)
            job_fail(job, CJPEG_TRUNCATED, "the data end too early");
        for (int i = 0; i < job->in.num_components; i++) {
            const JDIMENSION height = (JDIMENSION)(job->in.comp_info[i].v_samp_factor * DCTSIZE);
            overlay_blend(&job->planes[i], planes[i], row * height, height);
        }
        jpeg_write_raw_data(&job->out, planes, lines);
    }
}

static void run(struct job *job)
{
    if (setjmp(job->escape) == 0) {
        open_source(job);
        overlay_fit(job);
        open_target(job);
        copy_rows(job);
        jpeg_finish_decompress(&job->in);
        jpeg_finish_compress(&job->out);
    }
    jpeg_destroy_decompress(&job->in);
    jpeg_destroy_compress(&job->out);
}

cjpeg_status cjpeg_stamp(const cjpeg_request *request, cjpeg_output *output, char *reason)
{
    struct job job;
    memset(&job, 0, sizeof job);
    job.request = request;
    job.reason = reason;
    reason[0] = '\0';
    job_prepare(&job);
    run(&job);
    if (job.status != CJPEG_STAMPED) {
        free(job.bytes);
        job.bytes = NULL;
        job.length = 0;
    }
    output->bytes = job.bytes;
    output->length = job.length;
    return job.status;
}

void cjpeg_free(cjpeg_output *output)
{
    free(output->bytes);
    output->bytes = NULL;
    output->length = 0;
}

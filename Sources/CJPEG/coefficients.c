// Coefficients in, coefficients out: nothing is decoded to samples, so what is not visited stays as it was.

#include <stdlib.h>
#include <string.h>

#include "job.h"

// What 8-bit samples can give, and the codes reach: T.81 tables F.1 and F.2.
#define LARGEST 1023
#define LEAST_DC (-1024)

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
    if ((space == JCS_RGB) != r->is_rgb)
        job_fail(job, CJPEG_CORRUPT, "the header says different things of its colours");
    // Of a file of several scans this reads all of them.
    job->coefficients = jpeg_read_coefficients(&job->in);
}

static void check_quantiser(struct job *job, const jpeg_component_info *c)
{
    if (c->quant_table == NULL) job_fail(job, CJPEG_CORRUPT, "a component has no quantisation table or no scan");
    for (int k = 0; k < DCTSIZE2; k++) {
        if (c->quant_table->quantval[k] == 0)
            job_fail(job, CJPEG_CORRUPT, "a quantisation table holds an impossible value");
    }
}

// libjpeg reads larger coefficients than it has codes for, and would write such without a word.
static void check_row(struct job *job, const JCOEF *blocks, size_t count)
{
    // All are below a power of two if their union is.
    unsigned bits = 0;
    for (size_t k = 0; k < count * DCTSIZE2; k++) {
        const int sign = blocks[k] >> 15;
        bits |= (unsigned)((blocks[k] ^ sign) - sign);
    }
    if (bits <= LARGEST) return;
    for (size_t k = 0; k < count * DCTSIZE2; k++) {
        const int least = k % DCTSIZE2 == 0 ? LEAST_DC : -LARGEST;
        if (blocks[k] < least || blocks[k] > LARGEST)
            job_fail(job, CJPEG_CORRUPT, "a coefficient is larger than 8-bit samples can give");
    }
}

// Every row of every component, once.
static void visit_rows(struct job *job)
{
    const cjpeg_request *r = job->request;
    for (int i = 0; i < job->in.num_components; i++) {
        const jpeg_component_info *c = &job->in.comp_info[i];
        const cjpeg_blocks *v = &r->visited[i];
        check_quantiser(job, c);
        if (v->left > c->width_in_blocks || v->width > c->width_in_blocks - v->left)
            job_fail(job, CJPEG_CORRUPT, "the header says different things in different places");
        for (JDIMENSION row = 0; row < c->height_in_blocks; row++) {
            const bool seen = row >= v->top && row - v->top < v->height;
            JBLOCKARRAY rows = job->in.mem->access_virt_barray(
                (j_common_ptr)&job->in, job->coefficients[i], row, 1, seen);
            check_row(job, rows[0][0], c->width_in_blocks);
            if (seen) r->visit(r->context, i, row, v->left, v->width, rows[0][v->left], c->quant_table->quantval);
        }
    }
}

// Gives component `i` its own latched table: a slot may be redefined between scans, so slots cannot be copied.
static void copy_quantiser(struct job *job, int i)
{
    const JQUANT_TBL *table = job->in.comp_info[i].quant_table;
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

static void write_target(struct job *job)
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
    out->restart_interval = in->restart_interval;
    // The source's own JFIF and Adobe segments are replayed.
    out->write_JFIF_header = FALSE;
    out->write_Adobe_marker = FALSE;
    jpeg_write_coefficients(out, job->coefficients);
    for (size_t i = 0; i < job->request->segment_count; i++) {
        const cjpeg_segment *s = &job->request->segments[i];
        jpeg_write_marker(out, s->code, job->request->source + s->offset, s->length);
    }
    jpeg_finish_compress(out);
}

static void run(struct job *job, bool writes)
{
    if (setjmp(job->escape) == 0) {
        open_source(job);
        visit_rows(job);
        if (writes) write_target(job);
        jpeg_finish_decompress(&job->in);
    }
    jpeg_destroy_decompress(&job->in);
    jpeg_destroy_compress(&job->out);
}

static void begin(struct job *job, const cjpeg_request *request, char *reason)
{
    memset(job, 0, sizeof *job);
    job->request = request;
    job->reason = reason;
    reason[0] = '\0';
    job_prepare(job);
}

cjpeg_status cjpeg_paint(const cjpeg_request *request, cjpeg_output *output, char *reason)
{
    struct job job;
    begin(&job, request, reason);
    run(&job, true);
    if (job.status != CJPEG_DONE) {
        free(job.bytes);
        job.bytes = NULL;
        job.length = 0;
    }
    output->bytes = job.bytes;
    output->length = job.length;
    return job.status;
}

cjpeg_status cjpeg_read(const cjpeg_request *request, char *reason)
{
    struct job job;
    begin(&job, request, reason);
    run(&job, false);
    return job.status;
}

void cjpeg_free(cjpeg_output *output)
{
    free(output->bytes);
    output->bytes = NULL;
    output->length = 0;
}

// The overlay in the sampling of each component, and laying it over rows as they pass.

#include <string.h>

#include "job.h"

static unsigned divide_255(unsigned v) { return (v + 128 + ((v + 128) >> 8)) >> 8; }

static JDIMENSION ceil_ratio(uint64_t n, uint64_t d) { return (JDIMENSION)((n + d - 1) / d); }

static JDIMENSION least(JDIMENSION a, JDIMENSION b) { return a < b ? a : b; }

static void *image_memory(struct job *job, size_t size)
{
    return job->in.mem->alloc_large((j_common_ptr)&job->in, JPOOL_IMAGE, size > 0 ? size : 1);
}

// Where the overlay lies in a component with factors h, v of H, V. An overlay that reaches the picture's right or
// bottom edge goes on to the end of the last block.
static void place(struct job *job, const jpeg_component_info *c, struct plane *plane)
{
    const cjpeg_overlay *o = &job->request->overlay;
    const uint64_t h = c->h_samp_factor, H = job->in.max_h_samp_factor;
    const uint64_t v = c->v_samp_factor, V = job->in.max_v_samp_factor;
    const JDIMENSION block_width = c->width_in_blocks * DCTSIZE, block_height = c->height_in_blocks * DCTSIZE;
    JDIMENSION right = block_width, bottom = block_height;
    if (o->left + o->width < job->in.image_width)
        right = least(block_width, ceil_ratio((uint64_t)(o->left + o->width) * h, H));
    if (o->top + o->height < job->in.image_height)
        bottom = least(block_height, ceil_ratio((uint64_t)(o->top + o->height) * v, V));
    plane->left = (JDIMENSION)(o->left * h / H);
    plane->top = (JDIMENSION)(o->top * v / V);
    plane->width = right > plane->left ? right - plane->left : 0;
    plane->height = bottom > plane->top ? bottom - plane->top : 0;
}

// One row of the overlay, or the sum of several.
struct columns {
    uint16_t *alpha, *light;
};

// Sums the picture's rows y0…y1−1 over the overlay's columns; rows past the edge repeat the edge, those off the
// overlay are clear.
static void sum_rows(const struct job *job, JDIMENSION y0, JDIMENSION y1, struct columns *columns)
{
    const cjpeg_overlay *o = &job->request->overlay;
    memset(columns->alpha, 0, o->width * sizeof *columns->alpha);
    memset(columns->light, 0, o->width * sizeof *columns->light);
    for (JDIMENSION y = y0; y < y1; y++) {
        const JDIMENSION row = least(y, job->in.image_height - 1) - o->top;
        if (row >= o->height) continue; // above, too: the difference wraps
        const uint8_t *alpha = o->alpha + (size_t)row * o->width, *light = o->light + (size_t)row * o->width;
        for (JDIMENSION x = 0; x < o->width; x++) {
            columns->alpha[x] = (uint16_t)(columns->alpha[x] + alpha[x]);
            columns->light[x] = (uint16_t)(columns->light[x] + light[x]);
        }
    }
}

// Averages each sample's box of columns, columns past the edge and off the overlay likewise.
static void average_columns(
    const struct job *job, const struct columns *columns, const JDIMENSION *starts, const JDIMENSION *ends,
    JDIMENSION rows, const struct plane *plane, uint8_t *alpha, uint8_t *light)
{
    const cjpeg_overlay *o = &job->request->overlay;
    const JDIMENSION last = job->in.image_width - 1;
    for (JDIMENSION i = 0; i < plane->width; i++) {
        unsigned alphas = 0, lights = 0;
        for (JDIMENSION x = starts[i]; x < ends[i]; x++) {
            const JDIMENSION column = least(x, last) - o->left;
            if (column >= o->width) continue;
            alphas += columns->alpha[column];
            lights += columns->light[column];
        }
        const unsigned pixels = (ends[i] - starts[i]) * rows;
        alpha[i] = (uint8_t)((alphas + pixels / 2) / pixels);
        light[i] = (uint8_t)((lights + pixels / 2) / pixels);
    }
}

// Fills a placed plane: each sample gets the mean of the pixels it covers.
static void average(struct job *job, const jpeg_component_info *c, struct plane *plane)
{
    const uint64_t h = c->h_samp_factor, H = job->in.max_h_samp_factor;
    const uint64_t v = c->v_samp_factor, V = job->in.max_v_samp_factor;
    const size_t area = (size_t)plane->width * plane->height, overlay_width = job->request->overlay.width;
    uint8_t *alpha = image_memory(job, area), *light = image_memory(job, area);
    JDIMENSION *starts = image_memory(job, plane->width * sizeof *starts);
    JDIMENSION *ends = image_memory(job, plane->width * sizeof *ends);
    struct columns columns = {
        image_memory(job, overlay_width * sizeof *columns.alpha),
        image_memory(job, overlay_width * sizeof *columns.light),
    };
    for (JDIMENSION i = 0; i < plane->width; i++) {
        starts[i] = (JDIMENSION)((plane->left + i) * H / h);
        ends[i] = ceil_ratio((plane->left + i + 1) * H, h);
    }
    for (JDIMENSION i = 0; i < plane->height; i++) {
        const JDIMENSION y0 = (JDIMENSION)((plane->top + i) * V / v), y1 = ceil_ratio((plane->top + i + 1) * V, v);
        sum_rows(job, y0, y1, &columns);
        const size_t row = (size_t)i * plane->width;
        average_columns(job, &columns, starts, ends, y1 - y0, plane, alpha + row, light + row);
    }
    plane->alpha = alpha;
    plane->light = light;
}

void overlay_fit(struct job *job)
{
    for (int i = 0; i < job->in.num_components; i++) {
        const jpeg_component_info *c = &job->in.comp_info[i];
        struct plane *plane = &job->planes[i];
        const bool as_before = i > 0 && c[-1].h_samp_factor == c->h_samp_factor
                               && c[-1].v_samp_factor == c->v_samp_factor;
        if (as_before) {
            *plane = plane[-1];
        } else {
            place(job, c, plane);
            average(job, c, plane);
        }
        plane->chroma = i > 0 && job->in.jpeg_color_space == JCS_YCbCr;
    }
}

void overlay_blend(const struct plane *plane, JSAMPARRAY rows, JDIMENSION first_row, JDIMENSION row_count)
{
    const JDIMENSION end = plane->top + plane->height;
    for (JDIMENSION y = first_row > plane->top ? first_row : plane->top; y < end && y < first_row + row_count; y++) {
        JSAMPROW s = rows[y - first_row] + plane->left;
        const size_t row = (size_t)(y - plane->top) * plane->width;
        const uint8_t *alpha = plane->alpha + row;
        if (plane->chroma) {
            for (JDIMENSION x = 0; x < plane->width; x++)
                s[x] = (JSAMPLE)divide_255(s[x] * (255u - alpha[x]) + CENTERJSAMPLE * alpha[x]);
        } else {
            const uint8_t *light = plane->light + row;
            for (JDIMENSION x = 0; x < plane->width; x++) {
                const unsigned v = divide_255(s[x] * (255u - alpha[x])) + light[x];
                s[x] = (JSAMPLE)(v < MAXJSAMPLE ? v : MAXJSAMPLE);
            }
        }
    }
}

#ifndef CJPEG_H
#define CJPEG_H

#include <stddef.h>
#include <stdint.h>

// One door to libjpeg: a JPEG in, the same JPEG with an overlay out. libjpeg reports errors by longjmp, which Swift
// cannot cross, so the whole life of its objects stays behind this call.

typedef enum {
    CJPEG_STAMPED = 0,
    // The data are damaged; libjpeg's sentence is in `reason`.
    CJPEG_CORRUPT,
    // The data end too early.
    CJPEG_TRUNCATED,
    // Legal, and not ours to write again: precision, components, sampling.
    CJPEG_UNSUPPORTED,
    // Over the memory, scan or output limit of the request.
    CJPEG_OVER_LIMIT,
    // The machine has no memory left.
    CJPEG_NO_MEMORY,
} cjpeg_status;

// A header segment to write again, in the order given.
typedef struct {
    int code;        // 0xE0…0xEF or 0xFE
    size_t offset;   // of its payload in the source
    unsigned length; // of its payload, at most 65,533
} cjpeg_segment;

// Neutral paint over a rectangle of the stored picture, row by row without padding.
// A sample s becomes s·(255 − alpha)/255 + light; light is premultiplied, so light ≤ alpha.
typedef struct {
    uint32_t left, top, width, height;
    const uint8_t *alpha;
    const uint8_t *light;
} cjpeg_overlay;

typedef struct {
    const uint8_t *source;
    size_t length;
    // What the caller read from the header; libjpeg must agree.
    uint32_t width, height;
    int components;
    const cjpeg_segment *segments;
    size_t segment_count;
    cjpeg_overlay overlay;
    size_t memory_limit; // bytes of coefficients libjpeg may hold
    size_t output_limit; // bytes
    int scan_limit;
} cjpeg_request;

typedef struct {
    uint8_t *bytes; // free with cjpeg_free
    size_t length;
} cjpeg_output;

#define CJPEG_REASON_LENGTH 200

// Decodes to the component planes as stored (no colour conversion, no resampling), paints, and encodes with the
// source's quantisation tables, sampling factors, component ids and restart interval as baseline Huffman.
// Any warning of libjpeg refuses. `reason` has room for CJPEG_REASON_LENGTH bytes and ends in NUL.
cjpeg_status cjpeg_stamp(const cjpeg_request *request, cjpeg_output *output, char *reason);

void cjpeg_free(cjpeg_output *output);

#endif

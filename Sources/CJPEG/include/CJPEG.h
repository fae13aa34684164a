#ifndef CJPEG_H
#define CJPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One door to libjpeg: a JPEG's coefficients in, the same with some blocks painted out. libjpeg reports errors by
// longjmp, which Swift cannot cross, so the whole life of its objects stays behind each call.

typedef enum {
    CJPEG_DONE = 0,
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

// A rectangle of a component's blocks.
typedef struct {
    uint32_t left, top, width, height;
} cjpeg_blocks;

// Sees, and may change, `count` blocks of 64 coefficients (quantised, natural order) of one row, from column `left`
// on. It must return: whatever it calls may not jump over libjpeg's frames either.
typedef void (*cjpeg_visit)(
    void *context, int component, uint32_t row, uint32_t left, uint32_t count, int16_t *blocks,
    const uint16_t *quantisers);

typedef struct {
    const uint8_t *source;
    size_t length;
    // What the caller read from the header; libjpeg must agree.
    uint32_t width, height;
    int components;
    bool is_rgb;
    const cjpeg_segment *segments;
    size_t segment_count;
    cjpeg_blocks visited[3]; // for each component
    cjpeg_visit visit;
    void *context;
    size_t memory_limit; // bytes of coefficients libjpeg may hold
    size_t output_limit; // bytes
    int scan_limit;
} cjpeg_request;

typedef struct {
    uint8_t *bytes; // free with cjpeg_free
    size_t length;
} cjpeg_output;

#define CJPEG_REASON_LENGTH 200

// Reads all coefficients, lets the visited ones be changed, and writes them with the source's quantisation tables,
// sampling factors, component ids and restart interval as baseline Huffman. Any warning of libjpeg refuses. `reason`
// has room for CJPEG_REASON_LENGTH bytes and ends in NUL.
cjpeg_status cjpeg_paint(const cjpeg_request *request, cjpeg_output *output, char *reason);

// Reads all coefficients and lets the visited ones be seen.
cjpeg_status cjpeg_read(const cjpeg_request *request, char *reason);

void cjpeg_free(cjpeg_output *output);

#endif

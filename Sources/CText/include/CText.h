#ifndef CTEXT_H
#define CTEXT_H

#include <stddef.h>
#include <stdint.h>

// One door to FreeType and HarfBuzz: shape a line of UTF-8 and add its coverage to two masks, the fill and an
// outline around it. A font is not safe to use from two threads at once.

typedef struct ctext_font ctext_font;

// Rows of `width` bytes without padding, 0 = untouched … 255 = covered.
typedef struct {
    uint8_t *fill;
    uint8_t *outline;
    int width, height;
} ctext_canvas;

// Opens the first face of a font file. NULL on failure, with FreeType's error number in `error`.
ctext_font *ctext_open(const char *path, int *error);
void ctext_close(ctext_font *font);

// The height of the em in pixels, and how far the outline reaches out of the glyph, in 1/64 pixel.
// 0, or FreeType's error number.
int ctext_set_size(ctext_font *font, unsigned pixels, unsigned outline);

// Pixels above and below the baseline that the face's letters may need, without the outline.
int ctext_ascent(const ctext_font *font);
int ctext_descent(const ctext_font *font);

// How many glyphs of the shaped text the font lacks; −1 when memory ran out.
int ctext_missing(ctext_font *font, const char *text, size_t length);

// The shaped text's advance in pixels, rounded up; −1 when memory ran out.
int ctext_advance(ctext_font *font, const char *text, size_t length);

// Draws from (x, baseline); what falls outside the canvas is not drawn. 0, or FreeType's error number.
int ctext_draw(ctext_font *font, const char *text, size_t length, int x, int baseline, ctext_canvas *canvas);

#endif

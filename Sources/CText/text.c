#include "CText.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <hb-ft.h>
#include <hb.h>

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_GLYPH_H
#include FT_STROKER_H

// Unhinted outlines: the stamp is large, and hinting would make the advances depend on the size.
#define LOAD_FLAGS (FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP)

// A caption repeats its digits; rendering a glyph costs far more than finding it. A power of two.
#define CACHE_SLOTS 512

struct cached_glyph {
    bool present;
    FT_UInt index;
    FT_BitmapGlyph fill, outline;
};

struct ctext_font {
    FT_Library library;
    FT_Face face;
    FT_Stroker stroker;
    hb_font_t *shaper;
    hb_buffer_t *buffer;
    struct cached_glyph cache[CACHE_SLOTS]; // at the current size
};

static void clear_slot(struct cached_glyph *slot)
{
    if (slot->fill != NULL) FT_Done_Glyph((FT_Glyph)slot->fill);
    if (slot->outline != NULL) FT_Done_Glyph((FT_Glyph)slot->outline);
    memset(slot, 0, sizeof *slot);
}

static void clear_cache(ctext_font *font)
{
    for (int i = 0; i < CACHE_SLOTS; i++) clear_slot(&font->cache[i]);
}

void ctext_close(ctext_font *font)
{
    if (font == NULL) return;
    clear_cache(font);
    hb_buffer_destroy(font->buffer);
    hb_font_destroy(font->shaper);
    if (font->stroker != NULL) FT_Stroker_Done(font->stroker);
    if (font->face != NULL) FT_Done_Face(font->face);
    if (font->library != NULL) FT_Done_FreeType(font->library);
    free(font);
}

ctext_font *ctext_open(const char *path, int *error)
{
    ctext_font *font = calloc(1, sizeof *font);
    if (font == NULL) {
        *error = FT_Err_Out_Of_Memory;
        return NULL;
    }
    *error = FT_Init_FreeType(&font->library);
    if (*error == 0) *error = FT_New_Face(font->library, path, 0, &font->face);
    if (*error == 0) *error = FT_Stroker_New(font->library, &font->stroker);
    if (*error == 0 && !FT_IS_SCALABLE(font->face)) *error = FT_Err_Invalid_File_Format;
    if (*error != 0) {
        ctext_close(font);
        return NULL;
    }
    font->shaper = hb_ft_font_create_referenced(font->face);
    hb_ft_font_set_load_flags(font->shaper, LOAD_FLAGS);
    font->buffer = hb_buffer_create();
    return font;
}

int ctext_set_size(ctext_font *font, unsigned pixels, unsigned outline)
{
    clear_cache(font);
    const int error = FT_Set_Pixel_Sizes(font->face, 0, pixels);
    if (error != 0) return error;
    hb_ft_font_changed(font->shaper);
    FT_Stroker_Set(font->stroker, (FT_Fixed)outline, FT_STROKER_LINECAP_ROUND, FT_STROKER_LINEJOIN_ROUND, 0);
    return 0;
}

static int ceil_64(FT_Pos v) { return (int)((v + 63) >> 6); }

int ctext_ascent(const ctext_font *font) { return ceil_64(font->face->size->metrics.ascender); }

int ctext_descent(const ctext_font *font) { return ceil_64(-font->face->size->metrics.descender); }

// Shapes into the font's buffer, left to right: a caption's fields are set one after the other in every language.
static bool shape(ctext_font *font, const char *text, size_t length)
{
    hb_buffer_reset(font->buffer);
    hb_buffer_add_utf8(font->buffer, text, (int)length, 0, (int)length);
    hb_buffer_guess_segment_properties(font->buffer);
    hb_buffer_set_direction(font->buffer, HB_DIRECTION_LTR);
    hb_buffer_set_language(font->buffer, hb_language_from_string("zh-Hans", -1));
    hb_shape(font->shaper, font->buffer, NULL, 0);
    return hb_buffer_allocation_successful(font->buffer);
}

int ctext_missing(ctext_font *font, const char *text, size_t length)
{
    if (!shape(font, text, length)) return -1;
    unsigned count = 0;
    const hb_glyph_info_t *glyphs = hb_buffer_get_glyph_infos(font->buffer, &count);
    int missing = 0;
    for (unsigned i = 0; i < count; i++) missing += glyphs[i].codepoint == 0;
    return missing;
}

int ctext_advance(ctext_font *font, const char *text, size_t length)
{
    if (!shape(font, text, length)) return -1;
    unsigned count = 0;
    const hb_glyph_position_t *positions = hb_buffer_get_glyph_positions(font->buffer, &count);
    FT_Pos advance = 0;
    for (unsigned i = 0; i < count; i++) advance += positions[i].x_advance;
    return ceil_64(advance);
}

// Renders a copy of `glyph`, so that the caller's stays an outline.
static int rasterise(FT_Glyph glyph, FT_BitmapGlyph *bitmap)
{
    FT_Glyph copy = NULL;
    int error = FT_Glyph_Copy(glyph, &copy);
    if (error != 0) return error;
    error = FT_Glyph_To_Bitmap(&copy, FT_RENDER_MODE_NORMAL, NULL, 1);
    if (error != 0)
        FT_Done_Glyph(copy);
    else
        *bitmap = (FT_BitmapGlyph)copy;
    return error;
}

// The stroke runs on both sides of the contour; its inner half disappears under the fill.
static int render(ctext_font *font, FT_UInt index, struct cached_glyph *slot)
{
    FT_Glyph glyph = NULL;
    int error = FT_Load_Glyph(font->face, index, LOAD_FLAGS);
    if (error == 0) error = FT_Get_Glyph(font->face->glyph, &glyph);
    if (error != 0) return error;
    if (glyph->format != FT_GLYPH_FORMAT_OUTLINE) {
        FT_Done_Glyph(glyph);
        return FT_Err_Invalid_Glyph_Format;
    }
    error = rasterise(glyph, &slot->fill);
    if (error == 0) error = FT_Glyph_Stroke(&glyph, font->stroker, 1);
    if (error == 0) error = rasterise(glyph, &slot->outline);
    FT_Done_Glyph(glyph);
    if (error != 0) {
        clear_slot(slot);
        return error;
    }
    slot->index = index;
    slot->present = true;
    return 0;
}

static int find(ctext_font *font, FT_UInt index, const struct cached_glyph **found)
{
    struct cached_glyph *slot = &font->cache[index % CACHE_SLOTS];
    *found = slot;
    if (slot->present && slot->index == index) return 0;
    clear_slot(slot);
    return render(font, index, slot);
}

// Neighbouring glyphs overlap by their outlines: the larger coverage wins.
static void add(const FT_BitmapGlyph glyph, int x, int baseline, uint8_t *mask, int width, int height)
{
    const FT_Bitmap *bitmap = &glyph->bitmap;
    for (int row = 0; row < (int)bitmap->rows; row++) {
        const int y = baseline - glyph->top + row;
        if (y < 0 || y >= height) continue;
        const uint8_t *from = bitmap->buffer + (ptrdiff_t)row * bitmap->pitch;
        uint8_t *to = mask + (size_t)y * (size_t)width;
        for (int column = 0; column < (int)bitmap->width; column++) {
            const int at = x + glyph->left + column;
            if (at >= 0 && at < width && from[column] > to[at]) to[at] = from[column];
        }
    }
}

int ctext_draw(ctext_font *font, const char *text, size_t length, int x, int baseline, ctext_canvas *canvas)
{
    if (!shape(font, text, length)) return FT_Err_Out_Of_Memory;
    unsigned count = 0;
    const hb_glyph_info_t *glyphs = hb_buffer_get_glyph_infos(font->buffer, &count);
    const hb_glyph_position_t *positions = hb_buffer_get_glyph_positions(font->buffer, &count);
    FT_Pos pen_x = (FT_Pos)x * 64, pen_y = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct cached_glyph *glyph;
        const int error = find(font, glyphs[i].codepoint, &glyph);
        if (error != 0) return error;
        const int at = (int)((pen_x + positions[i].x_offset + 32) >> 6);
        const int line = baseline - (int)((pen_y + positions[i].y_offset + 32) >> 6);
        add(glyph->fill, at, line, canvas->fill, canvas->width, canvas->height);
        add(glyph->outline, at, line, canvas->outline, canvas->width, canvas->height);
        pen_x += positions[i].x_advance;
        pen_y += positions[i].y_advance;
    }
    return 0;
}

/* Pictures by their bytes: what format, how many pixels; a grey one of the same size; one without its metadata.
 *
 * Pure functions over bytes that anyone may have sent: no read past `len`, O(len), no allocation. Sources: PNG (ISO/IEC
 * 15948), JPEG (ITU-T T.81, JFIF 1.02), GIF89a, WebP (RFC 9649), BMP (the BITMAPINFOHEADER of Windows), SVG 1.1. */
#ifndef BAU_MASKERS_IMAGE_H
#define BAU_MASKERS_IMAGE_H

#include "bauta/base.h"

typedef enum {
    BAU_IMAGE_PNG,
    BAU_IMAGE_JPEG,
    BAU_IMAGE_GIF,
    BAU_IMAGE_WEBP,
    BAU_IMAGE_BMP,
    BAU_IMAGE_SVG,
} bau_image_kind;

struct bau_image {
    bau_image_kind kind;
    uint32_t width, height; /* pixels, at least 1 */
};

/* False: none of these formats, or its header does not say a size. */
bool bau_image_read(const uint8_t *p, size_t len, struct bau_image *out) BAU_MUST_CHECK;

/* A grey picture of that format and size; a PNG, JPEG or WebP that would take more than BAU_IMAGE_MOST bytes or more
 * than the format can say is halved in width and height until it fits. dst has BAU_IMAGE_MOST bytes. */
enum { BAU_IMAGE_MOST = 64 * 1024 };
size_t bau_image_placeholder(struct bau_image image, uint8_t *dst);

/* The picture without what is no part of it: dst has `len` bytes. False: a structure that cannot be followed to its
 * end, or a format this does not know how to clean (SVG, and whatever bau_image_read does not know).
 *   JPEG  kept: APP0 (JFIF), APP2 (ICC profile), APP14 (Adobe), tables, frames, scans; not what follows the end
 *   PNG   kept: what makes the picture (IHDR PLTE IDAT IEND, colour space, transparency, size, animation)
 *   WebP  kept: VP8 VP8L VP8X ALPH ANIM ANMF ICCP
 *   GIF   kept: pictures, colour tables, timing, loops (NETSCAPE2.0)
 *   BMP   has no metadata; what follows its length is left out */
bool bau_image_strip(const uint8_t *p, size_t len, uint8_t *dst, size_t *out_len) BAU_MUST_CHECK;

/* Numbers in files. */
static inline uint32_t bau_be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t bau_be32(const uint8_t *p)
{
    return bau_be16(p) << 16 | bau_be16(p + 2);
}

static inline uint32_t bau_le16(const uint8_t *p)
{
    return (uint32_t)p[1] << 8 | p[0];
}

static inline uint32_t bau_le32(const uint8_t *p)
{
    return bau_le16(p + 2) << 16 | bau_le16(p);
}

#endif

/* Pictures without their metadata: each format's blocks one by one, those on a list are kept. */
#include "maskers/image.h"

#include <string.h>

struct out {
    uint8_t *at;
};

static void put(struct out *o, const uint8_t *p, size_t n)
{
    memcpy(o->at, p, n);
    o->at += n;
}

static bool is_one_of(const uint8_t *name, const char *list)
{
    for (; *list; list += 4 + (list[4] == ' '))
        if (memcmp(name, list, 4) == 0)
            return true;
    return false;
}

/* A critical chunk has a capital; of the others those that change how it looks. */
static bool strip_png(const uint8_t *p, size_t len, struct out *o)
{
    static const char kept[] =
        "gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT bKGD hIST tRNS pHYs sPLT acTL fcTL fdAT";
    put(o, p, 8);
    for (size_t i = 8; len - i >= 12;) {
        const size_t n = bau_be32(p + i);
        const uint8_t *type = p + i + 4;
        if (n > len - i - 12 || (i == 8) != (memcmp(type, "IHDR", 4) == 0))
            return false;
        if (!(type[0] & 0x20) || is_one_of(type, kept))
            put(o, p + i, n + 12);
        i += n + 12;
        if (memcmp(type, "IEND", 4) == 0)
            return true;
    }
    return false;
}

/* Of APP0 only JFIF (JFXX is a thumbnail), of APP2 only the colour profile, APP14 says how colours are coded. */
static bool keeps_segment(uint8_t marker, const uint8_t *data, size_t n)
{
    if (marker == 0xE0)
        return n >= 5 && memcmp(data, "JFIF", 5) == 0;
    if (marker == 0xE2)
        return n >= 12 && memcmp(data, "ICC_PROFILE", 12) == 0;
    return marker == 0xEE || (marker < 0xE0 && marker >= 0xC0);
}

/* Past the coded data of a scan: up to a marker that is neither a stuffed byte nor a restart. */
static size_t scan_end(const uint8_t *p, size_t len, size_t i)
{
    while (i + 1 < len &&
           (p[i] != 0xFF || p[i + 1] == 0 || p[i + 1] == 0xFF || (p[i + 1] >= 0xD0 && p[i + 1] <= 0xD7)))
        i++;
    return i;
}

/* A JFIF thumbnail of the APP0 segment at p, of `size` bytes without the marker, is left out. */
static void put_jfif(struct out *o, const uint8_t *p, size_t size)
{
    uint8_t head[18];
    if (size < 16) {
        put(o, p, size + 2);
        return;
    }
    memcpy(head, p, sizeof head);
    head[2] = 0;
    head[3] = 16;
    head[16] = head[17] = 0;
    put(o, head, sizeof head);
}

static bool strip_jpeg(const uint8_t *p, size_t len, struct out *o)
{
    size_t i = 2;
    put(o, p, 2);
    while (i + 2 <= len) {
        if (p[i] != 0xFF)
            return false;
        const uint8_t marker = p[i + 1];
        if (marker == 0xFF) {
            i++;
            continue;
        }
        if (marker == 0xD9) {
            put(o, p + i, 2);
            return true;
        }
        const size_t size = len - i >= 4 ? bau_be16(p + i + 2) : 0;
        if (marker < 0xC0 || (marker >= 0xD0 && marker <= 0xD8) || size < 2 || size > len - i - 2)
            return false;
        if (marker == 0xE0 && keeps_segment(marker, p + i + 4, size - 2))
            put_jfif(o, p + i, size);
        else if (keeps_segment(marker, p + i + 4, size - 2))
            put(o, p + i, size + 2);
        i += size + 2;
        if (marker == 0xDA) {
            const size_t end = scan_end(p, len, i);
            put(o, p + i, end - i);
            i = end;
        }
    }
    return false;
}

static bool strip_webp(const uint8_t *p, size_t len, struct out *o)
{
    uint8_t *const start = o->at;
    const uint64_t said = (uint64_t)bau_le32(p + 4) + 8;
    if (said > len || said < 12)
        return false;
    put(o, p, 12);
    size_t i = 12;
    for (const size_t end = (size_t)said; i < end;) {
        const uint64_t n = end - i >= 8 ? (uint64_t)bau_le32(p + i + 4) : UINT64_MAX;
        if (n > end - i - 8)
            return false;
        const size_t whole = (size_t)n + 8, padded = whole + (whole % 2 && whole < end - i);
        if (is_one_of(p + i, "VP8  VP8L VP8X ALPH ANIM ANMF ICCP")) {
            uint8_t *chunk = o->at;
            put(o, p + i, padded);
            if (memcmp(chunk, "VP8X", 4) == 0 && n > 0)
                chunk[8] &= (uint8_t)~0x0Cu; /* neither Exif nor XMP follows */
        }
        i += padded;
    }
    const uint32_t size = (uint32_t)(o->at - start - 8);
    for (unsigned k = 0; k < 4; k++)
        start[4 + k] = (uint8_t)(size >> (8 * k));
    return size > 4;
}

/* Past the sub-blocks from i on, the empty one included; 0: the file ends before. */
static size_t blocks_end(const uint8_t *p, size_t len, size_t i)
{
    while (i < len && p[i])
        i += (size_t)p[i] + 1;
    return i < len ? i + 1 : 0;
}

static bool strip_gif(const uint8_t *p, size_t len, struct out *o)
{
    size_t i = 13 + (p[10] & 0x80 ? (size_t)3 << ((p[10] & 7) + 1) : 0);
    if (len < i)
        return false;
    put(o, p, i);
    while (i < len) {
        size_t from = i, end = 0;
        bool kept = true;
        if (p[i] == 0x3B) {
            put(o, p + i, 1);
            return true;
        }
        if (p[i] == 0x2C && len - i > 10) { /* a picture, perhaps with its own colours */
            const size_t table = p[i + 9] & 0x80 ? (size_t)3 << ((p[i + 9] & 7) + 1) : 0;
            end = len - i > 11 + table ? blocks_end(p, len, i + 11 + table) : 0;
        } else if (p[i] == 0x21 && len - i > 2) { /* timing and loops stay; comments, XMP and text do not */
            end = blocks_end(p, len, i + 2);
            kept = p[i + 1] == 0xF9 || (p[i + 1] == 0xFF && len - i > 14 && p[i + 2] == 11 &&
                                        memcmp(p + i + 3, "NETSCAPE2.0", 11) == 0);
        }
        if (!end)
            return false;
        if (kept)
            put(o, p + from, end - from);
        i = end;
    }
    return false;
}

static bool strip_bmp(const uint8_t *p, size_t len, struct out *o)
{
    const uint32_t size = bau_le32(p + 2);
    if (size < 26 || size > len)
        return false;
    put(o, p, size);
    return true;
}

bool bau_image_strip(const uint8_t *p, size_t len, uint8_t *dst, size_t *out_len)
{
    struct bau_image image;
    struct out o = { .at = dst };
    bool good = false;
    if (!bau_image_read(p, len, &image))
        return false;
    switch (image.kind) {
    case BAU_IMAGE_PNG: good = strip_png(p, len, &o); break;
    case BAU_IMAGE_JPEG: good = strip_jpeg(p, len, &o); break;
    case BAU_IMAGE_GIF: good = strip_gif(p, len, &o); break;
    case BAU_IMAGE_WEBP: good = strip_webp(p, len, &o); break;
    case BAU_IMAGE_BMP: good = strip_bmp(p, len, &o); break;
    case BAU_IMAGE_SVG: break;
    }
    if (good)
        *out_len = (size_t)(o.at - dst);
    return good;
}

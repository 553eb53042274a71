/* Telling formats and sizes, and making grey pictures. */
#include "maskers/image.h"

#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

static bool begins(const uint8_t *p, size_t len, const char *magic, size_t n)
{
    return len >= n && memcmp(p, magic, n) == 0;
}

/* Segments up to the frame header; SOF0 to SOF15 but DHT, JPG and DAC. */
static bool read_jpeg(const uint8_t *p, size_t len, struct bau_image *out)
{
    for (size_t i = 2; i + 4 <= len;) {
        if (p[i] != 0xFF)
            return false;
        const uint8_t marker = p[i + 1];
        if (marker == 0xFF) { /* a fill byte */
            i++;
            continue;
        }
        const size_t size = bau_be16(p + i + 2);
        if (marker < 0xC0 || (marker >= 0xD0 && marker <= 0xDA) || size < 2 || size > len - i - 2)
            return false;
        if (marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
            if (size < 8)
                return false;
            *out = (struct bau_image){ BAU_IMAGE_JPEG, bau_be16(p + i + 7), bau_be16(p + i + 5) };
            return true;
        }
        i += 2 + size;
    }
    return false;
}

static bool read_webp(const uint8_t *p, size_t len, struct bau_image *out)
{
    out->kind = BAU_IMAGE_WEBP;
    if (len >= 30 && memcmp(p + 12, "VP8X", 4) == 0) {
        out->width = 1 + (bau_le32(p + 24) & 0xFFFFFFu);
        out->height = 1 + (bau_le16(p + 27) | (uint32_t)p[29] << 16);
        return true;
    }
    if (len >= 25 && memcmp(p + 12, "VP8L", 4) == 0 && p[20] == 0x2F) {
        const uint32_t bits = bau_le32(p + 21);
        out->width = 1 + (bits & 0x3FFF);
        out->height = 1 + ((bits >> 14) & 0x3FFF);
        return true;
    }
    if (len >= 30 && memcmp(p + 12, "VP8 ", 4) == 0 && memcmp(p + 23, "\x9D\x01\x2A", 3) == 0) {
        out->width = bau_le16(p + 26) & 0x3FFF;
        out->height = bau_le16(p + 28) & 0x3FFF;
        return true;
    }
    return false;
}

static bool read_bmp(const uint8_t *p, size_t len, struct bau_image *out)
{
    if (len < 26)
        return false;
    const uint32_t header = bau_le32(p + 14);
    const uint32_t height = header == 12 ? bau_le16(p + 20) : bau_le32(p + 22);
    *out = (struct bau_image){ BAU_IMAGE_BMP, header == 12 ? bau_le16(p + 18) : bau_le32(p + 18),
                               height >> 31 ? 0u - height : height }; /* negative: rows from the top */
    return header == 12 || (header >= 40 && header <= 124);
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The whole number of an attribute such as width="640px" in the tag p[0 .. len); 0: none, or in percent. */
static uint32_t attribute(const uint8_t *p, size_t len, const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 1; i + n + 3 < len; i++) {
        if (!is_space(p[i - 1]) || memcmp(p + i, name, n) != 0)
            continue;
        size_t k = i + n;
        while (k < len && (is_space(p[k]) || p[k] == '='))
            k++;
        if (k >= len || (p[k] != '"' && p[k] != '\''))
            continue;
        uint32_t v = 0;
        for (k++; k < len && p[k] >= '0' && p[k] <= '9' && v < 100000; k++)
            v = v * 10 + (uint32_t)(p[k] - '0');
        return k < len && p[k] == '%' ? 0 : v;
    }
    return 0;
}

/* Past a byte order mark, white space, the XML declaration, comments and a document type. */
static size_t prolog(const uint8_t *p, size_t len)
{
    size_t i = begins(p, len, "\xEF\xBB\xBF", 3) ? 3 : 0;
    for (;;) {
        while (i < len && is_space(p[i]))
            i++;
        if (len - i < 4 || p[i] != '<' || (p[i + 1] != '?' && p[i + 1] != '!'))
            return i;
        const bool comment = memcmp(p + i, "<!--", 4) == 0;
        const uint8_t *end = p + i + 2;
        do
            end = memchr(end, '>', len - (size_t)(end - p));
        while (end && comment && memcmp(end - 2, "--", 2) != 0 && ++end);
        if (!end)
            return len;
        i = (size_t)(end - p) + 1;
    }
}

static bool read_svg(const uint8_t *p, size_t len, struct bau_image *out)
{
    const size_t at = prolog(p, len);
    if (len - at < 5 || memcmp(p + at, "<svg", 4) != 0 || (!is_space(p[at + 4]) && p[at + 4] != '>'))
        return false;
    const uint8_t *end = memchr(p + at, '>', len - at);
    if (!end)
        return false;
    const size_t tag = (size_t)(end - (p + at));
    const uint32_t width = attribute(p + at, tag, "width"), height = attribute(p + at, tag, "height");
    *out =
        (struct bau_image){ BAU_IMAGE_SVG, width ? width : 300, height ? height : 150 }; /* CSS's default */
    return true;
}

bool bau_image_read(const uint8_t *p, size_t len, struct bau_image *out)
{
    struct bau_image image = { BAU_IMAGE_PNG, 0, 0 };
    bool good = false;
    if (begins(p, len, "\x89PNG\r\n\x1A\n", 8)) {
        good = len >= 24 && memcmp(p + 12, "IHDR", 4) == 0;
        image.width = good ? bau_be32(p + 16) : 0;
        image.height = good ? bau_be32(p + 20) : 0;
    } else if (begins(p, len, "\xFF\xD8\xFF", 3)) {
        good = read_jpeg(p, len, &image);
    } else if (begins(p, len, "GIF87a", 6) || begins(p, len, "GIF89a", 6)) {
        good = len >= 13;
        image = good ? (struct bau_image){ BAU_IMAGE_GIF, bau_le16(p + 6), bau_le16(p + 8) } : image;
    } else if (begins(p, len, "RIFF", 4) && len >= 16 && memcmp(p + 8, "WEBP", 4) == 0) {
        good = read_webp(p, len, &image);
    } else if (begins(p, len, "BM", 2)) {
        good = read_bmp(p, len, &image);
    } else if (len) {
        good = read_svg(p, len, &image);
    }
    if (!good || image.width == 0 || image.height == 0 || image.width >> 31 || image.height >> 31)
        return false;
    *out = image;
    return true;
}

/* ---- grey pictures ---- */

static void put_be32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void put_le32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

struct bits { /* least significant bit first, as deflate and VP8L */
    uint8_t *p;
    uint32_t held, n;
};

static void put_bits(struct bits *b, uint32_t v, uint32_t n)
{
    b->held |= v << b->n;
    for (b->n += n; b->n >= 8; b->n -= 8, b->held >>= 8)
        *b->p++ = (uint8_t)b->held;
}

static void flush(struct bits *b)
{
    if (b->n)
        *b->p++ = (uint8_t)b->held;
    b->held = b->n = 0;
}

static uint32_t crc32_of(const uint8_t *p, size_t n)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (unsigned k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1u ? 0xEDB88320u : 0u);
    }
    return ~crc;
}

/* A chunk whose data already lies at dst + 8. */
static uint8_t *close_chunk(uint8_t *dst, const char *type, size_t n)
{
    put_be32(dst, (uint32_t)n);
    memcpy(dst + 4, type, 4);
    put_be32(dst + 8 + n, crc32_of(dst + 4, n + 4));
    return dst + 12 + n;
}

static uint64_t png_raw(struct bau_image image)
{
    return (uint64_t)image.height * (1 + (image.width + UINT64_C(7)) / 8);
}

/* RFC 1950 and 1951: n zero bytes as one block with fixed codes: a literal 0, then copies of 258 from one byte back. */
static size_t put_zeros(uint8_t *dst, uint64_t n)
{
    struct bits b = { .p = dst + 2 };
    uint64_t left = n;
    dst[0] = 0x78;
    dst[1] = 0x9C;
    put_bits(&b, 3, 3);    /* last block, fixed codes */
    put_bits(&b, 0x0C, 8); /* literal 0: 00110000, from its most significant bit */
    for (left--; left >= 258; left -= 258)
        put_bits(&b, 0xA3, 13); /* length code 285: 11000101; distance code 0: 00000 */
    for (; left; left--)
        put_bits(&b, 0x0C, 8);
    put_bits(&b, 0, 7); /* end of block */
    flush(&b);
    put_be32(b.p, (uint32_t)(n % 65521) << 16 | 1); /* Adler-32 */
    return (size_t)(b.p + 4 - dst);
}

/* One bit a pixel, a palette of one grey. */
static size_t put_png(struct bau_image image, uint8_t *dst)
{
    uint8_t *p = dst;
    memcpy(p, "\x89PNG\r\n\x1A\n", 8);
    p += 8;
    put_be32(p + 8, image.width);
    put_be32(p + 12, image.height);
    memcpy(p + 16, "\x01\x03\x00\x00\x00", 5);
    p = close_chunk(p, "IHDR", 13);
    memset(p + 8, 0xC0, 3);
    p = close_chunk(p, "PLTE", 3);
    p = close_chunk(p, "IDAT", put_zeros(p + 8, png_raw(image)));
    return (size_t)(close_chunk(p, "IEND", 0) - dst);
}

static uint64_t jpeg_blocks(struct bau_image image)
{
    return (uint64_t)((image.width + 7) / 8) * ((image.height + 7) / 8);
}

/* Baseline, grey: each table has one code, 0: no difference, and the end of the block. Two bits a block. */
static size_t put_jpeg(struct bau_image image, uint8_t *dst)
{
    static const uint8_t head[] =
        "\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xFF\xDB\x00\x43\x00";
    static const uint8_t dc[] = "\xFF\xC4\x00\x14\x00\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    static const uint8_t ac[] = "\xFF\xC4\x00\x14\x10\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    static const uint8_t scan[] = "\xFF\xDA\x00\x08\x01\x01\x00\x00\x3F\x00";
    const uint64_t bits = 2 * jpeg_blocks(image);
    uint8_t *p = dst;
    memcpy(p, head, sizeof head - 1);
    memset(p += sizeof head - 1, 1, 64);
    p += 64;
    memcpy(p, "\xFF\xC0\x00\x0B\x08", 5);
    p[5] = (uint8_t)(image.height >> 8);
    p[6] = (uint8_t)image.height;
    p[7] = (uint8_t)(image.width >> 8);
    p[8] = (uint8_t)image.width;
    memcpy(p + 9, "\x01\x01\x11\x00", 4);
    memcpy(p += 13, dc, sizeof dc - 1);
    memcpy(p += sizeof dc - 1, ac, sizeof ac - 1);
    memcpy(p += sizeof ac - 1, scan, sizeof scan - 1);
    p += sizeof scan - 1;
    memset(p, 0, (size_t)(bits / 8));
    p += bits / 8;
    if (bits % 8)
        *p++ = (uint8_t)(0xFFu >> (bits % 8));
    memcpy(p, "\xFF\xD9", 2);
    return (size_t)(p + 2 - dst);
}

/* A screen of the size; on it one transparent pixel. */
static size_t put_gif(struct bau_image image, uint8_t *dst)
{
    static const uint8_t tail[] =
        "\x80\0\0\xC0\xC0\xC0\xC0\xC0\xC0\x21\xF9\x04\x01\0\0\0\0\x2C\0\0\0\0\x01\0\x01\0\0\x02\x02"
        "\x44\x01\0\x3B";
    memcpy(dst, "GIF89a", 6);
    dst[6] = (uint8_t)image.width;
    dst[7] = (uint8_t)(image.width >> 8);
    dst[8] = (uint8_t)image.height;
    dst[9] = (uint8_t)(image.height >> 8);
    memcpy(dst + 10, tail, sizeof tail - 1);
    return 10 + sizeof tail - 1;
}

/* VP8L: five codes of one symbol each, so that a pixel takes no bits. */
static size_t put_webp(struct bau_image image, uint8_t *dst)
{
    struct bits b = { .p = dst + 21 };
    dst[20] = 0x2F;
    put_bits(&b, image.width - 1, 14);
    put_bits(&b, image.height - 1, 14);
    put_bits(&b, 0, 4); /* no alpha, version 0 */
    put_bits(&b, 0, 3); /* no transform, no colour cache, no groups of codes */
    for (unsigned code = 0; code < 4;
         code++) { /* green, red, blue, alpha: simple, one symbol, of eight bits */
        put_bits(&b, 5, 3);
        put_bits(&b, code == 3 ? 255 : 0xC0, 8);
    }
    put_bits(&b, 1, 4); /* distance: simple, one symbol, of one bit: 0 */
    flush(&b);
    const uint32_t n = (uint32_t)(b.p - (dst + 20));
    if (n % 2)
        *b.p++ = 0;
    memcpy(dst, "RIFF", 4);
    put_le32(dst + 4, (uint32_t)(b.p - (dst + 8)));
    memcpy(dst + 8, "WEBPVP8L", 8);
    put_le32(dst + 16, n);
    return (size_t)(b.p - dst);
}

/* Run-length coded: one pixel and the end of the line, a row; what is not said is of colour 0. */
static size_t put_bmp(struct bau_image image, uint8_t *dst)
{
    enum { HEAD = 54, PALETTE = 8 };
    uint8_t *p = dst + HEAD + PALETTE;
    memset(dst, 0, HEAD + PALETTE);
    for (uint32_t row = 0; row < image.height; row++, p += 4)
        memcpy(p, "\1\0\0", 4);
    *p++ = 0;
    *p++ = 1;
    memcpy(dst, "BM", 2);
    put_le32(dst + 2, (uint32_t)(p - dst));
    put_le32(dst + 10, HEAD + PALETTE);
    put_le32(dst + 14, 40);
    put_le32(dst + 18, image.width);
    put_le32(dst + 22, image.height);
    dst[26] = 1;
    dst[28] = 8;
    dst[30] = 1; /* RLE8 */
    put_le32(dst + 34, (uint32_t)(p - dst) - HEAD - PALETTE);
    put_le32(dst + 46, 2);
    memset(dst + HEAD, 0xC0, 3);
    return (size_t)(p - dst);
}

static size_t put_svg(struct bau_image image, uint8_t *dst)
{
    const int n = snprintf((char *)dst, BAU_IMAGE_MOST,
                           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\">"
                           "<rect width=\"100%%\" height=\"100%%\" fill=\"#c0c0c0\"/></svg>",
                           image.width, image.height);
    return n > 0 ? (size_t)n : 0;
}

static bool fits(struct bau_image image)
{
    const uint32_t larger = image.width > image.height ? image.width : image.height;
    switch (image.kind) {
    case BAU_IMAGE_PNG: return png_raw(image) <= (UINT64_C(1) << 23); /* 52 KiB */
    case BAU_IMAGE_JPEG: return larger < 65536 && jpeg_blocks(image) <= 4 * (BAU_IMAGE_MOST - 1024);
    case BAU_IMAGE_WEBP: return larger <= 16384;
    case BAU_IMAGE_GIF: return larger < 65536;
    case BAU_IMAGE_BMP: return image.height <= 16000 && image.width <= 65535;
    case BAU_IMAGE_SVG: break;
    }
    return true;
}

size_t bau_image_placeholder(struct bau_image image, uint8_t *dst)
{
    while (!fits(image)) {
        image.width = image.width / 2 + (image.width == 1);
        image.height = image.height / 2 + (image.height == 1);
    }
    switch (image.kind) {
    case BAU_IMAGE_PNG: return put_png(image, dst);
    case BAU_IMAGE_JPEG: return put_jpeg(image, dst);
    case BAU_IMAGE_GIF: return put_gif(image, dst);
    case BAU_IMAGE_WEBP: return put_webp(image, dst);
    case BAU_IMAGE_BMP: return put_bmp(image, dst);
    case BAU_IMAGE_SVG: break;
    }
    return put_svg(image, dst);
}

/* exif_strip: a picture without its metadata: Exif (place, time, camera, owner), XMP, IPTC, comments, thumbnails, makers'
 * notes, and whatever stands behind its end. The picture itself stays as it is, byte for byte: who is on it can be seen.
 *
 * PNG, JPEG, GIF, WebP and BMP; image.h says what each keeps. A turn that only Exif told is lost: the picture may lie on
 * its side. A file whose structure cannot be followed to its end, or of another format, is BAU_E_DATA. */
#include "maskers/common.h"
#include "maskers/image.h"

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    (void)config;
    BAU_TRY(bau_column_make(out, in, BAU_BYTES, in->offsets[in->n_values], ctx->arena, err));
    uint8_t *const data = out->data;
    size_t len = 0, n = 0;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        if (bau_column_present(in, i)) {
            if (!bau_image_strip(v.data, v.len, data + len, &n))
                return bau_mask_refuse(ctx, in, i, "is no PNG, JPEG, GIF, WebP or BMP that is whole", err);
            len += n;
        }
        out->offsets[i + 1] = (uint32_t)len;
    }
    return BAU_OK;
}

const struct bau_masker bau_masker_exif_strip = {
    .name = "exif_strip",
    .summary = "Takes the metadata (place, time, owner) out of a picture; the picture itself stays.",
    .accepts = BAU_TYPE_BIT(BAU_BYTES),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_LENGTH | BAU_LEAKS_PREFIX | BAU_LEAKS_FREQUENCY |
             BAU_LEAKS_FORMAT | BAU_LEAKS_VALUE,
    .canon = BAU_CANON_NONE,
    .apply = apply,
    .example_in = "GIF89a@ @ AAA;Ada Lovelace was here",
    .example_options = "",
};

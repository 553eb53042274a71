/* image_placeholder: a picture becomes a grey one of the same format and size in pixels (image.h): PNG, JPEG, GIF, WebP,
 * BMP, SVG. Nothing of what it showed, its colours, its metadata or its length stays; format and size do.
 *
 * At most 64 KiB; a picture too large for that is halved until it fits. What is none of these formats is BAU_E_DATA, or
 * with other=png a PNG of one pixel. */
#include "maskers/common.h"
#include "maskers/image.h"

enum { REFUSE, ONE_PIXEL };

struct config {
    uint32_t other;
};

struct work {
    uint8_t bytes[BAU_IMAGE_MOST];
};

static const struct bau_option options[] = {
    { "other", BAU_OPTION_CHOICE, offsetof(struct config, other), "refuse", 0, 0,
      "What a value of no known format becomes: the run stops, or a PNG of one grey pixel.", 0, "refuse|png",
      NULL, 0 },
    { 0 },
};

struct sizes { /* of the outputs, and where they are written */
    uint8_t *data;
    size_t len, room;
};

static bool put(struct sizes *s, const uint8_t *bytes, size_t n, struct bau_arena *arena)
{
    if (n > s->room - s->len) {
        const size_t room = 2 * s->room + n;
        uint8_t *more = bau_arena_buffer(arena, room);
        if (!more)
            return false;
        if (s->len)
            memcpy(more, s->data, s->len);
        s->data = more;
        s->room = room;
    }
    memcpy(s->data + s->len, bytes, n);
    s->len += n;
    return true;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct work *w = ctx->scratch;
    struct sizes s = { .room = 0 };
    BAU_TRY(bau_column_make(out, in, BAU_BYTES, 0, ctx->arena, err));
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        struct bau_image image = { BAU_IMAGE_PNG, 1, 1 };
        if (bau_column_present(in, i)) {
            if (!bau_image_read(v.data, v.len, &image) && c->other == REFUSE)
                return bau_mask_refuse(ctx, in, i, "is no PNG, JPEG, GIF, WebP, BMP or SVG", err);
            if (!put(&s, w->bytes, bau_image_placeholder(image, w->bytes), ctx->arena))
                return bau_error_set(err, BAU_E_NOMEM, "pictures");
        }
        if (s.len > INT32_MAX)
            return bau_error_set(err, BAU_E_LIMIT, "the pictures of a batch grow past 2 GiB");
        out->offsets[i + 1] = (uint32_t)s.len;
    }
    out->data = s.data ? s.data : out->data;
    return BAU_OK;
}

const struct bau_masker bau_masker_image_placeholder = {
    .name = "image_placeholder",
    .summary = "Replaces a picture by a grey one of the same format and size in pixels.",
    .accepts = BAU_TYPE_BIT(BAU_BYTES),
    .traits = BAU_DETERMINISTIC,
    .leaks = BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct work),
    .canon = BAU_CANON_NONE,
    .apply = apply,
    .example_in = "<svg width=\"640\" height=\"480\"><text>Ada Lovelace</text></svg>",
    .example_options = "",
};

/* Texts that hold parts: what lies in one place of each text goes to one masker, the bytes between stay.
 *
 *   scan     the masker calls bau_parts_add for every part, in order, parts of one text not overlapping
 *   gather   the parts of one sub become one column, decoded
 *   mask     each sub runs once a batch, so it sees runs of values as in a plain column
 *   splice   texts are written again: all bytes between parts copied, parts encoded
 *
 * A text that came out longer than the column holds is refused, never cut. Nothing here allocates outside the batch's arena. */
#ifndef BAU_MASKERS_PARTS_H
#define BAU_MASKERS_PARTS_H

#include "maskers/common.h"

#define BAU_PART_HIDE UINT32_MAX /* no sub: every character becomes '*' */

struct bau_part {
    uint32_t value;       /* which text of the batch */
    uint32_t offset, len; /* inside it */
    uint32_t sub, at;     /* which value of which sub's column */
    uint32_t form;        /* the masker's own word for how it was written */
};

struct bau_parts_codec { /* NULL members: the bytes as they are */
    /* What the part says, at most `from.len` bytes; false: it does not conform. */
    bool (*decode)(const void *config, uint32_t form, struct bau_slice from, uint8_t *to, size_t *len);
    /* Most bytes that `encode` writes for this. */
    size_t (*room)(const void *config, uint32_t form, struct bau_slice value);
    /* Writes it; `present` false: a null, `value` empty. SIZE_MAX: it cannot be written in this form. */
    size_t (*encode)(const void *config, uint32_t form, struct bau_slice value, bool present, uint8_t *to);
};

struct bau_parts { /* one batch's work; zeroed but for the first members */
    const struct bau_mask_ctx *ctx;
    const struct bau_column *in;
    const struct bau_subs *subs;
    const struct bau_parts_codec *codec;
    const void *config; /* for the codec */
    uint32_t max_chars; /* of the column; 0: no limit */
    struct bau_part *at;
    uint32_t n, room;
};

/* Notes a part: `len` bytes from `offset` on in text `value` go to `sub` (or BAU_PART_HIDE). */
bau_status bau_parts_add(struct bau_parts *parts, uint32_t value, size_t offset, size_t len, uint32_t sub,
                         uint32_t form, struct bau_error *err) BAU_MUST_CHECK;
/* Gathers, masks, splices. BAU_E_DATA names the row. */
bau_status bau_parts_apply(struct bau_parts *parts, struct bau_column *out, struct bau_error *err)
    BAU_MUST_CHECK;
/* What such maskers answer to `widest`: the column's own width, since a longer text is refused. */
static inline uint32_t bau_parts_widest(uint32_t max_chars)
{
    return max_chars ? max_chars : UINT32_MAX;
}

/* Whether all of it is well-formed UTF-8. */
bool bau_parts_utf8(struct bau_slice text);

#endif

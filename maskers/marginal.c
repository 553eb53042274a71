/* marginal: every row draws one of the values that occur in the field, as often as they occur: the distribution stays, who has
 * what does not. Values that occur fewer than `rare` times are merged into `other`, or left out when there is none.
 *
 * It looks at all values first and counts the distinct ones. A row draws by the PRF of `by` under a key of its own, whatever its
 * value; fields with one `by` in one domain draw alike. With r uniform in [0, sum of counts) it gets the first value, in the
 * order of their PRF with `other` at the end, whose running sum exceeds r. Nulls stay and do not count.
 *
 * The values that come out are real ones: for categories, not for names. They are kept in memory meanwhile, out of dumps,
 * `memory` at most. */
#include <stdlib.h>

#include "maskers/decimal.h"
#include "src/kernel/kernels.h"

struct value {
    uint8_t digest[16];
    const uint8_t *bytes;
    uint64_t count; /* once settled: the running sum */
    uint32_t len;
};

struct seen {
    struct bau_arena *arena; /* private */
    uint32_t n, room;        /* room: a power of two, at least twice n */
    struct value *table;     /* open addressing; count 0: free */
    uint32_t n_drawn, longest;
    struct value *drawn; /* what rows draw from, once settled */
};

struct config {
    const char *by, *other;
    uint32_t rare;
    uint64_t memory;
    uint8_t other_bytes[8]; /* of a fixed type */
    const uint8_t *other_at;
    uint32_t other_len;
    const struct bau_mask_key *key;
    struct bau_prf row;
    const struct seen *seen;
};

static const struct bau_option options[] = {
    { "by", BAU_OPTION_TEXT, offsetof(struct config, by), NULL, 0, 0, "The field that tells rows apart.",
      BAU_OPTION_FIELD | BAU_OPTION_REQUIRED, NULL, "FIELD", 0 },
    { "rare", BAU_OPTION_U32, offsetof(struct config, rare), "5", 1, 1000000,
      "Values that occur fewer times are merged or left out.", 0, NULL, NULL, 0 },
    { "other", BAU_OPTION_TEXT, offsetof(struct config, other), NULL, 0, 0,
      "What rare values become; default: they are left out.", 0, NULL, NULL, 0 },
    { "memory", BAU_OPTION_BYTES, offsetof(struct config, memory), "64MiB", 65536, INT64_C(1) << 40,
      "The most memory that the first pass takes, about 150 bytes a distinct value and the values.", 0, NULL,
      NULL, 0 },
    { 0 },
};

/* ---- bind ---- */

static bool is_label(const struct bau_field *f, const char *text)
{
    bool known = !f || f->n_labels == 0;
    for (uint32_t i = 0; !known && i < f->n_labels; i++)
        known = strcmp(f->labels[i], text) == 0;
    return known;
}

static uint32_t chars_of(const char *text)
{
    uint32_t n = 0;
    for (; *text; text++)
        n += ((uint8_t)*text & 0xC0u) != 0x80u;
    return n;
}

static bau_status bind_other(struct config *c, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct bau_room room;
    struct bau_decimal d = { 0 };
    bool good;
    c->other_at = (const uint8_t *)c->other;
    c->other_len = (uint32_t)strlen(c->other);
    if (with->type == BAU_TEXT)
        good = is_label(with->field, c->other) && (!with->max_chars || chars_of(c->other) <= with->max_chars);
    else {
        good = with->type != BAU_BOOL && bau_decimal_read(c->other, c->other_len, &d) &&
               bau_room_of(with, d.places, &room, err) == BAU_OK && d.units >= room.least &&
               d.units <= room.most;
        const int16_t v16 = (int16_t)d.units;
        const int32_t v32 = (int32_t)d.units;
        const uint32_t width = bau_type_width(with->type);
        memcpy(c->other_bytes,
               width == 2   ? (const void *)&v16
               : width == 4 ? (const void *)&v32
                            : &d.units,
               width);
        if (width) {
            c->other_at = c->other_bytes;
            c->other_len = width;
        }
    }
    return good ? BAU_OK
                : bau_error_set(err, BAU_E_USAGE, "other: '%.60s' is no value that %.80s can hold", c->other,
                                with->field ? with->field->native : bau_type_word(with->type));
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    uint8_t subkey[32];
    c->key = with->key;
    c->seen = with->seen;
    if (c->other)
        BAU_TRY(bind_other(c, with, err));
    BAU_TRY(bau_mask_subkey(with->key, "marginal-row", subkey, err));
    const bool made = bau_prf_init(&c->row, subkey);
    bau_wipe(subkey, sizeof subkey);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "key");
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->row);
}

/* ---- first pass ---- */

static struct value *slot_of(struct value *table, uint32_t room, const uint8_t digest[16])
{
    uint32_t at = (uint32_t)bau_bits64(digest) & (room - 1);
    while (table[at].count && memcmp(table[at].digest, digest, 16) != 0)
        at = (at + 1) & (room - 1);
    return &table[at];
}

static bau_status too_many(const struct config *c, uint32_t n, struct bau_error *err)
{
    return bau_error_set(
        err, BAU_E_LIMIT,
        "%u distinct values and more do not fit into the %" PRIu64
        " bytes of the option 'memory'; raise it, or take another masker for a field that is no "
        "category",
        n, c->memory);
}

static bau_status grow(const struct config *c, struct seen *s, struct bau_error *err)
{
    if (!s->arena)
        s->arena = bau_arena_new(1u << 16, BAU_ARENA_PRIVATE);
    if (!s->arena)
        return bau_error_set(err, BAU_E_NOMEM, "first pass");
    const uint32_t room = s->room ? 2 * s->room : 256;
    if (room >= UINT32_C(1) << 31 || bau_arena_bytes(s->arena) + room * sizeof *s->table > c->memory)
        return too_many(c, s->n, err);
    struct value *grown = bau_arena_zero(s->arena, room * sizeof *grown);
    if (!grown)
        return bau_error_set(err, BAU_E_NOMEM, "first pass");
    for (uint32_t i = 0; i < s->room; i++)
        if (s->table[i].count)
            *slot_of(grown, room, s->table[i].digest) = s->table[i];
    s->table = grown;
    s->room = room;
    return BAU_OK;
}

static bau_status count(const struct config *c, struct seen *s, const uint8_t digest[16], struct bau_slice v,
                        struct bau_error *err)
{
    if (2 * s->n >= s->room)
        BAU_TRY(grow(c, s, err));
    struct value *at = slot_of(s->table, s->room, digest);
    if (at->count) {
        at->count++;
        return BAU_OK;
    }
    if (bau_arena_bytes(s->arena) + v.len > c->memory)
        return too_many(c, s->n, err);
    uint8_t *bytes = bau_arena_take(s->arena, v.len);
    if (!bytes)
        return bau_error_set(err, BAU_E_NOMEM, "first pass");
    if (v.len)
        memcpy(bytes, v.data, v.len);
    *at = (struct value){ .bytes = bytes, .len = (uint32_t)v.len, .count = 1 };
    memcpy(at->digest, digest, 16);
    s->n++;
    return BAU_OK;
}

static bau_status observe(const void *config, void *seen, struct bau_mask_ctx *ctx,
                          const struct bau_column *in, struct bau_error *err)
{
    const struct config *c = config;
    struct seen *s = seen;
    uint8_t(*digest)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, in, &digest, err));
    s->drawn = NULL;
    for (uint32_t i = 0; i < in->n_values; i++)
        if (bau_column_present(in, i))
            BAU_TRY(count(c, s, digest[i], bau_column_value(in, i), err));
    return BAU_OK;
}

static int by_digest(const void *a, const void *b)
{
    return memcmp(((const struct value *)a)->digest, ((const struct value *)b)->digest, 16);
}

/* Counts become running sums; the merged one comes last. */
static bau_status settle(const void *config, void *seen, struct bau_error *err)
{
    const struct config *c = config;
    struct seen *s = seen;
    if (s->drawn || s->n == 0)
        return BAU_OK;
    struct value *drawn = bau_arena_take(s->arena, ((size_t)s->n + 1) * sizeof *drawn);
    if (!drawn)
        return bau_error_set(err, BAU_E_NOMEM, "first pass");
    uint64_t rest = 0, sum = 0;
    s->n_drawn = s->longest = 0;
    for (uint32_t i = 0; i < s->room; i++) {
        if (s->table[i].count >= c->rare)
            drawn[s->n_drawn++] = s->table[i];
        else
            rest += s->table[i].count;
    }
    if (s->n_drawn)
        qsort(drawn, s->n_drawn, sizeof *drawn, by_digest);
    if (c->other && rest)
        drawn[s->n_drawn++] = (struct value){ .bytes = c->other_at, .len = c->other_len, .count = rest };
    if (s->n_drawn == 0)
        return bau_error_set(err, BAU_E_DATA, "no value occurs %u times: set rare lower, or other", c->rare);
    for (uint32_t i = 0; i < s->n_drawn; i++) {
        drawn[i].count = sum += drawn[i].count;
        s->longest = drawn[i].len > s->longest ? drawn[i].len : s->longest;
    }
    s->drawn = drawn;
    return BAU_OK;
}

static void forget(void *seen)
{
    struct seen *s = seen;
    bau_arena_free(s->arena);
    *s = (struct seen){ 0 };
}

/* ---- second pass ---- */

static const struct value *pick(const struct seen *s, const uint8_t digest[16])
{
    const uint64_t r = bau_draw(bau_bits64(digest), s->drawn[s->n_drawn - 1].count);
    uint32_t low = 0, high = s->n_drawn - 1;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (r < s->drawn[middle].count)
            high = middle;
        else
            low = middle + 1;
    }
    return &s->drawn[low];
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    const struct bau_column *by = ctx->fields[0];
    const uint32_t width = bau_type_width(in->type);
    struct bau_column text;
    BAU_TRY(bau_mask_canonical(c->key, ctx->arena, by, &text, err));
    uint8_t(*digest)[16] = bau_arena_buffer(ctx->arena, (size_t)by->n_values * 16);
    if (!digest)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    bau_prf_batch(&c->row, text.data, text.offsets, by->n_values, (uint8_t *)digest);
    BAU_TRY(bau_mask_text_out(out, in, in->type, c->seen->longest, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const bool present = bau_column_present(in, i);
        if (present && !c->seen->drawn)
            return bau_mask_refuse(ctx, in, i, "was not there in the first pass", err);
        if (present) {
            const struct value *v = pick(c->seen, digest[ctx->rows ? ctx->rows[i] : i]);
            if (v->len)
                memcpy(dst, v->bytes, v->len);
            dst += v->len;
        } else if (width) {
            memset(dst, 0, width);
            dst += width;
        }
        if (!width)
            out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

const struct bau_masker bau_masker_marginal = {
    .name = "marginal",
    .summary = "Draws among the values that occur, as often as they occur; rare ones are merged.",
    .accepts = BAU_TYPES_INT | BAU_TYPE_BIT(BAU_BOOL) | BAU_TYPE_BIT(BAU_TEXT) | BAU_TYPE_BIT(BAU_NUMERIC),
    .traits = BAU_DETERMINISTIC | BAU_KEYED | BAU_KEEPS_SOME | BAU_KEEPS_LABELS,
    .leaks = BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT | BAU_LEAKS_RANGE | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .seen_bytes = sizeof(struct seen),
    .observe = observe,
    .settle = settle,
    .forget = forget,
    .example_in = "shipped",
    .example_options = "by=id rare=1",
};

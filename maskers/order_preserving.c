/* order_preserving: a keyed, strictly rising map of [min, max] into a wider range: distinct stay distinct and order stays, and
 * with it everything that order tells. Who knows some pairs brackets all others: use it where sorting matters more.
 *
 * Construction, after Boldyreva, Chenette, Lee and O'Neill ("Order-preserving symmetric encryption", EUROCRYPT 2009): a random
 * strictly rising function is walked down by bisection; the split of a node is drawn from the PRF instead of being stored.
 * A node holds m inputs from d on and n >= m outputs from r on, counted from min and to_min, and has the draws x and y: the two
 * little-endian halves of PRF(d as 8 bytes || m as 8 bytes, little endian) under the subkey "order".
 *     m = 1   the output is r + draw(x, n)
 *     else    h = m / 2 inputs get the lower h + a outputs, the other m - h inputs the rest, where
 *             a = (draw(x, n - m + 1) + draw(y, n - m + 1)) / 2, so that both halves have room
 * with draw(x, b) = x * b / 2^64, all divisions rounded down. At most 62 levels; one PRF a value and level, in batches.
 *
 * Without to_min and to_max there are `wider` times as many outputs as inputs, from min on, or from wider * min for a number
 * below zero. Defaults of min and max: a quarter of the type, int4 -2^29..2^29 - 1, int8 and text -2^60..2^60 - 1, numeric the
 * same or a quarter of its precision, date 1900-01-01..2099-12-31. A value outside is BAU_E_DATA, infinity too. */
#include "maskers/calendar.h"
#include "maskers/decimal.h"
#include "src/kernel/kernels.h"

__extension__ typedef __int128 wide_signed;

enum { MESSAGE = 16, CHUNK = 256 };

struct config {
    const char *min_text, *max_text, *to_min_text, *to_max_text;
    uint32_t wider;
    int64_t min, max, to_min, to_max;
    uint32_t widest;
    struct bau_prf prf;
};

struct node { /* inputs d .. d + m - 1 from min, outputs r .. r + n - 1 from to_min */
    uint64_t d, m, r, n;
};

struct work {
    uint64_t value[CHUNK]; /* from min; in the end the output from to_min */
    struct node node[CHUNK];
    uint16_t pending[CHUNK];
    uint8_t message[CHUNK * MESSAGE];
    uint32_t offsets[CHUNK + 1];
    uint8_t digest[CHUNK][16];
};

static const struct bau_option options[] = {
    { "min", BAU_OPTION_TEXT, offsetof(struct config, min_text), NULL, 0, 0,
      "The least value that occurs, a whole number or a date; give it together with max.", 0, NULL, "NUMBER",
      0 },
    { "max", BAU_OPTION_TEXT, offsetof(struct config, max_text), NULL, 0, 0,
      "The greatest value that occurs; give it together with min.", 0, NULL, "NUMBER", 0 },
    { "wider", BAU_OPTION_U32, offsetof(struct config, wider), "4", 2, 1000000,
      "How many times as many values may come out as go in.", 0, NULL, NULL, 0 },
    { "to_min", BAU_OPTION_TEXT, offsetof(struct config, to_min_text), NULL, 0, 0,
      "The least value that may come out; give it together with to_max, instead of wider.", 0, NULL, "NUMBER",
      0 },
    { "to_max", BAU_OPTION_TEXT, offsetof(struct config, to_max_text), NULL, 0, 0,
      "The greatest value that may come out; give it together with to_min.", 0, NULL, "NUMBER", 0 },
    { 0 },
};

/* ---- bind ---- */

static bau_status read_pair(const char *low, const char *high, bau_type type, int64_t *out_low,
                            int64_t *out_high, struct bau_error *err)
{
    const char *const text[] = { low, high };
    int64_t value[2];
    for (unsigned k = 0; k < 2; k++) {
        struct bau_decimal d = { 0 };
        const bool good =
            text[k] && (type == BAU_DATE ? bau_read_instant(text[k], strlen(text[k]), type, &value[k]) &&
                                               value[k] != INT32_MIN && value[k] != INT32_MAX
                                         : bau_decimal_read(text[k], strlen(text[k]), &d) && d.places == 0);
        if (!good)
            return bau_error_set(err, BAU_E_USAGE, "%s",
                                 type == BAU_DATE
                                     ? "bounds belong together and are dates such as 1990-01-31"
                                     : "bounds belong together and are whole numbers of at most 18 digits");
        if (type != BAU_DATE)
            value[k] = d.units;
    }
    if (value[0] >= value[1])
        return bau_error_set(err, BAU_E_USAGE, "the lower bound must be less than the upper one");
    *out_low = value[0];
    *out_high = value[1];
    return BAU_OK;
}

static void default_range(struct config *c, const struct bau_mask_bind *with, struct bau_room room)
{
    const int64_t far = INT64_C(1) << 60;
    c->min = with->type == BAU_I32 ? -(INT64_C(1) << 29) : -far;
    c->max = -c->min - 1;
    if (with->type == BAU_DATE) {
        c->min = bau_days_of(1900, 1, 1);
        c->max = bau_days_of(2099, 12, 31);
    } else if (with->type == BAU_NUMERIC && room.most / 4 - 1 < far) {
        c->max = room.most / 4 - 1;
        c->min = -c->max;
    }
}

static uint32_t chars_of(int64_t v)
{
    uint8_t text[24];
    return (uint32_t)bau_decimal_write(v, 0, text);
}

static bau_status check_range(struct config *c, const struct bau_mask_bind *with, struct bau_room room,
                              struct bau_error *err)
{
    const wide_signed inputs = (wide_signed)c->max - c->min + 1;
    wide_signed low = c->to_min, high = c->to_max;
    if (!c->to_min_text) {
        low = with->type != BAU_DATE && c->min < 0 ? (wide_signed)c->min * c->wider : c->min;
        high = low + inputs * c->wider - 1;
    }
    if (low < room.least || high > room.most || high - low > INT64_MAX)
        return bau_error_set(err, BAU_E_USAGE,
                             "%s has no room for the outputs; set min and max closer together",
                             with->field ? with->field->native : bau_type_word(with->type));
    if (high - low + 1 < 2 * inputs)
        return bau_error_set(err, BAU_E_USAGE,
                             "to_min and to_max must hold at least twice as many values as min and max");
    c->to_min = (int64_t)low;
    c->to_max = (int64_t)high;
    c->widest = chars_of(c->to_min) > chars_of(c->to_max) ? chars_of(c->to_min) : chars_of(c->to_max);
    if (with->type == BAU_TEXT && with->max_chars && c->widest > with->max_chars)
        return bau_error_set(
            err, BAU_E_USAGE,
            "outputs have up to %u characters, the narrowest column of the domain %u; set min and max",
            c->widest, with->max_chars);
    return BAU_OK;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    struct bau_room room;
    uint8_t subkey[32];
    BAU_TRY(bau_room_of(with, 0, &room, err));
    default_range(c, with, room);
    if (c->min_text || c->max_text)
        BAU_TRY(read_pair(c->min_text, c->max_text, with->type, &c->min, &c->max, err));
    if (c->to_min_text || c->to_max_text)
        BAU_TRY(read_pair(c->to_min_text, c->to_max_text, with->type, &c->to_min, &c->to_max, err));
    BAU_TRY(check_range(c, with, room, err));
    BAU_TRY(bau_mask_subkey(with->key, "order", subkey, err));
    const bool made = bau_prf_init(&c->prf, subkey);
    bau_wipe(subkey, sizeof subkey);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "key");
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->prf);
}

/* ---- the map ---- */

static void put_le(uint8_t *p, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

/* True when the output is there. */
static bool step(struct node *at, uint64_t *value, const uint8_t digest[16])
{
    const uint64_t x = bau_bits64(digest), y = bau_bits64(digest + 8);
    if (at->m == 1) {
        *value = at->r + bau_draw(x, at->n);
        return true;
    }
    const uint64_t spare = at->n - at->m + 1, half = at->m / 2;
    const uint64_t cut = half + (bau_draw(x, spare) + bau_draw(y, spare)) / 2;
    if (*value - at->d < half) {
        at->m = half;
        at->n = cut;
    } else {
        at->d += half;
        at->m -= half;
        at->r += cut;
        at->n -= cut;
    }
    return false;
}

static void map_chunk(const struct config *c, struct work *w, uint32_t n)
{
    const uint64_t inputs = (uint64_t)c->max - (uint64_t)c->min + 1;
    const uint64_t outputs = (uint64_t)c->to_max - (uint64_t)c->to_min + 1;
    for (uint32_t i = 0; i < n; i++) {
        w->node[i] = (struct node){ 0, inputs, 0, outputs };
        w->pending[i] = (uint16_t)i;
    }
    for (uint32_t i = 0; i <= n; i++)
        w->offsets[i] = i * MESSAGE;
    while (n) {
        for (uint32_t k = 0; k < n; k++) {
            put_le(w->message + (size_t)k * MESSAGE, w->node[w->pending[k]].d);
            put_le(w->message + (size_t)k * MESSAGE + 8, w->node[w->pending[k]].m);
        }
        bau_prf_batch(&c->prf, w->message, w->offsets, n, (uint8_t *)w->digest);
        uint32_t left = 0;
        for (uint32_t k = 0; k < n; k++) {
            const uint16_t i = w->pending[k];
            if (!step(&w->node[i], &w->value[i], w->digest[k]))
                w->pending[left++] = i;
        }
        n = left;
    }
}

static bau_status map_values(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                             int64_t *values, struct bau_error *err)
{
    struct work *w = ctx->scratch;
    for (uint32_t from = 0; from < in->n_values; from += CHUNK) {
        const uint32_t n = in->n_values - from < CHUNK ? in->n_values - from : CHUNK;
        for (uint32_t i = 0; i < n; i++) {
            const int64_t v = values[from + i];
            const bool inside = v >= c->min && v <= c->max;
            if (!inside && bau_column_present(in, from + i))
                return bau_mask_refuse(ctx, in, from + i, "is not between min and max", err);
            w->value[i] = inside ? (uint64_t)v - (uint64_t)c->min : 0; /* nulls go along */
        }
        map_chunk(c, w, n);
        for (uint32_t i = 0; i < n; i++)
            values[from + i] = (int64_t)(w->value[i] + (uint64_t)c->to_min);
    }
    return BAU_OK;
}

static bau_status map_dates(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                            struct bau_column *out, struct bau_error *err)
{
    int64_t *values = bau_arena_buffer(ctx->arena, (size_t)in->n_values * sizeof *values);
    if (!values)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < in->n_values; i++)
        values[i] = ((const int32_t *)in->data)[i];
    BAU_TRY(map_values(c, ctx, in, values, err));
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    for (uint32_t i = 0; i < in->n_values; i++)
        ((int32_t *)out->data)[i] = (int32_t)values[i];
    bau_mask_clear_nulls(in, out);
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    int64_t *values;
    if (in->type == BAU_DATE)
        return map_dates(c, ctx, in, out, err);
    BAU_TRY_NOTE(bau_mask_integers(in, ctx->arena, &values, err), err, "batch from row %" PRIu64,
                 ctx->first_row + 1);
    BAU_TRY(map_values(c, ctx, in, values, err));
    return bau_mask_from_integers(in, values, ctx->arena, out, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    return type == BAU_TEXT ? c->widest : 0;
}

const struct bau_masker bau_masker_order_preserving = {
    .name = "order_preserving",
    .summary = "Maps integers and dates to others in the same order; distinct stay distinct.",
    .accepts = BAU_TYPE_BIT(BAU_I32) | BAU_TYPE_BIT(BAU_I64) | BAU_TYPE_BIT(BAU_DATE) |
               BAU_TYPE_BIT(BAU_NUMERIC) | BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_ORDER | BAU_LEAKS_FREQUENCY | BAU_LEAKS_RANGE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct work),
    .canon = BAU_CANON_DECIMAL,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .unbind = unbind,
    .example_in = "104211",
    .example_options = "",
};

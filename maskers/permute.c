/* permute: a keyed permutation of integers. What kind of number it was stays, so the result always fits
 * where the input
 * fitted, in every type and spelling:
 *
 *   without min and max, four segments are permuted in themselves, each under its own subkey:
 *       [0, 2^15)   [2^15, 2^31)   [2^31, 2^53)   [2^53, 2^63)      and a negative v as -1 - P(-1 - v)
 *     An onlooker learns the segment and the sign. 2^53: numbers that a JSON reader holds exactly stay such.
 *   with min and max, [min, max] is permuted; a value outside is BAU_E_DATA.
 *
 * A permutation of n numbers has one fixed point on average: a value may map to itself. */
#include "maskers/common.h"
#include "src/kernel/kernels.h"

enum { SEGMENTS = 4, CHUNK = 512 };

struct config {
    int64_t min, max;
    bool ranged;
    uint64_t base[SEGMENTS]; /* smallest number of a segment; ranged: base[0] is min as two's complement */
    struct bau_perm perm[SEGMENTS];
};

struct work { /* values of one segment of a chunk and where they go back */
    uint64_t value[SEGMENTS][CHUNK];
    uint16_t at[SEGMENTS][CHUNK];
};

static const struct bau_option options[] = {
    { "min", BAU_OPTION_I64, offsetof(struct config, min), "-9223372036854775808", INT64_MIN, INT64_MAX,
      "Smallest number; give it together with max.", 0, NULL, NULL, 0 },
    { "max", BAU_OPTION_I64, offsetof(struct config, max), "9223372036854775807", INT64_MIN, INT64_MAX,
      "Largest number; give it together with min.", 0, NULL, NULL, 0 },
    { 0 },
};

static bau_status add_perm(struct config *c, unsigned s, const char *label, uint64_t n,
                           const struct bau_mask_bind *with, struct bau_error *err)
{
    uint8_t subkey[32];
    uint32_t *table = NULL;
    const size_t entries = bau_perm_table_entries(n);
    if (entries) {
        table = bau_arena_buffer(with->arena, entries * sizeof *table);
        if (!table)
            return bau_error_set(err, BAU_E_NOMEM, "permutation");
    }
    BAU_TRY(bau_mask_subkey(with->key, label, subkey, err));
    const bool made = bau_perm_init(&c->perm[s], subkey, n, table);
    bau_wipe(subkey, sizeof subkey);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "permutation");
}

static uint32_t decimal_digits(uint64_t v)
{
    uint32_t n = 1;
    for (; v >= 10; v /= 10)
        n++;
    return n;
}

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? -(uint64_t)v : (uint64_t)v;
}

/* Whether every number of the range can stand in the column. */
static bau_status check_range(const struct config *c, const struct bau_mask_bind *with, struct bau_error *err)
{
    if (with->type == BAU_I16 && (c->min < INT16_MIN || c->max > INT16_MAX))
        return bau_error_set(err, BAU_E_USAGE, "min and max must lie in -32768..32767 for int2");
    if (with->type == BAU_I32 && (c->min < INT32_MIN || c->max > INT32_MAX))
        return bau_error_set(err, BAU_E_USAGE, "min and max must lie in -2147483648..2147483647 for int4");
    const uint64_t far = magnitude(c->min) > magnitude(c->max) ? magnitude(c->min) : magnitude(c->max);
    const uint32_t room = with->field ? with->field->max_digits : 0;
    const int32_t scale = with->field && with->field->scale > 0 ? with->field->scale : 0;
    if (with->type == BAU_NUMERIC && room && decimal_digits(far) + (uint32_t)scale > room)
        return bau_error_set(err, BAU_E_USAGE,
                             "%s has no room for every number from min to max; set them closer "
                             "together",
                             with->field->native);
    return BAU_OK;
}

static bau_status bind_range(struct config *c, const struct bau_mask_bind *with, struct bau_error *err)
{
    if (c->min == INT64_MIN || c->max == INT64_MAX)
        return bau_error_set(err, BAU_E_USAGE, "min and max belong together: give both or none");
    if (c->min >= c->max)
        return bau_error_set(err, BAU_E_USAGE, "min must be less than max");
    BAU_TRY(check_range(c, with, err));
    c->ranged = true;
    c->base[0] = (uint64_t)c->min;
    return add_perm(c, 0, "permute-range", (uint64_t)c->max - (uint64_t)c->min + 1, with, err);
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    static const uint64_t edge[SEGMENTS + 1] = { 0, UINT64_C(1) << 15, UINT64_C(1) << 31, UINT64_C(1) << 53,
                                                 UINT64_C(1) << 63 };
    static const char *const label[SEGMENTS] = { "permute-15", "permute-31", "permute-53", "permute-63" };
    struct config *c = config;
    if (c->min != INT64_MIN || c->max != INT64_MAX)
        return bind_range(c, with, err);
    if (with->type == BAU_NUMERIC && with->field && with->field->max_digits && with->field->max_digits < 19)
        return bau_error_set(err, BAU_E_USAGE, "%s may not hold what a number becomes; set min and max",
                             with->field->native);
    for (unsigned s = 0; s < SEGMENTS; s++) {
        c->base[s] = edge[s];
        BAU_TRY(add_perm(c, s, label[s], edge[s + 1] - edge[s], with, err));
    }
    return BAU_OK;
}

static void unbind(void *config)
{
    struct config *c = config;
    for (unsigned s = 0; s < SEGMENTS; s++)
        bau_perm_release(&c->perm[s]);
}

static unsigned segment_of(uint64_t v)
{
    return (unsigned)(v >> 15 != 0) + (unsigned)(v >> 31 != 0) + (unsigned)(v >> 53 != 0);
}

static void permute_chunk(const struct config *c, struct work *w, int64_t *values, uint32_t n)
{
    uint32_t count[SEGMENTS] = { 0 };
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t v = (uint64_t)(values[i] ^ (values[i] >> 63)); /* -1 - v for a negative one */
        const unsigned s = segment_of(v);
        w->value[s][count[s]] = v - c->base[s];
        w->at[s][count[s]++] = (uint16_t)i;
    }
    for (unsigned s = 0; s < SEGMENTS; s++) {
        bau_perm_permute(&c->perm[s], w->value[s], count[s]);
        for (uint32_t k = 0; k < count[s]; k++) {
            int64_t *v = &values[w->at[s][k]];
            *v = (int64_t)(w->value[s][k] + c->base[s]) ^ (*v >> 63);
        }
    }
}

/* Null slots hold 0, which may lie outside: they take part as min and are never read again. */
static bau_status permute_range(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                                int64_t *values, struct bau_error *err)
{
    uint64_t *shifted = (uint64_t *)(void *)values;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const bool inside = values[i] >= c->min && values[i] <= c->max;
        if (!inside && bau_column_present(in, i))
            return bau_mask_refuse(ctx, in, i, "is not between min and max", err);
        shifted[i] = inside ? (uint64_t)values[i] - c->base[0] : 0;
    }
    bau_perm_permute(&c->perm[0], shifted, in->n_values);
    for (uint32_t i = 0; i < in->n_values; i++)
        shifted[i] += c->base[0];
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    int64_t *values;
    BAU_TRY_NOTE(bau_mask_integers(in, ctx->arena, &values, err), err, "batch from row %" PRIu64,
                 ctx->first_row + 1);
    if (c->ranged)
        BAU_TRY(permute_range(c, ctx, in, values, err));
    else
        for (uint32_t i = 0; i < in->n_values; i += CHUNK)
            permute_chunk(c, ctx->scratch, values + i, in->n_values - i < CHUNK ? in->n_values - i : CHUNK);
    return bau_mask_from_integers(in, values, ctx->arena, out, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    if (type != BAU_TEXT)
        return 0;
    if (!c->ranged)
        return 20;
    const uint32_t low = decimal_digits(magnitude(c->min)) + (c->min < 0),
                   high = decimal_digits(magnitude(c->max));
    return low > high ? low : high;
}

const struct bau_masker bau_masker_permute = {
    .name = "permute",
    .summary = "Swaps integers among themselves; distinct numbers stay distinct.",
    .accepts = BAU_TYPES_INT | BAU_TYPE_BIT(BAU_TEXT) | BAU_TYPE_BIT(BAU_NUMERIC),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_RANGE,
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

/* shuffle: every row gets the value of another row: the values are exactly those of production, and belong to others.
 *
 * It looks at all rows first. Rows of one group (`group_by`; else all) are put in the order of the PRF of their `by`, which
 * tells rows apart; the row in place k gets the value of place k + 1, the last one that of the first. So no row keeps its own
 * value (another row's may be equal to it; a group of one has nothing to give and is BAU_E_DATA unless `lone` is keep). Nulls
 * stay where they are and take no part. The order follows `by` alone: fields shuffled by the same `by` in one domain and with
 * nulls in the same rows stay together, others come apart; different domains always do.
 *
 * Values are real ones and are kept in memory meanwhile, out of dumps, `memory` at most. A `by` that occurs twice in a group is
 * BAU_E_DATA. */
#include <stdlib.h>

#include "maskers/common.h"

struct entry {
    uint8_t group[16], by[16];
    uint8_t *value;
    uint32_t len;
};

struct seen {
    struct bau_arena *arena; /* values, private */
    struct bau_arena *table; /* entries, in a list of chunks until they are settled */
    struct chunk *last;
    uint64_t n;
    struct entry *sorted; /* n entries once settled */
};

enum { CHUNK = 1024, ENTRY_OVERHEAD = 2 * sizeof(struct entry) };

struct chunk {
    struct chunk *before;
    uint32_t n;
    struct entry entry[CHUNK];
};

enum { REFUSE, KEEP };

struct config {
    const char *by, *group_by;
    uint32_t lone;
    uint64_t memory;
    const struct bau_mask_key *key;
    const struct seen *seen;
};

static const struct bau_option options[] = {
    { "by", BAU_OPTION_TEXT, offsetof(struct config, by), NULL, 0, 0, "The field that tells rows apart.",
      BAU_OPTION_FIELD | BAU_OPTION_REQUIRED, NULL, BAU_UNIQUE_FIELD, 0 },
    { "group_by", BAU_OPTION_TEXT, offsetof(struct config, group_by), NULL, 0, 0,
      "Values are exchanged only between rows that are equal in this field.", BAU_OPTION_FIELD, NULL, "FIELD",
      0 },
    { "lone", BAU_OPTION_CHOICE, offsetof(struct config, lone), "refuse", 0, 0,
      "What happens to the value of a row that is alone in its group.", 0, "refuse|keep", NULL, 0 },
    { "memory", BAU_OPTION_BYTES, offsetof(struct config, memory), "256MiB", 65536, INT64_C(1) << 40,
      "The most memory that the first pass takes, about 100 bytes a row and the values.", 0, NULL, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    (void)err;
    c->key = with->key;
    c->seen = with->seen;
    return BAU_OK;
}

/* PRFs of `by` and `group_by`, one a row. */
struct places {
    uint8_t (*by)[16], (*group)[16];
};

static bau_status places_of(const struct config *c, struct bau_mask_ctx *ctx, struct places *out,
                            struct bau_error *err)
{
    *out = (struct places){ 0 };
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, ctx->fields[0], &out->by, err));
    if (c->group_by)
        BAU_TRY(bau_mask_digest(c->key, ctx->arena, ctx->fields[1], &out->group, err));
    return BAU_OK;
}

static struct entry entry_of(const struct places *p, uint32_t row)
{
    struct entry e = { 0 };
    memcpy(e.by, p->by[row], 16);
    if (p->group)
        memcpy(e.group, p->group[row], 16);
    return e;
}

static int in_order(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const int group = memcmp(x->group, y->group, 16);
    return group ? group : memcmp(x->by, y->by, 16);
}

/* ---- first pass ---- */

static bau_status open_seen(struct seen *s, struct bau_error *err)
{
    if (!s->arena)
        s->arena = bau_arena_new(1u << 16, BAU_ARENA_PRIVATE);
    if (!s->table)
        s->table = bau_arena_new(1u << 18, BAU_ARENA_PRIVATE);
    return s->arena && s->table ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "first pass");
}

static bau_status add(const struct config *c, struct seen *s, struct entry e, struct bau_slice value,
                      struct bau_error *err)
{
    if (bau_arena_bytes(s->arena) + value.len + (s->n + 1) * ENTRY_OVERHEAD > c->memory)
        return bau_error_set(err, BAU_E_LIMIT,
                             "%" PRIu64 " rows and more do not fit into the %" PRIu64
                             " bytes of the option 'memory'; raise it",
                             s->n, c->memory);
    if (!s->last || s->last->n == CHUNK) {
        struct chunk *next = bau_arena_take(s->table, sizeof *next);
        if (!next)
            return bau_error_set(err, BAU_E_NOMEM, "first pass");
        next->before = s->last;
        next->n = 0;
        s->last = next;
    }
    e.len = (uint32_t)value.len;
    e.value = bau_arena_take(s->arena, value.len);
    if (!e.value)
        return bau_error_set(err, BAU_E_NOMEM, "first pass");
    if (value.len)
        memcpy(e.value, value.data, value.len);
    s->last->entry[s->last->n++] = e;
    s->n++;
    return BAU_OK;
}

static bau_status observe(const void *config, void *seen, struct bau_mask_ctx *ctx,
                          const struct bau_column *in, struct bau_error *err)
{
    const struct config *c = config;
    struct seen *s = seen;
    struct places p;
    if (ctx->rows)
        return bau_error_set(err, BAU_E_USAGE, "an array has no one value a row to exchange");
    BAU_TRY(open_seen(s, err));
    BAU_TRY(places_of(c, ctx, &p, err));
    s->sorted = NULL;
    for (uint32_t i = 0; i < in->n_values; i++)
        if (bau_column_present(in, i))
            BAU_TRY(add(c, s, entry_of(&p, i), bau_column_value(in, i), err));
    return BAU_OK;
}

static bau_status settle(const void *config, void *seen, struct bau_error *err)
{
    const struct config *c = config;
    struct seen *s = seen;
    if (s->sorted || s->n == 0)
        return BAU_OK;
    struct entry *all = bau_arena_take(s->table, s->n * sizeof *all);
    if (!all)
        return bau_error_set(err, BAU_E_NOMEM, "first pass");
    uint64_t n = 0;
    for (const struct chunk *at = s->last; at; at = at->before)
        for (uint32_t i = 0; i < at->n; i++)
            all[n++] = at->entry[i];
    qsort(all, n, sizeof *all, in_order);
    for (uint64_t i = 1; i < n; i++)
        if (in_order(&all[i - 1], &all[i]) == 0)
            return bau_error_set(err, BAU_E_DATA, "two rows are equal in '%s': it must tell rows apart",
                                 c->by);
    s->sorted = all;
    return BAU_OK;
}

static void forget(void *seen)
{
    struct seen *s = seen;
    bau_arena_free(s->arena);
    bau_arena_free(s->table);
    *s = (struct seen){ 0 };
}

/* ---- second pass ---- */

static uint64_t find(const struct seen *s, const struct entry *e)
{
    uint64_t low = 0, high = s->sorted ? s->n : 0;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        const int order = in_order(&s->sorted[middle], e);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return s->n;
}

static bool same_group(const struct entry *a, const struct entry *b)
{
    return memcmp(a->group, b->group, 16) == 0;
}

/* The first place of the group that `at` lies in. */
static uint64_t group_start(const struct seen *s, uint64_t at)
{
    struct entry first = { 0 };
    uint64_t low = 0, high = at;
    memcpy(first.group, s->sorted[at].group, 16);
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (in_order(&s->sorted[middle], &first) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The entry whose value the row gets; NULL with a sentence when there is none. */
static const struct entry *giver(const struct config *c, const struct entry *row, const char **out_why)
{
    const struct seen *s = c->seen;
    const uint64_t at = find(s, row);
    *out_why = "was not there in the first pass";
    if (at == s->n)
        return NULL;
    const bool last = at + 1 == s->n || !same_group(&s->sorted[at], &s->sorted[at + 1]);
    const uint64_t from = last ? group_start(s, at) : at + 1;
    *out_why = "is alone in its group: nothing to exchange it with";
    return from == at && c->lone == REFUSE ? NULL : &s->sorted[from];
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    const uint32_t width = bau_type_width(in->type);
    struct places p;
    BAU_TRY(places_of(c, ctx, &p, err));
    const struct entry **from = bau_arena_take(ctx->arena, ((size_t)in->n_values + 1) * sizeof(void *));
    if (!from)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const char *why;
        const struct entry row = entry_of(&p, ctx->rows ? ctx->rows[i] : i);
        from[i] = bau_column_present(in, i) ? giver(c, &row, &why) : NULL;
        if (bau_column_present(in, i) && !from[i])
            return bau_mask_refuse(ctx, in, i, why, err);
        bytes += from[i] ? from[i]->len : 0;
    }
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the exchanged values of a batch grow past 2 GiB");
    BAU_TRY(bau_column_make(out, in, in->type, (size_t)bytes, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const uint32_t len = from[i] ? from[i]->len : width;
        if (from[i] && len)
            memcpy(dst, from[i]->value, len);
        else if (len)
            memset(dst, 0, len);
        dst += len;
        if (!width)
            out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

const struct bau_masker bau_masker_shuffle = {
    .name = "shuffle",
    .summary = "Gives every row the value of another row; the values stay those of production.",
    .accepts = BAU_TYPES_ALL & ~(BAU_TYPE_BIT(BAU_OTHER) | BAU_TYPE_BIT(BAU_JSON)),
    .traits = BAU_DETERMINISTIC | BAU_KEYED | BAU_KEEPS_SOME | BAU_KEEPS_LABELS,
    .leaks = BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT | BAU_LEAKS_RANGE | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .seen_bytes = sizeof(struct seen),
    .observe = observe,
    .settle = settle,
    .forget = forget,
    .example_in = "Springfield",
    .example_options = "by=id lone=keep",
};

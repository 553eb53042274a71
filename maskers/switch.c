/* switch: the first case whose condition holds for the row says which masker takes the value. Values for which none holds go to
 * `else`, and without it they are refused. A null stays null, whatever the row says. */
#include "maskers/common.h"
#include "maskers/expr.h"
#include "maskers/inside.h"

#define FIELDS_MOST 32u

struct config {
    struct bau_subs cases, otherwise;
    struct bau_expr **conditions; /* one a case */
    uint32_t first_read, n_reads;
};

static const struct bau_option options[] = {
    { "cases", BAU_OPTION_MASKERS, offsetof(struct config, cases), NULL, 0, 0,
      "Maskers with their conditions over the row, tried in order.", BAU_OPTION_REQUIRED, NULL, NULL, 0 },
    { "else", BAU_OPTION_MASKERS, offsetof(struct config, otherwise), NULL, 0, 0,
      "The masker of values for which no condition holds; without it they are refused.", 0, NULL, NULL, 0 },
    { 0 },
};

/* The conditions as trees; the fields that they name in `names`. */
static bau_status parse(struct config *c, struct bau_arena *arena, struct bau_texts *names,
                        struct bau_error *err)
{
    *names = (struct bau_texts){ .at = bau_arena_zero(arena, FIELDS_MOST * sizeof *names->at) };
    c->conditions = bau_arena_zero(arena, ((size_t)c->cases.n + 1) * sizeof *c->conditions);
    if (!names->at || !c->conditions)
        return bau_error_set(err, BAU_E_NOMEM, "conditions");
    for (uint32_t i = 0; i < c->cases.n; i++) {
        const char *when = c->cases.at[i].label;
        if (!*when)
            return bau_error_set(err, BAU_E_USAGE,
                                 "case %u says no condition; what holds always goes under else", i + 1);
        BAU_TRY_NOTE(bau_expr_parse(when, names, FIELDS_MOST, arena, &c->conditions[i], err), err, "case %u",
                     i + 1);
    }
    return BAU_OK;
}

static bau_status reads(void *config, struct bau_arena *arena, struct bau_texts *out, struct bau_error *err)
{
    return parse(config, arena, out, err);
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    struct bau_texts names;
    BAU_TRY(parse(c, with->arena, &names, err));
    for (uint32_t i = 0; i < c->cases.n; i++)
        BAU_TRY_NOTE(bau_expr_bind(c->conditions[i], with->type, with->field, with->reads, with->arena, err),
                     err, "case %u", i + 1);
    if (c->otherwise.n > 1 || (c->otherwise.n == 1 && *c->otherwise.at[0].label))
        return bau_error_set(err, BAU_E_USAGE, "else takes one masker");
    c->first_read = with->first_read;
    c->n_reads = names.n;
    return BAU_OK;
}

/* ── which case takes which value ────────────────────────────────────────────────────────────────────────────────── */

struct routing { /* parts: one a case, then else, then the nulls, which stay where they are */
    uint32_t n_parts, *which, *at, *n; /* n: values of each part */
};

static bau_status route(const struct config *c, const struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct routing *r, struct bau_error *err)
{
    const uint32_t none = UINT32_MAX, nulls = r->n_parts - 1;
    uint8_t *truth = bau_arena_take(ctx->arena, (size_t)in->n_values + 1);
    if (!truth)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < in->n_values; i++)
        r->which[i] = bau_column_present(in, i) ? none : nulls;
    for (uint32_t k = 0; k < c->cases.n; k++) {
        BAU_TRY(bau_expr_eval(c->conditions[k], in, ctx->fields + c->first_read, ctx->rows, ctx->arena, truth,
                              err));
        for (uint32_t i = 0; i < in->n_values; i++)
            if (r->which[i] == none && truth[i] == BAU_EXPR_TRUE)
                r->which[i] = k;
    }
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (r->which[i] == none && c->otherwise.n == 0)
            return bau_mask_refuse(ctx, in, i, "is in none of the cases", err);
        if (r->which[i] == none)
            r->which[i] = c->cases.n;
        const uint32_t part = r->which[i];
        r->at[i] = part == nulls ? i : r->n[part];
        r->n[part]++;
    }
    return BAU_OK;
}

static bau_status open_routing(const struct config *c, uint32_t n, struct bau_arena *arena, struct routing *r,
                               struct bau_error *err)
{
    const size_t bytes = ((size_t)n + 1) * sizeof(uint32_t);
    r->n_parts = c->cases.n + 2;
    r->which = bau_arena_buffer(arena, bytes);
    r->at = bau_arena_buffer(arena, bytes);
    r->n = bau_arena_zero(arena, r->n_parts * sizeof *r->n);
    return r->which && r->at && r->n ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "batch");
}

/* The values of part p through its masker. */
static bau_status mask_part(const struct bau_sub *sub, const struct routing *r, uint32_t p,
                            const struct bau_mask_ctx *ctx, const struct bau_column *in,
                            struct bau_column *out, struct bau_error *err)
{
    struct bau_mask_ctx own = *ctx;
    struct bau_column part;
    uint32_t n = 0, *index = bau_arena_buffer(ctx->arena, r->n[p] * sizeof *index),
             *rows = bau_arena_buffer(ctx->arena, r->n[p] * sizeof *rows);
    if (!index || !rows)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < in->n_values; i++)
        if (r->which[i] == p) {
            index[n] = i;
            rows[n++] = ctx->rows ? ctx->rows[i] : i;
        }
    own.rows = rows;
    BAU_TRY(bau_column_take(&part, in, index, n, ctx->arena, err));
    return bau_sub_apply(sub, &own, &part, out, err);
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    const struct bau_column from = *in;
    struct routing r;
    BAU_TRY(open_routing(c, from.n_values, ctx->arena, &r, err));
    BAU_TRY(route(c, ctx, &from, &r, err));
    struct bau_column *part = bau_arena_zero(ctx->arena, r.n_parts * sizeof *part);
    const struct bau_column **parts = bau_arena_zero(ctx->arena, r.n_parts * sizeof *parts);
    if (!part || !parts)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    parts[r.n_parts - 1] = &from;
    for (uint32_t p = 0; p + 1 < r.n_parts; p++) {
        const struct bau_sub *sub = p < c->cases.n ? &c->cases.at[p] : c->otherwise.at;
        parts[p] = &part[p];
        if (r.n[p] == 0)
            continue;
        if (r.n[p] == from.n_values)
            return bau_sub_apply(sub, ctx, &from, out, err);
        if (p < c->cases.n)
            BAU_TRY_NOTE(mask_part(sub, &r, p, ctx, &from, &part[p], err), err, "case %u", p + 1);
        else
            BAU_TRY_NOTE(mask_part(sub, &r, p, ctx, &from, &part[p], err), err, "else");
    }
    return bau_column_merge(out, &from, parts, r.which, r.at, ctx->arena, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    uint32_t most = 0;
    (void)type;
    for (uint32_t i = 0; i < c->cases.n + c->otherwise.n; i++) {
        const uint32_t wide =
            bau_sub_widest(i < c->cases.n ? &c->cases.at[i] : &c->otherwise.at[i - c->cases.n], 0);
        most = wide > most ? wide : most;
    }
    return most;
}

/* Equal values of rows that differ may go to different cases. */
static void promises(const void *config, uint32_t *traits, uint32_t *leaks)
{
    const struct config *c = config;
    uint32_t other = 0, other_leaks = 0;
    bau_subs_promise(c->cases.at, c->cases.n, traits, leaks);
    if (c->otherwise.n == 1) {
        const struct bau_sub both[] = { { .traits = *traits, .leaks = *leaks }, c->otherwise.at[0] };
        bau_subs_promise(both, 2, &other, &other_leaks);
        *traits = other | (*traits & BAU_KEEPS_SOME);
        *leaks = other_leaks;
    }
    if (c->n_reads)
        *traits &= ~(uint32_t)BAU_DETERMINISTIC;
}

const struct bau_masker bau_masker_switch = {
    .name = "switch",
    .summary = "Chooses the masker of each value by conditions over its row.",
    .accepts = BAU_TYPES_ALL,
    .traits = BAU_DETERMINISTIC,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .reads = reads,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .promises = promises,
    .example_in = "+49 30 1234567",
    .example_options = "cases=[{when: value like '+49%', mask: phone}] else=redact",
};

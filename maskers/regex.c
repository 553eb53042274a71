/* regex: parts of a text that a pattern's groups find, each masked in its own way; what no listed group holds stays.
 *
 * Patterns are PCRE2's, over UTF-8, compiled once at bind and run by its JIT where there is one. A match may take so much work
 * and memory and no more; beyond it the text is BAU_E_LIMIT, so a bad pattern costs time, not the night. A text without a match,
 * or in whose matches no listed group took part, holds what the rule's author did not foresee: it is refused, or hidden
 * whole. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "maskers/inside.h"
#include "maskers/parts.h"

#define GROUPS_MOST 99u
#define MATCH_LIMIT 1000000u
#define DEPTH_LIMIT 10000u
#define HEAP_LIMIT_KIB 65536u

enum { REFUSE, REDACT };

struct config {
    const char *pattern;
    struct bau_subs groups;
    uint32_t unmatched;
    bool all;
    pcre2_code *code;
    uint32_t *numbers; /* group of each sub */
    uint32_t max_chars;
};

static const struct bau_option options[] = {
    { "pattern", BAU_OPTION_TEXT, offsetof(struct config, pattern), NULL, 0, 0,
      "What to look for, a regular expression as PCRE2 takes it.", BAU_OPTION_REQUIRED, NULL, "PATTERN", 0 },
    { "groups", BAU_OPTION_MASKERS, offsetof(struct config, groups), NULL, 0, 0,
      "Maskers by group, its number or name; one masker alone takes the whole match.",
      BAU_OPTION_REQUIRED | BAU_OPTION_PARTS, NULL, NULL, 0 },
    { "unmatched", BAU_OPTION_CHOICE, offsetof(struct config, unmatched), "refuse", 0, 0,
      "What happens to a text in which no listed group is found; redact hides all of it.", 0, "refuse|redact",
      NULL, 0 },
    { "all", BAU_OPTION_BOOL, offsetof(struct config, all), "true", 0, 0,
      "Whether every match is masked, not the first alone.", 0, NULL, NULL, 0 },
    { 0 },
};

/* ── bind ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void *take_block(size_t bytes, void *unused)
{
    (void)unused;
    return bau_alloc(bytes);
}

static void give_block(void *block, void *unused)
{
    (void)unused;
    bau_free(block);
}

static bau_status compile(struct config *c, struct bau_error *err)
{
    int number = 0;
    PCRE2_SIZE at = 0;
    PCRE2_UCHAR why[120] = "";
    pcre2_general_context *general = pcre2_general_context_create(take_block, give_block, NULL);
    pcre2_compile_context *with = general ? pcre2_compile_context_create(general) : NULL;
    if (with)
        c->code = pcre2_compile((PCRE2_SPTR)c->pattern, PCRE2_ZERO_TERMINATED,
                                PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &number, &at, with);
    const bool memory = with && number != PCRE2_ERROR_HEAP_FAILED;
    pcre2_compile_context_free(with);
    pcre2_general_context_free(general);
    if (!memory)
        return bau_error_set(err, BAU_E_NOMEM, "pattern");
    if (c->code) {
        (void)pcre2_jit_compile(c->code,
                                PCRE2_JIT_COMPLETE); /* without it the interpreter runs, to the same end */
        return BAU_OK;
    }
    pcre2_get_error_message(number, why, sizeof why);
    return bau_error_set(err, BAU_E_USAGE, "pattern, at byte %zu: %s", (size_t)at, (const char *)why);
}

/* The number of the group that `label` names; UINT32_MAX when there is none. */
static uint32_t group_of(const struct config *c, const char *label)
{
    uint32_t count = 0, number = 0;
    (void)pcre2_pattern_info(c->code, PCRE2_INFO_CAPTURECOUNT, &count);
    if (*label == '\0')
        return 0;
    if (bau_is_digit((uint8_t)*label)) {
        for (; bau_is_digit((uint8_t)*label) && number <= GROUPS_MOST; label++)
            number = number * 10 + (uint32_t)(*label - '0');
        return *label || number > count ? UINT32_MAX : number;
    }
    const int found = pcre2_substring_number_from_name(c->code, (PCRE2_SPTR)label);
    return found > 0 ? (uint32_t)found : UINT32_MAX;
}

static bau_status find_groups(struct config *c, struct bau_arena *arena, struct bau_error *err)
{
    c->numbers = bau_arena_zero(arena, ((size_t)c->groups.n + 1) * sizeof *c->numbers);
    if (!c->numbers)
        return bau_error_set(err, BAU_E_NOMEM, "groups");
    if (c->groups.n > GROUPS_MOST)
        return bau_error_set(err, BAU_E_USAGE, "more than %u groups are named", GROUPS_MOST);
    for (uint32_t i = 0; i < c->groups.n; i++) {
        c->numbers[i] = group_of(c, c->groups.at[i].label);
        if (c->numbers[i] == UINT32_MAX)
            return bau_error_set(err, BAU_E_USAGE,
                                 "the pattern has no group '%.60s', or several of that name",
                                 c->groups.at[i].label);
        for (uint32_t k = 0; k < i; k++)
            if (c->numbers[k] == c->numbers[i])
                return bau_error_set(err, BAU_E_USAGE, "group %u of the pattern is named twice",
                                     c->numbers[i]);
    }
    return BAU_OK;
}

static void unbind(void *config)
{
    struct config *c = config;
    pcre2_code_free(c->code);
    c->code = NULL;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    c->max_chars = with->max_chars;
    BAU_TRY(compile(c, err));
    const bau_status status = find_groups(c, with->arena, err);
    if (status != BAU_OK)
        unbind(c);
    return status;
}

/* ── apply ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void *take_arena(size_t bytes, void *arena)
{
    return bau_arena_take(arena, bytes);
}

static void leave_arena(void *block, void *arena)
{
    (void)block;
    (void)arena;
}

struct search {
    const struct config *config;
    struct bau_parts *parts;
    pcre2_match_data *data;
    pcre2_match_context *limits;
    struct bau_error *err;
};

static bau_status open_search(struct search *s, struct bau_arena *arena)
{
    pcre2_general_context *general = pcre2_general_context_create(take_arena, leave_arena, arena);
    s->limits = general ? pcre2_match_context_create(general) : NULL;
    s->data = general ? pcre2_match_data_create_from_pattern(s->config->code, general) : NULL;
    if (!s->limits || !s->data)
        return bau_error_set(s->err, BAU_E_NOMEM, "batch");
    pcre2_set_match_limit(s->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(s->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(s->limits, HEAP_LIMIT_KIB);
    return BAU_OK;
}

static bau_status fail(const struct search *s, uint32_t value, int found)
{
    if (found == PCRE2_ERROR_NOMEMORY)
        return bau_error_set(s->err, BAU_E_NOMEM, "batch");
    if (found <= PCRE2_ERROR_UTF8_ERR1 && found >= PCRE2_ERROR_UTF8_ERR21)
        return bau_mask_refuse(s->parts->ctx, s->parts->in, value, "is not UTF-8", s->err);
    (void)bau_mask_refuse(s->parts->ctx, s->parts->in, value, "takes the pattern beyond its limits", s->err);
    s->err->code = BAU_E_LIMIT;
    return BAU_E_LIMIT;
}

/* The JIT has a small stack; what does not fit there is left to the interpreter. */
static int match(const struct search *s, struct bau_slice text, size_t from, uint32_t flags)
{
    const int found = pcre2_match(s->config->code, text.data, text.len, from, flags, s->data, s->limits);
    if (found != PCRE2_ERROR_JIT_STACKLIMIT)
        return found;
    return pcre2_match(s->config->code, text.data, text.len, from, flags | PCRE2_NO_JIT, s->data, s->limits);
}

/* The listed groups of a match as parts, in the order in which they stand in the text. `*end`: of the last part. */
static bau_status add_groups(const struct search *s, uint32_t value, const PCRE2_SIZE *at, bool *any,
                             size_t *end)
{
    const struct config *c = s->config;
    uint32_t order[GROUPS_MOST], n = 0;
    for (uint32_t i = 0; i < c->groups.n; i++) {
        const uint32_t g = c->numbers[i];
        uint32_t k = n;
        if (at[2 * g] == PCRE2_UNSET || at[2 * g] >= at[2 * g + 1])
            continue;
        for (; k > 0 && at[2 * c->numbers[order[k - 1]]] > at[2 * g]; k--)
            order[k] = order[k - 1];
        order[k] = i;
        n++;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t g = c->numbers[order[i]];
        if (at[2 * g] < *end)
            return bau_mask_refuse(s->parts->ctx, s->parts->in, value, "has listed groups that overlap in it",
                                   s->err);
        BAU_TRY(bau_parts_add(s->parts, value, at[2 * g], at[2 * g + 1] - at[2 * g], order[i], 0, s->err));
        *end = at[2 * g + 1];
    }
    *any = *any || n > 0;
    return BAU_OK;
}

static size_t character(struct bau_slice text, size_t at)
{
    size_t n = 1;
    while (at + n < text.len && (text.data[at + n] & 0xC0u) == 0x80u)
        n++;
    return n;
}

static bau_status search_one(const struct search *s, uint32_t value)
{
    const struct bau_slice text = bau_column_value(s->parts->in, value);
    const uint32_t first = s->parts->n;
    uint32_t flags = 0;
    size_t end = 0;
    bool any = false;
    for (size_t from = 0; from <= text.len;) {
        const int found = match(s, text, from, flags);
        if (found == PCRE2_ERROR_NOMATCH)
            break;
        if (found < 0)
            return fail(s, value, found);
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->data);
        BAU_TRY(add_groups(s, value, at, &any, &end));
        if (!s->config->all)
            break;
        const size_t to = at[1] > from ? at[1] : from;
        from =
            at[0] < at[1] && at[1] > from ? at[1] : to + character(text, to); /* an empty match: on by one */
        flags = PCRE2_NO_UTF_CHECK;
    }
    if (any || text.len == 0)
        return BAU_OK;
    if (s->config->unmatched == REFUSE)
        return bau_mask_refuse(s->parts->ctx, s->parts->in, value,
                               "holds nothing that the pattern's groups find", s->err);
    s->parts->n = first;
    return bau_parts_add(s->parts, value, 0, text.len, BAU_PART_HIDE, 0, s->err);
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    static const struct bau_parts_codec plain = { 0 };
    const struct config *c = config;
    const struct bau_column from = *in;
    struct bau_parts parts = {
        .ctx = ctx, .in = &from, .subs = &c->groups, .codec = &plain, .max_chars = c->max_chars
    };
    struct search s = { .config = c, .parts = &parts, .err = err };
    BAU_TRY(open_search(&s, ctx->arena));
    for (uint32_t i = 0; i < from.n_values; i++)
        if (bau_column_present(&from, i))
            BAU_TRY(search_one(&s, i));
    return bau_parts_apply(&parts, out, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return bau_parts_widest(c->max_chars);
}

/* A null becomes the empty text. */
static void promises(const void *config, uint32_t *traits, uint32_t *leaks)
{
    const struct config *c = config;
    bau_subs_promise(c->groups.at, c->groups.n, traits, leaks);
    *traits &= BAU_DETERMINISTIC | BAU_KEYED;
    *traits |= BAU_KEEPS_SOME;
    *leaks |= BAU_LEAKS_VALUE | BAU_LEAKS_FORMAT;
}

const struct bau_masker bau_masker_regex = {
    .name = "regex",
    .summary = "Masks what the groups of a pattern find in a text, each in its own way; the rest stays.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_VALUE | BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .promises = promises,
    .unbind = unbind,
    .example_in = "order 4711 of Ada Lovelace",
    .example_options = "pattern=order[[:space:]]([0-9]+)[[:space:]]of[[:space:]](?<who>.+) groups={1: "
                       "permute, who: person_name}",
};

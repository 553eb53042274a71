/* Selectors: "shop.public.customers", "shop.*.log_*", "shop.**", 'shop.public."Odd.Name"'. See rule.h. */
#include <string.h>

#include "src/rule/rule.h"

#define SEGMENTS_MOST 32u

static bau_status bad(struct bau_at at, const char *text, const char *why, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_USAGE, BAU_AT_FORMAT ": selector '%.80s' %s", BAU_AT_ARGS(at), text, why);
}

/* One quoted segment from `c` (behind the opening quote); "" is a quote. Returns where it ended, NULL when it did not. */
static const char *quoted_segment(const char *c, struct bau_arena *arena, struct bau_segment *out)
{
    char *to = bau_arena_take(arena, strlen(c) + 1);
    out->text = to;
    out->quoted = true;
    while (to && *c) {
        if (*c == '"' && c[1] != '"') {
            *to = '\0';
            return c + 1;
        }
        c += *c == '"';
        *to++ = *c++;
    }
    return NULL;
}

bau_status bau_pattern_parse(const char *text, struct bau_at at, struct bau_arena *arena,
                             struct bau_pattern *out, struct bau_error *err)
{
    struct bau_segment *segments = bau_arena_zero(arena, SEGMENTS_MOST * sizeof *segments);
    const char *copy = bau_arena_text(arena, text);
    if (!segments || !copy)
        return bau_error_set(err, BAU_E_NOMEM, "selector");
    uint32_t n = 0;
    for (const char *c = copy;; c++) {
        struct bau_segment *s = &segments[n];
        if (n + 1 == SEGMENTS_MOST)
            return bad(at, text, "has too many segments", err);
        if (*c == '"') {
            c = quoted_segment(c + 1, arena, s);
            if (!c)
                return bad(at, text, "has a quote that does not close", err);
        } else {
            const size_t len = strcspn(c, ".\"");
            s->text = bau_arena_textn(arena, c, len);
            if (!s->text)
                return bau_error_set(err, BAU_E_NOMEM, "selector");
            s->any = strcmp(s->text, "**") == 0;
            c += len;
        }
        if (!*s->text && !s->quoted)
            return bad(at, text, "has an empty segment", err);
        n++;
        if (!*c)
            break;
        if (*c != '.')
            return bad(at, text, "needs a '.' behind a quoted name", err);
    }
    *out = (struct bau_pattern){ copy, at, n, segments };
    return BAU_OK;
}

/* `*` stands for any run of characters of one segment. */
static bool glob(const char *pattern, const char *text)
{
    const char *star = NULL, *retry = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            retry = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++retry;
        } else
            return false;
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

static bool match(const struct bau_segment *s, uint32_t n_s, const char *const *segments, uint32_t n)
{
    if (n_s == 0)
        return n == 0;
    if (s->any) {
        for (uint32_t skip = 0; skip <= n; skip++)
            if (match(s + 1, n_s - 1, segments + skip, n - skip))
                return true;
        return false;
    }
    return n > 0 && (s->quoted ? strcmp(s->text, segments[0]) == 0 : glob(s->text, segments[0])) &&
           match(s + 1, n_s - 1, segments + 1, n - 1);
}

bool bau_pattern_matches(const struct bau_pattern *pattern, const char *const *segments, uint32_t n)
{
    return match(pattern->segments, pattern->n_segments, segments, n);
}

/* 0 for none and '**', 1 and up for wildcards by the letters they fix, far more for a written-out name. */
static uint32_t weight(const struct bau_pattern *p, uint32_t i)
{
    if (i >= p->n_segments || p->segments[i].any)
        return 0;
    const struct bau_segment *s = &p->segments[i];
    if (s->quoted || !strchr(s->text, '*'))
        return 1u << 20;
    uint32_t letters = 1;
    for (const char *c = s->text; *c; c++)
        letters += *c != '*';
    return letters;
}

int bau_pattern_compare(const struct bau_pattern *a, const struct bau_pattern *b)
{
    const uint32_t n = a->n_segments > b->n_segments ? a->n_segments : b->n_segments;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t wa = weight(a, i), wb = weight(b, i);
        if (wa != wb)
            return wa > wb ? 1 : -1;
    }
    return 0;
}

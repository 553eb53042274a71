/* Templates and the trie over what they start with: see template.h. */
#include "template.h"

#include <string.h>

static bau_status bad(const char *text, const char *why, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_USAGE, "key template '%.80s' %s", text, why);
}

/* ── parsing ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool name_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* A literal up to the next capture; doubled braces undone. Returns where it ended, NULL when a brace stands alone. */
static const char *literal(const char *c, char *to, size_t *out_n)
{
    size_t n = 0;
    while (*c && !(*c == '{' && c[1] != '{')) {
        /* "{{{id}}}": the first two are one brace, the third opens the capture */
        if (*c == '{' || *c == '}') {
            if (c[1] != *c)
                return NULL;
            c++;
        }
        to[n++] = *c++;
    }
    *out_n = n;
    return c;
}

static bau_status capture(const char *text, const char **at, struct bau_arena *arena, struct redis_part *out,
                          struct bau_error *err)
{
    const char *start = ++*at;
    while (name_letter(**at))
        ++*at;
    const size_t n = (size_t)(*at - start);
    out->any = **at == '*';
    *at += out->any;
    if (n == 0 || **at != '}')
        return bad(text, "has a capture that is not {name} or {name*}", err);
    ++*at;
    out->capture = bau_arena_textn(arena, start, n);
    return out->capture ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "key template");
}

static bau_status check(const struct redis_template *t, struct bau_error *err)
{
    for (uint32_t i = 0; i < t->n_parts; i++) {
        const struct redis_part *p = &t->parts[i];
        if (p->capture && i + 1 < t->n_parts && t->parts[i + 1].capture)
            return bad(t->text, "has two captures with nothing between them", err);
        for (uint32_t k = 0; p->capture && k < i; k++)
            if (t->parts[k].capture && strcmp(t->parts[k].capture, p->capture) == 0)
                return bad(t->text, "has two captures of one name", err);
    }
    return t->n_captures <= REDIS_CAPTURES_MOST ? BAU_OK : bad(t->text, "has more than 16 captures", err);
}

bau_status redis_template_parse(const char *text, struct bau_arena *arena, struct redis_template *out,
                                struct bau_error *err)
{
    struct redis_part *parts = bau_arena_zero(arena, (strlen(text) + 1) * sizeof *parts);
    struct redis_template t = { .text = bau_arena_text(arena, text), .parts = parts };
    if (!parts || !t.text)
        return bau_error_set(err, BAU_E_NOMEM, "key template");
    for (const char *c = text; *c;) {
        struct redis_part *p = &parts[t.n_parts++];
        if (*c == '{' && c[1] != '{') {
            BAU_TRY(capture(text, &c, arena, p, err));
            t.n_captures++;
            continue;
        }
        char *to = bau_arena_take(arena, strlen(c) + 1);
        if (!to)
            return bau_error_set(err, BAU_E_NOMEM, "key template");
        c = literal(c, to, &p->len);
        if (!c)
            return bad(text, "has a '}' alone; a brace of the key is written '{{' or '}}'", err);
        p->text = to;
        t.fixed += p->len;
    }
    BAU_TRY(check(&t, err));
    *out = t;
    return BAU_OK;
}

/* ── matching ────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Parts from `i` on against key[at …]. A plain capture ends at a character it may not hold, so that only '*' captures need
 * trying; `steps` bounds that. */
static bool match(const struct redis_template *t, uint32_t i, uint32_t n_captures, struct bau_slice key,
                  size_t at, struct bau_slice *out, uint32_t *steps)
{
    if (i == t->n_parts)
        return at == key.len;
    const struct redis_part *p = &t->parts[i];
    const struct redis_part *next = i + 1 < t->n_parts ? p + 1 : NULL;
    if (!p->capture)
        return key.len - at >= p->len && memcmp(key.data + at, p->text, p->len) == 0 &&
               match(t, i + 1, n_captures, key, at + p->len, out, steps);
    if (p->any) {
        for (size_t end = key.len + 1; end-- > at;) {
            if (next && (end == key.len || key.data[end] != (uint8_t)next->text[0]))
                continue;
            if (++*steps > 4096)
                return false;
            out[n_captures] = (struct bau_slice){ key.data + at, end - at };
            if (match(t, i + 1, n_captures + 1, key, end, out, steps))
                return true;
            if (!next)
                return false;
        }
        return false;
    }
    size_t end = at;
    while (end < key.len && key.data[end] != ':' && !(next && key.data[end] == (uint8_t)next->text[0]))
        end++;
    out[n_captures] = (struct bau_slice){ key.data + at, end - at };
    return end > at && match(t, i + 1, n_captures + 1, key, end, out, steps);
}

bool redis_template_match(const struct redis_template *t, struct bau_slice key,
                          struct bau_slice out[REDIS_CAPTURES_MOST])
{
    uint32_t steps = 0;
    return match(t, 0, 0, key, 0, out, &steps);
}

/* ── trie ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

#define NONE UINT32_MAX

struct node {
    uint8_t byte;
    uint32_t child, next, first; /* first: template that starts with exactly this, NONE: none */
};
struct redis_trie {
    const struct redis_template *templates;
    struct node *nodes;
    uint32_t n_nodes;
    uint32_t *same; /* of a template: the next one that starts alike */
};

static struct bau_slice lead(const struct redis_template *t)
{
    const bool literal_first = t->n_parts && !t->parts[0].capture;
    return literal_first ? (struct bau_slice){ (const uint8_t *)t->parts[0].text, t->parts[0].len }
                         : (struct bau_slice){ NULL, 0 };
}

static uint32_t child_of(const struct redis_trie *trie, uint32_t node, uint8_t byte)
{
    uint32_t c = trie->nodes[node].child;
    while (c != NONE && trie->nodes[c].byte != byte)
        c = trie->nodes[c].next;
    return c;
}

static void insert(struct redis_trie *trie, uint32_t index)
{
    const struct bau_slice l = lead(&trie->templates[index]);
    uint32_t at = 0;
    for (size_t i = 0; i < l.len; i++) {
        uint32_t c = child_of(trie, at, l.data[i]);
        if (c == NONE) {
            c = trie->n_nodes++;
            trie->nodes[c] = (struct node){ l.data[i], NONE, trie->nodes[at].child, NONE };
            trie->nodes[at].child = c;
        }
        at = c;
    }
    trie->same[index] = trie->nodes[at].first;
    trie->nodes[at].first = index;
}

bau_status redis_trie_new(const struct redis_template *templates, uint32_t n, struct bau_arena *arena,
                          struct redis_trie **out, struct bau_error *err)
{
    size_t bytes = 1;
    for (uint32_t i = 0; i < n; i++)
        bytes += lead(&templates[i]).len;
    struct redis_trie *trie = bau_arena_zero(arena, sizeof *trie);
    if (!trie)
        return bau_error_set(err, BAU_E_NOMEM, "key templates");
    trie->templates = templates;
    trie->nodes = bau_arena_zero(arena, bytes * sizeof *trie->nodes);
    trie->same = bau_arena_zero(arena, ((size_t)n + 1) * sizeof *trie->same);
    if (!trie->nodes || !trie->same)
        return bau_error_set(err, BAU_E_NOMEM, "key templates");
    trie->nodes[0] = (struct node){ 0, NONE, NONE, NONE };
    trie->n_nodes = 1;
    for (uint32_t i = 0; i < n; i++)
        insert(trie, i);
    *out = trie;
    return BAU_OK;
}

static bool stars(const struct redis_template *t)
{
    for (uint32_t i = 0; i < t->n_parts; i++)
        if (t->parts[i].any)
            return true;
    return false;
}

static bool better(const struct redis_template *a, const struct redis_template *b)
{
    return a->fixed != b->fixed ? a->fixed > b->fixed : !stars(a) && stars(b);
}

uint32_t redis_trie_find(const struct redis_trie *trie, struct bau_slice key)
{
    struct bau_slice captures[REDIS_CAPTURES_MOST];
    uint32_t best = NONE;
    size_t i = 0;
    for (uint32_t at = 0; at != NONE; at = i < key.len ? child_of(trie, at, key.data[i++]) : NONE)
        for (uint32_t t = trie->nodes[at].first; t != NONE; t = trie->same[t])
            if ((best == NONE || better(&trie->templates[t], &trie->templates[best])) &&
                redis_template_match(&trie->templates[t], key, captures))
                best = t;
    return best;
}

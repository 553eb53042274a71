/* Templates out of a sample of keys: see template.h.
 *
 * Keys are cut at ':', '/' and '|'. At each place the segments are grouped: a word (letters, '_' and '-') that at least
 * three keys and a twentieth of the group share is taken for a literal; all others become one capture, so that what only a
 * few keys hold is never shown. A key without a separator is all capture. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template.h"

enum { DEPTH_MOST = 12, LEAST = 3, SHARE = 20, WORD_MOST = 32, TEMPLATES_MOST = 500 };

struct induce {
    struct bau_arena *arena;
    const char **out;
    uint32_t n, room;
    bool failed;
};

static bool separates(uint8_t c)
{
    return c == ':' || c == '/' || c == '|';
}

static size_t segment(struct bau_slice s)
{
    size_t n = 0;
    while (n < s.len && !separates(s.data[n]))
        n++;
    return n;
}

static int by_segment(const void *left, const void *right)
{
    const struct bau_slice *a = left, *b = right;
    const size_t na = segment(*a), nb = segment(*b);
    const int order = memcmp(a->data, b->data, na < nb ? na : nb);
    if (order || na != nb)
        return order ? order : na < nb ? -1 : 1;
    const int ca = a->len > na ? a->data[na] : -1, cb = b->len > nb ? b->data[nb] : -1;
    return ca - cb;
}

static bool is_word(struct bau_slice s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t low = s.data[i] | 0x20;
        if (!(low >= 'a' && low <= 'z') && s.data[i] != '_' && s.data[i] != '-')
            return false;
    }
    return n > 0 && n <= WORD_MOST;
}

static void emit(struct induce *in, const struct bau_text *text)
{
    for (uint32_t i = 0; i < in->n; i++)
        if (strcmp(in->out[i], text->data ? text->data : "") == 0)
            return;
    if (in->n == in->room)
        return; /* the run is refused for those there are */
    const char *copy = bau_arena_text(in->arena, text->data ? text->data : "");
    in->failed = in->failed || !copy || text->failed;
    if (copy)
        in->out[in->n++] = copy;
}

static const char *kind_of(const struct bau_slice *keys, size_t n)
{
    bool digits = true, hex = true;
    for (size_t k = 0; k < n; k++) {
        const size_t len = segment(keys[k]);
        for (size_t i = 0; i < len; i++) {
            const uint8_t c = keys[k].data[i], low = c | 0x20;
            digits = digits && c >= '0' && c <= '9';
            hex = hex && ((c >= '0' && c <= '9') || (low >= 'a' && low <= 'f') || c == '-');
        }
        hex = hex && len >= 16;
    }
    return digits ? "id" : hex ? "token" : "name";
}

static void descend(struct induce *in, struct bau_slice *keys, size_t n, uint32_t depth, uint32_t n_captures,
                    const struct bau_text *prefix);

/* Keys that share what `text` says up to the same separator (or end) go on behind it. */
static void go_on(struct induce *in, struct bau_slice *keys, size_t n, uint32_t depth, uint32_t n_captures,
                  struct bau_text *text)
{
    const size_t len = text->len;
    for (size_t from = 0, to; from < n; from = to) {
        const size_t at = segment(keys[from]);
        const int separator = keys[from].len > at ? keys[from].data[at] : -1;
        for (to = from; to < n; to++) {
            const size_t own = segment(keys[to]);
            if ((keys[to].len > own ? keys[to].data[own] : -1) != separator)
                break;
            const size_t cut = own + (separator >= 0);
            keys[to] = (struct bau_slice){ keys[to].data + cut, keys[to].len - cut };
        }
        text->len = len;
        if (separator < 0)
            emit(in, text);
        else {
            bau_text_addf(text, "%c", separator);
            descend(in, keys + from, to - from, depth + 1, n_captures, text);
        }
        text->data[text->len = len] = '\0';
    }
}

static int by_separator(const void *left, const void *right)
{
    const struct bau_slice *a = left, *b = right;
    const size_t na = segment(*a), nb = segment(*b);
    return (a->len > na ? a->data[na] : -1) - (b->len > nb ? b->data[nb] : -1);
}

static void add_capture(struct bau_text *text, const char *kind, uint32_t n_captures, bool any)
{
    if (n_captures)
        bau_text_addf(text, "{%s%u%s}", kind, n_captures + 1, any ? "*" : "");
    else
        bau_text_addf(text, "{%s%s}", kind, any ? "*" : "");
}

static void captured(struct induce *in, struct bau_slice *keys, size_t n, uint32_t depth, uint32_t n_captures,
                     const struct bau_text *prefix)
{
    BAU_AUTO_TEXT text = { 0 };
    bau_text_addn(&text, prefix->data ? prefix->data : "", prefix->len);
    bool odd = depth >= DEPTH_MOST;
    for (size_t k = 0; k < n; k++)
        odd = odd || segment(keys[k]) == 0;
    add_capture(&text, odd ? "rest" : kind_of(keys, n), n_captures, odd);
    in->failed = in->failed || text.failed;
    if (in->failed)
        return;
    if (odd) {
        emit(in, &text);
        return;
    }
    qsort(keys, n, sizeof *keys, by_separator);
    go_on(in, keys, n, depth, n_captures + 1, &text);
}

static void descend(struct induce *in, struct bau_slice *keys, size_t n, uint32_t depth, uint32_t n_captures,
                    const struct bau_text *prefix)
{
    size_t pooled = 0;
    qsort(keys, n, sizeof *keys, by_segment);
    for (size_t from = 0, to; from < n && !in->failed; from = to) {
        const size_t len = segment(keys[from]);
        bool goes_on = false;
        for (to = from;
             to < n && segment(keys[to]) == len && memcmp(keys[to].data, keys[from].data, len) == 0; to++)
            goes_on = goes_on || keys[to].len > len;
        const bool shared = to - from >= LEAST && (to - from) * SHARE >= n;
        if (depth < DEPTH_MOST && is_word(keys[from], len) && shared && (depth || goes_on)) {
            BAU_AUTO_TEXT text = { 0 };
            bau_text_addn(&text, prefix->data ? prefix->data : "", prefix->len);
            bau_text_addn(&text, keys[from].data, len);
            in->failed = in->failed || text.failed;
            if (!in->failed)
                go_on(in, keys + from, to - from, depth, n_captures, &text);
        } else {
            memmove(keys + pooled, keys + from, (to - from) * sizeof *keys);
            pooled += to - from;
        }
    }
    if (pooled && !in->failed)
        captured(in, keys, pooled, depth, n_captures, prefix);
}

bau_status redis_induce(struct bau_slice *keys, size_t n, struct bau_arena *arena, const char ***out,
                        uint32_t *out_n, struct bau_error *err)
{
    struct induce in = { .arena = arena, .room = TEMPLATES_MOST };
    const struct bau_text nothing = { 0 };
    in.out = bau_arena_take(arena, TEMPLATES_MOST * sizeof *in.out);
    if (!in.out)
        return bau_error_set(err, BAU_E_NOMEM, "key templates");
    if (n)
        descend(&in, keys, n, 0, 0, &nothing);
    if (in.failed)
        return bau_error_set(err, BAU_E_NOMEM, "key templates");
    *out = in.out;
    *out_n = in.n;
    return BAU_OK;
}

/* Compiles JSON paths into one tree of segments that json_scan.c walks beside the document. Paths that begin
 * alike share their nodes, so a document with a hundred rules costs no more than one comparison a sibling
 * name. */
#include "src/kernel/json_internal.h"

#include <string.h>

enum segment_kind { END, DEEP, ANY_ELEMENT, ANY_MEMBER, NAME, BAD };

struct parser {
    const char *text, *p;
    uint8_t *names; /* where the next decoded name goes */
    size_t name_len;
    const char *what;
};

static bool name_byte(char c)
{
    return (unsigned char)c > ' ' && !strchr(".[]*\"", c) && c != 0x7f;
}

static enum segment_kind bad(struct parser *s, const char *what)
{
    s->what = what;
    return BAD;
}

/* From the opening quote to after the closing bracket. */
static enum segment_kind quoted(struct parser *s)
{
    const char *from = ++s->p;
    while (*s->p && *s->p != '"')
        s->p += *s->p == '\\' && s->p[1] ? 2 : 1;
    if (!*s->p)
        return bad(s, "expected a closing quote");
    const uint8_t *raw = (const void *)from;
    if (!bau_json_unescape(raw, (size_t)(s->p - from), s->names, &s->name_len)) {
        s->p = from;
        return bad(s, "not a valid JSON string");
    }
    if (*++s->p != ']')
        return bad(s, "expected ]");
    s->p++;
    return NAME;
}

static enum segment_kind bracket(struct parser *s)
{
    s->p++;
    if (*s->p == '"')
        return quoted(s);
    if (*s->p != '*')
        return bad(s, "expected * or a name in double quotes after [");
    if (*++s->p != ']')
        return bad(s, "expected ]");
    s->p++;
    return ANY_ELEMENT;
}

static enum segment_kind next_segment(struct parser *s)
{
    if (*s->p == '\0')
        return END;
    if (*s->p == '[')
        return bracket(s);
    if (*s->p == '.')
        s->p++;
    else if (*s->p != '*' || s->p[1] != '*')
        return bad(s, "expected . or [");
    if (s->p[0] == '*') {
        const bool deep = s->p[1] == '*';
        s->p += deep ? 2 : 1;
        return deep ? DEEP : ANY_MEMBER;
    }
    const char *from = s->p;
    while (*s->p && name_byte(*s->p))
        s->p++;
    if (s->p == from)
        return bad(s, "expected a name or *");
    s->name_len = (size_t)(s->p - from);
    const uint8_t *raw = (const void *)from;
    for (const uint8_t *q = raw, *end = raw + s->name_len; q < end;) {
        const size_t n = bau_utf8_length(q, end);
        if (n == 0) {
            s->p = from;
            return bad(s, "not UTF-8");
        }
        q += n;
    }
    memcpy(s->names, from, s->name_len);
    return NAME;
}

static uint16_t add_node(struct bau_json_paths *out)
{
    struct bau_json_node *n = &out->nodes[out->n_nodes];
    memset(n, 0, sizeof *n);
    n->path = -1;
    return (uint16_t)out->n_nodes++;
}

static uint16_t child_by_name(struct bau_json_paths *out, uint16_t at, struct parser *s)
{
    uint16_t c = out->nodes[at].first_name;
    for (; c; c = out->nodes[c].next_name) {
        const struct bau_json_node *n = &out->nodes[c];
        if (n->name_len == s->name_len && memcmp(out->names + n->name, s->names, s->name_len) == 0)
            return c;
    }
    c = add_node(out);
    out->nodes[c].name = (uint32_t)(s->names - out->names);
    out->nodes[c].name_len = (uint32_t)s->name_len;
    out->nodes[c].next_name = out->nodes[at].first_name;
    out->nodes[at].first_name = c;
    s->names += s->name_len;
    return c;
}

static uint16_t child(struct bau_json_paths *out, uint16_t at, enum segment_kind kind, struct parser *s)
{
    if (kind == NAME)
        return child_by_name(out, at, s);
    if (kind == DEEP && out->nodes[at].is_deep) /* ** after ** says nothing new */
        return at;
    struct bau_json_node *n = &out->nodes[at];
    uint16_t *slot = kind == DEEP ? &n->deep : kind == ANY_MEMBER ? &n->member : &n->element;
    if (!*slot) {
        *slot = add_node(out);
        out->nodes[*slot].is_deep = kind == DEEP;
    }
    return *slot;
}

/* At least as many as the path has. */
static uint32_t segments(const char *text)
{
    uint32_t n = 1;
    for (const char *p = text; *p; p++)
        n += *p == '.' || *p == '[' || *p == '*';
    return n;
}

size_t bau_json_paths_bytes(const char *const *texts, uint32_t n)
{
    size_t bytes = sizeof(struct bau_json_node) + _Alignof(max_align_t), nodes = 1;
    for (uint32_t i = 0; i < n; i++)
        nodes += segments(texts[i]);
    for (uint32_t i = 0; i < n; i++)
        bytes += 2 * strlen(texts[i]) + sizeof(uint32_t) + sizeof(bool);
    return bytes + nodes * sizeof(struct bau_json_node) + bau_json_states_bytes(nodes);
}

/* Compare two paths that have compiled: segment by segment, then by length. */
static int compare(const char *left, const char *right, uint8_t *spare)
{
    struct parser a = { .p = left + 1, .names = spare }, b = { .p = right + 1, .names = spare };
    bool a_deep = false, b_deep = false;
    for (;;) {
        enum segment_kind x, y;
        do
            x = next_segment(&a);
        while (x == DEEP && a_deep);
        do
            y = next_segment(&b);
        while (y == DEEP && b_deep);
        a_deep = x == DEEP;
        b_deep = y == DEEP;
        const int x_weight = x == ANY_MEMBER ? ANY_ELEMENT : (int)x,
                  y_weight = y == ANY_MEMBER ? ANY_ELEMENT : (int)y;
        if (x_weight != y_weight)
            return x_weight - y_weight;
        if (x == END)
            return 0;
    }
}

/* rank[i]: how many paths are less specific than path i, or equal and later. */
static void rank_paths(struct bau_json_paths *out, const char *const *texts, uint8_t *spare)
{
    for (uint32_t i = 0; i < out->n_paths; i++) {
        out->rank[i] = 0;
        for (uint32_t k = 0; k < out->n_paths; k++) {
            const int order = compare(texts[i], texts[k], spare);
            out->rank[i] += order > 0 || (order == 0 && i < k);
        }
    }
}

static bool compile_one(struct bau_json_paths *out, uint32_t index, struct parser *s)
{
    uint16_t at = 0;
    if (*s->p != '$') {
        s->what = "a path begins with $";
        return false;
    }
    s->p++;
    for (enum segment_kind kind; (kind = next_segment(s)) != END;) {
        if (kind == BAD)
            return false;
        if (out->n_nodes >= UINT16_MAX) {
            s->what = "too many segments in all paths together";
            return false;
        }
        at = child(out, at, kind, s);
    }
    if (out->nodes[at].path >= 0) {
        s->p = s->text;
        s->what = "repeats an earlier path";
        return false;
    }
    out->nodes[at].path = (int32_t)index;
    return true;
}

bool bau_json_paths_init(struct bau_json_paths *out, const char *const *texts, uint32_t n, void *memory,
                         struct bau_json_path_error *err)
{
    size_t nodes = 1;
    struct bau_json_paths made = { .nodes = memory, .n_paths = n };
    for (uint32_t i = 0; i < n; i++)
        nodes += segments(texts[i]);
    const size_t odd = nodes * sizeof *made.nodes % _Alignof(max_align_t);
    uint8_t *states = (uint8_t *)(made.nodes + nodes) + (odd ? _Alignof(max_align_t) - odd : 0);
    made.rank = (void *)(states + bau_json_states_bytes(nodes));
    made.quiet = (void *)(made.rank + n);
    made.names = (void *)(made.quiet + n);
    for (uint32_t i = 0; i < n; i++)
        made.quiet[i] = false;
    uint8_t *names = made.names;
    add_node(&made);
    for (uint32_t i = 0; i < n; i++) {
        struct parser s = { .text = texts[i], .p = texts[i], .names = names };
        if (!compile_one(&made, i, &s)) {
            *err = (struct bau_json_path_error){ .path = i, .at = (uint32_t)(s.p - s.text), .what = s.what };
            return false;
        }
        names = s.names;
    }
    rank_paths(&made, texts, names); /* decodes names again, one at a time, into the second half */
    bau_json_states_init(&made, nodes, states);
    *out = made;
    return true;
}

void bau_json_paths_quiet(struct bau_json_paths *paths, uint32_t i)
{
    paths->quiet[i] = true;
}

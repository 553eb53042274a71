/* One pass over one JSON document, beside the tree of paths.
 *
 * For every open container the scan keeps the positions in the paths that are still possible below it
 * ("active nodes": a set, as .* and ** leave several ways open) and the most specific path that has ended at
 * it or above. A member steps the set by its name; all elements of an array step it the same way, so that is
 * done once an array. When the set is empty nothing below can change the answer, and names are no longer
 * looked at.
 */
#include "src/kernel/json_internal.h"

#include <string.h>

struct scan {
    const struct bau_json_paths *paths;
    struct bau_json_scratch *scratch;
    const uint8_t *text, *p, *end;
    bau_json_visit visit;
    void *context;
    uint32_t depth, n_active; /* of scratch->frames and scratch->active */
    enum bau_json_result result;
};

/* What the paths say about one value. */
struct match {
    uint32_t active, n_active;
    int32_t path;
    bool exact;
};

/* The place of a value in its container. */
struct place {
    struct match match;
    uint32_t key_offset, key_len;
    uint32_t base; /* scratch->active from here on is free again after the value */
    bool has_key, silent;
};

static bool fail(struct scan *s, enum bau_json_result result)
{
    s->result = result;
    return false;
}

static inline void skip_space(struct scan *s)
{
    if (s->p<s->end && * s->p> ' ') /* most often */
        return;
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

/* ---- the paths ---- */

static bool activate(struct scan *s, struct match *m, uint16_t node)
{
    uint16_t *active = s->scratch->active;
    for (; node; node = s->paths->nodes[node].deep) { /* ** may stand for no level at all */
        const struct bau_json_node *n = &s->paths->nodes[node];
        for (uint32_t i = m->active; n->is_deep && i < m->active + m->n_active; i++) {
            if (active[i] == node) /* only ** can be reached in two ways */
                return true;
        }
        if (s->n_active == BAU_JSON_ACTIVE)
            return fail(s, BAU_JSON_E_LIMIT);
        active[s->n_active++] = node;
        m->n_active++;
        if (n->path >= 0 && (m->path < 0 || s->paths->rank[n->path] >= s->paths->rank[m->path])) {
            m->path = n->path;
            m->exact = true;
        }
    }
    return true;
}

/* Compare a name as written, with escapes, to a decoded one. */
static bool same_name_escaped(const uint8_t *key, size_t len, const uint8_t *name, size_t name_len)
{
    const uint8_t *p = key, *end = key + len;
    size_t at = 0;
    while (p < end) {
        uint8_t c[4];
        const size_t n = bau_json_next(&p, end, c);
        if (n == 0 || name_len - at < n || memcmp(c, name + at, n) != 0)
            return false;
        at += n;
    }
    return at == name_len;
}

static bool step_names(struct scan *s, struct match *m, const struct bau_json_node *node, const uint8_t *key,
                       uint32_t len, bool escaped)
{
    for (uint16_t c = node->first_name; c; c = s->paths->nodes[c].next_name) {
        const struct bau_json_node *n = &s->paths->nodes[c];
        const uint8_t *name = s->paths->names + n->name;
        const bool same = escaped ? same_name_escaped(key, len, name, n->name_len)
                                  : n->name_len == len && memcmp(name, key, len) == 0;
        if (same)
            return activate(s, m, c); /* names of one list differ */
    }
    return true;
}

/* As step, between states: match.active is one, match.n_active tells that anything may still be found. */
static inline void step_state(const struct scan *s, const struct bau_json_frame *frame, const uint8_t *key,
                              uint32_t len, bool escaped, struct match *out)
{
    const struct bau_json_paths *paths = s->paths;
    const struct bau_json_state *at = &paths->states[frame->active];
    uint32_t to = key ? at->member : at->element;
    if (key && (escaped || (at->hint & bau_json_hint(key, len)))) {
        for (uint32_t i = 0; i < at->n_moves; i++) {
            const struct bau_json_move *m = &at->moves[i];
            const uint8_t *name = paths->names + m->name;
            if (escaped ? same_name_escaped(key, len, name, m->name_len)
                        : m->name_len == len && memcmp(name, key, len) == 0) {
                to = m->to;
                break;
            }
        }
    }
    const struct bau_json_state *now = &paths->states[to];
    const bool exact =
        now->path >= 0 && (frame->path < 0 || paths->rank[now->path] >= paths->rank[frame->path]);
    *out = (struct match){
        .active = to, .n_active = now->n_set, .path = exact ? now->path : frame->path, .exact = exact
    };
}

/* Step the set of `frame` into a member (key) or an element (key NULL). */
static bool step_set(struct scan *s, const struct bau_json_frame *frame, const uint8_t *key, uint32_t len,
                     bool escaped, struct match *out)
{
    *out = (struct match){ .active = s->n_active, .path = frame->path };
    for (uint32_t i = frame->active; i < frame->active + frame->n_active; i++) {
        const uint16_t at = s->scratch->active[i];
        const struct bau_json_node *node = &s->paths->nodes[at];
        if (node->is_deep && !activate(s, out, at))
            return false;
        if (key && node->first_name && !step_names(s, out, node, key, len, escaped))
            return false;
        const uint16_t any = key ? node->member : node->element;
        if (any && !activate(s, out, any))
            return false;
    }
    return true;
}

static inline bool step(struct scan *s, const struct bau_json_frame *frame, const uint8_t *key, uint32_t len,
                        bool escaped, struct match *out)
{
    if (!s->paths->n_states)
        return step_set(s, frame, key, len, escaped, out);
    step_state(s, frame, key, len, escaped, out);
    return true;
}

/* `$`, and ** right after it. Node 0 cannot be told from "none" in activate, so it is entered here. */
static void step_root(struct scan *s, struct match *m)
{
    const struct bau_json_node *root = &s->paths->nodes[0];
    if (s->paths->n_states) {
        const struct bau_json_state *first = &s->paths->states[0];
        *m = (struct match){ .n_active = first->n_set, .path = first->path, .exact = first->path >= 0 };
        return;
    }
    *m = (struct match){ .path = root->path, .exact = root->path >= 0, .n_active = 1 };
    s->scratch->active[s->n_active++] = 0;
    if (root->deep)
        (void)activate(s, m, root->deep); /* two entries: cannot be full */
}

/* ---- values ---- */

/* What string() does from p on, which is inside the quotes. */
static bool odd_string(struct scan *s, const uint8_t *p, bool *escaped)
{
    for (;;) {
        p = bau_json_plain_end(p, s->end);
        s->p = p;
        if (p == s->end || *p < 0x20)
            return fail(s, BAU_JSON_E_SYNTAX);
        if (*p == '"') {
            s->p = p + 1;
            return true;
        }
        if (*p >= 0x80) {
            do {
                const size_t n = bau_utf8_length(p, s->end);
                s->p = p;
                if (n == 0)
                    return fail(s, BAU_JSON_E_UTF8);
                p += n;
            } while (p < s->end && *p >= 0x80);
            continue;
        }
        *escaped = true;
        if (s->end - p < 2)
            return fail(s, BAU_JSON_E_SYNTAX);
        const uint8_t c = p[1];
        if (c == 'u') {
            if (s->end - p < 6)
                return fail(s, BAU_JSON_E_SYNTAX);
            for (int i = 2; i < 6; i++) {
                const uint8_t low = (uint8_t)(p[i] | 0x20);
                if (!((p[i] >= '0' && p[i] <= '9') || (low >= 'a' && low <= 'f')))
                    return fail(s, BAU_JSON_E_SYNTAX);
            }
            p += 6;
        } else {
            if (c == 0 || !strchr("\"\\/bfnrt", c))
                return fail(s, BAU_JSON_E_SYNTAX);
            p += 2;
        }
    }
}

/* From the opening quote to after the closing one. */
static inline bool string(struct scan *s, bool *escaped)
{
    const uint8_t *p = bau_json_plain_end(s->p + 1, s->end);
    if (p < s->end && *p == '"') {
        s->p = p + 1;
        return true;
    }
    return odd_string(s, p, escaped);
}

static bool digits(struct scan *s)
{
    const uint8_t *from = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return s->p > from || fail(s, BAU_JSON_E_SYNTAX);
}

static bool number(struct scan *s)
{
    if (*s->p == '-')
        s->p++;
    if (s->p < s->end && *s->p == '0')
        s->p++;
    else if (!digits(s))
        return false;
    if (s->p < s->end && *s->p == '.') {
        s->p++;
        if (!digits(s))
            return false;
    }
    if (s->p < s->end && (*s->p | 0x20) == 'e') {
        s->p++;
        if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
            s->p++;
        return digits(s);
    }
    return true;
}

static bool word(struct scan *s, const char *text, size_t len)
{
    if ((size_t)(s->end - s->p) < len || memcmp(s->p, text, len) != 0)
        return fail(s, BAU_JSON_E_SYNTAX);
    s->p += len;
    return true;
}

static bool scalar(struct scan *s, enum bau_json_kind *out_kind)
{
    bool escaped = false;
    switch (*s->p) {
    case '"': *out_kind = BAU_JSON_STRING; return string(s, &escaped);
    case 't': *out_kind = BAU_JSON_BOOL; return word(s, "true", 4);
    case 'f': *out_kind = BAU_JSON_BOOL; return word(s, "false", 5);
    case 'n': *out_kind = BAU_JSON_NULL; return word(s, "null", 4);
    default: *out_kind = BAU_JSON_NUMBER; return number(s);
    }
}

/* ---- the walk ---- */

static bool report(struct scan *s, const struct bau_json_event *event, bool *silent)
{
    switch (s->visit(s->context, event)) {
    case BAU_JSON_GO: return true;
    case BAU_JSON_SKIP: *silent = true; return true;
    case BAU_JSON_STOP: break;
    }
    return fail(s, BAU_JSON_STOPPED);
}

static bool leaf(struct scan *s, const struct place *at)
{
    const uint8_t *from = s->p;
    enum bau_json_kind kind;
    bool ignored = false;
    if (!scalar(s, &kind))
        return false;
    s->n_active = at->base;
    if (at->silent || (at->match.path >= 0 && s->paths->quiet[at->match.path]))
        return true;
    const struct bau_json_event e = {
        .step = BAU_JSON_LEAF,
        .kind = kind,
        .path = at->match.path,
        .exact = at->match.exact,
        .has_key = at->has_key,
        .key_offset = at->key_offset,
        .key_len = at->key_len,
        .offset = (uint32_t)(from - s->text),
        .len = (uint32_t)(s->p - from),
        .depth = s->depth,
    };
    return report(s, &e, &ignored);
}

static struct bau_json_event container_event(const struct bau_json_frame *f, uint32_t depth,
                                             enum bau_json_step step)
{
    return (struct bau_json_event){
        .step = step,
        .kind = f->array ? BAU_JSON_ARRAY : BAU_JSON_OBJECT,
        .path = f->path,
        .exact = true,
        .has_key = f->has_key,
        .key_offset = f->key_offset,
        .key_len = f->key_len,
        .offset = f->offset,
        .depth = depth,
    };
}

static bool enter(struct scan *s, const struct place *at)
{
    if (s->depth == BAU_JSON_DEPTH)
        return fail(s, BAU_JSON_E_DEPTH);
    struct bau_json_frame *f = &s->scratch->frames[s->depth];
    *f = (struct bau_json_frame){
        .offset = (uint32_t)(s->p - s->text),
        .key_offset = at->key_offset,
        .key_len = at->key_len,
        .base = at->base,
        .active = at->match.active,
        .n_active = at->match.n_active,
        .path = at->match.path,
        .array = *s->p == '[',
        .exact = at->match.exact && !at->silent,
        .has_key = at->has_key,
        .silent = at->silent,
    };
    if (f->exact) {
        const struct bau_json_event e = container_event(f, s->depth, BAU_JSON_ENTER);
        if (!report(s, &e, &f->silent))
            return false;
    }
    if (f->silent)
        f->n_active = 0; /* no one will ask */
    if (f->array) {
        struct match m;
        if (!step(s, f, NULL, 0, false, &m))
            return false;
        f->element = m.active;
        f->n_element = m.n_active;
        f->element_path = m.path;
        f->element_exact = m.exact;
    }
    s->p++;
    s->depth++;
    return true;
}

static bool leave(struct scan *s)
{
    const struct bau_json_frame *f = &s->scratch->frames[--s->depth];
    bool ignored = false;
    s->p++;
    s->n_active = f->base;
    if (!f->exact)
        return true;
    struct bau_json_event e = container_event(f, s->depth, BAU_JSON_LEAVE);
    e.len = (uint32_t)(s->p - s->text) - f->offset;
    return report(s, &e, &ignored);
}

/* After the opening brace or a comma: the name and the colon. */
static bool member(struct scan *s, const struct bau_json_frame *f, struct place *out)
{
    bool escaped = false;
    const uint8_t *key = s->p + 1;
    if (s->p == s->end || *s->p != '"')
        return fail(s, BAU_JSON_E_SYNTAX);
    if (!string(s, &escaped))
        return false;
    const uint32_t len = (uint32_t)(s->p - 1 - key);
    *out = (struct place){ .base = s->n_active,
                           .key_offset = (uint32_t)(key - s->text),
                           .key_len = len,
                           .has_key = true,
                           .silent = f->silent,
                           .match = { .active = s->n_active, .path = f->path } };
    if (f->n_active > 0 && !step(s, f, key, len, escaped, &out->match))
        return false;
    skip_space(s);
    if (s->p == s->end || *s->p != ':')
        return fail(s, BAU_JSON_E_SYNTAX);
    s->p++;
    return true;
}

/* The next value's place in the innermost container, or its end. `first`: right after the opening bracket. */
static bool next_place(struct scan *s, bool first, struct place *out, bool *out_left)
{
    const struct bau_json_frame *f = &s->scratch->frames[s->depth - 1];
    skip_space(s);
    if (s->p == s->end)
        return fail(s, BAU_JSON_E_SYNTAX);
    *out_left = *s->p == (f->array ? ']' : '}');
    if (*out_left)
        return leave(s);
    if (!first) {
        if (*s->p != ',')
            return fail(s, BAU_JSON_E_SYNTAX);
        s->p++;
        skip_space(s);
    }
    if (!f->array)
        return member(s, f, out);
    *out = (struct place){ .base = s->n_active,
                           .silent = f->silent,
                           .match = { .active = f->element,
                                      .n_active = f->n_element,
                                      .path = f->element_path,
                                      .exact = f->element_exact } };
    return true;
}

static bool walk(struct scan *s)
{
    struct place at = { 0 };
    step_root(s, &at.match);
    for (;;) {
        skip_space(s);
        if (s->p == s->end)
            return fail(s, BAU_JSON_E_SYNTAX);
        bool first = *s->p == '{' || *s->p == '[';
        if (!(first ? enter(s, &at) : leaf(s, &at)))
            return false;
        for (bool left = true; left; first = false) { /* one value follows, or containers end */
            if (s->depth == 0) {
                skip_space(s);
                return s->p == s->end || fail(s, BAU_JSON_E_SYNTAX);
            }
            if (!next_place(s, first, &at, &left))
                return false;
        }
    }
}

enum bau_json_result bau_json_scan(const struct bau_json_paths *paths, struct bau_json_scratch *scratch,
                                   const uint8_t *text, size_t len, bau_json_visit visit, void *context,
                                   size_t *out_at)
{
    struct scan s = { .paths = paths,
                      .scratch = scratch,
                      .text = text,
                      .p = text,
                      .end = text ? text + len : text,
                      .visit = visit,
                      .context = context };
    if (len > UINT32_MAX)
        s.result = BAU_JSON_E_LIMIT;
    else if (walk(&s))
        return BAU_JSON_OK;
    *out_at = (size_t)(s.p - text);
    return s.result;
}

/* Masks inside documents. Four steps a batch:
 *
 *   1 scan     every document once; each leaf that a masked path covers is noted with its place (struct leaf)
 *   2 gather   the leaves of one path and one type become one flat column (struct slot)
 *   3 mask     each masker runs once a slot and batch, so it sees runs of values as it does in plain columns
 *   4 splice   documents are written again: all bytes between masked leaves copied, leaves taken from the
 *   slots
 *
 * A path's leaves lie in up to three slots: strings, numbers, booleans. A number or boolean whose masker
 * does not take it
 * joins the strings with its spelling as text. */
#include <string.h>

#include "src/kernel/json.h"
#include "src/plan/document.h"

enum { TEXT, NUMBER, BOOLEAN, KINDS }; /* order of bau_document_path.mask */
#define NO_SLOT UINT32_MAX
#define EXPONENT_MOST 2000 /* 1e2000 as digits is still a number; 1e999999999 is an attack */

struct bau_document {
    const struct bau_document_path *paths;
    uint32_t n_paths;
    struct bau_json_paths compiled;
    uint32_t *slot_of; /* of path p and kind k: [p * KINDS + k]; NO_SLOT: kept, or no masker takes it */
    uint32_t n_slots;
    const struct bau_bound **slot_mask; /* n_slots */
    bau_type *slot_type;
    uint32_t n_by;
    uint32_t *by;
};

struct leaf {
    uint32_t value;       /* which document of the batch */
    uint32_t offset, len; /* inside it; strings with their quotes */
    uint32_t slot, at;    /* which value of which slot */
    uint8_t kind;         /* TEXT, NUMBER, BOOLEAN: as the document had it */
};

struct slot {
    uint32_t n, used;
    uint64_t bytes;
    uint32_t *rows;
    struct bau_column in, out;
};

/* ---- compile ---- */

static bau_type type_of_kind(uint32_t kind)
{
    static const bau_type types[KINDS] = { BAU_TEXT, BAU_NUMERIC, BAU_BOOL };
    return types[kind];
}

static void add_by(struct bau_document *d, const struct bau_bound *mask)
{
    for (uint32_t i = 0; i < mask->n_by; i++) {
        uint32_t k = 0;
        while (k < d->n_by && d->by[k] != mask->by[i])
            k++;
        if (k == d->n_by)
            d->by[d->n_by++] = mask->by[i];
    }
}

static void assign_slots(struct bau_document *d)
{
    for (uint32_t p = 0; p < d->n_paths; p++) {
        uint32_t *slot = &d->slot_of[p * KINDS];
        for (uint32_t k = 0; k < KINDS; k++) {
            const struct bau_bound *mask = &d->paths[p].mask[k];
            slot[k] = k > 0 ? slot[TEXT] : NO_SLOT; /* spelling as text, when strings have a masker */
            if (d->paths[p].keep || !mask->masker)
                continue;
            slot[k] = d->n_slots;
            d->slot_mask[d->n_slots] = mask;
            d->slot_type[d->n_slots++] = type_of_kind(k);
            add_by(d, mask);
        }
    }
}

static bau_status compile_paths(struct bau_document *d, struct bau_arena *arena, struct bau_error *err)
{
    const char **texts = bau_arena_take(arena, (d->n_paths + 1) * sizeof *texts);
    if (!texts)
        return bau_error_set(err, BAU_E_NOMEM, "document rules");
    for (uint32_t i = 0; i < d->n_paths; i++)
        texts[i] = d->paths[i].path;
    void *memory = bau_arena_buffer(arena, bau_json_paths_bytes(texts, d->n_paths));
    struct bau_json_path_error wrong;
    if (!memory)
        return bau_error_set(err, BAU_E_NOMEM, "document rules");
    if (!bau_json_paths_init(&d->compiled, texts, d->n_paths, memory, &wrong))
        return bau_error_set(err, BAU_E_USAGE, BAU_AT_FORMAT ": path %.120s, character %u: %s",
                             BAU_AT_ARGS(d->paths[wrong.path].at), texts[wrong.path], wrong.at + 1,
                             wrong.what);
    for (uint32_t i = 0; i < d->n_paths; i++)
        if (d->paths[i].keep)
            bau_json_paths_quiet(&d->compiled, i);
    return BAU_OK;
}

bau_status bau_document_new(const struct bau_document_path *paths, uint32_t n, struct bau_arena *arena,
                            struct bau_document **out, struct bau_error *err)
{
    struct bau_document *d = bau_arena_zero(arena, sizeof *d);
    const size_t slots = (size_t)n * KINDS + 1;
    size_t n_by = 1;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < KINDS; k++)
            n_by += paths[i].mask[k].n_by;
    if (d) {
        d->paths = paths;
        d->n_paths = n;
        d->slot_of = bau_arena_take(arena, slots * sizeof *d->slot_of);
        d->slot_mask = bau_arena_take(arena, slots * sizeof *d->slot_mask);
        d->slot_type = bau_arena_take(arena, slots * sizeof *d->slot_type);
        d->by = bau_arena_take(arena, n_by * sizeof *d->by);
    }
    if (!d || !d->slot_of || !d->slot_mask || !d->slot_type || !d->by)
        return bau_error_set(err, BAU_E_NOMEM, "document rules");
    BAU_TRY(compile_paths(d, arena, err));
    assign_slots(d);
    *out = d;
    return BAU_OK;
}

uint32_t bau_document_n_by(const struct bau_document *document)
{
    return document->n_by;
}

uint32_t bau_document_by(const struct bau_document *document, uint32_t i)
{
    return document->by[i];
}

/* ---- step 1: scan ---- */

struct scan {
    const struct bau_document *document;
    struct bau_arena *arena;
    struct bau_error *err;
    struct bau_json_scratch *scratch;
    const uint8_t *text;
    uint64_t row; /* number for messages */
    uint32_t value, n_leaves, room;
    struct leaf *leaves;
    struct slot *slots;
    bau_status status;
};

static bool schema_like(const uint8_t *key, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const uint8_t c = key[i], low = c | 0x20;
        if (!(low >= 'a' && low <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return len > 0 && len <= 40;
}

/* Whether some rule spells this key as a segment. */
static bool in_rules(const struct bau_document *d, const uint8_t *key, size_t len)
{
    for (uint32_t i = 0; i < d->n_paths; i++) {
        const char *path = d->paths[i].path, *end = path + strlen(path);
        for (const char *p = path + 1; p < end && (size_t)(end - p) >= len; p++)
            if (memcmp(p, key, len) == 0 && strchr(".\"", p[-1]) &&
                (p + len == end || strchr(".[\"", p[len])))
                return true;
    }
    return false;
}

/* A key can be data: only what is spelled in the rules is shown. */
static void add_key(struct bau_text *t, const struct scan *s, uint32_t offset, uint32_t len)
{
    const uint8_t *key = s->text + offset;
    if (schema_like(key, len) && in_rules(s->document, key, len)) {
        bau_text_add(t, ".");
        bau_text_addn(t, key, len);
    } else {
        bau_text_addf(t, ".<key of %u bytes>", len);
    }
}

static void add_segment(struct bau_text *t, const struct scan *s, bool has_key, uint32_t offset, uint32_t len)
{
    if (has_key)
        add_key(t, s, offset, len);
    else
        bau_text_add(t, "[*]");
}

static enum bau_json_verdict fail(struct scan *s, const struct bau_json_event *e, bau_status code,
                                  const char *what)
{
    BAU_AUTO_TEXT path = { 0 };
    bau_text_add(&path, "$");
    for (uint32_t i = 1; i < e->depth; i++) {
        const struct bau_json_frame *f = &s->scratch->frames[i];
        add_segment(&path, s, f->has_key, f->key_offset, f->key_len);
    }
    if (e->depth > 0)
        add_segment(&path, s, e->has_key, e->key_offset, e->key_len);
    s->status = bau_error_set(s->err, code, "row %" PRIu64 ": %.300s %s", s->row,
                              path.failed ? "a value" : path.data, what);
    return BAU_JSON_STOP;
}

static bool grow(struct scan *s)
{
    if (s->n_leaves < s->room)
        return true;
    const uint32_t room = s->room ? 2 * s->room : 1024;
    struct leaf *grown = bau_arena_take(s->arena, room * sizeof *grown);
    if (!grown)
        return false;
    if (s->n_leaves)
        memcpy(grown, s->leaves, s->n_leaves * sizeof *grown);
    s->leaves = grown;
    s->room = room;
    return true;
}

static enum bau_json_verdict visit(void *context, const struct bau_json_event *e)
{
    struct scan *s = context;
    if (e->step != BAU_JSON_LEAF)
        return BAU_JSON_GO;
    if (e->path < 0)
        return fail(s, e, BAU_E_POLICY, "is covered by no path of the rule");
    if (e->kind == BAU_JSON_NULL)
        return BAU_JSON_GO;
    const uint32_t kind = e->kind == BAU_JSON_STRING ? TEXT : e->kind == BAU_JSON_NUMBER ? NUMBER : BOOLEAN;
    const uint32_t at = s->document->slot_of[(uint32_t)e->path * KINDS + kind];
    if (at == NO_SLOT)
        return fail(s, e, BAU_E_DATA,
                    kind == TEXT     ? "is a string, which its masker does not take"
                    : kind == NUMBER ? "is a number, which its masker does not take"
                                     : "is a boolean, which its masker does not take");
    if (!grow(s)) {
        s->status = bau_error_set(s->err, BAU_E_NOMEM, "documents");
        return BAU_JSON_STOP;
    }
    struct slot *slot = &s->slots[at];
    s->leaves[s->n_leaves++] = (struct leaf){ .value = s->value,
                                              .offset = e->offset,
                                              .len = e->len,
                                              .slot = at,
                                              .at = slot->n++,
                                              .kind = (uint8_t)kind };
    slot->bytes += e->len;
    return BAU_JSON_GO;
}

static const char *what_is_wrong(enum bau_json_result result)
{
    switch (result) {
    case BAU_JSON_OK:
    case BAU_JSON_STOPPED:
    case BAU_JSON_E_SYNTAX: break;
    case BAU_JSON_E_UTF8: return "the document is not UTF-8";
    case BAU_JSON_E_DEPTH: return "the document is nested too deeply";
    case BAU_JSON_E_LIMIT: return "the document is too large or the rule has too many open paths";
    }
    return "the document is no JSON";
}

static bau_status scan_all(struct scan *s, const struct bau_column *in, const uint32_t *rows,
                           uint64_t first_row)
{
    for (s->value = 0; s->value < in->n_values; s->value++) {
        if (!bau_column_present(in, s->value))
            continue;
        const struct bau_slice text = bau_column_value(in, s->value);
        size_t at = 0;
        s->text = text.data;
        s->row = first_row + (rows ? rows[s->value] : s->value) + 1;
        const enum bau_json_result result =
            bau_json_scan(&s->document->compiled, s->scratch, text.data, text.len, visit, s, &at);
        if (s->status != BAU_OK)
            return s->status;
        if (result != BAU_JSON_OK)
            return bau_error_set(s->err, result == BAU_JSON_E_LIMIT ? BAU_E_LIMIT : BAU_E_DATA,
                                 "row %" PRIu64 ": %s (byte %zu of %zu)", s->row, what_is_wrong(result), at,
                                 text.len);
    }
    return BAU_OK;
}

/* ---- step 2: gather ---- */

struct plain { /* a JSON number in parts */
    bool negative;
    const uint8_t *digits; /* with the point */
    size_t len;
    int64_t exponent;
};

static bool split_exponent(const uint8_t *text, size_t len, struct plain *out)
{
    *out = (struct plain){ .negative = text[0] == '-', .digits = text + (text[0] == '-'), .len = len };
    out->len -= out->negative;
    for (size_t i = 0; i < out->len; i++) {
        if ((out->digits[i] | 0x20) != 'e')
            continue;
        const bool down = out->digits[i + 1] == '-';
        size_t d = i + 1 + (down || out->digits[i + 1] == '+');
        for (; d < out->len; d++) {
            out->exponent = out->exponent * 10 + (out->digits[d] - '0');
            if (out->exponent > EXPONENT_MOST)
                return false;
        }
        out->exponent = down ? -out->exponent : out->exponent;
        out->len = i;
    }
    return true;
}

/* Bytes that write_plain needs at most. */
static uint64_t plain_room(const struct plain *p)
{
    return p->len + 4 + (uint64_t)(p->exponent < 0 ? -p->exponent : p->exponent);
}

/* The number without exponent: -?digits[.digits]. Returns the bytes written. */
static size_t write_plain(const struct plain *p, uint8_t *out)
{
    uint8_t *dst = out;
    if (p->negative)
        *dst++ = '-';
    if (p->exponent == 0) {
        memcpy(dst, p->digits, p->len);
        return (size_t)(dst + p->len - out);
    }
    const uint8_t *point = memchr(p->digits, '.', p->len);
    const int64_t before = point ? point - p->digits : (int64_t)p->len;
    const int64_t digits = (int64_t)p->len - (point != NULL), whole = before + p->exponent;
    const int64_t first = whole < 1 ? whole - 1 : 0, last = whole > digits ? whole : digits;
    bool started = false;                    /* zeros before the first digit but one are dropped */
    for (int64_t i = first; i < last; i++) { /* digit i; outside 0..digits it is a zero */
        if (i == whole)
            *dst++ = '.';
        const uint8_t c = i < 0 || i >= digits ? '0' : p->digits[i + (point && i >= before)];
        started = started || c != '0' || i >= whole - 1;
        if (started)
            *dst++ = c;
    }
    return (size_t)(dst - out);
}

static bau_status open_slot(const struct bau_document *d, struct scan *s, uint32_t at)
{
    struct slot *slot = &s->slots[at];
    const bau_type type = d->slot_type[at];
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = slot->n };
    if (slot->bytes > INT32_MAX)
        return bau_error_set(s->err, BAU_E_LIMIT, "the values of one path in a batch pass 2 GiB");
    slot->rows = bau_arena_buffer(s->arena, (size_t)slot->n * sizeof *slot->rows);
    if (!slot->rows)
        return bau_error_set(s->err, BAU_E_NOMEM, "documents");
    return bau_column_make(&slot->in, &shape, type, (size_t)slot->bytes, s->arena, s->err);
}

/* Adds the room that exponents take when they are written out. */
static bau_status measure_numbers(const struct bau_document *d, struct scan *s, const struct bau_column *in,
                                  uint64_t first_row, const uint32_t *rows)
{
    for (uint32_t i = 0; i < s->n_leaves; i++) {
        const struct leaf *leaf = &s->leaves[i];
        if (d->slot_type[leaf->slot] != BAU_NUMERIC)
            continue;
        struct plain p;
        if (!split_exponent(bau_column_value(in, leaf->value).data + leaf->offset, leaf->len, &p))
            return bau_error_set(s->err, BAU_E_LIMIT, "row %" PRIu64 ": a number's exponent is beyond %d",
                                 first_row + (rows ? rows[leaf->value] : leaf->value) + 1, EXPONENT_MOST);
        s->slots[leaf->slot].bytes += plain_room(&p) - (uint64_t)p.len;
    }
    return BAU_OK;
}

static bool gather_leaf(const struct leaf *leaf, const uint8_t *text, struct bau_column *column)
{
    uint8_t *data = column->data;
    if (column->type == BAU_BOOL) {
        data[leaf->at] = text[0] == 't';
        return true;
    }
    uint8_t *dst = data + column->offsets[leaf->at];
    size_t len = leaf->len;
    struct plain p;
    if (column->type == BAU_NUMERIC) {
        if (!split_exponent(text, leaf->len, &p))
            return false;
        len = write_plain(&p, dst);
    } else if (leaf->kind == TEXT) {
        if (!bau_json_unescape(text + 1, leaf->len - 2, dst, &len))
            return false;
    } else {
        memcpy(dst, text, len);
    }
    column->offsets[leaf->at + 1] = column->offsets[leaf->at] + (uint32_t)len;
    return true;
}

static bau_status gather(const struct bau_document *d, struct scan *s, const struct bau_column *in,
                         const uint32_t *rows, uint64_t first_row)
{
    BAU_TRY(measure_numbers(d, s, in, first_row, rows));
    for (uint32_t i = 0; i < d->n_slots; i++)
        if (s->slots[i].n)
            BAU_TRY(open_slot(d, s, i));
    for (uint32_t i = 0; i < s->n_leaves; i++) {
        const struct leaf *leaf = &s->leaves[i];
        struct slot *slot = &s->slots[leaf->slot];
        const uint32_t row = rows ? rows[leaf->value] : leaf->value;
        slot->rows[leaf->at] = row;
        if (!gather_leaf(leaf, bau_column_value(in, leaf->value).data + leaf->offset, &slot->in))
            return bau_error_set(s->err, BAU_E_DATA,
                                 "row %" PRIu64 ": a string of %u bytes has a lone surrogate",
                                 first_row + row + 1, leaf->len);
    }
    return BAU_OK;
}

/* ---- step 3: mask ---- */

static bau_status mask_slot(const struct bau_bound *mask, struct slot *slot, struct bau_arena *arena,
                            void *scratch, const struct bau_column *columns, uint64_t first_row,
                            struct bau_error *err)
{
    const struct bau_column *by[BAU_BY_MOST];
    for (uint32_t i = 0; i < mask->n_by && i < BAU_COUNT(by); i++)
        by[i] = &columns[mask->by[i]];
    struct bau_mask_ctx ctx = {
        .arena = arena, .scratch = scratch, .fields = by, .rows = slot->rows, .first_row = first_row
    };
    slot->out = slot->in;
    return bau_sub_apply(&mask->run, &ctx, &slot->in, &slot->out, err);
}

static bau_status mask_slots(const struct bau_document *d, struct scan *s, void *scratch,
                             const struct bau_column *columns, uint64_t first_row)
{
    for (uint32_t i = 0; i < d->n_slots; i++) {
        const struct bau_bound *mask = d->slot_mask[i];
        if (!s->slots[i].n)
            continue;
        const uint32_t path =
            (uint32_t)((const char *)mask - (const char *)d->paths) / (uint32_t)sizeof *d->paths;
        BAU_TRY_NOTE(mask_slot(mask, &s->slots[i], s->arena, scratch, columns, first_row, s->err), s->err,
                     "path %.120s", d->paths[path].path);
    }
    return BAU_OK;
}

/* ---- step 4: splice ---- */

/* JSON's own grammar of numbers: no leading zeros, no NaN. */
static bool is_number(struct bau_slice v)
{
    const uint8_t *p = v.data, *end = v.data + v.len;
    if (p < end && *p == '-')
        p++;
    const uint8_t *whole = p;
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    if (p == whole || (*whole == '0' && p - whole > 1))
        return false;
    if (p < end && *p == '.') {
        const uint8_t *from = ++p;
        while (p < end && *p >= '0' && *p <= '9')
            p++;
        if (p == from)
            return false;
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        const uint8_t *from = p;
        while (p < end && *p >= '0' && *p <= '9')
            p++;
        if (p == from)
            return false;
    }
    return p == end;
}

static bool is_word(struct bau_slice v, const char *word)
{
    return v.len == strlen(word) && memcmp(v.data, word, v.len) == 0;
}

/* Whether the masked leaf is written bare or as a string. */
static bool is_bare(const struct leaf *leaf, struct bau_slice v)
{
    return (leaf->kind == NUMBER && is_number(v)) ||
           (leaf->kind == BOOLEAN && (is_word(v, "true") || is_word(v, "false")));
}

/* Most bytes of a leaf. Escaping makes six of one at worst; a value that is long is worth a look. */
static uint64_t leaf_room(const struct slot *slot, const struct leaf *leaf)
{
    const struct bau_slice v = bau_column_value(&slot->out, leaf->at);
    uint64_t room = v.len + 8;
    if (v.len <= 64)
        return 6 * v.len + 8;
    for (size_t i = 0; i < v.len; i++)
        room += v.data[i] < 0x20 ? 5u : v.data[i] == '"' || v.data[i] == '\\';
    return room;
}

static uint8_t *write_leaf(uint8_t *dst, const struct slot *slot, const struct leaf *leaf)
{
    struct bau_slice v = bau_column_value(&slot->out, leaf->at);
    if (!bau_column_present(&slot->out, leaf->at)) {
        v = (struct bau_slice){ (const uint8_t *)"null", 4 };
    } else if (slot->out.type == BAU_BOOL) {
        v = *v.data ? (struct bau_slice){ (const uint8_t *)"true", 4 }
                    : (struct bau_slice){ (const uint8_t *)"false", 5 };
    } else if (!is_bare(leaf, v)) {
        *dst++ = '"';
        dst += bau_json_escape(v.data, v.len, dst);
        *dst++ = '"';
        return dst;
    }
    memcpy(dst, v.data, v.len);
    return dst + v.len;
}

static bau_status splice(const struct scan *s, const struct bau_column *in, struct bau_column *out)
{
    uint64_t room = in->offsets[in->n_values];
    for (uint32_t i = 0; i < s->n_leaves; i++)
        room += leaf_room(&s->slots[s->leaves[i].slot], &s->leaves[i]);
    if (room > INT32_MAX)
        return bau_error_set(s->err, BAU_E_LIMIT, "the documents of a batch grow past 2 GiB");
    BAU_TRY(bau_column_make(out, in, in->type, (size_t)room, s->arena, s->err));
    const uint8_t *src = in->data;
    uint8_t *dst = out->data, *start = dst;
    uint32_t leaf = 0;
    for (uint32_t v = 0; v < in->n_values; v++) {
        uint32_t from = in->offsets[v];
        for (; leaf < s->n_leaves && s->leaves[leaf].value == v; leaf++) {
            const struct leaf *l = &s->leaves[leaf];
            const uint32_t at = in->offsets[v] + l->offset;
            memcpy(dst, src + from, at - from);
            dst = write_leaf(dst + (at - from), &s->slots[l->slot], l);
            from = at + l->len;
        }
        memcpy(dst, src + from, in->offsets[v + 1] - from);
        dst += in->offsets[v + 1] - from;
        out->offsets[v + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

bau_status bau_document_apply(const struct bau_document *document, struct bau_arena *arena, void *scratch,
                              const struct bau_column *columns, const uint32_t *rows, uint64_t first_row,
                              const struct bau_column *in, struct bau_column *out, struct bau_error *err)
{
    struct scan s = { .document = document,
                      .arena = arena,
                      .err = err,
                      .scratch = bau_arena_take(arena, sizeof *s.scratch),
                      .slots = bau_arena_zero(arena, (document->n_slots + 1) * sizeof *s.slots) };
    if (!s.scratch || !s.slots)
        return bau_error_set(err, BAU_E_NOMEM, "documents");
    BAU_TRY(scan_all(&s, in, rows, first_row));
    BAU_TRY(gather(document, &s, in, rows, first_row));
    BAU_TRY(mask_slots(document, &s, scratch, columns, first_row));
    return splice(&s, in, out);
}

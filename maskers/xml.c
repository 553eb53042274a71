/* xml: values inside XML by path, documents or fragments of them.
 *
 * One pass over each text finds elements, attributes, text, CDATA sections, comments and processing instructions; what a path covers is
 * decoded, masked and written in the same form, every other byte stays as it is. Nothing is resolved or fetched: entities are
 * the five of XML itself and numbers, and a DOCTYPE is refused. White space between elements is no value; neither are
 * declarations of namespaces. A value that no path covers stops the run, as an uncovered column does: comments and
 * instructions too. Text between two tags is one value, without the white space around it, so an element with elements inside its text has
 * several.
 *
 * Source: Extensible Markup Language 1.0, fifth edition; not checked are the characters inside names beyond ASCII's and that an
 * attribute stands once. */
#include "maskers/inside.h"
#include "maskers/parts.h"
#include "maskers/xml_path.h"

enum { IN_TEXT, IN_DOUBLE, IN_SINGLE, IN_CDATA, IN_COMMENT, IN_INSTRUCTION };

struct config {
    struct bau_subs subs;
    struct bau_xml_paths paths;
    uint32_t max_chars;
};

static const struct bau_option options[] = {
    { "paths", BAU_OPTION_MASKERS, offsetof(struct config, subs), NULL, 0, 0,
      "Maskers by path, such as /order/customer/name, //email, //@id or **.",
      BAU_OPTION_REQUIRED | BAU_OPTION_PARTS, NULL, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    c->max_chars = with->max_chars;
    return bau_xml_paths_make(&c->subs, with->arena, &c->paths, err);
}

/* ── scan ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct scan {
    const struct config *config;
    struct bau_parts *parts;
    struct bau_error *err;
    uint32_t value;
    const uint8_t *text, *p, *end, *begin; /* begin: behind a byte order mark */
    uint32_t depth;
    struct bau_slice names[BAU_XML_DEPTH + 1]; /* of open elements; room for an attribute's */
};

static bau_status fail(const struct scan *s, const char *what)
{
    return bau_error_set(s->err, BAU_E_DATA, "row %" PRIu64 ": %s (byte %zu of %zu)",
                         bau_mask_row(s->parts->ctx, s->value), what, (size_t)(s->p - s->text),
                         (size_t)(s->end - s->text));
}

static bau_status uncovered(const struct scan *s, enum bau_xml_leaf leaf, uint32_t depth)
{
    BAU_AUTO_TEXT path = { 0 };
    for (uint32_t i = 0; i < depth; i++) { /* a name can be data: only what the rule spells is shown */
        const bool shown = bau_xml_paths_spell(&s->config->paths, s->names[i]);
        bau_text_add(&path, leaf == BAU_XML_ATTRIBUTE && i + 1 == depth ? "/@" : "/");
        if (shown)
            bau_text_addn(&path, s->names[i].data, s->names[i].len);
        else
            bau_text_addf(&path, "<name of %zu bytes>", s->names[i].len);
    }
    bau_text_add(&path, leaf == BAU_XML_COMMENT ? "/comment()" : "");
    bau_text_add(&path, leaf == BAU_XML_INSTRUCTION ? "/processing-instruction()" : "");
    return bau_error_set(s->err, BAU_E_POLICY, "row %" PRIu64 ": %.300s is covered by no path of the rule",
                         bau_mask_row(s->parts->ctx, s->value),
                         path.failed     ? "a value"
                         : path.len == 0 ? "text outside of all elements"
                                         : path.data);
}

/* The bytes from `from` to `to` are a value of the innermost element, or of an attribute whose name stands at names[depth]. */
static bau_status leaf(const struct scan *s, enum bau_xml_leaf kind, uint32_t form, const uint8_t *from,
                       const uint8_t *to)
{
    const uint32_t depth = s->depth + (kind == BAU_XML_ATTRIBUTE);
    const struct bau_xml_path *path = bau_xml_paths_find(&s->config->paths, kind, s->names, depth);
    if (!path)
        return uncovered(s, kind, depth);
    if (path->keep || from == to)
        return BAU_OK;
    return bau_parts_add(s->parts, s->value, (size_t)(from - s->text), (size_t)(to - from), path->sub, form,
                         s->err);
}

static bool is_white(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_white(struct scan *s)
{
    while (s->p < s->end && is_white(*s->p))
        s->p++;
}

static bool name_start(uint8_t c)
{
    const uint8_t low = c | 0x20;
    return (low >= 'a' && low <= 'z') || c == '_' || c == ':' || c >= 0x80;
}

static bool take_name(struct scan *s, struct bau_slice *out)
{
    const uint8_t *from = s->p;
    if (s->p == s->end || !name_start(*s->p))
        return false;
    while (s->p < s->end && (name_start(*s->p) || bau_is_digit(*s->p) || *s->p == '-' || *s->p == '.'))
        s->p++;
    *out = (struct bau_slice){ from, (size_t)(s->p - from) };
    return true;
}

static bool take(struct scan *s, const char *word)
{
    const size_t n = strlen(word);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return false;
    s->p += n;
    return true;
}

/* Where `word` begins, from s->p on; moves behind it. NULL: nowhere. */
static const uint8_t *take_until(struct scan *s, const char *word)
{
    const size_t n = strlen(word);
    for (const uint8_t *p = s->p; (size_t)(s->end - p) >= n; p++) {
        p = memchr(p, word[0], (size_t)(s->end - p));
        if (!p || (size_t)(s->end - p) < n)
            return NULL;
        if (memcmp(p, word, n) == 0) {
            s->p = p + n;
            return p;
        }
    }
    return NULL;
}

/* One reference, from '&' on: its character, and how many bytes it takes. 0: it is none. */
static size_t reference(const uint8_t *p, const uint8_t *end, uint32_t *out)
{
    static const struct {
        const char *word;
        uint32_t is;
    } known[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' } };
    for (size_t i = 0; i < BAU_COUNT(known); i++)
        if ((size_t)(end - p) >= strlen(known[i].word) &&
            memcmp(p, known[i].word, strlen(known[i].word)) == 0) {
            *out = known[i].is;
            return strlen(known[i].word);
        }
    const uint8_t *q = p + 2;
    const bool hex = end - p > 3 && p[1] == '#' && p[2] == 'x';
    uint32_t c = 0;
    if (end - p < 4 || p[1] != '#')
        return 0;
    for (q += hex; q < end && *q != ';' && c <= 0x10FFFF; q++) {
        const uint8_t low = *q | 0x20;
        if (bau_is_digit(*q))
            c = c * (hex ? 16 : 10) + (uint32_t)(*q - '0');
        else if (hex && low >= 'a' && low <= 'f')
            c = c * 16 + (uint32_t)(low - 'a' + 10);
        else
            return 0;
    }
    const bool character = c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xD7FF) ||
                           (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
    *out = c;
    return q < end && *q == ';' && character && q > p + 2 + hex ? (size_t)(q + 1 - p) : 0;
}

static bool references_hold(const uint8_t *p, const uint8_t *end)
{
    uint32_t c;
    while ((p = memchr(p, '&', (size_t)(end - p)))) {
        const size_t n = reference(p, end, &c);
        if (n == 0)
            return false;
        p += n;
    }
    return true;
}

static bau_status scan_attribute(struct scan *s, struct bau_slice name)
{
    skip_white(s);
    if (!take(s, "="))
        return fail(s, "is no XML: an attribute has no value");
    skip_white(s);
    if (s->p == s->end || (*s->p != '"' && *s->p != '\''))
        return fail(s, "is no XML: an attribute's value stands in no quotes");
    const uint8_t quote = *s->p++, *from = s->p;
    const uint8_t *to = take_until(s, quote == '"' ? "\"" : "'");
    if (!to || memchr(from, '<', (size_t)(to - from)) || !references_hold(from, to))
        return fail(s, "is no XML: an attribute's value does not end, or holds what it may not");
    const bool space = (name.len == 5 && memcmp(name.data, "xmlns", 5) == 0) ||
                       (name.len > 6 && memcmp(name.data, "xmlns:", 6) == 0);
    s->names[s->depth] = name;
    return space ? BAU_OK : leaf(s, BAU_XML_ATTRIBUTE, quote == '"' ? IN_DOUBLE : IN_SINGLE, from, to);
}

/* Behind "<". */
static bau_status scan_open(struct scan *s)
{
    struct bau_slice name, attribute;
    if (!take_name(s, &name))
        return fail(s, "is no XML: < begins no tag");
    if (s->depth == BAU_XML_DEPTH)
        return fail(s, "holds elements inside each other more deeply than 256");
    s->names[s->depth++] = name;
    for (;;) {
        const uint8_t *before = s->p;
        skip_white(s);
        if (take(s, "/>")) {
            s->depth--;
            return BAU_OK;
        }
        if (take(s, ">"))
            return BAU_OK;
        if (s->p == before || !take_name(s, &attribute))
            return fail(s, "is no XML: a tag does not end");
        BAU_TRY(scan_attribute(s, attribute));
    }
}

/* Behind "</". */
static bau_status scan_close(struct scan *s)
{
    struct bau_slice name;
    const bool named = take_name(s, &name);
    skip_white(s);
    if (!named || !take(s, ">") || s->depth == 0 || s->names[s->depth - 1].len != name.len ||
        memcmp(s->names[s->depth - 1].data, name.data, name.len) != 0)
        return fail(s, "is no XML: an end tag fits no start tag");
    s->depth--;
    return BAU_OK;
}

static bau_status scan_block(struct scan *s, const char *until, enum bau_xml_leaf kind, uint32_t form)
{
    const uint8_t *from = s->p, *to = take_until(s, until);
    if (!to)
        return fail(s, "is no XML: a comment, CDATA section or instruction does not end");
    return leaf(s, kind, form, from, to);
}

/* Behind "<?": <?xml …?> at the beginning says the encoding, which the store has changed already if it was another. */
static bau_status scan_instruction(struct scan *s)
{
    struct bau_slice name;
    const bool first = s->p == s->begin + 2;
    if (!take_name(s, &name))
        return fail(s, "is no XML: an instruction has no name");
    if (name.len == 3 && (name.data[0] | 0x20) == 'x' && (name.data[1] | 0x20) == 'm' &&
        (name.data[2] | 0x20) == 'l')
        return first && take_until(s, "?>") ? BAU_OK : fail(s, "is no XML: its declaration stands elsewhere");
    skip_white(s);
    return scan_block(s, "?>", BAU_XML_INSTRUCTION, IN_INSTRUCTION);
}

static bau_status scan_text(struct scan *s)
{
    const uint8_t *from = s->p, *to = memchr(s->p, '<', (size_t)(s->end - s->p));
    s->p = to = to ? to : s->end;
    if (!references_hold(from, to))
        return fail(s, "is no XML: & begins no reference that XML itself knows");
    while (from < to && is_white(*from))
        from++;
    while (to > from && is_white(to[-1]))
        to--;
    return from == to ? BAU_OK : leaf(s, BAU_XML_ELEMENT, IN_TEXT, from, to);
}

static bau_status scan_markup(struct scan *s)
{
    if (take(s, "</"))
        return scan_close(s);
    if (take(s, "<!--"))
        return scan_block(s, "-->", BAU_XML_COMMENT, IN_COMMENT);
    if (take(s, "<![CDATA["))
        return scan_block(s, "]]>", BAU_XML_ELEMENT, IN_CDATA);
    if (take(s, "<?"))
        return scan_instruction(s);
    if (take(s, "<!"))
        return fail(s, "has a document type, which is refused");
    s->p++;
    return scan_open(s);
}

static bau_status scan_one(struct scan *s)
{
    const struct bau_slice text = bau_column_value(s->parts->in, s->value);
    s->text = s->p = text.data;
    s->end = text.data + text.len;
    s->depth = 0;
    if (!bau_parts_utf8(text))
        return fail(s, "is no XML: it is not UTF-8");
    for (const uint8_t *p = s->p; p < s->end; p++)
        if (*p < 0x20 && !is_white(*p))
            return fail(s, "is no XML: it holds control characters");
    (void)take(s, "\xEF\xBB\xBF");
    s->begin = s->p;
    while (s->p < s->end)
        BAU_TRY(*s->p == '<' ? scan_markup(s) : scan_text(s));
    return s->depth == 0 ? BAU_OK : fail(s, "is no XML: an element does not end");
}

/* ── values in and out ───────────────────────────────────────────────────────────────────────────────────────────── */

static size_t put_utf8(uint8_t *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (uint8_t)c;
        return 1;
    }
    const size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        to[i] = (uint8_t)(0x80 | (c & 0x3F));
    to[0] = (uint8_t)((0xF00u >> n & 0xFFu) | c);
    return n;
}

/* Line ends become one \n, white space of attributes blanks, as the standard has every reader do. */
static bool decode(const void *config, uint32_t form, struct bau_slice from, uint8_t *to, size_t *len)
{
    const uint8_t *p = from.data, *end = from.data + from.len;
    const bool attribute = form == IN_DOUBLE || form == IN_SINGLE;
    uint8_t *dst = to;
    (void)config;
    while (p < end) {
        uint32_t c = *p;
        size_t n = 1;
        if (c == '&' && (attribute || form == IN_TEXT)) {
            n = reference(p, end, &c);
            if (n == 0)
                return false;
            dst += put_utf8(dst, c);
        } else {
            if (c == '\r') {
                n += p + 1 < end && p[1] == '\n';
                c = '\n';
            }
            *dst++ = (uint8_t)(attribute && (c == '\n' || c == '\t') ? ' ' : c);
        }
        p += n;
    }
    *len = (size_t)(dst - to);
    return true;
}

static size_t room(const void *config, uint32_t form, struct bau_slice value)
{
    (void)config;
    (void)form;
    return 6 * value.len; /* &quot;; ]]> in a CDATA section takes four bytes for each */
}

static const char *escape_of(uint8_t c, uint32_t form)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '\r': return "&#13;";
    case '"': return form == IN_DOUBLE ? "&quot;" : NULL;
    case '\'': return form == IN_SINGLE ? "&apos;" : NULL;
    case '\n': return form == IN_TEXT ? NULL : "&#10;";
    case '\t': return form == IN_TEXT ? NULL : "&#9;";
    }
    return NULL;
}

/* The section is closed and opened again between ]] and >. */
static size_t encode_cdata(struct bau_slice v, uint8_t *to)
{
    static const char again[] = "]]]]><![CDATA[>";
    uint8_t *dst = to;
    for (size_t i = 0; i < v.len; i++) {
        if (v.len - i >= 3 && memcmp(v.data + i, "]]>", 3) == 0) {
            memcpy(dst, again, sizeof again - 1);
            dst += sizeof again - 1;
            i += 2;
        } else {
            *dst++ = v.data[i];
        }
    }
    return (size_t)(dst - to);
}

/* Comments and instructions have no escapes. */
static bool fits_block(struct bau_slice v, uint32_t form)
{
    for (size_t i = 0; i < v.len; i++)
        if (form == IN_COMMENT ? v.data[i] == '-' && (i + 1 == v.len || v.data[i + 1] == '-')
                               : v.data[i] == '?' && i + 1 < v.len && v.data[i + 1] == '>')
            return false;
    return true;
}

static size_t encode(const void *config, uint32_t form, struct bau_slice v, bool present, uint8_t *to)
{
    uint8_t *dst = to;
    (void)config;
    (void)present;
    for (size_t i = 0; i < v.len; i++)
        if (v.data[i] < 0x20 && !is_white(v.data[i]))
            return SIZE_MAX;
    if (form == IN_CDATA)
        return encode_cdata(v, to);
    if ((form == IN_COMMENT || form == IN_INSTRUCTION) && !fits_block(v, form))
        return SIZE_MAX;
    for (size_t i = 0; i < v.len; i++) {
        const char *escape = form == IN_COMMENT || form == IN_INSTRUCTION ? NULL : escape_of(v.data[i], form);
        if (!escape) {
            *dst++ = v.data[i];
            continue;
        }
        memcpy(dst, escape, strlen(escape));
        dst += strlen(escape);
    }
    return (size_t)(dst - to);
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    static const struct bau_parts_codec codec = { decode, room, encode };
    const struct config *c = config;
    const struct bau_column from = *in;
    struct bau_parts parts = {
        .ctx = ctx, .in = &from, .subs = &c->subs, .codec = &codec, .max_chars = c->max_chars
    };
    struct scan *s = ctx->scratch;
    s->config = c;
    s->parts = &parts;
    s->err = err;
    for (s->value = 0; s->value < from.n_values; s->value++)
        if (bau_column_present(&from, s->value))
            BAU_TRY(scan_one(s));
    return bau_parts_apply(&parts, out, err); /* the subs may use the scratch: it is done with */
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return bau_parts_widest(c->max_chars);
}

/* A null becomes the empty text; white space, names of elements and what keeps say stay. */
static void promises(const void *config, uint32_t *traits, uint32_t *leaks)
{
    const struct config *c = config;
    bau_subs_promise(c->subs.at, c->subs.n, traits, leaks);
    *traits &= BAU_DETERMINISTIC | BAU_KEYED;
    *traits |= BAU_KEEPS_SOME;
    *leaks |= BAU_LEAKS_FORMAT | BAU_LEAKS_VALUE;
}

const struct bau_masker bau_masker_xml = {
    .name = "xml",
    .summary = "Masks values inside XML by path; a path that the rule does not cover stops the run.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_FORMAT | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct scan),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .promises = promises,
    .example_in = "<c id=\"4711\"><name>Ada Lovelace</name></c>",
    .example_options = "paths={/c/name: person_name, //@id: permute, \"**\": redact}",
};

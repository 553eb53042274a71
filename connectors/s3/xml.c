/* The XML that S3 answers with: elements, text, attributes nobody needs, the five entities and numbered characters.
 * Whatever else XML has is refused rather than understood by half. */
#include <string.h>

#include "s3.h"

enum { LEVELS_MOST = 12, NAME_MOST = 64 };

struct walk {
    const char *p, *end;
    struct bau_text path, text[LEVELS_MOST + 1];
    size_t level, starts[LEVELS_MOST + 1]; /* length of `path` before each level's name */
    bool rooted;
    s3_xml_fn fn;
    void *self;
};

static bau_status broken(const char *why, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_DATA, "the answer is not XML as S3 writes it: %s", why);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_name(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':';
}

static void skip_space(struct walk *w)
{
    while (w->p < w->end && is_space(*w->p))
        w->p++;
}

static bool starts(const struct walk *w, const char *with)
{
    const size_t n = strlen(with);
    return (size_t)(w->end - w->p) >= n && memcmp(w->p, with, n) == 0;
}

/* Moves behind the next `what`; false when there is none. */
static bool skip_past(struct walk *w, const char *what)
{
    const char *at = memmem(w->p, (size_t)(w->end - w->p), what, strlen(what));
    if (at)
        w->p = at + strlen(what);
    return at != NULL;
}

static bool add_utf8(struct bau_text *out, unsigned long c)
{
    unsigned char b[4];
    size_t n = 0;
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return false;
    if (c < 0x80) {
        b[n++] = (unsigned char)c;
    } else if (c < 0x800) {
        b[n++] = (unsigned char)(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        b[n++] = (unsigned char)(0xe0 | c >> 12);
        b[n++] = (unsigned char)(0x80 | (c >> 6 & 63));
    } else {
        b[n++] = (unsigned char)(0xf0 | c >> 18);
        b[n++] = (unsigned char)(0x80 | (c >> 12 & 63));
        b[n++] = (unsigned char)(0x80 | (c >> 6 & 63));
    }
    if (c >= 0x80)
        b[n++] = (unsigned char)(0x80 | (c & 63));
    bau_text_addn(out, b, n);
    return true;
}

static bool add_number(struct bau_text *out, const char *p, size_t n)
{
    const bool hex = n > 0 && *p == 'x';
    unsigned long c = 0;
    size_t i = hex;
    if (n == i || n > i + 7)
        return false;
    for (; i < n; i++) {
        const char *digits = "0123456789abcdef", *at = memchr(digits, p[i] | 0x20, hex ? 16 : 10);
        if (!at)
            return false;
        c = c * (hex ? 16 : 10) + (unsigned long)(at - digits);
    }
    return add_utf8(out, c);
}

/* At '&'. */
static bool add_entity(struct walk *w, struct bau_text *out)
{
    static const struct {
        const char *name;
        char is;
    } known[] = { { "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' } };
    const char *p = w->p + 1;
    const char *semicolon = memchr(p, ';', (size_t)(w->end - p));
    if (!semicolon)
        return false;
    const size_t n = (size_t)(semicolon - p);
    w->p = semicolon + 1;
    if (n > 0 && *p == '#')
        return add_number(out, p + 1, n - 1);
    for (size_t i = 0; i < BAU_COUNT(known); i++)
        if (n == strlen(known[i].name) && memcmp(p, known[i].name, n) == 0) {
            bau_text_addn(out, &known[i].is, 1);
            return true;
        }
    return false;
}

static bau_status read_text(struct walk *w, struct bau_error *err)
{
    struct bau_text *out = &w->text[w->level];
    while (w->p < w->end && *w->p != '<') {
        const char *from = w->p;
        while (w->p < w->end && *w->p != '<' && *w->p != '&' &&
               ((unsigned char)*w->p >= 0x20 || is_space(*w->p)))
            w->p++;
        if (w->level == 0) {
            for (const char *p = from; p < w->p; p++)
                if (!is_space(*p))
                    return broken("text outside of it", err);
        } else
            bau_text_addn(out, from, (size_t)(w->p - from));
        if (w->p < w->end && *w->p != '<' && (*w->p != '&' || w->level == 0 || !add_entity(w, out)))
            return broken("a character or entity it must not have", err);
    }
    return BAU_OK;
}

static size_t read_name(struct walk *w, const char **out)
{
    *out = w->p;
    while (w->p < w->end && is_name(*w->p))
        w->p++;
    return (size_t)(w->p - *out);
}

/* Attributes up to '>' or "/>"; their values say nothing to us. */
static bool skip_attributes(struct walk *w)
{
    for (;;) {
        const char *name;
        const char *before = w->p;
        skip_space(w);
        if (w->p >= w->end)
            return false;
        if (*w->p == '>' || *w->p == '/')
            return true;
        if (w->p == before || read_name(w, &name) == 0 || w->p >= w->end || *w->p++ != '=' || w->p >= w->end)
            return false;
        const char quote = *w->p++;
        const char *close =
            quote == '"' || quote == '\'' ? memchr(w->p, quote, (size_t)(w->end - w->p)) : NULL;
        if (!close || memchr(w->p, '<', (size_t)(close - w->p)))
            return false;
        w->p = close + 1;
    }
}

static bau_status end_element(struct walk *w, struct bau_error *err)
{
    struct bau_text *text = &w->text[w->level];
    if (text->failed || w->path.failed)
        return bau_error_set(err, BAU_E_NOMEM, "answer");
    BAU_TRY(w->fn(w->self, w->path.data, text->data ? text->data : "", text->len, err));
    text->len = 0;
    if (text->data)
        text->data[0] = '\0';
    w->path.len = w->starts[w->level];
    w->path.data[w->path.len] = '\0';
    w->level--;
    return BAU_OK;
}

static bau_status open_element(struct walk *w, struct bau_error *err)
{
    const char *name;
    w->p++;
    const size_t n = read_name(w, &name);
    if (n == 0 || n > NAME_MOST || w->level == LEVELS_MOST || (w->level == 0 && w->rooted))
        return broken("an element that cannot be there", err);
    w->rooted = true;
    w->starts[++w->level] = w->path.len;
    if (w->path.len)
        bau_text_add(&w->path, "/");
    bau_text_addn(&w->path, name, n);
    if (w->path.failed)
        return bau_error_set(err, BAU_E_NOMEM, "answer");
    if (!skip_attributes(w))
        return broken("attributes", err);
    const bool empty = *w->p == '/';
    w->p += empty;
    if (w->p >= w->end || *w->p++ != '>')
        return broken("a tag without its end", err);
    return empty ? end_element(w, err) : BAU_OK;
}

static bau_status close_element(struct walk *w, struct bau_error *err)
{
    const char *name;
    w->p += 2;
    const size_t n = read_name(w, &name);
    const size_t at = w->level ? w->starts[w->level] + (w->starts[w->level] > 0) : 0;
    if (w->level == 0 || n != w->path.len - at || memcmp(name, w->path.data + at, n) != 0)
        return broken("an end tag that closes nothing", err);
    skip_space(w);
    if (w->p >= w->end || *w->p++ != '>')
        return broken("a tag without its end", err);
    return end_element(w, err);
}

static bau_status walk(struct walk *w, struct bau_error *err)
{
    if (starts(w, "\xef\xbb\xbf"))
        w->p += 3;
    skip_space(w); /* S3 keeps a slow answer alive with blanks */
    if (starts(w, "<?xml ") && !skip_past(w, "?>"))
        return broken("its first line", err);
    while (w->p < w->end) {
        BAU_TRY(read_text(w, err));
        if (w->p >= w->end)
            break;
        if (starts(w, "<!--")) {
            w->p += 4;
            if (!skip_past(w, "-->"))
                return broken("a comment without its end", err);
        } else if (starts(w, "</"))
            BAU_TRY(close_element(w, err));
        else if (starts(w, "<!") || starts(w, "<?"))
            return broken("a document type, CDATA or instruction", err);
        else
            BAU_TRY(open_element(w, err));
    }
    return w->level || !w->rooted ? broken("it ends too early", err) : BAU_OK;
}

bau_status s3_xml(const char *bytes, size_t n, s3_xml_fn fn, void *self, struct bau_error *err)
{
    if (n == 0)
        return broken("it is empty", err);
    struct walk w = { .p = bytes, .end = bytes + n, .fn = fn, .self = self };
    const bau_status status = walk(&w, err);
    for (size_t i = 0; i < BAU_COUNT(w.text); i++)
        bau_text_release(&w.text[i]);
    bau_text_release(&w.path);
    return status;
}

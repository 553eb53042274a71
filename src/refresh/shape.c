/* Shapes of values: see shape.h. */
#include "src/refresh/shape.h"

#include <string.h>
#include <utf8proc.h>

enum {
    RUNS_MOST = 12,
    SHOWN_MOST = 60,
    COMPARED_MOST = 1 << 20, /* beside a longer original no word is shown */
};

static const int32_t broken = -1; /* a byte that begins no character */

/* The next character, and how many bytes it takes. */
static int32_t next_char(struct bau_slice v, size_t at, size_t *n)
{
    utf8proc_int32_t c;
    const utf8proc_ssize_t len = utf8proc_iterate(v.data + at, (utf8proc_ssize_t)(v.len - at), &c);
    *n = len > 0 ? (size_t)len : 1;
    return len > 0 ? c : broken;
}

static char class_of(int32_t c)
{
    if (c == broken)
        return 'B';
    const utf8proc_category_t category = utf8proc_category(c);
    if (category >= UTF8PROC_CATEGORY_LU &&
        category <= UTF8PROC_CATEGORY_ME) /* marks belong to their letter */
        return 'L';
    if (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO)
        return 'N';
    if (category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_SO)
        return 'P';
    return 'S';
}

/* ISO 15924, by the blocks of Unicode that people's names and texts are written in; NULL: Latin. */
static const char *script_of(int32_t c)
{
    static const struct {
        int32_t from, to;
        const char *code;
    } blocks[] = {
        { 0x0370, 0x03FF, "Grek" }, { 0x0400, 0x052F, "Cyrl" },   { 0x0530, 0x058F, "Armn" },
        { 0x0590, 0x05FF, "Hebr" }, { 0x0600, 0x077F, "Arab" },   { 0x0900, 0x097F, "Deva" },
        { 0x0980, 0x09FF, "Beng" }, { 0x0B80, 0x0BFF, "Taml" },   { 0x0E00, 0x0E7F, "Thai" },
        { 0x10A0, 0x10FF, "Geor" }, { 0x1100, 0x11FF, "Hang" },   { 0x1F00, 0x1FFF, "Grek" },
        { 0x3040, 0x309F, "Hira" }, { 0x30A0, 0x30FF, "Kana" },   { 0x3400, 0x4DBF, "Hani" },
        { 0x4E00, 0x9FFF, "Hani" }, { 0xAC00, 0xD7AF, "Hang" },   { 0xF900, 0xFAFF, "Hani" },
        { 0xFB50, 0xFDFF, "Arab" }, { 0x20000, 0x3134F, "Hani" },
    };
    for (size_t i = 0; i < BAU_COUNT(blocks); i++)
        if (c >= blocks[i].from && c <= blocks[i].to)
            return blocks[i].code;
    return NULL;
}

uint32_t bau_shape_chars(struct bau_slice value)
{
    uint32_t n = 0;
    for (size_t i = 0; i < value.len; i++)
        n += (value.data[i] & 0xC0u) != 0x80u;
    return n;
}

static void add_run(struct bau_text *out, char class, const char *script, uint32_t n, bool first)
{
    bau_text_addf(out, "%s%c%s%s%u", first ? "" : " ", class, script ? ":" : "", script ? script : "", n);
}

/* Sizes between powers of two count as one. */
static void add_prose(struct bau_text *out, uint32_t n_chars)
{
    uint32_t from = 1;
    while (from <= n_chars / 2)
        from *= 2;
    bau_text_addf(out, "text, %u to %u characters", from, 2 * from - 1);
}

void bau_shape_add(struct bau_text *out, struct bau_slice value)
{
    BAU_AUTO_TEXT shape = { 0 };
    char class = 0;
    const char *script = NULL;
    uint32_t run = 0, runs = 0;
    for (size_t at = 0, n; at < value.len; at += n) {
        const int32_t c = next_char(value, at, &n);
        const char now = class_of(c);
        const char *written = now == 'L' ? script_of(c) : NULL;
        if (run && now == class && (written == script || utf8proc_category(c) == UTF8PROC_CATEGORY_MN)) {
            run++;
            continue;
        }
        if (run && ++runs > RUNS_MOST)
            break;
        if (run)
            add_run(&shape, class, script, run, shape.len == 0);
        class = now;
        script = written;
        run = 1;
    }
    if (runs >= RUNS_MOST) {
        add_prose(out, bau_shape_chars(value));
        return;
    }
    if (run)
        add_run(&shape, class, script, run, shape.len == 0);
    out->failed = out->failed || shape.failed;
    bau_text_add(out, shape.data ? shape.data : "empty");
}

/* ── hiding ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct folded { /* characters in lower case */
    int32_t *at;
    size_t n;
};

static bool fold(struct bau_slice v, struct folded *out)
{
    *out = (struct folded){ .at = bau_alloc_array(v.len + 1, sizeof *out->at) };
    for (size_t at = 0, n; out->at && at < v.len; at += n) {
        const int32_t c = next_char(v, at, &n);
        out->at[out->n++] = c == broken ? c : utf8proc_tolower(c);
    }
    return out->at != NULL;
}

static bool stands_in(const struct folded *text, const int32_t *word, size_t n)
{
    for (size_t i = 0; i + n <= text->n; i++)
        if (memcmp(text->at + i, word, n * sizeof *word) == 0)
            return true;
    return false;
}

static void add_char(struct bau_text *out, int32_t c)
{
    utf8proc_uint8_t bytes[4];
    const bool shown = c >= 0x20 && c != 0x7F && !(c >= 0x80 && c < 0xA0);
    const utf8proc_ssize_t n = shown ? utf8proc_encode_char(c, bytes) : 0;
    bau_text_addn(out, n > 0 ? (const void *)bytes : "?", n > 0 ? (size_t)n : 1);
}

static bool is_word(int32_t c)
{
    return class_of(c) == 'L' || class_of(c) == 'N';
}

/* Whether a word of the masked value tells something of the original: four characters in a row that stand there too, or the
 * whole of a shorter word. One Latin letter alone is in too many texts to tell anything; two Han characters are a name. */
static bool tells(const struct folded *original, const int32_t *word, size_t n)
{
    const size_t enough = script_of(*word) ? 2 : 4, part = n < enough ? n : enough;
    if (n == 1 && !script_of(*word))
        return false;
    for (size_t i = 0; i + part <= n; i++)
        if (stands_in(original, word + i, part))
            return true;
    return false;
}

static void add_hidden(struct bau_text *out, const struct folded *masked, const int32_t *chars,
                       const struct folded *original, bool all, bool whole)
{
    const size_t end = masked->n < SHOWN_MOST ? masked->n : SHOWN_MOST;
    for (size_t i = 0, n; i < end; i += n) {
        const bool word = is_word(masked->at[i]);
        for (n = 1; word && i + n < end && is_word(masked->at[i + n]);)
            n++;
        const bool hide = word && (all || (!whole && tells(original, masked->at + i, n)));
        for (size_t k = i; k < i + n; k++)
            if (hide) {
                const char class = class_of(chars[k]);
                bau_text_addn(out, &class, 1);
            } else
                add_char(out, chars[k]);
    }
    bau_text_add(out, masked->n > end ? "…" : "");
}

bool bau_shape_hide(struct bau_text *out, struct bau_slice masked, struct bau_slice original, bool whole)
{
    struct folded m = { 0 }, o = { 0 };
    int32_t *chars = bau_alloc_array(masked.len + 1, sizeof *chars);
    const bool huge = original.len > COMPARED_MOST;
    const bool good =
        chars && fold(masked, &m) && fold(huge ? (struct bau_slice){ original.data, 0 } : original, &o);
    for (size_t at = 0, n, i = 0; good && at < masked.len; at += n)
        chars[i++] = next_char(masked, at, &n);
    const bool same = good && m.n == o.n && memcmp(m.at, o.at, m.n * sizeof *m.at) == 0;
    if (good)
        add_hidden(out, &m, chars, &o, same || huge, whole);
    if (o.at)
        bau_wipe(o.at, o.n * sizeof *o.at);
    bau_free(o.at);
    bau_free(m.at);
    bau_free(chars);
    return good && !out->failed;
}

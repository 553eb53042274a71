/* text_pseudonym: what the detectors find in running text becomes a pseudonym of its kind, the same for the same
 * address, number or name in every text of the domain. What no detector finds stays, as in text_redact.
 *
 * Every entity (a hit; of a person's name each word) is spelled in a canonical form and hashed by the PRF under the
 * subkey "text"; r is the 128-bit number of the digest, the k-th draw below n is r mod n, then r becomes r div n:
 *   e-mail        given.TOKEN@example.com, TOKEN: 60 bits of base32; in lower case alike
 *   URL           SCHEME://TOKEN.example.com/; credentials: SCHEME://user:x@TOKEN.example.com/
 *   IPv4, IPv6    198.18.0.0/15 (RFC 2544: benchmarks), 2001:db8::/32 (RFC 3849: documentation)
 *   phone         +1 NPA 555 01NN: reserved for fiction; 78000 of them, so different numbers can meet
 *   card          400000 and digits with a right Luhn digit, written in the groups it was
 *   IBAN          its country, a bank 0000 (XXXX) that does not exist, right check digits, in its groups
 *   national id   000 and digits, letters for letters, in its shape: no issuer gives numbers that start so
 *   UUID          122 bits, version 4;   handle  @TOKEN;   secret  as secret_kill
 *   name          a given name for a given name, else a surname, of the word's script; particles and titles stay,
 *                 an initial becomes another letter. So "Mary Johnson" and "Mrs. Johnson" still share a surname.
 * Dates stay.
 *
 * In a column without a length limit every pseudonym has room, and so is the same everywhere. Where the domain has a
 * limit, a text grows no longer than it was: a pseudonym without room becomes stars. */
#include "maskers/prose.h"
#include "maskers/secret.h"
#include "maskers/utf8.h"
#include "src/kernel/kernels.h"
#include "src/kernel/names.h"

enum { WIDEST = 128, LATIN = BAU_SCRIPT_LATIN, SCRIPTS = BAU_SCRIPT_DEVANAGARI + 1 };

struct names {
    const struct bau_dict *given, *surname;
};

struct config {
    struct bau_texts find;
    const char *locale;
    bool lone_names, bounded;
    struct bau_prose prose;
    struct bau_prf prf;
    struct names names[SCRIPTS];
};

struct entity {
    uint32_t value, at, len; /* as a hit; for names one a word, and what lies between words is copied */
    bau_find find;
    bool surname;
};

static const struct bau_option options[] = {
    { "find", BAU_OPTION_TEXTS, offsetof(struct config, find), NULL, 0, 0,
      "What to look for: email, url, ip, phone, card, iban, national_id, uuid, secret, handle, name; all "
      "when not given.",
      0, NULL, "KIND", 0 },
    { "lone_names", BAU_OPTION_BOOL, offsetof(struct config, lone_names), "false", 0, 0,
      "Whether a given name without a surname counts as a name; some are words too.", 0, NULL, NULL, 0 },
    { "locale", BAU_OPTION_TEXT, offsetof(struct config, locale), "en", 0, 0,
      "Language of the names that replace names in Latin script, such as de; other scripts have their own.",
      0, NULL, NULL, 0 },
    { 0 },
};

static bau_status bind_names(struct config *c, struct bau_error *err)
{
    for (unsigned s = 0; s < SCRIPTS; s++) {
        const char *own = bau_script_locale((enum bau_script)s), *locale = own ? own : c->locale;
        c->names[s] = (struct names){ bau_names_find(locale, BAU_NAMES_GIVEN),
                                      bau_names_find(locale, BAU_NAMES_SURNAME) };
        if (!c->names[s].given || !c->names[s].surname)
            return bau_error_set(err, BAU_E_USAGE, "locale: there are no names of '%.20s'", locale);
    }
    return BAU_OK;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    uint8_t subkey[32];
    BAU_TRY(bau_prose_bind(&c->prose, &c->find, c->lone_names, with, err));
    if (c->prose.wanted & BAU_FIND_BIT(BAU_FIND_DATE))
        return bau_error_set(err, BAU_E_USAGE,
                             "find: a date in a text has no pseudonym; hide it with text_redact");
    BAU_TRY(bind_names(c, err));
    c->bounded = with->max_chars > 0;
    BAU_TRY(bau_mask_subkey(with->key, "text", subkey, err));
    const bool made = bau_prf_init(&c->prf, subkey);
    bau_wipe(subkey, sizeof subkey);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "AES");
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->prf);
}

/* ---- what is hashed ---- */

struct work {
    struct entity *entity;
    uint32_t *offsets; /* of the canonical forms */
    uint8_t (*digest)[16];
    uint8_t *canonical;
    uint32_t n;
};

static size_t word_end(const uint8_t *p, size_t at, size_t len)
{
    while (at < len && p[at] != ' ' && p[at] != ',' && p[at] != '.' &&
           !(p[at] == 0xC2 && at + 1 < len && p[at + 1] == 0xA0))
        at++;
    return at;
}

/* The words of a name that get pseudonyms: those that start with a capital, or all where there are none. */
static uint32_t split_name(const struct config *c, const struct bau_prose_hit *hit, const uint8_t *text,
                           struct entity *out)
{
    const uint8_t *p = text + hit->at;
    uint32_t n = 0, letter;
    for (size_t i = 0, end; i < hit->len; i = end) {
        end = word_end(p, i, hit->len);
        if (end == i) {
            end++;
            continue;
        }
        const bool read = bau_utf8_read(p + i, p + hit->len, &letter) > 0;
        const bool cased = read && (letter < 0x530 || (letter >= 0x1E00 && letter <= 0x1FFF));
        if (cased && bau_fold_letter(letter) == letter)
            continue;
        const bool given = bau_name_is_given(c->prose.names, p + i, end - i);
        out[n++] = (struct entity){ hit->value, hit->at + (uint32_t)i, (uint32_t)(end - i), BAU_FIND_NAME,
                                    !given && !(read && bau_is_run_on(letter)) };
    }
    if (n > 1 && !memchr(p, ',', hit->len)) { /* of several the first is a given name, the last the surname */
        out[0].surname = false;
        out[n - 1].surname = true;
    }
    return n;
}

/* The same thing however it is written. dst has room for as many bytes; returns how many. */
static uint32_t canonical(const struct entity *e, const uint8_t *p, uint8_t *dst)
{
    const bool digits = e->find == BAU_FIND_PHONE,
               plain = e->find == BAU_FIND_URL || e->find == BAU_FIND_CREDENTIALS;
    const bool loose =
        e->find == BAU_FIND_CARD || e->find == BAU_FIND_IBAN || e->find == BAU_FIND_NATIONAL_ID;
    uint8_t *const start = dst;
    uint32_t letter;
    for (size_t i = 0, step; i < e->len; i += step) {
        step = bau_utf8_read(p + i, p + e->len, &letter);
        if (step == 2 && e->find == BAU_FIND_NAME)
            letter = bau_fold_letter(letter);
        if (step == 2 && letter < 0x800 && letter >= 0x80) {
            *dst++ = (uint8_t)(0xC0 | letter >> 6);
            *dst++ = (uint8_t)(0x80 | (letter & 0x3F));
            continue;
        }
        if (step > 1) {
            memcpy(dst, p + i, step);
            dst += step;
            continue;
        }
        step = 1;
        const uint8_t ch = p[i];
        if ((digits && !bau_is_number(ch)) || (loose && !bau_is_number(ch) && !bau_is_alpha(ch)))
            continue;
        *dst++ = !plain && ch >= 'A' && ch <= 'Z' ? ch | 0x20 : ch;
    }
    return (uint32_t)(dst - start);
}

static bau_status gather(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                         struct work *w, struct bau_error *err)
{
    struct bau_prose_hit *hits;
    size_t n, bytes = 0, room = 0;
    BAU_TRY(bau_prose_find(&c->prose, in, ctx->arena, &hits, &n, err));
    for (size_t h = 0; h < n; h++) {
        bytes += hits[h].len + 16;
        room += hits[h].find == BAU_FIND_NAME ? hits[h].len / 2 + 1 : 1;
    }
    bytes += room;
    if (bytes > UINT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "too much was found in one batch");
    w->entity = bau_arena_take(ctx->arena, (room + 1) * sizeof *w->entity);
    w->offsets = bau_arena_take(ctx->arena, (room + 1) * sizeof *w->offsets);
    w->digest = bau_arena_take(ctx->arena, (room + 1) * sizeof *w->digest);
    w->canonical = bau_arena_buffer(ctx->arena, bytes);
    if (!w->entity || !w->offsets || !w->digest || !w->canonical)
        return bau_error_set(err, BAU_E_NOMEM, "what was found in a batch");
    w->n = 0;
    for (size_t h = 0; h < n; h++) {
        const uint8_t *text = bau_column_value(in, hits[h].value).data;
        if (hits[h].find == BAU_FIND_NAME)
            w->n += split_name(c, &hits[h], text, w->entity + w->n);
        else
            w->entity[w->n++] =
                (struct entity){ hits[h].value, hits[h].at, hits[h].len, hits[h].find, false };
    }
    uint32_t at = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        const struct entity *e = &w->entity[i];
        w->offsets[i] = at;
        w->canonical[at++] = (uint8_t)('A' + e->find);
        at += canonical(e, bau_column_value(in, e->value).data + e->at, w->canonical + at);
    }
    w->offsets[w->n] = at;
    bau_prf_batch(&c->prf, w->canonical, w->offsets, w->n, w->digest[0]);
    return BAU_OK;
}

/* ---- pseudonyms ---- */

static uint32_t draw(bau_wide *r, uint32_t n)
{
    const uint32_t v = (uint32_t)(*r % n);
    *r /= n;
    return v;
}

static bau_wide number_of(const uint8_t digest[16])
{
    return (bau_wide)bau_bits64(digest) << 64 | bau_bits64(digest + 8);
}

static uint8_t *put_token(uint8_t *dst, bau_wide *r, unsigned chars)
{
    for (unsigned i = 0; i < chars; i++)
        *dst++ = (uint8_t) "abcdefghijklmnopqrstuvwxyz234567"[draw(r, 32)];
    return dst;
}

static uint8_t *put_text(uint8_t *dst, const char *text)
{
    const size_t n = strlen(text);
    memcpy(dst, text, n);
    return dst + n;
}

static uint8_t *put_decimal(uint8_t *dst, uint32_t v)
{
    uint8_t digits[10];
    unsigned n = 0;
    do
        digits[n++] = (uint8_t)('0' + v % 10);
    while ((v /= 10) > 0);
    while (n)
        *dst++ = digits[--n];
    return dst;
}

static uint8_t *put_hex(uint8_t *dst, bau_wide *r, unsigned chars)
{
    for (unsigned i = 0; i < chars; i++)
        *dst++ = (uint8_t) "0123456789abcdef"[draw(r, 16)];
    return dst;
}

static uint8_t *put_email(const struct config *c, uint8_t *dst, bau_wide *r)
{
    const struct bau_dict *given = c->names[LATIN].given;
    const struct bau_slice name = bau_dict_name(given, draw(r, given->n));
    for (size_t i = 0; i < name.len && i < 16; i++)
        if (bau_is_alpha(name.data[i]))
            *dst++ = name.data[i] | 0x20;
    *dst++ = '.';
    return put_text(put_token(dst, r, 12), "@example.com");
}

static uint8_t *put_url(uint8_t *dst, const uint8_t *p, size_t len, bool credentials, bau_wide *r)
{
    const uint8_t *colon = memchr(p, ':', len < 20 ? len : 20);
    if (colon && colon > p) {
        memcpy(dst, p, (size_t)(colon - p));
        dst = put_text(dst + (colon - p), credentials ? "://user:x@" : "://");
    } else {
        dst = put_text(dst, "www.");
    }
    return put_text(put_token(dst, r, 12), ".example.com/");
}

static uint8_t *put_ip(uint8_t *dst, const uint8_t *p, size_t len, bau_wide *r)
{
    if (memchr(p, ':', len)) {
        dst = put_text(dst, "2001:db8:");
        dst = put_hex(dst, r, 4);
        dst = put_text(dst, "::");
        return put_hex(dst, r, 4);
    }
    dst = put_text(dst, draw(r, 2) ? "198.19." : "198.18.");
    dst = put_decimal(dst, draw(r, 256));
    *dst++ = '.';
    return put_decimal(dst, draw(r, 256));
}

static uint8_t *put_phone(uint8_t *dst, bau_wide *r)
{
    dst = put_decimal(put_text(dst, "+1 "), 200 + draw(r, 780)); /* no area starts with 0, 1 or 98 */
    dst = put_text(dst, " 555 01");
    *dst++ = (uint8_t)('0' + draw(r, 10));
    *dst++ = (uint8_t)('0' + draw(r, 10));
    return dst;
}

/* Digits for digits and letters for letters, all else as it was; the first `head` letters and digits are given. */
static uint8_t *put_shape(uint8_t *dst, const uint8_t *p, size_t len, const char *head, bau_wide *r)
{
    const size_t n = strlen(head);
    for (size_t i = 0, k = 0; i < len; i++, dst++) {
        *dst = p[i];
        if (bau_is_number(p[i]))
            *dst = k < n ? (uint8_t)head[k] : (uint8_t)('0' + draw(r, 10));
        else if (bau_is_alpha(p[i]))
            *dst = (uint8_t)((p[i] & 0x20) | (k < n ? 'X' : 'A' + draw(r, 26)));
        k += bau_is_number(p[i]) || bau_is_alpha(p[i]);
    }
    return dst;
}

static uint8_t *put_card(uint8_t *dst, const uint8_t *p, size_t len, bau_wide *r)
{
    uint8_t *const end = put_shape(dst, p, len, "400000", r), *last = NULL;
    uint32_t sum = 0, place = 0;
    for (uint8_t *q = end; q-- > dst;)
        if (bau_is_number(*q)) {
            const uint32_t d = last ? (uint32_t)(*q - '0') : 0, twice = 2 * d;
            sum += place++ % 2 ? (twice > 9 ? twice - 9 : twice) : d;
            last = last ? last : q;
        }
    if (last)
        *last = (uint8_t)('0' + (10 - sum % 10) % 10);
    return end;
}

static uint32_t mod97(uint32_t rest, uint8_t ch)
{
    const uint32_t v = bau_is_number(ch) ? (uint32_t)(ch - '0') : (uint32_t)((ch & 0xDFu) - 'A' + 10);
    return (v > 9 ? rest * 100 + v : rest * 10 + v) % 97;
}

static uint8_t *put_iban(uint8_t *dst, const uint8_t *p, size_t len, bau_wide *r)
{
    memcpy(dst, p, 4); /* country and check digits stand together in every spelling */
    uint8_t *const end = put_shape(dst + 4, p + 4, len - 4, "0000", r);
    uint32_t rest = 0;
    for (const uint8_t *q = dst + 4; q < end; q++)
        if (bau_is_number(*q) || bau_is_alpha(*q))
            rest = mod97(rest, *q);
    rest = mod97(mod97(mod97(mod97(rest, dst[0]), dst[1]), '0'), '0');
    dst[2] = (uint8_t)('0' + (98 - rest) / 10);
    dst[3] = (uint8_t)('0' + (98 - rest) % 10);
    return end;
}

static uint8_t *put_uuid(uint8_t *dst, bau_wide *r)
{
    static const uint8_t sizes[] = { 8, 4, 4, 4, 12 };
    uint8_t *const start = dst;
    for (unsigned i = 0; i < 5; i++) {
        dst = put_hex(dst, r, sizes[i]);
        *dst++ = '-';
    }
    start[14] = '4';
    start[19] = (uint8_t) "89ab"[start[19] & 3u];
    return dst - 1;
}

static bool same_word(struct bau_slice name, const uint8_t *p, size_t len)
{
    return name.len == len && memcmp(name.data, p, len) == 0;
}

static uint8_t *put_one_name(uint8_t *dst, const struct bau_dict *d, const uint8_t *p, size_t len,
                             bau_wide *r)
{
    uint32_t i = bau_dict_pick(d, (uint64_t)*r);
    *r >>= 64;
    if (same_word(bau_dict_name(d, i), p, len))
        i = (i + 1) % d->n;
    const struct bau_slice name = bau_dict_name(d, i);
    const size_t n = name.len < 48 ? name.len : 48;
    memcpy(dst, name.data, n);
    return dst + n;
}

static uint8_t *put_name(const struct config *c, uint8_t *dst, const struct entity *e, const uint8_t *p,
                         bau_wide *r)
{
    uint32_t letter = 0;
    const size_t step = bau_utf8_read(p, p + e->len, &letter);
    const struct names *names = &c->names[bau_script_of(p, e->len)];
    if (step == e->len && !bau_is_run_on(letter)) { /* an initial */
        *dst = (uint8_t)('A' + draw(r, 26));
        return dst + 1;
    }
    if (bau_is_run_on(letter)) {
        dst = put_one_name(dst, names->surname, p, e->len, r);
        return put_one_name(dst, names->given, p, e->len, r);
    }
    return put_one_name(dst, e->surname ? names->surname : names->given, p, e->len, r);
}

static uint8_t *put_entity(const struct config *c, uint8_t *dst, const struct entity *e, const uint8_t *p,
                           const uint8_t digest[16])
{
    bau_wide r = number_of(digest);
    switch (e->find) {
    case BAU_FIND_EMAIL: return put_email(c, dst, &r);
    case BAU_FIND_URL: return put_url(dst, p, e->len, false, &r);
    case BAU_FIND_CREDENTIALS: return put_url(dst, p, e->len, true, &r);
    case BAU_FIND_IP: return put_ip(dst, p, e->len, &r);
    case BAU_FIND_PHONE: return put_phone(dst, &r);
    case BAU_FIND_CARD: return put_card(dst, p, e->len, &r);
    case BAU_FIND_IBAN: return put_iban(dst, p, e->len, &r);
    case BAU_FIND_NATIONAL_ID: return put_shape(dst, p, e->len, "000", &r);
    case BAU_FIND_UUID: return put_uuid(dst, &r);
    case BAU_FIND_HANDLE: return put_token(put_text(dst, "@"), &r, 12);
    case BAU_FIND_NAME: return put_name(c, dst, e, p, &r);
    case BAU_FIND_JWT:
    case BAU_FIND_PEM:
    case BAU_FIND_KEY:
    case BAU_FIND_ENTROPY:
    case BAU_FIND_DATE:
    case BAU_FINDS: break;
    }
    return dst + bau_secret_dead(e->find, p, e->len, dst);
}

/* `slack`: characters by which the text is shorter so far. */
static uint8_t *put_bounded(const struct config *c, uint8_t *dst, const struct entity *e, const uint8_t *p,
                            const uint8_t digest[16], size_t *slack)
{
    uint8_t *end = put_entity(c, dst, e, p, digest);
    if (!c->bounded)
        return end;
    const size_t was = bau_utf8_count(p, e->len), now = bau_utf8_count(dst, (size_t)(end - dst));
    if (now > was + *slack) {
        memset(dst, '*', was);
        return dst + was;
    }
    *slack = *slack + was - now;
    return end;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct work w = { 0 };
    BAU_TRY(gather(c, ctx, in, &w, err));
    uint64_t bytes = in->offsets[in->n_values];
    for (uint32_t i = 0; i < w.n; i++)
        bytes += w.entity[i].len < WIDEST ? WIDEST : w.entity[i].len;
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the texts of a batch grow past 2 GiB");
    BAU_TRY(bau_column_make(out, in, BAU_TEXT, (size_t)bytes, ctx->arena, err));
    uint8_t *dst = out->data, *const start = dst;
    for (uint32_t i = 0, k = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        size_t from = 0, slack = 0;
        for (; k < w.n && w.entity[k].value == i; k++) {
            const struct entity *e = &w.entity[k];
            memcpy(dst, v.data + from, e->at - from);
            dst = put_bounded(c, dst + (e->at - from), e, v.data + e->at, w.digest[k], &slack);
            from = (size_t)e->at + e->len;
        }
        memcpy(dst, v.data + from, v.len - from);
        dst += v.len - from;
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return c->bounded ? 0 : UINT32_MAX;
}

const struct bau_masker bau_masker_text_pseudonym = {
    .name = "text_pseudonym",
    .summary =
        "Replaces addresses, numbers and names in running text by pseudonyms; what no detector finds stays.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEYED | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT |
             BAU_LEAKS_PREFIX | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .widest = widest,
    .example_in = "Mr. Ada Lovelace, ada@example.com, called from +49 30 1234567.",
    .example_options = "",
};

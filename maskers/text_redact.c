/* text_redact: what the detectors find in running text is hidden, the rest stays.
 *
 * Found: e-mail addresses, URLs, IP addresses, telephone and card numbers, IBANs, national ids, UUIDs, secrets, handles
 * and names of people (detect.h says by what). What no detector knows stays readable: a street, a nickname, an illness,
 * the story itself. Where that is too much, replace the text whole: `lorem` keeps its length only.
 *
 * A label stands in for what was found unless the text would become longer than it was (in characters): then stars do.
 * So the output fits wherever the input did. */
#include "maskers/prose.h"
#include "maskers/utf8.h"

enum { LABEL, STARS };

struct config {
    struct bau_texts find;
    uint32_t as;
    bool lone_names;
    struct bau_prose prose;
};

static const struct bau_option options[] = {
    { "find", BAU_OPTION_TEXTS, offsetof(struct config, find), NULL, 0, 0,
      "What to look for: email, url, ip, phone, card, iban, national_id, uuid, secret, handle, name, date; "
      "all but date "
      "when not given.",
      0, NULL, "KIND", 0 },
    { "as", BAU_OPTION_CHOICE, offsetof(struct config, as), "label", 0, 0,
      "What stands in for it: its kind in brackets, or as many stars as it had characters.", 0, "label|stars",
      NULL, 0 },
    { "lone_names", BAU_OPTION_BOOL, offsetof(struct config, lone_names), "false", 0, 0,
      "Whether a given name without a surname counts as a name; some are words too.", 0, NULL, NULL, 0 },
    { 0 },
};

static const char *const labels[BAU_FINDS] = {
    [BAU_FIND_EMAIL] = "[EMAIL]",    [BAU_FIND_URL] = "[URL]",
    [BAU_FIND_IP] = "[IP]",          [BAU_FIND_PHONE] = "[PHONE]",
    [BAU_FIND_CARD] = "[CARD]",      [BAU_FIND_IBAN] = "[IBAN]",
    [BAU_FIND_DATE] = "[DATE]",      [BAU_FIND_NATIONAL_ID] = "[ID]",
    [BAU_FIND_UUID] = "[UUID]",      [BAU_FIND_JWT] = "[SECRET]",
    [BAU_FIND_PEM] = "[SECRET]",     [BAU_FIND_KEY] = "[SECRET]",
    [BAU_FIND_HANDLE] = "[USER]",    [BAU_FIND_CREDENTIALS] = "[SECRET]",
    [BAU_FIND_ENTROPY] = "[SECRET]", [BAU_FIND_NAME] = "[NAME]",
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    return bau_prose_bind(&c->prose, &c->find, c->lone_names, with, err);
}

/* `slack`: characters by which the output is shorter so far; never below zero. */
static uint8_t *hide(uint8_t *dst, const struct config *c, const struct bau_prose_hit *hit,
                     const uint8_t *text, size_t *slack)
{
    const size_t chars = bau_utf8_count(text + hit->at, hit->len), label = strlen(labels[hit->find]);
    if (c->as == LABEL && label <= chars + *slack) {
        memcpy(dst, labels[hit->find], label);
        *slack = *slack + chars - label;
        return dst + label;
    }
    memset(dst, '*', chars);
    return dst + chars;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct bau_prose_hit *hits;
    size_t n, h = 0;
    BAU_TRY(bau_prose_find(&c->prose, in, ctx->arena, &hits, &n, err));
    BAU_TRY(bau_column_make(out, in, BAU_TEXT, in->offsets[in->n_values], ctx->arena, err));
    uint8_t *dst = out->data, *const start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        size_t from = 0, slack = 0;
        for (; h < n && hits[h].value == i; h++) {
            memcpy(dst, v.data + from, hits[h].at - from);
            dst = hide(dst + (hits[h].at - from), c, &hits[h], v.data, &slack);
            from = (size_t)hits[h].at + hits[h].len;
        }
        memcpy(dst, v.data + from, v.len - from);
        dst += v.len - from;
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

const struct bau_masker bau_masker_text_redact = {
    .name = "text_redact",
    .summary = "Hides addresses, numbers, secrets and names in running text; what no detector finds stays: "
               "for long prose "
               "lorem is safer.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT |
             BAU_LEAKS_PREFIX | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .example_in = "Mr. Ada Lovelace, ada@example.com, called from +49 30 1234567.",
    .example_options = "",
};

/* user_agent: one of a few common texts of the same class: desktop browser, telephone, tablet, robot, tool.
 * Versions are round, systems have no model, no language shows. What is none of these counts as a desktop
 * browser. */
#include "maskers/common.h"

enum class { DESKTOP, PHONE, TABLET, ROBOT, TOOL, CLASSES };
enum { MOST = 8, LOOKED_AT = 512 };

struct config {
    const struct bau_mask_key *key;
    struct {
        struct bau_slice text[MOST];
        uint32_t n;
    } of[CLASSES];
    uint32_t widest;
};

#define KIT " AppleWebKit/537.36 (KHTML, like Gecko) "
#define APPLE " AppleWebKit/605.1.15 (KHTML, like Gecko) "

static const char *const agents[CLASSES][MOST] = {
    [DESKTOP] = { "Mozilla/5.0 (Windows NT 10.0; Win64; x64)" KIT "Chrome/120.0.0.0 Safari/537.36",
                  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)" KIT "Chrome/120.0.0.0 Safari/537.36",
                  "Mozilla/5.0 (X11; Linux x86_64)" KIT "Chrome/120.0.0.0 Safari/537.36",
                  "Mozilla/5.0 (Windows NT 10.0; Win64; x64)" KIT
                  "Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0",
                  "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:120.0) Gecko/20100101 Firefox/120.0",
                  "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
                  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)" APPLE "Version/17.0 Safari/605.1.15",
                  "Mozilla/5.0" },
    [PHONE] = { "Mozilla/5.0 (Linux; Android 10; K)" KIT "Chrome/120.0.0.0 Mobile Safari/537.36",
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)" APPLE
                "Version/17.0 Mobile/15E148 Safari/604.1",
                "Mozilla/5.0 (Android 14; Mobile; rv:120.0) Gecko/120.0 Firefox/120.0",
                "Mozilla/5.0 (Mobile)" },
    [TABLET] = { "Mozilla/5.0 (Linux; Android 10; K)" KIT "Chrome/120.0.0.0 Safari/537.36",
                 "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X)" APPLE
                 "Version/17.0 Mobile/15E148 Safari/604.1",
                 "Mozilla/5.0 (Android 14; Tablet; rv:120.0) Gecko/120.0 Firefox/120.0",
                 "Mozilla/5.0 (Tablet)" },
    [ROBOT] = { "Mozilla/5.0 (compatible; ExampleBot/1.0; +https://example.com/bot)", "ExampleBot/1.0" },
    [TOOL] = { "curl/8.0.0", "Wget/1.21", "python-requests/2.31.0", "okhttp/4.12.0", "Go-http-client/1.1" },
};

/* The first word that a text holds, whatever its case, says the class; in this order. */
static const struct {
    const char *word; /* lower case */
    enum class class;
} words[] = {
    { "bot", ROBOT },           { "crawler", ROBOT },  { "spider", ROBOT },     { "slurp", ROBOT },
    { "ipad", TABLET },         { "tablet", TABLET },  { "iphone", PHONE },     { "mobile", PHONE },
    { "windows phone", PHONE }, { "android", TABLET }, { "mozilla/", DESKTOP }, { "opera/", DESKTOP },
    { "curl/", TOOL },          { "wget/", TOOL },     { "python", TOOL },      { "java/", TOOL },
    { "okhttp/", TOOL },        { "go-http", TOOL },   { "axios/", TOOL },      { "postman", TOOL },
    { "ruby", TOOL },           { "libwww", TOOL },    { "http", TOOL },
};

static enum class class_of(struct bau_slice v) {
    char text[LOOKED_AT + 1]; const size_t n = v.len < LOOKED_AT ? v.len : LOOKED_AT;
    for (size_t i = 0; i < n; i++)
        text[i] = (char)(v.data[i] >= 'A' && v.data[i] <= 'Z' ? v.data[i] | 0x20 : v.data[i]);
    text[n] = '\0';
    for (size_t i = 0; i < BAU_COUNT(words); i++) if (strstr(text, words[i].word)) return words[i].class;
    return DESKTOP;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    c->key = with->key;
    for (unsigned k = 0; k < CLASSES; k++) {
        for (unsigned i = 0; i < MOST && agents[k][i]; i++) {
            const size_t len = strlen(agents[k][i]);
            if (with->max_chars && len > with->max_chars)
                continue;
            c->of[k].text[c->of[k].n++] = (struct bau_slice){ (const uint8_t *)agents[k][i], len };
            c->widest = len > c->widest ? (uint32_t)len : c->widest;
        }
        if (c->of[k].n < 2)
            return bau_error_set(
                err, BAU_E_USAGE,
                "user agents want a column of 70 characters, the narrowest one of the domain has %u",
                with->max_chars);
    }
    return BAU_OK;
}

static struct bau_slice pick(const struct config *c, struct bau_slice own, const uint8_t digest[16])
{
    const enum class k = class_of(own);
    const uint32_t i = (uint32_t)bau_draw(bau_bits64(digest), c->of[k].n);
    const struct bau_slice text = c->of[k].text[i];
    if (text.len == own.len && memcmp(text.data, own.data, own.len) == 0)
        return c->of[k].text[(i + 1) % c->of[k].n];
    return text;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    uint8_t(*digest)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, in, &digest, err));
    BAU_TRY(bau_mask_text_out(out, in, BAU_TEXT, c->widest, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i)) {
            const struct bau_slice text = pick(c, bau_column_value(in, i), digest[i]);
            memcpy(dst, text.data, text.len);
            dst += text.len;
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return c->widest;
}

const struct bau_masker bau_masker_user_agent = {
    .name = "user_agent",
    .summary = "Replaces a user agent by a common one of its class, such as telephone or robot.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FORMAT,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "Mozilla/5.0 (iPhone; OS 16_5) Mobile/20F66",
    .example_options = "",
};

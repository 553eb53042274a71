/* company: the name of a firm that is made up, in the script and case of the value, with the legal form it had.
 *
 *     "Analytical Engines Ltd."  →  "Hartley & Byrne Logistics Ltd."       "ООО Ромашка"  →  "ООО Орлов-Зуев Системы"
 *
 * Two surnames by frequency and a word for a trade; with narrow columns one surname and the trade, then a surname alone
 * without a form. No list of firms stands behind it, so a firm of that name is a coincidence; it can happen. */
#include "maskers/people.h"

enum { TRADES = 8, TRADE_SLOT = 48, FORM_BYTES = 56, FORM_CHARS = 28, NAME_CHARS = 15, TRADE_CHARS = 14 };
enum { FORM_WORDS = 3 }; /* of 64 legal forms */
enum { FULL, SHORT, BARE };
enum { AROUND = FORM_CHARS + 2, FULL_CHARS = 2 * NAME_CHARS + 3 + 1 + TRADE_CHARS + AROUND };
enum { SHORT_CHARS = 6 + 1 + TRADE_CHARS + AROUND };
enum { EACH = 2 * BAU_NAME_BYTES + TRADE_SLOT + FORM_BYTES + 16 };

struct trade {
    uint8_t text[TRADE_SLOT - 1], len;
};

struct config {
    struct bau_people_options people; /* locale alone is offered */
    const struct bau_mask_key *key;
    uint32_t style;
    struct bau_name_part family;
    struct trade trade[BAU_PEOPLE_SCRIPTS][BAU_CASES][TRADES];
    uint64_t starts[256][FORM_WORDS], ends[256][FORM_WORDS]; /* by byte: a bit for each form that may fit */
};

static const struct bau_option options[] = {
    { "locale", BAU_OPTION_TEXT, offsetof(struct config, people.locale), "auto", 0, 0,
      "Language of the name, such as de; auto follows the script of the value.", 0, NULL, NULL, 0 },
    { 0 },
};

static const struct {
    const char *locale, *word[TRADES];
} trades[] = {
    { "en", { "Trading", "Logistics", "Foods", "Systems", "Energy", "Textiles", "Consulting", "Media" } },
    { "de", { "Handel", "Logistik", "Lebensmittel", "Systeme", "Energie", "Textil", "Beratung", "Medien" } },
    { "fr", { "Commerce", "Logistique", "Aliments", "Systèmes", "Énergie", "Textile", "Conseil", "Médias" } },
    { "es",
      { "Comercio", "Logística", "Alimentos", "Sistemas", "Energía", "Textil", "Consultoría", "Medios" } },
    { "it",
      { "Commercio", "Logistica", "Alimentari", "Sistemi", "Energia", "Tessile", "Consulenza", "Media" } },
    { "pt",
      { "Comércio", "Logística", "Alimentos", "Sistemas", "Energia", "Têxtil", "Consultoria", "Mídia" } },
    { "pl", { "Handel", "Logistyka", "Żywność", "Systemy", "Energia", "Tekstylia", "Doradztwo", "Media" } },
    { "tr", { "Ticaret", "Lojistik", "Gıda", "Sistem", "Enerji", "Tekstil", "Danışmanlık", "Medya" } },
    { "ru", { "Торг", "Логистика", "Продукты", "Системы", "Энергия", "Текстиль", "Консалтинг", "Медиа" } },
    { "uk", { "Торг", "Логістика", "Продукти", "Системи", "Енергія", "Текстиль", "Консалтинг", "Медіа" } },
    { "el", { "Εμπόριο", "Μεταφορές", "Τρόφιμα", "Συστήματα", "Ενέργεια", "Υφάσματα", "Σύμβουλοι", "Μέσα" } },
    { "ar", { "للتجارة", "للنقل", "للأغذية", "للنظم", "للطاقة", "للنسيج", "للاستشارات", "للإعلام" } },
    { "hi", { "ट्रेडिंग", "परिवहन", "फूड्स", "सिस्टम्स", "एनर्जी", "टेक्सटाइल", "कंसल्टिंग", "मीडिया" } },
    { "zh", { "贸易", "物流", "食品", "系统", "能源", "纺织", "咨询", "传媒" } },
    { "ja", { "商事", "物流", "食品", "システム", "エネルギー", "繊維", "企画", "メディア" } },
    { "ko", { "무역", "물류", "식품", "시스템", "에너지", "섬유", "컨설팅", "미디어" } },
};

/* Legal forms, before or behind the name; ASCII in any case. */
static const char *const forms[] = {
    "GmbH & Co. KG",
    "GmbH & Co. KGaA",
    "AG & Co. KG",
    "GmbH",
    "gGmbH",
    "mbH",
    "UG (haftungsbeschränkt)",
    "UG",
    "AG",
    "KGaA",
    "KG",
    "OHG",
    "GbR",
    "eG",
    "e.G.",
    "e.V.",
    "e. V.",
    "e.K.",
    "SE",
    "Inc.",
    "Inc",
    "Incorporated",
    "Corp.",
    "Corp",
    "Corporation",
    "Co.",
    "Co., Ltd.",
    "Co. Ltd.",
    "Company",
    "LLC",
    "L.L.C.",
    "LLP",
    "LP",
    "Ltd.",
    "Ltd",
    "Limited",
    "PLC",
    "P.L.C.",
    "Pty Ltd",
    "Pty. Ltd.",
    "Pvt Ltd",
    "Pvt. Ltd.",
    "Private Limited",
    "S.A.",
    "SA",
    "S.A.S.",
    "SAS",
    "SASU",
    "SARL",
    "S.à r.l.",
    "S.A.R.L.",
    "EURL",
    "SNC",
    "SCI",
    "S.L.",
    "SL",
    "S.L.U.",
    "SLU",
    "S.p.A.",
    "SpA",
    "S.r.l.",
    "Srl",
    "S.n.c.",
    "Lda.",
    "Lda",
    "Ltda.",
    "Ltda",
    "S/A",
    "EIRELI",
    "Sp. z o.o.",
    "sp. j.",
    "B.V.",
    "BV",
    "N.V.",
    "NV",
    "VOF",
    "AB",
    "A/S",
    "ApS",
    "AS",
    "ASA",
    "Oy",
    "Oyj",
    "A.Ş.",
    "AŞ",
    "Ltd. Şti.",
    "s.r.o.",
    "a.s.",
    "d.o.o.",
    "Kft.",
    "Kft",
    "Zrt.",
    "ООО",
    "ОАО",
    "ЗАО",
    "ПАО",
    "АО",
    "ИП",
    "ТОВ",
    "ПАТ",
    "ПрАТ",
    "ФОП",
    "Α.Ε.",
    "ΑΕ",
    "Ε.Π.Ε.",
    "ΕΠΕ",
    "Ο.Ε.",
    "Ι.Κ.Ε.",
    "株式会社",
    "有限会社",
    "合同会社",
    "合資会社",
    "㈱",
    "有限公司",
    "有限责任公司",
    "股份有限公司",
    "集团有限公司",
    "公司",
    "주식회사",
    "(주)",
    "㈜",
    "유한회사",
    "लिमिटेड",
    "प्राइवेट लिमिटेड",
    "ذ.م.م",
    "ش.م.م",
    "ش.م.ل",
};

_Static_assert(BAU_COUNT(forms) <= 64 * FORM_WORDS, "FORM_WORDS");

/* ---- bind ---- */

/* Upper and lower case of a letter share all bits but one. */
static void fill_forms(struct config *c)
{
    for (unsigned byte = 0; byte < 256; byte++)
        for (size_t i = 0; i < BAU_COUNT(forms); i++) {
            const uint8_t first = (uint8_t)forms[i][0], last = (uint8_t)forms[i][strlen(forms[i]) - 1];
            c->starts[byte][i / 64] |= (uint64_t)((first | 0x20u) == (byte | 0x20u)) << (i % 64);
            c->ends[byte][i / 64] |= (uint64_t)((last | 0x20u) == (byte | 0x20u)) << (i % 64);
        }
}

static const struct bau_dict *dict_of(const struct config *c, unsigned script)
{
    return c->family.list[script][BAU_GENDER_ANY][BAU_CASE_AS_IS]->dict;
}

static void fill_trades(struct config *c)
{
    for (unsigned script = 0; script < BAU_PEOPLE_SCRIPTS; script++) {
        const char *locale = dict_of(c, script)->locale;
        size_t at = 0; /* English where a language has no words here */
        for (size_t i = 0; i < BAU_COUNT(trades); i++)
            at = strcmp(trades[i].locale, locale) == 0 ? i : at;
        for (unsigned how = 0; how < BAU_CASES; how++)
            for (unsigned k = 0; k < TRADES; k++) {
                struct trade *t = &c->trade[script][how][k];
                uint8_t put[2 * TRADE_SLOT];
                const char *word = trades[at].word[k];
                t->len = (uint8_t)bau_case_put(put, (const uint8_t *)word, strlen(word), (enum bau_case)how,
                                               strcmp(locale, "tr") == 0);
                memcpy(t->text, put, t->len);
            }
    }
}

static uint32_t wide_of(const struct config *c)
{
    const uint32_t name = c->family.widest;
    return c->style == FULL    ? 2 * name + 3 + 1 + TRADE_CHARS + AROUND
           : c->style == SHORT ? name + 1 + TRADE_CHARS + AROUND
                               : name;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    const uint32_t room = with->max_chars;
    uint32_t name = NAME_CHARS;
    c->key = with->key;
    c->style = room == 0 || room >= FULL_CHARS ? FULL : room >= SHORT_CHARS ? SHORT : BARE;
    if (c->style == SHORT)
        name = room - 1 - TRADE_CHARS - AROUND;
    else if (c->style == BARE)
        name = room;
    BAU_TRY(bau_name_part_make(&c->family, true, c->people.locale, name, with, err));
    fill_trades(c);
    fill_forms(c);
    return BAU_OK;
}

/* ---- apply ---- */

static bool same_letters(const uint8_t *text, const char *form, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const uint8_t a = text[i], b = (uint8_t)form[i];
        const bool letters = (uint8_t)((b | 0x20) - 'a') < 26;
        if (a != b && !(letters && (a | 0x20) == (b | 0x20)))
            return false;
    }
    return true;
}

static bool is_gap(uint8_t c)
{
    return c == ' ' || c == ',';
}

struct form {
    struct bau_slice text;
    bool before, comma, blank;
};

/* Characters of East Asia need no blank around a form. */
static bool free_standing(const char *form)
{
    return (uint8_t)form[0] >= 0xE3;
}

/* `found`, or the form if it is longer and stands at an end of v. */
static void try_form(struct form *found, struct bau_slice v, const char *form)
{
    const size_t len = strlen(form);
    if (len <= found->text.len || len >= v.len)
        return;
    const uint8_t *end = v.data + v.len - len;
    const bool loose = free_standing(form);
    if (same_letters(end, form, len) && (loose || is_gap(end[-1])))
        *found =
            (struct form){ { end, len },
                           .comma = end[-1] == ',' || (v.len > len + 1 && end[-2] == ',' && end[-1] == ' '),
                           .blank = is_gap(end[-1]) };
    else if (same_letters(v.data, form, len) && (loose || v.data[len] == ' '))
        *found = (struct form){ { v.data, len }, .before = true, .blank = v.data[len] == ' ' };
}

/* The longest form that leaves a name. */
static struct form find_form(const struct config *c, struct bau_slice v)
{
    struct form found = { .before = false };
    for (size_t w = 0; v.len && w < FORM_WORDS; w++) {
        uint64_t may = c->starts[v.data[0]][w] | c->ends[v.data[v.len - 1]][w];
        for (; may; may &= may - 1)
            try_form(&found, v, forms[64 * w + (size_t)__builtin_ctzll(may)]);
    }
    return found;
}

static uint8_t *put_bytes(uint8_t *dst, const void *bytes, size_t len)
{
    if (len)
        memcpy(dst, bytes, len);
    return dst + len;
}

static uint8_t *put_name(uint8_t *dst, const struct config *c, enum bau_script script, enum bau_case how,
                         const uint8_t digest[16])
{
    const struct bau_name_list *family = c->family.list[script][BAU_GENDER_ANY][how];
    const struct bau_slice first = bau_dict_name(family->dict, 0);
    const enum bau_script made = bau_people_script(first.data, first.len);
    const bool dense = made == BAU_SCRIPT_HAN || made == BAU_SCRIPT_KANA || made == BAU_SCRIPT_HANGUL;
    const struct trade *trade = &c->trade[script][how][digest[0] % TRADES]; /* bits too low for the draw */
    dst = bau_name_put(dst, family, bau_dict_pick(family->dict, bau_bits64(digest)));
    if (c->style == FULL) {
        const char *join = dense ? "" : made == BAU_SCRIPT_LATIN ? " & " : "-";
        dst = put_bytes(dst, join, strlen(join));
        dst = bau_name_put(dst, family, bau_dict_pick(family->dict, bau_bits64(digest + 8)));
    }
    if (c->style == BARE)
        return dst;
    dst = put_bytes(dst, " ", !dense);
    return put_bytes(dst, trade->text, trade->len);
}

static uint8_t *put_company(uint8_t *dst, const struct config *c, struct bau_slice v,
                            const uint8_t digest[16])
{
    const struct form form = c->style == BARE ? (struct form){ .before = false } : find_form(c, v);
    struct bau_slice name = v; /* what is not the form tells script and case */
    if (form.text.len) {
        name.len -= form.text.len;
        name.data += form.before ? form.text.len : 0;
    }
    const enum bau_script script = bau_people_script(name.data, name.len);
    const enum bau_case how = bau_people_case(script, name.data, name.len);
    if (form.before) {
        dst = put_bytes(dst, form.text.data, form.text.len);
        dst = put_bytes(dst, " ", form.blank);
    }
    dst = put_name(dst, c, script, how, digest);
    if (form.text.len && !form.before) {
        dst = put_bytes(dst, ",", form.comma);
        dst = put_bytes(dst, " ", form.blank);
        dst = put_bytes(dst, form.text.data, form.text.len);
    }
    return dst;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    uint8_t(*digest)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, in, &digest, err));
    BAU_TRY(bau_mask_text_out(out, in, BAU_TEXT, EACH, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i))
            dst = put_company(dst, c, bau_column_value(in, i), digest[i]);
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    (void)type;
    return wide_of(config);
}

const struct bau_masker bau_masker_company = {
    .name = "company",
    .summary = "Replaces the name of a firm by a made-up one and keeps its legal form.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_TRIM,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "Analytical Engines Ltd.",
    .example_options = "",
};

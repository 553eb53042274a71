/* national_id and national_id_reserved: published examples, the check digits by slow formulas, every id of small
 * spaces, dates within their blocks, numbers as text and as integers. */
#include <criterion/criterion.h>
#include <ctype.h>

#include "maskers/national.h"
#include "tests/support/masker.h"

enum { ROOM = 32 };

/* `n` texts of at most ROOM - 1 bytes each through a masker, in place. */
static bau_status mask_texts(const char *masker, const char *options, char (*texts)[ROOM], uint32_t n,
                             struct bau_error *err)
{
    struct bound b = bind_with(bau_masker_find(masker), BAU_TEXT, options, NULL, 0);
    if (b.status != BAU_OK) {
        *err = b.err;
        const bau_status status = b.status;
        release(&b);
        return status;
    }
    struct bau_arena *arena = bau_arena_new(1 << 20, 0);
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_TEXT, .n_values = n };
    struct bau_column in, out;
    cr_assert_eq(bau_column_make(&in, &shape, BAU_TEXT, (size_t)n * ROOM, arena, err), BAU_OK);
    for (uint32_t i = 0, at = 0; i < n; i++) {
        const size_t len = strlen(texts[i]);
        memcpy((char *)in.data + at, texts[i], len);
        in.offsets[i + 1] = at += (uint32_t)len;
    }
    const bau_status status = run(&b, &in, 0, 0, arena, &out, err);
    for (uint32_t i = 0; status == BAU_OK && i < n; i++) {
        const struct bau_slice v = bau_column_value(&out, i);
        memcpy(texts[i], v.data, v.len);
        texts[i][v.len] = '\0';
    }
    bau_arena_free(arena);
    release(&b);
    return status;
}

static bau_status mask_one(const char *masker, const char *options, const char *in, char out[ROOM])
{
    struct bau_error err = { 0 };
    snprintf(out, ROOM, "%s", in);
    const bau_status status = mask_texts(masker, options, (char(*)[ROOM])(void *)out, 1, &err);
    if (status == BAU_E_DATA && *in)
        cr_expect(strstr(err.text, in) == NULL, "the message shows the value");
    return status;
}

/* ---- examples out of public documentation ---- */

static const struct {
    const char *country, *id;
    bool checked; /* its last symbol is, or is in, what the check finds */
} examples[] = {
    { "us", "536-90-4399", false },
    { "ca", "046 454 286", false },
    { "ca", "123-456-782", true },
    { "gb", "AB 12 34 56 C", false },
    { "gb", "JG103759A", false },
    { "gb_nhs", "943 476 5919", true },
    { "fr", "2 55 08 14 168 025 38", true },
    { "fr", "253072B07300470", true },
    { "es", "12345678Z", true },
    { "es", "X-1234567-L", true },
    { "nl", "1112.22.333", true },
    { "pl", "44051401359", true },
    { "br", "111.444.777-35", true },
    { "br_cnpj", "11.222.333/0001-81", true },
    { "br_cnpj", "12.ABC.345/01DE-35", true },
    { "in", "2341 2341 2346", true },
    { "it", "RSSMRA85T10A562S", true },
    { "it", "rccmnl83s18d969h", true },
    { "de", "86 095 742 719", true },
    { "de", "65929970489", true },
    { "se", "811228-9874", true },
    { "se", "19670919-9530", true },
    { "se", "121212+1212", true },
    { "no", "15108695088", true },
    { "dk", "211062-5629", false },
    { "fi", "131052-308T", true },
    { "fi", "131052A308T", true },
    { "be", "85.07.30-033 28", true },
    { "pt", "123456789", true },
    { "at", "1237 010180", false },
    { "ch", "756.9217.0769.85", true },
    { "au", "123 456 782", true },
    { "au_medicare", "2123 45670 1", false },
    { "cn", "11010519491231002X", true },
    { "cn", "440524188001010014", true },
    { "kr", "971013-9019902", false },
    { "jp", "1234 5678 9018", true },
    { "za", "8001015009087", true },
    { "tr", "10000000146", true },
    { "mx", "BOXW310820HNERXN09", true },
    { "cl", "12.345.678-5", true },
    { "cl", "7.654.321-6", true },
    { "ar", "20-05536168-2", true },
    { "il", "03933742-3", true },
    { "sg", "S1234567D", true },
    { "sg", "T1234567J", true },
    { "sg", "F1234567N", true },
    { "sg", "G1234567X", true },
    { "sg", "M1234567K", true },
    { "ee", "36805280109", true },
    { "lt", "33309240064", true },
    { "bg", "7523169263", true },
    { "ro", "1630615123457", true },
    { "cz", "710319/2745", true },
    { "sk", "710319/2745", true },
    { "hr", "33392005961", true },
    { "ie", "6433435F", true },
    { "ie", "6433435OA", false },
    { "is", "120174-3399", false },
    { "gr", "01013099997", true },
    { "th", "1-2345-45678-78-1", true },
};

Test(national_id, takes_published_examples_and_refuses_wrong_check_digits)
{
    for (size_t i = 0; i < BAU_COUNT(examples); i++) {
        char options[64], out[ROOM], wrong[ROOM];
        snprintf(options, sizeof options, "country=%s", examples[i].country);
        const bool known = strcmp(examples[i].id, "046 454 286") == 0; /* begins with 0: given to nobody */
        cr_expect_eq(mask_one("national_id", options, examples[i].id, out), known ? BAU_E_DATA : BAU_OK,
                     "%s %s", examples[i].country, examples[i].id);
        if (known)
            continue;
        cr_expect_eq(strlen(out), strlen(examples[i].id));
        cr_expect_str_neq(out, examples[i].id, "%s", examples[i].country);
        for (size_t k = 0; out[k]; k++) { /* separators and case stay */
            cr_expect_eq(!isalnum((unsigned char)out[k]), !isalnum((unsigned char)examples[i].id[k]));
            cr_expect(!islower((unsigned char)out[k]) || islower((unsigned char)examples[i].id[k]));
        }
        if (!examples[i].checked)
            continue;
        snprintf(wrong, sizeof wrong, "%s", examples[i].id);
        char *last = &wrong[strlen(wrong) - 1];
        *last = (char)(isdigit((unsigned char)*last) ? '0' + (*last - '0' + 1) % 10
                       : *last == 'A'                ? 'B'
                                                     : 'A');
        cr_expect_eq(mask_one("national_id", options, wrong, out), BAU_E_DATA, "%s %s", examples[i].country,
                     wrong);
    }
}

static const struct {
    const char *options, *in;
} refused[] = {
    { "country=us", "000-12-3456" },
    { "country=us", "666-12-3456" },
    { "country=us", "900-12-3456" },
    { "country=us", "123-00-3456" },
    { "country=us", "123-45-0000" },
    { "country=us", "078-05-1120" },
    { "country=us", "123-45-67890" },
    { "country=us", "123-45-678" },
    { "country=us", "" },
    { "country=us", "123-45-678x" },
    { "country=us", "123\t45\t6789" },
    { "country=ca", "812345674" },
    { "country=gb", "QQ123456C" },
    { "country=gb", "BG123456C" },
    { "country=gb", "AO123456C" },
    { "country=gb", "AB123456E" },
    { "country=gb_nhs", "9990000018" },
    { "country=in", "1234 5678 9010" },
    { "country=br", "111.111.111-11" },
    { "country=pl", "44023001359" },
    { "country=pl", "44051401358" },
    { "country=fi", "131052-900W" },
    { "country=de", "12345678903" },
    { "country=de", "11123456789" },
    { "country=no", "15908695088" },
    { "country=mx", "PENE310820HNERXN09" },
    { "country=se", "811328-9874" },
    { "country=cz", "710319/2746" },
    { "country=it", "RSSMRA85B30A562S" },
};

Test(national_id, refuses_what_is_never_given_out)
{
    for (size_t i = 0; i < BAU_COUNT(refused); i++) {
        char out[ROOM], more[64];
        cr_expect_eq(mask_one("national_id", refused[i].options, refused[i].in, out), BAU_E_DATA, "%s %s",
                     refused[i].options, refused[i].in);
        if (strcmp(refused[i].options, "country=pl") == 0)
            continue; /* one of them is wrong in its check digit only */
        snprintf(more, sizeof more, "%s invalid=mask", refused[i].options);
        if (i < 11)
            cr_expect_eq(mask_one("national_id", more, refused[i].in, out), BAU_E_DATA, "%s", refused[i].in);
    }
}

/* ---- every id of a small space ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The masked texts are the texts in another order. */
static void expect_permutes(const char *options, char (*texts)[ROOM], uint32_t n)
{
    struct bau_error err;
    char(*before)[ROOM] = malloc((size_t)n * ROOM);
    uint32_t same = 0;
    memcpy(before, texts, (size_t)n * ROOM);
    cr_assert_eq(mask_texts("national_id", options, texts, n, &err), BAU_OK, "%s: %s", options, err.text);
    for (uint32_t i = 0; i < n; i++)
        same += strcmp(before[i], texts[i]) == 0;
    /* A permutation keeps one on average, and there is one for each way to be wrong (10), issued or not, and century. */
    cr_expect_leq(same, 80u, "%s: %u of %u stay", options, same, n);
    qsort(before, n, ROOM, by_text);
    qsort(texts, n, ROOM, by_text);
    for (uint32_t i = 0; i < n; i++)
        cr_assert_str_eq(before[i], texts[i], "%s: place %u", options, i);
    free(before);
}

Test(national_id, permutes_all_danish_numbers_of_a_day)
{
    char(*texts)[ROOM] = calloc(10000, ROOM);
    for (uint32_t i = 0; i < 10000; i++)
        snprintf(texts[i], ROOM, "211062-%04u", i);
    expect_permutes("country=dk birth=keep", texts, 10000);
    free(texts);
}

Test(national_id, permutes_all_icelandic_numbers_of_a_day_right_or_wrong)
{
    char(*texts)[ROOM] = calloc(1000, ROOM);
    for (uint32_t i = 0; i < 1000; i++)
        snprintf(texts[i], ROOM, "120174-%03u9", i);
    expect_permutes("country=is birth=keep invalid=mask", texts, 1000);
    free(texts);
}

/* By the definition: 3 2 7 6 5 4 3 2 1 times the digits is divisible by 11; -1: no digit makes it so. */
static int icelandic_check(const char *eight)
{
    static const int weights[8] = { 3, 2, 7, 6, 5, 4, 3, 2 };
    int sum = 0;
    for (int i = 0; i < 8; i++)
        sum += (eight[i] - '0') * weights[i];
    for (int check = 0; check < 10; check++)
        if ((sum + check) % 11 == 0)
            return check;
    return -1;
}

static uint32_t icelandic_year(int year, char (*texts)[ROOM])
{
    static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    uint32_t n = 0;
    for (int month = 1; month <= 12; month++)
        for (int day = 1; day <= days[month - 1] + (month == 2 && year % 4 == 0); day++)
            for (int serial = 0; serial < 100; serial++) {
                char eight[48];
                snprintf(eight, sizeof eight, "%02d%02d%02d%02d", day, month, year % 100, serial);
                const int check = icelandic_check(eight);
                if (check >= 0)
                    snprintf(texts[n++], ROOM, "%.8s%d0", eight, check);
            }
    return n;
}

Test(national_id, permutes_all_icelandic_numbers_of_twenty_years)
{
    char(*texts)[ROOM] = calloc(20 * 36600, ROOM);
    uint32_t n = 0;
    for (int year = 2000; year < 2020; year++)
        n += icelandic_year(year, texts + n);
    expect_permutes("country=is", texts, n);
    free(texts);
}

Test(national_id, permutes_all_icelandic_numbers_of_a_late_year)
{
    char(*texts)[ROOM] = calloc(36600, ROOM);
    const uint32_t n = icelandic_year(2023, texts); /* 365 days: the last place of 366 is walked past */
    expect_permutes("country=is", texts, n);
    free(texts);
}

Test(national_id, permutes_all_letters_of_a_day_in_sweden)
{
    char(*texts)[ROOM] = calloc(9990, ROOM);
    for (uint32_t i = 0; i < 9990; i++)
        snprintf(texts[i], ROOM, "19811228-%03u%u", i / 10 + 1, i % 10);
    expect_permutes("country=se birth=keep invalid=mask", texts, 9990);
    free(texts);
}

/* ---- every scheme: write and read are inverse, and no id is of two forms ---- */

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *state ^ *state >> 31;
}

static void check_form(const struct bau_nid_country *country, uint32_t which,
                       const struct bau_nid_value *from, const uint8_t *seed_sym, bool birth_kept)
{
    struct bau_nid_form f, other;
    uint64_t state = which + 1;
    uint32_t written = 0;
    bau_nid_form_init(&f, country->scheme[which], birth_kept);
    cr_assert(f.n[from->block] > 0 && f.n[from->block] < UINT64_MAX / 2);
    for (uint32_t i = 0; i < 3000; i++) {
        struct bau_nid_value v = *from, again;
        uint8_t sym[BAU_NID_SYMBOLS];
        memcpy(sym, seed_sym, sizeof sym);
        v.rank = bau_draw(next_random(&state), f.n[v.block]);
        if (!bau_nid_write(&f, sym, &v))
            continue;
        written++;
        cr_assert(bau_nid_read(&f, sym, &again) && again.rank == v.rank && bau_nid_same_class(&again, &v));
        for (uint32_t k = 0; k < BAU_NID_SCHEMES && country->scheme[k]; k++) {
            bau_nid_form_init(&other, country->scheme[k], birth_kept);
            cr_assert(k == which || other.scheme->n != f.scheme->n || !bau_nid_read(&other, sym, &again),
                      "%s: one id of two forms", country->name);
        }
    }
    cr_expect_gt(written, 100u, "%s form %u: %u of 3000 places are ids", country->name, which, written);
}

Test(national_id, reading_and_writing_are_inverse_for_every_country)
{
    for (size_t i = 0; i < BAU_COUNT(examples); i++) {
        const struct bau_nid_country *country =
            bau_nid_country_find(examples[i].country, strlen(examples[i].country));
        bool read = false;
        cr_assert(country != NULL, "%s", examples[i].country);
        for (uint32_t k = 0; k < BAU_NID_SCHEMES && country->scheme[k]; k++)
            for (int birth_kept = 0; birth_kept < 2; birth_kept++) {
                struct bau_nid_form f;
                struct bau_nid_text text = { .lower = false };
                struct bau_nid_value v;
                bau_nid_form_init(&f, country->scheme[k], birth_kept);
                if (!bau_nid_spell(f.scheme, (const uint8_t *)examples[i].id, strlen(examples[i].id),
                                   &text) ||
                    !bau_nid_read(&f, text.sym, &v))
                    continue;
                read = true;
                check_form(country, k, &v, text.sym, birth_kept);
            }
        cr_expect(read || examples[i].id[0] == '0', "%s %s", examples[i].country, examples[i].id);
    }
}

Test(national_id, every_country_word_has_ids)
{
    const char *word = BAU_NID_COUNTRIES;
    size_t n = 0, shown = 0;
    for (;; n++) {
        const size_t len = strcspn(word, "|");
        const struct bau_nid_country *country = bau_nid_country_find(word, len);
        cr_assert(country && country->scheme[0] && country->title, "%s", word);
        for (size_t i = 0; i < BAU_COUNT(examples); i++)
            if (strcmp(examples[i].country, country->name) == 0) {
                shown++;
                break;
            }
        if (word[len] == '\0')
            break;
        word += len + 1;
    }
    cr_expect_eq(shown, n + 1, "an example of each country");
    cr_expect(bau_nid_country_find("xx", 2) == NULL);
}

/* ---- check digits by formulas written out another way ---- */

static int chinese_check(const char *id)
{
    static const int weights[17] = {
        7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2
    }; /* GB 11643, table 1 */
    int sum = 0;
    for (int i = 0; i < 17; i++)
        sum += (id[i] - '0') * weights[i];
    return "10X98765432"[sum % 11];
}

static int japanese_check(const char *id)
{
    int sum = 0;
    for (int n = 1; n <= 11; n++) /* P(n): digit n from the right; Q(n) */
        sum += (id[11 - n] - '0') * (n <= 6 ? n + 1 : n - 5);
    return '0' + (sum % 11 <= 1 ? 0 : 11 - sum % 11);
}

static int british_check(const char *id)
{
    int sum = 0;
    for (int i = 0; i < 9; i++)
        sum += (id[i] - '0') * (10 - i);
    return '0' + (11 - sum % 11) % 11;
}

static int polish_check(const char *id)
{
    int sum = 0;
    for (int i = 0; i < 10; i++)
        sum += (id[i] - '0') * "1379137913"[i] - (id[i] - '0') * '0';
    return '0' + (10 - sum % 10) % 10;
}

static const struct {
    const char *country, *id;
    int (*check)(const char *id);
} formulas[] = {
    { "cn", "11010519491231002X", chinese_check },
    { "jp", "123456789018", japanese_check },
    { "gb_nhs", "9434765919", british_check },
    { "pl", "44051401359", polish_check },
};

Test(national_id, check_digits_by_slow_formulas)
{
    for (size_t i = 0; i < BAU_COUNT(formulas); i++) {
        char options[64], id[ROOM];
        snprintf(options, sizeof options, "country=%s", formulas[i].country);
        snprintf(id, sizeof id, "%s", formulas[i].id);
        for (int round = 0; round < 300; round++) { /* each output is the next input */
            cr_assert_eq(id[strlen(id) - 1], formulas[i].check(id), "%s: %s", formulas[i].country, id);
            char next[ROOM];
            cr_assert_eq(mask_one("national_id", options, id, next), BAU_OK, "%s", id);
            memcpy(id, next, sizeof id);
        }
    }
}

/* ---- dates ---- */

Test(national_id, dates_move_within_their_block)
{
    static const struct {
        const char *id; /* PESEL: year, month + 20 from 2000 on */
        int from, to;
    } cases[] = { { "44051401359", 1900, 1999 },
                  { "02211307589", 2000, 2019 },
                  { "23210112344", 2023, 2023 } };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        char id[ROOM], out[ROOM], stays[ROOM];
        int changed = 0;
        snprintf(id, sizeof id, "%s", cases[i].id);
        id[10] = (char)polish_check(id);
        for (int round = 0; round < 200; round++) {
            cr_assert_eq(mask_one("national_id", "country=pl", id, out), BAU_OK, "%s", id);
            const int month = (out[2] - '0') * 10 + out[3] - '0',
                      year = (month > 20 ? 2000 : 1900) + (out[0] - '0') * 10 + out[1] - '0';
            cr_assert(year >= cases[i].from && year <= cases[i].to, "%s became %s", id, out);
            changed += memcmp(id, out, 6) != 0;
            cr_assert_eq(mask_one("national_id", "country=pl birth=keep", id, stays), BAU_OK);
            cr_assert(memcmp(id, stays, 6) == 0);
            memcpy(id, out, sizeof id);
        }
        cr_expect_gt(changed, 190);
    }
}

Test(national_id, equal_days_do_not_share_a_permutation)
{
    static const char *const ids[] = { "440514", "440515" };
    int same = 0;
    for (int serial = 0; serial < 100; serial++) {
        char ending[2][ROOM];
        for (int k = 0; k < 2; k++) {
            char id[ROOM], out[ROOM];
            snprintf(id, sizeof id, "%s%04d0", ids[k], serial);
            id[10] = (char)polish_check(id);
            cr_assert_eq(mask_one("national_id", "country=pl birth=keep", id, out), BAU_OK);
            memcpy(ending[k], out + 6, 5);
        }
        same += memcmp(ending[0], ending[1], 4) == 0;
    }
    cr_expect_leq(same, 3);
}

/* ---- integers, options ---- */

static struct bau_column one_number(bau_type type, int64_t v, struct bau_arena *arena)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%" PRId64, v);
    if (type == BAU_NUMERIC)
        return one_text(BAU_NUMERIC, digits, strlen(digits), arena);
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = 1 };
    struct bau_column c;
    struct bau_error err;
    const int32_t i32 = (int32_t)v;
    cr_assert_eq(bau_column_make(&c, &shape, type, 0, arena, &err), BAU_OK);
    if (type == BAU_I32)
        memcpy(c.data, &i32, 4);
    else
        memcpy(c.data, &v, 8);
    return c;
}

static int64_t number_of(const struct bau_column *c)
{
    int32_t i32;
    int64_t v = 0;
    if (c->type == BAU_I32) {
        memcpy(&i32, c->data, 4);
        return i32;
    }
    if (c->type == BAU_I64)
        memcpy(&v, c->data, 8);
    for (uint32_t i = 0; c->type == BAU_NUMERIC && i < c->offsets[1]; i++)
        v = v * 10 + ((const uint8_t *)c->data)[i] - '0';
    return v;
}

Test(national_id, integers_agree_with_text)
{
    static const bau_type types[] = { BAU_I32, BAU_I64, BAU_NUMERIC };
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    char out[ROOM];
    for (int64_t v = 1020003; v < 40000000; v += 999983) { /* as few as seven digits: leading zeros */
        char text[ROOM];
        snprintf(text, sizeof text, "%09" PRId64, v);
        const bau_status status = mask_one("national_id", "country=us", text, out);
        for (size_t t = 0; t < BAU_COUNT(types); t++) {
            struct bound b = bind_with(bau_masker_find("national_id"), types[t], "country=us", NULL, 0);
            struct bau_column in = one_number(types[t], v, arena), masked;
            struct bau_error err;
            cr_assert_eq(run(&b, &in, 0, 0, arena, &masked, &err), status);
            if (status == BAU_OK)
                cr_expect_eq(number_of(&masked), strtoll(out, NULL, 10));
            in = one_number(types[t], -v, arena);
            cr_assert_eq(run(&b, &in, 0, 0, arena, &masked, &err), BAU_E_DATA);
            release(&b);
        }
    }
    bau_arena_free(arena);
}

static const struct {
    const char *masker, *options;
    bau_type type;
    bau_status status;
} bindings[] = {
    { "national_id", "country=us", BAU_I32, BAU_OK },
    { "national_id", "country=pl", BAU_I32, BAU_E_USAGE }, /* eleven digits */
    { "national_id", "country=pl", BAU_I64, BAU_OK },
    { "national_id", "country=cn", BAU_I64, BAU_E_USAGE }, /* X */
    { "national_id", "country=it", BAU_NUMERIC, BAU_E_USAGE },
    { "national_id", "country=se", BAU_NUMERIC, BAU_OK },
    { "national_id", "country=us birth=keep", BAU_TEXT, BAU_E_USAGE },
    { "national_id", "country=fr birth=keep", BAU_TEXT, BAU_OK },
    { "national_id_reserved", "country=us", BAU_TEXT, BAU_OK },
    { "national_id_reserved", "country=gb", BAU_TEXT, BAU_OK },
    { "national_id_reserved", "country=pl", BAU_TEXT, BAU_E_USAGE },
    { "national_id_reserved", "country=fi birth=keep", BAU_TEXT, BAU_OK },
};

Test(national_id, binds_where_it_fits)
{
    for (size_t i = 0; i < BAU_COUNT(bindings); i++) {
        struct bound b =
            bind_with(bau_masker_find(bindings[i].masker), bindings[i].type, bindings[i].options, NULL, 0);
        cr_expect_eq(b.status, bindings[i].status, "%s %s: %s", bindings[i].masker, bindings[i].options,
                     b.err.text);
        release(&b);
    }
    const struct bau_field narrow = { .native = "numeric(8)", .max_digits = 8 },
                           wide = { .native = "numeric(9)", .max_digits = 9 };
    struct bound b = bind_with(bau_masker_find("national_id"), BAU_NUMERIC, "country=us", &narrow, 0);
    cr_expect_eq(b.status, BAU_E_USAGE);
    release(&b);
    b = bind_with(bau_masker_find("national_id"), BAU_NUMERIC, "country=us", &wide, 0);
    cr_expect_eq(b.status, BAU_OK);
    release(&b);
}

Test(national_id_reserved, gives_what_nobody_has)
{
    static const struct {
        const char *options, *id, *pattern; /* 9: any digit, others as they stand */
    } cases[] = {
        { "country=us", "536-90-4399", "9**-**-****" },
        { "country=ca", "123 456 782", "8** *** ***" },
        { "country=gb", "ab 12 34 56 c", "qq ** ** ** *" },
        { "country=gb", "AB123456", "QQ******" },
        { "country=gb_nhs", "943 476 5919", "999 *** ****" },
        { "country=fi birth=keep", "131052-308T", "131052-9***" },
        { "country=no birth=keep", "15108695088", "15908******" },
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        char out[ROOM];
        cr_assert_eq(mask_one("national_id_reserved", cases[i].options, cases[i].id, out), BAU_OK, "%s",
                     cases[i].id);
        cr_assert_eq(strlen(out), strlen(cases[i].pattern));
        for (size_t k = 0; out[k]; k++)
            cr_expect(cases[i].pattern[k] == '*' ? isalnum((unsigned char)out[k]) != 0
                                                 : out[k] == cases[i].pattern[k],
                      "%s", out);
    }
    char a[ROOM], b[ROOM];
    cr_assert_eq(mask_one("national_id_reserved", "country=us", "536-90-4399", a), BAU_OK);
    cr_assert_eq(mask_one("national_id_reserved", "country=us", "536904399", b), BAU_OK);
    cr_expect(a[0] == b[0] && a[1] == b[1] && a[4] == b[3] && strcmp(a + 7, b + 5) == 0,
              "spelling does not matter");
    cr_expect_leq(bau_nid_two((const uint8_t *)a + 4), 49u);
}

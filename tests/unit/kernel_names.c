/* Dictionaries: every locale is whole, draws follow the weights, and scripts are told apart. */
#include "src/kernel/names_data.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static const char *const promised[] = { "en", "de", "fr", "es", "it", "pl", "pt", "ru",
                                        "uk", "el", "ar", "zh", "ja", "ko", "hi", "tr" };

static const char *const locale_of_script[] = {
    [BAU_SCRIPT_LATIN] = "en",      [BAU_SCRIPT_CYRILLIC] = "ru", [BAU_SCRIPT_GREEK] = "el",
    [BAU_SCRIPT_ARABIC] = "ar",     [BAU_SCRIPT_HAN] = "zh",      [BAU_SCRIPT_HANGUL] = "ko",
    [BAU_SCRIPT_DEVANAGARI] = "hi",
};

Test(kernel_names, every_locale_is_whole)
{
    for (size_t i = 0; i < BAU_COUNT(promised); i++) {
        for (int kind = 0; kind < BAU_NAMES_KINDS; kind++) {
            const struct bau_dict *d = bau_names_find(promised[i], (enum bau_names_kind)kind);
            cr_assert_not_null(d, "%s", promised[i]);
            cr_expect_str_eq(d->locale, promised[i]);
            cr_expect_eq((int)d->kind, kind);
            cr_expect_geq(d->n, 40u, "%s %d", promised[i], kind);
            uint32_t longest = 0;
            for (uint32_t k = 0; k < d->n; k++) {
                const struct bau_slice name = bau_dict_name(d, k);
                cr_expect_gt(name.len, 0u);
                cr_expect_lt(d->alias[k], d->n);
                longest = name.len > longest ? (uint32_t)name.len : longest;
            }
            cr_expect_eq(d->longest, longest);
        }
    }
}

Test(kernel_names, finds_by_language)
{
    const struct bau_dict *en = bau_names_find("en", BAU_NAMES_SURNAME);
    cr_expect_eq(bau_names_find("en-GB", BAU_NAMES_SURNAME), en);
    cr_expect_eq(bau_names_find("en_US.UTF-8", BAU_NAMES_SURNAME), en);
    cr_expect_null(bau_names_find("e", BAU_NAMES_SURNAME));
    cr_expect_null(bau_names_find("", BAU_NAMES_SURNAME));
    cr_expect_null(bau_names_find("eng", BAU_NAMES_SURNAME));
}

/* The exact share of entry i that the alias table gives, in units of 2^-32 columns. */
static uint64_t share(const struct bau_dict *d, uint32_t i)
{
    uint64_t sum = 0;
    for (uint32_t k = 0; k < d->n; k++)
        sum +=
            (k == i ? d->threshold[k] : 0) + (d->alias[k] == i ? ((uint64_t)1 << 32) - d->threshold[k] : 0);
    return sum;
}

Test(kernel_names, draws_follow_the_table)
{
    const struct bau_dict *d = bau_names_find("en", BAU_NAMES_SURNAME);
    enum { N = 1000000 };
    static uint64_t random[N];
    static uint32_t got[N], count[UINT16_MAX];
    uint64_t x = 88172645463325252ull;
    for (uint32_t i = 0; i < N; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        random[i] = x * 2685821657736338717ull;
    }
    bau_dict_pick_batch(d, random, N, got);
    for (uint32_t i = 0; i < N; i++) {
        cr_assert_lt(got[i], d->n);
        count[got[i]]++;
        if (i < 1000)
            cr_assert_eq(got[i], bau_dict_pick(d, random[i]));
    }
    double chi = 0, total = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        const double want = (double)share(d, i) / 4294967296.0 / d->n * N;
        total += want;
        chi += (count[i] - want) * (count[i] - want) / want;
    }
    cr_expect_float_eq(total, N, 0.5);
    const double degrees = d->n - 1; /* chi squared is nearly normal: four standard deviations */
    cr_expect_lt(chi, degrees + 4 * sqrt(2 * degrees), "%f", chi);
    cr_expect_gt(share(d, 0), 20 * share(d, d->n - 1), "the first is the commonest");
    cr_expect_lt(bau_dict_pick(d, UINT64_MAX), d->n);
    cr_expect_lt(bau_dict_pick(d, 0), d->n);
}

/* The alias table gives each name the share that its line in rules/names/ asks for: rank r of the list weighs
 * 1 / (r + 7), so the first of n has 1/8 over the sum of them all. */
Test(kernel_names, shares_are_the_weights)
{
    const struct bau_dict *d = bau_names_find("en", BAU_NAMES_SURNAME);
    double sum = 0;
    for (uint32_t r = 1; r <= d->n; r++)
        sum += round(100000.0 / (r + 7));
    for (uint32_t i = 0; i < 50; i++) {
        const double want = round(100000.0 / (i + 8)) / sum, got = (double)share(d, i) / 4294967296.0 / d->n;
        cr_expect(got > want * 0.999 && got < want * 1.001, "entry %u: %f for %f", i, got, want);
    }
}

/* Names of a people with many: the sizes that rules/README.md states. */
Test(kernel_names, large_where_the_culture_has_them)
{
    static const struct {
        const char *locale;
        uint32_t surnames, given;
    } sizes[] = {
        { "en", 3000, 1500 }, { "de", 3000, 750 }, { "ru", 2900, 600 }, { "pl", 2500, 600 },
        { "tr", 1700, 900 },  { "it", 3500, 700 }, { "fr", 3400, 550 }, { "ja", 1850, 900 },
        { "es", 1400, 800 },  { "pt", 750, 120 },  { "uk", 650, 90 },   { "el", 370, 85 },
    };
    for (size_t i = 0; i < BAU_COUNT(sizes); i++) {
        for (int kind = BAU_NAMES_SURNAME_F; kind <= BAU_NAMES_SURNAME; kind++) {
            const struct bau_dict *d = bau_names_find(sizes[i].locale, (enum bau_names_kind)kind);
            cr_expect_geq(d->n, sizes[i].surnames, "%s: %u surnames", sizes[i].locale, d->n);
        }
        cr_expect_geq(bau_names_find(sizes[i].locale, BAU_NAMES_GIVEN)->n, sizes[i].given, "%s",
                      sizes[i].locale);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct bau_slice *x = a, *y = b;
    const int c = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);
    return c ? c : (x->len > y->len) - (x->len < y->len);
}

/* Each name once, in NFC (by utf8proc), its Latin spelling in a to z. */
Test(kernel_names, names_are_clean)
{
    static struct bau_slice names[UINT16_MAX];
    for (size_t i = 0; bau_names_locales[i]; i++)
        for (int kind = 0; kind < BAU_NAMES_KINDS; kind++) {
            const struct bau_dict *d = bau_names_find(bau_names_locales[i], (enum bau_names_kind)kind);
            for (uint32_t k = 0; k < d->n; k++) {
                const struct bau_slice latin = bau_dict_latin(d, k);
                utf8proc_uint8_t *composed;
                names[k] = bau_dict_name(d, k);
                const utf8proc_ssize_t n =
                    utf8proc_map(names[k].data, (utf8proc_ssize_t)names[k].len, &composed,
                                 UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_REJECTNA);
                cr_assert(n == (utf8proc_ssize_t)names[k].len &&
                              memcmp(composed, names[k].data, (size_t)n) == 0,
                          "%s: %.*s", d->locale, (int)names[k].len, (const char *)names[k].data);
                free(composed);
                for (size_t c = 0; c < latin.len; c++)
                    cr_assert(latin.data[c] >= 'a' && latin.data[c] <= 'z');
                const bool read = strcmp(d->locale, "zh") == 0 || strcmp(d->locale, "ja") == 0;
                cr_assert(read || latin.len > 0, "%s: %.*s", d->locale, (int)names[k].len,
                          (const char *)names[k].data);
            }
            qsort(names, d->n, sizeof *names, by_name);
            for (uint32_t k = 1; k < d->n; k++)
                cr_assert(by_name(&names[k - 1], &names[k]) < 0, "%.*s twice", (int)names[k].len,
                          (const char *)names[k].data);
        }
}

/* Women's and men's forms of one name are as frequent and stand at the same place. */
Test(kernel_names, surnames_have_both_forms)
{
    static const struct {
        const char *locale, *woman, *man;
    } pairs[] = { { "ru", "Соколова", "Соколов" },
                  { "ru", "Толстая", "Толстой" },
                  { "ru", "Вознесенская", "Вознесенский" },
                  { "pl", "Kowalska", "Kowalski" },
                  { "pl", "Nowak", "Nowak" },
                  { "uk", "Левицька", "Левицький" },
                  { "uk", "Шевченко", "Шевченко" },
                  { "el", "Παπαδοπούλου", "Παπαδόπουλος" } };
    for (size_t i = 0; i < BAU_COUNT(pairs); i++) {
        const struct bau_dict *f = bau_names_find(pairs[i].locale, BAU_NAMES_SURNAME_F),
                              *m = bau_names_find(pairs[i].locale, BAU_NAMES_SURNAME_M);
        cr_assert_eq(f->n, m->n, "%s", pairs[i].locale);
        bool found = false;
        for (uint32_t k = 0; k < f->n; k++) {
            const struct bau_slice x = bau_dict_name(f, k), y = bau_dict_name(m, k);
            cr_assert_eq(f->threshold[k], m->threshold[k]);
            found = found || (x.len == strlen(pairs[i].woman) && memcmp(x.data, pairs[i].woman, x.len) == 0 &&
                              y.len == strlen(pairs[i].man) && memcmp(y.data, pairs[i].man, y.len) == 0);
        }
        cr_expect(found, "%s", pairs[i].woman);
    }
}

/* Addresses spell names as passports do, roughly. */
Test(kernel_names, latin_spelling)
{
    static const struct {
        const char *locale, *name, *latin;
    } cases[] = {
        { "de", "Müller", "mueller" },
        { "de", "Weiß", "weiss" },
        { "pl", "Wójcik", "wojcik" },
        { "tr", "Yıldız", "yildiz" },
        { "ru", "Соловьёва", "soloveva" },
        { "uk", "Шевченко", "shevchenko" },
        { "el", "Παπαδοπούλου", "papadopoulou" },
        { "ko", "박", "bak" },
        { "hi", "शर्मा", "sharma" },
        { "ar", "المصري", "almsry" },
        { "it", "D'Angelo", "dangelo" },
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        const struct bau_dict *d = bau_names_find(cases[i].locale, BAU_NAMES_SURNAME_F);
        bool found = false;
        for (uint32_t k = 0; k < d->n; k++) {
            const struct bau_slice x = bau_dict_name(d, k), y = bau_dict_latin(d, k);
            if (x.len != strlen(cases[i].name) || memcmp(x.data, cases[i].name, x.len) != 0)
                continue;
            found = true;
            cr_expect(y.len == strlen(cases[i].latin) && memcmp(y.data, cases[i].latin, y.len) == 0,
                      "%s: %.*s", cases[i].name, (int)y.len, (const char *)y.data);
        }
        cr_expect(found, "%s", cases[i].name);
    }
}

static const struct {
    const char *text;
    enum bau_script want;
} scripts[] = {
    { "", BAU_SCRIPT_OTHER },         { "12 - !", BAU_SCRIPT_OTHER },     { "\xc3\x97", BAU_SCRIPT_OTHER },
    { "\xff\x80", BAU_SCRIPT_OTHER }, { "Anna", BAU_SCRIPT_LATIN },       { "  42 Zoë", BAU_SCRIPT_LATIN },
    { "Çelik", BAU_SCRIPT_LATIN },    { "Nguyễn", BAU_SCRIPT_LATIN },     { "Иванов", BAU_SCRIPT_CYRILLIC },
    { "Їжак", BAU_SCRIPT_CYRILLIC },  { "Παππάς", BAU_SCRIPT_GREEK },     { "محمد", BAU_SCRIPT_ARABIC },
    { "王芳", BAU_SCRIPT_HAN },       { "佐藤 さくら", BAU_SCRIPT_KANA }, { "タケシ", BAU_SCRIPT_KANA },
    { "김민준", BAU_SCRIPT_HANGUL },  { "राम", BAU_SCRIPT_DEVANAGARI },   { "王 Anna", BAU_SCRIPT_HAN },
    { "שלום", BAU_SCRIPT_OTHER },     { "\xd0", BAU_SCRIPT_OTHER },       { "𠮷田", BAU_SCRIPT_HAN },
    { "(И) A", BAU_SCRIPT_CYRILLIC },
};

Test(kernel_names, scripts)
{
    for (size_t i = 0; i < BAU_COUNT(scripts); i++)
        cr_expect_eq(bau_script_of((const void *)scripts[i].text, strlen(scripts[i].text)), scripts[i].want,
                     "%s", scripts[i].text);
    cr_expect_eq(bau_script_of(NULL, 0), BAU_SCRIPT_OTHER);
}

/* A masked name keeps the script of the original: each locale's names are in the script that leads to it. */
Test(kernel_names, locales_hold_their_script)
{
    for (int script = BAU_SCRIPT_LATIN; script <= BAU_SCRIPT_DEVANAGARI; script++) {
        const char *locale = bau_script_locale((enum bau_script)script);
        cr_expect_eq(locale == NULL, script == BAU_SCRIPT_LATIN);
        if (script == BAU_SCRIPT_KANA) {
            cr_expect_str_eq(locale, "ja"); /* Japanese names are written in Han and in kana */
            continue;
        }
        cr_expect(!locale || strcmp(locale, locale_of_script[script]) == 0);
        for (int kind = 0; kind < BAU_NAMES_KINDS; kind++) {
            const struct bau_dict *d = bau_names_find(locale_of_script[script], (enum bau_names_kind)kind);
            for (uint32_t k = 0; k < d->n; k++) {
                const struct bau_slice name = bau_dict_name(d, k);
                cr_expect_eq((int)bau_script_of(name.data, name.len), script, "%.*s", (int)name.len,
                             (const char *)name.data);
            }
        }
    }
    cr_expect_null(bau_script_locale(BAU_SCRIPT_OTHER));
}

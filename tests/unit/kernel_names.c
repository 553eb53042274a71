/* Dictionaries: every locale is whole, draws follow the weights, and scripts are told apart. */
#include "src/kernel/names_data.h"

#include <criterion/criterion.h>
#include <string.h>

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
    static uint32_t got[N], count[1000];
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
    cr_expect_lt(chi, 290.0, "%f", chi); /* 205 degrees of freedom: 0.9999 quantile 286 */
    cr_expect_gt(share(d, 0), 20 * share(d, d->n - 1), "the first is the commonest");
    cr_expect_lt(bau_dict_pick(d, UINT64_MAX), d->n);
    cr_expect_lt(bau_dict_pick(d, 0), d->n);
}

/* M2: draws of released dictionaries never change. */
Test(kernel_names, frozen_draws)
{
    static const struct {
        const char *locale, *name;
        uint64_t random;
    } cases[] = {
        { "en", "Bailey", 4712128852136459333u },
        { "en", "Smith", 6613812840851947673u },
        { "ru", "Михайлова", 12736496262939004471u },
        { "ru", "Петухова", 15523137368101252074u },
        { "pl", "Stefańska", 12027861843233603113u },
        { "pl", "Zięba", 9777509567454608800u },
        { "el", "Παπαγεωργίου", 15501686781378355951u },
        { "el", "Βενιζέλου", 14313909076419087323u },
        { "zh", "唐", 4594210616595436404u },
        { "zh", "杨", 956523682424107605u },
        { "de", "Schulze", 2893396244277848635u },
        { "de", "Sommer", 6858376947525423350u },
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        const struct bau_dict *d = bau_names_find(cases[i].locale, BAU_NAMES_SURNAME_F);
        const struct bau_slice name = bau_dict_name(d, bau_dict_pick(d, cases[i].random));
        cr_expect_eq(name.len, strlen(cases[i].name), "case %zu: %.*s", i, (int)name.len,
                     (const char *)name.data);
        cr_expect_arr_eq(name.data, cases[i].name, name.len, "case %zu: %.*s", i, (int)name.len,
                         (const char *)name.data);
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

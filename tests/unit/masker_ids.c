/* routing, imei, ean, isin, vin, bic, objectid and the reserved ones: published examples, slow checks of this file, what
 * stays, wrong check digits, spellings, integers. */
#include <criterion/criterion.h>

#include "tests/support/masker.h"

static struct bau_arena *arena;

static void setup(void)
{
    arena = bau_arena_new(1 << 20, 0);
}

TestSuite(masker_ids, .init = setup);

static bau_status mask(const char *masker, const char *options, const char *in, char out[128])
{
    struct bound b = bind_with(bau_masker_find(masker), BAU_TEXT, options, NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s %s: %s", masker, options, b.err.text);
    const struct bau_column c = one_text(BAU_TEXT, in, strlen(in), arena);
    struct bau_column got;
    struct bau_error err;
    const bau_status status = run(&b, &c, 0, 0, arena, &got, &err);
    if (status == BAU_OK) {
        const struct bau_slice v = bau_column_value(&got, 0);
        memcpy(out, v.data, v.len);
        out[v.len] = '\0';
    }
    release(&b);
    return status;
}

/* ---- slow checks ---- */

static bool good_luhn(const char *digits)
{
    const size_t n = strlen(digits);
    return slow_luhn(digits, n - 1) == digits[n - 1] - '0';
}

static bool good_routing(const char *d)
{
    int sum = 0;
    for (int i = 0; i < 9; i++)
        sum += (d[i] - '0') * (i % 3 == 0 ? 3 : i % 3 == 1 ? 7 : 1);
    return strlen(d) == 9 && sum % 10 == 0;
}

static bool good_ean(const char *d)
{
    int sum = 0;
    const int n = (int)strlen(d);
    for (int i = 0; i < n; i++)
        sum += (d[n - 1 - i] - '0') * (i % 2 ? 3 : 1);
    return sum % 10 == 0;
}

static bool good_isin(const char *text)
{
    char digits[64];
    size_t n = 0;
    for (size_t i = 0; text[i]; i++)
        n += (size_t)snprintf(digits + n, sizeof digits - n, "%d",
                              text[i] >= 'A' ? text[i] - 'A' + 10 : text[i] - '0');
    return strlen(text) == 12 && good_luhn(digits);
}

static bool good_vin(const char *text)
{
    static const int weights[17] = { 8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2 };
    static const char letters[] = "12345678.12345.7.923456789";
    int sum = 0;
    for (int i = 0; i < 17; i++) {
        if (strchr("IOQ", text[i]))
            return false;
        sum += weights[i] * (text[i] <= '9' ? text[i] - '0' : letters[text[i] - 'A'] - '0');
    }
    return strlen(text) == 17 && text[8] == "0123456789X"[sum % 11];
}

static bool any(const char *text)
{
    return text[0] != '\0';
}

/* ---- published examples: taken, and what comes out is right again and keeps `kept` symbols ---- */

static const struct {
    const char *masker, *options, *in;
    size_t kept;
    bool (*good)(const char *);
} cases[] = {
    { "routing", "", "026009593", 0, good_routing },
    { "routing", "", "111000025", 0, good_routing },
    { "routing", "target=realistic", "122105155", 0, good_routing },
    { "imei", "", "490154203237518", 8, good_luhn },
    { "imei", "tac=random", "356938035643809", 2, good_luhn },
    { "imei_reserved", "", "356938035643809", 0, good_luhn },
    { "ean", "", "4006381333931", 3, good_ean },
    { "ean", "keep_first=6", "4006381333931", 6, good_ean },
    { "ean", "", "73513537", 3, good_ean },
    { "ean", "", "036000291452", 3, good_ean },
    { "ean", "keep_first=1", "10614141000415", 1, good_ean },
    { "isin", "", "US0378331005", 2, good_isin },
    { "isin", "", "GB0002634946", 2, good_isin },
    { "isin", "", "AU0000XVGZA3", 2, good_isin },
    { "vin", "", "1M8GDM9AXKP042788", 3, good_vin },
    { "vin", "", "11111111111111111", 3, good_vin },
    { "vin", "keep_first=8", "1HGCM82633A004352", 8, good_vin },
    { "vin", "keep_first=0", "5GZCZ43D13S812715", 0, good_vin },
    { "bic", "", "DEUTDEFF", 0, any },
    { "bic", "", "COBADEFF370", 0, any },
    { "bic_reserved", "", "DEUTDEFF500", 0, any },
    { "objectid", "time=keep", "507f1f77bcf86cd799439011", 8, any },
};

Test(masker_ids, published_examples)
{
    char out[128];
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        const char *in = cases[i].in;
        cr_assert(cases[i].good(in), "%s", in);
        cr_assert_eq(mask(cases[i].masker, cases[i].options, in, out), BAU_OK, "%s", in);
        cr_expect(cases[i].good(out), "%s %s: %s became %s", cases[i].masker, cases[i].options, in, out);
        cr_expect(strlen(out) == strlen(in) && strcmp(out, in) != 0 && memcmp(out, in, cases[i].kept) == 0,
                  "%s %s: %s became %s", cases[i].masker, cases[i].options, in, out);
    }
}

static const struct {
    const char *masker, *in;
} bad[] = {
    { "routing", "026009594" },
    { "routing", "02600959" },
    { "routing", "131000027" }, /* not assigned */
    { "routing", "02600959X" },
    { "imei", "490154203237517" },
    { "imei", "49015420323751" },
    { "ean", "4006381333932" },
    { "ean", "40063813339" },
    { "isin", "US0378331006" },
    { "isin", "0S0378331005" },
    { "isin", "US037833100X" },
    { "vin", "1M8GDM9A1KP042788" },
    { "vin", "1M8GDM9AXKPO42788" },
    { "vin", "1M8GDM9AXKP04278" },
    { "vin", "1m8GDM9AXKP042788" },
    { "vin", "WVWZZZ1JZXW000001" }, /* a letter in place of the check digit */
    { "bic", "DEUTDEF" },
    { "bic", "DEUT1EFF" },
    { "bic", "DEUTDEFF50" },
    { "objectid", "507f1f77bcf86cd79943901g" },
    { "objectid", "507f1f77-bcf86cd799439011" },
    { "objectid", "507f1f77bcf86cd79943901" },
    { "imei_reserved", "4901542032375" },
    { "bic_reserved", "DEUT" },
};

Test(masker_ids, refuses)
{
    char out[128];
    for (size_t i = 0; i < BAU_COUNT(bad); i++)
        cr_expect_eq(mask(bad[i].masker, "", bad[i].in, out), BAU_E_DATA, "%s takes %s", bad[i].masker,
                     bad[i].in);
}

/* The values of every check digit: the outputs differ in the check digit only, and by as much. */
Test(masker_ids, wrong_stays_as_wrong)
{
    static const struct {
        const char *masker, *in;
        size_t at;
        const char *digits;
    } checks[] = {
        { "routing", "026009593", 8, "0123456789" },      { "imei", "490154203237518", 14, "0123456789" },
        { "ean", "4006381333931", 12, "0123456789" },     { "isin", "US0378331005", 11, "0123456789" },
        { "vin", "1M8GDM9AXKP042788", 8, "0123456789X" },
    };
    for (size_t i = 0; i < BAU_COUNT(checks); i++) {
        char right[128], out[128], in[32];
        const size_t at = checks[i].at, n = strlen(checks[i].digits);
        const char *digits = checks[i].digits;
        cr_assert_eq(mask(checks[i].masker, "", checks[i].in, right), BAU_OK);
        for (size_t k = 0; k < n; k++) {
            snprintf(in, sizeof in, "%s", checks[i].in);
            in[at] = digits[k];
            cr_assert_eq(mask(checks[i].masker, "invalid=mask", in, out), BAU_OK);
            const size_t off_in = (k + n - (size_t)(strchr(digits, checks[i].in[at]) - digits)) % n;
            const size_t off_out =
                (size_t)(strchr(digits, out[at]) - digits) + n - (size_t)(strchr(digits, right[at]) - digits);
            cr_expect_eq(off_in, off_out % n, "%s", in);
            out[at] = right[at];
            cr_expect_str_eq(out, right);
        }
    }
    char out[128];
    cr_assert_eq(mask("vin", "invalid=mask", "WVWZZZ1JZXW000001", out), BAU_OK);
    cr_expect(out[8] == 'Z' && memcmp(out, "WVW", 3) == 0 && out[9] >= 'A' && out[11] <= '9', "%s", out);
}

Test(masker_ids, reserved_ranges)
{
    for (uint64_t i = 0; i < 5000; i++) {
        char in[64] = { 0 }, out[128];
        sample_routing(i, (uint8_t *)in);
        cr_assert_eq(mask("routing", "", in, out), BAU_OK);
        const int two = (out[0] - '0') * 10 + out[1] - '0';
        cr_expect((two >= 13 && two <= 20) || (two >= 33 && two <= 60) || (two >= 73 && two <= 79) ||
                      two >= 81,
                  "%s", out);
        if (i >= 100)
            continue;
        cr_assert_eq(mask("routing", "target=realistic", in, out), BAU_OK);
        const int real = (out[0] - '0') * 10 + out[1] - '0';
        cr_expect(real <= 12 || (real >= 21 && real <= 32) || (real >= 61 && real <= 72) || real == 80, "%s",
                  out);
    }
    char out[128];
    cr_assert_eq(mask("imei_reserved", "", "356938035643809", out), BAU_OK);
    cr_expect_eq(memcmp(out, "00", 2), 0);
    cr_assert_eq(mask("bic_reserved", "", "deutdeff500", out), BAU_OK);
    cr_expect(memcmp(out + 4, "de", 2) == 0 && strcmp(out + 7, "0xxx") == 0, "%s", out);
}

/* Head offices, test codes and passive participants stay such; others never become such. */
Test(masker_ids, bic_kinds)
{
    static const char *const forms[] = { "UTDEFF", "UTDEF0", "UTDEF1", "UTDE2#", "UTDEFFXXX", "UTDEFFX?X" };
    for (size_t f = 0; f < BAU_COUNT(forms); f++)
        for (int i = 0; i < 26 * 26; i++) {
            char in[32], out[128];
            snprintf(in, sizeof in, "%c%c%s", 'A' + i / 26, 'A' + i % 26, forms[f]);
            for (char *c = in; *c; c++)
                *c = (char)(*c == '#' ? '2' + i % 8 : *c == '?' ? 'A' + i % 23 : *c);
            cr_assert_eq(mask("bic", "", in, out), BAU_OK, "%s", in);
            cr_expect_eq(strcmp(in + 8, "XXX") == 0, strcmp(out + 8, "XXX") == 0);
            cr_expect(in[7] == '0' || in[7] == '1' ? out[7] == in[7] : out[7] != '0' && out[7] != '1',
                      "%s became %s", in, out);
            cr_expect_eq(memcmp(out + 4, "DE", 2), 0);
        }
}

Test(masker_ids, spelling)
{
    char out[128], plain[128];
    cr_assert_eq(mask("imei", "", "49-015420-323751-8", out), BAU_OK);
    cr_expect(out[2] == '-' && out[9] == '-' && out[16] == '-' && strlen(out) == 18);
    cr_assert_eq(mask("isin", "", "us0378331005", out), BAU_OK);
    cr_assert_eq(mask("isin", "", "US0378331005", plain), BAU_OK);
    for (size_t i = 0; i < 12; i++)
        cr_expect_eq(out[i] >= 'a' ? out[i] - 32 : out[i], plain[i]);
    cr_assert_eq(mask("objectid", "", "507F1F77BCF86CD799439011", out), BAU_OK);
    cr_assert_eq(mask("objectid", "", "507f1f77bcf86cd799439011", plain), BAU_OK);
    for (size_t i = 0; i < 24; i++)
        cr_expect_eq(out[i] >= 'A' ? out[i] + 32 : out[i], plain[i]);
}

/* The times of all move by the same whole number of days, 1 to 3650. */
Test(masker_ids, objectid_time)
{
    static const char *const in[] = { "507f1f77bcf86cd799439011", "65a1f0c27b3e9d0012345678",
                                      "00000001ffffffffffffffff" };
    uint32_t shift[3];
    for (size_t i = 0; i < 3; i++) {
        char out[128];
        unsigned was = 0, is = 0;
        cr_assert_eq(mask("objectid", "", in[i], out), BAU_OK);
        cr_assert_eq(sscanf(in[i], "%8x", &was), 1);
        cr_assert_eq(sscanf(out, "%8x", &is), 1);
        shift[i] = was - is;
        cr_expect(shift[i] % 86400 == 0 && shift[i] / 86400 >= 1 && shift[i] / 86400 <= 3650, "%u", shift[i]);
        cr_expect_eq(shift[i], shift[0]);
    }
}

/* A column of integers: as the text with its leading zeros. */
Test(masker_ids, integers_agree_with_text)
{
    static const struct {
        const char *masker, *text;
        bau_type type;
    } numbers[] = { { "routing", "026009593", BAU_I32 },
                    { "routing", "111000025", BAU_I64 },
                    { "imei", "010154203237519", BAU_I64 },
                    { "ean", "4006381333931", BAU_I64 } };
    for (size_t i = 0; i < BAU_COUNT(numbers); i++) {
        struct bound b = bind_with(bau_masker_find(numbers[i].masker), numbers[i].type, "", NULL, 0);
        const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = numbers[i].type, .n_values = 1 };
        struct bau_column in;
        struct bau_error err;
        char text[128];
        const int64_t v = strtoll(numbers[i].text, NULL, 10);
        const int32_t narrow = (int32_t)v;
        cr_assert_eq(bau_column_make(&in, &shape, numbers[i].type, 0, arena, &err), BAU_OK);
        memcpy(in.data, numbers[i].type == BAU_I32 ? (const void *)&narrow : (const void *)&v,
               numbers[i].type == BAU_I32 ? 4 : 8);
        const struct bau_column out = run_fine(&b, &in, 0, arena);
        int64_t got = 0;
        int32_t got_narrow = 0;
        memcpy(&got, out.data, numbers[i].type == BAU_I32 ? 4 : 8);
        memcpy(&got_narrow, out.data, 4);
        cr_assert_eq(mask(numbers[i].masker, "", numbers[i].text, text), BAU_OK, "%s", numbers[i].text);
        cr_expect_eq(numbers[i].type == BAU_I32 ? got_narrow : got, strtoll(text, NULL, 10), "%s",
                     numbers[i].text);
        release(&b);
    }
}

/* pan, pan_reserved, pan_truncate: against a slow Luhn, on published test numbers; what stays stays, wrong digits stay as
 * wrong, integers agree with text. */
#include <criterion/criterion.h>

#include "tests/support/masker.h"

static struct bau_arena *arena;

static void setup(void)
{
    arena = bau_arena_new(1 << 20, 0);
}

TestSuite(masker_pan, .init = setup);

/* Numbers that card networks and processors publish for tests. */
static const char *const cards[] = {
    "4111111111111111", "4012888888881881", "5555555555554444", "5105105105105100",    "2223003122003222",
    "378282246310005",  "371449635398431",  "6011111111111117", "6011000990139424",    "30569309025904",
    "38520000023237",   "3530111333300000", "3566002020360505", "6200000000000005",    "6759649826438453",
    "4222222222222",    "2200000000000004", "6304000000000000", "6200000000000000000",
};

static bau_status mask(const char *masker, const char *options, const char *in, char out[128])
{
    struct bound b = bind_with(bau_masker_find(masker), BAU_TEXT, options, NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
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

static bool is_luhn(const char *digits)
{
    const size_t n = strlen(digits);
    return slow_luhn(digits, n - 1) == digits[n - 1] - '0';
}

Test(masker_pan, stays_a_card_of_the_brand)
{
    static const char *const options[] = { "", "bin=random", "keep_last4=true",
                                           "bin=random keep_last4=true" };
    char out[128];
    for (size_t i = 0; i < BAU_COUNT(cards); i++)
        for (size_t o = 0; o < BAU_COUNT(options); o++) {
            const size_t n = strlen(cards[i]);
            cr_assert(is_luhn(cards[i]), "%s", cards[i]);
            if (mask("pan", options[o], cards[i], out) != BAU_OK) {
                cr_expect(n < 14 && o == 2, "%s with %s", cards[i], options[o]);
                continue;
            }
            cr_expect(is_luhn(out), "%s became %s", cards[i], out);
            cr_expect_eq(strlen(out), n);
            cr_expect_eq(memcmp(out, cards[i], o % 2 ? 1 : 6), 0, "%s became %s", cards[i], out);
            if (o >= 2)
                cr_expect_str_eq(out + n - 4, cards[i] + n - 4);
        }
    cr_assert_eq(mask("pan", "bin=random", "378282246310005", out), BAU_OK);
    cr_expect_eq(memcmp(out, "37", 2), 0);
    cr_assert_eq(mask("pan", "bin=random", "3530111333300000", out), BAU_OK);
    cr_expect_eq(memcmp(out, "3530", 4), 0);
    cr_assert_eq(mask("pan", "bin_digits=8", "4111111111111111", out), BAU_OK);
    cr_expect_eq(memcmp(out, "41111111", 8), 0);
}

/* All of a small domain: 16 digits, eight and the last four kept, three free ones and the one that makes it right. */
Test(masker_pan, exhaustive)
{
    struct bound b = bind_with(bau_masker_find("pan"), BAU_TEXT, "bin_digits=8 keep_last4=true", NULL, 0);
    bool seen[10000] = { false };
    for (int i = 0; i < 1000; i++) {
        char in[32];
        for (int check = 0; check < 10; check++) {
            snprintf(in, sizeof in, "41111111%03d%d4321", i, check);
            if (is_luhn(in))
                break;
        }
        const struct bau_column c = one_text(BAU_TEXT, in, 16, arena);
        const struct bau_column out = run_fine(&b, &c, 0, arena);
        char got[17] = { 0 };
        memcpy(got, out.data, 16);
        cr_assert(is_luhn(got) && memcmp(got, in, 8) == 0 && memcmp(got + 12, "4321", 4) == 0, "%s", got);
        const int at = (got[8] - '0') * 1000 + (got[9] - '0') * 100 + (got[10] - '0') * 10 + got[11] - '0';
        cr_assert_not(seen[at]);
        seen[at] = true;
    }
    release(&b);
}

Test(masker_pan, wrong_stays_as_wrong)
{
    char right[128], out[128], in[32];
    cr_assert_eq(mask("pan", "", "4111111111111111", right), BAU_OK);
    for (int k = 0; k < 10; k++) {
        snprintf(in, sizeof in, "411111111111111%d", k);
        cr_assert_eq(mask("pan", "invalid=mask", in, out), BAU_OK);
        cr_expect_eq(memcmp(out, right, 15), 0);
        cr_expect_eq((out[15] - right[15] + 10) % 10, (k - 1 + 10) % 10);
        cr_expect_eq(mask("pan", "", in, out), k == 1 ? BAU_OK : BAU_E_DATA);
    }
    cr_assert_eq(mask("pan", "luhn=invalid", "4111111111111111", out), BAU_OK);
    cr_expect_not(is_luhn(out));
    struct bound b = bind_with(bau_masker_find("pan"), BAU_TEXT, "luhn=invalid invalid=mask", NULL, 0);
    cr_expect_eq(b.status, BAU_E_USAGE);
    release(&b);
}

Test(masker_pan, integers_agree_with_text)
{
    struct bound b = bind_with(bau_masker_find("pan"), BAU_I64, "", NULL, 0);
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_I64, .n_values = 1 };
    struct bau_column in, out;
    struct bau_error err;
    char text[128], number[32];
    int64_t v = INT64_C(4111111111111111);
    cr_assert_eq(bau_column_make(&in, &shape, BAU_I64, 0, arena, &err), BAU_OK);
    memcpy(in.data, &v, 8);
    out = run_fine(&b, &in, 0, arena);
    memcpy(&v, out.data, 8);
    snprintf(number, sizeof number, "%" PRId64, v);
    cr_assert_eq(mask("pan", "", "4111 1111-1111 1111", text), BAU_OK);
    cr_expect(text[4] == ' ' && text[9] == '-');
    cr_assert_eq(mask("pan", "", "4111111111111111", text), BAU_OK);
    cr_expect_str_eq(number, text);
    v = -v;
    memcpy(in.data, &v, 8);
    cr_expect_eq(run(&b, &in, 0, 0, arena, &out, &err), BAU_E_DATA);
    release(&b);
}

Test(masker_pan, reserved)
{
    static const struct {
        const char *in, *range;
    } cases[] = {
        { "4929381332664295", "411111" }, { "5425233430109903", "555555" }, { "2720990000000007", "222300" },
        { "371449635398431", "378282" },  { "6011000990139424", "601111" }, { "30569309025904", "305693" },
        { "3566002020360505", "353011" }, { "6212345678901232", "620000" }, { "6759649826438453", "675964" },
        { "9999999999999995", "411111" },
    };
    char out[128];
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        cr_assert_eq(mask("pan_reserved", "", cases[i].in, out), BAU_OK);
        cr_expect(is_luhn(out) && strlen(out) == strlen(cases[i].in), "%s", out);
        cr_expect_eq(memcmp(out, cases[i].range, 6), 0, "%s became %s", cases[i].in, out);
        cr_assert_eq(mask("pan_reserved", "luhn=invalid", cases[i].in, out), BAU_OK);
        cr_expect_not(is_luhn(out));
    }
    cr_expect_eq(mask("pan_reserved", "", "41111111", out), BAU_E_DATA);
}

Test(masker_pan, truncated)
{
    static const struct {
        const char *options, *in, *want;
    } cases[] = {
        { "", "4111111111111111", "411111******1111" },
        { "", "4111 1111-1111 1111", "4111 11**-**** 1111" },
        { "bin_digits=8", "4111111111111111", "41111111****1111" },
        { "bin_digits=8", "378282246310005", "378282*****0005" }, /* fifteen digits: five at least go */
        { "", "30569309025904", "305693****5904" },
        { "", "4222222222222", "42222****2222" }, /* four at least go */
        { "", "630400000000", "6304****0000" },
        { "fill=0 bin_digits=0", "4111111111111111", "0000000000001111" },
        { "bin_digits=8", "6200000000000000003", "62000000*******0003" },
    };
    char out[128];
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        cr_assert_eq(mask("pan_truncate", cases[i].options, cases[i].in, out), BAU_OK);
        cr_expect_str_eq(out, cases[i].want);
    }
    cr_expect_eq(mask("pan_truncate", "", "411111******1111", out), BAU_E_DATA);
    struct bound b = bind_with(bau_masker_find("pan_truncate"), BAU_TEXT, "fill=7", NULL, 0);
    cr_expect_eq(b.status, BAU_E_USAGE);
    release(&b);
}

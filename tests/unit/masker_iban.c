/* iban: the examples of the IBAN registry are taken (so their national check digits are found right), outputs pass the
 * checks of this file, and numbers that are wrong are refused, or stay as wrong as they were. */
#include <criterion/criterion.h>

#include "tests/support/masker.h"

/* Examples that the registry publishes, one a country with check digits of its own, and some others. */
static const char *const registry[] = {
    "BA391290079401028494",
    "BE68539007547034",
    "CZ6508000000192000145399",
    "EE382200221020145685",
    "ES9121000418450200051332",
    "FI2112345600000785",
    "FR1420041010050500013M02606",
    "HR1210010051863000160",
    "HU42117730161111101800000000",
    "IT60X0542811101000000123456",
    "MC5811222000010123456789030",
    "ME25505000012345678951",
    "MK07250120000058984",
    "MR1300020001010000123456753",
    "NL91ABNA0417164300",
    "NO9386011117947",
    "PL61109010140000071219812874",
    "PT50000201231234567890154",
    "RS35260005601001611379",
    "SI56263300012039086",
    "SK3112000000198742637541",
    "SM86U0322509800000000270100",
    "TL380080012345678910157",
    "TN5910006035183598478831",
    "DE89370400440532013000",
    "GB29NWBK60161331926819",
    "CH9300762011623852957",
    "AT611904300234573201",
    "SE4550000000058398257466",
    "DK5000400440116243",
    "MT84MALT011000012345MTLCAST001S",
    "MU17BOMM0101101030300200000MUR",
    "BR1800360305000010009795493C1",
    "LC55HEMM000100010012001200023015",
    "SC18SSCB11010000000000001497USD",
    "TR330006100519786457841326",
    "GE29NB0000000101904917",
    "KW81CBKU0000000000001234560101",
    "RU0304452522540817810538091310419",
    "XK051212012345678906",
};

static struct bau_arena *arena;

static void setup(void)
{
    arena = bau_arena_new(1 << 20, 0);
}

TestSuite(masker_iban, .init = setup);

static bau_status mask(const char *options, const char *in, char out[128])
{
    struct bound b = bind_with(bau_masker_find("iban"), BAU_TEXT, options, NULL, 0);
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

Test(masker_iban, registry_examples)
{
    static const char *const options[] = { "bank=keep", "bank=fake" };
    char out[128], again[128];
    for (size_t i = 0; i < BAU_COUNT(registry); i++)
        for (size_t o = 0; o < 2; o++) {
            cr_expect_eq(slow_mod97(registry[i]), 1, "%s", registry[i]);
            cr_assert_eq(mask(options[o], registry[i], out), BAU_OK, "%s", registry[i]);
            cr_expect_eq(slow_mod97(out), 1, "%s", out);
            cr_expect_eq(strlen(out), strlen(registry[i]));
            cr_expect(memcmp(out, registry[i], 2) == 0 && strcmp(out, registry[i]) != 0, "%s", out);
            cr_expect_eq(mask(options[o], out, again), BAU_OK, "%s is not taken again", out);
            for (size_t k = 0; out[k]; k++)
                cr_expect_eq(out[k] >= 'A', registry[i][k] >= 'A', "%s became %s", registry[i], out);
        }
}

Test(masker_iban, spelling_and_what_stays)
{
    char out[128], plain[128];
    cr_assert_eq(mask("", "DE89 3704 0044 0532 0130 00", out), BAU_OK);
    cr_assert_eq(mask("", "DE89370400440532013000", plain), BAU_OK);
    cr_expect(out[4] == ' ' && out[9] == ' ' && out[24] == ' ' && strlen(out) == 27);
    cr_expect_eq(memcmp(plain + 4, "37040044", 8), 0);
    cr_assert_eq(mask("", "gb29nwbk60161331926819", out), BAU_OK);
    cr_expect_eq(memcmp(out + 4, "nwbk601613", 10), 0);
    cr_assert_eq(mask("bank=fake", "MU17BOMM0101101030300200000MUR", out), BAU_OK);
    cr_expect_str_eq(out + 27, "MUR");
}

Test(masker_iban, refuses)
{
    static const char *const bad[] = {
        "DE88370400440532013000",   /* check digits */
        "ES9121000418460200051332", /* national check */
        "DE8937040044053201300",    /* too short */
        "DE893704004405320130000",  /* too long */
        "ZZ89370400440532013000",   /* no such country */
        "DE8937040044O532013000",   /* a letter */
        "De89370400440532013000",   /* cases mixed */
        "GB29NW1K60161331926819",   /* a digit where a letter is due */
        "DEXX370400440532013000",   "DE89370400440532013000 and more", "DE",
    };
    char out[128];
    for (size_t i = 0; i < BAU_COUNT(bad); i++)
        cr_expect_eq(mask("", bad[i], out), BAU_E_DATA, "%s", bad[i]);
    for (size_t i = 2; i < BAU_COUNT(bad); i++)
        cr_expect_eq(mask("invalid=mask", bad[i], out), BAU_E_DATA, "%s", bad[i]);
}

/* All hundred check digits of one account: distinct outputs that differ in the check digits alone, one of them right. */
Test(masker_iban, wrong_stays_as_wrong)
{
    char right[128], out[128], in[64];
    bool seen[100] = { false };
    cr_assert_eq(mask("", "DE89370400440532013000", right), BAU_OK);
    const int right_check = (right[2] - '0') * 10 + right[3] - '0';
    for (int k = 0; k < 100; k++) {
        snprintf(in, sizeof in, "DE%02d370400440532013000", k);
        cr_assert_eq(mask("invalid=mask", in, out), BAU_OK);
        cr_expect_str_eq(out + 4, right + 4);
        const int check = (out[2] - '0') * 10 + out[3] - '0';
        cr_expect_not(seen[check]);
        seen[check] = true;
        cr_expect_eq((check - right_check + 100) % 100, (k - 89 + 100) % 100);
    }
}

/* Every Dutch account of a few thousand: those that pass the check of eleven and those that do not stay apart. */
Test(masker_iban, dutch_check_of_eleven)
{
    char in[64], out[128], seen[3000][128];
    for (int i = 0; i < 3000; i++) {
        int sum[2] = { 0, 0 };
        const char *text[2] = { in, out };
        for (int check = 2; check < 99; check++) {
            snprintf(in, sizeof in, "NL%02dINGB%010d", check, 417160000 + i);
            if (slow_mod97(in) == 1)
                break;
        }
        cr_assert_eq(mask("", in, out), BAU_OK);
        cr_assert_eq(slow_mod97(out), 1);
        for (int t = 0; t < 2; t++)
            for (int k = 0; k < 10; k++)
                sum[t] += (10 - k) * (text[t][8 + k] - '0');
        cr_expect_eq(sum[0] % 11 == 0, sum[1] % 11 == 0, "%s became %s", in, out);
        snprintf(seen[i], sizeof seen[i], "%s", out);
    }
    qsort(seen, 3000, sizeof seen[0], (int (*)(const void *, const void *))strcmp);
    for (int i = 1; i < 3000; i++)
        cr_expect(strcmp(seen[i - 1], seen[i]) != 0);
}

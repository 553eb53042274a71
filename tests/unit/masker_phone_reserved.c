/* phone_reserved: numbers of the blocks that the regulators name, by country. */
#include "tests/support/masker.h"

static struct bau_arena *arena;
static struct bau_error err;

static void setup(void)
{
    arena = bau_arena_new(1 << 20, 0);
}

static void teardown(void)
{
    bau_arena_free(arena);
}

TestSuite(masker_phone_reserved, .init = setup, .fini = teardown);

static const char *mask(struct bound *b, const char *text)
{
    const struct bau_column in = one_text(BAU_TEXT, text, strlen(text), arena);
    struct bau_column out;
    cr_assert_eq(run(b, &in, 0, 0, arena, &out, &err), BAU_OK, "%s", err.text);
    return bau_arena_textn(arena, out.data, out.offsets[1]);
}

/* First and last number of each block, as the regulators print them with +CODE for the leading 0. */
static const struct {
    const char *own; /* numbers of this country */
    struct {
        int64_t first, last;
    } block[8];
} countries[] = {
    { "+49 30 1234", /* Bundesnetzagentur, "Rufnummern für Medienproduktionen" */
      { { 493023125000, 493023125999 },
        { 494066969000, 494066969999 },
        { 496990009000, 496990009999 },
        { 498999998000, 498999998999 },
        { 492214710000, 492214710999 } } },
    { "+33 1 2345", /* ARCEP, Journal officiel: 01 99 00, 02 61 91, 03 53 01, 04 65 71, 05 36 49, 06 39 98 */
      { { 33199000000, 33199009999 },
        { 33261910000, 33261919999 },
        { 33353010000, 33353019999 },
        { 33465710000, 33465719999 },
        { 33536490000, 33536499999 },
        { 33639980000, 33639989999 } } },
    { "+61 2 9876", /* ACMA: 5550 xxxx in 02, 03, 07, 08 */
      { { 61255500000, 61255509999 },
        { 61355500000, 61355509999 },
        { 61755500000, 61755509999 },
        { 61855500000, 61855509999 } } },
    { "+353 1 234", { { 353209100000, 353209199999 } } }, /* ComReg: 020 91x xxxx */
    { "+46 8 1234",                                       /* PTS, numbers for books and films */
      { { 46313900600, 46313900699 },
        { 46406280400, 46406280499 },
        { 46846500400, 46846500499 },
        { 46980319200, 46980319299 },
        { 46701740605, 46701740699 } } },
    { "+44 20 7946", { { 447700900000, 447700900999 } } }, /* Ofcom */
};

Test(masker_phone_reserved, every_block_of_the_country_and_nothing_else)
{
    struct bound b = bind_with(bau_masker_find("phone_reserved"), BAU_TEXT, "blocks=national", NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    for (size_t c = 0; c < BAU_COUNT(countries); c++) {
        uint32_t seen = 0, all = 0;
        for (unsigned i = 0; i < 3000; i++) {
            char own[64];
            snprintf(own, sizeof own, "%s%04u", countries[c].own, i);
            const char *got = mask(&b, own);
            const int64_t number = strtoll(got + 1, NULL, 10);
            bool good = false;
            cr_assert(got[0] == '+' && strlen(got) <= b.masker->widest(b.config, BAU_TEXT), "%s", got);
            for (unsigned k = 0; k < 8 && countries[c].block[k].first; k++) {
                const bool inside =
                    number >= countries[c].block[k].first && number <= countries[c].block[k].last;
                good = good || inside;
                seen |= (uint32_t)inside << k;
                all |= 1u << k;
            }
            cr_assert(good, "%s became %s", own, got);
        }
        cr_expect_eq(seen, all, "%s", countries[c].own);
    }
    cr_expect(strncmp(mask(&b, "+81 3 1234 5678"), "+1", 2) == 0);
    cr_expect(strncmp(mask(&b, "030 1234 5678"), "+1", 2) == 0);
    release(&b);
}

Test(masker_phone_reserved, the_first_blocks_stay_what_they_were)
{
    struct bound b = bind_with(bau_masker_find("phone_reserved"), BAU_TEXT, "", NULL, 0);
    cr_expect(strncmp(mask(&b, "+49 30 123456"), "+1", 2) == 0);
    cr_expect(strncmp(mask(&b, "+44 30 123456"), "+447700900", 10) == 0);
    release(&b);
}

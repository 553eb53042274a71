/* address: the parts of one identity fit each other and the gazetteer, country and region that rows name
 * stay, widths. */
#include "src/kernel/places.h"
#include "tests/support/masker.h"

enum { ROWS = 3000 };

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

TestSuite(masker_address, .init = setup, .fini = teardown);

static struct bau_column texts(const char *const *from, uint32_t n_from, uint32_t n)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_TEXT, .n_values = n };
    struct bau_column c;
    uint32_t at = 0;
    cr_assert_eq(bau_column_make(&c, &shape, BAU_TEXT, (size_t)n * 64, arena, &err), BAU_OK);
    for (uint32_t i = 0; i < n; i++) {
        const char *text = from[i % n_from];
        memcpy((uint8_t *)c.data + at, text, strlen(text));
        at += (uint32_t)strlen(text);
        c.offsets[i + 1] = at;
    }
    return c;
}

static struct bau_column ids(uint32_t n)
{
    struct bau_column c = owners(0, n, arena);
    for (uint32_t i = 0; i < n; i++)
        ((int32_t *)c.data)[i] = (int32_t)i;
    return c;
}

/* The masked texts of n rows. `fields`: as the options order them. */
static bau_status mask_rows(const char *options, const struct bau_column *const *fields, uint32_t n,
                            const char **out)
{
    struct bound b = bind_with(bau_masker_find("address"), BAU_TEXT, options, NULL, 0);
    bau_status status = b.status;
    const char *const value[] = { "Old Road 1" };
    const struct bau_column in = texts(value, 1, n);
    struct bau_column masked = { 0 };
    struct bau_mask_ctx ctx = { .arena = arena, .fields = fields };
    err = b.err;
    if (status == BAU_OK)
        status = b.masker->apply(b.config, &ctx, &in, &masked, &err);
    for (uint32_t i = 0; status == BAU_OK && i < n; i++) {
        const struct bau_slice v = bau_column_value(&masked, i);
        out[i] = bau_arena_textn(arena, (const char *)v.data, v.len);
    }
    release(&b);
    return status;
}

static bool fits_pattern(const char *code, struct bau_place_word pattern, const char *letters)
{
    for (uint32_t i = 0; i < pattern.bytes; i++) {
        const char p = pattern.text[i];
        const bool good = p == '#'   ? code[i] >= '0' && code[i] <= '9'
                          : p == '@' ? code[i] && strchr(letters, code[i])
                                     : code[i] == p;
        if (!good)
            return false;
    }
    return code[pattern.bytes] == '\0';
}

static bool exists(const struct bau_place_country *c, const char *city, const char *postal,
                   const char *region, const char *code)
{
    for (uint32_t i = 0; i < c->n_cities; i++) {
        const struct bau_place_region *r = &c->regions[c->cities[i].region];
        if (strcmp(c->cities[i].name.text, city) == 0 && strcmp(r->name.text, region) == 0 &&
            strcmp(r->code.text, code) == 0 && fits_pattern(postal, c->cities[i].postal, c->letters))
            return true;
    }
    return false;
}

/* "{street} {number}" and so on, out of the parts. */
static char *assemble(const struct bau_place_step *step, const char *const parts[BAU_PLACE_PARTS])
{
    BAU_AUTO_TEXT out = { 0 };
    for (; step->part != BAU_PLACE_END; step++)
        bau_text_add(&out, step->part == BAU_PLACE_TEXT ? step->text.text : parts[step->part]);
    return bau_arena_text(arena, out.data);
}

Test(masker_address, the_parts_of_one_identity_fit_each_other)
{
    static const char *const words[BAU_PLACE_PARTS] = { "street",      "number",  "line",
                                                        "postal_code", "city",    "region",
                                                        "region_code", "country", "full" };
    const struct bau_column by = ids(ROWS), *const fields[] = { &by };
    for (uint32_t k = 0; k < bau_n_places; k++) {
        const struct bau_place_country *c = &bau_places[k];
        static const char *got[BAU_PLACE_PARTS][ROWS];
        for (unsigned p = 0; p < BAU_PLACE_PARTS; p++) {
            char options[64];
            snprintf(options, sizeof options, "part=%s by=id country=%s", words[p], c->code.text);
            cr_assert_eq(mask_rows(options, fields, ROWS, got[p]), BAU_OK, "%s: %s", options, err.text);
        }
        for (uint32_t i = 0; i < ROWS; i++) {
            const char *parts[BAU_PLACE_PARTS];
            for (unsigned p = 0; p < BAU_PLACE_PARTS; p++)
                parts[p] = got[p][i];
            cr_assert(exists(c, parts[BAU_PLACE_CITY], parts[BAU_PLACE_POSTAL_CODE], parts[BAU_PLACE_REGION],
                             parts[BAU_PLACE_REGION_CODE]),
                      "%s", parts[BAU_PLACE_FULL]);
            const long number = strtol(parts[BAU_PLACE_NUMBER], NULL, 10);
            cr_assert(number >= (long)c->least_number && number <= (long)c->most_number);
            cr_assert_str_eq(parts[BAU_PLACE_COUNTRY], c->code.text);
            cr_assert_str_eq(parts[BAU_PLACE_LINE], assemble(c->line, parts));
            cr_assert_str_eq(parts[BAU_PLACE_FULL], assemble(c->full, parts));
        }
    }
}

Test(masker_address, every_city_and_street_is_drawn)
{
    const struct bau_column by = ids(ROWS), *const fields[] = { &by };
    static const char *city[ROWS], *street[ROWS];
    const struct bau_place_country *de = &bau_places[3];
    cr_assert_str_eq(de->code.text, "DE");
    cr_assert_eq(mask_rows("part=city by=id country=DE", fields, ROWS, city), BAU_OK);
    cr_assert_eq(mask_rows("part=street by=id country=DE", fields, ROWS, street), BAU_OK);
    for (uint32_t k = 0; k < de->n_cities; k++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < ROWS; i++)
            n += strcmp(city[i], de->cities[k].name.text) == 0;
        cr_expect(n >= 15 && n <= 200, "%s: %u", de->cities[k].name.text, n);
    }
    for (uint32_t k = 0; k < de->n_streets; k++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < ROWS; i++)
            n += strcmp(street[i], de->streets[k].text) == 0;
        cr_expect(n >= 15 && n <= 200, "%s: %u", de->streets[k].text, n);
    }
}

Test(masker_address, the_country_of_the_row_stays)
{
    static const char *const names[] = { "DE",          "de", "DEU",  "Germany",
                                         "DEUTSCHLAND", "jp", "日本", "United Kingdom",
                                         "GB " };
    static const char *const codes[] = { "DE", "DE", "DE", "DE", "DE", "JP", "JP", "GB", "GB" };
    static const char *country[90], *city[90];
    const struct bau_column by = ids(90), from = texts(names, 9, 90), *const fields[] = { &by, &from };
    cr_assert_eq(mask_rows("part=country by=id country_from=c", fields, 90, country), BAU_OK, "%s", err.text);
    cr_assert_eq(mask_rows("part=city by=id country_from=c", fields, 90, city), BAU_OK);
    for (uint32_t i = 0; i < 90; i++) {
        cr_expect_str_eq(country[i], codes[i % 9]);
        bool found = false;
        for (uint32_t k = 0; k < bau_n_places; k++)
            for (uint32_t n = 0; n < bau_places[k].n_cities; n++)
                found = found || (strcmp(bau_places[k].code.text, codes[i % 9]) == 0 &&
                                  strcmp(bau_places[k].cities[n].name.text, city[i]) == 0);
        cr_expect(found, "%s is not in %s", city[i], codes[i % 9]);
    }
}

Test(masker_address, a_country_without_gazetteer_is_refused_or_falls_back)
{
    static const char *const names[] = { "Utopia" }, *const empty[] = { "" };
    static const char *got[4];
    const struct bau_column by = ids(4), from = texts(names, 1, 4), none = texts(empty, 1, 4);
    const struct bau_column *const fields[] = { &by, &from }, *const blank[] = { &by, &none };
    cr_expect_eq(mask_rows("part=country by=id country_from=c", fields, 4, got), BAU_E_DATA);
    cr_expect(strstr(err.text, "Utopia") == NULL);
    cr_expect_eq(mask_rows("part=country by=id country_from=c", blank, 4, got), BAU_E_DATA);
    cr_assert_eq(mask_rows("part=country by=id country_from=c country=FR", fields, 4, got), BAU_OK);
    cr_expect_str_eq(got[0], "FR");
    cr_expect_eq(mask_rows("part=city by=id", fields, 4, got), BAU_E_USAGE);
    cr_expect_eq(mask_rows("part=city by=id country=XX", fields, 4, got), BAU_E_USAGE);
    cr_expect(strstr(err.text, "AU, BR, CA") != NULL, "%s", err.text);
}

Test(masker_address, the_region_of_the_row_stays)
{
    static const char *const names[] = { "TX", "texas", "California", "Atlantis" };
    static const char *region[400];
    const struct bau_column by = ids(400), from = texts(names, 4, 400), *const fields[] = { &by, &from };
    cr_assert_eq(mask_rows("part=region_code by=id region_from=r country=US", fields, 400, region), BAU_OK,
                 "%s", err.text);
    bool other = false;
    for (uint32_t i = 0; i < 400; i++) {
        if (i % 4 < 3)
            cr_expect_str_eq(region[i], i % 4 < 2 ? "TX" : "CA");
        else
            other = other || (strcmp(region[i], "TX") != 0 && strcmp(region[i], "CA") != 0);
    }
    cr_expect(other);
}

Test(masker_address, rows_of_a_document_are_found)
{
    static const char *const names[] = { "DE", "JP", "GB" }, *const value[] = { "x" };
    const uint32_t rows[] = { 2, 0, 1, 2 };
    const struct bau_column by = ids(3), from = texts(names, 3, 3), in = texts(value, 1, 4);
    const struct bau_column *const fields[] = { &by, &from };
    struct bound b =
        bind_with(bau_masker_find("address"), BAU_TEXT, "part=country by=id country_from=c", NULL, 0);
    struct bau_mask_ctx ctx = { .arena = arena, .fields = fields, .rows = rows };
    struct bau_column out;
    cr_assert_eq(b.masker->apply(b.config, &ctx, &in, &out, &err), BAU_OK);
    cr_expect_eq(memcmp(out.data, "GBDEJPGB", 8), 0);
    release(&b);
}

Test(masker_address, a_column_that_is_too_narrow_is_refused)
{
    const struct bau_field narrow = { .name = "f", .type = BAU_TEXT, .max_chars = 4 },
                           wide = { .name = "f", .type = BAU_TEXT, .max_chars = 5 };
    const struct bau_masker *m = bau_masker_find("address");
    struct bound a = bind_with(m, BAU_TEXT, "part=postal_code by=id country=DE", &narrow, 4),
                 b = bind_with(m, BAU_TEXT, "part=postal_code by=id country=DE", &wide, 4);
    cr_expect_eq(a.status, BAU_E_USAGE);
    cr_expect_eq(b.status, BAU_OK, "%s",
                 b.err.text); /* another part of the domain may stand in a narrower one */
    cr_expect_eq(m->widest(b.config, BAU_TEXT), 5u);
    release(&a);
    release(&b);
}

/* device_id and user_agent: shapes, the permutation of short ids against one written out, classes of agents,
 * refusals. */
#include "tests/support/masker.h"
#include "tests/support/slow.h"

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

TestSuite(masker_device, .init = setup, .fini = teardown);

static struct bound open_with(const char *name)
{
    struct bound b = bind_with(bau_masker_find(name), BAU_TEXT, "", NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    return b;
}

static const char *mask(struct bound *b, const char *text)
{
    const struct bau_column in = one_text(BAU_TEXT, text, strlen(text), arena);
    struct bau_column out;
    err = (struct bau_error){ 0 };
    if (run(b, &in, 0, 0, arena, &out, &err) != BAU_OK)
        return NULL;
    return bau_arena_textn(arena, out.data, out.offsets[1]);
}

static uint64_t le64(const uint8_t *p)
{
    uint64_t v = 0;
    for (unsigned i = 8; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

/* Up to 16 digits, by arithmetic on the number. */
static void slow_short(const uint8_t key[16], const char *text, char *out)
{
    const unsigned n = (unsigned)strlen(text);
    const uint64_t number = strtoull(text, NULL, 16), base = UINT64_C(1) << (2 * n);
    uint64_t left = number / base, right = number % base;
    for (uint8_t round = 0; round < 10; round++) {
        uint8_t message[16] = { 0 }, digest[16];
        for (unsigned b = 0; b < 8; b++)
            message[b] = (uint8_t)(right >> (8 * b));
        message[8] = round;
        message[9] = (uint8_t)n;
        slow_cmac(key, message, 16, digest);
        const uint64_t mixed = left ^ (le64(digest) % base);
        left = right;
        right = mixed;
    }
    snprintf(out, 32, "%0*" PRIx64, (int)n, left * base + right);
}

Test(masker_device, short_ids_agree_with_the_reference)
{
    struct bound b = open_with("device_id");
    uint8_t subkey[32];
    cr_assert_eq(bau_mask_subkey(b.key, "device_id-short", subkey, &err), BAU_OK);
    for (unsigned n = 8; n <= 16; n++)
        for (uint64_t i = 0; i < 20; i++) {
            char text[32], want[32];
            snprintf(text, sizeof text, "%0*" PRIx64, (int)n,
                     (i * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - 4 * n));
            slow_short(subkey, text, want);
            cr_assert_str_eq(mask(&b, text), want);
        }
    cr_expect_eq(strlen(mask(&b, "0123456789abcdef012")), 19u);
    release(&b);
}

Test(masker_device, case_is_of_the_writing_not_of_the_id)
{
    static const char *const ids[][2] = {
        { "9774d56d682e549c", "9774D56D682E549C" },
        { "6d92078a-8246-4ba4-ae5b-76104861e7dc", "6D92078A-8246-4BA4-AE5B-76104861E7DC" },
        { "d41d8cd98f00b204e9800998ecf8427e", "D41D8CD98F00B204E9800998ECF8427E" },
    };
    struct bound b = open_with("device_id");
    for (size_t i = 0; i < BAU_COUNT(ids); i++) {
        char lower[64] = "";
        const char *upper = mask(&b, ids[i][1]);
        for (size_t k = 0; upper[k]; k++) {
            cr_expect(upper[k] < 'a' || upper[k] > 'z', "%s", upper);
            lower[k] = (char)(upper[k] >= 'A' ? upper[k] | 0x20 : upper[k]);
        }
        cr_expect_str_eq(lower, mask(&b, ids[i][0]));
        cr_expect_eq(strlen(lower), strlen(ids[i][0]));
        cr_expect_eq(strspn(lower, "0123456789abcdef-"), strlen(lower));
    }
    release(&b);
}

Test(masker_device, uuids_keep_their_kind)
{
    struct bound b = open_with("device_id");
    bool other = false;
    for (unsigned i = 0; i < 500; i++) {
        char text[64];
        snprintf(text, sizeof text, "%08x-8246-4ba4-ae5b-76104861e7dc", i * 2654435761u);
        const char *got = mask(&b, text);
        cr_assert(strlen(got) == 36 && got[8] == '-' && got[13] == '-' && got[18] == '-' && got[23] == '-',
                  "%s", got);
        cr_assert(got[14] == '4' && strchr("89ab", got[19]), "%s", got);
        snprintf(text, sizeof text, "%08x-8246-fba4-1e5b-76104861e7dc", i); /* no version of RFC 9562 */
        got = mask(&b, text);
        other = other || got[14] != 'f';
    }
    cr_expect(other);
    release(&b);
}

Test(masker_device, tokens_keep_their_shape)
{
    static const char *const tokens[] = {
        "fGc1Zq8:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx_ZkM9",
        "_ga=GA1.2.1234567890.1609459200; path",
        "s%3AabcDEF123.ZZZyyyxxxwwwvvvuuu",
        "0123456789ABCDEFabcdef0123456789", /* mixed case */
        "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    };
    struct bound b = open_with("device_id");
    for (size_t i = 0; i < BAU_COUNT(tokens); i++) {
        const char *got = mask(&b, tokens[i]);
        if (strchr(tokens[i], ' ')) {
            cr_expect(got == NULL, "a blank");
            continue;
        }
        cr_assert(got != NULL, "%s", tokens[i]);
        cr_expect_eq(strlen(got), strlen(tokens[i]));
        cr_expect(strcmp(got, tokens[i]) != 0);
        for (size_t k = 0; got[k] && !strchr(tokens[i], '%'); k++) {
            const bool digit = tokens[i][k] >= '0' && tokens[i][k] <= '9',
                       letter = (tokens[i][k] | 0x20) >= 'a' && (tokens[i][k] | 0x20) <= 'z';
            cr_assert(digit    ? got[k] >= '0' && got[k] <= '9'
                      : letter ? (got[k] | 0x20) >= 'a' && (got[k] | 0x20) <= 'z' &&
                                     (got[k] & 0x20) == (tokens[i][k] & 0x20)
                               : got[k] == tokens[i][k],
                      "%s", got);
        }
    }
    release(&b);
}

Test(masker_device, what_could_collide_is_refused)
{
    static const char *const wrong[] = { "",
                                         "abc",
                                         "1234567",
                                         "abc-123",
                                         "session-42",
                                         "qwertyuiopasdfghj-",
                                         "aa:bb:cc:dd:ee:ff",
                                         "0123456789abcdeg",
                                         "дуже-довгий-ідентифікатор",
                                         "a b c d e f g h i j k l m n o p q" };
    struct bound b = open_with("device_id");
    for (size_t i = 0; i < BAU_COUNT(wrong); i++) {
        cr_expect(mask(&b, wrong[i]) == NULL, "'%s' passed", wrong[i]);
        cr_expect_eq(err.code, BAU_E_DATA);
    }
    cr_expect(mask(&b, "qwertyuiopasdfghjk") != NULL); /* 18 letters: 84 bits */
    release(&b);
}

Test(masker_device, agents_stay_in_their_class)
{
    static const struct {
        const char *in, *has, *has_not;
    } cases[] = {
        { "Mozilla/5.0 (Windows NT 6.1; WOW64) Chrome/99.0.4844.51", "Mozilla", "obile" },
        { "Mozilla/5.0 (iPhone; CPU iPhone OS 16_5_1 like Mac OS X) Mobile/15E148", "obile", "iPad" },
        { "Mozilla/5.0 (Linux; Android 13; SM-S908B) Chrome/112.0.5615.48 Mobile Safari/537.36", "obile",
          "SM-S908B" },
        { "Mozilla/5.0 (iPad; CPU OS 16_5 like Mac OS X)", "Mozilla", "iPhone" },
        { "Mozilla/5.0 (compatible; Googlebot/2.1)", "ExampleBot", "oogle" },
        { "curl/7.68.0", "/", "Mozilla" },
        { "ADA'S OWN CLIENT", "Mozilla", "ADA" },
        { "", "Mozilla", "obile" },
    };
    struct bound b = open_with("user_agent");
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        const char *got = mask(&b, cases[i].in);
        cr_expect(strstr(got, cases[i].has) && !strstr(got, cases[i].has_not), "%s gave %s", cases[i].in,
                  got);
        cr_expect(strcmp(mask(&b, got), got) != 0, "one of the list stays itself");
        cr_expect_leq(strlen(got), b.masker->widest(b.config, BAU_TEXT));
    }
    release(&b);
    struct bound narrow = bind_with(bau_masker_find("user_agent"), BAU_TEXT, "", NULL, 60);
    cr_expect_eq(narrow.status, BAU_E_USAGE);
    release(&narrow);
    struct bound room = bind_with(bau_masker_find("user_agent"), BAU_TEXT, "", NULL, 70);
    cr_expect_eq(room.status, BAU_OK, "%s", room.err.text);
    cr_expect_leq(room.masker->widest(room.config, BAU_TEXT), 70u);
    release(&room);
}

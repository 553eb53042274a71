/* Key templates, templates out of keys, the CRC, and values over a corpus of a real server's dumps with every byte changed. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "connectors/redis/slot.h"
#include "connectors/redis/template.h"
#include "tests/fuzz/rdb.c"

static struct bau_arena *arena;
static void make(void)
{
    arena = bau_arena_new(1 << 16, BAU_ARENA_PLAIN);
}
static void drop(void)
{
    bau_arena_free(arena);
}
TestSuite(redis, .init = make, .fini = drop);

static struct bau_slice slice(const char *text)
{
    return (struct bau_slice){ (const uint8_t *)text, strlen(text) };
}

Test(redis, crc_of_jones)
{
    struct redis_crc crc; /* check value of CRC-64/REDIS in Redis' own sources and in reveng's catalogue */
    redis_crc_init(&crc);
    cr_assert_eq(redis_crc64(&crc, (const uint8_t *)"123456789", 9), UINT64_C(0xe9c6d914c4b8d9ca));
    cr_assert_eq(redis_crc64(&crc, (const uint8_t *)"", 0), 0);
}

static const struct {
    const char *template, *key, *captures; /* NULL: does not match */
} matches[] = {
    { "cart:{customer}", "cart:12", "12" },
    { "cart:{customer}", "cart:", NULL },
    { "cart:{customer}", "cart:1:x", NULL },
    { "cart:{customer}", "card:1", NULL },
    { "cart:{customer}:{day}", "cart:1:2", "1,2" },
    { "{a}/{b}.png", "x/y.png", "x,y" },
    { "{a}/{b}.png", "x/y.png.png", NULL },
    { "{key*}", "", "" },
    { "{key*}", "a:b", "a:b" },
    { "a:{rest*}:z", "a:1:2:z", "1:2" },
    { "a:{rest*}:z", "a::z", "" },
    { "{{{id}}}:cart", "{7}:cart", "7" },
    { "online", "online", "" },
    { "online", "online2", NULL },
};
ParameterizedTestParameters(redis, template_matches)
{
    static size_t index[BAU_COUNT(matches)];
    for (size_t i = 0; i < BAU_COUNT(matches); i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, BAU_COUNT(matches));
}
ParameterizedTest(size_t *i, redis, template_matches)
{
    struct redis_template t;
    struct bau_error err;
    struct bau_slice captures[REDIS_CAPTURES_MOST];
    char text[200] = "";
    cr_assert_eq(redis_template_parse(matches[*i].template, arena, &t, &err), BAU_OK, "%s", err.text);
    cr_assert_eq(redis_template_match(&t, slice(matches[*i].key), captures), matches[*i].captures != NULL);
    for (uint32_t c = 0; matches[*i].captures && c < t.n_captures; c++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", c ? "," : "",
                 (int)captures[c].len, (const char *)captures[c].data);
    if (matches[*i].captures)
        cr_assert_str_eq(text, matches[*i].captures);
}

Test(redis, misspelled_templates)
{
    static const char *const bad[] = { "a:{", "a:}", "a:{}", "a:{x y}", "{a}{b}", "{a}:{a}", "a{b" };
    for (size_t i = 0; i < BAU_COUNT(bad); i++) {
        struct redis_template t;
        struct bau_error err;
        cr_expect_eq(redis_template_parse(bad[i], arena, &t, &err), BAU_E_USAGE, "%s", bad[i]);
    }
}

Test(redis, the_most_specific_template_wins)
{
    static const char *const texts[] = { "{key*}", "user:{id}", "user:{id}:cart", "user:7", "u{x*}" };
    struct redis_template t[BAU_COUNT(texts)];
    struct redis_trie *trie;
    struct bau_error err;
    for (size_t i = 0; i < BAU_COUNT(texts); i++)
        cr_assert_eq(redis_template_parse(texts[i], arena, &t[i], &err), BAU_OK);
    cr_assert_eq(redis_trie_new(t, BAU_COUNT(texts), arena, &trie, &err), BAU_OK);
    cr_expect_eq(redis_trie_find(trie, slice("user:8")), 1);
    cr_expect_eq(redis_trie_find(trie, slice("user:7")), 3);
    cr_expect_eq(redis_trie_find(trie, slice("user:7:cart")), 2);
    cr_expect_eq(redis_trie_find(trie, slice("user:7:x")), 4);
    cr_expect_eq(redis_trie_find(trie, slice("")), 0);
}

Test(redis, induced_templates_show_no_key)
{
    static char text[400][40];
    static struct bau_slice keys[400];
    const char **out;
    uint32_t n;
    struct bau_error err;
    for (size_t i = 0; i < 400; i++) {
        static const char *const starts[] = { "user:", "user:", "secretname", "mail:secret" };
        static const char *const ends[] = { ":cart", ":seen", "", "@x.org" };
        snprintf(text[i], sizeof text[i], "%s%zu%s", starts[i % 4], i, ends[i % 4]);
        keys[i] = slice(text[i]);
    }
    cr_assert_eq(redis_induce(keys, 400, arena, &out, &n, &err), BAU_OK);
    bool cart = false, mail = false;
    for (uint32_t i = 0; i < n; i++) {
        cr_expect_null(strstr(out[i], "secret"), "%s", out[i]);
        cart = cart || strcmp(out[i], "user:{id}:cart") == 0;
        mail = mail || strcmp(out[i], "mail:{name}") == 0;
    }
    cr_expect(cart && mail);
}

static const struct {
    const char *uri, *host, *port, *user, *password;
    uint32_t db;
    bool good;
} addresses[] = {
    { "redis://h", "h", "6379", NULL, NULL, 0, true },
    { "redis://u:p%40%3a@h:1/3", "h", "1", "u", "p@:", 3, true },
    { "rediss://:p@[::1]:2/", "::1", "2", NULL, "p", 0, true },
    { "redis+unix:///s?db=4", NULL, NULL, NULL, NULL, 4, true },
    { "redis://h:1,[::1]:2/0?cluster=true", "h", "1", NULL, NULL, 0, true },
    { "redis+sentinel://u:p@h,i:3/main/2?sentinel_password=x&role=replica", "h", "26379", "u", "p", 2, true },
    { "rediss+sentinel://h/main", "h", "26379", NULL, NULL, 0, true },
    { .uri = "redis+sentinel://h" },
    { .uri = "redis+sentinel://h//1" },
    { .uri = "redis+sentinel://h/main/x" },
    { .uri = "redis://h:1,,h:2" },
    { .uri = "redis://h?role=replica" },
    { .uri = "redis+sentinel://h/m?role=slave" },
    { .uri = "redis+sentinel://h/m?sentinel_user=u" },
    { .uri = "redis://h?cluster=yes" },
    { .uri = "redis://h/x" },
    { .uri = "redis://h:70000" },
    { .uri = "redis://h?ca=/f" },
    { .uri = "rediss://h?cert=/f" },
    { .uri = "redis://u:%zz@h" },
    { .uri = "redis://word@h" },
    { .uri = "redis+unix://" },
    { .uri = "redis://h?what=1" },
};
Test(redis, addresses)
{
    for (size_t i = 0; i < BAU_COUNT(addresses); i++) {
        struct redis_address a;
        struct bau_error err;
        const bool good = redis_address_parse(addresses[i].uri, arena, &a, &err) == BAU_OK;
        cr_assert_eq(good, addresses[i].good, "%s", addresses[i].uri);
        if (!good)
            continue;
        cr_expect_eq(a.db, addresses[i].db);
        const char *got[] = { a.host, a.port, a.user, a.password };
        const char *want[] = { addresses[i].host, addresses[i].port, addresses[i].user,
                               addresses[i].password };
        for (size_t k = 0; k < 4; k++)
            cr_expect(!got[k] == !want[k] && (!got[k] || strcmp(got[k], want[k]) == 0), "%s",
                      addresses[i].uri);
    }
}

/* Dumps of a 7.0.15 server: hash in a listpack, set of integers, quicklist, stream with a group. */
static const char *const dumps[] = {
    "1020200000000600846e616d65058341646104816e02010185656d707479068001ff0a00519765c96ff34407",
    "0b140400000003000000d4feffff01000000701101000a003fcd05d535f65fed",
    "120102c323406314630000000500816102dff902c12c02f400f2052a0120130309e04678e03c000148ff0a007d"
    "6a113e8dcf4d20",
    "130110000000000000000100000000000000013d3d000000180002010101010181610200010201000100010101"
    "04010301010100010301040100010201dfff0202018162028178028163028179020801ff020300010102010301"
    "0167010181ffffffffffffffff0100000000000000010000000000000001dbd0ac06a2010000010103616e6edb"
    "d0ac06a201000001000000000000000100000000000000010a00a0e15fb10bcbba6c",
};

Test(redis, every_byte_changed_once)
{
    for (size_t d = 0; d < BAU_COUNT(dumps); d++) {
        uint8_t bytes[512];
        const size_t n = strlen(dumps[d]) / 2;
        for (size_t i = 0; i < n; i++) {
            unsigned byte;
            sscanf(dumps[d] + 2 * i, "%2x", &byte);
            bytes[i] = (uint8_t)byte;
        }
        LLVMFuzzerTestOneInput(bytes, n);
        for (size_t i = 0; i < n; i++)
            for (unsigned flip = 1; flip < 256; flip <<= 1) {
                bytes[i] ^= (uint8_t)flip;
                LLVMFuzzerTestOneInput(bytes, n - (flip == 16));
                bytes[i] ^= (uint8_t)flip;
            }
    }
}

static const struct {
    const char *key;
    uint32_t slot;
} slots[] = {
    /* the cluster specification's check value; the others from CLUSTER KEYSLOT of a 7.0 server */
    { "123456789", 12739 },    { "", 0 },
    { "foo", 12182 },          { "{foo}bar", 12182 },
    { "foo{}{bar}", 8363 },    { "foo{{bar}}zap", 4015 },
    { "foo{bar}{zap}", 5061 }, { "{", 4092 },
    { "a}b{", 6027 },
};

Test(redis, slots_of_keys)
{
    for (size_t i = 0; i < BAU_COUNT(slots); i++)
        cr_expect_eq(redis_slot(slice(slots[i].key)), slots[i].slot, "%s", slots[i].key);
}

Test(redis, keys_of_commands)
{
    const struct bau_slice get[] = { slice("GET"), slice("k") }, multi[] = { slice("MULTI") },
                           info[] = { slice("XINFO"), slice("STREAM"), slice("k") };
    cr_expect_eq(redis_key_word(2, get), 1);
    cr_expect_eq(redis_key_word(1, multi), 0);
    cr_expect_eq(redis_key_word(3, info), 2);
}

static redisReply *error_reply(const char *text)
{
    static redisReply reply;
    static char words[400];
    snprintf(words, sizeof words, "%s", text);
    reply = (redisReply){ .type = REDIS_REPLY_ERROR, .str = words, .len = strlen(words) };
    return &reply;
}

Test(redis, redirects)
{
    struct redis_redirect to;
    cr_assert(redis_redirect_parse(error_reply("MOVED 3999 127.0.0.1:6381"), &to));
    cr_expect(!to.ask && to.slot == 3999);
    cr_expect_str_eq(to.host, "127.0.0.1");
    cr_expect_str_eq(to.port, "6381");
    cr_assert(redis_redirect_parse(error_reply("ASK 1 ::1:7"), &to));
    cr_expect(to.ask);
    cr_expect_str_eq(to.host, "::1");
    cr_assert(redis_redirect_parse(error_reply("MOVED 1 :7"), &to));
    cr_expect_str_eq(to.host, "");
    cr_expect(!redis_redirect_parse(error_reply("MOVED 16384 a:7"), &to));
    cr_expect(!redis_redirect_parse(error_reply("MOVED"), &to));
    cr_expect(!redis_redirect_parse(error_reply("MOVEDX 1 a:7"), &to));
    cr_expect(!redis_redirect_parse(error_reply("ERR no"), &to));
}

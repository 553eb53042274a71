/* The master key: where it comes from, what is refused, and the way to a masker's own key.
 *
 * 256 bits, as 64 hex digits or 32 raw bytes; an ephemeral key is drawn for the run and dies with it. A key that a
 * person typed to get going (one repeated byte, a counting sequence, few distinct bytes) is refused. */
#include <string.h>
#include <sys/random.h>

#include "src/core/mask_key.h"
#include "src/plan/build.h"

struct bau_keys {
    struct bau_arena *arena; /* private: holds this struct */
    bau_key_mode mode;
    uint8_t master[32];
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool from_hex(const char *text, uint8_t out[32])
{
    for (size_t i = 0; i < 32; i++) {
        const int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

/* A random key has 30 distinct bytes of 32 on average, and fewer than 16 once in 10^14 draws. */
static bool trivial(const uint8_t key[32])
{
    bool seen[256] = { false };
    unsigned distinct = 0;
    bool counting = true;
    for (size_t i = 0; i < 32; i++) {
        distinct += !seen[key[i]];
        seen[key[i]] = true;
        counting = counting && (i == 0 || (uint8_t)(key[i] - key[i - 1]) == (uint8_t)(key[1] - key[0]));
    }
    return distinct < 16 || counting;
}

static bool parse_master(const char *text, size_t len, uint8_t out[32])
{
    if (len == 32)
        memcpy(out, text, 32);
    return len == 32 || (len == 64 && from_hex(text, out));
}

static bau_status read_master(const struct bau_project *project, uint8_t out[32], struct bau_error *err)
{
    struct bau_secret *secret = NULL;
    BAU_TRY_NOTE(bau_secret_resolve(project->key_from, &secret, err), err, BAU_AT_FORMAT ": key",
                 BAU_AT_ARGS(project->key_at));
    const size_t len = bau_secret_len(secret);
    const bool good = parse_master(bau_secret_text(secret), len, out);
    bau_secret_free(secret);
    if (!good)
        return bau_error_set(err, BAU_E_USAGE,
                             BAU_AT_FORMAT
                             ": the key has %zu bytes; it must be 64 hex digits or 32 raw bytes "
                             "(make one with: openssl rand -hex 32)",
                             BAU_AT_ARGS(project->key_at), len);
    if (trivial(out))
        return bau_error_set(err, BAU_E_USAGE,
                             BAU_AT_FORMAT
                             ": the key is trivial; make a random one with: openssl rand -hex 32",
                             BAU_AT_ARGS(project->key_at));
    return BAU_OK;
}

bau_status bau_keys_load(const struct bau_project *project, struct bau_keys **out, struct bau_error *err)
{
    struct bau_arena *arena = bau_arena_new(4096, BAU_ARENA_PRIVATE);
    struct bau_keys *keys = arena ? bau_arena_zero(arena, sizeof *keys) : NULL;
    bau_status status = BAU_OK;
    if (!keys)
        status = bau_error_set(err, BAU_E_NOMEM, "keys");
    else if (project->key_mode == BAU_KEY_EPHEMERAL) {
        if (getrandom(keys->master, sizeof keys->master, 0) != (ssize_t)sizeof keys->master)
            status = bau_error_set(err, BAU_E_IO, "the system gave no random bytes for an ephemeral key");
    } else
        status = read_master(project, keys->master, err);
    if (status != BAU_OK) {
        bau_arena_free(arena);
        return status;
    }
    keys->arena = arena;
    keys->mode = project->key_mode;
    *out = keys;
    return BAU_OK;
}

bau_status bau_keys_of(const uint8_t master[32], struct bau_keys **out, struct bau_error *err)
{
    struct bau_arena *arena = bau_arena_new(4096, BAU_ARENA_PRIVATE);
    struct bau_keys *keys = arena ? bau_arena_zero(arena, sizeof *keys) : NULL;
    if (!keys) {
        bau_arena_free(arena);
        return bau_error_set(err, BAU_E_NOMEM, "keys");
    }
    *keys = (struct bau_keys){ .arena = arena, .mode = BAU_KEY_STABLE };
    memcpy(keys->master, master, sizeof keys->master);
    *out = keys;
    return BAU_OK;
}

bau_status bau_keys_parse(const void *key, size_t bytes, struct bau_keys **out, struct bau_error *err)
{
    uint8_t master[32];
    bau_status status;
    if (!key || !parse_master(key, bytes, master))
        status = bau_error_set(err, BAU_E_USAGE,
                               "the key has %zu bytes; it must be 64 hex digits or 32 raw bytes", bytes);
    else if (trivial(master))
        status = bau_error_set(err, BAU_E_USAGE,
                               "the key is trivial; make a random one with: openssl rand -hex 32");
    else
        status = bau_keys_of(master, out, err);
    bau_wipe(master, sizeof master);
    return status;
}

void bau_keys_free(struct bau_keys *keys)
{
    if (!keys)
        return;
    bau_wipe(keys->master, sizeof keys->master);
    bau_arena_free(keys->arena);
}

bool bau_keys_per_target(const struct bau_keys *keys)
{
    return keys->mode == BAU_KEY_PER_TARGET;
}

bau_status bau_keys_mask_key(const struct bau_keys *keys, const char *target, const char *domain,
                             const char *masker, bau_canon canon, struct bau_arena *arena,
                             struct bau_mask_key **out, struct bau_error *err)
{
    return bau_mask_key_new(keys->master, target, domain, masker, canon, arena, out, err);
}

bau_status bau_keys_archive(const struct bau_keys *keys, uint8_t out[32], bool *out_stable,
                            struct bau_error *err)
{
    static const uint8_t info[] = "bauta archive 1";
    *out_stable = keys->mode != BAU_KEY_EPHEMERAL;
    return bau_hkdf(keys->master, sizeof keys->master, NULL, 0, info, sizeof info, out, 32, err);
}

bau_status bau_keys_subset(const struct bau_keys *keys, uint8_t out[16], struct bau_error *err)
{
    static const uint8_t info[] = "bauta subset 1";
    return bau_hkdf(keys->master, sizeof keys->master, NULL, 0, info, sizeof info, out, 16, err);
}

/* The key schedule and what maskers draw from a key: see mask_key.h and include/bauta/masker.h. */
#include "src/core/mask_key.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "src/core/canon.h"
#include "src/kernel/kernels.h"

struct bau_mask_key {
    struct bau_prf prf;
    uint8_t parent[32];
    bau_canon canon;
};

bau_status bau_hkdf(const uint8_t *key, size_t key_len, const uint8_t *salt, size_t salt_len,
                    const uint8_t *info, size_t info_len, uint8_t *out, size_t out_len, struct bau_error *err)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    uint8_t k[64], s[128], i[1024]; /* OSSL_PARAM takes them without const */
    char digest[] = "SHA256";
    bool good = ctx && key_len <= sizeof k && salt_len <= sizeof s && info_len <= sizeof i;
    if (good) {
        memcpy(k, key, key_len);
        if (salt_len)
            memcpy(s, salt, salt_len);
        if (info_len)
            memcpy(i, info, info_len);
        OSSL_PARAM params[5] = { OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, k, key_len),
                                 OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, i, info_len),
                                 OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end() };
        if (salt_len)
            params[3] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, s, salt_len);
        good = EVP_KDF_derive(ctx, out, out_len, params) == 1;
    }
    bau_wipe(k, sizeof k);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return good ? BAU_OK : bau_error_set(err, BAU_E_BUG, "HKDF-SHA256 is not available");
}

static bool add_part(uint8_t *info, size_t room, size_t *len, const char *text)
{
    const size_t n = strlen(text);
    if (n + 4 > room - *len)
        return false;
    for (unsigned b = 0; b < 4; b++)
        info[(*len)++] = (uint8_t)(n >> (8 * b));
    memcpy(info + *len, text, n);
    *len += n;
    return true;
}

bau_status bau_mask_key_new(const uint8_t master[32], const char *target, const char *domain,
                            const char *masker, bau_canon canon, struct bau_arena *arena,
                            struct bau_mask_key **out, struct bau_error *err)
{
    uint8_t info[1024], keys[48];
    size_t len = 0;
    if (!add_part(info, sizeof info, &len, "1") || !add_part(info, sizeof info, &len, target) ||
        !add_part(info, sizeof info, &len, domain) || !add_part(info, sizeof info, &len, masker))
        return bau_error_set(err, BAU_E_USAGE, "the names of domain and target pass 1000 bytes");
    struct bau_mask_key *key = bau_arena_zero(arena, sizeof *key);
    if (!key)
        return bau_error_set(err, BAU_E_NOMEM, "key");
    BAU_TRY(bau_hkdf(master, 32, (const uint8_t *)"bauta", 5, info, len, keys, sizeof keys, err));
    const bool good = bau_prf_init(&key->prf, keys);
    memcpy(key->parent, keys + 16, 32);
    key->canon = canon;
    bau_wipe(keys, sizeof keys);
    if (!good)
        return bau_error_set(err, BAU_E_NOMEM, "key");
    *out = key;
    return BAU_OK;
}

void bau_mask_key_release(struct bau_mask_key *key)
{
    if (!key)
        return;
    bau_prf_release(&key->prf);
    bau_wipe(key, sizeof *key);
}

bau_status bau_mask_subkey(const struct bau_mask_key *key, const char *label, uint8_t out[32],
                           struct bau_error *err)
{
    return bau_hkdf(key->parent, sizeof key->parent, NULL, 0, (const uint8_t *)label, strlen(label), out, 32,
                    err);
}

bau_status bau_mask_canonical(const struct bau_mask_key *key, struct bau_arena *arena,
                              const struct bau_column *in, struct bau_column *out, struct bau_error *err)
{
    return bau_canon_column(key->canon, arena, in, out, err);
}

bau_status bau_mask_digest(const struct bau_mask_key *key, struct bau_arena *arena,
                           const struct bau_column *in, uint8_t (**out)[16], struct bau_error *err)
{
    struct bau_column text;
    BAU_TRY(bau_canon_column(key->canon, arena, in, &text, err));
    uint8_t(*digests)[16] = bau_arena_buffer(arena, (size_t)in->n_values * 16);
    if (!digests)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    bau_prf_batch(&key->prf, text.data, text.offsets, in->n_values, (uint8_t *)digests);
    *out = digests;
    return BAU_OK;
}

/* "42", "-7", "42.00": a decimal integer within int64; anything else is refused. */
static bool parse_integer(const uint8_t *s, size_t n, int64_t *out)
{
    size_t i = n && s[0] == '-';
    const bool negative = i == 1;
    uint64_t value = 0;
    const size_t first = i;
    for (; i < n && s[i] >= '0' && s[i] <= '9'; i++) {
        const uint64_t digit = (uint64_t)(s[i] - '0');
        if (value > (UINT64_C(1) << 63) / 10 || value * 10 > (UINT64_C(1) << 63) - digit)
            return false;
        value = value * 10 + digit;
    }
    if (i == first)
        return false;
    if (i < n && s[i] == '.')
        for (i++; i < n && s[i] == '0'; i++)
            continue;
    if (i != n || (!negative && value > INT64_MAX))
        return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bau_status bau_mask_integers(const struct bau_column *in, struct bau_arena *arena, int64_t **out,
                             struct bau_error *err)
{
    int64_t *values = bau_arena_buffer(arena, (size_t)in->n_values * sizeof *values);
    if (!values)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (in->type == BAU_I64)
            values[i] = ((const int64_t *)in->data)[i];
        else if (in->type == BAU_I32)
            values[i] = ((const int32_t *)in->data)[i];
        else if (in->type == BAU_I16)
            values[i] = ((const int16_t *)in->data)[i];
        else {
            const struct bau_slice v = bau_column_value(in, i);
            values[i] = 0;
            if (bau_column_present(in, i) && !parse_integer(v.data, v.len, &values[i]))
                return bau_error_set(err, BAU_E_DATA,
                                     "value %u of the batch, %zu bytes, is no integer of 64 bits", i, v.len);
        }
    }
    *out = values;
    return BAU_OK;
}

static bool narrow(bau_type type, int64_t value)
{
    return type == BAU_I64 || (type == BAU_I32 ? value >= INT32_MIN && value <= INT32_MAX
                                               : value >= INT16_MIN && value <= INT16_MAX);
}

static bau_status fixed_integers(const struct bau_column *in, const int64_t *values, struct bau_column *out,
                                 struct bau_error *err)
{
    for (uint32_t i = 0; i < in->n_values; i++) {
        const int64_t v = bau_column_present(in, i) ? values[i] : 0;
        if (!narrow(in->type, v))
            return bau_error_set(err, BAU_E_DATA, "the masked value of value %u of the batch does not fit %s",
                                 i, bau_type_word(in->type));
        if (in->type == BAU_I64)
            ((int64_t *)out->data)[i] = v;
        else if (in->type == BAU_I32)
            ((int32_t *)out->data)[i] = (int32_t)v;
        else
            ((int16_t *)out->data)[i] = (int16_t)v;
    }
    return BAU_OK;
}

bau_status bau_mask_from_integers(const struct bau_column *in, const int64_t *values, struct bau_arena *arena,
                                  struct bau_column *out, struct bau_error *err)
{
    const bool fixed = bau_type_width(in->type) != 0;
    BAU_TRY(bau_column_make(out, in, in->type, (size_t)in->n_values * 20, arena, err));
    if (fixed)
        return fixed_integers(in, values, out, err);
    uint8_t *to = out->data;
    uint32_t at = 0;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i)) {
            char digits[20];
            size_t n = 0;
            uint64_t v = values[i] < 0 ? 0 - (uint64_t)values[i] : (uint64_t)values[i];
            do
                digits[n++] = (char)('0' + v % 10);
            while (v /= 10);
            if (values[i] < 0)
                to[at++] = '-';
            while (n)
                to[at++] = (uint8_t)digits[--n];
        }
        out->offsets[i + 1] = at;
    }
    return BAU_OK;
}

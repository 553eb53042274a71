/* password: the hash of a password becomes the hash of one known test password, "bauta-test", by the same algorithm and
 * in the same spelling, so that the software's own log-in works and nobody's password is in staging.
 *
 * Recognised: bcrypt ($2a$ $2b$ $2x$ $2y$), Argon2, scrypt (PHC, $7$, Django's, Werkzeug's), yescrypt, PBKDF2 (Django's,
 * Werkzeug's, passlib's, ASP.NET Identity version 3), crypt(3)'s $6$ $5$ $1$, $apr1$, phpass ($P$ $H$), LDAP's {SSHA…}
 * {SMD5} {SHA}, MySQL's *HEX, PostgreSQL's SCRAM-SHA-256, and bare hexadecimal MD5, SHA-1, SHA-256, SHA-512.
 *
 * bcrypt keeps its cost from 4 to 14 (another becomes 12), $6$ and $5$ whether they name rounds; every other output has
 * the cost that the table shows. The hashes were made by passlib, bcrypt, argon2-cffi, libxcrypt and hashlib; the tests
 * check each with another library. Salts are fixed: equal formats come out equal. */
#include "maskers/common.h"

enum { REFUSE, UNUSABLE, PLAIN };
enum { COST_LEAST = 4, COST_MOST = 14, COST_ELSE = 12, BCRYPT = 60 };

static const char test_password[] = "bauta-test";

struct config {
    bool unusable;
    uint32_t other, max_chars;
};

static const struct bau_option options[] = {
    { "unusable", BAU_OPTION_BOOL, offsetof(struct config, unusable), "false", 0, 0,
      "Makes every hash the text !, which no password has.", 0, NULL, NULL, 0 },
    { "other", BAU_OPTION_CHOICE, offsetof(struct config, other), "refuse", 0, 0,
      "What a value of no known format becomes: the run stops, the text !, or the test password itself "
      "(bauta-test).",
      0, "refuse|unusable|plain", NULL, 0 },
    { 0 },
};

/* By cost, from COST_LEAST on, without "$2b$". */
static const char *const bcrypt[] = {
    "04$bautaBAUTAbautaBAUTAbejiCc.iy3jWWGiEOUj3byLjAwTT89fxG",
    "05$bautaBAUTAbautaBAUTAbeNPDhFAavEhMO1t14Obdd7meWdCZKEqS",
    "06$bautaBAUTAbautaBAUTAber768WDW2uiag3JkLtprQdjW9HXITjUW",
    "07$bautaBAUTAbautaBAUTAbe4uuk4jU4aWZz6P8VmupNyrJ4ekoQiMe",
    "08$bautaBAUTAbautaBAUTAbeBOfG77lpaLBarOFWRJCXo0/BLEmMPlu",
    "09$bautaBAUTAbautaBAUTAbeLpbfP3d5qqDPcU56j3V6zIRzDp28RUW",
    "10$bautaBAUTAbautaBAUTAbekpYeWjfXrOod6vDONDqEOmyyAMW.dkK",
    "11$bautaBAUTAbautaBAUTAbeuRBdThlNZEkFg1bwCg6bJ6opUZhT536",
    "12$bautaBAUTAbautaBAUTAbeqo/VNeKp2hp1Hy1FKvo0qbGEQsa66R2",
    "13$bautaBAUTAbautaBAUTAbebBzk.c1KTSSaAC0yRRriMWHLPZ50LzO",
    "14$bautaBAUTAbautaBAUTAbetzEiNr.PwL9QQ6VtbwawWGBY7FBos56",
};

/* In a shape # is digits, & hexadecimal digits, ~ characters of base64 in any of its alphabets; one at least of each. */
static const struct {
    const char *shape;
    uint32_t len; /* of the whole; 0: any */
    const char *hash;
} formats[] = {
    { "$argon2id$v=#$m=#,t=#,p=#$~$~", 0,
      "$argon2id$v=19$m=65536,t=3,p=4$YmF1dGEtc2FsdC1iYXV0YQ$SKyXDQu6YIXrK1qSzJbOqwMMGw/N1q"
      "/ei8hS/u897VE" },
    { "$argon2i$v=#$m=#,t=#,p=#$~$~", 0,
      "$argon2i$v=19$m=65536,t=3,p=4$YmF1dGEtc2FsdC1iYXV0YQ$3qwZPQhRVOPM214d3dq16qoYrv9oQo8"
      "phcCO5SfQAMI" },
    { "$argon2d$v=#$m=#,t=#,p=#$~$~", 0,
      "$argon2d$v=19$m=65536,t=3,p=4$YmF1dGEtc2FsdC1iYXV0YQ$XbyU69y4rVa4X+Lr4zgv4rVDTRQReUm"
      "KfXMwtdifXYQ" },
    { "$scrypt$ln=#,r=#,p=#$~$~", 0,
      "$scrypt$ln=14,r=8,p=1$YmF1dGEtc2FsdC1iYXV0YQ$M43xVjzVxW/cY8Eg4+x3rZyYvTd83Jq9AL3M1g7"
      "JRVs" },
    { "scrypt$#$~$#$#$~", 0,
      "scrypt$16384$bautasaltbautasalt0000$8$5$l+puQV/PlCCELv4WES7paGKIJpt13wLkJ6/gO9QlrWTb"
      "1zO1IY1+6+DMC6ZN4GOeRpu/oVvoDjeLYWDp9uemdg==" },
    { "scrypt:#:#:#$~$&", 0,
      "scrypt:32768:8:1$bautasaltbautasa$7d6810360de43d4aa8541647374cf6473d06fe12f924b13651"
      "2038c5903d91e1d7182ae439bcd9254f573250eddaa772aefc96c8cf32c97788e0bc8b41bb2acc" },
    { "$7$~$~", 0, "$7$CU..../....bautasaltbautasaltbau.$81VOAwXuL8o1DiPp8rmXHgr2voUSzJXSOA36lNxCe55" },
    { "$y$~$~$~", 0, "$y$j9T$bautasaltbautasaltbau.$7ls2akflSLI97yt3ffrZk7P0nH4OMwjkXx.mUe0o9eA" },
    { "pbkdf2_sha256$#$~$~", 0,
      "pbkdf2_sha256$600000$bautasaltbautasalt0000$ytpM/5SSGyYsR5usZzXemXpRRgtxk3quKg3Ny2Ce"
      "SWE=" },
    { "pbkdf2_sha1$#$~$~", 0, "pbkdf2_sha1$600000$bautasaltbautasalt0000$hQ4REhHhjsg7tq29RFU3AGtZNPc=" },
    { "pbkdf2:sha256:#$~$&", 0,
      "pbkdf2:sha256:600000$bautasaltbautasa$23e1815115177e093db95b7e1a03bade3b2c1b7f2398eb"
      "e7492144f124bf7688" },
    { "pbkdf2:sha512:#$~$&", 0,
      "pbkdf2:sha512:210000$bautasaltbautasa$c88f7cc6e5649d0a44801550e5436c83a44aab8e59bd7c"
      "5cd352f9cbbfc7360757dacd7b245f8f470c12211ad1bc99204a18192317ef76e4d365d84009796b52" },
    { "pbkdf2:sha1:#$~$&", 0,
      "pbkdf2:sha1:600000$bautasaltbautasa$0b132981c8659b5577b555608953b6804e7a5852" },
    { "$pbkdf2$#$~$~", 0, "$pbkdf2$131000$YmF1dGEtc2FsdC1iYXV0YQ$v8/Pok9sW6JveechZ.9da/fYdDg" },
    { "$pbkdf2-sha256$#$~$~", 0,
      "$pbkdf2-sha256$29000$YmF1dGEtc2FsdC1iYXV0YQ$YrvQsCp/H/FBXkKOC979jfBC2R0qjbOrHrSwwUvH"
      "SIA" },
    { "$pbkdf2-sha512$#$~$~", 0,
      "$pbkdf2-sha512$25000$YmF1dGEtc2FsdC1iYXV0YQ$t3L22dj1dGgLhRd.OGhKbsxoJZOvgA6SBBEhNCAR"
      "UTAnJ1OpEcXTJJ89NRJy/VBD0ph9kBW8WtrEA864tqUYzQ" },
    { "$6$~$~", 0,
      "$6$bautasaltbautasa$nBvvdVYjPspCro6l.CXoaz5O4o9O4eoSx0jdcuRiqpAT2cIMr6IT2L4W//Bhwn04"
      "9tT2KmeGmDLwS0gtTOOGt1" },
    { "$6$rounds=#$~$~", 0,
      "$6$rounds=656000$bautasaltbautasa$fNferzE4d30YhUEj4OpSpEgKqesHZza34zYopqXExz0ez5/78v"
      "vFujbZOnDnJ2vbrcjlKoOd2F/Es1Igpi7J.0" },
    { "$5$~$~", 0, "$5$bautasaltbautasa$NZxYWWiameSyX6iA/CfeoHDVXxtbo6HT4Qd5RiagSZB" },
    { "$5$rounds=#$~$~", 0, "$5$rounds=535000$bautasaltbautasa$yRTKtcWrkkOb0xR5nVOEEYZUkcBCDhAQDBt4VegoSy7" },
    { "$1$~$~", 0, "$1$bautasal$5OEHlIde9DNt6Qm9HbtxZ/" },
    { "$apr1$~$~", 0, "$apr1$bautasal$lJXvh5fNwsTq11zok7/mG0" },
    { "$P$~", 34, "$P$BbautasalIMPGEgW3Pel.9zkTvMSeb1" },
    { "$H$~", 34, "$H$BbautasalIMPGEgW3Pel.9zkTvMSeb1" },
    { "{SSHA}~", 0, "{SSHA}+1AB8FR4XqJYg6126iGsNTjRJuFiYXV0YXNhbA==" },
    { "{SSHA256}~", 0, "{SSHA256}zFE0vHTEM3cpEsiGUBpb5wanlQs2pEEbGBQTuy9H1OxiYXV0YXNhbA==" },
    { "{SSHA512}~", 0,
      "{SSHA512}KY8RWE6OguSYgdJfukhoGKo27cG5HrIMJbaQ5qC8ZX6G9BFa3b35QamuwhIa/anlfweryCDcSmR"
      "0n0JBy46McmJhdXRhc2Fs" },
    { "{SMD5}~", 0, "{SMD5}stQ9YxYbZNpbq3NTZz4KV2JhdXRhc2Fs" },
    { "{SHA}~", 0, "{SHA}tHoZ35zDfRgd1wEGf5Vv8FPSCoE=" },
    { "*&", 41, "*020D611ED7DA6EE4A849E0677B07AB9BA6B3E983" },
    { "SCRAM-SHA-256$#:~$~:~", 0,
      "SCRAM-SHA-256$4096:YmF1dGEtc2FsdC1iYXV0YQ==$sS7Cv17ZdnBnPigFedVos8z7ZYGc8My6f5P0AJJ4"
      "QHs=:eqNIzG8GhWSDyrqet35mz2tqrPU9Ko72SBHbQIvywMY=" },
    { "AQAAAA~", 84, "AQAAAAIAAYagAAAAEGJhdXRhLXNhbHQtYmF1dGENPhs5SK8t663IWGvxeOtECNMq7hVojVP8WZ+MY9LamA==" },
    { "&", 32, "a1a04ef9a978e918558b806fcc0e2e7a" },
    { "&", 40, "b47a19df9cc37d181dd701067f956ff053d20a81" },
    { "&", 64, "d705a5a3e28b5d1f5ca608452a6eda9c02165818e20f398d7891f00afe2b3bc6" },
    { "&", 128,
      "697423f039760460d13f4d8ce049391c2199ab450bda9030fee75c90f2815eb9d70d2e23afcb19631abb"
      "6acd991ed6f0931eab00479fc0abaaed87831a7790ae" },
};

static bool is_hex(uint8_t c)
{
    return bau_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_base64(uint8_t c)
{
    return bau_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c && strchr("./+=_-", c));
}

static bool has_shape(const uint8_t *p, size_t len, const char *shape)
{
    size_t i = 0;
    for (; *shape; shape++) {
        const size_t from = i;
        if (*shape == '#')
            while (i < len && bau_is_digit(p[i]))
                i++;
        else if (*shape == '&')
            while (i < len && is_hex(p[i]))
                i++;
        else if (*shape == '~')
            while (i < len && is_base64(p[i]))
                i++;
        else
            i += i < len && p[i] == (uint8_t)*shape;
        if (i == from)
            return false;
    }
    return i == len;
}

/* $2b$10$ and 53 characters: the table's line for the cost, else NULL. */
static const char *bcrypt_of(const uint8_t *p, size_t len)
{
    if (len != BCRYPT || memcmp(p, "$2", 2) != 0 || !p[2] || !strchr("abxy", p[2]) ||
        !has_shape(p + 3, len - 3, "$#$~") || p[6] != '$')
        return NULL;
    const uint32_t cost = (uint32_t)(p[4] - '0') * 10 + (uint32_t)(p[5] - '0');
    return bcrypt[(cost >= COST_LEAST && cost <= COST_MOST ? cost : COST_ELSE) - COST_LEAST];
}

/* The bytes that stand in for a hash, `head` of them those of the value; NULL: no known format. */
static const char *find_format(const uint8_t *p, size_t len, size_t *head)
{
    const char *line = bcrypt_of(p, len);
    *head = line ? 4 : 0;
    for (size_t i = 0; !line && i < BAU_COUNT(formats); i++)
        if ((!formats[i].len || formats[i].len == len) && has_shape(p, len, formats[i].shape))
            return formats[i].hash;
    return line;
}

static uint32_t longest(void)
{
    size_t most = BCRYPT;
    for (size_t i = 0; i < BAU_COUNT(formats); i++)
        most = strlen(formats[i].hash) > most ? strlen(formats[i].hash) : most;
    return (uint32_t)most;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    (void)err;
    c->max_chars = with->max_chars;
    return BAU_OK;
}

/* MD5 and its like are written in capitals too. */
static bool is_upper_hex(const uint8_t *p, size_t len)
{
    bool upper = false;
    for (size_t i = 0; i < len; i++) {
        if (!is_hex(p[i]) || (p[i] >= 'a' && p[i] <= 'f'))
            return false;
        upper |= p[i] >= 'A';
    }
    return upper;
}

static size_t mask_one(const struct config *c, const uint8_t *p, size_t len, uint8_t *dst)
{
    size_t head = 0;
    const char *hash = find_format(p, len, &head);
    if (!hash && c->other == REFUSE)
        return 0;
    if (!hash)
        hash = c->other == PLAIN ? test_password : "!";
    if (c->unusable || hash[0] == '!') {
        dst[0] = '!';
        return 1;
    }
    const size_t n = strlen(hash);
    memcpy(dst, p, head);
    memcpy(dst + head, hash, n);
    if (is_upper_hex(p, len))
        for (size_t i = 0; i < n; i++)
            dst[i] = dst[i] >= 'a' && dst[i] <= 'f' ? dst[i] - 0x20 : dst[i];
    return head + n;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    BAU_TRY(bau_mask_text_out(out, in, BAU_TEXT, longest(), ctx->arena, err));
    uint8_t *dst = out->data, *const start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        if (bau_column_present(in, i)) {
            const size_t n = mask_one(c, v.data, v.len, dst);
            if (!n)
                return bau_mask_refuse(ctx, in, i, "is no password hash of a known format", err);
            if (c->max_chars && n > c->max_chars)
                return bau_mask_refuse(ctx, in, i,
                                       "is a hash whose test hash is longer than the column holds", err);
            dst += n;
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    const uint32_t most = longest();
    (void)type;
    return c->max_chars && c->max_chars < most ? c->max_chars : most;
}

const struct bau_masker bau_masker_password = {
    .name = "password",
    .summary = "Replaces a password hash by the hash of one known test password, in the same algorithm.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC,
    .leaks = BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
    .example_options = "",
};

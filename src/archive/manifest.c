/* The manifest's bytes: see FORMAT.md.
 *
 *   "BAUTAMAN" version header-length header | body-length raw-length body | root signer signature
 *
 * The header is JSON that anyone may read; the body, compressed and, in a sealed archive, sealed, holds the rest: a JSON
 * document, the records of the chunks, the schema of every store. */
#include "src/archive/manifest.h"

#include <stdio.h>
#include <string.h>

#include "src/archive/bytes.h"
#include "src/archive/chunk.h"

#define LATEST_SEC UINT64_C(253402300799) /* the end of the year 9999 */
enum { TRAILER = BAU_SUM_BYTES + 32 + 64, LEVEL = 9, HEADER_MOST = 1 << 28 };
static const char magic[8] = { 'B', 'A', 'U', 'T', 'A', 'M', 'A', 'N' };
static const char signed_as[24] = "bauta archive manifest 1";

static bau_status memory(struct bau_error *err)
{
    return bau_error_set(err, BAU_E_NOMEM, "manifest");
}

static bau_status malformed(const char *what, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_INTEGRITY, "the manifest is malformed: %s", what);
}

bau_status bau_manifest_new(struct bau_manifest **out, struct bau_error *err)
{
    struct bau_arena *arena = bau_arena_new(1u << 16, BAU_ARENA_PRIVATE);
    struct bau_manifest *m = arena ? bau_arena_zero(arena, sizeof *m) : NULL;
    if (!m) {
        bau_arena_free(arena);
        return memory(err);
    }
    m->arena = arena;
    *out = m;
    return BAU_OK;
}

void bau_manifest_free(struct bau_manifest *m)
{
    if (!m)
        return;
    for (uint32_t i = 0; i < m->n_stores; i++)
        if (m->stores[i].catalog)
            bau_arena_free(m->stores[i].catalog->arena);
    for (uint32_t i = 0; i < m->n_origins; i++)
        bau_wipe(m->origins[i].key, sizeof m->origins[i].key);
    json_decref(m->header);
    bau_arena_free(m->arena);
}

/* ── records and names ───────────────────────────────────────────────────────────────────────────────────────────── */

void bau_chunk_put(const struct bau_chunk_at *c, uint8_t out[BAU_CHUNK_RECORD])
{
    bau_put32(out, c->pack);
    bau_put32(out + 4, c->index);
    bau_put64(out + 8, c->at);
    bau_put64(out + 16, c->stored);
    bau_put64(out + 24, c->raw);
    memcpy(out + 32, c->sum, BAU_SUM_BYTES);
}

void bau_chunk_get(const uint8_t in[BAU_CHUNK_RECORD], struct bau_chunk_at *out)
{
    out->pack = bau_get32(in);
    out->index = bau_get32(in + 4);
    out->at = bau_get64(in + 8);
    out->stored = bau_get32(in + 16);
    out->raw = bau_get64(in + 24);
    memcpy(out->sum, in + 32, BAU_SUM_BYTES);
}

void bau_pack_name(const uint8_t id[16], uint32_t number, char out[64])
{
    char hex[33];
    bau_hex(id, 16, hex);
    (void)snprintf(out, 64, "packs/%s/%08" PRIx32, hex, number);
}

void bau_pack_head(const uint8_t id[16], uint32_t number, uint8_t out[BAU_PACK_HEAD])
{
    memcpy(out, "BAUTAPAK", 8);
    bau_put32(out + 8, BAU_ARCHIVE_VERSION);
    bau_put32(out + 12, number);
    memcpy(out + 16, id, 16);
}

void bau_chunk_seal_of(const uint8_t id[16], uint32_t pack, uint32_t index, uint8_t nonce[BAU_NONCE_BYTES],
                       uint8_t aad[40])
{
    memset(nonce, 0, BAU_NONCE_BYTES);
    bau_put32(nonce + 4, pack);
    bau_put32(nonce + 8, index);
    memcpy(aad, "bauta chunk 1\0\0\0", 16);
    memcpy(aad + 16, id, 16);
    bau_put32(aad + 32, pack);
    bau_put32(aad + 36, index);
}

/* RFC 6962, 2.1, but that a node without a neighbour moves up as it is: the same tree. */
static bau_status merkle(const struct bau_manifest *m, uint8_t out[BAU_SUM_BYTES], struct bau_error *err)
{
    if (m->n_chunks == 0)
        return bau_sum("", 0, out, err);
    uint8_t *level = bau_alloc_array((size_t)m->n_chunks, BAU_SUM_BYTES);
    uint8_t node[1 + 2 * BAU_SUM_BYTES];
    if (!level)
        return memory(err);
    bau_status status = BAU_OK;
    node[0] = 0;
    for (uint64_t i = 0; i < m->n_chunks && status == BAU_OK; i++) {
        memcpy(node + 1, m->chunks[i].sum, BAU_SUM_BYTES);
        status = bau_sum(node, 1 + BAU_SUM_BYTES, level + i * BAU_SUM_BYTES, err);
    }
    node[0] = 1;
    for (uint64_t n = m->n_chunks; n > 1 && status == BAU_OK; n = (n + 1) / 2)
        for (uint64_t i = 0; i < (n + 1) / 2 && status == BAU_OK; i++) {
            uint8_t *to = level + i * BAU_SUM_BYTES;
            if (2 * i + 1 == n) {
                memmove(to, level + 2 * i * BAU_SUM_BYTES, BAU_SUM_BYTES);
                continue;
            }
            memcpy(node + 1, level + 2 * i * BAU_SUM_BYTES, sizeof node - 1);
            status = bau_sum(node, sizeof node, to, err);
        }
    if (status == BAU_OK)
        memcpy(out, level, BAU_SUM_BYTES);
    bau_free(level);
    return status;
}

/* ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static json_t *hex_json(const uint8_t *bytes, size_t n)
{
    char text[2 * 64 + 1];
    bau_hex(bytes, n, text);
    return json_string(text);
}

static json_t *header_json(const struct bau_manifest *m)
{
    json_t *origins = json_array(), *packs = json_array(), *stores = json_array();
    for (uint32_t i = 0; i < m->n_origins; i++) {
        json_t *o = json_pack("{s:o}", "id", hex_json(m->origins[i].id, 16));
        if (m->origins[i].wraps)
            json_object_set(o, "wraps", m->origins[i].wraps);
        if (m->origins[i].expires)
            json_object_set_new(o, "expires", json_integer((json_int_t)m->origins[i].expires));
        json_array_append_new(origins, o);
    }
    for (uint32_t i = 0; i < m->n_packs; i++)
        json_array_append_new(
            packs, json_pack("[I, I]", (json_int_t)m->packs[i].origin, (json_int_t)m->packs[i].number));
    for (uint32_t i = 0; i < m->n_stores; i++)
        json_array_append_new(stores, json_string(m->stores[i].name));
    return json_pack("{s:s, s:o, s:s, s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "bauta",
                     BAU_VERSION, "id", hex_json(m->id, 16), "name", m->name, "created", m->created, "sealed",
                     m->sealed, "all_kept", m->all_kept, "rows", (json_int_t)m->rows, "bytes",
                     (json_int_t)m->bytes, "own_bytes", (json_int_t)m->own_bytes, "index_bytes",
                     (json_int_t)m->index_bytes, "index_sum", hex_json(m->index_sum, BAU_SUM_BYTES), "stores",
                     stores, "origins", origins, "packs", packs);
}

static json_t *body_json(const struct bau_manifest *m)
{
    json_t *stores = json_array(), *parts = json_array();
    for (uint32_t i = 0; i < m->n_stores; i++) {
        const struct bau_stored_store *s = &m->stores[i];
        json_array_append_new(stores, json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", s->name, "identity",
                                                s->identity, "plan", s->plan, "taken", s->taken, "catalog",
                                                bau_catalog_json(s->catalog)));
    }
    for (uint32_t i = 0; i < m->n_parts; i++) {
        const struct bau_stored_part *p = &m->parts[i];
        json_t *groups = json_array();
        for (uint32_t g = 0; g < p->n_groups; g++)
            json_array_append_new(groups, json_integer(p->group_rows[g]));
        json_array_append_new(parts, json_pack("{s:I, s:I, s:I, s:I, s:I, s:s, s:I, s:I, s:o}", "store",
                                               (json_int_t)p->store, "dataset", (json_int_t)p->dataset,
                                               "number", (json_int_t)p->number, "of", (json_int_t)p->of,
                                               "rows", (json_int_t)p->rows, "format", p->format, "columns",
                                               (json_int_t)p->n_columns, "first", (json_int_t)p->first_chunk,
                                               "groups", groups));
    }
    return json_pack("{s:o, s:o}", "stores", stores, "parts", parts);
}

static bau_status add_json(json_t *json, struct bau_text *out, struct bau_error *err)
{
    const size_t n = json ? json_dumpb(json, NULL, 0, JSON_COMPACT | JSON_SORT_KEYS) : 0;
    uint8_t len[4];
    bau_put32(len, (uint32_t)n);
    bau_text_addn(out, len, sizeof len);
    bau_status status = n && n < HEADER_MOST && bau_text_reserve(out, n + 1) ? BAU_OK : memory(err);
    if (status == BAU_OK) {
        (void)json_dumpb(json, out->data + out->len, n, JSON_COMPACT | JSON_SORT_KEYS);
        out->len += n;
    }
    json_decref(json);
    return status;
}

static bau_status plain_body(const struct bau_manifest *m, struct bau_text *out, struct bau_error *err)
{
    uint8_t record[BAU_CHUNK_RECORD], len[8];
    BAU_TRY(add_json(body_json(m), out, err));
    bau_put64(len, m->n_chunks);
    bau_text_addn(out, len, sizeof len);
    for (uint64_t i = 0; i < m->n_chunks; i++) {
        bau_chunk_put(&m->chunks[i], record);
        bau_text_addn(out, record, sizeof record);
    }
    for (uint32_t i = 0; i < m->n_stores; i++) {
        bau_put64(len, m->stores[i].schema.len);
        bau_text_addn(out, len, sizeof len);
        bau_text_addn(out, m->stores[i].schema.data, m->stores[i].schema.len);
    }
    return out->failed ? memory(err) : BAU_OK;
}

static bau_status seal_body(const uint8_t key[BAU_KEY_BYTES], const struct bau_text *head,
                            struct bau_text *body, struct bau_error *err)
{
    uint8_t own[BAU_KEY_BYTES], sum[BAU_SUM_BYTES];
    static const uint8_t nonce[BAU_NONCE_BYTES]; /* the key seals nothing else */
    if (!bau_text_reserve(body, BAU_TAG_BYTES))
        return memory(err);
    BAU_TRY(bau_sum(head->data, head->len, sum, err));
    BAU_TRY(bau_derive(key, "bauta manifest 1", own, err));
    const bau_status status =
        bau_gcm_seal(own, nonce, sum, sizeof sum, body->data, body->len, (uint8_t *)body->data, err);
    body->len += BAU_TAG_BYTES;
    bau_wipe(own, sizeof own);
    return status;
}

static bau_status sign(const uint8_t seed[32], struct bau_manifest *m, struct bau_text *out,
                       struct bau_error *err)
{
    uint8_t message[sizeof signed_as + BAU_SUM_BYTES], signature[64];
    memcpy(message, signed_as, sizeof signed_as);
    BAU_TRY(bau_sign_public(seed, m->signer, err));
    bau_text_addn(out, m->root, sizeof m->root);
    bau_text_addn(out, m->signer, sizeof m->signer);
    if (out->failed)
        return memory(err);
    BAU_TRY(bau_sum(out->data, out->len, message + sizeof signed_as, err));
    BAU_TRY(bau_sign(seed, message, sizeof message, m->signer, signature, err));
    bau_text_addn(out, signature, sizeof signature);
    return out->failed ? memory(err) : BAU_OK;
}

bau_status bau_manifest_write(struct bau_manifest *m, const uint8_t key[BAU_KEY_BYTES],
                              const uint8_t seed[32], struct bau_text *out, struct bau_error *err)
{
    BAU_AUTO_TEXT plain = { 0 };
    BAU_AUTO_TEXT body = { 0 };
    uint8_t number[8];
    struct bau_packer *packer = NULL;
    BAU_TRY(merkle(m, m->root, err));
    bau_text_addn(out, magic, sizeof magic);
    bau_put32(number, BAU_ARCHIVE_VERSION);
    bau_text_addn(out, number, 4);
    BAU_TRY(add_json(header_json(m), out, err));
    BAU_TRY(plain_body(m, &plain, err));
    BAU_TRY(bau_packer_new(LEVEL, &packer, err));
    bau_status status = bau_chunk_compress(packer, plain.data, plain.len, &body, err);
    bau_packer_free(packer);
    if (status == BAU_OK && m->sealed)
        status = seal_body(key, out, &body, err);
    BAU_TRY(status);
    bau_put64(number, body.len);
    bau_text_addn(out, number, 8);
    bau_put64(number, plain.len);
    bau_text_addn(out, number, 8);
    bau_text_addn(out, body.data, body.len);
    return sign(seed, m, out, err);
}

/* ── reading the head ────────────────────────────────────────────────────────────────────────────────────────────── */

struct layout {
    const uint8_t *header, *body;
    size_t header_len, head_len, body_len;
    uint64_t raw_len;
};

static bau_status find_layout(const uint8_t *bytes, size_t n, struct layout *out, struct bau_error *err)
{
    if (n < sizeof magic + 8 + TRAILER)
        return bau_error_set(err, BAU_E_INTEGRITY, "the manifest is cut short");
    if (memcmp(bytes, magic, sizeof magic) != 0)
        return bau_error_set(err, BAU_E_INTEGRITY, "this is no manifest of an archive");
    struct bau_cursor c = { bytes + sizeof magic, n - sizeof magic - TRAILER, false };
    const uint32_t version = bau_cursor_u32(&c);
    if (version != BAU_ARCHIVE_VERSION)
        return bau_error_set(err, BAU_E_INTEGRITY, "the archive has format %" PRIu32 ", this bauta reads %u",
                             version, BAU_ARCHIVE_VERSION);
    out->header_len = bau_cursor_u32(&c);
    out->header = bau_cursor_take(&c, out->header_len);
    out->head_len = sizeof magic + 8 + out->header_len;
    const uint64_t body = bau_cursor_u64(&c);
    out->raw_len = bau_cursor_u64(&c);
    if (c.bad || body != c.left)
        return bau_error_set(err, BAU_E_INTEGRITY, "the manifest is cut short or has bytes too many");
    out->body = c.at;
    out->body_len = c.left;
    return BAU_OK;
}

static bau_status check_signature(const uint8_t *bytes, size_t n, struct bau_manifest *m,
                                  struct bau_error *err)
{
    uint8_t message[sizeof signed_as + BAU_SUM_BYTES];
    memcpy(message, signed_as, sizeof signed_as);
    memcpy(m->root, bytes + n - TRAILER, BAU_SUM_BYTES);
    memcpy(m->signer, bytes + n - TRAILER + BAU_SUM_BYTES, 32);
    BAU_TRY(bau_sum(bytes, n - 64, message + sizeof signed_as, err));
    return bau_signed(m->signer, message, sizeof message, bytes + n - 64)
               ? BAU_OK
               : bau_error_set(err, BAU_E_INTEGRITY, "the manifest's signature does not match what it signs");
}

static bool get_hex(const json_t *o, const char *name, size_t n, uint8_t *out)
{
    return bau_unhex(json_string_value(json_object_get(o, name)), n, out);
}

static bool get_u64(const json_t *o, const char *name, uint64_t most, uint64_t *out)
{
    const json_t *v = json_object_get(o, name);
    const json_int_t i = json_integer_value(v);
    *out = (uint64_t)i;
    return json_is_integer(v) && i >= 0 && (uint64_t)i <= most;
}

static bool good_name(const char *name)
{
    size_t n = 0;
    for (; name && name[n]; n++)
        if (!((name[n] >= 'a' && name[n] <= 'z') || (name[n] >= 'A' && name[n] <= 'Z') ||
              (name[n] >= '0' && name[n] <= '9') || name[n] == '-'))
            return false;
    return n > 0 && n <= BAU_ARCHIVE_NAME_MOST;
}

static bool parse_packs(struct bau_manifest *m, const json_t *origins, const json_t *packs)
{
    for (uint32_t i = 0; i < m->n_origins; i++) {
        const json_t *o = json_array_get(origins, i);
        m->origins[i].wraps = json_object_get(o, "wraps");
        uint64_t expires = 0;
        if (!get_hex(o, "id", 16, m->origins[i].id) || m->sealed != json_is_array(m->origins[i].wraps) ||
            (json_object_get(o, "expires") && !get_u64(o, "expires", LATEST_SEC, &expires)))
            return false;
        m->origins[i].expires = (int64_t)expires;
    }
    for (uint32_t i = 0; i < m->n_packs; i++) {
        const json_t *p = json_array_get(packs, i);
        const json_int_t origin = json_integer_value(json_array_get(p, 0)),
                         number = json_integer_value(json_array_get(p, 1));
        if (json_array_size(p) != 2 || origin < 0 || origin >= (json_int_t)m->n_origins || number < 0 ||
            number > UINT32_MAX)
            return false;
        m->packs[i] = (struct bau_pack){ (uint32_t)origin, (uint32_t)number };
    }
    return m->n_origins > 0 && memcmp(m->origins[0].id, m->id, 16) == 0;
}

static bool parse_header(struct bau_manifest *m, const json_t *h)
{
    const json_t *origins = json_object_get(h, "origins"), *packs = json_object_get(h, "packs"),
                 *stores = json_object_get(h, "stores");
    const size_t n_origins = json_array_size(origins), n_packs = json_array_size(packs);
    m->name = bau_arena_text(m->arena, json_string_value(json_object_get(h, "name")));
    m->created = bau_arena_text(m->arena, json_string_value(json_object_get(h, "created")));
    m->sealed = json_is_true(json_object_get(h, "sealed"));
    m->all_kept = json_is_true(json_object_get(h, "all_kept"));
    m->origins = bau_arena_zero(m->arena, (n_origins + 1) * sizeof *m->origins);
    m->packs = bau_arena_zero(m->arena, (n_packs + 1) * sizeof *m->packs);
    if (!m->origins || !m->packs || !good_name(m->name) || !m->created || strlen(m->created) != 20 ||
        !get_hex(h, "id", 16, m->id) || !get_hex(h, "index_sum", BAU_SUM_BYTES, m->index_sum) ||
        !get_u64(h, "rows", INT64_MAX, &m->rows) || !get_u64(h, "bytes", INT64_MAX, &m->bytes) ||
        !get_u64(h, "own_bytes", INT64_MAX, &m->own_bytes) ||
        !get_u64(h, "index_bytes", INT64_MAX, &m->index_bytes) || !json_is_array(stores))
        return false;
    for (const char *c = m->created; *c; c++)
        if (!(*c >= '0' && *c <= '9') && !strchr("-:TZ", *c))
            return false;
    m->n_origins = (uint32_t)n_origins;
    m->n_packs = (uint32_t)n_packs;
    return parse_packs(m, origins, packs);
}

bau_status bau_manifest_head(const uint8_t *bytes, size_t n, struct bau_manifest **out, struct bau_error *err)
{
    struct layout at;
    struct bau_manifest *m = NULL;
    BAU_TRY(find_layout(bytes, n, &at, err));
    BAU_TRY(bau_manifest_new(&m, err));
    bau_status status = check_signature(bytes, n, m, err);
    if (status == BAU_OK) {
        m->header = json_loadb((const char *)at.header, at.header_len, JSON_REJECT_DUPLICATES, NULL);
        if (!m->header || !parse_header(m, m->header)) {
            m->n_origins = 0;
            status = malformed("its header", err);
        }
    }
    if (status != BAU_OK) {
        bau_manifest_free(m);
        return status;
    }
    *out = m;
    return BAU_OK;
}

/* ── reading the body ────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status open_keys(struct bau_manifest *m, struct bau_opener *opener, uint8_t own[BAU_KEY_BYTES],
                            struct bau_error *err)
{
    for (uint32_t i = 0; i < m->n_origins; i++) {
        uint8_t key[BAU_KEY_BYTES];
        BAU_TRY(bau_unwrap(opener, m->origins[i].id, m->origins[i].wraps, key, err));
        bau_status status = bau_derive(key, "bauta chunks 1", m->origins[i].key, err);
        if (status == BAU_OK && i == 0)
            status = bau_derive(key, "bauta manifest 1", own, err);
        bau_wipe(key, sizeof key);
        BAU_TRY(status);
    }
    return BAU_OK;
}

static bau_status open_body(struct bau_manifest *m, const uint8_t *bytes, const struct layout *at,
                            struct bau_opener *opener, uint8_t **out, size_t *out_n, struct bau_error *err)
{
    static const uint8_t nonce[BAU_NONCE_BYTES];
    uint8_t own[BAU_KEY_BYTES], sum[BAU_SUM_BYTES];
    uint8_t *plain = bau_arena_take(m->arena, at->body_len + 1);
    if (!plain)
        return memory(err);
    *out = plain;
    *out_n = at->body_len;
    if (!m->sealed) {
        memcpy(plain, at->body, at->body_len);
        return BAU_OK;
    }
    BAU_TRY(open_keys(m, opener, own, err));
    BAU_TRY(bau_sum(bytes, at->head_len, sum, err));
    const bau_status status = bau_gcm_open(own, nonce, sum, sizeof sum, at->body, at->body_len, plain, err);
    bau_wipe(own, sizeof own);
    BAU_TRY_NOTE(status, err, "manifest");
    *out_n -= BAU_TAG_BYTES;
    return BAU_OK;
}

static const char *take_text(struct bau_manifest *m, const json_t *o, const char *name)
{
    return bau_arena_text(m->arena, json_string_value(json_object_get(o, name)));
}

static bau_status parse_stores(struct bau_manifest *m, const json_t *list, struct bau_error *err)
{
    const size_t n = json_array_size(list);
    m->stores = bau_arena_zero(m->arena, (n + 1) * sizeof *m->stores);
    if (!m->stores)
        return memory(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(list, i);
        struct bau_stored_store *s = &m->stores[i];
        s->name = take_text(m, o, "name");
        s->identity = take_text(m, o, "identity");
        s->plan = take_text(m, o, "plan");
        s->taken = take_text(m, o, "taken");
        if (!s->name || !s->identity || !s->plan || !s->taken)
            return malformed("its stores", err);
        BAU_TRY(bau_catalog_parse(json_object_get(o, "catalog"), &s->catalog, err));
        m->n_stores = (uint32_t)i + 1;
    }
    return BAU_OK;
}

static uint32_t columns_of(const struct bau_dataset *d)
{
    uint32_t n = 0;
    for (uint32_t f = 0; f < d->n_fields; f++)
        n += !d->fields[f].generated;
    return n;
}

static bool parse_part(struct bau_manifest *m, const json_t *o, struct bau_stored_part *p)
{
    uint64_t store, dataset, number, of, columns;
    const json_t *groups = json_object_get(o, "groups");
    const size_t n = json_array_size(groups);
    if (m->n_stores == 0 || !get_u64(o, "store", m->n_stores - 1, &store))
        return false;
    const struct bau_catalog *c = m->stores[store].catalog;
    if (c->n_datasets == 0 || !get_u64(o, "dataset", c->n_datasets - 1, &dataset) ||
        !get_u64(o, "of", UINT32_MAX, &of) || of == 0 || !get_u64(o, "number", of - 1, &number) ||
        !get_u64(o, "rows", INT64_MAX, &p->rows) || !get_u64(o, "columns", UINT32_MAX, &columns) ||
        !get_u64(o, "first", INT64_MAX, &p->first_chunk) || n > UINT32_MAX ||
        columns != columns_of(&c->datasets[dataset]))
        return false;
    p->format = take_text(m, o, "format");
    uint32_t *rows = bau_arena_take(m->arena, (n + 1) * sizeof *rows);
    uint64_t sum = 0;
    for (size_t g = 0; rows && g < n; g++) {
        const json_int_t v = json_integer_value(json_array_get(groups, g));
        if (v <= 0 || v > INT32_MAX)
            return false;
        rows[g] = (uint32_t)v;
        sum += (uint64_t)v;
    }
    p->store = (uint32_t)store;
    p->dataset = (uint32_t)dataset;
    p->number = (uint32_t)number;
    p->of = (uint32_t)of;
    p->n_columns = (uint32_t)columns;
    p->n_groups = (uint32_t)n;
    p->group_rows = rows;
    return rows && p->format && sum == p->rows &&
           (columns == 0 || n == 0 ||
            (p->first_chunk <= m->n_chunks && n <= (m->n_chunks - p->first_chunk) / columns));
}

static bau_status parse_chunks(struct bau_manifest *m, struct bau_cursor *c, struct bau_error *err)
{
    m->n_chunks = bau_cursor_u64(c);
    if (c->bad || m->n_chunks > c->left / BAU_CHUNK_RECORD)
        return malformed("its chunks", err);
    m->chunks = bau_arena_take(m->arena, ((size_t)m->n_chunks + 1) * sizeof *m->chunks);
    if (!m->chunks)
        return memory(err);
    for (uint64_t i = 0; i < m->n_chunks; i++) {
        struct bau_chunk_at *k = &m->chunks[i];
        bau_chunk_get(bau_cursor_take(c, BAU_CHUNK_RECORD), k);
        if (k->pack >= m->n_packs || k->at < BAU_PACK_HEAD || k->raw > BAU_CHUNK_PAYLOAD_MAX ||
            k->at > INT64_MAX - UINT32_MAX || k->raw / 100000 > k->stored)
            return malformed("where a chunk lies", err);
    }
    return BAU_OK;
}

static bau_status parse_body(struct bau_manifest *m, const uint8_t *plain, size_t n, struct bau_error *err)
{
    struct bau_cursor c = { plain, n, false };
    const uint32_t len = bau_cursor_u32(&c);
    const uint8_t *text = bau_cursor_take(&c, len);
    json_t *json = text ? json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (!json)
        return malformed("its body", err);
    bau_status status = parse_stores(m, json_object_get(json, "stores"), err);
    if (status == BAU_OK)
        status = parse_chunks(m, &c, err);
    const json_t *parts = json_object_get(json, "parts");
    const size_t n_parts = json_array_size(parts);
    m->parts = status == BAU_OK ? bau_arena_zero(m->arena, (n_parts + 1) * sizeof *m->parts) : NULL;
    if (status == BAU_OK && !m->parts)
        status = memory(err);
    for (size_t i = 0; status == BAU_OK && i < n_parts; i++)
        if (!parse_part(m, json_array_get(parts, i), &m->parts[i]))
            status = malformed("its parts", err);
    m->n_parts = status == BAU_OK ? (uint32_t)n_parts : 0;
    json_decref(json);
    for (uint32_t i = 0; status == BAU_OK && i < m->n_stores; i++) {
        const uint64_t schema = bau_cursor_u64(&c);
        const uint8_t *at = schema <= c.left ? bau_cursor_take(&c, (size_t)schema) : NULL;
        if (!at || c.bad)
            return malformed("its schemas", err);
        m->stores[i].schema = (struct bau_slice){ at, (size_t)schema };
    }
    return status == BAU_OK && c.left ? malformed("bytes too many", err) : status;
}

bau_status bau_manifest_body(struct bau_manifest *m, const uint8_t *bytes, size_t n,
                             struct bau_opener *opener, struct bau_error *err)
{
    struct layout at;
    uint8_t *squeezed = NULL, root[BAU_SUM_BYTES];
    size_t n_squeezed = 0;
    struct bau_packer *packer = NULL;
    BAU_TRY(find_layout(bytes, n, &at, err));
    BAU_TRY(open_body(m, bytes, &at, opener, &squeezed, &n_squeezed, err));
    if (at.raw_len > (UINT64_C(1) << 20) + 4096 * (uint64_t)n_squeezed)
        return malformed("its size", err);
    uint8_t *plain = bau_arena_take(m->arena, (size_t)at.raw_len + 1);
    if (!plain)
        return memory(err);
    BAU_TRY(bau_packer_new(LEVEL, &packer, err));
    const bau_status status = bau_chunk_expand(packer, squeezed, n_squeezed, plain, (size_t)at.raw_len, err);
    bau_packer_free(packer);
    BAU_TRY_NOTE(status, err, "manifest");
    BAU_TRY(parse_body(m, plain, (size_t)at.raw_len, err));
    BAU_TRY(merkle(m, root, err));
    return bau_bytes_same(root, m->root, sizeof root)
               ? BAU_OK
               : bau_error_set(err, BAU_E_INTEGRITY, "the manifest's root is not that of its chunks");
}

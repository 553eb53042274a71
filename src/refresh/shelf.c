/* list, inspect, verify and prune: what can be done with archives without a store. */
#include "src/refresh/shelf.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ── references ──────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status bau_shelf_uri(const char *text, struct bau_secret **out, struct bau_error *err)
{
    if (strncmp(text, "env:", 4) == 0 || strncmp(text, "command:", 8) == 0)
        return bau_secret_resolve(text, out, err);
    return bau_secret_from_bytes(text, strlen(text), out, err);
}

static const char *first_of(const char *a, const char *b)
{
    return a ? a : b;
}

static bau_status take_key(struct bau_shelf *s, const char *reference, struct bau_error *err)
{
    struct bau_secret *secret = NULL;
    if (!reference)
        return BAU_OK;
    BAU_TRY_NOTE(bau_secret_resolve(reference, &secret, err), err, "archive: key");
    const bau_status status =
        bau_key_parse(bau_secret_text(secret), bau_secret_len(secret), s->opener.key, err);
    bau_secret_free(secret);
    BAU_TRY_NOTE(status, err, "archive: key");
    s->opener.has_key = true;
    return BAU_OK;
}

static bau_status take_identity(struct bau_shelf *s, const char *reference, struct bau_error *err)
{
    struct bau_secret *secret = NULL;
    if (!reference)
        return BAU_OK;
    BAU_TRY_NOTE(bau_secret_resolve(reference, &secret, err), err, "archive: identity");
    const bau_status status =
        bau_x25519_pem(bau_secret_text(secret), bau_secret_len(secret), true, s->opener.private_key, err);
    bau_secret_free(secret);
    BAU_TRY_NOTE(status, err, "archive: identity");
    s->opener.has_private = true;
    return BAU_OK;
}

/* $BAUTA_PASSPHRASE replaces the default of --passphrase, as for every option, and may well be where the secret itself lies. */
static const char *by_name(const char *option, const char *variable, const char *reference)
{
    const char *held = getenv(variable);
    return option && held && strcmp(option, held) == 0 && strncmp(option, "env:", 4) != 0 &&
                   strncmp(option, "file:", 5) != 0 && strncmp(option, "command:", 8) != 0
               ? reference
               : option;
}

bau_status bau_shelf_init(struct bau_shelf *shelf, const struct bau_project *project,
                          const struct bau_shelf_options *options, struct bau_error *err)
{
    static const struct bau_archive_rules none;
    const struct bau_archive_rules *rules = project ? &project->archive : &none;
    const char *from = first_of(options->from, rules->to),
               *passphrase =
                   first_of(by_name(options->passphrase, "BAUTA_PASSPHRASE", "env:BAUTA_PASSPHRASE"),
                            rules->passphrase),
               *signer = first_of(options->signed_by, rules->signed_by);
    *shelf = (struct bau_shelf){ .name = options->name };
    if (!from)
        return bau_error_set(err, BAU_E_USAGE,
                             "%s has no `archive:`; write archive: { to: PLACE }, or name one with --from",
                             project ? project->path : "the project file");
    BAU_TRY_NOTE(bau_shelf_uri(from, &shelf->uri, err), err, "archive");
    if (signer) {
        if (!bau_unhex(signer, 32, shelf->signer))
            return bau_error_set(err, BAU_E_USAGE, "signed-by: expected 64 lower-case hex digits");
        shelf->has_signer = true;
    }
    if (passphrase) {
        BAU_TRY_NOTE(bau_secret_resolve(passphrase, &shelf->passphrase, err), err, "archive: passphrase");
        shelf->opener.passphrase = shelf->passphrase;
    }
    BAU_TRY(take_key(
        shelf, first_of(by_name(options->key, "BAUTA_UNSEAL_KEY", "env:BAUTA_UNSEAL_KEY"), rules->key), err));
    return take_identity(
        shelf, first_of(by_name(options->identity, "BAUTA_IDENTITY", "env:BAUTA_IDENTITY"), rules->identity),
        err);
}

void bau_shelf_release(struct bau_shelf *shelf)
{
    bau_opener_wipe(&shelf->opener);
    bau_secret_free(shelf->uri);
    bau_secret_free(shelf->passphrase);
    shelf->uri = shelf->passphrase = NULL;
}

static bool is_stopped(void *self)
{
    const struct bau_shelf *shelf = self;
    return shelf->stop && bau_stop_is(shelf->stop);
}

struct bau_place_with bau_shelf_place(struct bau_shelf *shelf, bool write, uint32_t threads)
{
    return (struct bau_place_with){ shelf->uri, write, threads, is_stopped, shelf };
}

/* ── list ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void add_stores(const struct bau_manifest *m, struct bau_text *out, bool json)
{
    const json_t *stores = json_object_get(m->header, "stores");
    for (size_t i = 0; i < json_array_size(stores); i++) {
        const char *name = json_string_value(json_array_get(stores, i));
        bau_text_add(out, i ? (json ? "," : ", ") : "");
        if (json)
            bau_text_add_json(out, name ? name : "");
        else
            bau_text_add(out, name ? name : "");
    }
}

/* Nothing where it never does. */
static void add_expiry(const struct bau_manifest *m, bool json, struct bau_text *out)
{
    const bool past = bau_archive_expired(m, (int64_t)time(NULL));
    struct bau_error none;
    char when[24];
    if (!m->origins[0].expires || bau_time_text(m->origins[0].expires, BAU_TIME_SAID, when, &none) != BAU_OK)
        return;
    if (json)
        bau_text_addf(out, ",\"expires\":\"%s\",\"expired\":%s", when, past ? "true" : "false");
    else
        bau_text_addf(out, "  %s %s", past ? "expired" : "expires", when);
}

static void head_json(const struct bau_archive_head *h, struct bau_text *out)
{
    const struct bau_manifest *m = h->manifest;
    bau_text_add(out, "{\"name\":");
    bau_text_add_json(out, h->name);
    if (!m) {
        bau_text_add(out, ",\"damaged\":");
        bau_text_add_json(out, h->why ? h->why : "");
        bau_text_add(out, "}");
        return;
    }
    char signer[65];
    bau_hex(m->signer, 32, signer);
    bau_text_addf(out,
                  ",\"created\":\"%s\",\"sealed\":%s,\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64
                  ",\"stored_bytes\":%" PRIu64 ",\"signer\":\"%s\",\"stores\":[",
                  m->created, m->sealed ? "true" : "false", m->rows, m->bytes,
                  m->own_bytes + h->manifest_bytes, signer);
    add_stores(m, out, true);
    bau_text_add(out, "]");
    add_expiry(m, true, out);
    bau_text_add(out, "}");
}

static void head_text(const struct bau_archive_head *h, struct bau_text *out)
{
    const struct bau_manifest *m = h->manifest;
    char rows[32], bytes[32], stored[32];
    if (!m) {
        bau_text_addf(out, "%s  damaged: %s\n", h->name, h->why ? h->why : "");
        return;
    }
    bau_text_addf(out, "%s  %14s rows  %10s  %10s new  %-6s  ", h->name, bau_count_text(m->rows, rows),
                  bau_size_text(m->bytes, bytes), bau_size_text(m->own_bytes + h->manifest_bytes, stored),
                  m->sealed ? "sealed" : "open");
    add_stores(m, out, false);
    add_expiry(m, false, out);
    bau_text_add(out, "\n");
}

/* The place of a shelf, for work on all its archives. */
static bau_status open_place(struct bau_shelf *shelf, bool write, struct bau_place *out,
                             struct bau_error *err)
{
    const struct bau_place_with with = bau_shelf_place(shelf, write, 1);
    return bau_place_open(&with, out, err);
}

static bau_status list(struct bau_shelf *shelf, bool json, struct bau_text *out, struct bau_error *err)
{
    struct bau_place place;
    struct bau_archive_heads heads;
    BAU_TRY(open_place(shelf, false, &place, err));
    const bau_status status = bau_archive_heads(&place, &heads, err);
    bau_text_add(out, json ? "{\"archives\":[" : "");
    for (uint32_t i = 0; i < heads.n && status == BAU_OK; i++) {
        if (json) {
            bau_text_add(out, i ? "," : "");
            head_json(&heads.at[i], out);
        } else {
            head_text(&heads.at[i], out);
        }
    }
    if (json)
        bau_text_add(out, "]}\n");
    else if (heads.n == 0)
        bau_text_add(out, "no archive\n");
    bau_archive_heads_release(&heads);
    bau_place_close(&place);
    return status;
}

bau_status bau_archive_list(const struct bau_project *project, const struct bau_shelf_options *options,
                            bool json, struct bau_report *report, struct bau_error *err)
{
    struct bau_shelf shelf;
    struct bau_shelf_options plain = *options;
    plain.passphrase = plain.key = plain.identity = NULL;
    struct bau_project bare = { 0 }; /* a list needs no secret but the place */
    if (project) {
        bare.path = project->path;
        bare.archive.to = project->archive.to;
    }
    bau_status status = bau_shelf_init(&shelf, project ? &bare : NULL, &plain, err);
    if (status == BAU_OK)
        status = list(&shelf, json, &report->out, err);
    bau_shelf_release(&shelf);
    return status;
}

/* ── inspect ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct sums {
    uint64_t rows, raw, stored, chunks;
};

static struct sums dataset_sums(const struct bau_manifest *m, uint32_t store, uint32_t dataset)
{
    struct sums s = { 0 };
    for (uint32_t i = 0; i < m->n_parts; i++) {
        const struct bau_stored_part *p = &m->parts[i];
        if (p->store != store || p->dataset != dataset)
            continue;
        s.rows += p->rows;
        for (uint64_t c = 0; c < (uint64_t)p->n_groups * p->n_columns; c++) {
            s.raw += m->chunks[p->first_chunk + c].raw;
            s.stored += m->chunks[p->first_chunk + c].stored;
            s.chunks++;
        }
    }
    return s;
}

static void inspect_json(const struct bau_manifest *m, struct bau_text *out)
{
    char signer[65], root[65];
    bau_hex(m->signer, 32, signer);
    bau_hex(m->root, 32, root);
    bau_text_addf(
        out,
        "{\"name\":\"%s\",\"created\":\"%s\",\"sealed\":%s,\"all_kept\":%s,\"root\":\"%s\",\"signer\":\"%s\","
        "\"rows\":%" PRIu64 ",\"chunks\":%" PRIu64 ",\"packs\":%" PRIu32 ",\"builds_on\":%" PRIu32,
        m->name, m->created, m->sealed ? "true" : "false", m->all_kept ? "true" : "false", root, signer,
        m->rows, m->n_chunks, m->n_packs, m->n_origins - 1);
    add_expiry(m, true, out);
    bau_text_add(out, ",\"stores\":[");
    for (uint32_t s = 0; s < m->n_stores; s++) {
        const struct bau_catalog *c = m->stores[s].catalog;
        bau_text_add(out, s ? ",{\"name\":" : "{\"name\":");
        bau_text_add_json(out, m->stores[s].name);
        bau_text_add(out, ",\"server\":");
        bau_text_add_json(out, c->server);
        bau_text_add(out, ",\"taken\":");
        bau_text_add_json(out, m->stores[s].taken);
        bau_text_add(out, ",\"plan\":");
        bau_text_add_json(out, m->stores[s].plan);
        bau_text_add(out, ",\"datasets\":[");
        for (uint32_t d = 0, n = 0; d < c->n_datasets; d++) {
            if (c->datasets[d].kind != BAU_DATASET_ROWS)
                continue;
            const struct sums sums = dataset_sums(m, s, d);
            bau_text_add(out, n++ ? ",{\"dataset\":" : "{\"dataset\":");
            bau_text_add_json(out, c->datasets[d].name);
            bau_text_addf(out,
                          ",\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"stored\":%" PRIu64
                          ",\"chunks\":%" PRIu64 "}",
                          sums.rows, sums.raw, sums.stored, sums.chunks);
        }
        bau_text_add(out, "]}");
    }
    bau_text_add(out, "]}\n");
}

static void inspect_text(const struct bau_manifest *m, struct bau_text *out)
{
    char hex[65], a[32], b[32], n[32];
    bau_text_addf(out, "archive %s, %s, %s%s", m->name, m->created, m->sealed ? "sealed" : "open",
                  m->all_kept ? ", nothing masked" : "");
    add_expiry(m, false, out);
    bau_text_add(out, "\n");
    bau_hex(m->signer, 32, hex);
    bau_text_addf(out, "signed by %s\n", hex);
    bau_hex(m->root, 32, hex);
    bau_text_addf(out, "root %s over %" PRIu64 " chunks in %" PRIu32 " packs of %" PRIu32 " run%s\n", hex,
                  m->n_chunks, m->n_packs, m->n_origins, m->n_origins == 1 ? "" : "s");
    for (uint32_t s = 0; s < m->n_stores; s++) {
        const struct bau_catalog *c = m->stores[s].catalog;
        bau_text_addf(out, "store %s: %s, taken %s, plan %.16s\n", m->stores[s].name, c->server,
                      m->stores[s].taken, m->stores[s].plan);
        for (uint32_t d = 0; d < c->n_datasets; d++) {
            if (c->datasets[d].kind != BAU_DATASET_ROWS)
                continue;
            const struct sums sums = dataset_sums(m, s, d);
            bau_text_add(out, "  ");
            bau_text_add_column(out, c->datasets[d].name, 44, true);
            bau_text_addf(out, " %14s rows  %10s in %10s\n", bau_count_text(sums.rows, n),
                          bau_size_text(sums.raw, a), bau_size_text(sums.stored, b));
        }
    }
}

bau_status bau_archive_inspect(const struct bau_project *project, const struct bau_shelf_options *options,
                               bool json, struct bau_report *report, struct bau_error *err)
{
    struct bau_shelf shelf;
    struct bau_archive *archive = NULL;
    bau_status status = bau_shelf_init(&shelf, project, options, err);
    const struct bau_place_with with = bau_shelf_place(&shelf, false, 1);
    if (status == BAU_OK)
        status = bau_archive_open(&with, shelf.name, shelf.has_signer ? shelf.signer : NULL, &shelf.opener,
                                  &archive, err);
    if (status == BAU_OK)
        (json ? inspect_json : inspect_text)(archive->manifest, &report->out);
    bau_archive_close(archive);
    bau_shelf_release(&shelf);
    return status;
}

/* ── verify ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status verify_one(struct bau_shelf *shelf, const char *name, bool json, struct bau_text *out,
                             struct bau_error *err)
{
    struct bau_archive *archive = NULL;
    struct bau_verified seen = { 0 };
    char bytes[32];
    const struct bau_place_with with = bau_shelf_place(shelf, false, 1);
    BAU_TRY(bau_archive_open(&with, name, shelf->has_signer ? shelf->signer : NULL, &shelf->opener, &archive,
                             err));
    const bau_status status = bau_archive_verify(archive, &seen, err);
    if (status == BAU_OK && json)
        bau_text_addf(out, "{\"name\":\"%s\",\"verified\":true,\"chunks\":%" PRIu64 ",\"bytes\":%" PRIu64 "}",
                      archive->manifest->name, seen.chunks, seen.bytes);
    else if (status == BAU_OK)
        bau_text_addf(out, "%s is whole: %" PRIu64 " chunks, %s\n", archive->manifest->name, seen.chunks,
                      bau_size_text(seen.bytes, bytes));
    bau_archive_close(archive);
    return status;
}

/* All of them are looked at; the first fault decides. */
static bau_status verify_all(struct bau_shelf *shelf, bool json, struct bau_report *report,
                             struct bau_error *err)
{
    struct bau_place place;
    struct bau_archive_heads heads;
    BAU_TRY(open_place(shelf, false, &place, err));
    bau_status status = bau_archive_heads(&place, &heads, err), worst = BAU_OK;
    for (uint32_t i = 0; i < heads.n && status == BAU_OK; i++) {
        struct bau_error one;
        bau_text_add(&report->out, json && i ? "," : "");
        const bau_status got = verify_one(shelf, heads.at[i].name, json, &report->out, &one);
        if (got == BAU_OK)
            continue;
        if (json) {
            bau_text_addf(&report->out, "{\"name\":\"%s\",\"verified\":false,\"why\":", heads.at[i].name);
            bau_text_add_json(&report->out, one.text);
            bau_text_add(&report->out, "}");
        } else {
            bau_text_addf(&report->findings, "%s\n", one.text);
        }
        if (worst == BAU_OK) {
            worst = got;
            *err = one;
        }
    }
    bau_archive_heads_release(&heads);
    bau_place_close(&place);
    return status != BAU_OK ? status : worst;
}

bau_status bau_archive_check(const struct bau_project *project, const struct bau_shelf_options *options,
                             bool all, bool json, struct bau_report *report, struct bau_error *err)
{
    struct bau_shelf shelf;
    bau_status status = bau_shelf_init(&shelf, project, options, err);
    bau_text_add(&report->out, json ? "{\"archives\":[" : "");
    if (status == BAU_OK)
        status = all ? verify_all(&shelf, json, report, err)
                     : verify_one(&shelf, shelf.name, json, &report->out, err);
    bau_text_add(&report->out, json ? "]}\n" : "");
    bau_shelf_release(&shelf);
    return status;
}

/* ── prune ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status tidy(struct bau_shelf *shelf, const struct bau_archive_keep *keep, bool json,
                       struct bau_text *out, struct bau_error *err)
{
    BAU_AUTO_TEXT lines = { 0 };
    struct bau_place place;
    struct bau_pruned result;
    char bytes[32];
    BAU_TRY(open_place(shelf, true, &place, err));
    const bau_status status = bau_archive_prune(&place, keep, &result, &lines, err);
    bau_place_close(&place);
    BAU_TRY(status);
    if (json) {
        bau_text_addf(out,
                      "{\"removed\":%" PRIu32 ",\"kept\":%" PRIu32 ",\"debris\":%" PRIu64
                      ",\"bytes\":%" PRIu64 ",\"dry_run\":%s}\n",
                      result.removed, result.kept, result.debris, result.bytes,
                      keep->dry_run ? "true" : "false");
        return BAU_OK;
    }
    bau_text_add(out, lines.data ? lines.data : "");
    bau_text_addf(out, "%s%" PRIu32 " removed, %" PRIu32 " kept, %" PRIu64 " objects of debris, %s freed\n",
                  keep->dry_run ? "would be: " : "", result.removed, result.kept, result.debris,
                  bau_size_text(result.bytes, bytes));
    return BAU_OK;
}

bau_status bau_archive_tidy(const struct bau_project *project, const struct bau_shelf_options *options,
                            bool dry_run, uint64_t debris_ms, bool json, struct bau_report *report,
                            struct bau_error *err)
{
    struct bau_shelf shelf;
    const struct bau_archive_rules *rules = &project->archive;
    const struct bau_archive_keep keep = { .last = rules->last,
                                           .daily = rules->daily,
                                           .weekly = rules->weekly,
                                           .monthly = rules->monthly,
                                           .age_ms = rules->age_ms,
                                           .size = rules->size,
                                           .debris_ms = debris_ms,
                                           .dry_run = dry_run,
                                           .now_sec = (int64_t)time(NULL) };
    struct bau_project bare = { .path = project->path };
    bare.archive.to = rules->to;
    bau_status status = bau_shelf_init(&shelf, &bare, options, err);
    if (status == BAU_OK)
        status = tidy(&shelf, &keep, json, &report->out, err);
    bau_shelf_release(&shelf);
    return status;
}

/* ── one file ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *chosen_head(const struct bau_archive_heads *heads, const char *name,
                               const struct bau_manifest **out)
{
    for (uint32_t i = heads->n; i-- > 0;)
        if (heads->at[i].manifest && (!name || strcmp(name, heads->at[i].name) == 0)) {
            *out = heads->at[i].manifest;
            return heads->at[i].name;
        }
    return NULL;
}

static bau_status bundle(struct bau_shelf *shelf, struct bau_place *place, const char *path,
                         struct bau_text *out, struct bau_error *err)
{
    struct bau_archive_heads heads;
    const struct bau_manifest *m = NULL;
    bau_status status = bau_archive_heads(place, &heads, err);
    const char *name = status == BAU_OK ? chosen_head(&heads, shelf->name, &m) : NULL;
    if (status == BAU_OK && !name)
        status = bau_error_set(err, BAU_E_SOURCE, "there is no such archive");
    if (status == BAU_OK)
        status = bau_archive_fresh(m, (int64_t)time(NULL), err);
    if (status == BAU_OK)
        status = bau_bundle_write(place, m, path, err);
    if (status == BAU_OK)
        bau_text_addf(out, "archive %s is in %s\n", name, path);
    bau_archive_heads_release(&heads);
    return status;
}

static bau_status unbundle(struct bau_place *place, const char *path, struct bau_text *out,
                           struct bau_error *err)
{
    const char *name = NULL;
    BAU_TRY(bau_bundle_read(path, place, place->arena, &name, err));
    bau_text_addf(out, "archive %s is there\n", name);
    return BAU_OK;
}

bau_status bau_archive_bundle(const struct bau_project *project, const struct bau_shelf_options *options,
                              const char *path, bool back, struct bau_report *report, struct bau_error *err)
{
    struct bau_shelf shelf;
    struct bau_place place = { 0 };
    struct bau_project bare = { 0 };
    if (project) {
        bare.path = project->path;
        bare.archive.to = project->archive.to;
    }
    bau_status status = bau_shelf_init(&shelf, project ? &bare : NULL, options, err);
    if (status == BAU_OK)
        status = open_place(&shelf, back, &place, err);
    if (status == BAU_OK)
        status = back ? unbundle(&place, path, &report->out, err)
                      : bundle(&shelf, &place, path, &report->out, err);
    bau_place_close(&place);
    bau_shelf_release(&shelf);
    return status;
}

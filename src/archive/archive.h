/* Archives: masked snapshots as objects in a place. FORMAT.md specifies them.
 *
 * Writing: bau_archive_create, then one bau_archive_target a store driven like any target; the switch of the last store writes
 * the manifest, before that nothing can be listed. Reading: bau_archive_open, then bau_archive_source a store.
 * Threads: links as in connector.h; everything else the main thread. */
#ifndef BAU_ARCHIVE_H
#define BAU_ARCHIVE_H

#include "src/archive/chunk.h"
#include "src/archive/manifest.h"
#include "src/archive/place.h"

struct bau_archive_keys { /* drawn from the project's master key; `stable` false: for this run only */
    bool stable;
    uint8_t sign[32], index[32], chunk_id[32];
};
bau_status bau_archive_keys_of(const uint8_t master[32], bool stable, struct bau_archive_keys *out,
                               struct bau_error *err) BAU_MUST_CHECK;

/* ── the chunks a writer knows ───────────────────────────────────────────────────────────────────────────────────── */

struct bau_known { /* id → chunk */
    uint64_t n, room;
    struct bau_known_chunk {
        uint8_t id[BAU_SUM_BYTES];
        struct bau_chunk_at at;
        bool used, own; /* own: the chunk's pack is in this manifest's terms */
    } * at;
};
const struct bau_known_chunk *bau_known_find(const struct bau_known *known, const uint8_t id[BAU_SUM_BYTES]);
bau_status bau_known_add(struct bau_known *known, const uint8_t id[BAU_SUM_BYTES],
                         const struct bau_chunk_at *at, bool own, struct bau_error *err) BAU_MUST_CHECK;
void bau_known_release(struct bau_known *known);
/* The index object of an archive: what the next one need not write again. `print` tells who its recipients are. */
bau_status bau_index_write(const struct bau_known *known, const uint8_t key[32], const uint8_t id[16],
                           const uint8_t print[BAU_SUM_BYTES], struct bau_text *out, struct bau_error *err)
    BAU_MUST_CHECK;
/* BAU_E_INTEGRITY when it is not one of this key's, or its recipients are others. */
bau_status bau_index_read(const uint8_t *bytes, size_t n, const uint8_t key[32], const uint8_t id[16],
                          const uint8_t print[BAU_SUM_BYTES], uint32_t n_packs, struct bau_known *out,
                          struct bau_error *err) BAU_MUST_CHECK;

/* ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct bau_archive_create {
    const struct bau_secret *uri;
    const struct bau_locks *locks;       /* n 0: not sealed */
    const struct bau_secret *passphrase; /* the locks' first one was made of it; NULL: none */
    struct bau_archive_keys keys;
    int level;
    uint64_t chunk_bytes; /* of values in a group of rows, about */
    uint32_t n_stores, threads;
    bool full;          /* looks for no earlier archive */
    uint64_t expire_ms; /* how long it may be restored, 0: for ever */
    const char *run_id; /* 16 hex digits */
    bool (*stopped)(void *self);
    void *self;
};
struct bau_archive_writer;
bau_status bau_archive_create(const struct bau_archive_create *with, struct bau_archive_writer **out,
                              struct bau_error *err) BAU_MUST_CHECK;
void bau_archive_writer_free(
    struct bau_archive_writer *writer); /* takes NULL; unfinished: removes what it wrote */
/* What the manifest says of a store, known once its plan is: digest in hex, and whether every field is kept. */
bau_status bau_archive_plan(struct bau_archive_writer *writer, const char *store, const char *digest,
                            bool all_kept, struct bau_error *err) BAU_MUST_CHECK;
struct bau_archive_written {
    const char *name, *base; /* base: the archive whose chunks were used again, or NULL */
    uint64_t chunks, chunks_again, stored_bytes, again_bytes, objects;
};
void bau_archive_written(const struct bau_archive_writer *writer, struct bau_archive_written *out);

struct bau_archive_to { /* config of bau_archive_target */
    struct bau_archive_writer *writer;
};
extern const struct bau_connector bau_archive_target;

/* ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct bau_archive {
    struct bau_place place;
    struct bau_manifest *manifest;
    struct bau_opener *opener;   /* borrowed */
    _Atomic uint64_t bytes_read; /* of chunks */
};
/* `name` NULL: the latest. `signer`: the public key the manifest must be signed by, NULL: any. */
bau_status bau_archive_open(const struct bau_place_with *with, const char *name, const uint8_t *signer,
                            struct bau_opener *opener, struct bau_archive **out, struct bau_error *err)
    BAU_MUST_CHECK;
void bau_archive_close(struct bau_archive *archive); /* takes NULL */

struct bau_archive_head { /* one line of a list */
    const char *name;
    struct bau_manifest *manifest; /* the head only; NULL: damaged, `why` says how */
    const char *why;
    uint64_t manifest_bytes;
    int64_t modified_sec;
};
struct bau_archive_heads {
    struct bau_arena *arena;
    uint32_t n;
    struct bau_archive_head *at; /* by name, which is by time */
};
bau_status bau_archive_heads(struct bau_place *place, struct bau_archive_heads *out, struct bau_error *err)
    BAU_MUST_CHECK;
void bau_archive_heads_release(struct bau_archive_heads *heads);
/* The name of the latest, in `arena`; NULL: there is none. */
bau_status bau_archive_latest(struct bau_place *place, struct bau_arena *arena, const char **out,
                              struct bau_error *err) BAU_MUST_CHECK;

/* Seconds since 1970 as names and manifests tell them, and back: 0 for what is no such text. */
typedef enum { BAU_TIME_NAME, BAU_TIME_SAID } bau_time_form; /* 20260131T020007Z, 2026-01-31T02:00:07Z */
bau_status bau_time_text(int64_t sec, bau_time_form form, char out[24], struct bau_error *err) BAU_MUST_CHECK;
int64_t bau_time_of(const char *text, bau_time_form form);
/* The time of an archive begun now: `now`, or the second after the latest's. BAU_E_TARGET: the latest is of a time to come. */
bau_status bau_archive_time(struct bau_place *place, int64_t now, int64_t *out, struct bau_error *err)
    BAU_MUST_CHECK;

/* BAU_E_INTEGRITY once the archive has expired. `now`: unix seconds. */
bool bau_archive_expired(const struct bau_manifest *m, int64_t now);
bau_status bau_archive_fresh(const struct bau_manifest *m, int64_t now, struct bau_error *err) BAU_MUST_CHECK;

/* The payload of chunk i, checked, in `arena`; `stored` are its bytes, opened in place. */
bau_status bau_archive_chunk(struct bau_archive *archive, uint64_t i, uint8_t *stored,
                             struct bau_packer *packer, struct bau_arena *arena, uint8_t **out,
                             struct bau_error *err) BAU_MUST_CHECK;

/* content.c ─ of each dataset of a store (n_datasets: of its catalog): equal digests, the same rows. */
bau_status bau_archive_digests(const struct bau_archive *archive, uint32_t store, uint32_t n_datasets,
                               uint8_t (*out)[BAU_SUM_BYTES], struct bau_error *err) BAU_MUST_CHECK;
uint64_t bau_archive_bytes(const struct bau_archive *archive); /* of its chunks, as they are stored */

struct bau_archive_from { /* config of bau_archive_source */
    struct bau_archive *archive;
    uint32_t store;
};
extern const struct bau_connector bau_archive_source;

/* Every byte of it: manifest, index, packs' heads, every chunk down to its values. BAU_E_INTEGRITY with the first fault. */
struct bau_verified {
    uint64_t chunks, bytes, objects;
};
bau_status bau_archive_verify(struct bau_archive *archive, struct bau_verified *out, struct bau_error *err)
    BAU_MUST_CHECK;

/* ── keeping ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct bau_archive_keep {
    uint32_t last, daily, weekly, monthly; /* all 0: everything, but what age and size take */
    uint64_t age_ms, size;                 /* 0: any */
    uint64_t debris_ms; /* how long what no manifest names may be somebody's work in progress */
    bool dry_run;
    int64_t now_sec;
};
struct bau_pruned {
    uint32_t removed, kept;
    uint64_t objects, debris, bytes;
};
/* Lines about each archive go to `out`. */
bau_status bau_archive_prune(struct bau_place *place, const struct bau_archive_keep *keep,
                             struct bau_pruned *result, struct bau_text *out, struct bau_error *err)
    BAU_MUST_CHECK;
/* Which of n archives stay (times ascending, seconds since 1970, UTC days and ISO weeks); the newest always does. */
void bau_keep_choose(const struct bau_archive_keep *keep, uint32_t n, const int64_t *times,
                     const uint64_t *bytes, bool *out_stays);

/* One archive as one new file, and back into a place (objects that are there stay as they are). */
bau_status bau_bundle_write(struct bau_place *place, const struct bau_manifest *manifest, const char *path,
                            struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_bundle_read(const char *path, struct bau_place *place, struct bau_arena *arena,
                           const char **out_name, struct bau_error *err) BAU_MUST_CHECK;

const struct bau_frames *bau_frames_find(const char *format); /* NULL when no connector knows it */

#endif

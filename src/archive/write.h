/* What target.c and write.c share: the state of one archive while it is written. */
#ifndef BAU_ARCHIVE_WRITE_H
#define BAU_ARCHIVE_WRITE_H

#include <pthread.h>
#include <stdatomic.h>

#include "src/archive/archive.h"

enum { BAU_PACK_BYTES = 8 << 20 }; /* a pack is put when it has so many */

struct bau_open_pack { /* a pack while it grows, in one link */
    struct bau_open_pack *next;
    bool begun;
    uint32_t number, ref; /* ref: in the manifest's packs */
    uint32_t index;       /* of the next chunk; never used twice in a pack */
    struct bau_text bytes;
};

struct bau_grown_part {
    struct bau_stored_part part;
    uint32_t *group_rows; /* heap */
    struct bau_chunk_at *chunks;
    uint64_t n_chunks;
};

struct bau_archive_writer {
    struct bau_archive_create with;
    struct bau_place place;
    struct bau_arena *arena;
    struct bau_manifest *m;
    uint8_t key[BAU_KEY_BYTES], chunk_key[BAU_KEY_BYTES], sign[32], print[BAU_SUM_BYTES];
    uint64_t cut_seed;
    int64_t now; /* the archive's time */
    char id_text[33];
    const char *base;
    struct bau_manifest *base_manifest;
    bool all_kept, marked, written;
    uint32_t n_switched;
    _Atomic uint32_t next_pack;

    pthread_mutex_t lock; /* guards everything below */
    struct bau_known known;
    uint32_t n_packs, room_packs, n_origins, room_origins;
    struct bau_pack *packs;
    struct bau_origin *origins;
    uint32_t *base_packs; /* of the base's packs: what they are here, UINT32_MAX: not used yet */
    struct bau_grown_part *parts;
    uint32_t n_parts, room_parts;
    struct bau_open_pack *idle; /* packs of closed links, neither full nor put */
    uint64_t chunks, chunks_again, stored_bytes, again_bytes, objects, rows, bytes;
};

struct bau_side { /* one store of it */
    const struct bau_archive_to *to;
    struct bau_archive_writer *w; /* from prepare on */
    struct bau_open with;
    uint32_t store; /* in the manifest */
    bool begun;
};

bau_status bau_open_pack_put(struct bau_archive_writer *w, struct bau_open_pack *pack, struct bau_error *err)
    BAU_MUST_CHECK;
/* The chunk as the manifest names it, when it is there already. Under the lock. */
bau_status bau_writer_find(struct bau_archive_writer *w, const uint8_t id[BAU_SUM_BYTES], bool *out_there,
                           struct bau_chunk_at *out, struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_writer_pack(struct bau_archive_writer *w, const uint8_t id[16], uint32_t number, json_t *wraps,
                           uint32_t *out, struct bau_error *err) BAU_MUST_CHECK;

bau_status bau_archive_link_open(struct bau_side *side, struct bau_link **out, struct bau_error *err);
void bau_archive_link_close(struct bau_link *link);
void bau_archive_link_interrupt(struct bau_link *link);
bau_status bau_archive_write_open(struct bau_link *link, const struct bau_write *what,
                                  struct bau_writer **out, struct bau_error *err);
bau_status bau_archive_write_next(struct bau_writer *w, const struct bau_batch *batch, struct bau_error *err);
bau_status bau_archive_write_commit(struct bau_writer *w, uint64_t *out_rows, struct bau_error *err);
void bau_archive_write_close(struct bau_writer *w);

#endif

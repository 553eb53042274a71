/* The archive as a source: the catalog out of the manifest, parts as they were written, and of each group of rows only the
 * chunks of the columns that are asked for. */
#include <stdatomic.h>
#include <string.h>

#include "src/archive/archive.h"

struct bau_side {
    struct bau_open with;
    struct bau_archive *archive;
    uint32_t store;
};

struct bau_link {
    struct bau_side *side;
    struct bau_packer *packer;
    _Atomic bool interrupted;
};

struct bau_reader {
    struct bau_link *link;
    const struct bau_dataset *dataset;
    const struct bau_stored_part *part;
    const struct bau_frames *frames;
    const bau_want *want;
    struct bau_arena *arena; /* of the group at hand */
    uint32_t n_wire;         /* columns that travel */
    uint32_t *wire, *column; /* field of each, and its column in the part; in the reader's block */
    struct bau_values_run *runs;
    uint32_t group, row, rows; /* next group; next row of the one at hand, and how many it has */
    uint64_t seq, given, most;
};

/* ── a store ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status side_open(const struct bau_open *with, struct bau_side **out, struct bau_error *err)
{
    const struct bau_archive_from *from = with->config;
    struct bau_side *side = bau_alloc(sizeof *side);
    if (!side)
        return bau_error_set(err, BAU_E_NOMEM, "archive");
    side->with = *with;
    side->archive = from->archive;
    side->store = from->store;
    *out = side;
    return BAU_OK;
}

static void side_close(struct bau_side *side)
{
    bau_free(side);
}

static const struct bau_stored_store *store_of(const struct bau_side *side)
{
    return &side->archive->manifest->stores[side->store];
}

static bau_status side_identity(struct bau_side *side, struct bau_arena *arena, const char **out,
                                struct bau_error *err)
{
    *out = bau_arena_text(arena, store_of(side)->identity);
    return *out ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "archive");
}

static const struct bau_stored_part *find_part(const struct bau_side *side, const struct bau_part *part)
{
    const struct bau_manifest *m = side->archive->manifest;
    for (uint32_t i = 0; i < m->n_parts; i++)
        if (m->parts[i].store == side->store && m->parts[i].dataset == part->dataset &&
            m->parts[i].number == part->number)
            return &m->parts[i];
    return NULL;
}

static uint64_t part_bytes(const struct bau_manifest *m, const struct bau_stored_part *p)
{
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < (uint64_t)p->n_groups * p->n_columns; i++)
        bytes += m->chunks[p->first_chunk + i].raw;
    return bytes;
}

/* The caller owns the catalog: a copy of its own. Estimates are what there is. */
static bau_status side_catalog(struct bau_side *side, struct bau_catalog **out, struct bau_error *err)
{
    const struct bau_manifest *m = side->archive->manifest;
    json_t *json = bau_catalog_json(store_of(side)->catalog);
    struct bau_catalog *c = NULL;
    const bau_status status =
        json ? bau_catalog_parse(json, &c, err) : bau_error_set(err, BAU_E_NOMEM, "catalog");
    json_decref(json);
    BAU_TRY(status);
    struct bau_dataset *datasets = bau_arena_take(c->arena, ((size_t)c->n_datasets + 1) * sizeof *datasets);
    if (!datasets) {
        bau_arena_free(c->arena);
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    }
    memcpy(datasets, c->datasets, (size_t)c->n_datasets * sizeof *datasets);
    for (uint32_t d = 0; d < c->n_datasets; d++)
        datasets[d].est_rows = datasets[d].est_bytes = 0;
    for (uint32_t i = 0; i < m->n_parts; i++)
        if (m->parts[i].store == side->store) {
            datasets[m->parts[i].dataset].est_rows += m->parts[i].rows;
            datasets[m->parts[i].dataset].est_bytes += part_bytes(m, &m->parts[i]);
        }
    c->datasets = datasets;
    c->store = bau_arena_text(c->arena, side->with.store);
    *out = c;
    return BAU_OK;
}

static bau_status side_split(struct bau_side *side, const struct bau_catalog *catalog,
                             struct bau_arena *arena, struct bau_parts *out, struct bau_error *err)
{
    const struct bau_manifest *m = side->archive->manifest;
    struct bau_part *parts = bau_arena_zero(arena, ((size_t)m->n_parts + 1) * sizeof *parts);
    uint32_t n = 0;
    if (!parts)
        return bau_error_set(err, BAU_E_NOMEM, "parts");
    for (uint32_t i = 0; i < m->n_parts; i++) {
        const struct bau_stored_part *p = &m->parts[i];
        if (p->store == side->store && catalog->datasets[p->dataset].kind == BAU_DATASET_ROWS)
            parts[n++] = (struct bau_part){ .dataset = p->dataset,
                                            .number = p->number,
                                            .of = p->of,
                                            .to = UINT64_MAX,
                                            .est_bytes = part_bytes(m, p),
                                            .est_rows = p->rows };
    }
    *out = (struct bau_parts){ n, parts };
    return BAU_OK;
}

static bau_status side_schema(struct bau_side *side, const struct bau_catalog *catalog,
                              struct bau_arena *arena, struct bau_slice *out, struct bau_error *err)
{
    const struct bau_slice *schema = &store_of(side)->schema;
    (void)catalog;
    char *copy = bau_arena_textn(arena, (const char *)schema->data, schema->len);
    if (!copy)
        return bau_error_set(err, BAU_E_NOMEM, "schema");
    *out = (struct bau_slice){ (const uint8_t *)copy, schema->len };
    return BAU_OK;
}

/* ── links ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void link_close(struct bau_link *link)
{
    if (!link)
        return;
    bau_packer_free(link->packer);
    bau_free(link);
}

static bau_status link_open(struct bau_side *side, struct bau_link **out, struct bau_error *err)
{
    struct bau_link *link = bau_alloc(sizeof *link);
    if (!link)
        return bau_error_set(err, BAU_E_NOMEM, "archive");
    link->side = side;
    const bau_status status = bau_packer_new(1, &link->packer, err);
    if (status != BAU_OK) {
        link_close(link);
        return status;
    }
    *out = link;
    return BAU_OK;
}

static void link_interrupt(struct bau_link *link)
{
    atomic_store(&link->interrupted, true);
}

/* ── opening a part ──────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status check_read(const struct bau_read *what, const struct bau_dataset *stored,
                             struct bau_error *err)
{
    if (what->where)
        return bau_error_set(
            err, BAU_E_USAGE,
            "an archive evaluates no conditions; start the subset with keys, a share or a limit");
    for (uint32_t f = 0; f < what->dataset->n_fields; f++)
        if (what->want[f] != BAU_WANT_FRAME && (f >= stored->n_fields || what->dataset->fields[f].expression))
            return bau_error_set(
                err, BAU_E_USAGE,
                "an archive evaluates no expressions and no conditions; write links and subsets "
                "over columns");
    for (uint32_t f = 0; f < stored->n_fields; f++)
        if (what->want[f] != BAU_WANT_FRAME && stored->fields[f].generated)
            return bau_error_set(err, BAU_E_USAGE,
                                 "column %s is computed by the store and not in the archive",
                                 stored->fields[f].name);
    return BAU_OK;
}

static bau_status reader_init(struct bau_reader *r, struct bau_link *link, const struct bau_read *what,
                              struct bau_error *err)
{
    const struct bau_dataset *stored = &store_of(link->side)->catalog->datasets[what->part->dataset];
    r->part = find_part(link->side, what->part);
    if (!r->part)
        return bau_error_set(err, BAU_E_BUG, "a part that is not in the archive");
    r->frames = r->part->rows ? bau_frames_find(r->part->format) : NULL;
    if (r->part->rows && !r->frames)
        return bau_error_set(err, BAU_E_INTEGRITY, "rows in a form that this build does not know");
    BAU_TRY(check_read(what, stored, err));
    r->arena = bau_arena_new(1u << 20, BAU_ARENA_PRIVATE);
    r->wire = bau_alloc_array((size_t)stored->n_fields + 1, sizeof *r->wire);
    r->column = bau_alloc_array((size_t)stored->n_fields + 1, sizeof *r->column);
    r->runs = bau_alloc_array((size_t)stored->n_fields + 1, sizeof *r->runs);
    if (!r->arena || !r->wire || !r->column || !r->runs)
        return bau_error_set(err, BAU_E_NOMEM, "reader");
    for (uint32_t f = 0, column = 0; f < stored->n_fields; f++) {
        if (stored->fields[f].generated)
            continue;
        if (!what->narrow || what->want[f] != BAU_WANT_FRAME) {
            r->wire[r->n_wire] = f;
            r->column[r->n_wire++] = column;
        }
        column++;
    }
    r->link = link;
    r->dataset = what->dataset;
    r->want = what->want;
    r->most = what->most_rows ? what->most_rows : UINT64_MAX;
    return BAU_OK;
}

static void read_close(struct bau_reader *r)
{
    if (!r)
        return;
    bau_arena_free(r->arena);
    bau_free(r->wire);
    bau_free(r->column);
    bau_free(r->runs);
    bau_free(r);
}

static bau_status read_open(struct bau_link *link, const struct bau_read *what, struct bau_reader **out,
                            struct bau_error *err)
{
    struct bau_reader *r = bau_alloc(sizeof *r);
    if (!r)
        return bau_error_set(err, BAU_E_NOMEM, "reader");
    const bau_status status = reader_init(r, link, what, err);
    if (status != BAU_OK) {
        read_close(r);
        bau_error_note(err, "archive %s: %s", link->side->archive->manifest->name, what->dataset->name);
        return status;
    }
    *out = r;
    return BAU_OK;
}

/* ── a group ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status take_chunk(struct bau_reader *r, uint32_t i, uint64_t chunk, uint8_t *stored,
                             uint32_t n_rows, struct bau_error *err)
{
    uint8_t *payload = NULL;
    struct bau_archive *a = r->link->side->archive;
    bau_status status = bau_archive_chunk(a, chunk, stored, r->link->packer, r->arena, &payload, err);
    if (status == BAU_OK)
        status = bau_chunk_values(payload, (size_t)a->manifest->chunks[chunk].raw, n_rows, r->arena,
                                  &r->runs[i], err);
    if (status != BAU_OK)
        bau_error_note(err, "column %s, rows %" PRIu32 " of group %" PRIu32,
                       r->dataset->fields[r->wire[i]].name, n_rows, r->group);
    return status;
}

/* Chunks that lie one behind the other come in one go. */
static bau_status load_group(struct bau_reader *r, struct bau_error *err)
{
    struct bau_archive *a = r->link->side->archive;
    const struct bau_manifest *m = a->manifest;
    const uint64_t first = r->part->first_chunk + (uint64_t)r->group * r->part->n_columns;
    const uint32_t n_rows = r->part->group_rows[r->group];
    bau_arena_reset(r->arena);
    for (uint32_t i = 0, end; i < r->n_wire; i = end) {
        const struct bau_chunk_at *c = &m->chunks[first + r->column[i]];
        size_t n = c->stored;
        for (end = i + 1; end < r->n_wire; end++) {
            const struct bau_chunk_at *next = &m->chunks[first + r->column[end]];
            if (next->pack != c->pack || next->at != c->at + n)
                break;
            n += next->stored;
        }
        char name[64];
        uint8_t *stored = bau_arena_take(r->arena, n + 1);
        if (!stored)
            return bau_error_set(err, BAU_E_NOMEM, "chunk");
        bau_pack_name(m->origins[m->packs[c->pack].origin].id, m->packs[c->pack].number, name);
        BAU_TRY(a->place.kind->get(a->place.at, name, c->at, stored, n, err));
        atomic_fetch_add(&a->bytes_read, n);
        for (uint32_t k = i; k < end; k++) {
            BAU_TRY(take_chunk(r, k, first + r->column[k], stored, n_rows, err));
            stored += m->chunks[first + r->column[k]].stored;
        }
    }
    r->row = 0;
    r->rows = n_rows;
    r->group++;
    return BAU_OK;
}

/* ── batches ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static size_t row_bytes(const struct bau_reader *r, uint32_t row)
{
    size_t bytes = r->frames->row + (size_t)r->n_wire * r->frames->value;
    for (uint32_t i = 0; i < r->n_wire; i++)
        bytes += r->runs[i].at[row + 1] - r->runs[i].at[row];
    return bytes;
}

static uint32_t rows_that_fit(const struct bau_reader *r, size_t *out_bytes)
{
    const uint32_t asked = r->link->side->with.batch_rows, most = asked ? asked : BAU_BATCH_ROWS;
    uint32_t n = 0;
    size_t bytes = 0;
    while (r->row + n < r->rows && n < most && r->given + n < r->most && (n == 0 || bytes < BAU_BATCH_BYTES))
        bytes += row_bytes(r, r->row + n++);
    *out_bytes = bytes;
    return n;
}

static struct bau_slice value_at(const struct bau_values_run *run, uint32_t row)
{
    static const uint8_t nothing[1];
    if (!bau_values_present(run, row))
        return (struct bau_slice){ NULL, 0 };
    const size_t n = run->at[row + 1] - run->at[row];
    return (struct bau_slice){ n ? run->data + run->at[row] : nothing, n };
}

static bau_status join_rows(struct bau_reader *r, struct bau_batch *b, uint32_t n, size_t room,
                            struct bau_error *err)
{
    if (room > UINT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "a row above 4 GiB");
    uint8_t *raw = bau_arena_buffer(b->arena, room);
    uint32_t *row_at = bau_arena_buffer(b->arena, ((size_t)n + 1) * sizeof *row_at);
    uint32_t *at = bau_arena_take(b->arena, ((size_t)r->n_wire + 1) * sizeof *at);
    struct bau_slice *values = bau_arena_take(b->arena, ((size_t)r->n_wire + 1) * sizeof *values);
    struct bau_span **spans = bau_arena_take(b->arena, ((size_t)r->n_wire + 1) * sizeof *spans);
    bool good = raw && row_at && at && values && spans;
    for (uint32_t i = 0; good && i < r->n_wire; i++) {
        const bool wanted = r->want[r->wire[i]] != BAU_WANT_FRAME;
        spans[i] = wanted ? bau_arena_buffer(b->arena, (size_t)n * sizeof **spans) : NULL;
        good = !wanted || spans[i];
    }
    if (!good)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    size_t len = 0;
    for (uint32_t k = 0; k < n; k++) {
        for (uint32_t i = 0; i < r->n_wire; i++)
            values[i] = value_at(&r->runs[i], r->row + k);
        row_at[k] = (uint32_t)len;
        const size_t used = r->frames->join(values, r->n_wire, raw + len, at);
        for (uint32_t i = 0; i < r->n_wire; i++)
            if (spans[i])
                spans[i][k] = (struct bau_span){ (uint32_t)len + at[i],
                                                 values[i].data ? (uint32_t)values[i].len : BAU_SPAN_NULL };
        len += used;
    }
    row_at[n] = (uint32_t)len;
    b->raw = raw;
    b->raw_len = len;
    b->row_at = row_at;
    b->n_rows = n;
    b->bytes = len;
    b->format = r->frames->format;
    for (uint32_t i = 0; i < r->n_wire; i++) {
        struct bau_column *column = &b->columns[r->wire[i]];
        if (!spans[i])
            continue;
        column->form = BAU_FORM_VIEW;
        column->spans = spans[i];
        column->n_values = n;
        if (r->want[r->wire[i]] == BAU_WANT_TYPED)
            BAU_TRY_NOTE(r->frames->decode(b, column, err), err, "column %s",
                         r->dataset->fields[r->wire[i]].name);
    }
    return BAU_OK;
}

static bau_status next_batch(struct bau_reader *r, struct bau_batch *b, struct bau_error *err)
{
    size_t room;
    BAU_TRY(bau_batch_reset(b, r->dataset, err));
    if (atomic_load(&r->link->interrupted))
        return bau_error_set(err, BAU_E_CANCELLED, "interrupted");
    while (r->row == r->rows && r->group < r->part->n_groups && r->given < r->most)
        BAU_TRY(load_group(r, err));
    const uint32_t n = r->frames ? rows_that_fit(r, &room) : 0;
    if (n == 0)
        return BAU_OK;
    BAU_TRY(join_rows(r, b, n, room, err));
    b->seq = r->seq++;
    r->row += n;
    r->given += n;
    return BAU_OK;
}

static bau_status read_next(struct bau_reader *r, struct bau_batch *into, struct bau_error *err)
{
    const bau_status status = next_batch(r, into, err);
    if (status == BAU_E_BUG && err) /* a value that is none of its type: the archive's fault, not ours */
        err->code = BAU_E_INTEGRITY;
    if (status != BAU_OK)
        bau_error_note(err, "archive %s: %s", r->link->side->archive->manifest->name, r->dataset->name);
    return status == BAU_E_BUG && err ? BAU_E_INTEGRITY : status;
}

const struct bau_connector bau_archive_source = {
    .name = "archive",
    .schemes = "",
    .summary = "A masked snapshot as objects.",
    .caps = BAU_CAN_READ | BAU_CAN_SNAPSHOT | BAU_CAN_SPLIT,
    .config_bytes = sizeof(struct bau_archive_from),
    .open = side_open,
    .close = side_close,
    .identity = side_identity,
    .catalog = side_catalog,
    .split = side_split,
    .schema = side_schema,
    .link_open = link_open,
    .link_close = link_close,
    .link_interrupt = link_interrupt,
    .read_open = read_open,
    .read_next = read_next,
    .read_close = read_close,
};

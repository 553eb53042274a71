/* Archives in a folder, without a database: round trips, every byte damaged, recipients. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/archive.h"

TestSuite(archive, .init = make_folder, .fini = remove_folder, .timeout = 300);

Test(archive, round_trips)
{
    struct bau_locks locks = key_lock();
    struct bau_opener opener = key_opener();
    struct rows rows;
    struct bau_error err = { 0 };
    make_rows(&rows, 1, N_ROWS, 0, 0);
    for (int sealed = 0; sealed < 2; sealed++)
        for (uint64_t chunk = 4096; chunk <= 1 << 20; chunk <<= 4) {
            char id[17];
            struct bau_archive *a = NULL;
            snprintf(id, sizeof id, "%016x", (unsigned)(chunk * 2 + (unsigned)sealed));
            const struct bau_archive_written w = make_archive(
                &(struct making){ .locks = sealed ? &locks : NULL, .run_id = id, .chunk = chunk }, &rows);
            cr_assert_eq(open_archive(w.name, &opener, &a, &err), BAU_OK, "%s", err.text);
            cr_assert_eq(a->manifest->sealed, sealed == 1);
            cr_assert_eq(a->manifest->rows, N_ROWS);
            same_rows(a, &rows, 0);
            same_rows(a, &rows, 7);
            bau_archive_close(a);
            cr_assert_eq(check_archive(w.name, &opener, &err), BAU_OK, "%s", err.text);
        }
    bau_text_release(&rows.raw);
}

/* ── damage ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct file {
    char path[256];
    uint8_t bytes[1 << 16];
    size_t n;
};
static struct file files[16];
static size_t n_files;

static void gather(const char *path)
{
    DIR *dir = opendir(path);
    cr_assert(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        char below[256];
        if (e->d_name[0] == '.')
            continue;
        snprintf(below, sizeof below, "%.120s/%.120s", path, e->d_name);
        if (e->d_type == DT_DIR) {
            gather(below);
            continue;
        }
        cr_assert_lt(n_files, BAU_COUNT(files));
        struct file *f = &files[n_files++];
        snprintf(f->path, sizeof f->path, "%s", below);
        FILE *in = fopen(below, "rb");
        f->n = fread(f->bytes, 1, sizeof f->bytes, in);
        cr_assert_lt(f->n, sizeof f->bytes);
        fclose(in);
    }
    closedir(dir);
}

static void put_file(const char *path, const uint8_t *bytes, size_t n)
{
    FILE *out = fopen(path, "wb");
    cr_assert(out);
    cr_assert_eq(fwrite(bytes, 1, n, out), n);
    fclose(out);
}

static void is_told(const char *name, const char *what, const struct file *f, size_t at)
{
    struct bau_opener opener = key_opener();
    struct bau_error err = { 0 };
    const bau_status status = check_archive(name, &opener, &err);
    cr_assert_eq(status, BAU_E_INTEGRITY, "%s %s at %zu of %zu: %s %s", f->path, what, at, f->n,
                 bau_status_name(status), err.text);
    cr_assert_gt(strlen(err.text), 10);
}

static void damage(bool sealed)
{
    struct bau_locks locks = key_lock();
    struct rows rows;
    make_rows(&rows, 1, 40, 0, 0);
    const struct bau_archive_written w = make_archive(
        &(struct making){ .locks = sealed ? &locks : NULL, .run_id = "00000000000000aa" }, &rows);
    gather(folder);
    cr_assert_eq(n_files, 3); /* a pack, the index, the manifest */
    for (size_t i = 0; i < n_files; i++) {
        struct file *f = &files[i];
        for (size_t at = 0; at < f->n; at++) {
            f->bytes[at] ^= (uint8_t)(1u << (at % 8));
            put_file(f->path, f->bytes, f->n);
            f->bytes[at] ^= (uint8_t)(1u << (at % 8));
            is_told(w.name, "flipped", f, at);
        }
        for (size_t n = 0; n < f->n; n++) {
            put_file(f->path, f->bytes, n);
            is_told(w.name, "cut", f, n);
        }
        unlink(f->path);
        is_told(w.name, "missing", f, 0);
        put_file(f->path, f->bytes, f->n);
    }
    struct bau_opener opener = key_opener();
    struct bau_error err;
    cr_assert_eq(check_archive(w.name, &opener, &err), BAU_OK, "%s", err.text);
    bau_text_release(&rows.raw);
}

Test(archive, every_byte_of_an_open_one)
{
    damage(false);
}

Test(archive, every_byte_of_a_sealed_one)
{
    damage(true);
}

/* Chunks of equal length change places, in a pack and between two archives. */
Test(archive, chunks_out_of_place)
{
    struct bau_locks locks = key_lock();
    struct bau_opener opener = key_opener();
    struct bau_archive *a = NULL;
    struct bau_error err = { 0 };
    struct rows rows;
    make_rows(&rows, 1, N_ROWS, 0, 0);
    const struct making m = { .locks = &locks, .run_id = "00000000000000ab", .chunk = 4096 };
    const struct bau_archive_written w = make_archive(&m, &rows);
    char name[80], other[80];
    snprintf(name, sizeof name, "%s", w.name);
    cr_assert_eq(open_archive(name, &opener, &a, &err), BAU_OK);
    uint64_t x = 0, y = 0;
    for (uint64_t i = 0; i < a->manifest->n_chunks && !y; i++)
        for (uint64_t k = i + 1; k < a->manifest->n_chunks && !y; k++)
            if (a->manifest->chunks[i].stored == a->manifest->chunks[k].stored &&
                a->manifest->chunks[i].at != a->manifest->chunks[k].at) {
                x = i;
                y = k;
            }
    cr_assert_gt(y, 0, "two chunks of one length");
    const struct bau_chunk_at first = a->manifest->chunks[x], second = a->manifest->chunks[y];
    char pack[512], object[64];
    bau_pack_name(a->manifest->id, 0, object);
    snprintf(pack, sizeof pack, "%s/%s", folder, object);
    bau_archive_close(a);
    a = NULL;
    gather(folder);
    struct file *f = NULL;
    for (size_t i = 0; i < n_files; i++)
        if (strcmp(files[i].path, pack) == 0)
            f = &files[i];
    cr_assert(f);
    struct file swapped = *f;
    memcpy(swapped.bytes + first.at, f->bytes + second.at, first.stored);
    memcpy(swapped.bytes + second.at, f->bytes + first.at, first.stored);
    put_file(pack, swapped.bytes, swapped.n);
    is_told(name, "swapped", f, first.at);
    put_file(pack, f->bytes, f->n);
    /* the same rows in another archive under another key: its pack in place of ours */
    const struct making again = {
        .locks = &locks, .run_id = "00000000000000ac", .chunk = 4096, .full = true
    };
    const struct bau_archive_written v = make_archive(&again, &rows);
    snprintf(other, sizeof other, "%s", v.name);
    cr_assert_eq(open_archive(other, &opener, &a, &err), BAU_OK);
    bau_pack_name(a->manifest->id, 0, object);
    bau_archive_close(a);
    char from[512];
    snprintf(from, sizeof from, "%s/%s", folder, object);
    static uint8_t bytes[1 << 16];
    FILE *in = fopen(from, "rb");
    const size_t n = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    put_file(pack, bytes, n);
    is_told(name, "another's pack", f, 0);
    memcpy(bytes, f->bytes, BAU_PACK_HEAD);
    put_file(pack, bytes, n);
    is_told(name, "another's chunks", f, 0);
    /* a manifest under another name */
    put_file(pack, f->bytes, f->n);
    char to[512];
    snprintf(from, sizeof from, "%.200s/archives/%s/manifest", folder, other);
    snprintf(to, sizeof to, "%.200s/archives/%s/manifest", folder, name);
    in = fopen(from, "rb");
    const size_t n_manifest = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    put_file(to, bytes, n_manifest);
    is_told(name, "another's manifest", f, 0);
    bau_text_release(&rows.raw);
}

/* ── recipients ──────────────────────────────────────────────────────────────────────────────────────────────────── */

Test(archive, recipients)
{
    struct bau_locks locks = { .n = 3 };
    struct bau_opener says = { 0 }, holds = key_opener(), is = { .has_private = true };
    struct bau_secret *passphrase = NULL, *wrong = NULL;
    struct bau_error err = { 0 };
    struct rows rows;
    make_rows(&rows, 1, 50, 0, 0);
    cr_assert_eq(bau_secret_from_bytes("correct horse", 13, &passphrase, &err), BAU_OK);
    cr_assert_eq(bau_secret_from_bytes("correct house", 13, &wrong, &err), BAU_OK);
    cr_assert_eq(bau_lock_passphrase(passphrase, NULL, &locks.at[0], &err), BAU_OK);
    locks.at[1] = key_lock().at[0];
    locks.at[2].kind = BAU_WRAP_X25519;
    cr_assert_eq(bau_x25519_new(is.private_key, locks.at[2].key, &err), BAU_OK);
    says.passphrase = passphrase;
    const struct bau_archive_written w = make_archive(
        &(struct making){ .locks = &locks, .passphrase = passphrase, .run_id = "00000000000000ad" }, &rows);
    cr_expect_eq(check_archive(w.name, &says, &err), BAU_OK, "%s", err.text);
    cr_expect_eq(check_archive(w.name, &holds, &err), BAU_OK, "%s", err.text);
    cr_expect_eq(check_archive(w.name, &is, &err), BAU_OK, "%s", err.text);
    says = (struct bau_opener){ .passphrase = wrong };
    holds.key[31] ^= 1;
    is.private_key[5] ^= 1;
    cr_expect_eq(check_archive(w.name, &says, &err), BAU_E_INTEGRITY);
    cr_expect(strstr(err.text, "is not the one"), "%s", err.text);
    cr_expect_eq(check_archive(w.name, &holds, &err), BAU_E_INTEGRITY);
    cr_expect_eq(check_archive(w.name, &is, &err), BAU_E_INTEGRITY);
    cr_expect(strstr(err.text, "sealed for others"), "%s", err.text);
    cr_expect_eq(check_archive(w.name, NULL, &err), BAU_E_INTEGRITY);
    cr_expect(strstr(err.text, "it is sealed: give"), "%s", err.text);
    bau_secret_free(passphrase);
    bau_secret_free(wrong);
    bau_text_release(&rows.raw);
}

/* RFC 7748, 6.1. */
Test(archive, x25519_vector)
{
    uint8_t alice[32], bob[32], shared[32], want[32];
    struct bau_error err;
    /* the private key of Bob, the public key of Alice, what they agree on */
    cr_assert(bau_unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", 32, bob));
    cr_assert(bau_unhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", 32, alice));
    cr_assert(bau_unhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", 32, want));
    cr_assert_eq(bau_x25519_shared(bob, alice, shared, &err), BAU_OK);
    cr_expect_eq(memcmp(shared, want, 32), 0);
}

/* ── golden ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Archives of every version ever released, sealed for key_opener: BAUTA_GOLDEN=write makes those of this one. */
Test(archive, golden)
{
    struct bau_locks locks = key_lock();
    struct bau_opener opener = key_opener();
    struct rows rows;
    make_rows(&rows, 1, 200, 0, 0);
    remove_folder();
    snprintf(folder, sizeof folder, "%s", BAU_GOLDEN_FOLDER "/archive-1");
    const char *write = getenv("BAUTA_GOLDEN");
    if (write && strcmp(write, "write") == 0)
        make_archive(&(struct making){ .locks = &locks, .run_id = "00000000000000e1", .chunk = 4096 }, &rows);
    struct bau_archive *a = NULL;
    struct bau_error err = { 0 };
    cr_assert_eq(open_archive(NULL, &opener, &a, &err), BAU_OK, "%s", err.text);
    same_rows(a, &rows, 0);
    struct bau_verified seen;
    cr_expect_eq(bau_archive_verify(a, &seen, &err), BAU_OK, "%s", err.text);
    bau_archive_close(a);
    make_folder(); /* the end of the test removes this one */
    bau_text_release(&rows.raw);
}

/* ── chunks ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void chunk_of(uint32_t n, uint32_t width, uint32_t nulls_every, uint32_t seed)
{
    struct bau_values v = { 0 };
    struct bau_text payload = { 0 };
    struct bau_values_run run;
    struct bau_error err;
    struct bau_arena *arena = bau_arena_new(4096, 0);
    uint8_t bytes[400];
    size_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t len = width ? width : (seed >> 7) % (seed % 11 == 0 ? 400 : 20);
        for (uint32_t k = 0; k < len; k++)
            bytes[k] = (uint8_t)(k + 1 == len ? i * 3 : seed >> 28);
        const bool null = nulls_every && i % nulls_every == 0;
        cr_assert_eq(bau_values_add(&v, bytes, null ? BAU_SPAN_NULL : len, &err), BAU_OK);
        seed = seed * 1664525u + 1013904223u;
    }
    cr_assert_eq(bau_chunk_payload(&v, &payload, &err), BAU_OK);
    cr_assert_eq(bau_chunk_values((uint8_t *)payload.data, payload.len, n, arena, &run, &err), BAU_OK, "%s",
                 err.text);
    for (uint32_t i = 0; i < n; i++) {
        cr_assert_eq(bau_values_present(&run, i), v.lens[i] != BAU_SPAN_NULL);
        const uint32_t len = v.lens[i] == BAU_SPAN_NULL ? 0 : v.lens[i];
        cr_assert_eq(run.at[i + 1] - run.at[i], len);
        cr_assert(len == 0 || memcmp(run.data + run.at[i], v.data + at, len) == 0);
        at += len;
    }
    cr_assert_neq(bau_chunk_values((uint8_t *)payload.data, payload.len, n + 1, arena, &run, &err), BAU_OK);
    cr_assert_neq(bau_chunk_values((uint8_t *)payload.data, payload.len - 1, n, arena, &run, &err), BAU_OK);
    bau_values_release(&v);
    bau_text_release(&payload);
    bau_arena_free(arena);
}

Test(archive, chunks)
{
    static const uint32_t widths[] = { 0, 1, 2, 3, 4, 8, 16 }, counts[] = { 1, 2, 7, 8, 9, 100, 5000 },
                          nulls[] = { 0, 1, 2, 3, 1000 };
    for (size_t w = 0; w < BAU_COUNT(widths); w++)
        for (size_t c = 0; c < BAU_COUNT(counts); c++)
            for (size_t k = 0; k < BAU_COUNT(nulls); k++)
                chunk_of(counts[c], widths[w], nulls[k], (uint32_t)(w * 77 + c * 5 + k));
}

/* ── the folder ──────────────────────────────────────────────────────────────────────────────────────────────────── */

Test(archive, hostile_names)
{
    static const char *const names[] = { "",     "/",        "/etc/passwd",  "..",
                                         "../x", "a/../x",   "a//b",         "a/",
                                         "./a",  "a/.",      "a b",          "a\nb",
                                         "a\\b", "\xc3\xa4", ".bauta-new-1", "a/.bauta-new-x" };
    struct bau_secret *uri = place_uri();
    const struct bau_place_with with = { .uri = uri, .write = true, .threads = 1 };
    struct bau_place p;
    struct bau_error err;
    bool made, there;
    struct bau_object o;
    char byte, path[512];
    cr_assert_eq(bau_place_open(&with, &p, &err), BAU_OK);
    for (size_t i = 0; i < BAU_COUNT(names); i++) {
        cr_expect_eq(p.kind->put(p.at, names[i], "x", 1, false, &made, &err), BAU_E_USAGE, "put '%s'",
                     names[i]);
        cr_expect_eq(p.kind->get(p.at, names[i], 0, &byte, 1, &err), BAU_E_USAGE, "get '%s'", names[i]);
        cr_expect_eq(p.kind->stat(p.at, names[i], &there, &o, &err), BAU_E_USAGE, "stat '%s'", names[i]);
        cr_expect_eq(p.kind->remove(p.at, names[i], &err), BAU_E_USAGE, "remove '%s'", names[i]);
    }
    snprintf(path, sizeof path, "%s/link", folder);
    cr_assert_eq(symlink("/tmp", path), 0);
    cr_expect_eq(p.kind->put(p.at, "link/bauta-should-not-be", "x", 1, false, &made, &err), BAU_E_TARGET);
    cr_expect_neq(access("/tmp/bauta-should-not-be", F_OK), 0);
    snprintf(path, sizeof path, "%s/secret", folder);
    cr_assert_eq(symlink("/etc/hostname", path), 0);
    cr_expect_eq(p.kind->get(p.at, "secret", 0, &byte, 1, &err), BAU_E_INTEGRITY);
    cr_assert_eq(p.kind->put(p.at, "a/b", "one", 3, true, &made, &err), BAU_OK);
    cr_expect(made);
    cr_assert_eq(p.kind->put(p.at, "a/b", "two", 3, true, &made, &err), BAU_OK);
    cr_expect_not(made);
    char three[3];
    cr_assert_eq(p.kind->get(p.at, "a/b", 0, three, 3, &err), BAU_OK);
    cr_expect_eq(memcmp(three, "one", 3), 0);
    cr_expect_eq(p.kind->get(p.at, "a/b", 2, three, 2, &err), BAU_E_INTEGRITY);
    bau_place_close(&p);
    bau_secret_free(uri);
}

/* Counted memory and the encrypted scratch file behind it. A blob is written once and never changed: seal, pwrite at an
 * offset that was reserved atomically, so that threads never wait for each other's writes. */
#include "src/subset/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAG 16u

bau_status bau_spill_init(struct bau_spill *spill, const char *folder, uint64_t limit, struct bau_error *err)
{
    memset(spill, 0, sizeof(*spill));
    spill->folder = folder;
    spill->limit = limit;
    atomic_store(&spill->fd, -1);
    if (RAND_priv_bytes(spill->key, sizeof(spill->key)) != 1)
        return bau_error_set(err, BAU_E_BUG, "no random bytes for the scratch file's key");
    pthread_mutex_init(&spill->lock, NULL);
    return BAU_OK;
}

void bau_spill_release(struct bau_spill *spill)
{
    const int fd = atomic_load(&spill->fd);
    if (fd >= 0)
        close(fd);
    pthread_mutex_destroy(&spill->lock);
    bau_wipe(spill->key, sizeof(spill->key));
}

void bau_spill_count(struct bau_spill *spill, int64_t bytes)
{
    const uint64_t now =
        atomic_fetch_add_explicit(&spill->used, (uint64_t)bytes, memory_order_relaxed) + (uint64_t)bytes;
    uint64_t peak = atomic_load_explicit(&spill->peak, memory_order_relaxed);
    while (bytes > 0 && now > peak && !atomic_compare_exchange_weak(&spill->peak, &peak, now))
        ;
}

bool bau_spill_fits(const struct bau_spill *spill, uint64_t bytes)
{
    return atomic_load_explicit(&spill->used, memory_order_relaxed) + bytes <= spill->limit;
}

void *bau_spill_alloc(struct bau_spill *spill, size_t bytes)
{
    void *const block = bau_alloc(bytes ? bytes : 1);
    if (block)
        bau_spill_count(spill, (int64_t)bytes);
    return block;
}

void bau_spill_free(struct bau_spill *spill, void *block, size_t bytes)
{
    if (!block)
        return;
    bau_free(block);
    bau_spill_count(spill, -(int64_t)bytes);
}

bau_status bau_spill_grow(struct bau_spill *spill, void **array, size_t *room, size_t want, size_t each,
                          struct bau_error *err)
{
    if (want <= *room)
        return BAU_OK;
    size_t more = *room ? *room * 2 : 16;
    if (more < want)
        more = want;
    uint8_t *const grown = bau_realloc(*array, more * each);
    if (!grown)
        return bau_error_set(err, BAU_E_NOMEM, "key sets");
    memset(grown + *room * each, 0, (more - *room) * each);
    bau_spill_count(spill, (int64_t)((more - *room) * each));
    *array = grown;
    *room = more;
    return BAU_OK;
}

/* ── the file ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int open_unlinked(const char *folder)
{
    const int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    BAU_AUTO_TEXT path = { 0 };
    bau_text_addf(&path, "%s/bauta-scratch-XXXXXX", folder);
    if (path.failed)
        return -1;
    const int named = mkostemp(path.data, O_CLOEXEC);
    if (named >= 0)
        unlink(path.data);
    return named;
}

static bau_status file_open(struct bau_spill *spill, struct bau_error *err)
{
    if (atomic_load(&spill->fd) >= 0)
        return BAU_OK;
    pthread_mutex_lock(&spill->lock);
    if (atomic_load(&spill->fd) < 0)
        atomic_store(&spill->fd, open_unlinked(spill->folder));
    pthread_mutex_unlock(&spill->lock);
    if (atomic_load(&spill->fd) >= 0)
        return BAU_OK;
    const int sys = errno;
    bau_error_set(err, BAU_E_IO, "scratch file in %s: %s", spill->folder, strerror(sys));
    if (err)
        err->sys = sys;
    return BAU_E_IO;
}

static bau_status all_bytes(struct bau_spill *spill, bool write, uint8_t *bytes, size_t len, uint64_t at,
                            struct bau_error *err)
{
    const int fd = atomic_load(&spill->fd);
    for (size_t done = 0; done < len;) {
        const ssize_t n = write ? pwrite(fd, bytes + done, len - done, (off_t)(at + done))
                                : pread(fd, bytes + done, len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            const int sys = n ? errno : EIO;
            bau_error_set(err, BAU_E_IO, "scratch file in %s: %s", spill->folder, strerror(sys));
            if (err)
                err->sys = sys;
            return BAU_E_IO;
        }
        done += (size_t)n;
    }
    return BAU_OK;
}

static void nonce_of(uint64_t at, uint8_t nonce[12])
{
    memset(nonce, 0, 12);
    memcpy(nonce, &at, sizeof(at));
}

/* One AES-256-GCM call; `tag` is made or checked. */
static bool gcm(const struct bau_spill *spill, bool seal, uint64_t at, const uint8_t *in, uint32_t len,
                uint8_t *out, uint8_t *tag)
{
    EVP_CIPHER_CTX *const ctx = EVP_CIPHER_CTX_new();
    uint8_t nonce[12], rest[TAG];
    int n = 0;
    nonce_of(at, nonce);
    bool good = ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, spill->key, nonce, seal) == 1;
    if (good && !seal)
        good = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, (int)TAG, tag) == 1;
    good =
        good && EVP_CipherUpdate(ctx, out, &n, in, (int)len) == 1 && EVP_CipherFinal_ex(ctx, rest, &n) == 1;
    if (good && seal)
        good = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, (int)TAG, tag) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return good;
}

static bau_status write_out(struct bau_spill *spill, const void *bytes, uint32_t len, struct bau_blob *out,
                            struct bau_error *err)
{
    BAU_TRY(file_open(spill, err));
    uint8_t *const sealed = bau_alloc((size_t)len + TAG);
    if (!sealed)
        return bau_error_set(err, BAU_E_NOMEM, "scratch file");
    const uint64_t at = atomic_fetch_add(&spill->end, (uint64_t)len + TAG);
    bau_status status = gcm(spill, true, at, bytes, len, sealed, sealed + len)
                            ? all_bytes(spill, true, sealed, (size_t)len + TAG, at, err)
                            : bau_error_set(err, BAU_E_BUG, "scratch file: cipher");
    bau_free(sealed);
    if (status == BAU_OK)
        *out = (struct bau_blob){ .data = NULL, .at = at, .len = len };
    return status;
}

/* ── blobs ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status bau_blob_put(struct bau_spill *spill, const void *bytes, uint32_t len, struct bau_blob *out,
                        struct bau_error *err)
{
    if (atomic_load_explicit(&spill->used, memory_order_relaxed) + len > spill->limit / 2)
        return write_out(spill, bytes, len, out, err);
    uint8_t *const data = bau_spill_alloc(spill, len);
    if (!data)
        return bau_error_set(err, BAU_E_NOMEM, "key columns");
    if (len)
        memcpy(data, bytes, len);
    *out = (struct bau_blob){ .data = data, .len = len };
    return BAU_OK;
}

bau_status bau_blob_get(struct bau_spill *spill, const struct bau_blob *blob, uint8_t *buffer,
                        const uint8_t **out, struct bau_error *err)
{
    if (blob->data) {
        *out = blob->data;
        return BAU_OK;
    }
    uint8_t *const sealed = bau_alloc((size_t)blob->len + TAG);
    if (!sealed)
        return bau_error_set(err, BAU_E_NOMEM, "scratch file");
    bau_status status = all_bytes(spill, false, sealed, (size_t)blob->len + TAG, blob->at, err);
    if (status == BAU_OK && !gcm(spill, false, blob->at, sealed, blob->len, buffer, sealed + blob->len))
        status = bau_error_set(err, BAU_E_INTEGRITY, "the scratch file in %s was changed", spill->folder);
    bau_free(sealed);
    if (status == BAU_OK)
        *out = buffer;
    return status;
}

bau_status bau_blob_pin(struct bau_spill *spill, struct bau_blob *blob, struct bau_error *err)
{
    if (blob->data)
        return BAU_OK;
    const uint8_t *bytes;
    uint8_t *const data = bau_spill_alloc(spill, blob->len);
    if (!data)
        return bau_error_set(err, BAU_E_NOMEM, "key columns");
    const bau_status status = bau_blob_get(spill, blob, data, &bytes, err);
    if (status == BAU_OK)
        blob->data = data;
    else
        bau_spill_free(spill, data, blob->len);
    return status;
}

void bau_blob_drop(struct bau_spill *spill, struct bau_blob *blob)
{
    if (blob->data)
        bau_spill_free(spill, blob->data, blob->len);
    *blob = (struct bau_blob){ 0 };
}

bau_status bau_blobs_add(struct bau_spill *spill, struct bau_blobs *list, const void *bytes, uint32_t len,
                         struct bau_error *err)
{
    void *at = list->at;
    const bau_status status = bau_spill_grow(spill, &at, &list->room, list->n + 1, sizeof(*list->at), err);
    list->at = at;
    BAU_TRY(status);
    BAU_TRY(bau_blob_put(spill, bytes, len, &list->at[list->n], err));
    list->n++;
    list->bytes += len;
    return BAU_OK;
}

bau_status bau_blobs_join(struct bau_spill *spill, const struct bau_blobs *list, uint8_t **out,
                          struct bau_error *err)
{
    const size_t room = list->bytes ? (size_t)list->bytes : 1;
    uint8_t *const joined = bau_spill_alloc(spill, room);
    if (!joined)
        return bau_error_set(err, BAU_E_NOMEM, "key tuples");
    size_t at = 0;
    for (size_t i = 0; i < list->n; i++) {
        const uint8_t *bytes;
        const bau_status status = bau_blob_get(spill, &list->at[i], joined + at, &bytes, err);
        if (status != BAU_OK) {
            bau_spill_free(spill, joined, room);
            return status;
        }
        if (bytes != joined + at)
            memcpy(joined + at, bytes, list->at[i].len);
        at += list->at[i].len;
    }
    *out = joined;
    return BAU_OK;
}

void bau_blobs_drop(struct bau_spill *spill, struct bau_blobs *list)
{
    for (size_t i = 0; i < list->n; i++)
        bau_blob_drop(spill, &list->at[i]);
    bau_spill_free(spill, list->at, list->room * sizeof(*list->at));
    *list = (struct bau_blobs){ 0 };
}

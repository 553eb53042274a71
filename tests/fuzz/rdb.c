/* Redis values as DUMP spells them: no bytes may crash the decoder or make it read outside them, and what it does take apart
 * comes out the same once it was put together again. */
#include <stdlib.h>
#include <string.h>

#include "connectors/redis/rdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct items {
    struct bau_text text; /* item, length and bytes, one behind the other */
    struct redis_encode *encode;
};

static bau_status note(void *self, redis_item item, struct bau_slice bytes, struct bau_error *err)
{
    struct items *i = self;
    const uint8_t kind = (uint8_t)item;
    bau_text_addn(&i->text, &kind, 1);
    bau_text_addn(&i->text, &bytes.len, sizeof bytes.len);
    bau_text_addn(&i->text, bytes.data, bytes.len);
    return i->encode ? redis_encode_item(i->encode, item, bytes, err) : BAU_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redis_crc crc;
    struct redis_encode encode = { 0 };
    struct bau_error err;
    uint8_t *copy = malloc(size ? size : 1); /* so that a sanitizer sees its end */
    const struct bau_slice payload = { copy, size };
    struct items first = { .encode = &encode }, second = { 0 };
    const struct redis_sink one = { &first, note }, two = { &second, note };
    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    redis_crc_init(&crc);
    redis_encode_begin(&encode, &crc, redis_rdb_type(payload));
    if (redis_rdb_decode(payload, &one, &err) == BAU_OK) {
        if (redis_encode_finish(&encode, &err) != BAU_OK)
            abort();
        const struct bau_slice again = { (const uint8_t *)encode.out.data, encode.out.len };
        if (redis_rdb_decode(again, &two, &err) != BAU_OK || first.text.len != second.text.len ||
            (first.text.len && memcmp(first.text.data, second.text.data, first.text.len) != 0))
            abort();
    }
    bau_text_release(&first.text);
    bau_text_release(&second.text);
    redis_encode_release(&encode);
    free(copy);
    return 0;
}

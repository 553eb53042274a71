/* How another engine calls the masking core: the lines of standard input as an Arrow array of UTF-8, masked, written out.
 *
 *     cc mask_lines.c $(pkg-config --cflags --libs bauta)
 *     ./a.out 'email' <addresses.txt        the key in $BAUTA_KEY, as `bauta try` takes it
 */
#include <bauta/bauta.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 10000, BYTES = 1 << 20 };

struct lines { /* an array over memory of ours: releasing it gives nothing back */
    struct ArrowArray array;
    const void *buffers[3];
    int32_t offsets[LINES + 1];
    char bytes[BYTES];
};

static void release_lines(struct ArrowArray *array)
{
    array->release = NULL;
}

static void read_lines(struct lines *in)
{
    size_t used = 0;
    int64_t n = 0;
    while (n < LINES && fgets(in->bytes + used, (int)(BYTES - used), stdin)) {
        used += strcspn(in->bytes + used, "\n");
        in->offsets[++n] = (int32_t)used;
    }
    in->buffers[1] = in->offsets;
    in->buffers[2] = in->bytes;
    in->array =
        (struct ArrowArray){ .length = n, .n_buffers = 3, .buffers = in->buffers, .release = release_lines };
}

static void write_lines(const struct ArrowArray *out)
{
    const uint8_t *valid = out->buffers[0];
    const int32_t *offsets = out->buffers[1];
    for (int64_t i = 0; i < out->length; i++)
        if (valid && !(valid[i / 8] >> (i % 8) & 1))
            puts("null");
        else
            printf("%.*s\n", (int)(offsets[i + 1] - offsets[i]), (const char *)out->buffers[2] + offsets[i]);
}

int main(int argc, char **argv)
{
    static struct lines lines;
    const char *key = getenv("BAUTA_KEY");
    const struct ArrowSchema schema = { .format = "u", .name = "line" };
    const struct bau_treatment_with with = { .bytes = sizeof with,
                                             .key = key,
                                             .key_bytes = key ? strlen(key) : 0,
                                             .yaml = argc > 1 ? argv[1] : "email",
                                             .schema = &schema };
    struct bau_treatment *treatment = NULL;
    struct ArrowArray masked;
    struct bau_error err;
    read_lines(&lines);
    bau_status status = bau_treatment_open(&with, &treatment, &err);
    if (status == BAU_OK)
        status = bau_treatment_mask(treatment, &lines.array, &masked, &err);
    if (status == BAU_OK) {
        write_lines(&masked);
        masked.release(&masked);
    } else
        fprintf(stderr, "%s\n", err.text);
    bau_treatment_close(treatment);
    lines.array.release(&lines.array);
    return bau_status_exit(status);
}

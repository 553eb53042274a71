/* Pictures: no bytes may crash the readers; a placeholder is read back with its format; what was stripped has the same
 * format and size, is not longer, and nothing more comes off it. */
#include <stdlib.h>
#include <string.h>

#include "bauta/mem.h"
#include "maskers/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t grey[BAU_IMAGE_MOST];
    struct bau_image image, again;
    size_t once = 0, twice = 0;
    if (!bau_image_read(data, size, &image))
        return 0;
    const size_t n = bau_image_placeholder(image, grey);
    check(n > 0 && n <= sizeof grey && bau_image_read(grey, n, &again) && again.kind == image.kind);
    check(again.width <= image.width && again.height <= image.height);
    uint8_t *stripped = bau_alloc(size + 1), *second = bau_alloc(size + 1);
    check(stripped && second);
    if (bau_image_strip(data, size, stripped, &once)) {
        check(once <= size && bau_image_read(stripped, once, &again) && again.kind == image.kind);
        check(again.width == image.width && again.height == image.height);
        check(bau_image_strip(stripped, once, second, &twice) && twice == once &&
              memcmp(stripped, second, once) == 0);
    }
    bau_free(stripped);
    bau_free(second);
    return 0;
}

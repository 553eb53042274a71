/* What a server answers with: no bytes may crash what reads them, and what it takes for a page of a listing names its keys.
 * The first byte chooses the reader. */
#include <stdlib.h>
#include <string.h>

#include "connectors/s3/s3.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void page(const char *xml, size_t n)
{
    struct s3_page page;
    struct bau_error err;
    if (s3_page_read(xml, n, &page, &err) == BAU_OK) {
        for (size_t i = 0; i < page.n; i++)
            if (!page.entries[i].key || strlen(page.entries[i].key) > n)
                abort();
        if (page.more && !page.next)
            abort();
    }
    s3_page_release(&page);
}

static void others(const char *xml, size_t n)
{
    struct s3_fault fault;
    struct bau_error err;
    BAU_AUTO_TEXT id = { 0 };
    s3_fault_read(xml, n, &fault);
    if (strlen(fault.code) >= sizeof fault.code || strlen(fault.region) >= sizeof fault.region)
        abort();
    if (s3_upload_id_read(xml, n, &id, &err) == BAU_OK && id.len == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] & 1)
        page((const char *)data + 1, size - 1);
    else if (size > 0)
        others((const char *)data + 1, size - 1);
    return 0;
}

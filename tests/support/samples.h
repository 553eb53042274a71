/* Values that conform, for maskers whose example cannot simply be counted up (check digits, documents): sample `i` of
 * masker `name`, at most 64 bytes, distinct for distinct i below ten million. One line each; the function lies in
 * tests/support/samples/. */
#ifndef BAU_TESTS_SAMPLES_H
#define BAU_TESTS_SAMPLES_H

#include <stdint.h>
#include <stddef.h>

#include "tests/support/samples/dates.h"
#include "tests/support/samples/ip.h"
#include "tests/support/samples/mac.h"
#include "tests/support/samples/images.h"
#include "tests/support/samples/ids.h"
#include "tests/support/samples/national_id.h"

typedef size_t sample_fn(uint64_t i, uint8_t out[64]);

static const struct {
    const char *masker;
    sample_fn *make;
} samples[] = {
    { "date_truncate", sample_timestamp },
    { "ip", sample_ip },
    { "ip_reserved", sample_ip },
    { "mac", sample_mac },
    { "mac_local", sample_mac },
    { "image_placeholder", sample_gif },
    { "exif_strip", sample_gif },
    { "pdf_placeholder", sample_pdf },
    { "pan", sample_pan },
    { "pan_reserved", sample_pan },
    { "pan_truncate", sample_pan },
    { "iban", sample_iban },
    { "bic", sample_bic },
    { "routing", sample_routing },
    { "vin", sample_vin },
    { "imei", sample_imei },
    { "ean", sample_ean },
    { "isin", sample_isin },
    { "imei_reserved", sample_imei },
    { "bic_reserved", sample_bic },
    { "objectid", sample_objectid },
    { "objectid:bytes", sample_objectid_bytes },
    { "national_id", sample_us_ssn },
    { "national_id_reserved", sample_us_ssn },
    { NULL, NULL },
};

/* Maskers of numbers that have to lie within a range: fractions between -most and most. */
static const struct {
    const char *masker;
    uint32_t most;
} number_ranges[] = {
    { "geo_jitter", 85 },
    { "geo_grid", 85 },
    { NULL, 0 },
};

#endif

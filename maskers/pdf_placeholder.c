/* pdf_placeholder: every PDF becomes one fixed PDF: one A4 page with a grey rectangle on it (PDF 1.4, 459 bytes). A value
 * without "%PDF-" in its first 1024 bytes, where readers look for it, is BAU_E_DATA. */
#include "maskers/common.h"

enum { HEADER_WITHIN = 1024 };

static const char page[] =
    "%PDF-1.4\n"
    "1 0 obj\n"
    "<< /Type /Catalog /Pages 2 0 R >>\n"
    "endobj\n"
    "2 0 obj\n"
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>\n"
    "endobj\n"
    "3 0 obj\n"
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>\n"
    "endobj\n"
    "4 0 obj\n"
    "<< /Length 27 >>\n"
    "stream\n"
    "0.9 g 60 60 475 722 re f  \n"
    "\n"
    "endstream\n"
    "endobj\n"
    "xref\n"
    "0 5\n"
    "0000000000 65535 f \n"
    "0000000009 00000 n \n"
    "0000000058 00000 n \n"
    "0000000115 00000 n \n"
    "0000000219 00000 n \n"
    "trailer\n"
    "<< /Size 5 /Root 1 0 R >>\n"
    "startxref\n"
    "296\n"
    "%%EOF\n";

static bool is_pdf(struct bau_slice v)
{
    const size_t n = v.len < HEADER_WITHIN ? v.len : HEADER_WITHIN;
    for (size_t i = 0; i + 5 <= n; i++)
        if (memcmp(v.data + i, "%PDF-", 5) == 0)
            return true;
    return false;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    (void)config;
    BAU_TRY(bau_mask_text_out(out, in, BAU_BYTES, sizeof page - 1, ctx->arena, err));
    uint8_t *dst = out->data, *const start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i)) {
            if (!is_pdf(bau_column_value(in, i)))
                return bau_mask_refuse(ctx, in, i, "is no PDF", err);
            memcpy(dst, page, sizeof page - 1);
            dst += sizeof page - 1;
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

const struct bau_masker bau_masker_pdf_placeholder = {
    .name = "pdf_placeholder",
    .summary = "Replaces a PDF by one page with a grey rectangle.",
    .accepts = BAU_TYPE_BIT(BAU_BYTES),
    .traits = BAU_DETERMINISTIC | BAU_CONSTANT,
    .canon = BAU_CANON_NONE,
    .apply = apply,
    .example_in = "%PDF-1.7 invoice 1001",
    .example_options = "",
};

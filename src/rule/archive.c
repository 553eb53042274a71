/* `archive:` of the project file. */
#include <string.h>

#include "src/rule/load.h"

#define AT(member) offsetof(struct bau_archive_rules, member)

const struct bau_option bau_archive_options[] = {
    { "to", BAU_OPTION_TEXT, AT(to), NULL, 0, 0,
      "Where archives lie: a folder, a URI such as s3://BUCKET/PREFIX, or env:NAME, command:COMMAND that "
      "gives "
      "one.",
      0, NULL, "PLACE", 0 },
    { "signed_by", BAU_OPTION_TEXT, AT(signed_by), NULL, 0, 0,
      "Public key, as bauta inspect shows it, that an archive must be signed by to be accepted.", 0, NULL,
      "HEX", 0 },
    { "level", BAU_OPTION_U32, AT(level), "3", 1, 19, "Level of compression; higher is smaller and slower.",
      0, NULL, NULL, 0 },
    { "chunk", BAU_OPTION_BYTES, AT(chunk), "2MiB", 4096, 256 << 20,
      "Values gathered before they are cut into chunks, about; smaller finds more unchanged ones again.", 0,
      NULL, NULL, 0 },
    { "expire", BAU_OPTION_DURATION, AT(expire_ms), "0s", 0, INT64_C(3155760000000),
      "How long a new archive may be restored, such as 30d; then restore and pull refuse it and prune "
      "removes "
      "it, also the latest; 0s: for ever.",
      0, NULL, NULL, 0 },
    { .name = NULL },
};

const struct bau_option bau_archive_keep_options[] = {
    { "last", BAU_OPTION_U32, AT(last), "0", 0, 100000, "Newest archives kept.", 0, NULL, NULL, 0 },
    { "daily", BAU_OPTION_U32, AT(daily), "0", 0, 100000, "Days of which the newest archive is kept.", 0,
      NULL, NULL, 0 },
    { "weekly", BAU_OPTION_U32, AT(weekly), "0", 0, 100000, "Weeks of which the newest archive is kept.", 0,
      NULL, NULL, 0 },
    { "monthly", BAU_OPTION_U32, AT(monthly), "0", 0, 100000, "Months of which the newest archive is kept.",
      0, NULL, NULL, 0 },
    { "age", BAU_OPTION_DURATION, AT(age_ms), "0s", 0, INT64_MAX, "Older archives go; 0s: none by age.", 0,
      NULL, NULL, 0 },
    { "size", BAU_OPTION_BYTES, AT(size), "0B", 0, INT64_MAX,
      "Bytes that the newest archives may have in all, older ones go; 0B: any.", 0, NULL, NULL, 0 },
    { .name = NULL },
};

static bau_status load_recipients(struct bau_load *l, const struct bau_yaml_pair *pair, struct bau_texts *out)
{
    BAU_TRY(
        bau_load_kind(l, pair, BAU_YAML_LIST, "a list of references to public keys: [ file:staging.pem ]"));
    out->at = bau_arena_take(l->arena, ((size_t)pair->value->n + 1) * sizeof *out->at);
    if (!out->at)
        return bau_load_memory(l);
    for (uint32_t i = 0; i < pair->value->n; i++) {
        struct bau_yaml_pair one = pair->value->pairs[i];
        one.key = pair->key;
        BAU_TRY(bau_load_reference(l, &one, &out->at[i]));
    }
    out->n = pair->value->n;
    return BAU_OK;
}

static bool is_hex(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

bau_status bau_load_archive(struct bau_load *l, const struct bau_yaml_pair *pair)
{
    static const char *const own[] = { "passphrase", "key", "recipients", "identity", "keep" };
    struct bau_archive_rules *a = &l->project->archive;
    const struct bau_yaml_pair *p;
    BAU_TRY(bau_load_kind(l, pair, BAU_YAML_MAP, "{ to: PLACE, keep: { daily: 7 } }"));
    BAU_TRY(bau_options_default(bau_archive_options, a, l->arena, l->err));
    BAU_TRY(bau_options_default(bau_archive_keep_options, a, l->arena, l->err));
    BAU_TRY(bau_load_options(l, pair->value, bau_archive_options, "archive", own, BAU_COUNT(own), a));
    a->at = pair->at;
    if (!a->to)
        return bau_load_fail(l, pair->at, "archive: needs `to: PLACE`");
    if (strncmp(a->to, "env:", 4) != 0 && strncmp(a->to, "command:", 8) != 0 && strstr(a->to, "://") &&
        strchr(a->to, '@'))
        return bau_load_fail(
            l, pair->at, "archive: a URI with credentials may not stand in the project file; write env:NAME");
    if (a->signed_by && !is_hex(a->signed_by))
        return bau_load_fail(l, pair->at, "signed_by: expected 64 lower-case hex digits");
    if ((p = bau_yaml_get(pair->value, "passphrase")))
        BAU_TRY(bau_load_reference(l, p, &a->passphrase));
    if ((p = bau_yaml_get(pair->value, "key")))
        BAU_TRY(bau_load_reference(l, p, &a->key));
    if ((p = bau_yaml_get(pair->value, "identity")))
        BAU_TRY(bau_load_reference(l, p, &a->identity));
    if ((p = bau_yaml_get(pair->value, "recipients")))
        BAU_TRY(load_recipients(l, p, &a->recipients));
    if ((p = bau_yaml_get(pair->value, "keep"))) {
        BAU_TRY(bau_load_kind(l, p, BAU_YAML_MAP, "{ daily: 7, weekly: 4 }"));
        BAU_TRY(bau_load_options(l, p->value, bau_archive_keep_options, "keep", NULL, 0, a));
    }
    return BAU_OK;
}

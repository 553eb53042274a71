/* `bauta schema`: a JSON Schema (2020-12) of the project file, so that editors complete and check it. Maskers, connectors
 * and limits come from their tables; the rest is the shape that src/rule reads. */
#include <string.h>

#include "src/cli/cli.h"

static bool first_of(bool *first)
{
    const bool was = *first;
    *first = false;
    return was;
}

static void add_comma(struct bau_text *out, bool *first)
{
    bau_text_add(out, first_of(first) ? "" : ",");
}

static void add_number(struct bau_text *out, const struct bau_option *o, const char *type)
{
    bau_text_addf(out, "\"type\":\"%s\"", type);
    if (o->min || o->max)
        bau_text_addf(out, ",\"minimum\":%" PRId64 ",\"maximum\":%" PRId64, o->min, o->max);
}

static void add_choices(struct bau_text *out, const char *choices)
{
    bau_text_add(out, "\"enum\":[\"");
    for (const char *c = choices; *c; c++)
        bau_text_addn(out, *c == '|' ? "\",\"" : c, *c == '|' ? 3 : 1);
    bau_text_add(out, "\"]");
}

static void add_type(struct bau_text *out, const struct bau_option *o)
{
    switch (o->kind) {
    case BAU_OPTION_BOOL: bau_text_add(out, "\"type\":\"boolean\""); break;
    case BAU_OPTION_U32:
    case BAU_OPTION_I64: add_number(out, o, "integer"); break;
    case BAU_OPTION_F64: add_number(out, o, "number"); break;
    case BAU_OPTION_BYTES:
        bau_text_add(out,
                     "\"type\":[\"string\",\"integer\"],\"pattern\":\"^[0-9.]+ ?([kKMGT]?B|[KMGT]iB)?$\"");
        break;
    case BAU_OPTION_DURATION:
        bau_text_add(out, "\"type\":[\"string\",\"integer\"],\"pattern\":\"^[0-9.]+ ?(ms|s|m|min|h|d)?$\"");
        break;
    case BAU_OPTION_TEXT: /* YAML reads 1 or true without quotes as no string; the project file takes them all the same */
        bau_text_add(out, "\"type\":[\"string\",\"number\",\"boolean\"]");
        break;
    case BAU_OPTION_TEXTS: /* one, a list, or a map that is read as key=value */
        bau_text_add(out, "\"type\":[\"string\",\"array\",\"object\"]");
        break;
    case BAU_OPTION_MASKERS:
        bau_text_add(out, "\"anyOf\":[{\"$ref\":\"#/$defs/"
                          "value\"},{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/value\"}},"
                          "{\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#/$defs/value\"}}]");
        break;
    case BAU_OPTION_CHOICE: add_choices(out, o->choices); break;
    }
}

static void add_option(struct bau_text *out, const struct bau_option *o)
{
    bau_text_add_json(out, o->name);
    bau_text_add(out, ":{\"description\":");
    bau_text_add_json(out, o->sentence);
    bau_text_add(out, ",");
    add_type(out, o);
    if (o->fallback && *o->fallback) {
        bau_text_add(out, ",\"default\":");
        if (o->kind == BAU_OPTION_BOOL || o->kind == BAU_OPTION_U32 || o->kind == BAU_OPTION_I64 ||
            o->kind == BAU_OPTION_F64)
            bau_text_add(out, o->fallback);
        else
            bau_text_add_json(out, o->fallback);
    }
    bau_text_add(out, "}");
}

static void add_options(struct bau_text *out, const struct bau_option *table, bool *first)
{
    for (const struct bau_option *o = table; o && o->name; o++) {
        add_comma(out, first);
        add_option(out, o);
    }
}

static bool has_required(const struct bau_masker *m)
{
    for (const struct bau_option *o = m->options; o && o->name; o++)
        if (o->flags & BAU_OPTION_REQUIRED)
            return true;
    return false;
}

/* ── treatments ──────────────────────────────────────────────────────────────────────────────────────────────────── */

/* { mask: NAME, … }: the masker's options; `domain` and `canon` go with every masker. */
static void add_masker(struct bau_text *out, const struct bau_masker *m)
{
    bool first = false;
    bau_text_add(out, "{\"type\":\"object\",\"title\":");
    bau_text_add_json(out, m->name);
    bau_text_add(out, ",\"description\":");
    bau_text_add_json(out, m->summary);
    bau_text_add(out, ",\"required\":[\"mask\"");
    for (const struct bau_option *o = m->options; o && o->name; o++)
        if (o->flags & BAU_OPTION_REQUIRED)
            bau_text_addf(out, ",\"%s\"", o->name);
    bau_text_add(out, "],\"additionalProperties\":false,\"properties\":{\"mask\":{\"const\":");
    bau_text_add_json(out, m->name);
    bau_text_add(out, "},\"canon\":{\"$ref\":\"#/$defs/canon\"},\"domain\":{\"$ref\":\"#/$defs/domain\"},"
                      "\"fallback\":{\"$ref\":\"#/$defs/masker\"},\"when\":{\"$ref\":\"#/$defs/when\"}");
    add_options(out, m->options, &first);
    bau_text_add(out, "}}");
}

/* What masks: a masker's name alone, or with options. A masker that keeps all is written as keep with a reason. */
static void add_maskers(struct bau_text *out)
{
    bool first = true;
    bau_text_add(out, "\"masker\":{\"anyOf\":[{\"enum\":[");
    for (size_t i = 0; i < bau_n_maskers; i++) {
        if (bau_maskers[i]->traits & BAU_KEEPS_ALL || has_required(bau_maskers[i]))
            continue;
        add_comma(out, &first);
        bau_text_add_json(out, bau_maskers[i]->name);
    }
    bau_text_add(out, "]}");
    for (size_t i = 0; i < bau_n_maskers; i++) {
        if (bau_maskers[i]->traits & BAU_KEEPS_ALL)
            continue;
        bau_text_add(out, ",");
        add_masker(out, bau_maskers[i]);
    }
    bau_text_add(out, "]}");
}

static void add_treatments(struct bau_text *out)
{
    bau_text_add(
        out,
        ",\"keep\":{\"type\":\"object\",\"required\":[\"keep\"],\"additionalProperties\":false,"
        "\"properties\":{"
        "\"keep\":{\"type\":\"string\",\"description\":\"Why the values may stay as they "
        "are.\",\"minLength\":3},"
        "\"owner\":{\"type\":\"string\",\"description\":\"Who answers for "
        "it.\"},\"when\":{\"$ref\":\"#/$defs/when\"},"
        "\"until\":{\"type\":\"string\",\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}$\","
        "\"description\":\"The last day on which the reason holds.\"}}}"
        ",\"by_domain\":{\"type\":\"object\",\"required\":[\"domain\"],\"not\":{\"required\":[\"mask\"]},"
        "\"properties\":{\"domain\":{\"$ref\":\"#/$defs/domain\"}}}"
        ",\"value\":{\"anyOf\":[{\"$ref\":\"#/$defs/masker\"},{\"$ref\":\"#/$defs/keep\"},"
        "{\"$ref\":\"#/$defs/by_domain\"}]}"
        ",\"field\":{\"anyOf\":[{\"$ref\":\"#/$defs/value\"},{\"type\":\"object\",\"minProperties\":1,"
        "\"description\":\"Paths inside a document.\",\"additionalProperties\":false,"
        "\"patternProperties\":{\"^\\\\$\":{\"$ref\":\"#/$defs/value\"}}}]}"
        ",\"when\":{\"type\":\"string\",\"description\":\"In a list of cases: the condition, such as country "
        "= 'DE'.\"}"
        ",\"secret\":{\"type\":\"string\",\"pattern\":\"^(env|file|command):.\","
        "\"description\":\"env:NAME, file:PATH or command:SHELL COMMAND; never the value itself.\"}"
        ",\"domain\":{\"type\":\"string\",\"description\":\"Equal values of one domain get equal "
        "pseudonyms.\"}"
        ",\"canon\":{\"description\":\"How a value is spelled before it is hashed.\",");
    add_choices(out, BAU_CANON_WORDS);
    bau_text_add(out, "}");
}

/* ── the file ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void add_stores(struct bau_text *out)
{
    bau_text_add(out, "\"stores\":{\"type\":\"object\",\"additionalProperties\":{\"anyOf\":[");
    size_t n = 0;
    for (size_t i = 0; i < bau_n_connectors; i++) {
        bool first = false;
        if (!(bau_connectors[i]->caps & (BAU_CAN_READ | BAU_CAN_WRITE)))
            continue; /* a place of archives is no store */
        bau_text_add(out, n++ ? ",{\"title\":" : "{\"title\":");
        bau_text_add_json(out, bau_connectors[i]->name);
        bau_text_add(
            out,
            ",\"type\":\"object\",\"required\":[\"source\"],\"additionalProperties\":false,\"properties\":{"
            "\"source\":{\"$ref\":\"#/$defs/secret\"},\"target\":{\"$ref\":\"#/$defs/secret\"}");
        add_options(out, bau_connectors[i]->options, &first);
        bau_text_add(out, "}}");
    }
    bau_text_add(out, n ? "" : "true");
    bau_text_add(out, "]}}");
}

static void add_subset(struct bau_text *out)
{
    bool first = false, child_first = true;
    bau_text_add(
        out,
        ",\"subset\":{\"type\":\"object\",\"required\":[\"from\"],\"additionalProperties\":false,"
        "\"properties\":{"
        "\"from\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"object\",\"minProperties\":1,"
        "\"description\":\"{ STORE.DATASET: condition in the store's language, or all }\",\"properties\":{"
        "\"limit\":{\"type\":[\"string\",\"integer\"],\"description\":\"5%, or a number of rows, by keyed "
        "rank.\"},"
        "\"keys\":{\"type\":\"array\",\"description\":\"Keys of rows; a list of its columns where a key has "
        "several.\"}},"
        "\"additionalProperties\":{\"type\":[\"string\",\"null\"]}}},"
        "\"links\":{\"type\":\"array\",\"description\":\"References that no catalog declares.\","
        "\"items\":{\"type\":\"object\",\"minProperties\":1,"
        "\"description\":\"{ CHILD FIELD: PARENT FIELD }, or from and to.\",\"properties\":{"
        "\"from\":{\"type\":[\"string\",\"array\"]},\"to\":{\"type\":[\"string\",\"array\"]},"
        "\"expression\":{\"type\":\"string\",\"description\":\"Gives the parent's key out of a row of "
        "`from`.\"},"
        "\"when\":{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":1,"
        "\"description\":\"Only rows whose column has this "
        "value.\"}},\"additionalProperties\":{\"type\":\"string\"}}},"
        "\"children\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"object\","
        "\"additionalProperties\":false,"
        "\"properties\":{");
    add_options(out, bau_child_options, &child_first);
    bau_text_add(
        out, "}}},\"parents\":{\"type\":\"object\",\"additionalProperties\":{\"enum\":[\"follow\",\"null\","
             "null,\"keep\"]}},"
             "\"outside\":{\"type\":\"object\",\"additionalProperties\":{\"enum\":[\"full\",\"empty\"]}}");
    add_options(out, bau_subset_options, &first);
    bau_text_add(out, "}}");
}

static void add_archive(struct bau_text *out)
{
    bool first = false;
    bau_text_add(out,
                 ",\"archive\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"to\"],"
                 "\"properties\":{\"passphrase\":{\"$ref\":\"#/$defs/secret\"},"
                 "\"key\":{\"$ref\":\"#/$defs/secret\"},\"identity\":{\"$ref\":\"#/$defs/secret\"},"
                 "\"recipients\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/secret\"}}");
    add_options(out, bau_archive_options, &first);
    bau_text_add(out, ",\"keep\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    first = true;
    add_options(out, bau_archive_keep_options, &first);
    bau_text_add(out, "}}}}");
}

static void add_top(struct bau_text *out)
{
    bool first = true;
    bau_text_add(out, "\"version\":{\"const\":1},"
                      "\"include\":{\"type\":[\"string\",\"array\"],\"items\":{\"type\":\"string\"},"
                      "\"description\":\"Files with further rules and domains, relative to this one.\"},"
                      "\"plugins\":{\"type\":[\"string\",\"array\"],\"items\":{\"type\":\"string\"},"
                      "\"description\":\"Shared objects with maskers of your own, relative to this file.\"},"
                      "\"key\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
                      "\"from\":{\"$ref\":\"#/$defs/secret\"},"
                      "\"mode\":{\"enum\":[\"stable\",\"per-target\",\"ephemeral\"],\"default\":\"stable\"}},"
                      "\"if\":{\"required\":[\"mode\"],\"properties\":{\"mode\":{\"const\":\"ephemeral\"}}},"
                      "\"then\":{\"properties\":{\"from\":false}},\"else\":{\"required\":[\"from\"]}},");
    add_stores(out);
    bau_text_add(
        out,
        ",\"domains\":{\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#/$defs/masker\"}},"
        "\"rules\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"at\"],"
        "\"oneOf\":[{\"required\":[\"set\"]},{\"required\":[\"keys\"]}],"
        "\"additionalProperties\":false,\"properties\":{"
        "\"at\":{\"type\":\"string\",\"description\":\"STORE.DATASET; * inside a segment, ** any depth.\"},"
        "\"keys\":{\"type\":\"object\",\"description\":\"Key templates of a store such as Redis.\","
        "\"additionalProperties\":{\"anyOf\":[{\"type\":\"object\",\"required\":[\"drop\"],"
        "\"additionalProperties\":false,\"properties\":{\"drop\":{\"const\":true}}},"
        "{\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#/$defs/field\"}}]}},"
        "\"set\":{\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#/$defs/field\"}}}}},"
        "\"limits\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    add_options(out, bau_limit_options, &first);
    bau_text_add(out, "}}");
    add_subset(out);
    add_archive(out);
    bau_text_add(
        out, ",\"after\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"additionalProperties\":false,"
             "\"oneOf\":[{\"required\":[\"sql\",\"file\"]},{\"required\":[\"sql\",\"text\"]},"
             "{\"required\":[\"run\"]},{\"required\":[\"webhook\"]}],\"properties\":{"
             "\"sql\":{\"type\":\"string\",\"description\":\"The store whose target runs the script.\"},"
             "\"file\":{\"type\":\"string\"},\"text\":{\"type\":\"string\"},"
             "\"run\":{\"type\":\"string\",\"description\":\"A command of this machine.\"},"
             "\"webhook\":{\"$ref\":\"#/$defs/secret\"},"
             "\"timeout\":{\"type\":[\"string\",\"integer\"],\"default\":\"5m\"}}}}");
}

static bau_status run(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    BAU_AUTO_TEXT out = { 0 };
    (void)config;
    /* An included file has neither key nor stores; the project file has both. */
    bau_text_add(
        &out,
        "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"bauta project file\","
        "\"type\":\"object\",\"additionalProperties\":false,"
        "\"anyOf\":[{\"required\":[\"version\",\"key\",\"stores\"]},{\"properties\":{\"key\":false,"
        "\"stores\":false,\"limits\":false,\"subset\":false,\"archive\":false,\"after\":false}}],"
        "\"properties\":{");
    add_top(&out);
    bau_text_add(&out, "},\"$defs\":{");
    add_maskers(&out);
    add_treatments(&out);
    bau_text_add(&out, "}}\n");
    return bau_cli_print(cli, &out, err);
}

const struct bau_command bau_command_schema = {
    .name = "schema",
    .summary = "prints a JSON Schema of the project file for editors",
    .description =
        "Editors with a YAML language server complete and check a project file against it: bauta schema "
        ">bauta.schema.json, and a first line `# yaml-language-server: $schema=bauta.schema.json`.",
    .run = run,
};

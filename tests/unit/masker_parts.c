/* Maskers of texts that hold parts: regex, xml, csv_cell, hstore, composite. */
#include "tests/support/masker.h"
#include "tests/unit/parts_vectors.h"

#define HASH "{mask: redact, fill: '#'}"

static struct bau_arena *arena;

static void open_arena(void)
{
    arena = bau_arena_new(1 << 16, 0);
    cr_assert(arena != NULL);
}

static void close_arena(void)
{
    bau_arena_free(arena);
}
TestSuite(masker_parts, .init = open_arena, .fini = close_arena);

static void expect(const char *masker, const char *options, const char *in, const char *want)
{
    struct bound b = bind_with(bau_masker_find(masker), BAU_TEXT, options, NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s %s: %s", masker, options, b.err.text);
    const struct bau_column column = one_text(BAU_TEXT, in, strlen(in), arena);
    struct bau_column out;
    struct bau_error err = { 0 };
    const bau_status status = run(&b, &column, 0, 41, arena, &out, &err);
    cr_expect_eq(status, BAU_OK, "%s %s: %s: %s", masker, options, in, err.text);
    if (status == BAU_OK) {
        const struct bau_slice got = bau_column_value(&out, 0);
        cr_expect(got.len == strlen(want) && memcmp(got.data, want, got.len) == 0,
                  "%s %s: %s became %.*s, not %s", masker, options, in, (int)got.len, (const char *)got.data,
                  want);
    }
    release(&b);
    bau_arena_reset(arena);
}

Test(masker_parts, as_others_spell_them)
{
    for (size_t i = 0; i < BAU_COUNT(spelled); i++)
        expect(spelled[i].masker, spelled[i].options, spelled[i].in, spelled[i].want);
}

static const struct {
    const char *masker, *options, *in, *want;
} fine[] = {
    { "regex", "pattern=[0-9]+ groups=" HASH, "a 12 b 3", "a ## b #" },
    { "regex", "pattern=[0-9]+ groups=" HASH " all=false", "a 12 b 3", "a ## b 3" },
    { "regex", "pattern=(a)(b)? groups={2: " HASH ", 1: redact}", "ab a", "*# *" },
    { "regex", "pattern=(?<x>é+)|(?<y>z) groups={x: " HASH "}", "zéé", "z##" },
    { "regex", "pattern=x* groups=" HASH, "axxb", "a##b" },
    { "regex", "pattern=(?=(b)) groups={1: " HASH "}", "abab", "a#a#" },
    { "regex", "pattern=b(?<=(a)b) groups={1: " HASH "}", "ab", "#b" },
    { "regex", "pattern=[0-9]+ groups=redact unmatched=redact", "n\xc3\xb6", "**" },
    { "regex", "pattern=[0-9]+ groups=redact", "", "" },
    { "regex", "pattern=[0-9]+ groups={0: {mask: constant, value: '1234'}}", "7-7", "1234-1234" },
    { "regex", "pattern=(a)(?=(b))(?<=(x)a) groups={2: redact, 1: " HASH ", 3: {mask: redact, fill: '+'}}",
      "xab", "+#*" },
    { "regex", "pattern=(.)(.) groups={1: {keep: test}, 2: " HASH "}", "abcd", "a#c#" },
    { "regex", "pattern=(?i)ID:\\\\s*(\\\\w+) groups={1: 'null'}", "a", NULL },
    { "regex", "pattern=ID:\\s*(\\w+) groups={1: 'null'}", "ID: ab; ID:c", "ID: ; ID:" },
    { "xml", "paths={'**': " HASH "}", "<a b='1' c=\"22\">x<!--y--><?p z?></a>",
      "<a b='#' c=\"##\">#<!--#--><?p #?></a>" },
    { "xml", "paths={'**': " HASH "}",
      "<?xml version='1.0'?>\n<a xmlns='urn:x' xmlns:b='c'>\n <b:c/> d\n</a>\n",
      "<?xml version='1.0'?>\n<a xmlns='urn:x' xmlns:b='c'>\n <b:c/> #\n</a>\n" },
    { "xml", "paths={//e: " HASH ", '**': {keep: test}}", "<a><e>1</e><f><e>2<e>3</e>4</e></f>5</a>",
      "<a><e>#</e><f><e>#<e>#</e>#</e></f>5</a>" },
    { "xml", "paths={/a/*/e: " HASH ", //e: {mask: redact}, //@*: {keep: test}}",
      "<a i='1'><e>1</e><f><e>2</e></f></a>", "<a i='1'><e>*</e><f><e>#</e></f></a>" },
    { "xml", "paths={//a//b/@c: " HASH ", '**': {keep: test}}",
      "<a><b c='1'/><x><b c='2' d='3'/></x></a><b c='4'/>",
      "<a><b c='#'/><x><b c='#' d='3'/></x></a><b c='4'/>" },
    { "xml", "paths={//a: {mask: constant, value: \"]]>&<\"}}", "<a><![CDATA[x]]></a><a>y</a>",
      "<a><![CDATA[]]]]><![CDATA[>&<]]></a><a>]]&gt;&amp;&lt;</a>" },
    { "xml", "paths={//a: {mask: redact, keep_first: 2, keep_last: 2}}", "<a>&#65;&#x42;&amp;&lt;&quot;</a>",
      "<a>AB*&lt;\"</a>" },
    { "xml", "paths={//a: " HASH "}", "\xEF\xBB\xBF<?xml version=\"1.0\"?><a>x</a >",
      "\xEF\xBB\xBF<?xml version=\"1.0\"?><a>#</a >" },
    { "xml", "paths={//a: 'null'}", "<a>x</a>", "<a></a>" },
    { "xml", "paths={//a: {mask: redact, keep_first: 9, keep_last: 9}}",
      "<a>&#228;&#x6F22;&#128512;&#x1F600;</a>", "<a>****</a>" },
    { "xml", "paths={//a: {mask: redact, keep_first: 3}}", "<a>&#228;&#x6F22;&#128512;x</a>",
      "<a>\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80*</a>" },
    { "xml", "paths={//a: " HASH ", //@b: " HASH "}", "<a b='1\r\n2\t3'>4\r\n5\r6</a>",
      "<a b='#####'>#####</a>" },
    { "xml", "paths={//a: {keep: test}, //@*: {mask: constant, value: \"\\r\\n\\t'\\\"\"}}",
      "<a b='1' c=\"2\"/>", "<a b='&#13;&#10;&#9;&apos;\"' c=\"&#13;&#10;&#9;'&quot;\"/>" },
    { "xml", "paths={/a/**: " HASH ", //x: redact, //y: {keep: test}}",
      "<a x='1'>2<x>3</x></a><b><x>4</x><y>5</y></b>", "<a x='#'>#<x>#</x></a><b><x>*</x><y>5</y></b>" },
    { "xml", "paths={/a/*: {keep: test}, /b//c: redact, /a/d/e: redact}", "<a><d>1</d></a><b><c>2</c></b>",
      "<a><d>1</d></a><b><c>*</c></b>" },
    { "xml", "paths={//p//q: {keep: test}, //q//q: redact}", "<p><q><q>1</q></q></p>",
      "<p><q><q>*</q></q></p>" },
    { "xml", "paths={//q//q: redact, //p//q: " HASH "}", "<p><q><q>1</q></q></p>", "<p><q><q>*</q></q></p>" },
    { "csv_cell", "columns={1: " HASH ", 2: redact}", "ab,c\nd,ef\r\n,\"\"\r\n", "##,*\n#,**\r\n,\"\"\r\n" },
    { "csv_cell", "columns={b: " HASH ", '*': redact} header=true", "a,\"b\"\n1,2\n3,4",
      "a,\"b\"\n*,#\n*,#" },
    { "csv_cell", "columns={2: " HASH ", '*': {keep: test}} header=true delimiter=;", "a;b\n1;2,2",
      "a;b\n1;###" },
    { "csv_cell", "columns={1: {mask: constant, value: 'a,\"b'}}", "x\ny", "\"a,\"\"b\"\n\"a,\"\"b\"" },
    { "csv_cell", "columns={1: 'null', 2: {keep: test}}", "x,y,\n\"a\nb\",\"\",", ",y,\n,\"\"," },
    { "hstore", "keys={a: " HASH ", '*': redact}", " a=>12 , b => NULL,\"c d\"=>\"\\\"\"",
      " a=>\"##\" , b => NULL,\"c d\"=>\"*\"" },
    { "hstore", "keys={a: 'null', b: {keep: test}}", "\"a\"=>\"NULL\", \"b\"=>\"2\"",
      "\"a\"=>NULL, \"b\"=>\"2\"" },
    { "hstore", "keys={a: redact}", "", "" },
    { "composite", "fields={1: " HASH ", '*': redact}", "(12,\"a b\",,x\"y\"z)", "(##,***,,***)" },
    { "composite", "fields={2: 'null', '*': {keep: test}}", "(1,2,3)", "(1,,3)" },
    { "composite", "fields={1: {mask: constant, value: ''}}", "(x)", "(\"\")" },
    { "composite", "fields={1: {mask: composite, fields: {1: " HASH "}}}", "(\"(ab)\")", "(\"(##)\")" },
    { "composite", "fields={1: redact}", "()", "()" },
};

Test(masker_parts, single_texts)
{
    for (size_t i = 0; i < BAU_COUNT(fine); i++)
        if (fine[i].want)
            expect(fine[i].masker, fine[i].options, fine[i].in, fine[i].want);
}

static const struct {
    const char *masker, *options, *in;
    bau_status status;
    const char *word;
} refused[] = {
    { "regex", "pattern=[0-9]+ groups=redact", "SECRET", BAU_E_DATA,
      "row 42: a value of 6 bytes holds nothing" },
    { "regex", "pattern=([0-9]+)|x groups={1: redact}", "x SECRET", BAU_E_DATA, "holds nothing" },
    { "regex", "pattern=((S)E) groups={1: redact, 2: redact}", "SECRET", BAU_E_DATA, "overlap" },
    { "xml", "paths={'**': redact}", "<a>&#12", BAU_E_DATA, "reference" },
    { "xml", "paths={'**': redact}", "<a>&#1234567;</a>", BAU_E_DATA, "reference" },
    { "xml", "paths={'**': redact}", "<a>&#x;</a>", BAU_E_DATA, "reference" },
    { "xml", "paths={'**': redact}", "<? SECRET?>", BAU_E_DATA, "has no name" },
    { "xml", "paths={'**': redact}", "<a><!--S-", BAU_E_DATA, "does not end" },
    { "xml", "paths={//a: {mask: constant, value: \"\\x01\"}}", "<a>SECRET</a>", BAU_E_DATA,
      "cannot be written" },
    { "regex", "pattern=. groups=redact", "SECRET\xff", BAU_E_DATA, "UTF-8" },
    { "regex", "pattern=(a+)+$ groups=redact", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
      BAU_E_LIMIT, "beyond its limits" },
    { "xml", "paths={/a: redact}", "<a><b>SECRET</b></a>", BAU_E_POLICY,
      "row 42: /a/<name of 1 bytes> is covered by no path" },
    { "xml", "paths={/a: redact}", "<a SECRET='1'/>", BAU_E_POLICY, "/a/@<name of 6 bytes>" },
    { "xml", "paths={/a: redact}", "<a><!-- SECRET --></a>", BAU_E_POLICY, "/a/comment()" },
    { "xml", "paths={/a: redact}", "<a><?SECRET SECRET?></a>", BAU_E_POLICY, "/a/processing-instruction()" },
    { "xml", "paths={//a: redact}", "SECRET", BAU_E_POLICY, "outside of all elements" },
    { "xml", "paths={'**': redact}", "<!DOCTYPE a [<!ENTITY b 'SECRET'>]><a>&b;</a>", BAU_E_DATA,
      "document type" },
    { "xml", "paths={'**': redact}", "<a>&SECRET;</a>", BAU_E_DATA, "reference" },
    { "xml", "paths={'**': redact}", "<a>&#0;</a>", BAU_E_DATA, "reference" },
    { "xml", "paths={'**': redact}", "<a>&#xD800;</a>", BAU_E_DATA, "reference" },
    { "xml", "paths={'**': redact}", "<a>&#;</a>", BAU_E_DATA, "reference" },
    { "xml", "paths={'**': redact}", "<a>SECRET", BAU_E_DATA, "does not end" },
    { "xml", "paths={'**': redact}", "<a>SECRET</b>", BAU_E_DATA, "fits no start" },
    { "xml", "paths={'**': redact}", "SECRET</a>", BAU_E_DATA, "fits no start" },
    { "xml", "paths={'**': redact}", "<a b=SECRET/>", BAU_E_DATA, "quotes" },
    { "xml", "paths={'**': redact}", "<a b='SECRET", BAU_E_DATA, "does not end" },
    { "xml", "paths={'**': redact}", "<a b='1'c='2'/>", BAU_E_DATA, "does not end" },
    { "xml", "paths={'**': redact}", "<a b='SEC<RET'/>", BAU_E_DATA, "may not" },
    { "xml", "paths={'**': redact}", "<a b />", BAU_E_DATA, "has no value" },
    { "xml", "paths={'**': redact}", "<a><!-- SECRET", BAU_E_DATA, "does not end" },
    { "xml", "paths={'**': redact}", "<a><?xml?></a>", BAU_E_DATA, "declaration" },
    { "xml", "paths={'**': redact}", "< a/>", BAU_E_DATA, "begins no tag" },
    { "xml", "paths={'**': redact}", "<a>\x01</a>", BAU_E_DATA, "control" },
    { "xml", "paths={'**': redact}", "<a>\xff</a>", BAU_E_DATA, "UTF-8" },
    { "xml", "paths={//comment(): {mask: constant, value: a--b}}", "<!--SECRET-->", BAU_E_DATA,
      "cannot be written" },
    { "xml", "paths={//processing-instruction(): {mask: constant, value: 'a?>b'}}", "<?p SECRET?>",
      BAU_E_DATA, "cannot be written" },
    { "csv_cell", "columns={1: redact}", "1,SECRET", BAU_E_POLICY, "row 42: column 2" },
    { "csv_cell", "columns={a: redact} header=true", "a,b\n1,SECRET", BAU_E_POLICY, "column 2" },
    { "csv_cell", "columns={a: redact} header=true", "a\n1,SECRET", BAU_E_POLICY, "column 2" },
    { "csv_cell", "columns={'*': redact}", "\"SECRET", BAU_E_DATA, "does not close" },
    { "csv_cell", "columns={'*': redact}", "SEC\"RET", BAU_E_DATA, "a quote stands inside" },
    { "csv_cell", "columns={'*': redact}", "\"SEC\"RET", BAU_E_DATA, "between a cell" },
    { "csv_cell", "columns={'*': redact}", "SEC\rRET", BAU_E_DATA, "between a cell" },
    { "hstore", "keys={a: redact}", "\"SECRET\"=>\"1\"", BAU_E_POLICY, "a key of 6 bytes" },
    { "hstore", "keys={'*': redact}", "\"SECRET\"", BAU_E_DATA, "no hstore" },
    { "hstore", "keys={'*': redact}", "a=>SECRET b=>1", BAU_E_DATA, "no hstore" },
    { "hstore", "keys={'*': redact}", "a=>\"SECRET", BAU_E_DATA, "no hstore" },
    { "hstore", "keys={'*': redact}", "a=>1,", BAU_E_DATA, "no hstore" },
    { "hstore", "keys={'*': redact}", "a=>SECRET\\", BAU_E_DATA, "no hstore" },
    { "composite", "fields={1: redact}", "(1,SECRET)", BAU_E_POLICY, "field 2" },
    { "composite", "fields={'*': redact}", "(1,SECRET", BAU_E_DATA, "no row value" },
    { "composite", "fields={'*': redact}", "1,SECRET)", BAU_E_DATA, "no row value" },
    { "composite", "fields={'*': redact}", "(1,\"SECRET)", BAU_E_DATA, "no row value" },
    { "composite", "fields={'*': redact}", "(1)SECRET)", BAU_E_DATA, "no row value" },
    { "composite", "fields={'*': redact}", "", BAU_E_DATA, "no row value" },
    { "composite", "fields={1: permute}", "(SECRET)", BAU_E_DATA, "part 1" },
};

Test(masker_parts, what_does_not_conform_is_refused_and_not_shown)
{
    for (size_t i = 0; i < BAU_COUNT(refused); i++) {
        struct bound b = bind_with(bau_masker_find(refused[i].masker), BAU_TEXT, refused[i].options, NULL, 0);
        cr_assert_eq(b.status, BAU_OK, "%s %s: %s", refused[i].masker, refused[i].options, b.err.text);
        const struct bau_column in = one_text(BAU_TEXT, refused[i].in, strlen(refused[i].in), arena);
        struct bau_column out;
        struct bau_error err = { 0 };
        cr_expect_eq(run(&b, &in, 0, 41, arena, &out, &err), refused[i].status, "%s: %s", refused[i].in,
                     err.text);
        cr_expect(strstr(err.text, refused[i].word), "%s: %s", refused[i].in, err.text);
        cr_expect_null(strstr(err.text, "SEC"), "%s", err.text);
        release(&b);
    }
}

static const struct {
    const char *masker, *options, *word;
} unbound[] = {
    { "regex", "pattern=( groups=redact", "pattern, at byte 1" },
    { "regex", "pattern=a groups={1: redact}", "no group '1'" },
    { "regex", "pattern=(a) groups={x: redact}", "no group 'x'" },
    { "regex", "pattern=(?<x>a) groups={x: redact, 1: redact}", "named twice" },
    { "regex", "pattern=\\C groups=redact", "pattern, at byte" },
    { "regex", "groups=redact", "needs the option 'pattern'" },
    { "xml", "paths={a: redact}", "starts with /" },
    { "xml", "paths={/a/: redact}", "a name is missing" },
    { "xml", "paths={/@a/b: redact}", "stands at the end" },
    { "xml", "paths={/**/b: redact}", "// reaches down" },
    { "xml", "paths={\"/a[1]\": redact}", "a step is a name" },
    { "xml", "paths={//comment()/a: redact}", "nothing can follow" },
    { "xml", "paths={//email: email, /order/*: {keep: test}}", "this keep would win" },
    { "xml", "paths=redact", "starts with /" },
    { "xml", "paths={/a/b: redact, //b: redact, /a//b: redact, /a/b/: redact}", "a name is missing" },
    { "xml", "paths={//a: redact, /b//a: redact, '//a ': redact}", "a step is a name" },
    { "xml", "paths={/a/@**: redact}", "** stands at the end" },
    { "xml",
      "paths={/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/32/33: "
      "redact}",
      "too many steps" },
    { "xml", "paths={/a/b//c: redact, /a/b/*: {keep: test}}", "this keep would win" },
    { "csv_cell", "columns={0: redact}", "no number of a column" },
    { "csv_cell", "columns={a: redact}", "no number of a column" },
    { "csv_cell", "columns={1: redact, 01: redact}", "two maskers" },
    { "csv_cell", "columns=redact", "no number of a column" },
    { "csv_cell", "columns={1: redact} delimiter=ab", "one character" },
    { "csv_cell", "columns={1: redact} delimiter=\"", "one character" },
    { "hstore", "keys=redact", "maskers by key" },
    { "composite", "fields={a: redact}", "no position" },
    { "composite", "fields={1601: redact}", "no position" },
    { "composite", "fields={1: redact, 01: redact}", "no position" },
};

Test(masker_parts, options_that_do_not_fit)
{
    for (size_t i = 0; i < BAU_COUNT(unbound); i++) {
        struct bound b = bind_with(bau_masker_find(unbound[i].masker), BAU_TEXT, unbound[i].options, NULL, 0);
        cr_expect_eq(b.status, BAU_E_USAGE, "%s %s", unbound[i].masker, unbound[i].options);
        cr_expect(strstr(b.err.text, unbound[i].word), "%s %s: %s", unbound[i].masker, unbound[i].options,
                  b.err.text);
        release(&b);
    }
}

/* More parts than the first list holds, elements nested too deeply, columns beyond the limit. */
Test(masker_parts, large_texts)
{
    enum { PARTS = 3000 };
    static char in[20000], want[20000];
    char *p = in, *q = want;
    for (int i = 0; i < PARTS; i++) {
        p += snprintf(p, 8, "%s1", i ? "," : "");
        q += snprintf(q, 8, "%s#", i ? "," : "");
    }
    expect("csv_cell", "columns={'*': " HASH "}", in, want);
    struct bound b = bind_with(bau_masker_find("xml"), BAU_TEXT, "paths={'**': redact}", NULL, 0);
    struct bound c =
        bind_with(bau_masker_find("csv_cell"), BAU_TEXT, "columns={'*': redact} header=true", NULL, 0);
    struct bau_column column, out;
    struct bau_error err;
    p = in;
    for (int i = 0; i < 257; i++)
        p += snprintf(p, 8, "<a>");
    column = one_text(BAU_TEXT, in, (size_t)(p - in), arena);
    cr_expect_eq(run(&b, &column, 0, 0, arena, &out, &err), BAU_E_DATA);
    cr_expect(strstr(err.text, "more deeply than 256"), "%s", err.text);
    memset(in, ',', 5000);
    column = one_text(BAU_TEXT, in, 5000, arena);
    cr_expect_eq(run(&c, &column, 0, 0, arena, &out, &err), BAU_E_DATA);
    cr_expect(strstr(err.text, "too many columns"), "%s", err.text);
    release(&b);
    release(&c);
}

/* A text that grows past its column is refused; one that just fits is not. Characters count, not bytes. */
Test(masker_parts, nothing_is_cut)
{
    struct bound b = bind_with(bau_masker_find("csv_cell"), BAU_TEXT,
                               "columns={1: {mask: constant, value: 'äöü'}, '*': redact}", NULL, 5);
    const struct bau_column fits = one_text(BAU_TEXT, "x,y", 3, arena),
                            wide = one_text(BAU_TEXT, "x,yz", 4, arena);
    struct bau_column out;
    struct bau_error err;
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    cr_assert_eq(b.masker->widest(b.config, BAU_TEXT), 5);
    cr_expect_eq(run(&b, &fits, 0, 0, arena, &out, &err), BAU_OK, "%s", err.text);
    cr_expect_eq(run(&b, &wide, 0, 8, arena, &out, &err), BAU_E_DATA);
    cr_expect(strstr(err.text, "row 9") && strstr(err.text, "does not fit into 5 characters"), "%s",
              err.text);
    release(&b);
}

/* One masker for several parts of several texts, each from a row of its own: the parts see their text's row. */
Test(masker_parts, parts_see_the_row_of_their_text)
{
    struct bound b = bind_with(bau_masker_find("csv_cell"), BAU_TEXT,
                               "columns={'*': {mask: switch, cases: [{when: who = 1, mask: redact}], else: "
                               "{mask: redact, fill: '#'}}}",
                               NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_TEXT, .n_values = 3 };
    struct bau_column in, out;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&in, &shape, BAU_TEXT, 9, arena, &err), BAU_OK);
    memcpy(in.data, "a,bc,de,f", 9);
    in.offsets[1] = 3;
    in.offsets[2] = 6;
    in.offsets[3] = 9;
    out = run_fine(&b, &in, 0, arena);
    cr_expect(memcmp(out.data, "#,#*,*#,#", 9) == 0, "%.9s", (const char *)out.data);
    release(&b);
}

/* The XML that S3 answers with. Texts follow the examples of Amazon's S3 API Reference. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "connectors/s3/s3.h"

#define NS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

static struct s3_page read_page(const char *xml)
{
    struct s3_page page;
    struct bau_error err = { 0 };
    cr_assert_eq(s3_page_read(xml, strlen(xml), &page, &err), BAU_OK, "%s", err.text);
    return page;
}

Test(s3_xml, listing)
{
    struct s3_page page = read_page(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult" NS
        "><Name>b</Name><Prefix/><KeyCount>2</KeyCount>"
        "<IsTruncated>true</IsTruncated><NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/"
        "wm36Hy4vbOwM=</NextContinuationToken>"
        "<Contents><Key>my%2Fa+b%26%C3%A9.txt</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified>"
        "<ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><Size>434234</Size></Contents>"
        "<Contents><Size>0</Size><Key>z</Key></Contents></ListBucketResult>");
    cr_assert_eq(page.n, 2);
    cr_expect_str_eq(page.entries[0].key, "my/a b&\xc3\xa9.txt");
    cr_expect_eq(page.entries[0].size, 434234);
    cr_expect_eq(page.entries[0].time_sec, 1255369830);
    cr_expect_str_eq(page.entries[1].key, "z");
    cr_expect(page.more);
    cr_expect_str_eq(page.next, "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=");
    s3_page_release(&page);
}

Test(s3_xml, uploads)
{
    struct s3_page page =
        read_page("<ListMultipartUploadsResult" NS
                  "><NextKeyMarker>a%20b</NextKeyMarker><NextUploadIdMarker>YW55</NextUploadIdMarker>"
                  "<IsTruncated>true</IsTruncated><Upload><Key>my-divisor</Key><UploadId>XMgbGlr</"
                  "UploadId><Owner><ID>1</ID></Owner>"
                  "<Initiated>2010-11-10T20:48:33.000Z</Initiated></Upload></ListMultipartUploadsResult>");
    cr_assert_eq(page.n, 1);
    cr_expect_str_eq(page.entries[0].upload_id, "XMgbGlr");
    cr_expect_eq(page.entries[0].time_sec, 1289422113);
    cr_expect_str_eq(page.next, "a b");
    cr_expect_str_eq(page.next_upload, "YW55");
    s3_page_release(&page);
}

Test(s3_xml, errors_and_upload_ids)
{
    static const char error[] =
        "\n\n<?xml version='1.0'?><Error><Code>PermanentRedirect</Code><Message>&lt;x&gt;</Message>"
        "<Region>eu-west-1</Region></Error>";
    static const char begun[] =
        "<InitiateMultipartUploadResult" NS "><Bucket>b</Bucket><UploadId>2~a&amp;b</UploadId>"
        "</InitiateMultipartUploadResult>";
    struct s3_fault fault;
    struct bau_error err;
    BAU_AUTO_TEXT id = { 0 };
    s3_fault_read(error, strlen(error), &fault);
    cr_expect(fault.is_error);
    cr_expect_str_eq(fault.code, "PermanentRedirect");
    cr_expect_str_eq(fault.region, "eu-west-1");
    s3_fault_read("<html><body>no", 14, &fault);
    cr_expect(!fault.is_error);
    cr_assert_eq(s3_upload_id_read(begun, strlen(begun), &id, &err), BAU_OK);
    cr_expect_str_eq(id.data, "2~a&b");
}

static const char *const broken[] = {
    "",
    " ",
    "text",
    "<ListBucketResult>",
    "<ListBucketResult></Other>",
    "<ListBucketResult/><ListBucketResult/>",
    "<ListBucketResult/>x",
    "<!DOCTYPE a [<!ENTITY b \"c\">]><ListBucketResult/>",
    "<ListBucketResult><![CDATA[x]]></ListBucketResult>",
    "<ListBucketResult>&unknown;</ListBucketResult>",
    "<ListBucketResult>&#0;</ListBucketResult>",
    "<ListBucketResult>&#xd800;</ListBucketResult>",
    "<ListBucketResult>\x01</ListBucketResult>",
    "<ListBucketResult a=b></ListBucketResult>",
    "<ListBucketResult a=\"b></ListBucketResult>",
    "<a><a><a><a><a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></a></a></a></a></a>",
    "<Other/>",
    "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
    "<ListBucketResult><Contents><Key>a%zz</Key></Contents></ListBucketResult>",
    "<ListBucketResult><Contents><Key>a%00b</Key></Contents></ListBucketResult>",
    "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
    "<ListBucketResult><Contents><Key>a</Key><LastModified>soon</LastModified></Contents></ListBucketResult>",
    "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
};

ParameterizedTestParameters(s3_xml, refused)
{
    static size_t index[BAU_COUNT(broken)];
    for (size_t i = 0; i < BAU_COUNT(broken); i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, BAU_COUNT(broken));
}

ParameterizedTest(size_t *i, s3_xml, refused)
{
    struct s3_page page;
    struct bau_error err = { 0 };
    cr_expect_eq(s3_page_read(broken[*i], strlen(broken[*i]), &page, &err), BAU_E_DATA, "case %zu", *i);
    s3_page_release(&page);
}

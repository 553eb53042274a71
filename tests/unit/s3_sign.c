/* Signature Version 4 against the four worked examples of Amazon's S3 API Reference ("Examples: Signature Calculations in
 * AWS Signature Version 4"): their signatures stand there. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "connectors/s3/s3.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HOST "examplebucket.s3.amazonaws.com"
#define STAMP "20130524T000000Z"

static const struct {
    const char *method, *path;
    struct s3_pair query[2];
    size_t n_query;
    struct s3_pair headers[5];
    size_t n_headers;
    const char *body, *signature;
} examples[] = {
    { .method = "GET",
      .path = "/test.txt",
      .headers = { { "host", HOST },
                   { "range", "bytes=0-9" },
                   { "x-amz-content-sha256", EMPTY },
                   { "x-amz-date", STAMP } },
      .n_headers = 4,
      .body = "",
      .signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
    { .method = "PUT",
      .path = "/test%24file.text",
      .headers = { { "date", "Fri, 24 May 2013 00:00:00 GMT" },
                   { "host", HOST },
                   { "x-amz-content-sha256",
                     "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072" },
                   { "x-amz-date", STAMP },
                   { "x-amz-storage-class", "REDUCED_REDUNDANCY" } },
      .n_headers = 5,
      .body = "Welcome to Amazon S3.",
      .signature = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
    { .method = "GET",
      .path = "/",
      .query = { { "lifecycle", "" } },
      .n_query = 1,
      .headers = { { "host", HOST }, { "x-amz-content-sha256", EMPTY }, { "x-amz-date", STAMP } },
      .n_headers = 3,
      .body = "",
      .signature = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
    { .method = "GET",
      .path = "/",
      .query = { { "prefix", "J" }, { "max-keys", "2" } },
      .n_query = 2,
      .headers = { { "host", HOST }, { "x-amz-content-sha256", EMPTY }, { "x-amz-date", STAMP } },
      .n_headers = 3,
      .body = "",
      .signature = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
};

ParameterizedTestParameters(s3_sign, published)
{
    static size_t index[BAU_COUNT(examples)];
    for (size_t i = 0; i < BAU_COUNT(examples); i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, BAU_COUNT(examples));
}

ParameterizedTest(size_t *i, s3_sign, published)
{
    static const char secret_text[] = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    struct bau_secret *secret = NULL;
    struct bau_error err;
    char payload[S3_SHA256_HEX];
    BAU_AUTO_TEXT query = { 0 };
    BAU_AUTO_TEXT got = { 0 };
    cr_assert_eq(bau_secret_from_bytes(secret_text, strlen(secret_text), &secret, &err), BAU_OK);
    cr_assert_eq(s3_sha256(examples[*i].body, strlen(examples[*i].body), payload, &err), BAU_OK);
    s3_query(&query, examples[*i].query, examples[*i].n_query);
    const struct s3_to_sign what = { .method = examples[*i].method,
                                     .path = examples[*i].path,
                                     .query = query.data ? query.data : "",
                                     .headers = examples[*i].headers,
                                     .n_headers = examples[*i].n_headers,
                                     .payload = payload,
                                     .region = "us-east-1",
                                     .stamp = STAMP };
    cr_assert_eq(s3_sign(&what, "AKIAIOSFODNN7EXAMPLE", secret, &got, &err), BAU_OK, "%s", err.text);
    const char *start =
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=";
    cr_expect(strncmp(got.data, start, strlen(start)) == 0, "%s", got.data);
    const char *signature = strstr(got.data, ",Signature=");
    cr_assert_not_null(signature);
    cr_expect_str_eq(signature + strlen(",Signature="), examples[*i].signature);
    bau_secret_free(secret);
}

Test(s3_sign, encodes_all_but_unreserved)
{
    BAU_AUTO_TEXT path = { 0 };
    BAU_AUTO_TEXT value = { 0 };
    s3_encode(&path, "a b/c+d~e=f%2F\xc3\xa9(*)", true);
    s3_encode(&value, "a/b", false);
    cr_expect_str_eq(path.data, "a%20b/c%2Bd~e%3Df%252F%C3%A9%28%2A%29");
    cr_expect_str_eq(value.data, "a%2Fb");
}

Test(s3_sign, stamps)
{
    char stamp[S3_STAMP];
    s3_stamp(1369353600, stamp);
    cr_expect_str_eq(stamp, STAMP);
}

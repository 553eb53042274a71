/* Texts that hold parts, spelled before and after by others: csv_cell by Python's csv, xml by Python's saxutils (read back by
 * ElementTree), composite and hstore by PostgreSQL 15.18. Each masked part keeps its first and last two characters, or none when it
 * has no more than four. */
static const struct {
    const char *masker, *options, *in, *want;
} spelled[] = {
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"<]]>Z{>\"\"\"\"&&\",,\"\t=>=>NULL',&(\")", "(<]*******&&,,\"\t=*********&(\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\",<,]]>{')", "(\"\",<,]]*{')" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\r\n {\",\"  ]]>\na\",\"'\\\\\\\\\")", "(****,\"  ]]>\na\",***)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\"\">'{\r\n>NULL\r\n\",\"\\\\&amp;\",\"\303\251>=><>\r\n,)\")",
      "(\"\"\">*********\r\n\",\"\\\\&amp;\",\"\303\251>******,)\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "('=>,\"1\r\n<]]>',1,\",=>)", "(***,\"1\r\n<]]>',1,\",**)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\",\"\346\274\242NULL(a\"\"\"\"\",<NULL)", "(\"\",\"\346\274\242NULL(a\"\"\"\"\",<N*LL)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\",\" <\"\"\\\\\t{\r\n\t\",\"=>\\\\\")", "(\"\",\" <\"\"\\\\\t{\r\n\t\",***)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\"\"a(\",,\"&((&\"\"\303\251>&\")", "(***,,\"&(****>&\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"=>\346\274\242\t\",,\"1&\n=>\"\"\346\274\242\"\"Z\")", "(****,,\"1&*****\"\"Z\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"(\",&amp;1,\">{Z &amp;\n,<\")", "(*,&amp;1,\">{********,<\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"{=>\nZ1\",\"'\n{<&\",\"=>,\")", "({=**Z1,\"'\n{<&\",***)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"&\r\n \",\"\",\"\")", "(****,\"\",\"\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\")\"\"\\\\\303\251\"\"\"\"\",\")\n\n\",&amp;Z)", "(\")\"\"**\"\"\"\"\",\")\n\n\",&a**;Z)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\\\\=>\"\"\"\">&,<\r\n\",\"\r\n{'&amp;<,\"\"\"\"\n\",\"\"\"),\303\251\"\"\"\"\")",
      "(\"\\\\=*******\r\n\",\"\r\n{'&amp;<,\"\"\"\"\n\",\"\"\")**\"\"\"\"\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\",\"\ta\346\274\242 (\t1\"\"\",\"\r\n&amp;]]>\")",
      "(\"\",\"\ta\346\274\242 (\t1\"\"\",\"\r\n******]>\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"]]>>\303\251=>&amp;]]>\r\n)\",,\"\r\n\")", "(\"]]**************\n)\",,**)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\",\"\\\\1\346\274\242&\346\274\242\",\"\")", "(\"\",\"\\\\1\346\274\242&\346\274\242\",\"\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"(]]>  Z\",\" \\\\\303\251\",\"\303\251\r\n\346\274\242\")",
      "(\"(]*** Z\",\" \\\\\303\251\",****)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(',1,\"\r\n=>1\")", "(*,1,\"\r\n*>1\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\")\346\274\242{\",\"1>)\",\"aNULL<\"\">Z\"\"\"\"NULL\")", "(***,\"1>)\",aN***********LL)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\346\274\242,\"\",\">\na' \")", "(*,\"\",\">\n*' \")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(<,\" )\t&amp;({\"\"]]>\",\"\t\ta\346\274\242>\")",
      "(*,\" )\t&amp;({\"\"]]>\",\"\t\t*\346\274\242>\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(,\"\",\"&&\t\")", "(,\"\",***)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\",>a,\"\346\274\242\"\"{&amp;\n&']]>\")", "(\"\",>a,\"\346\274\242\"\"**********]>\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\",\">\n\",>)", "(\"\",\">\n\",*)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(,\"\",\"\\\\a\")", "(,\"\",**)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(,{>,\"\n\")", "(,{>,*)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\",NULL\303\251&amp;,]]>)", "(\"\",NULL\303\251&amp;,***)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"Z=>\"\"<\t\",&,\"\")", "(\"Z=**<\t\",&,\"\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"a, \ta\",\"(NULL(\",)", "(\"a,*\ta\",\"(NULL(\",)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\",\303\251,]]>\346\274\242{)", "(\"\",\303\251,]]*\346\274\242{)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\346\274\242)\303\251\",\"\"\"a\t)Z)a(\",\"\")", "(***,\"\"\"a\t)Z)a(\",\"\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(&,,<)", "(*,,*)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\t,\",\"\",\"\"\"1\")", "(**,\"\",**)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(<=>&amp;,\"\303\251\r\n)\",\"\"\"\"\" &amp;\")", "(<=****p;,\"\303\251\r\n)\",\"\"\"\"\"****p;\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\",\"\",=>)", "(\"\",\"\",**)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"\t\"\">\\\\NULL(\\\\=>\",\">\tNULL(\r\n1\n\t\",\"\")",
      "(\"\t\"\"********=>\",\">\tNULL(\r\n1\n\t\",\"\")" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"a&amp;\"\">Z 'NULL\",\"{{ \",1)", "(a&***********LL,\"{{ \",*)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(\"&amp;\n\",a,\346\274\242&{)", "(\"&a**;\n\",a,***)" },
    { "composite",
      "fields={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "(,\"\t\303\251\",\"\n\")", "(,\"\t\303\251\",*)" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a'\303\2511)\",\"Z,1\"\")]]>a&\",\"NULL\"\r\n", "\"a'*1)\",\"Z,1\"\")]]>a&\",\"****\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a)\346\274\242&amp;'\",\"&amp;\",\"{\"\r\n\"\r\n\"\"\"\"\"\"\",\"\",\"Z\"\r\n",
      "\"a)*****;'\",\"&amp;\",\"*\"\r\n\"\r\n*\"\"\"\"\",\"\",\"*\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\"\"]]>\",\"1\r\n\346\274\242\",\" \346\274\242\r\nZ('\303\251=>\"\r\n",
      "\"****\",\"1\r\n\346\274\242\",\" \346\274\242******=>\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\")\",\"]]>\",\" &amp;\n {\346\274\242Z\303\251\"\r\n", "\"*\",\"]]>\",\" &********Z\303\251\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"&\t\"\"\"\"\"\"]]>\",\"\"\"\"\"NULL<NULL\t\",\"ZZ=>NULL&amp;\"\r\n\"&amp;\",\"]]>\n=>,)\",\"),"
      "\303\251, '\"\"\n\"\r\n",
      "\"&\t****]>\",\"\"\"\"\"NULL<NULL\t\",\"ZZ*********p;\"\r\n\"&a*p;\",\"]]>\n=>,)\",\"),****"
      "\"\"\n\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"=>\\1\",\"\\\346\274\242NULLZ\t\",\"]]>{&\\\n\"\r\n\"\",\"\",\"\"\r\n",
      "\"****\",\"\\\346\274\242NULLZ\t\",\"]]***\\\n\"\r\n\"\",\"\",\"\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\" \",\"1]]>\",\"NULL\"\r\n", "\"*\",\"1]]>\",\"****\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\t\303\251\",\"\346\274\242\",\"({\346\274\242\"\r\n", "\"**\",\"\346\274\242\",\"***\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"{]]> &amp;\r\n\",\"&\n ]]>{\na\t\",\"\"\r\n", "\"{]********\r\n\",\"&\n ]]>{\na\t\",\"\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\t\"\"\346\274\2421Z\",\"'\\&amp;&amp;\t(\303\251\"\"\"\"\",\"1NULL\"\r\n\"\r\n)\",\"\","
      "\"\\\"\"\"\"\"\"\303\251]]>\"\r\n",
      "\"\t\"\"*1Z\",\"'\\&amp;&amp;\t(\303\251\"\"\"\"\",\"1N*LL\"\r\n\"***\",\"\",\"\\\"\"****]>\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"Z1\",\"<\303\251\",\"\t\"\r\n\"1]]>\",\"\346\274\242=>\",\"\"\r\n",
      "\"**\",\"<\303\251\",\"*\"\r\n\"****\",\"\346\274\242=>\",\"\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"{&\",\"]]>&\t<\"\"\"\" &amp;NULL\",\"\"\r\n", "\"**\",\"]]>&\t<\"\"\"\" &amp;NULL\",\"\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\t\t\"\"\"\"&(\",\",\",\"\r\n&amp;\"\r\n", "\"\t\t**&(\",\",\",\"\r\n***p;\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"(]]>&=>\\\",\">\tZ<]]>\",\"&amp;,\"\r\n", "\"(]****>\\\",\">\tZ<]]>\",\"&a**;,\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"' \n{]]>\",\"\303\251&amp; \",\" Z\"\r\n\"\\ '\",\"\"\"\",\"1{ \"\r\n",
      "\"' ***]>\",\"\303\251&amp; \",\"**\"\r\n\"***\",\"\"\"\",\"***\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\",\"(\"\"\"\"\r\n{\na\t&\",\"\"\r\n", "\"\",\"(\"\"\"\"\r\n{\na\t&\",\"\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\",\"\\\",\"\"\r\n\"{> Z\\\"\")\r\n\",\"\",\"{\"\r\n",
      "\"\",\"\\\",\"\"\r\n\"{>*****\r\n\",\"\",\"*\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\"\"\"\"\",\"\",\"a \\1=>\"\r\n\"']]>\",\")\\\303\251&>\",\"\"\r\n",
      "\"**\",\"\",\"a **=>\"\r\n\"****\",\")\\\303\251&>\",\"\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"&\",\"'\"\"\",\"&amp;Z\346\274\242\"\r\n", "\"*\",\"'\"\"\",\"&a***Z\346\274\242\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"&]]>\",\"{{ \\)\",\"\"\"\\\"\r\n", "\"****\",\"{{ \\)\",\"**\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\",\"\",\"\"\r\n", "\"\",\"\",\"\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\\NULL,\",\"{)\t<\t\",\"\"\r\n", "\"\\N**L,\",\"{)\t<\t\",\"\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"&amp;\346\274\242Z\",\"\303\251]]>\",\"\t\"\r\n\"=>'a\",\"\",\"\r\n\346\274\242,Z<\\\303\251(\"\r\n",
      "\"&a***\346\274\242Z\",\"\303\251]]>\",\"*\"\r\n\"****\",\"\",\"\r\n*****\303\251(\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\\1 \\\303\251&amp;)NULL\",\" NULL\",\"(\"\"&\"\r\n\"a\",\"NULLZ\",\"\"\r\n",
      "\"\\1***********LL\",\" NULL\",\"***\"\r\n\"*\",\"NULLZ\",\"\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\" \",\"\"\"\",\"\303\251a\"\r\n\"=>(\",\"=>\r\n\"\"\"\"{\346\274\242\"\"\"\"=>\r\n\",\"Za\"\r\n",
      "\"*\",\"\"\"\",\"**\"\r\n\"***\",\"=>\r\n\"\"\"\"{\346\274\242\"\"\"\"=>\r\n\",\"**\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"NULL\"\")'&\",\"\\{,\",\"=>\"\"\"\"\346\274\242<\"\"\"\r\n",
      "\"NU****'&\",\"\\{,\",\"=>***<\"\"\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\",\"\",\"\"\r\n\")NULL\nZ\n,\\Z\",\"{NULL&=>a\",\"=>a\\a\tZ<,\"\r\n",
      "\"\",\"\",\"\"\r\n\")N*******\\Z\",\"{NULL&=>a\",\"=>*****<,\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"&amp;\",\"(\",\"NULL\346\274\242]]>\303\2511\"\r\n", "\"&a*p;\",\"(\",\"NU******\303\2511\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a \",\"\",\"{& \"\r\n\"< NULLZZ\"\"\"\"{\"\"\"\"\",\"'&amp;\346\274\242\",\"<\"\r\n",
      "\"**\",\"\",\"***\"\r\n\"< *********\"\"\"\"\",\"'&amp;\346\274\242\",\"*\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\r\n)NULL\",\"(Z\r\n<'\",\">'\"\r\n", "\"\r\n***LL\",\"(Z\r\n<'\",\"**\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"NULL\",\"\n\"\"\"\"NULL 1\",\"Z]]>>\n\"\"\"\r\n\")\346\274\242\",\"<\",\"\303\251&\t)'\"\r\n",
      "\"****\",\"\n\"\"\"\"NULL 1\",\"Z]***\n\"\"\"\r\n\"**\",\"<\",\"\303\251&*)'\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\")NULL1>(Z&amp;a\",\"\",\"\r\n,\346\274\242\"\r\n\"\\(&&&amp;NULL\"\"\"\",\",\"]]>\",\">\"\r\n",
      "\")N***********;a\",\"\",\"****\"\r\n\"\\(************\"\",\",\"]]>\",\"*\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"<\",\"NULL\"\"\"\"\\]]><\",\"\"\r\n\"< \",\"\",\",=>,]]>\n\\\303\251(\"\r\n",
      "\"*\",\"NULL\"\"\"\"\\]]><\",\"\"\r\n\"**\",\"\",\",=*******\303\251(\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\",\"\",\"\t \"\r\n\"),>\",\"Z\r\n)\346\274\242'a\t=>\",\",\"\"\"\"\"\r\n",
      "\"\",\"\",\"**\"\r\n\"***\",\"Z\r\n)\346\274\242'a\t=>\",\"***\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\",\"{]]>=>\",\"NULL\303\251\"\"\"\"\303\251(\"\r\n\"\"\"\"\"\"\"\"\"\",\"&amp;]]>=>\t\"\"\"\"Za{\","
      "\"\"\r\n",
      "\"\",\"{]]>=>\",\"NU*****\303\251(\"\r\n\"****\",\"&amp;]]>=>\t\"\"\"\"Za{\",\"\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\303\251\\NULL\n\"\"\"\"\",\"Z\r\n<&amp;&amp;\r\n&amp;'\",\"\303\251\"\r\n\"(=>=>a'\t&amp;\r\n\","
      "\"1 a\n&amp;<()\",\"<NULL\"\r\n",
      "\"\303\251\\*****\"\"\"\"\",\"Z\r\n<&amp;&amp;\r\n&amp;'\",\"*\"\r\n\"(=***********\r\n\",\"1 "
      "a\n&amp;<()\",\"<N*LL\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\",\"<aaZ\r\n\346\274\242\303\251=>\",\"]]>\346\274\242\"\r\n",
      "\"\",\"<aaZ\r\n\346\274\242\303\251=>\",\"****\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\\\",\"{]]>&\",\"{\303\251\t\346\274\242(a,\303\251\"\r\n",
      "\"*\",\"{]]>&\",\"{\303\251****,\303\251\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\",\"]]>\",\"=>\"\"\"\"=>Z\r\n\"\r\n\"\",\"NULL\",\"Z\"\r\n",
      "\"\",\"]]>\",\"=>*****\r\n\"\r\n\"\",\"NULL\",\"*\"\r\n" },
    { "csv_cell",
      "columns={1: {mask: redact, keep_first: 2, keep_last: 2}, 2: {keep: test}, 3: {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"\r\n\346\274\242\r\n'Z1'\346\274\242\",\"a\",\"<Z<>]]>\"\r\n\"\n\"\"\",\" "
      "\346\274\242\t\",\"Z\n&amp;){\"\r\n",
      "\"\r\n******'\346\274\242\",\"a\",\"<Z***]>\"\r\n\"**\",\" \346\274\242\t\",\"Z\n*****){\"\r\n" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"<]]>Z{>\\\"\\\"&&\", \"z\"=>\"\t=>=>NULL',&(\", \"k \\\"q\\\\\"=>NULL",
      "\"a\"=>\"<]*******&&\", \"z\"=>\"\t=*********&(\", \"k \\\"q\\\\\"=>NULL" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\", \"z\"=>\"]]>{'\", \"k \\\"q\\\\\"=>\"<\"",
      "\"a\"=>\"\", \"z\"=>\"]]*{'\", \"k \\\"q\\\\\"=>\"<\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\r\n {\", \"z\"=>\"'\\\\\\\\\", \"k \\\"q\\\\\"=>\"  ]]>\na\"",
      "\"a\"=>\"****\", \"z\"=>\"***\", \"k \\\"q\\\\\"=>\"  ]]>\na\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\\\">'{\r\n>NULL\r\n\", \"z\"=>\"\303\251>=><>\r\n,)\", \"k \\\"q\\\\\"=>\"\\\\&amp;\"",
      "\"a\"=>\"\\\">*********\r\n\", \"z\"=>\"\303\251>******,)\", \"k \\\"q\\\\\"=>\"\\\\&amp;\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"'=>\", \"z\"=>\"=>\", \"k \\\"q\\\\\"=>\"1\r\n<]]>',1,\"",
      "\"a\"=>\"***\", \"z\"=>\"**\", \"k \\\"q\\\\\"=>\"1\r\n<]]>',1,\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\", \"z\"=>\"<NULL\", \"k \\\"q\\\\\"=>\"\346\274\242NULL(a\\\"\\\"\"",
      "\"a\"=>\"\", \"z\"=>\"<N*LL\", \"k \\\"q\\\\\"=>\"\346\274\242NULL(a\\\"\\\"\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\", \"z\"=>\"=>\\\\\", \"k \\\"q\\\\\"=>\" <\\\"\\\\\t{\r\n\t\"",
      "\"a\"=>\"\", \"z\"=>\"***\", \"k \\\"q\\\\\"=>\" <\\\"\\\\\t{\r\n\t\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\\\"a(\", \"z\"=>\"&((&\\\"\303\251>&\", \"k \\\"q\\\\\"=>NULL",
      "\"a\"=>\"***\", \"z\"=>\"&(****>&\", \"k \\\"q\\\\\"=>NULL" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"=>\346\274\242\t\", \"z\"=>\"1&\n=>\\\"\346\274\242\\\"Z\", \"k \\\"q\\\\\"=>NULL",
      "\"a\"=>\"****\", \"z\"=>\"1&*****\\\"Z\", \"k \\\"q\\\\\"=>NULL" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"(\", \"z\"=>\">{Z &amp;\n,<\", \"k \\\"q\\\\\"=>\"&amp;1\"",
      "\"a\"=>\"*\", \"z\"=>\">{********,<\", \"k \\\"q\\\\\"=>\"&amp;1\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"{=>\nZ1\", \"z\"=>\"=>,\", \"k \\\"q\\\\\"=>\"'\n{<&\"",
      "\"a\"=>\"{=**Z1\", \"z\"=>\"***\", \"k \\\"q\\\\\"=>\"'\n{<&\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"&\r\n \", \"z\"=>\"\", \"k \\\"q\\\\\"=>\"\"",
      "\"a\"=>\"****\", \"z\"=>\"\", \"k \\\"q\\\\\"=>\"\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\")\\\"\\\\\303\251\\\"\\\"\", \"z\"=>\"&amp;Z\", \"k \\\"q\\\\\"=>\")\n\n\"",
      "\"a\"=>\")\\\"**\\\"\\\"\", \"z\"=>\"&a**;Z\", \"k \\\"q\\\\\"=>\")\n\n\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\\\\=>\\\"\\\">&,<\r\n\", \"z\"=>\"\\\"),\303\251\\\"\\\"\", \"k "
      "\\\"q\\\\\"=>\"\r\n{'&amp;<,\\\"\\\"\n\"",
      "\"a\"=>\"\\\\=*******\r\n\", \"z\"=>\"\\\")**\\\"\\\"\", \"k "
      "\\\"q\\\\\"=>\"\r\n{'&amp;<,\\\"\\\"\n\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\", \"z\"=>\"\r\n&amp;]]>\", \"k \\\"q\\\\\"=>\"\ta\346\274\242 (\t1\\\"\"",
      "\"a\"=>\"\", \"z\"=>\"\r\n******]>\", \"k \\\"q\\\\\"=>\"\ta\346\274\242 (\t1\\\"\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"]]>>\303\251=>&amp;]]>\r\n)\", \"z\"=>\"\r\n\", \"k \\\"q\\\\\"=>NULL",
      "\"a\"=>\"]]**************\n)\", \"z\"=>\"**\", \"k \\\"q\\\\\"=>NULL" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\", \"z\"=>\"\", \"k \\\"q\\\\\"=>\"\\\\1\346\274\242&\346\274\242\"",
      "\"a\"=>\"\", \"z\"=>\"\", \"k \\\"q\\\\\"=>\"\\\\1\346\274\242&\346\274\242\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"(]]>  Z\", \"z\"=>\"\303\251\r\n\346\274\242\", \"k \\\"q\\\\\"=>\" \\\\\303\251\"",
      "\"a\"=>\"(]*** Z\", \"z\"=>\"****\", \"k \\\"q\\\\\"=>\" \\\\\303\251\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"'\", \"z\"=>\"\r\n=>1\", \"k \\\"q\\\\\"=>\"1\"",
      "\"a\"=>\"*\", \"z\"=>\"\r\n*>1\", \"k \\\"q\\\\\"=>\"1\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\")\346\274\242{\", \"z\"=>\"aNULL<\\\">Z\\\"\\\"NULL\", \"k \\\"q\\\\\"=>\"1>)\"",
      "\"a\"=>\"***\", \"z\"=>\"aN***********LL\", \"k \\\"q\\\\\"=>\"1>)\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\346\274\242\", \"z\"=>\">\na' \", \"k \\\"q\\\\\"=>\"\"",
      "\"a\"=>\"*\", \"z\"=>\">\n*' \", \"k \\\"q\\\\\"=>\"\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"<\", \"z\"=>\"\t\ta\346\274\242>\", \"k \\\"q\\\\\"=>\" )\t&amp;({\\\"]]>\"",
      "\"a\"=>\"*\", \"z\"=>\"\t\t*\346\274\242>\", \"k \\\"q\\\\\"=>\" )\t&amp;({\\\"]]>\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>NULL, \"z\"=>\"&&\t\", \"k \\\"q\\\\\"=>\"\"",
      "\"a\"=>NULL, \"z\"=>\"***\", \"k \\\"q\\\\\"=>\"\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\", \"z\"=>\"\346\274\242\\\"{&amp;\n&']]>\", \"k \\\"q\\\\\"=>\">a\"",
      "\"a\"=>\"\", \"z\"=>\"\346\274\242\\\"**********]>\", \"k \\\"q\\\\\"=>\">a\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\", \"z\"=>\">\", \"k \\\"q\\\\\"=>\">\n\"",
      "\"a\"=>\"\", \"z\"=>\"*\", \"k \\\"q\\\\\"=>\">\n\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>NULL, \"z\"=>\"\\\\a\", \"k \\\"q\\\\\"=>\"\"",
      "\"a\"=>NULL, \"z\"=>\"**\", \"k \\\"q\\\\\"=>\"\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>NULL, \"z\"=>\"\n\", \"k \\\"q\\\\\"=>\"{>\"",
      "\"a\"=>NULL, \"z\"=>\"*\", \"k \\\"q\\\\\"=>\"{>\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\", \"z\"=>\"]]>\", \"k \\\"q\\\\\"=>\"NULL\303\251&amp;\"",
      "\"a\"=>\"\", \"z\"=>\"***\", \"k \\\"q\\\\\"=>\"NULL\303\251&amp;\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"Z=>\\\"<\t\", \"z\"=>\"\", \"k \\\"q\\\\\"=>\"&\"",
      "\"a\"=>\"Z=**<\t\", \"z\"=>\"\", \"k \\\"q\\\\\"=>\"&\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"a, \ta\", \"z\"=>NULL, \"k \\\"q\\\\\"=>\"(NULL(\"",
      "\"a\"=>\"a,*\ta\", \"z\"=>NULL, \"k \\\"q\\\\\"=>\"(NULL(\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\", \"z\"=>\"]]>\346\274\242{\", \"k \\\"q\\\\\"=>\"\303\251\"",
      "\"a\"=>\"\", \"z\"=>\"]]*\346\274\242{\", \"k \\\"q\\\\\"=>\"\303\251\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\346\274\242)\303\251\", \"z\"=>\"\", \"k \\\"q\\\\\"=>\"\\\"a\t)Z)a(\"",
      "\"a\"=>\"***\", \"z\"=>\"\", \"k \\\"q\\\\\"=>\"\\\"a\t)Z)a(\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"&\", \"z\"=>\"<\", \"k \\\"q\\\\\"=>NULL",
      "\"a\"=>\"*\", \"z\"=>\"*\", \"k \\\"q\\\\\"=>NULL" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\t,\", \"z\"=>\"\\\"1\", \"k \\\"q\\\\\"=>\"\"",
      "\"a\"=>\"**\", \"z\"=>\"**\", \"k \\\"q\\\\\"=>\"\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"<=>&amp;\", \"z\"=>\"\\\"\\\" &amp;\", \"k \\\"q\\\\\"=>\"\303\251\r\n)\"",
      "\"a\"=>\"<=****p;\", \"z\"=>\"\\\"\\\"****p;\", \"k \\\"q\\\\\"=>\"\303\251\r\n)\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\", \"z\"=>\"=>\", \"k \\\"q\\\\\"=>\"\"",
      "\"a\"=>\"\", \"z\"=>\"**\", \"k \\\"q\\\\\"=>\"\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"\t\\\">\\\\NULL(\\\\=>\", \"z\"=>\"\", \"k \\\"q\\\\\"=>\">\tNULL(\r\n1\n\t\"",
      "\"a\"=>\"\t\\\"********=>\", \"z\"=>\"\", \"k \\\"q\\\\\"=>\">\tNULL(\r\n1\n\t\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"a&amp;\\\">Z 'NULL\", \"z\"=>\"1\", \"k \\\"q\\\\\"=>\"{{ \"",
      "\"a\"=>\"a&***********LL\", \"z\"=>\"*\", \"k \\\"q\\\\\"=>\"{{ \"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>\"&amp;\n\", \"z\"=>\"\346\274\242&{\", \"k \\\"q\\\\\"=>\"a\"",
      "\"a\"=>\"&a**;\n\", \"z\"=>\"***\", \"k \\\"q\\\\\"=>\"a\"" },
    { "hstore",
      "keys={a: {mask: redact, keep_first: 2, keep_last: 2}, 'k \"q\\': {keep: test}, '*': {mask: redact, "
      "keep_first: 2, keep_last: 2}}",
      "\"a\"=>NULL, \"z\"=>\"\n\", \"k \\\"q\\\\\"=>\"\t\303\251\"",
      "\"a\"=>NULL, \"z\"=>\"*\", \"k \\\"q\\\\\"=>\"\t\303\251\"" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"NULL\346\274\242(\"><a>(</a><!-- c --><b y='1'></b></r>",
      "<r x=\"NU**\346\274\242(\"><a>*</a><!-- c --><b y='1'></b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"]]&gt;\303\251\303\251({\303\2511\346\274\242\"><a>\"</a><!-- c --><b y='1'>]]&gt;</b></r>",
      "<r x=\"]]******1\346\274\242\"><a>*</a><!-- c --><b y='1'>]]&gt;</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"'(\"><a>&gt;&lt;&gt;\"&lt;</a><!-- c --><b y='1'>\346\274\242{&lt;&amp;amp;\"</b></r>",
      "<r x=\"**\"><a>&gt;&lt;*\"&lt;</a><!-- c --><b y='1'>\346\274\242{&lt;&amp;amp;\"</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"=&gt;\"><a>&lt;()&lt;\\</a><!-- c --><b y='1'></b></r>",
      "<r x=\"**\"><a>&lt;(*&lt;\\</a><!-- c --><b y='1'></b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"&amp;\"><a></a><!-- c --><b y='1'>)&gt;&lt;</b></r>",
      "<r x=\"*\"><a></a><!-- c --><b y='1'>)&gt;&lt;</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"1=&gt;\"><a>=&gt;1</a><!-- c --><b y='1'></b></r>",
      "<r x=\"***\"><a>***</a><!-- c --><b y='1'></b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"\"><a>{</a><!-- c --><b y='1'></b></r>", "<r x=\"\"><a>*</a><!-- c --><b y='1'></b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\")\303\251]]&gt;&lt;{&#13;&#10;1NULL\"><a>\346\274\242)\\'&lt;NULL\"(</a><!-- c --><b "
      "y='1'></b></r>",
      "<r x=\")\303\251**********LL\"><a>\346\274\242)*******\"(</a><!-- c --><b y='1'></b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"&quot;&quot;&quot;&quot;=&gt;&#9;&amp;1&amp;amp;\\\"><a>\\((&#13;\n&amp;amp;</a><!-- c --><b "
      "y='1'>\303\251\"</b></r>",
      "<r x=\"&quot;&quot;***********;\\\"><a>\\(******p;</a><!-- c --><b y='1'>\303\251\"</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"\"><a>\346\274\242</a><!-- c --><b y='1'></b></r>",
      "<r x=\"\"><a>*</a><!-- c --><b y='1'></b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"NULL\"><a></a><!-- c --><b y='1'>&amp;amp;</b></r>",
      "<r x=\"****\"><a></a><!-- c --><b y='1'>&amp;amp;</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"Z\"><a></a><!-- c --><b y='1'></b></r>", "<r x=\"*\"><a></a><!-- c --><b y='1'></b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"&gt;(&lt;1,\"><a></a><!-- c --><b y='1'></b></r>",
      "<r x=\"&gt;(*1,\"><a></a><!-- c --><b y='1'></b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"&quot;=&gt;&gt;]]&gt;,\"><a></a><!-- c --><b y='1'>\346\274\242&amp;\"\"</b></r>",
      "<r x=\"&quot;=****&gt;,\"><a></a><!-- c --><b y='1'>\346\274\242&amp;\"\"</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"=&gt;&amp;amp;)&quot;&quot;NULL\"><a>\346\274\2421</a><!-- c --><b "
      "y='1'>(=&gt;\n1(\346\274\242&gt;=&gt;</b></r>",
      "<r x=\"=&gt;**********LL\"><a>**</a><!-- c --><b y='1'>(=&gt;\n1(\346\274\242&gt;=&gt;</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"&quot;(&#10;&#13;&#10;&amp;amp;\"><a></a><!-- c --><b y='1'>\303\251&gt;</b></r>",
      "<r x=\"&quot;(******p;\"><a></a><!-- c --><b y='1'>\303\251&gt;</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"1\"><a>) )</a><!-- c --><b y='1'>\\\n\"&lt;=&gt;</b></r>",
      "<r x=\"*\"><a>***</a><!-- c --><b y='1'>\\\n\"&lt;=&gt;</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"'\"><a>NULL\n\346\274\242</a><!-- c --><b y='1'>\303\251&lt; \n(){a</b></r>",
      "<r x=\"*\"><a>NU**\n\346\274\242</a><!-- c --><b y='1'>\303\251&lt; \n(){a</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"&amp;{&quot;&quot;'&amp;amp;{'\"><a>\"&lt;\\\"&gt;</a><!-- c --><b "
      "y='1'>\303\251\303\251a</b></r>",
      "<r x=\"&amp;{********{'\"><a>\"&lt;*\"&gt;</a><!-- c --><b y='1'>\303\251\303\251a</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"\"><a>a=&gt;(\n]]&gt;</a><!-- c --><b y='1'>\"\"</b></r>",
      "<r x=\"\"><a>a=****]&gt;</a><!-- c --><b y='1'>\"\"</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"\"><a></a><!-- c --><b y='1'>&amp;amp;\\(</b></r>",
      "<r x=\"\"><a></a><!-- c --><b y='1'>&amp;amp;\\(</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"\"><a>)&amp;(</a><!-- c --><b y='1'>1]]&gt;\"\tZ</b></r>",
      "<r x=\"\"><a>***</a><!-- c --><b y='1'>1]]&gt;\"\tZ</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"a=&gt;)']]&gt;\"><a>]]&gt;=&gt; \"\",\303\251\\{</a><!-- c --><b y='1'>&amp;amp;(&gt;</b></r>",
      "<r x=\"a=****]&gt;\"><a>]]********\\{</a><!-- c --><b y='1'>&amp;amp;(&gt;</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"\\&lt;&amp;)&lt;\"><a>'</a><!-- c --><b y='1'>&lt;NULL(\"\"\346\274\242&amp;amp;\"'</b></r>",
      "<r x=\"\\&lt;*)&lt;\"><a>*</a><!-- c --><b y='1'>&lt;NULL(\"\"\346\274\242&amp;amp;\"'</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"'\"><a></a><!-- c --><b y='1'>'a&gt;\346\274\242=&gt;</b></r>",
      "<r x=\"*\"><a></a><!-- c --><b y='1'>'a&gt;\346\274\242=&gt;</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"\346\274\242&lt;&quot;\"><a>=&gt;'</a><!-- c --><b y='1'></b></r>",
      "<r x=\"***\"><a>***</a><!-- c --><b y='1'></b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"&quot;\"><a>')</a><!-- c --><b y='1'>,</b></r>",
      "<r x=\"*\"><a>**</a><!-- c --><b y='1'>,</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"\\&amp;\"><a>\346\274\242&gt;,</a><!-- c --><b y='1'>{&gt;</b></r>",
      "<r x=\"**\"><a>***</a><!-- c --><b y='1'>{&gt;</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"\"><a>)=&gt; &#13;\n\346\274\242</a><!-- c --><b "
      "y='1'>a\303\251\"\n\303\251{\303\251\346\274\242</b></r>",
      "<r x=\"\"><a>)=***\n\346\274\242</a><!-- c --><b "
      "y='1'>a\303\251\"\n\303\251{\303\251\346\274\242</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"\303\251&amp;amp;&quot;&quot;\"><a></a><!-- c --><b y='1'>)'\t&amp;\"</b></r>",
      "<r x=\"\303\251&amp;****&quot;&quot;\"><a></a><!-- c --><b y='1'>)'\t&amp;\"</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\",1\"><a></a><!-- c --><b y='1'>,</b></r>", "<r x=\"**\"><a></a><!-- c --><b y='1'>,</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"\"><a>1</a><!-- c --><b y='1'></b></r>", "<r x=\"\"><a>*</a><!-- c --><b y='1'></b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"&quot;\303\251\346\274\242\"><a></a><!-- c --><b y='1'>&lt;)]]&gt;</b></r>",
      "<r x=\"***\"><a></a><!-- c --><b y='1'>&lt;)]]&gt;</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"&quot;{{&amp;Z\"><a></a><!-- c --><b y='1'>&amp;</b></r>",
      "<r x=\"&quot;{*&amp;Z\"><a></a><!-- c --><b y='1'>&amp;</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"&amp;amp;&gt;\"><a>&gt;&lt;=&gt;</a><!-- c --><b y='1'>=&gt;{\346\274\242</b></r>",
      "<r x=\"&amp;a**;&gt;\"><a>****</a><!-- c --><b y='1'>=&gt;{\346\274\242</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"&quot;&quot;&#13;&#10;\\\"><a>\346\274\242</a><!-- c --><b y='1'>\346\274\242&amp;</b></r>",
      "<r x=\"&quot;&quot;*&#10;\\\"><a>*</a><!-- c --><b y='1'>\346\274\242&amp;</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"1&amp;\"><a>\"\"</a><!-- c --><b y='1'>\346\274\2421a 1</b></r>",
      "<r x=\"**\"><a>**</a><!-- c --><b y='1'>\346\274\2421a 1</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"&amp;amp;\"><a>(\303\251</a><!-- c --><b y='1'></b></r>",
      "<r x=\"&amp;a*p;\"><a>**</a><!-- c --><b y='1'></b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"Z\303\251=&gt;&#13;&#10;\\\"><a>)NULL&gt;&lt;{</a><!-- c --><b "
      "y='1'>&lt;=&gt;=&gt;aa=&gt;\346\274\242a</b></r>",
      "<r x=\"Z\303\251***&#10;\\\"><a>)N****&lt;{</a><!-- c --><b "
      "y='1'>&lt;=&gt;=&gt;aa=&gt;\346\274\242a</b></r>" },
    { "xml",
      "paths={/r/@x: {mask: redact, keep_first: 2, keep_last: 2}, //a: {mask: redact, keep_first: 2, "
      "keep_last: 2}, '**': {keep: test}}",
      "<r x=\"\"><a>=&gt;</a><!-- c --><b y='1'>\303\251 '</b></r>",
      "<r x=\"\"><a>**</a><!-- c --><b y='1'>\303\251 '</b></r>" },
};

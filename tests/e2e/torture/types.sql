-- Every type: built-in, user-made, of extensions; arrays of each; values at the edges.
create schema ext;
create extension citext;
create extension hstore schema ext;
create extension ltree schema ext;
create extension cube schema ext;
create extension earthdistance schema ext;
create extension seg schema ext;
create extension isn schema ext;
create extension intarray schema ext;
create extension lo schema ext;
create extension pg_trgm schema ext;
create extension btree_gist schema ext;
create extension btree_gin schema ext;
create extension bloom schema ext;
create extension unaccent schema ext;
create extension "uuid-ossp" schema ext;
create extension bauta_torture;
set search_path = public, ext;
create collation "de_DE" (provider = icu, locale = 'de-DE-u-co-phonebk');
create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create collation copied from "C";

-- Built-in types.
create table t_numbers (id int primary key, i2 smallint, i4 integer, i8 bigint, f4 real, f8 double precision, n numeric,
    n53 numeric(5, 3), nneg /*15[*/numeric(3, -2)/*|numeric]*/, nsmall /*15[*/numeric(3, 5)/*|numeric]*/, m money, b boolean, o oid);
insert into t_numbers values
    (1, -32768, -2147483648, -9223372036854775808, 'NaN', 'NaN', 'NaN', 'NaN', 12345, 0.00123, '-92233720368547758.08', true, 0),
    (2, 32767, 2147483647, 9223372036854775807, 'Infinity', '-Infinity', /*14[*/'Infinity'/*|1e99]*/, 12.345, -99900, 0.00999, '92233720368547758.07', false, 4294967295),
    (3, 0, 0, 0, '-Infinity', 'Infinity', /*14[*/'-Infinity'/*|-1e99]*/, -0.001, 0, -0.00999, 0, null, 1),
    (4, 1, -1, 42, 1.17549435e-38, 2.2250738585072014e-308, repeat('9', 1000)::numeric, 0, null, 0, 1, true, 2),
    (5, null, null, null, '-0', '-0', ('0.' || repeat('0', 400) || '1')::numeric, 0.000, null, null, null, null, null),
    (6, 1, 1, 1, 3.4028235e38, 1.7976931348623157e308, 1.10, 99.999, 100, null, 0.01, null, null),
    (7, 1, 1, 1, 1.401298e-45, 5e-324, -0.000000, null, null, null, null, null, null);

create table t_texts (id int primary key, t text, v varchar, v9 varchar(9), c char, c9 char(9), bp bpchar, nm name, ch "char",
    by bytea, r refcursor);
insert into t_texts values
    (1, '', '', '', '', '', '', '', '', '', ''),
    (2, E'\\N', E'\\.', E'\\\\', E'\\', E'a\tb', E'a\nb', E'a\\b', E'\\', E'\\x00ff', E'\\N'),
    (3, E'\\.\n\\.\n', E'tab\tcr\rlf\nbs\bff\fvt\v', ' lead', 'x', 'trail  ', 'trail   ', 'name', 'é'::"char", decode('000102fdfeff', 'hex'), 'cursor'),
    (4, 'Ünï¢ødé 漢字 🎭 ' || chr(1114111) || chr(1), '\N', 'éééééééééé'::varchar(9), 'é', '漢字', ' ', repeat('n', 63)::name, 'z', decode(repeat('5c', 99), 'hex'), null),
    (5, null, null, null, null, null, null, null, null, null, null),
    (6, '{"a",b}', '(1,"x")', 'null', 'N', 'NULL', 'nil', 'select', '"', 'PGCOPY'::bytea || '\x0aff0d0a00'::bytea, '<unnamed portal 1>');

create table t_times (id int primary key, d date, t time, t3 time(3), tz timetz, ts timestamp, ts0 timestamp(0), tstz timestamptz,
    iv interval, ivy interval year to month, ivs interval day to second(2));
insert into t_times values
    (1, 'infinity', '00:00', '24:00', '24:00+15:59', 'infinity', '-infinity', '-infinity', '178000000 years', '-178000000 years', '1 day 00:00:00.99'),
    (2, '-infinity', '24:00', '12:34:56.789', '00:00-15:59', '4713-01-01 00:00:00 BC', '294276-12-31 23:59:59', '4713-01-01 00:00:00+00 BC', '-2147483648 days', '1 year 2 mons', '-99 days'),
    (3, '4713-01-01 BC', '23:59:59.999999', '0:0', '12:00:00.5+05:30', '294276-12-31 23:59:59.999999', '2024-02-29', '294276-12-31 23:59:59.999999+00', '1 mon -1 day 00:00:00.000001', '0', '0'),
    (4, '5874897-12-31', null, null, null, '0001-12-31 BC', null, '2024-03-31 02:30:00+01', '-1 mon +1 day -00:00:00.000001', null, null),
    (5, '1999-12-31', '04:05:06', '04:05:06', '04:05:06 PST', '1999-12-31', '1999-12-31', '1883-11-18 12:03:58-04:56:02', '0', '-1 mon', '-1 sec');

create table t_shapes (id int primary key, p point, l line, s lseg, bx box, pa path, pc path, po polygon, ci circle);
insert into t_shapes values
    (1, '(1,2)', '{1,2,3}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '((0,0),(1,1),(2,0))', '<(0,0),5>'),
    (2, '(NaN,Infinity)', '{0,-1,1e300}', '[(-Infinity,0),(1e-300,1)]', '(1e300,1),(-1e300,-0)', '[(5,5)]', '((5,5))', '((5,5))', '<(1e10,-1),0>'),
    (3, null, null, null, null, null, null, null, null);

create table t_nets (id int primary key, i inet, c cidr, m macaddr, m8 macaddr8, b bit, b11 bit(11), vb varbit, vb5 varbit(5));
insert into t_nets values
    (1, '192.168.1.5/24', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '1', '10101010101', '', '10101'),
    (2, '::ffff:1.2.3.4', '2001:db8::/32', 'ff:ff:ff:ff:ff:ff', '00:00:00:00:00:00:00:00', '0', '00000000001', repeat('10', 5000)::varbit, ''),
    (3, 'fe80::1/64', '0.0.0.0/0', null, null, null, null, null, null);

create table t_documents (id int primary key, j json, jb jsonb, jp jsonpath, x xml, u uuid, tv tsvector, tq tsquery);
insert into t_documents values
    (1, E' { "b" : 1 ,\n\t"a":1.10, "a" : "\\u00e9\\n" , "n":1e400 } ', '{"b":1,"a":1.10,"a":"é"}', '$.a[*] ? (@.b > 1 && @.c like_regex "^x" flag "i")',
        '<?xml version="1.0" encoding="ISO-8859-1" standalone="yes"?><a b="é">&lt;</a>', '00000000-0000-0000-0000-000000000000', 'a:1A fat:2B,4C cat:5D', 'fat & (rat | cat:AB*) & !dog'),
    (2, '[]', 'null', 'strict $', 'only text &amp; <b/> two <c/> roots', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '', ''),
    (3, '"\ud83c\udfad"', '"\u0001\\"', 'lax $.**{2 to last}', '<?xml version="1.0"?><a/>', null, '''odd '''' word'':3 ''\\'':1', '''odd '''' word'' <-> b <3> c'),
    (4, 'null', '{"deep": [[[[1.000, -0, 1e-10, true, null, {"":""}]]]]}', null, '', null, null, null),
    (5, null, null, null, null, null, null, null);

create table t_ranges (id int primary key, i4 int4range, i8 int8range, n numrange, ts tsrange, tz tstzrange, d daterange,
    /*14[*/i4m int4multirange, i8m int8multirange, nm nummultirange, tsm tsmultirange, tzm tstzmultirange, dm datemultirange/*|i4m text, i8m text, nm text, tsm text, tzm text, dm text]*/);
insert into t_ranges values
    (1, 'empty', '(,)', '[1.5,2.5)', '[infinity,infinity]', '[2020-01-01,)', '(,2020-01-01]', '{}', '{(,)}', '{[1,2],(3,4)}', '{}', '{[2020-01-01,2021-01-01)}', '{(,2000-01-01),[2001-01-01,)}'),
    (2, '[1,5]', '[-9223372036854775808,9223372036854775807)', '(NaN,)', '(,)', 'empty', '[infinity,)', '{[1,2),[5,9)}', '{}', '{[NaN,NaN]}', '{(,)}', '{}', '{}'),
    (3, null, null, null, null, null, null, null, null, null, null, null, null);

create table t_system (id int primary key, lsn pg_lsn, sn /*13[*/pg_snapshot/*|txid_snapshot]*/, tsn txid_snapshot, x xid, x8 /*13[*/xid8/*|text]*/, c cid, ti tid, i2v int2vector,
    ov oidvector, acl aclitem, acls aclitem[], rc regclass, rp regproc, rpe regprocedure, ro regoper, roe regoperator, rt regtype,
    rr regrole, rn regnamespace, rcf regconfig, rd regdictionary, rco /*13[*/regcollation/*|text]*/, rcs regclass[], rts regtype[]);
insert into t_system values
    (1, '16/B374D848', '10:20:10,14,15', '10:20:10,14,15', '4294967295', '18446744073709551615', '0', '(4294967295,65535)', '1 2 3', '1 4294967295',
        'tort_owner=r*w/postgres', '{tort_reader=arwdDxt/tort_owner,=r/postgres,"\"Tort \"\"odd\"\" röle\"=r/postgres"}', 't_numbers', 'pg_catalog.now', 'public.bt_seed()', 'pg_catalog.||/',
        '+(integer,integer)', 'ext.hstore', 'tort_owner', 'ext', 'german', 'german_stem', '"de_DE"', '{t_numbers,pg_class,t_texts}', '{integer,citext,ext.hstore[]}'),
    (2, '0/0', '1:1:', '1:1:', '0', '0', '4294967295', '(0,0)', '', '', null, '{}', 'pg_class', '0', '0', '0', '0', 'timestamp(3) with time zone', '0', 'pg_catalog', 'simple', 'simple', '"C"', '{}', '{NULL}'),
    (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);

-- User types. Dropped ones leave holes, so OIDs differ between two servers.
create type hole as enum ('a'); drop type hole;
create type mood as enum ('sad', 'ok', 'it''s, "odd"', 'ÜBER', '');
alter type mood add value 'meh' before 'ok';
create domain posint as integer not null default 1 check (value > 0) constraint even check (value % 2 = 0);
create domain posint2 as posint check (value < 1000);
create domain ints as integer[] check (array_length(value, 1) < 5);
create domain intss as ints[];
create domain email_d as citext check (value like '%@%');
create domain dreg as regclass;
create domain dmood as mood check (value <> 'sad');
create type pair as (a integer, "B b" text, "dröp" integer, c mood[]);
create type nest as (p pair, ps pair[], d posint2, h ext.hstore, rc regclass, r int4range);
create table gone_type_user (p pair, n nest);
alter type pair drop attribute "dröp" cascade;
alter type pair add attribute e numeric cascade;
drop table gone_type_user;
create type moodrange as range (subtype = mood/*14[*/, multirange_type_name = moodranges/*]*/);
create type floatrange as range (subtype = float8, subtype_diff = float8mi);
create type pairrange as range (subtype = pair);
create type textrange as range (subtype = text, collation = "C");
create domain moodrange_d as moodrange;
create type shell_only;
create type base; -- a base type without binary form
create function base_in(cstring) returns base language internal immutable strict as 'textin';
create function base_out(base) returns cstring language internal immutable strict as 'textout';
create type base (input = base_in, output = base_out, like = text, category = 'U', delimiter = ';', collatable = true);

create table t_user (id int primary key, m mood, ms mood[], p pair, ps pair[], n nest, ns nest[], mr moodrange, mrs moodrange[], mm /*14[*/moodranges/*|text]*/,
    mms /*14[*/moodranges/*|text]*/[], fr floatrange, pr pairrange, tr textrange, d posint, d2 posint2, dd ints, ddd intss, e email_d, es email_d[], b base, bs base[],
    dr dreg, dm dmood, dms dmood[], mrd moodrange_d, tn t_numbers, tns t_numbers[]);
insert into t_user values
    (1, 'sad', '{sad,ok,NULL,"it''s, \"odd\"",""}', row(1, E'x"\\,(', '{ok,NULL}', 1.50), array[row(1, 'a', '{}', null), null, row(null, null, null, 'NaN')]::pair[],
        row(row(1, '', '{ÜBER}', 2)::pair, array[row(2, '{', '{meh}', 0)]::pair[], 4, 'a=>1, "b c"=>NULL', 't_texts', '[1,3)'), array[row(null, null, 2, '', 'pg_class', 'empty')]::nest[],
        '[sad,ok)', '{"[sad,ok)",empty,NULL}', '{[sad,meh),[ok,)}', '{"{[sad,meh)}","{}"}', '[NaN,)', pairrange(row(1, 'a', null, null)::pair, row(2, 'b', '{sad}', 3)::pair), '["a b","c,d")',
        2, 4, '{1,2,3}', array['{1,2}', null]::intss, 'A@b', '{A@b,a@B}', 'base ; "x', '{a;"b;c";NULL}', 't_user', 'ok', '{ok,NULL}', '(,ok]',
        (select t from t_numbers t where id = 1), (select array_agg(t order by id) from t_numbers t)),
    (2, null, '{}', null, '{}', null, null, 'empty', '{}', '{}', '{}', null, null, null, 1000000, 998, '{}', '{}', null, '{}', null, null, null, null, null, null, null, null);

create table t_arrays (id int primary key, i int[], i2 int[3][3], t text[], b bytea[], ts timestamptz[], n numeric[], bo bool[], u uuid[], j jsonb[], js json[],
    x xml[], c char(3)[], v varchar(5)[], r int4range[], mr /*14[*/int4multirange/*|text]*/[], p point[], bx box[], ip inet[], iv interval[], ch "char"[], nm name[], m money[], o oid[], bt bit(3)[], ti tid[], tv tsvector[]);
insert into t_arrays values
    (1, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
    (2, '[-2:0]={1,NULL,3}', '[0:1][5:6]={{1,2},{3,NULL}}', E'{"",NULL,"NULL","a\\"b\\\\c","{}"," x ","\t",é}', '{"\\x00ff",NULL}', '{infinity,"2020-01-01 00:00+00"}', /*14[*/'{NaN,1.10,-Infinity}'/*|'{NaN,1.10}']*/,
        '{t,f,NULL}', '{00000000-0000-0000-0000-000000000000}', array['{"a":1}', 'null']::jsonb[], array['{ "a":1 }', '[1 ,2]']::json[], array['<a/>', 'b &amp; c']::xml[], '{a,abc}', '{abcde,""}', '{"[1,2)",empty}',
        '{"{[1,2),[4,5)}","{}"}', '{"(1,2)"}', '{(1,1),(0,0);(2,2),(1,1)}', '{10.0.0.0/8}', '{"1 mon",-00:00:01}', '{a,"\\"}', '{nm,"a b"}', '{1.00,2.00}', '{1,2}', '{101,000}', '{"(0,1)"}', '{"a:1 b:2","c"}'),
    (3, '{{{{{{1,2},{3,4}}}}}}', null, '{{a,b},{NULL,""}}', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);

create table t_extension (id int primary key, ci citext, cis citext[], h ext.hstore, hs ext.hstore[], lt ext.ltree, lts ext.ltree[], lq ext.lquery,
    ltq ext.ltxtquery, cu ext.cube, cus ext.cube[], ea ext.earth, sg ext.seg, sgs ext.seg[], isbn ext.isbn, isbns ext.isbn13[], issn ext.issn, upc ext.upc,
    qi ext.query_int, lob ext.lo);
insert into t_extension values
    (1, 'MiXed', '{A,a,NULL}', 'a=>1, "q \"x"=>"y\\z", n=>NULL', array['a=>b', '', null]::ext.hstore[], 'Top.Science.Astronomy', '{a.b,NULL,""}', 'a.*{1,2}.!b|c@*', 'a & !b@',
        '(1,2,3),(4,5,6)', '{"(0)","(1,2)"}', '(6378168,0,0)', '1.0 .. ~2.50', '{"5(+-)0.3","<1"}', '0-393-04002-X', '{978-0-393-04002-9}', '1436-4522', '220356483481', '1&(2|!3)', 0),
    (2, '', '{}', '', '{}', '', '{}', '*', 'a', '(0)', '{}', null, '>1e3', '{}', null, '{}', null, null, '1', null),
    (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
insert into bt_config values (100, 'user row', 'sad'), (101, E'\\N\t', null);
select nextval('bt_serial') from generate_series(1, 7);

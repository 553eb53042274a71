-- Sequences, views, functions and what hangs on them.
set search_path = public, ext;
create sequence s_plain;
create sequence s_down as smallint increment -3 minvalue -30000 maxvalue 5 start 5 cache 7;
create sequence s_cycle minvalue 1 maxvalue 3 cycle;
create sequence s_full maxvalue 2;
create sequence s_never start 77;
create /*15[*/unlogged /*]*/sequence s_unlogged;
create sequence other."odd ""seq""" increment 9223372036854775807;
select nextval('s_plain') from generate_series(1, 42);
select nextval('s_down'), nextval('s_cycle'), nextval('s_unlogged') from generate_series(1, 4);
select nextval('s_full') from generate_series(1, 2);
select setval('s_never', 77, false), setval('other."odd ""seq"""', 9223372036854775807);
create table s_user (id int default nextval('s_plain'));
alter sequence s_full owned by s_user.id;

-- Functions, with bodies that look like what pg_dump writes.
create function f_sql(a int, b text default 'x;y', out c int, out d text) language sql immutable parallel safe cost 7 as 'select a, b';
create function f_trap() returns text language plpgsql security definer set search_path = pg_catalog set work_mem = '5MB' as $body$
begin
    return 'it''s' || $$

--
-- Name: x; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.x (a int);
$$ || E'\\' || $q$ $body $q$; -- comment; /* nested /* */ */
end $body$;
create function f_quotes() returns text language sql as '
--
-- Name: y; Type: FUNCTION; Schema: public; Owner: -
--
select ''\'';
';
/*14[*/
create function f_atomic(a int) returns setof int language sql begin atomic
    select case when a > 0 then a else -a end;
    select count(*)::int from public.c_no_key where b = 'x;';
end;
/*]*/
/*15[*/ -- the first pg_dump of 14 wrote it before the key it needs
create function f_atomic_key() returns table (id int, first text, n bigint) language sql begin atomic
    select c.id, c.first, count(*) from public.c_generated c group by c.id;
end;
/*]*/
create function f_variadic(variadic xs /*13[*/anycompatiblearray/*|anyarray]*/) returns bigint language sql strict leakproof as 'select array_length($1, 1)::bigint';
create function f_set() returns table (a int, "B" text) language sql rows 5 window as 'select 1, ''x''';
drop function f_set();
create function f_table() returns table (a int, "B" text) language sql rows 5 as 'select 1, ''x''';
create function f_default(a mood default 'ok', b pair default row(1, ';', null, null)::pair, c timestamptz default now()) returns pair language sql as 'select b';
create function "F odd;name"("arg ""x""" int) returns void language plpgsql as $$ begin perform 1; end $$;
create function f_support(int, int) returns boolean language internal immutable strict as 'int4eq';
create procedure f_procedure(a int, inout b text default null) language plpgsql as $$ begin b := a::text; commit; end $$;
/*14[*/create procedure f_atomic_procedure() begin atomic insert into public.c_no_key values (9, ';'); end;/*]*/
create aggregate f_sum(numeric) (sfunc = numeric_add, stype = numeric, initcond = '0', combinefunc = numeric_add, parallel = safe);
create aggregate f_moving(int) (sfunc = int4pl, stype = int, initcond = 0, msfunc = int4pl, minvfunc = int4mi, mstype = int, minitcond = '0');
create function f_step(anyarray, anyelement) returns anyarray language sql immutable as 'select array_append($1, $2)';
create aggregate f_collect(anyelement) (sfunc = f_step, stype = anyarray, initcond = '{}');
create operator === (leftarg = int, rightarg = int, function = f_support, commutator = ===, restrict = eqsel, join = eqjoinsel, hashes);
create operator other.!! (rightarg = int, function = int4um);
create operator family f_family using btree;
create operator class f_class for type int4 using hash as operator 1 ===, function 1 hashint4(int4);
create operator class f_class_btree for type int4 using btree family f_family as operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint4cmp(int4, int4);
alter operator family f_family using btree add operator 1 < (int4, int8), function 1 (int4, int8) btint48cmp(int4, int8);
create index x_own_class on x_many using hash (id f_class);
create function f_to_mood(int) returns mood language sql immutable strict as 'select ''ok''::mood';
create cast (int as mood) with function f_to_mood(int) as assignment;
create cast (mood as base) with inout;
create cast (base as text) without function as implicit;
create transform for int language sql (from sql with function prsd_lextype(internal), to sql with function int4recv(internal));
create default conversion other.f_conversion for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create text search dictionary f_dict (template = simple, stopwords = english, accept = false);
create text search template f_template (init = dsimple_init, lexize = dsimple_lexize);
create text search parser f_parser (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, headline = prsd_headline, lextypes = prsd_lextype);
create text search configuration f_config (parser = f_parser);
alter text search configuration f_config add mapping for asciiword, word with f_dict, ext.unaccent, english_stem;
create function f_handler() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create trusted language f_language handler f_handler;
create index x_config on x_many using gin (to_tsvector('f_config', t));

-- Views.
create view v_plain as select id, t as "T", n from x_many where t like 'text 1%';
create view v_barrier with (security_barrier = true/*15[*/, security_invoker = true/*]*/) as select * from c_no_key;
create view v_check as select * from k_check where a > 0 with local check option;
create view v_cascaded as select * from v_check where b > 1 with cascaded check option;
create recursive view v_recursive (id, boss, depth) as select id, boss, 0 from other.k_child where boss is null union all select c.id, c.boss, depth + 1 from other.k_child c join v_recursive r on r.id = c.boss;
create view v_group as select id, first, count(*) from c_generated group by id;
create view v_on_group as select * from v_group;
create view v_first as select 1 as a, null::text as b;
create view v_second as select * from v_first;
create view v_columns ("A", "b c", "select") as select 1, 2, 3;
alter view v_columns alter column "A" set default 5;
create view "view -- Name: z; Type: VIEW" as select ';' as ";", $$it's$$ as q, E'\\' as bs;
create view v_types as select row(1, 'x', null, null)::pair as p, array['ok']::mood[] as m, 'a=>1'::ext.hstore -> 'a' as h;
create materialized view mv_base as select id % 10 as bucket, count(*) as n, sum(n) as total from x_many group by 1 with data;
create materialized view other.mv_second with (fillfactor = 70) as select bucket, total from mv_base where n > 1;
create materialized view mv_a_third as select s.bucket, v.id from other.mv_second s join v_plain v on v.id = s.bucket;
create materialized view mv_key as select id, first, count(*) from c_generated group by id;
create materialized view mv_empty as select * from mv_base with no data;
create unique index mv_base_bucket on mv_base (bucket);
create index mv_empty_n on mv_empty (n);
create statistics mv_stats on bucket, n from mv_base;
insert into x_many (id, t) values (100000, 'after the views');
refresh materialized view mv_base;
create rule r_log as on insert to v_plain do instead insert into x_many (id, t) values (new.id, new."T");
create rule r_also as on update to c_no_key where new.a > 5 do also (insert into c_empty values (1, ';'); delete from c_empty where a = 1);
create rule r_nothing as on insert to c_no_key do instead nothing;
create rule r_off as on delete to c_no_key do instead nothing;
alter table c_no_key disable rule r_off;

-- Triggers. One would spoil every load.
create function tr_spoil() returns trigger language plpgsql as $$ begin new.t := 'spoiled'; return new; end $$;
create function tr_raise() returns trigger language plpgsql as $$ begin raise exception 'must not fire'; end $$;
create trigger tr_spoil before insert or update of t, id on d_lines for each row when (new.id > 0) execute function tr_spoil('arg', '1;''', E'\\');
create trigger tr_off before insert on d_lines for each row execute function tr_raise();
create trigger tr_replica after insert on x_many for each row execute function tr_raise();
create trigger tr_always after delete on x_many for each statement execute function tr_raise();
create trigger tr_transition after update on x_many referencing old table as o new table as "N" for each statement execute function tr_raise();
create constraint trigger tr_constraint after insert on c_options from c_generated deferrable initially deferred for each row execute function tr_raise();
create trigger tr_truncate before truncate on t_texts for each statement execute function tr_raise();
create trigger tr_instead instead of insert on v_barrier for each row execute function tr_raise();
create trigger tr_partitioned after insert on p_range for each row execute function tr_raise();
create trigger tr_every before insert on c_empty for each row execute function tr_raise();
alter table d_lines disable trigger tr_off;
alter table x_many enable replica trigger tr_replica;
alter table x_many enable always trigger tr_always;
alter table p_range_old disable trigger tr_partitioned;
alter table k_left disable trigger all;
create function tr_event() returns event_trigger language plpgsql as $$ begin raise exception 'no % here', tg_tag; end $$;
create event trigger ev_drop on sql_drop when tag in ('DROP TABLE', 'DROP SCHEMA') execute function tr_event();
create event trigger ev_off on ddl_command_start execute function tr_event();
alter event trigger ev_off disable;
create event trigger ev_always on table_rewrite execute function tr_event();
alter event trigger ev_always enable always;

create publication pub_all for all tables;
create publication pub_some for table x_many/*15[*/ (id, t) where (id > 5), table/*|,]*/ only i_one with (publish = 'insert, update'/*13[*/, publish_via_partition_root = true/*]*/);
/*15[*/create publication pub_schema for tables in schema other;/*]*/
create subscription sub_off connection 'host=127.0.0.1 dbname=x password=SUBSECRETMARK' publication p with (connect = false, slot_name = none, enabled = false);

-- Foreign data. Credentials stay where they are.
create extension postgres_fdw schema ext;
create extension file_fdw schema ext;
create foreign data wrapper fdw_own validator postgresql_fdw_validator;
create server fs_postgres type 'kind' version '1' foreign data wrapper postgres_fdw options (host 'HOSTSECRETMARK.invalid', dbname 'x', fetch_size '5');
create server fs_file foreign data wrapper file_fdw;
create user mapping for public server fs_postgres options (user 'u', password 'FDWSECRETMARK');
create user mapping for tort_reader server fs_postgres options (password 'FDWSECRETMARK2');
create foreign table ft_remote (id int options (column_name 'ID') not null, t text collate "C", m mood default 'ok') server fs_postgres options (schema_name 's', table_name 't;');
create foreign table ft_file (line text) server fs_file options (filename '/etc/hostname', format 'text');
create foreign table p_list_remote partition of p_list for values in ('meh', '') server fs_postgres;
create foreign table ft_child () inherits (i_two) server fs_postgres;

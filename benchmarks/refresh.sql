-- The database that benchmarks/refresh.py copies: six tables, 16 indexes, 4 foreign keys. :scale 1 is about 2.8 GB of heap.
-- Deterministic: everything comes out of generate_series and hashint8extended.
\set ON_ERROR_STOP 1
create function pick(words text[], n bigint, salt bigint) returns text language sql immutable parallel safe as
$$ select words[1 + (hashint8extended(n, salt) & 2147483647) % array_length(words, 1)] $$;

create table customers (id bigint not null, name text, email text, phone text, address text, birth date, balance numeric(12,2),
                        profile jsonb, created timestamptz);
insert into customers
select i, pick(f, i, 1) || ' ' || pick(l, i, 2),
       lower(pick(f, i, 1)) || '.' || lower(pick(l, i, 2)) || i || '@' || pick(array['mail.example','post.example','web.example'], i, 3),
       '+49 ' || lpad(((hashint8extended(i, 4) & 9007199254740991) % 10000000000)::text, 10, '0'),
       (i % 200) || ' ' || pick(s, i, 5) || ', ' || lpad((i % 99999)::text, 5, '0') || ' ' || pick(c, i, 6),
       date '1940-01-01' + (hashint8extended(i, 7) & 32767)::int % 25000,
       ((hashint8extended(i, 8) & 9007199254740991) % 1000000)::numeric / 100,
       jsonb_build_object('ip', '10.' || i % 256 || '.' || i / 256 % 256 || '.' || i / 65536 % 256, 'name', pick(f, i, 1) || ' ' || pick(l, i, 2),
                          'email', lower(pick(f, i, 1)) || i || '@mail.example', 'plan', pick(array['free','basic','pro'], i, 9),
                          'visits', i % 1000, 'flags', jsonb_build_array('a', 'b', i % 7)),
       timestamptz '2020-01-01' + (i % 200000000) * interval '1 second'
from generate_series(1, (3000000 * :scale)::bigint) i,
     (select array['Anna','Ben','Carla','David','Elena','Felix','Greta','Hugo','Ines','Jonas','Klara','Lukas','Maria','Nils','Olga','Paul'] f,
             array['Albers','Becker','Conrad','Dietrich','Ebert','Fischer','Graf','Hansen','Ivers','Jansen','Keller','Lorenz','Meyer','Neumann'] l,
             array['Main Street','Oak Lane','River Road','Hill Avenue','Park Way','Mill Close'] s,
             array['Hamburg','Berlin','Kiel','Bremen','Rostock','Potsdam'] c) w;

create table products (id int not null, name text, price numeric(10,2));
insert into products select i, 'product ' || i, (i % 9999)::numeric / 100 from generate_series(1, 20000) i;

create table orders (id bigint not null, customer_id bigint not null, status text, total numeric(12,2), placed timestamptz, ref text);
insert into orders
select i, 1 + (hashint8extended(i, 11) & 9007199254740991) % (3000000 * :scale)::bigint, pick(array['new','paid','sent','done'], i, 12),
       ((hashint8extended(i, 13) & 9007199254740991) % 100000)::numeric / 100, timestamptz '2021-01-01' + (i % 150000000) * interval '1 second',
       'R' || lpad(i::text, 12, '0')
from generate_series(1, (4000000 * :scale)::bigint) i;

create table order_items (id bigint not null, line int, order_id bigint not null, product_id int not null, price numeric(10,2));
insert into order_items
select i, i % 5, 1 + (hashint8extended(i, 21) & 9007199254740991) % (4000000 * :scale)::bigint, 1 + i % 20000, (i % 9999)::numeric / 100
from generate_series(1, (8000000 * :scale)::bigint) i;

create table lineitem (l_orderkey int, l_partkey int, l_suppkey int, l_linenumber int, l_quantity numeric(12,2), l_extendedprice numeric(12,2),
                       l_discount numeric(12,2), l_tax numeric(12,2), l_returnflag char(1), l_linestatus char(1), l_shipdate date,
                       l_commitdate date, l_receiptdate date, l_shipinstruct char(25), l_shipmode char(10), l_comment varchar(44));
insert into lineitem
select i / 4, i % 200000, i % 10000, i % 4, i % 50, (i % 9999999)::numeric / 100, (i % 11)::numeric / 100, (i % 9)::numeric / 100, 'N', 'O',
       date '1995-01-01' + (i % 2000)::int, date '1995-01-01' + (i % 1900)::int, date '1995-01-01' + (i % 2100)::int, 'DELIVER IN PERSON',
       pick(array['AIR','RAIL','SHIP','TRUCK'], i, 31), 'deposits ' || md5(i::text)
from generate_series(1, (2500000 * :scale)::bigint) i;

create table notes (id bigint not null, customer_id bigint not null, body text);
insert into notes
select i, 1 + (hashint8extended(i, 41) & 9007199254740991) % (3000000 * :scale)::bigint,
       (select string_agg(md5((i * 64 + g)::text) || ' ', '') from generate_series(1, 10 + (i % 50)::int) g)
from generate_series(1, (300000 * :scale)::bigint) i;

vacuum freeze;
create database perf_data template perf;
\connect perf
alter table customers add primary key (id);
alter table products add primary key (id);
alter table orders add primary key (id);
alter table order_items add primary key (id);
alter table notes add primary key (id);
create unique index on customers (email);
create index on customers (phone);
create index on customers (created);
create unique index on orders (ref);
create index on orders (customer_id);
create index on orders (placed);
create index on order_items (order_id);
create index on order_items (product_id);
create index on lineitem (l_orderkey, l_linenumber);
create index on lineitem (l_shipdate);
create index on notes (customer_id);
alter table orders add foreign key (customer_id) references customers;
alter table order_items add foreign key (order_id) references orders;
alter table order_items add foreign key (product_id) references products;
alter table notes add foreign key (customer_id) references customers;
analyze;

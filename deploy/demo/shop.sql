-- The shop of the demo: about 1.7 million rows, made from generate_series and hashes, so every run makes the same rows.
-- Nobody in it exists. Load it in one transaction into an empty database: psql -1 -f shop.sql

set client_min_messages = warning;
set work_mem = '128MB';
set maintenance_work_mem = '256MB';

-- Helpers, dropped at the end

create schema gen;

create function gen.pick(n bigint, salt int, choices int) returns int language sql immutable
    return ((hashint8extended(n, salt) >> 1) & 4611686018427387903) % choices;
create function gen.one(n bigint, salt int, words text[]) returns text language sql immutable
    return words[1 + gen.pick(n, salt, cardinality(words))];

create table gen.people (
    i int primary key, weight int, country char(2), prefix text, family_first boolean, glue text,
    women text[], men text[], families text[], women_latin text[], men_latin text[], families_latin text[]);

insert into gen.people values
(0, 16, 'DE', '+49', false, ' ', '{Jürgen-Käthe,Anneliese,Käthe,Zoë,Günseli,Mareike,Sabine,Bärbel}',
    '{Jürgen,Björn,Lukas,Götz,Matthias,Sören,Karl-Heinz,Uwe}',
    '{Müller,Schröder,Weiß,Groß,Jäger,König,Hübner,Vogt,"von der Heide",Krüger}',
    '{juergen.kaethe,anneliese,kaethe,zoe,guenseli,mareike,sabine,baerbel}',
    '{juergen,bjoern,lukas,goetz,matthias,soeren,karl-heinz,uwe}',
    '{mueller,schroeder,weiss,gross,jaeger,koenig,huebner,vogt,vonderheide,krueger}'),
(1, 10, 'FR', '+33', false, ' ', '{Chloé,Anaïs,Hélène,Maëlle,Françoise,Léa}', '{René,François,Loïc,Théo,Jérôme,Gaël}',
    '{Lefèvre,"d''Ormesson",Bélanger,Garçon,Noël,Dupré,Çelik,Müntz}',
    '{chloe,anais,helene,maelle,francoise,lea}', '{rene,francois,loic,theo,jerome,gael}',
    '{lefevre,dormesson,belanger,garcon,noel,dupre,celik,muntz}'),
(2, 9, 'ES', '+34', false, ' ', '{Begoña,Inés,Lucía,Íñiga,Sofía,Ángela}', '{José,Íñigo,Andrés,Raúl,Álvaro,Martín}',
    '{Muñoz,Ibáñez,"García Peña",Núñez,Gutiérrez,Cañizares,Ordóñez,López}',
    '{begona,ines,lucia,iniga,sofia,angela}', '{jose,inigo,andres,raul,alvaro,martin}',
    '{munoz,ibanez,garcia,nunez,gutierrez,canizares,ordonez,lopez}'),
(3, 9, 'PL', '+48', false, ' ', '{Małgorzata,Bożena,Łucja,Agnieszka,Zofia,Grażyna}',
    '{Łukasz,Paweł,Michał,Święto,Stanisław,Grzegorz}',
    '{Wójcik,Kowalczyk,Żak,Dąbrowa,Gołąb,Źrebiec,Śliwa,Wróbel}',
    '{malgorzata,bozena,lucja,agnieszka,zofia,grazyna}', '{lukasz,pawel,michal,swieto,stanislaw,grzegorz}',
    '{wojcik,kowalczyk,zak,dabrowa,golab,zrebiec,sliwa,wrobel}'),
(4, 6, 'SE', '+46', false, ' ', '{Åsa,Björk,Märta,Örjana,Linnéa,Ebba}', '{Åke,Göran,Håkan,Örjan,Jörgen,Nils}',
    '{Ångström,Öberg,Sjöström,Åkesson,Lindström,Björklund,Nyström,Hägg}',
    '{asa,bjork,marta,orjana,linnea,ebba}', '{ake,goran,hakan,orjan,jorgen,nils}',
    '{angstrom,oberg,sjostrom,akesson,lindstrom,bjorklund,nystrom,hagg}'),
(5, 5, 'CZ', '+420', false, ' ', '{Růžena,Anežka,Šárka,Žofie,Kateřina,Tereza}', '{Jiří,Ondřej,Tomáš,Řehoř,Václav,Zdeněk}',
    '{Dvořák,Růžička,Čermák,Šťastný,Kučera,Němec,Žižka,Hájek}',
    '{ruzena,anezka,sarka,zofie,katerina,tereza}', '{jiri,ondrej,tomas,rehor,vaclav,zdenek}',
    '{dvorak,ruzicka,cermak,stastny,kucera,nemec,zizka,hajek}'),
(6, 5, 'TR', '+90', false, ' ', '{Ayşe,Gülşen,İrem,Çiğdem,Özlem,Tuğba}', '{Işık,Çağrı,Ömer,Şükrü,İbrahim,Uğur}',
    '{Yılmaz,Öztürk,Şahin,Çelik,Güneş,Doğan,Aydın,Kılıç}',
    '{ayse,gulsen,irem,cigdem,ozlem,tugba}', '{isik,cagri,omer,sukru,ibrahim,ugur}',
    '{yilmaz,ozturk,sahin,celik,gunes,dogan,aydin,kilic}'),
(7, 12, 'GB', '+44', false, ' ', '{Charlotte,Siobhán,Poppy,Imogen,Bronwen,Isla}', '{Oliver,Seán,Alasdair,Rhys,Harry,Nigel}',
    '{"O''Brien",Smith-Jones,MacLeod,Wright,Ashcroft,"St. John",Fitzgerald,Hughes}',
    '{charlotte,siobhan,poppy,imogen,bronwen,isla}', '{oliver,sean,alasdair,rhys,harry,nigel}',
    '{obrien,smith-jones,macleod,wright,ashcroft,stjohn,fitzgerald,hughes}'),
(8, 5, 'BG', '+359', false, ' ', '{Елена,Мария,Цветелина,Йорданка,Юлия,Снежана}', '{Димитър,Иван,Георги,Стоян,Любомир,Асен}',
    '{Жеков,Костов,Ангелов,Илиев,Методиев,Щерев,Вълков,Цанков}',
    '{elena,maria,tsvetelina,yordanka,yulia,snezhana}', '{dimitar,ivan,georgi,stoyan,lyubomir,asen}',
    '{zhekov,kostov,angelov,iliev,metodiev,shterev,valkov,tsankov}'),
(9, 4, 'UA', '+380', false, ' ', '{Олена,Ганна,Соломія,Їванна,Юлія,Оксана}', '{Тарас,Андрій,Єгор,Юрій,Мар’ян,Богдан}',
    '{Шевченко,Коваленко,Бойчук,Гриценко,Ткачук,Їжакевич,Лисенко,Мельник}',
    '{olena,hanna,solomiia,yivanna,yuliia,oksana}', '{taras,andrii,yehor,yurii,marian,bohdan}',
    '{shevchenko,kovalenko,boichuk,hrytsenko,tkachuk,yizhakevych,lysenko,melnyk}'),
(10, 6, 'GR', '+30', false, ' ', '{Ελένη,Μαρία,Σοφία,Ευαγγελία,Ιωάννα,Χρύσα}', '{Γιώργος,Νίκος,Κωνσταντίνος,Δημήτρης,Ηλίας,Άρης}',
    '{Παππάς,Αλεξίου,Μακρής,Οικονόμου,Ξένος,Ψαρράς,Θεοδώρου,Βλάχου}',
    '{eleni,maria,sofia,evangelia,ioanna,chrysa}', '{giorgos,nikos,konstantinos,dimitris,ilias,aris}',
    '{pappas,alexiou,makris,oikonomou,xenos,psarras,theodorou,vlachou}'),
(11, 5, 'EG', '+20', false, ' ', '{فاطمة,مريم,نور,ليلى,عائشة,سلمى}', '{محمد,أحمد,يوسف,عمر,خالد,طارق}',
    '{حسن,المصري,عبدالله,السيد,منصور,الشريف,فؤاد,نجيب}',
    '{fatma,mariam,nour,layla,aisha,salma}', '{mohamed,ahmed,youssef,omar,khaled,tarek}',
    '{hassan,elmasry,abdallah,elsayed,mansour,elsherif,fouad,naguib}'),
(12, 4, 'CN', '+86', true, '', '{秀英,丽娟,雨桐,欣怡,静,芳}', '{伟,建国,浩然,子轩,志强,磊}',
    '{王,李,张,刘,陈,欧阳,赵,周}',
    '{xiuying,lijuan,yutong,xinyi,jing,fang}', '{wei,jianguo,haoran,zixuan,zhiqiang,lei}',
    '{wang,li,zhang,liu,chen,ouyang,zhao,zhou}'),
(13, 4, 'JP', '+81', true, ' ', '{さくら,陽子,美咲,結衣,ひまわり,花子}', '{太郎,翔太,健一,大輔,悠真,ケンジ}',
    '{佐藤,鈴木,高橋,渡辺,山本,小林,齋藤,五十嵐}',
    '{sakura,yoko,misaki,yui,himawari,hanako}', '{taro,shota,kenichi,daisuke,yuma,kenji}',
    '{sato,suzuki,takahashi,watanabe,yamamoto,kobayashi,saito,igarashi}');

-- One locale a percent, by weight.
create table gen.locale as
select row_number() over (order by i, k) - 1 as percent, p.*
from gen.people p, generate_series(1, weight) k;
alter table gen.locale add primary key (percent);
analyze gen.locale;

create function gen.sentence(n bigint, salt int) returns text language sql immutable return
    gen.one(n, salt, '{"Arrived a day early.","The parcel was damaged, the content was fine.","Wonderful quality!","Not as in the picture.","Größe passt, Farbe weicht ab.","Très bon produit.","Всичко е наред.","とても良いです。","Support solved it within an hour."}')
    || ' ' || gen.one(n, salt + 1, '{"Would buy again.","Returned it.","My neighbour ordered one too.","Five stars.","Please answer my mail.","Ask for me at the front desk."}');

-- Types

create type customer_status as enum ('lead', 'active', 'dormant', 'blocked');
create type order_status as enum ('cart', 'paid', 'packed', 'sent', 'returned');
create type payment_method as enum ('card', 'sepa', 'invoice', 'voucher');
create domain positive_amount as numeric(12,2) check (value >= 0);
create sequence invoice_number start 100001;

-- Tables

create table staff (
    id          int primary key,
    manager_id  int,
    full_name   text not null,
    email       text not null,
    phone       text,
    salary      numeric(10,2) not null,
    role        text not null,
    hired_on    date not null
);
comment on table staff is 'Everyone who works here; manager_id points at staff again';

create table customers (
    id           bigint generated by default as identity,
    public_id    uuid not null,
    email        text not null,
    full_name    text not null,
    first_name   text not null,
    last_name    text not null,
    gender       text not null check (gender in ('f', 'm')),
    phone        text,
    birth_date   date,
    country      char(2) not null,
    profile      jsonb not null default '{}',
    other_emails text[] not null default '{}',
    tags         text[] not null default '{}',
    created_at   timestamptz not null,
    credit       numeric(10,2) not null default 0,
    status       customer_status not null default 'lead',
    notes        text
);
comment on column customers.profile is 'Telephones, further addresses and marketing choices, as the app stores them';

create table addresses (
    id          bigint generated by default as identity,
    customer_id bigint not null,
    kind        text not null check (kind in ('home', 'delivery', 'invoice')),
    recipient   text not null,
    street      text not null,
    postcode    varchar(10) not null,
    city        text not null,
    country     char(2) not null
);

create table products (
    id          int primary key,
    sku         text not null,
    title       text not null,
    price       positive_amount not null,
    labels      text[] not null,
    attributes  jsonb not null,
    dimensions  real[],
    in_stock    boolean not null
);

create table orders (
    id          bigint generated by default as identity,
    customer_id bigint not null,
    staff_id    int,
    invoice     bigint not null default nextval('invoice_number'),
    status      order_status not null,
    total       positive_amount not null,
    placed_at   timestamptz not null,
    shipped_at  timestamptz,
    ip          inet,
    note        text,
    check (shipped_at is null or shipped_at >= placed_at)
);

create table order_items (
    order_id   bigint not null,
    line       smallint not null,
    product_id int not null,
    quantity   smallint not null check (quantity > 0),
    unit_price positive_amount not null,
    amount     numeric(14,2) generated always as (quantity * unit_price) stored
);

create table payments (
    id         bigint generated by default as identity,
    order_id   bigint not null,
    method     payment_method not null,
    amount     positive_amount not null,
    card_last4 char(4),
    iban       text,
    holder     text,
    paid_at    timestamptz not null
);

create table reviews (
    id          bigint generated by default as identity,
    product_id  int not null,
    customer_id bigint,
    rating      smallint not null check (rating between 1 and 5),
    body        text not null,
    written_at  timestamptz not null
);

create table audit_log (
    id          bigint generated by default as identity,
    at          timestamptz not null,
    who         text not null,
    ip          inet,
    action      text not null,
    customer_id bigint,
    payload     jsonb not null
);
comment on column audit_log.customer_id is 'Points at customers without a foreign key: the log outlives the customer';

create table events (
    id          bigint not null,
    at          timestamptz not null,
    customer_id bigint,
    session     uuid not null,
    kind        text not null,
    detail      jsonb
) partition by range (at);
create table events_2026_01 partition of events for values from ('2026-01-01 00:00+00') to ('2026-02-01 00:00+00');
create table events_2026_02 partition of events for values from ('2026-02-01 00:00+00') to ('2026-03-01 00:00+00');
create table events_2026_03 partition of events for values from ('2026-03-01 00:00+00') to ('2026-04-01 00:00+00');
create table events_2026_04 partition of events for values from ('2026-04-01 00:00+00') to ('2026-05-01 00:00+00');
create table events_default partition of events default;

-- Rows

insert into staff
select n, case when n > 1 then (n + 4) / 6 end,
    case when l.family_first then fam || l.glue || giv else giv || l.glue || fam end,
    giv_latin || '.' || fam_latin || n || '@shop.example',
    l.prefix || ' 30 55' || lpad(n::text, 5, '0'),
    2400 + gen.pick(n, 16, 700000) / 100.0 + 40000.0 / n,
    case when n = 1 then 'director' when n < 8 then 'head' else gen.one(n, 17, '{support,warehouse,buyer,developer}') end,
    date '2026-06-30' - gen.pick(n, 18, 5000)
from generate_series(1, 500) n
join gen.locale l on l.percent = gen.pick(n, 10, 100)
cross join lateral (select gen.pick(n, 11, 2) as man) s
cross join lateral (select gen.one(n, 12, case man when 0 then women else men end) as giv,
    gen.one(n, 12, case man when 0 then women_latin else men_latin end) as giv_latin,
    gen.one(n, 13, families) as fam, gen.one(n, 13, families_latin) as fam_latin) p;

insert into customers
select n, md5('customer' || n)::uuid, mail,
    case when l.family_first then fam || l.glue || giv else giv || l.glue || fam end, giv, fam,
    case man when 0 then 'f' else 'm' end,
    case when gen.pick(n, 25, 10) > 0 then tel end,
    case when gen.pick(n, 26, 20) > 0 then date '1938-01-01' + gen.pick(n, 27, 25000) end,
    l.country,
    jsonb_build_object(
        'phones', case when gen.pick(n, 28, 3) = 0 then '[]'::jsonb else jsonb_build_array(
            jsonb_build_object('type', 'mobile', 'number', tel),
            jsonb_build_object('type', 'work', 'number', l.prefix || ' 40 7' || lpad(gen.pick(n, 29, 1000000)::text, 6, '0'))) end,
        'emails', jsonb_build_array(mail),
        'marketing', jsonb_build_object('opt_in', gen.pick(n, 30, 2) = 0, 'segment', gen.one(n, 31, '{a,b,c,d}'),
            'score', round(gen.pick(n, 32, 1000) / 10.0, 1)),
        'locale', lower(l.country), 'nickname', giv),
    case when gen.pick(n, 33, 4) = 0 then array[fam_latin || n || '@work.example'] else '{}' end,
    case gen.pick(n, 34, 5) when 0 then '{vip,newsletter}' when 1 then '{newsletter}' when 2 then '{b2b,"net 30"}' else '{}' end::text[],
    timestamptz '2021-01-01 00:00+00' + gen.pick(n, 35, 157000000) * interval '1 second',
    gen.pick(n, 36, 50000) / 100.0,
    (enum_range(null::customer_status))[1 + gen.pick(n, 37, 4)],
    case when gen.pick(n, 38, 10) = 0 then 'Call ' || giv || ' back on ' || tel || '. ' || gen.sentence(n, 39) end
from generate_series(1, 100000) n
join gen.locale l on l.percent = gen.pick(n, 20, 100)
cross join lateral (select gen.pick(n, 21, 2) as man,
    l.prefix || ' 17' || gen.pick(n, 24, 10) || ' ' || lpad(gen.pick(n, 23, 10000000)::text, 7, '0') as tel) s
cross join lateral (select gen.one(n, 22, case man when 0 then women else men end) as giv,
    gen.one(n, 40, families) as fam, gen.one(n, 40, families_latin) as fam_latin,
    gen.one(n, 22, case man when 0 then women_latin else men_latin end) || '.' || gen.one(n, 40, families_latin)
        || n || '@' || gen.one(n, 41, '{example.com,example.org,example.net,mail.example}') as mail
    offset 0) p;

insert into addresses
select n, c.id, gen.one(n, 50, '{home,delivery,invoice}'), c.full_name,
    gen.one(n, 51, '{Lindenweg,"Rue de l''Église","Calle Ñandú","ул. Оборище","Οδός Ερμού","شارع النيل",桜通り,"Baker Street",Żurawia}')
        || ' ' || 1 + gen.pick(n, 52, 180),
    lpad(gen.pick(n, 53, 100000)::text, 5, '0'),
    gen.one(n, 54, '{Köln,Besançon,Málaga,Gdańsk,Växjö,Plzeň,İzmir,Leeds,София,Львів,Πάτρα,القاهرة,成都,札幌}'), c.country
from generate_series(1, 120000) n join customers c on c.id = 1 + gen.pick(n, 55, 100000);

insert into products
select n, 'SKU-' || lpad(n::text, 6, '0'),
    gen.one(n, 60, '{Red,Quiet,Folding,Enamel,Nordic,Tiny}') || ' ' || gen.one(n, 61, '{teapot,lamp,chair,mask,notebook,umbrella,kettle}'),
    1 + gen.pick(n, 62, 20000) / 100.0, array[gen.one(n, 63, '{home,garden,office}'), gen.one(n, 64, '{new,sale,classic}')],
    jsonb_build_object('colour', gen.one(n, 65, '{red,blue,"off-white"}'), 'weight_g', 50 + gen.pick(n, 66, 5000)),
    array[gen.pick(n, 67, 900) / 10.0, gen.pick(n, 68, 900) / 10.0]::real[], gen.pick(n, 69, 8) > 0
from generate_series(1, 5000) n;

insert into orders (id, customer_id, staff_id, status, total, placed_at, shipped_at, ip, note)
select n, 1 + gen.pick(n, 70, 100000), case when gen.pick(n, 71, 5) = 0 then 1 + gen.pick(n, 72, 500) end,
    (enum_range(null::order_status))[1 + gen.pick(n, 73, 5)], 5 + gen.pick(n, 74, 60000) / 100.0, placed,
    case when gen.pick(n, 73, 5) > 2 then placed + (1 + gen.pick(n, 76, 96)) * interval '1 hour' end,
    ('198.51.100.' || gen.pick(n, 77, 255))::inet,
    case when gen.pick(n, 78, 12) = 0 then gen.sentence(n, 79) end
from generate_series(1, 300000) n
cross join lateral (select timestamptz '2024-01-01 00:00+00' + gen.pick(n, 75, 78000000) * interval '1 second' as placed offset 0) t;

insert into order_items (order_id, line, product_id, quantity, unit_price)
select 1 + (n - 1) / 2, 1 + (n - 1) % 2, 1 + gen.pick(n, 80, 5000), 1 + gen.pick(n, 81, 4), 1 + gen.pick(n, 82, 20000) / 100.0
from generate_series(1, 600000) n;

insert into payments (id, order_id, method, amount, card_last4, iban, holder, paid_at)
select o.id, o.id, (enum_range(null::payment_method))[1 + method], o.total,
    case when method = 0 then lpad(gen.pick(o.id, 91, 10000)::text, 4, '0') end,
    case when method = 1 then 'DE' || lpad(gen.pick(o.id, 92, 100)::text, 2, '0') || lpad((hashint8extended(o.id, 93) & 281474976710655)::text, 18, '0') end,
    c.full_name, o.placed_at + interval '90 seconds'
from orders o join customers c on c.id = o.customer_id
cross join lateral (select gen.pick(o.id, 90, 4) as method) m
where gen.pick(o.id, 94, 10) < 7;

insert into reviews
select n, 1 + gen.pick(n, 100, 5000), case when gen.pick(n, 101, 8) > 0 then c.id end, 1 + gen.pick(n, 102, 5),
    gen.sentence(n, 103) || case when gen.pick(n, 104, 6) = 0 then ' Regards, ' || c.full_name || ', ' || c.email else '' end,
    timestamptz '2024-06-01 00:00+00' + gen.pick(n, 105, 60000000) * interval '1 second'
from generate_series(1, 60000) n join customers c on c.id = 1 + gen.pick(n, 106, 100000);

insert into audit_log
select n, timestamptz '2025-01-01 00:00+00' + n * interval '7 minutes', s.email, ('203.0.113.' || gen.pick(n, 110, 255))::inet,
    action, c.id,
    jsonb_build_object('email', c.email, 'name', c.full_name, 'request', md5('request' || n),
        'changed', jsonb_build_array(jsonb_build_object('field', 'phone', 'old', c.phone)), 'ok', gen.pick(n, 111, 20) > 0)
from generate_series(1, 100000) n
join customers c on c.id = 1 + gen.pick(n, 112, 100000)
join staff s on s.id = 1 + gen.pick(n, 113, 500)
cross join lateral (select gen.one(n, 114, '{login,change,export,refund}') as action) a;

insert into events
select n, timestamptz '2026-01-01 00:00+00' + gen.pick(n, 120, 15552000) * interval '1 second',
    case when gen.pick(n, 121, 4) > 0 then 1 + gen.pick(n, 122, 100000) end, md5('session' || n / 5)::uuid,
    gen.one(n, 123, '{view,search,click,basket,checkout}'),
    case when gen.pick(n, 124, 2) = 0 then jsonb_build_object('page', '/p/' || gen.pick(n, 125, 5000), 'ms', gen.pick(n, 126, 3000)) end
from generate_series(1, 200000) n;

drop schema gen cascade;

-- Keys, indexes, references

alter table customers add primary key (id), add unique (email), add unique (public_id);
alter table addresses add primary key (id);
alter table products add unique (sku);
alter table orders add primary key (id), add unique (invoice);
alter table order_items add primary key (order_id, line);
alter table payments add primary key (id);
alter table reviews add primary key (id);
alter table audit_log add primary key (id);
alter table events add primary key (id, at);
alter table staff add unique (email);

create index on customers (lower(last_name), lower(first_name));
create index on customers using gin (profile jsonb_path_ops);
create index on addresses (customer_id);
create index on orders (customer_id, placed_at desc);
create index on order_items (product_id);
create index on payments (order_id);
create index on reviews (product_id) where rating < 3;
create index on audit_log using brin (at);
create index on events (customer_id);

alter table staff add foreign key (manager_id) references staff;
alter table addresses add foreign key (customer_id) references customers on delete cascade;
alter table orders add foreign key (customer_id) references customers, add foreign key (staff_id) references staff;
alter table order_items add foreign key (order_id) references orders on delete cascade,
    add foreign key (product_id) references products;
alter table payments add foreign key (order_id) references orders;
alter table reviews add foreign key (product_id) references products,
    add foreign key (customer_id) references customers on delete set null;
alter table events add foreign key (customer_id) references customers;

select setval(pg_get_serial_sequence(name, 'id'), 1000000)
from unnest('{customers,addresses,orders,payments,reviews,audit_log}'::text[]) name \g /dev/null

-- Views, a function, a trigger

create view active_customers as
select id, email, full_name, country from customers where status = 'active';

create materialized view revenue_by_country as
select c.country, count(*) as orders, sum(o.total) as revenue
from orders o join customers c on c.id = o.customer_id group by c.country;
create unique index on revenue_by_country (country);

create function note_status_change() returns trigger language plpgsql as $$
begin
    insert into public.audit_log (at, who, ip, action, customer_id, payload)
    values (now(), current_user, coalesce(inet_client_addr(), '127.0.0.1'), 'status', new.id,
            jsonb_build_object('from', old.status, 'to', new.status));
    return new;
end $$;
create trigger status_change after update of status on customers
    for each row when (old.status is distinct from new.status) execute function note_status_change();

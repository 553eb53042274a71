-- Roles the torture database names: owners, grantees, one with an odd name. The source's have passwords, which must stay.
\set ON_ERROR_STOP on
create role tort_owner nologin;
create role tort_reader login password :'secret';
create role tort_granter nologin;
create role "Tort ""odd"" röle" nologin;
create role tort_login login password :'secret' connection limit 7 valid until '2099-01-01';
grant tort_reader to tort_granter;

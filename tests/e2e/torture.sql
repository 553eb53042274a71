-- A database with everything PostgreSQL has, and data in each. torture.py runs it as a superuser in an empty database, after
-- torture/roles.sql has made the roles on the server. The parts depend on each other in this order.
\set ON_ERROR_STOP on
set client_min_messages = warning;
set check_function_bodies = off;
\ir torture/types.sql
\ir torture/tables.sql
\ir torture/objects.sql
\ir torture/access.sql
\ir torture/newer.sql

#!/bin/sh
# The database of the app and its own role, which owns it and is no superuser: what it may not, nobody makes it do.
# PostGIS is the superuser's to make. Run by PostgreSQL's image when its volume is empty, or by hand as `postgres`:
#   POCIT_DB_PASSWORD=… sh own-role.sh
set -eu
admin="${POSTGRES_USER:-postgres}"
name="${POCIT_DB_NAME:-pocit}"

# The password goes by the environment, never on a command line.
psql -X -v ON_ERROR_STOP=1 -v name="$name" --username "$admin" --dbname postgres <<'SQL'
\set password `printenv POCIT_DB_PASSWORD`
SET log_min_error_statement = panic;
CREATE ROLE :"name" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name" ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL

psql -X -v ON_ERROR_STOP=1 -v name="$name" --username "$admin" --dbname "$name" <<'SQL'
CREATE EXTENSION postgis;
CREATE EXTENSION unaccent;
ALTER SCHEMA public OWNER TO :"name";
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO PUBLIC;
SQL

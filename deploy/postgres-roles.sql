-- Run once, by the superuser of a new database: the owner, who makes the tables, and the application, who uses them.
-- In the Compose file Postgres does so by itself; elsewhere: psql -v owner_password=… -v app_password=… -f postgres-roles.sql
\if :{?owner_password}
\else
\set owner_password `cat /run/secrets/postgres-owner-password`
\set app_password `cat /run/secrets/postgres-app-password`
\endif
SET password_encryption = 'scram-sha-256';
CREATE ROLE assay_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE assay_app LOGIN PASSWORD :'app_password';
ALTER SCHEMA public OWNER TO assay_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
SELECT format('GRANT CREATE ON DATABASE %I TO assay_owner', current_database()) \gexec

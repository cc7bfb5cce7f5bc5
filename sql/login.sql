-- SPDX-License-Identifier: Apache-2.0
-- Makes the log-in cfa_<login>, member of careforall_<login>, or sets its password,
-- which comes by the environment so that no process list shows it:
--
--   NEW_PASSWORD=... psql -d careforall -v login=api -f sql/login.sql

\set ON_ERROR_STOP on
SET client_min_messages = warning;
-- The log must not show the password, however slow or wrong this is.
SET log_min_duration_statement = -1;
SET log_min_error_statement = panic;
\getenv password NEW_PASSWORD

SELECT format('CREATE ROLE %I LOGIN', 'cfa_' || :'login')
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = 'cfa_' || :'login') \gexec
SELECT format('GRANT %I TO %I', 'careforall_' || :'login', 'cfa_' || :'login') \gexec
SELECT format('ALTER ROLE %I PASSWORD %L', 'cfa_' || :'login', :'password') \gexec

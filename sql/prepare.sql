-- SPDX-License-Identifier: Apache-2.0
-- First step of careforall-migrate: roles, schema, extension, and the list of what has
-- been applied. Runs as a superuser in one transaction; again changes nothing.

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL lock_timeout = '300ms';

\ir roles.sql

CREATE SCHEMA IF NOT EXISTS careforall AUTHORIZATION careforall_owner;
CREATE EXTENSION IF NOT EXISTS careforall SCHEMA careforall;
\ir owner_rights.sql

SET LOCAL ROLE careforall_owner;

CREATE TABLE IF NOT EXISTS careforall.schema_migrations (
  version     integer     NOT NULL,
  name        text        NOT NULL,
  checksum    text        NOT NULL,
  applied_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  applied_by  text        NOT NULL DEFAULT session_user,
  CONSTRAINT schema_migrations_pkey PRIMARY KEY (version),
  CONSTRAINT schema_migrations_version_check CHECK (version >= 1),
  CONSTRAINT schema_migrations_name_check CHECK (name ~ '^[0-9]{4}_[a-z0-9_]+$'),
  CONSTRAINT schema_migrations_checksum_check CHECK (checksum ~ '^[0-9a-f]{64}$')
);

COMMENT ON TABLE careforall.schema_migrations IS
  'The migrations that this database has been through, written by careforall-migrate; the highest is its version.';
COMMENT ON COLUMN careforall.schema_migrations.version IS
  'The number at the beginning of the name.';
COMMENT ON COLUMN careforall.schema_migrations.name IS
  'The file of sql/migrations, without .sql; 0001_baseline is all of sql/schema.';
COMMENT ON COLUMN careforall.schema_migrations.checksum IS
  'SHA-256 of the text that was applied: a file that is changed later is noticed.';
COMMENT ON COLUMN careforall.schema_migrations.applied_at IS
  'When, by the wall clock.';
COMMENT ON COLUMN careforall.schema_migrations.applied_by IS
  'The log-in that ran careforall-migrate.';

COMMIT;

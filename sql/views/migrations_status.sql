-- SPDX-License-Identifier: Apache-2.0
-- What the schema has been through.

CREATE OR REPLACE VIEW careforall.migrations_status AS
SELECT m.version, m.name, m.applied_at, m.applied_by, left(m.checksum, 12) AS checksum
FROM careforall.schema_migrations m
ORDER BY m.version;

COMMENT ON VIEW careforall.migrations_status IS
  'The migrations that this database has been through; careforall-migrate --status also tells which wait.';

COMMENT ON COLUMN careforall.migrations_status.version IS
  'Number of the migration.';
COMMENT ON COLUMN careforall.migrations_status.name IS
  'Its file, without .sql.';
COMMENT ON COLUMN careforall.migrations_status.applied_at IS
  'When it was applied.';
COMMENT ON COLUMN careforall.migrations_status.applied_by IS
  'The log-in that did it.';
COMMENT ON COLUMN careforall.migrations_status.checksum IS
  'The first digits of the SHA-256 of its text.';

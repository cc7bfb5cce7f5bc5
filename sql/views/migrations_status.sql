-- SPDX-License-Identifier: Apache-2.0
-- What the schema has been through.

CREATE OR REPLACE VIEW careforall.migrations_status AS
SELECT m.version, m.name, m.applied_at, m.applied_by, left(m.checksum, 12) AS checksum
FROM careforall.schema_migrations m
ORDER BY m.version;

COMMENT ON VIEW careforall.migrations_status IS
  'The migrations that this database has been through; careforall-migrate --status also tells which wait.';

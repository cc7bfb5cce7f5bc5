-- SPDX-License-Identifier: Apache-2.0
-- Brings a database of an older version forward. A new database (version 0) gets
-- the newest form from schema/ and skips every step. Each migration adds:
--   SELECT :installed_version BETWEEN 1 AND 1 AS runs \gset
--   \if :runs
--     \ir migrations/0002_<what>.sql
--   \endif

\set schema_version 1

SELECT COALESCE(max(version), 0) AS installed_version FROM careforall.schema_info \gset
SELECT :installed_version > :schema_version AS is_newer \gset
\if :is_newer
  \warn 'database has schema version' :installed_version 'but these files hold' :schema_version
  \warn 'HINT:  Install with the files of the newer release.'
  DO $$ BEGIN RAISE EXCEPTION 'cannot install an older schema over a newer one'; END $$;
\endif

INSERT INTO careforall.schema_info (version) VALUES (:schema_version)
ON CONFLICT (version) DO NOTHING;

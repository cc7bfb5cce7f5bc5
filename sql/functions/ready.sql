-- SPDX-License-Identifier: Apache-2.0
-- What a process asks once per connection before it takes work.

CREATE OR REPLACE FUNCTION careforall.ready()
RETURNS TABLE (extension_version text, schema_version integer, in_recovery boolean)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT (SELECT e.extversion FROM pg_catalog.pg_extension e WHERE e.extname = 'careforall'),
         (SELECT max(m.version) FROM careforall.schema_migrations m),
         pg_is_in_recovery()
$$;

COMMENT ON FUNCTION careforall.ready() IS
  'Versions of the extension and of the schema, and whether this server only reads.';

-- SPDX-License-Identifier: Apache-2.0
-- What careforall_owner needs of the extension, whose functions belong to the
-- installing superuser. Touches none of its own: leftovers.sql looks for those that this
-- transaction has not touched.

DO $$
DECLARE
  signature text;
BEGIN
  FOR signature IN
    SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = 'careforall'::regnamespace
      AND p.proowner <> 'careforall_owner'::regrole
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO careforall_owner', signature);
  END LOOP;
END
$$;

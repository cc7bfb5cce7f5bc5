-- SPDX-License-Identifier: Apache-2.0
-- Drops functions and views of older releases: those of careforall_owner that this
-- transaction has not made anew, and that nothing else needs. A function that running
-- programs call keeps its old form in functions/ for one release more.

DO $$
DECLARE
  object text;
BEGIN
  FOR object IN
    SELECT format('VIEW %s', c.oid::regclass)
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid
    WHERE c.relnamespace = 'careforall'::regnamespace AND c.relkind = 'v'
      AND c.relowner = 'careforall_owner'::regrole
      AND r.xmin <> pg_current_xact_id()::xid
    UNION ALL
    SELECT format('ROUTINE %s', p.oid::regprocedure)
    FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = 'careforall'::regnamespace
      AND p.proowner = 'careforall_owner'::regrole
      AND p.xmin <> pg_current_xact_id()::xid
      -- An index or a trigger of sql/schema needs it.
      AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.refclassid = 'pg_catalog.pg_proc'::regclass AND d.refobjid = p.oid
          AND d.classid <> 'pg_catalog.pg_rewrite'::regclass)
  LOOP
    EXECUTE 'DROP ' || object;
  END LOOP;
END
$$;

-- SPDX-License-Identifier: Apache-2.0
-- Goal: the rules every table, view and function of the schema must keep, whoever
-- adds one. Method: the catalog is asked for objects that break a rule.
\ir setup.psql
SELECT plan(20);

CREATE TEMPORARY VIEW our_functions AS
SELECT p.oid, p.proname, p.prosecdef, p.proconfig, p.proowner, p.proacl,
       p.oid::regprocedure::text AS signature
FROM pg_proc p
WHERE p.pronamespace = 'careforall'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e');

CREATE TEMPORARY VIEW our_relations AS
SELECT c.oid, c.relname, c.relkind, c.relowner, c.relispartition, c.reloptions
FROM pg_class c
WHERE c.relnamespace = 'careforall'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S');

SELECT is_empty($$SELECT relname FROM our_relations
  WHERE relowner <> 'careforall_owner'::regrole$$, 'careforall_owner owns every relation');
SELECT is_empty($$SELECT signature FROM our_functions
  WHERE proowner <> 'careforall_owner'::regrole$$, 'careforall_owner owns every function');
SELECT is((SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'careforall'),
  'careforall_owner', 'careforall_owner owns the schema');

SELECT is_empty($$SELECT relname FROM our_relations
  WHERE relkind IN ('r', 'p', 'v') AND obj_description(oid, 'pg_class') IS NULL
    AND NOT (relname = 'outbox_default')$$, 'every table and view has a comment');
SELECT is_empty($$SELECT r.relname, a.attname FROM our_relations r JOIN pg_attribute a ON a.attrelid = r.oid
  WHERE r.relkind IN ('r', 'p', 'v') AND NOT r.relispartition AND a.attnum > 0 AND NOT a.attisdropped
    AND col_description(r.oid, a.attnum) IS NULL$$, 'every column of a table or view has a comment');
SELECT is_empty($$SELECT signature FROM our_functions
  WHERE obj_description(oid, 'pg_proc') IS NULL$$, 'every function has a comment');

SELECT is_empty($$SELECT f.signature FROM our_functions f JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = f.oid
    JOIN pg_proc p ON p.oid = f.oid
  WHERE p.prosqlbody IS NOT NULL AND (d.refclassid = 'pg_class'::regclass OR d.refclassid = 'pg_type'::regclass
    AND EXISTS (SELECT FROM pg_type t WHERE t.oid = d.refobjid AND t.typtype = 'c'))$$,
  'no function is bound to a table so that the table could not be altered');
SELECT is_empty($$SELECT signature FROM our_functions
  WHERE prosecdef AND NOT COALESCE(proconfig @> ARRAY['search_path=pg_catalog, careforall, pg_temp'], false)$$,
  'every SECURITY DEFINER function has the safe search_path');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p
  WHERE p.pronamespace = 'careforall'::regnamespace
    AND has_function_privilege('public', p.oid, 'EXECUTE')$$,
  'PUBLIC may execute no function of the schema');
SELECT is_empty($$SELECT relname FROM our_relations
  WHERE relkind <> 'S' AND has_table_privilege('public', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')$$,
  'PUBLIC has no right on any relation');

SELECT is_empty($$SELECT relname FROM our_relations r
  WHERE relkind IN ('r', 'p') AND relname NOT LIKE 'outbox%'
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = r.oid AND k.contype = 'p')$$,
  'every table but the outbox has a primary key');
SELECT is_empty($$SELECT r.relname, k.conname FROM pg_constraint k JOIN our_relations r ON r.oid = k.conrelid
  WHERE NOT r.relispartition AND k.contype IN ('p', 'u', 'f', 'c')
    AND k.conname !~ ('^' || r.relname || '_.*(' ||
      CASE k.contype WHEN 'p' THEN 'pkey' WHEN 'u' THEN 'key' WHEN 'f' THEN 'fkey' ELSE 'check' END || ')$')
    AND k.conname !~ ('^' || r.relname || '_pkey$')$$,
  'constraints are named <table>_<columns>_<kind>');
SELECT is_empty($$SELECT r.relname, k.conname FROM pg_constraint k JOIN our_relations r ON r.oid = k.conrelid
  WHERE k.contype = 'f' AND r.relkind IN ('r', 'p') AND NOT EXISTS (
    SELECT FROM pg_index i WHERE i.indrelid = k.conrelid
      AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
      OR (i.indrelid = k.conrelid AND k.conkey[cardinality(k.conkey)] = i.indkey[0]))$$,
  'every foreign key has an index');
SELECT is_empty($$SELECT r.relname, a.attname FROM pg_attribute a JOIN our_relations r ON r.oid = a.attrelid
  WHERE r.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped
    AND a.atttypid IN ('timestamp'::regtype, 'time'::regtype, 'timetz'::regtype, 'money'::regtype,
                       'real'::regtype, 'double precision'::regtype)$$,
  'no column has a type that loses time zones or money');
SELECT is_empty($$SELECT r.relname, a.attname FROM pg_attribute a JOIN our_relations r ON r.oid = a.attrelid
  WHERE a.attname LIKE '%\_minor' AND a.attnum > 0 AND a.atttypid <> 'bigint'::regtype$$,
  'every amount in minor units is a bigint');

SELECT is_empty($$SELECT relname FROM our_relations WHERE relkind = 'v'
  AND relname IN ('pledge_overview', 'pledge_summary')
  AND NOT COALESCE(reloptions @> ARRAY['security_barrier=true'], false)$$,
  'views that hide personal data are security barriers');
SELECT is_empty($$SELECT relname FROM our_relations c
  WHERE c.relkind IN ('r', 'p') AND c.relispartition IS FALSE
    AND c.relname IN ('pledges', 'campaigns', 'rewards', 'pools', 'pledge_history', 'audit_log')
    AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)$$,
  'the tables that the engine rules have its triggers');
SELECT results_eq('SELECT version FROM careforall.schema_migrations ORDER BY 1', 'SELECT generate_series(1, (SELECT max(version) FROM careforall.schema_migrations))', 'every schema version is recorded');
SELECT is((SELECT r.schema_version FROM careforall.ready() r),
  (SELECT max(version) FROM careforall.schema_migrations), 'ready() tells the schema version');
SELECT isnt((SELECT r.extension_version FROM careforall.ready() r), NULL,
  'ready() tells the extension version');

SELECT finish();
ROLLBACK;

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# sql.sh [--check] - writes docs/reference/sql.md from the catalog and the comments of the
# database that PGHOST, PGPORT, PGDATABASE, PGUSER name; --check only compares. The
# tests run it so; SQL_DOCS=write make -C sql check writes.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly target=docs/reference/sql.md

page() {
  cat <<'TXT'
# SQL

Made by `ops/docs/sql.sh` from the database's own comments; do not edit. All of it is in the schema `careforall`. How it is used:
[running it from psql](../howto/psql.md), [the engine alone](../tutorials/engine.md). *Who* names the group roles that may call a
function or read a view, without their `careforall_`; what nobody but the owner may call is not listed.

TXT
  psql -X -q -At -v ON_ERROR_STOP=1 <<'SQL'
SET search_path = pg_catalog;
CREATE FUNCTION pg_temp.cell(text) RETURNS text LANGUAGE sql AS
  $$ SELECT replace(regexp_replace(COALESCE($1, ''), '\s+', ' ', 'g'), '|', '\|') $$;
CREATE FUNCTION pg_temp.who(acl aclitem[], owner oid, kind "char", privilege text) RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(DISTINCT COALESCE(replace(r.rolname, 'careforall_', ''), 'everybody'), ', ')
     FROM aclexplode(COALESCE(acl, acldefault(kind, owner))) a LEFT JOIN pg_roles r ON r.oid = a.grantee
     WHERE a.privilege_type = privilege AND a.grantee <> owner
       AND COALESCE(r.rolname, 'careforall_') LIKE 'careforall\_%' AND COALESCE(r.rolname, '') <> 'careforall_owner' $$;

SELECT E'## Settings\n\n| setting | default | meaning |\n| --- | --- | --- |';
SELECT format('| `%s` | %s | %s |', s.name,
  CASE WHEN s.boot_val = '' THEN 'empty' ELSE format('`%s`', concat(s.boot_val, s.unit)) END, pg_temp.cell(s.short_desc))
FROM pg_settings s WHERE s.name LIKE 'careforall.%' ORDER BY s.name;

SELECT E'\n## Functions\n\n| function | gives | who | what it does |\n| --- | --- | --- | --- |';
SELECT format('| `%s(%s)` | %s | %s | %s |', p.proname,
  pg_temp.cell(btrim(regexp_replace(pg_get_function_arguments(p.oid), '(^|, )OUT [^,]+', '', 'g'), ', ')),
  pg_temp.cell(COALESCE(
    (SELECT string_agg(format('`%s`', n.name), ', ' ORDER BY n.place)
     FROM unnest(p.proargnames, p.proargmodes) WITH ORDINALITY n (name, mode, place) WHERE n.mode IN ('o', 't')),
    format('`%s`', format_type(p.prorettype, NULL)))),
  w.roles, pg_temp.cell(obj_description(p.oid, 'pg_proc')))
FROM pg_proc p
CROSS JOIN LATERAL (SELECT pg_temp.who(p.proacl, p.proowner, 'f', 'EXECUTE') AS roles) w
WHERE p.pronamespace = 'careforall'::regnamespace AND p.prorettype <> 'trigger'::regtype AND w.roles IS NOT NULL
ORDER BY p.proname, pg_get_function_arguments(p.oid);

SELECT E'\n## Views\n\n| view | who | shows | columns |\n| --- | --- | --- | --- |';
SELECT format('| `%s` | %s | %s | %s |', c.relname,
  pg_temp.who(c.relacl, c.relowner, 'r', 'SELECT'), pg_temp.cell(obj_description(c.oid, 'pg_class')),
  (SELECT string_agg(format('`%s`', a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
FROM pg_class c WHERE c.relnamespace = 'careforall'::regnamespace AND c.relkind = 'v' ORDER BY c.relname;

SELECT E'\n## Tables\n\nNo log-in has a right on a table; who owns the database may look.';
SELECT format(E'\n### %s\n\n%s\n\n| column | type | meaning |\n| --- | --- | --- |\n%s', c.relname,
  obj_description(c.oid, 'pg_class'),
  (SELECT string_agg(format('| `%s` | %s%s | %s |', a.attname, format_type(a.atttypid, a.atttypmod),
     CASE WHEN a.attnotnull THEN '' ELSE ' or null' END, pg_temp.cell(col_description(c.oid, a.attnum))), E'\n' ORDER BY a.attnum)
   FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
FROM pg_class c
WHERE c.relnamespace = 'careforall'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname;
SQL
}

new=$(page)
if [ "${1:-}" = --check ]; then
  diff -u "$target" - <<<"$new" || {
    printf 'sql: %s is out of date: SQL_DOCS=write make -C sql check\n' "$target" >&2
    exit 1
  }
  printf 'sql: %s is up to date\n' "$target"
else
  printf '%s\n' "$new" >"$target"
fi

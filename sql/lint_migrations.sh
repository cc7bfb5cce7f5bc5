#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# lint_migrations.sh [FOLDER] - refuses migrations that are numbered wrongly, were
# edited after their release, or hold statements that hold up or break a running
# system. A line "-- Safe: why" before a statement lets it pass.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/migrations}
status=0
wrong() { printf 'lint_migrations: %s\n' "$*" >&2; status=1; }

number=2
for file in "$folder"/*.sql; do
  [ -e "$file" ] || break
  name=$(basename "$file" .sql)
  printf '%s' "$name" | grep -qxE '[0-9]{4}_[a-z0-9_]+' || wrong "$name is not named NNNN_what.sql"
  [ "${name%%_*}" = "$(printf '%04d' "$number")" ] || wrong "$name should have the number $(printf '%04d' "$number")"
  number=$((number + 1))
  sed -n 2p "$file" | grep -q '^-- .' || wrong "$name does not say in its second line what it is for"
  awk -v name="$name" '
    function refuse(why) { printf "lint_migrations: %s: %s: %s\n", name, why, substr(statement, 1, 90); failed = 1 }
    # Its own tables are new: nobody uses them yet.
    function is_new(table) { return index(text, "CREATE TABLE " table " ") || index(text, "CREATE TABLE IF NOT EXISTS " table " ") }
    function table_of() { if (match(statement, / ON (ONLY )?[A-Z0-9_.]+/)) { t = substr(statement, RSTART + 4, RLENGTH - 4); sub(/^ONLY /, "", t); return t } return "" }
    /^-- Runs outside a transaction\.$/ { outside = 1 }
    /^ *-- Safe: .../ { text = text " @SAFE@ "; next }
    { sub(/--.*/, ""); text = text " " $0 }
    END {
      while (match(text, /\$[a-z_]*\$/)) {
        tag = substr(text, RSTART, RLENGTH); before = substr(text, 1, RSTART - 1); rest = substr(text, RSTART + RLENGTH)
        end = index(rest, tag); text = before " BODY " (end ? substr(rest, end + length(tag)) : "")
      }
      gsub(/\047[^\047]*\047/, "TEXT", text); gsub(/[ \t]+/, " ", text); text = toupper(text)
      count = split(text, statements, ";")
      for (i = 1; i <= count; i++) {
        statement = statements[i]; sub(/^ +/, "", statement)
        if (statement == "" || statement ~ /^@SAFE@ / || statement ~ /^@SAFE@$/) continue
        if (statement ~ /^(BEGIN|COMMIT|ROLLBACK|START|END)( |$)/) refuse("careforall-migrate opens and ends the transaction")
        else if (statement ~ /^(GRANT|REVOKE)/) refuse("rights stand in grants.sql")
        else if (statement ~ /^(VACUUM|CLUSTER|LOCK|TRUNCATE|REINDEX)/) refuse("holds up whoever uses the table")
        else if (statement ~ /^(CREATE|DROP) (UNIQUE )?INDEX/) {
          if (statement ~ /CONCURRENTLY/ && !outside) refuse("needs the line -- Runs outside a transaction.")
          else if (statement !~ /CONCURRENTLY/ && !is_new(table_of())) refuse("holds up writers: make it CONCURRENTLY")
          else if (statement ~ /^CREATE.*CONCURRENTLY/ && previous !~ /^DROP INDEX CONCURRENTLY IF EXISTS/) refuse("needs DROP INDEX CONCURRENTLY IF EXISTS before it, as a try that was cut off leaves an invalid one")
        }
        else if (outside && statement !~ /VALIDATE CONSTRAINT/) refuse("belongs into a transaction")
        else if (!outside && statement ~ /VALIDATE CONSTRAINT/) refuse("reads the whole table: needs the line -- Runs outside a transaction.")
        else if (statement ~ / TYPE /  && statement ~ /^ALTER TABLE/) refuse("writes the whole table anew")
        else if (statement ~ /SET NOT NULL/) refuse("reads the whole table under its lock")
        else if (statement ~ /ADD CONSTRAINT/ && statement !~ /NOT VALID|USING INDEX/) refuse("reads the whole table under its lock: add it NOT VALID, validate it later")
        else if (statement ~ /ADD COLUMN.*NOT NULL/ && statement !~ /DEFAULT/) refuse("fails where there are rows")
        else if (statement ~ /ADD COLUMN.*(GENERATED|UUID7\(|RANDOM|CLOCK_TIMESTAMP|NEXTVAL)/) refuse("writes the whole table anew")
        else if (statement ~ /RENAME|DROP COLUMN|^DROP TABLE/) refuse("programs of the release before still use it")
        else if (statement ~ /^(UPDATE|DELETE|INSERT|WITH|MERGE)/) refuse("many rows in one transaction hold up whoever changes them")
        previous = statement
      }
      exit failed
    }' "$file" >&2 || status=1
done

# What has been released is never edited.
while read -r sum name; do
  if [ "$name" = 0001_baseline ]; then
    now=$(LC_ALL=C; cat "$here"/schema/*.sql | sha256sum)
  else
    now=$(sha256sum <"$here/migrations/$name.sql")
  fi
  [ "${now%% *}" = "$sum" ] || wrong "$name was released and is not to be edited: put the change into a new migration"
done <"$here/migrations/released.sha256"
exit "$status"

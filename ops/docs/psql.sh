#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# psql.sh [--check] - runs every statement of docs/howto/psql.md, as careforall_admin, in the
# database that PGHOST, PGPORT, PGDATABASE, PGUSER name: one with the demo data, of which
# it changes a little. The outputs in the document are replaced by what came; --check
# writes nothing, and fails where a statement gives other columns than the document has,
# or an error in place of rows or the other way.
#
# The role has no right on any table: that is checked, and so are the statements in
# docs/howto/runbooks.md, which must not fail.
#
# After => stands one statement on one line. :'pledge' is a confirmed pledge that is made
# for it, :'pending' one that is pending.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
document=docs/howto/psql.md
check=no
[ "${1:-}" = --check ] && check=yes

ask() { psql -X -At -v ON_ERROR_STOP=1 -c "$1"; }

# answer STATEMENT - what psql shows for it.
answer() {
  printf 'SET %s;\n%s\n' "$administrator" "$1" |
    psql -X -q -P pager=off -v SHOW_CONTEXT=never -v pledge="$pledge" -v pending="$pending" 2>&1 |
    sed 's/ *$//' | awk 'NF || seen { if (blank) print ""; blank = 0 } NF { print; seen = 1 } !NF { blank = 1 }'
}

# shape - of an answer: its column names, or that it is an error.
shape() { head -n 1 | sed -E 's/^ERROR:.*/ERROR/; s/[[:space:]]+//g'; }

# settle - lets the consumers of a running stack take notice.
settle() { [ "$check" = yes ] || sleep 2; }

# before STATEMENT - makes what it is about.
before() {
  case $1 in
    *":'pending'"*)
      ask "SELECT careforall.consumer_pause('payments', 'the document needs a pending pledge')" >/dev/null
      settle
      pending=$(new_pledge 2500 Samir '')
      ;;
    *consumers_status*) settle ;;
    *donor_erase*)
      # Where no payment worker runs, the demo data is unpaid.
      [ "$check" = no ] ||
        ask "SELECT careforall.payment_event_apply('stripe', 'evt_' || p.id, 'payment_succeeded', 'pi_' || p.id,
          p.id, NULL, p.amount_minor, p.currency::text)
          FROM careforall.pledges p WHERE p.donor_name = 'Noor' AND p.state = 'pending'" >/dev/null
      ;;
  esac
}

after() {
  case $1 in
    *":'pending'"*) ask "SELECT careforall.consumer_resume('payments', 'the document has it')" >/dev/null ;;
  esac
}

# new_pledge AMOUNT DONOR MESSAGE - a pledge for guide-dogs; gives its id.
new_pledge() {
  ask "SELECT p.pledge_id FROM careforall.campaigns c, careforall.pledge_create(c.id, $1, 'GBP', '$2',
    lower('$2') || '@example.org', message => '$3') p WHERE c.slug = 'guide-dogs'"
}

# confirm PLEDGE AMOUNT - waits for the payment worker; where none runs, in its place.
confirm() {
  local i
  [ "$check" = no ] ||
    ask "SELECT careforall.payment_event_apply('stripe', 'evt_document', 'payment_succeeded',
      'pi_document', '$1', NULL, $2, 'GBP')" >/dev/null
  for ((i = 0; i < 100; i++)); do
    [ "$(ask "SELECT state FROM careforall.pledge_summary WHERE pledge_id = '$1'")" != confirmed ] || return 0
    sleep 0.1
  done
  echo "psql.sh: pledge $1 is not confirmed after 10 s: is the stack running?" >&2
  exit 1
}

administrator='ROLE careforall_admin'
[ "$(ask "SELECT count(*) FROM pg_roles WHERE rolname = 'cfa_admin'")" = 0 ] ||
  administrator='SESSION AUTHORIZATION cfa_admin'
pending=
pledge=$(new_pledge 4200 Maeve 'Good dogs, both of them.')
confirm "$pledge" 4200
settle

# The role of the document does everything by functions and views.
tables=$(ask "SELECT string_agg(c.relname, ' ') FROM pg_class c CROSS JOIN pg_roles r
  WHERE c.relnamespace = 'careforall'::regnamespace AND c.relkind IN ('r', 'p') AND r.rolname = '${administrator##* }'
    AND (has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
      OR has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))")
[ -z "$tables" ] || { echo "psql.sh: ${administrator##* } has rights on tables: $tables" >&2; exit 1; }

# runbooks - runs each statement of the runbooks that a reader could copy, undone; those
# for a superuser and those that end a session are left out.
runbooks() {
  local code run=0 said
  # shellcheck disable=SC2016
  while IFS= read -r code; do
    [[ $code =~ ^(SELECT|TABLE)[[:space:]] ]] || continue
    [[ ! $code =~ pg_terminate_backend|pg_reload_conf|cron\.|/ ]] || continue
    code=${code//<id>/$pledge}
    code=${code//<name>/verify_run}
    run=$((run + 1))
    said=$(printf 'SET %s;\nBEGIN;\n%s;\nROLLBACK;\n' "$administrator" "$code" |
      psql -X -q -At -v ON_ERROR_STOP=1 -v VERBOSITY=terse 2>&1 >/dev/null) || {
      printf 'docs/howto/runbooks.md: %s\n  gives: %s\n' "$code" "$said" >&2
      failed=1
    }
  done < <(tr '\n' ' ' <docs/howto/runbooks.md | grep -oE '[`][^`]+[`]' | tr -d '`')
  [ "$run" -gt 20 ] || { echo "psql.sh: only $run statements in docs/howto/runbooks.md" >&2; exit 1; }
  echo "psql.sh: $run statements of docs/howto/runbooks.md"
}

written='' statement='' is_first=no in_block=no was='' failed=0 count=0
finish_statement() {
  local came
  [ -n "$statement" ] || return 0
  before "$statement"
  came=$(answer "$statement")
  after "$statement"
  count=$((count + 1))
  if [ "$check" = yes ] && [ "$(shape <<<"$came")" != "$(shape <<<"$was")" ]; then
    printf '%s: %s\n  documented: %s\n  gives:      %s\n' "$document" "$statement" \
      "$(head -n 1 <<<"$was")" "$(head -n 1 <<<"$came")" >&2
    failed=1
  fi
  [ "$is_first" = yes ] || written+=$'\n'
  written+="=> $statement"$'\n'"$came"$'\n'
  statement='' is_first=no
}

while IFS= read -r line; do
  if [[ $line == '```'* ]]; then
    finish_statement
    if [ "$in_block" = yes ]; then in_block=no; else in_block=yes is_first=yes; fi
    written+="$line"$'\n'
  elif [ "$in_block" = yes ] && [[ $line == '=> '* ]]; then
    finish_statement
    statement=${line#=> } was=
  elif [ -n "$statement" ]; then
    was+="$line"$'\n'
  else
    written+="$line"$'\n'
  fi
done <"$document"

[ "$count" -gt 20 ] || { echo "psql.sh: only $count statements in $document" >&2; exit 1; }
[ "$check" = yes ] || printf '%s' "$written" >"$document"
runbooks
[ "$failed" -eq 0 ] || exit 1
echo "psql.sh: $count statements of $document"

-- SPDX-License-Identifier: Apache-2.0
-- Goal: what operators look at tells what is, and no secret. Method: an account with a
-- session and failed log-ins, seen as support; statements run and looked up.
\ir setup.psql
SELECT plan(12);

SELECT pg_temp.run_as('careforall_owner', $$INSERT INTO careforall.accounts (email, name, role, password_hash)
  VALUES ('Grace.Hopper@navy.example', 'Grace Hopper', 'owner', '$argon2id$v=19$m=8,t=1,p=1$c2FsdA$secretsecret')$$);
SELECT id AS account FROM careforall.accounts WHERE email = 'Grace.Hopper@navy.example' \gset
INSERT INTO careforall.sessions (account_id, expires_at, ends_at, ended_at, end_reason) VALUES
  (:'account', now() + interval '1 day', now() + interval '1 day', NULL, NULL),
  (:'account', now() + interval '1 day', now() + interval '1 day', now(), 'logout'),
  (:'account', now() - interval '1 day', now() + interval '1 day', NULL, NULL);
INSERT INTO careforall.login_failures VALUES (careforall.login_key('grace.hopper@NAVY.example'), 7, now(), now() + interval '1 hour');

SET LOCAL ROLE careforall_support;
SELECT results_eq(format($$SELECT email, role, status, open_sessions, failed_logins FROM careforall.accounts_overview WHERE account_id = %L$$, :'account'),
  $$VALUES ('G***@n***.example', 'owner', 'log-in slowed', 1::bigint, 7)$$, 'an account with its session and its failed log-ins');
SELECT is_empty(format($$SELECT 1 FROM careforall.accounts_overview v WHERE account_id = %L AND v::text ~* 'hopper|argon2|secret'$$, :'account'),
  'no name, address or hash stands in it');
SELECT throws_ok('TABLE careforall.accounts', '42501', NULL, 'the table is not to be read');
SELECT throws_ok('TABLE careforall.slow_statements', '42501', NULL, 'statements are for administrators');
RESET ROLE;
UPDATE careforall.accounts SET disabled_at = now() WHERE id = :'account';
SELECT is((SELECT status FROM careforall.accounts_overview WHERE account_id = :'account'), 'disabled', 'a disabled account says so');
UPDATE careforall.accounts SET disabled_at = NULL WHERE id = :'account';
DELETE FROM careforall.login_failures;
SELECT is((SELECT status FROM careforall.accounts_overview WHERE account_id = :'account'), 'ok', 'and one in order too');

SELECT has_extension('pg_stat_statements', 'a server that preloads it has it');
SELECT count(*) FROM careforall.pledges WHERE donor_email = 'nobody@example.org' \gset
SET LOCAL ROLE careforall_admin;
SELECT isnt_empty($$SELECT FROM careforall.slow_statements WHERE calls > 0 AND mean_ms >= 0 AND share_percent <= 100$$, 'statements are counted');
SELECT isnt_empty($$SELECT FROM careforall.statement_figures() WHERE statement LIKE 'SELECT count(*) FROM careforall.pledges WHERE donor_email = $1%'$$, 'this one too');
SELECT is_empty($$SELECT statement FROM careforall.statement_figures() WHERE statement ~* 'nobody@|argon2id|^ *(create|alter) (role|user)'$$, 'without the values it had');
RESET ROLE;
SELECT throws_ok('SET LOCAL ROLE careforall_readonly; TABLE careforall.accounts_overview', '42501', NULL, 'analysts see no accounts');
RESET ROLE;
DROP EXTENSION pg_stat_statements;
SELECT is_empty('TABLE careforall.slow_statements', 'without pg_stat_statements there are no rows and no error');

SELECT finish();
ROLLBACK;

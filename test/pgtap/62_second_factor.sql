-- SPDX-License-Identifier: Apache-2.0
-- Goal: with a second factor the password alone opens nothing, each code opens once, and
-- a role that needs one has no rights without it. Method: every function with right and
-- wrong proof, again with what was used, and for others; the API decides what a code is.
\ir setup.psql
SELECT no_plan();

\set hash '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA'
CREATE FUNCTION pg_temp.new_account(email text, role text DEFAULT 'donor') RETURNS uuid LANGUAGE sql AS $$
  SELECT a.account_id FROM careforall.account_add(email, 'Name', role,
    '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA', '', sha256(email::bytea), 'pgTAP') a
$$;
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  value text;
BEGIN
  EXECUTE statement INTO value;
  RETURN value;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;
-- Whether a log-in with the right password opens a session.
CREATE FUNCTION pg_temp.opens(account uuid, step bigint DEFAULT NULL, code bytea DEFAULT NULL, seen text DEFAULT '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA')
RETURNS boolean LANGUAGE sql AS $$
  SELECT EXISTS (SELECT FROM careforall.login_finish(account, seen, NULL, NULL, sha256(gen_random_uuid()::text::bytea), 'agent', step, code))
$$;
CREATE FUNCTION pg_temp.alive(account uuid) RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM careforall.sessions s WHERE s.account_id = account AND s.ended_at IS NULL
$$;
SELECT pg_temp.new_account('amal@example.org') AS amal, pg_temp.new_account('bo@example.org', 'owner') AS bo,
  pg_temp.new_account('chief@example.org', 'admin') AS chief, pg_temp.new_account('other@example.org', 'admin') AS other \gset
SELECT id AS session FROM careforall.sessions WHERE account_id = :'amal' \gset
SELECT '\x' || repeat('ab', 60) AS seal, '\x' || repeat('cd', 60) AS seal2 \gset

-- Setting up.
SELECT results_eq(format($$SELECT doc ->> 'is_enrolled', doc ->> 'is_required', doc ->> 'recovery_codes_left' FROM careforall.second_factor_read(%L)$$, :'amal'),
  $$VALUES ('false', 'false', '0')$$, 'at first there is none');
SELECT results_eq(format($$SELECT retry_after_s, password_hash, email, sealed FROM careforall.second_factor_begin(%L)$$, :'amal'),
  format($$VALUES (0, %L, 'amal@example.org', NULL::bytea)$$, :'hash'), 'a change begins with the password');
SELECT is((SELECT failures FROM careforall.login_failures WHERE email_hash = careforall.login_key('amal@example.org')), 1, 'and counts as an attempt');
SELECT is(pg_temp.try(format($$SELECT count(*) FROM careforall.second_factor_offer(%L, 'another hash', NULL, NULL, %L, '')$$, :'amal', :'seal')), '0', 'a wrong password offers nothing');
SELECT is(pg_temp.try(format($$SELECT count(*) FROM careforall.second_factor_offer(%L, %L, NULL, NULL, %L, '')$$, :'amal', :'hash', :'seal')), '1', 'a right one keeps the secret');
SELECT is_empty(format($$SELECT FROM careforall.login_failures WHERE email_hash = careforall.login_key('amal@example.org')$$), 'and forgets the attempt');
SELECT ok(pg_temp.opens(:'amal'), 'what is only offered is not asked for');
SELECT is((SELECT sealed FROM careforall.second_factor_offered(:'amal')), :'seal'::bytea, 'the offer waits for its first code');
SELECT is_empty(format($$SELECT * FROM careforall.second_factor_offered(%L)$$, :'bo'), 'of its own account');
SELECT is(pg_temp.try(format($$SELECT count(*) FROM careforall.second_factor_confirm(%L, %L, %L, 100, '{}')$$, :'amal', :'session', :'seal2')), '0', 'another secret is not confirmed');
SELECT careforall.clock_set(careforall.clock() + interval '15 minutes 1 second') \g /dev/null
SELECT is(pg_temp.try(format($$SELECT count(*) FROM careforall.second_factor_confirm(%L, %L, %L, 100, '{}')$$, :'amal', :'session', :'seal')), '0', 'nor is one after 15 minutes');
SELECT careforall.clock_reset() \g /dev/null
SELECT is(pg_temp.try(format($$SELECT count(*) FROM careforall.second_factor_confirm(%L, %L, %L, 100, ARRAY[sha256('one'), sha256('two')])$$, :'amal', :'session', :'seal')), '1', 'its first code takes it into use');
SELECT is(pg_temp.alive(:'amal'), 1::bigint, 'and ends every other session');
SELECT is(pg_temp.try(format($$SELECT count(*) FROM careforall.second_factor_confirm(%L, %L, %L, 100, '{}')$$, :'amal', :'session', :'seal')), '0', 'once');
SELECT results_eq(format($$SELECT action, detail ->> 'acts_for' FROM careforall.audit_log WHERE target_id = %L ORDER BY id DESC LIMIT 1$$, :'amal'),
  format($$VALUES ('account.second_factor_set', 'account:%s')$$, :'amal'), 'it is audited');
SELECT results_eq(format($$SELECT doc ->> 'is_enrolled', doc ->> 'recovery_codes_left' FROM careforall.second_factor_read(%L)$$, :'amal'), $$VALUES ('true', '2')$$, 'there is one now');

-- Logging in.
SELECT is((SELECT sealed FROM careforall.login_begin('Amal@example.org')), :'seal'::bytea, 'the log-in is told the secret, sealed');
SELECT is(pg_temp.opens(:'amal', v.step, v.code, v.seen), v.opens, v.what)
FROM (VALUES (NULL::bigint, NULL::bytea, :'hash', false, 'the password alone opens nothing'),
  (100, NULL, :'hash', false, 'nor does the code that set it up, again'), (99, NULL, :'hash', false, 'nor one before it'),
  (101, NULL, 'wrong', false, 'nor a code without the password'), (101, NULL, :'hash', true, 'both do'),
  (101, NULL, :'hash', false, 'once'), (100, NULL, :'hash', false, 'not with an older one'), (102, NULL, :'hash', true, 'and with the next one'),
  (NULL, sha256('three'), :'hash', false, 'no recovery code of one''s own'), (NULL, sha256('one'), :'hash', true, 'a recovery code'),
  (NULL, sha256('one'), :'hash', false, 'works once'), (NULL, sha256('two'), :'hash', true, 'another one')) v (step, code, seen, opens, what);
SELECT is((SELECT count(*) FROM careforall.audit_log WHERE target_id = :'amal' AND action = 'account.recovery_code'), 2::bigint, 'recovery codes are audited');
SELECT results_eq(format($$SELECT (SELECT doc ->> 'recovery_codes_left' FROM careforall.second_factor_read(%L)), last_step FROM careforall.second_factors WHERE account_id = %1$L$$, :'amal'),
  $$VALUES ('0', 102::bigint)$$, 'none is left, and the code of the app is not used up by them');
SELECT ok(pg_temp.opens(:'bo'), 'whoever has none needs none');
SELECT is(pg_temp.opens(:'bo', NULL, sha256('two')), true, 'and what they send does not matter');

-- Replacing and removing want a code too.
SELECT is(pg_temp.try(format($$SELECT count(*) FROM careforall.second_factor_offer(%L, %L, %L, NULL, %L, '0123456789abcdef')$$, :'amal', :'hash', v.step, :'seal2')), v.rows, 'offer with step ' || COALESCE(v.step::text, 'none'))
FROM (VALUES (NULL::bigint, '0'), (102, '0'), (103, '1')) v (step, rows);
SELECT ok(pg_temp.opens(:'amal', 104), 'until it is confirmed the old one stays');
SELECT results_eq($$SELECT key_id, used_by FROM careforall.keys_status WHERE kind = 'second factor' ORDER BY 1$$, $$VALUES ('0123456789abcdef', 1::bigint), ('none', 1::bigint)$$, 'the keys in use are told');
SELECT is(pg_temp.try(format($$SELECT count(*) FROM careforall.second_factor_confirm(%L, %L, %L, 50, ARRAY[sha256('new')])$$, :'amal', :'session', :'seal2')), '1', 'then it is replaced');
SELECT ok(NOT pg_temp.opens(:'amal', NULL, sha256('two')) AND pg_temp.opens(:'amal', 51), 'with its codes');
SELECT is(pg_temp.try(format($$SELECT count(*) FROM careforall.second_factor_remove(%L, %L, %L, %L, %L)$$, :'amal', :'session', v.seen, v.step, v.code)), v.rows, 'removal with ' || v.what)
FROM (VALUES (:'hash', NULL::bigint, NULL::bytea, '0', 'the password alone'), (:'hash', 51, NULL, '0', 'a used code'), ('wrong', 52, NULL, '0', 'a wrong password'),
  (:'hash', NULL, sha256('new'), '1', 'a recovery code')) v (seen, step, code, rows, what);
SELECT ok(pg_temp.opens(:'amal'), 'then the password is enough');
SELECT is((SELECT count(*) FROM careforall.recovery_codes), 0::bigint, 'and no code is left');

-- A reset, for who has lost it.
CREATE FUNCTION pg_temp.enrol(account uuid) RETURNS void LANGUAGE sql AS $$
  INSERT INTO careforall.second_factors (account_id, sealed, enrolled_at) VALUES (account, decode(repeat('ef', 60), 'hex'), careforall.clock())
$$;
SELECT pg_temp.enrol(:'chief'), pg_temp.enrol(:'bo') \g /dev/null
SELECT is(pg_temp.try(format($$SELECT doc ->> 'has_second_factor' FROM careforall.user_second_factor_reset(%L, %L, %L)$$, v.actor, v.account, v.why)), v.outcome, 'reset by ' || v.what)
FROM (VALUES (:'chief'::uuid, :'chief'::uuid, 'lost it', 'PL010', 'oneself'), (:'bo', :'chief', 'lost it', 'PL010', 'an owner'), (:'amal', :'bo', 'lost it', 'PL010', 'a donor'),
  (:'chief', :'bo', 'no', '22023', 'an administrator without a reason'), (:'chief', careforall.uuid7(), 'lost it', NULL, 'an administrator, of nobody'),
  (:'chief', :'bo', 'lost it', 'false', 'an administrator')) v (actor, account, why, outcome, what);
SELECT results_eq(format($$SELECT pg_temp.alive(%L), action, reason, detail ->> 'had_one' FROM careforall.audit_log WHERE target_id = %1$L ORDER BY id DESC LIMIT 1$$, :'bo'),
  $$VALUES (0::bigint, 'account.second_factor_reset', 'lost it', 'true')$$, 'it ends the sessions and is audited');
SELECT results_eq($$SELECT had_one, sessions_ended, result FROM careforall.account_second_factor_reset('chief@example.org', 'lost it', true)$$,
  $$VALUES (true, 1, 'dry run: nothing changed')$$, 'psql: a dry run');
SELECT ok(NOT pg_temp.opens(:'chief'), 'changes nothing');
SELECT is((SELECT result FROM careforall.account_second_factor_reset('CHIEF@example.org', 'lost it')), 'done', 'psql: a reset');
SELECT ok(pg_temp.opens(:'chief'), 'lets the password open again');
SELECT throws_ok($$SELECT careforall.account_second_factor_reset('nobody@example.org', 'lost it')$$, 'PL005', NULL, 'of nobody');

-- A role that needs one.
SELECT pg_temp.new_campaign('factor') AS campaign \gset
UPDATE careforall.campaigns SET owner_id = :'bo' WHERE id = :'campaign';
SELECT throws_ok(format($$SELECT careforall.second_factor_policy_set(%L, %L, %L)$$, v.role, v.needed, v.why), '22023', NULL, 'no policy: ' || v.what)
FROM (VALUES ('donor', true, 'for a test', 'donors'), (NULL, true, 'for a test', 'nobody'), ('admin', NULL, 'for a test', 'neither'), ('admin', true, 'no', 'without a reason')) v (role, needed, why, what);
SELECT results_eq($$SELECT for_role, required_before, required_after, result FROM careforall.second_factor_policy_set('admin', true, 'for a test', true)$$,
  $$VALUES ('admin', false, true, 'dry run: nothing changed')$$, 'a dry run says what would be');
SELECT ok(NOT careforall.second_factor_missing(:'chief', 'admin'), 'and changes nothing');
SELECT is((SELECT accounts_without FROM careforall.second_factor_policy_set(r, true, 'for a test')) > 0, true, r || ' needs one now') FROM (VALUES ('admin'), ('owner')) v (r);
SELECT results_eq($$SELECT action, target_id FROM careforall.audit_log ORDER BY id DESC LIMIT 2$$, $$VALUES ('second_factor_policy.set', 'owner'), ('second_factor_policy.set', 'admin')$$, 'it is audited');
CREATE FUNCTION pg_temp.rights() RETURNS text[] LANGUAGE sql AS $$
  SELECT ARRAY[pg_temp.try(format('SELECT careforall.account_require(%L, ''admin'')', c.id)), careforall.campaign_right(c.id, p.id),
    (SELECT f.role FROM careforall.sessions s, careforall.session_find(s.id) f WHERE s.account_id = c.id LIMIT 1),
    careforall.campaign_right(b.id, p.id), pg_temp.try(format('SELECT careforall.account_require(%L, ''donor'')', b.id)),
    careforall.account_json(c) ->> 'role', careforall.account_json(c) ->> 'needs_second_factor']
  FROM careforall.accounts c, careforall.accounts b, careforall.campaigns p
  WHERE c.email = 'chief@example.org' AND b.email = 'bo@example.org' AND p.slug = 'factor'
$$;
SELECT is(pg_temp.rights(), '{PL010,NULL,donor,view,donor,admin,true}'::text[], 'without one an administrator and an owner have the rights of a donor');
SELECT is((SELECT doc ->> 'is_required' FROM careforall.second_factor_read(:'chief')), 'true', 'and read that they need one');
SELECT pg_temp.enrol(:'chief'), pg_temp.enrol(:'bo') \g /dev/null
SELECT is(pg_temp.rights(), '{admin,own,admin,own,owner,admin,false}'::text[], 'with one they have their own');
SELECT is((SELECT careforall.campaign_right(:'amal', :'campaign')), NULL, 'a donor needs none and has what it had');
SELECT results_eq($$SELECT second_factor_since IS NOT NULL, second_factor_needed FROM careforall.accounts_overview WHERE account_id IN (SELECT id FROM careforall.accounts WHERE email IN ('other@example.org', 'chief@example.org')) ORDER BY 1$$,
  $$VALUES (false, true), (true, true)$$, 'the overview tells who lacks one');
SELECT results_eq($$SELECT required_before, required_after FROM careforall.second_factor_policy_set('owner', false, 'for a test')$$, $$VALUES (true, false)$$, 'the policy goes');

-- What is forgotten with the person.
SELECT pg_temp.enrol(:'amal') \g /dev/null
SELECT count(*) FROM careforall.donor_erase('amal@example.org', 'asked for it', false) \g /dev/null
SELECT is_empty(format($$SELECT FROM careforall.second_factors WHERE account_id = %L$$, :'amal'), 'an erased account has no second factor');
SELECT careforall.clock_reset() \g /dev/null
SELECT finish();
ROLLBACK;

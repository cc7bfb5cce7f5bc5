-- SPDX-License-Identifier: Apache-2.0
-- Goal: accounts and sessions keep their rules whatever the API does. Method: each
-- function through its good way and its refusals, on a clock that is moved.
\ir setup.psql
SELECT no_plan();

CREATE FUNCTION pg_temp.token(name text) RETURNS bytea LANGUAGE sql AS $$ SELECT sha256(name::bytea) $$;
CREATE FUNCTION pg_temp.new_account(email text, role text DEFAULT 'donor') RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE made record;
BEGIN
  SELECT * INTO made FROM careforall.account_add(email, 'Name of ' || email, role,
    '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA', '', pg_temp.token('first of ' || email), 'pgTAP');
  RETURN made.account_id;
END
$$;
CREATE FUNCTION pg_temp.refresh(old text, new text) RETURNS text LANGUAGE sql AS
$$ SELECT r.outcome FROM careforall.session_refresh(pg_temp.token(old), pg_temp.token(new)) r $$;
CREATE FUNCTION pg_temp.session_of(name text) RETURNS uuid LANGUAGE sql AS
$$ SELECT t.session_id FROM careforall.refresh_tokens t WHERE t.token_hash = pg_temp.token(name) $$;
CREATE FUNCTION pg_temp.is_alive(session uuid) RETURNS boolean LANGUAGE sql AS
$$ SELECT EXISTS (SELECT FROM careforall.session_find(session)) $$;

SELECT careforall.clock_set('2030-01-01 12:00:00Z') \g /dev/null

SELECT is((SELECT count(*) FROM careforall.accounts)::integer, 0, 'there is no default account');

-- Registering.
SELECT results_eq($$SELECT doc ->> 'email', doc ->> 'role' FROM careforall.account_register('Ann@Example.org', 'Ann',
  '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaA', '', pg_temp.token('ann 1'), 'agent')$$,
  $$VALUES ('Ann@Example.org', 'donor')$$, 'whoever registers is a donor');
SELECT throws_ok($$SELECT careforall.account_register('ann@example.ORG', 'Other', '$argon2id$v=19$x', '', pg_temp.token('x'), '')$$,
  'PL013', NULL, 'an address has one account, whatever its case');
SELECT throws_ok($$SELECT careforall.account_register('bob@example.org', 'Bob', 'in clear', '', pg_temp.token('x'), '')$$,
  '23514', NULL, 'nothing but Argon2id is kept as a password');
SELECT throws_ok($$SELECT careforall.account_register('bob@example.org', ' ', '$argon2id$v=19$x', '', pg_temp.token('x'), '')$$,
  '23514', NULL, 'a name is not blank');
SELECT throws_ok($$SELECT careforall.account_register('bob@example.org', 'Bob', '$argon2id$v=19$x', '', '\x00', '')$$,
  '23514', NULL, 'a refresh token is kept as a hash of 32 bytes');
SELECT id AS ann FROM careforall.accounts WHERE email = 'Ann@Example.org' \gset
SELECT pg_temp.session_of('ann 1') AS ann_session \gset
SELECT results_eq(format('SELECT account_id, role FROM careforall.session_find(%L)', :'ann_session'),
  format('VALUES (%L::uuid, %L)', :'ann', 'donor'), 'the session is alive');

-- Refreshing: one after the other, forgiven, reused.
SELECT is(pg_temp.refresh('ann 1', 'ann 2'), 'refreshed', 'a token is traded for the next');
SELECT is(pg_temp.refresh('ann 2', 'ann 3'), 'refreshed', 'and that again');
SELECT is(pg_temp.refresh('ann 2', 'ann 3b'), 'forgiven', 'twice at once is forgiven');
SELECT is(pg_temp.refresh('ann 3b', 'ann 4'), 'refreshed', 'what it got instead is valid');
SELECT careforall.clock_set('2030-01-01 12:00:09Z') \g /dev/null
SELECT is(pg_temp.refresh('ann 3', 'ann 4b'), 'forgiven', 'its sibling is forgiven for 10 seconds');
SELECT ok(pg_temp.is_alive(:'ann_session'), 'and the session lives');
SELECT careforall.clock_set('2030-01-01 12:00:11Z') \g /dev/null
SELECT is(pg_temp.refresh('ann 3', 'thief'), 'reused', 'after that it is a theft');
SELECT ok(NOT pg_temp.is_alive(:'ann_session'), 'and the session is over');
SELECT is(pg_temp.refresh('ann 4', 'ann 5'), 'over', 'for the newest token too');
SELECT is(pg_temp.session_of('thief'), NULL, 'the thief got no token');
SELECT is((SELECT end_reason FROM careforall.sessions WHERE id = :'ann_session'), 'token_reused', 'and it is known why');
SELECT is(pg_temp.refresh('nobody', 'x'), 'unknown', 'an unknown token is unknown');
SELECT pg_temp.new_account('cid@example.org') AS cid \gset
SELECT pg_temp.refresh('first of cid@example.org', 'cid 2'), pg_temp.refresh('cid 2', 'cid 3') \g /dev/null
SELECT is(pg_temp.refresh('first of cid@example.org', 'x'), 'reused', 'two generations back is never forgiven');

-- Expiry.
SELECT pg_temp.new_account('dan@example.org') AS dan \gset
SELECT pg_temp.session_of('first of dan@example.org') AS dan_session \gset
SELECT careforall.clock_set('2030-01-15 12:00:09Z') \g /dev/null
SELECT is(pg_temp.refresh('first of dan@example.org', 'dan 2'), 'refreshed', 'a session lives for 14 days unused');
SELECT careforall.clock_set('2030-01-29 12:00:10Z') \g /dev/null
SELECT ok(NOT pg_temp.is_alive(:'dan_session'), 'and no longer');
SELECT is(pg_temp.refresh('dan 2', 'dan 3'), 'over', 'its token is worth nothing then');
SELECT pg_temp.new_account('eve@example.org') AS eve \gset
SELECT is((SELECT ends_at - created_at FROM careforall.sessions WHERE account_id = :'eve'), '90 days', 'a session ends after 90 days');
UPDATE careforall.sessions SET expires_at = '2030-02-02', ends_at = '2030-02-02' WHERE account_id = :'eve';
SELECT pg_temp.refresh('first of eve@example.org', 'eve 2') \g /dev/null
SELECT is((SELECT expires_at FROM careforall.sessions WHERE account_id = :'eve'), '2030-02-02'::timestamptz, 'no refresh goes past its end');

-- Log-ins and their delays.
SELECT is((SELECT count(*) FROM generate_series(1, 10) n, careforall.login_begin(CASE WHEN n > 0 THEN 'no.such@example.org' END) b WHERE b.retry_after_s = 0)::integer,
  10, 'ten guesses are free');
SELECT is((SELECT retry_after_s FROM careforall.login_begin('No.Such@example.org')), 0, 'the eleventh may be made');
SELECT is((SELECT retry_after_s FROM careforall.login_begin('no.such@example.org')), 1, 'the next must wait');
SELECT is((SELECT failures FROM careforall.login_failures WHERE email_hash = careforall.login_key('no.such@example.org')), 11, 'what is refused does not count');
SELECT careforall.clock_set('2030-01-29 12:00:12Z') \g /dev/null
SELECT is((SELECT retry_after_s FROM careforall.login_begin('no.such@example.org')), 0, 'then another guess');
SELECT is((SELECT retry_after_s FROM careforall.login_begin('no.such@example.org')), 2, 'and twice the wait');
SELECT results_eq('SELECT careforall.login_delay(n) FROM unnest(ARRAY[10, 11, 19, 20, 1000000]) n',
  $$VALUES (interval '0'), ('1 second'), ('256 seconds'), ('5 minutes'), ('5 minutes')$$, 'the wait has an end');
SELECT careforall.clock_set('2030-01-30 13:00:11Z') \g /dev/null
SELECT is((SELECT retry_after_s FROM careforall.login_begin('no.such@example.org')), 0, 'a day later');
SELECT is((SELECT failures FROM careforall.login_failures WHERE email_hash = careforall.login_key('no.such@example.org')), 1, 'all is forgotten');
SELECT is((SELECT account_id FROM careforall.login_begin('no.such@example.org')), NULL, 'no account, no hash');
SELECT is((SELECT account_id FROM careforall.login_begin('DAN@example.org')), :'dan'::uuid, 'an account is found whatever the case');
SELECT password_hash AS hash FROM careforall.accounts WHERE id = :'dan' \gset
SELECT is_empty(format($$SELECT * FROM careforall.login_finish(%L, 'changed', NULL, NULL, pg_temp.token('y'), '')$$, :'dan'),
  'a password that was changed meanwhile opens nothing');
SELECT is((SELECT count(*) FROM careforall.login_finish(:'dan', :'hash', NULL, NULL, pg_temp.token('dan a'), 'agent'))::integer, 1, 'a right one does');
SELECT is_empty($$SELECT FROM careforall.login_failures WHERE email_hash = careforall.login_key('dan@example.org')$$, 'and clears the failures');
SELECT is((SELECT count(*) FROM careforall.login_finish(:'dan', :'hash', '$argon2id$v=19$new', '0123456789abcdef', pg_temp.token('dan b'), 'agent'))::integer, 1, 'a hash can be renewed');
SELECT results_eq(format('SELECT password_hash, pepper_id, version FROM careforall.accounts WHERE id = %L', :'dan'),
  $$VALUES ('$argon2id$v=19$new', '0123456789abcdef', 1::bigint)$$, 'which is no change of the account');

-- The person's own account.
SELECT pg_temp.new_account('fay@example.org') AS fay \gset
SELECT results_eq(format($$SELECT doc ->> 'name', etag FROM careforall.me_change(%L, '"1"', 'Fay')$$, :'fay'), $$VALUES ('Fay', '"2"')$$, 'a name can be changed');
SELECT results_eq(format($$SELECT etag FROM careforall.me_change(%L, '"2"', 'Fay')$$, :'fay'), $$VALUES ('"2"')$$, 'to the same is no change');
SELECT throws_ok(format($$SELECT careforall.me_change(%L, '"1"', 'Eve')$$, :'fay'), 'PL012', NULL, 'from a stale version it cannot');
SELECT lives_ok(format($$SELECT careforall.me_change(%L, '*', 'Fay B')$$, :'fay'), 'with a star it can');
SELECT pg_temp.session_of('first of fay@example.org') AS fay_session \gset
SELECT (SELECT session_id FROM careforall.login_finish(:'fay', (SELECT password_hash FROM careforall.accounts WHERE id = :'fay'), NULL, NULL, pg_temp.token('fay b'), '')) AS fay_other \gset
SELECT is((SELECT json_array_length(doc -> 'items') FROM careforall.me_sessions(:'fay', :'fay_session')), 2, 'both sessions are listed');
SELECT is_empty(format('SELECT * FROM careforall.me_session_end(%L, %L)', :'dan', :'fay_other'), 'nobody ends the session of another');
SELECT is((SELECT count(*) FROM careforall.me_session_end(:'fay', :'fay_other'))::integer, 1, 'one''s own one may');
SELECT is_empty(format('SELECT * FROM careforall.me_session_end(%L, %L)', :'fay', :'fay_other'), 'once');
SELECT (SELECT session_id FROM careforall.login_finish(:'fay', (SELECT password_hash FROM careforall.accounts WHERE id = :'fay'), NULL, NULL, pg_temp.token('fay c'), '')) AS fay_third \gset
SELECT is_empty(format($$SELECT * FROM careforall.password_change(%L, %L, 'stale', '$argon2id$v=19$p2', '')$$, :'fay', :'fay_session'), 'a password checked against an old hash is not set');
SELECT is((SELECT count(*) FROM careforall.password_change(:'fay', :'fay_session', (SELECT password_hash FROM careforall.accounts WHERE id = :'fay'), '$argon2id$v=19$p2', ''))::integer, 1, 'a password is set');
SELECT ok(pg_temp.is_alive(:'fay_session') AND NOT pg_temp.is_alive(:'fay_third'), 'every other session is over');
SELECT is((SELECT count(*) FROM careforall.me_logout_all(:'fay'))::integer, 1, 'log out everywhere');
SELECT ok(NOT pg_temp.is_alive(:'fay_session'), 'and the one that did so is over too');
SELECT careforall.session_logout(pg_temp.token('dan a')) \g /dev/null
SELECT ok(NOT pg_temp.is_alive(pg_temp.session_of('dan a')) AND pg_temp.is_alive(pg_temp.session_of('dan b')), 'log out ends one session');
SELECT pg_temp.new_account('gil@example.org') AS gil \gset
SELECT count(careforall.session_open(:'gil', pg_temp.token('gil ' || n), '')) FROM generate_series(1, 60) n \g /dev/null
SELECT is((SELECT count(*) FROM careforall.sessions WHERE account_id = :'gil' AND ended_at IS NULL)::integer, 50, 'an account has 50 sessions at most');
SELECT ok(pg_temp.is_alive(pg_temp.session_of('gil 60')), 'the newest among them');

-- The one-time token of an administrator.
SELECT careforall.admin_token_create('first administrator') AS secret \gset
SELECT ok(:'secret' ~ '^[0-9a-f]{64}$', 'a token is 32 bytes');
SELECT is_empty(format($$SELECT FROM careforall.admin_tokens WHERE token_hash = decode(%L, 'hex')$$, :'secret'), 'it is not kept');
SELECT throws_ok($$SELECT careforall.admin_token_create(' ')$$, '22023', NULL, 'a reason is required');
SELECT throws_ok($$SELECT careforall.admin_token_create('too long', '8 days')$$, '22023', NULL, 'a token does not live for ever');
CREATE FUNCTION pg_temp.admin_register(secret text, email text) RETURNS uuid LANGUAGE sql AS $$
  SELECT r.account_id FROM careforall.admin_register(sha256(decode(secret, 'hex')), email, 'Admin',
    '$argon2id$v=19$a', '', pg_temp.token('first of ' || email), '') r $$;
SELECT is(pg_temp.admin_register(repeat('0', 64), 'root@example.org'), NULL, 'a wrong token makes no account');
SELECT throws_ok(format($$SELECT pg_temp.admin_register(%L, 'fay@example.org')$$, :'secret'), 'PL013', NULL, 'nor does an address that has one');
SELECT pg_temp.admin_register(:'secret', 'root@example.org') AS root \gset
SELECT is((SELECT role FROM careforall.accounts WHERE id = :'root'), 'admin', 'the token makes an administrator');
SELECT is(pg_temp.admin_register(:'secret', 'second@example.org'), NULL, 'once');
SELECT careforall.admin_token_create('too late', '1 hour') AS late \gset
SELECT careforall.clock_set('2030-01-30 14:01:00Z') \g /dev/null
SELECT is(pg_temp.admin_register(:'late', 'second@example.org'), NULL, 'and not after its time');
SELECT is((SELECT detail ->> 'acts_for' FROM careforall.audit_log WHERE action = 'account.create_admin'), 'account:' || :'root', 'the audit says who');

-- Administrators and accounts.
SELECT throws_ok(format($$SELECT careforall.account_list(%L, NULL, NULL, NULL, 10)$$, :'fay'), 'PL010', NULL, 'others may not list accounts');
SELECT throws_ok(format($$SELECT careforall.account_find(%L, %1$L)$$, :'fay'), 'PL010', NULL, 'nor read one');
SELECT throws_ok(format($$SELECT careforall.account_change(%L, %L, '*', 'donor', NULL, 'no right')$$, :'fay', :'root'), 'PL010', NULL, 'nor change one');
SELECT throws_ok(format($$SELECT careforall.account_logout(%L, %L, 'no right')$$, :'fay', :'root'), 'PL010', NULL, 'nor log one out');
SELECT throws_ok($$SELECT careforall.account_list(careforall.uuid7(), NULL, NULL, NULL, 10)$$, 'PL011', NULL, 'nobody is nobody');
SELECT throws_ok($$SELECT careforall.me_read(NULL), careforall.account_list(NULL, NULL, NULL, NULL, 10)$$, 'PL011', NULL, 'nor is NULL');
SELECT results_eq(format($$SELECT doc ->> 'email' FROM careforall.account_list(%L, 'EXAMPLE.org', 'admin', NULL, 10)$$, :'root'), ARRAY['root@example.org'], 'by role');
SELECT results_eq(format($$SELECT doc ->> 'email' FROM careforall.account_list(%L, '@example.org', NULL, %L, 2)$$, :'root', :'fay'), ARRAY['eve@example.org', 'dan@example.org'], 'by part and before one');
SELECT is_empty(format($$SELECT careforall.account_list(%L, '%%', NULL, NULL, 10)$$, :'root'), 'a percent sign is no wildcard');
SELECT is_empty(format($$SELECT careforall.account_list(%L, 'fay_', NULL, NULL, 10)$$, :'root'), 'nor is an underscore');
SELECT throws_ok(format($$SELECT careforall.account_change(%L, %1$L, '*', 'donor', NULL, 'weary')$$, :'root'), 'PL010', NULL, 'nobody demotes themselves');
SELECT throws_ok(format($$SELECT careforall.account_change(%L, %L, '"1"', 'owner', NULL, 'stale')$$, :'root', :'fay'), 'PL012', NULL, 'not from a stale version');
SELECT throws_ok(format($$SELECT careforall.account_change(%L, %L, '*', 'king', NULL, 'no such role')$$, :'root', :'fay'), '23514', NULL, 'not to a role that does not exist');
SELECT throws_ok(format($$SELECT careforall.account_change(%L, %L, '*', 'owner', NULL, '')$$, :'root', :'fay'), '22023', NULL, 'not without a reason');
SELECT is_empty(format($$SELECT careforall.account_change(%L, careforall.uuid7(), '*', 'owner', NULL, 'nobody')$$, :'root'), 'not who does not exist');
SELECT is((SELECT doc ->> 'role' FROM careforall.account_change(:'root', :'fay', '*', 'owner', NULL, 'runs a campaign')), 'owner', 'a role is given');
SELECT results_eq(format($$SELECT reason, detail ->> 'role_after', detail ->> 'acts_for' FROM careforall.audit_log WHERE action = 'account.change' AND target_id = %L$$, :'fay'),
  format($$VALUES ('runs a campaign', 'owner', 'account:' || %L)$$, :'root'), 'and audited');
SELECT version AS before FROM careforall.accounts WHERE id = :'fay' \gset
SELECT careforall.account_change(:'root', :'fay', '*', 'owner', NULL, 'again') \g /dev/null
SELECT is((SELECT version FROM careforall.accounts WHERE id = :'fay'), :before::bigint, 'the same again is no change');
SELECT is((SELECT doc ->> 'is_disabled' FROM careforall.account_change(:'root', :'gil', '*', NULL, true, 'abuse')), 'true', 'an account is disabled');
SELECT is((SELECT count(*) FROM careforall.sessions WHERE account_id = :'gil' AND ended_at IS NULL)::integer, 0, 'its sessions are over');
SELECT is((SELECT account_id FROM careforall.login_begin('gil@example.org')), NULL, 'it cannot log in');
SELECT throws_ok(format('SELECT careforall.me_read(%L)', :'gil'), 'PL011', NULL, 'it cannot act');
SELECT is((SELECT doc ->> 'is_disabled' FROM careforall.account_change(:'root', :'gil', '*', NULL, false, 'sorry')), 'false', 'and enabled again');
SELECT is((SELECT account_id FROM careforall.login_begin('gil@example.org')), :'gil'::uuid, 'and it can log in');
SELECT is((SELECT count(*) FROM careforall.account_logout(:'root', :'eve', 'lost telephone'))::integer, 1, 'an account is logged out');
SELECT ok(NOT pg_temp.is_alive(pg_temp.session_of('eve 2')), 'its session is over');
SELECT is_empty(format($$SELECT careforall.account_logout(%L, careforall.uuid7(), 'nobody there')$$, :'root'), 'nobody cannot be logged out');

-- If-Match.
SELECT results_eq($$SELECT careforall.etag_fits(m, '"7"') FROM unnest(ARRAY['"7"', '*', '"6", "7"', '"6","7" ', ' * ', 'W/"7"', '"6"', '7', '', '"17"', '"7', '"6", W/"7"', '"6", *', NULL]) WITH ORDINALITY u (m, n) ORDER BY n$$,
  $$VALUES (true), (true), (true), (true), (true), (false), (false), (false), (false), (false), (false), (false), (false), (false)$$, 'which tags fit');

-- Rights to campaigns.
SELECT pg_temp.new_campaign('team') AS team \gset
SELECT careforall.campaign_create('secret', 'Secret', 'community', 'Owner', 'EUR', 1000, 'for a test') AS secret_campaign \gset
UPDATE careforall.campaigns SET owner_id = :'fay' WHERE id IN (:'team', :'secret_campaign');
INSERT INTO careforall.campaign_members (campaign_id, account_id, role)
VALUES (:'team', :'ann', 'editor'), (:'team', :'cid', 'viewer');
SELECT results_eq(format($$SELECT careforall.campaign_right(a, %L) FROM unnest(ARRAY[%L, %L, %L, %L, %L]::uuid[]) WITH ORDINALITY u (a, n) ORDER BY n$$,
  :'team', :'root', :'fay', :'ann', :'cid', :'dan'), $$VALUES ('own'), ('own'), ('edit'), ('view'), (NULL)$$, 'who is what to a campaign');
SELECT lives_ok(format($$SELECT careforall.campaign_require(%L, %L, 'own'), careforall.campaign_require(%1$L, %2$L, 'view')$$, :'fay', :'team'), 'an owner may all');
SELECT lives_ok(format($$SELECT careforall.campaign_require(%L, %L, 'edit')$$, :'ann', :'team'), 'an editor may edit');
SELECT throws_ok(format($$SELECT careforall.campaign_require(%L, %L, 'own')$$, :'ann', :'team'), 'PL010', NULL, 'an editor does not own');
SELECT throws_ok(format($$SELECT careforall.campaign_require(%L, %L, 'edit')$$, :'cid', :'team'), 'PL010', NULL, 'a viewer does not edit');
SELECT throws_ok(format($$SELECT careforall.campaign_require(%L, %L, 'view')$$, :'dan', :'team'), 'PL010', NULL, 'a stranger does not look behind a public campaign');
SELECT throws_ok(format($$SELECT careforall.campaign_require(%L, %L, 'view')$$, :'dan', :'secret_campaign'), 'PL005', 'there is no such campaign', 'and a draft does not exist for a stranger');
SELECT throws_ok(format($$SELECT careforall.campaign_require(%L, careforall.uuid7(), 'view')$$, :'root'), 'PL005', 'there is no such campaign', 'one that does not exist neither');
SELECT throws_ok(format($$SELECT careforall.campaign_require(NULL, %L, 'view')$$, :'team'), 'PL011', NULL, 'a guest is no account');
SELECT careforall.account_change(:'root', :'fay', '*', 'donor', NULL, 'no longer runs campaigns') \g /dev/null
SELECT throws_ok(format($$SELECT careforall.campaign_require(%L, %L, 'edit')$$, :'fay', :'team'), 'PL010', NULL, 'an owner who is no longer one only looks');
SELECT careforall.account_change(:'root', :'ann', '*', NULL, true, 'left the team') \g /dev/null
SELECT throws_ok(format($$SELECT careforall.campaign_require(%L, %L, 'edit')$$, :'ann', :'team'), 'PL011', NULL, 'a disabled editor does nothing');
SELECT careforall.actor_set(:'fay') \g /dev/null
SELECT is(current_setting('careforall.actor'), 'account:' || :'fay', 'the actor is set');

-- What is over goes.
SELECT careforall.clock_set('2031-01-01Z') \g /dev/null
SELECT set_has('SELECT what FROM careforall.purge() WHERE removed > 0', $$VALUES ('sessions'), ('failed log-ins'), ('unused administrator tokens')$$, 'old sessions, failures and tokens are removed');
SELECT is((SELECT count(*) FROM careforall.refresh_tokens)::integer, 0, 'refresh tokens go with their sessions');

SELECT finish();
ROLLBACK;

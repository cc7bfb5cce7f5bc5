-- SPDX-License-Identifier: Apache-2.0
-- Goal: only a closed campaign is archived; lists leave it out, everything else of it
-- goes on. Method: both ways, by psql and by the API's function, in each state; every
-- list, the document, the event, money that still comes, and the audit row.
\ir setup.psql
SELECT no_plan();

INSERT INTO careforall.accounts (email, name, role, password_hash)
VALUES ('owner@example.org', 'Owner', 'owner', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA') RETURNING id AS owner \gset
INSERT INTO careforall.accounts (email, name, role, password_hash)
VALUES ('admin@example.org', 'Admin', 'admin', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA') RETURNING id AS admin \gset
SELECT careforall.campaign_create('well', 'The well', 'archiving', 'Owner', 'EUR', 100000, 'for a test') AS well \gset
UPDATE careforall.campaigns SET owner_id = :'owner' WHERE id = :'well';
CREATE FUNCTION pg_temp.detail(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text; state text;
BEGIN
  EXECUTE statement;
  RETURN 'none';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
  RETURN concat_ws(' ', state, detail, hint);
END
$$;
CREATE FUNCTION pg_temp.public_slugs(status text) RETURNS text[] LANGUAGE sql AS $$
  SELECT COALESCE(array_agg(d.doc::json ->> 'slug'), '{}') FROM careforall.campaign_documents(ARRAY(
    SELECT f.id FROM careforall.campaign_search(NULL, status, 'archiving', NULL, 'newest', NULL, NULL, 9) f)) d
$$;
CREATE FUNCTION pg_temp.managed_slugs(account uuid, is_admin boolean, status text) RETURNS text[] LANGUAGE sql AS $$
  SELECT COALESCE(array_agg(m.doc ->> 'slug'), '{}')
  FROM careforall.managed_campaigns(account, is_admin, NULL, status, 'archiving', NULL, 'newest', NULL, NULL, 9) m
$$;

-- Not before it is closed.
SELECT is(pg_temp.detail($$SELECT careforall.campaign_archive('well', 'too early')$$),
  'PL002 {"state": "draft", "allowed": ["publish"]} This is for campaigns that are closed and not archived yet.', 'a draft stays');
SELECT careforall.campaign_publish('well', 'for a test') \g /dev/null
SELECT pg_temp.new_pledge(:'well', 2500) AS pledge \gset
SELECT throws_ok($$SELECT careforall.campaign_archive('well', 'too early')$$, 'PL002', 'cannot archive campaign "well": it is active', 'an active one stays');
SELECT careforall.campaign_pause('well', 'for a test') \g /dev/null
SELECT throws_ok(format($$SELECT careforall.campaign_transition(%L, 'well', 'archive', 'too early')$$, :'owner'), 'PL002', NULL, 'a paused one stays, by the API too');
SELECT throws_ok($$UPDATE careforall.campaigns SET archived_at = careforall.clock() WHERE slug = 'well'$$, '23514', NULL, 'not by hand either');
SELECT careforall.campaign_close('well', 'for a test') \g /dev/null
SELECT throws_ok($$SELECT careforall.campaign_unarchive('well', 'never was')$$, 'PL002', 'cannot unarchive campaign "well": it is closed', 'what is not archived cannot come back');
SELECT throws_ok($$SELECT careforall.campaign_archive('well', ' ')$$, '22023', NULL, 'a reason is needed');
SELECT throws_ok($$SELECT careforall.campaign_archive('nowhere', 'to see')$$, 'PL005', NULL, 'the campaign must exist');
SELECT is(pg_temp.public_slugs('closed'), '{well}', 'a closed one is in the public list');

-- Archived.
SELECT version AS before FROM careforall.campaigns WHERE id = :'well' \gset
SELECT results_eq($$SELECT state, version, result FROM careforall.campaign_archive('well', 'the water runs')$$,
  format($$VALUES ('closed', %s::bigint, 'done')$$, :before + 1), 'archived: closed still, one version further');
SELECT is(pg_temp.public_slugs(NULL) || pg_temp.public_slugs('closed'), '{}', 'out of the public lists');
SELECT is_empty($$SELECT l.doc FROM careforall.campaign_list(NULL, NULL, 100) l WHERE l.doc::json ->> 'slug' = 'well'$$, 'out of the list without filters');
SELECT is_empty($$SELECT slug FROM careforall.campaign_addresses(5000) WHERE slug = 'well'$$, 'out of the map of the site');
SELECT is(careforall.campaign_count(NULL, NULL, 'archiving', NULL, 'newest'), 0::bigint, 'not counted');
SELECT is(pg_temp.managed_slugs(account, is_admin, status), slugs::text[], who)
FROM (VALUES (:'owner'::uuid, false, NULL, '{}', 'out of the owner''s list'), (:'owner', false, 'closed', '{}', 'also of the closed ones'),
  (:'owner', false, 'archived', '{well}', 'unless they ask for it'), (:'admin', true, NULL, '{}', 'out of the administrators'' list'),
  (:'admin', true, 'archived', '{well}', 'unless they ask for it')) t (account, is_admin, status, slugs, who);
SELECT is(careforall.managed_campaigns_count(:'admin', true, NULL, 'archived', 'archiving', NULL, 'newest'), 1::bigint, 'counted with the filter');
SELECT isnt(careforall.campaign_public(:'well')::jsonb ->> 'archived_at', NULL, 'its document tells it');
SELECT is((SELECT f.id FROM careforall.campaign_find('well') f), :'well'::uuid, 'found by its address');
SELECT is((SELECT o.data #>> '{campaign,archived_at}' FROM careforall.outbox o WHERE o.campaign_id = :'well' ORDER BY o.id DESC LIMIT 1),
  careforall.campaign_public(:'well')::jsonb ->> 'archived_at', 'so does the event');
SELECT is((SELECT array_agg(d.key ORDER BY d.key) FROM json_each((SELECT o.data -> 'campaign' FROM careforall.outbox o WHERE o.campaign_id = :'well' ORDER BY o.id DESC LIMIT 1)) d),
  (SELECT array_agg(d.key ORDER BY d.key) FROM careforall.campaigns c, json_each(careforall.projector_document(c)) d WHERE c.id = :'well'), 'event and snapshot have the same members');
SELECT is((SELECT doc -> 'actions' FROM careforall.campaign_manage(:'owner', 'well'))::jsonb, '["unarchive"]', 'the only way is back');
SELECT throws_ok($$SELECT careforall.campaign_archive('well', 'again')$$, 'PL002', 'cannot archive campaign "well": it is archived', 'once');
SELECT throws_ok($$SELECT careforall.campaign_resume('well', 'again')$$, 'PL002', NULL, 'it cannot be opened');
SELECT is((SELECT outcome FROM careforall.pledge_create(:'well', 1000, 'EUR', 'A', 'a@example.org')), 'campaign_closed', 'no new pledge');
SELECT pg_temp.pay(:'pledge') \g /dev/null
SELECT is(careforall.pledge_public(:'pledge')::jsonb ->> 'state', 'confirmed', 'a payment that was on its way still arrives');
SELECT lives_ok(format($$SELECT careforall.campaign_edit(%L, 'well', '*', '{"summary": "Thank you all"}')$$, :'owner'), 'its words may change');
SELECT isnt((SELECT archived_at FROM careforall.campaigns WHERE id = :'well'), NULL, 'and it stays where it is');
SELECT careforall.campaign_copy('well', 'Next well', 'one more') AS next \gset
SELECT results_eq(format($$SELECT state, archived_at FROM careforall.campaigns WHERE id = %L$$, :'next'), $$VALUES ('draft', NULL::timestamptz)$$, 'a copy of it is a usual draft');

-- And back, by the API.
SELECT is((SELECT doc ->> 'archived_at' FROM careforall.campaign_transition(:'owner', 'well', 'unarchive', 'people look for it')), NULL, 'unarchived');
SELECT is(pg_temp.public_slugs('closed'), '{well}', 'in the list again');
SELECT is((SELECT doc -> 'actions' FROM careforall.campaign_manage(:'owner', 'well'))::jsonb, '["archive"]', 'and may go again');
SELECT results_eq(format($$SELECT action, reason FROM careforall.audit_log WHERE target_id = %L AND action LIKE '%%archive' ORDER BY id$$, :'well'),
  $$VALUES ('campaign.archive', 'the water runs'), ('campaign.unarchive', 'people look for it')$$, 'both are in the audit log');
SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT finish();
ROLLBACK;

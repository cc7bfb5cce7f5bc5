-- SPDX-License-Identifier: Apache-2.0
-- Goal: a copy of a campaign has its rewards, pools and image, and nothing else that was
-- not asked for; who does not own the original gets none. Method: by the API's function as
-- owner, administrator, editor and strangers, and by hand; what is there afterwards.
\ir setup.psql
SELECT no_plan();
SELECT careforall.clock_reset() \g /dev/null

CREATE FUNCTION pg_temp.new_account(email text, role text DEFAULT 'donor') RETURNS uuid LANGUAGE sql AS $$
  INSERT INTO careforall.accounts (email, name, role, password_hash)
  VALUES (email, 'Name of ' || email, role, '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA') RETURNING id
$$;
-- What makes a copy of a campaign, with some members different.
CREATE FUNCTION pg_temp.copying(copy_of text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('title', 'Wells (copy)', 'category', 'health', 'currency', 'EUR',
    'goal', '{"amount": 700, "currency": "EUR"}'::jsonb, 'copy_of', copy_of) || more
$$;
CREATE FUNCTION pg_temp.errors(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
  EXECUTE statement;
  RETURN 'none';
EXCEPTION WHEN SQLSTATE 'PL013' THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RETURN (SELECT string_agg(e ->> 'pointer' || ' ' || (e ->> 'code'), ', ')
          FROM jsonb_array_elements(detail::jsonb -> 'errors') e);
END
$$;
-- Rewards by position, each with the name of its pool.
CREATE FUNCTION pg_temp.parts(campaign uuid) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' | ',
    (SELECT string_agg(concat_ws(',', l.name, l.capacity), ' ' ORDER BY l.id)
     FROM careforall.pools l WHERE l.campaign_id = $1),
    (SELECT string_agg(concat_ws(',', r.title, r.description, r.min_amount_minor, r.quantity, r.position, l.name), ' ' ORDER BY r.position, r.id)
     FROM careforall.rewards r LEFT JOIN careforall.pools l ON l.id = r.pool_id WHERE r.campaign_id = $1))
$$;

SELECT pg_temp.new_account('owner@example.org', 'owner') AS owner, pg_temp.new_account('editor@example.org', 'owner') AS editor,
  pg_temp.new_account('admin@example.org', 'admin') AS admin, pg_temp.new_account('stranger@example.org', 'owner') AS stranger,
  pg_temp.new_account('donor@example.org') AS donor \gset

SELECT doc ->> 'id' AS c FROM careforall.campaign_make(:'owner', '{"title": "Wells", "category": "health", "currency": "EUR",
  "goal": {"amount": 500000, "currency": "EUR"}, "cap": {"amount": 600000, "currency": "EUR"}, "story": "Old", "image_alt": "A well"}') \gset
SELECT careforall.campaign_image_set(:'owner', :'c', '*', false, 'image/png', 1, 1, 'x') \g /dev/null
SELECT doc ->> 'id' AS pool FROM careforall.pool_add(:'owner', :'c', '{"name": "Seats", "capacity": 5}') \gset
SELECT careforall.pool_add(:'owner', :'c', '{"name": "Spare"}') \g /dev/null
SELECT doc ->> 'id' AS gone FROM careforall.reward_add(:'owner', :'c', '{"title": "Gone", "min_amount": {"amount": 1, "currency": "EUR"}}') \gset
SELECT doc ->> 'id' AS seat FROM careforall.reward_add(:'owner', :'c', format('{"title": "Seat", "description": "In front.",
  "min_amount": {"amount": 1000, "currency": "EUR"}, "quantity": 3, "position": 7, "pool_id": "%s"}', :'pool')::jsonb) \gset
SELECT careforall.reward_add(:'owner', :'c', '{"title": "Card", "min_amount": {"amount": 500, "currency": "EUR"}, "position": 2}') \g /dev/null
SELECT careforall.reward_archive(:'owner', :'c', :'gone', '*') \g /dev/null
SELECT careforall.team_add(:'owner', :'c', 'editor@example.org', 'editor') \g /dev/null
SELECT 'Seats,5 Spare | Card,,500,2 Seat,In front.,1000,3,7,Seats' AS parts \gset
SELECT count(*) AS campaigns FROM careforall.campaigns \gset

-- Who may: a draft of somebody else is not even there.
SELECT is(pg_temp.errors(format($$SELECT careforall.campaign_make(%L, pg_temp.copying(%L))$$, id, what)), '/copy_of unknown_campaign', who)
FROM (VALUES ('a draft of somebody else', :'stranger', :'c'), ('no such slug', :'owner', 'nowhere'),
  ('no such id', :'admin', '00000000-0000-7000-8000-000000000000')) t (who, id, what);
SELECT throws_ok(format($$SELECT careforall.campaign_make(%L, pg_temp.copying(%L))$$, id, :'c'), 'PL010', NULL, who)
FROM (VALUES ('an editor may not', :'editor'), ('nor a donor', :'donor')) t (who, id);
SELECT careforall.campaign_transition(:'owner', :'c', 'publish', 'for a test') \g /dev/null
SELECT careforall.update_add(:'owner', :'c', '{"title": "T", "body": "B"}') \g /dev/null
SELECT throws_ok(format($$SELECT careforall.campaign_make(%L, pg_temp.copying(%L))$$, :'stranger', :'c'), 'PL010', NULL, 'nor whoever only sees it in public');
SELECT is(pg_temp.errors(format($$SELECT careforall.campaign_make(%L, pg_temp.copying(%L, '{"currency": "USD", "goal": {"amount": 1, "currency": "USD"}}'))$$, :'owner', :'c')),
  '/currency currency_mismatch', 'rewards have the currency of the original');
SELECT is(pg_temp.errors(format($$SELECT careforall.campaign_make(%L, pg_temp.copying(%L, '{"title": ""}'))$$, :'owner', :'c')),
  '/title length_out_of_range', 'all else is checked as ever');
SELECT is((SELECT count(*) FROM careforall.campaigns), :campaigns::bigint, 'what is refused leaves nothing behind');

-- What comes along.
SELECT pg_temp.new_pledge(:'c', 1000, reward => :'seat') \g /dev/null
SELECT doc ->> 'id' AS copy, etag, doc AS made FROM careforall.campaign_make(:'owner', pg_temp.copying(:'c')) \gset
SELECT results_eq(format($$SELECT slug, state, owner_id, goal_minor, cap_minor, story, image_alt FROM careforall.campaigns WHERE id = %L$$, :'copy'),
  format($$VALUES ('wells-copy', 'draft', %L::uuid, 700::bigint, NULL::bigint, '', 'A well')$$, :'owner'), 'a draft with the members that were given');
SELECT is((SELECT image_url FROM careforall.campaigns WHERE id = :'copy'), (SELECT image_url FROM careforall.campaigns WHERE id = :'c'), 'the image');
SELECT is(pg_temp.parts(:'copy'), :'parts', 'rewards that are offered, and pools, with their order and their places');
SELECT is(pg_temp.parts(:'c') LIKE '%Gone%' AND pg_temp.parts(:'c') LIKE '%Seat,In front.,1000,3,7,Seats%', true, 'the original stays as it is');
SELECT is((SELECT count(*) FROM careforall.rewards a JOIN careforall.rewards b USING (id) WHERE a.campaign_id <> b.campaign_id), 0::bigint, 'each part has an id of its own');
SELECT is((SELECT count(*) FROM careforall.limits() l JOIN careforall.rewards r ON r.id = l.id WHERE r.campaign_id = :'copy' AND l.used <> 0), 0::bigint, 'no place is taken');
SELECT is((SELECT count(*) FROM careforall.campaign_members WHERE campaign_id = :'copy')
  + (SELECT count(*) FROM careforall.campaign_updates WHERE campaign_id = :'copy')
  + (SELECT count(*) FROM careforall.pledges WHERE campaign_id = :'copy'), 0::bigint, 'no team, no news, no gift');
SELECT is(:'made'::jsonb -> 'rewards' -> 1 ->> 'title', 'Seat', 'the answer shows what was made');
SELECT is(:'etag'::text, (SELECT etag FROM careforall.campaign_manage(:'owner', :'copy')), 'with the tag of now');
SELECT results_eq(format($$SELECT detail ->> 'copy_of', detail ->> 'acts_for' FROM careforall.audit_log WHERE action = 'campaign.copy' AND target_id = %L$$, :'copy'),
  format($$VALUES (%L, 'account:' || %L)$$, :'c', :'owner'), 'the audit log says of what, and by whom');
SELECT is((SELECT doc ->> 'image_alt' FROM careforall.campaign_make(:'owner', pg_temp.copying('wells', '{"image_alt": "Another well"}'))), 'Another well', 'by its slug; what is given goes before');
SELECT is((SELECT doc ->> 'right' FROM careforall.campaign_make(:'admin', pg_temp.copying(:'c', '{"slug": "of-admin"}'))), 'own', 'an administrator copies any');
SELECT is((SELECT owner_id FROM careforall.campaigns WHERE slug = 'of-admin'), :'admin', 'and owns the copy');

-- By hand.
SELECT careforall.campaign_close('wells', 'for a test') \g /dev/null
SELECT careforall.campaign_copy('wells', 'Wells again', 'another dry year', ends_at => careforall.clock() + interval '1 day') AS again \gset
SELECT results_eq(format($$SELECT slug, state, title, owner_id, goal_minor, cap_minor, story, starts_at > (SELECT starts_at FROM careforall.campaigns WHERE slug = 'wells') FROM careforall.campaigns WHERE id = %L$$, :'again'),
  format($$VALUES ('wells-again', 'draft', 'Wells again', %L::uuid, 500000::bigint, 600000::bigint, 'Old', true)$$, :'owner'), 'by hand: all of it, but title and dates, also of a closed one');
SELECT is(pg_temp.parts(:'again'), :'parts', 'with the same parts');
SELECT throws_ok($$SELECT careforall.campaign_copy('wells', 'Wells again', 'twice')$$, '23505', NULL, 'a slug is taken once');
SELECT throws_ok($$SELECT careforall.campaign_copy('nowhere', 'X', 'no such campaign')$$, 'PL005', NULL, 'the original must exist');
SELECT throws_ok($$SELECT careforall.campaign_copy('wells', 'X', ' ')$$, '22023', NULL, 'a reason is required');

SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT finish();
ROLLBACK;

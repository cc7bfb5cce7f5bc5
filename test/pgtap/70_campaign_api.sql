-- SPDX-License-Identifier: Apache-2.0
-- Goal: the functions behind the API's campaigns check rights, revisions and values by
-- themselves. Method: each function as owner, editor, viewer, administrator and
-- stranger; each refusal; audit rows, versions, events and invariants after it.
\ir setup.psql
SELECT no_plan();
SELECT careforall.clock_reset() \g /dev/null

CREATE FUNCTION pg_temp.new_account(email text, role text DEFAULT 'donor') RETURNS uuid LANGUAGE sql AS $$
  INSERT INTO careforall.accounts (email, name, role, password_hash)
  VALUES (email, 'Name of ' || email, role, '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA') RETURNING id
$$;
CREATE FUNCTION pg_temp.etag(actor uuid, campaign text) RETURNS text LANGUAGE sql AS
$$ SELECT etag FROM careforall.campaign_manage(actor, campaign) $$;
-- The codes by pointer of what a statement is refused for.
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
CREATE FUNCTION pg_temp.detail(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; state text;
BEGIN
  EXECUTE statement;
  RETURN 'none';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, state = RETURNED_SQLSTATE;
  RETURN state || ' ' || detail;
END
$$;

SELECT pg_temp.new_account('owner@example.org', 'owner') AS owner, pg_temp.new_account('editor@example.org') AS editor,
  pg_temp.new_account('viewer@example.org') AS viewer, pg_temp.new_account('admin@example.org', 'admin') AS admin,
  pg_temp.new_account('stranger@example.org', 'owner') AS stranger, pg_temp.new_account('donor@example.org') AS donor \gset

-- Merge patch: the table of RFC 7396, appendix A, as far as objects go.
SELECT is(careforall.json_merge(target::jsonb, patch::jsonb), expected::jsonb, target || ' + ' || patch)
FROM (VALUES ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'), ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
  ('{"a":"b"}', '{"a":null}', '{}'), ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
  ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'), ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
  ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'), ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
  ('["a","b"]', '["c","d"]', '["c","d"]'), ('{"a":"b"}', '["c"]', '["c"]'), ('{"a":"foo"}', 'null', 'null'),
  ('{"a":"foo"}', '"bar"', '"bar"'), ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'), ('[1,2]', '{"a":"b","c":null}', '{"a":"b"}'),
  ('{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}')) t (target, patch, expected);

-- Slugs of titles.
SELECT is(careforall.slug_of(title), slug, title)
FROM (VALUES ('Clean water for 3 villages!', 'clean-water-for-3-villages'), ('Ärzte über Grenzen', 'arzte-uber-grenzen'),
  ('  --  ', 'campaign'), ('日本', 'campaign'), ('Don''t stop', 'dont-stop'), ('Crème Brûlée', 'creme-brulee'),
  (repeat('ab-', 60), btrim(left(repeat('ab-', 60), 70), '-'))) t (title, slug);

-- Making.
SELECT doc ->> 'id' AS c, etag, location FROM careforall.campaign_make(:'owner',
  '{"title": "Clean Water", "category": "health", "currency": "EUR", "goal": {"amount": 500000, "currency": "EUR"}}') \gset
SELECT is(:'location'::text, '/api/v1/campaigns/' || :'c' || '/manage', 'the place of the new campaign');
SELECT results_eq(format($$SELECT slug, state, owner_id, owner_name, min_pledge_minor, version FROM careforall.campaigns WHERE id = %L$$, :'c'),
  format($$VALUES ('clean-water', 'draft', %L::uuid, 'Name of owner@example.org', 100::bigint, 1::bigint)$$, :'owner'), 'a draft of the owner');
SELECT is((SELECT doc ->> 'slug' FROM careforall.campaign_make(:'owner',
  '{"title": "Clean Water", "category": "health", "currency": "EUR", "goal": {"amount": 1, "currency": "EUR"}}')),
  'clean-water-2', 'a second one of the title gets a number');
SELECT throws_ok(format($$SELECT careforall.campaign_make(%L, '{"slug": "clean-water", "title": "C", "category": "health", "currency": "EUR", "goal": {"amount": 1, "currency": "EUR"}}')$$, :'owner'),
  'PL020', NULL, 'a slug that was asked for is taken or not');
SELECT throws_ok(format($$SELECT careforall.campaign_make(%L, '{}')$$, :'donor'), 'PL010', NULL, 'a donor makes no campaign');
SELECT is(pg_temp.errors(format($$SELECT careforall.campaign_make(%L, '{"currency": "XQX"}')$$, :'owner')), '/currency unknown_currency', 'an unknown currency');
SELECT is((SELECT array_agg(n) FROM generate_series(1, 65535) n WHERE n NOT BETWEEN 55296 AND 57343
  AND careforall.json_text_check(jsonb_build_object('t', chr(n)), '/t', 1, 9, true) @> '[{"code": "blank"}]'),
  '{9,10,13,32,160,173,847,1564,4447,4448,5760,6155,6156,6157,6158,6159}'::int[] || (SELECT array_agg(n) FROM generate_series(8192, 8207) n)
  || (SELECT array_agg(n) FROM generate_series(8232, 8239) n) || (SELECT array_agg(n) FROM generate_series(8287, 8303) n)
  || '{10240,12288,12644}'::int[] || (SELECT array_agg(n) FROM generate_series(65024, 65039) n) || '{65279,65440}'::int[], 'characters that show nothing');
SELECT is(pg_temp.errors(format($$SELECT careforall.campaign_make(%L, '{"currency": "EUR"}')$$, :'owner')),
  '/title text_required, /goal money_required, /slug invalid_slug, /category invalid_category', 'what is missing');
SELECT is(pg_temp.errors(format($$SELECT careforall.campaign_make(%L, %L)$$, :'owner',
  '{"title": " ", "slug": "0199c0de-0000-7000-8000-000000000001", "category": "Health", "currency": "EUR", "summary": "a\nb",
    "goal": {"amount": 0, "currency": "USD"}, "cap": {"amount": 1.5, "currency": "EUR"}, "max_pledge": 5,
    "starts_at": "2030-02-30T00:00:00Z", "ends_at": "soon", "owner": {"name": "", "x": 1}, "refund_releases": 1}')),
  '/title blank, /summary control_character, /owner/name length_out_of_range, /goal/amount out_of_range, /goal/currency currency_mismatch, '
  '/cap/amount out_of_range, /max_pledge money_required, /starts_at invalid_time, /ends_at invalid_time, /slug invalid_slug, '
  '/category invalid_category, /owner unknown_member, /refund_releases boolean_required', 'every member is checked');
SELECT is(pg_temp.errors(format($$SELECT careforall.campaign_make(%L, %L)$$, :'owner',
  '{"title": "T", "category": "health", "currency": "EUR", "goal": {"amount": 1, "currency": "EUR"}, "min_pledge": {"amount": 200, "currency": "EUR"},
    "max_pledge": {"amount": 199, "currency": "EUR"}, "starts_at": "2030-01-02T00:00:00Z", "ends_at": "2030-01-02T00:00:00Z"}')),
  '/max_pledge below_min_pledge, /ends_at before_start', 'members are checked against each other');

-- Rights: the team.
SELECT careforall.team_add(:'owner', :'c', 'EDITOR@example.org', 'editor'), careforall.team_add(:'owner', 'clean-water', 'viewer@example.org', 'viewer') \g /dev/null
SELECT is(pg_temp.errors(format($$SELECT careforall.team_add(%L, %L, 'nobody@example.org', 'viewer')$$, :'owner', :'c')), '/email unknown_account', 'who is not there cannot be added');
SELECT throws_ok(format($$SELECT careforall.team_add(%L, %L, 'editor@example.org', 'viewer')$$, :'owner', :'c'), 'PL006', NULL, 'nobody is added twice');
SELECT throws_ok(format($$SELECT careforall.team_add(%L, %L, 'owner@example.org', 'viewer')$$, :'owner', :'c'), 'PL006', NULL, 'the owner is not added');
SELECT throws_ok(format($$SELECT careforall.%s$$, call), code, NULL, who || ': ' || call)
FROM (VALUES ('editor', :'editor', 'PL010'), ('viewer', :'viewer', 'PL010'), ('stranger', :'stranger', 'PL005')) a (who, id, code),
  LATERAL (VALUES (format('team_list(%L, %L)', id, :'c')), (format('team_add(%L, %L, ''donor@example.org'', ''viewer'')', id, :'c')),
    (format('campaign_transition(%L, %L, ''publish'', ''because'')', id, :'c')),
    (format('team_put(%L, %L, %L, ''*'', ''viewer'')', id, :'c', :'admin')), (format('team_remove(%L, %L, %L, ''*'')', id, :'c', :'admin'))) f (call);
SELECT throws_ok(format($$SELECT careforall.%s$$, call), code, NULL, who || ': ' || call)
FROM (VALUES ('viewer', :'viewer', 'PL010'), ('stranger', :'stranger', 'PL005')) a (who, id, code),
  LATERAL (VALUES (format('campaign_edit(%L, %L, ''*'', ''{"title": "X"}'')', id, :'c')), (format('reward_add(%L, %L, ''{}'')', id, :'c')),
    (format('pool_add(%L, %L, ''{}'')', id, :'c')), (format('reward_edit(%L, %L, %L, ''*'', ''{}'')', id, :'c', :'c')),
    (format('pool_edit(%L, %L, %L, ''*'', ''{}'')', id, :'c', :'c')), (format('reward_archive(%L, %L, %L, ''*'')', id, :'c', :'c')),
    (format('update_add(%L, %L, ''{"title": "T", "body": "B"}'')', id, :'c')), (format('campaign_image_remove(%L, %L, ''*'')', id, :'c')),
    (format('campaign_image_set(%L, %L, ''*'', false, ''image/png'', 1, 1, ''x'')', id, :'c'))) f (call);
SELECT throws_ok(format($$SELECT careforall.campaign_manage(%L, %L)$$, :'stranger', :'c'), 'PL005', NULL, 'a draft is hidden from strangers');
SELECT throws_ok(format($$SELECT careforall.campaign_manage(%L, 'nowhere')$$, :'owner'), 'PL005', NULL, 'like one that does not exist');
SELECT is((SELECT doc ->> 'right' FROM careforall.campaign_manage(id::uuid, :'c')), "right", 'right: ' || "right")
FROM (VALUES (:'owner', 'own'), (:'admin', 'own'), (:'editor', 'edit'), (:'viewer', 'view')) t (id, "right");
CREATE FUNCTION pg_temp.managed(actor text, is_admin boolean DEFAULT false, q text DEFAULT NULL, status text DEFAULT NULL, sort text DEFAULT 'newest')
RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', careforall.managed_campaigns_count(actor::uuid, is_admin, q, status, NULL, NULL, sort),
    (SELECT string_agg(concat_ws(':', m.doc ->> 'slug', m.doc ->> 'role', m.doc ->> 'right'), ' ' ORDER BY m.doc ->> 'slug')
     FROM careforall.managed_campaigns(actor::uuid, is_admin, q, status, NULL, NULL, sort, NULL, NULL, 9) m))
$$;
SELECT is(pg_temp.managed(:'editor'), '1 clean-water:editor:edit', 'the campaigns of an editor');
SELECT is(pg_temp.managed(:'viewer'), '1 clean-water:viewer:view', 'of a viewer');
SELECT is(pg_temp.managed(:'owner'), '2 clean-water:owner:own clean-water-2:owner:own', 'and of the owner');
SELECT is(pg_temp.managed(:'stranger'), '0', 'a stranger has none');
SELECT is(pg_temp.managed(:'admin'), '0', 'nor has an administrator');
SELECT is(pg_temp.managed(:'admin', true, 'clean-water'), '1 clean-water:own', 'who sees all, without a role, when asking for all');
SELECT throws_ok(format('SELECT careforall.managed_campaigns(%L, true, NULL, NULL, NULL, NULL, %L, NULL, NULL, 9)', id, 'newest'), 'PL010', NULL, 'only administrators may ask for all')
FROM (VALUES (:'owner'), (:'viewer'), (:'donor')) t (id);
SELECT throws_ok(format('SELECT careforall.managed_campaigns_count(%L, true, NULL, NULL, NULL, NULL, %L)', id, 'newest'), 'PL010', NULL, 'nor count all')
FROM (VALUES (:'owner'), (:'viewer'), (:'donor')) t (id);
SELECT is(pg_temp.managed(:'owner', q => 'EAN wat'), '2 clean-water:owner:own clean-water-2:owner:own', 'by a part of the title');
SELECT is(pg_temp.managed(:'owner', q => 'clean-water-2'), '1 clean-water-2:owner:own', 'by the slug');
SELECT is(pg_temp.managed(:'owner', q => '%'), '0', 'a pattern is no pattern');
SELECT is(pg_temp.managed(:'owner', status => 'draft', sort => s), '2 clean-water:owner:own clean-water-2:owner:own', 'drafts by ' || s)
FROM unnest('{newest,ending_soon,most_funded}'::text[]) s;
SELECT is(pg_temp.managed(:'owner', status => 'active'), '0', 'none is active');
SELECT is((SELECT array_agg(m.id) FROM careforall.managed_campaigns(:'owner', false, NULL, NULL, NULL, NULL, s, f.key, f.id, 9) m),
  (SELECT array_agg(m.id) FROM careforall.managed_campaigns(:'owner', false, NULL, NULL, NULL, NULL, s, NULL, NULL, 9) m WHERE m.id <> f.id), 'the second page by ' || s)
FROM unnest('{newest,ending_soon,most_funded}'::text[]) s,
  LATERAL careforall.managed_campaigns(:'owner', false, NULL, NULL, NULL, NULL, s, NULL, NULL, 1) f;
SELECT etag AS member FROM careforall.team_find(:'owner', :'c', :'editor') \gset
SELECT throws_ok(format($$SELECT careforall.team_put(%L, %L, %L, '"stale"', 'viewer')$$, :'owner', :'c', :'editor'), 'PL012', NULL, 'a stale tag of a member');
SELECT is((SELECT doc ->> 'role' FROM careforall.team_put(:'owner', :'c', :'editor', :'member', 'viewer')), 'viewer', 'the right tag');
SELECT throws_ok(format($$SELECT careforall.team_put(%L, %L, %L, %L, 'editor')$$, :'owner', :'c', :'editor', :'member'), 'PL012', NULL, 'serves once');
SELECT careforall.team_put(:'owner', :'c', :'editor', '*', 'editor') \g /dev/null
SELECT lives_ok(format($$SELECT careforall.team_find(%L, %L, %1$L)$$, :'viewer', :'c'), 'a member sees itself');
SELECT lives_ok(format($$SELECT careforall.team_remove(%L, %L, %1$L, '*')$$, :'viewer', :'c'), 'and may leave');
SELECT throws_ok(format($$SELECT careforall.campaign_manage(%L, %L)$$, :'viewer', :'c'), 'PL005', NULL, 'then it sees nothing');
SELECT careforall.team_add(:'owner', :'c', 'viewer@example.org', 'viewer') \g /dev/null

-- Edits and revisions.
SELECT pg_temp.etag(:'owner', :'c') AS tag \gset
SELECT is(:'tag'::text, '"1-own"', 'the tag says revision and right');
SELECT throws_ok(format($$SELECT careforall.campaign_edit(%L, %L, %L, '{"title": "X"}')$$, :'owner', :'c', bad), 'PL012', NULL, 'If-Match ' || COALESCE(bad, 'NULL'))
FROM unnest(ARRAY[NULL, '', '"2-own"', 'W/"1-own"', '"11-own"', '1-own', '"1-own', '"0-own", W/"1-x"', '"-1"', '* , "1-own"']) bad;
SELECT etag AS tag FROM careforall.campaign_edit(:'editor', :'c', '"9-x", "1-own"', '{"summary": "Wells", "cap": {"amount": 900000, "currency": "EUR"}}') \gset
SELECT is(:'tag'::text, '"2-edit"', 'one of several fits, and the revision is a new one');
SELECT throws_ok(format($$SELECT careforall.campaign_edit(%L, %L, '"1-own"', '{"title": "X"}')$$, :'owner', :'c'), 'PL012', NULL, 'the old tag does not');
SELECT lives_ok(format($$SELECT careforall.campaign_edit(%L, %L, '"2-90210-1"', '{"cap": {"amount": 800000}}')$$, :'owner', :'c'), 'a tag of the public document fits by its revision; money is merged');
SELECT is((SELECT cap_minor FROM careforall.campaigns WHERE id = :'c'), 800000::bigint, 'the cap');
SELECT is((SELECT etag FROM careforall.campaign_edit(:'owner', :'c', '*', '{"cap": {"amount": 800000}}')), '"3-own"', 'an edit that changes nothing makes no revision');
SELECT lives_ok(format($$SELECT careforall.campaign_edit(%L, %L, '*', '{"summary": null, "cap": null, "min_pledge": null}')$$, :'owner', :'c'), 'null removes');
SELECT results_eq(format($$SELECT summary, cap_minor, min_pledge_minor FROM careforall.campaigns WHERE id = %L$$, :'c'), $$VALUES ('', NULL::bigint, 100::bigint)$$, 'and leaves the default');
SELECT is(pg_temp.errors(format($$SELECT careforall.campaign_edit(%L, %L, '*', '{"title": null, "goal": null, "goal": {"currency": "USD"}}')$$, :'owner', :'c')),
  '/title text_required, /goal/currency currency_mismatch', 'what a campaign needs cannot be removed');
SELECT throws_ok(format($$SELECT careforall.campaign_edit(%L, %L, '*', '{"slug": "clean-water-2"}')$$, :'owner', :'c'), 'PL020', NULL, 'a slug that is taken');
SELECT is((SELECT count(*) FROM careforall.audit_log WHERE action = 'campaign.edit' AND target_id = :'c'), 3::bigint, 'each edit has an audit row');
SELECT is((SELECT detail FROM careforall.audit_log WHERE action = 'campaign.edit' AND target_id = :'c' ORDER BY id LIMIT 1),
  jsonb_build_object('acts_for', 'account:' || :'editor', 'cap', '[null, {"amount": 900000, "currency": "EUR"}]'::jsonb, 'summary', '["", "Wells"]'::jsonb), 'who and what');

-- Rewards and pools.
SELECT doc ->> 'id' AS pool FROM careforall.pool_add(:'editor', :'c', '{"name": "Seats", "capacity": 4}') \gset
SELECT doc ->> 'id' AS seat, location AS seat_location FROM careforall.reward_add(:'editor', :'c',
  format('{"title": "Seat", "min_amount": {"amount": 1000, "currency": "EUR"}, "quantity": 3, "pool_id": "%s"}', :'pool')::jsonb) \gset
SELECT is(:'seat_location'::text, '/api/v1/campaigns/' || :'c' || '/rewards/' || :'seat', 'the place of a reward');
SELECT doc ->> 'id' AS card FROM careforall.reward_add(:'owner', :'c', '{"title": "Card", "min_amount": {"amount": 500, "currency": "EUR"}}') \gset
SELECT is(pg_temp.errors(format($$SELECT careforall.reward_add(%L, %L, %L)$$, :'owner', :'c',
  '{"title": "", "min_amount": {"amount": 0, "currency": "USD"}, "quantity": -1, "position": 1001, "pool_id": "x", "description": 1}')),
  '/title length_out_of_range, /description text_required, /min_amount/amount out_of_range, /min_amount/currency currency_mismatch, '
  '/quantity out_of_range, /position out_of_range, /pool_id invalid_id', 'a reward is checked');
SELECT is(pg_temp.errors(format($$SELECT careforall.reward_add(%L, %L, %L)$$, :'owner', :'c',
  '{"title": "A", "min_amount": {"amount": 1, "currency": "EUR"}, "pool_id": "0199c0de-0000-7000-8000-000000000001"}')), '/pool_id unknown_pool', 'its pool must exist');
SELECT is((SELECT string_agg(r ->> 'title', ', ') FROM careforall.campaign_manage(:'owner', :'c'), json_array_elements(doc -> 'rewards') r), 'Seat, Card', 'in the order made');
SELECT careforall.reward_edit(:'owner', :'c', :'card', pg_temp.etag(:'owner', :'c'), '{"position": 0, "title": "Postcard"}') \g /dev/null
SELECT is((SELECT string_agg(r ->> 'title', ', ') FROM careforall.campaign_manage(:'owner', :'c'), json_array_elements(doc -> 'rewards') r), 'Postcard, Seat', 'in the order wanted');
SELECT throws_ok(format($$SELECT careforall.reward_edit(%L, %L, %L, '"1"', '{"title": "X"}')$$, :'owner', :'c', :'card'), 'PL012', NULL, 'a stale revision');
SELECT throws_ok(format($$SELECT careforall.reward_edit(%L, %L, %L, '*', '{"title": "X"}')$$, :'owner', :'c', :'pool'), 'PL005', NULL, 'an unknown reward');
SELECT throws_ok(format($$SELECT careforall.pool_edit(%L, %L, %L, '*', '{"name": "X"}')$$, :'owner', :'c', :'card'), 'PL005', NULL, 'an unknown pool');

-- The life cycle.
SELECT is(pg_temp.detail(format($$SELECT careforall.campaign_transition(%L, %L, 'close', 'too early')$$, :'owner', :'c')), 'PL002 {"state": "draft", "allowed": ["publish"]}', 'what a draft allows');
SELECT is(pg_temp.errors(format($$SELECT careforall.campaign_transition(%L, %L, 'publish', '  ')$$, :'owner', :'c')), '/reason length_out_of_range', 'a reason is needed');
SELECT is((SELECT doc ->> 'state' FROM careforall.campaign_transition(:'owner', :'c', 'publish', 'ready')), 'active', 'publish');
SELECT is(pg_temp.detail(format($$SELECT careforall.campaign_transition(%L, %L, 'resume', 'why not')$$, :'owner', :'c')), 'PL002 {"state": "active", "allowed": ["close", "pause"]}', 'what an active one allows');
SELECT is(pg_temp.errors(format($$SELECT careforall.campaign_edit(%L, %L, '*', '{"slug": "other", "refund_releases": false, "title": "Water"}')$$, :'owner', :'c')),
  '/refund_releases fixed, /slug fixed', 'published: the slug stays');
SELECT throws_ok(format($$SELECT careforall.campaign_manage(%L, %L)$$, :'stranger', :'c'), 'PL010', NULL, 'published: a stranger may know it, not manage it');
SELECT is((SELECT detail ->> 'acts_for' FROM careforall.audit_log WHERE action = 'campaign.publish' AND target_id = :'c'), 'account:' || :'owner', 'who published');

-- Limits in use.
SELECT pg_temp.new_pledge(:'c', 30000, reward => :'seat') AS pledge, pg_temp.new_pledge(:'c', 2000, reward => :'seat') AS other \gset
SELECT is((SELECT version FROM careforall.campaigns WHERE id = :'c'), (SELECT split_part(btrim(pg_temp.etag(:'owner', :'c'), '"'), '-', 1)::bigint), 'a pledge makes no revision');
SELECT is(pg_temp.detail(format($$SELECT careforall.campaign_edit(%L, %L, '*', '{"cap": {"amount": 31999, "currency": "EUR"}}')$$, :'owner', :'c')),
  format('PL007 {"id": "%s", "used": 32000, "limit": "campaign_cap"}', :'c'), 'a cap below use');
SELECT is(pg_temp.detail(format($$SELECT careforall.reward_edit(%L, %L, %L, '*', '{"quantity": 1}')$$, :'owner', :'c', :'seat')), format('PL007 {"id": "%s", "used": 2, "limit": "reward"}', :'seat'), 'a quantity below use');
SELECT is(pg_temp.detail(format($$SELECT careforall.pool_edit(%L, %L, %L, '*', '{"capacity": 1}')$$, :'owner', :'c', :'pool')), format('PL007 {"id": "%s", "used": 2, "limit": "pool"}', :'pool'), 'a pool below use');
SELECT is(pg_temp.detail(format($$SELECT careforall.reward_archive(%L, %L, %L, '*')$$, :'owner', :'c', :'seat')), format('PL007 {"id": "%s", "used": 2, "limit": "reward"}', :'seat'), 'a reward in use cannot be removed');
SELECT lives_ok(format($$SELECT careforall.pool_edit(%L, %L, %L, '*', '{"capacity": 2, "name": "Two seats"}')$$, :'owner', :'c', :'pool'), 'a pool may be what is used');
SELECT is((SELECT outcome FROM careforall.pledge_create(:'c', 1000, 'EUR', 'A', 'a@example.org', :'seat')), 'limit_reached', 'then nobody else sits');
SELECT lives_ok(format($$SELECT careforall.reward_archive(%L, %L, %L, %L)$$, :'editor', :'c', :'card', pg_temp.etag(:'owner', :'c')), 'a reward without pledges is removed');
SELECT is((SELECT string_agg(r ->> 'title', ', ') FROM careforall.campaign_find('clean-water') f, json_array_elements(f.doc::json -> 'rewards') r), 'Seat', 'and shown no more');
SELECT is((SELECT outcome FROM careforall.pledge_create(:'c', 1000, 'EUR', 'A', 'a@example.org', :'card')), 'limit_reached', 'nor pledged for');
SELECT throws_ok(format($$SELECT careforall.reward_edit(%L, %L, %L, '*', '{"title": "X"}')$$, :'owner', :'c', :'card'), 'PL005', NULL, 'nor edited');
SELECT throws_ok(format($$UPDATE careforall.rewards SET quantity = 1 WHERE id = %L$$, :'card'), '23514', NULL, 'it has no places for ever');

-- Images.
SELECT url AS url1 FROM (SELECT doc ->> 'url' AS url, is_created FROM careforall.campaign_image_set(:'editor', :'c', NULL, true, 'image/png', 2, 3, 'first')) s WHERE is_created \gset
SELECT is(:'url1'::text, '/api/v1/images/' || encode(sha256('first'), 'hex') || '.png', 'an image is named by its hash');
SELECT throws_ok(format($$SELECT careforall.campaign_image_set(%L, %L, NULL, true, 'image/png', 2, 3, 'second')$$, :'owner', :'c'), 'PL012', NULL, 'only if there is none');
SELECT throws_ok(format($$SELECT careforall.campaign_image_set(%L, %L, '"1"', false, 'image/png', 2, 3, 'second')$$, :'owner', :'c'), 'PL012', NULL, 'or only if nothing changed');
SELECT results_eq(format($$SELECT is_created, doc ->> 'media_type' FROM careforall.campaign_image_set(%L, %L, %L, false, 'image/webp', 2, 3, 'second')$$, :'owner', :'c', pg_temp.etag(:'owner', :'c')), $$VALUES (false, 'image/webp')$$, 'another image');
SELECT is((SELECT convert_from(bytes, 'UTF8') FROM careforall.image_find(encode(sha256('second'), 'hex') || '.webp')), 'second', 'its bytes');
SELECT is_empty(format($$SELECT careforall.image_find(%L)$$, encode(sha256('second'), 'hex') || '.png'), 'not by another name');
SELECT is((SELECT data #>> '{campaign,image,url}' FROM careforall.outbox WHERE campaign_id = :'c' AND aggregate_type = 'campaign' ORDER BY id DESC LIMIT 1),
  '/api/v1/images/' || encode(sha256('second'), 'hex') || '.webp', 'the event tells it');
SELECT careforall.clock_set(clock_timestamp() + interval '25 hours') \g /dev/null
SELECT is((SELECT removed FROM careforall.purge() WHERE what = 'unused images'), 1::bigint, 'the first is purged after a day');
SELECT careforall.campaign_image_remove(:'owner', :'c', '*') \g /dev/null
SELECT throws_ok(format($$SELECT careforall.campaign_image_remove(%L, %L, '*')$$, :'owner', :'c'), 'PL005', NULL, 'there is none any more');
SELECT careforall.clock_reset() \g /dev/null

-- Updates.
SELECT doc ->> 'id' AS news, etag AS news_tag FROM careforall.update_add(:'editor', :'c', '{"title": "Dug", "body": "Ten metres.\nDry."}') \gset
SELECT doc ->> 'id' AS secret FROM careforall.update_add(:'owner', :'c', '{"title": "Water!", "body": "For you first.", "visibility": "backers"}') \gset
SELECT is(pg_temp.errors(format($$SELECT careforall.update_add(%L, %L, '{"title": "", "visibility": "all"}')$$, :'owner', :'c')),
  '/title length_out_of_range, /body text_required, /visibility invalid_choice', 'an update is checked');
SELECT is((SELECT count(*) FROM careforall.update_list(NULLIF(account, '')::uuid, NULLIF(pledge, '')::uuid, :'c', NULL, 9)), n::bigint, who)
FROM (VALUES ('', '', 1, 'the public reads one'), (:'viewer', '', 2, 'the team reads both'), (:'stranger', '', 1, 'an account that has not pledged'), ('', :'pledge', 1, 'a pending pledge')) t (account, pledge, n, who);
SELECT pg_temp.pay(:'pledge') \g /dev/null
SELECT is((SELECT count(*) FROM careforall.update_list(NULL, :'pledge', :'c', NULL, 9)), 2::bigint, 'a confirmed pledge reads both');
SELECT is((SELECT doc ->> 'title' FROM careforall.update_find(NULL, :'pledge', 'clean-water', :'secret')), 'Water!', 'by itself too');
SELECT is_empty(format($$SELECT careforall.update_find(NULL, NULL, %L, %L)$$, :'c', :'secret'), 'for others it does not exist');
SELECT pledge_id AS mine FROM careforall.pledge_create(:'c', 1000, 'EUR', 'A', 'a@example.org', account_id => :'donor') \gset
SELECT is((SELECT count(*) FROM careforall.update_list(:'donor', NULL, :'c', NULL, 9)), 1::bigint, 'an account with a pending pledge');
SELECT pg_temp.pay(:'mine') \g /dev/null
SELECT is((SELECT count(*) FROM careforall.update_list(:'donor', NULL, :'c', NULL, 9)), 2::bigint, 'with a confirmed one');
SELECT is((SELECT count(*) FROM careforall.update_list(:'donor', NULL, :'c', :'secret', 9)), 1::bigint, 'those before the newest');
SELECT pg_temp.new_campaign('elsewhere') AS elsewhere \gset
SELECT is_empty(format($$SELECT careforall.update_find(%L, NULL, 'elsewhere', %L)$$, :'owner', :'news'), 'not by another campaign');
SELECT throws_ok(format($$SELECT careforall.update_list(NULL, NULL, 'clean-water-2', NULL, 9)$$), 'PL005', NULL, 'a draft has no readers');
SELECT throws_ok(format($$SELECT careforall.update_add(%L, 'clean-water-2', '{"title": "T", "body": "B"}')$$, :'owner'), 'PL006', NULL, 'and no updates');
SELECT throws_ok(format($$SELECT careforall.update_edit(%L, %L, %L, '*', '{"title": "X"}')$$, :'editor', :'c', :'secret'), 'PL010', NULL, 'an editor edits its own only');
SELECT is((SELECT etag FROM careforall.update_edit(:'owner', :'c', :'news', :'news_tag', '{"title": "Dug deep"}')), '"2"', 'the owner edits all');
SELECT throws_ok(format($$SELECT careforall.update_edit(%L, %L, %L, %L, '{"title": "X"}')$$, :'editor', :'c', :'news', :'news_tag'), 'PL012', NULL, 'a stale tag of an update');
SELECT throws_ok(format($$SELECT careforall.update_remove(%L, %L, %L, %L)$$, :'editor', :'c', :'news', :'news_tag'), 'PL012', NULL, 'also to remove it');
SELECT lives_ok(format($$SELECT careforall.update_remove(%L, %L, %L, '"2"')$$, :'editor', :'c', :'news'), 'the author removes it');
SELECT throws_ok(format($$SELECT careforall.update_remove(%L, %L, %L, '*')$$, :'editor', :'c', :'news'), 'PL005', NULL, 'once');

-- Lists.
CREATE FUNCTION pg_temp.listed(q text, status text, category text, currency text, sort text, after_key bigint DEFAULT NULL, after_id uuid DEFAULT NULL) RETURNS text[] LANGUAGE sql AS $$
  SELECT COALESCE(array_agg(d.doc::json ->> 'slug'), '{}') FROM careforall.campaign_documents(ARRAY(
    SELECT f.id FROM careforall.campaign_search(q, status, category, currency, sort, after_key, after_id, 100) f)) d
$$;
SELECT careforall.campaign_close('clean-water', 'make room'), careforall.campaign_close('elsewhere', 'make room') \g /dev/null
SELECT careforall.campaign_create('l-' || slug, title, category, 'Owner', currency, 100000, 'for a test', summary => summary,
  starts_at => careforall.clock() + starts, ends_at => careforall.clock() + ends)
FROM (VALUES ('wells', 'Digging wells', 'listing', 'EUR', 'Water in the desert', interval '-1 day', interval '3 days'),
  ('roof', 'A new roof', 'listing', 'USD', 'No water from above', interval '-1 day', interval '1 day'),
  ('later', 'Later', 'listing', 'EUR', 'Not yet', interval '1 day', interval '9 days'),
  ('open', 'Open end', 'listing', 'EUR', 'For ever', interval '-1 day', NULL),
  ('quiet', 'Quiet', 'listing', 'EUR', 'Paused', interval '-1 day', interval '2 days'),
  ('over', 'Over', 'listing', 'EUR', 'Its time is over', interval '-3 days', interval '5 seconds'),
  ('draft', 'Draft', 'listing', 'EUR', 'Water that nobody sees', interval '-1 day', interval '1 day')) t (slug, title, category, currency, summary, starts, ends) \g /dev/null
SELECT careforall.campaign_publish('l-' || s, 'for a test') FROM unnest('{wells,roof,later,open,quiet,over}'::text[]) s \g /dev/null
SELECT careforall.campaign_pause('l-quiet', 'for a test') \g /dev/null
SELECT careforall.clock_set(clock_timestamp() + interval '10 seconds') \g /dev/null
SELECT set_eq(format($$SELECT unnest(pg_temp.listed(NULL, %L, 'listing', NULL, 'newest'))$$, status), slugs::text[], 'status ' || status)
FROM (VALUES ('active', '{l-wells,l-roof,l-open}'), ('upcoming', '{l-later}'), ('paused', '{l-quiet}'), ('ended', '{l-over}'), ('closed', '{}')) t (status, slugs);
SELECT set_eq($$SELECT unnest(pg_temp.listed(NULL, NULL, 'listing', NULL, 'newest'))$$, '{l-wells,l-roof,l-later,l-open,l-quiet,l-over}'::text[], 'statuses make up the whole; drafts are not in it');
SELECT is(pg_temp.listed('water', NULL, 'listing', NULL, 'ending_soon'), '{l-roof,l-wells}', 'words, in any form');
SELECT is(pg_temp.listed('"new roof"', NULL, NULL, NULL, 'newest'), '{l-roof}', 'a phrase');
SELECT is(pg_temp.listed('water -desert', NULL, 'listing', NULL, 'newest'), '{l-roof}', 'without a word');
SELECT is(pg_temp.listed('the', NULL, NULL, NULL, 'newest'), '{}', 'words that say nothing find nothing');
SELECT is(pg_temp.listed(NULL, NULL, 'listing', 'USD', 'newest'), '{l-roof}', 'currency');
SELECT is(pg_temp.listed(NULL, NULL, 'listing', NULL, 'ending_soon'), '{l-roof,l-quiet,l-wells,l-later,l-open}', 'ending soon: what has not ended, without an end last');
SELECT is((SELECT array_agg(s) FROM unnest(pg_temp.listed(NULL, NULL, 'listing', NULL, 'most_funded')) s), (SELECT array_agg('l-' || s) FROM unnest('{over,quiet,open,later,roof,wells}'::text[]) s), 'nothing raised: by id');
SELECT pg_temp.pay(pg_temp.new_pledge((SELECT id FROM careforall.campaigns WHERE slug = 'l-' || s), a, currency => c)) FROM (VALUES ('wells', 5000, 'EUR'), ('roof', 9000, 'USD')) t (s, a, c) \g /dev/null
SELECT is(careforall.campaigns_rank() >= 2, true, 'ranks change');
SELECT is(careforall.campaigns_rank(), 0::bigint, 'once');
SELECT is((pg_temp.listed(NULL, NULL, 'listing', NULL, 'most_funded'))[1:2], '{l-roof,l-wells}', 'most funded');
SELECT is(careforall.campaign_count('water', NULL, 'listing', NULL, 'newest'), 2::bigint, 'counted');

SELECT is((SELECT array_agg(d.doc::json ->> 'slug') FROM careforall.campaign_documents(ARRAY(
    SELECT c.id FROM careforall.campaigns c WHERE c.slug IN ('l-roof', 'l-draft', 'l-wells') ORDER BY c.slug DESC)) d),
  '{l-wells,l-roof}', 'documents in the order asked for, none of a draft');

-- Walks: every page of one, by key and id, gives the whole list once.
CREATE FUNCTION pg_temp.walk(sort text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE seen text[] := '{}'; one record; after_key bigint; after_id uuid;
BEGIN
  LOOP
    SELECT * INTO one FROM careforall.campaign_search(NULL, NULL, 'listing', NULL, sort, after_key, after_id, 1);
    EXIT WHEN NOT FOUND OR cardinality(seen) > 20;
    seen := seen || (SELECT c.slug FROM careforall.campaigns c WHERE c.id = one.id);
    after_key := one.key; after_id := one.id;
  END LOOP;
  RETURN seen;
END
$$;
SELECT is(pg_temp.walk(sort), pg_temp.listed(NULL, NULL, 'listing', NULL, sort), 'walk by ' || sort) FROM unnest('{newest,ending_soon,most_funded}'::text[]) sort;

-- Plans: with seq scans off, each list has an index to go by.
CREATE FUNCTION pg_temp.plan(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || statement LOOP plan := plan || line || E'\n'; END LOOP;
  RETURN plan;
END
$$;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_sort = off;
SELECT matches(pg_temp.plan(statement), index, 'index ' || index)
FROM (VALUES ($$SELECT id FROM careforall.campaigns c WHERE careforall.campaign_words(c.title, c.summary, c.story, c.owner_name) @@ websearch_to_tsquery('pg_catalog.english', 'water')$$, 'campaigns_words_idx'),
  ($$SELECT id FROM careforall.campaigns c WHERE c.category = 'listing' ORDER BY date_trunc('milliseconds', c.created_at AT TIME ZONE 'UTC') DESC, c.id DESC LIMIT 5$$, 'campaigns_category_created_at_idx'),
  ($$SELECT id FROM careforall.campaigns c WHERE c.currency = 'EUR' ORDER BY date_trunc('milliseconds', c.created_at AT TIME ZONE 'UTC') DESC, c.id DESC LIMIT 5$$, 'campaigns_currency_created_at_idx'),
  ($$SELECT id FROM careforall.campaigns c WHERE c.state IN ('active', 'paused') AND COALESCE(c.ends_at, 'infinity'::timestamptz) > now() ORDER BY COALESCE(c.ends_at, 'infinity'::timestamptz), c.id LIMIT 5$$, 'campaigns_ending_idx'),
  ($$SELECT c.id FROM careforall.campaign_ranks r JOIN careforall.campaigns c ON c.id = r.campaign_id ORDER BY r.funded_ppm DESC, r.campaign_id DESC LIMIT 5$$, 'campaign_ranks_funded_ppm_idx')) t (statement, index);
RESET enable_seqscan;
RESET enable_sort;

-- Closed.
SELECT is(pg_temp.errors(format($$SELECT careforall.campaign_edit(%L, %L, '*', '{"story": "Thanks", "goal": {"amount": 1}, "ends_at": null, "cap": {"amount": 99999999, "currency": "EUR"}}')$$, :'owner', :'c')),
  '/cap fixed, /goal fixed', 'closed: money stays');
SELECT lives_ok(format($$SELECT careforall.campaign_edit(%L, %L, '*', '{"story": "Thanks"}')$$, :'owner', :'c'), 'closed: words may change');
SELECT throws_ok(format($$SELECT careforall.reward_add(%L, %L, '{"title": "T", "min_amount": {"amount": 1, "currency": "EUR"}}')$$, :'owner', :'c'), 'PL006', NULL, 'closed: no new rewards');
SELECT throws_ok(format($$SELECT careforall.pool_edit(%L, %L, %L, '*', '{}')$$, :'owner', :'c', :'pool'), 'PL006', NULL, 'closed: pools stay');
SELECT is(pg_temp.detail(format($$SELECT careforall.campaign_transition(%L, %L, 'resume', 'again')$$, :'owner', :'c')), 'PL002 {"state": "closed", "allowed": ["archive"]}', 'closed is for ever');

-- Given to another by an administrator at psql.
SELECT results_eq($$SELECT owner_before, owner_after FROM careforall.campaign_owner_set('clean-water-2', 'Stranger@example.org', 'it changes hands')$$,
  $$VALUES ('owner@example.org', 'stranger@example.org')$$, 'a campaign changes hands');
SELECT throws_ok(format($$SELECT careforall.campaign_manage(%L, 'clean-water-2')$$, :'owner'), 'PL005', NULL, 'the former owner sees the draft no more');
SELECT is((SELECT doc ->> 'right' FROM careforall.campaign_manage(:'stranger', 'clean-water-2')), 'own', 'the new one owns it');
SELECT throws_ok($$SELECT careforall.campaign_owner_set('clean-water-2', 'donor@example.org', 'a donor')$$, 'PL005', NULL, 'a donor cannot own a campaign');
SELECT throws_ok($$SELECT careforall.campaign_owner_set('clean-water-2', 'nobody@example.org', 'nobody')$$, 'PL005', NULL, 'nor can nobody');
SELECT is((SELECT owner_after FROM careforall.campaign_owner_set('clean-water-2', NULL, 'administrators only')), NULL, 'it can be left to administrators');

-- Who lost the role of an owner may look at its campaigns, no more.
UPDATE careforall.accounts SET role = 'donor' WHERE id = :'owner';
SELECT throws_ok(format($$SELECT careforall.campaign_edit(%L, %L, '*', '{"story": "X"}')$$, :'owner', :'c'), 'PL010', NULL, 'a former owner edits nothing');
UPDATE careforall.accounts SET disabled_at = careforall.clock() WHERE id = :'editor';
SELECT throws_ok(format($$SELECT careforall.campaign_manage(%L, %L)$$, :'editor', :'c'), 'PL011', NULL, 'a disabled account does nothing');

SELECT is_empty('SELECT name, violations FROM careforall.verify() WHERE violations > 0', 'all invariants hold');
SELECT finish();
ROLLBACK;

-- SPDX-License-Identifier: Apache-2.0
-- Goal: nobody sees personal data in a view, and the one who may look leaves a
-- trace. Method: donors with telling names; the text of every view is searched.
\ir setup.psql
SELECT plan(33);

SELECT is(careforall.email_masked(e), m, 'mask of ' || e) FROM (VALUES
  ('amina@example.org', 'a***@e***.org'),
  ('a@b', 'a***@b***'),
  ('two@signs@mail.example.co.uk', 't***@m***.uk'),
  ('ünïcode@exämple.org', 'ü***@e***.org'),
  ('x@.org', 'x***@.***.org')) v (e, m);
SELECT is(careforall.money_text(a, c), t, t) FROM (VALUES
  (123456789, 'EUR', '1,234,567.89 EUR'), (5, 'EUR', '0.05 EUR'), (-150, 'USD', '-1.50 USD'),
  (1500, 'JPY', '1,500 JPY'), (1234, 'KWD', '1.234 KWD'), (9007199254740991, 'EUR', '90,071,992,547,409.91 EUR')) v (a, c, t);

SELECT pg_temp.new_campaign('mask') AS campaign \gset
SELECT pg_temp.new_pledge(:'campaign', 1000, 'name_amount_message', 'Shownname', 'secretbox1@hiddenhost.org', 'Shownwords') AS shown \gset
SELECT pg_temp.new_pledge(:'campaign', 1000, 'name_message', 'Shownname', 'secretbox2@hiddenhost.org', 'Shownwords') \g /dev/null
SELECT pg_temp.new_pledge(:'campaign', 1000, 'name', 'Shownname', 'secretbox3@hiddenhost.org', 'Secretwords') \g /dev/null
SELECT pg_temp.new_pledge(:'campaign', 1000, 'none', 'Secretname', 'secretbox4@hiddenhost.org', 'Secretwords') AS nobody \gset
SELECT pg_temp.pay(id) FROM careforall.pledges WHERE campaign_id = :'campaign' \g /dev/null
SELECT refund_id FROM careforall.pledge_refund(:'nobody', NULL, 'to fill the views') \g /dev/null

SELECT bag_eq(format($$SELECT donor, donor_email, message FROM careforall.pledge_overview WHERE campaign_id = %L$$, :'campaign'),
  $$VALUES ('Shownname', 's***@h***.org', 'Shownwords'), ('Shownname', 's***@h***.org', 'Shownwords'),
           ('Shownname', 's***@h***.org', NULL), ('(hidden)', 's***@h***.org', NULL)$$,
  'the overview shows what the display level shows');

-- Every view, as text, must not hold what is secret.
CREATE FUNCTION pg_temp.view_text(view_name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  content text;
BEGIN
  EXECUTE format('SELECT string_agg(v::text, E''\n'') FROM careforall.%I v', view_name) INTO content;
  RETURN COALESCE(content, '');
END
$$;
SELECT ok(pg_temp.view_text(v) !~* 'secret|hiddenhost', v || ' tells no secret')
FROM unnest(ARRAY['pledge_overview', 'pledge_summary', 'refunds_overview', 'campaign_overview', 'reward_overview',
  'limits_status', 'dead_letters_overview', 'audit_overview', 'health', 'verify_status', 'jobs_status',
  'outbox_status', 'outbox_days', 'outbox_parked_overview', 'consumers_status']) v;
SELECT ok(pg_temp.view_text('pledge_summary') !~* 'shown', 'the summary holds no name and no words at all');
SELECT ok((SELECT string_agg(t::text, '') FROM careforall.pledge_timeline(:'nobody') t) !~* 'secret|hiddenhost',
  'the timeline tells no secret');

SELECT throws_ok(format($$SELECT careforall.donor_reveal(%L, '')$$, :'nobody'), '22023', NULL, 'a look needs a reason');
SELECT results_eq(format($$SELECT * FROM careforall.donor_reveal(%L, 'donor asked for a receipt')$$, :'nobody'),
  $$VALUES ('Secretname', 'secretbox4@hiddenhost.org', 'Secretwords')$$, 'with a reason it shows one donor');
SELECT results_eq(format($$SELECT actor, action, reason FROM careforall.audit_overview WHERE target_id = %L AND action = 'donor.reveal'$$, :'nobody'),
  $$VALUES (session_user::text COLLATE "default", 'donor.reveal', 'donor asked for a receipt')$$, 'and leaves an audit row');

SET LOCAL careforall.actor = 'somebody-else';
SELECT careforall.donor_reveal(:'shown', 'asked by somebody else') \g /dev/null
SELECT results_eq(format($$SELECT actor, detail ->> 'acts_for' FROM careforall.audit_overview WHERE target_id = %L$$, :'shown'),
  $$VALUES (session_user::text COLLATE "default", 'somebody-else')$$, 'the actor setting cannot hide who logged in');

SELECT finish();
ROLLBACK;

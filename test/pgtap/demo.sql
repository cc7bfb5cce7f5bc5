-- SPDX-License-Identifier: Apache-2.0
-- Goal: the demo data is what the demonstration needs, and pg_cron is not needed
-- to install. Method: runs in a second database that was installed without pg_cron
-- and seeded twice (see run.sh).
\ir setup.psql
SELECT plan(22);

SELECT hasnt_extension('pg_cron', 'there is no pg_cron here');
SELECT ok((SELECT is_ok FROM careforall.job_run('campaigns_close_ended')), 'jobs can be run by another clock');
SELECT cmp_ok((SELECT count(*) FROM careforall.campaigns), '>=', 12::bigint, 'at least 12 campaigns');
SELECT cmp_ok((SELECT count(DISTINCT category) FROM careforall.campaigns), '>=', 5::bigint, 'of several categories');
SELECT cmp_ok((SELECT count(DISTINCT careforall.currency_exponent(currency)) FROM careforall.campaigns), '=', 3::bigint, 'currencies with 0, 2 and 3 decimals');
SELECT set_eq('SELECT DISTINCT state FROM careforall.campaigns', ARRAY['draft', 'active', 'paused', 'closed'], 'campaigns in every state');
SELECT is_empty($$SELECT slug FROM careforall.campaigns WHERE image_alt = ''
  OR image_url IS DISTINCT FROM '/images/' || slug || '.svg' AND NOT EXISTS (SELECT FROM careforall.campaign_images i WHERE i.url = image_url)$$,
  'each has its picture, described');
SELECT results_eq($$SELECT c.slug, i.width, i.height FROM careforall.campaign_images i JOIN careforall.campaigns c ON c.image_url = i.url$$,
  $$VALUES ('seed-bank', 320, 180)$$, 'the draft has an uploaded one');
SELECT results_eq($$SELECT visibility, count(*) FROM careforall.campaign_updates GROUP BY 1 ORDER BY 1$$, $$VALUES ('backers', 1::bigint), ('public', 2)$$, 'there is news for both');
SELECT is((SELECT count(*) FROM careforall.campaign_members), 1::bigint, 'one campaign has a team');
SELECT is_empty($$SELECT slug FROM careforall.campaigns WHERE owner_id IS NULL$$, 'each has an owner');
SELECT isnt((SELECT max(funded_ppm) FROM careforall.campaign_ranks), NULL, 'all are ranked');
SELECT isnt_empty($$SELECT slug FROM careforall.campaigns c WHERE cap_minor IS NOT NULL AND state = 'active'
  AND (SELECT sum(held_minor) FROM careforall.pledges p WHERE p.campaign_id = c.id) BETWEEN cap_minor * 0.95 AND cap_minor - min_pledge_minor$$, 'one is nearly full');
SELECT isnt_empty($$SELECT slug FROM careforall.campaigns WHERE state = 'closed' AND ends_at < careforall.clock()$$, 'one has ended');
SELECT isnt_empty($$SELECT pool_id FROM careforall.rewards WHERE pool_id IS NOT NULL GROUP BY pool_id HAVING count(*) >= 2$$, 'two rewards share a pool');
SELECT isnt_empty($$SELECT id FROM careforall.pledges WHERE pool_id IS NOT NULL$$, 'and some of it is taken');
SELECT is_empty($$SELECT donor_email FROM careforall.pledges WHERE donor_email NOT LIKE '%@example.org'$$, 'all donors are at example.org');
SELECT is_empty($$SELECT id FROM careforall.pledges WHERE amount_minor % 100 = 2$$, 'no amount is one that the mock provider declines');
SELECT is((SELECT count(*) FROM careforall.outbox WHERE type = 'pledge.created'), (SELECT count(*) FROM careforall.pledges), 'each pledge has its event');
SELECT results_eq('SELECT email, role FROM careforall.accounts ORDER BY email',
  $$VALUES ('admin@example.org', 'admin'), ('donor@example.org', 'donor'), ('owner@example.org', 'owner')$$, 'one account of each role');
SELECT is_empty($$SELECT slug FROM careforall.campaigns c
  WHERE careforall.campaign_right((SELECT id FROM careforall.accounts WHERE email = 'owner@example.org'), c.id) IS DISTINCT FROM 'own'$$, 'the owner owns every campaign');
SELECT is_empty('SELECT * FROM careforall.verify() WHERE violations > 0', 'all invariants hold');

SELECT finish();
ROLLBACK;

-- SPDX-License-Identifier: Apache-2.0
-- Batches of 20 pledges, spread.
\set n random(1, 100)
SELECT count(*) FROM (SELECT array_fill((SELECT id FROM bench.ids WHERE n = :n), ARRAY[20]) AS campaigns, array_agg(sha256(uuid_send(gen_random_uuid()))) AS keys FROM generate_series(1, 20)) i, careforall.pledge_create_many(i.campaigns, array_fill(1000::bigint, ARRAY[20]), array_fill('EUR'::text, ARRAY[20]), array_fill('Ada'::text, ARRAY[20]), array_fill('ada@example.org'::text, ARRAY[20]), array_fill(NULL::uuid, ARRAY[20]), array_fill(NULL::integer, ARRAY[20]), array_fill('name'::text, ARRAY[20]), array_fill(''::text, ARRAY[20]), i.keys, array_fill(sha256('x'), ARRAY[20]), array_fill(NULL::text, ARRAY[20])) r WHERE r.outcome = 'created';

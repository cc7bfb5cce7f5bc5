-- SPDX-License-Identifier: Apache-2.0
-- Batches of 32 pledges, hot.
\set n 1
SELECT count(*) FROM (SELECT array_fill((SELECT id FROM bench.ids WHERE n = :n), ARRAY[32]) AS campaigns, array_agg(sha256(uuid_send(gen_random_uuid()))) AS keys FROM generate_series(1, 32)) i, careforall.pledge_create_many(i.campaigns, array_fill(1000::bigint, ARRAY[32]), array_fill('EUR'::text, ARRAY[32]), array_fill('Ada'::text, ARRAY[32]), array_fill('ada@example.org'::text, ARRAY[32]), array_fill(NULL::uuid, ARRAY[32]), array_fill(NULL::integer, ARRAY[32]), array_fill('name'::text, ARRAY[32]), array_fill(''::text, ARRAY[32]), i.keys, array_fill(sha256('x'), ARRAY[32]), array_fill(NULL::text, ARRAY[32])) r WHERE r.outcome = 'created';

-- SPDX-License-Identifier: Apache-2.0
-- Goal: each outcome of pledge_create; refusals write nothing; keys work once.
-- Method: one request for each rule, counts of rows before and after.
SELECT t.campaign(140, cap => 100000, quantity => 3, capacity => 2),
  t.campaign(141) IS NOT NULL AS made \g (format=unaligned tuples_only=on)
CREATE TEMP TABLE before AS SELECT (SELECT count(*) FROM careforall.pledges) AS pledges,
  (SELECT count(*) FROM careforall.pledge_history) AS history,
  (SELECT count(*) FROM careforall.outbox) AS outbox,
  (SELECT count(*) FROM careforall.idempotency_keys) AS keys;

CREATE TEMP TABLE request (n int GENERATED ALWAYS AS IDENTITY, what text, campaign uuid DEFAULT t.id('c', 140),
  amount bigint DEFAULT 1000, currency text DEFAULT 'EUR', name text DEFAULT 'Bob',
  email text DEFAULT 'bob@example.org', reward uuid, quantity int, display text DEFAULT 'name', message text DEFAULT '');
INSERT INTO request (what, campaign) VALUES ('no campaign', NULL), ('unknown campaign', t.id('f', 1));
INSERT INTO request (what, amount) VALUES ('no amount', NULL), ('low', 99), ('high', 1000001);
INSERT INTO request (what, currency) VALUES ('no currency', NULL), ('lower case', 'eur'), ('unknown', 'ABC'), ('other', 'USD');
INSERT INTO request (what, name) VALUES ('no name', NULL), ('empty name', ''), ('blank name', '   '),
  ('long name', repeat('x', 121)), ('control', E'a\tb');
INSERT INTO request (what, email) VALUES ('no email', NULL), ('no at', 'bob'), ('no user', '@x'), ('no host', 'bob@'),
  ('blank', 'bo b@x'), ('long', repeat('x', 250) || '@x.yz');
INSERT INTO request (what, reward, quantity) VALUES ('unknown reward', t.id('f', 1), 1),
  ('reward of another campaign', t.id('a', 141), 1), ('quantity 0', t.id('a', 140), 0),
  ('quantity -1', t.id('a', 140), -1), ('quantity 1001', t.id('a', 140), 1001), ('no reward', NULL, 1),
  ('pool is full', t.id('a', 140), 3), ('reward is full', t.id('a', 140), 4);
INSERT INTO request (what, amount, reward, quantity) VALUES ('low for two', 199, t.id('a', 140), 2);
INSERT INTO request (what, amount) VALUES ('cap is full', 100001);
INSERT INTO request (what, display) VALUES ('display', 'all'), ('empty display', '');
INSERT INTO request (what, message) VALUES ('long message', repeat('x', 501)), ('control', E'a\x01b');
SELECT r.what, p.outcome, p.detail::jsonb - 'id' AS detail, p.pledge_id IS NULL AND p.state IS NULL AS is_empty
FROM request r, LATERAL careforall.pledge_create(r.campaign, r.amount, r.currency, r.name, r.email, r.reward,
  r.quantity, r.display, r.message, sha256(r.n::text::bytea), sha256('f')) AS p ORDER BY r.n;

-- Nothing was written, nothing stays taken, and no key was used up.
SELECT (SELECT count(*) FROM careforall.pledges) - pledges AS pledges,
  (SELECT count(*) FROM careforall.pledge_history) - history AS history,
  (SELECT count(*) FROM careforall.outbox) - outbox AS outbox,
  (SELECT count(*) FROM careforall.idempotency_keys) - keys AS keys FROM before;
SELECT * FROM t.limits(140);
SELECT outcome FROM careforall.pledge_create(t.id('c', 140), 1000, 'EUR', 'Bob', 'bob@example.org',
  key_hash => sha256('1'), fingerprint => sha256('f'));

-- Replay: the values at creation, whatever came later; another body is refused.
SELECT pledge_id AS p FROM careforall.pledge_create(t.id('c', 140), 2000, 'EUR', 'Bob', 'bob@example.org',
  key_hash => sha256('r'), fingerprint => sha256('f')) \gset
SELECT outcome FROM careforall.pledge_apply(:'p', 'payment_succeeded');
SELECT outcome, pledge_id = :'p' AS is_same, state, version, amount_minor, currency
FROM careforall.pledge_create(t.id('c', 140), 2000, 'EUR', 'Bob', 'bob@example.org',
  key_hash => sha256('r'), fingerprint => sha256('f'));
SELECT outcome, pledge_id, detail FROM careforall.pledge_create(t.id('c', 140), 2001, 'EUR', 'Bob', 'bob@example.org',
  key_hash => sha256('r'), fingerprint => sha256('g'));
-- A replay is answered even when a new pledge would be refused, and takes nothing.
UPDATE careforall.campaigns SET state = 'paused' WHERE id = t.id('c', 140);
SELECT outcome, pledge_id = :'p' AS is_same FROM careforall.pledge_create(t.id('c', 140), 2000, 'EUR', 'Bob',
  'bob@example.org', key_hash => sha256('r'), fingerprint => sha256('f'));
UPDATE careforall.campaigns SET state = 'active' WHERE id = t.id('c', 140);
SELECT * FROM t.limits(140) WHERE kind = 'campaign_cap';

-- A covered fee is part of the amount and less than it; amount, cap and refund know only the whole.
SELECT fee, r.outcome, r.amount_minor, r.fee_minor FROM unnest(ARRAY[NULL, -1, 0, 1, 999, 1000, 1001,
  9223372036854775807, -9223372036854775808]::bigint[]) fee, LATERAL careforall.pledge_create(t.id('c', 141), 1000,
  'EUR', 'Bob', 'bob@example.org', fee_minor => fee) r;
SELECT pledge_id AS p FROM careforall.pledge_create(t.id('c', 141), 1000, 'EUR', 'Bob', 'bob@example.org',
  key_hash => sha256('fee'), fingerprint => sha256('f'), fee_minor => 30, account_id => t.id('d', 1)) \gset
SELECT amount_minor, fee_minor, held_minor, account_id FROM careforall.pledges WHERE id = :'p';
-- The replay shows the fee that was covered then, whatever it would be today.
SELECT outcome, pledge_id = :'p' AS is_same, amount_minor, fee_minor FROM careforall.pledge_create(t.id('c', 141),
  1040, 'EUR', 'Bob', 'bob@example.org', key_hash => sha256('fee'), fingerprint => sha256('f'), fee_minor => 70);
SELECT outcome FROM careforall.pledge_apply(:'p', 'payment_succeeded');
SELECT type, data ->> 'amount_minor' AS amount, data ->> 'fee_minor' AS fee, data::text LIKE '%' || t.id('d', 1) || '%' AS tells_account
FROM careforall.outbox WHERE aggregate_id = :'p' ORDER BY aggregate_version;
SELECT * FROM careforall.pledge_apply(:'p', 'refund', 'whole', 1000);
-- A row by plain SQL obeys the same.
SELECT fee, t.try(format($$INSERT INTO careforall.pledges (campaign_id, amount_minor, fee_minor, currency, donor_name,
  donor_email) VALUES (%L, 500, %s, 'EUR', 'B', 'b@x.y')$$, t.id('c', 141), fee))
FROM unnest(ARRAY['-1', '0', '499', '500', 'NULL']) AS fee;
CREATE TEMP TABLE many AS SELECT * FROM careforall.pledge_create_many(
  array_fill(t.id('c', 141), ARRAY[4]), ARRAY[500, 600, 700, 800], array_fill('EUR'::text, ARRAY[4]),
  array_fill('Bob'::text, ARRAY[4]), array_fill('bob@example.org'::text, ARRAY[4]),
  fees_minor => ARRAY[10, NULL, 700, 30], account_ids => ARRAY[t.id('d', 1), NULL, NULL, t.id('d', 2)]);
SELECT m.item, m.outcome, m.amount_minor, m.fee_minor, p.fee_minor, p.account_id
FROM many m LEFT JOIN careforall.pledges p ON p.id = m.pledge_id ORDER BY m.item;
DROP TABLE many;

-- A batch: input order, each item for itself, the same key twice is one pledge.
SELECT item, outcome, state, amount_minor,
  CASE outcome WHEN 'limit_reached' THEN detail::jsonb ->> 'available' ELSE detail END AS detail FROM careforall.pledge_create_many(
  ARRAY[t.id('c', 140), t.id('c', 141), t.id('c', 140), t.id('f', 1), t.id('c', 140), t.id('c', 140), t.id('c', 140)],
  ARRAY[1000, 2000, 3000, 1000, 1000, 94000, 1000],
  ARRAY['EUR', 'EUR', 'USD', 'EUR', 'EUR', 'EUR', 'EUR'],
  array_fill('Bob'::text, ARRAY[7]), array_fill('bob@example.org'::text, ARRAY[7]),
  key_hashes => ARRAY[sha256('z'), sha256('a'), NULL, NULL, sha256('z'), NULL, sha256('z')],
  fingerprints => ARRAY[sha256('f'), sha256('f'), NULL, NULL, sha256('f'), NULL, sha256('g')]);
SELECT count(*), count(DISTINCT p.id) FROM careforall.idempotency_keys k
JOIN careforall.pledges p ON p.id = k.pledge_id WHERE k.key_hash IN (sha256('z'), sha256('a'));
SELECT * FROM t.limits(140) WHERE kind = 'campaign_cap';

-- The last places of a batch are shared out exactly.
SELECT outcome, count(*) FROM careforall.pledge_create_many(array_fill(t.id('c', 140), ARRAY[5]),
  array_fill(200::bigint, ARRAY[5]), array_fill('EUR'::text, ARRAY[5]), array_fill('Bob'::text, ARRAY[5]),
  array_fill('bob@example.org'::text, ARRAY[5]), array_fill(t.id('a', 140), ARRAY[5])) GROUP BY 1 ORDER BY 1;
SELECT * FROM t.limits(140);

-- Misuse is an error, not an outcome.
SELECT t.try($$SELECT careforall.pledge_create_many(ARRAY[careforall.uuid7()], ARRAY[1, 2], NULL, NULL, NULL)$$);
SELECT t.try($$SELECT careforall.pledge_create_many(array_fill(careforall.uuid7(), ARRAY[257]),
  array_fill(1::bigint, ARRAY[257]), NULL, NULL, NULL)$$);
SELECT t.try($$SELECT careforall.pledge_create_many(ARRAY[[careforall.uuid7()]], NULL, NULL, NULL, NULL)$$);
SELECT count(*) FROM careforall.pledge_create_many('{}', '{}', '{}', '{}', '{}');
SELECT t.try(format($$SELECT careforall.pledge_create(%L, 1000, 'EUR', 'B', 'b@x.y', key_hash => 'short',
  fingerprint => sha256('f'))$$, t.id('c', 140)));
SELECT t.try(format($$SELECT careforall.pledge_create(%L, 1000, 'EUR', 'B', 'b@x.y',
  key_hash => sha256('q'))$$, t.id('c', 140)));

-- Results of a large batch, made while the engine runs many statements, stay whole.
SELECT t.campaign(142, cap => 9000) IS NOT NULL AS made;
SELECT outcome, detail::jsonb - 'id' AS detail, count(*), count(DISTINCT detail) AS details
FROM careforall.pledge_create_many(array_fill(t.id('c', 142), ARRAY[256]),
  array_fill(1000::bigint, ARRAY[256]), array_fill('EUR'::text, ARRAY[256]), array_fill('Bob'::text, ARRAY[256]),
  array_fill('bob@example.org'::text, ARRAY[256]),
  key_hashes => ARRAY(SELECT sha256(('big' || n)::bytea) FROM generate_series(1, 256) AS n),
  fingerprints => array_fill(sha256('f'), ARRAY[256])) GROUP BY 1, 2 ORDER BY 1;
SELECT outcome, currency, count(*) FROM careforall.pledge_create_many(array_fill(t.id('c', 142), ARRAY[256]),
  array_fill(1000::bigint, ARRAY[256]), array_fill('EUR'::text, ARRAY[256]), array_fill('Bob'::text, ARRAY[256]),
  array_fill('bob@example.org'::text, ARRAY[256]),
  key_hashes => ARRAY(SELECT sha256(('big' || n)::bytea) FROM generate_series(1, 256) AS n),
  fingerprints => array_fill(sha256('f'), ARRAY[256])) GROUP BY 1, 2 ORDER BY 1;

-- The same in many sizes: memory that ended too early would show up as broken text.
DO $$
DECLARE
  size int;
  broken bigint;
  total bigint := 0;
BEGIN
  FOR n IN 1 .. 120 LOOP
    size := 2 + n % 80;
    PERFORM t.campaign(20000 + n, cap => 500);
    SELECT count(*) INTO broken
    FROM careforall.pledge_create_many(array_fill(t.id('c', 20000 + n), ARRAY[size]),
      array_fill(100::bigint, ARRAY[size]), array_fill('EUR'::text, ARRAY[size]), array_fill('Bob'::text, ARRAY[size]),
      array_fill('bob@example.org'::text, ARRAY[size]),
      key_hashes => ARRAY(SELECT sha256((n || 's' || i)::bytea) FROM generate_series(1, size) AS i),
      fingerprints => array_fill(sha256('f'), ARRAY[size])) AS r
    WHERE outcome = 'limit_reached' AND detail NOT LIKE '{"limit":"campaign_cap","id":"%","available":0}';
    total := total + broken;
    COMMIT;
  END LOOP;
  RAISE NOTICE 'broken details: %', total;
END $$;

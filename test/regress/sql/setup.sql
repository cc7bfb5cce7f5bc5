-- SPDX-License-Identifier: Apache-2.0
-- Goal: the extension and the schema install; helpers for the other files.
-- Method: load the files of sql/schema as they are.
\getenv srcdir PG_ABS_SRCDIR
\set schema :srcdir/../../sql/schema
SET client_min_messages = warning;
CREATE SCHEMA careforall;
CREATE EXTENSION careforall;

-- The text of the schema is no result; its errors are.
\set ECHO none
\set file :schema/008_accounts.sql
\i :file
\set file :schema/010_campaigns.sql
\i :file
\set file :schema/020_pledges.sql
\i :file
\set file :schema/030_totals.sql
\i :file
\set file :schema/040_outbox.sql
\i :file
\set file :schema/050_inbox.sql
\i :file
\set file :schema/070_audit.sql
\i :file
\set file :schema/080_triggers.sql
\i :file

-- The same triggers again: nothing changes.
\i :file
\set ECHO all
SELECT extversion FROM pg_extension WHERE extname = 'careforall';

CREATE SCHEMA t;

-- An active campaign with a reward and a pool; ids follow from the number.
CREATE FUNCTION t.id(kind text, n int) RETURNS uuid LANGUAGE sql IMMUTABLE
  RETURN (lpad(kind, 8, '0') || '-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid;

CREATE FUNCTION t.campaign(n int, cap bigint DEFAULT NULL, quantity int DEFAULT NULL,
  capacity int DEFAULT NULL, releases boolean DEFAULT true) RETURNS uuid
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO careforall.campaigns (id, slug, title, category, owner_name, currency,
    goal_minor, cap_minor, refund_releases, min_pledge_minor, max_pledge_minor)
  VALUES (t.id('c', n), 'campaign-' || n, 'Campaign ' || n, 'test', 'Ann', 'EUR',
    100000, cap, releases, 100, 1000000);
  INSERT INTO careforall.pools (id, campaign_id, name, capacity)
  VALUES (t.id('b', n), t.id('c', n), 'Pool', capacity);
  INSERT INTO careforall.rewards (id, campaign_id, pool_id, title, min_amount_minor, quantity)
  VALUES (t.id('a', n), t.id('c', n), t.id('b', n), 'Reward', 100, quantity);
  UPDATE careforall.campaigns SET state = 'active' WHERE id = t.id('c', n);
  RETURN t.id('c', n);
END $$;

-- A pledge; its id, or an error with the outcome.
CREATE FUNCTION t.pledge(n int, amount bigint DEFAULT 1000, reward boolean DEFAULT false)
RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  r := careforall.pledge_create(t.id('c', n), amount, 'EUR', 'Bob', 'bob@example.org',
    CASE WHEN reward THEN t.id('a', n) END);
  IF r.outcome <> 'created' THEN
    RAISE EXCEPTION '%', r.outcome;
  END IF;
  RETURN r.pledge_id;
END $$;

-- A pledge that was brought into a state.
CREATE FUNCTION t.pledge_in(n int, state text) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  p uuid := t.pledge(n);
BEGIN
  IF state = 'failed' THEN
    PERFORM careforall.pledge_apply(p, 'cancel');
  ELSIF state <> 'pending' THEN
    PERFORM careforall.pledge_apply(p, 'payment_succeeded');
  END IF;
  IF state = 'refunded' THEN
    PERFORM careforall.pledge_apply(p, 'refund');
  END IF;
  RETURN p;
END $$;

-- What a statement comes to: its SQLSTATE and message, or ok.
CREATE FUNCTION t.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
  RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || regexp_replace(SQLERRM, '[0-9a-f]{8}-[0-9a-f-]{27}', '<id>', 'g');
END $$;

-- Figures of the limits of a campaign, as memory has them.
CREATE FUNCTION t.limits(n int) RETURNS TABLE (kind text, capacity bigint, used bigint,
  available bigint, pins int, state text) LANGUAGE sql AS $$
  SELECT l.kind, l.capacity, l.used, l.available, l.pins, l.state
  FROM careforall.limits() l
  WHERE l.id IN (t.id('c', n), t.id('b', n), t.id('a', n)) ORDER BY l.kind
$$;

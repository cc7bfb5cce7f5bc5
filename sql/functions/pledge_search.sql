-- SPDX-License-Identifier: Apache-2.0
-- Finding pledges by what people know of them.

-- The ids of pledges that a reference may mean: a payment id, the provider's or our
-- own id of a refund, the id of a pledge. payment_id is unique for a provider only, so
-- the few providers there are come first, each by one look into that index.
CREATE OR REPLACE FUNCTION careforall.pledge_reference(reference text)
RETURNS uuid[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  found uuid[];
BEGIN
  WITH RECURSIVE providers AS (
    SELECT (SELECT min(p.provider) FROM careforall.pledges p WHERE p.payment_id IS NOT NULL) AS name
    UNION ALL
    SELECT (SELECT min(p.provider) FROM careforall.pledges p
            WHERE p.payment_id IS NOT NULL AND p.provider > n.name)
    FROM providers n WHERE n.name IS NOT NULL
  )
  SELECT COALESCE(array_agg(DISTINCT m.id), '{}') INTO found
  FROM (
    SELECT p.id FROM providers n
    JOIN careforall.pledges p
      ON p.provider = n.name AND p.payment_id = pledge_reference.reference AND p.payment_id IS NOT NULL
    UNION ALL
    SELECT r.pledge_id FROM careforall.refunds r
    WHERE r.provider_refund_id = pledge_reference.reference) m;
  IF reference ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
    found := found || reference::uuid
      || ARRAY(SELECT r.pledge_id FROM careforall.refunds r WHERE r.id = reference::uuid);
  END IF;
  RETURN found;
END
$$;

-- The first and the last id that begin with these 4 to 31 hexadecimal digits, dashes
-- left out; NULL if they are something else.
CREATE OR REPLACE FUNCTION careforall.uuid_prefix(prefix text)
RETURNS uuid[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN prefix ~* '^[0-9a-f-]+$' AND length(replace(prefix, '-', '')) BETWEEN 4 AND 31
  THEN ARRAY[rpad(replace(prefix, '-', ''), 32, '0')::uuid,
             rpad(replace(prefix, '-', ''), 32, 'f')::uuid] END;

-- Pledges that fit all that is given, a page of them. Internal.
--
--   reference     a pledge id or how it begins, a payment id, an id of a refund
--   email         an address, or how it begins and a *
--   name          part of the donor's name
--   created_from, created_to   from the first, before the second
--   reward_id     the reward that was chosen
--   sort          newest: by id, which grows with time; amount: the largest first
--   after_amount, after_id     the last row of the page before
--
-- The statement is put together from the parts that are asked for, so that the
-- planner sees them with their values; what the caller gives stays a parameter.
CREATE OR REPLACE FUNCTION careforall.pledge_match(
  reference text, email text, name text, amount_min bigint, amount_max bigint,
  currency text, created_from timestamptz, created_to timestamptz, state text,
  campaign text, sort text, after_amount bigint, after_id uuid, max integer, reward_id uuid)
RETURNS SETOF careforall.pledges
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  prefix      uuid[] := careforall.uuid_prefix(pledge_match.reference);
  named       uuid[];
  campaign_id uuid;
  wanted      text := '';
  ordered     text := CASE WHEN pledge_match.sort = 'amount'
    THEN ' ORDER BY p.amount_minor DESC, p.id DESC' ELSE ' ORDER BY p.id DESC' END;
BEGIN
  IF pledge_match.reference IS NOT NULL THEN
    named := careforall.pledge_reference(pledge_match.reference);
    wanted := wanted || CASE WHEN prefix IS NULL THEN ' AND p.id = ANY ($1)'
      ELSE ' AND (p.id = ANY ($1) OR p.id BETWEEN $2[1] AND $2[2])' END;
  END IF;
  IF pledge_match.campaign IS NOT NULL THEN
    campaign_id := careforall.campaign_id_of(pledge_match.campaign);
    IF campaign_id IS NULL THEN
      RETURN;
    END IF;
    wanted := wanted || ' AND p.campaign_id = $3';
  END IF;
  wanted := wanted
    || CASE WHEN pledge_match.email LIKE '%*' THEN ' AND lower(p.donor_email) LIKE $4'
            WHEN pledge_match.email IS NOT NULL THEN ' AND lower(p.donor_email) = $4' ELSE '' END
    || CASE WHEN pledge_match.name IS NOT NULL THEN ' AND lower(p.donor_name) LIKE $5' ELSE '' END
    || CASE WHEN pledge_match.amount_min IS NOT NULL THEN ' AND p.amount_minor >= $6' ELSE '' END
    || CASE WHEN pledge_match.amount_max IS NOT NULL THEN ' AND p.amount_minor <= $7' ELSE '' END
    || CASE WHEN pledge_match.currency IS NOT NULL THEN ' AND p.currency = $8' ELSE '' END
    || CASE WHEN pledge_match.created_from IS NOT NULL THEN ' AND p.created_at >= $9' ELSE '' END
    || CASE WHEN pledge_match.created_to IS NOT NULL THEN ' AND p.created_at < $10' ELSE '' END
    || CASE WHEN pledge_match.state IS NOT NULL THEN ' AND p.state = $11' ELSE '' END
    || CASE WHEN pledge_match.reward_id IS NOT NULL THEN ' AND p.reward_id = $15' ELSE '' END
    || CASE WHEN pledge_match.after_id IS NULL THEN ''
            WHEN pledge_match.sort = 'amount' THEN ' AND (p.amount_minor, p.id) < ($12, $13)'
            ELSE ' AND p.id < $13' END;
  -- The planner would walk back through the ids for as long as it takes to come to the
  -- range. A fence makes it read the range, by its index, and sort.
  IF pledge_match.created_from > COALESCE(pledge_match.created_to, careforall.clock()) - interval '62 days' THEN
    wanted := ' FROM (SELECT p.* FROM careforall.pledges p WHERE true' || wanted || ' OFFSET 0) p' || ordered;
  ELSE
    wanted := ' FROM careforall.pledges p WHERE true' || wanted || ordered;
  END IF;
  RETURN QUERY EXECUTE 'SELECT p.*' || wanted || ' LIMIT $14'
  USING named, prefix, campaign_id,
    CASE WHEN pledge_match.email LIKE '%*'
      THEN careforall.like_escape(lower(left(pledge_match.email, -1))) || '%'
      ELSE lower(pledge_match.email) END,
    '%' || careforall.like_escape(lower(pledge_match.name)) || '%',
    amount_min, amount_max, currency::char(3), created_from, created_to, state,
    after_amount, after_id, LEAST(GREATEST(COALESCE(max, 20), 1), 1000), reward_id;
END
$$;

-- A text that LIKE takes as it is.
CREATE OR REPLACE FUNCTION careforall.like_escape(part text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(part, '([\\%_])', '\\\1', 'g');

-- The same for psql, personal data masked.
CREATE OR REPLACE FUNCTION careforall.pledge_search(
  reference text DEFAULT NULL, email text DEFAULT NULL, name text DEFAULT NULL,
  amount_min bigint DEFAULT NULL, amount_max bigint DEFAULT NULL, currency text DEFAULT NULL,
  created_from timestamptz DEFAULT NULL, created_to timestamptz DEFAULT NULL,
  state text DEFAULT NULL, campaign text DEFAULT NULL, sort text DEFAULT 'newest',
  max integer DEFAULT 20, reward_id uuid DEFAULT NULL)
RETURNS TABLE (created_at timestamptz, pledge_id uuid, campaign_slug text, pledge_state text,
  amount text, donor text, donor_email text, payment_id text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT p.created_at, p.id, c.slug, p.state, careforall.money_text(p.amount_minor, p.currency),
         COALESCE(careforall.donor_shown(p.display, p.donor_name), '(hidden)'),
         careforall.email_masked(p.donor_email), p.payment_id
  FROM careforall.pledge_match(reference, email, name, amount_min, amount_max, currency,
    created_from, created_to, state, campaign, sort, NULL, NULL, max, reward_id) WITH ORDINALITY p
  JOIN careforall.campaigns c ON c.id = p.campaign_id
  ORDER BY p.ordinality
$$;

COMMENT ON FUNCTION careforall.pledge_reference(text) IS
  'Ids of the pledges that a payment id or an id of a refund belongs to.';
COMMENT ON FUNCTION careforall.uuid_prefix(text) IS
  'The first and the last id that begin with some hexadecimal digits.';
COMMENT ON FUNCTION careforall.pledge_match(text, text, text, bigint, bigint, text, timestamptz, timestamptz, text, text, text, bigint, uuid, integer, uuid) IS
  'Pledges that fit all that is given, a page of them.';
COMMENT ON FUNCTION careforall.like_escape(text) IS
  'A text that LIKE takes as it is.';
COMMENT ON FUNCTION careforall.pledge_search(text, text, text, bigint, bigint, text, timestamptz, timestamptz, text, text, text, integer, uuid) IS
  'Finds pledges by reference, e-mail address, name, amount, time, state, campaign and reward; personal data masked.';

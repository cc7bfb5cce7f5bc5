-- SPDX-License-Identifier: Apache-2.0
-- Receipts: issuing one, again as often as the donor needs it, and what was issued.

-- A time by the clocks of a zone, with its distance from UTC: 2026-11-27T07:36+01:00.
CREATE OR REPLACE FUNCTION careforall.local_time(at timestamptz, time_zone text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT to_char(l.here, 'YYYY-MM-DD"T"HH24:MI') || CASE WHEN l.here < l.there THEN '-' ELSE '+' END
    || to_char(GREATEST(l.here, l.there) - LEAST(l.here, l.there), 'HH24:MI')
  FROM (SELECT at AT TIME ZONE time_zone AS here, at AT TIME ZONE 'UTC' AS there) l
$$;

-- What an issue is to the ones before it.
CREATE OR REPLACE FUNCTION careforall.receipt_kind(receipt careforall.receipts)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT CASE WHEN receipt.number = 1 THEN 'original'
    WHEN receipt.refunded_minor <> (SELECT b.refunded_minor FROM careforall.receipts b
      WHERE b.pledge_id = receipt.pledge_id AND b.number = receipt.number - 1) THEN 'replacement'
    ELSE 'copy' END
$$;

-- The issues of the receipt of a pledge, the first one first.
CREATE OR REPLACE FUNCTION careforall.pledge_receipts_json(pledge_id uuid)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT COALESCE(json_agg(json_build_object(
    'number', r.number,
    'kind', careforall.receipt_kind(r),
    'via', r.via,
    'language', r.language,
    'time_zone', r.time_zone,
    'refunded', careforall.json_money(r.refunded_minor, p.currency),
    'issued_at', careforall.json_time(r.issued_at)) ORDER BY r.number), '[]'::json)
  FROM careforall.receipts r
  JOIN careforall.pledges p ON p.id = r.pledge_id
  WHERE r.pledge_id = pledge_receipts_json.pledge_id
$$;

-- What stands in an issue: of the pledge as it was then, though with the donor's name of
-- now, which may have been erased. Times are those of its zone.
CREATE OR REPLACE FUNCTION careforall.receipt_json(receipt careforall.receipts)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'pledge_id', p.id,
    'number', receipt.number,
    'kind', careforall.receipt_kind(receipt),
    'language', receipt.language,
    'time_zone', receipt.time_zone,
    'issued_at', careforall.local_time(receipt.issued_at, receipt.time_zone),
    'before_at', (SELECT careforall.local_time(b.issued_at, receipt.time_zone) FROM careforall.receipts b
      WHERE b.pledge_id = p.id AND b.number = receipt.number - 1),
    'paid_at', careforall.local_time(COALESCE((SELECT h.occurred_at FROM careforall.pledge_history h
      WHERE h.pledge_id = p.id AND h.to_state = 'confirmed' ORDER BY h.version LIMIT 1), p.created_at), receipt.time_zone),
    'donor', p.donor_name,
    'campaign', c.title,
    'reward', w.title,
    'quantity', p.quantity,
    'currency', p.currency,
    'exponent', careforall.currency_exponent(p.currency::text),
    'amount_minor', p.amount_minor,
    'fee_minor', p.fee_minor,
    'refunded_minor', receipt.refunded_minor,
    'refunds', (SELECT COALESCE(json_agg(json_build_object('amount_minor', h.amount_minor,
        'at', careforall.local_time(h.occurred_at, receipt.time_zone)) ORDER BY h.version), '[]'::json)
      FROM careforall.pledge_history h
      WHERE h.pledge_id = p.id AND h.event = 'refund' AND h.version <= receipt.version))
  FROM careforall.pledges p
  JOIN careforall.campaigns c ON c.id = p.campaign_id
  LEFT JOIN careforall.rewards w ON w.id = p.reward_id
  WHERE p.id = receipt.pledge_id
$$;

-- The language of a receipt: the one asked for, else that of the issue before, else the one
-- in which the donor agreed to news, else that of the request, else English.
CREATE OR REPLACE FUNCTION careforall.receipt_language(pledge_id uuid, asked text, spoken text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT l.language FROM (
    VALUES (1, asked),
      (2, (SELECT r.language FROM careforall.receipts r
           WHERE r.pledge_id = receipt_language.pledge_id ORDER BY r.number DESC LIMIT 1)),
      (3, (SELECT split_part(lower(n.language), '-', 1) FROM careforall.news_consents n
           WHERE n.pledge_id = receipt_language.pledge_id AND n.event = 'given')),
      (4, spoken), (5, 'en')) l (place, language)
  WHERE l.language IN ('en', 'de', 'ar')
  ORDER BY l.place
  LIMIT 1
$$;

-- Issues the receipt of a pledge that was paid: to its donor, by the private link (which
-- the caller has checked) or by the account that has it, or to those who may edit the
-- campaign, which is audited. The key makes a repeated request give the same issue.
CREATE OR REPLACE FUNCTION careforall.receipt_issue(
  pledge_id uuid, by_link boolean, actor uuid, language text, spoken text, time_zone text, key_hash bytea)
RETURNS TABLE (doc json, is_replay boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  issues_max constant integer := 1000;
  pledge  careforall.pledges;
  last    careforall.receipts;
  receipt careforall.receipts;
  is_own  boolean := careforall.pledge_access(pledge_id, by_link, actor) = 'donor';
BEGIN
  IF NOT is_own THEN
    PERFORM careforall.campaign_require(actor, p.campaign_id, 'edit')
    FROM careforall.pledges p WHERE p.id = pledge_id;
  END IF;
  IF time_zone IS NOT NULL AND NOT careforall.time_zone_is_known(time_zone) THEN
    RAISE EXCEPTION 'the time zone is not known'
      USING ERRCODE = 'PL013', DETAIL = json_build_object('errors',
        careforall.json_error('/time_zone', 'invalid', 'There is no time zone of this name.'));
  END IF;
  pledge := careforall.pledge_lock(pledge_id);
  SELECT * INTO receipt FROM careforall.receipts r
  WHERE r.pledge_id = pledge.id AND r.key_hash = receipt_issue.key_hash;
  is_replay := receipt.number IS NOT NULL;
  IF is_replay AND NOT (COALESCE(language, receipt.language) = receipt.language
      AND COALESCE(time_zone, receipt.time_zone) = receipt.time_zone) THEN
    RAISE EXCEPTION 'Take a new key for a new receipt.' USING ERRCODE = 'PL004';
  ELSIF NOT is_replay THEN
    IF pledge.state NOT IN ('confirmed', 'refunded') THEN
      RAISE EXCEPTION 'there is a receipt once the money has arrived'
        USING ERRCODE = 'PL002',
              DETAIL = json_build_object('state', pledge.state, 'allowed', '[]'::json);
    END IF;
    SELECT * INTO last FROM careforall.receipts r
    WHERE r.pledge_id = pledge.id ORDER BY r.number DESC LIMIT 1;
    IF last.number >= issues_max THEN
      RAISE EXCEPTION 'a receipt is issued at most % times', issues_max USING ERRCODE = 'PL006';
    END IF;
    INSERT INTO careforall.receipts AS r (pledge_id, number, version, refunded_minor, via,
      account_id, language, time_zone, key_hash)
    VALUES (pledge.id, COALESCE(last.number, 0) + 1, pledge.version, pledge.refunded_minor,
      CASE WHEN NOT is_own THEN 'campaign' WHEN by_link THEN 'link' ELSE 'account' END,
      actor, careforall.receipt_language(pledge.id, language, spoken),
      COALESCE(time_zone, last.time_zone, 'UTC'), key_hash)
    RETURNING r.* INTO receipt;
    IF NOT is_own THEN
      PERFORM careforall.actor_set(actor);
      PERFORM careforall.audit_add('receipt.issue', 'pledge', pledge.id::text, 'issued for the donor',
        jsonb_build_object('number', receipt.number, 'language', receipt.language));
    END IF;
  END IF;
  doc := careforall.receipt_json(receipt);
  RETURN NEXT;
END
$$;

-- What was issued for a pledge: for its donor and those who run the campaign.
CREATE OR REPLACE FUNCTION careforall.receipt_list(pledge_id uuid, by_link boolean, actor uuid)
RETURNS TABLE (doc json)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object('items', careforall.pledge_receipts_json(pledge_id))
  WHERE careforall.pledge_access(pledge_id, by_link, actor) IS NOT NULL
$$;

COMMENT ON FUNCTION careforall.local_time(timestamptz, text) IS
  'A time by the clocks of a zone, with its distance from UTC.';
COMMENT ON FUNCTION careforall.receipt_kind(careforall.receipts) IS
  'What an issue of a receipt is: original, copy, or replacement because more was given back since the one before.';
COMMENT ON FUNCTION careforall.pledge_receipts_json(uuid) IS
  'The issues of the receipt of a pledge as the API shows them.';
COMMENT ON FUNCTION careforall.receipt_json(careforall.receipts) IS
  'What stands in an issue of a receipt.';
COMMENT ON FUNCTION careforall.receipt_language(uuid, text, text) IS
  'The language of a receipt: as asked, as before, as the donor agreed to news, as the request, or English.';
COMMENT ON FUNCTION careforall.receipt_issue(uuid, boolean, uuid, text, text, text, bytea) IS
  'Issues the receipt of a pledge for its donor or those who may edit the campaign (audited); once for each key. Refuses a pledge that was not paid (PL002).';
COMMENT ON FUNCTION careforall.receipt_list(uuid, boolean, uuid) IS
  'The issues of the receipt of a pledge, for its donor or those who run the campaign.';

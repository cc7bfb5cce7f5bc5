-- SPDX-License-Identifier: Apache-2.0
-- Consent of donors to news of a campaign by e-mail: given with a pledge if the campaign
-- offers it, withdrawn at any time, never given by anybody else.

-- Notes that a donor agreed, in the transaction that makes the pledge; consent is
-- {"text", "language"}. Whether that was noted: not if the campaign offers no news.
CREATE OR REPLACE FUNCTION careforall.news_consent_give(pledge_id uuid, consent jsonb)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  INSERT INTO careforall.news_consents AS n (pledge_id, event, campaign_id, text_version, language, via)
  SELECT p.id, 'given', p.campaign_id, consent ->> 'text', consent ->> 'language', 'gift'
  FROM careforall.pledges p
  JOIN careforall.campaigns c ON c.id = p.campaign_id AND c.news_offered
  WHERE p.id = news_consent_give.pledge_id
  ON CONFLICT ON CONSTRAINT news_consents_pkey DO NOTHING;
  RETURN FOUND;
END
$$;

-- Whether the donor wants news now; NULL if they never agreed.
CREATE OR REPLACE FUNCTION careforall.news_wanted(pledge_id uuid)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT bool_and(n.event = 'given')
  FROM careforall.news_consents n
  WHERE n.pledge_id = news_wanted.pledge_id
$$;

-- The consent of a pledge as its donor sees it; NULL if they never agreed.
CREATE OR REPLACE FUNCTION careforall.news_consent_json(pledge_id uuid)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'wanted', w.occurred_at IS NULL,
    'text', g.text_version,
    'language', g.language,
    'given_at', careforall.json_time(g.occurred_at),
    'withdrawn_at', careforall.json_time(w.occurred_at))
  FROM careforall.news_consents g
  LEFT JOIN careforall.news_consents w ON w.pledge_id = g.pledge_id AND w.event = 'withdrawn'
  WHERE g.pledge_id = news_consent_json.pledge_id AND g.event = 'given'
$$;

-- Ends the consent of a donor: of this pledge and of all others of its campaign that were
-- given with the same address, or news would go on. How many ended. Internal.
CREATE OR REPLACE FUNCTION careforall.news_consent_end(pledge_id uuid, via text)
RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  WITH ended AS (
    INSERT INTO careforall.news_consents (pledge_id, event, campaign_id, via)
    SELECT o.id, 'withdrawn', o.campaign_id, news_consent_end.via
    FROM careforall.pledges p
    JOIN careforall.pledges o ON o.campaign_id = p.campaign_id AND lower(o.donor_email) = lower(p.donor_email)
    JOIN careforall.news_consents g ON g.pledge_id = o.id AND g.event = 'given'
    WHERE p.id = news_consent_end.pledge_id
    ON CONFLICT ON CONSTRAINT news_consents_pkey DO NOTHING
    RETURNING 1
  )
  SELECT count(*) FROM ended
$$;

-- DELETE /pledges/{id}/news: by the private link, which the caller has checked, or by the
-- account that has the pledge. Again changes nothing.
CREATE OR REPLACE FUNCTION careforall.pledge_news_withdraw(pledge_id uuid, by_link boolean, actor uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF careforall.pledge_access(pledge_news_withdraw.pledge_id, by_link, actor) <> 'donor' THEN
    RAISE EXCEPTION 'there is no such pledge' USING ERRCODE = 'PL005';
  END IF;
  PERFORM careforall.news_consent_end(pledge_news_withdraw.pledge_id,
    CASE WHEN by_link THEN 'link' ELSE 'account' END);
  RETURN QUERY SELECT careforall.pledge_donor_json(pledge_news_withdraw.pledge_id);
END
$$;

-- The same for a donor who has asked by another way.
CREATE OR REPLACE FUNCTION careforall.news_withdraw(
  pledge_id uuid, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (consents_ended bigint, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  why text := careforall.reason_check(news_withdraw.reason);
BEGIN
  IF careforall.news_wanted(news_withdraw.pledge_id) IS NULL THEN
    RAISE EXCEPTION 'the donor of this pledge has never agreed to news'
      USING ERRCODE = 'PL005', HINT = 'careforall.news_log shows who has.';
  END IF;
  result := 'done';
  BEGIN
    consents_ended := careforall.news_consent_end(news_withdraw.pledge_id, 'administrator');
    PERFORM careforall.audit_add('news.withdraw', 'pledge', news_withdraw.pledge_id::text, why,
      jsonb_build_object('consents', consents_ended));
    PERFORM careforall.dry_run_end(news_withdraw.dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.news_consent_give(uuid, jsonb) IS
  'Notes that the donor of a new pledge agreed to news, if its campaign offers them.';
COMMENT ON FUNCTION careforall.news_wanted(uuid) IS
  'Whether the donor of a pledge wants news of its campaign; NULL if they never agreed.';
COMMENT ON FUNCTION careforall.news_consent_json(uuid) IS
  'The consent to news of a pledge as its donor sees it; NULL if they never agreed.';
COMMENT ON FUNCTION careforall.news_consent_end(uuid, text) IS
  'Ends the consent to news of a donor for all pledges of one campaign.';
COMMENT ON FUNCTION careforall.pledge_news_withdraw(uuid, boolean, uuid) IS
  'Withdraws the consent to news, by the private link that the caller has checked or by the account that has the pledge; idempotent.';
COMMENT ON FUNCTION careforall.news_withdraw(uuid, text, boolean) IS
  'Withdraws a donor''s consent to news of a campaign. Reason required, audited; dry_run checks and changes nothing.';

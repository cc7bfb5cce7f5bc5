-- SPDX-License-Identifier: Apache-2.0
-- How long the private link of a pledge opens it.
--
-- A link has no row of its own: its token is made of the id of the pledge. So it ends by
-- what is known of the pledge, looked at whenever the link is used; whoever takes a link
-- asks pledge_link_require(). Accounts see their pledges without any end.

-- How long a link opens after the last that happened to its pledge; 0: for ever.
CREATE OR REPLACE FUNCTION careforall.link_lifetime()
RETURNS interval
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT COALESCE((SELECT l.lifetime FROM careforall.link_policy l), interval '24 months')
$$;

-- Until when a link opens its pledge, if links live for so long. Infinity: there is no end
-- yet, while its money is under way or its donor waits for an answer. That the donor was
-- taken off is nothing that a link lives on by.
CREATE OR REPLACE FUNCTION careforall.pledge_link_until(pledge careforall.pledges, lifetime interval)
RETURNS timestamptz
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT CASE
    WHEN lifetime = interval '0' OR pledge.state = 'pending'
      OR EXISTS (SELECT FROM careforall.refunds r
                 WHERE r.pledge_id = pledge.id AND r.state = 'requested')
      OR EXISTS (SELECT FROM careforall.refund_requests q
                 WHERE q.pledge_id = pledge.id AND q.state = 'open')
    THEN 'infinity'
    ELSE GREATEST(
      lifetime + GREATEST(
        (SELECT max(h.occurred_at) FROM careforall.pledge_history h
         WHERE h.pledge_id = pledge.id AND h.event <> 'donor_erase'),
        (SELECT max(r.settled_at) FROM careforall.refunds r WHERE r.pledge_id = pledge.id),
        (SELECT max(q.decided_at) FROM careforall.refund_requests q WHERE q.pledge_id = pledge.id)),
      (SELECT max(n.valid_until) FROM careforall.pledge_link_renewals n
       WHERE n.pledge_id = pledge.id))
  END
$$;

-- Refuses a link whose time is over. The caller has checked its token: nobody else is told.
CREATE OR REPLACE FUNCTION careforall.pledge_link_require(pledge careforall.pledges)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  until timestamptz := careforall.pledge_link_until(pledge, careforall.link_lifetime());
BEGIN
  IF until <= careforall.clock() THEN
    RAISE EXCEPTION 'this private link has expired'
      USING ERRCODE = 'PL033',
            DETAIL = json_build_object('expired_at', careforall.json_time(until),
              'has_account', careforall.pledge_account(pledge) IS NOT NULL),
            HINT = 'An administrator can renew it: careforall.pledge_link_renew().';
  END IF;
END
$$;

-- Opens the link of a pledge again, or for longer: the same link, which the donor has.
-- valid_for counts from now.
CREATE OR REPLACE FUNCTION careforall.pledge_link_renew(
  pledge_id uuid, reason text, valid_for interval DEFAULT '30 days', dry_run boolean DEFAULT false)
RETURNS TABLE (until_before timestamptz, until_after timestamptz, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  why      text := careforall.reason_check(reason);
  pledge   careforall.pledges := careforall.pledge_lock(pledge_id);
  lifetime interval := careforall.link_lifetime();
BEGIN
  IF valid_for IS NULL OR valid_for NOT BETWEEN interval '1 day' AND interval '10 years' THEN
    RAISE EXCEPTION 'invalid length of time: %', valid_for
      USING ERRCODE = 'invalid_parameter_value', HINT = 'From 1 day to 10 years.';
  ELSIF pledge.donor_email = 'erased@erased.invalid' THEN
    RAISE EXCEPTION 'the donor of this pledge is erased: nobody is left to open its link'
      USING ERRCODE = 'PL006';
  END IF;
  until_before := careforall.pledge_link_until(pledge, lifetime);
  until_after := careforall.clock() + valid_for;
  IF until_before = 'infinity' THEN
    RAISE EXCEPTION 'the link has no end now: there is nothing to renew' USING ERRCODE = 'PL006';
  ELSIF until_before >= until_after THEN
    RAISE EXCEPTION 'the link opens for longer already, until %', careforall.json_time(until_before)
      USING ERRCODE = 'PL006';
  END IF;
  result := 'renewed';
  BEGIN
    INSERT INTO careforall.pledge_link_renewals (pledge_id, valid_until, reason, renewed_by)
    VALUES (pledge.id, until_after, why, careforall.actor_name());
    PERFORM careforall.audit_add('pledge.link_renew', 'pledge', pledge.id::text, why,
      jsonb_build_object('from', careforall.json_time(until_before), 'to', careforall.json_time(until_after)));
    PERFORM careforall.dry_run_end(dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  RETURN NEXT;
END
$$;

-- Sets how long links open, NULL for the default again, 0 for ever. links_that_end open now
-- and would not with it; counted to 100000. What was renewed stays so.
CREATE OR REPLACE FUNCTION careforall.link_lifetime_set(
  lifetime interval, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (lifetime_before interval, lifetime_after interval, links_that_end bigint, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  why text := careforall.reason_check(reason);
BEGIN
  IF lifetime <> interval '0' AND lifetime NOT BETWEEN interval '30 days' AND interval '100 years' THEN
    RAISE EXCEPTION 'invalid lifetime of links: %', lifetime
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'From 30 days to 100 years, 0 for ever, or NULL for the default.';
  END IF;
  lifetime_before := careforall.link_lifetime();
  result := 'done';
  BEGIN
    DELETE FROM careforall.link_policy;
    IF lifetime IS NOT NULL THEN
      INSERT INTO careforall.link_policy (lifetime, reason, changed_by)
      VALUES (lifetime, why, careforall.actor_name());
    END IF;
    lifetime_after := careforall.link_lifetime();
    PERFORM careforall.audit_add('link_lifetime.set', 'link_policy', 'pledges', why,
      jsonb_build_object('from', lifetime_before, 'to', lifetime_after));
    PERFORM careforall.dry_run_end(dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  -- No link ends sooner than its lifetime after its pledge was made.
  links_that_end := (
    SELECT count(*) FROM (
      SELECT FROM careforall.pledges p
      WHERE lifetime_after <> interval '0'
        AND p.created_at <= careforall.clock() - lifetime_after
        AND careforall.pledge_link_until(p, lifetime_after) <= careforall.clock()
        AND careforall.pledge_link_until(p, lifetime_before) > careforall.clock()
      LIMIT 100000) ended);
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.link_lifetime() IS
  'How long the private link of a pledge opens after the last that happened to the pledge; 0 means for ever.';
COMMENT ON FUNCTION careforall.pledge_link_until(careforall.pledges, interval) IS
  'Until when the private link of a pledge opens it, if links live for so long; infinity if there is no end yet.';
COMMENT ON FUNCTION careforall.pledge_link_require(careforall.pledges) IS
  'Refuses the private link of a pledge, which the caller has checked, when its time is over (PL033).';
COMMENT ON FUNCTION careforall.pledge_link_renew(uuid, text, interval, boolean) IS
  'Opens the private link of a pledge again, or for longer. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.link_lifetime_set(interval, text, boolean) IS
  'Sets how long private links open after the last that happened to their pledge: NULL for the default, 0 for ever. Reason required, audited; dry_run says how many links would end.';

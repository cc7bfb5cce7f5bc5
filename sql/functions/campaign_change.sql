-- SPDX-License-Identifier: Apache-2.0
-- Campaigns changed by hand: their state, their limits, their dates.
--
-- Every function takes the campaign's id or slug and a reason, writes an audit
-- row, and answers with the row after the change. The triggers of the extension
-- decide what is legal, raise the version, and write the event.

-- Locks a campaign by its id or slug and gives its row; refuses an unknown one.
CREATE OR REPLACE FUNCTION careforall.campaign_lock(campaign text)
RETURNS careforall.campaigns
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  found_row careforall.campaigns;
BEGIN
  SELECT * INTO found_row FROM careforall.campaigns c
  WHERE c.id = careforall.campaign_id_of(campaign) FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'campaign "%" does not exist', campaign
      USING ERRCODE = 'PL005',
            HINT = 'Give the id or the slug as it stands in careforall.campaign_overview.';
  END IF;
  RETURN found_row;
END
$$;

-- Moves a campaign along its life cycle: action is publish, pause, resume or close; or
-- puts a closed one away and back: archive, unarchive. Internal.
CREATE OR REPLACE FUNCTION careforall.campaign_move(
  campaign text, action text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (campaign_id uuid, slug text, state text, version bigint, result text, what_follows text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why      text := careforall.reason_check(campaign_move.reason);
  before   careforall.campaigns := careforall.campaign_lock(campaign_move.campaign);
  to_state text;
BEGIN
  IF action <> ALL (careforall.campaign_actions(before)) THEN
    RAISE EXCEPTION 'cannot % campaign "%": it is %', action, before.slug,
      CASE WHEN before.archived_at IS NULL THEN before.state ELSE 'archived' END
      USING ERRCODE = 'PL002',
            DETAIL = jsonb_build_object('state', before.state,
              'allowed', careforall.campaign_actions(before))::text,
            HINT = format('This is for campaigns that are %s.', CASE action
              WHEN 'archive' THEN 'closed and not archived yet'
              WHEN 'unarchive' THEN 'archived'
              ELSE (SELECT string_agg(t.from_state, ' or ' ORDER BY t.from_state)
                    FROM careforall.campaign_transitions() t WHERE t.event = campaign_move.action) END);
  END IF;
  to_state := COALESCE((
    SELECT t.to_state FROM careforall.campaign_transitions() t
    WHERE t.event = campaign_move.action AND t.from_state = before.state), before.state);
  IF to_state = 'active' AND before.ends_at <= careforall.clock() THEN
    RAISE EXCEPTION 'cannot % campaign "%": it ended at %', action, before.slug,
      careforall.json_time(before.ends_at)
      USING ERRCODE = 'PL003', DETAIL = '{"reason": "ended"}',
            HINT = 'Set a later end with careforall.campaign_dates_set() first.';
  END IF;

  result := 'done';
  what_follows := CASE action
    WHEN 'publish' THEN CASE WHEN before.starts_at > careforall.clock()
      THEN 'takes pledges from ' || careforall.json_time(before.starts_at) ELSE 'takes pledges now' END
    WHEN 'resume' THEN 'takes pledges again'
    WHEN 'archive' THEN 'left out of lists; its page, links and receipts go on working'
    WHEN 'unarchive' THEN 'in lists again, closed as before'
    ELSE format('takes no %s; %s pending pledges may still be paid',
      CASE action WHEN 'close' THEN 'pledge ever again' ELSE 'new pledge until it is resumed' END,
      (SELECT count(*) FROM careforall.pledges p WHERE p.campaign_id = before.id AND p.state = 'pending'))
    END;
  BEGIN
    UPDATE careforall.campaigns c SET state = to_state, archived_at = CASE action
      WHEN 'archive' THEN careforall.clock() WHEN 'unarchive' THEN NULL ELSE before.archived_at END
    WHERE c.id = before.id
    RETURNING c.id, c.slug, c.state, c.version INTO campaign_id, slug, state, version;
    PERFORM careforall.audit_add('campaign.' || action, 'campaign', before.id::text, why,
      CASE action
        WHEN 'archive' THEN jsonb_build_object('from', before.state, 'to', 'archived')
        WHEN 'unarchive' THEN jsonb_build_object('from', 'archived', 'to', before.state)
        ELSE jsonb_build_object('from', before.state, 'to', state) END);
    PERFORM careforall.dry_run_end(campaign_move.dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  RETURN NEXT;
END
$$;

-- Writes the members of a row that people edit. Internal; the caller holds the lock.
CREATE OR REPLACE FUNCTION careforall.campaign_update(campaign_id uuid, campaign careforall.campaigns)
RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  UPDATE careforall.campaigns c
  SET (slug, title, summary, story, category, image_url, image_alt, owner_name, goal_minor, cap_minor,
       min_pledge_minor, max_pledge_minor, refund_releases, starts_at, ends_at, news_offered) = (
    SELECT campaign.slug, campaign.title, campaign.summary, campaign.story, campaign.category,
      campaign.image_url, campaign.image_alt, campaign.owner_name, campaign.goal_minor,
      campaign.cap_minor, campaign.min_pledge_minor, campaign.max_pledge_minor,
      campaign.refund_releases, campaign.starts_at, campaign.ends_at, campaign.news_offered)
  WHERE c.id = campaign_update.campaign_id
$$;

CREATE OR REPLACE FUNCTION careforall.campaign_publish(
  campaign text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (campaign_id uuid, slug text, state text, version bigint, result text, what_follows text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT m.campaign_id, m.slug, m.state, m.version, m.result, m.what_follows
  FROM careforall.campaign_move(campaign, 'publish', reason, dry_run) m
$$;

CREATE OR REPLACE FUNCTION careforall.campaign_pause(
  campaign text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (campaign_id uuid, slug text, state text, version bigint, result text, what_follows text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT m.campaign_id, m.slug, m.state, m.version, m.result, m.what_follows
  FROM careforall.campaign_move(campaign, 'pause', reason, dry_run) m
$$;

CREATE OR REPLACE FUNCTION careforall.campaign_resume(
  campaign text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (campaign_id uuid, slug text, state text, version bigint, result text, what_follows text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT m.campaign_id, m.slug, m.state, m.version, m.result, m.what_follows
  FROM careforall.campaign_move(campaign, 'resume', reason, dry_run) m
$$;

CREATE OR REPLACE FUNCTION careforall.campaign_close(
  campaign text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (campaign_id uuid, slug text, state text, version bigint, result text, what_follows text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT m.campaign_id, m.slug, m.state, m.version, m.result, m.what_follows
  FROM careforall.campaign_move(campaign, 'close', reason, dry_run) m
$$;

CREATE OR REPLACE FUNCTION careforall.campaign_archive(
  campaign text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (campaign_id uuid, slug text, state text, version bigint, result text, what_follows text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT m.campaign_id, m.slug, m.state, m.version, m.result, m.what_follows
  FROM careforall.campaign_move(campaign, 'archive', reason, dry_run) m
$$;

CREATE OR REPLACE FUNCTION careforall.campaign_unarchive(
  campaign text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (campaign_id uuid, slug text, state text, version bigint, result text, what_follows text)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT m.campaign_id, m.slug, m.state, m.version, m.result, m.what_follows
  FROM careforall.campaign_move(campaign, 'unarchive', reason, dry_run) m
$$;

-- Sets the most money that may be pledged, in minor units: NULL is unlimited, 0 is
-- none. A cap below what is in use is refused (PL007) by the trigger.
CREATE OR REPLACE FUNCTION careforall.campaign_cap_set(
  campaign text, cap_minor bigint, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (campaign_id uuid, slug text, cap_before text, cap_after text, version bigint, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why    text := careforall.reason_check(campaign_cap_set.reason);
  before careforall.campaigns := careforall.campaign_lock(campaign_cap_set.campaign);
BEGIN
  cap_before := COALESCE(careforall.money_text(before.cap_minor, before.currency), 'unlimited');
  cap_after := COALESCE(careforall.money_text(campaign_cap_set.cap_minor, before.currency), 'unlimited');
  result := 'done';
  BEGIN
    UPDATE careforall.campaigns c SET cap_minor = campaign_cap_set.cap_minor
    WHERE c.id = before.id
    RETURNING c.id, c.slug, c.version INTO campaign_id, slug, version;
    PERFORM careforall.audit_add('campaign.cap_set', 'campaign', before.id::text, why,
      jsonb_build_object('from', before.cap_minor, 'to', campaign_cap_set.cap_minor));
    PERFORM careforall.dry_run_end(campaign_cap_set.dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  RETURN NEXT;
EXCEPTION WHEN SQLSTATE 'PL007' THEN
  RAISE EXCEPTION 'cap of campaign "%" cannot be lowered to %', before.slug,
    careforall.money_text(campaign_cap_set.cap_minor, before.currency)
    USING ERRCODE = 'PL007',
          DETAIL = (SELECT format('%s are held by pending pledges or in use.',
                      careforall.money_text(l.used, before.currency))
                    FROM careforall.limits() l WHERE l.kind = 'campaign_cap' AND l.id = before.id),
          HINT = 'Pause the campaign if it should take nothing more.';
END
$$;

-- Sets when a campaign takes pledges; ends_at NULL is without end.
CREATE OR REPLACE FUNCTION careforall.campaign_dates_set(
  campaign text, starts_at timestamptz, ends_at timestamptz, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (campaign_id uuid, slug text, starts_at_now timestamptz, ends_at_now timestamptz, version bigint,
  result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why    text := careforall.reason_check(campaign_dates_set.reason);
  before careforall.campaigns := careforall.campaign_lock(campaign_dates_set.campaign);
BEGIN
  IF before.state = 'closed' THEN
    RAISE EXCEPTION 'cannot set the dates of campaign "%": it is closed', before.slug
      USING ERRCODE = 'PL002', HINT = 'A closed campaign stays closed; create a new one.';
  END IF;
  result := 'done';
  BEGIN
    UPDATE careforall.campaigns c
    SET starts_at = COALESCE(campaign_dates_set.starts_at, c.starts_at),
        ends_at = campaign_dates_set.ends_at
    WHERE c.id = before.id
    RETURNING c.id, c.slug, c.starts_at, c.ends_at, c.version
    INTO campaign_id, slug, starts_at_now, ends_at_now, version;
    PERFORM careforall.audit_add('campaign.dates_set', 'campaign', before.id::text, why,
      jsonb_build_object('from', jsonb_build_array(before.starts_at, before.ends_at),
        'to', jsonb_build_array(starts_at_now, ends_at_now)));
    PERFORM careforall.dry_run_end(campaign_dates_set.dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  RETURN NEXT;
END
$$;

-- Gives a campaign to the account with an address, which must be that of an owner or
-- of an administrator; NULL leaves it to administrators alone.
CREATE OR REPLACE FUNCTION careforall.campaign_owner_set(
  campaign text, email text, reason text, dry_run boolean DEFAULT false)
RETURNS TABLE (campaign_id uuid, slug text, owner_before text, owner_after text, version bigint, result text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why     text := careforall.reason_check(campaign_owner_set.reason);
  before  careforall.campaigns := careforall.campaign_lock(campaign_owner_set.campaign);
  account careforall.accounts;
BEGIN
  IF campaign_owner_set.email IS NOT NULL THEN
    SELECT * INTO account FROM careforall.accounts a
    WHERE lower(a.email) = lower(campaign_owner_set.email) AND a.disabled_at IS NULL;
    IF account.id IS NULL OR account.role = 'donor' THEN
      RAISE EXCEPTION 'account "%" cannot own a campaign', campaign_owner_set.email
        USING ERRCODE = 'PL005', HINT = 'It must exist, be enabled, and have the role owner or admin.';
    END IF;
  END IF;
  SELECT a.email INTO owner_before FROM careforall.accounts a WHERE a.id = before.owner_id;
  owner_after := account.email;
  result := 'done';
  BEGIN
    UPDATE careforall.campaigns c SET owner_id = account.id WHERE c.id = before.id
    RETURNING c.id, c.slug, c.version INTO campaign_id, slug, version;
    DELETE FROM careforall.campaign_members m
    WHERE m.campaign_id = before.id AND m.account_id = account.id;
    PERFORM careforall.audit_add('campaign.owner_set', 'campaign', before.id::text, why,
      jsonb_build_object('from', before.owner_id, 'to', account.id));
    PERFORM careforall.dry_run_end(campaign_owner_set.dry_run);
  EXCEPTION WHEN SQLSTATE 'DRYRN' THEN
    result := 'dry run: nothing changed';
  END;
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.campaign_lock(text) IS
  'Locks a campaign by its id or slug and gives its row; refuses an unknown one.';
COMMENT ON FUNCTION careforall.campaign_move(text, text, text, boolean) IS
  'Moves a campaign along its life cycle, or into the archive and back, and writes the audit row.';
COMMENT ON FUNCTION careforall.campaign_update(uuid, careforall.campaigns) IS
  'Writes the members of a campaign that people edit.';
COMMENT ON FUNCTION careforall.campaign_publish(text, text, boolean) IS
  'Publishes a draft campaign (id or slug). Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.campaign_pause(text, text, boolean) IS
  'Pauses an active campaign (id or slug): it takes no pledges until resumed. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.campaign_resume(text, text, boolean) IS
  'Resumes a paused campaign (id or slug). Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.campaign_close(text, text, boolean) IS
  'Closes a campaign for ever (id or slug). Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.campaign_archive(text, text, boolean) IS
  'Leaves a closed campaign (id or slug) out of lists; its page, links and receipts go on working. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.campaign_unarchive(text, text, boolean) IS
  'Puts an archived campaign (id or slug) into lists again. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.campaign_cap_set(text, bigint, text, boolean) IS
  'Sets a campaign''s cap in minor units: NULL is unlimited, 0 is none. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.campaign_dates_set(text, timestamptz, timestamptz, text, boolean) IS
  'Sets when a campaign takes pledges: starts_at NULL leaves it, ends_at NULL is without end. Reason required, audited; dry_run checks and changes nothing.';
COMMENT ON FUNCTION careforall.campaign_owner_set(text, text, text, boolean) IS
  'Gives a campaign (id or slug) to the account with an address; NULL leaves it to administrators. Reason required, audited; dry_run checks and changes nothing.';

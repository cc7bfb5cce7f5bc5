-- SPDX-License-Identifier: Apache-2.0
-- Rows whose time is over: idempotency keys, settled provider events, images that
-- nobody shows, and what is left of old sessions.

-- Removes at most max rows of each kind, oldest first, and says how many:
--   idempotency keys older than careforall.idempotency_retention (48 hours, never
--     less than 24: a client may repeat a request for a day);
--   inbox rows older than careforall.inbox_retention (90 days, never less than 30)
--     whose pledge is not pending and has no refund under way;
--   sessions that are over for 30 days, with their refresh tokens;
--   failed log-ins of which nothing was heard for a day;
--   one-time tokens of administrators that ran out unused 30 days ago;
--   images that no campaign names, uploaded more than a day ago.
CREATE OR REPLACE FUNCTION careforall.purge(max integer DEFAULT 100000)
RETURNS TABLE (what text, older_than timestamptz, removed bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  time_now timestamptz := careforall.clock();
BEGIN
  what := 'idempotency keys';
  older_than := time_now
    - careforall.setting_interval('careforall.idempotency_retention', '48 hours', '24 hours');
  DELETE FROM careforall.idempotency_keys k
  WHERE k.key_hash IN (
    SELECT o.key_hash FROM careforall.idempotency_keys o
    WHERE o.created_at < older_than
    ORDER BY o.created_at
    LIMIT GREATEST(max, 0)
    FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN NEXT;

  what := 'inbox events';
  older_than := time_now
    - careforall.setting_interval('careforall.inbox_retention', '90 days', '30 days');
  DELETE FROM careforall.inbox i
  WHERE (i.provider, i.event_id) IN (
    SELECT o.provider, o.event_id FROM careforall.inbox o
    WHERE o.received_at < older_than
      AND NOT EXISTS (SELECT FROM careforall.pledges p
                      WHERE p.id = o.pledge_id AND p.state = 'pending')
      AND NOT EXISTS (SELECT FROM careforall.refunds r
                      WHERE r.pledge_id = o.pledge_id AND r.state = 'requested')
    ORDER BY o.received_at
    LIMIT GREATEST(max, 0)
    FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN NEXT;

  what := 'sessions';
  older_than := time_now - interval '30 days';
  DELETE FROM careforall.sessions s
  WHERE s.id IN (
    SELECT o.id FROM careforall.sessions o
    WHERE LEAST(o.expires_at, o.ended_at) < older_than
    LIMIT GREATEST(max, 0)
    FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN NEXT;

  what := 'failed log-ins';
  older_than := time_now - interval '1 day';
  DELETE FROM careforall.login_failures f
  WHERE f.email_hash IN (
    SELECT o.email_hash FROM careforall.login_failures o
    WHERE o.failed_at < older_than
    ORDER BY o.failed_at
    LIMIT GREATEST(max, 0)
    FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN NEXT;

  what := 'unused administrator tokens';
  older_than := time_now - interval '30 days';
  DELETE FROM careforall.admin_tokens t
  WHERE t.id IN (
    SELECT o.id FROM careforall.admin_tokens o
    WHERE o.used_at IS NULL AND o.expires_at < older_than
    LIMIT GREATEST(max, 0)
    FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN NEXT;

  what := 'unused images';
  older_than := time_now - interval '1 day';
  DELETE FROM careforall.campaign_images i
  WHERE i.sha256 IN (
    SELECT o.sha256 FROM careforall.campaign_images o
    WHERE o.uploaded_at < older_than
      AND NOT EXISTS (SELECT FROM careforall.campaigns c WHERE c.image_url = o.url)
    ORDER BY o.uploaded_at
    LIMIT GREATEST(max, 0)
    FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN NEXT;
END
$$;

COMMENT ON FUNCTION careforall.purge(integer) IS
  'Removes old idempotency keys, settled provider events, sessions, failed log-ins and unused images, a bounded number at a time.';

-- SPDX-License-Identifier: Apache-2.0
-- Pledges for administrators, through the API.
--
-- The functions of the API for administrators begin with admin_ and take the account
-- that acts; what they do, the functions for psql do.

-- Makes an account that must be an administrator's the actor of this transaction.
CREATE OR REPLACE FUNCTION careforall.admin_begin(actor uuid)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.account_require(admin_begin.actor, 'admin');
  PERFORM careforall.actor_set(admin_begin.actor);
END
$$;

-- The id of the trace in a traceparent.
CREATE OR REPLACE FUNCTION careforall.trace_id(traceparent text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN NULLIF(split_part(traceparent, '-', 2), '');

-- Who did something: an account, or a log-in of the database.
CREATE OR REPLACE FUNCTION careforall.actor_json(actor text)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT CASE WHEN actor LIKE 'account:%' THEN (
      SELECT json_build_object('type', 'account', 'id', substr(actor, 9), 'name', a.name)
      FROM (SELECT substr(actor, 9)::uuid AS id) i
      LEFT JOIN careforall.accounts a ON a.id = i.id)
    WHEN actor IS NOT NULL
    THEN json_build_object('type', 'system', 'id', NULL, 'name', actor) END
$$;

CREATE OR REPLACE FUNCTION careforall.admin_pledge_json(pledge careforall.pledges)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', pledge.id,
    'campaign', (SELECT json_build_object('id', c.id, 'slug', c.slug, 'title', c.title)
                 FROM careforall.campaigns c WHERE c.id = pledge.campaign_id),
    'reward', (SELECT json_build_object('id', r.id, 'title', r.title)
               FROM careforall.rewards r WHERE r.id = pledge.reward_id),
    'quantity', pledge.quantity,
    'amount', careforall.json_money(pledge.amount_minor, pledge.currency),
    'fee', careforall.json_money(pledge.fee_minor, pledge.currency),
    'refunded', careforall.json_money(pledge.refunded_minor, pledge.currency),
    'state', pledge.state,
    'state_reason', pledge.state_reason,
    'display', pledge.display,
    'news', careforall.news_consent_json(pledge.id),
    'donor', json_build_object(
      'name', careforall.donor_shown(pledge.display, pledge.donor_name),
      'email', careforall.email_masked(pledge.donor_email),
      'account_id', careforall.pledge_account(pledge)),
    'provider', pledge.provider,
    'payment_id', pledge.payment_id,
    'hold_expires_at', careforall.json_time(pledge.hold_expires_at),
    'cancel_requested_at', careforall.json_time(pledge.cancel_requested_at),
    'trace_id', careforall.trace_id(pledge.traceparent),
    'version', pledge.version,
    'created_at', careforall.json_time(pledge.created_at),
    'updated_at', careforall.json_time(pledge.updated_at))
$$;

-- A page of what pledge_match() finds; number and id are the cursor of the next.
CREATE OR REPLACE FUNCTION careforall.admin_pledge_list(
  actor uuid, reference text, email text, name text, amount_min bigint, amount_max bigint,
  currency text, created_from timestamptz, created_to timestamptz, state text,
  campaign text, sort text, after_number bigint, after_id uuid, max integer,
  reward_id uuid DEFAULT NULL)
RETURNS TABLE (doc json, number bigint, id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM careforall.account_require(actor, 'admin');
  RETURN QUERY
  SELECT careforall.admin_pledge_json(ROW(p.*)::careforall.pledges), p.amount_minor, p.id
  FROM careforall.pledge_match(
    admin_pledge_list.reference, admin_pledge_list.email, admin_pledge_list.name,
    admin_pledge_list.amount_min, admin_pledge_list.amount_max, admin_pledge_list.currency,
    admin_pledge_list.created_from, admin_pledge_list.created_to, admin_pledge_list.state,
    admin_pledge_list.campaign, admin_pledge_list.sort, admin_pledge_list.after_number,
    admin_pledge_list.after_id, admin_pledge_list.max, admin_pledge_list.reward_id) p;
END
$$;

CREATE OR REPLACE FUNCTION careforall.admin_refund_json(refund careforall.refunds)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', refund.id,
    'pledge_id', refund.pledge_id,
    'amount', careforall.json_money(refund.amount_minor, refund.currency),
    'kind', refund.kind,
    'state', refund.state,
    'state_reason', refund.state_reason,
    'reason', refund.reason,
    'requested_by', careforall.actor_json(refund.requested_by),
    'provider', refund.provider,
    'payment_id', refund.payment_id,
    'provider_refund_id', refund.provider_refund_id,
    'created_at', careforall.json_time(refund.created_at),
    'settled_at', careforall.json_time(refund.settled_at))
$$;

CREATE OR REPLACE FUNCTION careforall.admin_dead_letter_json(letter careforall.payment_dead_letters)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', letter.id,
    'kind', letter.kind,
    'pledge_id', letter.pledge_id,
    'target_id', letter.target_id,
    'state', letter.state,
    'code', letter.code,
    'message', letter.message,
    'http_status', letter.http_status,
    'attempts', letter.attempts,
    'failures', letter.failures,
    'trace_id', careforall.trace_id(letter.traceparent),
    'first_failed_at', careforall.json_time(letter.first_failed_at),
    'last_failed_at', careforall.json_time(letter.last_failed_at),
    'decided_at', careforall.json_time(letter.decided_at))
$$;

CREATE OR REPLACE FUNCTION careforall.admin_parked_json(parked careforall.outbox_parked)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'event_id', parked.event_id,
    'outbox_id', parked.outbox_id,
    'type', parked.type,
    'aggregate_type', parked.aggregate_type,
    'aggregate_id', parked.aggregate_id,
    'aggregate_version', parked.aggregate_version,
    'campaign_id', parked.campaign_id,
    'state', parked.state,
    'reason', parked.reason,
    'trace_id', careforall.trace_id(parked.traceparent),
    'occurred_at', careforall.json_time(parked.occurred_at),
    'attempts', parked.attempts,
    'parked_at', careforall.json_time(parked.parked_at),
    'last_failed_at', careforall.json_time(parked.failed_at),
    'decided_at', careforall.json_time(parked.decided_at))
$$;

CREATE OR REPLACE FUNCTION careforall.admin_audit_json(entry careforall.audit_log)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'id', entry.id,
    'at', careforall.json_time(entry.occurred_at),
    'actor', careforall.actor_json(COALESCE(entry.detail ->> 'acts_for', entry.actor)),
    'action', entry.action,
    'target_type', entry.target_type,
    'target_id', entry.target_id,
    'reason', entry.reason,
    'detail', entry.detail - 'acts_for')
$$;

-- What the provider reported of a pledge. Its payloads may hold personal data and
-- stay in the database.
CREATE OR REPLACE FUNCTION careforall.admin_deliveries_json(pledge_id uuid)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT COALESCE(json_agg(json_build_object(
    'provider', i.provider,
    'event_id', i.event_id,
    'kind', i.kind,
    'outcome', i.outcome,
    'detail', i.detail,
    'payment_id', i.payment_id,
    'refund_id', i.refund_id,
    'amount', careforall.json_money(i.amount_minor, i.currency),
    'deliveries', i.deliveries,
    'trace_id', careforall.trace_id(i.traceparent),
    'received_at', careforall.json_time(i.received_at)) ORDER BY i.received_at, i.event_id), '[]'::json)
  FROM careforall.inbox i
  WHERE i.pledge_id = admin_deliveries_json.pledge_id
$$;

CREATE OR REPLACE FUNCTION careforall.admin_history_json(pledge careforall.pledges)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT COALESCE(json_agg(json_build_object(
    'version', h.version,
    'event', h.event,
    'from', h.from_state,
    'to', h.to_state,
    'amount', careforall.json_money(h.amount_minor, pledge.currency),
    'reason', h.reason,
    'actor', careforall.actor_json(h.actor),
    'trace_id', careforall.trace_id(h.traceparent),
    'at', careforall.json_time(h.occurred_at)) ORDER BY h.version), '[]'::json)
  FROM careforall.pledge_history h
  WHERE h.pledge_id = pledge.id
$$;

-- What became of an event: waiting for the relay, published, or what was decided of a
-- parked one. After a restore the ids of transactions mean nothing, so then it goes by
-- its place in the outbox.
CREATE OR REPLACE FUNCTION careforall.event_state(event_id uuid, outbox_id bigint, xid xid8)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT COALESCE(
    (SELECT CASE k.state WHEN 'sent' THEN 'published' ELSE k.state END
     FROM careforall.outbox_parked k WHERE k.event_id = event_state.event_id
     ORDER BY k.outbox_id DESC LIMIT 1),
    (SELECT CASE WHEN CASE
         WHEN c.system_identifier = careforall.relay_system()
         THEN pg_visible_in_snapshot(event_state.xid, c.snapshot)
         ELSE event_state.outbox_id <= c.last_outbox_id END THEN 'published' END
     FROM careforall.relay_checkpoints c WHERE c.consumer = 'relay'
     ORDER BY c.id DESC LIMIT 1),
    'waiting')
$$;

-- The events of a pledge that the outbox still keeps.
CREATE OR REPLACE FUNCTION careforall.admin_events_json(pledge_id uuid)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT COALESCE(json_agg(json_build_object(
    'event_id', o.event_id,
    'outbox_id', o.id,
    'type', o.type,
    'aggregate_version', o.aggregate_version,
    'state', careforall.event_state(o.event_id, o.id, o.xid),
    'data', o.data,
    'trace_id', careforall.trace_id(o.traceparent),
    'occurred_at', careforall.json_time(o.occurred_at),
    'recorded_at', careforall.json_time(o.recorded_at)) ORDER BY o.id), '[]'::json)
  FROM careforall.outbox o
  WHERE o.aggregate_id = admin_events_json.pledge_id
$$;

-- The key of the request that made a pledge: how its hash begins. Both were written
-- by one statement, so their times are the same, and there is an index on that.
CREATE OR REPLACE FUNCTION careforall.admin_key_json(pledge careforall.pledges)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'key_hash_prefix', left(encode(k.key_hash, 'hex'), 12),
    'created_at', careforall.json_time(k.created_at))
  FROM careforall.idempotency_keys k
  WHERE k.pledge_id = pledge.id
    AND k.created_at BETWEEN pledge.created_at - interval '1 second'
                         AND pledge.created_at + interval '1 second'
  LIMIT 1
$$;

-- The link of a pledge as administrators see it, the last renewal first.
CREATE OR REPLACE FUNCTION careforall.pledge_link_json(pledge careforall.pledges)
RETURNS json
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'expires_at', careforall.json_time(NULLIF(u.until, 'infinity')),
    'is_expired', u.until <= careforall.clock(),
    'renewals', (
      SELECT COALESCE(json_agg(json_build_object(
        'at', careforall.json_time(n.renewed_at),
        'until', careforall.json_time(n.valid_until),
        'by', careforall.actor_json(n.renewed_by),
        'reason', n.reason) ORDER BY n.id DESC), '[]'::json)
      FROM careforall.pledge_link_renewals n WHERE n.pledge_id = pledge.id))
  FROM (SELECT careforall.pledge_link_until(pledge, careforall.link_lifetime()) AS until) u
$$;

-- Everything there is about one pledge, without personal data.
CREATE OR REPLACE FUNCTION careforall.admin_pledge(actor uuid, pledge_id uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.account_require(actor, 'admin');
  RETURN QUERY
  SELECT json_build_object(
    'pledge', careforall.admin_pledge_json(p),
    'refundable', careforall.json_money(
      CASE p.state WHEN 'confirmed' THEN GREATEST(careforall.pledge_refundable(p), 0) ELSE 0 END, p.currency),
    'refundable_alone', careforall.refund_alone_json(p),
    'link', careforall.pledge_link_json(p),
    'history', careforall.admin_history_json(p),
    'events', careforall.admin_events_json(p.id),
    'deliveries', careforall.admin_deliveries_json(p.id),
    'refunds', (SELECT COALESCE(json_agg(careforall.admin_refund_json(r) ORDER BY r.id), '[]'::json)
                FROM careforall.refunds r WHERE r.pledge_id = p.id),
    'refund_proposals', careforall.pledge_proposals_json(p.id),
    'dead_letters', (SELECT COALESCE(json_agg(careforall.admin_dead_letter_json(d) ORDER BY d.id), '[]'::json)
                     FROM careforall.payment_dead_letters d WHERE d.pledge_id = p.id),
    'parked_events', (SELECT COALESCE(json_agg(careforall.admin_parked_json(k) ORDER BY k.outbox_id), '[]'::json)
                      FROM careforall.outbox_parked k WHERE k.aggregate_id = p.id),
    'idempotency', careforall.admin_key_json(p),
    'audit', (SELECT COALESCE(json_agg(careforall.admin_audit_json(a) ORDER BY a.id), '[]'::json)
              FROM careforall.audit_log a
              WHERE a.target_type = 'pledge' AND a.target_id = p.id::text),
    'timeline', (SELECT json_agg(json_build_object(
        'at', careforall.json_time(t.at), 'source', t.source, 'event', t.event,
        'detail', t.detail) ORDER BY t.step)
      FROM careforall.pledge_timeline(p.id) t))
  FROM careforall.pledges p
  WHERE p.id = admin_pledge.pledge_id;
END
$$;

CREATE OR REPLACE FUNCTION careforall.admin_pledge_reveal(actor uuid, pledge_id uuid, reason text)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.admin_begin(actor);
  RETURN QUERY
  SELECT json_build_object('name', d.donor_name, 'email', d.donor_email, 'message', d.message)
  FROM careforall.donor_reveal(admin_pledge_reveal.pledge_id, admin_pledge_reveal.reason) d;
END
$$;

-- The donor of this pledge, with all their pledges and their account.
CREATE OR REPLACE FUNCTION careforall.admin_pledge_erase_donor(
  actor uuid, pledge_id uuid, reason text, dry_run boolean)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  is_dry boolean := COALESCE(admin_pledge_erase_donor.dry_run, true);
BEGIN
  PERFORM careforall.admin_begin(actor);
  RETURN QUERY
  SELECT json_build_object('dry_run', is_dry, 'items', json_agg(json_build_object(
    'what', e.what, 'count', e.how_many, 'becomes', e.becomes)))
  FROM careforall.pledges p,
    careforall.donor_erase(p.donor_email, admin_pledge_erase_donor.reason, is_dry) e
  WHERE p.id = admin_pledge_erase_donor.pledge_id
  GROUP BY p.id;
END
$$;

-- event: cancel, or expire to release its hold; force does not wait for the provider.
CREATE OR REPLACE FUNCTION careforall.admin_pledge_end(
  actor uuid, pledge_id uuid, event text, reason text, force boolean, dry_run boolean)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  ended record;
BEGIN
  PERFORM careforall.admin_begin(actor);
  SELECT e.result, e.what_follows INTO ended
  FROM careforall.pledge_end(admin_pledge_end.pledge_id, admin_pledge_end.event,
    CASE admin_pledge_end.event WHEN 'cancel' THEN 'canceled' ELSE 'expired' END,
    admin_pledge_end.reason, admin_pledge_end.force, admin_pledge_end.dry_run) e;
  RETURN QUERY
  SELECT json_build_object(
    'dry_run', COALESCE(admin_pledge_end.dry_run, false),
    'result', CASE WHEN admin_pledge_end.dry_run THEN 'dry_run' ELSE replace(ended.result, ' ', '_') END,
    'what_follows', ended.what_follows,
    'pledge', careforall.admin_pledge_json(p))
  FROM careforall.pledges p WHERE p.id = admin_pledge_end.pledge_id;
END
$$;

-- Renews the private link of a pledge; days NULL: as long as by hand.
CREATE OR REPLACE FUNCTION careforall.admin_pledge_link_renew(
  actor uuid, pledge_id uuid, days bigint, reason text, dry_run boolean)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  renewed record;
BEGIN
  PERFORM careforall.admin_begin(actor);
  SELECT r.until_after INTO renewed
  FROM careforall.pledge_link_renew(admin_pledge_link_renew.pledge_id, admin_pledge_link_renew.reason,
    make_interval(days => COALESCE(admin_pledge_link_renew.days, 30)::integer),
    COALESCE(admin_pledge_link_renew.dry_run, false)) r;
  RETURN QUERY
  SELECT json_build_object(
    'dry_run', COALESCE(admin_pledge_link_renew.dry_run, false),
    'until', careforall.json_time(renewed.until_after),
    'link', careforall.pledge_link_json(p))
  FROM careforall.pledges p WHERE p.id = admin_pledge_link_renew.pledge_id;
END
$$;

COMMENT ON FUNCTION careforall.admin_begin(uuid) IS
  'Makes an administrator''s account the actor of this transaction; refuses others.';
COMMENT ON FUNCTION careforall.trace_id(text) IS
  'The id of the trace in a traceparent.';
COMMENT ON FUNCTION careforall.actor_json(text) IS
  'Who did something: an account by id and name, or a log-in.';
COMMENT ON FUNCTION careforall.admin_pledge_json(careforall.pledges) IS
  'A pledge as administrators see it, personal data masked.';
COMMENT ON FUNCTION careforall.admin_pledge_list(uuid, text, text, text, bigint, bigint, text, timestamptz, timestamptz, text, text, text, bigint, uuid, integer, uuid) IS
  'A page of the pledges that fit, for the API.';
COMMENT ON FUNCTION careforall.admin_refund_json(careforall.refunds) IS
  'A refund as administrators see it.';
COMMENT ON FUNCTION careforall.admin_dead_letter_json(careforall.payment_dead_letters) IS
  'Parked payment work as administrators see it.';
COMMENT ON FUNCTION careforall.admin_parked_json(careforall.outbox_parked) IS
  'A parked event as administrators see it.';
COMMENT ON FUNCTION careforall.admin_audit_json(careforall.audit_log) IS
  'A row of the audit log as administrators see it.';
COMMENT ON FUNCTION careforall.admin_deliveries_json(uuid) IS
  'What the provider reported of a pledge.';
COMMENT ON FUNCTION careforall.admin_history_json(careforall.pledges) IS
  'The whole history of a pledge.';
COMMENT ON FUNCTION careforall.event_state(uuid, bigint, xid8) IS
  'Whether an event waits for the relay, is published, or is parked, released or dropped.';
COMMENT ON FUNCTION careforall.admin_events_json(uuid) IS
  'The events of a pledge that the outbox still keeps.';
COMMENT ON FUNCTION careforall.admin_key_json(careforall.pledges) IS
  'How the hash of the idempotency key of a pledge begins.';
COMMENT ON FUNCTION careforall.pledge_link_json(careforall.pledges) IS
  'Until when the private link of a pledge opens it, and who renewed it, for administrators.';
COMMENT ON FUNCTION careforall.admin_pledge(uuid, uuid) IS
  'Everything there is about one pledge, for the API.';
COMMENT ON FUNCTION careforall.admin_pledge_link_renew(uuid, uuid, bigint, text, boolean) IS
  'Renews the private link of a pledge, for the API. Reason required, audited.';
COMMENT ON FUNCTION careforall.admin_pledge_erase_donor(uuid, uuid, text, boolean) IS
  'For the API: donor_erase() of the donor of a pledge; dry_run is the default.';
COMMENT ON FUNCTION careforall.admin_pledge_reveal(uuid, uuid, text) IS
  'Personal data of the donor of one pledge, for the API. Reason required, audited.';
COMMENT ON FUNCTION careforall.admin_pledge_end(uuid, uuid, text, text, boolean, boolean) IS
  'Cancels a pending pledge or releases its hold, for the API.';

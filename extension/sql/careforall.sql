-- SPDX-License-Identifier: Apache-2.0
-- Functions of the extension. It holds code only: every table lives in sql/.
\echo Use "CREATE EXTENSION careforall" to load this file. \quit

-- The library

CREATE FUNCTION careforall.library_version() RETURNS text
  LANGUAGE c STABLE PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'cfa_sql_library_version';
COMMENT ON FUNCTION careforall.library_version() IS
  'The version of the library that this server has loaded.';

CREATE FUNCTION careforall.library_require(version text) RETURNS void
  LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF string_to_array(careforall.library_version(), '.')::integer[] < string_to_array(version, '.')::integer[] THEN
    RAISE EXCEPTION 'the server has loaded version % of the careforall library, but version % is needed',
        careforall.library_version(), version
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Install the files of the new release, then restart the server.';
  END IF;
END
$$;
COMMENT ON FUNCTION careforall.library_require(text) IS
  'Refuses unless the library that this server has loaded is at least of a version.';

SELECT careforall.library_require('0.2.0');

-- Ids, money, time

CREATE FUNCTION careforall.uuid7() RETURNS uuid
  LANGUAGE c VOLATILE PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'cfa_sql_uuid7';
COMMENT ON FUNCTION careforall.uuid7() IS
  'A new UUID version 7.';

CREATE FUNCTION careforall.currency_exponent(code text) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'cfa_sql_currency_exponent';
COMMENT ON FUNCTION careforall.currency_exponent(text) IS
  'Digits after the decimal point by ISO 4217; NULL when the code is unknown.';

CREATE FUNCTION careforall.clock() RETURNS timestamptz
  LANGUAGE c STABLE PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'cfa_sql_clock';
COMMENT ON FUNCTION careforall.clock() IS
  'The time that all deciding code goes by: start of the statement, moved by clock_set().';

CREATE FUNCTION careforall.clock_set(target timestamptz) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'cfa_sql_clock_set';
COMMENT ON FUNCTION careforall.clock_set(timestamptz) IS
  'Moves the clock of the whole server; needs careforall.allow_clock_set.';

CREATE FUNCTION careforall.clock_reset() RETURNS void
  LANGUAGE c VOLATILE PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'cfa_sql_clock_reset';
COMMENT ON FUNCTION careforall.clock_reset() IS
  'Sets the clock back to the real time.';

-- Life cycles

CREATE FUNCTION careforall.pledge_transitions()
  RETURNS TABLE (from_state text, event text, to_state text, guard text, effect text)
  LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 23
  AS 'MODULE_PATHNAME', 'cfa_sql_pledge_transitions';
COMMENT ON FUNCTION careforall.pledge_transitions() IS
  'The life cycle of a pledge: what is not listed is illegal.';

CREATE FUNCTION careforall.campaign_transitions()
  RETURNS TABLE (from_state text, event text, to_state text, guard text, effect text)
  LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 6
  AS 'MODULE_PATHNAME', 'cfa_sql_campaign_transitions';
COMMENT ON FUNCTION careforall.campaign_transitions() IS
  'The life cycle of a campaign: what is not listed is illegal.';

-- Pledges

CREATE FUNCTION careforall.pledge_create(
  campaign_id uuid,
  amount_minor bigint,
  currency text,
  donor_name text,
  donor_email text,
  reward_id uuid DEFAULT NULL,
  quantity integer DEFAULT NULL,
  display text DEFAULT 'name',
  message text DEFAULT '',
  key_hash bytea DEFAULT NULL,
  fingerprint bytea DEFAULT NULL,
  traceparent text DEFAULT NULL,
  fee_minor bigint DEFAULT 0,
  account_id uuid DEFAULT NULL,
  OUT outcome text,
  OUT pledge_id uuid,
  OUT state text,
  OUT version bigint,
  OUT amount_minor bigint,
  OUT fee_minor bigint,
  OUT currency text,
  OUT hold_expires_at timestamptz,
  OUT created_at timestamptz,
  OUT detail text)
  LANGUAGE c VOLATILE PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'cfa_sql_pledge_create';
COMMENT ON FUNCTION careforall.pledge_create(uuid, bigint, text, text, text, uuid, integer, text, text, bytea, bytea, text, bigint, uuid) IS
  'Creates a pledge. A refusal is an outcome, writes nothing and does not use up the key.';

CREATE FUNCTION careforall.pledge_create_many(
  campaign_ids uuid[],
  amounts_minor bigint[],
  currencies text[],
  donor_names text[],
  donor_emails text[],
  reward_ids uuid[] DEFAULT NULL,
  quantities integer[] DEFAULT NULL,
  displays text[] DEFAULT NULL,
  messages text[] DEFAULT NULL,
  key_hashes bytea[] DEFAULT NULL,
  fingerprints bytea[] DEFAULT NULL,
  traceparents text[] DEFAULT NULL,
  fees_minor bigint[] DEFAULT NULL,
  account_ids uuid[] DEFAULT NULL)
  RETURNS TABLE (
    item integer,
    outcome text,
    pledge_id uuid,
    state text,
    version bigint,
    amount_minor bigint,
    fee_minor bigint,
    currency text,
    hold_expires_at timestamptz,
    created_at timestamptz,
    detail text)
  LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 32
  AS 'MODULE_PATHNAME', 'cfa_sql_pledge_create_many';
COMMENT ON FUNCTION careforall.pledge_create_many(uuid[], bigint[], text[], text[], text[], uuid[], integer[], text[], text[], bytea[], bytea[], text[], bigint[], uuid[]) IS
  'Creates up to 256 pledges in one transaction; one result per item, in order.';

CREATE FUNCTION careforall.pledge_apply(
  pledge_id uuid,
  event text,
  reason text DEFAULT NULL,
  amount_minor bigint DEFAULT NULL,
  actor text DEFAULT NULL,
  traceparent text DEFAULT NULL,
  expected_version bigint DEFAULT NULL,
  OUT outcome text,
  OUT state text,
  OUT version bigint)
  LANGUAGE c VOLATILE PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'cfa_sql_pledge_apply_version';
COMMENT ON FUNCTION careforall.pledge_apply(uuid, text, text, bigint, text, text, bigint) IS
  'Applies an event to a pledge: applied, same (known already), illegal, stale (not at the expected version) or unknown (no such pledge).';

-- Provider events

CREATE FUNCTION careforall.payment_event_apply(
  provider text,
  event_id text,
  kind text,
  payment_id text DEFAULT NULL,
  pledge_id uuid DEFAULT NULL,
  refund_id uuid DEFAULT NULL,
  amount_minor bigint DEFAULT NULL,
  currency text DEFAULT NULL,
  reason text DEFAULT NULL,
  payload json DEFAULT NULL,
  traceparent text DEFAULT NULL,
  OUT outcome text,
  OUT pledge_id uuid,
  OUT state text,
  OUT version bigint)
  LANGUAGE c VOLATILE PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'cfa_sql_payment_event_apply';
COMMENT ON FUNCTION careforall.payment_event_apply(text, text, text, text, uuid, uuid, bigint, text, text, json, text) IS
  'Stores an event of a payment provider once and applies it once.';

CREATE FUNCTION careforall.payment_event_apply_many(
  providers text[],
  event_ids text[],
  kinds text[],
  payment_ids text[] DEFAULT NULL,
  pledge_ids uuid[] DEFAULT NULL,
  refund_ids uuid[] DEFAULT NULL,
  amounts_minor bigint[] DEFAULT NULL,
  currencies text[] DEFAULT NULL,
  reasons text[] DEFAULT NULL,
  payloads json[] DEFAULT NULL,
  traceparents text[] DEFAULT NULL)
  RETURNS TABLE (
    item integer,
    outcome text,
    pledge_id uuid,
    state text,
    version bigint)
  LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 32
  AS 'MODULE_PATHNAME', 'cfa_sql_payment_event_apply_many';
COMMENT ON FUNCTION careforall.payment_event_apply_many(text[], text[], text[], text[], uuid[], uuid[], bigint[], text[], text[], json[], text[]) IS
  'Stores and applies up to 256 events of payment providers in one transaction.';

-- Outbox

CREATE FUNCTION careforall.campaign_document(campaign_id uuid) RETURNS json
  LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'cfa_sql_campaign_document';
COMMENT ON FUNCTION careforall.campaign_document(uuid) IS
  'The static public document of a campaign, as its events carry it; NULL when there is none.';

CREATE FUNCTION careforall.outbox_sleep() RETURNS void
  LANGUAGE c VOLATILE PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'cfa_sql_outbox_sleep';
COMMENT ON FUNCTION careforall.outbox_sleep() IS
  'The relay listens on careforall_outbox and wants one notification at the next commit.';

CREATE FUNCTION careforall.outbox_wake() RETURNS void
  LANGUAGE c VOLATILE PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'cfa_sql_outbox_wake';
COMMENT ON FUNCTION careforall.outbox_wake() IS
  'The relay is awake and needs no notification.';

CREATE FUNCTION careforall.outbox_commits() RETURNS bigint
  LANGUAGE c VOLATILE PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'cfa_sql_outbox_commits';
COMMENT ON FUNCTION careforall.outbox_commits() IS
  'Number of commits with events since the server started.';

-- Limits, totals, checks, statistics

CREATE FUNCTION careforall.limits()
  RETURNS TABLE (
    kind text,
    id uuid,
    capacity bigint,
    used bigint,
    available bigint,
    pins integer,
    state text)
  LANGUAGE c VOLATILE PARALLEL RESTRICTED ROWS 1000
  AS 'MODULE_PATHNAME', 'cfa_sql_limits';
COMMENT ON FUNCTION careforall.limits() IS
  'Limits in shared memory. What open transactions hold counts as used; NULL capacity is unlimited.';

CREATE FUNCTION careforall.limits_reload() RETURNS void
  LANGUAGE c VOLATILE PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'cfa_sql_limits_reload';
COMMENT ON FUNCTION careforall.limits_reload() IS
  'Forgets all limits in shared memory, to be loaded from the tables at their next use.';

CREATE FUNCTION careforall.totals_fold() RETURNS bigint
  LANGUAGE c VOLATILE PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'cfa_sql_totals_fold';
COMMENT ON FUNCTION careforall.totals_fold() IS
  'Folds campaign_total_deltas into campaign_totals; the number of rows folded.';

CREATE FUNCTION careforall.verify()
  RETURNS TABLE (name text, violations bigint, sample text)
  LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 20
  AS 'MODULE_PATHNAME', 'cfa_sql_verify';
COMMENT ON FUNCTION careforall.verify() IS
  'Checks the invariants over all stored data; every figure must be 0.';

CREATE FUNCTION careforall.stats() RETURNS TABLE (name text, value bigint)
  LANGUAGE c VOLATILE PARALLEL RESTRICTED ROWS 25
  AS 'MODULE_PATHNAME', 'cfa_sql_stats';
COMMENT ON FUNCTION careforall.stats() IS
  'What the engine has done since the server started, rolled back or not.';

CREATE FUNCTION careforall.stats_reset() RETURNS void
  LANGUAGE c VOLATILE PARALLEL RESTRICTED
  AS 'MODULE_PATHNAME', 'cfa_sql_stats_reset';
COMMENT ON FUNCTION careforall.stats_reset() IS
  'Sets all counters of stats() to zero.';

-- Triggers, created by sql/schema/080_triggers.sql

CREATE FUNCTION careforall.pledge_guard() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'cfa_trigger_pledge_guard';
COMMENT ON FUNCTION careforall.pledge_guard() IS
  'Checks the life cycle of a pledge, pins its limits, sets version and holds.';

CREATE FUNCTION careforall.pledge_record() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'cfa_trigger_pledge_record';
COMMENT ON FUNCTION careforall.pledge_record() IS
  'Takes or frees units of limits; writes history, outbox and total deltas.';

CREATE FUNCTION careforall.campaign_guard() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'cfa_trigger_campaign_guard';
COMMENT ON FUNCTION careforall.campaign_guard() IS
  'Checks the life cycle of a campaign and sets its version.';

CREATE FUNCTION careforall.campaign_record() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'cfa_trigger_campaign_record';
COMMENT ON FUNCTION careforall.campaign_record() IS
  'Applies a changed cap to its limit; writes the event of a campaign.';

CREATE FUNCTION careforall.capacity_guard() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'cfa_trigger_capacity_guard';
COMMENT ON FUNCTION careforall.capacity_guard() IS
  'Applies changed capacities of rewards and pools; gives campaign.updated once per statement.';

CREATE FUNCTION careforall.refuse_change() RETURNS trigger
  LANGUAGE c AS 'MODULE_PATHNAME', 'cfa_trigger_refuse_change';
COMMENT ON FUNCTION careforall.refuse_change() IS
  'Refuses to change, delete or truncate rows that are kept as they are.';

-- Nobody may call anything but harmless helpers until sql/grants.sql says so.

DO $$
DECLARE
  f record;
BEGIN
  FOR f IN
    SELECT p.oid::regprocedure AS signature
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_depend d ON d.objid = p.oid
      AND d.classid = 'pg_catalog.pg_proc'::regclass AND d.deptype = 'e'
    JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
    WHERE e.extname = 'careforall'
      AND p.proname NOT IN ('uuid7', 'clock', 'currency_exponent',
        'pledge_transitions', 'campaign_transitions')
  LOOP
    EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f.signature);
  END LOOP;
END
$$;

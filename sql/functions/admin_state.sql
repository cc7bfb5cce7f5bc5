-- SPDX-License-Identifier: Apache-2.0
-- Limits, jobs, invariants, health and the audit log, for administrators through the
-- API.

CREATE OR REPLACE FUNCTION careforall.admin_limit_list(
  actor uuid, kind text, campaign text, after_number bigint, after_id uuid, max integer)
RETURNS TABLE (doc json, number bigint, id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM careforall.account_require(actor, 'admin');
  RETURN QUERY
  SELECT json_build_object(
           'id', l.limit_id,
           'kind', l.kind,
           'campaign', json_build_object('id', c.id, 'slug', c.slug, 'title', c.title),
           'name', l.name,
           'unit', CASE l.kind WHEN 'campaign_cap' THEN 'minor_units' ELSE 'places' END,
           'currency', CASE l.kind WHEN 'campaign_cap' THEN c.currency::text END,
           'capacity', l.capacity,
           'used', l.used,
           'available', l.available,
           'used_percent', l.used_percent,
           'state', replace(l.state, ' ', '_')),
         0::bigint, l.limit_id
  FROM careforall.limits_status l
  JOIN careforall.campaigns c ON c.slug = l.campaign
  WHERE (admin_limit_list.kind IS NULL OR l.kind = admin_limit_list.kind)
    AND (admin_limit_list.campaign IS NULL
         OR c.id = (SELECT careforall.campaign_id_of(admin_limit_list.campaign)))
    AND (after_id IS NULL OR l.limit_id < after_id)
  ORDER BY l.limit_id DESC
  LIMIT LEAST(GREATEST(COALESCE(max, 20), 1), 1000);
END
$$;

CREATE OR REPLACE FUNCTION careforall.admin_jobs(actor uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.account_require(actor, 'admin');
  RETURN QUERY
  SELECT json_build_object('items', json_agg(json_build_object(
    'name', s.job,
    'purpose', s.purpose,
    'schedule', s.schedule,
    'status', replace(s.status, ' ', '_'),
    'last_started_at', careforall.json_time(r.last_started_at),
    'last_ok_at', careforall.json_time(r.last_ok_at),
    'took_s', careforall.interval_s(r.last_took),
    'last_result', s.last_result,
    'runs', COALESCE(s.runs, 0),
    'failures', COALESCE(s.failures, 0),
    'last_error', s.last_error,
    'last_error_at', careforall.json_time(s.last_error_at)) ORDER BY s.job))
  FROM careforall.jobs_status s
  LEFT JOIN careforall.job_runs r ON r.job = s.job;
END
$$;

-- Whether a job runs now. job_run() holds this lock for as long.
CREATE OR REPLACE FUNCTION careforall.job_is_running(job text)
RETURNS boolean
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM pg_catalog.pg_locks k
    WHERE k.locktype = 'advisory' AND k.granted AND k.objsubid = 2
      AND k.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
      AND k.classid::bigint = (hashtext('careforall.job')::bigint & 4294967295)
      AND k.objid::bigint = (hashtext(job_is_running.job)::bigint & 4294967295))
$$;

CREATE OR REPLACE FUNCTION careforall.admin_verify_json()
RETURNS json
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT json_build_object(
    'is_running', careforall.job_is_running('verify_run'),
    'checked_at', careforall.json_time(max(v.checked_at)),
    'took_s', careforall.interval_s(max(v.took)),
    'violations', COALESCE(sum(v.violations), 0),
    'items', COALESCE(json_agg(json_build_object(
      'name', v.name,
      'violations', v.violations,
      'sample', v.sample,
      'checked_at', careforall.json_time(v.checked_at),
      'last_violation_at', careforall.json_time(v.last_violation_at))
      ORDER BY v.violations DESC, v.name), '[]'::json))
  FROM careforall.verify_results v
$$;

CREATE OR REPLACE FUNCTION careforall.admin_verify(actor uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.account_require(actor, 'admin');
  RETURN QUERY SELECT careforall.admin_verify_json();
END
$$;

-- Before a run that somebody asks for: notes who and why, and refuses a second one.
CREATE OR REPLACE FUNCTION careforall.admin_verify_begin(actor uuid, reason text)
RETURNS TABLE (doc json, etag text, location text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.admin_begin(actor);
  IF careforall.job_is_running('verify_run') THEN
    RAISE EXCEPTION 'the invariants are being checked already' USING ERRCODE = 'PL031';
  END IF;
  PERFORM careforall.audit_add('verify.run', 'job', 'verify_run', reason);
  RETURN QUERY SELECT careforall.admin_verify_json(), NULL::text, '/api/v1/admin/verify'::text;
END
$$;

-- The run itself; takes as long as it takes, so the caller gives it time.
CREATE OR REPLACE FUNCTION careforall.admin_verify_run(actor uuid)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.admin_begin(actor);
  RETURN (SELECT r.result FROM careforall.job_run('verify_run') r);
END
$$;

CREATE OR REPLACE FUNCTION careforall.admin_health(actor uuid)
RETURNS TABLE (doc json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  PERFORM careforall.account_require(actor, 'admin');
  RETURN QUERY
  SELECT json_build_object(
    'status', (array_agg(h.status ORDER BY array_position('{bad,warn,ok}', h.status)))[1],
    'items', json_agg(json_build_object('check', h."check", 'status', h.status,
      'value', h.value, 'hint', h.hint)
      ORDER BY array_position('{bad,warn,ok}', h.status), h.ordinality))
  FROM careforall.health_checks() WITH ORDINALITY h ("check", status, value, hint, ordinality);
END
$$;

-- Whether an entry of the audit log fits all filters that are not NULL: from (inclusive) to
-- (exclusive); who is the id of an account or the name of a log-in. Written to be inlined.
CREATE OR REPLACE FUNCTION careforall.audit_fits(
  entry careforall.audit_log, who text, action text, target_type text, target_id text,
  from_time timestamptz, to_time timestamptz)
RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$
  SELECT (who IS NULL
    OR COALESCE(entry.detail ->> 'acts_for', entry.actor) IN (who, 'account:' || lower(who)))
  AND (audit_fits.action IS NULL OR entry.action = audit_fits.action)
  AND (audit_fits.target_type IS NULL OR entry.target_type = audit_fits.target_type)
  AND (audit_fits.target_id IS NULL OR entry.target_id = audit_fits.target_id)
  AND (from_time IS NULL OR entry.occurred_at >= from_time)
  AND (to_time IS NULL OR entry.occurred_at < to_time)
$$;

-- Newest first.
CREATE OR REPLACE FUNCTION careforall.admin_audit_list(
  actor uuid, who text, action text, target_type text, target_id text,
  from_time timestamptz, to_time timestamptz, after_number bigint, after_id uuid, max integer)
RETURNS TABLE (doc json, number bigint, id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM careforall.account_require(admin_audit_list.actor, 'admin');
  RETURN QUERY
  SELECT careforall.admin_audit_json(a), a.id, NULL::uuid
  FROM careforall.audit_log a
  WHERE careforall.audit_fits(a, who, admin_audit_list.action, admin_audit_list.target_type,
      admin_audit_list.target_id, from_time, to_time)
    AND (after_number IS NULL OR a.id < after_number)
  ORDER BY a.id DESC
  LIMIT LEAST(GREATEST(COALESCE(max, 20), 1), 1000);
END
$$;

COMMENT ON FUNCTION careforall.admin_limit_list(uuid, text, text, bigint, uuid, integer) IS
  'A page of limits with their use, for the API.';
COMMENT ON FUNCTION careforall.admin_jobs(uuid) IS
  'The jobs that run by the clock, for the API.';
COMMENT ON FUNCTION careforall.job_is_running(text) IS
  'Whether a job runs now.';
COMMENT ON FUNCTION careforall.admin_verify_json() IS
  'What the last run of verify() found.';
COMMENT ON FUNCTION careforall.admin_verify(uuid) IS
  'What the last run of verify() found, for the API.';
COMMENT ON FUNCTION careforall.admin_verify_begin(uuid, text) IS
  'Notes that somebody asks for a run of verify(); refused while one runs.';
COMMENT ON FUNCTION careforall.admin_verify_run(uuid) IS
  'Runs verify() for an administrator, one at a time.';
COMMENT ON FUNCTION careforall.admin_health(uuid) IS
  'All health checks, for the API.';
COMMENT ON FUNCTION careforall.audit_fits(careforall.audit_log, text, text, text, text, timestamptz, timestamptz) IS
  'Whether an entry of the audit log fits the filters of a list.';
COMMENT ON FUNCTION careforall.admin_audit_list(uuid, text, text, text, text, timestamptz, timestamptz, bigint, uuid, integer) IS
  'A page of the audit log, for the API.';

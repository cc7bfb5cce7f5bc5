-- SPDX-License-Identifier: Apache-2.0
-- The audit log for the file of an export.

-- A page of an export, newest first, before the entry given. The columns behind doc are those
-- of the CSV file; doc is made for JSON only. max_rows is held to 1..1000.
CREATE OR REPLACE FUNCTION careforall.audit_export_page(
  actor uuid, format text, who text, action text, target_type text, target_id text,
  from_time timestamptz, to_time timestamptz, before bigint, max_rows integer)
RETURNS TABLE (doc json, id text, at text, actor_id text, actor_name text, action_now text, target_type_now text,
  target_id_now text, reason text, detail text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  is_json boolean := audit_export_page.format = 'json';
BEGIN
  PERFORM careforall.account_require(audit_export_page.actor, 'admin');
  RETURN QUERY
  SELECT CASE WHEN is_json THEN careforall.admin_audit_json(a) END,
    a.id::text,
    careforall.json_time(a.occurred_at),
    j.actor ->> 'id',
    j.actor ->> 'name',
    a.action,
    a.target_type,
    a.target_id,
    a.reason,
    (a.detail - 'acts_for')::text
  FROM careforall.audit_log a,
    careforall.actor_json(COALESCE(a.detail ->> 'acts_for', a.actor)) AS j (actor)
  WHERE careforall.audit_fits(a, who, audit_export_page.action, audit_export_page.target_type,
      audit_export_page.target_id, from_time, to_time)
    AND a.id < audit_export_page.before
  ORDER BY a.id DESC
  LIMIT LEAST(GREATEST(COALESCE(max_rows, 500), 1), 1000);
END
$$;

COMMENT ON FUNCTION careforall.audit_export_page(uuid, text, text, text, text, text, timestamptz, timestamptz, bigint, integer) IS
  'A page of an export of the audit log, newest first.';

-- SPDX-License-Identifier: Apache-2.0
-- Rows whose time is over: see retention_kinds().

-- Removes at most max rows of each kind, oldest first, and says how many. What
-- somebody else holds at the moment is left for the next run.
CREATE OR REPLACE FUNCTION careforall.purge(max integer DEFAULT 100000)
RETURNS TABLE (what text, older_than timestamptz, removed bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  k record;
BEGIN
  FOR k IN
    SELECT r.kind, r.relation, r.condition, r.removal,
      CASE WHEN r.since LIKE '%(%' THEN r.since ELSE 'o.' || r.since END AS age, (SELECT e.keep FROM careforall.retention_of(r.kind) e) AS keep
    FROM careforall.retention_kinds() r WHERE r.done_by = 'purge' ORDER BY r.place
  LOOP
    what := k.kind;
    older_than := careforall.retention_edge(k.kind, k.keep);
    EXECUTE format('%1$s t %2$s WHERE t.ctid = ANY (ARRAY(
        SELECT o.ctid FROM %3$s o WHERE %4$s < $1 AND %5$s
        ORDER BY %4$s LIMIT $2 FOR UPDATE OF o SKIP LOCKED))',
      CASE WHEN k.removal LIKE 'UPDATE %' THEN 'UPDATE ' ELSE 'DELETE FROM ' END || k.relation,
      CASE WHEN k.removal LIKE 'UPDATE %' THEN substr(k.removal, length('UPDATE ') + 1) ELSE '' END,
      k.relation, k.age, k.condition)
    USING older_than, GREATEST(max, 0);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
  END LOOP;
END
$$;

-- Takes the donor off at most max pledges of which the kind contact data is over, as
-- donor_erase() does, and says how many.
CREATE OR REPLACE FUNCTION careforall.contact_erase(max integer DEFAULT 2000)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  edge timestamptz := careforall.retention_edge('contact data', (
    SELECT e.keep FROM careforall.retention_of('contact data') e));
  ids  uuid[];
BEGIN
  SELECT array_agg(l.id) INTO ids FROM (
    SELECT o.id FROM careforall.pledges o
    WHERE o.created_at < edge AND o.donor_email <> 'erased@erased.invalid' AND o.state <> 'pending'
      AND NOT EXISTS (SELECT FROM careforall.refunds r
                      WHERE r.pledge_id = o.id AND r.state = 'requested')
    ORDER BY o.id LIMIT GREATEST(max, 0) FOR NO KEY UPDATE SKIP LOCKED) l;
  PERFORM careforall.pledges_erase(ids);
  RETURN COALESCE(cardinality(ids), 0);
END
$$;

COMMENT ON FUNCTION careforall.purge(integer) IS
  'Removes what retention_kinds() says is over, a bounded number of each kind at a time.';
COMMENT ON FUNCTION careforall.contact_erase(integer) IS
  'Takes the donor off pledges whose contact data has been kept for long enough, a bounded number at a time.';

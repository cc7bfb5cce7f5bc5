-- SPDX-License-Identifier: Apache-2.0
-- Personal data of one donor, for an administrator who says why.

-- No view shows a whole e-mail address; this function does, one pledge at a time,
-- and leaves an audit row for each look.
CREATE OR REPLACE FUNCTION careforall.donor_reveal(pledge_id uuid, reason text)
RETURNS TABLE (donor_name text, donor_email text, message text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, careforall, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  why    text := careforall.reason_check(donor_reveal.reason);
  pledge careforall.pledges := careforall.pledge_lock(donor_reveal.pledge_id);
BEGIN
  PERFORM careforall.audit_add('donor.reveal', 'pledge', pledge.id::text, why);
  RETURN QUERY SELECT pledge.donor_name, pledge.donor_email, pledge.message;
END
$$;

-- a***@e***.org: enough to recognize an address one knows, no more.
CREATE OR REPLACE FUNCTION careforall.email_masked(email text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN left(email, 1) || '***@' || left(split_part(email, '@', -1), 1) || '***'
  || COALESCE(substring(split_part(email, '@', -1) FROM '\.[^.]+$'), '');

COMMENT ON FUNCTION careforall.donor_reveal(uuid, text) IS
  'Name, e-mail address and message of the donor of one pledge. Reason required, audited.';
COMMENT ON FUNCTION careforall.email_masked(text) IS
  'An e-mail address with all but its first letters and its top level domain hidden.';

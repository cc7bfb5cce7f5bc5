-- SPDX-License-Identifier: Apache-2.0
-- The If-Match header against the entity tag of a row that is locked.

-- Whether an If-Match value fits a strong tag: it is "*", or a list of tags with
-- this one among them. Weak tags never fit (RFC 9110, 13.1.1).
CREATE OR REPLACE FUNCTION careforall.etag_fits(if_match text, etag text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN COALESCE(btrim(if_match, E' \t') = '*' OR (
  if_match ~ '^[ \t]*(W/)?"[^"]*"([ \t]*,[ \t]*(W/)?"[^"]*")*[ \t]*$'
  AND etag = ANY (ARRAY(
    SELECT m[1] FROM regexp_matches(if_match, '((?:W/)?"[^"]*")', 'g') m))), false);

-- Refuses an If-Match that does not fit: the row has changed since it was read.
CREATE OR REPLACE FUNCTION careforall.etag_require(if_match text, etag text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF NOT careforall.etag_fits(if_match, etag) THEN
    RAISE EXCEPTION 'it was changed since it was read' USING ERRCODE = 'PL012';
  END IF;
END
$$;

COMMENT ON FUNCTION careforall.etag_fits(text, text) IS
  'Whether an If-Match value fits a strong entity tag.';
COMMENT ON FUNCTION careforall.etag_require(text, text) IS
  'Refuses an If-Match value that does not fit the entity tag (PL012).';

-- SPDX-License-Identifier: Apache-2.0
-- The library tells its version, so that later steps can ask for it; an event can be
-- applied to one version of a pledge only.
\echo Use "ALTER EXTENSION careforall UPDATE" to load this file. \quit

-- The library of 0.1.0 cannot be asked: it lacks the function.
DO $$
BEGIN
  CREATE FUNCTION careforall.library_version() RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'cfa_sql_library_version';
EXCEPTION WHEN undefined_function THEN
  RAISE EXCEPTION 'the server has loaded version 0.1.0 of the careforall library, but version 0.2.0 is needed'
    USING ERRCODE = 'object_not_in_prerequisite_state',
          HINT = 'Install the files of the new release, then restart the server.';
END
$$;
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

REVOKE ALL ON FUNCTION careforall.library_version(), careforall.library_require(text) FROM PUBLIC;

DROP FUNCTION careforall.pledge_apply(uuid, text, text, bigint, text, text);
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
REVOKE ALL ON FUNCTION careforall.pledge_apply(uuid, text, text, bigint, text, text, bigint) FROM PUBLIC;

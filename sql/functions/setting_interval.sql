-- SPDX-License-Identifier: Apache-2.0
-- A setting of the careforall.* family as a length of time.

-- Gives fallback when the setting is unknown or empty, and never less than floor:
-- a purge that a typing error makes too eager cannot be taken back.
CREATE OR REPLACE FUNCTION careforall.setting_interval(
  name text, fallback interval, floor interval DEFAULT '0')
RETURNS interval
LANGUAGE sql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
  SELECT GREATEST(
    COALESCE(NULLIF(current_setting(name, true), '')::interval, fallback), floor)
$$;

COMMENT ON FUNCTION careforall.setting_interval(text, interval, interval) IS
  'A setting as an interval, with a fallback and a floor.';

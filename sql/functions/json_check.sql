-- SPDX-License-Identifier: Apache-2.0
-- How documents that clients send are checked, and how they are merged.
--
-- A check gives the errors it found as a JSON array, empty if there are none. Each
-- has a JSON Pointer, a code for programs and a sentence for people; the codes are
-- those that the HTTP layer uses too. pointer is "/member" or "/member/member".

CREATE OR REPLACE FUNCTION careforall.json_error(pointer text, code text, detail text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN jsonb_build_array(jsonb_build_object('pointer', pointer, 'code', code, 'detail', detail));

-- Refuses a document for its errors, if there are any (PL013).
CREATE OR REPLACE FUNCTION careforall.json_errors_raise(errors jsonb)
RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF errors <> '[]' THEN
    RAISE EXCEPTION '%', CASE jsonb_array_length(errors) WHEN 1 THEN 'one field is invalid' ELSE 'several fields are invalid' END
      USING ERRCODE = 'PL013', DETAIL = jsonb_build_object('errors', errors)::text;
  END IF;
END
$$;

-- A text of so many characters, without control characters but for line breaks and
-- tabs where it has several lines. What must not be empty must show something: the
-- characters that do not are those of cfa_text_is_blank() in lib/src/text.c.
CREATE OR REPLACE FUNCTION careforall.json_text_check(
  doc jsonb, pointer text, min_chars integer, max_chars integer, is_multiline boolean DEFAULT false)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  value jsonb := doc #> string_to_array(ltrim(pointer, '/'), '/');
  words text := value #>> '{}';
BEGIN
  IF jsonb_typeof(value) IS DISTINCT FROM 'string' THEN
    RETURN careforall.json_error(pointer, 'text_required', 'Must be a text.');
  ELSIF char_length(words) NOT BETWEEN min_chars AND max_chars THEN
    RETURN careforall.json_error(pointer, 'length_out_of_range',
      format('Must have %s to %s characters.', min_chars, max_chars));
  ELSIF words ~ (CASE WHEN is_multiline THEN '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]'
                      ELSE '[\u0001-\u001f\u007f-\u009f]' END) THEN
    RETURN careforall.json_error(pointer, 'control_character', 'Must not hold control characters.');
  ELSIF min_chars > 0 AND words !~
    '[^\u0009-\u000d\u0020\u0085\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0]' THEN
    RETURN careforall.json_error(pointer, 'blank', 'Must not be blank.');
  END IF;
  RETURN '[]';
END
$$;

-- An integer from min_value to max_value; null only where it is allowed.
CREATE OR REPLACE FUNCTION careforall.json_integer_check(
  doc jsonb, pointer text, min_value bigint, max_value bigint, is_nullable boolean DEFAULT false)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  value jsonb := COALESCE(doc #> string_to_array(ltrim(pointer, '/'), '/'), 'null');
BEGIN
  IF value = 'null' AND is_nullable THEN
    RETURN '[]';
  ELSIF jsonb_typeof(value) = 'number' AND value::text ~ '^-?[0-9]{1,18}$'
        AND value::bigint BETWEEN min_value AND max_value THEN
    RETURN '[]';
  END IF;
  RETURN careforall.json_error(pointer, 'out_of_range',
    format('Must be an integer from %s to %s%s.', min_value, max_value,
      CASE WHEN is_nullable THEN ', or null' ELSE '' END));
END
$$;

-- {"amount", "currency"} and nothing else; null only where it is allowed.
CREATE OR REPLACE FUNCTION careforall.json_money_check(
  doc jsonb, pointer text, min_amount bigint, currency text, is_nullable boolean DEFAULT false)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  value  jsonb := COALESCE(doc #> string_to_array(ltrim(pointer, '/'), '/'), 'null');
  errors jsonb := '[]';
BEGIN
  IF value = 'null' AND is_nullable THEN
    RETURN errors;
  ELSIF jsonb_typeof(value) <> 'object' OR value - 'amount' - 'currency' <> '{}' THEN
    RETURN careforall.json_error(pointer, 'money_required',
      'Must be an object with amount and currency' || CASE WHEN is_nullable THEN ', or null.' ELSE '.' END);
  END IF;
  errors := careforall.json_integer_check(doc, pointer || '/amount', min_amount, 9007199254740991);
  IF value ->> 'currency' IS DISTINCT FROM json_money_check.currency THEN
    errors := errors || careforall.json_error(pointer || '/currency', 'currency_mismatch',
      format('Must be %s, the currency of the campaign.', json_money_check.currency));
  END IF;
  RETURN errors;
END
$$;

-- The time that an RFC 3339 text from this century and the next says; NULL if it
-- is none.
CREATE OR REPLACE FUNCTION careforall.json_time_parse(words text)
RETURNS timestamptz
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  IF words !~ '^2[01][0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-5][0-9])$' THEN
    RETURN NULL;
  END IF;
  RETURN words::timestamptz;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION careforall.json_time_check(
  doc jsonb, pointer text, is_nullable boolean DEFAULT false)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  value jsonb := COALESCE(doc #> string_to_array(ltrim(pointer, '/'), '/'), 'null');
BEGIN
  IF value = 'null' AND is_nullable
     OR jsonb_typeof(value) = 'string' AND careforall.json_time_parse(value #>> '{}') IS NOT NULL THEN
    RETURN '[]';
  END IF;
  RETURN careforall.json_error(pointer, 'invalid_time', 'Must be a time such as 2026-11-23T18:00:00Z'
    || CASE WHEN is_nullable THEN ', or null.' ELSE '.' END);
END
$$;

-- A UUID; null only where it is allowed.
CREATE OR REPLACE FUNCTION careforall.json_id_check(
  doc jsonb, pointer text, is_nullable boolean DEFAULT false)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  value jsonb := COALESCE(doc #> string_to_array(ltrim(pointer, '/'), '/'), 'null');
BEGIN
  IF value = 'null' AND is_nullable OR jsonb_typeof(value) = 'string'
     AND value #>> '{}' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
    RETURN '[]';
  END IF;
  RETURN careforall.json_error(pointer, 'invalid_id', 'Must be a UUID'
    || CASE WHEN is_nullable THEN ', or null.' ELSE '.' END);
END
$$;

CREATE OR REPLACE FUNCTION careforall.json_choice_check(doc jsonb, pointer text, choices text[])
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  value jsonb := doc #> string_to_array(ltrim(pointer, '/'), '/');
BEGIN
  IF jsonb_typeof(value) = 'string' AND value #>> '{}' = ANY (choices) THEN
    RETURN '[]';
  END IF;
  RETURN careforall.json_error(pointer, 'invalid_choice',
    format('Must be one of %s.', array_to_string(choices, ', ')));
END
$$;

-- JSON merge patch (RFC 7396): members of objects are merged, null removes one.
CREATE OR REPLACE FUNCTION careforall.json_merge(target jsonb, patch jsonb)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  merged jsonb := CASE WHEN jsonb_typeof(target) = 'object' THEN target ELSE '{}' END;
  member record;
BEGIN
  IF jsonb_typeof(patch) <> 'object' THEN
    RETURN patch;
  END IF;
  FOR member IN SELECT e.key, e.value FROM jsonb_each(patch) e LOOP
    IF member.value = 'null' THEN
      merged := merged - member.key;
    ELSE
      merged := jsonb_set(merged, ARRAY[member.key],
        careforall.json_merge(merged -> member.key, member.value));
    END IF;
  END LOOP;
  RETURN merged;
END
$$;

COMMENT ON FUNCTION careforall.json_error(text, text, text) IS
  'One error of a document, as an array.';
COMMENT ON FUNCTION careforall.json_errors_raise(jsonb) IS
  'Refuses a document (PL013) if the array of its errors is not empty.';
COMMENT ON FUNCTION careforall.json_text_check(jsonb, text, integer, integer, boolean) IS
  'The errors of a text member.';
COMMENT ON FUNCTION careforall.json_integer_check(jsonb, text, bigint, bigint, boolean) IS
  'The errors of an integer member.';
COMMENT ON FUNCTION careforall.json_money_check(jsonb, text, bigint, text, boolean) IS
  'The errors of a money member.';
COMMENT ON FUNCTION careforall.json_time_parse(text) IS
  'The time that an RFC 3339 text says; NULL if it is none.';
COMMENT ON FUNCTION careforall.json_time_check(jsonb, text, boolean) IS
  'The errors of a time member.';
COMMENT ON FUNCTION careforall.json_id_check(jsonb, text, boolean) IS
  'The errors of an id member.';
COMMENT ON FUNCTION careforall.json_choice_check(jsonb, text, text[]) IS
  'The errors of a member that has a few values.';
COMMENT ON FUNCTION careforall.json_merge(jsonb, jsonb) IS
  'JSON merge patch, RFC 7396.';

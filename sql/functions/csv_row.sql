-- SPDX-License-Identifier: Apache-2.0
-- Rows of CSV files (RFC 4180) that are safe to open in a spreadsheet.

-- A cell. A text that a spreadsheet would take for a formula gets an apostrophe in front of
-- it: one that begins with = + - @, with a tab, or with a line end (which some programs
-- skip); the wide forms of the first four count as well, because some programs fold them.
CREATE OR REPLACE FUNCTION careforall.csv_cell(cell text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN cell IS NULL THEN ''
  WHEN cell ~ '^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]' THEN '"''' || replace(cell, '"', '""') || '"'
  WHEN cell ~ '[",\r\n]' THEN '"' || replace(cell, '"', '""') || '"'
  ELSE cell END;

CREATE OR REPLACE FUNCTION careforall.csv_row(VARIADIC cells text[])
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_to_string(ARRAY(SELECT careforall.csv_cell(c) FROM unnest(cells) c), ',') || E'\r\n';

COMMENT ON FUNCTION careforall.csv_cell(text) IS
  'A cell of a CSV file; what a spreadsheet would take for a formula gets an apostrophe in front of it.';
COMMENT ON FUNCTION careforall.csv_row(text[]) IS
  'A row of a CSV file with its line end.';

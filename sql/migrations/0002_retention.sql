-- SPDX-License-Identifier: Apache-2.0
-- How long each kind of data is kept, where administrators have decided so.

CREATE TABLE careforall.retention_overrides (
  kind        text        NOT NULL,
  keep        interval    NOT NULL,
  reason      text        NOT NULL,
  changed_by  text        NOT NULL,
  changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT retention_overrides_pkey PRIMARY KEY (kind)
);

COMMENT ON TABLE careforall.retention_overrides IS
  'How long a kind of data is kept, if not by its default; changed by careforall.retention_set().';
COMMENT ON COLUMN careforall.retention_overrides.kind IS
  'A kind of careforall.retention_kinds().';
COMMENT ON COLUMN careforall.retention_overrides.keep IS
  'How long it is kept.';
COMMENT ON COLUMN careforall.retention_overrides.reason IS
  'Why, in the words of whoever set it.';
COMMENT ON COLUMN careforall.retention_overrides.changed_by IS
  'Who set it.';
COMMENT ON COLUMN careforall.retention_overrides.changed_at IS
  'When.';

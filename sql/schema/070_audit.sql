-- SPDX-License-Identifier: Apache-2.0
-- What people changed by hand, and why.

CREATE TABLE IF NOT EXISTS careforall.audit_log (
  id           bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  occurred_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor        text        NOT NULL DEFAULT session_user,
  action       text        NOT NULL,
  target_type  text        NOT NULL,
  target_id    text        NOT NULL,
  reason       text        NOT NULL,
  detail       jsonb       NOT NULL DEFAULT '{}',
  CONSTRAINT audit_log_pkey PRIMARY KEY (id),
  CONSTRAINT audit_log_reason_check CHECK (char_length(btrim(reason)) BETWEEN 3 AND 500)
);

CREATE INDEX IF NOT EXISTS audit_log_target_id_idx
  ON careforall.audit_log (target_type, target_id);

-- Who acted: the account, or else the log-in.
CREATE INDEX IF NOT EXISTS audit_log_actor_idx
  ON careforall.audit_log ((COALESCE(detail ->> 'acts_for', actor)), id);

COMMENT ON TABLE careforall.audit_log IS
  'One row for each change made by hand: who, what, why. Append-only.';
COMMENT ON COLUMN careforall.audit_log.id IS
  'Order of writing.';
COMMENT ON COLUMN careforall.audit_log.occurred_at IS
  'When, by the wall clock.';
COMMENT ON COLUMN careforall.audit_log.actor IS
  'The log-in user of the session; cannot be forged.';
COMMENT ON COLUMN careforall.audit_log.action IS
  'What was done, such as pledge.refund.';
COMMENT ON COLUMN careforall.audit_log.target_type IS
  'What kind of thing it was done to, such as pledge.';
COMMENT ON COLUMN careforall.audit_log.target_id IS
  'Which one.';
COMMENT ON COLUMN careforall.audit_log.reason IS
  'Why, in the words of whoever did it.';
COMMENT ON COLUMN careforall.audit_log.detail IS
  'What changed; acts_for is the account that the session acted for.';

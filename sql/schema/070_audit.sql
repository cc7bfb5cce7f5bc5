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

-- SPDX-License-Identifier: Apache-2.0
-- How long private links of pledges open, and which of them were renewed.

CREATE TABLE careforall.link_policy (
  is_only     boolean     NOT NULL DEFAULT true,
  lifetime    interval    NOT NULL,
  reason      text        NOT NULL,
  changed_by  text        NOT NULL,
  changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT link_policy_pkey PRIMARY KEY (is_only),
  CONSTRAINT link_policy_is_only_check CHECK (is_only),
  CONSTRAINT link_policy_lifetime_check
    CHECK (lifetime = interval '0' OR lifetime BETWEEN interval '30 days' AND interval '100 years')
);

COMMENT ON TABLE careforall.link_policy IS
  'How long private links of pledges open, if not for 24 months: one row at most; changed by careforall.link_lifetime_set().';
COMMENT ON COLUMN careforall.link_policy.is_only IS
  'Always true, so that there is one row at most.';
COMMENT ON COLUMN careforall.link_policy.lifetime IS
  'How long a link opens after the last that happened to its pledge; 0 means for ever.';
COMMENT ON COLUMN careforall.link_policy.reason IS
  'Why, in the words of whoever set it.';
COMMENT ON COLUMN careforall.link_policy.changed_by IS
  'Who set it.';
COMMENT ON COLUMN careforall.link_policy.changed_at IS
  'When.';

CREATE TABLE careforall.pledge_link_renewals (
  id           uuid        NOT NULL DEFAULT careforall.uuid7(),
  pledge_id    uuid        NOT NULL,
  valid_until  timestamptz NOT NULL,
  reason       text        NOT NULL,
  renewed_by   text        NOT NULL,
  renewed_at   timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT pledge_link_renewals_pkey PRIMARY KEY (id),
  CONSTRAINT pledge_link_renewals_pledge_id_fkey
    FOREIGN KEY (pledge_id) REFERENCES careforall.pledges (id),
  CONSTRAINT pledge_link_renewals_valid_until_check CHECK (valid_until > renewed_at),
  CONSTRAINT pledge_link_renewals_reason_check CHECK (char_length(reason) BETWEEN 3 AND 500)
);

CREATE INDEX pledge_link_renewals_pledge_id_idx
  ON careforall.pledge_link_renewals (pledge_id);

CREATE TRIGGER pledge_link_renewals_keep
  BEFORE UPDATE OR DELETE ON careforall.pledge_link_renewals
  FOR EACH ROW EXECUTE FUNCTION careforall.refuse_change();
CREATE TRIGGER pledge_link_renewals_keep_all
  BEFORE TRUNCATE ON careforall.pledge_link_renewals
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.refuse_change();

COMMENT ON TABLE careforall.pledge_link_renewals IS
  'That the private link of a pledge opens again, or for longer: who did it, why and until when. Append-only.';
COMMENT ON COLUMN careforall.pledge_link_renewals.id IS
  'UUID version 7.';
COMMENT ON COLUMN careforall.pledge_link_renewals.pledge_id IS
  'The pledge.';
COMMENT ON COLUMN careforall.pledge_link_renewals.valid_until IS
  'Until when its link opens at least.';
COMMENT ON COLUMN careforall.pledge_link_renewals.reason IS
  'Why, in the words of whoever renewed it.';
COMMENT ON COLUMN careforall.pledge_link_renewals.renewed_by IS
  'Who: log-in or account.';
COMMENT ON COLUMN careforall.pledge_link_renewals.renewed_at IS
  'When.';

-- SPDX-License-Identifier: Apache-2.0
-- The second factor of accounts: one-time codes of an app (TOTP), and recovery codes.

CREATE TABLE careforall.second_factors (
  account_id      uuid        NOT NULL,
  sealed          bytea,
  key_id          text        NOT NULL DEFAULT '',
  last_step       bigint      NOT NULL DEFAULT 0,
  enrolled_at     timestamptz,
  offered         bytea,
  offered_key_id  text        NOT NULL DEFAULT '',
  offered_at      timestamptz,
  CONSTRAINT second_factors_pkey PRIMARY KEY (account_id),
  CONSTRAINT second_factors_account_id_fkey
    FOREIGN KEY (account_id) REFERENCES careforall.accounts (id),
  CONSTRAINT second_factors_sealed_check
    CHECK ((sealed IS NULL) = (enrolled_at IS NULL) AND octet_length(sealed) = 60),
  CONSTRAINT second_factors_offered_check
    CHECK ((offered IS NULL) = (offered_at IS NULL) AND octet_length(offered) = 60),
  CONSTRAINT second_factors_key_id_check
    CHECK (key_id ~ '^([0-9a-f]{16})?$' AND offered_key_id ~ '^([0-9a-f]{16})?$')
);

COMMENT ON TABLE careforall.second_factors IS
  'Secrets of one-time codes, encrypted by the API with a key that the database does not have. Read by the functions of logging in only.';
COMMENT ON COLUMN careforall.second_factors.account_id IS
  'Whose.';
COMMENT ON COLUMN careforall.second_factors.sealed IS
  'The secret (XChaCha20-Poly1305, bound to the account); NULL until one was confirmed.';
COMMENT ON COLUMN careforall.second_factors.key_id IS
  'Id of the pepper that its key comes of; empty without one.';
COMMENT ON COLUMN careforall.second_factors.last_step IS
  'The 30 seconds, counted from 1970, of the last code that was used: none before it works again.';
COMMENT ON COLUMN careforall.second_factors.enrolled_at IS
  'Since when it is asked for.';
COMMENT ON COLUMN careforall.second_factors.offered IS
  'A new secret that waits for its first code, encrypted in the same way.';
COMMENT ON COLUMN careforall.second_factors.offered_key_id IS
  'Id of the pepper that its key comes of.';
COMMENT ON COLUMN careforall.second_factors.offered_at IS
  'When it was made; it can be confirmed for 15 minutes.';

CREATE TABLE careforall.recovery_codes (
  code_hash   bytea       NOT NULL,
  account_id  uuid        NOT NULL,
  made_at     timestamptz NOT NULL DEFAULT careforall.clock(),
  used_at     timestamptz,
  CONSTRAINT recovery_codes_pkey PRIMARY KEY (code_hash),
  CONSTRAINT recovery_codes_account_id_fkey
    FOREIGN KEY (account_id) REFERENCES careforall.accounts (id),
  CONSTRAINT recovery_codes_code_hash_check CHECK (octet_length(code_hash) = 32)
);

CREATE INDEX recovery_codes_account_id_idx ON careforall.recovery_codes (account_id);

COMMENT ON TABLE careforall.recovery_codes IS
  'Codes that each replace the second factor once.';
COMMENT ON COLUMN careforall.recovery_codes.code_hash IS
  'SHA-256 of the 80 random bits of a code.';
COMMENT ON COLUMN careforall.recovery_codes.account_id IS
  'Whose.';
COMMENT ON COLUMN careforall.recovery_codes.made_at IS
  'When it was made.';
COMMENT ON COLUMN careforall.recovery_codes.used_at IS
  'When it was used.';

CREATE TABLE careforall.second_factor_policy (
  role        text        NOT NULL,
  reason      text        NOT NULL,
  changed_by  text        NOT NULL,
  changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT second_factor_policy_pkey PRIMARY KEY (role),
  CONSTRAINT second_factor_policy_role_check CHECK (role IN ('owner', 'admin'))
);

COMMENT ON TABLE careforall.second_factor_policy IS
  'Roles that need a second factor: an account without one has the rights of a donor; changed by careforall.second_factor_policy_set().';
COMMENT ON COLUMN careforall.second_factor_policy.role IS
  'owner or admin.';
COMMENT ON COLUMN careforall.second_factor_policy.reason IS
  'Why, in the words of whoever set it.';
COMMENT ON COLUMN careforall.second_factor_policy.changed_by IS
  'Who set it.';
COMMENT ON COLUMN careforall.second_factor_policy.changed_at IS
  'When.';

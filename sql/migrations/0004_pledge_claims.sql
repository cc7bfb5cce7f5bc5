-- SPDX-License-Identifier: Apache-2.0
-- Gifts that were given as a guest, and the account that has taken them over since.

CREATE TABLE careforall.pledge_claims (
  pledge_id   uuid        NOT NULL,
  account_id  uuid        NOT NULL,
  claimed_at  timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT pledge_claims_pkey PRIMARY KEY (pledge_id),
  CONSTRAINT pledge_claims_pledge_id_fkey
    FOREIGN KEY (pledge_id) REFERENCES careforall.pledges (id),
  CONSTRAINT pledge_claims_account_id_fkey
    FOREIGN KEY (account_id) REFERENCES careforall.accounts (id)
);

-- The claimed pledges of an account.
CREATE INDEX pledge_claims_account_id_pledge_id_idx
  ON careforall.pledge_claims (account_id, pledge_id);

COMMENT ON TABLE careforall.pledge_claims IS
  'Pledges of guests that an account has taken over with their private link; those made by an account name it themselves.';
COMMENT ON COLUMN careforall.pledge_claims.pledge_id IS
  'The pledge.';
COMMENT ON COLUMN careforall.pledge_claims.account_id IS
  'The account that has it now, for ever.';
COMMENT ON COLUMN careforall.pledge_claims.claimed_at IS
  'When.';

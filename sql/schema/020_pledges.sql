-- SPDX-License-Identifier: Apache-2.0
-- Pledges, their append-only history, and refunds.
--
-- pledges has no foreign key to campaigns or rewards: a key check would lock the
-- row of a hot campaign once for each pledge. The trigger checks that the campaign
-- and the reward exist and belong together, and neither can be deleted. Nor has it
-- one to accounts, for the same reason: whoever writes account_id knows the account.

CREATE TABLE IF NOT EXISTS careforall.pledges (
  id                   uuid        NOT NULL DEFAULT careforall.uuid7(),
  campaign_id          uuid        NOT NULL,
  reward_id            uuid,
  pool_id              uuid,
  quantity             integer     NOT NULL DEFAULT 0,
  amount_minor         bigint      NOT NULL,
  fee_minor            bigint      NOT NULL DEFAULT 0,
  currency             char(3)     NOT NULL,
  state                text        NOT NULL DEFAULT 'pending',
  state_reason         text,
  refunded_minor       bigint      NOT NULL DEFAULT 0,
  held_minor           bigint      NOT NULL DEFAULT 0,
  held_places          integer     NOT NULL DEFAULT 0,
  donor_name           text        NOT NULL,
  donor_email          text        NOT NULL,
  display              text        NOT NULL DEFAULT 'name',
  message              text        NOT NULL DEFAULT '',
  account_id           uuid,
  provider             text,
  payment_id           text,
  cancel_requested_at  timestamptz,
  hold_expires_at      timestamptz NOT NULL,
  version              bigint      NOT NULL DEFAULT 1,
  traceparent          text,
  created_at           timestamptz NOT NULL DEFAULT careforall.clock(),
  updated_at           timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT pledges_pkey PRIMARY KEY (id),
  CONSTRAINT pledges_quantity_check
    CHECK (quantity BETWEEN 0 AND 1000 AND (quantity > 0) = (reward_id IS NOT NULL)),
  CONSTRAINT pledges_amount_minor_check
    CHECK (amount_minor BETWEEN 1 AND 9007199254740991),
  CONSTRAINT pledges_fee_minor_check
    CHECK (fee_minor >= 0 AND fee_minor < amount_minor),
  CONSTRAINT pledges_state_check
    CHECK (state IN ('pending', 'confirmed', 'failed', 'refunded')),
  CONSTRAINT pledges_refunded_minor_check
    CHECK (refunded_minor BETWEEN 0 AND amount_minor),
  CONSTRAINT pledges_donor_name_check
    CHECK (char_length(donor_name) BETWEEN 1 AND 120),
  CONSTRAINT pledges_donor_email_check
    CHECK (char_length(donor_email) BETWEEN 3 AND 254 AND donor_email LIKE '%_@_%'),
  CONSTRAINT pledges_display_check
    CHECK (display IN ('name_amount_message', 'name_message', 'name', 'none')),
  CONSTRAINT pledges_message_check CHECK (char_length(message) <= 500),
  CONSTRAINT pledges_version_check CHECK (version >= 1)
);

-- The feed of a campaign, and what its cap has in use.
CREATE INDEX IF NOT EXISTS pledges_campaign_id_id_idx
  ON careforall.pledges (campaign_id, id) INCLUDE (held_minor);
-- What a reward or a pool has in use.
CREATE INDEX IF NOT EXISTS pledges_reward_id_idx
  ON careforall.pledges (reward_id) INCLUDE (held_places) WHERE reward_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS pledges_pool_id_idx
  ON careforall.pledges (pool_id) INCLUDE (held_places) WHERE pool_id IS NOT NULL;
-- The pledges of an account.
CREATE INDEX IF NOT EXISTS pledges_account_id_id_idx
  ON careforall.pledges (account_id, id) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS pledges_provider_payment_id_key
  ON careforall.pledges (provider, payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS pledges_hold_expires_at_idx
  ON careforall.pledges (hold_expires_at) WHERE state = 'pending';
-- The pending figures of a campaign: reads what is pending now, however many
-- pledges the campaign has had.
CREATE INDEX IF NOT EXISTS pledges_campaign_id_idx
  ON careforall.pledges (campaign_id) INCLUDE (amount_minor) WHERE state = 'pending';

-- What administrators search by: an address or how it begins (case does not matter),
-- and a range of time. The second one costs next to nothing, as rows come in order.
CREATE INDEX IF NOT EXISTS pledges_donor_email_idx
  ON careforall.pledges (lower(donor_email) text_pattern_ops);
CREATE INDEX IF NOT EXISTS pledges_created_at_idx
  ON careforall.pledges USING brin (created_at) WITH (pages_per_range = 64, autosummarize = on);

CREATE TABLE IF NOT EXISTS careforall.pledge_history (
  pledge_id    uuid        NOT NULL,
  version      bigint      NOT NULL,
  campaign_id  uuid        NOT NULL,
  event        text        NOT NULL,
  from_state   text,
  to_state     text        NOT NULL,
  amount_minor bigint,
  reason       text,
  actor        text        NOT NULL,
  traceparent  text,
  occurred_at  timestamptz NOT NULL,
  CONSTRAINT pledge_history_pkey PRIMARY KEY (pledge_id, version)
);

CREATE TABLE IF NOT EXISTS careforall.refunds (
  id                  uuid        NOT NULL DEFAULT careforall.uuid7(),
  pledge_id           uuid        NOT NULL,
  campaign_id         uuid        NOT NULL,
  amount_minor        bigint      NOT NULL,
  currency            char(3)     NOT NULL,
  kind                text        NOT NULL,
  reason              text        NOT NULL,
  requested_by        text        NOT NULL,
  state               text        NOT NULL DEFAULT 'requested',
  state_reason        text,
  provider            text,
  payment_id          text,
  provider_refund_id  text,
  key_hash            bytea,
  fingerprint         bytea,
  created_at          timestamptz NOT NULL DEFAULT careforall.clock(),
  settled_at          timestamptz,
  CONSTRAINT refunds_pkey PRIMARY KEY (id),
  CONSTRAINT refunds_pledge_id_fkey
    FOREIGN KEY (pledge_id) REFERENCES careforall.pledges (id),
  CONSTRAINT refunds_amount_minor_check CHECK (amount_minor >= 1),
  CONSTRAINT refunds_kind_check CHECK (kind IN ('manual', 'late')),
  CONSTRAINT refunds_reason_check CHECK (char_length(reason) BETWEEN 1 AND 500),
  CONSTRAINT refunds_state_check
    CHECK (state IN ('requested', 'succeeded', 'failed')),
  CONSTRAINT refunds_key_hash_check
    CHECK ((key_hash IS NULL) = (fingerprint IS NULL)
           AND octet_length(key_hash) = 32 AND octet_length(fingerprint) = 32)
);

CREATE INDEX IF NOT EXISTS refunds_pledge_id_idx ON careforall.refunds (pledge_id);
CREATE INDEX IF NOT EXISTS refunds_created_at_idx
  ON careforall.refunds (created_at) WHERE state = 'requested';
CREATE UNIQUE INDEX IF NOT EXISTS refunds_key_hash_key
  ON careforall.refunds (key_hash) WHERE key_hash IS NOT NULL;
CREATE INDEX IF NOT EXISTS refunds_failed_idx
  ON careforall.refunds (id) WHERE state = 'failed';
CREATE INDEX IF NOT EXISTS refunds_settled_at_idx
  ON careforall.refunds (settled_at) WHERE state = 'succeeded';
CREATE INDEX IF NOT EXISTS refunds_provider_refund_id_idx
  ON careforall.refunds (provider_refund_id) WHERE provider_refund_id IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS refunds_late_payment_id_key
  ON careforall.refunds (provider, payment_id) WHERE kind = 'late';

COMMENT ON TABLE careforall.pledges IS
  'A promise of money by a donor. State, version, held_minor and held_places are ruled by triggers of the careforall extension.';
COMMENT ON COLUMN careforall.pledges.id IS
  'UUID version 7: the order of ids is that of making.';
COMMENT ON COLUMN careforall.pledges.campaign_id IS
  'The campaign that it is for.';
COMMENT ON COLUMN careforall.pledges.reward_id IS
  'The reward that was chosen; NULL if none.';
COMMENT ON COLUMN careforall.pledges.pool_id IS
  'The pool of the reward when the pledge was made; set by trigger.';
COMMENT ON COLUMN careforall.pledges.quantity IS
  'Places of the reward; 0 without a reward.';
COMMENT ON COLUMN careforall.pledges.amount_minor IS
  'All that is charged, held, counted and refunded, in minor units; never changes.';
COMMENT ON COLUMN careforall.pledges.fee_minor IS
  'The part of amount_minor by which the donor covers the fee of the provider; never changes.';
COMMENT ON COLUMN careforall.pledges.currency IS
  'That of the campaign.';
COMMENT ON COLUMN careforall.pledges.state IS
  'pending, confirmed, failed or refunded; see careforall.pledge_transitions().';
COMMENT ON COLUMN careforall.pledges.state_reason IS
  'Why it is in this state, as a code: expired, canceled, or the provider''s.';
COMMENT ON COLUMN careforall.pledges.refunded_minor IS
  'What has been given back of amount_minor, in minor units.';
COMMENT ON COLUMN careforall.pledges.held_minor IS
  'What this pledge counts for against the cap of its campaign, in minor units; set by trigger.';
COMMENT ON COLUMN careforall.pledges.held_places IS
  'What this pledge counts for against its reward and pool, in places; set by trigger.';
COMMENT ON COLUMN careforall.pledges.donor_name IS
  'The name as the donor wrote it; shown by display only. Personal data.';
COMMENT ON COLUMN careforall.pledges.donor_email IS
  'The address of the donor; never shown to the public. Personal data.';
COMMENT ON COLUMN careforall.pledges.display IS
  'What the public may see of the donor: name, amount and message; name and message; name; nothing.';
COMMENT ON COLUMN careforall.pledges.message IS
  'What the donor says to the campaign; shown by display only. Personal data.';
COMMENT ON COLUMN careforall.pledges.account_id IS
  'The account that pledged; NULL for a guest; never changes.';
COMMENT ON COLUMN careforall.pledges.provider IS
  'The payment provider; NULL until there is a payment.';
COMMENT ON COLUMN careforall.pledges.payment_id IS
  'The payment at the provider; NULL until there is one.';
COMMENT ON COLUMN careforall.pledges.cancel_requested_at IS
  'When the provider was to cancel the payment; NULL if nobody asked for it.';
COMMENT ON COLUMN careforall.pledges.hold_expires_at IS
  'Until when a pending pledge keeps its money and places.';
COMMENT ON COLUMN careforall.pledges.version IS
  'Grows by one with each event of the pledge; set by trigger.';
COMMENT ON COLUMN careforall.pledges.traceparent IS
  'W3C trace context of the request that made it.';
COMMENT ON COLUMN careforall.pledges.created_at IS
  'When it was made.';
COMMENT ON COLUMN careforall.pledges.updated_at IS
  'When its last event was.';
COMMENT ON TABLE careforall.pledge_history IS
  'One row for each event of a pledge: who, when, from, to, why. Append-only.';
COMMENT ON COLUMN careforall.pledge_history.pledge_id IS
  'The pledge.';
COMMENT ON COLUMN careforall.pledge_history.version IS
  'Version of the pledge after the event.';
COMMENT ON COLUMN careforall.pledge_history.campaign_id IS
  'Its campaign.';
COMMENT ON COLUMN careforall.pledge_history.event IS
  'What happened: an event of careforall.pledge_transitions().';
COMMENT ON COLUMN careforall.pledge_history.from_state IS
  'State before; NULL for create.';
COMMENT ON COLUMN careforall.pledge_history.to_state IS
  'State after.';
COMMENT ON COLUMN careforall.pledge_history.amount_minor IS
  'The money that this event moved, in minor units; NULL if none.';
COMMENT ON COLUMN careforall.pledge_history.reason IS
  'Why, as a code of the engine or the provider.';
COMMENT ON COLUMN careforall.pledge_history.actor IS
  'Who: donor, provider, a job, or the log-in or account that did it.';
COMMENT ON COLUMN careforall.pledge_history.traceparent IS
  'W3C trace context of the cause.';
COMMENT ON COLUMN careforall.pledge_history.occurred_at IS
  'When, by careforall.clock().';
COMMENT ON TABLE careforall.refunds IS
  'A refund asked for and what became of it; kind late is money that came for a pledge that could not take it.';
COMMENT ON COLUMN careforall.refunds.id IS
  'UUID version 7; the idempotency key at the provider.';
COMMENT ON COLUMN careforall.refunds.pledge_id IS
  'The pledge.';
COMMENT ON COLUMN careforall.refunds.campaign_id IS
  'Its campaign.';
COMMENT ON COLUMN careforall.refunds.amount_minor IS
  'What is to be given back, in minor units.';
COMMENT ON COLUMN careforall.refunds.currency IS
  'That of the pledge.';
COMMENT ON COLUMN careforall.refunds.kind IS
  'manual: somebody asked for it; late: money came for a pledge that could not take it.';
COMMENT ON COLUMN careforall.refunds.reason IS
  'Why, in the words of whoever asked for it.';
COMMENT ON COLUMN careforall.refunds.requested_by IS
  'Who: log-in, account or engine.';
COMMENT ON COLUMN careforall.refunds.state IS
  'requested, succeeded or failed.';
COMMENT ON COLUMN careforall.refunds.state_reason IS
  'Why the provider refused it.';
COMMENT ON COLUMN careforall.refunds.provider IS
  'The payment provider.';
COMMENT ON COLUMN careforall.refunds.payment_id IS
  'The payment that is given back.';
COMMENT ON COLUMN careforall.refunds.provider_refund_id IS
  'The refund at the provider; NULL until it has one.';
COMMENT ON COLUMN careforall.refunds.key_hash IS
  'SHA-256 of principal, method, route and Idempotency-Key of a refund asked for through the API.';
COMMENT ON COLUMN careforall.refunds.fingerprint IS
  'SHA-256 of the request of that key.';
COMMENT ON COLUMN careforall.refunds.created_at IS
  'When it was asked for.';
COMMENT ON COLUMN careforall.refunds.settled_at IS
  'When the provider said how it ended; NULL until then.';

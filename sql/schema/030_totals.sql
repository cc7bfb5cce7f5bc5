-- SPDX-License-Identifier: Apache-2.0
-- Public totals of a campaign: a folded row plus the deltas not folded yet, so
-- that no pledge ever waits for the row of a hot campaign.

CREATE TABLE IF NOT EXISTS careforall.campaign_totals (
  campaign_id      uuid   NOT NULL,
  confirmed_minor  bigint NOT NULL DEFAULT 0,
  confirmed_count  bigint NOT NULL DEFAULT 0,
  refunded_minor   bigint NOT NULL DEFAULT 0,
  CONSTRAINT campaign_totals_pkey PRIMARY KEY (campaign_id)
);

CREATE TABLE IF NOT EXISTS careforall.campaign_total_deltas (
  id               bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  campaign_id      uuid   NOT NULL,
  confirmed_minor  bigint NOT NULL,
  confirmed_count  bigint NOT NULL,
  refunded_minor   bigint NOT NULL,
  CONSTRAINT campaign_total_deltas_pkey PRIMARY KEY (id)
);

CREATE INDEX IF NOT EXISTS campaign_total_deltas_campaign_id_idx
  ON careforall.campaign_total_deltas (campaign_id);

COMMENT ON TABLE careforall.campaign_totals IS
  'Folded public totals; the truth is this row plus campaign_total_deltas.';
COMMENT ON COLUMN careforall.campaign_totals.campaign_id IS
  'The campaign.';
COMMENT ON COLUMN careforall.campaign_totals.confirmed_minor IS
  'Sum of amount_minor of all pledges ever confirmed; refunds are not taken off.';
COMMENT ON COLUMN careforall.campaign_totals.confirmed_count IS
  'Number of pledges that are confirmed now; a full refund takes one off.';
COMMENT ON COLUMN careforall.campaign_totals.refunded_minor IS
  'Sum of refunded_minor over these pledges; raised = confirmed_minor - refunded_minor.';
COMMENT ON TABLE careforall.campaign_total_deltas IS
  'Changes of totals, one row for each event that moved money, until folded.';
COMMENT ON COLUMN careforall.campaign_total_deltas.id IS
  'Order of writing.';
COMMENT ON COLUMN careforall.campaign_total_deltas.campaign_id IS
  'The campaign.';
COMMENT ON COLUMN careforall.campaign_total_deltas.confirmed_minor IS
  'To be added to confirmed_minor, in minor units.';
COMMENT ON COLUMN careforall.campaign_total_deltas.confirmed_count IS
  'To be added to confirmed_count.';
COMMENT ON COLUMN careforall.campaign_total_deltas.refunded_minor IS
  'To be added to refunded_minor, in minor units.';

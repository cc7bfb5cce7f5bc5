-- SPDX-License-Identifier: Apache-2.0
-- Pledges for support staff (masked) and for analysts (no personal data).
--
-- security_barrier keeps a reader's own functions from seeing rows or columns
-- before they are masked. Nobody reads whole e-mail addresses from a view:
-- careforall.donor_reveal() shows one, and leaves an audit row.

CREATE OR REPLACE VIEW careforall.pledge_overview WITH (security_barrier) AS
SELECT
  p.created_at,
  p.id AS pledge_id,
  c.slug AS campaign,
  p.state,
  p.state_reason,
  careforall.money_text(p.amount_minor, p.currency) AS amount,
  CASE WHEN p.refunded_minor > 0
    THEN careforall.money_text(p.refunded_minor, p.currency) END AS refunded,
  r.title AS reward,
  NULLIF(p.quantity, 0) AS quantity,
  COALESCE(careforall.donor_shown(p.display, p.donor_name), '(hidden)') AS donor,
  careforall.email_masked(p.donor_email) AS donor_email,
  careforall.message_shown(p.display, p.message) AS message,
  p.provider,
  p.payment_id,
  CASE WHEN p.state = 'pending'
    THEN date_trunc('second', p.hold_expires_at - careforall.clock()) END AS hold_left,
  p.cancel_requested_at,
  p.version,
  p.updated_at,
  p.campaign_id
FROM careforall.pledges p
JOIN careforall.campaigns c ON c.id = p.campaign_id
LEFT JOIN careforall.rewards r ON r.id = p.reward_id;

CREATE OR REPLACE VIEW careforall.pledge_summary WITH (security_barrier) AS
SELECT
  p.created_at,
  p.id AS pledge_id,
  c.slug AS campaign,
  p.state,
  p.state_reason,
  p.amount_minor,
  p.refunded_minor,
  p.currency::text AS currency,
  r.title AS reward,
  p.quantity,
  p.provider,
  p.version,
  p.updated_at,
  p.campaign_id,
  p.reward_id
FROM careforall.pledges p
JOIN careforall.campaigns c ON c.id = p.campaign_id
LEFT JOIN careforall.rewards r ON r.id = p.reward_id;

COMMENT ON VIEW careforall.pledge_overview IS
  'Pledges with masked personal data: the name by its display level, a few letters of the e-mail address.';
COMMENT ON VIEW careforall.pledge_summary IS
  'Pledges without any personal data, amounts in minor units.';

COMMENT ON COLUMN careforall.pledge_overview.created_at IS
  'When it was made.';
COMMENT ON COLUMN careforall.pledge_overview.pledge_id IS
  'Id of the pledge.';
COMMENT ON COLUMN careforall.pledge_overview.campaign IS
  'Slug of its campaign.';
COMMENT ON COLUMN careforall.pledge_overview.state IS
  'pending, confirmed, failed or refunded.';
COMMENT ON COLUMN careforall.pledge_overview.state_reason IS
  'Why, as a code.';
COMMENT ON COLUMN careforall.pledge_overview.amount IS
  'All that is charged.';
COMMENT ON COLUMN careforall.pledge_overview.refunded IS
  'What has been given back.';
COMMENT ON COLUMN careforall.pledge_overview.reward IS
  'Title of the reward.';
COMMENT ON COLUMN careforall.pledge_overview.quantity IS
  'Places of the reward.';
COMMENT ON COLUMN careforall.pledge_overview.donor IS
  'The name, if the donor shows it.';
COMMENT ON COLUMN careforall.pledge_overview.donor_email IS
  'The address, masked; donor_reveal() shows it.';
COMMENT ON COLUMN careforall.pledge_overview.message IS
  'What the donor says, if it is shown.';
COMMENT ON COLUMN careforall.pledge_overview.provider IS
  'The payment provider.';
COMMENT ON COLUMN careforall.pledge_overview.payment_id IS
  'The payment at the provider.';
COMMENT ON COLUMN careforall.pledge_overview.hold_left IS
  'How long a pending pledge keeps its hold.';
COMMENT ON COLUMN careforall.pledge_overview.cancel_requested_at IS
  'When the provider was asked to cancel.';
COMMENT ON COLUMN careforall.pledge_overview.version IS
  'Grows by one with each event.';
COMMENT ON COLUMN careforall.pledge_overview.updated_at IS
  'When its last event was.';
COMMENT ON COLUMN careforall.pledge_overview.campaign_id IS
  'Id of its campaign.';

COMMENT ON COLUMN careforall.pledge_summary.created_at IS
  'When it was made.';
COMMENT ON COLUMN careforall.pledge_summary.pledge_id IS
  'Id of the pledge.';
COMMENT ON COLUMN careforall.pledge_summary.campaign IS
  'Slug of its campaign.';
COMMENT ON COLUMN careforall.pledge_summary.state IS
  'pending, confirmed, failed or refunded.';
COMMENT ON COLUMN careforall.pledge_summary.state_reason IS
  'Why, as a code.';
COMMENT ON COLUMN careforall.pledge_summary.amount_minor IS
  'All that is charged, in minor units.';
COMMENT ON COLUMN careforall.pledge_summary.refunded_minor IS
  'What has been given back, in minor units.';
COMMENT ON COLUMN careforall.pledge_summary.currency IS
  'ISO 4217 code.';
COMMENT ON COLUMN careforall.pledge_summary.reward IS
  'Title of the reward.';
COMMENT ON COLUMN careforall.pledge_summary.quantity IS
  'Places of the reward.';
COMMENT ON COLUMN careforall.pledge_summary.provider IS
  'The payment provider.';
COMMENT ON COLUMN careforall.pledge_summary.version IS
  'Grows by one with each event.';
COMMENT ON COLUMN careforall.pledge_summary.updated_at IS
  'When its last event was.';
COMMENT ON COLUMN careforall.pledge_summary.campaign_id IS
  'Id of its campaign.';
COMMENT ON COLUMN careforall.pledge_summary.reward_id IS
  'Id of the reward.';

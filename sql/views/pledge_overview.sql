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

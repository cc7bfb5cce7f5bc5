-- SPDX-License-Identifier: Apache-2.0
-- Refunds, payment work that is parked, and what people did. No personal data of
-- donors; reasons are the words of staff.

CREATE OR REPLACE VIEW careforall.refunds_overview AS
SELECT
  r.created_at,
  r.state,
  careforall.money_text(r.amount_minor, r.currency) AS refund,
  r.kind,
  c.slug AS campaign,
  r.reason,
  r.requested_by,
  date_trunc('milliseconds', COALESCE(r.settled_at, careforall.clock()) - r.created_at) AS took,
  r.state_reason,
  r.provider,
  r.provider_refund_id,
  r.settled_at,
  r.pledge_id,
  r.id AS refund_id
FROM careforall.refunds r
JOIN careforall.campaigns c ON c.id = r.campaign_id;

CREATE OR REPLACE VIEW careforall.refund_proposals_overview AS
SELECT
  q.created_at,
  careforall.refund_proposal_state(q) AS state,
  careforall.money_text(q.amount_minor, q.currency) AS refund,
  c.slug AS campaign,
  q.reason,
  q.proposed_by,
  q.decided_by,
  q.decision_reason,
  q.decided_at,
  q.expires_at,
  q.pledge_id,
  q.refund_id,
  q.id AS refund_proposal_id
FROM careforall.refund_proposals q
JOIN careforall.campaigns c ON c.id = q.campaign_id;

CREATE OR REPLACE VIEW careforall.refund_limits_overview AS
SELECT
  l.currency::text AS currency,
  careforall.money_text(l.alone_minor, l.currency) AS alone,
  l.alone_minor,
  l.valid_for,
  l.updated_at
FROM careforall.refund_limits l;

CREATE OR REPLACE VIEW careforall.refund_requests_overview AS
SELECT
  q.created_at,
  q.state,
  c.slug AS campaign,
  careforall.money_text(p.amount_minor, p.currency) AS pledged,
  careforall.money_text(NULLIF(p.refunded_minor, 0), p.currency) AS refunded,
  q.message,
  q.note,
  q.decided_by,
  q.decided_at,
  q.pledge_id,
  q.refund_id,
  q.id AS refund_request_id
FROM careforall.refund_requests q
JOIN careforall.pledges p ON p.id = q.pledge_id
JOIN careforall.campaigns c ON c.id = q.campaign_id;

CREATE OR REPLACE VIEW careforall.dead_letters_overview AS
SELECT
  d.id AS dead_letter_id,
  d.state,
  d.kind,
  d.code,
  d.message,
  d.http_status,
  d.attempts,
  d.failures,
  d.first_failed_at,
  d.last_failed_at,
  d.decided_at,
  d.pledge_id,
  d.target_id
FROM careforall.payment_dead_letters d;

CREATE OR REPLACE VIEW careforall.inbox_overview AS
SELECT
  i.received_at,
  i.kind,
  i.outcome,
  i.detail,
  CASE WHEN i.currency IS NOT NULL THEN careforall.money_text(i.amount_minor, i.currency) END AS amount,
  i.deliveries,
  i.provider,
  i.event_id,
  i.payment_id,
  i.pledge_id,
  i.refund_id
FROM careforall.inbox i;

CREATE OR REPLACE VIEW careforall.audit_overview AS
SELECT a.occurred_at, a.actor, a.action, a.reason, a.target_type, a.target_id, a.detail, a.id
FROM careforall.audit_log a;

COMMENT ON VIEW careforall.refunds_overview IS
  'Refunds with their state and how long they took (or have been waiting).';
COMMENT ON VIEW careforall.refund_proposals_overview IS
  'Refunds that need a second person, and what was decided; careforall.refund_approve() and refund_reject() decide.';
COMMENT ON VIEW careforall.refund_limits_overview IS
  'What may be given back of one pledge without a second person, by currency; changed with careforall.refund_limit_set().';
COMMENT ON VIEW careforall.refund_requests_overview IS
  'What donors ask back, in their words, and what was decided.';
COMMENT ON VIEW careforall.dead_letters_overview IS
  'Payment work that the provider refused for good; careforall.payment_redrive() tries it again.';
COMMENT ON VIEW careforall.inbox_overview IS
  'What the payment provider reported and what became of it, without the payload.';
COMMENT ON VIEW careforall.audit_overview IS
  'What people changed by hand, and why.';

COMMENT ON COLUMN careforall.refunds_overview.created_at IS
  'When it was asked for.';
COMMENT ON COLUMN careforall.refunds_overview.state IS
  'requested, succeeded or failed.';
COMMENT ON COLUMN careforall.refunds_overview.refund IS
  'What is to be given back.';
COMMENT ON COLUMN careforall.refunds_overview.kind IS
  'manual, or late: money that came too late.';
COMMENT ON COLUMN careforall.refunds_overview.campaign IS
  'Slug of the campaign.';
COMMENT ON COLUMN careforall.refunds_overview.reason IS
  'Why, in the words of staff.';
COMMENT ON COLUMN careforall.refunds_overview.requested_by IS
  'Who asked for it.';
COMMENT ON COLUMN careforall.refunds_overview.took IS
  'How long it took, or has been waiting.';
COMMENT ON COLUMN careforall.refunds_overview.state_reason IS
  'Why the provider refused it.';
COMMENT ON COLUMN careforall.refunds_overview.provider IS
  'The payment provider.';
COMMENT ON COLUMN careforall.refunds_overview.provider_refund_id IS
  'The refund at the provider.';
COMMENT ON COLUMN careforall.refunds_overview.settled_at IS
  'When the provider said how it ended.';
COMMENT ON COLUMN careforall.refunds_overview.pledge_id IS
  'Id of the pledge.';
COMMENT ON COLUMN careforall.refunds_overview.refund_id IS
  'Id of the refund, for refund_retry().';

COMMENT ON COLUMN careforall.refund_proposals_overview.created_at IS
  'When it was proposed.';
COMMENT ON COLUMN careforall.refund_proposals_overview.state IS
  'waiting, approved, rejected, withdrawn or expired.';
COMMENT ON COLUMN careforall.refund_proposals_overview.refund IS
  'What is to be given back.';
COMMENT ON COLUMN careforall.refund_proposals_overview.campaign IS
  'Slug of the campaign.';
COMMENT ON COLUMN careforall.refund_proposals_overview.reason IS
  'Why, in the words of whoever proposed it.';
COMMENT ON COLUMN careforall.refund_proposals_overview.proposed_by IS
  'Who proposed it: an account or a log-in of the database.';
COMMENT ON COLUMN careforall.refund_proposals_overview.decided_by IS
  'Who decided.';
COMMENT ON COLUMN careforall.refund_proposals_overview.decision_reason IS
  'Why, in their words.';
COMMENT ON COLUMN careforall.refund_proposals_overview.decided_at IS
  'When.';
COMMENT ON COLUMN careforall.refund_proposals_overview.expires_at IS
  'Until when it can be approved.';
COMMENT ON COLUMN careforall.refund_proposals_overview.pledge_id IS
  'Id of the pledge.';
COMMENT ON COLUMN careforall.refund_proposals_overview.refund_id IS
  'The refund that came of it.';
COMMENT ON COLUMN careforall.refund_proposals_overview.refund_proposal_id IS
  'Id of the proposal, for refund_approve() and refund_reject().';

COMMENT ON COLUMN careforall.refund_limits_overview.currency IS
  'ISO 4217 code.';
COMMENT ON COLUMN careforall.refund_limits_overview.alone IS
  'What may be given back of one pledge, in all, without a second person.';
COMMENT ON COLUMN careforall.refund_limits_overview.alone_minor IS
  'The same in minor units.';
COMMENT ON COLUMN careforall.refund_limits_overview.valid_for IS
  'How long a proposal waits before it expires.';
COMMENT ON COLUMN careforall.refund_limits_overview.updated_at IS
  'When it was last set.';

COMMENT ON COLUMN careforall.refund_requests_overview.created_at IS
  'When the donor asked.';
COMMENT ON COLUMN careforall.refund_requests_overview.state IS
  'open, accepted or declined.';
COMMENT ON COLUMN careforall.refund_requests_overview.campaign IS
  'Slug of the campaign.';
COMMENT ON COLUMN careforall.refund_requests_overview.pledged IS
  'Amount of the pledge.';
COMMENT ON COLUMN careforall.refund_requests_overview.refunded IS
  'What has been given back of it.';
COMMENT ON COLUMN careforall.refund_requests_overview.message IS
  'What the donor wrote.';
COMMENT ON COLUMN careforall.refund_requests_overview.note IS
  'What was answered.';
COMMENT ON COLUMN careforall.refund_requests_overview.decided_by IS
  'The account that decided.';
COMMENT ON COLUMN careforall.refund_requests_overview.decided_at IS
  'When.';
COMMENT ON COLUMN careforall.refund_requests_overview.pledge_id IS
  'Id of the pledge.';
COMMENT ON COLUMN careforall.refund_requests_overview.refund_id IS
  'The refund that came of it.';
COMMENT ON COLUMN careforall.refund_requests_overview.refund_request_id IS
  'Id of the request.';

COMMENT ON COLUMN careforall.dead_letters_overview.dead_letter_id IS
  'Number, for payment_redrive().';
COMMENT ON COLUMN careforall.dead_letters_overview.state IS
  'parked, redriven or resolved.';
COMMENT ON COLUMN careforall.dead_letters_overview.kind IS
  'payment, cancel or refund.';
COMMENT ON COLUMN careforall.dead_letters_overview.code IS
  'Error code of the provider, or ours.';
COMMENT ON COLUMN careforall.dead_letters_overview.message IS
  'Its words.';
COMMENT ON COLUMN careforall.dead_letters_overview.http_status IS
  'Its last status.';
COMMENT ON COLUMN careforall.dead_letters_overview.attempts IS
  'How often it was asked.';
COMMENT ON COLUMN careforall.dead_letters_overview.failures IS
  'How often this work was parked.';
COMMENT ON COLUMN careforall.dead_letters_overview.first_failed_at IS
  'When it was first parked.';
COMMENT ON COLUMN careforall.dead_letters_overview.last_failed_at IS
  'When it was last parked.';
COMMENT ON COLUMN careforall.dead_letters_overview.decided_at IS
  'When it was redriven or resolved.';
COMMENT ON COLUMN careforall.dead_letters_overview.pledge_id IS
  'Id of the pledge.';
COMMENT ON COLUMN careforall.dead_letters_overview.target_id IS
  'The pledge, or the refund for kind refund.';

COMMENT ON COLUMN careforall.inbox_overview.received_at IS
  'When it first came.';
COMMENT ON COLUMN careforall.inbox_overview.kind IS
  'What it says, such as payment_succeeded.';
COMMENT ON COLUMN careforall.inbox_overview.outcome IS
  'What became of it: applied, stale, late, attempt, ignored, unknown, mismatch.';
COMMENT ON COLUMN careforall.inbox_overview.detail IS
  'Why.';
COMMENT ON COLUMN careforall.inbox_overview.amount IS
  'The amount that it names.';
COMMENT ON COLUMN careforall.inbox_overview.deliveries IS
  'How often it came.';
COMMENT ON COLUMN careforall.inbox_overview.provider IS
  'The payment provider.';
COMMENT ON COLUMN careforall.inbox_overview.event_id IS
  'The provider''s id of the event.';
COMMENT ON COLUMN careforall.inbox_overview.payment_id IS
  'The payment that it is about.';
COMMENT ON COLUMN careforall.inbox_overview.pledge_id IS
  'The pledge that it was applied to.';
COMMENT ON COLUMN careforall.inbox_overview.refund_id IS
  'The refund that it is about.';

COMMENT ON COLUMN careforall.audit_overview.occurred_at IS
  'When.';
COMMENT ON COLUMN careforall.audit_overview.actor IS
  'The log-in user; acts_for in detail is the account that it acted for.';
COMMENT ON COLUMN careforall.audit_overview.action IS
  'What was done.';
COMMENT ON COLUMN careforall.audit_overview.reason IS
  'Why, in their words.';
COMMENT ON COLUMN careforall.audit_overview.target_type IS
  'What kind of thing it was done to.';
COMMENT ON COLUMN careforall.audit_overview.target_id IS
  'Which one.';
COMMENT ON COLUMN careforall.audit_overview.detail IS
  'What changed.';
COMMENT ON COLUMN careforall.audit_overview.id IS
  'Order of writing.';

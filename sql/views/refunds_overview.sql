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

CREATE OR REPLACE VIEW careforall.audit_overview AS
SELECT a.occurred_at, a.actor, a.action, a.reason, a.target_type, a.target_id, a.detail, a.id
FROM careforall.audit_log a;

COMMENT ON VIEW careforall.refunds_overview IS
  'Refunds with their state and how long they took (or have been waiting).';
COMMENT ON VIEW careforall.refund_requests_overview IS
  'What donors ask back, in their words, and what was decided.';
COMMENT ON VIEW careforall.dead_letters_overview IS
  'Payment work that the provider refused for good; careforall.payment_redrive() tries it again.';
COMMENT ON VIEW careforall.audit_overview IS
  'What people changed by hand, and why.';

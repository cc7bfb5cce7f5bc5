-- SPDX-License-Identifier: Apache-2.0
-- Receipts that were issued. No personal data.

CREATE OR REPLACE VIEW careforall.receipts_log AS
SELECT
  r.issued_at,
  c.slug AS campaign,
  r.pledge_id,
  r.number,
  CASE WHEN r.number = 1 THEN 'original'
    WHEN r.refunded_minor <> lag(r.refunded_minor) OVER (PARTITION BY r.pledge_id ORDER BY r.number)
      THEN 'replacement'
    ELSE 'copy' END AS kind,
  r.via,
  r.language,
  r.time_zone,
  careforall.money_text(p.amount_minor, p.currency) AS amount,
  careforall.money_text(r.refunded_minor, p.currency) AS refunded,
  r.refunded_minor = p.refunded_minor AS is_current
FROM careforall.receipts r
JOIN careforall.pledges p ON p.id = r.pledge_id
JOIN careforall.campaigns c ON c.id = p.campaign_id
ORDER BY r.issued_at DESC, r.pledge_id, r.number DESC;

COMMENT ON VIEW careforall.receipts_log IS
  'Which receipts were issued when, to whom, and whether what they state is still so.';
COMMENT ON COLUMN careforall.receipts_log.issued_at IS
  'When.';
COMMENT ON COLUMN careforall.receipts_log.campaign IS
  'Slug of the campaign.';
COMMENT ON COLUMN careforall.receipts_log.pledge_id IS
  'The pledge; its id is the number on the receipt.';
COMMENT ON COLUMN careforall.receipts_log.number IS
  'Which issue it is, from 1.';
COMMENT ON COLUMN careforall.receipts_log.kind IS
  'original, copy, or replacement because more was given back since the one before.';
COMMENT ON COLUMN careforall.receipts_log.via IS
  'Who asked: link or account of the donor, or campaign.';
COMMENT ON COLUMN careforall.receipts_log.language IS
  'The language that it is written in.';
COMMENT ON COLUMN careforall.receipts_log.time_zone IS
  'The time zone of its times.';
COMMENT ON COLUMN careforall.receipts_log.amount IS
  'What was paid.';
COMMENT ON COLUMN careforall.receipts_log.refunded IS
  'What had been given back by then.';
COMMENT ON COLUMN careforall.receipts_log.is_current IS
  'Whether no more was given back since.';

-- SPDX-License-Identifier: Apache-2.0
-- Consent of donors to news. No personal data.

CREATE OR REPLACE VIEW careforall.news_log AS
SELECT
  n.occurred_at,
  c.slug AS campaign,
  n.pledge_id,
  n.event,
  n.text_version,
  n.language,
  n.via
FROM careforall.news_consents n
JOIN careforall.campaigns c ON c.id = n.campaign_id
ORDER BY n.occurred_at DESC, n.pledge_id, n.event;

COMMENT ON VIEW careforall.news_log IS
  'Which donors agreed to news of a campaign, to which text, and who withdrew.';
COMMENT ON COLUMN careforall.news_log.occurred_at IS
  'When.';
COMMENT ON COLUMN careforall.news_log.campaign IS
  'Slug of the campaign.';
COMMENT ON COLUMN careforall.news_log.pledge_id IS
  'The pledge, for news_withdraw().';
COMMENT ON COLUMN careforall.news_log.event IS
  'given or withdrawn.';
COMMENT ON COLUMN careforall.news_log.text_version IS
  'Which text was agreed to.';
COMMENT ON COLUMN careforall.news_log.language IS
  'The language of that text.';
COMMENT ON COLUMN careforall.news_log.via IS
  'Where: gift, link, account or administrator.';

-- SPDX-License-Identifier: Apache-2.0
-- Who waits for what; the address masked, waiting_reveal() shows it.

CREATE OR REPLACE VIEW careforall.waiting_overview WITH (security_barrier) AS
SELECT
  w.joined_at,
  w.state,
  c.slug AS campaign,
  r.title AS reward,
  CASE w.state WHEN 'waiting' THEN (
    SELECT count(*) + 1 FROM careforall.waiting_entries e
    WHERE e.campaign_id = w.campaign_id AND e.reward_id IS NOT DISTINCT FROM w.reward_id
      AND e.state = 'waiting' AND e.id < w.id) END AS position,
  careforall.email_masked(w.email) AS email,
  EXISTS (
    SELECT FROM careforall.waiting_entries e
    WHERE e.campaign_id = w.campaign_id AND e.reward_id IS NOT DISTINCT FROM w.reward_id
      AND lower(e.email) = lower(w.email) AND e.id < w.id) AS is_repeat,
  w.invited_at,
  w.id AS entry_id
FROM careforall.waiting_entries w
JOIN careforall.campaigns c ON c.id = w.campaign_id
LEFT JOIN careforall.rewards r ON r.id = w.reward_id;

COMMENT ON VIEW careforall.waiting_overview IS
  'Waiting lists of rewards and campaigns; e-mail addresses masked.';
COMMENT ON COLUMN careforall.waiting_overview.joined_at IS
  'When it was made.';
COMMENT ON COLUMN careforall.waiting_overview.state IS
  'waiting or invited.';
COMMENT ON COLUMN careforall.waiting_overview.campaign IS
  'Slug of the campaign.';
COMMENT ON COLUMN careforall.waiting_overview.reward IS
  'The reward that is waited for; NULL for the campaign itself.';
COMMENT ON COLUMN careforall.waiting_overview.position IS
  'Its place among those who wait; NULL once it is invited.';
COMMENT ON COLUMN careforall.waiting_overview.email IS
  'The address with most of it hidden.';
COMMENT ON COLUMN careforall.waiting_overview.is_repeat IS
  'Whether an earlier entry of the same list has the same address.';
COMMENT ON COLUMN careforall.waiting_overview.invited_at IS
  'When it was invited; NULL until then.';
COMMENT ON COLUMN careforall.waiting_overview.entry_id IS
  'Id of the entry, for waiting_invite(), waiting_remove() and waiting_reveal().';

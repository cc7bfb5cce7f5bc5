-- SPDX-License-Identifier: Apache-2.0
-- Campaigns that are over can be put away.

-- Safe: campaigns are few, and none of them has a value yet.
ALTER TABLE careforall.campaigns
  ADD COLUMN archived_at timestamptz,
  ADD CONSTRAINT campaigns_archived_at_check CHECK (archived_at IS NULL OR state = 'closed');

COMMENT ON COLUMN careforall.campaigns.archived_at IS
  'Since when it is left out of lists; NULL unless it was archived. Only closed campaigns are.';

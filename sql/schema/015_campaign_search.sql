-- SPDX-License-Identifier: Apache-2.0
-- What the lists of campaigns are found by: words, filters, and how much of the
-- goal is reached.

-- The words of a campaign, those of the title first. Its own file of functions
-- would come too late: the index needs it.
CREATE OR REPLACE FUNCTION careforall.campaign_words(
  title text, summary text, story text, owner_name text)
RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT setweight(to_tsvector('pg_catalog.english', title), 'A')
    || setweight(to_tsvector('pg_catalog.english', summary || ' ' || owner_name), 'B')
    || setweight(to_tsvector('pg_catalog.english', story), 'D')
$$;

CREATE INDEX IF NOT EXISTS campaigns_words_idx ON careforall.campaigns
  USING gin (careforall.campaign_words(title, summary, story, owner_name));
CREATE INDEX IF NOT EXISTS campaigns_category_created_at_idx ON careforall.campaigns
  (category, date_trunc('milliseconds', created_at AT TIME ZONE 'UTC') DESC, id DESC);
CREATE INDEX IF NOT EXISTS campaigns_currency_created_at_idx ON careforall.campaigns
  (currency, date_trunc('milliseconds', created_at AT TIME ZONE 'UTC') DESC, id DESC);
-- The next to end first; those without an end last.
CREATE INDEX IF NOT EXISTS campaigns_ending_idx ON careforall.campaigns
  (COALESCE(ends_at, 'infinity'::timestamptz), id) WHERE state IN ('active', 'paused');

-- Kept apart from totals and campaigns, which a pledge must not wait for: a job
-- computes it anew each minute, so a list by it stands still between two runs.
CREATE TABLE IF NOT EXISTS careforall.campaign_ranks (
  campaign_id  uuid   NOT NULL,
  funded_ppm   bigint NOT NULL DEFAULT 0,
  CONSTRAINT campaign_ranks_pkey PRIMARY KEY (campaign_id),
  CONSTRAINT campaign_ranks_campaign_id_fkey
    FOREIGN KEY (campaign_id) REFERENCES careforall.campaigns (id),
  CONSTRAINT campaign_ranks_funded_ppm_check CHECK (funded_ppm >= 0)
);

CREATE INDEX IF NOT EXISTS campaign_ranks_funded_ppm_idx
  ON careforall.campaign_ranks (funded_ppm DESC, campaign_id DESC);

CREATE OR REPLACE FUNCTION careforall.campaign_rank_add()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, careforall, pg_temp
AS $$
BEGIN
  INSERT INTO careforall.campaign_ranks (campaign_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER campaigns_rank_add
  AFTER INSERT ON careforall.campaigns
  FOR EACH ROW EXECUTE FUNCTION careforall.campaign_rank_add();

COMMENT ON FUNCTION careforall.campaign_words(text, text, text, text) IS
  'The words by which a campaign is found; its index needs it.';
COMMENT ON FUNCTION careforall.campaign_rank_add() IS
  'Gives each new campaign its row in campaign_ranks.';
COMMENT ON TABLE careforall.campaign_ranks IS
  'How much of its goal each campaign has raised, as of the last run of the job campaigns_rank.';
COMMENT ON COLUMN careforall.campaign_ranks.campaign_id IS
  'The campaign.';
COMMENT ON COLUMN careforall.campaign_ranks.funded_ppm IS
  'Raised money per million of the goal.';

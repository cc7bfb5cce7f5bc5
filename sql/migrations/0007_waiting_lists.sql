-- SPDX-License-Identifier: Apache-2.0
-- Waiting lists of rewards and campaigns that are full.

CREATE TABLE careforall.waiting_entries (
  id           uuid        NOT NULL DEFAULT careforall.uuid7(),
  campaign_id  uuid        NOT NULL,
  reward_id    uuid,
  name         text        NOT NULL,
  email        text        NOT NULL,
  account_id   uuid,
  token_hash   bytea       NOT NULL,
  state        text        NOT NULL DEFAULT 'waiting',
  version      bigint      NOT NULL DEFAULT 1,
  traceparent  text,
  joined_at    timestamptz NOT NULL DEFAULT careforall.clock(),
  invited_at   timestamptz,
  CONSTRAINT waiting_entries_pkey PRIMARY KEY (id),
  CONSTRAINT waiting_entries_campaign_id_fkey
    FOREIGN KEY (campaign_id) REFERENCES careforall.campaigns (id),
  CONSTRAINT waiting_entries_reward_id_fkey
    FOREIGN KEY (reward_id) REFERENCES careforall.rewards (id),
  CONSTRAINT waiting_entries_account_id_fkey
    FOREIGN KEY (account_id) REFERENCES careforall.accounts (id),
  CONSTRAINT waiting_entries_name_check CHECK (char_length(name) BETWEEN 1 AND 120),
  CONSTRAINT waiting_entries_email_check
    CHECK (char_length(email) BETWEEN 3 AND 254 AND email LIKE '%_@_%'),
  CONSTRAINT waiting_entries_token_hash_check CHECK (octet_length(token_hash) = 32),
  CONSTRAINT waiting_entries_state_check CHECK (state IN ('waiting', 'invited')),
  CONSTRAINT waiting_entries_invited_at_check CHECK ((state = 'invited') = (invited_at IS NOT NULL)),
  CONSTRAINT waiting_entries_version_check CHECK (version >= 1)
);

-- One queue in its order, and who is in it already.
CREATE INDEX waiting_entries_queue_idx
  ON careforall.waiting_entries (campaign_id, reward_id, id) INCLUDE (state);
CREATE INDEX waiting_entries_reward_id_idx
  ON careforall.waiting_entries (reward_id) WHERE reward_id IS NOT NULL;
CREATE INDEX waiting_entries_email_idx
  ON careforall.waiting_entries (lower(email), campaign_id);
CREATE INDEX waiting_entries_account_id_idx
  ON careforall.waiting_entries (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX waiting_entries_joined_at_idx
  ON careforall.waiting_entries (joined_at);

-- Every entry that comes, is invited or goes is an event, whoever did it. Its own file of
-- functions would come too late: the trigger needs it. The relay may be asleep; here, away
-- from pledges, NOTIFY costs nothing.
CREATE FUNCTION careforall.waiting_record()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, careforall, pg_temp
AS $$
DECLARE
  entry careforall.waiting_entries;
BEGIN
  IF TG_OP = 'DELETE' THEN
    entry := OLD;
    entry.version := OLD.version + 1;
  ELSE
    entry := NEW;
  END IF;
  INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version, campaign_id, type,
    data, traceparent, occurred_at)
  SELECT careforall.uuid7(), 'waiting', entry.id, entry.version, entry.campaign_id,
    CASE TG_OP WHEN 'INSERT' THEN 'waiting.joined' WHEN 'UPDATE' THEN 'waiting.invited' ELSE 'waiting.left' END,
    json_build_object(
      'entry_id', entry.id,
      'campaign_id', entry.campaign_id,
      'reward_id', entry.reward_id,
      'state', CASE TG_OP WHEN 'DELETE' THEN 'left' ELSE entry.state END,
      'is_repeat', EXISTS (
        SELECT FROM careforall.waiting_entries e
        WHERE e.campaign_id = entry.campaign_id AND e.reward_id IS NOT DISTINCT FROM entry.reward_id
          AND lower(e.email) = lower(entry.email) AND e.id < entry.id),
      'version', entry.version,
      'occurred_at', careforall.json_time(careforall.clock())),
    CASE TG_OP WHEN 'INSERT' THEN entry.traceparent END, careforall.clock();
  PERFORM pg_notify('careforall_outbox', '');
  RETURN NULL;
END
$$;

CREATE TRIGGER waiting_entries_record
  AFTER INSERT OR DELETE OR UPDATE OF state ON careforall.waiting_entries
  FOR EACH ROW EXECUTE FUNCTION careforall.waiting_record();

COMMENT ON FUNCTION careforall.waiting_record() IS
  'Makes an event of each entry of a waiting list that comes, is invited or goes.';
COMMENT ON TABLE careforall.waiting_entries IS
  'Who waits for a place of a reward, or for a campaign that is full or paused. An entry that ends is deleted.';
COMMENT ON COLUMN careforall.waiting_entries.id IS
  'UUID version 7: the order of ids is that of joining.';
COMMENT ON COLUMN careforall.waiting_entries.campaign_id IS
  'The campaign.';
COMMENT ON COLUMN careforall.waiting_entries.reward_id IS
  'The reward that is waited for; NULL for the campaign itself.';
COMMENT ON COLUMN careforall.waiting_entries.name IS
  'The name as it was written. Personal data.';
COMMENT ON COLUMN careforall.waiting_entries.email IS
  'Where to write to when a place is free; never shown to the public. Personal data.';
COMMENT ON COLUMN careforall.waiting_entries.account_id IS
  'The account that joined; NULL for a guest.';
COMMENT ON COLUMN careforall.waiting_entries.token_hash IS
  'SHA-256 of the token of the private link, which is stored nowhere.';
COMMENT ON COLUMN careforall.waiting_entries.state IS
  'waiting, or invited by those who run the campaign.';
COMMENT ON COLUMN careforall.waiting_entries.version IS
  'Grows by one with each event of the entry.';
COMMENT ON COLUMN careforall.waiting_entries.traceparent IS
  'W3C trace context of the request that made it.';
COMMENT ON COLUMN careforall.waiting_entries.joined_at IS
  'When it was made.';
COMMENT ON COLUMN careforall.waiting_entries.invited_at IS
  'When it was invited; NULL until then.';

-- SPDX-License-Identifier: Apache-2.0
-- Triggers of the careforall extension. They rule every way to write a row; a
-- dump restores them after the data, so a restore does not fire them.

CREATE OR REPLACE TRIGGER pledges_guard
  BEFORE INSERT OR UPDATE OR DELETE ON careforall.pledges
  FOR EACH ROW EXECUTE FUNCTION careforall.pledge_guard();
CREATE OR REPLACE TRIGGER pledges_record
  AFTER INSERT OR UPDATE ON careforall.pledges
  FOR EACH ROW EXECUTE FUNCTION careforall.pledge_record();
CREATE OR REPLACE TRIGGER pledges_write
  AFTER INSERT OR UPDATE ON careforall.pledges
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.pledge_record();
CREATE OR REPLACE TRIGGER pledges_keep
  BEFORE TRUNCATE ON careforall.pledges
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.refuse_change();

CREATE OR REPLACE TRIGGER campaigns_guard
  BEFORE INSERT OR UPDATE OR DELETE ON careforall.campaigns
  FOR EACH ROW EXECUTE FUNCTION careforall.campaign_guard();
CREATE OR REPLACE TRIGGER campaigns_record
  AFTER INSERT OR UPDATE ON careforall.campaigns
  FOR EACH ROW EXECUTE FUNCTION careforall.campaign_record();
CREATE OR REPLACE TRIGGER campaigns_write
  AFTER INSERT OR UPDATE ON careforall.campaigns
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.campaign_record();
CREATE OR REPLACE TRIGGER campaigns_keep
  BEFORE TRUNCATE ON careforall.campaigns
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.refuse_change();

CREATE OR REPLACE TRIGGER rewards_guard
  BEFORE INSERT OR UPDATE OR DELETE ON careforall.rewards
  FOR EACH ROW EXECUTE FUNCTION careforall.capacity_guard();
CREATE OR REPLACE TRIGGER rewards_record
  AFTER INSERT OR UPDATE ON careforall.rewards
  FOR EACH ROW EXECUTE FUNCTION careforall.capacity_guard();
CREATE OR REPLACE TRIGGER rewards_write
  AFTER INSERT OR UPDATE ON careforall.rewards
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.capacity_guard();
CREATE OR REPLACE TRIGGER rewards_keep
  BEFORE TRUNCATE ON careforall.rewards
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.refuse_change();

CREATE OR REPLACE TRIGGER pools_guard
  BEFORE INSERT OR UPDATE OR DELETE ON careforall.pools
  FOR EACH ROW EXECUTE FUNCTION careforall.capacity_guard();
CREATE OR REPLACE TRIGGER pools_record
  AFTER INSERT OR UPDATE ON careforall.pools
  FOR EACH ROW EXECUTE FUNCTION careforall.capacity_guard();
CREATE OR REPLACE TRIGGER pools_write
  AFTER INSERT OR UPDATE ON careforall.pools
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.capacity_guard();
CREATE OR REPLACE TRIGGER pools_keep
  BEFORE TRUNCATE ON careforall.pools
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.refuse_change();

-- Append-only tables. Partitions of the outbox are dropped, never emptied.

CREATE OR REPLACE TRIGGER pledge_history_keep
  BEFORE UPDATE OR DELETE ON careforall.pledge_history
  FOR EACH ROW EXECUTE FUNCTION careforall.refuse_change();
CREATE OR REPLACE TRIGGER pledge_history_keep_all
  BEFORE TRUNCATE ON careforall.pledge_history
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.refuse_change();

-- Only xid may change: a restore into another cluster gives rows a new one.
CREATE OR REPLACE TRIGGER outbox_keep
  BEFORE DELETE OR UPDATE OF id, event_id, aggregate_type, aggregate_id,
    aggregate_version, campaign_id, type, data, traceparent, occurred_at, recorded_at
  ON careforall.outbox
  FOR EACH ROW EXECUTE FUNCTION careforall.refuse_change();
CREATE OR REPLACE TRIGGER outbox_keep_all
  BEFORE TRUNCATE ON careforall.outbox
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.refuse_change();

CREATE OR REPLACE TRIGGER refunds_keep
  BEFORE DELETE ON careforall.refunds
  FOR EACH ROW EXECUTE FUNCTION careforall.refuse_change();
CREATE OR REPLACE TRIGGER refunds_keep_all
  BEFORE TRUNCATE ON careforall.refunds
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.refuse_change();

CREATE OR REPLACE TRIGGER audit_log_keep
  BEFORE UPDATE OR DELETE ON careforall.audit_log
  FOR EACH ROW EXECUTE FUNCTION careforall.refuse_change();
CREATE OR REPLACE TRIGGER audit_log_keep_all
  BEFORE TRUNCATE ON careforall.audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION careforall.refuse_change();

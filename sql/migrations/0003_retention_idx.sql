-- SPDX-License-Identifier: Apache-2.0
-- What the purge looks for by its age.
-- Runs outside a transaction.

DROP INDEX CONCURRENTLY IF EXISTS careforall.refresh_tokens_used_at_idx;
CREATE INDEX CONCURRENTLY refresh_tokens_used_at_idx
  ON careforall.refresh_tokens (used_at) WHERE used_at IS NOT NULL;

DROP INDEX CONCURRENTLY IF EXISTS careforall.refunds_key_created_at_idx;
CREATE INDEX CONCURRENTLY refunds_key_created_at_idx
  ON careforall.refunds (created_at) WHERE key_hash IS NOT NULL;

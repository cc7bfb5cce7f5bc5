-- SPDX-License-Identifier: Apache-2.0
-- How long each kind of data is kept, and whether the purge keeps up.

CREATE OR REPLACE VIEW careforall.retention AS
SELECT s.kind, s.keep, s.oldest, s.waiting, s.set_by, s.done_by, s.keep_min, s.keep_max, s.what
FROM careforall.retention_status() s;

COMMENT ON VIEW careforall.retention IS
  'Each kind of data that ends: how long it is kept, how old the oldest row is, and how many wait to be removed; careforall.retention_set() changes it.';

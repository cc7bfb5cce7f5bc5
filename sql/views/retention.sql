-- SPDX-License-Identifier: Apache-2.0
-- How long each kind of data is kept, and whether the purge keeps up.

CREATE OR REPLACE VIEW careforall.retention AS
SELECT s.kind, s.keep, s.oldest, s.waiting, s.set_by, s.done_by, s.keep_min, s.keep_max, s.what
FROM careforall.retention_status() s;

COMMENT ON VIEW careforall.retention IS
  'Each kind of data that ends: how long it is kept, how old the oldest row is, and how many wait to be removed; careforall.retention_set() changes it.';

COMMENT ON COLUMN careforall.retention.kind IS
  'Kind of data, for retention_set().';
COMMENT ON COLUMN careforall.retention.keep IS
  'How long it is kept.';
COMMENT ON COLUMN careforall.retention.oldest IS
  'Age of the oldest row that may go one day.';
COMMENT ON COLUMN careforall.retention.waiting IS
  'Rows past it that wait for the purge, counted to 100000.';
COMMENT ON COLUMN careforall.retention.set_by IS
  'default, a setting of the server, or who set it.';
COMMENT ON COLUMN careforall.retention.done_by IS
  'The job that removes it.';
COMMENT ON COLUMN careforall.retention.keep_min IS
  'The shortest length that can be set.';
COMMENT ON COLUMN careforall.retention.keep_max IS
  'The longest length that can be set.';
COMMENT ON COLUMN careforall.retention.what IS
  'What goes.';

-- SPDX-License-Identifier: Apache-2.0
-- Which versions of the schema this database has been through.

CREATE TABLE IF NOT EXISTS careforall.schema_info (
  version       integer     NOT NULL,
  installed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  installed_by  text        NOT NULL DEFAULT session_user,
  CONSTRAINT schema_info_pkey PRIMARY KEY (version),
  CONSTRAINT schema_info_version_check CHECK (version >= 1)
);

COMMENT ON TABLE careforall.schema_info IS
  'One row for each schema version installed; the highest is the present one.';

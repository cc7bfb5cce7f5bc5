-- SPDX-License-Identifier: Apache-2.0
-- People who log in, their sessions, and what they prove themselves with.
--
-- No secret stands here in clear: passwords are Argon2id strings, refresh tokens and
-- one-time tokens of administrators are kept as SHA-256 of 32 random bytes.

CREATE TABLE IF NOT EXISTS careforall.accounts (
  id                   uuid        NOT NULL DEFAULT careforall.uuid7(),
  email                text        NOT NULL,
  name                 text        NOT NULL,
  role                 text        NOT NULL DEFAULT 'donor',
  password_hash        text        NOT NULL,
  pepper_id            text        NOT NULL DEFAULT '',
  password_changed_at  timestamptz NOT NULL DEFAULT careforall.clock(),
  disabled_at          timestamptz,
  version              bigint      NOT NULL DEFAULT 1,
  created_at           timestamptz NOT NULL DEFAULT careforall.clock(),
  updated_at           timestamptz NOT NULL DEFAULT careforall.clock(),
  CONSTRAINT accounts_pkey PRIMARY KEY (id),
  CONSTRAINT accounts_email_check
    CHECK (char_length(email) BETWEEN 3 AND 254 AND email LIKE '%_@_%'),
  CONSTRAINT accounts_name_check
    CHECK (char_length(name) BETWEEN 1 AND 120 AND btrim(name) <> ''),
  CONSTRAINT accounts_role_check CHECK (role IN ('donor', 'owner', 'admin')),
  CONSTRAINT accounts_password_hash_check CHECK (password_hash LIKE '$argon2id$v=19$%'),
  CONSTRAINT accounts_pepper_id_check CHECK (pepper_id ~ '^([0-9a-f]{16})?$'),
  CONSTRAINT accounts_version_check CHECK (version >= 1)
);

CREATE UNIQUE INDEX IF NOT EXISTS accounts_email_key ON careforall.accounts (lower(email));

-- A session is a family of refresh tokens: it begins with a log-in and ends once.
CREATE TABLE IF NOT EXISTS careforall.sessions (
  id             uuid        NOT NULL DEFAULT careforall.uuid7(),
  account_id     uuid        NOT NULL,
  user_agent     text        NOT NULL DEFAULT '',
  generation     integer     NOT NULL DEFAULT 1,
  created_at     timestamptz NOT NULL DEFAULT careforall.clock(),
  refreshed_at   timestamptz NOT NULL DEFAULT careforall.clock(),
  expires_at     timestamptz NOT NULL,
  ends_at        timestamptz NOT NULL,
  ended_at       timestamptz,
  end_reason     text,
  CONSTRAINT sessions_pkey PRIMARY KEY (id),
  CONSTRAINT sessions_account_id_fkey
    FOREIGN KEY (account_id) REFERENCES careforall.accounts (id),
  CONSTRAINT sessions_user_agent_check CHECK (char_length(user_agent) <= 200),
  CONSTRAINT sessions_generation_check CHECK (generation >= 1),
  CONSTRAINT sessions_expires_at_check CHECK (expires_at <= ends_at),
  CONSTRAINT sessions_end_reason_check
    CHECK ((ended_at IS NULL) = (end_reason IS NULL) AND end_reason IN
      ('logout', 'logout_all', 'ended_by_user', 'ended_by_admin', 'password_changed',
       'disabled', 'token_reused', 'too_many'))
);

CREATE INDEX IF NOT EXISTS sessions_account_id_idx
  ON careforall.sessions (account_id, id);
-- Which are over, for the purge.
CREATE INDEX IF NOT EXISTS sessions_over_idx
  ON careforall.sessions ((LEAST(expires_at, ended_at)));

CREATE TABLE IF NOT EXISTS careforall.refresh_tokens (
  token_hash  bytea       NOT NULL,
  session_id  uuid        NOT NULL,
  generation  integer     NOT NULL,
  issued_at   timestamptz NOT NULL DEFAULT careforall.clock(),
  used_at     timestamptz,
  CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash),
  CONSTRAINT refresh_tokens_session_id_fkey
    FOREIGN KEY (session_id) REFERENCES careforall.sessions (id) ON DELETE CASCADE,
  CONSTRAINT refresh_tokens_token_hash_check CHECK (octet_length(token_hash) = 32)
);

CREATE INDEX IF NOT EXISTS refresh_tokens_session_id_idx
  ON careforall.refresh_tokens (session_id);

-- Failed log-ins by address, whether there is such an account or not.
CREATE TABLE IF NOT EXISTS careforall.login_failures (
  email_hash     bytea       NOT NULL,
  failures       integer     NOT NULL,
  failed_at      timestamptz NOT NULL,
  blocked_until  timestamptz NOT NULL,
  CONSTRAINT login_failures_pkey PRIMARY KEY (email_hash),
  CONSTRAINT login_failures_email_hash_check CHECK (octet_length(email_hash) = 32),
  CONSTRAINT login_failures_failures_check CHECK (failures >= 1)
);

CREATE INDEX IF NOT EXISTS login_failures_failed_at_idx
  ON careforall.login_failures (failed_at);

CREATE TABLE IF NOT EXISTS careforall.admin_tokens (
  id          uuid        NOT NULL DEFAULT careforall.uuid7(),
  token_hash  bytea       NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT careforall.clock(),
  expires_at  timestamptz NOT NULL,
  used_at     timestamptz,
  account_id  uuid,
  CONSTRAINT admin_tokens_pkey PRIMARY KEY (id),
  CONSTRAINT admin_tokens_token_hash_key UNIQUE (token_hash),
  CONSTRAINT admin_tokens_token_hash_check CHECK (octet_length(token_hash) = 32),
  CONSTRAINT admin_tokens_account_id_fkey
    FOREIGN KEY (account_id) REFERENCES careforall.accounts (id),
  CONSTRAINT admin_tokens_used_at_check CHECK ((used_at IS NULL) = (account_id IS NULL))
);

CREATE INDEX IF NOT EXISTS admin_tokens_account_id_idx
  ON careforall.admin_tokens (account_id);

COMMENT ON TABLE careforall.accounts IS
  'People who can log in. Changed by functions only; never deleted.';
COMMENT ON COLUMN careforall.accounts.id IS
  'UUID version 7; in the audit log as account:<id>.';
COMMENT ON COLUMN careforall.accounts.email IS
  'The address to log in with; unique without regard to case.';
COMMENT ON COLUMN careforall.accounts.name IS
  'The name as its owner wrote it.';
COMMENT ON COLUMN careforall.accounts.role IS
  'donor, owner (makes campaigns) or admin (everything).';
COMMENT ON COLUMN careforall.accounts.password_hash IS
  'Argon2id of the password, as a PHC string.';
COMMENT ON COLUMN careforall.accounts.pepper_id IS
  'Names the pepper that was mixed into the password; empty if none was.';
COMMENT ON COLUMN careforall.accounts.password_changed_at IS
  'When the password was last set.';
COMMENT ON COLUMN careforall.accounts.disabled_at IS
  'Since when it cannot log in; NULL if it can.';
COMMENT ON COLUMN careforall.accounts.version IS
  'Grows by one with each change that the account''s documents show.';
COMMENT ON COLUMN careforall.accounts.created_at IS
  'When it was registered.';
COMMENT ON COLUMN careforall.accounts.updated_at IS
  'When its documents last changed.';
COMMENT ON TABLE careforall.sessions IS
  'A log-in and the family of refresh tokens that came from it.';
COMMENT ON COLUMN careforall.sessions.id IS
  'Named in the access tokens of the session.';
COMMENT ON COLUMN careforall.sessions.account_id IS
  'Whose session it is.';
COMMENT ON COLUMN careforall.sessions.user_agent IS
  'What the browser called itself at the log-in, cut to 200 characters.';
COMMENT ON COLUMN careforall.sessions.generation IS
  'Which generation of refresh tokens is the newest.';
COMMENT ON COLUMN careforall.sessions.created_at IS
  'When the log-in was.';
COMMENT ON COLUMN careforall.sessions.refreshed_at IS
  'When the newest generation began.';
COMMENT ON COLUMN careforall.sessions.expires_at IS
  'Until when the session must be refreshed to live on.';
COMMENT ON COLUMN careforall.sessions.ends_at IS
  'When the session is over however often it is refreshed.';
COMMENT ON COLUMN careforall.sessions.ended_at IS
  'When it was ended by somebody; NULL while nobody has.';
COMMENT ON COLUMN careforall.sessions.end_reason IS
  'Why it was ended: logout, logout_all, ended_by_user, ended_by_admin, password_changed, disabled, token_reused, too_many.';
COMMENT ON TABLE careforall.refresh_tokens IS
  'One-time tokens that prolong a session, as hashes; used ones stay, so that a second use is seen.';
COMMENT ON COLUMN careforall.refresh_tokens.token_hash IS
  'SHA-256 of the token, which is stored nowhere.';
COMMENT ON COLUMN careforall.refresh_tokens.session_id IS
  'The session that it prolongs.';
COMMENT ON COLUMN careforall.refresh_tokens.generation IS
  'Which generation of the session it belongs to.';
COMMENT ON COLUMN careforall.refresh_tokens.issued_at IS
  'When it was given out.';
COMMENT ON COLUMN careforall.refresh_tokens.used_at IS
  'When it was used; a later use ends the session.';
COMMENT ON TABLE careforall.login_failures IS
  'Failed log-ins by hash of the e-mail address, whether there is such an account or not.';
COMMENT ON COLUMN careforall.login_failures.email_hash IS
  'SHA-256 of the address in lower case: careforall.login_key().';
COMMENT ON COLUMN careforall.login_failures.failures IS
  'Failed log-ins since the last good one.';
COMMENT ON COLUMN careforall.login_failures.failed_at IS
  'When the last one was.';
COMMENT ON COLUMN careforall.login_failures.blocked_until IS
  'Until when further tries are refused unseen.';
COMMENT ON TABLE careforall.admin_tokens IS
  'One-time tokens, as hashes, with which an administrator''s account is made.';
COMMENT ON COLUMN careforall.admin_tokens.id IS
  'Named in the audit log.';
COMMENT ON COLUMN careforall.admin_tokens.token_hash IS
  'SHA-256 of the token, which was shown once.';
COMMENT ON COLUMN careforall.admin_tokens.created_at IS
  'When it was made.';
COMMENT ON COLUMN careforall.admin_tokens.expires_at IS
  'Until when it can be used.';
COMMENT ON COLUMN careforall.admin_tokens.used_at IS
  'When it was used; NULL if it was not.';
COMMENT ON COLUMN careforall.admin_tokens.account_id IS
  'The account that was made with it.';

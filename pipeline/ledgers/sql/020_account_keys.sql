-- Several keys to an account: named, scoped, expiring, revocable. Of each token only its SHA-256. The single token that
-- an account had becomes its first key, with every scope, and goes on working.
CREATE TABLE account_keys (
    id        text        PRIMARY KEY,
    account   text        NOT NULL REFERENCES accounts,
    name      text        NOT NULL,
    digest    text        NOT NULL UNIQUE CHECK (digest ~ '^[0-9a-f]{64}$'),
    hint      text        NOT NULL DEFAULT '',
    scopes    text[]      NOT NULL,
    created   timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires   timestamptz,
    revoked   timestamptz,
    last_used timestamptz,
    requests_per_minute     integer CHECK (requests_per_minute >= 0),      -- NULL: no limit of its own
    videos_per_day          integer CHECK (videos_per_day >= 0),
    video_seconds_per_month integer CHECK (video_seconds_per_month >= 0)
);
CREATE INDEX account_keys_of ON account_keys (account, created, id);

INSERT INTO account_keys (id, account, name, digest, scopes, created)
SELECT 'key_' || left(md5(id || digest), 16), id, 'token', digest,
       ARRAY['manage', 'moderate', 'read', 'submit', 'verify'], opened
FROM accounts;

ALTER TABLE accounts DROP COLUMN digest;
ALTER TABLE accounts
    ADD COLUMN requests_per_minute     integer CHECK (requests_per_minute >= 0),
    ADD COLUMN videos_per_day          integer CHECK (videos_per_day >= 0),
    ADD COLUMN video_seconds_per_month integer CHECK (video_seconds_per_month >= 0);

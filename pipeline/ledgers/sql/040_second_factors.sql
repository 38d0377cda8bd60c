-- Authenticator apps (TOTP) of accounts. The secret is encrypted with a key that lies in the blob store, wrapped by one in
-- the keys folder; a copy of the database alone gives no codes. Of recovery codes only the SHA-256.
CREATE TABLE second_factors (
    account        text        PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    secret         bytea       NOT NULL,
    created        timestamptz NOT NULL DEFAULT clock_timestamp(),
    confirmed      timestamptz,                                            -- NULL: begun, and not asked for yet
    last_step      bigint      NOT NULL DEFAULT 0,                         -- no code of this or an earlier step is accepted
    attempts       integer     NOT NULL DEFAULT 0,
    attempts_since timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE recovery_codes (
    account text NOT NULL REFERENCES second_factors ON DELETE CASCADE,
    digest  text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    PRIMARY KEY (account, digest)
);

-- Who may use the API and the console: opaque ids, and of each token only its SHA-256.
CREATE TABLE accounts (
    id     text    PRIMARY KEY,
    roles  text[]  NOT NULL,
    digest text    NOT NULL UNIQUE CHECK (digest ~ '^[0-9a-f]{64}$'),
    closed boolean NOT NULL DEFAULT false,
    opened timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- An account had all of one of its end users erased. `party` and `pseudonym` say whose, in the registry and in the log of
-- cases, until nothing is left; then they are empty. `counts` and `cases` (random ids) stay, for the certificate.
CREATE TABLE end_user_erasures (
    id          text        PRIMARY KEY CHECK (id <> ''),
    account     text        NOT NULL CHECK (account <> ''),
    party       text        NOT NULL,
    pseudonym   text        NOT NULL,
    asked       timestamptz NOT NULL DEFAULT clock_timestamp(),
    counts      jsonb       NOT NULL,
    cases       text[]      NOT NULL DEFAULT '{}',
    certificate text        NOT NULL DEFAULT '',
    issued      timestamptz
);
CREATE UNIQUE INDEX end_user_erasures_under_way ON end_user_erasures (party) WHERE party <> '';
CREATE INDEX end_user_erasures_by_account ON end_user_erasures (account, asked);

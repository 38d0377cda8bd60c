-- Accounts that an owner of a cameo blocked: no lease covers them, whoever it is made to. Shown to the owner alone.
CREATE TABLE blocked_accounts (
    account text        NOT NULL,
    blocked text        NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account, blocked),
    CHECK (account <> blocked)
);

-- Whoever is blocked has what they made come down: the cascade says of which account.
ALTER TABLE cascades
    ADD COLUMN account text NOT NULL DEFAULT '',
    DROP CONSTRAINT cascades_reason_check,
    ADD CONSTRAINT cascades_reason_check
        CHECK (reason IN ('revoked', 'changed', 'expired', 'erased', 'vetoed', 'blocked'));

-- What an owner wrote to the maker with an approval or a veto: the id of a text that is erased with the cameo.
ALTER TABLE cameo_answers ADD COLUMN words text NOT NULL DEFAULT '';

CREATE INDEX notices_unread ON notices (account) WHERE seen IS NULL;

-- What was kept of a person when they were erased, as numbers, and the certificate once nothing is left. No names.
CREATE TABLE erasures (
    cameo       text        PRIMARY KEY,
    account     text        NOT NULL,
    asked       timestamptz NOT NULL DEFAULT clock_timestamp(),
    counts      jsonb       NOT NULL,
    certificate text        NOT NULL DEFAULT '',
    issued      timestamptz
);
CREATE INDEX erasures_by_account ON erasures (account, asked);
CREATE INDEX erasures_without_certificate ON erasures (asked) WHERE certificate = '';

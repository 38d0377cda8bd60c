-- Rights holders: who says that works are theirs, and who verified it. `says` is the id of an erasable text.
CREATE TABLE rights_holders (
    account text        PRIMARY KEY CHECK (account <> ''),
    record  text        NOT NULL UNIQUE,                 -- the key under which the words are kept
    name    text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    says    text        NOT NULL,
    state   text        NOT NULL CHECK (state IN ('asked', 'verified', 'refused')),
    code    text        NOT NULL DEFAULT '',
    asked   timestamptz NOT NULL DEFAULT clock_timestamp(),
    by      text        NOT NULL DEFAULT '',
    decided timestamptz
);

-- Works of holders whom nobody has verified are drafts: they take no part in matching. Without terms of their own
-- ('') works have those that the operator's settings give to their kind.
ALTER TABLE works
    ADD COLUMN state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'draft')),
    ALTER COLUMN terms SET DEFAULT '',
    DROP CONSTRAINT works_terms_check,
    ADD CONSTRAINT works_terms_check CHECK (terms IN ('', 'ask', 'forbid', 'allow'));
CREATE INDEX works_by_holder ON works (holder) WHERE holder <> '';

-- What a holder allows of a work beyond its terms: to whom, what for, as parody or not, where, until when.
CREATE TABLE work_licences (
    id        text        PRIMARY KEY,
    work      text        NOT NULL REFERENCES works (id) ON DELETE CASCADE,
    licensee  text        NOT NULL CHECK (licensee <> ''),   -- an account, or '*' for everyone
    purposes  text[]      NOT NULL DEFAULT '{}',
    parody    text        NOT NULL CHECK (parody IN ('allowed', 'only', 'no')),
    territory text[]      NOT NULL DEFAULT '{}',
    until     timestamptz,
    granted   timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked   timestamptz,
    replaces  text        NOT NULL DEFAULT ''
);
CREATE INDEX work_licences_by_work ON work_licences (work);

-- What a holder said of one draft. `asset` is its digest: another draft of the same case is asked about anew.
CREATE TABLE work_answers (
    case_id text        NOT NULL,
    work    text        NOT NULL,
    asset   text        NOT NULL,
    answer  text        NOT NULL CHECK (answer IN ('approved', 'refused')),
    code    text        NOT NULL DEFAULT '',
    by      text        NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (case_id, work, asset)
);
CREATE INDEX work_answers_by_work ON work_answers (work, at);

-- Signed receipts of what holders allowed and took back: a chain of its own, like that of consent.
CREATE TABLE licence_receipts (
    number   bigint      PRIMARY KEY,
    kind     text        NOT NULL CHECK (kind IN
        ('forbid', 'ask', 'allow', 'granted', 'changed', 'revoked', 'approved', 'refused')),
    work     text        NOT NULL,
    licence  text        NOT NULL,
    case_id  text        NOT NULL,
    jws      text        NOT NULL,
    at       timestamptz NOT NULL,
    previous text        NOT NULL,
    hash     text        NOT NULL UNIQUE CHECK (hash ~ '^[0-9a-f]{64}$')
);
CREATE INDEX licence_receipts_by_work ON licence_receipts (work, number);
CREATE INDEX licence_receipts_by_licence ON licence_receipts (licence, number) WHERE licence <> '';
CREATE INDEX licence_receipts_by_case ON licence_receipts (case_id, number) WHERE case_id <> '';
CREATE TRIGGER licence_receipts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON licence_receipts
    FOR EACH STATEMENT EXECUTE FUNCTION manifests_stay();

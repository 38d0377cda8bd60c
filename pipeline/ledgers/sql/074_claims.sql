-- Notices from outside: what somebody says of published videos, and what was decided. Nothing here is personal data of
-- whoever came: their words and their proof are texts and files under keys of their own, which can be destroyed.
CREATE TABLE claims (
    id                 text        PRIMARY KEY,  -- the tracking number
    revision           integer     NOT NULL DEFAULT 1,
    secret_sha256      text        NOT NULL UNIQUE, -- of the secret in the link to the status page
    kind               text        NOT NULL CHECK (kind IN ('likeness', 'intimate_image', 'copyright', 'estate',
                                                            'illegal_content', 'trademark')),
    law                text        NOT NULL,     -- a row of the table of laws
    received_at        timestamptz NOT NULL,
    due_at             timestamptz,              -- by when the law wants it decided; null where it names no time
    decided_at         timestamptz,
    decision           text        CHECK (decision IN ('upheld', 'partly', 'rejected', 'withdrawn')),
    decided_by         text        NOT NULL DEFAULT '',
    code               text        NOT NULL DEFAULT '',  -- the reason, of a closed list
    reason             text        NOT NULL DEFAULT '',  -- the id of an erasable text: the reason in words
    removed_at         timestamptz,              -- when the videos it is about were down
    paused_at          timestamptz,              -- when they were taken down until it is decided
    restored_at        timestamptz,              -- when they were put back
    restore_from       timestamptz,              -- of a counter-notice: from when they are put back
    action_seen_at     timestamptz,              -- when the claimant showed that they went to court
    escalated_at       timestamptz,              -- when the clock told moderators that it is about to run out
    case_ids           text[]      NOT NULL DEFAULT '{}',
    upheld_ids         text[]      NOT NULL DEFAULT '{}',  -- those of case_ids for which it was upheld
    urls               text[]      NOT NULL DEFAULT '{}',
    certain            boolean     NOT NULL DEFAULT false, -- the videos were found by our mark or named by their address
    via_account        text        NOT NULL DEFAULT '',
    by_author          boolean     NOT NULL DEFAULT false, -- an appeal or a counter-notice of a video's author
    trusted_flagger    boolean     NOT NULL DEFAULT false,
    territory          text        NOT NULL DEFAULT '',
    language           text        NOT NULL DEFAULT 'en',
    statements         text[]      NOT NULL DEFAULT '{}',  -- which statements of the law were made
    counter_of         text        REFERENCES claims (id),
    appeal_of          text        REFERENCES claims (id),
    contact_text       text        NOT NULL DEFAULT '',  -- ids of erasable texts
    statement_text     text        NOT NULL DEFAULT '',
    proof_text         text        NOT NULL DEFAULT '',
    proof_until        timestamptz,              -- from when proof is erased; null while it is open
    personal_until     timestamptz,              -- and contact and words
    proof_erased_at    timestamptz,
    personal_erased_at timestamptz
);
CREATE INDEX claims_open        ON claims (due_at, received_at) WHERE decided_at IS NULL;
CREATE INDEX claims_received    ON claims (received_at);
CREATE INDEX claims_decided     ON claims (decided_at);
CREATE INDEX claims_by_case     ON claims USING gin (case_ids);
CREATE INDEX claims_answers     ON claims (coalesce(counter_of, appeal_of));
CREATE INDEX claims_to_restore  ON claims (restore_from) WHERE restored_at IS NULL;
CREATE INDEX claims_to_erase    ON claims (proof_until, personal_until) WHERE personal_erased_at IS NULL;
CREATE INDEX claims_by_account  ON claims (via_account) WHERE via_account <> '';

-- What happened to a claim, step by step; `words` is the id of an erasable text.
CREATE TABLE claim_steps (
    claim_id text        NOT NULL REFERENCES claims (id),
    revision integer     NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    step     text        NOT NULL,
    by       text        NOT NULL DEFAULT '',
    code     text        NOT NULL DEFAULT '',
    words    text        NOT NULL DEFAULT '',
    PRIMARY KEY (claim_id, revision)
);
CREATE TRIGGER claim_steps_stay BEFORE UPDATE OR DELETE ON claim_steps FOR EACH STATEMENT EXECUTE FUNCTION events_stay();
ALTER TABLE claim_steps ENABLE ALWAYS TRIGGER claim_steps_stay;

-- Proof of identity and authority, and pictures of what a claim is about: encrypted under a key that lies elsewhere.
CREATE TABLE claim_files (
    id         text        PRIMARY KEY,
    claim_id   text        NOT NULL REFERENCES claims (id),
    purpose    text        NOT NULL CHECK (purpose IN ('identity', 'authority', 'work')),
    media_type text        NOT NULL,
    size       integer     NOT NULL,
    sealed     bytea       NOT NULL,
    kept       timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX claim_files_by_claim ON claim_files (claim_id, kept);

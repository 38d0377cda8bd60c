-- People's enrolled likeness. `owner` is an account: the person, a guardian, or who speaks for an estate.
CREATE TABLE cameos (
    id      text        PRIMARY KEY,
    handle  text        UNIQUE,
    owner   text        NOT NULL CHECK (owner <> ''),
    kind    text        NOT NULL CHECK (kind IN ('self', 'minor', 'estate')),
    state   text        NOT NULL CHECK (state IN ('held', 'active', 'refused', 'erased')),
    proof   text        NOT NULL DEFAULT '',             -- id of an erasable text: what shows guardianship or estate
    made    timestamptz NOT NULL DEFAULT clock_timestamp(),
    touched timestamptz NOT NULL DEFAULT clock_timestamp(),  -- when its owner, or a use, last had to do with it
    destroyed timestamptz,                                   -- when key, texts and takes of an erased one were gone
    CHECK ((handle IS NULL) = (state = 'erased'))
);

CREATE INDEX cameos_by_owner ON cameos (owner);
CREATE INDEX cameos_by_touch ON cameos (touched) WHERE state <> 'erased';

-- Who says that they know whom. Two who say it of each other are mutuals.
CREATE TABLE acquaintances (
    account text NOT NULL,
    other   text NOT NULL,
    PRIMARY KEY (account, other)
);

-- The rest of what a lease says. `handle` holds the id of a cameo. Empty lists of purposes and territories allow all.
ALTER TABLE leases
    ADD COLUMN purposes  text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN territory text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN bans      text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN words     text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN approval  boolean NOT NULL DEFAULT false,
    ADD COLUMN asks      text    NOT NULL DEFAULT '',     -- id of an erasable text: limits in the owner's words
    ADD COLUMN reviewed  text    NOT NULL DEFAULT '',     -- the account that turned them into rules
    ADD COLUMN watched   boolean NOT NULL DEFAULT false,  -- a person looks at each use
    ADD COLUMN replaces  text    NOT NULL DEFAULT '',
    ADD COLUMN ended     timestamptz;                     -- when what it covered was looked through after its end

CREATE INDEX leases_to_end ON leases (until) WHERE ended IS NULL;

-- A signed receipt for each thing agreed to and each thing taken back. A chain, never changed, without personal data.
CREATE TABLE consent_receipts (
    number   bigint      PRIMARY KEY,
    kind     text        NOT NULL CHECK (kind IN ('enrolled', 'granted', 'changed', 'revoked', 'expired', 'erased')),
    cameo    text        NOT NULL,
    lease    text        NOT NULL,
    jws      text        NOT NULL,
    at       timestamptz NOT NULL,
    previous text        NOT NULL,
    hash     text        NOT NULL UNIQUE CHECK (hash ~ '^[0-9a-f]{64}$')
);

CREATE INDEX consent_receipts_by_lease ON consent_receipts (lease, number);
CREATE INDEX consent_receipts_by_cameo ON consent_receipts (cameo, number);
CREATE TRIGGER consent_receipts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON consent_receipts
    FOR EACH STATEMENT EXECUTE FUNCTION manifests_stay();

-- What an owner said of one use. `asset` is the digest of the draft; a veto is about the case and names none.
CREATE TABLE cameo_answers (
    case_id text        NOT NULL,
    cameo   text        NOT NULL,
    asset   text        NOT NULL,
    answer  text        NOT NULL CHECK (answer IN ('approved', 'vetoed')),
    by      text        NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (case_id, cameo, asset)
);

-- Consent that ended: everything that rested on it comes down, however often this is interrupted.
CREATE TABLE cascades (
    id     text        PRIMARY KEY,
    cameo  text        NOT NULL,
    lease  text        NOT NULL,
    reason text        NOT NULL CHECK (reason IN ('revoked', 'changed', 'expired', 'erased', 'vetoed')),
    case_id text       NOT NULL DEFAULT '',              -- of a veto: the use that it is about
    asked  timestamptz NOT NULL DEFAULT clock_timestamp(),
    done   timestamptz
);

CREATE INDEX cascades_open ON cascades (asked) WHERE done IS NULL;
CREATE INDEX cascades_by_cameo ON cascades (cameo, asked);

CREATE TABLE cascade_items (
    cascade   text        NOT NULL REFERENCES cascades (id),
    case_id   text        NOT NULL,
    author    text        NOT NULL,
    phase     text        NOT NULL,                      -- where it was
    recalled  timestamptz NOT NULL,
    PRIMARY KEY (cascade, case_id)
);

CREATE INDEX cascade_items_by_case ON cascade_items (case_id);

-- Challenges: what somebody has to say and do before a camera, once, within minutes. Afterwards what became of it:
-- labels and scores, no face, no voice; `looks` are picture hashes by which a take is known if it comes again.
CREATE TABLE enrolments (
    id      text        PRIMARY KEY,
    account text        NOT NULL,
    handle  text        NOT NULL,
    kind    text        NOT NULL CHECK (kind IN ('self', 'minor')),
    digits  text        NOT NULL,
    turns   text[]      NOT NULL,
    issued  timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    used    timestamptz,
    outcome text        NOT NULL DEFAULT '',
    cameo   text        NOT NULL DEFAULT '',
    signals jsonb       NOT NULL DEFAULT '[]',
    rules   text[]      NOT NULL DEFAULT '{}',
    looks   bytea       NOT NULL DEFAULT ''
);

CREATE INDEX enrolments_by_account ON enrolments (account, issued);

-- What accounts are told. Codes of a closed list and ids, no words.
CREATE TABLE notices (
    key     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text        NOT NULL,
    code    text        NOT NULL,
    case_id text        NOT NULL DEFAULT '',
    cameo   text        NOT NULL DEFAULT '',
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen    timestamptz,
    UNIQUE (account, code, case_id, cameo)
);

CREATE INDEX notices_by_account ON notices (account, key DESC);

-- Face and voice, encrypted under a key of the cameo that lies elsewhere.
CREATE TABLE cameo_templates (
    key    bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cameo  text    NOT NULL REFERENCES cameos (id),
    kind   text    NOT NULL CHECK (kind IN ('face', 'voice')),
    model  text    NOT NULL,
    sealed bytea   NOT NULL
);

CREATE INDEX cameo_templates_by_cameo ON cameo_templates (cameo);
CREATE TRIGGER cameo_templates_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON cameo_templates
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();

-- The graph of what was made from what: by parent, and by the sealed file that was handed in as a reference.
CREATE INDEX cases_by_parent ON cases ((body #>> '{submitted,parent}')) WHERE body #>> '{submitted,parent}' <> '';
CREATE INDEX cases_by_cameo  ON cases USING gin ((body #> '{submitted,cameos}'));

-- Named banks of hashes, and what happened to each entry. What a match leads to is its bank's kind, by the policy's rules.
CREATE TABLE banks (
    name       text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9_.-]{0,62}$'),
    kind       text NOT NULL CHECK (kind IN ('known_bad', 'known_work', 'known_listed', 'known_noted', 'known_harmless')),
    created    timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by text NOT NULL
);

-- An entry is one picture, one video or one sound: all its hashes together, in the order of their times (seconds).
-- `views` says how much of the picture's sides was hashed, in thousandths: crops are found by those that are less.
CREATE TABLE bank_entries (
    key       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bank      text   NOT NULL REFERENCES banks (name),
    id        text   NOT NULL CHECK (id <> ''),
    algorithm text   NOT NULL CHECK (algorithm IN ('phash', 'pdq', 'vpdq', 'sound')),
    bits      bytea  NOT NULL CHECK (length(bits) > 0 AND length(bits) % CASE algorithm WHEN 'phash' THEN 8 ELSE 32 END = 0),
    times     real[] NOT NULL,
    views     smallint[] NOT NULL,
    digest    text   NOT NULL,
    state     text   NOT NULL CHECK (state IN ('active', 'quarantined', 'removed')),
    tags      text[] NOT NULL DEFAULT '{}',
    added     timestamptz NOT NULL DEFAULT clock_timestamp(),
    compared  timestamptz,  -- when it was compared with all that is published; it is due while this is null
    UNIQUE (bank, id, algorithm, digest)
);

CREATE INDEX bank_entries_due ON bank_entries (key) WHERE compared IS NULL AND state = 'active';
CREATE TRIGGER bank_entries_changed AFTER INSERT OR UPDATE OF state OR DELETE OR TRUNCATE ON bank_entries
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();

-- Who did what to an entry, when and why. Never changed and never deleted: it outlives the entry's time in the bank.
CREATE TABLE bank_changes (
    key    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry  bigint NOT NULL REFERENCES bank_entries (key),
    change text   NOT NULL CHECK (change IN ('added', 'removed', 'restored', 'quarantined', 'released')),
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    by     text   NOT NULL,
    source text   NOT NULL DEFAULT '',
    reason text   NOT NULL DEFAULT ''
);

CREATE INDEX bank_changes_of ON bank_changes (entry, key);
CREATE FUNCTION bank_changes_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'changes of banks are append-only: % is not allowed', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER bank_changes_stay BEFORE UPDATE OR DELETE ON bank_changes
    FOR EACH STATEMENT EXECUTE FUNCTION bank_changes_stay();

INSERT INTO banks (name, kind, created_by)
SELECT kind, kind, 'assay' FROM unnest(ARRAY['known_bad', 'known_work', 'known_listed', 'known_noted', 'known_harmless']) AS k(kind);

-- What was banked before has no more of a record than its time.
WITH moved AS (
    INSERT INTO bank_entries (bank, id, algorithm, bits, times, views, digest, state, added)
    SELECT kind, id, algorithm, bits, '{0}', '{1000}', encode(sha256(bits), 'hex'), 'active', added FROM hashes ORDER BY key
    RETURNING key, added
)
INSERT INTO bank_changes (entry, change, at, by, reason)
SELECT key, 'added', added, 'assay', 'banked before changes were recorded' FROM moved ORDER BY key;

DROP TABLE hashes;

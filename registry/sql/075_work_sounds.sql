-- Example sounds of works: no recording, but a fingerprint of each of its seconds, with what its holder calls it, encrypted
-- (AES-256-GCM) under the key of the work that its pictures have too. `seconds` is how many of them are compared.
CREATE TABLE work_sounds (
    id       text        PRIMARY KEY CHECK (id <> ''),
    work     text        NOT NULL REFERENCES works (id) ON DELETE CASCADE,
    seconds  integer     NOT NULL CHECK (seconds > 0),
    sealed   bytea       NOT NULL,
    added_by text        NOT NULL,
    added    timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX work_sounds_by_work ON work_sounds (work);
CREATE TRIGGER work_sounds_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON work_sounds
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();

-- Only people who are enrolled are looked for: whoever is admitted, refused or erased changes what is compared.
CREATE FUNCTION cameo_states_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO registry_versions AS v (name, version) VALUES ('cameo_templates', 1)
    ON CONFLICT (name) DO UPDATE SET version = v.version + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER cameo_states_changed AFTER UPDATE OF state ON cameos
    FOR EACH STATEMENT EXECUTE FUNCTION cameo_states_changed();

-- A refused enrolment frees its handle. `wanted` remembers which it was, for an appeal.
ALTER TABLE cameos ADD COLUMN wanted text NOT NULL DEFAULT '', DROP CONSTRAINT cameos_check;
UPDATE cameos SET wanted = handle, handle = NULL WHERE state = 'refused';
ALTER TABLE cameos ADD CONSTRAINT cameos_have_handles CHECK ((handle IS NULL) = (state IN ('refused', 'erased')));

-- Pictures of a held enrolment, encrypted under a key of their own that lies elsewhere: gone once it is decided for good.
CREATE TABLE enrolment_pictures (
    id     text        PRIMARY KEY,
    cameo  text        NOT NULL,
    sealed bytea       NOT NULL,
    kept   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX enrolment_pictures_by_cameo ON enrolment_pictures (cameo, kept);

-- What was decided about an enrolment, by whom, when and why. `code` is of a closed list, `words` the id of an erasable
-- text. `closed`: nobody can appeal any more, and what had been kept for that is destroyed.
CREATE TABLE enrolment_decisions (
    key   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cameo text        NOT NULL,
    step  text        NOT NULL CHECK (step IN ('admitted', 'refused', 'appealed', 'closed')),
    code  text        NOT NULL DEFAULT '',
    words text        NOT NULL DEFAULT '',
    by    text        NOT NULL,
    at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX enrolment_decisions_by_cameo ON enrolment_decisions (cameo, key);
CREATE FUNCTION enrolment_decisions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'decisions about enrolments are append-only: % is not allowed', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER enrolment_decisions_stay BEFORE UPDATE OR DELETE ON enrolment_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION enrolment_decisions_stay();

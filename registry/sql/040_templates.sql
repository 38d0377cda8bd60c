-- Templates of faces and voices: little-endian float32, as many as their space has numbers; a person (id) may have several.
-- Descriptors of different nets are never compared: each search stays within one space.
CREATE TABLE templates (
    key       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    space     text   NOT NULL CHECK (space <> ''),
    id        text   NOT NULL,
    kind      text   NOT NULL CHECK (kind IN ('cameo', 'public_figure', 'estate', 'claimant', 'other')),
    embedding bytea  NOT NULL CHECK (length(embedding) > 0 AND length(embedding) % 4 = 0),
    added     timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX templates_by_id ON templates (space, id);

-- What came and what went, so that a reader who holds a million need not read them all again. It holds no template.
CREATE TABLE template_changes (
    space   text    NOT NULL,
    version bigint  NOT NULL,
    key     bigint  NOT NULL,
    gone    boolean NOT NULL,
    PRIMARY KEY (space, version, key)
);

-- The version's row stays locked until the writer commits: versions become visible in their order.
CREATE FUNCTION templates_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed templates := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    raised  bigint;
BEGIN
    INSERT INTO registry_versions AS v (name, version) VALUES ('templates:' || changed.space, 1)
    ON CONFLICT (name) DO UPDATE SET version = v.version + 1
    RETURNING version INTO raised;
    INSERT INTO template_changes (space, version, key, gone) VALUES (changed.space, raised, changed.key, TG_OP = 'DELETE');
    RETURN NULL;
END
$$;

CREATE TRIGGER templates_changed AFTER INSERT OR DELETE ON templates
    FOR EACH ROW EXECUTE FUNCTION templates_changed();

CREATE FUNCTION templates_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'templates are added and deleted, not %', lower(TG_OP) USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER templates_stay BEFORE UPDATE OR TRUNCATE ON templates
    FOR EACH STATEMENT EXECUTE FUNCTION templates_stay();

-- Descriptors of the first version of the house (dlib's 128 numbers) lie in a space that nothing makes any more: they
-- keep their place, so that whose they are can be told, and must be enrolled again to be recognised.
INSERT INTO templates (space, id, kind, embedding) SELECT 'face/dlib/1', id, kind, embedding FROM faces;
DROP TABLE faces;

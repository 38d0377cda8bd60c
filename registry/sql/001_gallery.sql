-- A number for each collection that is held in memory, raised with every change: how a reader knows to read again.
CREATE TABLE registry_versions (
    name    text   PRIMARY KEY,
    version bigint NOT NULL
);

CREATE FUNCTION registry_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO registry_versions AS v (name, version) VALUES (TG_TABLE_NAME, 1)
    ON CONFLICT (name) DO UPDATE SET version = v.version + 1;
    RETURN NULL;
END
$$;

-- Protected faces: 128 little-endian float32 each; a person (id) may have several.
CREATE TABLE faces (
    key       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id        text   NOT NULL,
    kind      text   NOT NULL CHECK (kind IN ('cameo', 'public_figure', 'estate', 'claimant', 'other')),
    embedding bytea  NOT NULL CHECK (length(embedding) = 512),
    added     timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX faces_by_id ON faces (id);
CREATE TRIGGER faces_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON faces
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();

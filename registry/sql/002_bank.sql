-- Perceptual hashes of known pictures.
CREATE TABLE hashes (
    key       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id        text   NOT NULL,
    kind      text   NOT NULL CHECK (kind IN ('known_bad', 'known_work')),
    algorithm text   NOT NULL CHECK (algorithm IN ('phash', 'pdq')),
    bits      bytea  NOT NULL CHECK (length(bits) = CASE algorithm WHEN 'phash' THEN 8 ELSE 32 END),
    added     timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (id, kind, algorithm, bits)
);

CREATE TRIGGER hashes_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON hashes
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();

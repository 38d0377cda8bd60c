-- What a rights holder says of pictures that look like a registered work: whose account it is, whether videos that show
-- it are allowed, looked at by a person (ask) or not allowed (forbid), and how often a video may be matched wrongly.
ALTER TABLE works
    ADD COLUMN holder           text NOT NULL DEFAULT '',
    ADD COLUMN terms            text NOT NULL DEFAULT 'ask' CHECK (terms IN ('ask', 'forbid', 'allow')),
    ADD COLUMN false_match_rate double precision NOT NULL DEFAULT 0.01 CHECK (false_match_rate BETWEEN 0.0001 AND 0.01);

-- Example pictures of works, encrypted (AES-256-GCM) under a key of the work that lies elsewhere.
CREATE TABLE work_images (
    id       text        PRIMARY KEY CHECK (id <> ''),
    work     text        NOT NULL REFERENCES works (id) ON DELETE CASCADE,
    width    integer     NOT NULL CHECK (width > 0),
    height   integer     NOT NULL CHECK (height > 0),
    sealed   bytea       NOT NULL,
    added_by text        NOT NULL,
    added    timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX work_images_by_work ON work_images (work);

-- What is compared: `pdq` of 32 bytes, or none of a picture without detail; `vectors` little-endian float16, several of
-- one picture after another, made by the model that is named. Encrypted together under the same key.
CREATE TABLE work_descriptors (
    image  text  PRIMARY KEY REFERENCES work_images (id) ON DELETE CASCADE,
    work   text  NOT NULL REFERENCES works (id) ON DELETE CASCADE,
    model  text  NOT NULL CHECK (model <> ''),
    sealed bytea NOT NULL
);

CREATE INDEX work_descriptors_by_work ON work_descriptors (work);
CREATE TRIGGER work_descriptors_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON work_descriptors
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();

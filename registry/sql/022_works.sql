-- What rights holders registered: characters, works, brands, artists and people, by names and by description.
CREATE TABLE works (
    id          text   PRIMARY KEY CHECK (id <> ''),
    kind        text   NOT NULL CHECK (kind IN ('character', 'work', 'brand', 'artist', 'person')),
    names       text[] NOT NULL CHECK (cardinality(names) BETWEEN 1 AND 50),
    description text   NOT NULL DEFAULT '' CHECK (length(description) <= 2000),
    added       timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TRIGGER works_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON works
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();

-- Words of people, apart from the log: they can be erased, what happened cannot.
CREATE TABLE texts (
    id        text        PRIMARY KEY,
    case_id   text        NOT NULL,
    body      text,
    kept_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    erased_at timestamptz,
    CHECK ((body IS NULL) = (erased_at IS NOT NULL))
);

CREATE INDEX texts_by_case ON texts (case_id);

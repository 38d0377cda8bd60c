-- What each moderator looked at: steps on the ladder of exposure, each once an hour for a case. Kept for as long as the
-- setting exposure_keep_days says, then deleted; nothing of a case's content is in it.
CREATE TABLE exposure_steps (
    person   text        NOT NULL,
    case_id  text        NOT NULL,
    step     text        NOT NULL,
    severity smallint    NOT NULL CHECK (severity BETWEEN 1 AND 4),
    hour     timestamptz NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (person, case_id, step, hour)
);
CREATE INDEX exposure_steps_recent ON exposure_steps (at);
CREATE INDEX exposure_steps_person ON exposure_steps (person, at);

-- The truth: what happened to each case, in order. The primary key is the compare-and-append:
-- of two workers who act on revision 7 both try to insert revision 8, and one of them fails.
CREATE TABLE events (
    case_id  text        NOT NULL,
    revision integer     NOT NULL CHECK (revision > 0),
    body     jsonb       NOT NULL CHECK (body ? 'type'),
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (case_id, revision)
);

CREATE INDEX events_by_type ON events ((body ->> 'type'), at);

-- Events are never edited and never deleted, by us or by anyone.
CREATE FUNCTION events_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only: % is not allowed', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_stay();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_stay;

-- The fold of each case's events, kept for reading. It can be made anew from them at any time.
CREATE TABLE cases (
    id        text        PRIMARY KEY,
    phase     text        NOT NULL,
    revision  integer     NOT NULL,
    author    text        NOT NULL,
    body      jsonb       NOT NULL,
    digests   text[]      NOT NULL,  -- every asset it refers to, or ever did
    submitted timestamptz NOT NULL DEFAULT clock_timestamp(),
    moved     timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX cases_due       ON cases (phase, moved);
CREATE INDEX cases_recent    ON cases (moved DESC);
CREATE INDEX cases_by_author ON cases (author, moved DESC);
CREATE INDEX cases_refer     ON cases USING gin (digests);

-- Which cases were asked for over a topic, and the outcomes that are still to be told there.
CREATE TABLE topic_requests (
    case_id text        PRIMARY KEY,
    request text        NOT NULL,   -- the requester's own id
    account text        NOT NULL,
    topic   text        NOT NULL,   -- where the outcomes go
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The outbox: a row for each step that is told, written in the transaction that moved the case.
CREATE TABLE topic_outcomes (
    id       bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id  text    NOT NULL REFERENCES topic_requests,
    revision integer NOT NULL,
    UNIQUE (case_id, revision)
);

CREATE FUNCTION queue_topic_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO topic_outcomes (case_id, revision)
    SELECT r.case_id, NEW.revision FROM topic_requests r WHERE r.case_id = NEW.id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER queue_topic_outcome AFTER UPDATE OF phase, body ON cases FOR EACH ROW
    WHEN ((NEW.phase <> OLD.phase AND NEW.phase IN ('published', 'failed', 'refused', 'held', 'withdrawn'))
          OR (NEW.body -> 'waiting' ->> 'reason' IS NOT NULL AND OLD.body -> 'waiting' ->> 'reason' IS NULL))
    EXECUTE FUNCTION queue_topic_outcome();

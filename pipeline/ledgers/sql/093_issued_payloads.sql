-- The payloads of all marks that were issued, twelve bytes each and in the order of time: a damaged mark is compared with the
-- newest of them. Read off the events themselves, each of them would have to be taken apart with all its fingerprints.
CREATE TABLE issued_payloads (
    case_id text        NOT NULL,
    payload bytea       NOT NULL CHECK (length(payload) = 12),
    at      timestamptz NOT NULL,  -- when a video was first sealed with it
    PRIMARY KEY (case_id, payload)
);
CREATE INDEX issued_payloads_by_time ON issued_payloads (at DESC, payload DESC);

CREATE FUNCTION note_issued_payload() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO issued_payloads (case_id, payload, at)
    VALUES (NEW.case_id, decode(NEW.body ->> 'payload', 'hex'), NEW.at) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER note_issued_payload AFTER INSERT ON events FOR EACH ROW
    WHEN (NEW.body ->> 'type' = 'Sealed' AND NEW.body ->> 'payload' ~ '^[0-9a-f]{24}$')
    EXECUTE FUNCTION note_issued_payload();
ALTER TABLE events ENABLE ALWAYS TRIGGER note_issued_payload;

SET LOCAL statement_timeout = 0;
INSERT INTO issued_payloads (case_id, payload, at)
SELECT case_id, decode(body ->> 'payload', 'hex'), min(at) FROM events
WHERE body ->> 'type' = 'Sealed' AND body ->> 'payload' ~ '^[0-9a-f]{24}$' GROUP BY 1, 2;
SET LOCAL statement_timeout = '120s';

CREATE TRIGGER issued_payloads_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON issued_payloads
    FOR EACH STATEMENT EXECUTE FUNCTION events_stay();
ALTER TABLE issued_payloads ENABLE ALWAYS TRIGGER issued_payloads_stay;

-- Each event carries the hash of the one before it in its case, so that none can be changed, removed or put in unseen.
-- The hash is SHA-256 of the event's record (pipeline.audit.event_record), which names the hash before it, the SHA-256 of
-- the event's JSON as Postgres writes it, the revision, the time in microseconds, and the case. Computed here and not by
-- whoever writes, so that a writer can neither leave it out nor choose it, and no writer asks for the hash before first.
CREATE FUNCTION event_record(previous bytea, body jsonb, revision integer, at timestamptz, case_id text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE RETURN
    'assay-event/1' || chr(10) || encode(previous, 'hex') || chr(10)
    || encode(sha256(convert_to(body::text, 'UTF8')), 'hex') || chr(10)
    || revision || chr(10) || (extract(epoch FROM at) * 1000000)::bigint || chr(10) || case_id;

ALTER TABLE events ADD COLUMN hash bytea;

-- Those that were written before: chained once, now, as they are.
CREATE TABLE event_chain_begin (
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    events bigint      NOT NULL  -- so many were chained later than they were written
);
INSERT INTO event_chain_begin (events) SELECT count(*) FROM events;

SET LOCAL statement_timeout = 0;
ALTER TABLE events DISABLE TRIGGER events_stay;
DO $$
DECLARE
    e record;
    chained bytea;
    last_case text;
BEGIN
    FOR e IN SELECT case_id, revision, body, at FROM events ORDER BY case_id, revision LOOP
        IF e.case_id IS DISTINCT FROM last_case THEN
            chained := decode(repeat('00', 32), 'hex');
            last_case := e.case_id;
        END IF;
        chained := sha256(convert_to(event_record(chained, e.body, e.revision, e.at, e.case_id), 'UTF8'));
        UPDATE events SET hash = chained WHERE case_id = e.case_id AND revision = e.revision;
    END LOOP;
END
$$;
ALTER TABLE events ENABLE ALWAYS TRIGGER events_stay;
ALTER TABLE events ALTER COLUMN hash SET NOT NULL;
SET LOCAL statement_timeout = '120s';

CREATE FUNCTION events_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    previous bytea := decode(repeat('00', 32), 'hex');
BEGIN
    IF NEW.revision > 1 THEN
        SELECT e.hash INTO previous FROM events e WHERE e.case_id = NEW.case_id AND e.revision = NEW.revision - 1;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'case % has no event %', NEW.case_id, NEW.revision - 1 USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    NEW.hash := sha256(convert_to(event_record(previous, NEW.body, NEW.revision, NEW.at, NEW.case_id), 'UTF8'));
    RETURN NEW;
END
$$;
CREATE TRIGGER events_chain BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION events_chain();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_chain;

CREATE TRIGGER event_chain_begin_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON event_chain_begin
    FOR EACH STATEMENT EXECUTE FUNCTION events_stay();
ALTER TABLE event_chain_begin ENABLE ALWAYS TRIGGER event_chain_begin_stay;

-- The newest events are found by their time without an index that every append would have to keep sorted.
CREATE INDEX events_by_time ON events USING brin (at);

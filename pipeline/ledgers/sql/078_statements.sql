-- Every decision that restricts somebody's video: what a statement of reasons is made of. The database fills it as events
-- are written, in their transaction, so that no writer can forget it; like events it is never edited. No words of anybody
-- are in it. `puid` is random: what is told to others under it leads nowhere without this table.
CREATE TABLE restrictions (
    puid      text        PRIMARY KEY DEFAULT 'assay-' || replace(gen_random_uuid()::text, '-', ''),
    case_id   text        NOT NULL,
    revision  integer     NOT NULL,
    at        timestamptz NOT NULL,
    asked     timestamptz NOT NULL,  -- when the video was asked for
    kind      text        NOT NULL CHECK (kind IN ('refused', 'declined', 'removed')),
    gate      text        NOT NULL,  -- prompt, video; empty where no verdict was given before
    rules     text[]      NOT NULL,
    code      text        NOT NULL,  -- of a recall; empty for what was refused
    by_person boolean     NOT NULL,
    public    boolean     NOT NULL,  -- whether the video had been published
    UNIQUE (case_id, revision)
);
CREATE INDEX restrictions_by_time ON restrictions (at, puid);

-- A refusal that an appeal or a second look upholds is the same restriction still: it stands until it is lifted.
CREATE FUNCTION restriction_of(event events) RETURNS SETOF restrictions LANGUAGE plpgsql STABLE AS $$
DECLARE
    kind    text := event.body ->> 'type';
    word    events;
    first   events;
    verdict jsonb;
    found   restrictions;
BEGIN
    IF EXISTS (SELECT FROM restrictions r WHERE r.case_id = event.case_id AND NOT EXISTS (
        SELECT FROM events e WHERE e.case_id = r.case_id AND e.revision > r.revision AND e.revision < event.revision
        AND (e.body ->> 'type' = 'Reversed'
             OR (e.body ->> 'type' = 'Judged' AND e.body #>> '{verdict,decision}' = '0')))) THEN
        RETURN;
    END IF;
    SELECT * INTO first FROM events e WHERE e.case_id = event.case_id ORDER BY e.revision LIMIT 1;
    IF kind = 'Recalled' AND event.body ->> 'by' = first.body ->> 'author' THEN
        RETURN;  -- what is wished by whoever asked for the video restricts nobody
    END IF;
    SELECT * INTO word FROM events e
    WHERE e.case_id = event.case_id AND e.revision < event.revision
      AND e.body ->> 'type' NOT IN ('Waiting', 'StageFailed', 'Resumed', 'ViewSealed', 'Withdrawn', 'Claimed')
    ORDER BY e.revision DESC LIMIT 1;
    SELECT e.body -> 'verdict' INTO verdict FROM events e
    WHERE e.case_id = event.case_id AND e.revision <= event.revision AND e.body ->> 'type' = 'Judged'
    ORDER BY e.revision DESC LIMIT 1;
    found.puid := 'assay-' || replace(gen_random_uuid()::text, '-', '');
    found.case_id := event.case_id;
    found.revision := event.revision;
    found.at := event.at;
    found.asked := coalesce(first.at, event.at);
    found.kind := CASE kind WHEN 'Judged' THEN 'refused' WHEN 'EngineDeclined' THEN 'declined' ELSE 'removed' END;
    found.gate := coalesce(verdict ->> 'gate', '');
    found.rules := CASE WHEN kind <> 'EngineDeclined' AND jsonb_typeof(verdict -> 'rules') = 'array'
                        THEN ARRAY(SELECT jsonb_array_elements_text(verdict -> 'rules')) ELSE '{}' END;
    found.code := CASE kind WHEN 'Recalled' THEN coalesce(event.body ->> 'code', '') ELSE '' END;
    -- the claims desk does what a person decided; other parts of the installation act by themselves
    found.by_person := (kind = 'Recalled' AND (event.body ->> 'by' NOT LIKE 'assay:%' OR event.body ->> 'by' = 'assay:claims'))
                       OR (kind = 'Judged' AND word.body ->> 'type' = 'Ruled');
    found.public := EXISTS (SELECT FROM events e WHERE e.case_id = event.case_id AND e.revision < event.revision
                                                   AND e.body ->> 'type' = 'Published');
    RETURN NEXT found;
END
$$;

CREATE FUNCTION note_restriction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO restrictions SELECT * FROM restriction_of(NEW);
    RETURN NULL;
END
$$;

CREATE TRIGGER note_restriction AFTER INSERT ON events FOR EACH ROW
    WHEN (NEW.body ->> 'type' = 'EngineDeclined'
          OR (NEW.body ->> 'type' = 'Judged' AND NEW.body #>> '{verdict,decision}' = '2')
          OR (NEW.body ->> 'type' = 'Recalled' AND NEW.body ->> 'code' IS DISTINCT FROM 'author'))
    EXECUTE FUNCTION note_restriction();
ALTER TABLE events ENABLE ALWAYS TRIGGER note_restriction;

SET LOCAL statement_timeout = 0;
DO $$
DECLARE
    event events;
BEGIN
    FOR event IN
        SELECT * FROM events e
        WHERE e.body ->> 'type' = 'EngineDeclined'
           OR (e.body ->> 'type' = 'Judged' AND e.body #>> '{verdict,decision}' = '2')
           OR (e.body ->> 'type' = 'Recalled' AND e.body ->> 'code' IS DISTINCT FROM 'author')
        ORDER BY e.case_id, e.revision
    LOOP
        INSERT INTO restrictions SELECT * FROM restriction_of(event);
    END LOOP;
END
$$;
SET LOCAL statement_timeout = '120s';

CREATE TRIGGER restrictions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON restrictions
    FOR EACH STATEMENT EXECUTE FUNCTION events_stay();
ALTER TABLE restrictions ENABLE ALWAYS TRIGGER restrictions_stay;

-- When a restriction was lifted: by what was judged again and allowed, or by a reversal. Null while it stands.
CREATE VIEW restrictions_lifted AS
SELECT r.*, lifted.at AS lifted FROM restrictions r LEFT JOIN LATERAL (
    SELECT e.at FROM events e WHERE e.case_id = r.case_id AND e.revision > r.revision
    AND (e.body ->> 'type' = 'Reversed' OR (e.body ->> 'type' = 'Judged' AND e.body #>> '{verdict,decision}' = '0'))
    ORDER BY e.revision LIMIT 1
) AS lifted ON true;

-- Appeals, and what came of each: upheld (refused again), reversed (allowed), omitted (taken down or withdrawn before).
CREATE VIEW appeal_outcomes AS
SELECT a.case_id, a.revision, a.at, a.rules, a.gate, r.kind, r.by_person, r.code, answer.at AS answered,
       CASE WHEN answer.body ->> 'type' = 'Judged' AND answer.body #>> '{verdict,decision}' = '0' THEN 'reversed'
            WHEN answer.body ->> 'type' = 'Judged' THEN 'upheld'
            WHEN answer.body IS NOT NULL THEN 'omitted' ELSE '' END AS outcome
FROM decisions a
LEFT JOIN LATERAL (
    SELECT kind, by_person, code FROM restrictions r WHERE r.case_id = a.case_id AND r.revision < a.revision
    ORDER BY r.revision DESC LIMIT 1
) AS r ON true
LEFT JOIN LATERAL (
    SELECT e.at, e.body FROM events e WHERE e.case_id = a.case_id AND e.revision > a.revision
    AND ((e.body ->> 'type' = 'Judged' AND e.body #>> '{verdict,decision}' <> '1') OR e.body ->> 'type' = 'Recalled')
    ORDER BY e.revision LIMIT 1
) AS answer ON true
WHERE a.kind = 'appealed';

-- Statements of reasons on their way to the DSA Transparency Database, each under its puid and so never twice.
CREATE TABLE statement_outbox (
    puid     text        PRIMARY KEY REFERENCES restrictions (puid),
    state    text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'rejected')),
    attempts integer     NOT NULL DEFAULT 0,
    due      timestamptz NOT NULL DEFAULT clock_timestamp(),  -- while one is sent: when it may be taken by another
    queued   timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled  timestamptz,
    payload  jsonb,                                -- as it was sent
    remote   text        NOT NULL DEFAULT '',      -- the database's own id of it
    error    text        NOT NULL DEFAULT ''
);
CREATE INDEX statement_outbox_due ON statement_outbox (due) WHERE state = 'waiting';

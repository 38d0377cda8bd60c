-- What was taken down can be appealed too: the appeal leaves the video down, somebody who had no part in it reverses the
-- recall or upholds it by a ruling, and the author is told.
CREATE INDEX cases_appealed_recalls ON cases (moved) WHERE phase = 'withdrawn' AND body ->> 'recall_appeal' = 'open';

-- Appeals of recalls that wait for an answer.
CREATE VIEW waiting_recall_appeals AS
SELECT id AS case_id, moved FROM cases WHERE phase = 'withdrawn' AND body ->> 'recall_appeal' = 'open';

CREATE OR REPLACE FUNCTION decisions_of(event events) RETURNS SETOF decisions LANGUAGE plpgsql STABLE AS $$
DECLARE
    kind    text := event.body ->> 'type';
    before  events;
    word    events;  -- what was last decided before: neither a failure nor waiting says anything about a case
    recalled events; -- the recall that stands, else what undid the last one
    verdict jsonb;
    rules   jsonb;
    found   decisions;
BEGIN
    SELECT * INTO before FROM events e WHERE e.case_id = event.case_id AND e.revision = event.revision - 1;
    SELECT * INTO recalled FROM events e
    WHERE e.case_id = event.case_id AND e.revision < event.revision AND e.body ->> 'type' IN ('Recalled', 'Reversed')
    ORDER BY e.revision DESC LIMIT 1;
    SELECT * INTO word FROM events e
    WHERE e.case_id = event.case_id AND e.revision < event.revision
      AND e.body ->> 'type' NOT IN ('Waiting', 'StageFailed', 'Resumed', 'ViewSealed', 'Withdrawn', 'Claimed')
    ORDER BY e.revision DESC LIMIT 1;
    IF kind = 'Reversed' AND recalled.body ->> 'type' = 'Recalled' THEN
        word := recalled;  -- whatever was said of it in between: what is undone is the recall
    END IF;
    IF kind = 'Judged' AND (event.body #>> '{verdict,decision}' IS DISTINCT FROM '2' OR word.body ->> 'type' = 'Ruled') THEN
        RETURN;  -- no refusal, or what a moderator's ruling came to
    END IF;
    SELECT e.body -> 'verdict' INTO verdict FROM events e
    WHERE e.case_id = event.case_id AND e.revision <= event.revision AND e.body ->> 'type' = 'Judged'
    ORDER BY e.revision DESC LIMIT 1;
    found.case_id := event.case_id;
    found.revision := event.revision;
    found.at := event.at;
    found.person := coalesce(event.body #>> '{ruling,moderator}', event.body ->> 'by', '');
    found.decision := '';
    found.gate := coalesce(event.body #>> '{ruling,gate}', verdict ->> 'gate', '');
    rules := coalesce(event.body #> '{ruling,over}', verdict -> 'rules');
    found.rules := CASE jsonb_typeof(rules) WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(rules)) ELSE '{}' END;
    found.code := coalesce(event.body #>> '{ruling,code}', event.body ->> 'code', '');
    found.answers := false;
    CASE kind
        WHEN 'Ruled' THEN
            found.kind := 'ruled';
            found.decision := CASE event.body #>> '{ruling,decision}' WHEN '0' THEN 'allow' ELSE 'refuse' END;
            found.waited := event.at - before.at;
            -- an appeal that nothing has settled since: a second moderator answers it as the first one does
            SELECT coalesce(max(e.revision) FILTER (WHERE e.body ->> 'type' = 'Appealed'), 0)
                   > coalesce(max(e.revision) FILTER (WHERE (e.body ->> 'type' = 'Judged' AND e.body #>> '{verdict,decision}' <> '1')
                                                    OR (e.body ->> 'type' = 'Reversed' AND e.body ->> 'code' <> 'slip')), 0)
            INTO found.answers FROM events e WHERE e.case_id = event.case_id AND e.revision < event.revision;
        WHEN 'Recalled' THEN found.kind := 'recalled';
        WHEN 'Appealed' THEN found.kind := 'appealed';
        WHEN 'Judged' THEN
            found.kind := 'refused';
            found.decision := 'refuse';
        WHEN 'EngineDeclined' THEN
            found.kind := 'declined';
            found.decision := 'refuse';
            found.rules := '{}';
        WHEN 'ViewSealed' THEN
            found.kind := CASE event.body ->> 'sealed' WHEN 'false' THEN 'unsealed' ELSE 'sealed' END;
        WHEN 'Reversed' THEN
            found.kind := CASE word.body ->> 'type' WHEN 'Ruled' THEN 'undone' ELSE 'reversed' END;
            found.reverses := CASE WHEN word.body ->> 'type' IN ('Ruled', 'Recalled') THEN word.revision ELSE (
                SELECT max(e.revision) FROM events e
                WHERE e.case_id = event.case_id AND e.revision < event.revision AND e.body ->> 'type' = 'Ruled'
                  AND e.body #>> '{ruling,decision}' = '2'
                  AND NOT EXISTS (SELECT FROM decisions u WHERE u.case_id = e.case_id AND u.reverses = e.revision)) END;
    END CASE;
    RETURN NEXT found;
END
$$;

-- Appeals, and what came of each. That of a recall is answered by a reversal (reversed) or by a ruling (upheld).
CREATE OR REPLACE VIEW appeal_outcomes AS
SELECT a.case_id, a.revision, a.at, a.rules, a.gate, r.kind, r.by_person, r.code, answer.at AS answered,
       CASE WHEN answer.body ->> 'type' = 'Reversed'
                 OR (answer.body ->> 'type' = 'Judged' AND answer.body #>> '{verdict,decision}' = '0') THEN 'reversed'
            WHEN answer.body ->> 'type' IN ('Judged', 'Ruled') THEN 'upheld'
            WHEN answer.body IS NOT NULL THEN 'omitted' ELSE '' END AS outcome
FROM decisions a
LEFT JOIN LATERAL (
    SELECT e.body ->> 'type' = 'Recalled' AS stands FROM events e
    WHERE e.case_id = a.case_id AND e.revision < a.revision AND e.body ->> 'type' IN ('Recalled', 'Reversed')
    ORDER BY e.revision DESC LIMIT 1
) AS recall ON true
LEFT JOIN LATERAL (
    SELECT kind, by_person, code FROM restrictions r WHERE r.case_id = a.case_id AND r.revision < a.revision
    ORDER BY r.revision DESC LIMIT 1
) AS r ON true
LEFT JOIN LATERAL (
    SELECT e.at, e.body FROM events e WHERE e.case_id = a.case_id AND e.revision > a.revision
    AND ((e.body ->> 'type' = 'Judged' AND e.body #>> '{verdict,decision}' <> '1') OR e.body ->> 'type' = 'Recalled'
         OR (recall.stands AND e.body ->> 'type' IN ('Ruled', 'Reversed')))
    ORDER BY e.revision LIMIT 1
) AS answer ON true
WHERE a.kind = 'appealed';

-- The author of a recalled video is told with the answer itself: no gate weighs it.
CREATE FUNCTION recall_appeals_are_answered() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last text[] := ARRAY(
        SELECT e.body ->> 'type' FROM events e
        WHERE e.case_id = NEW.case_id AND e.revision < NEW.revision
          AND e.body ->> 'type' IN ('Recalled', 'Appealed', 'Ruled', 'Reversed', 'Judged')
        ORDER BY e.revision DESC LIMIT 2
    );
BEGIN
    IF last = ARRAY['Appealed', 'Recalled'] THEN
        PERFORM notify_account(
            (SELECT c.author FROM cases c WHERE c.id = NEW.case_id),
            CASE NEW.body ->> 'type' WHEN 'Reversed' THEN 'appeal_won' ELSE 'appeal_lost' END,
            NEW.case_id
        );
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER recall_appeals_are_answered AFTER INSERT ON events FOR EACH ROW
    WHEN (NEW.body ->> 'type' IN ('Ruled', 'Reversed'))
    EXECUTE FUNCTION recall_appeals_are_answered();

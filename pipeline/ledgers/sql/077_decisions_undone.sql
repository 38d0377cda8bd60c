-- What was undone is in the decision log too: rulings taken back before they took effect (undone), refusals and recalls
-- that were reversed (reversed), and cases that nobody may view (sealed) or that may be viewed again (unsealed).
ALTER TABLE decisions ADD COLUMN reverses integer;  -- the revision of the row that this one undoes
CREATE INDEX decisions_undone ON decisions (case_id, reverses) WHERE kind = 'undone';

-- Rulings that took effect: what figures count. A ruling that was taken back at once was never a decision.
CREATE VIEW standing_rulings AS
SELECT * FROM decisions d WHERE kind = 'ruled'
AND NOT EXISTS (SELECT FROM decisions u WHERE u.kind = 'undone' AND u.case_id = d.case_id AND u.reverses = d.revision);

CREATE OR REPLACE FUNCTION decisions_of(event events) RETURNS SETOF decisions LANGUAGE plpgsql STABLE AS $$
DECLARE
    kind    text := event.body ->> 'type';
    before  events;
    word    events;  -- what was last decided before: neither a failure nor waiting says anything about a case
    verdict jsonb;
    rules   jsonb;
    found   decisions;
BEGIN
    SELECT * INTO before FROM events e WHERE e.case_id = event.case_id AND e.revision = event.revision - 1;
    SELECT * INTO word FROM events e
    WHERE e.case_id = event.case_id AND e.revision < event.revision
      AND e.body ->> 'type' NOT IN ('Waiting', 'StageFailed', 'Resumed', 'ViewSealed', 'Withdrawn', 'Claimed')
    ORDER BY e.revision DESC LIMIT 1;
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
                   > coalesce(max(e.revision) FILTER (WHERE e.body ->> 'type' = 'Judged'
                                                        AND e.body #>> '{verdict,decision}' <> '1'), 0)
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

SET LOCAL statement_timeout = 0;
WITH noted AS (
    INSERT INTO decisions
    SELECT d.* FROM events e CROSS JOIN LATERAL decisions_of(e) AS d
    WHERE e.body ->> 'type' IN ('Reversed', 'ViewSealed') ORDER BY e.case_id, e.revision
    RETURNING *
)
INSERT INTO decision_rules SELECT DISTINCT rule, at, case_id, revision, person FROM noted CROSS JOIN unnest(rules) AS rule;
SET LOCAL statement_timeout = '120s';

DROP TRIGGER note_decision ON events;
CREATE TRIGGER note_decision AFTER INSERT ON events FOR EACH ROW
    WHEN (NEW.body ->> 'type' IN ('Ruled', 'Recalled', 'Appealed', 'EngineDeclined', 'Reversed', 'ViewSealed')
          OR (NEW.body ->> 'type' = 'Judged' AND NEW.body #>> '{verdict,decision}' = '2'))
    EXECUTE FUNCTION note_decision();
ALTER TABLE events ENABLE ALWAYS TRIGGER note_decision;

-- What people ruled about rules, without what they took back.
CREATE OR REPLACE VIEW rule_rulings AS
SELECT e.case_id, e.revision, e.at, jsonb_array_elements_text(e.body #> '{ruling,over}') AS rule,
       (e.body #>> '{ruling,decision}')::int AS decision
FROM events e WHERE e.body ->> 'type' = 'Ruled'
AND NOT EXISTS (SELECT FROM decisions u WHERE u.kind = 'undone' AND u.case_id = e.case_id AND u.reverses = e.revision);

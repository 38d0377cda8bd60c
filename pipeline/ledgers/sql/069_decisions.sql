-- What was decided, in narrow rows for the decision log and the leads' overview: rulings, recalls, appeals, and refusals
-- that no person made. The database fills it as events are written, in their transaction, so that no writer can forget
-- it; like them it is never edited. No words of anybody are in it.
CREATE TABLE decisions (
    case_id  text        NOT NULL,
    revision integer     NOT NULL,
    at       timestamptz NOT NULL,
    kind     text        NOT NULL,  -- ruled, recalled, appealed; refused by policy; declined by an engine
    person   text        NOT NULL,  -- who did it; empty for policy and engines
    decision text        NOT NULL,  -- allow, refuse; empty for an appeal and a recall
    gate     text        NOT NULL,  -- prompt, video; empty where no verdict was given before
    rules    text[]      NOT NULL,
    code     text        NOT NULL,
    waited   interval,              -- how long what was ruled on had been held
    answers  boolean     NOT NULL,  -- whether a ruling answers an appeal
    PRIMARY KEY (case_id, revision)
);
CREATE INDEX decisions_by_time   ON decisions (at, case_id, revision);
CREATE INDEX decisions_by_kind   ON decisions (kind, at, case_id, revision) INCLUDE (decision, waited, person);
CREATE INDEX decisions_by_person ON decisions (person, at, case_id, revision) WHERE person <> '';
CREATE INDEX decisions_answers   ON decisions (at) INCLUDE (rules, decision) WHERE kind = 'ruled' AND answers;

-- The same rows by each rule that they are about, so that the log of a rule is read in order however rare it is.
CREATE TABLE decision_rules (
    rule     text        NOT NULL,
    at       timestamptz NOT NULL,
    case_id  text        NOT NULL,
    revision integer     NOT NULL,
    person   text        NOT NULL,
    PRIMARY KEY (rule, at, case_id, revision)
);
CREATE INDEX decision_rules_by_person ON decision_rules (rule, person, at, case_id, revision) WHERE person <> '';

CREATE FUNCTION decisions_of(event events) RETURNS SETOF decisions LANGUAGE plpgsql STABLE AS $$
DECLARE
    kind    text := event.body ->> 'type';
    before  events;
    verdict jsonb;
    rules   jsonb;
    found   decisions;
BEGIN
    SELECT * INTO before FROM events e WHERE e.case_id = event.case_id AND e.revision = event.revision - 1;
    IF kind = 'Judged' AND (event.body #>> '{verdict,decision}' IS DISTINCT FROM '2' OR before.body ->> 'type' = 'Ruled') THEN
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
    END CASE;
    RETURN NEXT found;
END
$$;

CREATE FUNCTION note_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH noted AS (INSERT INTO decisions SELECT * FROM decisions_of(NEW) RETURNING *)
    INSERT INTO decision_rules SELECT DISTINCT rule, at, case_id, revision, person FROM noted CROSS JOIN unnest(rules) AS rule;
    RETURN NULL;
END
$$;

SET LOCAL statement_timeout = 0;
INSERT INTO decisions
SELECT d.* FROM events e CROSS JOIN LATERAL decisions_of(e) AS d
WHERE e.body ->> 'type' IN ('Ruled', 'Recalled', 'Appealed', 'EngineDeclined', 'Judged');
INSERT INTO decision_rules
SELECT DISTINCT rule, at, case_id, revision, person FROM decisions CROSS JOIN unnest(rules) AS rule;
SET LOCAL statement_timeout = '120s';

CREATE TRIGGER note_decision AFTER INSERT ON events FOR EACH ROW
    WHEN (NEW.body ->> 'type' IN ('Ruled', 'Recalled', 'Appealed', 'EngineDeclined')
          OR (NEW.body ->> 'type' = 'Judged' AND NEW.body #>> '{verdict,decision}' = '2'))
    EXECUTE FUNCTION note_decision();
ALTER TABLE events ENABLE ALWAYS TRIGGER note_decision;

CREATE TRIGGER decisions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions
    FOR EACH STATEMENT EXECUTE FUNCTION events_stay();
ALTER TABLE decisions ENABLE ALWAYS TRIGGER decisions_stay;
CREATE TRIGGER decision_rules_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_rules
    FOR EACH STATEMENT EXECUTE FUNCTION events_stay();
ALTER TABLE decision_rules ENABLE ALWAYS TRIGGER decision_rules_stay;

-- Appeals that wait for a person: held by a verdict that refused.
CREATE INDEX cases_appealed ON cases (moved) WHERE phase = 'held' AND body #>> '{verdicts,-1,decision}' = '2';

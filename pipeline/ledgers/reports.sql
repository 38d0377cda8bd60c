-- What the dashboards ask, as views over the log. Run it again after each update: it makes all of them anew.
-- Not one holds a person: no author, no moderator, no text. A role called grafana, if there is one, may read
-- these views and nothing else.
DROP SCHEMA IF EXISTS reports CASCADE;
CREATE SCHEMA reports;

CREATE VIEW reports.happened AS
SELECT at, case_id, body ->> 'type' AS event FROM events;

-- How long each step took: from the event before it to its own. A step done again counts again.
CREATE VIEW reports.steps AS
WITH told AS (
    SELECT case_id, at, body ->> 'type' AS event, body #>> '{verdict,gate}' AS gate,
           at - lag(at) OVER story AS took,
           bool_or(body ->> 'type' = 'Rendered') OVER story AS was_rendered
    FROM events
    WINDOW story AS (PARTITION BY case_id ORDER BY revision)
), named AS (
    SELECT at, case_id, extract(epoch FROM took)::float8 AS seconds,
           CASE event
               WHEN 'Measured'       THEN CASE WHEN was_rendered THEN 'inspect' ELSE 'screen' END
               WHEN 'Judged'         THEN 'judge ' || gate
               WHEN 'Commissioned'   THEN 'commission'
               WHEN 'Rendered'       THEN 'render'
               WHEN 'EngineDeclined' THEN 'render'
               WHEN 'EngineFailed'   THEN 'render'
               WHEN 'Sealed'         THEN 'seal'
               WHEN 'Published'      THEN 'publish'
               WHEN 'Ruled'          THEN 'moderator'
               WHEN 'Withdrawn'      THEN 'withdraw'
           END AS step
    FROM told
)
SELECT at, case_id, step, seconds FROM named WHERE step IS NOT NULL AND seconds IS NOT NULL;

CREATE VIEW reports.verdicts AS
SELECT at, case_id, body #>> '{verdict,gate}' AS gate, body #>> '{verdict,policy}' AS policy,
       (ARRAY['allow', 'hold', 'refuse'])[(body #>> '{verdict,decision}')::int + 1] AS decision
FROM events WHERE body ->> 'type' = 'Judged';

-- One row for each rule that had something to say: in force, in shadow, for want of a measurement, or lifted.
CREATE VIEW reports.rules AS
SELECT e.at, e.case_id, e.body #>> '{verdict,gate}' AS gate, said.rule, said.how,
       (ARRAY['allow', 'hold', 'refuse'])[(e.body #>> '{verdict,decision}')::int + 1] AS decision
FROM events e
CROSS JOIN LATERAL (
    SELECT how, jsonb_array_elements_text(coalesce(e.body #> ARRAY['verdict', field], '[]')) AS rule
    FROM (VALUES ('rules', 'in force'), ('shadow', 'shadow'), ('missing', 'missing'), ('lifted', 'lifted'))
        AS fields (field, how)
) AS said
WHERE e.body ->> 'type' = 'Judged';

-- The moderators' queue.
CREATE VIEW reports.held AS
SELECT id AS case_id, moved AS since, extract(epoch FROM clock_timestamp() - moved)::float8 AS seconds
FROM cases WHERE phase = 'held';

-- Every measurement. `bucket` is the lower edge of one of twenty; no score means that it could not be measured.
CREATE VIEW reports.scores AS
SELECT e.at, e.case_id, s ->> 'source' AS source, s ->> 'label' AS label, s ->> 'subject' AS subject,
       (s ->> 'score')::float8 AS score,
       least(floor((s ->> 'score')::float8 * 20), 19) / 20 AS bucket
FROM events e CROSS JOIN LATERAL jsonb_array_elements(e.body -> 'signals') AS s
WHERE e.body ->> 'type' = 'Measured';

-- What moderators said of the rules that had asked them: upheld, or lifted.
CREATE VIEW reports.rulings AS
SELECT r.at, r.case_id, r.body #>> '{ruling,gate}' AS gate, over.rule, judged.decision AS policy_said,
       (r.body #>> '{ruling,decision}')::int = 2 AS upheld, extract(epoch FROM r.at - judged.at)::float8 AS seconds
FROM events r
CROSS JOIN LATERAL jsonb_array_elements_text(r.body #> '{ruling,over}') AS over (rule)
CROSS JOIN LATERAL (
    SELECT j.at, (ARRAY['allow', 'hold', 'refuse'])[(j.body #>> '{verdict,decision}')::int + 1] AS decision
    FROM events j
    WHERE j.case_id = r.case_id AND j.revision < r.revision AND j.body ->> 'type' = 'Judged'
      AND j.body #>> '{verdict,gate}' = r.body #>> '{ruling,gate}'
    ORDER BY j.revision DESC LIMIT 1
) AS judged
WHERE r.body ->> 'type' = 'Ruled';

CREATE VIEW reports.stumbles AS
SELECT at, case_id, body ->> 'phase' AS phase, body ->> 'kind' AS kind
FROM events WHERE body ->> 'type' IN ('StageFailed', 'Faltered');

-- What videos cost, and what refusals before rendering saved: the ledger's own view, without whose they are.
CREATE VIEW reports.costs AS
SELECT at, case_id, phase, outcome, engine, model, seconds, cost_per_second, amount FROM video_costs;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'grafana') THEN
        GRANT USAGE ON SCHEMA reports TO grafana;
        GRANT SELECT ON ALL TABLES IN SCHEMA reports TO grafana;
    END IF;
END
$$;

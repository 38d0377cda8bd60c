-- What the dashboards ask, as views over the log. Run it again after each update: it makes all of them anew.
-- Not one holds a person: no author, no moderator, no text. A role called grafana, if there is one, may read
-- these views and nothing else.
DROP SCHEMA IF EXISTS reports CASCADE;
CREATE SCHEMA reports;

CREATE VIEW reports.happened AS
SELECT at, case_id, body ->> 'type' AS event FROM events;

-- The moderators' queue.
CREATE VIEW reports.held AS
SELECT id AS case_id, moved AS since, extract(epoch FROM clock_timestamp() - moved)::float8 AS seconds
FROM cases WHERE phase = 'held';

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

-- What is asked over days, summed by five minutes (sum_report_minutes, with each sweep). A step's time is that from the event
-- before it to its own; one done again counts again. `seconds` is the middle of its bucket, an eighth of a factor e wide: within
-- 7 % of each time in it.
CREATE VIEW reports.step_minutes AS
SELECT at, name COLLATE "C" AS step, exp(bucket::float8 / 8) AS seconds, count FROM report_minutes WHERE what = 'step';

CREATE VIEW reports.verdict_minutes AS
SELECT at, name AS gate, part AS decision, count FROM report_minutes WHERE what = 'verdict';

-- Each rule that had something to say: in force, in shadow, for want of a measurement, or lifted.
CREATE VIEW reports.rule_minutes AS
SELECT at, name AS rule, part AS gate, how, result AS decision, count FROM report_minutes WHERE what = 'rule';

-- Every measurement. `bucket` is the lower edge of one of twenty; none means that it could not be measured.
CREATE VIEW reports.score_minutes AS
SELECT at, name AS source, part AS label, CASE WHEN bucket >= 0 THEN bucket / 20.0 END::float8 AS bucket, count
FROM report_minutes WHERE what = 'score';

CREATE VIEW reports.stumbles AS
SELECT at, case_id, body ->> 'phase' AS phase, body ->> 'kind' AS kind
FROM events WHERE body ->> 'type' IN ('StageFailed', 'Faltered');

-- What videos cost, by five minutes (sum_cost_minutes, with each sweep).
CREATE VIEW reports.cost_minutes AS
SELECT at, outcome, engine, videos, seconds, amount, unpriced FROM cost_minutes;

-- Videos that were refused before an engine was asked, and what each would have cost: as in video_costs.
CREATE VIEW reports.saved AS
SELECT c.moved AS at, c.id AS case_id, asked.seconds, asked.seconds * price.cost_per_second AS amount
FROM cases c
CROSS JOIN LATERAL (
    SELECT coalesce((c.body #>> '{submitted,seconds}')::float8, 4) AS seconds,
           coalesce(c.body #>> '{submitted,model}', '') AS model
) AS asked
CROSS JOIN LATERAL (
    SELECT min(cost_per_second) AS cost_per_second FROM engine_prices
    WHERE listed = (SELECT max(listed) FROM engine_prices WHERE listed <= c.moved)
      AND (asked.model IN ('', 'default') OR models = '{}' OR asked.model = ANY (models))
) AS price
WHERE c.phase = 'refused'
  AND NOT EXISTS (SELECT FROM events WHERE case_id = c.id
                  AND body ->> 'type' IN ('Commissioned', 'EngineDeclined', 'EngineFailed'));

-- What lies in each phase now.
CREATE VIEW reports.phases AS
SELECT phase, cases, extract(epoch FROM clock_timestamp() - since)::float8 AS oldest FROM open_phases;

-- The clocks of what waits for a moderator.
CREATE VIEW reports.queue_clocks AS
SELECT clock, subject, severity, extract(epoch FROM clock_timestamp() - since)::float8 AS seconds,
       extract(epoch FROM due_at - clock_timestamp())::float8 AS seconds_left
FROM review_queue;

-- The clocks of notices from outside: by when the law wants them decided, and how long it took until a video was down.
CREATE VIEW reports.claim_clocks AS
SELECT received_at AS at, law, kind, decided_at IS NULL AS open, extract(epoch FROM due_at - clock_timestamp())::float8 AS seconds_left,
       extract(epoch FROM removed_at - received_at)::float8 AS seconds_to_removal, decided_at > due_at AS late
FROM claims;

-- How long each video that had to come down was still up, and why it had to. Without an end: it still is.
CREATE VIEW reports.takedowns AS
SELECT r.at, r.case_id, r.body ->> 'code' AS code, down.at IS NOT NULL AS done,
       extract(epoch FROM coalesce(down.at, clock_timestamp()) - r.at)::float8 AS seconds
FROM events r LEFT JOIN LATERAL (
    SELECT w.at FROM events w
    WHERE w.case_id = r.case_id AND w.revision > r.revision AND w.body ->> 'type' = 'Withdrawn' ORDER BY w.revision LIMIT 1
) AS down ON true
WHERE r.body ->> 'type' = 'Recalled';

-- Whom people were asked for consent, without who asked whom: how it ended, and how long that took.
CREATE VIEW reports.consent_clocks AS
SELECT asked AS at, state, extract(epoch FROM answered - asked)::float8 AS seconds,
       CASE WHEN state = 'open' THEN extract(epoch FROM expires - clock_timestamp())::float8 END AS seconds_left
FROM consent_requests;

-- Marks and seals that did not hold when they were read back: nothing of it is published.
CREATE VIEW reports.seals AS
SELECT at, case_id, body ->> 'type' = 'Sealed' AS held, coalesce(body ->> 'kind', '') AS kind FROM events
WHERE body ->> 'type' = 'Sealed'
   OR body ->> 'type' = 'StageFailed' AND body ->> 'phase' IN ('cleared', 'sealed');

-- How far classifiers are from their week of reference: 097_score_drift.sql.
CREATE VIEW reports.drift AS SELECT at, source, label, hours, measured, psi FROM score_drift;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'grafana') THEN
        GRANT USAGE ON SCHEMA reports TO grafana;
        GRANT SELECT ON ALL TABLES IN SCHEMA reports TO grafana;
    END IF;
END
$$;

-- Five minutes of what dashboards ask again and again, summed once: reading a day of it out of the events takes seconds.
-- Anything here can be made anew from the events at any time, and nothing here names a case or a person.
CREATE TABLE report_minutes (
    at     timestamptz NOT NULL,             -- when the five minutes begin
    what   text        NOT NULL CHECK (what IN ('step', 'verdict', 'rule', 'score')),
    name   text        NOT NULL,             -- of the step, the gate, the rule, the classifier
    part   text        NOT NULL DEFAULT '',  -- the verdict's decision, the rule's gate, the label
    how    text        NOT NULL DEFAULT '',  -- in force, shadow, missing, lifted
    result text        NOT NULL DEFAULT '',  -- the decision of the verdict in which the rule was
    bucket smallint    NOT NULL DEFAULT 0,   -- of a step: round(8 ln seconds); of a score: twentieths, -1 where not measured
    count  bigint      NOT NULL,
    PRIMARY KEY (what, at, name, part, how, result, bucket)
);

CREATE TABLE report_minutes_until (
    single boolean    PRIMARY KEY DEFAULT true CHECK (single),
    until timestamptz NOT NULL
);
INSERT INTO report_minutes_until (until) VALUES ('-infinity');

-- Sums what is not yet summed, at most so much of it at once, and the last five minutes again. Returns until when it is summed;
-- NULL where another process is at it. Events are written with the clock's time and may be seen a little later, so that the
-- last minute is never counted as done.
CREATE FUNCTION sum_report_minutes(most interval) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    begun timestamptz;
    ends  timestamptz;
BEGIN
    SELECT until INTO begun FROM report_minutes_until FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF begun = '-infinity' THEN
        SELECT coalesce(min(at), clock_timestamp()) INTO begun FROM events;
    END IF;
    begun := date_bin('5 minutes', begun, 'epoch');
    ends := least(clock_timestamp(), begun + greatest(most, interval '10 minutes'));
    DELETE FROM report_minutes WHERE what IN ('step', 'verdict', 'rule', 'score') AND at >= begun;
    INSERT INTO report_minutes (at, what, name, part, how, result, bucket, count)
    WITH read AS MATERIALIZED (
        SELECT case_id, revision, date_bin('5 minutes', at, 'epoch') AS bin, at, body, body ->> 'type' AS type
        FROM events WHERE at >= begun AND at < ends
    )
    SELECT bin, 'step', step, '', '', '', round(8 * ln(greatest(seconds, 0.001)))::smallint, count(*)
    FROM (
        SELECT e.bin, extract(epoch FROM e.at - before.at)::float8 AS seconds,
               CASE e.type
                   WHEN 'Measured'       THEN CASE WHEN EXISTS (
                       SELECT FROM events r
                       WHERE r.case_id = e.case_id AND r.revision < e.revision AND r.body ->> 'type' = 'Rendered'
                   ) THEN 'inspect' ELSE 'screen' END
                   WHEN 'Judged'         THEN 'judge ' || (e.body #>> '{verdict,gate}')
                   WHEN 'Commissioned'   THEN 'commission'
                   WHEN 'Rendered'       THEN 'render'
                   WHEN 'EngineDeclined' THEN 'render'
                   WHEN 'EngineFailed'   THEN 'render'
                   WHEN 'Sealed'         THEN 'seal'
                   WHEN 'Published'      THEN 'publish'
                   WHEN 'Ruled'          THEN 'moderator'
                   WHEN 'Withdrawn'      THEN 'withdraw'
               END AS step
        FROM read e JOIN events before ON before.case_id = e.case_id AND before.revision = e.revision - 1
    ) AS timed WHERE step IS NOT NULL GROUP BY bin, step, 7
    UNION ALL
    SELECT bin, 'verdict', body #>> '{verdict,gate}', decided.decision, '', '', 0, count(*)
    FROM read CROSS JOIN LATERAL (
        SELECT (ARRAY['allow', 'hold', 'refuse'])[(body #>> '{verdict,decision}')::int + 1] AS decision
    ) AS decided
    WHERE type = 'Judged' GROUP BY bin, 3, 4
    UNION ALL
    SELECT bin, 'rule', said.rule, body #>> '{verdict,gate}', said.how, decided.decision, 0, count(*)
    FROM read CROSS JOIN LATERAL (
        SELECT (ARRAY['allow', 'hold', 'refuse'])[(body #>> '{verdict,decision}')::int + 1] AS decision
    ) AS decided CROSS JOIN LATERAL (
        SELECT how, jsonb_array_elements_text(coalesce(body #> ARRAY['verdict', field], '[]')) AS rule
        FROM (VALUES ('rules', 'in force'), ('shadow', 'shadow'), ('missing', 'missing'), ('lifted', 'lifted'))
            AS fields (field, how)
    ) AS said
    WHERE type = 'Judged' GROUP BY bin, 3, 4, 5, 6
    UNION ALL
    SELECT bin, 'score', s.source, s.label, '', '',
           CASE WHEN s.score IS NULL THEN -1 ELSE least(floor(s.score * 20), 19) END::smallint, count(*)
    FROM read CROSS JOIN LATERAL jsonb_to_recordset(body -> 'signals') AS s (source text, label text, score float8)
    WHERE type = 'Measured' GROUP BY bin, 3, 4, 7;
    UPDATE report_minutes_until SET until = least(ends, clock_timestamp() - interval '1 minute');
    RETURN ends;
END
$$;

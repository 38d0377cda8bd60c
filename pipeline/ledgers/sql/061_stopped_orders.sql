-- As in 031, and `stopped`: an order that was cancelled because a preview was refused, with its seconds as ordered.
-- One row for each video that was rendered, and for each case that ended without one: refused before rendering, declined
-- by the engine, or failed there. `engine` is empty where none was asked; `amount` is seconds times price: what a rendered
-- one cost, what a refused one would have, and what is not billed of the others. Seconds of what was not made are those
-- asked for, 4 where none were. Where no engine was asked, the lowest price of those that had the model counts.
CREATE OR REPLACE VIEW video_costs AS
SELECT made.case_id, made.author, made.phase, made.at, made.outcome, made.engine, made.model, made.seconds,
       price.cost_per_second, made.seconds * price.cost_per_second AS amount
FROM (
    SELECT e.case_id, c.author, c.phase, e.at,
           CASE e.body ->> 'type' WHEN 'Rendered' THEN 'rendered' WHEN 'EngineFailed' THEN 'failed' WHEN 'Measured' THEN 'stopped'
               ELSE 'declined' END AS outcome,
           coalesce(CASE o.engine WHEN 'routed' THEN split_part(o.job, ':', 1) ELSE o.engine END, '') AS engine,
           coalesce(nullif(e.body ->> 'model', ''), c.body #>> '{submitted,model}', '') AS model,
           CASE e.body ->> 'type' WHEN 'Rendered' THEN (e.body ->> 'duration')::float8
               ELSE coalesce((SELECT (body ->> 'duration')::float8 FROM events
                              WHERE case_id = e.case_id AND revision > o.revision AND revision < e.revision
                                AND body ->> 'type' = 'Rendered'
                              ORDER BY revision DESC LIMIT 1),
                             (c.body #>> '{submitted,seconds}')::float8, 4) END AS seconds,
           coalesce(o.at, e.at) AS priced
    FROM events e
    JOIN cases c ON c.id = e.case_id
    LEFT JOIN LATERAL (  -- several engines: a job begins with the name of the one that has it
        SELECT body ->> 'engine' AS engine, body ->> 'job' AS job, at, revision FROM events
        WHERE case_id = e.case_id AND revision < e.revision AND body ->> 'type' = 'Commissioned'
        ORDER BY revision DESC LIMIT 1
    ) AS o ON true
    WHERE (e.body ->> 'type' IN ('Rendered', 'EngineFailed', 'EngineDeclined')
           OR (e.body ->> 'type' = 'Measured' AND e.body @> '{"signals": [{"subject": "preview"}]}'))
      AND (e.body ->> 'type' <> 'Rendered' OR NOT EXISTS (  -- what turned out to be no video is the engine's failure
          SELECT FROM events f
          WHERE f.case_id = e.case_id AND f.revision > e.revision AND f.body ->> 'type' = 'EngineFailed'
            AND NOT EXISTS (SELECT FROM events WHERE case_id = e.case_id AND body ->> 'type' = 'Commissioned'
                            AND revision > e.revision AND revision < f.revision)))
    UNION ALL
    SELECT c.id, c.author, c.phase, c.moved, 'refused', '', coalesce(c.body #>> '{submitted,model}', ''),
           coalesce((c.body #>> '{submitted,seconds}')::float8, 4), c.moved
    FROM cases c
    WHERE c.phase = 'refused'
      AND NOT EXISTS (SELECT FROM events WHERE case_id = c.id
                      AND body ->> 'type' IN ('Commissioned', 'EngineDeclined', 'EngineFailed'))
) AS made
CROSS JOIN LATERAL (
    SELECT min(cost_per_second) AS cost_per_second FROM engine_prices
    WHERE listed = (SELECT max(listed) FROM engine_prices WHERE listed <= made.priced)
      AND CASE WHEN made.engine <> '' THEN engine = made.engine
               ELSE made.model IN ('', 'default') OR models = '{}' OR made.model = ANY (models) END
) AS price;

-- What a worker could take now, by phase, and for how long the longest of it could have been taken: lag, for metrics.
CREATE VIEW due_phases AS
SELECT phase, count(*) AS cases, extract(epoch FROM clock_timestamp() - min(due_at))::float8 AS seconds
FROM cases WHERE due_at <= clock_timestamp() GROUP BY phase;

-- How often each account was refused something within the last minute, lifted since or not.
CREATE VIEW refusals_last_minute AS
SELECT c.author, count(*) AS refusals
FROM cases c CROSS JOIN LATERAL (SELECT * FROM events WHERE case_id = c.id OFFSET 0) AS e
WHERE c.refused AND c.moved > clock_timestamp() - interval '1 minute'
  AND e.body ->> 'type' = 'Judged' AND e.body #>> '{verdict,decision}' = '2'
  AND e.at > clock_timestamp() - interval '1 minute'
GROUP BY c.author;

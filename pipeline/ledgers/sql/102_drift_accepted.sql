-- Accepting how a classifier scores now: where the last seven days are of one kind they are its week of reference, as before; where it
-- changed within them, no week before now shows how it scores, and the one that begins now is collected.
ALTER TABLE score_references ADD COLUMN collecting boolean NOT NULL DEFAULT false;
ALTER TABLE score_references DROP CONSTRAINT score_references_measured_check;
ALTER TABLE score_references ADD CHECK (measured > 0 OR collecting);

-- As 097, but of what was measured before a reference began nothing is compared with it, and of a reference with fewer than a thousand
-- scores so far nothing is said.
CREATE OR REPLACE FUNCTION measure_score_drift(bin timestamptz, at_time timestamptz, of_source text DEFAULT NULL) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO score_drift (at, source, label, hours, measured, psi)
    SELECT bin, source, label, CASE WHEN enough THEN 24 ELSE 168 END, score_total(taken),
           CASE WHEN score_total(taken) >= 500 AND score_total(reference) >= 1000 THEN score_psi(reference, taken) END
    FROM (
        SELECT source, label, reference, score_total(day) >= 500 AS enough, CASE WHEN score_total(day) >= 500 THEN day ELSE week END AS taken
        FROM (
            SELECT source, label, counts AS reference,
                   score_counts(source, label, greatest(since, at_time - interval '1 day'), at_time) AS day,
                   score_counts(source, label, greatest(since, at_time - interval '7 days'), at_time) AS week
            FROM score_references WHERE of_source IS NULL OR source = of_source
        ) AS windows
    ) AS chosen
    ON CONFLICT (at, source, label) DO UPDATE SET hours = excluded.hours, measured = excluded.measured, psi = excluded.psi
$$;

-- A week that is being collected is what was measured so far; it ends after seven days, or once a thousand were measured.
CREATE FUNCTION collect_score_references(at_time timestamptz) RETURNS void LANGUAGE sql AS $$
    UPDATE score_references r
    SET counts = c.counts, measured = score_total(c.counts), until = at_time,
        collecting = at_time < r.since + interval '7 days' OR score_total(c.counts) < 1000
    FROM (
        SELECT source, label, score_counts(source, label, since, at_time) AS counts FROM score_references WHERE collecting
    ) AS c
    WHERE (r.source, r.label) = (c.source, c.label)
$$;

CREATE OR REPLACE FUNCTION sum_score_drift(at_time timestamptz DEFAULT clock_timestamp()) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    bin   timestamptz := date_bin('10 minutes', at_time, 'epoch');
    begun timestamptz;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('assay.score_drift', 0))
       OR EXISTS (SELECT FROM score_drift WHERE at >= bin) THEN
        RETURN false;
    END IF;
    SELECT coalesce((SELECT max(hour) - interval '1 hour' FROM score_hours),
                    (SELECT min(at) FROM report_minutes WHERE what = 'score')) INTO begun;
    begun := date_bin('1 hour', begun, 'epoch');
    DELETE FROM score_hours WHERE hour >= begun OR hour < at_time - interval '35 days';
    INSERT INTO score_hours (source, label, hour, bucket, count)
    SELECT name, part, date_bin('1 hour', at, 'epoch'), bucket, sum(count) FROM report_minutes
    WHERE what = 'score' AND at >= begun AND at >= at_time - interval '35 days' AND bucket >= 0 GROUP BY 1, 2, 3, 4;

    INSERT INTO score_references (source, label, since, until, measured, counts)
    SELECT source, label, at_time - interval '7 days', at_time, score_total(counts), counts FROM (
        SELECT n.source, n.label, score_counts(n.source, n.label, at_time - interval '7 days', at_time) AS counts FROM (
            SELECT DISTINCT source, label FROM score_hours
            WHERE hour >= at_time - interval '1 day' AND (source, label) NOT IN (SELECT source, label FROM score_references)
        ) AS n
        WHERE (SELECT min(hour) FROM score_hours h WHERE (h.source, h.label) = (n.source, n.label)) <= at_time - interval '7 days'
    ) AS summed WHERE score_total(counts) >= 1000
    ON CONFLICT DO NOTHING;
    PERFORM collect_score_references(at_time);

    PERFORM measure_score_drift(bin, at_time);
    DELETE FROM score_drift WHERE at < at_time - interval '35 days';
    RETURN true;
END
$$;

-- Somebody looked and finds that a source is well as it is. Returns for how many labels something else is compared with from now on:
-- the last seven days where these are of one kind; what is measured from the next full hour on where the label has moved within them.
-- Labels that have not moved, and those of which too little was measured to tell, keep what they had.
CREATE OR REPLACE FUNCTION choose_score_reference(of_source text, by_whom text, at_time timestamptz DEFAULT clock_timestamp())
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    chosen int := 0;
    now_of record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('assay.score_drift', 0));
    FOR now_of IN
        SELECT w.label, w.week, CASE WHEN score_total(w.day) >= 500 THEN w.day ELSE w.week END AS lately, r.counts AS reference
        FROM (
            SELECT label, score_counts(of_source, label, at_time - interval '7 days', at_time) AS week,
                   score_counts(of_source, label, at_time - interval '1 day', at_time) AS day
            FROM (SELECT DISTINCT label FROM score_hours WHERE source = of_source) AS n
        ) AS w
        LEFT JOIN score_references r ON r.source = of_source AND r.label = w.label
    LOOP
        IF score_total(now_of.week) >= 1000 AND score_psi(now_of.week, now_of.lately) < 0.1 THEN
            INSERT INTO score_references (source, label, since, until, measured, counts, chosen_by)
            VALUES (of_source, now_of.label, at_time - interval '7 days', at_time, score_total(now_of.week), now_of.week, by_whom)
            ON CONFLICT (source, label) DO UPDATE
            SET since = excluded.since, until = excluded.until, measured = excluded.measured, counts = excluded.counts,
                chosen_by = excluded.chosen_by, collecting = false;
            chosen := chosen + 1;
        ELSIF score_total(now_of.lately) >= 500 AND score_psi(now_of.reference, now_of.lately) >= 0.1 THEN
            UPDATE score_references
            SET since = date_bin('1 hour', at_time, 'epoch') + interval '1 hour', until = at_time, measured = 0,
                counts = array_fill(0, ARRAY[20]), chosen_by = by_whom, collecting = true
            WHERE source = of_source AND label = now_of.label;
            chosen := chosen + 1;
        END IF;
    END LOOP;
    PERFORM measure_score_drift(last.at, at_time, of_source) FROM (SELECT max(at) AS at FROM score_drift) AS last WHERE last.at IS NOT NULL;
    RETURN chosen;
END
$$;

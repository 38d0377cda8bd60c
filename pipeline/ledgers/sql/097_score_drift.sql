-- How classifiers score by the hour, and how far that is from a week of reference. Made from report_minutes; names no case and no person.
CREATE TABLE score_hours (
    source text        NOT NULL,
    label  text        NOT NULL,
    hour   timestamptz NOT NULL,
    bucket smallint    NOT NULL,  -- twentieths
    count  bigint      NOT NULL,
    PRIMARY KEY (source, label, hour, bucket)
);
CREATE INDEX score_hours_by_hour ON score_hours (hour);

-- The week with which each is compared: the first seven days in a row in which at least a thousand were measured, or those that
-- somebody chose. A new version of a classifier is another source, and begins anew.
CREATE TABLE score_references (
    source    text        NOT NULL,
    label     text        NOT NULL,
    since     timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    measured  bigint      NOT NULL CHECK (measured > 0),
    counts    bigint[]    NOT NULL CHECK (cardinality(counts) = 20),
    chosen_by text        NOT NULL DEFAULT '',
    PRIMARY KEY (source, label)
);

-- What was found, ten minutes at a time: the population stability index. `psi` is NULL where fewer than 500 were measured within
-- the seven days before; `hours` says over how many of them it is, 24 or 168.
CREATE TABLE score_drift (
    at       timestamptz NOT NULL,
    source   text        NOT NULL,
    label    text        NOT NULL,
    hours    smallint    NOT NULL,
    measured bigint      NOT NULL,
    psi      float8,
    PRIMARY KEY (at, source, label)
);

-- The twentieths from `first` on, as an array of twenty counts.
CREATE FUNCTION score_counts(of_source text, of_label text, first timestamptz, last timestamptz) RETURNS bigint[]
LANGUAGE sql STABLE AS $$
    SELECT array_agg(coalesce(h.n, 0) ORDER BY b.bucket) FROM generate_series(0, 19) AS b (bucket)
    LEFT JOIN (
        SELECT bucket, sum(count)::bigint AS n FROM score_hours
        WHERE source = of_source AND label = of_label AND hour >= first AND hour < last GROUP BY bucket
    ) AS h USING (bucket)
$$;

CREATE FUNCTION score_total(counts bigint[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS
    $$ SELECT coalesce(sum(n), 0)::bigint FROM unnest(counts) AS n $$;

-- Population stability index of two histograms: the sum of (p - q) ln(p / q). A two-thousandth is added to each share, so
-- that an empty bucket says little and not infinity, and two histograms of one shape are 0 apart however much each holds.
CREATE FUNCTION score_psi(reference bigint[], lately bigint[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT sum((p - q) * ln(p / q)) FROM (
        SELECT (l / score_total(lately)::float8 + 0.0005) / 1.01 AS p, (r / score_total(reference)::float8 + 0.0005) / 1.01 AS q
        FROM unnest(reference, lately) AS both_of (r, l)
    ) AS shares
$$;

-- Measures each classifier, or one, against its week: the last day of it, or of what is rarer the last seven days. At first these are
-- in that week themselves, and differ little from it, as they should: the week is how it scores.
CREATE FUNCTION measure_score_drift(bin timestamptz, at_time timestamptz, of_source text DEFAULT NULL) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO score_drift (at, source, label, hours, measured, psi)
    SELECT bin, source, label, CASE WHEN enough THEN 24 ELSE 168 END, score_total(taken),
           CASE WHEN score_total(taken) >= 500 THEN score_psi(reference, taken) END
    FROM (
        SELECT source, label, reference, score_total(day) >= 500 AS enough, CASE WHEN score_total(day) >= 500 THEN day ELSE week END AS taken
        FROM (
            SELECT source, label, counts AS reference,
                   score_counts(source, label, at_time - interval '1 day', at_time) AS day,
                   score_counts(source, label, at_time - interval '7 days', at_time) AS week
            FROM score_references WHERE of_source IS NULL OR source = of_source
        ) AS windows
    ) AS chosen
    ON CONFLICT (at, source, label) DO UPDATE SET hours = excluded.hours, measured = excluded.measured, psi = excluded.psi
$$;

-- Sums the hours that are not yet summed, takes weeks of reference where there is none, and measures drift. Returns false where
-- another process is at it, or has just done so.
CREATE FUNCTION sum_score_drift(at_time timestamptz DEFAULT clock_timestamp()) RETURNS boolean LANGUAGE plpgsql AS $$
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

    PERFORM measure_score_drift(bin, at_time);
    DELETE FROM score_drift WHERE at < at_time - interval '35 days';
    RETURN true;
END
$$;

-- Takes the seven days before now as the week of reference of a source: somebody looked and finds that it is well as it is.
-- Returns how many labels have a new one; those with fewer than 1000 measurements in that week keep what they had.
CREATE FUNCTION choose_score_reference(of_source text, by_whom text, at_time timestamptz DEFAULT clock_timestamp())
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    chosen int;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('assay.score_drift', 0));
    INSERT INTO score_references (source, label, since, until, measured, counts, chosen_by)
    SELECT source, label, at_time - interval '7 days', at_time, score_total(counts), counts, by_whom FROM (
        SELECT source, label, score_counts(source, label, at_time - interval '7 days', at_time) AS counts
        FROM (SELECT DISTINCT source, label FROM score_hours WHERE source = of_source) AS n
    ) AS summed WHERE score_total(counts) >= 1000
    ON CONFLICT (source, label) DO UPDATE
    SET since = excluded.since, until = excluded.until, measured = excluded.measured, counts = excluded.counts,
        chosen_by = excluded.chosen_by;
    GET DIAGNOSTICS chosen = ROW_COUNT;
    PERFORM measure_score_drift(last.at, at_time, of_source) FROM (SELECT max(at) AS at FROM score_drift) AS last WHERE last.at IS NOT NULL;
    RETURN chosen;
END
$$;

-- What videos cost, five minutes at a time: panels that asked it of the events of a day took half a second at two million of them.
-- Made anew from the events at any time; names no case and no person. What refusals saved is not here: a refusal may be lifted.
CREATE TABLE cost_minutes (
    at       timestamptz NOT NULL,
    outcome  text        NOT NULL CHECK (outcome IN ('rendered', 'failed', 'declined')),
    engine   text        NOT NULL,
    videos   bigint      NOT NULL,
    seconds  float8      NOT NULL,
    amount   float8,               -- NULL where none of them was priced
    unpriced bigint      NOT NULL,
    PRIMARY KEY (at, outcome, engine)
);

CREATE TABLE cost_minutes_until (
    single boolean     PRIMARY KEY DEFAULT true CHECK (single),
    until timestamptz NOT NULL
);
INSERT INTO cost_minutes_until (until) VALUES ('-infinity');

-- Sums what is not yet summed, at most so much of it at once, and the last hour again: what was rendered may turn out within it
-- to be no video. Returns until when it is summed; NULL where another process is at it.
CREATE FUNCTION sum_cost_minutes(most interval) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    begun timestamptz;
    ends  timestamptz;
BEGIN
    SELECT until INTO begun FROM cost_minutes_until FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF begun = '-infinity' THEN
        SELECT coalesce(min(at), clock_timestamp()) INTO begun FROM events;
    END IF;
    begun := date_bin('5 minutes', begun - interval '1 hour', 'epoch');
    ends := least(clock_timestamp(), begun + greatest(most, interval '2 hours'));
    DELETE FROM cost_minutes WHERE at >= begun;
    INSERT INTO cost_minutes (at, outcome, engine, videos, seconds, amount, unpriced)
    SELECT date_bin('5 minutes', at, 'epoch'), outcome, engine, count(*), sum(seconds), sum(amount),
           count(*) FILTER (WHERE amount IS NULL)
    FROM video_costs WHERE outcome <> 'refused' AND at >= begun AND at < ends GROUP BY 1, 2, 3;
    UPDATE cost_minutes_until SET until = ends;
    RETURN ends;
END
$$;

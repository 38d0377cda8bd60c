-- Videos of which measuring was cut off, since what was found refuses them for good: when, what was not asked, and how
-- many seconds on the clock that would have taken, as it took for videos before.
CREATE VIEW measuring_saved AS
SELECT e.case_id, c.author, e.at, e.body -> 'cut_off' AS cut_off, (e.body ->> 'saved_seconds')::float8 AS seconds
FROM events e
JOIN cases c ON c.id = e.case_id
WHERE e.body ->> 'type' = 'Measured' AND jsonb_array_length(coalesce(e.body -> 'cut_off', '[]')) > 0;

-- Which entries of banks were found in what was measured, and by whom it was asked for: for those that fire too often.
CREATE VIEW bank_evidence AS
SELECT e.case_id, e.at, (s ->> 'evidence')::bigint AS entry, c.author, coalesce(c.end_user, '') AS end_user
FROM events e
CROSS JOIN LATERAL jsonb_array_elements(e.body -> 'signals') AS s
JOIN cases c ON c.id = e.case_id
WHERE e.body ->> 'type' = 'Measured' AND coalesce(s ->> 'evidence', '') ~ '^[0-9]{1,18}$';

-- Everything that classifiers have measured, prompts and videos.
CREATE VIEW measurements AS
SELECT case_id, revision, at, body #>> '{signals,0,subject}' AS subject FROM events WHERE body ->> 'type' = 'Measured';

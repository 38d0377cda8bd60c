-- What other parts may know of cases and events, by named columns: nobody but the ledger reads its JSON. Postgres puts
-- a view's text into the query that uses it, so that the indexes on these expressions serve as before.

-- What a case was asked for, and from what it was made.
CREATE VIEW case_requests AS
SELECT id AS case_id, author, phase, submitted AS submitted_at, moved AS changed_at, digests,
       body #>  '{submitted}'             AS request,
       body #>> '{submitted,parent}'      AS parent,
       body #>  '{submitted,cameos}'      AS cameos,
       body #>  '{submitted,copies}'      AS copies,
       body #>  '{submitted,references}'  AS reference_assets,
       coalesce(body #>> '{rendered,asset,digest}', '') AS rendered_digest,
       body #>> '{sealed,asset,digest}'   AS sealed_digest,
       body #>  '{verdicts,-1,rules}'     AS last_rules
FROM cases;

-- Every sealed video there ever was: a case that was sealed twice has two rows.
CREATE VIEW sealed_videos AS
SELECT case_id, revision, at,
       body ->> 'payload'                   AS payload,
       body ->> 'manifest_id'               AS manifest_id,
       body #>> '{manifest,digest}'         AS manifest_digest,
       (body #>> '{manifest,size}')::bigint AS manifest_size,
       body ->> 'soft_binding'              AS soft_binding,
       body ->  'fingerprint'               AS fingerprint,
       body ->  'sound'                     AS sound
FROM events WHERE body ->> 'type' = 'Sealed';

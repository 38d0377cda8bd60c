-- Who is recognised in a video, named or not: the random ids of cameos that the signals of the video carry. Nobody but
-- the ledger reads a case's JSON, so the view has a column for it; the index is on the same expression.
CREATE OR REPLACE VIEW case_requests AS
SELECT id AS case_id, author, phase, submitted AS submitted_at, moved AS changed_at, digests,
       body #>  '{submitted}'             AS request,
       body #>> '{submitted,parent}'      AS parent,
       body #>  '{submitted,cameos}'      AS cameos,
       body #>  '{submitted,copies}'      AS copies,
       body #>  '{submitted,references}'  AS reference_assets,
       coalesce(body #>> '{rendered,asset,digest}', '') AS rendered_digest,
       body #>> '{sealed,asset,digest}'   AS sealed_digest,
       body #>  '{verdicts,-1,rules}'     AS last_rules,
       jsonb_path_query_array(body, '$.signals[*] ? (@.subject == "video" && @.cameo != "").cameo') AS recognised
FROM cases;

CREATE INDEX cases_by_recognised ON cases USING gin
    ((jsonb_path_query_array(body, '$.signals[*] ? (@.subject == "video" && @.cameo != "").cameo')));

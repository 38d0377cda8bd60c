-- Which registered works a case names in its prompt (from a score of 0.9: below it, it only describes something like
-- them), and which its video looks like, by their opaque ids. What was handed in as a reference is its author's, and not
-- among them. Nobody but the ledger reads a case's JSON; the indexes are on the same expressions.
CREATE VIEW case_works AS
SELECT id AS case_id, author, phase, submitted AS submitted_at, moved AS changed_at,
       coalesce(body #>> '{submitted,purpose}', '')     AS purpose,
       coalesce(body #>> '{rendered,asset,digest}', '') AS rendered_digest,
       coalesce(body #>> '{sealed,asset,digest}', '')   AS sealed_digest,
       coalesce(body #>  '{verdicts,-1,rules}', '[]')   AS last_rules,
       jsonb_path_query_array(body, '$.signals[*] ? (@.work != "" && @.score >= 0.9).work')  AS named,
       jsonb_path_query_array(body, '$.signals[*] ? (@.subject == "video").example ? (@.work != "").work')            AS shown
FROM cases;

CREATE INDEX cases_by_named_work ON cases USING gin
    ((jsonb_path_query_array(body, '$.signals[*] ? (@.work != "" && @.score >= 0.9).work')));
CREATE INDEX cases_by_shown_work ON cases USING gin
    ((jsonb_path_query_array(body, '$.signals[*] ? (@.subject == "video").example ? (@.work != "").work')));

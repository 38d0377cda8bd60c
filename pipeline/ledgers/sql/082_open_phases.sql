-- How many cases lie in each phase that is not their last, and since when the longest lies there: for metrics.
CREATE VIEW open_phases AS
SELECT phase, count(*) AS cases, min(moved) AS since
FROM cases WHERE phase IN ('submitted', 'screened', 'admitted', 'commissioned', 'rendered', 'inspected', 'cleared', 'sealed',
                           'held', 'recalled')
GROUP BY phase;

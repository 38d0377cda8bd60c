-- The graph of what was made from what has a third edge: a reference that is a copy of a sealed video. Few cases have one:
-- the rest are kept out of the index, or each question would wade through them.
CREATE INDEX cases_by_copy ON cases USING gin ((body #> '{submitted,copies}')) WHERE body #> '{submitted,copies}' <> '[]';

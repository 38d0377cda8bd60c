-- The graph of what was made from what has a third edge: a reference that is a copy of a sealed video.
CREATE INDEX cases_by_copy ON cases USING gin ((body #> '{submitted,copies}'));

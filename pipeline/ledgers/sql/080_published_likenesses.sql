-- Owners are told who published a video that names them: these are found by when they were published.
CREATE INDEX cases_published_with_cameos ON cases (moved)
    WHERE phase = 'published' AND body #> '{submitted,cameos}' <> '[]';

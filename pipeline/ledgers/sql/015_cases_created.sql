-- An author's cases page by page, in the order in which they were begun; it also serves what the shorter one served.
CREATE INDEX cases_by_author_created ON cases (author, submitted, id);
DROP INDEX cases_by_author_submitted;

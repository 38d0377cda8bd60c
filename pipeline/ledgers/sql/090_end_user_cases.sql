-- What was ordered for one end user of an account: to be read when they are erased as a whole.
CREATE VIEW end_user_cases AS SELECT id AS case_id, author, end_user, phase FROM cases WHERE end_user <> '';
CREATE INDEX cases_by_end_user ON cases (author, end_user) WHERE end_user <> '';

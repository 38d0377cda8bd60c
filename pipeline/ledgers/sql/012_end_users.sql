-- Whose refusals count where one account asks for many people: the platform's pseudonym for the person, empty where it gives none.
ALTER TABLE cases ADD COLUMN end_user text NOT NULL
    GENERATED ALWAYS AS (coalesce(body #>> '{submitted,end_user}', '')) STORED;
CREATE INDEX cases_refused_of_end_user ON cases (author, end_user, moved DESC) WHERE refused;

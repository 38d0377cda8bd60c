-- Answers of the verifier that somebody chose to share, without the file and its name; and what people say of answers.
CREATE TABLE shared_answers (
    id      text        PRIMARY KEY,
    body    jsonb       NOT NULL,
    expires timestamptz NOT NULL
);

CREATE INDEX shared_answers_expire ON shared_answers (expires);

CREATE TABLE feedback (
    key     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    verdict text        NOT NULL,
    opinion text        NOT NULL CHECK (opinion IN ('right', 'wrong', 'unclear')),
    note    text        NOT NULL CHECK (length(note) <= 2000),
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);

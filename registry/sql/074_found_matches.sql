-- What owners said of videos in which they were recognised and that no lease covers. `words` is the id of an erasable
-- text. What they said is not them counts in the figures of false matches, also once its cameo is erased: then without it.
CREATE TABLE found_answers (
    cameo   text        NOT NULL,
    case_id text        NOT NULL,
    answer  text        NOT NULL CHECK (answer IN ('archived', 'not_me', 'removal')),
    words   text        NOT NULL DEFAULT '',
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (cameo, case_id)
);
CREATE TABLE found_answer_counts (
    day    date   NOT NULL,
    answer text   NOT NULL,
    count  bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (day, answer)
);

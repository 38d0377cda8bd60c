-- Sessions that were signed out before their time: a copied cookie opens nothing any more. Only digests, and only until
-- the session would have ended by itself.
CREATE TABLE ended_sessions (
    digest text        PRIMARY KEY,
    until  timestamptz NOT NULL
);

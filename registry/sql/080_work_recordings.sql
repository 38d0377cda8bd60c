-- What people hear of an example sound when they compare it with a video: a small MP3, encrypted (AES-256-GCM) under the
-- key of the work, apart from what is compared. Sounds that were added before have none.
CREATE TABLE work_recordings (
    sound  text  PRIMARY KEY REFERENCES work_sounds (id) ON DELETE CASCADE,
    sealed bytea NOT NULL
);

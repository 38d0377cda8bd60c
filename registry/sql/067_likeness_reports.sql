-- What people wrote when they reported a use of their likeness. `words` is the id of a text that is erased with the
-- cameo, and so is the row.
CREATE TABLE likeness_reports (
    key     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cameo   text        NOT NULL,
    case_id text        NOT NULL,
    words   text        NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX likeness_reports_by_cameo ON likeness_reports (cameo, key);

-- What an account (`account:<id>`) and each of its keys (`key:<id>`) used, by day or by month in UTC.
CREATE TABLE account_usage (
    subject text   NOT NULL,
    measure text   NOT NULL,
    period  text   NOT NULL,  -- 2026-11-29 or 2026-11
    used    bigint NOT NULL CHECK (used >= 0),
    PRIMARY KEY (subject, measure, period)
);

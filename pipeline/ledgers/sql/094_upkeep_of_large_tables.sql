-- How Postgres looks after the large tables. Its defaults act after a fifth of a table has changed: in a table of a hundred
-- million events that is never, and neither what is new is known to the planner nor are old pages frozen while they are few.
-- These locks let everybody read and write on.

-- Only ever added to: pages are frozen while they are new, so that no single vacuum ever has to read all of them.
ALTER TABLE events SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000,
                        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000,
                        autovacuum_freeze_min_age = 1000000);
ALTER TABLE audit_log SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000,
                           autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000,
                           autovacuum_freeze_min_age = 1000000);
ALTER TABLE issued_payloads SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000,
                                 autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000);

-- Each case is written some eight times, and then no more.
ALTER TABLE cases SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000,
                       autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);
ALTER TABLE texts SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- Small, and written at every step: what is dead there is read over and over.
ALTER TABLE review_queue SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
ALTER TABLE review_queue_rules SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
ALTER TABLE review_count_changes SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
ALTER TABLE account_usage SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
ALTER TABLE webhook_deliveries SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
ALTER TABLE report_minutes SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);

-- What is older than its time is found by it (pipeline.ledgers.upkeep.retention).
CREATE INDEX report_minutes_by_time ON report_minutes USING brin (at);
CREATE INDEX account_usage_days ON account_usage (period) WHERE length(period) = 10;

-- A large installation, in rows that the leads' pages read: %(cases)s cases of ninety days, two in a hundred of them held,
-- six of ten ruled on by sixty moderators, one of ten refused by policy; a twentieth of the rulings reviewed twice.
SELECT setseed(0.5);

INSERT INTO cases (id, phase, revision, author, body, digests, submitted, moved)
SELECT lpad(to_hex(n), 16, '0'),
       CASE WHEN n %% 50 = 0 THEN 'held' WHEN n %% 10 = 1 THEN 'refused' ELSE 'published' END,
       8, 'acct_' || n %% 997,
       jsonb_build_object(
           'id', lpad(to_hex(n), 16, '0'), 'phase', 'held', 'revision', 8,
           'submitted', jsonb_build_object('author', 'acct_' || n %% 997, 'prompt', md5(n::text)),
           'verdicts', jsonb_build_array(jsonb_build_object(
               'gate', 'prompt', 'decision', CASE WHEN n %% 10 = 0 AND n %% 500 = 0 THEN 2 ELSE 1 END,
               'rules', to_jsonb(ARRAY['rule_' || (n / 50) %% 40, 'rule_' || (n / 7) %% 90]), 'policy', 'p')),
           'signals', (SELECT jsonb_agg(jsonb_build_object('subject', 'prompt', 'label', 'label_' || s,
                           'score', random(), 'source', 'classifier_' || s || '/1')) FROM generate_series(1, 12) s)),
       '{}', clock_timestamp() - (n %% 7776000) * interval '1 second',
       clock_timestamp() - CASE WHEN n %% 50 = 0 THEN power(random(), 3) * interval '6 days'
                                ELSE (n %% 7776000) * interval '1 second' END
FROM generate_series(1, %(cases)s) n;

INSERT INTO decisions
SELECT lpad(to_hex(n), 16, '0'), 4, clock_timestamp() - random() * interval '90 days',
       CASE WHEN n %% 10 = 1 THEN 'refused' WHEN n %% 100 = 3 THEN 'recalled' WHEN n %% 100 = 5 THEN 'appealed' ELSE 'ruled' END,
       CASE WHEN n %% 10 = 1 THEN '' ELSE 'mod_' || n %% 60 END,
       CASE WHEN n %% 10 = 1 OR random() < 0.3 THEN 'refuse' ELSE 'allow' END,
       CASE WHEN n %% 3 = 0 THEN 'video' ELSE 'prompt' END,
       ARRAY['rule_' || (n / 50) %% 40, 'rule_' || (n / 7) %% 90], 'context',
       power(random(), 4) * interval '4 days', n %% 40 = 6
FROM generate_series(1, %(cases)s) n WHERE n %% 10 < 7;

INSERT INTO decision_rules SELECT DISTINCT rule, at, case_id, revision, person FROM decisions CROSS JOIN unnest(rules) AS rule;

INSERT INTO second_reviews (case_id, revision, rules, reviewer, decision, code, noted)
SELECT case_id, revision - 1, rules, person, decision, code, at FROM decisions
WHERE kind = 'ruled' AND ('x' || substr(md5(case_id), 1, 8))::bit(32)::bigint %% 20 = 0;

INSERT INTO review_checks (id, kind, case_id, revision, reviewer, shown_since, decision, code, ruled, dealt)
SELECT substr(md5('k' || case_id), 1, 16), 'second', case_id, revision, 'mod_' || (substr(reviewer, 5)::int + 1) %% 60,
       noted, CASE WHEN random() < 0.12 THEN CASE decision WHEN 'allow' THEN 'refuse' ELSE 'allow' END ELSE decision END,
       'context', noted + interval '1 hour', noted
FROM second_reviews;
UPDATE second_reviews s SET differs = true FROM review_checks k WHERE k.case_id = s.case_id AND k.decision <> s.decision;
UPDATE second_reviews SET settled = 'refuse', settled_by = 'lead_1'
WHERE differs AND noted < clock_timestamp() - interval '2 days';

INSERT INTO golden_items (case_id, revision, rules, decision, reason, made_by, made)
SELECT lpad(to_hex(n), 16, '0'), 99, ARRAY['rule_1'], 'refuse', 't', 'lead_1', clock_timestamp() - n * interval '4 hours'
FROM generate_series(1, 500) n;
INSERT INTO review_checks (id, kind, case_id, revision, reviewer, shown_since, decision, code, ruled, dealt)
SELECT substr(md5('g' || n || '-' || m), 1, 16), 'golden', lpad(to_hex(n), 16, '0'), 99, 'mod_' || m, clock_timestamp(),
       CASE WHEN random() < 0.9 THEN 'refuse' ELSE 'allow' END, 'context',
       clock_timestamp() - random() * interval '90 days', clock_timestamp()
FROM generate_series(1, 500) n CROSS JOIN generate_series(0, 59) m WHERE (n + m) %% 3 = 0;

ANALYZE cases, decisions, decision_rules, second_reviews, review_checks, golden_items;

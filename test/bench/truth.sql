-- The generator's truth beside a result: schema truth from the two files
-- :person and :problem (truth_person.tsv, truth_problem.tsv of a delivery).
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS truth CASCADE;
CREATE SCHEMA truth;
CREATE UNLOGGED TABLE truth.person (citizen_id text COLLATE "C", class text, paying text, receiving text, paused text, elsewhere text, due text, gap text, life_status text, territory text);
CREATE UNLOGGED TABLE truth.problem (rule_id text, key text COLLATE "C", months text, amount text, state text, detail text);
COPY truth.person FROM :'person' WITH (FORMAT csv, DELIMITER E'\t', HEADER, QUOTE E'\b', NULL '\N');
COPY truth.problem FROM :'problem' WITH (FORMAT csv, DELIMITER E'\t', HEADER, QUOTE E'\b', NULL '\N');
ANALYZE truth.person, truth.problem;

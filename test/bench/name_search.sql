-- Two hundred searches of each kind; milliseconds of each go to bench.search.
SET search_path = registry, public;
SET client_min_messages = warning;
DROP TABLE IF EXISTS bench.search;
CREATE TABLE bench.search (kind text, term text, took double precision, found bigint);
-- bearers as the city has them: common names are searched for more often
CREATE TEMP TABLE term AS
SELECT row_number() OVER () AS n, p.name, p.birth_date, p.territory::text AS village, left(p.territory::text, 9) AS town
FROM person p WHERE p.person_id = ANY (ARRAY(SELECT 1 + (i * 7919::bigint) % (SELECT max(person_id) FROM person) FROM generate_series(1, 200) i));
DO $$
DECLARE
	asked record;
	began timestamptz;
	answers bigint;
BEGIN
	-- the first reading opens ICU's data
	PERFORM search_person('zhang');
	PERFORM search_person('张三');
	FOR asked IN
		SELECT k.kind, k.term, k.birth, k.region
		FROM term t
		CROSS JOIN LATERAL (VALUES
			('name', t.name, NULL::date, NULL::text),
			('name and birth date', t.name, t.birth_date, NULL),
			('mistyped name and birth date', overlay(t.name PLACING '小' FROM 2 FOR 1), t.birth_date, NULL),
			('name and town', t.name, NULL, t.town),
			('mistyped name and village', overlay(t.name PLACING '小' FROM 2 FOR 1), NULL, t.village),
			('beginning of a name', left(t.name, 2), NULL, NULL),
			('reading', name_pinyin(t.name), NULL, NULL),
			('reading without blanks', replace(name_pinyin(t.name), ' ', ''), NULL, NULL),
			('initials', name_initials(name_pinyin(t.name)), NULL, NULL)) k(kind, term, birth, region)
		ORDER BY t.n, k.kind
	LOOP
		began := clock_timestamp();
		SELECT count(*) INTO answers FROM search_person(asked.term, asked.birth, asked.region);
		INSERT INTO bench.search VALUES (asked.kind, asked.term, extract(epoch FROM clock_timestamp() - began) * 1000, answers);
	END LOOP;
END
$$;

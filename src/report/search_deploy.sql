-- Finding persons by what they are called.

CREATE INDEX IF NOT EXISTS person_name_key_idx ON registry.person (name_key);
CREATE INDEX IF NOT EXISTS person_birth_date_idx ON registry.person (birth_date);

-- Equal, a variant, the beginning, or how like.
CREATE OR REPLACE FUNCTION registry.name_likeness(wanted_key text, wanted_variant text, key text) RETURNS real
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN key = wanted_key THEN 1
		WHEN registry.name_variant_key(key) = wanted_variant THEN 0.95
		ELSE greatest(registry.name_similarity(wanted_key, key), CASE WHEN starts_with(key, wanted_key) THEN 0.6 ELSE 0 END) END::real;
END;
COMMENT ON FUNCTION registry.name_likeness(text, text, text) IS 'score of a name key in a search: 1 equal, 0.95 a variant, else name_similarity, for the beginning of it at least 0.6';

-- Is it letters that may be the reading of a Chinese name?
CREATE OR REPLACE FUNCTION registry.name_by_letters(name text) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT registry.name_key(name) COLLATE "C" ~ '^[-A-ZÜ'' ]+$';
END;
COMMENT ON FUNCTION registry.name_by_letters(text) IS 'whether a search term consists of Latin letters, as a reading or initials do';

-- ... as readings are stored: without blanks, and the umlaut, of whatever spelling, as v.
CREATE OR REPLACE FUNCTION registry.name_letters(key text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT regexp_replace(regexp_replace(lower(replace(key, 'Ü', 'V') COLLATE "C"), '([ln])yu', '\1v', 'g'), '[^a-z]', '', 'g');
END;
COMMENT ON FUNCTION registry.name_letters(text) IS 'letters of a search term as name_part has them in readings';

/*
 * registry.name_candidates(name) → name keys that a search for name is to try
 *
 * Surnames are paired with given names of name_part; a pair that nobody bears
 * costs its caller one probe.  What a clerk may type:
 *
 *	 张建国		the name itself; variants and look-alikes of its characters; what
 *				sounds the same; another character in one place; another surname
 *	 张建, 张	the beginning of a name
 *	 王?国		a lost character
 *	 zhangjianguo, Zhang Jian-guo, jianguo zhang, zhangj		readings
 *	 zjg, zhangjg		initials
 *
 * Of many the most frequent are kept.  nearness: 1 the name, its variants and
 * look-alikes; 2 what sounds the same; 3 the beginning, or another character;
 * 4 another surname, or initials.  nearest leaves 3 and 4 of Chinese names out.
 */
CREATE OR REPLACE FUNCTION registry.name_candidates(name text, nearest boolean DEFAULT false) RETURNS TABLE (name_key text, nearness integer)
	LANGUAGE plpgsql STABLE ROWS 300
	SET search_path = pg_catalog, registry, pg_temp
	SET plan_cache_mode = force_generic_plan
	SET jit = off
AS $$
DECLARE
	wanted CONSTANT text := registry.name_key(name_candidates.name);
	surname_wanted CONSTANT text COLLATE "C" := registry.name_surname(name_candidates.name);
	given_wanted CONSTANT text COLLATE "C" := substr(wanted, length(surname_wanted) + 1);
	letters text COLLATE "C";
	surnames text[];
	givens text[];
BEGIN
	RETURN QUERY SELECT n, 1 FROM unnest(registry.name_neighbour_set(name_candidates.name)) n;
	IF registry.name_by_letters(name_candidates.name) THEN
		-- letters: in the order given, and the last word first
		FOREACH letters IN ARRAY ARRAY[wanted, regexp_replace(wanted, '^(.*\S)\s+(\S+)$', '\2\1')] LOOP
			letters := registry.name_letters(letters);
			RETURN QUERY
			SELECT s.part || g.part, 2
			FROM generate_series(0, least(length(letters), 12)) i
			JOIN registry.name_part s ON s.kind = 's' AND s.reading = left(letters, i)
			JOIN registry.name_part g ON g.kind = 'g' AND g.reading = substr(letters, i + 1)
			LIMIT 600;
			RETURN QUERY
			SELECT b.part || g.part, 3
			FROM generate_series(0, least(length(letters), 12)) i
			CROSS JOIN LATERAL (SELECT s.part FROM registry.name_part s
								WHERE s.kind = 's' AND s.reading = left(letters, i) ORDER BY s.bearers DESC LIMIT 6) b
			CROSS JOIN LATERAL (
				(SELECT l.part FROM registry.name_part l
				 WHERE i < length(letters) AND l.kind = 'g' AND l.reading > substr(letters, i + 1) AND l.reading < substr(letters, i + 1) || '{' LIMIT 100)
				UNION
				(SELECT l.part FROM registry.name_part l
				 WHERE i < length(letters) AND l.kind = 'g' AND l.initials = substr(letters, i + 1) ORDER BY l.bearers DESC LIMIT 50)
				UNION
				(SELECT l.part FROM registry.name_part l WHERE i = length(letters) AND l.kind = 'g' ORDER BY l.bearers DESC LIMIT 100)) g
			LIMIT 600;
			RETURN QUERY
			SELECT b.part || g.part, 4
			FROM generate_series(1, least(length(letters) - 1, 2)) i
			CROSS JOIN LATERAL (SELECT s.part FROM registry.name_part s
								WHERE s.kind = 's' AND s.initials = left(letters, i) ORDER BY s.bearers DESC LIMIT 10) b
			CROSS JOIN LATERAL (SELECT l.part FROM registry.name_part l
								WHERE length(letters) <= 5 AND l.kind = 'g' AND l.initials = substr(letters, i + 1) ORDER BY l.bearers DESC LIMIT 30) g;
			EXIT WHEN strpos(wanted, ' ') = 0;
		END LOOP;
		RETURN;
	END IF;

	-- what sounds the same
	surnames := ARRAY(SELECT DISTINCT s.part FROM registry.name_part s
					  WHERE s.kind = 's' AND s.reading = ANY (ARRAY(SELECT replace(r, ' ', '') FROM unnest(registry.name_pinyin_set(surname_wanted)) r)));
	givens := ARRAY(SELECT DISTINCT g.part FROM registry.name_part g
					WHERE g.kind = 'g' AND g.reading = ANY (ARRAY(SELECT replace(r, ' ', '') FROM unnest(registry.name_given_pinyin_set(given_wanted)) r)) LIMIT 100);
	surnames := CASE WHEN surname_wanted = '' THEN '{""}' ELSE surnames END;
	RETURN QUERY SELECT s || g, 2 FROM unnest(surnames) s, unnest(givens) g;
	IF nearest THEN
		RETURN;
	END IF;
	-- a dotted name without its dot, or its beginning
	RETURN QUERY
	(SELECT g.part, 2 FROM registry.name_part g
	 WHERE length(wanted) >= 4 AND g.kind = 'g'
	   AND g.reading = ANY (ARRAY(SELECT replace(r, ' ', '') FROM unnest(registry.name_given_pinyin_set(wanted)) r)) LIMIT 50)
	UNION ALL
	(SELECT g.part, 3 FROM registry.name_part g
	 WHERE surname_wanted <> '' AND g.kind = 'g' AND g.part > wanted || '·' AND g.part < wanted || '¸' LIMIT 50);
	-- the beginning of a name; another last character; another one before it
	RETURN QUERY
	SELECT surname_wanted || g.part, 3
	FROM ((SELECT p.part FROM registry.name_part p
		   WHERE p.kind = 'g' AND given_wanted <> '' AND p.part > given_wanted AND p.part < given_wanted || U&'\+10FFFF' LIMIT 150)
		  UNION
		  (SELECT p.part FROM registry.name_part p WHERE p.kind = 'g' AND given_wanted = '' ORDER BY p.bearers DESC LIMIT 150)
		  UNION
		  (SELECT p.part FROM registry.name_part p
		   WHERE p.kind = 'g' AND length(given_wanted) > 1 AND p.part >= left(given_wanted, -1) AND p.part < left(given_wanted, -1) || U&'\+10FFFF' LIMIT 120)
		  UNION
		  (SELECT p.part FROM registry.name_part p
		   WHERE p.kind = 'g' AND given_wanted <> '' AND right(p.part, 1) = right(given_wanted, 1) ORDER BY p.bearers DESC LIMIT 120)) g;
	-- another surname, or none given
	RETURN QUERY
	SELECT s.part || g, 4
	FROM (SELECT p.part FROM registry.name_part p WHERE p.kind = 's' ORDER BY p.bearers DESC LIMIT 60) s, unnest(ARRAY[given_wanted, wanted]) g
	WHERE length(g) > 1;
END
$$;
COMMENT ON FUNCTION registry.name_candidates(text, boolean) IS 'name keys that a search for a name, its beginning, its reading or its initials is to try';

/*
 * registry.search_person(name [, birth [, region]]): candidates, best first, at
 * most 50
 *
 * name may be a name, the beginning of one, a reading or initials (see
 * name_candidates); similar names are found everywhere, and among the persons
 * born that day all of them.  score weighs name 7, birth date 2, region 1 of
 * what is given; 1 is full agreement.  Of persons with equal scores those with
 * the lower numbers come first; of a name with more than 50 bearers some are
 * left out unless birth date or region tells them apart.  A reading counts 0.9
 * of a name, a beginning 0.6, initials 0.5.
 * Errors: 22023 without a name, 22P02 for a region that is none.
 */
CREATE OR REPLACE FUNCTION registry.search_person(name text, birth date DEFAULT NULL, region text DEFAULT NULL)
RETURNS TABLE (person_id bigint, score real, citizen_id text, person_name text, sex text, birth_date date,
			   territory text, territory_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, registry, pg_temp
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $function$
DECLARE
	wanted_key CONSTANT text COLLATE "C" := registry.name_key(search_person.name);
	wanted_variant CONSTANT text COLLATE "C" := registry.name_variant_key(search_person.name);
	by_letters CONSTANT boolean := registry.name_by_letters(search_person.name);
	wanted_letters CONSTANT text COLLATE "C" := registry.name_letters(wanted_key);
	wanted_region CONSTANT registry.region_code := search_person.region::registry.region_code;
	today CONSTANT date := registry.reference_date();
	parts CONSTANT integer := 7 + CASE WHEN search_person.birth IS NULL THEN 0 ELSE 2 END + CASE WHEN wanted_region IS NULL THEN 0 ELSE 1 END;
	enough CONSTANT integer := CASE WHEN search_person.birth IS NULL AND wanted_region IS NULL THEN 60 ELSE 150 END;
	common boolean;
BEGIN
	IF coalesce(wanted_key, '') = '' THEN
		RAISE EXCEPTION 'a search needs a name'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Persons are found by number with registry.find_person().';
	END IF;
	-- of a name with bearers enough nobody else is among the best
	common := search_person.birth IS NULL AND wanted_region IS NULL
		AND (SELECT count(*) FROM (SELECT FROM registry.person p WHERE p.name_key = wanted_key AND registry.reader_sees(p.territory, p.person_id) LIMIT 50) b) = 50;
	RETURN QUERY
	WITH tried AS MATERIALIZED (
		SELECT wanted_key AS name_key, 1 AS nearness WHERE common
		UNION ALL
		(SELECT c.name_key COLLATE "C", min(c.nearness)
		 FROM registry.name_candidates(search_person.name, search_person.birth IS NOT NULL) c WHERE NOT common GROUP BY 1)
	), named AS MATERIALIZED (
		-- the names somebody bears, by their likeness
		SELECT t.name_key, CASE
			WHEN t.name_key = wanted_key THEN 1
			WHEN by_letters THEN CASE t.nearness WHEN 2 THEN 0.9 WHEN 3 THEN 0.6 ELSE 0.5 END
			ELSE registry.name_likeness(wanted_key, wanted_variant, t.name_key) END::real AS likeness
		FROM tried t
		WHERE EXISTS (SELECT FROM registry.person p WHERE p.name_key = t.name_key AND registry.reader_sees(p.territory, p.person_id))
		ORDER BY 2 DESC, 1
		LIMIT 200
	), found AS (
		-- of each name some persons, and those whom the place or the birth date tells apart
		(SELECT b.person_id, b.birth_date, b.territory, n.likeness
		 FROM named n
		 CROSS JOIN LATERAL (SELECT p.person_id, p.birth_date, p.territory FROM registry.person p WHERE p.name_key = n.name_key AND registry.reader_sees(p.territory, p.person_id) LIMIT enough) b
		 WHERE n.likeness >= 0.5
		 LIMIT enough)
		UNION ALL
		(SELECT p.person_id, p.birth_date, p.territory, n.likeness
		 FROM named n
		 CROSS JOIN LATERAL (SELECT * FROM registry.person p
							 WHERE p.name_key = n.name_key AND p.territory OPERATOR(registry.<@) wanted_region AND registry.reader_sees(p.territory, p.person_id) LIMIT enough) p
		 WHERE n.likeness >= 0.5
		 LIMIT enough)
		UNION ALL
		(SELECT p.person_id, p.birth_date, p.territory, l.likeness
		 FROM registry.person p
		 LEFT JOIN named n ON n.name_key = p.name_key
		 CROSS JOIN LATERAL (SELECT coalesce(n.likeness, CASE
			WHEN by_letters THEN CASE WHEN starts_with(replace(registry.name_pinyin(p.name_key), ' ', ''), wanted_letters) THEN 0.6
									  WHEN registry.name_initials(registry.name_pinyin(p.name_key)) = wanted_letters THEN 0.5 ELSE 0 END
			ELSE registry.name_likeness(wanted_key, wanted_variant, p.name_key) END::real) AS likeness) l
		 WHERE p.birth_date = search_person.birth AND l.likeness >= 0.5 AND registry.reader_sees(p.territory, p.person_id))
	), graded AS (
		SELECT DISTINCT f.person_id,
			round(((7 * f.likeness
			  + CASE WHEN f.birth_date = search_person.birth THEN 2 ELSE 0 END
			  + CASE WHEN f.territory OPERATOR(registry.<@) wanted_region THEN 1 ELSE 0 END) / parts)::numeric, 4)::real AS score
		FROM found f
		ORDER BY 2 DESC, 1
		LIMIT 50
	)
	SELECT p.person_id, g.score,
		CASE registry.reader_mask(p.territory) WHEN 0 THEN p.citizen_id::text WHEN 1 THEN registry.citizen_id_mask(p.citizen_id) END,
		CASE registry.reader_mask(p.territory) WHEN 0 THEN p.name WHEN 1 THEN registry.name_mask(p.name) END, p.sex,
		CASE registry.reader_mask(p.territory) WHEN 0 THEN p.birth_date WHEN 1 THEN make_date(extract(year FROM p.birth_date)::integer, 1, 1) END, p.territory::text,
		registry.region_name(p.territory, today)
	FROM graded g
	JOIN registry.person p ON p.person_id = g.person_id
	ORDER BY g.score DESC, p.person_id;
END
$function$;
COMMENT ON FUNCTION registry.search_person(text, date, text) IS 'candidates for a name, its beginning, reading or initials, birth date and region, best first, at most 50; score 1 is full agreement';

REVOKE ALL ON FUNCTION registry.search_person(text, date, text), registry.name_candidates(text, boolean),
	registry.name_likeness(text, text, text), registry.name_by_letters(text), registry.name_letters(text) FROM PUBLIC;

-- Finding persons by what they are called.

CREATE INDEX IF NOT EXISTS person_name_key_idx ON registry.person (name_key);
CREATE INDEX IF NOT EXISTS person_birth_date_idx ON registry.person (birth_date);

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
 * Of many the most frequent are kept; nearness 1 is tried first.
 */
CREATE OR REPLACE FUNCTION registry.name_candidates(name text) RETURNS TABLE (name_key text, nearness integer)
	LANGUAGE plpgsql STABLE ROWS 300
	SET search_path = pg_catalog, registry, pg_temp
	SET plan_cache_mode = force_generic_plan
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
	IF surname_wanted = '' AND wanted !~ '[^ -~ÀÁÂÄÇÉÈÊËÍÌÎÏÑÓÒÔÖÚÙÛÜ·]' THEN
		-- letters: in the order given, and the last word first
		FOREACH letters IN ARRAY ARRAY[regexp_replace(wanted, '[^[:alpha:]]', '', 'g'),
									   regexp_replace(regexp_replace(wanted, '^(.*\S)\s+(\S+)$', '\2\1'), '[^[:alpha:]]', '', 'g')] LOOP
			letters := translate(lower(letters), 'ü', 'v');
			RETURN QUERY
			SELECT p.part, 2 FROM registry.name_part p WHERE p.kind = 'g' AND p.reading = letters LIMIT 100;
			RETURN QUERY
			SELECT s.part || g.part, 2
			FROM generate_series(1, least(length(letters), 12)) i
			JOIN registry.name_part s ON s.kind = 's' AND s.reading = left(letters, i)
			JOIN registry.name_part g ON g.kind = 'g' AND g.reading = substr(letters, i + 1)
			LIMIT 600;
			RETURN QUERY
			SELECT b.part || g.part, 3
			FROM generate_series(1, least(length(letters), 12)) i
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
								WHERE s.kind = 's' AND s.initials = left(letters, i) ORDER BY s.bearers DESC LIMIT 12) b
			CROSS JOIN LATERAL (SELECT l.part FROM registry.name_part l
								WHERE length(letters) <= 5 AND l.kind = 'g' AND l.initials = substr(letters, i + 1) ORDER BY l.bearers DESC LIMIT 60) g;
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
	-- the beginning of a name; another last character; another one before it
	RETURN QUERY
	SELECT surname_wanted || g.part, 3
	FROM ((SELECT p.part FROM registry.name_part p
		   WHERE p.kind = 'g' AND given_wanted <> '' AND p.part > given_wanted AND p.part < given_wanted || U&'\+10FFFF' LIMIT 150)
		  UNION
		  (SELECT p.part FROM registry.name_part p WHERE p.kind = 'g' AND given_wanted = '' ORDER BY p.bearers DESC LIMIT 150)
		  UNION
		  (SELECT p.part FROM registry.name_part p
		   WHERE p.kind = 'g' AND length(given_wanted) > 1 AND p.part >= left(given_wanted, -1) AND p.part < left(given_wanted, -1) || U&'\+10FFFF' LIMIT 500)
		  UNION
		  (SELECT p.part FROM registry.name_part p
		   WHERE p.kind = 'g' AND given_wanted <> '' AND right(p.part, 1) = right(given_wanted, 1) ORDER BY p.bearers DESC LIMIT 500)) g;
	-- another surname
	RETURN QUERY
	SELECT s.part || given_wanted, 4
	FROM registry.name_part s
	WHERE s.kind = 's' AND length(given_wanted) > 1 AND s.part <> surname_wanted
	ORDER BY s.bearers DESC
	LIMIT 200;
END
$$;
COMMENT ON FUNCTION registry.name_candidates(text) IS 'name keys that a search for a name, its beginning, its reading or its initials is to try; nearness 1 first';

/*
 * registry.search_person(name [, birth [, region]]): candidates, best first, at
 * most 50
 *
 * name may be a name, the beginning of one, a reading or initials (see
 * name_candidates); similar names are found everywhere, and among the persons
 * born that day all of them.  score weighs name 7, birth date 2, region 1 of
 * what is given; 1 is full agreement.  Of persons with equal scores those with
 * the lower numbers come first; of a name with more than 200 bearers some are
 * left out unless birth date or region tells them apart.
 * Errors: 22023 without a name, 22P02 for a region that is none.
 */
CREATE OR REPLACE FUNCTION registry.search_person(name text, birth date DEFAULT NULL, region text DEFAULT NULL)
RETURNS TABLE (person_id bigint, score real, citizen_id text, person_name text, sex text, birth_date date,
			   territory text, territory_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, registry, pg_temp
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
	wanted_key CONSTANT text := registry.name_key(search_person.name);
	wanted_variant CONSTANT text := registry.name_variant_key(search_person.name);
	wanted_region CONSTANT registry.region_code := search_person.region::registry.region_code;
	parts CONSTANT integer := 7 + CASE WHEN search_person.birth IS NULL THEN 0 ELSE 2 END + CASE WHEN wanted_region IS NULL THEN 0 ELSE 1 END;
	names text[];
	likenesses real[];
	found_ids bigint[];
BEGIN
	IF coalesce(wanted_key, '') = '' THEN
		RAISE EXCEPTION 'a search needs a name'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Persons are found by number with registry.find_person().';
	END IF;
	-- the names somebody bears, by their likeness
	SELECT array_agg(b.name_key ORDER BY b.likeness DESC, b.name_key), array_agg(b.likeness ORDER BY b.likeness DESC, b.name_key)
	INTO names, likenesses
	FROM (SELECT k.name_key, greatest(registry.name_likeness(wanted_key, wanted_variant, k.name_key),
									  CASE k.nearness WHEN 3 THEN 0.6 WHEN 4 THEN CASE WHEN registry.name_surname(wanted_key) = '' THEN 0.5 ELSE 0 END ELSE 0 END)::real AS likeness
		  FROM (SELECT c.name_key COLLATE "C" AS name_key, min(c.nearness) AS nearness
				FROM registry.name_candidates(search_person.name) c GROUP BY 1) k
		  WHERE EXISTS (SELECT FROM registry.person p WHERE p.name_key = k.name_key)
		  ORDER BY 2 DESC, 1
		  LIMIT 300) b
	WHERE b.likeness >= 0.5;

	-- of each name some persons, and those whom the place tells apart
	found_ids := ARRAY(
		SELECT b.person_id FROM unnest(names) WITH ORDINALITY n(name_key, ordinal)
		CROSS JOIN LATERAL (SELECT p.person_id FROM registry.person p WHERE p.name_key = n.name_key COLLATE "C" LIMIT 200) b
		LIMIT 400);
	IF wanted_region IS NOT NULL THEN
		found_ids := found_ids || ARRAY(
			SELECT p.person_id FROM unnest(names) WITH ORDINALITY n(name_key, ordinal)
			JOIN registry.person p ON p.name_key = n.name_key COLLATE "C" AND p.territory OPERATOR(registry.<@) wanted_region
			LIMIT 400);
	END IF;
	IF search_person.birth IS NOT NULL THEN
		found_ids := found_ids || ARRAY(SELECT p.person_id FROM registry.person p WHERE p.birth_date = search_person.birth
										AND (p.name_key = ANY (names) OR registry.name_likeness(wanted_key, wanted_variant, p.name_key) >= 0.5));
	END IF;

	RETURN QUERY
	WITH graded AS (
		SELECT p.*,
			((7 * greatest(coalesce(likenesses[array_position(names, p.name_key)], 0), registry.name_likeness(wanted_key, wanted_variant, p.name_key))
			  + CASE WHEN p.birth_date = search_person.birth THEN 2 ELSE 0 END
			  + CASE WHEN p.territory OPERATOR(registry.<@) wanted_region THEN 1 ELSE 0 END) / parts)::real AS score
		FROM (SELECT DISTINCT f FROM unnest(found_ids) f) found
		JOIN registry.person p ON p.person_id = found.f
	)
	SELECT g.person_id, g.score, g.citizen_id::text, g.name, g.sex, g.birth_date, g.territory::text,
		registry.region_name(g.territory, registry.reference_date())
	FROM (SELECT * FROM graded ORDER BY graded.score DESC, graded.person_id LIMIT 50) g
	ORDER BY g.score DESC, g.person_id;
END
$function$;
COMMENT ON FUNCTION registry.search_person(text, date, text) IS 'candidates for a name, its beginning, reading or initials, birth date and region, best first, at most 50; score 1 is full agreement';

-- Equal, a variant, or how like.
CREATE OR REPLACE FUNCTION registry.name_likeness(wanted_key text, wanted_variant text, key text) RETURNS real
	LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT CASE WHEN key = wanted_key THEN 1
		WHEN registry.name_variant_key(key) = wanted_variant THEN 0.95
		ELSE registry.name_similarity(wanted_key, key) END::real;
END;
COMMENT ON FUNCTION registry.name_likeness(text, text, text) IS 'score of a name key in a search: 1 equal, 0.95 a variant, else name_similarity';

REVOKE ALL ON FUNCTION registry.search_person(text, date, text), registry.name_candidates(text) FROM PUBLIC;

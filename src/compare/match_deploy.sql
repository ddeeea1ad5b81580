-- Who may be the same: proposals for somebody to decide, and the few links that
-- numbers alone prove.
--
-- One number is one person from the start (levels A1 to A4).  Beyond that only
-- two things join persons without a human: a police correction of a number
-- (renumber_person, DP07), and a travel permit beside the social-insurance
-- number that is made from it (DP08), both under one name.  Everything else is
-- proposed with its score and its reasons.  One side of a proposal is always a
-- person whom no register holds or who has no citizen number: two numbers of
-- living persons are never proposed, however alike twins are named.

/*
 * Pairs that may be one person, of the judged persons in no register or without
 * a citizen number.  level:
 *   B2  numbers one digit, one swap or one century apart, same name
 *   C1  same name, birth date and sex, same county
 *   C2  same name, birth date and sex elsewhere, and the name is rare: at most
 *       three of that birth year; likewise a document of Hong Kong, Macao or
 *       Taiwan beside a residence permit of the same place (DP08)
 *   C3  same mobile, name equal but for variant characters
 * frequency: persons of that name (B2, C3), of that name and birth year (C1, C2);
 * the more there are, the less an equal name says.
 */
CREATE OR REPLACE FUNCTION registry.find_proposals()
	RETURNS TABLE (person_id bigint, other_id bigint, level text, score real, reason text)
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	DROP TABLE IF EXISTS pg_temp.registry_candidate, pg_temp.registry_namesake, pg_temp.registry_same_phone;
	CREATE TEMP TABLE registry_candidate ON COMMIT DROP AS
		SELECT p.person_id, p.citizen_id, p.name, p.name_key, p.sex, p.birth_date, p.territory, p.life_status, p.phone,
			   CASE left(registry.document_social_number(p.id_no), 4) WHEN 'HKG0' THEN '81' WHEN 'MAC0' THEN '82' WHEN 'TWN0' THEN '83' END AS permit
		FROM pg_temp.registry_verdict v
		JOIN registry.person p USING (person_id)
		WHERE (v.life_status = 90 OR v.citizen_id IS NULL)
		  AND NOT registry.name_invalid(p.name)
		  -- 000000, 11111111 and the like are no numbers
		  AND p.id_no !~ '^(.)\1*$';
	IF NOT EXISTS (SELECT FROM pg_temp.registry_candidate) THEN
		RETURN;
	END IF;
	ANALYZE pg_temp.registry_candidate;
	CREATE TEMP TABLE registry_namesake ON COMMIT DROP AS
		SELECT p.name_key, extract(year FROM p.birth_date) AS birth_year, count(*) AS persons
		FROM registry.person p
		WHERE p.name_key IN (SELECT c.name_key FROM pg_temp.registry_candidate c)
		GROUP BY 1, 2;
	ANALYZE pg_temp.registry_namesake;
	-- one pass over the persons; a mobile that more than five share says nothing
	CREATE TEMP TABLE registry_same_phone ON COMMIT DROP AS
		SELECT p.phone, array_agg(p.person_id) AS persons
		FROM registry.person p
		WHERE p.phone IN (SELECT c.phone FROM pg_temp.registry_candidate c WHERE c.phone ~ '^1[3-9][0-9]{9}$')
		GROUP BY p.phone
		HAVING count(*) BETWEEN 2 AND 5;

	RETURN QUERY
	WITH near (person_id, other_id, level, base, what) AS (
		SELECT p.person_id, c.person_id, 'B2', 0.95, 'numbers one digit or one swap apart'
		FROM pg_temp.registry_candidate c
		CROSS JOIN LATERAL registry.citizen_id_neighbours(c.citizen_id) n(id)
		JOIN registry.person p ON p.citizen_id = n.id AND p.name_key = c.name_key
		WHERE c.citizen_id IS NOT NULL AND p.life_status <> 90
		UNION ALL
		SELECT p.person_id, c.person_id, 'B2', 0.9, 'numbers one century apart'
		FROM pg_temp.registry_candidate c
		CROSS JOIN unnest('{18,19,20}'::text[]) AS y (century)
		CROSS JOIN unnest('{0,1,2,3,4,5,6,7,8,9,X}'::text[]) AS k (check_character)
		JOIN registry.person p
		  ON p.citizen_id = registry.citizen_id_try(left(c.citizen_id::text, 6) || y.century || substr(c.citizen_id::text, 9, 9) || k.check_character)
		 AND p.name_key = c.name_key
		WHERE c.citizen_id IS NOT NULL AND y.century <> substr(c.citizen_id::text, 7, 2) AND p.life_status <> 90
		UNION ALL
		SELECT p.person_id, c.person_id,
			   CASE WHEN registry.region_at_level(p.territory, 3) = registry.region_at_level(c.territory, 3) THEN 'C1' ELSE 'C2' END,
			   CASE WHEN registry.region_at_level(p.territory, 3) = registry.region_at_level(c.territory, 3) THEN 0.85 ELSE 0.65 END,
			   CASE WHEN registry.region_at_level(p.territory, 3) = registry.region_at_level(c.territory, 3)
					THEN 'same birth date, sex and county' ELSE 'same birth date and sex' END
		FROM pg_temp.registry_candidate c
		JOIN registry.person p ON p.name_key = c.name_key AND p.birth_date = c.birth_date AND p.sex = c.sex
		WHERE p.life_status <> 90 OR (p.citizen_id IS NULL AND c.citizen_id IS NULL)
		UNION ALL
		SELECT p.person_id, c.person_id, 'C2', 0.6, 'document and residence permit of one place'
		FROM pg_temp.registry_candidate c
		JOIN registry.person p ON p.name_key = c.name_key AND left(p.citizen_id::text, 2) = c.permit
		WHERE c.citizen_id IS NULL
		  AND coalesce(p.birth_date = c.birth_date, true) AND coalesce(p.sex = c.sex, true)
		UNION ALL
		SELECT p.person_id, c.person_id, 'C3', 0.5, 'same mobile'
		FROM pg_temp.registry_candidate c
		JOIN pg_temp.registry_same_phone s ON s.phone = c.phone
		JOIN registry.person p ON p.person_id = ANY (s.persons)
		WHERE (p.life_status <> 90 OR (p.citizen_id IS NULL AND c.citizen_id IS NULL))
		  AND registry.name_variant_key(p.name) = registry.name_variant_key(c.name)
	), weighed AS (
		SELECT n.*, f.persons, n.level IN ('C1', 'C2') AND c.birth_date IS NOT NULL AS of_year,
			   n.base - CASE n.level WHEN 'B2' THEN 0.03 ELSE 0.1 END * log(f.persons) AS weight,
			   row_number() OVER (PARTITION BY least(n.person_id, n.other_id), greatest(n.person_id, n.other_id)
								  ORDER BY n.base DESC, n.person_id) AS place
		FROM near n
		JOIN pg_temp.registry_candidate c ON c.person_id = n.other_id
		CROSS JOIN LATERAL (
			SELECT greatest(sum(k.persons), 1) AS persons FROM pg_temp.registry_namesake k
			WHERE k.name_key = c.name_key
			  AND (n.level IN ('B2', 'C3') OR c.birth_date IS NULL OR k.birth_year = extract(year FROM c.birth_date))) f
		JOIN registry.person p ON p.person_id = n.person_id
		WHERE n.person_id <> n.other_id AND (n.level <> 'C2' OR f.persons <= 3) AND p.id_no !~ '^(.)\1*$'
	)
	SELECT w.person_id, w.other_id, w.level, round(greatest(w.weight, 0.05), 2)::real,
		   format('%s, same name (%s known%s)', w.what, w.persons, CASE WHEN w.of_year THEN ' of that birth year' ELSE '' END)
	FROM weighed w
	WHERE w.place = 1;
END;
$$;
COMMENT ON FUNCTION registry.find_proposals() IS 'pairs of persons that may be one, with level, score and reason; of the judged persons that no register holds or that have no citizen number';

-- Pairs decided not to be the same, as the ids are today.
CREATE OR REPLACE VIEW registry.person_not_same AS
SELECT l.link_id, least(a.person_id, b.person_id) AS person_id, greatest(a.person_id, b.person_id) AS other_id
FROM registry.link l
CROSS JOIN LATERAL (SELECT coalesce((SELECT m.person_id FROM registry.person_merged m WHERE m.origin_person = l.person_id), l.person_id) AS person_id) a
CROSS JOIN LATERAL (SELECT coalesce((SELECT m.person_id FROM registry.person_merged m WHERE m.origin_person = l.other_id), l.other_id) AS person_id) b
WHERE l.kind = 'not_same' AND l.undone_by IS NULL;
COMMENT ON VIEW registry.person_not_same IS 'pairs of persons that were decided not to be the same, by their ids of today';

-- Keeps the proposals equal to what is found: new ones written, better or worse
-- ones brought up to date, those that nothing speaks for any more withdrawn.
CREATE OR REPLACE FUNCTION registry.propose_links() RETURNS bigint
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	written bigint;
BEGIN
	DROP TABLE IF EXISTS pg_temp.registry_proposal;
	CREATE TEMP TABLE registry_proposal ON COMMIT DROP AS
		SELECT f.* FROM registry.find_proposals() f
		WHERE NOT EXISTS (SELECT FROM registry.person_not_same d
						  WHERE d.person_id = least(f.person_id, f.other_id) AND d.other_id = greatest(f.person_id, f.other_id));
	UPDATE registry.link l SET undone_by = l.link_id
	WHERE l.kind = 'proposal' AND l.undone_by IS NULL
	  AND EXISTS (SELECT FROM registry.person p WHERE p.person_id = l.other_id)
	  AND EXISTS (SELECT FROM pg_temp.registry_verdict v WHERE v.person_id = l.other_id)
	  AND NOT EXISTS (SELECT FROM pg_temp.registry_proposal f WHERE f.person_id = l.person_id AND f.other_id = l.other_id);
	INSERT INTO registry.link AS l (kind, person_id, other_id, rule_id, score, reason, decided_by)
		SELECT 'proposal', f.person_id, f.other_id, f.level, f.score, f.reason, registry.calling_role()
		FROM pg_temp.registry_proposal f
		ORDER BY f.person_id, f.other_id
		ON CONFLICT (least(person_id, other_id), greatest(person_id, other_id)) WHERE kind = 'proposal'
		DO UPDATE SET person_id = excluded.person_id, other_id = excluded.other_id, rule_id = excluded.rule_id,
			score = excluded.score, reason = excluded.reason, undone_by = NULL
		WHERE (l.person_id, l.rule_id, l.score, l.reason) IS DISTINCT FROM (excluded.person_id, excluded.rule_id, excluded.score, excluded.reason)
		   OR l.undone_by IS NOT NULL;
	GET DIAGNOSTICS written = ROW_COUNT;
	RETURN written;
END;
$$;
COMMENT ON FUNCTION registry.propose_links() IS 'brings the proposals of the judged persons up to date; internal to compare()';

/*
 * Travel permits of Hong Kong, Macao and Taiwan, and the social-insurance
 * numbers made from them (HKG, MAC, TWN): one person when the name is the same.
 * A pair on which a link was ever decided is left as it was decided.
 */
CREATE OR REPLACE FUNCTION registry.link_documents() RETURNS bigint
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	members bigint[];
BEGIN
	WITH holder AS (
		SELECT s.number, v.name_key, h.person_id, min(h.person_id) OVER (PARTITION BY s.number, v.name_key) AS first_id
		FROM pg_temp.registry_verdict v
		CROSS JOIN LATERAL (SELECT registry.document_social_number(v.id_no) AS number) s
		JOIN registry.person_alias a
		  ON a.kind = 'document'
		 -- the number itself, and the permits, whatever their count of issue
		 AND (a.value = s.number
			  OR a.value COLLATE "C" >= CASE left(s.number, 3) WHEN 'HKG' THEN 'H' WHEN 'MAC' THEN 'M' ELSE '' END || right(s.number, 8)
			 AND a.value COLLATE "C" < CASE left(s.number, 3) WHEN 'HKG' THEN 'H' WHEN 'MAC' THEN 'M' ELSE '' END || right(s.number, 8) || '~')
		JOIN registry.person p ON p.person_id = a.person_id
		CROSS JOIN LATERAL (VALUES (v.person_id), (a.person_id)) AS h (person_id)
		WHERE v.citizen_id IS NULL AND v.class <> 'gone' AND s.number ~ '^(HKG|MAC|TWN)0[0-9]{8}$' AND s.number !~ '(.)\1{7}$'
		  AND p.name_key = v.name_key AND NOT registry.name_invalid(v.name)
		  AND registry.document_social_number(a.value) = s.number
	), made AS (
		INSERT INTO registry.link (kind, person_id, other_id, rule_id, score, reason, decided_by)
		SELECT DISTINCT 'merge', h.first_id, h.person_id, 'DP08', 1,
			   'permit and the social-insurance number made from it, same name', registry.calling_role()
		FROM holder h
		WHERE h.person_id <> h.first_id
		  AND NOT EXISTS (SELECT FROM registry.link l WHERE l.kind IN ('merge', 'not_same')
						  AND (l.person_id, l.other_id) IN ((h.person_id, h.first_id), (h.first_id, h.person_id)))
		  AND NOT EXISTS (SELECT FROM registry.person_not_same d WHERE d.person_id = h.first_id AND d.other_id = h.person_id)
		RETURNING person_id, other_id)
	SELECT array_agg(m.person_id) || array_agg(m.other_id) INTO members FROM made m;
	IF members IS NULL THEN
		RETURN 0;
	END IF;
	PERFORM registry.apply_links(registry.link_group(members), 'permits and the numbers made from them');
	RETURN cardinality(members) / 2;
END;
$$;
COMMENT ON FUNCTION registry.link_documents() IS 'joins travel permits and the social-insurance numbers made from them; internal to compare()';

-- What has been decided about identity, and what may be.  Base types.
CREATE OR REPLACE VIEW registry.link_list WITH (security_barrier) AS
SELECT
	l.link_id,
	l.kind,
	CASE
		WHEN l.kind = 'split' THEN 'done'
		WHEN l.kind <> 'proposal' THEN CASE WHEN l.undone_by IS NULL THEN 'in force' ELSE 'undone' END
		WHEN a.person_id = b.person_id THEN 'accepted'
		WHEN EXISTS (SELECT FROM registry.person_not_same d
					 WHERE d.person_id = least(a.person_id, b.person_id) AND d.other_id = greatest(a.person_id, b.person_id)) THEN 'refused'
		WHEN l.undone_by IS NOT NULL THEN 'withdrawn'
		ELSE 'open'
	END AS state,
	l.person_id,
	CASE registry.mask_of(p.territory) WHEN 0 THEN p.citizen_id::text WHEN 1 THEN registry.citizen_id_mask(p.citizen_id) END AS citizen_id,
	CASE registry.mask_of(p.territory) WHEN 0 THEN p.name WHEN 1 THEN registry.name_mask(p.name) END AS name,
	l.other_id,
	CASE registry.mask_of(q.territory) WHEN 0 THEN q.citizen_id::text WHEN 1 THEN registry.citizen_id_mask(q.citizen_id) END AS other_citizen_id,
	CASE registry.mask_of(q.territory) WHEN 0 THEN q.name WHEN 1 THEN registry.name_mask(q.name) END AS other_name,
	l.rule_id,
	round(l.score::numeric, 2) AS score,
	l.reason,
	l.decided_by,
	l.decided_at,
	nullif(l.undone_by, l.link_id) AS undone_by
FROM registry.link l
CROSS JOIN LATERAL (SELECT coalesce((SELECT m.person_id FROM registry.person_merged m WHERE m.origin_person = l.person_id), l.person_id) AS person_id) a
CROSS JOIN LATERAL (SELECT coalesce((SELECT m.person_id FROM registry.person_merged m WHERE m.origin_person = l.other_id), l.other_id) AS person_id) b
LEFT JOIN registry.person p ON p.person_id = a.person_id
LEFT JOIN registry.person q ON q.person_id = b.person_id
WHERE registry.sees(p.territory, p.person_id) AND registry.sees(q.territory, q.person_id);
COMMENT ON VIEW registry.link_list IS 'decisions about identity and proposals: merge and not_same in force or undone, split, proposal open, accepted, refused or withdrawn; numbers and names are of the persons that the ids mean today';

/*
 * registry.accept_proposal(link_id, reason) → link_id of the merge
 * registry.refuse_proposal(link_id, reason) → link_id of the not_same
 *
 * Errors: 22023 no such proposal; those of merge_person() and not_same().
 */
CREATE OR REPLACE FUNCTION registry.open_proposal(link_id bigint) RETURNS registry.link
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	proposal registry.link;
BEGIN
	SELECT l.* INTO proposal FROM registry.link l WHERE l.link_id = open_proposal.link_id AND l.kind = 'proposal';
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no proposal %', coalesce(link_id::text, 'null')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'registry.link_list shows the open ones.';
	END IF;
	RETURN proposal;
END;
$$;
COMMENT ON FUNCTION registry.open_proposal(bigint) IS 'the proposal of a link';

CREATE OR REPLACE FUNCTION registry.accept_proposal(link_id bigint, reason text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	proposal registry.link := registry.open_proposal(link_id);
BEGIN
	RETURN registry.merge_person(proposal.person_id, proposal.other_id, reason);
END;
$$;
COMMENT ON FUNCTION registry.accept_proposal(bigint, text) IS 'merges the two persons of a proposal';

CREATE OR REPLACE FUNCTION registry.refuse_proposal(link_id bigint, reason text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	proposal registry.link := registry.open_proposal(link_id);
BEGIN
	RETURN registry.not_same(proposal.person_id, proposal.other_id, reason);
END;
$$;
COMMENT ON FUNCTION registry.refuse_proposal(bigint, text) IS 'decides that the two persons of a proposal are not the same';

/*
 * registry.renumber_person(old_number, new_number, reason) → link_id
 *
 * The police corrected a number (DP07): both numbers are one person from now on,
 * also when no extract has brought the new one yet.  The person keeps its id
 * unless a register knows the new number already.
 *
 * Errors: 22023 a number that is no citizen number, or an old one that is
 * unknown, or no reason; those of merge_person().
 */
CREATE OR REPLACE FUNCTION registry.renumber_person(old_number text, new_number text, reason text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	wanted record;
	old_person bigint;
	new_person bigint;
	made bigint;
	groups bigint[];
BEGIN
	PERFORM registry.lock_persons();
	SELECT d.* INTO wanted FROM registry.document_read(new_number) d;
	IF wanted.id IS NULL THEN
		RAISE EXCEPTION 'the new number is no citizen number'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Rule %s.', coalesce(wanted.fault, 'ID01')),
				  HINT = 'registry.citizen_id_grade() tells what is wrong with a number.';
	END IF;
	SELECT a.person_id INTO old_person
	FROM registry.person_alias a
	WHERE a.value IN (btrim(old_number), (SELECT d.number FROM registry.document_read(old_number) d)) AND a.kind <> 'former_name'
	ORDER BY a.kind = 'citizen_id' DESC, a.person_id
	LIMIT 1;
	IF old_person IS NULL THEN
		RAISE EXCEPTION 'the old number leads to nobody'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'There is nothing to correct until a source names it.';
	END IF;
	SELECT a.origin_person INTO new_person FROM registry.person_alias a WHERE a.value = wanted.id::text AND a.kind = 'citizen_id';
	IF new_person IS NULL THEN
		SELECT greatest((SELECT max(a.person_id) FROM registry.person_alias a),
						(SELECT max(greatest(l.person_id, l.other_id)) FROM registry.link l)) + 1 INTO new_person;
		INSERT INTO registry.person_alias (person_id, territory, kind, value, origin_person)
			VALUES (new_person, (SELECT p.territory FROM registry.person p WHERE p.person_id = old_person), 'citizen_id', wanted.id::text, new_person);
	END IF;
	PERFORM registry.check_decision(old_person, new_person, reason);
	PERFORM registry.check_merge(registry.link_group(ARRAY[old_person]), registry.link_group(ARRAY[new_person]));
	IF registry.resolve_person(new_person) IS NULL THEN
		INSERT INTO registry.link (kind, person_id, other_id, rule_id, score, reason, decided_by)
			VALUES ('merge', old_person, new_person, 'DP07', 1, btrim(reason), registry.calling_role()) RETURNING link_id INTO made;
	ELSE
		INSERT INTO registry.link (kind, person_id, other_id, rule_id, score, reason, decided_by)
			VALUES ('merge', new_person, old_person, 'DP07', 1, btrim(reason), registry.calling_role()) RETURNING link_id INTO made;
	END IF;
	groups := registry.link_group(ARRAY[old_person, new_person]);
	PERFORM registry.apply_links(groups, format('number corrected, link %s: %s', made, btrim(reason)));
	RETURN made;
END;
$$;
COMMENT ON FUNCTION registry.renumber_person(text, text, text) IS 'the police corrected a number: both are one person from now on; returns the link';

REVOKE EXECUTE ON FUNCTION registry.find_proposals(),
	registry.propose_links(),
	registry.link_documents(),
	registry.open_proposal(bigint),
	registry.accept_proposal(bigint, text),
	registry.refuse_proposal(bigint, text),
	registry.renumber_person(text, text, text) FROM PUBLIC;

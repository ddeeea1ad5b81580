-- Merging persons, and taking it back.
--
-- Provenance instead of surgery: every row knows the person its number first led
-- to (origin_person), every decision is a link that is never deleted, and whom
-- an origin belongs to follows from the merges in force, replayed in the order
-- in which they were made.  So the state after an undo is the state as if the
-- merge had never been, with all that came since.

ALTER TABLE registry.problem ADD COLUMN IF NOT EXISTS suspended jsonb;
COMMENT ON COLUMN registry.problem.suspended IS 'how far the problem had been dealt with when a merge or split closed it; comes back with it';

-- Everybody whom merges in force join with some of the persons given, these
-- among them and first.
CREATE OR REPLACE FUNCTION registry.link_group(persons bigint[]) RETURNS bigint[]
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN ARRAY(
		WITH RECURSIVE reached (person_id) AS (
			SELECT u.person_id FROM unnest(persons) AS u (person_id)
			UNION
			SELECT n.person_id
			FROM reached r
			CROSS JOIN LATERAL (
				SELECT l.other_id AS person_id FROM registry.link l
				WHERE l.person_id = r.person_id AND l.kind = 'merge' AND l.undone_by IS NULL
				UNION ALL
				SELECT l.person_id FROM registry.link l
				WHERE l.other_id = r.person_id AND l.kind = 'merge' AND l.undone_by IS NULL) n)
		SELECT reached.person_id FROM reached);
END;
$$;
COMMENT ON FUNCTION registry.link_group(bigint[]) IS 'everybody whom the merges in force join with the persons given';

/*
 * Makes everything stand with the person it belongs to by the merges in force:
 * person_merged, the rows and numbers of the members, and the persons who go up
 * in another, whose rows leave registry.person and the counts.  The persons
 * concerned are touched; judging them is the caller's.
 *
 * members: whole groups, as they were before and are now
 */
CREATE OR REPLACE FUNCTION registry.settle_links(members bigint[]) RETURNS void
	LANGUAGE plpgsql
	SET client_min_messages = warning
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	moves bigint[];
	was bigint[];
	becomes bigint[];
	fact text;
BEGIN
	SELECT array_agg(m.origin), array_agg(m.was), array_agg(m.becomes) INTO moves, was, becomes
	FROM (SELECT u.origin, coalesce(o.person_id, u.origin) AS was, coalesce(r.person_id, u.origin) AS becomes
		  FROM (SELECT DISTINCT e.origin FROM unnest(members) AS e (origin)) u
		  LEFT JOIN registry.person_merged o ON o.origin_person = u.origin
		  LEFT JOIN registry.link_roots(
				(SELECT coalesce(array_agg(l.person_id ORDER BY l.link_id), '{}') FROM registry.link l
				 WHERE l.person_id = ANY (members) AND l.kind = 'merge' AND l.undone_by IS NULL),
				(SELECT coalesce(array_agg(l.other_id ORDER BY l.link_id), '{}') FROM registry.link l
				 WHERE l.person_id = ANY (members) AND l.kind = 'merge' AND l.undone_by IS NULL)) r ON r.origin_person = u.origin) m
	WHERE m.was <> m.becomes;
	IF moves IS NULL THEN
		RETURN;
	END IF;

	DELETE FROM registry.person_merged m WHERE m.origin_person = ANY (moves);
	INSERT INTO registry.person_merged (origin_person, person_id)
		SELECT m.origin, m.becomes FROM unnest(moves, becomes) AS m (origin, becomes) WHERE m.origin <> m.becomes;

	-- rows and numbers, with the territory that the person's rows have now
	FOREACH fact IN ARRAY ARRAY['population', 'enrolment', 'circumstance', 'elsewhere', 'person_alias', 'person_item'] LOOP
		EXECUTE format('UPDATE registry.%I f SET person_id = m.becomes, territory = coalesce(p.territory, f.territory)'
					   ' FROM unnest($1, $2, $3) AS m (origin, was, becomes)'
					   ' LEFT JOIN registry.person p ON p.person_id = m.becomes'
					   ' WHERE f.person_id = m.was AND f.origin_person = m.origin', fact) USING moves, was, becomes;
	END LOOP;

	-- who went up in another is counted no more
	INSERT INTO pg_temp.registry_verdict
		SELECT p.person_id, p.territory, p.citizen_id, p.id_kind, p.id_no, p.name, p.name_key, p.sex, p.birth_date,
			   p.ethnic, p.hukou_region, p.residence_region, p.phone, p.address, 32, p.life_since,
			   p.employment, p.worker_kind, p.paying, p.receiving, p.paused, p.elsewhere, p.due, p.gap, p.standing,
			   'gone', p.work_state, p.next_change, false, true, false, p.territory, p.standing, p.class
		FROM registry.person p
		WHERE p.person_id = ANY (was) AND EXISTS (SELECT FROM registry.person_merged m WHERE m.origin_person = p.person_id);
	DELETE FROM registry.person p
	USING registry.person_merged m
	WHERE p.person_id = ANY (was) AND m.origin_person = p.person_id;
	DELETE FROM pg_temp.registry_touched t
	USING registry.person_merged m
	WHERE t.person_id = ANY (was) AND m.origin_person = t.person_id;

	-- where nothing current says who a person is, what ended last does
	INSERT INTO pg_temp.registry_touched (person_id, last_seen)
		SELECT t.person_id, CASE WHEN bool_or(r.ended_on IS NULL) THEN NULL ELSE max(r.ended_on) END
		FROM (SELECT u.person_id FROM unnest(was) AS u (person_id) UNION SELECT u.person_id FROM unnest(becomes) AS u (person_id)) t
		LEFT JOIN LATERAL (
			SELECT f.ended_on FROM registry.population f WHERE f.person_id = t.person_id
			UNION ALL SELECT f.ended_on FROM registry.enrolment f WHERE f.person_id = t.person_id
			UNION ALL SELECT f.ended_on FROM registry.circumstance f WHERE f.person_id = t.person_id
			UNION ALL SELECT f.ended_on FROM registry.elsewhere f WHERE f.person_id = t.person_id) r ON true
		WHERE NOT EXISTS (SELECT FROM registry.person_merged m WHERE m.origin_person = t.person_id)
		GROUP BY t.person_id
		ON CONFLICT (person_id) DO UPDATE SET last_seen = excluded.last_seen;
END;
$$;
COMMENT ON FUNCTION registry.settle_links(bigint[]) IS 'puts rows, numbers and persons where the merges in force say; touches the persons concerned';

/*
 * The end of every act on identity: settles the links of the members, judges
 * whom that touches, and keeps how far their problems had been dealt with.
 */
CREATE OR REPLACE FUNCTION registry.apply_links(members bigint[], act text) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	old_cause CONSTANT text := current_setting('registry.cause', true);
BEGIN
	PERFORM registry.begin_act();
	PERFORM set_config('registry.cause', act, true);
	PERFORM registry.create_recompute_tables();
	PERFORM registry.settle_links(members);
	UPDATE registry.problem p SET suspended = jsonb_build_object('state', p.state, 'decision', p.decision, 'decided_keep', p.decided_keep, 'sent_to', p.sent_to)
	WHERE p.person_id = ANY (members) AND p.state NOT IN ('open', 'closed');
	PERFORM registry.recompute(false, registry.reference_date(), NULL);
	-- of a person who went up in another, until a split brings it back
	UPDATE registry.problem p SET decision = 'merged'
	FROM registry.person_merged m
	WHERE p.person_id = m.origin_person AND m.origin_person = ANY (members)
	  AND p.state = 'closed' AND p.decision IS NULL AND p.closed_at = now() AND p.closed_batch_id IS NULL;
	UPDATE registry.problem p SET state = p.suspended ->> 'state', decision = p.suspended ->> 'decision',
		decided_keep = p.suspended ->> 'decided_keep', sent_to = p.suspended ->> 'sent_to', suspended = NULL
	WHERE p.person_id = ANY (members) AND p.state = 'open' AND p.suspended IS NOT NULL;
	-- conflicts with another act or compare() under repeatable read, where the
	-- lock lets nobody see what was done before it
	UPDATE registry.setting s SET value = s.value WHERE s.name = 'current_reference_date';
	PERFORM set_config('registry.cause', coalesce(old_cause, ''), true);
	PERFORM registry.end_act();
END;
$$;
COMMENT ON FUNCTION registry.apply_links(bigint[], text) IS 'settles the links of some persons and judges whom that touches';

-- Who calls, also from inside a definer function.
CREATE OR REPLACE FUNCTION registry.calling_role() RETURNS text
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN CASE WHEN current_setting('role') = 'none' THEN session_user::text ELSE current_setting('role') END;
END;
$$;
COMMENT ON FUNCTION registry.calling_role() IS 'role of the session, also inside functions that run as their owner';

/*
 * What any decision about two persons needs.
 * Errors: 22004 a null; 22023 no reason, or an id that no person ever had, or
 * the same id twice.
 */
CREATE OR REPLACE FUNCTION registry.check_decision(a bigint, b bigint, reason text) RETURNS void
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	unknown bigint;
BEGIN
	IF a IS NULL OR b IS NULL THEN
		RAISE EXCEPTION 'a decision about identity names two persons'
			USING ERRCODE = 'null_value_not_allowed', HINT = 'registry.find_person() returns null for a number that is malformed or unknown.';
	END IF;
	IF coalesce(btrim(reason), '') = '' THEN
		RAISE EXCEPTION 'a decision about identity needs a reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Name the document or the answer on which it rests.';
	END IF;
	IF a = b THEN
		RAISE EXCEPTION 'person % was named twice', a USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT u.person_id INTO unknown
	FROM unnest(ARRAY[a, b]) AS u (person_id)
	WHERE NOT EXISTS (SELECT FROM registry.person p WHERE p.person_id = u.person_id)
	  AND NOT EXISTS (SELECT FROM registry.person_merged m WHERE m.origin_person = u.person_id)
	  AND NOT EXISTS (SELECT FROM registry.person_alias n WHERE n.person_id = u.person_id)
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'there is no person %', unknown
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Persons are found with registry.find_person() and registry.search_person().';
	END IF;
END;
$$;
COMMENT ON FUNCTION registry.check_decision(bigint, bigint, text) IS 'refuses decisions without reason or about nobody';

/*
 * What any merge of two groups needs.
 * Errors: RG021 they are one already; RG022 somebody decided that a member of
 * the one is not a member of the other; RG023 together they hold two numbers
 * under which the police have a living person (居民身份证法 3: one person, one
 * number, for life).
 */
CREATE OR REPLACE FUNCTION registry.check_merge(keeps bigint[], drops bigint[]) RETURNS void
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	standing registry.link;
	numbers text;
BEGIN
	IF keeps && drops THEN
		RAISE EXCEPTION 'persons % and % are one already', keeps[1], drops[1] USING ERRCODE = 'RG021';
	END IF;
	SELECT l.* INTO standing
	FROM registry.link l
	WHERE l.kind = 'not_same' AND l.undone_by IS NULL
	  AND (l.person_id = ANY (keeps) AND l.other_id = ANY (drops) OR l.person_id = ANY (drops) AND l.other_id = ANY (keeps))
	ORDER BY l.link_id
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'persons % and % were decided not to be the same', keeps[1], drops[1]
			USING ERRCODE = 'RG022', DETAIL = format('Link %s about persons %s and %s, by %s: %s', standing.link_id, standing.person_id,
													  standing.other_id, standing.decided_by, standing.reason),
				  HINT = format('If that was wrong: SELECT registry.split_person(%s, ''why'').', standing.link_id);
	END IF;
	SELECT string_agg(DISTINCT p.citizen_id::text, ', ') INTO numbers
	FROM registry.population p
	WHERE p.person_id IN (SELECT coalesce(m.person_id, u.origin) FROM unnest(keeps || drops) AS u (origin)
						  LEFT JOIN registry.person_merged m ON m.origin_person = u.origin)
	  AND p.ended_on IS NULL AND p.status IN (10, 40, 41)
	HAVING count(DISTINCT p.citizen_id) > 1;
	IF numbers IS NOT NULL THEN
		RAISE EXCEPTION 'the police hold persons % and % as two living people', keeps[1], drops[1]
			USING ERRCODE = 'RG023', DETAIL = format('Numbers: %s.', numbers),
				  HINT = 'If one of the numbers is wrong, the police correct it first; the next extract then no longer holds it.';
	END IF;
END;
$$;
COMMENT ON FUNCTION registry.check_merge(bigint[], bigint[]) IS 'refuses merges of groups that are one, are decided not to be, or hold two numbers of living people';

/*
 * registry.merge_person(keep, drop, reason) → link_id
 *
 * The two persons are one from now on and go by keep: rows, numbers and problems
 * of drop stand with keep, which is judged afresh.  Old ids and numbers lead to
 * keep for ever.  Either may be an id that went up in another before.
 *
 * Errors: 22004, 22023 see check_decision; RG021 they are one already; RG022
 * somebody decided that they are not the same; RG023 the police hold both as
 * living.
 */
CREATE OR REPLACE FUNCTION registry.merge_person(keep bigint, "drop" bigint, reason text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	made bigint;
	keeps bigint[];
	drops bigint[];
BEGIN
	PERFORM registry.lock_persons();
	PERFORM registry.check_decision(keep, "drop", reason);
	keeps := registry.link_group(ARRAY[keep]);
	drops := registry.link_group(ARRAY["drop"]);
	PERFORM registry.check_merge(keeps, drops);
	INSERT INTO registry.link (kind, person_id, other_id, reason, decided_by)
		VALUES ('merge', keep, "drop", btrim(reason), registry.calling_role())
		RETURNING link_id INTO made;
	PERFORM registry.apply_links(keeps || drops, format('merge, link %s: %s', made, btrim(reason)));
	RETURN made;
END;
$$;
COMMENT ON FUNCTION registry.merge_person(bigint, bigint, text) IS 'two persons are one from now on and go by the first; returns the link by which split_person() undoes it';

/*
 * registry.split_person(link_id, reason) → link_id of the undoing
 *
 * Takes back a merge or a not_same, however long ago: everything stands as if it
 * had never been, with all that came since.
 *
 * Errors: 22004 a null; 22023 no such link, or no reason; RG024 the link is
 * none that can be undone, or has been undone already.
 */
CREATE OR REPLACE FUNCTION registry.split_person(link_id bigint, reason text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	undone registry.link;
	members bigint[];
	made bigint;
BEGIN
	IF link_id IS NULL THEN
		RAISE EXCEPTION 'no link was named' USING ERRCODE = 'null_value_not_allowed', HINT = 'registry.link_list shows them.';
	END IF;
	IF coalesce(btrim(reason), '') = '' THEN
		RAISE EXCEPTION 'a decision about identity needs a reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Name the document or the answer on which it rests.';
	END IF;
	PERFORM registry.lock_persons();
	SELECT l.* INTO undone FROM registry.link l WHERE l.link_id = split_person.link_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no link %', link_id USING ERRCODE = 'invalid_parameter_value', HINT = 'registry.link_list shows them.';
	END IF;
	IF undone.kind NOT IN ('merge', 'not_same') OR undone.undone_by IS NOT NULL THEN
		RAISE EXCEPTION 'link % cannot be undone', link_id
			USING ERRCODE = 'RG024',
				  DETAIL = CASE WHEN undone.kind IN ('merge', 'not_same') THEN format('Link %s undid it already.', undone.undone_by)
						   ELSE format('It is a %s.', undone.kind) END,
				  HINT = 'Only merges and not_same decisions in force can be undone.';
	END IF;
	members := registry.link_group(ARRAY[undone.person_id, undone.other_id]);
	INSERT INTO registry.link (kind, person_id, other_id, reason, decided_by)
		VALUES ('split', undone.person_id, undone.other_id, btrim(reason), registry.calling_role())
		RETURNING link.link_id INTO made;
	UPDATE registry.link l SET undone_by = made WHERE l.link_id = undone.link_id;
	IF undone.kind = 'merge' THEN
		PERFORM registry.apply_links(members, format('split, link %s undoes %s: %s', made, undone.link_id, btrim(reason)));
	END IF;
	RETURN made;
END;
$$;
COMMENT ON FUNCTION registry.split_person(bigint, text) IS 'undoes a merge or a not_same, as if it had never been, with all that came since';

/*
 * registry.not_same(a, b, reason) → link_id
 *
 * The two persons are not one: they are not proposed again and no merge may
 * join their groups, until split_person() takes this back.
 *
 * Errors: 22004, 22023 see check_decision; RG021 they are one: split first;
 * RG022 it was decided before.
 */
CREATE OR REPLACE FUNCTION registry.not_same(a bigint, b bigint, reason text) RETURNS bigint
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	made bigint;
BEGIN
	PERFORM registry.lock_persons();
	PERFORM registry.check_decision(a, b, reason);
	IF b = ANY (registry.link_group(ARRAY[a])) THEN
		RAISE EXCEPTION 'persons % and % are one', a, b
			USING ERRCODE = 'RG021', HINT = 'Undo the merges that join them first: registry.link_list shows them.';
	END IF;
	IF EXISTS (SELECT FROM registry.link l WHERE l.kind = 'not_same' AND l.undone_by IS NULL
			   AND (l.person_id, l.other_id) IN ((a, b), (b, a))) THEN
		RAISE EXCEPTION 'persons % and % were decided not to be the same before', a, b USING ERRCODE = 'RG022';
	END IF;
	INSERT INTO registry.link (kind, person_id, other_id, reason, decided_by)
		VALUES ('not_same', a, b, btrim(reason), registry.calling_role())
		RETURNING link_id INTO made;
	UPDATE registry.setting s SET value = s.value WHERE s.name = 'current_reference_date';
	RETURN made;
END;
$$;
COMMENT ON FUNCTION registry.not_same(bigint, bigint, text) IS 'two persons are not one; no merge may join them until split_person() takes this back';

-- Rows, numbers and persons that do not stand where the links say; nothing, that is.
CREATE OR REPLACE FUNCTION registry.verify_links() RETURNS TABLE (failing bigint, sample text)
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN QUERY
	WITH due AS (
		SELECT r.origin_person, r.person_id
		FROM registry.link_roots(
			(SELECT coalesce(array_agg(l.person_id ORDER BY l.link_id), '{}') FROM registry.link l WHERE l.kind = 'merge' AND l.undone_by IS NULL),
			(SELECT coalesce(array_agg(l.other_id ORDER BY l.link_id), '{}') FROM registry.link l WHERE l.kind = 'merge' AND l.undone_by IS NULL)) r
		WHERE r.origin_person <> r.person_id
	), stray AS (
		SELECT 'origin ' || coalesce(d.origin_person, m.origin_person) AS what
		FROM due d FULL JOIN registry.person_merged m USING (origin_person)
		WHERE d.person_id IS DISTINCT FROM m.person_id
		UNION ALL
		SELECT 'person ' || p.person_id FROM registry.person p JOIN due d ON d.origin_person = p.person_id
		UNION ALL
		SELECT 'row of person ' || f.person_id
		FROM (SELECT n.person_id, n.origin_person FROM registry.population n
			  UNION ALL SELECT n.person_id, n.origin_person FROM registry.enrolment n
			  UNION ALL SELECT n.person_id, n.origin_person FROM registry.circumstance n
			  UNION ALL SELECT n.person_id, n.origin_person FROM registry.elsewhere n
			  UNION ALL SELECT n.person_id, n.origin_person FROM registry.person_item n
			  UNION ALL SELECT n.person_id, n.origin_person FROM registry.person_alias n) f
		LEFT JOIN due d USING (origin_person)
		WHERE f.person_id <> coalesce(d.person_id, f.origin_person)
	)
	SELECT count(*), min(s.what) FROM stray s;
END;
$$;
COMMENT ON FUNCTION registry.verify_links() IS 'what does not stand with the person that the merges in force say; part of verify()';

REVOKE EXECUTE ON FUNCTION registry.link_group(bigint[]),
	registry.settle_links(bigint[]),
	registry.apply_links(bigint[], text),
	registry.check_decision(bigint, bigint, text),
	registry.check_merge(bigint[], bigint[]),
	registry.merge_person(bigint, bigint, text),
	registry.split_person(bigint, text),
	registry.not_same(bigint, bigint, text),
	registry.verify_links() FROM PUBLIC;

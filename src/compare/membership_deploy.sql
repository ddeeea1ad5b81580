-- Whom each source stated in each batch, as sets of persons, and what follows
-- from the sets: who came, who left, who is in one source and not in another.
--
-- The set of a batch is what the source's rows say once the batch is applied:
-- of a full extract everybody in it, of a delta everybody stated so far and
-- not withdrawn.  It is a record of what was stated: it holds the numbers that
-- the persons had then, and edits by hand enter it with the next batch that
-- is applied by compare(full => true).  Readers turn numbers of merged persons
-- into those of today (registry.current_persons).

CREATE SEQUENCE IF NOT EXISTS registry.membership_no_seq;

CREATE TABLE IF NOT EXISTS registry.membership (
	batch_id bigint PRIMARY KEY REFERENCES registry.batch,
	membership_no bigint NOT NULL DEFAULT nextval('registry.membership_no_seq'),
	source text COLLATE "C" NOT NULL REFERENCES registry.source,
	cutoff date NOT NULL,
	members person_set NOT NULL,
	changed person_set NOT NULL
);
COMMENT ON TABLE registry.membership IS 'whom a source states once a batch of it is applied; batches of employers have none';
COMMENT ON COLUMN registry.membership.membership_no IS 'order in which batches were applied, shared with membership_touch';
COMMENT ON COLUMN registry.membership.members IS 'persons with a current row of the source after the batch, by their numbers of that time';
COMMENT ON COLUMN registry.membership.changed IS 'persons of whom the batch brought, changed or ended a row';
CREATE INDEX IF NOT EXISTS membership_source_idx ON registry.membership (source, cutoff, membership_no);

CREATE TABLE IF NOT EXISTS registry.membership_touch (
	membership_no bigint PRIMARY KEY DEFAULT nextval('registry.membership_no_seq'),
	touched person_set NOT NULL
);
COMMENT ON TABLE registry.membership_touch IS 'persons whose rows a call of compare() touched: a source that delivers later looks at these instead of at everybody';

/*
 * Turns numbers of persons who have been merged into others since into the
 * numbers of today, where this registry has merged anybody.
 */
CREATE OR REPLACE FUNCTION registry.current_persons(persons person_set) RETURNS person_set
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	merged registry.person_set;
	today registry.person_set;
BEGIN
	IF to_regprocedure('registry.resolve_person(bigint)') IS NULL THEN
		RETURN persons;
	END IF;
	SELECT persons & registry.person_set_agg(e.person_id) INTO merged
	FROM registry.link l CROSS JOIN LATERAL (VALUES (l.person_id), (l.other_id)) e(person_id)
	WHERE l.kind = 'merge' AND e.person_id > 0;
	EXECUTE 'SELECT registry.person_set_agg(registry.resolve_person(m)) FROM registry.unnest($1) m' INTO today USING merged;
	RETURN (persons - merged) | today;
END;
$$;
COMMENT ON FUNCTION registry.current_persons(person_set) IS 'the same persons by their numbers of today: who was merged counts as the person it was merged into';

-- What the source of a batch stated before it.
CREATE OR REPLACE FUNCTION registry.membership_before(batch_id bigint) RETURNS SETOF registry.membership
	LANGUAGE sql STABLE ROWS 1
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT m.*
	FROM registry.batch n
	JOIN registry.membership m ON m.source = n.source AND m.batch_id <> n.batch_id
	JOIN registry.batch b ON b.batch_id = m.batch_id AND b.state IN ('staged', 'applied')
	WHERE n.batch_id = membership_before.batch_id
	ORDER BY m.membership_no DESC
	LIMIT 1;
END;
COMMENT ON FUNCTION registry.membership_before(bigint) IS 'the membership that the source of a batch had before it';

/*
 * The membership of batches of one kind of fact from all rows of the kind.
 * Answers batch, members, persons whom the batch stated anew or otherwise, and
 * persons of rows that ended at its cutoff.
 */
CREATE OR REPLACE FUNCTION registry.count_members(fact text, batches bigint[], candidates person_set)
	RETURNS TABLE (batch_id bigint, members person_set, stated person_set, ended person_set)
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN QUERY EXECUTE format(
		'SELECT n.batch_id, coalesce(g.members, ''{}''), coalesce(g.stated, ''{}''), coalesce(g.ended, ''{}'')'
		' FROM pg_catalog.unnest($1) n(batch_id) LEFT JOIN ('
		' SELECT b.batch_id, registry.person_set_agg(t.person_id) FILTER (WHERE t.ended_on IS NULL) AS members,'
		' registry.person_set_agg(t.person_id) FILTER (WHERE t.batch_id = b.batch_id) AS stated,'
		' registry.person_set_agg(t.person_id) FILTER (WHERE t.ended_on = b.cutoff) AS ended'
		' FROM registry.batch b JOIN registry.%I t ON t.source = b.source %s'
		' WHERE b.batch_id = ANY ($1) AND t.person_id > 0 GROUP BY b.batch_id) g USING (batch_id)', fact,
		CASE WHEN candidates IS NULL THEN '' ELSE 'JOIN registry.unnest($2) c(person_id) ON t.person_id = c.person_id' END)
		USING batches, candidates;
END;
$$;
COMMENT ON FUNCTION registry.count_members(text, bigint[], person_set) IS 'whom the sources of the batches state, and whom the batches changed, among the candidates or everybody';

/*
 * Called by compare() for the batches it just applied: stores whom their
 * sources state.  Where the source was seen before, only persons whose rows were
 * touched since are looked at; everybody when they are many or "everyone" says so.
 */
CREATE OR REPLACE FUNCTION registry.write_membership(batches bigint[], everyone boolean) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	touched registry.person_set := (SELECT registry.person_set_agg(t.person_id) FROM pg_temp.registry_touched t WHERE t.person_id > 0);
	candidates registry.person_set;
	part record;
BEGIN
	INSERT INTO registry.membership_touch (touched) VALUES (touched);
	FOR part IN
		SELECT s.kind, array_agg(b.batch_id) AS batches, min(m.membership_no) AS since,
			   everyone OR bool_or(m.members IS NULL OR registry.person_set_size(m.members) = 0) AS everyone
		FROM registry.batch b
		JOIN registry.source s USING (source)
		LEFT JOIN LATERAL registry.membership_before(b.batch_id) m ON true
		WHERE b.batch_id = ANY (batches) AND s.kind <> 'employer'
		GROUP BY s.kind
	LOOP
		candidates := NULL;
		IF NOT part.everyone THEN
			SELECT registry.person_set_union(p.persons) INTO candidates
			FROM (SELECT t.touched AS persons FROM registry.membership_touch t WHERE t.membership_no > part.since
				  UNION ALL
				  -- a merge or split moves rows without any batch
				  SELECT registry.person_set_make(ARRAY[l.person_id, l.other_id])
				  FROM registry.link l WHERE l.kind IN ('merge', 'split') AND least(l.person_id, l.other_id) > 0) p;
			-- a person by its number costs some eight rows read in a row
			IF registry.person_set_size(candidates) * 8 > (SELECT c.reltuples FROM pg_class c
														   WHERE c.oid = format('registry.%I', part.kind)::regclass) THEN
				candidates := NULL;
			END IF;
		END IF;
		INSERT INTO registry.membership AS w (batch_id, source, cutoff, members, changed)
		SELECT b.batch_id, b.source, b.cutoff,
			   CASE WHEN candidates IS NULL THEN n.members
					ELSE (registry.current_persons(m.members) - candidates) | n.members END,
			   -- two extracts of one cutoff: what the former ended, this one did not
			   n.stated | CASE WHEN m.cutoff = b.cutoff THEN n.ended & touched ELSE n.ended END
		FROM registry.count_members(part.kind, part.batches, candidates) n
		JOIN registry.batch b USING (batch_id)
		LEFT JOIN LATERAL registry.membership_before(b.batch_id) m ON true
		ON CONFLICT (batch_id) DO UPDATE
		SET membership_no = excluded.membership_no, members = excluded.members, changed = excluded.changed;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION registry.write_membership(bigint[], boolean) IS 'stores whom the sources of batches that were just applied state';

/*
 * registry.members(source, on)
 *		Whom a source states: the set of its newest applied batch with a cutoff
 *		not after the day; without a day, of its newest.  Null when the source had
 *		delivered nothing by then, which is not the same as stating nobody.
 *
 * Errors: 42704 unknown source; 42809 a source of employers.
 */
CREATE OR REPLACE FUNCTION registry.members(source text, "on" date DEFAULT 'infinity') RETURNS person_set
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	kind text := (SELECT s.kind FROM registry.source s WHERE s.source = members.source);
BEGIN
	IF kind IS NULL THEN
		RAISE EXCEPTION 'source "%" does not exist', members.source
			USING ERRCODE = 'undefined_object', HINT = 'registry.source holds the sources.';
	ELSIF kind = 'employer' THEN
		RAISE EXCEPTION 'source "%" states no persons', members.source
			USING ERRCODE = 'wrong_object_type', DETAIL = 'It is a register of employers.';
	END IF;
	RETURN (SELECT registry.current_persons(m.members)
			FROM registry.membership m
			JOIN registry.batch b ON b.batch_id = m.batch_id AND b.state = 'applied'
			WHERE m.source = members.source AND m.cutoff <= members."on"
			ORDER BY m.cutoff DESC, m.membership_no DESC
			LIMIT 1);
END;
$$;
COMMENT ON FUNCTION registry.members(text, date) IS 'persons whom a source states on a day, by its newest applied batch of no later cutoff; null when there is none';

-- The membership of an applied batch, or the reason why there is none.
CREATE OR REPLACE FUNCTION registry.membership_of(batch_id bigint) RETURNS registry.membership
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	asked registry.batch;
	answer registry.membership;
BEGIN
	SELECT b.* INTO asked FROM registry.batch b WHERE b.batch_id = membership_of.batch_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'batch % does not exist', coalesce(membership_of.batch_id::text, 'null')
			USING ERRCODE = 'undefined_object', HINT = 'registry.batch_list shows the batches.';
	ELSIF asked.state <> 'applied' THEN
		RAISE EXCEPTION 'batch % is not applied', asked.batch_id
			USING ERRCODE = 'RG004', DETAIL = format('Its state is "%s".', asked.state),
				  HINT = 'compare() applies staged batches; registry.batch_list shows the states.';
	END IF;
	SELECT m.* INTO answer FROM registry.membership m WHERE m.batch_id = asked.batch_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'it is not known whom source "%" stated in batch %', asked.source, asked.batch_id
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'Batches of employers state nobody, and nothing is known of batches applied before registry kept sets.';
	END IF;
	RETURN answer;
END;
$$;
COMMENT ON FUNCTION registry.membership_of(bigint) IS 'membership of an applied batch; errors where there is none';

/*
 * registry.compare_batches(a, b)
 *		Whom the source of both batches states differently after b than after a:
 *		entered (only after b), left (only after a), changed (after both, but a
 *		batch after the earlier one, up to the later, brought, changed or ended a
 *		row of the person).
 *
 * Errors: 42704 unknown batch; RG004 not applied; 22023 of different sources;
 * 55000 not known whom one of them stated.
 */
CREATE OR REPLACE FUNCTION registry.compare_batches(a bigint, b bigint) RETURNS TABLE (person_id bigint, change text)
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	first registry.membership := registry.membership_of(a);
	second registry.membership := registry.membership_of(b);
	before registry.person_set;
	after registry.person_set;
	changed registry.person_set;
BEGIN
	IF first.source <> second.source THEN
		RAISE EXCEPTION 'batches % and % are of different sources', a, b
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('"%s" and "%s".', first.source, second.source),
				  HINT = 'registry.compare_sources() compares two sources.';
	END IF;
	before := registry.current_persons(first.members);
	after := registry.current_persons(second.members);
	SELECT registry.current_persons(registry.person_set_union(m.changed)) INTO changed
	FROM registry.membership m
	JOIN registry.batch n ON n.batch_id = m.batch_id AND n.state = 'applied'
	WHERE m.source = first.source
	  AND m.membership_no > least(first.membership_no, second.membership_no)
	  AND m.membership_no <= greatest(first.membership_no, second.membership_no);
	RETURN QUERY
		SELECT e, 'entered' FROM registry.unnest(after - before) e
		UNION ALL SELECT l, 'left' FROM registry.unnest(before - after) l
		UNION ALL SELECT c, 'changed' FROM registry.unnest(before & after & changed) c;
END;
$$;
COMMENT ON FUNCTION registry.compare_batches(bigint, bigint) IS 'persons who entered, left or changed between two batches of a source';

/*
 * registry.compare_source_counts(a, b)
 *		How many persons only the one source states, only the other, and both, by
 *		their newest sets; no row is touched.  Nulls when one has delivered nothing.
 *
 * Errors: those of members().
 */
CREATE OR REPLACE FUNCTION registry.compare_source_counts(a text, b text, OUT only_a bigint, OUT only_b bigint, OUT "both" bigint)
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	members_a registry.person_set := registry.members(a);
	members_b registry.person_set := registry.members(b);
BEGIN
	"both" := registry.person_set_common(members_a, members_b);
	only_a := registry.person_set_size(members_a) - "both";
	only_b := registry.person_set_size(members_b) - "both";
END;
$$;
COMMENT ON FUNCTION registry.compare_source_counts(text, text) IS 'number of persons only in source a, only in b, and in both';

/*
 * registry.source_overlap()
 *		The same for every two sources that have delivered, in the order of their names.
 */
CREATE OR REPLACE FUNCTION registry.source_overlap()
	RETURNS TABLE (source_a text, source_b text, only_a bigint, only_b bigint, "both" bigint)
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	sources text[];
	sets registry.person_set[];
BEGIN
	SELECT array_agg(n.source ORDER BY n.source), array_agg(registry.current_persons(n.members) ORDER BY n.source)
	INTO sources, sets
	FROM (SELECT DISTINCT ON (m.source) m.source, m.members
		  FROM registry.membership m
		  JOIN registry.batch b ON b.batch_id = m.batch_id AND b.state = 'applied'
		  ORDER BY m.source, m.cutoff DESC, m.membership_no DESC) n;
	RETURN QUERY
		SELECT sources[o.a], sources[o.b], o.only_a, o.only_b, o.common FROM registry.person_set_overlap(sets) o;
END;
$$;
COMMENT ON FUNCTION registry.source_overlap() IS 'for every two sources: number of persons only in the one, only in the other, and in both';

/*
 * What the current rows of a source say of persons: per person and item the
 * distinct values, ascending, null when it gives none.  Sex and birth date are
 * those of the number where the source has no item of its own.
 */
CREATE OR REPLACE FUNCTION registry.source_items(source text, persons person_set, place region_code)
	RETURNS TABLE (person_id bigint, item text, item_values text[])
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	fact text := (SELECT s.kind FROM registry.source s WHERE s.source = source_items.source);
	items text := CASE fact
		WHEN 'population' THEN
			'(''name'', f.name), (''sex'', coalesce(f.sex, registry.citizen_id_sex(f.citizen_id))),'
			' (''birth_date'', to_char(coalesce(f.birth_date, registry.citizen_id_birth_date(f.citizen_id)), ''YYYY-MM-DD'')),'
			' (''phone'', f.phone), (''ethnic'', f.ethnic), (''hukou_region'', f.hukou_region::text),'
			' (''residence_region'', f.residence_region::text)'
		ELSE
			'(''name'', f.name), (''sex'', registry.citizen_id_sex(f.citizen_id)),'
			' (''birth_date'', to_char(registry.citizen_id_birth_date(f.citizen_id), ''YYYY-MM-DD''))' ||
			CASE fact
				WHEN 'enrolment' THEN ', (''phone'', f.phone), (''employer'', f.employer)'
				WHEN 'circumstance' THEN ', (''kind'', f.kind), (''start_date'', to_char(f.start_date, ''YYYY-MM-DD''))'
				ELSE ', (''region'', f.region::text)' END END;
BEGIN
	RETURN QUERY EXECUTE format(
		'SELECT f.person_id, i.item, array_agg(DISTINCT i.value ORDER BY i.value) FILTER (WHERE i.value <> '''')'
		' FROM registry.unnest($1) p(person_id)'
		' JOIN registry.%I f ON f.person_id = p.person_id AND f.source = $2 AND f.ended_on IS NULL'
		' CROSS JOIN LATERAL (VALUES %s) i(item, value)'
		' WHERE %s GROUP BY f.person_id, i.item', fact, items,
		CASE WHEN place IS NULL THEN 'true' ELSE 'f.territory OPERATOR(registry.<@) $3' END)
		USING persons, source_items.source, place;
END;
$$;
COMMENT ON FUNCTION registry.source_items(text, person_set, region_code) IS 'what the current rows of a source say of persons, per person and item';

-- Do two sources say the same of an item?  Names by their keys: a variant is no difference.
CREATE OR REPLACE FUNCTION registry.item_answer(item text, values_a text[], values_b text[]) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN CASE
		WHEN values_a IS NULL OR values_b IS NULL THEN 'unknown'
		WHEN values_a = values_b THEN 'same'
		WHEN item = 'name'
			 AND EXISTS (SELECT FROM pg_catalog.unnest(values_a) x(n) CROSS JOIN pg_catalog.unnest(values_b) y(n)
						 WHERE registry.name_key(x.n) = registry.name_key(y.n)
							OR registry.name_variant_key(x.n) = registry.name_variant_key(y.n)) THEN 'same'
		ELSE 'differs' END;
END;
$$;
COMMENT ON FUNCTION registry.item_answer(text, text[], text[]) IS 'same, differs, or unknown where one side gives no value';

/*
 * registry.compare_sources(a, b [, territory [, answers]])
 *		Who stands in only one of two sources, and of whom in both an item differs.
 *		found: only_a, only_b, or both.  For both, one row per item that both sources
 *		carry and whose answer is among answers: same, differs, unknown (one side
 *		gives no value; not asked for by default).  territory: only persons who
 *		belong there.  Several values of a person are separated by semicolons.
 *
 * Persons are those of the newest sets, items those of the current rows.
 *
 * Errors: those of members(); 22P02 for a malformed territory; 22023 for an
 * unknown answer.
 */
CREATE OR REPLACE FUNCTION registry.compare_sources(a text, b text, territory text DEFAULT NULL, answers text[] DEFAULT '{differs}')
	RETURNS TABLE (person_id bigint, found text, item text, value_a text, value_b text, answer text)
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	members_a registry.person_set := coalesce(registry.members(a), '{}');
	members_b registry.person_set := coalesce(registry.members(b), '{}');
	place registry.region_code := compare_sources.territory::registry.region_code;
	here registry.person_set;
BEGIN
	IF NOT answers <@ '{same,differs,unknown}'::text[] THEN
		RAISE EXCEPTION 'an answer is same, differs or unknown'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Asked for: %s.', array_to_string(answers, ', ', 'null'));
	END IF;
	IF place IS NOT NULL THEN
		SELECT registry.person_set_agg(p.person_id) INTO here FROM registry.person p WHERE p.territory OPERATOR(registry.<@) place;
		members_a := members_a & here;
		members_b := members_b & here;
	END IF;
	RETURN QUERY
		SELECT o.person_id, o.found, NULL::text, NULL::text, NULL::text, NULL::text
		FROM (SELECT x, 'only_a' FROM registry.unnest(members_a - members_b) x
			  UNION ALL
			  SELECT y, 'only_b' FROM registry.unnest(members_b - members_a) y) o(person_id, found);
	IF cardinality(answers) = 0 THEN
		RETURN;
	END IF;
	RETURN QUERY
		SELECT s.person_id, 'both', s.item, array_to_string(s.values_a, '; '), array_to_string(s.values_b, '; '), s.answer
		FROM (SELECT i.person_id, i.item, i.item_values AS values_a, j.item_values AS values_b,
					 registry.item_answer(i.item, i.item_values, j.item_values) AS answer
			  FROM registry.source_items(a, members_a & members_b, place) i
			  JOIN registry.source_items(b, members_a & members_b, place) j USING (person_id, item)) s
		WHERE s.answer = ANY (answers);
END;
$$;
COMMENT ON FUNCTION registry.compare_sources(text, text, text, text[]) IS 'persons in only one of two sources, and items that differ of persons in both';

REVOKE EXECUTE ON FUNCTION registry.current_persons(person_set),
	registry.membership_before(bigint),
	registry.count_members(text, bigint[], person_set),
	registry.write_membership(bigint[], boolean),
	registry.members(text, date),
	registry.membership_of(bigint),
	registry.compare_batches(bigint, bigint),
	registry.compare_source_counts(text, text),
	registry.source_overlap(),
	registry.source_items(text, person_set, region_code),
	registry.item_answer(text, text[], text[]),
	registry.compare_sources(text, text, text, text[]) FROM PUBLIC;

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
	batch_id bigint PRIMARY KEY,
	membership_no bigint NOT NULL DEFAULT nextval('registry.membership_no_seq'),
	source text COLLATE "C" NOT NULL,
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
				  SELECT registry.person_set_agg(e.person_id)
				  FROM registry.link l CROSS JOIN LATERAL (VALUES (l.person_id), (l.other_id)) e(person_id)
				  WHERE l.kind IN ('merge', 'split') AND e.person_id > 0) p;
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
			   n.stated | CASE WHEN b.ended = 0 THEN '{}' WHEN m.cutoff = b.cutoff THEN n.ended & touched ELSE n.ended END
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

-- Items that rows of a kind carry, as expressions over a row f.  Sex and birth
-- date are those of the number where the kind has no item of its own.
CREATE OR REPLACE FUNCTION registry.kind_items(kind text) RETURNS TABLE (item text, expression text)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT i.item, i.expression
	FROM (VALUES
		(1, NULL, 'name', 'f.name'),
		(2, 'population', 'sex', 'coalesce(f.sex, registry.citizen_id_sex(f.citizen_id))'),
		(2, 'enrolment circumstance elsewhere', 'sex', 'registry.citizen_id_sex(f.citizen_id)'),
		(3, 'population', 'birth_date', 'coalesce(f.birth_date, registry.citizen_id_birth_date(f.citizen_id))'),
		(3, 'enrolment circumstance elsewhere', 'birth_date', 'registry.citizen_id_birth_date(f.citizen_id)'),
		(4, 'population enrolment', 'phone', 'f.phone'),
		(5, 'population', 'ethnic', 'f.ethnic'),
		(6, 'population', 'hukou_region', 'f.hukou_region'),
		(7, 'population', 'residence_region', 'f.residence_region'),
		(8, 'enrolment', 'employer', 'f.employer'),
		(9, 'circumstance', 'kind', 'f.kind'),
		(10, 'circumstance', 'start_date', 'f.start_date'),
		(11, 'elsewhere', 'region', 'f.region')) i(ordinal, kinds, item, expression)
	WHERE i.kinds IS NULL OR kind_items.kind = ANY (string_to_array(i.kinds, ' '))
	ORDER BY i.ordinal;
END;
COMMENT ON FUNCTION registry.kind_items(text) IS 'items that sources of a kind state of a person, as expressions over a row f';

-- What several rows of a person say of an item: each value once.
CREATE OR REPLACE FUNCTION registry.distinct_values(texts text[]) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT string_agg(DISTINCT t COLLATE "C", '; ' ORDER BY t COLLATE "C") FROM pg_catalog.unnest(texts) t WHERE t <> '';
END;
COMMENT ON FUNCTION registry.distinct_values(text[]) IS 'the values of an array, each once, with semicolons; null for none';

-- Does one of the names of the one side have a key of one of the other?  A variant is no difference.
CREATE OR REPLACE FUNCTION registry.names_agree(names_a text, names_b text) RETURNS boolean
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN EXISTS (SELECT FROM pg_catalog.unnest(string_to_array(names_a, '; ')) a(name)
				   CROSS JOIN pg_catalog.unnest(string_to_array(names_b, '; ')) b(name)
				   WHERE registry.name_key(a.name) = registry.name_key(b.name)
					  OR registry.name_variant_key(a.name) = registry.name_variant_key(b.name));
END;
$$;
COMMENT ON FUNCTION registry.names_agree(text, text) IS 'whether two lists of names, with semicolons, have one in common by its keys';

-- What the current rows of a source say of the persons $1: a query of one row
-- per person and one column per item.
CREATE OR REPLACE FUNCTION registry.source_items_query(source text, kind text, items text[]) RETURNS text
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN format(
		'SELECT f.person_id, %s FROM registry.unnest($1) p(person_id)'
		' JOIN registry.%I f ON f.person_id = p.person_id AND f.source = %L AND f.ended_on IS NULL GROUP BY f.person_id',
		-- most persons have one row, or say the same in all
		(SELECT string_agg(format('CASE WHEN min(%1$s::text) = max(%1$s::text) THEN nullif(min(%1$s::text), '''')'
								  ' ELSE registry.distinct_values(array_agg(%1$s::text)) END AS %2$I', i.expression, i.item), ', ')
		 FROM registry.kind_items(kind) i WHERE i.item = ANY (items)), kind, source);
END;
$$;
COMMENT ON FUNCTION registry.source_items_query(text, text, text[]) IS 'query for what a source says of persons';

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
	kind_a text := (SELECT s.kind FROM registry.source s WHERE s.source = a);
	kind_b text := (SELECT s.kind FROM registry.source s WHERE s.source = b);
	place registry.region_code := compare_sources.territory::registry.region_code;
	here registry.person_set;
	items text[] := ARRAY(SELECT i.item FROM registry.kind_items(kind_a) i JOIN registry.kind_items(kind_b) j USING (item));
BEGIN
	IF answers <@ '{same,differs,unknown}'::text[] IS NOT TRUE THEN
		RAISE EXCEPTION 'an answer is same, differs or unknown'
			USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Asked for: %s.', coalesce(array_to_string(answers, ', ', 'null'), 'null'));
	END IF;
	IF place IS NOT NULL THEN
		SELECT registry.person_set_agg(p.person_id) INTO here FROM registry.person p WHERE p.territory OPERATOR(registry.<@) place;
		members_a := members_a & here;
		members_b := members_b & here;
	END IF;
	RETURN QUERY
		SELECT x, 'only_a', NULL::text, NULL::text, NULL::text, NULL::text FROM registry.unnest(members_a - members_b) x;
	RETURN QUERY
		SELECT y, 'only_b', NULL::text, NULL::text, NULL::text, NULL::text FROM registry.unnest(members_b - members_a) y;
	IF cardinality(answers) = 0 THEN
		RETURN;
	END IF;
	RETURN QUERY EXECUTE format(
		'SELECT a.person_id, ''both'', i.item, i.value_a, i.value_b, i.answer'
		' FROM (%s) a JOIN (%s) b USING (person_id) CROSS JOIN LATERAL (VALUES %s) i(item, value_a, value_b, answer)'
		' WHERE i.answer = ANY ($2)',
		registry.source_items_query(a, kind_a, items), registry.source_items_query(b, kind_b, items),
		(SELECT string_agg(format('(%1$L, a.%1$I, b.%1$I, CASE WHEN a.%1$I = b.%1$I THEN ''same'''
								  ' WHEN a.%1$I IS NULL OR b.%1$I IS NULL THEN ''unknown'''
								  '%2$s ELSE ''differs'' END)', i,
								  CASE i WHEN 'name' THEN ' WHEN registry.names_agree(a.name, b.name) THEN ''same''' ELSE '' END), ', ')
		 FROM pg_catalog.unnest(items) i))
		USING members_a & members_b, answers;
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
	registry.kind_items(text),
	registry.distinct_values(text[]),
	registry.names_agree(text, text),
	registry.source_items_query(text, text, text[]),
	registry.compare_sources(text, text, text, text[]) FROM PUBLIC;

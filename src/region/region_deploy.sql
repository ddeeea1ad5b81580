-- Region codes and their history: what ships with the extension and what this registry adds.

CREATE TABLE IF NOT EXISTS registry.region (
	code registry.region_code NOT NULL,
	name text NOT NULL CHECK (name <> ''),
	level integer NOT NULL,
	parent registry.region_code,
	valid_from date NOT NULL,
	valid_to date,
	successors registry.region_code[] NOT NULL DEFAULT '{}',
	system text NOT NULL DEFAULT 'GB/T 2260',
	origin text NOT NULL DEFAULT 'local' CHECK (origin IN ('shipped', 'local')),
	PRIMARY KEY (code, valid_from, system),
	CONSTRAINT region_period_check CHECK (valid_to >= valid_from),
	CONSTRAINT region_level_check CHECK (level = registry.region_level(code)),
	CONSTRAINT region_parent_check CHECK (parent OPERATOR(registry.<>) code AND registry.region_contains(parent, code))
);
COMMENT ON TABLE registry.region IS 'codes of places: one row per code and period of one name';
COMMENT ON COLUMN registry.region.level IS '1 province, 2 city, 3 county, 4 town, 5 village';
COMMENT ON COLUMN registry.region.valid_from IS 'first day in force; 1 January where the official lists know the year only';
COMMENT ON COLUMN registry.region.valid_to IS 'last day in force, null while in force; 31 December where the official lists know the year only';
COMMENT ON COLUMN registry.region.successors IS 'codes into which the place went at the end of the period';
COMMENT ON COLUMN registry.region.system IS 'coding system; only GB/T systems answer for region_code, the codes of others mean other places';
COMMENT ON COLUMN registry.region.origin IS 'shipped: kept up to date by deploy; local: entered or changed here, left alone';
CREATE INDEX IF NOT EXISTS region_parent_idx ON registry.region (parent);

DO $do$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger
				   WHERE tgrelid = 'registry.region'::regclass AND tgname = 'region_changed') THEN
		CREATE TRIGGER region_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON registry.region
			FOR EACH STATEMENT EXECUTE FUNCTION registry.region_changed();
		-- Applied by logical replication, a change fires row triggers only.
		CREATE TRIGGER region_changed_row AFTER INSERT OR UPDATE OR DELETE ON registry.region
			FOR EACH ROW EXECUTE FUNCTION registry.region_changed();
		CREATE TRIGGER region_mark_local BEFORE UPDATE ON registry.region
			FOR EACH ROW WHEN (OLD.origin = 'shipped') EXECUTE FUNCTION registry.region_mark_local();
		ALTER TABLE registry.region ENABLE ALWAYS TRIGGER region_changed;
		ALTER TABLE registry.region ENABLE REPLICA TRIGGER region_changed_row;
	END IF;
END
$do$;

-- Shipped rows are replaced as a whole, never updated: an updated row is local.
-- A code with a local row belongs to this registry and is not touched.
WITH shipped AS (
	SELECT s.code, s.name, make_date(s.from_year, 1, 1) AS valid_from, make_date(s.to_year, 12, 31) AS valid_to, s.successors
	FROM registry.region_seed() s
)
DELETE FROM registry.region r
WHERE r.origin = 'shipped'
	AND NOT EXISTS (SELECT FROM registry.region l WHERE l.code OPERATOR(registry.=) r.code AND l.origin = 'local')
	AND NOT EXISTS (SELECT FROM shipped s
					WHERE s.code OPERATOR(registry.=) r.code AND s.valid_from = r.valid_from AND s.name = r.name
						AND s.valid_to IS NOT DISTINCT FROM r.valid_to AND s.successors = r.successors);

INSERT INTO registry.region (code, name, level, parent, valid_from, valid_to, successors, origin)
SELECT s.code, s.name, registry.region_level(s.code), registry.region_parent(s.code),
	make_date(s.from_year, 1, 1), make_date(s.to_year, 12, 31), s.successors, 'shipped'
FROM registry.region_seed() s
WHERE NOT EXISTS (SELECT FROM registry.region l WHERE l.code OPERATOR(registry.=) s.code AND l.origin = 'local')
ON CONFLICT DO NOTHING;

-- Codes and names of places are public; changing them is for the owner.
GRANT SELECT ON registry.region TO PUBLIC;

-- The coding system of a level.
CREATE OR REPLACE FUNCTION registry.region_system(code registry.region_code) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, registry, pg_temp
AS $$
	SELECT CASE WHEN registry.region_level(code) <= 3 THEN 'GB/T 2260' ELSE 'GB/T 10114' END
$$;
COMMENT ON FUNCTION registry.region_system(registry.region_code) IS 'standard that gives codes of this level';

-- load_regions(content): upsert of a CSV file with the columns code, name, parent and optionally
-- valid_from, valid_to, successors.  Without valid_from a row corrects the newest period of its code; a new code then
-- begins with the place around it.  With valid_from it may begin a new period, which ends the open one.
-- Returns the number of codes loaded.  Errors: 22P04 naming line and column; nothing is loaded then.
CREATE OR REPLACE FUNCTION registry.load_regions(content bytea) RETURNS bigint
	LANGUAGE plpgsql STRICT
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	file registry.region_file_row[];
	fault record;
	loaded bigint;
BEGIN
	LOCK TABLE registry.region IN SHARE ROW EXCLUSIVE MODE;

	-- What the file leaves open: the place above, and the begin.
	SELECT array_agg((f.line_no, f.code, f.name, coalesce(f.parent, registry.region_parent(f.code)),
		coalesce(f.valid_from,
				 (SELECT max(r.valid_from) FROM registry.region r
				  WHERE r.code OPERATOR(registry.=) f.code AND r.system = registry.region_system(f.code)),
				 (SELECT max(r.valid_from) FROM registry.region r
				  WHERE r.code OPERATOR(registry.=) ANY (registry.region_lineage(f.code))
					AND r.valid_to IS NULL AND r.valid_from <= coalesce(f.valid_to, 'infinity')),
				 least(f.valid_to, '1981-01-01')),
		f.valid_to, coalesce(f.successors, '{}'))::registry.region_file_row ORDER BY f.line_no)
	INTO file
	FROM registry.region_file(content) f;

	-- The first line that contradicts itself, the file or the places known.
	SELECT c.line_no, c.message INTO fault
	FROM (
		SELECT f.line_no, CASE
			WHEN row_number() OVER (PARTITION BY f.code, f.valid_from ORDER BY f.line_no) > 1
				THEN format('code %s stands on line %s already', f.code,
							first_value(f.line_no) OVER (PARTITION BY f.code, f.valid_from ORDER BY f.line_no))
			WHEN f.valid_to < f.valid_from
				THEN format('valid_to %s of code %s lies before its begin %s', f.valid_to, f.code, f.valid_from)
			WHEN f.parent OPERATOR(registry.=) f.code OR NOT registry.region_contains(f.parent, f.code)
				THEN format('parent %s does not contain code %s', f.parent, f.code)
			WHEN f.parent IS NOT NULL
				AND NOT EXISTS (SELECT FROM registry.region r WHERE r.code OPERATOR(registry.=) f.parent)
				AND NOT EXISTS (SELECT FROM unnest(file) p WHERE p.code OPERATOR(registry.=) f.parent)
				THEN format('parent %s of code %s is unknown', f.parent, f.code)
			WHEN f.code OPERATOR(registry.=) ANY (f.successors)
				THEN format('code %s is its own successor', f.code)
			END AS message
		FROM unnest(file) f
	) c
	WHERE c.message IS NOT NULL
	ORDER BY c.line_no
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'bad_copy_file_format',
			MESSAGE = format('line %s of the file of regions: %s', fault.line_no, fault.message),
			DETAIL = 'Nothing has been loaded.';
	END IF;

	-- A period that begins ends the open one before it.
	UPDATE registry.region r
	SET valid_to = f.begin - 1
	FROM (SELECT u.code, min(u.valid_from) AS begin FROM unnest(file) u GROUP BY u.code) f
	WHERE r.code OPERATOR(registry.=) f.code AND r.system = registry.region_system(f.code)
		AND r.valid_to IS NULL AND r.valid_from < f.begin;

	INSERT INTO registry.region AS r (code, name, level, parent, valid_from, valid_to, successors, system, origin)
	SELECT f.code, f.name, registry.region_level(f.code), f.parent, f.valid_from, f.valid_to, f.successors,
		registry.region_system(f.code), 'local'
	FROM unnest(file) f
	ON CONFLICT (code, valid_from, system) DO UPDATE SET
		name = excluded.name,
		parent = excluded.parent,
		valid_to = coalesce(excluded.valid_to, r.valid_to),
		successors = CASE WHEN excluded.successors <> '{}' THEN excluded.successors ELSE r.successors END,
		origin = 'local';
	GET DIAGNOSTICS loaded = ROW_COUNT;
	RETURN loaded;
END
$$;
COMMENT ON FUNCTION registry.load_regions(bytea) IS 'loads a CSV file of codes (code, name, parent and optionally valid_from, valid_to, successors) and returns their number';

-- load_regions(path): the same from a file of the server; needs the role pg_read_server_files.
CREATE OR REPLACE FUNCTION registry.load_regions(path text) RETURNS bigint
	LANGUAGE plpgsql STRICT
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	RETURN registry.load_regions(registry.region_file_content(path));
END
$$;
COMMENT ON FUNCTION registry.load_regions(text) IS 'loads a CSV file of codes that lies on the server and returns their number';

-- add_region: a code comes into force, or gets a new name from a day on.
-- Errors: 22004 without code or name, 22023 for an unknown parent, 23505 when the code begins on that day already.
CREATE OR REPLACE FUNCTION registry.add_region(code registry.region_code, name text, valid_from date DEFAULT CURRENT_DATE,
	parent registry.region_code DEFAULT NULL, system text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	above registry.region_code := coalesce(parent, registry.region_parent(code));
	code_system text := coalesce(system, registry.region_system(code));
BEGIN
	IF code IS NULL OR coalesce(btrim(name), '') = '' OR valid_from IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
			MESSAGE = 'a region needs a code, a name and the day on which it comes into force';
	END IF;
	IF above OPERATOR(registry.=) code OR NOT registry.region_contains(above, code) THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('parent %s does not contain code %s', above, code);
	END IF;
	IF above IS NOT NULL AND NOT EXISTS (SELECT FROM registry.region r WHERE r.code OPERATOR(registry.=) above) THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('parent %s of code %s is unknown', above, code),
			HINT = 'Add the parent first.';
	END IF;
	UPDATE registry.region r SET valid_to = add_region.valid_from - 1
	WHERE r.code OPERATOR(registry.=) add_region.code AND r.system = code_system
		AND r.valid_to IS NULL AND r.valid_from < add_region.valid_from;
	INSERT INTO registry.region (code, name, level, parent, valid_from, system)
	VALUES (code, btrim(name), registry.region_level(code), above, valid_from, code_system);
END
$$;
COMMENT ON FUNCTION registry.add_region(registry.region_code, text, date, registry.region_code, text) IS 'brings a region code into force, or gives it a new name, from a day on';

-- end_region: a code ends with a day, its last in force, and is followed by others.
-- Errors: 22023 when the code is not in force or a successor is unknown or the code itself.
CREATE OR REPLACE FUNCTION registry.end_region(code registry.region_code, last_day date,
	successors registry.region_code[] DEFAULT '{}') RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	successor registry.region_code;
BEGIN
	IF code IS NULL OR last_day IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
			MESSAGE = 'ending a region needs its code and its last day in force';
	END IF;
	FOREACH successor IN ARRAY coalesce(successors, '{}') LOOP
		IF successor IS NULL OR successor OPERATOR(registry.=) code
			OR NOT EXISTS (SELECT FROM registry.region r WHERE r.code OPERATOR(registry.=) successor) THEN
			RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
				MESSAGE = format('%s cannot follow region %s', coalesce(successor::text, 'null'), code),
				DETAIL = 'A successor is another code that registry.region knows.',
				HINT = 'Add the successor first, by registry.add_region().';
		END IF;
	END LOOP;
	UPDATE registry.region r
	SET valid_to = last_day, successors = coalesce(end_region.successors, '{}')
	WHERE r.code OPERATOR(registry.=) end_region.code AND r.system LIKE 'GB/T %'
		AND r.valid_from <= last_day AND (r.valid_to IS NULL OR r.valid_to > last_day)
		AND NOT EXISTS (SELECT FROM registry.region n
						WHERE n.code OPERATOR(registry.=) r.code AND n.system = r.system AND n.valid_from > r.valid_from);
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('region %s is not in force after %s', code, last_day);
	END IF;
END
$$;
COMMENT ON FUNCTION registry.end_region(registry.region_code, date, registry.region_code[]) IS 'ends a region code with its last day in force and names the codes that follow it';

REVOKE EXECUTE ON FUNCTION registry.load_regions(bytea), registry.load_regions(text),
	registry.add_region(registry.region_code, text, date, registry.region_code, text),
	registry.end_region(registry.region_code, date, registry.region_code[]) FROM PUBLIC;

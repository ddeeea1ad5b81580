-- Sources, batches, rejected rows, and rows that wait for the next compare().

CREATE SEQUENCE IF NOT EXISTS registry.batch_id_seq;
CREATE SEQUENCE IF NOT EXISTS registry.reject_id_seq;

CREATE TABLE IF NOT EXISTS registry.source (
	source text COLLATE "C" PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('population', 'enrolment', 'circumstance', 'elsewhere', 'employer')),
	title text NOT NULL,
	delivery text NOT NULL DEFAULT 'full' CHECK (delivery IN ('full', 'delta')),
	encoding text NOT NULL DEFAULT 'auto' CHECK (encoding IN ('auto', 'UTF-8', 'GB18030', 'GBK', 'UTF-16')),
	columns jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(columns) = 'object'),
	codes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(codes) = 'object'),
	handler text,
	shrink_limit numeric NOT NULL DEFAULT 0.05,
	active boolean NOT NULL DEFAULT true
);
ALTER TABLE registry.source
	ADD COLUMN IF NOT EXISTS delimiter text NOT NULL DEFAULT 'auto' CHECK (delimiter IN ('auto', ',', ';', '|', 'tab', E'\t', '0x01', E'\x01')),
	ADD COLUMN IF NOT EXISTS quote text NOT NULL DEFAULT 'auto' CHECK (quote IN ('auto', 'yes', 'no'));
COMMENT ON TABLE registry.source IS 'who delivers extracts, and how their headers and codes read';
COMMENT ON COLUMN registry.source.columns IS 'header as delivered -> standard header, for headers that differ';
COMMENT ON COLUMN registry.source.codes IS 'standard header -> {value as delivered -> standard value}; for 险种 the standard value is a scheme, or null for a code that is known but gives none';
COMMENT ON COLUMN registry.source.encoding IS 'auto: byte-order mark, else the encoding in which a line matches known headers, else GB18030; GBK reads as GB18030; for a DBF file auto looks at its language driver';
COMMENT ON COLUMN registry.source.delimiter IS 'what stands between fields: , ; | tab 0x01; auto: the one in which a line matches the most known headers';
COMMENT ON COLUMN registry.source.quote IS 'yes: a field may stand between quotes; no: a quote is a character like any other; auto: yes, but for | and 0x01 only when the header line has quotes';
COMMENT ON COLUMN registry.source.delivery IS 'full: absence from an extract ends a row; delta: it does not';

ALTER TABLE registry.source ADD COLUMN IF NOT EXISTS change_limit numeric DEFAULT 3 CHECK (change_limit > 0);
COMMENT ON COLUMN registry.source.shrink_limit IS 'a full extract smaller by more than this share is held (rule DY14)';
COMMENT ON COLUMN registry.source.change_limit IS 'a delivery whose changes lie more than this many standard deviations beside those before it is held (rule DY13); null: never';

CREATE TABLE IF NOT EXISTS registry.batch (
	batch_id bigint PRIMARY KEY DEFAULT nextval('registry.batch_id_seq'),
	source text COLLATE "C" NOT NULL REFERENCES registry.source,
	cutoff date NOT NULL,
	file_name text,
	sender text,
	declared_rows bigint,
	sha256 bytea NOT NULL,
	bytes bigint NOT NULL,
	encoding text NOT NULL,
	header text[] NOT NULL,
	received bigint NOT NULL DEFAULT 0,
	accepted bigint NOT NULL DEFAULT 0,
	rejected bigint NOT NULL DEFAULT 0,
	unchanged bigint NOT NULL DEFAULT 0,
	inserted bigint NOT NULL DEFAULT 0,
	changed bigint NOT NULL DEFAULT 0,
	ended bigint NOT NULL DEFAULT 0,
	state text NOT NULL DEFAULT 'staged' CHECK (state IN ('staged', 'held', 'applied', 'discarded')),
	held_reason text,
	started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	finished_at timestamptz
);
COMMENT ON TABLE registry.batch IS 'one received extract; received = unchanged + inserted + changed + rejected once it is applied, accepted + rejected + unchanged before';
COMMENT ON COLUMN registry.batch.unchanged IS 'rows that say what was known; before the batch is applied, equal repeats inside the extract';
COMMENT ON COLUMN registry.batch.accepted IS 'rows staged without a fault';
COMMENT ON COLUMN registry.batch.received IS 'records after the header, with repeated headers and totals; blank lines do not count';
DO $do$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = 'registry.batch'::regclass AND a.attname = 'delivery') THEN
		ALTER TABLE registry.batch ADD COLUMN delivery text NOT NULL DEFAULT 'full' CHECK (delivery IN ('full', 'delta')),
			ADD COLUMN received_by text, ADD COLUMN decided_by text, ADD COLUMN decided_at timestamptz;
		UPDATE registry.batch b SET delivery = 'delta' FROM registry.source s WHERE s.source = b.source AND s.delivery = 'delta';
	END IF;
END
$do$;
ALTER TABLE registry.batch ADD COLUMN IF NOT EXISTS delimiter text NOT NULL DEFAULT ',', ADD COLUMN IF NOT EXISTS quotes boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN registry.batch.delimiter IS 'what stood between fields; empty for DBF';
COMMENT ON COLUMN registry.batch.quotes IS 'whether a quote character was one, not data';
COMMENT ON COLUMN registry.batch.delivery IS 'full: absence from this extract ends a row; delta: it does not';
COMMENT ON COLUMN registry.batch.received_by IS 'session user who received it';
COMMENT ON COLUMN registry.batch.decided_by IS 'session user who released or discarded it, decided_at when';
-- the same content counts once, whatever two sessions do at the same moment
CREATE UNIQUE INDEX IF NOT EXISTS batch_content_idx ON registry.batch (source, sha256) WHERE state <> 'discarded';

CREATE TABLE IF NOT EXISTS registry.reject (
	batch_id bigint NOT NULL,
	reject_id bigint NOT NULL DEFAULT nextval('registry.reject_id_seq'),
	source text COLLATE "C" NOT NULL,
	line_no integer NOT NULL,
	field text,
	code text NOT NULL,
	message text NOT NULL,
	raw text,
	raw_bytes bytea,
	row_key uuid,
	state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'repaired', 'corrected', 'discarded')),
	PRIMARY KEY (batch_id, reject_id)
);
COMMENT ON TABLE registry.reject IS 'rows of extracts that could not be applied, with line (1 is the header), field and reason';
COMMENT ON COLUMN registry.reject.row_key IS 'key of the row kept under person 0, for rows whose only fault is a structurally broken number';
CREATE INDEX IF NOT EXISTS reject_row_key_idx ON registry.reject (row_key) WHERE row_key IS NOT NULL;

ALTER TABLE registry.reject ADD COLUMN IF NOT EXISTS correction_key uuid;
COMMENT ON COLUMN registry.reject.correction_key IS 'key that the corrected row will have, where it can be told; when a later extract brings a row of that key, the reject is corrected';
CREATE INDEX IF NOT EXISTS reject_open_idx ON registry.reject (source, batch_id) WHERE state = 'open';

CREATE TABLE IF NOT EXISTS registry.staged_answer (
	batch_id bigint NOT NULL,
	line_no integer NOT NULL,
	to_batch_id bigint NOT NULL,
	to_line_no integer NOT NULL
);
COMMENT ON TABLE registry.staged_answer IS 'which rejects the rows of a file of corrected rejects answer, until compare()';

CREATE TABLE IF NOT EXISTS registry.batch_item (
	batch_id bigint NOT NULL REFERENCES registry.batch,
	item text NOT NULL,
	ordinal integer NOT NULL,
	filled bigint NOT NULL,
	valid bigint NOT NULL,
	PRIMARY KEY (batch_id, item)
);
COMMENT ON TABLE registry.batch_item IS 'how well each column of an extract was filled, as received: rows that could be split into their fields, rejected and repeated ones too';
COMMENT ON COLUMN registry.batch_item.filled IS 'rows with a value; 00000000, NULL and the like are none';
COMMENT ON COLUMN registry.batch_item.valid IS 'rows whose value in this column could be read, whatever the others of the row';

-- Staged rows carry the columns of their final table, so that compare() moves
-- them by one INSERT ... SELECT; id_kind says which document the number is of.
-- They have no indexes: whoever reads them reads whole batches.
DO $do$
DECLARE
	fact text;
BEGIN
	FOREACH fact IN ARRAY ARRAY['population', 'enrolment', 'circumstance', 'elsewhere', 'employer'] LOOP
		IF to_regclass('registry.staged_' || fact) IS NULL THEN
			EXECUTE format('CREATE TABLE registry.staged_%1$s (LIKE registry.%1$s)', fact);
			EXECUTE format('ALTER TABLE registry.staged_%1$s ADD COLUMN IF NOT EXISTS id_kind text, ADD COLUMN IF NOT EXISTS duplicate boolean NOT NULL DEFAULT false', fact);
			EXECUTE format('COMMENT ON TABLE registry.staged_%1$s IS %2$L', fact,
						   'rows received and validated that wait for compare(); layout of registry.' || fact);
		END IF;
	END LOOP;
END
$do$;
ALTER TABLE registry.staged_population ALTER COLUMN person_id DROP NOT NULL, ALTER COLUMN row_id DROP NOT NULL;
ALTER TABLE registry.staged_enrolment ALTER COLUMN person_id DROP NOT NULL, ALTER COLUMN enrolment_id DROP NOT NULL;
ALTER TABLE registry.staged_circumstance ALTER COLUMN person_id DROP NOT NULL, ALTER COLUMN circumstance_id DROP NOT NULL;
ALTER TABLE registry.staged_elsewhere ALTER COLUMN person_id DROP NOT NULL, ALTER COLUMN elsewhere_id DROP NOT NULL;
ALTER TABLE registry.staged_employer ALTER COLUMN employer_id DROP NOT NULL;

-- The sources that every city has.  What differs in a city (headers, codes,
-- encoding, another source) is changed or added in this table; rows that are
-- there are left alone.
--
-- Code tables of 险种: the numbers of the social-insurance side (人社) and of
-- the medical side (医保) overlap: 410 is work injury there and long-term care
-- here.  A null is a code that is known and gives none of the schemes.
INSERT INTO registry.source (source, kind, title, delivery, codes)
SELECT s.source, s.kind, s.title, s.delivery,
	   CASE s.codes
			WHEN 'social' THEN '{"险种": {"110": "P1", "120": "P3", "170": "P2", "150": "P2", "210": "U", "310": "M1", "380": "M3",
				"390": "M2", "391": "M2", "410": "W", "510": "B", "320": null, "330": null, "340": null, "350": null, "392": null}}'::jsonb
			WHEN 'medical' THEN '{"险种": {"110": "P1", "120": "P3", "170": "P2", "150": "P2", "210": "U", "310": "M1", "380": "M3",
				"390": "M2", "391": "M2", "410": null, "510": "B", "320": null, "330": null, "340": null, "350": null, "392": null}}'::jsonb
			ELSE '{}'::jsonb
	   END
FROM (VALUES
	('police_household', 'population', '公安户籍人口', 'full', NULL),
	('police_migrant', 'population', '公安流动人口', 'full', NULL),
	('pension_employee', 'enrolment', '城镇职工基本养老保险', 'full', 'social'),
	('pension_resident', 'enrolment', '城乡居民基本养老保险', 'full', 'social'),
	('pension_public', 'enrolment', '机关事业单位基本养老保险', 'full', 'social'),
	('medical_employee', 'enrolment', '职工基本医疗保险', 'full', 'medical'),
	('medical_resident', 'enrolment', '城乡居民基本医疗保险', 'full', 'medical'),
	('medical_rural', 'enrolment', '新型农村合作医疗', 'full', 'medical'),
	('unemployment', 'enrolment', '失业保险', 'full', 'social'),
	('injury', 'enrolment', '工伤保险', 'full', 'social'),
	('maternity', 'enrolment', '生育保险', 'full', 'social'),
	('employer_registry', 'employer', '市场监管等部门单位登记', 'full', NULL),
	('civil_affairs_death', 'circumstance', '民政死亡火化', 'delta', NULL),
	('justice_prison', 'circumstance', '司法服刑矫正', 'delta', NULL),
	('army', 'circumstance', '现役军人', 'delta', NULL),
	('school', 'circumstance', '在校学生', 'full', NULL),
	('abroad', 'circumstance', '出国（境）', 'delta', NULL),
	('low_income', 'circumstance', '低保特困', 'full', NULL),
	('disabled', 'circumstance', '残疾人', 'full', NULL),
	('land_taken', 'circumstance', '被征地农民', 'full', NULL),
	('national_enrolment', 'elsewhere', '全国参保信息比对结果', 'delta', 'social')
) AS s (source, kind, title, delivery, codes)
ON CONFLICT DO NOTHING;

/*
 * Rule DY13, asked by receive(): what a delivery would change, against what the
 * deliveries of its source changed before.  Returns why it is to be held, null
 * when it is usual, or when fewer than six earlier deliveries tell what is.
 *
 * The change of a delivery is the number of rows it says anew, says otherwise
 * or (when full) says no more; where deliveries are several months apart,
 * per month.  The first delivery of a source is no measure.  Counts vary
 * by chance at least as the square root of their mean: no smaller deviation is
 * taken; and nobody need look at twenty rows more or less.
 */
CREATE OR REPLACE FUNCTION registry.unusual_change(source text, batch_id bigint, cutoff date, "full" boolean) RETURNS text
	LANGUAGE plpgsql STABLE
	-- fresh staged rows have no statistics: never probe millions one by one
	SET enable_nestloop = off
	SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	origin registry.source;
	earlier record;
	waiting bigint;
	found record;
	months numeric;
	deviation numeric;
	margin numeric;
BEGIN
	SELECT s.* INTO STRICT origin FROM registry.source s WHERE s.source = $1;
	SELECT count(*) AS deliveries, avg(l.rate) AS mean, stddev_samp(l.rate) AS deviation, max(l.cutoff) AS newest INTO earlier
	FROM (SELECT (b.inserted + b.changed + b.ended) / greatest(1, round((b.cutoff - lag(b.cutoff) OVER (ORDER BY b.cutoff, b.batch_id)) / 30.44)) AS rate,
				 b.cutoff, row_number() OVER (ORDER BY b.cutoff, b.batch_id) AS place
		  FROM registry.batch b
		  WHERE b.source = $1 AND b.state = 'applied' AND b.delivery = origin.delivery
		  ORDER BY b.cutoff DESC, b.batch_id DESC LIMIT 12) l
	WHERE l.place > 1;
	IF origin.change_limit IS NULL OR earlier.deliveries < 6 THEN
		RETURN NULL;
	END IF;

	-- what it is a change to: the extract that waits before it, else what was applied
	IF "full" THEN
		SELECT max(b.batch_id) INTO waiting FROM registry.batch b
		WHERE b.source = $1 AND b.state = 'staged' AND b.delivery = 'full';
	END IF;
	EXECUTE format(
		'SELECT count(*) FILTER (WHERE t.row_key IS NULL) AS new,'
		' count(*) FILTER (WHERE t.row_hash <> s.row_hash) AS changed,'
		' count(*) FILTER (WHERE s.row_key IS NULL AND $3) AS ended'
		' FROM (SELECT s.row_key, s.row_hash FROM registry.staged_%1$s s WHERE s.batch_id = $2) s'
		' FULL JOIN (SELECT t.row_key, t.row_hash FROM registry.%2$I t WHERE %3$s) t ON t.row_key = s.row_key',
		origin.kind, CASE WHEN waiting IS NULL THEN '' ELSE 'staged_' END || origin.kind,
		CASE WHEN waiting IS NULL THEN 't.source = $1 AND t.ended_on IS NULL' ELSE 't.batch_id = $4' END)
		INTO STRICT found USING $1, $2, "full", waiting;

	months := greatest(1, round(($3 - earlier.newest) / 30.44));
	deviation := greatest(earlier.deviation, sqrt(earlier.mean));
	margin := greatest(origin.change_limit * deviation, 20);
	IF abs((found.new + found.changed + found.ended) / months - earlier.mean) <= margin THEN
		RETURN NULL;
	END IF;
	RETURN format('%s rows change (%s new, %s different, %s gone)%s; by the last %s deliveries %s to %s are usual: mean %s, deviation %s, limit %s deviations (rule DY13)',
				  found.new + found.changed + found.ended, found.new, found.changed, found.ended,
				  CASE WHEN months > 1 THEN format(', %s a month', round((found.new + found.changed + found.ended) / months, 1)) ELSE '' END,
				  earlier.deliveries,
				  greatest(0, round(earlier.mean - margin)), round(earlier.mean + margin),
				  round(earlier.mean, 1), round(deviation, 1), trim_scale(origin.change_limit));
END
$function$;
COMMENT ON FUNCTION registry.unusual_change(text, bigint, date, boolean) IS 'rule DY13: why a delivery that changes unusually many or few rows is held, null when it is usual';

/*
 * receive(source, cutoff, path, ...) returns bigint
 * receive(source, cutoff, content, ...) returns bigint
 *		Receives an extract: every row is staged for the next compare(), or
 *		stands in reject_list with line, field, code and message, or both when
 *		only its document number is broken.  Returns the batch.
 *
 * source: registry.source.source.  cutoff: the day up to which the source
 * reports.  path: a file on the server, for members of pg_read_server_files.
 * content: the file itself, below 1 GB; the backend holds it in memory, of a
 * path only a part.  file_name, sender, declared_rows are noted; a number of
 * rows other than declared holds the batch.  declared_sha256: the file's hash
 * as sha256sum prints it; another file is refused.  delivery: full or delta,
 * where this extract is not what the source usually delivers.  A file with the
 * columns 批次, 行号, 字段, 代码, 原因 holds corrected rejects
 * (registry.export_rejects) and is a delta.
 *
 * Errors: 42704 unknown source; 55000 source not active; 22023 cutoff more than
 * 31 days ahead, or a delivery that cannot be; RG003 cutoff older than the last
 * applied extract; 23505 same content received before; 22000 hash not as
 * declared; 22P04 empty, no text, a DBF file broken or short, or a column is
 * missing; 42701 a column comes twice; 0A000 a DBF file with fields or of a
 * version that cannot be read; 42501, 58P01 and other file errors for a path.
 *
 * A full extract that is empty, or smaller than the last applied one by more
 * than source.shrink_limit, is held (rule DY14) until release() or discard(),
 * and so is a delivery that changes unusually many or few rows (rule DY13, see
 * registry.unusual_change).  Progress: registry.receive_progress.
 */
DROP FUNCTION IF EXISTS registry.receive(text, date, text, text, text, bigint);
DROP FUNCTION IF EXISTS registry.receive(text, date, bytea, text, text, bigint);
CREATE OR REPLACE FUNCTION registry.receive(source text, cutoff date, path text, file_name text DEFAULT NULL,
											sender text DEFAULT NULL, declared_rows bigint DEFAULT NULL,
											declared_sha256 text DEFAULT NULL, delivery text DEFAULT NULL) RETURNS bigint
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, registry, pg_temp
	AS 'SELECT registry.intake_receive($1, $2, $3, NULL, $4, $5, $6, $7, $8)';
COMMENT ON FUNCTION registry.receive(text, date, text, text, text, bigint, text, text) IS
	'receives an extract from a file of the server; returns the batch';

CREATE OR REPLACE FUNCTION registry.receive(source text, cutoff date, content bytea, file_name text DEFAULT NULL,
											sender text DEFAULT NULL, declared_rows bigint DEFAULT NULL,
											declared_sha256 text DEFAULT NULL, delivery text DEFAULT NULL) RETURNS bigint
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, registry, pg_temp
	AS 'SELECT registry.intake_receive($1, $2, NULL, $3, $4, $5, $6, $7, $8)';
COMMENT ON FUNCTION registry.receive(text, date, bytea, text, text, bigint, text, text) IS
	'receives an extract given as a value; returns the batch';

-- The server reports a receive as it reports COPY.
CREATE OR REPLACE VIEW registry.receive_progress AS
	SELECT p.pid, substr(c.relname, 8) AS kind, p.bytes_processed, p.bytes_total,
		   round(p.bytes_processed / nullif(p.bytes_total, 0)::numeric, 4) AS share,
		   p.tuples_processed AS received, p.tuples_excluded AS rejected
	FROM pg_stat_progress_copy p JOIN pg_class c ON c.oid = p.relid
	WHERE p.datname = current_database() AND c.relnamespace = 'registry'::regnamespace AND c.relname LIKE 'staged\_%';
COMMENT ON VIEW registry.receive_progress IS 'extracts that are being received at this moment, and how far; others'' only for who may read all statistics';

/*
 * release(batch_id)
 *		Lets a held batch take part in the next compare().
 *
 * Errors: 42704 unknown batch; RG004 batch not held; RG003 a newer extract of
 * the source has been applied meanwhile.
 */
CREATE OR REPLACE FUNCTION registry.release(batch_id bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	held registry.batch;
	newer date;
BEGIN
	SELECT b.* INTO held FROM registry.batch b WHERE b.batch_id = $1 FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'batch % does not exist', $1
			USING ERRCODE = 'undefined_object', HINT = 'registry.batch_list shows the batches.';
	END IF;
	IF held.state <> 'held' THEN
		RAISE EXCEPTION 'batch % is not held', $1
			USING ERRCODE = 'RG004', DETAIL = format('Its state is "%s".', held.state),
				  HINT = 'Only a held batch waits for a decision; registry.batch_list shows the states.';
	END IF;
	SELECT max(b.cutoff) INTO newer FROM registry.batch b
	WHERE b.source = held.source AND b.state = 'applied' AND b.cutoff > held.cutoff;
	IF newer IS NOT NULL THEN
		RAISE EXCEPTION 'batch % of source "%" is older than its last applied extract', $1, held.source
			USING ERRCODE = 'RG003', DETAIL = format('Its cutoff is %s; an extract with cutoff %s has been applied.',
																  to_char(held.cutoff, 'YYYY-MM-DD'), to_char(newer, 'YYYY-MM-DD')),
				  HINT = 'Discard it with registry.discard().';
	END IF;
	UPDATE registry.batch b SET state = 'staged', decided_by = session_user, decided_at = clock_timestamp() WHERE b.batch_id = $1;
END
$function$;
COMMENT ON FUNCTION registry.release(bigint) IS 'lets a held batch take part in the next compare()';

/*
 * discard(batch_id)
 *		Gives up a batch that has not been applied: its staged rows go, its
 *		open rejects are closed, and the same file may be received again.
 *
 * Errors: 42704 unknown batch; RG004 batch applied or discarded already.
 */
CREATE OR REPLACE FUNCTION registry.discard(batch_id bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	found_batch registry.batch;
	kind text;
BEGIN
	SELECT b.* INTO found_batch FROM registry.batch b WHERE b.batch_id = $1 FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'batch % does not exist', $1
			USING ERRCODE = 'undefined_object', HINT = 'registry.batch_list shows the batches.';
	END IF;
	IF found_batch.state NOT IN ('staged', 'held') THEN
		RAISE EXCEPTION 'batch % cannot be discarded', $1
			USING ERRCODE = 'RG004', DETAIL = format('Its state is "%s".', found_batch.state),
				  HINT = CASE found_batch.state WHEN 'applied' THEN 'An applied batch stays; a newer extract of the source corrects it.'
												ELSE 'It has been discarded already.' END;
	END IF;
	SELECT s.kind INTO STRICT kind FROM registry.source s WHERE s.source = found_batch.source;
	EXECUTE format('DELETE FROM registry.%I s WHERE s.batch_id = $1', 'staged_' || kind) USING $1;
	DELETE FROM registry.staged_answer a WHERE a.batch_id = $1;
	UPDATE registry.reject r SET state = 'discarded' WHERE r.batch_id = $1 AND r.state = 'open';
	UPDATE registry.batch b SET state = 'discarded', finished_at = clock_timestamp(), decided_by = session_user, decided_at = clock_timestamp()
	WHERE b.batch_id = $1;
END
$function$;
COMMENT ON FUNCTION registry.discard(bigint) IS 'gives up a batch that has not been applied';

-- Senders read Chinese.
CREATE OR REPLACE FUNCTION registry.reject_reason(code text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, registry, pg_temp
BEGIN ATOMIC
	SELECT r.reason FROM (VALUES
		('ID01', '证件号码为空'), ('ID02', '证件号码位数不对'), ('ID03', '证件号码含有不应出现的字符'), ('ID04', '证件号码校验码不对'),
		('ID08', '证件号码中的出生日期不存在'), ('ID20', '证件号码被电子表格截断'), ('ID21', '证件号码被电子表格改成科学记数'),
		('PN22', '终止早于开始'), ('missing', '必填项为空'), ('code', '值不在代码表中'), ('date', '不是日期或日期不存在'),
		('month', '不是年月或年月不存在'), ('number', '不是数值或超出范围'), ('length', '内容过长'), ('fields', '字段个数与表头不符'),
		('quote', '引号不配对'), ('encoding', '含有无法识别的字节'), ('duplicate_in_file', '同一文件中后面有同一业务而内容不同的行')) AS r (code, reason)
	WHERE r.code = reject_reason.code;
END;
COMMENT ON FUNCTION registry.reject_reason(text) IS 'the reason that a code of reject_list stands for, in Chinese; null for a code without one';

/*
 * export_rejects(batch_id [, encoding]) returns bytea
 *		The open rejects of a batch as a file for the sender: the header and the
 *		fields as received, and behind them 批次 and 行号 (the batch and its
 *		line, 1 is the header), 字段, 代码 and 原因 of the reason.  The sender
 *		corrects the fields, leaves those five columns as they are and sends the
 *		file back; received, it is a delta, and each of its rows that can be
 *		applied closes the reject that it answers.
 *
 * encoding: GB18030, or UTF-8 with a byte-order mark; by default that of the
 * batch, UTF-8 for UTF-16.  A record that could not be split into as many
 * fields as the header has stands as it is: missing fields are empty, those too
 * many are joined in the last.  Bytes that are no text stand as U+FFFD; as
 * received they are in registry.reject.raw_bytes.
 *
 * Errors: 42704 unknown batch; 22023 unknown encoding.
 */
CREATE OR REPLACE FUNCTION registry.export_rejects(batch_id bigint, encoding text DEFAULT NULL) RETURNS bytea
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, registry, pg_temp
AS $function$
DECLARE
	reasons constant text[] := '{批次,行号,字段,代码,原因}';
	sent registry.batch;
	kept integer[];
	content text;
BEGIN
	SELECT b.* INTO sent FROM registry.batch b WHERE b.batch_id = $1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'batch % does not exist', $1
			USING ERRCODE = 'undefined_object', HINT = 'registry.batch_list shows the batches.';
	END IF;
	-- a file of corrections that was rejected in turn has reasons of its own
	kept := ARRAY(SELECT h.place FROM unnest(sent.header) WITH ORDINALITY AS h (name, place)
				  WHERE NOT (sent.header @> reasons AND h.name = ANY (reasons)) ORDER BY h.place);
	SELECT registry.intake_record(ARRAY(SELECT sent.header[k.place] FROM unnest(kept) WITH ORDINALITY AS k (place, n) ORDER BY k.n) || reasons) || E'\r\n'
		   || coalesce(string_agg(registry.intake_record(
				ARRAY(SELECT CASE WHEN k.place = cardinality(sent.header) THEN array_to_string(f.fields[k.place:], sent.delimiter) ELSE f.fields[k.place] END
					  FROM unnest(kept) WITH ORDINALITY AS k (place, n) ORDER BY k.n)
				|| ARRAY[$1::text, f.line_no::text, f.field, f.code, coalesce(registry.reject_reason(f.code), f.message)]) || E'\r\n',
				'' ORDER BY f.line_no, f.reject_id), '')
	INTO content
	FROM (SELECT r.line_no, r.reject_id, r.field, r.code, r.message, registry.intake_fields(coalesce(r.raw, ''), sent.delimiter, sent.quotes) AS fields
		  FROM registry.reject r WHERE r.batch_id = $1 AND r.state = 'open') f;
	RETURN registry.intake_encode(content, coalesce(encoding, CASE sent.encoding WHEN 'GB18030' THEN 'GB18030' ELSE 'UTF-8' END));
END
$function$;
COMMENT ON FUNCTION registry.export_rejects(bigint, text) IS 'the open rejects of a batch as a file for the sender, with reasons; received again it closes them';

REVOKE EXECUTE ON FUNCTION registry.export_rejects(bigint, text),
	registry.unusual_change(text, bigint, date, boolean) FROM PUBLIC;

CREATE OR REPLACE VIEW registry.batch_list AS
	SELECT batch_id, source, cutoff, file_name, received, accepted, rejected, unchanged, inserted, changed, ended,
		   state, held_reason, started_at, finished_at
	FROM registry.batch;
COMMENT ON VIEW registry.batch_list IS 'extracts received, with the number of rows by outcome';

CREATE OR REPLACE VIEW registry.reject_list AS
	SELECT batch_id, source, line_no, field, code, message, raw, state
	FROM registry.reject;
COMMENT ON VIEW registry.reject_list IS 'rows that could not be applied as they came, with the reason; line 1 is the header';

CREATE OR REPLACE VIEW registry.quality_report AS
	SELECT b.source, b.batch_id, i.item, i.filled, i.valid, round(i.valid / nullif(i.filled, 0)::numeric, 4) AS share
	FROM registry.batch_item i JOIN registry.batch b USING (batch_id)
	ORDER BY b.source, b.batch_id, i.ordinal;
COMMENT ON VIEW registry.quality_report IS 'per extract and column: rows with a value, rows with a readable value, and their share';

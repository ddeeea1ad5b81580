-- Damaged extracts of every form, a few hundred of them, the same at every run:
-- each is refused with an error for the sender or received with every row
-- answered, and the server lives.
\set ECHO all
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET search_path = registry, public;
CALL registry.deploy('340400');
INSERT INTO source (source, kind, title, delivery, codes) VALUES ('test_mutation', 'enrolment', '试验', 'delta', '{"险种": {"110": "P1"}}');

-- one good extract per form, as bytes
CREATE TEMP TABLE good AS
	WITH body (t) AS (SELECT E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,单位名称,备注\n' || string_agg(format(
		E'11010519491231002X,张%s,110,340402,1,1,%s,"某 ""%s"" 公司",𠂇\n', n, 202000 + n, n), '' ORDER BY n) FROM generate_series(1, 12) n)
	SELECT 1 AS n, convert_to(t, 'UTF8') AS content FROM body UNION ALL
	SELECT 2, convert_to(replace(replace(t, ',', '|'), E'\n', E'\r\n'), 'GB18030') FROM body UNION ALL
	SELECT 3, convert_to(E'名单\n' || replace(replace(t, ',', E'\x01'), '"', ''), 'GB18030') FROM body UNION ALL
	SELECT 4, '\xfffe' || (SELECT string_agg(CASE WHEN ascii(c) > 65535 THEN '\x40d887dc' ELSE
			set_byte(set_byte('\x0000'::bytea, 0, ascii(c) % 256), 1, ascii(c) / 256) END, ''::bytea ORDER BY i)
		FROM regexp_split_to_table(t, '') WITH ORDINALITY AS s (c, i)) FROM body UNION ALL
	SELECT 5, convert_to(replace(t, E'\n', E',,\n'), 'UTF8') FROM body;
INSERT INTO good SELECT 6, '\x037c061e030000000101'::bytea || '\x3300' || decode(repeat('00', 17) || '4d0000', 'hex') ||
	(SELECT string_agg(substr(convert_to(name, 'GB18030') || decode(repeat('00', 11), 'hex'), 1, 11) || convert_to(type, 'UTF8') || '\x00000000' ||
					   set_byte('\x00'::bytea, 0, width) || decode(repeat('00', 15), 'hex'), ''::bytea ORDER BY i)
	 FROM (VALUES (1, '证件号码', 'C', 18), (2, '姓名', 'C', 7), (3, '险种', 'C', 3), (4, '经办区划', 'N', 6), (5, '参保状态', 'C', 1), (6, '缴费状态', 'C', 1), (7, '开始年月', 'D', 14)) AS f (i, name, type, width)) ||
	'\x0d' || convert_to(repeat(' 11010519491231002X' || '张三   ' || '110' || '340402' || '11' || '202401        ', 3), 'GB18030') || '\x1a';
SELECT n, length(content) > 100 AS made FROM good ORDER BY n;

-- damage: a byte changed, bytes taken out, bytes put in, the end cut off, two pieces swapped
CREATE FUNCTION pg_temp.damage(content bytea, times int) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	telling bytea := '\x2c7c09013b220d0a00ff80812030417f2ad60e1a';
	at int;
	size int;
BEGIN
	FOR i IN 1 .. $2 LOOP
		at := 1 + floor(random() * length(content));
		size := 1 + floor(random() ^ 3 * 40);
		CASE floor(random() * 6)
			WHEN 0 THEN content := overlay(content placing set_byte('\x00'::bytea, 0, floor(random() * 256)::int) from at for 1);
			WHEN 1 THEN content := overlay(content placing substr(telling, 1 + floor(random() * length(telling))::int, 1) from at for 1);
			WHEN 2 THEN content := overlay(content placing ''::bytea from at for size);
			WHEN 3 THEN content := overlay(content placing substr(telling, 1 + floor(random() * length(telling))::int, 1) from at for 0);
			WHEN 4 THEN content := overlay(content placing substr(content, 1 + floor(random() * length(content))::int, size) from at for 0);
			ELSE IF random() < 0.2 THEN content := substr(content, 1, at); END IF;
		END CASE;
		EXIT WHEN length(content) = 0;
	END LOOP;
	RETURN content;
END $$;
CREATE TEMP TABLE outcome (n int, run int, state text, unaccounted bigint);
CREATE FUNCTION pg_temp.run(n int, run int, content bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	id bigint;
BEGIN
	id := registry.receive('test_mutation', '2024-06-30', $3);
	INSERT INTO outcome SELECT $1, $2, 'received', b.received - b.accepted - b.rejected - b.unchanged +
		abs(b.rejected - (SELECT count(*) FROM registry.reject r WHERE r.batch_id = id)) +
		abs((SELECT count(*) FROM registry.staged_enrolment s WHERE s.batch_id = id AND s.fault IS NULL) - b.accepted)
		FROM registry.batch b WHERE b.batch_id = id;
	-- the same damage may come again
	UPDATE registry.batch b SET state = 'discarded' WHERE b.batch_id = id;
EXCEPTION WHEN OTHERS THEN
	INSERT INTO outcome VALUES ($1, $2, SQLSTATE, 0);
END $$;
\if :{?mutations}
\else
	\set mutations 60
\endif
SELECT count(setseed(0.5));
SELECT count(pg_temp.run(n, run, pg_temp.damage(content, 1 + run % 5))) = 6 * :mutations AS all_run FROM good, generate_series(1, :mutations) run;
-- 22P04 no such extract, 42701 a column twice, 0A000 a DBF file of another kind, 54011 too many columns
SELECT n, count(*) FILTER (WHERE state = 'received') > 0 AS some_received, sum(unaccounted) AS unaccounted,
	   count(*) FILTER (WHERE state NOT IN ('received', '22P04', '42701', '0A000', '54011')) AS other_errors
FROM outcome GROUP BY n ORDER BY n;
SELECT n, run, state, unaccounted FROM outcome WHERE unaccounted <> 0 OR state NOT IN ('received', '22P04', '42701', '0A000', '54011') ORDER BY n, run LIMIT 10;
-- leave the database as the next test expects it
TRUNCATE registry.batch_item, registry.batch, reject, staged_enrolment;
DELETE FROM source WHERE source = 'test_mutation';

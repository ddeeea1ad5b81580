-- The forms in which extracts come: delimiters, quotes, line ends, titles and
-- totals, headers, numbers dressed as text, DBF, and files that are broken.
\set ECHO all
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET search_path = registry, public;
SET datestyle = 'ISO';
CALL registry.deploy('340400');

INSERT INTO source (source, kind, title, delivery, codes) VALUES ('test_forms', 'enrolment', '试验', 'delta', '{"险种": {"110": "P1", "410": "W"}}');
CREATE FUNCTION pg_temp.last() RETURNS bigint LANGUAGE sql AS $$ SELECT max(batch_id) FROM registry.batch $$;
CREATE VIEW pg_temp.rejects AS
	SELECT line_no AS line, field, code, message, state, replace(replace(raw, E'\x01', '^'), E'\t', '>') AS raw
	FROM registry.reject WHERE batch_id = pg_temp.last() ORDER BY line_no, reject_id;
CREATE VIEW pg_temp.rows AS
	SELECT line_no AS line, number, fault, name, scheme, agency::text, start_month AS start, benefit_monthly AS monthly, employer_name, extra
	FROM registry.staged_enrolment WHERE batch_id = pg_temp.last() ORDER BY line_no;
CREATE FUNCTION pg_temp.receive(content bytea, source text DEFAULT 'test_forms') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	received registry.batch;
	id bigint := registry.receive($2, '2024-06-30', $1);
BEGIN
	SELECT * INTO received FROM registry.batch b WHERE b.batch_id = id;
	RETURN format('%s: %s = %s + %s + %s same, %s', received.encoding, received.received, received.accepted, received.rejected, received.unchanged, received.state);
END $$;
CREATE FUNCTION pg_temp.take(body text, encoding text DEFAULT 'UTF8') RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.receive(convert_to($1, $2)) $$;

--
-- Delimiters, found out from the header line; | is the second byte of characters of GB18030
--
SELECT E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,单位名称\n'
	'11010519491231002X,张三,110,340402,1,1,202001,甲公司\n440524188001010014,李珅,P1,340402,1,1,202002,乙\n' AS plain \gset
SELECT convert_to('襹珅', 'GB18030') AS bytes, position('\x7c'::bytea IN convert_to('襹珅', 'GB18030')) > 0 AS holds_a_bar;
CREATE FUNCTION pg_temp.all_forms(body text) RETURNS TABLE (delimiter text, encoding text, outcome text, rows text) LANGUAGE plpgsql AS $$
BEGIN
	FOR delimiter, encoding IN SELECT d, e FROM unnest(ARRAY[',', E'\t', '|', E'\x01', ';']) WITH ORDINALITY AS u (d, n), unnest(ARRAY['UTF8', 'GB18030']) e ORDER BY n, e LOOP
		outcome := pg_temp.receive(convert_to(replace($1, ',', delimiter), encoding));
		rows := (SELECT string_agg(format('%s %s %s %s', r.line, r.name, r.start, r.employer_name), '; ' ORDER BY r.line) FROM pg_temp.rows r);
		delimiter := replace(replace(delimiter, E'\x01', '0x01'), E'\t', 'tab');
		RETURN NEXT;
	END LOOP;
END $$;
SELECT * FROM pg_temp.all_forms(replace(:'plain', '乙', '襹'));
-- quoted: the delimiter and line ends inside, and two quotes for one
SELECT * FROM pg_temp.all_forms(E'"证件号码","姓名",险种,经办区划,参保状态,缴费状态,开始年月,单位名称\n'
	'"11010519491231002X","张三",110,"340402",1,1,202001,"襹"\n440524188001010014,李四,P1,340402,1,1, "202002" ,"珅 ""x"" y\n z"\n');
SELECT pg_temp.take(E'证件号码|姓名|险种|经办区划|参保状态|缴费状态|开始年月|"单位名称"\n11010519491231002X|张三|110|340402|1|1|202001|"襹|b"\n', 'GB18030');
SELECT line, employer_name FROM pg_temp.rows;
-- | and 0x01 without quotes in the header: a quote is a character
SELECT pg_temp.take(E'证件号码|姓名|险种|经办区划|参保状态|缴费状态|开始年月|单位名称\n11010519491231002X|张三|110|340402|1|1|202001|"甲" 公司\n440524188001010014|李四|110|340402|1|1|202001|"open\n'
	'440524188001010014|王五|110|340402|1|1|202002|12" 管\n');
SELECT line, name, employer_name FROM pg_temp.rows;
-- what the source fixes is not found out
UPDATE source SET delimiter = ';', quote = 'no' WHERE source = 'test_forms';
SELECT pg_temp.take(replace(:'plain', ',', ';') || E'11010519491231002X;张,三;110;340402;1;1;202005;"a;\n11010519491231002X;张三;110;340402;1;1;202006;"a\n');
SELECT line, name, start, employer_name FROM pg_temp.rows;
SELECT line, code, message FROM pg_temp.rejects;
SELECT pg_temp.take(:'plain');
UPDATE source SET delimiter = 'tab', quote = 'yes' WHERE source = 'test_forms';
SELECT pg_temp.take(replace(:'plain', ',', E'\t') || E'11010519491231002X\t张三\t110\t340402\t1\t1\t202005\t"a\tb"\n');
UPDATE source SET delimiter = '0x01' WHERE source = 'test_forms';
SELECT pg_temp.take(replace(:'plain', ',', E'\x01') || E'11010519491231002X\x01张三\x01"110"\x01340402\x011\x011\x01202005\x01"a\x01b"\n');
SELECT line, name, replace(employer_name, E'\x01', '^') FROM pg_temp.rows WHERE line = 4;
UPDATE source SET delimiter = '|' WHERE source = 'test_forms';
SELECT pg_temp.take(replace(:'plain', ',', '|') || E'11010519491231002X|张三|110|340402|1|1|202005|"襹|b"\n', 'GB18030');
SELECT employer_name FROM pg_temp.rows WHERE line = 4;
\set VERBOSITY terse
UPDATE source SET delimiter = 'x' WHERE source = 'test_forms';
UPDATE source SET quote = 'maybe' WHERE source = 'test_forms';
\set VERBOSITY default
UPDATE source SET delimiter = 'auto', quote = 'auto' WHERE source = 'test_forms';

--
-- Line ends: CRLF, LF, CR alone, all mixed; no end at the end; the end mark of DOS
--
SELECT replace(:'plain', '甲公司', '丙') AS other \gset
SELECT pg_temp.take(replace(:'other', E'\n', E'\r\n'));
SELECT pg_temp.take(replace(:'other', E'\n', E'\r'));
SELECT string_agg(line || name, ' ') FROM pg_temp.rows;
SELECT pg_temp.take(replace(:'other', E'\n', E'\r') || repeat(E'11010519491231002X,张三,110,340402,1,1,202003,\r', 10000));
SELECT pg_temp.take(:'other' || E'11010519491231002X,张三,110,340402,1,1,202005,\r\n11010519491231002X,张三,110,340402,1,1,202006,\r11010519491231002X,张三,110,340402,1,1,202007,\n\r\n\n11010519491231002X,张三,110,340402,1,1,202008,');
SELECT string_agg(line || ' ' || start, ', ') FROM pg_temp.rows;
SELECT pg_temp.take(:'other' || E'\x1a');
SELECT line, code, message, state FROM pg_temp.rejects;

--
-- Titles above the header, the header repeated, totals below: received, and answered as no data
--
SELECT pg_temp.take(E'淮南市城镇职工参保人员名单\n\n制表单位：某某局,,,,,,,\n制表日期,"2024-06-30\n（第一版）",,,,,,\n' || :'plain' ||
	E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,单位名称\n11010519491231002X,张三,110,340402,1,1,202009,\n合计,3,,,,,,\n共3条,,,,,,,\n制表人：某某,,,,,,,\n');
SELECT line, name, start FROM pg_temp.rows;
SELECT line, code, message, state, raw FROM pg_temp.rejects;
SELECT registry.receive('test_forms', '2024-06-30', convert_to(E'名单\n' || :'plain', 'GB18030'), declared_rows => 2) IS NOT NULL AS received;
SELECT received, accepted, rejected, state FROM registry.batch WHERE batch_id = pg_temp.last();
SELECT pg_temp.take(E'名单\n' || replace(:'plain', ',', E'\t'), 'GB18030');
SELECT line, raw FROM pg_temp.rejects;
-- the same key twice below a title: the line of the one that lost
SELECT pg_temp.take(E'名单\n"第\n二行"\n' || :'plain' || E'11010519491231002X,张三,110,340402,2,1,202001,\n');
SELECT line, code, raw FROM pg_temp.rejects;
-- too far down is no header
SELECT pg_temp.take(repeat(E'标题\n', 31) || :'plain');
SELECT pg_temp.take(repeat(E'标题\n', 29) || :'plain');

--
-- A delimiter at the end of every line, of the header alone, of the rows alone
--
SELECT pg_temp.take(replace(:'plain', E'\n', E',\n'));
SELECT header FROM registry.batch WHERE batch_id = pg_temp.last();
SELECT pg_temp.take(regexp_replace(:'plain', E'\n', E',,\n'));
SELECT header FROM registry.batch WHERE batch_id = pg_temp.last();
SELECT pg_temp.take(regexp_replace(replace(:'plain', E'\n', E',,\n'), E',,\n', E'\n') || E'11010519491231002X,张三,110,340402,1,1,202005,x,y,\n11010519491231002X,张三,110,340402,1,1,202006,x\n'
	'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,单位名称,,\n');
SELECT line, name, start FROM pg_temp.rows;
SELECT line, code, message FROM pg_temp.rejects;
-- one row with one too many is no habit
SELECT pg_temp.take(:'plain' || E'11010519491231002X,张三,110,340402,1,1,202005,某,\n');
SELECT line, code, message FROM pg_temp.rejects;

--
-- Numbers dressed as text, and numbers that a spreadsheet spoilt
--
SELECT pg_temp.take(E'="证件号码",\'姓名,险　种,经办 区划,参保状态,缴费状态,开始年月,月待遇\n' || string_agg(r, E'\n'))
FROM unnest(ARRAY[
	$$'11010519491231002X,撇号,'110,'340402,'1,`1,'202001,'12.5$$,
	$$="11010519491231002X",="等号",="110",="340402",="1",="1",="202002",="12.5"$$,
	$$"=""11010519491231002X""","=""引号""","=""110""","=""340402""","=""1""",1,"=""202003""","=""1,234.5"""$$,
	E'\t11010519491231002X\t,制表,\t110,\t340402,\t1,1,\t202004,\t5',
	$$‘11010519491231002X’,全角撇,’110,’340402,’1,1,’202005,$$,
	$$`11010519491231002X,反引,110,340402,1,1,202006,$$,
	$$11010519491231002x ,小写,１１０,３４０４０２,１,1,２０２００７,１２．５$$,
	$$340403190001010016.0,小数,110.0,340402.0,1.0,1,202008,12.50$$,
	$$3.40403E+17,科学,110,340402,1,1,202009,$$,
	$$'3.40403190001010E+17,科学,110,340402,1,1,202010,$$,
	$$３.４０４０３Ｅ＋１７,科学,110,340402,1,1,202011,$$,
	$$340403190001010000,截断,110,340402,1,1,202012,$$,
	$$340403190001010048,精度,110,340402,1,1,202101,$$,
	$$="340403190001010000",截断,110,340402,1,1,202102,$$,
	$$110105491231002,旧号,110,340402,1,1,202103,$$,
	$$'=,空,110,340402,1,1,202104,$$,
	$$11010519491231002X,'单撇名,110,340402,1,1,202105,$$]) r;
SELECT line, number, fault, name, scheme, agency, start, monthly, extra FROM pg_temp.rows;
SELECT line, field, code, message, raw FROM pg_temp.rejects;

--
-- Headers: the source's own, other names for the same, blanks and full-width forms
--
SELECT pg_temp.take(E'\uFEFF身份证号码,参保人姓名,险种类型,统筹区划,参保状态,缴费状态,缴费开始年月,参保单位名称,手机号,统一社会信用代码,备注\n'
	'11010519491231002X,张三,410,340402,1,1,202001,甲公司,13800000000,91340400MA2N000018,注\n');
SELECT number, name, scheme, agency, start, employer_name, extra FROM pg_temp.rows;
SELECT phone, employer FROM staged_enrolment WHERE batch_id = pg_temp.last();
SELECT header FROM registry.batch WHERE batch_id = pg_temp.last();
-- the standard name goes before others, and of others the more telling; what is left over is kept
SELECT pg_temp.take(replace(replace(:'plain', '证件号码', '社会保障号,公民身份证号码,身份证'), '11010519491231002X', '1,11010519491231002X,3'));
SELECT line, number, extra FROM pg_temp.rows;
SELECT pg_temp.take(replace(replace(:'plain', '证件号码', '身份证号码,证件号码'), '11010519491231002X', 'A1,11010519491231002X'));
SELECT line, number, extra FROM pg_temp.rows;
SELECT pg_temp.take(replace(replace(:'plain', '证件号码', '证件号码,证 件 号 码'), '11010519491231002X', 'A1,11010519491231002X'));
SELECT pg_temp.take(replace(:'plain', '经办区划', '所在地'));
UPDATE source SET columns = '{"所在地": "经办区划", "身份证号码": "个人编号"}' WHERE source = 'test_forms';
SELECT pg_temp.take(replace(replace(:'plain', '经办区划', '所 在 地'), '证件号码', '身份证号'));
SELECT pg_temp.take(replace(replace(:'plain', '经办区划', '所在地'), '证件号码', '身份证号码'));
UPDATE source SET columns = '{}' WHERE source = 'test_forms';
-- 410 is what the source says it is
SELECT source, codes -> '险种' -> '410' AS code_410 FROM source WHERE source IN ('injury', 'medical_employee', 'test_forms') ORDER BY source;
SELECT pg_temp.receive(convert_to(replace(:'plain', '110,', '410,'), 'UTF8'), s) FROM unnest(ARRAY['injury', 'medical_employee']) s;
SELECT source, scheme, scheme_code FROM staged_enrolment WHERE source IN ('injury', 'medical_employee') AND line_no = 2 ORDER BY source;
SELECT registry.discard(batch_id) IS NULL AS discarded FROM registry.batch WHERE source IN ('injury', 'medical_employee') AND state = 'held';

--
-- DBF.  fields: name, type, width, decimals; records: mark and values
--
CREATE FUNCTION pg_temp.little(n bigint, bytes int) RETURNS bytea LANGUAGE sql AS
$$ SELECT string_agg(decode(lpad(to_hex(($1 >> (8 * i)) & 255), 2, '0'), 'hex'), ''::bytea ORDER BY i) FROM generate_series(0, $2 - 1) i $$;
CREATE FUNCTION pg_temp.filled(b bytea, width int, with_byte bytea) RETURNS bytea LANGUAGE sql AS
$$ SELECT substr($1 || decode(repeat(encode($3, 'hex'), $2), 'hex'), 1, $2) $$;
CREATE FUNCTION pg_temp.dbf(fields text[], records text[], encoding text DEFAULT 'GB18030', version int DEFAULT 3, language int DEFAULT 77) RETURNS bytea LANGUAGE sql AS $$
	SELECT pg_temp.little($4, 1) || '\x7c061e' || pg_temp.little(cardinality($2), 4) || pg_temp.little(33 + 32 * count(*), 2) ||
		   pg_temp.little(1 + sum(split_part(f, ' ', 3)::int), 2) || pg_temp.filled('', 17, '\x00') || pg_temp.little($5, 1) || '\x0000' ||
		   string_agg(pg_temp.filled(substr(convert_to(split_part(f, ' ', 1), $3), 1, 10), 11, '\x00') || convert_to(split_part(f, ' ', 2), 'UTF8') || '\x00000000' ||
					  pg_temp.little(split_part(f, ' ', 3)::int, 1) || pg_temp.little(coalesce(nullif(split_part(f, ' ', 4), ''), '0')::int, 1) || pg_temp.filled('', 14, '\x00'), ''::bytea ORDER BY n) || '\x0d' ||
		   coalesce((SELECT string_agg(convert_to(split_part(r, '|', 1), 'UTF8') ||
					(SELECT string_agg(CASE split_part(g, ' ', 2) WHEN 'N' THEN convert_to(lpad(split_part(r, '|', 1 + m::int), split_part(g, ' ', 3)::int), 'UTF8')
											ELSE pg_temp.filled(convert_to(split_part(r, '|', 1 + m::int), $3), split_part(g, ' ', 3)::int, ' ') END, ''::bytea ORDER BY m)
					 FROM unnest($1) WITH ORDINALITY AS h (g, m)), ''::bytea ORDER BY k) FROM unnest($2) WITH ORDINALITY AS s (r, k)), '') || '\x1a'
	FROM unnest($1) WITH ORDINALITY AS e (f, n) $$;
\set fields '{公民身份证号码 C 18,姓名 C 7,险种 C 3,经办区划 N 12 0,参保状态 C 1,缴费状态 N 1 0,开始年月 C 6,月待遇 N 9 2,单位名称 C 10,备注 D 8,在职 L 1}'
SELECT pg_temp.dbf(:'fields', ARRAY[
	' |11010519491231002X|张三|110|340402|1|1|202001|1234.50|甲公司|20240105|T',
	'*|440524188001010014|李四|110|340402|1|1|202001||乙公司||?',
	' |440524188001010014|李四|110|340402|1|1|202002|*********|乙公司||?',
	' |34040319000101001|缺位|110|340402|1|1|202003|||19000100|',
	' |440524188001010014|王 五|110|340402|1|1|202004||甲 乙丙丁戊己||N',
	' |440524188001010014|阿卜杜热合曼|110|340402001001|1|1|202005||ab淮南市社会保险|20240105|F',
	' |440524188001010014|六字姓名满|110|340402|1|1|202006||淮南市社会保||',
	' |440524188001010014|𠂇𠂉|110|340402|1|1|202007||abcdefgh𠂇||',
	'x|440524188001010014|标记|110|340402|1|1|202008||||']) AS dbf \gset
SELECT pg_temp.receive(:'dbf');
SELECT line, number, fault, name, scheme, agency, start, monthly, employer_name, extra FROM pg_temp.rows;
SELECT line, field, code, message, state FROM pg_temp.rejects;
SELECT header FROM registry.batch WHERE batch_id = pg_temp.last();
SELECT item, filled, valid FROM quality_report WHERE batch_id = pg_temp.last() AND item IN ('姓名', '单位名称', '月待遇');
-- by path, and refused the second time
COPY (SELECT translate(encode(:'dbf'::bytea || '\x00'::bytea, 'base64'), E'\n', '')) TO PROGRAM 'base64 -d > registry_formats_test.dbf';
SELECT registry.receive('test_forms', '2024-06-30', 'registry_formats_test.dbf') IS NOT NULL AS received;
SELECT file_name, encoding, received, accepted, rejected FROM registry.batch WHERE batch_id = pg_temp.last();
DO $$ BEGIN PERFORM registry.receive('test_forms', '2024-06-30', 'registry_formats_test.dbf'); EXCEPTION WHEN unique_violation THEN RAISE WARNING '%', SQLERRM; END $$;
COPY (SELECT 1) TO PROGRAM 'rm -f registry_formats_test.dbf';
-- the same record twice: the one that lost is told by its number
SELECT pg_temp.receive(pg_temp.dbf(:'fields', ARRAY[' |11010519491231002X|张三|110|340402|1|1|202001', ' |11010519491231002X|张三|110|340402|2|1|202001']));
SELECT line, code FROM pg_temp.rejects;
-- encodings: the language driver, what the source says, UTF-8 that shows itself; a broken byte costs its record
SELECT d AS driver, pg_temp.receive(pg_temp.dbf('{证件号码 C 18,姓名 C 20,险种 C 3,经办区划 C 6,参保状态 C 1,缴费状态 C 1,开始年月 C 6}', ARRAY[' |11010519491231002X|张三|110|340402|1|1|202001'], e, 3, d)) AS outcome
FROM (VALUES ('GB18030', 0), ('GB18030', 3), ('GB18030', 122), ('UTF8', 0)) AS v (e, d);
SELECT name FROM pg_temp.rows;
SELECT pg_temp.receive(pg_temp.dbf(:'fields', ARRAY[' |11010519491231002X|張三|110|340402|1|1|202001'], 'GB18030', 3, 120));
UPDATE source SET encoding = 'GBK' WHERE source = 'test_forms';
SELECT pg_temp.receive(pg_temp.dbf(:'fields', ARRAY[' |11010519491231002X|張三|110|340402|1|1|202001'], 'GB18030', 3, 120));
UPDATE source SET encoding = 'auto' WHERE source = 'test_forms';
SELECT pg_temp.receive(overlay(:'dbf'::bytea placing '\xff' from 33 + 32 * 11 + 1 + 1 + 18 for 1));
SELECT line_no, code, message, substr(raw_bytes, 19, 2) AS there FROM registry.reject WHERE batch_id = pg_temp.last() AND code = 'encoding';
-- names cut to ten bytes: one column each, or none
SELECT pg_temp.receive(pg_temp.dbf('{统一社会信用代码 C 18,单位名称 C 20,法定代表人姓名 C 10,登记区划 C 6}', ARRAY[' |91340400MA2N000018|甲公司|赵六|340402']), 'employer_registry');
SELECT code, name, legal_person, region::text FROM staged_employer WHERE batch_id = pg_temp.last();
SELECT registry.discard(pg_temp.last());
SELECT pg_temp.receive(pg_temp.dbf('{户籍地行政区划 C 6,公民身份号码 C 18,姓名 C 8,管理状态 C 4,出生日期 D 8}', ARRAY[' |340402|11010519491231002X|张三|正常|19491231']), 'police_migrant');
SELECT number, hukou_region::text, birth_date FROM staged_population WHERE batch_id = pg_temp.last();
SELECT registry.discard(pg_temp.last());
-- "居住地行政" and "居住地详细" each have one column; what two columns begin with has none
SELECT pg_temp.receive(pg_temp.dbf('{户籍地 C 6,公民身份号码 C 18,姓名 C 8,管理状态 C 4,居住地行政区划 C 6,居住地详细地址 C 20}', ARRAY[' |340402|11010519491231002X|张三|正常|340403|某路']), 'police_migrant');
SELECT residence_region::text, residence_address, extra FROM staged_population WHERE batch_id = pg_temp.last();
SELECT registry.discard(pg_temp.last());
UPDATE source SET columns = '{"某某某某某始": "开始年月", "某某某某某终": "终止年月"}' WHERE source = 'test_forms';
SELECT pg_temp.receive(pg_temp.dbf('{证件号码 C 18,姓名 C 20,险种 C 3,经办区划 C 6,参保状态 C 1,缴费状态 C 1,某某某某某始 C 6}', ARRAY[' |11010519491231002X|张三|110|340402|1|1|202001']));
UPDATE source SET columns = '{"某某某某某始": "开始年月"}' WHERE source = 'test_forms';
SELECT pg_temp.receive(pg_temp.dbf('{证件号码 C 18,姓名 C 20,险种 C 3,经办区划 C 6,参保状态 C 1,缴费状态 C 1,某某某某某始 C 6}', ARRAY[' |11010519491231002X|张三|110|340402|1|1|202001']));
SELECT start FROM pg_temp.rows;
UPDATE source SET columns = '{}' WHERE source = 'test_forms';
-- no rows at all
SELECT pg_temp.receive(pg_temp.dbf(:'fields', '{}'));

--
-- Files that cannot be read: a clear error, and nothing left behind
--
SELECT count(*) AS batches FROM registry.batch \gset
CREATE FUNCTION pg_temp.refused(content bytea, source text DEFAULT 'test_forms') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	PERFORM registry.receive($2, '2024-06-30', $1);
	RETURN 'received';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ' ' || SQLERRM || ' | ' || detail || ' | ' || hint;
END $$;
SELECT n, pg_temp.refused(c) FROM (VALUES
	(1, substr(:'dbf'::bytea, 1, 20)), (2, substr(:'dbf'::bytea, 1, 200)), (3, substr(:'dbf'::bytea, 1, 600)), (4, overlay(:'dbf'::bytea placing '\x2000' from 9)),
	(5, overlay(:'dbf'::bytea placing '\xff' from 33 + 16)), (6, overlay(:'dbf'::bytea placing '\x00' from 33 + 16)), (7, overlay(:'dbf'::bytea placing '\x04' from 1)),
	(8, overlay(:'dbf'::bytea placing '\x4d' from 33 + 32 * 8 + 11)), (9, overlay(:'dbf'::bytea placing '\x49' from 33 + 32 * 3 + 11)), (10, overlay(:'dbf'::bytea placing '\x02' from 5)),
	(11, overlay(:'dbf'::bytea placing '\x00' from 33)), (12, '\x03'::bytea), (13, overlay(:'dbf'::bytea placing '\xff' from 33 + 32 * 2 + 11)), (14, substr(pg_temp.dbf(:'fields', '{}'), 1, 33 + 32 * 11 - 1))) AS v (n, c);
SELECT n, pg_temp.refused(c) FROM (VALUES (1, ''::bytea), (2, '\x504b030414'), (3, '\xd0cf11e0a1b11ae1'), (4, '\x1f8b08'), (5, convert_to('%PDF-1.4', 'UTF8')), (6, convert_to('<html><table>', 'UTF8')),
	(7, convert_to('<?xml version="1.0"?>', 'UTF8')), (8, '\x03' || convert_to('EXPORT:V11.02.00', 'UTF8')), (9, 'Rar!'), (10, '\xefbbbf'), (11, '\xfffe'), (12, '\x00'), (13, '\x0000000000'), (14, convert_to(E'只有标题\n第二行\n', 'UTF8')),
	(15, convert_to('证件号码|姓名' || E'\n', 'GB18030')), (16, convert_to(E'\n\n \n', 'UTF8'))) AS v (n, c);
SELECT count(*) = :batches AS nothing_left FROM registry.batch;

--
-- Good rows beside every kind of bad one
--
SELECT pg_temp.receive(convert_to(:'plain' || E'11010519491231002X,张三,110,340402,1,1,202101,"open\n11010519491231002X,张三,110,340402,1,1,202102,x,y\n11010519491231002X,张三,110,340402\n', 'UTF8') ||
	'\xff0a00' || convert_to(E'\n11010519491231002X,张三,999,340402,1,1,202103,\n,,,,,,,\n,无号,110,340402,1,1,202104,\n11010519491231002X,张三,110,340402,1,1,202113,\n' ||
	repeat('9', 1000) || E',长号,110,340402,1,1,202105,\n11010519491231002X,张三,110,340402,1,1,202106,' || repeat('字', 400000) || E'\n11010519491231002X,好,110,340402,1,1,202107,\n"11010519491231002X,未完', 'UTF8'));
SELECT line, name, start FROM pg_temp.rows;
SELECT line, field, code, message, left(raw, 30) AS raw FROM pg_temp.rejects;

SELECT count(*) AS unaccounted FROM registry.batch WHERE received <> accepted + rejected + unchanged;
SELECT count(*) AS unaccounted FROM registry.batch b WHERE rejected <> (SELECT count(*) FROM reject r WHERE r.batch_id = b.batch_id);
-- leave the database as the next test expects it
TRUNCATE registry.batch_item, registry.batch, reject, staged_population, staged_enrolment, staged_circumstance, staged_employer;
DELETE FROM source WHERE source = 'test_forms';

-- Receiving extracts: what is staged, what is rejected, what is refused.
\set ECHO all
SET client_min_messages = warning;
SET search_path = registry, public;

SET datestyle = 'ISO';
CALL registry.deploy('340400');

-- one enrolment row: the columns that most cases leave alone are filled in
CREATE FUNCTION pg_temp.enrolment_header() RETURNS text LANGUAGE sql AS
$$ SELECT '证件号码,姓名,险种,个人编号,单位编号,单位名称,经办区划,参保状态,缴费状态,开始年月,终止年月,缴至年月,待遇状态,待遇开始,待遇终止,月待遇,参保身份,联系电话' $$;
-- receives text in an encoding
CREATE FUNCTION pg_temp.take(source text, body text, encoding text DEFAULT 'UTF8', cutoff date DEFAULT '2024-06-30') RETURNS bigint
LANGUAGE sql AS $$ SELECT registry.receive($1, $4, convert_to($2, $3)) $$;
CREATE FUNCTION pg_temp.last() RETURNS bigint LANGUAGE sql AS $$ SELECT max(batch_id) FROM registry.batch $$;
CREATE VIEW pg_temp.rejects AS
	SELECT line_no AS line, field, code, message, state, row_key IS NOT NULL AS keyed, left(raw, 40) AS raw
	FROM registry.reject WHERE batch_id = pg_temp.last() ORDER BY line_no, reject_id;
CREATE VIEW pg_temp.batch AS
	SELECT source, encoding, received AS n, accepted AS ok, rejected AS bad, unchanged AS same, state, held_reason
	FROM registry.batch WHERE batch_id = pg_temp.last();
CREATE VIEW pg_temp.enrolments AS
	SELECT line_no AS line, number, citizen_id::text, id_kind, fault, name, name_key AS key, scheme, scheme_code AS code, personal_no AS no, employer,
		   agency::text, enrol_status AS e, pay_status AS p, start_month AS start, end_month AS "end", paid_through AS paid,
		   benefit_state AS b, benefit_from AS "from", benefit_to AS "to", benefit_monthly AS monthly, identity AS i, extra, valid_from
	FROM registry.staged_enrolment WHERE batch_id = pg_temp.last() ORDER BY line_no;

--
-- The five kinds, clean
--
SELECT pg_temp.take('pension_employee', pg_temp.enrolment_header() || E'\n'
	'11010519491231002X,张三,110,P001,91340400MA2N000018,甲公司,340402,1,1,202001,,202406,0,,,,1,13800000001\n'
	'440524188001010014,李四,P1,P002,,,340402001,2,2,201001,202312,202312,1,202401,,1234.5,5,\n') IS NOT NULL AS received;
SELECT * FROM pg_temp.batch;
\x
SELECT * FROM pg_temp.enrolments;
\x
SELECT person_id, enrolment_id, territory, source, batch_id = pg_temp.last() AS batch, employer_name, phone, repair, ended_on, duplicate
FROM staged_enrolment WHERE batch_id = pg_temp.last() ORDER BY line_no;

SELECT pg_temp.take('police_household', E'公民身份号码,姓名,曾用名,性别,民族,出生日期,户籍地,户籍地址,居住地,居住地址,联系电话,户口性质,管理状态,状态日期,注销原因,户号,与户主关系\n'
	'11010519491231002X,张三,张老三,女,汉,19491231,340403001001,某路1号,340402001001,"某街,2号",13800000001,居民,正常,,,H1,本人\n'
	'440524188001010014,李四,,1,汉,不详,340403,,,,,,死亡,2020-02-29,,,\n'
	'340403190001010016,甲,,男,,,340403,,320100,,,,迁出,20200101,,,\n'
	'340402199001010010,乙,,男,,,340403,,340100,,,,迁出,20200101,,,\n'
	'340402199001010029,丙,,女,,,340403,,320100,,,,迁出,20200101,迁往省内,,\n'
	'340402199001010037,丁,,男,,,340403,,,,,,迁出,20200101,迁往省外,,\n'
	'340402199001010045,戊,,女,,,340403,,,,,,注销,20200101,参军入伍,,\n'
	'340402199001010053,己,,男,,,340403,,,,,,注销,20200101,逮捕,,\n'
	'340402199001010061,庚,,女,,,340403,,,,,,注销,20200101,出国定居,,\n'
	'34040219900101007X,辛,,男,,,340403,,,,,,注销,20200101,取得外国国籍,,\n'
	'340402199001010088,壬,,女,,,340403,,,,,,注销,20200101,重复户口,,\n'
	'340402199001010096,癸,,0,,,340403,,,,,,管理中,,,,\n'
	'340402199001010109,子,,男,,,340403,,,,,,失联,,,,\n'
	'340402199001010117,丑,,男,,,340403,,,,,,正常,20200230,,,\n'
	'340402199001010125,寅,,不男不女,,,34x403,,,,,,正常,,,,\n'
	'340402199001010133,卯,,男,,,340403,,,,,,,,,,\n') IS NOT NULL AS received;
SELECT * FROM pg_temp.batch;
SELECT number, name, former_name, sex, ethnic, birth_date, hukou_region::text, residence_region::text, residence_address, status, status_date, cancel_reason, household_no
FROM staged_population WHERE batch_id = pg_temp.last() ORDER BY line_no;
SELECT * FROM pg_temp.rejects;

SELECT pg_temp.take('civil_affairs_death', E'证件号码,姓名,类别,开始日期,结束日期,备注\n'
	'11010519491231002X,张三,火化,2024年1月5日,,某馆\n'
	'440524188001010014,李四,死亡（失踪）,45292,9999-12-31,\n'
	'340403190001010016,王五,病故,20240101,,\n'
	'340403190001010016,王五,死亡,20240105,20240101,\n') IS NOT NULL AS received;
SELECT * FROM pg_temp.batch;
SELECT number, kind, kind_text, start_date, end_date, note FROM staged_circumstance WHERE batch_id = pg_temp.last() ORDER BY line_no;
SELECT * FROM pg_temp.rejects;
SELECT pg_temp.take('justice_prison', E'证件号码,姓名,类别,开始日期,结束日期,备注\n'
	'11010519491231002X,张三,服刑人员,20200101,20250101,\n440524188001010014,李四,社区矫正,20200101,,\n') IS NOT NULL AS received;
SELECT kind, kind_text FROM staged_circumstance WHERE batch_id = pg_temp.last() ORDER BY line_no;
SELECT pg_temp.take('school', E'证件号码,姓名,类别,开始日期,结束日期,备注\n'
	'11010519491231002X,张三,普通高中,20230901,20260630,\n440524188001010014,李四,死亡,20230901,,\n') IS NOT NULL AS received;
SELECT kind, kind_text FROM staged_circumstance WHERE batch_id = pg_temp.last() ORDER BY line_no;

SELECT pg_temp.take('national_enrolment', E'证件号码,姓名,险种,参保地,参保状态,缴费状态,开始年月,终止年月,数据期别\n'
	'11010519491231002X,张三,110,310101,1,1,201901,,202406\n'
	'11010519491231002X,张三,110,320100,4,3,201501,201812,202406\n'
	'11010519491231002X,张三,110,,4,3,201501,201812,202406\n') IS NOT NULL AS received;
SELECT number, scheme, region::text, enrol_status, pay_status, start_month, end_month, data_period FROM staged_elsewhere WHERE batch_id = pg_temp.last() ORDER BY line_no;
SELECT * FROM pg_temp.rejects;

SELECT pg_temp.take('employer_registry', E'统一社会信用代码,单位名称,单位类型,登记区划,地址,法定代表人,职工人数,登记状态,成立日期\n'
	'91340400ma2n000018,甲公司,企业,340402,某路,赵六,12,存续,2001-02-03\n'
	'91350211M00013FA1N,试点单位,企业,340402,,,,,\n'
	'123,无码单位,,,,,1.0,,\n'
	'91340400MA2N11114F,乙公司,企业,,,,十二,,\n'
	',丙公司,企业,,,,,,\n'
	'92340403MA2N11114F,,企业,,,,,,\n') IS NOT NULL AS received;
SELECT * FROM pg_temp.batch;
SELECT code, code_fault, name, region::text, legal_person, staff, state, founded_on FROM staged_employer WHERE batch_id = pg_temp.last() ORDER BY line_no;
SELECT * FROM pg_temp.rejects;

--
-- Numbers: broken ones are staged and rejected, missing ones only rejected
--
SELECT pg_temp.take('pension_resident', pg_temp.enrolment_header() || E'\n'
	'１１０１０５１９４９１２３１００２ｘ,全角,170,1,,,340402,1,1,202001,,,,,,,,\n'
	'"''110105 19491231 002x",空格,170,2,,,340402,1,1,202001,,,,,,,,\n'
	'110105491231002,十五位,170,3,,,340402,1,1,202001,,,,,,,,\n'
	'810000199408230021,居住证,170,4,,,340402,1,1,202001,,,,,,,,\n'
	'H1234567800,港,170,5,,,340402,1,1,202001,,,,,,,,\n'
	'110105194912310021,校验,170,6,,,340402,1,1,202001,,,,,,,,\n'
	'1101051949123100,长度,170,7,,,340402,1,1,202001,,,,,,,,\n'
	'34040319000A010016,字符,170,8,,,340402,1,1,202001,,,,,,,,\n'
	'340403190002290013,日期,170,9,,,340402,1,1,202001,,,,,,,,\n'
	'340403190001010000,截断,170,10,,,340402,1,1,202001,,,,,,,,\n'
	'340403190001010048,精度,170,11,,,340402,1,1,202001,,,,,,,,\n'
	',缺号,170,12,,,340402,1,1,202001,,,,,,,,\n'
	'NULL,缺号,170,13,,,340402,1,1,202001,,,,,,,,\n'
	'110105194912310021,两错,170,14,,,340402,1,1,202013,,,,,,,,\n'
	'11010519491231002X,,170,15,,,340402,1,1,202001,,,,,,,,\n') IS NOT NULL AS received;
SELECT * FROM pg_temp.batch;
SELECT e.line, e.number, e.citizen_id, e.id_kind, e.fault, s.repair, e.name, e.extra
FROM pg_temp.enrolments e JOIN staged_enrolment s ON s.batch_id = pg_temp.last() AND s.line_no = e.line;
SELECT * FROM pg_temp.rejects;
SELECT count(*) AS keys_that_lead_to_a_staged_row FROM reject r JOIN staged_enrolment s USING (batch_id, row_key)
WHERE r.batch_id = pg_temp.last() AND r.code = s.fault AND r.line_no = s.line_no;

--
-- Dates, months, amounts and codes in all their forms
--
SELECT pg_temp.take('civil_affairs_death', E'证件号码,姓名,类别,开始日期,结束日期,备注\n' || string_agg(
	format('11010519491231002X,张三,死亡,%s,,%s', d, n), E'\n' ORDER BY n)) IS NOT NULL AS received
FROM unnest(ARRAY['20240105', '2024-01-05', '2024/1/6', '2024.01.07', '2024年1月8日', '２０２４－０１－０９', '2024-01-10 00:00:00', '2024-01-11T08:30:00', '43831', '43832.0',
	'00000000', '0000-00-00', '99991231', '9999-12-31', '1900-01-00', '-', 'NULL', '\N',
	'20240230', '2023-02-29', '20-3-5', '202401', '2024-13-01', '昨天', '19999', '60001', '1799-01-01', '2024-01-05x']) WITH ORDINALITY AS v (d, n);
SELECT note, start_date FROM staged_circumstance WHERE batch_id = pg_temp.last() ORDER BY note::int;
SELECT line, code, raw FROM pg_temp.rejects;
SELECT * FROM pg_temp.batch;

SELECT pg_temp.take('unemployment', pg_temp.enrolment_header() || E'\n' || string_agg(
	format('11010519491231002X,张三,210,%s,,,340402,1,1,202001,%s,,,,,,,', n, m), E'\n' ORDER BY n)) IS NOT NULL AS received
FROM unnest(ARRAY['202406', '2024-06', '2024/6', '2024.06', '2024年6月', '20240630', '2024-06-30', '２０２４０６', '2024年6月1日',
	'', '000000', '999912', '99991231', '0000-00-00', 'NULL', '202413', '202400', '2024', '24-6', '20240640', '六月', '201912']) WITH ORDINALITY AS v (m, n);
SELECT line, no, "end" FROM pg_temp.enrolments;
SELECT line, field, code, raw FROM pg_temp.rejects;

SELECT pg_temp.take('unemployment', pg_temp.enrolment_header() || E'\n' || string_agg(
	format('11010519491231002X,张三,210,%s,,,340402,1,1,202001,,,1,202001,,%s,,', n, a), E'\n' ORDER BY n), cutoff => '2024-07-31') IS NOT NULL AS received
FROM unnest(ARRAY['0', '1234', '1234.5', '1234.567', '１２３４．５', '"1,234.50"', '1234.5元', '', '-', '-5', '1e3', '12345678901', 'abc', '1.2.3', '.5']) WITH ORDINALITY AS v (a, n);
SELECT line, monthly FROM pg_temp.enrolments;
SELECT line, field, code, raw FROM pg_temp.rejects;

SELECT pg_temp.take('injury', pg_temp.enrolment_header() || E'\n'
	'11010519491231002X,张三,410,1,,,340402,１,正常缴费,202001,,,,,,,单位职工,\n'
	'11010519491231002X,张三, 410 ,2,,,340402, 正常（参保） ,1.0,202001,,,领取,202001,202012,,02,\n'
	'11010519491231002X,张三,w,3,,,340402,暂停参保,暂停缴费,202001,,,,,,,,\n'
	'11010519491231002X,张三,330,4,,,340402,1,1,202001,,,,,,,,\n'
	'11010519491231002X,张三,999,5,,,340402,1,1,202001,,,,,,,,\n'
	'11010519491231002X,张三,410,6,,,340402,3,1,202001,,,,,,,,\n'
	'11010519491231002X,张三,410,7,,,340402,1,9,202001,,,,,,,,\n'
	'11010519491231002X,张三,410,8,,,340402,,1,202001,,,,,,,,\n'
	'11010519491231002X,张三,410,9,,,340402,1,1,202001,,,,,,,9,\n'
	'11010519491231002X,张三,,10,,,340402,1,1,202001,,,,,,,,\n'
	'11010519491231002X,张三,410,11,,,34O402,1,1,202001,,,,,,,,\n'
	'11010519491231002X,张三,410,12,,,340402,1,1,202002,202001,,,,,,,\n'
	'11010519491231002X,张三,410,13,,,340402,1,1,202001,,,1,202005,202004,,,\n') IS NOT NULL AS received;
SELECT line, scheme, code, no, agency, e, p, b, i FROM pg_temp.enrolments;
SELECT * FROM pg_temp.rejects;

-- 410 is work injury on one side and long-term care on the other
SELECT pg_temp.take('medical_employee', pg_temp.enrolment_header() || E'\n'
	'11010519491231002X,张三,410,1,,,340402,1,1,202001,,,,,,,,\n11010519491231002X,张三,310,2,,,340402,1,1,202001,,,,,,,,\n') IS NOT NULL AS received;
SELECT line, scheme, code FROM pg_temp.enrolments;

--
-- Headers and codes of a source of one's own, in any order
--
INSERT INTO source (source, kind, title, delivery, columns, codes) VALUES ('test_enrolment', 'enrolment', '试验', 'delta',
	'{"aac002": "证件号码", "AAC003": "姓名", "险 种": "险种"}', '{"险种": {"A1": "P1", "A2": null, "ａ３": "M1"}, "参保状态": {"Y": "正常", "N": "4"}}');
SELECT pg_temp.take('test_enrolment', E'\uFEFF缴费状态,参保状态, 险　种 ,AAC003,备用,ＡＡＣ００２,开始年月,"经办区划",,备用\n'
	'1,Y,A1,张三,其他,11010519491231002X,202001,340402,尾,二\n'
	'1,N,a3,李四,,440524188001010014,202001,340402,,\n'
	'1,1,A2,李四,,440524188001010014,202001,340402,,\n'
	'1,1,410,李四,,440524188001010014,202001,340402,,\n') IS NOT NULL AS received;
SELECT line, number, name, scheme, code, agency, e, p, extra FROM pg_temp.enrolments;
SELECT * FROM pg_temp.rejects;
SELECT header FROM registry.batch WHERE batch_id = pg_temp.last();
UPDATE source SET codes = '{"险种": {"A1": "P9"}}' WHERE source = 'test_enrolment';
SELECT pg_temp.take('test_enrolment', pg_temp.enrolment_header() || E'\n');
UPDATE source SET codes = '{}' WHERE source = 'test_enrolment';

--
-- Lines: mixed ends, blank lines, quotes, repeated header, totals, fields
--
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,备注\r\n'
	'11010519491231002X,甲,P1,340402,1,1,202001,crlf\r\n'
	'11010519491231002X,乙,P1,340402,1,1,202002,cr\r'
	'11010519491231002X,丙,P1,340402,1,1,202003,lf\n'
	'\n\r\n'
	'11010519491231002X,丁,P1,340402,1,1,202004,"two\r\nlines, ""quoted"""\n'
	'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,备注\n'
	'11010519491231002X,"戊,P1,340402,1,1,202005,never closed\n'
	'11010519491231002X,己,P1,340402,1,1,202006,"a" b\n'
	'11010519491231002X,庚,P1,340402,1,1,202007,6" pipe\n'
	'11010519491231002X,辛,P1,340402,1,1,202008\n'
	'11010519491231002X,壬,P1,340402,1,1,202009,x,y\n'
	'\\.\n'
	',,,,,,,\n'
	'合　计,11\n'
	'共 11 条\n'
	'11010519491231002X,癸,P1,340402,1,1,202010,no line end') IS NOT NULL AS received;
SELECT * FROM pg_temp.batch;
SELECT line, name, start, extra FROM pg_temp.enrolments;
SELECT * FROM pg_temp.rejects;

-- an open quote at the very end, and one that a later quote seems to close
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,备注\n'
	'11010519491231002X,甲,P1,340402,1,1,202001,"open\n'
	'11010519491231002X,乙,P1,340402,1,1,202002,"closed"\n'
	'11010519491231002X,丙,P1,340402,1,1,202003,"open') IS NOT NULL AS received;
SELECT line, name FROM pg_temp.enrolments;
SELECT * FROM pg_temp.rejects;

--
-- Encodings
--
-- the guess: GB18030 and UTF-8, with and without mark, and UTF-16
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月\n11010519491231002X,张三,P1,340402,1,1,202101\n', 'GB18030') IS NOT NULL AS received;
SELECT encoding, line, name FROM pg_temp.batch, pg_temp.enrolments;
SELECT registry.receive('test_enrolment', '2024-06-30', '\xfffe'::bytea || string_agg(
	CASE WHEN octet_length(u) = 1 THEN convert_to(u, 'UTF8') || '\x00'::bytea
		 ELSE set_byte(set_byte('\x0000'::bytea, 0, ascii(u) % 256), 1, ascii(u) / 256) END, ''::bytea ORDER BY n)) IS NOT NULL AS received
FROM regexp_split_to_table(E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月\r\n11010519491231002X,张三,P1,340402,1,1,202102\r\n', '') WITH ORDINALITY AS c (u, n);
SELECT encoding, line, name, start FROM pg_temp.batch, pg_temp.enrolments;
SELECT registry.receive('test_enrolment', '2024-06-30', '\xfeff'::bytea || string_agg(
	CASE WHEN octet_length(u) = 1 THEN '\x00'::bytea || convert_to(u, 'UTF8')
		 ELSE set_byte(set_byte('\x0000'::bytea, 1, ascii(u) % 256), 0, ascii(u) / 256) END, ''::bytea ORDER BY n) || '\xd800000a'::bytea) IS NOT NULL AS received
FROM regexp_split_to_table(E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月\n11010519491231002X,张三,P1,340402,1,1,202103\n', '') WITH ORDINALITY AS c (u, n);
SELECT encoding, line, name, start FROM pg_temp.batch, pg_temp.enrolments;
SELECT * FROM pg_temp.rejects;

-- broken bytes and NUL reject their row, keep its bytes, and never change the guess
SELECT registry.receive('test_enrolment', '2024-06-30',
	convert_to(E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月\n11010519491231002X,甲,P1,340402,1,1,202104\n11010519491231002X,乙', 'GB18030') || '\x80' ||
	convert_to(E',P1,340402,1,1,202105\n11010519491231002X,丙', 'GB18030') || '\x00' ||
	convert_to(E',P1,340402,1,1,202106\n11010519491231002X,丁', 'GB18030') || '\xb6' ||
	convert_to(E',P1,340402,1,1,202107\n11010519491231002X,戊,P1,340402,1,1,202108\n', 'GB18030')) IS NOT NULL AS received;
SELECT * FROM pg_temp.batch;
SELECT line, name FROM pg_temp.enrolments;
SELECT * FROM pg_temp.rejects;
SELECT line_no, raw_bytes FROM reject WHERE batch_id = pg_temp.last() ORDER BY line_no;
SELECT registry.receive('test_enrolment', '2024-06-30',
	convert_to(E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,备', 'UTF8') || '\xe6' ||
	convert_to(E'\n11010519491231002X,甲,P1,340402,1,1,202109,x\n11010519491231002X,乙', 'UTF8') || '\xffe4b8' ||
	convert_to(E',P1,340402,1,1,202110,\n', 'UTF8')) IS NOT NULL AS received;
SELECT encoding, line, name, extra FROM pg_temp.batch, pg_temp.enrolments;
SELECT * FROM pg_temp.rejects;

-- bytes on which converters differ reach one name key (domain 7.2)
SELECT registry.receive('test_enrolment', '2024-06-30', convert_to(E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月\n', 'GB18030') ||
	string_agg(convert_to('11010519491231002X,王', 'GB18030') || b || convert_to(format(E',P1,340402,1,1,%s\n', 200100 + n), 'GB18030'), ''::bytea ORDER BY n)) IS NOT NULL AS received
FROM unnest(ARRAY['\xfe50', '\xfe59', '\x82359037', '\xa8bc', '\x8135f437', '\xfe9f', '\xfe51', '\x95329031', '\xa1a4']::bytea[]) WITH ORDINALITY AS v (b, n);
SELECT line, encode(convert_to(name, 'UTF8'), 'hex') AS name, key = name_key('王' || want) AS key_as_wanted
FROM pg_temp.enrolments JOIN unnest(ARRAY[U&'\2E81', U&'\9FB4', U&'\9FB4', U&'\1E3F', U&'\1E3F', U&'\4DAE', U&'\+020087', U&'\+020087', U&'\00B7']) WITH ORDINALITY AS w (want, n) ON line = n + 1;
SELECT * FROM pg_temp.rejects;

-- the source's word goes before the guess
UPDATE source SET encoding = 'UTF-8' WHERE source = 'test_enrolment';
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名\n', 'GB18030');
UPDATE source SET encoding = 'GBK' WHERE source = 'test_enrolment';
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月\n11010519491231002X,张三,P1,340402,1,1,202111\n', 'GB18030') IS NOT NULL AS received;
SELECT encoding, name FROM pg_temp.batch, pg_temp.enrolments;
UPDATE source SET encoding = 'auto' WHERE source = 'test_enrolment';

--
-- Long fields
--
SELECT pg_temp.take('civil_affairs_death', E'证件号码,姓名,类别,开始日期,结束日期,备注\n'
	'11010519491231002X,张三,死亡,20240101,,' || repeat('x', 1024 * 1024) || E'\n'
	'11010519491231002X,张三,死亡,20240102,,' || repeat('x', 1024 * 1024 + 1) || E'\n'
	'11010519491231002X,' || repeat('长', 201) || E',死亡,20240103,,\n'
	'11010519491231002X,张三,死亡,20240104,,' || repeat('x', 5 * 1024 * 1024) || E'\r\n'
	'11010519491231002X,张三,死亡,20240105,,"' || repeat(repeat('x', 1000) || E'\n', 5000) || E'\n'
	|| repeat('9', 300) || E',张三,死亡,20240106,,\n'
	'11010519491231002X,张三,死亡,20240107,,last\n') IS NOT NULL AS received;
SELECT received, accepted, rejected FROM registry.batch WHERE batch_id = pg_temp.last();
SELECT line_no, start_date, length(note) FROM staged_circumstance WHERE batch_id = pg_temp.last() ORDER BY line_no;
SELECT code, count(*), min(line) AS first, max(line) AS last, min(message) AS message FROM pg_temp.rejects GROUP BY code ORDER BY code;
SELECT discard(pg_temp.last());

--
-- The same thing twice in one file: an equal repeat is unchanged, of differing ones the last wins
--
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,备注\n'
	'11010519491231002X,甲,P1,340402,1,1,202101,first\n'
	'440524188001010014,乙,P1,340402,1,1,202101,same\n'
	'11010519491231002X,甲,P1,340402,1,1,2021-01,second\n'
	'440524188001010014, 乙 ,P1,340402000000,正常,1,202101,same\n'
	'110105491231002,甲,P1,340402,1,2,202101,last\n'
	'110105194912310021,丙,P1,340402,1,1,202101,broken\n'
	'110105194912310021,丙,P1,340402,1,2,202101,broken\n') IS NOT NULL AS received;
SELECT * FROM pg_temp.batch;
SELECT line, number, name, p, extra FROM pg_temp.enrolments;
SELECT * FROM pg_temp.rejects;
-- more rows than one buffer holds, every key twice
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,个人编号\n' ||
	string_agg(format(E'11010519491231002X,甲,P1,340402,1,%s,202101,%s\n', 1 + (n > 1500 AND n % 2 = 0)::int, n % 1500), '' ORDER BY n)) IS NOT NULL AS received
FROM generate_series(1, 3000) n;
SELECT * FROM pg_temp.batch;
SELECT count(*), count(DISTINCT row_key), min(line_no), max(line_no) FROM staged_enrolment WHERE batch_id = pg_temp.last();
SELECT code, count(*), min(line), max(line) FROM pg_temp.rejects GROUP BY code;

-- the hash sees what is said, not how or where in the line it is said
SELECT pg_temp.take('test_enrolment', E'备注,开始年月,证件号码,姓名,险种,经办区划,参保状态,缴费状态\nx,2022-01,１１０１０５１９４９１２３１００２X,甲,p1,340402,正常,1\n') IS NOT NULL AS received;
SELECT row_key AS key1, row_hash AS hash1 FROM staged_enrolment WHERE batch_id = pg_temp.last() \gset
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,备注,联系电话\n110105491231002,甲,P1,340402,1,1,202201,x,\n') IS NOT NULL AS received;
SELECT row_key = :'key1' AS same_key, row_hash = :'hash1' AS same_hash FROM staged_enrolment WHERE batch_id = pg_temp.last();
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,备注,联系电话\n110105491231002,甲,P1,340402,1,1,202201,y,\n') IS NOT NULL AS received;
SELECT row_key = :'key1' AS same_key, row_hash = :'hash1' AS same_hash FROM staged_enrolment WHERE batch_id = pg_temp.last();

--
-- Refusals: nothing is left behind
--
SELECT count(*) AS batches FROM registry.batch \gset
SELECT count(*) AS rejects FROM reject \gset
SELECT pg_temp.take('no_such_source', 'x');
\echo :LAST_ERROR_SQLSTATE
UPDATE source SET active = false WHERE source = 'test_enrolment';
SELECT pg_temp.take('test_enrolment', 'x');
\echo :LAST_ERROR_SQLSTATE
UPDATE source SET active = true WHERE source = 'test_enrolment';
SELECT pg_temp.take('test_enrolment', '');
\echo :LAST_ERROR_SQLSTATE
SELECT pg_temp.take('test_enrolment', E'\n\r\n');
SELECT registry.receive('test_enrolment', '2024-06-30', '\x504b030414000600'::bytea);
SELECT registry.receive('test_enrolment', '2024-06-30', '\x1f8b0800'::bytea);
\echo :LAST_ERROR_SQLSTATE
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,参保状态,缴费状态,开始年月\n1,2,3,4,5\n');
\echo :LAST_ERROR_SQLSTATE
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,AAC002,险种,经办区划,参保状态,缴费状态,开始年月\n');
\echo :LAST_ERROR_SQLSTATE
SELECT pg_temp.take('test_enrolment', pg_temp.enrolment_header(), cutoff => '2999-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT pg_temp.take('test_enrolment', pg_temp.enrolment_header(), cutoff => 'infinity');
SELECT registry.receive('test_enrolment', NULL, ''::bytea);
SELECT registry.receive('test_enrolment', '2024-06-30', NULL::bytea);
-- a first line without end
SELECT registry.receive('test_enrolment', '2024-06-30', convert_to(pg_temp.enrolment_header() || repeat(',x', 2200000), 'UTF8'));
\echo :LAST_ERROR_SQLSTATE
-- the same file twice
SELECT batch_id AS twice FROM registry.batch WHERE batch_id = pg_temp.last() \gset
DO $$
BEGIN
	PERFORM pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,备注,联系电话\n110105491231002,甲,P1,340402,1,1,202201,y,\n');
EXCEPTION WHEN unique_violation THEN
	RAISE WARNING '%', SQLERRM;
END $$;
SELECT count(*) = :batches AND (SELECT count(*) = :rejects FROM reject) AND (SELECT count(*) = 0 FROM staged_enrolment WHERE batch_id > :twice) AS nothing_left FROM registry.batch;
-- the way out depends on what became of the first
DO $$
DECLARE
	hint text;
BEGIN
	UPDATE registry.batch SET state = 'applied' WHERE batch_id = pg_temp.last();
	PERFORM pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,备注,联系电话\n110105491231002,甲,P1,340402,1,1,202201,y,\n');
EXCEPTION WHEN unique_violation THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RAISE WARNING '%', hint;
END $$;
SELECT discard(:twice);
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,备注,联系电话\n110105491231002,甲,P1,340402,1,1,202201,y,\n') > :twice AS received_anew;

--
-- Files of the server
--
COPY (SELECT E'证件号码,姓名,类别,开始日期,结束日期,备注\n11010519491231002X,张三,死亡,20240301,,file\n440524188001010014,李四,死亡,20240301,,file\n440524188001010014,李四,火化,20240301,,file') TO PROGRAM 'printf "$(cat)\n" > registry_intake_test.csv';
SELECT registry.receive('civil_affairs_death', '2024-06-30', 'registry_intake_test.csv', sender => '民政局', declared_rows => 3) IS NOT NULL AS received;
SELECT file_name, sender, declared_rows, received, accepted, state, bytes, sha256 = sha256(pg_read_binary_file('registry_intake_test.csv')) AS hash FROM registry.batch WHERE batch_id = pg_temp.last();
DO $$
BEGIN
	PERFORM registry.receive('civil_affairs_death', '2024-06-30', 'registry_intake_test.csv');
EXCEPTION WHEN unique_violation THEN
	RAISE WARNING '%', SQLERRM;
END $$;
SELECT registry.receive('civil_affairs_death', '2024-06-30', 'registry_intake_missing.csv');
SELECT registry.receive('civil_affairs_death', '2024-06-30', 'base');
COPY (SELECT 1) TO PROGRAM 'chmod 000 registry_intake_test.csv';
SELECT registry.receive('civil_affairs_death', '2024-06-30', 'registry_intake_test.csv');
COPY (SELECT 1) TO PROGRAM 'rm -f registry_intake_test.csv';
CREATE ROLE registry_intake_clerk;
GRANT USAGE ON SCHEMA registry TO registry_intake_clerk;
SET ROLE registry_intake_clerk;
SELECT registry.receive('civil_affairs_death', '2024-06-30', 'registry_intake_test.csv');
SELECT registry.receive('civil_affairs_death', '2024-06-30', 'x'::bytea);
RESET ROLE;
GRANT SELECT, UPDATE ON source TO registry_intake_clerk;
GRANT SELECT ON registry.batch, setting TO registry_intake_clerk;
GRANT USAGE ON SEQUENCE batch_id_seq TO registry_intake_clerk;
SET ROLE registry_intake_clerk;
SELECT registry.receive('civil_affairs_death', '2024-06-30', convert_to(E'证件号码,姓名,类别,开始日期\n', 'UTF8'));
RESET ROLE;
DROP OWNED BY registry_intake_clerk;
DROP ROLE registry_intake_clerk;

--
-- Held, released, discarded
--
SELECT registry.receive('test_enrolment', '2024-06-30', convert_to(E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月\n11010519491231002X,甲,P1,340402,1,1,199901\n', 'UTF8'), declared_rows => 2) IS NOT NULL AS received;
SELECT state, held_reason FROM pg_temp.batch;
SELECT registry.receive('test_enrolment', '2024-06-30', convert_to(E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月\n11010519491231002X,甲,P1,340402,1,1,199904\n合计,1\n', 'UTF8'), declared_rows => 1) IS NOT NULL AS received;
SELECT state, held_reason FROM pg_temp.batch;
SELECT discard(pg_temp.last());
SELECT registry.receive('test_enrolment', '2024-06-30', convert_to(E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月\n11010519491231002X,甲,P1,340402,1,1,199905\n', 'UTF8'), declared_rows => 2) IS NOT NULL AS received;
SELECT release(pg_temp.last());
SELECT state, held_reason FROM pg_temp.batch;
UPDATE source SET delivery = 'full' WHERE source = 'test_enrolment';
UPDATE registry.batch SET state = 'applied', delivery = 'full' WHERE batch_id = pg_temp.last();
UPDATE registry.batch SET received = 100 WHERE batch_id = pg_temp.last();
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,个人编号\n' || string_agg(format(E'11010519491231002X,甲,P1,340402,1,1,199902,%s\n', n), ''), cutoff => '2024-07-31') IS NOT NULL AS received FROM generate_series(1, 94) n;
SELECT n, state, held_reason FROM pg_temp.batch;
SELECT discard(pg_temp.last());
SELECT state FROM pg_temp.batch;
SELECT count(*) AS left_in_staging FROM staged_enrolment WHERE batch_id = pg_temp.last();
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月,个人编号\n' || string_agg(format(E'11010519491231002X,甲,P1,340402,1,1,199902,%s\n', n), ''), cutoff => '2024-07-31') IS NOT NULL AS received FROM generate_series(1, 95) n;
SELECT n, state, held_reason FROM pg_temp.batch;
-- as many rows, but few that can be read
UPDATE registry.batch SET received = 3, accepted = 100 WHERE state = 'applied';
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月\nx\ny\nz\n11010519491231002X,甲,P1,340402,1,1,199903\n', cutoff => '2024-07-31') IS NOT NULL AS received;
SELECT n, state, held_reason FROM pg_temp.batch;
UPDATE registry.batch SET received = 100, accepted = 1 WHERE state = 'applied';
-- header only: a full extract is held, a delta is an empty batch
SELECT pg_temp.take('test_enrolment', E'证件号码,姓名,险种,经办区划,参保状态,缴费状态,开始年月\n', cutoff => '2024-07-31') IS NOT NULL AS received;
SELECT n, state, held_reason FROM pg_temp.batch;
SELECT pg_temp.take('army', E'证件号码,姓名,类别,开始日期\n') IS NOT NULL AS received;
SELECT n, state, held_reason FROM pg_temp.batch;
-- older than what has been applied
SELECT pg_temp.take('test_enrolment', pg_temp.enrolment_header(), cutoff => '2024-06-29');
\echo :LAST_ERROR_SQLSTATE
SELECT release(-1);
SELECT discard(-1);
\echo :LAST_ERROR_SQLSTATE
BEGIN;
INSERT INTO registry.batch (batch_id, source, cutoff, sha256, bytes, encoding, header, state) VALUES
	(-2, 'army', '2024-05-31', '\x02', 0, 'UTF-8', '{}', 'applied'), (-3, 'army', '2024-04-30', '\x03', 0, 'UTF-8', '{}', 'held'), (-4, 'army', '2024-04-30', '', 0, 'UTF-8', '{}', 'discarded');
SAVEPOINT s;
SELECT release(-2);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO s;
SELECT release(-3);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO s;
SELECT discard(-2);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO s;
SELECT discard(-4);
ROLLBACK;

--
-- Views
--
SELECT source, item, filled, valid, share FROM quality_report JOIN (SELECT min(batch_id) AS batch_id FROM registry.batch WHERE source = 'injury') b USING (batch_id);
SELECT source, cutoff, received, accepted, rejected, unchanged, inserted, changed, ended, state FROM batch_list WHERE source IN ('injury', 'unemployment') ORDER BY batch_id;
SELECT source, line_no, field, code, state FROM reject_list WHERE source = 'injury' ORDER BY line_no LIMIT 3;
SELECT count(*) AS unaccounted FROM registry.batch b WHERE received <> accepted + rejected + unchanged AND received <> 100;
SELECT count(*) AS unaccounted FROM registry.batch b WHERE rejected <> (SELECT count(*) FROM reject r WHERE r.batch_id = b.batch_id);

-- the shipped sources survive another deploy as the DBA changed them
UPDATE source SET encoding = 'GB18030' WHERE source = 'injury';
CALL registry.deploy();
SELECT source, kind, delivery, encoding FROM source WHERE source <> 'test_enrolment' ORDER BY source;

-- leave the database as the next test expects it
TRUNCATE registry.batch_item, registry.batch, reject, staged_population, staged_enrolment, staged_circumstance, staged_elsewhere, staged_employer;
DELETE FROM source WHERE source = 'test_enrolment';
UPDATE source SET encoding = 'auto' WHERE source = 'injury';

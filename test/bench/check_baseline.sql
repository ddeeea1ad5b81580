-- Hand-computed people for baseline.sql: a benchmark against a wrong rival is
-- worth nothing.  Reference month 2025-09.  Fails with the differences.
--   psql -f extract.sql -f check_baseline.sql    (in an empty database)
SET client_min_messages = warning;
INSERT INTO extract.setting VALUES ('home_region', '340400');
INSERT INTO extract.delivery VALUES ('police_household', '2025-09-30');
INSERT INTO extract.region VALUES ('340403'), ('340422');

CREATE SCHEMA IF NOT EXISTS expected;
-- The number of a made-up person: 17 digits and the check character, by the standard's own table.
CREATE FUNCTION expected.n(digits text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT digits || substr('10X98765432', (SELECT sum(substr(digits, i, 1)::int * ('{7,9,10,5,8,4,2,1,6,3,7,9,10,5,8,4,2}'::int[])[i])::int FROM generate_series(1, 17) AS i) % 11 + 1, 1)
$$;
CREATE FUNCTION expected.police(digits text, name text, state text DEFAULT '正常', since text DEFAULT NULL, why text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO extract.police_household (公民身份号码, 姓名, 性别, 出生日期, 户籍地, 管理状态, 状态日期, 注销原因)
	VALUES (expected.n(digits), name, CASE WHEN substr(digits, 17, 1)::int % 2 = 1 THEN '1' ELSE '2' END, substr(digits, 7, 8), '340403001201', state, since, why)
$$;
CREATE FUNCTION expected.row(source text, digits text, name text, scheme text, begins text, through text, employed text DEFAULT '3', agency text DEFAULT '340403',
							 ends text DEFAULT NULL, states text DEFAULT '11', benefit text DEFAULT '0', benefit_from text DEFAULT NULL,
							 benefit_to text DEFAULT NULL, monthly text DEFAULT NULL, employer text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('INSERT INTO extract.%I (证件号码, 姓名, 险种, 经办区划, 开始年月, 缴至年月, 参保身份, 终止年月, 参保状态, 缴费状态, 待遇状态, 待遇开始, 待遇终止, 月待遇, 单位编号)
					VALUES ($1, $2, $3, $4, $5, $6, $7, $8, left($9, 1), right($9, 1), $10, $11, $12, $13, $14)', source)
	USING CASE WHEN length(digits) = 17 THEN expected.n(digits) ELSE digits END, name, scheme, agency, begins, through, employed, ends, states, benefit, benefit_from, benefit_to, monthly, employer;
END
$$;

SELECT count(people) FROM (SELECT
-- A 1980, employed with all five kinds (maternity through M1): enrolled.
expected.police('34040319800101001', '张三丰'),
expected.row('pension_employee', '34040319800101001', '张三丰', '110', '201001', '202509', '1'),
expected.row('medical_employee', '34040319800101001', '张三丰', '310', '201001', '202508', '1'),
expected.row('unemployment', '34040319800101001', '张三丰', '210', '201001', '202507', '1'),
expected.row('injury', '34040319800101001', '张三丰', '410', '201001', NULL, '1'),
-- B 1985, employed, resident pension 2020-01..2021-06 beside P1 from 2021-01: PN02 6 months; no U: partial.
expected.police('34040319850202002', '李小四'),
expected.row('pension_employee', '34040319850202002', '李小四', '110', '202101', '202509', '1'),
expected.row('pension_resident', '34040319850202002', '李小四', '170', '202001', '202106', '3', '340403', '202106', '43'),
expected.row('medical_employee', '34040319850202002', '李小四', '310', '202101', '202509', '1'),
expected.row('injury', '34040319850202002', '李小四', '410', '202101', '202509', '1'),
-- C child of 2015 with this year's prepaid M2: enrolled.
expected.police('34040320150303003', '王小五'),
expected.row('medical_resident', '34040320150303003', '王小五', '390', '202501', '202512'),
-- D 1975, resident pension paid to 2025-05, 4 months behind: paused, gap pension: interrupted.
expected.police('34040319750404004', '赵六'),
expected.row('pension_resident', '34040319750404004', '赵六', '170', '201001', '202505'),
expected.row('medical_resident', '34040319750404004', '赵六', '390', '202501', '202512'),
-- E 1970, prepaid year 2024 and M1 from 2024-07: MD14 6 months; P1 for months 2024-07..; no U and W: partial.
expected.police('34040319700505005', '孙七'),
expected.row('medical_resident', '34040319700505005', '孙七', '390', '202401', '202412'),
expected.row('medical_employee', '34040319700505005', '孙七', '310', '202407', '202509', '1'),
expected.row('pension_employee', '34040319700505005', '孙七', '110', '202407', '202509', '1'),
-- F 1955, P1 benefit since 2015 and P2 benefit since 2025-01: PN07 9 months; P2 paying 2014-01..2016-03 beside P1 paid to 2015-05 (PN02, 17 months)
--   and P1 benefit from 2015-06 (PN12, 10 months).
--   M1 retired: enrolled.
expected.police('34040319550606006', '周八'),
expected.row('pension_employee', '34040319550606006', '周八', '110', '199001', '201505', '5', '340403', NULL, '12', '1', '201506', NULL, '2000'),
expected.row('pension_resident', '34040319550606006', '周八', '170', '201401', '201603', '3', '340403', NULL, '13', '1', '202501', NULL, '150'),
expected.row('medical_employee', '34040319550606006', '周八', '310', '199001', NULL, '5'),
-- G 1950, dead 2025-03-10 in the police register, P2 benefit running: BN01 6 months 900.00, HK04, gone.
expected.police('34040319500707007', '吴九', '死亡', '20250310'),
expected.row('pension_resident', '34040319500707007', '吴九', '170', '201001', '201012', '3', '340403', NULL, '13', '1', '201101', NULL, '150'),
-- H 1960, prison 2024-01-15 .. 2025-03-31, P1 benefit 1000: months 2024-02..2025-03 = 14: BN03 14000; free again: unenrolled in medical, pension received: partial.
expected.police('34040319600808008', '郑十'),
expected.row('pension_employee', '34040319600808008', '郑十', '110', '199001', '201912', '5', '340403', NULL, '13', '1', '202001', NULL, '1000'),
-- I 1990, moved out of the province but still paying P2: HK05, gone (life status 31).
expected.police('34040319900909009', '冯一', '迁出', '20240101', '迁往省外'),
expected.row('pension_resident', '34040319900909009', '冯一', '170', '201001', '202509'),
-- J 1990, M1 in two areas 2025-01..2025-03: MD01 3 months; M1 paying, nothing else: partial (medical and maternity).
expected.police('34040319901010010', '陈二'),
expected.row('medical_employee', '34040319901010010', '陈二', '310', '202001', '202503', '1', '340111', '202503', '43'),
expected.row('medical_employee', '34040319901010010', '陈二', '310', '202501', '202509', '1'),
-- K a stranger: HK12, unknown.
expected.row('pension_resident', '34040319911111011', '褚三', '170', '201001', '202509'),
-- L in the register, in nothing: HK10, unenrolled.
expected.police('34040319921212012', '卫四'),
-- M wrong check character, repaired by the register: ID05 closed; enrolled by pension and medical.
expected.police('34040319930113013', '蒋五娘'),
expected.row('pension_resident', left(expected.n('34040319930113013'), 17) || translate(right(expected.n('34040319930113013'), 1), '0123456789X', '12345678900'), '蒋五娘', '170', '201001', '202509'),
expected.row('medical_resident', '34040319930113013', '蒋五娘', '390', '202501', '202512'),
-- N 15 digits: ID06; a quite different name: DP04; pension only: partial.
expected.police('34040319940114014', '沈六'),
expected.row('pension_resident', '340403940114014', '刘大海', '170', '201001', '202509'),
-- O flexible worker with M1 and M2 in 2025-01..03: MD04 3 months.  P 8 months of M1: MD03 2 months.
expected.police('34040319950115015', '韩七'),
expected.row('medical_employee', '34040319950115015', '韩七', '310', '202401', '202509', '2'),
expected.row('medical_resident', '34040319950115015', '韩七', '390', '202501', '202503', '3', '340403', '202503', '43'),
expected.row('pension_employee', '34040319950115015', '韩七', '110', '202401', '202509', '2'),
expected.police('34040319960116016', '杨八'),
expected.row('medical_employee', '34040319960116016', '杨八', '310', '202502', '202509', '1'),
expected.row('medical_resident', '34040319960116016', '杨八', '390', '202408', '202503', '3', '340403', '202503', '43'),
-- Q dates and characters that cannot be: ID08, ID03; too short: ID02.
expected.row('pension_resident', '340403199302300139', '何九', '170', '201001', '202509'),
expected.row('pension_resident', '34040319930A010139', '何九', '170', '201001', '202509'),
expected.row('pension_resident', '3404031993010139', '何九', '170', '201001', '202509')) AS people;
INSERT INTO extract.justice_prison VALUES (expected.n('34040319600808008'), '郑十', '服刑', '20240115', '20250331', NULL);
INSERT INTO extract.employer_registry (统一社会信用代码, 单位名称) VALUES ('91340400MA2N000018', '甲'), ('91340400MA2N000017', '乙'), ('12340400485300000N', '丙');

\ir baseline.sql

CREATE TABLE expected.person (digits text, life_status int, class text, due int, gap int);
INSERT INTO expected.person VALUES
	('34040319800101001', 10, 'enrolled', 31, 0), ('34040319850202002', 10, 'partial', 31, 4), ('34040320150303003', 10, 'enrolled', 2, 0),
	('34040319750404004', 10, 'interrupted', 3, 1), ('34040319700505005', 10, 'partial', 31, 12), ('34040319550606006', 10, 'enrolled', 3, 0),
	('34040319500707007', 20, 'gone', 0, 0), ('34040319600808008', 10, 'partial', 3, 2), ('34040319900909009', 31, 'gone', 0, 0),
	('34040319901010010', 10, 'partial', 31, 13), ('34040319911111011', 90, 'unknown', 0, 0), ('34040319921212012', 10, 'unenrolled', 3, 3),
	('34040319930113013', 10, 'enrolled', 3, 0), ('34040319940114014', 10, 'partial', 3, 2), ('34040319950115015', 10, 'enrolled', 3, 0),
	('34040319960116016', 10, 'partial', 31, 13);
CREATE TABLE expected.problem (rule_id text, digits text, months int, amount numeric, state text);
INSERT INTO expected.problem VALUES
	('PN02', '34040319850202002', 6, NULL, 'open'), ('MD14', '34040319700505005', 6, NULL, 'open'), ('PN07', '34040319550606006', 9, NULL, 'open'),
	('PN02', '34040319550606006', 17, NULL, 'open'), ('PN12', '34040319550606006', 10, NULL, 'open'), ('BN01', '34040319500707007', 6, 900, 'open'), ('HK04', '34040319500707007', NULL, NULL, 'open'),
	('BN03', '34040319600808008', 14, 14000, 'open'), ('HK05', '34040319900909009', NULL, NULL, 'open'), ('MD01', '34040319901010010', 3, NULL, 'open'),
	('HK12', '34040319911111011', NULL, NULL, 'open'), ('HK10', '34040319921212012', NULL, NULL, 'open'), ('ID05', '34040319930113013', NULL, NULL, 'closed'),
	('ID06', '34040319940114014', NULL, NULL, 'open'), ('DP04', '34040319940114014', NULL, NULL, 'open'), ('MD04', '34040319950115015', 3, NULL, 'open'),
	('MD03', '34040319960116016', 2, NULL, 'open'), ('ID08', '34040319930230013', NULL, NULL, 'open'), ('ID03', '34040319930A01013', NULL, NULL, 'open'),
	('ID02', '3404031993010139', NULL, NULL, 'open'), ('EM01', NULL, NULL, NULL, 'open');
CREATE VIEW expected.difference AS
	(SELECT 'missing' AS what, digits, life_status::text, class, due::text, gap::text FROM expected.person
	 EXCEPT SELECT 'missing', left(number, 17), life_status::text, class, due::text, gap::text FROM baseline.person)
	UNION ALL (SELECT 'too much', left(number, 17), life_status::text, class, due::text, gap::text FROM baseline.person
	 EXCEPT SELECT 'too much', digits, life_status::text, class, due::text, gap::text FROM expected.person)
	UNION ALL (SELECT 'missing', digits, rule_id, months::text, round(amount, 2)::text, state FROM expected.problem
	 EXCEPT ALL SELECT 'missing', left(number, 17), rule_id, months::text, round(amount, 2)::text, state FROM baseline.problem)
	UNION ALL (SELECT 'too much', left(number, 17), rule_id, months::text, round(amount, 2)::text, state FROM baseline.problem
	 EXCEPT ALL SELECT 'too much', digits, rule_id, months::text, round(amount, 2)::text, state FROM expected.problem);
TABLE expected.difference;
DO $$
BEGIN
	IF EXISTS (TABLE expected.difference) THEN
		RAISE EXCEPTION 'baseline.sql differs from the people computed by hand';
	END IF;
END
$$;
\echo baseline.sql: all hand-computed people and problems agree

-- The comparison as a careful DBA would write it in plain PostgreSQL 15 without
-- the extension: text keys, NOT EXISTS, GROUP BY, set by set, no row loops.
--
-- Reads the text tables of extract.sql; writes baseline.person (one row per
-- person), baseline.problem (rules ID02-06, 08, 11, 15, 16, DP04, HK02-05, 08,
-- 10, 12, PN01-13, MD01-07, 14, UW03, BN01, 03, EM01) and
-- baseline.coverage_report.  Meaning of every fact: the design's section on the
-- meaning of the facts, read literally.
--
-- What makes it fast: CREATE TABLE AS everywhere (in PostgreSQL 15 the only
-- form of writing whose query may run in parallel), unlogged intermediate
-- tables, hash joins on the number, COLLATE "C", one aggregate pass over the
-- enrolment, multiranges instead of month lists, indexes only where a result
-- is read, ANALYZE before every table is joined.
SET client_min_messages = warning;
SET client_encoding = 'UTF8';
DROP SCHEMA IF EXISTS baseline CASCADE;
CREATE SCHEMA baseline;
SET search_path = baseline, pg_catalog;

-- ---------------------------------------------------------------- functions
-- All are single expressions, so that the planner puts them in line.  99991231 and 999912 mean open; five digits are a spreadsheet's day.

CREATE FUNCTION month_of(value text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN value ~ '^[12][0-9]{3}(0[1-9]|1[0-2])$' THEN value::int / 100 * 12 + value::int % 100 - 1 END
$$;
CREATE FUNCTION day_of(value text) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN value ~ '^[12][0-9]{3}-?((0[13578]|1[02])-?(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-?(0[1-9]|[12][0-9]|30)|02-?(0[1-9]|1[0-9]|2[0-8]))$'
					  OR (value ~ '^[12][0-9]{3}-?02-?29$' AND left(value, 4)::int % 4 = 0
						  AND (left(value, 4)::int % 100 <> 0 OR left(value, 4)::int % 400 = 0))
				THEN to_date(translate(value, '-', ''), 'YYYYMMDD')
				WHEN value ~ '^[1-6][0-9]{4}$' THEN date '1899-12-30' + value::int END
$$;
CREATE FUNCTION month_of(value date) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT (extract(year FROM value) * 12 + extract(month FROM value) - 1)::int
$$;
CREATE FUNCTION day_possible(year integer, month integer, day integer) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT year > 0 AND day >= 1 AND CASE
		WHEN month IN (1, 3, 5, 7, 8, 10, 12) THEN day <= 31
		WHEN month IN (4, 6, 9, 11) THEN day <= 30
		WHEN month = 2 THEN day <= CASE WHEN year % 4 = 0 AND (year % 100 <> 0 OR year % 400 = 0) THEN 29 ELSE 28 END
		ELSE false END
$$;
-- GB 11643: weighted sum of the 17 digits; 64-bit arithmetic is several times faster than 17 substr().
CREATE FUNCTION check_character(digits bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT substr('10X98765432', 1 + ((
		digits / 10000000000000000 % 10 * 7 + digits / 1000000000000000 % 10 * 9 + digits / 100000000000000 % 10 * 10
		+ digits / 10000000000000 % 10 * 5 + digits / 1000000000000 % 10 * 8 + digits / 100000000000 % 10 * 4
		+ digits / 10000000000 % 10 * 2 + digits / 1000000000 % 10 + digits / 100000000 % 10 * 6
		+ digits / 10000000 % 10 * 3 + digits / 1000000 % 10 * 7 + digits / 100000 % 10 * 9
		+ digits / 10000 % 10 * 10 + digits / 1000 % 10 * 5 + digits / 100 % 10 * 8
		+ digits / 10 % 10 * 4 + digits % 10 * 2) % 11)::int, 1)
$$;
-- Widths, blanks, hyphens, apostrophes and letters for digits; other documents (letters in front) are only trimmed.
CREATE FUNCTION number_clean(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN octet_length(value) = 18 AND btrim(left(value, 17), '0123456789') = '' AND right(value, 1) COLLATE "C" BETWEEN '0' AND 'X' THEN value COLLATE "C"
		WHEN value ~ '^\W*[A-Za-z]{1,3}[0-9]{5,}' THEN upper(btrim(value)) COLLATE "C"
		ELSE regexp_replace(translate(value, E'０１２３４５６７８９ＸｘxOoＯｏlIｌＩ×* \t\r\n\u00a0\u3000\u200b\ufeff-''’', '0123456789XXX00001111XX'), '\.0$', '') COLLATE "C" END
$$;
-- The 15-digit form gets its century and its check character.
CREATE FUNCTION number_canonical(cleaned text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN cleaned ~ '^[1-9][0-9]{14}$'
		THEN left(cleaned, 6) || CASE WHEN right(cleaned, 3) IN ('996', '997', '998', '999') THEN '18' ELSE '19' END || right(cleaned, 9)
			|| check_character((left(cleaned, 6) || CASE WHEN right(cleaned, 3) IN ('996', '997', '998', '999') THEN '18' ELSE '19' END
								|| right(cleaned, 9))::bigint)
		ELSE cleaned END COLLATE "C"
$$;
CREATE FUNCTION number_fault(number text, digits bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE
		WHEN digits IS NULL THEN CASE
			WHEN number ~ '^[A-Z]{1,3}[0-9A-Z]{5,17}$' THEN NULL
			WHEN length(number) <> 18 THEN 'ID02' ELSE 'ID03' END
		WHEN NOT day_possible((digits / 10000000 % 10000)::int, (digits / 100000 % 100)::int, (digits / 1000 % 100)::int) THEN 'ID08'
		WHEN check_character(digits) <> right(number, 1) THEN 'ID04' END
$$;
-- Crude: full forms, dots, blanks and trailing notes.  Nearly all names are plain Han and skip it.
CREATE FUNCTION name_key(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN value COLLATE "C" ~ '^[一-龥]+$' THEN value COLLATE "C"
		ELSE upper(regexp_replace(translate(normalize(value, NFKC), E'•‧․∙⋅●○・.｡_ \t\r\n\u200b\ufeff', '···········'), '[(（].*$', '')) COLLATE "C" END
$$;
-- Traditional and variant forms of common name characters: not a different name.
CREATE FUNCTION name_variant(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT translate(value, '吳張劉陳楊趙黃孫馬許鄭謝蕭肖閆閻葉蔣鄧韓馮龍萬華國偉麗蘭鳳龔莊羅賀範鐘鍾鄒盧呂衛強剛峯昇瑋燁溫蘇雲寶榮傑軍東紅書',
		'吴张刘陈杨赵黄孙马许郑谢萧萧阎阎叶蒋邓韩冯龙万华国伟丽兰凤龚庄罗贺范钟钟邹卢吕卫强刚峰升玮烨温苏云宝荣杰军东红书')
$$;
-- Share of common characters (Dice), the similarity that plain SQL has.
CREATE FUNCTION name_similarity(a text, b text) RETURNS float4 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT 2.0 * (SELECT count(*) FROM (SELECT unnest(string_to_array(a, NULL)) INTERSECT ALL SELECT unnest(string_to_array(b, NULL))) AS common)
		/ greatest(length(a) + length(b), 1)
$$;
-- GB 32100: alphabet and check character of a credit code.
CREATE FUNCTION credit_code_ok(code text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT code ~ '^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$'
		AND right(code, 1) = substr('0123456789ABCDEFGHJKLMNPQRTUWXY', 1 + (31 - (
			SELECT sum((strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, place::int, 1)) - 1) * weight)
			FROM unnest('{1,3,9,27,19,26,16,17,20,29,25,13,8,24,10,30,28}'::int[]) WITH ORDINALITY AS weights(weight, place))::int % 31) % 31, 1)
$$;
-- Kinds that schemes satisfy, pension only by the given ones; maternity also by M1.
CREATE FUNCTION kinds_of(schemes integer, pension integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN schemes & pension <> 0 THEN 1 ELSE 0 END | CASE WHEN schemes & 2016 <> 0 THEN 2 ELSE 0 END
		| CASE WHEN schemes & 2048 <> 0 THEN 4 ELSE 0 END | CASE WHEN schemes & 4096 <> 0 THEN 8 ELSE 0 END
		| CASE WHEN schemes & 8224 <> 0 THEN 16 ELSE 0 END
$$;

-- Reference date and home region as constants of every plan.
SELECT coalesce((SELECT value::date FROM extract.setting WHERE name = 'reference_date'), max(cutoff)) AS reference,
	   (SELECT left(value, 4) FROM extract.setting WHERE name = 'home_region') AS home
FROM extract.delivery \gset
SELECT month_of(:'reference'::date) AS now \gset

-- ---------------------------------------------------------------- rows, read once into types

-- Each inner query with OFFSET is a fence: what it computes is computed once.  (Quoted, so that the planner sees a constant 0
-- before it decides about parallel plans; a bare 0 would forbid them.)

CREATE UNLOGGED TABLE register AS
SELECT received, number, digits, length(cleaned) = 15 AND length(number) = 18 AS legacy15, number_fault(number, digits) AS fault, false AS repaired,
	   household, name, name_key(name) AS name_key, name_key(former_name) AS former_key,
	   coalesce(sex IN ('1', '男') AND digits % 2 = 0 OR sex IN ('2', '女') AND digits % 2 = 1, false) AS sex_differs,
	   CASE WHEN translate(birth, '-', '') <> substr(number, 7, 8)
			THEN coalesce(to_char(day_of(birth), 'YYYYMMDD') <> substr(number, 7, 8), false) ELSE false END AS birth_differs, ethnic, hukou, residence, address, phone,
	   -- Strength of the fact: 1 dead, 3 foreign, 4 settled abroad, 5/6 moved out, 7 cancelled, 8 army, 9 arrest, 10 household, 11 migrant.
	   CASE WHEN state = '死亡' THEN 1
			WHEN state = '迁出' THEN CASE WHEN reason LIKE '%省外%' THEN 6 ELSE 5 END
			WHEN state = '注销' THEN CASE WHEN reason LIKE '%参军%' OR reason LIKE '%服役%' THEN 8 WHEN reason LIKE '%逮捕%' THEN 9
				WHEN reason LIKE '%国籍%' OR reason LIKE '%外籍%' THEN 3 WHEN reason LIKE '%定居%' THEN 4 ELSE 7 END
			WHEN household THEN 10 ELSE 11 END AS rank,
	   CASE WHEN state = '死亡' THEN day_of(state_date) END AS died
FROM (SELECT *, CASE WHEN number ~ '^[1-9][0-9]{16}[0-9X]$' THEN left(number, 17)::bigint END AS digits
	  FROM (SELECT *, number_canonical(cleaned) AS number
			FROM (SELECT 公民身份号码 AS received, number_clean(公民身份号码) AS cleaned, source = 'police_household' AS household,
						 姓名 AS name, 曾用名 AS former_name, 性别 AS sex, 民族 AS ethnic, 出生日期 AS birth, 户籍地 AS hukou, 居住地 AS residence,
						 coalesce(居住地址, 户籍地址) AS address, 联系电话 AS phone, 管理状态 AS state, 状态日期 AS state_date, 注销原因 AS reason
				  FROM extract.all_population OFFSET '0') AS cleaned OFFSET '0') AS numbered OFFSET '0') AS read;
ANALYZE register;

-- What the police say, one row per number: the household row before the migrant row, the strongest status of all.
-- Nearly every number has one row; only the others are sorted and merged.
CREATE UNLOGGED TABLE twice AS SELECT number FROM register WHERE fault IS NULL GROUP BY number HAVING count(*) > 1;
ANALYZE twice;
CREATE UNLOGGED TABLE registered AS
SELECT number, digits, name, name_key, former_key, ethnic, hukou, residence, address, phone, rank, household AS in_household, died, birth_differs, sex_differs
FROM register AS r WHERE fault IS NULL AND NOT EXISTS (SELECT FROM twice AS t WHERE t.number = r.number);
INSERT INTO registered
SELECT DISTINCT ON (number) number, digits, name, name_key, former_key, ethnic, hukou, residence, address, phone,
	   min(rank) OVER same, bool_or(household) OVER same, min(died) OVER same, bool_or(birth_differs) OVER same, bool_or(sex_differs) OVER same
FROM register JOIN twice USING (number) WHERE fault IS NULL
WINDOW same AS (PARTITION BY number)
ORDER BY number, household DESC, rank;
ANALYZE registered;

-- Rows of the other sources.  Whose number stands in the register as received (nearly all) needs neither cleaning nor
-- check; whose name is the register's needs no key.  A name_key is kept only where the name differs or the number is unknown.
-- Schemes are bits: 0 P1, 1 P2, 2 P3, 3 P4, 4 P5, 5 M1 .. 10 M6, 11 U, 12 W, 13 B; null for a code outside the five kinds.
CREATE UNLOGGED TABLE enrolment AS
SELECT received, number, legacy15, fault, false AS repaired, name, name_key, scheme, agency, employer, identity, start_month, end_month, through, benefit, monthly,
	   start_month AS paid_from, CASE WHEN start_month <= least(end_month, through, :now) THEN least(end_month, through, :now) END AS paid_to,
	   benefit_from, CASE WHEN benefit = '1' OR benefit IN ('2', '3') AND benefit_to IS NOT NULL
						  THEN CASE WHEN benefit_from <= least(benefit_to, :now) THEN least(benefit_to, :now) END END AS benefit_to,
	   CASE WHEN enrolled = '1' AND paid = '1' AND start_month <= :now AND coalesce(end_month, :now) >= :now AND coalesce(through, :now) >= :now - 2
			THEN 1 << scheme ELSE 0 END AS paying,
	   CASE WHEN enrolled IS DISTINCT FROM '4'
				 AND (enrolled = '2' OR paid = '2' OR enrolled = '1' AND paid = '1' AND through <= :now - 3)
			THEN 1 << scheme ELSE 0 END AS paused,
	   -- Paused by its state, not by lag: lag does not pause a scheme in receipt.
	   coalesce(enrolled IS DISTINCT FROM '4' AND (enrolled = '2' OR paid = '2'), false) AS halted,
	   CASE WHEN enrolled IS DISTINCT FROM '4' AND benefit = '1' AND benefit_from <= :now AND coalesce(benefit_to, :now) >= :now
			THEN 1 << scheme ELSE 0 END AS receiving
FROM (SELECT received, number, NOT known AND length(cleaned) = 15 AND length(number) = 18 AS legacy15,
			 CASE WHEN NOT known THEN number_fault(number, CASE WHEN number ~ '^[1-9][0-9]{16}[0-9X]$' THEN left(number, 17)::bigint END) END AS fault,
			 name, CASE WHEN known AND name = register_name THEN NULL ELSE name_key(name) END AS name_key,
			 CASE scheme WHEN '110' THEN 0 WHEN '120' THEN 2 WHEN '170' THEN 1 WHEN '150' THEN 1 WHEN '210' THEN 11 WHEN '310' THEN 5
				WHEN '380' THEN 7 WHEN '390' THEN 6 WHEN '391' THEN 6 WHEN '410' THEN CASE WHEN source LIKE 'medical%' THEN NULL ELSE 12 END WHEN '510' THEN 13
				ELSE array_position('{P1,P2,P3,P4,P5,M1,M2,M3,M4,M5,M6,U,W,B}'::text[], scheme) - 1 END AS scheme,
			 coalesce(agency, '') AS agency, employer, enrolled, paid, benefit, identity,
			 month_of(start_month) AS start_month, month_of(end_month) AS end_month, month_of(through) AS through,
			 CASE WHEN benefit <> '0' THEN month_of(benefit_from) END AS benefit_from, CASE WHEN benefit <> '0' THEN month_of(benefit_to) END AS benefit_to,
			 CASE WHEN benefit <> '0' THEN nullif(monthly, '')::numeric END AS monthly
	  FROM (SELECT *, CASE WHEN known THEN received ELSE number_canonical(cleaned) END AS number
			FROM (SELECT 证件号码 AS received, CASE WHEN r.number IS NULL THEN number_clean(证件号码) END AS cleaned, r.number IS NOT NULL AS known,
						 r.name AS register_name, source, 姓名 AS name, 险种 AS scheme, 经办区划 AS agency,
						 单位编号 AS employer, 参保状态 AS enrolled, 缴费状态 AS paid, 开始年月 AS start_month, 终止年月 AS end_month, 缴至年月 AS through,
						 待遇状态 AS benefit, 待遇开始 AS benefit_from, 待遇终止 AS benefit_to, 月待遇 AS monthly, 参保身份 AS identity
				  FROM extract.all_enrolment AS e LEFT JOIN registered AS r ON r.number = e.证件号码 OFFSET '0') AS cleaned OFFSET '0') AS numbered OFFSET '0') AS read
-- A row that ends before it begins is refused (PN22).
WHERE coalesce(end_month >= start_month, true);

CREATE UNLOGGED TABLE circumstance AS
SELECT received, number, NOT known AND length(cleaned) = 15 AND length(number) = 18 AS legacy15,
	   CASE WHEN NOT known THEN number_fault(number, CASE WHEN number ~ '^[1-9][0-9]{16}[0-9X]$' THEN left(number, 17)::bigint END) END AS fault, false AS repaired,
	   name, CASE WHEN known AND name = register_name THEN NULL ELSE name_key(name) END AS name_key, source, kind, day_of(starts) AS starts, day_of(ends) AS ends
FROM (SELECT *, CASE WHEN known THEN received ELSE number_canonical(cleaned) END AS number
	  FROM (SELECT 证件号码 AS received, CASE WHEN r.number IS NULL THEN number_clean(证件号码) END AS cleaned, r.number IS NOT NULL AS known,
				   r.name AS register_name, source, 姓名 AS name, 类别 AS kind, 开始日期 AS starts, 结束日期 AS ends
			FROM extract.all_circumstance AS c LEFT JOIN registered AS r ON r.number = c.证件号码 OFFSET '0') AS cleaned OFFSET '0') AS read;

CREATE UNLOGGED TABLE elsewhere AS
SELECT received, number, NOT known AND length(cleaned) = 15 AND length(number) = 18 AS legacy15,
	   CASE WHEN NOT known THEN number_fault(number, CASE WHEN number ~ '^[1-9][0-9]{16}[0-9X]$' THEN left(number, 17)::bigint END) END AS fault, false AS repaired,
	   name, CASE WHEN known AND name = register_name THEN NULL ELSE name_key(name) END AS name_key,
	   CASE WHEN enrolled = '1' AND paid = '1' AND left(region, 4) <> :'home'
			THEN 1 << CASE scheme WHEN '110' THEN 0 WHEN '120' THEN 2 WHEN '170' THEN 1 WHEN '150' THEN 1 WHEN '210' THEN 11 WHEN '310' THEN 5
				WHEN '380' THEN 7 WHEN '390' THEN 6 WHEN '391' THEN 6 WHEN '410' THEN 12 WHEN '510' THEN 13
				ELSE array_position('{P1,P2,P3,P4,P5,M1,M2,M3,M4,M5,M6,U,W,B}'::text[], scheme) - 1 END END AS elsewhere
FROM (SELECT *, CASE WHEN known THEN received ELSE number_canonical(cleaned) END AS number
	  FROM (SELECT 证件号码 AS received, CASE WHEN r.number IS NULL THEN number_clean(证件号码) END AS cleaned, r.number IS NOT NULL AS known,
				   r.name AS register_name, 姓名 AS name, 险种 AS scheme, 参保地 AS region,
				   参保状态 AS enrolled, 缴费状态 AS paid
			FROM extract.all_elsewhere AS a LEFT JOIN registered AS r ON r.number = a.证件号码 OFFSET '0') AS cleaned OFFSET '0') AS read;

ANALYZE enrolment, circumstance, elsewhere;

-- ---------------------------------------------------------------- broken numbers, repaired where the register leaves one answer

CREATE UNLOGGED TABLE broken AS
SELECT number, name_key, min(fault) AS fault
FROM (SELECT number, name_key, fault FROM register WHERE fault IS NOT NULL
	  UNION ALL SELECT number, name_key, fault FROM enrolment WHERE fault IS NOT NULL
	  UNION ALL SELECT number, name_key, fault FROM circumstance WHERE fault IS NOT NULL
	  UNION ALL SELECT number, name_key, fault FROM elsewhere WHERE fault IS NOT NULL) AS faulty
GROUP BY number, name_key;
ANALYZE broken;

-- One edit leaves the left or the right half of a number as it was (or, a swap in the middle, both outer eights):
-- equality joins on name and half, then the edit is checked on the few pairs that remain.
CREATE UNLOGGED TABLE repair AS
SELECT number, name_key, min(candidate) AS candidate, bool_or(check_only) AS check_only
FROM (SELECT DISTINCT number, name_key, candidate, left(number, 17) = left(candidate, 17) AS check_only
	  FROM (SELECT b.number, b.name_key, r.number AS candidate FROM broken AS b JOIN register AS r
				ON r.name_key = b.name_key AND left(r.number, 9) = left(b.number, 9) AND r.fault IS NULL
			UNION SELECT b.number, b.name_key, r.number FROM broken AS b JOIN register AS r
				ON r.name_key = b.name_key AND right(r.number, 9) = right(b.number, 9) AND r.fault IS NULL
			UNION SELECT b.number, b.name_key, r.number FROM broken AS b JOIN register AS r
				ON r.name_key = b.name_key AND left(r.number, 8) = left(b.number, 8) AND right(r.number, 8) = right(b.number, 8) AND r.fault IS NULL) AS near
	  WHERE length(candidate) = 18 AND CASE length(number)
		WHEN 18 THEN (SELECT count(*) = 1 OR count(*) = 2 AND max(i) - min(i) = 1
							 AND substr(number, min(i), 1) = substr(candidate, max(i), 1) AND substr(number, max(i), 1) = substr(candidate, min(i), 1)
					  FROM generate_series(1, 18) AS i WHERE substr(number, i, 1) <> substr(candidate, i, 1))
		WHEN 17 THEN EXISTS (SELECT FROM generate_series(1, 18) AS i WHERE overlay(candidate PLACING '' FROM i FOR 1) = number)
		WHEN 19 THEN EXISTS (SELECT FROM generate_series(1, 19) AS i WHERE overlay(number PLACING '' FROM i FOR 1) = candidate)
		ELSE false END) AS one_edit
GROUP BY number, name_key HAVING count(*) = 1;
ANALYZE repair;

-- Problems of rows with a broken number, one per row, before repair gives them their person.
CREATE UNLOGGED TABLE row_problem AS
SELECT CASE WHEN r.check_only AND f.fault = 'ID04' THEN 'ID05' ELSE f.fault END AS rule_id, f.received AS number, r.candidate
FROM (SELECT received, number, name_key, fault FROM register WHERE fault IS NOT NULL
	  UNION ALL SELECT received, number, name_key, fault FROM enrolment WHERE fault IS NOT NULL
	  UNION ALL SELECT received, number, name_key, fault FROM circumstance WHERE fault IS NOT NULL
	  UNION ALL SELECT received, number, name_key, fault FROM elsewhere WHERE fault IS NOT NULL) AS f
LEFT JOIN repair AS r USING (number, name_key);

UPDATE enrolment AS t SET number = r.candidate, fault = NULL, repaired = true
	FROM repair AS r WHERE t.fault IS NOT NULL AND t.number = r.number AND t.name_key = r.name_key;
UPDATE circumstance AS t SET number = r.candidate, fault = NULL, repaired = true
	FROM repair AS r WHERE t.fault IS NOT NULL AND t.number = r.number AND t.name_key = r.name_key;
UPDATE elsewhere AS t SET number = r.candidate, fault = NULL, repaired = true
	FROM repair AS r WHERE t.fault IS NOT NULL AND t.number = r.number AND t.name_key = r.name_key;

-- ---------------------------------------------------------------- one row per number and source family

-- Facts of the lists, in the order of their strength; death from a list is 21.
CREATE UNLOGGED TABLE fact AS
SELECT number, min(CASE WHEN source = 'civil_affairs_death' THEN 2 WHEN kind = '取得外国国籍' THEN 3 WHEN kind = '出国定居' THEN 4
						WHEN source = 'army' THEN 8 WHEN kind = '服刑' THEN 9 END) AS rank,
	   min(starts) FILTER (WHERE source = 'civil_affairs_death') AS died,
	   bool_or(source = 'school') AS student
FROM circumstance
WHERE fault IS NULL AND starts <= :'reference' AND coalesce(ends >= :'reference', true)
GROUP BY number;

CREATE UNLOGGED TABLE enrolled AS
SELECT number, bit_or(paying) AS paying, bit_or(receiving) AS receiving, bit_or(paused) AS paused, bit_or(CASE WHEN halted THEN paused ELSE 0 END) AS halted,
	   bit_or(CASE WHEN identity = '1' AND end_month IS NULL THEN paying & 14373 ELSE 0 END) AS employed  -- P1 P3 M1 U W B
FROM enrolment WHERE fault IS NULL GROUP BY number;

CREATE UNLOGGED TABLE abroad AS
SELECT number, bit_or(coalesce(elsewhere, 0)) AS elsewhere FROM elsewhere WHERE fault IS NULL GROUP BY number;

-- Civil servants whose employer pays work injury insurance for anybody.
CREATE UNLOGGED TABLE civil AS
SELECT DISTINCT number FROM enrolment AS e
WHERE scheme = 2 AND identity = '1' AND end_month IS NULL AND paying <> 0 AND fault IS NULL
  AND EXISTS (SELECT FROM enrolment AS w WHERE w.scheme = 12 AND w.paying <> 0 AND w.fault IS NULL AND w.employer = e.employer);
ANALYZE fact, enrolled, abroad, civil;

-- Numbers of the other sources that no register knows (life status 90).
CREATE UNLOGGED TABLE stranger AS
SELECT number, bool_or(enrolled) AS enrolled, bool_or(NOT enrolled) AS listed
FROM (SELECT number, true AS enrolled FROM enrolled AS e WHERE NOT EXISTS (SELECT FROM registered AS r WHERE r.number = e.number)
	  UNION ALL SELECT DISTINCT number, false FROM circumstance AS c
		WHERE fault IS NULL AND NOT EXISTS (SELECT FROM registered AS r WHERE r.number = c.number)
	  UNION ALL SELECT number, false FROM abroad AS a WHERE NOT EXISTS (SELECT FROM registered AS r WHERE r.number = a.number)) AS unknown
GROUP BY number;
ANALYZE stranger;
-- Their name and place come from their newest enrolment row.
CREATE UNLOGGED TABLE stranger_row AS
SELECT DISTINCT ON (number) number, name, agency FROM (
	SELECT e.number, e.name, nullif(e.agency, '') AS agency, e.start_month AS newest
	FROM enrolment AS e JOIN stranger USING (number) WHERE e.fault IS NULL
	UNION ALL SELECT c.number, c.name, NULL, NULL FROM circumstance AS c JOIN stranger USING (number) WHERE c.fault IS NULL
	UNION ALL SELECT a.number, a.name, NULL, NULL FROM elsewhere AS a JOIN stranger USING (number) WHERE a.fault IS NULL) AS row
ORDER BY number, newest DESC NULLS LAST, agency DESC NULLS LAST;
ANALYZE stranger_row;

-- ---------------------------------------------------------------- persons

CREATE UNLOGGED TABLE standing AS
SELECT p.*, p.rank IN (3, 4) AND p.rank <= coalesce(f.rank, 99) AS cancelled_abroad, CASE least(p.rank, f.rank) WHEN 1 THEN 20 WHEN 2 THEN 21 WHEN 3 THEN 34 WHEN 4 THEN 33 WHEN 5 THEN 30 WHEN 6 THEN 31 WHEN 7 THEN 32
			WHEN 8 THEN 40 WHEN 9 THEN 41 WHEN 10 THEN 10 WHEN 11 THEN 11 ELSE 90 END AS life_status,
	   coalesce(p.police_died, f.died) AS died, coalesce(f.student, false) AS student,
	   coalesce(e.paying, 0) AS paying, coalesce(e.receiving, 0) AS receiving,
	   -- A scheme that pays is not paused; one in receipt only when its state says so.
	   coalesce(e.paused & ~e.paying & ~(e.receiving & ~e.halted), 0) AS paused,
	   coalesce(a.elsewhere, 0) AS elsewhere, coalesce(e.employed, 0) AS employed,
	   e.number IS NOT NULL OR a.number IS NOT NULL AS has_rows, c.number IS NOT NULL AS injury_paid
FROM (SELECT number, digits, name, ethnic, hukou, residence, address, phone, rank, in_household, died AS police_died,
			 CASE WHEN left(residence, 4) = :'home' OR left(residence, 6) IN ('341521', '342422') THEN residence ELSE hukou END AS place
	  FROM registered
	  UNION ALL
	  SELECT s.number, CASE WHEN s.number ~ '^[0-9]{17}' THEN left(s.number, 17)::bigint END, r.name, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL,
			 coalesce(r.agency, rpad(:'home', 6, '0'))
	  FROM stranger AS s LEFT JOIN stranger_row AS r USING (number)) AS p
LEFT JOIN enrolled AS e USING (number)
LEFT JOIN fact AS f USING (number)
LEFT JOIN abroad AS a USING (number)
LEFT JOIN civil AS c USING (number);

-- Kinds are bits: 1 pension, 2 medical, 4 unemployment, 8 injury, 16 maternity.
CREATE TABLE person AS
SELECT number, name, sex, birth_date, ethnic, hukou, residence, territory, phone, address, life_status, paying, receiving, paused, elsewhere,
	   due, due & ~satisfied AS gap, by_receiving, by_paying, by_elsewhere, interrupted, has_rows, cancelled_abroad, died,
	   CASE WHEN life_status BETWEEN 20 AND 34 THEN 'gone' WHEN life_status IN (40, 41) THEN 'exempt' WHEN life_status = 90 THEN 'unknown'
			WHEN due = 0 THEN 'not_due'
			WHEN due & ~satisfied = 0 THEN CASE WHEN due & ~(by_receiving | by_paying) = 0 THEN 'enrolled' ELSE 'elsewhere' END
			WHEN due & ~satisfied & interrupted <> 0 THEN 'interrupted'
			WHEN due & satisfied <> 0 THEN 'partial' ELSE 'unenrolled' END AS class
FROM (SELECT *, by_receiving | by_paying | by_elsewhere AS satisfied
	  FROM (SELECT *, CASE WHEN life_status BETWEEN 20 AND 41 OR life_status = 90 THEN 0
						   WHEN receiving & 5 <> 0 THEN 3
						   WHEN employed & 4 <> 0 THEN CASE WHEN injury_paid THEN 27 ELSE 19 END
						   WHEN employed <> 0 THEN 31
						   WHEN age < 16 OR student THEN 2
						   WHEN in_household THEN 3 ELSE 2 END AS due,
				   kinds_of(receiving, pension) AS by_receiving,
				   kinds_of(paying, pension) AS by_paying, kinds_of(elsewhere, pension) AS by_elsewhere,
				   kinds_of(paused, 31) & ~CASE WHEN paused & 8192 = 0 THEN 16 ELSE 0 END AS interrupted
			FROM (SELECT *, make_date((digits / 10000000 % 10000)::int, (digits / 100000 % 100)::int, (digits / 1000 % 100)::int) AS birth_date,
						 (to_char(:'reference'::date, 'YYYYMMDD')::bigint - digits / 1000 % 100000000) / 10000 AS age,
						 CASE digits % 2 WHEN 1 THEN 'M' WHEN 0 THEN 'F' END AS sex,
						 -- An employed person's pension duty needs P1 or P3.
						 CASE WHEN employed <> 0 AND receiving & 5 = 0 THEN 5 ELSE 31 END AS pension,
						 rpad(CASE WHEN left(place, 6) IN ('341521', '342422') THEN overlay(place PLACING '340422' FROM 1 FOR 6) ELSE place END, 12, '0') COLLATE "C" AS territory
				  FROM standing OFFSET '0') AS aged OFFSET '0') AS judged OFFSET '0') AS person;

ALTER TABLE person ADD PRIMARY KEY (number);
CREATE INDEX person_territory_idx ON person (territory);
ANALYZE person;

-- ---------------------------------------------------------------- problems

-- Names of rows that differ from the register's, one comparison per number and name.
CREATE UNLOGGED TABLE name_differs AS
SELECT number, bool_or(similarity >= 0.5) AS alike, bool_or(similarity < 0.5) AS unlike
FROM (SELECT DISTINCT ON (number, name_key) number, name_key, name_similarity(name_key, register_key) AS similarity
	  FROM (SELECT e.number, e.name_key, r.name_key AS register_key FROM enrolment AS e JOIN registered AS r USING (number)
			WHERE e.name_key IS NOT NULL AND e.name_key <> r.name_key AND e.name_key IS DISTINCT FROM r.former_key AND e.fault IS NULL
			UNION ALL SELECT c.number, c.name_key, r.name_key FROM circumstance AS c JOIN registered AS r USING (number)
			WHERE c.name_key IS NOT NULL AND c.name_key <> r.name_key AND c.name_key IS DISTINCT FROM r.former_key AND c.fault IS NULL
			UNION ALL SELECT a.number, a.name_key, r.name_key FROM elsewhere AS a JOIN registered AS r USING (number)
			WHERE a.name_key IS NOT NULL AND a.name_key <> r.name_key AND a.name_key IS DISTINCT FROM r.former_key AND a.fault IS NULL
			UNION ALL SELECT m.number, m.name_key, r.name_key FROM register AS m JOIN twice USING (number) JOIN registered AS r USING (number)
			WHERE m.name_key <> r.name_key AND m.name_key IS DISTINCT FROM r.former_key AND m.fault IS NULL) AS row
	  WHERE name_variant(name_key) <> name_variant(register_key)
	  ORDER BY number, name_key) AS compared
GROUP BY number;

-- Months in which a row counts, paid and in benefit, of the schemes that can conflict.
CREATE UNLOGGED TABLE span AS
SELECT number, scheme, false AS benefit, paid_from AS lo, paid_to AS hi, left(agency, 6) AS area, identity, start_month, coalesce(end_month, through) AS year_end
FROM enrolment WHERE fault IS NULL AND scheme IN (0, 1, 2, 5, 6, 7) AND paid_to IS NOT NULL
UNION ALL
SELECT number, scheme, true, benefit_from, benefit_to, left(agency, 6), identity, start_month, NULL
FROM enrolment WHERE fault IS NULL AND scheme IN (0, 1, 2, 11) AND benefit_to IS NOT NULL;
ANALYZE span;

-- Pairs of rows of one person that share a month: scheme and use of both sides, different agencies where the rule is about areas.
CREATE UNLOGGED TABLE overlap AS
SELECT c.rule_id, a.number, greatest(a.lo, b.lo) AS lo, least(a.hi, b.hi) AS hi,
	   a.identity, a.identity = '4' OR b.identity = '4' AS student, a.start_month > b.start_month AND b.start_month % 12 IN (0, 8) AND b.year_end = b.start_month + 11 AS prepaid
FROM (VALUES ('PN01', 0, false, 0, false), ('PN02', 0, false, 1, false), ('PN03', 0, false, 2, false), ('PN04', 1, false, 1, false),
			 ('PN05', 2, false, 1, false), ('PN06', 2, false, 2, false), ('PN07', 0, true, 1, true), ('PN08', 2, true, 1, true),
			 ('PN09', 1, true, 1, true), ('PN10', 0, true, 0, true), ('PN11', 0, true, 2, true),
			 ('PN12', 0, true, 1, false), ('PN12', 2, true, 1, false), ('PN13', 1, true, 0, false),
			 ('MD01', 5, false, 5, false), ('MD02', 5, false, 6, false), ('MD02', 5, false, 7, false), ('MD05', 6, false, 6, false), ('MD07', 6, false, 7, false),
			 ('UW03', 11, true, 0, true), ('UW03', 11, true, 1, true), ('UW03', 11, true, 2, true))
	 AS c (rule_id, first_scheme, first_benefit, second_scheme, second_benefit)
JOIN span AS a ON a.scheme = c.first_scheme AND a.benefit = c.first_benefit
JOIN span AS b ON b.number = a.number AND b.scheme = c.second_scheme AND b.benefit = c.second_benefit
WHERE a.lo <= b.hi AND b.lo <= a.hi AND (c.first_scheme <> c.second_scheme OR a.area < b.area);
ANALYZE overlap;

-- M1 months of the 24 up to the end of an overlap with resident insurance: 12 and more are MD02, fewer MD03; MD04 for flexible workers.
CREATE UNLOGGED TABLE graded AS
SELECT o.rule_id, o.number, o.lo, o.hi FROM overlap AS o WHERE o.rule_id NOT IN ('MD02', 'MD05')
UNION ALL
SELECT CASE WHEN o.student OR p.birth_date > :'reference'::date - interval '18 years' THEN 'MD06' ELSE 'MD05' END, o.number, o.lo, o.hi
FROM overlap AS o JOIN person AS p USING (number) WHERE o.rule_id = 'MD05'
UNION ALL
SELECT 'MD14', o.number, o.lo, o.hi FROM overlap AS o WHERE o.rule_id = 'MD02' AND o.prepaid
UNION ALL
SELECT 'MD04', o.number, o.lo, o.hi FROM overlap AS o WHERE o.rule_id = 'MD02' AND o.prepaid IS NOT TRUE AND o.identity = '2'
UNION ALL
SELECT CASE WHEN (SELECT sum(upper(r) - lower(r)) FROM unnest(run) AS r) >= 12 THEN 'MD02' ELSE 'MD03' END, number, lo, hi
FROM (SELECT o.number, o.lo, o.hi, range_agg(int4range(greatest(m.lo, o.hi - 23), least(m.hi, o.hi) + 1)) AS run
	  FROM (SELECT DISTINCT number, lo, hi FROM overlap
			WHERE rule_id = 'MD02' AND prepaid IS NOT TRUE AND identity IS DISTINCT FROM '2') AS o
	  JOIN span AS m ON m.number = o.number AND m.scheme = 5 AND m.lo <= o.hi AND m.hi >= o.hi - 23
	  GROUP BY o.number, o.lo, o.hi) AS counted;
ANALYZE graded;

-- Benefit months after the month of death, and inside a prison sentence.
CREATE UNLOGGED TABLE wrongly_paid AS
SELECT 'BN01' AS rule_id, number, scheme, monthly, int4range(greatest(benefit_from, month_of(p.died) + 1), benefit_to + 1) AS months
FROM enrolment AS e JOIN person AS p USING (number)
WHERE e.fault IS NULL AND p.died IS NOT NULL AND e.benefit_to > month_of(p.died)
UNION ALL
SELECT 'BN03', number, scheme, monthly, int4range(greatest(benefit_from, month_of(c.starts - 1) + 1), least(benefit_to + 1, month_of(c.ends + 1)))
FROM enrolment AS e JOIN circumstance AS c USING (number)
WHERE e.fault IS NULL AND c.fault IS NULL AND c.kind = '服刑' AND e.scheme <> 11 AND c.starts IS NOT NULL AND e.benefit_to IS NOT NULL
  AND greatest(benefit_from, month_of(c.starts - 1) + 1) < least(benefit_to + 1, month_of(c.ends + 1));

CREATE UNLOGGED TABLE finding AS
SELECT rule_id, CASE WHEN candidate IS NULL THEN number ELSE candidate END AS number, NULL AS employer, NULL::integer AS months, NULL::numeric AS amount,
	   CASE WHEN candidate IS NULL THEN 'open' ELSE 'closed' END AS state
FROM (SELECT * FROM row_problem WHERE rule_id <> 'ID05' UNION ALL SELECT DISTINCT 'ID05', candidate, candidate FROM row_problem WHERE rule_id = 'ID05') AS row_problem
UNION ALL
SELECT DISTINCT 'ID06', number, NULL, NULL::integer, NULL::numeric, 'open'
FROM (SELECT number FROM register WHERE legacy15 AND fault IS NULL UNION ALL SELECT number FROM enrolment WHERE legacy15 AND fault IS NULL
	  UNION ALL SELECT number FROM circumstance WHERE legacy15 AND fault IS NULL UNION ALL SELECT number FROM elsewhere WHERE legacy15 AND fault IS NULL) AS legacy
UNION ALL
SELECT 'ID11', number, NULL, NULL, NULL, 'open' FROM person
WHERE number ~ '^[1-7]' AND substr(number, 5, 2) NOT IN ('01', '02', '11', '20') AND NOT EXISTS (SELECT FROM extract.region WHERE code = left(number, 6))
UNION ALL
SELECT rule.id, number, NULL, NULL, NULL, 'open' FROM registered, LATERAL (VALUES ('ID15', sex_differs), ('ID16', birth_differs)) AS rule (id, holds) WHERE holds
UNION ALL
SELECT rule.id, number, NULL, NULL, NULL, 'open' FROM name_differs, LATERAL (VALUES ('DP04', unlike), ('HK02', alike)) AS rule (id, holds) WHERE holds
UNION ALL
SELECT rule.id, number, NULL, NULL, NULL, 'open' FROM stranger, LATERAL (VALUES ('HK12', enrolled), ('HK03', listed)) AS rule (id, holds) WHERE holds
UNION ALL
SELECT CASE p.life_status WHEN 20 THEN 'HK04' WHEN 30 THEN 'HK05' WHEN 31 THEN 'HK05' ELSE 'HK08' END, number, NULL, NULL, NULL, 'open'
FROM person AS p WHERE (life_status IN (20, 30, 31) OR life_status IN (33, 34) AND cancelled_abroad) AND paying | receiving | paused <> 0
UNION ALL
SELECT 'HK10', number, NULL, NULL, NULL, 'open' FROM person WHERE life_status = 10 AND due <> 0 AND NOT has_rows
UNION ALL
SELECT rule_id, number, NULL, (SELECT sum(upper(r) - lower(r))::int FROM unnest(shared) AS r), NULL, 'open'
FROM (SELECT g.rule_id, g.number, range_agg(int4range(g.lo, g.hi + 1)) AS shared
	  FROM graded AS g JOIN person AS p USING (number) WHERE p.life_status NOT BETWEEN 20 AND 34 GROUP BY g.rule_id, g.number) AS doubles
UNION ALL
SELECT rule_id, number, NULL, (SELECT sum(upper(r) - lower(r))::int FROM unnest(shared) AS r), amount, 'open'
FROM (SELECT rule_id, number, range_agg(months) AS shared, sum((upper(months) - lower(months)) * monthly) AS amount
	  FROM wrongly_paid GROUP BY rule_id, number) AS paid
UNION ALL
SELECT 'EM01', NULL, 统一社会信用代码, NULL, NULL, 'open' FROM extract.employer_registry WHERE NOT coalesce(credit_code_ok(upper(btrim(统一社会信用代码))), false);
ANALYZE finding;

CREATE TABLE problem AS
SELECT f.rule_id, f.number, p.name, p.territory, f.employer, f.months, f.amount, f.state FROM finding AS f LEFT JOIN person AS p USING (number);
CREATE INDEX problem_number_idx ON problem (number);
CREATE INDEX problem_rule_idx ON problem (rule_id, territory);
ANALYZE problem;

-- ---------------------------------------------------------------- coverage report

-- Persons per place, due kinds and answers first (few thousand groups a village at most), then kinds and levels from those.
CREATE UNLOGGED TABLE cell AS
SELECT territory, due, by_receiving, by_paying, by_elsewhere, interrupted, count(*) AS persons
FROM person WHERE class NOT IN ('gone', 'unknown')
GROUP BY territory, due, by_receiving, by_paying, by_elsewhere, interrupted;

CREATE TABLE coverage_report AS
SELECT place AS territory, level, kind, sum(persons) AS persons, sum(persons) FILTER (WHERE standing > 0) AS due, coalesce(sum(persons) FILTER (WHERE standing = 2), 0) AS enrolled,
	   coalesce(sum(persons) FILTER (WHERE standing = 1), 0) AS receiving, coalesce(sum(persons) FILTER (WHERE standing = 3), 0) AS elsewhere,
	   coalesce(sum(persons) FILTER (WHERE standing = 4), 0) AS interrupted, coalesce(sum(persons) FILTER (WHERE standing = 5), 0) AS unenrolled,
	   round(sum(persons) FILTER (WHERE standing BETWEEN 1 AND 3) / nullif(sum(persons) FILTER (WHERE standing > 0), 0), 4) AS rate
FROM (SELECT territory, kind, standing, sum(persons) AS persons
	  FROM (SELECT territory, persons, name AS kind,
				   CASE WHEN due & bit = 0 THEN 0 WHEN by_receiving & bit <> 0 THEN 1 WHEN by_paying & bit <> 0 THEN 2 WHEN by_elsewhere & bit <> 0 THEN 3
						WHEN interrupted & bit <> 0 THEN 4 ELSE 5 END AS standing
			FROM cell, (VALUES (1, 'pension'), (2, 'medical'), (4, 'unemployment'), (8, 'injury'), (16, 'maternity')) AS kind (bit, name)) AS answered
	  GROUP BY territory, kind, standing) AS counted,
	 LATERAL (SELECT level, rpad(left(counted.territory, digits), CASE WHEN digits <= 6 THEN 6 ELSE digits END, '0') COLLATE "C" AS territory
			  FROM (VALUES (1, 1, 2), (2, 3, 4), (3, 5, 6), (4, 7, 9), (5, 10, 12)) AS levels (level, starts, digits)
			  -- A place that is given only to its county has no town.
			  WHERE substr(counted.territory, starts, digits - starts + 1) !~ '^0+$') AS place (level, place)
GROUP BY place, level, kind;
CREATE UNIQUE INDEX coverage_report_idx ON coverage_report (territory, kind, level);
ANALYZE coverage_report;

-- Persons and facts in one line each, and what must come out of them: used by
-- the tests meaning and rules.  Needs an extension, a deployed registry, and a
-- schema spec in front of the search path.

--
-- Notation
--
-- One row per person:
--   born      day of birth (of a man; F before it: of a woman), or the whole number
--   register  h household register, m migrant register; h:管理状态:状态日期:注销原因;
--             sex=, birth=, former= for items that differ; empty: in no register
--   place     户籍地|居住地, default 340402001
--   rows      separated by ';':
--             enrolment     SCHEME 参保/缴费 start-end >paid-through b待遇状态:from-to=月待遇
--                           i参保身份 @employer aAGENCY no=NUMBER name=NAME
--             circumstance  类别 from-to
--             nat           nat SCHEME place 参保/缴费 start-end
--   expected  item=value …; items of person_list, with
--             due, gap      P pension, M medical, U unemployment, W injury, B maternity
--             money         open problems of the rules PN, MD, UW, BN as RULE:months=amount
--                           =* where the document names no amount
--             register      open problems of the rules ID, DP, HK
--             all           open problems of every rule
--             keep          what stays, as RULE:row, with _ for blanks
--
CREATE TABLE given (
	n integer GENERATED ALWAYS AS IDENTITY,
	k text PRIMARY KEY, born text NOT NULL, register text NOT NULL, place text NOT NULL, rows text NOT NULL,
	expected text NOT NULL, sentence text NOT NULL, name text
);
CREATE TABLE later (step text, k text, expected text, sentence text);
CREATE TABLE employer_letter (letter text PRIMARY KEY, code text);
INSERT INTO employer_letter VALUES ('A', '91340400MA2N000018'), ('B', '91350100M000100Y43'), ('C', '12340400485300000N'),
	('D', '91110000600037341L'), ('E', '92340403MA2N11114F'), ('F', '91340400MA2N00002B');

CREATE FUNCTION number_of(digits text) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT digits || substr('10X98765432', 1 + (sum(substr(digits, i, 1)::int * (2 ^ (18 - i))::int % 11)::int % 11), 1) FROM generate_series(1, 17) AS i $$;
CREATE FUNCTION name_of(n integer) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT substr('赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何', n % 20 + 1, 1) || substr('伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂芬玲红兰英梅鑫波辉', n % 30 + 1, 1)
	|| substr('国庆春建文志永德海宝金玉福贵荣祥瑞家宏光兴安康宁泰和顺义仁', n % 29 + 1, 1) $$;
CREATE VIEW whom AS
SELECT n, k, coalesce(name, name_of(n)) AS name, register, place, rows,
	   CASE WHEN length(born) = 8 THEN number_of('340402' || born || lpad((2 * n + 1)::text, 3, '0'))
			WHEN born LIKE 'F%' THEN number_of('340402' || substr(born, 2) || lpad((2 * n)::text, 3, '0')) ELSE born END AS number
FROM given;
CREATE FUNCTION token(tokens text[], pattern text) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT (regexp_match(t, pattern))[1] FROM unnest(tokens) AS t WHERE t ~ pattern LIMIT 1 $$;
CREATE VIEW fact AS
SELECT w.n, w.k, w.name, w.number, r.ordinal, regexp_split_to_array(trim(r.fact), ' +') AS t
FROM whom w, regexp_split_to_table(w.rows, ';') WITH ORDINALITY AS r(fact, ordinal)
WHERE trim(r.fact) <> '';

CREATE FUNCTION police(which text) RETURNS text LANGUAGE sql AS $$
SELECT string_agg(line, E'\n' ORDER BY n)
FROM (SELECT 0 AS n, '公民身份号码,姓名,曾用名,性别,民族,出生日期,户籍地,户籍地址,居住地,居住地址,联系电话,户口性质,管理状态,状态日期,注销原因,户号,与户主关系' AS line
	  UNION ALL
	  SELECT w.n, concat_ws(',', w.number, w.name, coalesce(token(t, '^former=(.*)'), ''),
			 coalesce(token(t, '^sex=(.*)'), CASE WHEN substr(w.number, 17, 1)::int % 2 = 1 THEN '男' ELSE '女' END), '汉',
			 coalesce(token(t, '^birth=(.*)'), substr(w.number, 7, 8)),
			 coalesce(nullif(split_part(w.place, '|', 1), ''), '340402001'), '', split_part(w.place, '|', 2), '', '', '',
			 coalesce(nullif(split_part(s, ':', 2), ''), '正常'), split_part(s, ':', 3), split_part(s, ':', 4), '', '')
	  FROM whom w, LATERAL (SELECT regexp_split_to_array(w.register, ' +')) AS a(t), unnest(a.t) AS s
	  WHERE split_part(s, ':', 1) = which) l
$$;
CREATE FUNCTION enrolment(which text) RETURNS text LANGUAGE sql AS $$
SELECT string_agg(line, E'\n' ORDER BY n, ordinal)
FROM (SELECT 0 AS n, 0 AS ordinal, '证件号码,姓名,险种,个人编号,单位编号,单位名称,经办区划,参保状态,缴费状态,开始年月,终止年月,缴至年月,待遇状态,待遇开始,待遇终止,月待遇,参保身份,联系电话' AS line
	  UNION ALL
	  SELECT f.n, f.ordinal, concat_ws(',', coalesce(token(t, '^no=(.*)'), number), coalesce(token(t, '^name=(.*)'), name), t[1], k || f.ordinal,
			 coalesce((SELECT e.code FROM employer_letter e WHERE e.letter = token(t, '^@(.)')), ''), '', coalesce(token(t, '^a(\d*)$'), '340402'),
			 token(t, '^(\d)/\d$'), token(t, '^\d/(\d)$'), token(t, '^(\d{6})-'), coalesce(token(t, '^\d{6}-(\d{6})$'), ''), coalesce(token(t, '^>(\d{6})$'), ''),
			 coalesce(token(t, '^b(\d):'), '0'), coalesce(token(t, '^b\d:(\d{6})'), ''), coalesce(token(t, '^b\d:\d*-(\d{6})'), ''),
			 coalesce(token(t, '^b\d:.*=(\d+)'), ''), coalesce(token(t, '^i(\d)$'), ''), '')
	  FROM fact f
	  WHERE CASE WHEN t[1] IN ('P1', 'P4', 'P5') THEN 'pension_employee' WHEN t[1] = 'P2' THEN 'pension_resident' WHEN t[1] = 'P3' THEN 'pension_public'
				 WHEN t[1] IN ('M1', 'M4', 'M5', 'M6', '330', '410') THEN 'medical_employee' WHEN t[1] = 'M2' THEN 'medical_resident' WHEN t[1] = 'M3' THEN 'medical_rural'
				 WHEN t[1] = 'U' THEN 'unemployment' WHEN t[1] = 'W' THEN 'injury' WHEN t[1] = 'B' THEN 'maternity' END = which) l
$$;
CREATE FUNCTION circumstance(kinds text) RETURNS text LANGUAGE sql AS $$
SELECT string_agg(line, E'\n' ORDER BY n, ordinal)
FROM (SELECT 0 AS n, 0 AS ordinal, '证件号码,姓名,类别,开始日期,结束日期,备注' AS line
	  UNION ALL
	  SELECT f.n, f.ordinal, concat_ws(',', coalesce(token(t, '^no=(.*)'), number), name, t[1], coalesce(token(t, '^(\d{8})-'), ''), coalesce(token(t, '^\d{8}-(\d{8})$'), ''), '')
	  FROM fact f WHERE t[1] = ANY (string_to_array(kinds, ' '))) l
$$;
CREATE FUNCTION national_answer() RETURNS text LANGUAGE sql AS $$
SELECT string_agg(line, E'\n' ORDER BY n, ordinal)
FROM (SELECT 0 AS n, 0 AS ordinal, '证件号码,姓名,险种,参保地,参保状态,缴费状态,开始年月,终止年月,数据期别' AS line
	  UNION ALL
	  SELECT f.n, f.ordinal, concat_ws(',', number, name, t[2], t[3], token(t, '^(\d)/\d$'), token(t, '^\d/(\d)$'), token(t, '^(\d{6})-'), coalesce(token(t, '^\d{6}-(\d{6})$'), ''), '202406')
	  FROM fact f WHERE t[1] = 'nat') l
$$;
CREATE FUNCTION extract_of(which text) RETURNS bytea LANGUAGE sql AS $$
SELECT convert_to(CASE which
	WHEN 'police_household' THEN police('h') WHEN 'police_migrant' THEN police('m')
	WHEN 'civil_affairs_death' THEN circumstance('死亡 火化 宣告死亡') WHEN 'justice_prison' THEN circumstance('服刑 社区矫正')
	WHEN 'army' THEN circumstance('义务兵 军士 现役') WHEN 'school' THEN circumstance('普通高中 高等学校')
	WHEN 'abroad' THEN circumstance('出国定居 取得外国国籍 出国务工 出国留学') WHEN 'low_income' THEN circumstance('低保')
	WHEN 'national_enrolment' THEN national_answer() ELSE enrolment(which) END || E'\n', 'UTF8') $$;
-- receives every source that has rows, or those named
CREATE FUNCTION deliver(cutoff date, VARIADIC sources text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	which text;
	batch bigint;
BEGIN
	FOREACH which IN ARRAY sources LOOP
		batch := registry.receive(which, cutoff, extract_of(which));
	END LOOP;
	RETURN batch;
END $$;

CREATE FUNCTION letters(kinds text) RETURNS text LANGUAGE sql AS
$$ SELECT replace(replace(replace(replace(replace(replace(kinds, 'pension', 'P'), 'medical', 'M'), 'unemployment', 'U'), 'injury', 'W'), 'maternity', 'B'), ',', '') $$;
CREATE FUNCTION problems(person bigint, families text) RETURNS text LANGUAGE sql AS $$
SELECT coalesce(string_agg(l.rule_id || coalesce(':' || l.months, '') || coalesce('=' || trim_scale(l.amount), ''), ',' ORDER BY l.rule_id, l.months), '')
FROM registry.problem_list l WHERE l.person_id = person AND l.state <> 'closed' AND l.rule_id ~ ('^(' || families || ')') $$;
CREATE FUNCTION found(person_number text, item text) RETURNS text LANGUAGE sql AS $$
SELECT CASE item WHEN 'life' THEN l.life_status::text WHEN 'class' THEN l.class WHEN 'paying' THEN l.paying WHEN 'receiving' THEN l.receiving
	WHEN 'paused' THEN l.paused WHEN 'elsewhere' THEN l.elsewhere WHEN 'due' THEN letters(l.due) WHEN 'gap' THEN letters(l.gap)
	WHEN 'territory' THEN l.territory WHEN 'name' THEN l.name WHEN 'age' THEN l.age::text WHEN 'sex' THEN l.sex
	WHEN 'money' THEN problems(l.person_id, 'PN|MD|UW|BN') WHEN 'register' THEN problems(l.person_id, 'ID|DP|HK')
	WHEN 'all' THEN problems(l.person_id, '')
	WHEN 'keep' THEN (SELECT string_agg(p.rule_id || ':' || replace(p.keep, ' ', '_'), ',' ORDER BY p.rule_id) FROM registry.problem_list p WHERE p.person_id = l.person_id AND p.state <> 'closed')
	WHEN 'MD14' THEN (SELECT p.severity FROM registry.problem_list p WHERE p.person_id = l.person_id AND p.rule_id = 'MD14')
	ELSE 'no such item' END
FROM registry.person_list l WHERE l.person_id = registry.find_person(person_number) $$;
CREATE TABLE checked (step text, k text, item text, expected text, found text, sentence text);
-- compares one set of expectations; a wanted "problem" is named by number, not by row
CREATE FUNCTION judge(this_step text) RETURNS TABLE (k text, item text, expected text, found text, sentence text) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO checked
	SELECT this_step, e.k, i.item, i.expected,
		   CASE WHEN i.expected LIKE '%=*' THEN regexp_replace(spec.found(w.number, i.item), '=\d+$', '=*') ELSE spec.found(w.number, i.item) END, e.sentence
	FROM (SELECT g.k, g.expected, g.sentence FROM given g WHERE this_step = 'first'
		  UNION ALL SELECT l.k, l.expected, l.sentence FROM later l WHERE l.step = this_step) e
	LEFT JOIN whom w ON w.k = e.k,
	LATERAL (SELECT split_part(x, '=', 1), substr(x, strpos(x, '=') + 1) FROM regexp_split_to_table(trim(e.expected), ' +') AS x WHERE x <> '') AS i(item, expected);
	RETURN QUERY SELECT c.k, c.item, c.expected, c.found, c.sentence FROM checked c
		WHERE c.step = this_step AND c.found IS DISTINCT FROM c.expected ORDER BY c.k, c.item;
END $$;


-- Names: folding of D§7, likeness, readings, masks.  All people are made up.
\set VERBOSITY sqlstate
-- The code points of a text, so that look-alikes are told apart
CREATE FUNCTION pg_temp.points(name text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(upper(to_hex(ascii(c))), ' ' ORDER BY n), '')
	FROM regexp_split_to_table(name, '') WITH ORDINALITY AS t(c, n) WHERE c <> '' $$;

-- Vectors of the specification: equal under key1
SELECT a, b, name_key(a) = name_key(b) AS same, name_key(a)
FROM (VALUES
	('阿卜杜拉•买买提', '阿卜杜拉·买买提'),
	('阿卜杜拉・买买提', '阿卜杜拉·买买提'),
	('阿卜杜拉．买买提', '阿卜杜拉·买买提'),
	('张　三', '张三'),
	('ＺＨＡＮＧ', 'ZHANG'),
	('zhang', 'ZHANG')) AS t(a, b);
SELECT name_key(chr(x'F92C'::int) || '某') = name_key('郎某') AS compatibility,
	name_key(chr(x'E863'::int)) = name_key(chr(x'4DAE'::int)) AS private_use;
-- ... equal under key2 only
SELECT a, b, name_key(a) = name_key(b) AS same, name_variant_key(a) = name_variant_key(b) AS variant, name_variant_key(a)
FROM (VALUES ('昇', '升'), ('鍾', '锺'), ('锺', '钟'), ('鐘', '钟'), ('堃', '坤'),
	('陞', '升'), ('祕', '秘'), ('吒', '咤'), ('氾', '泛'), ('於', '于'), ('蒐', '搜'), ('甯', '宁'), ('甦', '苏'), ('脩', '修'),
	('喆', '哲'), ('邨', '村'), ('仝', '同'), ('犇', '奔'), ('範', '范'), ('蕭', '肖'), ('萧', '肖'), ('閻', '闫'), ('傅', '付'), ('戴', '代'),
	('吳', '吴'), ('張', '张'), ('後', '后'), ('己', '已'), ('巳', '已'), ('巖', '岩'), ('阿卜·买', '阿卜买')) AS t(a, b);
-- ... and never
SELECT a, b, name_variant_key(a) = name_variant_key(b) AS variant
FROM (VALUES ('蓝', '兰'), ('藍', '蘭'), ('未', '末'), ('土', '士'), ('张伟', '张玮'), ('淼', '水'), ('煊', '宣')) AS t(a, b);

-- GB 18030: 24 positions, decoded by the edition of 2000/2005 or of 2022, by
-- two bytes or by four, lead to one character
WITH position(bytes, old, new) AS (VALUES
	('A6D9', x'E78D'::int, x'FE10'::int), ('A6DA', x'E78E'::int, x'FE12'::int), ('A6DB', x'E78F'::int, x'FE11'::int),
	('A6DC', x'E790'::int, x'FE13'::int), ('A6DD', x'E791'::int, x'FE14'::int), ('A6DE', x'E792'::int, x'FE15'::int),
	('A6DF', x'E793'::int, x'FE16'::int), ('A6EC', x'E794'::int, x'FE17'::int), ('A6ED', x'E795'::int, x'FE18'::int),
	('A6F3', x'E796'::int, x'FE19'::int), ('FE59', x'E81E'::int, x'9FB4'::int), ('FE61', x'E826'::int, x'9FB5'::int),
	('FE66', x'E82B'::int, x'9FB6'::int), ('FE67', x'E82C'::int, x'9FB7'::int), ('FE6D', x'E832'::int, x'9FB8'::int),
	('FE7E', x'E843'::int, x'9FB9'::int), ('FE90', x'E854'::int, x'9FBA'::int), ('FEA0', x'E864'::int, x'9FBB'::int),
	('FE51', x'E816'::int, x'20087'::int), ('FE52', x'E817'::int, x'20089'::int), ('FE53', x'E818'::int, x'200CC'::int),
	('FE6C', x'E831'::int, x'215D7'::int), ('FE76', x'E83B'::int, x'2298F'::int), ('FE91', x'E855'::int, x'241FE'::int),
	('A8BC', x'E7C7'::int, x'1E3F'::int), ('A8BF', x'E7C8'::int, x'1F9'::int), ('A2E3', x'E76C'::int, x'20AC'::int),
	('A989', x'E7E7'::int, x'303E'::int), ('A98A', x'E7E8'::int, x'2FF0'::int), ('A995', x'E7F3'::int, x'2FFB'::int))
SELECT bytes, pg_temp.points(name_clean('王' || chr(old))) AS from_old, pg_temp.points(name_clean('王' || chr(new))) AS from_new,
	name_key('王' || chr(old)) = name_key('王' || chr(new)) AS same
FROM position;

-- ... and so do the bytes themselves as this server decodes them
SELECT count(*) AS positions, count(*) FILTER (WHERE name_key(convert_from(two, 'GB18030')) = name_key(convert_from(four, 'GB18030'))) AS same
FROM (VALUES ('\xA6D9'::bytea, '\x84318236'::bytea), ('\xA6DA', '\x84318238'), ('\xA6DB', '\x84318237'), ('\xA6DC', '\x84318239'), ('\xA6DD', '\x84318330'),
	('\xA6DE', '\x84318331'), ('\xA6DF', '\x84318332'), ('\xA6EC', '\x84318333'), ('\xA6ED', '\x84318334'), ('\xA6F3', '\x84318335'), ('\xFE59', '\x82359037'),
	('\xFE61', '\x82359038'), ('\xFE66', '\x82359039'), ('\xFE67', '\x82359130'), ('\xFE6D', '\x82359131'), ('\xFE7E', '\x82359132'), ('\xFE90', '\x82359133'),
	('\xFEA0', '\x82359134'), ('\xFE51', '\x95329031'), ('\xFE52', '\x95329033'), ('\xFE53', '\x95329730'), ('\xFE6C', '\x9536B937'), ('\xFE76', '\x9630BA35'),
	('\xFE91', '\x9635B630'), ('\xA8BC', '\x8135F437')) AS t(two, four);

-- GBK block FE50 .. FEA0, all 80
SELECT string_agg(pg_temp.points(name_clean(chr(x'E815'::int + i))), ' ' ORDER BY i) FROM generate_series(0, 79) AS i;
-- its neighbours have no standard meaning and stay
SELECT pg_temp.points(name_clean('王' || chr(point))) FROM (VALUES (x'E814'::int), (x'E865'::int), (x'E000'::int), (x'E4C6'::int), (x'F8FF'::int), (x'E7E6'::int), (x'E7F4'::int)) AS t(point);

-- The 21 compatibility ideographs of GBK: 9 fold, 12 are characters of their own
SELECT upper(to_hex(point)) AS point, pg_temp.points(name_key(chr(point))) AS key
FROM (VALUES (x'F92C'::int), (x'F979'::int), (x'F995'::int), (x'F9E7'::int), (x'F9F1'::int), (x'FA0C'::int), (x'FA0D'::int), (x'FA18'::int), (x'FA20'::int),
	(x'FA0E'::int), (x'FA0F'::int), (x'FA11'::int), (x'FA13'::int), (x'FA14'::int), (x'FA1F'::int), (x'FA21'::int), (x'FA23'::int), (x'FA24'::int),
	(x'FA27'::int), (x'FA28'::int), (x'FA29'::int)) AS t(point);

-- Radicals: all of Kangxi, two of the supplement
SELECT count(*) AS unfolded FROM generate_series(x'2F00'::int, x'2FD5'::int) AS i WHERE name_key(chr(i)) = chr(i);
SELECT upper(to_hex(i)) AS radical, name_key(chr(i)) FROM generate_series(x'2E80'::int, x'2EF3'::int) AS i WHERE name_key(chr(i)) <> chr(i);
SELECT name_key('⼀⼁'), name_key('王⻳');

-- Every dot, and what is no dot
SELECT upper(to_hex(point)) AS dot, pg_temp.points(name_clean('阿卜' || chr(point) || '买提')) AS clean
FROM unnest(ARRAY[x'B7'::int, x'387'::int, x'2022'::int, x'2027'::int, x'2024'::int, x'2219'::int, x'22C5'::int, x'25CF'::int, x'25E6'::int, x'30FB'::int,
	x'FF65'::int, x'FE52'::int, x'FF0E'::int, x'2E'::int, x'FF61'::int, x'2D9'::int, x'1427'::int, x'16EB'::int, x'2E31'::int, x'2E33'::int, x'318D'::int,
	x'5F'::int, x'2D'::int, x'FF3F'::int, x'FF0D'::int, x'3001'::int, x'FF0C'::int, x'2C'::int, x'3002'::int]) AS point;
SELECT name, name_clean(name) FROM (VALUES ('阿卜杜拉 · 买买提'), ('阿卜杜拉··买买提'), ('·阿卜杜拉·买买提·'), ('阿卜杜拉·买买提 吐尔逊'), ('阿卜杜拉 买买提'),
	('张 三.'), ('王-'), ('王_三'), ('张 三 - 四'), ('-王三'), ('J. R. Smith'), ('Anna-Maria Smith'), ('张-A'), ('李yan·明'), ('A.买买提')) AS t(name);

-- Blanks and invisible characters
SELECT count(*) AS stripped, count(*) FILTER (WHERE name_key(' 张' || chr(point) || '三' || chr(point)) = '张三') AS rightly
FROM unnest(ARRAY[x'200B'::int, x'200C'::int, x'200D'::int, x'200E'::int, x'200F'::int, x'202A'::int, x'202B'::int, x'202E'::int, x'2060'::int, x'FEFF'::int, x'AD'::int,
	x'A0'::int, x'3000'::int, 9, 10, 13, 1, 31, 127, x'85'::int, x'2003'::int, x'202F'::int, x'FE00'::int, x'180E'::int]) AS point;
SELECT name_clean('  John' || chr(160) || chr(12288) || chr(9) || ' Smith ') AS latin, name_key('é') = name_key('É') AS upper, name_key('E' || chr(769)) = name_key('É') AS composed,
	name_key(chr(x'19B'::int)) = chr(x'19B'::int) AS unsettled,
	name_key('ﾛﾎﾞ') AS width, name_key('１２') AS digits, name_key('葛' || chr(x'E0100'::int)) = '葛' AS selector;

-- Notes in brackets
SELECT name, name_clean(name), name_note(name) FROM (VALUES ('张三(小)'), ('张三（已故）'), ('张三 [大] 【已故】'), ('张三(小(大))'), ('张三(小'), ('张三('), ('(小)'),
	('李(王乐)'), ('(王乐)佳慧'), ('李(王乐)明'), ('张三(小)·'), ('张三)'), ('John Smith (jr.)'), ('阿卜·买提 (原名 阿卜)'), ('张三〔女〕〈一〉'), ('张三')) AS t(name);

-- Folding twice is folding once
WITH sample(name) AS (
	SELECT '王' || chr(i) || '三' || chr(i) FROM generate_series(1, x'2FFFF'::int) AS i WHERE i NOT BETWEEN x'D800'::int AND x'DFFF'::int AND i % 7 = 0
	UNION ALL SELECT chr(i) FROM generate_series(1, x'FFFF'::int) AS i WHERE i NOT BETWEEN x'D800'::int AND x'DFFF'::int
	UNION ALL VALUES ('张三(小)·'), ('张三 (小) . (大)'), ('a (b) ·'), ('·(·)·'), ('阿·(卜)'), ('张カ ' || chr(x'3099'::int)), ('王' || chr(x'1100'::int) || ' ' || chr(x'1161'::int)))
SELECT count(*) FILTER (WHERE name_clean(name_clean(name)) <> name_clean(name)) AS clean,
	count(*) FILTER (WHERE name_key(name_key(name)) <> name_key(name)) AS key,
	count(*) FILTER (WHERE name_key(name_clean(name)) <> name_key(name)) AS key_of_clean,
	count(*) FILTER (WHERE name_variant_key(name_variant_key(name)) <> name_variant_key(name)) AS variant,
	count(*) FILTER (WHERE name_variant_key(name_key(name)) <> name_variant_key(name)) AS variant_of_key
FROM sample;
-- key1 leaves every common ideograph alone
SELECT count(*) AS changed FROM generate_series(x'4E00'::int, x'9FFF'::int) AS i WHERE name_key(chr(i)) <> chr(i) OR name_key(chr(i) || '·' || chr(i)) <> chr(i) || '·' || chr(i);

-- Likeness
SELECT a, b, name_similarity(a, b)::numeric(4,2) AS likeness, name_similarity(a, b) >= 0.5 AS similar, name_similarity(a, b) = name_similarity(b, a) AS symmetric
FROM (VALUES
	('张三', '张 三'), ('阿卜杜拉•买买提', '阿卜杜拉·买买提'),
	-- variants, dots
	('张昇', '张升'), ('劉國強', '刘国强'), ('萧红', '肖红'), ('阿卜杜拉买买提', '阿卜杜拉·买买提'),
	-- homophones and look-alikes, in two characters
	('张伟', '张玮'), ('张伟', '张薇'), ('张伟', '章伟'), ('张玮', '章伟'), ('李未', '李末'), ('王一', '王—'), ('王一', '王-'), ('张〇', '张○'), ('王力', '王カ'), ('陈丽', '阵丽'),
	-- one character of three, one missing, two exchanged
	('王建国', '王建军'), ('王建国', '李建国'), ('王建国', '王国'), ('欧阳海', '欧阳娜'), ('王建国', '王国建'), ('张伟', '伟张'), ('欧阳建国', '欧阳国'),
	-- damage
	('王?国', '王建国'), ('张??', '张伟'), ('张□', '张伟'), ('李䶮', '李yan'), ('李䶮', '李Long'), ('李(王乐)', '李玏'), ('张��', '张伟'), ('王*国', '王建国'),
	-- readings
	('单雄', '山雄'), ('ZHANG WEI', '张伟'), ('WEI ZHANG', '张伟'), ('LYU FANG', '吕芳'), ('DAN TIAN', '单田'), ('WANG FANG', '李建国'),
	-- other scripts, long names
	('JOHN SMITH', 'JON SMITH'), ('JOSE', 'JOSÉ'), ('JOHN SMITH', 'MARY JONES'), ('阿卜杜拉·买买提', '阿不都拉·买买提'), ('阿卜杜拉', '阿卜杜拉·买买提'), ('阿卜杜拉·买买提·吐', '阿卜杜拉·买买提·吐尔逊'),
	-- different people
	('王芳', '王丽'), ('张伟', '李伟'), ('王建国', '王秀英'), ('张三', '李四'), ('欧阳建国', '欧阳秀英'), ('王芳', '王丽娟'), ('买买提·吐尔逊', '阿卜杜拉·艾则孜'),
	('张三', ''), ('', ''), ('·', '张三'), ('?', '张三')) AS t(a, b);
-- Properties, over pairs of made-up and of random names
CREATE TEMP TABLE sample AS
SELECT setseed(0.25) IS NULL AS seeded, '' AS name
UNION ALL SELECT NULL, name FROM unnest('{张伟,张玮,張偉,王建国,王建軍,王?国,王,欧阳建国,欧阳,阿卜杜拉·买买提,阿不都拉·买买提,阿卜杜拉,JOHN SMITH,John Smyth,ZHANG WEI,Wei Zhang,李yan,李䶮,萧红,肖红,123,·,José,张〇,张○}'::text[]) name;
INSERT INTO sample SELECT NULL, string_agg(CASE WHEN random() < 0.1 THEN chr(32 + (random() * 90)::int) WHEN random() < 0.1 THEN '·' ELSE chr(x'4E00'::int + (random() ^ 3 * 20000)::int) END, '')
FROM generate_series(1, 300) n, generate_series(1, 1 + n % 6) GROUP BY n;
SELECT count(*) > 100000 AS pairs, count(*) FILTER (WHERE s <> r) AS asymmetric, count(*) FILTER (WHERE s NOT BETWEEN 0 AND 1) AS outside,
	count(*) FILTER (WHERE (s = 1) <> (name_key(a) = name_key(b))) AS not_one,
	count(*) FILTER (WHERE name_variant_key(a) = name_variant_key(b) AND name_variant_key(a) <> '' AND s < 0.75) AS variants_unlike
FROM (SELECT a.name AS a, b.name AS b, name_similarity(a.name, b.name) AS s, name_similarity(b.name, a.name) AS r FROM sample a, sample b) p;
-- the same by a key as by what was received
SELECT count(*) FILTER (WHERE name_similarity(name_key(a.name), name_key(b.name)) <> name_similarity(a.name, b.name)) AS by_key FROM sample a, sample b;
-- a mask tells neither the middle of a name nor how long a long one is
SELECT count(DISTINCT name_mask('欧' || repeat(chr(x'4E00'::int + i), n) || '海')) AS masks FROM generate_series(0, 20) i, generate_series(2, 20) n;

-- 1 exactly when the keys are equal
SELECT name_similarity('张昇', '张升') < 1 AS below, name_similarity('张三', ' 张三 ') = 1 AS equal;
SELECT name_similarity(repeat('张', 100000), repeat('李', 100000))::numeric(4,2) AS far, name_similarity(repeat('张', 200), repeat('张', 201)) < 1 AS near;

-- Readings
SELECT name, name_pinyin(name), name_pinyin_set(name)
FROM (VALUES ('张三丰'), ('单田芳'), ('曾国'), ('仇英'), ('解晓'), ('任伟'), ('查良'), ('朴正'), ('尉健'), ('盖伟'), ('区文'), ('缪斯'), ('翟明'), ('乐嘉'), ('员伟'),
	('万俟三'), ('尉迟恭'), ('单于明'), ('长孙无'), ('覃伟'), ('黑明'), ('折伟'), ('逄伟'), ('召伟'), ('吕布'), ('略女'), ('欧阳海'), ('阿卜杜拉·买买提'), ('单卜·买提'),
	('李yan明'), ('John Smith'), ('䶮'), ('王' || chr(x'E000'::int)), ('張偉'), ('王?'), ('')) AS t(name);

-- What a name is searched by
SELECT name, name_surname(name), name_given(name), name_given_pinyin_set(name_given(name)), name_initials(name_pinyin(name))
FROM (VALUES ('张建国'), ('张'), ('欧阳海'), ('欧阳'), ('司马'), ('尉迟恭'), ('阿卜·买提'), ('John Smith'), ('䶮'), ('乐乐'), ('张 三(已故)'), ('单单'), ('王?'), ('')) AS t(name);
SELECT name_neighbour_set('张㐀'), name_neighbour_set(''), name_neighbour_set(' ' || chr(x'F92C'::int) || '某');
SELECT cardinality(name_neighbour_set('萧龙國鳳')) AS many, cardinality(name_neighbour_set(repeat('龍', 50))) AS most;
SELECT name_initials('zhang  jian guo'), name_initials(''), name_initials('䶮 a'), name_initials(NULL) IS NULL;
SELECT cardinality(name_pinyin_set(repeat('乐', 40))) AS readings;

-- Masks
SELECT name, name_mask(name)
FROM (VALUES ('张三'), ('张三丰'), ('欧阳小海'), ('欧阳小海洋洋洋'), ('阿卜杜拉·买买提'), ('阿卜杜拉·买买提·吐尔逊'), ('阿·买买提'), ('阿卜·买'), ('阿卜杜拉•买买提江'),
	('John Smith'), ('Li Christopherson'), ('J. R. Smith'), ('李yan'), ('李䶮'), ('张三(已故)'), ('张'), (''), ('？？'), ('?'), ('12345'), (' 张　三 ')) AS t(name);

-- No names (ID22) and other faults (ID23 to ID26)
SELECT name, name_invalid(name), name_faults(name)
FROM (VALUES (''), (' '), ('张'), ('J'), ('123'), ('１２３'), ('测试'), ('测试1'), ('测 试'), ('无名氏'), ('无名氏(女)'), ('test'), ('Test2'), ('Testa Maria'), ('未知'), ('NULL'), ('......'), ('·'), ('（）'), ('???'), ('□□'),
	('张三'), ('张三之子'), ('阿依古丽'), ('John Smith'), ('张?'), ('张□'), ('张■三'), ('张〓'), ('王' || chr(65533)), ('王' || chr(x'E000'::int)), ('王' || chr(x'E863'::int)), ('李yan'),
	('阿卜杜拉•买买提'), ('阿卜杜拉·买买提'), ('张三(小)'), ('李(王乐)'), ('无畏'), ('ÕÅÈý'), ('José')) AS t(name);

-- Versions
SELECT name_fold_version() AS fold, name_icu_version() ~ '^[0-9.]+/[0-9.]+$' AS icu;
SELECT name_key(NULL) IS NULL AS key, name_similarity('a', NULL) IS NULL AS similarity, name_pinyin_set(NULL) IS NULL AS pinyin;

-- Indexes over keys and readings
CREATE TEMPORARY TABLE person_of_test (name text);
INSERT INTO person_of_test SELECT chr(19968 + i % 20000) || chr(19968 + i * 7 % 20000) FROM generate_series(1, 2000) AS i;
INSERT INTO person_of_test VALUES (chr(x'F92C'::int) || '某');
CREATE INDEX ON person_of_test (name_key(name));
-- (what follows the registry's own classes cannot be indexed)
CREATE INDEX ON person_of_test (name_variant_key(name));
CREATE INDEX ON person_of_test (name_pinyin(name));
CREATE INDEX ON person_of_test USING gin (name_pinyin_set(name));
ANALYZE person_of_test;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM person_of_test WHERE name_key(name) = name_key('郎某');
SELECT pg_temp.points(name) FROM person_of_test WHERE name_key(name) = name_key('郎某');
SELECT count(*) FROM person_of_test WHERE name_variant_key(name) = name_variant_key('郎某');
SELECT count(*) FROM person_of_test WHERE name_pinyin_set(name) @> ARRAY['lang mou'];

-- Volatility and parallel safety of every function of this room
SELECT proname, provolatile, proisstrict, proparallel FROM pg_proc
WHERE pronamespace = 'registry'::regnamespace AND proname LIKE 'name\_%'
	AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = pg_proc.oid AND d.deptype = 'e') ORDER BY proname;

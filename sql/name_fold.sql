-- Folding of names against the specification (D§7.2-7.5), vector by vector.  The
-- vectors were taken from its tables by a program, not from this library's: a
-- query here lists what fails, so each answer is empty but for the counts.
CREATE FUNCTION pg_temp.c(hex text) RETURNS text LANGUAGE sql AS $$ SELECT chr(('x' || lpad($1, 8, '0'))::bit(32)::int) $$;

-- 25 positions whose meaning changed between the editions of GB 18030: bytes,
-- private-use point, standard character, four-byte code of the other one
CREATE TEMP TABLE edition (bytes text, private text, standard text, four text);
INSERT INTO edition VALUES
	('A6D9', 'E78D', 'FE10', '84318236'), ('A6DA', 'E78E', 'FE12', '84318238'), ('A6DB', 'E78F', 'FE11', '84318237'),
	('A6DC', 'E790', 'FE13', '84318239'), ('A6DD', 'E791', 'FE14', '84318330'), ('A6DE', 'E792', 'FE15', '84318331'),
	('A6DF', 'E793', 'FE16', '84318332'), ('A6EC', 'E794', 'FE17', '84318333'), ('A6ED', 'E795', 'FE18', '84318334'),
	('A6F3', 'E796', 'FE19', '84318335'), ('FE59', 'E81E', '9FB4', '82359037'), ('FE61', 'E826', '9FB5', '82359038'),
	('FE66', 'E82B', '9FB6', '82359039'), ('FE67', 'E82C', '9FB7', '82359130'), ('FE6D', 'E832', '9FB8', '82359131'),
	('FE7E', 'E843', '9FB9', '82359132'), ('FE90', 'E854', '9FBA', '82359133'), ('FEA0', 'E864', '9FBB', '82359134'),
	('FE51', 'E816', '20087', '95329031'), ('FE52', 'E817', '20089', '95329033'), ('FE53', 'E818', '200CC', '95329730'),
	('FE6C', 'E831', '215D7', '9536B937'), ('FE76', 'E83B', '2298F', '9630BA35'), ('FE91', 'E855', '241FE', '9635B630'),
	('A8BC', 'E7C7', '1E3F', '8135F437');
-- the 80 characters of FE50 .. FEA0
CREATE TEMP TABLE block (bytes text, private text, standard text);
INSERT INTO block VALUES
	('FE50', 'E815', '2E81'), ('FE54', 'E819', '2E84'), ('FE55', 'E81A', '3473'), ('FE56', 'E81B', '3447'), ('FE57', 'E81C', '2E88'),
	('FE58', 'E81D', '2E8B'), ('FE5A', 'E81F', '359E'), ('FE5B', 'E820', '361A'), ('FE5C', 'E821', '360E'), ('FE5D', 'E822', '2E8C'),
	('FE5E', 'E823', '2E97'), ('FE5F', 'E824', '396E'), ('FE60', 'E825', '3918'), ('FE62', 'E827', '39CF'), ('FE63', 'E828', '39DF'),
	('FE64', 'E829', '3A73'), ('FE65', 'E82A', '39D0'), ('FE68', 'E82D', '3B4E'), ('FE69', 'E82E', '3C6E'), ('FE6A', 'E82F', '3CE0'),
	('FE6B', 'E830', '2EA7'), ('FE6E', 'E833', '2EAA'), ('FE6F', 'E834', '4056'), ('FE70', 'E835', '415F'), ('FE71', 'E836', '2EAE'),
	('FE72', 'E837', '4337'), ('FE73', 'E838', '2EB3'), ('FE74', 'E839', '2EB6'), ('FE75', 'E83A', '2EB7'), ('FE77', 'E83C', '43B1'),
	('FE78', 'E83D', '43AC'), ('FE79', 'E83E', '2EBB'), ('FE7A', 'E83F', '43DD'), ('FE7B', 'E840', '44D6'), ('FE7C', 'E841', '4661'),
	('FE7D', 'E842', '464C'), ('FE80', 'E844', '4723'), ('FE81', 'E845', '4729'), ('FE82', 'E846', '477C'), ('FE83', 'E847', '478D'),
	('FE84', 'E848', '2ECA'), ('FE85', 'E849', '4947'), ('FE86', 'E84A', '497A'), ('FE87', 'E84B', '497D'), ('FE88', 'E84C', '4982'),
	('FE89', 'E84D', '4983'), ('FE8A', 'E84E', '4985'), ('FE8B', 'E84F', '4986'), ('FE8C', 'E850', '499F'), ('FE8D', 'E851', '499B'),
	('FE8E', 'E852', '49B7'), ('FE8F', 'E853', '49B6'), ('FE92', 'E856', '4CA3'), ('FE93', 'E857', '4C9F'), ('FE94', 'E858', '4CA0'),
	('FE95', 'E859', '4CA1'), ('FE96', 'E85A', '4C77'), ('FE97', 'E85B', '4CA2'), ('FE98', 'E85C', '4D13'), ('FE99', 'E85D', '4D14'),
	('FE9A', 'E85E', '4D15'), ('FE9B', 'E85F', '4D16'), ('FE9C', 'E860', '4D17'), ('FE9D', 'E861', '4D18'), ('FE9E', 'E862', '4D19'),
	('FE9F', 'E863', '4DAE'), ('FE59', 'E81E', '9FB4'), ('FE61', 'E826', '9FB5'), ('FE66', 'E82B', '9FB6'), ('FE67', 'E82C', '9FB7'),
	('FE6D', 'E832', '9FB8'), ('FE7E', 'E843', '9FB9'), ('FE90', 'E854', '9FBA'), ('FEA0', 'E864', '9FBB'), ('FE51', 'E816', '20087'),
	('FE52', 'E817', '20089'), ('FE53', 'E818', '200CC'), ('FE6C', 'E831', '215D7'), ('FE76', 'E83B', '2298F'), ('FE91', 'E855', '241FE');
-- other corners
CREATE TEMP TABLE corner (bytes text, private text, standard text);
INSERT INTO corner VALUES
	('A8BC', 'E7C7', '1E3F'), ('A8BF', 'E7C8', '01F9'), ('A2E3', 'E76C', '20AC'), ('A989', 'E7E7', '303E'), ('A98A', 'E7E8', '2FF0'),
	('A98B', 'E7E9', '2FF1'), ('A98C', 'E7EA', '2FF2'), ('A98D', 'E7EB', '2FF3'), ('A98E', 'E7EC', '2FF4'), ('A98F', 'E7ED', '2FF5'),
	('A990', 'E7EE', '2FF6'), ('A991', 'E7EF', '2FF7'), ('A992', 'E7F0', '2FF8'), ('A993', 'E7F1', '2FF9'), ('A994', 'E7F2', '2FFA'),
	('A995', 'E7F3', '2FFB');
SELECT (SELECT count(*) FROM edition) AS edition, (SELECT count(DISTINCT bytes) FROM block) AS block, (SELECT count(*) FROM corner) AS corner;

-- whichever of the two a decoder delivers, key and clean form are of the standard character
SELECT 'key' AS form, v.* FROM (SELECT bytes, private, standard FROM edition UNION SELECT * FROM block UNION SELECT * FROM corner) v
WHERE name_key('王' || pg_temp.c(private) || '明') <> name_key('王' || pg_temp.c(standard) || '明')
UNION ALL
SELECT 'clean', v.* FROM (SELECT bytes, private, standard FROM edition UNION SELECT * FROM block UNION SELECT * FROM corner) v
WHERE name_clean('王' || pg_temp.c(private) || '明') <> '王' || pg_temp.c(standard) || '明'
	-- what step 5 and the capitals change besides
	AND standard NOT IN ('FE10', 'FE11', 'FE12', 'FE13', 'FE14', 'FE15', 'FE16', 'FE17', 'FE18', 'FE19');
-- the standard character itself stays
SELECT v.* FROM (SELECT bytes, private, standard FROM edition UNION SELECT * FROM block) v
WHERE name_clean('王' || pg_temp.c(standard) || '明') <> '王' || pg_temp.c(standard) || '明';
-- no two positions fall together
SELECT count(*) AS positions, count(DISTINCT name_key('王' || pg_temp.c(private))) AS keys FROM (SELECT private FROM edition UNION SELECT private FROM block UNION SELECT private FROM corner) v;
-- the bytes, two and four, as this server's converter reads them
SELECT * FROM edition WHERE name_key('王' || convert_from(decode(bytes, 'hex'), 'GB18030')) <> name_key('王' || convert_from(decode(four, 'hex'), 'GB18030'));
SELECT v.* FROM (SELECT * FROM block UNION SELECT * FROM corner WHERE bytes <> 'A2E3') v
WHERE name_key('王' || convert_from(decode(bytes, 'hex'), 'GB18030')) <> name_key('王' || pg_temp.c(standard));

-- User-defined areas: no standard meaning, each point stays itself, is damage (ID23) and no name of its own
SELECT count(*) AS points, count(*) FILTER (WHERE name_key('王' || chr(i)) = '王' || chr(i)) AS kept, count(*) FILTER (WHERE name_clean('王' || chr(i)) = '王' || chr(i)) AS clean,
	count(*) FILTER (WHERE name_faults('王' || chr(i)) = '{ID23}') AS damaged
FROM generate_series(x'E000'::int, x'E765'::int) i;

-- The 21 compatibility ideographs of GBK (FD9C-FDA0, FE40-FE4F): 9 fold, 12 are characters of their own
CREATE TEMP TABLE compatibility (point text, key text);
INSERT INTO compatibility VALUES
	('F92C', '90CE'), ('F979', '51C9'), ('F995', '79CA'), ('F9E7', '88CF'), ('F9F1', '96A3'), ('FA0C', '5140'), ('FA0D', '55C0'), ('FA18', '793C'),
	('FA20', '8612'), ('FA0E', 'FA0E'), ('FA0F', 'FA0F'), ('FA11', 'FA11'), ('FA13', 'FA13'), ('FA14', 'FA14'), ('FA1F', 'FA1F'), ('FA21', 'FA21'),
	('FA23', 'FA23'), ('FA24', 'FA24'), ('FA27', 'FA27'), ('FA28', 'FA28'), ('FA29', 'FA29');
SELECT count(*), count(*) FILTER (WHERE point <> key) AS fold FROM compatibility;
SELECT * FROM compatibility WHERE name_key(pg_temp.c(point) || '某') <> pg_temp.c(key) || '某' OR name_clean(pg_temp.c(point) || '某') <> pg_temp.c(key) || '某';

-- Step 1
SELECT point FROM unnest('{200B,200C,200D,200E,200F,202A,202B,202C,202D,202E,2060,FEFF,00A0,3000,0009,00AD}'::text[]) point WHERE name_key(pg_temp.c(point) || '张' || pg_temp.c(point) || '三' || pg_temp.c(point)) <> '张三';
-- Step 4: Kangxi radicals as NFKC has them; of the supplement only two
SELECT i FROM generate_series(x'2F00'::int, x'2FD5'::int) i WHERE name_key('王' || chr(i)) <> '王' || normalize(chr(i), NFKC);
SELECT upper(to_hex(i)) AS radical, name_key(chr(i)) AS key FROM generate_series(x'2E80'::int, x'2EF3'::int) i WHERE name_key('王' || chr(i)) <> '王' || chr(i);
-- Step 5
SELECT i FROM generate_series(x'FF01'::int, x'FF5E'::int) i WHERE name_key('A' || chr(i) || 'B') <> name_key('A' || chr(i - x'FEE0'::int) || 'B');
-- Step 6: every dot; and what is none
SELECT dot FROM unnest('{002D,002E,005F,02D9,0387,1427,16EB,2022,2024,2027,2219,22C5,25CF,25E6,2E31,2E33,30FB,318D,FE52,FF0E,FF61,FF65}'::text[]) dot WHERE name_key('阿卜杜拉' || pg_temp.c(dot) || '买买提') <> '阿卜杜拉·买买提';
SELECT dot FROM unnest('{3001,FF0C}'::text[]) dot WHERE name_key('阿卜杜拉' || pg_temp.c(dot) || '买买提') = '阿卜杜拉·买买提';
SELECT name_key('阿卜杜拉·买买提 吐尔逊') = '阿卜杜拉·买买提·吐尔逊' AS space_in_dotted, name_key('张 三') = '张三' AS space_in_plain;
-- Step 7
SELECT name_key('zhang　San ') = 'ZHANG SAN' AS latin, name_key('ＺＨＡＮＧ') = 'ZHANG' AS wide, name_key('张 三 丰') = '张三丰' AS inner_space;
-- Step 8
SELECT name_key('张三（已故）') = '张三' AS note_off, name_note('张三（已故）') AS note;

-- Folding traps (D§7.5): one name at key2, never at key1
SELECT pair, name_key(left(pair, 1)) = name_key(right(pair, 1)) AS key1, name_variant_key('王' || left(pair, 1)) = name_variant_key('王' || right(pair, 1)) AS key2
FROM unnest('{昇升,陞升,祕秘,吒咤,氾泛,於于,蒐搜,甯宁,甦苏,脩修,喆哲,堃坤,邨村,仝同,犇奔}'::text[]) pair
WHERE name_key(left(pair, 1)) = name_key(right(pair, 1)) OR name_variant_key('王' || left(pair, 1)) <> name_variant_key('王' || right(pair, 1));
-- one simplified form of two: equal as variants
SELECT name_variant_key('鍾') = name_variant_key('鐘') AND name_variant_key('范') = name_variant_key('範') AND name_variant_key('於') = name_variant_key('于') AS variants,
	name_key('鍾') <> name_key('鐘') AS apart;
-- "Different" in the list of classes
SELECT name_variant_key('蓝') <> name_variant_key('兰') AS lan, name_similarity('萧红', '肖红') < name_similarity('劉红', '刘红') AS exchanged_less;

-- The variant classes of the specification, whole
SELECT class, string_agg(DISTINCT name_variant_key(c), '') AS keys
FROM unnest('{吳吴,張张,劉刘,陳陈,楊杨,趙赵,黃黄,孫孙,馬马,許许,鄭郑,謝谢,蕭萧肖,閆闫阎,傅付,葉叶,蔣蒋,鄧邓,韓韩,馮冯,龍龙,萬万,華华,國国,偉伟,麗丽,蘭兰,鳳凤,龔龚,莊庄,羅罗,賀贺,範范,鐘锺钟,鄒邹,盧卢,戴代,於于,餘余,後后,裡裏里,丘邱,塗涂,呂吕,黨党,淩凌,剛刚,勳勋,勛勋,峯峰,崐昆,崑昆,昇升,陞升,喆哲,堃坤,珮佩,菓果,甦苏,蘇苏,逹达,德徳,淸清,靑青,眞真,衛衞卫,産產产,爲為为,吕呂,兗兖,溫温,彥彦,姸妍,娛娱,絶絕绝,隠隐,岀出,昻昂,亊事,巳己已,羙美,强強,兪俞,敎教,晳晰,湻淳,曄晔,燁烨,瑋玮,璽玺}'::text[]) class, regexp_split_to_table(class, '') c
GROUP BY class HAVING count(DISTINCT name_variant_key(c)) > 1;
-- ... none of which key1 joins
SELECT class FROM unnest('{吳吴,張张,劉刘,陳陈,楊杨,趙赵,黃黄,孫孙,馬马,許许,鄭郑,謝谢,蕭萧肖,閆闫阎,傅付,葉叶,蔣蒋,鄧邓,韓韩,馮冯,龍龙,萬万,華华,國国,偉伟,麗丽,蘭兰,鳳凤,龔龚,莊庄,羅罗,賀贺,範范,鐘锺钟,鄒邹,盧卢,戴代,於于,餘余,後后,裡裏里,丘邱,塗涂,呂吕,黨党,淩凌,剛刚,勳勋,勛勋,峯峰,崐昆,崑昆,昇升,陞升,喆哲,堃坤,珮佩,菓果,甦苏,蘇苏,逹达,德徳,淸清,靑青,眞真,衛衞卫,産產产,爲為为,吕呂,兗兖,溫温,彥彦,姸妍,娛娱,絶絕绝,隠隐,岀出,昻昂,亊事,巳己已,羙美,强強,兪俞,敎教,晳晰,湻淳,曄晔,燁烨,瑋玮,璽玺}'::text[]) class, regexp_split_to_table(class, '') c
GROUP BY class HAVING count(DISTINCT name_key(c)) <> count(DISTINCT c);

-- All the way from bytes: two forms of each position in an extract, decoded by
-- intake, lead to one key; the name as received stays beside it where it differs
SET client_min_messages = warning;
CALL registry.deploy('340400');
BEGIN;
CREATE TEMP TABLE line AS
SELECT row_number() OVER (ORDER BY bytes, form) + 1 AS line_no, bytes, form, standard, glyph
FROM (SELECT bytes, 'two' AS form, standard, decode(bytes, 'hex') AS glyph FROM edition
	UNION ALL SELECT bytes, 'four', standard, decode(four, 'hex') FROM edition
	UNION ALL SELECT bytes, 'two', standard, decode(bytes, 'hex') FROM block WHERE bytes NOT IN (SELECT bytes FROM edition)) b;
SELECT registry.receive('low_income', '2026-09-30',
	convert_to(E'证件号码,姓名,类别,开始日期,结束日期,备注\n', 'GB18030')
	|| string_agg('P' || convert_to(lpad(line_no::text, 8, '0') || ',王', 'GB18030') || glyph || convert_to(E'明,低保,20260101,,\n', 'GB18030'), '' ORDER BY line_no)) > 0 AS received
FROM line;
SELECT count(*) AS rows, count(*) FILTER (WHERE s.name_key = name_key('王' || pg_temp.c(l.standard) || '明')) AS keyed, count(*) FILTER (WHERE s.name = name_clean('王' || pg_temp.c(l.standard) || '明')) AS clean,
	count(*) FILTER (WHERE s.extra ->> '姓名' <> s.name) AS raw_beside, count(*) FILTER (WHERE NOT coalesce(s.extra ? '姓名', false)) AS raw_equal
FROM line l LEFT JOIN registry.staged_circumstance s ON s.line_no = l.line_no;
SELECT bytes, string_agg(form, ' ') FROM line l LEFT JOIN registry.staged_circumstance s ON s.line_no = l.line_no
WHERE s.name_key IS DISTINCT FROM name_key('王' || pg_temp.c(l.standard) || '明') GROUP BY 1;
ROLLBACK;

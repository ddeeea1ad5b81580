-- Decoding of extracts, proven with bytes: what is stored is what the bytes
-- say, and a broken byte costs its row only.
\set ECHO all
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET search_path = registry, public;
SET datestyle = 'ISO';
CALL registry.deploy('340400');

INSERT INTO source (source, kind, title, delivery) VALUES ('test_encoding', 'circumstance', '试验', 'delta');
CREATE FUNCTION pg_temp.last() RETURNS bigint LANGUAGE sql AS $$ SELECT max(batch_id) FROM registry.batch $$;
CREATE VIEW pg_temp.rejects AS
	SELECT line_no AS line, code, message, raw_bytes FROM registry.reject WHERE batch_id = pg_temp.last() ORDER BY line_no, reject_id;
CREATE VIEW pg_temp.batch AS
	SELECT encoding, received AS n, accepted AS ok, rejected AS bad FROM registry.batch WHERE batch_id = pg_temp.last();
-- the name as received stands in extra where the stored one is cleaned
CREATE VIEW pg_temp.rows AS
	SELECT line_no AS line, name, name_key AS key, coalesce(extra ->> '姓名', name) AS received, note, start_date
	FROM registry.staged_circumstance WHERE batch_id = pg_temp.last() ORDER BY line_no;
-- an extract whose rows differ in name and note only, given as bytes
CREATE FUNCTION pg_temp.extract(names bytea[], notes bytea[], encoding text DEFAULT 'GB18030') RETURNS bytea LANGUAGE sql AS $$
	SELECT convert_to(E'证件号码,姓名,类别,开始日期,备注\n', $3) ||
		string_agg(convert_to('11010519491231002X,', $3) || name || convert_to(format(',死亡,%s,', DATE '1900-01-01' + n::int), $3) ||
				   coalesce(note, '') || '\x0a', ''::bytea ORDER BY n)
	FROM unnest($1, $2) WITH ORDINALITY AS v (name, note, n) $$;
CREATE FUNCTION pg_temp.receive(content bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	received registry.batch;
	id bigint := registry.receive('test_encoding', '2024-06-30', $1);
BEGIN
	SELECT * INTO received FROM registry.batch b WHERE b.batch_id = id;
	RETURN received.encoding || ' ' || received.received || '=' || received.accepted || '+' || received.rejected;
END $$;
-- bytes of a position beyond the two-byte part of GB18030
CREATE FUNCTION pg_temp.four_bytes(linear int) RETURNS bytea LANGUAGE sql AS
$$ SELECT decode(lpad(to_hex(129 + $1 / 12600), 2, '0') || to_hex(48 + $1 / 1260 % 10) || to_hex(129 + $1 / 10 % 126) || to_hex(48 + $1 % 10), 'hex') $$;
-- what the server's converter, which has the table of 2000, makes of a character
CREATE FUNCTION pg_temp.server_says(bytes bytea) RETURNS text LANGUAGE plpgsql AS
$$ BEGIN RETURN convert_from($1, 'GB18030'); EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$;
CREATE FUNCTION pg_temp.points(t text) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(upper(to_hex(ascii(c))), ' ' ORDER BY n) FROM regexp_split_to_table($1, '') WITH ORDINALITY AS s (c, n) $$;

--
-- All 23,940 two-byte characters: as the table of 2000, but for the one position that 2005 changed
--
CREATE TEMP TABLE two AS
	SELECT lead, trail, decode(to_hex(lead) || to_hex(trail), 'hex') AS bytes
	FROM generate_series(129, 254) lead, generate_series(64, 254) trail WHERE trail <> 127;
SELECT pg_temp.receive(pg_temp.extract(array_agg(convert_to('张', 'GB18030') ORDER BY lead), array_agg('x'::bytea || note || 'x'::bytea ORDER BY lead)))
FROM (SELECT lead, string_agg(bytes, ''::bytea ORDER BY trail) AS note FROM two GROUP BY lead) t;
SELECT count(*) AS leads, sum(length(note) - 2) AS characters FROM pg_temp.rows;
SELECT bytes, pg_temp.points(pg_temp.server_says(bytes)) AS server, pg_temp.points(character) AS received
FROM pg_temp.rows, LATERAL regexp_split_to_table(substr(note, 2, length(note) - 2), '') WITH ORDINALITY AS c (character, n)
	JOIN (SELECT *, row_number() OVER (PARTITION BY lead ORDER BY trail) AS n FROM two) t USING (n)
WHERE lead = line + 127 AND character IS DISTINCT FROM pg_temp.server_says(bytes) LIMIT 20;

--
-- All four-byte characters of the basic plane; positions that are none are rejected, each alone
--
CREATE TEMP TABLE four AS
	SELECT n, pg_temp.four_bytes(n) AS bytes, pg_temp.server_says(pg_temp.four_bytes(n)) AS character
	FROM generate_series(0, 39419) n;
SELECT count(*), count(character) FROM four;
SELECT pg_temp.receive(pg_temp.extract(array_agg('a'::bytea ORDER BY line), array_agg('x'::bytea || note || 'x'::bytea ORDER BY line)))
FROM (SELECT n / 1000 AS line, string_agg(bytes, ''::bytea ORDER BY n) AS note FROM four WHERE character IS NOT NULL GROUP BY 1) t;
SELECT sum(length(note) - 2) AS characters FROM pg_temp.rows;
WITH delivered AS (SELECT *, row_number() OVER (ORDER BY n) AS i FROM four WHERE character IS NOT NULL),
	 got AS (SELECT c.character, row_number() OVER (ORDER BY line, c.n) AS i
			 FROM pg_temp.rows, LATERAL regexp_split_to_table(substr(note, 2, length(note) - 2), '') WITH ORDINALITY AS c (character, n))
SELECT bytes, pg_temp.points(delivered.character) AS server, pg_temp.points(got.character) AS received
FROM delivered FULL JOIN got USING (i) WHERE delivered.character IS DISTINCT FROM got.character ORDER BY i LIMIT 20;
-- behind the last of them, before the first of the next planes, and halves of surrogate pairs
SELECT pg_temp.receive(pg_temp.extract(array_agg('a'::bytea ORDER BY n), array_agg(pg_temp.four_bytes(n) ORDER BY n)))
FROM unnest(ARRAY[39420, 39421, 50399, 188999, 189000 + 1048576, 1587599]) n;
SELECT count(*), min(message) FROM pg_temp.rejects WHERE code = 'encoding';

--
-- Beyond the basic plane: all of planes 1 to 3, the borders of the others
--
CREATE TEMP TABLE beyond AS
	SELECT point, pg_temp.four_bytes(189000 + point - 65536) AS bytes
	FROM (SELECT generate_series(65536, 262143) UNION ALL
		  SELECT p * 65536 + o FROM generate_series(4, 16) p, unnest(ARRAY[0, 1, 65534, 65535]) o) v (point);
SELECT pg_temp.receive(pg_temp.extract(array_agg('a'::bytea ORDER BY line), array_agg('x'::bytea || note || 'x'::bytea ORDER BY line)))
FROM (SELECT point / 1024 AS line, string_agg(bytes, ''::bytea ORDER BY point) AS note FROM beyond GROUP BY 1) t;
SELECT sum(length(note) - 2) AS characters,
	   string_agg(substr(note, 2, length(note) - 2), '' ORDER BY line) = (SELECT string_agg(chr(point), '' ORDER BY point) FROM beyond) AS all_right
FROM pg_temp.rows;

--
-- The 24 positions that two-byte and four-byte codes swapped or kept (domain 7.2): whichever program wrote
-- them, by whichever edition, in whichever encoding, the name as received is kept and its key is one
--
CREATE TEMP TABLE changed (bytes bytea, private int, standard int, other bytea);
INSERT INTO changed SELECT decode(b, 'hex'), ('x' || lpad(p, 8, '0'))::bit(32)::int, ('x' || lpad(s, 8, '0'))::bit(32)::int, decode(o, 'hex') FROM (VALUES
	('A6D9', 'E78D', 'FE10', '84318236'), ('A6DA', 'E78E', 'FE12', '84318238'), ('A6DB', 'E78F', 'FE11', '84318237'),
	('A6DC', 'E790', 'FE13', '84318239'), ('A6DD', 'E791', 'FE14', '84318330'), ('A6DE', 'E792', 'FE15', '84318331'),
	('A6DF', 'E793', 'FE16', '84318332'), ('A6EC', 'E794', 'FE17', '84318333'), ('A6ED', 'E795', 'FE18', '84318334'),
	('A6F3', 'E796', 'FE19', '84318335'), ('FE59', 'E81E', '9FB4', '82359037'), ('FE61', 'E826', '9FB5', '82359038'),
	('FE66', 'E82B', '9FB6', '82359039'), ('FE67', 'E82C', '9FB7', '82359130'), ('FE6D', 'E832', '9FB8', '82359131'),
	('FE7E', 'E843', '9FB9', '82359132'), ('FE90', 'E854', '9FBA', '82359133'), ('FEA0', 'E864', '9FBB', '82359134'),
	('FE51', 'E816', '20087', '95329031'), ('FE52', 'E817', '20089', '95329033'), ('FE53', 'E818', '200CC', '95329730'),
	('FE6C', 'E831', '215D7', '9536B937'), ('FE76', 'E83B', '2298F', '9630BA35'), ('FE91', 'E855', '241FE', '9635B630')) AS v (b, p, s, o);
SELECT count(*) FROM changed;
CREATE TEMP TABLE names AS	-- the bytes of GB18030, and the code point they stand for in the table of 2005
	SELECT row_number() OVER (ORDER BY form, private) AS n, * FROM (
		SELECT 1 AS form, bytes, private AS point, private, standard FROM changed UNION ALL
		SELECT 2, other, standard, private, standard FROM changed) v;
SELECT pg_temp.receive(pg_temp.extract(array_agg(convert_to('王', 'GB18030') || bytes || convert_to('明', 'GB18030') ORDER BY n), NULL)) FROM names;
SELECT count(*) FILTER (WHERE received = '王' || chr(point) || '明') AS as_received,
	   count(*) FILTER (WHERE key = name_key('王' || chr(standard) || '明') AND key <> '王明') AS one_key,
	   count(*) FILTER (WHERE key = '王明') AS only_marks,
	   string_agg(DISTINCT CASE WHEN received <> '王' || chr(point) || '明' THEN pg_temp.points(received) END, ', ') AS wrong
FROM pg_temp.rows JOIN names ON n = line - 1;
-- the same as UTF-8: the private point of a program of 2005, the standard one of a program of 2022
SELECT pg_temp.receive(pg_temp.extract(array_agg(convert_to('王' || chr(CASE form WHEN 1 THEN private ELSE standard END) || '明', 'UTF8') ORDER BY n), NULL, 'UTF8')) FROM names;
SELECT count(*) FILTER (WHERE received = '王' || chr(CASE form WHEN 1 THEN private ELSE standard END) || '明') AS as_received,
	   count(*) FILTER (WHERE key = name_key('王' || chr(standard) || '明')) AS one_key
FROM pg_temp.rows JOIN names ON n = line - 1;
-- 2005 changed one pair before, and other corners of the private-use area have their characters (the ideographic-description ones are no part of a name)
SELECT pg_temp.receive(pg_temp.extract(array_agg('\x41'::bytea || b || '\x42' ORDER BY n), NULL))
FROM unnest(ARRAY['\xa8bc', '\x8135f437', '\xa8bf', '\xa2e3']::bytea[]) WITH ORDINALITY AS v (b, n);
SELECT line, pg_temp.points(received) AS received, pg_temp.points(key) AS key FROM pg_temp.rows;

--
-- The block FE50 to FEA0 of GBK: 80 characters
--
CREATE TEMP TABLE block AS
	SELECT n, decode(split_part(c, ':', 1), 'hex') AS bytes,
		   ('x' || lpad(split_part(split_part(c, ':', 2), '>', 1), 8, '0'))::bit(32)::int AS private,
		   ('x' || lpad(split_part(c, '>', 2), 8, '0'))::bit(32)::int AS standard
	FROM regexp_split_to_table('FE50:E815>2E81 FE54:E819>2E84 FE55:E81A>3473 FE56:E81B>3447 FE57:E81C>2E88 FE58:E81D>2E8B FE5A:E81F>359E FE5B:E820>361A FE5C:E821>360E '
		'FE5D:E822>2E8C FE5E:E823>2E97 FE5F:E824>396E FE60:E825>3918 FE62:E827>39CF FE63:E828>39DF FE64:E829>3A73 FE65:E82A>39D0 FE68:E82D>3B4E FE69:E82E>3C6E '
		'FE6A:E82F>3CE0 FE6B:E830>2EA7 FE6E:E833>2EAA FE6F:E834>4056 FE70:E835>415F FE71:E836>2EAE FE72:E837>4337 FE73:E838>2EB3 FE74:E839>2EB6 FE75:E83A>2EB7 '
		'FE77:E83C>43B1 FE78:E83D>43AC FE79:E83E>2EBB FE7A:E83F>43DD FE7B:E840>44D6 FE7C:E841>4661 FE7D:E842>464C FE80:E844>4723 FE81:E845>4729 FE82:E846>477C '
		'FE83:E847>478D FE84:E848>2ECA FE85:E849>4947 FE86:E84A>497A FE87:E84B>497D FE88:E84C>4982 FE89:E84D>4983 FE8A:E84E>4985 FE8B:E84F>4986 FE8C:E850>499F '
		'FE8D:E851>499B FE8E:E852>49B7 FE8F:E853>49B6 FE92:E856>4CA3 FE93:E857>4C9F FE94:E858>4CA0 FE95:E859>4CA1 FE96:E85A>4C77 FE97:E85B>4CA2 FE98:E85C>4D13 '
		'FE99:E85D>4D14 FE9A:E85E>4D15 FE9B:E85F>4D16 FE9C:E860>4D17 FE9D:E861>4D18 FE9E:E862>4D19 FE9F:E863>4DAE', ' ') WITH ORDINALITY AS v (c, n);
INSERT INTO block SELECT 66 + row_number() OVER (ORDER BY bytes), bytes, private, standard FROM changed WHERE bytes >= '\xfe50';
SELECT count(*), count(DISTINCT private), min(private) = x'E815'::int AND max(private) = x'E864'::int AS whole_block FROM block;
SELECT pg_temp.receive(pg_temp.extract(array_agg(convert_to('李', 'GB18030') || bytes ORDER BY n), NULL)) FROM block;
SELECT count(*) FILTER (WHERE received = '李' || chr(CASE WHEN n > 66 THEN private ELSE standard END)) AS as_received,
	   count(*) FILTER (WHERE key = name_key('李' || chr(standard))) AS one_key
FROM pg_temp.rows JOIN block ON n = line - 1;
-- programs with the old table hold the private points
SELECT pg_temp.receive(pg_temp.extract(array_agg(convert_to('李' || chr(private), 'UTF8') ORDER BY n), NULL, 'UTF8')) FROM block;
SELECT count(*) FILTER (WHERE received = '李' || chr(private)) AS as_received, count(*) FILTER (WHERE key = name_key('李' || chr(standard))) AS one_key
FROM pg_temp.rows JOIN block ON n = line - 1;

--
-- The three user-defined areas: each agency's own glyphs, which only their code point tells apart
--
CREATE TEMP TABLE own AS
	SELECT row_number() OVER (ORDER BY area, lead, trail) - 1 AS n, decode(to_hex(lead) || to_hex(trail), 'hex') AS bytes
	FROM (SELECT 1 AS area, lead, trail FROM generate_series(x'AA'::int, x'AF'::int) lead, generate_series(x'A1'::int, x'FE'::int) trail UNION ALL
		  SELECT 2, lead, trail FROM generate_series(x'F8'::int, x'FE'::int) lead, generate_series(x'A1'::int, x'FE'::int) trail UNION ALL
		  SELECT 3, lead, trail FROM generate_series(x'A1'::int, x'A7'::int) lead, generate_series(x'40'::int, x'A0'::int) trail WHERE trail <> 127) a;
SELECT count(*) FROM own;
SELECT pg_temp.receive(pg_temp.extract(array_agg(bytes ORDER BY n), NULL)) FROM own;
SELECT count(*) FILTER (WHERE received = chr(x'E000'::int + (line - 2))) AS as_received FROM pg_temp.rows;

--
-- The 21 compatibility ideographs of GBK; nine are another character, twelve are not
--
CREATE TEMP TABLE compatible AS SELECT row_number() OVER () AS n, ('x' || lpad(p, 8, '0'))::bit(32)::int AS point, ('x' || lpad(k, 8, '0'))::bit(32)::int AS key FROM (VALUES
	('F92C', '90CE'), ('F979', '51C9'), ('F995', '79CA'), ('F9E7', '88CF'), ('F9F1', '96A3'), ('FA0C', '5140'), ('FA0D', '55C0'),
	('FA0E', 'FA0E'), ('FA0F', 'FA0F'), ('FA11', 'FA11'), ('FA13', 'FA13'), ('FA14', 'FA14'), ('FA18', '793C'), ('FA1F', 'FA1F'), ('FA20', '8612'),
	('FA21', 'FA21'), ('FA23', 'FA23'), ('FA24', 'FA24'), ('FA27', 'FA27'), ('FA28', 'FA28'), ('FA29', 'FA29')) AS v (p, k);
SELECT pg_temp.receive(pg_temp.extract(array_agg('\xd5c5'::bytea || decode(to_hex(b), 'hex') ORDER BY b), NULL))
FROM (SELECT generate_series(x'FD9C'::int, x'FDA0'::int) UNION ALL SELECT generate_series(x'FE40'::int, x'FE4F'::int)) v (b);
SELECT count(*) FILTER (WHERE received = '张' || chr(point)) AS as_received, count(*) FILTER (WHERE r.key = name_key('张' || chr(c.key))) AS keys
FROM pg_temp.rows r JOIN compatible c ON n = line - 1;
SELECT count(DISTINCT name_key) FROM staged_circumstance WHERE batch_id = pg_temp.last();

--
-- UTF-8, UTF-16, with and without byte-order mark, found out or fixed by the source
--
CREATE FUNCTION pg_temp.utf16(t text, big boolean) RETURNS bytea LANGUAGE sql AS $$
	SELECT string_agg(CASE WHEN big THEN decode(lpad(to_hex(u), 4, '0'), 'hex') ELSE decode(substr(lpad(to_hex(u), 4, '0'), 3) || substr(lpad(to_hex(u), 4, '0'), 1, 2), 'hex') END, ''::bytea ORDER BY n, k)
	FROM (SELECT n, 1 AS k, CASE WHEN ascii(c) > 65535 THEN 55296 + (ascii(c) - 65536) / 1024 ELSE ascii(c) END AS u
		  FROM regexp_split_to_table($1, '') WITH ORDINALITY AS s (c, n) UNION ALL
		  SELECT n, 2, 56320 + (ascii(c) - 65536) % 1024 FROM regexp_split_to_table($1, '') WITH ORDINALITY AS s (c, n) WHERE ascii(c) > 65535) v $$;
SELECT convert_from(pg_temp.extract(ARRAY[convert_to('王𠂇', 'UTF8'), convert_to('李䶮', 'UTF8')], NULL, 'UTF8'), 'UTF8') AS small \gset
CREATE TABLE pg_temp.form (label text, content bytea);
INSERT INTO pg_temp.form VALUES
	('UTF-8', convert_to(:'small', 'UTF8')), ('UTF-8 with mark', '\xefbbbf' || convert_to(:'small', 'UTF8')),
	('UTF-16 little', pg_temp.utf16(:'small', false)), ('UTF-16 big', pg_temp.utf16(:'small', true)),
	('UTF-16 little with mark', '\xfffe' || pg_temp.utf16(:'small', false)), ('UTF-16 big with mark', '\xfeff' || pg_temp.utf16(:'small', true)),
	('UTF-16 big, title, tab', pg_temp.utf16(E'死亡名单\n' || replace(:'small', ',', E'\t'), true)), ('GB18030', convert_to(:'small', 'GB18030'));
CREATE FUNCTION pg_temp.names_of(content bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcome text := pg_temp.receive($1);
BEGIN
	RETURN outcome || ': ' || (SELECT string_agg(received, ' ' ORDER BY line) FROM pg_temp.rows);
END $$;
SELECT label, pg_temp.names_of(content) FROM pg_temp.form;
-- the source's word: the same bytes, another call
UPDATE source SET encoding = 'UTF-16' WHERE source = 'test_encoding';
SELECT label, pg_temp.names_of(content || '\x0a00') FROM pg_temp.form WHERE label LIKE 'UTF-16 little%';
SELECT label, pg_temp.names_of(content || '\x000a') FROM pg_temp.form WHERE label LIKE 'UTF-16 big%';
UPDATE source SET encoding = 'UTF-8' WHERE source = 'test_encoding';
SELECT label, pg_temp.names_of(content || '\x0a') FROM pg_temp.form WHERE label LIKE 'UTF-8%';
UPDATE source SET encoding = 'GBK' WHERE source = 'test_encoding';
SELECT label, pg_temp.names_of(content || '\x0a') FROM pg_temp.form WHERE label = 'GB18030';
UPDATE source SET encoding = 'auto' WHERE source = 'test_encoding';

--
-- Broken bytes: the row alone, with its place in the record and in the file, and its bytes
--
CREATE FUNCTION pg_temp.place(message text) RETURNS int LANGUAGE sql AS $$ SELECT (regexp_match($1, 'byte (\d+) of the file'))[1]::int $$;
SELECT pg_temp.extract(array_agg(b ORDER BY n), NULL) AS content
FROM unnest(ARRAY['\x41', '\x80', '\x42', '\xff', '\xb67f', '\xb6', '\x8130', '\x81308130', '\x81300141', '\x84318335', '\xe3329a36', '\x43', '\x00', '\x440045', '\xd5c5b6']::bytea[]) WITH ORDINALITY AS v (b, n) \gset
SELECT pg_temp.receive(:'content');
SELECT line, pg_temp.points(received) AS received FROM pg_temp.rows;
SELECT line, code, message, substr(:'content'::bytea, pg_temp.place(message), 2) AS there,
	   position(raw_bytes IN :'content'::bytea) > 0 AND position('\x0a'::bytea IN raw_bytes) = 0 AS bytes_kept FROM pg_temp.rejects;
SELECT pg_temp.extract(array_agg(b ORDER BY n), NULL, 'UTF8') AS content
FROM unnest(ARRAY['\x41', '\x80', '\xc080', '\xe4b8', '\xe4b8ad', '\xeda080', '\xedbfbf', '\xf4908080', '\xf48fbfbf', '\xf8888080', '\xfe', '\x42ff', '\x00', '\xefbfbd', '\xefbbbf43']::bytea[]) WITH ORDINALITY AS v (b, n) \gset
SELECT pg_temp.receive(:'content');
SELECT line, pg_temp.points(received) AS received FROM pg_temp.rows;
SELECT line, code, message, substr(:'content'::bytea, pg_temp.place(message), 2) AS there, position(raw_bytes IN :'content'::bytea) > 0 AS bytes_kept FROM pg_temp.rejects;
-- UTF-16: either half of a pair alone, halves in the wrong order, a NUL, and half a unit at the end
SELECT '\xfffe'::bytea || pg_temp.utf16(:'small', false) || pg_temp.utf16('11010519491231002X,', false) || '\x40d8' || pg_temp.utf16(E',死亡,20240101,\n', false) ||
	pg_temp.utf16('11010519491231002X,', false) || '\x87dc' || pg_temp.utf16(E',死亡,20240102,\n', false) ||
	pg_temp.utf16('11010519491231002X,好', false) || '\x87dc40d8' || pg_temp.utf16(E',死亡,20240103,\n', false) ||
	pg_temp.utf16('11010519491231002X,', false) || '\x0000' || pg_temp.utf16(E',死亡,20240104,\n', false) ||
	pg_temp.utf16(E'11010519491231002X,好,死亡,20240105,\n', false) || pg_temp.utf16('11010519491231002X,好,死亡,20240106,', false) || '\x40' AS content \gset
SELECT pg_temp.receive(:'content');
SELECT line, received, start_date FROM pg_temp.rows;
SELECT line, code, message, substr(:'content'::bytea, pg_temp.place(message), 4) AS there, position(raw_bytes IN :'content'::bytea) > 0 AS bytes_kept, length(raw_bytes) FROM pg_temp.rejects;
-- a first half at the very end, in both orders
SELECT pg_temp.receive('\xfeff'::bytea || pg_temp.utf16(:'small' || '11010519491231002X,好,死亡,20240106,', true) || '\xd840');
SELECT line, message, substr(raw_bytes, length(raw_bytes) - 1) AS ends_in FROM pg_temp.rejects;
SELECT pg_temp.receive('\xfffe'::bytea || pg_temp.utf16(:'small' || '11010519491231002X,好,死亡,20240106,', false) || '\x40d807');
SELECT line, message, substr(raw_bytes, length(raw_bytes) - 2) AS ends_in FROM pg_temp.rejects;

-- one broken byte, even in the header line, never changes the guess
SELECT pg_temp.receive(overlay(pg_temp.extract(ARRAY['\xcdf5', '\xc0ee']::bytea[], NULL) placing '\xff' from position('\xb1b8'::bytea in pg_temp.extract(ARRAY['\xcdf5', '\xc0ee']::bytea[], NULL)) for 1));
SELECT received FROM pg_temp.rows;

SELECT count(*) AS unaccounted FROM registry.batch WHERE received <> accepted + rejected + unchanged;
-- leave the database as the next test expects it
TRUNCATE registry.batch_item, registry.batch, reject, staged_circumstance;
DELETE FROM source WHERE source = 'test_encoding';

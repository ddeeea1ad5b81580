-- Tables and rivals for the benchmark of types: :numbers valid numbers in random
-- order, and the same check as a good PL/pgSQL programmer writes it.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;
SELECT setseed(0.5);

-- number: 18 characters; digits: as many characters, all digits, so that text::int8 has the same length to read.
CREATE TABLE bench.number AS
SELECT digits || substr('10X98765432', (substr(digits, 1, 1)::int * 7 + substr(digits, 2, 1)::int * 9 + substr(digits, 3, 1)::int * 10 + substr(digits, 4, 1)::int * 5
		+ substr(digits, 5, 1)::int * 8 + substr(digits, 6, 1)::int * 4 + substr(digits, 7, 1)::int * 2 + substr(digits, 8, 1)::int + substr(digits, 9, 1)::int * 6
		+ substr(digits, 10, 1)::int * 3 + substr(digits, 11, 1)::int * 7 + substr(digits, 12, 1)::int * 9 + substr(digits, 13, 1)::int * 10
		+ substr(digits, 14, 1)::int * 5 + substr(digits, 15, 1)::int * 8 + substr(digits, 16, 1)::int * 4 + substr(digits, 17, 1)::int * 2) % 11 + 1, 1) AS number,
	   digits || '0' AS digits
FROM (SELECT '3404' || lpad((2 + i % 5)::text, 2, '0') || to_char(date '1935-01-01' + (i / 500 % 33000), 'YYYYMMDD') || lpad((i % 500 * 2)::text, 3, '0') AS digits
	  FROM generate_series(0, :numbers - 1) AS i) AS made
ORDER BY random();

CREATE TABLE bench.typed AS SELECT number::citizen_id AS number FROM bench.number;
CREATE TABLE bench.plain AS SELECT number::varchar(18) AS number FROM bench.number;
CREATE TABLE bench.bytes AS SELECT number::varchar(18) COLLATE "C" AS number FROM bench.number;
VACUUM ANALYZE bench.number;
VACUUM ANALYZE bench.typed;
VACUUM ANALYZE bench.plain;
VACUUM ANALYZE bench.bytes;

-- Shape, birth date and check character; what the type's input does, in PL/pgSQL.
CREATE FUNCTION bench.check_number(value text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
	weights constant int[] := '{7,9,10,5,8,4,2,1,6,3,7,9,10,5,8,4,2}';
	number text := upper(btrim(value));
	year int;
	month int;
	day int;
	total int := 0;
BEGIN
	IF length(number) = 15 AND number ~ '^[0-9]{15}$' THEN
		number := left(number, 6) || CASE WHEN right(number, 3) >= '996' THEN '18' ELSE '19' END || right(number, 9);
	ELSIF number !~ '^[1-9][0-9]{16}[0-9X]$' THEN
		RETURN false;
	END IF;
	year := substr(number, 7, 4)::int;
	month := substr(number, 11, 2)::int;
	day := substr(number, 13, 2)::int;
	IF month NOT BETWEEN 1 AND 12 OR day < 1 OR day > (CASE
		WHEN month = 2 THEN CASE WHEN year % 4 = 0 AND (year % 100 <> 0 OR year % 400 = 0) THEN 29 ELSE 28 END
		WHEN month IN (4, 6, 9, 11) THEN 30 ELSE 31 END) THEN
		RETURN false;
	END IF;
	FOR i IN 1 .. 17 LOOP
		total := total + substr(number, i, 1)::int * weights[i];
	END LOOP;
	RETURN length(number) = 17 OR substr('10X98765432', total % 11 + 1, 1) = right(number, 1);
END
$$;

-- The same with the sum in one expression instead of a loop: the fastest that PL/pgSQL does.
CREATE FUNCTION bench.check_number_unrolled(value text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
	number text := value;
	year int;
	month int;
	day int;
BEGIN
	IF number !~ '^[1-9][0-9]{16}[0-9X]$' THEN
		number := upper(btrim(value));
		IF number ~ '^[0-9]{15}$' THEN
			number := left(number, 6) || CASE WHEN right(number, 3) >= '996' THEN '18' ELSE '19' END || right(number, 9);
		ELSIF number !~ '^[1-9][0-9]{16}[0-9X]$' THEN
			RETURN false;
		END IF;
	END IF;
	year := substr(number, 7, 4);
	month := substr(number, 11, 2);
	day := substr(number, 13, 2);
	RETURN month BETWEEN 1 AND 12 AND day BETWEEN 1 AND (CASE
			WHEN month = 2 THEN CASE WHEN year % 4 = 0 AND (year % 100 <> 0 OR year % 400 = 0) THEN 29 ELSE 28 END
			WHEN month IN (4, 6, 9, 11) THEN 30 ELSE 31 END)
		AND (length(number) = 17 OR right(number, 1) = substr('10X98765432', (substr(number, 1, 1)::int * 7 + substr(number, 2, 1)::int * 9
			+ substr(number, 3, 1)::int * 10 + substr(number, 4, 1)::int * 5 + substr(number, 5, 1)::int * 8 + substr(number, 6, 1)::int * 4
			+ substr(number, 7, 1)::int * 2 + substr(number, 8, 1)::int + substr(number, 9, 1)::int * 6 + substr(number, 10, 1)::int * 3
			+ substr(number, 11, 1)::int * 7 + substr(number, 12, 1)::int * 9 + substr(number, 13, 1)::int * 10 + substr(number, 14, 1)::int * 5
			+ substr(number, 15, 1)::int * 8 + substr(number, 16, 1)::int * 4 + substr(number, 17, 1)::int * 2) % 11 + 1, 1));
END
$$;

-- Milliseconds of one statement.
CREATE FUNCTION bench.milliseconds(statement text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	began constant timestamptz := clock_timestamp();
BEGIN
	EXECUTE statement;
	RETURN round((extract(epoch FROM clock_timestamp() - began) * 1000)::numeric, 1);
END
$$;
CREATE FUNCTION bench.build(name text) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('DROP INDEX IF EXISTS bench.%I', name || '_idx');
	RETURN bench.milliseconds(format('CREATE INDEX %I ON bench.%I (number)', name || '_idx', name));
END
$$;

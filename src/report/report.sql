-- Functions that the views of the report room call once per row.

CREATE FUNCTION kinds_text(kinds smallint) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION kinds_text(smallint) IS 'names of the insurance kinds of a bit set (person.due, person.gap), comma between them; empty set is the empty string';

CREATE FUNCTION age_at(birth_date date, day date) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION age_at(date, date) IS 'completed years of life on the day; null before the birth';

CREATE FUNCTION age_band(age integer) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION age_band(integer) IS 'age band of age_report: 0-15, 16-29, 30-39, 40-49, 50-59, 60-69, 70-79, 80+, unknown';

CREATE FUNCTION judge_persons(everyone boolean, reference date, home region_code, verdicts regclass, findings regclass)
	RETURNS bigint
	AS 'MODULE_PATHNAME', 'registry_judge_persons'
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION judge_persons(boolean, date, region_code, regclass, regclass) IS
	'judges everybody, or the persons of pg_temp.registry_touched, and appends states and findings to two tables; internal to compare() and verify()';

/*
 * person_territory(residence, hukou, agency, home) → place a person belongs to:
 * the residence if it lies in the home region, else the registered place, else
 * the agency that wrote the row, else the home region.  Ended codes of places
 * that are home today become their successor.
 */
CREATE FUNCTION person_territory(residence region_code, hukou region_code, agency region_code, home region_code)
	RETURNS region_code
	AS 'MODULE_PATHNAME', 'registry_person_territory'
	LANGUAGE C STABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION person_territory(region_code, region_code, region_code, region_code) IS
	'place a person belongs to: residence in the home region, else registered place, else agency, else home';

/*
 * enrolment_pays(…) → is the scheme of such a row being paid in the reference
 * month (yyyymm)?  The definition by which the recompute fills the paying plane.
 */
CREATE FUNCTION enrolment_pays(enrol_status smallint, pay_status smallint, start_month integer, end_month integer,
							   paid_through integer, reference_month integer, lag_months integer)
	RETURNS boolean
	AS 'MODULE_PATHNAME', 'registry_enrolment_pays'
	LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION enrolment_pays(smallint, smallint, integer, integer, integer, integer, integer) IS
	'is the scheme of an enrolment row being paid in the reference month';

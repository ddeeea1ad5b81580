/*
 * retirement_by_rule(birth, old_age, first_delayed, births_per_month, cap,
 * earlier, later, bound) → month (yyyymm) by one row of the law: bound -1 the
 * earliest flexible month, 0 the statutory month, 1 the latest by agreement.
 * Ages and delays are in months, first_delayed is a month of birth (yyyymm).
 * Registries ask registry.retirement_month(), which finds the row.
 * Source: 全国人大常委会关于实施渐进式延迟法定退休年龄的决定 (2024-09-13).
 * Errors: 22008 when the birth date is infinite.
 */
CREATE FUNCTION retirement_by_rule(birth date, old_age integer, first_delayed integer, births_per_month integer, cap integer,
								   earlier integer, later integer, bound integer)
	RETURNS integer
	AS 'MODULE_PATHNAME', 'registry_retirement_by_rule'
	LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retirement_by_rule(date, integer, integer, integer, integer, integer, integer, integer) IS
	'retirement month (yyyymm) of somebody born on a day, by the numbers of one row of retirement_rule';

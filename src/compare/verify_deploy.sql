-- The proof that what is stored equals a fresh recompute.

/*
 * registry.verify() → one row per check with the number of failures and a sample
 *
 * Recomputes everybody and compares: the stored state must equal it, cells must
 * equal a recount, and every received row must be accounted for.
 */
CREATE OR REPLACE FUNCTION registry.verify() RETURNS TABLE ("check" text, failing bigint, sample text)
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
BEGIN
	PERFORM registry.create_recompute_tables();
	PERFORM registry.judge_persons(true, registry.reference_date(), registry.home_region(),
								   'pg_temp.registry_verdict', 'pg_temp.registry_finding');
	PERFORM registry.find_other_problems();
	PERFORM registry.find_employer_problems(registry.reference_date());
	PERFORM registry.find_predicate_problems(registry.reference_date(), true);

	RETURN QUERY SELECT 'persons equal a full recompute', count(*), min('person ' || v.person_id)
	FROM pg_temp.registry_verdict v WHERE v.is_new OR v.changed;

	RETURN QUERY SELECT 'problems equal a full recompute', count(*),
		min(format('person %s rule %s', coalesce(f.person_id, p.person_id), coalesce(f.rule_id, p.rule_id)))
	FROM pg_temp.registry_finding f
	FULL JOIN (SELECT * FROM registry.problem q WHERE q.state <> 'closed') p
		ON p.person_id = f.person_id AND p.rule_id = f.rule_id AND p.finding_key = f.finding_key
	WHERE p.person_id IS NULL OR f.person_id IS NULL
	   OR (p.months, p.amount, p.schemes, p.keep) IS DISTINCT FROM (f.months, f.amount, f.schemes, f.keep);

	RETURN QUERY SELECT 'cells equal a recount', count(*), min(format('%s %s %s', coalesce(c.territory, n.territory), coalesce(c.kind, n.kind), coalesce(c.standing, n.standing)))
	FROM registry.coverage_cell c
	FULL JOIN registry.count_cells() n ON n.territory = c.territory AND n.kind = c.kind AND n.standing = c.standing
	WHERE c.persons IS DISTINCT FROM n.persons;

	RETURN QUERY SELECT 'every received row is accounted for', count(*), min('batch ' || b.batch_id)
	FROM registry.batch b
	WHERE b.state = 'applied'
	  AND (b.received <> b.unchanged + b.inserted + b.changed + b.rejected OR b.unchanged < 0
		   OR b.rejected <> (SELECT count(*) FROM registry.reject j WHERE j.batch_id = b.batch_id AND j.state <> 'repaired'));

	RETURN QUERY SELECT 'rows and numbers stand with the persons that the links say', l.failing, l.sample
	FROM registry.verify_links() l;

	RETURN QUERY SELECT 'every row of a person carries the person''s territory', count(*), min('person ' || v.person_id)
	FROM pg_temp.registry_verdict v
	WHERE v.rows_elsewhere
	   OR EXISTS (SELECT FROM registry.person_alias a WHERE a.person_id = v.person_id AND a.territory IS DISTINCT FROM v.territory);
END;
$$;
COMMENT ON FUNCTION registry.verify() IS 'proves that the stored state equals a full recompute, counters a recount, and that every received row is accounted for';

REVOKE EXECUTE ON FUNCTION registry.verify() FROM PUBLIC;

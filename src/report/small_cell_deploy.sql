-- Small counts, hidden from readers who have no duty but report.

/*
 * A place and kind with a count above zero and below setting small_cell (5) is
 * hidden whole, since what is left of its total would tell.  Where only one
 * place of a parent is hidden, the total of the parent would tell it: the
 * smallest of the others is hidden too.  compare() calls this; after a change
 * of the setting it is called by hand.
 */
CREATE OR REPLACE FUNCTION registry.hide_small_cells() RETURNS bigint
	LANGUAGE plpgsql
	SET search_path = pg_catalog, registry, pg_temp
AS $$
DECLARE
	small CONSTANT bigint := coalesce(nullif(regexp_replace(registry.setting('small_cell'), '^(?!\d{1,6}$).*', ''), '')::bigint, 5);
	changed bigint;
BEGIN
	WITH place AS (
		SELECT c.territory, c.kind, registry.region_parent(c.territory) AS parent, sum(c.persons) AS persons,
			bool_or(c.persons > 0 AND c.persons < small) AS is_small
		FROM registry.coverage_cell c
		GROUP BY c.territory, c.kind
	), beside AS (
		SELECT p.territory, p.kind, p.is_small,
			count(*) FILTER (WHERE p.is_small) OVER parents AS small_ones,
			row_number() OVER (PARTITION BY p.parent, p.kind, p.is_small ORDER BY p.persons, p.territory) AS nth
		FROM place p
		WINDOW parents AS (PARTITION BY p.parent, p.kind)
	)
	UPDATE registry.coverage_cell c
	SET hidden = b.is_small OR (b.small_ones = 1 AND b.nth = 1)
	FROM beside b
	WHERE b.territory = c.territory AND b.kind = c.kind AND c.hidden <> (b.is_small OR (b.small_ones = 1 AND b.nth = 1));
	GET DIAGNOSTICS changed = ROW_COUNT;
	RETURN changed;
END
$$;
COMMENT ON FUNCTION registry.hide_small_cells() IS 'marks the cells hidden from readers with no duty but report; returns how many changed';
REVOKE EXECUTE ON FUNCTION registry.hide_small_cells() FROM PUBLIC;

SELECT registry.hide_small_cells();
SELECT registry.secure_table('coverage_cell',
	'territory BETWEEN registry.counts_low() AND registry.counts_high() AND registry.sees_counts(territory) AND (NOT hidden OR registry.smallest_cell() = 0)',
	'registry.sees_everything()');

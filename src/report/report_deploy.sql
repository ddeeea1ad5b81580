-- Counted persons per place, insurance kind and standing, at every level of the division.
CREATE TABLE IF NOT EXISTS registry.coverage_cell (
	territory region_code NOT NULL,
	kind text NOT NULL,
	standing smallint NOT NULL,
	persons bigint NOT NULL,
	PRIMARY KEY (territory, kind, standing)
);
COMMENT ON TABLE registry.coverage_cell IS 'persons (neither gone nor unknown) per territory of every level, insurance kind and standing';
COMMENT ON COLUMN registry.coverage_cell.standing IS '0 not due, 1 receiving, 2 enrolled, 3 elsewhere, 4 interrupted, 5 unenrolled';
CREATE INDEX IF NOT EXISTS coverage_cell_text_idx ON registry.coverage_cell ((territory::text));

-- First of the deploy scripts: the schema's own book-keeping.
CREATE TABLE IF NOT EXISTS registry.setting (
	name text PRIMARY KEY,
	value text NOT NULL,
	note text
);
COMMENT ON TABLE registry.setting IS 'settings of this registry; home_region and version are set by deploy';

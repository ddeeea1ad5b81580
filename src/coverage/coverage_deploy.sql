-- Schemes of the 14 boxes of the registration form, with the insurance kind they belong to.
CREATE TABLE IF NOT EXISTS registry.scheme (
	scheme text PRIMARY KEY,
	bit smallint NOT NULL UNIQUE CHECK (bit BETWEEN 0 AND 31),
	kind text NOT NULL CHECK (kind IN ('pension', 'medical', 'unemployment', 'injury', 'maternity')),
	name text NOT NULL,
	lag_months smallint NOT NULL DEFAULT 2 CHECK (lag_months BETWEEN 0 AND 24)
);
COMMENT ON TABLE registry.scheme IS 'insurance schemes; the bit is the place in a coverage value';
COMMENT ON COLUMN registry.scheme.lag_months IS 'months by which the paid-through month may stay behind the reference month before the scheme counts as paused';

INSERT INTO registry.scheme (scheme, bit, kind, name) VALUES
	('P1', 0, 'pension', '城镇职工养老'),
	('P2', 1, 'pension', '城乡居民养老'),
	('P3', 2, 'pension', '机关事业养老'),
	('P4', 3, 'pension', '被征地'),
	('P5', 4, 'pension', '其他养老'),
	('M1', 5, 'medical', '职工医疗'),
	('M2', 6, 'medical', '居民医疗'),
	('M3', 7, 'medical', '新农合'),
	('M4', 8, 'medical', '公费'),
	('M5', 9, 'medical', '农民工医疗'),
	('M6', 10, 'medical', '其他医疗'),
	('U', 11, 'unemployment', '失业'),
	('W', 12, 'injury', '工伤'),
	('B', 13, 'maternity', '生育')
ON CONFLICT DO NOTHING;

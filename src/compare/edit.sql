-- acting() → does an act of the registry (compare(), a merge, …) run in this
-- transaction?  The condition of the triggers that follow edits by hand.
CREATE FUNCTION acting() RETURNS boolean
	AS 'MODULE_PATHNAME', 'registry_acting'
	LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION acting() IS 'whether an act of the registry runs, which judges by itself whom it touches';

-- begin_act(), end_act(): between them edits are the act's own.  An error ends
-- the act with the transaction or subtransaction in which it began.  Errors:
-- 42501 for anybody but the owner of the registry, 54001 more than 32 within
-- each other, 55000 an end without a beginning.
CREATE FUNCTION begin_act() RETURNS void
	AS 'MODULE_PATHNAME', 'registry_begin_act'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION begin_act() IS 'an act of the registry begins; internal';
CREATE FUNCTION end_act() RETURNS void
	AS 'MODULE_PATHNAME', 'registry_end_act'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION end_act() IS 'an act of the registry ends; internal';

CREATE FUNCTION edit_lock() RETURNS trigger
	AS 'MODULE_PATHNAME', 'registry_edit_lock'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION edit_lock() IS 'before an edit by hand: waits for compare() and other acts to end';

CREATE FUNCTION law_changed() RETURNS trigger
	AS 'MODULE_PATHNAME', 'registry_law_changed'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION law_changed() IS 'after a change of the law: sessions that keep it read it anew';

-- has_recompute_tables() → are there tables of a recompute of this session that
-- can be used again: the caller's own, small, with nothing hanging on them?
CREATE FUNCTION has_recompute_tables() RETURNS boolean
	AS 'MODULE_PATHNAME', 'registry_has_recompute_tables'
	LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION has_recompute_tables() IS 'whether the tables of the session''s last edit can be used again; internal';

--
-- Sanity of the catalog: everything the extension made is declared as it is meant.
-- Each list of offenders must be empty; lists for review are short and sorted.
--
SET client_min_messages = warning;

CREATE TEMP VIEW member AS
SELECT classid, objid FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
	AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'registry');
CREATE TEMP VIEW own_function AS
SELECT p.* FROM pg_proc AS p JOIN member ON classid = 'pg_proc'::regclass AND objid = p.oid;
CREATE TEMP VIEW own_operator AS
SELECT o.* FROM pg_operator AS o JOIN member ON classid = 'pg_operator'::regclass AND objid = o.oid;
CREATE TEMP VIEW own_type AS
SELECT t.* FROM pg_type AS t JOIN member ON classid = 'pg_type'::regclass AND objid = t.oid WHERE typtype = 'b' AND typelem = 0;
CREATE TEMP VIEW own_opclass AS
SELECT c.*, amname FROM pg_opclass AS c JOIN pg_am ON pg_am.oid = opcmethod JOIN member ON classid = 'pg_opclass'::regclass AND objid = c.oid;

-- All in schema registry, and no relation among the members: those are made by deploy.
SELECT classid::regclass, pg_describe_object(classid, objid, 0) FROM member
WHERE (classid = 'pg_proc'::regclass AND (SELECT pronamespace FROM pg_proc WHERE oid = objid) <> 'registry'::regnamespace)
	OR (classid = 'pg_type'::regclass AND (SELECT typnamespace FROM pg_type WHERE oid = objid) <> 'registry'::regnamespace)
	OR classid = 'pg_class'::regclass
ORDER BY 2;

-- Types ------------------------------------------------------------------------

SELECT typname, typlen, typbyval, typalign, typstorage FROM own_type ORDER BY typname;
SELECT typname AS without_text_or_binary_form FROM own_type WHERE 0 IN (typinput, typoutput, typreceive, typsend) ORDER BY 1;
SELECT typname AS without_comment FROM own_type WHERE obj_description(oid, 'pg_type') IS NULL ORDER BY 1;
SELECT p.oid::regprocedure AS input_or_output_not_strict_immutable_parallel_safe
FROM own_type AS t JOIN pg_proc AS p ON p.oid IN (typinput, typoutput, typreceive, typsend)
WHERE NOT (proisstrict AND provolatile = 'i' AND proparallel = 's') ORDER BY 1;
-- Each type has a default btree and hash operator class, and casts from and to text.
SELECT typname, am AS without_default_class FROM own_type, unnest('{btree,hash}'::text[]) AS am
WHERE NOT EXISTS (SELECT FROM own_opclass WHERE opcintype = own_type.oid AND amname = am AND opcdefault) ORDER BY 1, 2;
SELECT typname AS without_cast FROM own_type
WHERE NOT EXISTS (SELECT FROM pg_cast WHERE castsource = 'text'::regtype AND casttarget = own_type.oid)
	OR NOT EXISTS (SELECT FROM pg_cast WHERE castsource = own_type.oid AND casttarget = 'text'::regtype) ORDER BY 1;
-- Casts to review: none implicit.
SELECT castsource::regtype, casttarget::regtype, castcontext, castmethod, p.oid::regprocedure AS function
FROM pg_cast JOIN member ON classid = 'pg_cast'::regclass AND objid = pg_cast.oid LEFT JOIN pg_proc AS p ON p.oid = castfunc
ORDER BY castsource::regtype::text, casttarget::regtype::text;
SELECT castfunc::regprocedure AS cast_can_change_with_time FROM pg_cast JOIN member ON classid = 'pg_cast'::regclass AND objid = pg_cast.oid
JOIN pg_proc AS p ON p.oid = castfunc WHERE provolatile <> 'i' OR NOT proisstrict;

-- Operator classes -----------------------------------------------------------------

SELECT amname, opcname, opcintype::regtype, opcdefault, amvalidate(oid) AS valid FROM own_opclass ORDER BY 2, 1;
-- btree: sort support and deduplication; hash: the extended function, for hash partitions.
SELECT amname, opcname, wanted AS without_support FROM own_opclass JOIN (VALUES ('btree', 1), ('btree', 2), ('btree', 4), ('hash', 1), ('hash', 2)) AS w(am, wanted) ON am = amname
WHERE NOT EXISTS (SELECT FROM pg_amproc WHERE amprocfamily = opcfamily AND amproclefttype = opcintype AND amprocnum = wanted) ORDER BY 1, 2, 3;
SELECT p.oid::regprocedure AS support_not_strict_immutable_parallel_safe FROM own_function AS p JOIN pg_amproc ON amproc = p.oid
WHERE NOT (proisstrict AND provolatile = 'i' AND proparallel = 's') ORDER BY 1;

-- Operators -------------------------------------------------------------------------

SELECT o.oid::regoperator AS commutator_not_mutual FROM own_operator AS o JOIN pg_operator AS c ON c.oid = o.oprcom
WHERE c.oprcom <> o.oid OR c.oprleft <> o.oprright OR c.oprright <> o.oprleft OR c.oprresult <> o.oprresult ORDER BY 1;
SELECT o.oid::regoperator AS negator_not_mutual FROM own_operator AS o JOIN pg_operator AS n ON n.oid = o.oprnegate
WHERE n.oprnegate <> o.oid OR n.oprleft <> o.oprleft OR n.oprright <> o.oprright OR o.oprresult <> 'boolean'::regtype OR o.oid = n.oid ORDER BY 1;
SELECT oid::regoperator AS shell FROM own_operator WHERE oprcode = 0;
-- Only differences do not commute, and only containment and overlap have no negator.
SELECT oid::regoperator AS without_commutator FROM own_operator WHERE oprcom = 0 ORDER BY 1;
SELECT oid::regoperator AS comparison_without_negator FROM own_operator WHERE oprnegate = 0 AND oprname IN ('=', '<>', '<', '<=', '>', '>=') ORDER BY 1;
SELECT oid::regoperator AS condition_without_estimators FROM own_operator WHERE oprresult = 'boolean'::regtype AND 0 IN (oprrest, oprjoin) ORDER BY 1;
SELECT oid::regoperator, oprrest, oprjoin FROM own_operator WHERE oprname IN ('=', '<>', '<', '<=', '>', '>=')
	AND (oprrest::text, oprjoin::text) <> (CASE oprname WHEN '=' THEN 'eqsel' WHEN '<>' THEN 'neqsel' WHEN '<' THEN 'scalarltsel' WHEN '<=' THEN 'scalarlesel' WHEN '>' THEN 'scalargtsel' ELSE 'scalargesel' END,
		CASE oprname WHEN '=' THEN 'eqjoinsel' WHEN '<>' THEN 'neqjoinsel' WHEN '<' THEN 'scalarltjoinsel' WHEN '<=' THEN 'scalarlejoinsel' WHEN '>' THEN 'scalargtjoinsel' ELSE 'scalargejoinsel' END) ORDER BY 1;
SELECT oid::regoperator AS equality_without_merge_or_hash FROM own_operator WHERE oprname = '=' AND NOT (oprcanmerge AND oprcanhash) ORDER BY 1;
SELECT oid::regoperator AS without_comment FROM own_operator WHERE obj_description(oid, 'pg_operator') IS NULL ORDER BY 1;
-- The function of an operator cannot be weaker than the operator's promises.
SELECT o.oid::regoperator, p.oid::regprocedure AS function_not_strict_immutable_parallel_safe FROM own_operator AS o JOIN pg_proc AS p ON p.oid = oprcode
WHERE NOT (proisstrict AND provolatile = 'i' AND proparallel = 's') ORDER BY 1;
SELECT o.oid::regoperator, p.oid::regprocedure AS function_of_other_types FROM own_operator AS o JOIN pg_proc AS p ON p.oid = oprcode
WHERE prorettype <> oprresult OR pronargs <> 2 OR proargtypes[0] <> oprleft OR proargtypes[1] <> oprright ORDER BY 1;
SELECT o.oid::regoperator AS index_operator_that_leaks FROM own_operator AS o JOIN pg_proc AS p ON p.oid = oprcode
WHERE NOT proleakproof AND EXISTS (SELECT FROM pg_amop WHERE amopopr = o.oid) ORDER BY 1;

-- Functions -------------------------------------------------------------------------

SELECT oid::regprocedure AS without_comment FROM own_function WHERE obj_description(oid, 'pg_proc') IS NULL ORDER BY oid::regprocedure::text COLLATE "C";
-- Only what writes or sends may be barred from parallel plans.
-- reader_...: only the leading process knows who called a look-up.
SELECT oid::regprocedure AS not_parallel_safe, proparallel, provolatile FROM own_function
WHERE proparallel <> 's' AND prokind IN ('f', 'a', 'w') AND provolatile <> 'v' AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) ORDER BY oid::regprocedure::text COLLATE "C";
-- C functions take a null only where that means something: to review.
SELECT oid::regprocedure AS not_strict FROM own_function
WHERE NOT proisstrict AND prokind = 'f' AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'c')
	AND pronargs > 0 AND prorettype NOT IN ('trigger'::regtype) ORDER BY oid::regprocedure::text COLLATE "C";
-- Leakproof is only what compares or hashes values and cannot raise: to review.
SELECT oid::regprocedure AS leakproof FROM own_function WHERE proleakproof
	AND NOT EXISTS (SELECT FROM pg_operator WHERE oprcode = own_function.oid)
	AND NOT EXISTS (SELECT FROM pg_amproc WHERE amproc = own_function.oid) ORDER BY oid::regprocedure::text COLLATE "C";
SELECT oid::regprocedure AS leakproof_but_reads_tables FROM own_function WHERE proleakproof AND provolatile = 'v' ORDER BY 1;
-- Code in SQL or PL/pgSQL fixes the schemas it looks into.
SELECT p.oid::regprocedure AS open_search_path FROM own_function AS p JOIN pg_language AS l ON l.oid = prolang
WHERE lanname IN ('sql', 'plpgsql') AND prosqlbody IS NULL AND prokind <> 'p' AND provolatile <> 'i'
	AND NOT EXISTS (SELECT FROM unnest(proconfig) AS c WHERE c LIKE 'search_path=%') ORDER BY p.oid::regprocedure::text COLLATE "C";
SELECT oid::regprocedure AS definer FROM own_function WHERE prosecdef ORDER BY 1;
-- Aggregates: parallel, and their steps too; but for log_root, whose result depends on the order.
SELECT a.aggfnoid::regprocedure AS not_parallel_aggregate FROM pg_aggregate AS a JOIN own_function AS p ON p.oid = a.aggfnoid
WHERE proparallel <> 's' OR aggcombinefn = 0 OR (aggtranstype = 'internal'::regtype AND 0 IN (aggserialfn, aggdeserialfn)) ORDER BY a.aggfnoid::regprocedure::text COLLATE "C";
SELECT a.aggfnoid::regprocedure, p.oid::regprocedure AS step_not_parallel_safe FROM pg_aggregate AS a JOIN own_function AS g ON g.oid = a.aggfnoid
JOIN pg_proc AS p ON p.oid IN (aggtransfn, aggcombinefn, aggfinalfn, aggserialfn, aggdeserialfn) WHERE p.proparallel <> 's' ORDER BY 1, 2;

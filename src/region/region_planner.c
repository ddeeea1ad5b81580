/*
 * region_planner.c
 *		What the planner may know about "a place lies in another".
 *
 * outer @> inner is exactly inner >= outer AND inner <= region_last(outer), and
 * exactly outer = ANY (region_lineage(inner)).
 *
 * Any index on either side gets one of these as its exact condition, whatever
 * the other side is: a constant, a parameter, a column of another table.
 *
 * Partitions are pruned by comparisons only, so on a partitioned table the
 * operator is rewritten to the range before planning.  Elsewhere it stays: the
 * server interpolates in histograms of its own types only and would take a
 * range inside one bucket for a single value, and it has nothing but a
 * constant for two inequalities of a join.  The list of a lineage has honest
 * estimates either way and replaces the operator always.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "region/region_code.h"

REGISTRY_FUNCTION(region_contains_support);
REGISTRY_FUNCTION(region_contained_support);
REGISTRY_FUNCTION(region_contains_restriction);
REGISTRY_FUNCTION(region_contained_restriction);
REGISTRY_FUNCTION(region_contains_join);
REGISTRY_FUNCTION(region_contained_join);

/* Values of the outer column that an estimate of a join looks at. */
#define JOIN_SAMPLE 200

/* What the server assumes of a range whose bounds it does not know. */
#define UNKNOWN_SELECTIVITY DEFAULT_RANGE_INEQ_SEL

/*
 * A function of this room, by the namespace of the function being planned:
 * the search path is the user's.
 */
static Oid
sibling_function(Oid funcid, const char *name, Oid type)
{
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
						   CStringGetDatum(name),
						   PointerGetDatum(buildoidvector(&type, 1)),
						   ObjectIdGetDatum(get_func_namespace(funcid)));
}

/* function(code), folded when the code is a constant. */
static Expr *
make_sibling_call(PlannerInfo *root, Oid funcid, const char *name, Oid result, Expr *code)
{
	Oid			sibling = sibling_function(funcid, name, exprType((Node *) code));

	if (!OidIsValid(sibling) || !OidIsValid(result))
		return NULL;
	return (Expr *) eval_const_expressions(root,
										   (Node *) makeFuncExpr(sibling, result, list_make1(copyObject(code)),
																 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL));
}

static Expr *
make_comparison(Oid opfamily, int strategy, Expr *left, Expr *right)
{
	Oid			type = exprType((Node *) left);
	Oid			operator = get_opfamily_member(opfamily, type, type, strategy);

	if (!OidIsValid(operator))
		return NULL;
	return make_opclause(operator, BOOLOID, false, copyObject(left), copyObject(right), InvalidOid, InvalidOid);
}

/* inner >= outer, inner <= region_last(outer); NIL when the opfamily has no order. */
static List *
make_range(PlannerInfo *root, Oid funcid, Oid opfamily, Expr *inner, Expr *outer)
{
	Expr	   *last = make_sibling_call(root, funcid, "region_last", exprType((Node *) outer), outer);
	Expr	   *from;
	Expr	   *to;

	if (last == NULL ||
		(from = make_comparison(opfamily, BTGreaterEqualStrategyNumber, inner, outer)) == NULL ||
		(to = make_comparison(opfamily, BTLessEqualStrategyNumber, inner, last)) == NULL)
		return NIL;
	return list_make2(from, to);
}

/*
 * The lineage as a list of expressions: partitions are pruned at run time by
 * the elements of a list, not by an array that a function returns.
 */
static Expr *
make_level_list(Oid funcid, Expr *code)
{
	Oid			type = exprType((Node *) code);
	Oid			types[2] = {type, INT4OID};
	Oid			at_level = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
										   CStringGetDatum("region_at_level"),
										   PointerGetDatum(buildoidvector(types, 2)),
										   ObjectIdGetDatum(get_func_namespace(funcid)));
	ArrayExpr  *list = makeNode(ArrayExpr);

	if (!OidIsValid(at_level))
		return NULL;
	for (int level = 1; level <= 5; level++)
	{
		Const	   *number = makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(level), false, true);

		list->elements = lappend(list->elements,
								 makeFuncExpr(at_level, type, list_make2(copyObject(code), number),
											  InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL));
	}
	list->array_typeid = get_array_type(type);
	list->element_typeid = type;
	list->location = -1;
	return (Expr *) list;
}

/* outer = ANY (lineage), the lineage from make_sibling_call or make_level_list */
static Expr *
make_any(Oid opfamily, Expr *outer, Expr *lineage)
{
	Oid			type = exprType((Node *) outer);
	Oid			operator = get_opfamily_member(opfamily, type, type, BTEqualStrategyNumber);
	ScalarArrayOpExpr *any;

	if (!OidIsValid(operator) || lineage == NULL)
		return NULL;
	any = makeNode(ScalarArrayOpExpr);
	any->opno = operator;
	any->opfuncid = get_opcode(operator);
	any->useOr = true;
	any->inputcollid = InvalidOid;
	any->args = list_make2(copyObject(outer), lineage);
	any->location = -1;
	return (Expr *) any;
}

static Expr *
make_lineage(PlannerInfo *root, Oid funcid, Expr *code)
{
	return make_sibling_call(root, funcid, "region_lineage", get_array_type(exprType((Node *) code)), code);
}

/* Whether an expression may stand twice where it stood once. */
static bool
may_repeat(PlannerInfo *root, Expr *expression)
{
	QualCost	cost;

	if (contain_volatile_functions((Node *) expression) || contain_subplans((Node *) expression))
		return false;
	cost_qual_eval_node(&cost, (Node *) expression, root);
	return cost.startup + cost.per_tuple <= 10 * cpu_operator_cost;
}

/* Whether an expression reads a column of a partitioned table. */
static bool
reads_partitioned(PlannerInfo *root, Expr *expression)
{
	List	   *vars = pull_var_clause((Node *) expression, PVC_RECURSE_AGGREGATES |
									   PVC_RECURSE_WINDOWFUNCS | PVC_RECURSE_PLACEHOLDERS);
	ListCell   *cell;

	foreach(cell, vars)
	{
		Var		   *var = lfirst_node(Var, cell);
		RangeTblEntry *entry;

		if (var->varlevelsup > 0 || IS_SPECIAL_VARNO(var->varno) ||
			var->varno > list_length(root->parse->rtable))
			continue;
		entry = rt_fetch(var->varno, root->parse->rtable);
		if (entry->rtekind == RTE_RELATION && entry->relkind == RELKIND_PARTITIONED_TABLE)
			return true;
	}
	return false;
}

static Node *
simplify_containment(PlannerInfo *root, FuncExpr *call, bool outer_first)
{
	Expr	   *outer = list_nth(call->args, outer_first ? 0 : 1);
	Expr	   *inner = list_nth(call->args, outer_first ? 1 : 0);
	bool		outer_varies = contain_var_clause((Node *) outer);
	bool		inner_varies = contain_var_clause((Node *) inner);
	TypeCacheEntry *type;
	List	   *range;

	if (outer_varies == inner_varies || !may_repeat(root, outer) || !may_repeat(root, inner))
		return NULL;
	type = lookup_type_cache(exprType((Node *) outer), TYPECACHE_BTREE_OPFAMILY);
	if (outer_varies)
		return (Node *) make_any(type->btree_opf, outer, IsA(inner, Const) ?
								 make_lineage(root, call->funcid, inner) :
								 make_level_list(call->funcid, inner));
	if (root == NULL || !reads_partitioned(root, inner))
		return NULL;
	range = make_range(root, call->funcid, type->btree_opf, inner, outer);
	return range == NIL ? NULL : (Node *) make_andclause(range);
}

/* Conditions for an index on one side when the other is fixed for a scan. */
static List *
index_conditions(SupportRequestIndexCondition *request, bool outer_first)
{
	List	   *args = is_opclause(request->node) ? ((OpExpr *) request->node)->args :
		is_funcclause(request->node) ? ((FuncExpr *) request->node)->args : NIL;
	bool		index_on_outer = (request->indexarg == 0) == outer_first;
	Expr	   *key;
	Expr	   *fixed;

	if (list_length(args) != 2)
		return NIL;
	key = list_nth(args, request->indexarg);
	fixed = list_nth(args, 1 - request->indexarg);
	if (!is_pseudo_constant_for_index(request->root, (Node *) fixed, request->index))
		return NIL;
	if (!index_on_outer)
		return make_range(request->root, request->funcid, request->opfamily, key, fixed);

	/*
	 * Of a list of places a btree returns its order only when the key is the
	 * first column, and the planner does not see the list behind the operator.
	 */
	if (request->index->relam == BTREE_AM_OID && request->indexcol == 0)
	{
		Expr	   *any = make_any(request->opfamily, key, make_lineage(request->root, request->funcid, fixed));

		return any == NULL ? NIL : list_make1(any);
	}
	return NIL;
}

/* Statistics of a column of codes: common values and histogram. */
typedef struct CodeStatistics
{
	bool		known;
	double		null_fraction;
	double		distinct;
	AttStatsSlot common;
	AttStatsSlot histogram;
} CodeStatistics;

static void
read_statistics(VariableStatData *variable, Oid function, CodeStatistics *statistics)
{
	bool		is_default;

	memset(statistics, 0, sizeof(*statistics));
	if (!HeapTupleIsValid(variable->statsTuple) || !statistic_proc_security_check(variable, function))
		return;
	statistics->known = true;
	statistics->null_fraction = ((Form_pg_statistic) GETSTRUCT(variable->statsTuple))->stanullfrac;
	statistics->distinct = get_variable_numdistinct(variable, &is_default);
	get_attstatsslot(&statistics->common, variable->statsTuple, STATISTIC_KIND_MCV, InvalidOid,
					 ATTSTATSSLOT_VALUES | ATTSTATSSLOT_NUMBERS);
	get_attstatsslot(&statistics->histogram, variable->statsTuple, STATISTIC_KIND_HISTOGRAM, InvalidOid,
					 ATTSTATSSLOT_VALUES);
}

static void
free_statistics(CodeStatistics *statistics)
{
	if (!statistics->known)
		return;
	free_attstatsslot(&statistics->common);
	free_attstatsslot(&statistics->histogram);
}

static double
common_total(const CodeStatistics *statistics)
{
	double		total = 0;

	for (int i = 0; i < statistics->common.nnumbers; i++)
		total += statistics->common.numbers[i];
	return total;
}

/* Share of the values outside the common ones. */
static double
uncommon_total(const CodeStatistics *statistics)
{
	return Max(0, 1 - statistics->null_fraction - common_total(statistics));
}

/* Share of one value that is not among the common ones. */
static double
uncommon_share(const CodeStatistics *statistics)
{
	return uncommon_total(statistics) / Max(1, statistics->distinct - statistics->common.nvalues);
}

/* Share of the histogram below a code. */
static double
histogram_below(const AttStatsSlot *histogram, RegionCode code)
{
	int			low = 0;
	int			high = histogram->nvalues - 1;
	RegionCode	from;
	RegionCode	to;

	if (code <= DatumGetRegionCode(histogram->values[low]))
		return 0;
	if (code > DatumGetRegionCode(histogram->values[high]))
		return 1;
	while (high - low > 1)
	{
		int			middle = (low + high) / 2;

		if (DatumGetRegionCode(histogram->values[middle]) < code)
			low = middle;
		else
			high = middle;
	}
	from = DatumGetRegionCode(histogram->values[low]);
	to = DatumGetRegionCode(histogram->values[high]);
	return (low + (double) (code - from) / (to - from)) / (histogram->nvalues - 1);
}

/*
 * Codes of a column that lie in one place, as the country has them: 11 cities
 * to a province, 8 counties to a city, 14 towns to a county, 15 villages to a
 * town.  Codes crowd at the begin of each level, so that the numbers between
 * the bounds of one histogram bucket tell little.
 */
static double
usual_codes(RegionCode place, const AttStatsSlot *histogram)
{
	static const double below[] = {1, 11, 8, 14, 15};
	int			deepest = region_code_level(DatumGetRegionCode(histogram->values[histogram->nvalues / 2]));
	double		codes = 1;

	for (int level = region_code_level(place); level < deepest; level++)
		codes *= below[level];
	return codes;
}

/* Share of the histogram's rows in a place: at least its usual codes, but these not beyond one bucket. */
static double
histogram_inside(const CodeStatistics *statistics, RegionCode outer)
{
	const AttStatsSlot *histogram = &statistics->histogram;
	RegionCode	last = region_code_last(outer);
	double		total = uncommon_total(statistics);
	double		between = histogram_below(histogram, last + 1) - histogram_below(histogram, outer);
	double		usual = uncommon_share(statistics) * usual_codes(outer, histogram);

	if (outer > DatumGetRegionCode(histogram->values[histogram->nvalues - 1]) ||
		last < DatumGetRegionCode(histogram->values[0]))
		return 0;
	return Max(between * total, Min(usual, total / (histogram->nvalues - 1)));
}

/* Share of the rows whose code lies in outer. */
static double
share_inside(const CodeStatistics *statistics, RegionCode outer)
{
	double		share = 0;

	for (int i = 0; i < statistics->common.nvalues; i++)
		if (region_code_contains(outer, DatumGetRegionCode(statistics->common.values[i])))
			share += statistics->common.numbers[i];
	if (statistics->histogram.nvalues >= 2)
		share += histogram_inside(statistics, outer);
	else if (statistics->common.nvalues < statistics->distinct)
		share += uncommon_total(statistics) * UNKNOWN_SELECTIVITY;
	return share;
}

/* Share of the rows whose code is inner or lies around it. */
static double
share_around(const CodeStatistics *statistics, RegionCode inner)
{
	int			uncommon = region_code_level(inner);
	double		share = 0;

	for (int i = 0; i < statistics->common.nvalues; i++)
		if (region_code_contains(DatumGetRegionCode(statistics->common.values[i]), inner))
		{
			share += statistics->common.numbers[i];
			uncommon--;
		}
	if (statistics->distinct > statistics->common.nvalues)
		share += Max(0, uncommon) * uncommon_share(statistics);
	return share;
}

/* Mean share of the inner column's rows over the values of the outer column. */
static double
mean_share_inside(const CodeStatistics *outer, const CodeStatistics *inner)
{
	const AttStatsSlot *histogram = &outer->histogram;
	int			step = 1 + histogram->nvalues / JOIN_SAMPLE;
	int			sampled = 0;
	double		share = 0;
	double		of_histogram = 0;

	for (int i = 0; i < Min(outer->common.nvalues, JOIN_SAMPLE); i++)
		share += outer->common.numbers[i] * share_inside(inner, DatumGetRegionCode(outer->common.values[i]));
	for (int i = 0; i < histogram->nvalues; i += step, sampled++)
		of_histogram += share_inside(inner, DatumGetRegionCode(histogram->values[i]));
	if (sampled > 0)
		share += uncommon_total(outer) * of_histogram / sampled;
	return share;
}

/* outer @> inner where both are expressions over statistics, or unknown. */
static double
share_of_expressions(PlannerInfo *root, Oid function, Node *outer, Node *inner)
{
	VariableStatData outer_variable;
	VariableStatData inner_variable;
	CodeStatistics outer_statistics;
	CodeStatistics inner_statistics;
	double		share = UNKNOWN_SELECTIVITY;

	examine_variable(root, outer, 0, &outer_variable);
	examine_variable(root, inner, 0, &inner_variable);
	read_statistics(&outer_variable, function, &outer_statistics);
	read_statistics(&inner_variable, function, &inner_statistics);
	if (outer_statistics.known && inner_statistics.known)
		share = mean_share_inside(&outer_statistics, &inner_statistics);
	free_statistics(&outer_statistics);
	free_statistics(&inner_statistics);
	ReleaseVariableStats(outer_variable);
	ReleaseVariableStats(inner_variable);
	return share;
}

static double
restriction_share(PlannerInfo *root, Oid function, List *args, int varRelid, bool outer_first)
{
	VariableStatData variable;
	Node	   *other;
	bool		left;
	double		share = UNKNOWN_SELECTIVITY;

	if (list_length(args) != 2 || !get_restriction_variable(root, args, varRelid, &variable, &other, &left))
		return UNKNOWN_SELECTIVITY;
	if (IsA(other, Const))
	{
		Const	   *constant = (Const *) other;
		CodeStatistics statistics;

		read_statistics(&variable, function, &statistics);
		if (constant->constisnull)
			share = 0;
		else if (statistics.known && left == outer_first)
			share = share_around(&statistics, DatumGetRegionCode(constant->constvalue));
		else if (statistics.known)
			share = share_inside(&statistics, DatumGetRegionCode(constant->constvalue));
		free_statistics(&statistics);
	}
	else
		share = share_of_expressions(root, function, list_nth(args, outer_first ? 0 : 1),
									 list_nth(args, outer_first ? 1 : 0));
	ReleaseVariableStats(variable);
	CLAMP_PROBABILITY(share);
	return share;
}

static double
join_share(PlannerInfo *root, Oid function, List *args, JoinType jointype, SpecialJoinInfo *sjinfo, bool outer_first)
{
	double		share = UNKNOWN_SELECTIVITY;

	if (list_length(args) == 2)
		share = share_of_expressions(root, function, list_nth(args, outer_first ? 0 : 1),
									 list_nth(args, outer_first ? 1 : 0));

	/* A semijoin asks for the share of rows that have a partner at all. */
	if ((jointype == JOIN_SEMI || jointype == JOIN_ANTI) && sjinfo != NULL)
	{
		double		partners = 0;
		int			relid = -1;

		while ((relid = bms_next_member(sjinfo->min_righthand, relid)) >= 0)
		{
			RelOptInfo *rel = root->simple_rel_array[relid];

			if (rel != NULL)
				partners = Max(partners, 1) * Max(rel->rows, 1);
		}
		share *= Max(partners, 1);
	}
	CLAMP_PROBABILITY(share);
	return share;
}

static Node *
answer_request(Node *request, bool outer_first)
{
	if (IsA(request, SupportRequestSimplify))
	{
		SupportRequestSimplify *simplify = (SupportRequestSimplify *) request;

		return simplify_containment(simplify->root, simplify->fcall, outer_first);
	}
	if (IsA(request, SupportRequestIndexCondition))
	{
		SupportRequestIndexCondition *condition = (SupportRequestIndexCondition *) request;
		List	   *conditions = index_conditions(condition, outer_first);

		if (conditions != NIL)
			condition->lossy = false;
		return (Node *) conditions;
	}
	if (IsA(request, SupportRequestSelectivity))
	{
		SupportRequestSelectivity *selectivity = (SupportRequestSelectivity *) request;

		selectivity->selectivity = selectivity->is_join ?
			join_share(selectivity->root, selectivity->funcid, selectivity->args,
					   selectivity->jointype, selectivity->sjinfo, outer_first) :
			restriction_share(selectivity->root, selectivity->funcid, selectivity->args,
							  selectivity->varRelid, outer_first);
		return request;
	}
	return NULL;
}

/* Planner support of region_contains (outer, inner) and region_contained (inner, outer). */
Datum
region_contains_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(answer_request((Node *) PG_GETARG_POINTER(0), true));
}

Datum
region_contained_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(answer_request((Node *) PG_GETARG_POINTER(0), false));
}

static Datum
restriction_estimate(FunctionCallInfo fcinfo, bool outer_first)
{
	PG_RETURN_FLOAT8(restriction_share((PlannerInfo *) PG_GETARG_POINTER(0), get_opcode(PG_GETARG_OID(1)),
									   (List *) PG_GETARG_POINTER(2), PG_GETARG_INT32(3), outer_first));
}

static Datum
join_estimate(FunctionCallInfo fcinfo, bool outer_first)
{
	PG_RETURN_FLOAT8(join_share((PlannerInfo *) PG_GETARG_POINTER(0), get_opcode(PG_GETARG_OID(1)),
								(List *) PG_GETARG_POINTER(2), (JoinType) PG_GETARG_INT16(3),
								(SpecialJoinInfo *) PG_GETARG_POINTER(4), outer_first));
}

/* Estimators of @> and <@. */
Datum
region_contains_restriction(PG_FUNCTION_ARGS)
{
	return restriction_estimate(fcinfo, true);
}

Datum
region_contained_restriction(PG_FUNCTION_ARGS)
{
	return restriction_estimate(fcinfo, false);
}

Datum
region_contains_join(PG_FUNCTION_ARGS)
{
	return join_estimate(fcinfo, true);
}

Datum
region_contained_join(PG_FUNCTION_ARGS)
{
	return join_estimate(fcinfo, false);
}

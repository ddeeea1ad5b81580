/*
 * predicate.c
 *		Looks at the condition of a rule that the DBA has written in SQL before
 *		it may ever be evaluated.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"

REGISTRY_FUNCTION(registry_check_predicate);

static void
refuse(const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("the predicate of a rule must be one expression"),
			 errdetail("%s", reason),
			 errhint("Write what may stand after WHERE, over the columns of registry.rule_subject, for example: age >= 60 AND receiving = ''.")));
}

/*
 * The text alone must be one expression: then it can be put between
 * parentheses, and nothing in it reaches beyond them.
 */
static void
check_is_expression(const char *predicate)
{
	List	   *statements;
	SelectStmt *select;
	ResTarget  *target;

	if (strspn(predicate, " \t\r\n") == strlen(predicate))
		refuse("It is empty.");
	statements = raw_parser(predicate, RAW_PARSE_PLPGSQL_EXPR);
	select = castNode(SelectStmt, linitial_node(RawStmt, statements)->stmt);
	if (list_length(select->targetList) != 1 || select->fromClause != NIL || select->whereClause != NULL ||
		select->distinctClause != NIL || select->groupClause != NIL || select->havingClause != NULL ||
		select->windowClause != NIL || select->sortClause != NIL || select->limitCount != NULL ||
		select->limitOffset != NULL || select->lockingClause != NIL || select->op != SETOP_NONE)
		refuse("It holds a list or a clause of a query.");
	target = linitial_node(ResTarget, select->targetList);
	if (target->name != NULL || target->indirection != NIL)
		refuse("It holds an alias.");
}

/* Would asking lock rows? */
static bool
locks_rows(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return ((Query *) node)->rowMarks != NIL || query_tree_walker((Query *) node, locks_rows, context, 0);
	return expression_tree_walker(node, locks_rows, context);
}

/* Does the truth of an expression depend on more than the row: on time, settings or other rows? */
static bool
reaches_further(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubLink))
		return true;
	if (IsA(node, Var))
	{
		RangeTblEntry *entry = rt_fetch(((Var *) node)->varno, (List *) context);
		char	   *column = entry->rtekind == RTE_RELATION ?
			get_attname(entry->relid, ((Var *) node)->varattno, true) : NULL;

		return column == NULL || strcmp(column, "age") == 0;	/* a birthday changes no row */
	}
	return expression_tree_walker(node, reaches_further, context);
}

/*
 * check_predicate(predicate text, subject regclass) returns boolean
 *
 *		Parses and analyses the predicate over the columns of the subject, a
 *		relation, without evaluating it.  True when its answer about a row can
 *		change while the row does not.
 */
Datum
registry_check_predicate(PG_FUNCTION_ARGS)
{
	char	   *predicate = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid			subject = PG_GETARG_OID(1);
	char	   *source = psprintf("SELECT (\n%s\n) FROM %s AS p", predicate,
								  quote_qualified_identifier(get_namespace_name(get_rel_namespace(subject)),
															 get_rel_name(subject)));
	Query	   *query;
	TargetEntry *answer;

	check_is_expression(predicate);
	query = parse_analyze_fixedparams(linitial_node(RawStmt, raw_parser(source, RAW_PARSE_DEFAULT)),
									  source, NULL, 0, NULL);
	answer = linitial_node(TargetEntry, query->targetList);
	if (exprType((Node *) answer->expr) != BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the predicate of a rule must be boolean, not %s",
						format_type_be(exprType((Node *) answer->expr)))));
	if (query->hasAggs || query->hasWindowFuncs || query->hasTargetSRFs)
		refuse("It holds an aggregate, a window function or a set.");
	if (locks_rows((Node *) query, NULL))
		refuse("It locks rows.");
	if (contain_volatile_functions((Node *) query))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("the predicate of a rule must not call volatile functions"),
				 errdetail("Its answer must be the same each time it is asked, and asking must change nothing.")));
	PG_RETURN_BOOL(contain_mutable_functions((Node *) answer->expr) ||
				   reaches_further((Node *) answer->expr, query->rtable));
}

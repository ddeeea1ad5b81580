/*
 * law_book.c
 *		Reads the law of a day and the rules in force on it.  Nothing of either
 *		is written into the code: ages, months, pairs and duties are rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "compare/law_book.h"

static int
lookup_name(const char *const *names, int count, const char *name, const char *what)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown %s \"%s\"", what, name)));
}

/*
 * A question to the tables of the law, with its plan, which lives as long as the
 * session: a single edit must not pay for the planning of a full run.
 */
typedef struct LawQuery
{
	const char *text;
	SPIPlanPtr	plan;
} LawQuery;

static LawQuery schemes_query = {
	"SELECT s.bit, s.lag_months, s.kind FROM registry.scheme s WHERE $1 IS NOT NULL"
};

static LawQuery mergers_query = {
	"SELECT s.kind, i.bit FROM registry.scheme_merger m "
	"JOIN registry.scheme s ON s.scheme = m.scheme "
	"JOIN registry.scheme i ON i.scheme = m.into_scheme WHERE m.valid_from <= $1"
};

static LawQuery ages_query = {
	"SELECT DISTINCT ON (r.worker_kind) r.worker_kind, r.old_age, r.first_delayed, "
	"r.births_per_month, r.cap, r.earlier, r.later FROM registry.retirement_rule r "
	"WHERE r.valid_from <= $1 ORDER BY r.worker_kind, r.valid_from DESC"
};

static LawQuery minimum_query = {
	"SELECT extract(year FROM m.valid_from)::int, m.months FROM registry.minimum_contribution m "
	"WHERE $1 IS NOT NULL ORDER BY m.valid_from"
};

static LawQuery duties_query = {
	"SELECT r.condition, "
	"('pension' = ANY (r.due))::int + 2 * ('medical' = ANY (r.due))::int"
	" + 4 * ('unemployment' = ANY (r.due))::int + 8 * ('injury' = ANY (r.due))::int"
	" + 16 * ('maternity' = ANY (r.due))::int, "
	"'injury/employer' = ANY (r.due), coalesce(r.class, '') "
	"FROM registry.due_rule r "
	"WHERE $1 >= r.valid_from AND ($1 <= r.valid_to OR r.valid_to IS NULL) ORDER BY r.rank"
};

static LawQuery catalogue_query = {
	"SELECT r.rule_id, r.severity, registry.rule_in_force(r, $1) FROM registry.rule r"
};

static LawQuery parameters_query = {
	"SELECT r.rule_id, p.key, CASE jsonb_typeof(p.value) "
	"WHEN 'boolean' THEN p.value::boolean::int::text WHEN 'number' THEN p.value::text END "
	"FROM registry.rule r, jsonb_each(r.parameters) p WHERE r.parameters <> '{}' AND $1 IS NOT NULL"
};

static LawQuery pairs_query = {
	"SELECT c.rule_id, f.bit, s.bit, c.first_use = 'benefit', c.second_use = 'benefit', "
	"c.area, c.employer, c.condition, c.keep, coalesce((r.parameters ->> 'least_months')::int, 1) "
	"FROM registry.conflict_rule c "
	"JOIN registry.rule r ON r.rule_id = c.rule_id "
	"JOIN registry.scheme f ON f.scheme = c.first_scheme "
	"JOIN registry.scheme s ON s.scheme = c.second_scheme "
	"WHERE c.active AND c.valid_from <= $1 AND coalesce(c.valid_to, 'infinity') >= $1 "
	"ORDER BY f.bit, c.first_use, s.bit, c.second_use, c.precedence, c.rule_id"
};

/* Every query of the law has one argument, the reference date. */
static uint64
run_query(LawQuery *query, DateADT reference)
{
	Oid			type = DATEOID;
	Datum		argument = DateADTGetDatum(reference);
	int			result;

	if (query->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(query->text, 1, &type);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		query->plan = plan;
	}
	result = SPI_execute_plan(query->plan, &argument, NULL, true, 0);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

static char *
query_text(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

static int64
query_int(uint64 row, int column)
{
	char	   *text = query_text(row, column);

	return text == NULL ? -1 : pg_strtoint64(text);
}

static bool
query_bool(uint64 row, int column)
{
	char	   *text = query_text(row, column);

	return text != NULL && text[0] == 't';
}

static void
load_schemes(Calendar *calendar, DateADT reference)
{
	static const char *const kinds[KIND_COUNT] = {"pension", "medical", "unemployment", "injury", "maternity"};
	uint64		count = run_query(&schemes_query, reference);

	for (uint64 i = 0; i < count; i++)
	{
		int			bit = (int) query_int(i, 1);

		calendar->lag_months[bit] = (int) query_int(i, 2);
		calendar->of_kind[lookup_name(kinds, KIND_COUNT, query_text(i, 3), "insurance kind")] |= SCHEME_BIT(bit);
	}
	memcpy(calendar->satisfying, calendar->of_kind, sizeof(calendar->satisfying));
	count = run_query(&mergers_query, reference);
	for (uint64 i = 0; i < count; i++)
		calendar->satisfying[lookup_name(kinds, KIND_COUNT, query_text(i, 1), "insurance kind")] |=
			SCHEME_BIT(query_int(i, 2));
}

static void
load_retirement(Calendar *calendar, DateADT reference)
{
	uint64		count = run_query(&ages_query, reference);

	for (uint64 i = 0; i < count; i++)
	{
		int			kind = lookup_name(worker_kind_names, WORKER_KIND_COUNT, query_text(i, 1), "worker kind");
		RetirementRule *rule = &calendar->retirement[kind];
		int64		first = query_int(i, 3);

		calendar->has_retirement[kind] = true;
		rule->old_age = (int) query_int(i, 2);
		rule->first_delayed = first < 0 ? MONTH_NONE : month_from_yyyymm((int32) first);
		rule->births_per_month = (int) query_int(i, 4);
		rule->cap = (int) query_int(i, 5);
		rule->earlier = (int) query_int(i, 6);
		rule->later = (int) query_int(i, 7);
	}
	count = run_query(&minimum_query, reference);
	for (uint64 i = 0; i < count; i++)
		for (int year = Max((int) query_int(i, 1) - MINIMUM_FIRST_YEAR, 0); year < MINIMUM_YEARS; year++)
			calendar->minimum_months[year] = (int) query_int(i, 2);
}

void
load_calendar(Calendar *calendar, DateADT reference)
{
	DueRule    *rules;
	uint64		count;

	calendar->reference = reference;
	calendar->month = month_of_date(reference);
	load_schemes(calendar, reference);
	load_retirement(calendar, reference);

	count = run_query(&duties_query, reference);
	rules = palloc0(sizeof(DueRule) * Max(count, 1));
	for (uint64 i = 0; i < count; i++)
	{
		rules[i].condition = lookup_name(due_condition_names, DUE_CONDITION_COUNT, query_text(i, 1), "condition");
		rules[i].due = (uint8) query_int(i, 2);
		rules[i].injury_by_employer = query_bool(i, 3);
		rules[i].class = lookup_name(person_class_names, CLASS_COUNT, query_text(i, 4), "class");
	}
	calendar->due_rules = rules;
	calendar->due_rule_count = (int) count;
}

static int
compare_rules(const void *a, const void *b)
{
	return strcmp(((const RuleEntry *) a)->rule_id, ((const RuleEntry *) b)->rule_id);
}

const RuleEntry *
find_rule(const RuleList *rules, const char *rule_id)
{
	RuleEntry	wanted;

	strlcpy(wanted.rule_id, rule_id, RULE_ID_SIZE);
	return bsearch(&wanted, rules->entries, rules->count, sizeof(RuleEntry), compare_rules);
}

static void
load_rules(RuleList *rules, DateADT reference)
{
	uint64		count = run_query(&catalogue_query, reference);

	rules->entries = palloc0(sizeof(RuleEntry) * Max(count, 1));
	rules->count = (int) count;
	for (uint64 i = 0; i < count; i++)
	{
		strlcpy(rules->entries[i].rule_id, query_text(i, 1), RULE_ID_SIZE);
		rules->entries[i].severity = query_text(i, 2)[0];
		rules->entries[i].active = query_bool(i, 3);
	}
	qsort(rules->entries, rules->count, sizeof(RuleEntry), compare_rules);
}

/* text: the parameter as it was read, NULL when it is missing or no number */
static void
check_parameter(const RuleParameterPlace *place, const char *text, int64 value)
{
	if (text != NULL && value >= place->low && value <= place->high)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("parameter \"%s\" of rule %s must be a whole number from %d to %d",
					place->name, place->rule_id, place->low, place->high),
			 text == NULL ? errdetail("It is missing, or not a number.") : errdetail("It is %s.", text),
			 errhint("Correct it: SELECT registry.set_rule('%s', parameters => '{\"%s\": …}').",
					 place->rule_id, place->name)));
}

static void
load_parameters(RuleBook *book, DateADT reference)
{
	uint64		count = run_query(&parameters_query, reference);

	for (int i = 0; i < PARAMETER_COUNT; i++)
	{
		const RuleParameterPlace *place = &rule_parameters[i];
		char	   *text = NULL;
		int64		value = -1;

		for (uint64 row = 0; row < count; row++)
			if (strcmp(query_text(row, 1), place->rule_id) == 0 && strcmp(query_text(row, 2), place->name) == 0)
				text = query_text(row, 3);
		if (text != NULL && strspn(text, "0123456789") == strlen(text) && strlen(text) <= 9)
			value = pg_strtoint64(text);
		check_parameter(place, text, value);
		book->parameter[i] = (int) value;
	}
}

static void
load_conflicts(RuleBook *book, DateADT reference)
{
	ConflictRule *conflicts;
	uint64		count = run_query(&pairs_query, reference);

	conflicts = palloc0(sizeof(ConflictRule) * Max(count, 1));
	for (uint64 i = 0; i < count; i++)
	{
		ConflictRule *rule = &conflicts[i];

		strlcpy(rule->rule_id, query_text(i, 1), RULE_ID_SIZE);
		rule->first_scheme = (int8) query_int(i, 2);
		rule->second_scheme = (int8) query_int(i, 3);
		rule->first_benefit = query_bool(i, 4);
		rule->second_benefit = query_bool(i, 5);
		rule->area = lookup_name(pair_relation_names, PAIR_RELATION_COUNT, query_text(i, 6), "area");
		rule->employer = lookup_name(pair_relation_names, PAIR_RELATION_COUNT, query_text(i, 7), "employer");
		rule->condition = lookup_name(pair_condition_names, PAIR_CONDITION_COUNT, query_text(i, 8), "condition");
		rule->keep = lookup_name(keep_policy_names, KEEP_POLICY_COUNT, query_text(i, 9), "keep policy");
		rule->least_months = (int) query_int(i, 10);
	}
	book->conflicts = conflicts;
	book->conflict_count = (int) count;
}

void
load_rule_book(RuleBook *book, RuleList *rules, DateADT reference)
{
	load_rules(rules, reference);
	load_parameters(book, reference);
	for (int i = 0; i < TIMED_RULE_COUNT; i++)
	{
		const RuleEntry *rule = find_rule(rules, timed_rule_ids[i]);

		book->on[i] = rule != NULL && rule->active;
	}
	load_conflicts(book, reference);
}

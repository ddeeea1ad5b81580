/*
 * law_book.c
 *		Reads the law of a day and the rules in force on it.  Nothing of either
 *		is written into the code: ages, months, pairs and duties are rows.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "compare/law_book.h"
#include "compat.h"

REGISTRY_FUNCTION(registry_law_changed);

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

/*
 * The law of one day as this session read it last, for single edits, which would
 * spend most of their time reading it.  Whoever changes a table of the law tells
 * all sessions (law_changed) by the messages with which the server invalidates
 * its own caches.
 */
static const char *const law_tables[] = {
	"scheme", "scheme_merger", "retirement_rule", "minimum_contribution", "due_rule", "rule", "conflict_rule"
};

static struct
{
	MemoryContext context;
	Oid			tables[lengthof(law_tables)];
	uint64		changes;		/* of the law, as far as this session was told */
	uint64		read_at;		/* changes when it was read */
	bool		read;
	Calendar	calendar;
	RuleBook	book;
	RuleList	rules;
}			kept;

static void
note_change(Datum arg, Oid relation)
{
	for (int i = 0; i < lengthof(law_tables); i++)
		if (relation == InvalidOid || relation == kept.tables[i])
			kept.changes++;
}

static void *
copy_kept(const void *array, size_t size)
{
	return memcpy(MemoryContextAlloc(kept.context, Max(size, 1)), array, size);
}

static void
load_both(Calendar *calendar, RuleBook *book, RuleList *rules, DateADT reference)
{
	load_calendar(calendar, reference);
	load_rule_book(book, rules, reference);
}

static void
read_kept(DateADT reference)
{
	Oid			schema = get_namespace_oid("registry", false);
	uint64		changes;

	if (kept.context == NULL)
	{
		kept.context = AllocSetContextCreate(TopMemoryContext, "registry law", ALLOCSET_SMALL_SIZES);
		CacheRegisterRelcacheCallback(note_change, (Datum) 0);
	}
	kept.read = false;
	MemoryContextReset(kept.context);
	memset(&kept.calendar, 0, sizeof(kept.calendar));
	memset(&kept.book, 0, sizeof(kept.book));
	for (int i = 0; i < lengthof(law_tables); i++)
		kept.tables[i] = get_relname_relid(law_tables[i], schema);

	/* what commits after this snapshot sends its message after it */
	AcceptInvalidationMessages();
	changes = kept.changes;
	PushActiveSnapshot(GetLatestSnapshot());
	load_both(&kept.calendar, &kept.book, &kept.rules, reference);
	PopActiveSnapshot();
	kept.calendar.due_rules = copy_kept(kept.calendar.due_rules, sizeof(DueRule) * kept.calendar.due_rule_count);
	kept.book.conflicts = copy_kept(kept.book.conflicts, sizeof(ConflictRule) * kept.book.conflict_count);
	kept.rules.entries = copy_kept(kept.rules.entries, sizeof(RuleEntry) * kept.rules.count);
	kept.read_at = changes;
	kept.read = true;
}

/* few: for so few persons that reading the law would take longer than judging them */
void
load_law(Calendar *calendar, RuleBook *book, RuleList *rules, DateADT reference, bool few)
{
	/* an older snapshot sees an older law, which is nobody else's */
	if (!few || IsolationUsesXactSnapshot())
	{
		load_both(calendar, book, rules, reference);
		return;
	}
	AcceptInvalidationMessages();
	if (!kept.read || kept.read_at != kept.changes || kept.calendar.reference != reference)
		read_kept(reference);
	*calendar = kept.calendar;
	*book = kept.book;
	*rules = kept.rules;
}

/*
 * law_changed() returns trigger
 *		After a statement on a table of the law: sessions that keep it read it anew.
 */
Datum
registry_law_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("law_changed() must be called by a trigger")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	PG_RETURN_POINTER(NULL);
}

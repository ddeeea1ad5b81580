/*
 * judge.c
 *		The recompute: reads what is known about a set of persons in the order
 *		of their ids, classifies each, applies the rules, and writes the new
 *		state and the findings into two tables for the caller to apply.
 *
 * One pass over sorted cursors, whatever the size of the set: a full run passes
 * everybody, a batch the persons it touched.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/jsonb.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "citizen/citizen_id.h"
#include "citizen/document.h"
#include "classify/classify.h"
#include "compare/compare.h"
#include "compare/fact_stream.h"
#include "compare/law_book.h"
#include "compare/row_writer.h"
#include "compat.h"
#include "name/name.h"
#include "problem/problem.h"
#include "region/region_code.h"
#include "region/region_history.h"

REGISTRY_FUNCTION(registry_judge_persons);

/* ---- the person's row ---- */

/* Columns that judge_persons() computes, in the order of the verdict table. */
enum PersonColumn
{
	PERSON_ID, PERSON_TERRITORY, PERSON_CITIZEN_ID, PERSON_ID_KIND, PERSON_ID_NO,
	PERSON_NAME, PERSON_NAME_KEY, PERSON_SEX, PERSON_BIRTH_DATE, PERSON_ETHNIC,
	PERSON_HUKOU_REGION, PERSON_RESIDENCE_REGION, PERSON_PHONE, PERSON_ADDRESS,
	PERSON_LIFE_STATUS, PERSON_LIFE_SINCE, PERSON_EMPLOYMENT, PERSON_WORKER_KIND,
	PERSON_PAYING, PERSON_RECEIVING, PERSON_PAUSED, PERSON_ELSEWHERE,
	PERSON_DUE, PERSON_GAP, PERSON_STANDING, PERSON_CLASS, PERSON_WORK_STATE,
	PERSON_NEXT_CHANGE, PERSON_COLUMN_COUNT
};

#define PERSON_COLUMNS(p) \
	p "person_id, " p "territory, " p "citizen_id, " p "id_kind, " p "id_no, " \
	p "name, " p "name_key, " p "sex, " p "birth_date, " p "ethnic, " \
	p "hukou_region, " p "residence_region, " p "phone, " p "address, " \
	p "life_status, " p "life_since, " p "employment, " p "worker_kind, " \
	p "paying, " p "receiving, " p "paused, " p "elsewhere, " \
	p "due, " p "gap, " p "standing, " p "class, " p "work_state, " p "next_change"

/* What the verdict table adds: how the row relates to the stored one. */
enum VerdictColumn
{
	VERDICT_IS_NEW = PERSON_COLUMN_COUNT,	/* no stored row */
	VERDICT_CHANGED,			/* stored row differs */
	VERDICT_ROWS_ELSEWHERE,		/* a row of the person carries another territory */
	VERDICT_OLD_TERRITORY,
	VERDICT_OLD_STANDING,
	VERDICT_OLD_CLASS,
	VERDICT_COLUMN_COUNT
};

static const char *const verdict_columns[VERDICT_COLUMN_COUNT] = {
	"person_id", "territory", "citizen_id", "id_kind", "id_no", "name", "name_key", "sex", "birth_date", "ethnic",
	"hukou_region", "residence_region", "phone", "address", "life_status", "life_since", "employment", "worker_kind",
	"paying", "receiving", "paused", "elsewhere", "due", "gap", "standing", "class", "work_state", "next_change",
	"is_new", "changed", "rows_elsewhere", "old_territory", "old_standing", "old_class"
};

enum FindingColumn
{
	FINDING_PERSON_ID, FINDING_TERRITORY, FINDING_RULE_ID, FINDING_KEY, FINDING_EMPLOYER,
	FINDING_SCHEMES, FINDING_MONTHS, FINDING_AMOUNT, FINDING_KEEP, FINDING_EVIDENCE,
	FINDING_COLUMN_COUNT
};

static const char *const finding_columns[FINDING_COLUMN_COUNT] = {
	"person_id", "territory", "rule_id", "finding_key", "employer", "schemes", "months", "amount", "keep", "evidence"
};

/*
 * How good a row's claim is to give a person of several numbers the number: the
 * smaller rank wins, then the smaller origin.  Rows of one number are equal.
 */
enum NumberRank
{
	RANK_NONE,					/* no row yet */
	RANK_HOUSEHOLD_LIVE, RANK_MIGRANT_LIVE, RANK_HOUSEHOLD, RANK_MIGRANT,
	RANK_OWN_LIST,				/* in no register, the number by which the person is kept */
	RANK_LIST
};

typedef struct NumberClaim
{
	int			rank;
	int64		origin;			/* person that the row's number first led to */
} NumberClaim;

/* Items that an office or a survey states of a person (registry.person_item). */
enum
{
	HAND_PHONE, HAND_ADDRESS, HAND_ETHNIC, HAND_RESIDENCE_REGION, HAND_EMPLOYMENT, HAND_WORKER_KIND, HAND_ITEM_COUNT
};

static const struct
{
	const char *name;
	int			column;
}			hand_items[HAND_ITEM_COUNT] = {
	{"phone", PERSON_PHONE}, {"address", PERSON_ADDRESS}, {"ethnic", PERSON_ETHNIC},
	{"residence_region", PERSON_RESIDENCE_REGION}, {"employment", PERSON_EMPLOYMENT}, {"worker_kind", PERSON_WORKER_KIND}
};

typedef struct HandItem
{
	bool		stated;
	char	   *value;			/* NULL: stated to be unknown */
} HandItem;

/* What the sources say of the items of a person. */
typedef struct PersonItems
{
	CitizenId	citizen_id;
	char	   *id_kind;
	char	   *number;
	char	   *name;
	char	   *name_key;
	int			name_rank;		/* how good its source is, when no register's */
	bool		name_from_register;
	bool		phone_from_register;
	char	   *former_keys[8];
	int			former_count;
	char	   *other_keys[8];	/* name keys of the other register rows */
	int			other_count;
	NumberClaim citizen_claim;	/* of the row that citizen_id is of */
	NumberClaim number_claim;	/* of the row that number is of */
	NumberClaim register_claim;	/* of the register row preferred for the items */
	char	   *variant_key;	/* of name, made when first needed */
	char	   *sex;
	char	   *ethnic;
	bool		has_birth_date;
	DateADT		birth_date;
	RegionCode	hukou_region;
	RegionCode	residence_region;
	RegionCode	row_territory;	/* of the rows, when they all carry one */
	bool		rows_differ;	/* they carry different ones, or none */
	RegionCode	agency;			/* newest agency region */
	Month		agency_since;	/* 开始年月 of its row */
	char	   *phone;
	char	   *address;
	HandItem	hand[HAND_ITEM_COUNT];
} PersonItems;

/* State of one call. */
typedef struct Judge
{
	Calendar	calendar;
	RuleBook	book;
	RuleList	rules;
	RegionCode	home;
	FactStream *population;
	FactStream *enrolment;
	FactStream *circumstance;
	FactStream *elsewhere;
	FactStream *stated;			/* rows of registry.person_item */
	FactStream *stored;			/* rows of registry.person */
	FactStream *handling;		/* what offices decided */
	FactStream *touched;		/* NULL when everybody is judged */
	RowWriter  *verdicts;
	RowWriter  *findings;
	MemoryContext person_context;
	Dossier		dossier;
	int			register_room;
	int			enrolment_room;
	int			circumstance_room;
	int			elsewhere_room;
	PersonItems items;
	Finding    *found;			/* findings of the current person */
	int			found_count;
	int			found_room;
} Judge;

/* Makes room for one more element of an array that lives as long as the call. */
#define ROOM_FOR_ONE_MORE(array, count, room) \
	do { \
		if ((count) == (room)) \
		{ \
			(room) = (room) == 0 ? 16 : (room) * 2; \
			(array) = (array) == NULL ? \
				MemoryContextAlloc(GetMemoryChunkContext(judge), (room) * sizeof(*(array))) : \
				repalloc((array), (room) * sizeof(*(array))); \
		} \
	} while (0)

static bool
claim_is_better(NumberClaim claim, NumberClaim held)
{
	return held.rank == RANK_NONE || claim.rank < held.rank ||
		(claim.rank == held.rank && claim.origin < held.origin);
}

/* Outside the registers the number by which the person is kept goes first. */
static NumberClaim
claim_of_list(const FactStream *stream, int origin)
{
	NumberClaim claim = {RANK_LIST, stream_int64(stream, origin, stream->person_id)};

	if (claim.origin == stream->person_id)
		claim.rank = RANK_OWN_LIST;
	return claim;
}

/* What every kind of row says: whose it is, and which territory it carries. */
static void
note_identity(PersonItems *items, const FactStream *stream, int citizen_id, int id_kind, int number, int territory,
			  NumberClaim claim)
{
	RegionCode	of_row = stream_int64(stream, territory, 0);
	CitizenId	of_number = stream_int64(stream, citizen_id, 0);

	if (items->number == NULL)
		items->row_territory = of_row;
	items->rows_differ |= of_row == 0 || of_row != items->row_territory;
	if (of_number != 0 && claim_is_better(claim, items->citizen_claim))
	{
		items->citizen_id = of_number;
		items->citizen_claim = claim;
	}
	if (claim_is_better(claim, items->number_claim))
	{
		items->id_kind = stream_text(stream, id_kind);
		items->number = stream_text(stream, number);
		items->number_claim = claim;
	}
}

/* The register's answer to a name given under the person's number (design: identity). */
static NameAnswer
answer_name(PersonItems *items, const char *name, const char *key)
{
	char	   *variant;

	if (!items->name_from_register)
		return name_is_invalid(name, strlen(name)) ? NAME_INVALID : NAME_NOT_ASKED;
	if (strcmp(key, items->name_key) == 0)
		return NAME_SAME;
	for (int i = 0; i < items->other_count; i++)
		if (strcmp(key, items->other_keys[i]) == 0)
			return NAME_SAME;
	if (name_is_invalid(name, strlen(name)))
		return NAME_INVALID;
	if (items->variant_key == NULL)
		items->variant_key = name_variant_key_text(items->name, strlen(items->name));
	variant = name_variant_key_text(name, strlen(name));
	if (strcmp(variant, items->variant_key) == 0)
		return NAME_SAME;
	for (int i = 0; i < items->former_count; i++)
		if (strcmp(key, items->former_keys[i]) == 0)
			return NAME_FORMER;
	return name_similarity_texts(name, strlen(name), items->name, strlen(items->name)) >= 0.5f ?
		NAME_SIMILAR : NAME_UNRELATED;
}

/* What equals the register's name holds no damage of its own; what is no name is no damaged one. */
static bool
name_may_be_garbled(NameAnswer answer)
{
	return answer != NAME_SAME && answer != NAME_INVALID;
}

static bool
is_legacy15(const FactStream *stream, int repair)
{
	char	   *text = stream_text(stream, repair);

	return text != NULL && strcmp(text, "legacy15") == 0;
}

/* ---- population ---- */

#define POPULATION_QUERY \
	"SELECT p.person_id, p.citizen_id, p.id_kind, p.number, p.repair, p.name, p.name_key, " \
	"p.former_name, p.sex, p.ethnic, p.birth_date, p.hukou_region, p.hukou_address, " \
	"p.residence_region, p.residence_address, p.phone, p.status, p.status_date, " \
	"p.territory, p.source <> 'police_migrant', p.status = 32 AND p.cancel_reason LIKE '%重复%', " \
	"p.origin_person, p.ended_on IS NOT NULL FROM registry.population p"
enum
{
	POP_PERSON, POP_CITIZEN_ID, POP_ID_KIND, POP_NUMBER, POP_REPAIR, POP_NAME, POP_NAME_KEY,
	POP_FORMER_NAME, POP_SEX, POP_ETHNIC, POP_BIRTH, POP_HUKOU, POP_HUKOU_ADDRESS,
	POP_RESIDENCE, POP_RESIDENCE_ADDRESS, POP_PHONE, POP_STATUS, POP_STATUS_DATE,
	POP_TERRITORY, POP_HOUSEHOLD, POP_DOUBLE, POP_ORIGIN, POP_ENDED, POP_COLUMNS
};

static void
note_former_name(PersonItems *items, const FactStream *stream)
{
	char	   *former = stream_text(stream, POP_FORMER_NAME);

	if (former != NULL && items->former_count < lengthof(items->former_keys))
		items->former_keys[items->former_count++] = name_key_text(former, strlen(former));
}

static void
note_other_key(PersonItems *items, char *key)
{
	if (key != NULL && items->other_count < lengthof(items->other_keys))
		items->other_keys[items->other_count++] = key;
}

/*
 * Items of a register row: the household register goes before the migrant one,
 * and in one register, where a person has several numbers, the number of a
 * living person before one that is struck off.
 */
static void
note_register_items(PersonItems *items, const FactStream *stream, NumberClaim claim)
{
	char	   *address = stream_text(stream, POP_RESIDENCE_ADDRESS);
	bool		household = stream_bool(stream, POP_HOUSEHOLD);
	bool		preferred;

	if (claim.rank == RANK_MIGRANT_LIVE)
		claim.rank = RANK_HOUSEHOLD;
	else if (claim.rank == RANK_HOUSEHOLD)
		claim.rank = RANK_MIGRANT_LIVE;
	preferred = claim_is_better(claim, items->register_claim) ||
		(household && claim.rank == items->register_claim.rank && claim.origin == items->register_claim.origin);
	if (preferred)
		items->register_claim = claim;

	if (address == NULL)
		address = stream_text(stream, POP_HUKOU_ADDRESS);
	if (preferred || items->name == NULL)
	{
		if (items->name_from_register)
			note_other_key(items, items->name_key);
		items->name = stream_text(stream, POP_NAME);
		items->name_key = stream_text(stream, POP_NAME_KEY);
		items->name_from_register = true;
	}
	else
		note_other_key(items, stream_text(stream, POP_NAME_KEY));
#define TAKE(item, value) \
	do { if (preferred ? (value) != 0 : items->item == 0) items->item = (value); } while (0)
	TAKE(sex, stream_text(stream, POP_SEX));
	TAKE(ethnic, stream_text(stream, POP_ETHNIC));
	TAKE(hukou_region, stream_int64(stream, POP_HUKOU, 0));
	TAKE(residence_region, stream_int64(stream, POP_RESIDENCE, 0));
	TAKE(phone, stream_text(stream, POP_PHONE));
	TAKE(address, address);
#undef TAKE
	if (!items->has_birth_date || preferred)
		items->has_birth_date = stream_date(stream, POP_BIRTH, &items->birth_date);
	note_former_name(items, stream);
}

/* A person whom the police hold as present, soldiers and prisoners among them. */
static bool
is_police_live(int status)
{
	return status == LIFE_REGISTERED || status == LIFE_ARMY || status == LIFE_PRISON;
}

/* A living person's number goes before one that is struck off, the household register before the migrant one. */
static NumberClaim
claim_of_register(const FactStream *stream)
{
	bool		live = is_police_live(stream_int16(stream, POP_STATUS));
	NumberClaim claim = {.origin = stream_int64(stream, POP_ORIGIN, stream->person_id)};

	if (stream_bool(stream, POP_HOUSEHOLD))
		claim.rank = live ? RANK_HOUSEHOLD_LIVE : RANK_HOUSEHOLD;
	else
		claim.rank = live ? RANK_MIGRANT_LIVE : RANK_MIGRANT;
	return claim;
}

/*
 * Who lives under a corrected number did not move away under the old one: its
 * entry is only the trace of the correction.
 */
static void
drop_superseded_registers(Dossier *dossier, int64 living_origin)
{
	int			kept = 0;

	for (int i = 0; i < dossier->register_count; i++)
	{
		RegisterFact *row = &dossier->registers[i];

		if (row->origin != living_origin && row->status >= LIFE_MOVED_IN_PROVINCE && row->status <= LIFE_CANCELLED)
			continue;
		dossier->registers[kept++] = *row;
	}
	dossier->register_count = kept;
}

static void
read_population(Judge *judge, int64 person_id)
{
	FactStream *stream = judge->population;
	Dossier    *dossier = &judge->dossier;

	for (; stream->person_id == person_id; stream_advance(stream))
	{
		NumberClaim claim = claim_of_register(stream);
		RegisterFact *row;
		char	   *sex;
		char	   *name;

		note_identity(&judge->items, stream, POP_CITIZEN_ID, POP_ID_KIND, POP_NUMBER, POP_TERRITORY, claim);
		note_register_items(&judge->items, stream, claim);
		if (stream_bool(stream, POP_ENDED))
			continue;
		ROOM_FOR_ONE_MORE(dossier->registers, dossier->register_count, judge->register_room);
		row = &dossier->registers[dossier->register_count++];
		row->household = stream_bool(stream, POP_HOUSEHOLD);
		row->status = stream_int16(stream, POP_STATUS);
		row->has_status_date = stream_date(stream, POP_STATUS_DATE, &row->status_date);
		sex = stream_text(stream, POP_SEX);
		row->sex = sex == NULL ? 0 : sex[0];
		row->has_birth_date = stream_date(stream, POP_BIRTH, &row->birth_date);
		row->legacy15 = is_legacy15(stream, POP_REPAIR);
		name = stream_text(stream, POP_NAME);
		row->name_invalid = name_is_invalid(name, strlen(name));
		row->origin = claim.origin;
		row->name_garbled = !row->name_invalid && name_is_garbled(name);
		row->cancelled_as_double = stream_bool(stream, POP_DOUBLE);
		row->registered_six = region_code_six(stream_int64(stream, POP_HUKOU, 0));
	}
	if (judge->items.number_claim.rank == RANK_HOUSEHOLD_LIVE || judge->items.number_claim.rank == RANK_MIGRANT_LIVE)
		drop_superseded_registers(dossier, judge->items.number_claim.origin);
}

/* ---- enrolment ---- */

#define ENROLMENT_QUERY \
	"SELECT e.person_id, e.citizen_id, e.id_kind, e.number, e.repair, e.name, e.name_key, e.enrolment_id, " \
	"e.scheme, e.agency, e.enrol_status, e.pay_status, e.start_month, e.end_month, e.paid_through, " \
	"e.benefit_state, e.benefit_from, e.benefit_to, (e.benefit_monthly * 100)::bigint, e.identity, e.phone, e.territory, " \
	"e.scheme = 'P3' AND e.employer IN (SELECT i.employer FROM registry.employer_injury i), " \
	"e.scheme = 'M1' AND e.employer IN (SELECT i.employer FROM registry.employer_closed i), e.employer, " \
	"e.origin_person, e.ended_on IS NOT NULL " \
	"FROM registry.enrolment e"
enum
{
	ENR_PERSON, ENR_CITIZEN_ID, ENR_ID_KIND, ENR_NUMBER, ENR_REPAIR, ENR_NAME, ENR_NAME_KEY, ENR_ID,
	ENR_SCHEME, ENR_AGENCY, ENR_STATUS, ENR_PAY, ENR_START, ENR_END, ENR_THROUGH,
	ENR_BENEFIT_STATE, ENR_BENEFIT_FROM, ENR_BENEFIT_TO, ENR_MONTHLY, ENR_IDENTITY, ENR_PHONE, ENR_TERRITORY,
	ENR_EMPLOYER_INJURY, ENR_EMPLOYER_CLOSED, ENR_EMPLOYER, ENR_ORIGIN, ENR_ENDED, ENR_COLUMNS
};

static void
fill_enrolment(EnrolmentFact *row, const FactStream *stream)
{
	row->enrolment_id = stream_int64(stream, ENR_ID, 0);
	row->scheme = stream_scheme(stream, ENR_SCHEME);
	row->enrol_status = stream_int16(stream, ENR_STATUS);
	row->pay_status = stream_int16(stream, ENR_PAY);
	row->benefit_state = stream_int16(stream, ENR_BENEFIT_STATE);
	row->identity = stream_int16(stream, ENR_IDENTITY);
	row->employer_has_injury = stream_bool(stream, ENR_EMPLOYER_INJURY);
	row->employer_closed = stream_bool(stream, ENR_EMPLOYER_CLOSED);
	row->employer = stream_hash(stream, ENR_EMPLOYER);
	row->legacy15 = is_legacy15(stream, ENR_REPAIR);
	row->agency_six = region_code_six(stream_int64(stream, ENR_AGENCY, 0));
	row->start = stream_month(stream, ENR_START);
	row->end = stream_month(stream, ENR_END);
	row->paid_through = stream_month(stream, ENR_THROUGH);
	row->benefit_from = stream_month(stream, ENR_BENEFIT_FROM);
	row->benefit_to = stream_month(stream, ENR_BENEFIT_TO);
	row->benefit_cents = stream_int64(stream, ENR_MONTHLY, -1);
}

/*
 * Facts come in no particular order, and what is made of them must not depend
 * on it.  Where sources of one kind differ and none is better, the smaller text
 * is taken.
 */
static void
note_name(PersonItems *items, char *name, char *key, int source_rank)
{
	if (items->name_from_register ||
		(items->name != NULL &&
		 (source_rank > items->name_rank ||
		  (source_rank == items->name_rank && strcmp(name, items->name) >= 0))))
		return;
	items->name = name;
	items->name_key = key;
	items->name_rank = source_rank;
}

static void
note_phone(PersonItems *items, char *phone)
{
	if (phone != NULL && !items->phone_from_register &&
		(items->phone == NULL || strcmp(phone, items->phone) < 0))
		items->phone = phone;
}

/* The agency of the relation that began last. */
static void
note_agency(PersonItems *items, RegionCode agency, Month since)
{
	if (items->agency == 0 || since > items->agency_since ||
		(since == items->agency_since && agency < items->agency))
	{
		items->agency = agency;
		items->agency_since = since;
	}
}

static int
compare_enrolments(const void *a, const void *b)
{
	const EnrolmentFact *left = a;
	const EnrolmentFact *right = b;

	if (left->scheme != right->scheme)
		return left->scheme < right->scheme ? -1 : 1;
	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	if (left->agency_six != right->agency_six)
		return left->agency_six < right->agency_six ? -1 : 1;
	return left->enrolment_id < right->enrolment_id ? -1 : 1;
}

static void
read_enrolments(Judge *judge, int64 person_id)
{
	FactStream *stream = judge->enrolment;
	Dossier    *dossier = &judge->dossier;
	PersonItems *items = &judge->items;

	for (; stream->person_id == person_id; stream_advance(stream))
	{
		EnrolmentFact *row;
		char	   *name = stream_text(stream, ENR_NAME);
		char	   *key = stream_text(stream, ENR_NAME_KEY);

		note_identity(items, stream, ENR_CITIZEN_ID, ENR_ID_KIND, ENR_NUMBER, ENR_TERRITORY,
					  claim_of_list(stream, ENR_ORIGIN));
		note_phone(items, stream_text(stream, ENR_PHONE));
		if (!stream->nulls[ENR_AGENCY])
			note_agency(items, DatumGetInt64(stream->values[ENR_AGENCY]), stream_month(stream, ENR_START));
		if (!stream_bool(stream, ENR_ENDED))
		{
			ROOM_FOR_ONE_MORE(dossier->enrolments, dossier->enrolment_count, judge->enrolment_room);
			row = &dossier->enrolments[dossier->enrolment_count++];
			fill_enrolment(row, stream);
			row->name = answer_name(items, name, key);
			row->name_garbled = name_may_be_garbled(row->name) && name_is_garbled(name);
		}
		note_name(items, name, key, 1);
	}
	if (dossier->enrolment_count > 1)
		qsort(dossier->enrolments, dossier->enrolment_count, sizeof(EnrolmentFact), compare_enrolments);
}

/* ---- circumstances and enrolments elsewhere ---- */

#define CIRCUMSTANCE_QUERY \
	"SELECT c.person_id, c.citizen_id, c.id_kind, c.number, c.repair, c.name, c.name_key, " \
	"c.kind, c.start_date, c.end_date, c.territory, c.origin_person, c.ended_on IS NOT NULL FROM registry.circumstance c"
enum
{
	CIR_PERSON, CIR_CITIZEN_ID, CIR_ID_KIND, CIR_NUMBER, CIR_REPAIR, CIR_NAME, CIR_NAME_KEY,
	CIR_KIND, CIR_START, CIR_END, CIR_TERRITORY, CIR_ORIGIN, CIR_ENDED, CIR_COLUMNS
};

static CircumstanceKind
circumstance_kind(const char *kind)
{
	static const struct
	{
		const char *name;
		CircumstanceKind kind;
	}			kinds[] = {
		{"death", CIRCUMSTANCE_DEATH},
		{"prison", CIRCUMSTANCE_PRISON},
		{"army", CIRCUMSTANCE_ARMY},
		{"school", CIRCUMSTANCE_SCHOOL},
		{"settled_abroad", CIRCUMSTANCE_SETTLED_ABROAD},
		{"foreign_national", CIRCUMSTANCE_FOREIGN_NATIONAL},
	};

	for (int i = 0; i < lengthof(kinds); i++)
		if (strcmp(kinds[i].name, kind) == 0)
			return kinds[i].kind;
	return CIRCUMSTANCE_OTHER;
}

static void
read_circumstances(Judge *judge, int64 person_id)
{
	FactStream *stream = judge->circumstance;
	Dossier    *dossier = &judge->dossier;

	for (; stream->person_id == person_id; stream_advance(stream))
	{
		CircumstanceFact *row;
		char	   *name = stream_text(stream, CIR_NAME);
		char	   *key = stream_text(stream, CIR_NAME_KEY);

		note_identity(&judge->items, stream, CIR_CITIZEN_ID, CIR_ID_KIND, CIR_NUMBER, CIR_TERRITORY,
					  claim_of_list(stream, CIR_ORIGIN));
		if (!stream_bool(stream, CIR_ENDED))
		{
			ROOM_FOR_ONE_MORE(dossier->circumstances, dossier->circumstance_count, judge->circumstance_room);
			row = &dossier->circumstances[dossier->circumstance_count++];
			row->kind = circumstance_kind(stream_text(stream, CIR_KIND));
			row->has_start = stream_date(stream, CIR_START, &row->start);
			row->has_end = stream_date(stream, CIR_END, &row->end);
			row->legacy15 = is_legacy15(stream, CIR_REPAIR);
			row->name = answer_name(&judge->items, name, key);
			row->name_garbled = name_may_be_garbled(row->name) && name_is_garbled(name);
		}
		note_name(&judge->items, name, key, 2);
	}
}

#define ELSEWHERE_QUERY \
	"SELECT w.person_id, w.citizen_id, w.id_kind, w.number, w.repair, w.name, w.name_key, " \
	"w.scheme, w.region, w.enrol_status, w.pay_status, w.territory, w.origin_person, w.ended_on IS NOT NULL " \
	"FROM registry.elsewhere w"
enum
{
	ELS_PERSON, ELS_CITIZEN_ID, ELS_ID_KIND, ELS_NUMBER, ELS_REPAIR, ELS_NAME, ELS_NAME_KEY,
	ELS_SCHEME, ELS_REGION, ELS_STATUS, ELS_PAY, ELS_TERRITORY, ELS_ORIGIN, ELS_ENDED, ELS_COLUMNS
};

static void
read_elsewheres(Judge *judge, int64 person_id)
{
	FactStream *stream = judge->elsewhere;
	Dossier    *dossier = &judge->dossier;

	for (; stream->person_id == person_id; stream_advance(stream))
	{
		ElsewhereFact *row;
		char	   *name = stream_text(stream, ELS_NAME);
		char	   *key = stream_text(stream, ELS_NAME_KEY);

		note_identity(&judge->items, stream, ELS_CITIZEN_ID, ELS_ID_KIND, ELS_NUMBER, ELS_TERRITORY,
					  claim_of_list(stream, ELS_ORIGIN));
		if (!stream_bool(stream, ELS_ENDED))
		{
			ROOM_FOR_ONE_MORE(dossier->elsewheres, dossier->elsewhere_count, judge->elsewhere_room);
			row = &dossier->elsewheres[dossier->elsewhere_count++];
			row->scheme = stream_scheme(stream, ELS_SCHEME);
			row->enrol_status = stream_int16(stream, ELS_STATUS);
			row->pay_status = stream_int16(stream, ELS_PAY);
			row->other_region = !region_is_home(stream_int64(stream, ELS_REGION, 0), judge->home);
			row->legacy15 = is_legacy15(stream, ELS_REPAIR);
			row->name = answer_name(&judge->items, name, key);
			row->name_garbled = name_may_be_garbled(row->name) && name_is_garbled(name);
		}
		note_name(&judge->items, name, key, 3);
	}
}

/* ---- items stated by hand ---- */

#define STATED_QUERY \
	"SELECT i.person_id, i.item, i.value FROM registry.person_item i"
#define STATED_ORDER " ORDER BY i.person_id, i.since, i.noted_at, i.origin_person"
enum
{
	STATED_PERSON, STATED_ITEM, STATED_VALUE, STATED_COLUMNS
};

/* Of the same item the statement of the latest day holds, of one day the one noted last. */
static void
read_stated_items(Judge *judge, int64 person_id)
{
	FactStream *stream = judge->stated;

	while (stream->person_id < person_id)
		stream_advance(stream);
	for (; stream->person_id == person_id; stream_advance(stream))
	{
		char	   *item = stream_text(stream, STATED_ITEM);

		for (int i = 0; i < HAND_ITEM_COUNT; i++)
			if (strcmp(item, hand_items[i].name) == 0)
			{
				judge->items.hand[i].stated = true;
				judge->items.hand[i].value = stream_text(stream, STATED_VALUE);
			}
	}
}

/* The dwelling as it was stated goes before the registers', and decides the territory. */
static void
prefer_stated_dwelling(PersonItems *items)
{
	const HandItem *dwelling = &items->hand[HAND_RESIDENCE_REGION];
	RegionCode	code = 0;

	if (!dwelling->stated)
		return;
	if (dwelling->value != NULL && !region_code_parse(dwelling->value, strlen(dwelling->value), &code))
		code = 0;
	items->residence_region = code;
}

/* ---- one person ---- */

/* Rule ID11: in no published list, and none of the endings that real cards carry. */
static bool
region_was_never_issued(CitizenId id)
{
	int32		six = citizen_id_region_six(id);
	int			ending = six % 100;
	const RegionPeriod *periods;

	if (six >= 710000)			/* Taiwan, permits: no county codes */
		return false;
	if (ending == 1 || ending == 2 || ending == 11 || ending == 20)
		return false;
	return region_history_periods(six, &periods) == 0;
}

static void
complete_dossier(Judge *judge)
{
	Dossier    *dossier = &judge->dossier;
	PersonItems *items = &judge->items;

	dossier->citizen_id = items->citizen_id;
	dossier->has_birth_date = items->has_birth_date;
	dossier->birth_date = items->birth_date;
	dossier->number_sex = 0;
	dossier->sex = items->sex == NULL ? 0 : items->sex[0];
	dossier->region_never_issued = false;
	if (items->citizen_id != 0)
	{
		int			year,
					month,
					day;

		citizen_id_birth(items->citizen_id, &year, &month, &day);
		dossier->has_birth_date = true;
		dossier->birth_date = date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
		dossier->number_sex = citizen_id_sex_char(items->citizen_id);
		dossier->sex = dossier->number_sex;
		dossier->region_never_issued = region_was_never_issued(items->citizen_id);
	}
}

static void
keep_finding(const Finding *finding, void *state)
{
	Judge	   *judge = state;
	const RuleEntry *rule = find_rule(&judge->rules, finding->rule_id);

	if (rule == NULL || !rule->active)
		return;
	ROOM_FOR_ONE_MORE(judge->found, judge->found_count, judge->found_room);
	judge->found[judge->found_count++] = *finding;
}

static char
severity_of(const Judge *judge, const char *rule_id)
{
	const RuleEntry *rule = find_rule(&judge->rules, rule_id);

	return rule == NULL ? 'I' : rule->severity;
}

/*
 * Axis C, handling: 90 closed, 60 waits for an answer, 50 a scheme agency must
 * act, 20 to be filled in, 30 household survey, 10 confirmed without a visit.
 */
static int
find_work_state(const Judge *judge, const Verdict *verdict)
{
	bool		money_at_risk = false;
	bool		item_doubtful = false;

	if (verdict->class == CLASS_GONE)
		return 90;
	if (judge->handling->person_id == judge->dossier.person_id)
		return stream_int16(judge->handling, 1);
	if (verdict->class == CLASS_UNKNOWN)
		return 60;
	for (int i = 0; i < judge->found_count; i++)
	{
		const char *rule = judge->found[i].rule_id;
		char		severity = severity_of(judge, rule);

		money_at_risk |= severity == 'H';
		item_doubtful |= severity == 'E' ||
			(severity == 'M' && (strncmp(rule, "ID", 2) == 0 || strncmp(rule, "HK0", 3) == 0));
	}
	if (money_at_risk)
		return 50;
	if (verdict->gap != 0)
		return 30;
	return item_doubtful ? 20 : 10;
}

/* Employment of the registration form, code list emp_status. */
static const char *
find_employment_code(const Dossier *dossier, const Verdict *verdict)
{
	if (LIFE_IS_GONE(verdict->life_status))
		return NULL;
	if (verdict->employed)
		return "1";
	if (verdict->receiving & (SCHEME_BIT(SCHEME_P1) | SCHEME_BIT(SCHEME_P3)))
		return "7";
	for (int i = 0; i < dossier->enrolment_count; i++)
		if (dossier->enrolments[i].paying && dossier->enrolments[i].identity == 2)
			return "2";
	return verdict->student ? "5" : NULL;
}

static void
set_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	if (text != NULL)
		values[column] = CStringGetTextDatum(text);
}

static void
set_value(Datum *values, bool *nulls, int column, Datum value, bool present)
{
	nulls[column] = !present;
	values[column] = value;
}

static void
fill_identity(const Judge *judge, Datum *values, bool *nulls)
{
	const PersonItems *items = &judge->items;
	const Dossier *dossier = &judge->dossier;
	char		number[19];

	set_value(values, nulls, PERSON_CITIZEN_ID, CitizenIdGetDatum(items->citizen_id), items->citizen_id != 0);
	if (items->citizen_id != 0)
	{
		citizen_id_print(items->citizen_id, number);
		set_text(values, nulls, PERSON_ID_KIND, citizen_id_document_kind(items->citizen_id));
		set_text(values, nulls, PERSON_ID_NO, number);
	}
	else
	{
		set_text(values, nulls, PERSON_ID_KIND, items->id_kind != NULL ? items->id_kind : "99");
		set_text(values, nulls, PERSON_ID_NO, items->number != NULL ? items->number : "");
	}
	set_text(values, nulls, PERSON_NAME, items->name);
	set_text(values, nulls, PERSON_NAME_KEY, items->name_key);
	if (dossier->number_sex != 0)
		set_text(values, nulls, PERSON_SEX, dossier->number_sex == 'M' ? "M" : "F");
	else
		set_text(values, nulls, PERSON_SEX, items->sex);
	set_value(values, nulls, PERSON_BIRTH_DATE, DateADTGetDatum(dossier->birth_date), dossier->has_birth_date);
	set_text(values, nulls, PERSON_ETHNIC, items->ethnic);
	set_value(values, nulls, PERSON_HUKOU_REGION, RegionCodeGetDatum(items->hukou_region), items->hukou_region != 0);
	set_value(values, nulls, PERSON_RESIDENCE_REGION, RegionCodeGetDatum(items->residence_region),
			  items->residence_region != 0);
	set_text(values, nulls, PERSON_PHONE, items->phone);
	set_text(values, nulls, PERSON_ADDRESS, items->address);
}

/* A person whom no source names any more stays who it was. */
static void
keep_identity(const Judge *judge, TupleTableSlot *slot)
{
	for (int i = PERSON_TERRITORY; i <= PERSON_ADDRESS; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(slot->tts_tupleDescriptor, i);

		slot->tts_isnull[i] = judge->stored->nulls[i];
		if (!slot->tts_isnull[i])
			slot->tts_values[i] = datumCopy(judge->stored->values[i], attribute->attbyval, attribute->attlen);
	}
}

/*
 * Items stated by hand go before the registers'.  Of employment the employer's
 * declaration goes first, and death.
 */
static void
fill_stated_items(const Judge *judge, const Verdict *verdict, Datum *values, bool *nulls)
{
	for (int i = 0; i < HAND_ITEM_COUNT; i++)
	{
		const HandItem *item = &judge->items.hand[i];

		if (!item->stated || (i == HAND_EMPLOYMENT && (verdict->employed || LIFE_IS_GONE(verdict->life_status))))
			continue;
		if (i != HAND_RESIDENCE_REGION)
			set_text(values, nulls, hand_items[i].column, item->value);
		else
			set_value(values, nulls, PERSON_RESIDENCE_REGION,
					  RegionCodeGetDatum(judge->items.residence_region), judge->items.residence_region != 0);
	}
}

static void
fill_state(const Judge *judge, const Verdict *verdict, Datum *values, bool *nulls)
{
	set_value(values, nulls, PERSON_LIFE_STATUS, Int16GetDatum(verdict->life_status), true);
	set_value(values, nulls, PERSON_LIFE_SINCE, DateADTGetDatum(verdict->life_since), verdict->has_life_since);
	set_text(values, nulls, PERSON_EMPLOYMENT, find_employment_code(&judge->dossier, verdict));
	nulls[PERSON_WORKER_KIND] = true;
	set_value(values, nulls, PERSON_PAYING, CoverageGetDatum(verdict->paying), true);
	set_value(values, nulls, PERSON_RECEIVING, CoverageGetDatum(verdict->receiving), true);
	set_value(values, nulls, PERSON_PAUSED, CoverageGetDatum(verdict->paused), true);
	set_value(values, nulls, PERSON_ELSEWHERE, CoverageGetDatum(verdict->elsewhere), true);
	set_value(values, nulls, PERSON_DUE, Int16GetDatum(verdict->due), true);
	set_value(values, nulls, PERSON_GAP, Int16GetDatum(verdict->gap), true);
	set_value(values, nulls, PERSON_STANDING, Int32GetDatum(verdict->standing), true);
	set_text(values, nulls, PERSON_CLASS, person_class_names[verdict->class]);
	set_value(values, nulls, PERSON_WORK_STATE, Int32GetDatum(find_work_state(judge, verdict)), true);
	set_value(values, nulls, PERSON_NEXT_CHANGE, DateADTGetDatum(verdict->next_change),
			  verdict->next_change != DATEVAL_NOEND);
}

static bool
same_value(Form_pg_attribute attribute, Datum a, Datum b)
{
	if (attribute->attlen == -1)
	{
		struct varlena *left = (struct varlena *) DatumGetPointer(a);
		struct varlena *right = (struct varlena *) DatumGetPointer(b);

		left = PG_DETOAST_DATUM_PACKED(left);
		right = PG_DETOAST_DATUM_PACKED(right);
		return VARSIZE_ANY_EXHDR(left) == VARSIZE_ANY_EXHDR(right) &&
			memcmp(VARDATA_ANY(left), VARDATA_ANY(right), VARSIZE_ANY_EXHDR(left)) == 0;
	}
	return a == b;
}

/* Compares with the stored row of the person, if there is one. */
static void
compare_with_stored(Judge *judge, TupleTableSlot *slot, int64 person_id)
{
	FactStream *stored = judge->stored;
	Datum	   *values = slot->tts_values;
	bool	   *nulls = slot->tts_isnull;
	bool		is_new = stored->person_id != person_id;
	bool		changed = false;

	for (int i = 0; !is_new && !changed && i < PERSON_COLUMN_COUNT; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(slot->tts_tupleDescriptor, i);

		changed = nulls[i] != stored->nulls[i] ||
			(!nulls[i] && !same_value(attribute, values[i], stored->values[i]));
	}
	set_value(values, nulls, VERDICT_IS_NEW, BoolGetDatum(is_new), true);
	set_value(values, nulls, VERDICT_CHANGED, BoolGetDatum(changed), true);
	if (is_new)
		return;
	set_value(values, nulls, VERDICT_OLD_TERRITORY, stored->values[PERSON_TERRITORY], true);
	set_value(values, nulls, VERDICT_OLD_STANDING, stored->values[PERSON_STANDING], true);
	set_text(values, nulls, VERDICT_OLD_CLASS, TextDatumGetCString(stored->values[PERSON_CLASS]));
}

/* What a reader needs to follow the finding to its rows. */
static Datum
finding_evidence(const Finding *finding)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	if (finding->row_count > 0)
	{
		appendStringInfoString(&text, "\"enrolments\": [");
		for (int i = 0; i < finding->row_count; i++)
			appendStringInfo(&text, "%s" INT64_FORMAT, i > 0 ? ", " : "", finding->rows[i]);
		appendStringInfoChar(&text, ']');
	}
	if (finding->first_month != MONTH_NONE)
		appendStringInfo(&text, "%s\"first\": %d, \"last\": %d", finding->row_count > 0 ? ", " : "",
						 month_to_yyyymm(finding->first_month), month_to_yyyymm(finding->last_month));
	appendStringInfoChar(&text, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

static void
write_findings(Judge *judge, int64 person_id, RegionCode territory)
{
	for (int i = 0; i < judge->found_count; i++)
	{
		const Finding *finding = &judge->found[i];
		TupleTableSlot *slot = writer_slot(judge->findings);
		MemoryContext old = MemoryContextSwitchTo(judge->findings->context);
		Datum	   *values = slot->tts_values;
		bool	   *nulls = slot->tts_isnull;

		set_value(values, nulls, FINDING_PERSON_ID, Int64GetDatum(person_id), true);
		set_value(values, nulls, FINDING_TERRITORY, RegionCodeGetDatum(territory), true);
		set_text(values, nulls, FINDING_RULE_ID, finding->rule_id);
		set_value(values, nulls, FINDING_KEY, Int64GetDatum(finding->key), true);
		set_value(values, nulls, FINDING_SCHEMES, CoverageGetDatum(finding->schemes), true);
		set_value(values, nulls, FINDING_MONTHS, Int32GetDatum(finding->months), finding->months >= 0);
		if (finding->amount_cents >= 0)
			set_value(values, nulls, FINDING_AMOUNT,
					  NumericGetDatum(int64_div_fast_to_numeric(finding->amount_cents, 2)), true);
		set_text(values, nulls, FINDING_KEEP, finding->keep[0] != '\0' ? finding->keep : NULL);
		set_value(values, nulls, FINDING_EVIDENCE, finding_evidence(finding), true);
		writer_store(judge->findings, slot);
		MemoryContextSwitchTo(old);
	}
}

static void
judge_person(Judge *judge, int64 person_id)
{
	Dossier    *dossier = &judge->dossier;
	RegionCode	territory;
	Verdict		verdict;
	TupleTableSlot *slot;
	bool		has_facts;
	MemoryContext old = MemoryContextSwitchTo(judge->person_context);

	dossier->person_id = person_id;
	dossier->register_count = dossier->enrolment_count = 0;
	dossier->circumstance_count = dossier->elsewhere_count = 0;
	memset(&judge->items, 0, sizeof(judge->items));
	judge->found_count = 0;

	read_population(judge, person_id);
	if (judge->items.name_from_register && name_is_invalid(judge->items.name, strlen(judge->items.name)))
		judge->items.name_from_register = false;
	judge->items.phone_from_register = judge->items.phone != NULL;
	while (judge->handling->person_id < person_id)
		stream_advance(judge->handling);
	read_enrolments(judge, person_id);
	read_circumstances(judge, person_id);
	read_elsewheres(judge, person_id);
	read_stated_items(judge, person_id);
	prefer_stated_dwelling(&judge->items);
	has_facts = judge->items.number != NULL;
	if (!has_facts && judge->stored->person_id != person_id)
	{
		/* a number that came and went before anybody was judged: no person */
		MemoryContextSwitchTo(old);
		MemoryContextReset(judge->person_context);
		return;
	}
	complete_dossier(judge);

	territory = person_territory(judge->items.residence_region, judge->items.hukou_region,
								 judge->items.agency, judge->home);
	judge->book.dwelling_six = region_code_six(territory);
	judge->book.registered_six = region_code_six(judge->items.hukou_region);
	classify(dossier, &judge->calendar, &verdict);
	if (dossier->register_count + dossier->enrolment_count + dossier->circumstance_count + dossier->elsewhere_count > 0)
		detect_problems(dossier, &judge->calendar, &judge->book, &verdict, keep_finding, judge);
	else
		verdict.next_change = DATEVAL_NOEND;	/* nothing current is known of whom time could change */

	slot = writer_slot(judge->verdicts);
	MemoryContextSwitchTo(judge->verdicts->context);
	set_value(slot->tts_values, slot->tts_isnull, PERSON_ID, Int64GetDatum(person_id), true);
	set_value(slot->tts_values, slot->tts_isnull, PERSON_TERRITORY, RegionCodeGetDatum(territory), true);
	if (has_facts)
		fill_identity(judge, slot->tts_values, slot->tts_isnull);
	else
		keep_identity(judge, slot);
	fill_state(judge, &verdict, slot->tts_values, slot->tts_isnull);
	fill_stated_items(judge, &verdict, slot->tts_values, slot->tts_isnull);
	set_value(slot->tts_values, slot->tts_isnull, VERDICT_ROWS_ELSEWHERE,
			  BoolGetDatum(judge->items.rows_differ || (judge->items.number != NULL && judge->items.row_territory != territory)), true);
	compare_with_stored(judge, slot, person_id);
	writer_store(judge->verdicts, slot);
	write_findings(judge, person_id, territory);

	if (judge->stored->person_id == person_id)
		stream_advance(judge->stored);
	MemoryContextSwitchTo(old);
	MemoryContextReset(judge->person_context);
}

/*
 * Current rows in the order of the primary key; of persons who have none and
 * whose identity must be found afresh, those that ended last.
 */
static FactStream *
open_facts(const char *query, const char *alias, const char *id, int columns, bool everyone)
{
	const char *condition = everyone ? psprintf("WHERE %s.person_id > 0 AND %s.ended_on IS NULL", alias, alias) :
		psprintf("JOIN pg_temp.registry_touched t USING (person_id) WHERE (%s.ended_on IS NULL OR %s.ended_on = t.last_seen)",
				 alias, alias);

	return stream_open(psprintf("%s %s ORDER BY %s.person_id, %s.%s",
								query, condition, alias, alias, id), columns);
}

/* Up to so many persons are read by kept plans, all their rows at once. */
#define FEW_PERSONS 100

#define OF_FEW(query, alias, id) { \
	query " JOIN unnest($1, $2) AS t (person_id, last_seen) USING (person_id)" \
	" WHERE (" alias ".ended_on IS NULL OR " alias ".ended_on = t.last_seen)" \
	" ORDER BY " alias ".person_id, " alias "." id, NULL \
}

static KeptQuery few_touched = {
	"SELECT t.person_id, t.last_seen FROM pg_temp.registry_touched t WHERE t.person_id > 0 ORDER BY t.person_id LIMIT 101", NULL
};
static KeptQuery few_population = OF_FEW(POPULATION_QUERY, "p", "row_id");
static KeptQuery few_enrolment = OF_FEW(ENROLMENT_QUERY, "e", "enrolment_id");
static KeptQuery few_circumstance = OF_FEW(CIRCUMSTANCE_QUERY, "c", "circumstance_id");
static KeptQuery few_elsewhere = OF_FEW(ELSEWHERE_QUERY, "w", "elsewhere_id");
static KeptQuery few_stored = {
	"SELECT " PERSON_COLUMNS("p.") " FROM registry.person p WHERE p.person_id = ANY ($1) AND ($2 IS NOT NULL) ORDER BY p.person_id", NULL
};
static KeptQuery few_stated = {
	STATED_QUERY " WHERE i.person_id = ANY ($1) AND ($2 IS NOT NULL)" STATED_ORDER, NULL
};

static KeptQuery few_handling = {
	"SELECT h.person_id, h.work_state FROM registry.handling h WHERE h.person_id = ANY ($1) AND ($2 IS NOT NULL) ORDER BY h.person_id", NULL
};

/* Opens the streams over the persons touched when those are few. */
static bool
open_few(Judge *judge)
{
	FactStream *touched = stream_of_few(&few_touched, NULL, 2);
	int			count = (int) touched->count;
	Datum		persons[FEW_PERSONS];
	Datum		days[FEW_PERSONS];
	bool		no_day[FEW_PERSONS];
	Datum		arguments[2];
	int			bound = 1;

	if (count > FEW_PERSONS)
		return false;
	for (int i = 0; i < count; i++)
	{
		persons[i] = SPI_getbinval(touched->table->vals[i], touched->table->tupdesc, 1, &no_day[i]);
		days[i] = SPI_getbinval(touched->table->vals[i], touched->table->tupdesc, 2, &no_day[i]);
	}
	arguments[0] = PointerGetDatum(construct_array(persons, count, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	arguments[1] = PointerGetDatum(construct_md_array(days, no_day, 1, &count, &bound, DATEOID, 4, true, TYPALIGN_INT));
	judge->touched = touched;
	judge->population = stream_of_few(&few_population, arguments, POP_COLUMNS);
	judge->enrolment = stream_of_few(&few_enrolment, arguments, ENR_COLUMNS);
	judge->circumstance = stream_of_few(&few_circumstance, arguments, CIR_COLUMNS);
	judge->elsewhere = stream_of_few(&few_elsewhere, arguments, ELS_COLUMNS);
	judge->stored = stream_of_few(&few_stored, arguments, PERSON_COLUMN_COUNT);
	judge->stated = stream_of_few(&few_stated, arguments, STATED_COLUMNS);
	judge->handling = stream_of_few(&few_handling, arguments, 2);
	return true;
}

/* True when all rows of the persons were read at once. */
static bool
open_streams(Judge *judge, bool everyone)
{
	if (!everyone && open_few(judge))
		return true;
	judge->population = open_facts(POPULATION_QUERY, "p", "row_id", POP_COLUMNS, everyone);
	judge->enrolment = open_facts(ENROLMENT_QUERY, "e", "enrolment_id", ENR_COLUMNS, everyone);
	judge->circumstance = open_facts(CIRCUMSTANCE_QUERY, "c", "circumstance_id", CIR_COLUMNS, everyone);
	judge->elsewhere = open_facts(ELSEWHERE_QUERY, "w", "elsewhere_id", ELS_COLUMNS, everyone);
	judge->stored = stream_open(everyone ?
								"SELECT " PERSON_COLUMNS("p.") " FROM registry.person p ORDER BY p.person_id" :
								"SELECT " PERSON_COLUMNS("p.") " FROM registry.person p "
								"JOIN pg_temp.registry_touched t USING (person_id) ORDER BY p.person_id",
								PERSON_COLUMN_COUNT);
	judge->handling = stream_open(everyone ?
								  "SELECT h.person_id, h.work_state FROM registry.handling h ORDER BY h.person_id" :
								  "SELECT h.person_id, h.work_state FROM registry.handling h "
								  "JOIN pg_temp.registry_touched t USING (person_id) ORDER BY h.person_id", 2);
	judge->stated = stream_open(everyone ? STATED_QUERY STATED_ORDER :
								STATED_QUERY " JOIN pg_temp.registry_touched t USING (person_id)" STATED_ORDER, STATED_COLUMNS);
	judge->touched = everyone ? NULL :
		stream_open("SELECT t.person_id FROM pg_temp.registry_touched t WHERE t.person_id > 0 ORDER BY t.person_id", 1);
	return false;
}

static void
pause_for_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

static int64
next_person(const Judge *judge)
{
	int64		next;

	if (judge->touched != NULL)
		return judge->touched->person_id;
	next = judge->stored->person_id;
	next = Min(next, judge->population->person_id);
	next = Min(next, judge->enrolment->person_id);
	next = Min(next, judge->circumstance->person_id);
	return Min(next, judge->elsewhere->person_id);
}

/*
 * judge_persons(everyone boolean, reference date, home region_code, verdicts regclass, findings regclass)
 * returns bigint
 *
 *		Judges everybody, or the persons of pg_temp.registry_touched, by the law
 *		of the reference date.  Appends one row per person to verdicts and one
 *		per finding to findings (their columns: registry.create_recompute_tables).
 *		Returns the number of persons judged.
 */
Datum
registry_judge_persons(PG_FUNCTION_ARGS)
{
	bool		everyone = PG_GETARG_BOOL(0);
	DateADT		reference = PG_GETARG_DATEADT(1);
	Judge	   *judge;
	int64		person_id;
	int64		judged = 0;
	bool		few;

	SPI_connect();
	judge = palloc0(sizeof(Judge));
	judge->home = PG_GETARG_REGION_CODE(2);
	judge->verdicts = writer_open(PG_GETARG_OID(3), "person", verdict_columns, VERDICT_COLUMN_COUNT);
	judge->findings = writer_open(PG_GETARG_OID(4), "problem", finding_columns, FINDING_COLUMN_COUNT);
	judge->person_context = AllocSetContextCreate(CurrentMemoryContext, "registry person", ALLOCSET_DEFAULT_SIZES);
	few = open_streams(judge, everyone);
	load_law(&judge->calendar, &judge->book, &judge->rules, reference, few);
	judge->book.pause = pause_for_interrupts;

	while ((person_id = next_person(judge)) != NO_PERSON)
	{
		judge_person(judge, person_id);
		judged++;
		if (judge->touched != NULL)
			stream_advance(judge->touched);
	}

	stream_close(judge->population);
	stream_close(judge->enrolment);
	stream_close(judge->circumstance);
	stream_close(judge->elsewhere);
	stream_close(judge->stored);
	stream_close(judge->handling);
	stream_close(judge->stated);
	if (judge->touched != NULL)
		stream_close(judge->touched);
	writer_close(judge->verdicts);
	writer_close(judge->findings);
	SPI_finish();
	PG_RETURN_INT64(judged);
}

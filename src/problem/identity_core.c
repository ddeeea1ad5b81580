/*
 * identity_core.c
 *		The rules of numbers, names and register comparison, applied to one
 *		judged person.  Pure logic.
 */
#include "postgres.h"

#include "problem/detect.h"

/* ---- identity and names ---- */

typedef struct NameTally
{
	bool		similar;
	bool		unrelated;
	bool		invalid;
	bool		garbled;
	bool		legacy15;
} NameTally;

static void
tally_name(NameTally *tally, NameAnswer answer, bool garbled, bool legacy15)
{
	tally->similar |= answer == NAME_SIMILAR;
	tally->unrelated |= answer == NAME_UNRELATED;
	tally->invalid |= answer == NAME_INVALID;
	tally->garbled |= garbled;
	tally->legacy15 |= legacy15;
}

/*
 * Marks that a lost character leaves behind: ? (narrow or wide), the boxes □ and
 * ■, the geta mark 〓, U+FFFD, and private-use characters, which no fold could
 * name.
 */
bool
name_is_garbled(const char *name)
{
	for (const unsigned char *at = (const unsigned char *) name; *at != 0; at++)
	{
		if (*at == '?')
			return true;
		/* Han characters begin with e3 (geta and kana too) to e9; what follows is rare */
		if (*at < 0xe2 || (*at > 0xe3 && *at < 0xee))
			continue;
		if (at[0] == 0xe2 && at[1] == 0x96 && (at[2] == 0xa1 || at[2] == 0xa0))
			return true;
		if (at[0] == 0xe3 && at[1] == 0x80 && at[2] == 0x93)
			return true;
		if (at[0] == 0xee || at[0] == 0xf4 || (at[0] == 0xf3 && at[1] >= 0xb0))
			return true;
		if (at[0] == 0xef && (at[1] <= 0xa3 || (at[1] == 0xbc && at[2] == 0x9f) || (at[1] == 0xbf && at[2] == 0xbd)))
			return true;
	}
	return false;
}

/* A finding about names, with the enrolments under which they stand. */
static void
report_name(const Detection *detection, const char *rule_id, NameAnswer answer)
{
	const Dossier *dossier = detection->dossier;
	Finding		finding;

	finding_start(&finding, rule_id);
	for (int i = 0; i < dossier->enrolment_count; i++)
		if (dossier->enrolments[i].name == answer)
			finding_add_row(&finding, &dossier->enrolments[i]);
	finding.schemes = 0;		/* it is about the person */
	detection->sink(&finding, detection->state);
}

void
detect_names(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	NameTally	tally = {false, false, false, false, false};

	for (int i = 0; i < dossier->register_count; i++)
	{
		tally.legacy15 |= dossier->registers[i].legacy15;
		tally.invalid |= dossier->registers[i].name_invalid;
		tally.garbled |= dossier->registers[i].name_garbled;
	}
	for (int i = 0; i < dossier->enrolment_count; i++)
		tally_name(&tally, dossier->enrolments[i].name, dossier->enrolments[i].name_garbled, dossier->enrolments[i].legacy15);
	for (int i = 0; i < dossier->circumstance_count; i++)
		tally_name(&tally, dossier->circumstances[i].name, dossier->circumstances[i].name_garbled, dossier->circumstances[i].legacy15);
	for (int i = 0; i < dossier->elsewhere_count; i++)
		tally_name(&tally, dossier->elsewheres[i].name, dossier->elsewheres[i].name_garbled, dossier->elsewheres[i].legacy15);

	if (tally.legacy15)
		report_plain(detection, "ID06", 0);
	if (tally.invalid)
		report_name(detection, "ID22", NAME_INVALID);
	if (tally.garbled)
		report_plain(detection, "ID23", 0);
	if (tally.similar)
		report_name(detection, "HK02", NAME_SIMILAR);
	if (tally.unrelated)
		report_name(detection, "DP04", NAME_UNRELATED);
}

void
detect_identity(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	bool		sex_differs = false;
	bool		birth_differs = false;

	if (dossier->region_never_issued)
		report_plain(detection, "ID11", 0);
	if (dossier->citizen_id == 0)
		return;
	for (int i = 0; i < dossier->register_count; i++)
	{
		const RegisterFact *row = &dossier->registers[i];

		sex_differs |= row->sex != 0 && row->sex != dossier->number_sex;
		birth_differs |= row->has_birth_date && row->birth_date != dossier->birth_date;
	}
	if (sex_differs)
		report_plain(detection, "ID15", 0);
	if (birth_differs)
		report_plain(detection, "ID16", 0);
}

/* ---- comparison with the police registers ---- */

/* What the rows of the registers say beside the life status. */
static void
detect_register_rows(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	int32		home = 0;
	bool		arrested = false;
	bool		double_cancelled = false;
	bool		two_homes = false;
	bool		live = false;

	for (int i = 0; i < dossier->register_count; i++)
	{
		const RegisterFact *row = &dossier->registers[i];

		arrested |= row->status == LIFE_PRISON;
		double_cancelled |= row->cancelled_as_double;
		live |= row->status == LIFE_REGISTERED;
		if (!row->household || row->status != LIFE_REGISTERED || row->registered_six == 0)
			continue;
		two_homes |= home != 0 && home != row->registered_six;
		home = row->registered_six;
	}
	if (arrested)
		report_plain(detection, "HK07", 0);
	if (double_cancelled)
		report_plain(detection, "HK09", 0);
	if (two_homes)
		report_plain(detection, "HK16", 0);
	/* the life status says it already; the rule asks the police */
	if (live && detection->verdict->life_status == LIFE_DEAD_BY_LIST)
		report_plain(detection, "BN11", 0);
}

void
detect_register(const Detection *detection)
{
	const Dossier *dossier = detection->dossier;
	const Verdict *verdict = detection->verdict;
	Coverage	planes = verdict->paying | verdict->receiving | verdict->paused;

	if (!verdict->in_register)
	{
		if (dossier->enrolment_count > 0)
			report_plain(detection, "HK12", 0);
		if (dossier->circumstance_count > 0 || dossier->elsewhere_count > 0)
			report_plain(detection, "HK03", 0);
	}
	detect_register_rows(detection);
	if (planes != 0)
	{
		/* With no plane left the life status says it all. */
		if (verdict->life_status == LIFE_DEAD_IN_REGISTER)
			report_plain(detection, "HK04", planes);
		else if (verdict->life_status == LIFE_MOVED_IN_PROVINCE || verdict->life_status == LIFE_MOVED_OUT)
			report_plain(detection, "HK05", planes);
		else if (verdict->cancelled_abroad &&
				 (verdict->life_status == LIFE_SETTLED_ABROAD || verdict->life_status == LIFE_FOREIGN_NATIONAL))
			report_plain(detection, "HK08", planes);
	}
	if (verdict->life_status == LIFE_REGISTERED && verdict->due != 0 &&
		dossier->enrolment_count == 0 && dossier->elsewhere_count == 0)
		report_plain(detection, "HK10", 0);
}


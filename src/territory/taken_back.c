/*
 * taken_back.c
 *		What becomes of the record of a look-up whose transaction is rolled back.
 *
 * The record goes with the transaction, the answer has been given.  So each
 * look-up leaves a note in memory; when its (sub)transaction is rolled back,
 * the note goes to the server's log, and the look-up still counts among the
 * session's reads.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "territory/territory.h"

REGISTRY_FUNCTION(registry_keep_note);

typedef struct Note
{
	struct Note *next;
	SubTransactionId subtransaction;
	int			reads;
	char		text[FLEXIBLE_ARRAY_MEMBER];
} Note;

static Note *notes = NULL;		/* newest first, of the running transaction */
static int64 taken_back = 0;	/* reads of this session whose record is gone */
static int	kept = 0;
static bool watching = false;

/* So many notes are kept one by one; more reads of one transaction only count. */
#define MOST_NOTES 10000

/* Of the notes made since a subtransaction began; all of them for the first. */
static void
report_notes(SubTransactionId since)
{
	while (notes != NULL && notes->subtransaction >= since)
	{
		Note	   *note = notes;

		notes = note->next;
		taken_back += note->reads;
		ereport(LOG_SERVER_ONLY,
				(errmsg("record of a look-up was rolled back: %s", note->text),
				 errdetail("Reads: %d.", note->reads),
				 errhidestmt(true)));
		pfree(note);
		kept--;
	}
}

static void
end_of_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT)
		report_notes(0);
	else if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		while (notes != NULL)
		{
			Note	   *note = notes;

			notes = note->next;
			pfree(note);
			kept--;
		}
}

static void
end_of_subtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void *arg)
{
	/* whatever began after it, and is not over, began inside it */
	if (event == SUBXACT_EVENT_ABORT_SUB)
		report_notes(subtransaction);
}

void
territory_reads_lost(int64 reads)
{
	taken_back += reads;
}

/*
 * keep_note(note text, reads integer) returns bigint
 *		Keeps a note of a look-up until its transaction ends; returns how many
 *		reads of this session have lost their record so far.
 */
Datum
registry_keep_note(PG_FUNCTION_ARGS)
{
	text	   *given = PG_GETARG_TEXT_PP(0);
	int			length = VARSIZE_ANY_EXHDR(given);
	Note	   *note;

	if (kept >= MOST_NOTES && notes->subtransaction == GetCurrentSubTransactionId())
	{
		notes->reads += PG_GETARG_INT32(1);
		PG_RETURN_INT64(taken_back);
	}
	if (!watching)
	{
		RegisterXactCallback(end_of_transaction, NULL);
		RegisterSubXactCallback(end_of_subtransaction, NULL);
		watching = true;
	}
	note = MemoryContextAlloc(TopMemoryContext, offsetof(Note, text) + length + 1);
	memcpy(note->text, VARDATA_ANY(given), length);
	note->text[length] = '\0';
	note->reads = PG_GETARG_INT32(1);
	note->subtransaction = GetCurrentSubTransactionId();
	note->next = notes;
	notes = note;
	kept++;
	PG_RETURN_INT64(taken_back);
}

/*
 * document.h
 *		Reading of a document number as extracts deliver it.
 *
 * Cleaning is generous (blanks, hyphens, apostrophes, full-width forms, the
 * letters O, l and I for digits, a trailing ".0"), judgement is strict: a
 * number that claims to be a citizen number and is not says which rule it
 * breaks (domain rules ID02, ID03, ID04, ID08, ID11, ID18, ID20, ID21).
 */
#ifndef REGISTRY_DOCUMENT_H
#define REGISTRY_DOCUMENT_H

#include "citizen/citizen_id.h"

#define DOCUMENT_NUMBER_MAX 40

typedef struct Document
{
	char		kind[3];		/* AAC058: "01" citizen, "04" Hong Kong, "05"
								 * Macao, "06" Taiwan travel permits and social
								 * numbers, "07" permanent residence, "08"
								 * passport, "15" birth certificate, "16"
								 * residence permit, "99" other; "" when the
								 * number has a fault */
	CitizenId	citizen_id;		/* 0 when not of the citizen-number family */
	bool		legacy15;		/* was given in the 15-digit form */
	bool		cleaned;		/* cleaning changed what was delivered */
	char		fault[5];		/* "" or the rule that the number breaks */
	char		number[DOCUMENT_NUMBER_MAX + 1];	/* canonical: 18 characters for
													 * the citizen family, else
													 * cleaned upper case; the
													 * cleaned text when faulty */
} Document;

/*
 * The text without blanks, hyphens and quotes, in upper case and half width;
 * letters typed for digits are left.  Returns its length, 0 when it holds other
 * characters than ASCII or too many.
 */
extern size_t document_squeeze(const char *text, size_t length, char buffer[DOCUMENT_NUMBER_MAX + 1]);

/* Kind (AAC058) of the document that bears a number of the citizen family. */
extern const char *citizen_id_document_kind(CitizenId id);

/*
 * Reads text (UTF-8, length bytes).  Returns false only for an empty number
 * (rule ID01).  No server calls.
 */
extern bool document_parse(const char *text, size_t length, Document *document);

/* Number under which social insurance knows the holder of a document without fault. */
extern void document_social_number(const Document *document,
								   char buffer[DOCUMENT_NUMBER_MAX + 1]);

#endif							/* REGISTRY_DOCUMENT_H */

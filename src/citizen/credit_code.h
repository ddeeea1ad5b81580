/*
 * credit_code.h
 *		Unified social credit code, GB 32100-2015.
 *
 * 17 characters of an alphabet of 31 carry information, the 18th is a check
 * character.  They are held as two numbers to the base 31, twelve and five
 * characters, written with the most significant byte first: twelve bytes whose
 * byte order is the order of the texts.
 */
#ifndef REGISTRY_CREDIT_CODE_H
#define REGISTRY_CREDIT_CODE_H

#include "postgres.h"
#include "fmgr.h"

#define CREDIT_CODE_BYTES 12
#define CREDIT_CODE_LENGTH 18

typedef struct CreditCode
{
	uint8		bytes[CREDIT_CODE_BYTES];
} CreditCode;

#define DatumGetCreditCodeP(d) ((CreditCode *) DatumGetPointer(d))
#define CreditCodePGetDatum(c) PointerGetDatum(c)
#define PG_GETARG_CREDIT_CODE_P(n) DatumGetCreditCodeP(PG_GETARG_DATUM(n))
#define PG_RETURN_CREDIT_CODE_P(c) return CreditCodePGetDatum(c)

typedef enum CreditCodeFault
{
	CREDIT_CODE_FINE,
	CREDIT_CODE_WRONG_LENGTH,
	CREDIT_CODE_WRONG_CHARACTER,
	CREDIT_CODE_WRONG_CHECK
} CreditCodeFault;

/*
 * Reads 18 characters; outer white space, full-width forms and lower case are
 * folded.  No server calls.
 */
extern CreditCodeFault credit_code_parse(const char *text, size_t length, CreditCode *code);

/* Writes 18 characters and a terminating zero. */
extern void credit_code_print(const CreditCode *code, char buffer[CREDIT_CODE_LENGTH + 1]);

/* Does the organisation code inside (characters 9 to 17) fit its own check, GB 11714? */
extern bool credit_code_organisation_fits(const char text[CREDIT_CODE_LENGTH]);

/* Region of registration, six digits; -1 when the six are not all digits. */
extern int32 credit_code_region_six(const char text[CREDIT_CODE_LENGTH]);

static inline int
credit_code_compare(const CreditCode *a, const CreditCode *b)
{
	return memcmp(a->bytes, b->bytes, CREDIT_CODE_BYTES);
}

#endif							/* REGISTRY_CREDIT_CODE_H */

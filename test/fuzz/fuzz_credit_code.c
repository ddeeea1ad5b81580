/*
 * Unified social credit codes.
 */
#include "fuzz.h"

#include "citizen/credit_code.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = exact_copy(data, size);
	CreditCode	code;

	if (credit_code_parse(text, size, &code) == CREDIT_CODE_FINE)
	{
		char		printed[CREDIT_CODE_LENGTH + 1];
		CreditCode	again;

		credit_code_print(&code, printed);
		MUST(strlen(printed) == CREDIT_CODE_LENGTH);
		MUST(credit_code_parse(printed, CREDIT_CODE_LENGTH, &again) == CREDIT_CODE_FINE);
		MUST(credit_code_compare(&code, &again) == 0);
		(void) credit_code_organisation_fits(printed);
		MUST(credit_code_region_six(printed) >= -1 && credit_code_region_six(printed) <= 999999);
	}
	free(text);
	return 0;
}

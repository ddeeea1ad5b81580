/*
 * Document numbers of all kinds, as extracts deliver them.
 */
#include "fuzz.h"

#include "citizen/document.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = exact_copy(data, size);
	Document	document;

	if (document_parse(text, size, &document))
	{
		char		social[DOCUMENT_NUMBER_MAX + 1];
		Document	again;

		MUST(memchr(document.number, '\0', sizeof(document.number)) != NULL);
		MUST((document.kind[0] == '\0') == (document.fault[0] != '\0'));
		if (document.citizen_id != 0)
			MUST(document.fault[0] == '\0' && strlen(document.number) == 18 && citizen_id_judge(document.citizen_id) == CITIZEN_ID_FINE);
		/* the canonical form of a number without fault stands for itself (text of the server holds no zero byte) */
		if (document.fault[0] == '\0' && size <= DOCUMENT_NUMBER_MAX && is_utf8(text, size) && memchr(text, '\0', size) == NULL)
		{
			MUST(document_parse(document.number, strlen(document.number), &again));
			MUST(again.fault[0] == '\0' && again.citizen_id == document.citizen_id);
			MUST(strcmp(again.number, document.number) == 0);
			document_social_number(&document, social);
			MUST(memchr(social, '\0', sizeof(social)) != NULL);
		}
	}
	free(text);
	return 0;
}

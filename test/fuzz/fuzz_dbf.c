/*
 * DBF files: whatever the header says, values lie inside their record.
 */
#include "fuzz.h"

#include "intake/intake_core.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *file = (unsigned char *) exact_copy(data, size);
	static IntakeDbf dbf;

	(void) intake_dbf_looks_so(file, size);
	if (intake_dbf_read_header(file, size, size, &dbf) == INTAKE_DBF_FINE)
	{
		MUST(dbf.field_count >= 1 && dbf.field_count <= INTAKE_DBF_FIELDS);
		MUST(dbf.header_length + (uint64) dbf.records * dbf.record_length <= size);
		for (uint32 i = 0; i < Min(dbf.records, 8); i++)
		{
			char	   *record = exact_copy(file + dbf.header_length + i * dbf.record_length + 1, dbf.record_length - 1);

			for (int j = 0; j < dbf.field_count; j++)
			{
				bool		full;
				IntakeSpan	value = intake_dbf_value(&dbf.fields[j], record, &full);

				MUST(value.data >= record && value.data + value.length <= record + dbf.record_length - 1);
				MUST(intake_gb_half(value.data, value.length) <= Min(3, value.length));
				MUST(intake_utf8_half(value.data, value.length) <= Min(3, value.length));
			}
			free(record);
		}
	}
	else
		MUST(dbf.culprit >= -1 && dbf.culprit < INTAKE_DBF_FIELDS);
	free(file);
	return 0;
}

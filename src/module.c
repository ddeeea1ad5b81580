/*
 * module.c
 *		Loading of the library.
 *
 * Every room keeps its own state; the library itself only refuses databases
 * it cannot serve.  Text of the registry is UTF-8: folding of names and the
 * decoding of extracts produce it, so another server encoding would lose
 * names silently.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "compat.h"
#include "changelog/log.h"
#include "territory/territory.h"

PG_MODULE_MAGIC_EXT(.name = "registry", .version = REGISTRY_VERSION);

void		_PG_init(void);

REGISTRY_FUNCTION(registry_version);

void
_PG_init(void)
{
	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("registry needs a database with encoding UTF8"),
				 errdetail("The encoding of this database is %s.",
						   GetDatabaseEncodingName()),
				 errhint("Create the database with ENCODING 'UTF8' TEMPLATE template0.")));
	changelog_init();
	territory_init();
}

/*
 * registry_version() returns text
 *		Version of the loaded library, to be compared with the version that
 *		deployed the registry (setting 'version').
 */
Datum
registry_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(REGISTRY_VERSION));
}

/*
 * places.c
 *		Villages of the city, from the table that the registry loads too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "city.h"

static void
place_add(int64_t code)
{
	static size_t room;

	if (city.village_count == room)
	{
		room = room == 0 ? 2048 : room * 2;
		city.villages = realloc(city.villages, room * sizeof(int64_t));
		if (city.villages == NULL)
			abort();
	}
	city.villages[city.village_count++] = code;
}

/* A table of our own when there is none: written beside the deliveries so that it can be loaded. */
static void
places_invent(const char *out)
{
	static const int county[] = {340402, 340403, 340404, 340405, 340406, 340421, 340422};
	char		path[4096];
	FILE	   *file;

	snprintf(path, sizeof(path), "%s/regions.csv", out);
	file = fopen(path, "wb");
	if (file == NULL)
	{
		fprintf(stderr, "city: cannot write %s: %s\n", path, strerror(errno));
		exit(1);
	}
	fprintf(file, "code,name,parent\n");
	for (int c = 0; c < 7; c++)
		for (int town = 0; town < 8; town++)
		{
			int			town_code = town < 3 ? town + 1 : 97 + town;

			fprintf(file, "%d%03d,第%d%s,%d\n", county[c], town_code, town + 1, town < 3 ? "街道" : "镇", county[c]);
			for (int village = 0; village < 12; village++)
			{
				int			village_code = town < 3 ? village + 1 : village + 200;

				fprintf(file, "%d%03d%03d,第%d%s,%d%03d\n", county[c], town_code, village_code, village + 1,
						town < 3 ? "社区居委会" : "村委会", county[c], town_code);
				place_add(((int64_t) county[c] * 1000 + town_code) * 1000 + village_code);
			}
		}
	fclose(file);
}

void
places_load(const char *path, const char *out)
{
	char		line[512];
	FILE	   *file = fopen(path, "rb");

	if (file == NULL)
	{
		fprintf(stderr, "city: no region table %s, inventing one in %s/regions.csv\n", path, out);
		places_invent(out);
		return;
	}
	while (fgets(line, sizeof(line), file) != NULL)
		if (strspn(line, "0123456789") == 12)
			place_add(strtoll(line, NULL, 10));
	fclose(file);
	if (city.village_count == 0)
	{
		fprintf(stderr, "city: %s has no village (12-digit codes)\n", path);
		exit(1);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* An agent's Location: what is mapped leads below the public prefix, and is not mapped again. */
#include "gateway/location.h"

#include "net/uri.h"
#include "test/fuzz/property.h"

#define PREFIX "/base/v1/agents/team/hello"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char *const starts[] = { PREFIX, "https://pub.example" PREFIX, "//pub.example" PREFIX };
	struct location_place place = { .outside = { TEXT("https"), TEXT("pub.example"), TEXT("/base") },
		.prefix = TEXT("/v1/agents/team/hello"),
		.rest = TEXT("/a/b?c"),
		.name_space = TEXT("team"),
		.name = TEXT("hello"),
		.pod_ip = TEXT("10.1.2.3"),
		.port = 8080 };
	bool is_public = false;
	scoped_buf out, again;

	buf_init(&out, 8192);
	buf_init(&again, 8192);
	if (len < 1 || len > 4096)
		return 0;
	if ((bytes[0] & 1) != 0)
		place.rest = TEXT("");
	struct text copy = exact_copy((struct text){ (const char *)bytes + 1, len - 1 });
	if (location_map(copy, &place, &out)) {
		for (size_t i = 0; i < ARRAY_LEN(starts); i++)
			is_public = is_public || text_has_prefix(buf_text(&out), starts[i]);
		HOLDS(is_public);
		HOLDS(!location_map(buf_text(&out), &place, &again));
	}
	free_copy(copy);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Origins and preflights of browsers: only what the list has is allowed, once, and what is answered are whole header lines within
   their cap, whatever was asked for. */
#include "gateway/origin.h"

#include "net/h1_head.h"
#include "test/fuzz/property.h"

static struct h1_head head;

static void check_lines(struct text out)
{
	HOLDS(out.len >= 2 && memcmp(out.at + out.len - 2, "\r\n", 2) == 0);
	for (size_t i = 0; i < out.len; i++) {
		HOLDS(out.at[i] != '\0');
		HOLDS(out.at[i] != '\r' || out.at[i + 1] == '\n');
		HOLDS(out.at[i] != '\n' || (i > 0 && out.at[i - 1] == '\r'));
		HOLDS(out.at[i] != '\n' || i + 1 == out.len ||
			text_has_prefix((struct text){ out.at + i + 1, out.len - i - 1 }, "Access-Control-") ||
			text_has_prefix((struct text){ out.at + i + 1, out.len - i - 1 }, "Vary: "));
	}
}

static size_t count_origins(void)
{
	size_t count = 0;
	for (size_t i = 0; i < head.header_count; i++)
		count += text_is_folded(head.headers[i].name, "origin");
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct origin_list list;
	struct host_list hosts;
	struct err err = { 0 };
	struct text origin = { NULL, 0 };
	const char *why = NULL;
	int status = 0;

	if (len > 8192 || origin_list_parse("https://app.example, http://[::1]:3000", &list, &err) < 0 ||
		host_list_parse("agents.example, gateway:8080", &hosts, &err) < 0)
		return 0;
	struct text copy = exact_copy((struct text){ (const char *)bytes, len });
	if (h1_head_parse_request(copy, 8192, 512, &head, &status, &why) == H1_DONE) {
		enum origin_verdict verdict = origin_judge(&list, &head, &origin);
		HOLDS((verdict == ORIGIN_NONE) == (count_origins() == 0));
		HOLDS(verdict != ORIGIN_ALLOWED || (count_origins() == 1 && is_within(copy, origin)));
		HOLDS(verdict != ORIGIN_ALLOWED || text_is_folded(origin, "https://app.example") ||
			text_is_folded(origin, "https://app.example:443") || text_is_folded(origin, "http://[::1]:3000"));
		(void)host_is_allowed(&hosts, head.authority);
		if (verdict == ORIGIN_ALLOWED) {
			scoped_buf out;
			buf_init(&out, 16384);
			HOLDS(origin_append_preflight(&head, origin, &out) == 0 && origin_append_answer(origin, &out) == 0);
			check_lines(buf_text(&out));
		}
	}
	free_copy(copy);
	return 0;
}

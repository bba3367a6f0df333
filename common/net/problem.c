/* SPDX-License-Identifier: Apache-2.0 */
/* pure. The JSON body of an error answer. Texts may quote what a peer sent, so each byte is made safe for JSON. */
#include "net/problem.h"

#include "base/utf8.h"

static int append_string(const char *text, struct buf *out)
{
	struct text left = text_of(text);

	if (buf_append_terminated(out, "\"") < 0)
		return -1;
	while (left.len > 0) {
		unsigned char byte = (unsigned char)left.at[0];
		uint32_t point;
		size_t used = utf8_first(left, &point);
		int result;

		if (used == 0) {
			used = 1;
			result = buf_append_terminated(out, "\\ufffd");
		} else if (byte == '"' || byte == '\\') {
			result = buf_format(out, "\\%c", byte);
		} else if (byte < 0x20 || byte == 0x7f) {
			result = buf_format(out, "\\u%04x", byte);
		} else {
			result = buf_append(out, left.at, used);
		}
		if (result < 0)
			return -1;
		left = (struct text){ left.at + used, left.len - used };
	}
	return buf_append_terminated(out, "\"");
}

static int append_member(const char *lead, const char *value, struct buf *out)
{
	if (value == NULL)
		return 0;
	return buf_append_terminated(out, lead) < 0 ? -1 : append_string(value, out);
}

int problem_format(const struct problem *problem, struct buf *out)
{
	if (buf_append_terminated(out, "{") < 0)
		return -1;
	if (problem->status != 0 && buf_format(out, "\"status\": %d, ", problem->status) < 0)
		return -1;
	if (append_member("\"error\": ", problem->error != NULL ? problem->error : "", out) < 0)
		return -1;
	if (append_member(", \"reason\": ", problem->reason, out) < 0)
		return -1;
	if (append_member(", \"hint\": ", problem->hint, out) < 0)
		return -1;
	return buf_append_terminated(out, "}\n");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a daemon needs before it is ready. The daemon's rooms set their own condition; nobody here asks them. */
#include "net/health.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define MAX_CONDITIONS 32

struct condition {
	const char *name;
	bool is_ready;
	char detail[256];
};

struct health {
	struct condition conditions[MAX_CONDITIONS]; /* in the order of their first setting */
	size_t count;
};

static struct condition *find_or_add(struct health *health, const char *name)
{
	for (size_t i = 0; i < health->count; i++) {
		if (strcmp(health->conditions[i].name, name) == 0)
			return &health->conditions[i];
	}
	BUG_ON(health->count == MAX_CONDITIONS);
	health->conditions[health->count].name = name;
	return &health->conditions[health->count++];
}

struct health *health_new(void)
{
	return mem_alloc(sizeof(struct health));
}

void health_free(struct health **health)
{
	mem_release(*health);
	*health = NULL;
}

void health_set(struct health *health, const char *name, bool is_ready, const char *detail)
{
	struct condition *condition = find_or_add(health, name);

	condition->is_ready = is_ready;
	(void)snprintf(condition->detail, sizeof(condition->detail), "%s", detail != NULL ? detail : "not ready yet");
}

bool health_is_ready(const struct health *health)
{
	for (size_t i = 0; i < health->count; i++) {
		if (!health->conditions[i].is_ready)
			return false;
	}
	return true;
}

int health_format(const struct health *health, struct buf *out)
{
	for (size_t i = 0; i < health->count; i++) {
		const struct condition *condition = &health->conditions[i];
		int result = condition->is_ready ? buf_format(out, "[+]%s ok\n", condition->name)
						 : buf_format(out, "[-]%s: %s\n", condition->name, condition->detail);

		if (result < 0)
			return -1;
	}
	return 0;
}

int health_format_short(const struct health *health, struct buf *out)
{
	const char *lead = "not ready: ";

	if (health_is_ready(health))
		return buf_append_terminated(out, "ok\n");
	for (size_t i = 0; i < health->count; i++) {
		const struct condition *condition = &health->conditions[i];

		if (condition->is_ready)
			continue;
		if (buf_format(out, "%s%s: %s", lead, condition->name, condition->detail) < 0)
			return -1;
		lead = "; ";
	}
	return buf_append_terminated(out, "\n");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* controller/sidecar_word.c — pure. Nothing that a pod sends is passed on but words from this table and port numbers. */
#include "controller/sidecar_word.h"

#include <jansson.h>
#include <string.h>

#include "base/attributes.h"
#include "base/json.h"

static const struct {
	const char *name;
	enum sidecar_says says;
} agents[] = {
	{ "listening", SIDECAR_LISTENING },
	{ "not-listening", SIDECAR_NOT_LISTENING },
	{ "port-mismatch", SIDECAR_PORT_MISMATCH },
	{ "probe-failing", SIDECAR_PROBE_FAILING },
};

static enum sidecar_says agent_read(const json_t *answer)
{
	const char *name = json_text_at(answer, "/agent");

	for (size_t i = 0; name != NULL && i < ARRAY_LEN(agents); i++) {
		if (strcmp(agents[i].name, name) == 0)
			return agents[i].says;
	}
	return SIDECAR_UNKNOWN;
}

static bool ports_read(const json_t *answer, struct sidecar_word *word)
{
	const json_t *ports = json_at(answer, "/ports"), *port;
	size_t i;

	if (!json_is_array(ports) || json_array_size(ports) == 0 || json_array_size(ports) > SIDECAR_PORTS_MAX)
		return false;
	json_array_foreach(ports, i, port) {
		json_int_t number = json_is_integer(port) ? json_integer_value(port) : 0;

		if (number < 1 || number > UINT16_MAX)
			return false;
		word->ports[word->port_count++] = (uint16_t)number;
	}
	return true;
}

/* Absent is false: sidecars of an earlier release do not know every mark. */
static bool mark_read(const json_t *answer, const char *pointer, bool *ret_mark)
{
	const json_t *mark = json_at(answer, pointer);

	*ret_mark = json_is_true(mark);
	return mark == NULL || json_is_boolean(mark);
}

struct sidecar_word sidecar_word_parse(struct text body)
{
	static const struct sidecar_word unknown = { .says = SIDECAR_UNKNOWN };
	struct err err = { 0 };
	scoped_json answer = json_parse(body, &err);
	struct sidecar_word word = { .says = agent_read(answer) };
	bool is_draining, is_retired;

	if (word.says == SIDECAR_UNKNOWN || !mark_read(answer, "/draining", &is_draining) ||
		!mark_read(answer, "/retired", &is_retired))
		return unknown;
	if (is_draining || is_retired)
		return (struct sidecar_word){ .says = is_draining ? SIDECAR_DRAINING : SIDECAR_RETIRED };
	if (word.says == SIDECAR_PORT_MISMATCH && !ports_read(answer, &word))
		return unknown;
	return word;
}

bool sidecar_word_equal(const struct sidecar_word *a, const struct sidecar_word *b)
{
	return a->says == b->says && a->port_count == b->port_count &&
		memcmp(a->ports, b->ports, a->port_count * sizeof(a->ports[0])) == 0;
}

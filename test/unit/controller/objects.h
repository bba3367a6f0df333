/* SPDX-License-Identifier: Apache-2.0 */
/* Objects for the controller's unit tests, written with ' for ". */
#ifndef KRYPTON_TEST_UNIT_CONTROLLER_OBJECTS_H
#define KRYPTON_TEST_UNIT_CONTROLLER_OBJECTS_H

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/mem.h"
#include "krypton/agent.h"

static inline json_t *object_of(const char *text)
{
	struct err err = { 0 };
	scoped_text char *quoted = mem_copy_text(text);

	for (char *at = quoted; *at != '\0'; at++)
		*at = *at == '\'' ? '"' : *at;
	json_t *object = json_parse(text_of(quoted), &err);
	if (object == NULL)
		fail_msg("%s in %s", err.message, quoted);
	return object;
}

/* An Agent shop/hello with uid u-1 and generation 2, reported at it; spec_rest and object_rest begin with a comma. */
static inline json_t *agent_object(const char *spec_rest, const char *object_rest)
{
	char text[8192];

	(void)snprintf(text, sizeof(text),
		"{'apiVersion':'krypton.ai/v1alpha1','kind':'Agent','metadata':{'name':'hello','namespace':'shop','uid':'u-1',"
		"'resourceVersion':'7','generation':2,'finalizers':['krypton.ai/cleanup']},'spec':{'image':'img:1'%s}%s}",
		spec_rest, object_rest);
	return object_of(text);
}

static inline struct agent *agent_of(const json_t *object)
{
	struct err err = { 0 };
	struct agent *agent = agent_from_json(object, &err);

	if (agent == NULL)
		fail_msg("%s", err.message);
	return agent;
}

static inline void assert_json(const json_t *root, const char *pointer, const char *wanted)
{
	scoped_json value = object_of(wanted);
	const json_t *there = json_at(root, pointer);

	if (there == NULL || !json_equal(there, value)) {
		char *dump = there == NULL ? NULL : json_dumps(there, JSON_COMPACT | JSON_ENCODE_ANY);

		fail_msg("%s is %s, not %s", pointer, dump == NULL ? "absent" : dump, wanted);
	}
}

#endif

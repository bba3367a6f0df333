/* SPDX-License-Identifier: Apache-2.0 */
/* controller/list_keys.c — pure: the merge keys of core/v1, as far as pods, Services and metadata use them. */
#include "controller/list_keys.h"

#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "base/attributes.h"

static const struct {
	const char *list, *key;
} rows[] = {
	{ "containers", "name" },
	{ "initContainers", "name" },
	{ "volumes", "name" },
	{ "env", "name" },
	{ "imagePullSecrets", "name" },
	{ "resourceClaims", "name" },
	{ "claims", "name" },
	{ "schedulingGates", "name" },
	{ "volumeMounts", "mountPath" },
	{ "volumeDevices", "devicePath" },
	{ "hostAliases", "ip" },
	{ "topologySpreadConstraints", "topologyKey" },
	{ "ownerReferences", "uid" },
	{ "conditions", "type" },
};

const char *list_key_of(const char *name, const struct json_t *sample)
{
	if (strcmp(name, "ports") == 0)
		return json_object_get(sample, "containerPort") != NULL ? "containerPort" : "port";
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].list, name) == 0)
			return rows[i].key;
	}
	return NULL;
}

struct json_t *list_find(const struct json_t *list, const char *key, const struct json_t *entry)
{
	const json_t *wanted = json_object_get(entry, key);
	json_t *candidate;
	size_t i;

	json_array_foreach(list, i, candidate) {
		json_t *value = json_object_get(candidate, key);

		if (wanted != NULL && value != NULL && json_equal(value, wanted))
			return candidate;
	}
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* controller/condition_gauge.c — remembers what each Agent's series says, so that it can be replaced. */
#include "controller/condition_gauge.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "controller/metrics.h"
#include "controller/report.h"
#include "kube/cache.h"

struct said {
	enum reason reason;
	bool is_available;
};

struct condition_gauge {
	struct metrics *metrics;
	struct map *said; /* by key */
};

#define LABELS(name_space, name, said) \
	METRIC_LABELS(name, name_space, CONDITION_AVAILABLE, (said)->is_available ? "True" : "False", reason_name((said)->reason))

struct condition_gauge *condition_gauge_new(struct metrics *metrics)
{
	struct condition_gauge *gauge = mem_alloc(sizeof(*gauge));

	gauge->metrics = metrics;
	gauge->said = map_new(mem_release);
	return gauge;
}

static bool series_remove(void *arg, const char *key, void *value)
{
	struct condition_gauge *gauge = arg;
	char name_space[KUBE_KEY_BYTES], name[KUBE_KEY_BYTES];

	if (kube_key_split(key, name_space, name) == 0)
		metrics_remove(gauge->metrics, METRIC_CONDITION, LABELS(name_space, name, (const struct said *)value));
	return true;
}

void condition_gauge_free(struct condition_gauge **gauge)
{
	if (*gauge == NULL)
		return;
	map_each((*gauge)->said, series_remove, *gauge);
	map_free(&(*gauge)->said);
	mem_release(*gauge);
	*gauge = NULL;
}

void condition_gauge_say(struct condition_gauge *gauge, const struct agent *agent, bool is_available, enum reason reason)
{
	const struct said now = { reason, is_available };
	char key[KUBE_KEY_BYTES];

	kube_key_format(agent->name_space, agent->name, key);
	struct said *said = map_get(gauge->said, key);
	if (said != NULL && said->reason == reason && said->is_available == is_available)
		return;
	if (said == NULL) {
		said = mem_alloc(sizeof(*said));
		map_put(gauge->said, key, said);
	} else {
		metrics_remove(gauge->metrics, METRIC_CONDITION, LABELS(agent->name_space, agent->name, said));
	}
	*said = now;
	metrics_set(gauge->metrics, METRIC_CONDITION, LABELS(agent->name_space, agent->name, said), 1);
}

void condition_gauge_forget(struct condition_gauge *gauge, const char *key)
{
	struct said *said = map_get(gauge->said, key);

	if (said == NULL)
		return;
	(void)series_remove(gauge, key, said);
	map_remove(gauge->said, key);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a real cluster showed of each fault (test/data/diagnose, written by test/cluster/run.sh with RECORD), diagnosed again. */
#include <dirent.h>

#include "base/alike.h"
#include "base/buf.h"
#include "base/file.h"
#include "controller/child.h"
#include "controller/diagnose.h"
#include "objects.h"

#define FOLDER       "test/data/diagnose"
#define RECORD_BYTES (1024 * 1024)
#define LATER_MS     20000 /* the records were taken when the condition had been read: all was over START_GRACE_MS old */

struct scene {
	struct agent *agent;
	struct alike *alike;
	struct child *deployment;
	struct pod *pods[DIAGNOSIS_PODS_MAX];
	struct sidecar_word words[DIAGNOSIS_PODS_MAX];
	struct warning *warnings[DIAGNOSIS_WARNINGS_MAX];
	struct sighting sighting;
	int64_t now_ms;
};

static json_t *record_read(const char *name)
{
	char path[512];
	struct err err = { 0 };
	scoped_buf text;

	buf_init(&text, RECORD_BYTES);
	(void)snprintf(path, sizeof(path), FOLDER "/%s", name);
	if (file_read(path, &text, &err) == -1)
		fail_msg("%s", err.message);
	json_t *record = json_parse(buf_text(&text), &err);
	if (record == NULL)
		fail_msg("%s: %s", path, err.message);
	return record;
}

static void pods_take(const json_t *record, struct scene *scene)
{
	const json_t *object;
	size_t i;

	json_array_foreach(json_object_get(record, "pods"), i, object) {
		size_t at = scene->sighting.pod_count;
		struct pod *pod = at < DIAGNOSIS_PODS_MAX ? pod_from_json(object) : NULL;

		if (pod == NULL)
			continue;
		const json_t *said = json_object_get(json_object_get(record, "sidecars"), pod->name);
		scoped_buf body;
		buf_init(&body, 65536);
		if (said != NULL)
			assert_int_equal(json_format(said, &body), 0);
		scene->words[at] = sidecar_word_parse(buf_text(&body));
		scene->pods[at] = pod;
		scene->sighting.pods[at] = pod;
		scene->sighting.words[at] = &scene->words[at];
		scene->sighting.pod_count++;
		scene->now_ms = pod->created_ms > scene->now_ms ? pod->created_ms : scene->now_ms;
		for (size_t container = 0; container < pod->count; container++)
			if (pod->containers[container].since_ms > scene->now_ms)
				scene->now_ms = pod->containers[container].since_ms;
	}
}

static void warnings_take(const json_t *record, struct scene *scene)
{
	const json_t *event;
	size_t i;

	json_array_foreach(json_object_get(record, "events"), i, event) {
		size_t at = scene->sighting.warning_count;
		const char *type = json_text_at(event, "/type");
		struct warning *warning = at < DIAGNOSIS_WARNINGS_MAX && type != NULL && strcmp(type, "Warning") == 0
			? warning_from_json(event)
			: NULL;

		if (warning == NULL)
			continue;
		scene->warnings[at] = warning;
		scene->sighting.warnings[at] = warning;
		scene->sighting.warning_count++;
	}
}

static void scene_make(const json_t *record, struct scene *scene)
{
	struct err err = { 0 };

	*scene = (struct scene){ 0 };
	scene->alike = alike_new();
	scene->agent = agent_from_json(json_object_get(record, "agentObject"), &err);
	if (scene->agent == NULL)
		fail_msg("%s", err.message);
	scene->deployment = child_from_json(scene->alike, json_at(record, "/deployments/0"));
	pods_take(record, scene);
	warnings_take(record, scene);
	scene->now_ms += LATER_MS;
}

static void scene_end(struct scene *scene)
{
	agent_free(&scene->agent);
	alike_free(&scene->alike);
	child_free(&scene->deployment);
	for (size_t i = 0; i < ARRAY_LEN(scene->pods); i++)
		pod_free(&scene->pods[i]);
	for (size_t i = 0; i < ARRAY_LEN(scene->warnings); i++)
		warning_free(&scene->warnings[i]);
}

static void record_check(const char *name)
{
	scoped_json record = record_read(name);
	const char *wanted = json_text_at(record, "/reason");
	struct diagnosis diagnosis;
	struct scene scene;

	scene_make(record, &scene);
	const struct diagnosis_input input = {
		.agent = scene.agent,
		.rollout = &scene.deployment->rollout,
		.replica_failure = scene.deployment->replica_failure,
		.sighting = &scene.sighting,
		.now_ms = scene.now_ms,
	};
	diagnose(&input, &diagnosis);
	if (wanted == NULL || strcmp(reason_name(diagnosis.reason), wanted) != 0)
		fail_msg("%s: %s wanted, %s: %s", name, wanted, reason_name(diagnosis.reason), diagnosis.message);
	if (strstr(diagnosis.message, "Next: kubectl ") == NULL)
		fail_msg("%s: no command to go on with: %s", name, diagnosis.message);
	scene_end(&scene);
}

static void what_a_real_cluster_showed_has_its_reason(void **state)
{
	size_t count = 0;
	DIR *folder = opendir(FOLDER);
	struct dirent *entry;

	(void)state;
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		if (strstr(entry->d_name, ".json") == NULL)
			continue;
		record_check(entry->d_name);
		count++;
	}
	(void)closedir(folder);
	assert_true(count >= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_a_real_cluster_showed_has_its_reason) };

	return cmocka_run_group_tests_name("controller/recorded", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Kubernetes client against a real API server. Reads KUBECONFIG; TEST_NAMESPACE is an empty namespace that may be filled,
 * TEST_TOKEN a token of a service account without rights. Prints a TAP line a test. Every wait is on a fact, with a deadline.
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/daemon.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "kube/cache.h"
#include "kube/lease.h"
#include "kube/list.h"
#include "kube/recorder.h"
#include "kube/watch.h"

#define DEADLINE_MS 20000
#define LOOK_MS     10
#define MANAGER     "krypton-test"

static const struct kube_resource CONFIG_MAPS = { "", "v1", "configmaps", "ConfigMap", true };
static const struct kube_resource AGENTS = { "krypton.ai", "v1alpha1", "agents", "Agent", true };

static struct {
	struct loop *loop;
	struct kube_config *config;
	struct kube_client *client;
	const char *name_space, *poor_token;
	const char *failure; /* of the test that runs */
	char failure_text[1024];
	int failed;
} test;

/* --- the little frame --- */

#define CHECK(condition)                                \
	do {                                            \
		if (!(condition))                       \
			fail(__LINE__, #condition, ""); \
	} while (0)

static void fail(int line, const char *what, const char *detail)
{
	if (test.failure != NULL)
		return;
	(void)snprintf(test.failure_text, sizeof(test.failure_text), "line %d: %s %s", line, what, detail);
	test.failure = test.failure_text;
}

struct wait {
	struct loop_timer *look;
	bool (*holds)(void *arg);
	void *arg;
	int64_t until_ms;
	bool held;
};

static void on_look(void *arg)
{
	struct wait *wait = arg;

	wait->held = wait->holds(wait->arg);
	if (wait->held || loop_now_ms(test.loop) >= wait->until_ms)
		loop_stop(test.loop);
	else
		loop_timer_set(wait->look, LOOK_MS);
}

/* Runs the loop until holds(arg). */
static bool wait_for(bool (*holds)(void *arg), void *arg, int64_t deadline_ms)
{
	struct wait wait = { .holds = holds, .arg = arg, .until_ms = loop_now_ms(test.loop) + deadline_ms };

	wait.look = loop_timer_new(test.loop, on_look, &wait);
	loop_timer_set(wait.look, 0);
	loop_run(test.loop);
	loop_timer_free(&wait.look);
	return wait.held;
}

struct answer {
	bool is_here;
	json_t *object;
	struct err err;
};

static void on_answer(void *arg, const json_t *object, const struct err *err)
{
	struct answer *answer = arg;

	answer->is_here = true;
	answer->object = object == NULL ? NULL : json_deep_copy(object);
	if (err != NULL)
		answer->err = *err;
}

static bool answer_is_here(void *arg)
{
	return ((struct answer *)arg)->is_here;
}

static void answer_wait(struct answer *answer)
{
	if (!wait_for(answer_is_here, answer, DEADLINE_MS))
		fail(__LINE__, "an answer comes", "");
}

static void answer_release(struct answer *answer)
{
	json_decref(answer->object);
	*answer = (struct answer){ 0 };
}

static struct kube_target target_of(const struct kube_resource *resource, const char *name)
{
	return (struct kube_target){ .resource = resource, .name_space = test.name_space, .name = name };
}

static json_t *parse(const char *text)
{
	struct err err = { 0 };
	json_t *value = json_parse(text_of(text), &err);

	if (value == NULL)
		fail(__LINE__, text, err.message);
	return value;
}

/* Each sends, waits, and leaves what came in *ret. */
static void do_apply(const struct kube_resource *resource, const char *name, const char *text, const char *manager, bool force,
	struct answer *ret)
{
	struct kube_target target = target_of(resource, name);
	scoped_json object = parse(text);

	answer_release(ret);
	(void)kube_apply(test.client, &target, object, manager, force, on_answer, ret);
	answer_wait(ret);
}

static void do_patch(const struct kube_target *target, const char *text, struct answer *ret)
{
	scoped_json patch = parse(text);

	answer_release(ret);
	(void)kube_merge_patch(test.client, target, patch, MANAGER, on_answer, ret);
	answer_wait(ret);
}

static void do_get(struct kube_client *client, const struct kube_target *target, struct answer *ret)
{
	answer_release(ret);
	(void)kube_get(client, target, on_answer, ret);
	answer_wait(ret);
}

static void make_config_map(const char *name, const char *text)
{
	struct answer answer = { 0 };

	do_apply(&CONFIG_MAPS, name, text, MANAGER, true, &answer);
	if (answer.err.code != ERR_NONE)
		fail(__LINE__, "a ConfigMap is made", answer.err.message);
	answer_release(&answer);
}

static const char *version_of(const struct answer *answer)
{
	const char *version = json_text_at(answer->object, "/metadata/resourceVersion");

	return version == NULL ? "" : version;
}

/* --- lists --- */

struct listing {
	int objects;
	bool is_over;
	char version[128];
	struct err err;
};

static void on_listed(void *arg, const json_t *object)
{
	struct listing *listing = arg;

	listing->objects += json_text_at(object, "/metadata/name") != NULL;
}

static void on_list_end(void *arg, const char *version, const struct err *err)
{
	struct listing *listing = arg;

	listing->is_over = true;
	(void)snprintf(listing->version, sizeof(listing->version), "%s", version == NULL ? "" : version);
	if (err != NULL)
		listing->err = *err;
}

static bool listing_is_over(void *arg)
{
	return ((struct listing *)arg)->is_over;
}

static void pages_show_every_object(void)
{
	struct listing listing = { 0 };
	char name[32];

	for (int i = 0; i < 25; i++) {
		(void)snprintf(name, sizeof(name), "page-%d", i);
		make_config_map(name, "{\"metadata\": {\"labels\": {\"of\": \"pages\"}}}");
	}
	(void)kube_list_start(test.client,
		&(struct kube_list_options){
			.selection = { .resource = &CONFIG_MAPS, .name_space = test.name_space, .label_selector = "of=pages" },
			.page_size = 4,
			.arg = &listing,
			.on_object = on_listed,
			.on_end = on_list_end,
		});
	CHECK(wait_for(listing_is_over, &listing, DEADLINE_MS));
	CHECK(listing.err.code == ERR_NONE);
	CHECK(listing.objects == 25);
	CHECK(listing.version[0] != '\0');
}

/* --- caches --- */

struct mirror {
	struct kube_cache *cache;
	int added, changed, gone;
	bool is_synced;
	size_t longest;
};

static void *row_from(void *arg, const json_t *object)
{
	struct mirror *mirror = arg;
	const char *text = json_text_at(object, "/data/text");

	if (text != NULL && strlen(text) > mirror->longest)
		mirror->longest = strlen(text);
	return mem_copy_text(text == NULL ? "" : text);
}

static void on_change(void *arg, const char *key, const void *old, const void *now)
{
	struct mirror *mirror = arg;

	(void)key;
	mirror->added += old == NULL;
	mirror->gone += now == NULL;
	mirror->changed += old != NULL && now != NULL;
}

static void on_synced(void *arg)
{
	((struct mirror *)arg)->is_synced = true;
}

static void mirror_start(struct mirror *mirror, const struct kube_resource *resource, const char *selector)
{
	mirror->cache = kube_cache_new(test.loop, test.client,
		&(struct kube_cache_options){
			.follow = { .resource = resource, .name_space = test.name_space, .label_selector = selector },
			.arg = mirror,
			.row_from = row_from,
			.row_free = mem_release,
			.on_change = on_change,
			.on_synced = on_synced,
		});
	kube_cache_start(mirror->cache);
}

static bool mirror_is_synced(void *arg)
{
	return ((struct mirror *)arg)->is_synced;
}

static bool has_changed(void *arg)
{
	return ((struct mirror *)arg)->changed == 1;
}

static bool has_gone(void *arg)
{
	return ((struct mirror *)arg)->gone == 1;
}

static bool has_added(void *arg)
{
	return ((struct mirror *)arg)->added == 1;
}

static void watch_list_brings_a_cache_in_step(void)
{
	struct mirror mirror = { 0 };
	uint64_t reads_before = kube_client_get_counts(test.client)->reads;

	mirror_start(&mirror, &CONFIG_MAPS, "of=pages");
	CHECK(wait_for(mirror_is_synced, &mirror, DEADLINE_MS));
	CHECK(kube_cache_count(mirror.cache) == 25);
	CHECK(mirror.added == 25);
	CHECK(kube_client_get_counts(test.client)->reads == reads_before); /* no list was needed */
	kube_cache_free(&mirror.cache);
}

static void watch_sees_what_is_added_changed_and_gone(void)
{
	struct mirror mirror = { 0 };
	struct answer answer = { 0 };
	struct kube_target target = target_of(&CONFIG_MAPS, "seen");
	char key[KUBE_KEY_BYTES];

	kube_key_format(test.name_space, "seen", key);
	mirror_start(&mirror, &CONFIG_MAPS, "of=watch");
	CHECK(wait_for(mirror_is_synced, &mirror, DEADLINE_MS));
	make_config_map("seen", "{\"metadata\": {\"labels\": {\"of\": \"watch\"}}, \"data\": {\"text\": \"one\"}}");
	CHECK(wait_for(has_added, &mirror, DEADLINE_MS));
	make_config_map("seen", "{\"metadata\": {\"labels\": {\"of\": \"watch\"}}, \"data\": {\"text\": \"two\"}}");
	CHECK(wait_for(has_changed, &mirror, DEADLINE_MS));
	const char *row = kube_cache_get(mirror.cache, key);
	CHECK(row != NULL && strcmp(row, "two") == 0);
	(void)kube_delete(test.client, &target, NULL, "Background", on_answer, &answer);
	answer_wait(&answer);
	CHECK(answer.err.code == ERR_NONE);
	CHECK(wait_for(has_gone, &mirror, DEADLINE_MS));
	CHECK(kube_cache_count(mirror.cache) == 0);
	answer_release(&answer);
	kube_cache_free(&mirror.cache);
}

static void object_that_leaves_the_selection_is_gone(void)
{
	struct mirror mirror = { 0 };

	mirror_start(&mirror, &CONFIG_MAPS, "of=leaving");
	CHECK(wait_for(mirror_is_synced, &mirror, DEADLINE_MS));
	make_config_map("leaver", "{\"metadata\": {\"labels\": {\"of\": \"leaving\"}}}");
	CHECK(wait_for(has_added, &mirror, DEADLINE_MS));
	make_config_map("leaver", "{\"metadata\": {\"labels\": {\"of\": \"elsewhere\"}}}");
	CHECK(wait_for(has_gone, &mirror, DEADLINE_MS));
	kube_cache_free(&mirror.cache);
}

static void object_of_900_kib_comes_through_a_watch(void)
{
	const size_t len = 900 * 1024;
	struct mirror mirror = { 0 };
	struct answer answer = { 0 };
	struct kube_target target = target_of(&CONFIG_MAPS, "large");
	scoped_text char *text = mem_alloc(len + 1);
	scoped_json object = parse("{\"metadata\": {\"labels\": {\"of\": \"large\"}}, \"data\": {}}");

	memset(text, 'x', len);
	json_put_text(object, "/data/text", text);
	mirror_start(&mirror, &CONFIG_MAPS, "of=large");
	CHECK(wait_for(mirror_is_synced, &mirror, DEADLINE_MS));
	(void)kube_apply(test.client, &target, object, MANAGER, true, on_answer, &answer);
	answer_wait(&answer);
	CHECK(answer.err.code == ERR_NONE);
	CHECK(wait_for(has_added, &mirror, DEADLINE_MS));
	CHECK(mirror.longest == len);
	answer_release(&answer);
	kube_cache_free(&mirror.cache);
}

struct old_watch {
	bool is_over;
	struct err err;
};

static void on_old_event(void *arg, const struct kube_watch_event *event)
{
	(void)arg;
	(void)event;
}

static void on_old_end(void *arg, const struct err *err)
{
	struct old_watch *watch = arg;

	watch->is_over = true;
	if (err != NULL)
		watch->err = *err;
}

static bool old_watch_is_over(void *arg)
{
	return ((struct old_watch *)arg)->is_over;
}

static void watch_from_a_forgotten_version_is_gone(void)
{
	struct old_watch watch = { 0 };
	struct mirror mirror = { 0 };

	/* A resource just defined is refused with 429 for a moment; a cache gets over that. */
	mirror_start(&mirror, &AGENTS, NULL);
	CHECK(wait_for(mirror_is_synced, &mirror, DEADLINE_MS));
	kube_cache_free(&mirror.cache);
	(void)kube_watch_start(test.client,
		&(struct kube_watch_options){
			.selection = { .resource = &AGENTS }, /* their watch cache began with their definition, later than 1 */
			.resource_version = "1",
			.timeout_ms = 60000,
			.silence_ms = 10000,
			.arg = &watch,
			.on_event = on_old_event,
			.on_end = on_old_end,
		});
	CHECK(wait_for(old_watch_is_over, &watch, DEADLINE_MS));
	if (watch.err.code != ERR_GONE)
		fail(__LINE__, "410", watch.err.message);
}

/* --- writes --- */

#define DEPLOYMENT(replicas, cpu)                                                                                                \
	"{\"spec\": {\"replicas\": " replicas ", \"selector\": {\"matchLabels\": {\"a\": \"b\"}}, \"template\": {\"metadata\": " \
	"{\"labels\": {\"a\": \"b\"}}, \"spec\": {\"containers\": [{\"name\": \"c\", \"image\": \"i\", \"resources\": "          \
	"{\"requests\": {\"cpu\": \"" cpu "\"}}}]}}}}"

/* What no controller writes to, so that only we can change its version. */
#define POD_TEMPLATE(cpu)                                                                                 \
	"{\"template\": {\"spec\": {\"containers\": [{\"name\": \"c\", \"image\": \"i\", \"resources\": " \
	"{\"requests\": {\"cpu\": \"" cpu "\"}}}]}}}"

static void identical_apply_leaves_the_version_alone(void)
{
	static const struct kube_resource POD_TEMPLATES = { "", "v1", "podtemplates", "PodTemplate", true };
	struct answer first = { 0 }, again = { 0 };

	do_apply(&POD_TEMPLATES, "same", POD_TEMPLATE("1000m"), MANAGER, true, &first);
	CHECK(first.err.code == ERR_NONE);
	do_apply(&POD_TEMPLATES, "same", POD_TEMPLATE("1"), MANAGER, true, &again);
	CHECK(again.err.code == ERR_NONE);
	CHECK(strcmp(version_of(&first), version_of(&again)) == 0);
	answer_release(&first);
	answer_release(&again);
}

static void foreign_value_is_a_conflict_and_force_takes_it(void)
{
	struct answer answer = { 0 };

	do_apply(&KUBE_DEPLOYMENTS, "foreign", DEPLOYMENT("1", "1"), "somebody", true, &answer);
	CHECK(answer.err.code == ERR_NONE);
	do_apply(&KUBE_DEPLOYMENTS, "foreign", DEPLOYMENT("3", "1"), MANAGER, false, &answer);
	CHECK(answer.err.code == ERR_CONFLICT);
	do_apply(&KUBE_DEPLOYMENTS, "foreign", DEPLOYMENT("3", "1"), MANAGER, true, &answer);
	CHECK(answer.err.code == ERR_NONE);
	CHECK(json_int_at(answer.object, "/spec/replicas", -1) == 3);
	answer_release(&answer);
}

static void wrong_type_in_an_apply_is_invalid(void)
{
	struct answer answer = { 0 };

	do_apply(&KUBE_DEPLOYMENTS, "typed", DEPLOYMENT("\"three\"", "1"), MANAGER, true, &answer);
	CHECK(answer.err.code == ERR_INVALID);
	CHECK(strstr(answer.err.message, "500") != NULL);
	do_apply(&KUBE_DEPLOYMENTS, "typed", DEPLOYMENT("1", "a lot"), MANAGER, true, &answer);
	CHECK(answer.err.code == ERR_INVALID);
	do_apply(&KUBE_DEPLOYMENTS, "typed", DEPLOYMENT("-1", "1"), MANAGER, true, &answer);
	CHECK(answer.err.code == ERR_INVALID);
	CHECK(strstr(answer.err.message, "422") != NULL);
	answer_release(&answer);
}

static void stale_status_patch_is_a_conflict(void)
{
	struct answer answer = { 0 };
	struct kube_target target = target_of(&AGENTS, "stale");
	char patch[512];

	do_apply(&AGENTS, "stale", "{\"spec\": {\"image\": \"i\"}}", MANAGER, true, &answer);
	CHECK(answer.err.code == ERR_NONE);
	target.subresource = "status";
	(void)snprintf(patch, sizeof(patch), "{\"metadata\": {\"resourceVersion\": \"%s\"}, \"status\": {\"desiredReplicas\": 1}}",
		version_of(&answer));
	do_patch(&target, patch, &answer);
	CHECK(answer.err.code == ERR_NONE);
	CHECK(json_int_at(answer.object, "/status/desiredReplicas", -1) == 1);
	do_patch(&target, patch, &answer);
	CHECK(answer.err.code == ERR_CONFLICT);
	CHECK(strstr(answer.err.message, "cannot patch agents.krypton.ai/status") != NULL);
	answer_release(&answer);
}

static void deleting_a_namesake_is_refused(void)
{
	struct answer answer = { 0 };
	struct kube_target target = target_of(&CONFIG_MAPS, "namesake");

	make_config_map("namesake", "{}");
	(void)kube_delete(test.client, &target, "00000000-0000-0000-0000-000000000000", "Background", on_answer, &answer);
	answer_wait(&answer);
	CHECK(answer.err.code == ERR_CONFLICT);
	do_get(test.client, &target, &answer);
	CHECK(answer.err.code == ERR_NONE);
	answer_release(&answer);
}

static void absent_object_is_not_found(void)
{
	struct answer answer = { 0 };
	struct kube_target target = target_of(&CONFIG_MAPS, "absent");

	do_get(test.client, &target, &answer);
	CHECK(answer.err.code == ERR_NOT_FOUND);
	answer_release(&answer);
}

static void call_is_given_up_at_its_own_deadline(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* it listens and never answers */
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(here);
	char server[64];
	struct kube_config config = { .server = server };
	struct err err = { 0 };
	struct answer answer = { 0 };
	struct kube_target target = target_of(&CONFIG_MAPS, "any");
	int64_t began_ms = loop_now_ms(test.loop);

	CHECK(bind(fd, (struct sockaddr *)&here, size) == 0 && listen(fd, 8) == 0 &&
		getsockname(fd, (struct sockaddr *)&here, &size) == 0);
	(void)snprintf(server, sizeof(server), "http://127.0.0.1:%d", ntohs(here.sin_port));
	struct kube_client *client = kube_client_new(test.loop, &config, "kube_test", &err);

	CHECK(client != NULL);
	target.deadline_ms = 500;
	do_get(client, &target, &answer);
	CHECK(answer.err.code == ERR_TIMEOUT && loop_now_ms(test.loop) - began_ms < KUBE_DEADLINE_MS);
	answer_release(&answer);
	kube_client_free(&client);
	(void)close(fd);
}

/* --- credentials --- */

static struct kube_config poor_config(char *token, char *token_file)
{
	return (struct kube_config){
		.server = test.config->server,
		.ca_pem = test.config->ca_pem,
		.server_name = test.config->server_name,
		.token = token,
		.token_file = token_file,
	};
}

static void missing_right_names_verb_and_resource(void)
{
	scoped_text char *token = mem_copy_text(test.poor_token);
	struct kube_config config = poor_config(token, NULL);
	struct err err = { 0 };
	struct answer answer = { 0 };
	struct kube_target target = target_of(&AGENTS, "secret");
	struct kube_client *client = kube_client_new(test.loop, &config, "kube_test", &err);

	CHECK(client != NULL);
	do_get(client, &target, &answer);
	CHECK(answer.err.code == ERR_FORBIDDEN);
	CHECK(strstr(answer.err.message, "cannot get agents.krypton.ai") != NULL);
	CHECK(strstr(answer.err.message, "403") != NULL);
	answer_release(&answer);
	kube_client_free(&client);
}

static void token_write(const char *path, const char *token)
{
	FILE *file = fopen(path, "w");

	if (file == NULL) {
		fail(__LINE__, "the token file can be written", path);
		return;
	}
	(void)fprintf(file, "%s\n", token);
	(void)fclose(file);
}

static void refused_token_is_read_anew(void)
{
	char path[] = "/tmp/krypton-token-XXXXXX";
	int fd = mkstemp(path);
	struct kube_config config = poor_config(NULL, path);
	struct err err = { 0 };
	struct answer answer = { 0 };
	struct kube_target target = target_of(&CONFIG_MAPS, "any");
	struct kube_client *client = kube_client_new(test.loop, &config, "kube_test", &err);

	CHECK(client != NULL && fd != -1);
	token_write(path, "not-a-token");
	do_get(client, &target, &answer);
	CHECK(answer.err.code == ERR_FORBIDDEN && strstr(answer.err.message, "401") != NULL);
	CHECK(strstr(answer.err.message, "not-a-token") == NULL);
	token_write(path, test.poor_token);
	do_get(client, &target, &answer);
	CHECK(strstr(answer.err.message, "403") != NULL); /* known by now, though without rights */
	answer_release(&answer);
	kube_client_free(&client);
	(void)close(fd);
	(void)unlink(path);
}

/* --- leases --- */

struct candidate {
	struct kube_lease *lease;
	bool is_held, is_released;
	int changes;
};

static void on_lease_change(void *arg, bool held)
{
	struct candidate *candidate = arg;

	candidate->is_held = held;
	candidate->changes++;
}

static void on_released(void *arg)
{
	((struct candidate *)arg)->is_released = true;
}

static bool holds(void *arg)
{
	return ((struct candidate *)arg)->is_held;
}

static bool is_released(void *arg)
{
	return ((struct candidate *)arg)->is_released;
}

static void candidate_start(struct candidate *candidate, const char *name, const char *identity)
{
	candidate->lease = kube_lease_new(test.loop, test.client,
		&(struct kube_lease_options){
			.name_space = test.name_space,
			.name = name,
			.identity = identity,
			.ttl_ms = 3000,
			.on_change = on_lease_change,
			.arg = candidate,
		});
	kube_lease_start(candidate->lease);
}

/* The holder has renewed: its renewTime is another one. */
struct renewal {
	const char *name;
	char first[64];
	struct answer answer;
	bool is_asked;
};

static bool has_renewed(void *arg)
{
	struct renewal *renewal = arg;
	struct kube_target target = target_of(&KUBE_LEASES, renewal->name);
	const char *time = json_text_at(renewal->answer.object, "/spec/renewTime");

	if (renewal->answer.is_here && time != NULL) {
		if (renewal->first[0] == '\0')
			(void)snprintf(renewal->first, sizeof(renewal->first), "%s", time);
		else if (strcmp(renewal->first, time) != 0)
			return true;
	}
	if (!renewal->is_asked || renewal->answer.is_here) {
		answer_release(&renewal->answer);
		renewal->is_asked = true;
		(void)kube_get(test.client, &target, on_answer, &renewal->answer);
	}
	return false;
}

static bool is_asked_and_here(void *arg)
{
	return ((struct renewal *)arg)->answer.is_here;
}

static void of_two_candidates_one_holds(void)
{
	struct candidate first = { 0 }, second = { 0 };
	struct renewal renewal = { .name = "one" };

	candidate_start(&first, "one", "first");
	CHECK(wait_for(holds, &first, DEADLINE_MS));
	candidate_start(&second, "one", "second");
	CHECK(wait_for(has_renewed, &renewal, DEADLINE_MS));
	if (!renewal.answer.is_here)
		(void)wait_for(is_asked_and_here, &renewal, DEADLINE_MS);
	CHECK(first.is_held && !second.is_held);
	kube_lease_release(first.lease, on_released, &first);
	CHECK(!kube_lease_is_held(first.lease));
	CHECK(wait_for(is_released, &first, DEADLINE_MS));
	CHECK(wait_for(holds, &second, DEADLINE_MS));
	answer_release(&renewal.answer);
	kube_lease_free(&first.lease);
	kube_lease_free(&second.lease);
}

static void silent_holder_is_followed_after_its_ttl(void)
{
	struct candidate first = { 0 }, second = { 0 };
	int64_t silent_ms;

	candidate_start(&first, "silent", "first");
	CHECK(wait_for(holds, &first, DEADLINE_MS));
	candidate_start(&second, "silent", "second");
	kube_lease_free(&first.lease); /* as if it had been killed */
	silent_ms = loop_now_ms(test.loop);
	CHECK(wait_for(holds, &second, DEADLINE_MS));
	CHECK(loop_now_ms(test.loop) - silent_ms >= 2000); /* the ttl is 3 s, counted from what was seen last */
	kube_lease_free(&second.lease);
}

static void restarted_holder_goes_on_at_once(void)
{
	struct candidate first = { 0 }, again = { 0 };
	int64_t started_ms;

	candidate_start(&first, "restart", "pod-0");
	CHECK(wait_for(holds, &first, DEADLINE_MS));
	kube_lease_free(&first.lease);
	started_ms = loop_now_ms(test.loop);
	candidate_start(&again, "restart", "pod-0");
	CHECK(wait_for(holds, &again, DEADLINE_MS));
	CHECK(loop_now_ms(test.loop) - started_ms < 3000); /* the ttl */
	kube_lease_free(&again.lease);
}

/* --- events --- */

struct event_look {
	struct listing listing;
	bool is_asked;
	int64_t count, wanted;
	int events;
};

static void on_event_listed(void *arg, const json_t *object)
{
	struct event_look *look = arg;
	const char *reason = json_text_at(object, "/reason");

	if (reason == NULL || strcmp(reason, "Tested") != 0)
		return;
	look->events++;
	look->count = json_int_at(object, "/count", 0);
}

static void on_event_list_end(void *arg, const char *version, const struct err *err)
{
	on_list_end(&((struct event_look *)arg)->listing, version, err);
}

static bool event_is_counted(void *arg)
{
	struct event_look *look = arg;

	if (look->is_asked && !look->listing.is_over)
		return false;
	if (look->is_asked && look->count == look->wanted)
		return true;
	*look = (struct event_look){ .is_asked = true, .wanted = look->wanted };
	(void)kube_list_start(test.client,
		&(struct kube_list_options){
			.selection = { .resource = &KUBE_EVENTS,
				.name_space = test.name_space,
				.field_selector = "involvedObject.name=counted" },
			.arg = look,
			.on_object = on_event_listed,
			.on_end = on_event_list_end,
		});
	return false;
}

static void equal_events_become_one_with_a_count(void)
{
	struct kube_recorder *recorder = kube_recorder_new(test.loop, test.client, "krypton-test", "pod-0");
	const struct kube_reference about = {
		.api_version = "v1",
		.kind = "ConfigMap",
		.name_space = test.name_space,
		.name = "counted",
		.uid = "u-1",
	};
	struct event_look look = { .wanted = 1 };

	kube_recorder_event(recorder, &about, "Warning", "Tested", "the same sentence");
	CHECK(wait_for(event_is_counted, &look, DEADLINE_MS));
	look = (struct event_look){ .wanted = 3 };
	kube_recorder_event(recorder, &about, "Warning", "Tested", "the same sentence");
	kube_recorder_event(recorder, &about, "Warning", "Tested", "the same sentence");
	CHECK(wait_for(event_is_counted, &look, DEADLINE_MS)); /* 10 s after the first */
	CHECK(look.events == 1);
	kube_recorder_free(&recorder);
}

/* --- all of them --- */

#define TESTS(X)                                          \
	X(pages_show_every_object)                        \
	X(watch_list_brings_a_cache_in_step)              \
	X(watch_sees_what_is_added_changed_and_gone)      \
	X(object_that_leaves_the_selection_is_gone)       \
	X(object_of_900_kib_comes_through_a_watch)        \
	X(watch_from_a_forgotten_version_is_gone)         \
	X(identical_apply_leaves_the_version_alone)       \
	X(foreign_value_is_a_conflict_and_force_takes_it) \
	X(wrong_type_in_an_apply_is_invalid)              \
	X(stale_status_patch_is_a_conflict)               \
	X(deleting_a_namesake_is_refused)                 \
	X(absent_object_is_not_found)                     \
	X(call_is_given_up_at_its_own_deadline)           \
	X(missing_right_names_verb_and_resource)          \
	X(refused_token_is_read_anew)                     \
	X(of_two_candidates_one_holds)                    \
	X(silent_holder_is_followed_after_its_ttl)        \
	X(restarted_holder_goes_on_at_once)               \
	X(equal_events_become_one_with_a_count)

static void run(const char *name, void (*function)(void))
{
	test.failure = NULL;
	function();
	(void)printf("%s - kube: ", test.failure == NULL ? "ok" : "not ok");
	for (; *name != '\0'; name++)
		(void)putchar(*name == '_' ? ' ' : *name);
	(void)putchar('\n');
	if (test.failure != NULL) {
		test.failed++;
		(void)printf("# %s\n", test.failure);
	}
	(void)fflush(stdout);
}

int main(void)
{
	struct err err = { 0 };

	daemon_setup("kube_test", getenv("DEBUG") == NULL ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG);
	test.name_space = getenv("TEST_NAMESPACE");
	test.poor_token = getenv("TEST_TOKEN");
	test.config = kube_config_load(NULL, &err);
	if (test.config == NULL)
		return daemon_refuse("kube_test", &err);
	if (test.name_space == NULL || test.poor_token == NULL) {
		err_set(&err, ERR_INVALID, "TEST_NAMESPACE and TEST_TOKEN must be set");
		return daemon_refuse("kube_test", &err);
	}
	test.loop = loop_new();
	test.client = kube_client_new(test.loop, test.config, "kube_test", &err);
	if (test.client == NULL)
		return daemon_refuse("kube_test", &err);
#define X(name) run(#name, name);
	TESTS(X)
#undef X
	kube_client_free(&test.client);
	loop_free(&test.loop);
	kube_config_free(&test.config);
	return test.failed == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is written, and above all what is not. */
#include "controller/plan.h"

#include "base/alike.h"
#include "controller/desired_access.h"
#include "controller/desired_deployment.h"
#include "controller/desired_service.h"
#include "controller/finalize.h"
#include "objects.h"

static const struct release release = { .proxy_image = "proxy:1", .proxy_pull_policy = "IfNotPresent", .token = "t" };

/* fieldsV1 as the API server writes it for an object that was applied as it is. */
static json_t *fields_of(const json_t *value)
{
	json_t *set = json_object();
	const json_t *entry;
	size_t i;

	if (json_is_object(value)) {
		void *iter = json_object_iter((json_t *)(uintptr_t)value);

		for (; iter != NULL; iter = json_object_iter_next((json_t *)(uintptr_t)value, iter)) {
			char key[128];

			(void)snprintf(key, sizeof(key), "f:%s", json_object_iter_key(iter));
			(void)json_object_set_new(set, key, fields_of(json_object_iter_value(iter)));
		}
	}
	json_array_foreach(value, i, entry) {
		const char *name = json_text_at(entry, "/name");
		char key[160];

		if (name == NULL)
			return set;
		(void)snprintf(key, sizeof(key), "k:{\"name\":\"%s\"}", name);
		(void)json_object_set_new(set, key, fields_of(entry));
	}
	return set;
}

/* The object as it would be seen after we applied it. */
static json_t *as_applied(json_t *object)
{
	json_t *fields = fields_of(object);

	json_put_text(object, "/metadata/uid", "child-1");
	json_put_text(object, "/metadata/resourceVersion", "100");
	json_put(object, "/metadata/generation", json_integer(1));
	json_put_text(object, "/metadata/managedFields/-/manager", "krypton-controller");
	json_put_text(object, "/metadata/managedFields/0/operation", "Apply");
	json_put(object, "/metadata/managedFields/0/fieldsV1", fields);
	return object;
}

/* One Agent, its children as they were applied, and what plan_make() wants. */
struct scene {
	json_t *object;
	struct agent *agent;
	json_t *children[CHILD_KINDS];
	struct rollout rollout;
	struct plan_input input;
};

static void scene_make(struct scene *scene, const char *spec_rest, const char *object_rest)
{
	struct err err = { 0 };

	*scene = (struct scene){ 0 };
	scene->object = agent_object(spec_rest, object_rest);
	scene->agent = agent_of(scene->object);
	scene->children[CHILD_ACCOUNT] = as_applied(desired_access_account(scene->agent));
	scene->children[CHILD_SERVICE] = as_applied(desired_service(scene->agent));
	json_t *deployment = desired_deployment(scene->agent, scene->object, &release, &err);
	assert_non_null(deployment);
	scene->children[CHILD_DEPLOYMENT] = as_applied(deployment);
	int wanted = agent_wanted_replicas(scene->agent);
	scene->rollout =
		(struct rollout){ .wanted = wanted, .replicas = wanted, .updated = wanted, .ready = wanted, .is_seen = true };
	scene->input = (struct plan_input){
		.agent = scene->agent,
		.object = scene->object,
		.rollout = &scene->rollout,
		.release = &release,
		.observed_generation = scene->agent->generation,
	};
	for (int kind = 0; kind < CHILD_KINDS; kind++)
		scene->input.children[kind] = scene->children[kind];
}

static void scene_end(struct scene *scene)
{
	json_decref(scene->object);
	agent_free(&scene->agent);
	for (int kind = 0; kind < CHILD_KINDS; kind++)
		json_decref(scene->children[kind]);
}

/* Somebody else set `pointer`: another value, and ours no longer. */
static void taken_over(json_t *object, const char *pointer, json_t *value, const char *owned_pointer)
{
	char parent[256];
	const char *slash = strrchr(owned_pointer, '/');

	json_put(object, pointer, value);
	(void)snprintf(
		parent, sizeof(parent), "/metadata/managedFields/0/fieldsV1%.*s", (int)(slash - owned_pointer), owned_pointer);
	(void)json_object_del(json_at(object, parent), slash + 1);
}

static void at_rest_nothing_is_written(void **state)
{
	static const char *const specs[] = {
		"",
		",'serviceAccountName':'robot'",
		",'mode':'serverless','minReplicas':0",
		",'resources':{'limits':{'cpu':1}},'env':[{'name':'A','value':''}]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
		struct scene scene;

		scene_make(&scene, specs[i], "");
		if (i == 1)
			scene.input.children[CHILD_ACCOUNT] = NULL;
		scoped(plan) plan = plan_make(&scene.input);
		assert_int_equal(plan->count, 0);
		assert_int_equal(plan->note_count, 0);
		assert_false(plan->is_withheld);
		scene_end(&scene);
	}
}

static void a_new_agent_gets_finalizer_and_children_in_order(void **state)
{
	static const struct {
		enum action_kind kind;
		enum child_kind child;
	} wanted[] = {
		{ ACTION_FINALIZER_ADD, CHILD_DEPLOYMENT },
		{ ACTION_CREATE, CHILD_ACCOUNT },
		{ ACTION_CREATE, CHILD_SERVICE },
		{ ACTION_CREATE, CHILD_DEPLOYMENT },
	};
	struct scene scene;

	(void)state;
	scene_make(&scene, "", "");
	memset(scene.input.children, 0, sizeof(scene.input.children));
	scene.input.rollout = NULL;
	scene.input.observed_generation = 0;
	scene.agent->has_finalizer = false;
	scoped(plan) plan = plan_make(&scene.input);
	assert_int_equal(plan->count, ARRAY_LEN(wanted));
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		assert_int_equal(plan->actions[i].kind, wanted[i].kind);
		assert_int_equal(plan->actions[i].child, wanted[i].child);
	}
	assert_int_equal(plan->note_count, 1);
	assert_int_equal(plan->notes[0].reason, REASON_CREATED);
	scene_end(&scene);
}

static void replicas_follow_the_desired_count(void **state)
{
	struct scene scene;

	(void)state;
	scene_make(&scene, "", ",'status':{'desiredReplicas':3}");
	json_put(scene.children[CHILD_DEPLOYMENT], "/spec/replicas", json_integer(1)); /* as we applied it before */
	scoped(plan) plan = plan_make(&scene.input);
	assert_int_equal(plan->count, 1);
	assert_int_equal(plan->actions[0].kind, ACTION_APPLY);
	assert_json(plan->actions[0].object, "/spec/replicas", "3");
	assert_int_equal(plan->note_count, 0); /* our own doing */
	scene_end(&scene);
}

static void zero_replicas_is_sent(void **state)
{
	struct scene scene;

	(void)state;
	scene_make(&scene, ",'mode':'serverless','minReplicas':0", ",'status':{'desiredReplicas':0}");
	json_put(scene.children[CHILD_DEPLOYMENT], "/spec/replicas", json_integer(1));
	scoped(plan) plan = plan_make(&scene.input);
	assert_int_equal(plan->count, 1);
	assert_json(plan->actions[0].object, "/spec/replicas", "0");
	scene_end(&scene);
}

static void drift_is_put_right_and_told(void **state)
{
	static const struct {
		const char *pointer, *owned, *value, *words;
	} rows[] = {
		{ "/spec/replicas", "/f:spec/f:replicas", "5",
			"Deployment hello: spec.replicas was changed to 5 and has been put right; to change it set "
			"spec.minReplicas and "
			"spec.maxReplicas of the Agent" },
		{ "/spec/template/spec/containers/0/image", "/f:spec/f:template/f:spec/f:containers/k:{\"name\":\"agent\"}/f:image",
			"'evil:1'",
			"Deployment hello: spec.template.spec.containers[agent].image was changed to evil:1 and has been put "
			"right; to change it "
			"set spec.image of the Agent" },
		{ "/spec/template/spec/containers/1/env/7/value",
			"/f:spec/f:template/f:spec/f:containers/k:{\"name\":\"krypton-proxy\"}/f:env/"
			"k:{\"name\":\"KRYPTON_SHUTDOWN_TIMEOUT\"}/f:value",
			"'secret'",
			"Deployment hello: spec.template.spec.containers[krypton-proxy].env[KRYPTON_SHUTDOWN_TIMEOUT].value was "
			"changed and has "
			"been put right; to change it set spec.podTemplate of the Agent" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene scene;

		scene_make(&scene, "", "");
		taken_over(scene.children[CHILD_DEPLOYMENT], rows[i].pointer, object_of(rows[i].value), rows[i].owned);
		scoped(plan) plan = plan_make(&scene.input);
		assert_int_equal(plan->count, 1);
		assert_int_equal(plan->actions[0].kind, ACTION_APPLY);
		assert_int_equal(plan->note_count, 1);
		assert_int_equal(plan->notes[0].reason, REASON_DRIFT_REPAIRED);
		assert_string_equal(plan->notes[0].message, rows[i].words);
		scene_end(&scene);
	}
}

static void a_deleted_child_is_made_again_and_told(void **state)
{
	struct scene scene;

	(void)state;
	scene_make(&scene, "", "");
	scene.input.children[CHILD_SERVICE] = NULL;
	scoped(plan) plan = plan_make(&scene.input);
	assert_int_equal(plan->count, 1);
	assert_int_equal(plan->actions[0].kind, ACTION_CREATE);
	assert_int_equal(plan->actions[0].child, CHILD_SERVICE);
	assert_string_equal(
		plan->notes[0].message, "Service hello was deleted and has been made again; it goes only with the Agent");
	scene_end(&scene);
}

static void a_child_that_is_going_is_left_alone_until_it_is_gone(void **state)
{
	struct scene scene;

	(void)state;
	scene_make(&scene, "", "");
	json_put_text(scene.children[CHILD_SERVICE], "/metadata/deletionTimestamp", "2026-01-01T00:00:00Z");
	json_put(scene.children[CHILD_SERVICE], "/spec/type", json_string("NodePort"));
	scoped(plan) plan = plan_make(&scene.input);
	assert_int_equal(plan->count, 0);
	scene_end(&scene);
}

static void an_object_of_somebody_else_is_not_taken(void **state)
{
	struct scene scene;

	(void)state;
	scene_make(&scene, "", "");
	json_put_text(scene.children[CHILD_SERVICE], "/metadata/ownerReferences/0/kind", "Helm");
	json_put_text(scene.children[CHILD_SERVICE], "/metadata/ownerReferences/0/uid", "other");
	scoped(plan) plan = plan_make(&scene.input);
	assert_int_equal(plan->count, 0);
	assert_true(plan->is_refused);
	assert_int_equal(plan->refusal, REASON_NAME_CONFLICT);
	scene_end(&scene);
}

static void a_child_of_an_agent_that_is_gone_is_replaced(void **state)
{
	struct scene scene;

	(void)state;
	scene_make(&scene, "", "");
	json_put_text(scene.children[CHILD_DEPLOYMENT], "/metadata/ownerReferences/0/uid", "u-0");
	scoped(plan) plan = plan_make(&scene.input);
	assert_int_equal(plan->count, 2);
	assert_int_equal(plan->actions[0].kind, ACTION_DELETE);
	assert_string_equal(plan->actions[0].uid, "child-1");
	assert_int_equal(plan->actions[1].kind, ACTION_CREATE);
	scene_end(&scene);
}

static void an_orphan_of_ours_is_adopted(void **state)
{
	struct scene scene;

	(void)state;
	scene_make(&scene, "", "");
	(void)json_object_del(json_at(scene.children[CHILD_SERVICE], "/metadata"), "ownerReferences");
	scoped(plan) plan = plan_make(&scene.input);
	assert_int_equal(plan->count, 1);
	assert_int_equal(plan->actions[0].kind, ACTION_APPLY);
	assert_json(plan->actions[0].object, "/metadata/ownerReferences/0/uid", "'u-1'");
	scene_end(&scene);
}

static void a_named_account_makes_ours_go(void **state)
{
	struct scene scene;

	(void)state;
	scene_make(&scene, ",'serviceAccountName':'robot'", "");
	scoped(plan) plan = plan_make(&scene.input);
	assert_int_equal(plan->count, 1);
	assert_int_equal(plan->actions[0].kind, ACTION_DELETE);
	assert_int_equal(plan->actions[0].child, CHILD_ACCOUNT);
	scene_end(&scene);
}

static void an_impossible_pod_template_writes_nothing(void **state)
{
	struct scene scene;

	(void)state;
	scene_make(&scene, "", "");
	json_put_text(scene.object, "/spec/podTemplate/metadata/labels/krypton.ai~1agent", "x");
	scoped(plan) plan = plan_make(&scene.input);
	assert_int_equal(plan->count, 0);
	assert_true(plan->is_refused);
	assert_int_equal(plan->refusal, REASON_INVALID_POD_TEMPLATE);
	scene_end(&scene);
}

/* What the API server does not keep (an explicit default, say) must not be sent for ever. */
static void what_was_sent_and_changed_nothing_is_not_sent_again(void **state)
{
	struct scene scene;
	struct settled settled = { 0 };

	(void)state;
	scene_make(&scene, ",'podTemplate':{'spec':{'hostNetwork':false}}", "");
	(void)json_object_del(json_at(scene.children[CHILD_DEPLOYMENT], "/spec/template/spec"), "hostNetwork");
	scoped(plan) first = plan_make(&scene.input);
	assert_int_equal(first->count, 1);
	settled.hash = first->actions[0].hash;
	plan_version_of(scene.children[CHILD_DEPLOYMENT], settled.version);
	scene.input.settled[CHILD_DEPLOYMENT] = &settled;
	scoped(plan) second = plan_make(&scene.input);
	assert_int_equal(second->count, 0);
	json_put(scene.children[CHILD_DEPLOYMENT], "/metadata/generation", json_integer(2)); /* somebody changed it since */
	scoped(plan) third = plan_make(&scene.input);
	assert_int_equal(third->count, 1);
	scene_end(&scene);
}

/* --- a new image of krypton-proxy --- */

static const struct release newer = { .proxy_image = "proxy:2", .proxy_pull_policy = "IfNotPresent", .token = "t" };

static void a_new_proxy_image_reaches_always_on_agents_two_at_a_time(void **state)
{
	static const struct {
		int rolling;
		bool is_applied;
	} rows[] = { { 0, true }, { 1, true }, { 2, false }, { 7, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene scene;

		scene_make(&scene, "", "");
		scene.input.release = &newer;
		scene.input.rolling = rows[i].rolling;
		scoped(plan) plan = plan_make(&scene.input);
		assert_int_equal(plan->count, rows[i].is_applied ? 1 : 0);
		assert_int_equal(plan->is_withheld, !rows[i].is_applied);
		assert_int_equal(plan->note_count, 0);
		scene_end(&scene);
	}
}

static void a_new_proxy_image_reaches_sleepers_when_they_wake(void **state)
{
	static const struct {
		int seen, desired;
		bool is_applied;
		const char *image;
	} rows[] = {
		{ 0, 0, false, NULL },
		{ 1, 1, false, NULL },
		{ 0, 1, true, "'proxy:2'" }, /* it wakes */
		{ 1, 2, true, "'proxy:1'" }, /* it scales: no running pod is replaced */
		{ 1, 0, true, "'proxy:1'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene scene;
		char status[64];

		(void)snprintf(status, sizeof(status), ",'status':{'desiredReplicas':%d}", rows[i].desired);
		scene_make(&scene, ",'mode':'serverless','minReplicas':0", status);
		json_put(scene.children[CHILD_DEPLOYMENT], "/spec/replicas", json_integer(rows[i].seen));
		scene.rollout.wanted = rows[i].seen;
		scene.input.release = &newer;
		scoped(plan) plan = plan_make(&scene.input);
		assert_int_equal(plan->count, rows[i].is_applied ? 1 : 0);
		if (rows[i].is_applied)
			assert_json(plan->actions[0].object, "/spec/template/spec/containers/1/image", rows[i].image);
		scene_end(&scene);
	}
}

static void agents_that_krypton_proxy_holds_up_do_not_wait_for_another_image_of_it(void **state)
{
	static const struct {
		const char *spec, *reason;
		int ready;
		bool is_applied;
	} rows[] = {
		{ "", "SidecarNotReady", 0, true },
		{ ",'mode':'serverless','minReplicas':0", "SidecarNotReady", 0, true },
		{ ",'mode':'serverless','minReplicas':0", "SidecarNotReady", 1, false },
		{ ",'mode':'serverless','minReplicas':0", "Starting", 0, false },
		{ "", "CrashLoop", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene scene;
		char status[256];

		(void)snprintf(status, sizeof(status),
			",'status':{'desiredReplicas':1,'conditions':[{'type':'Available','status':'False','reason':'%s','message':"
			"'m'}]}",
			rows[i].reason);
		scene_make(&scene, rows[i].spec, status);
		scene.rollout.ready = rows[i].ready;
		scene.input.release = &newer;
		scene.input.rolling = PLAN_ROLLING_MAX;
		scoped(plan) plan = plan_make(&scene.input);
		assert_int_equal(plan->count, rows[i].is_applied ? 1 : 0);
		scene_end(&scene);
	}
}

/* The Agent is another one now; its children are as they were. */
static void agent_becomes(struct scene *scene, const char *spec_rest)
{
	agent_free(&scene->agent);
	json_decref(scene->object);
	scene->object = agent_object(spec_rest, "");
	scene->agent = agent_of(scene->object);
	scene->input.agent = scene->agent;
	scene->input.object = scene->object;
	scene->input.observed_generation = scene->agent->generation - 1;
}

static void what_an_agent_says_no_longer_is_taken_away(void **state)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{ ",'env':[{'name':'A','value':'1'},{'name':'B','value':'2'}]", ",'env':[{'name':'A','value':'1'}]" },
		{ ",'env':[{'name':'A','value':'1'}]", "" },
		{ ",'command':['x'],'args':['y']", "" },
		{ ",'resources':{'limits':{'cpu':'1','memory':'1Gi'}}", ",'resources':{'limits':{'cpu':'1'}}" },
		{ ",'podTemplate':{'metadata':{'annotations':{'a':'b'}},'spec':{'containers':[{'name':'agent','tty':true},"
		  "{'name':'other','image':'o:1'}]}}",
			",'podTemplate':{'spec':{'containers':[{'name':'agent','tty':true}]}}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene scene;

		scene_make(&scene, rows[i].before, "");
		agent_becomes(&scene, rows[i].after);
		scoped(plan) plan = plan_make(&scene.input);
		assert_int_equal(plan->count, 1);
		assert_int_equal(plan->actions[0].kind, ACTION_APPLY);
		assert_int_equal(plan->actions[0].child, CHILD_DEPLOYMENT);
		assert_int_equal(plan->note_count, 0);
		scene_end(&scene);
	}
}

static void a_limit_of_the_proxy_that_is_set_no_longer_goes_at_its_turn(void **state)
{
	const struct release with_limit = { .proxy_image = release.proxy_image,
		.proxy_pull_policy = release.proxy_pull_policy,
		.token = release.token,
		.proxy_env = "KRYPTON_CONNECT_TIMEOUT=10s" };
	struct err err = { 0 };
	struct scene scene;

	(void)state;
	scene_make(&scene, "", "");
	json_decref(scene.children[CHILD_DEPLOYMENT]);
	scene.children[CHILD_DEPLOYMENT] = as_applied(desired_deployment(scene.agent, scene.object, &with_limit, &err));
	scene.input.children[CHILD_DEPLOYMENT] = scene.children[CHILD_DEPLOYMENT];
	scene.input.rolling = PLAN_ROLLING_MAX;
	scoped(plan) waits = plan_make(&scene.input);
	assert_int_equal(waits->count, 0);
	assert_true(waits->is_withheld);
	scene.input.rolling = PLAN_ROLLING_MAX - 1;
	scoped(plan) goes = plan_make(&scene.input);
	assert_int_equal(goes->count, 1);
	assert_true(goes->is_for_release);
	assert_int_equal(goes->note_count, 0);
	scene_end(&scene);
}

static void a_changed_agent_takes_the_new_proxy_along(void **state)
{
	struct scene scene;

	(void)state;
	scene_make(&scene, "", "");
	json_put_text(scene.object, "/spec/image", "img:2");
	agent_free(&scene.agent);
	scene.agent = agent_of(scene.object);
	scene.agent->generation = 3;
	scene.input.agent = scene.agent;
	scene.input.release = &newer;
	scene.input.rolling = 9;
	scoped(plan) plan = plan_make(&scene.input);
	assert_int_equal(plan->count, 1);
	assert_json(plan->actions[0].object, "/spec/template/spec/containers/0/image", "'img:2'");
	assert_json(plan->actions[0].object, "/spec/template/spec/containers/1/image", "'proxy:2'");
	scene_end(&scene);
}

static void another_bound_of_an_agent_does_not_take_the_new_proxy_along(void **state)
{
	struct scene scene;

	(void)state;
	scene_make(&scene, ",'mode':'serverless','minReplicas':0,'maxReplicas':4", ",'status':{'desiredReplicas':1}");
	scene.agent->generation = 3; /* only maxReplicas changed */
	scene.input.release = &newer;
	scoped(plan) plan = plan_make(&scene.input);
	assert_int_equal(plan->count, 0);
	assert_true(plan->is_withheld);
	scene_end(&scene);
}

static void a_gateway_that_moved_replaces_no_pod(void **state)
{
	static const struct release moved = {
		.proxy_image = "proxy:1", .proxy_pull_policy = "IfNotPresent", .token = "t", .gateway_url = "http://10.96.0.9:8082"
	};
	static const struct {
		int pods;
		bool is_applied;
	} rows[] = { { 1, false }, { 0, true } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene scene;

		scene_make(&scene, "", "");
		scene.rollout.wanted = rows[i].pods;
		scene.input.release = &moved;
		scoped(plan) plan = plan_make(&scene.input);
		assert_int_equal(plan->count, rows[i].is_applied ? 1 : 0);
		assert_false(plan->is_withheld); /* no turn is waited for */
		assert_false(plan->is_for_release);
		scene_end(&scene);
	}
}

/* --- the end --- */

static void a_deleted_agent_takes_its_own_children_along(void **state)
{
	struct scene scene;

	(void)state;
	scene_make(&scene, "", "");
	json_put_text(scene.children[CHILD_SERVICE], "/metadata/ownerReferences/0/uid", "other");
	json_put(scene.object, "/metadata/finalizers/-", json_string("other/one"));
	{
		scoped(plan) plan = plan_end(scene.object, scene.input.children);
		assert_int_equal(plan->count, 2);
		assert_int_equal(plan->actions[0].kind, ACTION_DELETE);
		assert_int_equal(plan->actions[0].child, CHILD_DEPLOYMENT);
		assert_int_equal(plan->actions[1].child, CHILD_ACCOUNT);
		assert_true(plan->is_waiting);
		assert_string_equal(plan->held, "");
	}
	for (int kind = 0; kind < CHILD_KINDS; kind++)
		json_put_text(scene.children[kind], "/metadata/deletionTimestamp", "2026-01-01T00:00:00Z");
	json_put(scene.children[CHILD_DEPLOYMENT], "/metadata/finalizers/-", json_string("example.com/hold"));
	json_put(scene.children[CHILD_DEPLOYMENT], "/metadata/finalizers/-", json_string("example.com/two"));
	json_put(scene.children[CHILD_ACCOUNT], "/metadata/finalizers/-", json_string("x/y"));
	{
		scoped(plan) plan = plan_end(scene.object, scene.input.children);
		assert_int_equal(plan->count, 0);
		assert_true(plan->is_waiting);
		assert_string_equal(plan->held, "Deployment hello (example.com/hold, example.com/two), ServiceAccount hello (x/y)");
	}
	scene.input.children[CHILD_DEPLOYMENT] = NULL;
	scene.input.children[CHILD_ACCOUNT] = NULL;
	scoped(plan) plan = plan_end(scene.object, scene.input.children);
	assert_int_equal(plan->count, 1);
	assert_int_equal(plan->actions[0].kind, ACTION_FINALIZER_REMOVE);
	assert_json(plan->actions[0].object, "", "['other/one']");
	scene_end(&scene);
}

static void without_our_finalizer_the_end_is_not_ours(void **state)
{
	struct scene scene;

	(void)state;
	scene_make(&scene, "", "");
	json_put(scene.object, "/metadata/finalizers", json_array());
	scoped(plan) plan = plan_end(scene.object, scene.input.children);
	assert_int_equal(plan->count, 0);
	scene_end(&scene);
}

static void finalizers_of_others_are_kept(void **state)
{
	scoped_json object =
		object_of("{'metadata':{'uid':'u','resourceVersion':'5','finalizers':['a','krypton.ai/cleanup','b']}}");
	scoped_json bare = object_of("{'metadata':{}}");
	scoped_json with = finalize_list_with(object);
	scoped_json with_bare = finalize_list_with(bare);
	scoped_json without = finalize_list_without(object);
	scoped_json patch = finalize_patch(object, without);

	(void)state;
	assert_true(finalize_is_ours(object));
	assert_false(finalize_is_ours(bare));
	assert_json(with, "", "['a','b','krypton.ai/cleanup']");
	assert_json(with_bare, "", "['krypton.ai/cleanup']");
	assert_json(patch, "", "{'metadata':{'resourceVersion':'5','uid':'u','finalizers':['a','b']}}");
}

static void a_rollout_runs_until_every_pod_is_new_and_ready(void **state)
{
	static const struct {
		struct rollout rollout;
		bool is_running;
	} rows[] = {
		{ { .wanted = 1, .replicas = 1, .updated = 1, .ready = 1, .is_seen = true }, false },
		{ { .wanted = 1, .replicas = 1, .updated = 1, .ready = 1, .is_seen = false }, true },
		{ { .wanted = 1, .replicas = 2, .updated = 1, .ready = 2, .is_seen = true }, true },
		{ { .wanted = 2, .replicas = 2, .updated = 1, .ready = 2, .is_seen = true }, true },
		{ { .wanted = 1, .replicas = 1, .updated = 1, .ready = 0, .is_seen = true }, true },
		{ { .wanted = 1, .replicas = 1, .updated = 1, .ready = 0, .is_seen = true, .is_stuck = true }, false },
		{ { .wanted = 0, .replicas = 1, .is_seen = false }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(rollout_is_running(&rows[i].rollout), rows[i].is_running);
}

static void a_child_is_kept_without_status(void **state)
{
	scoped_json object = object_of(
		"{'metadata':{'uid':'u','resourceVersion':'99','generation':2,'managedFields':["
		"{'manager':'a','subresource':'status','fieldsV1':{}},{'manager':'b','subresource':'scale'},{'manager':'c'}]},"
		"'spec':{'replicas':3},'status':{'observedGeneration':2,'replicas':3,'updatedReplicas':2,'readyReplicas':1,"
		"'conditions':[{'type':'Progressing','status':'False'},{'type':'ReplicaFailure','status':'True','message':'quota'}]"
		"}}");
	scoped(alike) alike = alike_new();
	scoped(child) child = child_from_json(alike, object);
	scoped(child) agent = child_from_agent_json(alike, object);
	scoped_json kept = child_read(alike, child);
	scoped_json kept_agent = child_read(alike, agent);
	scoped_json expected = object_of("{'metadata':{'uid':'u','resourceVersion':'99','generation':2,'managedFields':["
					 "{'manager':'b','subresource':'scale'},{'manager':'c'}]},'spec':{'replicas':3}}");

	(void)state;
	assert_true(json_equal(kept, expected));
	assert_int_equal(child->rollout.wanted, 3);
	assert_int_equal(child->rollout.replicas, 3);
	assert_int_equal(child->rollout.updated, 2);
	assert_int_equal(child->rollout.ready, 1);
	assert_true(child->rollout.is_seen);
	assert_true(child->rollout.is_stuck);
	assert_string_equal(child->replica_failure, "quota");
	assert_null(json_at(kept_agent, "/metadata/managedFields"));
	assert_non_null(json_at(kept_agent, "/status"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_rest_nothing_is_written),
		cmocka_unit_test(a_new_agent_gets_finalizer_and_children_in_order),
		cmocka_unit_test(replicas_follow_the_desired_count),
		cmocka_unit_test(zero_replicas_is_sent),
		cmocka_unit_test(drift_is_put_right_and_told),
		cmocka_unit_test(a_deleted_child_is_made_again_and_told),
		cmocka_unit_test(a_child_that_is_going_is_left_alone_until_it_is_gone),
		cmocka_unit_test(an_object_of_somebody_else_is_not_taken),
		cmocka_unit_test(a_child_of_an_agent_that_is_gone_is_replaced),
		cmocka_unit_test(an_orphan_of_ours_is_adopted),
		cmocka_unit_test(a_named_account_makes_ours_go),
		cmocka_unit_test(an_impossible_pod_template_writes_nothing),
		cmocka_unit_test(what_was_sent_and_changed_nothing_is_not_sent_again),
		cmocka_unit_test(a_new_proxy_image_reaches_always_on_agents_two_at_a_time),
		cmocka_unit_test(a_new_proxy_image_reaches_sleepers_when_they_wake),
		cmocka_unit_test(agents_that_krypton_proxy_holds_up_do_not_wait_for_another_image_of_it),
		cmocka_unit_test(what_an_agent_says_no_longer_is_taken_away),
		cmocka_unit_test(a_limit_of_the_proxy_that_is_set_no_longer_goes_at_its_turn),
		cmocka_unit_test(a_changed_agent_takes_the_new_proxy_along),
		cmocka_unit_test(another_bound_of_an_agent_does_not_take_the_new_proxy_along),
		cmocka_unit_test(a_gateway_that_moved_replaces_no_pod),
		cmocka_unit_test(a_deleted_agent_takes_its_own_children_along),
		cmocka_unit_test(without_our_finalizer_the_end_is_not_ours),
		cmocka_unit_test(finalizers_of_others_are_kept),
		cmocka_unit_test(a_rollout_runs_until_every_pod_is_new_and_ready),
		cmocka_unit_test(a_child_is_kept_without_status),
	};

	return cmocka_run_group_tests_name("controller/plan", tests, NULL, NULL);
}

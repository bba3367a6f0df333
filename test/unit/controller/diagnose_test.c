/* SPDX-License-Identifier: Apache-2.0 */
/* Pods and Events as the kubelet writes them, and what is said about them. */
#include "controller/diagnose.h"

#include "base/buf.h"
#include "base/file.h"
#include "controller/asking.h"
#include "controller/report.h"
#include "kube/event_object.h"
#include "objects.h"

#define GOLDEN       "test/data/messages.txt"
#define GOLDEN_BYTES 65536

#define NOW INT64_C(1767225660000) /* 2026-01-01T00:01:00Z */

#define META "'metadata':{'name':'hello-7d-x','uid':'p1','labels':{'krypton.ai/agent':'hello'}}"
#define SPEC                                                                                                                   \
	"'spec':{'nodeName':'node-1','containers':[{'name':'agent','image':'img:1','resources':{'limits':{'memory':'64Mi'}}}," \
	"{'name':'krypton-proxy','image':'proxy:1'}]}"

struct row {
	const char *agent_status, *proxy_status; /* containerStatuses entries */
	const char *pod_status_rest;             /* begins with a comma */
	const char *warning;                     /* NULL: none */
	enum reason reason;
	const char *words; /* in the message */
};

static void diagnosis_of(const struct row *row, const struct rollout *rollout, const char *failure, struct diagnosis *ret_diagnosis)
{
	scoped_json object = agent_object("", "");
	scoped(agent) agent = agent_of(object);
	char text[4096];

	(void)snprintf(text, sizeof(text), "{" META "," SPEC ",'status':{'phase':'Pending','containerStatuses':[%s,%s]%s}}",
		row->agent_status, row->proxy_status, row->pod_status_rest);
	scoped_json pod_object = object_of(text);
	scoped(pod) pod = pod_from_json(pod_object);
	scoped_json warning_object = row->warning == NULL ? NULL : object_of(row->warning);
	scoped(warning) warning = warning_object == NULL ? NULL : warning_from_json(warning_object);
	struct sighting sighting = {
		.pods = { pod }, .pod_count = 1, .warnings = { warning }, .warning_count = warning == NULL ? 0 : 1
	};
	const struct diagnosis_input input = {
		.agent = agent,
		.rollout = rollout,
		.replica_failure = failure,
		.sighting = &sighting,
		.now_ms = NOW,
	};

	assert_non_null(pod);
	diagnose(&input, ret_diagnosis);
}

#define TEN     "abcdefghij"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

#define SANDBOX_ID             "5b1e0c8d94f27a635b1e0c8d94f27a635b1e0c8d94f27a635b1e0c8d94f27a63"
#define UP_NOT_READY           "{'name':'krypton-proxy','ready':false,'state':{'running':{'startedAt':'2026-01-01T00:00:00Z'}}}"
#define RUNS                   "{'name':'agent','ready':true,'state':{'running':{'startedAt':'2026-01-01T00:00:00Z'}}}"
#define WAITS(reason, message) "{'name':'agent','state':{'waiting':{'reason':'" reason "','message':'" message "'}}}"
#define ABOUT(reason, message, path)                                                                                   \
	"{'involvedObject':{'kind':'Pod','uid':'p1','fieldPath':'" path "'},'reason':'" reason "','message':'" message \
	"','lastTimestamp':'2026-01-01T00:00:30Z'}"

static const struct rollout none_ready = { .wanted = 1, .replicas = 1, .updated = 1, .is_seen = true };

/* Whole messages, to be read as people read them. */
static void golden_check(struct buf *seen)
{
	struct err err = { 0 };
	scoped_buf golden;

	buf_init(&golden, GOLDEN_BYTES);
	if (file_read(GOLDEN, &golden, &err) == -1)
		fail_msg("%s", err.message);
	if (text_equal(buf_text(&golden), buf_text(seen)))
		return;
	(void)fprintf(stderr, "%s", buf_terminated(seen));
	fail_msg("messages differ from %s; if that is meant, it should be what stands above", GOLDEN);
}

static void every_fault_has_its_reason_and_words(void **state)
{
	static const struct row rows[] = {
		{ WAITS("ErrImagePull", "failed to pull: 401 Unauthorized"), UP_NOT_READY, "", NULL, REASON_IMAGE_PULL_FAILED,
			"Pod hello-7d-x: image img:1 of container agent cannot be pulled without any imagePullSecrets: failed to "
			"pull: "
			"401 Unauthorized. Check" },
		{ WAITS("ImagePullBackOff", "Back-off pulling image: ErrImagePull: failed to pull: 401 Unauthorized"), UP_NOT_READY,
			"", NULL, REASON_IMAGE_PULL_FAILED,
			"cannot be pulled without any imagePullSecrets: failed to pull: 401 Unauthorized. Check" },
		{ WAITS("ImagePullBackOff",
			  "Back-off: ErrImagePull: failed to pull and unpack image \\\"r/a:1\\\": failed to resolve reference "
			  "\\\"r/a:1\\\": "
			  "unexpected status from HEAD request to http://r/v2/a/manifests/1: 403 Forbidden"),
			UP_NOT_READY, "", NULL, REASON_IMAGE_PULL_FAILED,
			"cannot be pulled without any imagePullSecrets: unexpected status from HEAD request" },
		{ WAITS("ImagePullBackOff", "Back-off pulling image"), UP_NOT_READY, "", NULL, REASON_IMAGE_PULL_FAILED,
			"the kubelet waits" },
		{ WAITS("ErrImageNeverPull", "is not present"), UP_NOT_READY, "", NULL, REASON_IMAGE_PULL_FAILED,
			"imagePullPolicy is Never" },
		{ WAITS("ImagePullBackOff", "x"), UP_NOT_READY, "",
			ABOUT("FailedToRetrieveImagePullSecret", "Unable to retrieve some image pull secrets (regcred)", ""),
			REASON_PULL_SECRET_MISSING, "image pull secrets (regcred)" },
		{ WAITS("CreateContainerConfigError", "secret keys not found"), UP_NOT_READY, "", NULL, REASON_CONFIG_MISSING,
			"cannot be made: secret keys not found" },
		{ WAITS("ContainerCreating", ""), WAITS("ContainerCreating", ""), "",
			ABOUT("FailedMount", "MountVolume.SetUp failed for volume v : configmap conf not found", ""),
			REASON_CONFIG_MISSING, "configmap conf not found" },
		{ WAITS("RunContainerError", "exec: no such file"), UP_NOT_READY, "", NULL, REASON_CRASH_LOOP,
			"cannot be started: exec: no such file" },
		{ "{'name':'agent','restartCount':4,'state':{'waiting':{'reason':'CrashLoopBackOff'}},'lastState':{'terminated':{'"
		  "exitCode':3,"
		  "'reason':'Error'}}}",
			UP_NOT_READY, "", NULL, REASON_CRASH_LOOP,
			"container agent ends with exit code 3 (Error), restarted 4 times. Next: kubectl -n shop logs hello-7d-x "
			"-c agent --previous" },
		{ "{'name':'agent','restartCount':1,'state':{'terminated':{'exitCode':1,'reason':'Error'}}}", UP_NOT_READY, "",
			NULL, REASON_CRASH_LOOP, "exit code 1" },
		{ "{'name':'agent','restartCount':1,'state':{'terminated':{'exitCode':137,'reason':'OOMKilled'}}}", UP_NOT_READY,
			"", NULL, REASON_OUT_OF_MEMORY, "memory limit of 64Mi (OOMKilled)" },
		{ "{'name':'agent','restartCount':5,'state':{'waiting':{'reason':'CrashLoopBackOff'}},'lastState':{'terminated':{'"
		  "exitCode':137,"
		  "'reason':'OOMKilled'}}}",
			UP_NOT_READY, "", NULL, REASON_OUT_OF_MEMORY, "64Mi" },
		{ "{'name':'agent','ready':true,'restartCount':2,'state':{'running':{'startedAt':'2026-01-01T00:00:59Z'}},"
		  "'lastState':{'terminated':{'exitCode':3,'reason':'Error'}}}",
			UP_NOT_READY, "", NULL, REASON_CRASH_LOOP, "exit code 3 (Error), restarted 2 times" },
		{ "{'name':'agent','ready':true,'restartCount':2,'state':{'running':{'startedAt':'2026-01-01T00:00:54Z'}},"
		  "'lastState':{'terminated':{'exitCode':3,'reason':'Error'}}}",
			UP_NOT_READY, "", NULL, REASON_AGENT_NOT_LISTENING, "no connection on port 8080" },
		{ RUNS, "{'name':'krypton-proxy','state':{'waiting':{'reason':'ErrImagePull','message':'no such tag'}}}", "", NULL,
			REASON_SIDECAR_NOT_READY, "image proxy:1 of container krypton-proxy cannot be pulled: no such tag" },
		{ RUNS, UP_NOT_READY, "", NULL, REASON_AGENT_NOT_LISTENING, "no connection on port 8080" },
		{ "{'name':'agent','ready':false,'state':{'running':{}}}", UP_NOT_READY,
			",'conditions':[{'type':'PodScheduled','status':'True'}]", NULL, REASON_AGENT_NOT_LISTENING, "8080" },
		{ "{}", "{}",
			",'conditions':[{'type':'PodScheduled','status':'False','reason':'Unschedulable','message':'0/1 nodes: "
			"Insufficient cpu.'}]",
			NULL, REASON_UNSCHEDULABLE, "fits on no node: 0/1 nodes: Insufficient cpu. Lower" },
		{ WAITS("ContainerCreating", ""), WAITS("ContainerCreating", ""), "",
			ABOUT("FailedCreatePodSandBox",
				"Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for "
				"sandbox "
				"\\\"" SANDBOX_ID "\\\": plugin type=\\\"bridge\\\" failed (add): no IP addresses available",
				""),
			REASON_SANDBOX_FAILED,
			"cannot be set up on node node-1: failed to setup network for sandbox \"…\": plugin" },
		{ "{}", "{}", ",'reason':'Evicted','message':'The node was low on resource: memory'", NULL, REASON_EVICTED,
			"evicted from node node-1: The node was low" },
		{ RUNS, "{'name':'krypton-proxy','ready':true,'state':{'running':{'startedAt':'2026-01-01T00:00:00Z'}}}",
			",'conditions':[{'type':'Ready','status':'False'},{'type':'ContainersReady','status':'True'}]", NULL,
			REASON_NODE_LOST, "node-1" },
	};

	scoped_buf golden;

	(void)state;
	buf_init(&golden, GOLDEN_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct diagnosis diagnosis;

		diagnosis_of(&rows[i], &none_ready, NULL, &diagnosis);
		assert_return_code(buf_format(&golden, "%s: %s\n\n", reason_name(diagnosis.reason), diagnosis.message), 0);
		if (diagnosis.reason != rows[i].reason || strstr(diagnosis.message, rows[i].words) == NULL)
			fail_msg("row %zu: %s: %s", i, reason_name(diagnosis.reason), diagnosis.message);
		assert_false(diagnosis.is_available);
		assert_true(diagnosis.is_fault);
	}
	golden_check(&golden);
}

static void the_first_fault_is_told_and_the_others_are_counted(void **state)
{
	static const char *const statuses[] = {
		"{'name':'agent','ready':true,'state':{'running':{}}},{'name':'krypton-proxy','ready':true,'state':{'running':{}}}",
		WAITS("ErrImagePull", "no such host") "," UP_NOT_READY,
		WAITS("ErrImagePull", "no such host") "," UP_NOT_READY,
		"{'name':'agent','restartCount':4,'state':{'waiting':{'reason':'CrashLoopBackOff'}},'lastState':{'terminated':{'"
		"exitCode':3,'reason':'Error'}}}," UP_NOT_READY,
	};
	static const struct rollout one_ready = { .wanted = 4, .replicas = 4, .updated = 3, .ready = 1, .is_seen = true };
	scoped_json object = agent_object("", ",'status':{'desiredReplicas':4}");
	scoped(agent) agent = agent_of(object);
	struct pod *pods[ARRAY_LEN(statuses)];
	struct sighting sighting = { .pod_count = ARRAY_LEN(statuses) };
	const struct diagnosis_input input = { .agent = agent, .rollout = &one_ready, .sighting = &sighting, .now_ms = NOW };
	struct diagnosis diagnosis;
	char text[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		(void)snprintf(text, sizeof(text),
			"{'metadata':{'name':'hello-7d-%zu','uid':'p%zu','labels':{'krypton.ai/agent':'hello'}}," SPEC
			",'status':{'phase':'Running'%s,'containerStatuses':[%s]}}",
			i, i, i == 0 ? ",'conditions':[{'type':'Ready','status':'True'}]" : "", statuses[i]);
		scoped_json pod_object = object_of(text);
		pods[i] = pod_from_json(pod_object);
		sighting.pods[i] = pods[i];
	}
	diagnose(&input, &diagnosis);
	assert_int_equal(diagnosis.reason, REASON_IMAGE_PULL_FAILED);
	assert_string_equal(diagnosis.message,
		"Pod hello-7d-1: image img:1 of container agent cannot be pulled: no such host. Check the image's name and tag and "
		"spec.imagePullSecrets. The same in 1 other pod. Also: CrashLoop (1 pod). Other pods take requests. Next: kubectl "
		"-n shop describe pod hello-7d-1");
	assert_true(diagnosis.is_available);
	scoped_json report = report_status(agent, object, &one_ready, &diagnosis, NOW);
	assert_string_equal(json_text_at(report, "/status/conditions/0/status"), "True");
	assert_string_equal(json_text_at(report, "/status/conditions/1/type"), "Progressing");
	assert_string_equal(json_text_at(report, "/status/conditions/1/status"), "False");
	assert_string_equal(json_text_at(report, "/status/conditions/1/reason"), "ImagePullFailed");
	for (size_t i = 0; i < ARRAY_LEN(pods); i++)
		pod_free(&pods[i]);
}

/* Two pods of hello, of the ReplicaSets of before and of now, the second one a minute younger. */
static void the_pull_secrets_in_use_are_named_where_the_registry_wants_others(void **state)
{
	static const struct {
		const char *secrets, *cause, *words;
	} rows[] = {
		{ "[{'name':'regcred'}]", "x: 401 Unauthorized",
			"cannot be pulled with imagePullSecrets regcred: x: 401 Unauthorized." },
		{ "[{'name':'one'},{},{'name':'two'}]", "x: 403 Forbidden",
			"cannot be pulled with imagePullSecrets one, two: x: 403" },
		{ "[]", "no basic auth credentials", "cannot be pulled without any imagePullSecrets: no basic" },
		{ "[{'name':'one'}]", "denied: Your authorization token has expired", "pulled with imagePullSecrets one: denied" },
		{ "[{'name':'one'}]", "pull access denied, may require authorization", "pulled with imagePullSecrets one: pull" },
		{ "[{'name':'one'}]", "manifest unknown", "cannot be pulled: manifest unknown" },
		{ "[]", "dial udp 10.0.0.1:53: connect: permission denied", "cannot be pulled: dial udp" },
		{ "[{'name':'" HUNDRED "'},{'name':'" HUNDRED "'},{'name':'" HUNDRED "'},{'name':'z'}]", "401 Unauthorized",
			"with imagePullSecrets " HUNDRED ", " HUNDRED ", …: 401 Unauthorized. Check" },
	};
	scoped_json object = agent_object("", "");
	scoped(agent) agent = agent_of(object);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[4096];
		struct diagnosis diagnosis;

		(void)snprintf(text, sizeof(text),
			"{" META ",'spec':{'imagePullSecrets':%s,'containers':[{'name':'agent','image':'img:1'}]},"
			"'status':{'containerStatuses':[" WAITS("ErrImagePull", "%s") "]}}",
			rows[i].secrets, rows[i].cause);
		scoped_json pod_object = object_of(text);
		scoped(pod) pod = pod_from_json(pod_object);
		struct sighting sighting = { .pods = { pod }, .pod_count = 1 };
		const struct diagnosis_input input = {
			.agent = agent, .rollout = &none_ready, .sighting = &sighting, .now_ms = NOW
		};

		diagnose(&input, &diagnosis);
		if (diagnosis.reason != REASON_IMAGE_PULL_FAILED || strstr(diagnosis.message, rows[i].words) == NULL)
			fail_msg("row %zu: %s: %s", i, reason_name(diagnosis.reason), diagnosis.message);
	}
}

static void a_secret_that_tries_no_longer_miss_is_old_news(void **state)
{
	static const struct {
		const char *failed_at;
		enum reason reason;
	} rows[] = {
		{ "2026-01-01T00:00:12Z", REASON_PULL_SECRET_MISSING },
		{ "2026-01-01T00:00:16Z", REASON_IMAGE_PULL_FAILED },
	};
	scoped_json object = agent_object("", "");
	scoped(agent) agent = agent_of(object);
	scoped_json pod_object = object_of("{" META "," SPEC ",'status':{'phase':'Pending','containerStatuses':["
					   "{'name':'agent','state':{'waiting':{'reason':'ErrImagePull','message':'401'}}}]}}");
	scoped(pod) pod = pod_from_json(pod_object);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[512];
		struct diagnosis diagnosis;
		scoped_json missing =
			object_of("{'involvedObject':{'kind':'Pod','uid':'p1'},'lastTimestamp':'2026-01-01T00:00:00Z',"
				  "'reason':'FailedToRetrieveImagePullSecret','message':'some (regcred)'}");
		(void)snprintf(text, sizeof(text),
			"{'involvedObject':{'kind':'Pod','uid':'p1'},'lastTimestamp':'%s','reason':'Failed','message':'401'}",
			rows[i].failed_at);
		scoped_json failing = object_of(text);
		scoped(warning) secret = warning_from_json(missing);
		scoped(warning) failed = warning_from_json(failing);
		struct sighting sighting = { .pods = { pod }, .pod_count = 1, .warnings = { secret, failed }, .warning_count = 2 };
		const struct diagnosis_input input = {
			.agent = agent, .rollout = &none_ready, .sighting = &sighting, .now_ms = NOW
		};

		diagnose(&input, &diagnosis);
		assert_int_equal(diagnosis.reason, rows[i].reason);
	}
}

/* A pod of 00:00:00, and what its node said of its sandbox at one time, looked at at another. */
static void a_sandbox_that_fails_is_named_for_as_long_as_that_is_news(void **state)
{
	static const struct {
		const char *status, *failed_at;
		int64_t after_s; /* 00:00:00 */
		enum reason reason;
		int64_t recheck_after_ms;
	} rows[] = {
		{ WAITS("ContainerCreating", ""), "2026-01-01T00:00:10Z", 10, REASON_SANDBOX_FAILED, 130100 },
		{ WAITS("ContainerCreating", ""), "2026-01-01T00:00:10Z", 139, REASON_SANDBOX_FAILED, 1100 },
		{ WAITS("ContainerCreating", ""), "2026-01-01T00:00:10Z", 140, REASON_STARTING, 0 }, /* an image is being pulled */
		{ WAITS("ContainerCreating", ""), "2026-01-01T00:05:00Z", 659, REASON_SANDBOX_FAILED, 1100 },
		{ WAITS("ContainerCreating", ""), "2026-01-01T00:05:00Z", 660, REASON_STARTING, 0 },
		{ WAITS("PodInitializing", ""), "2026-01-01T00:00:10Z", 10, REASON_SANDBOX_FAILED, 130100 },
		{ WAITS("ErrImagePull", "no such host"), "2026-01-01T00:00:10Z", 20, REASON_IMAGE_PULL_FAILED,
			0 }, /* it came further */
		{ "{'name':'agent','restartCount':1,'state':{'waiting':{'reason':'ContainerCreating'}},'lastState':{'terminated':{"
		  "'exitCode':255,'reason':'Unknown'}}}",
			"2026-01-01T00:00:10Z", 20, REASON_SANDBOX_FAILED, 120100 }, /* its node has started again */
		{ RUNS, "2026-01-01T00:00:10Z", 20, REASON_STARTING, 0 },
	};
	scoped_json object = agent_object("", "");
	scoped(agent) agent = agent_of(object);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[4096];
		struct diagnosis diagnosis;

		(void)snprintf(text, sizeof(text),
			"{'metadata':{'name':'hello-7d-x','uid':'p1','labels':{'krypton.ai/agent':'hello'},"
			"'creationTimestamp':'2026-01-01T00:00:00Z'}," SPEC ",'status':{'containerStatuses':[%s]}}",
			rows[i].status);
		scoped_json pod_object = object_of(text);
		(void)snprintf(text, sizeof(text),
			"{'involvedObject':{'kind':'Pod','uid':'p1'},'lastTimestamp':'%s','reason':'FailedCreatePodSandBox',"
			"'message':'Failed to create pod sandbox: desc = no'}",
			rows[i].failed_at);
		scoped_json failing = object_of(text);
		scoped(pod) pod = pod_from_json(pod_object);
		scoped(warning) failed = warning_from_json(failing);
		struct sighting sighting = { .pods = { pod }, .pod_count = 1, .warnings = { failed }, .warning_count = 1 };
		const struct diagnosis_input input = { .agent = agent,
			.rollout = &none_ready,
			.sighting = &sighting,
			.now_ms = NOW - 60000 + rows[i].after_s * 1000 };

		diagnose(&input, &diagnosis);
		if (diagnosis.reason != rows[i].reason || diagnosis.recheck_after_ms != rows[i].recheck_after_ms)
			fail_msg("row %zu: %s, again after %lld: %s", i, reason_name(diagnosis.reason),
				(long long)diagnosis.recheck_after_ms, diagnosis.message);
	}
}

static void what_pods_of_before_show_is_old_news(void **state)
{
	static const struct {
		const char *now;
		enum reason reason;
	} rows[] = {
		{ WAITS("ContainerCreating", ""), REASON_STARTING },
		{ WAITS("ErrImagePull", "no such host"), REASON_IMAGE_PULL_FAILED },
	};
	scoped_json object = agent_object("", "");
	scoped(agent) agent = agent_of(object);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[4096];
		struct diagnosis diagnosis;
		scoped_json old = object_of("{'metadata':{'name':'hello-1-x','uid':'p1','creationTimestamp':'2026-01-01T00:00:00Z',"
					    "'labels':{'krypton.ai/agent':"
					    "'hello','pod-template-hash':'1'}}," SPEC
					    ",'status':{'phase':'Running','containerStatuses':[{'name':'agent',"
					    "'restartCount':4,'state':{'waiting':{'reason':'CrashLoopBackOff'}},'lastState':{'"
					    "terminated':{'exitCode':137,"
					    "'reason':'OOMKilled'}}}]}}");
		(void)snprintf(text, sizeof(text),
			"{'metadata':{'name':'hello-2-x','uid':'p2','creationTimestamp':'2026-01-01T00:01:00Z','labels':{'krypton."
			"ai/agent':"
			"'hello','pod-template-hash':'2'}}," SPEC ",'status':{'phase':'Pending','containerStatuses':[%s]}}",
			rows[i].now);
		scoped_json new = object_of(text);
		scoped(pod) before = pod_from_json(old);
		scoped(pod) now = pod_from_json(new);
		struct sighting sighting = { .pods = { before, now }, .pod_count = 2 };
		const struct diagnosis_input input = {
			.agent = agent, .rollout = &none_ready, .sighting = &sighting, .now_ms = NOW
		};

		diagnose(&input, &diagnosis);
		assert_int_equal(diagnosis.reason, rows[i].reason);
		assert_null(strstr(diagnosis.message, "OutOfMemory"));
	}
}

static void the_agent_s_own_probe_is_quoted(void **state)
{
	scoped_json object =
		object_of("{" META ",'spec':{'containers':[{'name':'agent','readinessProbe':{}},{'name':'krypton-proxy'}]},"
			  "'status':{'containerStatuses':[{'name':'agent','ready':false,'state':{'running':{'startedAt':'2026-01-"
			  "01T00:00:00Z'}}},"
			  "{'name':'krypton-proxy','ready':true,'state':{'running':{}}}]}}");
	scoped_json event = object_of(ABOUT("Unhealthy", "Readiness probe failed: 500", "spec.containers{agent}"));
	scoped(pod) pod = pod_from_json(object);
	scoped(warning) warning = warning_from_json(event);
	scoped_json agent_json = agent_object("", "");
	scoped(agent) agent = agent_of(agent_json);
	struct sighting sighting = { .pods = { pod }, .pod_count = 1, .warnings = { warning }, .warning_count = 1 };
	const struct diagnosis_input input = { .agent = agent, .rollout = &none_ready, .sighting = &sighting, .now_ms = NOW };
	struct diagnosis diagnosis;

	(void)state;
	diagnose(&input, &diagnosis);
	assert_int_equal(diagnosis.reason, REASON_AGENT_PROBE_FAILING);
	assert_non_null(strstr(diagnosis.message, "Readiness probe failed: 500"));
}

static void an_agent_that_has_just_started_is_given_a_moment(void **state)
{
	const struct row row = { "{'name':'agent','state':{'running':{'startedAt':'2026-01-01T00:00:58Z'}}}", UP_NOT_READY, "",
		NULL, 0, NULL };
	struct diagnosis diagnosis;

	(void)state;
	diagnosis_of(&row, &none_ready, NULL, &diagnosis);
	assert_int_equal(diagnosis.reason, REASON_STARTING);
	assert_int_equal(diagnosis.recheck_after_ms, 3100);
	assert_false(diagnosis.is_fault);
}

/* What one pod shows in the course of time, and what is said of it. ready is the kubelet's word, without a probe true at once. */
static void an_agent_that_crashes_is_one_that_crashes_through_its_restarts(void **state)
{
#define RAN(restarts, from, last)                                                                                          \
	"{'name':'agent','ready':true,'restartCount':" restarts ",'state':{'running':{'startedAt':'2026-01-01T00:00:" from \
	"Z'}}" last "}"
#define ENDED(exit, rest) ",'lastState':{'terminated':{'exitCode':" exit ",'reason':'Error'" rest "}}"
#define FOR_8_S           ",'startedAt':'2026-01-01T00:00:30Z','finishedAt':'2026-01-01T00:00:38Z'"
#define FOR_HOURS         ",'startedAt':'2025-12-31T12:00:30Z','finishedAt':'2026-01-01T00:00:38Z'"
	static const struct {
		const char *status;
		int64_t at_s;
		enum reason reason;
	} rows[] = {
		/* at once, each time */
		{ RAN("0", "10", ""), 10, REASON_STARTING },
		{ "{'name':'agent','state':{'terminated':{'exitCode':1,'reason':'Error'}}}", 11, REASON_CRASH_LOOP },
		{ RAN("1", "12", ENDED("1", "")), 12, REASON_CRASH_LOOP },
		{ "{'name':'agent','restartCount':1,'state':{'waiting':{'reason':'CrashLoopBackOff'}}" ENDED("1", "") "}", 13,
			REASON_CRASH_LOOP },
		{ RAN("2", "30", ENDED("1", "")), 34, REASON_CRASH_LOOP },
		{ RAN("2", "30", ENDED("1", "")), 35, REASON_AGENT_NOT_LISTENING }, /* not this time */
		/* after eight seconds */
		{ RAN("1", "40", ENDED("1", FOR_8_S)), 47, REASON_CRASH_LOOP },
		{ RAN("1", "40", ENDED("1", FOR_8_S)), 52, REASON_CRASH_LOOP },
		{ RAN("1", "40", ENDED("1", FOR_8_S)), 53, REASON_AGENT_NOT_LISTENING },
		/* once after hours: its start is not held to be like that */
		{ RAN("1", "40", ENDED("1", FOR_HOURS)), 44, REASON_CRASH_LOOP },
		{ RAN("1", "40", ENDED("1", FOR_HOURS)), 45, REASON_AGENT_NOT_LISTENING },
		/* without an error */
		{ "{'name':'agent','state':{'terminated':{'exitCode':0,'reason':'Completed'}}}", 39, REASON_STARTING },
		{ RAN("1", "40", ENDED("0", FOR_8_S)), 41, REASON_STARTING },
		{ RAN("2", "40", ENDED("0", FOR_8_S)), 41, REASON_CRASH_LOOP },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scoped_json agent_json = agent_object("", "");
		scoped(agent) agent = agent_of(agent_json);
		char text[4096];
		struct diagnosis diagnosis;

		(void)snprintf(text, sizeof(text), "{" META "," SPEC ",'status':{'containerStatuses':[%s," UP_NOT_READY "]}}",
			rows[i].status);
		scoped_json object = object_of(text);
		scoped(pod) pod = pod_from_json(object);
		struct sighting sighting = { .pods = { pod }, .pod_count = 1 };
		const struct diagnosis_input input = {
			.agent = agent, .rollout = &none_ready, .sighting = &sighting, .now_ms = NOW - 60000 + rows[i].at_s * 1000
		};

		diagnose(&input, &diagnosis);
		if (diagnosis.reason != rows[i].reason)
			fail_msg("row %zu: %s: %s", i, reason_name(diagnosis.reason), diagnosis.message);
		/* What is said for a time only is looked at again when that is over. */
		if (diagnosis.reason == REASON_CRASH_LOOP && strstr(rows[i].status, "running") != NULL)
			assert_in_range(diagnosis.recheck_after_ms, 1, 13100);
	}
}

static void crashes_of_before_do_not_hide_a_probe_that_fails(void **state)
{
	scoped_json object = object_of(
		"{" META
		",'spec':{'containers':[{'name':'agent','readinessProbe':{}},{'name':'krypton-proxy','readinessProbe':{}}]},"
		"'status':{'containerStatuses':[{'name':'agent','ready':false,'restartCount':3,'state':{'running':{'startedAt':"
		"'2026-01-01T00:00:00Z'}},'lastState':{'terminated':{'exitCode':1}}},"
		"{'name':'krypton-proxy','ready':false,'restartCount':3,'state':{'running':{'startedAt':'2026-01-01T00:00:00Z'}},"
		"'lastState':{'terminated':{'exitCode':1}}}]}}");
	scoped_json event = object_of(ABOUT("Unhealthy", "Readiness probe failed: 500", "spec.containers{agent}"));
	scoped(pod) pod = pod_from_json(object);
	scoped(warning) warning = warning_from_json(event);
	scoped_json agent_json = agent_object("", "");
	scoped(agent) agent = agent_of(agent_json);
	struct sighting sighting = { .pods = { pod }, .pod_count = 1, .warnings = { warning }, .warning_count = 1 };
	const struct diagnosis_input input = { .agent = agent, .rollout = &none_ready, .sighting = &sighting, .now_ms = NOW };
	struct diagnosis diagnosis;

	(void)state;
	diagnose(&input, &diagnosis);
	assert_int_equal(diagnosis.reason, REASON_AGENT_PROBE_FAILING);
}

/* A pod of two, after a minute in which its containers ran. */
#define STUCK(name)                                                                                    \
	"{'metadata':{'name':'" name "','uid':'" name "','labels':{'krypton.ai/agent':'hello'}}," SPEC \
	",'status':{'podIP':'10.0.0.7','containerStatuses':[" RUNS "," UP_NOT_READY "]}}"

struct word_row {
	struct sidecar_word word;
	const char *status; /* of the Agent; begins with a comma */
	int pods;           /* that are not ready, each with that word */
	struct rollout rollout;
	enum reason reason;
	bool is_available, is_fault;
	const char *phase;
	const char *message; /* its beginning */
};

static void word_row_check(const struct word_row *row)
{
	scoped_json object = agent_object("", row->status);
	scoped(agent) agent = agent_of(object);
	scoped_json pod_object = object_of(STUCK("hello-7d-x"));
	scoped(pod) pod = pod_from_json(pod_object);
	struct sighting sighting = { .pods = { pod, pod }, .words = { &row->word, &row->word }, .pod_count = (size_t)row->pods };
	const struct diagnosis_input input = { .agent = agent, .rollout = &row->rollout, .sighting = &sighting, .now_ms = NOW };
	struct diagnosis diagnosis;

	diagnose(&input, &diagnosis);
	if (diagnosis.reason != row->reason || strncmp(diagnosis.message, row->message, strlen(row->message)) != 0)
		fail_msg("%s: %s, not %s", reason_name(diagnosis.reason), diagnosis.message, row->message);
	assert_int_equal(diagnosis.is_available, row->is_available);
	assert_int_equal(diagnosis.is_fault, row->is_fault);
	assert_string_equal(phase_name(report_phase(agent, &row->rollout, &diagnosis)), row->phase);
	assert_int_equal(diagnosis.recheck_after_ms, row->word.says == SIDECAR_AWAITED ? ASKING_PATIENCE_MS : 0);
}

#define NONE_OF_ONE                                                       \
	{                                                                 \
		.wanted = 1, .replicas = 1, .updated = 1, .is_seen = true \
	}
#define ONE_OF_TWO                                                                    \
	{                                                                             \
		.wanted = 2, .replicas = 2, .updated = 2, .ready = 1, .is_seen = true \
	}
#define SAID_READY "'conditions':[{'type':'Available','status':'True','reason':'Ready','message':'2 of 2 pods take requests.'}]"
#define TWO        ",'status':{'desiredReplicas':2}"
#define TWO_READY  ",'status':{'desiredReplicas':2," SAID_READY "}"
#define THREE      ",'status':{'desiredReplicas':3}"

static void a_sidecar_s_word_says_what_keeps_its_pod(void **state)
{
	static const struct word_row rows[] = {
		{ { .says = SIDECAR_PORT_MISMATCH, .ports = { 3000 }, .port_count = 1 }, "", 1, NONE_OF_ONE, REASON_PORT_MISMATCH,
			false, true, "Failed",
			"Pod hello-7d-x: the agent does not listen on port 8080 (spec.port); the pod listens on 3000. Set "
			"spec.port to the agent's port, or let the agent listen on 8080." },
		{ { .says = SIDECAR_PORT_MISMATCH, .ports = { 3000, 9090 }, .port_count = 2 }, TWO, 1, ONE_OF_TWO,
			REASON_PORT_MISMATCH, true, true, "Scaling",
			"Pod hello-7d-x: the agent does not listen on port 8080 (spec.port); the pod listens on 3000, 9090. Set" },
		{ { .says = SIDECAR_NOT_LISTENING }, "", 1, NONE_OF_ONE, REASON_AGENT_NOT_LISTENING, false, true, "Pending",
			"Pod hello-7d-x: container agent runs, but listens on no port. If it is not just slow to start, let it "
			"listen on port 8080 (spec.port). Next: kubectl -n shop logs hello-7d-x -c agent" },
		{ { .says = SIDECAR_PROBE_FAILING }, "", 1, NONE_OF_ONE, REASON_AGENT_PROBE_FAILING, false, true, "Pending",
			"Pod hello-7d-x: the agent accepts connections on port 8080, but its own readiness probe does not pass." },
		{ { .says = SIDECAR_UNKNOWN }, "", 1, NONE_OF_ONE, REASON_AGENT_NOT_LISTENING, false, true, "Pending",
			"Pod hello-7d-x: container agent runs, but krypton-proxy gets no connection on port 8080." },
		{ { .says = SIDECAR_LISTENING }, "", 1, NONE_OF_ONE, REASON_STARTING, false, false, "Pending", "0 of 1" },
		{ { .says = SIDECAR_LISTENING }, TWO, 1, ONE_OF_TWO, REASON_SCALING, true, false, "Scaling", "Pods take" },
		{ { .says = SIDECAR_DRAINING }, "", 1, NONE_OF_ONE, REASON_STARTING, false, false, "Pending", "0 of 1" },
		{ { .says = SIDECAR_DRAINING }, TWO, 1, ONE_OF_TWO, REASON_SCALING, true, false, "Scaling", "Pods take" },
		{ { .says = SIDECAR_AWAITED }, "", 1, NONE_OF_ONE, REASON_STARTING, false, false, "Pending", "0 of 1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		word_row_check(&rows[i]);
}

static void a_retired_pod_is_no_fault(void **state)
{
	static const struct word_row rows[] = {
		{ { .says = SIDECAR_RETIRED }, TWO, 1, ONE_OF_TWO, REASON_READY, true, false, "Ready",
			"1 of 2 pods takes requests; 1 is being emptied before the count goes down." },
		{ { .says = SIDECAR_RETIRED }, THREE, 2, { .wanted = 3, .replicas = 3, .updated = 3, .ready = 1, .is_seen = true },
			REASON_READY, true, false, "Ready",
			"1 of 3 pods takes requests; 2 are being emptied before the count goes down." },
		{ { .says = SIDECAR_RETIRED }, THREE, 1, { .wanted = 3, .replicas = 3, .updated = 3, .ready = 2, .is_seen = true },
			REASON_READY, true, false, "Ready",
			"2 of 3 pods take requests; 1 is being emptied before the count goes down." },
		{ { .says = SIDECAR_RETIRED }, THREE, 1, /* one more is missing */
			{ .wanted = 3, .replicas = 3, .updated = 3, .ready = 1, .is_seen = true }, REASON_SCALING, true, false,
			"Scaling", "Pods take requests; 3 are wanted" },
		{ { .says = SIDECAR_RETIRED }, TWO, 1, /* within a rollout */
			{ .wanted = 2, .replicas = 3, .updated = 1, .ready = 1, .is_seen = true }, REASON_SCALING, true, false,
			"Scaling", "Pods take requests; 2 are wanted" },
		{ { .says = SIDECAR_RETIRED }, "", 1, NONE_OF_ONE, REASON_STARTING, false, false, "Pending", "0 of 1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		word_row_check(&rows[i]);
}

static void what_was_said_stays_until_the_sidecar_has_answered(void **state)
{
	static const struct word_row rows[] = {
		{ { .says = SIDECAR_AWAITED }, TWO_READY, 1, ONE_OF_TWO, REASON_READY, true, false, "Ready",
			"2 of 2 pods take requests." },
		{ { .says = SIDECAR_AWAITED }, TWO, 1, ONE_OF_TWO, REASON_SCALING, true, false, "Scaling", "Pods take" },
		{ { .says = SIDECAR_AWAITED }, TWO_READY, 2, { .wanted = 2, .replicas = 2, .updated = 2, .is_seen = true },
			REASON_STARTING, false, false, "Pending", "0 of 2" },
		{ { .says = SIDECAR_NOT_LISTENING }, TWO_READY, 1, ONE_OF_TWO, REASON_AGENT_NOT_LISTENING, true, true, "Scaling",
			"Pod hello-7d-x: container agent runs, but listens on no port." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		word_row_check(&rows[i]);
}

static void a_mismatch_within_the_first_moment_is_a_start(void **state)
{
	const struct sidecar_word word = { .says = SIDECAR_PORT_MISMATCH, .ports = { 9090 }, .port_count = 1 };
	scoped_json agent_json = agent_object("", "");
	scoped(agent) agent = agent_of(agent_json);
	scoped_json object = object_of(STUCK("hello-7d-x"));
	scoped(pod) pod = pod_from_json(object);
	struct sighting sighting = { .pods = { pod }, .words = { &word }, .pod_count = 1 };
	const struct diagnosis_input input = {
		.agent = agent, .rollout = &none_ready, .sighting = &sighting, .now_ms = NOW - 58000
	};
	struct diagnosis diagnosis;

	(void)state;
	diagnose(&input, &diagnosis);
	assert_int_equal(diagnosis.reason, REASON_STARTING);
	assert_int_equal(diagnosis.recheck_after_ms, 3100);
}

static void a_retired_pod_whose_sidecar_once_crashed_is_no_fault(void **state)
{
	const struct sidecar_word word = { .says = SIDECAR_RETIRED };
	scoped_json agent_json = agent_object("", TWO);
	scoped(agent) agent = agent_of(agent_json);
	scoped_json object =
		object_of("{" META "," SPEC ",'status':{'containerStatuses':[" RUNS ",{'name':'krypton-proxy','ready':false,"
			  "'restartCount':3,'state':{'running':{}},'lastState':{'terminated':{'exitCode':1}}}]}}");
	scoped(pod) pod = pod_from_json(object);
	const struct rollout rollout = ONE_OF_TWO;
	struct sighting sighting = { .pods = { pod }, .words = { &word }, .pod_count = 1 };
	const struct diagnosis_input input = { .agent = agent, .rollout = &rollout, .sighting = &sighting, .now_ms = NOW };
	struct diagnosis diagnosis;

	(void)state;
	diagnose(&input, &diagnosis);
	assert_int_equal(diagnosis.reason, REASON_READY);
	sighting.words[0] = NULL;
	diagnose(&input, &diagnosis);
	assert_int_equal(diagnosis.reason, REASON_SIDECAR_NOT_READY);
}

static void the_replica_set_s_words_are_passed_on(void **state)
{
	static const struct {
		const char *words;
		enum reason reason;
	} rows[] = {
		{ "pods x is forbidden: exceeded quota: small", REASON_PODS_FORBIDDEN },
		{ "pods x is forbidden: error looking up service account shop/robot: serviceaccount robot not found",
			REASON_CONFIG_MISSING },
	};
	scoped_json object = agent_object("", "");
	scoped(agent) agent = agent_of(object);
	const struct sighting nothing = { .pod_count = 0 };
	const struct rollout empty = { .wanted = 1, .is_seen = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct diagnosis_input input = {
			.agent = agent,
			.rollout = &empty,
			.replica_failure = rows[i].words,
			.sighting = &nothing,
		};
		struct diagnosis diagnosis;

		diagnose(&input, &diagnosis);
		assert_int_equal(diagnosis.reason, rows[i].reason);
		assert_non_null(strstr(diagnosis.message, rows[i].words));
	}
}

static void every_rule_that_forbids_a_pod_is_told(void **state)
{
	static const char failure[] = "pods \"hello-5c4c5fd65c-cn6xl\" is forbidden: violates PodSecurity \"restricted:latest\": "
				      "allowPrivilegeEscalation != false "
				      "(container \"agent\" must set securityContext.allowPrivilegeEscalation=false), unrestricted "
				      "capabilities (container "
				      "\"agent\" must set securityContext.capabilities.drop=[\"ALL\"]), restricted volume types "
				      "(volume \"host\" uses restricted "
				      "volume type \"hostPath\"), runAsNonRoot != true (pod or container \"agent\" must set "
				      "securityContext.runAsNonRoot=true), seccompProfile (pod or container \"agent\" must set "
				      "securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")";
	scoped_json object = agent_object("", "");
	scoped(agent) agent = agent_of(object);
	const struct sighting nothing = { .pod_count = 0 };
	const struct rollout empty = { .wanted = 1, .is_seen = true };
	const struct diagnosis_input input = {
		.agent = agent, .rollout = &empty, .replica_failure = failure, .sighting = &nothing
	};
	struct diagnosis diagnosis;

	(void)state;
	diagnose(&input, &diagnosis);
	assert_int_equal(diagnosis.reason, REASON_PODS_FORBIDDEN);
	assert_non_null(strstr(diagnosis.message, failure));
	assert_non_null(strstr(diagnosis.message, "\"Localhost\"). Next: kubectl get namespace shop --show-labels"));
	assert_true(strlen(diagnosis.message) <= KUBE_EVENT_MESSAGE_BYTES);
}

static void counts_without_faults_say_what_is_going_on(void **state)
{
	static const struct {
		const char *spec, *status;
		struct rollout rollout;
		enum reason reason;
		bool is_available;
		const char *phase;
	} rows[] = {
		{ "", "", { .wanted = 1, .replicas = 1, .updated = 1, .ready = 1, .is_seen = true }, REASON_READY, true, "Ready" },
		{ "", "", { .wanted = 1, .is_seen = true }, REASON_STARTING, false, "Pending" },
		{ "", "", { .wanted = 1, .replicas = 2, .updated = 1, .ready = 1, .is_seen = true }, REASON_SCALING, true,
			"Scaling" },
		{ "", ",'status':{'desiredReplicas':2}", { .wanted = 2, .replicas = 2, .updated = 2, .ready = 1, .is_seen = true },
			REASON_SCALING, true, "Scaling" },
		{ ",'mode':'serverless','minReplicas':0", "", { .is_seen = true }, REASON_ASLEEP, true, "Ready" },
		{ ",'mode':'serverless','minReplicas':0", "", { .replicas = 1, .updated = 1, .ready = 1, .is_seen = true },
			REASON_ASLEEP, true, "Scaling" },
	};
	const struct sighting nothing = { .pod_count = 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scoped_json object = agent_object(rows[i].spec, rows[i].status);
		scoped(agent) agent = agent_of(object);
		const struct diagnosis_input input = { .agent = agent, .rollout = &rows[i].rollout, .sighting = &nothing };
		struct diagnosis diagnosis;

		diagnose(&input, &diagnosis);
		assert_string_equal(reason_name(diagnosis.reason), reason_name(rows[i].reason));
		assert_int_equal(diagnosis.is_available, rows[i].is_available);
		assert_string_equal(phase_name(report_phase(agent, &rows[i].rollout, &diagnosis)), rows[i].phase);
	}
}

static void a_refusal_outweighs_what_pods_say(void **state)
{
	scoped_json object = agent_object("", "");
	scoped(agent) agent = agent_of(object);
	const struct sighting nothing = { .pod_count = 0 };
	const struct rollout ready = { .wanted = 1, .replicas = 1, .updated = 1, .ready = 1, .is_seen = true };
	struct diagnosis_input input = {
		.agent = agent,
		.sighting = &nothing,
		.is_refused = true,
		.refusal = REASON_INVALID_POD_TEMPLATE,
		.refusal_words = "spec.podTemplate: no",
	};
	struct diagnosis diagnosis;

	(void)state;
	diagnose(&input, &diagnosis);
	assert_int_equal(diagnosis.reason, REASON_INVALID_POD_TEMPLATE);
	assert_false(diagnosis.is_available);
	assert_string_equal(phase_name(report_phase(agent, NULL, &diagnosis)), "Failed");
	input.rollout = &ready;
	diagnose(&input, &diagnosis);
	assert_true(diagnosis.is_available);
	assert_string_equal(diagnosis.message,
		"spec.podTemplate: no. Pods of before still take requests. Next: kubectl -n shop edit agent hello");
}

static void half_a_character_does_not_reach_the_status(void **state)
{
	scoped_json object = agent_object("", "");
	scoped(agent) agent = agent_of(object);
	const struct sighting nothing = { .pod_count = 0 };
	const struct diagnosis_input input = {
		.agent = agent,
		.sighting = &nothing,
		.is_refused = true,
		.refusal = REASON_INVALID_SPEC,
		.refusal_words = "caf\xc3",
	};
	struct diagnosis diagnosis;

	(void)state;
	diagnose(&input, &diagnosis);
	assert_string_equal(diagnosis.message, "caf?. Next: kubectl -n shop edit agent hello");
}

/* --- the report --- */

static struct diagnosis fine = { .reason = REASON_READY, .is_available = true, .message = "1 of 1 pods take requests." };
static const struct rollout one = { .wanted = 1, .replicas = 1, .updated = 1, .ready = 1, .is_seen = true };

static void a_status_is_sent_once(void **state)
{
	scoped_json object = agent_object("", ",'status':{'desiredReplicas':1,'conditions':[{'type':'Scaled','status':'True'}]}");
	scoped(agent) agent = agent_of(object);
	scoped_json report = report_status(agent, object, &one, &fine, NOW);

	(void)state;
	assert_json(report, "",
		"{'status':{'phase':'Ready','replicas':1,'readyReplicas':1,'url':'http://hello.shop.svc:8080/"
		"','observedGeneration':2,"
		"'conditions':[{'type':'Available','status':'True','reason':'Ready','message':'1 of 1 pods take requests.',"
		"'lastTransitionTime':'2026-01-01T00:01:00Z','observedGeneration':2},"
		"{'type':'Progressing','status':'True','reason':'Ready','message':'1 of 1 pods take requests.',"
		"'lastTransitionTime':'2026-01-01T00:01:00Z','observedGeneration':2}]}}");
	(void)json_object_update(json_at(object, "/status"), json_at(report, "/status"));
	assert_null(report_status(agent, object, &one, &fine, NOW + 5000));
}

static void every_field_of_ours_is_news_when_it_changes(void **state)
{
	static const char *const pointers[] = { "/status/phase", "/status/replicas", "/status/readyReplicas", "/status/url",
		"/status/observedGeneration", "/status/conditions/0/reason", "/status/conditions/0/message",
		"/status/conditions/0/status", "/status/conditions/1/status" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pointers); i++) {
		scoped_json object = agent_object("", "");
		scoped(agent) agent = agent_of(object);
		scoped_json report = report_status(agent, object, &one, &fine, NOW);

		json_put(object, "/status", json_deep_copy(json_at(report, "/status")));
		json_put(object, pointers[i], json_string("other"));
		scoped_json again = report_status(agent, object, &one, &fine, NOW);
		assert_non_null(again);
		assert_null(json_at(again, "/status/desiredReplicas"));
		assert_null(json_at(again, "/status/lastInvocationAt"));
	}
}

static void only_new_faults_and_their_end_make_events(void **state)
{
	static const struct {
		const char *before;
		enum reason now;
		bool is_fault, is_event;
	} rows[] = {
		{ NULL, REASON_STARTING, false, false },
		{ "Starting", REASON_READY, false, false },
		{ "Starting", REASON_CRASH_LOOP, true, true },
		{ "CrashLoop", REASON_CRASH_LOOP, true, false },
		{ "CrashLoop", REASON_OUT_OF_MEMORY, true, true },
		{ "CrashLoop", REASON_READY, false, true },
		{ "Asleep", REASON_READY, false, false },
		{ "Scaling", REASON_READY, false, false },
		{ "Ready", REASON_ASLEEP, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char before[16];
		struct agent agent = { .available_reason = NULL };
		struct diagnosis diagnosis = { .reason = rows[i].now, .is_fault = rows[i].is_fault };

		if (rows[i].before != NULL) {
			(void)snprintf(before, sizeof(before), "%s", rows[i].before);
			agent.available_reason = before;
		}
		assert_int_equal(report_is_event(&agent, &diagnosis), rows[i].is_event);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_has_its_reason_and_words),
		cmocka_unit_test(the_first_fault_is_told_and_the_others_are_counted),
		cmocka_unit_test(the_pull_secrets_in_use_are_named_where_the_registry_wants_others),
		cmocka_unit_test(a_secret_that_tries_no_longer_miss_is_old_news),
		cmocka_unit_test(a_sandbox_that_fails_is_named_for_as_long_as_that_is_news),
		cmocka_unit_test(what_pods_of_before_show_is_old_news),
		cmocka_unit_test(the_agent_s_own_probe_is_quoted),
		cmocka_unit_test(an_agent_that_has_just_started_is_given_a_moment),
		cmocka_unit_test(an_agent_that_crashes_is_one_that_crashes_through_its_restarts),
		cmocka_unit_test(crashes_of_before_do_not_hide_a_probe_that_fails),
		cmocka_unit_test(a_sidecar_s_word_says_what_keeps_its_pod),
		cmocka_unit_test(a_retired_pod_is_no_fault),
		cmocka_unit_test(what_was_said_stays_until_the_sidecar_has_answered),
		cmocka_unit_test(a_mismatch_within_the_first_moment_is_a_start),
		cmocka_unit_test(a_retired_pod_whose_sidecar_once_crashed_is_no_fault),
		cmocka_unit_test(the_replica_set_s_words_are_passed_on),
		cmocka_unit_test(every_rule_that_forbids_a_pod_is_told),
		cmocka_unit_test(counts_without_faults_say_what_is_going_on),
		cmocka_unit_test(a_refusal_outweighs_what_pods_say),
		cmocka_unit_test(half_a_character_does_not_reach_the_status),
		cmocka_unit_test(a_status_is_sent_once),
		cmocka_unit_test(every_field_of_ours_is_news_when_it_changes),
		cmocka_unit_test(only_new_faults_and_their_end_make_events),
	};

	return cmocka_run_group_tests_name("controller/diagnose", tests, NULL, NULL);
}

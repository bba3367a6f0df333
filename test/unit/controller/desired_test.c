/* SPDX-License-Identifier: Apache-2.0 */
/* The objects that an Agent becomes, field by field. */
#include "controller/desired_access.h"
#include "controller/desired_deployment.h"
#include "controller/desired_service.h"
#include "controller/desired_sidecar.h"
#include "controller/difference.h"
#include "controller/gateway_address.h"
#include "controller/pod_template.h"
#include "objects.h"

static const struct release release = {
	.proxy_image = "proxy:2",
	.proxy_pull_policy = "Always",
	.proxy_pull_secrets = "chart, team",
	.proxy_env = "KRYPTON_CONNECT_TIMEOUT=10s, KRYPTON_MAX_CONNECTIONS=500",
	.gateway_url = "http://10.96.0.7:8082",
	.token = "t0k3n",
};

static json_t *deployment_of(const char *spec_rest)
{
	struct err err = { 0 };
	scoped_json object = agent_object(spec_rest, "");
	scoped(agent) agent = agent_of(object);
	json_t *deployment = desired_deployment(agent, object, &release, &err);

	if (deployment == NULL)
		fail_msg("%s", err.message);
	return deployment;
}

#define POD   "/spec/template/spec"
#define AGENT POD "/containers/0"
#define PROXY POD "/containers/1"

static void a_bare_agent_gets_everything_that_it_needs(void **state)
{
	scoped_json made = deployment_of("");

	(void)state;
	assert_json(made, "/metadata/labels", "{'app.kubernetes.io/managed-by':'krypton-runtime','krypton.ai/agent':'hello'}");
	assert_json(made, "/metadata/ownerReferences",
		"[{'apiVersion':'krypton.ai/"
		"v1alpha1','kind':'Agent','name':'hello','uid':'u-1','controller':true,'blockOwnerDeletion':true}]");
	assert_json(made, "/spec/replicas", "1");
	assert_json(made, "/spec/selector", "{'matchLabels':{'krypton.ai/agent':'hello'}}");
	assert_json(made, "/spec/strategy", "{'type':'RollingUpdate','rollingUpdate':{'maxUnavailable':0,'maxSurge':'25%'}}");
	assert_json(made, "/spec/template/metadata/labels",
		"{'app.kubernetes.io/managed-by':'krypton-runtime','krypton.ai/agent':'hello'}");
	assert_json(made, "/spec/template/metadata/annotations", "{'kubectl.kubernetes.io/default-container':'agent'}");
	assert_json(made, POD "/serviceAccountName", "'hello'");
	assert_json(made, POD "/automountServiceAccountToken", "false");
	assert_json(made, POD "/terminationGracePeriodSeconds", "330");
	assert_json(made, POD "/imagePullSecrets", "[{'name':'chart'},{'name':'team'}]");
	assert_null(json_at(made, POD "/volumes"));
	assert_int_equal(json_array_size(json_at(made, POD "/containers")), 2);
}

static void the_agent_container_is_as_the_spec_says(void **state)
{
	scoped_json made = deployment_of(",'imagePullPolicy':'Never','command':['/a'],'args':['b'],'port':9000,"
					 "'env':[{'name':'A','value':'1'}],'envFrom':[{'secretRef':{'name':'s'}}],"
					 "'resources':{'limits':{'cpu':'1'}},'imagePullSecrets':[{'name':'mine'},{'name':'team'}]");

	(void)state;
	assert_json(made, AGENT,
		"{'name':'agent','image':'img:1','imagePullPolicy':'Never','command':['/"
		"a'],'args':['b'],'env':[{'name':'A','value':'1'}],"
		"'envFrom':[{'secretRef':{'name':'s'}}],'resources':{'limits':{'cpu':'1'}},'ports':[{'name':'http','containerPort':"
		"9000}],"
		"'lifecycle':{'preStop':{'httpGet':{'path':'/_krypton/"
		"drain','port':8888,'httpHeaders':[{'name':'Krypton-Token','value':'t0k3n'}]}}},"
		"'terminationMessagePolicy':'FallbackToLogsOnError'}");
	assert_json(made, POD "/imagePullSecrets", "[{'name':'mine'},{'name':'team'},{'name':'chart'}]");
}

static void the_sidecar_is_told_what_it_needs(void **state)
{
	scoped_json made =
		deployment_of(",'protocol':'mcp','mode':'serverless','concurrency':3,'port':9000,'drainTimeout':'1500ms',"
			      "'scaleToZeroAfter':'90s','minReplicas':0");

	(void)state;
	assert_json(made, PROXY "/env",
		"[{'name':'KRYPTON_AGENT_NAME','value':'hello'},{'name':'KRYPTON_AGENT_NAMESPACE','value':'shop'},"
		"{'name':'KRYPTON_UPSTREAM_URL','value':'http://127.0.0.1:9000'},{'name':'KRYPTON_CONCURRENCY','value':'3'},"
		"{'name':'KRYPTON_MODE','value':'serverless'},{'name':'KRYPTON_PROTOCOL','value':'mcp'},"
		"{'name':'KRYPTON_IDLE_TIMEOUT','value':'1m30s'},{'name':'KRYPTON_SHUTDOWN_TIMEOUT','value':'1.5s'},"
		"{'name':'KRYPTON_TOKEN','value':'t0k3n'},{'name':'KRYPTON_GATEWAY','value':'http://10.96.0.7:8082'},"
		"{'name':'KRYPTON_CONNECT_TIMEOUT','value':'10s'},{'name':'KRYPTON_MAX_CONNECTIONS','value':'500'}]");
	assert_json(made, PROXY "/image", "'proxy:2'");
	assert_json(made, PROXY "/imagePullPolicy", "'Always'");
	assert_json(made, PROXY "/ports", "[{'name':'proxy','containerPort':8888}]");
	assert_json(made, PROXY "/readinessProbe/httpGet", "{'path':'/readyz','port':8888}");
	assert_json(made, PROXY "/readinessProbe/periodSeconds", "2");
	assert_json(made, PROXY "/livenessProbe/httpGet", "{'path':'/healthz','port':8888}");
	assert_json(made, PROXY "/livenessProbe/periodSeconds", "10");
	assert_null(json_at(made, PROXY "/startupProbe"));
	assert_json(made, PROXY "/resources", "{'requests':{'cpu':'5m','memory':'8Mi'}}");
	assert_json(made, PROXY "/securityContext",
		"{'runAsNonRoot':true,'runAsUser':65532,'runAsGroup':65532,'readOnlyRootFilesystem':true,'allowPrivilegeEscalation'"
		":false,"
		"'capabilities':{'drop':['ALL']},'seccompProfile':{'type':'RuntimeDefault'}}");
	assert_json(made, POD "/terminationGracePeriodSeconds", "32"); /* a second begun is a second */
	assert_json(made, "/spec/replicas", "0");
}

static void a_token_is_mounted_only_for_a_named_account_and_only_into_the_agent(void **state)
{
	scoped_json made = deployment_of(",'serviceAccountName':'robot'");

	(void)state;
	assert_json(made, POD "/serviceAccountName", "'robot'");
	assert_json(made, POD "/automountServiceAccountToken", "false");
	assert_json(made, POD "/volumes/0/name", "'krypton-api-access'");
	assert_int_equal(json_array_size(json_at(made, POD "/volumes/0/projected/sources")), 3);
	assert_json(made, AGENT "/volumeMounts",
		"[{'name':'krypton-api-access','mountPath':'/var/run/secrets/kubernetes.io/serviceaccount','readOnly':true}]");
	assert_null(json_at(made, PROXY "/volumeMounts"));
}

static void pod_template_is_merged_last(void **state)
{
	scoped_json made = deployment_of(
		",'env':[{'name':'A','value':'1'}],'podTemplate':{'metadata':{'labels':{'team':'x'},'annotations':{'note':'y'}},"
		"'spec':{'nodeSelector':{'gpu':'yes'},'terminationGracePeriodSeconds':10,'tolerations':[{'key':'k'}],'volumes':[{'"
		"name':'v','emptyDir':{}}],"
		"'containers':[{'name':'agent','env':[{'name':'A','valueFrom':{'fieldRef':{'fieldPath':'metadata.name'}}}],"
		"'securityContext':{'runAsNonRoot':true},'readinessProbe':{'httpGet':{'path':'/"
		"ready','port':8080}}},{'name':'helper','image':'h'}]}}");

	(void)state;
	assert_json(made, "/spec/template/metadata/labels/team", "'x'");
	assert_json(made, "/spec/template/metadata/labels/krypton.ai~1agent", "'hello'");
	assert_json(made, "/spec/template/metadata/annotations", "{'kubectl.kubernetes.io/default-container':'agent','note':'y'}");
	assert_json(made, POD "/nodeSelector", "{'gpu':'yes'}");
	assert_json(made, POD "/terminationGracePeriodSeconds", "10");
	assert_json(made, POD "/tolerations", "[{'key':'k'}]");
	assert_json(made, POD "/volumes", "[{'name':'v','emptyDir':{}}]");
	assert_json(made, AGENT "/image", "'img:1'");
	assert_json(made, AGENT "/env", "[{'name':'A','valueFrom':{'fieldRef':{'fieldPath':'metadata.name'}}}]"); /* one source */
	assert_json(made, AGENT "/securityContext", "{'runAsNonRoot':true}");
	assert_non_null(json_at(made, AGENT "/lifecycle/preStop"));
	assert_json(made, POD "/containers/2", "{'name':'helper','image':'h'}");
	assert_json(made, PROXY "/env/7", "{'name':'KRYPTON_SHUTDOWN_TIMEOUT','value':'5m'}");
	assert_json(made, PROXY "/env/8", "{'name':'KRYPTON_READINESS_PATH','value':'/ready'}");
}

static void what_is_krypton_s_cannot_be_overridden(void **state)
{
	static const struct {
		const char *template, *words;
	} rows[] = {
		{ "{'metadata':{'labels':{'krypton.ai/agent':'x'}}}", "the labels krypton.ai/agent" },
		{ "{'spec':{'containers':[{'name':'krypton-proxy','image':'x'}]}}", "the container krypton-proxy" },
		{ "{'spec':{'containers':[{'name':'agent','lifecycle':{'preStop':{'exec':{}}}}]}}", "preStop" },
		{ "{'spec':{'containers':[{'name':'agent','lifecycle':null}]}}", "lifecycle is not an object" },
		{ "{'spec':{'containers':null}}", "spec/containers is not a list" },
		{ "{'spec':{'containers':{}}}", "spec/containers is not a list" },
		{ "{'spec':null}", "spec is not an object" },
		{ "{'metadata':{'labels':null}}", "metadata/labels is not an object" },
		{ "{'spec':{'initContainers':[{'name':'agent'}]}}", "no names for an init container" },
		{ "{'spec':{'containers':[{'image':'x'}]}}", "an entry of containers has no name" },
		{ "{'spec':{'containers':[{'name':'agent','$patch':'delete'}]}}", "$patch" },
		{ "{'spec':{'$setElementOrder/containers':[]}}", "directives" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		char rest[512];

		(void)snprintf(rest, sizeof(rest), ",'podTemplate':%s", rows[i].template);
		scoped_json object = agent_object(rest, "");
		scoped(agent) agent = agent_of(object);
		scoped_json made = desired_deployment(agent, object, &release, &err);
		assert_null(made);
		assert_int_equal(err.code, ERR_INVALID);
		if (strstr(err.message, rows[i].words) == NULL)
			fail_msg("%s gave: %s", rows[i].template, err.message);
	}
}

static void the_readiness_path_is_the_agent_s_own_probe(void **state)
{
	static const struct {
		const char *probe, *path;
	} rows[] = {
		{ "{'httpGet':{'path':'/ready','port':8080}}", "/ready" },
		{ "{'httpGet':{'port':'http'}}", "/" },
		{ "{'httpGet':{'path':'/ready','port':8081}}", NULL },
		{ "{'httpGet':{'path':'/ready','port':8080,'scheme':'HTTPS'}}", NULL },
		{ "{'tcpSocket':{'port':8080}}", NULL },
		{ "{'exec':{'command':['true']}}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[256];

		(void)snprintf(text, sizeof(text), "{'spec':{'containers':[{'name':'x'},{'name':'agent','readinessProbe':%s}]}}",
			rows[i].probe);
		scoped_json template = object_of(text);
		const char *path = pod_template_readiness_path(template, 8080);
		if (rows[i].path == NULL)
			assert_null(path);
		else
			assert_string_equal(path, rows[i].path);
	}
	assert_null(pod_template_readiness_path(NULL, 8080));
}

static void the_service_leads_to_the_proxy(void **state)
{
	scoped_json object = agent_object(",'port':9000,'invocationPath':'/mcp'", "");
	scoped(agent) agent = agent_of(object);
	scoped_json service = desired_service(agent);
	scoped_json account = desired_access_account(agent);
	scoped_buf url;

	(void)state;
	assert_json(service, "/spec",
		"{'selector':{'krypton.ai/"
		"agent':'hello'},'type':'ClusterIP','ports':[{'name':'http','port':9000,'protocol':'TCP','targetPort':'proxy'}]}");
	assert_json(account, "/automountServiceAccountToken", "false");
	buf_init(&url, 256);
	assert_int_equal(desired_service_url(agent, &url), 0);
	assert_string_equal(buf_terminated(&url), "http://hello.shop.svc:9000/mcp");
}

static void what_the_release_decides_is_told_from_what_the_agent_decides(void **state)
{
	static const struct {
		const char *path;
		bool is_of_the_release;
	} rows[] = {
		{ "spec.template.spec.containers[krypton-proxy].image", true },
		{ "spec.template.spec.containers[krypton-proxy].env[KRYPTON_GATEWAY].value", true },
		{ "spec.template.spec.containers[krypton-proxy].env[KRYPTON_TOKEN].value", true },
		{ "spec.template.spec.containers[krypton-proxy].env[KRYPTON_CONNECT_TIMEOUT]", true },
		{ "spec.template.spec.containers[agent].lifecycle.preStop.httpGet.httpHeaders[0].value", true },
		{ "spec.template.spec.containers[krypton-proxy].env[KRYPTON_CONCURRENCY].value", false },
		{ "spec.template.spec.containers[krypton-proxy].env[KRYPTON_READINESS_PATH]", false },
		{ "spec.template.spec.containers[agent].image", false },
		{ "spec.replicas", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct difference difference = { 0 };

		(void)snprintf(difference.path, sizeof(difference.path), "%s", rows[i].path);
		assert_int_equal(desired_sidecar_owns(&difference), rows[i].is_of_the_release);
	}
}

static void the_gateway_is_known_by_its_cluster_ip(void **state)
{
	static const struct {
		const char *service, *url;
	} rows[] = {
		{ "{'spec':{'clusterIP':'10.96.0.7','ports':[{'name':'http','port':8080},{'name':'ops','port':9082}]}}",
			"http://10.96.0.7:9082" },
		{ "{'spec':{'clusterIP':'10.96.0.7'}}", "http://10.96.0.7:8082" },
		{ "{'spec':{'clusterIP':'fd00::7'}}", "http://[fd00::7]:8082" },
		{ "{'spec':{'clusterIP':'None'}}", NULL },
		{ "{'spec':{}}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		scoped_json service = object_of(rows[i].service);
		scoped_text char *url = gateway_address_of(service);

		if (rows[i].url == NULL)
			assert_null(url);
		else
			assert_string_equal(url, rows[i].url);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bare_agent_gets_everything_that_it_needs),
		cmocka_unit_test(the_agent_container_is_as_the_spec_says),
		cmocka_unit_test(the_sidecar_is_told_what_it_needs),
		cmocka_unit_test(a_token_is_mounted_only_for_a_named_account_and_only_into_the_agent),
		cmocka_unit_test(pod_template_is_merged_last),
		cmocka_unit_test(what_is_krypton_s_cannot_be_overridden),
		cmocka_unit_test(the_readiness_path_is_the_agent_s_own_probe),
		cmocka_unit_test(the_service_leads_to_the_proxy),
		cmocka_unit_test(what_the_release_decides_is_told_from_what_the_agent_decides),
		cmocka_unit_test(the_gateway_is_known_by_its_cluster_ip),
	};

	return cmocka_run_group_tests_name("controller/desired", tests, NULL, NULL);
}

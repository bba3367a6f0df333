/* SPDX-License-Identifier: Apache-2.0 */
/* controller/serve.c — the loop and what hangs on it: the client, the ops servers, the webhooks, the controller. */
#include "controller/serve.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "base/daemon.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "controller/admission.h"
#include "controller/controller.h"
#include "controller/metrics.h"
#include "controller/options.h"
#include "controller/release_finalizers.h"
#include "kube/client.h"
#include "kube/config.h"
#include "net/ops_pair.h"

/* The whole process. */
struct process {
	struct ops_common common; /* first: the ops handlers look for it there */
	const struct controller_options *options;
	struct loop *loop;
	struct kube_config *config;
	struct kube_client *client;
	struct controller *controller;
	struct admission *admission;
	struct ops_pair ops;
	char identity[256];
	int status;
};

static void on_stopped(void *arg)
{
	struct process *process = arg;

	loop_stop(process->loop);
}

static void on_stop(void *arg)
{
	struct process *process = arg;

	log_info("daemon.stopping");
	if (process->controller == NULL)
		loop_stop(process->loop);
	else
		controller_stop(process->controller, on_stopped, process);
}

static void on_released(void *arg, const struct err *err)
{
	struct process *process = arg;

	if (err != NULL)
		log_error("finalizers.failed", LOG_ERR(err));
	process->status = err == NULL ? 0 : 1;
	loop_stop(process->loop);
}

static void before_metrics(void *arg)
{
	struct process *process = arg;

	controller_measure(process->controller);
}

static const char *name_space_of(const struct process *process)
{
	const char *own = process->options->pod_namespace, *of_context = process->config->default_namespace;

	return own != NULL && own[0] != '\0' ? own : of_context != NULL ? of_context : "default";
}

static void identity_make(struct process *process)
{
	char host[128] = "controller";

	(void)gethostname(host, sizeof(host) - 1);
	if (process->options->pod_name != NULL && process->options->pod_name[0] != '\0')
		(void)snprintf(process->identity, sizeof(process->identity), "%s", process->options->pod_name);
	else
		(void)snprintf(process->identity, sizeof(process->identity), "%s-%d", host, (int)getpid());
}

static int daemon_run(struct process *process, struct err *err)
{
	const struct controller_options *options = process->options;
	const struct controller_tools tools = {
		.loop = process->loop,
		.client = process->client,
		.options = options,
		.name_space = name_space_of(process),
		.identity = process->identity,
		.health = process->common.health,
		.metrics = process->common.metrics,
	};
	const struct admission_tools webhooks = {
		.loop = process->loop,
		.client = process->client,
		.options = options,
		.name_space = tools.name_space,
		.health = process->common.health,
		.metrics = process->common.metrics,
	};
	const struct ops_pair_options ports = {
		.metrics_address = options->metrics_address, .health_address = options->health_address, .arg = process
	};

	if (ops_pair_open(&process->ops, process->loop, &ports, err) == -1)
		return -1;
	if (options->has_webhooks) {
		process->admission = admission_new(&webhooks, err);
		if (process->admission == NULL)
			return -1;
	}
	process->controller = controller_new(&tools);
	controller_start(process->controller);
	log_info("daemon.started", LOG_STR("version", daemon_version()), LOG_STR("namespace", tools.name_space));
	loop_run(process->loop);
	return 0;
}

static void release_run(struct process *process)
{
	const struct release_finalizers_options options = {
		.name_space = name_space_of(process),
		.identity = process->identity,
		.elects_leader = process->options->elects_leader,
		.arg = process,
		.on_done = on_released,
	};
	scoped(release_finalizers) one_shot = release_finalizers_new(process->loop, process->client, &options);

	process->status = 1; /* unless it comes to its end */
	release_finalizers_start(one_shot);
	loop_run(process->loop);
}

static void process_fini(struct process *process)
{
	admission_free(&process->admission);
	controller_free(&process->controller);
	ops_pair_close(&process->ops);
	kube_client_free(&process->client);
	kube_config_free(&process->config);
	metrics_free(&process->common.metrics);
	health_free(&process->common.health);
	json_decref(process->common.configuration);
	loop_free(&process->loop);
}

static int run(struct process *process, struct err *err)
{
	process->config = kube_config_load(process->options->kubeconfig, err);
	if (process->config == NULL)
		return -1;
	process->client = kube_client_new(process->loop, process->config, "krypton-controller", err);
	if (process->client == NULL)
		return -1;
	identity_make(process);
	daemon_on_stop(process->loop, on_stop, process);
	if (!process->options->releases_finalizers)
		return daemon_run(process, err);
	release_run(process);
	return 0;
}

int serve(const struct controller_options *options, struct err *err)
{
	struct process process = { .options = options, .loop = loop_new() };

	process.common = (struct ops_common){
		.health = health_new(),
		.metrics = controller_metrics_new(),
		.configuration = controller_options_to_json(options),
		.before_metrics = before_metrics,
	};
	if (run(&process, err) == -1)
		process.status = -1;
	process_fini(&process);
	return process.status;
}

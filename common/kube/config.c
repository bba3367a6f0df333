/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/config.c — where the API server is, from a kubeconfig or from the pod's
 * service account. Runs once at start, so it may read files; nothing here
 * speaks with the API server.
 */
#include "kube/config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "kube/base64.h"

#define ACCOUNT_FOLDER   "/var/run/secrets/kubernetes.io/serviceaccount"
#define MAX_CONFIG_BYTES (1024 * 1024)
#define MAX_PEM_BYTES    (256 * 1024)
#define MAX_PATH_BYTES   4096

/* What is known while one document is read. */
struct reading {
	const char *origin; /* for messages, and the folder that relative paths start from */
	const json_t *cluster;
	const json_t *user;
	const char *user_name;
};

static bool is_text_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static void secret_release(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	mem_release(text);
}

void kube_config_free(struct kube_config **config)
{
	if (*config == NULL)
		return;
	mem_release((*config)->server);
	mem_release((*config)->ca_pem);
	mem_release((*config)->ca_file);
	mem_release((*config)->certificate_pem);
	secret_release((*config)->key_pem);
	secret_release((*config)->token);
	mem_release((*config)->token_file);
	mem_release((*config)->server_name);
	mem_release((*config)->default_namespace);
	mem_release(*config);
	*config = NULL;
}

/* A path in a kubeconfig is relative to the file it stands in. */
static int path_resolve(const struct reading *reading, const char *path, struct buf *out)
{
	const char *slash = strrchr(reading->origin, '/');

	if (path[0] != '/' && slash != NULL && buf_append(out, reading->origin, (size_t)(slash - reading->origin) + 1) == -1)
		return -1;
	return buf_append_terminated(out, path);
}

static int pem_read(const struct reading *reading, const char *field, const char *path, char **ret_pem, struct err *err)
{
	scoped_buf resolved, content;

	buf_init(&resolved, MAX_PATH_BYTES);
	buf_init(&content, MAX_PEM_BYTES);
	if (path_resolve(reading, path, &resolved) == -1)
		return err_set(err, ERR_INVALID, "%s: %s is too long a path", reading->origin, field);
	if (file_read(buf_terminated(&resolved), &content, err) == -1)
		return err_wrap(err, "%s: %s", reading->origin, field);
	*ret_pem = mem_copy_bytes(buf_text(&content).at, buf_len(&content));
	return 0;
}

/* `field` names a file, `field`-data holds the same inline in base64 and wins, as in every other client. */
static int pem_take(const struct reading *reading, const json_t *section, const char *field, char **ret_pem, struct err *err)
{
	char pointer[64];
	const char *text;
	scoped_buf content;

	buf_init(&content, MAX_PEM_BYTES);
	(void)snprintf(pointer, sizeof(pointer), "/%s-data", field);
	text = json_text_at(section, pointer);
	if (is_text_given(text)) {
		if (kube_base64_decode(text_of(text), &content) == -1)
			return err_set(
				err, ERR_INVALID, "%s: %s-data is not base64 text of at most 256 KiB", reading->origin, field);
		*ret_pem = mem_copy_bytes(buf_text(&content).at, buf_len(&content));
		return 0;
	}
	(void)snprintf(pointer, sizeof(pointer), "/%s", field);
	text = json_text_at(section, pointer);
	return is_text_given(text) ? pem_read(reading, field, text, ret_pem, err) : 0;
}

/* The entry called name of one of the three lists ("clusters", "contexts", "users"): its "cluster", "context" or "user". */
static const json_t *section_get(
	const struct reading *reading, const json_t *document, const char *list, const char *name, struct err *err)
{
	const json_t *entries = json_object_get(document, list);
	char pointer[16];
	size_t index;
	json_t *entry;

	(void)snprintf(pointer, sizeof(pointer), "/%.*s", (int)strlen(list) - 1, list);
	json_array_foreach(entries, index, entry) {
		const char *found = json_text_at(entry, "/name");
		const json_t *section = json_at(entry, pointer);

		if (found != NULL && strcmp(found, name) == 0 && json_is_object(section))
			return section;
	}
	err_set(err, ERR_INVALID, "%s: no entry \"%s\" under %s", reading->origin, name, list);
	return NULL;
}

static int cluster_read(const struct reading *reading, struct kube_config *config, struct err *err)
{
	const char *server = json_text_at(reading->cluster, "/server");
	size_t len = server == NULL ? 0 : strlen(server);

	if (server == NULL || (strncmp(server, "https://", 8) != 0 && strncmp(server, "http://", 7) != 0))
		return err_set(err, ERR_INVALID, "%s: the cluster's server must be a URL that begins with https:// or http://",
			reading->origin);
	if (is_text_given(json_text_at(reading->cluster, "/proxy-url")))
		return err_set(err, ERR_INVALID, "%s: the cluster's proxy-url is not supported", reading->origin);
	while (len > 0 && server[len - 1] == '/')
		len--;
	config->server = mem_copy_bytes(server, len);
	config->insecure = json_bool_at(reading->cluster, "/insecure-skip-tls-verify", false);
	config->server_name = mem_copy_text(json_text_at(reading->cluster, "/tls-server-name"));
	return pem_take(reading, reading->cluster, "certificate-authority", &config->ca_pem, err);
}

static int user_refuse_unknown(const struct reading *reading, struct err *err)
{
	static const char *const REFUSED[] = { "exec", "auth-provider", "username", "password", "as", "as-uid", "as-groups" };

	for (size_t i = 0; i < ARRAY_LEN(REFUSED); i++) {
		const json_t *value = json_object_get(reading->user, REFUSED[i]);

		if (value != NULL && !json_is_null(value))
			return err_set(err, ERR_INVALID,
				"%s: user \"%s\" uses %s, which is not supported: give it a client "
				"certificate, token or tokenFile",
				reading->origin, reading->user_name, REFUSED[i]);
	}
	return 0;
}

static int user_read(const struct reading *reading, struct kube_config *config, struct err *err)
{
	const char *token_file = json_text_at(reading->user, "/tokenFile");
	scoped_buf resolved;

	buf_init(&resolved, MAX_PATH_BYTES);
	if (user_refuse_unknown(reading, err) == -1)
		return -1;
	if (pem_take(reading, reading->user, "client-certificate", &config->certificate_pem, err) == -1 ||
		pem_take(reading, reading->user, "client-key", &config->key_pem, err) == -1)
		return -1;
	if ((config->certificate_pem == NULL) != (config->key_pem == NULL))
		return err_set(err, ERR_INVALID, "%s: user \"%s\" has %s without the other", reading->origin, reading->user_name,
			config->key_pem == NULL ? "client-certificate" : "client-key");
	if (is_text_given(json_text_at(reading->user, "/token")))
		config->token = mem_copy_text(json_text_at(reading->user, "/token"));
	if (!is_text_given(token_file))
		return 0;
	if (path_resolve(reading, token_file, &resolved) == -1)
		return err_set(err, ERR_INVALID, "%s: tokenFile is too long a path", reading->origin);
	config->token_file = mem_copy_text(buf_terminated(&resolved));
	return 0;
}

/* Follows current-context to its cluster and user. */
static int document_read(const json_t *document, struct reading *reading, struct kube_config *config, struct err *err)
{
	const char *name = json_text_at(document, "/current-context");
	const char *cluster_name;
	const json_t *context;

	if (!is_text_given(name))
		return err_set(err, ERR_INVALID, "%s: current-context is not set", reading->origin);
	context = section_get(reading, document, "contexts", name, err);
	if (context == NULL)
		return -1;
	cluster_name = json_text_at(context, "/cluster");
	if (!is_text_given(cluster_name))
		return err_set(err, ERR_INVALID, "%s: context \"%s\" names no cluster", reading->origin, name);
	reading->cluster = section_get(reading, document, "clusters", cluster_name, err);
	if (reading->cluster == NULL || cluster_read(reading, config, err) == -1)
		return -1;
	config->default_namespace = mem_copy_text(json_text_at(context, "/namespace"));
	reading->user_name = json_text_at(context, "/user");
	if (!is_text_given(reading->user_name))
		return 0;
	reading->user = section_get(reading, document, "users", reading->user_name, err);
	return reading->user == NULL ? -1 : user_read(reading, config, err);
}

struct kube_config *kube_config_parse(const char *text, size_t len, const char *origin, struct err *err)
{
	struct reading reading = { .origin = origin };
	scoped(kube_config) config = mem_alloc(sizeof(*config));
	scoped_json document = yaml_parse((struct text){ .at = text, .len = len }, err);
	struct kube_config *complete;

	if (document == NULL) {
		err_wrap(err, "%s", origin);
		return NULL;
	}
	if (!json_is_object(document)) {
		err_set(err, ERR_INVALID, "%s: is no kubeconfig", origin);
		return NULL;
	}
	if (document_read(document, &reading, config, err) == -1)
		return NULL;
	complete = config;
	config = NULL;
	return complete;
}

static struct kube_config *load_file(const char *path, struct err *err)
{
	scoped_buf content;
	struct kube_config *config;

	buf_init(&content, MAX_CONFIG_BYTES);
	if (file_read(path, &content, err) == -1) {
		err_wrap(err, "kubeconfig");
		return NULL;
	}
	config = kube_config_parse(buf_text(&content).at, buf_len(&content), path, err);
	if (config == NULL)
		err_wrap(err, "kubeconfig");
	return config;
}

/* The service account that a pod is given. An IPv6 address wants brackets. */
static struct kube_config *load_in_cluster(const char *host, const char *port, struct err *err)
{
	scoped(kube_config) config = mem_alloc(sizeof(*config));
	scoped_buf server, ca, name_space;
	struct err ignored = { 0 };
	struct kube_config *complete;

	buf_init(&server, 512);
	buf_init(&ca, MAX_PEM_BYTES);
	buf_init(&name_space, 512);
	if (buf_format(&server, strchr(host, ':') == NULL ? "https://%s:%s" : "https://[%s]:%s", host, port) == -1) {
		err_set(err, ERR_INVALID, "KUBERNETES_SERVICE_HOST is too long");
		return NULL;
	}
	if (file_read(ACCOUNT_FOLDER "/ca.crt", &ca, err) == -1) {
		err_wrap(err, "the pod's service account");
		return NULL;
	}
	config->server = mem_copy_text(buf_terminated(&server));
	config->ca_pem = mem_copy_bytes(buf_text(&ca).at, buf_len(&ca));
	config->ca_file = mem_copy_text(ACCOUNT_FOLDER "/ca.crt");
	config->token_file = mem_copy_text(ACCOUNT_FOLDER "/token");
	if (file_read(ACCOUNT_FOLDER "/namespace", &name_space, &ignored) == 0)
		config->default_namespace = mem_copy_bytes(buf_text(&name_space).at, buf_len(&name_space));
	complete = config;
	config = NULL;
	return complete;
}

static struct kube_config *load_home(struct err *err)
{
	const char *home = getenv("HOME");
	scoped_buf path;

	buf_init(&path, MAX_PATH_BYTES);
	if (!is_text_given(home) || buf_format(&path, "%s/.kube/config", home) == -1) {
		err_set(err, ERR_NOT_FOUND,
			"no kubeconfig: give --kubeconfig or KUBECONFIG, or run in a pod with a service account");
		return NULL;
	}
	return load_file(buf_terminated(&path), err);
}

struct kube_config *kube_config_load(const char *path, struct err *err)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");

	if (is_text_given(path))
		return load_file(path, err);
	path = getenv("KUBECONFIG");
	if (is_text_given(path) && strchr(path, ':') != NULL) {
		err_set(err, ERR_INVALID, "KUBECONFIG names several files (%s): name one", path);
		return NULL;
	}
	if (is_text_given(path))
		return load_file(path, err);
	if (is_text_given(host) && is_text_given(port))
		return load_in_cluster(host, port, err);
	return load_home(err);
}

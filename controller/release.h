/* SPDX-License-Identifier: Apache-2.0 */
/* controller/release.h — what this installation of Krypton puts into every agent's pod, whatever the Agent says. */
#ifndef KRYPTON_CONTROLLER_RELEASE_H
#define KRYPTON_CONTROLLER_RELEASE_H

/* Texts are borrowed; NULL where said. */
struct release {
	const char *proxy_image;
	const char *proxy_pull_policy;  /* "IfNotPresent" */
	const char *proxy_pull_secrets; /* "a,b"; NULL: none */
	const char *proxy_env;          /* "NAME=VALUE,NAME=VALUE", as proxy_env_check() takes it; NULL: none */
	const char *gateway_url;        /* "http://10.96.0.7:8082"; NULL: unknown */
	const char *token;              /* this agent's; NULL: none */
};

#endif

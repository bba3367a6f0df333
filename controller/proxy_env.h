/* SPDX-License-Identifier: Apache-2.0 */
/* controller/proxy_env.h — pure: the operator's deadlines and caps of krypton-proxy, "NAME=VALUE,NAME=VALUE". */
#ifndef KRYPTON_CONTROLLER_PROXY_ENV_H
#define KRYPTON_CONTROLLER_PROXY_ENV_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/text.h"

/* Each name once and among PROXY_LIMITS, each value one that krypton-proxy takes. list may be NULL or empty. */
int proxy_env_check(const char *list, struct err *err) must_check;
/* Cuts the next pair off; false: there is none. */
bool proxy_env_next(struct text *rest, struct text *ret_name, struct text *ret_value);

#endif

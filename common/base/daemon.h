/* SPDX-License-Identifier: Apache-2.0 */
/* base/daemon.h — what every daemon does first and last: signals, limits, logging, and an orderly end. */
#ifndef KRYPTON_BASE_DAEMON_H
#define KRYPTON_BASE_DAEMON_H

#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"

#define DAEMON_EXIT_CONFIG 2

/* SIGPIPE ignored, descriptors raised to the hard limit, allocators set, log component and level. Before anything else. */
void daemon_setup(const char *component, enum log_level level);

/* Calls on_stop(arg) at the first SIGTERM or SIGINT; a second one ends the process at once with status 1. */
void daemon_on_stop(struct loop *loop, void (*on_stop)(void *arg), void *arg);

/* One line "component: message" on standard error; returns DAEMON_EXIT_CONFIG for `return`. */
int daemon_refuse(const char *component, const struct err *err);

/* The version compiled in ("0.1.0"). */
const char *daemon_version(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* controller/serve.h — the controller's two ways to run: as a daemon, or once to release finalizers. */
#ifndef KRYPTON_CONTROLLER_SERVE_H
#define KRYPTON_CONTROLLER_SERVE_H

#include "base/attributes.h"
#include "base/err.h"

struct controller_options;

/* Runs until it is told to stop, or is done. The status to exit with, or -1: it could not begin, and err names the setting. */
int serve(const struct controller_options *options, struct err *err) must_check;

#endif

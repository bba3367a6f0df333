/* SPDX-License-Identifier: Apache-2.0 */
/* A watch line is an event with all its parts, or an error that says so. */
#include "kube/watch_event.h"

#include <stdlib.h>

#include "base/attributes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct err err = { 0 };
	scoped(kube_watch_event) event = kube_watch_event_parse((struct text){ (const char *)bytes, len }, &err);

	if (event == NULL ? err.code == ERR_NONE : event->object == NULL || event->resource_version[0] == '\0')
		abort();
	return 0;
}

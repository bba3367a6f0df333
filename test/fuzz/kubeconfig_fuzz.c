/* SPDX-License-Identifier: Apache-2.0 */
/* A kubeconfig gives a server, or an error with words. Paths in it are read below a folder that does not exist, or are absolute. */
#include "kube/config.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/attributes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct err err = { 0 };
	scoped(kube_config) config = kube_config_parse((const char *)bytes, len, "/nonexistent/config", &err);

	if (config == NULL ? err.message[0] == '\0'
			   : config->server == NULL || (config->key_pem == NULL) != (config->certificate_pem == NULL))
		abort();
	return 0;
}

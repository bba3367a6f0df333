/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/names.h — pure: which texts may name things in Kubernetes. */
#ifndef KRYPTON_KRYPTON_NAMES_H
#define KRYPTON_KRYPTON_NAMES_H

#include <stdbool.h>

#include "base/text.h"

#define NAME_LABEL_BYTES     63
#define NAME_SUBDOMAIN_BYTES 253

/* DNS-1035: at most 63 of [-a-z0-9], a letter first, no '-' last. What a Service, and so an Agent, may be called. */
bool name_is_dns1035(struct text name);
/* DNS-1123 label: as above, but a digit may come first. What a namespace may be called. */
bool name_is_dns1123_label(struct text name);
/* DNS-1123 subdomain: such labels joined by dots, of any length each, at most 253 bytes in all. What most objects may be called. */
bool name_is_dns1123_subdomain(struct text name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* base/yaml.h — one YAML document as a JSON value (YAML 1.2 core schema), for kubeconfig and files. */
#ifndef KRYPTON_BASE_YAML_H
#define KRYPTON_BASE_YAML_H

#include "base/err.h"
#include "base/text.h"

struct json_t;

/* Anchors and aliases, several documents, non-text keys and nesting past 64 are refused with line and column. Yours. */
struct json_t *yaml_parse(struct text text, struct err *err);

#endif

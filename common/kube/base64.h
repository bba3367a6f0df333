/* SPDX-License-Identifier: Apache-2.0 */
/* kube/base64.h — pure: the base64 of a kubeconfig's `…-data` fields and of Secrets (RFC 4648 section 4). */
#ifndef KRYPTON_KUBE_BASE64_H
#define KRYPTON_KUBE_BASE64_H

#include "base/attributes.h"
#include "base/buf.h"
#include "base/text.h"

/* Appends the bytes; line breaks are skipped. -1: not base64, or out's cap is too small. */
int kube_base64_decode(struct text encoded, struct buf *out) must_check;
/* Appends the text, with padding and without line breaks. */
int kube_base64_encode(struct text bytes, struct buf *out) must_check;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* kube/queue.h — keys that want work: each is there once, is worked on by one pass at a time, and comes back with backoff after a
 * failure. */
#ifndef KRYPTON_KUBE_QUEUE_H
#define KRYPTON_KUBE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct loop;
struct kube_queue;

struct kube_queue_options {
	int workers;             /* passes that may run at the same time */
	int64_t backoff_base_ms; /* 0: 200 */
	int64_t backoff_max_ms;  /* 0: 60 s */
	void *arg;
	/* Start a pass; it ends, now or later, with kube_queue_done(). */
	void (*on_key)(void *arg, const char *key);
};

struct kube_queue *kube_queue_new(struct loop *loop, const struct kube_queue_options *options);
void kube_queue_free(struct kube_queue **queue);
/* A key added during its own pass is worked on again after it. */
void kube_queue_add(struct kube_queue *queue, const char *key);
void kube_queue_add_after(struct kube_queue *queue, const char *key, int64_t delay_ms);
/* err NULL: fine, forget earlier failures. ERR_INVALID is not tried again before the key is added anew; all else backs off
   (ERR_CONFLICT at once the first time; err->retry_after_ms is kept to). */
void kube_queue_done(struct kube_queue *queue, const char *key, const struct err *err);
/* The object is gone: no retry, no failures remembered. */
void kube_queue_forget(struct kube_queue *queue, const char *key);
size_t kube_queue_depth(const struct kube_queue *queue);

#endif

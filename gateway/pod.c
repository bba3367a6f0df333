/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's state comes from three sides: the slices (late, authoritative), its own sidecar's answers (at once) and our own dials. */
#include "gateway/pod.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "krypton/ports.h"

#define UNREACHABLE_MS     200 /* so that a request whose five tries fail is told so before its pod is no longer called ready */
#define UNREACHABLE_MAX_MS 5000
#define GONE_MS            2500  /* until a slice says so; less than five tries take */
#define WORD_KEEP_MS       10000 /* a pod that no slice names is believed this long */

struct pod *pod_new(struct loop *loop, const char *ip, int64_t connect_timeout_ms)
{
	struct upstream_options options = { .connect_timeout_ms = connect_timeout_ms };
	struct err err = { 0 };
	struct pod *pod;

	if (address_of_ip(text_of(ip), PORT_PROXY, &options.address, &err) < 0)
		return NULL;
	pod = mem_alloc(sizeof(*pod));
	pod->references = 1;
	(void)snprintf(pod->ip, sizeof(pod->ip), "%s", ip);
	pod->upstream = upstream_new(loop, &options);
	return pod;
}

struct pod *pod_ref(struct pod *pod)
{
	pod->references++;
	return pod;
}

void pod_unref(struct pod **pod)
{
	if (*pod != NULL && --(*pod)->references == 0) {
		BUG_ON((*pod)->probe != NULL);
		upstream_unref(&(*pod)->upstream);
		mem_release(*pod);
	}
	*pod = NULL;
}

void pod_set_listed(struct pod *pod, const struct endpoint *endpoint, int64_t now_ms)
{
	bool was_listed = pod->is_listed;

	pod->is_listed = endpoint != NULL;
	pod->is_ready = endpoint != NULL && endpoint->is_ready;
	pod->is_terminating = endpoint != NULL && endpoint->is_terminating;
	if (pod->is_ready)
		pod->is_warm = false; /* from here on the slice says when it is not */
	if (was_listed && endpoint == NULL)
		pod->unlisted_since_ms = now_ms;
}

bool pod_is_on_its_word(const struct pod *pod, int64_t now_ms)
{
	return pod->is_warm && !pod->is_listed && now_ms - pod->unlisted_since_ms < WORD_KEEP_MS;
}

bool pod_is_usable(const struct pod *pod, int64_t now_ms)
{
	bool is_up = pod->is_ready || (pod->is_warm && pod->is_listed) || pod_is_on_its_word(pod, now_ms);

	return is_up && !pod->is_terminating && now_ms >= pod->avoid_until_ms;
}

bool pod_may_become_usable(const struct pod *pod)
{
	return !pod->is_terminating && ((!pod->is_ready && !pod->is_warm) || pod->unreachable > 0);
}

void pod_note_unreachable(struct pod *pod, int64_t now_ms)
{
	int64_t aside_ms = UNREACHABLE_MS;

	for (int i = 0; i < pod->unreachable && aside_ms < UNREACHABLE_MAX_MS; i++)
		aside_ms *= 2;
	if (pod->unreachable++ == 0)
		pod->unreachable_since_ms = now_ms;
	pod->avoid_until_ms = now_ms + (aside_ms < UNREACHABLE_MAX_MS ? aside_ms : UNREACHABLE_MAX_MS);
}

void pod_note_reached(struct pod *pod)
{
	pod->unreachable = 0;
}

bool pod_may_be_gone(const struct pod *pod, int64_t now_ms)
{
	return pod->unreachable > 0 && now_ms < pod->avoid_until_ms && now_ms - pod->unreachable_since_ms < GONE_MS;
}

void pod_note_inflight(struct pod *pod, int inflight, int64_t now_ms)
{
	pod->others = inflight > pod->running ? inflight - pod->running : 0;
	pod->others_since_ms = now_ms;
}

void pod_note_full(struct pod *pod, int inflight, int64_t now_ms)
{
	pod->cap = inflight;
	pod_note_inflight(pod, inflight + 1, now_ms);
}

bool pod_is_full(const struct pod *pod)
{
	return pod->cap > 0 && pod->running + pod->others >= pod->cap;
}

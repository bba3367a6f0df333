/* SPDX-License-Identifier: Apache-2.0 */
/* controller/farewell.c — pure: exit codes over 128 are a signal's. Memory's end and a deletion without grace are no bad manners.
 */
#include "controller/farewell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "krypton/labels.h"

#define EXIT_SIGKILL 137
#define EXIT_SIGTERM 143
#define GRACE_MIN_S  3 /* --force and --now leave less */

bool farewell_is_rude(const struct pod *pod, char ret_words[FAREWELL_BYTES])
{
	const struct container *agent = pod_container(pod, CONTAINER_AGENT);

	if (!pod->is_deleting || agent == NULL || agent->state != CONTAINER_TERMINATED || pod->grace_s < GRACE_MIN_S)
		return false;
	if (agent->reason == NULL || strcmp(agent->reason, "Error") != 0)
		return false;
	if (agent->exit_code == EXIT_SIGKILL)
		(void)snprintf(ret_words, FAREWELL_BYTES,
			"Pod %s: the agent (image %s) did not end on SIGTERM and was killed (exit code 137): each of its pods "
			"takes its "
			"whole grace of %" PRId64
			" s to go. Let it end with status 0 on SIGTERM; where a shell starts it, by exec. "
			"No work is lost: krypton-proxy had let it finish.",
			pod->name, agent->image, pod->grace_s);
	else if (agent->exit_code == EXIT_SIGTERM)
		(void)snprintf(ret_words, FAREWELL_BYTES,
			"Pod %s: the agent (image %s) does not handle SIGTERM and was ended by it (exit code 143), so its pods end "
			"with "
			"Error. Let it end with status 0 on SIGTERM. No work is lost: krypton-proxy had let it finish.",
			pod->name, agent->image);
	else
		return false;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* krypton/phase.c — pure: counts and a verdict become one word. */
#include "krypton/phase.h"

#include <stddef.h>

#include "base/attributes.h"

enum phase phase_of(const struct phase_facts *facts)
{
	bool is_settled = facts->replicas == facts->wanted && facts->updated == facts->replicas;

	/* An agent that sleeps and could not be woken is not Ready either. */
	if (facts->ready == 0 && facts->is_lasting)
		return PHASE_FAILED;
	if (facts->wanted > 0 && facts->ready == 0)
		return PHASE_PENDING;
	if (!is_settled || facts->ready + facts->retired < facts->wanted)
		return PHASE_SCALING;
	return PHASE_READY;
}

const char *phase_name(enum phase phase)
{
	static const char *const names[] = {
#define PHASE_NAME(identifier, word) word,
		PHASES(PHASE_NAME)
#undef PHASE_NAME
	};

	BUG_ON((size_t)phase >= ARRAY_LEN(names));
	return names[phase];
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: an event of the provider is read in bounds, whatever its JSON holds. */
#include "fuzz.h"

#include "handlers/provider_event.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CfaArena arena;
	CfaProviderEvent event = {0};
	const char *detail = NULL;

	cfa_arena_init(&arena);
	if (cfa_provider_event_read(data, size, &arena, &event, &detail))
		fuzz_require(
			event.kind != NULL &&
				(event.event_id == NULL ||
				 strlen(event.event_id) <= CFA_PROVIDER_EVENT_ID_MAX),
			"an event has a kind, and an id of bounded length or none");
	else
		fuzz_require(detail != NULL, "a refusal says why");
	cfa_arena_clear(&arena);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and ranges from flags and objects: what is taken is written, and read again is the same. */
#include "net/address.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct text text = { (const char *)bytes, len };
	struct address address, again;
	struct address_ranges ranges;
	struct err err = { 0 };
	char out[ADDRESS_TEXT_BYTES];

	if (address_parse(text, &address, &err) == 0) {
		address_format(&address, out);
		if (address_parse(text_of(out), &again, &err) < 0 || !address_equal(&address, &again))
			abort();
	}
	if (address_ranges_parse(text, &ranges, &err) == 0 && address_of_ip(TEXT("10.0.0.1"), 80, &address, &err) == 0)
		(void)address_ranges_hold(&ranges, &address);
	return 0;
}

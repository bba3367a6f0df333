/* SPDX-License-Identifier: Apache-2.0 */
/* base/footprint.h — memory that was needed once and is not needed at rest. */
#ifndef KRYPTON_BASE_FOOTPRINT_H
#define KRYPTON_BASE_FOOTPRINT_H

/* Gives the heap's free pages back, and code that has run: what of it runs again comes from the page cache, a microsecond a page.
   For the moments after start and after a great list; it takes a millisecond or two. */
void footprint_shrink(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* base/alike.h — many texts that are much like each other, each kept as what it does not share with the first (over LZ4). */
#ifndef KRYPTON_BASE_ALIKE_H
#define KRYPTON_BASE_ALIKE_H

#include <stddef.h>

#include "base/text.h"

struct alike;      /* the texts of one sort, by what they share */
struct alike_text; /* one of them */

struct alike *alike_new(void);
void alike_free(struct alike **alike); /* what it kept cannot be read any more, but has still to be freed */

/* The text, kept; yours. */
struct alike_text *alike_keep(struct alike *alike, struct text text);
void alike_text_free(struct alike_text **kept);
size_t alike_text_bytes(const struct alike_text *kept); /* what it takes up */

/* The text again, with a NUL behind it; kept is of this alike. Yours. */
char *alike_read(const struct alike *alike, const struct alike_text *kept);

#endif

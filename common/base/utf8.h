/* SPDX-License-Identifier: Apache-2.0 */
/* base/utf8.h — pure: which bytes are well-formed UTF-8 (RFC 3629: no surrogates, nothing overlong). */
#ifndef KRYPTON_BASE_UTF8_H
#define KRYPTON_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Bytes of the character text begins with, its code point in *ret_point; 0: malformed, cut off or empty. */
size_t utf8_first(struct text text, uint32_t *ret_point);
bool utf8_is_valid(struct text text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* controller/quote.h — pure: the words of the kubelet, of runtimes and registries, made fit to stand in a sentence of ours. */
#ifndef KRYPTON_CONTROLLER_QUOTE_H
#define KRYPTON_CONTROLLER_QUOTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Never empty: the text, or that there was none. */
const char *quote_words(const char *text);
/* The kubelet puts the cause behind its own words about backing off, and containerd behind the image's name, twice: the same cause
   is to read the same, and to be found. Points into the message; NULL as it. */
const char *quote_pull_cause(const char *message);
/* Why there is no sandbox, "…" for the ids in it: each try makes a new one, and the same cause is to read the same. NULL is "";
   size is that of the message at least, with its end. */
void quote_sandbox_cause(const char *message, char *ret_words, size_t size);
/* As much as fits, "…" for the rest: cut behind an entry, where a list was cut in its second half. NULL or "" as quote_words(). */
void quote_list(const char *words, char *ret_words, size_t size);
/* Something that was named is not there. */
bool quote_is_about_absence(const char *message);
/* A pull lacked credentials, or those that were shown did not do. */
bool quote_is_about_credentials(const char *cause);

#endif

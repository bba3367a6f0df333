/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/err.c — pure: filling struct err. A message is one line whatever a peer
 * put into it, and an argument may be the very message that is replaced.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Control characters become blanks: an error is printed and logged as one line. */
static void message_put(struct err *err, const char *text)
{
	size_t len = strnlen(text, sizeof(err->message) - 1);

	memmove(err->message, text, len);
	err->message[len] = '\0';
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)err->message[i];

		if (byte < 0x20 || byte == 0x7f)
			err->message[i] = ' ';
	}
}

int err_set(struct err *err, enum err_code code, const char *format, ...)
{
	char text[sizeof(err->message)];
	va_list args;

	if (err == NULL)
		return -1;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	err->code = code;
	err->retry_after_ms = 0;
	message_put(err, text);
	return -1;
}

int err_wrap(struct err *err, const char *format, ...)
{
	char text[2 * sizeof(err->message)];
	va_list args;

	if (err == NULL)
		return -1;
	va_start(args, format);
	int len = vsnprintf(text, sizeof(err->message), format, args);
	va_end(args);
	if (len < 0)
		return -1;
	size_t used = strlen(text);
	(void)snprintf(text + used, sizeof(text) - used, ": %s", err->message);
	message_put(err, text);
	return -1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* base/file.h — whole small files at start-up and for mounted configuration; never in the data path. */
#ifndef KRYPTON_BASE_FILE_H
#define KRYPTON_BASE_FILE_H

#include "base/attributes.h"
#include "base/buf.h"
#include "base/err.h"

/* Appends the file at path to out; the error names the path and why. ERR_LIMIT past out's cap, ERR_NOT_FOUND where absent. */
int file_read(const char *path, struct buf *out, struct err *err) must_check;

#endif

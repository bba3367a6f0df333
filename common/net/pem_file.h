/* SPDX-License-Identifier: Apache-2.0 */
/* net/pem_file.h — PEM text as a path, for libraries that take paths alone: an anonymous file, never one on a disk. */
#ifndef KRYPTON_NET_PEM_FILE_H
#define KRYPTON_NET_PEM_FILE_H

#include "base/attributes.h"
#include "base/err.h"

struct pem_file {
	int fd;        /* -1: none */
	char path[32]; /* readable while fd is open; empty: none */
};

/* pem is copied; NULL gives none. */
int pem_file_init(struct pem_file *file, const char *pem, struct err *err) must_check;
void pem_file_fini(struct pem_file *file);

/* Whether the text holds certificates, at least one; a certificate and the key that fits it. The error says what is wrong. */
int pem_check_authorities(const char *pem, struct err *err) must_check;
int pem_check_pair(const char *certificate_pem, const char *key_pem, struct err *err) must_check;

#endif

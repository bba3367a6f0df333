/* SPDX-License-Identifier: Apache-2.0 */
/* PEM text as a path, and whether it is usable at all: found out at start, not at the first handshake. Keys stay in memory that
   no other process can open (memfd, close-on-exec). */
#include "net/pem_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "net/pem_bytes.h"

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t written = write(fd, bytes, len);

		if (written == -1 && errno == EINTR)
			continue;
		if (written == -1)
			return -1;
		bytes += written;
		len -= (size_t)written;
	}
	return 0;
}

int pem_file_init(struct pem_file *file, const char *pem, struct err *err)
{
	*file = (struct pem_file){ .fd = -1 };
	if (pem == NULL)
		return 0;
	file->fd = memfd_create("pem", MFD_CLOEXEC);
	if (file->fd == -1 || write_all(file->fd, pem, strlen(pem)) == -1) {
		int reason = errno;

		pem_file_fini(file);
		return err_set(err, ERR_RETRY, "anonymous file for PEM text: %s", strerror(reason));
	}
	(void)snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
	return 0;
}

void pem_file_fini(struct pem_file *file)
{
	if (file->fd != -1)
		(void)close(file->fd);
	*file = (struct pem_file){ .fd = -1 };
}

int pem_check_authorities(const char *pem, struct err *err)
{
	gnutls_datum_t datum = PEM_DATUM(pem);
	gnutls_x509_crt_t *certificates = NULL;
	unsigned int count = 0;
	int result = gnutls_x509_crt_list_import2(&certificates, &count, &datum, GNUTLS_X509_FMT_PEM, 0);

	for (unsigned int i = 0; result >= 0 && i < count; i++)
		gnutls_x509_crt_deinit(certificates[i]);
	if (result >= 0)
		gnutls_free(certificates);
	if (result < 0)
		return err_set(err, ERR_INVALID, "certificate authority: %s", gnutls_strerror(result));
	return count > 0 ? 0 : err_set(err, ERR_INVALID, "certificate authority: no certificate in it");
}

int pem_check_pair(const char *certificate_pem, const char *key_pem, struct err *err)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t certificate = PEM_DATUM(certificate_pem), key = PEM_DATUM(key_pem);
	int result = gnutls_certificate_allocate_credentials(&credentials);

	if (result < 0)
		return err_set(err, ERR_RETRY, "TLS: %s", gnutls_strerror(result));
	result = gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
	gnutls_certificate_free_credentials(credentials);
	return result >= 0 ? 0 : err_set(err, ERR_INVALID, "certificate and key: %s", gnutls_strerror(result));
}

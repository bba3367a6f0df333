/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates by GnuTLS. An authority for each serving certificate: what is never kept cannot be stolen, and a renewal needs no
   secret of the one before. */
#include "net/authority.h"

#include <string.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/random.h"
#include "net/pem_bytes.h"

#define SERIAL_BYTES    16
#define KEY_ID_BYTES    20
#define PEM_BYTES       8192
#define COMMON_NAME_MAX 64 /* RFC 5280, ub-common-name */

#define CHECK(call)                          \
	do {                                 \
		int check_result = (call);   \
		if (check_result < 0)        \
			return check_result; \
	} while (0)

/* A certificate and its key while they are made. */
struct pair {
	gnutls_x509_crt_t certificate;
	gnutls_x509_privkey_t key;
};

/* The certificates of a PEM text. */
struct chain {
	gnutls_x509_crt_t *certificates;
	unsigned int count;
};

static void pair_fini(struct pair *pair)
{
	if (pair->certificate != NULL)
		gnutls_x509_crt_deinit(pair->certificate);
	if (pair->key != NULL)
		gnutls_x509_privkey_deinit(pair->key);
}

static void chain_fini(struct chain *chain)
{
	for (unsigned int i = 0; i < chain->count; i++)
		gnutls_x509_crt_deinit(chain->certificates[i]);
	gnutls_free(chain->certificates);
}

#define scoped_pair  __attribute__((cleanup(pair_fini))) struct pair
#define scoped_chain __attribute__((cleanup(chain_fini))) struct chain

static int chain_parse(const char *pem, struct chain *ret_chain, struct err *err)
{
	gnutls_datum_t datum = PEM_DATUM(pem);
	int result = gnutls_x509_crt_list_import2(&ret_chain->certificates, &ret_chain->count, &datum, GNUTLS_X509_FMT_PEM, 0);

	if (result < 0) {
		*ret_chain = (struct chain){ 0 };
		return err_set(err, ERR_INVALID, "certificate: %s", gnutls_strerror(result));
	}
	return 0;
}

/* --- making --- */

static int pair_begin(struct pair *pair, const char *name, const struct certificate_life *life)
{
	unsigned char serial[SERIAL_BYTES], key_id[KEY_ID_BYTES];
	size_t id_len = sizeof(key_id), name_len = strnlen(name, COMMON_NAME_MAX);

	random_bytes(serial, sizeof(serial));
	serial[0] &= 0x7f; /* positive */
	CHECK(gnutls_x509_privkey_init(&pair->key));
	CHECK(gnutls_x509_privkey_generate(pair->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	CHECK(gnutls_x509_crt_init(&pair->certificate));
	CHECK(gnutls_x509_crt_set_version(pair->certificate, 3));
	CHECK(gnutls_x509_crt_set_serial(pair->certificate, serial, sizeof(serial)));
	CHECK(gnutls_x509_crt_set_activation_time(pair->certificate, (time_t)(life->begins_ms / 1000)));
	CHECK(gnutls_x509_crt_set_expiration_time(pair->certificate, (time_t)(life->ends_ms / 1000)));
	CHECK(gnutls_x509_crt_set_dn_by_oid(pair->certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned int)name_len));
	CHECK(gnutls_x509_crt_set_key(pair->certificate, pair->key));
	CHECK(gnutls_x509_crt_get_key_id(pair->certificate, GNUTLS_KEYID_USE_SHA1, key_id, &id_len));
	return gnutls_x509_crt_set_subject_key_id(pair->certificate, key_id, id_len);
}

static int authority_make(struct pair *authority, const struct authority_options *options)
{
	CHECK(pair_begin(authority, options->name, &options->life));
	CHECK(gnutls_x509_crt_set_basic_constraints(authority->certificate, 1, 0));
	CHECK(gnutls_x509_crt_set_key_usage(authority->certificate, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN));
	return gnutls_x509_crt_sign2(authority->certificate, authority->certificate, authority->key, GNUTLS_DIG_SHA256, 0);
}

static int server_make(struct pair *server, const struct pair *authority, const struct authority_options *options)
{
	unsigned char key_id[KEY_ID_BYTES];
	size_t id_len = sizeof(key_id);

	CHECK(pair_begin(server, options->dns_names[0], &options->life));
	for (size_t i = 0; i < options->dns_name_count; i++)
		CHECK(gnutls_x509_crt_set_subject_alt_name(server->certificate, GNUTLS_SAN_DNSNAME, options->dns_names[i],
			(unsigned int)strlen(options->dns_names[i]), GNUTLS_FSAN_APPEND));
	CHECK(gnutls_x509_crt_set_basic_constraints(server->certificate, 0, -1));
	CHECK(gnutls_x509_crt_set_key_usage(server->certificate, GNUTLS_KEY_DIGITAL_SIGNATURE));
	CHECK(gnutls_x509_crt_set_key_purpose_oid(server->certificate, GNUTLS_KP_TLS_WWW_SERVER, 0));
	CHECK(gnutls_x509_crt_get_subject_key_id(authority->certificate, key_id, &id_len, NULL));
	CHECK(gnutls_x509_crt_set_authority_key_id(server->certificate, key_id, id_len));
	return gnutls_x509_crt_sign2(server->certificate, authority->certificate, authority->key, GNUTLS_DIG_SHA256, 0);
}

static int certificate_export(gnutls_x509_crt_t certificate, struct buf *out)
{
	char pem[PEM_BYTES];
	size_t len = sizeof(pem);

	CHECK(gnutls_x509_crt_export(certificate, GNUTLS_X509_FMT_PEM, pem, &len));
	return buf_append(out, pem, len) == -1 ? GNUTLS_E_SHORT_MEMORY_BUFFER : 0;
}

/* PKCS 8, as Kubernetes takes it in a Secret of type kubernetes.io/tls. */
static int key_export(gnutls_x509_privkey_t key, struct buf *out)
{
	char pem[PEM_BYTES];
	size_t len = sizeof(pem);
	int result = gnutls_x509_privkey_export_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, pem, &len);

	if (result >= 0 && buf_append(out, pem, len) == -1)
		result = GNUTLS_E_SHORT_MEMORY_BUFFER;
	gnutls_memset(pem, 0, sizeof(pem));
	return result;
}

static int issue(
	const struct authority_options *options, struct buf *authority_pem, struct buf *certificate_pem, struct buf *key_pem)
{
	scoped_pair authority = { 0 }, server = { 0 };

	CHECK(authority_make(&authority, options));
	CHECK(server_make(&server, &authority, options));
	CHECK(certificate_export(authority.certificate, authority_pem));
	CHECK(certificate_export(server.certificate, certificate_pem));
	return key_export(server.key, key_pem);
}

int authority_issue(const struct authority_options *options, struct buf *authority_pem, struct buf *certificate_pem,
	struct buf *key_pem, struct err *err)
{
	int result = issue(options, authority_pem, certificate_pem, key_pem);

	return result >= 0 ? 0 : err_set(err, ERR_RETRY, "making a certificate: %s", gnutls_strerror(result));
}

/* --- reading --- */

static struct certificate_life life_of(gnutls_x509_crt_t certificate)
{
	return (struct certificate_life){
		.begins_ms = (int64_t)gnutls_x509_crt_get_activation_time(certificate) * 1000,
		.ends_ms = (int64_t)gnutls_x509_crt_get_expiration_time(certificate) * 1000,
	};
}

int certificate_read_life(const char *pem, struct certificate_life *ret_life, struct err *err)
{
	scoped_chain chain = { 0 };

	if (chain_parse(pem, &chain, err) == -1)
		return -1;
	if (chain.count == 0)
		return err_set(err, ERR_INVALID, "certificate: none in the text");
	*ret_life = life_of(chain.certificates[0]);
	return 0;
}

int certificate_check(const char *pem, const char *authorities_pem, const char *const *dns_names, size_t dns_name_count,
	int64_t wall_ms, struct err *err)
{
	scoped_chain chain = { 0 }, authorities = { 0 };
	unsigned int status = 0;

	if (chain_parse(pem, &chain, err) == -1 || chain_parse(authorities_pem, &authorities, err) == -1)
		return -1;
	if (chain.count == 0 || authorities.count == 0)
		return err_set(err, ERR_INVALID, "certificate: none in the text");
	struct certificate_life life = life_of(chain.certificates[0]);
	if (wall_ms < life.begins_ms || wall_ms >= life.ends_ms)
		return err_set(err, ERR_INVALID, "certificate: %s", wall_ms < life.begins_ms ? "not valid yet" : "it has ended");
	for (size_t i = 0; i < dns_name_count; i++) {
		if (gnutls_x509_crt_check_hostname2(chain.certificates[0], dns_names[i], GNUTLS_VERIFY_DO_NOT_ALLOW_WILDCARDS) == 0)
			return err_set(err, ERR_INVALID, "certificate: not for %s", dns_names[i]);
	}
	/* With authorities that have ended among them, times are looked at above. */
	if (gnutls_x509_crt_verify(chain.certificates[0], authorities.certificates, authorities.count,
		    GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status) < 0 ||
		status != 0)
		return err_set(err, ERR_INVALID, "certificate: not signed by the authority beside it");
	return 0;
}

int authorities_keep(const char *pem, int64_t wall_ms, size_t max, struct buf *out, struct err *err)
{
	scoped_chain chain = { 0 };

	if (chain_parse(pem, &chain, err) == -1)
		return -1;
	for (unsigned int i = 0; i < chain.count && max > 0; i++) {
		if (wall_ms >= life_of(chain.certificates[i]).ends_ms)
			continue;
		if (certificate_export(chain.certificates[i], out) < 0)
			return err_set(err, ERR_LIMIT, "certificate: too long");
		max--;
	}
	return 0;
}

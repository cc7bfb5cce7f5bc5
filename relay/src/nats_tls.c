/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nats_tls.c: OpenSSL as the wire needs it, and the same settings for the library.
 */
#include "nats_tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char scheme[] = "tls://";

bool
cfa_nats_tls_wanted(const char *urls)
{
	return strcasestr(urls, scheme) != NULL;
}

/* Says what the library complained about first, and forgets the rest. */
static void
explain(char *error, size_t size, const char *what)
{
	unsigned long code = ERR_get_error();
	const char *reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code))
												: ERR_reason_error_string(code);

	snprintf(error, size, "%s: %s", what, reason == NULL ? "unknown" : reason);
	ERR_clear_error();
}

/* NULL with the reason. */
static SSL_CTX *
new_context(const CfaNatsTls *tls, char *error, size_t size)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	bool has_cert = tls->cert_file[0] != '\0';
	const char *wrong = NULL;

	ERR_clear_error();
	if (context == NULL ||
		SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
		wrong = "no TLS";
	else if (SSL_CTX_load_verify_locations(context, tls->ca_file, NULL) != 1)
		wrong = "CAREFORALL_NATS_CA_FILE cannot be used";
	else if (has_cert &&
			 SSL_CTX_use_certificate_chain_file(context, tls->cert_file) != 1)
		wrong = "CAREFORALL_NATS_CERT_FILE cannot be used";
	else if (has_cert && SSL_CTX_use_PrivateKey_file(context,
													 tls->key_file,
													 SSL_FILETYPE_PEM) != 1)
		wrong = "CAREFORALL_NATS_KEY_FILE cannot be used";
	if (wrong == NULL)
	{
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_mode(context,
						 SSL_MODE_ENABLE_PARTIAL_WRITE |
							 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		return context;
	}
	explain(error, size, wrong);
	SSL_CTX_free(context);
	return NULL;
}

bool
cfa_nats_tls_check(const CfaNatsTls *tls, char *error, size_t size)
{
	SSL_CTX *context;

	if ((tls->cert_file[0] == '\0') != (tls->key_file[0] == '\0'))
	{
		snprintf(error,
				 size,
				 "CAREFORALL_NATS_CERT_FILE and CAREFORALL_NATS_KEY_FILE go "
				 "together");
		return false;
	}
	context = new_context(tls, error, size);
	SSL_CTX_free(context);
	return context != NULL;
}

natsStatus
cfa_nats_tls_apply(natsOptions *opts, const char *urls, const CfaNatsTls *tls)
{
	natsStatus s = NATS_OK;

	if (!cfa_nats_tls_wanted(urls))
		return NATS_OK;
	s = natsOptions_SetSecure(opts, true);
	if (s == NATS_OK)
		s = natsOptions_LoadCATrustedCertificates(opts, tls->ca_file);
	if (s == NATS_OK && tls->cert_file[0] != '\0')
		s = natsOptions_LoadCertificatesChain(opts,
											  tls->cert_file,
											  tls->key_file);
	return s;
}

/* The certificate has to name the host, which an address is compared with otherwise. */
static bool
expect(SSL *ssl, const char *host)
{
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1)
		return true;
	return SSL_set1_host(ssl, host) == 1 &&
		   SSL_set_tlsext_host_name(ssl, host) == 1;
}

SSL *
cfa_nats_tls_open(int fd, const char *host, const CfaNatsTls *tls, char *error,
				  size_t size)
{
	SSL_CTX *context = new_context(tls, error, size);
	SSL *ssl;
	long verified;

	if (context == NULL)
		return NULL;
	ssl = SSL_new(context);
	SSL_CTX_free(context);
	if (ssl != NULL && expect(ssl, host) && SSL_set_fd(ssl, fd) == 1)
	{
		if (SSL_connect(ssl) == 1)
			return ssl;
		verified = SSL_get_verify_result(ssl);
		if (verified != X509_V_OK)
			snprintf(error,
					 size,
					 "the server's certificate: %s",
					 X509_verify_cert_error_string(verified));
		else
			explain(error, size, "no TLS connection");
	}
	else
		explain(error, size, "no TLS connection");
	ERR_clear_error();
	SSL_free(ssl);
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS to NATS as the wire uses it: which certificates it takes and which it refuses.
 * The server's side is OpenSSL in a thread at the other end of a socket pair;
 * certificates are made by the openssl program.
 */
#include "unit.h"

#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nats_tls.h"
#include "nats_wire.h"

static char folder[] = "/tmp/careforall-tls-XXXXXX";

typedef struct Server
{
	int fd;
	const char *name;	   /* of its certificate */
	const char *client_ca; /* NULL: no certificate is asked for */
	bool is_shaken;
} Server;

static const char *
file(const char *name, const char *ending)
{
	static char paths[64][96];
	static int next;
	char *path = paths[next++ % 64];

	snprintf(path, sizeof(paths[0]), "%s/%s.%s", folder, name, ending);
	return path;
}

/* A self-signed certificate, its own authority, for names as OpenSSL writes them. */
static void
make_certificate(const char *name, const char *names)
{
	char alternatives[128];
	pid_t child;
	int status = 0;

	snprintf(alternatives, sizeof(alternatives), "subjectAltName=%s", names);
	child = fork();
	if (child == 0)
	{
		(void) close(STDERR_FILENO);
		execlp("openssl",
			   "openssl",
			   "req",
			   "-x509",
			   "-newkey",
			   "ec",
			   "-pkeyopt",
			   "ec_paramgen_curve:P-256",
			   "-nodes",
			   "-days",
			   "2",
			   "-subj",
			   "/CN=test",
			   "-keyout",
			   file(name, "key"),
			   "-out",
			   file(name, "crt"),
			   "-addext",
			   alternatives,
			   NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static int
set_up(void **state)
{
	signal(SIGPIPE, SIG_IGN); /* as the daemons do */
	assert_non_null(mkdtemp(folder));
	make_certificate("right", "DNS:nats.example.org,IP:127.0.0.1");
	make_certificate("other", "DNS:nats.example.org,IP:127.0.0.1");
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {"right", "other"};

	for (size_t i = 0; i < 2; i++)
	{
		(void) remove(file(names[i], "crt"));
		(void) remove(file(names[i], "key"));
	}
	return rmdir(folder);
}

static void *
serve(void *arg)
{
	Server *server = arg;
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	SSL *ssl;
	char byte = 0;

	SSL_CTX_use_certificate_chain_file(context, file(server->name, "crt"));
	SSL_CTX_use_PrivateKey_file(context,
								file(server->name, "key"),
								SSL_FILETYPE_PEM);
	if (server->client_ca != NULL)
	{
		SSL_CTX_load_verify_locations(context,
									  file(server->client_ca, "crt"),
									  NULL);
		SSL_CTX_set_verify(context,
						   SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
						   NULL);
	}
	ssl = SSL_new(context);
	SSL_set_fd(ssl, server->fd);
	server->is_shaken = SSL_accept(ssl) == 1 && SSL_read(ssl, &byte, 1) == 1;
	SSL_free(ssl);
	SSL_CTX_free(context);
	close(server->fd);
	return NULL;
}

/* Whether both sides are content; error is what the client says if it is not. */
static bool
shake(Server server, const char *host, const CfaNatsTls *tls, char *error,
	  size_t size)
{
	pthread_t thread;
	int ends[2];
	SSL *ssl;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	server.fd = ends[1];
	server.is_shaken = false;
	assert_int_equal(pthread_create(&thread, NULL, serve, &server), 0);
	error[0] = '\0';
	ssl = cfa_nats_tls_open(ends[0], host, tls, error, size);
	if (ssl != NULL)
		(void) SSL_write(ssl, "x", 1);
	SSL_free(ssl);
	close(ends[0]);
	pthread_join(thread, NULL);
	return ssl != NULL && server.is_shaken;
}

static void
test_server_certificate(void **state)
{
	const Server server = {.name = "right"};
	const CfaNatsTls trusting = {.ca_file = file("right", "crt"),
								 .cert_file = "",
								 .key_file = ""};
	const CfaNatsTls elsewhere = {.ca_file = file("other", "crt"),
								  .cert_file = "",
								  .key_file = ""};
	char error[128];

	assert_true(
		shake(server, "nats.example.org", &trusting, error, sizeof(error)));
	assert_true(shake(server, "127.0.0.1", &trusting, error, sizeof(error)));
	assert_false(
		shake(server, "nats.example.com", &trusting, error, sizeof(error)));
	assert_string_equal(error, "the server's certificate: hostname mismatch");
	assert_false(shake(server, "127.0.0.2", &trusting, error, sizeof(error)));
	assert_string_equal(error, "the server's certificate: IP address mismatch");
	assert_false(
		shake(server, "nats.example.org", &elsewhere, error, sizeof(error)));
	assert_string_equal(error,
						"the server's certificate: self-signed certificate");
}

static void
test_client_certificate(void **state)
{
	const Server server = {.name = "right", .client_ca = "right"};
	const CfaNatsTls known = {.ca_file = file("right", "crt"),
							  .cert_file = file("right", "crt"),
							  .key_file = file("right", "key")};
	const CfaNatsTls nobody = {.ca_file = file("right", "crt"),
							   .cert_file = "",
							   .key_file = ""};
	const CfaNatsTls stranger = {.ca_file = file("right", "crt"),
								 .cert_file = file("other", "crt"),
								 .key_file = file("other", "key")};
	char error[128];

	assert_true(shake(server, "127.0.0.1", &known, error, sizeof(error)));
	assert_false(shake(server, "127.0.0.1", &nobody, error, sizeof(error)));
	assert_false(shake(server, "127.0.0.1", &stranger, error, sizeof(error)));
}

/* Greets whoever connects to the socket *arg, and says more in the same breath. */
static void *
greet_too_much(void *arg)
{
	static const char greeting[] =
		"INFO {\"headers\":true,\"max_payload\":1024}\r\nPONG\r\n";
	const int *listener = arg;
	int fd = accept(*listener, NULL, NULL);

	(void) send(fd, greeting, sizeof(greeting) - 1, MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

static void
test_nothing_in_clear_is_taken_for_the_servers(void **state)
{
	const CfaNatsTls tls = {.ca_file = file("right", "crt"),
							.cert_file = "",
							.key_file = ""};
	struct sockaddr_in address = {.sin_family = AF_INET,
								  .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	char url[64];
	char error[128];
	const CfaWireOptions options = {.name = "test",
									.url = url,
									.tls = &tls,
									.timeout_ms = 5000};
	pthread_t thread;

	assert_int_equal(bind(listener, (struct sockaddr *) &address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *) &address, &len),
					 0);
	snprintf(url, sizeof(url), "tls://127.0.0.1:%d", ntohs(address.sin_port));
	assert_int_equal(pthread_create(&thread, NULL, greet_too_much, &listener),
					 0);
	assert_null(cfa_wire_open(&options, error, sizeof(error)));
	assert_string_equal(error, "something came in clear after the greeting");
	pthread_join(thread, NULL);
	close(listener);
}

static void
test_settings(void **state)
{
	const CfaNatsTls good = {.ca_file = file("right", "crt"),
							 .cert_file = file("right", "crt"),
							 .key_file = file("right", "key")};
	CfaNatsTls tls = good;
	char error[128];

	assert_false(cfa_nats_tls_wanted("nats://a:1,nats://b:2"));
	assert_true(cfa_nats_tls_wanted("nats://a:1,TLS://b:2"));
	assert_true(cfa_nats_tls_check(&good, error, sizeof(error)));
	tls.key_file = "";
	assert_false(cfa_nats_tls_check(&tls, error, sizeof(error)));
	assert_non_null(strstr(error, "go together"));
	tls.key_file = file("other", "key");
	assert_false(cfa_nats_tls_check(&tls, error, sizeof(error)));
	assert_non_null(
		strstr(error, "CAREFORALL_NATS_KEY_FILE cannot be used: key values"));
	tls = good;
	tls.ca_file = file("nowhere", "crt");
	assert_false(cfa_nats_tls_check(&tls, error, sizeof(error)));
	assert_string_equal(
		error,
		"CAREFORALL_NATS_CA_FILE cannot be used: No such file or directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_certificate),
		cmocka_unit_test(test_client_certificate),
		cmocka_unit_test(test_nothing_in_clear_is_taken_for_the_servers),
		cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

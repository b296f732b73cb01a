/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include "parlor-certificate.h"

#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/socket.h>

/* The relay with a certificate: calls over TLS, clients that speak the wrong thing, and handshakes that never end. */

#define UPGRADE "GET /abc HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"          \
                "Sec-WebSocket-Protocol: parlor.1\r\n\r\n"
#define HANDSHAKE_RECORD "\x16\x03\x01\x02\x00" /* 512 bytes are to come, a ClientHello */

static GTlsCertificate *
make_certificate (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *pem = parlor_certificate_new_server_pem (NULL, &error);
  GTlsCertificate *certificate = pem ? g_tls_certificate_new_from_pem (pem, -1, &error) : NULL;

  g_assert_no_error (error);
  return certificate;
}

static Lab *
lab_new_tls (const ParlorRelayLimits *limits)
{
  Lab *lab = lab_new (limits);
  g_autoptr (GTlsCertificate) certificate = make_certificate ();

  parlor_relay_set_certificate (lab->relay, certificate);
  lab->tls = TRUE;
  return lab;
}

static gboolean
on_accept_certificate (GTlsConnection *tls, GTlsCertificate *certificate, GTlsCertificateFlags errors, gpointer unused)
{
  return TRUE;
}

static void
on_shaken (GObject *tls, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_tls_connection_handshake_finish (G_TLS_CONNECTION (tls), result, &error);
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

/* A TLS connection by hand, on @raw's socket. */
static GIOStream *
shake_hands (Raw *raw)
{
  g_autoptr (GSocketConnection) connection = g_socket_connection_factory_create_connection (raw->socket);
  GIOStream *tls = g_tls_client_connection_new (G_IO_STREAM (connection), NULL, NULL);
  gboolean done = FALSE;

  g_signal_connect (tls, "accept-certificate", G_CALLBACK (on_accept_certificate), NULL);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, NULL, on_shaken, &done);
  lab_wait (done);
  return tls;
}

static gboolean
try_write (GIOStream *tls, const char *bytes, gsize length)
{
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (tls));

  return g_pollable_output_stream_write_nonblocking (output, bytes, length, NULL, NULL) == (gssize) length;
}

static void
test_calls (void)
{
  g_autoptr (Lab) lab = lab_new_tls (NULL);
  g_autofree char *url = parlor_relay_get_url (lab->relay);
  g_autofree char *expected = g_strdup_printf ("https://127.0.0.1:%u", lab->port);
  g_autofree char *sdp = g_strnfill (60000, 'x'); /* four records of TLS */
  g_autoptr (GBytes) page = NULL;

  g_assert_cmpstr (url, ==, expected);
  g_assert_cmpuint (request (lab, "GET", "/abc", NULL, NULL, NULL, &page), ==, SOUP_STATUS_OK);
  g_assert_cmpuint (g_bytes_get_size (page), >, 0);
  {
    g_autoptr (Client) anna = client_join (lab, "/abc", "Anna");
    g_autoptr (Client) ben = client_join (lab, "/abc", "Ben");
    g_autoptr (JsonObject) joined = client_hear (anna, "joined");

    for (guint i = 0; i < 20; i++)
      client_say (anna, "{\"type\":\"offer\",\"to\":\"%s\",\"call\":\"c\",\"sdp\":\"%s\"}", ben->id, sdp);
    for (guint i = 0; i < 20; i++)
      {
        g_autoptr (JsonObject) offer = client_hear (ben, "offer");

        g_assert_cmpstr (field (offer, "sdp"), ==, sdp);
        g_assert_cmpstr (field (offer, "from"), ==, anna->id);
      }
    client_close (ben);
    json_object_unref (client_hear (anna, "left"));
  }
}

/* The request and the first frames in one piece: what TLS has decrypted already no poll will tell of. */
static void
test_eager (void)
{
  g_autoptr (Lab) lab = lab_new_tls (NULL);
  g_autoptr (Raw) raw = raw_open (lab);
  g_autoptr (GIOStream) tls = shake_hands (raw);
  g_autoptr (GBytes) hello = raw_frame (0x81, "{\"type\":\"hello\",\"name\":\"E\"}", 27);
  g_autoptr (GString) all = g_string_new ("GET /abc HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                                          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                          "Sec-WebSocket-Protocol: parlor.1\r\nX-Long: ");

  for (guint i = 0; i < 12000; i++)
    g_string_append_c (all, 'x');
  g_string_append (all, "\r\n\r\n");
  g_string_append_len (all, g_bytes_get_data (hello, NULL), g_bytes_get_size (hello));
  g_assert_cmpuint (all->len, <, 16384);
  g_assert_true (try_write (tls, all->str, all->len));
  lab_wait (parlor_relay_get_n_guests (lab->relay) == 1);
}

static void
test_plain_client (void)
{
  g_autoptr (Lab) lab = lab_new_tls (NULL);
  g_autoptr (Raw) raw = raw_open (lab);

  raw_send_text (raw, "GET /abc HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  raw_hear_end (raw);
  g_assert_true (g_str_has_prefix ((char *) raw->in->data, "HTTP/1.1 400 "));
  g_assert_nonnull (strstr ((char *) raw->in->data, "use https"));
  g_assert_cmpuint (parlor_relay_get_n_guests (lab->relay), ==, 0);
}

/* Long before the ten seconds that a request has. */
static void
test_tls_client_of_a_plain_relay (void)
{
  g_autoptr (Lab) lab = lab_new (NULL);
  g_autoptr (Raw) raw = raw_open (lab);
  gint64 start = g_get_monotonic_time ();

  raw_send (raw, HANDSHAKE_RECORD, 5);
  raw_hear_end (raw);
  g_assert_cmpuint (raw->in->len, ==, 0);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
}

/* Hands that are held out and never shaken end with their deadline; the relay goes on meanwhile. */
static void
test_stalled_handshakes (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (Client) anna = NULL;
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func ((GDestroyNotify) raw_free);

  parlor_relay_limits_init (&limits);
  limits.request_ms = 3000;
  lab = lab_new_tls (&limits);
  anna = client_join (lab, "/abc", "Anna");
  for (guint i = 0; i < 200; i++)
    {
      g_ptr_array_add (crowd, raw_open (lab));
      raw_send (crowd->pdata[i], HANDSHAKE_RECORD, 5);
    }
  client_hear_nothing (anna);
  g_assert_cmpuint (lab_count_rounds (500), <, 500);
  client_free (client_join (lab, "/abc", "Ben"));
  for (guint i = 0; i < crowd->len; i++)
    raw_hear_end (crowd->pdata[i]);
}

static void
test_garbage (void)
{
  ParlorRelayLimits limits;
  g_autoptr (Lab) lab = NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func ((GDestroyNotify) raw_free);

  parlor_relay_limits_init (&limits);
  limits.request_ms = 3000;
  lab = lab_new_tls (&limits);
  for (guint i = 0; i < 200; i++)
    {
      guint8 bytes[600];

      for (guint k = 0; k < sizeof bytes; k++)
        bytes[k] = g_rand_int (rand);
      memcpy (bytes, HANDSHAKE_RECORD, 5);
      g_ptr_array_add (crowd, raw_open (lab));
      raw_send (crowd->pdata[i], bytes, sizeof bytes);
    }
  for (guint i = 0; i < crowd->len; i++)
    raw_hear_end (crowd->pdata[i]);
  client_free (client_join (lab, "/abc", "Anna"));
}

/* Somebody who does not read is dropped, and the farewell of TLS holds up nobody. */
static void
test_slow_reader (void)
{
  g_autoptr (Lab) lab = lab_new_tls (NULL);
  g_autoptr (Client) anna = client_join (lab, "/abc", "Anna");
  g_autoptr (Raw) raw = raw_open (lab);
  g_autoptr (GIOStream) tls = shake_hands (raw);
  g_autoptr (JsonObject) joined = NULL;
  g_autoptr (GBytes) hello = raw_frame (0x81, "{\"type\":\"hello\",\"name\":\"S\"}", 27);
  g_autofree char *sdp = g_strnfill (60000, 'x');

  g_assert_true (try_write (tls, UPGRADE, strlen (UPGRADE)));
  g_assert_true (try_write (tls, g_bytes_get_data (hello, NULL), g_bytes_get_size (hello)));
  joined = client_hear (anna, "joined");
  while (parlor_relay_get_n_guests (lab->relay) == 2)
    {
      guint n = anna->heard.length;

      client_say (anna, "{\"type\":\"offer\",\"to\":\"%s\",\"call\":\"c\",\"sdp\":\"%s\"}",
                  field (json_object_get_object_member (joined, "peer"), "id"), sdp);
      client_say (anna, "{\"type\":\"are-you-there\"}");
      lab_wait (anna->heard.length > n);
    }
  while (anna->heard.length > 0 && !strstr (g_bytes_get_data (g_queue_peek_head (&anna->heard), NULL), "\"left\""))
    g_bytes_unref (g_queue_pop_head (&anna->heard));
  json_object_unref (client_hear (anna, "left"));
}

/* A client that is GnuTLS itself: it can do what GIO does not. */
typedef struct
{
  Raw *raw;
  gnutls_session_t session;
  gnutls_certificate_credentials_t credentials;
  GByteArray *held; /* what it says is kept here, and sent later in one piece; NULL = sent at once */
} Bare;

static ssize_t
bare_push (gnutls_transport_ptr_t data, const void *bytes, size_t length)
{
  Bare *bare = data;

  if (bare->held)
    g_byte_array_append (bare->held, bytes, length);
  else
    raw_send (bare->raw, bytes, length);
  return length;
}

static ssize_t
bare_pull (gnutls_transport_ptr_t data, void *bytes, size_t length)
{
  Bare *bare = data;

  g_main_context_iteration (NULL, FALSE);
  return recv (g_socket_get_fd (bare->raw->socket), bytes, length, 0);
}

static Bare *
bare_open (Lab *lab)
{
  Bare *bare = g_new0 (Bare, 1);
  int rc;

  bare->raw = raw_open (lab);
  g_assert_cmpint (gnutls_init (&bare->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK), ==, 0);
  g_assert_cmpint (gnutls_certificate_allocate_credentials (&bare->credentials), ==, 0);
  gnutls_credentials_set (bare->session, GNUTLS_CRD_CERTIFICATE, bare->credentials);
  gnutls_priority_set_direct (bare->session, "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL);
  gnutls_transport_set_ptr (bare->session, bare);
  gnutls_transport_set_push_function (bare->session, bare_push);
  gnutls_transport_set_pull_function (bare->session, bare_pull);
  lab_wait ((rc = gnutls_handshake (bare->session)) != GNUTLS_E_AGAIN);
  g_assert_cmpint (rc, ==, 0);
  return bare;
}

static void
bare_free (Bare *bare)
{
  gnutls_deinit (bare->session);
  gnutls_certificate_free_credentials (bare->credentials);
  raw_free (bare->raw);
  g_free (bare);
}

static void
bare_say (Bare *bare, const char *text)
{
  g_assert_cmpint (gnutls_record_send (bare->session, text, strlen (text)), ==, strlen (text));
}

/* Up to the end, which TLS must have told: it is one of the relay's own, not of somebody who cut the line. */
static char *
bare_hear_all (Bare *bare)
{
  GString *text = g_string_new (NULL);
  char bytes[16384];
  gssize n;

  do
    {
      lab_wait ((n = gnutls_record_recv (bare->session, bytes, sizeof bytes)) != GNUTLS_E_AGAIN);
      g_assert_cmpint (n, >=, 0);
      g_string_append_len (text, bytes, n);
    }
  while (n > 0);
  return g_string_free (text, FALSE);
}

static void
test_goodbye (void)
{
  g_autoptr (Lab) lab = lab_new_tls (NULL);
  Bare *bare = bare_open (lab);
  g_autofree char *page = NULL;
  g_autofree char *upgraded = NULL;
  g_autoptr (GBytes) close = raw_frame (0x88, NULL, 0);

  bare_say (bare, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  page = bare_hear_all (bare);
  g_assert_true (g_str_has_prefix (page, "HTTP/1.1 200 "));
  g_assert_true (g_str_has_suffix (page, "</html>\n"));
  bare_free (bare);

  bare = bare_open (lab);
  bare_say (bare, UPGRADE);
  gnutls_record_send (bare->session, g_bytes_get_data (close, NULL), g_bytes_get_size (close));
  upgraded = bare_hear_all (bare);
  g_assert_true (g_str_has_prefix (upgraded, "HTTP/1.1 101 "));
  bare_free (bare);
}

/* New keys, and something said with them, in one piece: GnuTLS stops after the first, and the socket has nothing more to tell of. */
static void
test_new_keys (void)
{
  g_autoptr (Lab) lab = lab_new_tls (NULL);
  Bare *bare = bare_open (lab);
  g_autoptr (GByteArray) held = g_byte_array_new ();

  bare->held = held;
  g_assert_cmpint (gnutls_session_key_update (bare->session, 0), ==, 0);
  bare_say (bare, UPGRADE);
  bare->held = NULL;
  raw_send (bare->raw, held->data, held->len);
  lab_wait (parlor_relay_get_n_connections (lab->relay) == 1);

  g_byte_array_set_size (held, 0);
  bare->held = held;
  g_assert_cmpint (gnutls_session_key_update (bare->session, 0), ==, 0);
  {
    g_autoptr (GBytes) hello = raw_frame (0x81, "{\"type\":\"hello\",\"name\":\"E\"}", 27);

    gnutls_record_send (bare->session, g_bytes_get_data (hello, NULL), g_bytes_get_size (hello));
  }
  bare->held = NULL;
  raw_send (bare->raw, held->data, held->len);
  lab_wait (parlor_relay_get_n_guests (lab->relay) == 1);
  bare_free (bare);
}

static void
assert_certificate (Lab *lab, GTlsCertificate *certificate)
{
  g_autoptr (SoupMessage) message = NULL;

  g_assert_cmpuint (request (lab, "GET", "/", NULL, NULL, &message, NULL), ==, SOUP_STATUS_OK);
  g_assert_true (g_tls_certificate_is_same (soup_message_get_tls_peer_certificate (message), certificate));
}

/* A new certificate is for newcomers; who is in stays in. */
static void
test_renewal (void)
{
  g_autoptr (Lab) lab = lab_new_tls (NULL);
  g_autoptr (Client) anna = client_join (lab, "/abc", "Anna");
  g_autoptr (GTlsCertificate) first = make_certificate ();
  g_autoptr (GTlsCertificate) second = make_certificate ();
  g_autofree char *url = NULL;

  parlor_relay_set_certificate (lab->relay, first);
  assert_certificate (lab, first);
  parlor_relay_set_certificate (lab->relay, second);
  assert_certificate (lab, second);
  client_hear_nothing (anna);

  parlor_relay_set_certificate (lab->relay, NULL);
  lab->tls = FALSE;
  url = parlor_relay_get_url (lab->relay);
  g_assert_true (g_str_has_prefix (url, "http://"));
  g_assert_cmpuint (request (lab, "GET", "/", NULL, NULL, NULL, NULL), ==, SOUP_STATUS_OK);
  client_hear_nothing (anna);
}

/* The relay goes while hands are being shaken. */
static void
test_closing (void)
{
  Lab *lab = lab_new_tls (NULL);
  g_autoptr (Raw) silent = raw_open (lab);
  g_autoptr (Raw) stalled = raw_open (lab);

  raw_send (stalled, HANDSHAKE_RECORD, 5);
  client_free (client_join (lab, "/abc", "Anna"));
  lab_free (lab);
  raw_hear_end (silent);
  raw_hear_end (stalled);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/tls/calls", test_calls);
  g_test_add_func ("/relay/tls/eager", test_eager);
  g_test_add_func ("/relay/tls/plain-client", test_plain_client);
  g_test_add_func ("/relay/tls/tls-client-of-a-plain-relay", test_tls_client_of_a_plain_relay);
  g_test_add_func ("/relay/tls/stalled-handshakes", test_stalled_handshakes);
  g_test_add_func ("/relay/tls/garbage", test_garbage);
  g_test_add_func ("/relay/tls/slow-reader", test_slow_reader);
  g_test_add_func ("/relay/tls/goodbye", test_goodbye);
  g_test_add_func ("/relay/tls/new-keys", test_new_keys);
  g_test_add_func ("/relay/tls/renewal", test_renewal);
  g_test_add_func ("/relay/tls/closing", test_closing);
  return g_test_run ();
}

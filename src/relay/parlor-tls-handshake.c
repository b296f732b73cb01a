/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-tls-handshake.h"

#include "parlor-metrics.h"

/*
 * ParlorTlsHandshake: a connection from its first byte to the stream on which its request is read.
 *
 * The first byte tells TLS from HTTP. A client of the one at a port of the other would wait for an answer to what nobody
 * understands until its deadline; it gets a quick end here, or, where it speaks HTTP, its request is read so that it can be
 * told. The source and the TLS handshake hold a reference each, so nobody else needs to; the deadline for all of it is the
 * listener's, which shuts the socket down, and every wait ends.
 */

#define TLS_HANDSHAKE 22 /* the first byte of a ClientHello's record, RFC 8446, section 5.1 */

enum
{
  DONE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

struct _ParlorTlsHandshake
{
  GObject parent_instance;

  GSocketConnection *connection;
  GTlsCertificate *certificate; /* NULL = no TLS */
};

G_DEFINE_FINAL_TYPE (ParlorTlsHandshake, parlor_tls_handshake, G_TYPE_OBJECT)

static void
on_handshake_done (GObject *tls, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ParlorTlsHandshake) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_tls_connection_handshake_finish (G_TLS_CONNECTION (tls), result, &error))
    {
      g_debug ("A TLS handshake failed: %s", error->message);
      parlor_metrics_add (PARLOR_METRIC_TLS_FAILED, 1);
      return;
    }
  parlor_metrics_add (PARLOR_METRIC_TLS_DONE, 1);
  g_signal_emit (self, signals[DONE], 0, tls);
}

static void
start_tls (ParlorTlsHandshake *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) tls = g_tls_server_connection_new (G_IO_STREAM (self->connection), self->certificate, &error);

  if (tls == NULL)
    {
      g_warning ("There is no TLS: %s", error->message);
      return;
    }
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, NULL, on_handshake_done,
                                    g_object_ref (self));
}

static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  ParlorTlsHandshake *self = user_data;
  guint8 first;
  GInputVector vector = { &first, sizeof first };
  int flags = G_SOCKET_MSG_PEEK;
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_receive_message (socket, NULL, &vector, 1, NULL, NULL, &flags, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (n == sizeof first && first != TLS_HANDSHAKE)
    g_signal_emit (self, signals[DONE], 0, self->connection);
  else if (n == sizeof first && self->certificate != NULL)
    start_tls (self);
  return G_SOURCE_REMOVE;
}

static void
parlor_tls_handshake_finalize (GObject *object)
{
  ParlorTlsHandshake *self = PARLOR_TLS_HANDSHAKE (object);

  g_clear_object (&self->connection);
  g_clear_object (&self->certificate);

  G_OBJECT_CLASS (parlor_tls_handshake_parent_class)->finalize (object);
}

static void
parlor_tls_handshake_class_init (ParlorTlsHandshakeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = parlor_tls_handshake_finalize;

  /**
   * ParlorTlsHandshake::done:
   * @stream: the connection itself, or the #GTlsConnection over it; a connection that came to nothing is closed without
   *   a word
   */
  signals[DONE] = g_signal_new ("done", PARLOR_TYPE_TLS_HANDSHAKE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                G_TYPE_IO_STREAM);
}

static void
parlor_tls_handshake_init (ParlorTlsHandshake *self)
{
}

/**
 * parlor_tls_handshake_new:
 * @connection: a new connection
 * @certificate: (nullable): for TLS
 *
 * Works in the caller's thread-default main context.
 *
 * Returns: (transfer full): lives until it is done by itself; it never ends from inside this call
 */
ParlorTlsHandshake *
parlor_tls_handshake_new (GSocketConnection *connection, GTlsCertificate *certificate)
{
  ParlorTlsHandshake *self = g_object_new (PARLOR_TYPE_TLS_HANDSHAKE, NULL);
  g_autoptr (GSource) source = g_socket_create_source (g_socket_connection_get_socket (connection), G_IO_IN, NULL);

  self->connection = g_object_ref (connection);
  self->certificate = certificate ? g_object_ref (certificate) : NULL;
  g_source_set_callback (source, G_SOURCE_FUNC (on_readable), g_object_ref (self), g_object_unref);
  g_source_attach (source, g_main_context_get_thread_default ());
  return self;
}

/**
 * parlor_tls_handshake_get_connection:
 * @stream: a connection, or what TLS or libsoup put over it
 *
 * Returns: (transfer none) (nullable): the TCP connection at the bottom
 */
GSocketConnection *
parlor_tls_handshake_get_connection (GIOStream *stream)
{
  static const char *const below[] = { "base-iostream", "base-io-stream" }; /* libsoup's name, GLib's */

  for (guint i = 0; i < G_N_ELEMENTS (below); i++)
    if (g_object_class_find_property (G_OBJECT_GET_CLASS (stream), below[i]) != NULL)
      {
        g_autoptr (GIOStream) base = NULL;

        g_object_get (stream, below[i], &base, NULL);
        return base != NULL ? parlor_tls_handshake_get_connection (base) : NULL; /* @stream holds it */
      }
  return G_IS_SOCKET_CONNECTION (stream) ? G_SOCKET_CONNECTION (stream) : NULL;
}

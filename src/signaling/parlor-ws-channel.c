/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-signaling"

#include "config.h"

#include "parlor-ws-channel-private.h"

#include "parlor-error.h"
#include "parlor-wire-enums.h"
#include "parlor-call-enums.h"

#include <libsoup/soup.h>

/*
 * ParlorWsChannel: a ParlorChannel over libsoup's WebSocket. Main thread only.
 *
 * One attempt = a handshake and, on a relay of ours, hello and welcome, all within one deadline. Whatever ends an
 * attempt or a connection comes to lose(), which decides between another attempt and the end. Callbacks of
 * libsoup hold the channel weakly, so dropping the last reference ends everything at once.
 *
 * A relay may be hostile or broken: nothing that it sends is worth more than a debug line.
 */

#define DEADLINE_MS (10 * 1000)
#define KEEPALIVE_S 20 /* as often as the relay pings; keeps NATs and proxies from forgetting us */
/* A connection that held this long was a good one: the next loss begins with a short wait again. */
#define STEADY_US (10 * G_USEC_PER_SEC)
/* A relay adds to a message of full size (`from`; to a seed page's also `to`); the parser refuses what is larger
 * without. This bounds one frame: of a message in many fragments libsoup 3.2 keeps as much as comes. */
#define MAX_FRAME (PARLOR_WIRE_MAX_MESSAGE + 1024)

struct _ParlorWsChannel
{
  GObject parent_instance;

  ParlorInvite *invite;
  char *name;
  ParlorChannelState state;
  ParlorDialect dialect;
  GError *error;

  SoupSession *session;
  GCancellable *attempt; /* of the handshake under way */
  SoupWebsocketConnection *connection;
  guint deadline_id;
  guint retry_id;

  guint deadline_ms;
  ParlorBackoff *backoff;
  gint64 opened_at; /* monotonic, µs; 0 while it never was open */
};

typedef enum
{
  RETRY, /* if it was open before */
  FINAL, /* another attempt would end the same way */
} Verdict;

static void channel_iface_init (ParlorChannelInterface *iface);
static void start_attempt (ParlorWsChannel *self);

G_DEFINE_FINAL_TYPE_WITH_CODE (ParlorWsChannel, parlor_ws_channel, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (PARLOR_TYPE_CHANNEL, channel_iface_init))

enum
{
  PROP_0,
  PROP_STATE,
  PROP_DIALECT,
};

static void
set_state (ParlorWsChannel *self, ParlorChannelState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify (G_OBJECT (self), "state");
}

/* Whoever hears of it may close the channel. */
static void
set_dialect (ParlorWsChannel *self, ParlorDialect dialect)
{
  if (self->dialect == dialect)
    return;
  self->dialect = dialect;
  g_object_notify (G_OBJECT (self), "dialect");
}

/* (transfer full): an error whose words begin with "HOST:PORT" put into @format. */
static GError *
say (ParlorWsChannel *self, ParlorError code, const char *format)
{
  g_autoptr (ParlorInvite) bare = parlor_invite_new (parlor_invite_get_host (self->invite),
                                                     parlor_invite_get_port (self->invite), NULL, FALSE, NULL, NULL,
                                                     NULL);
  g_autofree char *where = parlor_invite_to_display (bare);
  g_auto (GStrv) parts = g_strsplit (format, "@", -1);
  g_autofree char *words = g_strjoinv (where, parts);

  return g_error_new_literal (PARLOR_ERROR, code, words);
}

/* Lets the close frame, and what was sent before it, go out; the connection then frees itself (libsoup waits 5 s for the
 * other end). */
static void
let_go (ParlorWsChannel *self)
{
  g_autoptr (SoupWebsocketConnection) connection = g_steal_pointer (&self->connection);

  g_clear_handle_id (&self->deadline_id, g_source_remove);
  if (connection == NULL)
    return;
  g_signal_handlers_disconnect_by_data (connection, self);
  if (soup_websocket_connection_get_state (connection) != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  g_signal_connect (connection, "closed", G_CALLBACK (g_object_unref), NULL);
  soup_websocket_connection_close (connection, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
  g_steal_pointer (&connection);
}

static void
end_attempt (ParlorWsChannel *self)
{
  if (self->attempt)
    g_cancellable_cancel (self->attempt);
  g_clear_object (&self->attempt);
  g_clear_handle_id (&self->retry_id, g_source_remove);
  let_go (self);
}

static gboolean
on_retry_due (gpointer user_data)
{
  ParlorWsChannel *self = user_data;

  self->retry_id = 0;
  start_attempt (self);
  return G_SOURCE_REMOVE;
}

/* The one place where an attempt or a connection ends against our will. @error: (transfer full) */
static void
lose (ParlorWsChannel *self, Verdict verdict, GError *error)
{
  guint wait;

  end_attempt (self);
  if (verdict == FINAL || self->opened_at == 0)
    {
      self->error = error;
      set_state (self, PARLOR_CHANNEL_CLOSED);
      return;
    }

  if (self->state == PARLOR_CHANNEL_OPEN && g_get_monotonic_time () - self->opened_at > STEADY_US)
    parlor_backoff_reset (self->backoff);
  wait = parlor_backoff_next (self->backoff);
  g_debug ("%s; next attempt in %u ms", error->message, wait);
  g_error_free (error);
  self->retry_id = g_timeout_add (wait, on_retry_due, self);
  set_state (self, PARLOR_CHANNEL_WAITING);
}

static gboolean
on_deadline (gpointer user_data)
{
  ParlorWsChannel *self = user_data;

  self->deadline_id = 0;
  lose (self, RETRY,
        say (self, PARLOR_ERROR_UNREACHABLE,
             self->connection ? "The relay at @ does not answer. Try again later, or check that it is a Parlor relay."
                              : "Nobody answers at @. Check the address, and that the relay is running."));
  return G_SOURCE_REMOVE;
}

static void
set_open (ParlorWsChannel *self)
{
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  self->opened_at = g_get_monotonic_time ();
  set_state (self, PARLOR_CHANNEL_OPEN);
}

/* The relay refused before it welcomed. Some refusals are about this moment only. */
static void
refuse (ParlorWsChannel *self, const ParlorMessage *message)
{
  static const char *const passing[] = { "draining", "rate", NULL };
  const char *code = message->error.code;
  gboolean worded = message->error.message && *message->error.message;
  GError *error = g_error_new (PARLOR_ERROR, PARLOR_ERROR_REJECTED, "The relay refused: %s (%s)",
                               worded ? message->error.message : "it does not say why", code);

  lose (self, g_strv_contains (passing, code) ? RETRY : FINAL, error);
}

static void
receive (ParlorWsChannel *self, const ParlorMessage *message)
{
  gboolean welcomed = self->state == PARLOR_CHANNEL_OPEN;

  if (!welcomed && message->type == PARLOR_MESSAGE_ERROR)
    {
      refuse (self, message);
      return;
    }
  if (!welcomed && message->type != PARLOR_MESSAGE_WELCOME)
    {
      g_debug ("%s before welcome", parlor_message_type_to_string (message->type));
      return;
    }
  if (!welcomed)
    set_open (self);
  /* Whoever saw it open may have closed it. */
  if (self->state == PARLOR_CHANNEL_OPEN)
    parlor_channel_emit_message (PARLOR_CHANNEL (self), message);
}

static void
on_connection_message (ParlorWsChannel *self, SoupWebsocketDataType type, GBytes *bytes)
{
  g_autoptr (ParlorWsChannel) alive = g_object_ref (self); /* a handler may drop the last reference */
  g_autoptr (ParlorMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);

  if (type == SOUP_WEBSOCKET_DATA_TEXT)
    message = parlor_message_parse (text ? text : "", size, self->dialect, &error);
  if (message)
    receive (self, message);
  else
    g_debug ("not understood: %s", error ? error->message : "a binary message");
}

static void
on_connection_closed (ParlorWsChannel *self)
{
  g_debug ("closed by the relay with %u", soup_websocket_connection_get_close_code (self->connection));
  lose (self, RETRY,
        say (self, PARLOR_ERROR_CLOSED, "The relay at @ closed the connection. Check the address, or try again later."));
}

/* A frame against RFC 6455, or one that is too large: libsoup would wait for the other end's goodbye, we do not. */
static void
on_connection_error (ParlorWsChannel *self, GError *error)
{
  g_debug ("%s", error->message);
  if (g_error_matches (error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_CLOSE_TOO_BIG))
    lose (self, RETRY,
          say (self, PARLOR_ERROR_TOO_LARGE, "The relay at @ sent more than a message may hold. Is it a Parlor relay?"));
  else
    lose (self, RETRY,
          say (self, PARLOR_ERROR_CLOSED, "The connection to the relay at @ broke. Try again later."));
}

static void
send_hello (ParlorWsChannel *self)
{
  g_autoptr (ParlorMessage) hello = parlor_message_new (PARLOR_MESSAGE_HELLO);
  g_autofree char *text = NULL;

  hello->hello.name = parlor_wire_clean_name (self->name);
  hello->hello.client = g_strdup ("parlor/" PARLOR_VERSION);
  text = parlor_message_serialize (hello, PARLOR_DIALECT_PARLOR);
  soup_websocket_connection_send_text (self->connection, text);
}

static gboolean
may_speak_seed (ParlorWsChannel *self)
{
  return !parlor_invite_get_key (self->invite) && !parlor_invite_get_guest_key (self->invite)
         && !parlor_invite_get_pin (self->invite);
}

/* @connection: (transfer full) */
static void
take_connection (ParlorWsChannel *self, SoupWebsocketConnection *connection)
{
  const char *protocol = soup_websocket_connection_get_protocol (connection);

  self->connection = connection;
  soup_websocket_connection_set_max_incoming_payload_size (connection, MAX_FRAME);
  soup_websocket_connection_set_keepalive_interval (connection, KEEPALIVE_S);
  g_signal_connect_object (connection, "message", G_CALLBACK (on_connection_message), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (connection, "error", G_CALLBACK (on_connection_error), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (connection, "closed", G_CALLBACK (on_connection_closed), self, G_CONNECT_SWAPPED);

  if (g_strcmp0 (protocol, PARLOR_WIRE_SUBPROTOCOL) == 0)
    {
      set_dialect (self, PARLOR_DIALECT_PARLOR);
      if (self->connection)
        send_hello (self);
    }
  else if (may_speak_seed (self))
    {
      set_dialect (self, PARLOR_DIALECT_SEED);
      if (self->connection)
        set_open (self);
    }
  else
    {
      lose (self, FINAL,
            say (self, PARLOR_ERROR_REJECTED,
                 "The relay at @ does not speak Parlor's protocol, so this invite's key could not protect the call "
                 "(downgrade). Ask for a new invite."));
    }
}

static gboolean
has_the_pin (ParlorWsChannel *self, GTlsCertificate *certificate)
{
  GBytes *pin = parlor_invite_get_pin (self->invite);
  g_autoptr (GByteArray) der = NULL;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[PARLOR_INVITE_PIN_SIZE];
  gsize size = sizeof digest;

  if (certificate == NULL)
    return FALSE;
  g_object_get (certificate, "certificate", &der, NULL);
  g_checksum_update (checksum, der->data, der->len);
  g_checksum_get_digest (checksum, digest, &size);
  return memcmp (digest, g_bytes_get_data (pin, NULL), sizeof digest) == 0;
}

/* Asked when the system's trust says no. With a pin that is always, see start_attempt(). */
static gboolean
on_accept_certificate (ParlorWsChannel *self, GTlsCertificate *certificate)
{
  return has_the_pin (self, certificate);
}

static GError *
explain_tls (ParlorWsChannel *self, const GError *error)
{
  if (!g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE))
    return say (self, PARLOR_ERROR_TLS, "There is no TLS at @. Check the address: a relay without TLS has one that begins with "
                                        "http:// or ws://.");
  if (parlor_invite_get_pin (self->invite))
    return say (self, PARLOR_ERROR_TLS, "The relay at @ is not the one of this invite: its certificate is another. Ask for a new "
                                        "invite.");
  return say (self, PARLOR_ERROR_TLS, "The certificate of @ is not trusted by this computer. Use the whole invite, or a relay "
                                      "with a valid certificate.");
}

static GError *
explain (ParlorWsChannel *self, SoupMessage *handshake, const GError *error)
{
  if (error->domain == G_TLS_ERROR)
    return explain_tls (self, error);
  if (error->domain == SOUP_WEBSOCKET_ERROR && soup_message_get_status (handshake) == SOUP_STATUS_SERVICE_UNAVAILABLE)
    return say (self, PARLOR_ERROR_REJECTED, "The relay at @ is full. Try again later.");
  if (error->domain == SOUP_WEBSOCKET_ERROR || error->domain == SOUP_SESSION_ERROR)
    return say (self, PARLOR_ERROR_REJECTED, "This address does not answer as a Parlor relay: @. Check it, the room too.");
  if (error->domain == G_RESOLVER_ERROR)
    return say (self, PARLOR_ERROR_UNREACHABLE, "No computer of this name is known: @. Check the address.");
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
    return say (self, PARLOR_ERROR_CLOSED, "@ closed the connection. Check the address, or try again later.");
  return say (self, PARLOR_ERROR_UNREACHABLE, "Nobody answers at @. Check the address, and that the relay is running.");
}

/* What an attempt's callback needs; the channel may be gone by then. */
typedef struct
{
  GWeakRef channel;
  SoupMessage *handshake;
} Attempt;

static void
attempt_free (Attempt *attempt)
{
  g_weak_ref_clear (&attempt->channel);
  g_object_unref (attempt->handshake);
  g_free (attempt);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Attempt, attempt_free)

static void
on_handshake_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Attempt) attempt = user_data;
  g_autoptr (ParlorWsChannel) self = g_weak_ref_get (&attempt->channel);
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupWebsocketConnection) connection = NULL;

  connection = soup_session_websocket_connect_finish (SOUP_SESSION (source), result, &error);
  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->attempt);

  if (error)
    {
      g_debug ("%s", error->message);
      lose (self, error->domain == G_TLS_ERROR ? FINAL : RETRY, explain (self, attempt->handshake, error));
    }
  else if (parlor_invite_get_pin (self->invite)
           && !has_the_pin (self, soup_message_get_tls_peer_certificate (attempt->handshake)))
    {
      const GError mismatch = { G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE, (char *) "" };

      lose (self, FINAL, explain_tls (self, &mismatch));
    }
  else
    {
      take_connection (self, g_steal_pointer (&connection));
    }
}

static void
start_attempt (ParlorWsChannel *self)
{
  g_autofree char *url = parlor_invite_to_websocket_url (self->invite);
  char *protocols[] = { (char *) PARLOR_WIRE_SUBPROTOCOL, NULL };
  Attempt *attempt = g_new0 (Attempt, 1);

  g_weak_ref_init (&attempt->channel, self);
  attempt->handshake = soup_message_new (SOUP_METHOD_GET, url);
  /* A relay is where the invite says: following a redirect could lead anywhere. */
  soup_message_add_flags (attempt->handshake, SOUP_MESSAGE_NO_REDIRECT);
  if (parlor_invite_get_pin (self->invite))
    g_signal_connect_object (attempt->handshake, "accept-certificate", G_CALLBACK (on_accept_certificate), self,
                             G_CONNECT_SWAPPED);

  self->deadline_id = g_timeout_add (self->deadline_ms, on_deadline, self);
  self->attempt = g_cancellable_new ();
  soup_session_websocket_connect_async (self->session, attempt->handshake, NULL, protocols, G_PRIORITY_DEFAULT,
                                        self->attempt, on_handshake_done, attempt);
}

static gboolean
parlor_ws_channel_send (ParlorChannel *channel, const ParlorMessage *message, GError **error)
{
  ParlorWsChannel *self = PARLOR_WS_CHANNEL (channel);
  g_autofree char *text = NULL;

  /* Between the relay's goodbye and the end of the connection libsoup is no longer open, and we not yet closed. */
  if (self->state != PARLOR_CHANNEL_OPEN
      || soup_websocket_connection_get_state (self->connection) != SOUP_WEBSOCKET_STATE_OPEN)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_CLOSED,
                           "There is no connection to the relay now. Try again when it is back.");
      return FALSE;
    }
  text = parlor_message_serialize (message, self->dialect);
  if (text == NULL)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_FAILED, "This relay's dialect has no word for \"%s\"",
                   parlor_message_type_to_string (message->type));
      return FALSE;
    }
  if (strlen (text) > PARLOR_WIRE_MAX_MESSAGE)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_TOO_LARGE, "The message is larger than %d bytes",
                   PARLOR_WIRE_MAX_MESSAGE);
      return FALSE;
    }
  soup_websocket_connection_send_text (self->connection, text);
  return TRUE;
}

static void
parlor_ws_channel_close (ParlorChannel *channel)
{
  ParlorWsChannel *self = PARLOR_WS_CHANNEL (channel);

  end_attempt (self);
  set_state (self, PARLOR_CHANNEL_CLOSED);
}

static const GError *
parlor_ws_channel_get_error (ParlorChannel *channel)
{
  return PARLOR_WS_CHANNEL (channel)->error;
}

static void
channel_iface_init (ParlorChannelInterface *iface)
{
  iface->send = parlor_ws_channel_send;
  iface->close = parlor_ws_channel_close;
  iface->get_error = parlor_ws_channel_get_error;
}

static void
parlor_ws_channel_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorWsChannel *self = PARLOR_WS_CHANNEL (object);

  switch (id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_DIALECT:
      g_value_set_enum (value, self->dialect);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_ws_channel_dispose (GObject *object)
{
  ParlorWsChannel *self = PARLOR_WS_CHANNEL (object);

  end_attempt (self);
  if (self->session)
    soup_session_abort (self->session);
  g_clear_object (&self->session);

  G_OBJECT_CLASS (parlor_ws_channel_parent_class)->dispose (object);
}

static void
parlor_ws_channel_finalize (GObject *object)
{
  ParlorWsChannel *self = PARLOR_WS_CHANNEL (object);

  parlor_invite_unref (self->invite);
  g_free (self->name);
  g_clear_error (&self->error);
  parlor_backoff_free (self->backoff);

  G_OBJECT_CLASS (parlor_ws_channel_parent_class)->finalize (object);
}

static void
parlor_ws_channel_class_init (ParlorWsChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = parlor_ws_channel_get_property;
  object_class->dispose = parlor_ws_channel_dispose;
  object_class->finalize = parlor_ws_channel_finalize;

  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_DIALECT, "dialect");
}

static void
parlor_ws_channel_init (ParlorWsChannel *self)
{
  self->deadline_ms = DEADLINE_MS;
  self->backoff = parlor_backoff_new (PARLOR_BACKOFF_FIRST_MS, PARLOR_BACKOFF_CAP_MS, NULL, NULL);
  self->session = soup_session_new ();
  /* 64 KiB of deflate may hold 64 MiB; the limit on a message is meant for what comes out. */
  soup_session_remove_feature_by_type (self->session, SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
}

ParlorWsChannel *
parlor_ws_channel_new (ParlorInvite *invite, const char *name)
{
  ParlorWsChannel *self = g_object_new (PARLOR_TYPE_WS_CHANNEL, NULL);

  self->invite = parlor_invite_ref (invite);
  self->name = g_strdup (name);
  /* A pin replaces the system's trust: with nothing trusted, libsoup asks us about every certificate, before it sends. */
  if (parlor_invite_get_pin (invite))
    soup_session_set_tls_database (self->session, NULL);
  return self;
}

/**
 * parlor_ws_channel_connect:
 * @self: a channel that was not connected yet
 *
 * Starts the first attempt. What comes of it shows in the state.
 */
void
parlor_ws_channel_connect (ParlorWsChannel *self)
{
  g_return_if_fail (PARLOR_IS_WS_CHANNEL (self));
  g_return_if_fail (self->state == PARLOR_CHANNEL_CONNECTING && self->attempt == NULL && self->connection == NULL);

  start_attempt (self);
}

void
parlor_ws_channel_set_timing (ParlorWsChannel *self, guint deadline_ms, ParlorBackoff *backoff)
{
  parlor_backoff_free (self->backoff);
  self->backoff = backoff;
  self->deadline_ms = deadline_ms;
}

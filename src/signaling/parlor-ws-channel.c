/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-signaling"

#include "config.h"

#include "parlor-ws-channel-private.h"

#include "parlor-call-enums.h"
#include "parlor-pin.h"
#include "parlor-wire-enums.h"
#include "parlor-ws-bounds.h"
#include "parlor-ws-error.h"

#include <libsoup/soup.h>

/*
 * ParlorWsChannel: a ParlorChannel over libsoup's WebSocket. Main thread only.
 *
 * One attempt = a handshake and, on a relay of ours, hello and welcome, all within one deadline. Whatever ends an
 * attempt or a connection comes to lose(), which decides between another attempt and the end. Callbacks of
 * libsoup hold the channel weakly, so dropping the last reference ends everything at once.
 * Each welcome brings a token by which the next hello takes the same place in the room again. What is to be said
 * meanwhile waits in the outbox, which is worth nothing under another id.
 * A relay may be hostile or broken: nothing that it sends is worth more than a debug line.
 */

#define DEADLINE_MS (10 * 1000)
/* libsoup pings, which also keeps NATs and proxies from forgetting us, but does not care for an answer: we do. */
#define KEEPALIVE_S 10
#define SILENCE_MS (25 * 1000)
#define PROBE_MS (2 * 1000)
#define MAX_OUTBOX 128 /* messages */
#define CLOSE_REPLACED 4001
/* A connection that held this long was a good one: the next loss begins with a short wait again. */
#define STEADY_US (10 * G_USEC_PER_SEC)

struct _ParlorWsChannel
{
  GObject parent_instance;

  ParlorInvite *invite;
  char *name;
  char *ticket;     /* nullable */
  char *host_token; /* nullable */
  ParlorChannelState state;
  ParlorDialect dialect;
  GError *error;

  SoupSession *session;
  GCancellable *attempt; /* of the handshake under way */
  SoupWebsocketConnection *connection;
  guint deadline_id;
  guint retry_id;

  char *id;           /* of the last welcome */
  char *resume_token; /* nullable: what takes its place again */
  char *owner_token;  /* nullable */
  GQueue outbox;      /* of texts, said while WAITING */
  gboolean knocked;

  gint64 heard_at; /* monotonic, µs: the last sign of life */
  guint silence_id;
  guint probe_id;
  guint n_probes; /* not answered yet */

  guint keepalive_s;
  guint silence_ms;
  guint probe_ms;
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

/* NORMAL gives up our place in the room, anything else means to be back.
 * Lets the close frame, and what was sent before it, go out; the connection then frees itself (libsoup waits 5 s for the
 * other end). */
static void
let_go (ParlorWsChannel *self, gushort close_code)
{
  g_autoptr (SoupWebsocketConnection) connection = g_steal_pointer (&self->connection);

  g_clear_handle_id (&self->deadline_id, g_source_remove);
  g_clear_handle_id (&self->silence_id, g_source_remove);
  g_clear_handle_id (&self->probe_id, g_source_remove);
  self->n_probes = 0;
  self->knocked = FALSE;
  if (connection == NULL)
    return;
  g_signal_handlers_disconnect_by_data (connection, self);
  if (soup_websocket_connection_get_state (connection) != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  g_signal_connect (connection, "closed", G_CALLBACK (g_object_unref), NULL);
  soup_websocket_connection_close (connection, close_code, NULL);
  g_steal_pointer (&connection);
}

static void
end_attempt (ParlorWsChannel *self, gushort close_code)
{
  if (self->attempt)
    g_cancellable_cancel (self->attempt);
  g_clear_object (&self->attempt);
  g_clear_handle_id (&self->retry_id, g_source_remove);
  let_go (self, close_code);
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
  gboolean is_final = verdict == FINAL || self->opened_at == 0;
  guint wait;

  end_attempt (self, is_final ? SOUP_WEBSOCKET_CLOSE_NORMAL : SOUP_WEBSOCKET_CLOSE_GOING_AWAY);
  if (is_final)
    {
      g_clear_error (&self->error);
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
        parlor_ws_error_new (self->invite, PARLOR_ERROR_UNREACHABLE,
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

static void
send_hello (ParlorWsChannel *self)
{
  g_autoptr (ParlorMessage) hello = parlor_message_new (PARLOR_MESSAGE_HELLO);
  g_autofree char *text = NULL;

  hello->hello.name = parlor_wire_clean_name (self->name);
  hello->hello.client = g_strdup ("parlor/" PARLOR_VERSION);
  hello->hello.ticket = g_strdup (self->ticket);
  hello->hello.resume = g_strdup (self->resume_token);
  hello->hello.owner = g_strdup (self->owner_token);
  text = parlor_message_serialize (hello, PARLOR_DIALECT_PARLOR);
  soup_websocket_connection_send_text (self->connection, text);
}

/* Our old place is gone, and with it whoever expected something of us there. */
static void
forget_place (ParlorWsChannel *self)
{
  g_clear_pointer (&self->resume_token, g_free);
  g_queue_clear_full (&self->outbox, g_free);
}

/* The relay did not welcome us. Some refusals are about this moment only, and three are not the end: after a knock too many we stand where we stood. */
static void
refuse (ParlorWsChannel *self, const ParlorMessage *message)
{
  static const char *const passing[] = { "draining", "rate", NULL };
  const char *code = message->error.code;

  if (self->resume_token && g_str_equal (code, "resume-expired"))
    {
      forget_place (self);
      send_hello (self);
    }
  else if (self->state != PARLOR_CHANNEL_LOCKED && g_str_equal (code, "locked"))
    {
      forget_place (self);
      g_clear_handle_id (&self->deadline_id, g_source_remove);
      set_state (self, PARLOR_CHANNEL_LOCKED);
    }
  else if (self->knocked && g_str_equal (code, "rate") && g_strcmp0 (message->error.about, "knock") == 0)
    {
      self->knocked = FALSE;
      parlor_channel_emit_message (PARLOR_CHANNEL (self), message);
    }
  else
    {
      lose (self, g_strv_contains (passing, code) ? RETRY : FINAL,
            parlor_ws_error_of_refusal (self->invite, message));
    }
}

/* The relay says how we are called here: by the old name, if it kept our place. */
static void
take_place (ParlorWsChannel *self, const ParlorMessage *welcome)
{
  if (g_strcmp0 (self->id, welcome->welcome.id) != 0)
    forget_place (self);
  g_free (self->id);
  g_free (self->resume_token);
  g_free (self->owner_token);
  self->id = g_strdup (welcome->welcome.id);
  self->resume_token = g_strdup (welcome->welcome.resume);
  self->owner_token = g_strdup (welcome->welcome.owner);
}

static void
empty_outbox (ParlorWsChannel *self)
{
  char *text;

  while (self->state == PARLOR_CHANNEL_OPEN && (text = g_queue_pop_head (&self->outbox)) != NULL)
    {
      soup_websocket_connection_send_text (self->connection, text);
      g_free (text);
    }
}

static void
receive_before_welcome (ParlorWsChannel *self, const ParlorMessage *message)
{
  if (message->type == PARLOR_MESSAGE_ERROR)
    {
      refuse (self, message);
    }
  else if (message->type == PARLOR_MESSAGE_WELCOME)
    {
      take_place (self, message);
      set_open (self);
      /* Whoever saw it open may have closed it. */
      if (self->state == PARLOR_CHANNEL_OPEN)
        parlor_channel_emit_message (PARLOR_CHANNEL (self), message);
      empty_outbox (self);
    }
  else
    {
      g_debug ("%s before welcome", parlor_message_type_to_string (message->type));
    }
}

/* Nobody else asked for it. */
static gboolean
is_answer_to_probe (ParlorWsChannel *self, const char *about)
{
  if (self->n_probes == 0 || g_strcmp0 (about, "turn") != 0)
    return FALSE;
  self->n_probes--;
  return TRUE;
}

static void
receive (ParlorWsChannel *self, const ParlorMessage *message)
{
  gboolean is_refusal = message->type == PARLOR_MESSAGE_ERROR && message->from == NULL;

  if (self->state == PARLOR_CHANNEL_OPEN && message->type == PARLOR_MESSAGE_OWNER && message->from == NULL)
    {
      g_free (self->owner_token);
      self->owner_token = g_strdup (message->owner.token);
    }

  if (self->state != PARLOR_CHANNEL_OPEN)
    receive_before_welcome (self, message);
  else if (message->type == PARLOR_MESSAGE_WELCOME)
    g_debug ("a second welcome"); /* it would change who we are in the middle of a call */
  else if (is_refusal && g_str_equal (message->error.code, "removed"))
    lose (self, FINAL, parlor_ws_error_of_refusal (self->invite, message));
  else if (is_refusal && is_answer_to_probe (self, message->error.about))
    g_debug ("the relay is there");
  else if (message->type != PARLOR_MESSAGE_TURN || !is_answer_to_probe (self, "turn"))
    parlor_channel_emit_message (PARLOR_CHANNEL (self), message);
}

static void
on_connection_alive (ParlorWsChannel *self)
{
  self->heard_at = g_get_monotonic_time ();
  g_clear_handle_id (&self->probe_id, g_source_remove);
}

static void
on_connection_message (ParlorWsChannel *self, SoupWebsocketDataType type, GBytes *bytes)
{
  g_autoptr (ParlorWsChannel) alive = g_object_ref (self); /* a handler may drop the last reference */
  g_autoptr (ParlorMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);

  on_connection_alive (self);
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
  gushort code = soup_websocket_connection_get_close_code (self->connection);

  g_debug ("closed by the relay with %u", code);
  if (code == CLOSE_REPLACED)
    lose (self, FINAL,
          parlor_ws_error_new (self->invite, PARLOR_ERROR_REPLACED,
                               "Another connection took your place in the room at @. Close the other program."));
  else
    lose (self, RETRY,
          parlor_ws_error_new (self->invite, PARLOR_ERROR_CLOSED,
                               "The relay at @ closed the connection. Check the address, or try again later."));
}

/* A frame against RFC 6455, or one that is too large: libsoup would wait for the other end's goodbye, we do not. */
static void
on_connection_error (ParlorWsChannel *self, GError *error)
{
  g_debug ("%s", error->message);
  if (g_error_matches (error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_CLOSE_TOO_BIG))
    lose (self, RETRY,
          parlor_ws_error_new (self->invite, PARLOR_ERROR_TOO_LARGE, "The relay at @ sent more than a message may hold. Is it a Parlor relay?"));
  else
    lose (self, RETRY,
          parlor_ws_error_new (self->invite, PARLOR_ERROR_CLOSED, "The connection to the relay at @ broke. Try again later."));
}

static void
lose_in_silence (ParlorWsChannel *self)
{
  lose (self, RETRY,
        parlor_ws_error_new (self->invite, PARLOR_ERROR_CLOSED, "Nothing came from the relay at @ any more. Try again later."));
}

static gboolean
on_silence_check (gpointer user_data)
{
  ParlorWsChannel *self = user_data;

  if (g_get_monotonic_time () - self->heard_at < (gint64) self->silence_ms * 1000)
    return G_SOURCE_CONTINUE;

  self->silence_id = 0;
  lose_in_silence (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_probe_deadline (gpointer user_data)
{
  g_autoptr (ParlorWsChannel) self = g_object_ref (user_data);

  self->probe_id = 0;
  lose_in_silence (self);
  parlor_ws_channel_probe (self);
  return G_SOURCE_REMOVE;
}

static void
watch (ParlorWsChannel *self)
{
  parlor_ws_bound_messages (self->connection);
  soup_websocket_connection_set_keepalive_interval (self->connection, self->keepalive_s);
  g_signal_connect_object (self->connection, "message", G_CALLBACK (on_connection_message), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->connection, "pong", G_CALLBACK (on_connection_alive), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->connection, "error", G_CALLBACK (on_connection_error), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->connection, "closed", G_CALLBACK (on_connection_closed), self, G_CONNECT_SWAPPED);
  self->heard_at = g_get_monotonic_time ();
  self->silence_id = g_timeout_add (self->silence_ms / 5, on_silence_check, self);
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
  watch (self);
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
            parlor_ws_error_new (self->invite, PARLOR_ERROR_REJECTED,
                                 "The relay at @ does not speak Parlor's protocol, so this invite's key could not protect the call "
                                 "(downgrade). Ask for a new invite."));
    }
}

/* Asked when the system's trust says no. With a pin that is always, see start_attempt(). */
static gboolean
on_accept_certificate (ParlorWsChannel *self, GTlsCertificate *certificate)
{
  return parlor_pin_matches (parlor_invite_get_pin (self->invite), certificate);
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
      lose (self, error->domain == G_TLS_ERROR ? FINAL : RETRY, parlor_ws_error_of_handshake (self->invite, attempt->handshake, error));
    }
  else if (parlor_invite_get_pin (self->invite)
           && !parlor_pin_matches (parlor_invite_get_pin (self->invite),
                                   soup_message_get_tls_peer_certificate (attempt->handshake)))
    {
      const GError mismatch = { G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE, (char *) "" };

      lose (self, FINAL, parlor_ws_error_of_tls (self->invite, &mismatch));
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
  if (self->host_token)
    soup_message_headers_replace (soup_message_get_request_headers (attempt->handshake), "Parlor-Host", self->host_token);
  if (parlor_invite_get_pin (self->invite))
    g_signal_connect_object (attempt->handshake, "accept-certificate", G_CALLBACK (on_accept_certificate), self,
                             G_CONNECT_SWAPPED);

  self->deadline_id = g_timeout_add (self->deadline_ms, on_deadline, self);
  self->attempt = g_cancellable_new ();
  soup_session_websocket_connect_async (self->session, attempt->handshake, NULL, protocols, G_PRIORITY_DEFAULT,
                                        self->attempt, on_handshake_done, attempt);
}

/* (transfer full) (nullable): @message in the relay's dialect */
static char *
write_message (ParlorWsChannel *self, const ParlorMessage *message, GError **error)
{
  g_autofree char *text = parlor_message_serialize (message, self->dialect);

  if (text == NULL)
    g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_FAILED, "This relay's dialect has no word for \"%s\"",
                 parlor_message_type_to_string (message->type));
  else if (strlen (text) > PARLOR_WIRE_MAX_MESSAGE)
    g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_TOO_LARGE, "The message is larger than %d bytes",
                 PARLOR_WIRE_MAX_MESSAGE);
  else
    return g_steal_pointer (&text);
  return NULL;
}

static gboolean
parlor_ws_channel_send (ParlorChannel *channel, const ParlorMessage *message, GError **error)
{
  ParlorWsChannel *self = PARLOR_WS_CHANNEL (channel);
  /* Between the relay's goodbye and the end of the connection libsoup is no longer open, and we not yet closed. */
  gboolean is_open = self->state == PARLOR_CHANNEL_OPEN
                     && soup_websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN;
  gboolean may_wait = self->state == PARLOR_CHANNEL_WAITING && self->resume_token && self->outbox.length < MAX_OUTBOX;
  g_autofree char *text = NULL;

  if (!is_open && !may_wait)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_CLOSED,
                           "There is no connection to the relay now. Try again when it is back.");
      return FALSE;
    }
  text = write_message (self, message, error);
  if (text == NULL)
    return FALSE;
  if (is_open)
    soup_websocket_connection_send_text (self->connection, text);
  else
    g_queue_push_tail (&self->outbox, g_steal_pointer (&text));
  return TRUE;
}

static void
parlor_ws_channel_close (ParlorChannel *channel)
{
  ParlorWsChannel *self = PARLOR_WS_CHANNEL (channel);

  end_attempt (self, SOUP_WEBSOCKET_CLOSE_NORMAL);
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
  iface->probe = (void (*) (ParlorChannel *)) parlor_ws_channel_probe;
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

  end_attempt (self, SOUP_WEBSOCKET_CLOSE_NORMAL);
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
  g_free (self->ticket);
  g_free (self->host_token);
  g_free (self->id);
  g_free (self->owner_token);
  forget_place (self);
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
  g_queue_init (&self->outbox);
  self->keepalive_s = KEEPALIVE_S;
  self->silence_ms = SILENCE_MS;
  self->probe_ms = PROBE_MS;
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

void
parlor_ws_channel_set_ticket (ParlorWsChannel *self, const char *ticket)
{
  g_return_if_fail (PARLOR_IS_WS_CHANNEL (self));

  g_free (self->ticket);
  self->ticket = g_strdup (ticket);
}

void
parlor_ws_channel_set_host_token (ParlorWsChannel *self, const char *token)
{
  g_return_if_fail (PARLOR_IS_WS_CHANNEL (self));

  g_free (self->host_token);
  self->host_token = g_strdup (token);
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

gboolean
parlor_ws_channel_knock (ParlorWsChannel *self, GError **error)
{
  g_autoptr (ParlorMessage) knock = parlor_message_new (PARLOR_MESSAGE_KNOCK);
  g_autofree char *text = parlor_message_serialize (knock, PARLOR_DIALECT_PARLOR);

  g_return_val_if_fail (PARLOR_IS_WS_CHANNEL (self), FALSE);

  if (self->state != PARLOR_CHANNEL_LOCKED || self->knocked)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_STATE,
                           self->knocked ? "You have knocked. Wait until somebody opens." : "There is no locked door.");
      return FALSE;
    }
  self->knocked = TRUE;
  if (soup_websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_text (self->connection, text);
  return TRUE;
}

gboolean
parlor_ws_channel_is_owner (ParlorWsChannel *self)
{
  g_return_val_if_fail (PARLOR_IS_WS_CHANNEL (self), FALSE);

  return self->owner_token != NULL;
}

void
parlor_ws_channel_probe (ParlorWsChannel *self)
{
  g_autoptr (ParlorMessage) turn = parlor_message_new (PARLOR_MESSAGE_TURN);

  g_return_if_fail (PARLOR_IS_WS_CHANNEL (self));

  if (self->state == PARLOR_CHANNEL_WAITING && self->retry_id != 0)
    {
      g_clear_handle_id (&self->retry_id, g_source_remove);
      start_attempt (self);
    }
  else if (self->state == PARLOR_CHANNEL_OPEN && self->dialect == PARLOR_DIALECT_PARLOR && self->probe_id == 0
           && parlor_ws_channel_send (PARLOR_CHANNEL (self), turn, NULL))
    {
      /* Every relay has an answer to it, be it that it has none. */
      self->n_probes++;
      self->probe_id = g_timeout_add (self->probe_ms, on_probe_deadline, self);
    }
}

void
parlor_ws_channel_set_timing (ParlorWsChannel *self, guint deadline_ms, ParlorBackoff *backoff)
{
  parlor_backoff_free (self->backoff);
  self->backoff = backoff;
  self->deadline_ms = deadline_ms;
}

void
parlor_ws_channel_set_liveness (ParlorWsChannel *self, guint keepalive_s, guint silence_ms, guint probe_ms)
{
  self->keepalive_s = keepalive_s;
  self->silence_ms = silence_ms;
  self->probe_ms = probe_ms;
}

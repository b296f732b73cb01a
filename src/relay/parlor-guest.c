/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-guest.h"

#include "parlor-error.h"
#include "parlor-frame.h"
#include "parlor-handshake.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * ParlorGuest: one WebSocket connection, from the upgrade to its last byte: its dialect, its limits and what is still
 * to be sent.
 *
 * It reads, parses and answers what a single connection can be told by itself (bad JSON, too much, pings); the rest
 * goes out as "message". All is done in the relay's main context, and nothing in here emits "gone" from inside a call:
 * a failed write, or a close, parks it in a source of its own, so a room can speak to all its guests in a loop.
 * Each source holds a reference, so a guest whom the relay has let go of lives on until its farewell is over.
 */

#define READ_SIZE 16384
#define FAREWELL_MS 2000 /* for what is unsent and the other end's close frame, once ours is queued */
#define PINGS_MISSED_MAX 2
#define ID_BYTES 16 /* 128 bits: not to be guessed, and never the same twice */

enum
{
  MESSAGE,
  GONE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

struct _ParlorGuest
{
  GObject parent_instance;

  char *id;
  char *room_name;
  char *name;
  ParlorDialect dialect;
  gboolean in_call;
  gboolean gone; /* it is closing or lost: nothing more is heard or said */

  GIOStream *stream;         /* NULL once dropped */
  ParlorFrameReader *reader; /* NULL once what comes in cannot be understood any more */
  gsize max_unsent;
  GQueue unsent; /* of GBytes, whole frames */
  gsize unsent_bytes;
  gsize head_sent; /* bytes of the first frame that are out */
  gboolean close_heard;
  guint pings_unanswered;

  GSource *input_source;
  GSource *output_source;   /* only while the socket takes no more */
  GSource *deadline_source; /* hello, later the farewell */
  GSource *gone_source;
};

G_DEFINE_FINAL_TYPE (ParlorGuest, parlor_guest, G_TYPE_OBJECT)

static gboolean on_input_ready (GObject *stream, gpointer user_data);
static gboolean on_output_ready (GObject *stream, gpointer user_data);

static char *
make_id (void)
{
  guint8 bytes[ID_BYTES];
  char *id;

  if (getentropy (bytes, sizeof bytes) != 0)
    g_error ("The kernel gives no randomness: %s", g_strerror (errno));
  id = g_base64_encode (bytes, sizeof bytes);
  g_strdelimit (id, "+", '-');
  g_strdelimit (id, "/", '_');
  *strchr (id, '=') = '\0';
  return id;
}

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static GSource *
attach (ParlorGuest *self, GSource *source, GSourceFunc callback)
{
  g_source_set_callback (source, callback, g_object_ref (self), g_object_unref);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

static gboolean
on_gone (gpointer user_data)
{
  ParlorGuest *self = user_data;

  clear_source (&self->gone_source);
  g_signal_emit (self, signals[GONE], 0);
  return G_SOURCE_REMOVE;
}

static void
leave (ParlorGuest *self)
{
  if (self->gone)
    return;

  self->gone = TRUE;
  self->gone_source = g_idle_source_new ();
  g_source_set_priority (self->gone_source, G_PRIORITY_DEFAULT);
  attach (self, self->gone_source, on_gone);
}

static gboolean
on_farewell_deadline (gpointer user_data)
{
  parlor_guest_drop (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_hello_deadline (gpointer user_data)
{
  ParlorGuest *self = user_data;

  parlor_guest_say_error (self, "hello-timeout", "No hello came in time", NULL);
  parlor_guest_close (self, PARLOR_CLOSE_POLICY);
  return G_SOURCE_REMOVE;
}

static void
set_deadline (ParlorGuest *self, guint ms, GSourceFunc callback)
{
  clear_source (&self->deadline_source);
  self->deadline_source = attach (self, g_timeout_source_new (ms), callback);
}

/* Sends what the socket takes; the rest waits for it to be writable. */
static void
flush (ParlorGuest *self)
{
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream));
  g_autoptr (GError) error = NULL;
  GBytes *frame;

  while ((frame = g_queue_peek_head (&self->unsent)))
    {
      gsize length;
      const guint8 *data = g_bytes_get_data (frame, &length);
      gssize n_sent = g_pollable_output_stream_write_nonblocking (
        output, data + self->head_sent, length - self->head_sent, NULL, &error);

      if (n_sent < 0)
        break;
      self->head_sent += n_sent;
      self->unsent_bytes -= n_sent;
      if (self->head_sent < length)
        continue;
      self->head_sent = 0;
      g_bytes_unref (g_queue_pop_head (&self->unsent));
    }

  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    parlor_guest_drop (self);
  else if (error == NULL)
    clear_source (&self->output_source);
  else if (self->output_source == NULL)
    self->output_source = attach (self, g_pollable_output_stream_create_source (output, NULL),
                                  G_SOURCE_FUNC (on_output_ready));
}

/* The TCP socket below an upgraded connection. */
static GSocket *
get_socket (ParlorGuest *self)
{
  GSocketConnection *connection = parlor_handshake_get_connection (self->stream);

  return connection ? g_socket_connection_get_socket (connection) : NULL;
}

/* Ends a connection whose close frame is out: at once when the other's has come too (RFC 6455, section 7.1.1). One whose
 * close frame we could not read sees the end of ours, and what it still sends is taken off the socket until it ends too,
 * as a socket closed with unread bytes is reset, and our close frame perhaps lost. */
static void
end_farewell (ParlorGuest *self)
{
  GSocket *socket;

  if (self->stream == NULL || !self->gone || self->unsent_bytes > 0)
    return;
  if (self->close_heard)
    parlor_guest_drop (self);
  else if (self->reader == NULL && (socket = get_socket (self)) != NULL)
    g_socket_shutdown (socket, FALSE, TRUE, NULL);
}

static gboolean
on_output_ready (GObject *stream, gpointer user_data)
{
  g_autoptr (ParlorGuest) self = g_object_ref (user_data);

  flush (self);
  end_farewell (self);
  return self->output_source != NULL;
}

static void
queue (ParlorGuest *self, GBytes *frame)
{
  self->unsent_bytes += g_bytes_get_size (frame);
  g_queue_push_tail (&self->unsent, frame);
  if (self->unsent_bytes > self->max_unsent)
    parlor_guest_drop (self);
  else if (self->output_source == NULL)
    flush (self);
}

static void
hear_text (ParlorGuest *self, GBytes *payload)
{
  gsize length;
  const char *data = g_bytes_get_data (payload, &length);
  const char *text = data ? data : ""; /* of a message without a byte GBytes has no address */
  g_autoptr (GError) error = NULL;
  g_autoptr (ParlorMessage) message = NULL;

  if (!g_utf8_validate_len (text, length, NULL))
    {
      parlor_guest_close (self, PARLOR_CLOSE_BAD_DATA);
      return;
    }

  message = parlor_message_parse (text, length, self->dialect, &error);
  if (message != NULL)
    {
      g_signal_emit (self, signals[MESSAGE], 0, message);
    }
  else if (g_error_matches (error, PARLOR_ERROR, PARLOR_ERROR_TOO_LARGE))
    {
      parlor_guest_say_error (self, "too-large", error->message, NULL);
      parlor_guest_close (self, PARLOR_CLOSE_TOO_LARGE);
    }
  else
    {
      parlor_guest_say_error (self, "bad-json", error->message, NULL);
    }
}

static void
hear_close (ParlorGuest *self, GBytes *payload)
{
  self->close_heard = TRUE;
  parlor_guest_close (self, parlor_frame_get_close_code (payload));
  end_farewell (self);
}

static void
hear (ParlorGuest *self, ParlorFrameOpcode opcode, GBytes *payload)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (payload, &length);

  self->pings_unanswered = 0;
  if (opcode == PARLOR_FRAME_CLOSE)
    hear_close (self, payload);
  else if (self->gone)
    return;
  else if (opcode == PARLOR_FRAME_PING)
    queue (self, parlor_frame_new (PARLOR_FRAME_PONG, data, length));
  else if (opcode == PARLOR_FRAME_TEXT)
    hear_text (self, payload);
}

static void
refuse (ParlorGuest *self, guint16 close_code)
{
  if (close_code == PARLOR_CLOSE_TOO_LARGE)
    parlor_guest_say_error (self, "too-large", "The message is over the limit", NULL);
  parlor_guest_close (self, close_code);
  g_clear_pointer (&self->reader, parlor_frame_reader_free);
  end_farewell (self);
}

static void
hear_bytes (ParlorGuest *self, const guint8 *bytes, gsize length)
{
  ParlorFrameOpcode opcode;
  guint16 close_code;

  while (self->stream != NULL && self->reader != NULL && !self->close_heard)
    {
      g_autoptr (GBytes) payload = NULL;

      switch (parlor_frame_reader_read (self->reader, &bytes, &length, &opcode, &payload, &close_code))
        {
        case PARLOR_FRAME_READY:
          hear (self, opcode, payload);
          break;
        case PARLOR_FRAME_REFUSED:
          refuse (self, close_code);
          return;
        case PARLOR_FRAME_MORE:
        default:
          return;
        }
    }
}

static void
await_input (ParlorGuest *self)
{
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->stream));

  clear_source (&self->input_source);
  self->input_source = attach (self, g_pollable_input_stream_create_source (input, NULL),
                               G_SOURCE_FUNC (on_input_ready));
}

static gboolean
on_input_ready (GObject *stream, gpointer user_data)
{
  g_autoptr (ParlorGuest) self = g_object_ref (user_data);
  guint8 bytes[READ_SIZE];
  g_autoptr (GError) error = NULL;
  gssize n_read = g_pollable_input_stream_read_nonblocking (
    G_POLLABLE_INPUT_STREAM (stream), bytes, sizeof bytes, NULL, &error);

  if (n_read > 0)
    {
      hear_bytes (self, bytes, n_read);
      return self->stream != NULL;
    }

  /* libsoup's source is ready for ever if it was made while bytes that came with the request were still in libsoup's
   * buffer. One that is made now waits for the socket. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    await_input (self);
  else
    parlor_guest_drop (self);
  return G_SOURCE_REMOVE;
}

static void
parlor_guest_finalize (GObject *object)
{
  ParlorGuest *self = PARLOR_GUEST (object);

  /* Each source holds a reference, so those that are left here are destroyed already, by the end of their context. */
  clear_source (&self->input_source);
  clear_source (&self->output_source);
  clear_source (&self->deadline_source);
  clear_source (&self->gone_source);
  g_clear_pointer (&self->reader, parlor_frame_reader_free);
  g_queue_clear_full (&self->unsent, (GDestroyNotify) g_bytes_unref);
  g_clear_object (&self->stream);
  g_free (self->id);
  g_free (self->room_name);
  g_free (self->name);

  G_OBJECT_CLASS (parlor_guest_parent_class)->finalize (object);
}

static void
parlor_guest_class_init (ParlorGuestClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = parlor_guest_finalize;

  /**
   * ParlorGuest::message:
   * @message: what it said, parsed; it may be changed
   */
  signals[MESSAGE] = g_signal_new ("message", PARLOR_TYPE_GUEST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, PARLOR_TYPE_MESSAGE | G_SIGNAL_TYPE_STATIC_SCOPE);

  /**
   * ParlorGuest::gone:
   *
   * Once, and never from inside a call: it left, was closed or was lost. Its farewell goes on by itself.
   */
  signals[GONE] = g_signal_new ("gone", PARLOR_TYPE_GUEST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
parlor_guest_init (ParlorGuest *self)
{
  self->id = make_id ();
  g_queue_init (&self->unsent);
}

/**
 * parlor_guest_new:
 * @stream: an upgraded connection, with pollable streams
 * @dialect: how it speaks; a seed page says no hello and has a name at once
 * @room_name: the room that it asked for
 * @limits: of the relay
 *
 * Reads from @stream in the caller's thread-default main context from now on, until ::gone.
 *
 * Returns: (transfer full): a guest with an id of its own
 */
ParlorGuest *
parlor_guest_new (GIOStream *stream, ParlorDialect dialect, const char *room_name, const ParlorRelayLimits *limits)
{
  ParlorGuest *self = g_object_new (PARLOR_TYPE_GUEST, NULL);

  self->stream = g_object_ref (stream);
  self->dialect = dialect;
  self->room_name = g_strdup (room_name);
  self->max_unsent = limits->max_unsent;
  self->reader = parlor_frame_reader_new (limits->max_message);
  await_input (self);
  if (dialect == PARLOR_DIALECT_PARLOR)
    set_deadline (self, limits->hello_ms, on_hello_deadline);
  return self;
}

const char *
parlor_guest_get_id (ParlorGuest *self)
{
  return self->id;
}

const char *
parlor_guest_get_room_name (ParlorGuest *self)
{
  return self->room_name;
}

ParlorDialect
parlor_guest_get_dialect (ParlorGuest *self)
{
  return self->dialect;
}

/* TRUE from the moment that it leaves, which is before ::gone. */
gboolean
parlor_guest_is_gone (ParlorGuest *self)
{
  return self->gone;
}

const char *
parlor_guest_get_name (ParlorGuest *self)
{
  return self->name;
}

/* Its hello is in: the deadline for it ends. */
void
parlor_guest_set_name (ParlorGuest *self, const char *name)
{
  g_free (self->name);
  self->name = parlor_wire_clean_name (name);
  if (!self->gone)
    clear_source (&self->deadline_source);
}

gboolean
parlor_guest_get_in_call (ParlorGuest *self)
{
  return self->in_call;
}

void
parlor_guest_set_in_call (ParlorGuest *self, gboolean in_call)
{
  self->in_call = in_call;
}

/**
 * parlor_guest_say:
 * @self: a guest
 * @message: what to say; left out when the guest's dialect has no word for it
 *
 * Never emits anything: a guest that cannot take it is dropped later.
 */
void
parlor_guest_say (ParlorGuest *self, const ParlorMessage *message)
{
  g_autofree char *text = parlor_message_serialize (message, self->dialect);

  if (text != NULL)
    parlor_guest_say_text (self, text);
}

/**
 * parlor_guest_say_text:
 * @self: a guest
 * @text: a message in the guest's dialect
 */
void
parlor_guest_say_text (ParlorGuest *self, const char *text)
{
  if (!self->gone)
    queue (self, parlor_frame_new (PARLOR_FRAME_TEXT, text, strlen (text)));
}

/**
 * parlor_guest_say_error:
 * @self: a guest
 * @code: from the table of codes in src/wire/PROTOCOL.md
 * @explanation: for whoever debugs a client
 * @about: (nullable): the type of the message that it answers
 */
void
parlor_guest_say_error (ParlorGuest *self, const char *code, const char *explanation, const char *about)
{
  g_autoptr (ParlorMessage) error = parlor_message_new_error (code, explanation, about);

  parlor_guest_say (self, error);
}

/**
 * parlor_guest_ping:
 * @self: a guest
 *
 * Asks for a sign of life, or drops a guest that owes two.
 */
void
parlor_guest_ping (ParlorGuest *self)
{
  if (self->gone)
    return;
  if (self->pings_unanswered == PINGS_MISSED_MAX)
    {
      parlor_guest_drop (self);
      return;
    }
  self->pings_unanswered++;
  queue (self, parlor_frame_new (PARLOR_FRAME_PING, NULL, 0));
}

/**
 * parlor_guest_close:
 * @self: a guest
 * @close_code: of RFC 6455
 *
 * What was said before is sent, then a close frame; the other end has two seconds for both.
 */
void
parlor_guest_close (ParlorGuest *self, guint16 close_code)
{
  if (self->gone)
    return;

  queue (self, parlor_frame_new_close (close_code));
  leave (self);
  if (self->stream != NULL)
    set_deadline (self, FAREWELL_MS, on_farewell_deadline);
}

/**
 * parlor_guest_drop:
 * @self: a guest
 *
 * Closes the connection as it is.
 */
void
parlor_guest_drop (ParlorGuest *self)
{
  GSocket *socket;

  if (self->stream == NULL)
    return;

  clear_source (&self->input_source);
  clear_source (&self->output_source);
  clear_source (&self->deadline_source);
  leave (self);
  /* TLS would say goodbye first, and wait for a reader that does not read. */
  if ((socket = get_socket (self)) != NULL)
    g_socket_shutdown (socket, TRUE, TRUE, NULL);
  g_io_stream_close (self->stream, NULL, NULL);
  g_clear_object (&self->stream);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-guest.h"

#include "parlor-bucket.h"
#include "parlor-error.h"
#include "parlor-frame.h"
#include "parlor-member.h"
#include "parlor-metrics.h"

#include <string.h>

/*
 * ParlorGuest: one WebSocket connection, from the upgrade to its last byte: its dialect, its limits and what is still
 * to be sent. Who speaks over it is a ParlorMember, which may outlive it.
 *
 * It reads, parses and answers what a single connection can be told by itself (bad JSON, too much, pings); the rest
 * its host hears. All is done in the relay's main context, and nothing in here says "gone" from inside a call: a failed
 * write, or a close, puts it on the agenda for now, so a room can speak to all its guests in a loop.
 * There may be thousands, most of them idle: a guest has no source, no signal and no buffer of its own.
 */

#define READ_SIZE 16384 /* about that much, then the others have their turn */

struct _ParlorGuest
{
  GObject parent_instance;

  char *room_name;
  char *network; /* nullable */
  ParlorDialect dialect;
  ParlorMember *member; /* nullable, not owned: it lets go of the guest first */
  gboolean gone;        /* it is closing or lost: nothing more is heard or said */
  gboolean said_goodbye;

  const ParlorGuestHost *host; /* NULL once abandoned */
  ParlorStream stream;         /* closed once dropped */
  ParlorWatch watch;
  ParlorFrameReader *reader; /* NULL once what comes in cannot be understood any more */
  ParlorBucket messages;     /* said */
  ParlorBucket bytes;        /* ... and in how many bytes */
  GQueue unsent;             /* of GBytes, whole frames */
  gsize unsent_bytes;
  gsize head_sent;  /* bytes of the first frame that are out */
  gboolean blocked; /* the socket took no more, and has not said that it does again */
  gboolean close_heard;
  guint pings_unanswered;

  ParlorDeadline patience; /* for the hello, later for the farewell */
  ParlorDeadline ping;
  ParlorDeadline visit; /* of one whose room has its home on another relay */
  ParlorDeadline news;  /* something to tell the host */
  gboolean gone_told;
};

G_DEFINE_FINAL_TYPE (ParlorGuest, parlor_guest, G_TYPE_OBJECT)

static void on_ready (gpointer user_data);

static gboolean
is_dropped (ParlorGuest *self)
{
  return self->stream.fd < 0;
}

static void
on_news (gpointer user_data)
{
  g_autoptr (ParlorGuest) self = g_object_ref (user_data);

  if (!self->gone_told)
    {
      self->gone_told = TRUE;
      self->host->gone (self, self->host->user_data);
    }
  if (self->host != NULL && is_dropped (self))
    self->host->over (self, self->host->user_data);
}

static void
leave (ParlorGuest *self)
{
  if (self->gone)
    return;

  self->gone = TRUE;
  parlor_agenda_clear (self->host->agenda, &self->ping);
  parlor_agenda_clear (self->host->agenda, &self->visit);
  parlor_agenda_set (self->host->agenda, &self->news, 0, on_news, self);
}

static void
on_farewell_deadline (gpointer user_data)
{
  parlor_guest_drop (user_data);
}

static void
on_hello_deadline (gpointer user_data)
{
  ParlorGuest *self = user_data;

  parlor_guest_say_error (self, "hello-timeout", "No hello came in time", NULL);
  parlor_guest_close (self, PARLOR_CLOSE_POLICY);
}

/* Sends what the socket takes; the rest waits until it takes more. */
static void
flush (ParlorGuest *self)
{
  gssize n_sent = 0;
  GBytes *frame;

  while (n_sent >= 0 && (frame = g_queue_peek_head (&self->unsent)))
    {
      gsize length;
      const guint8 *data = g_bytes_get_data (frame, &length);

      n_sent = parlor_stream_write (&self->stream, data + self->head_sent, length - self->head_sent);
      if (n_sent < 0)
        break;
      parlor_metrics_add (PARLOR_METRIC_BYTES_OUT, n_sent);
      self->head_sent += n_sent;
      self->unsent_bytes -= n_sent;
      if (self->head_sent < length)
        continue;
      self->head_sent = 0;
      g_bytes_unref (g_queue_pop_head (&self->unsent));
    }

  self->blocked = n_sent < 0;
  if (n_sent == PARLOR_STREAM_BROKEN)
    parlor_guest_drop (self);
}

/* Ends a connection whose close frame is out: at once when the other's has come too (RFC 6455, section 7.1.1). One whose
 * close frame we could not read sees the end of ours, and what it still sends is taken off the socket until it ends too,
 * as a socket closed with unread bytes is reset, and our close frame perhaps lost. */
static void
end_farewell (ParlorGuest *self)
{
  if (is_dropped (self) || !self->gone || self->unsent_bytes > 0)
    return;
  if (self->close_heard || self->reader == NULL)
    parlor_stream_shutdown (&self->stream);
  if (self->close_heard)
    parlor_guest_drop (self);
}

static void
queue (ParlorGuest *self, GBytes *frame)
{
  self->unsent_bytes += g_bytes_get_size (frame);
  g_queue_push_tail (&self->unsent, frame);
  if (self->unsent_bytes > self->host->limits->max_unsent)
    parlor_guest_drop (self);
  else if (!self->blocked)
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

  parlor_metrics_add (PARLOR_METRIC_MESSAGES_IN, 1);
  message = parlor_message_parse (text, length, self->dialect, &error);
  if (message != NULL)
    {
      self->host->message (self, message, self->host->user_data);
    }
  else if (!g_utf8_validate_len (text, length, NULL))
    {
      parlor_guest_close (self, PARLOR_CLOSE_BAD_DATA);
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
  guint16 code = parlor_frame_get_close_code (payload);

  if (!self->gone)
    self->said_goodbye = code == PARLOR_CLOSE_NORMAL || code == PARLOR_CLOSE_NO_STATUS;
  self->close_heard = TRUE;
  parlor_guest_close (self, code);
  end_farewell (self);
}

static gboolean
may_say (ParlorGuest *self, ParlorBucket *bucket, double amount, double per_second, double burst)
{
  if (self->gone || parlor_bucket_take (bucket, amount, per_second, burst, g_get_monotonic_time ()))
    return TRUE;

  parlor_guest_say_error (self, "rate", "Too much at once; come back, and say it more slowly", NULL);
  parlor_guest_close (self, PARLOR_CLOSE_RATE);
  return FALSE;
}

static void
hear (ParlorGuest *self, ParlorFrameOpcode opcode, GBytes *payload)
{
  const ParlorRelayLimits *limits = self->host->limits;
  gsize length;
  gconstpointer data = g_bytes_get_data (payload, &length);

  self->pings_unanswered = 0;
  if (opcode == PARLOR_FRAME_CLOSE)
    hear_close (self, payload);
  else if (self->gone
           || !may_say (self, &self->messages, 1, limits->messages_per_second, limits->messages_burst))
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
  const ParlorRelayLimits *limits = self->host->limits;
  ParlorFrameOpcode opcode;
  guint16 close_code;

  /* A message of full size may come at any time. */
  may_say (self, &self->bytes, length, limits->bytes_per_second, limits->bytes_per_second + limits->max_message);
  while (!is_dropped (self) && self->reader != NULL && !self->close_heard)
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

/* Reads what is there, to the last byte or until it is the others' turn. A short read has emptied a plain socket; behind
 * TLS more may lie that the socket does not tell of. */
static void
read_input (ParlorGuest *self)
{
  guint8 bytes[READ_SIZE];
  gsize n_heard = 0;

  while (!is_dropped (self) && n_heard < READ_SIZE)
    {
      gboolean is_direct = parlor_stream_is_direct (&self->stream);
      gssize n_read = parlor_stream_read (&self->stream, bytes, sizeof bytes);

      if (n_read == PARLOR_STREAM_BLOCKED)
        return;
      if (n_read <= 0)
        {
          parlor_guest_drop (self);
          return;
        }
      parlor_metrics_add (PARLOR_METRIC_BYTES_IN, n_read);
      hear_bytes (self, bytes, n_read);
      if (is_direct && n_read < READ_SIZE && !self->watch.at_end)
        return;
      n_heard += n_read;
    }
  if (!is_dropped (self))
    parlor_poll_again (self->host->poll, &self->watch);
}

static void
on_ready (gpointer user_data)
{
  g_autoptr (ParlorGuest) self = g_object_ref (user_data);

  read_input (self);
  if (!is_dropped (self) && self->blocked)
    {
      flush (self);
      end_farewell (self);
    }
}

static void
on_ping_time (gpointer user_data)
{
  ParlorGuest *self = user_data;

  if (self->pings_unanswered >= self->host->limits->max_missed_pings)
    {
      parlor_metrics_add (PARLOR_METRIC_PINGS_MISSED, 1);
      parlor_guest_drop (self);
      return;
    }
  self->pings_unanswered++;
  parlor_agenda_set (self->host->agenda, &self->ping, self->host->limits->ping_ms, on_ping_time, self);
  queue (self, parlor_frame_new (PARLOR_FRAME_PING, NULL, 0));
}

/* Who is still at the door, or on its way in, would take it for a refusal. */
static void
on_visit_over (gpointer user_data)
{
  ParlorGuest *self = user_data;

  if (self->member == NULL || !self->member->is_seated)
    {
      parlor_guest_visit (self);
      return;
    }
  parlor_metrics_add (PARLOR_METRIC_SENT_HOME, 1);
  parlor_guest_close (self, PARLOR_CLOSE_GO_HOME);
}

static void
parlor_guest_finalize (GObject *object)
{
  ParlorGuest *self = PARLOR_GUEST (object);

  parlor_guest_abandon (self);
  g_clear_pointer (&self->reader, parlor_frame_reader_free);
  g_queue_clear_full (&self->unsent, (GDestroyNotify) g_bytes_unref);
  g_free (self->room_name);
  g_free (self->network);

  G_OBJECT_CLASS (parlor_guest_parent_class)->finalize (object);
}

static void
parlor_guest_class_init (ParlorGuestClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = parlor_guest_finalize;
}

static void
parlor_guest_init (ParlorGuest *self)
{
  self->stream.fd = -1;
  g_queue_init (&self->unsent);
}

/**
 * parlor_guest_new:
 * @stream: (transfer full): an upgraded connection; it is closed afterwards, as far as the caller can see
 * @dialect: how it speaks; a seed page says no hello
 * @room_name: the room that it asked for
 * @network: (nullable): where it comes from, see parlor_crowd_get_network()
 * @host: where it is; it must live until the guest is over, or abandoned
 *
 * Reads from @stream in the host's main context from now on.
 *
 * Returns: (transfer full): a guest who is nobody yet
 */
ParlorGuest *
parlor_guest_new (ParlorStream *stream,
                  ParlorDialect dialect,
                  const char *room_name,
                  const char *network,
                  const ParlorGuestHost *host)
{
  ParlorGuest *self = g_object_new (PARLOR_TYPE_GUEST, NULL);
  /* Those who join together are not to be pinged together. */
  guint first_ping_ms = g_random_int_range (0, host->limits->ping_ms) + 1;

  self->host = host;
  self->stream = *stream;
  *stream = (ParlorStream){ .fd = -1 };
  self->dialect = dialect;
  self->room_name = g_strdup (room_name);
  self->network = g_strdup (network);
  self->reader = parlor_frame_reader_new (host->limits->max_message);
  if (!parlor_poll_watch (host->poll, &self->watch, self->stream.fd, on_ready, self))
    {
      parlor_guest_drop (self);
      return self;
    }
  parlor_agenda_set (host->agenda, &self->ping, first_ping_ms, on_ping_time, self);
  if (dialect == PARLOR_DIALECT_PARLOR)
    parlor_agenda_set (host->agenda, &self->patience, host->limits->hello_ms, on_hello_deadline, self);
  return self;
}

const char *
parlor_guest_get_room_name (ParlorGuest *self)
{
  return self->room_name;
}

const char *
parlor_guest_get_network (ParlorGuest *self)
{
  return self->network;
}

ParlorDialect
parlor_guest_get_dialect (ParlorGuest *self)
{
  return self->dialect;
}

/* TRUE from the moment that it leaves, which is before its host hears of it. */
gboolean
parlor_guest_is_gone (ParlorGuest *self)
{
  return self->gone;
}

/* Whether it left by its own will: its end is no accident, and it will not be back. */
gboolean
parlor_guest_said_goodbye (ParlorGuest *self)
{
  return self->said_goodbye;
}

ParlorMember *
parlor_guest_get_member (ParlorGuest *self)
{
  return self->member;
}

void
parlor_guest_set_member (ParlorGuest *self, ParlorMember *member)
{
  self->member = member;
}

/* Its hello is in. */
void
parlor_guest_end_hello_deadline (ParlorGuest *self)
{
  if (!self->gone)
    parlor_agenda_clear (self->host->agenda, &self->patience);
}

/**
 * parlor_guest_visit:
 * @self: a guest that a load balancer sent here because the room's own relay did not take it
 *
 * It is asked to come again after half of visit_ms to one and a half times that, all of a room at the same moment, so that they find
 * each other at home. A seed page would not come back, and is left alone.
 */
void
parlor_guest_visit (ParlorGuest *self)
{
  const guint period = self->host->limits->visit_ms;
  guint wait;

  if (self->gone || period == 0 || self->dialect == PARLOR_DIALECT_SEED)
    return;
  /* Time is divided into periods, which begin at another moment for each room. */
  wait = period - (g_get_monotonic_time () / 1000 + g_str_hash (self->room_name)) % period;
  if (wait < period / 2)
    wait += period;
  parlor_agenda_set (self->host->agenda, &self->visit, wait, on_visit_over, self);
}

/**
 * parlor_guest_say:
 * @self: a guest
 * @message: what to say; left out when the guest's dialect has no word for it
 *
 * Never calls its host: a guest that cannot take it is dropped later.
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
  if (self->gone)
    return;
  parlor_metrics_add (PARLOR_METRIC_MESSAGES_OUT, 1);
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

  parlor_metrics_add_error (code);
  parlor_guest_say (self, error);
}

/**
 * parlor_guest_close:
 * @self: a guest
 * @close_code: of RFC 6455
 *
 * What was said before is sent, then a close frame; the other end has farewell_ms for both.
 */
void
parlor_guest_close (ParlorGuest *self, guint16 close_code)
{
  if (self->gone)
    return;

  queue (self, parlor_frame_new_close (close_code));
  leave (self);
  if (!is_dropped (self))
    parlor_agenda_set (self->host->agenda, &self->patience, self->host->limits->farewell_ms, on_farewell_deadline, self);
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
  if (is_dropped (self))
    return;

  parlor_poll_unwatch (self->host->poll, &self->watch);
  parlor_agenda_clear (self->host->agenda, &self->patience);
  leave (self);
  parlor_agenda_set (self->host->agenda, &self->news, 0, on_news, self);
  parlor_stream_close (&self->stream);
}

/**
 * parlor_guest_abandon:
 * @self: a guest
 *
 * Closes the connection as it is, and tells nobody: the host is going away. Idempotent.
 */
void
parlor_guest_abandon (ParlorGuest *self)
{
  if (self->host == NULL)
    return;

  parlor_guest_drop (self);
  parlor_agenda_clear (self->host->agenda, &self->news);
  self->host = NULL;
}

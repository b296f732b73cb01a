/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-visitor.h"

#include "parlor-metrics.h"
#include "parlor-page.h"

#include <errno.h>

/*
 * ParlorVisitor: first byte, TLS, the head of a request, and its answer, or its leaving as a guest.
 *
 * Any of it may stall, and there may be hundreds of them: all live by the poll and the agenda, from the first moment, and
 * one deadline is for the whole visit. A connection has one request; its answer ends it.
 *
 * The first byte tells TLS from HTTP. A client of the one at a port of the other would wait for an answer to what nobody
 * understands until its deadline; it gets a quick end here, or, where it speaks HTTP, its request is read so that it can be
 * told.
 */

#define TLS_HANDSHAKE 22 /* the first byte of a ClientHello's record, RFC 8446, section 5.1 */
#define MAX_HEAD 16384   /* bytes of a request's head */
#define READ_SIZE 16384
#define LINGER_MS 1000 /* RFC 9112, section 9.6 */

typedef enum
{
  ARRIVING,      /* nothing came yet */
  SHAKING_HANDS, /* TLS */
  ASKING,
  BEING_ANSWERED,
  LEAVING, /* its answer is out; what it still sends is taken off the socket for a moment, as one closed with unread bytes is reset */
  STOLEN,
} State;

struct _ParlorVisitor
{
  const ParlorVisitorHost *host;
  State state;
  gboolean has_waited; /* for its turn to go on with the handshake */
  ParlorStream stream;
  ParlorWatch watch;
  ParlorDeadline deadline;
  ParlorPendingPlace place;
  ParlorVisitorAddress address;
  GByteArray *in; /* the head as far as it came, and what came with it; NULL before and after */
  GBytes *answer;
  gsize n_answered;
};

static void
end (ParlorVisitor *self)
{
  if (self->state == SHAKING_HANDS)
    parlor_metrics_add (PARLOR_METRIC_TLS_FAILED, 1);
  self->host->over (self, self->host->user_data);
}

static void
on_deadline (gpointer user_data)
{
  end (user_data);
}

/* The functions of the states: TRUE when it can go on at once, in whatever state it is then; FALSE when it waits, or has ended. */

static gboolean
arrive (ParlorVisitor *self)
{
  guint8 first;
  gssize n = recv (self->stream.fd, &first, sizeof first, MSG_PEEK);

  if (n < 0 && errno == EAGAIN)
    return FALSE;
  if (n == sizeof first && first != TLS_HANDSHAKE)
    {
      self->state = ASKING;
      return TRUE;
    }
  if (n == sizeof first && self->host->tls != NULL)
    self->stream.tls = parlor_tls_session_new (self->host->tls, self->stream.fd);
  if (self->stream.tls == NULL)
    {
      end (self);
      return FALSE;
    }
  self->state = SHAKING_HANDS;
  return TRUE;
}

/* It may take half a millisecond: others have their turn before it, so that a crowd at the door keeps those inside waiting for a few only. */
static gboolean
shake_hands (ParlorVisitor *self)
{
  self->has_waited = !self->has_waited;
  if (self->has_waited)
    {
      parlor_poll_again (self->host->poll, &self->watch);
      return FALSE;
    }
  switch (parlor_tls_session_shake_hands (self->stream.tls))
    {
    case 0:
      parlor_metrics_add (PARLOR_METRIC_TLS_DONE, 1);
      self->state = ASKING;
      return TRUE;
    case PARLOR_STREAM_BLOCKED:
      return FALSE;
    default:
      end (self);
      return FALSE;
    }
}

static void
refuse (ParlorVisitor *self, const ParlorRequest *request, guint status)
{
  g_auto (ParlorResponse) response = { 0 };

  parlor_page_respond_status (&response, status, "This relay does not understand that request.");
  parlor_visitor_answer (self, request, &response);
}

static void
ask (ParlorVisitor *self, gsize head_length)
{
  g_auto (ParlorRequest) request = { 0 };
  g_autoptr (GByteArray) in = g_steal_pointer (&self->in);
  guint status;

  parlor_stream_unread (&self->stream, in->data + head_length, in->len - head_length);
  g_byte_array_set_size (in, head_length);
  g_byte_array_append (in, (const guint8 *) "", 1);
  status = parlor_request_parse (&request, (const char *) in->data, head_length);
  request.is_tls = self->stream.tls != NULL;
  request.peer = parlor_visitor_address_to_inet (&self->address);
  if (status == SOUP_STATUS_OK)
    self->host->request (self, &request, self->host->user_data);
  else
    refuse (self, &request, status);
}

static gboolean
read_head (ParlorVisitor *self)
{
  guint8 bytes[READ_SIZE];
  gssize n = parlor_stream_read (&self->stream, bytes, MAX_HEAD - (self->in ? self->in->len : 0));
  gsize head_length;

  if (n == PARLOR_STREAM_BLOCKED)
    return FALSE;
  if (n <= 0)
    {
      end (self);
      return FALSE;
    }
  if (self->in == NULL)
    self->in = g_byte_array_new ();
  g_byte_array_append (self->in, bytes, n);
  head_length = parlor_request_measure (self->in->data, self->in->len);
  if (head_length > 0)
    {
      ask (self, head_length);
    }
  else if (self->in->len == MAX_HEAD)
    {
      g_auto (ParlorRequest) none = { .version = SOUP_HTTP_1_1 };

      refuse (self, &none, PARLOR_STATUS_HEADERS_TOO_LARGE);
    }
  if (self->state == STOLEN)
    {
      end (self);
      return FALSE;
    }
  return TRUE;
}

static gboolean
send_answer (ParlorVisitor *self)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (self->answer, &length);

  while (self->n_answered < length)
    {
      gssize n = parlor_stream_write (&self->stream, data + self->n_answered, length - self->n_answered);

      if (n == PARLOR_STREAM_BLOCKED)
        return FALSE;
      if (n < 0)
        {
          end (self);
          return FALSE;
        }
      self->n_answered += n;
    }
  parlor_stream_shutdown (&self->stream);
  self->state = LEAVING;
  parlor_agenda_set (self->host->agenda, &self->deadline, LINGER_MS, on_deadline, self);
  return TRUE;
}

static gboolean
drain (ParlorVisitor *self)
{
  guint8 bytes[READ_SIZE];
  gssize n = parlor_stream_read (&self->stream, bytes, sizeof bytes);

  if (n == PARLOR_STREAM_BLOCKED)
    return FALSE;
  if (n > 0)
    parlor_poll_again (self->host->poll, &self->watch); /* it may be much: the others have their turn */
  else
    end (self);
  return FALSE;
}

static void
on_ready (gpointer user_data)
{
  static gboolean (*const steps[]) (ParlorVisitor *) = {
    [ARRIVING] = arrive,
    [SHAKING_HANDS] = shake_hands,
    [ASKING] = read_head,
    [BEING_ANSWERED] = send_answer,
    [LEAVING] = drain,
  };
  ParlorVisitor *self = user_data;

  while (steps[self->state](self))
    continue;
}

/* (transfer full): the same without its port. */
GInetAddress *
parlor_visitor_address_to_inet (const ParlorVisitorAddress *address)
{
  if (address->any.sa_family == AF_INET6)
    return g_inet_address_new_from_bytes ((const guint8 *) &address->v6.sin6_addr, G_SOCKET_FAMILY_IPV6);
  return g_inet_address_new_from_bytes ((const guint8 *) &address->v4.sin_addr, G_SOCKET_FAMILY_IPV4);
}

/**
 * parlor_visitor_new:
 * @fd: (transfer full): a nonblocking socket
 * @address: its other end
 * @network: (nullable): the network whose place it takes until it is over; the oldest of those who are too many is over at once
 * @host: where it is; it must live as long as the visitor
 *
 * Returns: (transfer full) (nullable): a visitor who has said nothing yet; %NULL when there is no room for another
 */
ParlorVisitor *
parlor_visitor_new (int fd, const ParlorVisitorAddress *address, const char *network, const ParlorVisitorHost *host)
{
  ParlorVisitor *self = g_new0 (ParlorVisitor, 1);
  ParlorVisitor *oldest;

  self->host = host;
  self->stream.fd = fd;
  self->address = *address;
  if (!parlor_poll_watch (host->poll, &self->watch, fd, on_ready, self))
    {
      parlor_visitor_free (self);
      return NULL;
    }
  parlor_agenda_set (host->agenda, &self->deadline, host->request_ms, on_deadline, self);
  oldest = parlor_pending_join (host->pending, &self->place, network, self);
  if (oldest != NULL)
    end (oldest);
  return self;
}

/* Closes its connection, unless it was stolen, and tells nobody. */
void
parlor_visitor_free (ParlorVisitor *self)
{
  parlor_poll_unwatch (self->host->poll, &self->watch);
  parlor_agenda_clear (self->host->agenda, &self->deadline);
  parlor_pending_leave (self->host->pending, &self->place);
  parlor_stream_close (&self->stream);
  g_clear_pointer (&self->in, g_byte_array_unref);
  g_clear_pointer (&self->answer, g_bytes_unref);
  g_free (self);
}

gboolean
parlor_visitor_is_stolen (ParlorVisitor *self)
{
  return self->state == STOLEN;
}

/**
 * parlor_visitor_answer:
 * @self: a visitor who asked
 * @request: what it asked for
 * @response: its answer, which it gets soon
 */
void
parlor_visitor_answer (ParlorVisitor *self, const ParlorRequest *request, const ParlorResponse *response)
{
  self->answer = parlor_response_to_bytes (response, request);
  self->state = BEING_ANSWERED;
}

/**
 * parlor_visitor_steal:
 * @self: a visitor who asked
 *
 * Takes its connection, with what it sent behind its request. The visitor is over, soon.
 *
 * Returns: (transfer full): the connection
 */
ParlorStream
parlor_visitor_steal (ParlorVisitor *self)
{
  ParlorStream stream = self->stream;

  parlor_poll_unwatch (self->host->poll, &self->watch);
  self->stream = (ParlorStream){ .fd = -1 };
  self->state = STOLEN;
  return stream;
}

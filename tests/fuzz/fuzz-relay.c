/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "parlor-message.h"
#include "parlor-relay.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A whole relay, one connection's bytes against it, and a witness in the same room.
 *
 * The first byte says how the rest comes: 0 as it is; 1 after the upgrade and hello, each line a text frame; 2 the same as a seed page in the
 * lobby; 3 as it is after the upgrade. In lines `@A` is the sender's id and `@B` the witness's, and `!` with a byte is another first byte of the
 * frame. Then it hangs up, and the relay must let go of all it held, and still serve the witness, who has understood all that it heard.
 *
 * All of it runs in one thread: nothing depends on time but the deadlines by which a relay that hangs is found.
 */

#define DEADLINE (20 * G_USEC_PER_SEC)
#define ROOM "/room"

typedef struct
{
  int fd; /* -1 = closed */
  GByteArray *in;
  char id[PARLOR_WIRE_MAX_ID + 1];
} End;

static ParlorRelay *relay;
static End witness = { .fd = -1 };

static void
read_some (End *end)
{
  guint8 bytes[8192];
  gssize n;

  if (end->fd < 0)
    return;
  while ((n = recv (end->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
    g_byte_array_append (end->in, bytes, (guint) n);
  if (n == 0 || (errno != EAGAIN && errno != EINTR))
    {
      close (end->fd);
      end->fd = -1;
    }
}

/* Until @condition holds: the relay runs, and both ends read. */
#define run_until(end, condition)                                                                       \
  G_STMT_START                                                                                          \
  {                                                                                                     \
    gint64 deadline = g_get_monotonic_time () + DEADLINE;                                               \
    while (!(condition))                                                                                \
      {                                                                                                 \
        if (g_get_monotonic_time () > deadline)                                                         \
          g_error ("%s:%d: the relay hangs: this never came true: %s", __FILE__, __LINE__, #condition); \
        g_main_context_iteration (NULL, FALSE);                                                         \
        read_some (end);                                                                                \
        read_some (&witness);                                                                           \
      }                                                                                                 \
  }                                                                                                     \
  G_STMT_END

static gboolean
has_heard (End *end, const char *text)
{
  return end->in->len > 0 && memmem (end->in->data, end->in->len, text, strlen (text)) != NULL;
}

static void
end_open (End *end)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (parlor_relay_get_port (relay)), .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  struct linger linger = { .l_onoff = 1, .l_linger = 0 }; /* no TIME_WAIT: there are millions of them */

  end->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  end->in = g_byte_array_new ();
  end->id[0] = '\0';
  fuzz_check (setsockopt (end->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
  fuzz_check (connect (end->fd, (struct sockaddr *) &address, sizeof address) == 0);
}

static void
end_send (End *end, gconstpointer data, gsize size)
{
  const guint8 *bytes = data;
  gsize sent = 0;

  while (sent < size && end->fd >= 0)
    {
      gssize n = send (end->fd, bytes + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

      if (n > 0)
        sent += (gsize) n;
      else if (errno != EAGAIN)
        break; /* it hung up: read_some() sees that */
      g_main_context_iteration (NULL, FALSE);
      read_some (end);
      read_some (&witness);
    }
}

/* Masked with zeros, so that the fuzzer sees what it says. */
static void
end_send_frame (End *end, guint8 first_byte, const char *payload, gsize length)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  const guint8 header[] = { first_byte, (guint8) (length < 126 ? 0x80 | length : 0x80 | 126), (guint8) (length >> 8), (guint8) length };

  g_byte_array_append (frame, header, length < 126 ? 2 : 4);
  g_byte_array_append (frame, (const guint8 *) "\0\0\0\0", 4);
  g_byte_array_append (frame, (const guint8 *) payload, (guint) length);
  end_send (end, frame->data, frame->len);
}

static void
end_upgrade (End *end, const char *path, gboolean parlor)
{
  g_autofree char *head = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
                                           path, parlor ? "Sec-WebSocket-Protocol: parlor.1\r\n" : "");

  end_send (end, head, strlen (head));
  run_until (end, has_heard (end, "\r\n\r\n"));
  fuzz_check (has_heard (end, "HTTP/1.1 101 "));
}

static void
end_join (End *end)
{
  const char hello[] = "{\"type\":\"hello\",\"name\":\"Ada\"}";
  const char *id;

  end_upgrade (end, ROOM, TRUE);
  end_send_frame (end, 0x81, hello, strlen (hello));
  run_until (end, has_heard (end, "\"welcome\"") && has_heard (end, "\"id\":\""));
  id = memmem (end->in->data, end->in->len, "\"id\":\"", 6);
  g_byte_array_append (end->in, (const guint8 *) "\"", 2);
  id = (const char *) memmem (end->in->data, end->in->len, "\"id\":\"", 6) + 6;
  fuzz_check (strcspn (id, "\"") < sizeof end->id);
  g_strlcpy (end->id, id, strcspn (id, "\"") + 1);
  g_byte_array_set_size (end->in, 0);
}

static void
start (void)
{
  ParlorRelayLimits limits;
  g_autoptr (GError) error = NULL;

  parlor_relay_limits_init (&limits);
  limits.away_ms = 0; /* so that all is let go of at once */
  limits.max_per_address = limits.messages_per_second = limits.bytes_per_second = limits.max_rings = limits.max_open_rings = limits.max_knocks = 0;
  limits.ping_ms = limits.request_ms = limits.hello_ms = limits.knock_ms = limits.visit_ms = G_MAXINT / 2;
  limits.max_message = 8192;
  relay = parlor_relay_new (&limits);
  parlor_relay_listen (relay, "127.0.0.1", 0, &error);
  g_assert_no_error (error);
  end_open (&witness);
  end_join (&witness);
}

/* The text frames of a server, each a message that we understand. What is not whole yet stays. */
static void
check_heard (void)
{
  guint at = 0;

  while (witness.in->len - at >= 4)
    {
      const guint8 *frame = witness.in->data + at;
      guint header = frame[1] < 126 ? 2 : 4, length = frame[1] < 126 ? frame[1] : (guint) frame[2] << 8 | frame[3];
      g_autoptr (ParlorMessage) message = NULL;

      fuzz_check (frame[0] == 0x81 && frame[1] < 127);
      if (witness.in->len - at < header + length)
        break;
      message = parlor_message_parse ((const char *) frame + header, (gssize) length, PARLOR_DIALECT_PARLOR, NULL);
      fuzz_check (message != NULL);
      at += header + length;
    }
  if (at > 0)
    g_byte_array_remove_range (witness.in, 0, at);
}

static void
send_lines (End *end, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] && end->fd >= 0; i++)
    {
      g_autoptr (GString) line = g_string_new (lines[i]);
      guint8 first_byte = 0x81;

      if (line->len > 1 && line->str[0] == '!')
        {
          first_byte = (guint8) line->str[1];
          g_string_erase (line, 0, 2);
        }
      g_string_replace (line, "@A", end->id, 0);
      g_string_replace (line, "@B", witness.id, 0);
      end_send_frame (end, first_byte, line->str, line->len);
    }
}

static void
attack (End *end, guint mode, const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);

  if (mode == 1)
    end_join (end);
  else if (mode == 2)
    end_upgrade (end, "/", FALSE);
  else if (mode == 3)
    end_upgrade (end, ROOM, TRUE);
  if (mode == 1 || mode == 2)
    send_lines (end, text);
  else
    end_send (end, data, size);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char probe[] = "{\"type\":\"are-you-there\"}";
  End end;

  if (size == 0 || size > 8192)
    return 0;
  if (!relay)
    start ();
  end_open (&end);
  attack (&end, data[0] % 4, data + 1, size - 1);
  if (end.fd >= 0)
    shutdown (end.fd, SHUT_WR);
  run_until (&end, end.fd < 0);
  g_byte_array_unref (end.in);
  run_until (&witness, parlor_relay_get_n_connections (relay) == 1 && parlor_relay_get_n_guests (relay) == 1);
  fuzz_check (parlor_relay_get_n_rooms (relay) == 1);

  check_heard ();
  g_byte_array_set_size (witness.in, 0);
  end_send_frame (&witness, 0x81, probe, strlen (probe));
  run_until (&witness, has_heard (&witness, "unknown-type"));
  fuzz_check (witness.fd >= 0);
  check_heard ();
  return 0;
}

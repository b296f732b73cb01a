/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * The load of ./dev bench relay: one process that is all the clients of one relay, measures, and prints a JSON object
 * for each figure. It is told what to do by bench.py's arguments only, so that both relays get the same.
 *
 * Usage: load PORT PID SECONDS CROWD HELD, or load PORT PID SECONDS CROWD tls
 *
 * It speaks parlor.1: hello, welcome, and messages with `to`. Each client comes from one of many addresses of 127/8, as no
 * address has ports enough, and a relay may count by address. One thread sends and receives; another measures how late
 * the machine wakes it: what is printed as "late" with each figure.
 */

#define PAIRS 100
#define CROWD_AT_ONCE 64 /* connections being made at a time */
#define PER_ADDRESS 16
#define RATE 200 /* messages a second, where they are counted out */
#define SMALL 200
#define LARGE 4096
#define SCRATCH 65536
/* One handshake for both relays: no choice that one of them might make otherwise. */
#define TLS_PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X25519:-CIPHER-ALL:+AES-128-GCM"
#define MAX_SAMPLES 4000000
#define DEADLINE 60.0 /* seconds for anything that is waited for */

#define die(...) (fprintf (stderr, "load: " __VA_ARGS__), fputc ('\n', stderr), exit (1))

typedef enum
{
  CONNECTING,
  SHAKING_HANDS,
  UPGRADING,
  GREETING,
  IN
} State;

typedef struct Client
{
  int fd;
  gnutls_session_t tls; /* NULL: plain */
  State state;
  unsigned number;
  struct Client *partner; /* NULL: idle */

  /* the frame that comes in */
  uint8_t header[4];
  unsigned header_length;
  unsigned remaining;

  char *head; /* while it is not in: the answer to its request, then its welcome */
  unsigned head_length;
  char id[33];
  double sent_at;
  uint8_t *frame; /* what it says to its partner */
  unsigned frame_length;
} Client;

static int epoll_fd, relay_pid;
static int with_tls;
static gnutls_certificate_credentials_t credentials; /* that trust everybody */
static gnutls_priority_t priority;
static struct sockaddr_in relay_address;
static unsigned n_clients, n_in, n_lost, n_heard, n_pings;
static int echoing; /* whoever hears a message answers it */
static float *samples;
static unsigned n_samples;

static double
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

/* --- How late the machine is ------------------------------------------------------------------------------- */

static volatile double worst_lateness;

static void *
measure_lateness (void *unused)
{
  for (;;)
    {
      double began = now ();
      double late;

      nanosleep (&(struct timespec){ .tv_nsec = 2000000 }, NULL);
      late = now () - began - 0.002;
      if (late > worst_lateness)
        worst_lateness = late;
    }
  return unused;
}

/* --- What the relay costs ---------------------------------------------------------------------------------- */

/* CPU time of all its threads so far, in seconds: the scheduler's own count, in ns. */
static double
relay_cpu (void)
{
  char path[300];
  double total = 0;
  DIR *tasks;

  snprintf (path, sizeof path, "/proc/%d/task", relay_pid);
  tasks = opendir (path);
  if (tasks == NULL)
    die ("the relay is gone");
  for (struct dirent *entry; (entry = readdir (tasks));)
    {
      FILE *file;
      double ns;

      snprintf (path, sizeof path, "/proc/%d/task/%s/schedstat", relay_pid, entry->d_name);
      file = entry->d_name[0] == '.' ? NULL : fopen (path, "r");
      if (file == NULL)
        continue;
      if (fscanf (file, "%lf", &ns) == 1)
        total += ns / 1e9;
      fclose (file);
    }
  closedir (tasks);
  return total;
}

static double
relay_rss (void)
{
  char path[64];
  double size, resident;
  FILE *file;

  snprintf (path, sizeof path, "/proc/%d/statm", relay_pid);
  file = fopen (path, "r");
  if (file == NULL || fscanf (file, "%lf %lf", &size, &resident) != 2)
    die ("the relay is gone");
  fclose (file);
  return resident * sysconf (_SC_PAGESIZE);
}

static void
print (const char *row, double value)
{
  printf ("{\"row\": \"%s%s\", \"value\": %.9g, \"late\": %.3f}\n", with_tls ? "TLS " : "", row, value, worst_lateness * 1000);
  fflush (stdout);
}

/* --- Clients ----------------------------------------------------------------------------------------------- */

static void
lose (Client *client)
{
  close (client->fd);
  client->fd = -1;
  n_lost++;
}

/* What a client has to send is short of what a socket takes, as it waits for each answer. */
static void
send_all (Client *client, const void *bytes, size_t length)
{
  ssize_t n;

  if (client->fd < 0)
    return;
  n = client->tls ? gnutls_record_send (client->tls, bytes, length) : send (client->fd, bytes, length, MSG_NOSIGNAL);
  if (n != (ssize_t) length)
    lose (client);
}

/* As recv(). */
static ssize_t
receive (Client *client, void *bytes, size_t length)
{
  ssize_t n;

  if (client->tls == NULL)
    return recv (client->fd, bytes, length, 0);
  n = gnutls_record_recv (client->tls, bytes, length);
  errno = n == GNUTLS_E_AGAIN ? EAGAIN : EIO;
  return n;
}

static unsigned
make_frame (uint8_t *frame, uint8_t opcode, const char *text, unsigned length)
{
  static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
  unsigned n = 2;

  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (length < 126 ? length : 126);
  if (length >= 126)
    {
      frame[n++] = length >> 8;
      frame[n++] = length & 0xff;
    }
  memcpy (frame + n, mask, 4);
  n += 4;
  for (unsigned i = 0; i < length; i++)
    frame[n + i] = text[i] ^ mask[i % 4];
  return n + length;
}

/* What calls send: a candidate, or a description, whose lines end as they do in JSON. */
static void
prepare_message (Client *client, unsigned size)
{
  static const char line[] = "a=rtpmap:96 VP8/90000\\r\\n";
  char text[LARGE + 1];
  unsigned n;

  if (size == SMALL)
    n = snprintf (text, sizeof text,
                  "{\"type\":\"ice\",\"to\":\"%s\",\"call\":\"dGhlIHNhbXBsZSBub25jZQ\",\"generation\":1,\"candidate\":"
                  "{\"sdpMid\":\"0\",\"candidate\":\"candidate:1 1 UDP 2015363327 192.0.2.7 ",
                  client->partner->id);
  else
    n = snprintf (text, sizeof text, "{\"type\":\"offer\",\"to\":\"%s\",\"call\":\"dGhlIHNhbXBsZSBub25jZQ\",\"sdp\":\"",
                  client->partner->id);
  for (unsigned i = 0; size != SMALL && n + sizeof line < size; i++)
    n += snprintf (text + n, sizeof text - n, "%s", line);
  while (n < size - 3)
    text[n++] = '7';
  memcpy (text + n, size == SMALL ? "\"}}" : "7\"}", 3);
  free (client->frame);
  client->frame = malloc (size + 14);
  client->frame_length = make_frame (client->frame, 0x1, text, size);
}

static void
say (Client *client)
{
  client->sent_at = now ();
  send_all (client, client->frame, client->frame_length);
}

static void
hear_frame (Client *client)
{
  uint8_t pong[6] = { 0x8a, 0x80 };

  switch (client->header[0] & 0x0f)
    {
    case 0x1:
      if (client->partner == NULL || client->partner->sent_at == 0)
        return; /* joined, left */
      n_heard++;
      if (n_samples < MAX_SAMPLES)
        samples[n_samples++] = now () - client->partner->sent_at;
      client->partner->sent_at = 0;
      if (echoing)
        say (client);
      return;
    case 0x8:
      lose (client);
      return;
    case 0x9: /* both relays ping without a payload */
      n_pings++;
      send_all (client, pong, sizeof pong);
      return;
    default:
      return;
    }
}

static void
hear (Client *client, const uint8_t *bytes, size_t length)
{
  while (length > 0 && client->fd >= 0)
    {
      unsigned header_size = client->header_length >= 2 && client->header[1] == 126 ? 4 : 2;

      if (client->header_length < header_size)
        {
          client->header[client->header_length++] = *bytes++;
          length--;
          if (client->header_length < 2 || (client->header[1] == 126 && client->header_length < 4))
            continue;
          client->remaining = client->header[1] == 126 ? client->header[2] << 8 | client->header[3] : client->header[1];
        }
      else
        {
          unsigned n = client->remaining < length ? client->remaining : length;

          client->remaining -= n;
          bytes += n;
          length -= n;
        }
      if (client->remaining == 0)
        {
          client->header_length = 0;
          hear_frame (client);
        }
    }
}

static void
greet (Client *client)
{
  static const char hello[] = "{\"type\":\"hello\",\"name\":\"Bench\"}";
  uint8_t frame[sizeof hello + 14];

  if (strncmp (client->head, "HTTP/1.1 101 ", 13) != 0)
    die ("this is no upgrade: %.60s", client->head);
  client->state = GREETING;
  client->head_length = 0;
  send_all (client, frame, make_frame (frame, 0x1, hello, sizeof hello - 1));
}

/* How long the frame at the start of what came is, with its header; 0 while that is not known. */
static unsigned
frame_size (const Client *client)
{
  const uint8_t *head = (const uint8_t *) client->head;

  if (client->head_length < 4)
    return 0;
  return head[1] == 126 ? 4u + (head[2] << 8 | head[3]) : 2u + head[1];
}

/* Its welcome is the first text; a ping may come before it, or right behind. */
static void
hear_welcome (Client *client)
{
  unsigned size;

  while (client->state == GREETING && (size = frame_size (client)) != 0 && client->head_length >= size)
    {
      char *id = (client->head[0] & 0x0f) == 0x1 ? memmem (client->head, size, "\"id\":\"", 6) : NULL;

      if (id != NULL)
        {
          snprintf (client->id, sizeof client->id, "%.*s", (int) strcspn (id + 6, "\""), id + 6);
          client->state = IN;
          n_in++;
        }
      else if ((client->head[0] & 0x0f) == 0x1)
        die ("this is no welcome: %.*s", (int) size - 2, client->head + 2);
      client->head_length -= size;
      memmove (client->head, client->head + size, client->head_length);
    }
  if (client->state != IN)
    return;
  hear (client, (uint8_t *) client->head, client->head_length);
  free (client->head);
  client->head = NULL;
}

/* The answer to its request, then its welcome. */
static void
hear_head (Client *client, const uint8_t *bytes, size_t length)
{
  if (client->head_length + length > 2000)
    die ("more came than an answer");
  memcpy (client->head + client->head_length, bytes, length);
  client->head_length += length;
  client->head[client->head_length] = '\0';
  if (client->state == GREETING)
    hear_welcome (client);
  else if (strstr (client->head, "\r\n\r\n"))
    greet (client);
}

static void
ask (Client *client)
{
  char text[400];
  unsigned room = client->number / 2;
  int length = snprintf (text, sizeof text,
                         "GET /%s-%u HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                         "Sec-WebSocket-Protocol: parlor.1\r\n\r\n",
                         client->number < 2 * PAIRS ? "pair" : "idle",
                         client->number < 2 * PAIRS ? room : client->number);

  client->state = UPGRADING;
  send_all (client, text, length);
}

static void
start_tls (Client *client)
{
  gnutls_init (&client->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
  gnutls_priority_set (client->tls, priority);
  gnutls_credentials_set (client->tls, GNUTLS_CRD_CERTIFICATE, credentials);
  gnutls_transport_set_int (client->tls, client->fd);
  client->state = SHAKING_HANDS;
}

static void
shake_hands (Client *client)
{
  int rc = gnutls_handshake (client->tls);

  if (rc == 0)
    ask (client);
  else if (rc != GNUTLS_E_AGAIN)
    die ("no TLS: %s", gnutls_strerror (rc));
}

static void
open_client (Client *client)
{
  unsigned address = client->number / PER_ADDRESS;
  struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (0x7f010001 + address) };
  struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = client };
  int one = 1;

  client->fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (client->fd < 0)
    die ("no socket: %s; raise the hard limit of descriptors", strerror (errno));
  setsockopt (client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  setsockopt (client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  client->state = CONNECTING;
  client->head = malloc (2048);
  client->head_length = 0;
  if (bind (client->fd, (struct sockaddr *) &from, sizeof from) != 0)
    die ("no address: %s", strerror (errno));
  if (connect (client->fd, (struct sockaddr *) &relay_address, sizeof relay_address) != 0 && errno != EINPROGRESS)
    die ("no connection: %s", strerror (errno));
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, client->fd, &event);
}

static void
on_event (Client *client, uint32_t events)
{
  static uint8_t scratch[SCRATCH];
  ssize_t n;

  if (client->fd >= 0 && client->state == CONNECTING && (events & EPOLLOUT))
    with_tls ? start_tls (client) : ask (client);
  if (client->fd >= 0 && client->state == SHAKING_HANDS)
    shake_hands (client);
  if (client->state == SHAKING_HANDS)
    return;
  while (client->fd >= 0 && (n = receive (client, scratch, sizeof scratch)) != 0)
    {
      if (n < 0 && errno == EAGAIN)
        return;
      if (n < 0)
        break;
      if (client->state == IN)
        hear (client, scratch, n);
      else
        hear_head (client, scratch, n);
      if (n < SCRATCH && client->tls == NULL && !(events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
        return;
    }
  if (client->fd >= 0)
    lose (client);
}

static void
turn (double seconds)
{
  struct epoll_event events[512];
  int n = epoll_wait (epoll_fd, events, 512, seconds > 0 ? (int) (seconds * 1000 + 0.999) : 0);

  for (int i = 0; i < n; i++)
    on_event (events[i].data.ptr, events[i].events);
}

/* --- What is measured -------------------------------------------------------------------------------------- */

static void
open_until (Client *clients, unsigned wanted)
{
  double end = now () + DEADLINE;

  while (n_in < wanted)
    {
      while (n_clients < wanted && n_clients - n_in < CROWD_AT_ONCE)
        open_client (&clients[n_clients++]);
      turn (0.1);
      if (n_lost > 0 || now () > end)
        die ("%u of %u are in, and %u were lost", n_in, wanted, n_lost);
    }
}

static int
compare (const void *a, const void *b)
{
  return (*(const float *) a > *(const float *) b) - (*(const float *) a < *(const float *) b);
}

/* In each pair one message at a time goes to and fro, as fast as it will. */
static void
run_pairs (Client *clients, unsigned size, double seconds)
{
  double began, cpu;

  for (unsigned i = 0; i < 2 * PAIRS; i++)
    prepare_message (&clients[i], size);
  echoing = 1;
  for (unsigned i = 0; i < PAIRS; i++)
    say (&clients[2 * i]);
  for (double end = now () + 0.3; now () < end;)
    turn (0.01);
  worst_lateness = 0;
  n_heard = n_samples = 0;
  cpu = relay_cpu ();
  for (began = now (); now () < began + seconds;)
    turn (0.01);
  cpu = relay_cpu () - cpu;
  print (size == SMALL ? "messages/s, 200 B" : "messages/s, 4 KB", n_heard / (now () - began));
  print (size == SMALL ? "CPU us/message, 200 B" : "CPU us/message, 4 KB", cpu / n_heard * 1e6);
  qsort (samples, n_samples, sizeof *samples, compare);
  print (size == SMALL ? "p50 ms, 200 B" : "p50 ms, 4 KB", samples[n_samples / 2] * 1000);
  print (size == SMALL ? "p99 ms, 200 B" : "p99 ms, 4 KB", samples[n_samples / 100 * 99] * 1000);

  echoing = 0;
  for (double end = now () + 0.3; now () < end;)
    turn (0.01);
  if (n_lost > 0)
    die ("%u clients were lost under load", n_lost);
}

/* The relay's CPU seconds a second, while so many messages a second pass. */
static double
cpu_at_rate (Client *clients, unsigned rate, double seconds)
{
  double began = now ();
  double cpu = relay_cpu ();
  unsigned n = 0;

  n_heard = n_samples = 0;
  while (now () < began + seconds)
    {
      double next = rate ? began + (double) (n + 1) / rate : began + seconds;

      while (rate && now () >= next)
        {
          say (&clients[n++ % PAIRS * 2]);
          next = began + (double) (n + 1) / rate;
        }
      turn (next - now () < 0.1 ? next - now () : 0.1);
    }
  cpu = relay_cpu () - cpu;
  if (rate && n_heard < n * 9 / 10)
    die ("only %u of %u messages came", n_heard, n);
  return cpu / (now () - began);
}

static void
measure_arrival (Client *clients, unsigned crowd)
{
  double rss = relay_rss ();
  double cpu = relay_cpu ();
  double began = now ();

  worst_lateness = 0;
  open_until (clients, 2 * PAIRS + crowd);
  print ("connects/s", crowd / (now () - began));
  print ("CPU us/connect", (relay_cpu () - cpu) / crowd * 1e6);
  print ("RSS kB/connection", (relay_rss () - rss) / crowd / 1000);
}

static void
measure_crowd (Client *clients, unsigned crowd, double seconds)
{
  double alone, pings, among;

  for (unsigned i = 0; i < 2 * PAIRS; i++)
    prepare_message (&clients[i], SMALL);
  worst_lateness = 0;
  alone = cpu_at_rate (clients, RATE, seconds) - cpu_at_rate (clients, 0, seconds);
  print ("CPU us/message, nobody idle", alone / RATE * 1e6);

  measure_arrival (clients, crowd);
  worst_lateness = 0;
  n_pings = 0;
  pings = cpu_at_rate (clients, 0, 2 * seconds);
  print ("CPU us/ping", n_pings ? pings * 2 * seconds / n_pings * 1e6 : 0);
  among = cpu_at_rate (clients, RATE, seconds) - pings;
  print ("CPU us/message, crowd idle", among / RATE * 1e6);
  print ("crowd idle / nobody idle", among / alone);
}

int
main (int argc, char *argv[])
{
  struct rlimit limit;
  pthread_t thread;
  Client *clients;
  double seconds;
  unsigned crowd, held, most;

  if (argc != 6)
    die ("Usage: load PORT PID SECONDS CROWD HELD|tls");
  relay_address = (struct sockaddr_in){ .sin_family = AF_INET,
                                        .sin_port = htons (atoi (argv[1])),
                                        .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  relay_pid = atoi (argv[2]);
  seconds = atof (argv[3]);
  crowd = atoi (argv[4]);
  with_tls = strcmp (argv[5], "tls") == 0;
  held = with_tls ? 0 : atoi (argv[5]);
  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
  most = held > 2 * PAIRS + crowd ? held : 2 * PAIRS + crowd;
  if (limit.rlim_max < most + 100)
    die ("%u connections need that many descriptors, and %lu is the most here", most, (unsigned long) limit.rlim_max);
  if (with_tls
      && (gnutls_certificate_allocate_credentials (&credentials) < 0
          || gnutls_priority_init (&priority, TLS_PRIORITY, NULL) < 0))
    die ("no TLS");
  epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  samples = malloc (MAX_SAMPLES * sizeof *samples);
  clients = calloc (2 * PAIRS + crowd + held, sizeof *clients);
  for (unsigned i = 0; i < 2 * PAIRS + crowd + held; i++)
    clients[i].number = i;
  for (unsigned i = 0; i < 2 * PAIRS; i++)
    clients[i].partner = &clients[i ^ 1];
  pthread_create (&thread, NULL, measure_lateness, NULL);

  open_until (clients, 2 * PAIRS);
  run_pairs (clients, SMALL, seconds);
  if (with_tls)
    {
      measure_arrival (clients, crowd);
      return 0;
    }
  run_pairs (clients, LARGE, seconds);
  measure_crowd (clients, crowd, seconds);
  worst_lateness = 0;
  open_until (clients, held);
  cpu_at_rate (clients, RATE, seconds);
  print ("held", n_in - n_lost);
  return 0;
}

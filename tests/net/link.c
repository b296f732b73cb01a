/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/if_tun.h>
#include <math.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

/*
 * link: a line between two network namespaces, as bad as one likes, where the kernel has no netem.
 *
 * It makes a TUN device in each and carries packets from one to the other, in one process and thread. Each way has settings of
 * its own, which change while it runs, by lines on standard input (see `usage`); each is answered by one line. The end of input
 * ends it. It says with `stats` how late it was itself: a machine that is busy elsewhere wakes it late, and a test should know.
 */

#define MAX_PACKET 2048
#define MAX_WAITING 65536 /* packets of one way */
#define READS_IN_A_ROW 64 /* before what is due is sent again */
#define MAX_LINE 1024
#define MS 1000000.0 /* in ns */
#define DEFAULT_SEED 20260101

static const char usage[] = "link NAMESPACE-FILE DEVICE NAMESPACE-FILE DEVICE [SEED]\n"
                            "then lines: ab|ba|both NAME=VALUE..., stats, quit; names:\n"
                            "  delay, jitter (ms: mean and standard deviation; jitter never reorders)\n"
                            "  rate (kbit/s, 0: any), queue (ms that may wait for the rate)\n"
                            "  loss (%), burst (mean run of lost packets), reorder (% that skip the delay), dup (%)\n";

typedef struct
{
  double delay, jitter, rate, queue, loss, burst, reorder, dup;
} Settings;

static const struct
{
  const char *name;
  size_t offset;
  double least, most;
} known[] = {
  { "delay", offsetof (Settings, delay), 0, 60000 },
  { "jitter", offsetof (Settings, jitter), 0, 60000 },
  { "rate", offsetof (Settings, rate), 0, 10e6 },
  { "queue", offsetof (Settings, queue), 0, 60000 },
  { "loss", offsetof (Settings, loss), 0, 100 },
  { "burst", offsetof (Settings, burst), 1, 1000 },
  { "reorder", offsetof (Settings, reorder), 0, 100 },
  { "dup", offsetof (Settings, dup), 0, 100 },
};

typedef struct
{
  gint64 due; /* ns */
  size_t length;
  guint8 bytes[];
} Packet;

typedef struct
{
  Settings settings;
  int from, to;      /* TUN devices */
  GQueue waiting;    /* of Packet, by due */
  gint64 line_free;  /* when the last packet has left the rate limit */
  gint64 last_due;   /* of what kept its order */
  gboolean in_burst; /* of loss */

  guint64 n_in, n_out, n_lost, n_overflown;
  gint64 late_sum, late_max; /* ns */
} Way;

typedef struct
{
  Way ways[2]; /* a to b, b to a */
  GRand *rand;
} Link;

static gint64
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return time.tv_sec * G_GINT64_CONSTANT (1000000000) + time.tv_nsec;
}

/* TRUE in so many of a hundred cases. */
static gboolean
happens (GRand *rand, double percent)
{
  return percent > 0 && g_rand_double (rand) * 100 < percent;
}

/* Box and Muller: mean 0, standard deviation 1. */
static double
normal (GRand *rand)
{
  return sqrt (-2 * log (1 - g_rand_double (rand))) * cos (2 * G_PI * g_rand_double (rand));
}

/* Single losses, or Gilbert's two states: in the bad one all is lost, and it lasts `burst` packets in the mean. */
static gboolean
loses (Way *way, GRand *rand)
{
  const Settings *settings = &way->settings;
  double share = settings->loss / 100;

  if (settings->burst <= 1 || share <= 0 || share >= 1)
    return happens (rand, settings->loss);
  if (way->in_burst)
    way->in_burst = g_rand_double (rand) >= 1 / settings->burst;
  else
    way->in_burst = g_rand_double (rand) < share / (1 - share) / settings->burst;
  return way->in_burst;
}

/* Puts it in by its time; all but the reordered come last, so the search from the end is short. */
static void
enqueue (Way *way, Packet *packet)
{
  GList *after = way->waiting.tail;

  while (after && ((Packet *) after->data)->due > packet->due)
    after = after->prev;
  if (after)
    g_queue_insert_after (&way->waiting, after, packet);
  else
    g_queue_push_head (&way->waiting, packet);
}

/* When what comes now has passed the rate limit; -1 when its queue is full. */
static gint64
pass_rate (Way *way, size_t length)
{
  const Settings *settings = &way->settings;
  gint64 time = now (), start = MAX (time, way->line_free);

  if (settings->rate <= 0)
    return time;
  if (start - time > settings->queue * MS)
    return -1;
  way->line_free = start + (gint64) (length * 8 / settings->rate * MS);
  return way->line_free;
}

static void
carry (Way *way, GRand *rand, const guint8 *bytes, size_t length)
{
  const Settings *settings = &way->settings;
  Packet *packet;
  gint64 due;

  if (loses (way, rand))
    {
      way->n_lost++;
      return;
    }
  due = pass_rate (way, length);
  if (due < 0 || way->waiting.length >= MAX_WAITING)
    {
      way->n_overflown++;
      return;
    }
  if (!happens (rand, settings->reorder))
    {
      double delay = settings->delay + (settings->jitter > 0 ? normal (rand) * settings->jitter : 0);

      due = MAX (due + (gint64) (MAX (delay, 0) * MS), way->last_due);
      way->last_due = due;
    }
  packet = g_malloc (sizeof *packet + length);
  packet->due = due;
  packet->length = length;
  memcpy (packet->bytes, bytes, length);
  enqueue (way, packet);
}

static void
read_packets (Way *way, GRand *rand)
{
  guint8 bytes[MAX_PACKET];
  ssize_t length;

  for (guint i = 0; i < READS_IN_A_ROW && (length = read (way->from, bytes, sizeof bytes)) > 0; i++)
    {
      way->n_in++;
      carry (way, rand, bytes, (size_t) length);
      if (happens (rand, way->settings.dup))
        carry (way, rand, bytes, (size_t) length);
    }
}

static void
send_due (Way *way)
{
  gint64 time = now ();
  Packet *packet;

  while ((packet = g_queue_peek_head (&way->waiting)) && packet->due <= time)
    {
      way->late_sum += time - packet->due;
      way->late_max = MAX (way->late_max, time - packet->due);
      /* A full device would drop it as well; it is seen as out < in. */
      if (write (way->to, packet->bytes, packet->length) == (ssize_t) packet->length)
        way->n_out++;
      g_free (g_queue_pop_head (&way->waiting));
    }
}

static void
say_stats (const Link *link)
{
  for (guint i = 0; i < 2; i++)
    {
      const Way *way = &link->ways[i];

      printf ("%s\"%s\":{\"in\":%" G_GUINT64_FORMAT ",\"out\":%" G_GUINT64_FORMAT ",\"lost\":%" G_GUINT64_FORMAT
              ",\"overflown\":%" G_GUINT64_FORMAT ",\"waiting\":%u,\"queue_ms\":%.3f,\"late_mean_ms\":%.3f,\"late_max_ms\":%.3f}%s",
              i == 0 ? "{" : ",", i == 0 ? "ab" : "ba", way->n_in, way->n_out, way->n_lost, way->n_overflown,
              way->waiting.length, MAX (way->line_free - now (), 0) / MS, way->n_out > 0 ? way->late_sum / MS / way->n_out : 0, way->late_max / MS,
              i == 0 ? "" : "}\n");
    }
}

/* "delay=50"; FALSE when there is no such setting, or not with this value. */
static gboolean
apply (Settings *settings, const char *word)
{
  const char *equals = strchr (word, '=');
  char *end;
  double value = equals ? g_ascii_strtod (equals + 1, &end) : 0;

  if (!equals || end == equals + 1 || *end != '\0')
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (strlen (known[i].name) == (size_t) (equals - word) && g_str_has_prefix (word, known[i].name))
      {
        if (!(value >= known[i].least && value <= known[i].most))
          return FALSE;
        *(double *) ((char *) settings + known[i].offset) = value;
        return TRUE;
      }
  return FALSE;
}

/* All of a line or nothing of it. */
static void
change (Link *link, char **words)
{
  gboolean both = g_str_equal (words[0], "both");
  Settings changed[2] = { link->ways[0].settings, link->ways[1].settings };

  for (guint i = 0; i < 2; i++)
    {
      if (!both && !g_str_equal (words[0], i == 0 ? "ab" : "ba"))
        continue;
      for (guint j = 1; words[j]; j++)
        if (!apply (&changed[i], words[j]))
          {
            printf ("error: %s\n", words[j]);
            return;
          }
    }
  for (guint i = 0; i < 2; i++)
    link->ways[i].settings = changed[i];
  puts ("ok");
}

static void
obey (Link *link, char *line)
{
  g_auto (GStrv) words = g_strsplit (g_strstrip (line), " ", -1);

  if (words[0] && g_str_equal (words[0], "quit"))
    exit (EXIT_SUCCESS);
  else if (words[0] && g_str_equal (words[0], "stats"))
    say_stats (link);
  else if (words[0] && g_strv_contains ((const char *const[]){ "ab", "ba", "both", NULL }, words[0]))
    change (link, words);
  else
    printf ("error: %s\n", words[0] ? words[0] : "");
  fflush (stdout);
}

/* Standard input, in whole lines. */
static void
read_commands (Link *link)
{
  static char line[MAX_LINE];
  static size_t length;
  ssize_t n = read (STDIN_FILENO, line + length, sizeof line - 1 - length);
  char *newline;

  if (n <= 0)
    exit (EXIT_SUCCESS);
  length += (size_t) n;
  line[length] = '\0';
  while ((newline = strchr (line, '\n')))
    {
      *newline = '\0';
      obey (link, line);
      length -= (size_t) (newline + 1 - line);
      memmove (line, newline + 1, length + 1);
    }
  if (length == sizeof line - 1)
    length = 0;
}

static void G_GNUC_NORETURN
die (const char *what)
{
  fprintf (stderr, "link: %s: %s\n", what, g_strerror (errno));
  exit (EXIT_FAILURE);
}

/* Makes the device in that namespace and comes back out of it; the descriptor keeps the device alive. */
static int
open_device (const char *space, const char *name, int home)
{
  int there = open (space, O_RDONLY | O_CLOEXEC), control, device;
  struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };

  if (there < 0 || setns (there, CLONE_NEWNET) != 0)
    die (space);
  device = open ("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  g_strlcpy (request.ifr_name, name, sizeof request.ifr_name);
  if (device < 0 || ioctl (device, TUNSETIFF, &request) != 0)
    die (name);
  control = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  request.ifr_qlen = 5000; /* packets that wait for us while we do not run */
  if (control < 0 || ioctl (control, SIOCSIFTXQLEN, &request) != 0)
    die (name);
  request.ifr_flags = IFF_UP;
  if (ioctl (control, SIOCSIFFLAGS, &request) != 0)
    die (name);
  close (control);
  close (there);
  if (setns (home, CLONE_NEWNET) != 0)
    die ("home");
  return device;
}

static void
run (Link *link)
{
  struct pollfd fds[] = {
    { .fd = link->ways[0].from, .events = POLLIN },
    { .fd = link->ways[1].from, .events = POLLIN },
    { .fd = STDIN_FILENO, .events = POLLIN },
  };

  for (;;)
    {
      gint64 next = G_MAXINT64, time, left;
      struct timespec wait;

      for (guint i = 0; i < 2; i++)
        {
          const Packet *packet = g_queue_peek_head (&link->ways[i].waiting);

          next = packet ? MIN (next, packet->due) : next;
        }
      time = now ();
      left = MAX (next - time, 0);
      wait = (struct timespec){ .tv_sec = left / 1000000000, .tv_nsec = left % 1000000000 };
      if (ppoll (fds, G_N_ELEMENTS (fds), next == G_MAXINT64 ? NULL : &wait, NULL) < 0 && errno != EINTR)
        die ("poll");
      for (guint i = 0; i < 2; i++)
        {
          read_packets (&link->ways[i], link->rand);
          send_due (&link->ways[i]);
        }
      if (fds[2].revents != 0)
        read_commands (link);
    }
}

int
main (int argc, char *argv[])
{
  Link link = { 0 };
  int home = open ("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  int devices[2];

  if (argc < 5 || argc > 6)
    {
      fputs (usage, stderr);
      return 2;
    }
  prctl (PR_SET_TIMERSLACK, 1000); /* ns, instead of 50,000 */
  link.rand = g_rand_new_with_seed (argc > 5 ? (guint32) g_ascii_strtoull (argv[5], NULL, 10) : DEFAULT_SEED);
  for (guint i = 0; i < 2; i++)
    devices[i] = open_device (argv[1 + 2 * i], argv[2 + 2 * i], home);
  for (guint i = 0; i < 2; i++)
    {
      link.ways[i].from = devices[i];
      link.ways[i].to = devices[1 - i];
      link.ways[i].settings = (Settings){ .queue = 200, .burst = 1 };
      g_queue_init (&link.ways[i].waiting);
    }
  puts ("ready");
  fflush (stdout);
  run (&link);
}

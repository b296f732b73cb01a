/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "peer-lab.h"

#include "parlor-error.h"
#include "parlor-webrtc-peer-private.h"

#include <string.h>

/*
 * What a peer does when the other side lies, breaks off, floods, or goes at the worst moment. Pictures and sound are measured where nothing may
 * come in; that the same instruments see something in a good call is in test-peer.c, and here after each refusal.
 */

#define BOTH (PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO)

typedef struct
{
  PeerEnd *a, *b;
} Fixture;

static void
setup (Fixture *f, gconstpointer data)
{
  f->a = peer_end_new (BOTH, 600);
  f->b = peer_end_new (BOTH, 1100);
  peer_end_add_peer (f->a, PARLOR_DIALECT_PARLOR);
  peer_end_add_peer (f->b, PARLOR_DIALECT_PARLOR);
  peer_end_link (f->a, f->b);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  peer_end_free (f->a);
  peer_end_free (f->b);
}

static ParlorPeerState
state_of (PeerEnd *self)
{
  return parlor_peer_get_state (PARLOR_PEER (self->peer));
}

static void
assert_failed (PeerEnd *self, int code, const char *beginning)
{
  const GError *error = parlor_peer_get_error (PARLOR_PEER (self->peer));

  g_assert_cmpint (state_of (self), ==, PARLOR_PEER_FAILED);
  g_assert_error (error, PARLOR_ERROR, code);
  if (!g_str_has_prefix (error->message, beginning))
    g_error ("\"%s\" does not begin with \"%s\"", error->message, beginning);
}

/* Packets that passed the gates, both ways, of both kinds. */
static gint64
count_packets (PeerEnd *self)
{
  ParlorPeerStream *stream = self->peer->stream;
  gint64 n = 0;

  g_mutex_lock (&stream->lock);
  for (guint i = 0; i < PARLOR_N_TRACKS; i++)
    n += stream->tracks[i].out.packets + stream->tracks[i].in.packets;
  g_mutex_unlock (&stream->lock);
  return n;
}

static gboolean bend_offer, bend_answer;

/* Another fingerprint than the one they will show: one digit. */
static char *
bend_fingerprint (char *sdp, gboolean offer)
{
  char *digit = sdp;

  if (!(offer ? bend_offer : bend_answer))
    return sdp;
  while ((digit = strstr (digit, "a=fingerprint:sha-256 ")))
    {
      digit += strlen ("a=fingerprint:sha-256 ");
      *digit = *digit == 'A' ? 'B' : 'A';
    }
  return sdp;
}

static void
test_wrong_fingerprint (Fixture *f, gconstpointer which)
{
  PeerEnd *deceived, *other;

  bend_offer = GPOINTER_TO_INT (which) == PARLOR_SDP_OFFER;
  bend_answer = !bend_offer;
  deceived = bend_offer ? f->b : f->a;
  other = deceived->other;
  peer_end_call (f->a, f->b, bend_fingerprint);
  parlor_test_wait (state_of (deceived) == PARLOR_PEER_FAILED, 20);
  assert_failed (deceived, PARLOR_ERROR_FINGERPRINT, "mismatch");

  /* The other side was not deceived: it may connect and send, but nothing of ours reaches it, and nothing of its is shown here. */
  parlor_test_run_for (1.5);
  g_assert_cmpint (count_packets (deceived), ==, 0);
  g_assert_cmpint (parlor_peer_get_last_activity (PARLOR_PEER (deceived->peer)), ==, 0);
  g_assert_cmpuint (parlor_test_meter_get_frames (deceived->pictures), ==, 0);
  g_assert_cmpfloat (parlor_test_meter_get_tone (deceived->sound, deceived == f->a ? 1100 : 600), <, 0.1);
  g_assert_cmpint (other->first_picture, ==, 0);
  g_assert_cmpint (other->first_sound, ==, 0);
  g_assert_cmpint (other->peer->stream->tracks[PARLOR_TRACK_VIDEO].in.packets, ==, 0);
  g_assert_cmpint (other->peer->stream->tracks[PARLOR_TRACK_AUDIO].in.packets, ==, 0);
  g_assert_cmpint (deceived->texts->len + other->texts->len, ==, 0);

  /* The same ends, told the truth. */
  bend_offer = bend_answer = FALSE;
  peer_end_drop_peer (f->a);
  peer_end_drop_peer (f->b);
  peer_end_add_peer (f->a, PARLOR_DIALECT_PARLOR);
  peer_end_add_peer (f->b, PARLOR_DIALECT_PARLOR);
  peer_end_call (f->a, f->b, bend_fingerprint);
  parlor_test_wait (deceived->first_picture && deceived->first_sound && other->first_picture, 20);
  g_assert_cmpint (count_packets (deceived), >, 0);
}

#define WITH_CONTEXT(context, call)               \
  G_STMT_START                                    \
  {                                               \
    g_main_context_push_thread_default (context); \
    call;                                         \
    g_main_context_pop_thread_default (context);  \
  }                                               \
  G_STMT_END

static gboolean
is_done (PeerEnd *self, GMainContext *context)
{
  while (g_main_context_iteration (context, FALSE))
    ;
  return self->n_operations == 1;
}

/*
 * The same, but the deceived side is too busy to hear that it was: its main context stands still from before the handshake on. Nothing may
 * depend on main here, the gates are shut by themselves.
 */
static void
test_gates (Fixture *f, gconstpointer which)
{
  GMainContext *stuck = g_main_context_new ();
  gboolean offerer = GPOINTER_TO_INT (which) == PARLOR_SDP_ANSWER;
  PeerEnd *deceived = offerer ? f->a : f->b, *other = deceived->other;
  g_autofree char *offer = NULL, *answer = NULL;
  const ParlorTrack *tracks;

  bend_offer = !offerer;
  bend_answer = offerer;
  peer_end_drop_peer (deceived);
  WITH_CONTEXT (stuck, peer_end_add_peer (deceived, PARLOR_DIALECT_PARLOR));
  tracks = deceived->peer->stream->tracks;

  WITH_CONTEXT (offerer ? stuck : NULL, peer_end_offer (f->a));
  parlor_test_wait (is_done (f->a, stuck), 20);
  offer = bend_fingerprint (g_strdup (f->a->sdp), TRUE);
  WITH_CONTEXT (offerer ? NULL : stuck, peer_end_answer (f->b, offer));
  parlor_test_wait (is_done (f->b, stuck), 20);
  answer = bend_fingerprint (g_strdup (f->b->sdp), FALSE);
  /* Before there is an answer, nobody can begin a handshake: until then it may still hear. */
  parlor_test_wait ((is_done (deceived, stuck), deceived->candidates->len > 0), 20);
  WITH_CONTEXT (offerer ? stuck : NULL, peer_end_take_answer (f->a, answer));
  parlor_test_wait (offerer ? is_done (f->a, stuck) : f->a->n_operations == 1, 20);
  for (guint i = 0; i < 2; i++)
    {
      PeerEnd *from = i ? f->a : f->b;

      for (guint j = 0; j < from->candidates->len; j++)
        parlor_peer_add_candidate (PARLOR_PEER (from->other->peer), g_ptr_array_index (from->candidates, j), NULL, 0);
    }

  /* It connects over there, and sends: sound, pictures, RTCP and SCTP. */
  parlor_test_wait (other->connected, 20);
  parlor_test_wait (other->peer->stream->tracks[PARLOR_TRACK_VIDEO].out.packets > 20, 20);
  parlor_test_run_for (0.5);
  g_assert_cmpint (tracks[PARLOR_TRACK_AUDIO].in.packets + tracks[PARLOR_TRACK_VIDEO].in.packets, ==, 0);
  g_assert_cmpint (parlor_peer_get_last_activity (PARLOR_PEER (deceived->peer)), ==, 0);
  g_assert_cmpuint (parlor_test_meter_get_frames (deceived->pictures), ==, 0);
  g_assert_cmpint (parlor_peer_get_last_activity (PARLOR_PEER (other->peer)), ==, 0); /* not even SCTP's or RTCP's */

  parlor_test_wait ((is_done (deceived, stuck), state_of (deceived) == PARLOR_PEER_FAILED), 20);
  assert_failed (deceived, PARLOR_ERROR_FINGERPRINT, "mismatch");
  bend_offer = bend_answer = FALSE;
  while (g_main_context_iteration (stuck, FALSE))
    ;
  g_main_context_unref (stuck);
}

/* For both sides: descriptions that are refused before webrtcbin sees them. */
static void
test_refused_descriptions (Fixture *f, gconstpointer data)
{
  g_autofree char *offer = NULL, *answer = NULL;
  g_auto (GStrv) lines = NULL;
  GString *bare = g_string_new (NULL);

  peer_end_offer (f->a);
  peer_end_wait_done (f->a);
  lines = g_strsplit (f->a->sdp, "\r\n", -1);
  for (guint i = 0; lines[i]; i++)
    if (!g_str_has_prefix (lines[i], "a=fingerprint"))
      g_string_append_printf (bare, "%s\r\n", lines[i]);

  peer_end_answer (f->b, bare->str);
  parlor_test_wait (f->b->n_operations == 1, 20);
  g_assert_error (f->b->error, PARLOR_ERROR, PARLOR_ERROR_NO_FINGERPRINT);
  assert_failed (f->b, PARLOR_ERROR_NO_FINGERPRINT, "missing");

  peer_end_drop_peer (f->b);
  peer_end_add_peer (f->b, PARLOR_DIALECT_PARLOR);
  peer_end_answer (f->b, "v=0\r\nm=audio");
  parlor_test_wait (f->b->n_operations == 1, 20);
  assert_failed (f->b, PARLOR_ERROR_BAD_SDP, "");

  /* Our own words, come back. */
  peer_end_take_answer (f->a, f->a->sdp);
  parlor_test_wait (f->a->n_operations == 1, 20);
  assert_failed (f->a, PARLOR_ERROR_BAD_SDP, "a=setup");
  peer_end_drop_peer (f->a);
  peer_end_add_peer (f->a, PARLOR_DIALECT_PARLOR);
  peer_end_offer (f->a);
  peer_end_wait_done (f->a);
  offer = g_strdup (f->a->sdp);
  {
    GString *reflected = g_string_new (offer);

    g_string_replace (reflected, "a=setup:actpass", "a=setup:active", 0);
    answer = g_string_free (reflected, FALSE);
  }
  peer_end_take_answer (f->a, answer);
  parlor_test_wait (f->a->n_operations == 1, 20);
  assert_failed (f->a, PARLOR_ERROR_FINGERPRINT, "mismatch: the fingerprint is our own");
  g_string_free (bare, TRUE);
}

static void
test_order (Fixture *f, gconstpointer data)
{
  /* An answer to no offer, two offers, an offer after an offer. */
  peer_end_take_answer (f->a, "v=0\r\n");
  parlor_test_wait (f->a->n_operations == 1, 20);
  g_assert_error (f->a->error, PARLOR_ERROR, PARLOR_ERROR_STATE);
  peer_end_offer (f->a);
  parlor_peer_create_offer_async (PARLOR_PEER (f->a->peer), NULL, NULL, NULL);
  peer_end_wait_done (f->a);
  peer_end_offer (f->a);
  parlor_test_wait (f->a->n_operations == 1, 20);
  g_assert_error (f->a->error, PARLOR_ERROR, PARLOR_ERROR_STATE);
  peer_end_answer (f->a, "v=0\r\n");
  parlor_test_wait (f->a->n_operations == 1, 20);
  g_assert_error (f->a->error, PARLOR_ERROR, PARLOR_ERROR_STATE);
  g_assert_cmpint (state_of (f->a), ==, PARLOR_PEER_NEW);
}

static void
test_remote_closes (Fixture *f, gconstpointer data)
{
  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  parlor_test_wait (f->b->first_picture, 20);
  parlor_peer_close (PARLOR_PEER (f->a->peer));
  g_assert_cmpint (state_of (f->a), ==, PARLOR_PEER_CLOSED);
  parlor_test_wait (state_of (f->b) == PARLOR_PEER_FAILED, 20);
  assert_failed (f->b, PARLOR_ERROR_CLOSED, "");
}

/* As a browser does it: its data channels are aborted, which the element for them tells as an error, and then DTLS is closed. */
static void
test_remote_aborts_first (Fixture *f, gconstpointer data)
{
  g_autoptr (GstIterator) elements = NULL;
  g_auto (GValue) value = G_VALUE_INIT;

  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  parlor_test_wait (parlor_peer_get_data_open (PARLOR_PEER (f->b->peer)), 20);
  elements = gst_bin_iterate_all_by_element_factory_name (GST_BIN (f->b->peer->webrtc), "sctpenc");
  g_assert_cmpint (gst_iterator_next (elements, &value), ==, GST_ITERATOR_OK);
  GST_ELEMENT_ERROR (g_value_get_object (&value), RESOURCE, WRITE, (NULL), ("SCTP association went into error state"));

  parlor_test_wait (!parlor_peer_get_data_open (PARLOR_PEER (f->b->peer)), 20);
  g_assert_false (parlor_peer_send_text (PARLOR_PEER (f->b->peer), "still there?", NULL));
  g_assert_cmpint (state_of (f->b), ==, PARLOR_PEER_CONNECTED);
  parlor_test_meter_reset (f->b->pictures);
  parlor_test_wait (parlor_test_meter_is_moving (f->b->pictures), 20);
  parlor_peer_close (PARLOR_PEER (f->a->peer));
  parlor_test_wait (state_of (f->b) == PARLOR_PEER_FAILED, 20);
  assert_failed (f->b, PARLOR_ERROR_CLOSED, "");
}

static void
test_close_is_final (Fixture *f, gconstpointer data)
{
  gint64 n;

  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  parlor_test_wait (f->a->first_picture && f->b->first_picture, 20);
  parlor_peer_close (PARLOR_PEER (f->a->peer));
  n = count_packets (f->a);
  parlor_test_meter_reset (f->a->pictures);
  parlor_test_run_for (0.5);
  g_assert_cmpint (count_packets (f->a), ==, n);
  g_assert_cmpuint (parlor_test_meter_get_frames (f->a->pictures), <=, 1); /* one may have been in the sink */
  parlor_peer_close (PARLOR_PEER (f->a->peer));
  g_assert_cmpint (state_of (f->a), ==, PARLOR_PEER_CLOSED);
}

static void
test_contained (Fixture *f, gconstpointer data)
{
  PeerEnd *a = f->a;
  ParlorWebrtcPeer *first;

  peer_end_call (a, f->b, NULL);
  peer_end_wait_connected (a, f->b);
  first = g_object_ref (a->peer);
  for (guint i = 0; i < 3; i++)
    GST_ELEMENT_ERROR (a->peer->webrtc, STREAM, FAILED, ("made up"), (NULL));
  parlor_test_wait (state_of (a) == PARLOR_PEER_FAILED, 20);
  assert_failed (a, PARLOR_ERROR_MEDIA, "");
  g_object_unref (first);

  /* The studio goes on: another peer of it connects. */
  peer_end_drop_peer (a);
  peer_end_drop_peer (f->b);
  peer_end_add_peer (a, PARLOR_DIALECT_PARLOR);
  peer_end_add_peer (f->b, PARLOR_DIALECT_PARLOR);
  peer_end_call (a, f->b, NULL);
  parlor_test_wait (f->b->first_picture && f->b->first_sound, 20);
}

static void
test_candidate_flood (Fixture *f, gconstpointer data)
{
  gint64 began;

  peer_end_offer (f->a);
  peer_end_wait_done (f->a);
  peer_end_answer (f->b, f->a->sdp);
  peer_end_wait_done (f->b);
  began = g_get_monotonic_time ();
  parlor_peer_add_candidate (PARLOR_PEER (f->b->peer), NULL, NULL, 0);
  parlor_peer_add_candidate (PARLOR_PEER (f->b->peer), "nonsense", "audio0", 0);
  parlor_peer_add_candidate (PARLOR_PEER (f->b->peer),
                             "candidate:1 1 UDP 2122260223 parlor-test-nobody.local 50000 typ host", "audio0", 0);
  parlor_peer_add_candidate (PARLOR_PEER (f->b->peer), "candidate:1 1 UDP 2122260223 192.0.2.1 50000 typ host", "x", 77);
  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *candidate = g_strdup_printf ("candidate:%u 1 UDP 2122260223 192.0.2.%u %u typ host", i, i % 250 + 1,
                                                    1024 + i);

      parlor_peer_add_candidate (PARLOR_PEER (f->b->peer), candidate, "audio0", 0);
    }
  g_assert_cmpint (g_get_monotonic_time () - began, <, 2 * G_USEC_PER_SEC); /* none of them is waited for */
  g_assert_cmpint (state_of (f->b), ==, PARLOR_PEER_CONNECTING);
}

/* Operations are cut off, at a moment that differs each time. What came of it once: transports that outlived webrtcbin, sockets and all. */
static void
test_close_midway (void)
{
  PeerEnd *a = peer_end_new (PARLOR_MEDIA_NONE, 600), *b = peer_end_new (PARLOR_MEDIA_NONE, 1100);
  guint threads = 0, fds = 0, n_cut = 0;

  peer_end_link (a, b);
  for (guint round = 0; round < 120; round++)
    {
      guint moment = (guint) g_test_rand_int_range (0, 60);
      g_autofree char *offer = NULL;
      gint64 deadline;

      /* After two rounds everything that is made once a process is there. */
      if (round == 2)
        {
          parlor_media_finish_peers ();
          threads = parlor_test_count_threads ();
          fds = parlor_test_count_fds ();
        }
      peer_end_add_peer (a, PARLOR_DIALECT_PARLOR);
      peer_end_add_peer (b, PARLOR_DIALECT_PARLOR);
      deadline = g_get_monotonic_time () + moment * G_TIME_SPAN_MILLISECOND;
      peer_end_offer (a);
      while (a->n_operations == 0 && g_get_monotonic_time () < deadline)
        g_main_context_iteration (NULL, FALSE);
      if (a->n_operations == 1)
        {
          offer = g_strdup (a->sdp);
          peer_end_answer (b, offer);
          while (b->n_operations == 0 && g_get_monotonic_time () < deadline)
            g_main_context_iteration (NULL, FALSE);
          if (b->n_operations == 1)
            peer_end_take_answer (a, b->sdp);
        }
      while (g_get_monotonic_time () < deadline)
        g_main_context_iteration (NULL, FALSE);
      parlor_peer_close (PARLOR_PEER (round % 2 ? a->peer : b->peer));
      parlor_peer_close (PARLOR_PEER (round % 2 ? b->peer : a->peer));
      parlor_test_wait (a->n_operations == 1, 10);
      n_cut += a->error && g_error_matches (a->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      if (offer)
        parlor_test_wait (b->n_operations == 1, 10);
      peer_end_drop_peer (a);
      peer_end_drop_peer (b);
      g_clear_error (&a->error);
      g_clear_error (&b->error);
    }
  g_assert_cmpuint (n_cut, >, 0);
  parlor_media_finish_peers ();
  g_test_message ("threads %u, descriptors %u before; %u and %u now", threads, fds, parlor_test_count_threads (), parlor_test_count_fds ());
  parlor_test_wait (parlor_test_count_threads () <= threads, 40);
  parlor_test_wait (parlor_test_count_fds () <= fds, 40);
  peer_end_free (a);
  peer_end_free (b);
}

/* What a browser asks for is what it is answered. */
static void
test_browsers (void)
{
  static const struct
  {
    const char *name;
    const char *lines[5]; /* of the answer: media and direction */
  } cases[] = {
    { "full", { "audio sendrecv", "video sendrecv", "application" } },
    { "video-first", { "video sendrecv", "audio sendrecv", "application" } },
    { "audio-only", { "audio sendrecv" } },
    { "video-only", { "video sendrecv" } },
    { "data-only", { "application" } },
    { "recvonly", { "audio sendonly", "video sendonly" } },
    { "sendonly", { "audio recvonly", "video recvonly" } },
    { "two-videos", { "audio sendrecv", "video sendrecv", "video recvonly", "application" } },
  };
  const char *browsers[] = { "chromium", "firefox" };
  PeerEnd *self = peer_end_new (BOTH, 600);

  for (guint i = 0; i < 2 * G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *file = g_strdup_printf ("%s-%s.sdp", browsers[i % 2], cases[i / 2].name);
      g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "unit", "sdp", file, NULL);
      g_autofree char *offer = NULL;
      g_auto (GStrv) sections = NULL;
      g_autoptr (ParlorSdp) answer = NULL;
      g_autoptr (GError) error = NULL;
      guint n;

      g_test_message ("%s", file);
      g_file_get_contents (path, &offer, NULL, &error);
      g_assert_no_error (error);
      peer_end_add_peer (self, PARLOR_DIALECT_PARLOR);
      self->other = self; /* nobody is there: candidates stay */
      peer_end_answer (self, offer);
      peer_end_wait_done (self);
      sections = g_strsplit (self->sdp, "\r\nm=", -1);
      for (n = 0; cases[i / 2].lines[n]; n++)
        {
          g_auto (GStrv) words = g_strsplit (cases[i / 2].lines[n], " ", 2);
          g_autofree char *direction = words[1] ? g_strdup_printf ("\r\na=%s\r\n", words[1]) : NULL;

          g_assert_nonnull (sections[n + 1]);
          if (!g_str_has_prefix (sections[n + 1], words[0]) || (direction && !strstr (sections[n + 1], direction)))
            g_error ("m-line %u is not \"%s\" but: %s", n, cases[i / 2].lines[n], sections[n + 1]);
        }
      g_assert_null (sections[n + 1]);
      answer = parlor_sdp_read (self->sdp, PARLOR_SDP_ANSWER, NULL, &error);
      g_assert_no_error (error);
      peer_end_drop_peer (self);
    }
  peer_end_free (self);
}

static gint64
count_incoming (PeerEnd *self)
{
  ParlorPeerStream *stream = self->peer->stream;
  gint64 n = 0;

  g_mutex_lock (&stream->lock);
  for (guint i = 0; i < PARLOR_N_TRACKS; i++)
    n += stream->tracks[i].in.packets;
  g_mutex_unlock (&stream->lock);
  return n;
}

static gboolean
keeps_back (PeerEnd *self, ParlorLetterType type)
{
  for (guint i = 0; i < self->peer->kept_back->len; i++)
    if (((ParlorLetter *) g_ptr_array_index (self->peer->kept_back, i))->type == type)
      return TRUE;
  return FALSE;
}

static void
assert_silent (PeerEnd *held)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (state_of (held), ==, PARLOR_PEER_CONNECTING);
  g_assert_false (parlor_peer_get_data_open (PARLOR_PEER (held->peer)));
  g_assert_false (parlor_peer_send_text (PARLOR_PEER (held->peer), "late", &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_STATE);
  g_assert_cmpuint (held->texts->len, ==, 0);
  g_assert_null (held->peer->ping_channel);
  g_assert_cmpint (count_packets (held), ==, 0);
  g_assert_cmpuint (parlor_test_meter_get_frames (held->pictures), ==, 0);
}

/* A peer that is held finds its path and shakes hands, and that is all: the other side sends in vain. Released, it has lost no word. */
static void
test_held (Fixture *f, gconstpointer data)
{
  PeerEnd *eager = f->a, *held = f->b;

  peer_end_drop_peer (held);
  held->hold = TRUE;
  peer_end_add_peer (held, PARLOR_DIALECT_PARLOR);
  peer_end_call (eager, held, NULL);
  parlor_test_wait (state_of (eager) == PARLOR_PEER_CONNECTED && parlor_peer_get_data_open (PARLOR_PEER (eager->peer)), 20);
  g_assert_true (parlor_peer_send_text (PARLOR_PEER (eager->peer), "early", NULL));
  parlor_test_wait (keeps_back (held, PARLOR_LETTER_TEXT) && keeps_back (held, PARLOR_LETTER_CONNECTION), 20);
  parlor_test_wait (count_packets (eager) > 50 && eager->peer->stream->round_trip.next >= 2, 20);
  assert_silent (held);
  g_assert_cmpuint (eager->peer->stream->round_trip.n_trips, ==, 0);
  g_assert_cmpint (count_incoming (eager), ==, 0);

  parlor_peer_release (PARLOR_PEER (held->peer));
  parlor_peer_release (PARLOR_PEER (held->peer));
  g_assert_cmpint (state_of (held), ==, PARLOR_PEER_CONNECTED);
  g_assert_cmpuint (held->texts->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (held->texts, 0), ==, "early");
  parlor_test_wait (held->first_picture && eager->first_picture && held->first_sound && eager->first_sound, 20);
  parlor_test_wait (eager->peer->stream->round_trip.n_trips > 0, 20);
}

/* One that is never released goes like any other. */
static void
test_held_for_ever (Fixture *f, gconstpointer data)
{
  PeerEnd *eager = f->a, *held = f->b;

  peer_end_drop_peer (held);
  held->hold = TRUE;
  peer_end_add_peer (held, PARLOR_DIALECT_PARLOR);
  peer_end_call (eager, held, NULL);
  parlor_test_wait (keeps_back (held, PARLOR_LETTER_CONNECTION), 20);
  assert_silent (held);
  peer_end_drop_peer (held);
}

/* Key frames that say they are 8192 x 8192. */
static GstPadProbeReturn
grow_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  static const guint8 size[] = { 0x00, 0x20, 0x00, 0x20 };
  GstBuffer *buffer = gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  guint8 tag = 1;

  gst_buffer_extract (buffer, 0, &tag, 1);
  if (!(tag & 1))
    gst_buffer_fill (buffer, 6, size, sizeof size);
  info->data = buffer;
  return GST_PAD_PROBE_OK;
}

static void
test_huge_picture (Fixture *f, gconstpointer data)
{
  GstIterator *payloaders;
  GValue value = G_VALUE_INIT;
  g_autoptr (GstPad) pad = NULL;

  peer_end_call (f->a, f->b, NULL);
  peer_end_wait_connected (f->a, f->b);
  payloaders = gst_bin_iterate_all_by_element_factory_name (GST_BIN (f->a->peer->pipeline), "rtpvp8pay");
  g_assert_cmpint (gst_iterator_next (payloaders, &value), ==, GST_ITERATOR_OK);
  pad = gst_element_get_static_pad (g_value_get_object (&value), "sink");
  g_value_unset (&value);
  gst_iterator_free (payloaders);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, grow_picture, NULL, NULL);

  parlor_studio_set_video_muted (f->a->studio, TRUE);
  parlor_studio_set_video_muted (f->a->studio, FALSE); /* asks for a key frame */
  parlor_test_wait (state_of (f->b) == PARLOR_PEER_FAILED, 20);
  assert_failed (f->b, PARLOR_ERROR_TOO_LARGE, "Their picture");
}

/*
 * Every record of a handshake is lost that was not seen before. OpenSSL numbers what it sends again anew (after a second, then two), so only what is
 * sent again as it was gets through.
 */
typedef struct
{
  GMutex lock;
  GHashTable *seen; /* checksums */
  guint n_lost;
} Forgetful;

static GstPadProbeReturn
lose_new_records (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Forgetful *self = user_data;
  g_autofree char *sum = NULL;
  GstMapInfo map;
  gboolean lose;

  if (!gst_buffer_map (GST_PAD_PROBE_INFO_BUFFER (info), &map, GST_MAP_READ))
    return GST_PAD_PROBE_OK;
  lose = map.size > 0 && (map.data[0] == 20 || map.data[0] == 22);
  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA1, map.data, map.size);
  gst_buffer_unmap (GST_PAD_PROBE_INFO_BUFFER (info), &map);
  g_mutex_lock (&self->lock);
  lose = lose && g_hash_table_add (self->seen, g_steal_pointer (&sum));
  self->n_lost += lose;
  g_mutex_unlock (&self->lock);
  return lose ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static void
lose_from (PeerEnd *end, Forgetful *forgetful)
{
  GstIterator *encoders = gst_bin_iterate_all_by_element_factory_name (GST_BIN (end->peer->webrtc), "dtlsenc");
  GValue value = G_VALUE_INIT;

  while (gst_iterator_next (encoders, &value) == GST_ITERATOR_OK)
    {
      g_autoptr (GstPad) pad = gst_element_get_static_pad (g_value_get_object (&value), "src");

      gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, lose_new_records, forgetful, NULL);
      g_value_reset (&value);
    }
  gst_iterator_free (encoders);
}

static Forgetful *losing;
static PeerEnd *losing_ends[2]; /* who answers, who offers */

/* PeerBend: its encoder is there, and nothing has left yet. */
static char *
begin_losing (char *sdp, gboolean offer)
{
  lose_from (losing_ends[offer], losing);
  return sdp;
}

static void
test_lossy_handshake (Fixture *f, gconstpointer data)
{
  Forgetful forgetful = { .seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL) };

  g_mutex_init (&forgetful.lock);
  losing = &forgetful;
  losing_ends[0] = f->b;
  losing_ends[1] = f->a;
  peer_end_call (f->a, f->b, begin_losing);
  peer_end_wait_connected (f->a, f->b);
  g_assert_cmpuint (forgetful.n_lost, >=, 4); /* both hellos, and what ends the handshake, both ways */
  peer_end_drop_peer (f->a);
  peer_end_drop_peer (f->b);
  parlor_media_finish_peers (); /* records still pass the probes until then */
  g_hash_table_unref (forgetful.seen);
  g_mutex_clear (&forgetful.lock);
}

int
main (int argc, char *argv[])
{
#define ADD(name, data, func) g_test_add (name, Fixture, data, setup, func, teardown)
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("/peer-faults/wrong-fingerprint/offer", GINT_TO_POINTER (PARLOR_SDP_OFFER), test_wrong_fingerprint);
  ADD ("/peer-faults/wrong-fingerprint/answer", GINT_TO_POINTER (PARLOR_SDP_ANSWER), test_wrong_fingerprint);
  ADD ("/peer-faults/gates/offer", GINT_TO_POINTER (PARLOR_SDP_OFFER), test_gates);
  ADD ("/peer-faults/gates/answer", GINT_TO_POINTER (PARLOR_SDP_ANSWER), test_gates);
  ADD ("/peer-faults/refused-descriptions", NULL, test_refused_descriptions);
  ADD ("/peer-faults/order", NULL, test_order);
  ADD ("/peer-faults/remote-closes", NULL, test_remote_closes);
  ADD ("/peer-faults/remote-aborts-first", NULL, test_remote_aborts_first);
  ADD ("/peer-faults/close-is-final", NULL, test_close_is_final);
  ADD ("/peer-faults/contained", NULL, test_contained);
  ADD ("/peer-faults/candidate-flood", NULL, test_candidate_flood);
  ADD ("/peer-faults/huge-picture", NULL, test_huge_picture);
  ADD ("/peer-faults/lossy-handshake", NULL, test_lossy_handshake);
  ADD ("/peer-faults/held", NULL, test_held);
  ADD ("/peer-faults/held-for-ever", NULL, test_held_for_ever);
  g_test_add_func ("/peer-faults/close-midway", test_close_midway);
  g_test_add_func ("/peer-faults/browsers", test_browsers);
  return g_test_run ();
}

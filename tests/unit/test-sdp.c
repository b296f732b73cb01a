/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gst/sdp/sdp.h>
#include <string.h>

#include "parlor-candidate.h"
#include "parlor-certificate.h"
#include "parlor-error.h"
#include "parlor-sdp-check.h"

/*
 * Session descriptions and candidates from the network. The fixtures in sdp/ were made by Chromium and Firefox; answers there answer an offer
 * of ours.
 */

static char *
load (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".sdp", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "sdp", file, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static ParlorSdp *
read_good (const char *text, ParlorSdpType type)
{
  g_autoptr (GError) error = NULL;
  ParlorSdp *sdp = parlor_sdp_read (text, type, NULL, &error);

  g_assert_no_error (error);
  return sdp;
}

/* What we write of it must be read by GStreamer, and by ourselves as the same. */
static void
check_written (const ParlorSdp *sdp)
{
  g_autoptr (ParlorSdp) again = read_good (sdp->text, sdp->type);
  GstSDPMessage *message = NULL;

  g_assert_cmpstr (again->text, ==, sdp->text);
  g_assert_cmpint (gst_sdp_message_new_from_text (sdp->text, &message), ==, GST_SDP_OK);
  g_assert_cmpuint (gst_sdp_message_medias_len (message), ==, sdp->lines->len);
  gst_sdp_message_free (message);
}

typedef struct
{
  const char *name;
  ParlorSdpType type;
  guint n_lines;
  int audio, video, data;
  gboolean sends, receives; /* of the first media line */
} Fixture;

static const Fixture fixtures[] = {
  { "chromium-full", PARLOR_SDP_OFFER, 3, 0, 1, 2, TRUE, TRUE },
  { "firefox-full", PARLOR_SDP_OFFER, 3, 0, 1, 2, TRUE, TRUE },
  { "chromium-video-first", PARLOR_SDP_OFFER, 3, 1, 0, 2, TRUE, TRUE },
  { "firefox-video-first", PARLOR_SDP_OFFER, 3, 1, 0, 2, TRUE, TRUE },
  { "chromium-audio-only", PARLOR_SDP_OFFER, 1, 0, -1, -1, TRUE, TRUE },
  { "firefox-audio-only", PARLOR_SDP_OFFER, 1, 0, -1, -1, TRUE, TRUE },
  { "chromium-video-only", PARLOR_SDP_OFFER, 1, -1, 0, -1, TRUE, TRUE },
  { "firefox-video-only", PARLOR_SDP_OFFER, 1, -1, 0, -1, TRUE, TRUE },
  { "chromium-data-only", PARLOR_SDP_OFFER, 1, -1, -1, 0, TRUE, TRUE },
  { "firefox-data-only", PARLOR_SDP_OFFER, 1, -1, -1, 0, TRUE, TRUE },
  { "chromium-recvonly", PARLOR_SDP_OFFER, 2, 0, 1, -1, FALSE, TRUE },
  { "firefox-recvonly", PARLOR_SDP_OFFER, 2, 0, 1, -1, FALSE, TRUE },
  { "chromium-sendonly", PARLOR_SDP_OFFER, 2, 0, 1, -1, TRUE, FALSE },
  { "firefox-sendonly", PARLOR_SDP_OFFER, 2, 0, 1, -1, TRUE, FALSE },
  { "chromium-two-videos", PARLOR_SDP_OFFER, 4, 0, 1, 3, TRUE, TRUE },
  { "firefox-two-videos", PARLOR_SDP_OFFER, 4, 0, 1, 3, TRUE, TRUE },
  { "chromium-answer", PARLOR_SDP_ANSWER, 3, 0, 1, 2, TRUE, TRUE },
  { "firefox-answer", PARLOR_SDP_ANSWER, 3, 0, 1, 2, TRUE, TRUE },
  { "chromium-answer-recvonly", PARLOR_SDP_ANSWER, 3, 0, 1, 2, FALSE, TRUE },
  { "firefox-answer-recvonly", PARLOR_SDP_ANSWER, 3, 0, 1, 2, FALSE, TRUE },
};

static void
test_browsers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (fixtures); i++)
    {
      const Fixture *fixture = &fixtures[i];
      g_autofree char *text = load (fixture->name);
      g_autoptr (ParlorSdp) sdp = NULL;
      const ParlorSdpLine *line;

      g_test_message ("%s", fixture->name);
      sdp = read_good (text, fixture->type);
      g_assert_cmpuint (sdp->lines->len, ==, fixture->n_lines);
      g_assert_cmpint (sdp->audio, ==, fixture->audio);
      g_assert_cmpint (sdp->video, ==, fixture->video);
      g_assert_cmpint (sdp->data, ==, fixture->data);
      g_assert_cmpint (sdp->leader, ==, 0);
      line = parlor_sdp_get_line (sdp, 0);
      g_assert_cmpint (line->sends, ==, fixture->sends);
      g_assert_cmpint (line->receives, ==, fixture->receives);
      check_written (sdp);
    }
}

static void
test_codecs (void)
{
  g_autofree char *chromium = load ("chromium-full"), *firefox = load ("firefox-full");
  g_autoptr (ParlorSdp) c = read_good (chromium, PARLOR_SDP_OFFER), f = read_good (firefox, PARLOR_SDP_OFFER);
  const ParlorSdpLine *video = parlor_sdp_get_line (c, c->video), *audio = parlor_sdp_get_line (c, c->audio);

  g_assert_cmpint (video->payload, ==, 96);
  g_assert_cmpint (video->retransmission, ==, 97);
  g_assert_true (video->nack && video->pli && video->fir && video->transport_feedback);
  g_assert_cmpint (video->transport_cc, >, 0);
  g_assert_cmpint (audio->payload, ==, 111);
  g_assert_true (audio->fec);
  g_assert_cmpint (audio->transport_cc, ==, video->transport_cc);

  video = parlor_sdp_get_line (f, f->video);
  audio = parlor_sdp_get_line (f, f->audio);
  g_assert_cmpint (video->payload, ==, 120);
  g_assert_cmpint (video->retransmission, ==, 124);
  g_assert_cmpint (audio->payload, ==, 109);
  /* Nothing else goes on: not the codecs that we do not speak, nor the extensions. */
  g_assert_null (strstr (f->text, "VP9"));
  g_assert_null (strstr (f->text, "H264"));
  g_assert_null (strstr (f->text, "sdes:mid"));
  g_assert_null (strstr (f->text, "mozilla"));
}

/* Replaces @from (all of them) by @to, and asserts that there was one. */
static char *
bend (const char *text, const char *from, const char *to)
{
  GString *bent = g_string_new (text);

  g_assert_cmpuint (g_string_replace (bent, from, to, 0), >, 0);
  return g_string_free (bent, FALSE);
}

static char *
without_lines (const char *text, const char *prefix)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GString *out = g_string_new (NULL);
  guint n = 0;

  for (guint i = 0; lines[i]; i++)
    if (g_str_has_prefix (lines[i], prefix))
      n++;
    else if (*lines[i])
      g_string_append_printf (out, "%s\n", lines[i]);
  g_assert_cmpuint (n, >, 0);
  return g_string_free (out, FALSE);
}

static void
assert_refused (const char *text, ParlorSdpType type, int code, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ParlorSdp) sdp = parlor_sdp_read (text, type, NULL, &error);

  g_assert_error (error, PARLOR_ERROR, code);
  g_assert_null (sdp);
  if (!strstr (error->message, message))
    g_error ("\"%s\" does not say \"%s\"", error->message, message);
}

static void
test_missing (void)
{
  static const struct
  {
    const char *prefix;
    int code;
    const char *message;
  } cases[] = {
    { "a=mid:", PARLOR_ERROR_BAD_SDP, "missing a=mid" },
    { "a=fingerprint:", PARLOR_ERROR_NO_FINGERPRINT, "missing a=fingerprint" },
    { "a=ice-ufrag:", PARLOR_ERROR_BAD_SDP, "missing a=ice-ufrag" },
    { "a=ice-pwd:", PARLOR_ERROR_BAD_SDP, "missing a=ice-pwd" },
    { "a=setup:", PARLOR_ERROR_BAD_SDP, "missing a=setup" },
    { "a=rtcp-mux", PARLOR_ERROR_BAD_SDP, "missing a=rtcp-mux" },
    { "a=group:BUNDLE", PARLOR_ERROR_BAD_SDP, "missing a=group:BUNDLE" },
    { "v=0", PARLOR_ERROR_BAD_SDP, "v=0" },
    { "m=", PARLOR_ERROR_BAD_SDP, "more than one" },
  };
  const char *names[] = { "chromium-full", "firefox-full" };

  for (guint n = 0; n < G_N_ELEMENTS (names); n++)
    {
      g_autofree char *text = load (names[n]);

      for (guint i = 0; i + 1 < G_N_ELEMENTS (cases); i++)
        {
          g_autofree char *bent = without_lines (text, cases[i].prefix);

          assert_refused (bent, PARLOR_SDP_OFFER, cases[i].code, cases[i].message);
        }
      {
        g_autofree char *bent = without_lines (text, "m=");

        assert_refused (bent, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "missing: there is no m-line");
      }
    }
}

static void
test_fingerprints (void)
{
  g_autofree char *text = load ("chromium-full");
  g_autoptr (ParlorSdp) sdp = read_good (text, PARLOR_SDP_OFFER);
  g_autoptr (GError) error = NULL;
  g_autofree char *sha1 = bend (text, "fingerprint:sha-256 ", "fingerprint:sha-1 ");
  g_autofree char *short_one = bend (text, "fingerprint:sha-256 ", "fingerprint:sha-256 AB:");
  g_autofree char *odd = bend (text, "fingerprint:sha-256 ", "fingerprint:sha-256 G");
  g_autofree char *upper = bend (text, "fingerprint:sha-256 ", "fingerprint:SHA-256 ");
  g_autofree char *beside = bend (text, "a=fingerprint:sha-256 ", "a=fingerprint:sha-1 AA:BB\r\na=fingerprint:sha-256 ");
  g_autofree char *two = g_strconcat (
    text, "a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F\r\n",
    NULL);

  assert_refused (sha1, PARLOR_SDP_OFFER, PARLOR_ERROR_NO_FINGERPRINT, "missing");
  assert_refused (short_one, PARLOR_SDP_OFFER, PARLOR_ERROR_NO_FINGERPRINT, "missing");
  assert_refused (odd, PARLOR_SDP_OFFER, PARLOR_ERROR_NO_FINGERPRINT, "missing");
  assert_refused (two, PARLOR_SDP_OFFER, PARLOR_ERROR_NO_FINGERPRINT, "missing");
  parlor_sdp_free (read_good (upper, PARLOR_SDP_OFFER));
  parlor_sdp_free (read_good (beside, PARLOR_SDP_OFFER));

  g_assert_null (parlor_sdp_read (text, PARLOR_SDP_OFFER, sdp->fingerprint, &error));
  g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_FINGERPRINT);
  g_assert_true (g_str_has_prefix (error->message, "mismatch"));
}

static void
test_hostile (void)
{
  g_autofree char *text = load ("chromium-full");
  g_autofree char *holdconn = bend (text, "a=setup:actpass", "a=setup:holdconn");
  g_autofree char *twice = bend (text, "a=mid:1", "a=mid:0");
  g_autofree char *mid = bend (text, "a=mid:1", "a=mid:1 2");
  g_autofree char *ufrag = bend (text, "a=ice-ufrag:", "a=ice-ufrag:\x01");
  g_autofree char *bundle = bend (text, "a=group:BUNDLE 0 1 2", "a=group:BUNDLE 0 1 2\r\na=group:BUNDLE 0 1 2");
  g_autofree char *partly = bend (text, "a=group:BUNDLE 0 1 2", "a=group:BUNDLE 0 1");
  g_autofree char *stranger = bend (text, "a=group:BUNDLE 0 1 2", "a=group:BUNDLE x 0 1 2");
  g_autofree char *nobody = bend (text, "a=group:BUNDLE 0 1 2", "a=group:BUNDLE  0 1 2");
  g_autofree char *data_leads = bend (text, "a=group:BUNDLE 0 1 2", "a=group:BUNDLE 2 0 1");
  g_autofree char *port = bend (text, "m=video ", "m=video 99999999999999999999");
  g_autofree char *large = g_strnfill (PARLOR_SDP_MAX_BYTES, 'a');
  g_autofree char *too_large = g_strconcat (text, "a=", large, "\r\n", NULL);
  g_autofree char *not_text = g_strconcat (text, "a=\xff\xfe\r\n", NULL);
  GString *many = g_string_new (text);

  assert_refused (holdconn, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "setup");
  assert_refused (text, PARLOR_SDP_ANSWER, PARLOR_ERROR_BAD_SDP, "setup"); /* actpass in an answer */
  assert_refused (twice, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "mid");
  assert_refused (mid, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "mid");
  assert_refused (ufrag, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "ice-ufrag");
  assert_refused (bundle, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "BUNDLE");
  assert_refused (partly, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "BUNDLE");
  assert_refused (stranger, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "BUNDLE");
  assert_refused (nobody, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "BUNDLE names no m-line first");
  assert_refused (data_leads, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "leads");
  assert_refused (port, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "port");
  assert_refused (too_large, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "longer");
  assert_refused (not_text, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "UTF-8");
  assert_refused ("", PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "v=0");
  assert_refused ("hello", PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "line 1");
  assert_refused ("v=0\r\n", PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "no m-line");
  assert_refused ("v=0\nm=\n", PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "m-line");

  for (guint i = 0; i < PARLOR_SDP_MAX_LINES; i++)
    g_string_append_printf (many, "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:x%u\r\n", i);
  assert_refused (many->str, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "more than");
  g_string_free (many, TRUE);
}

/* A rejected line, a codec we lack, media of another name, an SSRC on the data channel's line: none of it gets to webrtcbin. */
static void
test_unusable_lines (void)
{
  g_autofree char *text = load ("chromium-two-videos");
  g_autofree char *no_vp8 = bend (text, "VP8/90000", "VP7/90000");
  g_autofree char *hostile = bend (no_vp8, "a=sctp-port:5000", "a=sctp-port:5000\r\na=ssrc:12345 cname:x");
  g_autofree char *odd = bend (hostile, "UDP/DTLS/SCTP webrtc-datachannel", "TCP/MSRP *");
  g_autoptr (ParlorSdp) sdp = read_good (hostile, PARLOR_SDP_OFFER);
  g_autofree char *answer = NULL;
  const guint8 ours[PARLOR_SDP_FINGERPRINT_BYTES] = { 0xab, 0xcd };

  assert_refused (odd, PARLOR_SDP_OFFER, PARLOR_ERROR_BAD_SDP, "formats");
  g_assert_cmpint (sdp->video, ==, -1);
  g_assert_cmpint (sdp->audio, ==, 0);
  g_assert_null (strstr (sdp->text, "12345"));
  g_assert_null (strstr (sdp->text, "m=video"));

  answer = parlor_sdp_finish ("v=0\r\ns=-\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=fingerprint:sha-256 77\r\n"
                              "m=rejected 0 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\na=ice-ufrag:theirs\r\n"
                              "m=rejected 0 UDP/TLS/RTP/SAVPF 0\r\na=mid:2\r\n"
                              "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:3\r\na=fingerprint:sha-256 77\r\n",
                              ours, sdp);
  g_assert_nonnull (strstr (answer, "\r\nm=video 0 UDP/TLS/RTP/SAVPF 96 "));
  g_assert_nonnull (strstr (answer, "a=fingerprint:sha-256 AB:CD:00:"));
  g_assert_nonnull (strstr (answer, "\r\na=mid:2\r\n"));
  g_assert_null (strstr (answer, "rejected"));
  g_assert_null (strstr (answer, "theirs"));
  g_assert_null (strstr (answer, "sha-256 77"));
  g_assert_true (g_str_has_suffix (answer, "\r\n"));
}

static void
test_answers (void)
{
  g_autofree char *offer_text = load ("our-offer");
  g_autoptr (ParlorSdp) offer = read_good (offer_text, PARLOR_SDP_OFFER);
  const char *names[] = { "chromium-answer", "firefox-answer", "chromium-answer-recvonly", "firefox-answer-recvonly" };
  const char *bends[][3] = {
    { "a=mid:audio0", "a=mid:audio9", "BUNDLE audio9 video1" },
    { "m=video ", "m=audio ", NULL },
    { "a=rtpmap:96 VP8", "a=rtpmap:97 VP8", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *text = load (names[i]);
      g_autoptr (ParlorSdp) answer = read_good (text, PARLOR_SDP_ANSWER);
      g_autoptr (GError) error = NULL;

      g_assert_true (parlor_sdp_matches_offer (answer, offer, &error));
      g_assert_no_error (error);
      g_assert_cmpint (parlor_sdp_get_line (answer, 1)->payload, ==, 96);
      g_assert_cmpint (parlor_sdp_get_line (answer, 1)->transport_cc, ==, 3);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bends); i++)
    {
      g_autofree char *text = load ("chromium-answer");
      g_autofree char *once = bend (text, bends[i][0], bends[i][1]);
      g_autofree char *bent = bends[i][2] ? bend (once, "BUNDLE audio0 video1", bends[i][2]) : g_strdup (once);
      g_autoptr (ParlorSdp) answer = parlor_sdp_read (bent, PARLOR_SDP_ANSWER, NULL, NULL);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bends[i][1]);
      g_assert_nonnull (answer);
      g_assert_false (parlor_sdp_matches_offer (answer, offer, &error));
      g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_SDP);
    }
  {
    g_autofree char *text = load ("chromium-audio-only");
    g_autofree char *passive = bend (text, "actpass", "passive");
    g_autoptr (ParlorSdp) answer = read_good (passive, PARLOR_SDP_ANSWER);
    g_autoptr (GError) error = NULL;

    g_assert_false (parlor_sdp_matches_offer (answer, offer, &error));
    g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_SDP);
  }
}

static char *
mutate (const char *text)
{
  GString *out = g_string_new (text);
  int n = g_test_rand_int_range (1, 12);

  for (int i = 0; i < n && out->len > 0; i++)
    {
      gssize at = g_test_rand_int_range (0, (int) out->len);
      gssize length = g_test_rand_int_range (1, 40);

      switch (g_test_rand_int_range (0, 4))
        {
        case 0:
          out->str[at] = (char) g_test_rand_int_range (1, 256);
          break;
        case 1:
          g_string_erase (out, at, MIN (length, (gssize) out->len - at));
          break;
        case 2:
          {
            g_autofree char *piece = g_strndup (out->str + at, (gsize) MIN (length, (gssize) out->len - at));

            g_string_insert (out, g_test_rand_int_range (0, (int) out->len), piece);
            break;
          }
        default:
          out->str[at] = "\r\n:= 0"[g_test_rand_int_range (0, 6)];
        }
    }
  return g_string_free (out, FALSE);
}

/* Whatever comes: it is refused, or what we write of it is sound. */
static void
test_mutations (void)
{
  guint n_good = 0, n_bad = 0;

  for (guint i = 0; i < G_N_ELEMENTS (fixtures); i++)
    {
      g_autofree char *text = load (fixtures[i].name);

      for (guint round = 0; round < (g_test_thorough () ? 20000 : 500); round++)
        {
          g_autofree char *bent = mutate (text);
          g_autoptr (GError) error = NULL;
          g_autoptr (ParlorSdp) sdp = parlor_sdp_read (bent, fixtures[i].type, NULL, &error);

          g_assert_true ((sdp == NULL) == (error != NULL));
          if (sdp)
            check_written (sdp);
          n_good += sdp != NULL;
          n_bad += sdp == NULL;
        }
    }
  g_test_message ("%u were read, %u refused", n_good, n_bad);
  g_assert_cmpuint (n_good, >, 0);
  g_assert_cmpuint (n_bad, >, 0);
}

static void
test_candidates (void)
{
  static const char *const good[] = {
    "candidate:1 1 UDP 2122252543 192.0.2.1 40000 typ host",
    "a=candidate:842163049 1 udp 1677729535 203.0.113.7 53243 typ srflx raddr 192.0.2.1 rport 40000 generation 0 ufrag x",
    "candidate:2 1 UDP 2122252543 2001:db8::1 40000 typ host",
    "candidate:3 1 TCP 1518280447 192.0.2.1 9 typ host tcptype active",
    "candidate:4 1 udp 2122260223 0c8d3e5a-2b1c-4f7e-9a6d-1e2f3a4b5c6d.local 50000 typ host generation 0",
  };
  static const char *const bad[] = {
    "",
    "candidate:",
    "candidate",
    "candidate:1 1 UDP 2122252543 192.0.2.1 40000 typ",
    "nonsense",
    "candidate:1 2 UDP 2122252543 192.0.2.1 40000 typ host", /* RTCP */
    "candidate:1 1 SCTP 2122252543 192.0.2.1 40000 typ host",
    "candidate:1 1 UDP -1 192.0.2.1 40000 typ host",
    "candidate:1 1 UDP 2122252543 192.0.2.1 70000 typ host",
    "candidate:1 1 UDP 2122252543 example.org 40000 typ host", /* a DNS name */
    "candidate:1 1 UDP 2122252543 .local 40000 typ host",
    "candidate:1 1 UDP 2122252543 192.0.2.1 40000 typ what",
    "candidate:1 1 UDP 2122252543 192.0.2.1 40000 type host",
    "candidate:1 1 UDP 2122252543 192.0.2.1\r\na=x 40000 typ host",
    "candidate:1 1 UDP 99999999999 192.0.2.1 40000 typ host",
  };
  g_autoptr (ParlorCandidate) name = NULL, reflexive = NULL;
  g_autofree char *long_one = g_strnfill (4000, '1'), *too_long = g_strconcat ("candidate:", long_one, NULL), *text = NULL,
                  *written = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (ParlorCandidate) candidate = parlor_candidate_parse (good[i]);

      g_assert_nonnull (candidate);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    if (parlor_candidate_parse (bad[i]))
      g_error ("Taken: %s", bad[i]);
  g_assert_null (parlor_candidate_parse (too_long));

  reflexive = parlor_candidate_parse (good[1]);
  written = parlor_candidate_write (reflexive, NULL);
  g_assert_cmpstr (written, ==, "candidate:842163049 1 UDP 1677729535 203.0.113.7 53243 typ srflx");
  g_assert_cmpstr (reflexive->type, ==, "srflx");
  name = parlor_candidate_parse (good[4]);
  g_assert_cmpint (name->kind, ==, PARLOR_CANDIDATE_MDNS);
  text = parlor_candidate_write (name, "192.0.2.9");
  g_assert_cmpstr (text, ==, "candidate:4 1 UDP 2122260223 192.0.2.9 50000 typ host");
}

#define KNOWN_PEM                                                      \
  "-----BEGIN CERTIFICATE-----\n"                                      \
  "MIIBHjCBxKADAgECAhAK4PCqgSjeFeZ5J8emv5JoMAoGCCqGSM49BAMCMBExDzAN\n" \
  "BgNVBAMTBldlYlJUQzAeFw0yNjExMjEyMzQ2MDRaFw0yNjEyMjIyMzQ2MDRaMBEx\n" \
  "DzANBgNVBAMTBldlYlJUQzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABB80wrsJ\n" \
  "rnEKRKtFUBA4cUvMicY/IHHKBwQ0LqRy/eT5TJH7RTt0QRhAgVEBnYD3pIkp55WT\n" \
  "T98BYlmNVACmny4wCgYIKoZIzj0EAwIDSQAwRgIhAPmGJ4bxppnj5PtS4B5Rx+Q2\n" \
  "jyDQMwbwootkwodtXE6XAiEA4UfVknYC6Sl+oLJrP//WN2IWfCPkALAsLjUsfAYd\n" \
  "U/0=\n"                                                             \
  "-----END CERTIFICATE-----\n"

/* Against what `openssl x509 -fingerprint -sha256` says; the key after it must not count. */
static void
test_pem (void)
{
  const guint8 known[] = { 0xc5, 0x9a, 0x56, 0xc2, 0xd0, 0x47, 0x15, 0xfd };
  guint8 fingerprint[PARLOR_SDP_FINGERPRINT_BYTES], other[PARLOR_SDP_FINGERPRINT_BYTES];
  g_autoptr (GError) error = NULL;
  g_autofree char *pem = parlor_certificate_new_pem (&error), *second = parlor_certificate_new_pem (NULL);

  g_assert_true (parlor_sdp_fingerprint_of_pem (KNOWN_PEM, fingerprint));
  g_assert_cmpmem (fingerprint, sizeof known, known, sizeof known);
  g_assert_true (parlor_sdp_fingerprint_of_pem (KNOWN_PEM "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", other));
  g_assert_cmpmem (fingerprint, sizeof fingerprint, other, sizeof other);
  g_assert_false (parlor_sdp_fingerprint_of_pem (NULL, fingerprint));
  g_assert_false (parlor_sdp_fingerprint_of_pem ("-----BEGIN CERTIFICATE-----\n", fingerprint));
  /* Found by the fuzzer: one row of hyphens for both is no certificate of minus five bytes. */
  g_assert_false (parlor_sdp_fingerprint_of_pem ("-----BEGIN CERTIFICATE-----END CERTIFICATE-----", fingerprint));

  g_assert_no_error (error);
  g_assert_true (parlor_sdp_fingerprint_of_pem (pem, fingerprint));
  g_assert_true (parlor_sdp_fingerprint_of_pem (second, other));
  g_assert_true (memcmp (fingerprint, other, sizeof other) != 0);
  g_assert_nonnull (strstr (pem, "-----BEGIN PRIVATE KEY-----"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sdp/browsers", test_browsers);
  g_test_add_func ("/sdp/codecs", test_codecs);
  g_test_add_func ("/sdp/missing", test_missing);
  g_test_add_func ("/sdp/fingerprints", test_fingerprints);
  g_test_add_func ("/sdp/hostile", test_hostile);
  g_test_add_func ("/sdp/unusable-lines", test_unusable_lines);
  g_test_add_func ("/sdp/answers", test_answers);
  g_test_add_func ("/sdp/mutations", test_mutations);
  g_test_add_func ("/candidate/parse", test_candidates);
  g_test_add_func ("/certificate/fingerprint", test_pem);
  return g_test_run ();
}

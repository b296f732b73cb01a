/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-sdp-check-private.h"

#include <string.h>

/*
 * The writing half of ParlorSdp: session descriptions made only of what parlor-sdp-check.c understood.
 *
 * An m-line that we cannot use is written for webrtcbin as media of an unknown name, because that is the one kind which it
 * rejects by itself; parlor_sdp_finish() gives it its own words back on the way out. Pure; any thread.
 */

#define REJECTED_MEDIA "m=rejected "
#define TRANSPORT_CC "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

static void
write_fingerprint (GString *out, const guint8 *fingerprint)
{
  g_string_append (out, "a=fingerprint:sha-256 ");
  for (guint i = 0; i < PARLOR_SDP_FINGERPRINT_BYTES; i++)
    g_string_append_printf (out, "%s%02X", i ? ":" : "", fingerprint[i]);
  g_string_append (out, "\r\n");
}

static const char *
direction_of (const ParlorSdpLine *line)
{
  return line->sends ? (line->receives ? "sendrecv" : "sendonly") : (line->receives ? "recvonly" : "inactive");
}

static void
write_codec (GString *out, const ParlorSdpLine *line)
{
  gboolean video = line->kind == PARLOR_SDP_VIDEO;

  g_string_append_printf (out, "a=rtpmap:%d %s\r\n", line->payload, video ? "VP8/90000" : "opus/48000/2");
  if (line->nack)
    g_string_append_printf (out, "a=rtcp-fb:%d nack\r\n", line->payload);
  if (line->pli)
    g_string_append_printf (out, "a=rtcp-fb:%d nack pli\r\n", line->payload);
  if (line->fir)
    g_string_append_printf (out, "a=rtcp-fb:%d ccm fir\r\n", line->payload);
  if (line->transport_feedback)
    g_string_append_printf (out, "a=rtcp-fb:%d transport-cc\r\n", line->payload);
  if (line->fec)
    g_string_append_printf (out, "a=fmtp:%d minptime=10;useinbandfec=1\r\n", line->payload);
  if (line->retransmission >= 0)
    g_string_append_printf (out, "a=rtpmap:%d rtx/90000\r\na=fmtp:%d apt=%d\r\n", line->retransmission,
                            line->retransmission, line->payload);
  if (line->transport_cc >= 0)
    g_string_append_printf (out, "a=extmap:%d %s\r\n", line->transport_cc, TRANSPORT_CC);
}

static void
write_sources (GString *out, const ParlorSdpLine *line)
{
  for (guint i = 0; i < line->groups->len; i++)
    {
      const guint32 *pair = (const guint32 *) (gpointer) line->groups->data + 2 * i;

      g_string_append_printf (out, "a=ssrc-group:FID %u %u\r\n", pair[0], pair[1]);
    }
  for (guint i = 0; i < line->ssrcs->len; i++)
    g_string_append_printf (out, "a=ssrc:%u cname:peer\r\n", g_array_index (line->ssrcs, guint32, i));
}

static void
write_line (GString *out, const ParlorSdp *sdp, const ParlorSdpLine *line)
{
  if (!line->usable)
    g_string_append (out, REJECTED_MEDIA "0 UDP/TLS/RTP/SAVPF 0\r\n");
  else if (line->kind == PARLOR_SDP_DATA)
    g_string_append (out, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n");
  else
    {
      g_string_append_printf (out, "m=%s 9 UDP/TLS/RTP/SAVPF %d", line->kind == PARLOR_SDP_VIDEO ? "video" : "audio",
                              line->payload);
      if (line->retransmission >= 0)
        g_string_append_printf (out, " %d", line->retransmission);
      g_string_append (out, "\r\n");
    }
  g_string_append_printf (out, "c=IN IP4 0.0.0.0\r\na=mid:%s\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=setup:%s\r\n",
                          line->mid, line->ufrag, line->password, line->setup);
  write_fingerprint (out, sdp->fingerprint);
  if (!line->usable)
    return;
  if (line->kind == PARLOR_SDP_DATA)
    {
      g_string_append (out, "a=sctp-port:5000\r\na=max-message-size:262144\r\n");
      return;
    }
  g_string_append_printf (out, "a=rtcp-mux\r\na=rtcp-rsize\r\na=%s\r\n", direction_of (line));
  write_codec (out, line);
  write_sources (out, line);
}

char *
parlor_sdp_write (const ParlorSdp *self)
{
  GString *out = g_string_new ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-options:trickle\r\n");

  if (self->ice_lite)
    g_string_append (out, "a=ice-lite\r\n");
  g_string_append_printf (out, "a=group:BUNDLE %s", parlor_sdp_get_line (self, self->leader)->mid);
  for (guint i = 0; i < self->lines->len; i++)
    if ((int) i != self->leader && parlor_sdp_get_line (self, (int) i)->usable)
      g_string_append_printf (out, " %s", parlor_sdp_get_line (self, (int) i)->mid);
  g_string_append (out, "\r\n");
  for (guint i = 0; i < self->lines->len; i++)
    write_line (out, self, parlor_sdp_get_line (self, (int) i));
  return g_string_free (out, FALSE);
}

/* "m=video 9 UDP/TLS/RTP/SAVPF 96" -> the same with port 0, its mid and nothing else */
static void
write_refusal (GString *out, const ParlorSdpLine *line)
{
  const char *port = strchr (line->head, ' ') + 1;

  g_string_append_printf (out, "m=%.*s0%s\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\na=inactive\r\n", (int) (port - line->head),
                          line->head, strchr (port, ' '), line->mid);
}

static void
write_section (GString *out, const char *section, const guint8 *fingerprint)
{
  g_auto (GStrv) lines = g_strsplit (section, "\r\n", -1);

  for (guint i = 0; lines[i]; i++)
    if (g_str_has_prefix (lines[i], "a=fingerprint:"))
      write_fingerprint (out, fingerprint);
    else if (lines[i][0] != '\0')
      g_string_append_printf (out, "%s\r\n", lines[i]);
}

/**
 * parlor_sdp_finish:
 * @text: a description as webrtcbin wrote it
 * @fingerprint: (array fixed-size=32): of our certificate
 * @offer: (nullable): what it answers, as it came from parlor_sdp_read()
 *
 * webrtcbin (1.22) hashes all of the `pem` it was given, the private key too: the fingerprint is put right here. Of @offer, m-lines that
 * we cannot use are refused in their own words.
 *
 * Returns: (transfer full): the description to be sent
 */
char *
parlor_sdp_finish (const char *text, const guint8 *fingerprint, const ParlorSdp *offer)
{
  g_auto (GStrv) sections = g_strsplit (text, "\r\nm=", -1);
  GString *out = g_string_new (NULL);

  write_section (out, sections[0], fingerprint);
  for (guint i = 1; sections[i]; i++)
    {
      const ParlorSdpLine *line = offer ? parlor_sdp_get_line (offer, (int) i - 1) : NULL;

      if (line && !line->usable)
        {
          write_refusal (out, line);
          continue;
        }
      g_string_append (out, "m=");
      write_section (out, sections[i], fingerprint);
    }
  return g_string_free (out, FALSE);
}

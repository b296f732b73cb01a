/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-sdp-check-private.h"

#include <string.h>

/*
 * One m-line of a ParlorSdp: its codecs, feedback, extensions, sources and direction.
 *
 * None of it can make a description unusable: what cannot be read is as good as absent. Pure; any thread.
 */

#define MAX_SSRCS 16
#define TRANSPORT_CC "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

enum /* what is known of a payload type */
{
  FORMAT_ABSENT,
  FORMAT_LISTED,
  FORMAT_RETRANSMISSION,
};

void
parlor_sdp_line_free (gpointer data)
{
  ParlorSdpLine *line = data;

  g_free (line->mid);
  g_free (line->head);
  g_free (line->ufrag);
  g_free (line->password);
  g_free (line->setup);
  g_clear_pointer (&line->ssrcs, g_array_unref);
  g_clear_pointer (&line->groups, g_array_unref);
  g_free (line);
}

ParlorSdpLine *
parlor_sdp_line_new (void)
{
  ParlorSdpLine *line = g_new0 (ParlorSdpLine, 1);

  line->payload = line->retransmission = line->transport_cc = -1;
  line->sends = line->receives = TRUE;
  line->ssrcs = g_array_new (FALSE, FALSE, sizeof (guint32));
  line->groups = g_array_new (FALSE, FALSE, 2 * sizeof (guint32));
  return line;
}

/* A decimal number that ends at a space, a slash or the end. */
gboolean
parlor_sdp_read_number (const char **at, guint64 max, guint64 *value)
{
  const char *start = *at;
  guint64 number = 0;

  for (; g_ascii_isdigit (**at); (*at)++)
    {
      number = number * 10 + (guint64) (**at - '0');
      if (number > max)
        return FALSE;
    }
  *value = number;
  return *at > start && (**at == '\0' || **at == ' ' || **at == '/');
}

/* ice-char of RFC 8839, and the token of RFC 8866 without what XML or a shell might read: enough for every mid in use. */
gboolean
parlor_sdp_is_made_of (const char *text, const char *more, gsize min, gsize max)
{
  gsize length = strlen (text);

  if (length < min || length > max)
    return FALSE;
  for (const char *c = text; *c; c++)
    if (!g_ascii_isalnum (*c) && !strchr (more, *c))
      return FALSE;
  return TRUE;
}

/*
 * "96 VP8/90000": the codecs that we speak, and what may be retransmissions of theirs. To be called for all of an m-line before its other
 * attributes, which refer to them.
 */
void
parlor_sdp_line_read_rtpmap (ParlorSdpLine *line, const char *value)
{
  const char *ours = line->kind == PARLOR_SDP_VIDEO ? "VP8/90000" : "opus/48000/2";
  guint64 payload;

  if (!parlor_sdp_read_number (&value, 127, &payload) || *value++ != ' ' || !line->formats[payload])
    return;
  if (g_ascii_strcasecmp (value, "rtx/90000") == 0)
    line->formats[payload] = FORMAT_RETRANSMISSION;
  else if (line->kind <= PARLOR_SDP_VIDEO && line->payload < 0 && g_ascii_strcasecmp (value, ours) == 0)
    line->payload = (int) payload;
}

/* "97 apt=96", "111 minptime=10;useinbandfec=1": after all rtpmaps were seen. */
static void
read_fmtp (ParlorSdpLine *line, const char *value)
{
  g_auto (GStrv) parameters = NULL;
  guint64 payload;

  if (!parlor_sdp_read_number (&value, 127, &payload) || *value++ != ' ')
    return;
  parameters = g_strsplit (value, ";", 32);
  for (guint i = 0; parameters[i]; i++)
    {
      const char *parameter = g_strstrip (parameters[i]), *apt = parameter + strlen ("apt=");
      guint64 target;

      if (line->formats[payload] == FORMAT_RETRANSMISSION && g_str_has_prefix (parameter, "apt=") && parlor_sdp_read_number (&apt, 127, &target) && (int) target == line->payload)
        line->retransmission = (int) payload;
      else if ((int) payload == line->payload && g_str_equal (parameter, "useinbandfec=1"))
        line->fec = TRUE;
    }
}

static void
read_feedback (ParlorSdpLine *line, const char *value)
{
  guint64 payload = 0;

  if (*value == '*')
    value++;
  else if (!parlor_sdp_read_number (&value, 127, &payload) || (int) payload != line->payload)
    return;
  if (*value++ != ' ')
    return;
  line->nack |= g_str_equal (value, "nack");
  line->pli |= g_str_equal (value, "nack pli");
  line->fir |= g_str_equal (value, "ccm fir");
  line->transport_feedback |= g_str_equal (value, "transport-cc");
}

/* "3 URI" or "3/sendrecv URI" (RFC 8285); ids 1 to 14 fit the one-byte form that the payloaders write. */
static void
read_extension (ParlorSdpLine *line, const char *value)
{
  guint64 id;

  if (!parlor_sdp_read_number (&value, 14, &id) || id == 0)
    return;
  value += strcspn (value, " ");
  if (*value == ' ' && g_str_equal (value + 1, TRANSPORT_CC))
    line->transport_cc = (int) id;
}

static void
read_ssrc (ParlorSdpLine *line, const char *value)
{
  guint64 ssrc;
  guint32 number;

  if (!parlor_sdp_read_number (&value, G_MAXUINT32, &ssrc) || ssrc == 0 || line->ssrcs->len == MAX_SSRCS)
    return;
  number = (guint32) ssrc;
  for (guint i = 0; i < line->ssrcs->len; i++)
    if (g_array_index (line->ssrcs, guint32, i) == number)
      return;
  g_array_append_val (line->ssrcs, number);
}

static void
read_ssrc_group (ParlorSdpLine *line, const char *value)
{
  guint64 ssrc[2];
  guint32 pair[2];

  if (!g_str_has_prefix (value, "FID ") || line->groups->len == MAX_SSRCS)
    return;
  value += strlen ("FID ");
  if (!parlor_sdp_read_number (&value, G_MAXUINT32, &ssrc[0]) || *value++ != ' ' || !parlor_sdp_read_number (&value, G_MAXUINT32, &ssrc[1]) || *value != '\0')
    return;
  pair[0] = (guint32) ssrc[0];
  pair[1] = (guint32) ssrc[1];
  g_array_append_val (line->groups, pair);
}

static gboolean
read_direction (ParlorSdpLine *line, const char *key)
{
  if (g_str_equal (key, "sendrecv"))
    line->sends = line->receives = TRUE;
  else if (g_str_equal (key, "sendonly") || g_str_equal (key, "recvonly"))
    {
      line->sends = g_str_equal (key, "sendonly");
      line->receives = !line->sends;
    }
  else if (g_str_equal (key, "inactive"))
    line->sends = line->receives = FALSE;
  else
    return FALSE;
  return TRUE;
}

/* "96" of an m-line's list of formats; anything else (of data channels) is not of interest. */
void
parlor_sdp_line_add_format (ParlorSdpLine *line, const char *format)
{
  guint64 payload;

  if (parlor_sdp_read_number (&format, 127, &payload) && *format == '\0')
    line->formats[payload] = FORMAT_LISTED;
}

void
parlor_sdp_line_read_attribute (ParlorSdpLine *line, const char *key, const char *value)
{
  if (read_direction (line, key))
    return;
  if (g_str_equal (key, "fmtp"))
    read_fmtp (line, value);
  else if (g_str_equal (key, "rtcp-fb"))
    read_feedback (line, value);
  else if (g_str_equal (key, "extmap"))
    read_extension (line, value);
  else if (g_str_equal (key, "ssrc"))
    read_ssrc (line, value);
  else if (g_str_equal (key, "ssrc-group"))
    read_ssrc_group (line, value);
  else if (g_str_equal (key, "rtcp-mux"))
    line->multiplexed = TRUE;
  else if (g_str_equal (key, "bundle-only"))
    line->bundle_only = TRUE;
  else if (g_str_equal (key, "sctp-port"))
    line->sctp = TRUE;
}

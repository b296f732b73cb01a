/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-sdp-check.h"

#include "parlor-error.h"
#include "parlor-sdp-check-private.h"

#include <string.h>

/*
 * ParlorSdp: a session description (RFC 8866) from the network, read strictly before webrtcbin sees it.
 *
 * webrtcbin trusts SDP: a missing mid reaches a g_assert, an SSRC claimed by the data channel's m-line a NULL
 * transceiver, and under BUNDLE the ICE credentials of the last m-line win. So nothing of the text is passed on: what is
 * understood is kept in plain data, and parlor-sdp-write.c writes a description anew from that.
 * Pure; any thread.
 */

#define MAX_TEXT_LINES 4000
#define MAX_CANDIDATES 64

/* What a section (the session, or one m-line) says of its transport. */
typedef struct
{
  char *ufrag, *password, *setup;
  gboolean has_fingerprint;
} Transport;

typedef struct
{
  ParlorSdp *sdp;
  ParlorSdpLine *line; /* NULL while the session's own lines are read */
  Transport session;
  GPtrArray *transports; /* one an m-line */
  GPtrArray *candidates; /* one GPtrArray an m-line */
  char **bundle;         /* mids; NULL = none */
  guint n_fingerprints;  /* distinct ones */
} Reader;

static void
transport_free (gpointer data)
{
  Transport *transport = data;

  g_free (transport->ufrag);
  g_free (transport->password);
  g_free (transport->setup);
  g_free (transport);
}

static gboolean
bad (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
bad (GError **error, const char *format, ...)
{
  va_list args;
  g_autofree char *message = NULL;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_BAD_SDP, message);
  return FALSE;
}

static void
replace (char **field, const char *value)
{
  g_free (*field);
  *field = g_strdup (value);
}

static gboolean
read_fingerprint (Reader *reader, const char *value, GError **error)
{
  guint8 bytes[PARLOR_SDP_FINGERPRINT_BYTES];

  if (g_ascii_strncasecmp (value, "sha-256 ", 8) != 0)
    return TRUE; /* RFC 8122: others may stand beside it; we only ever compare this one */
  value += 8;
  for (guint i = 0; i < sizeof bytes; i++, value += 3)
    {
      char end = i + 1 < sizeof bytes ? ':' : '\0';

      if (!g_ascii_isxdigit (value[0]) || !g_ascii_isxdigit (value[1]) || value[2] != end)
        {
          g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_NO_FINGERPRINT, "missing: a=fingerprint cannot be read");
          return FALSE;
        }
      bytes[i] = (guint8) (g_ascii_xdigit_value (value[0]) << 4 | g_ascii_xdigit_value (value[1]));
    }

  if (reader->n_fingerprints == 0 || memcmp (bytes, reader->sdp->fingerprint, sizeof bytes) != 0)
    reader->n_fingerprints++;
  memcpy (reader->sdp->fingerprint, bytes, sizeof bytes);
  if (reader->line)
    ((Transport *) g_ptr_array_index (reader->transports, reader->transports->len - 1))->has_fingerprint = TRUE;
  else
    reader->session.has_fingerprint = TRUE;
  return TRUE;
}

static gboolean
read_transport (Reader *reader, const char *key, const char *value, GError **error)
{
  Transport *transport = reader->line ? g_ptr_array_index (reader->transports, reader->transports->len - 1)
                                      : &reader->session;

  if (g_str_equal (key, "ice-ufrag"))
    {
      if (!parlor_sdp_is_made_of (value, "+/-_=", 4, 256))
        return bad (error, "a=ice-ufrag cannot be read");
      replace (&transport->ufrag, value);
    }
  else if (g_str_equal (key, "ice-pwd"))
    {
      if (!parlor_sdp_is_made_of (value, "+/-_=", 22, 256))
        return bad (error, "a=ice-pwd cannot be read");
      replace (&transport->password, value);
    }
  else if (g_str_equal (key, "setup"))
    {
      gboolean sane = g_str_equal (value, "active") || g_str_equal (value, "passive") || (g_str_equal (value, "actpass") && reader->sdp->type == PARLOR_SDP_OFFER);

      if (!sane)
        return bad (error, "a=setup:%.16s makes no sense here", value);
      replace (&transport->setup, value);
    }
  return TRUE;
}

static gboolean
read_media_attribute (Reader *reader, const char *key, const char *value, GError **error)
{
  ParlorSdpLine *line = reader->line;

  if (g_str_equal (key, "mid"))
    {
      if (line->mid || !parlor_sdp_is_made_of (value, "!#$%&'*+-.^_`{|}~", 1, 32) || parlor_sdp_find_mid (reader->sdp, value) >= 0)
        return bad (error, "a=mid cannot be read, or stands twice");
      line->mid = g_strdup (value);
    }
  else if (g_str_equal (key, "candidate"))
    {
      GPtrArray *candidates = g_ptr_array_index (reader->candidates, reader->candidates->len - 1);

      if (candidates->len < MAX_CANDIDATES)
        g_ptr_array_add (candidates, g_strconcat ("candidate:", value, NULL));
    }
  else
    parlor_sdp_line_read_attribute (line, key, value);
  return TRUE;
}

static gboolean
read_attribute (Reader *reader, const char *attribute, GError **error)
{
  const char *colon = strchr (attribute, ':');
  g_autofree char *key = colon ? g_strndup (attribute, (gsize) (colon - attribute)) : g_strdup (attribute);
  const char *value = colon ? colon + 1 : "";

  if (g_str_equal (key, "fingerprint"))
    return read_fingerprint (reader, value, error);
  if (!read_transport (reader, key, value, error))
    return FALSE;
  if (reader->line)
    return read_media_attribute (reader, key, value, error);
  if (g_str_equal (key, "ice-lite"))
    reader->sdp->ice_lite = TRUE;
  if (g_str_equal (key, "group") && (g_str_equal (value, "BUNDLE") || g_str_has_prefix (value, "BUNDLE ")))
    {
      if (reader->bundle)
        return bad (error, "more than one a=group:BUNDLE");
      reader->bundle = g_strsplit (value[6] ? value + 7 : "", " ", -1);
    }
  return TRUE;
}

/* "m=video 9 UDP/TLS/RTP/SAVPF 96 97" */
static gboolean
read_media (Reader *reader, const char *text, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  ParlorSdpLine *line = parlor_sdp_line_new ();
  const char *port;
  guint64 number;

  g_ptr_array_add (reader->sdp->lines, line);
  g_ptr_array_add (reader->transports, g_new0 (Transport, 1));
  g_ptr_array_add (reader->candidates, g_ptr_array_new_with_free_func (g_free));
  reader->line = line;

  if (reader->sdp->lines->len > PARLOR_SDP_MAX_LINES)
    return bad (error, "more than %d m-lines", PARLOR_SDP_MAX_LINES);
  if (g_strv_length (words) < 4 || !parlor_sdp_is_made_of (words[0], "-", 1, 32) || !parlor_sdp_is_made_of (words[2], "/-", 1, 32))
    return bad (error, "an m-line cannot be read");
  port = words[1];
  if (!parlor_sdp_read_number (&port, 65535, &number))
    return bad (error, "the port of an m-line cannot be read");
  for (guint i = 3; words[i]; i++)
    if (!parlor_sdp_is_made_of (words[i], "-", 1, 32))
      return bad (error, "the formats of an m-line cannot be read");

  line->head = g_strdup (text);
  line->rejected = number == 0;
  line->kind = PARLOR_SDP_OTHER;
  if (g_str_has_suffix (words[2], "RTP/SAVPF") && g_str_equal (words[0], "audio"))
    line->kind = PARLOR_SDP_AUDIO;
  else if (g_str_has_suffix (words[2], "RTP/SAVPF") && g_str_equal (words[0], "video"))
    line->kind = PARLOR_SDP_VIDEO;
  else if (g_str_equal (words[0], "application") && g_str_equal (words[3], "webrtc-datachannel"))
    line->kind = PARLOR_SDP_DATA;
  for (guint i = 3; words[i]; i++)
    parlor_sdp_line_add_format (line, words[i]);
  return TRUE;
}

static gboolean
read_section (Reader *reader, char **lines, guint n_lines, GError **error)
{
  for (guint i = 0; reader->line && i < n_lines; i++)
    if (g_str_has_prefix (lines[i], "a=rtpmap:"))
      parlor_sdp_line_read_rtpmap (reader->line, lines[i] + strlen ("a=rtpmap:"));
  for (guint i = 0; i < n_lines; i++)
    if (g_str_has_prefix (lines[i], "a=") && !read_attribute (reader, lines[i] + 2, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_text (Reader *reader, const char *text, GError **error)
{
  g_auto (GStrv) lines = NULL;
  guint n_lines, start = 1;

  if (strlen (text) > PARLOR_SDP_MAX_BYTES)
    return bad (error, "longer than %d bytes", PARLOR_SDP_MAX_BYTES);
  if (!g_utf8_validate (text, -1, NULL))
    return bad (error, "not UTF-8");
  lines = g_strsplit (text, "\n", -1);
  n_lines = g_strv_length (lines);
  if (n_lines > MAX_TEXT_LINES)
    return bad (error, "more than %d lines", MAX_TEXT_LINES);
  for (guint i = 0; i < n_lines; i++)
    {
      g_strchomp (lines[i]);
      if (lines[i][0] != '\0' && (!g_ascii_islower (lines[i][0]) || lines[i][1] != '='))
        return bad (error, "line %u is not of a session description", i + 1);
      if (strchr (lines[i], '\r'))
        return bad (error, "a stray carriage return in line %u", i + 1);
    }
  if (n_lines == 0 || !g_str_equal (lines[0], "v=0"))
    return bad (error, "it does not begin with v=0");

  for (guint i = 1; i <= n_lines; i++)
    if (i == n_lines || g_str_has_prefix (lines[i], "m="))
      {
        if (!read_section (reader, lines + start, i - start, error))
          return FALSE;
        if (i < n_lines && !read_media (reader, lines[i] + 2, error))
          return FALSE;
        start = i + 1;
      }
  return TRUE;
}

/* The index of the m-line that leads the bundle: the first mid of the group (RFC 9143), or the only m-line there is. */
static gboolean
find_leader (Reader *reader, GError **error)
{
  ParlorSdp *sdp = reader->sdp;
  guint n_active = 0;

  sdp->leader = -1;
  if (reader->bundle && reader->bundle[0] && reader->bundle[0][0])
    {
      sdp->leader = parlor_sdp_find_mid (sdp, reader->bundle[0]);
      if (sdp->leader < 0)
        return bad (error, "a=group:BUNDLE names no m-line");
    }
  for (guint i = 0; i < sdp->lines->len; i++)
    {
      ParlorSdpLine *line = g_ptr_array_index (sdp->lines, i);

      if (line->rejected && !line->bundle_only)
        continue;
      line->rejected = FALSE;
      n_active++;
      if (sdp->leader < 0 && n_active == 1 && !reader->bundle)
        sdp->leader = (int) i;
      else if (!reader->bundle || !g_strv_contains ((const char *const *) reader->bundle, line->mid))
        return bad (error, "missing a=group:BUNDLE: m-line %u has a transport of its own", i);
    }
  if (n_active == 0)
    return bad (error, "missing: there is no m-line that is not rejected");
  if (sdp->leader < 0) /* a group whose first mid is empty: two spaces after BUNDLE */
    return bad (error, "a=group:BUNDLE names no m-line first");
  if (parlor_sdp_get_line (sdp, sdp->leader)->rejected)
    return bad (error, "the m-line that leads the bundle is rejected");
  return TRUE;
}

static const char *
inherit (const char *own, const char *leader, const char *session)
{
  return own ? own : leader ? leader
                            : session;
}

/* One transport carries all, so all m-lines get what its leader says (or the session, or themselves). */
static gboolean
settle_transport (Reader *reader, GError **error)
{
  Transport *leader = g_ptr_array_index (reader->transports, (guint) reader->sdp->leader);
  const char *ufrag = inherit (leader->ufrag, NULL, reader->session.ufrag);
  const char *password = inherit (leader->password, NULL, reader->session.password);
  const char *setup = inherit (leader->setup, NULL, reader->session.setup);

  if (!ufrag)
    return bad (error, "missing a=ice-ufrag");
  if (!password)
    return bad (error, "missing a=ice-pwd");
  if (!setup)
    return bad (error, "missing a=setup");
  for (guint i = 0; i < reader->sdp->lines->len; i++)
    {
      ParlorSdpLine *line = g_ptr_array_index (reader->sdp->lines, i);

      line->ufrag = g_strdup (ufrag);
      line->password = g_strdup (password);
      line->setup = g_strdup (setup);
    }
  if (!leader->has_fingerprint && !reader->session.has_fingerprint)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_NO_FINGERPRINT, "missing a=fingerprint with sha-256");
      return FALSE;
    }
  if (reader->n_fingerprints > 1)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_NO_FINGERPRINT, "missing: not one a=fingerprint but several that differ");
      return FALSE;
    }
  return TRUE;
}

static gboolean
settle_lines (Reader *reader, GError **error)
{
  ParlorSdp *sdp = reader->sdp;

  if (sdp->lines->len == 0)
    return bad (error, "missing: there is no m-line");
  for (guint i = 0; i < sdp->lines->len; i++)
    if (!parlor_sdp_get_line (sdp, (int) i)->mid)
      return bad (error, "missing a=mid of m-line %u", i);
  if (!find_leader (reader, error) || !settle_transport (reader, error))
    return FALSE;

  for (guint i = 0; i < sdp->lines->len; i++)
    {
      ParlorSdpLine *line = g_ptr_array_index (sdp->lines, i);
      int *first = line->kind == PARLOR_SDP_AUDIO ? &sdp->audio : line->kind == PARLOR_SDP_VIDEO ? &sdp->video
                                                                                                 : &sdp->data;

      if (line->rejected)
        continue;
      if (line->kind <= PARLOR_SDP_VIDEO && !line->multiplexed)
        return bad (error, "missing a=rtcp-mux of m-line %u", i);
      line->usable = line->kind == PARLOR_SDP_DATA ? line->sctp && sdp->data < 0
                                                   : line->kind <= PARLOR_SDP_VIDEO && line->payload >= 0;
      if (line->usable && *first < 0)
        *first = (int) i;
    }
  /* webrtcbin takes packets of an unknown SSRC for the leader's, and looks up its transceiver unchecked. */
  if (!parlor_sdp_get_line (sdp, sdp->leader)->usable || (parlor_sdp_get_line (sdp, sdp->leader)->kind == PARLOR_SDP_DATA && (sdp->audio >= 0 || sdp->video >= 0)))
    return bad (error, "the m-line that leads the bundle cannot be used");
  return TRUE;
}

/**
 * parlor_sdp_read:
 * @text: a session description from the network
 * @own_fingerprint: (nullable) (array fixed-size=32): ours, which theirs must not be (a reflected description)
 * @error: PARLOR_ERROR_BAD_SDP, PARLOR_ERROR_NO_FINGERPRINT (none, unreadable, or several that differ) or, when it is our own,
 *   PARLOR_ERROR_FINGERPRINT; the message names what is missing
 *
 * Returns: (transfer full) (nullable): what it says
 */
ParlorSdp *
parlor_sdp_read (const char *text, ParlorSdpType type, const guint8 *own_fingerprint, GError **error)
{
  g_autoptr (ParlorSdp) sdp = g_new0 (ParlorSdp, 1);
  Reader reader = { .sdp = sdp };
  gboolean good;

  sdp->type = type;
  sdp->audio = sdp->video = sdp->data = -1;
  sdp->lines = g_ptr_array_new_with_free_func (parlor_sdp_line_free);
  reader.transports = g_ptr_array_new_with_free_func (transport_free);
  reader.candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);

  good = read_text (&reader, text, error) && settle_lines (&reader, error);
  if (good && own_fingerprint && memcmp (own_fingerprint, sdp->fingerprint, sizeof sdp->fingerprint) == 0)
    {
      g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_FINGERPRINT, "mismatch: the fingerprint is our own");
      good = FALSE;
    }
  if (good)
    {
      sdp->candidates = g_ptr_array_ref (g_ptr_array_index (reader.candidates, (guint) sdp->leader));
      sdp->text = parlor_sdp_write (sdp);
    }

  g_free (reader.session.ufrag);
  g_free (reader.session.password);
  g_free (reader.session.setup);
  g_ptr_array_unref (reader.transports);
  g_ptr_array_unref (reader.candidates);
  g_strfreev (reader.bundle);
  return good ? g_steal_pointer (&sdp) : NULL;
}

/**
 * parlor_sdp_matches_offer:
 * @answer: theirs
 * @offer: ours, as it was sent
 * @error: PARLOR_ERROR_BAD_SDP
 *
 * RFC 3264: an answer has the m-lines of its offer, in their order. Ours are always bundled on the first.
 */
gboolean
parlor_sdp_matches_offer (const ParlorSdp *answer, const ParlorSdp *offer, GError **error)
{
  if (answer->lines->len != offer->lines->len)
    return bad (error, "the answer has %u m-lines, the offer %u", answer->lines->len, offer->lines->len);
  for (guint i = 0; i < offer->lines->len; i++)
    {
      const ParlorSdpLine *ours = parlor_sdp_get_line (offer, (int) i);
      const ParlorSdpLine *theirs = parlor_sdp_get_line (answer, (int) i);

      if (theirs->kind != ours->kind && !theirs->rejected)
        return bad (error, "m-line %u of the answer is of another kind than the offer's", i);
      if (!g_str_equal (theirs->mid, ours->mid))
        return bad (error, "m-line %u of the answer has another a=mid than the offer's", i);
      if (theirs->usable && theirs->payload != ours->payload)
        return bad (error, "m-line %u of the answer has a payload type that was not offered", i);
    }
  if (answer->leader != offer->leader)
    return bad (error, "the answer bundles on another m-line than the offer");
  return TRUE;
}

/**
 * parlor_sdp_get_line:
 * @index: of an m-line
 *
 * Returns: (transfer none) (nullable): %NULL when there is no such m-line
 */
const ParlorSdpLine *
parlor_sdp_get_line (const ParlorSdp *self, int index)
{
  return index >= 0 && (guint) index < self->lines->len ? g_ptr_array_index (self->lines, (guint) index) : NULL;
}

/**
 * parlor_sdp_find_mid:
 *
 * Returns: the index of the m-line with that mid, -1 when there is none
 */
int
parlor_sdp_find_mid (const ParlorSdp *self, const char *mid)
{
  for (guint i = 0; i < self->lines->len; i++)
    if (g_strcmp0 (((ParlorSdpLine *) g_ptr_array_index (self->lines, i))->mid, mid) == 0)
      return (int) i;
  return -1;
}

void
parlor_sdp_free (ParlorSdp *self)
{
  g_ptr_array_unref (self->lines);
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  g_free (self->text);
  g_free (self);
}

/**
 * parlor_sdp_fingerprint_of_pem:
 * @pem: (nullable): a certificate (what follows it is ignored)
 * @fingerprint: (out): SHA-256 of its DER form
 *
 * Returns: %FALSE when there is no certificate in @pem
 */
gboolean
parlor_sdp_fingerprint_of_pem (const char *pem, guint8 fingerprint[PARLOR_SDP_FINGERPRINT_BYTES])
{
  const char *label = "-----BEGIN CERTIFICATE-----";
  const char *found = pem ? strstr (pem, label) : NULL;
  const char *begin = found ? found + strlen (label) : NULL; /* the hyphens of the one may not be those of the other */
  const char *end = begin ? strstr (begin, "-----END CERTIFICATE-----") : NULL;
  g_autoptr (GChecksum) checksum = NULL;
  g_autofree char *base64 = NULL;
  g_autofree guchar *der = NULL;
  gsize length = 0, digest_length = PARLOR_SDP_FINGERPRINT_BYTES;

  if (!end)
    return FALSE;
  base64 = g_strndup (begin, (gsize) (end - begin));
  der = g_base64_decode (base64, &length);
  if (length == 0)
    return FALSE;
  checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_checksum_update (checksum, der, (gssize) length);
  g_checksum_get_digest (checksum, fingerprint, &digest_length);
  return TRUE;
}

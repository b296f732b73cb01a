/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-candidate.h"

#include <gio/gio.h>
#include <string.h>

/*
 * ParlorCandidate: ICE candidates from the network, read strictly (RFC 8839, section 5.1).
 *
 * Only literal addresses and mDNS names are taken: a candidate must not make us look up a name that the other side chose
 * in the DNS. Pure; any thread.
 */

#define MAX_CANDIDATE 512 /* bytes */

enum /* words of a candidate */
{
  FOUNDATION,
  COMPONENT,
  TRANSPORT,
  PRIORITY,
  ADDRESS,
  PORT,
  TYP,
  TYPE,
  N_FIXED,
};

static gboolean
is_printable (const char *text)
{
  for (; *text; text++)
    if (!g_ascii_isgraph (*text) && *text != ' ')
      return FALSE;
  return TRUE;
}

static gboolean
read_words (ParlorCandidate *self)
{
  char **words = self->words;
  guint64 number;

  if (g_strv_length (words) < N_FIXED)
    return FALSE;
  if (words[FOUNDATION][0] == '\0' || strlen (words[FOUNDATION]) > 32)
    return FALSE;
  /* rtcp-mux is the rule: there is no second component. */
  if (!g_ascii_string_to_unsigned (words[COMPONENT], 10, 1, 1, NULL, NULL))
    return FALSE;
  if (!g_ascii_string_to_unsigned (words[PRIORITY], 10, 0, G_MAXUINT32, NULL, NULL))
    return FALSE;
  if (!g_ascii_string_to_unsigned (words[PORT], 10, 0, 65535, &number, NULL))
    return FALSE;
  self->port = (guint) number;
  self->transport = g_ascii_strdown (words[TRANSPORT], -1);
  if (!g_str_equal (self->transport, "udp") && !g_str_equal (self->transport, "tcp"))
    return FALSE;
  self->type = g_strdup (words[TYPE]);
  return g_str_equal (words[TYP], "typ") && g_strv_contains ((const char *const[]){ "host", "srflx", "prflx", "relay", NULL }, self->type);
}

static gboolean
read_address (ParlorCandidate *self)
{
  const char *address = self->words[ADDRESS];

  self->address = g_strdup (address);
  if (g_hostname_is_ip_address (address))
    self->kind = PARLOR_CANDIDATE_IP;
  else if (g_str_has_suffix (address, ".local") && strlen (address) > strlen (".local") && strlen (address) <= 128)
    self->kind = PARLOR_CANDIDATE_MDNS;
  else
    return FALSE;
  return TRUE;
}

/**
 * parlor_candidate_parse:
 * @text: "candidate:1 1 UDP 2122252543 192.0.2.1 40000 typ host", with or without "a=" before it
 *
 * Returns: (transfer full) (nullable): %NULL when it cannot be read or is of no use to us (RTCP, a DNS name)
 */
ParlorCandidate *
parlor_candidate_parse (const char *text)
{
  g_autoptr (ParlorCandidate) self = NULL;

  if (g_str_has_prefix (text, "a="))
    text += 2;
  if (strlen (text) > MAX_CANDIDATE || !g_str_has_prefix (text, "candidate:") || !is_printable (text))
    return NULL;
  self = g_new0 (ParlorCandidate, 1);
  self->words = g_strsplit (text + strlen ("candidate:"), " ", -1);
  if (!read_words (self) || !read_address (self))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * parlor_candidate_write:
 * @address: (nullable): a literal address to stand in for the mDNS name
 *
 * Returns: (transfer full): "candidate:..." with its eight fixed words, and those of TCP (RFC 6544); no other extension goes on
 */
char *
parlor_candidate_write (const ParlorCandidate *self, const char *address)
{
  char **words = self->words;
  GString *out = g_string_new (NULL);

  g_string_printf (out, "candidate:%s 1 %s %s %s %u typ %s", words[FOUNDATION],
                   g_str_equal (self->transport, "udp") ? "UDP" : "TCP", words[PRIORITY],
                   address ? address : self->address, self->port, self->type);
  for (guint i = N_FIXED; words[i] && words[i + 1]; i += 2)
    if (g_str_equal (words[i], "tcptype") && g_strv_contains ((const char *const[]){ "active", "passive", "so", NULL }, words[i + 1]))
      g_string_append_printf (out, " tcptype %s", words[i + 1]);
  return g_string_free (out, FALSE);
}

void
parlor_candidate_free (ParlorCandidate *self)
{
  g_free (self->address);
  g_free (self->transport);
  g_free (self->type);
  g_strfreev (self->words);
  g_free (self);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-message-private.h"

#include "parlor-base64url.h"

#include <string.h>

/*
 * The alphabets of the wire: ids, rooms, words and the plain text that people may see. Pure.
 *
 * Plain text has no control characters and nothing that turns the direction of what follows it, so that a name
 * cannot rewrite the sentence it is shown in (CVE-2021-42574 is the same trick on source code).
 */

#define MAX_ROOM 64
#define MAX_WORD 64
#define MAX_LINE 1024

static gboolean
is_made_of (const char *text, gsize max, const char *more, gboolean capitals)
{
  gsize length = strlen (text);

  if (length < 1 || length > max)
    return FALSE;
  for (const char *p = text; *p; p++)
    if (!g_ascii_islower (*p) && !g_ascii_isdigit (*p) && !strchr (more, *p)
        && !(capitals && g_ascii_isupper (*p)))
      return FALSE;
  return TRUE;
}

static gboolean
is_plain (gunichar c)
{
  if (g_unichar_iscntrl (c) || c == 0x2028 || c == 0x2029) /* line and paragraph separators */
    return FALSE;
  return !(c >= 0x202a && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069); /* embeddings, overrides, isolates */
}

static const char *
plain_complaint (const char *text, gsize max)
{
  gsize n = 0;

  for (const char *p = text; *p; p = g_utf8_next_char (p), n++)
    if ((guchar) *p < 0x80 ? g_ascii_iscntrl (*p) : !is_plain (g_utf8_get_char (p)))
      return "holds control characters";
  return n > max ? "is too long" : NULL;
}

/* Of all controls only these keep their size when they are written again: a text never outgrows its message. */
static const char *
body_complaint (const char *text)
{
  if (*text == '\0')
    return "is empty";
  for (const char *p = text; *p; p++)
    if (g_ascii_iscntrl (*p) && *p != '\t' && *p != '\r' && *p != '\n')
      return "holds control characters";
  return NULL;
}

static const char *
bytes_complaint (const char *text, gsize size)
{
  g_autoptr (GBytes) bytes = parlor_base64url_decode (text, strlen (text), size);

  return bytes ? NULL : "is not base64url of the right length";
}

const char *
parlor_wire_text_complaint (const char *text, ParlorTextKind kind)
{
  switch (kind)
    {
    case PARLOR_TEXT_ID:
      return parlor_wire_id_is_valid (text) ? NULL : "is not an id";
    case PARLOR_TEXT_ROOM:
      return *text == '\0' || parlor_wire_room_is_valid (text) ? NULL : "is not a room";
    case PARLOR_TEXT_WORD:
      return is_made_of (text, MAX_WORD, "-", FALSE) ? NULL : "is not a word of small letters, digits and -";
    case PARLOR_TEXT_NAME:
      return plain_complaint (text, PARLOR_WIRE_MAX_NAME);
    case PARLOR_TEXT_LINE:
      return plain_complaint (text, MAX_LINE);
    case PARLOR_TEXT_TOKEN:
      return bytes_complaint (text, PARLOR_WIRE_TOKEN_SIZE);
    case PARLOR_TEXT_KEY:
      return bytes_complaint (text, PARLOR_WIRE_KEY_SIZE);
    case PARLOR_TEXT_SIGNATURE:
      return bytes_complaint (text, PARLOR_WIRE_SIGNATURE_SIZE);
    case PARLOR_TEXT_BODY:
    default:
      return body_complaint (text);
    }
}

gboolean
parlor_wire_id_is_valid (const char *id)
{
  return id != NULL && is_made_of (id, PARLOR_WIRE_MAX_ID, "-_", TRUE);
}

gboolean
parlor_wire_room_is_valid (const char *room)
{
  return room != NULL && is_made_of (room, MAX_ROOM, "-", FALSE);
}

char *
parlor_wire_clean_name (const char *name)
{
  g_autofree char *valid = g_utf8_make_valid (name ? name : "", -1);
  g_autoptr (GString) clean = g_string_new (NULL);
  gboolean visible = FALSE;
  gsize n = 0;

  g_strstrip (valid);
  for (const char *p = valid; *p && n < PARLOR_WIRE_MAX_NAME; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (!is_plain (c))
        continue;
      visible |= g_unichar_isgraph (c) && !g_unichar_iszerowidth (c);
      g_string_append_unichar (clean, c);
      n++;
    }
  return visible ? g_strdup (g_strstrip (clean->str)) : g_strdup ("Guest");
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "parlor-invite.h"
#include "parlor-message.h"
#include "parlor-report.h"

#include <string.h>

/*
 * The room wire: `p` and a message of parlor.1, `s` and one of a seed page, `i` and an invite, `r` and what the peer's lines say of
 * somebody's words.
 */

/* What we would say again is understood, and says the same again. */
static void
check_again (const ParlorMessage *message, ParlorDialect dialect)
{
  g_autofree char *text = parlor_message_serialize (message, dialect);
  g_autofree char *again = NULL;
  g_autoptr (ParlorMessage) copy = parlor_message_copy (message);
  g_autofree char *copied = parlor_message_serialize (copy, dialect);
  g_autoptr (ParlorMessage) read = NULL;
  g_autoptr (GError) error = NULL;

  fuzz_check (g_strcmp0 (text, copied) == 0);
  if (!text)
    return;
  fuzz_check (g_utf8_validate (text, -1, NULL) && !strchr (text, '\n'));
  read = parlor_message_parse (text, -1, dialect, &error);
  if (!read && strlen (text) > PARLOR_WIRE_MAX_MESSAGE)
    return;
  fuzz_check (read && read->type == message->type);
  again = parlor_message_serialize (read, dialect);
  fuzz_check (g_strcmp0 (text, again) == 0);
}

static void
check_message (const char *text, gsize length, ParlorDialect dialect)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ParlorMessage) message = parlor_message_parse (text, (gssize) length, dialect, &error), forwarded = NULL;
  g_autofree char *forward = NULL;

  fuzz_check ((message == NULL) == (error != NULL));
  if (!message)
    return;
  check_again (message, PARLOR_DIALECT_PARLOR);
  check_again (message, PARLOR_DIALECT_SEED);
  forward = parlor_message_forward (message, "r1");
  forwarded = parlor_message_parse (forward, -1, PARLOR_DIALECT_PARLOR, &error);
  fuzz_check (forwarded && g_strcmp0 (forwarded->from, "r1") == 0 && forwarded->type == message->type);
  fuzz_check (g_strcmp0 (forwarded->to, message->to) == 0 && g_strcmp0 (forwarded->call, message->call) == 0);
}

static void
check_invite (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ParlorInvite) invite = parlor_invite_parse (text, &error), again = NULL;
  g_autofree char *web = NULL, *app = NULL, *socket = NULL, *display = NULL, *web_again = NULL;

  fuzz_check ((invite == NULL) == (error != NULL));
  if (!invite)
    return;
  web = parlor_invite_to_web_link (invite);
  app = parlor_invite_to_app_link (invite);
  socket = parlor_invite_to_websocket_url (invite);
  display = parlor_invite_to_display (invite);
  fuzz_check (g_str_has_prefix (socket, parlor_invite_get_tls (invite) ? "wss://" : "ws://") && !strchr (socket, '#'));
  fuzz_check (*display && !strchr (display, '#'));
  again = parlor_invite_parse (web, NULL);
  fuzz_check (again && g_str_equal (parlor_invite_get_host (again), parlor_invite_get_host (invite)));
  fuzz_check (parlor_invite_get_port (again) == parlor_invite_get_port (invite));
  web_again = parlor_invite_to_web_link (again);
  fuzz_check (g_str_equal (web, web_again));
  if (app)
    {
      g_autoptr (ParlorInvite) from_app = parlor_invite_parse (app, NULL);
      g_autofree char *app_again = from_app ? parlor_invite_to_app_link (from_app) : NULL;

      fuzz_check (g_strcmp0 (app, app_again) == 0);
    }
}

static void
check_line (char *line)
{
  g_autofree char *text = line;

  fuzz_check (text && *text == '{' && text[strlen (text) - 1] == '}' && !strpbrk (text, "\r\n") && g_utf8_validate (text, -1, NULL));
}

static void
check_report (const char *text, const guint8 *data, gsize size)
{
  g_autoptr (ParlorStats) stats = parlor_stats_new ();

  if (!g_utf8_validate (text, -1, NULL))
    return;
  stats->pair = g_strdup (text);
  stats->in.video.codec = g_strdup (text);
  memcpy (&stats->rtt_ms, data, MIN (size, sizeof stats->rtt_ms)); /* any double, not a number included */
  memcpy (&stats->out.video.bytes, data, MIN (size, sizeof (gint64)));
  check_line (parlor_report_stats (0, stats));
  check_line (parlor_report_error (G_MAXINT64, text, text));
  check_line (parlor_report_ended (-1, text));
  check_line (parlor_report_state (1, text));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = NULL;

  if (size == 0)
    return 0;
  text = g_strndup ((const char *) data + 1, size - 1);
  if (data[0] == 'i')
    check_invite (text);
  else if (data[0] == 'r')
    check_report (text, data + 1, size - 1);
  else
    check_message ((const char *) data + 1, size - 1, data[0] == 's' ? PARLOR_DIALECT_SEED : PARLOR_DIALECT_PARLOR);
  return 0;
}

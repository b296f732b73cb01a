/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-signaling"

#include "config.h"

#include "parlor-ws-error.h"

#define STATUS_TOO_MANY_REQUESTS 429 /* RFC 6585; libsoup has no name for it */

/* What a relay may say before its welcome, or with its goodbye, that has an answer of its own. */
static const struct
{
  const char *code; /* on the wire */
  ParlorError error;
  const char *words;
} refusals[] = {
  { "not-invited", PARLOR_ERROR_NOT_INVITED, "The room at @ is for those who have its invite. Use the whole link, from its first letter to its last." },
  { "room-full", PARLOR_ERROR_ROOM_FULL, "The room at @ is full. Try again later." },
  { "locked", PARLOR_ERROR_LOCKED, "The room at @ is locked, and nobody let you in. Try again later." },
  { "refused", PARLOR_ERROR_REFUSED, "They did not let you into the room at @." },
  { "removed", PARLOR_ERROR_REMOVED, "You were removed from the room at @." },
};

GError *
parlor_ws_error_new (ParlorInvite *invite, ParlorError code, const char *format)
{
  g_autoptr (ParlorInvite) bare = parlor_invite_new (parlor_invite_get_host (invite),
                                                     parlor_invite_get_port (invite), NULL, FALSE, NULL, NULL,
                                                     NULL);
  g_autofree char *where = parlor_invite_to_display (bare);
  g_auto (GStrv) parts = g_strsplit (format, "@", -1);
  g_autofree char *words = g_strjoinv (where, parts);

  return g_error_new_literal (PARLOR_ERROR, code, words);
}

GError *
parlor_ws_error_of_tls (ParlorInvite *invite, const GError *error)
{
  if (!g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE))
    return parlor_ws_error_new (invite, PARLOR_ERROR_TLS, "There is no TLS at @. Check the address: a relay without TLS has one that begins with "
                                                          "http:// or ws://.");
  if (parlor_invite_get_pin (invite))
    return parlor_ws_error_new (invite, PARLOR_ERROR_TLS, "The relay at @ is not the one of this invite: its certificate is another. Ask for a new "
                                                          "invite.");
  return parlor_ws_error_new (invite, PARLOR_ERROR_TLS, "The certificate of @ is not trusted by this computer. Use the whole invite, or a relay "
                                                        "with a valid certificate.");
}

GError *
parlor_ws_error_of_handshake (ParlorInvite *invite, SoupMessage *handshake, const GError *error)
{
  if (error->domain == G_TLS_ERROR)
    return parlor_ws_error_of_tls (invite, error);
  if (error->domain == SOUP_WEBSOCKET_ERROR && soup_message_get_status (handshake) == SOUP_STATUS_SERVICE_UNAVAILABLE)
    return parlor_ws_error_new (invite, PARLOR_ERROR_REJECTED, "The relay at @ is full. Try again later.");
  if (error->domain == SOUP_WEBSOCKET_ERROR && soup_message_get_status (handshake) == STATUS_TOO_MANY_REQUESTS)
    return parlor_ws_error_new (invite, PARLOR_ERROR_REJECTED, "Too many come to @ from this network. Close other windows of it, or try again later.");
  if (error->domain == SOUP_WEBSOCKET_ERROR || error->domain == SOUP_SESSION_ERROR)
    return parlor_ws_error_new (invite, PARLOR_ERROR_REJECTED, "This address does not answer as a Parlor relay: @. Check it, the room too.");
  if (error->domain == G_RESOLVER_ERROR)
    return parlor_ws_error_new (invite, PARLOR_ERROR_UNREACHABLE, "No computer of this name is known: @. Check the address.");
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
    return parlor_ws_error_new (invite, PARLOR_ERROR_CLOSED, "@ closed the connection. Check the address, or try again later.");
  return parlor_ws_error_new (invite, PARLOR_ERROR_UNREACHABLE, "Nobody answers at @. Check the address, and that the relay is running.");
}

GError *
parlor_ws_error_of_refusal (ParlorInvite *invite, const ParlorMessage *refusal)
{
  const char *words = refusal->error.message;

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    if (g_str_equal (refusal->error.code, refusals[i].code))
      return parlor_ws_error_new (invite, refusals[i].error, refusals[i].words);
  return g_error_new (PARLOR_ERROR, PARLOR_ERROR_REJECTED, "The relay refused: %s (%s)",
                      words && *words ? words : "it does not say why", refusal->error.code);
}

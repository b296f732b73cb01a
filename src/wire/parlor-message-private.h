/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "parlor-message.h"

G_BEGIN_DECLS

/* What a text of the wire may hold; characters are Unicode scalar values. */
typedef enum
{
  PARLOR_TEXT_ID,   /* [A-Za-z0-9_-]{1,32} */
  PARLOR_TEXT_ROOM, /* [a-z0-9-]{1,64}, or empty for the lobby */
  PARLOR_TEXT_WORD, /* [a-z0-9-]{1,64} */
  PARLOR_TEXT_NAME, /* up to 64 characters, plain */
  PARLOR_TEXT_LINE, /* up to 1024 characters, plain */
  PARLOR_TEXT_BODY, /* not empty; of the ASCII controls only tab, line feed and carriage return */
  PARLOR_TEXT_TOKEN,     /* base64url of PARLOR_WIRE_TOKEN_SIZE bytes */
  PARLOR_TEXT_KEY,       /* base64url of PARLOR_WIRE_KEY_SIZE bytes */
  PARLOR_TEXT_SIGNATURE, /* base64url of PARLOR_WIRE_SIGNATURE_SIZE bytes */
} ParlorTextKind;

/* %NULL when @text is of @kind, else what is wrong with it: "is too long", ... (static). */
const char *parlor_wire_text_complaint (const char *text, ParlorTextKind kind);

/* UNKNOWN for a word that this version does not know. */
ParlorMessageType parlor_message_type_from_string (const char *word);

/* A reason that this version does not know still declines: DECLINED. */
ParlorDeclineReason parlor_decline_reason_from_string (const char *word);

/* NONE for a word that this version does not know. */
ParlorProofBy parlor_proof_by_from_string (const char *word);

/* (transfer full): as an entry of `peers`. */
JsonNode *parlor_peer_info_to_json (const ParlorPeerInfo *self);

G_END_DECLS

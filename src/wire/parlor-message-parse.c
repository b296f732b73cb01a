/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-wire"

#include "config.h"

#include "parlor-json.h"
#include "parlor-message-private.h"

#include "parlor-error.h"

#include <string.h>

/*
 * Text -> ParlorMessage. Everything here may come from a hostile network: each field is asked for its type, its length
 * and its alphabet, and what is wrong is said in a GError that names it. A JSON null counts as "not there".
 *
 * Unknown fields are not looked at; they stay in the message's source for parlor_message_forward().
 */

/* What a relay may add to a message that had the full size: the member `from` and its comma. */
#define MAX_STAMP (sizeof "\"from\":\"\"," - 1 + PARLOR_WIRE_MAX_ID)
#define MAX_GENERATION G_MAXINT32 /* 2^31 - 1 */
#define MAX_MLINE_INDEX G_MAXUINT16
#define MAX_SEQ G_MAXINT32 /* 2^31 - 1 */

typedef enum
{
  OPTIONAL,
  REQUIRED,
} Need;

static gboolean
refuse (GError **error, const char *field, const char *complaint)
{
  g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_MESSAGE, "\"%s\" %s", field, complaint);
  return FALSE;
}

/* *node is NULL when the field is absent and need not be there. */
static gboolean
read_node (const ParlorJson *object, const char *field, Need need, const ParlorJson **node, GError **error)
{
  *node = parlor_json_get (object, field);
  if (*node && (*node)->kind == PARLOR_JSON_NULL)
    *node = NULL;
  if (*node == NULL && need == REQUIRED)
    return refuse (error, field, "is missing");
  return TRUE;
}

static gboolean
read_text (const ParlorJson *object, const char *field, ParlorTextKind kind, Need need, char **text, GError **error)
{
  const ParlorJson *node;
  const char *complaint;

  if (!read_node (object, field, need, &node, error))
    return FALSE;
  if (node == NULL)
    return TRUE;
  if (node->kind != PARLOR_JSON_TEXT)
    return refuse (error, field, "must be a text");
  complaint = parlor_wire_text_complaint (node->text, kind);
  if (complaint)
    return refuse (error, field, complaint);
  *text = g_strdup (node->text);
  return TRUE;
}

static gboolean
read_boolean (const ParlorJson *object, const char *field, Need need, gboolean *value, GError **error)
{
  const ParlorJson *node;

  if (!read_node (object, field, need, &node, error))
    return FALSE;
  if (node == NULL)
    return TRUE;
  if (node->kind != PARLOR_JSON_BOOLEAN)
    return refuse (error, field, "must be true or false");
  *value = node->boolean;
  return TRUE;
}

/* A whole number from 0 to @max; *value stays as it is when there is none. */
static gboolean
read_number (const ParlorJson *object, const char *field, gint64 max, Need need, gint64 *value, GError **error)
{
  const ParlorJson *node;

  if (!read_node (object, field, need, &node, error))
    return FALSE;
  if (node == NULL)
    return TRUE;
  if (node->kind != PARLOR_JSON_WHOLE)
    return refuse (error, field, "must be a whole number");
  if (node->whole < 0 || node->whole > max)
    return refuse (error, field, "is out of range");
  *value = node->whole;
  return TRUE;
}

static gboolean
read_object (const ParlorJson *object, const char *field, Need need, const ParlorJson **value, GError **error)
{
  const ParlorJson *node;

  *value = NULL;
  if (!read_node (object, field, need, &node, error))
    return FALSE;
  if (node == NULL)
    return TRUE;
  if (node->kind != PARLOR_JSON_OBJECT)
    return refuse (error, field, "must be an object");
  *value = node;
  return TRUE;
}

static gboolean
read_array (const ParlorJson *object, const char *field, const ParlorJson **value, GError **error)
{
  const ParlorJson *node;

  *value = NULL;
  if (!read_node (object, field, OPTIONAL, &node, error))
    return FALSE;
  if (node == NULL)
    return TRUE;
  if (node->kind != PARLOR_JSON_ARRAY)
    return refuse (error, field, "must be a list");
  *value = node;
  return TRUE;
}

/* The elements of @array, which may be absent; NULL = no more. */
static const ParlorJson *
next (const ParlorJson *array, const ParlorJson *element)
{
  const ParlorJson *after = element + element->size;

  return after < array + array->size ? after : NULL;
}

static const ParlorJson *
first (const ParlorJson *array)
{
  return array != NULL && array->size > 1 ? array + 1 : NULL;
}

static ParlorPeerInfo *
read_peer (const ParlorJson *object, GError **error)
{
  g_autoptr (ParlorPeerInfo) peer = parlor_peer_info_new (NULL, NULL, PARLOR_DIALECT_PARLOR, FALSE);
  g_autofree char *dialect = NULL;

  if (!read_text (object, "id", PARLOR_TEXT_ID, REQUIRED, &peer->id, error)
      || !read_text (object, "name", PARLOR_TEXT_NAME, REQUIRED, &peer->name, error)
      || !read_text (object, "dialect", PARLOR_TEXT_LINE, OPTIONAL, &dialect, error)
      || !read_boolean (object, "in_call", OPTIONAL, &peer->in_call, error)
      || !read_boolean (object, "away", OPTIONAL, &peer->away, error))
    return NULL;
  /* A dialect of the future is no reason to treat its speaker with less care than one of ours. */
  if (g_strcmp0 (dialect, "seed") == 0)
    peer->dialect = PARLOR_DIALECT_SEED;
  return g_steal_pointer (&peer);
}

static gboolean
read_peers (const ParlorJson *object, GPtrArray *peers, GError **error)
{
  const ParlorJson *array;

  if (!read_array (object, "peers", &array, error))
    return FALSE;
  for (const ParlorJson *node = first (array); node != NULL; node = next (array, node))
    {
      ParlorPeerInfo *peer;

      if (node->kind != PARLOR_JSON_OBJECT)
        return refuse (error, "peers", "must be a list of objects");
      peer = read_peer (node, error);
      if (peer == NULL)
        return FALSE;
      g_ptr_array_add (peers, peer);
    }
  return TRUE;
}

static gboolean
add_ice_server (const ParlorJson *url, const char *username, const char *credential, GPtrArray *servers, GError **error)
{
  static const char *const schemes[] = { "stun:", "stuns:", "turn:", "turns:" };
  const char *text;

  if (url->kind != PARLOR_JSON_TEXT)
    return refuse (error, "urls", "must be a text or a list of texts");
  text = url->text;
  if (parlor_wire_text_complaint (text, PARLOR_TEXT_LINE))
    return refuse (error, "urls", parlor_wire_text_complaint (text, PARLOR_TEXT_LINE));
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_str_has_prefix (text, schemes[i]))
      {
        g_ptr_array_add (servers, parlor_ice_server_new (text, username, credential));
        return TRUE;
      }
  return refuse (error, "urls", "must begin with stun:, stuns:, turn: or turns:");
}

/* An RTCIceServer of the W3C: `urls` is one text or a list. */
static gboolean
read_ice_server (const ParlorJson *object, GPtrArray *servers, GError **error)
{
  g_autofree char *username = NULL;
  g_autofree char *credential = NULL;
  const ParlorJson *urls;

  if (!read_node (object, "urls", REQUIRED, &urls, error)
      || !read_text (object, "username", PARLOR_TEXT_LINE, OPTIONAL, &username, error)
      || !read_text (object, "credential", PARLOR_TEXT_LINE, OPTIONAL, &credential, error))
    return FALSE;
  if (urls->kind != PARLOR_JSON_ARRAY)
    return add_ice_server (urls, username, credential, servers, error);
  for (const ParlorJson *url = first (urls); url != NULL; url = next (urls, url))
    if (!add_ice_server (url, username, credential, servers, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_ice_servers (const ParlorJson *object, GPtrArray *servers, GError **error)
{
  const ParlorJson *array;

  if (!read_array (object, "ice_servers", &array, error))
    return FALSE;
  for (const ParlorJson *node = first (array); node != NULL; node = next (array, node))
    {

      if (node->kind != PARLOR_JSON_OBJECT)
        return refuse (error, "ice_servers", "must be a list of objects");
      if (!read_ice_server (node, servers, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_hello (ParlorMessage *self, const ParlorJson *object, GError **error)
{
  return read_text (object, "name", PARLOR_TEXT_NAME, REQUIRED, &self->hello.name, error)
         && read_text (object, "client", PARLOR_TEXT_NAME, OPTIONAL, &self->hello.client, error)
         && read_text (object, "ticket", PARLOR_TEXT_TOKEN, OPTIONAL, &self->hello.ticket, error)
         && read_text (object, "resume", PARLOR_TEXT_TOKEN, OPTIONAL, &self->hello.resume, error)
         && read_text (object, "owner", PARLOR_TEXT_TOKEN, OPTIONAL, &self->hello.owner, error);
}

static gboolean
read_limits (ParlorMessage *self, const ParlorJson *object, GError **error)
{
  const ParlorJson *limits;

  if (!read_object (object, "limits", OPTIONAL, &limits, error))
    return FALSE;
  return limits == NULL
         || (read_number (limits, "message", G_MAXINT64, OPTIONAL, &self->welcome.limits.message, error)
             && read_number (limits, "rate", G_MAXINT64, OPTIONAL, &self->welcome.limits.rate, error)
             && read_number (limits, "away_ms", G_MAXINT64, OPTIONAL, &self->welcome.limits.away_ms, error));
}

static gboolean
read_welcome (ParlorMessage *self, const ParlorJson *object, GError **error)
{
  return read_text (object, "id", PARLOR_TEXT_ID, REQUIRED, &self->welcome.id, error)
         && read_text (object, "room", PARLOR_TEXT_ROOM, REQUIRED, &self->welcome.room, error)
         && read_peers (object, self->welcome.peers, error)
         && read_ice_servers (object, self->welcome.ice_servers, error)
         && read_text (object, "resume", PARLOR_TEXT_TOKEN, OPTIONAL, &self->welcome.resume, error)
         && read_text (object, "owner", PARLOR_TEXT_TOKEN, OPTIONAL, &self->welcome.owner, error)
         && read_boolean (object, "locked", OPTIONAL, &self->welcome.locked, error)
         && read_limits (self, object, error);
}

static gboolean
read_proof (ParlorMessage *self, const ParlorJson *object, GError **error)
{
  g_autofree char *by = NULL;
  const ParlorJson *proof;

  if (!read_object (object, "proof", OPTIONAL, &proof, error))
    return FALSE;
  if (proof == NULL)
    return TRUE;
  if (!read_text (proof, "by", PARLOR_TEXT_WORD, REQUIRED, &by, error)
      || !read_text (proof, "mac", PARLOR_TEXT_TOKEN, REQUIRED, &self->description.proof_mac, error)
      || !read_text (proof, "guest", PARLOR_TEXT_TOKEN, OPTIONAL, &self->description.proof_guest, error))
    return FALSE;
  self->description.proof_by = parlor_proof_by_from_string (by);
  return self->description.proof_by != PARLOR_PROOF_NONE || refuse (error, "by", "is neither app nor guest");
}

static gboolean
read_description (ParlorMessage *self, const ParlorJson *object, GError **error)
{
  gboolean is_offer = self->type == PARLOR_MESSAGE_OFFER;

  return read_text (object, "sdp", PARLOR_TEXT_BODY, REQUIRED, &self->description.sdp, error)
         && read_text (object, is_offer ? "commit" : "nonce", PARLOR_TEXT_TOKEN, OPTIONAL,
                       is_offer ? &self->description.commit : &self->description.nonce, error)
         && read_proof (self, object, error);
}

static gboolean
read_ping (ParlorMessage *self, const ParlorJson *object, GError **error)
{
  gint64 seq = 0;

  if (!read_number (object, "seq", MAX_SEQ, REQUIRED, &seq, error))
    return FALSE;
  self->ping.seq = seq;
  return TRUE;
}

static gboolean
read_media (ParlorMessage *self, const ParlorJson *object, GError **error)
{
  const ParlorJson *media;
  gboolean audio = FALSE;
  gboolean video = FALSE;

  if (!read_object (object, "media", REQUIRED, &media, error)
      || !read_boolean (media, "audio", OPTIONAL, &audio, error)
      || !read_boolean (media, "video", OPTIONAL, &video, error))
    return FALSE;
  self->ring.media = (audio ? PARLOR_MEDIA_AUDIO : 0) | (video ? PARLOR_MEDIA_VIDEO : 0);
  return TRUE;
}

static gboolean
read_decline (ParlorMessage *self, const ParlorJson *object, GError **error)
{
  g_autofree char *reason = NULL;

  if (!read_text (object, "reason", PARLOR_TEXT_WORD, OPTIONAL, &reason, error))
    return FALSE;
  self->decline.reason = parlor_decline_reason_from_string (reason);
  return TRUE;
}

/* An RTCIceCandidateInit of the W3C; an empty candidate is one way to say that there are no more. */
static gboolean
read_candidate (ParlorMessage *self, const ParlorJson *candidate, GError **error)
{
  gint64 index = -1;

  if (!read_text (candidate, "candidate", PARLOR_TEXT_LINE, REQUIRED, &self->ice.candidate, error)
      || !read_text (candidate, "sdpMid", PARLOR_TEXT_LINE, OPTIONAL, &self->ice.sdp_mid, error)
      || !read_number (candidate, "sdpMLineIndex", MAX_MLINE_INDEX, OPTIONAL, &index, error))
    return FALSE;
  if (*self->ice.candidate == '\0')
    g_clear_pointer (&self->ice.candidate, g_free);
  self->ice.sdp_mline_index = index;
  return TRUE;
}

static gboolean
read_ice (ParlorMessage *self, const ParlorJson *object, GError **error)
{
  const ParlorJson *candidate;

  if (parlor_json_get (object, "candidate") == NULL)
    return refuse (error, "candidate", "is missing");
  if (!read_object (object, "candidate", OPTIONAL, &candidate, error))
    return FALSE;
  return candidate == NULL || read_candidate (self, candidate, error);
}

static gboolean
read_joined (ParlorMessage *self, const ParlorJson *object, GError **error)
{
  const ParlorJson *peer;

  if (!read_object (object, "peer", REQUIRED, &peer, error))
    return FALSE;
  self->joined.peer = read_peer (peer, error);
  return self->joined.peer != NULL;
}

static gboolean
read_arm (ParlorMessage *self, const ParlorJson *object, GError **error)
{
  switch (self->type)
    {
    case PARLOR_MESSAGE_HELLO:
      return read_hello (self, object, error);
    case PARLOR_MESSAGE_WELCOME:
      return read_welcome (self, object, error);
    case PARLOR_MESSAGE_JOINED:
      return read_joined (self, object, error);
    case PARLOR_MESSAGE_LEFT:
      return read_text (object, "id", PARLOR_TEXT_ID, REQUIRED, &self->left.id, error)
             && read_text (object, "reason", PARLOR_TEXT_WORD, OPTIONAL, &self->left.reason, error);
    case PARLOR_MESSAGE_AWAY:
    case PARLOR_MESSAGE_BACK:
    case PARLOR_MESSAGE_ADMIT:
    case PARLOR_MESSAGE_REFUSE:
    case PARLOR_MESSAGE_REMOVE:
    case PARLOR_MESSAGE_HERE:
      return read_text (object, "id", PARLOR_TEXT_ID, REQUIRED, &self->person.id, error);
    case PARLOR_MESSAGE_OWNER:
      return read_text (object, "owner", PARLOR_TEXT_TOKEN, REQUIRED, &self->owner.token, error);
    case PARLOR_MESSAGE_KNOCK:
      return read_text (object, "id", PARLOR_TEXT_ID, OPTIONAL, &self->knock.id, error)
             && read_text (object, "name", PARLOR_TEXT_NAME, OPTIONAL, &self->knock.name, error);
    case PARLOR_MESSAGE_TURN:
      return read_ice_servers (object, self->turn.ice_servers, error);
    case PARLOR_MESSAGE_IN_CALL:
      return read_text (object, "id", PARLOR_TEXT_ID, OPTIONAL, &self->in_call.id, error)
             && read_boolean (object, "in_call", REQUIRED, &self->in_call.in_call, error);
    case PARLOR_MESSAGE_RING:
      return read_media (self, object, error);
    case PARLOR_MESSAGE_DECLINE:
      return read_decline (self, object, error);
    case PARLOR_MESSAGE_OFFER:
    case PARLOR_MESSAGE_ANSWER:
      return read_description (self, object, error);
    case PARLOR_MESSAGE_REVEAL:
      return read_text (object, "nonce", PARLOR_TEXT_TOKEN, REQUIRED, &self->reveal.nonce, error);
    case PARLOR_MESSAGE_ICE:
      return read_ice (self, object, error);
    case PARLOR_MESSAGE_BYE:
      return read_text (object, "reason", PARLOR_TEXT_WORD, OPTIONAL, &self->bye.reason, error);
    case PARLOR_MESSAGE_ERROR:
      return read_text (object, "code", PARLOR_TEXT_WORD, REQUIRED, &self->error.code, error)
             && read_text (object, "message", PARLOR_TEXT_LINE, OPTIONAL, &self->error.message, error)
             && read_text (object, "about", PARLOR_TEXT_LINE, OPTIONAL, &self->error.about, error);
    case PARLOR_MESSAGE_STATE:
      return read_boolean (object, "audio", REQUIRED, &self->state.audio, error)
             && read_boolean (object, "video", REQUIRED, &self->state.video, error);
    case PARLOR_MESSAGE_IDENTITY:
      return read_text (object, "key", PARLOR_TEXT_KEY, REQUIRED, &self->identity.key, error)
             && read_text (object, "signature", PARLOR_TEXT_SIGNATURE, REQUIRED, &self->identity.signature, error);
    case PARLOR_MESSAGE_PING:
    case PARLOR_MESSAGE_PONG:
      return read_ping (self, object, error);
    case PARLOR_MESSAGE_UNKNOWN:
    case PARLOR_MESSAGE_ACCEPT:
    case PARLOR_MESSAGE_CANCEL:
    case PARLOR_MESSAGE_LOCK:
    case PARLOR_MESSAGE_UNLOCK:
    case PARLOR_MESSAGE_RENEW:
    case PARLOR_MESSAGE_RENEWED:
    default:
      return TRUE;
    }
}

/* Offers, answers and candidates of a seed page belong to no call that has a name; these always do. */
static gboolean
names_its_call (ParlorMessageType type)
{
  return type == PARLOR_MESSAGE_RING || type == PARLOR_MESSAGE_ACCEPT || type == PARLOR_MESSAGE_DECLINE
         || type == PARLOR_MESSAGE_CANCEL || type == PARLOR_MESSAGE_REVEAL || type == PARLOR_MESSAGE_RENEW;
}

static gboolean
read_envelope (ParlorMessage *self, const ParlorJson *object, GError **error)
{
  gint64 generation = 0;

  if (!read_text (object, "from", PARLOR_TEXT_ID, OPTIONAL, &self->from, error)
      || !read_text (object, "to", PARLOR_TEXT_ID, OPTIONAL, &self->to, error))
    return FALSE;
  /* What else an unknown type holds is its own business. */
  if (self->type == PARLOR_MESSAGE_UNKNOWN)
    return TRUE;
  if (!read_text (object, "call", PARLOR_TEXT_ID, names_its_call (self->type) ? REQUIRED : OPTIONAL,
                  &self->call, error)
      || !read_number (object, "generation", MAX_GENERATION, OPTIONAL, &generation, error))
    return FALSE;
  self->generation = generation;
  return TRUE;
}

/* The pages of the seed send the candidate as text; the clients of a foreign relay may send the object. */
static gboolean
read_seed_ice (ParlorMessage *self, const ParlorJson *object, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (ParlorJsonText) inner = NULL;
  const ParlorJson *ice = parlor_json_get (object, "ice");

  if (ice == NULL)
    return refuse (error, "ice", "is missing");
  if (ice->kind == PARLOR_JSON_NULL)
    return TRUE;
  if (ice->kind == PARLOR_JSON_OBJECT)
    return read_candidate (self, ice, error);
  if (!read_text (object, "ice", PARLOR_TEXT_BODY, REQUIRED, &text, error))
    return FALSE;
  if (g_str_equal (text, "null"))
    return TRUE;
  inner = parlor_json_read (text, strlen (text), NULL, error);
  if (inner == NULL)
    {
      g_prefix_error (error, "\"ice\": ");
      return FALSE;
    }
  return read_candidate (self, parlor_json_text_get_root (inner), error);
}

static gboolean
read_seed (ParlorMessage *self, const ParlorJson *object, GError **error)
{
  if (self->type == PARLOR_MESSAGE_ICE)
    return read_seed_ice (self, object, error);
  if (self->type == PARLOR_MESSAGE_OFFER || self->type == PARLOR_MESSAGE_ANSWER)
    return read_text (object, "sdp", PARLOR_TEXT_BODY, REQUIRED, &self->description.sdp, error);
  return TRUE;
}

static gboolean
is_in_dialect (ParlorMessageType type, ParlorDialect dialect)
{
  return dialect == PARLOR_DIALECT_PARLOR || type == PARLOR_MESSAGE_OFFER || type == PARLOR_MESSAGE_ANSWER
         || type == PARLOR_MESSAGE_ICE;
}

static ParlorMessage *
read_message (const ParlorJson *object, ParlorDialect dialect, GError **error)
{
  g_autofree char *word = NULL;
  g_autoptr (ParlorMessage) self = NULL;
  ParlorMessageType type;

  if (!read_text (object, "type", PARLOR_TEXT_NAME, REQUIRED, &word, error))
    return NULL;
  type = parlor_message_type_from_string (word);
  if (!is_in_dialect (type, dialect))
    type = PARLOR_MESSAGE_UNKNOWN;

  self = parlor_message_new (type);
  if (type == PARLOR_MESSAGE_UNKNOWN)
    self->type_name = g_steal_pointer (&word);
  if (dialect == PARLOR_DIALECT_SEED)
    return read_seed (self, object, error) ? g_steal_pointer (&self) : NULL;
  if (!read_envelope (self, object, error) || !read_arm (self, object, error))
    return NULL;
  return g_steal_pointer (&self);
}

static gboolean
fits (gsize length, GError **error)
{
  if (length <= PARLOR_WIRE_MAX_MESSAGE)
    return TRUE;
  g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_TOO_LARGE, "The message is larger than %d bytes",
               PARLOR_WIRE_MAX_MESSAGE);
  return FALSE;
}

ParlorMessage *
parlor_message_parse (const char *text, gssize length, ParlorDialect dialect, GError **error)
{
  g_autoptr (ParlorJsonText) json = NULL;
  g_autoptr (ParlorMessage) self = NULL;
  gsize size = length < 0 ? strlen (text) : (gsize) length;

  /* First a bound for the work, then the limit, in which the relay's stamp does not count. */
  if (!fits (size > MAX_STAMP ? size - MAX_STAMP : 0, error))
    return NULL;
  json = parlor_json_read (text, size, "from", error);
  if (json == NULL)
    return NULL;
  self = read_message (parlor_json_text_get_root (json), dialect, error);
  if (self == NULL || !fits (self->from ? size - MIN (size, MAX_STAMP) : size, error))
    return NULL;

  if (dialect == PARLOR_DIALECT_PARLOR)
    self->source = g_ref_string_new (json->compact);
  return g_steal_pointer (&self);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-wire"

#include "config.h"

#include "parlor-message-private.h"

/*
 * ParlorMessage -> text. One line of JSON, `type` first; what a message does not have is left out.
 */

static void
set_text (JsonObject *object, const char *field, const char *text)
{
  if (text)
    json_object_set_string_member (object, field, text);
}

/* @object: (transfer full) */
static char *
to_line (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  return json_to_string (node, FALSE);
}

JsonNode *
parlor_peer_info_to_json (const ParlorPeerInfo *self)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  set_text (object, "id", self->id);
  set_text (object, "name", self->name);
  set_text (object, "dialect", self->dialect == PARLOR_DIALECT_SEED ? "seed" : PARLOR_WIRE_SUBPROTOCOL);
  json_object_set_boolean_member (object, "in_call", self->in_call);
  if (self->away)
    json_object_set_boolean_member (object, "away", TRUE);
  json_node_take_object (node, object);
  return node;
}

static void
write_peers (JsonObject *object, GPtrArray *peers)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; peers && i < peers->len; i++)
    json_array_add_element (array, parlor_peer_info_to_json (peers->pdata[i]));
  json_object_set_array_member (object, "peers", array);
}

static void
write_ice_servers (JsonObject *object, GPtrArray *servers)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; servers && i < servers->len; i++)
    {
      const ParlorIceServer *server = servers->pdata[i];
      JsonObject *entry = json_object_new ();

      set_text (entry, "urls", server->url);
      set_text (entry, "username", server->username);
      set_text (entry, "credential", server->credential);
      json_array_add_object_element (array, entry);
    }
  json_object_set_array_member (object, "ice_servers", array);
}

/* (transfer full): an RTCIceCandidateInit of the W3C. */
static JsonObject *
candidate_to_json (const ParlorMessage *self)
{
  JsonObject *candidate = json_object_new ();

  json_object_set_string_member (candidate, "candidate", self->ice.candidate);
  set_text (candidate, "sdpMid", self->ice.sdp_mid);
  if (self->ice.sdp_mline_index >= 0)
    json_object_set_int_member (candidate, "sdpMLineIndex", self->ice.sdp_mline_index);
  return candidate;
}

static void
write_ice (const ParlorMessage *self, JsonObject *object)
{
  if (self->ice.candidate)
    json_object_set_object_member (object, "candidate", candidate_to_json (self));
  else
    json_object_set_null_member (object, "candidate");
}

static void
write_media (const ParlorMessage *self, JsonObject *object)
{
  JsonObject *media = json_object_new ();

  json_object_set_boolean_member (media, "audio", (self->ring.media & PARLOR_MEDIA_AUDIO) != 0);
  json_object_set_boolean_member (media, "video", (self->ring.media & PARLOR_MEDIA_VIDEO) != 0);
  json_object_set_object_member (object, "media", media);
}

static void
write_hello (const ParlorMessage *self, JsonObject *object)
{
  set_text (object, "name", self->hello.name);
  set_text (object, "client", self->hello.client);
  set_text (object, "ticket", self->hello.ticket);
  set_text (object, "resume", self->hello.resume);
  set_text (object, "owner", self->hello.owner);
}

static void
set_number (JsonObject *object, const char *field, gint64 value)
{
  if (value >= 0)
    json_object_set_int_member (object, field, value);
}

static void
write_welcome (const ParlorMessage *self, JsonObject *object)
{
  g_autoptr (JsonObject) limits = json_object_new ();

  set_text (object, "id", self->welcome.id);
  set_text (object, "room", self->welcome.room ? self->welcome.room : "");
  write_peers (object, self->welcome.peers);
  write_ice_servers (object, self->welcome.ice_servers);
  set_text (object, "resume", self->welcome.resume);
  set_text (object, "owner", self->welcome.owner);
  if (self->welcome.locked)
    json_object_set_boolean_member (object, "locked", TRUE);
  set_number (limits, "message", self->welcome.limits.message);
  set_number (limits, "rate", self->welcome.limits.rate);
  set_number (limits, "away_ms", self->welcome.limits.away_ms);
  if (json_object_get_size (limits) > 0)
    json_object_set_object_member (object, "limits", g_steal_pointer (&limits));
}

static void
write_description (const ParlorMessage *self, JsonObject *object)
{
  JsonObject *proof;

  set_text (object, "sdp", self->description.sdp);
  set_text (object, "commit", self->description.commit);
  set_text (object, "nonce", self->description.nonce);
  if (self->description.proof_by == PARLOR_PROOF_NONE)
    return;
  proof = json_object_new ();
  set_text (proof, "by", parlor_proof_by_to_string (self->description.proof_by));
  set_text (proof, "mac", self->description.proof_mac);
  set_text (proof, "guest", self->description.proof_guest);
  json_object_set_object_member (object, "proof", proof);
}

static void
write_arm (const ParlorMessage *self, JsonObject *object)
{
  switch (self->type)
    {
    case PARLOR_MESSAGE_HELLO:
      write_hello (self, object);
      break;
    case PARLOR_MESSAGE_WELCOME:
      write_welcome (self, object);
      break;
    case PARLOR_MESSAGE_JOINED:
      json_object_set_member (object, "peer", parlor_peer_info_to_json (self->joined.peer));
      break;
    case PARLOR_MESSAGE_LEFT:
      set_text (object, "id", self->left.id);
      set_text (object, "reason", self->left.reason);
      break;
    case PARLOR_MESSAGE_AWAY:
    case PARLOR_MESSAGE_BACK:
    case PARLOR_MESSAGE_ADMIT:
    case PARLOR_MESSAGE_REFUSE:
    case PARLOR_MESSAGE_REMOVE:
    case PARLOR_MESSAGE_HERE:
      set_text (object, "id", self->person.id);
      break;
    case PARLOR_MESSAGE_OWNER:
      set_text (object, "owner", self->owner.token);
      break;
    case PARLOR_MESSAGE_KNOCK:
      set_text (object, "id", self->knock.id);
      set_text (object, "name", self->knock.name);
      break;
    case PARLOR_MESSAGE_TURN:
      if (self->turn.ice_servers->len > 0)
        write_ice_servers (object, self->turn.ice_servers);
      break;
    case PARLOR_MESSAGE_IN_CALL:
      set_text (object, "id", self->in_call.id);
      json_object_set_boolean_member (object, "in_call", self->in_call.in_call);
      break;
    case PARLOR_MESSAGE_RING:
      write_media (self, object);
      break;
    case PARLOR_MESSAGE_DECLINE:
      set_text (object, "reason", parlor_decline_reason_to_string (self->decline.reason));
      break;
    case PARLOR_MESSAGE_OFFER:
    case PARLOR_MESSAGE_ANSWER:
      write_description (self, object);
      break;
    case PARLOR_MESSAGE_REVEAL:
      set_text (object, "nonce", self->reveal.nonce);
      break;
    case PARLOR_MESSAGE_ICE:
      write_ice (self, object);
      break;
    case PARLOR_MESSAGE_BYE:
      set_text (object, "reason", self->bye.reason);
      break;
    case PARLOR_MESSAGE_ERROR:
      set_text (object, "code", self->error.code);
      set_text (object, "message", self->error.message);
      set_text (object, "about", self->error.about);
      break;
    case PARLOR_MESSAGE_STATE:
      json_object_set_boolean_member (object, "audio", self->state.audio);
      json_object_set_boolean_member (object, "video", self->state.video);
      break;
    case PARLOR_MESSAGE_IDENTITY:
      set_text (object, "key", self->identity.key);
      set_text (object, "signature", self->identity.signature);
      break;
    case PARLOR_MESSAGE_PING:
    case PARLOR_MESSAGE_PONG:
      json_object_set_int_member (object, "seq", self->ping.seq);
      break;
    case PARLOR_MESSAGE_UNKNOWN:
    case PARLOR_MESSAGE_ACCEPT:
    case PARLOR_MESSAGE_CANCEL:
    case PARLOR_MESSAGE_LOCK:
    case PARLOR_MESSAGE_UNLOCK:
    case PARLOR_MESSAGE_RENEW:
    case PARLOR_MESSAGE_RENEWED:
    default:
      break;
    }
}

static char *
write_parlor (const ParlorMessage *self, const char *from)
{
  JsonObject *object = json_object_new ();

  set_text (object, "type", parlor_message_type_to_string (self->type));
  set_text (object, "from", from);
  set_text (object, "to", self->to);
  set_text (object, "call", self->call);
  if (self->generation > 0)
    json_object_set_int_member (object, "generation", self->generation);
  write_arm (self, object);
  return to_line (object);
}

/* The seed's pages read `ice` with JSON.parse(), so the object travels as text; they never say "no more". */
static char *
write_seed (const ParlorMessage *self)
{
  JsonObject *object;

  if (self->type != PARLOR_MESSAGE_OFFER && self->type != PARLOR_MESSAGE_ANSWER
      && (self->type != PARLOR_MESSAGE_ICE || self->ice.candidate == NULL))
    return NULL;

  object = json_object_new ();
  set_text (object, "type", parlor_message_type_to_string (self->type));
  if (self->type == PARLOR_MESSAGE_ICE)
    {
      g_autofree char *candidate = to_line (candidate_to_json (self));

      set_text (object, "ice", candidate);
    }
  else
    {
      set_text (object, "sdp", self->description.sdp);
    }
  return to_line (object);
}

char *
parlor_message_serialize (const ParlorMessage *self, ParlorDialect dialect)
{
  if (self->type == PARLOR_MESSAGE_UNKNOWN)
    return NULL;
  return dialect == PARLOR_DIALECT_SEED ? write_seed (self) : write_parlor (self, self->from);
}

char *
parlor_message_forward (const ParlorMessage *self, const char *from)
{
  const char *source = self->source;

  /* From a seed page, or made here: there is nothing to keep. */
  if (source == NULL)
    return write_parlor (self, from);
  if (from == NULL)
    return g_strdup (source);
  /* An object with a `type` at least, so a comma always belongs between. */
  return g_strdup_printf ("{\"from\":\"%s\",%s", from, source + 1);
}

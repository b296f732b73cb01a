/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Limits of the wire, from src/wire/PROTOCOL.md. */
#define PARLOR_WIRE_SUBPROTOCOL "parlor.1"
#define PARLOR_WIRE_MAX_MESSAGE (64 * 1024) /* bytes of one message, all fragments together */
#define PARLOR_WIRE_MAX_DEPTH 16
#define PARLOR_WIRE_MAX_NAME 64 /* characters */
#define PARLOR_WIRE_MAX_ID 32   /* characters */
#define PARLOR_WIRE_TOKEN_SIZE 32    /* bytes behind a token: tickets, resume and owner tokens, digests, nonces */
#define PARLOR_WIRE_KEY_SIZE 65      /* bytes: an uncompressed point of P-256 (SEC 1, section 2.3.3) */
#define PARLOR_WIRE_SIGNATURE_SIZE 64 /* bytes: r and s of ECDSA on P-256 */

/**
 * ParlorDialect:
 * @PARLOR_DIALECT_PARLOR: `parlor.1`
 * @PARLOR_DIALECT_SEED: the three bare messages (offer, answer, ice) of the note Parlor grew from; no ids, no addresses
 */
typedef enum
{
  PARLOR_DIALECT_PARLOR,
  PARLOR_DIALECT_SEED,
} ParlorDialect;

/**
 * ParlorMediaFlags: what somebody sends or wishes to send.
 */
typedef enum
{
  PARLOR_MEDIA_NONE = 0,
  PARLOR_MEDIA_AUDIO = 1 << 0,
  PARLOR_MEDIA_VIDEO = 1 << 1,
} ParlorMediaFlags;

/**
 * ParlorMessageType: the `type` of a message, and with it the arm of the union in #ParlorMessage.
 *
 * @PARLOR_MESSAGE_UNKNOWN is a well-formed message whose type this version does not know (see type_name).
 * @PARLOR_MESSAGE_STATE, @PARLOR_MESSAGE_IDENTITY, @PARLOR_MESSAGE_RENEWED and @PARLOR_MESSAGE_HERE travel on the data channel `parlor`
 * only, bye and renew there too once it is open;
 * @PARLOR_MESSAGE_PING and @PARLOR_MESSAGE_PONG on `parlor-ping`.
 */
typedef enum
{
  PARLOR_MESSAGE_UNKNOWN,
  PARLOR_MESSAGE_HELLO,
  PARLOR_MESSAGE_WELCOME,
  PARLOR_MESSAGE_JOINED,
  PARLOR_MESSAGE_LEFT,
  PARLOR_MESSAGE_AWAY,
  PARLOR_MESSAGE_BACK,
  PARLOR_MESSAGE_OWNER,
  PARLOR_MESSAGE_IN_CALL,
  PARLOR_MESSAGE_KNOCK,
  PARLOR_MESSAGE_ADMIT,
  PARLOR_MESSAGE_REFUSE,
  PARLOR_MESSAGE_LOCK,
  PARLOR_MESSAGE_UNLOCK,
  PARLOR_MESSAGE_REMOVE,
  PARLOR_MESSAGE_TURN,
  PARLOR_MESSAGE_RING,
  PARLOR_MESSAGE_ACCEPT,
  PARLOR_MESSAGE_DECLINE,
  PARLOR_MESSAGE_CANCEL,
  PARLOR_MESSAGE_OFFER,
  PARLOR_MESSAGE_ANSWER,
  PARLOR_MESSAGE_REVEAL,
  PARLOR_MESSAGE_RENEW,
  PARLOR_MESSAGE_ICE,
  PARLOR_MESSAGE_BYE,
  PARLOR_MESSAGE_ERROR,
  PARLOR_MESSAGE_STATE,
  PARLOR_MESSAGE_IDENTITY,
  PARLOR_MESSAGE_RENEWED,
  PARLOR_MESSAGE_HERE,
  PARLOR_MESSAGE_PING,
  PARLOR_MESSAGE_PONG,
} ParlorMessageType;

/**
 * ParlorProofBy: the key that a proof was made with.
 * @PARLOR_PROOF_NONE: there is no proof
 * @PARLOR_PROOF_APP: made with the key of the app link
 * @PARLOR_PROOF_GUEST: made with the key of the web link
 */
typedef enum
{
  PARLOR_PROOF_NONE,
  PARLOR_PROOF_APP,
  PARLOR_PROOF_GUEST,
} ParlorProofBy;

/**
 * ParlorDeclineReason: why a ring was not accepted.
 */
typedef enum
{
  PARLOR_DECLINE_DECLINED,
  PARLOR_DECLINE_BUSY,
  PARLOR_DECLINE_TIMEOUT,
  PARLOR_DECLINE_NO_DEVICE,
} ParlorDeclineReason;

/**
 * ParlorPeerInfo: one entry of `welcome.peers`, and the `peer` of `joined`.
 */
typedef struct
{
  char *id;
  char *name;
  ParlorDialect dialect;
  gboolean in_call;
  gboolean away; /* its connection is lost, its seat is kept */
} ParlorPeerInfo;

ParlorPeerInfo *parlor_peer_info_new (const char *id, const char *name, ParlorDialect dialect, gboolean in_call);
void parlor_peer_info_free (ParlorPeerInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorPeerInfo, parlor_peer_info_free)

/**
 * ParlorIceServer: one STUN or TURN server of `welcome.ice_servers`.
 */
typedef struct
{
  char *url;        /* stun:HOST:PORT, turn:HOST:PORT?transport=udp|tcp, turns:... */
  char *username;   /* nullable */
  char *credential; /* nullable */
} ParlorIceServer;

ParlorIceServer *parlor_ice_server_new (const char *url, const char *username, const char *credential);
void parlor_ice_server_free (ParlorIceServer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorIceServer, parlor_ice_server_free)

/**
 * ParlorMessage:
 *
 * One message of the wire, as a tagged union. All strings are owned by the message, valid UTF-8 and already checked
 * against the limits of the protocol when they come from parlor_message_parse().
 *
 * A message is plain data: fill the fields of the arm that belongs to @type. Not thread-safe.
 */
typedef struct
{
  ParlorMessageType type;
  char *type_name; /* only for UNKNOWN: what the sender wrote */
  char *from;      /* nullable: stamped by the relay; NULL = the relay itself, or a seed page */
  char *to;        /* nullable */
  char *call;      /* nullable */
  guint generation;

  union
  {
    struct
    {
      char *name;
      char *client; /* nullable: program and version */
      char *ticket; /* nullable: token */
      char *resume; /* nullable: token */
      char *owner;  /* nullable: token */
    } hello;
    struct
    {
      char *id;
      char *room;
      GPtrArray *peers;       /* (element-type ParlorPeerInfo), never NULL once parsed */
      GPtrArray *ice_servers; /* (element-type ParlorIceServer), never NULL once parsed */
      char *resume;           /* nullable: token */
      char *owner;            /* nullable: token, only to an owner of the room */
      gboolean locked;
      struct
      {
        gint64 message; /* bytes of one message */
        gint64 rate;    /* messages a second */
        gint64 away_ms; /* how long a lost connection may be resumed */
      } limits; /* -1 = not said */
    } welcome;
    struct
    {
      ParlorPeerInfo *peer;
    } joined;
    struct
    {
      char *id;
      char *reason; /* nullable */
    } left;
    struct
    {
      char *id;
    } person; /* AWAY, BACK, ADMIT, REFUSE, REMOVE and HERE */
    struct
    {
      char *token;
    } owner;
    struct
    {
      char *id;   /* nullable: by the relay */
      char *name; /* nullable: by the relay */
    } knock;
    struct
    {
      GPtrArray *ice_servers; /* (element-type ParlorIceServer), never NULL once parsed */
    } turn;
    struct
    {
      char *id; /* nullable from a client, stamped by the relay */
      gboolean in_call;
    } in_call;
    struct
    {
      ParlorMediaFlags media;
    } ring;
    struct
    {
      ParlorDeclineReason reason;
    } decline;
    struct
    {
      char *sdp;
      char *commit;    /* nullable: token, of an offer */
      char *nonce;     /* nullable: token, of an answer */
      ParlorProofBy proof_by;
      char *proof_mac;   /* token; NULL without a proof */
      char *proof_guest; /* nullable: token; beside a proof by APP, the same by GUEST */
    } description; /* OFFER and ANSWER */
    struct
    {
      char *nonce; /* token */
    } reveal;
    struct
    {
      char *candidate; /* nullable: no more candidates */
      char *sdp_mid;   /* nullable */
      int sdp_mline_index; /* -1 when absent */
    } ice;
    struct
    {
      char *reason; /* nullable */
    } bye;
    struct
    {
      char *code;
      char *message; /* nullable */
      char *about;   /* nullable: the type of the message it answers */
    } error;
    struct
    {
      gboolean audio;
      gboolean video;
    } state;
    struct
    {
      char *key;       /* base64url of PARLOR_WIRE_KEY_SIZE bytes */
      char *signature; /* base64url of PARLOR_WIRE_SIGNATURE_SIZE bytes */
    } identity;
    struct
    {
      guint seq; /* 0 to 2^31 - 1 */
    } ping; /* PING and PONG */
  };

  gpointer source; /*< private: the text as it was received, for parlor_message_forward() >*/
} ParlorMessage;

#define PARLOR_TYPE_MESSAGE (parlor_message_get_type ())

GType parlor_message_get_type (void);
ParlorMessage *parlor_message_new (ParlorMessageType type);
ParlorMessage *parlor_message_copy (const ParlorMessage *self);
void parlor_message_free (ParlorMessage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorMessage, parlor_message_free)

/* Convenience constructors; all strings are copied. */
ParlorMessage *parlor_message_new_addressed (ParlorMessageType type, const char *to, const char *call);
ParlorMessage *parlor_message_new_error (const char *code, const char *message, const char *about);

/**
 * parlor_message_parse:
 * @text: one WebSocket text frame or data channel message; need not be NUL-terminated
 * @length: bytes of @text, -1 when NUL-terminated
 * @dialect: how the sender speaks. With %PARLOR_DIALECT_SEED only offer, answer and ice are known, and `ice` may
 *   hold the candidate as JSON text or as an object.
 * @error: set to %PARLOR_ERROR_BAD_MESSAGE or %PARLOR_ERROR_TOO_LARGE, with a message that names the field
 *
 * Checks everything that the protocol says about one message alone: UTF-8, size, depth, duplicate keys, types and
 * lengths of fields, the alphabet of ids. Unknown fields are kept for parlor_message_forward(), unknown types become
 * %PARLOR_MESSAGE_UNKNOWN.
 * Never crashes and never reaches an assert, whatever @text holds. Pure; any thread.
 *
 * Returns: (transfer full) (nullable): the message
 */
ParlorMessage *parlor_message_parse (const char *text, gssize length, ParlorDialect dialect, GError **error);

/**
 * parlor_message_serialize:
 * @self: a message
 * @dialect: how the receiver speaks. In %PARLOR_DIALECT_SEED only offer, answer and ice can be said, stripped to the
 *   seed's fields.
 *
 * Pure; any thread.
 *
 * Returns: (transfer full) (nullable): one line of JSON; %NULL when @dialect has no word for it
 */
char *parlor_message_serialize (const ParlorMessage *self, ParlorDialect dialect);

/**
 * parlor_message_forward:
 * @self: a message that came from parlor_message_parse()
 * @from: (nullable): the sender's id, stamped over whatever it claimed; %NULL removes it
 *
 * What a relay sends on: the message with every field that it came with, known or not, spelled as it was, except `from`.
 * It is at most as long as it came plus `"from":"...",`, which parlor_message_parse() does not count. A message from a
 * seed page is written anew, in parlor.1.
 *
 * Returns: (transfer full): one line of JSON in parlor.1
 */
char *parlor_message_forward (const ParlorMessage *self, const char *from);

/* TRUE when @type may be said only by a relay (welcome, joined, left, away, back, owner): refused from a client. */
gboolean parlor_message_type_is_relays (ParlorMessageType type);
/* TRUE when @type is said from one peer to another, through the relay: needs `to`. */
gboolean parlor_message_type_is_addressed (ParlorMessageType type);
/* The word on the wire, static. */
const char *parlor_message_type_to_string (ParlorMessageType type);
const char *parlor_decline_reason_to_string (ParlorDeclineReason reason);
const char *parlor_proof_by_to_string (ParlorProofBy by); /* (nullable): NULL for NONE */
/* TRUE for [A-Za-z0-9_-]{1,32}. */
gboolean parlor_wire_id_is_valid (const char *id);
/* TRUE for [a-z0-9-]{1,64}. */
gboolean parlor_wire_room_is_valid (const char *room);
/* (transfer full): @name cut to 64 characters, without controls and bidi overrides; never empty ("Guest"). */
char *parlor_wire_clean_name (const char *name);

G_END_DECLS

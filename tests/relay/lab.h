/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-message.h"
#include "parlor-relay.h"

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

/*
 * A relay on a free port of 127.0.0.1, and clients for it: Client speaks WebSocket through libsoup, Raw writes whatever
 * bytes a test wants. All of it runs in the default main context; every wait has a deadline.
 */

#define LAB_DEADLINE (30 * G_USEC_PER_SEC)

/* Runs the main context until @condition holds; a test that waits longer than the deadline has failed. */
#define lab_wait(condition)                                                            \
  G_STMT_START                                                                         \
  {                                                                                    \
    gint64 lab_end = g_get_monotonic_time () + LAB_DEADLINE;                           \
    guint lab_tick = g_timeout_add (20, lab_on_tick, NULL);                            \
                                                                                       \
    while (!(condition))                                                               \
      {                                                                                \
        if (g_get_monotonic_time () > lab_end)                                         \
          g_error ("%s:%d: this never came true: %s", __FILE__, __LINE__, #condition); \
        g_main_context_iteration (NULL, TRUE);                                         \
      }                                                                                \
    g_source_remove (lab_tick);                                                        \
  }                                                                                    \
  G_STMT_END

typedef struct
{
  ParlorRelay *relay;
  SoupSession *session;
  guint16 port;
  gboolean tls; /* requests and clients come by https, and take any certificate */
  gboolean keeps_seats; /* of people who are away */
} Lab;

typedef struct
{
  Lab *lab;
  SoupWebsocketConnection *connection; /* NULL when it was refused */
  guint status;                        /* of the HTTP answer, once there is one */
  GQueue heard;                        /* of GBytes */
  gboolean closed;
  char *id; /* from its welcome */
} Client;

typedef struct
{
  GSocket *socket;
  GByteArray *in;
} Raw;

gboolean lab_on_tick (gpointer unused);
guint lab_count_rounds (guint ms); /* how often the main context wakes up; 50 a second when nothing happens */
/* The protocol's defaults, but without a count of messages, bytes, rings, knocks and addresses, and without seats for the
 * absent: most tests look at something else. */
void lab_limits_init (ParlorRelayLimits *limits);
Lab *lab_new (const ParlorRelayLimits *limits); /* (nullable): %NULL for lab_limits_init() */
void lab_free (Lab *lab); /* asserts that nothing of the relay is left */

Client *client_open (Lab *lab, const char *path, const char *subprotocol, const char *host, const char *origin);
Client *client_join (Lab *lab, const char *path, const char *name); /* parlor.1, up to its welcome */
Client *client_join_seed (Lab *lab, const char *path);
void client_free (Client *client);
void client_close (Client *client); /* a polite end, waited for */
void client_say (Client *client, const char *format, ...) G_GNUC_PRINTF (2, 3);
JsonObject *client_hear (Client *client, const char *type); /* (transfer full): the next message, which must be a @type */
void client_hear_error (Client *client, const char *code);
void client_hear_nothing (Client *client); /* of parlor.1 */
void client_expect_close (Client *client, guint16 code);

const char *field (JsonObject *object, const char *name);
guint request (Lab *lab, const char *method, const char *path, const char *host, const char *origin, SoupMessage **message, GBytes **body);

Raw *raw_open (Lab *lab);
Raw *raw_upgrade (Lab *lab, const char *path, const char *subprotocol); /* up to the 101 */
void raw_free (Raw *raw);
void raw_send (Raw *raw, gconstpointer bytes, gsize length);
void raw_send_text (Raw *raw, const char *text);
gboolean raw_try_send (Raw *raw, gconstpointer bytes, gsize length); /* FALSE once the relay hung up */
void raw_send_frame (Raw *raw, guint8 first_byte, gconstpointer payload, gsize length);
GBytes *raw_frame (guint8 first_byte, gconstpointer payload, gsize length);
void raw_hear_until (Raw *raw, const char *text);                /* until @text came in */
guint8 raw_hear_frame (Raw *raw, char **payload, gsize *length); /* its first byte */
/* In JSON, and as a client of parlor.1. */
void raw_say (Raw *raw, const char *format, ...) G_GNUC_PRINTF (2, 3);
JsonObject *raw_hear (Raw *raw, const char *type); /* (transfer full): the next message, which must be a @type */
void raw_hear_about (Raw *raw, const char *type, const char *id); /* ... and say @id */
void raw_hear_error (Raw *raw, const char *code);
void raw_hear_nothing (Raw *raw);
/* Upgraded, hello said with @fields (nullable; "\"ticket\":\"...\""), and welcomed. @welcome: (out) (optional) (transfer full) */
Raw *raw_join (Lab *lab, const char *path, const char *name, const char *fields, JsonObject **welcome);
void raw_hear_close (Raw *raw, guint16 code);                    /* skips other frames */
void raw_hear_end (Raw *raw);                                    /* until the relay hangs up */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Lab, lab_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Raw, raw_free)

G_END_DECLS

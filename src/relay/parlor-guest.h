/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "parlor-agenda.h"
#include "parlor-message.h"
#include "parlor-poll.h"
#include "parlor-relay.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_GUEST (parlor_guest_get_type ())
G_DECLARE_FINAL_TYPE (ParlorGuest, parlor_guest, PARLOR, GUEST, GObject)

/**
 * ParlorGuestHost: what guests need of the relay, and what it wants to hear of them; one for all.
 */
typedef struct
{
  ParlorPoll *poll;
  ParlorAgenda *agenda;
  const ParlorRelayLimits *limits;
  gpointer user_data;

  /* It said @message, parsed; it may be changed. */
  void (*message) (ParlorGuest *guest, ParlorMessage *message, gpointer user_data);
  /* Once, and never from inside a call: it left, was closed or was lost. Its farewell goes on. */
  void (*gone) (ParlorGuest *guest, gpointer user_data);
  /* Once, after that: its connection is closed. */
  void (*over) (ParlorGuest *guest, gpointer user_data);
} ParlorGuestHost;

ParlorGuest *parlor_guest_new (GIOStream *stream,
                               ParlorDialect dialect,
                               const char *room_name,
                               const ParlorGuestHost *host);
const char *parlor_guest_get_id (ParlorGuest *self);
const char *parlor_guest_get_room_name (ParlorGuest *self);
ParlorDialect parlor_guest_get_dialect (ParlorGuest *self);
gboolean parlor_guest_is_gone (ParlorGuest *self);

/* What the room knows of it. A guest has a name from its hello on; NULL = it has not said hello. */
const char *parlor_guest_get_name (ParlorGuest *self);
void parlor_guest_set_name (ParlorGuest *self, const char *name);
gboolean parlor_guest_get_in_call (ParlorGuest *self);
void parlor_guest_set_in_call (ParlorGuest *self, gboolean in_call);

void parlor_guest_say (ParlorGuest *self, const ParlorMessage *message);
void parlor_guest_say_text (ParlorGuest *self, const char *text);
void parlor_guest_say_error (ParlorGuest *self, const char *code, const char *explanation, const char *about);
void parlor_guest_close (ParlorGuest *self, guint16 close_code);
void parlor_guest_drop (ParlorGuest *self);
void parlor_guest_abandon (ParlorGuest *self);

G_END_DECLS

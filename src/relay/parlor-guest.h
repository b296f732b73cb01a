/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "parlor-agenda.h"
#include "parlor-message.h"
#include "parlor-poll.h"
#include "parlor-relay.h"
#include "parlor-stream.h"

G_BEGIN_DECLS

#define PARLOR_TYPE_GUEST (parlor_guest_get_type ())
G_DECLARE_FINAL_TYPE (ParlorGuest, parlor_guest, PARLOR, GUEST, GObject)

typedef struct _ParlorMember ParlorMember;

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

ParlorGuest *parlor_guest_new (ParlorStream *stream,
                               ParlorDialect dialect,
                               const char *room_name,
                               const char *network,
                               const ParlorGuestHost *host);
const char *parlor_guest_get_room_name (ParlorGuest *self);
const char *parlor_guest_get_network (ParlorGuest *self); /* (nullable): is not counted */
ParlorDialect parlor_guest_get_dialect (ParlorGuest *self);
gboolean parlor_guest_is_gone (ParlorGuest *self);
gboolean parlor_guest_said_goodbye (ParlorGuest *self);

/* Who sits, or waits, at this end. NULL = it has not said hello, or is somebody no longer. For ParlorMember only. */
ParlorMember *parlor_guest_get_member (ParlorGuest *self);
void parlor_guest_set_member (ParlorGuest *self, ParlorMember *member);
void parlor_guest_end_hello_deadline (ParlorGuest *self);
void parlor_guest_visit (ParlorGuest *self);

void parlor_guest_say (ParlorGuest *self, const ParlorMessage *message);
void parlor_guest_say_text (ParlorGuest *self, const char *text);
void parlor_guest_say_error (ParlorGuest *self, const char *code, const char *explanation, const char *about);
void parlor_guest_close (ParlorGuest *self, guint16 close_code);
void parlor_guest_drop (ParlorGuest *self);
void parlor_guest_abandon (ParlorGuest *self);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "parlor-proxies.h"
#include "parlor-visitor.h"

G_BEGIN_DECLS

/**
 * ParlorListener:
 *
 * A listening socket, and the visitors who came over it. It is used in the thread of its poll.
 */
typedef struct _ParlorListener ParlorListener;

/* As of #ParlorVisitorHost. */
typedef void (*ParlorListenerFunc) (ParlorVisitor *visitor, const ParlorRequest *request, gpointer user_data);

/**
 * ParlorListenerOptions: how it listens.
 */
typedef struct
{
  ParlorPoll *poll;       /* it and the agenda must live as long as the listener */
  ParlorAgenda *agenda;   /* for deadlines */
  guint max_connections;  /* at once; more wait until one ends */
  guint request_ms;       /* how long a connection may stay before its request is answered, or stolen */
  guint max_per_network;  /* connections of one network that may become guests; as many more may be on their way; 0 = no limit */
  ParlorProxies *proxies; /* (nullable): whose connections are not counted by network; as long as the listener. Without it none are */
  gboolean is_counted;    /* in the metrics */
  ParlorListenerFunc request;
  gpointer user_data;
} ParlorListenerOptions;

ParlorListener *parlor_listener_new (GSocket *socket, const ParlorListenerOptions *options, GError **error);
ParlorListener *parlor_listener_new_at (GSocketAddress *address, const ParlorListenerOptions *options, GError **error);
void parlor_listener_free (ParlorListener *self);
GSocketAddress *parlor_listener_get_address (ParlorListener *self);
void parlor_listener_set_tls (ParlorListener *self, ParlorTls *tls);
void parlor_listener_release (ParlorListener *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorListener, parlor_listener_free)

G_END_DECLS

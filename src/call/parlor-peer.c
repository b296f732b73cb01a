/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-call"

#include "config.h"

#include "parlor-peer.h"

#include "parlor-call-enums.h"
#include "parlor-wire-enums.h"

/*
 * ParlorPeer and ParlorPeerFactory: interfaces only. What they mean is written in the header; media/ and the tests implement them.
 */

G_DEFINE_INTERFACE (ParlorPeer, parlor_peer, G_TYPE_OBJECT)
G_DEFINE_INTERFACE (ParlorPeerFactory, parlor_peer_factory, G_TYPE_OBJECT)

#define READ_ONLY (G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS)

static void
parlor_peer_default_init (ParlorPeerInterface *iface)
{
  g_object_interface_install_property (
    iface, g_param_spec_enum ("state", NULL, NULL, PARLOR_TYPE_PEER_STATE, PARLOR_PEER_NEW, READ_ONLY));
  g_object_interface_install_property (
    iface, g_param_spec_boolean ("data-open", NULL, NULL, FALSE, READ_ONLY));
  g_object_interface_install_property (
    iface, g_param_spec_object ("view", NULL, NULL, G_TYPE_OBJECT, READ_ONLY));

  g_signal_new ("candidate", PARLOR_TYPE_PEER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                G_TYPE_STRING, G_TYPE_STRING, G_TYPE_INT);
  g_signal_new ("text", PARLOR_TYPE_PEER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                G_TYPE_STRING);
  g_signal_new ("first-frame", PARLOR_TYPE_PEER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                PARLOR_TYPE_MEDIA_FLAGS);
}

static void
parlor_peer_factory_default_init (ParlorPeerFactoryInterface *iface)
{
}

void
parlor_peer_create_offer_async (ParlorPeer *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  PARLOR_PEER_GET_IFACE (self)->create_offer_async (self, cancellable, callback, user_data);
}

char *
parlor_peer_create_offer_finish (ParlorPeer *self, GAsyncResult *result, GError **error)
{
  return PARLOR_PEER_GET_IFACE (self)->create_offer_finish (self, result, error);
}

void
parlor_peer_create_answer_async (ParlorPeer *self,
                                 const char *offer_sdp,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  PARLOR_PEER_GET_IFACE (self)->create_answer_async (self, offer_sdp, cancellable, callback, user_data);
}

char *
parlor_peer_create_answer_finish (ParlorPeer *self, GAsyncResult *result, GError **error)
{
  return PARLOR_PEER_GET_IFACE (self)->create_answer_finish (self, result, error);
}

void
parlor_peer_set_answer_async (ParlorPeer *self,
                              const char *answer_sdp,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  PARLOR_PEER_GET_IFACE (self)->set_answer_async (self, answer_sdp, cancellable, callback, user_data);
}

gboolean
parlor_peer_set_answer_finish (ParlorPeer *self, GAsyncResult *result, GError **error)
{
  return PARLOR_PEER_GET_IFACE (self)->set_answer_finish (self, result, error);
}

void
parlor_peer_add_candidate (ParlorPeer *self, const char *candidate, const char *mid, int mline_index)
{
  PARLOR_PEER_GET_IFACE (self)->add_candidate (self, candidate, mid, mline_index);
}

gboolean
parlor_peer_send_text (ParlorPeer *self, const char *text, GError **error)
{
  return PARLOR_PEER_GET_IFACE (self)->send_text (self, text, error);
}

void
parlor_peer_release (ParlorPeer *self)
{
  PARLOR_PEER_GET_IFACE (self)->release (self);
}

void
parlor_peer_set_quiet (ParlorPeer *self, gboolean quiet)
{
  PARLOR_PEER_GET_IFACE (self)->set_quiet (self, quiet);
}

char *
parlor_peer_dup_fingerprint (ParlorPeer *self)
{
  return PARLOR_PEER_GET_IFACE (self)->dup_fingerprint (self);
}

gint64
parlor_peer_get_last_activity (ParlorPeer *self)
{
  return PARLOR_PEER_GET_IFACE (self)->get_last_activity (self);
}

void
parlor_peer_collect_stats_async (ParlorPeer *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  PARLOR_PEER_GET_IFACE (self)->collect_stats_async (self, cancellable, callback, user_data);
}

ParlorStats *
parlor_peer_collect_stats_finish (ParlorPeer *self, GAsyncResult *result, GError **error)
{
  return PARLOR_PEER_GET_IFACE (self)->collect_stats_finish (self, result, error);
}

void
parlor_peer_close (ParlorPeer *self)
{
  PARLOR_PEER_GET_IFACE (self)->close (self);
}

const GError *
parlor_peer_get_error (ParlorPeer *self)
{
  return PARLOR_PEER_GET_IFACE (self)->get_error (self);
}

ParlorPeerState
parlor_peer_get_state (ParlorPeer *self)
{
  ParlorPeerState state;

  g_object_get (self, "state", &state, NULL);
  return state;
}

gboolean
parlor_peer_get_data_open (ParlorPeer *self)
{
  gboolean open;

  g_object_get (self, "data-open", &open, NULL);
  return open;
}

GObject *
parlor_peer_get_view (ParlorPeer *self)
{
  g_autoptr (GObject) view = NULL;

  /* The peer keeps its own reference, so the borrowed one stays valid. */
  g_object_get (self, "view", &view, NULL);
  return view;
}

ParlorPeer *
parlor_peer_factory_create_peer (ParlorPeerFactory *self, const ParlorPeerOptions *options, GError **error)
{
  return PARLOR_PEER_FACTORY_GET_IFACE (self)->create_peer (self, options, error);
}

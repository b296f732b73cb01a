/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-peer.h"

#include <string.h>

#include "parlor-call-enums.h"
#include "parlor-error.h"

struct _FakePeerFactory
{
  GObject parent_instance;

  char *fingerprint;
  int fail_code;
  gboolean dark;
  gboolean mute_data;
  gboolean alive;
  gboolean broken;
  guint n_made;
  guint n_connected;
  FakePeer *last; /* weak */
};

struct _FakePeer
{
  GObject parent_instance;

  FakePeerFactory *factory;
  char *fingerprint;
  char *name;    /* of this peer alone: its ice-ufrag */
  char *settled; /* (nullable): the only fingerprint it takes */
  gboolean seed;
  gboolean quiet;
  gboolean cut; /* what it says reaches nobody */
  char *ice;    /* what it was told of servers */
  int fail_code;
  gboolean dark;
  gboolean mute_data;
  gboolean alive;

  ParlorPeerState state;
  gboolean held;
  gboolean path; /* there is one, whether held or not */
  gboolean data_open;
  char *remote; /* their fingerprint */
  char *remote_name;
  guint n_candidates;
  gint64 last_activity;
  GError *error;
};

enum
{
  PROP_0,
  PROP_STATE,
  PROP_DATA_OPEN,
  PROP_VIEW,
};

/* (element-type FakePeer): all that are alive, so that they can find each other. */
static GPtrArray *alive;

static void
set_state (FakePeer *self, ParlorPeerState state)
{
  self->state = state;
  g_object_notify (G_OBJECT (self), "state");
}

static FakePeer *
find_other (FakePeer *self)
{
  for (guint i = 0; alive && i < alive->len; i++)
    {
      FakePeer *other = g_ptr_array_index (alive, i);

      if (g_strcmp0 (other->fingerprint, self->remote) == 0 && g_strcmp0 (other->remote, self->fingerprint) == 0
          && g_strcmp0 (other->name, self->remote_name) == 0 && g_strcmp0 (other->remote_name, self->name) == 0)
        return other;
    }
  return NULL;
}

static gboolean
be_connected (gpointer user_data)
{
  FakePeer *self = user_data;

  self->path = TRUE;
  if (self->state != PARLOR_PEER_CONNECTING || self->held)
    return G_SOURCE_REMOVE;

  self->last_activity = g_get_monotonic_time ();
  self->factory->n_connected++;
  set_state (self, PARLOR_PEER_CONNECTED);
  if (self->state == PARLOR_PEER_CONNECTED && !self->seed && !self->mute_data)
    {
      self->data_open = TRUE;
      g_object_notify (G_OBJECT (self), "data-open");
    }
  return G_SOURCE_REMOVE;
}

static void
connect_if_complete (FakePeer *self)
{
  FakePeer *other = find_other (self);

  if (!other || self->dark || other->dark || !self->n_candidates || !other->n_candidates)
    return;

  g_idle_add_full (G_PRIORITY_DEFAULT, be_connected, g_object_ref (self), g_object_unref);
  g_idle_add_full (G_PRIORITY_DEFAULT, be_connected, g_object_ref (other), g_object_unref);
}

static char *
new_sdp (FakePeer *self)
{
  return g_strdup_printf ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:%s\r\na=fingerprint:sha-256 %s\r\n", self->name,
                          self->fingerprint);
}

static gboolean
emit_candidate (gpointer user_data)
{
  FakePeer *self = user_data;

  if (self->state != PARLOR_PEER_CLOSED)
    g_signal_emit_by_name (self, "candidate", "candidate:1 1 UDP 1 127.0.0.1 9 typ host", "0", 0);
  return G_SOURCE_REMOVE;
}

static char *
read_line (const char *sdp, const char *before)
{
  const char *line = strstr (sdp, before);

  return line ? g_strndup (line + strlen (before), strcspn (line + strlen (before), "\r\n")) : NULL;
}

static gboolean
take_remote (FakePeer *self, GTask *task, const char *sdp)
{
  self->remote = read_line (sdp, "a=fingerprint:sha-256 ");
  self->remote_name = read_line (sdp, "a=ice-ufrag:");
  if (self->settled && g_strcmp0 (self->settled, self->remote) != 0)
    {
      g_task_return_new_error (task, PARLOR_ERROR, PARLOR_ERROR_FINGERPRINT, "another certificate");
      return FALSE;
    }
  if (self->fail_code >= 0 || !self->remote)
    {
      g_task_return_new_error (task, PARLOR_ERROR, self->fail_code >= 0 ? self->fail_code : PARLOR_ERROR_NO_FINGERPRINT,
                               "made to fail");
      return FALSE;
    }
  return TRUE;
}

static void
return_own_sdp (FakePeer *self, GTask *task)
{
  set_state (self, PARLOR_PEER_CONNECTING);
  g_idle_add_full (G_PRIORITY_DEFAULT, emit_candidate, g_object_ref (self), g_object_unref);
  g_task_return_pointer (task, new_sdp (self), g_free);
}

static void
create_offer_async (ParlorPeer *peer, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (peer, cancellable, callback, user_data);

  return_own_sdp (FAKE_PEER (peer), task);
}

static void
create_answer_async (ParlorPeer *peer,
                     const char *offer,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (peer, cancellable, callback, user_data);

  if (take_remote (FAKE_PEER (peer), task, offer))
    return_own_sdp (FAKE_PEER (peer), task);
}

static char *
sdp_finish (ParlorPeer *peer, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
set_answer_async (ParlorPeer *peer,
                  const char *answer,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (peer, cancellable, callback, user_data);

  if (take_remote (FAKE_PEER (peer), task, answer))
    g_task_return_boolean (task, TRUE);
}

static gboolean
set_answer_finish (ParlorPeer *peer, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
add_candidate (ParlorPeer *peer, const char *candidate, const char *mid, int mline_index)
{
  FAKE_PEER (peer)->n_candidates++;
  connect_if_complete (FAKE_PEER (peer));
}

typedef struct
{
  FakePeer *to;
  char *text;
} Text;

static gboolean
deliver_text (gpointer user_data)
{
  Text *text = user_data;

  if (text->to->state == PARLOR_PEER_CONNECTED)
    g_signal_emit_by_name (text->to, "text", text->text);
  return G_SOURCE_REMOVE;
}

static void
text_free (gpointer user_data)
{
  Text *text = user_data;

  g_object_unref (text->to);
  g_free (text->text);
  g_free (text);
}

static gboolean
send_text (ParlorPeer *peer, const char *text, GError **error)
{
  FakePeer *self = FAKE_PEER (peer);
  FakePeer *other = find_other (self);
  Text *delivery;

  if (!self->data_open || !other)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_STATE, "not open");
      return FALSE;
    }

  if (self->cut)
    return TRUE;
  delivery = g_new0 (Text, 1);
  delivery->to = g_object_ref (other);
  delivery->text = g_strdup (text);
  g_idle_add_full (G_PRIORITY_DEFAULT, deliver_text, delivery, text_free);
  return TRUE;
}

static void
release (ParlorPeer *peer)
{
  FakePeer *self = FAKE_PEER (peer);

  self->held = FALSE;
  if (self->path)
    g_idle_add_full (G_PRIORITY_DEFAULT, be_connected, g_object_ref (self), g_object_unref);
}

static void
set_quiet (ParlorPeer *peer, gboolean quiet)
{
  FAKE_PEER (peer)->quiet = quiet;
}

static char *
dup_fingerprint (ParlorPeer *peer)
{
  return g_strdup (FAKE_PEER (peer)->remote);
}

static gint64
get_last_activity (ParlorPeer *peer)
{
  FakePeer *self = FAKE_PEER (peer);

  if (self->alive && self->state == PARLOR_PEER_CONNECTED)
    self->last_activity = g_get_monotonic_time ();
  return self->last_activity;
}

static void
collect_stats_async (ParlorPeer *peer, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (peer, cancellable, callback, user_data);

  g_task_return_pointer (task, parlor_stats_new (), (GDestroyNotify) parlor_stats_free);
}

static ParlorStats *
collect_stats_finish (ParlorPeer *peer, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static const GError *
get_error (ParlorPeer *peer)
{
  return FAKE_PEER (peer)->error;
}

static void
close_peer (ParlorPeer *peer)
{
  FakePeer *self = FAKE_PEER (peer);

  if (self->state == PARLOR_PEER_CLOSED)
    return;
  self->data_open = FALSE;
  set_state (self, PARLOR_PEER_CLOSED);
}

static void
peer_init (ParlorPeerInterface *iface)
{
  iface->create_offer_async = create_offer_async;
  iface->create_offer_finish = sdp_finish;
  iface->create_answer_async = create_answer_async;
  iface->create_answer_finish = sdp_finish;
  iface->set_answer_async = set_answer_async;
  iface->set_answer_finish = set_answer_finish;
  iface->add_candidate = add_candidate;
  iface->send_text = send_text;
  iface->release = release;
  iface->set_quiet = set_quiet;
  iface->dup_fingerprint = dup_fingerprint;
  iface->get_last_activity = get_last_activity;
  iface->collect_stats_async = collect_stats_async;
  iface->collect_stats_finish = collect_stats_finish;
  iface->get_error = get_error;
  iface->close = close_peer;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakePeer, fake_peer, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (PARLOR_TYPE_PEER, peer_init))

static void
fake_peer_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FakePeer *self = FAKE_PEER (object);

  switch (id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_DATA_OPEN:
      g_value_set_boolean (value, self->data_open);
      break;
    default:
      g_value_set_object (value, NULL);
    }
}

static void
fake_peer_finalize (GObject *object)
{
  FakePeer *self = FAKE_PEER (object);

  g_ptr_array_remove (alive, self);
  g_free (self->fingerprint);
  g_free (self->name);
  g_free (self->settled);
  g_free (self->remote);
  g_free (self->remote_name);
  g_object_unref (self->factory);
  g_free (self->ice);
  g_clear_error (&self->error);
  G_OBJECT_CLASS (fake_peer_parent_class)->finalize (object);
}

static void
fake_peer_class_init (FakePeerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = fake_peer_get_property;
  object_class->finalize = fake_peer_finalize;
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_DATA_OPEN, "data-open");
  g_object_class_override_property (object_class, PROP_VIEW, "view");
}

static void
fake_peer_init (FakePeer *self)
{
  if (!alive)
    alive = g_ptr_array_new ();
  g_ptr_array_add (alive, self);
}

void
fake_peer_fail (FakePeer *peer, int parlor_error_code)
{
  g_clear_error (&peer->error);
  peer->error = g_error_new_literal (PARLOR_ERROR, parlor_error_code, "made to fail");
  set_state (peer, PARLOR_PEER_FAILED);
}

void
fake_peer_set_last_activity (FakePeer *peer, gint64 monotonic_us)
{
  peer->last_activity = monotonic_us;
}

gboolean
fake_peer_get_quiet (FakePeer *peer)
{
  return peer->quiet;
}

void
fake_peer_show (FakePeer *peer, ParlorMediaFlags kind)
{
  g_signal_emit_by_name (peer, "first-frame", kind);
}

void
fake_peer_set_alive (FakePeer *peer, gboolean is_alive)
{
  peer->alive = is_alive;
}

void
fake_peer_set_cut (FakePeer *peer, gboolean cut)
{
  peer->cut = cut;
}

guint
fake_peer_get_n_candidates (FakePeer *peer)
{
  return peer->n_candidates;
}

const char *
fake_peer_get_ice (FakePeer *peer)
{
  return peer->ice;
}

static char *
describe_ice (const GPtrArray *servers)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; servers && i < servers->len; i++)
    {
      const ParlorIceServer *server = g_ptr_array_index (servers, i);

      g_string_append_printf (text, "%s%s %s", i > 0 ? ", " : "", server->url, server->username ? server->username : "-");
    }
  return g_string_free (text, FALSE);
}

static ParlorPeer *
create_peer (ParlorPeerFactory *factory, const ParlorPeerOptions *options, GError **error)
{
  FakePeerFactory *self = FAKE_PEER_FACTORY (factory);
  FakePeer *peer;

  if (self->broken)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_MEDIA, "Broken.");
      return NULL;
    }
  peer = g_object_new (FAKE_TYPE_PEER, NULL);
  peer->factory = g_object_ref (self);
  peer->fingerprint = g_strdup (self->fingerprint);
  peer->name = g_strdup_printf ("%s-%u", self->fingerprint, self->n_made++);
  peer->settled = g_strdup (options->fingerprint);
  peer->quiet = options->quiet;
  peer->held = options->held;
  peer->seed = options->dialect == PARLOR_DIALECT_SEED;
  peer->ice = describe_ice (options->ice_servers);
  peer->fail_code = self->fail_code;
  peer->dark = self->dark;
  peer->mute_data = self->mute_data;
  peer->alive = self->alive;
  g_set_weak_pointer (&self->last, peer);
  return PARLOR_PEER (peer);
}

static void
factory_init (ParlorPeerFactoryInterface *iface)
{
  iface->create_peer = create_peer;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakePeerFactory, fake_peer_factory, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (PARLOR_TYPE_PEER_FACTORY, factory_init))

static void
fake_peer_factory_finalize (GObject *object)
{
  FakePeerFactory *self = FAKE_PEER_FACTORY (object);

  g_clear_weak_pointer (&self->last);
  g_free (self->fingerprint);
  G_OBJECT_CLASS (fake_peer_factory_parent_class)->finalize (object);
}

static void
fake_peer_factory_class_init (FakePeerFactoryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_peer_factory_finalize;
}

static void
fake_peer_factory_init (FakePeerFactory *self)
{
  self->fail_code = -1;
}

FakePeerFactory *
fake_peer_factory_new (const char *fingerprint)
{
  FakePeerFactory *self = g_object_new (FAKE_TYPE_PEER_FACTORY, NULL);

  self->fingerprint = g_strdup (fingerprint);
  return self;
}

void
fake_peer_factory_fail_with (FakePeerFactory *factory, int parlor_error_code)
{
  factory->fail_code = parlor_error_code;
}

void
fake_peer_factory_set_dark (FakePeerFactory *factory, gboolean dark)
{
  factory->dark = dark;
}

void
fake_peer_factory_set_mute_data (FakePeerFactory *factory, gboolean mute_data)
{
  factory->mute_data = mute_data;
}

void
fake_peer_factory_set_alive (FakePeerFactory *factory, gboolean is_alive)
{
  factory->alive = is_alive;
}

void
fake_peer_factory_set_broken (FakePeerFactory *factory, gboolean broken)
{
  factory->broken = broken;
}

guint
fake_peer_factory_get_n_made (FakePeerFactory *factory)
{
  return factory->n_made;
}

guint
fake_peer_factory_get_n_connected (FakePeerFactory *factory)
{
  return factory->n_connected;
}

FakePeer *
fake_peer_factory_get_last (FakePeerFactory *factory)
{
  return factory->last;
}

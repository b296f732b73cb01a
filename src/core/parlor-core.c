/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-core"

#include "config.h"

#include "parlor-core.h"

#include "parlor-call-keys.h"
#include "parlor-core-enums.h"
#include "parlor-error.h"
#include "parlor-hosting.h"
#include "parlor-network-probe.h"
#include "parlor-new-room.h"
#include "parlor-ws-channel.h"

/*
 * ParlorCore: builds the objects below and hands them to each other; holds no call logic of its own. A *session* is one channel with its
 * switchboard; hosting adds a relay that the session joins like anybody else. What the objects below say is passed on as
 * properties and signals, so that a program needs to know only this one. Main thread only.
 */

#define HOST_ADDRESS "127.0.0.1" /* by which who hosts joins their own relay */

enum
{
  PROP_0,
  PROP_SESSION,
  PROP_INVITE,
  PROP_HOSTING,
  PROP_INVITING,
  PROP_KNOCKED,
  PROP_PORTER,
  PROP_HOME_RELAY,
  PROP_CALL,
  PROP_PARTICIPANTS,
  PROP_STUDIO,
  PROP_NAME,
  N_PROPS
};

enum
{
  READY,
  FAILED,
  INCOMING,
  ENDED,
  REFUSED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

struct _ParlorCore
{
  GObject parent_instance;

  ParlorStudio *studio;
  char *name;
  char *data_folder;        /* nullable */
  ParlorIdentity *identity; /* nullable: read from there when it is first needed */
  ParlorDeadlines deadlines;
  GListStore *nobody;

  ParlorHosting *hosting;
  ParlorInvite *invite;
  ParlorChannel *channel;
  ParlorSwitchboard *switchboard;
  ParlorPorter *porter;
  char *home_relay; /* (nullable) */
  ParlorSessionState session;
  gboolean inviting;
  gboolean knocked; /* at the locked door that we stand at */
  gboolean ready;   /* in the room, and who else is there is known */
  ParlorWish wish;  /* until it is fulfilled, or over */
};

G_DEFINE_FINAL_TYPE (ParlorCore, parlor_core, G_TYPE_OBJECT)

static void
set_knocked (ParlorCore *self, gboolean knocked)
{
  if (self->knocked == knocked)
    return;

  self->knocked = knocked;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_KNOCKED]);
}

static void
set_session (ParlorCore *self, ParlorSessionState session)
{
  if (self->session == session)
    return;

  self->session = session;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SESSION]);
  set_knocked (self, FALSE);
}

static void
set_invite (ParlorCore *self, ParlorInvite *invite)
{
  g_clear_pointer (&self->invite, parlor_invite_unref);
  self->invite = invite ? parlor_invite_ref (invite) : NULL;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_INVITE]);
}

static gboolean
invite_is_keyed (ParlorInvite *invite)
{
  return parlor_invite_get_key (invite) || parlor_invite_get_guest_key (invite) || parlor_invite_get_pin (invite);
}

static gboolean
may_call (ParlorCore *self, ParlorParticipant *participant)
{
  return parlor_participant_get_dialect (participant) == PARLOR_DIALECT_PARLOR || !invite_is_keyed (self->invite);
}

/*
 * Whom "call" means: who rings us; else the first in the room who may be called and is free; else one who is said to be away, or in a call, which
 * may be over by the time the ring is there, and is answered with busy if not. On a seed relay nobody is known and everybody is meant.
 */
static ParlorParticipant *
find_callable (ParlorCore *self)
{
  GListModel *model = parlor_core_get_participants (self);
  ParlorCall *call = parlor_core_get_call (self);
  g_autoptr (ParlorParticipant) busy = NULL;

  if (call)
    return g_object_ref (parlor_call_get_participant (call));

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (ParlorParticipant) participant = g_list_model_get_item (model, i);

      if (!may_call (self, participant))
        continue;
      if (!parlor_participant_get_in_call (participant) && !parlor_participant_get_away (participant))
        return g_steal_pointer (&participant);
      g_set_object (&busy, participant);
    }
  return g_steal_pointer (&busy);
}

static gboolean
on_seed_relay (ParlorCore *self)
{
  return self->channel && parlor_channel_get_state (self->channel) == PARLOR_CHANNEL_OPEN && parlor_channel_get_dialect (self->channel) == PARLOR_DIALECT_SEED;
}

static void fail (ParlorCore *self, const GError *error);

static void
call_if_wanted (ParlorCore *self)
{
  g_autoptr (ParlorCore) keep = g_object_ref (self);
  g_autoptr (ParlorParticipant) participant = NULL;
  g_autoptr (GError) error = NULL;

  if (self->wish == PARLOR_WISH_NOTHING || !self->ready || parlor_core_get_call (self))
    return;

  participant = find_callable (self);
  if (!participant && !on_seed_relay (self))
    {
      if (self->wish == PARLOR_WISH_CALL)
        self->wish = PARLOR_WISH_NOTHING;
      return;
    }

  self->wish = PARLOR_WISH_NOTHING;
  /* A call that was there, and ended at once, was told as such. */
  if (!parlor_core_call (self, participant, &error) && !g_error_matches (error, PARLOR_ERROR, PARLOR_ERROR_FAILED))
    fail (self, error);
}

static void
on_participants_changed (GListModel *model, guint position, guint removed, guint added, gpointer user_data)
{
  if (added)
    call_if_wanted (user_data);
}

static void
tell_local_media (ParlorCore *self)
{
  ParlorCall *call = parlor_core_get_call (self);

  if (call)
    parlor_call_set_local_media (call, parlor_studio_get_sending (self->studio));
}

static void
be_ready (ParlorCore *self)
{
  g_autoptr (ParlorCore) keep = g_object_ref (self);

  self->ready = TRUE;
  g_signal_emit (self, signals[READY], 0);
  call_if_wanted (self);
}

/* Welcomed: the switchboard has our id and everybody's. */
static void
on_switchboard_id (ParlorSwitchboard *switchboard, GParamSpec *pspec, gpointer user_data)
{
  be_ready (user_data);
}

static void
on_switchboard_call (ParlorSwitchboard *switchboard, GParamSpec *pspec, gpointer user_data)
{
  ParlorCore *self = user_data;

  tell_local_media (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CALL]);
}

static void
on_incoming (ParlorSwitchboard *switchboard, ParlorCall *call, gpointer user_data)
{
  ParlorCore *self = user_data;

  self->wish = PARLOR_WISH_NOTHING; /* here is somebody, and whoever hears of the ring decides */
  g_signal_emit (self, signals[INCOMING], 0, call);
}

static void drop_session (ParlorCore *self);

static void
on_ended (ParlorSwitchboard *switchboard, ParlorCall *call, gpointer user_data)
{
  g_autoptr (ParlorCore) self = g_object_ref (user_data);

  g_signal_emit (self, signals[ENDED], 0, call);
  /* The relay went for good during the call, and the call was all that was left of the session. */
  if (self->switchboard == switchboard && parlor_channel_get_state (self->channel) == PARLOR_CHANNEL_CLOSED)
    drop_session (self);
}

static void
on_refused (ParlorSwitchboard *switchboard, const char *code, const char *message, gpointer user_data)
{
  g_autoptr (ParlorCore) self = g_object_ref (user_data);

  /* At a door we say nothing else. */
  if (self->session == PARLOR_SESSION_LOCKED)
    set_knocked (self, FALSE);
  g_signal_emit (self, signals[REFUSED], 0, code, message);
}

static void
drop_session (ParlorCore *self)
{
  g_autoptr (ParlorSwitchboard) switchboard = g_steal_pointer (&self->switchboard);
  g_autoptr (ParlorChannel) channel = g_steal_pointer (&self->channel);

  self->wish = PARLOR_WISH_NOTHING;
  self->ready = FALSE;
  if (switchboard)
    {
      GListModel *participants = parlor_switchboard_get_participants (switchboard);

      g_signal_handlers_disconnect_by_data (participants, self);
      /* Ends the call, whose end is still told. */
      parlor_switchboard_close (switchboard);
      g_signal_handlers_disconnect_by_data (switchboard, self);
    }
  if (channel)
    {
      g_signal_handlers_disconnect_by_data (channel, self);
      parlor_channel_close (channel);
    }
  g_clear_object (&self->porter);
  g_clear_pointer (&self->hosting, parlor_hosting_stop);
  self->inviting = FALSE;

  g_object_freeze_notify (G_OBJECT (self));
  set_invite (self, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_INVITING]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PORTER]);
  set_session (self, PARLOR_SESSION_IDLE);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HOSTING]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PARTICIPANTS]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CALL]);
  g_object_thaw_notify (G_OBJECT (self));
}

static void
fail (ParlorCore *self, const GError *error)
{
  g_autoptr (GError) copy = error ? g_error_copy (error)
                                  : g_error_new_literal (PARLOR_ERROR, PARLOR_ERROR_CLOSED,
                                                         "The relay closed the connection.");

  if (!parlor_core_get_call (self))
    drop_session (self);
  g_signal_emit (self, signals[FAILED], 0, copy);
}

static void
on_channel_state (ParlorChannel *channel, GParamSpec *pspec, gpointer user_data)
{
  g_autoptr (ParlorCore) self = g_object_ref (user_data);

  switch (parlor_channel_get_state (channel))
    {
    case PARLOR_CHANNEL_CONNECTING:
      set_session (self, PARLOR_SESSION_CONNECTING);
      break;
    case PARLOR_CHANNEL_OPEN:
      set_session (self, PARLOR_SESSION_IN_ROOM);
      if (on_seed_relay (self))
        be_ready (self);
      break;
    case PARLOR_CHANNEL_WAITING:
      self->ready = FALSE;
      set_session (self, PARLOR_SESSION_RECONNECTING);
      break;
    case PARLOR_CHANNEL_LOCKED:
      self->ready = FALSE;
      set_session (self, PARLOR_SESSION_LOCKED);
      break;
    case PARLOR_CHANNEL_CLOSED:
      fail (self, parlor_channel_get_error (channel));
      break;
    }
}

/* What the invite gives to prove with, and who we are to those who can prove it, too. */
static void
give_keys (ParlorCore *self, ParlorCallKeys *keys)
{
  g_autoptr (GError) error = NULL;

  parlor_switchboard_set_keys (self->switchboard, keys);
  if (!self->identity && self->data_folder && parlor_call_keys_get_guest (keys))
    {
      self->identity = parlor_identity_load (self->data_folder, &error);
      /* Calls are as safe without it; nobody knows us again. */
      if (!self->identity)
        g_message ("No lasting identity: %s", error->message);
    }
  parlor_switchboard_set_identity (self->switchboard, self->identity);
}

static void
join (ParlorCore *self, ParlorInvite *invite, ParlorWish wish)
{
  ParlorWsChannel *channel = parlor_ws_channel_new (invite, self->name);
  g_autoptr (ParlorCallKeys) keys = parlor_call_keys_new (parlor_invite_get_room (invite), parlor_invite_get_key (invite),
                                                          parlor_invite_get_guest_key (invite));
  g_autofree char *ticket = parlor_call_keys_new_ticket (keys);
  GListModel *participants;

  parlor_ws_channel_set_ticket (channel, ticket);
  if (self->hosting)
    parlor_ws_channel_set_host_token (channel, parlor_hosting_get_host_token (self->hosting));
  parlor_network_probe_attach (channel, g_network_monitor_get_default (), PARLOR_NETWORK_SETTLE_MS);

  self->channel = PARLOR_CHANNEL (channel);
  self->switchboard = parlor_switchboard_new (self->channel, PARLOR_PEER_FACTORY (self->studio), &self->deadlines);
  parlor_switchboard_set_allow_seed (self->switchboard, !invite_is_keyed (invite));
  give_keys (self, keys);
  self->porter = parlor_porter_new (self->channel);
  self->wish = wish;

  g_signal_connect_object (g_network_monitor_get_default (), "network-changed", G_CALLBACK (parlor_switchboard_hurry), self->switchboard,
                           G_CONNECT_SWAPPED);
  g_signal_connect (self->switchboard, "notify::id", G_CALLBACK (on_switchboard_id), self);
  g_signal_connect (self->switchboard, "notify::call", G_CALLBACK (on_switchboard_call), self);
  g_signal_connect (self->switchboard, "incoming", G_CALLBACK (on_incoming), self);
  g_signal_connect (self->switchboard, "ended", G_CALLBACK (on_ended), self);
  g_signal_connect (self->switchboard, "refused", G_CALLBACK (on_refused), self);
  participants = parlor_switchboard_get_participants (self->switchboard);
  g_signal_connect (participants, "items-changed", G_CALLBACK (on_participants_changed), self);
  /* After the switchboard: it hears of the channel first. */
  g_signal_connect (self->channel, "notify::state", G_CALLBACK (on_channel_state), self);

  g_object_freeze_notify (G_OBJECT (self));
  set_invite (self, invite);
  set_session (self, PARLOR_SESSION_CONNECTING);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PORTER]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PARTICIPANTS]);
  g_object_thaw_notify (G_OBJECT (self));
  /* Who heard of it may have left already. */
  if (self->channel == PARLOR_CHANNEL (channel))
    parlor_ws_channel_connect (channel);
}

static void
on_studio_muted (ParlorStudio *studio, GParamSpec *pspec, gpointer user_data)
{
  tell_local_media (user_data);
}

static void
on_studio_failed (ParlorStudio *studio, const GError *error, gpointer user_data)
{
  g_autoptr (ParlorCore) self = g_object_ref (user_data);

  parlor_core_hang_up (self);
  g_signal_emit (self, signals[FAILED], 0, error);
}

static void
parlor_core_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorCore *self = PARLOR_CORE (object);

  switch (id)
    {
    case PROP_SESSION:
      g_value_set_enum (value, self->session);
      break;
    case PROP_INVITE:
      g_value_set_boxed (value, self->invite);
      break;
    case PROP_HOSTING:
      g_value_set_boolean (value, self->hosting != NULL);
      break;
    case PROP_INVITING:
      g_value_set_boolean (value, self->inviting);
      break;
    case PROP_KNOCKED:
      g_value_set_boolean (value, self->knocked);
      break;
    case PROP_PORTER:
      g_value_set_object (value, self->porter);
      break;
    case PROP_HOME_RELAY:
      g_value_set_string (value, self->home_relay);
      break;
    case PROP_CALL:
      g_value_set_object (value, parlor_core_get_call (self));
      break;
    case PROP_PARTICIPANTS:
      g_value_set_object (value, parlor_core_get_participants (self));
      break;
    case PROP_STUDIO:
      g_value_set_object (value, self->studio);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_core_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_NAME:
      parlor_core_set_name (PARLOR_CORE (object), g_value_get_string (value));
      break;
    case PROP_HOME_RELAY:
      parlor_core_set_home_relay (PARLOR_CORE (object), g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_core_dispose (GObject *object)
{
  ParlorCore *self = PARLOR_CORE (object);

  if (self->channel)
    drop_session (self);
  g_clear_object (&self->studio);
  g_clear_object (&self->nobody);
  G_OBJECT_CLASS (parlor_core_parent_class)->dispose (object);
}

static void
parlor_core_finalize (GObject *object)
{
  ParlorCore *self = PARLOR_CORE (object);

  g_clear_pointer (&self->identity, parlor_identity_unref);
  g_free (self->data_folder);
  g_free (self->name);
  g_free (self->home_relay);
  G_OBJECT_CLASS (parlor_core_parent_class)->finalize (object);
}

static void
parlor_core_class_init (ParlorCoreClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_core_get_property;
  object_class->set_property = parlor_core_set_property;
  object_class->dispose = parlor_core_dispose;
  object_class->finalize = parlor_core_finalize;

  props[PROP_SESSION] = g_param_spec_enum ("session", NULL, NULL, PARLOR_TYPE_SESSION_STATE,
                                           PARLOR_SESSION_IDLE, flags);
  props[PROP_INVITE] = g_param_spec_boxed ("invite", NULL, NULL, PARLOR_TYPE_INVITE, flags);
  props[PROP_HOSTING] = g_param_spec_boolean ("hosting", NULL, NULL, FALSE, flags);
  props[PROP_INVITING] = g_param_spec_boolean ("inviting", NULL, NULL, FALSE, flags);
  props[PROP_KNOCKED] = g_param_spec_boolean ("knocked", NULL, NULL, FALSE, flags);
  props[PROP_PORTER] = g_param_spec_object ("porter", NULL, NULL, PARLOR_TYPE_PORTER, flags);
  props[PROP_HOME_RELAY] = g_param_spec_string ("home-relay", NULL, NULL, NULL, flags | G_PARAM_WRITABLE);
  props[PROP_CALL] = g_param_spec_object ("call", NULL, NULL, PARLOR_TYPE_CALL, flags);
  props[PROP_PARTICIPANTS] = g_param_spec_object ("participants", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  props[PROP_STUDIO] = g_param_spec_object ("studio", NULL, NULL, PARLOR_TYPE_STUDIO, flags);
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags | G_PARAM_WRITABLE);
  g_object_class_install_properties (object_class, N_PROPS, props);

  signals[READY] = g_signal_new ("ready", PARLOR_TYPE_CORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new ("failed", PARLOR_TYPE_CORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[INCOMING] = g_signal_new ("incoming", PARLOR_TYPE_CORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 1, PARLOR_TYPE_CALL);
  signals[ENDED] = g_signal_new ("ended", PARLOR_TYPE_CORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, PARLOR_TYPE_CALL);
  signals[REFUSED] = g_signal_new ("refused", PARLOR_TYPE_CORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
parlor_core_init (ParlorCore *self)
{
  self->nobody = g_list_store_new (PARLOR_TYPE_PARTICIPANT);
}

/**
 * parlor_core_new:
 * @studio: the media; the caller starts and stops it
 * @name: (nullable): what we call ourselves; %NULL for the user's name on this computer
 * @deadlines: (nullable): %NULL for the protocol's
 *
 * Returns: (transfer full): a core that is nowhere
 */
ParlorCore *
parlor_core_new (ParlorStudio *studio, const char *name, const ParlorDeadlines *deadlines)
{
  ParlorCore *self = g_object_new (PARLOR_TYPE_CORE, NULL);

  self->studio = g_object_ref (studio);
  self->deadlines = deadlines ? *deadlines : PARLOR_DEADLINES_DEFAULT;
  parlor_core_set_name (self, name);
  g_signal_connect_object (studio, "notify::audio-muted", G_CALLBACK (on_studio_muted), self, 0);
  g_signal_connect_object (studio, "notify::video-muted", G_CALLBACK (on_studio_muted), self, 0);
  g_signal_connect_object (studio, "failed", G_CALLBACK (on_studio_failed), self, 0);
  return self;
}

/* (transfer full) (nullable): an invite to a room on a relay of ours, which runs from now on. */
static ParlorInvite *
open_room_here (ParlorCore *self, guint16 port, GError **error)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "parlor", "relay", NULL);

  self->hosting = parlor_hosting_start (folder, port ? port : PARLOR_DEFAULT_PORT, error);
  /* The usual port may be another Parlor's: any other does as well, the invite names it. */
  if (!self->hosting && port == 0 && g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    {
      g_clear_error (error);
      self->hosting = parlor_hosting_start (folder, 0, error);
    }
  if (!self->hosting)
    return NULL;
  return parlor_new_room (HOST_ADDRESS, parlor_hosting_get_port (self->hosting), TRUE, parlor_hosting_get_pin (self->hosting));
}

void
parlor_core_host (ParlorCore *self, guint16 port)
{
  g_autoptr (ParlorInvite) invite = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (PARLOR_IS_CORE (self));

  parlor_core_leave (self);
  invite = self->home_relay && port == 0 ? parlor_new_room_at (self->home_relay, &error) : open_room_here (self, port, &error);
  if (!invite)
    {
      fail (self, error);
      return;
    }

  self->inviting = TRUE;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_INVITING]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HOSTING]);
  join (self, invite, PARLOR_WISH_NOTHING);
}

gboolean
parlor_core_join (ParlorCore *self, const char *text, ParlorWish wish, GError **error)
{
  g_autoptr (ParlorInvite) invite = NULL;

  g_return_val_if_fail (PARLOR_IS_CORE (self), FALSE);

  invite = parlor_invite_parse (text, error);
  if (!invite)
    return FALSE;

  parlor_core_leave (self);
  join (self, invite, wish);
  return TRUE;
}

gboolean
parlor_core_knock (ParlorCore *self, GError **error)
{
  g_return_val_if_fail (PARLOR_IS_CORE (self), FALSE);

  if (self->session != PARLOR_SESSION_LOCKED)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_STATE, "There is no locked door.");
      return FALSE;
    }
  if (!parlor_ws_channel_knock (PARLOR_WS_CHANNEL (self->channel), error))
    return FALSE;
  set_knocked (self, TRUE);
  return TRUE;
}

void
parlor_core_leave (ParlorCore *self)
{
  g_return_if_fail (PARLOR_IS_CORE (self));

  if (self->channel)
    drop_session (self);
}

gboolean
parlor_core_call (ParlorCore *self, ParlorParticipant *participant, GError **error)
{
  g_autoptr (ParlorParticipant) found = NULL;

  g_return_val_if_fail (PARLOR_IS_CORE (self), FALSE);

  if (!self->switchboard)
    {
      g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_STATE, "Join a room first.");
      return FALSE;
    }

  if (!participant)
    participant = found = find_callable (self);
  return parlor_switchboard_call (self->switchboard, participant, parlor_studio_get_sending (self->studio), error) != NULL;
}

static ParlorCall *
need_call (ParlorCore *self, GError **error)
{
  ParlorCall *call = parlor_core_get_call (self);

  if (!call)
    g_set_error_literal (error, PARLOR_ERROR, PARLOR_ERROR_STATE, "Nobody is calling.");
  return call;
}

gboolean
parlor_core_accept (ParlorCore *self, GError **error)
{
  ParlorCall *call = need_call (self, error);

  return call && parlor_call_accept (call, error);
}

gboolean
parlor_core_decline (ParlorCore *self, GError **error)
{
  ParlorCall *call = need_call (self, error);

  return call && parlor_call_decline (call, PARLOR_DECLINE_DECLINED, error);
}

void
parlor_core_hang_up (ParlorCore *self)
{
  ParlorCall *call = parlor_core_get_call (self);

  if (call)
    parlor_call_hang_up (call);
}

void
parlor_core_set_data_folder (ParlorCore *self, const char *folder)
{
  g_return_if_fail (PARLOR_IS_CORE (self));

  g_free (self->data_folder);
  self->data_folder = g_strdup (folder);
  g_clear_pointer (&self->identity, parlor_identity_unref);
}

ParlorSessionState
parlor_core_get_session (ParlorCore *self)
{
  return self->session;
}

ParlorInvite *
parlor_core_get_invite (ParlorCore *self)
{
  return self->invite;
}

gboolean
parlor_core_get_hosting (ParlorCore *self)
{
  return self->hosting != NULL;
}

gboolean
parlor_core_get_inviting (ParlorCore *self)
{
  return self->inviting;
}

ParlorPorter *
parlor_core_get_porter (ParlorCore *self)
{
  return self->porter;
}

const char *
parlor_core_get_home_relay (ParlorCore *self)
{
  return self->home_relay;
}

/**
 * parlor_core_set_home_relay:
 * @self: a core
 * @url: (nullable): a relay at which rooms are made from now on, see parlor_new_room_at(); %NULL or "" to host
 */
void
parlor_core_set_home_relay (ParlorCore *self, const char *url)
{
  if (url && !*url)
    url = NULL;
  if (g_strcmp0 (self->home_relay, url) == 0)
    return;

  g_free (self->home_relay);
  self->home_relay = g_strdup (url);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HOME_RELAY]);
}

ParlorCall *
parlor_core_get_call (ParlorCore *self)
{
  return self->switchboard ? parlor_switchboard_get_call (self->switchboard) : NULL;
}

GListModel *
parlor_core_get_participants (ParlorCore *self)
{
  return self->switchboard ? parlor_switchboard_get_participants (self->switchboard) : G_LIST_MODEL (self->nobody);
}

ParlorStudio *
parlor_core_get_studio (ParlorCore *self)
{
  return self->studio;
}

const char *
parlor_core_get_name (ParlorCore *self)
{
  return self->name;
}

void
parlor_core_set_name (ParlorCore *self, const char *name)
{
  g_autofree char *clean = NULL;

  g_return_if_fail (PARLOR_IS_CORE (self));

  if (!name || !*name)
    name = g_str_equal (g_get_real_name (), "Unknown") ? g_get_user_name () : g_get_real_name ();
  clean = parlor_wire_clean_name (name);
  if (g_strcmp0 (clean, self->name) == 0)
    return;

  g_free (self->name);
  self->name = g_steal_pointer (&clean);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_NAME]);
}

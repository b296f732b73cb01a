/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-reporter.h"

#include "parlor-gauge.h"
#include "parlor-report.h"

/*
 * ParlorReporter: three actions that do nothing and whose states tell what is going on, for scripts, tests and the demo:
 *
 * - "invite" (s): the app link of the room we are in or go to, "" when there is none;
 * - "first-picture" (x): when the call's first remote picture came, Unix time in ms, 0 before;
 * - "report" (s): the call's statistics once a second, as `parlor-peer --json` prints them, "" without a call.
 *
 * The session bus is the user's own: who can read the invite there could read it in the window as well.
 */

struct _ParlorReporter
{
  ParlorCore *core;
  GActionMap *actions;
  GSignalGroup *core_signals;
  GSignalGroup *call_signals;
  GSignalGroup *peer_signals;
  GSignalGroup *gauge_signals;
};

static void
set_state (ParlorReporter *self, const char *name, GVariant *state)
{
  GAction *action = g_action_map_lookup_action (self->actions, name);

  g_simple_action_set_state (G_SIMPLE_ACTION (action), state);
}

/* Nobody sets these from outside. */
static void
on_change_state (GSimpleAction *action, GVariant *value, gpointer user_data)
{
}

static void
on_stats (ParlorGauge *gauge, GParamSpec *pspec, gpointer user_data)
{
  g_autofree char *line = parlor_report_stats (g_get_real_time () / 1000, parlor_gauge_get_stats (gauge));

  set_state (user_data, "report", g_variant_new_string (line));
}

static void
on_first_frame (ParlorPeer *peer, ParlorMediaFlags kind, gpointer user_data)
{
  if (kind == PARLOR_MEDIA_VIDEO)
    set_state (user_data, "first-picture", g_variant_new_int64 (g_get_real_time () / 1000));
}

static void
on_peer_changed (ParlorReporter *self)
{
  ParlorCall *call = parlor_core_get_call (self->core);
  ParlorPeer *peer = call ? parlor_call_get_peer (call) : NULL;

  g_signal_group_set_target (self->peer_signals, peer);
  set_state (self, "report", g_variant_new_string (""));
  set_state (self, "first-picture", g_variant_new_int64 (0));
}

static void
on_call_changed (ParlorReporter *self)
{
  ParlorCall *call = parlor_core_get_call (self->core);

  g_signal_group_set_target (self->call_signals, call);
  g_signal_group_set_target (self->gauge_signals, call ? parlor_call_get_gauge (call) : NULL);
  on_peer_changed (self);
}

static void
on_invite_changed (ParlorReporter *self)
{
  ParlorInvite *invite = parlor_core_get_invite (self->core);
  g_autofree char *link = invite ? parlor_invite_to_app_link (invite) : NULL;

  set_state (self, "invite", g_variant_new_string (link ? link : ""));
}

/**
 * parlor_reporter_new:
 * @core: whose calls are told
 * @actions: gets the actions; must outlive the reporter
 *
 * Returns: (transfer full): a reporter
 */
ParlorReporter *
parlor_reporter_new (ParlorCore *core, GActionMap *actions)
{
  static const GActionEntry entries[] = {
    { .name = "invite", .state = "''", .change_state = on_change_state },
    { .name = "first-picture", .state = "int64 0", .change_state = on_change_state },
    { .name = "report", .state = "''", .change_state = on_change_state },
  };
  ParlorReporter *self = g_new0 (ParlorReporter, 1);

  self->core = g_object_ref (core);
  self->actions = actions;
  g_action_map_add_action_entries (actions, entries, G_N_ELEMENTS (entries), self);

  self->peer_signals = g_signal_group_new (PARLOR_TYPE_PEER);
  g_signal_group_connect (self->peer_signals, "first-frame", G_CALLBACK (on_first_frame), self);
  self->gauge_signals = g_signal_group_new (PARLOR_TYPE_GAUGE);
  g_signal_group_connect (self->gauge_signals, "notify::stats", G_CALLBACK (on_stats), self);
  self->call_signals = g_signal_group_new (PARLOR_TYPE_CALL);
  g_signal_group_connect_swapped (self->call_signals, "notify::peer", G_CALLBACK (on_peer_changed), self);
  self->core_signals = g_signal_group_new (PARLOR_TYPE_CORE);
  g_signal_group_connect_swapped (self->core_signals, "notify::call", G_CALLBACK (on_call_changed), self);
  g_signal_group_connect_swapped (self->core_signals, "notify::invite", G_CALLBACK (on_invite_changed), self);
  g_signal_group_set_target (self->core_signals, core);
  on_call_changed (self);
  on_invite_changed (self);
  return self;
}

void
parlor_reporter_free (ParlorReporter *self)
{
  g_clear_object (&self->core_signals);
  g_clear_object (&self->call_signals);
  g_clear_object (&self->gauge_signals);
  g_clear_object (&self->peer_signals);
  g_clear_object (&self->core);
  g_free (self);
}

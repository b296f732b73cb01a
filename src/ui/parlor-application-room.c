/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-application-private.h"

#include <glib/gi18n.h>

/*
 * A room of one's own: its door as actions, where it is reached, and that the program lives on with it when the window
 * is closed, if the user chose so.
 */

#define NOTIFICATION "hosting"

static void bring_back_window (ParlorApplication *self);

/* --- the door --- */

static ParlorPorter *
need_porter (ParlorApplication *self, GError **error)
{
  ParlorPorter *porter = parlor_core_get_porter (self->core);

  if (!porter)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "There is no room.");
  return porter;
}

static void
complain_unless (ParlorApplication *self, gboolean done, const char *words, const GError *error)
{
  if (done)
    return;
  g_debug ("%s", error->message);
  if (self->window)
    parlor_window_add_toast (self->window, words);
}

static void
on_admit (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  ParlorPorter *porter = need_porter (user_data, &error);

  complain_unless (user_data, porter && parlor_porter_admit (porter, g_variant_get_string (parameter, NULL), &error),
                   _ ("They are no longer at the door."), error);
}

static void
on_refuse (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  ParlorPorter *porter = need_porter (user_data, &error);

  complain_unless (user_data, porter && parlor_porter_refuse (porter, g_variant_get_string (parameter, NULL), &error),
                   _ ("They are no longer at the door."), error);
}

static void
on_remove (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  ParlorPorter *porter = need_porter (user_data, &error);

  complain_unless (user_data, porter && parlor_porter_remove (porter, g_variant_get_string (parameter, NULL), &error),
                   _ ("They could not be removed. Try again in a moment."), error);
}

/* The state follows when the relay says so. */
static void
on_lock (GSimpleAction *action, GVariant *state, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  ParlorPorter *porter = need_porter (user_data, &error);

  complain_unless (user_data, porter && parlor_porter_set_locked (porter, g_variant_get_boolean (state), &error),
                   _ ("The room could not be locked or opened. Try again in a moment."), error);
}

/* Which of the addresses the links are told with: its host, as it is in the link. */
static void
on_address (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  ParlorApplication *self = user_data;
  GListModel *addresses = parlor_reach_get_addresses (self->reach);

  for (guint i = 0; i < g_list_model_get_n_items (addresses); i++)
    {
      g_autoptr (ParlorAddress) address = g_list_model_get_item (addresses, i);

      if (g_str_equal (parlor_address_get_host (address), g_variant_get_string (parameter, NULL)))
        {
          parlor_invitation_set_address (self->invitation, address);
          return;
        }
    }
}

static void
on_knock (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  ParlorApplication *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean knocked = parlor_core_knock (self->core, &error);

  complain_unless (self, knocked, _ ("There is no locked door to knock at."), error);
}

static void
on_show (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_application_activate (user_data);
}

static void
on_stop_hosting (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  parlor_core_leave (((ParlorApplication *) user_data)->core);
}

static void
update_door (ParlorApplication *self)
{
  static const char *const owners[] = { "admit", "refuse", "remove", "lock" };
  ParlorPorter *porter = parlor_core_get_porter (self->core);
  gboolean owner = porter && parlor_porter_get_owner (porter);
  GAction *action;

  for (guint i = 0; i < G_N_ELEMENTS (owners); i++)
    {
      action = g_action_map_lookup_action (G_ACTION_MAP (self), owners[i]);
      g_simple_action_set_enabled (G_SIMPLE_ACTION (action), owner);
    }
  g_simple_action_set_state (G_SIMPLE_ACTION (action), g_variant_new_boolean (porter && parlor_porter_get_locked (porter)));
  action = g_action_map_lookup_action (G_ACTION_MAP (self), "knock");
  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), parlor_core_get_session (self->core) == PARLOR_SESSION_LOCKED);
  action = g_action_map_lookup_action (G_ACTION_MAP (self), "stop-hosting");
  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), parlor_core_get_hosting (self->core));
}

static void
on_knockers_changed (ParlorApplication *self, guint position, guint removed, guint added)
{
  if (added)
    bring_back_window (self);
}

static void
on_porter_changed (ParlorApplication *self)
{
  ParlorPorter *porter = parlor_core_get_porter (self->core);

  g_signal_group_set_target (self->porter_signals, porter);
  g_signal_group_set_target (self->knocker_signals, porter ? parlor_porter_get_knockers (porter) : NULL);
  update_door (self);
}

/* --- where it is reached --- */

static void
update_reach (ParlorApplication *self)
{
  ParlorInvite *invite = parlor_core_get_invite (self->core);

  if (parlor_core_get_hosting (self->core) && invite)
    parlor_reach_start (self->reach, parlor_invite_get_port (invite), parlor_settings_get_ask_router (self->settings));
  else
    parlor_reach_stop (self->reach);
}

/* --- without a window --- */

/* The only sign of the room when there is no window. A click on it brings the window back. */
static void
send_notification (ParlorApplication *self)
{
  g_autoptr (GNotification) notification = g_notification_new (_ ("The Room Stays Open"));

  g_notification_set_body (notification, _ ("Who has a link can come in and ring, and the window comes back then."));
  g_notification_set_default_action (notification, "app.show");
  g_notification_add_button (notification, _ ("Stop Hosting"), "app.stop-hosting");
  g_application_send_notification (G_APPLICATION (self), NOTIFICATION, notification);
}

static void
update_hold (ParlorApplication *self)
{
  gboolean hold = parlor_core_get_hosting (self->core) && parlor_settings_get_keep_hosting (self->settings);

  if (self->held == hold)
    return;
  self->held = hold;
  if (hold)
    {
      g_application_hold (G_APPLICATION (self));
      return;
    }
  g_application_withdraw_notification (G_APPLICATION (self), NOTIFICATION);
  g_application_release (G_APPLICATION (self));
}

static void
on_hosting_changed (ParlorApplication *self)
{
  update_hold (self);
  update_door (self);
}

/* Somebody rings, or knocks. */
static void
bring_back_window (ParlorApplication *self)
{
  if (!self->window)
    g_application_activate (G_APPLICATION (self));
}

static void
on_window_added (ParlorApplication *self, GtkWindow *window)
{
  if (PARLOR_IS_WINDOW (window))
    g_application_withdraw_notification (G_APPLICATION (self), NOTIFICATION);
}

static void
on_window_removed (ParlorApplication *self, GtkWindow *window)
{
  if (!PARLOR_IS_WINDOW (window))
    return;
  /* Nobody sees that the camera is on. It comes back with the window. */
  parlor_studio_stop (self->studio);
  if (self->held)
    send_notification (self);
}

/**
 * parlor_application_add_room_actions:
 * @self: the application, with core and settings
 */
void
parlor_application_add_room_actions (ParlorApplication *self)
{
  static const GActionEntry entries[] = {
    { .name = "admit", .activate = on_admit, .parameter_type = "s" },
    { .name = "refuse", .activate = on_refuse, .parameter_type = "s" },
    { .name = "remove", .activate = on_remove, .parameter_type = "s" },
    { .name = "lock", .state = "false", .change_state = on_lock },
    { .name = "address", .activate = on_address, .parameter_type = "s" },
    { .name = "knock", .activate = on_knock },
    { .name = "show", .activate = on_show },
    { .name = "stop-hosting", .activate = on_stop_hosting },
  };
  g_autoptr (GPropertyAction) keep = g_property_action_new ("keep-hosting", self->settings, "keep-hosting");

  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (keep));
}

/**
 * parlor_application_watch_room:
 * @self: the application, with its actions
 */
void
parlor_application_watch_room (ParlorApplication *self)
{
  self->porter_signals = g_signal_group_new (PARLOR_TYPE_PORTER);
  g_signal_group_connect_swapped (self->porter_signals, "notify", G_CALLBACK (update_door), self);
  self->knocker_signals = g_signal_group_new (G_TYPE_LIST_MODEL);
  g_signal_group_connect_swapped (self->knocker_signals, "items-changed", G_CALLBACK (on_knockers_changed), self);
  g_signal_connect_object (self->core, "notify::porter", G_CALLBACK (on_porter_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->core, "notify::session", G_CALLBACK (update_door), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->core, "notify::hosting", G_CALLBACK (on_hosting_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->core, "notify::invite", G_CALLBACK (update_reach), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->core, "incoming", G_CALLBACK (bring_back_window), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->settings, "notify::ask-router", G_CALLBACK (update_reach), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->settings, "notify::keep-hosting", G_CALLBACK (update_hold), self, G_CONNECT_SWAPPED);
  g_signal_connect (self, "window-added", G_CALLBACK (on_window_added), NULL);
  g_signal_connect (self, "window-removed", G_CALLBACK (on_window_removed), NULL);
  on_porter_changed (self);
}

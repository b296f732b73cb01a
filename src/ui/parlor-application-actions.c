/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-application-private.h"

#include <glib/gi18n.h>

#include "parlor-words.h"

/*
 * The verbs of the program as actions of the application: buttons, keys and D-Bus
 * (org.gtk.Actions at /io/github/parlor/Parlor) all come through here. An action is enabled when the core can do it.
 */

static void
complain (ParlorApplication *self, const char *text, const GError *error)
{
  g_debug ("%s", error->message);
  if (text && self->window)
    parlor_window_add_toast (self->window, text);
}

/* One's own link, opened where it was made: going there would close the room first. */
static gboolean
is_here (ParlorApplication *self, ParlorInvite *invite)
{
  ParlorInvite *here = parlor_core_get_invite (self->core);

  if (!here || g_strcmp0 (parlor_invite_get_room (here), parlor_invite_get_room (invite)) != 0)
    return FALSE;
  /* A room that was made here has a name like no other, and this computer many addresses. */
  return parlor_core_get_inviting (self->core)
         || (g_str_equal (parlor_invite_get_host (here), parlor_invite_get_host (invite))
             && parlor_invite_get_port (here) == parlor_invite_get_port (invite));
}

/**
 * parlor_application_host:
 * @self: the application, started
 */
void
parlor_application_host (ParlorApplication *self)
{
  self->tried = TRUE;
  g_clear_pointer (&self->last_target, g_free);
  parlor_core_host (self->core, 0);
}

/**
 * parlor_application_join:
 * @self: the application, started
 * @text: an invite or an address; what cannot be one is told in the window
 */
void
parlor_application_join (ParlorApplication *self, const char *text)
{
  g_autofree char *target = g_strdup (text); /* @text may be our last_target */
  g_autoptr (GError) error = NULL;
  g_autoptr (ParlorInvite) invite = parlor_invite_parse (text, NULL);

  if (invite && is_here (self, invite))
    {
      parlor_window_drop_lobby (self->window);
      parlor_window_add_toast (self->window, _ ("This is the room you are in. Send the link to somebody else."));
      return;
    }
  self->tried = TRUE;
  g_free (self->last_target);
  self->last_target = g_steal_pointer (&target);
  if (!parlor_core_join (self->core, self->last_target, PARLOR_WISH_CALL, &error))
    parlor_window_show_failure (self->window, error);
}

static void
on_host (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  parlor_application_host (user_data);
}

static void
on_join (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  parlor_application_join (user_data, g_variant_get_string (parameter, NULL));
}

static void
on_retry (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  ParlorApplication *self = user_data;

  if (self->last_target)
    parlor_application_join (self, self->last_target);
  else if (self->tried)
    parlor_application_host (self);
}

static void
on_call (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  ParlorApplication *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!parlor_core_call (self->core, NULL, &error))
    complain (self, parlor_words_for_no_call (error), error);
}

/* Still in the room: ring there; otherwise go there again. */
static void
on_call_again (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  ParlorApplication *self = user_data;

  if (parlor_core_get_session (self->core) == PARLOR_SESSION_IDLE)
    on_retry (NULL, NULL, self);
  else
    on_call (NULL, NULL, self);
}

static void
on_accept (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  ParlorApplication *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!parlor_core_accept (self->core, &error))
    complain (self, _ ("There is no call to accept any more."), error);
}

static void
on_accept_voice (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  ParlorApplication *self = user_data;

  if (!parlor_studio_get_video_muted (self->studio))
    {
      parlor_studio_set_video_muted (self->studio, TRUE);
      self->voice_only = TRUE;
    }
  on_accept (NULL, NULL, self);
}

/* Whoever switches the camera during the call means it. */
static void
on_camera_switched (ParlorApplication *self)
{
  self->voice_only = FALSE;
}

static void
on_decline (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  ParlorApplication *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!parlor_core_decline (self->core, &error))
    complain (self, _ ("There is no call to decline any more."), error);
}

static void
on_hang_up (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  parlor_core_hang_up (((ParlorApplication *) user_data)->core);
}

static void
on_leave (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  parlor_core_leave (((ParlorApplication *) user_data)->core);
}

static void
copy (ParlorApplication *self, const char *text)
{
  if (!text || !self->window)
    return;
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self->window)), text);
  parlor_window_add_toast (self->window, _ ("Link copied"));
}

static void
on_copy_invite (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  ParlorApplication *self = user_data;

  copy (self, parlor_invitation_get_web_link (self->invitation));
}

static void
on_copy_app_link (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  ParlorApplication *self = user_data;

  copy (self, parlor_invitation_get_app_link (self->invitation));
}

static void
on_about (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  ParlorApplication *self = user_data;

  adw_show_about_window (GTK_WINDOW (self->window),
                         "application-name", "Parlor",
                         "application-icon", PARLOR_APP_ID,
                         "version", PARLOR_VERSION,
                         "developer-name", _ ("The Parlor project"),
                         "license-type", GTK_LICENSE_GPL_3_0,
                         "comments", _ ("Calls from one computer to another, with nobody in between."),
                         NULL);
}

static void
on_quit (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  ParlorApplication *self = user_data;

  parlor_core_leave (self->core);
  g_application_quit (G_APPLICATION (self));
}

static void
set_enabled (ParlorApplication *self, const char *name, gboolean enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

static void
update_enabled (ParlorApplication *self)
{
  ParlorSessionState session = parlor_core_get_session (self->core);
  ParlorCall *call = parlor_core_get_call (self->core);
  gboolean rings = call && parlor_call_get_state (call) == PARLOR_CALL_RINGING;

  set_enabled (self, "host", !call);
  set_enabled (self, "join", !call);
  set_enabled (self, "retry", !call);
  set_enabled (self, "call", !call && session == PARLOR_SESSION_IN_ROOM);
  set_enabled (self, "call-again", !call && (session == PARLOR_SESSION_IDLE || session == PARLOR_SESSION_IN_ROOM));
  set_enabled (self, "accept", rings);
  set_enabled (self, "accept-voice", rings);
  set_enabled (self, "decline", rings);
  set_enabled (self, "hang-up", call != NULL);
  set_enabled (self, "leave", session != PARLOR_SESSION_IDLE);
  set_enabled (self, "copy-invite", parlor_core_get_invite (self->core) != NULL);
  set_enabled (self, "copy-app-link", parlor_core_get_invite (self->core) != NULL);
}

static void
on_call_changed (ParlorApplication *self)
{
  ParlorCall *call = parlor_core_get_call (self->core);

  g_signal_group_set_target (self->call_signals, call);
  update_enabled (self);
  if (!call && self->voice_only)
    parlor_studio_set_video_muted (self->studio, FALSE);
}

static void
add_switch (ParlorApplication *self, const char *name, const char *property)
{
  g_autoptr (GPropertyAction) action = g_property_action_new (name, self->studio, property);

  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (action));
}

static void
add_keys (ParlorApplication *self)
{
  static const struct
  {
    const char *action;
    const char *keys[2];
  } keys[] = {
    { "app.host", { "<Control>n" } },
    { "win.join-dialog", { "<Control>j" } },
    { "app.mute-microphone", { "<Control>d" } },
    { "app.mute-camera", { "<Control>e" } },
    { "win.preferences", { "<Control>comma" } },
    { "win.fullscreen", { "F11" } },
    { "window.close", { "<Control>w" } },
    { "app.quit", { "<Control>q" } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (self), keys[i].action,
                                           (const char *[]){ keys[i].keys[0], NULL });
}

/**
 * parlor_application_add_actions:
 * @self: the application, with studio and core
 */
void
parlor_application_add_actions (ParlorApplication *self)
{
  static const GActionEntry entries[] = {
    { .name = "host", .activate = on_host },
    { .name = "join", .activate = on_join, .parameter_type = "s" },
    { .name = "retry", .activate = on_retry },
    { .name = "call", .activate = on_call },
    { .name = "call-again", .activate = on_call_again },
    { .name = "accept", .activate = on_accept },
    { .name = "accept-voice", .activate = on_accept_voice },
    { .name = "decline", .activate = on_decline },
    { .name = "hang-up", .activate = on_hang_up },
    { .name = "leave", .activate = on_leave },
    { .name = "copy-invite", .activate = on_copy_invite },
    { .name = "copy-app-link", .activate = on_copy_app_link },
    { .name = "about", .activate = on_about },
    { .name = "quit", .activate = on_quit },
  };

  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  add_switch (self, "mute-microphone", "audio-muted");
  add_switch (self, "mute-camera", "video-muted");
  parlor_application_add_room_actions (self);
  add_keys (self);
  self->reporter = parlor_reporter_new (self->core, G_ACTION_MAP (self));

  self->call_signals = g_signal_group_new (PARLOR_TYPE_CALL);
  g_signal_group_connect_swapped (self->call_signals, "notify::state", G_CALLBACK (update_enabled), self);
  g_signal_connect_object (self->core, "notify::session", G_CALLBACK (update_enabled), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->core, "notify::invite", G_CALLBACK (update_enabled), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->studio, "notify::video-muted", G_CALLBACK (on_camera_switched), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->core, "notify::call", G_CALLBACK (on_call_changed), self, G_CONNECT_SWAPPED);
  on_call_changed (self);
  parlor_application_watch_room (self);
}

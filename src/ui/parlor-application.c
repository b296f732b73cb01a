/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-application-private.h"

#include <glib/gi18n.h>
#include <glib-unix.h>

#include "parlor-paintable-factory.h"
#include "parlor-ui-resources.h"

/*
 * ParlorApplication: the command line, and who owns whom: the application owns studio and core, GTK the window.
 *
 * One instance a session: a second `parlor INVITE` hands its link to the first. --new-instance stays apart
 * (G_APPLICATION_NON_UNIQUE); GApplication then owns no name, but still exports its actions at
 * /io/github/parlor/Parlor on the program's unique bus name.
 */

#define EXIT_USAGE 2
#define RELEASE_MS 3000 /* a router that takes longer forgets by itself, when the lease is over */

G_DEFINE_FINAL_TYPE (ParlorApplication, parlor_application, ADW_TYPE_APPLICATION)

static const GOptionEntry options[] = {
  { "host", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Start a call at once: open a room and show its invite"), NULL },
  { "name", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("Your name, as others see it"), N_ ("NAME") },
  { "test-media", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Send a test picture and tone instead of camera and microphone"), NULL },
  { "new-instance", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Stay apart from a Parlor that already runs"), NULL },
  { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Show the version"), NULL },
  { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, NULL, NULL, N_ ("[INVITE]") },
  { NULL },
};

static gboolean
on_unix_signal (gpointer user_data)
{
  g_action_group_activate_action (G_ACTION_GROUP (user_data), "quit", NULL);
  return G_SOURCE_CONTINUE;
}

static ParlorStudio *
create_studio (ParlorApplication *self)
{
  g_autoptr (ParlorSinkFactory) preview = parlor_paintable_factory_new (FALSE);
  g_autoptr (ParlorSinkFactory) remote = parlor_paintable_factory_new (TRUE);
  ParlorStudioConfig config = {
    .test_media = self->test_media,
    .media = PARLOR_MEDIA_AUDIO | PARLOR_MEDIA_VIDEO,
  };

  return parlor_studio_new (&config, preview, remote);
}

/* --- command line --- */

static int
usage_error (const char *message)
{
  g_printerr ("parlor: %s\n%s\n", message, _ ("Try “parlor --help”."));
  return EXIT_USAGE;
}

static int
parlor_application_handle_local_options (GApplication *application, GVariantDict *dict)
{
  ParlorApplication *self = PARLOR_APPLICATION (application);
  g_autofree const char **invites = NULL;

  self->options_read = TRUE;
  if (g_variant_dict_contains (dict, "version"))
    {
      g_print ("Parlor %s\n", PARLOR_VERSION);
      return EXIT_SUCCESS;
    }
  if (g_variant_dict_lookup (dict, G_OPTION_REMAINING, "^a&s", &invites) && g_strv_length ((char **) invites) > 1)
    return usage_error (_ ("one invite at most"));
  if (invites && g_variant_dict_contains (dict, "host"))
    return usage_error (_ ("either --host or an invite"));

  g_variant_dict_lookup (dict, "name", "s", &self->name);
  self->test_media = g_variant_dict_contains (dict, "test-media");
  if (g_variant_dict_contains (dict, "new-instance"))
    g_application_set_flags (application, g_application_get_flags (application) | G_APPLICATION_NON_UNIQUE);
  return -1;
}

static gboolean
parlor_application_local_command_line (GApplication *application, char ***arguments, int *exit_status)
{
  ParlorApplication *self = PARLOR_APPLICATION (application);
  gboolean done
    = G_APPLICATION_CLASS (parlor_application_parent_class)->local_command_line (application, arguments, exit_status);

  /* GApplication has said what is wrong with the flags, but ends with 1. */
  if (done && !self->options_read && *exit_status != EXIT_SUCCESS)
    {
      g_printerr ("%s\n", _ ("Try “parlor --help”."));
      *exit_status = EXIT_USAGE;
    }
  return done;
}

static void
open_link (ParlorApplication *self, GApplicationCommandLine *line, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ParlorInvite) invite = parlor_invite_parse (text, &error);

  if (invite)
    {
      parlor_window_show_lobby (self->window, invite, text);
      return;
    }
  g_application_command_line_printerr (line, "parlor: %s\n", error->message);
  parlor_window_show_failure (self->window, error);
}

static int
parlor_application_command_line (GApplication *application, GApplicationCommandLine *line)
{
  ParlorApplication *self = PARLOR_APPLICATION (application);
  GVariantDict *dict = g_application_command_line_get_options_dict (line);
  g_autofree const char **invites = NULL;

  if (g_application_command_line_get_is_remote (line)
      && (g_variant_dict_contains (dict, "test-media") || g_variant_dict_contains (dict, "name")))
    g_application_command_line_printerr (
      line, "parlor: %s\n", _ ("already running: --name and --test-media are ignored (see --new-instance)"));

  g_application_activate (application);
  if (g_variant_dict_lookup (dict, G_OPTION_REMAINING, "^a&s", &invites) && invites[0])
    open_link (self, line, invites[0]);
  else if (g_variant_dict_contains (dict, "host"))
    g_action_group_activate_action (G_ACTION_GROUP (self), "host", NULL);
  return EXIT_SUCCESS;
}

/* --- life --- */

static void
parlor_application_startup (GApplication *application)
{
  ParlorApplication *self = PARLOR_APPLICATION (application);
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "parlor", NULL);

  G_APPLICATION_CLASS (parlor_application_parent_class)->startup (application);

  parlor_media_warm_up ();
  self->studio = create_studio (self);
  self->core = parlor_core_new (self->studio, self->name, NULL);
  parlor_core_set_data_folder (self->core, folder);
  self->settings = parlor_settings_new_for_user ();
  g_object_bind_property (self->settings, "home-relay", self->core, "home-relay", G_BINDING_SYNC_CREATE);
  self->reach = parlor_reach_new ();
  self->invitation = parlor_invitation_new (self->core, self->reach);
  parlor_application_add_actions (self);
  g_unix_signal_add (SIGINT, on_unix_signal, self);
  g_unix_signal_add (SIGTERM, on_unix_signal, self);
}

static void
parlor_application_activate (GApplication *application)
{
  ParlorApplication *self = PARLOR_APPLICATION (application);
  g_autoptr (GError) error = NULL;

  if (!self->window)
    {
      self->window = parlor_window_new (GTK_APPLICATION (self), self->core, self->invitation, self->settings);
      g_object_add_weak_pointer (G_OBJECT (self->window), (gpointer *) &self->window);
      if (!parlor_studio_start (self->studio, &error))
        parlor_window_show_failure (self->window, error);
    }
  gtk_window_present (GTK_WINDOW (self->window));
}

static void
parlor_application_shutdown (GApplication *application)
{
  ParlorApplication *self = PARLOR_APPLICATION (application);

  if (self->core)
    {
      parlor_core_leave (self->core);
      parlor_studio_stop (self->studio);
      parlor_port_map_wait_released (RELEASE_MS);
    }
  G_APPLICATION_CLASS (parlor_application_parent_class)->shutdown (application);
}

static void
parlor_application_finalize (GObject *object)
{
  ParlorApplication *self = PARLOR_APPLICATION (object);

  g_clear_weak_pointer (&self->window);
  g_clear_object (&self->call_signals);
  g_clear_object (&self->porter_signals);
  g_clear_object (&self->knocker_signals);
  g_clear_object (&self->invitation);
  g_clear_object (&self->reach);
  g_clear_object (&self->settings);
  g_clear_pointer (&self->reporter, parlor_reporter_free);
  g_clear_object (&self->core);
  g_clear_object (&self->studio);
  g_clear_pointer (&self->last_target, g_free);
  g_clear_pointer (&self->name, g_free);
  G_OBJECT_CLASS (parlor_application_parent_class)->finalize (object);
}

static void
parlor_application_class_init (ParlorApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = parlor_application_finalize;
  application_class->handle_local_options = parlor_application_handle_local_options;
  application_class->local_command_line = parlor_application_local_command_line;
  application_class->command_line = parlor_application_command_line;
  application_class->startup = parlor_application_startup;
  application_class->activate = parlor_application_activate;
  application_class->shutdown = parlor_application_shutdown;

  parlor_ui_register_resource ();
}

static void
parlor_application_init (ParlorApplication *self)
{
  g_application_add_main_option_entries (G_APPLICATION (self), options);
  g_application_set_option_context_summary (
    G_APPLICATION (self), _ ("Calls from one computer to another. INVITE is the link you were sent, or an address."));
}

/**
 * parlor_application_new:
 *
 * Returns: (transfer full): the program
 */
ParlorApplication *
parlor_application_new (void)
{
  return g_object_new (PARLOR_TYPE_APPLICATION,
                       "application-id", PARLOR_APP_ID,
                       "flags", G_APPLICATION_HANDLES_COMMAND_LINE,
                       "resource-base-path", "/io/github/parlor/Parlor",
                       NULL);
}

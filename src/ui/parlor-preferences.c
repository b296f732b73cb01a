/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-preferences.h"

#include <glib/gi18n.h>

#include "parlor-error.h"
#include "parlor-relay-test.h"
#include "parlor-words.h"

/*
 * ParlorPreferences: what may be chosen for good. A home relay is kept when it is applied, whether or not its test succeeds: it may
 * be off now. Main thread only.
 */

struct _ParlorPreferences
{
  AdwPreferencesWindow parent_instance;

  ParlorSettings *settings;
  GCancellable *cancellable; /* of the test that runs */

  AdwEntryRow *home_relay;
  GtkWidget *test;
  GtkSpinner *spinner;
  GtkLabel *result;
  GtkSwitch *keep_hosting;
  GtkSwitch *ask_router;
};

G_DEFINE_FINAL_TYPE (ParlorPreferences, parlor_preferences, ADW_TYPE_PREFERENCES_WINDOW)

static void
stop_test (ParlorPreferences *self)
{
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  gtk_spinner_set_spinning (self->spinner, FALSE);
}

static void
show_result (ParlorPreferences *self, const char *words)
{
  gtk_label_set_text (self->result, words);
  gtk_widget_set_visible (GTK_WIDGET (self->result), *words != '\0');
}

static void
on_tested (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  ParlorPreferences *self;

  if (parlor_relay_test_finish (result, &error))
    {
      stop_test (user_data);
      show_result (user_data, _ ("It answers, has a certificate that this computer trusts, and speaks as Parlor does."));
      return;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* @user_data may be gone */

  self = user_data;
  stop_test (self);
  if (g_error_matches (error, PARLOR_ERROR, PARLOR_ERROR_BAD_INVITE))
    show_result (self, _ ("This is not the address of a relay. It looks like https://calls.example.org."));
  else if (g_error_matches (error, PARLOR_ERROR, PARLOR_ERROR_TLS))
    show_result (self, _ ("It has no certificate that this computer trusts. A home relay needs a real one, for browsers to come in without a warning."));
  else if (g_error_matches (error, PARLOR_ERROR, PARLOR_ERROR_UNREACHABLE))
    show_result (self, _ ("Nobody answers there. It may be off, or a firewall in between."));
  else
    show_result (self, parlor_words_for_error_details (error));
}

static void
on_test (ParlorPreferences *self)
{
  const char *url = gtk_editable_get_text (GTK_EDITABLE (self->home_relay));

  stop_test (self);
  show_result (self, "");
  self->cancellable = g_cancellable_new ();
  gtk_spinner_set_spinning (self->spinner, TRUE);
  parlor_relay_test_async (url, self->cancellable, on_tested, self);
}

static void
on_changed (ParlorPreferences *self)
{
  const char *url = gtk_editable_get_text (GTK_EDITABLE (self->home_relay));

  stop_test (self);
  show_result (self, "");
  gtk_widget_set_sensitive (self->test, *url != '\0');
}

static void
on_apply (ParlorPreferences *self)
{
  g_object_set (self->settings, "home-relay", gtk_editable_get_text (GTK_EDITABLE (self->home_relay)), NULL);
}

static void
parlor_preferences_dispose (GObject *object)
{
  ParlorPreferences *self = PARLOR_PREFERENCES (object);

  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (parlor_preferences_parent_class)->dispose (object);
}

static void
parlor_preferences_class_init (ParlorPreferencesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = parlor_preferences_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/parlor/Parlor/ui/parlor-preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, ParlorPreferences, home_relay);
  gtk_widget_class_bind_template_child (widget_class, ParlorPreferences, test);
  gtk_widget_class_bind_template_child (widget_class, ParlorPreferences, spinner);
  gtk_widget_class_bind_template_child (widget_class, ParlorPreferences, result);
  gtk_widget_class_bind_template_child (widget_class, ParlorPreferences, keep_hosting);
  gtk_widget_class_bind_template_child (widget_class, ParlorPreferences, ask_router);
  gtk_widget_class_bind_template_callback (widget_class, on_test);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_apply);
}

static void
parlor_preferences_init (ParlorPreferences *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * parlor_preferences_new:
 * @parent: over which it is shown
 * @settings: what is chosen here
 *
 * Returns: (transfer none): the window, owned by GTK until it is closed
 */
GtkWindow *
parlor_preferences_new (GtkWindow *parent, ParlorSettings *settings)
{
  ParlorPreferences *self = g_object_new (PARLOR_TYPE_PREFERENCES, "transient-for", parent, NULL);
  const GBindingFlags both = G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL;

  self->settings = g_object_ref (settings);
  gtk_editable_set_text (GTK_EDITABLE (self->home_relay), parlor_settings_get_home_relay (settings));
  g_object_bind_property (settings, "keep-hosting", self->keep_hosting, "active", both);
  g_object_bind_property (settings, "ask-router", self->ask_router, "active", both);
  on_changed (self);
  return GTK_WINDOW (self);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-window.h"

#include <glib/gi18n.h>

#include "parlor-call-page.h"
#include "parlor-connecting-page.h"
#include "parlor-ended-page.h"
#include "parlor-failure-page.h"
#include "parlor-home-page.h"
#include "parlor-incoming-page.h"
#include "parlor-invite-page.h"
#include "parlor-join-dialog.h"
#include "parlor-lobby-page.h"
#include "parlor-preferences.h"
#include "parlor-ringing-page.h"
#include "parlor-room-page.h"
#include "parlor-words.h"

/*
 * ParlorWindow: which page is shown. The page follows from what the core says (session and call) and from
 * three things the user has yet to answer: a link that was opened, a call that ended, a failure. Nothing is
 * stored about the page itself, so it can never disagree with the core.
 */

enum
{
  PROP_0,
  PROP_CORE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorWindow
{
  AdwApplicationWindow parent_instance;

  ParlorCore *core;
  ParlorSettings *settings;
  GSignalGroup *call_signals;

  /* what the user has yet to answer */
  gboolean has_lobby;
  gboolean has_ended;
  gboolean has_failure;
  gboolean may_close; /* the user was asked */

  AdwToastOverlay *toasts;
  GtkStack *stack;
  GtkWidget *home;
  GtkWidget *lobby;
  GtkWidget *connecting;
  GtkWidget *room;
  GtkWidget *invite;
  GtkWidget *ringing;
  GtkWidget *incoming;
  GtkWidget *call;
  GtkWidget *ended;
  GtkWidget *failure;
};

G_DEFINE_FINAL_TYPE (ParlorWindow, parlor_window, ADW_TYPE_APPLICATION_WINDOW)

static GtkWidget *
page_for_call (ParlorWindow *self, ParlorCall *call)
{
  switch (parlor_call_get_state (call))
    {
    case PARLOR_CALL_DIALING:
      return self->ringing;
    case PARLOR_CALL_RINGING:
      return self->incoming;
    case PARLOR_CALL_CONNECTING:
    case PARLOR_CALL_ACTIVE:
    case PARLOR_CALL_RECONNECTING:
      return self->call;
    case PARLOR_CALL_ENDED:
      break;
    }
  return NULL;
}

static GtkWidget *
page_for_session (ParlorWindow *self)
{
  switch (parlor_core_get_session (self->core))
    {
    case PARLOR_SESSION_CONNECTING:
    case PARLOR_SESSION_LOCKED:
      return self->connecting;
    case PARLOR_SESSION_IN_ROOM:
    case PARLOR_SESSION_RECONNECTING:
      return parlor_core_get_inviting (self->core) ? self->invite : self->room;
    case PARLOR_SESSION_IDLE:
      break;
    }
  return self->home;
}

static void
update_page (ParlorWindow *self)
{
  ParlorCall *call = parlor_core_get_call (self->core);
  GtkWidget *page = call ? page_for_call (self, call) : NULL;

  if (!page && self->has_lobby)
    page = self->lobby;
  if (!page && self->has_ended)
    page = self->ended;
  if (!page && self->has_failure)
    page = self->failure;
  if (!page)
    page = page_for_session (self);

  gtk_stack_set_visible_child (self->stack, page);
  /* libadwaita 1.2 knows one colour scheme for the whole program. */
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      parlor_window_page_get_dark (PARLOR_WINDOW_PAGE (page))
                                        ? ADW_COLOR_SCHEME_FORCE_DARK
                                        : ADW_COLOR_SCHEME_DEFAULT);
}

/* --- the core --- */

static void
on_session_changed (ParlorWindow *self)
{
  if (parlor_core_get_session (self->core) == PARLOR_SESSION_CONNECTING)
    self->has_lobby = self->has_ended = self->has_failure = FALSE;
  update_page (self);
}

static void
on_call_changed (ParlorWindow *self)
{
  ParlorCall *call = parlor_core_get_call (self->core);

  if (call)
    self->has_ended = self->has_failure = FALSE;
  g_signal_group_set_target (self->call_signals, call);
  update_page (self);
}

static void
on_incoming (ParlorWindow *self)
{
  gtk_window_present (GTK_WINDOW (self));
}

static void
on_ended (ParlorWindow *self, ParlorCall *call)
{
  parlor_ended_page_set_call (PARLOR_ENDED_PAGE (self->ended), call);
  self->has_ended = TRUE;
  update_page (self);
}

static void
on_failed (ParlorWindow *self, const GError *error)
{
  parlor_window_show_failure (self, error);
}

static void
on_refused (ParlorWindow *self, const char *code, const char *message)
{
  g_debug ("The relay refused: %s: %s", code, message);
  parlor_window_add_toast (self, parlor_words_for_refusal (code));
}

static void
set_core (ParlorWindow *self, ParlorCore *core)
{
  self->core = g_object_ref (core);
  g_signal_connect_object (core, "notify::session", G_CALLBACK (on_session_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (core, "notify::call", G_CALLBACK (on_call_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (core, "incoming", G_CALLBACK (on_incoming), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (core, "ended", G_CALLBACK (on_ended), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (core, "failed", G_CALLBACK (on_failed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (core, "refused", G_CALLBACK (on_refused), self, G_CONNECT_SWAPPED);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CORE]);
  on_call_changed (self);
}

/* --- actions --- */

static void
dismiss (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ParlorWindow *self = PARLOR_WINDOW (widget);
  gboolean after_call = gtk_stack_get_visible_child (self->stack) == self->ended;

  self->has_lobby = self->has_ended = self->has_failure = FALSE;
  /* A guest came for this call; a host's door stays open. */
  if (after_call && !parlor_core_get_inviting (self->core))
    parlor_core_leave (self->core);
  update_page (self);
}

static void
open_join_dialog (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_window_present (parlor_join_dialog_new (GTK_WINDOW (widget)));
}

static void
open_preferences (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_window_present (parlor_preferences_new (GTK_WINDOW (widget), PARLOR_WINDOW (widget)->settings));
}

static void
toggle_fullscreen (GtkWidget *widget, const char *name, GVariant *parameter)
{
  if (gtk_window_is_fullscreen (GTK_WINDOW (widget)))
    gtk_window_unfullscreen (GTK_WINDOW (widget));
  else
    gtk_window_fullscreen (GTK_WINDOW (widget));
}

/* --- closing --- */

/* Whether the room stays open, and the application with it, when there is no window any more. */
static gboolean
goes_on (ParlorWindow *self)
{
  return parlor_core_get_hosting (self->core) && parlor_settings_get_keep_hosting (self->settings);
}

/* The dialog is still answering when the window goes, and GTK 4.8 would then let go of a parent that is freed. */
static void
close_before_dialog (ParlorWindow *self, GtkWindow *dialog)
{
  gtk_window_set_transient_for (dialog, NULL);
  gtk_window_close (GTK_WINDOW (self));
}

static void
on_end_response (ParlorWindow *self, const char *response, GtkWindow *dialog)
{
  if (!g_str_equal (response, "end"))
    return;
  self->may_close = TRUE;
  close_before_dialog (self, dialog);
}

static void
ask_to_end_call (ParlorWindow *self)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (self), _ ("End the Call?"), _ ("Closing the window hangs up."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "stay", _ ("_Stay"), "end", _ ("_End Call"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "end", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "stay");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_end_response), self, G_CONNECT_SWAPPED);
  /* The call may end before the question is answered. */
  g_signal_connect_object (self->core, "ended", G_CALLBACK (gtk_window_destroy), dialog, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_going_on_response (ParlorWindow *self, const char *response, GtkWindow *dialog)
{
  if (g_str_equal (response, "stop"))
    parlor_core_leave (self->core);
  else if (!g_str_equal (response, "close"))
    return;
  g_object_set (self->settings, "told-going-on", TRUE, NULL);
  close_before_dialog (self, dialog);
}

static void
tell_that_it_goes_on (ParlorWindow *self)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (self), _ ("The Room Stays Open"),
                                              _ ("Who has a link can still come in and ring, and the window comes back then. "
                                                 "Start Parlor again to see it, or to stop."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "stop", _ ("_Stop Hosting"), "close", _ ("_Close Window"), NULL);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "close");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_going_on_response), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

static gboolean
parlor_window_close_request (GtkWindow *window)
{
  ParlorWindow *self = PARLOR_WINDOW (window);
  ParlorCall *call = parlor_core_get_call (self->core);

  if (call && !self->may_close && parlor_call_get_state (call) != PARLOR_CALL_RINGING)
    {
      ask_to_end_call (self);
      return GDK_EVENT_STOP;
    }
  if (goes_on (self) && !parlor_settings_get_told_going_on (self->settings))
    {
      tell_that_it_goes_on (self);
      return GDK_EVENT_STOP;
    }

  if (goes_on (self))
    parlor_core_hang_up (self->core);
  else
    parlor_core_leave (self->core);
  return GTK_WINDOW_CLASS (parlor_window_parent_class)->close_request (window);
}

/* --- vfuncs --- */

static void
parlor_window_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_CORE)
    g_value_set_object (value, PARLOR_WINDOW (object)->core);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
parlor_window_dispose (GObject *object)
{
  ParlorWindow *self = PARLOR_WINDOW (object);

  g_clear_object (&self->call_signals);
  g_clear_object (&self->core);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (parlor_window_parent_class)->dispose (object);
}

static void
ensure_types (void)
{
  g_type_ensure (PARLOR_TYPE_CALL_PAGE);
  g_type_ensure (PARLOR_TYPE_CONNECTING_PAGE);
  g_type_ensure (PARLOR_TYPE_CORE);
  g_type_ensure (PARLOR_TYPE_ENDED_PAGE);
  g_type_ensure (PARLOR_TYPE_FAILURE_PAGE);
  g_type_ensure (PARLOR_TYPE_HOME_PAGE);
  g_type_ensure (PARLOR_TYPE_INCOMING_PAGE);
  g_type_ensure (PARLOR_TYPE_INVITE_PAGE);
  g_type_ensure (PARLOR_TYPE_LOBBY_PAGE);
  g_type_ensure (PARLOR_TYPE_RINGING_PAGE);
  g_type_ensure (PARLOR_TYPE_ROOM_PAGE);
}

static void
parlor_window_class_init (ParlorWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = parlor_window_get_property;
  object_class->dispose = parlor_window_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = parlor_window_close_request;

  props[PROP_CORE] = g_param_spec_object ("core", NULL, NULL, PARLOR_TYPE_CORE,
                                          G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY
                                            | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  ensure_types ();
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/parlor/Parlor/ui/parlor-window.ui");
  gtk_widget_class_bind_template_child (widget_class, ParlorWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, ParlorWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, ParlorWindow, home);
  gtk_widget_class_bind_template_child (widget_class, ParlorWindow, lobby);
  gtk_widget_class_bind_template_child (widget_class, ParlorWindow, connecting);
  gtk_widget_class_bind_template_child (widget_class, ParlorWindow, room);
  gtk_widget_class_bind_template_child (widget_class, ParlorWindow, invite);
  gtk_widget_class_bind_template_child (widget_class, ParlorWindow, ringing);
  gtk_widget_class_bind_template_child (widget_class, ParlorWindow, incoming);
  gtk_widget_class_bind_template_child (widget_class, ParlorWindow, call);
  gtk_widget_class_bind_template_child (widget_class, ParlorWindow, ended);
  gtk_widget_class_bind_template_child (widget_class, ParlorWindow, failure);

  gtk_widget_class_install_action (widget_class, "win.dismiss", NULL, dismiss);
  gtk_widget_class_install_action (widget_class, "win.join-dialog", NULL, open_join_dialog);
  gtk_widget_class_install_action (widget_class, "win.preferences", NULL, open_preferences);
  gtk_widget_class_install_action (widget_class, "win.fullscreen", NULL, toggle_fullscreen);
}

static void
parlor_window_init (ParlorWindow *self)
{
  self->call_signals = g_signal_group_new (PARLOR_TYPE_CALL);
  g_signal_group_connect_swapped (self->call_signals, "notify::state", G_CALLBACK (update_page), self);
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * parlor_window_new:
 * @application: whose window it is
 * @core: what it shows
 * @invitation: the links to the room that the core opens
 * @settings: what the user chose
 *
 * Returns: (transfer none): a window, owned by GTK until it is closed
 */
ParlorWindow *
parlor_window_new (GtkApplication *application, ParlorCore *core, ParlorInvitation *invitation, ParlorSettings *settings)
{
  ParlorWindow *self = g_object_new (PARLOR_TYPE_WINDOW, "application", application, NULL);

  self->settings = g_object_ref (settings);
  g_object_set (self->invite, "invitation", invitation, NULL);
  set_core (self, core);
  return self;
}

/**
 * parlor_window_show_lobby:
 * @self: a window
 * @invite: where a link leads that somebody opened
 * @text: the link
 *
 * Shows where it leads, and waits for a click. While a call is on, it shows when that is over.
 */
void
parlor_window_show_lobby (ParlorWindow *self, ParlorInvite *invite, const char *text)
{
  parlor_lobby_page_set_invite (PARLOR_LOBBY_PAGE (self->lobby), invite, text);
  self->has_lobby = TRUE;
  if (parlor_core_get_call (self->core))
    parlor_window_add_toast (self, _ ("The link opens when this call is over."));
  update_page (self);
}

/**
 * parlor_window_drop_lobby:
 * @self: a window
 *
 * The link that was opened needs no answer any more.
 */
void
parlor_window_drop_lobby (ParlorWindow *self)
{
  self->has_lobby = FALSE;
  update_page (self);
}

/**
 * parlor_window_show_failure:
 * @self: a window
 * @error: what joining or hosting failed with
 */
void
parlor_window_show_failure (ParlorWindow *self, const GError *error)
{
  parlor_failure_page_set_error (PARLOR_FAILURE_PAGE (self->failure), error);
  self->has_failure = TRUE;
  self->has_lobby = FALSE;
  /* A call goes on, whatever a link or the relay says: its page stays. That of a call that is over gives way to the news. */
  if (parlor_core_get_call (self->core))
    parlor_window_add_toast (self, parlor_words_for_error (error));
  else
    self->has_ended = FALSE;
  update_page (self);
}

/**
 * parlor_window_add_toast:
 * @self: a window
 * @text: a sentence, not markup
 */
void
parlor_window_add_toast (ParlorWindow *self, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (escaped));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-call-page.h"

#include <glib/gi18n.h>

#include "parlor-device-note.h"
#include "parlor-gauge.h"
#include "parlor-mute-button.h"
#include "parlor-security-button.h"
#include "parlor-self-view.h"
#include "parlor-snap-box.h"
#include "parlor-video-view.h"
#include "parlor-words.h"

/*
 * ParlorCallPage: the other person, from edge to edge, and little else. Header and controls float on it and
 * fade when the pointer rests; they stay while one of them has the focus or the pointer, and they are never
 * taken away (only made clear), so keys and assistive tools reach them at any time. The focus starts on the
 * picture, so that held Space (push to talk) presses no button.
 */

#define FADE_AFTER_MS 3000

struct _ParlorCallPage
{
  ParlorWindowPage parent_instance;

  GtkWidget *stage;
  GtkWidget *header;
  GtkWidget *controls;
  GtkLabel *clock;
  GtkEventController *over_header;
  GtkEventController *over_controls;

  GSignalGroup *core_signals;
  GSignalGroup *call_signals;
  GSignalGroup *gauge_signals;
  guint clock_timer;
  guint fade_timer;
  double x, y;       /* where the pointer was: GTK also reports motion when it stands still */
  gboolean speaking; /* push to talk: Space is held */
};

G_DEFINE_FINAL_TYPE (ParlorCallPage, parlor_call_page, PARLOR_TYPE_WINDOW_PAGE)

static ParlorCall *
get_call (ParlorCallPage *self)
{
  ParlorCore *core = parlor_window_page_get_core (PARLOR_WINDOW_PAGE (self));

  return core ? parlor_core_get_call (core) : NULL;
}

/* --- words, called from the template --- */

static gboolean
shows_avatar (gpointer self, gboolean sends_video, gboolean has_picture)
{
  return !sends_video || !has_picture;
}

static char *
microphone_words (gpointer self, const char *name)
{
  /* Translators: %s is the name of the other person. */
  return g_strdup_printf (_ ("The microphone of %s is off"), parlor_words_for_person (name));
}

static gboolean
is_off (gpointer self, gboolean on)
{
  return !on;
}

static char *
picture_words (gpointer self, const char *name)
{
  /* Translators: %s is the name of the other person. */
  return g_strdup_printf (_ ("Picture of %s"), parlor_words_for_person (name));
}

static gboolean
is_impaired (gpointer self, ParlorQuality quality)
{
  return quality == PARLOR_QUALITY_FAIR || quality == PARLOR_QUALITY_POOR;
}

static gboolean
is_poor (gpointer self, ParlorQuality quality)
{
  return quality == PARLOR_QUALITY_POOR;
}

static char *
quality_icon (gpointer self, ParlorQuality quality)
{
  return g_strdup (quality == PARLOR_QUALITY_POOR ? "network-cellular-signal-weak-symbolic" : "network-cellular-signal-ok-symbolic");
}

static char *
trouble_words (gpointer self, ParlorTrouble trouble)
{
  return g_strdup (parlor_words_for_trouble (trouble));
}

/* --- the clock --- */

static void update_clock (ParlorCallPage *self);

static void
on_clock (gpointer user_data)
{
  ParlorCallPage *self = user_data;

  self->clock_timer = 0;
  update_clock (self);
}

static void
update_clock (ParlorCallPage *self)
{
  ParlorCall *call = get_call (self);
  g_autofree char *text = NULL;
  gint64 us;

  g_clear_handle_id (&self->clock_timer, g_source_remove);
  if (!call || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  if (parlor_call_get_state (call) != PARLOR_CALL_ACTIVE)
    {
      gtk_label_set_label (self->clock, parlor_call_get_state (call) == PARLOR_CALL_RECONNECTING ? _ ("Reconnecting…") : _ ("Connecting…"));
      return;
    }

  us = parlor_call_get_duration (call);
  text = parlor_words_for_clock (us);
  gtk_label_set_label (self->clock, text);
  /* At the next full second, a little late rather than a little early. */
  self->clock_timer = g_timeout_add_once (1010 - (us / 1000) % 1000, on_clock, self);
}

/* --- fading --- */

static gboolean
is_in_use (ParlorCallPage *self)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self)));

  if (focus && (gtk_widget_is_ancestor (focus, self->controls) || gtk_widget_is_ancestor (focus, self->header)))
    return TRUE;
  return gtk_event_controller_motion_contains_pointer (GTK_EVENT_CONTROLLER_MOTION (self->over_header))
         || gtk_event_controller_motion_contains_pointer (GTK_EVENT_CONTROLLER_MOTION (self->over_controls));
}

static void wake_up (ParlorCallPage *self);

static void
on_fade (gpointer user_data)
{
  ParlorCallPage *self = user_data;
  ParlorCall *call = get_call (self);

  self->fade_timer = 0;
  if (is_in_use (self) || !call || parlor_call_get_state (call) != PARLOR_CALL_ACTIVE
      || parlor_gauge_get_quality (parlor_call_get_gauge (call)) == PARLOR_QUALITY_POOR)
    {
      wake_up (self);
      return;
    }
  gtk_widget_add_css_class (GTK_WIDGET (self), "resting");
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), "none");
}

static void
wake_up (ParlorCallPage *self)
{
  g_clear_handle_id (&self->fade_timer, g_source_remove);
  gtk_widget_remove_css_class (GTK_WIDGET (self), "resting");
  gtk_widget_set_cursor (GTK_WIDGET (self), NULL);
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->fade_timer = g_timeout_add_once (FADE_AFTER_MS, on_fade, self);
}

static void
on_motion (ParlorCallPage *self, double x, double y)
{
  if (x == self->x && y == self->y)
    return;
  self->x = x;
  self->y = y;
  wake_up (self);
}

/* The picture stands still while another path is looked for: the clock says so, and is not hidden. */
static void
on_state_changed (ParlorCallPage *self)
{
  update_clock (self);
  wake_up (self);
}

/* --- keys and clicks --- */

static void
set_microphone (ParlorCallPage *self, gboolean on)
{
  parlor_studio_set_audio_muted (parlor_core_get_studio (parlor_window_page_get_core (PARLOR_WINDOW_PAGE (self))), !on);
}

static void
toggle_contain (ParlorCallPage *self)
{
  gboolean contain;

  g_object_get (self->stage, "contain", &contain, NULL);
  g_object_set (self->stage, "contain", !contain, NULL);
}

static gboolean
on_key_pressed (ParlorCallPage *self, guint key, guint code, GdkModifierType state)
{
  ParlorCore *core = parlor_window_page_get_core (PARLOR_WINDOW_PAGE (self));

  wake_up (self);
  if (!core || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SUPER_MASK)))
    return GDK_EVENT_PROPAGATE;
  if (key == GDK_KEY_z || key == GDK_KEY_Z)
    {
      toggle_contain (self);
      return GDK_EVENT_STOP;
    }
  if (key == GDK_KEY_space && gtk_widget_has_focus (self->stage))
    {
      if (!self->speaking && parlor_studio_get_audio_muted (parlor_core_get_studio (core)))
        {
          self->speaking = TRUE;
          set_microphone (self, TRUE);
        }
      return GDK_EVENT_STOP;
    }
  return GDK_EVENT_PROPAGATE;
}

static void
stop_speaking (ParlorCallPage *self)
{
  if (!self->speaking)
    return;
  self->speaking = FALSE;
  set_microphone (self, FALSE);
}

static void
on_key_released (ParlorCallPage *self, guint key)
{
  if (key == GDK_KEY_space)
    stop_speaking (self);
}

static void
on_stage_pressed (ParlorCallPage *self, int n_press)
{
  wake_up (self);
  gtk_widget_grab_focus (self->stage);
  if (n_press == 2)
    toggle_contain (self);
}

/* --- vfuncs --- */

static void
follow_call (ParlorCallPage *self)
{
  ParlorCall *call = get_call (self);

  g_signal_group_set_target (self->call_signals, call);
  g_signal_group_set_target (self->gauge_signals, call ? parlor_call_get_gauge (call) : NULL);
}

static void
on_core_changed (ParlorCallPage *self)
{
  g_signal_group_set_target (self->core_signals, parlor_window_page_get_core (PARLOR_WINDOW_PAGE (self)));
  follow_call (self);
}

static void
on_call_changed (ParlorCallPage *self)
{
  follow_call (self);
  update_clock (self);
}

/* A key that is let go of in another window is not told here: the microphone must not stay on. */
static void
parlor_call_page_root (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (parlor_call_page_parent_class)->root (widget);
  g_signal_connect_object (gtk_widget_get_root (widget), "notify::is-active", G_CALLBACK (stop_speaking), widget,
                           G_CONNECT_SWAPPED);
}

static void
parlor_call_page_map (GtkWidget *widget)
{
  ParlorCallPage *self = PARLOR_CALL_PAGE (widget);

  GTK_WIDGET_CLASS (parlor_call_page_parent_class)->map (widget);
  gtk_widget_grab_focus (self->stage);
  update_clock (self);
  wake_up (self);
}

static void
parlor_call_page_unmap (GtkWidget *widget)
{
  ParlorCallPage *self = PARLOR_CALL_PAGE (widget);

  g_clear_handle_id (&self->clock_timer, g_source_remove);
  g_clear_handle_id (&self->fade_timer, g_source_remove);
  stop_speaking (self);
  GTK_WIDGET_CLASS (parlor_call_page_parent_class)->unmap (widget);
}

static void
parlor_call_page_dispose (GObject *object)
{
  ParlorCallPage *self = PARLOR_CALL_PAGE (object);

  g_clear_handle_id (&self->clock_timer, g_source_remove);
  g_clear_handle_id (&self->fade_timer, g_source_remove);
  g_clear_object (&self->core_signals);
  g_clear_object (&self->call_signals);
  g_clear_object (&self->gauge_signals);
  G_OBJECT_CLASS (parlor_call_page_parent_class)->dispose (object);
}

static void
parlor_call_page_class_init (ParlorCallPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = parlor_call_page_dispose;
  widget_class->root = parlor_call_page_root;
  widget_class->map = parlor_call_page_map;
  widget_class->unmap = parlor_call_page_unmap;

  g_type_ensure (PARLOR_TYPE_CALL);
  g_type_ensure (PARLOR_TYPE_DEVICE_NOTE);
  g_type_ensure (PARLOR_TYPE_GAUGE);
  g_type_ensure (PARLOR_TYPE_MUTE_BUTTON);
  g_type_ensure (PARLOR_TYPE_PARTICIPANT);
  g_type_ensure (PARLOR_TYPE_PEER);
  g_type_ensure (PARLOR_TYPE_SECURITY_BUTTON);
  g_type_ensure (PARLOR_TYPE_SELF_VIEW);
  g_type_ensure (PARLOR_TYPE_SNAP_BOX);
  g_type_ensure (PARLOR_TYPE_VIDEO_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/parlor/Parlor/ui/parlor-call-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ParlorCallPage, stage);
  gtk_widget_class_bind_template_child (widget_class, ParlorCallPage, header);
  gtk_widget_class_bind_template_child (widget_class, ParlorCallPage, controls);
  gtk_widget_class_bind_template_child (widget_class, ParlorCallPage, clock);
  gtk_widget_class_bind_template_child (widget_class, ParlorCallPage, over_header);
  gtk_widget_class_bind_template_child (widget_class, ParlorCallPage, over_controls);
  gtk_widget_class_bind_template_callback (widget_class, shows_avatar);
  gtk_widget_class_bind_template_callback_full (widget_class, "person", G_CALLBACK (parlor_window_page_person));
  gtk_widget_class_bind_template_callback (widget_class, microphone_words);
  gtk_widget_class_bind_template_callback (widget_class, is_off);
  gtk_widget_class_bind_template_callback (widget_class, is_impaired);
  gtk_widget_class_bind_template_callback (widget_class, is_poor);
  gtk_widget_class_bind_template_callback (widget_class, quality_icon);
  gtk_widget_class_bind_template_callback (widget_class, trouble_words);
  gtk_widget_class_bind_template_callback (widget_class, picture_words);
  gtk_widget_class_bind_template_callback (widget_class, on_motion);
  gtk_widget_class_bind_template_callback (widget_class, on_key_pressed);
  gtk_widget_class_bind_template_callback (widget_class, on_key_released);
  gtk_widget_class_bind_template_callback (widget_class, on_stage_pressed);
}

static void
parlor_call_page_init (ParlorCallPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->core_signals = g_signal_group_new (PARLOR_TYPE_CORE);
  g_signal_group_connect_swapped (self->core_signals, "notify::call", G_CALLBACK (on_call_changed), self);
  self->call_signals = g_signal_group_new (PARLOR_TYPE_CALL);
  g_signal_group_connect_swapped (self->call_signals, "notify::state", G_CALLBACK (on_state_changed), self);
  self->gauge_signals = g_signal_group_new (PARLOR_TYPE_GAUGE);
  g_signal_group_connect_swapped (self->gauge_signals, "notify::quality", G_CALLBACK (wake_up), self);
  g_signal_connect (self, "notify::core", G_CALLBACK (on_core_changed), NULL);
}

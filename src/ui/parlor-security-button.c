/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-security-button.h"

#include <glib/gi18n.h>

#include "parlor-core.h"
#include "parlor-emoji.h"
#include "parlor-words.h"

/*
 * ParlorSecurityButton: a lock, and behind it what is known of who is at the other end: what they proved, and no more, and the five
 * emoji that the two can read to each other.
 */

enum
{
  PROP_0,
  PROP_CORE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorSecurityButton
{
  AdwBin parent_instance;

  ParlorCore *core; /* (nullable) */
  GSignalGroup *core_signals;
  GSignalGroup *call_signals;

  GtkMenuButton *button;
  GtkLabel *title;
  GtkLabel *details;
  GtkBox *emoji;
  GtkWidget *comparing; /* what is said of the emoji, and the button */
  GtkWidget *browser_note;
};

G_DEFINE_FINAL_TYPE (ParlorSecurityButton, parlor_security_button, ADW_TYPE_BIN)

static ParlorCall *
get_call (ParlorSecurityButton *self)
{
  return self->core ? parlor_core_get_call (self->core) : NULL;
}

/* --- the emoji --- */

static GtkWidget *
new_emoji (const ParlorEmoji *emoji)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  GtkWidget *glyph = gtk_label_new (emoji->glyph);
  GtkWidget *name = gtk_label_new (_ (emoji->name));

  gtk_widget_add_css_class (glyph, "emoji");
  gtk_widget_add_css_class (name, "caption");
  /* Its name is said below it. */
  gtk_accessible_update_state (GTK_ACCESSIBLE (glyph), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
  gtk_box_append (GTK_BOX (box), glyph);
  gtk_box_append (GTK_BOX (box), name);
  return box;
}

static void
show_emoji (ParlorSecurityButton *self, const guint *emoji)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->emoji))))
    gtk_box_remove (self->emoji, child);
  for (guint i = 0; emoji && i < PARLOR_CALL_N_EMOJI; i++)
    gtk_box_append (self->emoji, new_emoji (parlor_emoji_get (emoji[i])));
  gtk_widget_set_visible (GTK_WIDGET (self->emoji), emoji != NULL);
}

/* --- what is known --- */

static const char *
icon_for (ParlorCallSecurity security)
{
  return security == PARLOR_SECURITY_UNKNOWN || security == PARLOR_SECURITY_UNVERIFIED ? "channel-insecure-symbolic"
                                                                                       : "channel-secure-symbolic";
}

static void
update (ParlorSecurityButton *self)
{
  ParlorCall *call = get_call (self);
  ParlorCallSecurity security = call ? parlor_call_get_security (call) : PARLOR_SECURITY_UNKNOWN;
  ParlorProofBy proof = call ? parlor_call_get_proof (call) : PARLOR_PROOF_NONE;
  const guint *emoji = call ? parlor_call_get_emoji (call) : NULL;
  const char *title = parlor_words_for_security (security, proof, self->core && parlor_core_get_inviting (self->core));
  gboolean compared = security == PARLOR_SECURITY_COMPARED;

  gtk_menu_button_set_icon_name (self->button, icon_for (security));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->button), title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  gtk_label_set_label (self->title, title);
  gtk_label_set_label (self->details, parlor_words_for_security_details (security, proof, emoji != NULL));
  show_emoji (self, emoji);
  gtk_widget_set_visible (self->comparing, emoji && !compared);
  /* With the key of the app link they use no browser: a page never has it. */
  gtk_widget_set_visible (self->browser_note, security != PARLOR_SECURITY_UNKNOWN && proof != PARLOR_PROOF_APP);
}

static void
on_compared (ParlorSecurityButton *self)
{
  ParlorCall *call = get_call (self);

  if (call)
    parlor_call_set_compared (call);
}

static void
on_call_changed (ParlorSecurityButton *self)
{
  g_signal_group_set_target (self->call_signals, get_call (self));
  update (self);
}

/* --- vfuncs --- */

static void
parlor_security_button_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_CORE:
      g_value_set_object (value, PARLOR_SECURITY_BUTTON (object)->core);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_security_button_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ParlorSecurityButton *self = PARLOR_SECURITY_BUTTON (object);

  switch (id)
    {
    case PROP_CORE:
      if (!g_set_object (&self->core, g_value_get_object (value)))
        return;
      g_signal_group_set_target (self->core_signals, self->core);
      on_call_changed (self);
      g_object_notify_by_pspec (object, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_security_button_dispose (GObject *object)
{
  ParlorSecurityButton *self = PARLOR_SECURITY_BUTTON (object);

  g_clear_object (&self->core_signals);
  g_clear_object (&self->call_signals);
  g_clear_object (&self->core);
  G_OBJECT_CLASS (parlor_security_button_parent_class)->dispose (object);
}

static void
parlor_security_button_class_init (ParlorSecurityButtonClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = parlor_security_button_get_property;
  object_class->set_property = parlor_security_button_set_property;
  object_class->dispose = parlor_security_button_dispose;

  props[PROP_CORE] = g_param_spec_object ("core", NULL, NULL, PARLOR_TYPE_CORE,
                                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/parlor/Parlor/ui/parlor-security-button.ui");
  gtk_widget_class_bind_template_child (widget_class, ParlorSecurityButton, button);
  gtk_widget_class_bind_template_child (widget_class, ParlorSecurityButton, title);
  gtk_widget_class_bind_template_child (widget_class, ParlorSecurityButton, details);
  gtk_widget_class_bind_template_child (widget_class, ParlorSecurityButton, emoji);
  gtk_widget_class_bind_template_child (widget_class, ParlorSecurityButton, comparing);
  gtk_widget_class_bind_template_child (widget_class, ParlorSecurityButton, browser_note);
  gtk_widget_class_bind_template_callback (widget_class, on_compared);
}

static void
parlor_security_button_init (ParlorSecurityButton *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->core_signals = g_signal_group_new (PARLOR_TYPE_CORE);
  g_signal_group_connect_swapped (self->core_signals, "notify::call", G_CALLBACK (on_call_changed), self);
  self->call_signals = g_signal_group_new (PARLOR_TYPE_CALL);
  g_signal_group_connect_swapped (self->call_signals, "notify::security", G_CALLBACK (update), self);
  update (self);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-invite-page.h"

#include <glib/gi18n.h>

#include "parlor-adaptive-box.h"
#include "parlor-address-list.h"
#include "parlor-invitation.h"
#include "parlor-people-list.h"
#include "parlor-qr-code.h"
#include "parlor-reach-words.h"

/*
 * ParlorInvitePage: for who made the room. The links to hand out, and what is true about them; who is at the door and who is here; from
 * where people can come; the lock. Property "invitation" (nullable ParlorInvitation). Bindings, and the words for them.
 */

enum
{
  PROP_0,
  PROP_INVITATION,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorInvitePage
{
  ParlorWindowPage parent_instance;

  ParlorInvitation *invitation; /* (nullable) */
};

G_DEFINE_FINAL_TYPE (ParlorInvitePage, parlor_invite_page, PARLOR_TYPE_WINDOW_PAGE)

/* --- words, called from the template --- */

static char *
truth (gpointer self, gboolean hosting, ParlorInvite *invite)
{
  if (hosting)
    return g_strdup (_ ("Only people with a link can come in. Between two who use Parlor nobody can listen. A browser that "
                        "warns cannot tell this computer from another that poses as it."));
  if (!invite)
    return NULL;
  /* Translators: %s is the name of the computer that runs the relay. */
  return g_strdup_printf (_ ("Only people with a link can come in. Between two who use Parlor nobody can listen; with somebody in a "
                             "browser only %s could, for it serves the page."),
                          parlor_invite_get_host (invite));
}

/* Parlor trusts a certificate by its pin, which only its own link has, or as browsers do, and never asks the user to look away. */
static char *
web_link_words (gpointer self, gboolean hosting)
{
  return g_strdup (hosting ? _ ("For any browser, on a phone or a computer") : _ ("For anyone, in a browser or in Parlor"));
}

static char *
reach_words (gpointer page, ParlorPortMapState router, const char *link)
{
  ParlorInvitePage *self = PARLOR_INVITE_PAGE (page);
  ParlorCore *core = parlor_window_page_get_core (PARLOR_WINDOW_PAGE (page));
  ParlorInvite *invite = core ? parlor_core_get_invite (core) : NULL;

  if (!self->invitation || !invite)
    return NULL;
  return parlor_words_for_reach (parlor_reach_get_addresses (parlor_invitation_get_reach (self->invitation)), router,
                                 parlor_invite_get_port (invite));
}

static gboolean
is_reconnecting (gpointer self, ParlorSessionState session)
{
  return session == PARLOR_SESSION_RECONNECTING;
}

static gboolean
is_waiting (gpointer self, gboolean nobody_here, gboolean nobody_at_door)
{
  return nobody_here && nobody_at_door;
}

static char *
lock_words (gpointer self, gboolean locked)
{
  return g_strdup (locked ? _ ("Who comes now has to knock, and you let them in.") : _ ("Who has a link comes in without knocking."));
}

/* --- vfuncs --- */

static void
parlor_invite_page_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_INVITATION)
    g_value_set_object (value, PARLOR_INVITE_PAGE (object)->invitation);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
parlor_invite_page_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id != PROP_INVITATION)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  else if (g_set_object (&PARLOR_INVITE_PAGE (object)->invitation, g_value_get_object (value)))
    g_object_notify_by_pspec (object, pspec);
}

static void
parlor_invite_page_dispose (GObject *object)
{
  g_clear_object (&PARLOR_INVITE_PAGE (object)->invitation);
  G_OBJECT_CLASS (parlor_invite_page_parent_class)->dispose (object);
}

static void
ensure_types (void)
{
  g_type_ensure (PARLOR_TYPE_ADAPTIVE_BOX);
  g_type_ensure (PARLOR_TYPE_ADDRESS_LIST);
  g_type_ensure (PARLOR_TYPE_INVITATION);
  g_type_ensure (PARLOR_TYPE_PEOPLE_LIST);
  g_type_ensure (PARLOR_TYPE_PORTER);
  g_type_ensure (PARLOR_TYPE_QR_CODE);
}

static void
parlor_invite_page_class_init (ParlorInvitePageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = parlor_invite_page_get_property;
  object_class->set_property = parlor_invite_page_set_property;
  object_class->dispose = parlor_invite_page_dispose;

  props[PROP_INVITATION] = g_param_spec_object ("invitation", NULL, NULL, PARLOR_TYPE_INVITATION,
                                                G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  ensure_types ();
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/parlor/Parlor/ui/parlor-invite-page.ui");
  gtk_widget_class_bind_template_callback (widget_class, truth);
  gtk_widget_class_bind_template_callback (widget_class, web_link_words);
  gtk_widget_class_bind_template_callback (widget_class, reach_words);
  gtk_widget_class_bind_template_callback (widget_class, is_reconnecting);
  gtk_widget_class_bind_template_callback (widget_class, is_waiting);
  gtk_widget_class_bind_template_callback (widget_class, lock_words);
}

static void
parlor_invite_page_init (ParlorInvitePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

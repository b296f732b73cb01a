/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-core"

#include "config.h"

#include "parlor-settings.h"

#include <gio/gio.h>

/*
 * ParlorSettings: a GKeyFile and three properties. What a newer or older Parlor keeps in the same file stays there. A file that cannot be
 * read is as good as none; one that cannot be written is complained about, and the choice holds until the program ends.
 */

#define GROUP "network"

enum
{
  PROP_0,
  PROP_HOME_RELAY,
  PROP_KEEP_HOSTING,
  PROP_ASK_ROUTER,
  PROP_TOLD_GOING_ON,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

struct _ParlorSettings
{
  GObject parent_instance;

  char *path;
  GKeyFile *file;
  char *home_relay;
  gboolean keep_hosting;
  gboolean ask_router;
  gboolean told_going_on;
};

G_DEFINE_FINAL_TYPE (ParlorSettings, parlor_settings, G_TYPE_OBJECT)

static void
save (ParlorSettings *self)
{
  g_autofree char *folder = g_path_get_dirname (self->path);
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (folder, 0700);
  if (!g_key_file_save_to_file (self->file, self->path, &error))
    g_message ("Settings are not kept: %s", error->message);
}

static gboolean
read_boolean (ParlorSettings *self, const char *key, gboolean fallback)
{
  g_autoptr (GError) error = NULL;
  gboolean value = g_key_file_get_boolean (self->file, GROUP, key, &error);

  return error ? fallback : value;
}

static void
load (ParlorSettings *self)
{
  g_autoptr (GError) error = NULL;

  if (!g_key_file_load_from_file (self->file, self->path, G_KEY_FILE_KEEP_COMMENTS, &error))
    g_debug ("no settings yet: %s", error->message);
  self->home_relay = g_key_file_get_string (self->file, GROUP, "home-relay", NULL);
  if (!self->home_relay)
    self->home_relay = g_strdup ("");
  self->keep_hosting = read_boolean (self, "keep-hosting", FALSE);
  self->ask_router = read_boolean (self, "ask-router", TRUE);
  self->told_going_on = read_boolean (self, "told-going-on", FALSE);
}

static void
set_home_relay (ParlorSettings *self, const char *url)
{
  if (g_strcmp0 (self->home_relay, url) == 0)
    return;

  g_free (self->home_relay);
  self->home_relay = g_strstrip (g_strdup (url ? url : ""));
  g_key_file_set_string (self->file, GROUP, "home-relay", self->home_relay);
  save (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HOME_RELAY]);
}

static void
set_flag (ParlorSettings *self, gboolean *flag, gboolean value, GParamSpec *pspec)
{
  if (*flag == value)
    return;

  *flag = value;
  g_key_file_set_boolean (self->file, GROUP, g_param_spec_get_name (pspec), value);
  save (self);
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
parlor_settings_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ParlorSettings *self = PARLOR_SETTINGS (object);

  switch (id)
    {
    case PROP_HOME_RELAY:
      g_value_set_string (value, self->home_relay);
      break;
    case PROP_KEEP_HOSTING:
      g_value_set_boolean (value, self->keep_hosting);
      break;
    case PROP_ASK_ROUTER:
      g_value_set_boolean (value, self->ask_router);
      break;
    case PROP_TOLD_GOING_ON:
      g_value_set_boolean (value, self->told_going_on);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_settings_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ParlorSettings *self = PARLOR_SETTINGS (object);

  switch (id)
    {
    case PROP_HOME_RELAY:
      set_home_relay (self, g_value_get_string (value));
      break;
    case PROP_KEEP_HOSTING:
      set_flag (self, &self->keep_hosting, g_value_get_boolean (value), pspec);
      break;
    case PROP_ASK_ROUTER:
      set_flag (self, &self->ask_router, g_value_get_boolean (value), pspec);
      break;
    case PROP_TOLD_GOING_ON:
      set_flag (self, &self->told_going_on, g_value_get_boolean (value), pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
parlor_settings_finalize (GObject *object)
{
  ParlorSettings *self = PARLOR_SETTINGS (object);

  g_free (self->path);
  g_free (self->home_relay);
  g_key_file_unref (self->file);
  G_OBJECT_CLASS (parlor_settings_parent_class)->finalize (object);
}

static void
parlor_settings_class_init (ParlorSettingsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = parlor_settings_get_property;
  object_class->set_property = parlor_settings_set_property;
  object_class->finalize = parlor_settings_finalize;

  props[PROP_HOME_RELAY] = g_param_spec_string ("home-relay", NULL, NULL, "", flags);
  props[PROP_KEEP_HOSTING] = g_param_spec_boolean ("keep-hosting", NULL, NULL, FALSE, flags);
  props[PROP_ASK_ROUTER] = g_param_spec_boolean ("ask-router", NULL, NULL, TRUE, flags);
  props[PROP_TOLD_GOING_ON] = g_param_spec_boolean ("told-going-on", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
parlor_settings_init (ParlorSettings *self)
{
  self->file = g_key_file_new ();
}

/**
 * parlor_settings_new:
 * @path: the file; it need not be there
 *
 * Returns: (transfer full): what is kept there, or the defaults
 */
ParlorSettings *
parlor_settings_new (const char *path)
{
  ParlorSettings *self = g_object_new (PARLOR_TYPE_SETTINGS, NULL);

  self->path = g_strdup (path);
  load (self);
  return self;
}

ParlorSettings *
parlor_settings_new_for_user (void)
{
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), "parlor", "settings.ini", NULL);

  return parlor_settings_new (path);
}

const char *
parlor_settings_get_home_relay (ParlorSettings *self)
{
  return self->home_relay;
}

gboolean
parlor_settings_get_keep_hosting (ParlorSettings *self)
{
  return self->keep_hosting;
}

gboolean
parlor_settings_get_ask_router (ParlorSettings *self)
{
  return self->ask_router;
}

gboolean
parlor_settings_get_told_going_on (ParlorSettings *self)
{
  return self->told_going_on;
}

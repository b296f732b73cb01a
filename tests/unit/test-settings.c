/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the user chose is there again, whatever else is in the file; and what a home relay may be. */
#include "parlor-error.h"
#include "parlor-new-room.h"
#include "parlor-settings.h"

#include <gio/gio.h>

static char *
new_path (void)
{
  g_autofree char *folder = g_dir_make_tmp ("parlor-settings-XXXXXX", NULL);

  return g_build_filename (folder, "deeper", "settings.ini", NULL);
}

static void
test_kept (void)
{
  g_autofree char *path = new_path ();
  g_autoptr (ParlorSettings) first = parlor_settings_new (path);
  g_autoptr (ParlorSettings) second = NULL;

  g_assert_cmpstr (parlor_settings_get_home_relay (first), ==, "");
  g_assert_false (parlor_settings_get_keep_hosting (first));
  g_assert_true (parlor_settings_get_ask_router (first));

  g_object_set (first, "home-relay", " https://calls.example.org ", "keep-hosting", TRUE, "ask-router", FALSE, NULL);
  second = parlor_settings_new (path);
  g_assert_cmpstr (parlor_settings_get_home_relay (second), ==, "https://calls.example.org");
  g_assert_true (parlor_settings_get_keep_hosting (second));
  g_assert_false (parlor_settings_get_ask_router (second));
}

static void
test_damaged (void)
{
  g_autofree char *path = new_path ();
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (ParlorSettings) settings = NULL;
  g_autofree char *text = NULL;

  g_mkdir_with_parents (folder, 0700);
  g_assert_true (g_file_set_contents (path, "[network]\nask-router=perhaps\nfuture=7\n", -1, NULL));
  settings = parlor_settings_new (path);
  g_assert_true (parlor_settings_get_ask_router (settings));
  g_object_set (settings, "keep-hosting", TRUE, NULL);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "future=7")); /* a newer Parlor's */
  g_assert_nonnull (strstr (text, "keep-hosting=true"));
}

static void
test_home_relay (void)
{
  static const struct
  {
    const char *url;
    const char *link; /* begins with; NULL: refused */
  } table[] = {
    { "https://calls.example.org", "https://calls.example.org/" },
    { "calls.example.org:8443", "https://calls.example.org:8443/" },
    { "calls.example.org", "https://calls.example.org/" },
    { "http://127.0.0.1:3002", "http://127.0.0.1:3002/" },
    { "http://calls.example.org", NULL },
    { "https://calls.example.org/room", NULL },
    { "https://calls.example.org/#AAECAwQFBgcICQoLDA0ODw", NULL },
    { "", NULL },
    { "https://[", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ParlorInvite) invite = parlor_new_room_at (table[i].url, &error);
      g_autofree char *link = invite ? parlor_invite_to_web_link (invite) : NULL;

      g_test_message ("%s", table[i].url);
      if (table[i].link)
        g_assert_true (g_str_has_prefix (link, table[i].link));
      else
        g_assert_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_INVITE);
      g_assert_true (!invite || parlor_invite_get_key (invite));
    }
}

/* 80 bits of a room: two are never the same. */
static void
test_new_rooms_differ (void)
{
  g_autoptr (ParlorInvite) first = parlor_new_room ("127.0.0.1", 3002, FALSE, NULL);
  g_autoptr (ParlorInvite) second = parlor_new_room ("127.0.0.1", 3002, FALSE, NULL);

  g_assert_cmpstr (parlor_invite_get_room (first), !=, parlor_invite_get_room (second));
  g_assert_cmpuint (strlen (parlor_invite_get_room (first)), >=, 16);
  g_assert_false (g_bytes_equal (parlor_invite_get_key (first), parlor_invite_get_key (second)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/settings/kept", test_kept);
  g_test_add_func ("/settings/damaged", test_damaged);
  g_test_add_func ("/settings/home-relay", test_home_relay);
  g_test_add_func ("/settings/new-rooms-differ", test_new_rooms_differ);
  return g_test_run ();
}

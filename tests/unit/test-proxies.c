/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-proxies.h"

/* Who the client is, when servers stand in front of the relay. */

static ParlorProxies *
make_proxies (void)
{
  ParlorProxies *proxies = parlor_proxies_new ();
  static const char *const networks[] = { "10.0.0.0/8", "192.0.2.1", "fd00::/8" };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    {
      parlor_proxies_add (proxies, networks[i], &error);
      g_assert_no_error (error);
    }
  return proxies;
}

static void
test_clients (void)
{
  static const struct
  {
    const char *peer;
    const char *forwarded_for;
    const char *client;
  } cases[] = {
    { "203.0.113.9", NULL, "203.0.113.9" },
    { "203.0.113.9", "198.51.100.1", "203.0.113.9" }, /* nobody's word */
    { "10.1.2.3", NULL, "10.1.2.3" },
    { "10.1.2.3", "", "10.1.2.3" },
    { "10.1.2.3", "198.51.100.1", "198.51.100.1" },
    { "192.0.2.1", " 198.51.100.1 ", "198.51.100.1" },
    { "192.0.2.2", "198.51.100.1", "192.0.2.2" },
    { "10.1.2.3", "198.51.100.1, 198.51.100.2", "198.51.100.2" }, /* the left one is hearsay */
    { "10.1.2.3", "198.51.100.1, 198.51.100.2, 10.9.9.9", "198.51.100.2" },
    { "10.1.2.3", "198.51.100.2, 10.9.9.9, fd00::1", "198.51.100.2" },
    { "10.1.2.3", "10.0.0.7, 10.0.0.8", "10.0.0.7" }, /* all of them are ours */
    { "10.1.2.3", "unknown", "10.1.2.3" },
    { "10.1.2.3", "198.51.100.1, unknown", "10.1.2.3" },
    { "10.1.2.3", "198.51.100.1, ", "10.1.2.3" },
    { "10.1.2.3", "198.51.100.1:4711", "198.51.100.1" },
    { "10.1.2.3", "2001:db8::5", "2001:db8::5" },
    { "10.1.2.3", "[2001:db8::5]:4711", "2001:db8::5" },
    { "10.1.2.3", "[2001:db8::5", "10.1.2.3" },
    { "fd12::1", "198.51.100.1", "198.51.100.1" },
    { "::ffff:10.1.2.3", "198.51.100.1", "198.51.100.1" },
    { "::ffff:203.0.113.9", "198.51.100.1", "203.0.113.9" },
    { "10.1.2.3", "::ffff:198.51.100.1", "198.51.100.1" },
  };
  g_autoptr (ParlorProxies) proxies = make_proxies ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GInetAddress) peer = g_inet_address_new_from_string (cases[i].peer);
      g_autoptr (GInetAddress) client = parlor_proxies_find_client (proxies, peer, cases[i].forwarded_for);
      g_autofree char *text = g_inet_address_to_string (client);

      g_test_message ("%s, %s", cases[i].peer, cases[i].forwarded_for ? cases[i].forwarded_for : "-");
      g_assert_cmpstr (text, ==, cases[i].client);
    }
}

static void
test_bad_networks (void)
{
  static const char *const bad[] = { "", "x", "10.0.0.0/33", "10.0.0.1/8", "fd00::/129", "proxy.example" };
  g_autoptr (ParlorProxies) proxies = parlor_proxies_new ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (parlor_proxies_add (proxies, bad[i], &error));
      g_assert_nonnull (error);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/proxies/clients", test_clients);
  g_test_add_func ("/proxies/bad-networks", test_bad_networks);
  return g_test_run ();
}

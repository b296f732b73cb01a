/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of this machine's addresses are worth telling, in which order; and that they are kept, checked and forgotten. */
#include "parlor-interfaces.h"
#include "parlor-reach.h"

#define DEADLINE_MS 30000

static GInetAddress *
address (const char *text)
{
  GInetAddress *result = g_inet_address_new_from_string (text);

  g_assert_nonnull (result);
  return result;
}

static void
test_classify (void)
{
  static const struct
  {
    const char *text;
    int scope; /* -1: not to be told */
  } table[] = {
    { "127.0.0.1", PARLOR_SCOPE_COMPUTER },
    { "127.9.9.9", PARLOR_SCOPE_COMPUTER },
    { "::1", PARLOR_SCOPE_COMPUTER },
    { "10.0.0.1", PARLOR_SCOPE_NETWORK },
    { "172.16.0.1", PARLOR_SCOPE_NETWORK },
    { "172.32.0.1", PARLOR_SCOPE_INTERNET },
    { "192.168.1.20", PARLOR_SCOPE_NETWORK },
    { "100.64.0.1", PARLOR_SCOPE_NETWORK },
    { "100.127.255.255", PARLOR_SCOPE_NETWORK },
    { "100.128.0.1", PARLOR_SCOPE_INTERNET },
    { "fd12::1", PARLOR_SCOPE_NETWORK },
    { "fc00::1", PARLOR_SCOPE_NETWORK },
    { "8.8.8.8", PARLOR_SCOPE_INTERNET },
    { "2a02:1234::5", PARLOR_SCOPE_INTERNET },
    { "169.254.3.4", -1 },
    { "fe80::1", -1 },
    { "0.0.0.0", -1 },
    { "::", -1 },
    { "224.0.0.251", -1 },
    { "ff02::fb", -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GInetAddress) inet = address (table[i].text);
      ParlorScope scope = PARLOR_SCOPE_COMPUTER;
      gboolean usable = parlor_interfaces_classify (inet, &scope);

      g_test_message ("%s", table[i].text);
      g_assert_cmpint (usable ? (int) scope : -1, ==, table[i].scope);
    }
}

static void
test_public (void)
{
  g_assert_true (parlor_interfaces_is_public ("8.8.8.8"));
  g_assert_false (parlor_interfaces_is_public ("192.168.0.1"));
  g_assert_false (parlor_interfaces_is_public ("100.64.1.1"));
  g_assert_false (parlor_interfaces_is_public ("0.0.0.0"));
  g_assert_false (parlor_interfaces_is_public ("2a02:1234::5"));
  g_assert_false (parlor_interfaces_is_public (""));
  g_assert_false (parlor_interfaces_is_public ("router.example"));
}

static void
test_order (void)
{
  static const char *sorted[] = { "8.8.8.8", "192.168.1.20", "10.1.2.3", "2a02::2", "2a02::1", "fd00::1", "127.0.0.1" };
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) preferred = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = G_N_ELEMENTS (sorted); i > 0; i--)
    g_ptr_array_add (list, address (sorted[i - 1]));
  g_ptr_array_add (preferred, address ("192.168.1.20"));
  g_ptr_array_add (preferred, address ("2a02::2"));
  parlor_interfaces_sort (list, preferred);
  for (guint i = 0; i < G_N_ELEMENTS (sorted); i++)
    {
      g_autofree char *text = g_inet_address_to_string (g_ptr_array_index (list, i));

      g_assert_cmpstr (text, ==, sorted[i]);
    }
}

/* Whatever this machine has: it has itself, once and last of IPv4, and nothing that cannot be told. */
static void
test_this_machine (void)
{
  g_autoptr (GPtrArray) list = parlor_interfaces_list ();
  g_autofree char *last = g_inet_address_to_string (g_ptr_array_index (list, list->len - 1));

  g_assert_cmpstr (last, ==, "127.0.0.1");
  for (guint i = 0; i < list->len; i++)
    {
      ParlorScope scope;

      g_assert_true (parlor_interfaces_classify (g_ptr_array_index (list, i), &scope));
      g_assert_true (scope != PARLOR_SCOPE_COMPUTER || i == list->len - 1);
    }
}

static gboolean
on_deadline (gpointer what)
{
  g_error ("not in time: %s", (const char *) what);
  return G_SOURCE_REMOVE;
}

static void
wait_for_check (ParlorAddress *checked, ParlorCheck expected)
{
  guint deadline = g_timeout_add (DEADLINE_MS, on_deadline, (gpointer) "what a check says");

  while (parlor_address_get_check (checked) == PARLOR_CHECK_NONE)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (parlor_address_get_check (checked), ==, expected);
  g_source_remove (deadline);
}

static ParlorAddress *
last_of (ParlorReach *reach)
{
  GListModel *model = parlor_reach_get_addresses (reach);

  return g_list_model_get_item (model, g_list_model_get_n_items (model) - 1);
}

static void
test_checked (void)
{
  g_autoptr (ParlorReach) reach = parlor_reach_new ();
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_autoptr (ParlorAddress) open = NULL, shut = NULL, again = NULL;

  g_assert_cmpuint (g_list_model_get_n_items (parlor_reach_get_addresses (reach)), ==, 0);
  parlor_reach_start (reach, port, FALSE);
  open = last_of (reach);
  g_assert_cmpstr (parlor_address_get_host (open), ==, "127.0.0.1");
  g_assert_cmpuint (parlor_address_get_port (open), ==, port);
  g_assert_cmpint (parlor_reach_get_router (reach), ==, PARLOR_PORT_MAP_OFF);
  wait_for_check (open, PARLOR_CHECK_ANSWERS);

  g_socket_listener_close (listener);
  parlor_reach_start (reach, port, FALSE);
  shut = last_of (reach);
  g_assert_true (shut != open);
  wait_for_check (shut, PARLOR_CHECK_SILENT);

  /* Who is not there any more is not told of what comes of it. */
  parlor_reach_start (reach, port, FALSE);
  again = last_of (reach);
  parlor_reach_stop (reach);
  g_assert_cmpuint (g_list_model_get_n_items (parlor_reach_get_addresses (reach)), ==, 0);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (parlor_address_get_check (again), ==, PARLOR_CHECK_NONE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reach/classify", test_classify);
  g_test_add_func ("/reach/public", test_public);
  g_test_add_func ("/reach/order", test_order);
  g_test_add_func ("/reach/this-machine", test_this_machine);
  g_test_add_func ("/reach/checked", test_checked);
  return g_test_run ();
}

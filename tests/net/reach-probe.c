/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reach-probe PORT LEASE [6]: asks the router as Parlor does, over IPv4 or IPv6, and prints a line for each answer: STATE [ADDRESS PORT].
 * Lines on standard input: "again" asks once more; the end of it takes the mapping back, says "released", and ends.
 */
#include "parlor-port-map.h"
#include "parlor-reach-enums.h"

#include <stdio.h>
#include <stdlib.h>

#define RELEASE_MS 30000

static GMainLoop *loop;

static void
on_state (ParlorPortMap *map)
{
  g_autoptr (GEnumClass) states = g_type_class_ref (PARLOR_TYPE_PORT_MAP_STATE);
  ParlorPortMapState state = parlor_port_map_get_state (map);
  const char *nick = g_enum_get_value (states, state)->value_nick;

  if (state == PARLOR_PORT_MAP_MAPPED)
    g_print ("%s %s %u\n", nick, parlor_port_map_get_address (map), parlor_port_map_get_port (map));
  else
    g_print ("%s\n", nick);
}

static gboolean
on_input (GIOChannel *channel, GIOCondition condition, gpointer map)
{
  g_autofree char *line = NULL;

  if (g_io_channel_read_line (channel, &line, NULL, NULL, NULL) == G_IO_STATUS_NORMAL)
    {
      parlor_port_map_start (map);
      return G_SOURCE_CONTINUE;
    }
  parlor_port_map_stop (map);
  g_print ("%s\n", parlor_port_map_wait_released (RELEASE_MS) ? "released" : "not released");
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (0);
  g_autoptr (ParlorPortMap) map = NULL;

  if (argc != 3 && argc != 4)
    return EXIT_FAILURE;
  setvbuf (stdout, NULL, _IOLBF, 0);
  loop = g_main_loop_new (NULL, FALSE);
  map = parlor_port_map_new (argc == 4 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4, atoi (argv[1]), atoi (argv[2]));
  g_signal_connect (map, "notify::state", G_CALLBACK (on_state), NULL);
  g_io_add_watch (input, G_IO_IN | G_IO_HUP, on_input, map);
  parlor_port_map_start (map);
  g_main_loop_run (loop);
  g_main_loop_unref (loop);
  return EXIT_SUCCESS;
}

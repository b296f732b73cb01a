/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-relay"

#include "config.h"

#include "parlor-relay-log.h"
#include "parlor-relay-options.h"
#include "parlor-relay-serve.h"
#include "parlor-relay-service.h"

#include <locale.h>
#include <stdlib.h>

/*
 * parlor-relay: the meeting point as a program.
 *
 * Ends on SIGINT or SIGTERM. Exit status: 0 after that, 1 when it cannot serve, 2 for bad usage.
 */

int
main (int argc, char *argv[])
{
  g_auto (ParlorRelayOptions) options = { 0 };
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, ""); /* for arguments and messages that are not ASCII */
  if (!parlor_relay_options_parse (&options, argc, argv, &error))
    {
      g_printerr ("parlor-relay: %s\nTry: parlor-relay --help\n", error->message);
      return PARLOR_EXIT_BAD_USAGE;
    }
  if (options.version)
    {
      g_print ("parlor-relay %s\n", PARLOR_VERSION);
      return EXIT_SUCCESS;
    }
  if (!parlor_relay_service_take_socket (&socket, &error)
      || (socket && !parlor_relay_options_adopt (&options, socket, &error)))
    {
      g_printerr ("parlor-relay: %s\n", error->message);
      return EXIT_FAILURE;
    }
  parlor_relay_log_install (g_strcmp0 (options.log_format, "json") == 0);
  return parlor_relay_serve (&options, socket);
}

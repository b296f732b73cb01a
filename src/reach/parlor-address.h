/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ParlorScope: from where an address can be reached, as far as the address itself tells.
 * @PARLOR_SCOPE_COMPUTER: from this computer
 * @PARLOR_SCOPE_NETWORK: from this network
 * @PARLOR_SCOPE_INTERNET: from everywhere, if no firewall is in between
 */
typedef enum
{
  PARLOR_SCOPE_COMPUTER,
  PARLOR_SCOPE_NETWORK,
  PARLOR_SCOPE_INTERNET,
} ParlorScope;

/**
 * ParlorCheck: what is known about an address. Nobody can tell from inside whether the world outside gets in, so there is no word for that.
 * @PARLOR_CHECK_NONE: nothing
 * @PARLOR_CHECK_ANSWERS: this computer reached itself there: it listens, but a firewall may still keep others out
 * @PARLOR_CHECK_SILENT: not even this computer reaches itself there
 */
typedef enum
{
  PARLOR_CHECK_NONE,
  PARLOR_CHECK_ANSWERS,
  PARLOR_CHECK_SILENT,
} ParlorCheck;

#define PARLOR_TYPE_ADDRESS (parlor_address_get_type ())
G_DECLARE_FINAL_TYPE (ParlorAddress, parlor_address, PARLOR, ADDRESS, GObject)

/**
 * ParlorAddress:
 *
 * One address at which this computer may be reached. Immutable but for "check" (#ParlorCheck, notify). Main thread only.
 */
ParlorAddress *parlor_address_new (const char *host, guint16 port, ParlorScope scope, gboolean by_router);
const char *parlor_address_get_host (ParlorAddress *self);
guint16 parlor_address_get_port (ParlorAddress *self);
ParlorScope parlor_address_get_scope (ParlorAddress *self);
/* Whether a router passes the port on to us: then @host is the router's. */
gboolean parlor_address_get_by_router (ParlorAddress *self);
ParlorCheck parlor_address_get_check (ParlorAddress *self);
void parlor_address_set_check (ParlorAddress *self, ParlorCheck check);
gboolean parlor_address_equal (ParlorAddress *self, ParlorAddress *other);

G_END_DECLS

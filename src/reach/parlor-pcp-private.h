/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-port-map-private.h"

G_BEGIN_DECLS

#define PARLOR_PCP_MAP_SIZE 60 /* bytes of a MAP request without options, and of its answer */

/* What the answer to a request says to us. */
typedef enum
{
  PARLOR_PCP_NOT_OURS, /* to be ignored: wait on */
  PARLOR_PCP_GRANTED,
  PARLOR_PCP_UNSUPPORTED, /* it does not speak our version, or does not know MAP */
  PARLOR_PCP_REFUSED,
} ParlorPcpAnswer;

/* RFC 6887, sections 7.1 and 11.1. The addresses are of one family. @lease_s: 0 takes the mapping back. */
void parlor_pcp_write_map (guint8 bytes[PARLOR_PCP_MAP_SIZE], const guint8 nonce[PARLOR_PCP_NONCE_SIZE], GInetAddress *client, guint16 port, guint16 wanted, guint lease_s);
/* The answer to @request (sections 7.2, 8.3 and 11.3); fills @mapping when it is GRANTED. */
ParlorPcpAnswer parlor_pcp_read_map (const guint8 *bytes, gsize size, const guint8 request[PARLOR_PCP_MAP_SIZE], ParlorMapping *mapping);
/* Section 8.1.1: until the next try, in milliseconds. @previous_ms: 0 for the first; @random: from -0.1 to 0.1 */
guint parlor_pcp_next_wait_ms (guint previous_ms, double random);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorCandidateAddress: what stands for the address in an ICE candidate.
 * @PARLOR_CANDIDATE_IP: a literal address
 * @PARLOR_CANDIDATE_MDNS: a name under .local, to be resolved on the local network
 */
typedef enum
{
  PARLOR_CANDIDATE_IP,
  PARLOR_CANDIDATE_MDNS,
} ParlorCandidateAddress;

/**
 * ParlorCandidate: one `candidate:` line of RFC 8839. Plain data.
 */
typedef struct
{
  ParlorCandidateAddress kind;
  char *address;
  guint port;
  char *transport; /* "udp" or "tcp" */
  char *type;      /* "host", "srflx", "prflx", "relay" */
  char **words;    /*< private >*/
} ParlorCandidate;

ParlorCandidate *parlor_candidate_parse (const char *text);
char *parlor_candidate_write (const ParlorCandidate *self, const char *address);
void parlor_candidate_free (ParlorCandidate *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ParlorCandidate, parlor_candidate_free)

G_END_DECLS

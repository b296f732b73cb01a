/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-media"

#include "config.h"

#include "parlor-webrtc-peer-private.h"

/*
 * The candidates of ParlorWebrtcPeer: ours go out by the signal, theirs are checked, counted and given to webrtcbin.
 *
 * Main thread only. mDNS names are looked up by threads of GResolver; whoever cannot be found is of no use, and nobody waits.
 */

#define MAX_CANDIDATES 128 /* of theirs, in all */

/* A candidate of a TURN server as libnice writes it names our own address too, behind raddr (RFC 8839, section 5.1). */
static char *
hide_address (const ParlorCandidate *relayed)
{
  g_autofree char *text = parlor_candidate_write (relayed, NULL);

  return g_strconcat (text, " raddr 0.0.0.0 rport 0", NULL);
}

/* One of ours, for the signal. */
void
parlor_webrtc_peer_emit_candidate (ParlorWebrtcPeer *self, const char *text, int index)
{
  const ParlorSdp *sdp = self->remote ? self->remote : self->local;
  const ParlorSdpLine *line = sdp ? parlor_sdp_get_line (sdp, index) : NULL;
  ParlorCandidate *candidate = parlor_candidate_parse (text);
  g_autofree char *hidden = NULL;

  if (candidate)
    g_ptr_array_add (self->local_candidates, candidate);
  if (parlor_studio_get_relay_only (self->studio))
    {
      if (!candidate || !g_str_equal (candidate->type, "relay"))
        return;
      text = hidden = hide_address (candidate);
    }
  if (line)
    g_signal_emit_by_name (self, "candidate", text, line->mid, index);
}

typedef struct
{
  ParlorWebrtcPeer *peer;
  ParlorCandidate *candidate;
} Lookup;

/* webrtcbin would resolve the name too, but its agent then dies in its own thread when the call ends first, and joins itself. */
static void
on_resolved (GObject *resolver, GAsyncResult *result, gpointer user_data)
{
  Lookup *lookup = user_data;
  g_autoptr (ParlorWebrtcPeer) self = lookup->peer;
  g_autoptr (ParlorCandidate) candidate = lookup->candidate;
  GList *addresses = g_resolver_lookup_by_name_finish (G_RESOLVER (resolver), result, NULL);

  g_free (lookup);
  if (addresses && self->webrtc)
    {
      g_autofree char *address = g_inet_address_to_string (addresses->data);
      g_autofree char *found = parlor_candidate_write (candidate, address);

      parlor_webrtc_peer_offer_way (self, parlor_candidate_parse (found));
    }
  g_resolver_free_addresses (addresses);
}

/* Only the transport that carries the bundle counts: browsers gather for the others too, until they read the answer. */
static gboolean
is_for_the_bundle (ParlorWebrtcPeer *self, const char *mid, int mline_index)
{
  int line = mid && *mid ? parlor_sdp_find_mid (self->remote, mid) : mline_index;

  return line == self->remote->leader;
}

void
parlor_webrtc_peer_add_candidate (ParlorPeer *peer, const char *text, const char *mid, int mline_index)
{
  ParlorWebrtcPeer *self = PARLOR_WEBRTC_PEER (peer);
  g_autoptr (ParlorCandidate) candidate = NULL;
  g_autoptr (GResolver) resolver = NULL;
  Lookup *lookup;

  if (!text || !*text || !self->remote || !self->webrtc || self->n_candidates >= MAX_CANDIDATES)
    return;
  self->n_candidates++;
  candidate = parlor_candidate_parse (text);
  if (!candidate || !is_for_the_bundle (self, mid, mline_index))
    {
      g_debug ("A candidate of no use was ignored");
      return;
    }
  if (candidate->kind == PARLOR_CANDIDATE_IP)
    {
      parlor_webrtc_peer_offer_way (self, g_steal_pointer (&candidate));
      return;
    }
  resolver = g_resolver_get_default ();
  lookup = g_new (Lookup, 1);
  lookup->peer = g_object_ref (self);
  lookup->candidate = g_steal_pointer (&candidate);
  g_resolver_lookup_by_name_async (resolver, lookup->candidate->address, self->lookups, on_resolved, lookup);
}

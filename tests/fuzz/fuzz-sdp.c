/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "parlor-sdp-check.h"

#include <string.h>

/*
 * The checker of session descriptions, before webrtcbin sees them. The input is one description, read as an offer and as the answer to the
 * offer that the corpus has of our own.
 */

static const guint8 own_fingerprint[PARLOR_SDP_FINGERPRINT_BYTES] = { 1, 2, 3 };

/* What is handed to webrtcbin is written anew from what was understood: it must be understood as the same again. */
static ParlorSdp *
check (const char *text, ParlorSdpType type)
{
  g_autoptr (GError) error = NULL;
  ParlorSdp *sdp = parlor_sdp_read (text, type, own_fingerprint, &error);
  g_autoptr (ParlorSdp) again = NULL;

  fuzz_check ((sdp == NULL) == (error != NULL));
  if (!sdp)
    return NULL;
  fuzz_check (sdp->lines->len > 0 && sdp->lines->len <= PARLOR_SDP_MAX_LINES);
  fuzz_check (memcmp (sdp->fingerprint, own_fingerprint, sizeof own_fingerprint) != 0);
  fuzz_check (sdp->text && g_utf8_validate (sdp->text, -1, NULL));
  again = parlor_sdp_read (sdp->text, type, own_fingerprint, &error);
  fuzz_check (again && again->lines->len == sdp->lines->len);
  fuzz_check (again->audio == sdp->audio && again->video == sdp->video && again->data == sdp->data && again->leader == sdp->leader);
  fuzz_check (memcmp (again->fingerprint, sdp->fingerprint, sizeof sdp->fingerprint) == 0);
  fuzz_check (g_str_equal (again->text, sdp->text));
  return sdp;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (ParlorSdp) offer = check (text, PARLOR_SDP_OFFER), answer = check (text, PARLOR_SDP_ANSWER);
  guint8 fingerprint[PARLOR_SDP_FINGERPRINT_BYTES];

  if (offer && answer)
    parlor_sdp_matches_offer (answer, offer, NULL);
  parlor_sdp_fingerprint_of_pem (text, fingerprint);
  return 0;
}

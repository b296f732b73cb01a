/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-rate-budget.h"

#define MIN_AUDIO 16000 /* bit/s: wide-band speech in Opus; */
#define MAX_AUDIO 40000 /* full-band, mono (RFC 7587, 3.1.1) */
#define AUDIO_SHARE 5   /* the inverse of what sound gets between */
#define AUDIO_HEADERS (50 * PARLOR_RATE_OVERHEAD * 8)
#define PAYLOAD 1170    /* bytes of a full packet of a picture */
#define PICTURES 30     /* a second, each with a packet that is half full in the mean */
#define MIN_VIDEO 20000 /* bit/s: pictures are dropped to hold that, but the call has a face */

ParlorRateBudget
parlor_rate_budget_divide (gint64 target, double loss, gboolean video)
{
  ParlorRateBudget budget = { .audio = CLAMP (video ? target / AUDIO_SHARE : target - AUDIO_HEADERS, MIN_AUDIO, MAX_AUDIO) };
  double left = (double) (target - budget.audio - AUDIO_HEADERS - PICTURES * PARLOR_RATE_OVERHEAD * 8 / 2);

  left *= (double) PAYLOAD / (PAYLOAD + PARLOR_RATE_OVERHEAD);
  left *= 1 - CLAMP (loss, 0, 0.5);
  if (video)
    budget.video = MAX ((gint64) left, MIN_VIDEO);
  return budget;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-voice-gaps.h"

/*
 * ParlorVoiceGaps: what of a gap was concealed, and what came after all.
 *
 * The decoder waits for the packet behind a gap: if there is a copy of the last frame of the gap in it (in-band FEC, RFC 6716, 2.1.7), that
 * frame is what was said; only what is before it is made up. This follows what `opusdec use-inband-fec` does, and W3C webrtc-stats, where
 * concealedSamples does not count what FEC recovered.
 */

/* Samples at 48 kHz of a frame, by the five bits of the configuration (RFC 6716, 3.1, table 2); 0 = CELT alone, which has no copies. */
static guint
get_silk_frame (guint config)
{
  static const guint silk[] = { 480, 960, 1920, 2880 };
  static const guint hybrid[] = { 480, 960 };

  if (config < 12)
    return silk[config % 4];
  return config < 16 ? hybrid[config % 2] : 0;
}

/*
 * SILK's part of a frame begins with a VAD bit for each 20 ms and one that says whether there are copies, for each channel (RFC 6716, 4.2.3), each
 * as likely as not for the range coder, and so in the clear. The first frame of the packet is the one behind the gap. It begins behind
 * the first byte where there is one, or two of the same size (3.2); nobody sends more in a call, and they count as having no copy.
 */
gboolean
parlor_opus_has_copy (const guint8 *packet, gsize size)
{
  guint frame, n_vad;
  gboolean copy;

  if (size < 2 || (packet[0] & 3) > 1)
    return FALSE;
  frame = get_silk_frame (packet[0] >> 3);
  if (frame == 0)
    return FALSE;
  n_vad = MAX (frame / 960, 1);
  copy = (packet[1] >> (7 - n_vad)) & 1;
  if (packet[0] & 4) /* stereo */
    copy |= (packet[1] >> (6 - 2 * n_vad)) & 1;
  return copy;
}

void
parlor_voice_gaps_take_gap (ParlorVoiceGaps *self, gint64 duration)
{
  self->concealed += duration;
  self->last_gap = duration;
}

void
parlor_voice_gaps_take_packet (ParlorVoiceGaps *self, const guint8 *packet, gsize size)
{
  if (self->last_gap > 0 && parlor_opus_has_copy (packet, size))
    self->concealed -= MIN (self->last_gap, (gint64) get_silk_frame (packet[0] >> 3));
  self->last_gap = 0;
}

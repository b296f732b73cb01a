/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-ladder.h"

/*
 * ParlorLadder: few bits make a better small picture than a large one.
 *
 * How many a picture wants depends on what is in it. The table is for a face; by how coarsely the encoder has to quantize it is found out what that
 * is to be multiplied with here (@difficulty). What is too hard for its size comes out coarse, late and in too many bits all the same.
 *
 * Down at once, where the rate is well below what the rung in use wants; up only after there was room for a while, and for
 * longer once it has fallen, because each step costs a keyframe. The rates are where VP8 (real-time, cpu-used -6) at 30 fps
 * comes near its upper quantizers on moving pictures; the rungs are those of libwebrtc's simulcast at 16:9.
 */

static const struct
{
  int height;
  gint64 rate; /* bit/s from which it is used */
} rungs[] = {
  { 180, 0 },
  { 270, 180000 },
  { 360, 330000 },
  { 540, 650000 },
  { 720, 1000000 },
  { 1080, 2400000 },
};

#define FALL_AT 0.75          /* of a rung's rate */
#define PATIENCE 400000       /* µs of room before a step up */
#define LONG_PATIENCE 4000000 /* µs, after a fall */

/* Of VP8's 128 quantizers, smoothed; like the quality scaler's of libwebrtc (29 and 95). */
#define TOO_COARSE 90
#define FINE 45
#define QUANTIZER_WEIGHT 0.06
#define SETTLED 1000000 /* us after a change of the size or of the difficulty, until the next */
#define HARDER 1.35
#define EASIER 0.85
#define MAX_DIFFICULTY 4.0
#define MIN_DIFFICULTY 0.7

void
parlor_ladder_take_quantizer (ParlorLadder *self, guint quantizer, gint64 now)
{
  self->quantizer = self->quantizer == 0 ? quantizer : self->quantizer + QUANTIZER_WEIGHT * (quantizer - self->quantizer);
  if (self->difficulty == 0)
    self->difficulty = 1;
  if (now - self->settled < SETTLED || (self->quantizer >= FINE && self->quantizer <= TOO_COARSE))
    return;
  self->difficulty = self->quantizer > TOO_COARSE ? MIN (self->difficulty * HARDER, MAX_DIFFICULTY)
                                                  : MAX (self->difficulty * EASIER, MIN_DIFFICULTY);
  self->settled = now;
}

static guint
rung_for (gint64 target)
{
  guint rung = 0;

  while (rung + 1 < G_N_ELEMENTS (rungs) && target >= rungs[rung + 1].rate)
    rung++;
  return rung;
}

int
parlor_ladder_choose (ParlorLadder *self, gint64 target, int source_height, gint64 now)
{
  guint wanted, before = self->rung;

  if (self->difficulty > 0)
    target = (gint64) ((double) target / self->difficulty);
  wanted = rung_for (target);
  /* The first that is as high as the source, or higher, is the source itself. */
  while (wanted > 0 && rungs[wanted - 1].height >= source_height)
    wanted--;
  if (!self->begun || (self->rung > 0 && target < FALL_AT * rungs[self->rung].rate))
    {
      self->fell = self->begun;
      self->begun = TRUE;
      self->rung = wanted;
      self->room_since = 0;
    }
  else if (wanted <= self->rung)
    {
      self->room_since = 0;
    }
  else if (self->room_since == 0)
    {
      self->room_since = now;
    }
  else if (now - self->room_since >= (self->fell ? LONG_PATIENCE : PATIENCE))
    {
      self->rung = wanted;
      self->room_since = 0;
    }
  if (self->rung != before)
    {
      self->settled = now;
      self->quantizer = 0;
    }
  return MIN (rungs[self->rung].height, source_height);
}

int
parlor_ladder_get_below (int lines)
{
  guint rung = G_N_ELEMENTS (rungs) - 1;

  while (rung > 0 && rungs[rung].height >= lines)
    rung--;
  return rungs[rung].height;
}

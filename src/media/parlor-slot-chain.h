/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "parlor-device-slot.h"

G_BEGIN_DECLS

/*
 * What can be in a slot, as a bin with one pad: for a camera a src pad with I420 of at most
 * 1280x720, for a microphone one with PARLOR_RAW_AUDIO, for a speaker a sink pad that takes that.
 * All return (transfer floating).
 */

GstElement *parlor_slot_chain_new_stand_in (ParlorSlotKind kind);

/* PARLOR_ERROR_BAD_USAGE, with the option's name and GStreamer's words, when @description cannot
   be parsed. */
GstElement *parlor_slot_chain_new_from_description (ParlorSlotKind kind,
                                                    const char *description,
                                                    GError **error);

/* %NULL when there is no element for the device. @echo_probe (nullable): an echo canceller goes
   behind the microphone. */
GstElement *
parlor_slot_chain_new_from_device (ParlorSlotKind kind, GstDevice *device, const char *echo_probe);

/**
 * parlor_slot_chain_choose_camera_caps:
 * @offered: what a camera can do
 * @jpeg: whether JPEG can be decoded here
 *
 * Many cameras send 720p at 30 pictures a second only as JPEG, and raw at 10 or less.
 *
 * Returns: (transfer full) (nullable): what to ask it for, raw or JPEG; %NULL for its own choice
 */
GstCaps *parlor_slot_chain_choose_camera_caps (const GstCaps *offered, gboolean jpeg);

G_END_DECLS

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Lets one critical warning pass that would end a test under G_DEBUG=fatal-criticals: before 1.24, GStreamer walks the sources
 * of an RTP session with its lock open while another comes (mended by its commit 6675ed9aae, "rtpmanager/rtsession: data race
 * leading to critical warnings"). GLib sees it and ends the walk: no harm, and about one in a thousand calls on a busy machine.
 *
 * Call it in each test, as GLib forgets it between two. Programs have it done at their start: the module parlor-forgive is
 * preloaded into them (LD_PRELOAD).
 */
void parlor_test_forgive_rtp_session (void);

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parlor-test-forgive.h"

__attribute__ ((constructor)) static void
forgive (void)
{
  parlor_test_forgive_rtp_session ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <stdlib.h>

G_BEGIN_DECLS

/*
 * One target a file. It is given bytes from anybody, and aborts when what must hold does not. libFuzzer (`./dev fuzz`) and replay.c (`./dev
 * test`) call the same function; the name is libFuzzer's.
 */
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Like g_assert_true(), but it stands in every build. By abort(), which libFuzzer catches and keeps the input of; g_error() traps. */
#define fuzz_check(condition)                                                               \
  G_STMT_START                                                                              \
  {                                                                                         \
    if (!(condition))                                                                       \
      {                                                                                     \
        g_printerr ("%s:%d: this does not hold: %s\n", __FILE__, __LINE__, #condition);     \
        abort ();                                                                           \
      }                                                                                     \
  }                                                                                         \
  G_STMT_END

G_END_DECLS

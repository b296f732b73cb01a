/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The short form of a fuzz target, for every compiler: each file of the corpus, and then so many mutations of them from a fixed
 * seed, or as many as fit into so many seconds. Speaks TAP. The input that kills it is printed in base64.
 *
 *     replay MUTATIONS SECONDS FOLDER...
 */

#define MAX_SIZE 8192
#define SEED 20260101

static const char *words[] = {
  "\"",
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "\\u0000",
  "\\ud83d",
  "null",
  "true",
  "-1",
  "9223372036854775808",
  "1e400",
  "\r\n",
  "\r\n\r\n",
  "\n",
  "@A",
  "@B",
  "\"to\":\"@B\"",
  "\"type\":\"",
  "a=mid:",
  "m=video 9 UDP/TLS/RTP/SAVPF ",
  "a=fingerprint:sha-256 ",
  "Host: ",
  "Upgrade: websocket\r\n",
  "\xe2\x80\xae",
  "\xff",
  "!\x88",
  "!\x80",
  "!\x01",
  "\x81\xfe",
  "\x81\xff",
};

static const guint8 *current;
static gsize current_size;

void __sanitizer_set_death_callback (void (*callback) (void)) __attribute__ ((weak));

static void
print_current (void)
{
  g_autofree char *text = g_base64_encode (current, current_size);

  fprintf (stderr, "The input that did it, in base64: %s\n", text);
}

static void
run (const guint8 *data, gsize size)
{
  g_autofree guint8 *copy = g_memdup2 (data, size); /* of exactly this size, so that a read beyond it is seen */

  current = data;
  current_size = size;
  LLVMFuzzerTestOneInput (size > 0 ? copy : (const guint8 *) "", size);
}

static GPtrArray *
read_corpus (char **folders)
{
  GPtrArray *inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (; *folders; folders++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GDir) dir = g_dir_open (*folders, 0, &error);
      const char *name;

      g_assert_no_error (error);
      while ((name = g_dir_read_name (dir)))
        {
          g_autofree char *path = g_build_filename (*folders, name, NULL);
          char *text = NULL;
          gsize length = 0;

          if (g_file_get_contents (path, &text, &length, NULL))
            g_ptr_array_add (inputs, g_bytes_new_take (text, length));
        }
    }
  return inputs;
}

/* g_dir_read_name() comes in any order, and the seed shall mean the same everywhere. */
static int
compare_inputs (gconstpointer a, gconstpointer b)
{
  return g_bytes_compare (*(GBytes *const *) a, *(GBytes *const *) b);
}

static void
insert (GByteArray *input, guint at, gconstpointer data, guint size)
{
  guint rest = input->len - at;

  g_byte_array_set_size (input, input->len + size);
  memmove (input->data + at + size, input->data + at, rest);
  memcpy (input->data + at, data, size);
}

static void
mutate (GByteArray *input, GRand *random, GPtrArray *corpus)
{
  guint at = input->len > 0 ? (guint) g_rand_int_range (random, 0, (gint32) input->len) : 0;
  guint rest = input->len - at, size = rest > 0 ? (guint) g_rand_int_range (random, 1, (gint32) MIN (rest, 64) + 1) : 0;
  const char *word = words[g_rand_int_range (random, 0, G_N_ELEMENTS (words))];
  g_autofree guint8 *piece = NULL;
  GBytes *other;

  switch (g_rand_int_range (random, 0, 7))
    {
    case 0:
      if (input->len > 0)
        input->data[at] ^= (guint8) (1u << g_rand_int_range (random, 0, 8));
      break;
    case 1:
      if (input->len > 0)
        input->data[at] = (guint8) g_rand_int (random);
      break;
    case 2:
      if (size > 0)
        g_byte_array_remove_range (input, at, size);
      break;
    case 3:
      piece = g_memdup2 (input->data + at, size);
      if (size > 0)
        insert (input, at, piece, size);
      break;
    case 4:
      insert (input, at, word, (guint) strlen (word));
      break;
    case 5: /* the tail of another one */
      other = g_ptr_array_index (corpus, g_rand_int_range (random, 0, (gint32) corpus->len));
      if (g_bytes_get_size (other) > at)
        {
          g_byte_array_set_size (input, at);
          g_byte_array_append (input, (const guint8 *) g_bytes_get_data (other, NULL) + at, (guint) g_bytes_get_size (other) - at);
        }
      break;
    default:
      g_byte_array_set_size (input, at);
    }
  if (input->len > MAX_SIZE)
    g_byte_array_set_size (input, MAX_SIZE);
}

static guint
run_mutations (GPtrArray *corpus, guint mutations, guint seconds)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (SEED);
  gint64 end = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  guint n;

  for (n = 0; n < mutations && g_get_monotonic_time () < end; n++)
    {
      GBytes *seed = g_ptr_array_index (corpus, g_rand_int_range (random, 0, (gint32) corpus->len));
      g_autoptr (GByteArray) input = g_byte_array_new ();

      g_byte_array_append (input, g_bytes_get_data (seed, NULL), (guint) g_bytes_get_size (seed));
      for (int i = g_rand_int_range (random, 1, 6); i > 0; i--)
        mutate (input, random, corpus);
      run (input->data, input->len);
    }
  return n;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GPtrArray) corpus = NULL;

  if (argc < 4)
    return EXIT_FAILURE;
  if (__sanitizer_set_death_callback)
    __sanitizer_set_death_callback (print_current);
  corpus = read_corpus (argv + 3);
  g_assert_cmpuint (corpus->len, >, 0);
  g_ptr_array_sort (corpus, compare_inputs);
  printf ("1..2\n");
  run (NULL, 0);
  for (guint i = 0; i < corpus->len; i++)
    run (g_bytes_get_data (g_ptr_array_index (corpus, i), NULL), g_bytes_get_size (g_ptr_array_index (corpus, i)));
  printf ("ok 1 %u of the corpus\n", corpus->len);
  printf ("ok 2 %u mutations\n", run_mutations (corpus, (guint) atoi (argv[1]), (guint) atoi (argv[2])));
  return EXIT_SUCCESS;
}

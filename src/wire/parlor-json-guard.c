/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-json-guard.h"

#include "parlor-error.h"
#include "parlor-message.h"

#include <math.h>
#include <string.h>

/*
 * The guard before json-glib: a lexer with a stack of fixed height, which reads each byte once.
 *
 * It also writes the text again, token by token as they were spelled, so that a relay forwards exactly what it
 * received: through json-glib's generator 0.1 would become 0.10000000000000001, and one message could grow
 * past the limit of whoever receives it.
 */

typedef enum
{
  EXPECT_VALUE,
  EXPECT_VALUE_OR_END,
  EXPECT_KEY,
  EXPECT_KEY_OR_END,
  EXPECT_COMMA_OR_END,
} Expect;

typedef struct
{
  GHashTable *keys; /* NULL: an array */
  guint n_written;  /* members or elements in the compact text */
} Level;

typedef struct
{
  const char *start;
  const char *end;
  const char *at;
  Level levels[PARLOR_WIRE_MAX_DEPTH];
  guint depth;
  GString *key;
  const char *leave_out;
  gssize left_out_at; /* where the member to leave out began in the compact text, -1 outside of it */
  GString *compact;
} Guard;

static gboolean
fail (Guard *self, const char *complaint, GError **error)
{
  g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_MESSAGE,
               "This is not JSON as Parlor speaks it: %s (at byte %" G_GSIZE_FORMAT ")", complaint,
               (gsize) (self->at - self->start));
  return FALSE;
}

static void
skip_space (Guard *self)
{
  while (self->at < self->end && strchr (" \t\r\n", *self->at))
    self->at++;
}

static gboolean
read_hex4 (Guard *self, guint32 *value)
{
  *value = 0;
  if (self->end - self->at < 4)
    return FALSE;
  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (*self->at++);

      if (digit < 0)
        return FALSE;
      *value = *value << 4 | (guint32) digit;
    }
  return TRUE;
}

/* After "\u". */
static gboolean
read_unicode_escape (Guard *self, GString *plain, GError **error)
{
  guint32 value, low;

  if (!read_hex4 (self, &value))
    return fail (self, "\\u needs four hexadecimal digits", error);
  if (value == 0)
    return fail (self, "\\u0000 is not allowed", error);
  if (value >= 0xd800 && value <= 0xdfff)
    {
      if (value >= 0xdc00 || self->end - self->at < 6 || self->at[0] != '\\' || self->at[1] != 'u')
        return fail (self, "half of a surrogate pair", error);
      self->at += 2;
      if (!read_hex4 (self, &low) || low < 0xdc00 || low > 0xdfff)
        return fail (self, "half of a surrogate pair", error);
      value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
    }
  g_string_append_unichar (plain, value);
  return TRUE;
}

/* After the backslash. */
static gboolean
read_escape (Guard *self, GString *plain, GError **error)
{
  static const char escapes[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";
  const char *found;

  if (self->at == self->end)
    return fail (self, "a string without an end", error);
  if (*self->at == 'u')
    {
      self->at++;
      return read_unicode_escape (self, plain, error);
    }
  found = strchr (escapes, *self->at);
  if (found == NULL)
    return fail (self, "an escape that JSON does not know", error);
  g_string_append_c (plain, meanings[found - escapes]);
  self->at++;
  return TRUE;
}

/* At the opening quote; leaves the string unescaped in key. */
static gboolean
read_string (Guard *self, GError **error)
{
  g_string_truncate (self->key, 0);
  self->at++;
  while (self->at < self->end)
    {
      char c = *self->at++;

      if (c == '"')
        return TRUE;
      if ((guchar) c < 0x20)
        return fail (self, "a control character in a string", error);
      if (c != '\\')
        g_string_append_c (self->key, c);
      else if (!read_escape (self, self->key, error))
        return FALSE;
    }
  return fail (self, "a string without an end", error);
}

static gsize
skip_digits (Guard *self)
{
  const char *first = self->at;

  while (self->at < self->end && g_ascii_isdigit (*self->at))
    self->at++;
  return self->at - first;
}

/* RFC 8259, section 6; and no number that json-glib would turn into another one or into "inf". */
static gboolean
read_number (Guard *self, GError **error)
{
  const char *first = self->at;
  g_autofree char *copy = NULL;
  gboolean whole = TRUE;
  gboolean leading_zero;

  if (*self->at == '-')
    self->at++;
  leading_zero = self->at < self->end && *self->at == '0';
  switch (skip_digits (self))
    {
    case 0:
      return fail (self, "a number without digits", error);
    case 1:
      break;
    default:
      if (leading_zero)
        return fail (self, "a number that begins with 0", error);
    }
  if (self->at < self->end && *self->at == '.')
    {
      whole = FALSE;
      self->at++;
      if (skip_digits (self) == 0)
        return fail (self, "a number without digits", error);
    }
  if (self->at < self->end && (*self->at == 'e' || *self->at == 'E'))
    {
      whole = FALSE;
      self->at++;
      if (self->at < self->end && (*self->at == '+' || *self->at == '-'))
        self->at++;
      if (skip_digits (self) == 0)
        return fail (self, "a number without digits", error);
    }

  copy = g_strndup (first, self->at - first);
  if (whole ? !g_ascii_string_to_signed (copy, 10, G_MININT64, G_MAXINT64, NULL, NULL)
            : !isfinite (g_ascii_strtod (copy, NULL)))
    return fail (self, "a number out of range", error);
  return TRUE;
}

static gboolean
read_literal (Guard *self, GError **error)
{
  static const char *const words[] = { "true", "false", "null" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      gsize length = strlen (words[i]);

      if ((gsize) (self->end - self->at) >= length && memcmp (self->at, words[i], length) == 0)
        {
          self->at += length;
          return TRUE;
        }
    }
  return fail (self, "a value was expected", error);
}

static void
write_token (Guard *self, const char *first)
{
  g_string_append_len (self->compact, first, self->at - first);
}

static Level *
top (Guard *self)
{
  return &self->levels[self->depth - 1];
}

static void
begin_item (Guard *self)
{
  if (top (self)->n_written++ > 0)
    g_string_append_c (self->compact, ',');
}

/* After a value, or the end of one that has others in it. */
static Expect
end_value (Guard *self)
{
  if (self->depth == 1 && self->left_out_at >= 0)
    {
      g_string_truncate (self->compact, self->left_out_at);
      top (self)->n_written--;
      self->left_out_at = -1;
    }
  return EXPECT_COMMA_OR_END;
}

static gboolean
open_level (Guard *self, Expect *expect, GError **error)
{
  Level *level;

  if (self->depth == PARLOR_WIRE_MAX_DEPTH)
    return fail (self, "nested too deeply", error);
  level = &self->levels[self->depth++];
  level->n_written = 0;
  level->keys = NULL;
  if (*self->at == '{')
    level->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  *expect = level->keys ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
  g_string_append_c (self->compact, *self->at++);
  return TRUE;
}

static Expect
close_level (Guard *self)
{
  g_clear_pointer (&top (self)->keys, g_hash_table_unref);
  self->depth--;
  g_string_append_c (self->compact, *self->at++);
  return end_value (self);
}

static gboolean
read_key (Guard *self, Expect *expect, GError **error)
{
  GHashTable *keys = top (self)->keys;
  const char *first = self->at;

  if (*self->at != '"')
    return fail (self, "a key in quotes was expected", error);
  if (!read_string (self, error))
    return FALSE;
  if (g_hash_table_size (keys) == PARLOR_JSON_MAX_MEMBERS)
    return fail (self, "an object with too many members", error);
  if (!g_hash_table_add (keys, g_strdup (self->key->str)))
    return fail (self, "the same key twice", error);

  if (self->depth == 1 && g_strcmp0 (self->key->str, self->leave_out) == 0)
    self->left_out_at = self->compact->len;
  begin_item (self);
  write_token (self, first);

  skip_space (self);
  if (self->at == self->end || *self->at != ':')
    return fail (self, "a colon was expected", error);
  g_string_append_c (self->compact, *self->at++);
  *expect = EXPECT_VALUE;
  return TRUE;
}

static gboolean
read_value (Guard *self, Expect *expect, GError **error)
{
  const char *first = self->at;
  gboolean good;

  if (!top (self)->keys)
    begin_item (self);
  if (*self->at == '{' || *self->at == '[')
    return open_level (self, expect, error);
  if (*self->at == '"')
    good = read_string (self, error);
  else if (*self->at == '-' || g_ascii_isdigit (*self->at))
    good = read_number (self, error);
  else
    good = read_literal (self, error);
  if (!good)
    return FALSE;

  write_token (self, first);
  *expect = end_value (self);
  return TRUE;
}

static gboolean
read_token (Guard *self, Expect *expect, GError **error)
{
  gboolean at_end = *self->at == (top (self)->keys ? '}' : ']');

  switch (*expect)
    {
    case EXPECT_KEY_OR_END:
    case EXPECT_VALUE_OR_END:
    case EXPECT_COMMA_OR_END:
      if (at_end)
        {
          *expect = close_level (self);
          return TRUE;
        }
      if (*expect == EXPECT_KEY_OR_END)
        return read_key (self, expect, error);
      if (*expect == EXPECT_VALUE_OR_END)
        return read_value (self, expect, error);
      if (*self->at != ',')
        return fail (self, "a comma was expected", error);
      self->at++;
      *expect = top (self)->keys ? EXPECT_KEY : EXPECT_VALUE;
      return TRUE;
    case EXPECT_KEY:
      return read_key (self, expect, error);
    case EXPECT_VALUE:
    default:
      return read_value (self, expect, error);
    }
}

static gboolean
read_all (Guard *self, GError **error)
{
  Expect expect;

  if (!g_utf8_validate_len (self->start, self->end - self->start, &self->at))
    return fail (self, "not valid UTF-8", error);
  self->at = self->start;

  skip_space (self);
  if (self->at == self->end || *self->at != '{')
    return fail (self, "an object was expected", error);
  if (!open_level (self, &expect, error))
    return FALSE;
  while (self->depth > 0)
    {
      skip_space (self);
      if (self->at == self->end)
        return fail (self, "it ends too early", error);
      if (!read_token (self, &expect, error))
        return FALSE;
    }
  skip_space (self);
  return self->at == self->end || fail (self, "something follows the message", error);
}

gboolean
parlor_json_guard_check (const char *text, gsize length, const char *leave_out, char **compact, GError **error)
{
  Guard self = { .start = text, .end = text + length, .at = text, .leave_out = leave_out, .left_out_at = -1 };
  gboolean good;

  self.key = g_string_new (NULL);
  self.compact = g_string_sized_new (length);
  good = read_all (&self, error);

  while (self.depth > 0)
    g_clear_pointer (&self.levels[--self.depth].keys, g_hash_table_unref);
  g_string_free (self.key, TRUE);
  if (good && compact)
    *compact = g_string_free (self.compact, FALSE);
  else
    g_string_free (self.compact, TRUE);
  return good;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "parlor-json.h"

#include "parlor-error.h"
#include "parlor-message.h"

#include <math.h>
#include <string.h>

/*
 * The reader of JSON: a lexer with a stack of fixed height, which reads each byte once.
 *
 * A relay reads every message that it passes on, so this makes no object of a value: all values lie in one array, all
 * texts in one block. json-glib, which still writes for us, would take most of the time that a message takes; it also
 * recurses, keeps the last of two equal keys and takes comments.
 *
 * It writes the text again too, token by token as they were spelled, so that a relay forwards exactly what it received:
 * through a generator 0.1 would become 0.10000000000000001, and one message could grow past the limit of whoever
 * receives it.
 */

#define N_VALUES 32 /* what a message usually has */

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
  guint value;     /* the object or array, by its place, as the values may move */
  guint n_members; /* or elements */
  guint n_written; /* of them, in the compact text */
  gboolean is_object;
} Level;

typedef struct
{
  const char *start;
  const char *end;
  const char *at;
  Level levels[PARLOR_WIRE_MAX_DEPTH];
  guint depth;
  const char *leave_out;
  gssize left_out_at; /* where the member to leave out began in the compact text, -1 outside of it */

  GArray *values;
  const char *key; /* of the value that comes next; NULL in an array */
  guint key_hash;
  char *strings_end;
  char *compact;
  gsize compact_length;
} Reader;

static gboolean
fail (Reader *self, const char *complaint, GError **error)
{
  g_set_error (error, PARLOR_ERROR, PARLOR_ERROR_BAD_MESSAGE,
               "This is not JSON as Parlor speaks it: %s (at byte %" G_GSIZE_FORMAT ")", complaint,
               (gsize) (self->at - self->start));
  return FALSE;
}

static void
skip_space (Reader *self)
{
  while (self->at < self->end
         && (*self->at == ' ' || *self->at == '\t' || *self->at == '\r' || *self->at == '\n'))
    self->at++;
}

static gboolean
read_hex4 (Reader *self, guint32 *value)
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
read_unicode_escape (Reader *self, GError **error)
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
  self->strings_end += g_unichar_to_utf8 (value, self->strings_end);
  return TRUE;
}

/* After the backslash. */
static gboolean
read_escape (Reader *self, GError **error)
{
  static const char escapes[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";
  const char *found;

  if (self->at == self->end)
    return fail (self, "a string without an end", error);
  if (*self->at == 'u')
    {
      self->at++;
      return read_unicode_escape (self, error);
    }
  found = memchr (escapes, *self->at, sizeof escapes - 1);
  if (found == NULL)
    return fail (self, "an escape that JSON does not know", error);
  *self->strings_end++ = meanings[found - escapes];
  self->at++;
  return TRUE;
}

/* At the opening quote. Returns the string unescaped, which takes less room than it does with quotes; NULL for a fault. */
static const char *
read_string (Reader *self, GError **error)
{
  const char *plain = self->strings_end;

  self->at++;
  while (self->at < self->end)
    {
      const char *run = self->at;
      char c;

      while (self->at < self->end && *self->at != '"' && *self->at != '\\' && (guchar) *self->at >= 0x20)
        self->at++;
      memcpy (self->strings_end, run, self->at - run);
      self->strings_end += self->at - run;
      if (self->at == self->end)
        break;
      c = *self->at++;
      if (c == '"')
        {
          *self->strings_end++ = '\0';
          return plain;
        }
      if (c != '\\')
        {
          fail (self, "a control character in a string", error);
          return NULL;
        }
      if (!read_escape (self, error))
        return NULL;
    }
  fail (self, "a string without an end", error);
  return NULL;
}

/* The value that begins here; it may move when the next one is added. */
static ParlorJson *
add_value (Reader *self, ParlorJsonKind kind)
{
  const ParlorJson value = { .kind = kind, .size = 1, .key = self->key, .key_hash = self->key_hash };

  g_array_append_val (self->values, value);
  return &g_array_index (self->values, ParlorJson, self->values->len - 1);
}

static gsize
skip_digits (Reader *self)
{
  const char *first = self->at;

  while (self->at < self->end && g_ascii_isdigit (*self->at))
    self->at++;
  return self->at - first;
}

/* RFC 8259, section 6; and no number that would turn into another one or into infinity. */
static gboolean
read_number (Reader *self, GError **error)
{
  const char *first = self->at;
  g_autofree char *copy = NULL;
  gboolean whole = TRUE;
  gboolean leading_zero;
  ParlorJson *value;

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

  value = add_value (self, whole ? PARLOR_JSON_WHOLE : PARLOR_JSON_NUMBER);
  copy = g_strndup (first, self->at - first);
  if (whole ? !g_ascii_string_to_signed (copy, 10, G_MININT64, G_MAXINT64, &value->whole, NULL)
            : !isfinite (g_ascii_strtod (copy, NULL)))
    return fail (self, "a number out of range", error);
  return TRUE;
}

static gboolean
read_literal (Reader *self, GError **error)
{
  static const char *const words[] = { "true", "false", "null" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      gsize length = strlen (words[i]);

      if ((gsize) (self->end - self->at) >= length && memcmp (self->at, words[i], length) == 0)
        {
          self->at += length;
          add_value (self, i < 2 ? PARLOR_JSON_BOOLEAN : PARLOR_JSON_NULL)->boolean = i == 0;
          return TRUE;
        }
    }
  return fail (self, "a value was expected", error);
}

/* What is written is never longer than what was read, so there is room. */
static void
write_token (Reader *self, const char *first)
{
  gsize length = self->at - first;

  memcpy (self->compact + self->compact_length, first, length);
  self->compact_length += length;
}

static void
write_char (Reader *self, char c)
{
  self->compact[self->compact_length++] = c;
}

static Level *
top (Reader *self)
{
  return &self->levels[self->depth - 1];
}

static void
begin_item (Reader *self)
{
  if (top (self)->n_written++ > 0)
    write_char (self, ',');
}

/* After a value, or the end of one that has others in it. */
static Expect
end_value (Reader *self)
{
  if (self->depth == 1 && self->left_out_at >= 0)
    {
      self->compact_length = self->left_out_at;
      top (self)->n_written--;
      self->left_out_at = -1;
    }
  return EXPECT_COMMA_OR_END;
}

static gboolean
open_level (Reader *self, Expect *expect, GError **error)
{
  Level *level;

  if (self->depth == PARLOR_WIRE_MAX_DEPTH)
    return fail (self, "nested too deeply", error);
  level = &self->levels[self->depth++];
  *level = (Level){ .value = self->values->len, .is_object = *self->at == '{' };
  add_value (self, level->is_object ? PARLOR_JSON_OBJECT : PARLOR_JSON_ARRAY);
  *expect = level->is_object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
  write_char (self, *self->at++);
  return TRUE;
}

static Expect
close_level (Reader *self)
{
  ParlorJson *value = &g_array_index (self->values, ParlorJson, top (self)->value);

  value->size = self->values->len - top (self)->value;
  self->depth--;
  write_char (self, *self->at++);
  return end_value (self);
}

static const ParlorJson *
find (const ParlorJson *object, const ParlorJson *end, const char *key, guint key_hash)
{
  for (const ParlorJson *member = object + 1; member < end; member += member->size)
    if (member->key_hash == key_hash && g_str_equal (member->key, key))
      return member;
  return NULL;
}

static gboolean
read_key (Reader *self, Expect *expect, GError **error)
{
  const ParlorJson *values = &g_array_index (self->values, ParlorJson, 0);
  const char *first = self->at;

  if (*self->at != '"')
    return fail (self, "a key in quotes was expected", error);
  if ((self->key = read_string (self, error)) == NULL)
    return FALSE;
  self->key_hash = g_str_hash (self->key);
  if (top (self)->n_members++ == PARLOR_JSON_MAX_MEMBERS)
    return fail (self, "an object with too many members", error);
  if (find (values + top (self)->value, values + self->values->len, self->key, self->key_hash) != NULL)
    return fail (self, "the same key twice", error);

  if (self->depth == 1 && g_strcmp0 (self->key, self->leave_out) == 0)
    self->left_out_at = self->compact_length;
  begin_item (self);
  write_token (self, first);

  skip_space (self);
  if (self->at == self->end || *self->at != ':')
    return fail (self, "a colon was expected", error);
  write_char (self, *self->at++);
  *expect = EXPECT_VALUE;
  return TRUE;
}

static gboolean
read_value (Reader *self, Expect *expect, GError **error)
{
  const char *first = self->at;
  gboolean good;

  if (!top (self)->is_object)
    {
      self->key = NULL;
      self->key_hash = 0;
      begin_item (self);
    }
  if (*self->at == '{' || *self->at == '[')
    return open_level (self, expect, error);
  if (*self->at == '"')
    good = (add_value (self, PARLOR_JSON_TEXT)->text = read_string (self, error)) != NULL;
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
read_token (Reader *self, Expect *expect, GError **error)
{
  gboolean at_end = *self->at == (top (self)->is_object ? '}' : ']');

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
      *expect = top (self)->is_object ? EXPECT_KEY : EXPECT_VALUE;
      return TRUE;
    case EXPECT_KEY:
      return read_key (self, expect, error);
    case EXPECT_VALUE:
    default:
      return read_value (self, expect, error);
    }
}

/* All ASCII is, but for NUL, which comes to no good further down either. */
static gboolean
is_valid_utf8 (Reader *self)
{
  const guint64 high_bits = G_GUINT64_CONSTANT (0x8080808080808080);
  guint64 word;

  for (; self->end - self->at >= (gssize) sizeof word; self->at += sizeof word)
    {
      memcpy (&word, self->at, sizeof word);
      if ((word & high_bits) != 0)
        break;
    }
  return g_utf8_validate_len (self->at, self->end - self->at, &self->at);
}

static gboolean
read_all (Reader *self, GError **error)
{
  Expect expect;

  if (!is_valid_utf8 (self))
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

ParlorJsonText *
parlor_json_read (const char *text, gsize length, const char *leave_out, GError **error)
{
  g_autoptr (ParlorJsonText) self = g_new (ParlorJsonText, 1);
  Reader reader = { .start = text, .end = text + length, .at = text, .leave_out = leave_out, .left_out_at = -1 };

  self->values = reader.values = g_array_sized_new (FALSE, FALSE, sizeof (ParlorJson), N_VALUES);
  self->strings = reader.strings_end = g_malloc (length + 1);
  self->compact = reader.compact = g_malloc (length + 1);
  if (!read_all (&reader, error))
    return NULL;
  self->compact[reader.compact_length] = '\0';
  return g_steal_pointer (&self);
}

void
parlor_json_text_free (ParlorJsonText *self)
{
  g_array_unref (self->values);
  g_free (self->strings);
  g_free (self->compact);
  g_free (self);
}

const ParlorJson *
parlor_json_text_get_root (const ParlorJsonText *self)
{
  return &g_array_index (self->values, ParlorJson, 0);
}

const ParlorJson *
parlor_json_get (const ParlorJson *object, const char *key)
{
  return find (object, object + object->size, key, g_str_hash (key));
}

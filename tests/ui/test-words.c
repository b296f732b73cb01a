/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib.h>
#include <string.h>

#include "parlor-call-enums.h"
#include "parlor-error.h"
#include "parlor-reach-words.h"
#include "parlor-words.h"

/* Every reason a call can end for has words of its own, with the name in them. */
static void
check_every_end (gboolean incoming)
{
  g_autoptr (GEnumClass) reasons = g_type_class_ref (PARLOR_TYPE_END_REASON);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < reasons->n_values; i++)
    {
      ParlorEndReason reason = reasons->values[i].value;
      char *details = parlor_words_for_end_details (reason, incoming, "100% Ann %s");

      g_assert_cmpstr (parlor_words_for_end (reason, incoming), !=, "");
      g_assert_nonnull (strstr (details, "100% Ann %s"));
      g_assert_true (g_hash_table_add (seen, details));
      if (parlor_end_reason_is_failure (reason) && reason != PARLOR_END_NONE)
        g_assert_cmpstr (parlor_words_for_end (reason, incoming), !=, parlor_words_for_end (PARLOR_END_HUNG_UP, incoming));
    }
  g_assert_cmpuint (g_hash_table_size (seen), ==, reasons->n_values);
}

static void
test_every_end_has_words (void)
{
  check_every_end (FALSE);
  check_every_end (TRUE);
}

/* Who stopped calling, and who declined, depends on who called. */
static void
test_who_called (void)
{
  g_autofree char *ours = parlor_words_for_end_details (PARLOR_END_CANCELLED, FALSE, "Ann");
  g_autofree char *theirs = parlor_words_for_end_details (PARLOR_END_CANCELLED, TRUE, "Ann");

  g_assert_cmpstr (ours, ==, "You stopped calling Ann.");
  g_assert_cmpstr (theirs, ==, "Ann called, and stopped before you answered.");
  g_assert_cmpstr (parlor_words_for_end (PARLOR_END_CANCELLED, TRUE), ==, "Missed Call");
  g_assert_cmpstr (parlor_words_for_end (PARLOR_END_CANCELLED, FALSE), ==, "Call Cancelled");
}

/* The pages of the seed say no name. */
static void
test_nameless (void)
{
  g_autofree char *details = parlor_words_for_end_details (PARLOR_END_REMOTE_HUNG_UP, FALSE, NULL);

  g_assert_cmpstr (details, ==, "Somebody hung up.");
  g_assert_cmpstr (parlor_words_for_person (""), ==, "Somebody");
  g_assert_cmpstr (parlor_words_for_person ("Ann"), ==, "Ann");
}

static void
test_errors_say_what_to_do (void)
{
  g_autoptr (GError) invite = g_error_new (PARLOR_ERROR, PARLOR_ERROR_BAD_INVITE, "x");
  g_autoptr (GError) refused = g_error_new (PARLOR_ERROR, PARLOR_ERROR_UNREACHABLE, "x");
  g_autoptr (GError) foreign = g_error_new (G_FILE_ERROR, PARLOR_ERROR_BAD_INVITE, "x");

  g_assert_cmpstr (parlor_words_for_error (invite), ==, "This Is Not an Invite");
  g_assert_cmpstr (parlor_words_for_error (refused), ==, "Nobody Answers There");
  g_assert_cmpstr (parlor_words_for_error_details (invite), !=, parlor_words_for_error_details (refused));
  g_assert_cmpstr (parlor_words_for_error (foreign), ==, "That Did Not Work");
}

static void
test_refusals (void)
{
  g_assert_cmpstr (parlor_words_for_refusal ("room-full"), ==, "The room is full.");
  g_assert_cmpstr (parlor_words_for_refusal ("<b>"), ==, "The relay did not do what it was asked.");
  g_assert_cmpstr (parlor_words_for_refusal (NULL), ==, "The relay did not do what it was asked.");
}

static void
test_devices (void)
{
  g_assert_cmpstr (parlor_words_for_devices (PARLOR_DEVICE_LIVE, PARLOR_DEVICE_LIVE), ==, "");
  g_assert_cmpstr (parlor_words_for_devices (PARLOR_DEVICE_STARTING, PARLOR_DEVICE_STARTING), ==, "");
  g_assert_cmpstr (parlor_words_for_devices (PARLOR_DEVICE_MISSING, PARLOR_DEVICE_LIVE), ==,
                   "No camera found: others see a test picture.");
  g_assert_nonnull (strstr (parlor_words_for_devices (PARLOR_DEVICE_LIVE, PARLOR_DEVICE_BUSY), "microphone"));
  g_assert_nonnull (strstr (parlor_words_for_devices (PARLOR_DEVICE_FAILED, PARLOR_DEVICE_MISSING), "and"));
}

static void
test_times (void)
{
  static const struct
  {
    gint64 seconds;
    const char *clock;
    const char *duration;
  } times[] = {
    { 0, "00:00", "" },
    { 1, "00:01", "1 second" },
    { 59, "00:59", "59 seconds" },
    { 60, "01:00", "1 minute" },
    { 754, "12:34", "12 minutes" },
    { 3600, "1:00:00", "60 minutes" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      gint64 us = times[i].seconds * G_USEC_PER_SEC + G_USEC_PER_SEC - 1;
      g_autofree char *clock = parlor_words_for_clock (us);
      g_autofree char *duration = parlor_words_for_duration (us);

      g_assert_cmpstr (clock, ==, times[i].clock);
      g_assert_cmpstr (duration, ==, times[i].duration);
    }
}

/* What is shown is what was proved, and no more: "verified" only where no page can be at the other end. */
static void
test_security (void)
{
  g_assert_cmpstr (parlor_words_for_security (PARLOR_SECURITY_UNVERIFIED, PARLOR_PROOF_NONE, TRUE), ==, "Encrypted, not verified");
  g_assert_cmpstr (parlor_words_for_security (PARLOR_SECURITY_WEB_LINK, PARLOR_PROOF_GUEST, TRUE), ==, "Invited by you (web link)");
  g_assert_cmpstr (parlor_words_for_security (PARLOR_SECURITY_APP_LINK, PARLOR_PROOF_APP, TRUE), ==, "Invited by you (app link)");
  g_assert_null (strstr (parlor_words_for_security (PARLOR_SECURITY_APP_LINK, PARLOR_PROOF_APP, FALSE), "by you"));
  g_assert_cmpstr (parlor_words_for_security (PARLOR_SECURITY_COMPARED, PARLOR_PROOF_APP, TRUE), ==, "Verified");
  g_assert_cmpstr (parlor_words_for_security (PARLOR_SECURITY_COMPARED, PARLOR_PROOF_GUEST, TRUE), ==, "Emoji compared");
  g_assert_cmpstr (parlor_words_for_security (PARLOR_SECURITY_COMPARED, PARLOR_PROOF_NONE, TRUE), ==, "Emoji compared");
  for (ParlorCallSecurity security = PARLOR_SECURITY_UNKNOWN; security <= PARLOR_SECURITY_COMPARED; security++)
    for (ParlorProofBy proof = PARLOR_PROOF_NONE; proof <= PARLOR_PROOF_GUEST; proof++)
      {
        const char *details = parlor_words_for_security_details (security, proof, TRUE);

        g_assert_cmpstr (details, !=, "");
        if (proof != PARLOR_PROOF_APP)
          g_assert_null (strstr (details, "nobody is in between"));
      }
}

/* That IPv6 is let in is not said as if everybody could come. */
static void
test_reach (void)
{
  g_autoptr (GListStore) addresses = g_list_store_new (PARLOR_TYPE_ADDRESS);
  g_autoptr (ParlorAddress) pinhole = parlor_address_new ("2a02::7", 3002, PARLOR_SCOPE_INTERNET, TRUE);
  g_autoptr (ParlorAddress) port = parlor_address_new ("11.22.33.1", 3002, PARLOR_SCOPE_INTERNET, TRUE);
  g_autofree char *where = parlor_words_for_address (pinhole);
  g_autofree char *ipv6 = NULL;
  g_autofree char *both = NULL;

  g_assert_cmpstr (where, ==, "[2a02::7]:3002 · through the router, not checked");
  g_list_store_append (addresses, pinhole);
  ipv6 = parlor_words_for_reach (G_LIST_MODEL (addresses), PARLOR_PORT_MAP_MAPPED, 3002);
  g_assert_nonnull (strstr (ipv6, "IPv6"));
  g_list_store_append (addresses, port);
  both = parlor_words_for_reach (G_LIST_MODEL (addresses), PARLOR_PORT_MAP_MAPPED, 3002);
  g_assert_null (strstr (both, "IPv6"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/words/every-end", test_every_end_has_words);
  g_test_add_func ("/ui/words/who-called", test_who_called);
  g_test_add_func ("/ui/words/nameless", test_nameless);
  g_test_add_func ("/ui/words/errors", test_errors_say_what_to_do);
  g_test_add_func ("/ui/words/refusals", test_refusals);
  g_test_add_func ("/ui/words/devices", test_devices);
  g_test_add_func ("/ui/words/times", test_times);
  g_test_add_func ("/ui/words/security", test_security);
  g_test_add_func ("/ui/words/reach", test_reach);
  return g_test_run ();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "parlor-ui"

#include "config.h"

#include "parlor-words.h"

#include <glib/gi18n.h>

#include "parlor-error.h"

/*
 * The words the user reads for what the rooms below report as codes: short, exact, no blame, no jargon,
 * and where something can be done about it, what. Pure functions, any thread.
 */

/**
 * parlor_words_for_person:
 * @name: (nullable): what they call themselves; the pages of the seed say nothing
 *
 * Returns: a name to show, never empty
 */
const char *
parlor_words_for_person (const char *name)
{
  /* Translators: stands for the other person where they have not said their name. */
  return name && *name ? name : _ ("Somebody");
}

/**
 * parlor_words_for_end:
 * @reason: why a call is over
 * @incoming: whether they called
 *
 * Returns: a heading
 */
const char *
parlor_words_for_end (ParlorEndReason reason, gboolean incoming)
{
  if (incoming && (reason == PARLOR_END_CANCELLED || reason == PARLOR_END_NO_ANSWER))
    return _ ("Missed Call");

  switch (reason)
    {
    case PARLOR_END_DECLINED:
      return _ ("Call Declined");
    case PARLOR_END_BUSY:
      return _ ("Busy");
    case PARLOR_END_CANCELLED:
      return _ ("Call Cancelled");
    case PARLOR_END_NO_ANSWER:
      return _ ("No Answer");
    case PARLOR_END_NO_DEVICE:
      return _ ("They Cannot Answer");
    case PARLOR_END_OFFER_TIMEOUT:
    case PARLOR_END_ANSWER_TIMEOUT:
    case PARLOR_END_CONNECT_TIMEOUT:
    case PARLOR_END_CONNECT_FAILED:
    case PARLOR_END_REVEAL_TIMEOUT:
      return _ ("Could Not Connect");
    case PARLOR_END_PEER_LEFT:
      return _ ("They Left");
    case PARLOR_END_RELAY_LOST:
    case PARLOR_END_LOST:
      return _ ("Connection Lost");
    case PARLOR_END_VANISHED:
      return _ ("They Are Gone");
    case PARLOR_END_BAD_SDP:
      return _ ("Their Program Does Not Fit");
    case PARLOR_END_FINGERPRINT_MISSING:
    case PARLOR_END_FINGERPRINT_MISMATCH:
    case PARLOR_END_PROOF_MISSING:
    case PARLOR_END_PROOF_WRONG:
    case PARLOR_END_COMMIT_MISMATCH:
    case PARLOR_END_IDENTITY_CHANGED:
    case PARLOR_END_DOWNGRADE:
      return _ ("Not Safe to Go On");
    case PARLOR_END_REFUSED:
      return _ ("The Relay Said No");
    case PARLOR_END_MEDIA_FAILED:
      return _ ("Camera or Sound Failed");
    case PARLOR_END_NONE:
    case PARLOR_END_HUNG_UP:
    case PARLOR_END_REMOTE_HUNG_UP:
      break;
    }
  return _ ("Call Ended");
}

/* Where it matters who called: what is said of those who called us. */
static const char *
incoming_details_format (ParlorEndReason reason)
{
  switch (reason)
    {
    case PARLOR_END_DECLINED:
      return _ ("You declined the call from %s.");
    case PARLOR_END_CANCELLED:
      return _ ("%s called, and stopped before you answered.");
    case PARLOR_END_NO_ANSWER:
      return _ ("%s called for a while, and nobody answered here.");
    default:
      return NULL;
    }
}

static const char *
end_details_format (ParlorEndReason reason)
{
  switch (reason)
    {
    /* Translators: in all of these, %s is the name of the other person. */
    case PARLOR_END_HUNG_UP:
      return _ ("You ended the call with %s.");
    case PARLOR_END_REMOTE_HUNG_UP:
      return _ ("%s hung up.");
    case PARLOR_END_DECLINED:
      return _ ("%s declined the call.");
    case PARLOR_END_BUSY:
      return _ ("%s is in another call. Try again later.");
    case PARLOR_END_CANCELLED:
      return _ ("You stopped calling %s.");
    case PARLOR_END_NO_ANSWER:
      return _ ("It rang at %s for a while, and nobody answered.");
    case PARLOR_END_NO_DEVICE:
      return _ ("%s has neither camera nor microphone to answer with.");
    case PARLOR_END_OFFER_TIMEOUT:
      return _ ("You accepted, but nothing more came from %s. Ask them to call again.");
    case PARLOR_END_ANSWER_TIMEOUT:
      return _ ("%s accepted, but nothing more came from them. Try again.");
    case PARLOR_END_CONNECT_TIMEOUT:
      return _ ("No way was found between you and %s in time. A firewall on one side may be in between.");
    case PARLOR_END_CONNECT_FAILED:
      return _ ("No way was found between you and %s. A firewall on one side may be in between.");
    case PARLOR_END_PEER_LEFT:
      return _ ("%s left the room before the call was connected.");
    case PARLOR_END_RELAY_LOST:
      return _ ("The relay went away before the call with %s was connected.");
    case PARLOR_END_LOST:
      return _ ("Nothing came from %s any more, and no other way to them was found. The network may be down on one side.");
    case PARLOR_END_VANISHED:
      return _ ("%s vanished without a word: their program or their computer stopped.");
    case PARLOR_END_BAD_SDP:
      return _ ("What the program of %s sent cannot be used. It may be too old, or too new.");
    case PARLOR_END_FINGERPRINT_MISSING:
      return _ ("The program of %s did not say which certificate it uses, so nobody could tell who listens.");
    case PARLOR_END_FINGERPRINT_MISMATCH:
      return _ ("The certificate of %s is not the one that was promised. Somebody may be in between.");
    case PARLOR_END_PROOF_MISSING:
      return _ ("%s did not prove that they have your invite. Their program may be too old, or somebody is in between. "
                "Ask them to open the link you sent.");
    case PARLOR_END_PROOF_WRONG:
      return _ ("What came in the name of %s does not fit your invite. Somebody may be in between. "
                "Make a new invite, and send it another way.");
    case PARLOR_END_COMMIT_MISMATCH:
      return _ ("Somebody tried to pass for %s. Make a new invite, and send it another way.");
    case PARLOR_END_REVEAL_TIMEOUT:
      return _ ("The last step of proving who is there did not come from %s in time. Try again.");
    case PARLOR_END_IDENTITY_CHANGED:
      return _ ("In the middle of the call, %s was somebody else. Somebody may be in between.");
    case PARLOR_END_DOWNGRADE:
      return _ ("%s uses a program that cannot use the key of your invite. Ask them to open the link you sent.");
    case PARLOR_END_REFUSED:
      return _ ("The relay did not pass the call on to %s.");
    case PARLOR_END_MEDIA_FAILED:
      return _ ("The call with %s ended because something in this computer's camera or sound broke.");
    case PARLOR_END_NONE:
      break;
    }
  return _ ("The call with %s is over.");
}

/**
 * parlor_words_for_end_details:
 * @reason: why a call is over
 * @incoming: whether they called
 * @name: (nullable): with whom it was
 *
 * Returns: (transfer full): one or two sentences: what happened, and what can be done
 */
char *
parlor_words_for_end_details (ParlorEndReason reason, gboolean incoming, const char *name)
{
  const char *format = incoming ? incoming_details_format (reason) : NULL;
  g_autoptr (GString) text = g_string_new (format ? format : end_details_format (reason));

  /* The format is a translation: replaced, not interpreted. */
  g_string_replace (text, "%s", parlor_words_for_person (name), 1);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/**
 * parlor_words_for_error:
 * @error: what joining, hosting or the studio failed with
 *
 * Returns: a heading
 */
const char *
parlor_words_for_error (const GError *error)
{
  if (error->domain == PARLOR_ERROR)
    switch ((ParlorError) error->code)
      {
      case PARLOR_ERROR_BAD_INVITE:
        return _ ("This Is Not an Invite");
      case PARLOR_ERROR_UNREACHABLE:
        return _ ("Nobody Answers There");
      case PARLOR_ERROR_TLS:
        return _ ("Not the Computer You Expect");
      case PARLOR_ERROR_CLOSED:
      case PARLOR_ERROR_LOST:
        return _ ("The Relay Closed the Door");
      case PARLOR_ERROR_REJECTED:
        return _ ("The Relay Said No");
      case PARLOR_ERROR_NOT_INVITED:
        return _ ("Not Invited");
      case PARLOR_ERROR_ROOM_FULL:
        return _ ("The Room Is Full");
      case PARLOR_ERROR_LOCKED:
      case PARLOR_ERROR_REFUSED:
        return _ ("They Did Not Let You In");
      case PARLOR_ERROR_REMOVED:
        return _ ("You Were Removed");
      case PARLOR_ERROR_REPLACED:
        return _ ("Joined Elsewhere");
      case PARLOR_ERROR_BAD_MESSAGE:
      case PARLOR_ERROR_TOO_LARGE:
        return _ ("This Relay Speaks Differently");
      case PARLOR_ERROR_NO_DEVICE:
      case PARLOR_ERROR_DEVICE_BUSY:
      case PARLOR_ERROR_MEDIA:
        return _ ("Camera or Sound Failed");
      default:
        break;
      }
  return _ ("That Did Not Work");
}

/**
 * parlor_words_for_error_details:
 * @error: what joining, hosting or the studio failed with
 *
 * Returns: what it means and what to do
 */
const char *
parlor_words_for_error_details (const GError *error)
{
  if (error->domain == PARLOR_ERROR)
    switch ((ParlorError) error->code)
      {
      case PARLOR_ERROR_BAD_INVITE:
        return _ ("Copy the whole link you were sent, from its first letter to its last, and try again.");
      case PARLOR_ERROR_UNREACHABLE:
        return _ ("The computer in the link does not answer. It may be off, Parlor may be closed there, "
                  "or the two of you are not on the same network. Ask for a new invite, or try again.");
      case PARLOR_ERROR_TLS:
        return _ ("The relay's certificate is not the one in the invite, or none that this computer trusts: somebody may "
                  "be in between. If your link is one for browsers, ask for the link for Parlor.");
      case PARLOR_ERROR_CLOSED:
      case PARLOR_ERROR_LOST:
        return _ ("The connection was closed at the other end. Try again in a moment.");
      case PARLOR_ERROR_REJECTED:
        return _ ("The room may be full or locked, or the invite is no longer good. Ask for a new invite.");
      case PARLOR_ERROR_NOT_INVITED:
        return _ ("This room is for those who have its link. Copy the whole link you were sent, from its first "
                  "letter to its last, or ask for a new one.");
      case PARLOR_ERROR_ROOM_FULL:
        return _ ("As many people as it holds are in it. Try again later.");
      case PARLOR_ERROR_LOCKED:
        return _ ("The room is locked, and nobody there opened the door. Try again later.");
      case PARLOR_ERROR_REFUSED:
        return _ ("The room is locked, and they said no this time.");
      case PARLOR_ERROR_REMOVED:
        return _ ("Somebody who may do so took you out of the room.");
      case PARLOR_ERROR_REPLACED:
        return _ ("Another Parlor took your place in the room. Close the other one to join here.");
      case PARLOR_ERROR_BAD_MESSAGE:
      case PARLOR_ERROR_TOO_LARGE:
        return _ ("What answers at this address is not a relay that Parlor understands. Check the link.");
      case PARLOR_ERROR_NO_DEVICE:
        return _ ("Plug in a camera or a microphone, and start Parlor again.");
      case PARLOR_ERROR_DEVICE_BUSY:
        return _ ("Close the other program that uses it, and start Parlor again.");
      case PARLOR_ERROR_MEDIA:
        return _ ("Something that Parlor needs for camera or sound is missing or broke. Start Parlor again.");
      default:
        break;
      }
  return _ ("Try again.");
}

/**
 * parlor_words_for_no_call:
 * @error: why parlor_core_call() rang nobody
 *
 * Returns: (nullable): a sentence; %NULL when the call that ended at once says it better
 */
const char *
parlor_words_for_no_call (const GError *error)
{
  if (g_error_matches (error, PARLOR_ERROR, PARLOR_ERROR_FAILED))
    return NULL;
  if (g_error_matches (error, PARLOR_ERROR, PARLOR_ERROR_REJECTED))
    return _ ("They cannot use the key of your invite. Ask them to open the link you sent.");
  return _ ("Nobody is here who could be called.");
}

/**
 * parlor_words_for_refusal:
 * @code: the `code` of a relay's error, whatever it holds
 *
 * Returns: a sentence
 */
const char *
parlor_words_for_refusal (const char *code)
{
  static const struct
  {
    const char *code;
    const char *words;
  } refusals[] = {
    { "room-full", N_ ("The room is full.") },
    { "not-invited", N_ ("The relay does not accept this invite. Ask for a new one.") },
    { "no-such-peer", N_ ("They are no longer in the room.") },
    { "locked", N_ ("The room is locked.") },
    { "downgrade", N_ ("Somebody called who cannot prove that they have the invite. The call was not taken.") },
    { "removed", N_ ("You were removed from the room.") },
    { "rate", N_ ("Too much at once: the relay asks to wait a minute.") },
    { "draining", N_ ("The relay is shutting down.") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    if (g_strcmp0 (code, refusals[i].code) == 0)
      return _ (refusals[i].words);
  return _ ("The relay did not do what it was asked.");
}

static gboolean
stands_in (ParlorDeviceStatus status)
{
  return status == PARLOR_DEVICE_MISSING || status == PARLOR_DEVICE_BUSY || status == PARLOR_DEVICE_FAILED;
}

static const char *
words_for_both (ParlorDeviceStatus camera, ParlorDeviceStatus microphone)
{
  if (camera == PARLOR_DEVICE_MISSING && microphone == PARLOR_DEVICE_MISSING)
    return _ ("No camera and no microphone found: others see a test picture and hear a test tone.");
  return _ ("Camera and microphone cannot be used: others see a test picture and hear a test tone.");
}

/**
 * parlor_words_for_devices:
 * @camera: what stands behind the picture
 * @microphone: what stands behind the sound
 *
 * Returns: a sentence, "" when there is nothing to say
 */
const char *
parlor_words_for_devices (ParlorDeviceStatus camera, ParlorDeviceStatus microphone)
{
  if (stands_in (camera) && stands_in (microphone))
    return words_for_both (camera, microphone);
  if (camera == PARLOR_DEVICE_MISSING)
    return _ ("No camera found: others see a test picture.");
  if (camera == PARLOR_DEVICE_BUSY)
    return _ ("Another program uses the camera: others see a test picture.");
  if (camera == PARLOR_DEVICE_FAILED)
    return _ ("The camera does not work: others see a test picture.");
  if (microphone == PARLOR_DEVICE_MISSING)
    return _ ("No microphone found: others hear a test tone.");
  if (microphone == PARLOR_DEVICE_BUSY)
    return _ ("Another program uses the microphone: others hear a test tone.");
  if (microphone == PARLOR_DEVICE_FAILED)
    return _ ("The microphone does not work: others hear a test tone.");
  if (camera == PARLOR_DEVICE_TEST || microphone == PARLOR_DEVICE_TEST)
    return _ ("Test media: others see a test picture and hear a test tone.");
  return "";
}

/**
 * parlor_words_for_clock:
 * @us: a time in microseconds, not negative
 *
 * Returns: (transfer full): "mm:ss", or "h:mm:ss" from an hour on
 */
char *
parlor_words_for_clock (gint64 us)
{
  gint64 seconds = us / G_USEC_PER_SEC;

  if (seconds >= 3600)
    return g_strdup_printf ("%d:%02d:%02d", (int) (seconds / 3600), (int) (seconds / 60 % 60),
                            (int) (seconds % 60));
  return g_strdup_printf ("%02d:%02d", (int) (seconds / 60), (int) (seconds % 60));
}

/**
 * parlor_words_for_duration:
 * @us: a time in microseconds, not negative
 *
 * Returns: (transfer full): "42 seconds", "3 minutes"; "" for less than a second
 */
char *
parlor_words_for_duration (gint64 us)
{
  gint64 seconds = us / G_USEC_PER_SEC;

  if (seconds < 1)
    return g_strdup ("");
  if (seconds < 60)
    return g_strdup_printf (ngettext ("%d second", "%d seconds", seconds), (int) seconds);
  return g_strdup_printf (ngettext ("%d minute", "%d minutes", seconds / 60), (int) (seconds / 60));
}

/* What a call that is not good likely suffers from: a guess, hence in few words. */
const char *
parlor_words_for_trouble (ParlorTrouble trouble)
{
  switch (trouble)
    {
    case PARLOR_TROUBLE_NETWORK:
      return _ ("The connection is slow");
    case PARLOR_TROUBLE_OUR_NETWORK:
      return _ ("Your network is slow");
    case PARLOR_TROUBLE_THEIR_NETWORK:
      return _ ("Their network is slow");
    case PARLOR_TROUBLE_THIS_COMPUTER:
      return _ ("This computer is busy");
    case PARLOR_TROUBLE_NONE:
      break;
    }
  return "";
}

/**
 * parlor_words_for_security:
 * @security: what is known of who is at the other end
 * @proof: what they proved
 * @invited_by_us: whether the invite is one of ours
 *
 * Returns: a heading that says no more than that
 */
const char *
parlor_words_for_security (ParlorCallSecurity security, ParlorProofBy proof, gboolean invited_by_us)
{
  switch (security)
    {
    case PARLOR_SECURITY_UNKNOWN:
      return _ ("Being checked…");
    case PARLOR_SECURITY_UNVERIFIED:
      return _ ("Encrypted, not verified");
    case PARLOR_SECURITY_WEB_LINK:
      return invited_by_us ? _ ("Invited by you (web link)") : _ ("Has the same invite (web link)");
    case PARLOR_SECURITY_APP_LINK:
      return invited_by_us ? _ ("Invited by you (app link)") : _ ("Has the same invite (app link)");
    case PARLOR_SECURITY_COMPARED:
      break;
    }
  /* Who may sit in front of a page cannot be verified against whoever served it. */
  return proof == PARLOR_PROOF_APP ? _ ("Verified") : _ ("Emoji compared");
}

/**
 * parlor_words_for_security_details:
 * @security: what is known of who is at the other end
 * @proof: what they proved
 * @has_emoji: whether there are some to compare
 *
 * Returns: a sentence or two
 */
const char *
parlor_words_for_security_details (ParlorCallSecurity security, ParlorProofBy proof, gboolean has_emoji)
{
  switch (security)
    {
    case PARLOR_SECURITY_UNKNOWN:
      return _ ("Nothing is sent or shown before all was checked that can be.");
    case PARLOR_SECURITY_UNVERIFIED:
      return has_emoji ? _ ("Whoever runs the relay could be in between. Compare the emoji to be sure.")
                       : _ ("Whoever runs the relay could be in between. Send an invite to be sure.");
    case PARLOR_SECURITY_WEB_LINK:
      return _ ("They proved that they have the web link. That does not say who they are.");
    case PARLOR_SECURITY_APP_LINK:
      return _ ("They proved that they have the app link, which the relay never sees. That does not say who they are.");
    case PARLOR_SECURITY_COMPARED:
      break;
    }
  return proof == PARLOR_PROOF_APP ? _ ("You both saw the same emoji: nobody is in between.")
                                   : _ ("You both saw the same emoji.");
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ParlorError:
 * @PARLOR_ERROR_FAILED: anything no caller can act on differently
 * @PARLOR_ERROR_BAD_USAGE: a flag, a command or an argument of the user's is wrong
 * @PARLOR_ERROR_BAD_INVITE: an invite or address cannot be read
 * @PARLOR_ERROR_BAD_MESSAGE: a message from the network cannot be read
 * @PARLOR_ERROR_TOO_LARGE: a message is over its limit
 * @PARLOR_ERROR_UNREACHABLE: nobody answers at an address
 * @PARLOR_ERROR_TLS: a certificate is not the one expected
 * @PARLOR_ERROR_CLOSED: the other end closed the connection
 * @PARLOR_ERROR_REJECTED: the relay refused, for another reason than the next ones
 * @PARLOR_ERROR_NOT_INVITED: ... as the invite is not the room's, or not whole
 * @PARLOR_ERROR_ROOM_FULL: ... as the room is full
 * @PARLOR_ERROR_LOCKED: ... as the room is locked and nobody answered the knock
 * @PARLOR_ERROR_REFUSED: ... as an owner of the room said no to the knock
 * @PARLOR_ERROR_REMOVED: an owner of the room removed us
 * @PARLOR_ERROR_REPLACED: another connection has our place in the room
 * @PARLOR_ERROR_STATE: the call is not in a state in which this can be done
 * @PARLOR_ERROR_BAD_SDP: a session description cannot be used
 * @PARLOR_ERROR_NO_FINGERPRINT: a session description does not promise one DTLS certificate
 * @PARLOR_ERROR_FINGERPRINT: the peer's DTLS certificate is not the one its SDP promised
 * @PARLOR_ERROR_PROOF_MISSING: a description comes without the proof that the invite's key asks for
 * @PARLOR_ERROR_PROOF_WRONG: a proof was made with another key, or for something else
 * @PARLOR_ERROR_COMMIT: what was revealed is not what was promised
 * @PARLOR_ERROR_NO_DEVICE: there is no such camera, microphone or speaker
 * @PARLOR_ERROR_DEVICE_BUSY: another program holds the device
 * @PARLOR_ERROR_MEDIA: a pipeline failed
 * @PARLOR_ERROR_LOST: nothing came from the peer for too long
 *
 * The one error domain of Parlor: a code for each thing that a caller may handle differently.
 * The words a user reads are chosen in the ui (and in the command line programs), not here.
 */
typedef enum
{
  PARLOR_ERROR_FAILED,
  PARLOR_ERROR_BAD_USAGE,
  PARLOR_ERROR_BAD_INVITE,
  PARLOR_ERROR_BAD_MESSAGE,
  PARLOR_ERROR_TOO_LARGE,
  PARLOR_ERROR_UNREACHABLE,
  PARLOR_ERROR_TLS,
  PARLOR_ERROR_CLOSED,
  PARLOR_ERROR_REJECTED,
  PARLOR_ERROR_NOT_INVITED,
  PARLOR_ERROR_ROOM_FULL,
  PARLOR_ERROR_LOCKED,
  PARLOR_ERROR_REFUSED,
  PARLOR_ERROR_REMOVED,
  PARLOR_ERROR_REPLACED,
  PARLOR_ERROR_STATE,
  PARLOR_ERROR_BAD_SDP,
  PARLOR_ERROR_NO_FINGERPRINT,
  PARLOR_ERROR_FINGERPRINT,
  PARLOR_ERROR_PROOF_MISSING,
  PARLOR_ERROR_PROOF_WRONG,
  PARLOR_ERROR_COMMIT,
  PARLOR_ERROR_NO_DEVICE,
  PARLOR_ERROR_DEVICE_BUSY,
  PARLOR_ERROR_MEDIA,
  PARLOR_ERROR_LOST,
} ParlorError;

#define PARLOR_ERROR (parlor_error_quark ())

GQuark parlor_error_quark (void);

G_END_DECLS

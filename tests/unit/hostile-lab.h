/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fake-peer.h"
#include "fake-relay.h"
#include "parlor-handshake.h"
#include "parlor-switchboard.h"

G_BEGIN_DECLS

/*
 * Two who call each other through a relay in memory that lies, and what it may do (a *bend*): to a message, or as a man in the middle
 * with peer connections and keys of its own.
 */

#define WAIT_MS 10000
#define ANY -1 /* an end that is not this row's matter */
#define TOKEN "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" /* well-formed, and nobody's */

typedef enum
{
  NOTHING,
  WEB_LINK, /* GUESTKEY */
  APP_LINK, /* KEY */
  OTHER_LINK,
} Holding;

typedef enum
{
  NO_EMOJI,
  SAME_EMOJI,
  OTHER_EMOJI,
} Emoji;

typedef struct Lab Lab;

typedef struct
{
  const char *name;
  Holding a, b;
  gboolean (*bend) (Lab *lab, ParlorMessage *message); /* nullable */
  int a_ends, b_ends;                                  /* PARLOR_END_NONE: the call is up */
  ParlorCallSecurity a_sees, b_sees;
  Emoji emoji;
  Holding relay;       /* what the relay itself holds */
  gboolean other_room; /* b sits in another room */
  gboolean again;      /* in the second call */
  guint reveal_ms;
  const ParlorDeadlines *deadlines; /* nullable */
} Row;

typedef struct
{
  FakeChannel *channel;
  FakePeerFactory *factory;
  ParlorSwitchboard *switchboard;
  ParlorCall *ended;
  gboolean was_up;
} Side;

struct Lab
{
  const Row *row;
  FakeRelay *relay;
  Side a, b;
  ParlorMessage *kept; /* the first offer */

  /* the relay's own legs */
  ParlorCallKeys *keys;
  FakePeerFactory *factory;
  ParlorPeer *to_a, *to_b;
  ParlorHandshake *with_a, *with_b;
  gboolean lies;  /* it names its proofs by the app link's key */
  gboolean found; /* a nonce that gives b the emoji of a */
};

#define wait_for(condition)                                     \
  G_STMT_START                                                  \
  {                                                             \
    gint64 wait_end = g_get_monotonic_time () + WAIT_MS * 1000; \
    guint wait_source = g_timeout_add (WAIT_MS, wake, NULL);    \
    while (!(condition) && g_get_monotonic_time () < wait_end)  \
      g_main_context_iteration (NULL, TRUE);                    \
    g_source_remove (wait_source);                              \
    g_assert_true (condition);                                  \
  }                                                             \
  G_STMT_END

gboolean wake (gpointer user_data);
void drain (void);

ParlorCallKeys *new_keys (Holding holding, const char *room);
void side_init (Side *side, Lab *lab, const char *id, const char *fingerprint, Holding holding, const char *room);
void side_clear (Side *side);
gboolean is_in (Side *side, ParlorCallState state);

/* a and b of @row in one room, behind a relay that does what the row says. */
void lab_init (Lab *lab, const Row *row);
void lab_clear (Lab *lab);
ParlorParticipant *find_callee (Lab *lab);
/* a rings b, who accepts. */
void lab_call (Lab *lab);

/* In hostile-bends.c. Each returns whether the message is passed on. */
gboolean offer_with_other_fingerprint (Lab *lab, ParlorMessage *message);
gboolean answer_with_other_fingerprint (Lab *lab, ParlorMessage *message);
gboolean longer_offer (Lab *lab, ParlorMessage *message);
gboolean answer_in_capitals (Lab *lab, ParlorMessage *message);
gboolean offer_without_proof (Lab *lab, ParlorMessage *message);
gboolean answer_without_proof (Lab *lab, ParlorMessage *message);
gboolean offer_without_commit (Lab *lab, ParlorMessage *message);
gboolean answer_without_nonce (Lab *lab, ParlorMessage *message);
gboolean nothing_but_sdp (Lab *lab, ParlorMessage *message);
gboolean offer_with_other_commit (Lab *lab, ParlorMessage *message);
gboolean answer_with_other_nonce (Lab *lab, ParlorMessage *message);
gboolean other_reveal (Lab *lab, ParlorMessage *message);
gboolean no_reveal (Lab *lab, ParlorMessage *message);
gboolean early_reveal (Lab *lab, ParlorMessage *message);
gboolean offer_by_guest (Lab *lab, ParlorMessage *message);
gboolean offer_without_guests_proof (Lab *lab, ParlorMessage *message);
gboolean offer_with_other_guests_proof (Lab *lab, ParlorMessage *message);
gboolean offer_of_the_first_call (Lab *lab, ParlorMessage *message);
gboolean offer_of_a_later_generation (Lab *lab, ParlorMessage *message);
gboolean stray_answer (Lab *lab, ParlorMessage *message);
gboolean stray_reveal (Lab *lab, ParlorMessage *message);
gboolean stray_candidates (Lab *lab, ParlorMessage *message);
gboolean offer_as_the_answer (Lab *lab, ParlorMessage *message);
gboolean other_names (Lab *lab, ParlorMessage *message);
gboolean bye_with_the_offer (Lab *lab, ParlorMessage *message);
gboolean in_the_middle (Lab *lab, ParlorMessage *message);
gboolean in_the_middle_by_a_false_name (Lab *lab, ParlorMessage *message);
gboolean in_the_middle_and_grinding (Lab *lab, ParlorMessage *message);

G_END_DECLS

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handover.pml: how events go from the outbox to the stream while relays die, hang,
 * and follow each other, and the broker loses connections and stored messages.
 *
 * README.md maps each part to the code. check.sh runs it, with the mutations (M_*)
 * that must be caught. Sizes: EVENTS, WINDOW, RELAYS, FAULTS (crashes, doubts and
 * leads taken away), ROLLBACKS (the broker comes back with less).
 *
 * Duplicate ids are known to the broker only WITH_DUPLICATES: the protocol must do
 * without. Not modelled: parked events, replays, time. Events 1, 3, 5 are of one aggregate, 2, 4 of another; an aggregate's
 * events commit in order (its row is locked), those of different ones in any.
 */
#ifndef EVENTS
#define EVENTS 3
#endif
#ifndef WINDOW
#define WINDOW 2
#endif
#ifndef RELAYS
#define RELAYS 2
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#ifndef ROLLBACKS
#define ROLLBACKS 1
#endif
/* Connections: each fault, each rollback and each message of a dead one may cost one. */
#define CONNECTIONS (2 + RELAYS + (FAULTS + ROLLBACKS) * (WINDOW + 2))
#define CHECKPOINTS (EVENTS + 3 + ROLLBACKS)
#define FIRST_LINK EVENTS /* its process number; the writers come before */
#define BIT(id) (1 << (id))
#define ALL ((1 << (EVENTS + 1)) - 2)

/* PostgreSQL. */
byte committed;			 /* set of ids that a snapshot sees */
byte holder;			 /* who holds the advisory lock; 0: nobody */
byte epoch;
typedef Checkpoint
{
	byte snapshot;
	byte seq;
};
Checkpoint points[CHECKPOINTS];
byte point_count = 1; /* points[0]: nothing seen, nothing stored */

/* JetStream. */
byte stream[EVENTS + 2]; /* sequence -> id */
byte last;
byte stored; /* set of the ids in the stream */

/* The network: messages sent and not handled yet, answers (0: refused). */
chan wire[CONNECTIONS] = [WINDOW] of { byte, byte, byte };
chan answers[CONNECTIONS] = [WINDOW] of { byte };
bool dead[CONNECTIONS];
byte connections;

byte faults = FAULTS;
byte rollbacks = ROLLBACKS;

/* ---- writers */

active [EVENTS] proctype Writer()
{
	/* The first process has number 0. */
	atomic {
		_pid < 2 || (committed & BIT(_pid - 1)) != 0 ->
		committed = committed | BIT(_pid + 1)
	}
}

/* ---- the broker */

/* What the stream promises at each message: no event twice, none out of order. */
inline store(id)
{
	assert((stored & BIT(id)) == 0);					   /* duplicate */
	assert(id <= 2 || (stored & BIT(id - 2)) != 0);		   /* a hole before it */
	assert(id + 2 > EVENTS || (stored & BIT(id + 2)) == 0); /* order */
	last++;
	stream[last] = id;
	stored = stored | BIT(id)
}

inline handle(c)
{
	wire[c] ? id, expected, before;
	if
#ifdef WITH_DUPLICATES
	/* Known already: answered with a sequence that the chain does not expect. */
	:: (stored & BIT(id)) != 0 ->
		if
		:: !dead[c] -> answers[c] ! 0
		:: else
		fi
	:: else ->
	if
#endif
#ifdef M_NO_CHAIN
	:: true ->
#elif defined(M_SEQUENCE_ONLY)
	:: expected == last ->
#else
	/* Behind the sequence, and behind the very message that it was sent after. */
	:: expected == last && (before == 0 || stream[last] == before) ->
#endif
		store(id);
		if
		:: !dead[c] -> answers[c] ! last
		:: else
		fi
	:: else ->
		if
		:: !dead[c] -> answers[c] ! 0
		:: else
		fi
	fi
#ifdef WITH_DUPLICATES
	fi
#endif
}

/* A dead connection may still deliver what was sent, or the rest of it is lost. */
inline lose_wire(c)
{
	do
	:: nempty(wire[c]) -> wire[c] ? id, expected, before
	:: empty(wire[c]) -> break
	od
}

inline roll_back()
{
	rollbacks--;
	do
	:: last > 0 ->
		stored = stored & ~BIT(stream[last]);
		stream[last] = 0;
		last--;
		if
		:: true
		:: true -> break
		fi
	:: last == 0 -> break
	od;
	c = 0;
	do
	:: c < connections ->
		lose_wire(c);
		dead[c] = true;
		c++
	:: else -> break
	od
}

/* One for each connection, so that a message of any may be next. */
active [CONNECTIONS] proctype Link()
{
	byte id;
	byte expected;
	byte before;

end:
	do
	:: atomic {
			nempty(wire[_pid - FIRST_LINK]) ->
			if
			:: handle(_pid - FIRST_LINK)
			:: dead[_pid - FIRST_LINK] -> lose_wire(_pid - FIRST_LINK)
			fi;
			id = 0;
			expected = 0;
			before = 0
		}
	od
}

active proctype PowerCut()
{
	byte c;
	byte id;
	byte expected;
	byte before;

end:
	do
	:: atomic {
			rollbacks > 0 && last > 0 ->
			roll_back();
			c = 0;
			id = 0;
			expected = 0;
			before = 0
		}
	od
}

/* ---- relays */

/* A session of a leader is ended while the leader lives on and does not know. */
active proctype Thief()
{
end:
	do
	:: atomic { faults > 0 && holder != 0 -> faults--; holder = 0 }
	od
}

/*
 * What a checkpoint says has to be so, as soon as the stream is that long: or the next
 * start loses an event.
 */
inline check_point(set, up_to)
{
	k = 1;
	seen = 0;
	do
	:: k <= up_to && k <= last -> seen = seen | BIT(stream[k]); k++
	:: else -> break
	od;
	assert(last < up_to || (set & ~seen) == 0); /* loss */
	k = 0;
	seen = 0
}

/* The newest checkpoint that the stream still covers; the newer ones are lies from now on. */
inline choose_point()
{
	i = point_count - 1;
	do
	:: points[i].seq > base -> i--
	:: else -> break
	od;
	snapshot = points[i].snapshot;
	from = points[i].seq;
	check_point(snapshot, from);
#ifndef M_KEEP_NEWER
	do
	:: point_count > i + 1 ->
		point_count--;
		points[point_count].snapshot = 0;
		points[point_count].seq = 0
	:: else -> break
	od;
#endif
	i = 0
}

inline read_tail()
{
	done = 0;
	i = from;
	do
	:: i < base && !dead[mine] ->
		i++;
		done = done | BIT(stream[i])
	:: else -> break
	od;
	i = 0;
	from = 0
#ifdef M_NO_TAIL
	; done = 0
#endif
}

inline write_point()
{
	assert((points[point_count - 1].snapshot & ~upper) == 0); /* cursor goes back */
	check_point(upper, base + acked);
	if
	:: points[point_count - 1].snapshot == upper &&
	   points[point_count - 1].seq == base + acked
	:: else ->
		assert(point_count < CHECKPOINTS);
		points[point_count].snapshot = upper;
		points[point_count].seq = base + acked;
		point_count++
	fi;
	snapshot = upper
}

inline send_lowest()
{
	i = 1;
	do
	:: (unsent & BIT(i)) == 0 -> i++
	:: else -> break
	od;
	unsent = unsent & ~BIT(i);
	if
	:: !dead[mine] -> wire[mine] ! i, base + sent, previous
	:: else
	fi;
	previous = i;
	sent++;
	i = 0
}

inline forget()
{
	snapshot = 0; upper = 0; unsent = 0; done = 0; base = 0; sent = 0; acked = 0;
	in_batch = false; seq = 0; previous = 0
}

active [RELAYS] proctype Relay()
{
	byte my_epoch;
	byte mine;	   /* connection */
	byte snapshot; /* batches start here */
	byte upper;	   /* of the batch */
	byte unsent;	   /* set of the ids still to be sent */
	byte done;	   /* set of the ids that the tail held */
	byte base;	   /* last sequence before this epoch of the connection */
	byte sent;
	byte previous; /* the id sent last on this connection; 0: none yet */
	byte acked;
	byte from;
	byte seq;
	byte seen;
	byte i;
	byte k;
	bool in_batch;

standby:
end_standby:
	atomic {
		holder == 0 -> holder = _pid; epoch++; my_epoch = epoch
	};

begin:
	/* A connection is an epoch of its own: nothing is sent again on an old one. */
	atomic {
		forget();
		assert(connections < CONNECTIONS);
		mine = connections;
		connections++;
		base = last
	};
	atomic {
		if
		:: dead[mine] -> goto begin
		:: epoch != my_epoch -> goto fenced
		:: else -> choose_point()
		fi
	};
	atomic { read_tail() };
	if
	:: dead[mine] -> goto begin
	:: else
	fi;

flow:
end_flow:
	do
	:: atomic {
			!in_batch && (committed & ~snapshot) != 0 ->
			upper = committed;
#ifdef M_BY_ID
			/* All above the highest id seen: a late commit of a lower one is skipped. */
			i = EVENTS;
			do
			:: i > 0 && (snapshot & BIT(i)) == 0 -> i--
			:: else -> break
			od;
			unsent = committed & ~(BIT(i + 1) - 1) & ~done;
			i = 0;
#else
			unsent = committed & ~snapshot & ~done;
#endif
			done = 0;
			in_batch = true
		}
	:: atomic { unsent != 0 && sent - acked < WINDOW -> send_lowest() }
	:: atomic {
			nempty(answers[mine]) -> answers[mine] ? seq;
			if
			:: seq == base + acked + 1 -> acked++; seq = 0
#ifdef M_IGNORE_REFUSAL
			:: else -> seq = 0
#else
			:: else -> dead[mine] = true; goto begin
#endif
			fi
		}
#ifdef M_EARLY_MARK
	:: atomic { in_batch && unsent == 0 ->
#else
	:: atomic { in_batch && unsent == 0 && acked == sent ->
#endif
			if
#ifndef M_NO_EPOCH
			:: epoch != my_epoch -> goto fenced
			:: epoch == my_epoch -> write_point(); in_batch = false; upper = 0
#else
			:: write_point(); in_batch = false; upper = 0
#endif
			fi
		}
	/* A sign of life that does not get through. */
#ifndef M_NO_EPOCH
	:: atomic { epoch != my_epoch -> goto fenced }
#endif
	/* The connection is gone, and by and by that is noticed. */
	:: atomic { dead[mine] -> goto begin }
	/* A missing acknowledgement, an error: begin again, still leading. */
	:: atomic { faults > 0 -> faults--; dead[mine] = true; goto begin }
	/* kill -9. */
	:: atomic { faults > 0 -> faults--; goto fenced }
	od;

fenced:
	atomic {
		dead[mine] = true;
		forget();
		mine = 0;
		my_epoch = 0;
		if
		:: holder == _pid -> holder = 0
		:: else
		fi;
		goto standby
	}
}

/* Time goes on where nothing else does: a run in which all are stuck is a run too. */
#ifdef WITH_CLOCK
bool is_late;

active proctype Clock()
{
	do
	:: is_late = !is_late
	od
}
#endif

/* Whatever happens, in the end every committed event is in the stream and stays. */
ltl progress { <> [] (stored == ALL) }

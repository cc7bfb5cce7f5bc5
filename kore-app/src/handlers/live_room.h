/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CFA_APP_LIVE_ROOM_H
#define CFA_APP_LIVE_ROOM_H

#include "core/address.h"

typedef enum CfaLiveRoom
{
	CFA_LIVE_ROOM_OK,
	CFA_LIVE_ROOM_WORKER_FULL,
	CFA_LIVE_ROOM_ADDRESS_FULL
} CfaLiveRoom;

/* In the parent: the bounds, and the memory that all workers count in. */
void cfa_live_room_configure(unsigned per_worker, unsigned per_address);

/* In a worker: it has no sockets yet. */
void cfa_live_room_start(void);

/* Takes a place for a socket of the client with this address, if there is one. */
CfaLiveRoom cfa_live_room_take(const CfaAddress *address);
void cfa_live_room_give_back(const CfaAddress *address);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.h: tells the service manager how the daemon is, by the datagram protocol
 * of sd_notify(3), without its library.
 */
#ifndef CFA_NOTIFY_H
#define CFA_NOTIFY_H

/*
 * Sends state lines such as "READY=1\nSTATUS=leading" to $NOTIFY_SOCKET. Does
 * nothing without one, and an error is not worth stopping for.
 */
void cfa_notify(const char *state);

#endif

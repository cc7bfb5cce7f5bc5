/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay_command.h: what careforall-relay does as a command of an operator.
 */
#ifndef CFA_RELAY_COMMAND_H
#define CFA_RELAY_COMMAND_H

/* careforall-relay replay ...: argv begins with "replay". Returns the exit code. */
int cfa_replay_command(int argc, char **argv);

#endif

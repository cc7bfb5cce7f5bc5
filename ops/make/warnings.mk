# SPDX-License-Identifier: Apache-2.0
# The warnings of every C part. They are errors.

WARNINGS := -std=gnu11 -Werror -Wall -Wextra -Wno-unused-parameter -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
	-Wwrite-strings -Wundef -Wvla -Wformat=2 -Wconversion \
	-Wno-sign-conversion -Wlogical-op -Wduplicated-cond -Wnull-dereference \
	-Wimplicit-fallthrough -Wswitch-enum -Wdeclaration-after-statement

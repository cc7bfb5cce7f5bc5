#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# wire.sh NAME NUMBER - a cable from the host NAME, 10.77.0.NUMBER, to the switch.
set -eu
ip -n "$1" link set lo up
ip link add eth0 netns "$1" type veth peer name "$1" netns switch
ip -n switch link set "$1" master switch up
ip -n "$1" addr add "10.77.0.$2/24" dev eth0
ip -n "$1" link set eth0 up

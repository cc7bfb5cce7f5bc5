// SPDX-License-Identifier: Apache-2.0
import { Redis } from "ioredis";
import type { Stack } from "./stack.ts";

/** A connection to the stack's Redis; it reconnects by itself. */
export function openRedis(stack: Stack): Redis {
  const redis = new Redis({
    host: stack.host("REDIS"),
    port: stack.port("REDIS"),
    password: stack.get("STACK_REDIS_PASSWORD"),
    maxRetriesPerRequest: 20,
  });
  redis.on("error", () => undefined);
  return redis;
}

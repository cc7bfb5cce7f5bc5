// SPDX-License-Identifier: Apache-2.0
// What a test file of the running stack needs, opened once and closed after it.
import type { Redis } from "ioredis";
import { afterAll, beforeAll, inject } from "vitest";
import { type Person, type Role, makePerson } from "./account.ts";
import { Http } from "./http.ts";
import { Provider } from "./provider.ts";
import { openRedis } from "./redis.ts";
import { Sql } from "./sql.ts";
import { Stack } from "./stack.ts";
import { Stream } from "./stream.ts";

export interface Context {
  stack: Stack;
  sql: Sql;
  http: Http;
  provider: Provider;
  stream: Stream;
  redis: Redis;
  /** Makes an account of this role that is logged in; person.http calls as it. */
  login: (role?: Role) => Promise<Person>;
}

/** Call at the top of a test file; the members are there once tests run. */
export function useStack(): Context {
  const context = {} as Context;
  beforeAll(async () => {
    context.stack = await new Stack(inject("stackDir")).load();
    context.sql = new Sql(context.stack);
    context.http = new Http(context.stack);
    context.login = (role) => makePerson(context.stack, context.sql, context.http, role);
    context.provider = new Provider(context.stack);
    context.stream = new Stream(context.stack);
    context.redis = openRedis(context.stack);
  });
  afterAll(async () => {
    context.redis.disconnect();
    await context.stream.close();
    await context.sql.close();
  });
  return context;
}

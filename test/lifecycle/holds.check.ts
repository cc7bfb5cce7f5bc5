// SPDX-License-Identifier: Apache-2.0
// Everything that must hold, of the stack in CAREFORALL_LIFECYCLE_DIR: the database's own
// checks, stream and outbox event by event, read model, the provider's money.
import { afterAll, expect, test } from "vitest";
import { makePerson } from "../lib/account.ts";
import type { Context } from "../lib/context.ts";
import { Http } from "../lib/http.ts";
import { assertInvariants } from "../lib/invariants.ts";
import { Provider } from "../lib/provider.ts";
import { openRedis } from "../lib/redis.ts";
import { Sql } from "../lib/sql.ts";
import { Stack } from "../lib/stack.ts";
import { Stream } from "../lib/stream.ts";

const stack = await new Stack(process.env.CAREFORALL_LIFECYCLE_DIR ?? "").load();
const sql = new Sql(stack);
const http = new Http(stack);
const context: Context = {
  stack,
  sql,
  http,
  provider: new Provider(stack),
  stream: new Stream(stack),
  redis: openRedis(stack),
  login: (role) => makePerson(stack, sql, http, role),
};

afterAll(async () => {
  context.redis.disconnect();
  await context.stream.close();
  await sql.close();
});

test("everything holds", async () => {
  expect(await sql.value<number>("SELECT count(*) FROM careforall.pledges")).toBeGreaterThan(1);
  await assertInvariants(context);
});

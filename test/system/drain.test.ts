// SPDX-License-Identifier: Apache-2.0
// Goal: TERM ends the API without a failed request: what is under way is finished,
// keep-alive clients are told to leave, and the process is gone within its bound.
// Method: clients on kept connections work without a pause, some requests hang on a
// lock in the database, then the API gets TERM; its keeper starts it again.
import { randomUUID } from "node:crypto";
import type pg from "pg";
import { expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { get, post } from "../lib/edge-corpus.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { RawClient } from "../lib/raw.ts";
import { sleep, until } from "../lib/until.ts";

const context = useStack();

/** Sends one request after the other on one connection until told to leave. */
async function workOn(client: RawClient, request: (i: number) => string): Promise<number> {
  await client.connected();
  for (let i = 1; ; i++) {
    client.send(request(i));
    await client.until(() => client.answers.length >= i || client.isEnded || client.isClosed);
    const last = client.answers[i - 1];
    if (last === undefined) throw new Error(`request ${i} had no answer`);
    expect([200, 201]).toContain(last.status);
    if (last.headers.get("connection") === "close") return i;
  }
}

test("no request fails and no client is left waiting", async () => {
  const campaign = await makeCampaign(context.sql);
  const pledge = () =>
    post(`/api/v1/campaigns/${campaign}/pledges`, JSON.stringify(pledgeBody()), `Content-Type: application/json\r\nIdempotency-Key: ${randomUUID()}\r\n`);
  const open = () => new RawClient(context.stack.port("API"));
  const clients: RawClient[] = [];
  const count = () => context.sql.value<number>("SELECT count(*) FROM careforall.pledges WHERE campaign_id = $1", [campaign]);

  const readers = Array.from({ length: 10 }, open);
  const givers = Array.from({ length: 6 }, open);
  const idle = Array.from({ length: 5 }, open);
  const waiting = Array.from({ length: 4 }, open);
  clients.push(...readers, ...givers, ...idle, ...waiting);
  for (const client of idle) {
    await client.connected();
    client.send(get());
    await client.until(() => client.answers.length === 1);
  }
  const holder = await context.sql.client();
  const working = [
    ...readers.map((client) => workOn(client, () => get("/api/v1/campaigns"))),
    ...givers.map((client) => workOn(client, pledge)),
  ];
  const work = Promise.allSettled(working);
  await until("the work to be under way", async () => (await count()) > 20);

  const before = await context.stack.pid("api");
  // Answers that cannot come before TERM has.
  const release = await hold(holder);
  for (const client of waiting) {
    await client.connected();
    client.send(pledge());
  }
  await sleep(200);
  process.kill(before, "SIGTERM");
  await sleep(700);
  await release();
  const failures = (await work).flatMap((result) => (result.status === "rejected" ? [String(result.reason)] : []));
  expect(failures).toEqual([]);
  for (const client of waiting) {
    await client.ended();
    expect(client.allAnswers.map((answer) => [answer.status, answer.headers.get("connection")])).toEqual([[201, "close"]]);
  }
  for (const client of idle) await client.ended();
  await until("the process to be gone", () => {
    try {
      return !process.kill(before, 0);
    } catch {
      return true;
    }
  });
  await until("the API to be back", async () => (await context.http.get("/readyz")).status === 200);
  const answered = [...givers, ...waiting].flatMap((client) => client.answers).filter((answer) => answer.status === 201).length;
  expect(await count()).toBe(answered);
  for (const client of clients) client.close();
});

/** Holds the table, so that every new pledge waits; gives the release. */
async function hold(client: pg.Client): Promise<() => Promise<void>> {
  // An autovacuum in the way is told to end at once: a statement of the API waits for 3 s.
  await client.query("SET deadlock_timeout = '10ms'");
  await client.query("BEGIN");
  await client.query("LOCK TABLE careforall.pledges IN EXCLUSIVE MODE");
  return async () => {
    await client.query("ROLLBACK");
    await client.end();
  };
}

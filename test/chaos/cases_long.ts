// SPDX-License-Identifier: Apache-2.0
// Large and long. Goal: a backlog of a million events leaves the relay's memory flat,
// the writers unhurt and no row of the outbox changed or deleted; a session that is idle
// in a transaction for minutes slows nothing down. Method: the real thing with --long,
// else a fiftieth of the events and a few seconds of an idle session; the relay's peak
// memory is read from the kernel.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { sleep, until } from "../lib/until.ts";
import { addBulk, addMany, compare, metric, ready, sql, stack, stream, versions, type Cases } from "./kit.ts";

/** Peak resident memory of the stack's relay in MiB. */
async function peakMiB(): Promise<number> {
  const status = await readFile(`/proc/${await stack.pid("relay")}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

/**
 * Rows of the outbox that were ever changed or deleted. Vacuum hides none of them, as it
 * would hide dead rows; but a session reports only when it ends, or after a while.
 */
async function rewritten(): Promise<number> {
  await sql.close();
  await until("the other sessions to be over", async () => {
    const others = await sql.value<number>(
      "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
    return others === 0;
  });
  return await sql.value<number>(
    `SELECT sum(pg_stat_get_tuples_updated(relid) + pg_stat_get_tuples_deleted(relid))::bigint
       FROM pg_partition_tree('careforall.outbox') WHERE isleaf`);
}

async function backlog(isLong: boolean): Promise<void> {
  const count = isLong ? 1_000_000 : 20_000;
  const part = count / 20;
  await stack.stop(["relay"]);
  const before = await rewritten();
  const filling = JSON.stringify({ filling: "x".repeat(300) });
  for (let done = 0; done < count; done += part) await addBulk(`backlog ${done}`, part, filling);
  const goal = await sql.value<number>("SELECT count(*) FROM careforall.outbox");
  const begun = performance.now();
  await stack.start(["relay"]);
  // Meanwhile writers write, and no commit waits for the relay.
  let slowest = 0;
  let version = 1;
  do {
    const since = performance.now();
    await addMany("writer", version++, 1);
    slowest = Math.max(slowest, performance.now() - since);
    await sleep(20);
    assert.ok(performance.now() - begun < 600_000, "the backlog is not drained");
  } while ((await stream.size()).messages < goal);
  const took = (performance.now() - begun) / 1000;
  const peak = await peakMiB();
  console.log(`        ${count} events in ${took.toFixed(1)} s, peak memory ${peak.toFixed(1)} MiB, slowest write ${slowest.toFixed(0)} ms`);
  assert.ok(peak < 64, `the relay used ${peak} MiB`);
  assert.ok(slowest < 2_000, `a write took ${slowest} ms`);
  await compare(60_000);
  await stack.stop(["relay"]);
  assert.equal(await rewritten(), before, "rows of the outbox were changed or deleted");
  await stack.start(["relay"]);
}

async function idleInTransaction(isLong: boolean): Promise<void> {
  const client = await sql.client();
  const deadline = performance.now() + (isLong ? 600_000 : 3_000);
  let version = 1;
  let slowest = 0;
  try {
    await client.query("BEGIN");
    await client.query("SELECT pg_current_xact_id(), count(*) FROM careforall.outbox");
    while (performance.now() < deadline) {
      const before = await metric("acknowledged_total");
      await addMany("idle transaction", version, 20);
      version += 20;
      const since = performance.now();
      await until("the events to be stored", async () => (await metric("acknowledged_total")) >= before + 20);
      slowest = Math.max(slowest, performance.now() - since);
      await sleep(isLong ? 1_000 : 200);
    }
  } finally {
    await client.query("ROLLBACK");
    await client.end();
  }
  console.log(`        20 events took ${slowest.toFixed(0)} ms at most`);
  assert.ok(slowest < 2_000, `events waited for ${slowest} ms`);
  assert.equal((await versions("idle transaction")).length >= version - 1, true);
  await ready();
  await compare();
}

export const longCases: Cases = { backlog, idleInTransaction };

// SPDX-License-Identifier: Apache-2.0
// The relay's rare cases. Goal: each ends with every event on the stream once and in
// order. Method: make the case happen for real (checkpoints of another cluster,
// a stream deleted, events that cannot be published,
// death at the worst places), then compare the outbox with the stream.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { root } from "../lib/stack.ts";
import { until } from "../lib/until.ts";
import { add, addMany, compare, deleteStream, metric, relay, sql, stack, stream, versions, type Cases } from "./kit.ts";

async function parked(): Promise<void> {
  await add("poison", 1);
  await add("poison", 2, "pledge.NOT A TYPE");
  await addMany("poison", 3, 2);
  await addMany("bystander", 1, 3);
  await until("three events parked", async () =>
    (await sql.value<number>("SELECT count(*) FROM careforall.outbox_parked")) === 3);
  await until("the bystander", async () => (await versions("bystander")).length === 3);
  assert.deepEqual(await versions("poison"), [1]);
  // Released without a remedy: it parks again, and what follows stays behind it.
  await sql.rows("SELECT careforall.outbox_release(md5('poison')::uuid, 'try again')");
  await until("parked again", async () => (await sql.value<number>(
    "SELECT count(*) FROM careforall.outbox_parked WHERE state = 'parked'")) === 3);
  assert.deepEqual(await versions("poison"), [1]);
  // What is told of it: why, how often, and the first and the last time.
  const [told] = await sql.rowsAs<{ reason: string; attempts: number; again: boolean }>(
    "readonly",
    `SELECT reason, attempts, failed_at > parked_at AS again FROM careforall.outbox_parked_overview
      WHERE aggregate_version = 2`,
  );
  assert.deepEqual(told, { reason: "type is not \"<aggregate>.<event>\" of lower-case words", attempts: 2, again: true });
  const id = await sql.value<number>("SELECT min(outbox_id) FROM careforall.outbox_parked");
  assert.equal(await sql.value("SELECT careforall.outbox_drop($1, 'cannot be mended')", [id]), "dropped");
  await sql.rows("SELECT careforall.outbox_release(md5('poison')::uuid, 'go on')");
  await until("the rest", async () => (await versions("poison")).length === 3);
  await until("sent", async () => (await sql.value<number>(
    "SELECT count(*) FROM careforall.outbox_parked WHERE state = 'sent'")) === 2);
  await until("nothing waits", async () => (await metric("parked_aggregates")) === 0);
  await add("poison", 5);
  await until("a new one", async () => (await versions("poison")).length === 4);
  assert.deepEqual(await versions("poison"), [1, 3, 4, 5]);
  await compare();
}

/** Dies by itself at the worst places, once with a full window. */
async function faults(): Promise<void> {
  await promisify(execFile)("make", ["-C", path.join(root, "relay"), "FAULTS=1"]);
  await stack.stop(["relay"]);
  let version = 1;
  for (const fault of ["after_publish:1", "after_publish:40", "after_ack:1", "after_ack:33",
    "before_checkpoint:1", "before_checkpoint:2", "after_checkpoint:1", "after_checkpoint:3"]) {
    const child = relay(stack.port("RELAY"), {
      binary: "faults/careforall-relay",
      env: { CAREFORALL_FAULT: fault },
    });
    while (child.exitCode === null && child.signalCode === null) {
      await addMany("faults", version, 25);
      version += 25;
      assert.ok(version < 5_000, `${fault} did not happen`);
    }
    assert.equal(child.signalCode, "SIGKILL", fault);
  }
  await stack.start(["relay"]);
  await compare();
  assert.equal((await versions("faults")).length, version - 1);
}

async function otherCluster(): Promise<void> {
  await stack.stop(["relay"]);
  await addMany("restored", 1, 10);
  // As after a restore: checkpoints of a foreign cluster, transactions of the future.
  await sql.rows("UPDATE careforall.relay_checkpoints SET system_identifier = 1");
  await sql.rows("UPDATE careforall.outbox SET xid = '9000000000' WHERE id % 2 = 0");
  assert.equal(await sql.value("SELECT careforall.relay_horizon()"), null);
  await stack.start(["relay"]);
  await addMany("restored", 11, 10);
  await compare();
  await until("a horizon", async () =>
    (await sql.value("SELECT careforall.relay_prune('relay') IS NOT NULL AND careforall.relay_horizon() IS NOT NULL")) === true);
  const future = await sql.value<number>(
    "SELECT count(*) FROM careforall.outbox WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())",
  );
  assert.equal(future, 0);
}

async function streamRemade(): Promise<void> {
  const before = await metric("stream_losses_total");
  await deleteStream();
  await addMany("remade", 1, 10);
  await until("a new stream", async () => (await stream.size()).messages > 0);
  await compare();
  assert.equal(await metric("stream_losses_total"), before + 1);
}

async function wakeUps(): Promise<void> {
  const campaign = await makeCampaign(sql);
  const before = await metric("missed_wakeups_total");
  for (let i = 0; i < 20; i++) {
    await sqlPledge(sql, campaign);
    await until("sleep", async () => (await metric("asleep")) === 1);
  }
  await compare();
  assert.equal(await metric("missed_wakeups_total"), before);
}

export const rareCases: Cases = { wakeUps, parked, faults, otherCluster, streamRemade };

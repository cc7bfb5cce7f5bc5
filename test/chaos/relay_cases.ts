// SPDX-License-Identifier: Apache-2.0
// The relay's rare cases, one after the other on one stack. Goal: each ends with every
// event on the stream once and in order. Method: make the case happen for real (a
// leader that hangs and comes back, checkpoints of another cluster, a stream deleted,
// events that cannot be published), then compare the outbox with the stream.
//
// usage: vite-node chaos/relay_cases.ts     CHAOS_PORT_BASE
import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { connect } from "nats";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { scrape, sum } from "../lib/metrics.ts";
import { Sql } from "../lib/sql.ts";
import { freePortBase, root, Stack } from "../lib/stack.ts";
import { Stream } from "../lib/stream.ts";
import { sleep, until } from "../lib/until.ts";

const stack = new Stack(path.join(root, ".run-cases"));
const sql = new Sql(stack);
const stream = new Stream(stack);

async function add(name: string, version: number, type = "pledge.created"): Promise<void> {
  await sql.rows(
    `INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version,
       campaign_id, type, data, occurred_at)
     VALUES (careforall.uuid7(), 'pledge', md5($1)::uuid, $2, md5($1)::uuid, $3, '{}', clock_timestamp())`,
    [name, version, type],
  );
}

async function addMany(name: string, from: number, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await add(name, from + i);
}

const metric = async (name: string): Promise<number> =>
  sum(await scrape(stack, "RELAY"), new RegExp(`^careforall_relay_${name}`));

/** The versions of an aggregate in the order of the stream. */
async function versions(name: string): Promise<number[]> {
  const id = await sql.value<string>("SELECT md5($1)::uuid::text", [name]);
  return (await stream.read()).filter((e) => e.aggregate === id).map((e) => e.version);
}

async function compare(): Promise<void> {
  const truth = await sql.rows<{ id: string }>(
    `SELECT event_id::text AS id FROM careforall.outbox o
      WHERE NOT EXISTS (SELECT FROM careforall.outbox_parked p
                        WHERE p.outbox_id = o.id AND p.state IN ('parked', 'dropped'))`,
  );
  await until("all events", async () => (await stream.size()).messages >= truth.length, 20_000);
  const events = await stream.read();
  const seen = new Set(events.map((event) => event.id));
  assert.equal(truth.filter((row) => !seen.has(row.id)).length, 0, "missing events");
  assert.equal(events.length - seen.size, 0, "duplicate events");
  assert.equal(events.length, truth.length, "events that were never committed");
  const last = new Map<string, number>();
  for (const event of events) {
    assert.ok(event.version > (last.get(event.aggregate) ?? 0), "inversion");
    last.set(event.aggregate, event.version);
  }
}

async function ready(): Promise<void> {
  await until("the relay to be ready", async () => (await fetch(`${stack.url("RELAY")}/readyz`)).ok);
}

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

function relay(port: number, binary = "careforall-relay", fault = ""): ChildProcess {
  return spawn(path.join(root, "relay/build", binary), [], {
    env: {
      CAREFORALL_FAULT: fault,
      CAREFORALL_RELAY_CHECKPOINT: "100ms",
      CAREFORALL_PG_DSN: `host=127.0.0.1 port=${stack.port("PG")} dbname=careforall user=cfa_relay`,
      CAREFORALL_PG_PASSWORD: stack.get("STACK_PG_PASSWORD_RELAY"),
      CAREFORALL_NATS_URL: `nats://127.0.0.1:${stack.port("NATS")}`,
      CAREFORALL_NATS_USER: "relay",
      CAREFORALL_NATS_PASSWORD: stack.get("STACK_NATS_PASSWORD_RELAY"),
      CAREFORALL_HTTP_LISTEN: `127.0.0.1:${port}`,
    },
    stdio: "ignore",
  });
}

async function hangingLeader(): Promise<void> {
  const port = stack.port("PROMETHEUS");
  const second = relay(port);
  const pid = await stack.pid("relay");
  try {
    await until("the standby", async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
    await addMany("zombie", 1, 20);
    process.kill(pid, "SIGSTOP");
    await addMany("zombie", 21, 20);
    await until("the standby to lead", async () =>
      (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).includes("\ncareforall_relay_flowing 1\n"));
    await addMany("zombie", 41, 20);
    process.kill(pid, "SIGCONT");
    await addMany("zombie", 61, 20);
    await compare();
    assert.equal((await versions("zombie")).length, 80);
  } finally {
    process.kill(pid, "SIGCONT");
    second.kill("SIGTERM");
  }
  await ready();
  await until("one to lead again", async () => (await metric("flowing")) === 1);
  await addMany("zombie", 81, 5);
  await compare();
}

/** Dies by itself at the worst places, once with a full window. */
async function faults(): Promise<void> {
  await promisify(execFile)("make", ["-C", path.join(root, "relay"), "FAULTS=1"]);
  await stack.stop(["relay"]);
  let version = 1;
  for (const fault of ["after_publish:1", "after_publish:40", "after_ack:1", "after_ack:33",
    "before_checkpoint:1", "before_checkpoint:2", "after_checkpoint:1", "after_checkpoint:3"]) {
    const child = relay(stack.port("RELAY"), "faults/careforall-relay", fault);
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
  const connection = await connect({
    servers: `127.0.0.1:${stack.port("NATS")}`,
    user: "watcher",
    pass: stack.get("STACK_NATS_PASSWORD_WATCHER"),
  });
  await (await connection.jetstreamManager()).streams.delete("CAREFORALL");
  await connection.close();
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

async function main(): Promise<void> {
  const cases = { wakeUps, parked, faults, otherCluster, streamRemade, hangingLeader };
  await stack.reset();
  const base = Number(process.env.CHAOS_PORT_BASE ?? 0) || (await freePortBase());
  await stack.start(["pg", "nats", "relay"], "--port-base", String(base));
  let failed = 0;
  for (const [name, run] of Object.entries(cases)) {
    const begun = performance.now();
    try {
      await run();
      console.log(`ok      ${name} ${Math.round(performance.now() - begun)} ms`);
    } catch (error) {
      failed++;
      console.log(`FAILED  ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  await stream.close();
  await sql.close();
  if (failed === 0) await stack.reset();
  else await stack.stop();
  await sleep(0);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();

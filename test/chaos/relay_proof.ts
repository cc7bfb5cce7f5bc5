// SPDX-License-Identifier: Apache-2.0
// Proves that every committed event is on the stream once and in order, whatever is
// killed. Goal: 0 missing, 0 duplicates, 0 inversions. Method: writers on row-locked
// aggregates (some changes rolled back, one transaction open for seconds, so that a
// low id commits late), kill -9 of relay and nats-server in turns, a database session
// of the relay ended, and, in the long run, a broker whose store is replaced by an
// older copy. The stream's duplicate window is cut to 100 ms so that it cannot help.
// Afterwards the outbox and the stream are compared id by id.
//
// usage: vite-node chaos/relay_proof.ts [--long]     CHAOS_PORT_BASE, CHAOS_SEED
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type pg from "pg";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { scrape, sum } from "../lib/metrics.ts";
import { Random } from "../lib/random.ts";
import { Sql } from "../lib/sql.ts";
import { freePortBase, root, Stack } from "../lib/stack.ts";
import { Stream } from "../lib/stream.ts";
import { sleep, until } from "../lib/until.ts";

const long = process.argv.includes("--long");
const plan = long
  ? { writers: 8, seconds: 30, kills: 10, openSeconds: 9 }
  : { writers: 4, seconds: 12, kills: 6, openSeconds: 5 };
const aggregates = 50;
const run = promisify(execFile);
const stack = new Stack(path.join(root, ".run-chaos"));

const draw = Random.ofRun();
const { seed } = draw;
const random = (below: number): number => draw.below(below);

const tables = `
  CREATE SCHEMA IF NOT EXISTS chaos;
  CREATE TABLE chaos.aggregates (id int PRIMARY KEY, version bigint NOT NULL DEFAULT 0);
  INSERT INTO chaos.aggregates (id) SELECT generate_series(0, ${aggregates});
  CREATE FUNCTION chaos.event(number int) RETURNS void LANGUAGE sql AS $$
    WITH locked AS (
      UPDATE chaos.aggregates SET version = version + 1 WHERE id = number RETURNING version)
    INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id,
      aggregate_version, campaign_id, type, data, occurred_at)
    SELECT careforall.uuid7(), 'pledge', md5('aggregate ' || number)::uuid, version,
      md5('campaign ' || number % 7)::uuid, 'pledge.created',
      json_build_object('number', number, 'version', version), clock_timestamp()
    FROM locked $$;`;

const writing = { on: true, committed: 0, rolledBack: 0 };

async function write(sql: Sql): Promise<void> {
  const client = await sql.client();
  while (writing.on) {
    const keep = random(10) > 0;
    await client.query("BEGIN");
    // Ascending, so that writers wait for each other without a deadlock.
    const first = random(aggregates - 1);
    await client.query("SELECT chaos.event($1)", [first]);
    if (random(3) === 0) await client.query("SELECT chaos.event($1)", [first + 1]);
    await client.query(keep ? "COMMIT" : "ROLLBACK");
    if (keep) writing.committed++;
    else writing.rolledBack++;
  }
  await client.end();
}

/** Takes a low id at once and commits it seconds later. */
async function writeLate(client: pg.Client): Promise<void> {
  await client.query("BEGIN");
  await client.query("SELECT chaos.event($1)", [aggregates]);
  await sleep(plan.openSeconds * 1000);
  await client.query("COMMIT");
  await client.end();
}

/** Pledges one by one with pauses: the relay sleeps in between and must be woken. */
async function pledge(sql: Sql, campaign: string): Promise<void> {
  while (writing.on) {
    await sqlPledge(sql, campaign);
    await sleep(150 + random(100));
  }
}

async function breakThings(sql: Sql): Promise<void> {
  const pause = (plan.seconds * 1000) / (plan.kills + 1);
  for (let kill = 0; kill < plan.kills; kill++) {
    await sleep(pause / 2 + random(Math.floor(pause)));
    const victim = kill % 2 === 0 ? "relay" : "nats";
    await until(`${victim} to run`, () => stack.kill(victim));
    if (kill % 3 === 2) {
      await sql.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'cfa_relay'",
      );
    }
  }
}

interface Truth extends Record<string, unknown> {
  event_id: string;
  aggregate_id: string;
  aggregate_version: number;
}

/** Compares outbox and stream; gives the number of faults. */
async function compare(sql: Sql, stream: Stream, title: string): Promise<number> {
  const truth = await sql.rows<Truth>(
    "SELECT event_id, aggregate_id, aggregate_version FROM careforall.outbox",
  );
  await until(
    "the stream to hold as many events as the outbox",
    async () => (await stream.size()).messages >= truth.length,
    60_000,
  ).catch((error: unknown) => {
    console.log(String(error));
  });
  const events = await stream.read();
  const seen = new Set(events.map((event) => event.id));
  const missing = truth.filter((row) => !seen.has(row.event_id)).length;
  const known = new Set(truth.map((row) => row.event_id));
  const alien = events.filter((event) => !known.has(event.id)).length;
  const versions = new Map<string, number>();
  let inversions = 0;
  for (const event of events) {
    if (event.version !== (versions.get(event.aggregate) ?? 0) + 1) inversions++;
    versions.set(event.aggregate, event.version);
  }
  const duplicates = events.length - seen.size;
  console.log(
    `${title}: ${truth.length} committed, ${events.length} on the stream, ${missing} missing, ` +
      `${duplicates} duplicates, ${inversions} inversions, ${alien} never committed`,
  );
  return missing + duplicates + inversions + alien;
}

/** The keepers start again what was killed. */
async function ready(): Promise<void> {
  await until("the relay to be ready", async () => (await fetch(`${stack.url("RELAY")}/readyz`)).ok);
}

async function report(): Promise<void> {
  const samples = await scrape(stack, "RELAY");
  const of = (name: string): number => sum(samples, new RegExp(`^careforall_relay_${name}`));
  console.log(
    `last relay: ${of("resyncs_total")} resyncs, ${of("skipped_total")} skipped, ` +
      `${of("stream_losses_total")} stream losses, ${of("sleeps_total")} sleeps, ` +
      `${of("notifications_total")} notifications`,
  );
}

/** A broker that comes back with the store of before: what a power cut can do. */
async function loseStore(sql: Sql): Promise<void> {
  const store = path.join(stack.dir, "nats");
  const copy = path.join(stack.dir, "nats.copy");
  await stack.stop(["nats"]);
  // cp -a keeps the owner, which need not be who runs this.
  await run("cp", ["-a", store, copy]);
  await stack.start(["nats"]);
  writing.on = true;
  const writers = Array.from({ length: 2 }, () => write(sql));
  await sleep(4_000);
  writing.on = false;
  await Promise.all(writers);
  await sleep(1_500);
  await stack.stop(["nats"]);
  await rm(store, { recursive: true });
  await run("mv", [copy, store]);
  await stack.start(["nats"]);
}

async function main(): Promise<number> {
  console.log(`seed ${seed}`);
  await stack.reset();
  const base = Number(process.env.CHAOS_PORT_BASE ?? 0) || (await freePortBase());
  await stack.start(["pg", "nats"], "--port-base", String(base));
  // So short that it cannot help.
  await stack.configure({ CAREFORALL_STREAM_DUPLICATE_WINDOW: "100ms" });
  await stack.start(["relay"]);
  const sql = new Sql(stack);
  const stream = new Stream(stack);
  let faults = 1;
  try {
    await sql.rows(tables);
    const campaign = await makeCampaign(sql);
    const late = writeLate(await sql.client());
    const writers = Array.from({ length: plan.writers }, () => write(sql));
    writers.push(pledge(sql, campaign));
    await breakThings(sql);
    writing.on = false;
    await Promise.all([late, ...writers]);
    await ready();
    console.log(
      `seed ${seed}: ${writing.committed} transactions committed, ${writing.rolledBack} rolled ` +
        `back, ${plan.kills} kills`,
    );
    faults = await compare(sql, stream, "kills");
    await report();
    if (long) {
      await loseStore(sql);
      await ready();
      faults += await compare(sql, stream, "older store");
      await report();
    }
  } finally {
    writing.on = false;
    await stream.close();
    await sql.close();
    if (faults === 0) await stack.reset();
    else await stack.stop();
  }
  return faults;
}

process.exitCode = (await main()) === 0 ? 0 : 1;

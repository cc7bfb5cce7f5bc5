// SPDX-License-Identifier: Apache-2.0
// What the relay's cases share: one stack with PostgreSQL, NATS and a relay, further
// relays beside it, events written straight into the outbox, and the comparison of
// outbox and stream.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import { connect, type JetStreamManager } from "nats";
import { scrape, sum } from "../lib/metrics.ts";
import { Sql } from "../lib/sql.ts";
import { root, Stack } from "../lib/stack.ts";
import { Stream } from "../lib/stream.ts";
import { until } from "../lib/until.ts";

export const stack = new Stack(path.join(root, ".run-cases"));
export const sql = new Sql(stack);
export const stream = new Stream(stack);

/** Cases by name; each is told whether it may take its time. */
export type Cases = Record<string, (isLong: boolean) => Promise<void>>;

export async function add(name: string, version: number, type = "pledge.created"): Promise<void> {
  await addMany(name, version, 1, type);
}

/** Events of one aggregate, one transaction each. */
export async function addMany(name: string, from: number, count: number, type = "pledge.created"): Promise<void> {
  for (let version = from; version < from + count; version++) {
    await sql.rows(
      `INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version,
         campaign_id, type, data, occurred_at)
       VALUES (careforall.uuid7(), 'pledge', md5($1)::uuid, $2, md5($1)::uuid, $3, '{}', clock_timestamp())`,
      [name, version, type],
    );
  }
}

/** Many events of many aggregates in one transaction. */
export async function addBulk(name: string, count: number, data = "{}"): Promise<void> {
  await sql.rows(
    `INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version,
       campaign_id, type, data, occurred_at)
     SELECT careforall.uuid7(), 'pledge', md5($1 || '/' || n % 1000)::uuid, n / 1000 + 1, md5($1)::uuid,
       'pledge.created', $3::json, clock_timestamp()
       FROM generate_series(0, $2::int - 1) n`,
    [name, count, data],
  );
}

export const metric = async (name: string): Promise<number> =>
  sum(await scrape(stack, "RELAY"), new RegExp(`^careforall_relay_${name}`));

/** The versions of an aggregate in the order of the stream. */
export async function versions(name: string): Promise<number[]> {
  const id = await sql.value<string>("SELECT md5($1)::uuid::text", [name]);
  return (await stream.read()).filter((e) => e.aggregate === id).map((e) => e.version);
}

/** Each event that is not parked is on the stream once, in order, and nothing else is. */
export async function compare(timeoutMs = 20_000): Promise<void> {
  const truth = await sql.rows<{ id: string }>(
    `SELECT event_id::text AS id FROM careforall.outbox o
      WHERE NOT EXISTS (SELECT FROM careforall.outbox_parked p
                        WHERE p.outbox_id = o.id AND p.state IN ('parked', 'dropped'))`,
  );
  await until("all events", async () => (await stream.size()).messages >= truth.length, timeoutMs);
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

/** What /readyz says: the status and the reason. */
export async function readiness(port = stack.port("RELAY")): Promise<{ ok: boolean; reason: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
  return { ok: answer.ok, reason: ((await answer.json()) as { reason?: string }).reason ?? "" };
}

export async function ready(port?: number): Promise<void> {
  await until("the relay to be ready", async () => (await readiness(port)).ok);
}

/** Waits until /readyz is red; fails after the time that an operator is promised. */
export async function red(why: RegExp, port?: number): Promise<void> {
  await until(
    `the relay to say ${why.source}`,
    async () => {
      const { ok, reason } = await readiness(port);
      return !ok && why.test(reason);
    },
    30_000,
  );
}

export interface RelayOptions {
  binary?: string;
  args?: string[];
  pgPort?: number | string;
  pgHost?: string;
  natsPort?: number;
  env?: Record<string, string>;
}

const outputs = new WeakMap<ChildProcess, string>();

/** A relay beside the stack's own. */
export function relay(port: number, options: RelayOptions = {}): ChildProcess {
  const child = spawn(path.join(root, "relay/build", options.binary ?? "careforall-relay"), options.args ?? [], {
    env: {
      CAREFORALL_RELAY_CHECKPOINT: "100ms",
      CAREFORALL_PG_DSN: `host=${options.pgHost ?? "127.0.0.1"} port=${options.pgPort ?? stack.port("PG")} dbname=careforall user=cfa_relay`,
      CAREFORALL_PG_PASSWORD: stack.get("STACK_PG_PASSWORD_RELAY"),
      CAREFORALL_NATS_URL: `nats://127.0.0.1:${options.natsPort ?? stack.port("NATS")}`,
      CAREFORALL_NATS_USER: "relay",
      CAREFORALL_NATS_PASSWORD: stack.get("STACK_NATS_PASSWORD_RELAY"),
      CAREFORALL_HTTP_LISTEN: `127.0.0.1:${port}`,
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const pipe of [child.stdout, child.stderr]) {
    pipe.on("data", (text: Buffer) => outputs.set(child, logOf(child) + text.toString()));
  }
  return child;
}

/** What a relay has written so far. */
export const logOf = (child: ChildProcess): string => outputs.get(child) ?? "";

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
}

/** Waits for the end of a relay and gives all it wrote. */
export function ended(child: ChildProcess): Promise<Ended> {
  return new Promise((done) =>
    child.once("close", (code, signal) => {
      done({ code, signal, output: logOf(child) });
    }));
}

export async function stopRelay(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = ended(child);
  child.kill("SIGCONT");
  child.kill("SIGTERM");
  await end;
}

/** JetStream's administration, as somebody who may do everything but publish. */
export async function withStreams<T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
  const connection = await connect({
    servers: `127.0.0.1:${stack.port("NATS")}`,
    user: "watcher",
    pass: stack.get("STACK_NATS_PASSWORD_WATCHER"),
  });
  try {
    return await work(await connection.jetstreamManager());
  } finally {
    await connection.close();
  }
}

export const deleteStream = (): Promise<boolean> =>
  withStreams((manager) => manager.streams.delete("CAREFORALL"));

// SPDX-License-Identifier: Apache-2.0
// Publishing again. Goal: a replay puts the events of its range on the stream once
// more, with the same ids, marked, and in order, while new events go on; it survives
// kills, waits for the duplicate window, and can be canceled. Method: a stream with a
// short duplicate window, the command careforall-relay replay and the administrators'
// function; the stream is read back and compared event by event.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { nanos } from "nats";
import { root } from "../lib/stack.ts";
import type { StreamEvent } from "../lib/stream.ts";
import { sleep, until } from "../lib/until.ts";
import { addBulk, addMany, deleteStream, compare, ready, sql, stack, stream, withStreams, type Cases } from "./kit.ts";

interface Run {
  code: number | null;
  output: string;
}

function replay(...args: string[]): Promise<Run> {
  const child = spawn(path.join(root, "relay/build/careforall-relay"), ["replay", ...args], {
    env: {
      CAREFORALL_PG_DSN: `host=127.0.0.1 port=${stack.port("PG")} dbname=careforall user=cfa_relay`,
      CAREFORALL_PG_PASSWORD: stack.get("STACK_PG_PASSWORD_RELAY"),
    },
  });
  let output = "";
  for (const pipe of [child.stdout, child.stderr]) pipe.on("data", (text: Buffer) => (output += text.toString()));
  return new Promise((done) => child.once("close", (code) => { done({ code, output }); }));
}

const isReplay = (event: StreamEvent): boolean => event.headers.has("careforall-replay");

/** Events of the outbox between two ids, as they have to come again. */
const idsBetween = async (first: number, last: number): Promise<string[]> =>
  (await sql.rows<{ id: string }>(
    "SELECT event_id::text AS id FROM careforall.outbox WHERE id BETWEEN $1 AND $2 ORDER BY id", [first, last],
  )).map((row) => row.id);

const lastId = (): Promise<number> => sql.value<number>("SELECT max(id) FROM careforall.outbox");

/** The replayed events from a sequence on; beside them each event must be there once. */
async function replayed(from: number): Promise<string[]> {
  const events = (await stream.read()).filter((event) => isReplay(event));
  return events.filter((event) => event.sequence > from).map((event) => event.id);
}

async function onceBesideReplays(): Promise<void> {
  const events = (await stream.read()).filter((event) => !isReplay(event));
  assert.equal(new Set(events.map((event) => event.id)).size, events.length, "duplicate events");
  const versions = new Map<string, number>();
  for (const event of events) {
    assert.ok(event.version > (versions.get(event.aggregate) ?? 0), "inversion");
    versions.set(event.aggregate, event.version);
  }
}

async function replayCases(): Promise<void> {
  // A new stream that forgets ids after a second.
  await stack.configure({ CAREFORALL_STREAM_DUPLICATE_WINDOW: "1s" });
  await stack.stop(["relay"]);
  await deleteStream();
  await stack.start(["relay"]);
  await compare();

  const first = (await lastId()) + 1;
  await addMany("again", 1, 30);
  const last = await lastId();
  await compare();
  const { last: end } = await stream.size();

  // Nothing of it is done by a dry run.
  const dry = await replay("--from", String(first), "--to", String(last), "--dry-run");
  assert.equal(dry.code, 0, dry.output);
  assert.match(dry.output, /would replay 30 events/);
  const empty = await replay("--from", "2001-01-01", "--to", "2001-01-02");
  assert.match(empty.output, /no event of this range/);
  for (const [args, code, words] of [
    [["--from", "yesterday or so"], 1, /invalid point of the outbox/],
    [["--reason", "x"], 1, /invalid reason/],
    [["--follow", "999999"], 1, /no such replay/],
    [["--from"], 2, /needs a value/],
    [["--fro"], 2, /unrecognized option/],
  ] as const) {
    const run = await replay(...args);
    assert.equal(run.code, code, run.output);
    assert.match(run.output, words);
  }
  assert.deepEqual(await replayed(end), []);

  // New events of the same aggregate go on meanwhile and stay in order.
  const running = replay("--from", String(first), "--to", String(last), "--reason", "a consumer lost them");
  await addMany("again", 31, 30);
  const run = await running;
  assert.equal(run.code, 0, run.output);
  assert.match(run.output, /done, 30 of 30 events/);
  assert.deepEqual(await replayed(end), await idsBetween(first, last));
  await onceBesideReplays();
  assert.equal(await sql.value(
    "SELECT reason FROM careforall.audit_log WHERE action = 'outbox_replay' ORDER BY id DESC LIMIT 1"), "a consumer lost them");

  // By time, by an administrator, and at once again: it waits for the window.
  const from = await sql.value<string>(
    "SELECT recorded_at::text FROM careforall.outbox WHERE id = $1", [first]);
  const { last: next } = await stream.size();
  const [asked] = await sql.rowsAs<{ replay_id: number; events: number }>(
    "admin", "SELECT replay_id, events FROM careforall.outbox_replay($1, NULL, 'once more')", [from]);
  assert.equal(asked?.events, 60);
  await until("the replay to be done", async () => (await sql.value(
    "SELECT state FROM careforall.outbox_replays WHERE id = $1", [asked.replay_id])) === "done", 30_000);
  assert.deepEqual(await replayed(next), await idsBetween(first, await lastId()));
  await onceBesideReplays();
  await assert.rejects(sql.rowsAs("api", "SELECT careforall.outbox_replay(NULL, NULL, 'not allowed')"));
}

/** Killed again and again in the middle of a long replay: each event comes again once. */
async function replayKilled(isLong: boolean): Promise<void> {
  const count = isLong ? 100_000 : 6_000;
  const first = (await lastId()) + 1;
  await addBulk("replay", count, JSON.stringify({ filling: "x".repeat(200) }));
  await until("the events", async () => (await stream.size()).messages >= count, 120_000);
  await ready();
  await sleep(4_000);
  const { last: end } = await stream.size();
  const [asked] = await sql.rowsAs<{ replay_id: number }>(
    "admin", "SELECT replay_id FROM careforall.outbox_replay($1, NULL, 'kill it')", [String(first)]);
  let version = 1;
  const state = (): Promise<{ state: string; position: number; published: number }> =>
    sql.row("SELECT state, position, published FROM careforall.outbox_replays WHERE id = $1", [asked?.replay_id]);
  for (let kill = 0; kill < 4; kill++) {
    const { last: now } = await until("NATS to answer", () => stream.size());
    await until("some more", async () => (await stream.size()).last > now + 1_000 || (await state()).state === "done", 30_000);
    await until("a victim", () => stack.kill(kill % 2 === 0 ? "relay" : "nats"));
    await addMany("meanwhile", version, 5);
    version += 5;
    await ready();
  }
  await until("the replay to be done", async () => (await state()).state === "done", 120_000);
  await stream.close();
  const seen = await until("the stream", () => replayed(end));
  const wanted = await idsBetween(first, first + count - 1);
  assert.deepEqual(seen, wanted);
  assert.equal((await state()).published, count);
  await onceBesideReplays();
}

async function replayCanceled(): Promise<void> {
  await stack.stop(["relay"]);
  const [asked] = await sql.rowsAs<{ replay_id: number }>(
    "admin", "SELECT replay_id FROM careforall.outbox_replay(NULL, NULL, 'too much')");
  const cancel = (id: number | undefined): Promise<unknown[]> =>
    sql.rowsAs("admin", "SELECT careforall.outbox_replay_cancel($1, 'rather not') AS result", [id]);
  assert.deepEqual(await cancel(asked?.replay_id), [{ result: "canceled" }]);
  assert.deepEqual(await cancel(asked?.replay_id), [{ result: "not_running" }]);
  assert.deepEqual(await cancel(0), [{ result: "unknown" }]);
  const run = await replay("--follow", String(asked?.replay_id));
  assert.equal(run.code, 1);
  assert.match(run.output, /canceled/);
  await stack.start(["relay"]);
  const { last } = await stream.size();
  await sleep(2_000);
  assert.deepEqual(await replayed(last), []);
  // As the others expect it: a stream without replays and with a long window.
  await stack.configure({ CAREFORALL_STREAM_DUPLICATE_WINDOW: "2min" });
  await withStreams((manager) => manager.streams.update("CAREFORALL", { duplicate_window: nanos(120_000) }));
  await stack.stop(["relay"]);
  await stack.start(["relay"]);
  await deleteStream();
  await compare(60_000);
}

export const replayCasesAll: Cases = { replay: replayCases, replayKilled, replayCanceled };

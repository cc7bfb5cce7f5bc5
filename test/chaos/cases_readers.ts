// SPDX-License-Identifier: Apache-2.0
// Independent consumers of the outbox. Goal: each gets every committed event from its
// start on, in order per aggregate and in pieces, whatever commits late; a pause or a
// dead one costs nothing but room, and that is told. Method: readers from zero, now and
// a time; transactions held open; a partition past its retention; another cluster.
import assert from "node:assert/strict";
import { refusal } from "../lib/sql.ts";
import { addMany, sql, type Cases } from "./kit.ts";

interface Event extends Record<string, unknown> {
  id: number;
  event_id: string;
  aggregate_id: string;
  aggregate_version: number;
}

const next = (name: string, max = 1000): Promise<Event[]> =>
  sql.rows<Event>("SELECT id, event_id, aggregate_id, aggregate_version FROM careforall.outbox_reader_next($1, $2)", [name, max]);

const ack = (name: string, upTo: number | null, taken = 0): Promise<string> =>
  sql.value<string>("SELECT careforall.outbox_reader_ack($1, $2, $3)", [name, upTo, taken]);

/** Takes all there is, so many at a time. */
async function drain(name: string, max = 7): Promise<Event[]> {
  const all: Event[] = [];
  for (;;) {
    const events = await next(name, max);
    if (events.length === 0) return all;
    all.push(...events);
    assert.equal(await ack(name, events.at(-1)?.id ?? 0, events.length), "acked");
  }
}

const create = async (name: string, from: string): Promise<string> =>
  (await sql.rowsAs<{ result: string }>(
    "admin", "SELECT careforall.outbox_reader_create($1, $2, 'for a test') AS result", [name, from]))[0]?.result ?? "";

const change = async (name: string, word: string): Promise<string> =>
  (await sql.rowsAs<{ result: string }>(
    "admin", `SELECT careforall.outbox_reader_${word}($1, 'for a test') AS result`, [name]))[0]?.result ?? "";

const health = (name: string): Promise<{ status: string; value: string; hint: string | null }> =>
  sql.row(`SELECT status, value, hint FROM careforall.health WHERE "check" = $1`, [`reader ${name}`]);

function inOrder(events: Event[]): void {
  const last = new Map<string, number>();
  for (const event of events) {
    assert.ok(event.aggregate_version > (last.get(event.aggregate_id) ?? 0), "inversion");
    last.set(event.aggregate_id, event.aggregate_version);
  }
}

async function readers(): Promise<void> {
  await addMany("reader", 1, 20);
  const middle = await sql.value<string>("SELECT clock_timestamp()::text");
  await addMany("reader", 21, 10);
  assert.equal(await create("zero", "zero"), "created");
  assert.equal(await create("zero", "now"), "same");
  assert.equal(await create("fresh", "now"), "created");
  assert.equal(await create("since", middle), "created");
  for (const [name, from] of [["bad", "sometime"], ["relay", "now"], ["No Name", "now"]] as const) {
    assert.match((await refusal(sql.rowsAs("admin", "SELECT careforall.outbox_reader_create($1, $2, 'for a test')", [name, from]))).code, /^(22023|23514)$/);
  }
  const all = await sql.value<number>("SELECT count(*) FROM careforall.outbox");
  const fromZero = await drain("zero", 100);
  assert.equal(new Set(fromZero.map((event) => event.event_id)).size, all);
  assert.equal(fromZero.length, all);
  inOrder(fromZero);
  assert.equal((await drain("fresh")).length, 0);
  assert.equal((await drain("since")).length, 10);

  // The same again until it is acknowledged; a late word changes nothing.
  await addMany("reader", 31, 5);
  const first = await next("fresh", 3);
  assert.deepEqual(await next("fresh", 3), first);
  assert.equal(await ack("fresh", first[1]?.id ?? 0, 2), "acked");
  assert.equal(await ack("fresh", first[0]?.id ?? 0), "stale");
  assert.equal(await ack("fresh", null), "stale");
  assert.equal((await drain("fresh")).length, 3);
}

async function readersLate(): Promise<void> {
  await drain("fresh");
  const client = await sql.client();
  try {
    await client.query("BEGIN");
    await client.query(
      `INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at)
       VALUES (careforall.uuid7(), 'pledge', md5('late reader')::uuid, 1, md5('late')::uuid, 'pledge.created', '{}', clock_timestamp())`,
    );
    await addMany("early reader", 1, 10);
    // A batch is under way, and then another, while the low id is open.
    const part = await next("fresh", 4);
    assert.equal(part.length, 4);
    await ack("fresh", part[3]?.id ?? 0);
    assert.equal((await drain("fresh")).length, 6);
    await client.query("COMMIT");
  } finally {
    await client.end();
  }
  const late = await drain("fresh");
  assert.equal(late.length, 1);
  assert.equal(late[0]?.aggregate_version, 1);
}

async function readersPaused(): Promise<void> {
  await drain("fresh");
  assert.equal(await change("fresh", "pause"), "paused");
  assert.equal(await change("fresh", "pause"), "same");
  await addMany("paused reader", 1, 5);
  assert.deepEqual(await next("fresh"), []);
  assert.equal((await health("fresh")).status, "warn");
  // The others and the relay go on; the outbox keeps what it has not taken.
  assert.ok((await drain("zero", 100)).length >= 5);
  const held = await sql.value<boolean>(
    `SELECT careforall.relay_horizon() <= min(o.xid) FROM careforall.outbox o
      WHERE aggregate_id = md5('paused reader')::uuid`);
  assert.equal(held, true);
  await sql.rows(
    `SET ROLE careforall_owner;
     SELECT careforall.outbox_partition_make((clock_timestamp() AT TIME ZONE 'UTC')::date - 9);
     RESET ROLE`);
  await sql.rows(
    `INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version, campaign_id, type, data, occurred_at, recorded_at)
     VALUES (careforall.uuid7(), 'pledge', md5('old')::uuid, 1, md5('old')::uuid, 'pledge.created', '{}',
       clock_timestamp(), clock_timestamp() - interval '9 days')`);
  const told = await health("fresh");
  assert.equal(told.status, "bad");
  assert.match(told.hint ?? "", /keeps 1 days more/);
  const days = await sql.rows<{ name: string; value: number }>(
    "SELECT name, value FROM careforall.metrics() WHERE name IN ('outbox_days_overdue', 'outbox_reader_behind') AND label IN ('', 'fresh') ORDER BY name");
  assert.deepEqual(days, [{ name: "outbox_days_overdue", value: 1 }, { name: "outbox_reader_behind", value: 6 }]);
  const rotate = (): Promise<string[]> => sql.rows<{ result: string }>("SELECT result FROM careforall.outbox_rotate()")
    .then((rows) => rows.map((row) => row.result));
  assert.deepEqual(await rotate(), ["kept: not every consumer is past it"]);
  assert.equal(await change("fresh", "resume"), "resumed");
  assert.equal((await drain("fresh")).length, 6);
  assert.equal((await health("fresh")).status, "ok");
}

async function readersElsewhere(): Promise<void> {
  // Another cluster, as after a restore: it begins again, and says so.
  await sql.rows("UPDATE careforall.outbox_readers SET system_identifier = 1 WHERE name = 'fresh'");
  assert.equal(await sql.value("SELECT careforall.relay_horizon()"), null);
  const again = await drain("fresh", 500);
  assert.equal(again.length, await sql.value<number>("SELECT count(*) FROM careforall.outbox"));
  inOrder(again);
  assert.equal(await sql.value("SELECT restarts FROM careforall.outbox_readers WHERE name = 'fresh'"), 1);
  assert.match((await refusal(sql.rows("SELECT * FROM careforall.outbox_reader_next('nobody')"))).code, /PL005/);
  for (const login of ["api", "relay", "support", "readonly"] as const) {
    assert.equal((await refusal(sql.rowsAs(login, "SELECT * FROM careforall.outbox_reader_next('zero')"))).code, "42501");
  }
  for (const name of ["zero", "fresh", "since"]) assert.equal(await change(name, "remove"), "removed");
  assert.equal(await sql.value(
    "SELECT count(*) FROM careforall.audit_log WHERE action LIKE 'outbox_reader%' AND target_id = 'fresh'"), 4);
}

export const readerCases: Cases = { readers, readersLate, readersPaused, readersElsewhere };

// SPDX-License-Identifier: Apache-2.0
// Many hosts, and one after the other is lost. Goal: no pledge that was acknowledged is
// lost or there twice, no event is lost, doubled or out of order, no payment is made
// twice, there is never more than one primary, and all goes on by itself. Method: donors
// pledge and read through the gateway; a client that gets no answer asks again with the
// same Idempotency-Key, as docs/howto/scaling.md asks of clients, and does nothing else. Hosts
// lose power, cables are pulled and plugged in again, in an order drawn from a seed.
// Afterwards everything is read back and compared.
import { afterAll, beforeAll, expect, test } from "vitest";
import { assertInvariants, databaseHolds, settled } from "../lib/invariants.ts";
import { answersWereTrue, progress, startLoad, type Load } from "../lib/load.ts";
import { Random } from "../lib/random.ts";
import { sleep, until } from "../lib/until.ts";
import { Cluster } from "./cluster.ts";
import type { Host } from "./host.ts";
import { PrimaryWatch, pulseOf, Pulse } from "./watch.ts";

const all = new Cluster();
const draw = new Random(Number(process.env.HA_SEED ?? 0) || Date.now() % 1_000_000);
const only = new RegExp(process.env.HA_ONLY ?? "");

let load: Load;
let primaries: PrimaryWatch;
/** What goes on beside the tests, to be ended with them. */
const ends: (() => Promise<void>)[] = [];
const pledges = new Pulse();
let slowestMs = 0;
let reads: ReturnType<typeof pulseOf>;
let events: ReturnType<typeof pulseOf>;
let payments: ReturnType<typeof pulseOf>;

function acknowledged(ms: number): void {
  pledges.beat();
  slowestMs = Math.max(slowestMs, ms);
}

beforeAll(async () => {
  console.log(`HA_SEED=${draw.seed}`);
  await all.open();
  primaries = new PrimaryWatch(all.sql, all.databases);
  ends.push(() => primaries.stop());
  load = await startLoad(all, { donors: 6, rest: () => 80, acknowledged });
  await progress(load);
  reads = pulseOf(async () => (await all.http.call("GET", `/api/v1/campaigns/${load.campaign}`, { timeoutMs: 5_000 })).status === 200);
  events = pulseOf(rises(() => all.streamSequence()));
  payments = pulseOf(rises(() => all.paymentEvents()));
  ends.push(reads.stop, events.stop, payments.stop);
});

afterAll(async () => {
  for (const end of ends) await end();
  await all.close();
});

/** Whether a number is higher than ever before. */
function rises(read: () => Promise<number>): () => Promise<boolean> {
  let last = 0;
  return async () => {
    const now = await read();
    const isNew = now > last;
    last = Math.max(now, last);
    return isNew;
  };
}

/** Something that is lost, until the promise is kept; gives what to say of it. */
interface Trouble {
  name: string;
  happens: () => Promise<string>;
}

/** Without power until work goes on without the host, and a moment longer. */
async function outage(host: Host): Promise<string> {
  await host.powerOff();
  await progress(load);
  await sleep(2_000);
  host.powerOn();
  return host.name;
}

async function cut(host: Host, seconds: number): Promise<string> {
  await host.pullCable();
  await sleep(seconds * 1_000);
  await host.plugCable();
  return host.name;
}

async function switchover(): Promise<string> {
  const from = await all.primary();
  const answer = await fetch(`http://${from.address}:8008/switchover`, {
    method: "POST",
    body: JSON.stringify({ leader: from.name }),
  });
  if (!answer.ok) throw new Error(`no switchover: ${await answer.text()}`);
  return from.name;
}

const troubles: Trouble[] = [
  { name: "primary: power lost", happens: async () => outage(await all.primary()) },
  // Over the turn of a minute, when pg_cron writes and then waits for a standby.
  { name: "primary: cable out for 14 s", happens: async () => {
    await sleep(60_000 - ((Date.now() + 2_000) % 60_000));
    return cut(await all.primary(), 14);
  } },
  { name: "primary: cable out for 60 s", happens: async () => cut(await all.primary(), 60) },
  { name: "primary: planned switchover", happens: switchover },
  { name: "NATS leader: power lost", happens: async () => outage(await all.streamLeader()) },
  { name: "NATS leader: cable out for 14 s", happens: async () => cut(await all.streamLeader(), 14) },
  { name: "relay leader: killed", happens: async () => {
    const host = await all.relayLeader();
    host.kill("relay");
    return host.name;
  } },
  { name: "relay leader: power lost", happens: async () => outage(await all.relayLeader()) },
  { name: "relay leader: cable out for 14 s", happens: async () => cut(await all.relayLeader(), 14) },
  { name: "API host: power lost", happens: () => outage(draw.pick(all.some("a1", "a2"))) },
  { name: "API host: cable out for 14 s", happens: () => cut(draw.pick(all.some("a1", "a2")), 14) },
  { name: "Redis: power lost, all forgotten", happens: () => outage(all.at("redis")) },
];

function shuffled<T>(list: T[]): T[] {
  const left = [...list];
  return list.map(() => left.splice(draw.below(left.length), 1)[0] as T);
}

const told: string[] = [];

for (const trouble of shuffled(troubles.filter(({ name }) => only.test(name)))) {
  test(trouble.name, async () => {
    await all.isWell();
    const before = (await all.primary()).name;
    const failures = load.errors;
    for (const pulse of [pledges, reads.pulse, events.pulse, payments.pulse]) pulse.reset();
    slowestMs = 0;
    const host = await trouble.happens();
    await progress(load);
    await all.isWell();
    await all.paysByEvents();
    // A rival that came back would show itself now.
    await sleep(5_000);
    await progress(load);
    const after = (await all.primary()).name;
    const seconds = [pledges.gap, slowestMs / 1_000, reads.pulse.gap, events.pulse.gap, payments.pulse.gap];
    told.push([trouble.name.padEnd(34), host.padEnd(8), ...seconds.map((one) => one.toFixed(1).padStart(8)),
      String(load.errors - failures).padStart(8), before === after ? "" : `  ${before} -> ${after}`].join(" "));
  });
}

test("everything is there, once, and nothing besides", async () => {
  await load.stop();
  console.log([
    `HA_SEED=${draw.seed}`,
    "Seconds: the longest without a pledge acknowledged, the slowest pledge from the first request to the",
    "acknowledgement, the longest without a read answered, without an event on the stream and without one at a payment worker.",
    ["lost".padEnd(34), "host".padEnd(8), ...["pledges", "slowest", "reads", "events", "payments", "failures"].map((name) => name.padStart(8))].join(" "),
    ...told,
    `${load.made.size} pledges acknowledged, ${load.errors} requests failed on the way`,
  ].join("\n"));
  await all.primary();
  await settled(all, 120_000);
  await answersWereTrue(all, load);
  await assertInvariants(all);
  const { payment_intents: payments } = await all.provider.ledger();
  const paid = payments.filter((payment) => payment.status === "succeeded").map((payment) => payment.metadata.pledge_id);
  expect(new Set(paid).size, "pledges that were paid twice").toBe(paid.length);
  // Whichever is the next primary has all of it (I9).
  const count = "SELECT count(*) FROM careforall.pledge_history";
  const changes = await all.sql.value<number>(count);
  await all.withStandbys(async (sql) => {
    await until("the standby to have applied everything", async () => (await sql.value<number>(count)) === changes);
    await databaseHolds({ sql });
  });
  expect(primaries.commits.length).toBeGreaterThan(100);
  expect(primaries.rivals, "commits acknowledged by a primary that was none any more").toEqual([]);
}, 600_000);

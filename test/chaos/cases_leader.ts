// SPDX-License-Identifier: Apache-2.0
// Who leads. Goal: a standby leads within the promised time after the leader dies,
// hangs or is cut off, and an old leader that lives on neither breaks the order nor
// moves the cursor back. Method: two relays, one of them behind proxies; kill, SIGSTOP
// and SIGCONT, a line to PostgreSQL or NATS on which nothing comes any more; then the
// stream is compared with the outbox and the checkpoints are read.
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { connect } from "nats";
import { Proxy } from "../lib/proxy.ts";
import { until } from "../lib/until.ts";
import { addMany, compare, deleteStream, readiness, ready, relay, sql, stack, stopRelay, versions, type Cases } from "./kit.ts";

const flows = async (port: number): Promise<boolean> =>
  (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).includes("\ncareforall_relay_flowing 1\n");

const standsBy = async (port: number): Promise<boolean> => {
  const { ok, reason } = await readiness(port);
  return ok && reason === "standing by";
};

interface Pair {
  leader: ChildProcess;
  pg: Proxy;
  nats: Proxy;
}

/** A leader behind proxies with the stack's relay as its standby. */
async function withPair(work: (pair: Pair) => Promise<void>): Promise<void> {
  const port = stack.port("PROMETHEUS");
  const [pg, nats] = [await Proxy.to(stack.port("PG")), await Proxy.to(stack.port("NATS"))];
  await stack.stop(["relay"]);
  const leader = relay(port, { pgPort: pg.port, natsPort: nats.port });
  try {
    await until("the first to lead", () => flows(port));
    await stack.start(["relay"]);
    await until("the second to stand by", () => standsBy(stack.port("RELAY")));
    await work({ leader, pg, nats });
  } finally {
    for (const proxy of [pg, nats]) proxy.mode = "pass";
    await stopRelay(leader);
    await pg.close();
    await nats.close();
  }
  await until("the second to lead", () => flows(stack.port("RELAY")));
}

/** Seconds until the standby publishes; fails beyond the limit. */
async function takeOver(what: string, limit: number): Promise<void> {
  const begun = performance.now();
  await until(`the standby to lead after ${what}`, () => flows(stack.port("RELAY")), limit * 1000);
  console.log(`        ${what}: taken over after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

/** Epochs and sequences of all checkpoints never go back. */
async function cursorMovedForward(): Promise<void> {
  const backwards = await sql.value<number>(
    `SELECT count(*) FROM (
       SELECT epoch < lag(epoch) OVER w OR (stream_seq < lag(stream_seq) OVER w
         AND stream_created = lag(stream_created) OVER w) AS is_back
       FROM careforall.relay_checkpoints WINDOW w AS (ORDER BY id)) c WHERE is_back`,
  );
  assert.equal(backwards, 0);
}

async function leaderKilled(): Promise<void> {
  await withPair(async ({ leader }) => {
    await addMany("killed", 1, 20);
    leader.kill("SIGKILL");
    await addMany("killed", 21, 20);
    await takeOver("kill -9", 5);
    await compare();
    assert.equal((await versions("killed")).length, 40);
  });
}

/** SIGSTOP, and SIGCONT when another one leads. */
async function leaderHangs(): Promise<void> {
  await withPair(async ({ leader }) => {
    await addMany("hangs", 1, 20);
    const epoch = await sql.value<number>("SELECT epoch FROM careforall.relay_leaders WHERE consumer = 'relay'");
    leader.kill("SIGSTOP");
    await addMany("hangs", 21, 20);
    await takeOver("SIGSTOP", 5);
    await addMany("hangs", 41, 20);
    leader.kill("SIGCONT");
    await addMany("hangs", 61, 20);
    await compare();
    assert.equal((await versions("hangs")).length, 80);
    await cursorMovedForward();
    // Its epoch is used up: whatever it writes with it changes nothing.
    const before = await sql.value<number>("SELECT max(id) FROM careforall.relay_checkpoints");
    assert.equal(
      await sql.value(
        `SELECT careforall.relay_checkpoint('relay', $1, '1:1:', 'CAREFORALL', 'x', 0, NULL)`, [epoch]),
      false,
    );
    assert.equal(await sql.value(
      "SELECT careforall.relay_park('relay', $1, min(o.id), min(o.xid), 'old') FROM careforall.outbox o", [epoch]), null);
    const news = await sql.value<number>(
      "SELECT count(*) FROM careforall.relay_checkpoints WHERE id > $1 AND epoch <= $2", [before, epoch]);
    assert.equal(news, 0);
  });
}

async function leaderWithoutDatabase(): Promise<void> {
  await withPair(async ({ pg }) => {
    await addMany("no database", 1, 20);
    pg.mode = "hang";
    await addMany("no database", 21, 20);
    await takeOver("the line to PostgreSQL hangs", 5);
    // It knows by itself that it does not lead any more.
    await until("the old leader to step down", async () =>
      !(await flows(stack.port("PROMETHEUS"))) && !(await readiness(stack.port("PROMETHEUS"))).ok);
    await addMany("no database", 41, 20);
    pg.mode = "pass";
    pg.cut();
    await until("it to stand by", () => standsBy(stack.port("PROMETHEUS")));
    await compare();
    assert.equal((await versions("no database")).length, 60);
    await cursorMovedForward();
  });
}

async function leaderWithoutNats(): Promise<void> {
  await withPair(async ({ nats }) => {
    await addMany("no nats", 1, 20);
    nats.mode = "hang";
    nats.cut();
    await addMany("no nats", 21, 20);
    await takeOver("no connection to NATS", 5);
    nats.mode = "pass";
    nats.cut();
    await until("it to stand by", () => standsBy(stack.port("PROMETHEUS")));
    nats.mode = "pass";
    await compare();
    await cursorMovedForward();
  });
  await withPair(async ({ nats }) => {
    nats.mode = "hang";
    await addMany("no nats", 41, 20);
    await takeOver("the line to NATS hangs", 5);
    await compare();
    assert.equal((await versions("no nats")).length, 60);
  });
  await ready();
}

/** Only one way is cut: what is said still arrives, or what is answered. */
async function leaderHalfCut(isLong: boolean): Promise<void> {
  if (!isLong) return;
  let version = 1;
  for (const server of ["pg", "nats"] as const) {
    for (const mode of ["mute", "deaf"] as const) {
      await withPair(async (pair) => {
        await addMany("half cut", version, 10);
        pair[server].mode = mode;
        await addMany("half cut", version + 10, 10);
        await takeOver(`the line to ${server} is ${mode}`, 5);
        await addMany("half cut", version + 20, 10);
        version += 30;
        pair[server].mode = "pass";
        pair[server].cut();
        await until("it to stand by", () => standsBy(stack.port("PROMETHEUS")));
        await compare();
        await cursorMovedForward();
      });
    }
  }
  assert.equal((await versions("half cut")).length, version - 1);
}

/**
 * A message of an old connection that comes late takes the place of the relay's first
 * one: the second must not be stored without the first.
 */
async function lateMessage(): Promise<void> {
  const connection = await connect({
    servers: `127.0.0.1:${stack.port("NATS")}`,
    user: "relay",
    pass: stack.get("STACK_NATS_PASSWORD_RELAY"),
  });
  try {
    for (let round = 0; round < 3; round++) {
      await addMany(`before ${round}`, 1, 1);
      await until("the relay to be done", async () => (await versions(`before ${round}`)).length === 1);
      await connection.jetstream().publish("careforall.pledge.late.0", "", { msgID: `late ${round}` });
      await sql.rows(
        `INSERT INTO careforall.outbox (event_id, aggregate_type, aggregate_id, aggregate_version,
           campaign_id, type, data, occurred_at)
         SELECT careforall.uuid7(), 'pledge', md5($1)::uuid, n, md5($1)::uuid, 'pledge.created', '{}', clock_timestamp()
           FROM generate_series(1, 5) n`,
        [`behind ${round}`],
      );
      await until("the events", async () => (await versions(`behind ${round}`)).length >= 5);
      assert.deepEqual(await versions(`behind ${round}`), [1, 2, 3, 4, 5]);
    }
  } finally {
    await connection.close();
  }
  await deleteStream();
  await compare();
}

export const leaderCases: Cases = { lateMessage, leaderKilled, leaderHangs, leaderWithoutDatabase, leaderWithoutNats, leaderHalfCut };

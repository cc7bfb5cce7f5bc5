// SPDX-License-Identifier: Apache-2.0
// The whole stack under fire. Goal: whatever dies, hangs or is cut off, and whenever,
// I1 to I9 hold afterwards. Method: donors pledge, and some cancel, each with a key that
// it keeps until it knows; first the places that are easy to get wrong, one by one, then
// a schedule drawn from a seed, which is printed and can be set: which process is
// killed or stopped, which line is cut, which way, when, for how long. At the end
// everything is read back (database, stream, Redis, provider) and compared.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { assertInvariants, settled } from "../lib/invariants.ts";
import { answersWereTrue, progress, startLoad, type Load } from "../lib/load.ts";
import { Random } from "../lib/random.ts";
import type { Part } from "../lib/stack.ts";
import { sleep, until } from "../lib/until.ts";
import { LinedStack } from "./lines.ts";

const run = promisify(execFile);
const seconds = Number(process.env.CHAOS_SECONDS ?? 40);
const draw = Random.ofRun();
const all = new LinedStack();

beforeAll(async () => {
  console.log(`CHAOS_SEED=${draw.seed}`);
  await all.open({
    CAREFORALL_MOCKPAY_LATENCY_MS: 20,
    CAREFORALL_PAYMENTS_RECONCILE_AFTER: "5s",
    CAREFORALL_PAYMENTS_RECONCILE_EVERY: "2s",
    CAREFORALL_RATE_EXEMPT: "127.0.0.1,::1",
    // So short that it cannot help, and that a replay need not wait.
    CAREFORALL_STREAM_DUPLICATE_WINDOW: "1s",
  });
});

afterEach(() => {
  all.mend();
});

afterAll(async () => {
  await all.close();
});

async function holds(load?: Load): Promise<void> {
  await settled(all, 200_000);
  if (load) await answersWereTrue(all, load);
  await assertInvariants(all);
}

async function underLoad(work: (load: Load) => Promise<void>): Promise<void> {
  const load = await startLoad(all);
  try {
    await progress(load);
    await work(load);
    all.mend();
    await progress(load);
  } finally {
    all.mend();
    await load.stop();
  }
  await holds(load);
}

/** SIGQUIT to the postmaster: every backend stops at once, nothing is written back. */
async function stopPostgresNow(): Promise<void> {
  const file = path.join(all.stack.dir, "pg/postmaster.pid");
  const pid = Number((await run("head", ["-1", file])).stdout);
  process.kill(pid, "SIGQUIT");
  await until("PostgreSQL to be gone", async () => !(await isAlive(pid)));
  await all.stack.start(["pg"], "--no-schema");
}

async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
}

/** Partitions of days long past, empty, that the next rotation drops; made by hand. */
async function makeOldPartitions(): Promise<void> {
  for (const day of [20, 21, 22]) {
    await all.sql.rows(
      `DO $$ BEGIN
         EXECUTE 'SET LOCAL ROLE ' || (SELECT relowner::regrole FROM pg_class WHERE oid = 'careforall.outbox'::regclass);
         PERFORM careforall.outbox_partition_make((now() - interval '${day} days')::date);
       END $$`);
  }
}

const partitions = (): Promise<{ partition: string }[]> =>
  all.sql.rows("SELECT partition FROM careforall.outbox_partitions() ORDER BY 1");

describe("fault points", () => {
  test("after the commit, before the answer: the same key gives the same pledge", async () => {
    const campaign = await makeCampaign(all.sql);
    const api = all.line("api", "PG");
    for (let round = 0; round < 3; round++) {
      const key = randomUUID();
      const stored = `SELECT p.id::text FROM careforall.pledges p WHERE p.campaign_id = $1 ORDER BY p.id`;
      const before = (await all.sql.rows(stored, [campaign])).length;
      api.mode = "mute";
      const lost = all.http.pledge(campaign, pledgeBody(), key).catch(() => null);
      const made = await until("the pledge to be committed", async () =>
        (await all.sql.rows<{ id: string }>(stored, [campaign]))[before]);
      await all.stack.kill("api");
      expect((await lost)?.status).not.toBe(201);
      all.mend();
      const again = await until("the API to answer", async () => {
        const answer = await all.http.pledge(campaign, pledgeBody(), key).catch(() => null);
        return answer?.status === 201 ? answer : null;
      });
      expect(again.body.id).toBe(made.id);
      expect((await all.sql.rows(stored, [campaign])).length).toBe(before + 1);
    }
    await holds();
  });

  test("in the middle of a rotation: the backend, PostgreSQL, the relay", async () => {
    await makeOldPartitions();
    const before = (await partitions()).length;
    await underLoad(async (load) => {
      for (const victim of ["backend", "postgres", "relay"] as const) {
        const client = await all.sql.client();
        client.on("error", () => undefined);
        await client.query("BEGIN");
        const { rows } = await client.query<{ result: string }>("SELECT result FROM careforall.outbox_rotate()");
        expect(rows.map((row) => row.result)).toContain("dropped");
        const { rows: [backend] } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
        if (victim === "backend") process.kill(backend?.pid ?? 0, "SIGKILL");
        else if (victim === "postgres") await stopPostgresNow();
        else {
          // It has to wait for the rotation's lock: then the rotation ends without having happened.
          await all.stack.kill("relay");
          all.killSecond();
          await client.query("ROLLBACK");
        }
        await client.end().catch(() => undefined);
        await until("PostgreSQL to answer", async () => (await partitions()).length === before);
        await progress(load);
      }
      await all.sql.rows("SELECT * FROM careforall.outbox_rotate()");
      expect((await partitions()).length).toBe(before - 3);
    });
  });

  test("PostgreSQL is stopped at once, again and again", async () => {
    await underLoad(async (load) => {
      for (let round = 0; round < 3; round++) {
        await stopPostgresNow();
        await progress(load);
      }
    });
  });
});

describe("lines that are cut one way", () => {
  test.each(["mute", "deaf"] as const)("%s, each line in turn", async (mode) => {
    await underLoad(async () => {
      for (const { proxy } of all.lines) {
        proxy.mode = mode;
        await sleep(1_500);
        all.mend();
      }
    });
  });
});

describe("a replay", () => {
  test("changes neither the read model nor the money", async () => {
    const load = await startLoad(all);
    await progress(load, 60);
    await load.stop();
    await settled(all, 200_000);
    const books = await all.provider.ledger();
    const { last } = await all.stream.size();
    const [replay] = await all.sql.rows<{ replay_id: number; events: number }>(
      "SELECT replay_id, events FROM careforall.outbox_replay('1', NULL, 'chaos')");
    expect(replay?.events).toBeGreaterThan(100);
    const state = (): Promise<string> =>
      all.sql.value("SELECT state FROM careforall.outbox_replays WHERE id = $1", [replay?.replay_id]);
    // Whoever reads and whoever sends is killed meanwhile.
    for (const part of ["projector", "payments", "relay"] as const) {
      await all.stack.kill(part);
      await sleep(500);
    }
    await until("the replay to be done", async () => (await state()) === "done", 120_000);
    await holds(load);
    const now = await all.provider.ledger();
    expect(now.payment_intents.length).toBe(books.payment_intents.length);
    expect(now.refunds.length).toBe(books.refunds.length);
    const again = (await all.stream.read(last + 1)).filter((event) => event.headers.has("careforall-replay"));
    expect(again.length).toBe(replay?.events);
  });
});

// ---- drawn

const processes: Part[] = ["api", "relay", "projector", "payments", "mockpay", "nats", "redis"];

let stopping = Promise.resolve();

/** One thing that goes wrong, and is over when the promise is; says what it was. */
type Trouble = (draw: Random) => Promise<string>;

async function signaled(part: Part, signal: NodeJS.Signals): Promise<void> {
  // It may be on its way up from the last time.
  await until(`${part} to run`, () => all.stack.kill(part, signal).then(() => true), 60_000);
}

const troubles: { weight: number; happens: Trouble }[] = [
  {
    weight: 5,
    happens: async (draw) => {
      const part = draw.pick(processes);
      await signaled(part, "SIGKILL");
      return `kill ${part}`;
    },
  },
  {
    weight: 1,
    happens: () => {
      all.killSecond();
      return Promise.resolve("kill the second relay");
    },
  },
  {
    weight: 3,
    happens: async (draw) => {
      const part = draw.pick(processes);
      const ms = draw.between(200, 6_000);
      const pid = await until(`${part} to run`, () => all.stack.kill(part, "SIGSTOP"), 60_000);
      await sleep(ms);
      try {
        process.kill(pid, "SIGCONT");
      } catch {
        // The other track has killed it meanwhile.
      }
      return `stop ${part} for ${ms} ms`;
    },
  },
  {
    weight: 5,
    happens: async (draw) => {
      const { client, server, proxy } = draw.pick(all.lines);
      const mode = draw.pick(["hang", "mute", "deaf", "refuse"] as const);
      const ms = draw.between(100, 5_000);
      proxy.mode = mode;
      if (mode === "refuse") proxy.cut();
      await sleep(ms);
      proxy.mode = "pass";
      proxy.cut();
      return `${client} to ${server} ${mode} for ${ms} ms`;
    },
  },
  {
    weight: 3,
    happens: (draw) => {
      const { client, server, proxy } = draw.pick(all.lines);
      proxy.cut();
      return Promise.resolve(`${client} to ${server} reset`);
    },
  },
  {
    weight: 2,
    happens: async (draw) => {
      const { client, server, proxy } = draw.pick(all.lines);
      proxy.delayMs = draw.between(5, 100);
      const said = `${client} to ${server} ${proxy.delayMs} ms late`;
      await sleep(draw.between(500, 3_000));
      proxy.delayMs = 0;
      return said;
    },
  },
  {
    weight: 1,
    happens: async () => {
      await all.redis.flushall().catch(() => undefined);
      return "Redis flushed";
    },
  },
  {
    weight: 1,
    happens: async () => {
      // Two tracks may draw this at once.
      stopping = stopping.then(stopPostgresNow);
      await stopping;
      return "PostgreSQL stopped at once";
    },
  },
  {
    weight: 1,
    happens: async (draw) => {
      const login = draw.pick(["cfa_api", "cfa_relay", "cfa_projector", "cfa_payments"]);
      await all.sql.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [login]).catch(() => []);
      return `sessions of ${login} ended`;
    },
  },
  {
    weight: 1,
    happens: async () => {
      await all.sql.rows("SELECT * FROM careforall.outbox_rotate()").catch(() => []);
      return "rotation";
    },
  },
  {
    weight: 1,
    happens: async (draw) => {
      const from = draw.between(1, 500);
      await all.sql.rows("SELECT * FROM careforall.outbox_replay($1, $2, 'chaos')", [String(from), String(from + 200)]).catch(() => []);
      return `replay from ${from}`;
    },
  },
];

function drawTrouble(draw: Random): Trouble {
  let left = draw.below(troubles.reduce((sum, { weight }) => sum + weight, 0));
  for (const { weight, happens } of troubles) {
    left -= weight;
    if (left < 0) return happens;
  }
  throw new Error("weights do not add up");
}

/** One trouble after the other, with rests drawn as well. */
async function makeTrouble(draw: Random, untilMs: number, told: string[]): Promise<void> {
  while (performance.now() < untilMs) {
    told.push(await drawTrouble(draw)(draw));
    await sleep(draw.between(0, 1_500));
  }
}

/** I9: the dump of what is left, restored into a database of its own, holds as well. */
async function dumpHolds(): Promise<void> {
  const options = {
    env: { ...process.env, PGHOST: "127.0.0.1", PGPORT: String(all.stack.port("PG")), PGUSER: "postgres",
      PGPASSWORD: all.stack.get("STACK_PG_PASSWORD_POSTGRES") },
    maxBuffer: 16 * 1024 * 1024,
  };
  const dump = path.join(all.stack.dir, "dump");
  await rm(dump, { force: true });
  await run("pg_dump", ["-Fc", "-f", dump, "careforall"], options);
  await run("dropdb", ["--if-exists", "restored"], options);
  await run("createdb", ["restored"], options);
  // The jobs' schedule belongs to the one database that pg_cron is set to.
  const { stdout: list } = await run("pg_restore", ["-l", dump], options);
  const kept = list.split("\n").filter((line) => !line.includes("pg_cron") && !/ cron /.test(line)).join("\n");
  await writeFile(`${dump}.list`, kept);
  await run("pg_restore", ["-d", "restored", "--exit-on-error", "-L", `${dump}.list`, dump], options);
  const count = "SELECT (SELECT count(*) FROM careforall.pledges) || ' ' || (SELECT count(*) FROM careforall.outbox)";
  const { stdout: there } = await run("psql", ["-qAtX", "-d", "restored", "-c", count], options);
  expect(there.trim()).toBe(await all.sql.value<string>(count));
  const { stdout: violations } = await run("psql",
    ["-qAtX", "-d", "restored", "-c", "SELECT name FROM careforall.verify() WHERE violations <> 0"], options);
  expect(violations.trim()).toBe("");
  await run("dropdb", ["restored"], options);
  await rm(dump);
}

test(`a schedule drawn from seed ${draw.seed}`, async () => {
  const told: string[] = [];
  await all.provider.configure({
    duplicate_rate: draw.below(50) / 100,
    reorder_rate: draw.below(50) / 100,
    error_rate: draw.below(20) / 100,
    failure_rate: draw.below(30) / 100,
    webhook_delay_ms: draw.below(50),
  });
  const load = await startLoad(all, {
    donors: draw.between(2, 8),
    cap: draw.below(2) === 0 ? null : draw.between(500, 5_000) * 1_000,
    rest: () => draw.below(60),
    cancels: () => draw.below(10) === 0,
  });
  try {
    const end = performance.now() + seconds * 1000;
    // Each draws by itself, so that a seed gives the same however long things take.
    await Promise.all([1, 2].map((track) => makeTrouble(new Random(draw.seed + track), end, told)));
  } finally {
    all.mend();
    console.log(`CHAOS_SEED=${draw.seed}\n  ${told.join("\n  ")}`);
    for (const part of processes) {
      await all.stack.kill(part, "SIGCONT").catch(() => undefined);
    }
  }
  await progress(load);
  await load.stop();
  // It may have been the last to be killed.
  await until("the provider to be well again", () =>
    all.provider
      .configure({ duplicate_rate: 0, reorder_rate: 0, error_rate: 0, failure_rate: 0, webhook_delay_ms: 0 })
      .then(() => true, () => false), 60_000);
  console.log(`  ${load.made.size} pledges made, ${load.refused} refused, ${load.errors} failures on the way`);
  await until("no replay under way", async () =>
    (await all.sql.value<number>("SELECT count(*) FROM careforall.outbox_replays WHERE state = 'running'")) === 0, 120_000);
  await holds(load);
  await dumpHolds();
}, seconds * 1000 + 600_000);

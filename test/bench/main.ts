// SPDX-License-Identifier: Apache-2.0
// Measures a stack of its own and prints tables. Ratios matter; absolute figures are
// those of the machine. Variants run in turns, several rounds, medians.
//
// usage: vite-node bench/main.ts [sql] [http] [relay] [memory]     (all but memory by default)
// BENCH_SECONDS (4) and BENCH_ROUNDS (3) make it longer; BENCH_REQUESTS (1000000) is
// how many the measurement of memory makes.
import { spawnSync } from "node:child_process";
import { rm } from "node:fs/promises";
import path from "node:path";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { Sql } from "../lib/sql.ts";
import { freePortBase, root, Stack, type Part } from "../lib/stack.ts";
import { Stream } from "../lib/stream.ts";
import { sleep, until } from "../lib/until.ts";
import { benchHttp, benchMemory } from "./http.ts";

const seconds = Number(process.env.BENCH_SECONDS ?? 4);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const clients = 16;
const stack = new Stack(path.join(root, ".run-bench"));

const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Runs the variants in turns and gives the median of each. */
async function inTurns(
  variants: Record<string, () => Promise<number> | number>,
): Promise<Record<string, number>> {
  const figures: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(variants)) {
      (figures[name] ??= []).push(await measure());
    }
  }
  return Object.fromEntries(Object.entries(figures).map(([name, all]) => [name, median(all)]));
}

function table(title: string, rows: [string, number, string][]): void {
  console.log(`\n${title}`);
  for (const [name, value, ratio] of rows) {
    console.log(`  ${name.padEnd(44)} ${Math.round(value).toLocaleString("en").padStart(10)}   ${ratio}`);
  }
}

const ratio = (value: number, of: number): string => (value / of).toFixed(2);

async function start(parts: Part[]): Promise<Sql> {
  await stack.reset();
  await rm(path.join(stack.dir, "careforall.env"), { force: true });
  await stack.start(["redis"], "--port-base", String(await freePortBase()));
  // The limiter at work, but never in the way.
  await stack.configure({
    CAREFORALL_RATE_READ: "address 1000000000/1s",
    CAREFORALL_RATE_PLEDGE: "address 1000000000/1s, campaign 1000000000/1s",
  });
  await stack.start(parts);
  return new Sql(stack);
}

// ---- SQL

async function benchSql(): Promise<void> {
  const sql = await start(["pg"]);
  let runs = 0;
  const pgbench = (script: string): void => {
    runs++;
    const { status, stderr } = spawnSync(
      "/usr/lib/postgresql/15/bin/pgbench",
      ["-n", "-M", "prepared", "-c", String(clients), "-j", "2", "-T", String(seconds),
        "-D", "i=0", "-D", `run=${runs}`,
        "-f", path.join(import.meta.dirname, "sql", `${script}.sql`),
        "-h", "127.0.0.1", "-p", String(stack.port("PG")), "-U", "postgres", "careforall"],
      { encoding: "utf8", env: { ...process.env, PGPASSWORD: stack.get("STACK_PG_PASSWORD_POSTGRES") } },
    );
    if (status !== 0) throw new Error(`pgbench ${script}: ${stderr}`);
  };
  const measure = (schema: "careforall" | "bench", script: string) => async (): Promise<number> => {
    const count = `SELECT count(*) FROM ${schema}.pledges`;
    const before = await sql.value<number>(count);
    const started = performance.now();
    pgbench(script);
    const took = (performance.now() - started) / 1000;
    return ((await sql.value<number>(count)) - before) / took;
  };
  try {
    spawnSync(
      path.join(root, "ops/run/stack.sh"),
      ["psql", "--dir", stack.dir, "--", "-f", path.join(import.meta.dirname, "sql/setup.sql")],
      { stdio: "inherit" },
    );
    const all = await inTurns({
      spread: measure("careforall", "engine_spread"),
      hot: measure("careforall", "engine_hot"),
      plain: measure("bench", "plain"),
      batchSpread: measure("careforall", "batch_spread"),
      batchHot: measure("careforall", "batch_hot"),
      update: measure("bench", "usual_update"),
      lock: measure("bench", "usual_lock"),
      version: measure("bench", "usual_version"),
    });
    const of = (name: string): number => all[name] ?? 0;
    table(`SQL, ${clients} clients, pledges/s`, [
      ["engine, 100 campaigns", of("spread"), ""],
      ["engine, one campaign with a cap", of("hot"), `${ratio(of("hot"), of("spread"))} of spread`],
      ["plain inserts of the same rows, no limit", of("plain"), `engine / plain ${ratio(of("hot"), of("plain"))}`],
      ["engine, batches of 32, 100 campaigns", of("batchSpread"), `${ratio(of("batchSpread"), of("plain"))} of plain`],
      ["engine, batches of 32, one campaign", of("batchHot"), `${ratio(of("batchHot"), of("plain"))} of plain`],
      ["usual: UPDATE ... WHERE used + x <= cap", of("update"), `${ratio(of("update"), of("plain"))} of plain`],
      ["usual: SELECT FOR UPDATE", of("lock"), `${ratio(of("lock"), of("plain"))} of plain`],
      ["usual: version column with retry", of("version"), `${ratio(of("version"), of("plain"))} of plain`],
    ]);
  } finally {
    await sql.close();
    await stack.stop();
  }
}

// ---- relay

async function benchRelay(events = 300_000): Promise<void> {
  const sql = await start(["pg", "nats", "relay"]);
  const stream = new Stream(stack);
  try {
    const campaign = await makeCampaign(sql);
    await stack.stop(["relay"]);
    const batch = 250;
    for (let made = 0; made < events; made += batch) {
      await sql.rows(
        `SELECT count(*) FROM careforall.pledge_create_many(array_fill($1::uuid, ARRAY[$2::int]),
           array_fill(1000::bigint, ARRAY[$2]), array_fill('EUR'::text, ARRAY[$2]), array_fill('Ada'::text, ARRAY[$2]),
           array_fill('ada@example.org'::text, ARRAY[$2]), array_fill(NULL::uuid, ARRAY[$2]),
           array_fill(NULL::int, ARRAY[$2]), array_fill('name'::text, ARRAY[$2]), array_fill(''::text, ARRAY[$2]),
           array_fill(NULL::bytea, ARRAY[$2]), array_fill(NULL::bytea, ARRAY[$2]), array_fill(NULL::text, ARRAY[$2]))`,
        [campaign, batch],
      );
    }
    const rows = await sql.value<number>("SELECT count(*) FROM careforall.outbox");
    const before = (await stream.size()).messages;
    const started = performance.now();
    await stack.start(["relay"]);
    await until("the backlog to be published", async () => (await stream.size()).messages >= rows, 300_000);
    const took = (performance.now() - started) / 1000;
    table("Relay", [["events/s draining a backlog (start included)", (rows - before) / took, `${rows - before} events`]]);

    // 1,000 events a second for 10 s; time from the insert's clock to the consumer's.
    const received = new Map<string, number>();
    const stop = await stream.follow((event) => {
      received.set(event.aggregate, Date.now() * 1000);
    });
    const made = new Map<string, number>();
    const goal = 10_000;
    const begun = performance.now();
    const jobs: Promise<void>[] = [];
    while (made.size + jobs.length < goal && performance.now() - begun < 15_000) {
      const due = Math.min(goal, Math.floor(performance.now() - begun));
      while (jobs.length < due) {
        jobs.push(
          sqlPledge(sql, campaign).then((row) => {
            made.set(row.pledge_id ?? "", performance.now());
          }),
        );
      }
      await sleep(1);
    }
    await Promise.all(jobs);
    await until("the events to arrive", () => [...made.keys()].every((id) => received.has(id)));
    await stop();
    const stamps = await sql.rows<{ id: string; at: number }>(
      `SELECT aggregate_id::text AS id, extract(epoch FROM recorded_at)::float8 * 1e6 AS at
         FROM careforall.outbox ORDER BY id DESC LIMIT 10000`,
    );
    const delays = stamps
      .flatMap((row) => {
        const at = received.get(row.id);
        return at === undefined ? [] : [(at - row.at) / 1000];
      })
      .sort((a, b) => a - b);
    const at = (share: number): string => (delays[Math.floor(delays.length * share)] ?? 0).toFixed(1);
    console.log(
      `  insert to consumer at ${Math.round((made.size * 1000) / (performance.now() - begun))} pledges/s: ` +
        `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms (the commit and the test's own queue included)`,
    );
  } finally {
    await stream.close();
    await sql.close();
    await stack.stop();
  }
}

const wanted = process.argv.slice(2);
const wants = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
if (wants("sql")) await benchSql();
if (wants("http")) await benchHttp(stack, seconds, rounds);
if (wanted.includes("memory")) await benchMemory(stack);
if (wants("relay")) await benchRelay();

// SPDX-License-Identifier: Apache-2.0
// Measures a stack of its own and prints tables. Ratios matter; absolute figures are
// those of the machine. Variants run in turns, several rounds, medians.
//
// usage: vite-node bench/main.ts [sql] [http] [relay] [trace] [memory]     (all but memory by default)
// BENCH_SECONDS (4) and BENCH_ROUNDS (3) make it longer; BENCH_REQUESTS (1000000) is
// how many the measurement of memory makes; see relay.ts for its own.
import { spawnSync } from "node:child_process";
import { rm } from "node:fs/promises";
import path from "node:path";
import { Sql } from "../lib/sql.ts";
import { freePortBase, root, Stack, type Part } from "../lib/stack.ts";
import { benchHttp, benchMemory } from "./http.ts";
import { RelayBench } from "./relay.ts";
import { benchTrace } from "./trace.ts";

const seconds = Number(process.env.BENCH_SECONDS ?? 4);
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const clients = 16;
const stack = new Stack(path.join(root, ".run-bench"));

const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Runs the variants in turns, each second time backwards so that none always comes first, and gives the median of each. */
async function inTurns(
  variants: Record<string, () => Promise<number> | number>,
  times = rounds,
): Promise<Record<string, number>> {
  const figures: Record<string, number[]> = {};
  for (let round = 0; round < times; round++) {
    const turn = Object.entries(variants);
    for (const [name, measure] of round % 2 === 0 ? turn : turn.reverse()) {
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

async function benchRelay(): Promise<void> {
  const sql = await start(["pg", "nats", "relay"]);
  const bench = new RelayBench(stack, sql);
  try {
    spawnSync(
      path.join(root, "ops/run/stack.sh"),
      ["psql", "--dir", stack.dir, "--", "-f", path.join(import.meta.dirname, "sql/setup.sql")],
      { stdio: "inherit" },
    );
    await bench.prepare();
    const cpu: Record<string, number[]> = {};
    const drain = (name: string, measure: () => Promise<{ rate: number; cpuUs: number }>) => async (): Promise<number> => {
      const { rate, cpuUs } = await measure();
      (cpu[name] ??= []).push(cpuUs);
      return rate;
    };
    const all = await inTurns({
      relay: drain("relay", () => bench.relay()),
      pgq: drain("pgq", () => bench.pgq()),
      c: drain("c", () => bench.skipLocked("c")),
      node: drain("node", () => bench.skipLocked("node")),
    });
    const rate = (name: string): number => all[name] ?? 0;
    const cpuOf = (name: string): number => median(cpu[name] ?? []);
    const row = (title: string, name: string): [string, number, string] => [
      title, rate(name), `${cpuOf(name).toFixed(1)} us CPU an event, relay / this ${ratio(rate("relay"), rate(name))}, ` +
        `CPU ${(cpuOf("relay") / cpuOf(name)).toFixed(2)}`,
    ];
    table("Draining a backlog, events/s", [
      row("relay", "relay"),
      row("PgQ batches, read in C", "pgq"),
      row("SKIP LOCKED poller in C", "c"),
      row("SKIP LOCKED poller in Node", "node"),
    ]);
    await bench.stampCommits();
    for (const wanted of [100, 1_000, 5_000]) {
      const { rate: got, p50, p99 } = await bench.latency(wanted);
      console.log(`  commit to consumer at ${wanted}/s (${Math.round(got)}/s came): p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
    }
    const idle = await bench.idleInTransaction();
    console.log(`  live rate ${Math.round(idle.around)}/s, beside a session idle in a transaction ${Math.round(idle.beside)}/s: ${ratio(idle.beside, idle.around)}`);
    const dead = await bench.deadTuples();
    console.log(`  dead rows after ${dead.events} events: outbox ${dead.outbox}, relay's own tables ${dead.other}`);
    await stack.stop(["relay"]);
    // The difference is smaller than what one run differs from the next.
    const wakes = await inTurns({ off: () => bench.wakeUps(false), on: () => bench.wakeUps(true) }, 2 * rounds + 1);
    console.log(`  pledges/s with wake-ups off ${Math.round(wakes["off"] ?? 0)}, on ${Math.round(wakes["on"] ?? 0)}: ${ratio(wakes["on"] ?? 0, wakes["off"] ?? 1)}`);
  } finally {
    await bench.close();
    await sql.close();
    await stack.stop();
  }
}

const wanted = process.argv.slice(2);
const wants = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
if (wants("sql")) await benchSql();
if (wants("http")) await benchHttp(stack, seconds, rounds);
if (wants("trace")) await benchTrace(stack, seconds, rounds);
if (wanted.includes("memory")) await benchMemory(stack);
if (wants("relay")) await benchRelay();

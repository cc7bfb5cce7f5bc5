// SPDX-License-Identifier: Apache-2.0
// Measures a stack of its own and prints tables. Ratios matter; absolute figures are
// those of the machine. Variants run in turns, several rounds, medians.
//
// usage: vite-node bench/main.ts [sql] [http] [relay]     (all by default)
// BENCH_SECONDS (4) and BENCH_ROUNDS (3) make it longer.
import { spawnSync } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Http, pledgeBody } from "../lib/http.ts";
import { scrape, sum } from "../lib/metrics.ts";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { Sql } from "../lib/sql.ts";
import { freePortBase, root, Stack, type Part } from "../lib/stack.ts";
import { Stream } from "../lib/stream.ts";
import { sleep, until } from "../lib/until.ts";

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

// ---- HTTP

function wrk(pathname: string, script?: string): number {
  const { status, stdout, stderr } = spawnSync(
    "wrk",
    ["-t", "1", "-c", "64", "-d", `${seconds}s`, ...(script ? ["-s", script] : []), stack.url("API") + pathname],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`wrk: ${stderr}`);
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1];
  if (bad) throw new Error(`wrk ${pathname}: ${bad} answers were not 2xx`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? 0);
}

async function pledgeScript(campaigns: string[], name: string): Promise<string> {
  const file = path.join(stack.dir, `${name}.lua`);
  await writeFile(
    file,
    `local campaigns = {${campaigns.map((id) => `"${id}"`).join(",")}}
local body = '${JSON.stringify(pledgeBody())}'
local seed = tostring(os.time()) .. "-" .. tostring({}):sub(8) .. "-"
local n = 0
request = function()
  n = n + 1
  return wrk.format("POST", "/api/v1/campaigns/" .. campaigns[n % #campaigns + 1] .. "/pledges",
    { ["Content-Type"] = "application/json", ["Idempotency-Key"] = seed .. n }, body)
end
`,
  );
  return file;
}

async function benchHttp(): Promise<void> {
  if (spawnSync("wrk", ["-v"]).error) {
    console.log("\nHTTP: not measured, the package wrk is not installed");
    return;
  }
  const sql = await start(["pg", "redis", "nats", "relay", "projector", "api"]);
  try {
    const campaigns = [];
    for (let i = 0; i < 100; i++) campaigns.push(await makeCampaign(sql, { cap: 9_007_199_254_740_991 }));
    const hot = campaigns[0] ?? "";
    const http = new Http(stack);
    await until("the campaigns to be readable", async () => (await http.get(`/api/v1/campaigns/${hot}`)).status === 200);
    const hotScript = await pledgeScript([hot], "hot");
    const spreadScript = await pledgeScript(campaigns, "spread");
    const all = await inTurns({
      empty: () => wrk("/healthz"),
      get: () => wrk(`/api/v1/campaigns/${hot}`),
      hot: () => wrk("/", hotScript),
      spread: () => wrk("/", spreadScript),
    });
    const of = (name: string): number => all[name] ?? 0;
    table("HTTP, 64 connections, requests/s", [
      ["GET /healthz (empty handler)", of("empty"), ""],
      ["GET campaign", of("get"), `${ratio(of("get"), of("empty"))} of empty`],
      ["POST pledge, 100 campaigns", of("spread"), `${ratio(of("spread"), of("empty"))} of empty`],
      ["POST pledge, one campaign with a cap", of("hot"), `${ratio(of("hot"), of("spread"))} of spread`],
    ]);
    const samples = await scrape(stack, "API_ADMIN");
    const batches = sum(samples, /^careforall_\w*batch\w*_count/);
    const items = sum(samples, /^careforall_\w*batch\w*_sum/);
    if (batches > 0) console.log(`  pledges in a batch, mean: ${(items / batches).toFixed(1)}`);
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
if (wants("http")) await benchHttp();
if (wants("relay")) await benchRelay();

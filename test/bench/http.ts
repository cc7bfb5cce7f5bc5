// SPDX-License-Identifier: Apache-2.0
// The API under load, each route beside the empty handler of the same run, and its
// memory over a million requests. Loader, API, PostgreSQL and the chain of events
// behind them share the machine's processors: ratios say more than figures.
import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { makeCampaign } from "../lib/fixtures.ts";
import { Http, pledgeBody } from "../lib/http.ts";
import { scrape, sum } from "../lib/metrics.ts";
import { paymentEvent, Provider } from "../lib/provider.ts";
import { Sql } from "../lib/sql.ts";
import { freePortBase, type Stack } from "../lib/stack.ts";
import { until } from "../lib/until.ts";
import { measure, memoryOfWorkers, type Load, type Measured } from "./load.ts";

export const parts = ["pg", "redis", "nats", "relay", "projector", "api"] as const;
const password = "a long enough password for the benchmark";
const email = "bench@example.org";
/** More than any round uses. */
const eventsPerRound = 30_000;

export interface Setting {
  stack: Stack;
  sql: Sql;
  http: Http;
  campaigns: string[];
  hot: string;
  /** Lua of each kind of request. */
  scripts: Record<"hot" | "spread" | "login", string>;
}

async function write(stack: Stack, name: string, text: string): Promise<string> {
  const file = path.join(stack.dir, name);
  await writeFile(file, text);
  return file;
}

function pledgeLua(campaigns: string[]): string {
  return `local campaigns = {${campaigns.map((id) => `"${id}"`).join(",")}}
local body = '${JSON.stringify(pledgeBody())}'
local seed = "${randomBytes(6).toString("hex")}-" .. tostring(os.time()) .. "-" .. tostring({}):sub(8) .. "-"
local n = 0
request = function()
  n = n + 1
  return wrk.format("POST", "/api/v1/campaigns/" .. campaigns[n % #campaigns + 1] .. "/pledges",
    { ["Content-Type"] = "application/json", ["Idempotency-Key"] = seed .. n }, body)
end
`;
}

export async function begin(stack: Stack, more: Record<string, string> = {}): Promise<Setting> {
  await stack.reset();
  await rm(path.join(stack.dir, "careforall.env"), { force: true });
  await stack.start(["redis"], "--port-base", String(await freePortBase()));
  await stack.configure({ CAREFORALL_RATE_LIMITS: "off", ...more });
  await stack.start([...parts]);
  const sql = new Sql(stack);
  const http = new Http(stack);
  const campaigns: string[] = [];
  for (let i = 0; i < 100; i++) campaigns.push(await makeCampaign(sql, { cap: 9_007_199_254_740_991 }));
  const hot = campaigns[0] ?? "";
  await until("the campaigns to be readable", async () => (await http.get(`/api/v1/campaigns/${hot}`)).status === 200);
  const account = await http.call("POST", "/api/v1/auth/register", { json: { email, name: "Bench", password } });
  if (account.status !== 201) throw new Error(`no account for the log-ins: ${account.text}`);
  const login = `wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '${JSON.stringify({ email, password })}'
`;
  return {
    stack,
    sql,
    http,
    campaigns,
    hot,
    scripts: {
      hot: await write(stack, "hot.lua", pledgeLua([hot])),
      spread: await write(stack, "spread.lua", pledgeLua(campaigns)),
      login: await write(stack, "login.lua", login),
    },
  };
}

/** Pledges with a payment each, and the signed events that confirm them, as Lua. */
async function webhookLua({ stack, sql, campaigns }: Setting, round: number): Promise<string> {
  const provider = new Provider(stack);
  const lines: string[] = [];
  for (let made = 0; made < eventsPerRound; made += 500) {
    const rows = await sql.rows<{ id: string; payment: string }>(
      `WITH made AS (
         INSERT INTO careforall.pledges (campaign_id, amount_minor, currency, held_minor, donor_name, donor_email, display,
           hold_expires_at)
         SELECT ($1::uuid[])[1 + n % cardinality($1::uuid[])], 1000, 'EUR', 1000, 'Ada', 'ada@example.org', 'name',
           careforall.clock() + interval '1 hour' FROM generate_series(1, 500) n RETURNING id)
       SELECT id::text, 'pi_' || replace(id::text, '-', '') AS payment FROM made`,
      [campaigns],
    );
    for (const row of rows) {
      const body = JSON.stringify(paymentEvent("payment_intent.succeeded", { id: row.payment, amount: 1000, pledge: row.id }));
      lines.push(`${provider.sign(body)}\t${body}`);
    }
  }
  await sql.rows(
    `UPDATE careforall.pledges SET provider = 'stripe', payment_id = 'pi_' || replace(id::text, '-', '')
      WHERE payment_id IS NULL AND state = 'pending' AND hold_expires_at > careforall.clock() + interval '50 minutes'`,
  );
  const data = await write(stack, `events-${round}.txt`, lines.join("\n"));
  return write(
    stack,
    `events-${round}.lua`,
    `local lines = {}
for line in io.lines("${data}") do lines[#lines + 1] = line end
local n = 0
request = function()
  n = n + 1
  local at = lines[(n - 1) % #lines + 1]
  local tab = at:find("\t", 1, true)
  return wrk.format("POST", "/api/v1/webhooks/stripe",
    { ["Content-Type"] = "application/json", ["Stripe-Signature"] = at:sub(1, tab - 1) }, at:sub(tab + 1))
end
`,
  );
}

export const middle = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function print(name: string, all: Measured[], empty: number): void {
  const rate = middle(all.map((one) => one.rate));
  const cpu = (part: string): number => middle(all.map((one) => one.cpu.get(part) ?? 0));
  const shares = parts.map((part) => cpu(part).toFixed(3).padStart(7));
  const total = parts.reduce((sum, part) => sum + cpu(part), 0);
  console.log(
    `  ${name.padEnd(36)}${Math.round(rate).toLocaleString("en").padStart(9)}${middle(all.map((one) => one.p99_ms)).toFixed(1).padStart(9)}` +
      `${(rate / empty).toFixed(3).padStart(8)}${total.toFixed(3).padStart(8)} ${shares.join("")}${middle(all.map((one) => one.loader)).toFixed(3).padStart(8)}`,
  );
}

/** Waits until the chain of events behind the API has nothing left to do. */
export async function settled({ stack }: Setting): Promise<void> {
  await until(
    "the events to be through",
    async () => sum(await scrape(stack, "PROJECTOR"), /^careforall_projector_lag_events/) === 0,
    120_000,
  );
}

export async function benchHttp(stack: Stack, seconds: number, rounds: number): Promise<void> {
  const setting = await begin(stack);
  const { sql, hot, scripts } = setting;
  try {
    const loads: [string, Omit<Load, "seconds">][] = [
      ["GET /healthz, the empty handler", { path: "/healthz" }],
      ["GET campaign", { path: `/api/v1/campaigns/${hot}` }],
      ["GET list", { path: "/api/v1/campaigns?limit=20" }],
      ["GET list, filtered and sorted", { path: "/api/v1/campaigns?limit=20&category=health&sort=most_funded" }],
      ["POST pledge, one campaign with a cap", { path: "/", script: scripts.hot }],
      ["POST pledge, 100 campaigns", { path: "/", script: scripts.spread }],
      ["POST log in", { path: "/api/v1/auth/login", script: scripts.login, connections: 8 }],
    ];
    const webhook = "POST webhook, signed and applied";
    const alone = "POST pledge, one, chain stopped";
    const figures = new Map<string, Measured[]>();
    const note = (name: string, one: Measured): void => void figures.set(name, [...(figures.get(name) ?? []), one]);
    for (let round = 0; round < rounds; round++) {
      for (const [name, load] of loads) {
        note(name, await measure(stack, { ...load, seconds }));
        await settled(setting);
      }
      const script = await webhookLua(setting, round);
      await settled(setting);
      note(webhook, await measure(stack, { path: "/", script, seconds }));
      await stack.stop(["relay", "projector"]);
      note(alone, await measure(stack, { path: "/", script: scripts.hot, seconds }));
      await stack.start(["relay", "projector"]);
      await settled(setting);
    }
    const empty = middle((figures.get(loads[0]?.[0] ?? "") ?? []).map((one) => one.rate));
    console.log(
      `\nHTTP, 64 connections (8 for log in), ${rounds} rounds of ${seconds} s\n  ${"".padEnd(36)}    req/s   p99 ms of empty   CPU s per 1000 requests:` +
        `\n  ${"".padEnd(53)}     all ${parts.map((part) => part.slice(0, 6).padStart(7)).join("")}     wrk`,
    );
    for (const [name, all] of figures) print(name, all, empty);
    const samples = await scrape(stack, "API_ADMIN");
    const pledges = /^careforall_batch_size_(sum|count)\{batch="pledges"\}/;
    const items = sum(samples, new RegExp(pledges.source.replace("(sum|count)", "sum")));
    const calls = sum(samples, new RegExp(pledges.source.replace("(sum|count)", "count")));
    console.log(`  pledges in a call of the database, mean: ${(items / calls).toFixed(1)}`);
    const applied = sum(samples, /^careforall_webhook_events_total\{outcome="applied"\}/);
    const received = sum(samples, /^careforall_webhook_events_total/);
    console.log(`  webhooks applied, of those received: ${(applied / received).toFixed(3)}`);
    await limiterCost(setting, seconds, rounds);
  } finally {
    await sql.close();
    await stack.stop();
  }
}

/** The same requests with limits that nobody reaches, and with none. */
async function limiterCost({ stack, hot, scripts }: Setting, seconds: number, rounds: number): Promise<void> {
  const much = "address 1000000000/1min";
  const kinds = [
    ["GET campaign", { path: `/api/v1/campaigns/${hot}` }],
    ["POST pledge, one campaign", { path: "/", script: scripts.hot }],
  ] as const;
  const rates = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const limits of ["off", "on"]) {
      await stack.configure({ CAREFORALL_RATE_LIMITS: limits, CAREFORALL_RATE_READ: much, CAREFORALL_RATE_PLEDGE: much });
      await stack.stop(["api"]);
      await stack.start(["api"]);
      for (const [name, load] of kinds) {
        const key = `${name} ${limits}`;
        rates.set(key, [...(rates.get(key) ?? []), (await measure(stack, { ...load, seconds })).rate]);
      }
    }
  }
  console.log("\nLimiter, requests/s with it and without");
  for (const [name] of kinds) {
    const on = middle(rates.get(`${name} on`) ?? []);
    const off = middle(rates.get(`${name} off`) ?? []);
    console.log(`  ${name.padEnd(36)}${Math.round(on).toLocaleString("en").padStart(9)}${Math.round(off).toLocaleString("en").padStart(9)}   ${(on / off).toFixed(2)}`);
  }
}

/** Resident memory of each worker as requests go by: it has to stay flat. */
export async function benchMemory(stack: Stack): Promise<void> {
  const goal = Number(process.env.BENCH_REQUESTS ?? 1_000_000);
  const setting = await begin(stack);
  const { hot, scripts, sql } = setting;
  try {
    const loads: Omit<Load, "seconds">[] = [
      { path: `/api/v1/campaigns/${hot}` },
      { path: "/api/v1/campaigns?limit=20" },
      { path: "/", script: scripts.spread },
      { path: "/healthz" },
    ];
    let made = 0;
    console.log("\nMemory of the API's workers, MiB resident");
    const note = async (): Promise<void> => {
      const sizes = (await memoryOfWorkers(stack)).map((size) => size.toFixed(1).padStart(8)).join("");
      console.log(`  after ${made.toLocaleString("en").padStart(10)} requests ${sizes}`);
    };
    await note();
    let next = goal / 10;
    for (let turn = 0; made < goal; turn++) {
      const load = loads[turn % loads.length];
      if (load) made += (await measure(stack, { ...load, seconds: 2 })).requests;
      if (made < next) continue;
      next = made + goal / 10;
      await note();
    }
    await settled(setting);
    await note();
  } finally {
    await sql.close();
    await stack.stop();
  }
}

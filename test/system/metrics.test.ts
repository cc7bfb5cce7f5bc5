// SPDX-License-Identifier: Apache-2.0
// Goal: what can be seen is documented, well formed and true. Method: each process of
// the running stack is scraped; promtool judges the text; a worker is killed and
// nothing that was counted is lost.
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { send } from "../lib/api.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { exporters, exposition, scrape, sum } from "../lib/metrics.ts";
import { pledgeIs } from "../lib/pledge.ts";
import { root } from "../lib/stack.ts";
import { until } from "../lib/until.ts";

const context = useStack();

describe.each(exporters)("%s", (process) => {
  const read = (): Promise<string> => exposition(context.stack, process);

  test("every metric is in docs/reference/metrics.md", async () => {
    const documented = await readFile(path.join(root, "docs/reference/metrics.md"), "utf8");
    const names = [...(await read()).matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? "");
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !documented.includes(`\`${name}\``))).toEqual([]);
  });

  test("the text is what Prometheus expects", async () => {
    const { status, stderr } = spawnSync("promtool", ["check", "metrics"], { input: await read(), encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("labels have few values, none of them somebody's", async () => {
    const samples = await scrape(context.stack, process);
    expect(samples.size).toBeLessThan(6000);
    for (const name of samples.keys()) {
      expect(name.replace(/le="[^"]*"/, "")).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}|@|\d{6}/);
    }
  });

  test.skipIf(process === "DATABASE")("health answers 200 and says nothing secret", async () => {
    const from = process === "DATABASE" ? "API_ADMIN" : process;
    const page = from === "API_ADMIN" || from === "MOCKPAY" ? "/healthz" : "/livez";
    for (const where of from === "MOCKPAY" ? [page] : [page, "/readyz"]) {
      const answer = await fetch(context.stack.url(from) + where);
      expect(answer.status).toBe(200);
      expect(await answer.text()).not.toMatch(/password|dsn|secret/i);
    }
  });
});

/** The workers of the API that are at work. */
async function workers(): Promise<number[]> {
  const pids = await context.stack.workers();
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return pids.filter((_, i) => /\[wrk \d+\]/.test(names[i] ?? ""));
}

test("counters are sums over all workers and outlive each of them", async () => {
  const fees = /^careforall_http_requests_total\{method="GET",route="\/api\/v1\/fees",status="200"\}$/;
  // A connection each, so that the kernel spreads them over the workers.
  const ask = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) expect((await send(`${context.stack.url("API")}/api/v1/fees`)).status).toBe(200);
  };
  const before = await scrape(context.stack, "API_ADMIN");
  await ask(40);
  const counted = await scrape(context.stack, "API_ADMIN");
  expect(sum(counted, fees) - sum(before, fees)).toBe(40);

  const old = await workers();
  expect(old.length).toBeGreaterThan(1);
  process.kill(old[0] ?? 0, "SIGKILL");
  await until("another worker in its place", async () => {
    const now = await workers();
    return now.length === old.length && !now.includes(old[0] ?? 0);
  });
  const after = await until("a scrape", () => scrape(context.stack, "API_ADMIN"));
  const fallen = [...counted].filter(
    ([name, value]) => /_(total|sum|count|bucket)(\{|$)/.test(name) && (after.get(name) ?? 0) < value,
  );
  expect(fallen).toEqual([]);

  await ask(40);
  expect(sum(await scrape(context.stack, "API_ADMIN"), fees) - sum(before, fees)).toBe(80);
});

test("the database tells of the engine, of money and of its invariants", async () => {
  const campaign = await makeCampaign(context.sql, { cap: 5000 });
  const before = await scrape(context.stack, "DATABASE");
  const given = await context.http.pledge(campaign, pledgeBody(5000));
  expect(given.status).toBe(201);
  expect((await context.http.pledge(campaign, pledgeBody(1000))).status).toBe(409);
  await pledgeIs(context.sql, given.body.id, "confirmed");
  expect(await context.sql.value("SELECT outcome FROM careforall.pledge_apply($1, 'expire')", [given.body.id])).toBe("illegal");
  expect((await context.sql.row<{ is_ok: boolean }>("SELECT is_ok FROM careforall.job_run('verify_run')")).is_ok).toBe(true);
  const after = await scrape(context.stack, "DATABASE");
  const grown = (name: string): number => (after.get(name) ?? NaN) - (before.get(name) ?? NaN);
  expect(grown('careforall_engine_pledges_total{outcome="created"}')).toBe(1);
  expect(grown('careforall_engine_pledges_total{outcome="refused_limit"}')).toBe(1);
  expect(after.get("careforall_engine_limit_loads_total")).toBeGreaterThan(0);
  expect(grown("careforall_engine_limit_reservations_total")).toBeGreaterThan(0);
  expect(grown("careforall_engine_limit_refusals_total")).toBe(1);
  for (const event of ["payment_succeeded", "illegal"]) {
    expect(grown(`careforall_engine_pledge_events_total{event="${event}"}`), event).toBe(1);
  }
  expect(grown('careforall_engine_pledge_events_total{event="refund"}')).toBe(0);
  const violations = [...after].filter(([name]) => name.startsWith("careforall_invariant_violations{"));
  expect(violations.length).toBeGreaterThan(10);
  expect(violations.filter(([, value]) => value !== 0)).toEqual([]);
  expect(after.get("careforall_invariants_checked_age_seconds")).toBeLessThan(60);
});

test("no secret is an argument of a process", () => {
  const { stdout } = spawnSync("sh", ["-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"], { encoding: "utf8" });
  const secrets = [...context.stack.settings].filter(([name, value]) => /PASSWORD|KEY|SECRET/.test(name) && value.length > 0);
  expect(secrets.filter(([, value]) => stdout.includes(value)).map(([name]) => name)).toEqual([]);
});

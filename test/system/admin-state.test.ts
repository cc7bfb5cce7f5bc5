// SPDX-License-Identifier: Apache-2.0
// Goal: limits, jobs, invariants, health and the audit log tell administrators the
// truth. Method: compares with what the database's own views say.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, test } from "vitest";
import type { Person } from "../lib/account.ts";
import { act, all, audited, look, type Doc } from "../lib/admin.ts";
import { apiEnvironment, program } from "../lib/api.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign, makePool, makeReward, sqlPledge } from "../lib/fixtures.ts";
import type { Http, Problem } from "../lib/http.ts";
import { askTask, exported, runTask } from "../lib/task.ts";
import { sleep, until } from "../lib/until.ts";

const context = useStack();
const run = promisify(execFile);

let admin: Person;

beforeAll(async () => {
  admin = await context.login("admin");
});

test("limits: capacity and use of cap, reward and pool", async () => {
  const campaign = await makeCampaign(context.sql, { cap: 10_000 });
  const pool = await makePool(context.sql, campaign, 20);
  const reward = await makeReward(context.sql, campaign, { quantity: 5, pool });
  await makeReward(context.sql, campaign, { quantity: null });
  await sqlPledge(context.sql, campaign, { amount: 2_500, reward, quantity: 2 });
  const limits = await all(admin.http, `limits?campaign=${campaign}`, 1);
  expect(limits).toHaveLength(3);
  const of = (kind: string): Doc | undefined => limits.find((limit) => limit.kind === kind);
  expect(of("campaign_cap")).toMatchObject({ id: campaign, unit: "minor_units", currency: "EUR", capacity: 10_000, used: 2_500, available: 7_500, used_percent: 25 });
  expect(of("reward")).toMatchObject({ id: reward, unit: "places", currency: null, capacity: 5, used: 2, available: 3 });
  expect(of("pool")).toMatchObject({ id: pool, capacity: 20, used: 2, state: "ready" });
  expect(await all(admin.http, `limits?campaign=${campaign}&kind=pool`)).toHaveLength(1);
  expect((await look(admin.http, "limits?kind=table")).status).toBe(400);
});

test("jobs: every one, with its newest run", async () => {
  await context.sql.rowsAs("admin", "SELECT careforall.job_run('holds_expire')");
  const { body } = await look<{ items: Doc[] }>(admin.http, "jobs");
  const names = await context.sql.rows<{ job: string }>("SELECT job FROM careforall.jobs() ORDER BY job");
  expect(body.items.map((item) => item.name)).toEqual(names.map((row) => row.job));
  expect(body.items.find((item) => item.name === "holds_expire")).toMatchObject({ status: "ok", last_error: null });
});

describe("links", () => {
  test("to traces and dashboards are those of the settings", async () => {
    const answer = await look(admin.http, "links");
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toEqual({ trace_url: "https://traces.example.org/trace/{trace_id}", dashboard_url: null });
  });

  test.each([
    ["TRACE_URL", "https://traces.example.org/trace/"],
    ["TRACE_URL", "https://traces.example.org/{trace_id}/{trace_id}"],
    ["TRACE_URL", "javascript:alert('{trace_id}')"],
    ["TRACE_URL", "https://traces.example.org/{trace_id}\"}"],
    ["DASHBOARD_URL", "dashboards.example.org"],
    ["DASHBOARD_URL", "https://dashboards example.org"],
    ["DASHBOARD_URL", `https://${"d".repeat(500)}.example.org`],
  ])("%s=%s is refused at the start", async (name, value) => {
    const env = { ...(await apiEnvironment(context.stack)), [`CAREFORALL_${name}`]: value };
    const failed = await run(program, ["--check-config"], { env }).then(
      () => null,
      (error: unknown) => error as { code: number; stderr: string },
    );
    expect(failed?.code).toBe(78);
    expect(failed?.stderr).toContain(`CAREFORALL_${name}`);
  });
});

describe("invariants", () => {
  interface Verify extends Doc {
    is_running: boolean;
    checked_at: string;
    items: { name: string; violations: number }[];
  }
  const read = async (): Promise<Verify> => (await look<Verify>(admin.http, "verify")).body;

  test("are checked when asked for, and the answer tells of the run before", async () => {
    const before = (await read()).checked_at;
    const begun = await act<Verify>(admin.http, "verify", { reason: "after the drill" });
    expect(begun.status, begun.text).toBe(202);
    expect(begun.headers.get("location")).toBe("/api/v1/admin/verify");
    expect(begun.body.checked_at).toBe(before);
    const after = await until("the check to be done", async () => {
      const seen = await read();
      return seen.checked_at !== before && !seen.is_running ? seen : null;
    });
    expect(after.items.length).toBeGreaterThan(10);
    expect(after.items.filter((item) => item.violations > 0)).toEqual([]);
    expect(await audited(context, "verify.run", "verify_run")).toMatchObject({ acts_for: `account:${admin.id}`, reason: "after the drill" });
  });

  test("may take longer than a request may", async () => {
    const before = (await read()).checked_at;
    const other = await context.sql.client();
    try {
      await other.query("BEGIN");
      await other.query("LOCK TABLE careforall.pledge_history IN ACCESS EXCLUSIVE MODE");
      expect((await act(admin.http, "verify")).status).toBe(202);
      await until("the check to wait", async () => (await read()).is_running);
      await sleep(4_000);
      expect(await read()).toMatchObject({ is_running: true, checked_at: before });
    } finally {
      await other.end();
    }
    await until("the check to be done", async () => (await read()).checked_at !== before);
  });

  test("are checked once at a time", async () => {
    const other = await context.sql.client();
    try {
      await other.query("BEGIN");
      await other.query("SELECT pg_advisory_xact_lock(hashtext('careforall.job'), hashtext('verify_run'))");
      expect((await read()).is_running).toBe(true);
      const refused = await act(admin.http, "verify");
      expect([refused.status, refused.body.code]).toEqual([409, "conflict"]);
    } finally {
      await other.end();
    }
    await until("nothing to run", async () => !(await read()).is_running);
  });
});

test("health: the checks of the view, and the worst of them", async () => {
  const { body } = await look<{ status: string; items: { check: string; status: string }[] }>(admin.http, "health");
  const rows = await context.sql.rows<{ check: string }>('SELECT "check" FROM careforall.health');
  expect(body.items.map((item) => item.check).sort()).toEqual(rows.map((row) => row.check).sort());
  const worst = ["bad", "warn", "ok"].find((status) => body.items.some((item) => item.status === status));
  expect(body.status).toBe(worst);
});

describe("the audit log", () => {
  const reason = `reason ${randomUUID()}`;
  let campaign: string;

  beforeAll(async () => {
    campaign = await makeCampaign(context.sql);
    const id = (await sqlPledge(context.sql, campaign)).pledge_id ?? "";
    await act(admin.http, `pledges/${id}/reveal`, { reason });
    await act(admin.http, `pledges/${id}/reveal`, { reason });
    await context.sql.rowsAs("admin", "SELECT careforall.campaign_pause($1, $2)", [campaign, reason]);
  });

  interface Entry extends Doc {
    id: number;
    at: string;
    actor: { type: string; id: string | null; name: string | null };
    action: string;
    reason: string;
  }
  const find = (query: string): Promise<Entry[]> => all<Entry>(admin.http, `audit?${query}`, 1);

  test("names the account or the log-in, newest first", async () => {
    const mine = await find(`actor=${admin.id}&action=donor.reveal`);
    expect(mine.map((entry) => entry.reason)).toEqual([reason, reason]);
    expect(mine[0]?.id).toBeGreaterThan(mine[1]?.id ?? 0);
    expect(mine[0]?.actor).toEqual({ type: "account", id: admin.id, name: "Test admin" });
    expect(mine[0]?.detail).not.toHaveProperty("acts_for");
    const paused = await find(`target_type=campaign&target_id=${campaign}&action=campaign.pause`);
    expect(paused).toMatchObject([{ reason, actor: { type: "system", id: null, name: "cfa_admin" } }]);
    expect((await find(`actor=cfa_admin&target_id=${campaign}`)).length).toBeGreaterThanOrEqual(1);
    expect(await find(`actor=${randomUUID()}`)).toEqual([]);
  });

  test("is narrowed by time", async () => {
    const [newest] = await find(`actor=${admin.id}&action=donor.reveal`);
    const at = new Date(newest?.at ?? "");
    const shifted = (ms: number): string => new Date(at.getTime() + ms).toISOString();
    expect(await find(`actor=${admin.id}&action=donor.reveal&from=${shifted(-60_000)}&to=${shifted(60_000)}`)).toHaveLength(2);
    expect(await find(`actor=${admin.id}&action=donor.reveal&to=${shifted(-60_000)}`)).toEqual([]);
    expect(await find(`actor=${admin.id}&action=donor.reveal&from=${shifted(60_000)}`)).toEqual([]);
    expect((await look(admin.http, "audit?from=noon")).status).toBe(400);
  });

  const target = randomUUID();
  const file = (filters: Record<string, string>, format = "csv") => exported<{ items: Entry[] }>(admin.http, { kind: "audit_export", filters, format });
  const rows = (text: string): Record<string, string>[] => parse(text, { columns: true, relax_column_count: false });

  test("is exported as it is listed, over pages, without what a spreadsheet would run", async () => {
    const words = ["=HYPERLINK(\"http://x.example\")", "+1 more", "-2 less", "@all of it", "two\nlines, \"quoted\""];
    await context.sql.rows(
      `INSERT INTO careforall.audit_log (actor, action, target_type, target_id, reason, detail)
       SELECT 'cfa_admin', 'test.export', 'job', $1, ($2::text[])[1 + n % 5], jsonb_build_object('number', n, 'acts_for', $3::text)
       FROM generate_series(0, 1000) n`,
      [target, words, `account:${admin.id}`],
    );
    const filters = { target_id: target, target_type: "job", action: "test.export", actor: admin.id, from: "2020-01-01T00:00:00Z" };
    const csv = await file(filters);
    expect(csv.status, csv.text).toBe(200);
    expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    expect(csv.headers.get("content-disposition")).toMatch(/^attachment; filename="audit-log-\d{8}-\d{6}\.csv"$/);
    const read = rows(csv.text);
    expect(read).toHaveLength(1001);
    expect(Object.keys(read[0] ?? {})).toEqual(["id", "at", "actor_id", "actor_name", "action", "target_type", "target_id", "reason", "detail"]);
    for (const cell of read.flatMap((row) => Object.values(row))) expect(cell).not.toMatch(/^[=+\-@\t\r\n]/);
    expect(new Set(read.map((row) => row.reason?.replace(/^'/, "")))).toEqual(new Set(words));
    expect(read[0]).toMatchObject({ actor_id: admin.id, actor_name: "Test admin", action: "test.export", target_type: "job", target_id: target, detail: '{"number": 1000}' });
    const listed = await look<{ items: Entry[] }>(admin.http, `audit?${new URLSearchParams(filters).toString()}&limit=100`);
    const json = await file(filters, "json");
    expect(json.headers.get("content-type")).toBe("application/json");
    expect(json.body.items.slice(0, 100)).toEqual(listed.body.items);
    expect(json.body.items.map((entry) => String(entry.id))).toEqual(read.map((row) => row.id));
    expect(rows((await file({ target_id: randomUUID() })).text)).toEqual([]);
  });

  test("knows of its exports, which begin before their own entry", async () => {
    const filters = { action: "audit.export", actor: admin.id };
    const before = await file(filters, "json");
    const after = await file(filters, "json");
    expect(after.body.items.slice(1)).toEqual(before.body.items);
    expect(after.body.items[0]).toMatchObject({
      actor: { id: admin.id }, target_type: "audit_log", detail: { format: "json", filters },
    });
  });

  test("is exported for administrators alone", async () => {
    const [owner, donor] = [await context.login("owner"), await context.login()];
    const count = () => context.sql.value<number>("SELECT count(*) FROM careforall.audit_log WHERE action = 'audit.export' AND detail ->> 'acts_for' = $1", [`account:${admin.id}`]);
    const known = await count();
    const ask = (http: Http, more: Record<string, unknown> = {}) => askTask<Problem>(http, { kind: "audit_export", ...more });
    expect((await ask(context.http)).status).toBe(401);
    for (const person of [owner, donor]) expect((await ask(person.http)).status).toBe(403);
    for (const more of [{ format: "xml" }, { filters: { from: "noon" } }, { filters: { q: "x" } }, { filters: { action: "" } }, { campaign: "x" }]) {
      expect((await ask(admin.http, more)).body.code, JSON.stringify(more)).toBe("validation-failed");
    }
    expect(await count()).toBe(known);
    const made = await runTask(admin.http, { kind: "audit_export", filters: { actor: admin.id } });
    for (const person of [owner, donor]) expect((await person.http.get(`/api/v1/tasks/${made.id}/file`)).status).toBe(404);
    await expect(context.sql.rows("SELECT careforall.audit_export_page($1, 'csv', NULL, NULL, NULL, NULL, NULL, NULL, 9, 9)", [owner.id])).rejects.toThrow("this needs the role admin");
  });
});

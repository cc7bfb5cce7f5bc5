// SPDX-License-Identifier: Apache-2.0
// Goal: a change of many pledges gives money back once for each, whoever is killed
// meanwhile and however many work on it; what cannot be changed is an outcome; it can be
// stopped. Method: paid pledges refunded by tasks, with workers killed in the middle of a
// transaction, several sessions that work at once, and rows that somebody else holds.
import { beforeAll, describe, expect, test } from "vitest";
import type { Person } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { type Problem } from "../lib/http.ts";
import { assertInvariants } from "../lib/invariants.ts";
import { states } from "../lib/pledge.ts";
import { askTask, runTask, type Task, taskOver } from "../lib/task.ts";
import { pool, until } from "../lib/until.ts";

const context = useStack();

let owner: Person;
let viewer: Person;
let stranger: Person;
let admin: Person;

beforeAll(async () => {
  owner = await context.login("owner");
  viewer = await context.login();
  stranger = await context.login("owner");
  admin = await context.login("admin");
});

async function ownCampaign(): Promise<string> {
  const campaign = await makeCampaign(context.sql);
  await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [campaign, owner.id]);
  await context.sql.rows("INSERT INTO careforall.campaign_members (campaign_id, account_id, role) VALUES ($1, $2, 'viewer')", [campaign, viewer.id]);
  return campaign;
}

/** A campaign with so many pledges that are paid. */
async function paid(count: number): Promise<string> {
  const campaign = await ownCampaign();
  await pool(8, Array.from({ length: count }, () => () => sqlPledge(context.sql, campaign)));
  await until("all to be paid", async () => (await states(context.sql, campaign)).confirmed === count);
  return campaign;
}

const refundAll = (campaign: string, more: Record<string, unknown> = {}) => ({ kind: "pledge_refund", campaign, reason: "The event is off", ...more });
/** How many refunds the pledges of a campaign have, by number of pledges. */
const refunds = async (campaign: string): Promise<Record<string, number>> => {
  const rows = await context.sql.rows<{ refunds: number; count: number }>(
    `SELECT refunds, count(*)::int AS count FROM (
       SELECT p.id, count(r.id)::int AS refunds FROM careforall.pledges p LEFT JOIN careforall.refunds r ON r.pledge_id = p.id
       WHERE p.campaign_id = $1 GROUP BY p.id) n GROUP BY refunds`,
    [campaign],
  );
  return Object.fromEntries(rows.map((row) => [row.refunds, row.count]));
};
/** The sessions that wait for a lock in a step. */
const waiting = async (): Promise<number[]> =>
  (await context.sql.rows<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%task_step%'")).map((row) => row.pid);

describe("a task that changes many pledges", () => {
  test("killed in the middle of a row goes on and gives each back once, whoever works on it", async () => {
    const campaign = await paid(60);
    const client = await context.sql.client();
    let id: string;
    try {
      await client.query("BEGIN");
      await client.query("LOCK TABLE careforall.refunds IN SHARE MODE");
      id = (await askTask(owner.http, refundAll(campaign))).body.id;
      await until("a step to be in the middle of a row", async () => (await waiting()).length > 0);
      await context.stack.killWorkers();
      for (const pid of await waiting()) await context.sql.rows("SELECT pg_terminate_backend($1)", [pid]);
      await client.query("COMMIT");
    } finally {
      await client.end();
    }
    // Beside the API's own workers.
    const others = await Promise.all(
      Array.from({ length: 3 }, async () => {
        for (let steps = 0; ; steps++) if ((await context.sql.rows("SELECT careforall.task_step()")).length === 0) return steps;
      }),
    );
    expect(others).toHaveLength(3);
    const task = await until("the task to be over", async () => {
      const { body } = await owner.http.get<Task>(`/api/v1/tasks/${id}`);
      return body.state === "done" ? body : null;
    });
    expect(task).toMatchObject({ total: 60, done: 60, outcomes: { requested: 60 }, error: null });
    expect(await refunds(campaign)).toEqual({ 1: 60 });
    await until("all to be given back", async () => (await states(context.sql, campaign)).refunded === 60);
    await assertInvariants(context);
  });

  test("stops between two rows, and is over then", async () => {
    const campaign = await paid(12);
    const client = await context.sql.client();
    try {
      await client.query("BEGIN");
      await client.query("SELECT FROM careforall.pledges WHERE id = ANY (ARRAY(SELECT id FROM careforall.pledges WHERE campaign_id = $1 ORDER BY id OFFSET 5)) FOR UPDATE", [campaign]);
      const { id } = (await askTask(owner.http, refundAll(campaign))).body;
      await until("those that nobody holds to be done", async () => (await owner.http.get<Task>(`/api/v1/tasks/${id}`)).body.done === 5);
      for (const [person, status] of [[viewer, 403], [stranger, 404]] as const) {
        expect((await person.http.call("POST", `/api/v1/tasks/${id}/stop`)).status).toBe(status);
      }
      const stopped = await owner.http.call<Task>("POST", `/api/v1/tasks/${id}/stop`);
      expect([stopped.status, stopped.body.state]).toEqual([202, "stopping"]);
      expect(await taskOver(owner.http, id)).toMatchObject({ state: "stopped", done: 5, total: 12, outcomes: { requested: 5 } });
      const late = await owner.http.call<Problem>("POST", `/api/v1/tasks/${id}/stop`);
      expect([late.status, late.body.code, late.body.state]).toEqual([409, "illegal-transition", "stopped"]);
    } finally {
      await client.end();
    }
    expect(await refunds(campaign)).toEqual({ 0: 7, 1: 5 });
  });

  test("has an outcome for each row; tried dry it tells the same and writes nothing", async () => {
    const campaign = await paid(3);
    const ids = (await context.sql.rows<{ id: string }>("SELECT id FROM careforall.pledges WHERE campaign_id = $1 ORDER BY id", [campaign])).map((row) => row.id);
    const [first = "", second = "", third = ""] = ids;
    await runTask(owner.http, refundAll(campaign, { filters: { ids: [first] } }));
    await until("the first to be given back", async () => (await states(context.sql, campaign)).refunded === 1);
    await context.sql.rows("SELECT careforall.pledge_refund($1, NULL, 'before the task')", [second]);
    const expected = { already_refunded: 1, requested: 1 };
    const wanted = refundAll(campaign, { filters: { ids: [first, third] } });
    expect(await runTask(owner.http, { ...wanted, dry_run: true })).toMatchObject({ state: "done", dry_run: true, outcomes: expected });
    expect(await refunds(campaign)).toEqual({ 0: 1, 1: 2 });
    const task = await runTask(owner.http, wanted);
    expect(task).toMatchObject({ state: "done", dry_run: false, total: 2, outcomes: expected });
    const items = (query = "", person = owner) => person.http.get<{ items: Record<string, unknown>[]; next_cursor: string | null }>(`/api/v1/tasks/${task.id}/items${query}`);
    expect((await items()).body.items).toEqual([
      { place: 1, target_id: first, outcome: "already_refunded", detail: "The pledge is refunded; only what has come in can be given back." },
      { place: 2, target_id: third, outcome: "requested", detail: null },
    ]);
    expect((await items("?outcome=requested", viewer)).body.items.map((item) => item.target_id)).toEqual([third]);
    const page = await items("?limit=1");
    expect((await items(`?limit=1&cursor=${page.body.next_cursor ?? ""}`)).body.items.map((item) => item.target_id)).toEqual([third]);
    expect((await items("", stranger)).status).toBe(404);
    const [audit] = await context.sql.rows("SELECT reason, detail ->> 'acts_for' AS acts_for FROM careforall.audit_log WHERE action = 'pledge.refund' AND target_id = $1", [third]);
    expect(audit).toEqual({ reason: "The event is off", acts_for: `account:${owner.id}` });
  });

  test("is for those who may change a single one, with a reason", async () => {
    const campaign = await ownCampaign();
    const code = async (person: Person, json: unknown) => (await askTask<Problem>(person.http, json)).body.code;
    expect(await code(viewer, refundAll(campaign))).toBe("forbidden");
    expect(await code(stranger, refundAll(campaign))).toBe("forbidden");
    expect(await code(owner, { ...refundAll(campaign), kind: "pledge_cancel" })).toBe("forbidden");
    for (const kind of ["payment_redrive", "event_release"]) expect(await code(owner, { kind, reason: "for a test" })).toBe("forbidden");
    for (const bad of [{ reason: undefined }, { reason: "  x  " }, { filters: { ids: ["x"] } }, { filters: { kind: "refund" } }, { format: "csv" }]) {
      expect(await code(owner, refundAll(campaign, bad)), JSON.stringify(bad)).toBe("validation-failed");
    }
    expect(await runTask(owner.http, refundAll(campaign))).toMatchObject({ state: "done", total: 0, outcomes: {} });
    const list = async (person: Person, query: string) => (await person.http.get<{ items: Task[] }>(`/api/v1/tasks?${query}`)).body.items.map((task) => task.kind);
    for (const person of [owner, viewer, admin]) expect(await list(person, `campaign=${campaign}`)).toEqual(["pledge_refund"]);
    expect(await list(owner, `campaign=${campaign}&state=open`)).toEqual([]);
    expect(await list(owner, `campaign=${campaign}&kind=pledge_export`)).toEqual([]);
    expect(await list(stranger, "limit=100")).toEqual([]);
    expect((await stranger.http.get(`/api/v1/tasks?campaign=${campaign}`)).status).toBe(403);
  });

  test("lets administrators cancel and redrive many", async () => {
    const campaign = await ownCampaign();
    await context.provider.configure({ hold: true });
    try {
      const { pledge_id: id } = await sqlPledge(context.sql, campaign);
      const dead = await context.sql.value<number>(
        "INSERT INTO careforall.payment_dead_letters (kind, target_id, pledge_id, attempts, code) VALUES ('refund', $1, $1, 3, 'test_of_tasks') RETURNING id",
        [id],
      );
      const task = await runTask(admin.http, { kind: "payment_redrive", filters: { code: "test_of_tasks" }, reason: "for a test" });
      expect(task).toMatchObject({ total: 1, outcomes: { redriven: 1 } });
      expect(await context.sql.value("SELECT state FROM careforall.payment_dead_letters WHERE id = $1", [dead])).toBe("redriven");
      await context.sql.rows("DELETE FROM careforall.payment_dead_letters WHERE id = $1", [dead]);
      const canceled = await runTask(admin.http, { kind: "pledge_cancel", campaign, reason: "for a test" });
      expect(Object.keys(canceled.outcomes)).toHaveLength(1);
      expect(Object.keys(canceled.outcomes)[0]).toMatch(/^cancel(ed|_requested)$/);
    } finally {
      await context.provider.configure({ hold: false });
      await context.provider.flush();
    }
    await until("it to be over", async () => (await states(context.sql, campaign)).pending === undefined);
  });
});

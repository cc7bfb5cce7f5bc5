// SPDX-License-Identifier: Apache-2.0
// Goal: figures for charts equal the lists behind them, in any time zone, without a
// hole; owners see those of their own campaigns. Method: pledges spread over days by
// plain SQL, compared with the lists of the same range.
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Person } from "../lib/account.ts";
import { all, look, type Doc } from "../lib/admin.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { drained } from "../lib/invariants.ts";
import { pledgeIs } from "../lib/pledge.ts";

const context = useStack();

interface Cell {
  count: number;
  amount: number;
}
type Cells = Record<"pending" | "confirmed" | "failed" | "refunded" | "refunds", Cell>;
interface Stats extends Doc {
  from: string;
  to: string;
  overview: { pledges: number; by_state: Record<string, number>; refunds: number; donors: number | null; new_campaigns: number | null };
  series: { at: string; active_donors: number | null; new_campaigns: number | null }[];
  currencies: { currency: string; totals: Cells; series: (Cells & { at: string })[] }[];
}
interface AdminStats extends Stats {
  now: Record<string, number>;
  refusals: Record<string, unknown>;
}

let admin: Person;
let campaign: string;
let ids: string[];

beforeAll(async () => {
  admin = await context.login("admin");
  campaign = await makeCampaign(context.sql);
  ids = [];
  for (const [amount, email] of [[1_000, "a@example.org"], [2_000, "A@example.org"], [3_000, "b@example.org"], [4_000, "c@example.org"]] as const) {
    ids.push((await sqlPledge(context.sql, campaign, { amount, email })).pledge_id ?? "");
  }
  for (const id of ids) await pledgeIs(context.sql, id, "confirmed");
  await context.sql.rows("SELECT careforall.pledge_refund($1, NULL, 'for a test')", [ids[3]]);
  await pledgeIs(context.sql, ids[3] ?? "", "refunded");
  await drained(context);
});

const stats = async (query: string): Promise<AdminStats> => {
  const answer = await look<AdminStats>(admin.http, `stats?${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
};
const sum = (body: Stats, pick: (cells: Cells) => number): number =>
  body.currencies.reduce((total, currency) => total + currency.series.reduce((more, point) => more + pick(point), 0), 0);

describe("figures", () => {
  test("of one campaign are exact", async () => {
    const body = await stats(`campaign=${campaign}`);
    expect(body.overview).toEqual({
      pledges: 4,
      by_state: { pending: 0, confirmed: 3, failed: 0, refunded: 1 },
      refunds: 1,
      donors: 3,
      new_campaigns: null,
    });
    expect(body.currencies).toHaveLength(1);
    expect(body.currencies[0]?.totals).toEqual({
      pending: { count: 0, amount: 0 },
      confirmed: { count: 3, amount: 6_000 },
      failed: { count: 0, amount: 0 },
      refunded: { count: 1, amount: 4_000 },
      refunds: { count: 1, amount: 4_000 },
    });
    expect(sum(body, (cells) => cells.confirmed.amount)).toBe(6_000);
    expect(sum(body, (cells) => cells.refunds.count)).toBe(1);
  });

  test.each([
    ["hour", "UTC"],
    ["day", "Europe/Berlin"],
    ["day", "Asia/Kolkata"],
    ["week", "America/Los_Angeles"],
  ])("of a range equal the lists of that range: %s in %s", async (bucket, zone) => {
    const body = await stats(`bucket=${bucket}&time_zone=${zone}&from=${new Date(Date.now() - 6 * 86_400_000).toISOString()}`);
    const range = `created_from=${body.from}&created_to=${body.to}`;
    for (const state of ["pending", "confirmed", "failed", "refunded"] as const) {
      const listed = await all<{ amount: { amount: number } }>(admin.http, `pledges?${range}&state=${state}`);
      expect(body.overview.by_state[state], state).toBe(listed.length);
      expect(sum(body, (cells) => cells[state].count), state).toBe(listed.length);
      expect(sum(body, (cells) => cells[state].amount), state).toBe(listed.reduce((total, item) => total + item.amount.amount, 0));
    }
    expect(body.overview.pledges).toBe((await all(admin.http, `pledges?${range}`)).length);
  });

  test("of one bucket equal the list of that bucket", async () => {
    const body = await stats(`bucket=hour&campaign=${campaign}`);
    const points = body.currencies[0]?.series ?? [];
    const at = points.findIndex((point) => point.confirmed.count > 0);
    const end = points[at + 1]?.at ?? body.to;
    const listed = await all(admin.http, `pledges?campaign=${campaign}&state=confirmed&created_from=${points[at]?.at}&created_to=${end}`);
    expect(points[at]?.confirmed.count).toBe(listed.length);
  });

  test("of now equal the lists of now", async () => {
    const body = await stats("bucket=day");
    expect(body.now.holds).toBe((await all(admin.http, "holds")).length);
    expect(body.now.dead_letters).toBe((await all(admin.http, "payments/stuck?kind=dead_letter")).length);
    expect(body.now.refunds_failed).toBe((await all(admin.http, "payments/stuck?kind=refund_failed")).length);
    expect(body.now.parked_events).toBe((await all(admin.http, "outbox/parked")).length);
    expect(body.now.paused_consumers).toBe(0);
  });

  test("count refusals since the start", async () => {
    const capped = await makeCampaign(context.sql, { cap: 100 });
    const before = (await stats("bucket=day")).refusals.limit as number;
    expect((await sqlPledge(context.sql, capped, { amount: 101 })).outcome).toBe("limit_reached");
    expect((await stats("bucket=day")).refusals.limit).toBe(before + 1);
  });
});

describe("buckets", () => {
  const edges = async (query: string): Promise<string[]> => {
    const body = await stats(`campaign=${campaign}&${query}`);
    for (const currency of body.currencies) expect(currency.series.map((point) => point.at)).toEqual(body.series.map((point) => point.at));
    return [...body.series.map((point) => point.at), body.to];
  };

  test("begin by the clocks of the time zone, also when these change", async () => {
    // In Berlin the 25th of October 2026 has 25 hours.
    expect(await edges("time_zone=Europe/Berlin&from=2026-10-24T10:00:00Z&to=2026-10-26T10:00:00Z")).toEqual([
      "2026-10-23T22:00:00.000Z",
      "2026-10-24T22:00:00.000Z",
      "2026-10-25T23:00:00.000Z",
      "2026-10-26T23:00:00.000Z",
    ]);
    expect(await edges("bucket=hour&time_zone=Europe/Berlin&from=2026-10-25T00:00:00Z&to=2026-10-25T03:00:00Z")).toEqual([
      "2026-10-25T00:00:00.000Z",
      "2026-10-25T01:00:00.000Z",
      "2026-10-25T02:00:00.000Z",
      "2026-10-25T03:00:00.000Z",
    ]);
    expect((await edges("bucket=hour&time_zone=Asia/Kolkata&from=2026-10-25T00:00:00Z&to=2026-10-25T01:00:00Z"))[0]).toBe("2026-10-24T23:30:00.000Z");
    // Weeks begin on Monday.
    expect(await edges("bucket=week&time_zone=UTC&from=2026-10-21T00:00:00Z&to=2026-10-27T00:00:00Z")).toEqual([
      "2026-10-19T00:00:00.000Z",
      "2026-10-26T00:00:00.000Z",
      "2026-11-02T00:00:00.000Z",
    ]);
  });

  test("have no hole: every one is there, with zeros", async () => {
    const body = await stats(`campaign=${campaign}&bucket=day`);
    expect(body.series.length).toBeGreaterThanOrEqual(30);
    expect(body.series.length).toBeLessThanOrEqual(32);
    expect(body.series.filter((point) => point.active_donors === 0).length).toBe(body.series.length - 1);
  });

  test("count no donors over long ranges", async () => {
    const body = await stats("bucket=week&from=2026-01-01T00:00:00Z&to=2026-11-20T00:00:00Z");
    expect(body.overview.donors).toBeNull();
    expect(body.series.every((point) => point.active_donors === null)).toBe(true);
  });

  test.each([
    "time_zone=Mars/Olympus",
    "time_zone=CEST",
    "time_zone=UTC%2B3",
    "time_zone=Foo/Bar%2B3",
    "time_zone=",
    "bucket=minute",
    "from=2026-10-25T03:00:00Z&to=2026-10-25T03:00:00Z",
    "from=2026-10-25T03:00:00Z&to=2026-10-24T03:00:00Z",
    "bucket=hour&from=2026-01-01T00:00:00Z&to=2026-11-01T00:00:00Z",
    "from=soon",
    "campaign=there-is-none",
  ])("are refused for %s", async (query) => {
    const answer = await look(admin.http, `stats?${query}`);
    expect([answer.status, answer.body.code], answer.text).toEqual([400, "invalid-parameter"]);
  });

  test("may have names with digits and signs", async () => {
    expect((await look(admin.http, "stats?time_zone=Etc/GMT%2B5&bucket=day")).status).toBe(200);
    expect((await look(admin.http, "stats?time_zone=America/Port-au-Prince&bucket=day")).status).toBe(200);
  });
});

describe("an owner", () => {
  test("sees the figures of the own campaign, and of no other", async () => {
    const owner = await context.login("owner");
    const viewer = await context.login("donor");
    await context.sql.rows("UPDATE careforall.campaigns SET owner_id = $2 WHERE id = $1", [campaign, owner.id]);
    await context.sql.rows("INSERT INTO careforall.campaign_members (campaign_id, account_id, role) VALUES ($1, $2, 'viewer')", [campaign, viewer.id]);
    const path = `/api/v1/campaigns/${campaign}/stats`;
    for (const person of [owner, viewer, admin]) {
      const answer = await person.http.get<Stats>(path);
      expect(answer.status, answer.text).toBe(200);
      expect(answer.body.overview).toMatchObject({ pledges: 4, new_campaigns: null });
      expect(answer.body).not.toHaveProperty("now");
      expect(answer.headers.get("cache-control")).toBe("no-store");
    }
    const slug = await context.sql.value<string>("SELECT slug FROM careforall.campaigns WHERE id = $1", [campaign]);
    expect((await owner.http.get(`/api/v1/campaigns/${slug}/stats?bucket=hour`)).status).toBe(200);

    expect((await context.http.get(path)).status).toBe(401);
    const stranger = await context.login("owner");
    expect((await stranger.http.get(path)).status).toBe(403);
    const draft = await makeCampaign(context.sql, { state: "draft" });
    expect((await stranger.http.get(`/api/v1/campaigns/${draft}/stats`)).status).toBe(404);
    expect((await owner.http.get(`/api/v1/campaigns/${randomUUID()}/stats`)).status).toBe(404);
    expect((await owner.http.get(`${path}?time_zone=Nowhere/Land`)).status).toBe(400);
  });
});

// SPDX-License-Identifier: Apache-2.0
// Goal: no limit is ever exceeded and none is left unused. Method: far more pledges
// at once than there is room for, by SQL and by HTTP, round after round; the exact
// number must get in and the rest must be told so.
import { describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign, makePool, makeReward, pledgeCreate, pledgeValues, sqlPledge } from "../lib/fixtures.ts";
import { pledgeBody, type Problem } from "../lib/http.ts";
import { assertInvariants } from "../lib/invariants.ts";
import { pledgeIs, states } from "../lib/pledge.ts";
import { pool } from "../lib/until.ts";

const context = useStack();
const crowd = 200;
const rounds = [1, 2, 3, 4, 5];

const sum = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

function tally(outcomes: (string | number)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

describe("limits", () => {
  test.each(rounds)("SQL: 200 at once on a cap of 10, round %i", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 10_000 });
    const clients = context.sql.pool("api", 40);
    const outcomes = await Promise.all(
      Array.from({ length: crowd }, async () => {
        const { rows } = await clients.query<{ outcome: string }>(pledgeCreate, pledgeValues(campaign));
        return rows[0]?.outcome ?? "none";
      }),
    );
    expect(tally(outcomes)).toEqual({ created: 10, limit_reached: 190 });
    expect(sum(await states(context.sql, campaign))).toBe(10);
  });

  test.each(rounds)("HTTP: 200 at once on a cap of 10, round %i", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 10_000 });
    const answers = await Promise.all(
      Array.from({ length: crowd }, () => context.http.pledge<Problem>(campaign)),
    );
    expect(tally(answers.map((answer) => answer.status))).toEqual({ 201: 10, 409: 190 });
    for (const refused of answers.filter((answer) => answer.status === 409)) {
      expect(refused.body).toMatchObject({ code: "limit-reached", limit: "campaign_cap" });
    }
    expect(sum(await states(context.sql, campaign))).toBe(10);
  });

  test("HTTP: 100 at once on a reward of 7 places", async () => {
    const campaign = await makeCampaign(context.sql);
    const reward = await makeReward(context.sql, campaign, { quantity: 7 });
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        context.http.pledge<Problem>(campaign, pledgeBody(1000, { reward_id: reward })),
      ),
    );
    expect(tally(answers.map((answer) => answer.status))).toEqual({ 201: 7, 409: 93 });
    expect(answers.find((answer) => answer.status === 409)?.body).toMatchObject({ limit: "reward", id: reward });
  });

  test("a pool shared by two rewards is one limit", async () => {
    const campaign = await makeCampaign(context.sql);
    const shared = await makePool(context.sql, campaign, 9);
    const rewards = [
      await makeReward(context.sql, campaign, { pool: shared, quantity: 6 }),
      await makeReward(context.sql, campaign, { pool: shared }),
    ];
    const rows = await pool(
      30,
      Array.from({ length: 60 }, (_, i) => () => sqlPledge(context.sql, campaign, { reward: rewards[i % 2] ?? null })),
    );
    const outcomes = tally(rows.map((row) => row.outcome));
    expect(outcomes).toEqual({ created: 9, limit_reached: 51 });
    const held = await context.sql.value<number>(
      "SELECT sum(held_places)::int FROM careforall.pledges WHERE pool_id = $1",
      [shared],
    );
    expect(held).toBe(9);
  });

  test("a refused pledge leaves no trace on another limit", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 5000 });
    const reward = await makeReward(context.sql, campaign, { quantity: 1 });
    expect((await sqlPledge(context.sql, campaign, { reward })).outcome).toBe("created");
    // The reward refuses after the cap was taken: the cap must be given back.
    for (let i = 0; i < 20; i++) {
      expect((await sqlPledge(context.sql, campaign, { reward })).outcome).toBe("limit_reached");
    }
    expect((await sqlPledge(context.sql, campaign, { amount: 4000 })).outcome).toBe("created");
    expect((await sqlPledge(context.sql, campaign, { amount: 100 })).outcome).toBe("limit_reached");
  });

  test("the exact rest of a cap can be taken, and a unit more cannot", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 10_000 });
    expect((await context.http.pledge(campaign, pledgeBody(9_900))).status).toBe(201);
    expect((await context.http.pledge(campaign, pledgeBody(101))).status).toBe(409);
    expect((await context.http.pledge(campaign, pledgeBody(100))).status).toBe(201);
    expect((await context.http.pledge(campaign, pledgeBody(100))).status).toBe(409);
  });

  test("a cap of 0 takes nothing, no cap takes all", async () => {
    const none = await makeCampaign(context.sql, { cap: 0 });
    expect((await context.http.pledge(none)).status).toBe(409);
    const unlimited = await makeCampaign(context.sql);
    const created = await context.http.pledge(unlimited, pledgeBody(900_000_000));
    expect(created.status).toBe(201);
    await pledgeIs(context.sql, created.body.id, "confirmed");
  });

  test("afterwards everything agrees", async () => {
    await assertInvariants(context);
  });
});

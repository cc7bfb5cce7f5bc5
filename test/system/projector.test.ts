// SPDX-License-Identifier: Apache-2.0
// Goal: the read model is what the database says, byte order of members included,
// whatever is flushed or killed, and a rebuild is never half visible. Method: pledges
// take every way while faults happen; then whole documents and feeds are compared with
// careforall.campaign_public() and campaign_gifts().
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign, makePool, makeReward, sqlPledge } from "../lib/fixtures.ts";
import { assertInvariants, drained, published } from "../lib/invariants.ts";
import { liveLines } from "../lib/live.ts";
import { scrape, sum } from "../lib/metrics.ts";
import { openRedis } from "../lib/redis.ts";
import { pool, until } from "../lib/until.ts";

const context = useStack();

interface Document {
  totals: { sequence: number | null };
}

/** Waits until every public campaign is the same in Redis and in PostgreSQL. */
async function modelIsExact(): Promise<void> {
  await published(context);
  const rows = await context.sql.rows<{ id: string; slug: string; listed: boolean; doc: string; gifts: string[] | null }>(
    `SELECT c.id::text, c.slug, c.archived_at IS NULL AS listed, careforall.campaign_public(c.id)::text AS doc,
        (SELECT array_agg(g.gift) FROM careforall.campaign_gifts(c.id, NULL, 100) g) AS gifts
       FROM careforall.campaigns c WHERE c.state <> 'draft'`,
  );
  for (const row of rows) {
    const document = JSON.parse((await context.redis.hget(`cfa:campaign:${row.id}`, "doc")) ?? "{}") as Document;
    document.totals.sequence = null;
    // As text: members must stand in the same order too.
    expect(JSON.stringify(document)).toBe(JSON.stringify(JSON.parse(row.doc)));
    expect(await context.redis.get(`cfa:slug:${row.slug}`)).toBe(row.id);
    const feed = await context.redis.lrange(`cfa:gifts:${row.id}`, 0, -1);
    if ((row.gifts ?? []).length < 100) {
      expect([...feed].sort()).toEqual((row.gifts ?? []).map((gift) => JSON.stringify(JSON.parse(gift))).sort());
    }
  }
  expect(await context.redis.zcard("cfa:campaigns")).toBe(rows.filter((row) => row.listed).length);
}

async function pledges(campaign: string, reward: string, count: number): Promise<void> {
  const displays = ["name_amount_message", "name_message", "name", "none"];
  await pool(
    8,
    Array.from({ length: count }, (_, index) => () =>
      sqlPledge(context.sql, campaign, {
        amount: 1000 + index * 100,
        reward: index % 2 ? reward : null,
        display: displays[index % displays.length] ?? "name",
        message: `„${index}“ <b>ü</b>`,
      }),
    ),
  );
}

const epoch = (): Promise<string | null> => context.redis.hget("cfa:position", "epoch");

describe("the read model", () => {
  test("equals the database after pledges, refunds and changes of the campaign", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 1_000_000 });
    const places = await makePool(context.sql, campaign, 30);
    const reward = await makeReward(context.sql, campaign, { quantity: 40, pool: places });
    await makeReward(context.sql, campaign);
    await context.sql.rows("UPDATE careforall.campaigns SET title = 'Neu \"ß\"' WHERE id = $1", [campaign]);
    await pledges(campaign, reward, 16);
    await drained(context);
    const [first, second] = await context.sql.rows<{ id: string }>(
      "SELECT id::text FROM careforall.pledges WHERE campaign_id = $1 AND state = 'confirmed' ORDER BY id LIMIT 2",
      [campaign],
    );
    await context.sql.rowsAs("admin", "SELECT * FROM careforall.pledge_refund($1, 100, 'a part')", [first?.id]);
    await context.sql.rowsAs("admin", "SELECT * FROM careforall.pledge_refund($1, NULL, 'all of it')", [second?.id]);
    await context.sql.rows("UPDATE careforall.campaigns SET slug = slug || '-new' WHERE id = $1", [campaign]);
    await makeCampaign(context.sql, { state: "draft" });
    await drained(context);
    await modelIsExact();
  });

  test("heals by itself when Redis is flushed, and says so to those who watch", async () => {
    const campaign = await makeCampaign(context.sql);
    const reward = await makeReward(context.sql, campaign, { quantity: 50 });
    await pledges(campaign, reward, 4);
    await drained(context);
    const watcher = openRedis(context.stack);
    const resets = new Set<string>();
    watcher.on("message", (_channel: string, text: string) => {
      for (const line of liveLines(text)) if (line.frame.type === "reset") resets.add(line.id);
    });
    await watcher.subscribe("cfa:live");
    const before = await epoch();
    await context.redis.flushall();
    await until("the model to be back", async () => (await context.redis.get("cfa:ready")) === "1");
    expect(Number(await epoch())).toBeGreaterThan(Number(before));
    await until("the watchers to be told", () => resets.has(campaign));
    watcher.disconnect();
    await modelIsExact();
    // Who resumes from before the rebuild finds the reset first.
    const frames = await context.redis.zrange(`cfa:live:${campaign}`, "0", "0");
    expect(JSON.parse(frames[0] ?? "{}")).toMatchObject({ type: "reset", campaign_id: campaign });
  });

  test("holds nothing of a donor who was erased, and lets the gift be refunded", async () => {
    const campaign = await makeCampaign(context.sql);
    const donor = { name: `Telling "at":" ${Date.now()}`, email: `telling${Date.now()}@example.org`, message: 'Words of "at":"2026"} it' };
    const gift = await sqlPledge(context.sql, campaign, { ...donor, display: "name_amount_message" });
    await sqlPledge(context.sql, campaign, { ...donor, display: "name" });
    await sqlPledge(context.sql, campaign, { name: "Somebody else", display: "name" });
    await drained(context);
    await modelIsExact();
    const kept = async () => [
      ...(await context.redis.lrange(`cfa:gifts:${campaign}`, 0, -1)),
      ...(await context.redis.zrange(`cfa:live:${campaign}`, "0", "-1")),
    ];
    const before = await kept();
    const named = before.filter((text) => text.includes("Telling"));
    expect(named.length, "two gifts and their two frames").toBe(4);

    await context.sql.rowsAs("admin", "SELECT * FROM careforall.donor_erase($1, 'asked by mail', false)", [donor.email]);
    const after = await until("the gifts to be erased", async () => {
      const now = await kept();
      return now.some((text) => text.includes("Telling")) ? null : now;
    });
    expect(after.length).toBe(before.length);
    for (const text of after) JSON.parse(text);
    expect(after.filter((text) => text.includes("Somebody else")).length).toBe(2);
    await modelIsExact();

    const refunds = () => context.redis.llen(`cfa:gifts:${campaign}`);
    expect(await refunds()).toBe(3);
    await context.sql.rowsAs("admin", "SELECT * FROM careforall.pledge_refund($1, NULL, 'and the money back')", [gift.pledge_id]);
    await until("the gift to leave the feed", async () => (await refunds()) === 2);
    await drained(context);
    await modelIsExact();
  });

  test("goes on where it was when its process or Redis is killed", async () => {
    const campaign = await makeCampaign(context.sql);
    const reward = await makeReward(context.sql, campaign);
    await published(context);
    const before = await epoch();
    const load = pledges(campaign, reward, 60);
    await context.stack.kill("projector");
    await load;
    await context.stack.kill("redis");
    await drained(context);
    await modelIsExact();
    expect(await epoch(), "no rebuild was needed").toBe(before);
  });

  test("is rebuilt on demand beside live traffic, drafts or not", async () => {
    const campaign = await makeCampaign(context.sql);
    await makeCampaign(context.sql, { state: "draft" });
    const reward = await makeReward(context.sql, campaign);
    const before = await epoch();
    const load = pledges(campaign, reward, 40);
    await promisify(execFile)(path.join(context.stack.dir, "bin/careforall-projector"), ["--rebuild"], {
      env: {
        CAREFORALL_PG_DSN: `host=127.0.0.1 port=${context.stack.port("PG")} dbname=careforall user=cfa_projector`,
        CAREFORALL_PG_PASSWORD: context.stack.get("STACK_PG_PASSWORD_PROJECTOR"),
        CAREFORALL_NATS_URL: `nats://127.0.0.1:${context.stack.port("NATS")}`,
        CAREFORALL_NATS_USER: "projector",
        CAREFORALL_NATS_PASSWORD: context.stack.get("STACK_NATS_PASSWORD_PROJECTOR"),
        CAREFORALL_REDIS_URL: `redis://127.0.0.1:${context.stack.port("REDIS")}/0`,
        CAREFORALL_REDIS_PASSWORD: context.stack.get("STACK_REDIS_PASSWORD"),
      },
    });
    expect(Number(await epoch())).toBeGreaterThan(Number(before));
    await load;
    await drained(context);
    await modelIsExact();
  });

  test("understood every event, and says that it serves", async () => {
    const samples = await until("a projector that serves", async () => {
      const now = await scrape(context.stack, "PROJECTOR");
      return sum(now, /^careforall_projector_model_ready/) === 1 ? now : null;
    });
    expect(sum(samples, /^careforall_projector_events_total\{result="unreadable"\}/)).toBe(0);
  });

  test("afterwards everything agrees", async () => {
    await assertInvariants(context);
  });
});

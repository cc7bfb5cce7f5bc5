// SPDX-License-Identifier: Apache-2.0
// Goal: each kind of bad input has one documented refusal, changes nothing and is seen
// in a metric. Method: every case is sent to the real API; the tables are counted
// before and after, and a counter of refusals must have moved.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign, makeReward } from "../lib/fixtures.ts";
import { pledgeBody, rawExchange, type Answer, type Problem } from "../lib/http.ts";
import { assertInvariants } from "../lib/invariants.ts";
import { scrape } from "../lib/metrics.ts";
import { root } from "../lib/stack.ts";

const context = useStack();

const campaigns = new Map<string, string>();
let foreignReward = "";
let documented = "";

let noClosing: pg.Client;

beforeAll(async () => {
  // The job that runs each minute would close the campaign that has ended.
  noClosing = await context.sql.client();
  await noClosing.query("SELECT pg_advisory_lock(hashtext('careforall.job'), hashtext('campaigns_close_ended'))");
  campaigns.set("open", await makeCampaign(context.sql, { cap: 50_000, max: 40_000 }));
  campaigns.set("draft", await makeCampaign(context.sql, { state: "draft" }));
  campaigns.set("paused", await makeCampaign(context.sql, { state: "paused" }));
  campaigns.set("closed", await makeCampaign(context.sql, { state: "closed" }));
  campaigns.set("not started", await makeCampaign(context.sql, { starts: "1 hour" }));
  campaigns.set("ended", await makeCampaign(context.sql, { starts: "-2 hours", ends: "-1 hour" }));
  campaigns.set("unknown", "01900000-0000-7000-8000-000000000000");
  foreignReward = await makeReward(context.sql, await makeCampaign(context.sql), { quantity: 5 });
  documented = await readFile(path.join(root, "docs/reference/errors.md"), "utf8");
});

afterAll(() => noClosing.end());

/** Everything that a refused request must leave alone. */
async function tables(): Promise<Record<string, unknown>> {
  return context.sql.row(
    `SELECT (SELECT count(*) FROM careforall.pledges) AS pledges,
            (SELECT count(*) FROM careforall.pledge_history) AS history,
            (SELECT count(*) FROM careforall.outbox WHERE aggregate_type = 'pledge') AS outbox,
            (SELECT count(*) FROM careforall.idempotency_keys) AS keys,
            (SELECT count(*) FROM careforall.inbox) AS inbox`,
  );
}

/** Counters whose name or labels speak of a refusal, added up. */
async function refusals(): Promise<number> {
  let total = 0;
  for (const [name, value] of await scrape(context.stack, "API_ADMIN")) {
    if (/^careforall_/.test(name) && /(problem|refus|reject|status="?4|code=)/.test(name)) total += value;
  }
  return total;
}

/** Sends, and expects the refusal with all that goes with it. */
async function refused(send: () => Promise<Answer<Problem>>, status: number, code: string): Promise<Answer<Problem>> {
  const [before, counted] = [await tables(), await refusals()];
  const answer = await send();
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.body).toMatchObject({ status, type: expect.stringContaining(code) as string });
  expect(documented, "the problem in docs/reference/errors.md").toContain(code);
  expect(await tables()).toEqual(before);
  expect(await refusals(), "the counter of refusals").toBeGreaterThan(counted);
  return answer;
}

const pledge = (campaign: string, body: Record<string, unknown>): Promise<Answer<Problem>> =>
  context.http.pledge<Problem>(campaigns.get(campaign) ?? campaign, body);

const raw = (body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer<Problem>> =>
  context.http.call<Problem>("POST", `/api/v1/campaigns/${campaigns.get("open") ?? ""}/pledges`, {
    body,
    headers: { "Idempotency-Key": randomUUID(), ...headers },
  });

/** The usual body with its amount written as it stands. */
const withAmount = (amount: string): string =>
  `{"amount":{"amount":${amount},"currency":"EUR"},"donor":{"name":"A","email":"a@example.org"}}`;

describe("amounts", () => {
  test.each([
    ["zero", "0", 422, "validation-failed"],
    ["negative", "-100", 422, "validation-failed"],
    ["below the campaign's least", "99", 422, "amount-out-of-range"],
    ["above the campaign's most", "40001", 422, "amount-out-of-range"],
    ["above 2^53", "9007199254740992", 422, "validation-failed"],
    ["above int64", "9223372036854775808", 400, "invalid-json"],
    ["absurdly long", "1".repeat(400), 400, "invalid-json"],
    ["a fraction", "10.5", 422, "validation-failed"],
    ["an exponent", "1e3", 422, "validation-failed"],
    ["text", '"1000"', 422, "validation-failed"],
    ["null", "null", 422, "validation-failed"],
  ])("%s", async (_name, amount, status, code) => {
    await refused(() => raw(withAmount(amount)), status, code);
  });

  test.each([
    ["unknown", "XYZ", "currency-mismatch"],
    ["another than the campaign's", "USD", "currency-mismatch"],
    ["with another exponent", "JPY", "currency-mismatch"],
    ["in lower case", "eur", "validation-failed"],
    ["empty", "", "validation-failed"],
  ])("a currency that is %s", async (_name, currency, code) => {
    await refused(() => pledge("open", { ...pledgeBody(), amount: { amount: 1000, currency } }), 422, code);
  });
});

describe("campaigns and rewards", () => {
  test.each([
    ["unknown", 404, "not-found", undefined],
    ["draft", 404, "not-found", undefined],
    ["paused", 409, "campaign-not-accepting", "paused"],
    ["closed", 409, "campaign-not-accepting", "closed"],
    ["not started", 409, "campaign-not-accepting", "not_started"],
    ["ended", 409, "campaign-not-accepting", "ended"],
  ])("a campaign that is %s", async (name, status, code, reason) => {
    const answer = await refused(() => pledge(name, pledgeBody()), status, code);
    expect(answer.body.reason).toBe(reason);
  });

  test("an id that is none", async () => {
    await refused(() => pledge("not-a-uuid", pledgeBody()), 404, "not-found");
  });

  test("a reward of another campaign", async () => {
    await refused(() => pledge("open", pledgeBody(1000, { reward_id: foreignReward })), 422, "reward-unknown");
  });

  test("a reward that does not exist", async () => {
    await refused(() => pledge("open", pledgeBody(1000, { reward_id: randomUUID() })), 422, "reward-unknown");
  });

  test("a limit that is reached says how much is left", async () => {
    const full = await makeCampaign(context.sql, { cap: 500 });
    const answer = await refused(() => pledge(full, pledgeBody(501)), 409, "limit-reached");
    expect(answer.body).toMatchObject({ limit: "campaign_cap", id: full, available: 500 });
  });
});

describe("members of the body", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["no donor", { amount: { amount: 1000, currency: "EUR" } }, "/donor"],
    ["an empty name", pledgeBody(1000, { donor: { name: "", email: "a@example.org" } }), "/donor/name"],
    ["a name of 121 characters", pledgeBody(1000, { donor: { name: "x".repeat(121), email: "a@example.org" } }), "/donor/name"],
    ["an address without @", pledgeBody(1000, { donor: { name: "A", email: "example.org" } }), "/donor/email"],
    ["a message of 501 characters", pledgeBody(1000, { message: "x".repeat(501) }), "/message"],
    ["an unknown display", pledgeBody(1000, { display: "everything" }), "/display"],
    ["a quantity of 0", pledgeBody(1000, { reward_id: randomUUID(), quantity: 0 }), "/quantity"],
    ["a quantity without a reward", pledgeBody(1000, { quantity: 1 }), "/quantity"],
  ])("%s is named by its pointer", async (_name, body, pointer) => {
    const answer = await refused(() => pledge("open", body), 422, "validation-failed");
    expect(JSON.stringify(answer.body.errors)).toContain(`"${pointer}"`);
  });

  test("a member that the resource does not know", async () => {
    const answer = await refused(() => pledge("open", pledgeBody(1000, { admin: true })), 400, "invalid-json");
    expect(answer.body.detail).toContain("admin");
  });
});

describe("broken bodies", () => {
  const good = JSON.stringify(pledgeBody());
  test.each<[string, string | Buffer, number, string]>([
    ["nothing", "", 400, "invalid-json"],
    ["half of it", good.slice(0, 40), 400, "invalid-json"],
    ["more behind it", `${good} x`, 400, "invalid-json"],
    ["a duplicate member", good.replace('{"amount":{', '{"amount":{"amount":1,"currency":"EUR"},"amount":{'), 400, "invalid-json"],
    ["a duplicate member inside", good.replace('"currency":"EUR"', '"currency":"EUR","currency":"EUR"'), 400, "invalid-json"],
    ["broken UTF-8", Buffer.concat([Buffer.from(good.slice(0, -3)), Buffer.from([0xc3, 0x28]), Buffer.from('"}}')]), 400, "invalid-json"],
    ["an overlong encoding", Buffer.from(good.replace("Ada", "A\u0001da"), "utf8").map((byte) => (byte === 1 ? 0xc0 : byte)) as Buffer, 400, "invalid-json"],
    ["a lone surrogate", good.replace("Ada", "\\ud800"), 400, "invalid-json"],
    ["a control character", good.replace("Ada", "A\u0001da"), 400, "invalid-json"],
    ["1000 levels", "[".repeat(1000) + "]".repeat(1000), 400, "invalid-json"],
    ["NaN", withAmount("NaN"), 400, "invalid-json"],
  ])("%s", async (_name, body, status, code) => {
    await refused(() => raw(body), status, code);
  });

  test("U+0000 in a text", async () => {
    await refused(() => raw(good.replace("Ada", "A\\u0000da")), 400, "invalid-json");
  });

  test("an array where an object belongs", async () => {
    await refused(() => raw("[]"), 400, "invalid-json");
  });

  test("a body of a megabyte", async () => {
    await refused(() => raw(JSON.stringify(pledgeBody(1000, { message: "x".repeat(1_048_576) }))), 413, "payload-too-large");
  });

  test("another media type", async () => {
    await refused(() => raw(good, { "Content-Type": "text/plain" }), 415, "unsupported-media-type");
  });

  test("a method that the resource does not have", async () => {
    const answer = await refused(
      () => context.http.call<Problem>("DELETE", `/api/v1/campaigns/${campaigns.get("open") ?? ""}`),
      405,
      "method-not-allowed",
    );
    expect(answer.headers.get("allow")).toContain("GET");
  });

  test("bytes that are no HTTP are answered 400 or closed", async () => {
    const before = await tables();
    const answer = await rawExchange(context.stack.port("API"), "\x16\x03\x01\x02\x00 hello\r\n\r\n");
    expect(answer === "" || answer.startsWith("HTTP/1.1 400")).toBe(true);
    expect(await tables()).toEqual(before);
    expect((await context.http.get("/api/v1/campaigns")).status).toBe(200);
  });
});

describe("reading", () => {
  test("a pledge with a wrong token, another's token or none looks unknown", async () => {
    const campaign = campaigns.get("open") ?? "";
    const one = await context.http.pledge(campaign, pledgeBody(100));
    const two = await context.http.pledge(campaign, pledgeBody(100));
    for (const token of [two.body.token, `${one.body.token}x`, "", "x".repeat(5000)]) {
      const answer = await context.http.get<Problem>(`/api/v1/pledges/${one.body.id}`, token === "" ? {} : { "Pledge-Token": token });
      expect([404, 431]).toContain(answer.status);
      expect(answer.text).not.toContain("Ada");
    }
  });

  test.each(["limit=0", "limit=101", "limit=x", "cursor=forged", "unknown=1"])("a list with %s", async (query) => {
    const answer = await context.http.get<Problem>(`/api/v1/campaigns?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });
});

test("afterwards everything agrees", async () => {
  await assertInvariants(context);
});

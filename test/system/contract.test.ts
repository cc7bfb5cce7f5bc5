// SPDX-License-Identifier: Apache-2.0
// Goal: openapi.yaml tells the truth: the same routes as the code, for the same people,
// and every answer of this run fits it.
// Method: set equality; every operation called on the running stack, well and badly;
// the record that the harness kept of all answers in the files before this one.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import WebSocket from "ws";
import { parse } from "yaml";
import { makePerson } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { jpeg } from "../lib/image.ts";
import { type CreatedPledge, Http, pledgeBody } from "../lib/http.ts";
import { Contract, contract, type Operation, recordedViolations } from "../lib/openapi.ts";
import { eventId, paymentEvent } from "../lib/provider.ts";
import { root } from "../lib/stack.ts";
import { until } from "../lib/until.ts";

type Json = Record<string, unknown>;

const run = promisify(execFile);
const context = useStack();
const problemTypes = contract().document["x-problem-types"] as Json;

/** What the code has to check before it lets the people in whom an operation is for. */
function checkedAs(security: Operation["security"]): string {
  const names = security.flatMap((requirement) => Object.keys(requirement));
  if (names.length === 0) return "anybody";
  if (names.includes("refreshCookie")) return "cookie";
  if (names.some((name) => name.endsWith("Signature"))) return "signature";
  if (security.some((requirement) => !("accessToken" in requirement))) return "optional";
  return security.some(({ accessToken }) => accessToken?.includes("admin")) ? "administrator" : "account";
}

/** Every place that holds examples beside a schema. */
function* examples(node: unknown, pointer: string[]): Generator<[string[], Json]> {
  if (typeof node !== "object" || node === null) return;
  const at = node as Json;
  if (at.schema !== undefined && at.examples !== undefined) {
    for (const [name, example] of Object.entries(at.examples as Json)) {
      yield [[...pointer, "schema"], contract().resolve(example as Json, [...pointer, "examples", name]).node];
    }
  }
  for (const [key, value] of Object.entries(at)) yield* examples(value, [...pointer, key]);
}

describe("the document", () => {
  test("has the routes of the code, no more and no less, each for the same people", async () => {
    const { stdout } = await run(path.join(root, "kore-app/build/careforall-api"), ["--routes"]);
    const coded = stdout
      .trim()
      .split("\n")
      .map((line) => line.replace(/ (public|both)(?= \w+$)/, ""));
    const documented = contract().operations.map(
      (operation) => `${operation.method} ${operation.path}${operation.isAdmin ? " admin" : ""} ${checkedAs(operation.security)}`,
    );
    expect(coded.sort()).toEqual(documented.sort());
  });

  test("has examples that fit their schemas", () => {
    let count = 0;
    for (const [pointer, example] of examples(contract().document, [])) {
      expect(contract().validate(example.value, pointer), pointer.join("/")).toEqual([]);
      count++;
    }
    expect(count).toBeGreaterThan(10);
  });

  test("notices an answer that does not fit", () => {
    const headers = new Headers({ "content-type": "application/json", "x-request-id": "r" });
    const seen = { method: "GET", path: "/healthz", status: 200, headers, text: '{"status":"ok"}' };
    const judge = new Contract();
    expect(judge.judge(seen)).toEqual([]);
    expect(judge.judge({ ...seen, text: '{"status":"bad"}' })).not.toEqual([]);
    expect(judge.judge({ ...seen, text: "{" })).not.toEqual([]);
    expect(judge.judge({ ...seen, status: 201 })).not.toEqual([]);
    expect(judge.judge({ ...seen, headers: new Headers({ "content-type": "application/json" }) })).not.toEqual([]);
    expect(judge.judge({ ...seen, headers: new Headers({ "content-type": "text/html", "x-request-id": "r" }) })).not.toEqual([]);
    expect(judge.judge({ ...seen, path: "/nowhere" })).not.toEqual([]);
  });
});

/** A request as the document shows it, for a campaign. */
function shown(operation: Operation, campaign: string): [string, string, Parameters<Http["call"]>[2]] {
  const [type, media] = Object.entries(operation.body)[0] ?? [];
  const [example] = Object.values(media?.examples ?? {});
  const body = type?.startsWith("image/") === true ? jpeg(8, 8) : JSON.stringify(example === undefined ? undefined : contract().resolve(example, []).node.value);
  const path = operation.path.replace("/campaigns/{id}", `/campaigns/${campaign}`).replace(/\{\w+\}/g, () => randomUUID());
  const headers = { "If-Match": "*", "Idempotency-Key": randomUUID(), ...(type === undefined ? {} : { "Content-Type": type }) };
  return [operation.method, path, { headers, ...(type === undefined ? {} : { body }) }];
}

describe("whom an operation is not for", () => {
  const named = (name: string) => contract().operations.filter(({ security }) => security.some(({ accessToken }) => accessToken?.includes(name)));

  test.each([
    ["admin", "stranger"],
    ["owner", "stranger"],
    ["campaign:view", "stranger"],
    ["campaign:edit", "viewer"],
    ["campaign:own", "editor"],
  ])("%s: no %s is let in", async (name, who) => {
    const campaign = await makeCampaign(context.sql);
    const person = await makePerson(context.stack, context.sql, context.http);
    if (who !== "stranger") {
      await context.sql.rows("INSERT INTO careforall.campaign_members (campaign_id, account_id, role) VALUES ($1, $2, $3)", [campaign, person.id, who]);
    }
    // What is not under a campaign is about something of another one, which does not exist for them.
    const found = named(name).filter((operation) => name === "admin" || name === "owner" || operation.path.startsWith("/api/v1/campaigns/{id}"));
    expect(found.length).toBeGreaterThan(0);
    for (const operation of found) {
      const answer = await person.http.call(...shown(operation, campaign));
      expect(answer.status, `${operation.method} ${operation.path}: ${answer.text}`).toBe(403);
    }
  });
});

describe("answers", () => {
  /** Calls, and expects the status and an answer that fits. */
  async function call<T = Json>(
    status: number,
    method: string,
    where: string,
    options: Parameters<Http["call"]>[2] = {},
    http: Http = context.http,
  ) {
    const answer = await http.call<T>(method, where, options);
    expect(answer.status, `${method} ${where}: ${answer.text}`).toBe(status);
    expect(contract().judge({ method, path: where, status: answer.status, headers: answer.headers, text: answer.text })).toEqual([]);
    return answer;
  }

  test("of campaigns", async () => {
    const id = await makeCampaign(context.sql);
    await until("the campaign to be public", async () => (await context.http.get(`/api/v1/campaigns/${id}`)).status === 200);
    const list = await call<{ items: Json[]; next_cursor: string | null }>(200, "GET", "/api/v1/campaigns?limit=1");
    expect(list.body.items).toHaveLength(1);
    if (list.body.next_cursor !== null) {
      await call(200, "GET", `/api/v1/campaigns?limit=1&cursor=${encodeURIComponent(list.body.next_cursor)}`);
    }
    const one = await call<{ slug: string }>(200, "GET", `/api/v1/campaigns/${id}`);
    await call(200, "HEAD", `/api/v1/campaigns/${id}`);
    await call(200, "GET", `/api/v1/campaigns/${one.body.slug}`);
    await call(200, "GET", `/api/v1/campaigns/${id}/gifts`);
    await call(404, "GET", `/api/v1/campaigns/${randomUUID()}`);
    await call(404, "GET", "/api/v1/campaigns/no-id/gifts");
    await call(400, "GET", "/api/v1/campaigns?limit=0");
    await call(400, "GET", "/api/v1/campaigns?limit=101");
    await call(400, "GET", "/api/v1/campaigns?cursor=broken");
    await call(405, "DELETE", "/api/v1/campaigns");
    await call(406, "GET", `/api/v1/campaigns/${id}`, { headers: { Accept: "image/png" } });
    const again = await context.http.get(`/api/v1/campaigns/${id}`);
    await call(304, "GET", `/api/v1/campaigns/${id}`, { headers: { "If-None-Match": again.headers.get("etag") ?? "" } });
  });

  test("of pledges", async () => {
    const campaign = await makeCampaign(context.sql, { cap: 5000 });
    const where = `/api/v1/campaigns/${campaign}/pledges`;
    const key = { "Idempotency-Key": randomUUID() };
    const made = await call<CreatedPledge>(201, "POST", where, { json: pledgeBody(1000), headers: key });
    const replay = await call<CreatedPledge>(201, "POST", where, { json: pledgeBody(1000), headers: key });
    expect(replay.text).toBe(made.text);
    expect(replay.headers.get("idempotency-replayed")).toBe("true");
    const token = { "Pledge-Token": made.body.token };
    await call(200, "GET", `/api/v1/pledges/${made.body.id}`, { headers: token });
    await until(
      "the pledge to be confirmed",
      async () => (await context.http.get(`/api/v1/pledges/${made.body.id}`, token)).body.state === "confirmed",
    );
    await call(200, "GET", `/api/v1/pledges/${made.body.id}`, { headers: token });
    await call(404, "GET", `/api/v1/pledges/${made.body.id}`);
    await call(404, "GET", `/api/v1/pledges/${made.body.id}`, { headers: { "Pledge-Token": "wrong" } });
    const refused: [number, string, Json, Record<string, string>][] = [
      [400, "idempotency-key-missing", pledgeBody(), {}],
      [400, "invalid-json", pledgeBody(1000, { unknown: 1 }), { "Idempotency-Key": randomUUID() }],
      [422, "idempotency-key-reused", pledgeBody(1001), key],
      [422, "validation-failed", { ...pledgeBody(), donor: { name: "", email: "x" } }, { "Idempotency-Key": randomUUID() }],
      [422, "currency-mismatch", { ...pledgeBody(), amount: { amount: 1000, currency: "USD" } }, { "Idempotency-Key": randomUUID() }],
      [422, "amount-out-of-range", pledgeBody(1), { "Idempotency-Key": randomUUID() }],
      [422, "reward-unknown", pledgeBody(1000, { reward_id: randomUUID() }), { "Idempotency-Key": randomUUID() }],
      [409, "limit-reached", pledgeBody(4001), { "Idempotency-Key": randomUUID() }],
    ];
    for (const [status, code, json, headers] of refused) {
      const answer = await call(status, "POST", where, { json, headers });
      expect(answer.body.code).toBe(code);
    }
    const paused = await makeCampaign(context.sql, { state: "paused" });
    const answer = await call(409, "POST", `/api/v1/campaigns/${paused}/pledges`, {
      json: pledgeBody(),
      headers: { "Idempotency-Key": randomUUID() },
    });
    expect(answer.body).toMatchObject({ code: "campaign-not-accepting", reason: "paused" });
    await call(404, "POST", `/api/v1/campaigns/${randomUUID()}/pledges`, {
      json: pledgeBody(),
      headers: { "Idempotency-Key": randomUUID() },
    });
    await call(400, "POST", where, { body: "{", headers: { "Idempotency-Key": randomUUID() } });
    await call(415, "POST", where, { body: "a=1", headers: { "Idempotency-Key": randomUUID(), "Content-Type": "text/plain" } });
    await call(413, "POST", where, { body: " ".repeat(70_000), headers: { "Idempotency-Key": randomUUID() } });
  });

  test("of webhooks", async () => {
    const event = paymentEvent("payment_intent.succeeded", { id: `pi_${eventId()}`, amount: 1000, pledge: randomUUID() });
    const body = JSON.stringify(event);
    const where = "/api/v1/webhooks/stripe";
    const signed = (at?: number) => ({ "Stripe-Signature": context.provider.sign(body, at === undefined ? {} : { at }) });
    await call(200, "POST", where, { body, headers: signed() });
    await call(200, "POST", where, { body, headers: signed() });
    const forged = await call(400, "POST", where, { body: `${body} `, headers: signed() });
    expect(forged.body.code).toBe("signature-invalid");
    const stale = await call(400, "POST", where, { body, headers: signed(1_000_000_000) });
    expect(stale.body.code).toBe("signature-expired");
  });

  test("of the live feed", async () => {
    await call(426, "GET", "/api/v1/live");
    const campaign = await makeCampaign(context.sql);
    await until("the campaign to be in the read model", async () => (await context.redis.exists(`cfa:campaign:${campaign}`)) === 1);
    const frames: unknown[] = [];
    const socket = new WebSocket(`${context.stack.url("API").replace("http", "ws")}/api/v1/live`);
    socket.on("message", (data: Buffer) => frames.push(JSON.parse(data.toString())));
    await new Promise((done, fail) => socket.once("open", done).once("error", fail));
    const type = (name: string) => frames.some((frame) => (frame as Json).type === name);
    try {
      const admin = await makePerson(context.stack, context.sql, context.http, "admin");
      const requests: Json[] = [
        { subscribe: { all: true, access_token: admin.token } },
        { subscribe: { campaign, after: 0 } },
        { subscribe: { campaign, after: 1, epoch: 1 } },
        { subscribe: { campaign, after: null, epoch: null } },
      ];
      // One after the other: the next would take the place of one that is not answered yet.
      for (const [index, request] of requests.entries()) {
        socket.send(JSON.stringify(request));
        await until("an answer", () => frames.filter((frame) => (frame as Json).type === "subscribed").length > index);
      }
      const made = await context.http.pledge(campaign);
      const pledge = { subscribe: { pledge: made.body.id, token: made.body.token } };
      for (const request of [...requests, pledge, { unsubscribe: { campaign } }, { unsubscribe: { all: true } }]) {
        expect(contract().schema("LiveRequest", request)).toEqual([]);
      }
      socket.send(JSON.stringify(pledge));
      socket.send("nonsense");
      await until("no kind of frame to be missing", () => {
        const missing = ["subscribed", "totals", "pledge", "event", "reset", "error"].filter((name) => !type(name));
        if (missing.length > 0) throw new Error(missing.join(", "));
        return true;
      });
      for (const frame of frames) {
        expect(contract().schema("LiveFrame", frame), JSON.stringify(frame)).toEqual([]);
      }
    } finally {
      socket.close();
    }
  });

  test("of health, metrics and documents", async () => {
    const admin = new Http(context.stack, "API_ADMIN");
    await call(200, "GET", "/healthz");
    await call(200, "GET", "/readyz");
    await call(404, "GET", "/metrics");
    await call(200, "GET", "/metrics", {}, admin);
    await call(404, "GET", "/metrics/database");
    await call(200, "GET", "/metrics/database", {}, admin);
    for (const where of ["/openapi.json", "/docs", "/docs/problems", "/docs/docs.css"]) {
      const answer = await call(200, "GET", where);
      await call(304, "GET", where, { headers: { "If-None-Match": answer.headers.get("etag") ?? "" } });
    }
    const document = parse(readFileSync(path.join(root, "kore-app/openapi.yaml"), "utf8"), { merge: true }) as Json;
    expect((await context.http.get("/openapi.json")).body).toEqual(document);
    expect(contract().document).toEqual(document);
  });

  test("lead to the page that explains them", async () => {
    const { text } = await context.http.get("/docs/problems");
    for (const code of Object.keys(problemTypes)) expect(text).toContain(`id="${code}"`);
    const { body } = await context.http.get<{ type: string }>("/api/v1/nowhere");
    const target = new URL(body.type, context.stack.url("API"));
    expect(target.pathname).toBe("/docs/problems");
    expect(Object.keys(problemTypes)).toContain(target.hash.slice(1));
  });
});

test("no answer of this run was outside the document", () => {
  expect(recordedViolations(context.stack.dir)).toEqual([]);
});

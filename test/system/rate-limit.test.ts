// SPDX-License-Identifier: Apache-2.0
// Goal: nobody gets more than the policies say, over all processes; who is refused
// is told when to come back; an address cannot be chosen by the client; and without
// Redis each class does what docs/reference/limits.md says.
// Method: API processes of the test's own with small limits. The addresses come by
// X-Forwarded-For from 127.0.0.1, which is a proxy of ours; 127.0.0.2 is none.
import { execFile } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { parseList, type Item } from "structured-headers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, apiEnvironment, freePort, program, send, type Sent, startApi } from "../lib/api.ts";
import { makePerson, type Person } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { sum, type Samples } from "../lib/metrics.ts";
import { runTask } from "../lib/task.ts";
import { sleep, until } from "../lib/until.ts";

const run = promisify(execFile);
const context = useStack();
const apis: Api[] = [];

/** An address that no other test uses. */
const stranger = (): string => `198.18.${randomBytes(1)[0]}.${randomBytes(1)[0]}`;

async function api(settings: Record<string, string>): Promise<Api> {
  const started = await startApi(context.stack, { RATE_EXEMPT: "", ...settings });
  apis.push(started);
  return started;
}

afterAll(async () => {
  await Promise.all(apis.map((one) => one.stop()));
});

const read = (to: Api, address: string, path = "/api/v1/campaigns?limit=1", more: Record<string, string> = {}): Promise<Sent> =>
  send(to.url + path, { headers: { "X-Forwarded-For": address, ...more } });

const pledge = (to: Api, address: string, campaign: string): Promise<Sent> =>
  send(`${to.url}/api/v1/campaigns/${campaign}/pledges`, {
    method: "POST",
    headers: { "X-Forwarded-For": address, "Content-Type": "application/json", "Idempotency-Key": randomUUID() },
    body: JSON.stringify(pledgeBody(100)),
  });

interface Policy {
  q: number;
  w?: number;
}

/** Both fields by a parser that is not ours. */
function fields(answer: Sent): { policies: Map<string, Policy>; limits: Map<string, { r: number; t: number }> } {
  const list = (name: string): [string, Map<string, unknown>][] =>
    (parseList(answer.headers.get(name) ?? "") as Item[]).map(([value, parameters]) => [value as string, parameters]);
  return {
    policies: new Map(list("ratelimit-policy").map(([name, p]) => [name, Object.fromEntries(p) as unknown as Policy])),
    limits: new Map(list("ratelimit").map(([name, p]) => [name, Object.fromEntries(p) as unknown as { r: number; t: number }])),
  };
}

const left = (answer: Sent, name: string): number => fields(answer).limits.get(name)?.r ?? -1;

async function metrics(of: Api): Promise<Samples> {
  const samples: Samples = new Map();
  for (const line of (await (await fetch(`${of.admin}/metrics`)).text()).split("\n")) {
    const match = /^(careforall_rate\S+(?:\{.*\})?) (\S+)/.exec(line);
    if (match?.[1]) samples.set(match[1], Number(match[2]));
  }
  return samples;
}

describe("an answer", () => {
  let one: Api;
  beforeAll(async () => {
    // One read comes back each half second; of all else none while this takes its time.
    one = await api({
      RATE_READ: "address 100/50s burst 20, account 50/50s",
      RATE_PREFLIGHT: "address 5/5000s",
      RATE_PLEDGE: "address 8/8000s, campaign 12/12000s",
    });
  });

  test("carries both fields, whatever it is, by one policy text", async () => {
    const slow = await api({ RATE_READ: "address 100/5000s burst 20, account 50/50s" });
    const address = stranger();
    const campaign = await makeCampaign(context.sql);
    // PostgreSQL and the read model give one document different tags.
    await until("the campaign in the read model", async () => (await context.redis.hexists(`cfa:campaign:${campaign}`, "doc")) === 1);
    const found = await read(slow, address, `/api/v1/campaigns/${campaign}`);
    const answers = [
      found,
      await read(slow, address, `/api/v1/campaigns/${campaign}`, { "If-None-Match": found.headers.get("etag") ?? "" }),
      await read(slow, address, "/api/v1/campaigns?limit=0"),
      await read(slow, address, "/api/v1/campaigns?limit=1", { Accept: "image/png" }),
      await read(slow, address, "/api/v1/nowhere"),
      await send(`${slow.url}/api/v1/campaigns`, { method: "DELETE", headers: { "X-Forwarded-For": address } }),
      await send(`${slow.url}/api/v1/campaigns`, { method: "HEAD", headers: { "X-Forwarded-For": address } }),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([200, 304, 400, 406, 404, 405, 200]);
    let before = 20;
    for (const answer of answers) {
      const { policies, limits } = fields(answer);
      expect(policies.get("read-address")).toEqual({ q: 100, w: 5000 });
      expect(policies.get("read-account")).toEqual({ q: 50, w: 50 });
      expect([...limits.keys()]).toEqual(["read-address"]);
      expect(limits.get("read-address")?.r).toBeLessThan(before);
      expect(limits.get("read-address")?.t).toBeGreaterThanOrEqual(1);
      expect(limits.get("read-address")?.t).toBeLessThanOrEqual(50);
      before = limits.get("read-address")?.r ?? 0;
    }
    expect(new Set(answers.map((answer) => answer.headers.get("ratelimit-policy"))).size).toBe(1);
  });

  test("is 429 with Retry-After beyond the limit, and the wait is true", async () => {
    const address = stranger();
    const answers = await Promise.all(Array.from({ length: 80 }, () => read(one, address)));
    const refused = answers.filter((answer) => answer.status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(18);
    expect(answers.filter((answer) => answer.status === 200).length).toBeGreaterThan(10);
    for (const answer of refused) {
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(answer.body).toMatchObject({ status: 429, code: "too-many-requests", "violated-policies": ["read-address"] });
      const wait = Number(answer.headers.get("retry-after"));
      expect(wait).toBeGreaterThanOrEqual(1);
      const { limits } = fields(answer);
      expect(limits.get("read-address")?.r).toBe(0);
      expect(wait).toBeGreaterThanOrEqual(limits.get("read-address")?.t ?? 99);
      expect(answer.text).not.toContain(address);
    }
    await sleep(Number(refused[0]?.headers.get("retry-after")) * 1000);
    expect((await read(one, address)).status).toBe(200);
    // Others were never touched.
    expect((await read(one, stranger())).status).toBe(200);
  });

  test("to a preflight counts apart", async () => {
    const address = stranger();
    const preflight = (): Promise<Sent> =>
      send(`${one.url}/api/v1/campaigns`, {
        method: "OPTIONS",
        headers: { "X-Forwarded-For": address, Origin: "http://127.0.0.1", "Access-Control-Request-Method": "GET" },
      });
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push((await preflight()).status);
    expect(statuses).toEqual([204, 204, 204, 204, 204, 429]);
    expect((await preflight()).body["violated-policies"]).toEqual(["preflight-address"]);
    expect(left(await read(one, address), "read-address")).toBe(19);
  });

  test("never says that more is left than may come at once", async () => {
    const two = await api({ RATE_READ: "address 1000/1s burst 160", API_WORKERS: "1" });
    const address = stranger();
    for (let i = 0; i < 20; i++) {
      expect(left(await read(two, address), "read-address")).toBeLessThanOrEqual(160);
      await sleep(10);
    }
  });

  test("to a pledge counts by address and by campaign, both or neither", async () => {
    const [first, second] = [stranger(), stranger()];
    const [wanted, other] = [await makeCampaign(context.sql), await makeCampaign(context.sql)];
    for (let i = 0; i < 8; i++) expect((await pledge(one, first, wanted)).status).toBe(201);
    const byAddress = await pledge(one, first, wanted);
    expect(byAddress.body["violated-policies"]).toEqual(["pledge-address"]);
    // The refusal took nothing from the campaign: 12 - 8 are left for others.
    for (let i = 0; i < 4; i++) expect((await pledge(one, second, wanted)).status).toBe(201);
    const byCampaign = await pledge(one, second, wanted);
    expect(byCampaign.status).toBe(429);
    expect(byCampaign.body["violated-policies"]).toEqual(["pledge-campaign"]);
    expect(Number(byCampaign.headers.get("retry-after"))).toBeGreaterThanOrEqual(900);
    expect([...fields(byCampaign).limits.keys()]).toEqual(["pledge-address", "pledge-campaign"]);
    // And nothing from the address.
    const elsewhere = await pledge(one, second, other);
    expect(elsewhere.status).toBe(201);
    expect(left(elsewhere, "pledge-address")).toBe(3);
    // Reads are another class.
    expect((await read(one, first)).status).toBe(200);
  });

  test("to somebody who is logged in counts by account too, from wherever", async () => {
    const [mine, theirs] = [await makePerson(context.stack, context.sql, context.http), await makePerson(context.stack, context.sql, context.http)];
    const two = await api({ RATE_READ: "address 100/50s burst 100, account 5/5000s", RATE_WRITE: "address 100/50s, account 3/6000s", API_WORKERS: "1" });
    const change = (person: Person, address: string): Promise<Sent> =>
      send(`${two.url}/api/v1/me`, {
        method: "PATCH",
        headers: { "X-Forwarded-For": address, Authorization: `Bearer ${person.token}`, "Content-Type": "application/json" },
        body: JSON.stringify({ name: "Mara" }),
      });
    const address = stranger();
    // From three addresses: it is the account that counts. Without If-Match nothing is changed.
    const answers = [await change(mine, address), await change(mine, stranger()), await change(mine, stranger()), await change(mine, address)];
    expect(answers.map((answer) => answer.status === 429)).toEqual([false, false, false, true]);
    const refused = answers[3] as Sent;
    expect(refused.body).toMatchObject({ code: "too-many-requests", "violated-policies": ["write-account"] });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(fields(refused).limits.get("write-account")?.t ?? Infinity);
    expect(new Set(fields(refused).limits.keys())).toEqual(new Set(["write-address", "write-account"]));
    expect(left(refused, "write-account")).toBe(0);
    // Another account at the same address goes on, and reads are another class.
    expect((await change(theirs, address)).status).not.toBe(429);
    const me = (person: Person): Promise<Sent> => read(two, address, "/api/v1/me", { Authorization: `Bearer ${person.token}` });
    const reads = [];
    for (let i = 0; i < 6; i++) reads.push(await me(mine));
    expect(reads.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200, 429]);
    expect(reads[0] && left(reads[0], "read-account")).toBe(4);
    expect(reads[5]?.body["violated-policies"]).toEqual(["read-account"]);
    // Who is refused by account is not shown as logged in: no account, no bucket.
    const unknown = await read(two, address, "/api/v1/me", { Authorization: "Bearer x" });
    expect([...fields(unknown).limits.keys()]).toEqual(["read-address"]);
  });

  test("to a wrong password costs five times as much", async () => {
    // One process: what it has charged is before what it asks next, on one connection.
    const two = await api({ RATE_LOGIN: "address 14/1400s", API_WORKERS: "1" });
    const address = stranger();
    const login = (): Promise<Sent> =>
      send(`${two.url}/api/v1/auth/login`, {
        method: "POST",
        headers: { "X-Forwarded-For": address, "Content-Type": "application/json" },
        body: JSON.stringify({ email: `${randomUUID()}@example.org`, password: "not the password" }),
      });
    const wrong = [await login(), await login(), await login(), await login()];
    expect(wrong.map((answer) => answer.status)).toEqual([401, 401, 401, 429]);
    expect(wrong.map((answer) => left(answer, "login-address"))).toEqual([9, 4, 0, 0]);
    // One permit too many was charged: two have to come back.
    expect(Number(wrong[3]?.headers.get("retry-after"))).toBeGreaterThan(100);
  });

  test("says nothing about anybody, and neither does Redis", async () => {
    const address = stranger();
    const answer = await read(one, address);
    answer.headers.forEach((value) => {
      expect(value).not.toContain(address);
    });
    const keys = await context.redis.keys("cfa:rate:*");
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(key).toMatch(/^cfa:rate:[0-9a-f]{32}$/);
      expect(await context.redis.get(key)).toMatch(/^\d{16}$/);
      expect(await context.redis.pttl(key)).toBeLessThanOrEqual(2 * 12_000_000);
    }
  });

  test("is counted in the metrics", async () => {
    const samples = await metrics(one);
    const decisions = (cls: string, outcome: string): number =>
      samples.get(`careforall_rate_limit_decisions_total{class="${cls}",outcome="${outcome}"}`) ?? -1;
    expect(decisions("read", "allowed")).toBeGreaterThan(20);
    expect(decisions("read", "refused")).toBeGreaterThan(15);
    expect(decisions("pledge", "allowed")).toBe(13);
    expect(decisions("pledge", "refused")).toBe(2);
    expect(decisions("preflight", "refused")).toBe(2);
    expect(decisions("login", "allowed")).toBe(0);
  });
});

describe("several processes", () => {
  let three: Api[];
  beforeAll(async () => {
    const rules = { RATE_READ: "address 320/160s", RATE_PLEDGE: "address 30/300s", API_WORKERS: "2" };
    three = [await api(rules), await api(rules), await api(rules)];
  });

  /** How many of so many requests, sent to all processes at once, got in. */
  async function allowed(count: number, call: (to: Api) => Promise<Sent>): Promise<number> {
    const all = Array.from({ length: count }, (_, i) => i);
    const answers: Sent[] = [];
    for (let at = 0; at < count; at += 60) {
      answers.push(...(await Promise.all(all.slice(at, at + 60).map((i) => call(three[i % 3] as Api)))));
    }
    return answers.filter((answer) => answer.status !== 429).length;
  }

  test("keep one limit of reads between them, though they take permits in advance", async () => {
    const address = stranger();
    const started = Date.now();
    const count = await allowed(900, (to) => read(to, address, "/api/v1/nowhere"));
    expect(count).toBeLessThanOrEqual(320 + Math.ceil(((Date.now() - started) / 1000) * 2));
    // At most a sixteenth is lost in each of six workers' last lease.
    expect(count).toBeGreaterThan(200);
  });

  test("keep one limit of pledges exactly", async () => {
    const address = stranger();
    const started = Date.now();
    const count = await allowed(120, (to) => pledge(to, address, randomUUID()));
    expect(count).toBeGreaterThanOrEqual(30);
    expect(count).toBeLessThanOrEqual(30 + Math.floor((Date.now() - started) / 10_000));
  });

  test("go on by the same buckets when Redis has forgotten the script", async () => {
    const address = stranger();
    const [one] = three as [Api, ...Api[]];
    expect(left(await pledge(one, address, randomUUID()), "pledge-address")).toBe(29);
    await context.redis.script("FLUSH");
    for (const to of three) await Promise.all(Array.from({ length: 4 }, () => pledge(to, stranger(), randomUUID())));
    await until("the script to be back", async () => left(await pledge(one, address, randomUUID()), "pledge-address") < 29);
  });
});

describe("the address", () => {
  let one: Api;
  beforeAll(async () => {
    one = await api({ RATE_PLEDGE: "address 3/300s", TRUSTED_PROXIES: "127.0.0.1, 10.0.0.0/8", API_WORKERS: "1" });
  });

  const none = (): string => `/api/v1/campaigns/${randomUUID()}/pledges`;
  const from = (peer: string, headers: Record<string, string | string[]>): Promise<Sent> =>
    send(one.url + none(), { method: "POST", from: peer, headers });

  test("of a peer that is no proxy is its own, whatever it sends", async () => {
    const statuses = [];
    for (const headers of [
      { "X-Forwarded-For": stranger() },
      { "X-Real-IP": stranger() },
      { Forwarded: `for=${stranger()}` },
      { "X-Forwarded-For": "127.0.0.1" },
      { "X-Client-IP": stranger(), "True-Client-IP": stranger(), "CF-Connecting-IP": stranger() },
    ]) {
      statuses.push((await from("127.0.0.2", headers)).status);
    }
    expect(statuses.map((status) => status === 429)).toEqual([false, false, false, true, true]);
  });

  test("comes from the right end of what proxies wrote", async () => {
    const [mine, victim] = [stranger(), stranger()];
    for (const chain of [mine, `${victim}, ${mine}`, `${victim}, ${mine}, 10.1.2.3`]) {
      expect((await from("127.0.0.1", { "X-Forwarded-For": chain })).status).not.toBe(429);
    }
    expect((await from("127.0.0.1", { "X-Forwarded-For": [victim, mine] })).status).toBe(429);
    expect((await from("127.0.0.1", { "X-Forwarded-For": `::ffff:${mine}` })).status).toBe(429);
    expect((await from("127.0.0.1", { "X-Forwarded-For": victim, "X-Real-IP": mine, Forwarded: `for=${mine}` })).status).not.toBe(429);
  });

  test("of IPv6 is its network of 64 bits", async () => {
    const net = `2001:db8:${randomBytes(2).toString("hex")}:${randomBytes(2).toString("hex")}`;
    for (const end of ["::1", "::2", "1:2:3:4"]) {
      const address = end.startsWith("::") ? net + end : `${net}:${end}`;
      expect((await from("127.0.0.1", { "X-Forwarded-For": address })).status).not.toBe(429);
    }
    expect((await from("127.0.0.1", { "X-Forwarded-For": `${net}:ffff::9` })).status).toBe(429);
    expect((await from("127.0.0.1", { "X-Forwarded-For": "2001:db8:ffff:ffff::1" })).status).not.toBe(429);
  });

  test("that is no address belongs to the proxy that let it through", async () => {
    for (const junk of ["unknown", "junk, more junk", "999.1.1.1"]) {
      expect((await from("127.0.0.1", { "X-Forwarded-For": junk })).status).not.toBe(429);
    }
    expect((await from("127.0.0.1", { "X-Forwarded-For": "_x" })).status).toBe(429);
    expect((await from("127.0.0.1", {})).status).toBe(429);
  });

  test("cannot be chosen through the gateway", async () => {
    const where = `${context.stack.url("GATEWAY")}${none()}`;
    // 127.0.0.1 is exempt in this stack, so it would not be counted at all.
    const forged = ["127.0.0.1", ...Array.from({ length: 40 }, stranger)];
    const remaining = [];
    for (const address of forged) {
      const answer = await send(where, {
        method: "POST",
        from: "127.0.0.3",
        headers: { "X-Forwarded-For": address, "X-Real-IP": address, Forwarded: `for=${address}` },
      });
      remaining.push(left(answer, "pledge-address"));
    }
    // One bucket for all of them: of 120, with one back each half second.
    expect(remaining[0]).toBeLessThan(120);
    expect(Math.max(...remaining)).toBeLessThan(120);
    expect(remaining.at(-1)).toBeLessThan(117);
  });
});

describe("exemptions and switches", () => {
  test("an exempt network is not limited, and gets no fields", async () => {
    const one = await api({ RATE_READ: "address 1/300s", RATE_EXEMPT: "203.0.113.0/24" });
    for (let i = 0; i < 3; i++) {
      const answer = await read(one, "203.0.113.77");
      expect(answer.status).toBe(200);
      expect(answer.headers.get("ratelimit")).toBeNull();
      expect(answer.headers.get("ratelimit-policy")).toBeNull();
    }
    const address = stranger();
    expect((await read(one, address)).status).toBe(200);
    expect((await read(one, address)).status).toBe(429);
  });

  test("a class or all can be off; probes are never limited", async () => {
    const one = await api({ RATE_READ: "off", RATE_PLEDGE: "address 1/300s" });
    const address = stranger();
    const answer = await read(one, address);
    expect([answer.status, answer.headers.get("ratelimit-policy")]).toEqual([200, null]);
    expect((await pledge(one, address, randomUUID())).status).toBe(404);
    expect((await pledge(one, address, randomUUID())).status).toBe(429);
    for (const path of ["/healthz", "/readyz"]) expect((await read(one, address, path)).headers.get("ratelimit")).toBeNull();
    const off = await api({ RATE_LIMITS: "off", RATE_PLEDGE: "address 1/300s" });
    for (let i = 0; i < 3; i++) expect((await pledge(off, address, randomUUID())).status).toBe(404);
  });

  test.each([
    ["RATE_READ", "address ten/60s"],
    ["RATE_PLEDGE", "address 10/60s burst 11"],
    ["RATE_EXEMPT", "everybody"],
    ["TRUSTED_PROXIES", "10.0.0.1/8"],
  ])("%s=%s is refused at the start", async (name, value) => {
    const env = { ...(await apiEnvironment(context.stack)), [`CAREFORALL_${name}`]: value };
    const failed = await run(program, ["--check-config"], { env }).then(
      () => null,
      (error: unknown) => error as { code: number; stderr: string },
    );
    expect(failed?.code).toBe(78);
    expect(failed?.stderr).toMatch(name.startsWith("RATE_READ") ? /limits of read/ : name === "RATE_PLEDGE" ? /limits of pledge/ : new RegExp(`CAREFORALL_${name}`));
  });

  test("so many at one time and no more, and each that ends makes room", async () => {
    const one = await api({ RATE_READ: "inflight 2", API_WORKERS: "1" });
    const address = stranger();
    const campaign = await makeCampaign(context.sql);
    const client = await context.sql.client();
    const slow = (): Promise<Sent> => read(one, address, `/api/v1/campaigns/${campaign}/gifts`);
    try {
      await client.query("BEGIN");
      await client.query("LOCK TABLE careforall.pledges IN ACCESS EXCLUSIVE MODE");
      const waiting = [slow(), slow()];
      await until(
        "both to wait",
        async () =>
          (await context.sql.value<number>(
            "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%campaign_gifts%'",
          )) === 2,
      );
      const refused = await read(one, address);
      expect(refused.body["violated-policies"]).toEqual(["read-inflight"]);
      expect(refused.headers.get("ratelimit-policy")).toBe('"read-inflight";q=2;qu="concurrent-requests"');
      expect((await read(one, stranger())).status).toBe(200);
      await client.query("COMMIT");
      expect((await Promise.all(waiting)).map((answer) => answer.status)).toEqual([200, 200]);
    } finally {
      await client.end();
    }
    expect((await read(one, address)).status).toBe(200);
  });

  test("two downloads of an account at one time and no more", async () => {
    const one = await api({ API_WORKERS: "1" });
    const admin = await makePerson(context.stack, context.sql, context.http, "admin");
    const task = await runTask(admin.http, { kind: "pledge_export", campaign: await makeCampaign(context.sql) });
    const client = await context.sql.client();
    const file = (): Promise<Sent> => read(one, stranger(), `/api/v1/tasks/${task.id}/file`, { Authorization: `Bearer ${admin.token}` });
    try {
      await client.query("BEGIN");
      await client.query("LOCK TABLE careforall.task_parts IN ACCESS EXCLUSIVE MODE");
      const waiting = [file(), file()];
      await until("both to wait", async () => (await context.sql.value<number>(
        "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%task_file%'",
      )) === 2);
      const refused = await file();
      expect(refused.status).toBe(429);
      expect(refused.headers.get("retry-after")).toBe("1");
      expect(refused.body).toMatchObject({ code: "too-many-requests", "violated-policies": ["export-inflight-account"] });
      await client.query("COMMIT");
      expect((await Promise.all(waiting)).map((answer) => answer.status)).toEqual([200, 200]);
    } finally {
      await client.end();
    }
  });
});

describe("a server that has too much to do", () => {
  const expectOverloaded = (answer: Sent): void => {
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ code: "overloaded", status: 503, title: "The server is overloaded" });
    expect(answer.body["violated-policies"]).toBeUndefined();
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  };

  test("refuses log-ins beyond its queue with 503, and serves all else meanwhile", async () => {
    const one = await api({ API_WORKERS: "1", PASSWORD_QUEUE: "2", PASSWORD_THREADS: "1", PASSWORD_PASSES: "8", RATE_LOGIN: "off" });
    const login = (): Promise<Sent> =>
      send(`${one.url}/api/v1/auth/login`, {
        method: "POST",
        headers: { "X-Forwarded-For": stranger(), "Content-Type": "application/json" },
        body: JSON.stringify({ email: `${randomUUID()}@example.org`, password: "not the password" }),
      });
    const logins = Array.from({ length: 30 }, login);
    const meanwhile = await read(one, stranger());
    const answers = await Promise.all(logins);
    const refused = answers.filter((answer) => answer.status !== 401);
    expect(refused.length).toBeGreaterThanOrEqual(1);
    expect(refused.length).toBeLessThanOrEqual(27); // one is hashed, two wait
    refused.forEach(expectOverloaded);
    expect(meanwhile.status).toBe(200);
    expect((await login()).status).toBe(401);
  });

  test("refuses downloads beyond eight with 503, and takes them again afterwards", async () => {
    const one = await api({ API_WORKERS: "1" });
    const admins = await Promise.all(Array.from({ length: 5 }, () => makePerson(context.stack, context.sql, context.http, "admin")));
    const last = admins[4] as Person;
    const task = await runTask(last.http, { kind: "pledge_export", campaign: await makeCampaign(context.sql) });
    const file = (person: Person): Promise<Sent> => read(one, stranger(), `/api/v1/tasks/${task.id}/file`, { Authorization: `Bearer ${person.token}` });
    const open = async (): Promise<number> =>
      Number(/^careforall_downloads_open (\d+)$/m.exec(await (await fetch(`${one.admin}/metrics`)).text())?.[1]);
    const client = await context.sql.client();
    try {
      await client.query("BEGIN");
      await client.query("LOCK TABLE careforall.task_parts IN ACCESS EXCLUSIVE MODE");
      const waiting = admins.slice(0, 4).flatMap((person) => [file(person), file(person)]);
      await until("eight to be under way", async () => (await open()) === 8);
      expectOverloaded(await file(last));
      expect((await read(one, stranger())).status).toBe(200);
      await client.query("COMMIT");
      expect((await Promise.all(waiting)).map((answer) => answer.status)).toEqual(Array(8).fill(200));
    } finally {
      await client.end();
    }
    expect((await file(last)).status).toBe(200);
  });
});

describe("without Redis", () => {
  const rules = { RATE_READ: "address 2/300s", RATE_PLEDGE: "address 8/800s", RATE_WEBHOOK: "address 2/300s", API_WORKERS: "1" };

  async function behaves(one: Api): Promise<void> {
    const address = stranger();
    for (let i = 0; i < 5; i++) {
      expect((await read(one, address)).status).toBe(200);
    }
    for (let i = 0; i < 4; i++) {
      const answer = await send(`${one.url}/api/v1/webhooks/stripe`, {
        method: "POST",
        headers: { "X-Forwarded-For": address, "Content-Type": "application/json" },
        body: "{}",
      });
      expect(answer.body.code).toBe("signature-invalid");
    }
    const statuses = [];
    for (let i = 0; i < 10; i++) statuses.push((await pledge(one, address, randomUUID())).status);
    expect(statuses).toEqual([...Array.from({ length: 8 }, () => 404), 429, 429]);
    const refused = await pledge(one, address, randomUUID());
    expect(refused.body["violated-policies"]).toEqual(["pledge-address"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(90);
    const samples = await metrics(one);
    expect(sum(samples, /class="read",outcome="passed"/)).toBeGreaterThanOrEqual(5);
    expect(sum(samples, /class="pledge",outcome="allowed_alone"/)).toBe(8);
    expect(sum(samples, /class="pledge",outcome="refused_alone"/)).toBe(3);
  }

  test("reads and webhooks pass, pledges keep to the worker's share", async () => {
    await behaves(await api({ ...rules, REDIS_URL: `redis://127.0.0.1:${await freePort()}/0` }));
  });

  test("and with a Redis that hangs the same, soon", async () => {
    const port = await freePort();
    const hung = createServer(() => undefined).listen(port, "127.0.0.1");
    try {
      await behaves(await api({ ...rules, REDIS_URL: `redis://127.0.0.1:${port}/0` }));
    } finally {
      hung.close();
    }
  });
});

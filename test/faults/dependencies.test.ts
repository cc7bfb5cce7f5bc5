// SPDX-License-Identifier: Apache-2.0
// Goal: with PostgreSQL, Redis or NATS away, hung or slow every request is answered in
// bounded time, what can go on does, health tells the truth, and all comes back by
// itself with no pledge lost or doubled. Method: a trickle of requests of every kind
// while one server is stopped or frozen for all processes, or made slow, deaf or gone
// by a proxy for an API of the test's own.
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { pledgeBody } from "../lib/http.ts";
import { assertInvariants, drained } from "../lib/invariants.ts";
import { Proxy, type ProxyMode } from "../lib/proxy.ts";
import { freePortBase, signalIfThere } from "../lib/stack.ts";
import { sleep, until } from "../lib/until.ts";

const context = useStack();

/** The deadline of a request is 5 s; a machine that does much else takes its own time. */
const bound_ms = 20_000;

interface Seen {
  at: number;
  kind: string;
  status: number;
  ms: number;
  text: string;
  retryAfter: string | null;
}

/** Asks for everything again and again, and keeps each answer. */
class Trickle {
  readonly seen: Seen[] = [];
  readonly made = new Map<string, string>();
  private running = true;
  private readonly jobs: Promise<void>[] = [];

  constructor(
    private readonly url: string,
    private readonly campaign: string,
  ) {
    const campaignPath = `/api/v1/campaigns/${campaign}`;
    this.loop(() => this.ask("campaign", campaignPath));
    this.loop(() => this.ask("list", "/api/v1/campaigns?limit=5"));
    this.loop(() => this.ask("gifts", `${campaignPath}/gifts`));
    this.loop(() => this.ask("live", "/healthz"));
    this.loop(() => this.ask("ready", "/readyz"));
    for (let donor = 0; donor < 2; donor++) this.loop(() => this.pledge());
  }

  /** Answers that came after the moment, of requests that were sent after it. */
  since(moment: number, kind: string): Seen[] {
    return this.seen.filter((one) => one.kind === kind && one.at >= moment);
  }

  statuses(moment: number, kind: string): Set<number> {
    return new Set(this.since(moment, kind).map((one) => one.status));
  }

  /** Waits for so many answers of requests that are sent from now on. */
  async more(kinds: string[], count = 8): Promise<void> {
    const moment = Date.now();
    await until(`${count} answers each`, () => kinds.every((kind) => this.since(moment, kind).length >= count), 60_000);
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.jobs);
  }

  private loop(work: () => Promise<unknown>): void {
    this.jobs.push(
      (async () => {
        while (this.running) {
          await work();
          await sleep(50);
        }
      })(),
    );
  }

  private async ask(kind: string, where: string, init: RequestInit = {}): Promise<Seen> {
    const at = Date.now();
    const seen = await fetch(this.url + where, { ...init, signal: AbortSignal.timeout(bound_ms) }).then(
      async (answer) => ({
        at,
        kind,
        status: answer.status,
        text: await answer.text(),
        retryAfter: answer.headers.get("retry-after"),
        ms: Date.now() - at,
      }),
      (error: unknown) => ({ at, kind, status: 0, text: String(error), retryAfter: null, ms: Date.now() - at }),
    );
    this.seen.push(seen);
    return seen;
  }

  /** One donor, who asks with the same key until the outcome is known. */
  private async pledge(): Promise<void> {
    const key = randomUUID();
    for (;;) {
      const answer = await this.ask("pledge", `/api/v1/campaigns/${this.campaign}/pledges`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "Idempotency-Key": key },
        body: JSON.stringify(pledgeBody()),
      });
      if (answer.status === 201) {
        this.made.set(key, (JSON.parse(answer.text) as { id: string }).id);
        return;
      }
      await sleep(100);
    }
  }
}

/** What must be true of every answer, whatever is broken. */
function allWereAnswered(trickle: Trickle): void {
  const kinds = new Map<string, number>();
  for (const one of trickle.seen) {
    kinds.set(one.kind, (kinds.get(one.kind) ?? 0) + 1);
    expect(one.status, `${one.kind}: ${one.text}`).toBeGreaterThan(0);
    expect(one.ms).toBeLessThan(bound_ms);
    const isRefusal = one.status === 503 || one.status === 504;
    if (isRefusal) expect(Number(one.retryAfter), one.text).toBeGreaterThan(0);
    else expect([200, 201, 409], `${one.kind}: ${one.text}`).toContain(one.status);
    // A key whose first request is under way.
    if (one.status === 409) expect(Number(one.retryAfter), one.text).toBeGreaterThan(0);
  }
  expect(trickle.statuses(0, "live")).toEqual(new Set([200]));
  expect(kinds.size).toBe(6);
}

/** The answers become as they should be, and are so again in the next round. */
async function settles(trickle: Trickle, count: number, judge: (moment: number) => void): Promise<void> {
  const latest = Date.now() + 60_000;
  for (let rounds = 0; rounds < 2;) {
    const moment = Date.now();
    await trickle.more(["campaign", "list", "gifts", "pledge", "ready"], count);
    try {
      judge(moment);
      rounds++;
    } catch (error) {
      if (moment > latest) throw error;
      rounds = 0;
    }
  }
}

/** Does the work at its first call only. */
function once<T>(work: () => T): () => T {
  let done: { value: T } | undefined;
  return () => (done ??= { value: work() }).value;
}

async function nothingLost(trickle: Trickle, campaign: string): Promise<void> {
  const stored = await context.sql.rows<{ id: string }>(
    "SELECT id::text FROM careforall.pledges WHERE campaign_id = $1",
    [campaign],
  );
  expect(new Set(trickle.made.values()).size).toBe(trickle.made.size);
  expect(new Set(stored.map((row) => row.id))).toEqual(new Set(trickle.made.values()));
}

async function readiness(url: string): Promise<{ status: number; body: Record<string, string> }> {
  const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(bound_ms) });
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
}

/** Becomes ready or not, as asked. */
async function becomes(url: string, status: number, body: Record<string, string> = {}): Promise<void> {
  await until(`readiness ${status}`, async () => {
    const now = await readiness(url);
    return now.status === status && Object.entries(body).every(([name, value]) => now.body[name] === value);
  });
}

// ---- the whole stack, with the real thing stopped or frozen

/** The process and all below it. */
async function family(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const found = [root];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}

type Server = "pg" | "redis" | "nats";

async function signal(part: Server, name: NodeJS.Signals): Promise<void> {
  for (const pid of await family(await context.stack.pid(part))) signalIfThere(pid, name);
}

const faults: [string, Server, () => Promise<void>, () => Promise<void>][] = (["pg", "redis", "nats"] as const).flatMap((part) => [
  [
    "away",
    part,
    () => context.stack.stop([part]),
    () => context.stack.start([part], ...(part === "pg" ? ["--no-schema"] : [])),
  ],
  ["hung", part, () => signal(part, "SIGSTOP"), () => signal(part, "SIGCONT")],
]);

/** What goes on without the server, and what is refused. */
function judge(trickle: Trickle, moment: number, part: Server): void {
  expect(trickle.statuses(moment, "campaign"), "campaigns are read").toEqual(new Set([200]));
  expect(trickle.statuses(moment, "list")).toEqual(new Set([200]));
  if (part === "pg") {
    expect(trickle.statuses(moment, "pledge")).toEqual(new Set([503]));
    expect(trickle.statuses(moment, "ready")).toEqual(new Set([503]));
  } else {
    expect(trickle.statuses(moment, "pledge")).toEqual(new Set([201]));
    expect(trickle.statuses(moment, "ready")).toEqual(new Set([200]));
    expect(trickle.statuses(moment, "gifts")).toEqual(new Set([200]));
  }
}

const unready: Record<Server, [number, Record<string, string>]> = {
  pg: [503, { postgres: "unavailable" }],
  redis: [200, { status: "degraded", redis: "unavailable" }],
  nats: [200, { postgres: "ok", redis: "ok" }],
};

describe("the stack", () => {
  test.each(faults)("%s: %s", async (_how, part, breakIt, mendIt) => {
    const url = context.stack.url("API");
    const campaign = await makeCampaign(context.sql);
    await drained(context);
    await becomes(url, 200, { status: "ok" });
    const mend = once(mendIt);
    const trickle = new Trickle(url, campaign);
    try {
      await trickle.more(["campaign", "list", "gifts", "pledge", "ready"], 3);
      await breakIt();
      const [status, body] = unready[part];
      await becomes(url, status, body);
      await settles(trickle, 5, (moment) => judge(trickle, moment, part));
      await mend();
      await becomes(url, 200, { status: "ok" });
      await settles(trickle, 8, (moment) => {
        for (const kind of ["campaign", "list", "gifts"]) expect(trickle.statuses(moment, kind)).toEqual(new Set([200]));
        expect(trickle.statuses(moment, "pledge")).toEqual(new Set([201]));
      });
    } finally {
      await mend();
      await trickle.stop();
    }
    allWereAnswered(trickle);
    await nothingLost(trickle, campaign);
    await assertInvariants(context);
  });
});

// ---- an API of our own behind proxies

describe("an API", () => {
  let postgres: Proxy;
  let redis: Proxy;
  let api: ChildProcess;
  let url = "";
  const log: string[] = [];

  beforeAll(async () => {
    const { stack } = context;
    postgres = await Proxy.to(stack.port("PG"));
    redis = await Proxy.to(stack.port("REDIS"));
    const base = await freePortBase();
    url = `http://127.0.0.1:${base}`;
    api = spawn(path.join(stack.dir, "bin/careforall-api"), {
      env: {
        CAREFORALL_API_LISTEN: `127.0.0.1:${base}`,
        CAREFORALL_API_ADMIN_LISTEN: `127.0.0.1:${base + 1}`,
        CAREFORALL_PG_DSN: `host=127.0.0.1 port=${postgres.port} dbname=careforall user=cfa_api`,
        CAREFORALL_PG_PASSWORD: stack.get("STACK_PG_PASSWORD_API"),
        CAREFORALL_REDIS_URL: `redis://127.0.0.1:${redis.port}/0`,
        CAREFORALL_REDIS_PASSWORD: stack.get("STACK_REDIS_PASSWORD"),
        CAREFORALL_PLEDGE_TOKEN_KEY: stack.get("STACK_PLEDGE_TOKEN_KEY"),
        CAREFORALL_WEBHOOK_SECRETS: stack.get("STACK_WEBHOOK_SECRET"),
        CAREFORALL_SIGNING_KEYS: stack.get("STACK_SIGNING_KEYS"),
        CAREFORALL_PUBLIC_URL: stack.url("GATEWAY"),
        CAREFORALL_RATE_EXEMPT: "127.0.0.1",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [api.stdout, api.stderr]) stream?.on("data", (chunk: Buffer) => log.push(chunk.toString()));
    await until(`an API that is ready; it said ${log.join("")}`, async () => (await readiness(url)).body.status === "ok");
  });

  afterAll(async () => {
    const over = new Promise((done) => api.once("exit", done));
    api.kill("SIGTERM");
    await over;
    await postgres.close();
    await redis.close();
  });

  const cases: [string, "pg" | "redis", ProxyMode | number, Record<string, number[]>][] = [
    ["gone", "pg", "refuse", { campaign: [200], pledge: [503], ready: [503] }],
    ["deaf", "pg", "hang", { campaign: [200], pledge: [503], ready: [503] }],
    ["slow by 0.3 s", "pg", 300, { campaign: [200], list: [200], pledge: [201] }],
    ["slow by 4 s", "pg", 4_000, { campaign: [200], pledge: [201, 409, 503, 504], ready: [503] }],
    ["gone", "redis", "refuse", { campaign: [200], list: [200], gifts: [200], pledge: [201], ready: [200] }],
    ["deaf", "redis", "hang", { campaign: [200], list: [200], gifts: [200], pledge: [201], ready: [200] }],
    ["slow by 0.1 s", "redis", 100, { campaign: [200], list: [200], gifts: [200], pledge: [201], ready: [200] }],
    ["slow by 1 s", "redis", 1_000, { campaign: [200], list: [200], gifts: [200], pledge: [201], ready: [200] }],
  ];

  test.each(cases)("finds its server %s: %s", async (_how, part, manner, allowed) => {
    const proxy = part === "pg" ? postgres : redis;
    const campaign = await makeCampaign(context.sql);
    await drained(context);
    await becomes(url, 200, { status: "ok" });
    const mend = once(() => {
      proxy.mode = "pass";
      proxy.delayMs = 0;
      // What was swallowed does not come again, as it would on a line that came back.
      if (manner === "hang") proxy.cut();
    });
    const trickle = new Trickle(url, campaign);
    try {
      await trickle.more(["campaign", "pledge"], 3);
      if (typeof manner === "number") proxy.delayMs = manner;
      else proxy.mode = manner;
      if (manner === "refuse") proxy.cut();
      await settles(trickle, 4, (moment) => {
        for (const [kind, statuses] of Object.entries(allowed)) {
          for (const one of trickle.since(moment, kind)) expect(statuses, `${kind}: ${one.text}`).toContain(one.status);
        }
      });
      mend();
      await becomes(url, 200, { status: "ok" });
      const before = trickle.made.size;
      await until("pledges to go on", () => trickle.made.size >= before + 5);
    } finally {
      mend();
      await trickle.stop();
    }
    allWereAnswered(trickle);
    await nothingLost(trickle, campaign);
    expect(api.exitCode, log.join("")).toBeNull();
  });

  test("has lost nothing and doubled nothing", async () => {
    await assertInvariants(context);
  });
});

// SPDX-License-Identifier: Apache-2.0
// Goal: one trace tells the story of one pledge over all processes, whatever the
// collector does, and tells nothing about people. Method: this file is the collector;
// it reads what the processes send by the official definitions and rebuilds the tree.
import { randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Collector, type Span } from "../lib/collector.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { Http, type CreatedPledge, pledgeBody } from "../lib/http.ts";
import { scrape } from "../lib/metrics.ts";
import { paymentOf, pledgeIs } from "../lib/pledge.ts";
import { paymentEvent } from "../lib/provider.ts";
import { pool, until } from "../lib/until.ts";

const context = useStack();
const collector = new Collector();
const caller = "00f067aa0ba902b7";

const newTrace = (): string => randomBytes(16).toString("hex");
const header = (trace: string, flags = "01"): string => `00-${trace}-${caller}-${flags}`;

async function pledge(campaign: string, headers: Record<string, string>, http = context.http, body = pledgeBody()): Promise<CreatedPledge> {
  const answer = await http.call<CreatedPledge>("POST", `/api/v1/campaigns/${campaign}/pledges`, {
    json: body,
    headers: { "Idempotency-Key": randomUUID(), ...headers },
  });
  expect(answer.status).toBe(201);
  return answer.body;
}

/** The span of this name and service below the parent; waits for it. */
function child(trace: string, parent: string, service: string, kind: Span["kind"], name: string): Promise<Span> {
  return until(`${service} ${name}`, () => {
    const found = collector.trace(trace).filter((span) => span.parentId === parent && span.service === `careforall-${service}` && span.name === name);
    expect(found.length, `more than one: ${name}`).toBeLessThanOrEqual(1);
    if (found[0]) expect(found[0].kind).toBe(kind);
    return found[0];
  });
}

beforeAll(async () => {
  await collector.listen(Number(new URL(context.stack.get("OTEL_EXPORTER_OTLP_ENDPOINT")).port));
});

afterEach(() => {
  collector.behaviour = { status: 200 };
  collector.release();
  expect(collector.faults).toEqual([]);
});

afterAll(() => collector.close());

describe("the story of one pledge", () => {
  const trace = newTrace();
  const donor = { name: "Grace Untold", email: "grace.untold@example.org" };
  const message = "from grace, with love";
  const key = randomUUID();
  let made: CreatedPledge;

  test("is one tree over all processes, from the gateway to the confirmation", async () => {
    const campaign = await makeCampaign(context.sql);
    made = await pledge(
      campaign,
      { traceparent: header(trace), tracestate: "vendor=a:b,other=1", "Idempotency-Key": key, "User-Agent": "nosy/1.0" },
      new Http(context.stack, "GATEWAY"),
      pledgeBody(4711, { donor, message }),
    );
    await pledgeIs(context.sql, made.id, "confirmed");

    const root = await child(trace, caller, "api", "server", "POST /api/v1/campaigns/:id/pledges");
    expect(root.attributes).toMatchObject({
      "http.request.method": "POST",
      "http.route": "/api/v1/campaigns/:id/pledges",
      "http.response.status_code": 201,
      "url.path": `/api/v1/campaigns/${campaign}/pledges`,
      "url.scheme": "http",
      "careforall.pledge.id": made.id,
    });
    expect(root).toMatchObject({ traceState: "vendor=a:b,other=1", failed: false });
    expect(root.flags & 0x301, "sampled, parent known to be remote").toBe(0x301);
    expect(root.resource).toMatchObject({ "deployment.environment.name": "production" });
    expect(root.resource["service.version"]).toMatch(/^\d+\.\d+\.\d+/);
    expect(root.resource["service.instance.id"]).toMatch(/^[0-9a-f-]{36}$/);

    const create = await child(trace, root.spanId, "api", "client", "SELECT careforall.pledge_create_many");
    expect(create.attributes).toMatchObject({
      "db.system.name": "postgresql",
      "db.stored_procedure.name": "careforall.pledge_create_many",
      "db.query.summary": create.name,
    });
    const publish = await child(trace, root.spanId, "relay", "producer", "publish careforall.pledge.created");
    expect(publish.attributes).toMatchObject({ "messaging.system": "nats", "messaging.operation.type": "send" });
    const project = await child(trace, root.spanId, "projector", "consumer", "process careforall.pledge.created");
    expect(project.attributes["messaging.message.id"]).toBe(publish.attributes["messaging.message.id"]);
    await child(trace, project.spanId, "projector", "client", "MULTI");

    const pay = await child(trace, root.spanId, "payments", "consumer", "process careforall.pledge.created");
    expect(pay.attributes).toMatchObject({ "messaging.consumer.group.name": "payments", "careforall.pledge.id": made.id });
    await child(trace, pay.spanId, "payments", "client", "SELECT careforall.payment_find");
    await child(trace, pay.spanId, "payments", "client", "SELECT careforall.payment_attach");
    const call = await child(trace, pay.spanId, "payments", "client", "POST /v1/payment_intents");
    expect(call.attributes).toMatchObject({ "http.response.status_code": 200 });
    await child(trace, call.spanId, "mockpay", "server", "POST /v1/payment_intents");

    const notice = await child(trace, root.spanId, "mockpay", "client", "POST");
    const webhook = await child(trace, notice.spanId, "api", "server", "POST /api/v1/webhooks/stripe");
    expect(webhook.attributes["careforall.pledge.id"]).toBe(made.id);
    await child(trace, webhook.spanId, "api", "client", "SELECT careforall.payment_event_apply_many");
    await child(trace, webhook.spanId, "relay", "producer", "publish careforall.pledge.confirmed");
    await child(trace, webhook.spanId, "projector", "consumer", "process careforall.pledge.confirmed");
  });

  test("has no loose end, and each span lies within its parent's beginning", () => {
    const spans = collector.trace(trace);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    expect(byId.size).toBe(spans.length);
    for (const span of spans.filter((one) => one.parentId !== caller)) {
      const parent = byId.get(span.parentId);
      expect(parent, `${span.service} ${span.name} has no parent`).toBeDefined();
      // Clocks of processes of one machine are the same; rounding, of each to a millisecond, is not.
      expect(span.startMs).toBeGreaterThanOrEqual((parent?.startMs ?? 0) - 2);
    }
  });

  test("tells nothing about the donor", () => {
    const text = JSON.stringify(collector.trace(trace));
    for (const secret of [donor.name, donor.email, message, key, made.token, "4711", "nosy/1.0"]) {
      expect(text).not.toContain(secret);
    }
  });

  test("is in the outbox, the history and the provider's metadata", async () => {
    const [root] = collector.trace(trace).filter((span) => span.parentId === caller);
    const created = await context.sql.row<{ traceparent: string }>(
      "SELECT traceparent FROM careforall.outbox WHERE aggregate_id = $1 AND type = 'pledge.created'",
      [made.id],
    );
    expect(created.traceparent).toBe(`00-${trace}-${root?.spanId ?? ""}-01`);
    const intent = (await context.provider.ledger()).payment_intents.find((one) => one.metadata.pledge_id === made.id);
    expect(intent?.metadata.traceparent).toBe(created.traceparent);
  });
});

describe("what is traced", () => {
  const read = (headers: Record<string, string>): Promise<unknown> => context.http.get("/.well-known/jwks.json", headers);
  const arrived = (trace: string): Promise<Span> => child(trace, caller, "api", "server", "GET /.well-known/jwks.json");

  test("only what a caller wants: its flag, whole, in one header", async () => {
    const [unsampled, twice, broken] = [newTrace(), newTrace(), newTrace()];
    await read({ traceparent: header(unsampled, "00") });
    await read({ traceparent: `${header(twice)}, ${header(twice)}` });
    await read({ traceparent: header(broken).toUpperCase().replace("00-", "ff-") });
    const wanted = newTrace();
    await read({ traceparent: header(wanted, "ff"), tracestate: "not a list" });
    const span = await arrived(wanted);
    expect(span.traceState).toBe("");
    expect(span.flags & 0xff, "sampled and random, no other flag").toBe(3);
    // The workers send every 50 ms: what came before would be here.
    const fence = newTrace();
    await pool(8, Array.from({ length: 32 }, () => () => read({ traceparent: header(fence) })));
    await until("all of the later ones", () => collector.trace(fence).length === 32);
    for (const id of [unsampled, twice, broken]) expect(collector.trace(id)).toEqual([]);
  });

  test("a request that leads nowhere has the template for its path, and has not failed", async () => {
    const trace = newTrace();
    await context.http.get("/api/v1/campaigns/ada@example.org", { traceparent: header(trace) });
    const span = await child(trace, caller, "api", "server", "GET /api/v1/campaigns/:id");
    expect(span).toMatchObject({ failed: false, attributes: { "http.response.status_code": 404, "url.path": "/api/v1/campaigns/:id" } });
    const lost = newTrace();
    await context.http.get("/ada@example.org?mail=ada@example.org", { traceparent: header(lost) });
    const nowhere = await child(lost, caller, "api", "server", "GET");
    expect(JSON.stringify(nowhere)).not.toContain("ada@");
  });
});

test("requests that share a call are linked to it, and it to them", async () => {
  const campaign = await makeCampaign(context.sql);
  const linked = await until("a batch of several", async () => {
    const traces = Array.from({ length: 24 }, newTrace);
    await Promise.all(traces.map((trace) => pledge(campaign, { traceparent: header(trace) })));
    return until("the batch's span", () =>
      collector.spans.find((span) => traces.includes(span.traceId) && span.name === "SELECT careforall.pledge_create_many" && span.links.length > 0), 3_000);
  });
  expect(linked.attributes["db.operation.batch.size"]).toBe(linked.links.length + 1);
  for (const link of linked.links) {
    const own = await child(link.traceId, link.spanId, "api", "internal", "batch pledge_create_many");
    expect(own.links).toEqual([{ traceId: linked.traceId, spanId: linked.spanId }]);
    expect(own.attributes["careforall.batch.size"]).toBe(linked.links.length + 1);
  }
  // They were committed together, so the relay read them together.
  const [first] = linked.links;
  const published = await until("the relay's span", () =>
    collector.trace(first?.traceId ?? "").find((span) => span.name === "publish careforall.pledge.created"));
  const batch = await until("the relay's batch", () =>
    collector.spans.find((span) => span.service === "careforall-relay" && span.name === "publish careforall" && span.links.some((link) => link.spanId === published.spanId) ||
      (span.name === "publish careforall" && span.parentId === published.spanId)));
  expect(Number(batch.attributes["messaging.batch.message_count"])).toBeGreaterThan(1);
  expect(batch.kind).toBe("client");
});

describe("a webhook of a provider that sends no trace", () => {
  async function deliver(headers: Record<string, string>): Promise<{ own: string; answer: number }> {
    const own = newTrace();
    await context.provider.configure({ hold: true });
    try {
      const made = await pledge(await makeCampaign(context.sql), {});
      const payment = { pledge: made.id, id: await paymentOf(context.sql, made.id), amount: 1000 };
      const event = paymentEvent("payment_intent.succeeded", payment);
      event.data.object.metadata = { pledge_id: made.id, traceparent: header(own) };
      const body = JSON.stringify(event);
      const answer = await context.http.call("POST", "/api/v1/webhooks/stripe", {
        body,
        headers: { "Stripe-Signature": context.provider.sign(body), ...headers },
      });
      await pledgeIs(context.sql, made.id, "confirmed");
      return { own, answer: answer.status };
    } finally {
      await context.provider.configure({ hold: false });
      await context.provider.flush();
    }
  }

  test("goes on with the trace of its metadata", async () => {
    const { own, answer } = await deliver({});
    expect(answer).toBe(200);
    const webhook = await child(own, caller, "api", "server", "POST /api/v1/webhooks/stripe");
    await child(own, webhook.spanId, "api", "client", "SELECT careforall.payment_event_apply_many");
    await child(own, webhook.spanId, "projector", "consumer", "process careforall.pledge.confirmed");
  });

  test("that comes in another trace stays there and is linked to its own", async () => {
    const foreign = newTrace();
    const { own } = await deliver({ traceparent: header(foreign) });
    const webhook = await child(foreign, caller, "api", "server", "POST /api/v1/webhooks/stripe");
    expect(webhook.links).toEqual([{ traceId: own, spanId: caller }]);
    await child(own, caller, "projector", "consumer", "process careforall.pledge.confirmed");
  });

  test("is not believed without its signature", async () => {
    const own = newTrace();
    const event = paymentEvent("payment_intent.succeeded", { pledge: null, id: "pi_x", amount: 1 });
    event.data.object.metadata = { traceparent: header(own) };
    const foreign = newTrace();
    const answer = await context.http.call("POST", "/api/v1/webhooks/stripe", {
      body: JSON.stringify(event),
      headers: { "Stripe-Signature": "t=1,v1=00", traceparent: header(foreign) },
    });
    expect(answer.status).toBe(400);
    const webhook = await child(foreign, caller, "api", "server", "POST /api/v1/webhooks/stripe");
    expect(webhook.links).toEqual([]);
    expect(collector.trace(own)).toEqual([]);
  });
});

test("PostgreSQL shows the trace while the call runs, and in its log", async () => {
  const trace = newTrace();
  const campaign = await makeCampaign(context.sql);
  const named = (): Promise<{ query: string }[]> =>
    context.sql.rows("SELECT query FROM pg_stat_activity WHERE application_name = $1", [`careforall-api/${trace}`]);
  const lock = await context.sql.pool("postgres").connect();
  let created: Promise<CreatedPledge>;
  try {
    await lock.query("BEGIN; LOCK TABLE careforall.pledges IN ACCESS EXCLUSIVE MODE");
    created = pledge(campaign, { traceparent: header(trace) });
    const row = await until("the session", async () => (await named())[0]);
    expect(row.query).toContain("careforall.pledge_create_many");
    // The server logs a wait of a second (log_lock_waits).
    const log = path.join(context.stack.dir, "log/pg.log");
    await until("the line of the log", async () =>
      (await readFile(log, "utf8")).split("\n").some((line) => line.includes(`careforall-api/${trace}`) && line.includes("still waiting")));
  } finally {
    await lock.query("ROLLBACK");
    lock.release();
  }
  await created;
  expect(await named(), "the name is gone with the transaction").toEqual([]);
  const span = await until("its span", () =>
    collector.trace(trace).find((one) => one.name === "SELECT careforall.pledge_create_many"));
  expect(span.endMs - span.startMs).toBeGreaterThan(900);
});

describe("a collector in trouble", () => {
  interface Counts {
    exported: number;
    failed: number;
    dropped: number;
    queued: number;
  }

  async function counts(): Promise<Counts> {
    const samples = await scrape(context.stack, "API_ADMIN");
    const of = (outcome: string): number => samples.get(`careforall_trace_spans_total{outcome="${outcome}"}`) ?? NaN;
    return { exported: of("exported"), failed: of("failed"), dropped: of("dropped"), queued: samples.get("careforall_trace_queue_spans") ?? NaN };
  }

  const settled = (): Promise<Counts> =>
    until("an empty queue", async () => {
      const now = await counts();
      return now.queued === 0 ? now : undefined;
    });

  /** Sends so many traced requests, each of which makes one span. */
  async function flood(count: number, trace: string): Promise<number> {
    const answers = await pool(32, Array.from({ length: count }, () => () => context.http.get("/.well-known/jwks.json", { traceparent: header(trace) })));
    return answers.filter((answer) => answer.status === 200).length;
  }

  test("that is busy gets the spans later, once", async () => {
    await settled();
    collector.behaviour = { status: 503, headers: { "Retry-After": "0" } };
    const trace = newTrace();
    const before = collector.requests;
    await flood(1, trace);
    await until("an attempt", () => collector.requests > before);
    collector.behaviour = { status: 200 };
    await until("the span", () => collector.trace(trace).length > 0);
    await settled();
    expect(collector.trace(trace)).toHaveLength(1);
  });

  test.each([429, 400])("that answers %i for long loses spans and stops nobody; each is counted", async (status) => {
    collector.behaviour = { status, headers: { "Retry-After": "1" } };
    const lost = async (): Promise<number> => {
      const before = await settled();
      const done = (now: Counts): number => now.exported + now.failed + now.dropped - before.exported - before.failed - before.dropped;
      expect(await flood(50, newTrace())).toBe(50);
      // Each worker gives its own up.
      return done(
        await until("the spans to be given up", async () => {
          const now = await settled();
          return now.failed > before.failed && done(now) >= 50 ? now : undefined;
        }),
      );
    };
    // What an earlier test began can end meanwhile, with spans of its own.
    let spans = await lost();
    for (let again = 0; again < 3 && spans !== 50; again++) spans = await lost();
    expect(spans).toBe(50);
  });

  test("that never answers blocks nobody; what does not fit is dropped and counted", async () => {
    const before = await settled();
    collector.behaviour = "silent";
    let sent = 0;
    await until("a full queue", async () => {
      expect(await flood(300, newTrace())).toBe(300);
      sent += 300;
      return (await counts()).dropped > before.dropped;
    });
    collector.behaviour = { status: 200 };
    collector.release();
    const after = await until("all to be accounted for", async () => {
      const now = await settled();
      return now.exported + now.failed + now.dropped - before.exported - before.failed - before.dropped === sent ? now : undefined;
    });
    expect(after.exported, "and it goes on").toBeGreaterThan(before.exported);
    const later = newTrace();
    await flood(1, later);
    await until("a later span", () => collector.trace(later).length === 1);
  });
});

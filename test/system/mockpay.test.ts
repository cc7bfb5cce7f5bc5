// SPDX-License-Identifier: Apache-2.0
// Goal: the mock provider can stand in for Stripe: Stripe's own client talks to it,
// its webhooks verify and arrive at least once, and kill -9 loses nothing.
// Method: a mockpay and a receiver of our own for each test; the real npm client.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import Stripe from "stripe";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Mockpay, Receiver } from "../lib/mockpay.ts";
import { rawExchange } from "../lib/http.ts";
import { root } from "../lib/stack.ts";
import { pool, until } from "../lib/until.ts";

interface Ledger {
  totals: Record<string, { captured: number; refunded: number; net: number }>;
  webhooks: Record<string, number>;
  payment_intents: { id: string; status: string; amount_received: number; metadata: Record<string, string> }[];
}

let receiver: Receiver;
let mock: Mockpay;
let stripe: Stripe;

beforeEach(async () => {
  receiver = await new Receiver().start();
  mock = await Mockpay.start(receiver.url);
  stripe = mock.client();
});

afterEach(async () => {
  await mock.remove();
  await receiver.stop();
});

const pay = (amount = 1200, metadata: Record<string, string> = {}, key: string = randomUUID()) =>
  stripe.paymentIntents.create({ amount, currency: "eur", confirm: true, metadata }, { idempotencyKey: key });

const settled = (id: string, status: string) =>
  until(`${id} to be ${status}`, async () => (await stripe.paymentIntents.retrieve(id)).status === status);

async function refusal(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error;
    throw error;
  }
  throw new Error("the call was not refused");
}

describe("payments", () => {
  test("an intent is processing, then succeeds, and its event verifies", async () => {
    const intent = await pay(1200, { pledge_id: "p1" });
    expect(intent).toMatchObject({ object: "payment_intent", status: "processing", amount: 1200, currency: "eur" });
    await settled(intent.id, "succeeded");
    const delivery = await until("the webhook", () => receiver.about(intent.id)[0]);
    const header = delivery.headers["stripe-signature"] as string;
    const event = stripe.webhooks.constructEvent(delivery.body, header, mock.secret);
    expect(event.type).toBe("payment_intent.succeeded");
    expect(event.data.object).toMatchObject({ id: intent.id, amount_received: 1200, metadata: { pledge_id: "p1" } });
    expect(() => stripe.webhooks.constructEvent(delivery.body, header, "whsec_other")).toThrow(/signature/i);
    expect(() => stripe.webhooks.constructEvent(`${delivery.body} `, header, mock.secret)).toThrow(/signature/i);
  });

  test("a declined intent can be canceled and tells why", async () => {
    const intent = await pay(1202);
    await settled(intent.id, "requires_payment_method");
    const canceled = await stripe.paymentIntents.cancel(intent.id, { cancellation_reason: "abandoned" });
    expect(canceled).toMatchObject({
      status: "canceled",
      cancellation_reason: "abandoned",
      last_payment_error: { code: "card_declined", decline_code: "generic_decline" },
    });
    await until("both webhooks", () => receiver.types(intent.id).length === 2);
    expect(receiver.types(intent.id).sort()).toEqual(["payment_intent.canceled", "payment_intent.payment_failed"]);
    const error = await refusal(stripe.paymentIntents.cancel(intent.id));
    expect(error.code).toBe("payment_intent_unexpected_state");
    expect(error.payment_intent?.status).toBe("canceled");
  });

  test("the trace of the payment goes with its webhook", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const intent = await pay(1200, { traceparent });
    await until("the webhook", () => receiver.about(intent.id).length === 1);
    expect(receiver.about(intent.id)[0]?.headers.traceparent).toBe(traceparent);
  });

  test("search, list and read find it", async () => {
    const first = await pay(1200, { pledge_id: "p1" });
    const second = await pay(1300, { pledge_id: "p2" });
    const found = await stripe.paymentIntents.search({ query: "metadata['pledge_id']:'p1'" });
    expect(found.data.map((intent) => intent.id)).toEqual([first.id]);
    const ids: string[] = [];
    for await (const intent of stripe.paymentIntents.list({ limit: 1 })) ids.push(intent.id);
    expect(ids).toEqual([second.id, first.id]);
  });

  test("invalid requests are refused as Stripe refuses them", async () => {
    const missing = await refusal(stripe.paymentIntents.retrieve("pi_none"));
    expect(missing).toMatchObject({ statusCode: 404, code: "resource_missing" });
    const param = await refusal(stripe.paymentIntents.create({ amount: 0, currency: "eur" }));
    expect(param).toMatchObject({ statusCode: 400, type: "StripeInvalidRequestError", param: "amount" });
    const unknown = await refusal(
      stripe.paymentIntents.create({ amount: 5, currency: "eur", nothing: "x" } as Stripe.PaymentIntentCreateParams),
    );
    expect(unknown.code).toBe("parameter_unknown");
    const other = new Stripe("sk_test_wrong", { host: "127.0.0.1", port: mock.port, protocol: "http" });
    expect((await refusal(other.paymentIntents.list())).type).toBe("StripeAuthenticationError");
  });

  test.each([
    ["GET", "/v1/customers", 404],
    ["PUT", "/v1/refunds", 405],
  ])("%s %s is refused in Stripe's shape", async (method, path, status) => {
    const response = await fetch(mock.url + path, {
      method,
      body: method === "GET" ? null : "",
      headers: { Authorization: `Bearer ${mock.key}` },
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
  });
});

describe("idempotency", () => {
  test("one key is one payment, with the first answer", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => pay(1200, { pledge_id: "p1" }, "one")));
    expect(new Set(answers.map((answer) => answer.id)).size).toBe(1);
    const replayed = answers.filter((answer) => answer.lastResponse.headers["idempotent-replayed"] === "true");
    expect(replayed).toHaveLength(19);
    const error = await refusal(pay(1300, { pledge_id: "p1" }, "one"));
    expect(error).toMatchObject({ statusCode: 400, type: "StripeIdempotencyError" });
    const ledger = await mock.admin<Ledger>("GET", "/mock/ledger");
    expect(ledger.payment_intents).toHaveLength(1);
  });

  test("the client's own retries get past a simulated error", async () => {
    stripe = mock.client({ maxNetworkRetries: 2 });
    const intent = await pay(1206);
    expect(intent.status).toBe("processing");
    expect(await mock.metric('careforall_mockpay_simulated_total{kind="error"}')).toBe(1);
  });

  test("a lost answer is found again with its key", async () => {
    const impatient = mock.client({ timeout: 200 });
    const create = (client: Stripe) =>
      client.paymentIntents.create({ amount: 1203, currency: "eur", confirm: true }, { idempotencyKey: "lost" });
    expect((await refusal(create(impatient))).type).toBe("StripeConnectionError");
    const intent = await create(impatient);
    expect(intent.status).toBe("processing");
    expect((await mock.admin<Ledger>("GET", "/mock/ledger")).payment_intents).toHaveLength(1);
  });

  test("a late answer still comes to who waits for it", async () => {
    await mock.configure({ timeout_ms: 3000 });
    const order: number[] = [];
    const note = async (amount: number) => {
      expect((await pay(amount)).status).toBe("processing");
      order.push(amount);
    };
    await Promise.all([note(1203), until("the payment", async () => (await stripe.paymentIntents.list()).data.length > 0).then(() => note(1200))]);
    expect(order).toEqual([1200, 1203]);
  });
});

describe("refunds", () => {
  test("they never exceed what was captured", async () => {
    const intent = await pay(1000);
    await settled(intent.id, "succeeded");
    const refund = (amount?: number) =>
      stripe.refunds.create({ payment_intent: intent.id, ...(amount === undefined ? {} : { amount }) });
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => refund(300)));
    expect(answers.filter((answer) => answer.status === "fulfilled")).toHaveLength(3);
    expect((await refund()).amount).toBe(100);
    expect((await refusal(refund())).code).toBe("charge_already_refunded");
    await until("all refunds", async () => {
      const list = await stripe.refunds.list({ payment_intent: intent.id, limit: 100 });
      return list.data.length === 4 && list.data.every((one) => one.status === "succeeded");
    });
    const ledger = await mock.admin<Ledger>("GET", "/mock/ledger");
    expect(ledger.totals.eur).toMatchObject({ captured: 1000, refunded: 1000, net: 0 });
  });

  test("one that fails says so", async () => {
    const intent = await pay(1012);
    await settled(intent.id, "succeeded");
    const refund = await stripe.refunds.create({ payment_intent: intent.id, metadata: { refund_id: "r1" } });
    await until("the notice", () => receiver.types(refund.id).includes("refund.failed"));
    expect(receiver.about(refund.id)[0]?.event.data.object).toMatchObject({ status: "failed", metadata: { refund_id: "r1" } });
  });
});

describe("webhooks", () => {
  test("are repeated until the answer is 2xx, each time signed anew", async () => {
    receiver.answer = (_event, nth) => [500, 302, 404, 200][nth] ?? 200;
    const intent = await pay();
    await until("four attempts", () => receiver.about(intent.id).length === 4);
    await until("delivered", async () => (await mock.metric("careforall_mockpay_events_undelivered")) === 0);
    const all = receiver.about(intent.id);
    expect(new Set(all.map((one) => one.event.id)).size).toBe(1);
    expect(new Set(all.map((one) => one.body)).size).toBe(1);
    for (const one of all) stripe.webhooks.constructEvent(one.body, one.headers["stripe-signature"] as string, mock.secret);
  });

  test("outlive a receiver that is away", async () => {
    await receiver.stop();
    const intents = await pool(8, Array.from({ length: 40 }, () => () => pay()));
    await until("failed attempts", async () => (await mock.metric('careforall_mockpay_webhook_attempts_total{outcome="failed"}')) > 40);
    await receiver.start();
    await until("all of them", () => intents.every((intent) => receiver.about(intent.id).length > 0));
  });

  test("come twice on request, as the same event", async () => {
    const intent = await pay(1207);
    await until("both", () => receiver.about(intent.id).length === 2);
    const [first, second] = receiver.about(intent.id);
    expect(first?.event.id).toBe(second?.event.id);
  });

  test("can be held and flushed in reverse order", async () => {
    await mock.configure({ hold: true, webhook_concurrency: 1 });
    const intent = await pay(1202);
    await settled(intent.id, "requires_payment_method");
    await stripe.paymentIntents.cancel(intent.id);
    await until("both held", async () => (await mock.admin<Ledger>("GET", "/mock/ledger?summary=true")).webhooks.held === 2);
    expect(receiver.deliveries).toHaveLength(0);
    await fetch(`${mock.url}/mock/webhooks/flush`, {
      method: "POST",
      body: new URLSearchParams({ order: "newest" }),
      headers: { Authorization: `Bearer ${mock.key}` },
    });
    await until("both", () => receiver.about(intent.id).length === 2);
    expect(receiver.types(intent.id)).toEqual(["payment_intent.canceled", "payment_intent.payment_failed"]);
  });
});

describe("restarts", () => {
  test("kill -9 loses no payment, key, refund or event", async () => {
    await mock.configure({ latency_ms: 400, webhook_delay_ms: 300 });
    const made = new Map<string, string>();
    // Clients go on with one key each until they have their answer.
    const clients = Array.from({ length: 60 }, (_, i) => async () => {
      const intent = await until(`payment ${i}`, () => pay(1000 + i * 100, { pledge_id: `p${i}` }, `key-${i}`), 60_000);
      made.set(`p${i}`, intent.id);
    });
    const crashes = (async () => {
      for (let i = 0; i < 4; i++) {
        const before = made.size;
        await until("progress", () => made.size > before + 5 || made.size === 60);
        await mock.crash();
      }
    })();
    await pool(4, clients);
    await crashes;
    await until(
      "every event",
      () => [...made.values()].every((id) => receiver.types(id).includes("payment_intent.succeeded")),
      60_000,
    );
    const ledger = await mock.admin<Ledger>("GET", "/mock/ledger");
    expect(ledger.payment_intents).toHaveLength(60);
    for (const intent of ledger.payment_intents) {
      expect(made.get(intent.metadata.pledge_id ?? "")).toBe(intent.id);
      expect(intent.status).toBe("succeeded");
    }
    expect(ledger.totals.eur?.captured).toBe(60 * 1000 + (100 * 59 * 60) / 2);
  });

  test("TERM ends it at once and cleanly", async () => {
    const intent = await pay();
    await mock.end("SIGTERM");
    await mock.run();
    await settled(intent.id, "succeeded");
    expect((await mock.journalText()).startsWith('{"journal":"careforall-mockpay"')).toBe(true);
  });
});

test("its document names every setting with its default, and every outcome", async () => {
  const text = readFileSync(path.join(root, "docs/howto/mock-provider.md"), "utf8");
  const documented = [...text.matchAll(/^\| `(\w+)` \| (\S+) \|/gm)].map((match) => match[1]);
  const settings = await mock.admin<Record<string, unknown>>("GET", "/mock/config");
  expect(documented.filter((name) => name !== undefined && name in settings).sort()).toEqual(Object.keys(settings).sort());
  const outcomes = [...text.matchAll(/^\| `(\w+)` \| (\d\d)? ?\|/gm)]
    .map((match) => match[1] ?? "")
    .filter((name) => !(name in settings));
  expect(outcomes).toHaveLength(13);
  for (const simulate of outcomes) {
    const intent = await stripe.paymentIntents.create({ amount: 1000, currency: "eur", metadata: { simulate } }).catch((error: unknown) => error);
    if (simulate !== "error") expect(intent).toMatchObject({ object: "payment_intent" });
  }
  const unknown = await refusal(stripe.paymentIntents.create({ amount: 1000, currency: "eur", metadata: { simulate: "luck" } }));
  expect(unknown.param).toBe("metadata[simulate]");
});

test("broken requests do not disturb it", async () => {
  const head = `POST /v1/payment_intents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${mock.key}\r\n`;
  const form = "Content-Type: application/x-www-form-urlencoded\r\n";
  const cases = [
    `${head}${form}Content-Length: 8\r\n\r\namount=%`,
    `${head}${form}Content-Length: 12\r\n\r\namount=%00%00`,
    `${head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    `${head}${form}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef`,
    `${head}${form}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${head}${form}Content-Length: 90000\r\n\r\n`,
  ];
  for (const request of cases) {
    const answer = await rawExchange(mock.port, request, { silenceMs: 500 });
    expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
  }
  expect((await pay()).status).toBe("processing");
});

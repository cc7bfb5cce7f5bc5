// SPDX-License-Identifier: Apache-2.0
// Goal: both forms of signed webhooks are taken, only from who has a secret, and a
// secret or a form is replaced without a gap.
// Method: signatures by the reference libraries of Stripe and of Standard Webhooks;
// API processes with other secrets; and the whole money path by the mock provider.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, apiEnvironment, program, send, type Sent, startApi } from "../lib/api.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign } from "../lib/fixtures.ts";
import { Http, pledgeBody } from "../lib/http.ts";
import { paymentOf, pledgeIs, storedPledge } from "../lib/pledge.ts";
import { eventId, paymentEvent, type ProviderEvent } from "../lib/provider.ts";
import { until } from "../lib/until.ts";

const run = promisify(execFile);
const context = useStack();
const apis: Api[] = [];

const newSecret = (bytes = 32): string => `whsec_${randomBytes(bytes).toString("base64")}`;
const unknown = (): ProviderEvent => paymentEvent("payment_intent.succeeded", { id: `pi_${eventId()}`, amount: 1000, pledge: null });

async function api(settings: Record<string, string>): Promise<Api> {
  const started = await startApi(context.stack, settings);
  apis.push(started);
  return started;
}

function deliver(event: ProviderEvent | string, headers: Record<string, string>, to?: Api, form = "standard"): Promise<Sent> {
  const body = typeof event === "string" ? event : JSON.stringify(event);
  return send(`${to?.url ?? context.stack.url("API")}/api/v1/webhooks/${form}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body,
  });
}

const sign = (event: ProviderEvent, more: { id?: string; at?: Date; secrets?: string[] } = {}): Record<string, string> =>
  context.provider.signStandard(JSON.stringify(event), { id: event.id, ...more });

const deliveries = async (id: string): Promise<number> =>
  (await context.sql.rows<{ deliveries: number }>("SELECT deliveries FROM careforall.inbox WHERE event_id = $1", [id]))[0]?.deliveries ?? 0;

afterAll(async () => {
  await Promise.all(apis.map((one) => one.stop()));
});

describe("Standard Webhooks", () => {
  test("is taken, and a copy is answered alike and counted", async () => {
    const event = unknown();
    for (let i = 1; i <= 2; i++) {
      const answer = await deliver(event, sign(event));
      expect(answer.status, answer.text).toBe(200);
      expect(await deliveries(event.id)).toBe(i);
    }
  });

  test("has the event's id in its header, whatever the body says", async () => {
    const event = unknown();
    const id = `msg_${randomBytes(8).toString("hex")}`;
    expect((await deliver(event, sign(event, { id }))).status).toBe(200);
    expect(await deliveries(id)).toBe(1);
    expect(await deliveries(event.id)).toBe(0);
    const body = JSON.stringify({ ...event, id: undefined });
    const other = `msg_${randomBytes(8).toString("hex")}`;
    expect((await deliver(body, context.provider.signStandard(body, { id: other }))).status).toBe(200);
    expect(await deliveries(other)).toBe(1);
    // Stripe's form has it nowhere else.
    const stripe = await deliver(body, { "Stripe-Signature": context.provider.sign(body) }, undefined, "stripe");
    expect([stripe.status, stripe.body.code]).toEqual([400, "invalid-json"]);
  });

  test("and Stripe's form of one event apply it once", async () => {
    const event = unknown();
    const body = JSON.stringify(event);
    expect((await deliver(event, sign(event))).status).toBe(200);
    expect((await deliver(body, { "Stripe-Signature": context.provider.sign(body) }, undefined, "stripe")).status).toBe(200);
    expect(await deliveries(event.id)).toBe(2);
  });

  test("needs one right signature among several", async () => {
    const event = unknown();
    const right = context.stack.get("STACK_WEBHOOK_STANDARD_SECRET");
    expect((await deliver(event, sign(event, { secrets: [newSecret(), right, newSecret()] }))).status).toBe(200);
    const headers = sign(event);
    headers["webhook-signature"] = `v1a,${randomBytes(64).toString("base64")} ${headers["webhook-signature"]}`;
    expect((await deliver(event, headers)).status).toBe(200);
  });

  const minutes = (count: number): Date => new Date(Date.now() + count * 60_000);
  test.each<[string, (event: ProviderEvent) => Record<string, string>, string]>([
    ["another secret", (event) => sign(event, { secrets: [newSecret()] }), "signature-invalid"],
    ["six minutes of age", (event) => sign(event, { at: minutes(-6) }), "signature-expired"],
    ["six minutes from now", (event) => sign(event, { at: minutes(6) }), "signature-expired"],
    ["another id", (event) => ({ ...sign(event), "webhook-id": eventId() }), "signature-invalid"],
    ["another time", (event) => ({ ...sign(event), "webhook-timestamp": String(Math.floor(Date.now() / 1000) - 1) }), "signature-invalid"],
    ["no headers", () => ({}), "signature-invalid"],
    ["no id", (event) => ({ ...sign(event), "webhook-id": "" }), "signature-invalid"],
    ["an id with a full stop", (event) => sign(event, { id: "msg.1" }), "signature-invalid"],
    ["a time that is no number", (event) => ({ ...sign(event), "webhook-timestamp": "now" }), "signature-invalid"],
    ["no signature", (event) => ({ ...sign(event), "webhook-signature": "" }), "signature-invalid"],
    ["a signature without version", (event) => ({ ...sign(event), "webhook-signature": sign(event)["webhook-signature"]?.slice(3) ?? "" }), "signature-invalid"],
    ["only a signature of another version", (event) => ({ ...sign(event), "webhook-signature": "v2,AAAA" }), "signature-invalid"],
    ["Stripe's signature", (event) => ({ "Stripe-Signature": context.provider.sign(JSON.stringify(event)) }), "signature-invalid"],
  ])("with %s is refused and stored nowhere", async (_name, headers, code) => {
    const event = unknown();
    const answer = await deliver(event, headers(event));
    expect([answer.status, answer.body.code]).toEqual([400, code]);
    expect(await deliveries(event.id)).toBe(0);
  });

  test("with a body changed after signing is refused", async () => {
    const event = unknown();
    const changed = JSON.stringify(event).replace('"amount":1000', '"amount":9000');
    expect((await deliver(changed, sign(event))).body.code).toBe("signature-invalid");
    expect((await deliver(` ${JSON.stringify(event)}`, sign(event))).body.code).toBe("signature-invalid");
  });

  test("that is signed but no event is 400, and 415 as text", async () => {
    const signed = (body: string): Promise<Sent> => deliver(body, context.provider.signStandard(body, { id: eventId() }));
    for (const body of ["{}", "[]", "{", '{"type":"x"}', '{"type":"x","data":1}']) {
      expect((await signed(body)).body.code, body).toBe("invalid-json");
    }
    const event = unknown();
    expect((await deliver(event, { ...sign(event), "Content-Type": "text/plain" })).status).toBe(415);
  });
});

describe("configuration", () => {
  test("the path of a form that is off answers 404", async () => {
    const event = unknown();
    const body = JSON.stringify(event);
    const stripe = { "Stripe-Signature": context.provider.sign(body) };
    const onlyStripe = await api({ WEBHOOK_SCHEMES: "stripe" });
    expect((await deliver(event, sign(event), onlyStripe)).status).toBe(404);
    expect((await deliver(event, stripe, onlyStripe, "stripe")).status).toBe(200);
    const onlyStandard = await api({ WEBHOOK_SCHEMES: "standard", WEBHOOK_SECRETS: "" });
    expect((await deliver(event, sign(event), onlyStandard)).status).toBe(200);
    expect((await deliver(event, stripe, onlyStandard, "stripe")).status).toBe(404);
  });

  test("old and new secrets are valid until the old one is taken out", async () => {
    const [old, fresh] = [newSecret(24), newSecret(64)];
    const both = await api({ WEBHOOK_STANDARD_SECRETS: `${old},${fresh}`, WEBHOOK_SECRETS: "old,fresh" });
    const after = await api({ WEBHOOK_STANDARD_SECRETS: fresh, WEBHOOK_SECRETS: "fresh" });
    const standard = async (to: Api, secret: string): Promise<number> => {
      const event = unknown();
      return (await deliver(event, sign(event, { secrets: [secret] }), to)).status;
    };
    const stripe = async (to: Api, secret: string): Promise<number> => {
      const body = JSON.stringify(unknown());
      return (await deliver(body, { "Stripe-Signature": context.provider.sign(body, { secret }) }, to, "stripe")).status;
    };
    expect([await standard(both, old), await standard(both, fresh)]).toEqual([200, 200]);
    expect([await stripe(both, "old"), await stripe(both, "fresh")]).toEqual([200, 200]);
    expect([await standard(after, old), await standard(after, fresh)]).toEqual([400, 200]);
    expect([await stripe(after, "old"), await stripe(after, "fresh")]).toEqual([400, 200]);
  });

  test("the tolerance is a setting", async () => {
    const strict = await api({ WEBHOOK_TOLERANCE: "30s" });
    const event = unknown();
    const body = JSON.stringify(event);
    const at = Date.now() - 60_000;
    expect((await deliver(event, sign(event, { at: new Date(at) }))).status).toBe(200);
    expect((await deliver(event, sign(event, { at: new Date(at) }), strict)).body.code).toBe("signature-expired");
    const stripe = { "Stripe-Signature": context.provider.sign(body, { at: Math.floor(at / 1000) }) };
    expect((await deliver(event, stripe, strict, "stripe")).body.code).toBe("signature-expired");
  });

  test.each([
    ["WEBHOOK_SCHEMES", "", "WEBHOOK_SCHEMES"],
    ["WEBHOOK_SCHEMES", "stripe,stripe", "WEBHOOK_SCHEMES"],
    ["WEBHOOK_SECRETS", "", "WEBHOOK_SECRETS"],
    ["WEBHOOK_SECRETS", "a,,b", "WEBHOOK_SECRETS"],
    ["WEBHOOK_STANDARD_SECRETS", "", "WEBHOOK_STANDARD_SECRETS"],
    ["WEBHOOK_STANDARD_SECRETS", "whsec_c2hvcnQ=", "WEBHOOK_STANDARD_SECRETS"],
    ["WEBHOOK_STANDARD_SECRETS", "c2hvcnRzaG9ydHNob3J0c2hvcnRzaG9ydHNob3J0", "WEBHOOK_STANDARD_SECRETS"],
  ])("%s=%s is refused at the start, and no secret is shown", async (name, value, named) => {
    const env = { ...(await apiEnvironment(context.stack)), [`CAREFORALL_${name}`]: value };
    const failed = await run(program, ["--check-config"], { env }).then(
      () => null,
      (error: unknown) => error as { code: number; stderr: string },
    );
    expect(failed?.code).toBe(78);
    expect(failed?.stderr).toContain(`CAREFORALL_${named}`);
    expect(failed?.stderr).not.toContain("c2hvcnQ");
  });
});

describe("the money path by Standard Webhooks", () => {
  const settings = {
    CAREFORALL_MOCKPAY_WEBHOOK_SCHEME: "standard",
    CAREFORALL_MOCKPAY_WEBHOOK_SECRET: "",
    CAREFORALL_MOCKPAY_WEBHOOK_URL: "",
  };

  async function restart(lines: Record<string, string>): Promise<void> {
    await context.stack.configure(lines);
    await context.stack.stop(["mockpay"]);
    await context.stack.start(["mockpay"]);
  }

  beforeAll(async () => {
    await restart({
      ...settings,
      CAREFORALL_MOCKPAY_WEBHOOK_SECRET: context.stack.get("STACK_WEBHOOK_STANDARD_SECRET"),
      CAREFORALL_MOCKPAY_WEBHOOK_URL: `${context.stack.url("API")}/api/v1/webhooks/standard`,
    });
  });

  afterAll(async () => {
    await restart({
      CAREFORALL_MOCKPAY_WEBHOOK_SCHEME: "stripe",
      CAREFORALL_MOCKPAY_WEBHOOK_SECRET: context.stack.get("STACK_WEBHOOK_SECRET"),
      CAREFORALL_MOCKPAY_WEBHOOK_URL: `${context.stack.url("API")}/api/v1/webhooks/stripe`,
    });
  });

  test("a pledge is paid, confirmed and refunded", async () => {
    const http = new Http(context.stack);
    const campaign = await makeCampaign(context.sql, { cap: 100_000 });
    const paid = (await http.pledge(campaign, pledgeBody(1000))).body.id;
    await pledgeIs(context.sql, paid, "confirmed");
    await context.sql.rowsAs("admin", "SELECT * FROM careforall.pledge_refund($1, NULL, 'donor asked')", [paid]);
    const payment = await paymentOf(context.sql, paid);
    await until("the refund", async () => (await context.provider.ledger()).refunds.find((refund) => refund.payment_intent === payment));
    await pledgeIs(context.sql, paid, "refunded");
    expect((await storedPledge(context.sql, paid)).history).toContain("payment_succeeded");
  });
});

// SPDX-License-Identifier: Apache-2.0
// The mock provider's own interface, and webhooks signed as the provider signs.
import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import type { Answer } from "./http.ts";
import { Http } from "./http.ts";
import type { Stack } from "./stack.ts";

export interface LedgerIntent {
  id: string;
  amount: number;
  amount_received: number;
  currency: string;
  status: string;
  metadata: Record<string, string>;
}

export interface LedgerRefund {
  id: string;
  amount: number;
  payment_intent: string;
  status: string;
  metadata: Record<string, string>;
}

export interface Ledger {
  payment_intents: LedgerIntent[];
  refunds: LedgerRefund[];
}

// Only its signing is used; nothing is ever sent to the real service.
const stripe = new Stripe("sk_test_unused");

export class Provider {
  constructor(private readonly stack: Stack) {}

  private async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const init: RequestInit = {
      method,
      headers: {
        Authorization: `Bearer ${this.stack.get("STACK_PROVIDER_KEY")}`,
        "Content-Type": "application/json",
      },
    };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await fetch(this.stack.url("MOCKPAY") + path, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? {} : JSON.parse(text)) as T;
  }

  ledger(): Promise<Ledger> {
    return this.call<Ledger>("GET", "/mock/ledger");
  }

  config(): Promise<Record<string, unknown>> {
    return this.call("GET", "/mock/config");
  }

  configure(change: Record<string, unknown>): Promise<Record<string, unknown>> {
    return this.call("PUT", "/mock/config", change);
  }

  /** Back to the settings that it was started with. */
  reset(): Promise<unknown> {
    return this.call("DELETE", "/mock/config");
  }

  flush(): Promise<unknown> {
    return this.call("POST", "/mock/webhooks/flush");
  }

  /** The header that signs the payload now, or at another time with another secret. */
  sign(payload: string, options: { at?: number; secret?: string } = {}): string {
    return stripe.webhooks.generateTestHeaderString({
      payload,
      secret: options.secret ?? this.stack.get("STACK_WEBHOOK_SECRET"),
      timestamp: options.at ?? Math.floor(Date.now() / 1000),
    });
  }

  /** The headers that sign the payload by Standard Webhooks, with each of the secrets. */
  signStandard(
    payload: string,
    options: { id: string; at?: Date; secrets?: string[] },
  ): Record<string, string> {
    const at = options.at ?? new Date();
    const secrets = options.secrets ?? [this.stack.get("STACK_WEBHOOK_STANDARD_SECRET")];
    return {
      "webhook-id": options.id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(options.id, at, payload)).join(" "),
    };
  }

  /** Delivers an event to the API as the provider does. */
  deliver(
    event: ProviderEvent,
    options: { at?: number; secret?: string; signature?: string } = {},
  ): Promise<Answer> {
    const payload = JSON.stringify(event);
    return new Http(this.stack).call("POST", "/api/v1/webhooks/stripe", {
      body: payload,
      headers: { "Stripe-Signature": options.signature ?? this.sign(payload, options) },
    });
  }
}

export interface ProviderEvent {
  id: string;
  object: "event";
  type: string;
  created: number;
  data: { object: Record<string, unknown> };
}

export const eventId = (): string => `evt_${randomBytes(12).toString("hex")}`;

/** An event about a payment, in the provider's shape. */
export function paymentEvent(
  type: string,
  payment: { id: string; amount: number; currency?: string; pledge: string | null; received?: number },
  id: string = eventId(),
): ProviderEvent {
  const canceled = type === "payment_intent.canceled";
  const succeeded = type === "payment_intent.succeeded";
  return {
    id,
    object: "event",
    type,
    created: Math.floor(Date.now() / 1000),
    data: {
      object: {
        id: payment.id,
        object: "payment_intent",
        amount: payment.amount,
        amount_received: succeeded ? (payment.received ?? payment.amount) : 0,
        currency: (payment.currency ?? "eur").toLowerCase(),
        status: succeeded ? "succeeded" : canceled ? "canceled" : "requires_payment_method",
        cancellation_reason: canceled ? "abandoned" : null,
        last_payment_error: succeeded
          ? null
          : { type: "card_error", code: "card_declined", message: "Your card was declined." },
        metadata: payment.pledge === null ? {} : { pledge_id: payment.pledge },
      },
    },
  };
}

// SPDX-License-Identifier: Apache-2.0
// Goal: administrators see what is stuck on its way to or from the provider, and can
// have it tried again. Method: holds, dead letters and failed refunds made for it;
// each change first as a dry run.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Person } from "../lib/account.ts";
import { act, all, auditCount, audited, look, type Doc } from "../lib/admin.ts";
import { useStack } from "../lib/context.ts";
import { makeCampaign, sqlPledge } from "../lib/fixtures.ts";
import { pledgeIs, storedPledge } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";

const context = useStack();

let admin: Person;
let campaign: string;
let paid: string;

const paused = async (word: "pause" | "resume"): Promise<void> => {
  await act(admin.http, `consumers/payments/${word}`);
  await until(`payments to ${word}`, async () => {
    const status = await context.sql.value<string>("SELECT status FROM careforall.consumers_status WHERE consumer = 'payments'");
    return status === (word === "pause" ? "paused" : "running");
  });
};

beforeAll(async () => {
  admin = await context.login("admin");
  campaign = await makeCampaign(context.sql);
  paid = (await sqlPledge(context.sql, campaign)).pledge_id ?? "";
  await pledgeIs(context.sql, paid, "confirmed");
});
afterAll(async () => {
  await paused("resume");
});

describe("holds", () => {
  interface Hold extends Doc {
    pledge: { id: string };
    hold_left_s: number;
    stuck: string | null;
  }

  test("are listed by their end, and those that need a look are flagged", async () => {
    await paused("pause");
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push((await sqlPledge(context.sql, campaign)).pledge_id ?? "");
    const [last, middle, odd] = ids as [string, string, string];
    await context.sql.rows("UPDATE careforall.pledges SET hold_expires_at = hold_expires_at + interval '1 hour' WHERE id = $1", [last]);
    await context.sql.rowsAs("payments", "SELECT careforall.payment_park('payment', $1, $1, 3, 402, 'for_this_test', 'no')", [odd]);
    const holds = await all<Hold>(admin.http, `holds?campaign=${campaign}`, 1);
    expect(holds.map((hold) => hold.pledge.id)).toEqual([middle, odd, last]);
    expect(holds.map((hold) => hold.stuck)).toEqual([null, "parked", null]);
    expect(holds[0]?.hold_left_s).toBeGreaterThan(0);
    const stuck = await all<Hold>(admin.http, `holds?campaign=${campaign}&stuck=true`);
    expect(stuck.map((hold) => hold.pledge.id)).toEqual([odd]);
    expect(await all(admin.http, `holds?campaign=${campaign}&stuck=false`)).toHaveLength(2);
    expect((await look(admin.http, "holds?stuck=maybe")).status).toBe(400);
    await context.sql.rowsAs("payments", "SELECT careforall.payment_unpark('payment', $1)", [odd]);
    await paused("resume");
    for (const id of ids) await pledgeIs(context.sql, id, "confirmed");
    expect(await all(admin.http, `holds?campaign=${campaign}`)).toEqual([]);
  });
});

describe("dead letters", () => {
  const code = `code_${randomUUID().slice(0, 8)}`;
  let letters: number[] = [];

  beforeAll(async () => {
    letters = [];
    for (let i = 0; i < 3; i++) {
      const id = await context.sql.value<number>(
        "SELECT careforall.payment_park('refund', $1, $2, 3, 400, $3, 'refused for a test')",
        [randomUUID(), paid, i < 2 ? code : `${code}_other`],
      );
      letters.push(id);
    }
  });

  const state = (id: number): Promise<string> =>
    context.sql.value<string>("SELECT state FROM careforall.payment_dead_letters WHERE id = $1", [id]);

  test("are listed, page by page", async () => {
    const items = await all<{ kind: string; dead_letter: { id: number; code: string } }>(admin.http, "payments/stuck", 2);
    expect(items.map((item) => item.dead_letter.id)).toEqual(expect.arrayContaining(letters));
    expect(items.every((item) => item.kind === "dead_letter")).toBe(true);
  });

  test("one is redriven once, after a dry run that changes nothing", async () => {
    const [id] = letters as [number];
    const before = await auditCount(context);
    const dry = await act(admin.http, `payments/${id}/redrive`, { dry_run: true });
    expect([dry.status, dry.body.dry_run]).toEqual([200, true]);
    expect(await state(id)).toBe("parked");
    expect(await auditCount(context)).toBe(before);
    const done = await act<{ dead_letter: Doc }>(admin.http, `payments/${id}/redrive`, { reason: "the provider has it again" });
    expect(done.body.dead_letter).toMatchObject({ id, state: "redriven" });
    expect(await audited(context, "payment_redrive", paid)).toMatchObject({
      acts_for: `account:${admin.id}`,
      reason: "the provider has it again",
    });
    const again = await act(admin.http, `payments/${id}/redrive`);
    expect([again.status, again.body.code, again.body.state]).toEqual([409, "illegal-transition", "redriven"]);
  });

  test.each(["0", "-1", "x", "999999999", "99999999999999999999"])("there is none with the id %s", async (id) => {
    expect((await act(admin.http, `payments/${id}/redrive`)).status).toBe(404);
  });

  test("those of a code are redriven together, by default only as a dry run", async () => {
    const dry = await act<{ count: number; items: Doc[] }>(admin.http, "payments/redrive", { code });
    expect(dry.body).toMatchObject({ dry_run: true, count: 1, items: [{ id: letters[1], outcome: "would_redrive" }] });
    expect(await state(letters[1] ?? 0)).toBe("parked");
    const none = await act(admin.http, "payments/redrive", { code, kind: "cancel", dry_run: false });
    expect(none.body).toMatchObject({ dry_run: false, count: 0, items: [] });
    const done = await act(admin.http, "payments/redrive", { code, kind: "refund", dry_run: false });
    expect(done.body).toMatchObject({ dry_run: false, count: 1, items: [{ id: letters[1], outcome: "redriven" }] });
    expect(await state(letters[1] ?? 0)).toBe("redriven");
    expect(await state(letters[2] ?? 0)).toBe("parked");
    await act(admin.http, "payments/redrive", { code: `${code}_other`, dry_run: false });
  });

  test.each([
    [{ kind: "everything" }, 422],
    [{ code: "" }, 422],
    [{ dry_run: "no" }, 422],
    [{ codes: ["a"] }, 400],
  ])("redriving refuses %j", async (json, status) => {
    expect((await act(admin.http, "payments/redrive", json)).status).toBe(status);
  });
});

describe("refunds that failed", () => {
  test("are listed, and asked for once more", async () => {
    await paused("pause");
    const refund = await context.sql.value<string>("SELECT refund_id FROM careforall.pledge_refund($1, 100, 'half price')", [paid]);
    const { payment_id: payment } = await storedPledge(context.sql, paid);
    await context.sql.rows(
      "SELECT careforall.payment_event_apply('stripe', $1, 'refund_failed', $2, $3, $4, 100, 'EUR', 'expired_card', '{}', NULL)",
      [`evt_${randomUUID()}`, payment, paid, refund],
    );
    const listed = await all<{ refund: { id: string } }>(admin.http, "payments/stuck?kind=refund_failed");
    expect(listed.map((item) => item.refund.id)).toContain(refund);

    const count = (): Promise<number> => context.sql.value<number>("SELECT count(*) FROM careforall.refunds WHERE pledge_id = $1", [paid]);
    const dry = await act(admin.http, `refunds/${refund}/retry`, { dry_run: true });
    expect(dry.body).toMatchObject({ dry_run: true, refund: null, retried: { id: refund, state: "failed" } });
    expect(await count()).toBe(1);
    const done = await act<{ refund: { id: string } }>(admin.http, `refunds/${refund}/retry`, { reason: "the bank is back" });
    expect(done.body).toMatchObject({ dry_run: false, refund: { state: "requested", amount: { amount: 100, currency: "EUR" }, requested_by: { type: "account", id: admin.id } } });
    expect(await count()).toBe(2);
    await paused("resume");
    await until("the money to be given back", async () => (await storedPledge(context.sql, paid)).refunded_minor === 100);

    const again = await act(admin.http, `refunds/${done.body.refund.id}/retry`);
    expect(again.status).toBe(409);
    expect((await act(admin.http, `refunds/${randomUUID()}/retry`)).status).toBe(404);
  });

  test.each(["payment", "refund", "unsettled"])("work of kind %s is listed", async (kind) => {
    expect((await look(admin.http, `payments/stuck?kind=${kind}`)).status).toBe(200);
  });

  test("an unknown kind is refused", async () => {
    expect((await look(admin.http, "payments/stuck?kind=all")).body.code).toBe("invalid-parameter");
  });
});

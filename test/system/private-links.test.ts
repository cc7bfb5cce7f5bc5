// SPDX-License-Identifier: Apache-2.0
// Goal: a private link whose time is over is told so wherever it is used, and nobody else is
// told anything; an administrator renews it, and it opens again; an account sees what it has
// without any end. Method: pledges whose history is made old, every route that takes a link,
// the live feed, and the route of administrators, well and badly.
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Person } from "../lib/account.ts";
import { act, auditCount, audited, look } from "../lib/admin.ts";
import { publishedOf } from "../lib/campaign.ts";
import { useStack } from "../lib/context.ts";
import type { Answer, CreatedPledge, Http } from "../lib/http.ts";
import { LiveSocket } from "../lib/live.ts";
import { expireLink, pledgeIs } from "../lib/pledge.ts";
import { until } from "../lib/until.ts";

const context = useStack();
let owner: Person;
let admin: Person;
let donor: Person;
let campaign: string;
let news: string;

interface Link {
  expires_at: string | null;
  is_expired: boolean;
  renewals: { at: string; until: string; reason: string; by: { id: string | null; name: string } }[];
}

beforeAll(async () => {
  [owner, admin, donor] = [await context.login("owner"), await context.login("admin"), await context.login()];
  ({ id: campaign } = await publishedOf(owner));
  const made = await owner.http.call<{ id: string }>("POST", `/api/v1/campaigns/${campaign}/updates`, { json: { title: "Secret", body: "B", visibility: "backers" } });
  news = made.body.id;
});

async function confirmed(http: Http = context.http): Promise<CreatedPledge> {
  const { body } = await http.pledge(campaign);
  await pledgeIs(context.sql, body.id, "confirmed");
  return body;
}

const link = (token: string): Record<string, string> => ({ "Pledge-Token": token });

/** Every way in by the link, as somebody who has it. */
function ways(http: Http, id: string, token: string): [string, () => Promise<Answer>][] {
  const headers = link(token);
  const go = (method: string, path: string, more: object = {}) => () => http.call(method, path, { headers, ...more });
  return [
    ["read", go("GET", `/api/v1/pledges/${id}`)],
    ["refunds", go("GET", `/api/v1/pledges/${id}/refunds`)],
    ["receipts", go("GET", `/api/v1/pledges/${id}/receipts`)],
    ["receipt", () => http.call("POST", `/api/v1/pledges/${id}/receipts`, { headers: { ...headers, "Idempotency-Key": randomUUID() }, json: {} })],
    ["news", go("DELETE", `/api/v1/pledges/${id}/news`)],
    ["updates", go("GET", `/api/v1/campaigns/${campaign}/updates?pledge=${id}`)],
    ["update", go("GET", `/api/v1/campaigns/${campaign}/updates/${news}?pledge=${id}`)],
    ["cancel", go("POST", `/api/v1/pledges/${id}/cancel`)],
    ["refund request", go("POST", `/api/v1/pledges/${id}/refund-request`, { json: { message: "please" } })],
  ];
}

const claim = (id: string, token: string, person = donor) => person.http.call("POST", `/api/v1/pledges/${id}/claim`, { headers: link(token) });

/** What the live feed answers to a link. */
async function live(id: string, token: string): Promise<[string, unknown][]> {
  const socket = await LiveSocket.open(context.stack.url("API"));
  try {
    // The second one is answered when the first one is.
    socket.subscribe({ pledge: id, token });
    socket.subscribe({ pledge: id, token });
    await until("both to be answered", async () => Promise.resolve(socket.frames.filter(({ type }) => type === "subscribed" || type === "error").length === 2));
    return socket.frames.map((frame) => [frame.type, frame.code ?? frame.state]);
  } finally {
    socket.close();
  }
}

describe("a link whose time is over", () => {
  test("is told so everywhere, and opens nothing", async () => {
    const { id, token } = await confirmed();
    expect((await context.http.get<{ link_expires_at: string }>(`/api/v1/pledges/${id}`, link(token))).body.link_expires_at).toMatch(/Z$/);
    await expireLink(context.sql, id);
    for (const [way, call] of ways(context.http, id, token)) {
      const answer = await call();
      expect([answer.status, answer.body.code, answer.body.has_account], way).toEqual([410, "link-expired", false]);
      expect(new Date(String(answer.body.expired_at)).getTime(), way).toBeLessThanOrEqual(Date.now());
      expect(answer.headers.get("cache-control"), way).toBe("no-store");
    }
    expect((await claim(id, token)).body.code).toBe("link-expired");
    expect(await live(id, token)).toEqual([["error", "link-expired"], ["error", "link-expired"]]);
    expect(await context.sql.value("SELECT count(*) FROM careforall.refund_requests WHERE pledge_id = $1", [id])).toBe(0);
    expect(await context.sql.value("SELECT count(*) FROM careforall.pledge_claims WHERE pledge_id = $1", [id])).toBe(0);
  });

  test("tells nothing to whoever has another token, or none", async () => {
    const { id } = await confirmed();
    const other = await confirmed();
    await expireLink(context.sql, id);
    for (const token of [other.token, "A".repeat(43), "x", ""]) {
      for (const [way, call] of ways(context.http, id, token)) expect((await call()).status, `${way} with "${token}"`).toBe(404);
      expect((await claim(id, token)).status).toBe(404);
    }
    expect(await live(id, other.token)).toEqual([["error", "not-found"], ["error", "not-found"]]);
    expect((await context.http.get(`/api/v1/pledges/${id}`)).status).toBe(404);
    expect((await donor.http.get(`/api/v1/pledges/${id}`)).status).toBe(404);
    expect((await context.http.get(`/api/v1/campaigns/${campaign}/updates`)).status).toBe(200);
  });

  test("is nothing to the account that has the pledge", async () => {
    const { id, token } = await confirmed(donor.http);
    await expireLink(context.sql, id);
    expect((await context.http.get(`/api/v1/pledges/${id}`, link(token))).body).toMatchObject({ code: "link-expired", has_account: true });
    expect((await admin.http.get(`/api/v1/pledges/${id}`, link(token))).status).toBe(410);
    expect((await donor.http.get(`/api/v1/pledges/${id}`)).status).toBe(200);
    const open = ways(donor.http, id, token).filter(([way]) => way !== "cancel");
    for (const [way, call] of open) expect([200, 201], way).toContain((await call()).status);
    expect((await claim(id, token)).status).toBe(200);
    const list = await donor.http.get<{ items: { id: string }[] }>("/api/v1/me/pledges");
    expect(list.body.items.map((one) => one.id)).toContain(id);
  });
});

describe("a renewal", () => {
  const renew = (person: Person, id: string, json: Record<string, unknown> = {}) =>
    act<{ dry_run: boolean; until: string; link: Link; code?: string }>(person.http, `pledges/${id}/renew-link`, json);

  test("opens the link again, for the days that were asked for", async () => {
    const { id, token } = await confirmed();
    const linkOf = async () => (await look<{ link: Link }>(admin.http, `pledges/${id}`)).body.link;
    expect(await linkOf()).toMatchObject({ is_expired: false, renewals: [] });
    await expireLink(context.sql, id);
    expect(await linkOf()).toMatchObject({ is_expired: true, renewals: [] });
    const before = await auditCount(context);
    const tried = await renew(admin, id, { days: 7, dry_run: true });
    expect(tried.body).toMatchObject({ dry_run: true, link: { is_expired: true, renewals: [] } });
    expect(await auditCount(context)).toBe(before);
    expect((await context.http.get(`/api/v1/pledges/${id}`, link(token))).status).toBe(410);

    const { status, body } = await renew(admin, id, { days: 7, reason: "the donor wrote to us" });
    expect([status, body.dry_run, body.link.is_expired, body.link.expires_at]).toEqual([200, false, false, body.until]);
    expect(body.link.renewals).toMatchObject([{ until: body.until, reason: "the donor wrote to us", by: { id: admin.id } }]);
    expect(Date.parse(body.until) - Date.parse(body.link.renewals[0]?.at ?? "")).toBe(7 * 86_400_000);
    expect(await linkOf()).toEqual(body.link);
    expect(await audited(context, "pledge.link_renew", id)).toMatchObject({ acts_for: `account:${admin.id}`, reason: "the donor wrote to us" });
    for (const [way, call] of ways(context.http, id, token)) expect((await call()).status, way).not.toBe(410);
    expect((await live(id, token)).map(([type]) => type)).toContain("subscribed");
  });

  test("is for administrators, with a reason, and where there is something to renew", async () => {
    const { id } = await confirmed();
    for (const json of [{ days: 0 }, { days: 3651 }, { days: "7" }, { days: 1.5 }, { reason: " " }]) expect((await renew(admin, id, json)).status, JSON.stringify(json)).toBe(422);
    expect((await renew(admin, id, { months: 1 })).status).toBe(400);
    expect((await renew(admin, id)).body.code).toBe("conflict");
    await expireLink(context.sql, id);
    for (const person of [owner, donor]) expect((await renew(person, id)).status).toBe(403);
    expect((await context.http.call("POST", `/api/v1/admin/pledges/${id}/renew-link`, { json: { reason: "mine" } })).status).toBe(401);
    expect((await renew(admin, randomUUID())).status).toBe(404);
    expect((await renew(admin, id)).status).toBe(200);
  });
});

// SPDX-License-Identifier: Apache-2.0
// Goal: campaigns are run over the API by those who may, and by nobody else; no edit
// overwrites what it has not seen; what a state or a limit forbids is refused and said.
// Method: each route as owner, editor, viewer, administrator, stranger and nobody; the
// table of If-Match; races; bodies with faults; audit rows and events afterwards.
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Person } from "../lib/account.ts";
import { type Managed, campaignBody, draftOf, manage, move, patch, publishedOf } from "../lib/campaign.ts";
import { useStack } from "../lib/context.ts";
import { Http, type Problem, pledgeBody } from "../lib/http.ts";
import { png } from "../lib/image.ts";
import { until } from "../lib/until.ts";

const context = useStack();
let owner: Person;
let editor: Person;
let viewer: Person;
let admin: Person;
let stranger: Person;
let donor: Person;

beforeAll(async () => {
  [owner, stranger] = [await context.login("owner"), await context.login("owner")];
  [editor, viewer, donor] = [await context.login(), await context.login(), await context.login()];
  admin = await context.login("admin");
});

const add = (campaign: string, person: Person, role: string) =>
  owner.http.call("POST", `/api/v1/campaigns/${campaign}/team`, { json: { email: person.email.toUpperCase(), role } });

/** A draft with an editor and a viewer. */
async function withTeam(): Promise<Managed> {
  const campaign = await draftOf(owner);
  expect((await add(campaign.id, editor, "editor")).status).toBe(201);
  expect((await add(campaign.id, viewer, "viewer")).status).toBe(201);
  return campaign;
}

const errors = (answer: { body: Record<string, unknown> }): string[] =>
  ((answer.body.errors ?? []) as { pointer: string; code: string }[]).map((e) => `${e.pointer} ${e.code}`).sort();

describe("making", () => {
  test("a draft of one's own, that nobody else sees", async () => {
    const body = campaignBody({ summary: "Wells", cap: { amount: 900_000, currency: "EUR" } });
    const made = await owner.http.call<Managed>("POST", "/api/v1/campaigns", { json: body });
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`/api/v1/campaigns/${made.body.id}/manage`);
    expect(made.headers.get("etag")).toBe('"1-own"');
    expect(made.headers.get("cache-control")).toBe("no-store");
    expect(made.body).toMatchObject({ state: "draft", right: "own", revision: 1, actions: ["publish"], owner: { name: "Test owner" } });
    expect((await manage(owner, made.body.slug)).body).toEqual(made.body);
    expect((await context.http.get(`/api/v1/campaigns/${made.body.id}`)).status).toBe(404);
    expect((await manage(stranger, made.body.id)).status).toBe(404);
    const mine = await owner.http.get<{ items: { id: string; role: string; right: string }[] }>("/api/v1/me/campaigns?limit=1");
    expect(mine.body.items[0]).toMatchObject({ id: made.body.id, role: "owner", right: "own" });
    const again = await owner.http.get(`/api/v1/campaigns/${made.body.id}/manage`, { "If-None-Match": '"1-own"' });
    expect(again.status).toBe(304);
    expect(again.headers.get("etag")).toBe('"1-own"');
  });

  test("needs the role of an owner", async () => {
    const nobody = await context.http.call("POST", "/api/v1/campaigns", { json: campaignBody() });
    expect(nobody.status).toBe(401);
    const weak = await donor.http.call<Problem>("POST", "/api/v1/campaigns", { json: campaignBody() });
    expect([weak.status, weak.body.code]).toEqual([403, "forbidden"]);
    expect((await admin.http.call("POST", "/api/v1/campaigns", { json: campaignBody() })).status).toBe(201);
  });

  test("gives a slug made of the title, or the one asked for", async () => {
    const title = `Ärzte über ${randomUUID().slice(0, 8)}!`;
    const slug = `arzte-uber-${title.slice(11, 19)}`;
    expect((await draftOf(owner, { title })).slug).toBe(slug);
    expect((await draftOf(owner, { title })).slug).toBe(`${slug}-2`);
    const taken = await owner.http.call<Problem>("POST", "/api/v1/campaigns", { json: campaignBody({ slug }) });
    expect([taken.status, taken.body.code]).toEqual([409, "slug-taken"]);
    const many = await Promise.all(Array.from({ length: 8 }, () => draftOf(owner, { title: `Race ${slug}` })));
    expect(new Set(many.map((one) => one.slug)).size).toBe(8);
    for (const bad of ["Upper", "a--b", "-a", "a_b", "0199c0de-0000-7000-8000-000000000001"]) {
      const refused = await owner.http.call("POST", "/api/v1/campaigns", { json: campaignBody({ slug: bad }) });
      expect([refused.status, errors(refused)]).toEqual([422, ["/slug invalid_slug"]]);
    }
  });

  test("names every fault", async () => {
    const money = (amount: unknown, currency = "EUR") => ({ amount, currency });
    const table: [Record<string, unknown>, string[]][] = [
      [{ title: "" }, ["/title length_out_of_range"]],
      [{ title: " " }, ["/title blank"]],
      [{ title: "\u200b\u2060\ufeff" }, ["/title blank"]],
      [{ owner: { name: "\u202e\u00a0" } }, ["/owner/name blank"]],
      [{ title: "a\nb" }, ["/title control_character"]],
      [{ title: "x".repeat(141) }, ["/title length_out_of_range"]],
      [{ category: "No Such" }, ["/category invalid_category"]],
      [{ currency: "XQX" }, ["/currency unknown_currency"]],
      [{ goal: money(0) }, ["/goal/amount out_of_range"]],
      [{ goal: money(100, "USD") }, ["/goal/currency currency_mismatch"]],
      [{ goal: money(1.5) }, ["/goal/amount integer_required"]],
      [{ cap: money(-1), max_pledge: 5 }, ["/cap/amount out_of_range", "/max_pledge money_required"]],
      [{ min_pledge: money(500), max_pledge: money(499) }, ["/max_pledge below_min_pledge"]],
      [{ starts_at: "tomorrow", ends_at: "2030-02-30T00:00:00Z" }, ["/ends_at invalid_time", "/starts_at invalid_time"]],
      [{ starts_at: "2030-01-01T00:00:00Z", ends_at: "2030-01-01T00:00:00Z" }, ["/ends_at before_start"]],
      [{ starts_at: "1900-01-01T00:00:00Z" }, ["/starts_at invalid_time"]],
      [{ refund_releases: 1, owner: { name: "" } }, ["/owner/name length_out_of_range", "/refund_releases boolean_required"]],
    ];
    for (const [more, expected] of table) {
      const refused = await owner.http.call("POST", "/api/v1/campaigns", { json: campaignBody(more) });
      expect([refused.status, errors(refused)], JSON.stringify(more)).toEqual([422, expected]);
    }
    const unknown = await owner.http.call<Problem>("POST", "/api/v1/campaigns", { json: campaignBody({ state: "active" }) });
    expect([unknown.status, unknown.body.code]).toEqual([400, "invalid-json"]);
    const typed = await owner.http.call("POST", "/api/v1/campaigns", { body: "a=1", headers: { "Content-Type": "text/plain" } });
    expect(typed.status).toBe(415);
    const missing = await owner.http.call("POST", "/api/v1/campaigns", { json: {} });
    expect(errors(missing)).toEqual(["/category required", "/currency required", "/goal required", "/title required"]);
  });
});

describe("copying", () => {
  test("takes rewards, pools and image along, for the owner and administrators", async () => {
    const { id, slug } = await withTeam();
    const post = (part: string, json: unknown) => owner.http.call<{ id: string }>("POST", `/api/v1/campaigns/${id}/${part}`, { json });
    const pool = (await post("pools", { name: "Seats", capacity: 2 })).body.id;
    await post("rewards", { title: "A seat", min_amount: { amount: 1_000, currency: "EUR" }, quantity: 2, pool_id: pool });
    const image = await owner.http.call("PUT", `/api/v1/campaigns/${id}/image`, { body: png(8, 5), headers: { "Content-Type": "image/png", "If-Match": "*" } });
    expect(image.status, image.text).toBe(201);
    const original = (await manage(owner, id)).body;
    const copy = (person: Person, more = {}) => person.http.call<Managed & Problem>("POST", "/api/v1/campaigns", { json: campaignBody({ copy_of: id, ...more }) });

    const made = await copy(owner);
    expect(made.status, made.text).toBe(201);
    expect(made.body).toMatchObject({ state: "draft", right: "own", image: original.image, cap: null, pools: [{ name: "Seats", capacity: 2 }] });
    expect(made.body.rewards).toEqual([{ ...original.rewards[0], id: made.body.rewards[0]?.id, pool_id: made.body.pools[0]?.id }]);
    expect([made.body.rewards[0]?.id, made.body.pools[0]?.id]).not.toEqual(expect.arrayContaining([original.rewards[0]?.id, pool]));
    expect(made.headers.get("etag")).toBe(`"${made.body.revision}-own"`);
    expect((await manage(owner, id)).body).toEqual(original);
    const patched = await patch(owner, made.body.id, { summary: "of its own" }, made.headers.get("etag"));
    expect(patched.status).toBe(200);
    expect((await copy(admin, { copy_of: slug })).body.pools).toHaveLength(1);

    const promoted = await context.login("owner");
    expect((await add(id, promoted, "editor")).status).toBe(201);
    for (const [person, status, fault] of [[stranger, 422, "/copy_of unknown_campaign"], [promoted, 403, undefined], [editor, 403, undefined]] as const) {
      const refused = await copy(person);
      expect([refused.status, errors(refused)[0]], refused.text).toEqual([status, fault]);
    }
    expect(errors(await copy(owner, { currency: "USD", goal: { amount: 1, currency: "USD" } }))).toEqual(["/currency currency_mismatch"]);
    expect(errors(await copy(owner, { copy_of: "" }))).toEqual(["/copy_of length_out_of_range"]);
    expect(errors(await copy(owner, { copy_of: null }))).toEqual(["/copy_of null"]);
    expect((await patch<Problem>(owner, id, { copy_of: slug })).body.code).toBe("invalid-json");
  });
});

describe("rights", () => {
  test("of each person in each route", async () => {
    const { id } = await withTeam();
    await move(owner, id, "publish");
    const routes: [string, string, unknown, number[]][] = [
      // who: nobody, stranger, donor, viewer, editor; 0 is allowed
      ["GET", "manage", undefined, [401, 403, 403, 0, 0]],
      ["PATCH", "", { summary: "x" }, [401, 403, 403, 403, 0]],
      ["POST", "rewards", { title: "R", min_amount: { amount: 1, currency: "EUR" } }, [401, 403, 403, 403, 0]],
      ["POST", "pools", { name: "P" }, [401, 403, 403, 403, 0]],
      ["POST", "updates", { title: "T", body: "B" }, [401, 403, 403, 403, 0]],
      ["POST", "pause", { reason: "for a test" }, [401, 403, 403, 403, 403]],
      ["POST", "close", { reason: "for a test" }, [401, 403, 403, 403, 403]],
      ["POST", "archive", { reason: "for a test" }, [401, 403, 403, 403, 403]],
      ["POST", "unarchive", { reason: "for a test" }, [401, 403, 403, 403, 403]],
      ["GET", "team", undefined, [401, 403, 403, 403, 403]],
      ["POST", "team", { email: "a@example.org", role: "viewer" }, [401, 403, 403, 403, 403]],
      ["DELETE", `team/${randomUUID()}`, undefined, [401, 403, 403, 403, 403]],
      ["PUT", `team/${randomUUID()}`, { role: "viewer" }, [401, 403, 403, 403, 403]],
    ];
    const people = [context.http, stranger.http, donor.http, viewer.http, editor.http];
    for (const [method, path, json, expected] of routes) {
      for (const [i, http] of people.entries()) {
        const answer = await http.call<Problem>(method, `/api/v1/campaigns/${id}${path === "" ? "" : `/${path}`}`, {
          json,
          headers: { "If-Match": "*" },
        });
        const label = `${method} ${path} as ${["nobody", "stranger", "donor", "viewer", "editor"][i]}: ${answer.text}`;
        if (expected[i] === 0) expect(answer.status, label).toBeLessThan(300);
        else expect(answer.status, label).toBe(expected[i]);
      }
    }
    expect((await move(admin, id, "pause")).status).toBe(200);
    expect((await move(owner, id, "resume")).status).toBe(200);
  });

  test("a draft does not exist for those who have nothing to do with it", async () => {
    const { id } = await withTeam();
    for (const [method, path] of [["GET", "manage"], ["PATCH", ""], ["POST", "publish"], ["POST", "rewards"], ["GET", "team"], ["GET", "updates"]] as const) {
      const ask = (where: string) =>
        stranger.http.call<Problem>(method, `/api/v1/campaigns/${where}${path === "" ? "" : `/${path}`}`, {
          json: method === "GET" ? undefined : path === "publish" ? { reason: "for a test" } : path === "rewards" ? { title: "R", min_amount: { amount: 1, currency: "EUR" } } : { title: "X" },
          headers: { "If-Match": "*" },
        });
      const [real, none] = [await ask(id), await ask(randomUUID())];
      expect([real.status, real.body.code, real.body.detail]).toEqual([404, "not-found", none.body.detail]);
    }
  });

  test("end at once when somebody leaves the team or loses a role", async () => {
    const { id } = await withTeam();
    expect((await patch(editor, id, { summary: "one" })).status).toBe(200);
    const member = await owner.http.get(`/api/v1/campaigns/${id}/team/${editor.id}`);
    const etag = member.headers.get("etag") ?? "";
    const put = (role: string, ifMatch: string | null) =>
      owner.http.call("PUT", `/api/v1/campaigns/${id}/team/${editor.id}`, {
        json: { role },
        headers: ifMatch === null ? {} : { "If-Match": ifMatch },
      });
    expect((await put("viewer", null)).status).toBe(428);
    expect((await put("viewer", '"stale"')).status).toBe(412);
    expect((await put("viewer", `W/${etag}`)).status).toBe(412);
    expect((await put("boss", etag)).status).toBe(422);
    expect((await put("viewer", etag)).body).toMatchObject({ role: "viewer" });
    expect((await put("editor", etag)).status).toBe(412);
    expect((await patch(editor, id, { summary: "two" })).status).toBe(403);
    expect((await editor.http.call("DELETE", `/api/v1/campaigns/${id}/team/${editor.id}`)).status).toBe(428);
    expect((await editor.http.call("DELETE", `/api/v1/campaigns/${id}/team/${editor.id}`, { headers: { "If-Match": "*" } })).status).toBe(204);
    expect((await manage(editor, id)).status).toBe(404);
    const former = await context.login("owner");
    const theirs = await draftOf(former);
    await context.sql.rows("UPDATE careforall.accounts SET role = 'donor' WHERE id = $1", [former.id]);
    expect((await manage(former, theirs.id)).body.right).toBe("view");
    expect((await patch(former, theirs.id, { summary: "x" })).status).toBe(403);
  });

  test("the team is the owner's to choose", async () => {
    const { id } = await withTeam();
    const team = await owner.http.get<{ owner: { account_id: string }; items: { account_id: string; role: string }[] }>(`/api/v1/campaigns/${id}/team`);
    expect(team.body.owner.account_id).toBe(owner.id);
    expect(team.body.items.map((one) => [one.account_id, one.role])).toEqual([[editor.id, "editor"], [viewer.id, "viewer"]]);
    expect((await add(id, editor, "viewer")).status).toBe(409);
    expect((await add(id, owner, "viewer")).status).toBe(409);
    const nobody = await owner.http.call("POST", `/api/v1/campaigns/${id}/team`, { json: { email: "nobody@example.net", role: "viewer" } });
    expect([nobody.status, errors(nobody)]).toEqual([422, ["/email unknown_account"]]);
    const role = await owner.http.call("POST", `/api/v1/campaigns/${id}/team`, { json: { email: donor.email, role: "owner" } });
    expect(errors(role)).toEqual(["/role invalid_choice"]);
    expect((await owner.http.get(`/api/v1/campaigns/${id}/team/${donor.id}`)).status).toBe(404);
    expect((await viewer.http.get(`/api/v1/campaigns/${id}/team/${viewer.id}`)).body).toMatchObject({ role: "viewer" });
    const mine = await viewer.http.get<{ items: { id: string; role: string }[] }>("/api/v1/me/campaigns");
    expect(mine.body.items.find((one) => one.id === id)).toMatchObject({ role: "viewer", right: "view" });
  });
});

describe("editing", () => {
  test("needs the tag of what was read", async () => {
    const { id } = await draftOf(owner);
    const tag = '"1-own"';
    expect((await patch(owner, id, { title: "New" }, null)).body).toMatchObject({ status: 428, code: "precondition-required" });
    for (const bad of ['"2-own"', `W/${tag}`, '"11-own"', "1-own", '"1-own', '""', `W/${tag}, "0"`, "nonsense", `*, ${tag}`]) {
      const refused = await patch(owner, id, { title: "New" }, bad);
      expect([refused.status, refused.body.code], bad).toEqual([412, "precondition-failed"]);
    }
    const done = await patch<Managed>(owner, id, { title: "New" }, `"7-own", ${tag}`);
    expect([done.status, done.headers.get("etag"), done.body.title]).toEqual([200, '"2-own"', "New"]);
    expect((await patch(owner, id, { title: "Newer" }, tag)).status).toBe(412);
    expect((await patch(owner, id, { title: "Newer" }, " * ")).headers.get("etag")).toBe('"3-own"');
    expect((await patch(owner, id, { title: "Newer" }, '"3-own"')).headers.get("etag")).toBe('"3-own"');
    expect((await patch(owner, id, { nonsense: 1 }, '"1-own"')).status).toBe(400);
    expect((await patch(owner, id, { title: "" }, '"1-own"')).status).toBe(422);
  });

  test("is not disturbed by pledges, and takes the public tag", async () => {
    const campaign = await publishedOf(owner);
    const where = `/api/v1/campaigns/${campaign.id}`;
    await until("the campaign to be public", async () => (await context.http.get(where)).status === 200);
    const before = await context.http.get(where);
    const pledge = await context.http.pledge(campaign.id);
    expect(pledge.status).toBe(201);
    await until("the public tag to change", async () => (await context.http.get(where)).headers.get("etag") !== before.headers.get("etag"));
    expect((await manage(owner, campaign.id)).headers.get("etag")).toBe('"2-own"');
    const edit = await patch<Managed>(owner, campaign.id, { summary: "Still right" }, before.headers.get("etag"));
    expect([edit.status, edit.body.revision]).toEqual([200, 3]);
    const stale = (await context.http.get(where)).headers.get("etag");
    await until("the edit to be public", async () => (await context.http.get(where)).body.summary === "Still right");
    expect((await patch(owner, campaign.id, { summary: "x" }, before.headers.get("etag"))).status).toBe(412);
    expect(stale).not.toBeNull();
  });

  test("works through the gateway, which compresses nothing that has a tag", async () => {
    const gateway = new Http(context.stack, "GATEWAY").as(owner.token);
    const { id } = await publishedOf(owner, { story: "A long story. ".repeat(400) });
    await until("the campaign to be public", async () => (await gateway.get(`/api/v1/campaigns/${id}`)).status === 200);
    for (const where of [`/api/v1/campaigns/${id}/manage`, `/api/v1/campaigns/${id}`]) {
      const read = await gateway.get(where, { "Accept-Encoding": "gzip, br" });
      expect(read.text.length).toBeGreaterThan(5000);
      expect(read.headers.get("etag"), where).toMatch(/^"2-/);
      const edit = await gateway.call("PATCH", `/api/v1/campaigns/${id}`, { json: { story: "A long story. ".repeat(400) }, headers: { "If-Match": read.headers.get("etag") ?? "" } });
      expect(edit.status).toBe(200);
    }
    const story = "\u{1f30d}".repeat(20_000);
    const whole = await gateway.call<Managed>("PATCH", `/api/v1/campaigns/${id}`, { json: { story }, headers: { "If-Match": "*" } });
    expect([whole.status, whole.body.story]).toEqual([200, story]);
  });

  test("has one winner of many", async () => {
    const { id } = await draftOf(owner);
    for (let round = 1; round <= 3; round++) {
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, i) => patch(i % 2 === 0 ? owner : admin, id, { title: `Round ${round} by ${i}` }, `"${round}-own"`)),
      );
      const statuses = answers.map((answer) => answer.status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(statuses.filter((status) => status === 412)).toHaveLength(11);
      const winner = statuses.indexOf(200);
      expect((await manage(owner, id)).body).toMatchObject({ title: `Round ${round} by ${winner}`, revision: round + 1 });
    }
  });

  test("merges, and checks the whole", async () => {
    const { id } = await draftOf(owner, { summary: "Wells", cap: { amount: 900_000, currency: "EUR" } });
    const edited = await patch<Managed>(owner, id, { cap: { amount: 800_000 }, owner: { name: "Wells and Wardens" }, summary: null, ends_at: "2031-01-01T01:00:00+01:00" });
    expect(edited.body).toMatchObject({
      cap: { amount: 800_000, currency: "EUR" },
      owner: { name: "Wells and Wardens" },
      summary: "",
      ends_at: "2031-01-01T00:00:00.000Z",
    });
    expect((await patch(owner, id, { cap: null, ends_at: null, max_pledge: { amount: 5000, currency: "EUR" } })).body).toMatchObject({ cap: null, ends_at: null });
    const table: [Record<string, unknown>, string[]][] = [
      [{ title: null }, ["/title null"]],
      [{ min_pledge: { amount: 5001 } }, ["/max_pledge below_min_pledge"]],
      [{ goal: { currency: "USD" } }, ["/goal/currency currency_mismatch"]],
      [{ cap: { amount: 5 } }, ["/cap/currency currency_mismatch"]],
      [{ ends_at: "2001-01-01T00:00:00Z" }, ["/ends_at before_start"]],
      [{ slug: "A" }, ["/slug invalid_slug"]],
    ];
    for (const [json, expected] of table) {
      const refused = await patch(owner, id, json);
      expect([refused.status, errors(refused)], JSON.stringify(json)).toEqual([422, expected]);
    }
    for (const json of [{ currency: "USD" }, { state: "active" }, { version: 3 }, { image_url: "/x" }, { goal: { amount: 1, more: 1 } }]) {
      expect((await patch(owner, id, json)).body.code).toBe("invalid-json");
    }
    const plain = await owner.http.call("PATCH", `/api/v1/campaigns/${id}`, { json: { summary: "By JSON" }, headers: { "If-Match": "*" } });
    expect(plain.status).toBe(200);
    const other = await owner.http.call("PATCH", `/api/v1/campaigns/${id}`, { json: {}, headers: { "If-Match": "*", "Content-Type": "application/json-patch+json" } });
    expect(other.status).toBe(415);
    expect(other.headers.get("accept-patch")).toBe("application/merge-patch+json, application/json");
    const first = await draftOf(owner);
    expect((await patch(owner, id, { slug: first.slug })).body.code).toBe("slug-taken");
    expect((await patch<Managed>(owner, id, { slug: `${first.slug}-b` })).body.slug).toBe(`${first.slug}-b`);
  });

  test("keeps what a state fixes, and leaves its trace", async () => {
    const { id, slug } = await publishedOf(owner);
    const fixed = await patch(owner, id, { slug: `${slug}-x`, refund_releases: false, title: "Fine" });
    expect([fixed.status, errors(fixed)]).toEqual([422, ["/refund_releases fixed", "/slug fixed"]]);
    expect((await patch(editor, id, { title: "No" })).status).toBe(403);
    await move(owner, id, "close", "all done");
    expect(errors(await patch(owner, id, { goal: { amount: 1 }, cap: { amount: 10, currency: "EUR" } }))).toEqual(["/cap fixed", "/goal fixed"]);
    expect((await patch(owner, id, { story: "Thank you" })).status).toBe(200);
    const rows = await context.sql.rows("SELECT action, reason, detail ->> 'acts_for' AS who FROM careforall.audit_log WHERE target_id = $1 ORDER BY id", [id]);
    expect(rows.map((row) => row.action)).toEqual(["campaign.create", "campaign.publish", "campaign.close", "campaign.edit"]);
    expect(rows.map((row) => row.who)).toEqual(Array(4).fill(`account:${owner.id}`));
    expect(rows[2]?.reason).toBe("all done");
  });

  test("reaches readers by the read model and the database alike", async () => {
    const { id } = await publishedOf(owner, { summary: "Before" });
    const where = `/api/v1/campaigns/${id}`;
    await until("the campaign in the read model", async () => (await context.redis.exists(`cfa:campaign:${id}`)) === 1);
    const pool = await owner.http.call<{ id: string }>("POST", `${where}/pools`, { json: { name: "Seats", capacity: 9 } });
    await owner.http.call("POST", `${where}/rewards`, { json: { title: "Seat", min_amount: { amount: 500, currency: "EUR" }, pool_id: pool.body.id } });
    const gone = await owner.http.call<{ id: string }>("POST", `${where}/rewards`, { json: { title: "Gone", min_amount: { amount: 500, currency: "EUR" } } });
    await patch(owner, id, { summary: "After", image_alt: "A well" });
    expect((await owner.http.call("DELETE", `${where}/rewards/${gone.body.id}`, { headers: { "If-Match": "*" } })).status).toBe(204);
    const version = await context.sql.value<number>("SELECT version FROM careforall.campaigns WHERE id = $1", [id]);
    await until("the newest version in the read model", async () => (await context.http.get(where)).body.version === version);
    const fromModel = (await context.http.get(where)).body;
    const fromTables = JSON.parse(await context.sql.value<string>("SELECT careforall.campaign_public($1)::text", [id])) as Record<string, unknown>;
    expect({ ...fromModel, totals: null }).toEqual({ ...fromTables, totals: null });
    expect(fromModel).toMatchObject({ summary: "After", rewards: [{ title: "Seat", remaining: 9 }] });
  });
});

describe("states", () => {
  test("move along the life cycle, with a reason, and say what is legal", async () => {
    const { id } = await draftOf(owner);
    const refused = async (action: string, state: string, allowed: string[]) => {
      const answer = await move(owner, id, action);
      expect(answer.body).toMatchObject({ status: 409, code: "illegal-transition", state, allowed });
    };
    for (const action of ["pause", "resume", "close", "archive", "unarchive"]) await refused(action, "draft", ["publish"]);
    expect((await move(owner, id, "publish", "  ")).status).toBe(422);
    expect((await owner.http.call("POST", `/api/v1/campaigns/${id}/publish`, { json: {} })).status).toBe(422);
    expect((await owner.http.call("POST", `/api/v1/campaigns/${id}/launch`, { json: {} })).status).toBe(404);
    expect((await move(owner, id, "publish")).body).toMatchObject({ state: "active", actions: ["close", "pause"] });
    for (const action of ["publish", "resume", "archive"]) await refused(action, "active", ["close", "pause"]);
    expect((await move(owner, id, "pause")).body.state).toBe("paused");
    for (const action of ["pause", "archive"]) await refused(action, "paused", ["close", "resume"]);
    const pledge = await context.http.pledge(id);
    expect(pledge.body).toMatchObject({ code: "campaign-not-accepting", reason: "paused" });
    expect((await move(owner, id, "resume")).body.state).toBe("active");
    expect((await context.http.pledge(id)).status).toBe(201);
    expect((await move(owner, id, "close")).body).toMatchObject({ state: "closed", actions: ["archive"], archived_at: null });
    for (const action of ["publish", "pause", "resume", "close", "unarchive"]) await refused(action, "closed", ["archive"]);
    const over = await draftOf(owner, { starts_at: "2020-01-01T00:00:00Z", ends_at: "2020-01-02T00:00:00Z" });
    expect((await move(owner, over.id, "publish")).body).toMatchObject({ status: 409, code: "campaign-not-accepting", reason: "ended" });
  });

  test("have one winner of many", async () => {
    const { id } = await draftOf(owner);
    const answers = await Promise.all(Array.from({ length: 8 }, () => move(owner, id, "publish")));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array<number>(7).fill(409)]);
  });
});

describe("the archive", () => {
  interface Listed {
    items: { id: string }[];
  }
  const publicIds = async (query = ""): Promise<string[]> =>
    (await context.http.get<Listed>(`/api/v1/campaigns?limit=100${query}`)).body.items.map((one) => one.id);
  const ownIds = async (query: string): Promise<string[]> =>
    (await owner.http.get<Listed>(`/api/v1/me/campaigns?limit=100&${query}`)).body.items.map((one) => one.id);

  test("takes a closed campaign out of every list, and nothing else of it", async () => {
    const campaign = await publishedOf(owner);
    const { id, slug } = campaign;
    const pledge = await context.http.pledge(id);
    const { token } = pledge.body as unknown as { token: string };
    const link = () => context.http.get(`/api/v1/pledges/${pledge.body.id}`, { "Pledge-Token": token });
    await until("the gift confirmed", async () => (await link()).body.state === "confirmed");
    await move(owner, id, "close");
    // The list without filters is that of the read model.
    await until("the campaign in the list", async () => (await publicIds()).includes(id));
    expect(await publicIds(`&q=${encodeURIComponent(`"${campaign.title}"`)}`)).toEqual([id]);

    const archived = await move(owner, id, "archive", "the wells are dug");
    expect(archived.body).toMatchObject({ state: "closed", actions: ["unarchive"] });
    expect(archived.body.archived_at).toMatch(/^\d{4}-/);
    await until("the list without it", async () => !(await publicIds()).includes(id));
    expect(await publicIds(`&q=${encodeURIComponent(`"${campaign.title}"`)}`)).toEqual([]);
    expect(await publicIds(`&status=closed&sort=most_funded`)).not.toContain(id);
    expect((await context.http.get("/api/v1/campaigns?status=archived")).status).toBe(400);
    expect([await ownIds("sort=newest"), await ownIds("status=closed")].flat()).not.toContain(id);
    expect(await ownIds("status=archived")).toEqual([id]);
    const all = async (query: string) => (await admin.http.get<Listed>(`/api/v1/admin/campaigns?q=${slug}${query}`)).body.items.map((one) => one.id);
    expect(await all("")).toEqual([]);
    expect(await all("&status=archived")).toEqual([id]);
    const map = await context.http.get("/pages/sitemap.xml");
    expect(map.status).toBe(200);
    expect(map.text).not.toContain(slug);

    // By its address, from the read model and from the database.
    await until("the document that says so", async () => (await context.http.get(`/api/v1/campaigns/${slug}`)).body.archived_at === archived.body.archived_at);
    const fromTables = JSON.parse(await context.sql.value<string>("SELECT careforall.campaign_public($1)::text", [id])) as Record<string, unknown>;
    expect({ ...(await context.http.get(`/api/v1/campaigns/${id}`)).body, totals: null }).toEqual({ ...fromTables, totals: null });
    expect((await context.http.get(`/pages/campaigns/${slug}`)).status).toBe(200);
    expect((await link()).body).toMatchObject({ state: "confirmed" });
    expect((await context.http.pledge(id)).body).toMatchObject({ code: "campaign-not-accepting", reason: "closed" });
    expect((await move(owner, id, "archive")).body).toMatchObject({ status: 409, code: "illegal-transition", state: "closed", allowed: ["unarchive"] });

    expect((await move(owner, id, "unarchive", "people look for it")).body).toMatchObject({ state: "closed", archived_at: null, actions: ["archive"] });
    await until("the list with it again", async () => (await publicIds()).includes(id));
  });

  test("has one winner of many", async () => {
    const { id } = await publishedOf(owner);
    await move(owner, id, "close");
    const answers = await Promise.all(Array.from({ length: 6 }, () => move(owner, id, "archive")));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array<number>(5).fill(409)]);
  });
});

describe("rewards and pools", () => {
  const euro = (amount: number) => ({ amount, currency: "EUR" });

  test("are made, edited, ordered and taken away", async () => {
    const { id } = await draftOf(owner);
    const where = `/api/v1/campaigns/${id}`;
    const pool = await owner.http.call<{ id: string }>("POST", `${where}/pools`, { json: { name: "Seats", capacity: 4 } });
    expect([pool.status, pool.headers.get("location")]).toEqual([201, `${where}/pools/${pool.body.id}`]);
    const seat = await owner.http.call<{ id: string }>("POST", `${where}/rewards`, {
      json: { title: "Seat", min_amount: euro(1000), quantity: 3, pool_id: pool.body.id },
    });
    expect([seat.status, seat.headers.get("location"), seat.headers.get("etag")]).toEqual([201, `${where}/rewards/${seat.body.id}`, '"3-own"']);
    const card = await owner.http.call<{ id: string }>("POST", `${where}/rewards`, { json: { title: "Card", min_amount: euro(500) } });
    const order = async () => (await manage(owner, id)).body.rewards.map((reward) => reward.title);
    expect(await order()).toEqual(["Seat", "Card"]);
    const edit = (json: unknown, ifMatch: string | null) => patch(owner, `${id}/rewards/${card.body.id}`, json, ifMatch);
    expect((await edit({ position: 0 }, null)).status).toBe(428);
    expect((await edit({ position: 0 }, '"3-own"')).status).toBe(412);
    expect((await edit({ position: 0, min_amount: { amount: 400 } }, '"4-own"')).body).toMatchObject({ position: 0, min_amount: euro(400) });
    expect(await order()).toEqual(["Card", "Seat"]);
    expect((await owner.http.get(`${where}/rewards/${card.body.id}`)).body).toMatchObject({ title: "Card" });
    expect((await owner.http.get(`${where}/pools/${pool.body.id}`)).body).toMatchObject({ name: "Seats", capacity: 4 });
    expect((await patch(owner, `${id}/pools/${pool.body.id}`, { name: "Chairs" }, '"5-own"')).body).toMatchObject({ name: "Chairs", capacity: 4 });
    const remove = (ifMatch: string | null) =>
      owner.http.call("DELETE", `${where}/rewards/${card.body.id}`, { headers: ifMatch === null ? {} : { "If-Match": ifMatch } });
    expect((await remove(null)).status).toBe(428);
    expect((await remove('"5-own"')).status).toBe(412);
    const gone = await remove('"6-own"');
    expect([gone.status, gone.text, gone.headers.get("etag")]).toEqual([204, "", '"7-own"']);
    expect((await remove("*")).status).toBe(404);
    expect(await order()).toEqual(["Seat"]);
    const bad = await owner.http.call("POST", `${where}/rewards`, { json: { title: "", min_amount: euro(0), quantity: -1, pool_id: "x" } });
    expect(errors(bad)).toEqual(["/min_amount/amount out_of_range", "/pool_id invalid_id", "/quantity out_of_range", "/title length_out_of_range"]);
    const foreign = await owner.http.call("POST", `${where}/rewards`, { json: { title: "R", min_amount: euro(1), pool_id: randomUUID() } });
    expect(errors(foreign)).toEqual(["/pool_id unknown_pool"]);
    const other = await draftOf(owner);
    expect((await owner.http.get(`/api/v1/campaigns/${other.id}/rewards/${seat.body.id}`)).status).toBe(404);
    expect((await patch(owner, `${other.id}/pools/${pool.body.id}`, { name: "X" })).status).toBe(404);
    expect((await patch(owner, `${id}/rewards/no-id`, { title: "X" })).status).toBe(404);
  });

  test("keep what pledges hold, however they race", async () => {
    const { id } = await publishedOf(owner, { cap: euro(100_000) });
    const where = `/api/v1/campaigns/${id}`;
    const pool = await owner.http.call<{ id: string }>("POST", `${where}/pools`, { json: { name: "Seats", capacity: 10 } });
    const seat = await owner.http.call<{ id: string }>("POST", `${where}/rewards`, { json: { title: "Seat", min_amount: euro(100), quantity: 5, pool_id: pool.body.id } });
    const take = () => context.http.pledge(id, pledgeBody(1000, { reward_id: seat.body.id }));
    expect([(await take()).status, (await take()).status]).toEqual([201, 201]);
    expect((await patch(owner, `${id}/rewards/${seat.body.id}`, { quantity: 1 })).body).toMatchObject({ status: 409, code: "limit-in-use", limit: "reward", id: seat.body.id, used: 2 });
    expect((await patch(owner, `${id}/pools/${pool.body.id}`, { capacity: 1 })).body).toMatchObject({ code: "limit-in-use", limit: "pool", used: 2 });
    expect((await patch(owner, id, { cap: { amount: 1999 } })).body).toMatchObject({ code: "limit-in-use", limit: "campaign_cap", id, used: 2000 });
    const remove = await owner.http.call<Problem>("DELETE", `${where}/rewards/${seat.body.id}`, { headers: { "If-Match": "*" } });
    expect(remove.body).toMatchObject({ code: "limit-in-use", used: 2 });
    // Lower to 3 while eight more want a place: three in all are taken, whoever is first.
    const [lowered, ...taken] = await Promise.all([patch(owner, `${id}/rewards/${seat.body.id}`, { quantity: 3 }), ...Array.from({ length: 8 }, take)]);
    const more = taken.filter((answer) => answer.status === 201).length;
    if (lowered.status === 200) expect(more).toBe(1);
    else expect([lowered.status, more]).toEqual([409, 3]);
    expect(taken.filter((answer) => answer.status === 409)).toHaveLength(8 - more);
    expect(await context.sql.rows("SELECT name FROM careforall.verify() WHERE violations > 0")).toEqual([]);
  });

  test("stay as they are once the campaign is closed", async () => {
    const { id } = await publishedOf(owner);
    await move(owner, id, "close");
    const made = await owner.http.call<Problem>("POST", `/api/v1/campaigns/${id}/rewards`, { json: { title: "R", min_amount: euro(1) } });
    expect([made.status, made.body.code]).toEqual([409, "conflict"]);
  });
});

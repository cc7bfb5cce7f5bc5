// SPDX-License-Identifier: Apache-2.0
// Goal: administrators find, change and log out accounts, what they do holds at once
// and is kept in the audit log, and nobody else can. Method: each route as each role;
// lists walked through to the end; races.
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Person } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";

const context = useStack();

interface User {
  id: string;
  email: string;
  role: string;
  is_disabled: boolean;
  sessions: number;
  version: number;
}

interface Page {
  items: User[];
  next_cursor: string | null;
}

let admin: Person;
beforeAll(async () => {
  admin = await context.login("admin");
});

const list = (query: string) => admin.http.get<Page>(`/api/v1/admin/users?${query}`);

const change = (id: string, json: unknown, headers: Record<string, string> = { "If-Match": "*" }, by = admin) =>
  by.http.call<User & { code: string }>("PATCH", `/api/v1/admin/users/${id}`, { json, headers });

describe("who may", () => {
  test("administrators only", async () => {
    const target = await context.login();
    const calls: [string, string, unknown?][] = [
      ["GET", "/api/v1/admin/users"],
      ["GET", `/api/v1/admin/users/${target.id}`],
      ["PATCH", `/api/v1/admin/users/${target.id}`, { role: "admin", reason: "because I want to" }],
      ["POST", `/api/v1/admin/users/${target.id}/logout`, { reason: "because I want to" }],
    ];
    for (const [method, path, json] of calls) {
      const options = { headers: { "If-Match": "*" }, ...(json === undefined ? {} : { json }) };
      expect((await context.http.call(method, path, options)).status, path).toBe(401);
      for (const role of ["donor", "owner"] as const) {
        const { http } = await context.login(role);
        expect((await http.call(method, path, options)).status, `${role} ${path}`).toBe(403);
      }
      expect((await target.http.call(method, path, options)).status, path).toBe(403);
    }
    expect((await target.http.get("/api/v1/me")).body).toMatchObject({ role: "donor" });
  });
});

describe("the list", () => {
  test("finds by part of address or name, whatever the case, and by role", async () => {
    const mark = randomUUID().slice(0, 8);
    const people = [await context.login("donor"), await context.login("owner"), await context.login("donor")];
    for (const [i, person] of people.entries()) {
      await context.sql.rows("UPDATE careforall.accounts SET name = $2 WHERE id = $1", [person.id, `Zoë ${mark} ${i}%_`]);
    }
    const found = async (query: string): Promise<string[]> => (await list(query)).body.items.map((item) => item.id);
    const newest = people.map((person) => person.id).reverse();
    expect(await found(`q=${mark.toUpperCase()}`)).toEqual(newest);
    expect(await found(`q=${encodeURIComponent(`ZOË ${mark}`)}&role=owner`)).toEqual([people[1]?.id]);
    expect(await found(`q=${encodeURIComponent(people[0]?.email ?? "")}`)).toEqual([people[0]?.id]);
    expect(await found(`q=${encodeURIComponent(`${mark} 0%_`)}`)).toEqual([people[0]?.id]);
    expect(await found(`q=${encodeURIComponent(`${mark}%`)}`)).toEqual([]);
    expect(await found(`q=${encodeURIComponent(`${mark}' OR 1=1 --`)}`)).toEqual([]);
  });

  test("is walked through without a gap or a double, while accounts are made", async () => {
    const mark = `walk-${randomUUID().slice(0, 8)}`;
    const make = async (): Promise<string> => {
      const person = await context.login();
      await context.sql.rows("UPDATE careforall.accounts SET name = $2 WHERE id = $1", [person.id, mark]);
      return person.id;
    };
    const made: string[] = [];
    for (let i = 0; i < 7; i++) made.push(await make());
    const seen: string[] = [];
    let query = `limit=2&q=${mark}`;
    for (;;) {
      const page = await list(query);
      expect(page.status, page.text).toBe(200);
      seen.push(...page.body.items.map((item) => item.id));
      if (page.body.next_cursor === null) {
        expect(page.headers.get("link") ?? "").not.toContain('rel="next"');
        break;
      }
      const next = /<([^>]*)>; rel="next"/.exec(page.headers.get("link") ?? "")?.[1] ?? "";
      query = next.split("?")[1] ?? "";
      expect(query).toContain(`q=${mark}`);
      await make();
    }
    expect(seen).toEqual(made.reverse());
  });

  test("refuses what it does not know", async () => {
    const { body } = await list("limit=1");
    const cursor = encodeURIComponent(body.next_cursor ?? "");
    for (const query of ["limit=0", "limit=101", "role=king", "role=", "x=1", "q=a&q=b", "cursor=x", `limit=1&role=admin&cursor=${cursor}`, `q=${"x".repeat(101)}`, "q=", "q=a%09b"]) {
      expect((await list(query)).status, query).toBe(400);
    }
    expect((await list(`limit=1&cursor=${cursor}`)).status).toBe(200);
    expect((await list(`q=${encodeURIComponent("ö".repeat(100))}`)).status).toBe(200);
  });
});

describe("an account", () => {
  test("is read with what administrators need", async () => {
    const person = await context.login("owner");
    const answer = await admin.http.get<User>(`/api/v1/admin/users/${person.id}`);
    expect(answer.body).toMatchObject({ id: person.id, email: person.email, role: "owner", is_disabled: false, sessions: 1, version: 1 });
    expect(answer.headers.get("etag")).toBe('"1"');
    expect(answer.text).not.toMatch(/argon2|hash|pepper/);
    expect((await admin.http.get(`/api/v1/admin/users/${person.id}`, { "If-None-Match": '"1"' })).status).toBe(304);
    expect((await admin.http.get(`/api/v1/admin/users/${randomUUID()}`)).status).toBe(404);
    expect((await admin.http.get("/api/v1/admin/users/no-id")).status).toBe(404);
  });

  test("gets another role, which holds from the next request", async () => {
    const person = await context.login("donor");
    expect((await person.http.get("/api/v1/admin/users")).status).toBe(403);
    const answer = await change(person.id, { role: "admin", reason: "needs to help" }, { "If-Match": '"1"' });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({ role: "admin", version: 2 });
    expect(answer.headers.get("etag")).toBe('"2"');
    expect((await person.http.get("/api/v1/admin/users")).status).toBe(200);
    expect((await change(person.id, { role: "donor", reason: "helped enough" })).status).toBe(200);
    expect((await person.http.get("/api/v1/admin/users")).status).toBe(403);
    const audit = await context.sql.rows(
      "SELECT action, reason, detail ->> 'acts_for' AS by, detail ->> 'role_before' AS before, detail ->> 'role_after' AS after FROM careforall.audit_log WHERE target_id = $1 ORDER BY id",
      [person.id],
    );
    expect(audit).toEqual([
      { action: "account.change", reason: "needs to help", by: `account:${admin.id}`, before: "donor", after: "admin" },
      { action: "account.change", reason: "helped enough", by: `account:${admin.id}`, before: "admin", after: "donor" },
    ]);
  });

  test("is disabled, which ends its sessions at once, and enabled again", async () => {
    const person = await context.login();
    expect((await person.http.get("/api/v1/me")).status).toBe(200);
    expect((await change(person.id, { is_disabled: true, reason: "abuse" })).body).toMatchObject({ is_disabled: true, sessions: 0 });
    expect((await person.http.get("/api/v1/me")).status).toBe(401);
    expect((await change(person.id, { is_disabled: false, reason: "a mistake" })).body).toMatchObject({ is_disabled: false });
    expect((await person.http.get("/api/v1/me")).status).toBe(401);
  });

  test("is changed only from what was read", async () => {
    const person = await context.login();
    const json = { role: "owner", reason: "runs a campaign" };
    expect((await change(person.id, json, {})).status).toBe(428);
    for (const stale of ['"2"', 'W/"1"', "1"]) expect((await change(person.id, json, { "If-Match": stale })).status, stale).toBe(412);
    const answers = await Promise.all(["owner", "admin", "owner", "admin"].map((role) => change(person.id, { role, reason: "a race" }, { "If-Match": '"1"' })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 412, 412, 412]);
    expect((await change(randomUUID(), json)).status).toBe(404);
    // Rights come before preconditions, and neither tells who exists.
    const other = await context.login("owner");
    expect((await change(person.id, json, { "If-Match": '"9"' }, other)).status).toBe(403);
    expect((await change(randomUUID(), json, {}, other)).status).toBe(403);
  });

  test("is not changed by what makes no sense", async () => {
    const person = await context.login();
    const wrong: [number, unknown][] = [
      [422, { role: "owner" }],
      [422, { role: "king", reason: "no such role" }],
      [422, { role: null, reason: "no role" }],
      [422, { is_disabled: "yes", reason: "no boolean" }],
      [422, { role: "owner", reason: "  " }],
      [422, { role: "owner", reason: "     " }],
      [422, { role: "owner", reason: "x".repeat(501) }],
      [400, { role: "owner", reason: "unknown member", email: "new@example.org" }],
      [400, []],
    ];
    for (const [code, json] of wrong) expect((await change(person.id, json)).status, JSON.stringify(json)).toBe(code);
    expect((await admin.http.get<User>(`/api/v1/admin/users/${person.id}`)).body.version).toBe(1);
  });

  test("of the administrator is not for the administrator", async () => {
    for (const json of [{ role: "donor", reason: "weary of it" }, { is_disabled: true, reason: "weary of it" }]) {
      const answer = await change(admin.id, json);
      expect(answer.status).toBe(403);
      expect(answer.body.code).toBe("forbidden");
    }
  });

  test("of two administrators who disable each other at once: one is left", async () => {
    for (let round = 0; round < 5; round++) {
      const one = await context.login("admin");
      const two = await context.login("admin");
      const json = { is_disabled: true, reason: "the other did it" };
      const answers = await Promise.all([change(two.id, json, undefined, one), change(one.id, json, undefined, two)]);
      expect(answers.map((answer) => answer.status).filter((code) => code === 200)).toHaveLength(1);
      const left = await context.sql.value("SELECT count(*) FROM careforall.accounts WHERE id = ANY ($1) AND disabled_at IS NULL", [[one.id, two.id]]);
      expect(left).toBe(1);
    }
  });

  test("is logged out everywhere", async () => {
    const person = await context.login();
    const out = (json: unknown, id = person.id) => admin.http.call("POST", `/api/v1/admin/users/${id}/logout`, { json });
    expect((await out({})).status).toBe(422);
    expect((await out({ reason: "who is that" }, randomUUID())).status).toBe(404);
    expect((await person.http.get("/api/v1/me")).status).toBe(200);
    expect((await out({ reason: "the telephone was stolen" })).status).toBe(204);
    expect((await person.http.get("/api/v1/me")).status).toBe(401);
    const audit = await context.sql.row("SELECT action, detail ->> 'sessions' AS sessions FROM careforall.audit_log WHERE target_id = $1", [person.id]);
    expect(audit).toEqual({ action: "account.logout", sessions: "1" });
  });
});

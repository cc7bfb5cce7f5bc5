// SPDX-License-Identifier: Apache-2.0
// Goal: with a second factor nobody logs in by the password alone; a code works once, in
// its time, however many try at once; recovery codes, replacing, removing and resetting
// do what they say; a role that needs one has no rights without it; no secret is kept in
// clear. Method: an account over HTTP with an app of our own (RFC 6238), real passwords,
// and the database's rows beside it.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePerson, type Person } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { type Http, type Problem } from "../lib/http.ts";
import { oneTimeCode as code } from "../lib/totp.ts";

const context = useStack();
const password = "nine herons and a heron";

interface Session {
  access_token: string;
  account: { id: string; role: string; needs_second_factor: boolean };
}
interface Account {
  id: string;
  email: string;
  /** Of the session that was opened with it. */
  http: Http;
}

let admin: Person;
beforeAll(async () => {
  admin = await makePerson(context.stack, context.sql, context.http, "admin");
});
afterAll(() => context.sql.rows("DELETE FROM careforall.second_factor_policy"));

const bearer = (token: string) => context.http.as(token);

async function register(): Promise<Account> {
  const email = `two.${randomUUID()}@example.org`;
  const made = await context.http.call<Session>("POST", "/api/v1/auth/register", { json: { email, name: "Two", password } });
  expect(made.status, made.text).toBe(201);
  return { id: made.body.account.id, email, http: bearer(made.body.access_token) };
}

const logIn = <T = Session>(email: string, more: Record<string, unknown> = {}) =>
  context.http.call<T>("POST", "/api/v1/auth/login", { json: { email, password, ...more } });
const change = <T = Problem>(http: Http, what: "" | "/confirm" | "/remove", json: Record<string, unknown>) =>
  http.call<T>("POST", `/api/v1/me/second-factor${what}`, { json });

/** Sets one up and gives its secret and its recovery codes; the code of now is used up. */
async function enrol(account: Account, json: Record<string, unknown> = { password }): Promise<{ secret: string; codes: string[] }> {
  const offer = await change<{ secret: string; uri: string }>(account.http, "", json);
  expect(offer.status, offer.text).toBe(200);
  const { secret } = offer.body;
  expect(offer.body.uri).toBe(
    `otpauth://totp/CareForAll:${encodeURIComponent(account.email)}?secret=${secret}&issuer=CareForAll&algorithm=SHA1&digits=6&period=30`,
  );
  const confirmed = await change<{ recovery_codes: string[] }>(account.http, "/confirm", { code: code(secret) });
  expect(confirmed.status, confirmed.text).toBe(200);
  return { secret, codes: confirmed.body.recovery_codes };
}

describe("a second factor", () => {
  test("is set up by its first code, and asked for from then on", async () => {
    const account = await register();
    expect((await change(account.http, "", { password: "another one" })).body).toMatchObject({ errors: [{ pointer: "/password", code: "wrong" }] });
    expect((await change(account.http, "/confirm", { code: "000000" })).body.code).toBe("conflict");
    expect((await logIn(account.email)).status).toBe(200);
    const { secret, codes } = await enrol(account);
    expect(new Set(codes).size).toBe(10);
    expect((await account.http.get("/api/v1/me/second-factor")).body).toMatchObject({ is_enrolled: true, is_required: false, recovery_codes_left: 10 });
    const bare = await logIn<Problem>(account.email);
    expect(bare.body).toMatchObject({ status: 401, code: "second-factor-required" });
    expect(bare.headers.get("set-cookie")).toBeNull();
    expect((await logIn<Problem>(account.email, { password: "wrong", code: code(secret) })).body.code).toBe("credentials-invalid");
    const entered = code(secret, 1);
    expect((await logIn(account.email, { code: entered })).status).toBe(200);
    expect((await logIn<Problem>(account.email, { code: entered })).body.code).toBe("second-factor-invalid");
    const stored = await context.sql.rows<{ sealed: Buffer }>("SELECT sealed FROM careforall.second_factors WHERE account_id = $1", [account.id]);
    expect(stored[0]?.sealed.length).toBe(60);
    expect(JSON.stringify(await context.sql.rows("SELECT * FROM careforall.recovery_codes WHERE account_id = $1", [account.id]))).not.toContain(codes[0]);
  });

  test("takes a code of now, just before or just after, once, however many send it at once", async () => {
    const account = await register();
    const { secret } = await enrol(account);
    for (const wrong of [code(secret, -1), code(secret, 4), code(secret, -5), "", "12345", "1234567", "abcdef", "ABCD-EFGH-IJKL-MN27", "0".repeat(41)]) {
      const answer = await logIn<Problem>(account.email, { code: wrong });
      expect([401, 422], wrong).toContain(answer.status);
      if (answer.status === 401) expect(answer.body.code, wrong).toBe("second-factor-invalid");
    }
    // Those failures are forgotten, so that no wait stands in the way.
    await context.sql.rows("DELETE FROM careforall.login_failures");
    const entered = code(secret, 1);
    const answers = await Promise.all(Array.from({ length: 4 }, () => logIn<Session & Problem>(account.email, { code: entered })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
    expect((await logIn<Problem>(account.email, { code: entered })).body.code).toBe("second-factor-invalid");
  });

  test("that is guessed slows the log-in down as wrong passwords do", async () => {
    const account = await register();
    await enrol(account);
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) statuses.push((await logIn(account.email, { code: `00000${i % 10}` })).status);
    expect(statuses.at(-1)).toBe(429);
    await context.sql.rows("DELETE FROM careforall.login_failures");
  });

  test("is replaced once by each recovery code, however it is typed", async () => {
    const account = await register();
    const { codes } = await enrol(account);
    const [one = "", two = ""] = codes;
    expect((await logIn(account.email, { code: one.toLowerCase().replaceAll("-", " ") })).status).toBe(200);
    expect((await logIn<Problem>(account.email, { code: one })).body.code).toBe("second-factor-invalid");
    const both = await Promise.all([logIn(account.email, { code: two }), logIn(account.email, { code: two })]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
    expect((await account.http.get("/api/v1/me/second-factor")).body).toMatchObject({ recovery_codes_left: 8 });
    const other = await register();
    await enrol(other);
    expect((await logIn<Problem>(other.email, { code: codes[2] })).body.code).toBe("second-factor-invalid");
  });

  test("is replaced and removed with password and code only, which ends the other sessions", async () => {
    const account = await register();
    const first = await enrol(account);
    const elsewhere = bearer((await logIn(account.email, { code: first.codes[0] })).body.access_token);
    for (const what of ["", "/remove"] as const) {
      for (const proof of [{}, { code: "000000" }, { code: first.codes[0] }]) {
        expect((await change(account.http, what, { password, ...proof })).body, what).toMatchObject({ errors: [{ pointer: "/code" }] });
      }
      expect((await change(account.http, what, { password: "wrong", code: first.codes[1] })).body).toMatchObject({ errors: [{ pointer: "/password" }] });
    }
    await context.sql.rows("DELETE FROM careforall.login_failures");
    const second = await enrol(account, { password, code: first.codes[2] });
    expect((await elsewhere.get("/api/v1/me")).status).toBe(401);
    expect((await logIn<Problem>(account.email, { code: first.codes[3] })).body.code).toBe("second-factor-invalid");
    expect((await change(account.http, "/remove", { password, code: second.codes[0] })).status).toBe(204);
    expect((await account.http.get("/api/v1/me/second-factor")).body).toMatchObject({ is_enrolled: false, recovery_codes_left: 0 });
    expect((await logIn(account.email)).status).toBe(200);
  });

  test("is reset by another administrator with a reason, which ends all sessions", async () => {
    const account = await register();
    await enrol(account);
    const reset = (http: Http, id: string, reason = "lost the telephone") =>
      http.call<{ has_second_factor: boolean; code: string }>("POST", `/api/v1/admin/users/${id}/second-factor/reset`, { json: { reason } });
    expect((await reset(account.http, account.id)).status).toBe(403);
    expect((await reset(context.http, account.id)).status).toBe(401);
    expect((await reset(admin.http, account.id, "no")).status).toBe(422);
    expect((await reset(admin.http, randomUUID())).status).toBe(404);
    expect((await reset(admin.http, admin.id)).body.code).toBe("forbidden");
    expect((await reset(admin.http, account.id)).body.has_second_factor).toBe(false);
    expect((await account.http.get("/api/v1/me")).status).toBe(401);
    expect((await logIn(account.email)).status).toBe(200);
    expect(await context.sql.value("SELECT reason FROM careforall.audit_log WHERE target_id = $1 AND action = 'account.second_factor_reset'", [account.id])).toBe("lost the telephone");
  });

  test("of another account, or sealed with a key that is gone, opens nothing", async () => {
    const [one, two] = [await register(), await register()];
    const { secret, codes } = await enrol(one);
    await enrol(two);
    await context.sql.rows("UPDATE careforall.second_factors SET sealed = (SELECT o.sealed FROM careforall.second_factors o WHERE o.account_id = $1), last_step = 0 WHERE account_id = $2", [one.id, two.id]);
    expect((await logIn<Problem>(two.email, { code: code(secret) })).body.code).toBe("second-factor-invalid");
    await context.sql.rows("UPDATE careforall.second_factors SET key_id = '0123456789abcdef' WHERE account_id = $1", [one.id]);
    expect((await logIn<Problem>(one.email, { code: code(secret) })).body.code).toBe("second-factor-invalid");
    expect((await logIn(one.email, { code: codes[0] })).status).toBe(200);
  });
});

test("a role that needs one has the rights of a donor until there is one", async () => {
  const account = await register();
  await context.sql.rows("UPDATE careforall.accounts SET role = 'owner' WHERE id = $1", [account.id]);
  const make = () => account.http.call<Problem>("POST", "/api/v1/campaigns", { json: { title: "Needs two", category: "health", currency: "EUR", goal: { amount: 1000, currency: "EUR" } } });
  expect((await make()).status).toBe(201);
  try {
    await context.sql.rowsAs("admin", "SELECT careforall.second_factor_policy_set('owner', true, 'for a test')");
    expect((await make()).body.code).toBe("forbidden");
    expect((await account.http.get("/api/v1/me")).body).toMatchObject({ role: "owner", needs_second_factor: true });
    expect((await admin.http.get(`/api/v1/admin/users/${account.id}`)).body).toMatchObject({ has_second_factor: false, needs_second_factor: true });
    await enrol(account);
    expect((await account.http.get("/api/v1/me")).body).toMatchObject({ needs_second_factor: false });
    expect((await make()).status).toBe(201);
  } finally {
    await context.sql.rowsAs("admin", "SELECT careforall.second_factor_policy_set('owner', false, 'the test is over')");
  }
});

test("our app makes the codes of RFC 6238", () => {
  expect(code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 0, 1_111_111_109)).toBe("081804");
});

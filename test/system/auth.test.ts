// SPDX-License-Identifier: Apache-2.0
// Goal: sessions begin, go on and end as they should, one-time tokens work once, and
// nobody learns or guesses what they should not. Method: the API as a browser uses it,
// cookies by hand; the database asked what is really kept, and its times moved.
// system/tokens.test.ts is about access tokens.
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import type { Answer, Problem } from "../lib/http.ts";
import { scrape, sum } from "../lib/metrics.ts";
import { until } from "../lib/until.ts";

const context = useStack();

const password = "three herons on a roof";
const cookieName = "__Host-careforall_refresh";

interface Session {
  access_token: string;
  token_type: string;
  expires_in: number;
  account: { id: string; email: string; name: string; role: string; created_at: string };
}

let made = 0;
const newEmail = (): string => `auth-${Date.now()}-${process.pid}-${made++}@example.org`;

/** The refresh cookie that an answer sets, as a client sends it back. */
function cookieOf(answer: Answer<unknown>): string {
  const set = answer.headers.getSetCookie().filter((line) => line.startsWith(`${cookieName}=`));
  expect(set).toHaveLength(1);
  return set[0]?.split(";")[0] ?? "";
}

const register = (email: string, more: Record<string, unknown> = {}): Promise<Answer<Session>> =>
  context.http.call<Session>("POST", "/api/v1/auth/register", { json: { email, name: "Ida Auth", password, ...more } });

const logIn = (email: string, secret = password): Promise<Answer<Session>> =>
  context.http.call<Session>("POST", "/api/v1/auth/login", { json: { email, password: secret } });

const withCookie = (where: string, cookie: string, headers: Record<string, string> = { Origin: context.stack.url("GATEWAY") }): Promise<Answer<Session>> =>
  context.http.call<Session>("POST", where, { headers: { ...headers, ...(cookie === "" ? {} : { Cookie: cookie }) } });

const refresh = (cookie: string, headers?: Record<string, string>): Promise<Answer<Session>> => withCookie("/api/v1/auth/refresh", cookie, headers);

const status = async (token: string): Promise<number> => (await context.http.as(token).get("/api/v1/me")).status;

describe("a session", () => {
  test("begins with registering, and again with a log-in", async () => {
    const email = newEmail();
    const first = await register(email);
    expect(first.status, first.text).toBe(201);
    expect(first.headers.get("location")).toBe("/api/v1/me");
    expect(first.headers.get("cache-control")).toBe("no-store");
    expect(first.body).toMatchObject({ token_type: "Bearer", expires_in: 600, account: { email, name: "Ida Auth", role: "donor" } });
    expect(first.headers.getSetCookie()[0]).toMatch(
      /^__Host-careforall_refresh=[\w-]{43}; Max-Age=1209600; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(await status(first.body.access_token)).toBe(200);

    const again = await logIn(email.toUpperCase());
    expect(again.status, again.text).toBe(200);
    expect(cookieOf(again)).not.toBe(cookieOf(first));
    expect(again.body.account).toEqual(first.body.account);
  });

  test("goes on with a refresh, and is over with a log-out", async () => {
    const first = await register(newEmail());
    const next = await refresh(cookieOf(first));
    expect(next.status, next.text).toBe(200);
    expect(next.body.access_token).not.toBe(first.body.access_token);
    expect(await status(next.body.access_token)).toBe(200);
    const out = await withCookie("/api/v1/auth/logout", cookieOf(next));
    expect(out.status).toBe(204);
    expect(out.headers.getSetCookie()[0]).toMatch(/^__Host-careforall_refresh=; Max-Age=0; /);
    expect(await status(next.body.access_token)).toBe(401);
    expect(await status(first.body.access_token)).toBe(401);
    expect((await refresh(cookieOf(next))).status).toBe(401);
  });

  test("keeps its secrets as hashes", async () => {
    const answer = await register(newEmail());
    const token = Buffer.from(cookieOf(answer).split("=")[1] ?? "", "base64url");
    expect(token).toHaveLength(32);
    const hash = createHash("sha256").update(token).digest();
    expect(await context.sql.value("SELECT count(*) FROM careforall.refresh_tokens WHERE token_hash = $1", [hash])).toBe(1);
    expect(await context.sql.value("SELECT count(*) FROM careforall.refresh_tokens WHERE token_hash = $1", [token])).toBe(0);
    const kept = await context.sql.value<string>("SELECT password_hash FROM careforall.accounts WHERE id = $1", [answer.body.account.id]);
    expect(kept).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  });

  test("of a helper of these tests is as good", async () => {
    const person = await context.login("admin");
    expect((await person.http.get("/api/v1/me")).body).toMatchObject({ id: person.id, role: "admin" });
  });
});

/** Moves what the session remembers of its last refresh into the past. */
const ageSession = (account: string, seconds: number): Promise<unknown> =>
  context.sql.rows(
    "UPDATE careforall.sessions SET refreshed_at = refreshed_at - make_interval(secs => $2) WHERE account_id = $1",
    [account, seconds],
  );

const endReason = (account: string): Promise<string | null> =>
  context.sql.value<string | null>("SELECT end_reason FROM careforall.sessions WHERE account_id = $1", [account]);

describe("refresh tokens", () => {
  test("work once: a second use ends the session for both", async () => {
    const first = await register(newEmail());
    const id = first.body.account.id;
    const victim = await refresh(cookieOf(first));
    await ageSession(id, 11);
    const thief = await refresh(cookieOf(first));
    expect(thief.status).toBe(401);
    expect(thief.headers.getSetCookie()[0]).toMatch(/Max-Age=0/);
    expect(thief.headers.get("www-authenticate")).toBe('Bearer realm="careforall"');
    expect(await endReason(id)).toBe("token_reused");
    expect((await refresh(cookieOf(victim))).status).toBe(401);
    expect(await status(victim.body.access_token)).toBe(401);
  });

  test("are forgiven a double click, and the session lives on", async () => {
    const first = await register(newEmail());
    const one = await refresh(cookieOf(first));
    const two = await refresh(cookieOf(first));
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(cookieOf(one)).not.toBe(cookieOf(two));
    // The browser has the cookie of the answer that came last.
    const next = await refresh(cookieOf(two));
    expect(next.status).toBe(200);
    expect(await endReason(first.body.account.id)).toBeNull();
    // The one that was thrown away is as old as any other now.
    await ageSession(first.body.account.id, 11);
    expect((await refresh(cookieOf(one))).status).toBe(401);
    expect(await endReason(first.body.account.id)).toBe("token_reused");
  });

  test("two generations back are never forgiven", async () => {
    const first = await register(newEmail());
    const second = await refresh(cookieOf(first));
    expect((await refresh(cookieOf(second))).status).toBe(200);
    expect((await refresh(cookieOf(first))).status).toBe(401);
    expect(await endReason(first.body.account.id)).toBe("token_reused");
  });

  test("20 at once: one goes first, the others are forgiven, none is lost", async () => {
    const first = await register(newEmail());
    const before = await scrape(context.stack, "API_ADMIN");
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(cookieOf(first))));
    expect(answers.map((answer) => answer.status)).toEqual(Array<number>(20).fill(200));
    expect(new Set(answers.map(cookieOf)).size).toBe(20);
    const after = await scrape(context.stack, "API_ADMIN");
    const grown = (outcome: string): number =>
      sum(after, new RegExp(`^careforall_refreshes_total\\{outcome="${outcome}"`)) - sum(before, new RegExp(`^careforall_refreshes_total\\{outcome="${outcome}"`));
    expect(grown("refreshed")).toBe(1);
    expect(grown("forgiven")).toBe(19);
    const kept = await context.sql.row<{ generation: number; tokens: number }>(
      `SELECT s.generation, (SELECT count(*) FROM careforall.refresh_tokens t WHERE t.session_id = s.id) AS tokens
       FROM careforall.sessions s WHERE s.account_id = $1`,
      [first.body.account.id],
    );
    expect(kept).toEqual({ generation: 2, tokens: 21 });
    for (const answer of answers.slice(0, 3)) expect(await status(answer.body.access_token)).toBe(200);
  });

  test("run out, unused for 14 days, or after 90 in any case", async () => {
    const first = await register(newEmail());
    const id = first.body.account.id;
    const left = await context.sql.row<{ idle: number; all: number }>(
      "SELECT extract(day FROM expires_at - created_at)::int AS idle, extract(day FROM ends_at - created_at)::int AS all FROM careforall.sessions WHERE account_id = $1",
      [id],
    );
    expect(left).toEqual({ idle: 14, all: 90 });
    await context.sql.rows("UPDATE careforall.sessions SET ends_at = careforall.clock() + interval '1 hour', expires_at = careforall.clock() + interval '1 hour' WHERE account_id = $1", [id]);
    const next = await refresh(cookieOf(first));
    expect(Number(/Max-Age=(\d+)/.exec(next.headers.getSetCookie()[0] ?? "")?.[1])).toBeLessThanOrEqual(3600);
    await context.sql.rows("UPDATE careforall.sessions SET expires_at = careforall.clock() WHERE account_id = $1", [id]);
    expect((await refresh(cookieOf(next))).status).toBe(401);
    expect(await status(next.body.access_token)).toBe(401);
  });

  test("are taken from pages of ours only", async () => {
    const session = await register(newEmail());
    const cookie = cookieOf(session);
    const ours = context.stack.url("GATEWAY");
    const refused: Record<string, string>[] = [
      {},
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { Origin: `${ours}.evil.example` },
      { Origin: ours.replace("http:", "https:") },
      { Origin: `${ours}/` },
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { "Sec-Fetch-Site": "none" },
      { Origin: ours, "Sec-Fetch-Site": "cross-site" },
      { Origin: "https://evil.example", "Sec-Fetch-Site": "same-origin" },
    ];
    for (const where of ["/api/v1/auth/refresh", "/api/v1/auth/logout"]) {
      for (const headers of refused) {
        const answer = await withCookie(where, cookie, headers);
        expect(answer.status, JSON.stringify(headers)).toBe(403);
        expect((answer.body as unknown as Problem).code).toBe("origin-refused");
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
    }
    expect((await refresh(cookie, { "Sec-Fetch-Site": "same-origin" })).status).toBe(200);
    expect((await refresh(cookie, { Origin: ours, "Sec-Fetch-Site": "same-origin" })).status).toBe(200);
  });

  test("that are none are refused", async () => {
    const session = await register(newEmail());
    const cookie = cookieOf(session);
    const value = cookie.split("=")[1] ?? "";
    const cookies = [
      "",
      `${cookieName}=`,
      `${cookieName}=x`,
      `${cookieName}=${value}A`,
      `${cookieName}=${value.slice(0, -1)}`,
      `${cookieName}=${value}=`,
      `${cookieName}="${value}"`,
      `${cookieName}=${randomBytes(32).toString("base64url")}`,
      `${cookieName}=${session.body.access_token}`,
      `careforall_refresh=${value}`,
      `x${cookie}`,
      `${cookie}; ${cookie}`,
      `${cookie}; ${cookieName}=`,
    ];
    for (const one of cookies) expect((await refresh(one)).status, one).toBe(401);
    expect((await refresh(`a=b; ${cookie}; c="d"`)).status).toBe(200);
  });
});

describe("log-out", () => {
  test("without a session is no error", async () => {
    for (const cookie of ["", `${cookieName}=x`, `${cookieName}=${randomBytes(32).toString("base64url")}`]) {
      expect((await withCookie("/api/v1/auth/logout", cookie)).status).toBe(204);
    }
  });

  test("by an old token ends the session too", async () => {
    const first = await register(newEmail());
    const second = await refresh(cookieOf(first));
    expect((await withCookie("/api/v1/auth/logout", cookieOf(first))).status).toBe(204);
    expect(await status(second.body.access_token)).toBe(401);
  });

  test("everywhere ends every session at once", async () => {
    const email = newEmail();
    const one = await register(email);
    const two = await logIn(email);
    const other = await register(newEmail());
    expect((await context.http.as(one.body.access_token).call("POST", "/api/v1/auth/logout-all")).status).toBe(204);
    for (const session of [one, two]) {
      expect(await status(session.body.access_token)).toBe(401);
      expect((await refresh(cookieOf(session))).status).toBe(401);
    }
    expect(await status(other.body.access_token)).toBe(200);
  });

  test("of one session among several", async () => {
    const email = newEmail();
    const one = await register(email);
    const two = await logIn(email);
    const http = context.http.as(two.body.access_token);
    const list = await http.get<{ items: { id: string; is_current: boolean }[] }>("/api/v1/me/sessions");
    expect(list.body.items.map((item) => item.is_current)).toEqual([true, false]);
    const old = list.body.items[1]?.id ?? "";
    const stranger = await context.login();
    expect((await stranger.http.call("DELETE", `/api/v1/me/sessions/${old}`)).status).toBe(404);
    expect((await http.call("DELETE", `/api/v1/me/sessions/${randomUUID()}`)).status).toBe(404);
    expect((await http.call("DELETE", "/api/v1/me/sessions/no-id")).status).toBe(404);
    expect(await status(one.body.access_token)).toBe(200);
    expect((await http.call("DELETE", `/api/v1/me/sessions/${old}`)).status).toBe(204);
    expect((await http.call("DELETE", `/api/v1/me/sessions/${old}`)).status).toBe(404);
    expect(await status(one.body.access_token)).toBe(401);
    expect(await status(two.body.access_token)).toBe(200);
  });
});

describe("one's own account", () => {
  test("is changed with its ETag", async () => {
    const person = await context.login();
    const read = await person.http.get<{ name: string }>("/api/v1/me");
    const etag = read.headers.get("etag") ?? "";
    expect((await person.http.get("/api/v1/me", { "If-None-Match": etag })).status).toBe(304);
    const change = (name: unknown, headers: Record<string, string>) =>
      person.http.call<{ name: string }>("PATCH", "/api/v1/me", { json: { name }, headers });
    expect((await change("New Name", {})).status).toBe(428);
    for (const stale of ['"99"', `W/${etag}`, '"', "1", ""]) {
      const answer = await change("New Name", { "If-Match": stale });
      expect([400, 412, 428], `${stale}: ${answer.text}`).toContain(answer.status);
    }
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => change(`Name ${i}`, { "If-Match": `"x", ${etag}` })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 412, 412, 412, 412, 412, 412, 412]);
    const after = await person.http.get<{ name: string }>("/api/v1/me");
    expect(after.body.name).toMatch(/^Name \d$/);
    expect(after.headers.get("etag")).not.toBe(etag);
    expect((await change("Any", { "If-Match": "*" })).body.name).toBe("Any");
    for (const name of ["", "  ", "x".repeat(121), "a\nb", 1, null]) {
      expect((await change(name, { "If-Match": "*" })).status, JSON.stringify(name)).toBe(422);
    }
    for (const json of [{ email: "new@example.org" }, { name: "x", role: "admin" }, []]) {
      expect((await person.http.call("PATCH", "/api/v1/me", { json, headers: { "If-Match": "*" } })).status).toBe(400);
    }
    const merge = await person.http.call("PATCH", "/api/v1/me", {
      json: { name: "Merged" },
      headers: { "If-Match": "*", "Content-Type": "application/merge-patch+json" },
    });
    expect(merge.status).toBe(200);
  });
});

describe("passwords", () => {
  const change = (token: string, current: string, next: string) =>
    context.http.as(token).call<Problem & { errors: { pointer: string; code: string }[] }>("POST", "/api/v1/me/password", {
      json: { current_password: current, new_password: next },
    });

  test("are changed with the old one, which ends every other session", async () => {
    const email = newEmail();
    const other = await register(email);
    const mine = await logIn(email);
    const token = mine.body.access_token;
    const wrong = await change(token, "not the old one", "seven slow green trains");
    expect(wrong.status).toBe(422);
    expect(wrong.body.errors).toMatchObject([{ pointer: "/current_password", code: "wrong" }]);
    for (const weak of ["password1", email, "Ida Auth"]) {
      const answer = await change(token, password, weak);
      expect(answer.body.errors, weak).toMatchObject([{ pointer: "/new_password", code: "too_weak" }]);
    }
    expect((await change(token, password, "short")).status).toBe(422);
    expect(await status(other.body.access_token)).toBe(200);
    expect((await change(token, password, "seven slow green trains")).status).toBe(204);
    expect(await status(token)).toBe(200);
    expect((await refresh(cookieOf(mine))).status).toBe(200);
    expect(await status(other.body.access_token)).toBe(401);
    expect((await refresh(cookieOf(other))).status).toBe(401);
    expect((await logIn(email)).status).toBe(401);
    expect((await logIn(email, "seven slow green trains")).status).toBe(200);
    const audited = await context.sql.value<number>("SELECT count(*) FROM careforall.audit_log WHERE action = 'account.password' AND target_id = $1", [mine.body.account.id]);
    expect(audited).toBe(1);
  });

  test("changed twice at once: one wins", async () => {
    const session = await register(newEmail());
    const answers = await Promise.all(["first of two trains", "second of two trains"].map((next) => change(session.body.access_token, password, next)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([204, 409]);
  });

  test.each([
    ["of 8 characters", "xkrjqpwm"],
    ["of 256 characters", "ab".repeat(100) + "x".repeat(56)],
    ["of 72 bytes and more, which all count", `${"long".repeat(18)}-one`],
    ["with blanks at both ends", "  herons  "],
    ["beyond ASCII", "шесть цапель 鷺 🪶"],
    ["with quotes and backslashes", "'\"\\; DROP TABLE accounts"],
    ["of digits", "83927461"],
  ])("%s are taken as they are", async (_name, secret) => {
    const email = newEmail();
    expect((await register(email, { password: secret })).status).toBe(201);
    expect((await logIn(email, secret)).status).toBe(200);
    expect((await logIn(email, `${secret} `)).status).toBe(secret.length === 256 ? 422 : 401);
    expect((await logIn(email, Array.from(secret).slice(0, -1).join(""))).status).toBe(401);
    expect((await logIn(email, secret.trim())).status).toBe(secret.trim() === secret ? 200 : 401);
  });

  test.each([
    ["too short", "xkrjqpw", "too_short"],
    ["too long", "x1y2z3".repeat(43), "too_long"],
    ["with controls", "three\therons on a roof", "control_character"],
    ["guessed first", "Password123", "too_weak"],
    ["a run", "abcdefghijkl", "too_weak"],
    ["one letter", "zzzzzzzzzzzz", "too_weak"],
    ["the name", "Ida Auth", "too_weak"],
    ["missing", undefined, "required"],
    ["null", null, null],
    ["a number", 12345678, null],
  ])("%s are refused", async (_name, secret, code) => {
    const answer = await register(newEmail(), { password: secret });
    expect(answer.status).toBe(422);
    const { errors } = answer.body as unknown as { errors: { pointer: string; code: string }[] };
    expect(errors).toHaveLength(1);
    expect(errors[0]?.pointer).toBe("/password");
    if (code !== null && errors[0]?.code !== code) expect(errors[0]?.code).toMatch(/length|control|required|weak/);
  });

  test("with NUL are no JSON", async () => {
    expect((await register(newEmail(), { password: "three\u0000herons" })).status).toBe(400);
  });

  test("are hashed anew when the hash has become too weak", async () => {
    const email = newEmail();
    const { body } = await register(email);
    // The same password with 8 MiB and one pass, and without a pepper.
    await context.sql.rows("UPDATE careforall.accounts SET password_hash = $2, pepper_id = '' WHERE id = $1", [
      body.account.id,
      "$argon2id$v=19$m=8192,t=1,p=1$QYo1gLFunIwjDlTSnRxTOA$XtV5Ff17AYrWufhqSxcoJuT1+QrV5PHXI7PFhKXWVXs",
    ]);
    const kept = () =>
      context.sql.row<{ password_hash: string; pepper_id: string }>("SELECT password_hash, pepper_id FROM careforall.accounts WHERE id = $1", [body.account.id]);
    expect((await logIn(email, "another password")).status).toBe(401);
    expect((await kept()).password_hash).toContain("m=8192,t=1");
    expect((await logIn(email)).status).toBe(200);
    const renewed = await kept();
    expect(renewed.password_hash).toContain("$m=19456,t=2,p=1$");
    expect(renewed.pepper_id).toMatch(/^[0-9a-f]{16}$/);
    expect((await logIn(email)).status).toBe(200);
    expect(await kept()).toEqual(renewed);
    // A pepper that the settings do not have fits nothing.
    await context.sql.rows("UPDATE careforall.accounts SET pepper_id = '0123456789abcdef' WHERE id = $1", [body.account.id]);
    expect((await logIn(email)).status).toBe(401);
  });
});

describe("who guesses", () => {
  /** Sets how often an address has failed, so that no test depends on short delays. */
  const failed = (email: string, times: number): Promise<unknown> =>
    context.sql.rows(
      "UPDATE careforall.login_failures SET failures = $2, blocked_until = '-infinity' WHERE email_hash = careforall.login_key($1)",
      [email, times],
    );

  /** An answer without what differs from request to request. */
  const shape = (answer: Answer<unknown>): unknown => {
    const headers: Record<string, string> = {};
    answer.headers.forEach((value, name) => (headers[name] = value));
    for (const name of ["date", "x-request-id"]) Reflect.deleteProperty(headers, name);
    for (const name of Object.keys(headers)) if (name.startsWith("ratelimit")) Reflect.deleteProperty(headers, name);
    const body = { ...(answer.body as Record<string, unknown>) };
    delete body.instance;
    headers["content-length"] = "";
    return { status: answer.status, headers, body };
  };

  test("learns nothing from an answer", async () => {
    const email = newEmail();
    const disabled = newEmail();
    await register(email);
    await register(disabled);
    await context.sql.rows("UPDATE careforall.accounts SET disabled_at = now() WHERE email = $1", [disabled]);
    const wrong = await logIn(email, "not the password");
    expect(wrong.status).toBe(401);
    expect((wrong.body as unknown as Problem).code).toBe("credentials-invalid");
    expect(shape(await logIn(newEmail(), "not the password"))).toEqual(shape(wrong));
    expect(shape(await logIn(disabled))).toEqual(shape(wrong));
    expect(shape(await logIn(disabled, "not the password"))).toEqual(shape(wrong));
    expect(shape(await logIn("' OR 1=1 --@example.org".replaceAll(" ", "")))).toEqual(shape(wrong));
  });

  test("learns nothing from the time", async () => {
    const email = newEmail();
    const { body } = await register(email);
    const median = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1] ?? 0;
    const measure = async (address: string): Promise<number> => {
      const start = process.hrtime.bigint();
      expect((await logIn(address, "not the password")).status).toBe(401);
      return Number(process.hrtime.bigint() - start);
    };
    const ratio = async (): Promise<number> => {
      const known = [];
      const unknown = [];
      for (let i = 0; i < 24; i++) {
        known.push(await measure(email));
        unknown.push(await measure(newEmail()));
        if (i % 8 === 7) await failed(email, 1);
      }
      return median(known) / median(unknown);
    };
    // What costs a hash in one case only differs by far more, each time.
    await until("about the same time", async () => {
      const found = await ratio();
      return found > 0.5 && found < 2;
    });
    expect(body.account.email).toBe(email);
  });

  test("is slowed down by account, whether there is one or not, and never for good", async () => {
    const email = newEmail();
    await register(email);
    for (const address of [email, newEmail()]) {
      for (let i = 0; i < 10; i++) expect((await logIn(i % 2 ? address : address.toUpperCase(), "not the password")).status).toBe(401);
      const known = await context.sql.row(
        "SELECT failures, blocked_until = '-infinity' AS free FROM careforall.login_failures WHERE email_hash = careforall.login_key($1)",
        [address],
      );
      expect(known).toEqual({ failures: 10, free: true });
      await failed(address, 16);
      expect((await logIn(address, "not the password")).status).toBe(401);
      const slowed = await logIn(address, "not the password");
      expect(slowed.status).toBe(429);
      expect(slowed.body).toMatchObject({ code: "too-many-requests", "violated-policies": ["login-failures-account"] });
      const wait = Number(slowed.headers.get("retry-after"));
      expect(wait).toBeGreaterThan(50);
      expect(wait).toBeLessThanOrEqual(64);
    }
    // The right password must wait as long, and then opens as ever.
    expect((await logIn(email)).status).toBe(429);
    await failed(email, 17);
    expect((await logIn(email)).status).toBe(200);
    expect((await logIn(email, "not the password")).status).toBe(401);
    expect((await logIn(email)).status).toBe(200);
  });

  test("gets no more guesses at once than one after another", async () => {
    const email = newEmail();
    await register(email);
    expect((await logIn(email, "not the password")).status).toBe(401);
    await failed(email, 16);
    const answers = await Promise.all(Array.from({ length: 40 }, () => logIn(email, "not the password")));
    expect(answers.map((answer) => answer.status).sort()).toEqual([401, ...Array<number>(39).fill(429)]);
  });

  test("is slowed down by the old password of a stolen session too", async () => {
    const session = await register(newEmail());
    const guess = () =>
      context.http.as(session.body.access_token).call("POST", "/api/v1/me/password", {
        json: { current_password: "not the password", new_password: "seven slow green trains" },
      });
    expect((await guess()).status).toBe(422);
    await failed(session.body.account.email, 16);
    expect((await guess()).status).toBe(422);
    const slowed = await guess();
    expect(slowed.status).toBe(429);
    expect(slowed.body).toMatchObject({ "violated-policies": ["login-failures-account"] });
    expect(Number(slowed.headers.get("retry-after"))).toBeGreaterThan(50);
  });

  test("cannot fill the memory: 200 log-ins at once", async () => {
    const workers = await context.stack.workers();
    expect(workers.length).toBeGreaterThan(0);
    const peakKib = async (): Promise<number> => {
      const sizes = await Promise.all(workers.map((pid) => readFile(`/proc/${pid}/status`, "utf8")));
      return sizes.map((text) => Number(/VmRSS:\s+(\d+)/.exec(text)?.[1])).reduce((a, b) => a + b, 0);
    };
    const before = await peakKib();
    let highest = before;
    const watch = setInterval(() => void peakKib().then((size) => (highest = Math.max(highest, size))), 5);
    const answers = await Promise.all(Array.from({ length: 200 }, () => logIn(newEmail(), "not the password")));
    clearInterval(watch);
    const counts = new Map<number, number>();
    for (const { status: code } of answers) counts.set(code, (counts.get(code) ?? 0) + 1);
    expect((counts.get(401) ?? 0) + (counts.get(503) ?? 0), JSON.stringify([...counts])).toBe(200);
    expect(counts.get(401)).toBeGreaterThan(4);
    for (const answer of answers) if (answer.status === 503) expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
    // One hash of 19 MiB in each worker, not two hundred of them.
    expect(highest - before).toBeLessThan(workers.length * 2 * 19_456 + 32_768);
    expect(highest).toBeGreaterThan(before + 10_000);
    expect(await context.stack.workers()).toEqual(workers);
  });

  test("finds no secret in a log", async () => {
    const email = newEmail();
    const session = await register(email);
    await logIn(email, "a wrong secret phrase");
    await refresh(cookieOf(session));
    const log = await context.stack.log("api");
    for (const secret of [email, password, "a wrong secret phrase", session.body.access_token, cookieOf(session).split("=")[1] ?? "x"]) {
      expect(log.includes(secret)).toBe(false);
    }
    expect(log).toContain('"event":"login_refused"');
  });
});

describe("an e-mail address", () => {
  test("has one account", async () => {
    const email = newEmail();
    expect((await register(email)).status).toBe(201);
    const again = await register(email.toUpperCase());
    expect(again.status).toBe(422);
    expect((again.body as unknown as { errors: unknown }).errors).toMatchObject([{ pointer: "/email", code: "taken" }]);
    const race = newEmail();
    const answers = await Promise.all(Array.from({ length: 8 }, () => register(race)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array<number>(7).fill(422)]);
  });

  test.each(["", "a", "a@b", "@example.org", "a@", "a b@example.org", "a@example..org", `${"x".repeat(250)}@a.org`, "a@example.org\n", 1, null])(
    "%j is refused",
    async (email) => {
      expect((await register(email as string)).status).toBe(422);
    },
  );
});

describe("the first administrator", () => {
  const become = (token: string, more: Record<string, unknown> = {}) =>
    context.http.call<Session & Problem>("POST", "/api/v1/auth/first-admin", {
      json: { token, email: newEmail(), name: "Root Admin", password, ...more },
    });
  const newToken = (validFor = "24 hours"): Promise<string> =>
    context.sql.rowsAs<{ token: string }>("admin", "SELECT careforall.admin_token_create('for a test', $1::interval) AS token", [validFor]).then((rows) => rows[0]?.token ?? "");

  test("comes in by the token that the stack left at its first start, once", async () => {
    const file = path.join(context.stack.dir, "first-admin.token");
    const left = (await readFile(file, "utf8")).trim();
    const isUnused = await context.sql.value<boolean>(
      "SELECT EXISTS (SELECT FROM careforall.admin_tokens WHERE token_hash = sha256(decode($1, 'hex')) AND used_at IS NULL)",
      [left],
    );
    // A stack that is kept between runs has used it up.
    const token = isUnused ? left : await newToken();
    expect((await become(token, { password: "password1" })).status).toBe(422);
    const made = await become(token);
    expect(made.status, made.text).toBe(201);
    expect(made.body.account.role).toBe("admin");
    expect((await context.http.as(made.body.access_token).get("/api/v1/admin/users?limit=1")).status).toBe(200);
    const again = await become(token);
    expect(again.status).toBe(401);
    expect(again.body.code).toBe("credentials-invalid");
  });

  test("needs a token that is one, in time, for an address that is free", async () => {
    const taken = newEmail();
    await register(taken);
    for (const token of ["", "x", "0".repeat(64), "0".repeat(63), "z".repeat(64), "' OR 1=1 --", "0".repeat(129)]) {
      expect([401, 422], token).toContain((await become(token)).status);
    }
    const good = await newToken();
    expect((await become(good, { email: taken })).status).toBe(422);
    expect((await become(good.toUpperCase())).status).toBe(201);
    const late = await newToken("1 minute");
    await context.sql.rows("UPDATE careforall.admin_tokens SET expires_at = careforall.clock() WHERE token_hash = sha256(decode($1, 'hex'))", [late]);
    expect((await become(late)).status).toBe(401);
  });

  test("20 at once with one token: one account", async () => {
    const token = await newToken();
    const answers = await Promise.all(Array.from({ length: 20 }, () => become(token)));
    const statuses = answers.map((answer) => answer.status);
    // Twenty hashes may take longer than a request may.
    expect(statuses.filter((status) => status !== 503 && status !== 401)).toEqual([201]);
    expect(statuses).toContain(401);
  });

  test("is the only way: no account is there by itself, none can take a role", async () => {
    expect((await register(newEmail(), { role: "admin" })).status).toBe(400);
    await context.sql.rows("DELETE FROM careforall.login_failures WHERE email_hash = careforall.login_key($1)", ["admin@example.org"]);
    for (const secret of ["demo admin of careforall", "admin", "password"]) expect((await logIn("admin@example.org", secret)).status).toBe(401);
  });
});

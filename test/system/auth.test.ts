// SPDX-License-Identifier: Apache-2.0
// Goal: log-in, sessions and access tokens hold against whatever a client can send.
// Method: the API as a browser uses it, cookies by hand; tokens forged with the npm
// package jose; the database asked what is really kept.
import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import type { Answer } from "../lib/http.ts";

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
    expect((await refresh(`${cookieName}=${randomBytes(32).toString("base64url")}`)).status).toBe(401);
  });
});

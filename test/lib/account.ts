// SPDX-License-Identifier: Apache-2.0
// Accounts for the tests, each with a session that is alive. They are made by SQL and
// their tokens signed with the stack's own key, so that no test waits for a password
// hash or meets the limits of log-ins; system/auth.test.ts logs in as people do.
import { createECDH, createHash, createPrivateKey, randomBytes, sign, type KeyObject } from "node:crypto";
import type { Http } from "./http.ts";
import type { Sql } from "./sql.ts";
import type { Stack } from "./stack.ts";

export type Role = "donor" | "owner" | "admin";

/** An account that is logged in. */
export interface Person {
  id: string;
  session: string;
  email: string;
  role: Role;
  /** The access token, valid for ten minutes. */
  token: string;
  /** The newest refresh token, for the cookie of a browser. */
  refresh: string;
  /** Calls the API as this person. */
  http: Http;
}

export interface SigningKey {
  key: KeyObject;
  kid: string;
  jwk: { kty: "EC"; crv: "P-256"; x: string; y: string; d: string };
}

/** The first signing key of the stack, or one made of the digits given. */
export function signingKey(stack: Stack, digits = stack.get("STACK_SIGNING_KEYS").split(",")[0] ?? ""): SigningKey {
  const pair = createECDH("prime256v1");
  pair.setPrivateKey(Buffer.from(digits, "hex"));
  const point = pair.getPublicKey();
  const jwk = {
    kty: "EC" as const,
    crv: "P-256" as const,
    x: point.subarray(1, 33).toString("base64url"),
    y: point.subarray(33).toString("base64url"),
    d: Buffer.from(digits, "hex").toString("base64url"),
  };
  const canonical = JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y });
  return {
    key: createPrivateKey({ key: jwk, format: "jwk" }),
    kid: createHash("sha256").update(canonical).digest("base64url"),
    jwk,
  };
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** An access token as the API issues it. */
export function issueToken(stack: Stack, account: string, session: string): string {
  const { key, kid } = signingKey(stack);
  const now = Math.floor(Date.now() / 1000);
  const head = part({ alg: "ES256", typ: "at+jwt", kid });
  const claims = part({
    iss: stack.url("GATEWAY"),
    aud: "careforall-api",
    sub: account,
    sid: session,
    iat: now,
    nbf: now,
    exp: now + 600,
    jti: randomBytes(16).toString("base64url"),
  });
  const signature = sign("sha256", Buffer.from(`${head}.${claims}`), { key, dsaEncoding: "ieee-p1363" });
  return `${head}.${claims}.${signature.toString("base64url")}`;
}

let made = 0;

/** Makes an account of a role, logged in; no password opens it. */
export async function makePerson(
  stack: Stack,
  sql: Sql,
  http: Http,
  role: Role = "donor",
  { email = `${role}-${Date.now()}-${process.pid}-${made++}@example.org`, name = `Test ${role}` } = {},
): Promise<Person> {
  const secret = randomBytes(32);
  const { account_id: id, session_id: session } = await sql.row<{ account_id: string; session_id: string }>(
    "SELECT account_id, session_id FROM careforall.account_add($1, $2, $3, $4, '', $5, 'a test')",
    [email, name, role, "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA", createHash("sha256").update(secret).digest()],
  );
  const token = issueToken(stack, id, session);
  return { id, session, email, role, token, refresh: secret.toString("base64url"), http: http.as(token) };
}

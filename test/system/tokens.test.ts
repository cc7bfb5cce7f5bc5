// SPDX-License-Identifier: Apache-2.0
// Goal: no access token that was not issued here, whole and in its time, opens
// anything, and refusals say what RFC 6750 wants. Method: tokens signed with the
// stack's own key, right but for one thing each, beside one that is right in all;
// the npm package jose makes and reads what a usual client would.
import { createHmac, createSign, generateKeyPairSync, randomBytes, randomUUID, sign } from "node:crypto";
import { SignJWT, createLocalJWKSet, decodeProtectedHeader, importJWK, jwtVerify, type JSONWebKeySet } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { type Person, type SigningKey, issueToken, signingKey } from "../lib/account.ts";
import { useStack } from "../lib/context.ts";
import { Http, rawExchange } from "../lib/http.ts";
import { until } from "../lib/until.ts";

const context = useStack();

type Json = Record<string, unknown>;

let key: SigningKey;
let person: Person;
let header: Json;
let claims: Json;

beforeAll(async () => {
  key = signingKey(context.stack);
  person = await context.login("donor");
  const now = Math.floor(Date.now() / 1000);
  header = { alg: "ES256", typ: "at+jwt", kid: key.kid };
  claims = {
    iss: context.stack.url("GATEWAY"),
    aud: "careforall-api",
    sub: person.id,
    sid: person.session,
    iat: now,
    nbf: now,
    exp: now + 600,
    jti: "test",
  };
});

const encode = (value: unknown): string => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** A token with any header and claims, given as values or as JSON text, rightly signed. */
function forge(head: unknown, body: unknown, signer = key): string {
  const text = `${encode(head)}.${encode(body)}`;
  return `${text}.${sign("sha256", Buffer.from(text), { key: signer.key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

/** What is left when a member is taken out. */
function without(from: Json, name: string): Json {
  return Object.fromEntries(Object.entries(from).filter(([member]) => member !== name));
}

async function verdict(token: string): Promise<number> {
  const answer = await context.http.call("GET", "/api/v1/me", { headers: { Authorization: `Bearer ${token}` } });
  if (answer.status === 401) {
    expect(answer.body.code).toBe("unauthorized");
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer realm="careforall", error="invalid_token", error_description="[^"]+"$/);
  }
  return answer.status;
}

describe("forged tokens", () => {
  test("one that is right in all is taken", async () => {
    expect(await verdict(forge(header, claims))).toBe(200);
  });

  test.each(["none", "None", "NONE", "nOnE"])("algorithm %s", async (alg) => {
    const text = `${encode({ ...header, alg })}.${encode(claims)}`;
    expect(await verdict(`${text}.`)).toBe(401);
    expect(await verdict(`${text}.${encode("x".repeat(64))}`)).toBe(401);
    expect(await verdict(forge({ ...header, alg }, claims))).toBe(401);
    expect(await verdict(text)).toBe(401);
  });

  test("HMAC with what is public of the key", async () => {
    const { jwk } = key;
    const pem = (await importPem()).toString();
    const secrets = [pem, pem.trim(), jwk.x, JSON.stringify({ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }), ""];
    for (const alg of ["HS256", "HS384", "HS512"]) {
      for (const secret of secrets) {
        const text = `${encode({ ...header, alg })}.${encode(claims)}`;
        const mac = createHmac(`sha${alg.slice(2)}`, secret).update(text).digest("base64url");
        expect(await verdict(`${text}.${mac}`), alg).toBe(401);
      }
    }
  });

  async function importPem(): Promise<string | Buffer> {
    const { createPublicKey } = await import("node:crypto");
    return createPublicKey(key.key).export({ type: "spki", format: "pem" });
  }

  test("other algorithms and keys, with our kid", async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const ed = generateKeyPairSync("ed25519").privateKey;
    const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
    const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    for (const [alg, other] of [["RS256", rsa], ["PS256", rsa], ["EdDSA", ed], ["ES384", p384], ["ES256", p256]] as const) {
      const token = await new SignJWT(claims).setProtectedHeader({ ...header, alg }).sign(other);
      expect(await verdict(token), alg).toBe(401);
    }
    const text = `${encode({ ...header, alg: "RS256" })}.${encode(claims)}`;
    expect(await verdict(`${text}.${createSign("sha256").update(text).sign(rsa).toString("base64url")}`)).toBe(401);
    // Another P-256 key whose name it gives itself, and one that it brings along.
    const stranger = signingKey(context.stack, "11".repeat(32));
    const { d: secret, ...jwk } = stranger.jwk;
    expect(secret).toHaveLength(43);
    expect(await verdict(forge(header, claims, stranger))).toBe(401);
    expect(await verdict(forge({ ...header, kid: stranger.kid }, claims, stranger))).toBe(401);
    expect(await verdict(forge({ ...header, jwk }, claims, stranger))).toBe(401);
    expect(await verdict(forge({ ...without(header, "kid"), jwk }, claims, stranger))).toBe(401);
  });

  test.each([
    ["jku", "https://evil.example/jwks.json"],
    ["x5u", "https://evil.example/cert.pem"],
    ["x5c", ["MIIB"]],
    ["x5t", "AAAA"],
    ["jwk", { kty: "oct", k: "AAAA" }],
    ["crit", ["exp"]],
    ["crit", []],
    ["b64", false],
    ["zip", "DEF"],
    ["cty", "JWT"],
    ["anything", 1],
  ])("a header with %s", async (name, value) => {
    expect(await verdict(forge({ ...header, [name]: value }, claims))).toBe(401);
  });

  test.each([
    ["SQL", "' OR 1=1 --"],
    ["a path", "../../../../dev/null"],
    ["nothing", ""],
    ["a number", 0],
    ["null", null],
    ["a list", []],
    ["a long text", "k".repeat(1000)],
    ["controls", "a\r\nb\u0001"],
  ])("a kid that is %s", async (_name, kid) => {
    expect(await verdict(forge({ ...header, kid }, claims))).toBe(401);
  });

  test("no kid", async () => {
    expect(await verdict(forge(without(header, "kid"), claims))).toBe(401);
  });

  test.each(["JWT", "jwt", "AT+JWT", "rt+jwt", "application/at+jwt", "", null, 1])("type %j", async (typ) => {
    expect(await verdict(forge({ ...header, typ }, claims))).toBe(401);
  });

  test("no type", async () => {
    expect(await verdict(forge(without(header, "typ"), claims))).toBe(401);
  });

  test.each(["iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti"])("no claim %s", async (name) => {
    expect(await verdict(forge(header, without(claims, name)))).toBe(401);
    expect(await verdict(forge(header, { ...claims, [name]: null }))).toBe(401);
  });

  test("claims that are not so", async () => {
    const now = Math.floor(Date.now() / 1000);
    const other = await context.login("admin");
    const wrong: Json[] = [
      { iss: "https://evil.example" },
      { iss: `${context.stack.url("GATEWAY")}/` },
      { iss: [context.stack.url("GATEWAY")] },
      { aud: "another-api" },
      { aud: ["careforall-api"] },
      { aud: "careforall-api " },
      { sub: randomUUID() },
      { sub: other.id },
      { sub: person.id.toUpperCase() },
      { sub: `${person.id}'` },
      { sub: 1 },
      { sid: randomUUID() },
      { sid: other.session },
      { sid: "" },
      { exp: now - 1 },
      { exp: now },
      { exp: String(now + 600) },
      { exp: now + 0.5 },
      { exp: now + 601, iat: now },
      { exp: 9_007_199_254_740_991 },
      { exp: -1, iat: -2, nbf: -2 },
      { exp: 0, iat: 0, nbf: 0 },
      { nbf: now + 60 },
      { nbf: String(now) },
      { iat: now + 60, exp: now + 120 },
      { iat: -1 },
      { jti: 1 },
      { role: "admin" },
      { scope: "admin" },
    ];
    for (const change of wrong) expect(await verdict(forge(header, { ...claims, ...change })), JSON.stringify(change)).toBe(401);
  });

  test("a member twice, and texts that are no object", async () => {
    const head = JSON.stringify(header);
    const body = JSON.stringify(claims);
    const broken: [unknown, unknown][] = [
      [`${head.slice(0, -1)},"alg":"ES256"}`, body],
      [`{"alg":"none",${head.slice(1)}`, body],
      [head, `${body.slice(0, -1)},"sub":"${person.id}"}`],
      [head, `{"exp":1,${body.slice(1)}`],
      [head, `${body} `.replace("}", ',"x":{"y":{"z":1}}}')],
      [head, `${body}{}`],
      [head, "[]"],
      [head, "null"],
      [head, '"text"'],
      [head, ""],
      [head, body.slice(0, -1)],
      ["[]", body],
      ["", body],
      [`\uFEFF${head}`, body],
      [head.replace("ES256", "ES256\\u0000"), body],
    ];
    for (const [first, second] of broken) expect(await verdict(forge(first, second)), `${String(first)} ${String(second)}`).toBe(401);
  });

  test("signatures of another form", async () => {
    const text = `${encode(header)}.${encode(claims)}`;
    const right = sign("sha256", Buffer.from(text), { key: key.key, dsaEncoding: "ieee-p1363" });
    const forms = [
      sign("sha256", Buffer.from(text), key.key), // DER
      sign("sha512", Buffer.from(text), { key: key.key, dsaEncoding: "ieee-p1363" }),
      Buffer.alloc(64),
      Buffer.alloc(64, 0xff),
      Buffer.concat([right, Buffer.alloc(1)]),
      right.subarray(0, 63),
      Buffer.concat([right.subarray(32), right.subarray(0, 32)]),
    ];
    for (const form of forms) expect(await verdict(`${text}.${form.toString("base64url")}`)).toBe(401);
    expect(await verdict(`${text}.${right.toString("base64url")}=`)).toBe(401);
    expect(await verdict(`${text}.${right.toString("base64url")}==`)).toBe(401);
    expect(await verdict(`${text}.${right.toString("base64url")}.`)).toBe(401);
    expect(await verdict(`${text}.${right.toString("base64url")}.${encode("more")}`)).toBe(401);
    const plain = `${text}.${right.toString("base64")}`;
    if (/[+/]/.test(plain)) expect(await verdict(plain)).toBe(401);
    expect(await verdict(`${text}.${right.toString("base64url")}`)).toBe(200);
  });

  test("single bits", async () => {
    const token = forge(header, claims);
    for (let i = 0; i < 40; i++) {
      const bytes = Buffer.from(token);
      const at = Math.floor((i * bytes.length) / 40);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      const text = bytes.toString("latin1");
      if (/^[\w.~+/=-]+$/.test(text)) expect(await verdict(text), `bit of byte ${at}`).toBe(401);
    }
  });

  test("huge ones, and the JSON form", async () => {
    expect(await verdict(forge(header, { ...claims, jti: "j".repeat(3000) }))).toBe(401);
    expect(await verdict(`${"a".repeat(2000)}.${"b".repeat(2000)}.${"c".repeat(2000)}`)).toBe(401);
    expect(await verdict(encode(JSON.stringify({ payload: encode(claims), protected: encode(header), signature: "" })))).toBe(401);
  });

  test("other secrets of the API in the place of an access token", async () => {
    expect(await verdict(randomBytes(32).toString("base64url"))).toBe(401);
    const made = await context.http.call<{ token: string }>("POST", "/api/v1/auth/register", {
      json: { email: `swap-${randomUUID()}@example.org`, name: "Swap", password: "three herons on a roof" },
    });
    const cookie = made.headers.getSetCookie()[0]?.split(";")[0]?.split("=")[1] ?? "";
    expect(cookie).toHaveLength(43);
    expect(await verdict(cookie)).toBe(401);
  });
});

describe("credentials in a request", () => {
  const me = (headers: Record<string, string>, path = "/api/v1/me") => context.http.call("GET", path, { headers });
  const challenge = (answer: { headers: Headers }): string | null => answer.headers.get("www-authenticate");

  test("none, or of another kind: 401 without an error", async () => {
    for (const headers of [{}, { Authorization: "Basic YTpi" }, { Authorization: "Bearerx y" }, { Authorization: "Digest a=b" }] as Record<string, string>[]) {
      const answer = await me(headers);
      expect(answer.status).toBe(401);
      expect(challenge(answer)).toBe('Bearer realm="careforall"');
      expect(answer.headers.get("cache-control")).toBe("no-store");
    }
  });

  test("malformed: 400 invalid_request", async () => {
    for (const value of ["Bearer", "Bearer ", `Bearer ${person.token} x`, `Bearer ${person.token},`, 'Bearer "x"', "Bearer a b", "Bearer ä"]) {
      const request = `GET /api/v1/me HTTP/1.1\r\nHost: a\r\nAuthorization: ${value}\r\nConnection: close\r\n\r\n`;
      const text = await rawExchange(context.stack.port("API"), Buffer.from(request, "latin1"));
      // An empty value and bytes beyond ASCII never come as far as that.
      expect(text, value).toMatch(/^HTTP\/1\.1 400 /);
      if (!/ä/.test(value)) expect(text, value).toContain('error="invalid_request"');
    }
    const twice = `GET /api/v1/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${person.token}\r\nauthorization: Bearer ${person.token}\r\nConnection: close\r\n\r\n`;
    expect(await rawExchange(context.stack.port("API"), twice)).toMatch(/^HTTP\/1\.1 400 [^]*error="invalid_request"/);
  });

  test("the scheme in any case", async () => {
    for (const scheme of ["bEaReR", "BEARER", "bearer"]) expect((await me({ Authorization: `${scheme} ${person.token}` })).status).toBe(200);
  });

  test("in the query or a form: refused", async () => {
    expect((await me({}, `/api/v1/me?access_token=${person.token}`)).status).toBe(401);
    expect((await me({ Authorization: `Bearer ${person.token}` }, `/api/v1/me?access_token=${person.token}`)).status).toBe(400);
    const form = await context.http.call("PATCH", "/api/v1/me", {
      body: `access_token=${person.token}&name=x`,
      headers: { "Content-Type": "application/x-www-form-urlencoded", "If-Match": "*" },
    });
    expect(form.status).toBe(401);
  });

  test("too weak: 403 insufficient_scope", async () => {
    for (const role of ["donor", "owner"] as const) {
      const { http } = await context.login(role);
      const answer = await http.get("/api/v1/admin/users");
      expect(answer.status).toBe(403);
      expect(answer.body.code).toBe("forbidden");
      expect(challenge(answer)).toBe('Bearer realm="careforall", error="insufficient_scope", scope="admin"');
    }
    expect((await (await context.login("admin")).http.get("/api/v1/admin/users")).status).toBe(200);
  });

  test("expired: 401, also when it was good a moment ago", async () => {
    const verdicts = (token: string) => Promise.all(Array.from({ length: 40 }, () => verdict(token)));
    // Many at once, so that every worker has seen it and remembers it; longer where that takes longer.
    let seconds = 3;
    const [token, end] = await until("a token that is good long enough", async () => {
      const now = Math.floor(Date.now() / 1000);
      const made = forge(header, { ...claims, iat: now - 500, nbf: now - 500, exp: now + seconds });
      seconds *= 2;
      return (await verdicts(made)).every((status) => status === 200) ? ([made, now + seconds / 2] as const) : null;
    });
    // A tenth on top: time(2) reads the clock of the last tick, which is up to 10 ms behind.
    await until("its end", () => Date.now() / 1000 > end + 0.1);
    expect(await verdicts(token)).toEqual(Array<number>(40).fill(401));
  });

  test("with the database away: 503, never in", async () => {
    // A token that cannot be checked against its session opens nothing.
    await context.stack.stop(["pg"]);
    try {
      const answer = await me({ Authorization: `Bearer ${person.token}` });
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
      expect((await me({ Authorization: "Bearer x.y.z" })).status).toBe(401);
    } finally {
      await context.stack.start(["pg"]);
    }
    await expect.poll(() => verdict(person.token), { timeout: 20_000 }).toBe(200);
  });
});

describe("the keys", () => {
  const jwks = (http = context.http) => http.call<JSONWebKeySet>("GET", "/.well-known/jwks.json");

  test("are public, whole and fit the tokens", async () => {
    const answer = await jwks();
    expect(answer.headers.get("cache-control")).toBe("public, max-age=300");
    expect(answer.body.keys.map((one) => one.kid)).toContain(key.kid);
    for (const one of answer.body.keys) {
      expect(Object.keys(one).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
      expect(await importJWK(one)).toBeTruthy();
    }
    const { payload, protectedHeader } = await jwtVerify(issueToken(context.stack, person.id, person.session), createLocalJWKSet(answer.body), {
      issuer: context.stack.url("GATEWAY"),
      audience: "careforall-api",
      typ: "at+jwt",
      algorithms: ["ES256"],
    });
    expect(protectedHeader.kid).toBe(key.kid);
    expect(Object.keys(payload).sort()).toEqual(["aud", "exp", "iat", "iss", "jti", "nbf", "sid", "sub"]);
    const again = await context.http.get("/.well-known/jwks.json", { "If-None-Match": answer.headers.get("etag") ?? "" });
    expect(again.status).toBe(304);
    expect((await jwks(new Http(context.stack, "GATEWAY"))).body).toEqual(answer.body);
  });

  test("are replaced with an overlap", async () => {
    const before = context.stack.get("STACK_SIGNING_KEYS");
    const next = randomBytes(32).toString("hex");
    const restart = async (keys: string): Promise<void> => {
      await context.stack.configure({ STACK_SIGNING_KEYS: keys });
      await context.stack.stop(["api"]);
      await context.stack.start(["api"]);
    };
    const old = person.token;
    const kid = (token: string): unknown => decodeProtectedHeader(token).kid;
    const real = async (): Promise<string> => {
      const answer = await context.http.call<{ access_token: string }>("POST", "/api/v1/auth/register", {
        json: { email: `key-${randomUUID()}@example.org`, name: "Key", password: "three herons on a roof" },
      });
      return answer.body.access_token;
    };
    try {
      await restart(`${before},${next}`);
      expect((await jwks()).body.keys).toHaveLength(2);
      expect(kid(await real())).toBe(kid(old));
      await restart(`${next},${before}`);
      const fresh = await real();
      expect(kid(fresh)).not.toBe(kid(old));
      expect(await verdict(old)).toBe(200);
      expect(await verdict(fresh)).toBe(200);
      await restart(next);
      expect(await verdict(old)).toBe(401);
      expect(await verdict(fresh)).toBe(200);
      expect((await jwks()).body.keys).toHaveLength(1);
    } finally {
      await restart(before);
    }
  });
});

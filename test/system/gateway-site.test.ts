// SPDX-License-Identifier: Apache-2.0
// Goal: the gateway serves the built site as it should be kept and compressed, speaks
// TLS and HTTP/2 where it has a certificate, tells the API nothing that a client made
// up, never sends a change twice that could have two effects, and does not wait for a
// process that hangs. Method: the gateway of the run for files; three of its own, of
// which one has a certificate and two have API processes that are made here and note
// what they get.
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { WebSocket } from "ws";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { exchange } from "../lib/raw.ts";
import { freePortBase, Stack } from "../lib/stack.ts";
import { until } from "../lib/until.ts";

const context = useStack();
const run = promisify(execFile);

interface Got {
  status: number;
  headers: Map<string, string>;
  body: Buffer;
}

/** What curl gets, with nothing unpacked. */
async function curl(...args: string[]): Promise<Got & { version: string }> {
  const { stdout } = await run("curl", ["-sSki", "--max-time", "10", ...args], { encoding: "buffer", maxBuffer: 2 ** 24 });
  const end = stdout.indexOf("\r\n\r\n");
  const [first = "", ...lines] = stdout.subarray(0, end).toString("latin1").split("\r\n");
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]));
  return { version: first.split(" ")[0] ?? "", status: Number(first.split(" ")[1]), headers, body: stdout.subarray(end + 4) };
}

/** A gateway of its own, with these lines in its settings. */
async function ownGateway(name: string, lines: Record<string, string | number>): Promise<Stack> {
  const stack = new Stack(path.join(context.stack.dir, name));
  await rm(stack.dir, { recursive: true, force: true });
  await mkdir(stack.dir, { recursive: true });
  const base = await freePortBase();
  const ports = ["GATEWAY", "API", "MOCKPAY", "API_ADMIN", "PG", "REDIS", "NATS", "NATS_MONITOR", "RELAY", "PROJECTOR", "PAYMENTS", "PROMETHEUS", "GATEWAY_TLS"];
  const settings = { ...Object.fromEntries(ports.map((port, i) => [`STACK_PORT_${port}`, base + i])), ...lines };
  await writeFile(
    path.join(stack.dir, "careforall.env"),
    Object.entries(settings).map(([key, value]) => `${key}=${value}\n`).join(""),
    { mode: 0o600 },
  );
  await stack.start(["gateway"]);
  return stack;
}

describe("the built site", () => {
  let script = "";

  beforeAll(async () => {
    const page = await fetch(`${context.stack.url("GATEWAY")}/pledges/x`);
    script = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text())?.[1] ?? "";
    expect(script).not.toBe("");
  });

  const ask = (where: string, ...headers: string[]) =>
    curl(...headers.flatMap((header) => ["-H", header]), context.stack.url("GATEWAY") + where);

  test("a file with a hash in its name is kept for a year, compressed once at build", async () => {
    const plain = await ask(script);
    const gzip = await ask(script, "Accept-Encoding: gzip");
    const brotli = await ask(script, "Accept-Encoding: gzip, deflate, br");
    for (const got of [plain, gzip, brotli]) {
      expect(got.status).toBe(200);
      expect(got.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(got.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
      expect(got.headers.get("vary")).toBe("Accept-Encoding");
    }
    expect([plain, gzip, brotli].map((got) => got.headers.get("content-encoding"))).toEqual([undefined, "gzip", "br"]);
    // Made beforehand: its length is known, and its tag is a strong one.
    expect(Number(brotli.headers.get("content-length"))).toBe(brotli.body.length);
    expect(brotli.headers.get("etag")).toMatch(/^"/);
    expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
    expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true);
    expect(brotli.body.length).toBeLessThan(gzip.body.length);
  });

  test.each(["/index.html", "/pledges/x", "/icon.svg", "/images/solar-clinic.svg"])("%s is asked about again, and then not sent again", async (where) => {
    const first = await ask(where);
    expect([first.status, first.headers.get("cache-control")]).toEqual([200, "no-cache"]);
    const tag = first.headers.get("etag") ?? "";
    const again = await ask(where, `If-None-Match: ${tag}`);
    expect([tag === "", again.status, again.body.length]).toEqual([false, 304, 0]);
    expect((await ask(where, 'If-None-Match: "another"')).status).toBe(200);
  });

  test("what an installed site is called and looks like is there, and may be read", async () => {
    const page = await ask("/pledges/x");
    const text = page.body.toString();
    const manifest = await ask(/<link rel="manifest" href="([^"]+)"/.exec(text)?.[1] ?? "/");
    expect([manifest.status, manifest.headers.get("content-type")]).toEqual([200, "application/manifest+json"]);
    expect(page.headers.get("content-security-policy")).toContain("manifest-src 'self'");
    const { icons, start_url } = JSON.parse(manifest.body.toString()) as { icons: { src: string; sizes: string; type: string }[]; start_url: string };
    expect(start_url).toBe("/");
    const touch = { src: /<link rel="apple-touch-icon" href="([^"]+)"/.exec(text)?.[1] ?? "", sizes: "180x180", type: "image/png" };
    for (const { src, sizes, type } of [...icons, touch]) {
      const icon = await ask(src);
      expect([icon.status, icon.headers.get("content-type")?.split(";")[0]], src).toEqual([200, type]);
      // Width and height stand at the beginning of a PNG.
      if (type === "image/png") expect(`${icon.body.readUInt32BE(16)}x${icon.body.readUInt32BE(20)}`, src).toBe(sizes);
    }
  });

  test("what is no page and no file is not there, and a page says so", async () => {
    for (const where of ["/nothing", "/campaigns/a/b/c", "/pledges", "/Campaigns/x"]) {
      const told = await ask(where);
      expect([told.status, told.headers.get("content-type")], where).toEqual([404, "application/problem+json"]);
      const got = await ask(where, "Accept: text/html,*/*;q=0.8");
      expect([got.status, got.headers.get("content-type")], where).toEqual([404, "text/html; charset=utf-8"]);
      expect(got.body.toString(), where).toContain('id="root"');
      expect(got.headers.get("content-security-policy"), where).toContain("require-trusted-types-for 'script'");
    }
    for (const where of ["/assets/nothing.js", "/assets/nothing", "/nothing.png", `${script}.gz`, `${script}.br`, "/assets/../../nginx.conf", "/%2e%2e/nginx.conf"]) {
      const got = await curl("--path-as-is", context.stack.url("GATEWAY") + where);
      expect(got.headers.get("content-type"), where).toBe("application/problem+json");
      expect([400, 404], where).toContain(got.status);
    }
  });
});

describe("with a certificate", () => {
  let own: Stack;
  let https: string;

  beforeAll(async () => {
    own = await ownGateway("gateway-tls", {
      STACK_PORT_API: context.stack.port("API"),
      STACK_TLS_CERTIFICATE: "self-signed",
      CAREFORALL_PUBLIC_URL: "https://give.example.org",
    });
    https = `https://127.0.0.1:${own.port("GATEWAY_TLS")}`;
  });
  afterAll(() => own.stop(["gateway"]));

  test("the site and the API speak HTTP/2 and HTTP/1.1, and say that it stays so", async () => {
    for (const [how, version] of [["--http2", "HTTP/2"], ["--http1.1", "HTTP/1.1"]] as const) {
      for (const where of ["/pledges/x", "/icon.svg", "/api/v1/campaigns?limit=1", "/api/v1/nothing", "/nothing.js"]) {
        const got = await curl(how, https + where);
        expect(got.version).toBe(version);
        expect(got.status, where).toBe(where.includes("nothing") ? 404 : 200);
        expect(got.headers.get("strict-transport-security"), where).toBe("max-age=63072000; includeSubDomains");
      }
    }
  });

  test("many requests share one HTTP/2 connection and get their own answers", async () => {
    const session = connectHttp2(https, { rejectUnauthorized: false });
    const ids = Array.from({ length: 30 }, (_, i) => `http2-stream-${i}`);
    const answers = await Promise.all(
      ids.map(
        (id) =>
          new Promise<unknown>((done, fail) => {
            const stream = session.request({ ":path": "/api/v1/campaigns?limit=1", "x-request-id": id });
            stream.on("response", (headers) => { done([headers[":status"], headers["x-request-id"]]); });
            stream.on("error", fail);
            stream.resume();
          }),
      ),
    );
    session.destroy();
    expect(answers).toEqual(ids.map((id) => [200, id]));
  });

  const speak = (version: "TLSv1.1" | "TLSv1.2" | "TLSv1.3") =>
    new Promise<string>((done) => {
      const socket = connectTls({
        port: own.port("GATEWAY_TLS"),
        host: "127.0.0.1",
        rejectUnauthorized: false,
        minVersion: version,
        maxVersion: version,
        ciphers: "DEFAULT@SECLEVEL=0",
      });
      socket.on("secureConnect", () => {
        done(`${socket.getProtocol() ?? ""} ${socket.getEphemeralKeyInfo() === null ? "no key exchange" : "ok"}`);
        socket.destroy();
      });
      socket.on("error", (error) => { done((error as { code?: string }).code ?? ""); });
    });

  test("TLS 1.2 and 1.3 are spoken, older versions are refused by the server", async () => {
    expect(await speak("TLSv1.3")).toBe("TLSv1.3 ok");
    expect(await speak("TLSv1.2")).toBe("TLSv1.2 ok");
    expect(await speak("TLSv1.1")).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  });

  test("the live feed goes over TLS", async () => {
    const socket = new WebSocket(`${https.replace("https", "wss")}/api/v1/live`, {
      rejectUnauthorized: false,
      origin: context.stack.url("GATEWAY"),
    });
    const outcome = await new Promise<string>((done) => {
      socket.on("open", () => { done("open"); });
      socket.on("unexpected-response", (_, answer) => { done(String(answer.statusCode)); });
      socket.on("error", (error) => { done(error.message); });
    });
    socket.close();
    expect(outcome).toBe("open");
  });

  test("a page without TLS is led to the site's own address, whatever Host says", async () => {
    for (const where of ["/", "/campaigns/x?a=1&b=%20", "/icon.svg", "//evil.example/x"]) {
      const got = await curl("-H", "Host: evil.example", own.url("GATEWAY") + where);
      expect([got.status, got.headers.get("location")]).toEqual([301, `https://give.example.org${where}`]);
      expect(got.headers.get("strict-transport-security")).toBeUndefined();
    }
  });

  test("the API without TLS is refused, and led nowhere", async () => {
    const refused: string[][] = [
      [`${own.url("GATEWAY")}/api/v1/campaigns`],
      [`${own.url("GATEWAY")}/openapi.json`],
      [`${own.url("GATEWAY")}/docs`],
      ["-d", "{}", `${own.url("GATEWAY")}/api/v1/auth/login`],
      ["-d", "a=b", `${own.url("GATEWAY")}/login`],
      ["-X", "DELETE", `${own.url("GATEWAY")}/`],
      [`http://127.0.0.1:${own.port("GATEWAY_TLS")}/api/v1/campaigns`],
    ];
    for (const args of refused) {
      const got = await curl(...args);
      expect([got.status, got.headers.get("content-type"), got.headers.has("location")], args.join(" ")).toEqual([400, "application/problem+json", false]);
      expect(JSON.parse(got.body.toString())).toMatchObject({ code: "bad-request", status: 400 });
      expect(got.headers.get("strict-transport-security")).toBeUndefined();
    }
    expect(await exchange(["GET /x\r\n\r\n"], { port: own.port("GATEWAY") })).toEqual([]);
  });
});

describe("several API processes", () => {
  const seen: { at: number; request: IncomingMessage }[] = [];
  const servers: Server[] = [];
  let own: Stack;
  let isBroken = true;

  beforeAll(async () => {
    for (let at = 0; at < 6; at++) {
      const server = createServer((request, response) => {
        seen.push({ at, request });
        request.resume().on("end", () => {
          // What a process does that is killed while it works.
          if (isBroken) request.socket.destroy();
          else response.setHeader("X-Accel-Redirect", "/icon.svg").end(JSON.stringify({ at }));
        });
      });
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      servers.push(server);
    }
    const addresses = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
    own = await ownGateway("gateway-replicas", { CAREFORALL_GATEWAY_API: addresses.join(",") });
  });
  afterAll(async () => {
    await own.stop(["gateway"]);
    for (const server of servers) server.closeAllConnections();
    for (const server of servers) server.close();
  });

  const ask = (method: string, headers: Record<string, string> = {}) =>
    fetch(`${own.url("GATEWAY")}/api/v1/campaigns/x/team/y`, { method, headers, ...(method === "GET" ? {} : { body: "{}" }) });

  test("what may have been carried out is sent once; a read is asked of one other", async () => {
    const times: Record<string, number> = {};
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "GET"]) {
      seen.length = 0;
      const answer = await ask(method);
      expect([answer.status, answer.headers.get("retry-after")], method).toEqual([503, "2"]);
      times[method] = seen.length;
      expect(new Set(seen.map(({ at }) => at)).size, "another process").toBe(seen.length);
      expect(seen.every(({ request }) => request.method === method)).toBe(true);
    }
    expect(times).toEqual({ POST: 1, PUT: 1, PATCH: 1, DELETE: 1, GET: 2 });
  });

  test("one that fails is left alone, and the others serve", async () => {
    isBroken = false;
    for (const server of servers.slice(0, 4)) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
    // With two tries for each, requests only get through once it is known who is away.
    await until("the gateway to know who is away", async () => {
      for (let i = 0; i < 12; i++) if ((await ask("GET")).status !== 200) return false;
      return true;
    });
    for (let i = 0; i < 12; i++) expect((await ask("POST")).status).toBe(200);
  });

  test("what a client says about itself does not reach the API, nor its answer nginx", async () => {
    seen.length = 0;
    const claims = {
      "X-Forwarded-For": "192.0.2.1",
      "X-Forwarded-Host": "evil.example",
      "X-Forwarded-Port": "1",
      "X-Forwarded-Proto": "https",
      "X-Real-IP": "192.0.2.1",
      Forwarded: "for=192.0.2.1",
      Proxy: "http://evil.example",
      "X-Page-Shell": "evil",
      x_forwarded_for: "192.0.2.1",
      "X-Request-Id": "not safe!",
    };
    const answer = await ask("GET", claims);
    expect(await answer.json()).toHaveProperty("at");
    const got = seen[0]?.request.headers ?? {};
    expect(got).toMatchObject({ "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http", "x-real-ip": "127.0.0.1" });
    expect(got["x-request-id"]).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify(seen[0]?.request.rawHeaders)).not.toMatch(/192\.0\.2\.1|evil|not safe/);
  });
});

describe("an API process that hangs", () => {
  const changes = ["/api/v1/campaigns/x/pledges", "/api/v1/pledges/x/refunds", "/api/v1/auth/login"];
  const kinds = [...changes.map((where) => `POST ${where}`), "GET /api/v1/campaigns/x"];
  /** What the one that hangs and the sound one got; the sound one keeps its answers back until it is let go. */
  const seen: [string[], string[]] = [[], []];
  const kept: ServerResponse[] = [];
  const servers: Server[] = [];
  let own: Stack;
  let isLetGo = false;

  beforeAll(async () => {
    for (const got of seen) {
      const server = createServer((request, response) => {
        got.push(`${request.method ?? ""} ${request.url ?? ""}`);
        if (got === seen[1]) kept.push(response);
        if (isLetGo) for (const one of kept.splice(0)) one.end("{}");
      });
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      servers.push(server);
    }
    const addresses = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
    own = await ownGateway("gateway-hung", { CAREFORALL_GATEWAY_API: addresses.join(",") });
  });
  afterAll(async () => {
    await own.stop(["gateway"]);
    for (const server of servers) server.closeAllConnections();
    for (const server of servers) server.close();
  });

  test("gets little, and what has one effect or none is asked of another in time", async () => {
    const statuses = new Map<string, number[]>(kinds.map((kind) => [kind, []]));
    const asked: Promise<unknown>[] = [];
    const ask = async (kind: string): Promise<void> => {
      const [method = "", where = ""] = kind.split(" ");
      const arrived = seen[0].length + seen[1].length;
      asked.push(
        fetch(own.url("GATEWAY") + where, { method, headers: { "Idempotency-Key": "k" }, ...(method === "GET" ? {} : { body: "{}" }) })
          .then((got) => statuses.get(kind)?.push(got.status)),
      );
      await until("the request to arrive", () => seen[0].length + seen[1].length > arrived);
    };
    // Until one of each kind is where nobody answers.
    for (const kind of kinds) while (!seen[0].includes(kind)) await ask(kind);
    const hung = seen[0].length;
    isLetGo = true;
    for (const one of kept.splice(0)) one.end("{}");
    await until("the sound one to have answered", () => [...statuses.values()].flat().length >= seen[1].length);
    for (let i = 0; i < 8; i++) await ask("GET /api/v1/campaigns/x");
    // One to see whether it is back, should these have taken that long.
    expect(seen[0].length - hung, "what comes meanwhile goes to the other").toBeLessThanOrEqual(1);

    await Promise.all(asked);
    expect(statuses.get("POST /api/v1/auth/login"), "may have two effects").toContain(503);
    const once = (kind: string): boolean => kind.includes("login");
    for (const kind of kinds.filter((one) => !once(one))) expect(new Set(statuses.get(kind)), kind).toEqual(new Set([200]));
    const repeated = seen[0].length + seen[1].length - asked.length;
    expect(repeated, "all but the log-ins, once each").toBe(seen[0].filter((one) => !once(one)).length);
  });
});

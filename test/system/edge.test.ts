// SPDX-License-Identifier: Apache-2.0
// Goal: on Kore's own port every malformed, smuggled, oversized, slow or pipelined
// request gets one correct refusal as problem+json, and costs others nothing.
// Method: raw sockets; each case says what is sent and what may come back.
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { useStack } from "../lib/context.ts";
import { scrape, sum } from "../lib/metrics.ts";

const context = useStack();

interface Answer {
  status: number;
  headers: Map<string, string>;
  body: string;
}

/** Cuts what came over a socket into the answers in it. */
function parse(raw: Buffer): Answer[] {
  const answers: Answer[] = [];
  let rest = raw;
  while (rest.length > 0) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) throw new Error(`no end of headers in ${JSON.stringify(rest.toString("latin1").slice(0, 80))}`);
    const [first = "", ...lines] = rest.subarray(0, end).toString("latin1").split("\r\n");
    const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
    const length = Number(headers.get("content-length") ?? 0);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    answers.push({ status, headers, body: rest.subarray(end + 4, end + 4 + length).toString() });
    rest = rest.subarray(end + 4 + length);
  }
  return answers;
}

/**
 * Sends the pieces, each in a segment of its own, and reads until the server ends
 * the connection or `want` answers are there.
 */
function exchange(pieces: (string | Buffer)[], want = Infinity): Promise<Answer[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(context.stack.port("API"), "127.0.0.1");
    const got: Buffer[] = [];
    const done = () => {
      clearTimeout(limit);
      socket.destroy();
      try {
        resolve(parse(Buffer.concat(got)));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const limit = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end after: ${Buffer.concat(got).toString("latin1").slice(0, 200)}`));
    }, 20_000);
    socket.setNoDelay(true);
    socket.on("error", done);
    socket.on("close", done);
    socket.on("data", (piece: Buffer) => {
      got.push(piece);
      if (want === Infinity) return;
      try {
        if (parse(Buffer.concat(got)).length >= want) done();
      } catch {
        // Not whole yet.
      }
    });
    const send = (i: number) => {
      const piece = pieces[i];
      if (piece === undefined || socket.destroyed) return;
      socket.write(piece, () => setTimeout(send, 5, i + 1));
    };
    socket.on("connect", () => {
      send(0);
    });
  });
}

const host = "Host: api\r\n";
const get = (path = "/healthz", more = "") => `GET ${path} HTTP/1.1\r\n${host}${more}\r\n`;
const long = (length: number) => "x".repeat(length);

/** Name, what is sent, and the one status that comes back before the end. */
const refused: [string, (string | Buffer)[], number, string][] = [
  ["a bare LF as line end", [`GET /healthz HTTP/1.1\n${host}\n`], 400, "bad-request"],
  ["a bare LF in the middle", [`GET /healthz HTTP/1.1\r\nA: b\nHost: api\r\n\r\n`], 400, "bad-request"],
  ["a bare CR in a value", [get("/healthz", "A: b\rc\r\n")], 400, "bad-request"],
  ["a NUL in a value", [get("/healthz", "A: b\0c\r\n")], 400, "bad-request"],
  ["a byte beyond ASCII in a value", [get("/healthz", "A: \u00e9\r\n")], 400, "bad-request"],
  ["a folded header", [get("/healthz", "A: b\r\n c\r\n")], 400, "bad-request"],
  ["a blank before the colon", [get("/healthz", "A : b\r\n")], 400, "bad-request"],
  ["a header without a name", [get("/healthz", ": b\r\n")], 400, "bad-request"],
  ["a header without a colon", [get("/healthz", "nonsense\r\n")], 400, "bad-request"],
  ["no Host", ["GET /healthz HTTP/1.1\r\n\r\n"], 400, "bad-request"],
  ["two Hosts", [get("/healthz", host)], 400, "bad-request"],
  ["an empty Host", ["GET /healthz HTTP/1.1\r\nHost:\r\n\r\n"], 400, "bad-request"],
  ["a TLS hello", [Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1])], 400, "bad-request"],
  ["a missing version", [`GET /healthz\r\n${host}\r\n`], 400, "bad-request"],
  ["two blanks in the request line", [`GET  /healthz HTTP/1.1\r\n${host}\r\n`], 400, "bad-request"],
  ["HTTP/2.0", [`GET /healthz HTTP/2.0\r\n${host}\r\n`], 505, "http-version-not-supported"],
  ["a version in small letters", [`GET /healthz http/1.1\r\n${host}\r\n`], 505, "http-version-not-supported"],
  ["a method in small letters", [`get /healthz HTTP/1.1\r\n${host}\r\n`], 501, "not-implemented"],
  ["TRACE", [`TRACE / HTTP/1.1\r\n${host}\r\n`], 501, "not-implemented"],
  ["CONNECT", [`CONNECT api:80 HTTP/1.1\r\n${host}\r\n`], 501, "not-implemented"],
  ["a target that is no path", [`GET healthz HTTP/1.1\r\n${host}\r\n`], 400, "bad-request"],
  ["GET *", [`GET * HTTP/1.1\r\n${host}\r\n`], 400, "bad-request"],
  ["a long target", [get(`/${long(1950)}`)], 414, "uri-too-long"],
  ["a huge head", [`GET / HTTP/1.1\r\n${host}A: ${long(20_000)}`], 431, "headers-too-large"],
  ["too many lines", [get("/healthz", "A: b\r\n".repeat(110))], 431, "headers-too-large"],
  ["two lengths", [`POST /x HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`], 400, "bad-request"],
  ["a length with a sign", [`POST /x HTTP/1.1\r\n${host}Content-Length: +1\r\n\r\na`], 400, "bad-request"],
  ["a list of lengths", [`POST /x HTTP/1.1\r\n${host}Content-Length: 1, 1\r\n\r\na`], 400, "bad-request"],
  ["no length", [`POST /x HTTP/1.1\r\n${host}\r\n`], 411, "length-required"],
  ["a chunked body", [`POST /x HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`], 411, "length-required"],
  [
    "length and encoding",
    [`POST /x HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    400,
    "bad-request",
  ],
  ["a body on GET", [get("/healthz", "Content-Length: 30\r\n"), get()], 400, "bad-request"],
  ["a body on DELETE", [`DELETE /x HTTP/1.1\r\n${host}Content-Length: 1\r\n\r\na`], 400, "bad-request"],
  ["a body too large", [`POST /x HTTP/1.1\r\n${host}Content-Length: 99999999\r\n\r\n`, long(60_000)], 413, "payload-too-large"],
  ["an unknown expectation", [get("/healthz", "Expect: tea\r\n")], 417, "expectation-failed"],
];

describe("refusals at the edge", () => {
  test.each(refused)("%s", async (_name, pieces, status, code) => {
    const answers = await exchange(pieces);
    expect(answers.map((answer) => answer.status)).toEqual([status]);
    expect(answers[0]?.headers.get("content-type")).toBe("application/problem+json");
    expect(answers[0]?.headers.get("connection")).toBe("close");
    expect(JSON.parse(answers[0]?.body ?? "")).toMatchObject({ status, code });
  });

  test("are counted by problem type", async () => {
    const name = /^careforall_http_edge_refusals_total\{problem="bad-request"\}/;
    const before = sum(await scrape(context.stack, "API_ADMIN"), name);
    await exchange(["nonsense\n\n"]);
    expect(sum(await scrape(context.stack, "API_ADMIN"), name)).toBe(before + 1);
  });

  test("a head that never ends is answered 408", async () => {
    const answers = await exchange(["GET /healthz HTTP/1.1\r\n"]);
    expect(answers.map((answer) => answer.status)).toEqual([408]);
  });
});

describe("what must pass", () => {
  test("requests sent at once are answered in order", async () => {
    const paths = Array.from({ length: 20 }, (_, i) => `/nothing/${i}`);
    const sent = paths.map((path, i) => get(path, `X-Request-Id: request-${i}\r\n`)).join("");
    const answers = await exchange([sent], 20);
    expect(answers.map((answer) => answer.headers.get("x-request-id"))).toEqual(paths.map((_, i) => `request-${i}`));
  });

  test("a body and the next request in one segment", async () => {
    const post = `POST /x HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nabc`;
    const answers = await exchange([post + post + get()], 3);
    expect(answers.map((answer) => answer.status)).toEqual([404, 404, 200]);
  });

  test("one byte at a time", async () => {
    const answers = await exchange(get().split(/(?:)/), 1);
    expect(answers[0]?.status).toBe(200);
  });

  test("an absolute target, OPTIONS *, an empty line first, 1.0, empty and Host-like headers", async () => {
    expect((await exchange([`GET http://api/healthz HTTP/1.1\r\n${host}\r\n`], 1))[0]?.status).toBe(200);
    expect((await exchange([`OPTIONS * HTTP/1.1\r\n${host}\r\n`]))[0]?.status).toBe(204);
    expect((await exchange([`\r\n${get()}`], 1))[0]?.status).toBe(200);
    const old = await exchange([`GET /healthz HTTP/1.0\r\n${host}\r\n`]);
    expect([old[0]?.status, old[0]?.headers.get("connection")]).toEqual([200, "close"]);
    expect((await exchange([`GET /healthz HTTP/1.1\r\nHostile: x\r\nA:\r\nB: \tc \r\n${host}\r\n`], 1))[0]?.status).toBe(200);
  });

  test("a client that ends its half after the request is answered", async () => {
    const answers = await new Promise<Answer[]>((resolve, reject) => {
      const got: Buffer[] = [];
      const socket = connect({ port: context.stack.port("API"), host: "127.0.0.1", allowHalfOpen: true });
      socket.on("data", (piece: Buffer) => got.push(piece));
      socket.on("error", reject);
      socket.on("end", () => {
        socket.destroy();
        resolve(parse(Buffer.concat(got)));
      });
      socket.end(get());
    });
    expect(answers.map((answer) => answer.status)).toEqual([200]);
  });

  test("100-continue is said before the body", async () => {
    const head = `POST /x HTTP/1.1\r\n${host}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`;
    const answers = await exchange([head, "abc"], 2);
    expect(answers.map((answer) => answer.status)).toEqual([100, 404]);
  });

  test("others are served while many connections stay half open", async () => {
    const slow = Array.from({ length: 300 }, () => {
      const socket = connect(context.stack.port("API"), "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write("GET /healthz HTTP/1.1\r\nA: ");
      return socket;
    });
    expect((await exchange([get()], 1))[0]?.status).toBe(200);
    for (const socket of slow) socket.destroy();
  });
});

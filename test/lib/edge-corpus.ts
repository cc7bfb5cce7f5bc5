// SPDX-License-Identifier: Apache-2.0
// Requests that must be refused before any handler sees them: what is sent, in how
// many segments, and the answer of the API's own port. Through the gateway another
// answer may be right; `gateway` says which where it is not the same.

export interface BadRequest {
  name: string;
  pieces: (string | Buffer)[];
  status: number;
  code: string;
  /** Statuses through the gateway; 0 is a connection that ends without an answer. */
  gateway?: number[];
}

export const host = "Host: api\r\n";

export const get = (path = "/healthz", more = ""): string => `GET ${path} HTTP/1.1\r\n${host}${more}\r\n`;

export const post = (path: string, body: string, more = ""): string =>
  `POST ${path} HTTP/1.1\r\n${host}${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const long = (length: number): string => "x".repeat(length);

/** A request that must never be seen: it stands where a body would be read over. */
const smuggled = `GET /smuggled HTTP/1.1\r\n${host}X-Request-Id: smuggled-request\r\n\r\n`;

type Row = [name: string, pieces: (string | Buffer)[] | string, status: number, code: string, gateway?: number[]];

const rows: Row[] = [
  // Lines and bytes.
  ["a bare LF as line end", `GET /healthz HTTP/1.1\n${host}\n`, 400, "bad-request", [200]],
  ["a bare LF in the middle", "GET /healthz HTTP/1.1\r\nA: b\nHost: api\r\n\r\n", 400, "bad-request", [200]],
  ["a bare LF at the end", `GET /healthz HTTP/1.1\r\n${host}\n`, 400, "bad-request", [200]],
  ["a bare CR in a value", get("/healthz", "A: b\rc\r\n"), 400, "bad-request"],
  ["a bare CR in a name", get("/healthz", "A\rb: c\r\n"), 400, "bad-request"],
  ["a bare CR in the target", `GET /health\rz HTTP/1.1\r\n${host}\r\n`, 400, "bad-request"],
  ["a NUL in a value", get("/healthz", "A: b\0c\r\n"), 400, "bad-request"],
  ["a NUL in a name", get("/healthz", "A\0b: c\r\n"), 400, "bad-request"],
  ["a NUL in the target", `GET /health\0z HTTP/1.1\r\n${host}\r\n`, 400, "bad-request"],
  ["a DEL in a value", get("/healthz", "A: b\x7fc\r\n"), 400, "bad-request"],
  ["a byte beyond ASCII in a value", get("/healthz", "A: \u00e9\r\n"), 400, "bad-request"],
  ["a byte beyond ASCII in the target", `GET /\u00e9 HTTP/1.1\r\n${host}\r\n`, 400, "bad-request", [404]],
  ["a folded header", get("/healthz", "A: b\r\n c\r\n"), 400, "bad-request"],
  ["a header folded by a tab", get("/healthz", "A: b\r\n\tc\r\n"), 400, "bad-request"],
  ["a fold before the first header", `GET /healthz HTTP/1.1\r\n ${host}${host}\r\n`, 400, "bad-request"],
  ["a blank before the colon", get("/healthz", "A : b\r\n"), 400, "bad-request"],
  ["a tab before the colon", get("/healthz", "A\t: b\r\n"), 400, "bad-request"],
  ["a blank in a name", get("/healthz", "A b: c\r\n"), 400, "bad-request"],
  ["a header without a name", get("/healthz", ": b\r\n"), 400, "bad-request"],
  ["a header without a colon", get("/healthz", "nonsense\r\n"), 400, "bad-request", [200]],
  ["a TLS hello", [Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1])], 400, "bad-request"],
  ["two empty lines before the request", `\r\n\r\n${get()}`, 400, "bad-request", [200]],
  // The request line.
  ["a missing version", `GET /healthz\r\n${host}\r\n`, 400, "bad-request", [0]],
  ["a missing target", `GET HTTP/1.1\r\n${host}\r\n`, 400, "bad-request"],
  ["two blanks in the request line", `GET  /healthz HTTP/1.1\r\n${host}\r\n`, 400, "bad-request", [200]],
  ["a blank in the target", `GET /a b HTTP/1.1\r\n${host}\r\n`, 400, "bad-request"],
  ["a tab in the request line", `GET\t/healthz HTTP/1.1\r\n${host}\r\n`, 400, "bad-request"],
  ["a blank at the end of the request line", `GET /healthz HTTP/1.1 \r\n${host}\r\n`, 400, "bad-request", [200]],
  ["HTTP/2.0", `GET /healthz HTTP/2.0\r\n${host}\r\n`, 505, "http-version-not-supported"],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http-version-not-supported", [400]],
  ["HTTP/1.2", `GET /healthz HTTP/1.2\r\n${host}\r\n`, 505, "http-version-not-supported", [200]],
  ["a version in small letters", `GET /healthz http/1.1\r\n${host}\r\n`, 505, "http-version-not-supported", [400]],
  ["a method in small letters", `get /healthz HTTP/1.1\r\n${host}\r\n`, 501, "not-implemented", [400]],
  ["an unknown method", `BREW /healthz HTTP/1.1\r\n${host}\r\n`, 501, "not-implemented"],
  ["a long method", `${"M".repeat(40)} /healthz HTTP/1.1\r\n${host}\r\n`, 501, "not-implemented"],
  ["TRACE", `TRACE / HTTP/1.1\r\n${host}\r\n`, 501, "not-implemented", [405]],
  ["CONNECT", `CONNECT api:80 HTTP/1.1\r\n${host}\r\n`, 501, "not-implemented", [400]],
  ["PUT in HTTP/1.0", `PUT /x HTTP/1.0\r\n${host}Content-Length: 0\r\n\r\n`, 505, "http-version-not-supported", [405]],
  // The target.
  ["a target that is no path", `GET healthz HTTP/1.1\r\n${host}\r\n`, 400, "bad-request"],
  ["GET *", `GET * HTTP/1.1\r\n${host}\r\n`, 400, "bad-request"],
  ["a fragment", `GET /healthz#a HTTP/1.1\r\n${host}\r\n`, 400, "bad-request"],
  ["an absolute target without a host", `GET http:///healthz HTTP/1.1\r\n${host}\r\n`, 400, "bad-request"],
  ["an absolute target with a user", `GET http://me@api/healthz HTTP/1.1\r\n${host}\r\n`, 400, "bad-request"],
  ["an absolute target of another scheme", `GET ftp://api/healthz HTTP/1.1\r\n${host}\r\n`, 400, "bad-request", [200]],
  // Host.
  ["no Host", "GET /healthz HTTP/1.1\r\n\r\n", 400, "bad-request"],
  ["no Host in HTTP/1.0", "GET /healthz HTTP/1.0\r\n\r\n", 400, "bad-request"],
  ["two Hosts", get("/healthz", host), 400, "bad-request"],
  ["two different Hosts", get("/healthz", "Host: other\r\n"), 400, "bad-request"],
  ["an empty Host", "GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", 400, "bad-request"],
  ["a Host with a blank", "GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "bad-request"],
  ["a Host with a path", "GET /healthz HTTP/1.1\r\nHost: api/x\r\n\r\n", 400, "bad-request"],
  ["a Host with a user", "GET /healthz HTTP/1.1\r\nHost: me@api\r\n\r\n", 400, "bad-request"],
  ["a Host with a port that is none", "GET /healthz HTTP/1.1\r\nHost: api:x\r\n\r\n", 400, "bad-request"],
  ["a Host with an open bracket", "GET /healthz HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "bad-request"],
  ["a list as Host", "GET /healthz HTTP/1.1\r\nHost: api, other\r\n\r\n", 400, "bad-request"],
  // Where a body ends.
  ["two lengths", `POST /x HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`, 400, "bad-request"],
  ["two different lengths", `POST /x HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`, 400, "bad-request"],
  ["a length with a sign", `POST /x HTTP/1.1\r\n${host}Content-Length: +1\r\n\r\na`, 400, "bad-request"],
  ["a negative length", `POST /x HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\na`, 400, "bad-request"],
  ["a list of lengths", `POST /x HTTP/1.1\r\n${host}Content-Length: 1, 1\r\n\r\na`, 400, "bad-request"],
  ["a hexadecimal length", `POST /x HTTP/1.1\r\n${host}Content-Length: 0x1\r\n\r\na`, 400, "bad-request"],
  ["an empty length", `POST /x HTTP/1.1\r\n${host}Content-Length:\r\n\r\n${smuggled}`, 400, "bad-request"],
  ["a length with a blank inside", `POST /x HTTP/1.1\r\n${host}Content-Length: 1 1\r\n\r\n${smuggled}`, 400, "bad-request"],
  ["a length beyond 64 bits", `POST /x HTTP/1.1\r\n${host}Content-Length: 18446744073709551617\r\n\r\n${smuggled}`, 400, "bad-request", [400, 413]],
  ["no length", `POST /x HTTP/1.1\r\n${host}\r\n`, 411, "length-required", [405]],
  ["a chunked body", `POST /x HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 411, "length-required", [405]],
  ["CL.TE", `POST /x HTTP/1.1\r\n${host}Content-Length: ${smuggled.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`, 400, "bad-request"],
  ["TE.CL", `POST /x HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`, 400, "bad-request"],
  ["two encodings", `POST /x HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${smuggled}`, 411, "length-required", [400]],
  ["an unknown encoding", `POST /x HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`, 411, "length-required", [501]],
  ["an encoding behind a blank", `POST /x HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`, 400, "bad-request"],
  ["an encoding behind a tab", `POST /x HTTP/1.1\r\n${host}Content-Length: 0\r\nTransfer-Encoding:\tchunked\r\n\r\n${smuggled}`, 400, "bad-request", [501]],
  ["an encoding in HTTP/1.0", `POST /x HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400, "bad-request"],
  ["an encoding on GET", get("/healthz", "Transfer-Encoding: chunked\r\n") + `0\r\n\r\n${smuggled}`, 400, "bad-request", [200]],
  ["a body on GET", [get("/healthz", `Content-Length: ${smuggled.length}\r\n`), smuggled], 400, "bad-request"],
  ["a body on GET in one segment", get("/healthz", `Content-Length: ${smuggled.length}\r\n`) + smuggled, 400, "bad-request"],
  ["a body on HEAD", `HEAD /healthz HTTP/1.1\r\n${host}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`, 400, "bad-request"],
  ["a body on DELETE", `DELETE /api/v1/x HTTP/1.1\r\n${host}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`, 400, "bad-request"],
  ["a body on OPTIONS", `OPTIONS /api/v1/x HTTP/1.1\r\n${host}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`, 400, "bad-request"],
  ["an unknown expectation", get("/healthz", "Expect: tea\r\n"), 417, "expectation-failed", [200]],
  ["two expectations in one", get("/healthz", "Expect: 100-continue, tea\r\n"), 417, "expectation-failed", [200]],
  // Too much.
  ["a long target", get(`/${long(1950)}`), 414, "uri-too-long", [404]],
  ["a target longer than any head", `GET /${long(40_000)}`, 414, "uri-too-long"],
  ["a huge head", `GET / HTTP/1.1\r\n${host}A: ${long(40_000)}`, 431, "headers-too-large"],
  ["too many lines", get("/healthz", "A: b\r\n".repeat(110)), 431, "headers-too-large"],
  ["a body too large, with its beginning", [`POST /x HTTP/1.1\r\n${host}Content-Length: 99999999\r\n\r\n`, long(60_000)], 413, "payload-too-large"],
  ["a body too large that asks first", `POST /x HTTP/1.1\r\n${host}Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n`, 413, "payload-too-large"],
];

export const badRequests: BadRequest[] = rows.map(([name, pieces, status, code, gateway]) => ({
  name,
  pieces: typeof pieces === "string" ? [pieces] : pieces,
  status,
  code,
  ...(gateway === undefined ? {} : { gateway }),
}));

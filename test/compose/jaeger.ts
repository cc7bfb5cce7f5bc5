// SPDX-License-Identifier: Apache-2.0
// Stands in for Jaeger where its image is not to be had: takes traces as OTLP over HTTP
// on 4318, reads them by the official definitions, answers GET /api/services and
// GET /api/traces/{id} on 16686 as Jaeger does, and its health on 14269. It keeps
// everything, and shows nothing.
import { createServer, type ServerResponse } from "node:http";
import { Collector } from "../lib/collector.ts";

const collector = new Collector();

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}

function trace(id: string): unknown {
  const spans = collector.trace(id);
  const services = [...new Set(spans.map((span) => span.service))];
  return {
    traceID: id,
    spans: spans.map((span) => ({ spanID: span.spanId, operationName: span.name, processID: `p${services.indexOf(span.service)}` })),
    processes: Object.fromEntries(services.map((service, at) => [`p${at}`, { serviceName: service }])),
  };
}

const query = createServer((request, response) => {
  const id = /^\/api\/traces\/([0-9a-f]{32})$/.exec(request.url ?? "")?.[1];
  if (request.url === "/api/services") {
    return answer(response, 200, { data: [...new Set(collector.spans.map((span) => span.service))].sort() });
  }
  if (!id || collector.trace(id).length === 0) return answer(response, 404, { errors: [{ code: 404, msg: "trace not found" }] });
  answer(response, 200, { data: [trace(id)] });
});

// Unhealthy once anything came that the definitions do not know.
const health = createServer((_request, response) => {
  answer(response, collector.faults.length === 0 ? 200 : 500, { faults: collector.faults.slice(0, 5) });
});

await collector.listen(4318, "0.0.0.0");
query.listen(16686);
health.listen(14269);
process.on("SIGTERM", () => process.exit(0));

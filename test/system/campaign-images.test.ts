// SPDX-License-Identifier: Apache-2.0
// Goal: an upload is an image, whole and nothing else, and is served as what it is.
// Method: real and false images of each type with true and false headers; bounds of
// size; preconditions; the served bytes and headers; the public document; the gateway.
import { createHash } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import type { Person } from "../lib/account.ts";
import { draftOf, manage, publishedOf } from "../lib/campaign.ts";
import { useStack } from "../lib/context.ts";
import { Http } from "../lib/http.ts";
import { jpeg, png, webp } from "../lib/image.ts";
import { until } from "../lib/until.ts";

const context = useStack();
let owner: Person;

beforeAll(async () => {
  owner = await context.login("owner");
});

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

const put = (http: Http, id: string, body: Buffer | string, type: string, match: Record<string, string> = { "If-Match": "*" }) =>
  http.call("PUT", `/api/v1/campaigns/${id}/image`, { body, headers: { "Content-Type": type, ...match } });

test("an image of each type is taken and served byte for byte", async () => {
  const { id } = await publishedOf(owner);
  const table: [Buffer, string, string][] = [[png(40, 30, { shade: 7 }), "image/png", "png"], [jpeg(640, 480), "image/jpeg", "jpg"], [webp(8192, 2), "image/webp", "webp"]];
  let created = true;
  for (const [bytes, type, suffix] of table) {
    const answer = await put(owner.http, id, bytes, type);
    expect([answer.status, answer.text]).toEqual([created ? 201 : 200, answer.text]);
    created = false;
    const url = `/api/v1/images/${sha256(bytes)}.${suffix}`;
    expect(answer.body).toMatchObject({ url, media_type: type });
    expect(answer.headers.get("location")).toBe(url);
    expect(answer.headers.get("etag")).toBe((await manage(owner, id)).headers.get("etag"));
    const served = await fetch(context.stack.url("API") + url);
    expect(Buffer.from(await served.arrayBuffer()).equals(bytes)).toBe(true);
    expect(served.headers.get("content-type")).toBe(type);
    expect(served.headers.get("x-content-type-options")).toBe("nosniff");
    expect(served.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(served.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const etag = served.headers.get("etag") ?? "";
    expect(etag).toBe(`"${sha256(bytes)}"`);
    const head = await context.http.call("HEAD", url);
    expect([head.status, head.headers.get("content-length"), head.text]).toEqual([200, String(bytes.length), ""]);
    expect((await context.http.get(url, { "If-None-Match": etag })).status).toBe(304);
    expect((await context.http.get(url, { Accept: "text/html" })).status).toBe(406);
    expect((await context.http.get(url, { Accept: "image/*" })).status).toBe(200);
  }
  const last = (await manage(owner, id)).body;
  await until("the image to be public", async () => {
    const { body } = await context.http.get<{ image: { url: string } | null }>(`/api/v1/campaigns/${id}`);
    return body.image?.url === last.image?.url;
  });
  expect(await context.sql.value("SELECT data #>> '{campaign,image,url}' FROM careforall.outbox WHERE campaign_id = $1 AND aggregate_type = 'campaign' ORDER BY id DESC LIMIT 1", [id])).toBe(last.image?.url);
});

test("what is no image, or not what it says, is refused", async () => {
  const { id } = await draftOf(owner);
  const whole = png();
  const table: [Buffer | string, string, number, string][] = [
    [whole, "image/gif", 415, ""],
    [whole, "image/svg+xml", 415, ""],
    [whole, "application/octet-stream", 415, ""],
    [whole, "application/json", 415, ""],
    [whole, "image/jpeg", 415, ""],
    [jpeg(), "image/webp", 415, ""],
    ["<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "image/png", 422, "not_an_image"],
    ["GIF89a\u0001\u0000\u0001\u0000", "image/png", 422, "not_an_image"],
    ["", "image/png", 422, "not_an_image"],
    [whole.subarray(0, whole.length - 1), "image/png", 422, "broken_image"],
    [Buffer.concat([whole, Buffer.from("PK\u0003\u0004 and an archive")]), "image/png", 422, "trailing_data"],
    [Buffer.concat([jpeg(), Buffer.from("<script>1</script>")]), "image/jpeg", 422, "trailing_data"],
    [Buffer.concat([webp(), Buffer.from("%PDF-1.7")]), "image/webp", 422, "trailing_data"],
    [png(8193, 1), "image/png", 422, "dimensions_out_of_range"],
    [png(0, 1), "image/png", 422, "dimensions_out_of_range"],
    [jpeg(8000, 5001), "image/jpeg", 422, "dimensions_out_of_range"],
  ];
  for (const [body, type, status, code] of table) {
    const answer = await put(owner.http, id, Buffer.from(body), type);
    const label = `${type} ${code}: ${answer.text}`;
    expect(answer.status, label).toBe(status);
    if (code !== "") expect(answer.body.errors, label).toMatchObject([{ pointer: "", code }]);
  }
  const packed = await put(owner.http, id, whole, "image/png", { "If-Match": "*", "Content-Encoding": "gzip" });
  expect(packed.status).toBe(415);
  expect((await manage(owner, id)).body.image).toBeNull();
});

test("two mebibytes are taken, one byte more is not, on both ways in", async () => {
  const { id } = await draftOf(owner);
  const gateway = new Http(context.stack, "GATEWAY").as(owner.token);
  const limit = 2 * 1024 * 1024;
  const fill = limit - png(4, 3, { fill: 0 }).length;
  for (const http of [owner.http, gateway]) {
    expect(png(4, 3, { fill })).toHaveLength(limit);
    expect((await put(http, id, png(4, 3, { fill }), "image/png")).status).toBeLessThan(300);
    const over = await put(http, id, png(4, 3, { fill: fill + 1 }), "image/png");
    expect([over.status, over.body.code]).toEqual([413, "payload-too-large"]);
  }
  const { image } = (await manage(owner, id)).body;
  const served = await fetch(context.stack.url("GATEWAY") + (image?.url ?? ""));
  expect(Buffer.from(await served.arrayBuffer())).toHaveLength(limit);
  const elsewhere = await gateway.call("PATCH", `/api/v1/campaigns/${id}`, { body: " ".repeat(200_000), headers: { "If-Match": "*" } });
  expect(elsewhere.status).toBe(413);
});

test("preconditions hold for images too", async () => {
  const { id } = await draftOf(owner);
  expect((await put(owner.http, id, png(), "image/png", {})).status).toBe(428);
  expect((await put(owner.http, id, png(), "image/png", { "If-Match": '"9-own"' })).status).toBe(412);
  expect((await put(owner.http, id, png(), "image/png", { "If-None-Match": "*" })).status).toBe(201);
  expect((await put(owner.http, id, png(), "image/png", { "If-None-Match": "*" })).status).toBe(412);
  expect((await put(owner.http, id, png(), "image/png", { "If-Match": '"2-own"' })).headers.get("etag")).toBe('"2-own"');
  const race = await Promise.all([1, 2, 3, 4, 5, 6].map((shade) => put(owner.http, id, png(4, 3, { shade }), "image/png", { "If-Match": '"2-own"' })));
  expect(race.map((answer) => answer.status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
  const remove = (match: Record<string, string>) => owner.http.call("DELETE", `/api/v1/campaigns/${id}/image`, { headers: match });
  expect((await remove({})).status).toBe(428);
  expect((await remove({ "If-Match": '"2-own"' })).status).toBe(412);
  expect((await remove({ "If-Match": '"3-own"' })).status).toBe(204);
  expect((await remove({ "If-Match": "*" })).status).toBe(404);
  const stranger = await context.login("owner");
  expect((await put(stranger.http, id, png(), "image/png")).status).toBe(404);
  expect((await put(context.http, id, png(), "image/png")).status).toBe(401);
});

test("names that are none lead nowhere", async () => {
  const hash = sha256(png());
  for (const name of [`${"0".repeat(64)}.png`, `${hash}.gif`, `${hash}.jpg`, `${hash.toUpperCase()}.png`, hash, `${hash}.png.png`, "..%2f..%2fetc%2fpasswd"]) {
    expect((await context.http.get(`/api/v1/images/${name}`)).status, name).toBe(404);
  }
  expect((await context.http.call("DELETE", `/api/v1/images/${hash}.png`)).status).toBe(405);
});

test("an image that nobody shows is purged after a day, and one that is shown stays", async () => {
  const { id } = await draftOf(owner);
  const [old, now] = [png(5, 5, { shade: 11 }), png(5, 5, { shade: 12 })];
  await put(owner.http, id, old, "image/png");
  await put(owner.http, id, now, "image/png");
  await context.sql.rows("UPDATE careforall.campaign_images SET uploaded_at = careforall.clock() - interval '25 hours' WHERE sha256 = ANY ($1)", [[old, now].map((b) => Buffer.from(sha256(b), "hex"))]);
  await context.sql.rows("SELECT * FROM careforall.purge()");
  expect((await context.http.get(`/api/v1/images/${sha256(old)}.png`)).status).toBe(404);
  expect((await context.http.get(`/api/v1/images/${sha256(now)}.png`)).status).toBe(200);
});

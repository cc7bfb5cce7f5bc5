// SPDX-License-Identifier: Apache-2.0
// Small images for uploads, made by hand.
import { crc32, deflateSync } from "node:zlib";

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  const sum = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A grey PNG; width and height may be a lie, fill makes it larger. */
export function png(width = 4, height = 3, options: { shade?: number; fill?: number } = {}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const rows = Buffer.alloc((Math.min(width, 64) + 1) * Math.min(height, 64), options.shade ?? 0);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    ...(options.fill === undefined ? [] : [chunk("tEXt", Buffer.alloc(options.fill, "x"))]),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The frame of a baseline JPEG; what its scan holds is noise. */
export function jpeg(width = 4, height = 3): Buffer {
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  return Buffer.from([
    0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8, ...size, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 1, 2, 3, 0xff, 0xd9,
  ]);
}

/** A lossless WebP. */
export function webp(width = 4, height = 3): Buffer {
  const data = Buffer.alloc(6);
  data[0] = 0x2f;
  data.writeUInt32LE((width - 1) | ((height - 1) << 14), 1);
  const out = Buffer.alloc(20 + data.length);
  out.write("RIFF", 0);
  out.writeUInt32LE(12 + data.length, 4);
  out.write("WEBPVP8L", 8);
  out.writeUInt32LE(5, 16);
  data.copy(out, 20);
  return out;
}

// The demo site's pictures and its large file, all made by arithmetic and the same at every start.

import { crc32, deflateSync } from "node:zlib";

const width = 320;
const height = 200;
const largeBytes = 5 * 1024 * 1024;

export const imageCount = 24;

export function svgImage(number: number): string {
  const hue = (number * 47) % 360;
  const swell = 110 + ((number * 13) % 40);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<rect width="${width}" height="${height}" fill="hsl(${hue} 55% 86%)"/>
<circle cx="${60 + ((number * 31) % 200)}" cy="58" r="26" fill="hsl(${(hue + 40) % 360} 80% 68%)"/>
<path d="M0 ${swell}q40 -24 80 0t80 0t80 0t80 0V${height}H0z" fill="hsl(${(hue + 180) % 360} 45% 48%)"/>
<path d="M0 ${swell + 28}q40 24 80 0t80 0t80 0t80 0V${height}H0z" fill="hsl(${(hue + 190) % 360} 50% 36%)"/>
</svg>
`;
}

/** A truecolour PNG of 8 bits a channel: header, one compressed block of rows, end (PNG §11.2). */
export function pngImage(number: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const rows = chunk("IDAT", deflateSync(pixels(number)));
  return Buffer.concat([signature, chunk("IHDR", header), rows, chunk("IEND", Buffer.alloc(0))]);
}

/** 5 MiB that do not compress, from a xorshift generator of a fixed seed; made when first asked for. */
export function largeFile(): Buffer {
  large ??= noise(largeBytes);
  return large;
}

let large: Buffer | undefined;

function noise(size: number): Buffer {
  const words = new Uint32Array(size / 4);
  let state = 0x7169_6465;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return Buffer.from(words.buffer);
}

/** Rows of RGB, each after a filter byte of 0 (none). */
function pixels(number: number): Buffer {
  const stride = 1 + width * 3;
  const rows = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const wave = Math.sin((x + number * 23) / 26) * 9;
      const isSea = y > 120 + wave;
      const shade = isSea ? 200 - y : 255 - (y >> 1);
      const colour = isSea ? [shade >> 2, shade, shade + 40] : [shade, shade - ((number * 11) % 60), 190];
      rows.set(colour, y * stride + 1 + x * 3);
    }
  }
  return rows;
}

function chunk(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.byteLength);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, checksum]);
}

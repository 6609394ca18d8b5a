// Bytes as one-character-a-byte strings: what the embedded store keeps, compares and uses as map keys.

export function toBinary(bytes: string | Buffer): string {
  if (typeof bytes !== "string") return bytes.toString("latin1");
  return isAscii(bytes) ? bytes : Buffer.from(bytes, "utf8").toString("latin1");
}

/** Text for people out of binary: what is not UTF-8 becomes U+FFFD. */
export function toText(binary: string): string {
  return isAscii(binary) ? binary : Buffer.from(binary, "latin1").toString("utf8");
}

export function isAscii(text: string): boolean {
  return Buffer.byteLength(text, "utf8") === text.length;
}

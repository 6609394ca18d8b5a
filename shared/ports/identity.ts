// Digests, signatures and random tokens.

export interface Digest {
  /** Lower-case hexadecimal SHA-256 of UTF-8 text. */
  sha256Hex(text: string): Promise<string>;
  /** SHA-256 of the concatenated parts, base64. */
  sha256Base64(parts: readonly (string | Uint8Array)[]): Promise<string>;
  /** Lower-case hexadecimal HMAC-SHA-256. */
  hmacHex(key: string, text: string): Promise<string>;
}

/** What has been worked out before is at hand: a promise of it would cost each look beyond memory some microseconds. */
export interface RememberedDigest extends Omit<Digest, "sha256Hex"> {
  sha256Hex(text: string): string | Promise<string>;
}

export interface Random {
  /** An unguessable token of 128 bits or more, safe in URLs. */
  token(): string;
  /** In [0, 1). */
  unit(): number;
}

// Base64 of bodies: the runtime's own where it has one.

interface NativeBytes {
  toBase64?(): string;
}
interface NativeDecoder {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}

/** Octets turned into text in one call: engines take no more arguments than some ten thousands. */
const CHUNK = 0x8000;

export function encodeBase64(bytes: Uint8Array): string {
  const native = bytes as NativeBytes;
  if (native.toBase64 !== undefined) return native.toBase64();
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK)
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

/** Null where the text is not base64: a damaged value is a finding, not an exception. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const native = Uint8Array as unknown as NativeDecoder;
    if (native.fromBase64 !== undefined) return native.fromBase64(text);
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

// Values as octets and back: what is kept is a copy that nobody can change, the same whichever tier it comes from.

import { TidegateError } from "../tidegate-error.ts";

/** How values become octets. Both sides of every process that shares a namespace must agree on it. */
export interface Serializer {
  /** Part of what is stored: a value that another serializer made is not read. 1 to 32 characters. */
  readonly name: string;
  encode(value: unknown): Uint8Array | string;
  decode(octets: Uint8Array): unknown;
}

/** Octets for the mid-tier, and the value as every reader gets it. */
export interface Packed {
  readonly octets: Uint8Array<ArrayBuffer>;
  readonly value: unknown;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Objects, arrays, texts, numbers, booleans, `null` and `undefined`, as JSON (RFC 8259) keeps them; `Uint8Array` as it is, and Node's `Buffer` as one. */
export const jsonSerializer: Serializer = {
  name: "json",
  encode(value) {
    if (value === undefined) return "u";
    if (value instanceof Uint8Array) {
      const octets = new Uint8Array(value.length + 1);
      octets[0] = 98; // "b"
      octets.set(value, 1);
      return octets;
    }
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`a ${typeof value} is no JSON value`);
    return `j${text}`;
  },
  decode(octets) {
    switch (octets[0]) {
      case 117: // "u"
        return undefined;
      case 98: // "b"
        return octets.slice(1);
      case 106: // "j"
        return JSON.parse(decoder.decode(octets.subarray(1)));
      default:
        throw new TypeError("these octets are no value of this serializer");
    }
  },
};

/** Throws `not-serializable` where the serializer can't. */
export function pack(serializer: Serializer, value: unknown): Packed {
  try {
    const encoded = serializer.encode(value);
    const octets = new Uint8Array(typeof encoded === "string" ? encoder.encode(encoded) : encoded);
    // Read back at once: a value looks the same to whoever loaded it as to whoever finds it in a cache.
    return { octets, value: frozen(serializer.decode(octets)) };
  } catch (cause) {
    throw new TidegateError("not-serializable", "The value can't be kept by this serializer.", { cause });
  }
}

/** Null where the octets are none of the serializer's: damaged, or made by another. */
export function unpack(serializer: Serializer, octets: Uint8Array<ArrayBuffer>): Packed | null {
  try {
    return { octets, value: frozen(serializer.decode(octets)) };
  } catch {
    return null;
  }
}

/** As a reader gets it: views of memory can't be frozen, so that each has octets of his own. What is frozen is shared. */
export function handedOut(value: unknown): unknown {
  if (!ArrayBuffer.isView(value)) return value;
  // Not the value's own method: that of Node's `Buffer` copies nothing.
  return value instanceof Uint8Array ? Uint8Array.prototype.slice.call(value) : structuredClone(value);
}

/** All that reads a value near shares it: who changed it would change everybody's. */
function frozen(value: unknown): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value))
    return value;
  for (const key of Reflect.ownKeys(value)) frozen((value as Record<PropertyKey, unknown>)[key]);
  return Object.freeze(value);
}

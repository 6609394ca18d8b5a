// Hostile header text: pieces that mean something, put together as no specification would.

import { constantFrom, string } from "fast-check";
import { httpDate, NOON } from "./samples.ts";

/** Pieces of which hostile values are made: syntax, numbers, words that mean something, octets that may not be there. */
const SYNTAX = [",", ", ,", "=", ";", " ", "\t", "\\", "(", ")", ":", "*", "?1", "-", ".", "'", "=="];
const NUMBERS = [
  "0",
  "5",
  "60",
  "-60",
  "1.5",
  "1e9",
  "2147483649",
  "9".repeat(400),
  "0x10",
  "٦٠",
  "NaN",
  "Infinity",
];
const WORDS = [
  ...[
    "max-age",
    "s-maxage=60",
    "max-age=",
    "stale-while-revalidate=",
    "stale-if-error=9",
    "public",
    "no-cache",
  ],
  ...[
    "must-revalidate",
    "immutable",
    "gzip",
    "a",
    "__proto__",
    "constructor=1",
    "toString",
    "GMT",
    httpDate(NOON),
  ],
];
const OCTETS = ["\0", "\x01", "\x7f", "\r", "\n", "\u00a0", "é", "\u2028", "\ud800", "😀"];
const QUOTES = ['"', '"', '\\"', '"a, b"', '"no-store"'];

/** Any text made of them. */
export const hostile = () =>
  string({ unit: constantFrom(...SYNTAX, ...NUMBERS, ...WORDS, ...OCTETS, ...QUOTES), maxLength: 12 });

/** Cache-Control text that closes its quotes, and lets nobody off no-store (RFC 9111 §5.2.2.3). */
export function balanced() {
  const word = constantFrom(...WORDS, ...NUMBERS, ...OCTETS, ",", "=", " ", '"a, b"', '"\\""', 'ext="x"');
  return string({ unit: word, maxLength: 8 });
}

/** Its letters in capitals where the bits say so. */
export const inCase = (name: string, bits: number): string =>
  [...name].map((char, i) => ((bits >> (i % 31)) & 1 ? char.toUpperCase() : char)).join("");

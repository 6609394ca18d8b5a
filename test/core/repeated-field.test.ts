// Fields that a JSON text gives twice, and texts in which there is none.

import { expect, test } from "vitest";
import { repeatedField } from "../../shared/wire/repeated-field.ts";

test.each([
  ['{"a":1,"a":2}', "/a"],
  ['{"a":1,"b":{"c":[],"d":"}","c":0}}', "/b/c"],
  ['{"rows":[{"id":"a"},{"id":"b","ttl":1,"ttl":2}]}', "/rows/1/ttl"],
  ['[{"a":1},{"a":1,\n "a" : 2}]', "/1/a"],
  ['{"a":1,"\\u0061":2}', "/a"],
  ['{"a/b~":1,"a/b~":2}', "/a~1b~0"],
  ['{"":1,"":2}', "/"],
  ['{"__proto__":1,"__proto__":2}', "/__proto__"],
])("%s gives %s twice", (text, pointer) => {
  expect(repeatedField(text)).toBe(pointer);
});

test.each([
  ['{"a":{"a":{"a":"a"}},"b":"a"}'],
  ['[{"a":1},{"a":1},["a","a"]]'],
  ['{"a":"b\\",\\"a\\":","c":"\\\\"}'],
  ['{"1 a":1,"a":{"a":1}}'],
  ['"a"'],
  [""],
  ['{"a":1,"a'],
  ["}}]],,::"],
  ['{"\\x":1,"\\x":2}'],
])("%s gives none twice", (text) => {
  expect(repeatedField(text)).toBeNull();
});

const MIB = 1 << 20;

test.each([
  ["a string without an end, of escaped quotes", `"${'\\"'.repeat(MIB / 2)}`],
  ["lists in lists", "[".repeat(MIB)],
  ["objects in objects", '{"a":'.repeat(MIB / 5)],
  [
    "many fields",
    `{${Array.from({ length: MIB / 10 }, (_, at) => `"${String(at).padStart(6, "0")}":1`).join()}}`,
  ],
])("1 MiB of %s is read once", (_, text) => {
  const began = performance.now();
  expect(repeatedField(text)).toBeNull();
  expect(performance.now() - began).toBeLessThan(2000);
});

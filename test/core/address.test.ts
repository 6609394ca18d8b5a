// Which addresses lead out into the world: every form in which the others can be written.

import { describe, expect, test } from "vitest";
import { isWithin, realmOfAddress, realmOfName } from "../../shared/core/address.ts";

describe("an address", () => {
  test.each([
    ["93.184.216.34", "public"],
    ["100.63.0.1", "public"],
    ["172.15.0.1", "public"],
    ["2606:2800:220:1:248:1893:25c8:1946", "public"],
    ["[2606:2800::1]", "public"],
    ["::ffff:93.184.216.34", "public"],
    ["127.0.0.1", "loopback"],
    ["127.255.1.2", "loopback"],
    ["[::1]", "loopback"],
    ["0:0:0:0:0:0:0:1", "loopback"],
    ["::ffff:127.0.0.1", "loopback"],
    ["::ffff:7f00:1", "loopback"],
    ["64:ff9b::7f00:1", "loopback"],
    ["169.254.169.254", "private"],
    ["::ffff:169.254.169.254", "private"],
    ["2002:a9fe:a9fe::1", "private"],
    ["10.0.0.1", "private"],
    ["100.64.0.1", "private"],
    ["172.31.255.255", "private"],
    ["192.168.1.1", "private"],
    ["198.18.0.1", "private"],
    ["0.0.0.0", "private"],
    ["224.0.0.1", "private"],
    ["255.255.255.255", "private"],
    ["::", "private"],
    ["fe80::1%lo", "private"],
    ["fd00:ec2::254", "private"],
    ["ff02::1", "private"],
    ["2001:db8::1", "private"],
  ])("%s is %s", (text, realm) => expect(realmOfAddress(text)).toBe(realm));

  test.each([
    "example.com",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "1::2::3",
    "1:2:3",
    "g::1",
    "1:2:3:4:5:6:7:8:9",
  ])("%s is none", (text) => expect(realmOfAddress(text)).toBeNull());
});

test.each([
  ["example.com", "public"],
  ["localhost", "loopback"],
  ["api.LocalHost.", "loopback"],
  ["backend", "private"],
  ["metadata.google.internal", "private"],
  ["printer.local", "private"],
  ["router.home.arpa", "private"],
])("the name %s is %s by its form", (name, realm) => expect(realmOfName(name)).toBe(realm));

test("loopback does not open what lies beyond it", () => {
  expect((["none", "loopback", "all"] as const).map((reach) => isWithin(reach, "loopback"))).toEqual([
    ...[false, true, true],
  ]);
  expect((["none", "loopback", "all"] as const).map((reach) => isWithin(reach, "private"))).toEqual([
    ...[false, false, true],
  ]);
  expect(isWithin("none", "public")).toBe(true);
});

// Where an IP address leads: out into the world, or back into somebody's own network, where edges must not be sent.

export type Realm = "public" | "loopback" | "private";

/** Which of them origins may be in beside the world: nothing, this machine, or any network. */
export const REACHES = ["none", "loopback", "all"] as const;
export type Reach = (typeof REACHES)[number];

export const isWithin = (reach: Reach, realm: Realm): boolean =>
  realm === "public" || reach === "all" || (reach === "loopback" && realm === "loopback");

/** Null where the text is a name and no address. IPv6 with or without brackets, as URLs and resolvers write it. */
export function realmOfAddress(text: string): Realm | null {
  const bare = text.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const four = parseIpv4(bare);
  if (four !== null) return realmOfIpv4(four);
  const groups = parseIpv6(bare);
  return groups === null ? null : realmOfIpv6(groups);
}

/** Names that by their form belong to no public host (RFC 6761, RFC 6762, RFC 8375, `.internal`); others have to be looked up. */
export function realmOfName(name: string): Realm {
  const labels = name.toLowerCase().replace(/\.$/, "").split(".");
  const last = labels.at(-1) ?? "";
  if (last === "localhost") return "loopback";
  if (labels.length === 1 || ["local", "internal", "intranet", "lan", "corp", "private"].includes(last))
    return "private";
  return labels.slice(-2).join(".") === "home.arpa" ? "private" : "public";
}

type Ipv4 = readonly [number, number, number, number];

function parseIpv4(text: string): Ipv4 | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1).map(Number);
  return [a, b, c, d].every((octet) => octet <= 255) ? [a, b, c, d] : null;
}

/** The IANA registry of special-purpose addresses: whatever is not globally reachable. */
function realmOfIpv4([a, b, c]: Ipv4): Realm {
  if (a === 127) return "loopback";
  const special =
    a === 0 ||
    a === 10 ||
    (a === 100 && b >= 64 && b < 128) ||
    // Link-local, which is where clouds keep their metadata.
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 0 && (c === 0 || c === 2)) ||
    (a === 192 && b === 168) ||
    (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) ||
    (a === 203 && b === 0 && c === 113) ||
    a >= 224;
  return special ? "private" : "public";
}

/** Eight groups of 16 bits; null where the text is no IPv6 address. */
function parseIpv6(text: string): readonly number[] | null {
  if (!text.includes(":")) return null;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const four = dotted === null ? null : parseIpv4(dotted[2] ?? "");
  if (dotted !== null && four === null) return null;
  const [a = 0, b = 0, c = 0, d = 0] = four ?? [];
  const whole =
    four === null ? text : `${dotted?.[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  const halves = whole.split("::");
  if (halves.length > 2) return null;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array<string>(halves.length === 2 ? missing : 0).fill("0"), ...tail];
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : null;
}

function realmOfIpv6(groups: readonly number[]): Realm {
  const [first = 0, second = 0] = groups;
  const zerosBefore = (end: number): boolean => groups.slice(0, end).every((group) => group === 0);
  if (zerosBefore(7) && groups[7] === 1) return "loopback";
  // IPv4 in IPv6: mapped, compatible, translated (RFC 6052) and 6to4 lead where the IPv4 address does.
  const mapped = zerosBefore(5) && groups[5] === 0xffff;
  if (mapped || zerosBefore(6) || (first === 0x64 && second === 0xff9b))
    return realmOfIpv4(ipv4In(groups, 6));
  if (first === 0x2002) return realmOfIpv4(ipv4In(groups, 1));
  const globalUnicast = (first & 0xe000) === 0x2000;
  const reserved = first === 0x2001 && (second < 0x200 || second === 0xdb8);
  return globalUnicast && !reserved ? "public" : "private";
}

function ipv4In(groups: readonly number[], at: number): Ipv4 {
  const [high = 0, low = 0] = groups.slice(at, at + 2);
  return [high >> 8, high & 255, low >> 8, low & 255];
}

// What an invalidation leaves out that whoever asks for it may take to be in it.

import type { Site } from "../../shared/core/routing.ts";
import type { Fault } from "../../shared/wire/json.ts";
import type { InvalidateBody } from "./request.ts";

const HOW = {
  urls: (host: string) => `https://${host}/path`,
  prefixes: (host: string) => `${host}/path`,
} as const;

/** On a site that serves every Host a path can't be refused for naming none: most have one host, and no name for it. */
export function invalidationWarnings(body: InvalidateBody, { hosts, canonicalHost }: Site): Fault[] {
  if (!hosts.includes("*")) return [];
  return (["urls", "prefixes"] as const).flatMap((kind) => {
    const index = body[kind]?.findIndex((text) => text.startsWith("/")) ?? -1;
    if (index < 0) return [];
    const message =
      `names the path on ${canonicalHost} alone: what other hosts of the site were asked for is not hit. ` +
      `Name those as ${HOW[kind]("host")}, or all that a host has by \`hosts\``;
    return [{ pointer: `/${kind}/${index}`, message }];
  });
}

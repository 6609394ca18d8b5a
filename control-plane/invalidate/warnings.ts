// What an invalidation leaves out that whoever asks for it may take to be in it.

import type { Site } from "../../shared/core/routing.ts";
import type { Fault } from "../../shared/wire/json.ts";
import type { InvalidateBody } from "./request.ts";

const HOW = {
  urls: (host: string) => `https://${host}/path`,
  prefixes: (host: string) => `${host}/path`,
} as const;

export const invalidationWarnings = (body: InvalidateBody, site: Site): Fault[] => [
  ...onOneHost(body, site),
  ...severalInOne(body),
];

/** On a site that serves every Host a path can't be refused for naming none: most have one host, and no name for it. */
function onOneHost(body: InvalidateBody, { hosts, canonicalHost }: Site): Fault[] {
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

/** Groups (RFC 9875) may be called so, and an answer of `Cache-Tag` may have spaces in a tag: it can't be refused. */
function severalInOne({ tags = [] }: InvalidateBody): Fault[] {
  const index = tags.findIndex((tag) => /[\s,]/.test(tag));
  if (index < 0) return [];
  const message = `${JSON.stringify(tags[index])} is one tag, whose name holds a comma or a space: several are named one by one`;
  return [{ pointer: `/tags/${index}`, message }];
}

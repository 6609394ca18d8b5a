// What may come next in a line: commands, flags, their values, and names that only the control plane knows.

import type { Command, Option } from "commander";
import type { ControlClient } from "../../client/control-client.ts";
import { optionsOf, placeOf } from "./place.ts";

export interface Candidate {
  readonly text: string;
  /** One line; empty where there is nothing to say. */
  readonly about: string;
}

/** `files`: whatever the shell itself completes paths with. */
export type Candidates =
  | { readonly kind: "list"; readonly list: readonly Candidate[] }
  | { readonly kind: "files" };

/** What is known beyond the commands themselves; each gives nothing where it can't be had in time. */
export interface Names {
  readonly client: ControlClient | null;
  readonly profiles: readonly string[];
  readonly deadlineMs: number;
}

type Lookup = (client: ControlClient, deadlineMs: number) => Promise<readonly Candidate[]>;

const named = (items: readonly string[]): Candidate[] => items.map((text) => ({ text, about: "" }));

const SOURCES = {
  sites: async (client, deadlineMs) =>
    (await client.sites.list({}, { deadlineMs })).items.map(({ site }) => ({
      text: site.name,
      about: site.hosts.join(" "),
    })),
  edges: async (client, deadlineMs) =>
    (await client.edges.list({}, { deadlineMs })).items.map(({ id, state, url }) => ({
      text: id,
      about: `${state}, ${url}`,
    })),
  classes: async (client, deadlineMs) => {
    const { items } = await client.policies.list({}, { deadlineMs });
    const own = items.map(({ policy }) => policy.class).filter((name) => !BUILT_IN.includes(name));
    return named([...BUILT_IN, ...new Set(own)]);
  },
  policies: async (client, deadlineMs) =>
    (await client.policies.list({}, { deadlineMs })).items.map(({ policy: { id, key_pattern } }) => ({
      text: id,
      about: key_pattern,
    })),
  hosts: async (client, deadlineMs) =>
    named(
      (await client.sites.list({}, { deadlineMs })).items.flatMap(({ site }) =>
        site.hosts.filter((host) => !host.includes("*")),
      ),
    ),
  receipts: async (client, deadlineMs) =>
    (await client.invalidations.list({}, { deadlineMs })).items.map(({ id, state, acceptedAt }) => ({
      text: id,
      about: `${state}, ${acceptedAt}`,
    })),
  warmups: async (client, deadlineMs) =>
    (await client.warmups.list({}, { deadlineMs })).items.map(({ id, state }) => ({
      text: id,
      about: state,
    })),
  journal: async (client, deadlineMs) =>
    (await client.journal.list({}, { deadlineMs })).items.map(({ id, state, url }) => ({
      text: id,
      about: `${state}, ${url}`,
    })),
  shards: async (client, deadlineMs) =>
    (await client.shards.list({ deadlineMs })).items.map(({ id, state }) => ({ text: id, about: state })),
  tokens: async (client, deadlineMs) =>
    (await client.tokens.list({}, { deadlineMs })).items.map(({ id, name }) => ({ text: id, about: name })),
  experiments: async (client, deadlineMs) =>
    (await client.chaos.list({}, { deadlineMs })).items.map(({ id, state, experiment }) => ({
      text: id,
      about: `${experiment}, ${state}`,
    })),
  targets: async (client, deadlineMs) => {
    const { items } = await client.chaos.catalogue({ deadlineMs });
    return named([...new Set(items.flatMap(({ targets }) => targets))]);
  },
  alerts: async (client, deadlineMs) =>
    (await client.alerts.list({ state: "firing" }, { deadlineMs })).items.map(({ id, title }) => ({
      text: id,
      about: title,
    })),
} as const satisfies Record<string, Lookup>;

type Source = keyof typeof SOURCES;

const BUILT_IN = ["hot", "session", "immutable", "standard"];

const OF_FLAGS: Readonly<Record<string, Source>> = {
  ...{ site: "sites", confirm: "sites", edge: "edges", class: "classes", host: "hosts" },
  ...{ target: "targets", job: "warmups", cancel: "warmups" },
};

const OF_ARGUMENTS: Readonly<Record<string, Source>> = {
  ...{ "receipts id": "receipts", "policies get id": "policies", "policies delete id": "policies" },
  ...{ "sites get name": "sites", "sites put name": "sites", "sites delete name": "sites" },
  ...{ "journal show id": "journal", "journal retry id": "journal", "journal drop id": "journal" },
  ...{ "shards put id": "shards", "tokens revoke id": "tokens", "alerts ack id": "alerts" },
  ...{ "chaos show id": "experiments", "chaos abort id": "experiments" },
};

const FILES = new Set(["file", "config", "tokenFile", "manifestNew", "manifestOld"]);

export async function candidatesFor(
  program: Command,
  words: readonly string[],
  names: Names,
): Promise<Candidates> {
  const place = placeOf(program, words);
  switch (place.kind) {
    case "command":
      return matching(
        place.command.commands
          .filter((each) => !each.name().startsWith("_"))
          .map((each) => ({ text: each.name(), about: each.description() })),
        place.typed,
      );
    case "flag":
      return matching(flagsOf(place.command, place.given), place.typed);
    case "value":
      return valuesOf(place.option, place.typed, names);
    case "argument": {
      const { argument, typed } = place;
      if (argument.argChoices !== undefined) return matching(named(argument.argChoices), typed);
      const source = OF_ARGUMENTS[`${pathOf(place.command)} ${argument.name()}`];
      return source === undefined ? matching([], typed) : matching(await asked(source, names), typed);
    }
    case "nothing":
      return matching([], "");
  }
}

async function valuesOf(option: Option, typed: string, names: Names): Promise<Candidates> {
  const name = option.attributeName();
  if (FILES.has(name)) return { kind: "files" };
  const values =
    option.argChoices !== undefined
      ? named(option.argChoices)
      : name === "profile"
        ? named(names.profiles)
        : OF_FLAGS[name] === undefined
          ? []
          : await asked(OF_FLAGS[name], names);
  // Several by commas: what stands before the last one stays.
  const before = typed.slice(0, typed.lastIndexOf(",") + 1);
  return matching(
    values.map(({ text, about }) => ({ text: before + text, about })),
    typed,
  );
}

function flagsOf(command: Command, given: ReadonlySet<string>): Candidate[] {
  const isRepeatable = (option: Option): boolean => option.description.includes("may be repeated");
  return optionsOf(command)
    .filter((option) => !option.hidden && (!given.has(option.attributeName()) || isRepeatable(option)))
    .map(({ long, short, description }) => ({ text: long ?? short ?? "", about: description }))
    .concat([{ text: "--help", about: "what it does, with examples" }]);
}

async function asked(source: Source, { client, deadlineMs }: Names): Promise<readonly Candidate[]> {
  if (client === null) return source === "classes" ? named(BUILT_IN) : [];
  // Whoever is typing wants no error: what can't be had is not offered.
  return SOURCES[source](client, deadlineMs).catch(() => (source === "classes" ? named(BUILT_IN) : []));
}

function matching(list: readonly Candidate[], typed: string): Candidates {
  const fits = list.filter(({ text }) => text.startsWith(typed) && text !== "");
  return { kind: "list", list: [...new Map(fits.map((each) => [each.text, each])).values()] };
}

const pathOf = (command: Command): string =>
  command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();

// `tidegate.toml`: read whole or refused whole, each mistake by its key and line.

import { dirname, isAbsolute, join } from "node:path";
import { parse, TomlError } from "smol-toml";
import { usageError } from "../exit.ts";
import type { Surroundings } from "../surroundings.ts";
import { CHOICES, SETTING_KEYS, type SettingName } from "./keys.ts";

export type Layer = Readonly<Partial<Record<SettingName, string>>>;

export interface ConfigFile {
  readonly path: string;
  /** Which profile holds where nobody names one; null where none does. */
  readonly profile: string | null;
  readonly top: Layer;
  readonly profiles: ReadonlyMap<string, Layer>;
}

/** The first that there is of those in which it may be; where one is named, that one or an error. */
export async function readConfig(
  surroundings: Pick<Surroundings, "readText" | "configFiles" | "home">,
  named: string | null,
): Promise<ConfigFile | null> {
  if (named !== null) {
    const text = await surroundings.readText(named).catch((error: NodeJS.ErrnoException) => {
      throw usageError(`--config ${named} can't be read: ${error.code ?? error.message}`);
    });
    return parseConfig(text, { path: named, home: surroundings.home });
  }
  for (const path of surroundings.configFiles) {
    const text = await surroundings.readText(path).catch(unlessMissing(path));
    if (text !== null) return parseConfig(text, { path, home: surroundings.home });
  }
  return null;
}

const unlessMissing =
  (path: string) =>
  ({ code, message }: NodeJS.ErrnoException): null => {
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw usageError(`${path} can't be read: ${code ?? message}`);
  };

interface Place {
  readonly path: string;
  readonly home: string | null;
}

export function parseConfig(text: string, place: Place): ConfigFile {
  const { profile = null, profiles = {}, ...rest } = parsed(text, place);
  const wrong = (table: string, key: string, message: string): never => {
    const line = lineOf(text, table, key);
    const name = table === "" ? key : `${table}.${key}`;
    throw usageError(`${place.path}${line === null ? "" : `:${line}`}: ${name} ${message}`);
  };
  if (profile !== null && typeof profile !== "string") wrong("", "profile", "must be text");
  if (!isTable(profiles)) return wrong("", "profiles", "must be tables, such as [profiles.production]");
  const layers = new Map<string, Layer>();
  for (const [name, fields] of Object.entries(profiles)) {
    if (!isTable(fields)) return wrong("profiles", name, "must be a table");
    layers.set(name, layerOf(fields, { ...place, table: `profiles.${name}`, wrong }));
  }
  const top = layerOf(rest, { ...place, table: "", wrong });
  if (profile !== null && !layers.has(String(profile)))
    wrong("", "profile", `names ${JSON.stringify(profile)}, which is no profile of this file`);
  return { path: place.path, profile: profile === null ? null : String(profile), top, profiles: layers };
}

function parsed(text: string, { path }: Place): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = ""] = error.message.split("\n", 1);
    throw usageError(
      `${path}:${error.line}:${error.column}: ${what.replace(/^Invalid TOML document: /, "")}`,
    );
  }
}

interface Layering extends Place {
  readonly table: string;
  readonly wrong: (table: string, key: string, message: string) => never;
}

function layerOf(fields: Record<string, unknown>, { path, home, table, wrong }: Layering): Layer {
  const layer: Partial<Record<SettingName, string>> = {};
  for (const [key, value] of Object.entries(fields)) {
    const known = SETTING_KEYS.find(({ name }) => name === key);
    if (known === undefined)
      return wrong(table, key, `is not known; known are ${SETTING_KEYS.map(({ name }) => name).join(", ")}`);
    if (typeof value !== "string" || value === "") return wrong(table, key, "must be text that is not empty");
    const choices = CHOICES[known.name];
    if (choices !== undefined && !choices.includes(value))
      return wrong(table, key, `must be one of ${choices.join(", ")}`);
    layer[known.name] = known.name === "token-file" ? fromHere(value, { path, home }) : value;
  }
  if (layer.token !== undefined && layer["token-file"] !== undefined)
    return wrong(table, "token-file", "and token exclude each other");
  return layer;
}

/** Paths in the file are seen from where it lies. */
function fromHere(file: string, { path, home }: Place): string {
  if (home !== null && /^~[/\\]/.test(file)) return join(home, file.slice(2));
  return isAbsolute(file) ? file : join(dirname(path), file);
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Where a key of a table stands; null where it is written in a way that is not found, as in an inline table. */
function lineOf(text: string, table: string, key: string): number | null {
  let within = "";
  for (const [index, line] of text.split("\n").entries()) {
    const header = /^\s*\[+\s*([^\]]+?)\s*\]+/.exec(line)?.[1]?.replace(/["'\s]/g, "");
    if (header !== undefined) {
      within = header;
      if (within === (table === "" ? key : `${table}.${key}`) || within.startsWith(`${key}.`))
        return index + 1;
      continue;
    }
    const name = /^\s*["']?([\w.-]+)["']?(?:\s*\.[^=]*)?\s*=/.exec(line)?.[1];
    if (name !== undefined && within === table && (name === key || name.startsWith(`${key}.`)))
      return index + 1;
  }
  return null;
}

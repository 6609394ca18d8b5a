// What a run of the command line goes by, and where each of it comes from: flag, environment, `tidegate.toml`, default.

import { usageError } from "../exit.ts";
import type { Surroundings } from "../surroundings.ts";
import { type ConfigFile, readConfig } from "./file.ts";
import { CHOICES, SETTING_KEYS, type SettingKey, type SettingName } from "./keys.ts";

/** What commander has read of the flags that every command has. */
export interface SettingFlags {
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly json?: true;
  readonly color?: string;
  readonly config?: string;
  readonly profile?: string;
  /** Where a command has it; of several it is the command's own affair. */
  readonly site?: string | readonly string[];
}

export interface Setting {
  readonly value: string;
  /** As a person finds it: `--url`, `TIDEGATE_URL`, `tidegate.toml`, `tidegate.toml [profiles.x]`, `the default`. */
  readonly from: string;
  readonly layer: "flag" | "env" | "profile" | "file" | "default";
}

export interface Settings {
  readonly url: Setting;
  /** Null where nothing says: then commands say it. */
  readonly site: Setting | null;
  readonly output: Setting;
  readonly color: Setting;
  readonly file: ConfigFile | null;
  readonly profile: Setting | null;
}

const DEFAULTS: Readonly<Partial<Record<SettingName, string>>> = {
  url: "http://127.0.0.1:8780",
  output: "text",
  color: "auto",
};

type Given = Pick<Surroundings, "env" | "readText" | "configFiles" | "home">;

export async function readSettings(flags: SettingFlags, surroundings: Given): Promise<Settings> {
  const { env } = surroundings;
  const file = await readConfig(surroundings, flags.config ?? env.TIDEGATE_CONFIG ?? null);
  const profile = profileOf(flags, env, file);
  const sought: Sought = { flags, env, file, profile };
  const one = (name: SettingName): Setting | null => settingFor(name, sought);
  const sure = (name: SettingName): Setting => one(name) ?? defaultOf(name);
  return { url: sure("url"), site: one("site"), output: sure("output"), color: sure("color"), file, profile };
}

const defaultOf = (name: SettingName): Setting => ({
  value: DEFAULTS[name] ?? "",
  from: "the default",
  layer: "default",
});

function profileOf(flags: SettingFlags, env: Surroundings["env"], file: ConfigFile | null): Setting | null {
  const found: Setting | null =
    flags.profile !== undefined
      ? { value: flags.profile, from: "--profile", layer: "flag" }
      : env.TIDEGATE_PROFILE
        ? { value: env.TIDEGATE_PROFILE, from: "TIDEGATE_PROFILE", layer: "env" }
        : file?.profile
          ? { value: file.profile, from: file.path, layer: "file" }
          : null;
  if (found === null || file?.profiles.has(found.value) === true) return found;
  const there = [...(file?.profiles.keys() ?? [])].join(", ");
  throw usageError(
    file === null
      ? `${found.from}: there is no tidegate.toml that could have the profile ${found.value}`
      : `${found.from}: ${file.path} has no profile ${found.value}${there === "" ? "" : `; it has ${there}`}`,
  );
}

export interface Sought {
  readonly flags: SettingFlags;
  readonly env: Surroundings["env"];
  readonly file: ConfigFile | null;
  readonly profile: Setting | null;
}

/** Null where neither flag, environment nor file says anything. */
export function settingFor(name: SettingName, { flags, env, file, profile }: Sought): Setting | null {
  const key = SETTING_KEYS.find((each) => each.name === name) as SettingKey;
  const flag = flagOf(name, flags);
  if (flag !== undefined) return checked(name, { value: flag, from: key.flag, layer: "flag" });
  for (const variable of key.env) {
    const value = env[variable];
    if (value) return checked(name, { value, from: variable, layer: "env" });
  }
  const layers = [
    ["profile", profile === null ? undefined : file?.profiles.get(profile.value)],
    ["file", file?.top],
  ] as const;
  for (const [layer, fields] of layers) {
    const value = fields?.[name];
    if (value !== undefined)
      return {
        value,
        layer,
        from: layer === "file" ? (file?.path ?? "") : `${file?.path} [profiles.${profile?.value}]`,
      };
  }
  return null;
}

function flagOf(name: SettingName, flags: SettingFlags): string | undefined {
  switch (name) {
    case "url":
      return flags.url;
    case "token":
      return flags.token;
    case "token-file":
      return flags.tokenFile;
    case "site":
      return typeof flags.site === "string" ? flags.site : flags.site?.join(",");
    case "output":
      return flags.json === true ? "json" : undefined;
    case "color":
      return flags.color;
  }
}

function checked(name: SettingName, setting: Setting): Setting {
  const choices = CHOICES[name];
  if (choices === undefined || choices.includes(setting.value)) return setting;
  throw usageError(`${setting.from} must be one of ${choices.join(", ")}, not "${setting.value}"`);
}

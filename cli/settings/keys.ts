// What may be configured, by the same names everywhere: as a flag, in the environment, and in `tidegate.toml`.

/** A key of the file; `env` and `flag` say where else it can be given. */
export interface SettingKey {
  readonly name: "url" | "token" | "token-file" | "site" | "output" | "color";
  readonly flag: string;
  readonly env: readonly string[];
  readonly about: string;
}

export const SETTING_KEYS: readonly SettingKey[] = [
  { name: "url", flag: "--url", env: ["TIDEGATE_URL"], about: "the control plane" },
  { name: "token", flag: "--token", env: ["TIDEGATE_TOKEN"], about: "the token to ask with" },
  { name: "token-file", flag: "--token-file", env: ["TIDEGATE_TOKEN_FILE"], about: "a file that holds it" },
  { name: "site", flag: "--site", env: ["TIDEGATE_SITE"], about: "the site that commands are about" },
  { name: "output", flag: "--json", env: ["TIDEGATE_OUTPUT"], about: "text, or json" },
  { name: "color", flag: "--color", env: ["TIDEGATE_COLOR"], about: "auto, always, or never" },
];

export type SettingName = SettingKey["name"];

/** Values that only some of are allowed. */
export const CHOICES: Readonly<Partial<Record<SettingName, readonly string[]>>> = {
  output: ["text", "json"],
  color: ["auto", "always", "never"],
};

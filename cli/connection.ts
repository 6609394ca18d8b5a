// With which token the control plane is asked: flags, the environment, `tidegate.toml`, then what `npm start` left.

import { type ControlClient, createControlClient } from "../client/control-client.ts";
import { CommandError, EXIT, usageError } from "./exit.ts";
import { type Setting, type SettingFlags, type Settings, settingFor } from "./settings/settings.ts";
import type { Surroundings } from "./surroundings.ts";

export interface Connected {
  readonly client: ControlClient;
  readonly token: Token;
  /** What somebody should know of it; null where there is nothing. */
  readonly warning: string | null;
}

/** `from`: as a person finds it. */
export interface Token {
  readonly value: string;
  readonly from: string;
}

type Asking = Pick<Surroundings, "env" | "readText" | "tokenFiles" | "isReadableByOthers">;

export async function connect(
  flags: SettingFlags,
  settings: Settings,
  surroundings: Asking & Pick<Surroundings, "fetch">,
): Promise<Connected> {
  const { fetch } = surroundings;
  const url = checkedUrl(settings.url);
  const token = await tokenFor(flags, settings, surroundings);
  if (typeof token === "string") throw new CommandError(EXIT.auth, token);
  const client = createControlClient({ url, token: token.value, ...(fetch !== undefined && { fetch }) });
  return { client, token, warning: await warningOf(token, settings, surroundings) };
}

export function checkedUrl({ value, from }: Setting): string {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw usageError(`${from} must be the control plane's http(s) URL, not "${value}"`);
}

/** What to do where there is none, as text. */
export async function tokenFor(
  flags: SettingFlags,
  settings: Settings,
  surroundings: Asking,
): Promise<Token | string> {
  if (flags.token !== undefined && flags.tokenFile !== undefined)
    throw usageError("--token and --token-file exclude each other");
  const { env } = surroundings;
  const nobody = { file: null, profile: null };
  const ofTheFile = { ...nobody, file: settings.file, profile: settings.profile, flags: {}, env: {} };
  for (const sought of [
    { ...nobody, flags, env: {} },
    { ...nobody, flags: {}, env },
  ]) {
    const found = await tokenIn(sought, surroundings);
    if (found !== null) return found;
  }
  const own = belongs(settings) ? await tokenIn(ofTheFile, surroundings) : null;
  return own ?? tokenOfThisMachine(settings, surroundings);
}

async function tokenIn(
  sought: Parameters<typeof settingFor>[1],
  surroundings: Asking,
): Promise<Token | null> {
  const plain = settingFor("token", sought);
  const file = settingFor("token-file", sought);
  // A profile's file comes before the token that stands above all profiles.
  if (plain !== null && !(plain.layer === "file" && file?.layer === "profile"))
    return { value: checked(plain.value, plain.from), from: plain.from };
  if (file === null) return null;
  const text = await surroundings.readText(file.value).catch((error: NodeJS.ErrnoException) => {
    throw usageError(`${file.from} ${file.value} can't be read: ${error.code ?? error.message}`);
  });
  const from = `${file.from} ${file.value}`;
  return { value: checked(text.trim(), from), from };
}

/** A file's token is for the control plane that the file names, and is shown to no other. */
function belongs({ url, file, profile }: Settings): boolean {
  const named = (profile === null ? undefined : file?.profiles.get(profile.value)?.url) ?? file?.top.url;
  return (
    url.layer === "profile" ||
    url.layer === "file" ||
    named === url.value ||
    (named === undefined && url.layer === "default")
  );
}

async function tokenOfThisMachine({ url }: Settings, surroundings: Asking): Promise<Token | string> {
  const { host, hostname } = new URL(checkedUrl(url));
  // That token is this machine's own: nobody else is to be told it.
  if (!/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname))
    return `There is no token for ${host}: give --token, --token-file or TIDEGATE_TOKEN, or token-file beside url in tidegate.toml.`;
  for (const file of surroundings.tokenFiles) {
    const text = await surroundings.readText(file).catch(() => null);
    if (text !== null) return { value: checked(text.trim(), file), from: file };
  }
  return "There is no token: give --token, --token-file or TIDEGATE_TOKEN; `npm start` keeps its own in .tidegate/admin-token.";
}

/** Null where there is nothing to say of it. */
export async function warningOf(
  token: Token,
  { file }: Settings,
  { isReadableByOthers }: Pick<Surroundings, "isReadableByOthers">,
): Promise<string | null> {
  const isPlain =
    file !== null &&
    (token.from === file.path || /^ \[profiles\.[^\]]*\]$/.test(token.from.slice(file.path.length)));
  if (!isPlain || !(await isReadableByOthers(file.path))) return null;
  return `${file.path} holds a token, and others on this machine may read it: chmod 600, or token-file instead.`;
}

function checked(token: string, source: string): string {
  if (/^[\x21-\x7e]{1,512}$/.test(token)) return token;
  throw usageError(`${source} holds no token: 1 to 512 visible ASCII characters`);
}

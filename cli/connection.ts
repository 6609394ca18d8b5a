// Where the control plane is and with which token it is asked: flags, then the environment, then what `npm start` left.

import { type ControlClient, createControlClient } from "../client/control-client.ts";
import { CommandError, EXIT, usageError } from "./exit.ts";
import type { Surroundings } from "./surroundings.ts";

export interface ConnectionFlags {
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

const DEFAULT_URL = "http://127.0.0.1:8780";

export async function connect(flags: ConnectionFlags, surroundings: Surroundings): Promise<ControlClient> {
  const { env, fetch } = surroundings;
  const [url, source] =
    flags.url !== undefined
      ? [flags.url, "--url"]
      : env.TIDEGATE_URL
        ? [env.TIDEGATE_URL, "TIDEGATE_URL"]
        : [DEFAULT_URL, "the default"];
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw usageError(`${source} must be the control plane's http(s) URL, not "${url}"`);
  const token = await tokenFor(new URL(url), flags, surroundings);
  return createControlClient({ url, token, ...(fetch !== undefined && { fetch }) });
}

async function tokenFor(url: URL, flags: ConnectionFlags, surroundings: Surroundings): Promise<string> {
  const { env, tokenFiles } = surroundings;
  if (flags.token !== undefined && flags.tokenFile !== undefined)
    throw usageError("--token and --token-file exclude each other");
  if (flags.token !== undefined) return checked(flags.token, "--token");
  if (flags.tokenFile !== undefined) {
    const text = await surroundings.readText(flags.tokenFile).catch((error: NodeJS.ErrnoException) => {
      throw usageError(`--token-file ${flags.tokenFile} can't be read: ${error.code ?? error.message}`);
    });
    return checked(text.trim(), `--token-file ${flags.tokenFile}`);
  }
  if (env.TIDEGATE_TOKEN) return checked(env.TIDEGATE_TOKEN, "TIDEGATE_TOKEN");
  // That token is this machine's own: nobody else is to be told it.
  if (!/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname))
    throw new CommandError(
      EXIT.auth,
      `There is no token for ${url.host}: give --token, --token-file or TIDEGATE_TOKEN.`,
    );
  for (const file of tokenFiles) {
    const text = await surroundings.readText(file).catch(() => null);
    if (text !== null) return checked(text.trim(), file);
  }
  throw new CommandError(
    EXIT.auth,
    "There is no token: give --token, --token-file or TIDEGATE_TOKEN; `npm start` keeps its own in .tidegate/admin-token.",
  );
}

function checked(token: string, source: string): string {
  if (/^[\x21-\x7e]{1,512}$/.test(token)) return token;
  throw usageError(`${source} holds no token: 1 to 512 visible ASCII characters`);
}

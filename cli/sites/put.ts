// `tidegate sites put`: a site as a file or flags say, made or changed from the version that was read, and the edges awaited.

import { InvalidArgumentError } from "commander";
import type { ControlClient } from "../../client/control-client.ts";
import type { ChangedSite, Site, SiteBody } from "../../client/schemas.ts";
import { TidegateError } from "../../client/tidegate-error.ts";
import { readJsonFile } from "../../shared/wire/json-file.ts";
import { awaitEdges, EDGES_TIMEOUT_MS, tellEdges } from "../await-edges.ts";
import type { Tools } from "../command.ts";
import { EXIT, type ExitCode, usageError } from "../exit.ts";
import { fieldLine } from "../failure.ts";
import type { Output } from "../output.ts";
import { changesOf } from "../policies/difference.ts";
import { showFields } from "../policies/show-difference.ts";
import type { Surroundings } from "../surroundings.ts";
import { plain } from "../wording.ts";

export interface PutFlags {
  readonly file?: string;
  readonly origin?: string;
  readonly host?: readonly string[];
  readonly alias?: readonly string[];
  readonly canonicalHost?: string;
  readonly keepAnswers?: true;
  readonly dryRun?: true;
  readonly timeout?: number;
}

/** The flags by the body's fields. */
export const PUT_NAMES = {
  name: "NAME",
  origin: "--origin",
  hosts: "--host",
  aliases: "--alias",
  canonical_host: "--canonical-host",
  limits: "limits",
};

/** Refused here: the control plane would name the null that a body has where `none` stands on a command line. */
export function originFlag(text: string): string {
  const isUrl = /^https?:\/\/\S+$/i.test(text) && URL.canParse(text);
  if (!isUrl && text !== "zone" && text !== "none")
    throw new InvalidArgumentError("It must be an http(s) URL, zone or none.");
  return text;
}

/** A site, and the version by which it may be changed. */
type Found = Awaited<ReturnType<ControlClient["sites"]["get"]>>;

export async function putSite(tools: Tools, flags: PutFlags, name: string): Promise<ExitCode> {
  const { client, out, surroundings } = tools;
  const said = fieldsOf(flags);
  if (flags.file === undefined && Object.keys(said).length === 0)
    throw usageError("Nothing is said: give --file, or --origin, --host, --alias, --canonical-host.");
  const file = flags.file === undefined ? null : await readSiteFile(flags.file, surroundings);
  if (file?.name !== undefined && file.name !== name)
    throw usageError(`-f ${flags.file} holds the site ${JSON.stringify(file.name)}, not ${name}`);
  const there = await siteOf(client, name);
  if (there === null && flags.keepAnswers === true)
    throw usageError(`--keep-answers needs a site that there is: there is no ${name}`);
  const wanted = wantedSite(file ?? there?.site ?? {}, said);
  if (flags.dryRun === true) return rehearsed(tools, { name, ...wanted });
  const changed = await carriedOut(client, flags, { name, there, wanted });
  const edges =
    changed.applied === null
      ? null
      : await awaitEdges(client, changed.position, flags.timeout ?? EDGES_TIMEOUT_MS);
  out.result({ ...changed, created: there === null, edges }, () => show(out, changed, there));
  return edges === null ? EXIT.done : tellEdges(out, edges);
}

/** Only what is said: of the rest stays what there is. */
function fieldsOf({ origin, host, alias, canonicalHost }: PutFlags): Partial<SiteBody> {
  return {
    ...(origin !== undefined && { origin: origin === "none" ? null : origin }),
    ...(host !== undefined && { hosts: host }),
    ...(alias !== undefined && { aliases: alias.filter((one) => one !== "") }),
    ...(canonicalHost !== undefined && { canonical_host: canonicalHost }),
  };
}

/** What else is in it the control plane checks. */
function wantedSite(base: Partial<SiteBody>, said: Partial<SiteBody>): SiteBody {
  const wanted = { hosts: [], ...base, ...said };
  const { canonical_host: canonical, ...rest } = wanted;
  // One that was chosen by itself goes with the host that it was.
  const gone = said.hosts !== undefined && said.canonical_host === undefined;
  return gone && canonical !== undefined && !wanted.hosts.includes(canonical) ? rest : wanted;
}

async function readSiteFile(
  file: string,
  { readText }: Pick<Surroundings, "readText">,
): Promise<Partial<SiteBody>> {
  const text = await readText(file).catch((error: NodeJS.ErrnoException) => {
    throw usageError(`-f ${file} can't be read: ${error.code ?? error.message}`);
  });
  const read = readJsonFile(text);
  if (read.kind === "fault") throw usageError(`-f ${file} ${read.message}`);
  const { value } = read;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw usageError(`-f ${file} must be a JSON object: a site, as \`sites get\` shows it`);
  return value;
}

async function siteOf(client: ControlClient, name: string): Promise<Found | null> {
  try {
    return await client.sites.get(name);
  } catch (error) {
    if (error instanceof TidegateError && error.code === "not-found") return null;
    throw error;
  }
}

async function rehearsed({ client, out }: Tools, site: object): Promise<ExitCode> {
  const verdict = await client.sites.validate([site]);
  const line = ({ pointer, message }: (typeof verdict)["errors"][number]): string =>
    fieldLine({ pointer: pointer.replace(/^\/sites\/0/, ""), message }, PUT_NAMES);
  out.result(verdict, () => {
    for (const fault of verdict.errors) out.line(out.paint("red", `✗ ${line(fault)}`));
    for (const fault of verdict.warnings) out.line(out.paint("yellow", `! ${line(fault)}`));
    out.line(verdict.valid ? "It can be put. Nothing was changed: a dry run." : "It can't be put.");
  });
  return verdict.valid ? EXIT.done : EXIT.usage;
}

interface Change {
  readonly name: string;
  readonly there: Found | null;
  readonly wanted: SiteBody;
}

function carriedOut(
  client: ControlClient,
  { keepAnswers }: PutFlags,
  { name, there, wanted }: Change,
): Promise<ChangedSite> {
  if (there === null) return client.sites.create({ ...wanted, name });
  return client.sites.put(name, wanted, {
    ifMatch: there.version,
    ...(keepAnswers === true && { answers: "keep" }),
  });
}

function show(out: Output, { site, position, applied, warnings }: ChangedSite, there: Found | null): void {
  for (const fault of warnings) out.line(out.paint("yellow", `! ${fieldLine(fault, PUT_NAMES)}`));
  const fields = changesOf(there?.site ?? ({ name: site.name } satisfies Partial<Site>), site);
  if (applied === null) {
    out.line("Nothing to change.");
    return;
  }
  out.line(
    out.paint(there === null ? "green" : "yellow", `${there === null ? "+" : "~"} ${plain(site.name)}`),
  );
  showFields(out, fields);
  out.line(out.paint("green", `It holds from position ${position} on.`));
}

// `tidegate policies apply`: shows what a file would change, asks, changes it by version, and waits for the edges.

import type { ControlClient } from "../../client/control-client.ts";
import type { WrittenPolicy } from "../../client/schemas.ts";
import { agreed } from "../agree.ts";
import { awaitEdges, EDGES_TIMEOUT_MS, type EdgesHave, tellEdges } from "../await-edges.ts";
import type { Tools } from "../command.ts";
import { CommandError, EXIT, type ExitCode, exitOf, usageError } from "../exit.ts";
import { fieldLine } from "../failure.ts";
import { count, plain } from "../wording.ts";
import { type Difference, differenceOf } from "./difference.ts";
import { type FileRow, nameOf, readPolicyFile } from "./file.ts";
import { showDifference } from "./show-difference.ts";

export interface ApplyFlags {
  readonly file: string;
  readonly site?: string;
  readonly prune?: true;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly timeout?: number;
}

type Document = ReturnType<typeof documentOf> & {
  readonly applied: boolean;
  readonly position: string | null;
  readonly edges?: EdgesHave;
};

export async function applyPolicies(tools: Tools, flags: ApplyFlags): Promise<ExitCode> {
  const { client, out, surroundings } = tools;
  const rows = await readPolicyFile(flags.file, flags.site ?? "default", surroundings);
  const prune = flags.prune === true;
  // It speaks of no site: taken for one, an empty file would take out that site's whole table.
  if (prune && rows.length === 0)
    throw usageError(`-f ${flags.file} names no policy: --prune takes out rows of sites that it speaks of`);
  const warnings = await checked(client, rows, flags.file);
  const { items: table } = await client.policies.list();
  const sites = new Set(rows.map(({ site }) => site));
  const found = differenceOf(rows, table, sites);
  const changes = found.added.length + found.changed.length + (prune ? found.surplus.length : 0);
  if (!out.json) showDifference(out, found, { prune, warnings });
  const document = (rest: Omit<Document, keyof ReturnType<typeof documentOf>>): Document => ({
    ...documentOf(found, { prune, warnings }),
    ...rest,
  });
  if (changes === 0 || flags.dryRun === true) {
    out.result(document({ applied: false, position: null }), () =>
      out.line(changes === 0 ? "Nothing to change." : "Nothing was changed: a dry run."),
    );
    return EXIT.done;
  }
  await agreed(tools, flags, {
    question: `Change ${count(changes, "policy", "policies")}?`,
    nothing: "Nothing was changed",
  });
  const position = await carriedOut(tools, found, prune);
  const edges = await awaitEdges(client, position, flags.timeout ?? EDGES_TIMEOUT_MS);
  out.result(document({ applied: true, position, edges }), () =>
    out.line(out.paint("green", `${count(changes, "policy", "policies")} changed, at position ${position}.`)),
  );
  return tellEdges(out, edges);
}

/** What the control plane says of all rows together; refused whole where any has a fault. */
async function checked(
  client: ControlClient,
  rows: readonly FileRow[],
  file: string,
): Promise<readonly string[]> {
  const { valid, errors, warnings } = await client.policies.validate(rows);
  if (valid) return warnings.map((fault) => faultLine(fault, rows));
  throw usageError(
    [`${file} has faults, and nothing was changed:`, ...errors.map((fault) => faultLine(fault, rows))].join(
      "\n",
    ),
  );
}

/** By the row's name rather than its place: `/policies/2/ttl` is the `ttl` of one of them. */
export function faultLine(
  fault: { readonly pointer: string; readonly message: string },
  rows: readonly FileRow[],
): string {
  const [, , index = "", ...field] = fault.pointer.split("/");
  const row = rows[Number(index)];
  if (row === undefined || index === "") return fieldLine(fault, {});
  return plain(`${nameOf(row)}${field.length === 0 ? "" : ` /${field.join("/")}`}: ${fault.message}`);
}

/** The last position; where a change fails, what was done before it stays, and is told. */
async function carriedOut({ client, out }: Tools, found: Difference, prune: boolean): Promise<string> {
  const steps = [
    ...found.added.map((row) => ({
      row,
      run: () => client.policies.create(row as unknown as WrittenPolicy),
    })),
    ...found.changed.map(({ row, version }) => ({
      row,
      run: () =>
        client.policies.put(row.id, row as unknown as WrittenPolicy, { ifMatch: version, site: row.site }),
    })),
    ...(prune ? found.surplus : []).map(({ policy, version }) => ({
      row: policy,
      run: () => client.policies.delete(policy.id, { ifMatch: version, site: policy.site }),
    })),
  ];
  let position: string | null = null;
  for (const [index, { row, run }] of steps.entries()) {
    out.progress(() => `${index} of ${steps.length} …`);
    const changed = await run().catch((error: unknown) => {
      const done = steps.slice(0, index).map((step) => nameOf(step.row));
      const before = done.length === 0 ? "Nothing was changed." : `Changed before it: ${done.join(", ")}.`;
      const why = error instanceof Error ? error.message : String(error);
      throw new CommandError(
        exitOf(error),
        `${nameOf(row)}: ${why}\n${before} Look at the difference anew, and apply again.`,
        error,
      );
    });
    position = changed.position ?? position;
  }
  // Where a deletion's own answer was lost, its position is not known: the log's end lies behind it.
  return position ?? (await client.policies.list({ limit: 1 })).position;
}

const documentOf = (
  found: Difference,
  { prune, warnings }: { prune: boolean; warnings: readonly string[] },
) => ({
  added: found.added.map(nameOf),
  changed: found.changed.map(({ row, fields }) => ({ policy: nameOf(row), fields })),
  removed: prune ? found.surplus.map(({ policy }) => nameOf(policy)) : [],
  surplus: prune ? [] : found.surplus.map(({ policy }) => nameOf(policy)),
  unchanged: found.unchanged,
  warnings,
});

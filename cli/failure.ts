// An error as it is told: what went wrong, at which field, and what to do about it.

import { type FieldError, TidegateError } from "../client/tidegate-error.ts";
import { CommandError } from "./exit.ts";
import type { Output } from "./output.ts";
import { plain } from "./wording.ts";

/** How the fields of a body are called on the command line: `tags` is `--tag`, `hot/class` is `--class`. */
export type FieldNames = Readonly<Record<string, string>>;

const ADVICE: Readonly<Partial<Record<TidegateError["code"], string>>> = {
  unauthorized: "Give its token with --token, --token-file or TIDEGATE_TOKEN.",
  unreachable: "Is it running? --url or TIDEGATE_URL says where it is.",
  unavailable: "Its Redis does not answer; nothing is lost by trying again.",
  "chaos-agent-away": "Whoever runs the cluster starts it: `npm start -- --chaos`.",
  "chaos-agent-refuses":
    "Whoever runs the cluster starts both anew: `npm start -- --chaos` gives them one key.",
  deadline: "What was to be changed may be all the same: look, or send it again.",
  "precondition-failed": "Somebody has changed it meanwhile: look at it, and try again.",
  exists: "Somebody has added it meanwhile: look at it, and try again.",
  "unexpected-answer": "Does --url or TIDEGATE_URL name a control plane, of this release?",
};

export function tellFailure(output: Output, error: unknown, names: FieldNames = {}): void {
  const lines = linesOf(error, names);
  if (output.json) output.result({ error: documentOf(error) }, () => {});
  output.warn(`tidegate: ${lines.join("\n  ")}`, "red");
}

function linesOf(error: unknown, names: FieldNames): string[] {
  if (!(error instanceof TidegateError)) return messageOf(error).split("\n").map(plain);
  const { code, message, errors, requestId, cause } = error;
  const fields = errors.map((one) => fieldLine(one, names));
  const advice = ADVICE[code];
  // The fields say all that the message does.
  return [
    fields.length > 0 ? "The control plane refuses it:" : plain(message),
    ...fields,
    ...(code === "unreachable" ? reasonsOf(cause) : []),
    ...(advice === undefined ? [] : [advice]),
    ...(code === "internal" && requestId !== null ? [`Request ${requestId} in its log says more.`] : []),
  ];
}

/** `/tags/0` is the first `--tag`. */
export function fieldLine({ pointer, message }: FieldError, names: FieldNames): string {
  const [, field = "", index, ...rest] = pointer.split("/");
  const inner = names[`${field}/${index}`];
  if (inner !== undefined) return plain(`${inner}: ${message}`);
  const name = names[field];
  if (name === undefined) return plain(`${pointer === "" ? "what was sent" : pointer}: ${message}`);
  const which = index !== undefined && /^\d+$/.test(index) ? ` (no. ${Number(index) + 1})` : "";
  const below = rest.length > 0 ? ` at /${rest.join("/")}` : "";
  return plain(`${name}${which}${below}: ${message}`);
}

function documentOf(error: unknown) {
  // A command's own message may tell of what the client has met.
  const met = error instanceof CommandError ? error.cause : error;
  if (!(met instanceof TidegateError))
    return { code: "command", status: null, message: messageOf(error), errors: [], requestId: null };
  const { code, status, errors, requestId } = met;
  return { code, status, message: messageOf(error), errors, requestId };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The innermost cause is the one that names the address and the error. */
function reasonsOf(cause: unknown): string[] {
  if (!(cause instanceof Error)) return [];
  return cause.cause instanceof Error ? reasonsOf(cause.cause) : [plain(messageOf(cause) || cause.name)];
}

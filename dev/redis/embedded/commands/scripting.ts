// EVAL and its kin: the script cache, shebang flags, and what a script may call.
import { at, CommandError, failure, NOT_AN_INTEGER, OK, type Value, wrongArity } from "../answers.ts";
import type { CommandTable } from "../command.ts";
import { type Chunk, type LuaMachine, sha1 } from "../lua/machine.ts";
import { integerOf } from "../numbers.ts";

type Script = { readonly sha: string; readonly chunk: Chunk; readonly readOnly: boolean };

/** `writes`: whether it has called something that writes, with an effect or not. */
type Access = { readonly readOnly: boolean; writes: boolean };

/** Runs a command on behalf of a script. */
export type ScriptCaller = (args: readonly string[], access: Access) => Value;

const NO_SCRIPT = "NOSCRIPT No matching script. Please use EVAL.";
const SHA_LENGTH = 40;
const KNOWN_FLAGS = new Set(["no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"]);

export class Scripts {
  private readonly machine: LuaMachine;
  private readonly caller: ScriptCaller;
  private readonly byText = new Map<string, Script>();
  private readonly bySha = new Map<string, Script>();

  constructor(machine: LuaMachine, caller: ScriptCaller) {
    this.machine = machine;
    this.caller = caller;
  }

  commands(): CommandTable {
    return {
      eval: { arity: -3, noScript: true, run: (_, args) => this.evaluate(args, { readOnly: false }) },
      eval_ro: { arity: -3, noScript: true, run: (_, args) => this.evaluate(args, { readOnly: true }) },
      evalsha: { arity: -3, noScript: true, run: (_, args) => this.evaluateSha(args, { readOnly: false }) },
      evalsha_ro: { arity: -3, noScript: true, run: (_, args) => this.evaluateSha(args, { readOnly: true }) },
      script: { arity: -2, noScript: true, run: (_, args) => this.script(args) },
    };
  }

  private evaluate(args: readonly string[], access: { readOnly: boolean }): Value {
    const given = keysAndArguments(args);
    return this.run(this.load(at(args, 1)), { ...given, ...access });
  }

  private evaluateSha(args: readonly string[], access: { readOnly: boolean }): Value {
    if (at(args, 1).length !== SHA_LENGTH) return failure(NO_SCRIPT);
    const given = keysAndArguments(args);
    const script = this.bySha.get(at(args, 1).toLowerCase());
    return script === undefined ? failure(NO_SCRIPT) : this.run(script, { ...given, ...access });
  }

  private run(script: Script, given: { keys: string[]; args: string[]; readOnly: boolean }): Value {
    const access = { readOnly: given.readOnly || script.readOnly, writes: false };
    return this.machine.run({
      chunk: script.chunk,
      sha: script.sha,
      keys: given.keys,
      args: given.args,
      command: (args) => this.caller(args, access),
    });
  }

  private load(text: string): Script {
    const known = this.byText.get(text);
    if (known !== undefined) return known;
    const { body, readOnly } = withoutShebang(text);
    const compiled = this.machine.compile(body);
    if (compiled.kind === "refused") throw new CommandError(compiled.why);
    const script = { sha: sha1(text), chunk: compiled.chunk, readOnly };
    this.byText.set(text, script);
    this.bySha.set(script.sha, script);
    return script;
  }

  private script(args: readonly string[]): Value {
    const name = at(args, 1).toLowerCase();
    const rest = args.slice(2);
    if (name === "load") return rest.length === 1 ? this.load(at(rest, 0)).sha : wrongArity("script|load");
    if (name === "flush") return this.flush(rest);
    if (name === "exists") {
      if (rest.length === 0) return wrongArity("script|exists");
      return rest.map((sha) => (this.bySha.has(sha.toLowerCase()) ? 1 : 0));
    }
    return failure(`ERR unknown subcommand '${at(args, 1).slice(0, 128)}'. Try SCRIPT HELP.`);
  }

  private flush(rest: readonly string[]): Value {
    const mode = at(rest, 0).toLowerCase();
    if (rest.length > 1 || (rest.length === 1 && mode !== "async" && mode !== "sync")) {
      return failure("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
    }
    for (const { chunk } of this.byText.values()) this.machine.release(chunk);
    this.byText.clear();
    this.bySha.clear();
    return OK;
  }
}

function keysAndArguments(args: readonly string[]): { keys: string[]; args: string[] } {
  const count = integerOf(at(args, 2), NOT_AN_INTEGER);
  if (count > args.length - 3)
    throw new CommandError("ERR Number of keys can't be greater than number of args");
  if (count < 0) throw new CommandError("ERR Number of keys can't be negative");
  return { keys: args.slice(3, 3 + count), args: args.slice(3 + count) };
}

/** The line break stays, so that line numbers in errors do. */
function withoutShebang(text: string): { body: string; readOnly: boolean } {
  if (!text.startsWith("#!")) return { body: text, readOnly: false };
  const end = text.indexOf("\n");
  if (end < 0) throw new CommandError("ERR Invalid script shebang");
  const [engine = "", ...options] = text
    .slice(0, end)
    .split(/[ \t\r]+/)
    .filter((word) => word !== "");
  if (engine !== "#!lua") throw new CommandError(`ERR Unexpected engine in script shebang: ${engine}`);
  return { body: text.slice(end), readOnly: options.flatMap(flagsOf).includes("no-writes") };
}

function flagsOf(option: string): string[] {
  if (!option.startsWith("flags=")) throw new CommandError(`ERR Unknown lua shebang option: ${option}`);
  const flags = option
    .slice("flags=".length)
    .split(",")
    .filter((flag) => flag !== "");
  const unknown = flags.find((flag) => !KNOWN_FLAGS.has(flag));
  if (unknown !== undefined) throw new CommandError(`ERR Unexpected flag in script shebang: ${unknown}`);
  return flags;
}

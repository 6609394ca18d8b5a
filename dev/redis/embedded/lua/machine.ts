// One Lua 5.1 machine with Redis' sandbox: compiles scripts, runs one at a time, survives their errors.
import { createHash } from "node:crypto";
import { CommandError, failure, type Value } from "../answers.ts";
import { GLOBALS, LUA_TYPE, LuaMemory, REGISTRY, type State } from "./memory.ts";
import { PRELUDE } from "./prelude.ts";
import { ScriptRandom } from "./random.ts";
import { LuaValues, oneLine } from "./values.ts";

/** A compiled script, kept in the machine's registry. */
export type Chunk = number;
type Compiled =
  | { readonly kind: "compiled"; readonly chunk: Chunk }
  | { readonly kind: "refused"; readonly why: string };
type Invocation = {
  readonly chunk: Chunk;
  readonly sha: string;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /** What redis.call does: an error reply is raised by the machine. */
  readonly command: (args: readonly string[]) => Value;
};

/** Stack slots of the main state that stay: error handler, real globals, the names KEYS and ARGV. */
const HANDLER = 1;
const REAL_GLOBALS = 2;
const KEYS_NAME = 3;
const ARGV_NAME = 4;

export class LuaMachine {
  private readonly memory: LuaMemory;
  private readonly values: LuaValues;
  private readonly random = new ScriptRandom();
  private command: Invocation["command"] = () => failure("ERR no script is running");
  /** A bug of ours met inside a native function: it must not unwind through WASM frames. */
  private defect: unknown = null;

  private constructor(memory: LuaMemory) {
    this.memory = memory;
    this.values = new LuaValues(memory);
    this.openSandbox();
  }

  static async create(): Promise<LuaMachine> {
    return new LuaMachine(await LuaMemory.create());
  }

  compile(text: string): Compiled {
    const { api, main } = this.memory;
    if (this.memory.load(text, "@user_script"))
      return { kind: "compiled", chunk: api._luaL_ref(main, REGISTRY) };
    const why = this.values.pop();
    return { kind: "refused", why: `ERR Error compiling script (new function): ${String(why)}` };
  }

  release(chunk: Chunk): void {
    this.memory.api._luaL_unref(this.memory.main, REGISTRY, chunk);
  }

  run(invocation: Invocation): Value {
    const { api, main } = this.memory;
    this.command = invocation.command;
    this.setGlobal(KEYS_NAME, invocation.keys);
    this.setGlobal(ARGV_NAME, invocation.args);
    api._lua_rawgeti(main, REGISTRY, invocation.chunk);
    const outcome = api._lua_pcall(main, 0, 1, HANDLER);
    if (this.defect !== null) this.rethrowDefect();
    const reply = outcome === 0 ? this.values.pop() : this.scriptError(invocation.sha);
    this.memory.collectIfGrown();
    return reply;
  }

  private scriptError(sha: string): Value {
    const { api, main } = this.memory;
    const isTable = api._lua_type(main, -1) === LUA_TYPE.table;
    const raised = this.values.pop();
    // Out of memory, or an error in the handler: no table was made.
    if (!isTable || !Array.isArray(raised)) return failure(`ERR ${oneLine(String(raised))}`);
    const [message, source, line] = raised;
    const where = source === undefined ? "" : ` script: ${sha}, on ${String(source)}:${String(line)}.`;
    return failure(oneLine(`${String(message)}${where}`));
  }

  private rethrowDefect(): never {
    const { defect } = this;
    this.defect = null;
    this.memory.api._lua_settop(this.memory.main, ARGV_NAME);
    throw defect;
  }

  private setGlobal(name: number, items: readonly string[]): void {
    const { api, main } = this.memory;
    api._lua_pushvalue(main, name);
    this.values.pushStrings(main, items);
    api._lua_rawset(main, REAL_GLOBALS);
  }

  private openSandbox(): void {
    const { api, main } = this.memory;
    api._lua_settop(main, 0);
    if (!this.memory.load(PRELUDE, "=tidegate")) throw new Error(String(this.values.pop()));
    this.pushNatives();
    if (api._lua_pcall(main, 1, 3, 0) !== 0) throw new Error(String(this.values.pop()));
    // The prelude's results: real globals, guarded globals, error handler.
    api._lua_pushvalue(main, 2);
    api._lua_replace(main, GLOBALS);
    api._lua_pushvalue(main, 1);
    api._lua_replace(main, 2);
    api._lua_pushvalue(main, 3);
    api._lua_replace(main, HANDLER);
    api._lua_settop(main, REAL_GLOBALS);
    this.memory.pushString(main, "KEYS");
    this.memory.pushString(main, "ARGV");
  }

  private pushNatives(): void {
    const { api, main } = this.memory;
    const natives: Record<string, Native> = {
      call: (state) => raising(this.command(this.values.commandArguments(state))),
      pcall: (state) => this.protectedCall(state),
      sha1hex: (state) => this.sha1hex(state),
      log: (state) => this.log(state),
      random: () => this.random.next(),
      randomseed: (state) => this.seedRandom(state),
    };
    api._lua_createtable(main, 0, 6);
    for (const [name, body] of Object.entries(natives)) {
      this.memory.pushString(main, name);
      this.memory.pushFunction((state) => this.native(state, body));
      api._lua_rawset(main, -3);
    }
  }

  /** Runs a native body; only after it has returned may Lua unwind the stack. */
  private native(state: State, body: Native): number {
    let result: NativeResult;
    try {
      result = body(state);
    } catch (error) {
      if (!(error instanceof CommandError)) this.defect ??= error;
      result = { kind: "raised", message: error instanceof Error ? error.message : String(error) };
    }
    if (result === undefined) return 0;
    if (typeof result === "object" && result !== null && "kind" in result && result.kind === "raised") {
      this.values.push(state, failure(result.message));
      return this.memory.api._lua_error(state);
    }
    this.values.push(state, result);
    return 1;
  }

  private protectedCall(state: State): Value {
    try {
      return this.command(this.values.commandArguments(state));
    } catch (error) {
      if (error instanceof CommandError) return failure(error.message);
      throw error;
    }
  }

  private sha1hex(state: State): Value {
    const { api } = this.memory;
    if (api._lua_gettop(state) !== 1) throw new CommandError("ERR wrong number of arguments");
    return sha1(this.memory.readString(state, 1) ?? "");
  }

  private log(state: State): undefined {
    const { api } = this.memory;
    if (api._lua_gettop(state) < 2) throw new CommandError("ERR redis.log() requires two arguments or more.");
    if (api._lua_type(state, 1) !== LUA_TYPE.number) {
      throw new CommandError("ERR First argument must be a number (log level).");
    }
    const level = api._lua_tonumber(state, 1);
    if (level < 0 || level > 3) throw new CommandError("ERR Invalid debug level.");
  }

  private seedRandom(state: State): undefined {
    this.random.seed(Math.trunc(this.memory.api._lua_tonumber(state, 1)));
  }
}

type Raised = { readonly kind: "raised"; readonly message: string };
/** `undefined`: the function returns nothing. */
type NativeResult = Value | Raised | undefined;
type Native = (state: State) => NativeResult;

function raising(value: Value): Value | Raised {
  const isError =
    value !== null && typeof value === "object" && !Array.isArray(value) && value.kind === "error";
  return isError ? { kind: "raised", message: value.message } : value;
}

export function sha1(binary: string): string {
  return createHash("sha1").update(binary, "latin1").digest("hex");
}

// Values across the border: replies become Lua values, Lua values become replies, exactly as Redis converts them.
import { CommandError, failure, status, type Value } from "../answers.ts";
import { formatDouble, truncateToInt64 } from "../numbers.ts";
import { LUA_TYPE, type LuaMemory, type State } from "./memory.ts";

/** Slots one level of nesting takes; a table too deep for the stack is an error in its place. */
const SLOTS_A_LEVEL = 6;
const DEEPEST = 1000;
const BAD_ARGUMENT = "ERR Lua redis lib command arguments must be strings or integers";
const NO_ARGUMENT = "ERR Please specify at least one argument for this redis lib call";

export class LuaValues {
  private readonly memory: LuaMemory;

  constructor(memory: LuaMemory) {
    this.memory = memory;
  }

  /** The arguments of a native function that is running a command. */
  commandArguments(state: State): string[] {
    const { api } = this.memory;
    const count = api._lua_gettop(state);
    if (count === 0) throw new CommandError(NO_ARGUMENT);
    const args = new Array<string>(count);
    for (let i = 1; i <= count; i++) {
      const type = api._lua_type(state, i);
      // Converting a number in place would print "%.14g"; Redis sends 17 digits.
      if (type === LUA_TYPE.number) args[i - 1] = formatDouble(api._lua_tonumber(state, i));
      else if (type === LUA_TYPE.string) args[i - 1] = this.memory.readString(state, i) ?? "";
      else throw new CommandError(BAD_ARGUMENT);
    }
    return args;
  }

  push(state: State, value: Value): void {
    const { api } = this.memory;
    if (value === null) api._lua_pushboolean(state, 0);
    else if (typeof value === "string") this.memory.pushString(state, value);
    else if (typeof value === "number") api._lua_pushnumber(state, value);
    else if (Array.isArray(value)) this.pushArray(state, value);
    else this.pushField(state, value.kind === "status" ? ["ok", value.text] : ["err", value.message]);
  }

  pushStrings(state: State, items: readonly string[]): void {
    const { api } = this.memory;
    api._lua_createtable(state, items.length, 0);
    for (let i = 0; i < items.length; i++) {
      this.memory.pushString(state, items[i] ?? "");
      api._lua_rawseti(state, -2, i + 1);
    }
  }

  /** Takes the value at the top of the main stack off it. */
  pop(): Value {
    const value = this.read(0);
    this.memory.api._lua_settop(this.memory.main, -2);
    return value;
  }

  private pushArray(state: State, items: readonly Value[]): void {
    const { api } = this.memory;
    api._lua_checkstack(state, SLOTS_A_LEVEL);
    api._lua_createtable(state, items.length, 0);
    for (let i = 0; i < items.length; i++) {
      this.push(state, items[i] ?? null);
      api._lua_rawseti(state, -2, i + 1);
    }
  }

  private pushField(state: State, [name, text]: readonly [string, string]): void {
    const { api } = this.memory;
    api._lua_createtable(state, 0, 1);
    this.memory.pushString(state, name);
    this.memory.pushString(state, text);
    api._lua_rawset(state, -3);
  }

  private read(depth: number): Value {
    const { api, main } = this.memory;
    switch (api._lua_type(main, -1)) {
      case LUA_TYPE.string:
        return this.memory.readString(main, -1);
      case LUA_TYPE.number:
        return truncateToInt64(api._lua_tonumber(main, -1));
      case LUA_TYPE.boolean:
        return api._lua_toboolean(main, -1) === 0 ? null : 1;
      case LUA_TYPE.table:
        if (depth >= DEEPEST || api._lua_checkstack(main, SLOTS_A_LEVEL) === 0) {
          return failure("ERR reached lua stack limit");
        }
        return this.readTable(depth);
      default:
        return null;
    }
  }

  private readTable(depth: number): Value {
    const error = this.field("err", LUA_TYPE.string);
    if (typeof error === "string") return failure(oneLine(error));
    const ok = this.field("ok", LUA_TYPE.string);
    if (typeof ok === "string") return status(oneLine(ok));
    const double = this.field("double", LUA_TYPE.number);
    if (typeof double === "number") return formatDouble(double);
    return this.readItems(depth);
  }

  private readItems(depth: number): Value[] {
    const { api, main } = this.memory;
    const items: Value[] = [];
    for (let i = 1; ; i++) {
      api._lua_rawgeti(main, -1, i);
      if (api._lua_type(main, -1) === LUA_TYPE.nil) break;
      items.push(this.read(depth + 1));
      api._lua_settop(main, -2);
    }
    api._lua_settop(main, -2);
    return items;
  }

  /** A raw field of the table at the top, if it is of that type. */
  private field(name: string, type: number): string | number | null {
    const { api, main } = this.memory;
    this.memory.pushString(main, name);
    api._lua_rawget(main, -2);
    let value: string | number | null = null;
    if (api._lua_type(main, -1) === type) {
      value = type === LUA_TYPE.string ? this.memory.readString(main, -1) : api._lua_tonumber(main, -1);
    }
    api._lua_settop(main, -2);
    return value;
  }
}

/** A line break would end a simple string or an error on the wire. */
export function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, " ");
}

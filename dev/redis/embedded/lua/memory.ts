// The raw Lua C API that wasmoon compiles to WASM, typed, with strings crossing as exact bytes.
import { Lua } from "wasmoon-lua5.1";

/** A `lua_State*`. */
export type State = number;

/** The exports used, by their C names; pointers and indices are plain numbers. */
type Exports = {
  readonly HEAPU8: Uint8Array;
  readonly HEAPU32: Uint32Array;
  addFunction(body: (state: State) => number, signature: "ii"): number;
  _malloc(size: number): number;
  _free(pointer: number): void;
  _luaL_loadbuffer(state: State, text: number, size: number, name: number): number;
  _luaL_ref(state: State, table: number): number;
  _luaL_unref(state: State, table: number, reference: number): void;
  _lua_checkstack(state: State, slots: number): number;
  _lua_createtable(state: State, items: number, fields: number): void;
  _lua_error(state: State): number;
  _lua_gc(state: State, what: number, data: number): number;
  _lua_gettop(state: State): number;
  _lua_pcall(state: State, given: number, results: number, handler: number): number;
  _lua_pushboolean(state: State, value: number): void;
  _lua_pushcclosure(state: State, body: number, upvalues: number): void;
  _lua_pushlstring(state: State, text: number, size: number): void;
  _lua_pushnil(state: State): void;
  _lua_pushnumber(state: State, value: number): void;
  _lua_pushvalue(state: State, index: number): void;
  _lua_rawget(state: State, index: number): void;
  _lua_rawgeti(state: State, index: number, at: number): void;
  _lua_rawset(state: State, index: number): void;
  _lua_rawseti(state: State, index: number, at: number): void;
  _lua_next(state: State, index: number): number;
  _lua_replace(state: State, index: number): void;
  _lua_settop(state: State, index: number): void;
  _lua_toboolean(state: State, index: number): number;
  _lua_tolstring(state: State, index: number, size: number): number;
  _lua_tonumber(state: State, index: number): number;
  _lua_type(state: State, index: number): number;
};

export const LUA_TYPE = { nil: 0, boolean: 1, number: 3, string: 4, table: 5, function: 6 } as const;
export const REGISTRY = -10000;
export const GLOBALS = -10002;

const SCRATCH_BYTES = 64 * 1024;
/** Below it Lua's own, incremental collection is left alone. */
const LEAST_COLLECTED_KIB = 16 * 1024;
const LUA_GC = { collect: 2, countKiB: 3 } as const;
/** A larger scratch block is given back after use. */
const KEPT_SCRATCH_BYTES = 1024 * 1024;

export class LuaMemory {
  readonly api: Exports;
  /** The main state, standard libraries open. */
  readonly main: State;
  private readonly sizeCell: number;
  private scratch: number;
  private scratchBytes = SCRATCH_BYTES;
  private collectAtKiB = LEAST_COLLECTED_KIB;
  private heapOf: Uint8Array | null = null;
  private heap: Buffer = Buffer.alloc(0);

  constructor(api: Exports, main: State) {
    this.api = api;
    this.main = main;
    this.sizeCell = api._malloc(8);
    this.scratch = api._malloc(SCRATCH_BYTES);
  }

  static async create(): Promise<LuaMemory> {
    const lua = await Lua.create({ openStandardLibs: true });
    return new LuaMemory(lua.luaApi.module as unknown as Exports, lua.global.address);
  }

  pushString(state: State, text: string): void {
    this.api._lua_pushlstring(state, this.write(text), text.length);
    this.releaseScratch();
  }

  /** The string or number at that index as bytes; `null` for other types. */
  readString(state: State, index: number): string | null {
    const pointer = this.api._lua_tolstring(state, index, this.sizeCell);
    if (pointer === 0) return null;
    const size = this.api.HEAPU32[this.sizeCell >> 2] ?? 0;
    return this.bytes().toString("latin1", pointer, pointer + size);
  }

  /** Leaves the chunk, or the reason it does not compile, on the stack; true if it compiles. */
  load(text: string, name: string): boolean {
    const namePointer = this.constant(name);
    const outcome = this.api._luaL_loadbuffer(this.main, this.write(text), text.length, namePointer);
    this.api._free(namePointer);
    this.releaseScratch();
    return outcome === 0;
  }

  pushFunction(body: (state: State) => number): void {
    this.api._lua_pushcclosure(this.main, this.api.addFunction(body, "ii"), 0);
  }

  /** Lua 5.1's incremental collector falls behind for good when huge strings and stack overflows mix. */
  collectIfGrown(): void {
    const { api, main } = this;
    if (api._lua_gc(main, LUA_GC.countKiB, 0) < this.collectAtKiB) return;
    api._lua_gc(main, LUA_GC.collect, 0);
    this.collectAtKiB = Math.max(LEAST_COLLECTED_KIB, 2 * api._lua_gc(main, LUA_GC.countKiB, 0));
  }

  private constant(text: string): number {
    const pointer = this.api._malloc(text.length + 1);
    this.bytes().write(`${text}\0`, pointer, "latin1");
    return pointer;
  }

  private write(text: string): number {
    if (text.length > this.scratchBytes) {
      this.api._free(this.scratch);
      this.scratchBytes = text.length;
      this.scratch = this.api._malloc(text.length);
    }
    this.bytes().write(text, this.scratch, "latin1");
    return this.scratch;
  }

  private releaseScratch(): void {
    if (this.scratchBytes <= KEPT_SCRATCH_BYTES) return;
    this.api._free(this.scratch);
    this.scratchBytes = SCRATCH_BYTES;
    this.scratch = this.api._malloc(SCRATCH_BYTES);
  }

  /** The WASM memory; it is a new buffer each time it has grown. */
  private bytes(): Buffer {
    const current = this.api.HEAPU8;
    if (current !== this.heapOf) {
      this.heapOf = current;
      this.heap = Buffer.from(current.buffer);
    }
    return this.heap;
  }
}

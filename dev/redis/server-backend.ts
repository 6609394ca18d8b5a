// A real redis-server as a backend: one shared connection, and connections of their own for pipelines that WAIT.
import { Redis } from "ioredis";
import { BackendUnavailable, type RedisBackend } from "./backend.ts";
import { type CommandArguments, isErrorReply, type Reply } from "./reply.ts";

type ServerAddress = { readonly host: string; readonly port: number };

const RECONNECT_MS = 100;
const CONNECT_TIMEOUT_MS = 1000;
/** Frees what a silent server holds. Beyond the gateway's own deadline, which sees where this process was held up itself. */
const COMMAND_TIMEOUT_MS = 2500;
/** A WAIT stalls its connection, so each pipeline with one has a connection to itself, up to so many. */
const WAIT_CONNECTIONS = 8;

const OPTIONS = {
  protocol: 2 as const,
  // Integers arrive as strings and bulk strings as buffers: told apart, and rounded once.
  stringNumbers: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  maxLoadingRetryTime: RECONNECT_MS,
  connectTimeout: CONNECT_TIMEOUT_MS,
  disableClientInfo: true,
  lazyConnect: false,
  retryStrategy: (): number | null => RECONNECT_MS,
};

/** Connects in the background and goes on trying; until then, and whenever the server is away, calls fail at once. */
export function connectServer(
  address: ServerAddress | string,
  { commandTimeoutMs: commandTimeout = COMMAND_TIMEOUT_MS }: { readonly commandTimeoutMs?: number } = {},
): RedisBackend {
  // A connection whose peer is lost to it hangs until the kernel gives it up, a quarter of an hour: a new one may do.
  const options = { ...OPTIONS, commandTimeout, socketTimeout: commandTimeout };
  const shared = open(address, options);
  const waiting = new WaitConnections(address, options);
  const run = (commands: readonly CommandArguments[]): Promise<Reply[]> =>
    commands.some(isWait) ? waiting.use((redis) => pipelined(redis, commands)) : pipelined(shared, commands);
  return {
    call: async (args) => (isWait(args) ? first(await run([args])) : single(shared, args)),
    pipeline: run,
    transaction: async (commands) => {
      const replies = await run([["MULTI"], ...commands, ["EXEC"]]);
      const outcome = replies.at(-1);
      if (Array.isArray(outcome)) return outcome;
      if (outcome !== undefined && isErrorReply(outcome)) return outcome;
      throw new BackendUnavailable("EXEC gave no answer");
    },
    dispose: async () => {
      shared.disconnect();
      waiting.close();
    },
  };
}

function isWait(args: CommandArguments): boolean {
  return String(args[0]).toLowerCase() === "wait";
}

type Options = typeof OPTIONS & { readonly commandTimeout: number; readonly socketTimeout: number };

function open(address: ServerAddress | string, options: Options): Redis {
  const redis =
    typeof address === "string" ? new Redis(address, options) : new Redis({ ...address, ...options });
  // Calls report what is wrong themselves; without a listener ioredis prints each attempt to reconnect.
  redis.on("error", () => {});
  return redis;
}

async function single(redis: Redis, args: CommandArguments): Promise<Reply> {
  mustBeReady(redis);
  try {
    return toReply(await redis.callBuffer(nameOf(args), args.slice(1)));
  } catch (error) {
    return errorReply(error);
  }
}

/** One write to the socket for all. */
async function pipelined(redis: Redis, commands: readonly CommandArguments[]): Promise<Reply[]> {
  mustBeReady(redis);
  const pipeline = redis.pipeline();
  for (const args of commands) pipeline.callBuffer(nameOf(args), args.slice(1));
  const results = await pipeline.exec();
  if (results === null) throw new BackendUnavailable("the pipeline was not run");
  return results.map(([error, value]) => (error === null ? toReply(value) : errorReply(error)));
}

function mustBeReady(redis: Redis): void {
  if (redis.status !== "ready") throw new BackendUnavailable(`no connection to Redis (${redis.status})`);
}

/** Commands whose replies or arguments ioredis changes, by the names it knows them by: in capitals it does not. */
const CHANGED_BY_CLIENT =
  /^(?:hgetall|hmset|hrandfield|hset|mset|msetnx|vsim|z(?:diff|inter|pop(?:max|min)|range(?:byscore)?|randmember|revrange(?:byscore)?|union))$/;

function nameOf(args: CommandArguments): string {
  const name = args[0] ?? "";
  const text = typeof name === "string" ? name : name.toString("latin1");
  return CHANGED_BY_CLIENT.test(text) ? text.toUpperCase() : text;
}

function first(replies: Reply[]): Reply {
  return replies[0] ?? null;
}

function toReply(value: unknown): Reply {
  if (typeof value === "string") return Number(value);
  if (Array.isArray(value)) return value.map(toReply);
  if (value instanceof Error) return errorReply(value);
  if (value === null || typeof value === "number" || Buffer.isBuffer(value)) return value;
  throw new BackendUnavailable("an answer of no known type");
}

/** What Redis answered as an error is a reply; everything else means that it did not answer. */
function errorReply(error: unknown): Reply {
  const message = error instanceof Error ? error.message : String(error);
  const answered = error instanceof Error && error.name === "ReplyError";
  if (answered && !message.startsWith("LOADING ")) return { kind: "error", message };
  throw error instanceof BackendUnavailable ? error : new BackendUnavailable(message, { cause: error });
}

class WaitConnections {
  private readonly address: ServerAddress | string;
  private readonly options: Options;
  private readonly idle: Redis[] = [];
  private readonly queue: (() => void)[] = [];
  private inUse = 0;

  constructor(address: ServerAddress | string, options: Options) {
    this.address = address;
    this.options = options;
  }

  async use<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    if (this.inUse >= WAIT_CONNECTIONS) await new Promise<void>((resolve) => this.queue.push(resolve));
    else this.inUse++;
    try {
      const redis = await this.connected();
      const result = await work(redis);
      this.idle.push(redis);
      return result;
    } finally {
      // Whoever is next in the queue takes this one's place, so the count stays.
      const next = this.queue.shift();
      if (next === undefined) this.inUse--;
      else next();
    }
  }

  close(): void {
    for (const redis of this.idle.splice(0)) redis.disconnect();
  }

  private async connected(): Promise<Redis> {
    for (let redis = this.idle.pop(); redis !== undefined; redis = this.idle.pop()) {
      if (redis.status === "ready") return redis;
      redis.disconnect();
    }
    const redis = open(this.address, { ...this.options, lazyConnect: true, retryStrategy: () => null });
    try {
      await redis.connect();
      return redis;
    } catch (error) {
      redis.disconnect();
      throw new BackendUnavailable("no connection to Redis", { cause: error });
    }
  }
}

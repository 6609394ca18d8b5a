// Replies as Upstash's JSON: every string in base64 on request, but a top-level "OK".
import type { Reply } from "./reply.ts";

type Encoding = "base64" | "text";

/** JSON text of the reply's value; an error inside an array becomes its text. */
export function encodeReply(reply: Reply, encoding: Encoding): string {
  if (isOk(reply)) return '"OK"';
  return encodeValue(reply, encoding);
}

export function errorBody(message: string): string {
  return `{"error":${JSON.stringify(message)}}`;
}

function encodeValue(reply: Reply, encoding: Encoding): string {
  if (reply === null) return "null";
  if (typeof reply === "number") return String(reply);
  if (Array.isArray(reply)) return `[${reply.map((item) => encodeValue(item, encoding)).join(",")}]`;
  if (Buffer.isBuffer(reply)) return encodeString(reply, encoding);
  return encodeString(Buffer.from(reply.kind === "status" ? reply.text : reply.message), encoding);
}

function encodeString(bytes: Buffer, encoding: Encoding): string {
  return encoding === "base64" ? `"${bytes.toString("base64")}"` : JSON.stringify(bytes.toString("utf8"));
}

/** A server connection does not tell a status from a bulk string, so it goes by the bytes. */
function isOk(reply: Reply): boolean {
  if (Buffer.isBuffer(reply)) return reply.length === 2 && reply[0] === 0x4f && reply[1] === 0x4b;
  return (
    reply !== null &&
    typeof reply === "object" &&
    "kind" in reply &&
    reply.kind === "status" &&
    reply.text === "OK"
  );
}

// A RESP2 reply as a plain value, whichever backend it came from.

export type Status = { readonly kind: "status"; readonly text: string };
export type ErrorReply = { readonly kind: "error"; readonly message: string };

/** `null` is both the null bulk and the null array: REST does not tell them apart. */
export type Reply = null | number | Status | Buffer | ErrorReply | Reply[];

/** One command with its arguments; a string stands for its UTF-8 bytes. */
export type CommandArguments = readonly (string | Buffer)[];

export function isErrorReply(reply: Reply): reply is ErrorReply {
  return reply !== null && typeof reply === "object" && "kind" in reply && reply.kind === "error";
}

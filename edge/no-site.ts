// The answer to a request for a host that no site serves.

import { countedNowhere } from "./count.ts";
import type { Edge } from "./edge.ts";
import { problemReply } from "./reply.ts";
import type { EdgeRequest, Reply } from "./request.ts";

export function noSite(edge: Edge, request: EdgeRequest): Reply {
  const reply = problemReply({
    status: 404,
    code: "unknown-site",
    title: "Not Found",
    detail: "No site is configured for this host.",
  });
  return countedNowhere(edge, request, reply);
}

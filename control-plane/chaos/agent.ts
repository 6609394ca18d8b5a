// Signed calls to the agent that runs experiments: an order, how one is, and that it is to stop.

import {
  CHAOS_AGENT_PATH,
  type ChaosAborter,
  type ChaosOrder,
  type ChaosReport,
} from "../../shared/wire/chaos.ts";
import { parseJson } from "../../shared/wire/json.ts";
import { SIGNATURE_HEADER, signRequest } from "../../shared/wire/signature.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { readReport } from "./report.ts";

/** `unknown`: it has none of that id. `refused`: it did nothing, and says why. `distrusts`: it takes nothing from here. */
export type AgentAnswer =
  | { readonly kind: "report"; readonly report: ChaosReport }
  /** It has taken the order, and tells of it later. */
  | { readonly kind: "taken" }
  | { readonly kind: "busy" | "refused" | "distrusts"; readonly why: string }
  | { readonly kind: "unknown" }
  | { readonly kind: "unreachable"; readonly reason: string };

export type AgentPorts = Pick<
  ControlPlane,
  "http" | "digest" | "random" | "clock" | "clusterKey" | "settings"
>;

export const orderExperiment = (plane: AgentPorts, order: ChaosOrder): Promise<AgentAnswer> =>
  call(plane, { method: "POST", path: CHAOS_AGENT_PATH, body: JSON.stringify(order) });

export const askExperiment = (plane: AgentPorts, id: string): Promise<AgentAnswer> =>
  call(plane, { method: "GET", path: pathOf(id), body: null });

/** `by`: null where nobody has asked for it. */
export const abortExperiment = (
  plane: AgentPorts,
  id: string,
  by: ChaosAborter | null,
): Promise<AgentAnswer> =>
  call(plane, { method: "DELETE", path: pathOf(id), body: by === null ? null : JSON.stringify(by) });

const pathOf = (id: string): string => `${CHAOS_AGENT_PATH}/${encodeURIComponent(id)}`;

interface Call {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body: string | null;
}

async function call(plane: AgentPorts, { method, path, body }: Call): Promise<AgentAnswer> {
  const { chaosAgent } = plane.settings;
  if (chaosAgent === null) return { kind: "unreachable", reason: "there is none" };
  const by = { ...plane, key: plane.clusterKey, nowWall: plane.clock.wall() };
  const signature = await signRequest({ method, path, body: body ?? "" }, by);
  const headers: Record<string, string> = { [SIGNATURE_HEADER]: signature };
  if (body !== null) headers["content-type"] = "application/json";
  const deadline = method === "DELETE" ? LIMITS.chaosAbortDeadline : LIMITS.chaosDeadline;
  const outcome = await plane.http.send({ method, url: chaosAgent + path, headers, body }, deadline);
  if (outcome.kind === "unreachable") return outcome;
  const { status, text } = outcome;
  if (status >= 200 && status < 300) return reportIn(text, method);
  const why = saidIn(text) ?? `it answered with ${status}`;
  if (status === 401 || status === 403) return { kind: "distrusts", why };
  if (status === 409) return { kind: "busy", why };
  if (status === 404) return { kind: "unknown" };
  return status >= 400 && status < 500
    ? { kind: "refused", why }
    : { kind: "unreachable", reason: `answered with ${status}` };
}

function reportIn(text: string, method: Call["method"]): AgentAnswer {
  const read = readReport(text);
  if (read.kind === "report") return read;
  // What it has said that it will do, it does; what it tells of itself has to be readable.
  return method === "GET" ? { kind: "unreachable", reason: "told what is no report" } : { kind: "taken" };
}

/** As it says it itself, or as whatever else answers there does. */
function saidIn(text: string): string | null {
  const { problem } = (parseJson(text) ?? {}) as { readonly problem?: unknown };
  const said = [problem, text].find((one) => typeof one === "string" && one !== "");
  return typeof said === "string" ? said.slice(0, LIMITS.reason) : null;
}

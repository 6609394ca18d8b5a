// What the environment says of traces: who takes them, by the names that OpenTelemetry gives these variables.

import { readUrl } from "../configuration/url-variable.ts";

export interface Tracing {
  /** Where spans are sent: the endpoint's path for traces. */
  readonly url: string;
  /** Beside those that say what is sent; they may hold a secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly service: string;
}

export interface TracingEnvironment {
  /** Nothing is traced where it is not set. */
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  /** `name=value[,name=value]`, values percent-encoded. */
  readonly OTEL_EXPORTER_OTLP_HEADERS?: string;
  readonly OTEL_SERVICE_NAME?: string;
}

const SERVICE = "tidegate-control-plane";

export function readTracing(env: TracingEnvironment, faults: string[]): Tracing | null {
  const endpoint = readUrl(env, "OTEL_EXPORTER_OTLP_ENDPOINT", faults);
  const headers = readHeaders(env.OTEL_EXPORTER_OTLP_HEADERS ?? "");
  if (headers === null) faults.push("OTEL_EXPORTER_OTLP_HEADERS is not name=value[,name=value]");
  if (/[?#]/.test(endpoint)) faults.push("OTEL_EXPORTER_OTLP_ENDPOINT has a query");
  else if (endpoint !== "" && headers !== null)
    return {
      url: `${endpoint.replace(/\/+$/, "")}/v1/traces`,
      headers,
      service: (env.OTEL_SERVICE_NAME ?? "") || SERVICE,
    };
  return null;
}

/** Null where it can't be read: what may be a secret is told to nobody. */
function readHeaders(text: string): Record<string, string> | null {
  const headers: Record<string, string> = {};
  for (const pair of text.split(",")) {
    if (pair.trim() === "") continue;
    const [, name = "", encoded = ""] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=(.*)$/.exec(pair) ?? [];
    const value = decoded(encoded.trim());
    if (name === "" || value === null) return null;
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

/** Null where no header could hold it. */
function decoded(text: string): string | null {
  if (/%(?![\da-f]{2})/i.test(text)) return null;
  const value = text.replace(/%([\da-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return /^[\x20-\x7e]*$/.test(value) ? value : null;
}

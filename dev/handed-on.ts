// What the environment of `npm start` says of alerts and traces: handed on to the control plane as it stands.

const NAMES = [
  ...["ALERTS", "ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_SECRET", "RUNBOOK_BASE", "EXTERNAL_URL"],
  ...["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_SERVICE_NAME"],
];

/** What is not set is left to the control plane. */
export const handedOn = (env: NodeJS.ProcessEnv): Readonly<Record<string, string>> =>
  Object.fromEntries(
    NAMES.flatMap((name) => {
      const text = env[name] ?? "";
      return text === "" ? [] : [[name, text]];
    }),
  );

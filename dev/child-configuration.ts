// The first message of a supervised process: its configuration.

interface ConfigurationMessage {
  readonly kind: "configuration";
  readonly configuration: unknown;
}

/** Resolves with what the supervisor sends; the caller knows its shape, because both sides name the same type. */
export function childConfiguration<T>(): Promise<T> {
  return new Promise((resolve) => {
    process.once("message", (message: ConfigurationMessage) => resolve(message.configuration as T));
  });
}

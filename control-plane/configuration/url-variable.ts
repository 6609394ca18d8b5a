// A variable of the environment that is a URL: its text is never told where it is none, since it may hold a secret.

/** Empty where it is not set, or is no URL. */
export function readUrl<Name extends string>(
  env: Readonly<Partial<Record<Name, string>>>,
  name: Name,
  faults: string[],
): string {
  const text = env[name] ?? "";
  if (text === "" || /^https?:\/\/[^\s/?#@]+(\/\S*)?$/.test(text)) return text;
  faults.push(`${name} is not http(s)://host[:port][/path]`);
  return "";
}

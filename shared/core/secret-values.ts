// What looks like a secret in a text that is kept: values of parameters that are named like one, and credentials of URLs.

/** Names whose values open something, in lower case. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  ...["access_token", "api_key", "api-key", "apikey", "auth", "authorization", "bearer", "client_secret"],
  ...["code", "credential", "credentials", "csrf", "id_token", "jwt", "key", "pass", "passwd", "password"],
  ...["private_key", "pwd", "refresh_token", "samlresponse", "secret", "session", "session_id", "sessionid"],
  ...["sid", "sig", "sign", "signature", "token", "x-amz-credential", "x-amz-security-token"],
  ...["x-amz-signature", "x-goog-credential", "x-goog-signature"],
]);

/** Of our own tokens, wherever they stand. */
const TOKEN = /tgt_[0-9a-f]{16}_[0-9a-f]{64}/g;
const CREDENTIALS = /(:\/\/)[^/?#\s@]*@/g;
const PARAMETER = /([^\s=&;?#,]{1,100})=([^\s&;#,]*)/g;

const HIDDEN = "***";

export const withoutSecrets = (text: string): string =>
  text
    .replace(TOKEN, `tgt_${HIDDEN}`)
    .replace(CREDENTIALS, `$1${HIDDEN}@`)
    .replace(PARAMETER, (whole, name: string) => (isSecret(name) ? `${name}=${HIDDEN}` : whole));

/** The same of a request's field, whose own name may say so. */
export const withoutSecretIn = ([name, value]: readonly [string, string]): [string, string] => [
  name,
  isSecret(name) || isSecret(name.replace(/^x-/i, "")) ? HIDDEN : withoutSecrets(value),
];

function isSecret(name: string): boolean {
  const plain = decoded(name).toLowerCase();
  // `filter[token]` is named by its last part.
  return SECRET_NAMES.has(plain) || SECRET_NAMES.has(/\[([^\]]*)\]$/.exec(plain)?.[1] ?? "");
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return name;
    throw error;
  }
}

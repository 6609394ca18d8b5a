// Where a form leads back to: a path of this control plane, whatever was sent.

/** The overview where it is anything else: what begins with two slashes names another host. */
export function localPath(text: string | undefined): string {
  if (text === undefined || !/^\/(?![/\\])[\x21-\x7e]{0,2000}$/.test(text)) return "/";
  const url = new URL(text, "http://here.invalid");
  return url.host === "here.invalid" ? `${url.pathname}${url.search}` : "/";
}

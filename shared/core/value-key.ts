// Keys of values that programs cache by themselves, as places that invalidations can name: `tidegate://<namespace>/<key>`.

export const VALUE_SCHEME = "tidegate://";

/** Names of namespaces. */
export const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Names of classes that programs make. */
export const CLASS_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** No host of a page begins so: the two never name each other. */
export const valueHost = (namespace: string): string => `~${namespace}`;

/** A host with what is below it, as people name it: of values it is their URL. */
export const namedPlace = (place: string): string =>
  place.startsWith("~") ? `${VALUE_SCHEME}${place.slice(1)}` : place;

/**
 * Where a key stands: each of its segments percent-encoded (RFC 3986 §2.1), the slashes between them kept, so that
 * `users` as a prefix names `users/1` and not `users2`. The key has no lone surrogates.
 */
export function placeOfKey(
  namespace: string,
  key: string,
): { readonly host: string; readonly pathAndQuery: string } {
  const path = key.split("/").map(encodeURIComponent).join("/");
  return { host: valueHost(namespace), pathAndQuery: `/${path}` };
}

/** Null where the text is no URL of a key. */
export function parseValueUrl(text: string): { readonly namespace: string; readonly key: string } | null {
  const match = /^tidegate:\/\/([^/?#]+)\/([^?#]*)$/.exec(text);
  const [, namespace = "", path = ""] = match ?? [];
  if (!NAMESPACE.test(namespace)) return null;
  try {
    return { namespace, key: path.split("/").map(decodeURIComponent).join("/") };
  } catch {
    return null;
  }
}

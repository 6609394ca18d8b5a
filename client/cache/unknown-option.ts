// An option that is not known: it does nothing, and would be taken for one that does.

/** The first one there is. */
export const unknownOption = (options: object, known: ReadonlySet<string>): string | undefined =>
  Object.keys(options).find((name) => !known.has(name));

export const NO_SUCH_OPTION = "there is no such option";

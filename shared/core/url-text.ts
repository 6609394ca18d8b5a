// What people write of a URL, in the form in which a URL has it.

/** What lies beyond ASCII as percent-encoded UTF-8. The text must be well-formed. */
export const inUrl = (text: string): string => text.replace(/[^ -~]+/g, encodeURIComponent);

/** `.` and `..` are resolved before anybody sees a URL's path. */
export const hasDotSegment = (path: string): boolean => /\/\.{1,2}(?:\/|$)/.test(path);

// Figures as people read them: a number is shown as exactly as it is known, and what is unknown is a dash.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const NOTHING = "–";

/** Exact up to a hundred thousand. */
export const count = (value: number | null): string =>
  value === null ? NOTHING : Math.abs(value) < 100_000 ? whole.format(value) : compact.format(value);

export function percent(value: number | null): string {
  if (value === null) return NOTHING;
  const text = (value * 100).toFixed(1);
  // What is not all must not be rounded to all.
  return `${text === "100.0" && value < 1 ? "99.9" : text} %`;
}

export function span(ms: number | null): string {
  if (ms === null) return NOTHING;
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Number((ms / 3_600_000).toFixed(1))} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

export function bytes(value: number | null): string {
  if (value === null) return NOTHING;
  if (value < 1024) return `${value} B`;
  const [unit, size] =
    value < 1024 ** 2
      ? ["KiB", 1024]
      : value < 1024 ** 3
        ? (["MiB", 1024 ** 2] as const)
        : ["GiB", 1024 ** 3];
  return `${Number((value / Number(size)).toFixed(value / Number(size) < 10 ? 1 : 0))} ${unit}`;
}

/** A small share as one in so many. */
export const share = (value: number | null): string =>
  value === null
    ? NOTHING
    : value > 0 && value < 0.001
      ? `1 in ${count(Math.round(1 / value))}`
      : percent(value);

export const plural = (value: number, one: string, more = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : more}`;

/** `12:04:11`, UTC. */
export const clockTime = (at: string): string => (at.length >= 19 ? at.slice(11, 19) : NOTHING);

/** `26 Nov 12:04:11`, UTC. */
export function dayTime(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return NOTHING;
  const month = date.toLocaleString("en", { month: "short", timeZone: "UTC" });
  return `${date.getUTCDate()} ${month} ${clockTime(date.toISOString())}`;
}
/** Where a link may lead that somebody else has given: to the web, or to a place of this control plane. */
export function safeLink(link: string | null | undefined): string | null {
  if (link === null || link === undefined) return null;
  if (/^\/(?![/\\])/.test(link)) return link;
  return URL.canParse(link) && /^https?:$/.test(new URL(link).protocol) ? link : null;
}

// HTTP dates (RFC 9110 §5.6.7) without a clock: IMF-fixdate, RFC 850 and asctime forms to milliseconds.

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const IMF = /^(?:mon|tue|wed|thu|fri|sat|sun), (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) gmt$/i;
const RFC850 =
  /^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) gmt$/i;
const ASCTIME = /^(?:mon|tue|wed|thu|fri|sat|sun) ([a-z]{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/i;

/**
 * Milliseconds since 1970 UTC, or null where the text is not an HTTP date.
 * `nowMs` decides the century of a two-digit year (RFC 9110 §5.6.7: never more than 50 years ahead).
 */
export function parseHttpDate(text: string, nowMs: number): number | null {
  const imf = IMF.exec(text);
  if (imf !== null) return civil(imf[3], imf[2], imf[1], imf.slice(4, 7));
  const old = RFC850.exec(text);
  if (old !== null) return notFarAhead((century) => inCentury(old, century), nowMs);
  const asctime = ASCTIME.exec(text);
  if (asctime !== null) return civil(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6));
  return null;
}

const MEAN_YEAR = 31_556_952_000;

const inCentury = (old: RegExpExecArray, century: number): number | null =>
  civil(String(century + Number(old[3])), old[2], old[1], old.slice(4, 7));

/** The latest of the dates in three centuries that is not more than 50 years ahead. */
function notFarAhead(dateIn: (century: number) => number | null, nowMs: number): number | null {
  const century = Math.floor((1970 + nowMs / MEAN_YEAR) / 100) * 100;
  for (const start of [century + 100, century]) {
    const at = dateIn(start);
    if (at !== null && at - nowMs <= 50 * MEAN_YEAR) return at;
  }
  return dateIn(century - 100);
}

function civil(
  yearText: string | undefined,
  monthText: string | undefined,
  dayText: string | undefined,
  time: readonly string[],
): number | null {
  const month = MONTHS.indexOf((monthText ?? "").toLowerCase());
  const year = Number(yearText);
  const day = Number(dayText);
  const [hour = 99, minute = 99, second = 99] = time.map(Number);
  if (month < 0 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 60)
    return null;
  return daysSince1970(year, month + 1, day) * 86_400_000 + ((hour * 60 + minute) * 60 + second) * 1000;
}

function daysIn(year: number, month: number): number {
  if (month === 1) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [3, 5, 8, 10].includes(month) ? 30 : 31;
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar, counting years from March. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

// Where http-cache-semantics and the core read the same answer differently, each with the reason and as a change to what that package is given.

/** A date field: as written, and the instant it names by RFC 9110 §5.6.7; null where it names none. */
export interface DateField {
  readonly text: string;
  readonly at: number | null;
}

/** A `Cache-Control` directive as written, quotes included. */
export interface Directive {
  readonly name: string;
  readonly argument: string | null;
}

/** An answer and what matters of its request, in parts, so that its meaning needs no parser. */
export interface Sample {
  readonly status: number;
  readonly authorized: boolean;
  readonly directives: readonly Directive[];
  readonly separator: string;
  readonly expires: DateField | null;
  readonly date: DateField | null;
  readonly lastModified: DateField | null;
  readonly age: string | null;
  readonly pragma: string | null;
  readonly setCookie: boolean;
  readonly vary: string | null;
  readonly etag: boolean;
}

export interface Difference {
  readonly name: string;
  readonly why: string;
  /** What that package must be given to find what the core finds for the sample; `arrived` is when the answer came. */
  rewrite(sample: Sample, arrived: number): Sample;
}

const LARGEST = 2 ** 31;
const DAY = 86_400;
const COUNTED = ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"];
const LIMITED = ["no-cache", "private"];
const FLAGS = [
  ...LIMITED,
  "no-store",
  "public",
  "must-revalidate",
  "proxy-revalidate",
  "must-understand",
  "immutable",
];
export const GUESSED = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];
const SHARED_UNDERSTANDING = [...GUESSED, 302, 303, 307];
const UNDERSTOOD = [...SHARED_UNDERSTANDING, 201, 400, 403, 429, 500, 503];
const FIELD_NAMES = /^"[\w-]+(?:, [\w-]+)*"$/;
const OF_ONE_REQUEST = [304, 412, 416];

export const DIFFERENCES: readonly Difference[] = [
  {
    name: "capitals",
    why: "names of directives are compared as written there: it stores No-Store (RFC 9111 §5.2)",
    rewrite: (sample) => mapped(sample, ({ name, ...rest }) => ({ ...rest, name: name.toLowerCase() })),
  },
  {
    name: "quoted commas",
    why: "it splits within quoted strings, and finds directives in extensions (RFC 9110 §5.6.4)",
    rewrite: (sample) => without(sample, ({ name }) => !COUNTED.includes(name) && !FLAGS.includes(name)),
  },
  {
    name: "limited to fields",
    why: "no-cache and private with field names speak of these fields there of the whole answer (RFC 9111 §5.2.2.4, §5.2.2.7)",
    rewrite: (sample) => without(sample, ({ name }) => LIMITED.includes(name) && !coversAll(sample, name)),
  },
  {
    name: "arguments of flags",
    why: 'a directive with an empty argument counts as absent there: it stores no-store="" (RFC 9111 §5.2)',
    rewrite: (sample) =>
      mapped(sample, (one) => (FLAGS.includes(one.name) ? { ...one, argument: null } : one)),
  },
  {
    name: "invalid seconds",
    why: "whatever begins with digits is a number there, and an empty one is absent: what is invalid is stale (RFC 9111 §4.2.1)",
    rewrite: (sample) => counted(sample, (argument) => (/^"?\d+"?$/.test(argument) ? argument : "0")),
  },
  {
    name: "too many seconds",
    why: "it takes any number: beyond 2^31 all count as that (RFC 9111 §1.2.2)",
    rewrite: (sample) => counted(sample, (argument) => String(Math.min(secondsOf(argument), LARGEST))),
  },
  {
    name: "repeated directives",
    why: "the last one counts there, the least here (RFC 9111 §4.2.1)",
    rewrite: (sample) => counted(sample, (_, name) => String(leastOf(sample, name))),
  },
  {
    name: "must-understand",
    why: "it does not know it: no-store beside it is for those who don't understand the status (RFC 9111 §5.2.2.3)",
    rewrite: (sample) => {
      if (!has(sample, "must-understand")) return sample;
      return UNDERSTOOD.includes(sample.status)
        ? without(sample, ({ name }) => name === "no-store")
        : refused(sample);
    },
  },
  {
    name: "set-cookie",
    why: "it shares cookies where the answer is public or immutable: here only a policy allows it (RFC 9111 §7.3)",
    rewrite: (sample) => (sample.setCookie ? refused(sample) : sample),
  },
  {
    name: "vary",
    why: "it knows Vary: * only where nothing stands beside it, and stores it (RFC 9111 §4.1)",
    rewrite: (sample) => (sample.vary?.includes("*") === true ? refused(sample) : sample),
  },
  {
    name: "what is guessed",
    why: "it guesses a lifetime for any status that it stores: that takes a status of RFC 9110 §15.1 or public (RFC 9111 §4.2.2)",
    rewrite: (sample) =>
      GUESSED.includes(sample.status) || has(sample, "public") ? sample : { ...sample, lastModified: null },
  },
  {
    name: "pragma",
    why: "the field has no meaning in answers (RFC 9111 §5.4): it does not end a stated lifetime here, though nothing is guessed beside it",
    rewrite: (sample) => {
      const guessed = sample.pragma !== "no-cache";
      return { ...sample, pragma: null, lastModified: guessed ? sample.lastModified : null };
    },
  },
  {
    name: "invalid dates",
    why: "it takes whatever JavaScript takes for a date, and no Expires for an empty one (RFC 9110 §5.6.7, RFC 9111 §5.3)",
    rewrite: (sample) => ({
      ...sample,
      expires: sample.expires !== null && sample.expires.at === null ? dateField(0) : sample.expires,
      date: sample.date?.at == null ? null : sample.date,
      lastModified: sample.lastModified?.at == null ? null : sample.lastModified,
    }),
  },
  {
    name: "long guesses",
    why: "a guess has no bound there; here a day, and a minute for errors",
    rewrite: (sample, arrived) => {
      const { lastModified } = sample;
      if (lastModified?.at == null) return sample;
      const longest = (sample.status < 400 ? DAY : 60) * 10_000;
      return {
        ...sample,
        lastModified: dateField(Math.max(lastModified.at, made(sample, arrived) - longest)),
      };
    },
  },
  {
    name: "statuses",
    why: "its list ends with those of RFC 7231: with a stated lifetime any final status may be stored that is not about one request (RFC 9111 §3)",
    rewrite: (sample) => {
      const { status } = sample;
      if (status < 200 || status > 599 || OF_ONE_REQUEST.includes(status)) return refused(sample);
      return SHARED_UNDERSTANDING.includes(status) ? sample : { ...sample, status: 200 };
    },
  },
  {
    name: "invalid Age",
    why: "it takes -5 for an age, which adds to life: what is invalid is ignored (RFC 9111 §5.1)",
    rewrite: (sample) => {
      const first = sample.age?.split(",")[0]?.trim() ?? "";
      return { ...sample, age: /^\d+$/.test(first) ? first : null };
    },
  },
  {
    name: "apparent age",
    why: "it does not look at Date: an answer without Age may have been kept on its way (RFC 9111 §4.2.3)",
    rewrite: (sample, arrived) => {
      const apparent = Math.max(0, arrived - made(sample, arrived)) / 1000;
      return { ...sample, age: String(Math.max(apparent, Number.parseInt(sample.age ?? "0", 10) || 0)) };
    },
  },
  {
    name: "forbidden staleness",
    why: "there stale-if-error beats must-revalidate, proxy-revalidate and no-cache (RFC 9111 §4.2.4)",
    rewrite: (sample) => {
      const bound = ["must-revalidate", "proxy-revalidate", "no-cache"].some((name) => has(sample, name));
      return bound ? without(sample, ({ name }) => name.startsWith("stale-")) : sample;
    },
  },
  {
    name: "proxy-revalidate",
    why: "it takes all life away there: it forbids stale answers only (RFC 9111 §5.2.2.8)",
    rewrite: (sample) => without(sample, ({ name }) => name === "proxy-revalidate"),
  },
  {
    name: "immutable",
    why: "it gives a day of life there: it says only that nobody need revalidate what is fresh (RFC 8246 §2)",
    rewrite: (sample) => without(sample, ({ name }) => name === "immutable"),
  },
];

export const has = (sample: Sample, name: string): boolean =>
  sample.directives.some((directive) => directive.name === name);

const made = ({ date }: Sample, arrived: number): number => date?.at ?? arrived;

export const dateField = (at: number): DateField => ({ text: new Date(at).toUTCString(), at });

const mapped = (sample: Sample, change: (directive: Directive) => Directive): Sample => ({
  ...sample,
  directives: sample.directives.map(change),
});

const without = (sample: Sample, dropped: (directive: Directive) => boolean): Sample => ({
  ...sample,
  directives: sample.directives.filter((directive) => !dropped(directive)),
});

const refused = (sample: Sample): Sample => ({
  ...sample,
  directives: [...sample.directives, { name: "no-store", argument: null }],
});

function counted(sample: Sample, change: (argument: string, name: string) => string): Sample {
  return mapped(sample, (one) =>
    COUNTED.includes(one.name) ? { ...one, argument: change(one.argument ?? "", one.name) } : one,
  );
}

const secondsOf = (argument: string): number => Number(argument.replaceAll('"', ""));

const leastOf = (sample: Sample, name: string): number =>
  Math.min(
    ...sample.directives.filter((one) => one.name === name).map(({ argument }) => secondsOf(argument ?? "")),
  );

/** Any form that is not a list of names covers everything, and one such outweighs the others. */
const coversAll = (sample: Sample, name: string): boolean =>
  sample.directives.some((one) => one.name === name && !FIELD_NAMES.test(one.argument ?? ""));

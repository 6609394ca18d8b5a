// The demo shop's products: made up, the same at every start, and changed by PUT while it runs.

export type Product = {
  readonly id: number;
  readonly name: string;
  readonly about: string;
  readonly priceCents: number;
  readonly stock: number;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
};

export type Article = { readonly id: number; readonly title: string; readonly text: string };

export type ProductChange = Partial<Pick<Product, "name" | "about" | "priceCents" | "stock">>;

export type Catalogue = {
  list(): readonly Product[];
  get(id: number): Product | undefined;
  /** The product as it is from then on; undefined where there is none of that id. */
  change(id: number, change: ProductChange): Product | undefined;
};

// A fixed instant, so that Last-Modified is the same at every start.
const opened = Date.UTC(2026, 0, 5, 8, 0, 0);

const goods: readonly (readonly [name: string, about: string, priceCents: number])[] = [
  ["Storm lantern", "Burns eleven hours on one filling and does not mind the wind.", 4900],
  ["Oilskin coat", "Waxed cotton, three pockets, one of them dry.", 18900],
  ["Tide clock", "One hand, six hours up and six hours down.", 7600],
  ["Bosun's whistle", "Nickel-plated brass, heard from the crow's nest.", 1850],
  ["Chart of the bay", "Soundings in fathoms, printed on linen paper.", 3200],
  ["Rope, 20 m", "Three-strand hemp, spliced at both ends.", 2700],
  ["Enamel mug", "Holds a pint and keeps the dents you give it.", 1250],
  ["Wool blanket", "Woven from last spring's fleece, salt-proof.", 9800],
  ["Brass compass", "Gimballed, with a card you can read in the dark.", 13400],
  ["Sea salt", "From the pans behind the mole, 250 g.", 650],
  ["Signal flags", "Forty flags in a canvas roll, a to z and the numerals.", 11900],
  ["Ship's biscuit", "Baked twice, lasts for years, improves in tea.", 480],
];

export const articles: readonly Article[] = [
  { id: 1, title: "The ferry sails again", text: "After three days in dock the ferry is back on its route." },
  { id: 2, title: "Fog until noon", text: "The harbour master asks small craft to stay at their moorings." },
  { id: 3, title: "A record catch", text: "Forty tonnes of herring came ashore on a single tide." },
  { id: 4, title: "Lighthouse open on Sunday", text: "A hundred and twelve steps, and cake at the top." },
];

export function createCatalogue(now: () => number): Catalogue {
  const products = new Map(
    goods.map(([name, about, priceCents], index) => {
      const id = index + 1;
      return [id, { id, name, about, priceCents, stock: 5 + ((id * 7) % 20), changedAt: opened }] as const;
    }),
  );
  const change = (id: number, changed: ProductChange): Product | undefined => {
    const known = products.get(id);
    if (known === undefined) return undefined;
    const product = { ...known, ...changed, changedAt: now() };
    products.set(id, product);
    return product;
  };
  return { list: () => [...products.values()], get: (id) => products.get(id), change };
}

/** The change that a JSON body asks for, or what is wrong with it. */
export function parseChange(value: unknown): ProductChange | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "expected a JSON object";
  const wrong = Object.entries(value).find(([name, given]) => !isField(name, given));
  if (wrong !== undefined) return `${JSON.stringify(wrong[0])} is unknown or out of range`;
  return Object.keys(value).length === 0 ? "nothing to change" : value;
}

function isField(name: string, value: unknown): boolean {
  switch (name) {
    case "name":
      return typeof value === "string" && value.length >= 1 && value.length <= 80;
    case "about":
      return typeof value === "string" && value.length <= 400;
    case "priceCents":
    case "stock":
      return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 10_000_000;
    default:
      return false;
  }
}

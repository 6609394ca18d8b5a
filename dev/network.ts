// How the processes of a cluster find one another: where each is told that the others are.

/** A process: `edge-1`, `edge-2`, …, or one of those that there is one of. */
export type Place = "mid-tier" | "origin" | "control-plane" | `edge-${number}` | `shard-${number}`;

export interface Way {
  readonly from: Place;
  readonly to: Place;
}

/** The URL at which `from` is told that `to` is, given where it really is. Each way is asked for once. */
export type Network = (way: Way, url: string) => Promise<string>;

/** What everybody is told. */
export interface Told {
  readonly control: {
    readonly midTier: string;
    readonly shards: readonly ShardUrl[];
    readonly edges: readonly ListedUrl[];
  };
  readonly edges: readonly ToldToEdge[];
}

/** A database beside `control`. */
export interface ShardUrl {
  readonly id: Place;
  readonly url: string;
}

/** As the control plane lists it. */
export interface ListedUrl {
  readonly id: string;
  readonly url: string;
  /** Where it really is, if `url` is only the way there. */
  readonly clientUrl?: string;
  readonly region: "local";
}

export interface ToldToEdge {
  readonly id: string;
  readonly port: number;
  readonly midTier: string;
  readonly shards: readonly ShardUrl[];
  readonly origin: string;
  /** Instead of what the control plane will tell it of its peers; null where that holds. */
  readonly peers: Readonly<Record<string, string>> | null;
}

export interface Whereabouts {
  readonly midTier: string;
  readonly shards: readonly ShardUrl[];
  readonly origin: string;
  readonly edges: readonly { readonly id: Place; readonly port: number; readonly url: string }[];
}

/** Without a network everybody is told where the others really are. */
export async function tell(network: Network | null, places: Whereabouts): Promise<Told> {
  const lead: Network = network ?? (async (_way, url) => url);
  const control: ListedUrl[] = [];
  const edges: ToldToEdge[] = [];
  for (const { id, port, url } of places.edges) {
    const way = await lead({ from: "control-plane", to: id }, url);
    control.push({ id, url: way, ...(way !== url && { clientUrl: url }), region: "local" });
    edges.push({
      id,
      port,
      midTier: await lead({ from: id, to: "mid-tier" }, places.midTier),
      shards: await tellShards(lead, id, places),
      origin: await lead({ from: id, to: "origin" }, places.origin),
      peers: network === null ? null : await tellPeers(network, id, places),
    });
  }
  const midTier = await lead({ from: "control-plane", to: "mid-tier" }, places.midTier);
  const shards = await tellShards(lead, "control-plane", places);
  return { control: { midTier, shards, edges: control }, edges };
}

async function tellShards(lead: Network, from: Place, { shards }: Whereabouts): Promise<ShardUrl[]> {
  const told: ShardUrl[] = [];
  for (const { id, url } of shards) told.push({ id, url: await lead({ from, to: id }, url) });
  return told;
}

async function tellPeers(
  network: Network,
  from: Place,
  { edges }: Whereabouts,
): Promise<Record<string, string>> {
  const peers: Record<string, string> = {};
  for (const { id, url } of edges) if (id !== from) peers[id] = await network({ from, to: id }, url);
  return peers;
}

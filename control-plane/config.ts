// Every limit of the control plane: its value, and why it is that value.

import { days, hours, kibibytes, mebibytes, millis, minutes, seconds } from "../shared/core/units.ts";

export const LIMITS = {
  /** Octets of a request's body: a thousand long URLs fit. */
  body: mebibytes(1),
  /** How long one piece of it may take, as an edge waits for its clients'. */
  bodyIdle: seconds(15),
  /** Selectors of one invalidation: each costs Redis and every edge an index entry. */
  selectors: 1000,
  /** Octets of them as the log keeps them: an append carries them twice, and a request to Upstash 10 MB. */
  selectorOctets: 4 << 20,
  /** One edge's account of a request: it looks into every tier. */
  explainDeadline: seconds(2),
  /** Rows of the metadata table: each is a field of the configuration that every edge learns. */
  policies: 1000,
  /** Sites: each is a field of that configuration too. */
  sites: 200,
  /** Hosts, and aliases, of one site. */
  siteHosts: 500,
  /** How often a change of the table is worked out anew because the configuration has changed meanwhile. */
  policyChangeTries: 8,
  /** After the first of these; behind each further one up to so much longer, at random. */
  policyChangePause: millis(50),
  /** How often an invalidation is named for the log that has another configuration: the last time so that policies don't matter. */
  namings: 3,
  /** Characters of a tag, as many as a policy may give. */
  tag: 1024,
  /** Characters of a URL: edges keep nothing of longer ones, which clients and servers rarely take. */
  url: 8192,
  /** Characters of a reason: it is kept with the audit record. */
  reason: 500,
  /** Faults told of one request: a thousand wrong URLs need not come back. */
  faults: 100,
  /** Selectors shown with a receipt in a list; the receipt itself shows all. */
  selectorsListed: 20,

  /** One Redis call: above the slowest honest replies, below what a client waits. */
  redisDeadline: millis(1500),
  /** As an edge's: a database that is gone costs one deadline now and then, not one a request. */
  breaker: { failures: 3, pause: millis(500), tells: millis(700) },
  /** How a shard is: one that takes longer than this would hold up readers too. */
  shardDeadline: millis(700),
  /** Not answering for so long it is left out of the map: a restart takes less, and meanwhile readers pass it over. */
  shardDownAfter: seconds(3),
  /** A shard that begins anew is written for so long before it is read: what is asked for most has passed by then. */
  shardWarmFor: seconds(15),
  /** Where refilling takes longer it is waited for: so long, since a shard that only takes writes is half a shard. */
  shardWarmAtMost: minutes(1),
  /** How often a change of the map is worked out anew because the configuration has changed meanwhile. */
  shardChangeTries: 3,
  /** How often the map is read though nothing seems to have changed. */
  shardMapReadEvery: seconds(10),
  /** Tokens at once: each is a record of some hundred octets, and lists show all of them. */
  tokens: 1000,
  /** Characters of a token's name. */
  tokenName: 64,
  /** Sites, and patterns, that one token is bound to. */
  tokenBounds: 100,
  /** Wildcards of one pattern. */
  tokenWildcards: 8,
  /** For how long whose a token is counts as known: a revocation is effective within it everywhere. */
  principalKept: seconds(5),
  /** Tokens known at once: all that there may be. */
  principalsHeld: 1000,
  /** How often it is noted that a token was used. */
  tokenUsedEvery: minutes(1),
  /** For how long a revoked token is not created again by what is sent again: as operations are remembered. */
  revokedTokenKept: days(1),
  /** Requests of one token that one isolate takes at once, and a second: far above what anybody needs, below what would keep others from being served. */
  requests: { burst: 2000, rate: 500 },
  /** Wrong tokens from one address that are looked up at once, and a second: a typing error is none of a guesser's. */
  wrongTokens: { burst: 20, rate: 0.5 },
  /** Refusals of one token that one isolate records at once, and a second: what goes on and on is one fact. */
  refusals: { burst: 20, rate: 0.1 },
  /** Wrong tokens of one address that one isolate records at once, and a second: none leaves no room for another's. */
  strangers: { burst: 3, rate: 1 / 600 },
  /** The same of all addresses: in a month far less than the audit log holds. */
  anyStranger: { burst: 30, rate: 1 / 60 },
  /** Who was turned away is folded into the figures no more often than this. */
  turnedAwayEvery: seconds(1),
  /** Tokens, and addresses, whose buckets are remembered: some hundred octets each. */
  gatesHeld: 10_000,

  /** Told to clients when Redis is away, in seconds. */
  retryAfter: 1,

  /** One push to one edge: what is slower learns it by its next pull. */
  pushDeadline: seconds(1),
  /** An answer without `wait` waits this long for the pushes, and not for those to edges that have been silent (`liveFor`): they go on behind it. */
  pushGrace: millis(300),
  /** Entries before a pushed one that travel with it: as many pushes may be lost before an edge has to pull. */
  pushPreceding: 8,
  /** An edge that accepts a write delivers it at once; what it has not by then is sent somebody for. */
  journalDueFor: millis(500),
  /** An edge says that it will flush, and does so behind that. */
  flushDeadline: millis(500),
  /** One status call to one edge; below the beat. */
  statusDeadline: millis(900),
  /** What has answered by then is recorded together; an edge that takes longer holds up no other's row. */
  statusGrace: millis(150),
  /** An edge that lags behind is asked often, so it need not wait for long before it answers. */
  laggingPatience: millis(250),
  /** A silent edge is asked so often, as patiently as any other: it may be slow, not away. */
  silentPatientlyEvery: seconds(3),
  /** In between it is asked as often as the beat goes, below its pause: one that comes back has little to wait for. */
  silentDeadline: millis(240),
  /** How long it may take to catch up before it answers that quickly. */
  silentPatience: millis(100),
  /** Calls of the beat at once that may hang: the runtime lets six out, so that two are left for Redis, pushes and edges that answer. */
  slowCallsAtOnce: 4,
  /** Of these, those that wait for origins: one is left for edges that are silent. */
  originCallsAtOnce: 3,
  /** Of these, edges that warm, or read a document, over all warm-ups: one is left for renewals. */
  warmCallsAtOnce: 2,
  /** And edges that renew: one is left for warm-ups. */
  renewCallsAtOnce: 2,
  /** Places in the log from which it is read for edges that lag behind, in one round. */
  tailsPerRound: 4,
  /** Entries sent to an edge that lags behind: one that lacks more takes its time anyway. */
  tailEntries: 200,
  /** Records that are verified in one call: Redis does nothing else for a few milliseconds. */
  auditVerified: 1000,
  /** How often the audit log is compared with its witness, and verified a little further. */
  auditWatchEvery: seconds(10),
  /** Records that one request looks at to find those that it asks for: past that it is told where to go on. */
  auditScanned: 5000,
  /** Of these, in one call. */
  auditScannedAtOnce: 500,
  /** Records of one CSV file: what a spreadsheet takes. */
  auditCsv: 5000,
  /** Steps that marks are merged in over a window: as many as a chart has points. */
  markerSteps: 150,
  /** Records that are looked at for marks: what lies behind them is not marked, and that is said. */
  markersScanned: 10_000,
  /** Octets of records that one page of the audit log is read in. */
  auditPageBytes: kibibytes(512),
  /** Octets of them. */
  tailBytes: kibibytes(256),
  /** An edge seen within this is named to the others as a peer. */
  peerNamedFor: minutes(1),
  /** An edge not seen for this long is silent: several beats missed, not one. */
  liveFor: seconds(5),
  /** Added to a class's bound before an edge counts as fenced: one CPU turn, an undetectable clock step, transit. */
  fenceSlack: millis(250),
  /** Signed requests older or newer than this are refused. */
  signatureAge: seconds(30),

  /** How long `wait` waits for every edge where the request doesn't say: pushes take milliseconds, pulls a beat. */
  waitDefault: seconds(10),
  /** Proxies give up on silent requests at about a minute. */
  waitMost: seconds(60),
  /** How often a waiting request looks at its receipt; acknowledged pushes have closed it before the first look. */
  waitPoll: millis(100),
  /** Receipts newly found in one beat: above the rate at which one Redis appends. */
  receiptsFound: 5000,
  /** Open receipts looked at in one beat, from either end. */
  receiptsFollowed: 500,
  /** Octets of log entries read with receipts at once: far below what a reply of the REST interface may hold. */
  receiptEntries: mebibytes(4),
  /** Changes of configuration looked at one by one to say when an invalidation is fenced: the work grows with them. */
  statesApart: 20,
  /** How often receipts are looked for though the log has not grown since there were none. */
  receiptsLookedEvery: seconds(10),
  /** Open receipts remembered: as many as there are receipts. */
  receiptsOpen: 10_000,
  /** Operations of the journal in one call, while those are looked for that a change of policies would leave behind. */
  strandedPage: 500,
  /** So many calls; beyond them nobody knows. */
  strandedPages: 40,
  /** As many such calls to say how many values an invalidation spares: who shows receipts asks every second. */
  sparedPages: 4,
  /** Items of a list where the request doesn't say. */
  page: 20,
  /** Items of a list at most: each receipt is read from Redis. */
  pageMost: 100,

  /** A dry run says how much it would hit as far as it finds out within this: a person waits for it. */
  estimateDeadline: millis(450),
  /** Answers of L2 read for it: a share of 1 in 100 is then known to within 1.4 in 100. */
  estimateAnswers: 200,
  /** Keys that one SCAN for it looks at: Redis does nothing else meanwhile, for less than a millisecond. */
  estimateScan: 1000,
  /** SCANs for it at most: what share of all keys are answers is then known well enough. */
  estimatePages: 20,

  /** How late an invalidation may be repeated: as long as its operation is remembered. */
  repeatMost: days(1),
  /** Repeats waiting at once: each holds its selectors in Redis. */
  repeatsScheduled: 1000,
  /** Repeats appended in one beat. */
  repeatsPerBeat: 20,

  /** Answers of each class whose place in the account is looked at in one beat: Redis does nothing else for half a millisecond. */
  tendMembers: 250,
  /** Keys among which answers on no account are looked for in one beat. */
  tendKeys: 100,
  /** Beats at most for which a shard is left alone whose accounts are in order: looking at each of hundreds of answers is a call inside Redis. */
  tendRestsMost: 60,

  /** A write that was refused so long ago may be taken by now: three evaluations try, and end it sooner. */
  refusesFor: seconds(30),
  /** How often the alert rules are evaluated: a handful of Redis calls each time. */
  alertEvery: seconds(10),
  /** Two of them further apart than that, as the control plane was away, do not tell of all the time between them. */
  alertSeenFor: seconds(12),
  /** What they look at: long enough to tell a spell from a blip, and two evaluations in every metrics bucket. */
  alertWindow: minutes(1),
  /** What was judged longer ago tells nothing of now: two evaluations may be late or fail. */
  alertJudgedWithin: seconds(30),
  /** An alert of which nothing could be measured for so long is over: traffic that ended does not page for ever. */
  alertHeldFor: minutes(15),
  /** How long alerts are shown that are over. */
  alertResolvedKept: hours(1),
  /** Alerts at once, all shards, edges and classes counted: beyond that those pending are left out. */
  alertsMost: 500,
  /** Characters of an acknowledgement's note. */
  alertNote: 500,
  /** What is found once (a loss, a violation) is an alert for so long: it can't be mended, only looked into. */
  alertFoundFor: hours(1),
  /** One call of the alerts' receiver. */
  webhookDeadline: seconds(5),
  /** After the first failure of the receiver; each further one doubles it, half of it by chance. */
  webhookBackoff: seconds(5),
  /** At most. */
  webhookBackoffMost: minutes(10),
  /** How often an alert that nobody has acknowledged is told again: as Alertmanager does. */
  webhookRepeat: hours(4),
  /** Alerts in one message; what is beyond is counted in it. */
  webhookAlerts: 50,
  /** How long the end of an alert is kept for a receiver that does not answer. */
  webhookToldKept: days(7),

  /** Losses of the log remembered: one is too many already. */
  lossesKept: 20,

  /** The newest hard invalidations that the auditor holds: what is older it has to ask for. */
  auditEntries: 5000,
  /** Their selectors in all: some ten mebibytes. */
  auditSelectors: 50_000,
  /** Characters of these: clients choose how long the URLs are that they write to. */
  auditCharacters: mebibytes(8),
  /** Entries that the auditor reads in one call, and with which it begins. */
  auditPage: 1000,
  /** Calls in a row before it leaves the rest to the next beat. */
  auditPages: 10,
  /** Answers older than what the auditor holds that it asks the full index about, a beat. */
  auditChecks: 20,
  /** For how long edges take a closer look at what was invalidated: longer than most windows. */
  watchFor: minutes(10),
  /** Selectors that they do so for, the newest first: each call of each edge holds them all. */
  watchSelectors: 512,
  /** Characters of all selectors watched. */
  watchCharacters: kibibytes(32),
  /** A violation is told again once none was seen for this long. */
  auditQuiet: minutes(1),

  /** Between two beats: an edge without traffic learns of a lost push within this. */
  beat: seconds(1),
  /** From one look at what is open or behind to the next: whoever comes back has caught up well within a second. */
  beatBusy: millis(250),
  /** After so long nobody is about to come back at once, and half as many looks will do. */
  busyAtFirst: seconds(30),
  /** From one look to the next by then: still within a second of a heal. */
  beatBusyLater: millis(500),
  /** After so long the beat alone will do: an edge that is gone for good must not cost more for ever. */
  busyAtMost: minutes(10),
  /** How often an isolate makes sure that the beat goes on. */
  pokeEvery: seconds(10),
  /** How often the configuration in the log is compared with the environment's, once it is there. */
  bootCheckEvery: seconds(10),
  /** Reading the metrics collects anew unless that began this shortly ago. */
  collectAgain: millis(200),
  /** How often what nobody counts is noted for charts: once a bucket of the finest. */
  figuresEvery: seconds(10),
  /** Nobody adds to a bucket of time this long after its end: a report is folded by the time of the round that asked for it. */
  bucketSettles: seconds(5),
  /** Steps of charts kept in memory, of all windows and sites, that nobody adds to any more: six charts, some megabytes. */
  stepsRemembered: 1000,
  /** Shards that a series tells of: more strips nobody can tell apart, and every point holds all of them. */
  shardsInSeries: 16,

  /** A clock that is so far off is told of: ages are reckoned without it, but logs and receipts mislead. */
  clocksApartWarn: seconds(2),
  /** A purge that has not converged by then is told of by the doctor. */
  doctorLate: minutes(1),

  /** Requests a second that somebody is shown who does not say: as many as can be read. */
  tailRate: 50,
  /** Who may watch requests at once: edges judge each request for each of them. */
  tailWatches: 16,
  /** A watch that nobody renews ends: edges keep nothing for somebody who has gone. */
  tailLasts: seconds(5),
  /** How often whoever watches is told what is new: with a beat before it, a second and a half. */
  tailPoll: millis(300),
  /** Batches kept for those who watch: of many edges, as long as a slow reader takes; each has up to 64 KiB. */
  tailBatches: 100,
  /** By then nobody wants to see them any more. */
  tailKept: seconds(30),
  /** Batches read at once. */
  tailPage: 20,
  /** A stream of requests ends after this long; clients connect again by themselves. */
  tailFor: minutes(15),

  /** After which what was observed of traffic counts half: what a path is like shows over a day, and is forgotten in two. */
  observedHalfLife: hours(6),
  /** Path patterns remembered, of all sites: those asked for most. */
  observedPatterns: 1000,
  /** Names below one directory that patterns are suggested for one by one. */
  observedChildren: 24,
  /** After which a request counts half towards what is hot: a surge shows within seconds, and is gone within minutes. */
  hotHalfLife: seconds(30),
  /** Hot keys remembered, of all and of each region: what an edge's memory is rebuilt from. */
  hotLedger: 1000,
  /** The share of all requests from which on a key is hot; below half of it, it is not any more. */
  hotShare: 0.01,
  /** How often the hot keys are read though no edge has told anything of them. */
  hotReadEvery: seconds(10),
  /** Requests, in half-lives, without which a share says nothing. */
  hotLeast: 100,
  /** Hot keys at most: every beat tells every edge of all. */
  hotMost: 64,
  /** Hot keys shown with the figures. */
  hotShown: 20,
  /** Keys that a new or emptied edge is warmed with, the hottest first. */
  rebuildKeys: 1000,
  /** What has less of all requests is asked for too seldom to be missed; nor does what was hot long ago come back by that. */
  rebuildShare: 0.000_01,
  /** Keys a second: most come from L2, and what L2 has lost costs the origin no more than this beside its users. */
  rebuildRate: 100,
  /** At once. */
  rebuildConcurrency: 4,
  /** Whatever somebody asks to be warmed within this goes first. */
  rebuildBehind: minutes(10),
  /** Lives of edges remembered as warmed. */
  livesRemembered: 1000,

  /** Keys that may be renewed before they expire, those asked for most: what a few megabytes of Redis hold. */
  refreshKeys: 5000,
  /** After which a request counts half towards what a renewal is worth: longer than what is asked for seldom lies apart. */
  refreshHalfLife: minutes(5),
  /** How long before their end keys are due: two beats find them, and a fetch fits in. */
  refreshLead: millis(2500),
  /** Answers with more left than that are not due, whatever the due set says: its clock, a beat and a call apart. */
  refreshLeast: millis(3500),
  /** How long after it they are given up: whoever asks for them has fetched them by then. */
  refreshLate: seconds(5),
  /** When what could not be renewed is tried again: while it may still be of use, and users may have been served. */
  refreshAgain: seconds(2),
  /** Lives below this are too short: renewing them ahead by two beats would cost a fifth more fetches. */
  refreshLeastLife: seconds(15),
  /** Due keys that are looked at in one beat to find the dearest. */
  refreshLooked: 500,
  /** Keys renewed in one beat at most, over all edges: no more than warm-ups ask for in a second. */
  refreshBatch: 100,
  /** At once at one edge. */
  refreshConcurrency: 4,
  /** One batch at one edge: later, what it was for has expired. */
  refreshDeadline: seconds(10),

  /** URLs of one warm-up's body: what fits into it. */
  warmupUrls: 10_000,
  /** Requests of one warm-up, those of sitemaps and variants included: some ten megabytes of Redis. */
  warmupTargets: 100_000,
  /** Requests a second to the origin where neither the request nor the site's budget says: most origins take that beside their users. */
  warmupRate: 100,
  /** Requests a second to the origin at most. */
  warmupRateMost: 10_000,
  /** Requests to the origin at once where the request doesn't say. */
  warmupConcurrency: 8,
  /** Requests to the origin at once at most: edges take no more in one batch. */
  warmupConcurrencyMost: 64,
  /** Variants of one warm-up: each is all of its URLs once more. */
  variants: 16,
  /** Headers of one of them. */
  variantHeaders: 8,
  /** Characters of each: longer ones are no preference. */
  variantHeader: 1024,
  /** Indexes of sitemaps in one another: the protocol knows one level, some sites make two. */
  sitemapDepth: 3,
  /** Sitemaps and manifests of one warm-up: each takes an edge a fetch and a moment. */
  warmupDocuments: 500,
  /** How often one is tried that could not be read. */
  documentTries: 3,
  /** From one place to another for one of them: what takes more goes round in circles, most likely. */
  redirects: 5,
  /** All reading of one warm-up: by then what is read will have to do. */
  listingFor: minutes(30),
  /** Files of one manifest. */
  manifestFiles: 20_000,
  /** Characters of a file's digest. */
  manifestDigest: 256,
  /** Reading sitemaps for a dry run: a person waits for it. */
  rehearsalFor: seconds(20),
  /** Targets that a dry run shows, and asks every edge for: fewer than an edge looks for at once. */
  rehearsalShown: 20,
  /** One edge's look for them. */
  heldDeadline: seconds(3),
  /** URLs in one batch, fewer than an edge takes: a cancel, a restart or a slow origin then costs little. */
  warmupBatch: 100,
  /** One batch, or one document, at one edge: it begins nothing after half of that. */
  warmupDeadline: seconds(20),
  /** After a batch of which the origin took nothing. */
  warmupPause: seconds(1),
  /** Work on warm-ups before it is looked again which there are, and which edges. */
  warmupSlice: millis(900),
  /** Warm-ups that go on at once; others wait their turn. */
  warmupsAtOnce: 4,
  /** Warm-ups that are listed: all of a day, unless edges come and go all the time. */
  warmupsRemembered: 1000,
  /** Errors kept with a warm-up: enough to see what is wrong. */
  warmupErrors: 50,
  /** How long a warm-up's outcome can be read. */
  warmupKept: days(1),
  /** How often a waiting request, or a reader of events, looks at the progress. */
  warmupPoll: millis(250),
  /** A stream of events ends after this long; browsers connect again by themselves. */
  warmupEventsFor: minutes(15),

  /** How long a fault lasts at least: of shorter ones nothing shows before it is healed. */
  chaosLeast: seconds(2),
  /** And at most: longer ones are an outage. */
  chaosMost: minutes(5),
  /** How long where nobody says: longer than every window that is checked but that of what never changes. */
  chaosDefault: seconds(15),
  /** One call to the agent: it only takes an order, or tells what it has written down. */
  chaosDeadline: seconds(3),
  /** An abort is answered when all is healed: a database that was killed takes its time to load. */
  chaosAbortDeadline: seconds(10),
  /** How often it is looked how the experiment that runs is. */
  chaosLookEvery: seconds(5),
  /** An agent that was just given an order need not know of it yet. */
  chaosOrderedFor: seconds(10),
  /** An agent not heard of for so long will not be again: its supervisor would have started it anew. */
  chaosSilentFor: seconds(30),
  /** From order to report: the longest fault, and twice as long for all that is around it. */
  chaosRunsAtMost: minutes(15),
  /** How often a waiting request looks whether it is over. */
  chaosPoll: millis(500),
  /** Seconds of one report: as long as the longest experiment, and as long again. */
  chaosSeconds: 1800,
  /** Events of one report: more than a fault every second. */
  chaosEvents: 1000,
  /** Bounds of one report: more than anybody would read. */
  chaosVerdicts: 50,
  /** Characters of one text of a report. */
  chaosText: 1000,
  /** How long a report can be read. */
  chaosKept: days(30),
  /** Reports that are listed: a hundred kilobytes of Redis each. */
  chaosRemembered: 100,

  /** From one look of an open overview at the figures to the next: they are collected once a second. */
  overviewEvery: seconds(2),
  /** A session of the dashboard that nobody uses ends: a screen may have been left. */
  sessionIdle: hours(2),
  /** However much it is used, somebody signs in once a working day. */
  sessionAtMost: hours(12),
  /** A session's cookie says when it was seen as exactly as this: not every page need set it. */
  sessionRenewed: minutes(1),

  /** Spans of one request beside its own: the widest fan-out has one an edge; what is beyond them is counted. */
  traceCalls: 600,
  /** What an answer leaves running is in its trace if it ends within this: the slowest push does. */
  traceGrace: seconds(3),
  /** A collector that takes longer is not waited for: what it was to take is lost. */
  traceDeadline: seconds(5),
  /** Traces on their way at once in an isolate: what a collector that hangs may hold. */
  traceExports: 32,
} as const;

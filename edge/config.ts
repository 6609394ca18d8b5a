// Every limit of an edge: its value, and why it is that value.

import { bytes, days, hours, kibibytes, mebibytes, millis, minutes, seconds } from "../shared/core/units.ts";

export const LIMITS = {
  /** Above the slowest honest replies of a near database; a miss must not wait longer for a shard that is gone. */
  l2ReadDeadline: millis(1000),
  /** A shard that takes longer is passed over for the next one that can answer for its keys: long enough that an edge which is busy itself does not ask twice as much. */
  failoverAfter: millis(500),
  /** Reads in one call: as many as it still has its answer about as soon as one alone. Who gathers them sends after one turn of the event loop: this is one on a machine that has no time. */
  gathering: { most: 16, characters: kibibytes(256), turnAtMost: millis(50) },
  /** How many shards hold a key that is hot: all that there may be. */
  hotReplicas: 16,
  /** Copies remembered that a shard could not be given: the oldest tells how far it lags behind. */
  copiesMissed: 1000,
  /** Others may have made them meanwhile: it is looked for before a lag is an alert, not while it is a moment's. */
  copiesLookedFrom: seconds(5),
  /** One small call for each shard that lags behind: what is there is struck off before the alert has waited for its time. */
  copiesLookedEvery: seconds(5),
  /** In one call: a few kilobytes. */
  copiesLookedAtOnce: 64,
  /** After a change of the map what a key's home lacks is looked for on the shards beside it: as long as an answer of `hot` may be of use. */
  mapSettlesIn: minutes(10),
  /** What a shard's clock showed is reckoned forwards for this long: two clocks part by less than 60 ms meanwhile. */
  clockRemembered: minutes(1),
  /** A home that was silent lacks what was fetched meanwhile: it is looked for beside it until that has mostly expired. */
  silenceRemembered: minutes(1),
  /** Shards asked for one key: its home, its copy or heir, and one more for when two are away. */
  failoverTries: 3,
  /** A lease that may have been granted is given back until that was heard: after half its life it may as well expire. */
  releaseTries: 12,
  /** A fill happens behind the client's back and carries the body. */
  l2FillDeadline: millis(2000),
  /** A pull that takes longer counts as failed, and the fence decides. */
  logDeadline: millis(1500),
  /** A write goes by what the log said no longer ago: beyond it another policy may send others of its URL elsewhere. */
  writeWindow: seconds(5),
  /** A write waits for its acknowledgement no longer than a fill for its own. */
  journalDeadline: millis(2000),
  /** Operations of one database that wait for the origin. Beyond that keys of which nothing waits are written through. */
  journalDepth: 10_000,
  /** Of one key: a session that beats every second, for as long as an origin may be restarted. */
  journalPerKey: 120,
  /** Values and operations of one database, charged with 512 octets each beside their own: at 1 KiB some 50 000 sessions. */
  journalValues: mebibytes(96),
  /** As long as clients take to try again what they got no answer to: each costs Redis some 200 octets meanwhile. */
  journalRepeatable: minutes(10),
  /** Values that nobody uses are kept for this long where the policy has no `ttl`, once the origin has them. */
  journalValueLife: minutes(30),
  /** The origin has as long as this for one operation. */
  journalDelivery: seconds(10),
  /** Nobody else takes an operation up meanwhile: a delivery, the log's word, and the journal's own. */
  journalClaim: seconds(30),
  /** Operations that are handed out at once; a lane that has as many under way is handed no more. */
  journalBatch: 32,
  /** The same in octets of contents, base64 where they are handed out. */
  journalOctets: mebibytes(1),
  /** Lanes whose share may be under way at once: a site has two, for what is sent first and what is sent again, and they may hold up to twice theirs. */
  journalLanes: 8,
  /** What is written within this time goes in one batch: half of what makes a call for each. */
  journalLinger: millis(25),
  /** What is under way is waited for this long: an origin that answers sooner is told of in one call for all. */
  journalPace: millis(250),
  /** One request's background may last 30 s; whoever comes next goes on. */
  journalRun: seconds(8),
  /** Before the second try; twice as long before each one after that. */
  journalRetry: millis(500),
  /** An origin that is well again has what waited for it within as long as it was away, and this. */
  journalRetryMost: seconds(30),
  /** An origin that has not taken an operation by then is not about to: somebody has to look at it. */
  journalTriedFor: hours(24),
  /** What can't be journalled waits for what is, as long as a user would. */
  journalPatience: seconds(5),
  /** How often it looks whether that is there: each look is a command. */
  journalPoll: millis(100),
  /** A shard that is gone costs one deadline now and then, not one a request. What has less time than a read tells nothing of it. */
  breaker: { failures: 3, pause: millis(500), tells: millis(500) },
  /** Until the origin's headers are here, waiting for a turn and a second try included. */
  originDeadline: seconds(30),
  /** Requests of one isolate to a site's origin at once, where the site says nothing: more than most origins take well. */
  originConcurrency: 256,
  /** As few as that an origin is always given, however slow it gets: else nobody would notice that it is well again. */
  originConcurrencyLeast: 4,
  /** Answers whose times are judged together: fewer, or faster ones, would be noise. */
  originWindow: { samples: 10, span: millis(250) },
  /** An origin has slowed when it takes so many times as long as usual. */
  originTolerance: 2,
  /** So many roots of it the concurrency of an origin that is well aims beyond itself: one window proves no more. */
  originGrowth: 1,
  /** Of one window: half in the limit, and little in what is usual, so that minutes of slowness pass for no habit. */
  originWeight: { limit: 0.5, usual: 0.002 },
  /** Requests that wait for a slot: what an origin that is well does in a moment. */
  originLine: { user: 1000, background: 100 },
  /** As long they wait: a client rather hears soon that it has to come again, and a refresh that comes late is another one's. */
  originPatience: { user: seconds(2), background: millis(500) },
  /** A token that is due within this is waited for, slot in hand: as all that edges hold has to be asked for anew at once, when the log falls silent. */
  originTokenPatience: seconds(1),
  /** Of a bucket's burst, what refreshes and warm-ups leave to users. */
  originReserve: 0.25,
  /** Tokens are asked for on the way of a miss: without an answer by then the own share decides. */
  takeDeadline: millis(300),
  /** Failures in a row after which the origin is left alone, and until one request tries it again; and until another does, where that one hangs. */
  originBreaker: { failures: 10, lasting: millis(500), pause: seconds(1), probeLost: seconds(2) },
  /** Answers that say that it can't: 500 is one request's bug more often than the origin's state. */
  originFailureStatuses: [502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 530],
  /** Requests sent again because their connection failed, of all that were sent. */
  originRetryShare: 0.1,
  /** From when on a reply is taken for lost where what was sent later has been answered: as long as clients wait before they leave. */
  originReplyLost: seconds(5),
  /** What of them counts: between once and twice as long ago. */
  originRetrySpan: seconds(10),
  /** A warm-up that is turned away tries again for this long, within its batch's deadline; then nothing more of it is begun. */
  warmupPatience: seconds(10),
  /** Between two pieces of a body of the origin's, or of the data centre's: what stalls longer has broken off. */
  originIdle: seconds(15),
  /** How long one piece of a client's content may take. */
  clientIdle: seconds(15),
  /** How long all of it may take that is waited for before the origin, or the journal, is asked. */
  uploadDeadline: minutes(2),
  /** Octets of clients' content that an isolate holds at once: what comes beyond is turned away. */
  uploadsHeld: mebibytes(24),
  /** The same of one site. */
  uploadsHeldOfSite: mebibytes(16),
  /** Of a holder that died nobody may wait longer than a client's patience; a living one renews its lease. */
  leaseDuration: seconds(5),
  /** Three times within a lease, so that one lost reply costs none. */
  leaseRenewal: millis(1500),
  /** For a minute, longer than a fetch takes: one that never ends must not keep its key from everybody. */
  leaseRenewals: 40,
  /** A lease that was taken over is not again for so long: its holder gets to fill what is purged all the time, and one that hangs keeps nobody waiting. */
  overtakerPatience: seconds(10),
  /** A waiter looks again after this much, jittered by half; under 100 ms so that an uncacheable key frees it quickly. */
  pollInterval: millis(40),
  /** As many times it looks that quickly; nobody waits longer than about 4 s for an origin that is well. */
  quickPolls: 100,
  /** From then on it waits for an origin that takes its time; so do those who wait for another isolate of the data centre after two seconds. */
  slowPollInterval: millis(500),
  /** What another isolate brings its data centre is looked for that often, jittered by half: each look is two or three calls of those that one request may make. */
  besideInterval: millis(200),
  /** What somebody else renews is looked for again after what its fetch took, this at least, or up to twice as long. */
  elsewherePause: millis(250),
  /** After this long a waiter asks the origin itself. */
  longestWait: seconds(33),
  /** A follower of a coalesced fetch gives up just after the origin's deadline. */
  followerGuard: seconds(31),
  /** A look-up in the data centre takes milliseconds: one that took longer has lost its request, and everybody looks for himself. */
  lookGuard: millis(500),
  /** What hangs there is taken for unavailable: L2 and the origin are asked, as they would have been at once; and what holds a body on its way to a client up for so long is given no more of it. */
  cacheApiDeadline: seconds(2),
  /** Of a body that is here: its put has clients behind it that may wait for more room, and none that waits for it. */
  cacheApiPutDeadline: seconds(10),
  /** Just above the log's deadline: a check by its full index that took longer has lost its request, and of those who wait for it one asks again. */
  checkGuard: millis(1600),
  /** Bodies up to this are shared with followers, kept in memory and in L2; larger ones are streamed. */
  sharedBody: mebibytes(1),
  /** Octets of answers, and of chunks, that an isolate collects at once to store them, twice that with the copies: what comes beyond is not collected, and goes to its client alone, or into the data centre as it streams. */
  collected: mebibytes(24),
  /** The same of one site. */
  collectedOfSite: mebibytes(16),
  /** So much of each is not reckoned: however slow others are, ordinary pages are collected. */
  collectedFreely: kibibytes(64),
  /** One that another request is bringing is waited for this long: beyond it it is a stream rather than a page, and until then to go alone would have all who wait go at once. An origin that has yet to begin one for another isolate of the data centre is waited for as long. */
  bodyPatience: seconds(10),
  /** A larger one for this long, as its client may be slow, or for as long as that where so much of it has come that it will be here by then; what has to be validated each time, of use to few; and the rest of a part, before the whole is asked for. */
  shortPatience: seconds(2),
  /** Largest body that is stored at all. */
  largestStored: mebibytes(512),
  /** From which size on bodies are kept in chunks: below it a lost body costs little to fetch again. */
  chunkedFrom: mebibytes(8),
  /** One chunk: what a small range costs at most, and what one stream has in memory; smaller ones cost the origin more requests. */
  chunk: mebibytes(2),
  /** A chunk that another request is bringing is waited for this long before it is asked for once more: that one's client may be slow. */
  chunkPatience: seconds(2),
  /** Looks for a chunk, and flights joined for it, before its body breaks off. */
  chunkTries: 3,
  /** A body outlives its record by this: a 304 gives the record a new life, and what is asked for daily is never fetched again. */
  bodyOutlives: days(1),
  /** A bucket is on the way of a reader, and the origin behind it: an object of 2 MiB comes within a fraction of this. */
  bucketReadDeadline: seconds(2),
  /** Behind the client's back, with the octets, and possibly twice. */
  bucketPutDeadline: seconds(10),
  /** A body on its way to a client waits this long for what goes to the bucket of it: then it goes on, and the rest of it without the bucket. */
  bucketPace: seconds(1),
  /** Times that a conditional put is tried, while others put as well. */
  bucketTries: 3,
  /** Characters of the record beside an object: R2 takes 8 KiB of an object's own fields. */
  bucketRecord: kibibytes(7),
  /** By how much the clocks of two hosts may differ: what comes out of a bucket counts as so much older. */
  clocksDiffer: seconds(5),
  /** Digests of keys that are remembered: beyond so many all are forgotten at once. */
  digestsRemembered: 1000,
  /** Characters of a text whose digest is remembered: keys are shorter as a rule. */
  digestedText: 512,
  /** How long a key is remembered as not storable, so that nobody is serialised behind it. */
  uncacheableFor: seconds(10),
  /** How long a failing origin's key makes nobody wait for another's try. */
  failingFor: seconds(1),
  /** From which size on the runtime gets a copy of a body in memory that it sends as it is: to copy 64 KiB for each answer takes it 37 µs. */
  blobFrom: kibibytes(32),
  /** What an entry costs beside its body and header bytes: measured. */
  entryOverhead: bytes(3072),
  /** Fields of an answer that this covers. */
  entryFields: 32,
  /** What each one beyond costs beside its characters, measured: an origin that floods fields must not flood an isolate. */
  fieldOverhead: bytes(112),
  /** Variants of one resource by Vary, in memory as in L2: beyond them the oldest gives way, and is counted. */
  variantsPerKey: 64,
  /** What requests said in the fields that select is remembered, so many a resource and an answer. */
  rememberedSelecting: 8,
  /** Longer ones are normalised anew each time. */
  rememberedLength: 128,
  /** Bytes of L1 memory for markers: keys known to vary or to be uncacheable. */
  markerBudget: mebibytes(2),
  /** URLs whose classification is remembered, and how long such a URL may be: each costs its prefixes. */
  routesRemembered: 2048,
  /** Longer URLs are classified anew each time. */
  rememberedUrl: 1024,
  /** Characters of the paths of which answers have said what their queries change. */
  searchesSize: mebibytes(1),
  /** Peers remembered. */
  peers: 500,
  /** A push whose entries lie beyond a gap is answered when the gap is closed, and by then at the latest. */
  pushPatience: millis(300),
  /** How often a write is named for the log that has another configuration: the last time so that policies don't matter. */
  namings: 3,
  /** A write-through write is answered by then, refilled or not: its writer has waited for the origin once already. */
  writeThroughPatience: seconds(1),
  /** Groups that one write makes out of date; beyond them its whole host: each costs Redis and every edge an index entry. */
  writeGroups: 100,
  /** Writes kept until the log takes them: more at once means a log that has been away for long under heavy writing. */
  unsentKept: 10_000,
  /** Characters of what they name: clients choose how long URLs are. */
  unsentSize: mebibytes(8),
  /** Sent in one go, well within what a request may do behind its answer. */
  unsentAtOnce: 20,
  /** A flush that has not ended by then was its request's, which is gone: another one begins. */
  unsentFlush: seconds(15),
  /** Peers that are asked at once to tell the log of a write: at least one that can reach it is most likely among them. */
  writesFanOut: 3,
  /** A peer that takes longer has most likely lost the log itself. */
  writesDeadline: seconds(2),
  /** Between two that ask them after none could: whoever writes meanwhile does not wait for them. */
  writesPause: seconds(2),
  /** Writes that a peer tells the log for an edge, in one entry: two batches of deliveries. */
  writesTold: 64,
  /** Octets of the record beside a blob: it travels as one header. */
  blobRecord: kibibytes(16),
  /** Answers in the Cache API whose verified-to this isolate remembers. */
  verifiedRemembered: 10_000,
  /** How often a coalesced follower looks for a newer fetch before it asks the origin itself. */
  joinAttempts: 3,
  /** One of so many reads of stored answers is told to the auditor: at a thousand a second a bound of 0.1 % takes 100 seconds. */
  auditEvery: 32,
  /** Reads of what was invalidated lately that are told beside them, a second: what should be none needs no more. */
  auditWatchedPerSecond: 100,
  /** Samples of either kind kept until the control plane has counted them: what one isolate can serve in two beats. */
  auditKept: 512,
  /** Characters of one sample's selectors: those of nearly every URL. */
  auditSelectors: 4096,
  /** Characters of all selectors in one report, which every beat carries. */
  auditBatch: kibibytes(512),
  /** One of so many samples is compared with the origin: a hit in thirty thousand. */
  auditOriginEvery: 1000,
  /** Between two comparisons. */
  auditOriginPause: seconds(10),
  /** Between two of what is renewed ahead, in lives of the answer: its renewals ask the origin as well. */
  auditOriginLives: 60,
  /** What was asked for this shortly ago would tell nothing. */
  auditOriginAge: seconds(10),
  /** An origin that fails is not compared with for this long. */
  auditOriginRest: minutes(5),
  /** Octets of an answer without validators that are read to compare it. */
  auditOriginBody: kibibytes(64),
  /** One of so many requests is counted towards what is hot, for as many as it stands for: a countdown is all that the others cost. */
  hotEvery: 8,
  /** Counters in one report, of those that have changed: a hundred busy classes. The others follow in the next. */
  countersTold: 2000,
  /** Reports that may be acknowledged yet: several isolates of the control plane ask at a time. */
  counterReports: 8,
  /** Path patterns observed between two reports: some 250 octets each. */
  observedPatterns: 512,
  /** Names below one directory that are told apart: beyond them they are one wildcard. */
  observedChildren: 24,
  /** Names of all directories of a site that are remembered for that. */
  observedNodes: 2048,
  /** Representations remembered to see whether the next one differs. */
  observedVersions: 2048,
  /** Patterns told in one report, those asked for most. */
  observedTold: 100,
  /** Between two reports: what a path is like does not change by the second. */
  observedEvery: seconds(10),
  /** Keys counted at once: whatever is asked for more often than once in so many samples is among them. */
  hotCounted: 512,
  /** Keys told of in one beat, the hottest first: as many samples as a thousand requests give. */
  hotTold: 128,
  /** Characters of their URLs and headers in all: a message that every beat carries. */
  hotBatch: kibibytes(64),
  /** Longer URLs are not counted: each is kept with its key, and in Redis. */
  hotUrl: 1024,
  /** Headers that choose a variant, and characters of each: what has more is not counted. */
  hotHeaders: 4,
  /** Longer values are not counted. */
  hotHeaderLength: 128,
  /** Characters of the requests that one report shows to whoever watches: every beat carries them. */
  tailBatch: kibibytes(64),
  /** Characters of a path that is shown. */
  tailPath: 512,
  /** Parameters of a query that are named. */
  tailNames: 12,
  /** Characters of such a name: longer ones are values, most likely. */
  tailName: 40,
  /** Answers in memory looked at for one estimate: some milliseconds of the isolate's time. */
  estimateLooks: 2000,
  /** Signed requests older or newer than this are refused. */
  signatureAge: seconds(30),
  /** URLs an edge takes in one warm-up batch. */
  warmupBatch: 200,
  /** Targets of which an edge says at once whether it holds them: each is a look into every tier. */
  heldLooks: 50,
  /** Octets of a sitemap, uncompressed: what the protocol allows, and no compressed bomb goes further. */
  sitemapOctets: mebibytes(50),
  /** Characters of one of its locations; the control plane takes no longer URL. */
  sitemapLocation: 8192,
  /** Characters of a tag's name in it: the longest in use have some twenty. */
  sitemapName: 256,
  /** Locations told at once: Redis takes them in one script, within some milliseconds. */
  documentLocations: 5000,
  /** Characters of them. */
  documentCharacters: mebibytes(1),
  /** Octets of a manifest: tens of thousands of files. It is read and sent on as a whole. */
  textOctets: mebibytes(2),
  /** Reading one document, within the control plane's deadline. */
  documentDeadline: seconds(15),
  /** Octets of a signed request's body. */
  internalBody: mebibytes(8),
} as const;

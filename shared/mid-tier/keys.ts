// Names of everything that Tidegate keeps in Redis.

const PREFIX = "tg:";

export const answerKey = (digest: string): string => `${PREFIX}a:${digest}`;
export const leaseKey = (digest: string): string => `${PREFIX}l:${digest}`;
/** The variants of a resource, by when they expire. */
export const variantsKey = (primary: string): string => `${PREFIX}v:${primary}`;

/** What a class keeps, and its account. `budget-prelude.lua` knows the name too. */
export const queueKey = (className: string): string => `${PREFIX}q:${className}`;
/** The classes that have a queue. */
export const QUEUES = `${PREFIX}queues`;

/** What a shard knows of itself: its id, its present life, the latest map. */
export const SHARD = `${PREFIX}shard`;

/** What is written to find out whether writes are taken. */
export const PROBE = `${PREFIX}probe`;

export const LOG_HEAD = `${PREFIX}log:head`;
export const LOG_ENTRIES = `${PREFIX}log:entries`;
export const LOG_INDEX = `${PREFIX}log:index`;
export const LOG_INDEX_ORDER = `${PREFIX}log:index:order`;
/** KEYS[1..4] of every script of the log, in the order that their prelude expects. */
export const LOG_KEYS = [LOG_HEAD, LOG_ENTRIES, LOG_INDEX, LOG_INDEX_ORDER] as const;

export const CONFIGURATION = `${PREFIX}configuration`;
/** What fields of the configuration held before, by when they were replaced, for as long as edges may live by it. */
export const CONFIGURATION_BEFORE = `${PREFIX}configuration:before`;
/** What is remembered of changes that are kept no longer. */
export const CONFIGURATION_TRACES = `${PREFIX}configuration:traces`;
/** What was recorded before records had the form that they have: nothing is added to it. */
export const AUDIT_EARLIER = `${PREFIX}audit`;
/** Records by their numbers, and which is the newest and the oldest. */
export const AUDIT_RECORDS = `${PREFIX}audit:records`;
export const AUDIT_HEAD = `${PREFIX}audit:head`;
/** In the order that `audit-prelude.lua` expects. */
export const AUDIT_KEYS = [AUDIT_RECORDS, AUDIT_HEAD, AUDIT_EARLIER] as const;
export const auditOperationKey = (id: string): string => `${PREFIX}audit:operation:${id}`;
/** Who may ask for what, by the ids of their tokens, and when each was used last. */
export const TOKENS = `${PREFIX}tokens`;
export const TOKENS_USED = `${PREFIX}tokens:used`;
export const revokedTokenKey = (id: string): string => `${PREFIX}tokens:revoked:${id}`;
export const RECEIPTS = `${PREFIX}receipts`;
/** Those of what may as well be done twice, and those of all else: each pushes out its own alone. */
export const RECEIPTS_OF_WRITES = `${PREFIX}receipts:writes`;
export const RECEIPTS_OF_PURGES = `${PREFIX}receipts:purges`;
/** `append.lua` knows the name too. */
export const receiptKey = (id: string): string => `${PREFIX}receipt:${id}`;
export const operationKey = (id: string): string => `${PREFIX}operation:${id}`;
export const EDGES = `${PREFIX}edges`;
export const METRIC_TOTALS = `${PREFIX}metrics:totals`;
export const metricBucketKey = (start: number): string => `${PREFIX}metrics:bucket:${start}`;
/** What was counted since ever. */
export const METRICS_EVER = `${PREFIX}metrics:ever`;
/** Beside a bucket of time: the registers by which its different keys are counted, by site. */
export const distinctKey = (bucket: string): string => `${bucket}:distinct`;
/** What was noted a moment ago. */
export const METRICS_NOTED = `${PREFIX}metrics:noted`;
export const WARMUPS = `${PREFIX}warmups`;
export const warmupKey = (id: string): string => `${PREFIX}warmup:${id}`;
export const warmupUrlsKey = (id: string): string => `${PREFIX}warmup:${id}:urls`;
/** Sitemaps and manifests that are still to be read for it, and the names of what it has seen of them and in them. */
export const warmupDocumentsKey = (id: string): string => `${PREFIX}warmup:${id}:documents`;
export const warmupSeenKey = (id: string): string => `${PREFIX}warmup:${id}:seen`;
/** What the origin would not take when its turn came. */
export const warmupLaterKey = (id: string): string => `${PREFIX}warmup:${id}:later`;
/** All warm-ups by their order, and how many there have been. */
export const WARMUPS_ALL = `${PREFIX}warmups:all`;
export const WARMUPS_COUNT = `${PREFIX}warmups:count`;

/** The addressable edges, and the environment's own list that they replace. */
export const EDGES_LISTED = `${PREFIX}edges:listed`;
/** Edges that have left the list, by when. */
export const EDGES_DEPARTED = `${PREFIX}edges:departed`;
/** Receipts that some edge has not applied yet. */
export const RECEIPTS_OPEN = `${PREFIX}receipts:open`;
/** Up to which time receipts have been looked at. */
export const RECEIPTS_FOLLOWED = `${PREFIX}receipts:followed`;
export const REPEATS = `${PREFIX}repeats`;
export const REPEATS_WORK = `${PREFIX}repeats:work`;
export const metricTotalsKey = (edge: string, boot: string): string => `${METRIC_TOTALS}:${edge}:${boot}`;
export const coarseMetricBucketKey = (step: number, start: number): string =>
  `${PREFIX}metrics:bucket:${step}:${start}`;
export const warmupErrorsKey = (id: string): string => `${PREFIX}warmup:${id}:errors`;

/** The last batch of samples counted of one life of an edge's isolate. */
export const auditorBatchKey = (edge: string, boot: string): string =>
  `${PREFIX}auditor:batch:${edge}:${boot}`;
export const AUDITOR_LAST_VIOLATION = `${PREFIX}auditor:last-violation`;

/** What is asked for most, everywhere ('') or in a region, and since when it is counted. */
export const hotKey = (region: string): string => `${PREFIX}hot:of:${region}`;
export const hotCountsKey = (region: string): string => `${PREFIX}hot:counts:${region}`;
/** The last batch merged of one life of an edge's isolate. */
export const hotBatchKey = (edge: string, boot: string): string => `${PREFIX}hot:batch:${edge}:${boot}`;

/** Keys that are worth renewing: by when they expire, by how often they are asked for, and what is known of their answers. */
export const DUE = `${PREFIX}due`;
export const DUE_RATES = `${PREFIX}due:rates`;
export const DUE_ANSWERS = `${PREFIX}due:answers`;

/** Tokens that an origin has left, by site, and by site and class. */
export const bucketKey = (name: string): string => `${PREFIX}bucket:${name}`;

/** A key's value as it was last written, and the operations that the origin does not have yet. */
export const journalValueKey = (digest: string): string => `${PREFIX}jv:${digest}`;
export const journalQueueKey = (digest: string): string => `${PREFIX}jk:${digest}`;
export const journalOperationKey = (id: string): string => `${PREFIX}jo:${id}`;
/** Requests that may be sent again, by their own keys. */
export const journalRequestKey = (digest: string): string => `${PREFIX}ji:${digest}`;
/** Keys of a partition by when their oldest operation is to be tried. `journal-claim.lua` and `journal-change.lua` know the name too. */
export const journalDueKey = (partition: number): string => `${PREFIX}j:due:${partition}`;
/** All operations by when they were accepted, and those that are given up for now. */
export const JOURNAL_OPERATIONS = `${PREFIX}j:operations`;
export const JOURNAL_PARKED = `${PREFIX}j:parked`;
export const JOURNAL_FIGURES = `${PREFIX}j:figures`;

/** What edges have seen of their traffic, by site and path pattern, and the same by how much there is of it. */
export const OBSERVED = `${PREFIX}observed`;
export const OBSERVED_RANK = `${PREFIX}observed:rank`;
/** The last batch merged of one life of an edge's isolate. */
export const observedBatchKey = (edge: string, boot: string): string =>
  `${PREFIX}observed:batch:${edge}:${boot}`;

/** Alerts by what they are of, who has acknowledged which spell of them, and what their receiver was told. */
export const ALERTS = `${PREFIX}alerts`;
export const ALERT_ACKS = `${PREFIX}alerts:acks`;
export const ALERTS_TOLD = `${PREFIX}alerts:told`;
/** Who watches requests as they happen; what edges tell of them, and how many batches there have been. */
export const TAIL_WATCHES = `${PREFIX}tail:watches`;
export const TAIL_BATCHES = `${PREFIX}tail:batches`;
export const TAIL_COUNT = `${PREFIX}tail:count`;

/** Experiments: one's report, the one that runs, all of them by when they were begun, and how many there have been. */
export const experimentKey = (id: string): string => `${PREFIX}chaos:${id}`;
export const EXPERIMENT_RUNNING = `${PREFIX}chaos:running`;
export const EXPERIMENTS_ALL = `${PREFIX}chaos:all`;
export const EXPERIMENTS_COUNT = `${PREFIX}chaos:count`;

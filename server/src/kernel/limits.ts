/** Every bound of the hub by name. Sizes are bytes, times milliseconds, the rest counts. */
export const limits = {
  process: { stopMs: 10_000 },
  /** Long work on the main thread lets others run after each slice. */
  work: { sliceMs: 10 },
  fhir: {
    nesting: 64,
    /** Issues that an answer reports, and the longest text whose lines are counted for them. */
    issues: 100,
    locatedChars: 1024 * 1024,
    resourceBytes: 8 * 1024 * 1024,
    /** JSON longer than this is parsed in more than one turn of the event loop. */
    turnChars: 1024 * 1024,
    bundleBytes: 50 * 1024 * 1024,
    bundleEntries: 10_000,
    /** Everything of a Bundle but its entries. */
    bundleHeadBytes: 1024 * 1024,
    /** Writes of a batch that are on their way at once, and how much text they have together when they are several. */
    batchAtOnce: 16,
    batchAtOnceChars: 64 * 1024,
    pageDefault: 20,
    /** Pages that one page link can lead back over. */
    pageTrail: 12,
    pageMost: 1000,
    includesMost: 1000,
    /** Levels that `:iterate` goes on over: a bed is part of a room, that of a ward, up to the owner of the site. */
    includeDepth: 16,
    chainDepth: 16,
    customParameters: 500,
    customPollMs: 1000,
    chainIds: 10_000,
    /** Resources that one search of contained ones looks into. */
    containers: 20_000,
    sortCandidates: 100_000,
    queryBytes: 16 * 1024,
    /** Searches whose text is known, read and planned, and the longest of them: about 3 kB each. */
    knownAddresses: 1024,
    knownAddressChars: 1024,
    orValues: 500,
    /** Tries of a write that other processes overtake, how much longer each waits than the one before; how many wait for their turn, and how long. */
    tries: { most: 100, stepMs: 2, mostMs: 40 },
    turnsWaiting: 2000,
    turnMs: 20_000,
    /** Resources that one conditional delete may remove. */
    deleteMost: 100,
    /** Versions that are looked at for the total of a history of which the caller sees a part. */
    historyCounted: 10_000,
    /** Of one patch; the work of one path and of all, which lets others run in between; what it copies is at most as large as a resource. */
    patch: { operations: 1000, pathChars: 1000, pathSteps: 1_000_000, steps: 20_000_000 },
    /** Resources whose labels one `$meta` of a type or of the system collects. */
    labelled: 20_000,
    /** Stored resources that one `$validate` reads because a profile says something of what is referred to. */
    validateTargets: 100,
    /** Stored profiles that one `$validate` reads, bases and profiles of elements included, and the longest rule of theirs that it walks. */
    postedProfiles: 50,
    ruleChars: 2000,
    /** Work of all rules of one `$validate`, what one use of a pattern counts for, the longest text it is used on, and its time. */
    ruleSteps: 300_000,
    patternSteps: 600,
    ruleTextChars: 4096,
    patternMs: 100,
    /** Work that the expression of a posted SearchParameter may make in one resource; issues that `$validate` lists. */
    parameterSteps: 2_000_000,
    validateIssues: 1000,
  },
  store: {
    batchCommits: 64,
    pendingCommits: 4096,
    tailRows: 50_000,
    mergeRows: 4000,
    /** Rows that one merge takes when more wait: the more, the fewer pages are written for each. */
    mergeRowsMost: 8000,
    /** Writes of a commit that are indexed before it becomes visible, in slices: many at once would stop the others. */
    bulkWrites: 1000,
    mergeRetryMs: 1000,
    /** How often expired records are looked for while there are writes. */
    sweepMs: 1000,
    keyBytes: 512,
    /** Equality keys, ranges and names of one resource, each. A row counts its keys in 16 bits. */
    resourceKeys: 60_000,
    logPage: 500,
    /** Commits that one step of trimming takes out of the log, how often it looks, and how young a commit always stays (MongoDB). */
    trimStep: 500,
    trimEveryMs: 60_000,
    /** After so long a start has brought back every sink that it brings back. */
    sinksStartMs: 600_000,
    /** No sink lets go of its place for so long, however slow what it delivers to. */
    unheldMs: 86_400_000,
    trimYoungestMs: 3_600_000,
    cursors: 10_000,
    recordBytes: 1024 * 1024,
    recordIdBytes: 400,
    /** Decoded rows that the embedded store keeps. */
    cachedRowBytes: 128 * 1024 * 1024,
    guardRows: 10_000,
    /** Rebuilds of search keys that are remembered; resources and time of one step; resources without keys that are named; the lease. */
    rebuilds: 1000,
    rebuildStep: 100,
    rebuildStepMs: 2000,
    rebuildUnmade: 20,
    rebuildLeaseMs: 30_000,
    rebuildPollMs: 5000,
    /** Tries of one MongoDB operation, and rounds of a batch or a record that others overtake. */
    mongoAttempts: 8,
    appendRounds: 200,
    recordRounds: 1000,
    mongoSelectMs: 10_000,
    commitPartBytes: 7 * 1024 * 1024,
    pollMs: 100,
    unappliedMs: 2000,
    yieldMs: 15,
  },
  hl7: {
    /** What an element of a resource was before: older ones stand in the versions of the resource. */
    historyItems: 500,
    /** Where more visits are at once is no bed: two patients in one are told to a person. */
    bedVisits: 8,
    frameBytes: 16 * 1024 * 1024,
    frameBytesMost: 64 * 1024 * 1024,
    largeBytes: 256 * 1024,
    /** So long a decision about a conflict can be taken back, and so many are listed. */
    decided: { ms: 7 * 86_400_000, listed: 20_000 },
    /** Documents in base64: a longer one goes into a Binary of its own, and so does what would make more than that in one resource. */
    attachmentChars: 1024 * 1024,
    attachmentsChars: 2 * 1024 * 1024,
    /** How often a message switches its character set: each time takes about 4 us, and nothing else goes on meanwhile. */
    switches: 25_000,
    /** A message is found by the numbers of persons in its first bytes: so many, each so long. */
    numbersBytes: 16 * 1024,
    numbers: 20,
    numberChars: 100,
    inFlight: 256,
    /** What processing takes of one turn of the event loop: a share of what the rest took, and most of it, while messages come in and while none does. */
    slice: { leastMs: 2, busyMs: 500, busyShare: 1, busyMostMs: 8, quietShare: 8, quietMostMs: 100 },
    /**
     * Lines of the journal that are in its file and not in the store: how often they are looked at, how long one waits for its message, how many
     * go at one look and in one step, and how much there may be.
     */
    aheadMs: 250,
    aheadKeptMs: 60_000,
    aheadStep: 1024,
    aheadBatch: 128,
    aheadMessages: 16_384,
    aheadBytes: 32 * 1024 * 1024,
    aheadFileBytes: 8 * 1024 * 1024,
    /** Zeros behind the records of that file: a sync need not tell the file system how long it is now. */
    aheadRoomBytes: 256 * 1024,
    aheadKeptBytes: 16 * 1024,
    connectionsPerFeed: 256,
    connectionsMost: 10_000,
    idleMs: 10 * 60_000,
    partialFrameMs: 60_000,
    ackMs: 10_000,
    pipelined: 64,
    unsentBytes: 1024 * 1024,
    lingerMs: 2000,
    handshakeMs: 10_000,
    connectMs: 10_000,
    answerBytes: 1024 * 1024,
    answerKept: 16 * 1024,
    /** Answers that could not be written into the record are tried so often, and so long; those that belong to no message at hand so long, so many at once. */
    answerLookMs: 2000,
    answerTriedMs: 7 * 86_400_000,
    lateAnswerMs: 60_000,
    lateAnswers: 1000,
    /** Longer messages to other systems stand in pieces beside their line; documents that are larger go as a pointer. */
    sentLineChars: 256 * 1024,
    sentDocumentBytes: 11 * 1024 * 1024,
    outboundLookMs: 1000,
    destinationOverlays: 16,
    /** Allergies, relatives or coverages of one patient in a message that is sent. */
    referringMost: 100,
    /** Messages that are built late look at so many commits behind those that came together for what referred to their patients then. */
    laterCommits: 200,
    /** Waiting and dead messages of a destination are counted so far, its newest looked at for the last answer; so many are sent again by one command. */
    outboundCounted: 10_000,
    outboundNewest: 50,
    outboundRetriedMost: 1000,
    /** For the answer behind a refusing commit byte of MLLP release 2: few peers send one. */
    answerBehindRefusalMs: 1000,
    /** Application answers that wait for a sender's return connection. */
    returnWaiting: 10_000,
    /** Wait before such a connection is tried again, doubled each time. */
    returnMs: 1000,
    returnMostMs: 60_000,
    outboundRetryMs: 1000,
    outboundRetryMostMs: 60_000,
    /** A message whose answers name only others is sent so often: then it is a dead letter. */
    outboundMisnamed: 4,
    /** How soon a renewed certificate is used. */
    certificateMs: 2000,
    batchMessages: 50_000,
    batchAtOnce: 64,
    /** Of a watched folder; it is in memory while it is taken. */
    fileBytes: 512 * 1024 * 1024,
    fileKnownMs: 30 * 86_400_000,
    /** How long what refers to a number waits for what has it, and how many messages at most are looked at when it comes. */
    waitingMs: 90 * 86_400_000,
    /** The same of a result that names the number of its filler alone, which mostly is its own: each keeps 1.1 kB for so long. */
    waitingOwnMs: 14 * 86_400_000,
    waiting: 100,
    retentionMs: 60_000,
    retentionStep: 500,
    slowestBytesPerMs: 16,
    retryMs: 30_000,
    /** One page of the message search looks at so many lines of the journal at most, and so long. */
    searchLines: 5000,
    searchMs: 250,
    /** Of a query by HL7: persons that are compared, and told of in one answer; bytes of its parameters and of these persons. */
    queryCandidates: 1000,
    queryPersons: 100,
    queryBytes: 8 * 1024,
    queryAnswerBytes: 256 * 1024,
    /** Messages wait so long, and so many at most, for the index that the message search reads. */
    indexMs: 1000,
    indexWaiting: 50_000,
    /** How often processes on one journal look what the others have done, and how long an answer waits for them. */
    pollMs: 250,
    followMs: 60_000,
    /** How soon references follow a merge. */
    mergeMs: 500,
    /** One page of the list looks at so many merges, for so many that have a number; the page of one tells of so many resources. */
    merges: { lookedAt: 5000, numberHolders: 100, stepsTold: 500 },
    /** How long a feed stays with a process that is not heard of any more. */
    leaseMs: 8000,
    deadLettersCounted: 20_000,
    /** Of many messages: so many at once; how long the messages of a span are counted beforehand. */
    replay: { page: 200, lookMs: 1000, countMs: 1500 },
    modesMs: 2000,
    /** How soon a port that could not be opened is tried again. */
    portRetryMs: 5000,
    /** How often the rule files are looked at while they change, and otherwise, for file systems that tell of no change. */
    rulesLookMs: 2000,
    rulesQuietLookMs: 20_000,
    /** Folders inside folders of rules: a link may lead back. */
    rulesDepth: 5,
    previewBytes: 64 * 1024,
    attempts: 5,
  },
  http: {
    /** Smaller answers are not worth packing. */
    packBytes: 2048,
    requestMs: 60_000,
    droppedBytes: 128 * 1024 * 1024,
    drainMs: 10_000,
    oneWriteBytes: 16 * 1024,
    addressBytes: 16 * 1024,
  },
  events: {
    versionsBack: 200,
    socketQueue: 1000,
    subscribers: 1000,
    resumeMost: 10_000,
    heartbeatMs: 15_000,
    helloMs: 10_000,
    closeMs: 2000,
    page: 100,
    retryMs: 1000,
    leaseMs: 10_000,
    parkedRetryMs: 60_000,
  },
  auth: {
    accessTokenMs: 15 * 60_000,
    refreshTokenMs: 12 * 3_600_000,
    attempts: 10,
    attemptWindowMs: 15 * 60_000,
    sessionMs: 7 * 24 * 3_600_000,
    cachedTokens: 10_000,
    cachedTokenMs: 60_000,
    addressAttempts: 100,
    throttledKeys: 20_000,
    hashing: 2,
    hashQueue: 32,
    bodyBytes: 16 * 1024,
  },
  audit: {
    syncMs: 500,
    shipMs: 1000,
    groupRows: 4000,
    groupBytes: 1024 * 1024,
    groups: 8,
    fileBytes: 16 * 1024 * 1024,
    patients: 1000,
    // Of one search of the trail.
    groupsLooked: 20_000,
    rowsLooked: 100_000,
  },
  devices: {
    payloadBytes: 64 * 1024,
    fleetMost: 2000,
    connectMs: 5000,
    keepaliveSeconds: 10,
    reconnectMs: 1000,
    bufferedReadings: 10_000,
    staleMs: 10_000,
    unwrittenAlarms: 100,
    associationMs: 250,
  },
  care: { pagesMost: 20, placeDepth: 6, idsPerSearch: 100, patientsAtOnce: 8, wardsLookedAt: 50 },
} as const

/// Every limit in one place, with the relations between them asserted (`LimitsTests`).
///
/// Sizes in bytes. A limit here is a promise to the machine: no input, however hostile, makes us hold more.
public enum Limits {
    // MARK: Names and text
    public static let nameLength = 64
    public static let topicLength = 256
    /// A comment, a reason, a caption line's source text.
    public static let textLength = 2_000

    // MARK: Payloads, by topic class. All stand below the broker's own limit, which *disconnects* the sender.
    /// `max_packet_size` in `ops/mosquitto.conf`.
    public static let brokerPacket = 16 << 20
    public static let readingPayload = 64 << 10
    public static let smallPayload = 4 << 10
    public static let photoPayload = 15 << 20
    /// Births of large edge nodes name all their metrics in one message.
    public static let sparkplugPayload = 1 << 20
    /// The one line of JSON before a photo's bytes.
    public static let envelopeHeader = 4 << 10
    public static let readingsPerPayload = 1_000
    public static let jsonDepth = 16
    /// Fields we do not know are kept aside up to this size a reading.
    public static let extraFields = 2 << 10

    // MARK: Gaps in a sender's numbering
    /// Holes of one point that are remembered, and asked for, at a time.
    public static let openGaps = 32
    /// Numbers that may be missing at once.
    public static let sequenceJump: Int64 = 100_000
    /// After the first request; twice as long after each further one.
    public static let askAgainAfter = Duration.seconds(10)
    /// Then it is given up, and shown as such.
    public static let asksAGap = 8
    /// From the first request to the last, if readings come all the time.
    public static let askedFor = askAgainAfter * ((1 << (asksAGap - 1)) - 1)
    public static let gapRows = 100_000
    /// Requests to senders that wait for the broker; the newest are kept.
    public static let waitingRequests = 1_000

    // MARK: Waveforms whose parts are not all there
    /// Beyond these the oldest gives way.
    public static let openWaveforms = 256
    public static let openWaveformBytes = 64 << 20
    /// A record whose parts don't come is given up.
    public static let waveformPartsWithin = Duration.minutes(10)

    // MARK: Bursts (one burst is one transaction)
    public static let burstMessages = 4_000
    /// Ends a burst; its last message, a photo perhaps, may stand over it.
    public static let burstBytes = 8 << 20
    public static let burstTime = Duration.milliseconds(200)
    /// 4,000 messages a second.
    public static let rush = Duration.microseconds(250)
    public static let gather = Duration.milliseconds(20)
    /// `max_inflight_messages` in `ops/mosquitto.conf`; what we ask for as receive-maximum.
    public static let receiveMaximum = 10_000

    /// Topics whose meaning is kept in memory.
    public static let rememberedTopics = 100_000
    /// Points whose state is kept in memory between bursts, 1.5 KB each with ten rules.
    public static let rememberedPoints = 100_000

    // MARK: Planned work
    /// On or to come at a time; and how long one may last.
    public static let plannedWork = 1_000
    public static let plannedWorkFor = Duration.days(90)

    // MARK: Rejections
    /// The first bytes of a rejected payload that are kept for the reader.
    public static let rejectedHead = 256
    public static let rejectedRows = 100_000

    // MARK: Photos
    public static let photoBytes = 15 << 20
    public static let photoPixels = 120_000_000
    public static let photoSide = 65_500
    public static let photoMarkers = 1_000
    public static let photoScans = 100
    public static let photoMemory = 512 << 20
    /// Short side below which a readable stamp does not fit.
    public static let stampShortSide = 160
    public static let photosPerTicket = 200

    // MARK: Outbox
    public static let retryFirst = Duration.seconds(5)
    public static let retryLongest = Duration.hours(1)
    public static let retryFor = Duration.hours(24)
    public static let outboxBatch = 64

    // MARK: HTTP
    public static let requestBody = 16 << 10
    public static let pageRows = 500
    public static let liveBoards = 1_000
    /// A board column shows this many cards; the rest is counted.
    public static let columnCards = 200
    /// The closed column reaches this far back.
    public static let closedFor = Duration.days(7)
    /// A phone shows this many tickets of one engineer.
    public static let phoneTickets = 100
    /// A trend is drawn from at most this many min/max pairs.
    public static let trendSamples = 600
    /// Names and values of a multipart field, its headers included.
    public static let multipartField = 4 << 10
    public static let multipartParts = 16
    /// Idle connections are closed after this; live boards send a heartbeat well within it.
    public static let idleConnection = Duration.seconds(60)
    public static let heartbeat = Duration.seconds(15)
    /// A body that takes longer is given up: small ones, and photos.
    public static let bodyTime = Duration.seconds(20)
    public static let photoTime = Duration.seconds(180)
    /// Photos taken in at one time, each of them whole in memory.
    public static let uploadsAtOnce = 8
    /// Wrong sign-ins from one address, at once and then one each `signInEvery`.
    public static let signInBurst = 10
    public static let signInEvery = Duration.seconds(6)
    public static let signInAddresses = 1_000

    // MARK: Sessions and personal links
    public static let sessionFor = Duration.days(30)
    /// No personal link lives longer; what was used is remembered for as long.
    public static let linkFor = Duration.days(30)
}

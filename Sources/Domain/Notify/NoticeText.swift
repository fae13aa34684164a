/// What a text about a notice needs, read when it leaves: the newest facts, not those of the decision.
public struct NoticeFacts: Hashable, Sendable {
    public var asset: AssetID
    public var assetName: LocalName
    public var site: SiteID
    public var siteName: LocalName
    /// The site, WGS-84 degrees.
    public var latitude: Double
    public var longitude: Double
    public var severity: Severity
    public var grade: Grade
    public var state: TicketState
    /// What opened the ticket.
    public var kind: FaultKind
    public var breach: BreachWords
    public var diagnosis: TicketDiagnosis?
    public var outcome: Outcome?
    public var engineerName: LocalName?
    /// The engineer's name in the chat group; empty when unknown.
    public var mention: String
    /// Of the site, in seconds east of UTC, for times in texts.
    public var utcOffset: Int

    public init(
        asset: AssetID, assetName: LocalName, site: SiteID, siteName: LocalName, latitude: Double, longitude: Double,
        severity: Severity, grade: Grade, state: TicketState, kind: FaultKind, breach: BreachWords,
        diagnosis: TicketDiagnosis? = nil, outcome: Outcome?, engineerName: LocalName?, mention: String, utcOffset: Int
    ) {
        self.asset = asset
        self.assetName = assetName
        self.site = site
        self.siteName = siteName
        self.latitude = latitude
        self.longitude = longitude
        self.severity = severity
        self.grade = grade
        self.state = state
        self.kind = kind
        self.breach = breach
        self.diagnosis = diagnosis
        self.outcome = outcome
        self.engineerName = engineerName
        self.mention = mention
        self.utcOffset = utcOffset
    }
}

/// One sentence, or two, that says what happened and what is asked of the reader.
public func noticeText(
    _ kind: Notice.Kind, _ ticket: TicketID, _ facts: NoticeFacts, expiresAt: Instant?, in language: Language
) -> String {
    let machine = "\(facts.siteName[language]) \(facts.assetName[language])"
    let breach = facts.breach.short(language)
    let head =
        language == .zh ? "【\(ticket)】\(facts.grade) 级 \(machine)" : "[\(ticket)] grade \(facts.grade), \(machine)"
    let by = expiresAt.map { until(CivilTime($0, offsetSeconds: facts.utcOffset), language) } ?? ""
    return head + (language == .zh ? "：" : ": ") + sentence(kind, facts, breach, by, language)
}

private func sentence(
    _ kind: Notice.Kind, _ facts: NoticeFacts, _ breach: String, _ by: String, _ language: Language
) -> String {
    let zh = language == .zh
    let hint = facts.diagnosis?.sentence(language).map { zh ? $0 : " \($0)" } ?? ""
    return switch kind {
    case .opened: zh ? "\(breach)，已开单。\(hint)" : "\(breach); a ticket is open.\(hint)"
    case .offer: zh ? "\(breach)，请接单。\(by)\(hint)" : "\(breach). Can you take it?\(by)\(hint)"
    case .withdrawn: zh ? "未及时答复，已转派他人。" : "no answer in time; it goes to somebody else."
    case .worsened: zh ? "情况恶化，已升为紧急。" : "it has got worse and is critical now."
    case .reopened: zh ? "故障复发（\(breach)），工单重开。" : "the fault is back (\(breach)); the ticket is open again."
    case .relapsed: zh ? "验证期间再次超限，请返回检查。" : "it breached again while being verified; please look again."
    case .nobodyEligible: zh ? "暂无可派工程师，请处理。" : "no engineer is eligible now; please step in."
    case .stale: zh ? "接单后两小时无进展。" : "two hours without a step since it was accepted."
    case .escalated: zh ? "超过 24 小时未关闭。" : "open for more than 24 hours."
    case .closed: closed(facts.outcome, facts.kind, zh)
    case .sessionLost: zh ? "消息服务器丢失了会话。" : "a broker has lost our session."
    case .undelivered: zh ? "有通知一天内未能送达，请查看看板。" : "a notice could not be delivered for a day; see the board."
    }
}

private func closed(_ outcome: Outcome?, _ kind: FaultKind, _ zh: Bool) -> String {
    switch outcome {
    case .verified where kind.isOfPoint: zh ? "数据已恢复正常，验证关闭。" : "its data is right again; closed, verified."
    case .verified where kind == .temperature: zh ? "温度已恢复，验证关闭。" : "the temperature is back; closed, verified."
    case .verified: zh ? "振动已恢复，验证关闭。" : "the machine runs smoothly again; closed, verified."
    case .unverified: zh ? "缺少运行数据，未验证关闭。" : "closed, unverified: too little running data."
    case .overridden: zh ? "主管强制关闭。" : "closed by a supervisor."
    case .cancelled, nil: zh ? "已取消。" : "called off."
    }
}

private func until(_ time: CivilTime, _ language: Language) -> String {
    let clock = "\(time.hour < 10 ? "0" : "")\(time.hour):\(time.minute < 10 ? "0" : "")\(time.minute)"
    return language == .zh ? "请于 \(clock) 前答复。" : " Answer by \(clock)."
}

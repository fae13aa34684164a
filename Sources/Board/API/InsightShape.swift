import Domain
import Store

// What waveforms, trends and repairs say, in the API's words.

extension JSON {
    init(_ analysis: AnalysisFacts) {
        let document = analysis.document
        self = [
            "verdict": .string(document.verdict), "at": JSON(analysis.at), "point": .string(analysis.pointName.text),
            "place": JSON(analysis.place), "rpm": JSON(document.rpm),
            "speed_source": JSON(document.speedSource?.rawValue), "bearing": JSON(document.bearing),
            "velocity": JSON(document.velocity), "findings": JSON(document.findings.map { JSON($0) }),
            "doubts": JSON(document.doubts.map(JSON.string)),
        ]
    }

    private init(_ finding: AnalysisDocument.Finding) {
        let bring = FaultCause(rawValue: finding.cause)?.bring ?? []
        self = [
            "cause": .string(finding.cause), "confidence": .double(finding.confidence),
            "evidence": JSON(finding.evidence.map { JSON($0) }),
            "bring": JSON(bring.map { .string($0.rawValue) }),
        ]
    }

    private init(_ evidence: AnalysisDocument.Evidence) {
        let fields: [(String, JSON)] = [
            ("line", JSON(evidence.line)), ("hz", JSON(evidence.hz)), ("ratio", JSON(evidence.ratio)),
            ("harmonics", JSON(evidence.harmonics)), ("order", JSON(evidence.order)), ("share", JSON(evidence.share)),
            ("count", JSON(evidence.count)), ("rms", JSON(evidence.rms)), ("times", JSON(evidence.times)),
        ]
        let told = fields.filter { if case .null = $0.1 { false } else { true } }
        self = .object([("kind", .string(evidence.kind))] + told)
    }

    init(_ ticket: TicketForecast) {
        let forecast = ticket.forecast
        self = [
            "point": .string(ticket.point.name.text), "measure": .string(ticket.measure.name),
            "limit": .double(forecast.limit), "per_day": .double(forecast.perDay),
            "per_day_low": .double(forecast.perDayLow), "per_day_high": .double(forecast.perDayHigh),
            "at": JSON(forecast.at), "earliest": JSON(forecast.earliest), "latest": JSON(forecast.latest),
            "from": JSON(forecast.from), "count": JSON(forecast.count),
        ]
    }

    init(_ repair: Repair) {
        self = [
            "point": .string(repair.point.name.text), "place": JSON(repair.place),
            "measure": .string(repair.measure.name), "before_mean": JSON(repair.before?.mean),
            "before_peak": JSON(repair.before?.peak), "before_count": JSON(repair.before?.count),
            "after_mean": JSON(repair.afterMean), "after_count": JSON(repair.afterCount),
            "same_speed": repair.afterCount > 0 ? JSON(true) : repair.elsewhere > 0 ? JSON(false) : .null,
            "elsewhere": JSON(repair.elsewhere),
        ]
    }

    init(_ work: PlannedWorkFacts) {
        self = [
            "id": .int(work.id), "site": .string(work.site.text), "site_name": JSON(work.siteName),
            "asset": JSON(work.asset?.text), "asset_name": JSON(work.assetName), "reason": .string(work.reason),
            "by": .string(work.by), "by_name": JSON(work.byName), "from": JSON(work.span.from),
            "until": JSON(work.span.until),
            "ended_at": JSON(work.endedAt),
        ]
    }
}

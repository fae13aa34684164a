/// What was read from a stored waveform.
public struct WaveformAnalysis: Equatable, Sendable {
    public var point: PointID
    /// Of the record's first sample.
    public var at: Instant
    /// What the sender might have told of it, and did not.
    public var values: Measures
    /// The likeliest fault, if one was found.
    public var diagnosis: TicketDiagnosis?

    public init(point: PointID, at: Instant, values: Measures, diagnosis: TicketDiagnosis?) {
        self.point = point
        self.at = at
        self.values = values
        self.diagnosis = diagnosis
    }
}

extension Decide {
    /// Its values are readings like any other, but for measures that the sender tells itself; its diagnosis belongs to
    /// the machine's open ticket.
    public static func analysis(
        _ analysis: WaveformAnalysis, _ state: inout BurstState, at now: Instant, _ policy: Policy
    ) -> [Effect] {
        state.diagnosed(analysis)
        let series = Series(
            point: analysis.point, readings: [Reading(at: analysis.at, values: analysis.values)], isDerived: true)
        let effects = readings([series], &state, at: now, policy)
        let fault = Fault(asset: analysis.point.asset, kind: .vibration)
        guard let diagnosis = analysis.diagnosis, let ticket = state[fault], ticket.state.isOpen,
            ticket.diagnosis.map({ diagnosis.confidence > $0.confidence }) ?? true
        else { return effects }
        var change = Change(ticket, at: now, policy)
        change.diagnose(diagnosis, at: analysis.point)
        state[fault] = change.ticket
        return effects + change.effects
    }
}

extension Change {
    /// Another cause is news to the reader; the same, surer, is not.
    mutating func diagnose(_ diagnosis: TicketDiagnosis, at point: PointID) {
        let isNews = ticket.diagnosis?.cause != diagnosis.cause
        update { $0.diagnosis = diagnosis }
        guard isNews else { return }
        log(
            .diagnosed,
            ["cause": diagnosis.cause, "confidence": decimal(diagnosis.confidence), "point": point.description])
    }
}

extension BurstState {
    /// Drops of a derived series what the sender tells itself; of the sender's own, notes what that is.
    mutating func owned(_ series: Series, at index: Int) -> Series {
        guard series.isDerived else {
            noteTold(series.readings, at: index)
            return series
        }
        var series = series
        let told = points[index].told
        for measure in Measure.allCases where told & measure.bit != 0 {
            for reading in series.readings.indices { series.readings[reading].values[measure] = nil }
        }
        series.readings.removeAll(where: \.values.isEmpty)
        return series
    }

    /// The newest diagnosis of a machine stays with it; one that found nothing takes back none.
    fileprivate mutating func diagnosed(_ analysis: WaveformAnalysis) {
        guard let diagnosis = analysis.diagnosis, let index = index(of: analysis.point.asset) else { return }
        setDiagnosis(diagnosis, ofAssetAt: index)
    }
}

/// Where a verdict changed, and by what.
struct Watched {
    /// Of the point in `BurstState.points`, and of the rule in its `watches`.
    var point: Int
    var watch: Int
    /// Event time; of a silence our own.
    var at: Instant
}

/// One judged value, with everything that a breach is described by.
struct BreachScene {
    let watched: Watched
    let key: PointKey
    let point: PointID
    let asset: AssetFacts
    let rule: Rule
    /// As judged; of a sensor's fault what it sent, of a silence the minutes.
    let value: Double
    let band: SpeedBand
    let cause: SensorFault?

    init(_ watched: Watched, in state: BurstState) {
        let point = state.points[watched.point]
        let watch = point.watch(at: watched.watch)
        self.watched = watched
        self.point = point.id
        key = point.key
        asset = state.assets[point.asset].facts
        rule = watch.rule
        band = watch.detector.band
        if case .sensor(let record) = watch.detector.memory { cause = record.fault } else { cause = nil }
        if case .heard(let heard) = watch.detector.memory {
            value = max(0, (watched.at - heard.current).inMinutes)
        } else {
            value = watch.detector.lastValue
        }
    }

    var at: Instant { watched.at }
    var fault: Fault { Fault(asset: asset.id, kind: rule.faultKind, point: point.name) }

    func breach(limit: Double) -> Breach {
        Breach(
            point: point, measure: rule.measure, kind: rule.kind, cause: cause, value: value, limit: limit,
            source: rule.source, at: at)
    }
}

extension BurstState {
    /// The episode of the rule that a scene is about.
    subscript(scene: BreachScene) -> Episode? {
        get { points[scene.watched.point][episodeAt: scene.watched.watch] }
        set { update(scene.watched.point) { $0[episodeAt: scene.watched.watch] = newValue } }
    }
}

extension Breach {
    /// Values by name for a timeline.
    var detail: [String: String] {
        var detail = [
            "point": point.description, "measure": measure.name, "value": decimal(value), "limit": decimal(limit),
            "source": source, "breach_at": String(at.milliseconds), "rule": kind.name,
        ]
        if let cause { detail["cause"] = cause.name }
        return detail
    }
}

/// Where a verdict changed, and by which reading.
struct Watched {
    /// Of the point in `BurstState.points`, and of the rule in its `watches`.
    var point: Int
    var watch: Int
    var reading: Reading
}

/// One judged value, with everything that a breach is described by.
struct BreachScene {
    let watched: Watched
    let key: PointKey
    let point: PointID
    let asset: AssetFacts
    let rule: Rule
    let value: Double

    init(_ watched: Watched, in state: BurstState) {
        let point = state.points[watched.point]
        self.watched = watched
        self.point = point.id
        key = point.key
        asset = state.assets[point.asset].facts
        rule = point.watches[watched.watch].rule
        value = watched.reading.values[rule.measure] ?? .nan
    }

    var at: Instant { watched.reading.at }
    var fault: Fault { Fault(asset: asset.id, kind: FaultKind(rule.measure)) }

    func breach(limit: Double) -> Breach {
        Breach(point: point, measure: rule.measure, value: value, limit: limit, source: rule.source, at: at)
    }
}

extension BurstState {
    /// The episode of the rule that a scene is about.
    subscript(scene: BreachScene) -> Episode? {
        get { points[scene.watched.point].watches[scene.watched.watch].detector.episode }
        set {
            update(scene.watched.point) {
                $0.watches[scene.watched.watch].detector.episode = newValue
                $0.watches[scene.watched.watch].isChanged = true
            }
        }
    }
}

extension Breach {
    /// Values by name for a timeline.
    var detail: [String: String] {
        [
            "point": point.description, "measure": measure.name, "value": decimal(value), "limit": decimal(limit),
            "source": source, "breach_at": String(at.milliseconds),
        ]
    }
}

import Domain

/// What the plant sends: machines that fail and recover, senders that repeat, reorder, contradict and babble, and
/// engineers who answer well, late, wrongly or not at all.
struct Traffic {
    /// A ticket as the people see it, for their answers.
    struct Seen {
        var id: Int64
        var state: String
        var engineer: String?
        var epoch: Int
    }

    private struct Machine {
        var point: SimPlant.Point
        var phase = SimPlant.Phase.healthy
        /// Event time of the newest reading made.
        var last = SimPlant.start
        /// Until then the gateway's line is down.
        var silentUntil = SimPlant.start
    }

    private var machines = SimPlant.points.map { Machine(point: $0) }
    /// Readings sent so far, for repeats and contradictions.
    private var sent: [SimMessage] = []
    /// Held back, to arrive out of order.
    private var held: [SimMessage] = []

    /// One burst: readings and noise in any order, then at most one answer a ticket.
    ///
    /// Answers come last, and one a ticket, since `awaiting_parts` and `parts_arrived` in one burst, delivered twice,
    /// rightly happen twice.
    mutating func burst(at now: Instant, seeing tickets: [Seen], _ random: inout SeededRandom) -> [SimMessage] {
        var messages: [SimMessage] = []
        let late = held
        held = []
        for index in machines.indices {
            for message in readings(of: index, at: now, &random) {
                if random.chance(0.05) { held.append(message) } else { messages.append(message) }
            }
        }
        messages += late
        messages += sent.isEmpty || random.chance(0.7) ? [] : (0..<2).map { _ in random.pick(sent) }
        for _ in 0..<random.pick(0...2) { messages.append(noise(at: now, &random)) }
        if random.chance(0.2) { messages.append(position(at: now, &random)) }
        if random.chance(0.3) { messages.shuffle(using: &random) }
        sent += messages.filter(\.isReadings)
        return messages + tickets.compactMap { answer(to: $0, &random) }
    }

    private mutating func readings(of index: Int, at now: Instant, _ random: inout SeededRandom) -> [SimMessage] {
        if random.chance(0.15) { machines[index].phase = random.pick(SimPlant.Phase.allCases) }
        if random.chance(0.03) { machines[index].silentUntil = now + .minutes(random.pick(1...20)) }
        guard machines[index].silentUntil <= now else { return [] }
        let machine = machines[index]
        let count = min(8, random.pick(0...6), Int((now - machine.last).milliseconds / 2_000))
        guard count > 0 else { return [] }
        let step = (now - machine.last).milliseconds / Int64(count)
        var elements: [SimMessage.Element] = []
        for n in 1...count {
            let at = machine.last + .milliseconds(step * Int64(n))
            elements.append(.reading(at: at, values: values(of: machine, &random)))
        }
        machines[index].last = now
        if random.chance(0.05) { elements.append(badElement(at: now, &random)) }
        if random.chance(0.5) { return [SimMessage(machine.point, elements)] }
        return elements.map { SimMessage(machine.point, [$0]) }
    }

    private func values(of machine: Machine, _ random: inout SeededRandom) -> [Measure: Double] {
        var values: [Measure: Double] = [:]
        for measure in machine.point.measures where !random.chance(0.05) {
            values[measure] = random.pick(SimPlant.range(measure, machine.phase))
        }
        // Some senders never tell the run state.
        if machine.point.name == "DE-V" {
            values[machine.point.measures[0]] = random.pick(SimPlant.range(machine.point.measures[0], machine.phase))
        } else {
            values[.running] = machine.phase == .stopped ? 0 : 1
        }
        return values
    }

    private func badElement(at now: Instant, _ random: inout SeededRandom) -> SimMessage.Element {
        let ts = now.milliseconds
        let choices = [
            ("{\"velocity_rms_mm_s\":3}", "missing_time"), ("17", "wrong_shape"),
            ("{\"ts\":\(ts),\"velocity_rms_mm_s\":\"3\"}", "wrong_type"),
            ("{\"ts\":\(ts),\"velocity_rms_mm_s\":1e999}", "not_finite"),
            ("{\"ts\":\(ts),\"velocity_rms_mm_s\":-3}", "implausible_value"),
            ("{\"ts\":\(ts),\"colour\":\"red\"}", "no_measure"),
        ]
        let (json, reason) = random.pick(choices)
        return .bad(json: json, reason: reason)
    }

    /// What no gateway should send and every plant sees.
    private func noise(at now: Instant, _ random: inout SeededRandom) -> SimMessage {
        let point = random.pick(SimPlant.points)
        func reading(_ at: Instant, _ point: SimPlant.Point) -> SimMessage {
            let value = random.pick(SimPlant.range(point.measures[0], .critical))
            return SimMessage(point, [.reading(at: at, values: [point.measures[0]: value])])
        }
        switch random.pick(0...8) {
        case 0: return reading(now + .minutes(random.pick(2...600)), point)
        case 1: return reading(now - .days(random.pick(3...400)), point)
        case 2: return reading(now - .minutes(random.pick(61...600)), point)
        case 3: return reading(now, SimPlant.Point(asset: "P9", name: "DE-H", measures: [.velocityRMS]))
        case 4: return reading(now, SimPlant.Point(site: "cixi", asset: "P1", name: "DE-H", measures: [.velocityRMS]))
        case 5, 6: return contradiction(&random) ?? reading(now, point)
        default: return poison(point, &random)
        }
    }

    /// Another value under a key that was sent before.
    private func contradiction(_ random: inout SeededRandom) -> SimMessage? {
        guard !sent.isEmpty, case .readings(let point, let elements) = random.pick(sent).kind,
            case .reading(let at, var values) = elements[0]
        else { return nil }
        for measure in values.keys.sorted(by: { $0.rawValue < $1.rawValue }) where measure != .running {
            values[measure] = random.pick(SimPlant.range(measure, random.pick(SimPlant.Phase.allCases)))
        }
        return SimMessage(point, [.reading(at: at, values: values)])
    }

    private func poison(_ point: SimPlant.Point, _ random: inout SeededRandom) -> SimMessage {
        let bytes = String(
            (0..<random.pick(1...40)).map { _ in Character(Unicode.Scalar(UInt8(random.pick(0...127)))) })
        let choices = [
            (point.topic, "", "empty"), (point.topic, "}\(bytes)", "not_json"), (point.topic, "[{\"ts\":1", "not_json"),
            (point.topic, "{\"ts\":NaN}", "not_finite"),
            ("fieldloop/v1/beilun/P1/DE-H/waveform", "{}", "bad_waveform"),
            ("fieldloop/v1/beilun/P 1/DE-H/reading", "{\"ts\":1}", "bad_topic"),
            ("fieldloop/v1/photos/E1/u1", "no newline", "wrong_shape"),
            ("fieldloop/v1/photos/E1/u1", "{\"ticket\":77777}\nJPEG", "unknown_ticket"),
            ("fieldloop/v1/engineers/E1/position", "{\"lat\":29.9,\"lon\":121.8,\"fix_at\":1}", "missing_datum"),
            (
                "fieldloop/v1/engineers/E1/position", "{\"lat\":0,\"lon\":0,\"datum\":\"wgs84\",\"fix_at\":1}",
                "no_position"
            ),
        ]
        let (topic, payload, reason) = random.pick(choices)
        return SimMessage(topic, payload, .poison(reason: reason))
    }

    private func position(at now: Instant, _ random: inout SeededRandom) -> SimMessage {
        let engineer = random.pick(SimPlant.engineers).id
        let (latitude, longitude) = (random.pick(29.8...30), random.pick(121.7...121.9))
        let fixAt = now - .minutes(random.pick(0...40))
        return SimMessage(
            "fieldloop/v1/engineers/\(engineer)/position",
            "{\"lat\":\(latitude),\"lon\":\(longitude),\"datum\":\"wgs84\",\"accuracy_m\":8,\"fix_at\":\(fixAt.milliseconds)}",
            .position(of: engineer, fixAt: fixAt))
    }

    /// nil: nobody says anything.
    private func answer(to ticket: Seen, _ random: inout SeededRandom) -> SimMessage? {
        guard random.chance(0.5) else { return nil }
        let fitting: [String] =
            switch ticket.state {
            case "offered": ["accept", "accept", "decline"]
            case "accepted": ["en_route", "arrived"]
            case "en_route": ["arrived"]
            case "diagnosing": ["done", "done", "done", "awaiting_parts"]
            case "awaiting_parts": ["parts_arrived"]
            default: []
            }
        let any = ["accept", "decline", "en_route", "arrived", "awaiting_parts", "parts_arrived", "done", "explode"]
        let isWrong = fitting.isEmpty || random.chance(0.15)
        if fitting.isEmpty, random.chance(0.9) { return nil }
        let verb = random.pick(isWrong ? any : fitting)
        let engineer = isWrong ? random.pick(SimPlant.engineers.map(\.id) + ["E99"]) : ticket.engineer ?? "E1"
        let epoch = ticket.epoch + (isWrong ? random.pick(-1...1) : 0)
        let number = isWrong && random.chance(0.1) ? 99_999 : ticket.id
        let payload = "{\"ticket\":\(number),\"epoch\":\(epoch),\"answer\":\"\(verb)\",\"reason\":\"因为\"}"
        return SimMessage("fieldloop/v1/engineers/\(engineer)/answer", payload, .answer)
    }
}

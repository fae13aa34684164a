import Domain
import Foundation
import Store

extension Examination {
    /// The database: sound, of our age, with a plant in it.
    func checkDatabase() -> (StoreCheck?, [Finding]) {
        let restore = "stop the service and restore a backup; see “Back up and restore” in ops/runbook.md"
        do {
            guard let check = try Store.check(directory: settings["data.dir"]) else {
                let remedy = "fieldloop import fixtures/data and the plant's folder"
                return (nil, [.doubt("database", "there is none yet", remedy)])
            }
            guard check.damage.isEmpty else {
                return (check, check.damage.map { .fault("database", "damaged: \($0)", restore) })
            }
            return (check, [Self.age(check.age)] + Self.plant(check))
        } catch {
            return (nil, [.fault("database", "can't be read: \(error)", restore)])
        }
    }

    private static func age(_ age: StoreCheck.Age) -> Finding {
        switch age {
        case .current: .fine("database", "sound")
        case .older:
            .doubt("database", "sound, of an older fieldloop", "the next start of the service brings it up to date")
        case .newer:
            .fault("database", "made by a newer fieldloop", "install that one, or restore the backup from before it")
        }
    }

    private static func plant(_ check: StoreCheck) -> [Finding] {
        let counts = check.plant.map { "\($0.count) \($0.name)" }.joined(separator: ", ")
        let empty = check.plant.filter { $0.count == 0 }.map(\.name)
        guard !empty.isEmpty else { return [.fine("plant", counts)] }
        return [
            .doubt(
                "plant", "\(counts): without \(empty.joined(separator: " and ")) no ticket finds its way",
                "fieldloop import fixtures/data and the plant's folder")
        ]
    }

    /// Every limit and every offer hangs on the machine's clock.
    func checkClock(newestReading: Instant?) -> [Finding] {
        let text = now.iso8601
        let remedy = "set the clock and keep it set: timedatectl set-ntp true"
        guard CivilTime(now).year >= 2026 else {
            return [.fault("clock", "it shows \(text), which is long past", remedy)]
        }
        if let newestReading, newestReading - now > .minutes(1) {
            return [
                .fault(
                    "clock", "it shows \(text), but a reading of \(newestReading.iso8601) has been taken in",
                    remedy + "; and that of the gateways")
            ]
        }
        let since = newestReading.map { ", the newest reading is of \($0.iso8601)" } ?? ""
        return [.fine("clock", text + since)]
    }
}

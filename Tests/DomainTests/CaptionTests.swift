import Domain
import Geo
import Testing

@Suite("What a stamp says")
struct CaptionTests {
    /// 2026-01-01 08:00:00 in Ningbo.
    let morning = Instant(milliseconds: 1_767_225_600_123)
    let ningbo = Coordinate(latitude: 29.868336, longitude: 121.543990)!

    func caption(_ change: (inout Caption) -> Void = { _ in }) -> Caption {
        var caption = Caption(
            workerName: "王磊", worker: EngineerID("E007")!, at: morning, offsetSeconds: 28_800,
            position: .init(ningbo, accuracy: 8, fixAt: morning), placeName: "宁波一厂", ticket: TicketID(12),
            assetName: "3号循环水泵")
        change(&caption)
        return caption
    }

    @Test("All facts, in Chinese and in English")
    func complete() {
        #expect(
            caption().lines(.zh) == [
                "王磊（E007） · 工单 T12", "2026-01-01 08:00:00 +08:00", "29.86834°N 121.54399°E WGS-84 ±8 m",
                "宁波一厂 · 3号循环水泵",
            ])
        #expect(caption().lines(.en)[0] == "王磊 (E007) · Ticket T12")
        #expect(caption().lines(.en)[2] == "29.86834°N 121.54399°E WGS-84 ±8 m")
    }

    @Test("What is not known is left out or said to be missing, never made up")
    func sparse() {
        let bare = Caption(workerName: "", worker: EngineerID("E007")!, at: morning, offsetSeconds: 0)
        #expect(bare.lines(.en) == ["E007", "2026-01-01 00:00:00 +00:00", "No position"])
        #expect(bare.lines(.zh)[2] == "无定位信息")
        #expect(caption { $0.placeName = nil }.lines(.zh)[3] == "3号循环水泵")
        #expect(caption { $0.assetName = "  " }.lines(.zh)[3] == "宁波一厂")
    }

    @Test("A time that is only the arrival's says so")
    func received() {
        #expect(caption { $0.moment = .received }.lines(.zh)[1] == "收到于 2026-01-01 08:00:00 +08:00")
        #expect(caption { $0.moment = .received }.lines(.en)[1] == "Received 2026-01-01 08:00:00 +08:00")
    }

    @Test(
        "A fix from another time than the photo's says how far off it is",
        arguments: [
            (Duration.minutes(5), ""), (.minutes(-5), ""), (.minutes(6), " · fix 6 min earlier"),
            (.minutes(119), " · fix 119 min earlier"), (.hours(27), " · fix 27 h earlier"),
            (.minutes(-90), " · fix 90 min later"),
        ])
    func stale(age: Duration, suffix: String) {
        let lines = caption { $0.position?.fixAt = morning - age }.lines(.en)
        #expect(lines[2] == "29.86834°N 121.54399°E WGS-84 ±8 m" + suffix)
    }

    @Test("Accuracy: whole metres, then kilometres; what no receiver means is left out")
    func accuracy() {
        let told: [(Double?, String)] = [
            (0.2, " ±1 m"), (8.4, " ±8 m"), (999, " ±999 m"), (1_500, " ±2 km"), (0, ""), (-1, ""), (.nan, ""),
            (.infinity, ""), (nil, ""),
        ]
        for (metres, text) in told {
            let line = caption { $0.position?.accuracy = metres }.lines(.en)[2]
            #expect(line == "29.86834°N 121.54399°E WGS-84\(text)")
        }
    }

    @Test("Five decimals on every quarter of the globe, rounded and carried")
    func degrees() {
        let places: [(Double, Double, String)] = [
            (-0.000004, 36.0564166666667, "0.00000°S 36.05642°E"),
            (-33.9999999, -70.1, "34.00000°S 70.10000°W"),
            (90, -180, "90.00000°N 180.00000°W"),
            (0.00001, 0, "0.00001°N 0.00000°E"),
        ]
        for (latitude, longitude, text) in places {
            #expect(Coordinate(latitude: latitude, longitude: longitude)?.degreesText == text)
        }
    }

    @Test("Names cannot break the line, turn it round or run on")
    func hostileNames() {
        let who = { (name: String) in caption { $0.workerName = name }.lines(.en)[0] }
        #expect(who("Wang\n\tLei") == "Wang Lei (E007) · Ticket T12")
        #expect(who("\u{202E}ieL gnaW\u{2066}") == "ieL gnaW (E007) · Ticket T12")
        #expect(who("\u{0007}\u{FEFF}") == "E007 · Ticket T12")
        #expect(who(String(repeating: "长", count: 500)) == String(repeating: "长", count: 79) + "… (E007) · Ticket T12")
        #expect(who("e" + String(repeating: "\u{0301}", count: 500)).unicodeScalars.count < 120)
    }
}

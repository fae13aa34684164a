import Domain
import Testing

@Suite struct SourceMapTests {
    private static let point = PointID(asset: AssetID(stored: "P1"), name: Name(stored: "DE-H"))

    @Test func aRowWinsOverTheConvention() {
        var map = SourceMap()
        let row = SourceMap.Target(point: Self.point, measure: .temperature, unit: "K", scale: 2)
        map[.sparkplug, "g/n/P9", "X/kurtosis"] = row
        #expect(map.target(format: .sparkplug, sender: "g/n/P9", metric: "X/kurtosis") == row)
        #expect(map.target(format: .senml, sender: "g/n/P9", metric: "X/kurtosis") != row)
    }

    @Test(arguments: [
        ("line/gw/P1", "DE-H/velocity_rms_mm_s"), ("P1", "DE-H:velocity_rms_mm_s"), ("P1/DE-H", "velocity_rms_mm_s"),
        ("", "urn:dev:P1:DE-H:velocity_rms_mm_s"), ("other", "P1/DE-H/velocity_rms_mm_s"),
    ])
    func namesOfOursNeedNoRow(sender: String, metric: String) {
        let target = SourceMap().target(format: .senml, sender: sender, metric: metric)
        #expect(target == SourceMap.Target(point: Self.point, measure: .velocityRMS))
    }

    @Test(arguments: [
        ("P1", "velocity_rms_mm_s"), ("", "DE-H/velocity_rms_mm_s"), ("P1", "DE-H/velocity"), ("P 1", "DE-H/kurtosis"),
        ("P1", "DE H/kurtosis"), ("", ""), ("/", "/"), ("P1", "DE-H/"),
    ])
    func whatNamesNothingIsNothing(sender: String, metric: String) {
        #expect(SourceMap().target(format: .sparkplug, sender: sender, metric: metric) == nil)
    }

    @Test func aProfilesSenderIsNeverGuessed() {
        #expect(SourceMap().target(format: .profile, sender: "P1", metric: "DE-H/kurtosis") == nil)
    }
}

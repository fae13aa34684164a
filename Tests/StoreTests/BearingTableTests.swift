import Testing
import Vibration

@testable import Store

@Suite struct BearingTableTests {
    private static let header = "designation,elements,element_mm,pitch_mm,contact_deg,bpfo,bpfi,bsf,ftf,source\n"

    @Test(arguments: [
        ("6205", "6205"), (" skf 6205-2rs  jem", "SKF 6205-2RS JEM"), ("6205-2RS", "6205"), ("6205/C3", "6205"),
        ("FAG 6205-C-2HRS", "6205"), ("nice", "NICE (MFPT test rig)"), ("Rexnord", "Rexnord ZA-2115"),
    ]) func namesAsPeopleWriteThem(name: String, designation: String) throws {
        #expect(try Shipped.bearings()[name]?.designation == designation)
    }

    @Test(arguments: ["", " ", "9999", "SKF", "2RS", "62"]) func noBearing(name: String) throws {
        #expect(try Shipped.bearings()[name] == nil)
    }

    /// Rolling elements pass one race or the other: BPFO and BPFI are a whole number together, and each of them is the
    /// cage's turns times that.
    @Test func everyRowHoldsTogether() throws {
        let entries = try Shipped.bearings().entries
        #expect(entries.count > 30)
        #expect(Set(entries.map(\.designation)).count == entries.count)
        for entry in entries {
            let orders = entry.orders
            let elements = orders.bpfo + orders.bpfi
            #expect(abs(elements - elements.rounded()) < 0.003, "\(entry.designation)")
            #expect(abs(orders.ftf * elements / orders.bpfo - 1) < 0.005, "\(entry.designation)")
            #expect((0.3...0.48).contains(orders.ftf), "\(entry.designation)")
            // r = 1 − 2 FTF at any angle; a ball spins (1 − r²) / 2r′ times, r′ its share of the pitch, no less than r.
            let r = 1 - 2 * orders.ftf
            #expect(orders.bsf <= (1 - r * r) / (2 * r) * 1.02, "\(entry.designation)")
        }
    }

    @Test func ordersWinOverGeometry() throws {
        let table = try BearingTable(CSV(Self.header + "a,9,7.94,39.04,0,1,2,3,4,x\nb,9,7.94,39.04,,,,,,x"))
        #expect(table["a"]?.orders == Bearing(bpfo: 1, bpfi: 2, bsf: 3, ftf: 4))
        #expect(table["b"]?.orders == Bearing(elements: 9, elementDiameter: 7.94, pitchDiameter: 39.04))
    }

    @Test(arguments: [
        "a,9,40,39,0,,,,,x", "a,0,7,39,0,,,,,x", "a,,,,,1,2,3,,x", "a,,,,,1,2,-3,4,x", ",9,7,39,0,,,,,x",
        "a,9,7,39,0,,,,,", "a,,,,,,,,,x",
    ]) func aBadRow(row: String) throws {
        let csv = try CSV(Self.header + row)
        #expect(throws: BearingTable.Flaw.self) { try BearingTable(csv) }
    }

    @Test func zonesOfAClass() throws {
        let zones = try #require(try Shipped.zones().first { $0.machineClass == "iso10816-3-g2-rigid" })
        #expect([0, 1.39, 1.4, 2.79, 2.8, 4.49, 4.5, 99].map(zones.zone) == [.A, .A, .B, .B, .C, .C, .D, .D])
    }
}

import Domain
import Testing

@testable import Board

@Suite struct PersonalLinkTests {
    private let now = Instant(milliseconds: 1_772_416_800_000)
    private let secret = [UInt8](repeating: 3, count: 32)

    private func make(_ engineer: String, validFor: Duration = .days(7)) -> String {
        PersonalLink.make(engineer: EngineerID(stored: engineer), now: now, validFor: validFor, secret: secret)
    }

    @Test(arguments: ["E03", "a.b.c", "x-1_2"]) func saysWhomItIsFor(engineer: String) throws {
        let link = try PersonalLink(make(engineer), now: now, secret: secret)
        #expect(link.engineer.text == engineer)
        #expect(link.expires == now + .days(7))
        #expect(make(engineer) != make(engineer))
    }

    @Test func endsInTime() throws {
        let token = make("E03", validFor: .hours(1))
        #expect(throws: Never.self) { try PersonalLink(token, now: now + .minutes(59), secret: secret) }
        #expect(throws: PersonalLink.Fault.expired) { try PersonalLink(token, now: now + .hours(1), secret: secret) }
        // Used links are remembered for `linkFor`; none may outlive that.
        #expect(
            try PersonalLink(make("E03", validFor: .days(900)), now: now, secret: secret).expires == now
                + Limits.linkFor)
    }

    @Test func isOursOrNothing() {
        let token = make("E03")
        #expect(throws: PersonalLink.Fault.forged) {
            try PersonalLink(token, now: now, secret: [UInt8](repeating: 4, count: 32))
        }
        // Any one character changed.
        for index in token.indices {
            var forged = token
            forged.replaceSubrange(index...index, with: token[index] == "x" ? "y" : "x")
            #expect(throws: PersonalLink.Fault.forged) { try PersonalLink(forged, now: now, secret: secret) }
        }
        for rubbish in [
            "", ".", "...", "E03", "E03.1.2", "E03.x.n.s", token + "x", String(repeating: "a.", count: 500),
        ] {
            #expect(throws: PersonalLink.Fault.forged) { try PersonalLink(rubbish, now: now, secret: secret) }
        }
    }

    @Test func letsInOnlySoManyTries() {
        let gate = SignInGate()
        let start = ContinuousClock.now
        for _ in 0..<Limits.signInBurst { #expect(gate.admits("10.0.0.1", at: start)) }
        #expect(!gate.admits("10.0.0.1", at: start))
        #expect(gate.admits("10.0.0.2", at: start))
        #expect(gate.admits("10.0.0.1", at: start + Limits.signInEvery))
        // A right key gives its try back, and no more than that.
        for _ in 0..<Limits.signInBurst * 2 {
            #expect(gate.admits("10.0.0.3", at: start))
            gate.wasRight("10.0.0.3")
        }
        gate.wasRight("10.0.0.3")
        for _ in 0..<Limits.signInBurst { #expect(gate.admits("10.0.0.3", at: start)) }
        #expect(!gate.admits("10.0.0.3", at: start))
        // An address book that grows without end would be the attack itself.
        for n in 0..<(Limits.signInAddresses * 2) { _ = gate.admits("a\(n)", at: start + .seconds(n)) }
        #expect(gate.known <= Limits.signInAddresses)
    }
}

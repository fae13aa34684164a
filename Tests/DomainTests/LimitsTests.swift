import Testing

@testable import Domain

/// Limits check each other: whoever changes one learns here what else depends on it.
@Suite struct LimitsTests {
    @Test func payloadsFitUnderTheBroker() {
        // A packet is payload + topic + properties; the broker disconnects who exceeds it, so ours must be lower.
        let overhead = Limits.topicLength + 64
        for payload in [Limits.readingPayload, Limits.smallPayload, Limits.photoPayload] {
            #expect(payload + overhead < Limits.brokerPacket)
        }
        #expect(Limits.photoBytes <= Limits.photoPayload)
        #expect(Limits.envelopeHeader < Limits.readingPayload)
    }

    @Test func burstsHoldWhatTheyMust() {
        #expect(Limits.burstBytes >= 100 * Limits.readingPayload, "a commit serves many messages")
        #expect(Limits.burstMessages < Limits.receiveMaximum)
        #expect(Limits.burstTime < .seconds(60), "the keep-alive")
    }

    @Test func aWaveformFitsItsParts() {
        let longest = Limits.waveformSamples * SampleEncoding.float32le.bytes
        #expect(longest <= Limits.waveformParts * Limits.waveformPart)
        #expect(longest <= Limits.openWaveformBytes, "else it would give way to itself")
        #expect(Limits.waveformPart < Limits.waveformPayload)
        #expect(Limits.waveformPayload + Limits.topicLength + 64 < Limits.brokerPacket)
        #expect(Limits.waveformPayload <= Limits.burstBytes)
        #expect(Limits.waveformPartsWithin < Policy().rejectAfter)
    }

    @Test func retriesEnd() {
        #expect(Limits.retryFirst < Limits.retryLongest)
        #expect(Limits.retryLongest < Limits.retryFor)
    }

    @Test func readingsFitTheirPayload() {
        // The smallest useful reading: {"ts":1767225600123,"speed_rpm":1}
        #expect(Limits.readingsPerPayload * 34 <= Limits.readingPayload)
    }
}

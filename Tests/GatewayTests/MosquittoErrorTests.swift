import Glibc
import Testing

@testable import Gateway

struct MosquittoErrorTests {
    @Test(arguments: [
        (MosquittoError.timeout, 27), (.connectionLost, 7), (.notAuthorized, 0x87), (.sessionTakenOver, 0x8E),
        (.system(ECONNREFUSED), 65_536 + 111),
    ])
    func `the number is the library's, the broker's or the system's`(error: MosquittoError, number: Int) {
        #expect(Int(error.rawValue) == number)
    }

    @Test(arguments: [
        (MosquittoError.notAuthorized, "Not authorized (reason 135)"),
        (.connectionLost, "The connection was lost (code 7)"), (.timeout, "Timed out (code 27)"),
        (.system(ECONNREFUSED), "Connection refused (errno 111)"),
    ])
    func `an error speaks in words`(error: MosquittoError, words: String) {
        #expect(error.description == words)
    }

    @Test func `a reason code below 128 is a success`() {
        #expect(MosquittoError(reasonCode: 0) == nil)
        #expect(MosquittoError(reasonCode: 0x10) == nil, "no matching subscribers")
        #expect(MosquittoError(reasonCode: 0x97) == .quotaExceeded)
    }

    @Test func `a password does not show`() {
        let credentials = Credentials(username: "fieldloop", password: "s3cret")
        var dumped = ""
        dump(Broker(credentials: credentials), to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), "\(Broker(credentials: credentials))", dumped] {
            #expect(!text.contains("s3cret"))
        }
    }
}

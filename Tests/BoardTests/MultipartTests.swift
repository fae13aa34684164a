import Testing

@testable import Board

/// The form reader against what browsers send and what they never would.
@Suite struct MultipartTests {
    private let type = "multipart/form-data; boundary=XyZ"

    /// Name and content of each part, the body cut into pieces of `size` bytes.
    private func read(_ body: String, type: String? = nil, pieces size: Int = .max) throws -> [(String, String)] {
        var reader = try #require(MultipartReader(contentType: type ?? self.type))
        var parts: [(String, [UInt8])] = []
        let bytes = Array(body.utf8)
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, size == .max ? bytes.count : start + size)
            try reader.take(bytes[start..<end]) { event in
                switch event {
                case .part(let name): parts.append((name, []))
                case .data(let data): parts[parts.count - 1].1 += data
                }
            }
            start = end
        }
        try reader.finish()
        return parts.map { ($0.0, String(decoding: $0.1, as: UTF8.self)) }
    }

    private func part(_ name: String, _ content: String, _ more: String = "") -> String {
        "--XyZ\r\nContent-Disposition: form-data; name=\"\(name)\"\(more)\r\n\r\n\(content)\r\n"
    }

    @Test(arguments: [1, 2, 3, 5, 7, 64, .max]) func readsWhateverTheChunks(size: Int) throws {
        // The content holds everything that looks like a delimiter and is none.
        let tricky = "\r\n--XyQ\r\n--Xy\r\r\n--\r\n\r\n\r\n--XyYXyZ--XyZ"
        let body =
            part("ticket", "12") + part("file", tricky, "; filename=\"a;\\\"b.jpg\"\r\nContent-Type: image/jpeg")
            + part("empty", "") + "--XyZ--\r\n"
        let parts = try read(body, pieces: size)
        #expect(parts.map(\.0) == ["ticket", "file", "empty"])
        #expect(parts.map(\.1) == ["12", tricky, ""])
    }

    @Test func takesQuotedBoundariesAndAnyCase() throws {
        let type = "Multipart/Form-Data; charset=utf-8; boundary=\"XyZ\""
        #expect(try read(part("a", "1") + "--XyZ--", type: type).map(\.1) == ["1"])
    }

    @Test(arguments: [
        "text/plain", "multipart/form-data", "multipart/mixed; boundary=XyZ", "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"a\\\"b\"", "multipart/form-data; boundary=XyZ; boundary=XyZ",
        "multipart/form-data; boundary=\"open", "multipart/form-data; boundary=\"ends in space \"",
        "multipart/form-data; boundary=" + String(repeating: "x", count: 71), "multipart/form-data boundary=XyZ",
        "multipart/form-data; boundary=\"é\"", "",
    ]) func refusesTypes(type: String) { #expect(MultipartReader(contentType: type) == nil) }

    @Test(arguments: [
        "", "--XyZ", "--XyZ--x", "preamble\r\n--XyZ--\r\n", "--XyZ--\r\nepilogue",
        // Cut off in the headers, in the content, in the last delimiter.
        "--XyZ\r\nContent-Disposition: form-da", "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nabc",
        "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nabc\r\n--XyZ-",
        // A delimiter that runs on.
        "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nabc\r\n--XyZabc\r\n--XyZ--",
        // No name, two of them, an empty one, no disposition, another one, bare line feeds.
        "--XyZ\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--XyZ--",
        "--XyZ\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\nabc\r\n--XyZ--",
        "--XyZ\r\nContent-Disposition: form-data; name=\"\"\r\n\r\nabc\r\n--XyZ--",
        "--XyZ\r\nContent-Type: text/plain\r\n\r\nabc\r\n--XyZ--",
        "--XyZ\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nabc\r\n--XyZ--",
        "--XyZ\nContent-Disposition: form-data; name=\"a\"\n\nabc\n--XyZ--",
    ]) func refusesForms(body: String) { #expect(throws: Problem.self) { try read(body) } }

    @Test func boundsPartsAndHeaders() {
        let many = (0..<17).map { part("n\($0)", "") }.joined() + "--XyZ--"
        #expect(throws: Problem.self) { try read(many) }
        let long = part("a", "1", "; x=\"" + String(repeating: "y", count: 5_000) + "\"") + "--XyZ--"
        #expect(throws: Problem.self) { try read(long) }
        // Headers that never end are given up long before they fill the memory.
        let endless = "--XyZ\r\nX: " + String(repeating: "y", count: 100_000)
        #expect(throws: Problem.self) { try read(endless, pieces: 1_000) }
        #expect(throws: Problem.self) { try read(part(String(repeating: "n", count: 65), "") + "--XyZ--") }
    }

    /// Content that is nothing but the beginnings of delimiters must cost no more than other content.
    @Test func takesNearMissesInLinearTime() throws {
        let clock = ContinuousClock()
        let plain = String(repeating: "xxxxxxx", count: 60_000)
        let hostile = String(repeating: "\r\n--XyY", count: 60_000)
        let easy = try clock.measure { _ = try read(part("file", plain) + "--XyZ--", pieces: 4_096) }
        let hard = try clock.measure { _ = try read(part("file", hostile) + "--XyZ--", pieces: 4_096) }
        #expect(hard < easy * 50 + .milliseconds(500))
    }
}

import Board
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Store
import Testing

/// Photos in by form, and out again as the very bytes.
@Suite struct PhotoApiTests {
    private let jpeg =
        [0xFF, 0xD8] + (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 7) } + [0xFF, 0xD9]

    private func form(_ fields: [(String, String)], _ file: [UInt8]?) -> [UInt8] {
        var body: [UInt8] = []
        for (name, value) in fields {
            body += Array("--B\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
        }
        if let file {
            body += Array(
                "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../etc/x.jpg\"\r\n\r\n".utf8)
            body += file + Array("\r\n".utf8)
        }
        return body + Array("--B--\r\n".utf8)
    }

    private func send(
        _ browser: Browser, _ cookie: String, _ fields: [(String, String)], _ file: [UInt8]?
    ) async throws -> TestResponse {
        try await browser.post(
            "/api/photos", bytes: form(fields, file),
            headers: [
                .cookie: cookie, .origin: "https://board.test", .contentType: "multipart/form-data; boundary=B",
            ])
    }

    @Test func arrivesWithWhatThePhoneKnows() async throws {
        let plant = try Plant()
        try await plant.breach()
        let site = try Site(plant)
        try await site.open { browser async throws in
            let cookie = try await site.cookie("E03", browser)
            let now = plant.now.milliseconds
            let fields = [
                ("ticket", "1"), ("upload", "phone-1"), ("captured_at", "\(now - 5_000)"), ("lat", "29.8783"),
                ("lon", "121.7902"), ("datum", "wgs84"), ("accuracy_m", "8.5"), ("fix_at", "\(now - 1_000)"),
            ]
            let answer = try await send(browser, cookie, fields, jpeg)
            #expect(answer.status == .created)
            let photo = try #require(try answer.object()["photo"] as? [String: Any])
            #expect(photo["engineer"] as? String == "E03")
            #expect(photo["captured_at"] as? Int64 == now - 5_000)
            #expect(photo["accuracy_m"] as? Double == 8.5)
            #expect(photo["stamped"] as? Bool == false)
            #expect(photo["refused"] is NSNull)

            let original = try await browser.get("/api/photos/1/original", cookie: cookie)
            #expect(Array(original.body.readableBytesView) == jpeg)
            #expect(original.headers[.contentType] == "image/jpeg")
            let tag = try #require(original.headers[.eTag])
            #expect(
                try await browser.get("/api/photos/1/original", [.cookie: cookie, .ifNoneMatch: tag]).status
                    == .notModified)
            #expect(try await browser.get("/api/photos/1/stamped", cookie: cookie).code() == "unknown_photo")
            #expect(try await browser.get("/api/photos/7/original", cookie: cookie).code() == "unknown_photo")

            // The same once more is one photo; and dispatch has learnt where the engineer is.
            #expect(try await send(browser, cookie, fields, jpeg).status == .created)
            #expect(try await plant.store.story(of: TicketID(1))?.photos.count == 1)
            #expect(try await plant.store.roster(at: plant.now).first { $0.id.text == "E03" }?.fix?.accuracy == 8.5)
        }
    }

    /// The line that goes before a photo over MQTT is taken as a field too; a photo without a position is a photo.
    @Test func takesTheHeaderLineAndNoPosition() async throws {
        let plant = try Plant()
        try await plant.breach()
        let site = try Site(plant)
        try await site.open { browser async throws in
            let cookie = try await site.cookie("E03", browser)
            let header =
                #"{"ticket":1,"captured_at":\#(plant.now.milliseconds),"position":{"lat":29.8,"lon":121.7,"datum":"bd09"}}"#
            #expect(try await send(browser, cookie, [("header", header)], jpeg).status == .created)
            #expect(
                try await send(browser, cookie, [("ticket", "T1"), ("lat", ""), ("lon", "")], jpeg + [1]).status
                    == .created)
            let photos = try #require(try await plant.store.story(of: TicketID(1))?.photos)
            #expect(photos.map { $0.place == nil } == [false, true])
        }
    }

    @Test func refusesWithAReasonAndKeepsNothing() async throws {
        let plant = try Plant()
        try await plant.breach()
        let site = try Site(plant)
        try await site.open { browser async throws in
            let cookie = try await site.cookie("E03", browser)
            let cases: [([(String, String)], [UInt8]?, String)] = [
                ([("ticket", "99")], jpeg, "unknown_ticket"), ([], jpeg, "bad_field"),
                ([("ticket", "x")], jpeg, "bad_field"),
                ([("ticket", "1")], nil, "bad_field"), ([("ticket", "1")], [], "bad_field"),
                ([("ticket", "1"), ("ticket", "2")], jpeg, "bad_field"),
                ([("ticket", "1"), ("upload", "../x")], jpeg, "bad_field"),
                ([("ticket", "1"), ("captured_at", "nan")], jpeg, "bad_field"),
                ([("ticket", "1"), ("header", "{")], jpeg, "bad_field"),
                ([("ticket", "1"), ("note", String(repeating: "x", count: 5_000))], jpeg, "bad_field"),
                ([("ticket", "1")], Array("<svg onload=alert(1)>".utf8), "photo_not_jpeg"),
            ]
            for (fields, file, code) in cases {
                let answer = try await send(browser, cookie, fields, file)
                #expect(try answer.code() == code, "\(fields)")
            }
            let plain = try await browser.post(
                "/api/photos", "x", headers: [.cookie: cookie, .origin: "https://board.test"])
            #expect(plain.status == .unsupportedMediaType)
            #expect(!FileManager.default.fileExists(atPath: plant.folder + "/photos"))
        }
    }

    /// As over MQTT: the picture is proof by itself, so a position that is none does not cost it.
    @Test(arguments: [
        ([("lat", "29"), ("lon", "121")], "missing_datum"),
        ([("lat", "0"), ("lon", "0"), ("datum", "wgs84")], "no_position"), ([("lat", "north")], "bad_field"),
        ([("header", #"{"ticket":1,"position":{"lat":29,"lon":121,"datum":"mars"}}"#)], "unknown_datum"),
    ]) func aBadPositionCostsThePositionAlone(fields: [(String, String)], code: String) async throws {
        let plant = try Plant()
        let ticket = try await plant.breach().ticket
        let site = try Site(plant)
        try await site.open { browser async throws in
            let cookie = try await site.cookie("E03", browser)
            let answer = try await send(browser, cookie, [("ticket", "1")] + fields, jpeg)
            #expect(answer.status == .created)
            let problem = try #require(try answer.object()["position_problem"] as? [String: Any])
            #expect(problem["code"] as? String == code)
            let photos = try await plant.store.facts(of: ticket.id)?.photos
            #expect(photos == 1)
        }
    }

    @Test func aFileBeyondTheLimitIsNotHeld() async throws {
        let plant = try Plant()
        try await plant.breach()
        let site = try Site(plant)
        let file = [UInt8](repeating: 0xFF, count: Limits.photoBytes + 1)
        try await site.open { browser async throws in
            let cookie = try await site.cookie("E03", browser)
            let answer = try await send(browser, cookie, [("ticket", "1")], file)
            #expect(answer.status == .contentTooLarge)
        }
    }
}

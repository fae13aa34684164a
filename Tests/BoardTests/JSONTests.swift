import Foundation
import Testing

@testable import Board

@Suite struct JSONTests {
    @Test(arguments: [
        "", "plain 王磊 𠮷 🙂", "\"\\/\n\r\t\u{0}\u{1F}\u{7F}\u{2028}\u{2029}", "<script>alert(1)</script>", "\u{202E}rtl",
    ])
    func textComesBackAsItWas(text: String) throws {
        let json: JSON = ["k": .array([.string(text)])]
        let read = try #require(try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [String: [String]])
        #expect(read["k"] == [text])
        #expect(!json.text.contains("<") && !json.text.contains("\u{2028}"))
    }

    @Test func numbersAreNumbersOrNull() {
        let json = JSON([
            .double(.nan), .double(.infinity), .double(-0.5), .double(1e300), .int(.min), JSON(nil as Int?),
        ])
        #expect(json.text == "[null,null,-0.5,1e+300,-9223372036854775808,null]")
    }
}

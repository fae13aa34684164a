import Foundation
import Photos
import Testing

@Suite("Photos on the disk")
final class FilesTests {
    let directory = FileManager.default.temporaryDirectory.appending(path: "photofiles-\(UUID().uuidString)").path
    /// FIPS 180-2, "abc".
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func listing() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: directory).filter { $0.hasSuffix(".jpg") }.sorted()
    }

    @Test("An original stands under its hash, and again is the same")
    func original() throws {
        let files = try PhotoFiles(directory: directory)
        let digest = try files.writeOriginal(Array("abc".utf8))
        #expect(digest.hex == abc)
        #expect(try files.writeOriginal(Array("abc".utf8)) == digest)
        #expect(try listing() == ["ba/\(abc).jpg"])
        #expect(try files.read(digest, .original) == Array("abc".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory + "/incoming").isEmpty)
    }

    @Test("Stamped copies stand beside it, and none replaces another")
    func stamped() throws {
        let files = try PhotoFiles(directory: directory)
        let digest = try files.writeOriginal(Array("abc".utf8))
        let first = try files.writeStamped(Array("first".utf8), of: digest)
        let second = try files.writeStamped(Array("second".utf8), of: digest)
        #expect(second == PhotoDigest(of: Array("second".utf8)))
        let copies = [first, second].map { "ba/\(abc).\($0.hex.prefix(16)).stamped.jpg" }
        #expect(try listing() == (["ba/\(abc).jpg"] + copies).sorted())
        #expect(try files.read(digest, .stamped(first)) == Array("first".utf8))
        #expect(try files.read(digest, .stamped(second)) == Array("second".utf8))
        #expect(try files.read(digest, .original) == Array("abc".utf8))
    }

    @Test("A damaged original is replaced by the right bytes")
    func damaged() throws {
        let files = try PhotoFiles(directory: directory)
        let digest = try files.writeOriginal(Array("abc".utf8))
        try Data("ab".utf8).write(to: URL(filePath: files.path(of: digest, .original)))
        _ = try files.writeOriginal(Array("abc".utf8))
        #expect(try files.read(digest, .original) == Array("abc".utf8))
    }

    @Test("What a crash left half written is gone at the next start, and nothing else is")
    func leftovers() throws {
        let digest = try PhotoFiles(directory: directory).writeOriginal(Array("abc".utf8))
        try Data("half".utf8).write(to: URL(filePath: directory + "/incoming/half"))
        let files = try PhotoFiles(directory: directory)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory + "/incoming").isEmpty)
        #expect(try files.read(digest, .original) == Array("abc".utf8))
    }

    @Test("Only the service's user may read the photos")
    func permissions() throws {
        let files = try PhotoFiles(directory: directory)
        let digest = try files.writeOriginal(Array("abc".utf8))
        let mode = try FileManager.default.attributesOfItem(atPath: files.path(of: digest, .original))[
            .posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test("Failures name the call, the path and the cause")
    func failures() throws {
        let files = try PhotoFiles(directory: directory)
        let nobody = PhotoDigest(of: [])
        #expect {
            _ = try files.read(nobody, .original)
        } throws: { error in
            (error as? PhotoFileError).map { $0.call == "open" && "\($0)".contains("No such file") } ?? false
        }
        #expect(throws: PhotoFileError.self) { try PhotoFiles(directory: "/dev/null/photos") }
    }

    @Test("Only a hash is a name")
    func names() {
        #expect(PhotoDigest(hex: abc)?.hex == abc)
        for text in ["", "abc", abc.uppercased(), "../" + abc.dropFirst(3), abc + "0", String(abc.dropLast()) + "/"] {
            #expect(PhotoDigest(hex: text) == nil)
        }
    }
}

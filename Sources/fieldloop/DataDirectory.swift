import Crypto
import Foundation
import Glibc

/// The directory that one service owns: database, photos, secrets.
struct DataDirectory: Sendable {
    let path: String

    init(_ path: String) throws {
        self.path = path
        // Whatever is written from here on, database and photos included, is ours alone to read.
        umask(0o077)
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // Somebody may have made it for us, for everybody; where it is not ours to change, doctor says so.
        chmod(path, 0o700)
    }

    var photos: String { path + "/photos" }
    var adminTokenPath: String { path + "/admin-token" }

    /// The administrator's token, made at first use.
    func adminToken() throws -> String { try secret("admin-token") }

    /// The key that personal links are signed with, made at first use.
    func linkKey() throws -> SymmetricKey { SymmetricKey(data: Data(try secret("secret").utf8)) }

    /// 256 random bits as hex in a file that only we can read.
    private func secret(_ name: String) throws -> String {
        let file = "\(path)/\(name)"
        if let text = try? String(contentsOfFile: file, encoding: .utf8), text.count >= 64 {
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let text = SymmetricKey(size: .bits256).withUnsafeBytes { key in
            key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        let descriptor = open(file, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: Data((text + "\n").utf8))
        try handle.synchronize()
        return text
    }

    /// Held for as long as the value lives: two services on one directory, or with one client id, would throw each
    /// other out at the broker.
    func lock() throws -> DirectoryLock { try DirectoryLock(path + "/lock") }
}

/// An exclusive lock that the kernel drops when the process dies, however it dies.
struct DirectoryLock: ~Copyable, Sendable {
    private let descriptor: CInt

    struct Taken: Error, CustomStringConvertible {
        let path: String
        var description: String {
            "another fieldloop is running on this data directory (\(path) is locked); stop it first, or use another data.dir"
        }
    }

    /// `flock`.
    init(_ path: String) throws {
        descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            Glibc.close(descriptor)
            throw Taken(path: path)
        }
    }

    deinit { Glibc.close(descriptor) }
}

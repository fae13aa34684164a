/// The photos' directory: `ab/<sha256>.jpg` as it came, `ab/<sha256>.<copy>.stamped.jpg` beside it. The copy's name holds
/// its own digest too: the same picture on two tickets has two stamps, and neither may replace the other.
///
/// A write returns only when the bytes and the name are on the disk, because the row that mentions them is committed,
/// and the message acknowledged, right after. Calls block; they belong on a worker's thread.
public struct PhotoFiles: Sendable {
    /// Which of a photo's two files.
    public enum Kind: Sendable {
        case original
        /// The copy with this digest.
        case stamped(PhotoDigest)
    }

    public let directory: String

    /// Makes the directories where they are missing, and removes what a crash left half written; so a process makes
    /// one of these, before its first write.
    public init(directory: String) throws(PhotoFileError) {
        self.directory = directory
        if try File.makeDirectory(directory) { try File.sync("\(directory)/..") }
        try File.makeDirectory(incoming)
        for name in try File.names(in: incoming) { try File.remove("\(incoming)/\(name)") }
    }

    /// Stores `bytes` under their own digest. Storing the same bytes again changes nothing.
    public func writeOriginal(_ bytes: [UInt8]) throws(PhotoFileError) -> PhotoDigest {
        let digest = PhotoDigest(of: bytes)
        let path = path(of: digest, .original)
        if try File.holds(bytes, at: path) {
            // An earlier attempt may have been cut off between the rename and this.
            try File.sync(shard(of: digest))
        } else {
            try put(bytes, at: path, in: shard(of: digest))
        }
        return digest
    }

    /// Stores a stamped copy of the photo `original` and returns the copy's own digest.
    @discardableResult
    public func writeStamped(_ bytes: [UInt8], of original: PhotoDigest) throws(PhotoFileError) -> PhotoDigest {
        let copy = PhotoDigest(of: bytes)
        try put(bytes, at: path(of: original, .stamped(copy)), in: shard(of: original))
        return copy
    }

    /// The bytes of a stored file.
    public func read(_ original: PhotoDigest, _ kind: Kind) throws(PhotoFileError) -> [UInt8] {
        try File.read(path(of: original, kind))
    }

    /// Where a photo's file is, or would be.
    public func path(of original: PhotoDigest, _ kind: Kind) -> String {
        let stem = "\(shard(of: original))/\(original.hex)"
        return switch kind {
        case .original: "\(stem).jpg"
        case .stamped(let copy): "\(stem).\(copy.hex.prefix(16)).stamped.jpg"
        }
    }

    /// Half-written files have a directory of their own: whatever is in it after a start is garbage.
    private var incoming: String { "\(directory)/incoming" }

    /// 256 directories keep each of them small.
    private func shard(of digest: PhotoDigest) -> String { "\(directory)/\(digest.hex.prefix(2))" }

    private func put(_ bytes: [UInt8], at path: String, in shard: String) throws(PhotoFileError) {
        if try File.makeDirectory(shard) { try File.sync(directory) }
        let temporary = "\(incoming)/\(String(UInt64.random(in: .min ... .max), radix: 36))"
        do throws(PhotoFileError) {
            try File.create(temporary, bytes)
            try File.rename(temporary, to: path)
        } catch {
            try? File.remove(temporary)
            throw error
        }
        try File.sync(shard)
    }
}

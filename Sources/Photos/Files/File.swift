import Glibc

/// A system call on a photo's file that failed.
public struct PhotoFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The C function's name.
    public var call: String
    public var path: String
    /// `errno`.
    public var code: Int32

    /// Whether the disk, or the user's share of it, is full.
    public var isFull: Bool { code == ENOSPC || code == EDQUOT }

    public var isMissing: Bool { code == ENOENT }

    public var description: String { "\(call) \(path): \(String(cString: strerror(code)))" }
}

/// The few system calls of durable files, each named after its C function in errors.
enum File {
    /// Whether the directory was made now. Only the service's user may read it.
    @discardableResult
    static func makeDirectory(_ path: String) throws(PhotoFileError) -> Bool {
        if mkdir(path, 0o700) == 0 { return true }
        guard errno == EEXIST else { throw failure("mkdir", path) }
        return false
    }

    /// Writes a file that doesn't exist yet, down to the disk.
    static func create(_ path: String, _ bytes: [UInt8]) throws(PhotoFileError) {
        let descriptor = try open(path, O_WRONLY | O_CREAT | O_EXCL)
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, $0.count - written) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("write", path) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw failure("fsync", path) }
    }

    static func read(_ path: String) throws(PhotoFileError) -> [UInt8] {
        let descriptor = try open(path, O_RDONLY)
        defer { close(descriptor) }
        let size = try size(descriptor, path)
        var bytes = [UInt8](repeating: 0, count: size)
        var got = 0
        while got < size {
            let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + got, size - got) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", path) }
            if count == 0 { break }
            got += count
        }
        bytes.removeLast(size - got)
        return bytes
    }

    /// Whether the file at `path` has exactly these bytes; no if there is none. Brings it down to the disk.
    static func holds(_ bytes: [UInt8], at path: String) throws(PhotoFileError) -> Bool {
        do throws(PhotoFileError) {
            guard try read(path) == bytes else { return false }
            try sync(path)
            return true
        } catch {
            guard error.code == ENOENT else { throw error }
            return false
        }
    }

    /// Brings a file, or a directory's names, down to the disk.
    static func sync(_ path: String) throws(PhotoFileError) {
        let descriptor = try open(path, O_RDONLY)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("fsync", path) }
    }

    static func rename(_ path: String, to target: String) throws(PhotoFileError) {
        guard Glibc.rename(path, target) == 0 else { throw failure("rename", path) }
    }

    static func remove(_ path: String) throws(PhotoFileError) {
        guard unlink(path) == 0 else { throw failure("unlink", path) }
    }

    static func names(in path: String) throws(PhotoFileError) -> [String] {
        guard let directory = opendir(path) else { throw failure("opendir", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func open(_ path: String, _ flags: Int32) throws(PhotoFileError) -> Int32 {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("open", path) }
        return descriptor
    }

    private static func size(_ descriptor: Int32, _ path: String) throws(PhotoFileError) -> Int {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw failure("fstat", path) }
        return Int(info.st_size)
    }

    private static func failure(_ call: String, _ path: String) -> PhotoFileError {
        PhotoFileError(call: call, path: path, code: errno)
    }
}

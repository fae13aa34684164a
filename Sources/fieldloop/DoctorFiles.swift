import Domain
import Foundation
import Glibc
import NIOSSL
import Photos

extension Examination {
    private static let gigabyte = 1_000_000_000

    /// The data directory: there, ours, private, with room.
    func checkDirectory() -> [Finding] {
        let path = settings["data.dir"]
        var status = stat()
        guard stat(path, &status) == 0 else { return [missing(path)] }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return [.fault("data", "\(path) is not a directory", "set data.dir to a directory")]
        }
        var findings: [Finding] = []
        if access(path, R_OK | W_OK | X_OK) != 0 {
            findings.append(
                .fault("data", "\(path) can't be written to", "give it to the user that runs the service, with chown"))
        } else if status.st_uid != geteuid() {
            findings.append(
                .doubt(
                    "data", "\(path) belongs to user \(status.st_uid), and this is user \(geteuid())",
                    "run doctor as the service's user; what it finds readable may not be so for the service"))
        }
        findings += privacy(of: path, "data", "photos and telephone numbers lie in it", 0o700)
        findings += space(at: path)
        findings.append(.fine("lock", "\(isHeld(path) ? "a" : "no") service is at work on \(path)"))
        return findings
    }

    private func missing(_ path: String) -> Finding {
        let parent = URL(filePath: path).deletingLastPathComponent().path
        if access(parent, W_OK | X_OK) == 0 || !FileManager.default.fileExists(atPath: parent) {
            return .doubt("data", "\(path) does not exist yet", "`fieldloop import` or `fieldloop serve` makes it")
        }
        return .fault("data", "\(path) does not exist and can't be made in \(parent)", "make it, or set data.dir")
    }

    private func space(at path: String) -> [Finding] {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return [] }
        let free = Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
        return [Self.space(free: free)]
    }

    /// - Parameter free: bytes.
    static func space(free: Int) -> Finding {
        let text = "\(free / gigabyte).\(free % gigabyte / (gigabyte / 10)) GB free"
        let remedy = "make room, or move data.dir to a larger disk: a full disk stops the service from taking messages"
        switch free {
        case ..<(gigabyte / 2): return .fault("disk", text, remedy)
        case ..<(5 * gigabyte): return .doubt("disk", text, remedy)
        default: return .fine("disk", text)
        }
    }

    /// Whether a service holds the directory's lock; asks without making the file, and lets go at once.
    func isHeld(_ directory: String) -> Bool {
        let descriptor = open(directory + "/lock", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// Files that open a door to whoever reads them.
    func checkSecrets() -> [Finding] {
        let directory = settings["data.dir"]
        let named = [
            "mqtt.password_file", "mqtt.tls.key", "http.tls.key", "http.metrics_token_file",
            "notify.webhook.secret_file", "notify.wecom.url_file",
        ].compactMap(settings.optional)
        var findings = named.filter { access($0, R_OK) != 0 }.map {
            Finding.fault("secrets", "\($0) can't be read", "check the path, and give it to the service's user")
        }
        var exposed = named
        // A closed directory protects what lies in it, whatever the files' own rights.
        if !privacy(of: directory, "data", "", 0o700).isEmpty {
            exposed += ["admin-token", "secret", "fieldloop.db"].map { "\(directory)/\($0)" }
        }
        findings += exposed.flatMap { privacy(of: $0, "secrets", "whoever reads it can act as the service", 0o600) }
        if findings.isEmpty { findings.append(.fine("secrets", "closed to others")) }
        return findings
    }

    /// Nothing about a file that is not there.
    private func privacy(of path: String, _ subject: String, _ why: String, _ mode: mode_t) -> [Finding] {
        var status = stat()
        guard stat(path, &status) == 0 else { return [] }
        let remedy = "chmod \(String(mode, radix: 8)) \(path)"
        if status.st_mode & 0o007 != 0 {
            return [.fault(subject, "everybody on this machine can get at \(path): \(why)", remedy)]
        }
        if status.st_mode & 0o070 != 0 {
            return [.doubt(subject, "its group can get at \(path): \(why)", remedy)]
        }
        return []
    }

    /// The stamp's font opens and shows everybody's name.
    func checkFont(names: [(id: EngineerID, name: LocalName)]) -> [Finding] {
        let font: StampFont
        do { font = try StampFont(path: settings["photo.font"]) } catch {
            return [.fault("font", "\(error)", "apt-get install fonts-wqy-microhei, or set photo.font")]
        }
        guard font.missing(in: "王磊（E03）工单 收到于 ±°·").isEmpty else {
            return [
                .fault(
                    "font", "\(settings["photo.font"]) has no Chinese: stamps would show boxes",
                    "apt-get install fonts-wqy-microhei, or set photo.font to a font with Chinese")
            ]
        }
        let gaps = names.compactMap { id, name in
            let missing = font.missing(in: name.zh)
            return missing.isEmpty ? nil : "\(id) \(name.zh) (\(missing.joined()))"
        }
        guard gaps.isEmpty else {
            return [
                .doubt(
                    "font", "\(settings["photo.font"]) lacks characters of \(gaps.joined(separator: ", "))",
                    "set photo.font to a font that has them; until then a box stands for each on the stamp")
            ]
        }
        return [.fine("font", "\(settings["photo.font"]) shows every name")]
    }

    func checkChart() -> [Finding] {
        let path = settings["board.chart_js"]
        guard access(path, R_OK) == 0 else {
            return [
                .doubt(
                    "chart", "no Chart.js at \(path): ticket pages show no trend",
                    "apt-get install libjs-chart.js, or set board.chart_js")
            ]
        }
        return [.fine("chart", path)]
    }

    /// Certificates that can be read, fit their keys, and last.
    func checkCertificates() -> [Finding] {
        ["mqtt.tls.ca", "mqtt.tls.cert", "http.tls.cert"].flatMap { key -> [Finding] in
            guard let path = settings.optional(key) else { return [] }
            do {
                let chain = try NIOSSLCertificate.fromPEMFile(path)
                guard let first = chain.first else { throw Settings.Invalid(description: "no certificate in it") }
                if key.hasSuffix(".cert"), let keyPath = settings.optional(key.replacing(".cert", with: ".key")) {
                    try fit(chain, keyPath)
                }
                return [lifetime(key, first)]
            } catch {
                return [.fault("tls", "\(key), \(path): \(error)", "it must be PEM, readable, and fit its key")]
            }
        }
    }

    private func fit(_ chain: [NIOSSLCertificate], _ keyPath: String) throws {
        let key = try NIOSSLPrivateKey(file: keyPath, format: .pem)
        _ = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key)))
    }

    private func lifetime(_ key: String, _ certificate: NIOSSLCertificate) -> Finding {
        let end = Instant(milliseconds: Int64(certificate.notValidAfter) * 1000)
        let start = Instant(milliseconds: Int64(certificate.notValidBefore) * 1000)
        let date = CivilTime(end).text.prefix(10)
        let remedy = "renew it; the service reads it anew at its next start"
        if end <= now { return .fault("tls", "\(key) ran out on \(date)", remedy) }
        if start > now {
            return .fault("tls", "\(key) begins to be valid on \(CivilTime(start).text.prefix(10))", remedy)
        }
        if end - now < .days(14) { return .doubt("tls", "\(key) runs out on \(date)", remedy) }
        return .fine("tls", "\(key) is valid until \(date)")
    }
}

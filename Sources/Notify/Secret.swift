import Foundation

/// What must never be seen: neither in a log, nor in an error, nor in a debugger's dump.
struct Secret: Sendable, CustomStringConvertible, CustomReflectable {
    let text: String

    var description: String { "•••" }
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// An address to post to. Chat robots carry their key in it, so all of it counts as secret, except the host.
struct SecretURL: Sendable {
    let whole: Secret
    private let parts: [Secret]

    /// nil when it is no absolute http or https address.
    init?(_ text: String) {
        guard let url = URLComponents(string: text), ["http", "https"].contains(url.scheme?.lowercased()),
            let host = url.host, !host.isEmpty
        else { return nil }
        whole = Secret(text: text)
        let candidates =
            [text, url.percentEncodedQuery, url.percentEncodedPath, url.percentEncodedPassword, url.password]
            + (url.percentEncodedQueryItems ?? []).map(\.value) + (url.queryItems ?? []).map(\.value)
        // Longest first, so that no part of a longer one is left over. Very short ones are no secret, but words.
        parts = candidates.compactMap { $0 }.filter { $0.count >= 6 }.sorted { $0.count > $1.count }.map(Secret.init)
    }

    /// `text` without anything of the address.
    func redact(_ text: String) -> String {
        parts.reduce(text) { $0.replacingOccurrences(of: $1.text, with: "•••") }
    }
}

import Domain

/// What a payload may say of its sender beside the topic. The broker's access list has let the *topic* pass; a payload
/// that names another is a gateway that mixes up its machines, and is not believed in either.
struct Identity {
    /// The topic's names by the field that would repeat them.
    private let names: [String: String]

    init(site: SiteID? = nil, point: PointID) {
        var names = ["asset": point.asset.text, "point": point.name.text]
        names["site"] = site?.text
        self.names = names
    }

    init(_ engineer: EngineerID) { names = ["engineer": engineer.text] }

    /// Takes the field when it is one of these. What it is not the name of is a rejection.
    func takes(
        _ key: String, _ scanner: inout JSONScanner, _ complain: (Rejection) -> Void
    ) throws(JSONFailure) -> Bool {
        guard let name = names[key], try scanner.peek() == .string else { return false }
        let said = try scanner.string()
        if said != name {
            complain(Rejection(.wrongDevice, "“\(key)” is \(said.prefix(64)), and the topic says \(name)"))
        }
        return true
    }
}

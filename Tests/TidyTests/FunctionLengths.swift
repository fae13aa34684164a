/// Functions, initialisers, subscripts and computed properties, with the lines that they take.
struct FunctionLengths {
    struct Found: Equatable {
        var name: String
        /// The line of the declaration, from 1.
        var line: Int
        /// From the declaration to its closing brace.
        var lines: Int
    }

    static func find(in source: Source) -> [Found] {
        let tokens = Self.tokens(of: source.code)
        let starts = source.language == .swift ? swiftBodies(tokens) : cBodies(tokens)
        return starts.compactMap { name, declaration, brace in
            guard let end = closing(tokens, brace) else { return nil }
            let first = source.line(at: tokens[declaration].position)
            return Found(name: name, line: first, lines: source.line(at: tokens[end].position) - first + 1)
        }
    }

    private struct Token {
        var text: String
        var position: Int
        /// The first on its line.
        var isFirst: Bool
    }

    private typealias Body = (name: String, declaration: Int, brace: Int)

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 128...:
            true
        default: false
        }
    }

    /// Words, and every other visible byte by itself.
    private static func tokens(of code: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var at = 0
        var isFirst = true
        while at < code.count {
            if code[at] <= UInt8(ascii: " ") {
                isFirst = isFirst || code[at] == UInt8(ascii: "\n")
                at += 1
                continue
            }
            let length = isWord(code[at]) ? code[at...].prefix(while: isWord).count : 1
            tokens.append(
                Token(text: String(decoding: code[at..<at + length], as: UTF8.self), position: at, isFirst: isFirst))
            isFirst = false
            at += length
        }
        return tokens
    }

    private static func closing(_ tokens: [Token], _ brace: Int) -> Int? {
        var depth = 0
        for index in brace..<tokens.count {
            if tokens[index].text == "{" { depth += 1 }
            if tokens[index].text == "}" { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }

    private static func swiftBodies(_ tokens: [Token]) -> [Body] {
        tokens.indices.compactMap { index -> Body? in
            let before = index > 0 ? tokens[index - 1].text : ""
            let after = index + 1 < tokens.count ? tokens[index + 1].text : ""
            switch tokens[index].text {
            case "func": break
            case "var" where before != "(" && before != ",": break
            case "deinit" where after == "{": break
            case "subscript" where ["(", "<"].contains(after) && before != ".": break
            case "init" where ["(", "?", "!", "<"].contains(after) && before != ".": break
            default: return nil
            }
            let name = ["func", "var"].contains(tokens[index].text) ? after : tokens[index].text
            return swiftBody(tokens, index, isProperty: tokens[index].text == "var").map { (name, index, $0) }
        }
    }

    /// The brace that opens the body; nil for a requirement of a protocol, a call, or a stored property.
    private static func swiftBody(_ tokens: [Token], _ declaration: Int, isProperty: Bool) -> Int? {
        let next: Set = [
            "func", "var", "let", "init", "deinit", "subscript", "case", "struct", "class", "enum", "protocol",
            "extension", "public", "private", "fileprivate", "static", "mutating", "typealias", "@", "}",
        ]
        var depth = 0
        for index in (declaration + 1)..<tokens.count {
            let token = tokens[index]
            switch token.text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return index
            case "=" where depth == 0 && isProperty: return nil
            // An initial value, or the end of the scope that it stands in.
            case _ where depth < 0: return nil
            case let text where depth == 0 && token.isFirst && (isProperty || next.contains(text)): return nil
            default: break
            }
        }
        return nil
    }

    /// A brace at the top level right behind a parameter list.
    private static func cBodies(_ tokens: [Token]) -> [Body] {
        var bodies: [Body] = []
        var depth = 0
        for (index, token) in tokens.enumerated() {
            if token.text == "{" {
                if depth == 0, index > 0, tokens[index - 1].text == ")", let open = opening(tokens, index - 1), open > 0
                {
                    bodies.append((tokens[open - 1].text, open - 1, index))
                }
                depth += 1
            }
            if token.text == "}" { depth -= 1 }
        }
        return bodies
    }

    private static func opening(_ tokens: [Token], _ parenthesis: Int) -> Int? {
        var depth = 0
        for index in (0...parenthesis).reversed() {
            if tokens[index].text == ")" { depth += 1 }
            if tokens[index].text == "(" { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }
}

import Foundation
import TestSupport
import Testing

@testable import DiffusionCommandLine

/// Whatever a message of any module says to type is an option that there is, with a value that it takes. The messages
/// are found in the sources, so that a new one is among them.
struct AdvisedOptionsTests {
  struct Mention: Sendable, CustomStringConvertible {
    let file: String
    let name: String
    let value: String

    var description: String { "\(file): --\(name) \(value)" }
  }

  /// Options of other programs, which messages say to run or answer for.
  private static let others: Set<String> = ["local-dir", "name", "no-deps", "notest", "reinstall"]

  static let mentions: [Mention] = {
    // The path of a fixture says where the sources are.
    let root = URL(fileURLWithPath: Fixture.path("x")).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources")
    let files =
      FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
    var mentions: [Mention] = []
    for file in files where file.pathExtension == "swift" {
      // Tables of flags that other programs have.
      if ["ForeignFlags.swift", "OtherAlgorithms.swift"].contains(file.lastPathComponent) { continue }
      let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
      for line in text.split(separator: "\n") where !line.drop(while: { $0 == " " }).hasPrefix("//") {
        for match in line.matches(of: /(?:^|[ ("'`;])--([a-z][a-z0-9-]+)(?:[ =]('[^']*'|[^\s;,:)"\\]+))?/) {
          let value = match.output.2.map { $0.first == "'" ? $0.dropFirst().dropLast() : $0 } ?? ""
          mentions.append(Mention(file: file.lastPathComponent, name: String(match.output.1), value: String(value)))
        }
      }
    }
    return mentions
  }()

  @Test func thereAreMentions() { #expect(Self.mentions.count > 200) }

  @Test(arguments: mentions) func anOptionThatIsNamedIsThere(_ mention: Mention) {
    guard !Self.others.contains(mention.name) else { return }
    let definitions = optionTable.filter { $0.names.contains(mention.name) }
    #expect(!definitions.isEmpty, "\(mention)")
    // Words of a sentence are no values.
    let isValue = mention.value.contains { $0.isNumber || "./%".contains($0) } && !mention.value.hasPrefix("[")
    guard isValue, definitions.contains(where: \.needsValue), !mention.value.hasPrefix("-") else { return }
    let isTaken = definitions.contains { definition in
      var options = Options()
      return (try? definition.apply(&options, mention.value, mention.name)) != nil
    }
    #expect(isTaken, "\(mention)")
  }
}

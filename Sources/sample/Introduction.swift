import DiffusionFiles

extension ModelSettings {
  /// One line that says what the model is taken for, and how what its tensors do not show is known.
  func provenance(name: String) -> String {
    var parts = ["\(name): \(family.name) \(kind.rawValue), \(imageSize)×\(imageSize)"]
    func list(_ isWanted: (ResolvedSetting.Source) -> Bool) -> String {
      facts.filter { isWanted($0.source) }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
    let files = Set(facts.compactMap { if case .file(let file) = $0.source { file } else { nil } })
    if !files.isEmpty { parts.append("as \(files.sorted().joined(separator: " and ")) says") }
    let given = list { $0 == .flags }
    if !given.isEmpty { parts.append("\(given) as typed") }
    let isRecognised = facts.contains { if case .published = $0.source { true } else { false } }
    if isRecognised, let published { parts.append("the rest as \(published.name), whose shapes it has") }
    let assumed = list { if case .upstream = $0 { true } else { false } }
    if !assumed.isEmpty { parts.append("assumed, for want of better: \(assumed)") }
    return parts.joined(separator: "; ")
  }
}

extension TrainingSpecification {
  /// What should be said of `--attention-resolutions`, in one line: sizes that no level has, or that mean another, as
  /// in the original, which divides the image's size by them and drops the remainder. Nil if there is nothing.
  var attentionRemark: String? {
    guard let asked = request.settings.attentionResolutions else { return nil }
    let size = request.imageSize
    let levels = configuration.channelMult.indices.map { size >> $0 }
    /// The level that a typed size leads to.
    func level(_ asked: Int) -> Int? {
      asked > size ? nil : configuration.channelMult.indices.first { 1 << $0 == size / asked }.map { size >> $0 }
    }
    var parts: [String] = []
    let without = asked.filter { level($0) == nil }
    if !without.isEmpty {
      let numbers = without.map(String.init).joined(separator: ",")
      parts.append("no level has \(numbers) pixels (they have \(levels.map(String.init).joined(separator: ", ")))")
    }
    for size in asked { if let found = level(size), found != size { parts.append("\(size) is taken for \(found)") } }
    if without.count == asked.count { parts.append("there is attention only in the middle") }
    return parts.isEmpty ? nil : "--attention-resolutions: \(parts.joined(separator: "; "))"
  }
}

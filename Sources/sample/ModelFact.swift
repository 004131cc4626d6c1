import DiffusionModels
import DiffusionText

/// One thing known of a model, and how.
struct ResolvedSetting {
  /// The key under which a file beside the model would say it, for instance `num_heads`.
  let key: String
  /// For instance `4` or `1,2,2,2`.
  let value: String
  let source: Source

  /// Where a fact comes from; of several, the first that says something counts.
  enum Source: Equatable {
    /// The names and shapes of the tensors.
    case tensors
    /// What stands beside the tensors: metadata, a sidecar, a folder's configuration.
    case file(String)
    /// The command line.
    case flags
    /// The published model of just these shapes.
    case published(String)
    /// What the original assumes if it is told nothing.
    case upstream(String)
  }
}

/// All that is said of a model, by whoever says it. What the tensors say is not open to debate, and neither is what stands in
/// the file against the command line; a published model or the original's defaults only fill gaps.
struct SettingsResolver {
  /// What errors call the model.
  let name: String
  let tensors: ModelDescription
  let file: DescribedModel?
  let flags: ModelDescription
  private(set) var published: (name: String, description: ModelDescription)?
  private(set) var upstream: ModelDescription
  /// What has been settled so far, and as a file beside the model would say it.
  private(set) var facts: [ResolvedSetting] = []
  private(set) var settled: ModelDescription

  init(
    name: String, tensors: ModelDescription, file: DescribedModel?, flags: ModelDescription,
    published: (name: String, description: ModelDescription)?, upstream: ModelDescription
  ) {
    self.name = name
    self.tensors = tensors
    self.file = file
    self.flags = flags
    self.published = published
    self.upstream = upstream
    // What nothing contradicts, such as the classes' names.
    settled = file?.description ?? ModelDescription()
  }

  /// Settles the value of `key`, called `flag` on the command line, and remembers where it came from.
  ///
  /// - Throws: `SettingsError` where two contradict each other.
  mutating func settle<T: Equatable>(
    _ key: String, _ path: WritableKeyPath<ModelDescription, T?>, flag: String? = nil
  ) throws(SettingsError) -> T? {
    let flag = flag ?? hyphenated(key)
    let inFile = file?.description[keyPath: path]
    let given = flags[keyPath: path]
    if let known = tensors[keyPath: path] {
      if let inFile, let file, inFile != known {
        throw SettingsError(
          "\(file.file): \"\(key)\" is \(text(inFile)), but the tensors of \(name) say \(text(known)); correct it, or leave it out"
        )
      }
      if let given, given != known {
        throw SettingsError(
          "--\(flag) \(text(given)) contradicts \(name), whose tensors say \(text(known)); leave --\(flag) out")
      }
      return note(key, path, known, .tensors)
    }
    if let inFile, let file {
      if let given, given != inFile {
        throw SettingsError(
          "--\(flag) \(text(given)) contradicts \(file.file), which says \(text(inFile)); leave --\(flag) out")
      }
      return note(key, path, inFile, .file(file.file))
    }
    if let given { return note(key, path, given, .flags) }
    if let published, let value = published.description[keyPath: path] {
      return note(key, path, value, .published(published.name))
    }
    if let value = upstream[keyPath: path] { return note(key, path, value, .upstream(upstream.family ?? "")) }
    return nil
  }

  /// Settles what has a default whatever the model.
  mutating func settle<T: Equatable>(
    _ key: String, _ path: WritableKeyPath<ModelDescription, T?>, flag: String? = nil, else fallback: T
  ) throws(SettingsError) -> T { try settle(key, path, flag: flag) ?? fallback }

  /// Settles the attention heads: how many, or how many channels each has, whichever is said first.
  ///
  /// - Throws: `SettingsError` where two contradict each other.
  mutating func settleHeads() throws(SettingsError) {
    func says(_ description: ModelDescription?) -> Bool {
      description?.numHeads != nil || description?.numHeadChannels != nil
    }
    let isSaid = says(file?.description) || says(flags)
    // Who comes later in line is not asked: heads said here and channels assumed there would both seem known.
    var asked = self
    if isSaid { asked.published = nil }
    if isSaid || says(published?.description) {
      (asked.upstream.numHeads, asked.upstream.numHeadChannels) = (nil, nil)
    }
    if try asked.settle("num_head_channels", \.numHeadChannels) == nil {
      _ = try asked.settle("num_heads", \.numHeads)
      _ = try asked.settle("num_heads_upsample", \.numHeadsUpsample)
    } else {
      asked.settled.numHeads = nil
    }
    (facts, settled) = (asked.facts, asked.settled)
  }

  private mutating func note<T>(
    _ key: String, _ path: WritableKeyPath<ModelDescription, T?>, _ value: T, _ source: ResolvedSetting.Source
  ) -> T {
    settled[keyPath: path] = value
    facts.append(ResolvedSetting(key: key, value: text(value), source: source))
    return value
  }
}

/// As one would type it.
private func text<T>(_ value: T) -> String {
  switch value {
  case let list as [Int]: list.map(String.init).joined(separator: ",")
  case let list as [Double]: list.map(numberText).joined(separator: ",")
  case let list as [String]: list.joined(separator: ", ")
  case let truth as Bool: truth ? "True" : "False"
  case let number as Double: numberText(number)
  default: "\(value)"
  }
}

private func hyphenated(_ key: String) -> String { String(key.map { $0 == "_" ? "-" : $0 }) }

import DiffusionText

/// All that is said of a model, by whoever says it. What the tensors say is not open to debate, and neither is what stands in
/// the file against the command line; a published model or the original's defaults only fill gaps.
public struct SettingsResolver {
  /// What errors call the model.
  public let name: String
  /// What the tensors show.
  public let tensors: ModelDescription
  /// What stands beside them.
  public let file: DescribedModel?
  /// What a person says.
  public let stated: ModelDescription
  /// The published model of just these shapes.
  public private(set) var published: (name: String, description: ModelDescription)?
  /// What the original's scripts assume.
  public private(set) var upstream: ModelDescription
  /// What has been resolved so far, with its sources.
  public private(set) var settings: [ResolvedSetting] = []
  /// The same as a file beside the model would say it.
  public private(set) var resolved: ModelDescription

  /// Nothing is resolved yet.
  public init(
    name: String, tensors: ModelDescription, file: DescribedModel?, stated: ModelDescription,
    published: (name: String, description: ModelDescription)?, upstream: ModelDescription
  ) {
    self.name = name
    self.tensors = tensors
    self.file = file
    self.stated = stated
    self.published = published
    self.upstream = upstream
    // What nothing contradicts, such as the classes' names.
    resolved = file?.description ?? ModelDescription()
  }

  /// Resolves the value of `key`, called `flag` on the command line, and remembers where it came from.
  ///
  /// - Throws: `ModelError` where two contradict each other.
  public mutating func resolve<T: Equatable>(
    _ key: String, _ path: WritableKeyPath<ModelDescription, T?>, flag: String? = nil
  ) throws(ModelError) -> T? {
    let flag = flag ?? hyphenated(key)
    let inFile = file?.description[keyPath: path]
    let given = stated[keyPath: path]
    if let known = tensors[keyPath: path] {
      if let inFile, let file, inFile != known {
        throw .fileContradictsTensors(
          file: file.file, key: key, value: text(inFile), model: name, found: text(known))
      }
      if let given, given != known {
        throw .statedContradictsTensors(flag: flag, value: text(given), model: name, found: text(known))
      }
      return note(key, path, known, .tensors)
    }
    if let inFile, let file {
      if let given, given != inFile {
        throw .statedContradictsFile(flag: flag, value: text(given), file: file.file, found: text(inFile))
      }
      return note(key, path, inFile, .file(file.file))
    }
    if let given { return note(key, path, given, .stated) }
    if let published, let value = published.description[keyPath: path] {
      return note(key, path, value, .published(published.name))
    }
    if let value = upstream[keyPath: path] { return note(key, path, value, .upstream(upstream.family ?? "")) }
    return nil
  }

  /// Resolves what has a default whatever the model.
  public mutating func resolve<T: Equatable>(
    _ key: String, _ path: WritableKeyPath<ModelDescription, T?>, flag: String? = nil, else fallback: T
  ) throws(ModelError) -> T { try resolve(key, path, flag: flag) ?? fallback }

  /// Resolves the attention heads: how many, or how many channels each has, whichever is said first.
  ///
  /// - Throws: `ModelError` where two contradict each other.
  public mutating func resolveHeads() throws(ModelError) {
    func says(_ description: ModelDescription?) -> Bool {
      description?.numHeads != nil || description?.numHeadChannels != nil
    }
    let isSaid = says(file?.description) || says(stated)
    // Who comes later in line is not asked: heads said here and channels assumed there would both seem known.
    var asked = self
    if isSaid { asked.published = nil }
    if isSaid || says(published?.description) {
      (asked.upstream.numHeads, asked.upstream.numHeadChannels) = (nil, nil)
    }
    if try asked.resolve("num_head_channels", \.numHeadChannels) == nil {
      _ = try asked.resolve("num_heads", \.numHeads)
      _ = try asked.resolve("num_heads_upsample", \.numHeadsUpsample)
    } else {
      asked.resolved.numHeads = nil
    }
    (settings, resolved) = (asked.settings, asked.resolved)
  }

  private mutating func note<T>(
    _ key: String, _ path: WritableKeyPath<ModelDescription, T?>, _ value: T, _ source: ResolvedSetting.Source
  ) -> T {
    resolved[keyPath: path] = value
    settings.append(ResolvedSetting(key: key, value: text(value), source: source))
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

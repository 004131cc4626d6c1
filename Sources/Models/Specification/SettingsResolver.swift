import DiffusionText

/// Resolves the settings of a model from all their sources. Nothing may contradict the tensors, and the command line
/// may not contradict the file. A published model and the original's defaults only fill gaps.
public struct SettingsResolver {
  /// The model's name in errors.
  public let name: String
  /// The settings that the tensors show.
  public let tensors: ModelDescription
  /// The description next to the tensors, if there is one.
  public let file: DescribedModel?
  /// The user's settings.
  public let stated: ModelDescription
  /// The published model with exactly these shapes, if there is one.
  public private(set) var published: (name: String, description: ModelDescription)?
  /// The defaults of the original's scripts.
  public private(set) var upstream: ModelDescription
  /// The settings resolved so far, with their sources.
  public private(set) var settings: [ResolvedSetting] = []
  /// The settings resolved so far, as a sidecar file would give them.
  public private(set) var resolved: ModelDescription

  /// Creates a resolver that has resolved nothing yet.
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
    // Keeps what nothing contradicts, such as class names.
    resolved = file?.description ?? ModelDescription()
  }

  /// Resolves the value of `key`, called `flag` on the command line, and records its source.
  ///
  /// - Parameters:
  ///   - key: the setting's key in a sidecar file.
  ///   - path: where it is in a description.
  ///   - flag: the option's name; nil if it is `key` with hyphens.
  ///   - overridesFile: whether the user's value replaces the file's, rather than contradicting it.
  /// - Throws: `ModelError` if two sources contradict each other.
  public mutating func resolve<T: Equatable>(
    _ key: String, _ path: WritableKeyPath<ModelDescription, T?>, flag: String? = nil, overridesFile: Bool = false
  ) throws(ModelError) -> T? {
    let flag = flag ?? hyphenated(key)
    let inFile = file?.description[keyPath: path]
    let given = stated[keyPath: path]
    if let known = tensors[keyPath: path] {
      if let inFile, let file, inFile != known {
        throw .fileContradictsTensors(
          file: file.file(of: key), key: key, value: text(inFile), model: name, found: text(known))
      }
      if let given, given != known {
        throw .statedContradictsTensors(flag: flag, value: text(given), model: name, found: text(known))
      }
      return note(key, path, known, .tensors)
    }
    if overridesFile, let given, given != inFile { return note(key, path, given, .stated) }
    if let inFile, let file {
      if let given, given != inFile {
        throw .statedContradictsFile(flag: flag, value: text(given), file: file.file(of: key), found: text(inFile))
      }
      return note(key, path, inFile, .file(file.file(of: key)))
    }
    if let given { return note(key, path, given, .stated) }
    if let published, let value = published.description[keyPath: path] {
      return note(key, path, value, .published(published.name))
    }
    if let value = upstream[keyPath: path] { return note(key, path, value, .upstream(upstream.family ?? "")) }
    return nil
  }

  /// Resolves a setting that has the same default for every model.
  public mutating func resolve<T: Equatable>(
    _ key: String, _ path: WritableKeyPath<ModelDescription, T?>, flag: String? = nil, else fallback: T
  ) throws(ModelError) -> T { try resolve(key, path, flag: flag) ?? fallback }

  /// Resolves the attention heads: either their number or the channels of each, whichever the first source gives.
  ///
  /// - Throws: `ModelError` if two sources contradict each other.
  public mutating func resolveHeads() throws(ModelError) {
    func says(_ description: ModelDescription?) -> Bool {
      description?.numHeads != nil || description?.numHeadChannels != nil
    }
    let isSaid = says(file?.description) || says(stated)
    // Ignore later sources: the number of heads from one and their channels from another would both seem known.
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

/// The value as the user would type it.
private func text<T>(_ value: T) -> String {
  switch value {
  case let list as [Int]: list.map(String.init).joined(separator: ",")
  case let list as [Double] where list.count > 32: "\(list.count) numbers"
  case let list as [Double]: list.map(numberText).joined(separator: ",")
  case let list as [String]: list.joined(separator: ", ")
  case let truth as Bool: truth ? "True" : "False"
  case let number as Double: numberText(number)
  default: "\(value)"
  }
}

private func hyphenated(_ key: String) -> String { String(key.map { $0 == "_" ? "-" : $0 }) }

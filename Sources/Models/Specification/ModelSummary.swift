import DiffusionFiles

extension ModelSpecification {
  /// A one-line summary of the resolved settings and their sources.
  ///
  /// - Parameter name: the model's name.
  public func summary(name: String) -> String {
    var parts = ["\(name): \(family) \(kind), \(drawnText)"]
    func list(_ isWanted: (ResolvedSetting.Source) -> Bool) -> String {
      settings.filter { isWanted($0.source) }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
    let files = Set(settings.compactMap { if case .file(let file) = $0.source { file } else { nil } })
    if !files.isEmpty {
      parts.append("as \(files.sorted().joined(separator: " and ")) \(files.count == 1 ? "says" : "say")")
    }
    let given = list { $0 == .stated }
    if !given.isEmpty { parts.append("\(given) as typed") }
    let isRecognised = settings.contains { if case .published = $0.source { true } else { false } }
    if isRecognised, let published { parts.append("the rest as \(published), whose shapes it has") }
    let assumed = list { if case .upstream = $0 { true } else { false } }
    if !assumed.isEmpty { parts.append("assumed (defaults): \(assumed)") }
    if !unfollowed.isEmpty {
      let files = Set(unfollowed.compactMap { if case .file(let file) = $0.source { file } else { nil } })
      let settings = unfollowed.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      parts.append("not followed: \(settings) of \(files.sorted().joined(separator: " and "))")
    }
    return parts.joined(separator: "; ")
  }

  /// The attention heads if they are a guess, for instance `num_heads 4`: no shape shows them, and a wrong number draws
  /// plausible, but wrong images. Nil if a file, the user or a published model gives them.
  public var guessedHeads: String? {
    settings.first { setting in
      if case .upstream = setting.source { ["num_heads", "num_head_channels"].contains(setting.key) } else { false }
    }.map { "\($0.key) \($0.value)" }
  }

  /// What should be said before the model is used, a line each: what is not used, what is guessed, and how to state it.
  public var guesses: [String] {
    var guesses = remarks
    let isSizeAssumed = settings.contains { setting in
      if case .upstream = setting.source { setting.key == "image_size" } else { false }
    }
    if isSizeAssumed && task == .denoising {
      guesses.append(
        "its image size is a guess (\(imageSize)), as no shape shows it; type --image-size if you know it")
    }
    if let heads = guessedHeads {
      guesses.append(
        """
        its attention heads are a guess (\(heads)), as no shape shows them; type --num-heads or --num-head-channels if \
        you know them
        """)
    }
    return guesses
  }

  /// Whether the file itself gives every setting that the tensors do not show.
  public var isFullyDescribed: Bool {
    settings.allSatisfy { if case .file = $0.source { true } else { $0.source == .tensors } }
  }
}

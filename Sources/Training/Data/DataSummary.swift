import DiffusionText

extension ImageDataset {
  /// What whoever trains should know of the data before the first step, a line each: classes and how many pictures each
  /// has, what is suspicious about them, and what is cut, converted or left out.
  ///
  /// - Parameters:
  ///   - channelsAreGiven: whether the number of channels was asked for.
  ///   - listsBad: whether the pictures that cannot be read are among it.
  public func notes(channelsAreGiven: Bool, listsBad: Bool = true) -> [String] {
    classNotes + channelNotes(isGiven: channelsAreGiven) + conversionNotes + leftOutNotes
      + (listsBad ? Self.leftOut(bad) : [])
  }

  private static let shown = 20

  /// The first of `items`, and how many more there are.
  private static func list(_ items: [String], shown: Int = shown) -> String {
    let rest = items.count - shown
    return items.prefix(shown).joined(separator: ", ") + (rest > 0 ? " and \(grouped(rest)) more" : "")
  }

  private func className(_ label: Int) -> String { classNames.map { sanitized($0[label]) } ?? "\(label)" }

  private var classNotes: [String] {
    guard let sizes = classSizes else { return [] }
    let origin =
      switch classSource {
      case .names?: ", by what stands before the first _ in each file's name (--classes-from folders takes the folders)"
      case .folders?: ", by folder (--classes-from names takes what stands before the first _ in each file's name)"
      case nil: ""
      }
    var lines = [
      "\(counted(sizes.count, "class"))\(origin): "
        + Self.list(sizes.indices.map { "\(className($0)) (\(grouped(sizes[$0])))" })
    ]
    let splits = (classNames ?? []).filter(FolderClasses.isSplit)
    if !splits.isEmpty {
      lines.append(
        "warning: \(Self.list(splits.map { sanitized($0) })): these look like parts of a data set, not classes; "
          + "name one of these folders as --data, or sort pictures into a folder for each class")
    }
    if sizes.count == 1 {
      lines.append("warning: all pictures are of one class, so that classes tell the model nothing")
    }
    let empty = sizes.indices.filter { sizes[$0] == 0 }
    if empty == [0] && classNames == nil && sizes.count > 1 {
      lines.append("warning: labels begin at 1, so that class 0 has no picture; save labels - 1")
    } else if !empty.isEmpty {
      let advice = classNames == nil ? "; number classes from 0 without gaps (numpy.unique, return_inverse=True)" : ""
      lines.append("warning: no picture is of \(Self.list(empty.map { "class \(className($0))" }))\(advice)")
    }
    let single = sizes.indices.filter { sizes[$0] == 1 }
    if !single.isEmpty {
      lines.append("warning: only one picture is of \(Self.list(single.map { "class \(className($0))" }, shown: 5))")
    }
    return lines
  }

  private func channelNotes(isGiven: Bool) -> [String] {
    var lines: [String] = []
    if !isGiven && channels != 3 {
      lines.append(
        channels == 1
          ? "all pictures are grey: the model has 1 channel (--in-channels 3 makes it one of colour)"
          : "the pictures have \(channels) channels, and so has the model")
    }
    if facts.grey > 0 && channels >= 3 {
      lines.append("\(counted(facts.grey, "picture")) in grey: repeated in all colours")
    }
    let colourful = isFolder ? count - facts.grey : 0
    if colourful > 0 && channels < 3 {
      lines.append("\(counted(colourful, "picture")) in colour: turned to grey")
    }
    if channels == 3 && facts.colourless + facts.grey == count && facts.colourless > 0 {
      lines.append("no picture has any colour: --in-channels 1 makes the model one of grey pictures")
    }
    return lines
  }

  private var conversionNotes: [String] {
    var lines: [String] = []
    func note(_ count: Int, _ words: String) {
      if count > 0 { lines.append("\(counted(count, "picture")) \(words)") }
    }
    note(facts.cut, "not square: cut to the middle")
    note(facts.enlarged, "smaller than \(imageSize)×\(imageSize): enlarged")
    if channels % 2 == 1 {
      let advice = "--background, or --in-channels \(channels + 1) to learn it"
      note(facts.transparent, "with transparency: laid over \(backgroundName) (\(advice))")
    }
    note(facts.sixteenBit, "of 16 bits: rounded to 8")
    return lines
  }

  private var leftOutNotes: [String] {
    var lines: [String] = []
    if !facts.others.isEmpty {
      let endings = facts.others.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      let advice = "save them as PNG or JPEG to train on them"
      lines.append("left out: \(Self.list(endings.map { "\(grouped($0.value)) \($0.key)" })); \(advice)")
    }
    if facts.runPictures > 0 {
      lines.append(
        "left out: \(counted(facts.runPictures, "picture")) in \(counted(facts.runFolders, "folder")) of training runs "
          + "(with run.json)")
    }
    return lines
  }

  /// That bad pictures are left out, and which, a line each; none if there are none.
  public static func leftOut(_ bad: [BadPicture]) -> [String] {
    bad.isEmpty ? [] : ["left out: \(counted(bad.count, "picture")) that cannot be read:"] + lines(of: bad)
  }

  /// The first bad pictures, a line each, and how many more there are.
  public static func lines(of bad: [BadPicture]) -> [String] {
    bad.prefix(shown).map { "  " + sanitizedLine($0.reason) }
      + (bad.count > shown ? ["  and \(grouped(bad.count - shown)) more"] : [])
  }
}

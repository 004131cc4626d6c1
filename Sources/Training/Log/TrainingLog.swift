import DiffusionFiles

/// The two log files in a run's folder, with a row for each logged step: `progress.csv`, as the original's logger
/// writes it, and `progress.jsonl`, with an object in each line. The first column is `step`. New keys become columns on
/// the right, empty in earlier rows. Rows can be read as soon as they are written.
public final class TrainingLog {
  /// Their names.
  static let files = ["progress.csv", "progress.jsonl"]

  private let csvPath: String
  private var keys: [String]
  private var csv: AppendedFile
  private let jsonLines: AppendedFile

  /// Starts the log in `folder`, which must exist, or continues it.
  ///
  /// - Parameters:
  ///   - folder: the run's folder.
  ///   - step: the step from which the run resumes. Rows of later steps, which will come again, and a truncated last
  ///     line are dropped; other rows stay. Nil starts the files anew.
  /// - Throws: `TrainingLogError`; a file that is not a log is left unchanged.
  public init(folder: String, resumingFrom step: Int? = nil) throws(TrainingLogError) {
    csvPath = folder + "/progress.csv"
    let jsonPath = folder + "/progress.jsonl"
    var table = CSVLog(keys: ["step"], rows: [])
    var lines: [String] = []
    if let step {
      if let text = try Self.lines(csvPath) { table = try CSVLog(text, until: step, path: csvPath) }
      if let text = try Self.lines(jsonPath) { lines = try Self.jsonLines(text, until: step, path: jsonPath) }
    }
    keys = table.keys
    do {
      try writeAtomically(table.bytes, to: csvPath)
      try writeAtomically(Array(lines.map { $0 + "\n" }.joined().utf8), to: jsonPath)
      csv = try AppendedFile(path: csvPath)
      jsonLines = try AppendedFile(path: jsonPath)
    } catch { throw .file(error) }
  }

  /// The step of the last row of the table in `folder`; nil if there is none.
  ///
  /// - Throws: `TrainingLogError`.
  static func lastStep(in folder: String) throws(TrainingLogError) -> Int? {
    let path = folder + "/progress.csv"
    guard let text = try lines(path) else { return nil }
    return try CSVLog(text, until: .max, path: path).lastStep
  }

  /// Adds a row.
  ///
  /// - Parameters:
  ///   - step: the number of training steps so far.
  ///   - values: names and numbers, in the order in which new names become columns. Names are unique and have only
  ///     letters, digits, `_`, `-`, `.`, `/` and `@`. Non-finite numbers are `nan` or `inf` in the table and null in
  ///     JSON, which lacks them.
  /// - Throws: `TrainingLogError.file`.
  public func log(step: Int, values: [(key: String, value: Double)]) throws(TrainingLogError) {
    let row = [("step", Double(step))] + values.map { ($0.key, $0.value) }
    precondition(Set(row.map(\.0)).count == row.count, "a row cannot have two values of one name")
    precondition(row.allSatisfy { Self.isName($0.0) }, "a column's name has letters, digits, _, -, ., / and @ only")
    do {
      let new = row.map(\.0).filter { !keys.contains($0) }
      if !new.isEmpty {
        var table = CSVLog(keys: keys, rows: try Self.read(csvPath).dropFirst().map(String.init))
        table.add(keys: new)
        try writeAtomically(table.bytes, to: csvPath)
        csv = try AppendedFile(path: csvPath)
        keys = table.keys
      }
      let numbers = Dictionary(uniqueKeysWithValues: row)
      let cells = keys.map { key in numbers[key].map(Self.text) ?? "" }
      try csv.append(Array((cells.joined(separator: ",") + "\n").utf8))
      let members = row.map { "\"\($0)\": \($1.isFinite ? Self.text($1) : "null")" }
      try jsonLines.append(Array("{\(members.joined(separator: ", "))}\n".utf8))
    } catch { throw .file(error) }
  }

  private static func isName(_ key: String) -> Bool {
    !key.isEmpty
      && key.utf8.allSatisfy { byte in
        let character = Character(Unicode.Scalar(byte))
        return character.isASCII && (character.isLetter || character.isNumber || "_-./@".contains(character))
      }
  }

  /// The shortest digits that convert back to the number; integers, such as counts, without a point.
  private static func text(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }

  /// The complete lines of a file; anything after the last newline was cut short.
  private static func read(_ path: String) throws(FileError) -> [Substring] {
    String(decoding: try readFile(path), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      .dropLast()
  }

  /// The complete lines of a file, or nil if it does not exist.
  private static func lines(_ path: String) throws(TrainingLogError) -> [Substring]? {
    do { return try kind(ofPath: path) == .nothing ? nil : read(path) } catch { throw .file(error) }
  }

  /// The lines of steps up to `last`; each line starts with its step.
  private static func jsonLines(
    _ lines: [Substring], until last: Int, path: String
  ) throws(TrainingLogError) -> [String] {
    var kept: [String] = []
    for (i, line) in lines.enumerated() {
      let begin = "{\"step\": "
      guard line.hasPrefix(begin), line.hasSuffix("}"),
        let step = Int(line.dropFirst(begin.count).prefix { $0 != "," && $0 != "}" })
      else { throw .line(path: path, i + 1) }
      if step <= last { kept.append(String(line)) }
    }
    return kept
  }
}

/// A table of numbers in named columns. No cell needs quotes.
private struct CSVLog {
  var keys: [String]
  var rows: [String]

  init(keys: [String], rows: [String]) {
    self.keys = keys
    self.rows = rows
  }

  /// Parses the table from the lines of a file, without rows of steps after `last`.
  init(_ lines: [Substring], until last: Int, path: String) throws(TrainingLogError) {
    keys = (lines.first ?? "step").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    rows = []
    guard let column = keys.firstIndex(of: "step") else { throw .noSteps(path: path) }
    for (i, line) in lines.enumerated().dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count == keys.count, let step = Double(cells[column]), step == step.rounded() else {
        throw .line(path: path, i + 1)
      }
      if step <= Double(last) { rows.append(String(line)) }
    }
  }

  /// The largest step of a row.
  var lastStep: Int? {
    guard let column = keys.firstIndex(of: "step") else { return nil }
    return rows.compactMap { row in
      Double(row.split(separator: ",", omittingEmptySubsequences: false)[column]).flatMap { Int(exactly: $0) }
    }.max()
  }

  /// Adds empty columns.
  mutating func add(keys new: [String]) {
    keys += new
    rows = rows.map { $0 + String(repeating: ",", count: new.count) }
  }

  var bytes: [UInt8] {
    Array(([keys.joined(separator: ",")] + rows).map { $0 + "\n" }.joined().utf8)
  }
}
